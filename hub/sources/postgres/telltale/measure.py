"""Databases -> counts by group and stratum, for every table of every class.

Reads with the role of all classes. Counts are made by PostgreSQL, in four statements a table: words that belong to one
class; how full, from where to where, how clustered; how many rows fall into those ranges; how often each code or
beginning of a text stands.

Decided: words are looked for in every row; everything else among the civilian rows of all people with hidden rows, and
for everybody else and for each other class among about `SAMPLE` rows: those of every so-manieth person or household, by
a hash. More would make no share that matters more certain, and take many minutes where there are a million people.

Cost: some ten passes over each table with a hash join and a hash aggregate, all databases at once, each with one
statement at a time, and `work_mem` for each. About two seconds for 1,500 people, five for 20,000, two to four minutes
for a million on two busy cores. Nothing is written, and nothing is locked that a reader or a writer would wait for.

Decided: the personal numbers of those who have hidden rows, with the household of each, are read first and handed back
as an array to every statement, because the registers are separate databases that cannot be joined. They are the one
thing about single people that leaves a database; they stay in memory and are in no finding.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import asyncpg
from graphql import GraphQLSchema

from hub.errors import SourceUnavailable
from hub.model.mapping import SourceMapping
from hub.model.viewer import RecordClass
from hub.sources.postgres.connection import BROKEN
from hub.sources.postgres.telltale.judge import Column, Group, Measured, Report, Stratum, judge
from hub.sources.postgres.telltale.owners import Owner, Owners, owners
from hub.sources.postgres.telltale.shown import Labels, shown_columns
from hub.sources.postgres.telltale.words import Word, words

# Whole tables are read and hashed: unlike look-ups by key these want plans of their own, memory and time.
_SETTINGS = {
    "application_name": "hub-policy-leaks",
    "default_transaction_read_only": "on",
    "statement_timeout": "0",
    "plan_cache_mode": "force_custom_plan",
    "enable_bitmapscan": "on",
    "jit": "off",
    "work_mem": "128MB",
    "timezone": "UTC",
}
_CLASSES = tuple(RecordClass)
_HIDDEN = tuple(one for one in RecordClass if one is not RecordClass.CIVILIAN)
_CLASS_OF = {Group.DEFENCE: RecordClass.DEFENCE, Group.PUBLIC_SECURITY: RecordClass.PUBLIC_SECURITY}
_ORDERED = frozenset(
    {"date", "timestamp", "timestamptz", "int2", "int4", "int8", "numeric", "float8", "dong", "month", "partial_date"}
)
_WHOLE = frozenset({"token", "bool", "int2", "numeric", "_text"})  # few values, each counted
_BEGINNINGS = frozenset({"code", "tax_code", "personal_id", "text"})
SAMPLE = 50_000
_SETS = 30  # PostgreSQL's `grouping` takes 31 arguments

_TABLES = """
select c.relname as table, a.attname as column, t.typname as type,
    format_type(case t.typtype when 'd' then t.typbasetype else t.oid end, null) as plain
