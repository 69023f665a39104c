"""What can be said of masks and denied cells without a second country: how they look, and what they have in common."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from hub.engine import Built, Engine
from hub.model.effect import Effect, Effects
from hub.model.request import Request
from hub.model.viewer import Audience, Profile, RecordClass, Standing, Viewer
from tests.engine.country import PURPOSE, SECRET
from tests.engine.rules import Masks
from tests.noninterference.adapter import new_engine
from tests.noninterference.conftest import World
from tests.noninterference.databases import BASE
from tests.noninterference.readers import PROFILES

OFFICER = PROFILES["officer cleared for all"]
PARTNER = PROFILES["partner of everything, cleared for all"]
ANALYST, OTHER_ANALYST = PROFILES["analyst"], PROFILES["analyst of another project"]
LATER = date(2030, 1, 1)

WORKERS = "query($codes: TaxCode!) { employer(taxCode: $codes) { participants(first: 100) { nodes %s } } }"
PEOPLE = "query($numbers: [PersonalId!]!) { people(personalIds: $numbers) %s }"


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, and of what."""

    where: str
    what: str


@dataclass(slots=True)
class _Asking:
    """Asks an engine, and reads answers."""

    world: World
    engine: Engine

    def all(self, profile: Profile, document: str, purpose: str | None = PURPOSE, subject: str | None = None) -> Any:
        request = Request(document, None, self.variables(document), purpose)
        return json.loads(self.world.runner.run(self.engine.execute(request, Viewer(profile, subject))).body)

    def variables(self, document: str) -> Mapping[str, Any]:
        people = self.world.readers.people
        if "$codes" in document:
            return {"codes": people.employers[0]}
        return {"numbers": [*people.plain, *people.hidden]}

    def data(self, profile: Profile, document: str) -> Any:
        """The data; a fault is found by whoever looks for errors."""
        return self.all(profile, document).get("data") or {}


def faults(world: World, built: Built) -> Iterator[Fault]:
    """All of them, as they are met."""
    asking = _Asking(world, new_engine(built, world.over[BASE]))
    try:
        for look in (_masks, _ids, _workers, _linked, _denied, _units, _household):
            yield from look(asking)
        yield from _orders(world, built)
        yield from _totals(world, built)
        yield from _agreements(world, built)
    except json.JSONDecodeError as error:
        yield Fault("answer", f"it is no JSON: {error}")


def found(given: Any, *names: str) -> list[Any]:
    """All values at the end of a path, through lists and past nulls."""
    values = [given]
    for name in names:
        values = [item for value in values for item in (value if isinstance(value, list) else [value])]
        values = [value.get(name) for value in values if value is not None]
    return [item for value in values for item in (value if isinstance(value, list) else [value])]


def _of(values: Iterable[Any], allowed: Iterable[str], where: str, *, null: bool = False) -> Iterator[Fault]:
    known = {*allowed}
    for value in values:
        if value is None and null:
            continue
        if value not in known:
            yield Fault("mask", f"`{value}` is no mask of a value of {where}")


def _masked(world: World, profile: Profile, effect: str, table: str, column: str, *of: RecordClass) -> set[str]:
    raw = world.tables.column(table, column, of or tuple(RecordClass))
    return {Masks(SECRET).masked(effect, value, profile) for value in raw}


def _masks(asking: _Asking) -> Iterator[Fault]:
    """Masks whose raw values stand in rows of every class."""
    given = asking.data(OFFICER, PEOPLE % "{ contact { bankAccount } }")
    accounts = found(given, "people", "contact", "bankAccount")
    yield from _of(
        accounts, _masked(asking.world, OFFICER, "mask:last-four", "contact", "bank_account"), "accounts", null=True
    )
    given = asking.data(PARTNER, PEOPLE % "{ relatives { fullName } }")
    names = _masked(asking.world, PARTNER, "mask:initials", "relative", "full_name")
    yield from _of(found(given, "people", "relatives", "fullName"), names, "relatives")


def _orders(world: World, built: Built) -> Iterator[Fault]:
    """Nothing is ordered by what is masked: rows of one year would stand by their days."""
    # Not by the contract that is kept for all tests.
    anew = Built(built.declared, built.supergraph, built.planner, built.rules)
    asking = _Asking(world, new_engine(anew, world.over[BASE]))
    answer = asking.all(ANALYST, "{ persons(first: 20, order: [{ birthDate: ASC }]) { nodes { birthDate } } }")
    if "data" in answer:
        yield Fault("order", "people are in the order of their days of birth")


