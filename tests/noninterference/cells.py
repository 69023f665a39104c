"""Copies of the country that differ inside a reader's universe, in cells that he is denied or sees behind a mask.

A denied cell holds anything else; a masked one what has the same mask: another day of the same year, other words with
the same initials, other digits before the last four, other digits behind the province.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import psycopg

from hub.model.viewer import RecordClass
from tests.noninterference.people import PLAIN, SECRET, People

Connection = psycopg.Connection[Any]

EVERY = tuple(RecordClass)


def _digits(column: str) -> str:
    return f"translate({column}, '0123456789', '1234567890')"


def _text(column: str) -> str:
    return f"{column} || ' ◦'"


TAIL_STAYS = (
    "case when length({0}) < 8 then {0} else translate(left({0}, -4), '0123456789', '1234567890') || right({0}, 4) end"
)
YEAR_STAYS = (
    "case when length({0}) < 10 then {0}"
    " else left({0}, 5) || case right({0}, 5) when '07-17' then '03-21' else '07-17' end end"
)
INITIALS_STAY = r"regexp_replace({0}, '(\S)\S*', '\1xy', 'g')"
PROVINCE_STAYS = "left({0}, 2) || translate(substr({0}, 3), '0123456789', '1234567890')"
CARD_NUMBER_STAYS = "'TE1' || case substr({0}, 4, 2) when '98' then '97' else '98' end || right({0}, 10)"

POST = {
    "person": {"occupation": "'◦ ' || coalesce(occupation, '')"},
    "participant": {"job_title": "'◦ ' || coalesce(job_title, '')"},
    "contribution": {
        "unit_name": _text("unit_name"),
        "job_title": "'◦' || reverse(job_title)",
        "workplace": "case when workplace is null then '◦' end",
        "movement_code": "case when movement_code = 'QX' then 'QY' else 'QX' end",
    },
}
MEDICAL = {
    "visit": {
        "diagnosis_code": "'Z99'",
        "total_cost": "total_cost + 1000",
        "admitted_at": "admitted_at - interval '1 day'",
    },
    "health_card": {"copay_this_year": "coalesce(copay_this_year, 0) + 1000"},
}
AFFILIATION = {
    "participant": {
        "subject_type": "case when subject_type = 'A' then 'B' else 'A' end",
        "managing_agency_code": "case when managing_agency_code = '001' then '052' else '001' end",
        "object_group": "'ZZ'",
    },
    "book": {"issuer": "case when issuer = 'VSS' then 'ARMY_SI' else 'VSS' end"},
    "contribution": {
        "seniority_percent": "(coalesce(seniority_percent, 0) + 7) % 100",
        "unit_code": "'1234567ZZ'",
        "object_group": "'ZZ'",
    },
    "benefit": {"decided_by": "'◦ ' || coalesce(decided_by, '')"},
    "health_card": {
        "object_group": "'ZZ'",
        "benefit_level": "1 + benefit_level % 5",
        "card_code": "'ZZ' || (1 + benefit_level % 5) || substr(card_code, 4)",
        "initial_facility_code": "'97999'",
        "issuer": "case when issuer = 'POLICE_SI' then 'ARMY_SI' else 'POLICE_SI' end",
    },
    "member": {"initial_facility_code": "'97999'"},
    "employer": {"budget_code": _digits("budget_code")},
}
BANK = {"contact": {"bank_account": TAIL_STAYS.format("bank_account")}}
CONTACT = {
    "contact": {
        "phone": "'0999' || right(phone, 6)",
        "email": "'other.' || email",
        "bank_account": "'◦'",
        "bank_name": "'◦'",
    }
}
NAMES = {
    "person": {name: _text(name) for name in ("surname", "middle_name", "given_name", "full_name")},
    "employer": {"representative_name": _text("representative_name")},
}
ORIGIN = {
    "person": {
        "birth_province_code": "case when birth_province_code = '001' then '052' else '001' end",
        "ethnicity_code": "case when ethnicity_code = '01' then '02' else '01' end",
        "residence_detail": "'◦'",
    }
}
BIRTH = {"person": {"birth_date": YEAR_STAYS.format("birth_date")}}
KIN_NAMES = {"relative": {"full_name": INITIALS_STAY.format("full_name")}}
KIN = {"relative": {"full_name": _text("full_name"), "personal_id": _digits("personal_id")}}
AMOUNTS = {
    "participant": {"salary": "coalesce(salary, 0) + 1000"},
    "contribution": {"salary": "salary + 1000", "employee_amount": "employee_amount + 1000", "rate_health": "1"},
    "benefit": {"amount": "amount + 1000", "paid_via": "null"},
    "unemployment_period": {"monthly_amount": "monthly_amount + 1000"},
}

Values = Mapping[str, Mapping[str, str]]
"""Table -> column -> the SQL of its other value."""


@dataclass(frozen=True, slots=True)
class Cells:
    """A copy that differs only in cells: for whom it is the same, and what is other in the rows of which classes.

    of_others  only in rows of people who are not those that read themselves
    more_units  there are more rows of a list that hidden classes deny
    """

    name: str
    readers: tuple[str, ...]
    values: tuple[tuple[tuple[RecordClass, ...], Values], ...]
    of_others: bool = False
    more_units: bool = False


SUBJECTS = 4
"""So many of the pool read themselves where others' cells differ."""

