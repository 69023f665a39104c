"""What can go wrong with a subgraph: on the wire, in the body, in the data.

A fault that is a function of the body turns a right one into a wrong one; the others never come to a body.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Late:
    """Answers rightly, after so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Hangs:
    """Takes the request and never answers."""


@dataclass(frozen=True, slots=True)
class Drops:
    """Closes the connection; with `after`, when so many bytes of the answer are out."""

    after: int = 0


@dataclass(frozen=True, slots=True)
class Says:
    """Answers something else altogether."""

    body: bytes
    status: int = 200
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Huge:
    """Answers rightly, followed by so many spaces."""

    size: int


@dataclass(frozen=True, slots=True)
class Garbles:
    """Answers with a body that was right before this function had it."""

    change: Callable[[Body], Any]


@dataclass(frozen=True, slots=True)
class Trickles:
    """Answers without an end, a byte every so many seconds."""

    pause: float


@dataclass(frozen=True, slots=True)
class Waits:
    """Answers rightly, once it is let go."""

    until: threading.Event


Fault = Late | Hangs | Drops | Says | Huge | Garbles | Trickles | Waits


@dataclass(slots=True)
class Injected:
    """A fault, the number of requests it strikes (None: all), and whether only fetches of entities."""

    fault: Fault
    times: int | None = None
    entities_only: bool = False

    def strikes(self, of_entities: bool) -> bool:
        """Whether this request is struck; counts down."""
        if (self.entities_only and not of_entities) or self.times == 0:
            return False
        if self.times is not None:
            self.times -= 1
        return True


# --- changes of a body ---------------------------------------------------------------------------------------------


def _entity_lists(body: Body) -> Iterator[list[Any]]:
    """The lists that `_entities` answered, whatever they were called: those whose items are objects or null."""
    for value in (body.get("data") or {}).values():
        if isinstance(value, list) and all(item is None or isinstance(item, dict) for item in value):
            yield value


def entity_list_too_short(body: Body) -> Body:
    body = copy.deepcopy(body)
    for found in _entity_lists(body):
        del found[-1:]
    return body


def entity_list_too_long(body: Body) -> Body:
    body = copy.deepcopy(body)
    for found in _entity_lists(body):
        found.append(copy.deepcopy(found[-1]) if found else None)
    return body


def entity_list_an_object(body: Body) -> Body:
    return body | {"data": {name: {} for name in body.get("data") or {}}}


def every_value(replacement: Any) -> Callable[[Body], Body]:
    """All leaves but `__typename` replaced: by None where null may not stand, or by a value of a wrong type."""

    def change(value: Any) -> Any:
        if isinstance(value, dict):
            return {
                name: inner if isinstance(inner, str) and _is_type_name(inner, name) else change(inner)
                for name, inner in value.items()
            }
        if isinstance(value, list):
            return [change(inner) for inner in value]
        return replacement

    return lambda body: body | {"data": change(body.get("data"))}


def _is_type_name(value: str, key: str) -> bool:
    return "typename" in key.lower() or (value[:1].isupper() and value.isalpha())


def data_null(body: Body) -> Body:
    return {"data": None}


def data_null_with_error(body: Body) -> Body:
    error = {"message": "internal text of the subgraph", "extensions": {"code": "OWN_CODE", "stack": "internal text"}}
    return {"data": None, "errors": [error]}


def error_without_data(body: Body) -> Body:
    return {"errors": [{"message": "internal text of the subgraph", "extensions": {"code": "OWN_CODE"}}]}


def error_beside_null_entities(body: Body) -> Body:
    data: dict[str, Any] = {}
    errors: list[Any] = []
    for name, value in (body.get("data") or {}).items():
        data[name] = [None] * len(value) if isinstance(value, list) else None
        path = [name, 0] if isinstance(value, list) else [name]
        errors.append(
            {"message": "internal text of the subgraph", "path": path, "extensions": {"code": "OWN_CODE"}},
        )
    return {"data": data, "errors": errors}


def errors_of_a_wrong_shape(body: Body) -> Body:
    return {"data": None, "errors": "internal text of the subgraph"}
