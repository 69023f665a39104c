"""What the table and the agreements say that a graph cannot carry out: SDL and cells in, problems as text out."""

from __future__ import annotations

from typing import Any

import pytest

from hub.cli.endpoint import load_graph
from hub.engine import build
from hub.model.effect import SUITED, Effect
from hub.model.graph import Agreement, DeclaredGraph, Reads
from hub.model.viewer import Audience, Profile, Universe
from hub.policy import policy_problems, profiles, rulebook
from tests.policy.small import TABLE, agreement, composed, declared, rules, table

# A graph of which nothing is wrong with `TABLE`: each label has a field, and the masked one is of a kind that suits it.
WHOLE = """
type Query { person: Person @label(name: "OPEN") }
type Person {
  id: ID @label(name: "OPEN")
  born: PartialDate @label(name: "YEAR")
  rank: String @label(name: "POST")
  group: String @label(name: "GROUP")
  secret: String @label(name: "SECRET")
%s}
scalar PartialDate
scalar Code
scalar PersonalId
"""
BORN = ("Person", "born")


def problems(more: str = "", beside: DeclaredGraph | None = None, whole: str = WHOLE) -> list[str]:
    """Everything that is wrong, without what is wrong with nothing added."""
    supergraph = composed(whole % more if "%s" in whole else whole)
    graph = beside or declared(maskable=[BORN])
    return [str(one) for one in policy_problems(rulebook(supergraph, graph), supergraph.api, graph)]


def test_a_table_that_fits_its_graph_has_no_problems() -> None:
    assert problems() == []
    assert problems(beside=declared(maskable=[BORN], agreements=[agreement("Query.person", "Person.id")])) == []


def test_the_table_and_the_agreements_of_this_project_fit_its_graph() -> None:
    graph = load_graph()
    built = build(graph)
    assert policy_problems(built.rules, built.supergraph.api, graph) == []


def test_a_label_that_no_field_has_any_more_is_left_behind() -> None:
    beside = declared(table({**TABLE, "AGE": "show", "HEIGHT": "deny"}), maskable=[BORN])
    assert problems(beside=beside) == [
        "POLICY_LEFT_BEHIND at policy.toml: no field has label `AGE` any more (remove the label and its cells)",
        "POLICY_LEFT_BEHIND at policy.toml: no field has label `HEIGHT` any more (remove the label and its cells)",
    ]


# --- masks ----------------------------------------------------------------------------------------------------------


def masked(effect: str, kind: str, *, maskable: bool = True, audience: str = "analyst") -> list[str]:
    """Problems with one cell of a mask, on `Person.group`, which is of this kind."""
    whole = WHOLE.replace("group: String", f"group: {kind}") % ""
    cells: dict[str, Any] = {f"{audience}_official": {"GROUP": f"{effect} deny deny"}}
    columns = [BORN, ("Person", "group")] if maskable else [BORN]
    return problems(beside=declared(table(**cells), maskable=columns), whole=whole)


@pytest.mark.parametrize("effect", [effect for effect in Effect if effect.is_mask])
def test_a_mask_suits_some_scalars_and_no_other(effect: Effect) -> None:
    kinds = ("ID", "Code", "PartialDate", "PersonalId", "String", "Int", "Float", "Boolean")
    suits = [kind for kind in kinds if masked(effect, kind) == []]
    assert suits == [kind for kind in kinds if kind in SUITED[effect]]
    assert suits


def test_a_mask_that_does_not_suit_a_field_says_which_it_suits() -> None:
    assert masked("mask:initials", "Int") == [
        (
            "POLICY_MASK_UNSUITED at policy.toml [analyst.official] GROUP: `mask:initials` does "
            "not suit `Person.group`, "
            "which is `Int` (it suits String: give the field another label)"
        )
    ]
    assert masked("mask:last-four", "[String!]") == [
        (
            "POLICY_MASK_UNSUITED at policy.toml [analyst.official] GROUP: `mask:last-four` does "
            "not suit `Person.group`, "
            "which is `[String!]` (it suits BookCode, Code, PersonalId, SiNumber, String, "
            "TaxCode: give the field another "
            "label)"
        )
    ]