CELLS = (
    Cells(
        "cells_cleared",
        ("officer cleared for defence", "officer cleared for all", "officer cleared for public security", "officer"),
        ((SECRET, POST), (SECRET, AFFILIATION), (EVERY, MEDICAL), (EVERY, BANK)),
        more_units=True,
    ),
    Cells(
        "cells_analyst",
        ("analyst", "analyst of another project"),
        (
            *((PLAIN, one) for one in (POST, AFFILIATION, MEDICAL, CONTACT, NAMES, ORIGIN, BIRTH, KIN)),
            (
                PLAIN,
                {
                    "household": {
                        "household_code": PROVINCE_STAYS.format("household_code"),
                        "head_phone": "'0999999999'",
                    },
                    "health_card": {"hi_number": _digits("hi_number")},
                    "book": {"book_code": "'X' || book_code"},
                    "person_identifier": {"valid_from": "valid_from - 1"},
                },
            ),
        ),
    ),
    Cells(
        "cells_partner",
        ("partner of everything, cleared for all", "partner for service pensions"),
        ((SECRET, POST), (SECRET, AFFILIATION), (EVERY, KIN_NAMES), (EVERY, {"contact": {"bank_account": "'◦'"}})),
    ),
    Cells(
        "cells_ministry",
        ("partner",),
        (
            *((PLAIN, one) for one in (POST, CONTACT, KIN, AMOUNTS, ORIGIN)),
            (PLAIN, {"visit": {"card_code": CARD_NUMBER_STAYS.format("card_code")}}),
        ),
    ),
    Cells(
        "cells_household",
        ("citizen",),
        tuple((PLAIN, one) for one in (POST, MEDICAL, CONTACT, ORIGIN, BIRTH, KIN, AMOUNTS)),
        of_others=True,
    ),
)


def change_cells(connection: Connection, tables: Iterable[str], cells: Cells, people: People) -> None:
    """Makes the copy out of a fresh one."""
    numbers = ", ".join(f"'{one}'" for one in people.plain[:SUBJECTS])
    for table in tables:
        for classes, values in cells.values:
            for of in classes:
                if table not in values:
                    continue
                pairs = ", ".join(f"{column} = {value}" for column, value in values[table].items())
                where = f" where {_of_others(table, of, numbers)}" if cells.of_others else ""
                connection.execute(f"update {of.value}.{table} set {pairs}{where}".encode())
        if cells.more_units and table == "employer_unit":
            for of in SECRET:
                connection.execute(
                    f"insert into {of.value}.employer_unit (tax_code, object_group, unit_code)"
                    f" select tax_code, 'ZZ', tax_code || 'ZZA01' from {of.value}.employer".encode()
                )


def _of_others(table: str, of: RecordClass, numbers: str) -> str:
    match table:
        case "person":
            return f"personal_id is null or personal_id not in ({numbers})"
        case "contact" | "relative" | "person_identifier":
            return f"person_id not in (select person_id from {of.value}.person_identifier where value in ({numbers}))"
        case "employer":
            return "true"
        case _:
            return f"personal_id not in ({numbers})"
