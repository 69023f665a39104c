"""What the engine tells of its work to whoever measures it, if anybody does.

INVARIANT: nothing that is told is a value of a person, a word of a class, a text of a document or of a statement; and
nothing of it differs between a record that is hidden and one that does not exist.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from contextvars import Context
from dataclasses import dataclass
from typing import Any, Protocol

from hub.model.request import Response
from hub.model.source import Source
from hub.model.viewer import Viewer

NOTED = "hub.noted"
"""Where a `Noted` stands in the scope of an HTTP request, if there is one."""


@dataclass(slots=True)
class Noted:
    """One HTTP request on its way: who asks, and what the engine answered. None: it did not get so far."""

    viewer: Viewer | None = None
    response: Response | None = None


class Fetched(Protocol):
    """Keys that are gathered for one fetch, by one reader or by several."""

    @property
    def context(self) -> Context:
        """In which the work is done that answers them: that of who asked first. To be copied."""
        ...

    def waits(self, answered: asyncio.Future[Any]) -> None:
        """Somebody waits for the answer, in whose context this is called."""
        ...

    def goes_with(self, others: Sequence[Fetched]) -> None:
        """They are asked in one request to a source."""
        ...


class Watch(Protocol):
    """Who measures one engine."""

    def stage(self, name: str) -> AbstractContextManager[Any]:
        """A stage that a request passes whose plan is not known, for as long as it takes."""
        ...

    def execution(self) -> AbstractContextManager[Any]:
        """The stage that every request passes."""
        ...

    def planned(self, *, known: bool) -> None:
        """A request has its program; whether it was made before."""
        ...

    def fetch(self, source: str, type_name: str) -> Fetched | None:
        """Keys begin to gather for a fetch; None if nobody follows single requests."""
        ...

    def source(self, source: Source) -> Source:
        """A source that is measured whenever it is asked."""
        ...

    def onward(self) -> Mapping[str, str]:
        """Headers that tell another server which request its work is a part of."""
        ...
