"""The country -> keys to ask for, after records were added to it.

For every set of keys three things are done, in this order. Three sets are drawn from the same gaps; what ties them
together is the hidden record whose range they lie in. A civilian copy of one model person is written for the first two
of them, which points to the relative, the employer and the household of that set: rows that exist whether or not what
they point to does. Then, and only then, the first set becomes a record of a hidden class. So the civilian tables are a
function of the drawing and not of which set was hidden.

Nothing here is read by the hub's role but the copies: the rest lies in schemas that it may not use.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from typing import Any

import psycopg
from psycopg import sql

from bench.timing.gaps import Gaps
from hub.demo.country.rows import columns
from hub.model.viewer import RecordClass

HIDDEN = (RecordClass.DEFENCE, RecordClass.PUBLIC_SECURITY)
Dsns = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Keys:
    """What one person, with his household, book and employer, is known by."""

    personal_id: str
    person_id: str
    household_id: str
    book_code: str
    tax_code: str


@dataclass(frozen=True, slots=True)
class Draw:
    """Three sets of keys from the same gaps, and the civilian people who point to the first two."""

    record_class: RecordClass
    hidden: Keys
    absent: Keys
    other: Keys
    points_to_hidden: Keys
    points_to_absent: Keys


@dataclass(frozen=True, slots=True)
class Subjects:
    """Everything there is to ask for.

    of_the_country    hidden people that the country was made with, each beside an absent one
    plain             civilian people that it was made with
    """

    draws: Sequence[Draw]
    of_the_country: Sequence[tuple[str, str]]
    plain: Sequence[str]


class NotAsMeant(Exception):
    """A key that was to be hidden is not, or one that was to be absent is somebody's."""


def plant(dsns: Dsns, count: int, chance: random.Random) -> Subjects:
    """Adds `count` hidden records and their civilian pointers to the databases, as their owner."""
    with _connected(dsns) as databases:
        gaps = Gaps(chance, _taken(databases))
        people = _hidden(databases["population"], "person", "personal_id")
        books = _hidden(databases["insurance"], "book", "book_code")
        employers = _hidden(databases["employer"], "employer", "tax_code")
        native = sorted(key for keys in people.values() for key in keys)
        plain = _column(databases["population"], RecordClass.CIVILIAN, "person", "personal_id")
        of_the_country = [(key, gaps.personal_id(key)) for key in native]
        draws = [_draw(chance, gaps, people, books, employers, plain) for _ in range(count)]
        model = _model(databases)
        pointing = [
            (keys, to)
            for draw in draws
            for keys, to in ((draw.points_to_hidden, draw.hidden), (draw.points_to_absent, draw.absent))
        ]
        chance.shuffle(pointing)
        for source, connection in databases.items():
            _write(connection, source, model, RecordClass.CIVILIAN, pointing)
            for record_class in HIDDEN:
                chosen = [(draw.hidden, draw.hidden) for draw in draws if draw.record_class is record_class]
                _write(connection, source, model, record_class, chosen)
            connection.commit()
            # Nothing of the writing is left to be tidied up while it is measured.
            connection.autocommit = True
            connection.execute("vacuum (freeze, analyze)")
            connection.autocommit = False
    subjects = Subjects(draws, of_the_country, plain)
    verify(dsns, subjects)
    return subjects


def verify(dsns: Dsns, subjects: Subjects) -> None:
    """Looks at every class as the owner: `NotAsMeant` if hidden is not hidden, or absent not absent."""
    with _connected(dsns) as databases:
        everywhere = _taken(databases)
        visible = _taken(databases, (RecordClass.CIVILIAN,), _OWN)
    for draw in subjects.draws:
        own = (draw.hidden.personal_id, draw.hidden.household_id, draw.hidden.book_code, draw.hidden.tax_code)
        if not everywhere.issuperset(own) or not visible.isdisjoint(own):
            raise NotAsMeant(f"the record of {draw.hidden.personal_id} is not one of the hidden classes alone")
        # Of the absent set some keys are pointed to; none is anybody's own.
        if not visible.isdisjoint(astuple(draw.absent)) or not everywhere.isdisjoint(astuple(draw.other)):
            raise NotAsMeant(f"{draw.absent.personal_id} or {draw.other.personal_id} is somebody's")
    for hidden, absent in subjects.of_the_country:
        if hidden not in everywhere or hidden in visible or absent in everywhere:
            raise NotAsMeant(f"{hidden} is not hidden, or {absent} not absent")