def _ids(asking: _Asking) -> Iterator[Fault]:
    """Pseudonyms of rows of every class, ordered by what is shown; ties by the raw id, which is random."""
    body = "{ recordClass id insuranceBook { contributions(first: 100) { nodes { recordClass id fromMonth } } } }"
    given = asking.data(PARTNER, PEOPLE % body)
    lists = [
        book["contributions"]["nodes"]
        for book in found(given, "people", "insuranceBook")
        if book and book["contributions"]["nodes"]
    ]
    for of in RecordClass:
        people = [one["id"] for one in found(given, "people") if one and one["recordClass"] == of.name]
        lines = [one["id"] for each in lists for one in each if one["recordClass"] == of.name]
        yield from _of(people, _masked(asking.world, PARTNER, "mask:pseudonym", "person", "id", of), f"{of} people")
        allowed = _masked(asking.world, PARTNER, "mask:pseudonym", "contribution", "id", of)
        yield from _of(lines, allowed, f"{of} lines")
    for each in lists:
        yield from _sorted(each, lambda line: line["fromMonth"])


def _sorted(given: list[Any], by: Callable[[Any], Any]) -> Iterator[Fault]:
    keys = [by(one) for one in given]
    if keys != sorted(keys):
        yield Fault("order", f"{keys} are in the order of something else")


def _workers(asking: _Asking) -> Iterator[Fault]:
    """What an analyst sees of an employer's people."""
    body = "{ id person { id birthDate household { householdId householdCode } } }"
    given = asking.data(ANALYST, WORKERS % body)
    workers = found(given, "employer", "participants", "nodes")
    world, of = asking.world, RecordClass.CIVILIAN
    ids = _masked(world, ANALYST, "mask:pseudonym", "participant", "id", of)
    yield from _of([one["id"] for one in workers if one], ids, "participants")
    people = [one for one in found(given, "employer", "participants", "nodes", "person") if one]
    years = _masked(world, ANALYST, "mask:year", "person", "birth_date", of)
    yield from _of([one["birthDate"] for one in people], years, "birth")
    homes = [one for one in found(people, "household") if one]
    codes = _masked(world, ANALYST, "mask:province", "household", "household_code", of)
    yield from _of([one["householdCode"] for one in homes], codes, "households", null=True)


def _linked(asking: _Asking) -> Iterator[Fault]:
    """Two projects, and a project and an agreement, have no word in common that is not public."""
    document = WORKERS % "{ id person { id household { householdId } } }"
    readers = {"a project": ANALYST, "another project": OTHER_ANALYST, "an agreement": PARTNER}
    words = {name: {*_words(asking.data(profile, document))} for name, profile in readers.items()}
    names = tuple(readers)
    for index, name in enumerate(names):
        if not words[name]:
            yield Fault("pseudonyms", f"{name} is given none")
        for other in names[:index]:
            if both := words[name] & words[other]:
                yield Fault("pseudonyms", f"{name} and {other} have {min(both)} in common")


def _words(given: Any) -> Iterator[str]:
    """Every word of more than six letters in the values of an answer."""
    match given:
        case dict():
            for value in given.values():
                yield from _words(value)
        case list():
            for value in given:
                yield from _words(value)
        case str():
            yield from re.findall(r"[\w-]{7,}", given)


