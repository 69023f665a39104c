"""The one place that knows how the hub is put together, and gives these tests what they need of it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import date
from random import Random
from typing import Any

import asyncpg
from graphql import GraphQLSchema
from starlette.types import ASGIApp

from hub.engine import Built, Engine
from hub.model.graph import DeclaredGraph
from hub.model.viewer import Audience, Profile, RecordClass, Standing, Universe
from hub.model.watch import Watch
from hub.server.app import make_app
from hub.server.identity import Identity, Trust
from hub.server.keys import KeySet
from hub.settings import SOURCES, Settings
from hub.sources.postgres import PostgresSource
from hub.sources.postgres import connection as connecting
from hub.sources.postgres.connection import Connections, Plans
from tests.engine import oddities
from tests.engine.country import SECRET, read_rules
from tests.engine.operations import Keys, Reader, Written
from tests.engine.rules import SHOW, Rules, Where
from tests.noninterference.lists import ListWriter, Place, Values, places
from tests.noninterference.people import ABSENT, ABSENT_EMPLOYERS, ABSENT_HOUSEHOLDS, OTHER_NUMBERS, People

TODAY = date(2026, 11, 1)
"""When the requests come: every agreement is in force."""
WIDTH = 1
"""One connection of each universe to each database: with so many sets the server has no more."""
MOST_PREPARED = 100
"""Statements that a connection has prepared before it is given up: each takes memory of the server for good."""

Statement = tuple[str, Universe, str, tuple[Any, ...]]
"""Source, universe of the question, text, and what fills its parameters."""


class SharedBuilt(Built):
    """A built graph that makes each contract once: it is a pure function, and every side of a test needs it."""

    __slots__ = ()

    made: dict[tuple[int, Profile], GraphQLSchema] = {}  # noqa: RUF012 - of the class, by the built graph

    def contract(self, profile: Profile) -> GraphQLSchema:
        key = (id(self.planner), profile)
        if key not in self.made:
            self.made[key] = Built.contract(self, profile)
        return self.made[key]


def shared(built: Built) -> SharedBuilt:
    return SharedBuilt(built.declared, built.supergraph, built.planner, built.rules)


_RULES: dict[int, tuple[DeclaredGraph, Rules]] = {}


def rules_of(declared: DeclaredGraph) -> Rules:
    """The rules as the tests read them, not the hub."""
    if id(declared) not in _RULES:
        _RULES[id(declared)] = (declared, read_rules(declared))
    return _RULES[id(declared)][1]


def shows(declared: DeclaredGraph, profile: Profile, standing: Standing, where: Where) -> bool:
    """Whether a reader of this profile is shown a field at a standing; what lists are made of is not labelled."""
    return where in declared.structure or rules_of(declared).shown(profile, standing, where)


def writer(built: Built, profile: Profile, people: People, values: Values, seed: str) -> ListWriter:
    """Writes random operations that a reader of this profile may send, the same for the same seed."""
    reader = Reader(built.contract(profile), rules_of(built.declared), profile, keys_of(people))
    return ListWriter(Random(seed).randint, reader, values_of=values, declared=built.declared)


def lists_of(built: Built, profile: Profile) -> list[Place]:
    """The lists that a reader of this profile can reach."""
    reader = Reader(built.contract(profile), rules_of(built.declared), profile, Keys((), (), (), ()))
    return places(reader, built.declared.structure)


class Everything(Rules):
    """Rules for writing operations that nobody may send: every field is shown to everybody."""

    def __init__(self) -> None:
        """They need no table."""

    def shown(self, profile: Profile, standing: Standing | None, where: Where) -> bool:
        return True

    def given(self, profile: Profile, standing: Standing, where: Where) -> Mapping[RecordClass, str]:
        return dict.fromkeys(RecordClass, SHOW)


def written_by_anybody(built: Built, people: People, values: Values, seed: str) -> Written:
    """A random operation over the whole graph."""
    reader = Reader(built.supergraph.api, Everything(), Profile(Audience.OFFICER), keys_of(people))
    return ListWriter(Random(seed).randint, reader, values_of=values, declared=built.declared).document()


def keys_of(people: People) -> Keys:
    """Keys to ask for: of plain things, of hidden ones, and of things that are nowhere or only in a variant."""
    return Keys(
        (*people.plain, *people.plain, *people.hidden, *ABSENT, *OTHER_NUMBERS),
        (*people.books, *(f"{code}N" for code in people.books[:4]), "SO-DEFENCE", "SO-POLICE", "SO-NOBODY"),
        (*people.households, oddities.DEFENCE_HOUSEHOLD, *ABSENT_HOUSEHOLDS, "no id"),
        (*people.employers, *people.employers, oddities.DEFENCE_EMPLOYER, *ABSENT_EMPLOYERS),
    )


# A database that is read for the first time is slow to greet on a busy machine, and that is no difference.
connecting.CONNECT_SECONDS = 60.0


class Pool(Connections):
    """The connections of one universe to one database, kept for all engines of a run; notes what is sent."""

    def __init__(self, source: str, universe: Universe, dsn: str, siblings: Mapping[Universe, Pool]) -> None:
        super().__init__(source, dsn, WIDTH, 60.0)
        self.universe = universe
        self.siblings = siblings
        self.sent: list[Statement] = []
        self._one_at_a_time = asyncio.Lock()
        self._prepared: set[str] = set()

    async def _run(
        self,
        connection: asyncpg.Connection[Any],
        sql: str,
        arguments: tuple[Any, ...],
        idle: list[asyncpg.Connection[Any]],
    ) -> list[asyncpg.Record]:
        self.sent.append((self.source, self.universe, sql, arguments))
        return await super()._run(connection, sql, arguments, idle)

    async def fetch(self, sql: str, arguments: tuple[Any, ...], plans: Plans = Plans.ONCE) -> list[asyncpg.Record]:
        role = self.role()
        if role is self.universe:
            async with self._one_at_a_time:
                self._prepared.add(sql)
                if len(self._prepared) > MOST_PREPARED:
                    self.drop()
                return await super().fetch(sql, arguments, plans)
        self.sent.append((self.source, self.universe, sql, arguments))
        return await self.siblings[role].fetch(sql, arguments, plans)

    def drop(self) -> None:
        """Ends every connection at once."""
        for idle in self._idle.values():
            while idle:
                idle.pop().terminate()
        self._prepared.clear()

    def role(self) -> Universe:
        """Whose login the statements run under: this universe's, unless a planted leak says otherwise."""
        return self.universe


