"""The screens that are measured: a GraphQL document, and variables drawn from what the databases hold.

Only keys of civilian records are drawn, and always the same ones for the same country.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from hub.model.viewer import Universe
from hub.settings import SourceDsns

SEED = 164
BOOKS = 2_000
GROUPS = 200
GROUP_SIZE = 100
PAGES = 200
PAGE_SIZE = 50

WHOLE_BOOK = """\
query WholeBook($personalId: PersonalId!) {
  person(personalId: $personalId) {
    personalId
    fullName
    birthDate
    sex
    permanentResidence { province { name } commune { name } detail }
    contact { phone email preferredChannel }
    household { householdCode members { relationship since person { fullName birthDate sex } } }
    insuranceBook {
      bookCode
      issuer
      issuedOn
      status
      totals { months years lateMonths employeeTotal employerTotal }
      contributions { nodes { fromMonth toMonth jobTitle salary status employer { name } } }
      benefits { nodes { regime periodFrom periodTo amount status ... on Pension { ratePercent } } }
    }
    healthInsurance { cards { nodes { hiNumber validFrom validTo status benefitLevel initialFacility { name } } } }
  }
}
"""

HUNDRED_PEOPLE = """\
query HundredPeople($personalIds: [PersonalId!]!) {
  people(personalIds: $personalIds) { personalId fullName socialInsurance { employer { taxCode name } } }
}
"""

EMPLOYER_PAGE = """\
query EmployerPage($taxCode: TaxCode!) {
  employer(taxCode: $taxCode) { taxCode name participants(first: 50) { nodes { jobTitle salary person { fullName } } } }
}
"""

Variables = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Workload:
    """One screen. `draw` gives the variables to ask with, as many as are worth telling apart."""

    name: str
    title: str
    document: str
    draw: Callable[[SourceDsns], Sequence[Variables]]


def _books(dsns: SourceDsns) -> Sequence[Variables]:
    return [{"personalId": key} for key in _shuffled(_with_books(dsns))[:BOOKS]]


def _groups(dsns: SourceDsns) -> Sequence[Variables]:
    keys = _with_books(dsns)
    chance = random.Random(SEED)
    return [{"personalIds": chance.sample(keys, min(GROUP_SIZE, len(keys)))} for _ in range(GROUPS)]


def _pages(dsns: SourceDsns) -> Sequence[Variables]:
    """Employers that fill a page; in a small country, the largest there are."""
    counted = _rows(
        dsns,
        "insurance",
        "select employer_tax_code, count(*) from civilian.participant where employer_tax_code is not null"
        " group by 1 order by 2 desc, 1",
    )
    full = [key for key, count in counted if count >= PAGE_SIZE] or [key for key, _ in counted[:10]]
    return [{"taxCode": key} for key in _shuffled(full)[:PAGES]]


def _with_books(dsns: SourceDsns) -> list[str]:
    return [key for (key,) in _rows(dsns, "insurance", "select personal_id from civilian.book order by 1")]


def _shuffled(keys: list[str]) -> list[str]:
    random.Random(SEED).shuffle(keys)
    return keys


def _rows(dsns: SourceDsns, source: str, statement: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(dsns.dsn(source, Universe.CIVILIAN)) as connection:
        return connection.execute(statement.encode()).fetchall()


WORKLOADS: Mapping[str, Workload] = {
    workload.name: workload
    for workload in (
        Workload("whole_book", "the whole book of one person", WHOLE_BOOK, _books),
        Workload("hundred_people", "a hundred people with their employers", HUNDRED_PEOPLE, _groups),
        Workload("employer_page", "fifty people of one employer", EMPLOYER_PAGE, _pages),
    )
}
