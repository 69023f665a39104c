"""A source that stands alone as a subgraph: what a hub and a reader are given there, and what they are not.

The oracle is the whole hub, which other tests hold against rows: what a hub gets from a source that stands alone, on
behalf of a reader, is what that reader gets of it in one process.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pytest
from graphql import GraphQLSchema, parse, print_ast
from graphql.language import (
    EnumTypeDefinitionNode,
    InterfaceTypeDefinitionNode,
    ObjectTypeDefinitionNode,
    ObjectTypeExtensionNode,
)

from hub.compose import compose, compose_alone
from hub.engine import Engine, open_engine, open_subgraph
from hub.model.request import Request
from hub.model.source import Asked
from hub.model.supergraph import Subgraph
from hub.model.viewer import Audience, Profile, RecordClass, Standing, Universe, Viewer, standings
from hub.settings import SOURCES, SourceDsns
from tests.engine import oddities
from tests.engine.country import CLEARED, PROFILES, PURPOSE, UNCLEARED, Country, load_graph
from tests.engine.oracle import Tables

OFFICER = PROFILES["officer"]
ANALYST = PROFILES["analyst"]
CITIZEN = PROFILES["citizen"]


def hub_for(profile: Profile, standing: Standing = Standing.OFFICIAL) -> Viewer:
    """A hub that asks for a reader of this profile who stands so to what it asks for."""
    return Viewer(replace(profile, asserted=standing))


@dataclass(frozen=True, slots=True)
class Sources:
    """Every source by itself, and the hub that has them all."""

    runner: asyncio.Runner
    alone: Mapping[str, Engine]
    whole: Engine

    def body(self, source: str, viewer: Viewer, document: str, **variables: Any) -> bytes:
        return self.runner.run(self.alone[source].execute(Request(document, None, variables, PURPOSE), viewer)).body

    def ask(self, source: str, viewer: Viewer, document: str, **variables: Any) -> Any:
        return json.loads(self.body(source, viewer, document, **variables))

    def hub(self, viewer: Viewer, document: str, **variables: Any) -> Any:
        request = Request(document, None, variables, PURPOSE)
        found = json.loads(self.runner.run(self.whole.execute(request, viewer)).body)
        assert "errors" not in found, found
        return found["data"]

    def entities(self, source: str, viewer: Viewer, selection: str, *representations: Any) -> Any:
        """The entities, of an answer without errors."""
        document = f"query ($r: [_Any!]!) {{ _entities(representations: $r) {{ {selection} }} }}"
        found = self.ask(source, viewer, document, r=representations)
        assert "errors" not in found, found
        return found["data"]["_entities"]


@pytest.fixture(scope="module")
def sources(country: Country) -> Iterator[Sources]:
    graph = load_graph()
    alone = {source: open_subgraph(graph, source, country.settings) for source in SOURCES}
    whole = open_engine(graph, country.settings)
    with asyncio.Runner() as runner:
        yield Sources(runner, alone, whole)
        for engine in (*alone.values(), whole):
            runner.run(engine.stop())


def person(number: str) -> dict[str, str]:
    return {"__typename": "Person", "personalId": number}


# --- a hub reads what the reader it asks for would read --------------------------------------------------------------

OF_PERSON: Mapping[str, str] = {
    "population": "givenName sex lifeStatus permanentResidence { province { code name } }",
    "household": "household { registrationType registeredOn members { relationship since } } membership { since }",
    "insurance": "insuranceBook { status totals { months } } healthInsurance { cards { nodes { validTo } } }",
}
"""What each source has of a person, of fields that every official sees in the hub."""

OFFICIALS = [name for name, one in PROFILES.items() if one.audience in (Audience.OFFICER, Audience.DEFENCE_OFFICER)]
OFFICIALS += [name for name, one in PROFILES.items() if one.audience is Audience.SECURITY_OFFICER]


@pytest.mark.parametrize("name", [*OFFICIALS, "partner of everything"])
@pytest.mark.parametrize("source", OF_PERSON)
def test_an_official_gets_through_a_hub_what_he_gets_in_one_process(
    sources: Sources, country: Country, source: str, name: str
) -> None:
    # Another number than today's is known to the population register alone, which stands between them in the hub.
    numbers = [
        *sorted({*oddities.NUMBERS} - {oddities.CANCELLED, oddities.NUMBERLESS}),
        country.sample.citizen,
        country.sample.soldier,
    ]
    selection = OF_PERSON[source]
    document = f"query ($k: [PersonalId!]!) {{ people(personalIds: $k) {{ {selection} }} }}"
    right = sources.hub(Viewer(PROFILES[name]), document, k=numbers)["people"]
    found = sources.entities(source, hub_for(PROFILES[name]), f"... on Person {{ {selection} }}", *map(person, numbers))
    known = [(one, other) for one, other in zip(found, right, strict=True) if other is not None]
    assert known
    # An object of which a source has nothing is null there, and in the hub each of its fields.
    assert [one or dict.fromkeys(other) for one, other in known] == [other for _, other in known]


OF_OTHERS: Mapping[str, tuple[str, str, str, Mapping[str, Any], str]] = {
    "employer": (
        "employer",
        "query ($k: TaxCode!) { employer(taxCode: $k) { S } }",
        "Employer",
        {"taxCode": oddities.SHARED_EMPLOYER},
        "name taxCode",
    ),
    "its people": (
        "insurance",
        "query ($k: TaxCode!) { employer(taxCode: $k) { S } }",
        "Employer",
        {"taxCode": oddities.SHARED_EMPLOYER},
        "participants(first: 3) { nodes { status salary } }",
    ),
    "a household": (
        "household",
        "query ($k: ID!) { household(householdId: $k) { S } }",
        "Household",
        {"householdId": oddities.DEFENCE_HOUSEHOLD},
        "registrationType members { relationship }",
    ),
    "a book": (
        "insurance",
        "query ($k: BookCode!) { insuranceBook(bookCode: $k) { S } }",
        "InsuranceBook",
        {"bookCode": "SO-DEFENCE"},
        "status totals { months lines } contributions { nodes { fromMonth salary } }",
    ),
}


@pytest.mark.parametrize("name", OFFICIALS)
@pytest.mark.parametrize("what", OF_OTHERS)
def test_every_entity_is_found_by_its_key_in_the_universe_of_the_reader(sources: Sources, what: str, name: str) -> None:
    source, document, entity, key, selection = OF_OTHERS[what]
    (value,) = key.values()
    (right,) = sources.hub(Viewer(PROFILES[name]), document.replace("S }", f"{selection} }}"), k=value).values()
    representation = {"__typename": entity, **key}
    (found,) = sources.entities(source, hub_for(PROFILES[name]), f"... on {entity} {{ {selection} }}", representation)
    assert found == right


@pytest.mark.parametrize("name", [name for name, one in PROFILES.items() if one.audience is Audience.CITIZEN])
@pytest.mark.parametrize("source", OF_PERSON)
def test_a_citizen_gets_through_a_hub_what_he_gets_of_himself(
    sources: Sources, country: Country, source: str, name: str
) -> None:
    sample, selection = country.sample, f"personalId {OF_PERSON[source]}"
    for number in (sample.citizen, sample.soldier, sample.police_officer, sample.conscript, oddities.THREEFOLD):
        right = sources.hub(Viewer(PROFILES[name], number), f"{{ me {{ {selection} }} }}")["me"]
        (found,) = sources.entities(
            source, hub_for(PROFILES[name], Standing.SELF), f"... on Person {{ {selection} }}", person(number)
        )
        if right is None:
            # His record is at home in the population register; what others know of him, that one cannot say.
            assert source != "population" or found is None
        else:
            assert found == right


def test_the_standing_weakens_within_a_source_as_it_does_in_the_hub(sources: Sources, country: Country) -> None:
    soldier = PROFILES["soldier"]
    members = "household { members { relationship since } }"
    right = sources.hub(Viewer(soldier, country.sample.soldier), f"{{ me {{ {members} }} }}")["me"]
    (found,) = sources.entities(
        "household", hub_for(soldier, Standing.SELF), f"... on Person {{ {members} }}", person(country.sample.soldier)
    )
    assert found == right
    official = hub_for(PROFILES["officer cleared for defence"])
    everybody = f"... on Person {{ {members} }}"
    (more,) = sources.entities("household", official, everybody, person(country.sample.soldier))
    assert 0 < len(found["household"]["members"]) < len(more["household"]["members"]), "a defence row is not his own"


@pytest.mark.parametrize("standing", [Standing.GUARDIAN, Standing.HOUSEHOLD])
def test_the_asserted_standing_decides_what_is_given_and_how(
    sources: Sources, country: Country, standing: Standing
) -> None:
    number = country.sample.citizen
    by_standing = {
        one: sources.entities("population", hub_for(CITIZEN, one), "... on Person { birthDate }", person(number))
        for one in (Standing.SELF, standing)
    }
    ((own,), (others,)) = by_standing.values()
    assert others["birthDate"] == own["birthDate"][:4]
    assert len(own["birthDate"]) > 4
    refused = sources.ask(
        "population",
        hub_for(CITIZEN, standing),
        "query ($r: [_Any!]!) { _entities(representations: $r) { ... on Person { personalId } } }",
        r=[person(number)],
    )
    assert refused["errors"][0]["message"] == "`personalId` is not shared here: _entities.personalId"
    assert "data" not in refused


def test_a_partners_hub_has_seen_the_purpose_and_the_agreement_ends_here_too(country: Country) -> None:
    partner = PROFILES["partner of everything"]
    request = Request(
        "query ($r: [_Any!]!) { _entities(representations: $r) { ... on Person { lifeStatus } } }",
        None,
        {"r": [person(country.sample.citizen)]},
    )
    engine = open_subgraph(load_graph(), "population", country.settings)
    late = Engine(engine.built, engine.sources, pseudonym_secret=b"x" * 32, today=lambda: date(2100, 1, 1))

    async def both() -> tuple[bytes, bytes]:
        try:
            answers = [await one.execute(request, hub_for(partner)) for one in (engine, late)]
            return answers[0].body, answers[1].body
        finally:
            await engine.stop()

    today, later = asyncio.run(both())
    assert json.loads(today)["data"] == {"_entities": [{"lifeStatus": "ALIVE"}]}
    assert json.loads(later)["errors"][0]["extensions"]["code"] == "AGREEMENT_EXPIRED"


# --- keys -----------------------------------------------------------------------------------------------------------


def test_a_key_is_given_to_a_hub_under_its_own_name_and_a_value_as_the_policy_says(
    sources: Sources, tables: Tables
) -> None:
    number = oddities.RENEWED
    (raw,) = (one["id"] for one in tables.where(RecordClass.CIVILIAN, "person", "personal_id", number))
    (found,) = sources.entities(
        "population", hub_for(ANALYST), "... on Person { id _key_id: id _key_personalId: personalId }", person(number)
    )
    assert (found["_key_id"], found["_key_personalId"]) == (str(raw), number)
    assert found["id"] != str(raw)
    assert len(found["id"]) == 32


@pytest.mark.parametrize("asked", ["personalId", "number: personalId", "_key_id: personalId", "_key_: personalId"])
def test_under_any_other_name_a_key_that_is_denied_stays_denied(sources: Sources, asked: str) -> None:
    document = f"query ($r: [_Any!]!) {{ _entities(representations: $r) {{ ... on Person {{ {asked} }} }} }}"
    found = sources.ask("population", hub_for(ANALYST), document, r=[person(oddities.RENEWED)])
    assert found["errors"][0]["extensions"]["code"] == "NOT_SHARED"
    assert oddities.RENEWED not in json.dumps(found)


def test_of_what_is_no_key_that_name_shows_no_more_than_any_other(sources: Sources) -> None:
    household = hub_for(CITIZEN, Standing.HOUSEHOLD)
    fields = "birthDate _key_birthDate: birthDate"
    (found,) = sources.entities("population", household, f"... on Person {{ {fields} }}", person(oddities.RENEWED))
    assert found["birthDate"] == found["_key_birthDate"]
    assert len(found["birthDate"]) == 4
    document = (
        "query ($r: [_Any!]!) { _entities(representations: $r) { ... on Person { _key_occupation: occupation } } }"
    )
    refused = sources.ask("population", household, document, r=[person(oddities.RENEWED)])
    assert refused["errors"][0]["extensions"]["code"] == "NOT_SHARED"


def test_a_reader_with_a_token_of_his_own_gains_nothing_by_that_name(sources: Sources) -> None:
    document = "query ($k: PersonalId!) { person(personalId: $k) { id _key_id: id } }"
    viewer = Viewer(PROFILES["partner of everything"])
    request = Request(document, None, {"k": oddities.RENEWED}, PURPOSE)
    found = json.loads(sources.runner.run(sources.alone["population"].execute(request, viewer)).body)["data"]["person"]
    assert found["id"] == found["_key_id"]
    assert len(found["id"]) == 32


def test_a_link_to_another_source_is_a_stub_with_its_key(sources: Sources) -> None:
    employer = "employer { __typename _key_taxCode: taxCode }"
    selection = f"contributions {{ nodes {{ fromMonth {employer} }} }} holder {{ _key_personalId: personalId }}"
    book = {"__typename": "InsuranceBook", "bookCode": "SO-RENEWED"}
    (found,) = sources.entities("insurance", hub_for(OFFICER), f"... on InsuranceBook {{ {selection} }}", book)
    assert found["holder"] == {"_key_personalId": oddities.RENEWED}
    lines = {line["fromMonth"]: line["employer"] for line in found["contributions"]["nodes"]}
    assert lines["2019-11"]["__typename"] == "Employer"
    assert "2015-01" not in lines, "a line of military service"


def test_what_this_source_adds_to_a_stub_is_found_by_its_key(sources: Sources) -> None:
    selection = "holder { _key_personalId: personalId insuranceBook { bookCode } }"
    book = {"__typename": "InsuranceBook", "bookCode": "SO-RENEWED"}
    (found,) = sources.entities("insurance", hub_for(OFFICER), f"... on InsuranceBook {{ {selection} }}", book)
    assert found["holder"]["insuranceBook"] == {"bookCode": "SO-RENEWED"}


# --- a reader with a token of his own --------------------------------------------------------------------------------


def test_an_official_enters_by_keys_that_he_is_shown(sources: Sources) -> None:
    selection = "... on Person { household { registrationType } }"
    asked = [person(oddities.RENEWED), person(oddities.THREEFOLD)]
    own = sources.entities("household", Viewer(OFFICER), selection, *asked)
    assert own == sources.entities("household", hub_for(OFFICER), selection, *asked)
    assert any(own)


def test_an_analyst_enters_by_no_number(sources: Sources) -> None:
    document = "query ($r: [_Any!]!) { _entities(representations: $r) { ... on Employer { __typename } } }"
    found = sources.ask("insurance", Viewer(ANALYST), document, r=[person(oddities.RENEWED)])
    assert found["data"] == {"_entities": [None]}
    assert found["errors"][0]["message"] == "`Person` cannot be asked for here: there is `Employer`"


@pytest.mark.parametrize(
    "name", [name for name, one in PROFILES.items() if one.audience in (Audience.CITIZEN, Audience.PARTNER)]
)
@pytest.mark.parametrize("source", SOURCES)
def test_to_citizens_and_partners_entities_are_not_there(sources: Sources, source: str, name: str) -> None:
    contract = sources.alone[source].contract(PROFILES[name])
    assert not {"_Any", "_Entity"} & contract.type_map.keys()
    asked = [
        sources.body(
            source, Viewer(PROFILES[name], oddities.RENEWED), f"{{ {field}(representations: []) {{ __typename }} }}"
        )
        for field in ("_entities", "_entitled")
    ]
    assert asked[0].replace(b"_entities", b"_entitled") == asked[1]
    assert b"Cannot query field" in asked[0]


def test_a_citizen_reads_what_starts_at_himself(sources: Sources, country: Country) -> None:
    viewer = Viewer(CITIZEN, country.sample.citizen)
    assert sources.ask("population", viewer, "{ me { fullName } }") == {
        "data": {"me": {"fullName": country.sample.citizen_name}}
    }
    nothing = sources.alone["insurance"].contract(CITIZEN).query_type
    assert nothing is not None
    assert set(nothing.fields) == {"_service"}


@pytest.mark.parametrize("name", [name for name, one in PROFILES.items() if one.audience is not Audience.PARTNER])
def test_no_link_out_of_the_source_is_in_a_readers_own_schema(sources: Sources, name: str) -> None:
    """A stub would say by its key what the home of the record would hide: of a defence employer, its tax code."""
    away = {
        "household": ("HouseholdMember", {"person", "participant", "initialFacility"}),
        "insurance": ("Contribution", {"employer"}),
        "employer": ("Employer", {"legalRepresentative"}),
    }
    for source, (type_name, fields) in away.items():
        own = sources.alone[source].contract(PROFILES[name]).type_map.get(type_name)
        assert own is None or not fields & set(own.fields)  # type: ignore[attr-defined]
    asserted = sources.alone["household"].contract(replace(OFFICER, asserted=Standing.OFFICIAL))
    assert away["household"][1] <= set(asserted.type_map["HouseholdMember"].fields)  # type: ignore[attr-defined]


def test_a_link_within_the_source_is_there(sources: Sources) -> None:
    document = "query ($k: PersonalId!) { person(personalId: $k) { relatives { person { personalId } } } }"
    own = sources.ask("population", Viewer(OFFICER), document, k=oddities.RELATED)["data"]
    assert own == sources.hub(Viewer(OFFICER), document, k=oddities.RELATED)


# --- representations -------------------------------------------------------------------------------------------------

STRANGER = "001190900099"
"""A number that no register knows."""

HIDDEN: Mapping[str, tuple[str, str, str, Sequence[str], str]] = {
    # entity and source: key, of whom only other classes know, of nobody, what is asked
    "Person of population": (
        "population", "Person", "personalId",
        (oddities.DEFENCE_ONLY, oddities.POLICE_ONLY, oddities.NOBODY, "no number", "001190", ""), "sex fullName",
    ),
    "Person of household": (
        "household", "Person", "personalId",
        (oddities.DEFENCE_ONLY, oddities.POLICE_ONLY, STRANGER, "?"), "household { registeredOn }",
    ),
    "Person of insurance": (
        "insurance", "Person", "personalId",
        (oddities.DEFENCE_ONLY, oddities.POLICE_ONLY, oddities.NOBODY, "?"),
        "insuranceBook { status } healthInsurance { cards { nodes { validTo } } } socialInsurance { status }",
    ),
    "Household": (
        "household", "Household", "householdId",
        (oddities.DEFENCE_HOUSEHOLD, oddities.NO_HOUSEHOLD, "no uuid"), "registeredOn members { since }",
    ),
    "InsuranceBook": ("insurance", "InsuranceBook", "bookCode", ("SO-DEFENCE", "SO-NOBODY"), "status totals { lines }"),
    "Employer": (
        "employer", "Employer", "taxCode",
        (oddities.DEFENCE_EMPLOYER, oddities.POLICE_EMPLOYER, oddities.NO_EMPLOYER), "name units { unitCode }",
    ),
    "Facility": (
        "employer", "Facility", "code",
        (oddities.DEFENCE_FACILITY, oddities.POLICE_FACILITY, oddities.NO_FACILITY), "name",
    ),
}  # fmt: skip


@pytest.mark.parametrize("caller", ["a hub", "an officer"])
@pytest.mark.parametrize("what", HIDDEN)
def test_hidden_and_absent_give_the_same_bytes(sources: Sources, what: str, caller: str) -> None:
    source, entity, field, keys, selection = HIDDEN[what]
    viewer = hub_for(OFFICER) if caller == "a hub" else Viewer(OFFICER)
    document = f"query ($r: [_Any!]!) {{ _entities(representations: $r) {{ ... on {entity} {{ {selection} }} }} }}"
    bodies = {sources.body(source, viewer, document, r=[{"__typename": entity, field: key}]) for key in keys}
    assert len(bodies) == 1
    assert b"errors" not in bodies.pop()
    cleared = hub_for(PROFILES["officer cleared for all"])
    shown = sources.body(source, cleared, document, r=[{"__typename": entity, field: keys[0]}])
    assert shown not in bodies
    assert shown != sources.body(source, cleared, document, r=[{"__typename": entity, field: keys[-1]}])


@pytest.mark.parametrize("name", UNCLEARED)
def test_who_is_not_cleared_gets_through_a_hub_the_same_from_an_instance_without_the_secret(
    sources: Sources, country: Country, name: str
) -> None:
    profile = PROFILES[name]
    dsns = {one: {Universe.CIVILIAN: of[Universe.CIVILIAN]} for one, of in country.settings.dsns.by_source.items()}
    civilian = open_subgraph(load_graph(), "insurance", replace(country.settings, dsns=SourceDsns(dsns)))
    document = "query ($r: [_Any!]!) { _entities(representations: $r) { ... on Person { insuranceBook { status } } } }"
    asked = {"r": [person(number) for number in oddities.NUMBERS]}
    try:
        for standing in standings(profile.audience):
            viewer = hub_for(profile, standing)
            other = sources.runner.run(civilian.execute(Request(document, None, asked), viewer)).body
            assert sources.body("insurance", viewer, document, **asked) == other
    finally:
        sources.runner.run(civilian.stop())


def test_answers_stand_where_they_were_asked_for_and_what_is_asked_twice_is_asked_once(
    sources: Sources, country: Country
) -> None:
    engine = sources.alone["household"]
    real = engine.sources["household"]
    questions: list[tuple[str, list[str]]] = []

    class Heard:
        """The real source, and what it was asked."""

        name, together = real.name, real.together
        question, readable, width = real.question, real.readable, real.width
        resting, ready, close = real.resting, real.ready, real.close

        async def ask(self, asked: Sequence[Asked]) -> Any:
            questions.extend((question.fetch.type, list(keys)) for question, _, keys in asked)
            return await real.ask(asked)

    heard = Engine(engine.built, {"household": Heard()}, pseudonym_secret=b"x" * 32)
    nobody, one, other = person(STRANGER), person(country.sample.citizen), person(country.sample.conscript)
    home = {"__typename": "Household", "householdId": oddities.NO_HOUSEHOLD}
    asked = [one, nobody, home, other, one, nobody, one]
    document = (
        "query ($r: [_Any!]!) { _entities(representations: $r) { __typename"
        " ... on Person { _key_personalId: personalId household { registrationType } }"
        " ... on Household { registrationType } } }"
    )
    request = Request(document, None, {"r": asked})
    body = sources.runner.run(heard.execute(request, hub_for(OFFICER))).body
    found = json.loads(body)["data"]["_entities"]
    number = country.sample
    expected = [number.citizen, None, None, number.conscript, number.citizen, None, number.citizen]
    assert [item and item["_key_personalId"] for item in found] == expected
    assert sorted(questions) == [
        ("Household", [oddities.NO_HOUSEHOLD]),
        ("Person", [country.sample.citizen, STRANGER, country.sample.conscript]),
    ]


def test_an_entity_is_found_by_each_of_its_keys(sources: Sources, tables: Tables) -> None:
    (row,) = tables.where(RecordClass.CIVILIAN, "person", "personal_id", oddities.RENEWED)
    by_number, by_id, by_id_in_capitals = sources.entities(
        "population",
        hub_for(OFFICER),
        "... on Person { _key_id: id }",
        person(oddities.RENEWED),
        {"__typename": "Person", "id": str(row["id"])},
        {"__typename": "Person", "id": str(row["id"]).upper()},
    )
    assert by_number == by_id == by_id_in_capitals == {"_key_id": str(row["id"])}


def test_a_composite_key_is_found_as_a_whole(sources: Sources, tables: Tables) -> None:
    row = next(one for one in tables.rows[RecordClass.CIVILIAN, "employer_unit"] if one["object_group"])
    right = {"__typename": "EmployerUnit", "taxCode": row["tax_code"], "objectGroup": row["object_group"]}
    found = sources.entities(
        "employer", hub_for(OFFICER), "... on EmployerUnit { unitCode }", right, right | {"objectGroup": "??"}
    )
    assert found == [{"unitCode": row["unit_code"]}, None]


def test_what_is_beside_the_key_is_not_looked_at_and_a_type_that_is_not_selected_is_empty(sources: Sources) -> None:
    asked = person(oddities.RENEWED) | {"household": {"more": [1]}, "salary": 1}
    assert sources.entities("population", hub_for(OFFICER), "... on Person { __typename }", asked) == [
        {"__typename": "Person"}
    ]
    other = {"__typename": "Facility", "code": oddities.CIVILIAN_FACILITY}
    assert sources.entities("household", hub_for(OFFICER), "... on Person { __typename }", other) == [{}]


def test_representations_may_stand_in_the_document(sources: Sources) -> None:
    document = (
        'query ($n: PersonalId!) { _entities(representations: [{__typename: "Person", personalId: $n}, '
        f'{{__typename: "Person", personalId: "{oddities.NOBODY}"}}]) {{ ... on Person {{ sex }} }} }}'
    )
    found = sources.ask("population", hub_for(OFFICER), document, n=oddities.RENEWED)
    assert [one is None for one in found["data"]["_entities"]] == [False, True]


KNOWN = "`Participant`, `InsuranceBook`, `Person`, `Employer`, `EmployerUnit`, `Facility`"


@pytest.mark.parametrize(
    "representation, said",
    [
        ("Person", 'a representation is an object: `{"__typename": ..., ...}` with the fields of a key'),
        ([], 'a representation is an object: `{"__typename": ..., ...}` with the fields of a key'),
        ({}, "a representation needs its `__typename`"),
        ({"__typename": 1}, "a representation needs its `__typename`"),
        ({"__typename": "Contribution", "id": "1"}, f"`Contribution` cannot be asked for here: there is {KNOWN}"),
        ({"__typename": "Elephant", "id": "1"}, f"`Elephant` cannot be asked for here: there is {KNOWN}"),
        ({"__typename": "Person"}, "a representation of `Person` needs `personalId`"),
        ({"__typename": "Person", "personalid": "1"}, "a representation of `Person` needs `personalId`"),
        ({"__typename": "InsuranceBook"}, "a representation of `InsuranceBook` needs `bookCode` or `personalId`"),
        (
            {"__typename": "EmployerUnit", "taxCode": "1"},
            "a representation of `EmployerUnit` needs `taxCode` and `objectGroup`",
        ),
        ({"__typename": "Person", "personalId": None}, "`personalId` of a `Person` is a string"),
        ({"__typename": "Person", "personalId": ["1"]}, "`personalId` of a `Person` is a string"),
        ({"__typename": "Person", "personalId": True}, "`personalId` of a `Person` is a string"),
        ({"__typename": "Person", "personalId": 1.5}, "`personalId` of a `Person` is a string"),
        *(
            (
                {"__typename": "Person", "personalId": f"0011{sign}90900002"},
                "`personalId` of a `Person` has a character that no key has",
            )
            for sign in ("\x00", "\x01", "\x02", "\x05", "\ue000", "\n")
        ),
    ],
)
def test_a_bad_representation_fails_alone(sources: Sources, representation: Any, said: str) -> None:
    asked = [person(oddities.RENEWED), representation, person(oddities.NOBODY)]
    book = "... on Person { insuranceBook { bookCode } }"
    document = f"query ($r: [_Any!]!) {{ found: _entities(representations: $r) {{ {book} }} }}"
    found = sources.ask("insurance", hub_for(OFFICER), document, r=asked)
    assert found == {
        "data": {
            "found": [{"insuranceBook": {"bookCode": "SO-RENEWED"}}, None, {"insuranceBook": None}],
        },
        "errors": [{"message": said, "path": ["found", 1], "extensions": {"code": "BAD_USER_INPUT"}}],
    }


def test_the_number_of_representations_is_bounded(sources: Sources) -> None:
    document = "query ($r: [_Any!]!) { _entities(representations: $r) { __typename } }"
    found = sources.ask("household", hub_for(OFFICER), document, r=[person("1")] * 10_001)
    assert found == {
        "errors": [
            {
                "message": "`_entities` takes at most 10000 representations, and 10001 were given",
                "extensions": {"code": "BAD_USER_INPUT"},
            }
        ]
    }
    assert sources.ask("household", hub_for(OFFICER), document, r=[])["data"] == {"_entities": []}


# --- what a subgraph says of itself ---------------------------------------------------------------------------------


def described_to(sources: Sources, source: str, viewer: Viewer) -> str:
    asked = sources.ask(source, viewer, "{ _service { sdl } again: _service { text: sdl } }")["data"]
    assert asked["again"] == {"text": asked["_service"]["sdl"]}
    sdl: str = asked["_service"]["sdl"]
    return sdl


def fields_of(schema: GraphQLSchema) -> set[tuple[str, str, str]]:
    return {
        (name, field, f"{of.type} {sorted(of.args)}")
        for name, found in schema.type_map.items()
        if not name.startswith("_")
        for field, of in getattr(found, "fields", {}).items()
        if not field.startswith("_") and hasattr(of, "args")
    }


def read(sdl: str) -> set[tuple[str, str, str]]:
    return {
        (
            node.name.value,
            field.name.value,
            f"{print_ast(field.type)} {sorted(a.name.value for a in field.arguments or ())}",
        )
        for node in parse(sdl).definitions
        if isinstance(node, (ObjectTypeDefinitionNode, ObjectTypeExtensionNode, InterfaceTypeDefinitionNode))
        for field in node.fields or ()
    }


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize("source", SOURCES)
def test_the_sdl_has_what_is_in_the_contract_and_nothing_else(sources: Sources, source: str, name: str) -> None:
    profile = PROFILES[name]
    for viewer in (Viewer(profile), *(hub_for(profile, one) for one in standings(profile.audience))):
        sdl = described_to(sources, source, viewer)
        contract = sources.alone[source].contract(viewer.profile)
        assert read(sdl) == fields_of(contract)
        values = {
            (node.name.value, value.name.value)
            for node in parse(sdl).definitions
            if isinstance(node, EnumTypeDefinitionNode)
            for value in node.values or ()
        }
        assert values == {
            (one, value)
            for one, found in contract.type_map.items()
            if not one.startswith("__") and hasattr(found, "values")
            for value in found.values
        }
        assert not {"@label", "@heldBy"} & set(sdl.replace("(", " ").split())
        if "type Query" in sdl:
            compose_alone(Subgraph(source, sdl))  # a key of fields that are not there would be no key


@pytest.mark.parametrize("name", UNCLEARED)
@pytest.mark.parametrize("source", SOURCES)
def test_the_sdl_tells_who_is_not_cleared_of_no_class(sources: Sources, source: str, name: str) -> None:
    for viewer in (Viewer(PROFILES[name]), hub_for(PROFILES[name], standings(PROFILES[name].audience)[-1])):
        sdl = described_to(sources, source, viewer)
        assert "recordClass" not in sdl
        assert "DEFENCE" not in sdl
        assert "PUBLIC_SECURITY" not in sdl


def test_a_cleared_reader_sees_the_class(sources: Sources) -> None:
    assert CLEARED
    assert "recordClass" in described_to(sources, "population", Viewer(PROFILES["officer cleared for all"]))


@pytest.mark.parametrize("name", ["officer", "officer cleared for all", "defence officer", "partner of everything"])
def test_what_the_four_say_to_a_hub_composes_to_what_its_reader_sees_of_the_whole(sources: Sources, name: str) -> None:
    viewer = hub_for(PROFILES[name])
    graph = compose([Subgraph(source, described_to(sources, source, viewer)) for source in SOURCES])
    whole = {(one, field) for one, field, _ in fields_of(sources.whole.contract(PROFILES[name]))}
    assert whole <= {(one, field) for one, field, _ in fields_of(graph.api)}


@pytest.mark.parametrize("source", SOURCES)
def test_what_is_not_in_the_contract_was_never_invented(sources: Sources, source: str) -> None:
    """A field of the whole graph that the reader is denied gets the answer of one that does not exist."""
    hidden = {
        (type_name, field)
        for type_name, field, _ in read(sources.alone[source].built.declared.subgraphs[0].sdl)
        if not field.startswith("_") and not type_name.startswith("_")
    } - {(type_name, field) for type_name, field, _ in fields_of(sources.alone[source].contract(OFFICER))}
    entities = sources.alone[source].built.rules.entered_by(OFFICER)
    tried = [(type_name, field) for type_name, field in sorted(hidden) if type_name in entities]
    assert tried
    for type_name, field in tried:
        document = f"query ($r: [_Any!]!) {{ _entities(representations: $r) {{ ... on {type_name} {{ FIELD }} }} }}"
        said, invented = (
            sources.ask(source, Viewer(OFFICER), document.replace("FIELD", one), r=[])["errors"][0]["message"]
            for one in (field, "zzzzzzzz")
        )
        assert said.partition(" Did you mean")[0] == invented.replace("zzzzzzzz", field)
