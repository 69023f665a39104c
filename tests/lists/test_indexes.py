"""Every list under every filter and every order: what the hub sends is planned by Postgres as it is sent.

Each operation is answered, and each statement of it explained on a connection with the hub's own settings: with the
values it was sent with where it is planned for them, and without where one plan is kept for all. A scan of a register
reads either what a condition on its index bounds, or rows in order until the page is full. The values asked for are
those that few rows have; of a filter that most rows meet it is enough that the page fills soon.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import permutations, product
from typing import Any

import asyncpg
import psycopg
import pytest
from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLList, get_named_type, get_nullable_type

from hub.engine import Engine, open_engine
from hub.model.mapping import By, Reference
from hub.model.viewer import Profile, RecordClass, Universe, Viewer
from hub.sources.postgres import PostgresSource
from hub.sources.postgres.check import lists_served
from hub.sources.postgres.connection import SETTINGS, Connections, Plans
from hub.sources.postgres.served import Served
from tests.engine import oddities
from tests.engine.country import PROFILES, Country, load_graph
from tests.engine.rules import Where
from tests.lists.oracle import usable
from tests.lists.test_policy import INNERMOST, paths
from tests.lists.world import Place, World, make_world

READERS = ("officer", "officer cleared for defence", "analyst", "partner of everything")
DIRECTIONS = ("ASC", "DESC", "ASC_NULLS_FIRST", "DESC_NULLS_FIRST")

# Values that few rows have, by the scalar and, of ranges, the end that few are behind.
RARE: Mapping[str, Any] = {
    "ID": "00000000-0000-0000-0000-000000000001",
    "Int": 2_000_000_000,
    "Dong": 2_000_000_000_000,
    "Float": 1e12,
    "Percent": 1e12,
    "Coefficient": 1e12,
    "Boolean": True,
    "Date": "2999-12-31",
    "DateTime": "2999-12-31T00:00:00",
    "Month": "2999-12",
    "PartialDate": "2999-12-31",
    "PersonalId": oddities.THREEFOLD,
    "TaxCode": oddities.SHARED_EMPLOYER,
}
LOW: Mapping[str, Any] = {
    "Int": -1,
    "Dong": -1,
    "Float": -1.0,
    "Percent": -1.0,
    "Coefficient": -1.0,
    "Date": "0001-01-01",
    "DateTime": "0001-01-02T00:00:00",
    "Month": "0001-01",
    "PartialDate": "0001",
}
CURSOR = re.compile(r"\(\$\d+\)\[1\]")  # the first text of a parameter
QUANTIFIERS = ("some", "every", "none")


@dataclass(frozen=True, slots=True)
class Filter:
    """One condition, the steps to the field, whether few rows meet it, and whether it wants another beside it."""

    where: Mapping[str, Any]
    steps: tuple[str, ...]
    few: bool
    along: bool


@dataclass(frozen=True, slots=True)
class Sent:
    """A statement, and the plan Postgres has for it."""

    sql: str
    plan: Mapping[str, Any]
    plans: Plans

    def scans(self) -> Iterator[Scan]:
        yield from _scans(self.plan, (), self)


@dataclass(frozen=True, slots=True)
class Scan:
    """A scan of a table; `above` are the nodes over it, the nearest first, up to where the statement branches off."""

    node: Mapping[str, Any]
    above: tuple[Mapping[str, Any], ...]
    sent: Sent

    @property
    def indexes(self) -> Sequence[Mapping[str, Any]]:
        """The nodes that read an index: itself, or those that find the pages of the table for it."""
        if "Index Name" in self.node:
            return [self.node]
        below = list(self.node.get("Plans", ()))
        for node in below:
            below += node.get("Plans", ())
        return [node for node in below if "Index Name" in node]

    @property
    def bounded(self) -> str:
        """The conditions on its indexes; empty where it reads one of them from end to end."""
        conditions = [str(node.get("Index Cond", "")) for node in self.indexes]
        return " ".join(conditions) if all(conditions) else ""

    @property
    def streams(self) -> bool:
        """Whether rows are read one after the other until there are enough."""
        for node in self.above:
            if node["Node Type"] == "Limit":
                return True
            if node["Node Type"] in ("Sort", "Hash", "Aggregate", "Materialize", "Memoize", "CTE Scan"):
                return False
        return bool(self.node["Node Type"] != "Bitmap Heap Scan")  # what is under `exists`

    def __str__(self) -> str:
        return f"{json.dumps(self.sent.plan, indent=1)}\n{self.sent.plans}\n{self.sent.sql}"


def _scans(node: Mapping[str, Any], above: tuple[Mapping[str, Any], ...], sent: Sent) -> Iterator[Scan]:
    if "Relation Name" in node:
        yield Scan(node, above, sent)
    for inner in node.get("Plans", ()):
        apart = inner["Parent Relationship"] in ("InitPlan", "SubPlan")
        yield from _scans(inner, () if apart else (node, *above), sent)


@dataclass
class Explaining(Connections):
    """Connections of a universe that have every statement explained before it is run."""

    source: str
    universe: Universe
    dsn: str
    sent: list[Sent] = field(default_factory=list)
    known: dict[str, Sent] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__init__(self.source, self.dsn, 2, 10.0)
        options = " ".join(f"-c {name}={value}" for name, value in SETTINGS[Plans.ONCE].items())
        self.generic = psycopg.connect(self.dsn, options=options, autocommit=True)

    async def _run(
        self,
        connection: asyncpg.Connection[Any],
        sql: str,
        arguments: tuple[Any, ...],
        idle: list[asyncpg.Connection[Any]],
    ) -> list[asyncpg.Record]:
        if idle is self._idle[Plans.EACH_TIME]:
            plan = await connection.fetchval(f"explain (format json, verbose) {sql}", *arguments)
            self.sent.append(Sent(sql, json.loads(plan)[0]["Plan"], Plans.EACH_TIME))
        else:
            if sql not in self.known:
                row = self.generic.execute(f"explain (generic_plan, format json, verbose) {sql}".encode()).fetchone()
                assert row is not None
                self.known[sql] = Sent(sql, row[0][0]["Plan"], Plans.ONCE)
            self.sent.append(self.known[sql])
        return await super()._run(connection, sql, arguments, idle)


@dataclass
class Explained:
    """An engine whose statements are explained, and what the catalogue says of its lists."""

    world: World
    connections: Sequence[Explaining]
    served: Mapping[tuple[str, str], Served]
    indexes: Mapping[str, tuple[str, ...]]

    def ask(self, document: str, viewer: Viewer) -> tuple[Any, list[Sent]]:
        for one in self.connections:
            one.sent.clear()
        data = self.world.data(document, viewer)
        return data, [sent for one in self.connections for sent in one.sent]


_LEADING = """
select x.relname, array_agg(a.attname::text order by k.place)
from pg_index i join pg_class c on c.oid = i.indrelid join pg_class x on x.oid = i.indexrelid
cross join lateral unnest(i.indkey::int2[]) with ordinality k(number, place)
join pg_attribute a on a.attrelid = c.oid and a.attnum = k.number
where c.relnamespace = 'civilian'::regnamespace group by x.relname
"""


@pytest.fixture(scope="module")
def explained(country: Country, runner: asyncio.Runner) -> Iterator[Explained]:
    engine = open_engine(load_graph(), country.settings)
    connections = _explaining(engine, country)
    served: dict[tuple[str, str], Served] = {}
    indexes: dict[str, tuple[str, ...]] = {}
    for source, mapping in engine.built.declared.mappings.items():
        dsn = country.owner_dsns[source]
        found = runner.run(lists_served(mapping, dsn, tuple(RecordClass)))
        served |= {(one.field, one.asked): one for one in found}
        with psycopg.connect(dsn) as connection:
            # What the planner knows of the rows must not hang on whether Postgres has looked at them in the meantime.
            connection.execute("analyze")
            indexes |= {name: tuple(columns) for name, columns in connection.execute(_LEADING.encode()).fetchall()}
    yield Explained(make_world(engine, country, runner), connections, served, indexes)
    for one in connections:
        one.generic.close()
    runner.run(engine.stop())


def _explaining(engine: Engine, country: Country) -> list[Explaining]:
    made: list[Explaining] = []
    for name, source in engine.sources.items():
        assert isinstance(source, PostgresSource)
        own = {
            universe: Explaining(name, universe, dsn) for universe, dsn in country.settings.dsns.by_source[name].items()
        }
        source._connections = dict(own)
        made += own.values()
    return made


# What may be asked ---------------------------------------------------------------------------------------------------


def filters(place: Place, profile: Profile, world: World) -> Iterator[Filter]:
    """Every field of a list's filter, at every depth, with every operator and, of related rows, every quantifier."""
    argument = place.field.args.get("where")
    if argument is None:
        return
    of, listed = get_named_type(argument.type), world.lists[place.where]
    assert isinstance(of, GraphQLInputObjectType)
    for steps, reads, operators in paths(world, of, listed.node, listed, place.below, INNERMOST):
        if not all(usable(world.knowledge.rules, profile, at, where, order=False) for at, where in reads):
            continue
        assert isinstance(operators, GraphQLInputObjectType)
        along = By.ALONG in listed.node.by.get(steps[0], By.NOTHING)
        linked = any(where[1] in steps and leads_away(world, where) for _, where in reads)
        for operator, operand in operators.fields.items():
            few = operator != "isNull" and not isinstance(get_named_type(operand.type), GraphQLEnumType)
            # What is behind a link is searched for in the list of all, where it is tried; much of it would be refused.
            if linked and not few:
                continue
            for quantifier in QUANTIFIERS if "some" in steps and not linked else ("some",):
                where: Any = {operator: rare(operator, operand.type)}
                for step in reversed(steps):
                    where = {quantifier if step == "some" else step: where}
                yield Filter(where, steps, few and quantifier == "some", along)


