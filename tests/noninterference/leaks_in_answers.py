"""Faults after the statements: what is made of rows that the hub has looked at and should not have."""

from __future__ import annotations

import hashlib
import importlib
import logging
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import replace
from typing import Any

import pytest

from hub.engine import Engine
from hub.errors import Shown
from hub.model.plan import Shape
from hub.model.request import Request, Response, refusal
from hub.model.source import ABSENT, FAILED, Question, Texts
from hub.model.viewer import Universe, Viewer
from hub.server.graphql import GraphQLEndpoint
from hub.sources.postgres import PostgresSource
from tests.noninterference.planting import (
    COUNTS,
    DOORS,
    ERRORS,
    TRACES,
    TRANSITIVE,
    Catalogue,
    every_effect,
    every_right,
    noticing,
    refitted,
    with_texts,
)

LEAKS = Catalogue()
leak = LEAKS.leak

Found = Mapping[str, Texts]
log = logging.getLogger("hub.planted")

# Errors


@leak("an error instead of null for a hidden row", ERRORS)
def _(patch: pytest.MonkeyPatch) -> None:
    every_right(patch)
    noticing(
        patch,
        lambda source, question, hidden, found: with_texts(found, hidden, question, f"{FAILED}{source.name}{FAILED}"),
    )


@leak("a class is named in an error", ERRORS)
def _(patch: pytest.MonkeyPatch) -> None:
    every_right(patch)
    noticing(patch, lambda _, question, hidden, found: with_texts(found, hidden, question, f"{FAILED}defence{FAILED}"))


@leak("a fault of the whole question where a key is hidden", ERRORS)
def _(patch: pytest.MonkeyPatch) -> None:
    every_right(patch)

    def fail(source: PostgresSource, question: Question, hidden: Sequence[str], found: Found) -> Found:
        if hidden:
            raise PermissionError
        return found

    noticing(patch, fail)


@leak("null for what is hidden, and an error for what is missing", ERRORS)
def _(patch: pytest.MonkeyPatch) -> None:
    every_right(patch)
    real = PostgresSource._answer

    async def ask(self: PostgresSource, question: Question, parameters: tuple[Any, ...], keys: Sequence[str]) -> Found:
        found = await real(self, question, parameters, keys)
        wide = self.question(replace(question.fetch, universe=Universe.ALL))
        anywhere = await real(self, wide, refitted(parameters, question, wide), keys)
        return with_texts(found, [key for key in keys if key not in anywhere], question, f"{FAILED}{self.name}{FAILED}")

    patch.setattr(PostgresSource, "_answer", ask)


@leak("a status of its own for what is hidden", ERRORS)
def _(patch: pytest.MonkeyPatch) -> None:
    counted = _counting(patch)
    real = Engine.execute

    async def execute(self: Engine, request: Request, viewer: Viewer, *charge: Any) -> Response:
        before = len(counted)
        response = await real(self, request, viewer, *charge)
        return replace(response, executed=response.executed and len(counted) == before)

    patch.setattr(Engine, "execute", execute)


# Cells and objects


@leak("a hidden row is an object of nulls", TRANSITIVE)
def _(patch: pytest.MonkeyPatch) -> None:
    every_right(patch)
    noticing(patch, _nulls)


def _nulls(source: PostgresSource, question: Question, hidden: Sequence[str], found: Found) -> Found:
    column = question.fetch.columns[0]
    if not isinstance(column, Shape):
        return found
    cells = ",".join(f'"{node.key}":null' for node in column.cases.get(column.type, ()))
    return with_texts(found, hidden, question, f"{{{cells}}}")


@leak("a hidden row takes the object above it along", TRANSITIVE)
def _(patch: pytest.MonkeyPatch) -> None:
    every_right(patch)
    noticing(patch, lambda _, question, hidden, found: with_texts(found, hidden, question, ABSENT))
    completing = importlib.import_module("hub.executor.complete")
    real = completing._Walk.value

    def value(self: Any, field: Any, expected: Any, given: Any, path: Any) -> Any:
        if given == f"{self.word}!":
            raise completing._Null
        return real(self, field, expected, given, path)

    patch.setattr(completing._Walk, "value", value)


@leak("a hidden person is left out of a list in which a missing one is null", COUNTS)
def _(patch: pytest.MonkeyPatch) -> None:
    every_right(patch)
    mark = '"hidden"'
    noticing(patch, lambda _, question, hidden, found: with_texts(found, hidden, question, mark))
    run = importlib.import_module("hub.executor.run")
    real = run._keyed

    def text(part: Any, keys: list[str], found: Found) -> str:
        if not part.lookup.many:
            return str(real(part, keys, {key: texts for key, texts in found.items() if texts[0] != mark}))
        return str(real(part, [key for key in keys if key not in found or found[key][0] != mark], found))

    patch.setattr(run, "_keyed", text)
    join = importlib.import_module("hub.executor.join")
    real_filled = join._Filling.filled

    async def fill(*arguments: Any) -> dict[str, str]:
        filled = await real_filled(*arguments)
        return {key: "null" if value == mark else value for key, value in filled.items()}

    patch.setattr(join._Filling, "filled", fill)


# Logs, cost, headers


@leak("a log line names the key of a hidden row", TRACES)
def _(patch: pytest.MonkeyPatch) -> None:
    _logging(patch, lambda source, hidden: f"{source} did not give {', '.join(hidden)}")