def test_what_stands_in_no_column_cannot_be_masked() -> None:
    assert masked("mask:initials", "String", maskable=False) == [
        (
            "POLICY_MASK_UNSUITED at policy.toml [analyst.official] GROUP: `Person.group` stands "
            "in no column, and cannot be "
            "masked (give the field another label)"
        )
    ]


@pytest.mark.parametrize("audience", [one for one in Audience if one is not Audience.CITIZEN])
def test_a_pseudonym_is_for_those_who_have_a_project_or_an_agreement(audience: Audience) -> None:
    expected = [
        (
            f"POLICY_MASK_UNSUITED at policy.toml [{audience}.official] GROUP: a pseudonym is "
            f"stable within a project or an "
            "agreement, and this audience has neither (use another effect)"
        )
    ]
    within = audience in (Audience.ANALYST, Audience.PARTNER)
    assert masked("mask:pseudonym", "ID", audience=audience) == ([] if within else expected)


def test_a_mask_in_any_class_is_a_mask() -> None:
    beside = declared(table(officer_official={"GROUP": "show deny mask:year"}), maskable=[BORN, ("Person", "group")])
    (problem,) = problems(beside=beside)
    assert "`mask:year` does not suit `Person.group`" in problem


# --- null -----------------------------------------------------------------------------------------------------------

NEVER_NULL = (
    "NOT_NULLABLE_ACROSS_CLASSES at Person.post: is never null, and denied to `citizen` "
    "in some record classes but not in"
    " all (make the field nullable)"
)


@pytest.mark.parametrize(
    "field, expected",
    [
        ('  post: String @label(name: "POST")\n', []),
        ('  post: String! @label(name: "POST")\n', [NEVER_NULL]),
        ('  post: [String!]! @label(name: "POST")\n', [NEVER_NULL]),
        ('  post: String! @label(name: "OPEN")\n', []),
        ('  post: String! @label(name: "SECRET")\n', []),
    ],
)
def test_what_some_class_denies_and_another_does_not_may_be_null(field: str, expected: list[str]) -> None:
    assert problems(field) == expected


def test_other_rows_of_a_class_that_denies_them_are_left_out_so_their_list_need_not_be_null() -> None:
    beside = declared(maskable=[BORN], gathered=[("Person", "posts")])
    assert problems('  posts: [String!]! @label(name: "POST")\n', beside) == []


def test_what_a_value_is_made_of_may_be_why_it_can_be_null() -> None:
    reads = {("Person", "total"): Reads(sources=(("Person", "rank"),))}
    (problem,) = problems('  total: Int! @label(name: "OPEN")\n', declared(maskable=[BORN], reads=reads))
    assert problem.startswith("NOT_NULLABLE_ACROSS_CLASSES at Person.total")


def test_the_class_of_a_row_is_told_in_every_class_or_in_none() -> None:
    beside = declared(maskable=[BORN], classes=[("Person", "recordClass")])
    assert problems('  recordClass: String! @label(name: "OPEN")\n', beside) == []


def test_a_root_field_stands_in_no_row_so_no_class_can_decide() -> None:
    whole = WHOLE.replace("type Query {", 'type Query { people: [Person] @label(name: "GROUP")') % ""
    assert problems(whole=whole) == [
        (
            "POLICY_ROOT_BY_CLASS at Query.people: is a root field, and its label `GROUP` tells "
            "record classes apart for "
            "`citizen` (give it a label that does not)"
        )
    ]


# --- agreements -----------------------------------------------------------------------------------------------------


def agreed(*fields: str, labels: tuple[str, ...] = (), **more: Universe) -> list[str]:
    given: Agreement = agreement(*fields, labels=labels, **more)
    return problems(beside=declared(maskable=[BORN], agreements=[given]))


