"""Declarations against the databases: every drift, by reading the catalogue.

Takes a `SourceMapping`, the composed schema and a DSN; gives a `Problem` for each difference: a table or column that is
missing, a type that does not fit the field, a field that is never null over a column that may be, an enum that does not
agree with the constraint, a look-up without an index, a class schema that differs from the others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import asyncpg
from graphql import GraphQLEnumType, GraphQLNonNull, GraphQLSchema, get_named_type

from hub.errors import Problem, SourceUnavailable
from hub.model.mapping import (
    Aggregate,
    Column,
    Computed,
    Embedded,
    Expression,
    Form,
    Reference,
    Rows,
    SourceMapping,
    TypeMapping,
)
from hub.model.viewer import RecordClass
from hub.sources.postgres.connection import BROKEN
from hub.sources.postgres.served import Served, served

# Types whose text needs no escaping in JSON: the built-in ones, and the domains of the migrations.
_PLAIN = frozenset(
    {"uuid", "date", "int2", "int4", "int8", "personal_id", "month", "partial_date", "tax_code", "code", "token"}
)
_GIVEN = "personal_id"  # stands for the type of a key that is given: some type that is plain
_FITTING: Mapping[Form, frozenset[str]] = {
    Form.PLAIN: _PLAIN,
    Form.NUMBER: frozenset({"int2", "int4", "int8", "numeric", "float8", "dong"}),
    Form.BOOLEAN: frozenset({"bool"}),
    Form.TIMESTAMP: frozenset({"timestamp"}),
    Form.PLAIN_LIST: frozenset({"_text"}),
}

_COLUMNS = """
select n.nspname, c.relname, a.attname, t.typname, a.attnotnull
from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid
join pg_type t on t.oid = a.atttypid
where c.relkind in ('r', 'p', 'f') and n.nspname = any($1) and a.attnum > 0 and not a.attisdropped
"""
_CHECKS = """
select n.nspname, c.relname, pg_get_constraintdef(k.oid),
    (select array_agg(a.attname::text) from pg_attribute a where a.attrelid = c.oid and a.attnum = any(k.conkey))
from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
where k.contype = 'c' and n.nspname = any($1)
"""
_INDEXES = """
select n.nspname, c.relname, x.relname, array_agg(a.attname::text order by k.place) as columns
from pg_index i join pg_class c on c.oid = i.indrelid join pg_namespace n on n.oid = c.relnamespace
join pg_class x on x.oid = i.indexrelid cross join lateral unnest(i.indkey::int2[]) with ordinality k(number, place)
join pg_attribute a on a.attrelid = c.oid and a.attnum = k.number
where n.nspname = any($1) and k.place <= i.indnkeyatts group by n.nspname, c.relname, x.relname
"""


@dataclass(frozen=True, slots=True)
class _Table:
    """One table of one class schema as the catalogue has it."""

    columns: dict[str, tuple[str, bool]] = field(default_factory=dict)
    checks: list[tuple[str, frozenset[str]]] = field(default_factory=list)
    indexes: dict[str, list[str]] = field(default_factory=dict)


async def drifts(mapping: SourceMapping, api: GraphQLSchema, dsn: str, classes: Sequence[RecordClass]) -> list[Problem]:
    """Every drift between a source's declarations and its database, for these class schemas."""
    catalogue = await _catalogue(mapping.name, dsn, classes)
    found: list[Problem] = []
    for name, tables in catalogue.items():
        found += _Checker(mapping, api, name, tables).problems()
    return sorted(set(found), key=lambda problem: (problem.place, problem.code))


async def lists_served(mapping: SourceMapping, dsn: str, classes: Sequence[RecordClass]) -> list[Served]:
    """Every way to ask a source's lists, and the index behind it; the class schemas have the same."""
    catalogue = await _catalogue(mapping.name, dsn, classes[:1])
    return [
        one
        for tables in catalogue.values()
        for one in served(mapping, {name: table.indexes for name, table in tables.items()})
    ]


_Tables = dict[str, _Table]


async def _catalogue(source: str, dsn: str, classes: Sequence[RecordClass]) -> Mapping[str, _Tables]:
    """Class schema -> table -> what the catalogue says of it."""
    try:
        connection = await asyncpg.connect(dsn, timeout=5)
    except (*BROKEN, asyncpg.PostgresError) as error:
        raise SourceUnavailable(source, error) from error
    try:
        found: dict[str, _Tables] = {record_class.value: {} for record_class in classes}
        for schema, table, column, kind, required in await connection.fetch(_COLUMNS, list(found)):
            found[schema].setdefault(table, _Table()).columns[column] = (kind, required)
        for schema, table, text, columns in await connection.fetch(_CHECKS, list(found)):
            found[schema][table].checks.append((text, frozenset(columns or ())))
        for schema, table, index, columns in await connection.fetch(_INDEXES, list(found)):
            found[schema][table].indexes[index] = columns
    finally:
        await connection.close()
    return found


