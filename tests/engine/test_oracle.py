"""The engine and graphql-core give one answer, to whatever is asked by whomever."""

from __future__ import annotations

import asyncio
import json
import os
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from graphql import GraphQLObjectType, parse, validate
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from hub.engine import Engine, open_engine
from hub.model.request import Request
from hub.model.viewer import Audience, Profile, Standing, Viewer
from tests.engine import oddities
from tests.engine.country import PROFILES, PURPOSE, Country, load_graph
from tests.engine.operations import Keys, Reader, Written, everything, keys_of, operations, with_cursors
from tests.engine.oracle import Cursors, Knowledge, Oracle

EXAMPLES = int(os.environ.get("ORACLE_EXAMPLES", "0"))
"""How many operations for each reader; unset: a fixed few, the same on every run."""


@dataclass(frozen=True, slots=True)
class World:
    """One engine on one loop, and what the oracle reads."""

    runner: asyncio.Runner
    engine: Engine
    knowledge: Knowledge
    keys: Keys
    cursors: Mapping[Profile, Cursors]

    def reader(self, name: str) -> Reader:
        profile = PROFILES[name]
        return Reader(self.engine.contract(profile), self.knowledge.rules, profile, self.keys)

    def goes_on(self, name: str) -> Reader:
        """The reader with cursors, whose places the oracle knows."""

        def ask(document: str) -> Any:
            viewer, written = Viewer(PROFILES[name], oddities.RENEWED), Written(document, {}, None)
            compare(self, written, viewer)
            return as_objects(self.ask(written, viewer))

        return with_cursors(self.reader(name), ask)

    def ask(self, written: Written, viewer: Viewer) -> Any:
        request = Request(written.document, written.name, written.variables, PURPOSE)
        body = self.runner.run(self.engine.execute(request, viewer)).body
        return json.loads(body, object_pairs_hook=Pairs)


class Pairs(list[tuple[str, Any]]):
    """An object of JSON with its order."""


def in_order(value: Any) -> Any:
    """The oracle's data as `Pairs`, with every boolean apart from 0 and 1."""
    match value:
        case dict():
            return Pairs((key, in_order(inner)) for key, inner in value.items())
        case list():
            return [in_order(inner) for inner in value]
        case _:
            return value


def as_objects(value: Any) -> Any:
    """The value with its objects as dictionaries."""
    match value:
        case Pairs():
            return {key: as_objects(inner) for key, inner in value}
        case list():
            return [as_objects(inner) for inner in value]
        case _:
            return value


def marked(value: Any) -> Any:
    """Booleans as words, so that true is not 1."""
    match value:
        case Pairs():
            return Pairs((key, marked(inner)) for key, inner in value)
        case list():
            return [marked(inner) for inner in value]
        case bool():
            return f"boolean {value}"
        case _:
            return value


@pytest.fixture(scope="module")
def world(country: Country, knowledge: Knowledge) -> Iterator[World]:
    engine = open_engine(load_graph(), country.settings)
    with asyncio.Runner() as runner:
        yield World(runner, engine, knowledge, keys_of(knowledge.tables), defaultdict(Cursors))
        runner.run(engine.stop())


def compare(world: World, written: Written, viewer: Viewer) -> None:
    """Asserts that the engine's answer is the oracle's, to the order of the keys; or that it is refused as it says."""
    cursors = world.cursors[viewer.profile]
    oracle = Oracle(world.knowledge, viewer.profile, viewer.subject, cursors=cursors)
    found = dict(world.ask(written, viewer))
    refused = oracle.refusals(written.document, written.variables, written.name)
    if refused:
        errors = [dict(error) for error in found.pop("errors", ())]
        assert {error["message"] for error in errors} == refused
        assert {dict(error["extensions"])["code"] for error in errors} == {"NOT_SHARED"}
        assert found == {}
        return
    expected = oracle.answer(written.document, written.variables, written.name)
    # A null that must not be: it is the only error the oracle may have, and the engine nulls the same place silently.
    assert all("Cannot return null for non-nullable field Person." in error.message for error in expected.errors or ())
    assert "errors" not in found, found["errors"]
    assert marked(cursors.read(found["data"], expected.data)) == marked(in_order(expected.data))


@pytest.mark.parametrize("name", PROFILES)
def test_the_engine_and_the_oracle_agree(name: str, world: World) -> None:
    profile, reader = PROFILES[name], world.goes_on(name)
    subjects = st.sampled_from(world.keys.numbers) if profile.audience is Audience.CITIZEN else st.none()

    @settings(
        max_examples=EXAMPLES or 30,
        derandomize=not EXAMPLES,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink),
        report_multiple_bugs=False,
    )
    @given(operations(reader), subjects)
    def agree(written: Written, subject: str | None) -> None:
        assert validate(reader.schema, parse(written.document)) == []
        compare(world, written, Viewer(profile, subject))

    agree()


DEPTH = 4


@pytest.mark.parametrize("name", PROFILES)
def test_every_field_a_reader_may_read_is_what_the_oracle_says(name: str, world: World, country: Country) -> None:
    profile, reader = PROFILES[name], world.reader(name)
    person = reader.schema.type_map["Person"]
    assert isinstance(person, GraphQLObjectType)
    sample = country.sample
    subjects = (*oddities.NUMBERS, sample.citizen, sample.soldier, sample.police_officer, sample.conscript)
    if profile.audience is Audience.CITIZEN:
        written = Written(f"{{ me {everything(reader, person, Standing.SELF, DEPTH)} }}", {}, None)
        for subject in subjects:
            compare(world, written, Viewer(profile, subject))
    elif world.knowledge.rules.usable(profile, None, ("Query", "people")):
        body = everything(reader, person, Standing.OFFICIAL, DEPTH)
        written = Written(f"{{ people(personalIds: {json.dumps(subjects)}) {body} }}", {}, None)
        compare(world, written, Viewer(profile))
    else:
        assert "people" not in query_of(reader).fields