from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid
join pg_type t on t.oid = a.atttypid
where c.relkind in ('r', 'p', 'f') and n.nspname = any($1) and a.attnum > 0 and not a.attisdropped
group by 1, 2, 3, 4 having count(distinct n.nspname) = cardinality($1) order by 1, min(a.attnum)
"""


@dataclass(slots=True)
class _Hidden:
    """Who has hidden rows: personal numbers, insurance numbers, and number -> household."""

    numbers: set[str] = field(default_factory=set)
    aliases: set[str] = field(default_factory=set)
    families: dict[str, str] = field(default_factory=dict)

    def arguments(self, text: str) -> list[list[str]]:
        """The arrays that a statement names: $1 and $2 in parallel, then $3."""
        numbers = sorted(self.numbers)
        found = [numbers, [self.families.get(number, number) for number in numbers], sorted(self.aliases)]
        return found if "$3" in text else found[:2] if "$1" in text else []


def steps(mappings: Mapping[str, SourceMapping]) -> int:
    """How often `advance` will be called, unless a database has tables that no mapping names."""
    return len(mappings) + sum(len(_tables(mapping)) for mapping in mappings.values())


async def find_telltales(
    mappings: Mapping[str, SourceMapping],
    api: GraphQLSchema,
    labels: Labels,
    dsns: Mapping[str, str],
    advance: Callable[[str], None] = lambda _: None,
) -> Report:
    """Everything that gives a class away. `dsns` read all classes; `advance` hears of each step done."""
    people = {name: owners(mapping, api) for name, mapping in mappings.items()}
    hidden = await _who(people, dsns)

    async def measure(name: str) -> list[Measured]:
        advance(name)
        async with _connected(name, dsns[name]) as connection:
            tables: dict[str, dict[str, tuple[str, str]]] = {}
            for table, column, kind, plain in await connection.fetch(_TABLES, [str(one) for one in _CLASSES]):
                tables.setdefault(table, {})[column] = (kind, plain)
            measured = []
            for table, columns in tables.items():
                owner = people[name].tables.get(table)
                measured.append(await _Table(name, table, columns, owner, hidden).measure(connection))
                advance(f"{name}.{table}")
            return measured

    measured = [one for found in await asyncio.gather(*map(measure, mappings)) for one in found]
    shown = {name: shown_columns(mapping, api, labels) for name, mapping in mappings.items()}
    families = {hidden.families.get(number, number) for number in hidden.numbers}
    return judge(measured, shown, len(hidden.numbers), len(families))


def _tables(mapping: SourceMapping) -> set[str]:
    found = {home.table for home in mapping.types.values() if home.table}
    for home in mapping.types.values():
        found |= {str(table) for mapped in home.fields.values() if (table := getattr(mapped, "table", ""))}
    return found


@asynccontextmanager
async def _connected(source: str, dsn: str) -> AsyncIterator[asyncpg.Connection[Any]]:
    try:
        connection = await asyncpg.connect(dsn, timeout=5, server_settings=_SETTINGS)
    except (*BROKEN, asyncpg.PostgresError) as error:
        raise SourceUnavailable(source, error) from error
    try:
        yield connection
    except BROKEN as error:
        raise SourceUnavailable(source, error) from error
    finally:
        await connection.close()


# --- who has hidden rows ------------------------------------------------------------------------------------------


async def _who(people: Mapping[str, Owners], dsns: Mapping[str, str]) -> _Hidden:
    """Everybody with a row outside the civilian class in any register, under all numbers he has or had."""
    hidden = _Hidden()
    for source, known in people.items():
        statements = list(_hidden_owners(known.tables))
        if statements:
            async with _connected(source, dsns[source]) as connection:
                for number, alias in await connection.fetch(" union ".join(statements)):
                    hidden.numbers |= {number} - {None}
                    hidden.aliases |= {alias} - {None}
    grown = -1
    while grown != len(hidden.numbers) + len(hidden.aliases):
        grown = len(hidden.numbers) + len(hidden.aliases)
        for source, known in people.items():
            await _complete(hidden, source, known, dsns[source])
    return hidden


def _hidden_owners(tables: Mapping[str, Owner]) -> Iterator[str]:
    for table, owner in tables.items():
        if owner.link is None:
            alias = f"r.{owner.alias}::text" if owner.alias else "null::text"
            yield from (f"select r.{owner.number}::text, {alias} from {one}.{table} r" for one in _HIDDEN)
        else:
            here, there, column = owner.link
            number = owner.number
            yield from (
                f"select o.{number}::text, null::text from {one}.{table} r join"
                f" {_united(there, (column, number))} o on o.{column} = r.{here}"
                for one in _HIDDEN
            )


async def _complete(hidden: _Hidden, source: str, known: Owners, dsn: str) -> None:
    """Other numbers of the same people, and their households."""
    async with _connected(source, dsn) as connection:
        for table, owner in known.tables.items():
            if owner.alias:
                pairs = await connection.fetch(
                    f"select distinct {owner.number}::text, {owner.alias}::text from"
                    f" {_united(table, (owner.number, owner.alias))} r"
                    f" where {owner.number} = any($1) or {owner.alias} = any($2)",
                    list(hidden.numbers),
                    list(hidden.aliases),
                )
                hidden.numbers |= {number for number, _ in pairs} - {None}
                hidden.aliases |= {alias for _, alias in pairs} - {None}
        if known.former is not None:
            table, number, row, numbers, value, of, where = known.former
            condition = "and " + re.sub(r"\{(\w+)\}", r"f.\1", where) if where else ""
            other = {value, of, *re.findall(r"\{(\w+)\}", where)}
            for pair in await connection.fetch(
                f"select distinct p.{number}::text, f.{value}::text from {_united(table, (row, number))} p join"
                f" {_united(numbers, sorted(other))} f on f.{of} = p.{row} {condition}"
                f" where p.{number} = any($1) or f.{value} = any($1)",
                list(hidden.numbers),
            ):
                hidden.numbers |= set(pair) - {None}
        if known.family is not None:
            table, number, family = known.family
            found = await connection.fetch(
                f"select {number}::text, min({family}::text) from {_united(table, (number, family))} r"
                f" where {number} = any($1) group by 1",
                list(hidden.numbers),
            )
            hidden.families.update(found)


def _united(table: str, columns: Sequence[str]) -> str:
    """A table of all classes as one, in parentheses."""
    names = ", ".join(columns)
    return f"({' union all '.join(f'select {names} from {one}.{table}' for one in _CLASSES)})"


# --- one table ----------------------------------------------------------------------------------------------------


class _Table:
    """The statements of one table, and what they count."""

    def __init__(
        self, source: str, table: str, columns: Mapping[str, tuple[str, str]], owner: Owner | None, hidden: _Hidden
    ) -> None:
        self.source = source
        self.table = table
        self.owner = owner
        self.hidden = hidden
        self.every = dict.fromkeys(_CLASSES, 1)
        self.plain = {name: plain for name, (_, plain) in columns.items()}
        self.all = tuple(columns)
        self.columns = tuple(
            Column(name, kind in _ORDERED, kind in _WHOLE or kind in _BEGINNINGS, kind in _WHOLE)
            for name, (kind, _) in columns.items()
            if kind in _ORDERED or kind in _WHOLE or kind in _BEGINNINGS
        )
        self.words = tuple(
            (name, word) for name in self.all for word in words() if word.applies(f"{table}.{name}", self.all)
        )

    async def measure(self, connection: asyncpg.Connection[Any]) -> Measured:
        totals, counted = await self._misplaced(connection)
        if self.owner is not None:
            self.every = {one: max(1, rows // SAMPLE) for one, rows in totals.items()}
        strata, ranges = await self._shape(connection)
        await self._inside(connection, strata, ranges)
        every = {
            group: 1 if group is Group.KNOWN else self.every[_CLASS_OF.get(group, RecordClass.CIVILIAN)]
            for group in Group
        }
        values: dict[tuple[str, str], dict[tuple[Group, str], int]] = {}
        spelt = [column for column in self.columns if column.words]
        for start in range(0, len(spelt), _SETS):
            await self._values(connection, spelt[start : start + _SETS], values)
        return Measured(self.source, self.table, self.columns, totals, every, strata, ranges, values, counted)

    def base(self) -> str:
        """`base`: every row with its group, stratum and cluster. Not materialized: it is read twice, not kept."""
        names = ", ".join(self.all)
        rows = " union all ".join(f"select '{one}' as class, {names} from {one}.{self.table}" for one in _CLASSES)
        owner = self.owner
        if owner is None:
            known, number, cluster, joins = "false", "null", "null::text", ""
        elif owner.link is None:
            known, number = "h.number is not null", f"r.{owner.number}::text"
            cluster = f"coalesce(h.family, r.{owner.number}::text)"
            joins = f"left join unnest($1::text[], $2::text[]) h(number, family) on h.number = r.{owner.number}::text"
            if owner.alias:
                known = "h.number is not null or a.alias is not null"
                cluster = f"coalesce(h.family, r.{owner.number}::text, r.{owner.alias}::text)"
                joins += f" left join unnest($3::text[]) a(alias) on a.alias = r.{owner.alias}::text"
        else:
            here, there, column = owner.link
            numbers = owner.number
            known, number, cluster = "o.known", "o.number", "coalesce(o.family, o.number)"
            joins = (
                f"left join (select l.{column} as id, min(l.{numbers}::text) as number, min(h.family) as family,"
                f" bool_or(h.number is not null) as known from {_united(there, (column, numbers))} l left join"
                f" unnest($1::text[], $2::text[]) h(number, family) on h.number = l.{numbers}::text group by 1) o"
                f" on o.id = r.{here}"
            )
        # Sex and century, decade: the fourth and fifth digit of a personal number.
        every = " ".join(f"when '{one}' then {many}" for one, many in self.every.items())
        known_rows = f"class = '{RecordClass.CIVILIAN}' and ({known})"
        sample = f"where {known_rows} or hashtext({cluster}) % case class {every} end = 0"
        return (
            f"base as not materialized (select case when class <> '{RecordClass.CIVILIAN}' then class"
            f" when {known} then '{Group.KNOWN.value}' else '{Group.OTHERS.value}' end as g,"
            f" coalesce(substr({number}, 4, 2), '') as s, {cluster} as k, r.* from ({rows}) r {joins}"
            f" {sample if max(self.every.values()) > 1 else ''})"
        )

    async def _misplaced(
        self, connection: asyncpg.Connection[Any]
    ) -> tuple[dict[RecordClass, int], dict[tuple[str, Word], dict[RecordClass, int]]]:
        """All rows of each class, and how many hold a word; a pattern is tried once for each value."""
        totals = {one: await connection.fetchval(f"select count(*) from {one}.{self.table}") for one in _CLASSES}
        counted: dict[tuple[str, Word], dict[RecordClass, int]] = {}
        for name in dict.fromkeys(name for name, _ in self.words):
            asked = [word for other, word in self.words if other == name]
            needed = ", ".join(dict.fromkeys([name, *(column for word in asked for column in word.needs)]))
            counts = ", ".join(f"coalesce(sum(n) filter (where {word.sql(name)}), 0)::int8" for word in asked)
            rows = " union all ".join(f"select '{one}' as class, {needed} from {one}.{self.table}" for one in _CLASSES)
            text = (
                f"select class, {counts} from (select class, {needed}, count(*) as n from ({rows}) r"
                f" group by class, {needed}) v group by class"
            )
            for of, *found in await connection.fetch(text):
                for word, count in zip(asked, found, strict=True):
                    counted.setdefault((name, word), {})[RecordClass(of)] = count
        return totals, counted

    async def _shape(
        self, connection: asyncpg.Connection[Any]
    ) -> tuple[dict[tuple[Group, str], Stratum], dict[tuple[str, Group], tuple[Any, Any]]]:
        """How full, from where to where, how clustered."""
        parts = [f"count({column.name})" for column in self.columns]
        for column in self.columns:
            of = column.name if column.ordered else f"{column.name}::text"
            of += _collation(self.plain[column.name], column)
            parts += [f"min({of})", f"max({of})"]
        named = ", ".join(f"{part} as x{number}" for number, part in enumerate(parts))
        if self.owner is None:
            sizes = "select g, count(*)::float8 as effective, count(*)::float8 as n from base group by 1"
        else:
            sizes = (
                "select g, (sum(n) * sum(n) / sum(n * n))::float8 as effective, sum(n)::float8 as n from"
                " (select g, coalesce(k, '') as k, count(*)::float8 as n from base group by 1, 2) c group by 1"
            )
        text = (
            f"with {self.base()}, sizes as ({sizes}), shape as (select g, s, count(*) as n, {named} from base"
            " group by 1, 2) select shape.*, sizes.effective / sizes.n from shape join sizes using (g)"
        )
        strata: dict[tuple[Group, str], Stratum] = {}
        ranges: dict[tuple[str, Group], tuple[Any, Any]] = {}
        width = len(self.columns)
        for name, stratum, rows, *found, weight in await connection.fetch(text, *self.hidden.arguments(text)):
            group = Group(name)
            filled = {column.name: count for column, count in zip(self.columns, found[:width], strict=True)}
            strata[group, stratum] = Stratum(rows, rows * weight, filled)
            for number, column in enumerate(self.columns):
                low, high = found[width + 2 * number], found[width + 2 * number + 1]
                if low is not None:
                    before = ranges.get((column.name, group), (low, high))
                    ranges[column.name, group] = (min(before[0], low), max(before[1], high))
        return strata, ranges

    async def _inside(
        self,
        connection: asyncpg.Connection[Any],
        strata: Mapping[tuple[Group, str], Stratum],
        ranges: Mapping[tuple[str, Group], tuple[Any, Any]],
    ) -> None:
        """How many rows of each group fall into the range of another."""
        asked: list[tuple[str, Group]] = []
        parts: list[str] = []
        bounds: list[str] = []
        first = 4 if self.owner is not None and self.owner.alias else 3 if self.owner is not None else 1
        for column in self.columns:
            for group in Group:
                if group is Group.OTHERS or (column.name, group) not in ranges:
                    continue
                low, high = ranges[column.name, group]
                if low != high and not column.ordered:
                    continue
                plain = self.plain[column.name] if column.ordered else "text"
                of = f"{column.name}::{plain}{_collation(plain, column)}"
                at = first + len(bounds)
                bounds += [str(low), str(high)]
                asked.append((column.name, group))
                parts.append(f"count(*) filter (where {of} between ${at}::text::{plain} and ${at + 1}::text::{plain})")
        if not asked:
            return
        text = f"with {self.base()} select g, s, {', '.join(parts)} from base group by 1, 2"
        for name, stratum, *found in await connection.fetch(text, *self.hidden.arguments(text)[: first - 1], *bounds):
            strata[Group(name), stratum].inside.update(zip(asked, found, strict=True))

    async def _values(
        self,
        connection: asyncpg.Connection[Any],
        columns: Sequence[Column],
        values: dict[tuple[str, str], dict[tuple[Group, str], int]],
    ) -> None:
        """How often each value, or beginning of a value, stands in each group and stratum."""
        if not columns:
            return
        spelt = ", ".join(f"{_spelling(column)} as v{number}" for number, column in enumerate(columns))
        names = [f"v{number}" for number in range(len(columns))]
        text = (
            f"with {self.base()}, spelt as (select g, s, {spelt} from base)"
            f" select g, s, grouping({', '.join(names)}), coalesce({', '.join([*names, 'null'])}), count(*) from spelt"
            f" group by grouping sets ({', '.join(f'(g, s, {name})' for name in names)})"
        )
        for name, stratum, mask, value, rows in await connection.fetch(text, *self.hidden.arguments(text)):
            if value is not None:
                # The one column that is grouped by has the only bit that is not set; the last column has the lowest.
                column = columns[len(columns) - (~mask & ((1 << len(columns)) - 1)).bit_length()]
                values.setdefault((column.name, value), {})[Group(name), stratum] = rows


def _collation(plain: str, column: Column) -> str:
    """Text in order of its signs, whatever the database's own order is: months and partial dates sort by it."""
    return ' collate "C"' if plain == "text" or not column.ordered else ""


def _spelling(column: Column) -> str:
    """A value that is counted whole, or how it begins: a word, three signs of a code with letters, two of a number."""
    text = f"{column.name}::text"
    if column.whole:
        return text
    return (
        f"case when {text} ~ '^[^ ]+ ' then split_part({text}, ' ', 1)"
        f" when {text} ~ '^[A-Z]' then left({text}, 3) else left({text}, 2) end"
    )
