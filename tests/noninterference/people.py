"""Who and what the tests ask for: plain things, hidden things, and keys that nothing has, or nothing has yet.

A pool is small on purpose: an operation that asks for three keys then mostly meets a row that differs between the
sides. Every hidden variant of the databases is made around the same pool (`tests.noninterference.variants`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from hub.demo.country.sample import Sample
from hub.domain.identifiers import tax_check_digit
from hub.model.viewer import RecordClass
from tests.engine import oddities
from tests.engine.oracle import Tables

PLAIN = (RecordClass.CIVILIAN,)
SECRET = (RecordClass.DEFENCE, RecordClass.PUBLIC_SECURITY)

ABSENT = (oddities.NOBODY, "001190900101", "001190900102", "001190900103")
"""Numbers that nobody has in the country as it is; the first one is named by plain rows all the same."""
OTHER_NUMBERS = ("001190900111", "001190900112", "001190900113")
"""Absent numbers that one variant makes further numbers of people who exist plainly."""
ABSENT_EMPLOYERS = (oddities.NO_EMPLOYER, f"555500007{tax_check_digit('555500007')}")
ABSENT_HOUSEHOLDS = (oddities.NO_HOUSEHOLD, "e1000000-0000-4000-8000-000000000019")
ABSENT_FACILITY = oddities.NO_FACILITY


@dataclass(frozen=True, slots=True)
class People:
    """The pool.

    cleared     people whose tokens may clear them for their own hidden rows
    housemates  plain people in the households of those
    """

    plain: tuple[str, ...]
    hidden: tuple[str, ...]
    cleared: tuple[str, ...]
    housemates: tuple[str, ...]
    books: tuple[str, ...]
    households: tuple[str, ...]
    employers: tuple[str, ...]
    participants: tuple[str, ...]


def find_people(tables: Tables, sample: Sample) -> People:
    """A pool in which the registers meet: relatives, housemates and colleagues of hidden people among the plain."""
    hidden = (oddities.DEFENCE_ONLY, oddities.POLICE_ONLY, sample.soldier, sample.police_officer)
    named = (oddities.RENEWED, oddities.RELATED, oddities.THREEFOLD, sample.citizen, sample.conscript)
    secret = set(tables.column("person", "personal_id", SECRET))
    by_row = {row["id"]: row["personal_id"] for row in tables.rows[RecordClass.CIVILIAN, "person"]}
    kin = [
        by_row.get(row["person_id"])
        for row in tables.rows[RecordClass.CIVILIAN, "relative"]
        if row["personal_id"] in secret
    ]
    paid = tables.column("unemployment_period", "personal_id", PLAIN)
    plain = _first([*named, *kin, *_served(tables), *paid], 12)
    assert len(plain) == 12

    homes = [
        row["household_id"]
        for of in PLAIN
        for number in plain
        for row in tables.where(of, "member", "personal_id", number)
        if row["ended_on"] is None
    ]
    cleared = (sample.soldier, sample.conscript, sample.police_officer, oddities.THREEFOLD, oddities.DEFENCE_ONLY)
    shared = [
        row["household_id"]
        for of in RecordClass
        for one in cleared
        for row in tables.where(of, "member", "personal_id", one)
    ]
    housemates = [
        row["personal_id"] for home in shared for row in tables.where(PLAIN[0], "member", "household_id", home)
    ]
    participants = [row for number in plain for row in tables.where(PLAIN[0], "participant", "personal_id", number)]
    employers = _first([row["employer_tax_code"] for row in participants], 4)
    return People(
        plain=plain,
        hidden=hidden,
        cleared=cleared,
        housemates=_first([one for one in housemates if one not in cleared]),
        books=_first([row["book_code"] for one in plain for row in tables.where(PLAIN[0], "book", "personal_id", one)]),
        households=_first([oddities.HOUSEHOLD, *(home for home in homes if home not in ABSENT_HOUSEHOLDS)], 8),
        employers=_first([oddities.SHARED_EMPLOYER, sample.employer_tax_code, *employers], 3),
        participants=_first(
            [
                row["id"]
                for of in (*PLAIN, *SECRET)
                for code in (oddities.SHARED_EMPLOYER, sample.employer_tax_code)
                for row in tables.where(of, "participant", "employer_tax_code", code)[:4]
            ],
            12,
        ),
    )


def _served(tables: Tables) -> list[str]:
    """Civilians with hidden lines in their careers."""
    plain = set(tables.column("person", "personal_id", PLAIN))
    return [number for number in tables.column("contribution", "personal_id", SECRET) if number in plain]


def _first(values: Iterable[str | None], most: int | None = None) -> tuple[str, ...]:
    found = dict.fromkeys(value for value in values if value is not None)
    return tuple(found)[:most]
