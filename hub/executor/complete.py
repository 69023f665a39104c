"""An answer in which something failed: nulls propagate by the schema's rules, errors get their paths.

The only place where an answer is decoded. A value that is missing without a fault (`ABSENT`) makes its nearest
nullable place null without an error, as an absent row does; a source that failed gives one error for each place of
the operation.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

import orjson
from graphql import GraphQLList, GraphQLNonNull, GraphQLOutputType

from hub.model.operation import Field, Operation
from hub.model.source import ABSENT, FAILURE

# The fixed catalogue of what a client is told.
MESSAGES = {
    "": ("a computed value is not available", "COMPUTATION_FAILED"),
}


class _Null(Exception):
    """A value that must not be null is; caught at the nearest place that may be."""


def complete(text: str, operation: Operation) -> bytes:
    """The response for the text of the data's members, with errors."""
    # A random word, so that no data can be taken for a mark.
    word = secrets.token_hex(8)
    opened = FAILURE.sub(lambda match: f'"{word}{match.group(1)}"', text).replace(ABSENT, f'"{word}!"')
    data = orjson.loads(f"{{{opened}}}")
    walk = _Walk(word)
    try:
        result: Any = {
            field.key: walk.value(field, field.type, data[field.key], (field.key,)) for field in operation.fields
        }
    except _Null:
        result = None
    return orjson.dumps({"errors": list(walk.errors.values()), "data": result} if walk.errors else {"data": result})


class _Walk:
    """Walks the data along the operation; collects one error for each source and place."""

    def __init__(self, word: str) -> None:
        self.word = word
        self.errors: dict[tuple[str, tuple[str, ...]], Mapping[str, Any]] = {}

    def value(self, field: Field, expected: GraphQLOutputType, value: Any, path: tuple[str | int, ...]) -> Any:
        if isinstance(expected, GraphQLNonNull):
            inner = self.nullable(field, expected.of_type, value, path)
            if inner is None:
                raise _Null
            return inner
        try:
            return self.nullable(field, expected, value, path)
        except _Null:
            return None

    def nullable(self, field: Field, expected: GraphQLOutputType, value: Any, path: tuple[str | int, ...]) -> Any:
        if isinstance(value, str) and value.startswith(self.word):
            self.failed(value[len(self.word) :], path)
            return None
        if isinstance(expected, GraphQLList) and isinstance(value, list):
            return [self.value(field, expected.of_type, item, (*path, index)) for index, item in enumerate(value)]
        if field.selection is None or not isinstance(value, dict):
            return value
        inner = self.fields(field, value)
        return {one.key: self.value(one, one.type, value[one.key], (*path, one.key)) for one in inner}

    def fields(self, field: Field, value: Mapping[str, Any]) -> tuple[Field, ...]:
        """The fields selected on this object: those of the concrete type whose response keys it has."""
        assert field.selection is not None
        cases = field.selection.cases
        return next(fields for fields in cases.values() if [one.key for one in fields] == list(value))

    def failed(self, source: str, path: tuple[str | int, ...]) -> None:
        if source == "!":
            return
        place = (source, tuple(step for step in path if isinstance(step, str)))
        message, extensions = _said(source)
        self.errors.setdefault(place, {"message": message, "path": list(path), "extensions": extensions})


def _said(payload: str) -> tuple[str, Mapping[str, Any]]:
    """Message and extensions of a failure: those it brings along, or those of a source that did not answer."""
    if payload.startswith("#"):
        _, code, message, extensions = orjson.loads(bytes.fromhex(payload[1:]))
        return message, {**extensions, "code": code}
    message, code = MESSAGES.get(payload, (f"the {payload} part of the graph is unavailable", "SOURCE_UNAVAILABLE"))
    return message, {"code": code}
