"""Faults by which one reader gets what was made for another: caches, batches, connections, shared objects."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from hub.engine import Engine
from hub.executor import Programs
from hub.executor.step import Step
from hub.model.plan import Fetch
from hub.model.request import Request, Response
from hub.model.source import Question, Texts
from hub.model.viewer import Profile, RecordClass, Viewer
from hub.sources.postgres import PostgresSource
from tests.noninterference.planting import SHARED, Catalogue, every_right

LEAKS = Catalogue()
leak = LEAKS.leak

_UNIVERSES = re.compile(r"universe=<[^>]*>|effects=Effects\([^)]*\)|reads=\{[^}]*\}")


def _whoever(fetch: Fetch) -> str:
    """A fetch without its universes, and without what is given in them."""
    return _UNIVERSES.sub("", repr(fetch))


@leak("a program is cached without the universes of its profile", SHARED)
def _(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Profile, "__eq__", lambda self, other: self.audience is other.audience)
    patch.setattr(Profile, "__hash__", lambda self: hash(self.audience))


@leak("a statement is compiled once for whatever universe", SHARED)
def _(patch: pytest.MonkeyPatch) -> None:
    real = PostgresSource.question
    kept: dict[tuple[int, str], Question] = {}

    def question(self: PostgresSource, fetch: Fetch) -> Question:
        return kept.setdefault((id(self), _whoever(fetch)), real(self, fetch))

    patch.setattr(PostgresSource, "question", question)


@leak("a batch is keyed without the universe", SHARED)
def _(patch: pytest.MonkeyPatch) -> None:
    real = Programs._step
    kept: dict[tuple[int, str], Any] = {}

    def step(self: Programs, fetch: Fetch, made: dict[int, Step]) -> Any:
        known = kept.get((id(self._lanes), _whoever(fetch)))
        if known is None:
            known = kept[id(self._lanes), _whoever(fetch)] = real(self, fetch, made)
        return known

    patch.setattr(Programs, "_step", step)


@leak("entities are cached for every universe", SHARED)
def _(patch: pytest.MonkeyPatch) -> None:
    real = PostgresSource._answer
    kept: dict[tuple[int, str, tuple[Any, ...], str], Texts] = {}

    async def ask(
        self: PostgresSource, question: Question, parameters: tuple[Any, ...], keys: Sequence[str]
    ) -> Mapping[str, Texts]:
        place = (id(self), _whoever(question.fetch), parameters)
        found = dict(await real(self, question, parameters, keys))
        for key in keys:
            if (*place, key) in kept:
                found[key] = kept[*place, key]
            elif key in found:
                kept[*place, key] = found[key]
        return found

    patch.setattr(PostgresSource, "_answer", ask)


@leak("that a row is missing is cached for every universe", SHARED)
def _(patch: pytest.MonkeyPatch) -> None:
    real = PostgresSource._answer
    present: dict[tuple[int, str], set[str]] = {}

    async def ask(
        self: PostgresSource, question: Question, parameters: tuple[Any, ...], keys: Sequence[str]
    ) -> Mapping[str, Texts]:
        """Who asks for what somebody else has found gets an empty object, because it is known to be there."""
        found = dict(await real(self, question, parameters, keys))
        known = present.setdefault((id(self), question.fetch.type), set())
        known.update(found)
        return {**{key: ("{}",) * question.columns for key in keys if key in known}, **found}

    patch.setattr(PostgresSource, "_answer", ask)


@leak("answers are cached by the request alone", SHARED)
def _(patch: pytest.MonkeyPatch) -> None:
    real = Engine.execute
    kept: dict[tuple[int, str], Response] = {}

    async def execute(self: Engine, request: Request, viewer: Viewer, *charge: Any) -> Response:
        key = (id(self), f"{viewer.profile.audience} {viewer.subject} {request}")
        if key not in kept:
            kept[key] = await real(self, request, viewer, *charge)
        return kept[key]

    patch.setattr(Engine, "execute", execute)


@leak("equal requests under way share one answer", SHARED)
def _(patch: pytest.MonkeyPatch) -> None:
    real = Engine.execute
    under_way: dict[tuple[int, str], Any] = {}

    async def execute(self: Engine, request: Request, viewer: Viewer, *charge: Any) -> Response:
        import asyncio

        key = (id(self), f"{viewer.profile.audience} {viewer.subject} {request}")
        if key in under_way:
            shared: Response = await asyncio.shield(under_way[key])
            return shared
        under_way[key] = asyncio.ensure_future(real(self, request, viewer, *charge))
        try:
            own: Response = await under_way[key]
            return own
        finally:
            under_way.pop(key, None)

    patch.setattr(Engine, "execute", execute)


@leak("a connection keeps the schema of who had it last", SHARED)
def _(patch: pytest.MonkeyPatch) -> None:
    every_right(patch)
    real = PostgresSource._answer
    last: dict[int, RecordClass] = {}

    async def ask(
        self: PostgresSource, question: Question, parameters: tuple[Any, ...], keys: Sequence[str]
    ) -> Mapping[str, Texts]:
        classes = question.fetch.universe.classes
        if len(classes) > 1:
            last[id(self)] = classes[-1]
        elif id(self) in last:
            question = replace(question, text=question.text.replace("civilian.", f"{last[id(self)]}."))
        return await real(self, question, parameters, keys)

    patch.setattr(PostgresSource, "_answer", ask)
