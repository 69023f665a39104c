"""What a reader is not shown he cannot filter or order by: it is unknown to his schema, or refused on its path.

Every input of every list is tried, at every depth that filters have, alone and inside what might hide it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    get_named_type,
    get_nullable_type,
)

from hub.model.mapping import Column, Embedded, Reference, Rows, TypeMapping
from hub.model.viewer import Audience, Profile, RecordClass, Standing, Viewer
from tests.engine import oddities
from tests.engine.country import PROFILES
from tests.engine.rules import DENY, SHOW, after
from tests.lists.asking import COMBINERS
from tests.lists.oracle import YEAR, Listed, usable
from tests.lists.world import SUBJECTS, Asked, Place, World, inputs_of

INNERMOST = 3


def paths(
    world: World, of: GraphQLInputObjectType, on: TypeMapping, listed: Listed, at: Standing, depth: int
) -> Iterator[tuple[tuple[str, ...], list[tuple[Standing, tuple[str, str]]], GraphQLInputType]]:
    """Every way down a filter to an operator object: its names, and what it reads on the way, with standings."""
    for name, one in of.fields.items():
        if name in COMBINERS:
            continue
        mapped, where = on.fields[name], (on.name, name)
        inner = get_named_type(one.type)
        assert isinstance(inner, GraphQLInputObjectType)
        if isinstance(mapped, Column):
            yield (name,), [(at, where)], inner
        elif depth > 1:
            below, there = after(at, where), listed
            steps: tuple[str, ...] = (name,)
            if isinstance(mapped, Reference):
                there = world.homes[get_named_type(world.field(where).type).name]
                node = there.node
            else:
                assert isinstance(mapped, Embedded | Rows)
                node = listed.types[mapped.gives]
            if isinstance(mapped, Rows) and mapped.many:
                inner = get_named_type(inner.fields["some"].type)
                steps = (name, "some")
            for rest, reads, kind in paths(world, inner, node, there, below, depth - 1):
                yield (*steps, *rest), [(at, where), *reads], kind


def literal(of: GraphQLInputType) -> str:
    """Some value of a type."""
    named = get_named_type(of)
    if isinstance(named, GraphQLEnumType):
        text = next(iter(named.values))
    else:
        known = {
            "Boolean": "true",
            "Int": "1",
            "Dong": "1",
            "PersonalId": f'"{oddities.THREEFOLD}"',
            "TaxCode": f'"{oddities.SHARED_EMPLOYER}"',
            "SiNumber": '"0190900004"',
            "Month": '"2020-01"',
            "Date": '"2020-01-01"',
            "DateTime": '"2020-01-01T00:00:00"',
            "PartialDate": '"1990"',
        }
        text = known.get(named.name, '"1"')
    return f"[{text}]" if isinstance(get_nullable_type(of), GraphQLList) else text


WRAPPED = ("%s", "{not: %s}", "{or: [{}, {and: [{not: %s}]}]}")


@pytest.mark.parametrize("name", PROFILES)
def test_an_input_may_be_used_where_what_it_reads_is_shown(name: str, world: World) -> None:
    """Which inputs there are is told by the whole graph; what the reader may do with each, by the policy table."""
    profile = PROFILES[name]
    viewer = Viewer(profile, SUBJECTS[0] if profile.audience is Audience.CITIZEN else None)
    api, tried = world.engine.built.supergraph.api, set()
    for place in world.places(profile):
        whole = world.field(place.where)
        listed = world.lists[place.where]
        if "order" in whole.args:
            for key in inputs_of(whole.args["order"].type):
                allowed = usable(world.knowledge.rules, profile, place.below, (listed.node.name, key), order=True)
                tried.add(try_input(world, viewer, place, f"order: {{{key}: ASC}}", f"order.{key}", allowed))
        if "where" not in whole.args:
            continue
        of = api.type_map[get_named_type(whole.args["where"].type).name]
        assert isinstance(of, GraphQLInputObjectType)
        for number, (steps, reads, kind) in enumerate(paths(world, of, listed.node, listed, place.below, INNERMOST)):
            operator = next(iter(kind.fields))  # type: ignore[union-attr]
            text = f"{{{operator}: {literal(kind.fields[operator].type)}}}"  # type: ignore[union-attr]
            for step in reversed(steps):
                text = f"{{{step}: {text}}}"
            allowed = all(usable(world.knowledge.rules, profile, at, where, order=False) for at, where in reads)
            wrapped = WRAPPED[number % len(WRAPPED)] % text
            tried.add(try_input(world, viewer, place, f"where: {wrapped}", ".".join(steps), allowed))
    assert tried or not world.places(profile)


def try_input(world: World, viewer: Viewer, place: Place, argument: str, steps: str, allowed: bool) -> bool:
    """Asks with an input; asserts that it is used, unknown or refused on its path, as it may be."""
    document = place.document(f"{place.where[1]}({argument}) {{ totalCount }}")
    answer = json.loads(world.ask(document, viewer))
    codes = {error["extensions"]["code"] for error in answer.get("errors", ())}
    if allowed:
        # What nothing serves alone is allowed all the same.
        assert codes <= {"BAD_USER_INPUT", "FILTER_TOO_WIDE"}, (document, answer)
        return True
    assert "data" not in answer, (document, answer)
    assert codes <= {"GRAPHQL_VALIDATION_FAILED", "NOT_SHARED"}, (document, answer)
    for error in answer["errors"]:
        if error["extensions"]["code"] == "NOT_SHARED":
            assert f"`{place.where[1]}` cannot be asked by `" in error["message"]
        else:
            unknown = ("unknown field", "Unknown argument", "does not exist in", "Unknown type")
            assert any(word in error["message"] for word in unknown), error
    return False


def test_what_is_never_shown_is_refused_like_what_was_never_invented(world: World) -> None:
    """An analyst sees no posts."""
    line = '{ employer(taxCode: "%s") { participants { nodes { contributions(where: %s) { totalCount } } } } }'
    for wrapped in ('{%s: {eq: "x"}}', '{not: {%s: {eq: "x"}}}', '{or: [{salary: {eq: 1}}, {and: {%s: {eq: "x"}}}]}'):
        found = []
        for field in ("jobTitle", "jobTitlf"):
            document = line % (oddities.SHARED_EMPLOYER, wrapped % field)
            found.append(world.ask(document, Viewer(PROFILES["analyst"])).decode().replace(field, "it"))
        assert found[0] == found[1]
        assert "GRAPHQL_VALIDATION_FAILED" in found[0]
    whole = f"query ($w: ContributionFilter) {line % (oddities.SHARED_EMPLOYER, '$w')}"
    answers = [
        world.ask(whole, Viewer(PROFILES["analyst"]), {"w": {"not": {field: {"eq": "x"}}}})
        for field in ("jobTitle", "jobTitlf")
    ]
    assert answers[0].decode().replace("jobTitle", "it") == answers[1].decode().replace("jobTitlf", "it")


GUARDIAN = Viewer(PROFILES["citizen"], oddities.RELATED)


@pytest.mark.parametrize(
    ("arguments", "variables", "used"),
    [
        ("where: {salary: {eq: 1}}", {}, "where.salary"),
        ("where: {not: {or: [{salary: {isNull: true}}]}}", {}, "where.not.or.salary"),
        ("where: $w", {"w": {"salary": {"eq": 1}}}, "where.salary"),
        ("where: {and: [{}, $w]}", {"w": {"not": {"salary": {"in": [1]}}}}, "where.and.not.salary"),
        ("order: {salary: ASC}", {}, "order.salary"),
        ("order: $o", {"o": [{"fromMonth": "ASC"}, {"salary": "DESC_NULLS_FIRST"}]}, "order.salary"),
    ],
)
def test_an_input_is_refused_on_a_path_that_does_not_show_it(
    arguments: str, variables: Mapping[str, Any], used: str, world: World
) -> None:
    """A guardian reads whether a child is insured, and no amounts; of himself he reads both."""
    declared = {"w": "$w: ContributionFilter!", "o": "$o: [ContributionOrder!]"}
    head = f"query ({', '.join(declared[name] for name in variables)}) " if variables else ""
    lines = f"insuranceBook {{ contributions({arguments}) {{ totalCount }} }}"
    assert "errors" not in json.loads(world.ask(f"{head}{{ me {{ {lines} }} }}", GUARDIAN, variables))
    assert world.errors(f"{head}{{ me {{ wards {{ person {{ {lines} }} }} }} }}", GUARDIAN, variables) == [
        (
            "NOT_SHARED",
            f"`contributions` cannot be asked by `{used}` here: me.wards.person.insuranceBook.contributions",
        )
    ]


def denied_somewhere(world: World, profile: Profile, place: Place) -> Iterator[tuple[str, frozenset[RecordClass]]]:
    """Columns of a list's rows that some class shows and some denies, with these."""
    where = place.field.args.get("where")
    listed = world.lists[place.where]
    for name in inputs_of(where.type) if where else ():
        if isinstance(listed.node.fields.get(name), Column):
            given = world.knowledge.rules.given(profile, place.below, (listed.node.name, name))
            denied = frozenset(of for of, effect in given.items() if effect == DENY)
            if denied and set(given.values()) <= {DENY, SHOW, YEAR} and len(denied) < len(given):
                yield name, denied