@leak("a log line names the class of a hidden row", TRACES)
def _(patch: pytest.MonkeyPatch) -> None:
    _logging(patch, lambda source, hidden: "a row of the class `defence` was left out")


def _logging(patch: pytest.MonkeyPatch, line: Any) -> None:
    every_right(patch)

    def tell(source: PostgresSource, question: Question, hidden: Sequence[str], found: Found) -> Found:
        if hidden:
            log.debug(line(source.name, sorted(hidden)))
        return found

    noticing(patch, tell)


@leak("a statement is sent again where a row is hidden", TRACES)
def _(patch: pytest.MonkeyPatch) -> None:
    every_right(patch)
    again = PostgresSource._answer

    def note(source: PostgresSource, question: Question, hidden: Sequence[str], found: Found) -> Found:
        if hidden:
            retried.append((source, question, hidden))
        return found

    retried: list[tuple[PostgresSource, Question, Sequence[str]]] = []
    noticing(patch, note)
    noticed = PostgresSource._answer

    async def ask(self: PostgresSource, question: Question, parameters: tuple[Any, ...], keys: Sequence[str]) -> Found:
        found = await noticed(self, question, parameters, keys)
        while retried:
            retried.pop()
            await again(self, question, parameters, keys)
        return found

    patch.setattr(PostgresSource, "_answer", ask)


def _counting(patch: pytest.MonkeyPatch) -> list[str]:
    """Every hidden key that was met."""
    every_right(patch)
    counted: list[str] = []

    def count(source: PostgresSource, question: Question, hidden: Sequence[str], found: Found) -> Found:
        counted.extend(hidden)
        return found

    noticing(patch, count)
    return counted


@leak("a header counts rows before the filter", TRACES)
def _(patch: pytest.MonkeyPatch) -> None:
    counted = _counting(patch)
    _header(patch, counted, lambda met, body: b"%d" % len(met))


@leak("an ETag is made of hidden rows too", TRACES)
def _(patch: pytest.MonkeyPatch) -> None:
    counted = _counting(patch)
    _header(patch, counted, lambda met, body: hashlib.sha256(body + repr(sorted(met)).encode()).hexdigest().encode())


def _header(patch: pytest.MonkeyPatch, counted: list[str], value: Any) -> None:
    real = GraphQLEndpoint.__call__

    async def call(self: GraphQLEndpoint, scope: Any, receive: Any, send: Any) -> None:
        before = len(counted)
        messages: list[Any] = []

        async def keep(message: Any) -> None:
            messages.append(message)

        await real(self, scope, receive, keep)
        messages[0]["headers"].append((b"x-rows", value(counted[before:], messages[1]["body"])))
        for message in messages:
            await send(message)

    patch.setattr(GraphQLEndpoint, "__call__", call)


@leak("an extension tells how many rows were read", TRACES)
def _(patch: pytest.MonkeyPatch) -> None:
    counted = _counting(patch)
    real = Engine.execute

    async def execute(self: Engine, request: Request, viewer: Viewer, *charge: Any) -> Response:
        before = len(counted)
        response = await real(self, request, viewer, *charge)
        rows = b',"extensions":{"dropped":%d}}' % (len(counted) - before)
        return replace(response, body=response.body.removesuffix(b"}") + rows)

    patch.setattr(Engine, "execute", execute)


@leak("a quota is charged for what every class holds", TRACES)
def _(patch: pytest.MonkeyPatch) -> None:
    counted = _counting(patch)
    real = Engine.execute

    async def execute(self: Engine, request: Request, viewer: Viewer, *charge: Any) -> Response:
        if len(counted) > 5:
            counted.clear()
            return Response(
                refusal([Shown("the quota of this hour is used up", code="QUOTA_EXCEEDED")]), executed=False
            )
        return await real(self, request, viewer, *charge)

    patch.setattr(Engine, "execute", execute)


# Two doors


@leak("what comes by GET is read in every class", DOORS)
def _(patch: pytest.MonkeyPatch) -> None:
    every_effect(patch)
    door: ContextVar[str] = ContextVar("door")
    real_call, real_execute = GraphQLEndpoint.__call__, Engine.execute

    async def call(self: GraphQLEndpoint, scope: Any, receive: Any, send: Any) -> None:
        door.set(scope["method"])
        await real_call(self, scope, receive, send)

    async def execute(self: Engine, request: Request, viewer: Viewer, *charge: Any) -> Response:
        if door.get() == "GET":
            viewer = replace(viewer, profile=replace(viewer.profile, own=Universe.ALL, others=Universe.ALL))
        return await real_execute(self, request, viewer, *charge)

    patch.setattr(GraphQLEndpoint, "__call__", call)
    patch.setattr(Engine, "execute", execute)


@leak("one of several operations in a document is read in every class", DOORS)
def _(patch: pytest.MonkeyPatch) -> None:
    every_effect(patch)
    real = Engine.execute

    async def execute(self: Engine, request: Request, viewer: Viewer, *charge: Any) -> Response:
        if request.operation_name:
            viewer = replace(viewer, profile=replace(viewer.profile, own=Universe.ALL, others=Universe.ALL))
        return await real(self, request, viewer, *charge)

    patch.setattr(Engine, "execute", execute)