def test_an_agreement_names_fields_that_there_are() -> None:
    assert agreed("Query.person", "Person.id", "Person.invented", "Persn.id", "Code.x") == [
        "AGREEMENT_UNKNOWN_FIELD at clinics.toml fields: `Code.x` is no field (no such type)",
        "AGREEMENT_UNKNOWN_FIELD at clinics.toml fields: `Persn.id` is no field (no such type)",
        (
            "AGREEMENT_UNKNOWN_FIELD at clinics.toml fields: `Person.invented` is no field"
            " (`Person` has born, group, id, rank, secret)"
        ),
    ]


def test_an_agreement_names_nothing_that_no_partner_may_read() -> None:
    assert agreed("Query.person", "Person.id", "Person.secret") == [
        (
            "AGREEMENT_DENIED at clinics.toml fields: `Person.secret` is denied to every partner: policy.toml"
            " [partner.official] SECRET (remove it, or change the table)"
        )
    ]


def test_an_agreement_leads_to_what_it_shares() -> None:
    assert agreed("Query.person", "Person.id", "Person.rank") == []
    assert agreed("Person.id") == [
        (
            "AGREEMENT_UNREACHABLE at clinics.toml fields: nothing in the agreement leads to `Person.id` (add one of"
            " Query.person)"
        )
    ]


def test_an_object_without_fields_is_nothing_that_leads_anywhere() -> None:
    assert agreed("Query.person") == [
        "AGREEMENT_UNREACHABLE at clinics.toml fields: nothing in the agreement leads to `Query.person`"
    ]


def test_a_label_of_an_agreement_shares_something() -> None:
    assert agreed("Query.person", "Person.id", labels=("GROUP",)) == []
    assert agreed("Query.person", "Person.id", labels=("SECRET",)) == [
        (
            "AGREEMENT_LABEL_SHARES_NOTHING at clinics.toml labels: label `SECRET` shares no "
            "field that the agreement leads to"
            " (remove it)"
        )
    ]


def test_an_agreement_over_other_classes_is_checked_in_them() -> None:
    assert agreed("Query.person", "Person.id", "Person.group", universe=Universe.DEFENCE) == []
    whole = WHOLE.replace("group: String", "group: String!") % ""
    beside = declared(
        table(dict.fromkeys(TABLE, "show") | {"SECRET": "deny"}, partner_official={"GROUP": "show deny deny"}),
        maskable=[BORN],
        agreements=[agreement("Query.person", "Person.group", universe=Universe.DEFENCE)],
    )
    assert [one.split(":")[0] for one in problems(beside=beside, whole=whole)] == [
        "NOT_NULLABLE_ACROSS_CLASSES at Person.group"
    ]


# --- who there is ---------------------------------------------------------------------------------------------------


def test_every_audience_clearance_and_agreement_has_a_profile() -> None:
    book = rules(WHOLE % "", beside=declared(agreements=[agreement("Person.id", universe=Universe.DEFENCE)]))
    assert list(profiles(book)) == [
        Profile(Audience.CITIZEN),
        Profile(Audience.CITIZEN, own=Universe.DEFENCE),
        Profile(Audience.CITIZEN, own=Universe.PUBLIC_SECURITY),
        Profile(Audience.CITIZEN, own=Universe.ALL),
        Profile(Audience.OFFICER),
        Profile(Audience.OFFICER, others=Universe.DEFENCE),
        Profile(Audience.OFFICER, others=Universe.PUBLIC_SECURITY),
        Profile(Audience.OFFICER, others=Universe.ALL),
        Profile(Audience.ANALYST),
        Profile(Audience.PARTNER, others=Universe.DEFENCE, agreement="clinics"),
        Profile(Audience.DEFENCE_OFFICER, others=Universe.DEFENCE),
        Profile(Audience.DEFENCE_OFFICER, others=Universe.ALL),
        Profile(Audience.SECURITY_OFFICER, others=Universe.PUBLIC_SECURITY),
        Profile(Audience.SECURITY_OFFICER, others=Universe.ALL),
    ]