def leads_away(world: World, where: Where) -> bool:
    declared = world.engine.built.declared
    return any(
        isinstance(mapping.types[where[0]].fields.get(where[1]), Reference)
        for mapping in declared.mappings.values()
        if where[0] in mapping.types
    )


def rare(operator: str, of: Any) -> Any:
    """A value that few rows meet the operator with."""
    named = get_named_type(of)
    if operator == "isNull":
        return False
    if isinstance(named, GraphQLEnumType):
        value: Any = Word(next(iter(named.values)))
    elif operator == "to":
        value = LOW[named.name]
    else:
        value = RARE.get(named.name, "00000")
    return [value] if isinstance(get_nullable_type(of), GraphQLList) else value


class Word(str):
    """A word of an enum."""

    __slots__ = ()


def written(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name}: {written(one)}" for name, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(written, value)) + "]"
    return str(value) if isinstance(value, Word) else json.dumps(value)


def orders(place: Place, *, whole: bool) -> Iterator[str]:
    """No order, and every field in every direction; of a list of a whole table every pair of fields in both too."""
    yield ""
    argument = place.field.args.get("order")
    if argument is None:
        return
    names = list(get_named_type(argument.type).fields)  # type: ignore[attr-defined]
    yield from (f"[{{{name}: {direction}}}]" for name in names for direction in DIRECTIONS)
    for first, second in permutations(names, 2) if whole else ():
        yield from (f"[{{{first}: {one}}}, {{{second}: {other}}}]" for one, other in product(("ASC", "DESC"), repeat=2))