def _denied(asking: _Asking) -> Iterator[Fault]:
    """Cells that one class shows and others deny."""
    lines = (
        "contributions(first: 100) { nodes { recordClass jobTitle unitName toMonth } }"
        " benefits { nodes { recordClass decidedBy } }"
    )
    answer = asking.all(OFFICER, PEOPLE % f"{{ insuranceBook {{ {lines} }} }}")
    if "errors" in answer:
        yield Fault("errors", str(answer["errors"][0]["message"]))
        return
    for line in found(answer["data"], "people", "insuranceBook", "contributions", "nodes"):
        for name in ("jobTitle", "unitName"):
            if line and (line[name] is None) is (line["recordClass"] == "CIVILIAN"):
                yield Fault("denied cell", f"`{name}` of a {line['recordClass']} line is {line[name]}")
        if line and not re.fullmatch(r"[0-9]{4}-[0-9]{2}", line["toMonth"] or ""):
            yield Fault("input", f"{line['toMonth']} is no month")
    settled = [one for one in found(answer["data"], "people", "insuranceBook", "benefits", "nodes") if one]
    if {one["recordClass"] for one in settled} == {"CIVILIAN"}:
        yield Fault("denied cell", "nobody has a benefit of a hidden class")
    for one in settled:
        if one["recordClass"] != "CIVILIAN" and one["decidedBy"] is not None:
            yield Fault("denied cell", f"`decidedBy` of a {one['recordClass']} benefit is {one['decidedBy']}")


def _units(asking: _Asking) -> Iterator[Fault]:
    """Rows of a list that a class denies."""
    denied = (RecordClass.DEFENCE, RecordClass.PUBLIC_SECURITY)
    declaring = asking.world.tables.column("employer_unit", "tax_code", denied)
    for code in sorted({*declaring} & {*asking.world.readers.people.employers}):
        given = asking.data(OFFICER, f'{{ employer(taxCode: "{code}") {{ units {{ recordClass }} }} }}')
        for of in found(given, "employer", "units", "recordClass"):
            if of != "CIVILIAN":
                yield Fault("denied row", f"a unit of {of} is there")


def _household(asking: _Asking) -> Iterator[Fault]:
    """A citizen sees the year of birth of the people he lives with, and not the day."""
    document = "{ me { household { members { person { birthDate } } } } }"
    years: list[Any] = []
    for subject in asking.world.readers.people.plain:
        answer = asking.all(PROFILES["citizen"], document, subject=subject)
        years += found(answer.get("data") or {}, "me", "household", "members", "person", "birthDate")
    if not any(years):
        yield Fault("household", "nobody lives with anybody")
    for year in years:
        if year is not None and not re.fullmatch("[0-9]{4}", year):
            yield Fault("household", f"{year} is no year")


def _totals(world: World, built: Built) -> Iterator[Fault]:
    """Where a class denies amounts, a total of them is the same for whoever sees the class and whoever does not."""
    rules = built.rules
    at = (Audience.OFFICER, Standing.OFFICIAL)
    amounts = {**rules.policy.cells[at], "AMOUNT": Effects(Effect.SHOW, Effect.DENY, Effect.DENY)}
    policy = replace(rules.policy, cells={**rules.policy.cells, at: amounts})
    strict = Built(built.declared, built.supergraph, built.planner, replace(rules, policy=policy))
    asking = _Asking(world, new_engine(strict, world.over[BASE]))
    document = PEOPLE % "{ insuranceBook { totals { employeeTotal lines } } }"
    plain, whole = (found(asking.data(one, document), "people") for one in (PROFILES["officer"], OFFICER))
    pairs = [
        (one["insuranceBook"]["totals"], other["insuranceBook"]["totals"])
        for one, other in zip(plain, whole, strict=False)
        if one and other and one["insuranceBook"] and other["insuranceBook"]
    ]
    if all(one["lines"] == other["lines"] for one, other in pairs):
        yield Fault("totals", "nobody has lines of several classes")
    for one, other in pairs:
        if one["employeeTotal"] != other["employeeTotal"]:
            yield Fault("totals", f"{one} counts lines that are denied: {other}")


def _agreements(world: World, built: Built) -> Iterator[Fault]:
    """A partner is refused without a purpose, and when his agreement has ended."""
    document = PEOPLE % "{ sex }"
    ministry = PROFILES["partner"]
    asking = _Asking(world, new_engine(built, world.over[BASE]))
    later = _Asking(world, new_engine(built, world.over[BASE], LATER))
    for answer, wanted in (
        (asking.all(ministry, document, None), "PURPOSE_NOT_AGREED"),
        (asking.all(ministry, document, "curiosity"), "PURPOSE_NOT_AGREED"),
        (later.all(ministry, document), "AGREEMENT_EXPIRED"),
    ):
        codes = [error["extensions"]["code"] for error in answer.get("errors", ())]
        if "data" in answer or codes != [wanted]:
            yield Fault("agreement", f"{codes} instead of {wanted}")