# --- drawing ----------------------------------------------------------------------------------------------------------

# Where keys stand. A pointer names somebody without being his record.
_OWN: Mapping[str, Sequence[tuple[str, str]]] = {
    "population": (("person", "personal_id"), ("person", "id"), ("person_identifier", "value")),
    "household": (("household", "id"), ("member", "personal_id")),
    "insurance": (
        *((table, "personal_id") for table in ("participant", "book", "contribution", "benefit", "health_card")),
        *((table, "personal_id") for table in ("visit", "unemployment_period")),
        ("participant", "si_number"),
        ("book", "book_code"),
    ),
    "employer": (("employer", "tax_code"),),
}
_POINTERS: Mapping[str, Sequence[tuple[str, str]]] = {
    "population": (("relative", "personal_id"),),
    "household": (("member", "household_id"), ("member", "si_number")),
    "insurance": (("participant", "employer_tax_code"), ("contribution", "employer_tax_code")),
    "employer": (("employer", "representative_personal_id"),),
}
_ALL = {source: (*own, *_POINTERS[source]) for source, own in _OWN.items()}


def _draw(
    chance: random.Random,
    gaps: Gaps,
    people: Mapping[RecordClass, Sequence[str]],
    books: Mapping[RecordClass, Sequence[str]],
    employers: Mapping[RecordClass, Sequence[str]],
    plain: Sequence[str],
) -> Draw:
    record_class = chance.choice(HIDDEN)
    person, book, employer, somebody = (
        chance.choice(keys) for keys in (people[record_class], books[record_class], employers[record_class], plain)
    )

    def keys(like: str) -> Keys:
        return Keys(
            gaps.personal_id(like), gaps.identity(), gaps.identity(), gaps.book_code(book), gaps.tax_code(employer)
        )

    drawn = [keys(person) for _ in range(3)]
    pointing = [keys(somebody) for _ in range(2)]
    chance.shuffle(drawn)
    return Draw(record_class, *drawn, *pointing)


def _hidden(connection: psycopg.Connection[Any], table: str, column: str) -> Mapping[RecordClass, list[str]]:
    """The keys that only one hidden class holds, by class."""
    civilian = set(_column(connection, RecordClass.CIVILIAN, table, column))
    return {of: [key for key in _column(connection, of, table, column) if key not in civilian] for of in HIDDEN}


def _column(connection: psycopg.Connection[Any], of: RecordClass, table: str, column: str) -> list[str]:
    statement = sql.SQL("select distinct {0}::text from {1} where {0} is not null order by 1").format(
        sql.Identifier(column), sql.Identifier(of.value, table)
    )
    return [key for (key,) in connection.execute(statement)]


def _taken(
    databases: Mapping[str, psycopg.Connection[Any]],
    classes: Sequence[RecordClass] = tuple(RecordClass),
    places: Mapping[str, Sequence[tuple[str, str]]] = _ALL,
) -> set[str]:
    """Every key that stands in these places."""
    return {
        key
        for source, connection in databases.items()
        for of in classes
        for table, column in places[source]
        for key in _column(connection, of, table, column)
    }


@contextmanager
def _connected(dsns: Dsns) -> Iterator[Mapping[str, psycopg.Connection[Any]]]:
    databases = {source: psycopg.connect(dsn) for source, dsn in dsns.items()}
    try:
        yield databases
    finally:
        for connection in databases.values():
            connection.close()


# --- writing ----------------------------------------------------------------------------------------------------------