# What is claimed -----------------------------------------------------------------------------------------------------

SELECTION = "pageInfo { hasNextPage hasPreviousPage startCursor endCursor } nodes { __typename }"
TOTAL = "totalCount"


def asked(place: Place, selection: str, **arguments: str) -> str:
    given = ", ".join(f"{name}: {text}" for name, text in arguments.items() if text)
    return place.document(
        f"{place.where[1]}({given}) {{ {selection} }}" if given else f"{place.where[1]} {{ {selection} }}"
    )


def uses_indexes(sent: Sequence[Sent]) -> Iterator[Scan]:
    """Asserts that no plan reads a table in the order in which it lies; gives the scans of indexes."""
    assert sent
    for one in sent:
        for scan in one.scans():
            assert scan.node["Node Type"] in ("Index Scan", "Index Only Scan", "Bitmap Heap Scan"), scan
            # In a class of a handful of rows any way is as good as another.
            if scan.node["Schema"] == "civilian":
                yield scan


@pytest.mark.parametrize("name", READERS)
def test_every_filter_is_served_by_the_index_that_the_check_names(explained: Explained, name: str) -> None:
    profile = PROFILES[name]
    tried = 0
    for place in explained.world.places(profile):
        whole = not explained.world.lists[place.where].rows.match
        found = list(filters(place, profile, explained.world))
        beside = next((one.where for one in found if one.few and len(one.steps) > 1), {})
        for one in found:
            where = {"and": [one.where, beside]} if whole and one.along else one.where
            for selection in (SELECTION, TOTAL) if one.few and whole else (SELECTION,):
                _, sent = explained.ask(asked(place, selection, where=written(where)), Viewer(profile))
                scans = list(uses_indexes(sent))
                for scan in scans:
                    assert scan.bounded or not one.few, scan
                named = explained.served.get((".".join(place.where), ".".join(("where", *one.steps))))
                if one.few and whole and named is not None and not named.along:
                    read = {node["Index Name"] for scan in scans for node in scan.indexes}
                    leading = {explained.indexes[index][: len(named.columns)] for index in read}
                    assert named.columns in leading, scans
            tried += 1
    assert tried > 300


@pytest.mark.parametrize("name", READERS)
def test_every_order_is_read_from_an_index_and_goes_on_where_a_page_ended(explained: Explained, name: str) -> None:
    profile = PROFILES[name]
    viewer = Viewer(profile)
    gone_on = 0
    for place in explained.world.places(profile):
        whole = not explained.world.lists[place.where].rows.match
        for order, (size, cursor) in product(orders(place, whole=whole), (("first", "after"), ("last", "before"))):
            at = "endCursor" if size == "first" else "startCursor"
            data, sent = explained.ask(asked(place, SELECTION, order=order, **{size: "2"}), viewer)
            for scan in uses_indexes(sent):
                assert scan.bounded or (whole and scan.streams), scan
            if not place.single or (found := place.found(data)) is None or found["pageInfo"][at] is None:
                continue
            given = {size: "2", cursor: json.dumps(found["pageInfo"][at]), "order": order}
            _, sent = explained.ask(asked(place, SELECTION, **given), viewer)
            for scan in uses_indexes(sent):
                assert (scan.bounded and scan.streams) or not whole, scan
                # What is behind the cursor begins where its first key stands; keys of one direction are one place.
                assert CURSOR.search(scan.bounded) or not whole, scan
                assert "ROW(" in scan.bounded or order.count(":") != 1 or not whole, scan
            gone_on += whole
    assert gone_on