class _Checker:
    """Checks one class schema of one source. A place is `source.schema.table.column (Type.field)`."""

    def __init__(self, mapping: SourceMapping, api: GraphQLSchema, schema: str, tables: Mapping[str, _Table]) -> None:
        self.mapping = mapping
        self.api = api
        self.schema = schema
        # An entity of which this source holds no more than its key stands in no table; its keys are given to it.
        given = {
            home.name: _Table({name: (_GIVEN, True) for key in home.keys for name in key.columns})
            for home in mapping.types.values()
            if home.keys and not home.table
        }
        self.tables = {**tables, **given}

    def problems(self) -> Iterator[Problem]:
        yield from self.lists()
        for home in self.mapping.types.values():
            if home.table:
                yield from self.keys(home)
            if home.keys and home.keys[0].fields:
                yield from self.object(home, home.table or home.name, {}, frozenset())

    def lists(self) -> Iterator[Problem]:
        """What a list of a whole table is asked by, an index has to serve; others are served by that of their rows."""
        missing: dict[tuple[str, str, tuple[str, ...]], list[str]] = {}
        for one in served(self.mapping, {name: table.indexes for name, table in self.tables.items()}):
            type_name, _, name = one.field.partition(".")
            mapped = self.mapping.types[type_name].fields[name]
            if one.missing and one.table in self.tables and isinstance(mapped, Rows) and not mapped.match:
                missing.setdefault((one.field, one.table, one.columns), []).append(one.asked or "the list as it comes")
        for (where, table, columns), asked in missing.items():
            place = self.place(table, ", ".join(columns), where)
            message = f"no index leads with these columns, for {', '.join(asked)}"
            yield Problem("INDEX_MISSING", place, message, "add one, or ask for it along with another (`By.ALONG`)")

    def place(self, table: str, column: str = "", where: str = "") -> str:
        name = ".".join(part for part in (self.mapping.name, self.schema, table, column) if part)
        return f"{name} ({where})" if where else name

    def keys(self, home: TypeMapping) -> Iterator[Problem]:
        for key in home.keys:
            if key.through:
                table, value, row, _ = key.through
                yield from self.present(table, (value, row), home.name)
                yield from self.indexed(table, (value,), home.name)
            else:
                yield from self.present(home.table, key.columns, home.name)
                yield from self.indexed(home.table, key.columns[:1], home.name)

    def present(self, table: str, columns: Sequence[str], where: str) -> Iterator[Problem]:
        if table not in self.tables:
            yield Problem(
                "TABLE_MISSING", self.place(table, where=where), "the table is not there", "run `hub migrate`"
            )
            return
        for column in columns:
            if column not in self.tables[table].columns:
                yield Problem("COLUMN_MISSING", self.place(table, column, where), "the column is not there")

    def indexed(self, table: str, columns: Sequence[str], where: str) -> Iterator[Problem]:
        """Some index must lead with the columns, in any order."""
        if table in self.tables and not any(
            set(index[: len(columns)]) == set(columns) for index in self.tables[table].indexes.values()
        ):
            place = self.place(table, ", ".join(columns), where)
            yield Problem("INDEX_MISSING", place, "no index leads with these columns", "rows are found by them")

    def object(
        self,
        home: TypeMapping,
        table: str,
        names: Mapping[str, str],
        seen: frozenset[tuple[str, str]],
        present: str = "",
    ) -> Iterator[Problem]:
        """The fields of a type over the rows of a table; embedded and nested objects with it.

        `present` is the column whose null makes the object null: what is null only with it is never seen to be null.
        """
        if (home.name, table) in seen or table not in self.tables:
            return
        seen |= {(home.name, table)}
        if home.discriminator is not None:
            column, types = home.discriminator
            yield from self.words(table, names.get(column, column), frozenset(types), home.name)
            for concrete in set(types.values()):
                yield from self.object(self.mapping.types[concrete], table, names, seen)
            return
        for name, mapped in home.fields.items():
            where = f"{home.name}.{name}"
            match mapped:
                case Column():
                    column = names.get(mapped.name, mapped.name)
                    yield from self.column(home.name, name, table, column, mapped.form, present)
                case Expression():
                    used = [names.get(word, word) for word in re.findall(r"\{(\w+)\}", mapped.sql)]
                    yield from self.present(table, used, where)
                case Reference():
                    columns = [names.get(column, column) for _, column in mapped.keys]
                    yield from self.present(table, columns, where)
                    yield from self.plain(table, columns, where)
                case Computed():
                    inputs = [home.fields.get(name, Column(name, Form.PLAIN)) for name in mapped.inputs]
                    columns = [names.get(one.name, one.name) for one in inputs if isinstance(one, Column)]
                    yield from self.present(table, columns, where)
                    yield from self.plain(table, columns, where)
                case Embedded():
                    inner = {there: names.get(here, here) for there, here in mapped.columns.items()}
                    column = names.get(mapped.present, mapped.present) or present
                    yield from self.object(self.target(home, name), table, {**names, **inner}, seen, column)
                case Rows() | Aggregate():
                    yield from self.present(mapped.table, [there for there, _ in mapped.match], where)
                    yield from self.present(table, [names.get(here, here) for _, here in mapped.match], where)
                    yield from self.indexed(mapped.table, [there for there, _ in mapped.match], where)
                    yield from self.object(self.target(home, name), mapped.table, {}, seen)

    def target(self, home: TypeMapping, name: str) -> TypeMapping:
        mapped = home.fields[name]
        if isinstance(mapped, Rows):
            return self.mapping.types[mapped.gives]  # the field itself may be a page of them
        graphql_type = self.api.type_map[home.name]
        return self.mapping.types[get_named_type(graphql_type.fields[name].type).name]  # type: ignore[attr-defined]

    def plain(self, table: str, columns: Sequence[str], where: str) -> Iterator[Problem]:
        """What stands in a mark is not escaped: the key of a link, the input of a computed field."""
        for column in columns:
            kind, _ = self.tables[table].columns.get(column, ("", False))
            if kind and kind not in _PLAIN:
                place = self.place(table, column, where)
                yield Problem(
                    "TYPE_NOT_PLAIN",
                    place,
                    f"`{kind}` stands in a mark, where nothing is escaped",
                    f"use one of {', '.join(sorted(_PLAIN))}",
                )

    def column(self, type_name: str, name: str, table: str, column: str, form: Form, present: str) -> Iterator[Problem]:
        where = f"{type_name}.{name}"
        if column not in self.tables[table].columns:
            yield Problem("COLUMN_MISSING", self.place(table, column, where), "the column is not there")
            return
        kind, required = self.tables[table].columns[column]
        fitting = _FITTING.get(form)
        if fitting is not None and kind not in fitting:
            yield Problem(
                "TYPE_DOES_NOT_FIT",
                self.place(table, column, where),
                f"`{kind}` holds what is shown as {form.name.lower()}",
                f"use one of {', '.join(sorted(fitting))}",
            )
        graphql_type = self.api.type_map[type_name].fields[name].type  # type: ignore[attr-defined]
        if isinstance(graphql_type, GraphQLNonNull) and not required and not self.null_together(table, column, present):
            yield Problem(
                "NULL_ALLOWED",
                self.place(table, column, where),
                "the field is never null, the column may be",
                "make the column `not null`, or the field nullable",
            )
        named = get_named_type(graphql_type)
        if isinstance(named, GraphQLEnumType):
            yield from self.words(table, column, frozenset(named.values), where)

    def null_together(self, table: str, column: str, present: str) -> bool:
        """Whether a column is null only where `present` is."""
        if column == present:
            return True
        return any("num_nulls" in text and {column, present} <= columns for text, columns in self.tables[table].checks)

    def words(self, table: str, column: str, known: frozenset[str], where: str) -> Iterator[Problem]:
        """The constraint on a column must allow the enum's words and no others."""
        allowed = self.allowed(table, column)
        place = self.place(table, column, where)
        if allowed is None:
            yield Problem(
                "ENUM_NOT_CONSTRAINED",
                place,
                "any word may stand here",
                "add a check constraint with the enum's values",
            )
            return
        for word in sorted(allowed - known):
            yield Problem("ENUM_VALUE_UNKNOWN", place, f"the database allows `{word}`, the graph does not know it")
        for word in sorted(known - allowed):
            yield Problem("ENUM_VALUE_UNUSED", place, f"the graph knows `{word}`, the database never allows it")

    def allowed(self, table: str, column: str) -> frozenset[str] | None:
        """The words that a constraint on this column alone lists, or None if no constraint does."""
        for text, columns in self.tables[table].checks:
            if columns == {column} and ("= ANY" in text or "<@" in text):
                return frozenset(re.findall(r"'([^'{}]*)'", text))
        return None
