"""Keys -> the comparisons: two sides of requests each, the n-th of the one beside the n-th of the other."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from bench.systems import Asked
from bench.timing.planted import Draw, Keys, Subjects

BATCH = 500
BATCHES = 100
PLAIN_IN_A_BATCH = 20

PERSON = """\
    id personalId fullName birthDate sex
    permanentResidence { province { name } commune { name } detail }
    contact { phone email currentResidence { province { name } } }
    relatives { relation fullName person { fullName birthDate } }
    household { householdCode registeredOn members { relationship since person { fullName birthDate sex } } }
    insuranceBook {
      bookCode status totals { months years }
      contributions { nodes { fromMonth toMonth jobTitle salary status employer { name } } }
      benefits { nodes { regime amount status } }
    }
    socialInsurance { status jobTitle employer { name } }
    healthInsurance { cards { nodes { hiNumber validFrom validTo status initialFacility { name } } } }
    unemploymentInsurance { periods { nodes { fromDate toDate } } }
"""
ONE = f"query One($key: PersonalId!) {{ person(personalId: $key) {{\n{PERSON}}} }}"
MANY = f"query Many($keys: [PersonalId!]!) {{ people(personalIds: $keys) {{\n{PERSON}}} }}"
EMPLOYER = """\
query OneEmployer($key: TaxCode!) {
  employer(taxCode: $key) {
    taxCode name status industry { name } address { province { name } } units { unitCode }
    representative { fullName } participants(first: 20) { nodes { jobTitle person { fullName } } }
  }
}"""
BOOK = """\
query OneBook($key: BookCode!) {
  insuranceBook(bookCode: $key) {
    bookCode status holder { fullName household { registeredOn } } totals { months years }
    participant { jobTitle employer { name } } contributions { nodes { fromMonth salary employer { name } } }
  }
}"""
HOUSEHOLD = """\
query OneHousehold($key: ID!) {
  household(householdId: $key) {
    householdCode registeredOn address { province { name } }
    members { relationship since person { fullName birthDate } participant { status employer { name } } }
  }
}"""
TO_RELATIVE = f"""\
query ToRelative($key: PersonalId!) {{
  person(personalId: $key) {{ relatives {{ relation person {{\n{PERSON}}} }} }}
}}"""
TO_EMPLOYER = """\
query ToEmployer($key: PersonalId!) {
  person(personalId: $key) {
    socialInsurance { status employer { name status address { province { name } } units { unitCode } representative {
      fullName } participants(first: 20) { nodes { jobTitle person { fullName } } } } }
  }
}"""
TO_HOUSEHOLD = """\
query ToHousehold($key: PersonalId!) {
  person(personalId: $key) {
    sex household { householdCode registeredOn members { relationship person { fullName } } }
  }
}"""


class Expected(Enum):
    """What has to come out."""

    ALIKE = "alike"
    APART = "apart"
    EITHER = "either"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two sides and what is expected of them. A heavy one is asked for less often.

    about     the group of the report it belongs to
    silent    the answers of both sides must be equal byte for byte
    leaky     asked of the hub over the control's database
    """

    name: str
    about: str
    sides: tuple[str, str]
    left: Sequence[bytes]
    right: Sequence[bytes]
    expected: Expected
    silent: bool = True
    heavy: bool = False
    leaky: bool = False


QUESTION, LINKS, NOTHING, TEETH, CONTROL = (
    "hidden and absent",
    "links to them, from copies of one plain person",
    "the null control: absent and absent",
    "what must be told apart",
    "the control: all classes in one table, filtered",
)
HIDDEN_ABSENT = ("hidden", "absent")


def comparisons(subjects: Subjects, token: str, chance: random.Random, *, control: bool) -> list[Comparison]:
    """All of them, in the order of the report."""
    return list(_all(_Requests(token), subjects, chance, control))


class _Requests:
    """Documents and variables -> bytes for the wire."""

    def __init__(self, token: str) -> None:
        self._token = token

    def one(self, document: str, keys: Sequence[str]) -> list[bytes]:
        return [self._wire(document, {"key": key}) for key in keys]

    def many(self, batches: Sequence[Sequence[str]]) -> list[bytes]:
        return [self._wire(MANY, {"keys": list(keys)}) for keys in batches]

    def _wire(self, document: str, variables: dict[str, Any]) -> bytes:
        return Asked("/graphql", json.dumps({"query": document, "variables": variables}).encode()).wire(self._token)


