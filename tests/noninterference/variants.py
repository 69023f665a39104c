"""Copies of the country that differ only in rows of hidden classes.

emptied    the classes have no row
changed    every row has other values: keys, dates, amounts and texts are others, codes are dealt out anew
added      there are more rows: hidden people under the absent numbers of the pool, hidden households, employers and
           facilities under absent keys, and for the plain people of the pool a second, hidden row in every table
moved      the two hidden classes have changed places
strangers  of both hidden classes only the rows of the people who may be cleared for themselves are as they were; all
           other rows are gone, and others were added

A variant is made inside Postgres with foreign keys asleep, so it holds what a hidden authority could ever write.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from hub.model.viewer import RecordClass, Universe
from tests.engine import oddities
from tests.engine.oracle import TABLES
from tests.noninterference.people import (
    ABSENT,
    ABSENT_EMPLOYERS,
    ABSENT_FACILITY,
    ABSENT_HOUSEHOLDS,
    OTHER_NUMBERS,
    SECRET,
    People,
)

Connection = psycopg.Connection[Any]


@dataclass(frozen=True, slots=True)
class Variant:
    """A copy of the country: its name, in which classes it differs, and what makes it out of a fresh copy.

    own_rows_stay  the rows of the people who may be cleared for themselves are the same as everywhere
    renames        it renames schemas
    """

    name: str
    differs: frozenset[RecordClass]
    make: Callable[[Connection, str, Iterable[RecordClass], People], None]
    own_rows_stay: bool = False
    renames: bool = False

    def hidden_from(self, own: Universe, others: Universe) -> bool:
        """Whether all that differs lies outside what a reader with these universes may see."""
        outside = self.differs.isdisjoint(others.classes)
        return outside and (self.own_rows_stay or self.differs.isdisjoint(own.classes))


@dataclass(frozen=True, slots=True)
class Column:
    """A column, its type, and whether a check looks at its letters."""

    name: str
    type: str
    shaped: bool


# Emptied


def empty(connection: Connection, source: str, classes: Iterable[RecordClass], people: People) -> None:
    """No row is left."""
    for of in classes:
        for table in TABLES[source]:
            connection.execute(sql.SQL("delete from {}").format(sql.Identifier(of.value, table)))


# Changed


def change(connection: Connection, source: str, classes: Iterable[RecordClass], people: People) -> None:
    """Every row gets the values of other rows, column by column, and then others of the same kind."""
    for of in classes:
        for table in TABLES[source]:
            _deal_anew(connection, of, table)


def _deal_anew(connection: Connection, of: RecordClass, table: str) -> None:
    columns = _columns(connection, of, table)
    groups = _together(connection, of, table, [column.name for column in columns])
    values = [f"{_other(column, f'd{groups[column.name]}.{column.name}')}" for column in columns]
    count = max(groups.values()) + 1
    joins = " ".join(f"join dealt d{group} on d{group}.n = (d.n + {group + 1}) % d.total" for group in range(count))
    name = f"{of.value}.{table}"
    names = ", ".join(column.name for column in columns)
    connection.execute(
        f"create temp table dealt as select *, row_number() over (order by t::text) - 1 as n, count(*) over () as total"
        f" from {name} t".encode()
    )
    connection.execute(f"delete from {name}".encode())
    connection.execute(f"insert into {name} ({names}) select {', '.join(values)} from dealt d {joins}".encode())
    connection.execute("drop table dealt")


def _other(column: Column, value: str) -> str:
    """Another value of the same kind; what cannot be made up was dealt anew at least."""
    match column.type:
        case "uuid":
            return f"md5({value}::text)::uuid"
        case "date":
            return f"{value} + 1"
        case "timestamp":
            return f"{value} + interval '1 day'"
        case "dong":
            return f"{value} + 1000"
        case "text" if not column.shaped:
            return f"{value} || ' ◦'"
        case "personal_id" | "code":
            moved = f"left({value}, 6) || translate(right({value}, 6), '0123456789', '5678901234')"
            return f"case when {value} ~ '^[0-9]{{12}}$' then {moved} else {value} end"
        case _:
            return value


def _columns(connection: Connection, of: RecordClass, table: str) -> list[Column]:
    """The columns that can be written."""
    rows = connection.execute(
        "select a.attname, t.typname, exists (select from pg_constraint c where c.conrelid = a.attrelid"
        "   and c.contype = 'c' and c.conkey = array[a.attnum] and pg_get_constraintdef(c.oid) like '%%~%%')"
        " from pg_attribute a join pg_type t on t.oid = a.atttypid"
        " where a.attrelid = %s::regclass and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''"
        " order by a.attnum",
        (f"{of.value}.{table}",),
    ).fetchall()
    return [Column(*row) for row in rows]


def _together(connection: Connection, of: RecordClass, table: str, names: Sequence[str]) -> Mapping[str, int]:
    """Column -> number of its group: columns that one check or one unique index looks at stay together."""
    rules = connection.execute(
        "select pg_get_constraintdef(oid) from pg_constraint where conrelid = %(t)s::regclass and contype = 'c'"
        " union all select indexdef from pg_indexes where schemaname = %(s)s and tablename = %(n)s"
        "   and indexdef like 'CREATE UNIQUE%%'",
        {"t": f"{of.value}.{table}", "s": of.value, "n": table},
    ).fetchall()
    group = {name: index for index, name in enumerate(names)}
    for (rule,) in rules:
        met = {group[name] for name in names if re.search(rf"\b{name}\b", rule.partition("USING")[2] or rule)}
        group = {name: min(met) if number in met else number for name, number in group.items()}
    numbers = {old: new for new, old in enumerate(dict.fromkeys(group.values()))}
    return {name: numbers[old] for name, old in group.items()}


# Added


def settle(connection: Connection, source: str) -> None:
    """Ids that a default made up at random become the same on every run."""
    numbers, rows, codes = map(
        _texts, (oddities.NUMBERS, oddities.PERSONS.values(), (oddities.SHARED_EMPLOYER, oddities.DEFENCE_EMPLOYER))
    )
    where = {"insurance": f"personal_id in ({numbers})", "population": f"person_id in ({rows})"}
    for of in RecordClass:
        for table in {
            "population": ("person_identifier", "relative", "ward"),
            "insurance": TABLES["insurance"],
            "employer": ("employer",),
        }.get(source, ()):
            chosen = where.get(source, f"tax_code in ({codes})")
            if table == "ward":
                chosen = f"guardian_personal_id in ({numbers})"
            statement = (
                f"update {of.value}.{table} t set id = md5('{of.value} {table}' || (to_jsonb(t) - 'id')::text)::uuid"
                f" where {chosen}"
            )
            connection.execute(statement.encode())


def enrich(connection: Connection, source: str, people: People) -> None:
    """Some plain people of the pool get a second row in every hidden table of the country itself."""
    connection.execute("set session_replication_role = replica")
    for of, numbers in zip(SECRET, (people.plain[3:7], people.plain[5:9]), strict=True):
        pairs = [(number, number) for number in numbers]
        _Adding(connection, of).of_source(source, pairs, people, with_places=False)


def add(connection: Connection, source: str, classes: Iterable[RecordClass], people: People) -> None:
    """Hidden people, households, employers and facilities, and second rows for plain ones."""
    twice = [(number, number) for number in people.plain]
    new = [*zip(people.plain, ABSENT, strict=False)]
    for of in classes:
        _Adding(connection, of).of_source(source, [*twice, *new], people, with_places=True)


def make_strangers(connection: Connection, source: str, classes: Iterable[RecordClass], people: People) -> None:
    """Everything changes but the rows that somebody cleared for himself reads as himself."""
    own = _closure(people.cleared)
    plain = [number for number in dict.fromkeys((*people.plain, *people.housemates)) if number not in own]
    pairs = [*((number, number) for number in plain), *zip(plain, ABSENT, strict=False)]
    for of in classes:
        for table in TABLES[source]:
            kept = own_rows(source, table, people)
            statement = f"delete from {of.value}.{table} t where not coalesce({kept}, false)"
            connection.execute(statement.encode())
        _Adding(connection, of).of_source(source, pairs, people, with_places=False)


def _closure(cleared: Iterable[str]) -> frozenset[str]:
    """All numbers by which the cleared people are known."""
    return frozenset([*cleared, oddities.RENEWED, oddities.CANCELLED])


def own_rows(source: str, table: str, people: People) -> str:
    """SQL that is true for the rows `t` which a cleared person reads as himself, whatever their class."""
    numbers = _texts(_closure(people.cleared))
    anybody = " union all ".join(f"select * from {of.value}.{{}}" for of in RecordClass)
    rows = f"select person_id from ({anybody.replace('{}', 'person_identifier')}) i where i.value in ({numbers})"
    homes = f"select household_id from ({anybody.replace('{}', 'member')}) m where m.personal_id in ({numbers})"
    match source, table:
        case "population", "person":
            return f"t.id in ({rows})"
        case "population", "ward":
            return f"t.guardian_personal_id in ({numbers})"
        case "population", _:
            return f"t.person_id in ({rows})"
        case "household", "household":
            return f"t.id in ({homes})"
        case "employer", "employer":
            # A link to an employer is an official's business, whoever follows it.
            return "false"
        case "employer", _:
            return "true"
        case _:
            return f"t.personal_id in ({numbers})"


class _Adding:
    """Copies plain rows into one hidden class, under other keys and with other contents."""

    def __init__(self, connection: Connection, of: RecordClass) -> None:
        self.connection = connection
        self.of = of

    def of_source(self, source: str, pairs: Sequence[tuple[str, str]], people: People, *, with_places: bool) -> None:
        self.connection.execute("create temp table pair (old text, new text) on commit drop")
        for pair in pairs:
            self.connection.execute("insert into pair values (%s, %s)", pair)
        match source:
            case "population":
                self._population(people)
            case "household":
                self._household(people, with_places=with_places)
            case "insurance":
                self._insurance()
            case _:
                self._employer(people, with_places=with_places)
        self.connection.execute("drop table pair")

    def _population(self, people: People) -> None:
        # A second row of a plain person keeps its id, as when a record is handed to another authority.
        self.copy(
            "person", "pair p join civilian.person t on t.personal_id = p.old", id=_row_id("t.id"), personal_id="p.new"
        )
        through = "pair p join civilian.person o on o.personal_id = p.old join civilian.{} t on t.person_id = o.id"
        self.copy(
            "person_identifier",
            through.format("person_identifier"),
            id=_new_id("t.id"),
            person_id=_row_id("o.id"),
            value="case when t.value = p.old then p.new when p.old <> p.new then t.value || 'x' else t.value end",
        )
        self.copy("contact", through.format("contact"), person_id=_row_id("o.id"))
        self.copy("relative", through.format("relative"), id=_new_id("t.id"), person_id=_row_id("o.id"))
        self.copy(
            "ward",
            "pair p join civilian.ward t on t.guardian_personal_id = p.old and t.child_personal_id <> p.new",
            id=_new_id("t.id"),
            guardian_personal_id="p.new",
        )
        for number, other in zip(reversed(people.plain), OTHER_NUMBERS, strict=False):
            self.connection.execute(
                f"insert into {self.of.value}.person_identifier (id, person_id, scheme, value, valid_from)"
                f" select md5('{other}')::uuid, id, 'PERSONAL_ID', '{other}', '2001-01-01' from {self.of.value}.person"
                f" where personal_id = '{number}'".encode()
            )

    def _household(self, people: People, *, with_places: bool) -> None:
        if with_places:
            homes = _texts(people.households)
            self.copy("household", f"civilian.household t, (values ('', '')) p(old, new) where t.id in ({homes})")
            for new in ABSENT_HOUSEHOLDS:
                self.copy(
                    "household",
                    f"civilian.household t, (values ('', '')) p(old, new) where t.id = '{people.households[1]}'",
                    id=f"'{new}'",
                    household_code="'0' || translate(right(t.household_code, 9), '0123456789', '1234567890')",
                )
        self.copy(
            "member",
            "pair p join civilian.member t on t.personal_id = p.old and t.ended_on is null",
            id=_new_id("t.id"),
            personal_id="p.new",
            si_number=_other_digits("t.si_number"),
            relationship="case when p.old = p.new then t.relationship else 'OTHER' end",
        )

    def _insurance(self) -> None:
        for table in TABLES["insurance"]:
            others = {
                "participant": {"si_number": _other_digits("t.si_number")},
                "book": {"book_code": "case when p.old = p.new then t.book_code else t.book_code || 'N' end"},
            }.get(table, {})
            self.copy(
                table,
                f"pair p join civilian.{table} t on t.personal_id = p.old",
                id=_new_id("t.id"),
                personal_id="p.new",
                **others,
            )

    def _employer(self, people: People, *, with_places: bool) -> None:
        plain = _texts(people.employers)
        twice = f"(values ('', '')) p(old, new), civilian.{{}} t where t.tax_code in ({plain})"
        self.copy("employer", twice.format("employer"), id=_new_id("t.id"))
        for new in ABSENT_EMPLOYERS:
            self.copy(
                "employer",
                f"civilian.employer t, (values ('', '')) p(old, new) where t.tax_code = '{people.employers[0]}'",
                id=f"md5('{new}')::uuid",
                tax_code=f"'{new}'",
                budget_code="null",
            )
        if not with_places:
            return
        self.copy("employer_unit", twice.format("employer_unit"))
        for new in ABSENT_EMPLOYERS:
            self.copy(
                "employer_unit",
                f"civilian.employer_unit t, (values ('', '')) p(old, new) where t.tax_code = '{people.employers[0]}'",
                tax_code=f"'{new}'",
                unit_code=f"replace(t.unit_code, t.tax_code, '{new}')",
            )
        self.copy("facility", "civilian.facility t, (values ('', '')) p(old, new)")
        self.copy(
            "facility",
            f"civilian.facility t, (values ('', '')) p(old, new) where t.code = '{oddities.SHARED_FACILITY}'",
            code=f"'{ABSENT_FACILITY}'",
        )

    def copy(self, table: str, source: str, **others: str) -> None:
        """Rows `t` of the plain table into the hidden one; `others` are columns with the SQL of their values."""
        columns = _columns(self.connection, self.of, table)
        values = [others.get(one.name) or self._content(one, f"t.{one.name}") for one in columns]
        names = ", ".join(one.name for one in columns)
        self.connection.execute(
            f"insert into {self.of.value}.{table} ({names}) select {', '.join(values)} from {source}"
            f" on conflict do nothing".encode()
        )

    def _content(self, column: Column, value: str) -> str:
        if column.type in ("dong", "date") or (column.type == "text" and not column.shaped):
            return _other(column, value)
        return value


def _new_id(value: str) -> str:
    return f"md5({value}::text || p.new)::uuid"


def _row_id(value: str) -> str:
    return f"case when p.old = p.new then {value} else {_new_id(value)} end"


def _other_digits(value: str) -> str:
    return f"case when p.old = p.new then {value} else translate({value}, '0123456789', '1234567890') end"


def _texts(values: Iterable[str]) -> str:
    return ", ".join(f"'{value}'" for value in sorted(values))


# Moved


def move(connection: Connection, source: str, classes: Iterable[RecordClass], people: People) -> None:
    """Each of the two hidden classes is called what the other was."""
    one, two = classes
    for old, new in ((one.value, "between"), (two.value, one.value), ("between", two.value)):
        connection.execute(sql.SQL("alter schema {} rename to {}").format(sql.Identifier(old), sql.Identifier(new)))


BOTH, DEFENCE, PUBLIC_SECURITY = frozenset(SECRET), frozenset(SECRET[:1]), frozenset(SECRET[1:])

VARIANTS = (
    *(
        Variant(f"{word}_{name}", classes, make)
        for name, classes in (("both", BOTH), ("defence", DEFENCE), ("security", PUBLIC_SECURITY))
        for word, make in (("emptied", empty), ("changed", change), ("added", add))
    ),
    Variant("moved", BOTH, move, renames=True),
    Variant("strangers", BOTH, make_strangers, own_rows_stay=True),
)