# Source -> what is written of a person: table, which row of the model is copied, column -> what stands there instead.
# `m` is the model, `p` the keys of the copy, `p.to_...` those it points to. A row's own id is new each time.
_NEW = "gen_random_uuid()"
_BY_NUMBER = "t.personal_id = m.personal_id"
_HISTORY = {"id": _NEW, "personal_id": "p.personal_id"}
_COPIES: Mapping[str, Sequence[tuple[str, str, Mapping[str, str]]]] = {
    "population": (
        ("person", _BY_NUMBER, {"id": "p.person_id", "personal_id": "p.personal_id"}),
        (
            "person_identifier",
            "t.person_id = m.person_id and t.scheme = 'PERSONAL_ID'",
            {"id": _NEW, "person_id": "p.person_id", "value": "p.personal_id"},
        ),
        ("contact", "t.person_id = m.person_id", {"person_id": "p.person_id"}),
        (
            "relative",
            "t.person_id = m.person_id and t.relation = 'FATHER'",
            {"id": _NEW, "person_id": "p.person_id", "personal_id": "p.to_personal_id"},
        ),
    ),
    "household": (
        (
            "member",
            f"{_BY_NUMBER} and t.ended_on is null",
            {
                "id": _NEW,
                "personal_id": "p.personal_id",
                "household_id": "p.to_household_id",
                "si_number": "p.book_code",
            },
        ),
    ),
    "insurance": (
        (
            "participant",
            _BY_NUMBER,
            {**_HISTORY, "si_number": "p.book_code", "employer_tax_code": "p.to_tax_code"},
        ),
        ("book", _BY_NUMBER, {**_HISTORY, "book_code": "p.book_code"}),
        ("contribution", _BY_NUMBER, _HISTORY),
        ("health_card", _BY_NUMBER, _HISTORY),
    ),
    "employer": (),
}
# What a hidden record has of its own, and a civilian copy only points to.
_OWNED: Mapping[str, Sequence[tuple[str, str, Mapping[str, str]]]] = {
    "population": (),
    "household": (("household", "t.id = m.household_id", {"id": "p.household_id", "household_code": "null"}),),
    "insurance": (),
    "employer": (
        ("employer", "t.tax_code = m.tax_code", {"id": _NEW, "tax_code": "p.tax_code", "budget_code": "null"}),
    ),
}
_TYPES = {"person_id": "uuid", "household_id": "uuid", "to_household_id": "uuid"}


def _model(databases: Mapping[str, psycopg.Connection[Any]]) -> Keys:
    """A civilian who has everything that is copied."""
    people = dict(
        databases["population"].execute(
            "select p.personal_id, p.id::text from civilian.person p join civilian.contact c on c.person_id = p.id"
            " join civilian.relative r on r.person_id = p.id and r.relation = 'FATHER'"
        )
    )
    households = dict(
        databases["household"].execute(
            "select personal_id, household_id::text from civilian.member where ended_on is null"
        )
    )
    for key, code, tax_code in databases["insurance"].execute(
        "select b.personal_id, b.book_code, p.employer_tax_code from civilian.book b"
        " join civilian.participant p using (personal_id) where p.employer_tax_code is not null"
        " and exists (select from civilian.contribution c where c.personal_id = b.personal_id)"
        " and exists (select from civilian.health_card h where h.personal_id = b.personal_id) order by 1"
    ):
        if key in people and key in households:
            return Keys(key, people[key], households[key], code, tax_code)
    raise NotAsMeant("the country holds nobody to copy: make it larger with --people")


def _write(
    connection: psycopg.Connection[Any],
    source: str,
    model: Keys,
    of: RecordClass,
    chosen: Sequence[tuple[Keys, Keys]],
) -> None:
    """Copies of the model in a class: for each the keys it bears, and the keys it points to."""
    names = [*Keys.__dataclass_fields__, *(f"to_{name}" for name in Keys.__dataclass_fields__)]
    made = [sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(_TYPES.get(name, "text"))) for name in names]
    connection.execute(sql.SQL("create temp table planted ({})").format(sql.SQL(", ").join(made)))
    with connection.cursor() as cursor, cursor.copy("copy planted from stdin") as copy:
        for keys, to in chosen:
            copy.write_row((*astuple(keys), *astuple(to)))
    for table, where, replaced in (*_COPIES[source], *(() if of is RecordClass.CIVILIAN else _OWNED[source])):
        filled = columns(table)
        connection.execute(
            sql.SQL("insert into {} ({}) select {} from planted p, civilian.{} t, {} m where {}").format(
                sql.Identifier(of.value, table),
                sql.SQL(", ").join(map(sql.Identifier, filled)),
                sql.SQL(", ").join(sql.SQL(replaced.get(name, f"t.{name}")) for name in filled),
                sql.Identifier(table),
                _values(model),
                sql.SQL(where),
            )
        )
    connection.execute("drop table planted")


def _values(model: Keys) -> sql.Composable:
    """The model's keys as a relation of one row."""
    parts = [
        sql.SQL("{}::{} as {}").format(
            sql.Literal(getattr(model, name)), sql.SQL(_TYPES.get(name, "text")), sql.Identifier(name)
        )
        for name in Keys.__dataclass_fields__
    ]
    return sql.SQL("(select {})").format(sql.SQL(", ").join(parts))