def _all(requests: _Requests, subjects: Subjects, chance: random.Random, control: bool) -> Iterator[Comparison]:
    draws = subjects.draws

    def keys(side: Callable[[Draw], Keys], name: str) -> list[str]:
        return [getattr(side(draw), name) for draw in draws]

    hidden, absent, other = (
        keys(side, "personal_id") for side in (lambda d: d.hidden, lambda d: d.absent, lambda d: d.other)
    )
    one, many = requests.one, requests.many
    batches = [chance.sample(range(len(draws)), min(BATCH, len(draws))) for _ in range(BATCHES)]

    def batched(found: Sequence[str]) -> list[bytes]:
        """The same places of the list for both sides, so a batch and the one beside it have the same prefixes."""
        return many([[found[place] for place in batch] for batch in batches])

    native = subjects.of_the_country
    yield Comparison(
        "person, of the country", QUESTION, HIDDEN_ABSENT,
        one(ONE, [key for key, _ in native]), one(ONE, [key for _, key in native]), Expected.ALIKE,
    )  # fmt: skip
    for name, document, column in (
        ("person", ONE, "personal_id"),
        ("employer", EMPLOYER, "tax_code"),
        ("insuranceBook", BOOK, "book_code"),
        ("household", HOUSEHOLD, "household_id"),
    ):
        left, right = (one(document, keys(side, column)) for side in (lambda d: d.hidden, lambda d: d.absent))
        yield Comparison(name, QUESTION, HIDDEN_ABSENT, left, right, Expected.ALIKE)
    size = len(batches[0])
    yield Comparison(
        f"people, {size}", QUESTION, HIDDEN_ABSENT, batched(hidden), batched(absent), Expected.ALIKE, heavy=True
    )
    plain = chance.sample(list(subjects.plain), min(PLAIN_IN_A_BATCH, len(subjects.plain)))
    places = [sorted(chance.sample(range(len(batch)), min(len(plain), len(batch) // 2))) for batch in batches]

    def mixed(found: Sequence[str]) -> list[bytes]:
        """The same plain people at the same places of both sides."""
        lists = []
        for batch, at in zip(batches, places, strict=True):
            listed = [found[place] for place in batch]
            for place, somebody in zip(at, plain, strict=False):
                listed[place] = somebody
            lists.append(listed)
        return many(lists)

    yield Comparison(
        f"people, {len(places[0])} plain and {size - len(places[0])}", QUESTION, HIDDEN_ABSENT,
        mixed(hidden), mixed(absent), Expected.ALIKE, heavy=True,
    )  # fmt: skip
    for name, document in (
        ("relatives.person", TO_RELATIVE),
        ("socialInsurance.employer", TO_EMPLOYER),
        ("household", TO_HOUSEHOLD),
    ):
        left, right = (
            one(document, keys(side, "personal_id"))
            for side in (lambda d: d.points_to_hidden, lambda d: d.points_to_absent)
        )
        yield Comparison(name, LINKS, HIDDEN_ABSENT, left, right, Expected.ALIKE)
    both = ("absent", "absent")
    yield Comparison("person", NOTHING, both, one(ONE, absent), one(ONE, other), Expected.ALIKE)
    yield Comparison(f"people, {size}", NOTHING, both, batched(absent), batched(other), Expected.ALIKE, heavy=True)
    present = [chance.choice(subjects.plain) for _ in draws]
    yield Comparison(
        "person", TEETH, ("present", "absent"), one(ONE, present), one(ONE, absent), Expected.APART, silent=False
    )
    among = [[present[batch[0]] if place == batch[0] else absent[place] for place in batch] for batch in batches]
    yield Comparison(
        f"people, one of {size}", TEETH, ("present", "absent"),
        many(among), batched(absent), Expected.APART, silent=False, heavy=True,
    )  # fmt: skip
    if control:
        yield Comparison(
            "person", CONTROL, HIDDEN_ABSENT, one(ONE, hidden), one(ONE, absent), Expected.EITHER, leaky=True
        )
        yield Comparison(
            f"people, {size}", CONTROL, HIDDEN_ABSENT,
            batched(hidden), batched(absent), Expected.APART, heavy=True, leaky=True,
        )  # fmt: skip
