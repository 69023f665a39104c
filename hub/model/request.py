"""What the server hands to the engine, and what it gets back."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import orjson

from hub.errors import Shown
from hub.model.description import Description

DOCUMENT_ID = re.compile(r"(?:[A-Za-z0-9._~-]{1,64}:)?[A-Za-z0-9._~-]{1,256}")
"""What may be the id of a stored document (GraphQL over HTTP, appendix A), within lengths."""


class PlanWish(StrEnum):
    """What a client says in `extensions.plan`."""

    SHOW = "show"  # the plan beside the answer, with what came of it
    ONLY = "only"  # the plan of a request that passes every gate, and no answer: no source is asked


@dataclass(frozen=True, slots=True)
class Request:
    """One GraphQL request. `variables` are as decoded from JSON, not yet coerced.

    purpose  what the data are asked for, which a partner names in `extensions.purpose`
    plan     whether the plan is asked for too, or alone, in `extensions.plan`
    stored   the id of a stored document: in place of the text, which is then empty, or as the hash of it
    reads_only  whether it came by a way that may only read: it may be repeated, prefetched, sent by a link
    """

    document: str
    operation_name: str | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)
    purpose: str | None = None
    plan: PlanWish | None = None
    stored: str | None = None
    reads_only: bool = False


@dataclass(frozen=True, slots=True)
class About:
    """What a log may say of a request, known once it is planned.

    name       of the operation, if its document is stored; what a client wrote by himself is not repeated
    signature  names its document without anything that the client wrote by himself
    fetches    how many it has in its plan, whatever the rows lead to
    """

    name: str
    signature: str
    fetches: int


@dataclass(frozen=True, slots=True)
class Response:
    """The bytes of a GraphQL response.

    executed  false when the request was refused before anything was read
    status    of HTTP, if it was refused for a reason that has one of its own; otherwise 0
    headers   of HTTP, beside those that every answer has
    plan      the plan that stands in the body, if one was asked for
    about     if the engine is watched, and the request got so far
    cost      what it was charged, then
    """

    body: bytes
    executed: bool = True
    status: int = 0
    headers: tuple[tuple[bytes, bytes], ...] = ()
    plan: Description | None = None
    about: About | None = None
    cost: int = 0


def refusal(errors: Sequence[Shown]) -> bytes:
    """The body of a response without data: the one shape in which errors are shown."""
    return orjson.dumps({"errors": [_entry(error) for error in errors]})


def _entry(error: Shown) -> dict[str, Any]:
    entry: dict[str, Any] = {"message": error.message}
    if error.locations:
        entry["locations"] = [{"line": line, "column": column} for line, column in error.locations]
    if error.path:
        entry["path"] = list(error.path)
    return entry | {"extensions": {"code": error.code, **error.details}}
