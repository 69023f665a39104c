"""Two sides that should not be told apart: the hub over the country, and the hub over a variant of it."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from hub.engine import Built
from hub.server.identity import Identity
from hub.telemetry import Telemetry
from tests.noninterference.adapter import Pools, Statement, new_app, new_engine, settled
from tests.noninterference.databases import BASE
from tests.noninterference.lists import with_cursors
from tests.noninterference.readers import Example, Sent

REPEATS = 8

_RANDOM = re.compile(r"\b[0-9a-f]{32}\b")
"""The id that leads from an answer to the log."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a reader gets. Date and request id are not among it: the one is not sent, the other is the reader's own."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: str


@dataclass(frozen=True, slots=True)
class Observed:
    """What can be seen of an example on one side.

    answers     the reader's own, in order; not those of the others
    logs        records of the hub's loggers
    work        what the databases are asked: source, universe, text, and one key or one value of a parameter
    statements  how many of them; where several steps ask for the same, that is a matter of luck
    """

    answers: tuple[Answer, ...]
    logs: tuple[tuple[str, str, str], ...]
    work: frozenset[tuple[object, ...]]
    statements: int


@dataclass(frozen=True, slots=True)
class Difference:
    """Where the sides are not equal: `what` was seen, and both views of it."""

    what: str
    example: Example
    here: object
    there: object

    def __str__(self) -> str:
        sent = "\n".join(f"  {one.method} {one.url} {one.content.decode()}" for one, _ in self.example.steps)
        others = [one.reader for _, beside in self.example.steps for one in beside]
        return (
            f"{self.example.reader} can tell `{self.example.variant.name}` from the country by the {self.what}:\n"
            f"  here   {self.here}\n  there  {self.there}\nas {self.example.steps[0][0].subject},"
            f" beside {', '.join(others) or 'nobody'}, sending\n{sent}"
        )


class Side:
    """One hub over one set of databases; `telemetry`, if there is any, is told what it does."""

    def __init__(self, built: Built, over: Pools, identity: Identity, telemetry: Telemetry | None = None) -> None:
        self._pools = over
        self._engine = new_engine(built, over, watch=telemetry.watch if telemetry else None)
        app: Any = new_app(self._engine, identity)
        app = telemetry.around(app) if telemetry else app
        self._client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://hub")

    async def observe(self, example: Example) -> Observed:
        sent = self._statements()
        for one in sent:
            one.clear()
        answers = []
        bodies: list[list[str]] = []
        with _listening() as records:
            for request, others in example.steps:
                # Half of the others are under way before the reader's own request comes.
                early = [asyncio.ensure_future(self._answer(other, bodies)) for other in others[::2]]
                late = [self._answer(other, bodies) for other in others[1::2]]
                own, *beside = await asyncio.gather(self._answer(request, bodies), *early, *late)
                answers.append(own)
                bodies.append([own.body, *(one.body for one in beside)])
            await settled(self._engine)
        return Observed(
            tuple(answers),
            tuple((record.name, record.levelname, _RANDOM.sub("…", record.getMessage())) for record in records),
            frozenset(part for one in sent for statement in one for part in _parts(statement)),
            sum(map(len, sent)),
        )

    def _statements(self) -> list[list[Statement]]:
        return [pool.sent for source in self._pools.values() for pool in source.values()]

    async def _answer(self, sent: Sent, bodies: Sequence[Sequence[str]]) -> Answer:
        """`bodies` are those of all earlier answers of the sequence, which have the cursors to go on with."""
        url, content = with_cursors(sent.url, bodies), with_cursors(sent.content.decode(), bodies)
        response = await self._client.request(sent.method, url, headers=dict(sent.headers), content=content)
        body = response.content.decode()
        if response.status_code == 500:
            body = _RANDOM.sub("…", body)
        return Answer(response.status_code, tuple(response.headers.items()), body)


def _parts(statement: Statement) -> Iterator[tuple[object, ...]]:
    """A statement for each of its keys, because how keys are gathered is a matter of luck."""
    source, universe, text, arguments = statement
    arrays = [one for one in arguments if isinstance(one, list)]
    others = tuple(one for one in arguments if not isinstance(one, list))
    for key in zip(*arrays, strict=True):
        yield (source, universe, text, others, key)


@contextmanager
def _listening() -> Iterator[list[logging.LogRecord]]:
    """The records of the hub's loggers, of every level."""
    records: list[logging.LogRecord] = []

    class Keeping(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            records.append(record)

    logger, handler = logging.getLogger("hub"), Keeping()
    before = logger.level, logger.propagate
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    try:
        yield records
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before[0])
        logger.propagate = before[1]


@dataclass(slots=True)
class Sides:
    """Fresh hubs, two for every variant, made when first needed.

    Both of a pair get the same requests from their first to their last, and keep what they cache from one example to
    the next: so what tells them apart is the data alone.
    """

    built: Built
    over: Mapping[str, Pools]
    identity: Identity
    logged: int = 0
    _pairs: dict[str, tuple[Side, Side]] = field(default_factory=dict)

    async def difference(self, example: Example) -> Difference | None:
        """What tells the two sides apart, if anything does."""
        here, there = self._pair(example.variant.name)
        one, other = await here.observe(example), await there.observe(example)
        self.logged += len(one.logs) + len(other.logs)
        for number, (mine, yours) in enumerate(zip(one.answers, other.answers, strict=True), start=1):
            for what in ("body", "status", "headers"):
                if getattr(mine, what) != getattr(yours, what):
                    return Difference(f"{what} of answer {number}", example, getattr(mine, what), getattr(yours, what))
        if one.logs != other.logs:
            return Difference("log", example, one.logs, other.logs)
        if not example.alone:
            # What the others' own hidden rows lead to is asked for in the same statements.
            return None
        if one.work != other.work:
            return Difference("work", example, _sorted(one.work - other.work), _sorted(other.work - one.work))
        mine_counted, yours_counted = {one.statements}, {other.statements}
        for _ in range(REPEATS):
            if mine_counted & yours_counted:
                return None
            mine_counted.add((await here.observe(example)).statements)
            yours_counted.add((await there.observe(example)).statements)
        # A number that one side needs again and again and the other never does is no luck.
        if mine_counted & yours_counted:
            return None
        return Difference("number of statements", example, mine_counted, yours_counted)

    def _pair(self, variant: str) -> tuple[Side, Side]:
        if variant not in self._pairs:
            self._pairs[variant] = (
                Side(self.built, self.over[BASE], self.identity),
                Side(self.built, self.over[variant], self.identity),
            )
        return self._pairs[variant]


def _sorted(parts: frozenset[tuple[object, ...]]) -> list[str]:
    return sorted(map(repr, parts))