def query_of(reader: Reader) -> GraphQLObjectType:
    query = reader.schema.query_type
    assert query is not None
    return query


ROOTS = {
    "employer": f'employer(taxCode: "{oddities.SHARED_EMPLOYER}")',
    "household": f'household(householdId: "{oddities.HOUSEHOLD}")',
    "insuranceBook": 'insuranceBook(bookCode: "SO-RENEWED")',
}


@pytest.mark.parametrize("root", ROOTS)
@pytest.mark.parametrize("name", PROFILES)
def test_every_field_behind_a_root_is_what_the_oracle_says(name: str, root: str, world: World) -> None:
    profile, reader = PROFILES[name], world.reader(name)
    query = query_of(reader)
    if not world.knowledge.rules.usable(profile, None, ("Query", root)):
        assert root not in query.fields
        return
    found = reader.schema.type_map[str(query.fields[root].type)]
    assert isinstance(found, GraphQLObjectType)
    body = everything(reader, found, Standing.OFFICIAL, DEPTH)
    compare(world, Written(f"{{ {ROOTS[root]} {body} }}", {}, None), Viewer(profile))


OFFICER = Viewer(PROFILES["officer"])
EMPLOYER = ROOTS["employer"]
BY_CANCELLED = f'person(personalId: "{oddities.CANCELLED}")'
NUMBERLESS = f'person(personalId: "{oddities.NUMBERLESS}")'

CLAIMS = {
    "a page has its default size": f"{{ {EMPLOYER} {{ participants {{ nodes {{ siNumber }} }} }} }}",
    "a page has its default size for null": (
        f"{{ {EMPLOYER} {{ participants(first: null, last: null) {{ nodes {{ siNumber }} }} }} }}"
    ),
    "a page has its default size for a variable that is not given": (
        f"query ($n: Int) {{ {EMPLOYER} {{ participants(first: $n) {{ nodes {{ siNumber }} }} }} }}"
    ),
    "totals of nothing but their type are one object": (
        f"{{ {BY_CANCELLED} {{ unemploymentInsurance {{ totals {{ __typename }} }} }} }}"
    ),
    "an agency is named without a day of its own": (
        f"{{ {BY_CANCELLED} {{ socialInsurance {{ managingAgency {{ name }} }} }} }}"
    ),
    "who was found by a cancelled number has the book of the present one": (
        f"{{ {BY_CANCELLED} {{ personalId insuranceBook {{ bookCode }} household {{ registeredOn }} }} }}"
    ),
    "who has no number has no section of a book, and is there all the same": (
        f"{{ {NUMBERLESS} {{ healthInsurance {{ cards {{ nodes {{ validTo }} }} }} }} }}"
    ),
    "nothing may be left of a selection": f"{{ {BY_CANCELLED} {{ contact {{ phone @skip(if: true) }} }} }}",
    "nothing may be left of totals": (
        f"{{ {BY_CANCELLED} {{ unemploymentInsurance {{ totals {{ months @skip(if: true) }} }} }} }}"
    ),
    "nothing may be left of an operation": f"{{ {BY_CANCELLED} @skip(if: true) {{ sex }} }}",
    "rough text comes through": (
        f"{{ {BY_CANCELLED} {{ fullName occupation contact {{ bankName }} }} {EMPLOYER} {{ name }} }}"
    ),
}


@pytest.mark.parametrize("claim", CLAIMS)
def test_the_oracle_agrees_that(claim: str, world: World) -> None:
    compare(world, Written(CLAIMS[claim], {}, None), OFFICER)


RELATIVES = f'person(personalId: "{oddities.RELATED}") {{ relatives {{ person {{ %s }} }} }}'
LINKS = {
    "an employer nobody has": (
        'insuranceBook(bookCode: "SO-RENEWED") { contributions { nodes { employer { taxCode %s } } } }',
        "name",
    ),
    "a relative known by a cancelled number": (RELATIVES % "personalId %s", "sex"),
    "the book of a relative known by a cancelled number": (RELATIVES % "insuranceBook { status } %s", "sex"),
}


@pytest.mark.parametrize("link", LINKS)
def test_what_a_link_leads_to_does_not_depend_on_what_else_is_asked(link: str, world: World) -> None:
    document, more = LINKS[link]
    short = world.ask(Written(f"{{ {document % ''} }}", {}, None), OFFICER)
    long = world.ask(Written(f"{{ {document % more} }}", {}, None), OFFICER)
    assert without(long, more) == short


def without(value: Any, name: str) -> Any:
    """The value without the fields of that name."""
    match value:
        case Pairs():
            return Pairs((key, without(inner, name)) for key, inner in value if key != name)
        case list():
            return [without(inner, name) for inner in value]
        case _:
            return value


@pytest.mark.parametrize(
    "key", ["x", "", "\\u0002", "00000000-0000-4000-8000-00000000000g", f"{oddities.HOUSEHOLD}\\u0002", "\\u0000"]
)
def test_an_id_of_no_shape_is_the_key_of_no_row(key: str, world: World) -> None:
    """A global id of an unknown kind equals an absent one (authorization rule 11)."""
    answer = world.ask(Written(f'{{ household(householdId: "{key}") {{ registeredOn }} }}', {}, None), OFFICER)
    assert answer == Pairs([("data", Pairs([("household", None)]))])