def test_a_class_that_denies_a_field_has_no_value_there(world: World) -> None:
    """For whoever is cleared for the rows and not for the field: nothing equals it, and it is null."""
    found = 0
    for name, profile in PROFILES.items():
        viewer = Viewer(profile, SUBJECTS[0] if profile.audience is Audience.CITIZEN else None)
        for place in world.places(profile) if profile.audience is not Audience.CITIZEN else ():
            if not place.single:
                continue
            for field, denied in denied_somewhere(world, profile, place):
                talk = world.conversation(viewer)
                for asked in ("isNull: true", "isNull: false"):
                    where = f"where: {{{field}: {{{asked}}}}}, first: 500"
                    page = f"{place.where[1]}({where}) {{ totalCount nodes {{ recordClass }} }}"
                    answer = place.found(talk.agree(Asked(place.document(page))))
                    classes = {RecordClass[one["recordClass"]] for one in answer["nodes"]}
                    assert classes, name
                    assert classes >= denied if asked == "isNull: true" else not classes & denied
                    found += 1
    assert found


def test_a_date_masked_to_its_year_is_compared_by_the_year(world: World) -> None:
    """An analyst sees years of birth: of what is known more exactly he learns nothing by asking for it."""
    analyst, officer = Viewer(PROFILES["analyst"]), Viewer(PROFILES["officer"])
    days = [row["birth_date"] for row in world.knowledge.tables.rows[RecordClass.CIVILIAN, "person"]]
    exact = next(day for day in days if len(day) == 10)
    year = exact[:4]
    asked = {
        f'eq: "{year}"': True,
        f'within: "{year}"': True,
        f'in: ["{year}", "1800"]': True,
        f'from: "{year}", to: "{year}"': True,
        f'from: "{year}", to: "{exact[:7]}"': True,
        f'eq: "{exact}"': False,
        f'in: ["{exact}"]': False,
        f'within: "{exact[:7]}"': False,
        f'within: "{exact}"': False,
        f'from: "{exact}", to: "{year}"': False,
    }
    of_year = sum(day.startswith(year) for day in days)
    for condition, whole_year in asked.items():
        document = f"{{ persons(where: {{birthDate: {{{condition}}}}}) {{ totalCount nodes {{ birthDate }} }} }}"
        found = world.conversation(analyst).agree(Asked(document))["persons"]
        assert found["totalCount"] == (of_year if whole_year else 0), condition
        assert {node["birthDate"] for node in found["nodes"]} == ({year} if whole_year else set())
        world.conversation(officer).agree(Asked(document))
    errors = world.errors("{ persons(order: {birthDate: ASC}) { totalCount } }", analyst)
    assert [code for code, _ in errors] == ["GRAPHQL_VALIDATION_FAILED"]