Pools = Mapping[str, Mapping[Universe, Pool]]


def pools(dsns: Mapping[str, Mapping[Universe, str]]) -> Pools:
    """The pools of one set of databases."""
    made: dict[str, dict[Universe, Pool]] = {source: {} for source in SOURCES}
    for source in SOURCES:
        for universe, dsn in dsns[source].items():
            made[source][universe] = Pool(source, universe, dsn, made[source])
    return made


def new_engine(
    built: Built, over: Pools, today: date = TODAY, secret: bytes = SECRET, watch: Watch | None = None
) -> Engine:
    """An engine of its own over shared connections."""
    sources: dict[str, PostgresSource] = {}
    for name, mapping in built.declared.mappings.items():
        sources[name] = PostgresSource(mapping, {}, width=WIDTH)
        sources[name]._connections = dict(over[name])
    return Engine(built, sources, pseudonym_secret=secret, today=lambda: today, watch=watch)


async def settled(engine: Engine) -> None:
    """Waits until nothing is under way: an answer may be out before all that was asked for it beforehand is there."""
    lanes = engine._lanes._lanes.values() if engine._lanes else ()
    while under_way := [task for lane in lanes for task in lane._tasks]:
        await asyncio.gather(*under_way)


def new_app(engine: Engine, identity: Identity) -> ASGIApp:
    """The endpoint over an engine."""
    return make_app(engine, identity, Settings(request_timeout=30.0))


def new_identity(built: Built, keys: KeySet, issuer: str, audience: str) -> Identity:
    """Takes the tokens of all who are served."""
    return Identity(Trust(keys, issuer, audience, built.served()))
