"""A server and the databases -> figures of its lists."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import Any

import psycopg

from bench.lists.asked import Count, Pages
from bench.servers import Server
from bench.systems import Asked
from bench.timing.connection import Connection

PAGE = 20
DEEP = 10_000
FEWEST = 4  # pages
TENTHS = 10
_MILLISECONDS = 1e-6

Way = Callable[[], int]
"""Does it once, and gives nanoseconds."""

Databases = Mapping[str, psycopg.Connection[Any]]


class Unexpected(Exception):
    """The server answered something else than rows."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page: its number from one, its rows, and milliseconds through the hub and by hand."""

    number: int
    rows: int
    hub: float
    by_hand: float | None


@dataclass(frozen=True, slots=True)
class Paged:
    """The first page of a list, and one far behind it."""

    name: str
    first: Page
    deep: Page


@dataclass(frozen=True, slots=True)
class Counted:
    """A total, and milliseconds."""

    name: str
    total: int
    hub: float
    by_hand: float


@dataclass(frozen=True, slots=True)
class Tenth:
    """A tenth of the walk: rows a second, and bytes of the server's memory behind it."""

    rows: int
    per_second: float
    memory: int


class Asker:
    """Asks a server on one connection, with a token."""

    def __init__(self, connection: Connection, token: str) -> None:
        self._connection = connection
        self._token = token

    def wire(self, document: str, variables: Mapping[str, Any]) -> bytes:
        return Asked("/graphql", json.dumps({"query": document, "variables": variables}).encode()).wire(self._token)

    def send(self, wire: bytes) -> tuple[int, Any]:
        """Nanoseconds, and the data."""
        took, body = self._connection.ask(wire)
        answer = json.loads(body)
        if answer.get("errors"):
            raise Unexpected(json.dumps(answer["errors"], ensure_ascii=False))
        return took, answer["data"]

    def took(self, wire: bytes) -> int:
        """Nanoseconds."""
        return self.send(wire)[0]


def page_through(asker: Asker, databases: Databases, pages: Pages, employer: str, repeats: int) -> Paged:
    """The first page and the deep one, each through the hub and by hand, by turns."""
    cursors = _Cursors(asker, pages, employer)
    rows = cursors.length(PAGE * (DEEP + 1))
    if rows < FEWEST:
        raise Unexpected(f"`{pages.name}` has {rows} rows: make a larger country")
    size = min(PAGE, rows // (DEEP + 1) or rows // FEWEST)
    number = min(DEEP, rows // size - 1)
    behind = size * (number - 1)
    wires = [cursors.wire(size, None), cursors.wire(size, cursors.at(behind))]
    ways: list[Way] = [partial(asker.took, wire) for wire in wires]
    if pages.by_hand is not None:
        by_hand = pages.by_hand.of(employer)
        database = databases[by_hand.source]
        place = database.execute(by_hand.place().encode(), (behind - 1,)).fetchone()
        assert place is not None
        ways.append(_prepared(database, by_hand.page(behind=False), (size,)))
        ways.append(_prepared(database, by_hand.page(behind=True), (*place, size)))
    first, deep, *plain = _by_turns(ways, repeats)
    plain_first, plain_deep = plain or (None, None)
    return Paged(pages.name, Page(1, size, first, plain_first), Page(number, size, deep, plain_deep))


def count(asker: Asker, databases: Databases, counted: Count, repeats: int) -> Counted:
    """A total, through the hub and by hand, by turns."""
    wire = asker.wire(counted.document, {})
    total = int(asker.send(wire)[1]["persons"]["totalCount"])
    by_hand = _prepared(databases[counted.by_hand.source], counted.by_hand.count(), ())
    found = databases[counted.by_hand.source].execute(counted.by_hand.count().encode()).fetchone()
    if found is None or found[0] != total:
        raise Unexpected(f"`{counted.name}`: the hub counts {total}, the statement by hand {found}")
    hub, plain = _by_turns([partial(asker.took, wire), by_hand], repeats)
    return Counted(counted.name, total, hub, plain)


def walk(asker: Asker, server: Server, pages: Pages, total: int) -> Iterator[Tenth]:
    """Every row of a list once, in the order of its pages; a tenth at a time."""
    seen: set[str] = set()
    after: str | None = None
    rows, begun, goal = 0, time.perf_counter(), 1
    while True:
        _, data = asker.send(asker.wire(pages.document, {"first": pages.most, "after": after}))
        found = data["persons"]
        seen.update(node["id"] for node in found["nodes"])
        rows += len(found["nodes"])
        over = len(found["nodes"]) < pages.most
        if over or len(seen) >= total * goal / TENTHS:
            yield Tenth(rows, rows / (time.perf_counter() - begun), server.memory())
            rows, begun, goal = 0, time.perf_counter(), goal + 1
        if over:
            break
        after = found["pageInfo"]["endCursor"]
    if len(seen) != total:
        raise Unexpected(f"`{pages.name}`: the walk met {len(seen)} rows, `totalCount` is {total}")


class _Cursors:
    """Finds places in a list by walking there, in pages of the most rows that one may have."""

    def __init__(self, asker: Asker, pages: Pages, employer: str) -> None:
        self._asker = asker
        self._pages = pages
        self._variables = {name: str(value).format(employer=employer) for name, value in pages.variables.items()}

    def wire(self, first: int, after: str | None) -> bytes:
        return self._asker.wire(self._pages.document, {**self._variables, "first": first, "after": after})

    def length(self, enough: int) -> int:
        """How many rows the list has, or that it has enough."""
        rows, after, more = 0, None, self._pages.most
        while rows < enough and more == self._pages.most:
            after, more = self._end(self._pages.most, after)
            rows += more
        return min(rows, enough)

    def at(self, rows: int) -> str | None:
        """The cursor of the row at this place, from one."""
        after = None
        while rows > 0:
            after, found = self._end(min(self._pages.most, rows), after)
            rows -= found
        return after

    def _end(self, first: int, after: str | None) -> tuple[str | None, int]:
        _, data = self._asker.send(self.wire(first, after))
        for step in self._pages.path:
            data = data[step]
        return data["pageInfo"]["endCursor"], len(data["nodes"])


def _prepared(database: psycopg.Connection[Any], statement: str, values: Sequence[Any]) -> Way:
    """Runs a prepared statement and reads its rows."""

    def run() -> int:
        begin = time.perf_counter_ns()
        database.execute(statement.encode(), values, prepare=True).fetchall()
        return time.perf_counter_ns() - begin

    return run


def _by_turns(ways: Sequence[Way], repeats: int) -> list[float]:
    """The median of each way in milliseconds; the first round is for the caches."""
    times: list[list[int]] = [[] for _ in ways]
    for turn in range(repeats + 1):
        for way, taken in zip(ways, times, strict=True):
            took = way()
            if turn:
                taken.append(took)
    return [median(taken) * _MILLISECONDS for taken in times]
