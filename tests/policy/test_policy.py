"""Who sees what, before anything is read: contract schemas, standing along a path, refusals."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from graphql import GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema, get_introspection_query, graphql_sync

from hub.cli.endpoint import load_graph
from hub.engine import Built, Engine, build
from hub.errors import Refused
from hub.model.authorized import Grant
from hub.model.request import Request
from hub.model.viewer import Audience, Profile, Standing, Universe


@pytest.fixture(scope="module")
def built() -> Built:
    return build(load_graph())


def refusals(built: Built, query: str, profile: Profile) -> list[tuple[str, str]]:
    with pytest.raises(Refused) as refused:
        Engine(built, {}).stages(Request(query), profile)
    return [(error.code, error.message) for error in refused.value.errors]


def standings(built: Built, query: str, profile: Profile) -> dict[str, Standing]:
    """Path -> the standing with which the field there is read."""
    authorized = Engine(built, {}).stages(Request(query), profile).authorized

    def walk(grants: tuple[Grant, ...], path: str) -> Iterator[tuple[str, Standing]]:
        for grant in grants:
            here = f"{path}.{grant.key}" if path else grant.key
            yield here, grant.standing
            for inner in (grant.selection or {}).values():
                yield from walk(inner, here)

    return dict(walk(authorized.grants, ""))


def fields(schema: GraphQLSchema) -> set[tuple[str, str]]:
    return {
        (type_name, name)
        for type_name, graphql_type in schema.type_map.items()
        if isinstance(graphql_type, GraphQLObjectType | GraphQLInterfaceType) and not type_name.startswith("__")
        for name in graphql_type.fields
    }


def test_standing_weakens_along_a_path_and_never_grows_again(built: Built) -> None:
    query = """{ me { fullName household { householdCode members { relationship person { fullName } } }
        insuranceBook { holder { fullName } contributions { employer { name } } } } }"""
    found = standings(built, query, Profile(Audience.CITIZEN))
    assert found["me"] is Standing.SELF
    assert found["me.household.householdCode"] is Standing.SELF
    assert found["me.household.members"] is Standing.SELF
    assert found["me.household.members.relationship"] is Standing.HOUSEHOLD
    assert found["me.household.members.person.fullName"] is Standing.HOUSEHOLD
    assert found["me.insuranceBook.holder.fullName"] is Standing.SELF
    assert found["me.insuranceBook.contributions.employer.name"] is Standing.OFFICIAL


def test_an_official_root_gives_official_standing_all_the_way_down(built: Built) -> None:
    query = '{ person(personalId: "001190000001") { household { members { person { fullName } } } } }'
    found = standings(built, query, Profile(Audience.OFFICER))
    assert set(found.values()) == {Standing.OFFICIAL}


def test_a_citizen_has_no_way_to_others_but_his_own_path(built: Built) -> None:
    (refused,) = refusals(built, '{ person(personalId: "001190000001") { fullName } }', Profile(Audience.CITIZEN))
    assert refused == ("GRAPHQL_VALIDATION_FAILED", "Cannot query field 'person' on type 'Query'.")


def test_what_is_never_shared_is_answered_like_what_was_never_invented(built: Built) -> None:
    shared_never = refusals(built, '{ person(personalId: "001190000001") { bankAccount } }', Profile(Audience.ANALYST))
    invented_never = refusals(
        built, '{ person(personalId: "001190000001") { bankAccounz } }', Profile(Audience.ANALYST)
    )
    assert [(code, text.replace("bankAccounz", "bankAccount")) for code, text in invented_never] == shared_never


def test_what_is_shared_on_another_path_is_refused_with_its_place(built: Built) -> None:
    query = "{ me { household { members { person { fullName contact { phone } } } } } }"
    assert refusals(built, query, Profile(Audience.CITIZEN)) == [
        ("NOT_SHARED", "`phone` is not shared here: me.household.members.person.contact.phone")
    ]


@pytest.mark.parametrize("audience", list(Audience))
def test_a_contract_holds_exactly_the_fields_that_some_standing_shows(built: Built, audience: Audience) -> None:
    schema = built.contract(audience)
    for type_name, name in fields(schema) - {("Query", "nothing")}:
        assert any(built.rules.shows(audience, standing, type_name, name) for standing in Standing)
    labels = {built.rules.labels[where] for where in fields(built.supergraph.api) - fields(schema)}
    shown = {label for standing in Standing for label in built.rules.policy.shown.get((audience, standing), ())}
    # What is missing is denied by its label, or hangs only on what is denied (a type that nothing leads to).
    reachable = fields(schema)
    hidden_all_the_same = {
        where
        for where in fields(built.supergraph.api) - reachable
        if built.rules.labels[where] in shown and where[0] in {owner for owner, _ in reachable} and where[0] != "Query"
    }
    for owner, name in hidden_all_the_same:
        named = str(built.supergraph.api.type_map[owner].fields[name].type).strip("[]!")  # type: ignore[attr-defined]
        assert named not in schema.type_map
    assert labels


@pytest.mark.parametrize("audience", list(Audience))
def test_introspection_tells_the_contract_and_nothing_else(built: Built, audience: Audience) -> None:
    result = graphql_sync(built.contract(audience), get_introspection_query())
    assert result.errors is None
    told = {entry["name"] for entry in result.data["__schema"]["types"]}  # type: ignore[index]
    assert told == set(built.contract(audience).type_map)


def test_an_unknown_audience_and_standing_see_nothing(built: Built) -> None:
    assert not built.rules.shows(Audience.OFFICER, Standing.SELF, "Person", "fullName")
    assert not built.rules.shows(Audience.OFFICER, Standing.OFFICIAL, "Person", "inventedField")


def test_the_universe_follows_the_standing() -> None:
    soldier = Profile(Audience.CITIZEN, own=Universe.DEFENCE)
    assert soldier.universe(Standing.SELF) is Universe.DEFENCE
    assert soldier.universe(Standing.HOUSEHOLD) is Universe.CIVILIAN
    assert soldier.universe(Standing.OFFICIAL) is Universe.CIVILIAN
