"""One operation of one profile: standing along a path, what is refused on it, and what each grant carries."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hub.engine import Built, Engine
from hub.errors import Refused
from hub.model.authorized import Grant
from hub.model.request import Request
from hub.model.viewer import Audience, Profile, Standing, Universe
from tests.policy.conftest import profile_of
from tests.policy.small import words

NUMBER = "001190000001"


def refusals(built: Built, query: str, profile: Profile) -> list[tuple[str, str]]:
    with pytest.raises(Refused) as refused:
        Engine(built, {}).stages(Request(query), profile)
    return [(error.code, error.message) for error in refused.value.errors]


def grants(built: Built, query: str, profile: Profile) -> dict[str, Grant]:
    """Path -> the grant there."""
    authorized = Engine(built, {}).stages(Request(query), profile).authorized

    def walk(found: tuple[Grant, ...], path: str) -> Iterator[tuple[str, Grant]]:
        for grant in found:
            here = f"{path}.{grant.key}" if path else grant.key
            yield here, grant
            for inner in (grant.selection or {}).values():
                yield from walk(inner, here)

    return dict(walk(authorized.grants, ""))


# --- standing -------------------------------------------------------------------------------------------------------


def test_standing_weakens_along_a_path_and_never_grows_again(built: Built) -> None:
    query = """{ me { fullName household { householdCode members { relationship person { fullName } } }
        insuranceBook { holder { fullName } contributions { nodes { employer { name } } } } } }"""
    found = {path: grant.standing for path, grant in grants(built, query, Profile(Audience.CITIZEN)).items()}
    assert found["me"] is Standing.SELF
    assert found["me.household.householdCode"] is Standing.SELF
    assert found["me.household.members"] is Standing.SELF
    assert found["me.household.members.relationship"] is Standing.HOUSEHOLD
    assert found["me.household.members.person.fullName"] is Standing.HOUSEHOLD
    assert found["me.insuranceBook.holder.fullName"] is Standing.SELF
    assert found["me.insuranceBook.contributions.nodes.employer.name"] is Standing.OFFICIAL


def test_an_official_root_gives_official_standing_all_the_way_down(built: Built) -> None:
    query = f'{{ person(personalId: "{NUMBER}") {{ household {{ members {{ person {{ fullName }} }} }} }} }}'
    found = grants(built, query, Profile(Audience.OFFICER))
    assert {grant.standing for grant in found.values()} == {Standing.OFFICIAL}


def test_the_universe_follows_the_standing() -> None:
    soldier = Profile(Audience.CITIZEN, own=Universe.DEFENCE)
    assert soldier.universe(Standing.SELF) is Universe.DEFENCE
    assert soldier.universe(Standing.GUARDIAN) is Universe.CIVILIAN
    assert soldier.universe(Standing.HOUSEHOLD) is Universe.CIVILIAN
    assert soldier.universe(Standing.OFFICIAL) is Universe.CIVILIAN


# --- refusals -------------------------------------------------------------------------------------------------------


def test_a_citizen_has_no_way_to_others_but_his_own_path(built: Built) -> None:
    (refused,) = refusals(built, f'{{ person(personalId: "{NUMBER}") {{ fullName }} }}', Profile(Audience.CITIZEN))
    assert refused == ("GRAPHQL_VALIDATION_FAILED", "Cannot query field 'person' on type 'Query'.")


def test_what_is_shared_on_another_path_is_refused_with_its_place(built: Built) -> None:
    query = "{ me { household { members { person { fullName contact { phone } } } } } }"
    assert refusals(built, query, Profile(Audience.CITIZEN)) == [
        ("NOT_SHARED", "`phone` is not shared here: me.household.members.person.contact.phone")
    ]


@pytest.mark.parametrize(
    "member",
    [
        "occupation",
        "job: occupation",
        "... on Person { occupation }",
        "...f",
        "... @include(if: true) { occupation }",
        "fullName ... { ...f }",
    ],
)
def test_a_field_by_another_way_of_writing_it_is_the_same_field(built: Built, member: str) -> None:
    query = f"query {{ me {{ household {{ members {{ person {{ {member} }} }} }} }} }}"
    if "...f" in member:
        query += " fragment f on Person { occupation }"
    ((code, message),) = refusals(built, query, Profile(Audience.CITIZEN))
    assert (code, message.split(":")[0]) == ("NOT_SHARED", "`occupation` is not shared here")


def test_a_way_back_to_oneself_through_others_is_a_way_to_others(built: Built) -> None:
    query = "{ me { household { members { person { household { householdCode } } } } } }"
    assert [code for code, _ in refusals(built, query, Profile(Audience.CITIZEN))] == ["NOT_SHARED"]


def test_everything_that_is_not_shared_is_told_at_once(built: Built) -> None:
    query = "{ me { household { members { person { occupation nationality personalId } } } } }"
    assert [message for _, message in refusals(built, query, Profile(Audience.CITIZEN))] == [
        "`occupation` is not shared here: me.household.members.person.occupation",
        "`personalId` is not shared here: me.household.members.person.personalId",
    ]


def test_a_field_of_every_type_behind_an_interface_is_decided_for_itself(built: Built) -> None:
    query = "{ me { insuranceBook { benefits { nodes { id ... on Pension { basisSalary } } } } } }"
    assert "me.insuranceBook.benefits.nodes.basisSalary" in grants(built, query, Profile(Audience.CITIZEN))
    officer = f"""{{ person(personalId: "{NUMBER}") {{
        insuranceBook {{ benefits {{ nodes {{ ... on AccidentBenefit {{ ratePercent }} }} }} }}
    }} }}"""
    assert refusals(built, officer, Profile(Audience.OFFICER))[0][0] == "GRAPHQL_VALIDATION_FAILED"


# --- what a grant carries -------------------------------------------------------------------------------------------


def test_a_grant_carries_what_is_given_in_each_class(built: Built) -> None:
    query = f"""{{ person(personalId: "{NUMBER}") {{
        fullName occupation contact {{ bankAccount }} healthInsurance {{ cards {{ nodes {{ cardCode }} }} }}
    }} }}"""
    expected = {
        "officer": ("show deny deny", "show deny deny", "mask:last-four deny deny", "mask:card-number deny deny"),
        "cleared-officer": (
            "show show deny",
            "show deny deny",
            "mask:last-four mask:last-four deny",
            "mask:card-number deny deny",
        ),
        "defence-officer": (
            "show show deny",
            "show show deny",
            "mask:last-four mask:last-four deny",
            "mask:card-number show deny",
        ),
    }
    paths = ("fullName", "occupation", "contact.bankAccount", "healthInsurance.cards.nodes.cardCode")
    for name, effects in expected.items():
        found = grants(built, query, profile_of(name, built))
        assert tuple(words(found[f"person.{path}"].effects) for path in paths) == effects


def test_a_grant_carries_what_a_list_is_filtered_by_where_that_is_not_shown(built: Built) -> None:
    query = '{ persons(where: {birthDate: {eq: "1990"}}) { nodes { sex } } }'
    reads = grants(built, query, profile_of("analyst", built))["persons"].reads
    assert {".".join(where): words(effects) for where, effects in reads.items()} == {
        "Person.birthDate": "mask:year deny deny"
    }
    assert grants(built, query, profile_of("officer", built))["persons"].reads == {}


def test_the_id_that_breaks_ties_in_a_list_is_no_read(built: Built) -> None:
    """It is random: where a row stands by it says nothing, whatever the reader is shown of it."""
    query = """{ employer(taxCode: "0099000013") { participants { nodes { person { insuranceBook {
        contributions { nodes { months id } } } } } } } }"""
    found = grants(built, query, profile_of("analyst", built))
    participants = "employer.participants"
    contributions = f"{participants}.nodes.person.insuranceBook.contributions"
    assert words(found[f"{contributions}.nodes.id"].effects) == "mask:pseudonym deny deny"
    assert found[participants].reads == found[contributions].reads == {}


def test_an_order_is_read_as_it_is_shown_in_each_class(built: Built) -> None:
    query = '{ employer(taxCode: "0099000013") { units { unitCode } } }'
    (where, effects), *more = grants(built, query, profile_of("cleared-officer", built))["employer.units"].reads.items()
    assert (".".join(where), words(effects), more) == ("EmployerUnit.objectGroup", "show deny deny", [])
