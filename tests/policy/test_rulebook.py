"""The one decision: what is given of a field, to whom, in which class, and why. SDL in, effects in words out."""

from __future__ import annotations

from itertools import product

import pytest
from graphql import GraphQLObjectType
from hypothesis import given as draw
from hypothesis import strategies as st

from hub.compose import compose
from hub.errors import BuildFailed
from hub.model.effect import Effect, strictest
from hub.model.graph import Reads, Transition
from hub.model.supergraph import Subgraph
from hub.model.viewer import Audience, Profile, RecordClass, Standing, Universe, reach, standings
from hub.policy import contract, rulebook
from tests.policy.small import (
    ANALYST,
    CITIZEN,
    CLEARED,
    FEDERATION,
    OFFICER,
    PARTNER,
    TABLE,
    agreement,
    because,
    composed,
    declared,
    given,
    rules,
    table,
)

PERSON = """
type Query { person: Person @label(name: "OPEN") }
type Person @key(fields: "id") {
  id: ID! @label(name: "OPEN") @shareable
  born: String @label(name: "YEAR")
  rank: String @label(name: "POST")
  secret: String @label(name: "SECRET")
}
"""


# --- the cell -------------------------------------------------------------------------------------------------------


def test_each_class_has_its_own_cell() -> None:
    book = rules(PERSON)
    assert given(book, CLEARED, "Person.id") == "show"
    assert given(book, CLEARED, "Person.born") == "mask:year"
    assert given(book, CLEARED, "Person.rank") == "show deny deny"
    assert given(book, CLEARED, "Person.secret") == "deny"


def test_what_is_outside_of_the_readers_universe_is_denied_whatever_the_cell_says() -> None:
    book = rules(PERSON)
    assert given(book, OFFICER, "Person.id") == "show deny deny"
    assert given(book, Profile(Audience.OFFICER, others=Universe.PUBLIC_SECURITY), "Person.id") == "show deny show"
    assert because(book, OFFICER, "Person.id") == (
        "policy.toml [officer.official] OPEN",
        "outside the reader's universe",
        "outside the reader's universe",
    )


def test_a_citizen_is_cleared_for_himself_and_for_nobody_else() -> None:
    soldier = Profile(Audience.CITIZEN, own=Universe.DEFENCE)
    book = rules(PERSON)
    assert given(book, soldier, "Person.id", Standing.SELF) == "show show deny"
    for standing in (Standing.GUARDIAN, Standing.HOUSEHOLD, Standing.OFFICIAL):
        assert given(book, soldier, "Person.id", standing) == "show deny deny"


def test_each_standing_has_its_own_cells() -> None:
    book = rules(PERSON, beside=declared(table(citizen_household={"YEAR": "deny"})))
    assert given(book, CITIZEN, "Person.born", Standing.SELF) == "mask:year deny deny"
    assert given(book, CITIZEN, "Person.born", Standing.HOUSEHOLD) == "deny"
    assert because(book, CITIZEN, "Person.born", Standing.HOUSEHOLD)[0] == "policy.toml [citizen.household] YEAR"


@pytest.mark.parametrize("audience", [one for one in Audience if one is not Audience.CITIZEN])
@pytest.mark.parametrize("standing", [Standing.SELF, Standing.GUARDIAN, Standing.HOUSEHOLD])
def test_an_official_has_no_standing_but_his_office(audience: Audience, standing: Standing) -> None:
    everything = Profile(audience, own=Universe.ALL, others=Universe.ALL, agreement="clinics")
    book = rules(PERSON, beside=declared(agreements=[agreement(labels=TABLE)]))
    assert given(book, everything, "Person.id", standing) == "deny"


@pytest.mark.parametrize(
    "field, reason",
    [
        ("Person.invented", "it has no label"),
        ("Invented.id", "it has no label"),
        ("Query.__schema", "it has no label"),
    ],
)
def test_what_nobody_knows_is_denied(field: str, reason: str) -> None:
    book = rules(PERSON)
    assert given(book, CLEARED, field) == "deny"
    assert because(book, CLEARED, field) == (reason,) * 3


def test_a_label_without_a_cell_and_an_audience_without_a_section_are_denied() -> None:
    whole = table()
    cells = {
        (Audience.OFFICER, Standing.OFFICIAL): {
            label: effect
            for label, effect in whole.cells[Audience.OFFICER, Standing.OFFICIAL].items()
            if label != "POST"
        }
    }
    book = rules(PERSON, beside=declared(type(whole)(whole.name, whole.labels, cells)))
    assert given(book, OFFICER, "Person.rank") == "deny"
    assert because(book, OFFICER, "Person.rank")[0] == "policy.toml [officer.official] has no cell for POST"
    assert given(book, ANALYST, "Person.id") == "deny"
    assert because(book, ANALYST, "Person.id")[0] == "policy.toml [analyst.official] has no cell for OPEN"


def test_a_field_without_a_label_does_not_build() -> None:
    with pytest.raises(BuildFailed) as failed:
        rules('type Query { a: Int @label(name: "OPEN") b: Int c: Int @label(name: "INVENTED") }')
    assert [str(problem) for problem in failed.value.problems] == [
        "LABEL_MISSING at Query.b: has no label (give it one of the labels of the policy table)",
        "LABEL_UNKNOWN at Query.c: label `INVENTED` is not in the policy table",
    ]


def test_two_subgraphs_that_label_a_field_differently_do_not_build() -> None:
    laxer = 'type Query { x: Int @shareable @label(name: "OPEN") }'
    stricter = 'type Query { x: Int @shareable @label(name: "SECRET") }'
    for subgraphs in ((laxer, stricter), (stricter, laxer)):
        with pytest.raises(BuildFailed, match=r"DIRECTIVE_COMPOSITION_ERROR at b:.*`Query.x` carries `@label"):
            rules(*subgraphs)


# --- the strictest --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "one, other, both",
    [
        ("show", "show", "show"),
        ("show", "mask:year", "mask:year"),
        ("show", "deny", "deny"),
        ("mask:year", "mask:year", "mask:year"),
        ("mask:year", "mask:last-four", "deny"),
        ("mask:year", "deny", "deny"),
        ("deny", "deny", "deny"),
    ],
)
def test_of_two_effects_the_stricter_holds_and_of_two_masks_nothing(one: str, other: str, both: str) -> None:
    assert strictest([Effect(one), Effect(other)]) == strictest([Effect(other), Effect(one)]) == both


@draw(st.lists(st.sampled_from(list(Effect)), max_size=4), st.randoms())
def test_the_order_in_which_rules_are_read_decides_nothing(found: list[Effect], random: object) -> None:
    shuffled = list(found)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert strictest(found) is strictest(shuffled)
    assert strictest([*found, Effect.DENY]) is Effect.DENY
    assert strictest([*found, *found]) is strictest(found)


def test_nothing_but_what_is_shown_stays_shown() -> None:
    for one, other in product(Effect, Effect):
        assert (strictest([one, other]) is Effect.SHOW) == (one is Effect.SHOW and other is Effect.SHOW)


# --- interfaces and unions ------------------------------------------------------------------------------------------

BENEFITS = """
type Query { benefits: [Benefit!] @label(name: "OPEN") any: Any @label(name: "OPEN") }
interface Benefit { amount: Int @label(name: "%s") kind: String @label(name: "OPEN") }
type Pension implements Benefit { amount: Int @label(name: "%s") kind: String @label(name: "OPEN") }
type Sickness implements Benefit { amount: Int @label(name: "%s") kind: String @label(name: "OPEN") }
type Hidden { x: Int @label(name: "SECRET") }
union Any = Pension | Hidden
"""


@pytest.mark.parametrize(
    "interface, pension, sickness, expected",
    [
        # Benefit, Pension, Sickness
        (("OPEN"), "OPEN", "OPEN", ("show", "show", "show")),
        ("SECRET", "OPEN", "OPEN", ("deny", "deny", "deny")),  # a rule on the interface holds on its types
        ("OPEN", "SECRET", "OPEN", ("deny", "deny", "show")),  # an interface shows only what all of them show
        ("OPEN", "POST", "GROUP", ("show deny deny", "show deny deny", "show deny show")),
        ("POST", "OPEN", "OPEN", ("show deny deny",) * 3),
        ("YEAR", "OPEN", "SECRET", ("deny", "mask:year", "deny")),
    ],
)
def test_a_rule_holds_between_an_interface_and_its_types_and_not_between_two_types(
    interface: str, pension: str, sickness: str, expected: tuple[str, ...]
) -> None:
    book = rules(BENEFITS % (interface, pension, sickness))
    found = tuple(given(book, CLEARED, f"{owner}.amount") for owner in ("Benefit", "Pension", "Sickness"))
    assert found == expected


def test_an_interface_of_an_interface_hands_its_rule_down() -> None:
    book = rules("""
        type Query { a: Node @label(name: "OPEN") }
        interface Node { x: Int @label(name: "POST") }
        interface Thing implements Node { x: Int @label(name: "OPEN") }
        type One implements Thing & Node { x: Int @label(name: "OPEN") }
    """)
    for owner in ("Node", "Thing", "One"):
        assert given(book, CLEARED, f"{owner}.x") == "show deny deny"


def test_members_of_a_union_that_show_nothing_are_not_in_it() -> None:
    supergraph = composed(BENEFITS % ("OPEN", "OPEN", "OPEN"))
    book = rules(BENEFITS % ("OPEN", "OPEN", "OPEN"))
    schema = contract(supergraph.api, book, OFFICER, {})
    assert [one.name for one in schema.type_map["Any"].types] == ["Pension"]  # type: ignore[attr-defined]
    assert "Hidden" not in schema.type_map


# --- directives -----------------------------------------------------------------------------------------------------

SCOPED = Profile(Audience.OFFICER, scopes=frozenset({"read"}))
AUDITOR = Profile(Audience.OFFICER, scopes=frozenset({"read", "audit"}))


@pytest.mark.parametrize(
    "scopes, shown",
    [
        ('[["read"]]', True),
        ('[["audit"]]', False),
        ('[["read", "audit"]]', False),  # both together
        ('[["audit"], ["read"]]', True),  # one or the other
        ('[["audit", "read"], ["write"]]', False),
    ],
)
def test_requires_scopes_asks_for_one_of_several_sets(scopes: str, shown: bool) -> None:
    book = rules(f'type Query {{ x: Int @label(name: "OPEN") @requiresScopes(scopes: {scopes}) }}')
    assert book.visible(SCOPED, Standing.OFFICIAL, ("Query", "x")) is shown
    assert book.visible(AUDITOR, Standing.OFFICIAL, ("Query", "x")) is (
        shown or "write" not in scopes or "audit" in scopes
    )
    assert given(book, OFFICER, "Query.x") == "deny"


@pytest.mark.parametrize("directive", ["@requiresScopes(scopes: [])", "@policy(policies: [])"])
def test_a_directive_that_names_no_way_is_fulfilled_by_nobody(directive: str) -> None:
    book = rules(f'type Query {{ x: Int @label(name: "OPEN") {directive} y: Int @label(name: "OPEN") }}')
    assert [given(book, SCOPED, f"Query.{name}").split()[0] for name in "xy"] == ["deny", "show"]


def test_a_directive_and_a_label_must_both_allow() -> None:
    book = rules("""type Query {
        a: Int @label(name: "SECRET") @requiresScopes(scopes: [["read"]])
        b: Int @label(name: "OPEN") @requiresScopes(scopes: [["read"]])
        c: String @label(name: "YEAR") @requiresScopes(scopes: [["read"]])
    }""")
    assert [given(book, SCOPED, f"Query.{name}").split()[0] for name in "abc"] == ["deny", "show", "mask:year"]
    assert [given(book, OFFICER, f"Query.{name}") for name in "abc"] == ["deny", "deny", "deny"]
    assert because(book, OFFICER, "Query.b")[0] == "@requiresScopes of Query.b asks for read"


@pytest.mark.parametrize(
    "sdl",
    [
        'type Query { x: Thing %s @label(name: "OPEN") } type Thing { y: Int @label(name: "OPEN") }',
        'type Query { x: Thing @label(name: "OPEN") } type Thing %s { y: Int @label(name: "OPEN") }',
        'type Query { x: Word @label(name: "OPEN") } scalar Word %s',
        'type Query { x: Word @label(name: "OPEN") } enum Word %s { A B }',
        'type Query { x: [[Word!]!]! @label(name: "OPEN") } scalar Word %s',
    ],
    ids=["field", "object", "scalar", "enum", "list"],
)
@pytest.mark.parametrize("directive", ['@requiresScopes(scopes: [["read"]])', '@policy(policies: [["fraud"]])'])
def test_a_directive_holds_wherever_it_may_stand(sdl: str, directive: str) -> None:
    beside = declared(table(policies={"fraud": [Audience.ANALYST]}))
    book = rules(sdl % directive, beside=beside)
    assert given(book, OFFICER, "Query.x") == "deny"
    allowed = SCOPED if "Scopes" in directive else ANALYST
    assert given(book, allowed, "Query.x") == "show deny deny"
    plain = rules(sdl % "", beside=beside)
    assert given(plain, OFFICER, "Query.x") == "show deny deny"


def test_a_directive_on_a_type_holds_for_its_fields_however_they_are_reached() -> None:
    book = rules("""
        type Query { any: Any @label(name: "OPEN") node: Node @label(name: "OPEN") }
        union Any = Open | Closed
        interface Node { x: Int @label(name: "OPEN") }
        type Open implements Node { x: Int @label(name: "OPEN") }
        type Closed implements Node @requiresScopes(scopes: [["read"]]) {
          x: Int @label(name: "OPEN") y: Int @label(name: "OPEN")
        }
    """)
    assert given(book, OFFICER, "Closed.x") == given(book, OFFICER, "Closed.y") == "deny"
    assert given(book, OFFICER, "Open.x") == given(book, SCOPED, "Closed.x") == "show deny deny"
    assert given(book, OFFICER, "Node.x") == "deny"  # it would show the closed one's
    assert given(book, SCOPED, "Node.x") == "show deny deny"


@pytest.mark.parametrize("where", ["interface Node %s { x: Int", "interface Node { x: Int %s"])
@pytest.mark.parametrize("directive", ['@requiresScopes(scopes: [["read"]])', '@policy(policies: [["fraud"]])'])
def test_an_interface_asks_for_what_its_types_ask_for_and_for_nothing_of_its_own(where: str, directive: str) -> None:
    with pytest.raises(BuildFailed, match="AUTH_REQUIREMENTS_APPLIED_ON_INTERFACE"):
        rules(f"""
            type Query {{ one: One @label(name: "OPEN") }}
            {where % directive} @label(name: "OPEN") }}
            type One implements Node {{ x: Int @label(name: "OPEN") }}
        """)


def test_everybody_who_reads_is_authenticated_so_that_directive_takes_nothing_away() -> None:
    sdl = 'type Query { a: Int @authenticated @label(name: "OPEN") b: Int @authenticated @label(name: "SECRET") }'
    book = rules(sdl)
    assert (given(book, OFFICER, "Query.a"), given(book, OFFICER, "Query.b")) == ("show deny deny", "deny")


def test_what_two_subgraphs_ask_for_must_hold_together() -> None:
    beside = declared(table(policies={"fraud": [Audience.OFFICER, Audience.ANALYST], "audit": [Audience.OFFICER]}))
    book = rules(
        """type Query {
            x: Int @shareable @label(name: "OPEN") @requiresScopes(scopes: [["read"]])
            y: Int @shareable @label(name: "OPEN") @policy(policies: [["fraud"]])
        }""",
        """type Query {
            x: Int @shareable @label(name: "OPEN") @requiresScopes(scopes: [["audit"]])
            y: Int @shareable @label(name: "OPEN") @policy(policies: [["audit"]])
        }""",
        beside=beside,
    )
    assert given(book, SCOPED, "Query.x") == "deny"
    assert given(book, AUDITOR, "Query.x") == "show deny deny"
    assert given(book, ANALYST, "Query.y") == "deny"
    assert given(book, OFFICER, "Query.y") == "show deny deny"


def test_what_one_subgraph_asks_for_holds_where_another_asks_for_nothing() -> None:
    asking = 'type Query { x: Int @shareable @label(name: "OPEN") @requiresScopes(scopes: [["read"]]) }'
    plain = 'type Query { x: Int @shareable @label(name: "OPEN") }'
    for subgraphs in ((asking, plain), (plain, asking)):
        book = rules(*subgraphs)
        assert given(book, OFFICER, "Query.x") == "deny"


@pytest.mark.parametrize(
    "link, scopes, policy",
    [
        (
            f"""extend schema @link(url: "{FEDERATION}", import: ["@composeDirective",
                {{name: "@requiresScopes", as: "@needs"}}, {{name: "@policy", as: "@guarded"}}])""",
            "@needs",
            "@guarded",
        ),
        (
            f'extend schema @link(url: "{FEDERATION}", as: "fed", import: ["@composeDirective"])',
            "@fed__requiresScopes",
            "@fed__policy",
        ),
        (
            f"""extend schema @link(url: "{FEDERATION}", import: ["@composeDirective"])
                @link(
                  url: "https://specs.apollo.dev/requiresScopes/v0.1"
                  import: [{{name: "@requiresScopes", as: "@need"}}]
                )
                @link(url: "https://specs.apollo.dev/policy/v0.1", import: [{{name: "@policy", as: "@guarded"}}])""",
            "@need",
            "@guarded",
        ),
    ],
    ids=["import as", "namespace", "a specification of its own"],
)
def test_a_directive_under_another_name_is_the_same_directive(link: str, scopes: str, policy: str) -> None:
    """CVE-2025-64347: a renamed directive was not enforced."""
    beside = declared(table(policies={"fraud": [Audience.ANALYST]}))
    sdl = f"""type Query {{
        x: Int @label(name: "OPEN") {scopes}(scopes: [["read"]])
        y: Int @label(name: "OPEN") {policy}(policies: [["fraud"]])
    }}"""
    book = rules(sdl, beside=beside, link=link)
    assert given(book, OFFICER, "Query.x") == given(book, OFFICER, "Query.y") == "deny"
    assert given(book, SCOPED, "Query.x") == given(book, ANALYST, "Query.y") == "show deny deny"


def test_labels_under_other_names_are_the_same_labels() -> None:
    renamed = f"""extend schema @link(url: "{FEDERATION}", import: ["@composeDirective"])
        @link(
          url: "https://social-insurance-hub.example/label/v1.0"
          import: [{{name: "@label", as: "@kind"}}, {{name: "@heldBy", as: "@kept"}}]
        )
        @composeDirective(name: "@kind")
        @composeDirective(name: "@kept")
        directive @kind(name: String!) on FIELD_DEFINITION
        directive @kept(classes: [String!]!) on ENUM_VALUE
        type Query {{ x: Int @kind(name: "SECRET") y: Unit @kind(name: "OPEN") }}
        enum Unit {{ OFFICE REGIMENT @kept(classes: ["DEFENCE"]) }}
    """
    supergraph = compose([Subgraph("a", renamed)])
    book = rulebook(supergraph, declared())
    assert given(book, OFFICER, "Query.x") == "deny"
    assert list(contract(supergraph.api, book, OFFICER, {}).type_map["Unit"].values) == ["OFFICE"]  # type: ignore[attr-defined]


def test_a_record_class_that_does_not_exist_is_a_problem_of_the_build() -> None:
    with pytest.raises(BuildFailed):
        rules('type Query { y: Unit @label(name: "OPEN") } enum Unit { OFFICE REGIMENT @heldBy(classes: ["ARMY"]) }')


def test_a_policy_that_the_table_does_not_declare_does_not_build() -> None:
    with pytest.raises(BuildFailed) as failed:
        rules(
            """type Query {
                x: Int @label(name: "OPEN") @policy(policies: [["fraud", "audit"], ["police"]])
                y: Thing @label(name: "OPEN")
            }
            type Thing @policy(policies: [["audit"]]) { z: Int @label(name: "OPEN") }""",
            beside=declared(table(policies={"fraud": [Audience.OFFICER]})),
        )
    assert [str(problem) for problem in failed.value.problems] == [
        (
            "POLICY_UNDECLARED at Query.x: policy `audit` is not in policy.toml"
            ' (say who fulfils it: [policies] audit = ["officer"])'
        ),
        (
            "POLICY_UNDECLARED at Query.y: policy `audit` is not in policy.toml"
            ' (say who fulfils it: [policies] audit = ["officer"])'
        ),
        (
            "POLICY_UNDECLARED at Thing.z: policy `audit` is not in policy.toml"
            ' (say who fulfils it: [policies] audit = ["officer"])'
        ),
        (
            "POLICY_UNDECLARED at Query.x: policy `police` is not in policy.toml"
            ' (say who fulfils it: [policies] police = ["officer"])'
        ),
    ]


def test_a_policy_that_nobody_fulfils_shows_to_nobody() -> None:
    beside = declared(table(policies={"nobody": []}), agreements=[agreement(labels=["OPEN"])])
    book = rules('type Query { x: Int @label(name: "OPEN") @policy(policies: [["nobody"]]) }', beside=beside)
    for profile in (OFFICER, CLEARED, ANALYST, PARTNER, CITIZEN):
        assert given(book, profile, "Query.x") == "deny"


def test_the_graph_knows_which_scopes_it_asks_for() -> None:
    book = rules("""type Query {
        a: Int @label(name: "OPEN") @requiresScopes(scopes: [["read", "audit"], ["write"]])
        b: Int @label(name: "OPEN") @policy(policies: [])
    }""")
    assert book.scopes == {"read", "audit", "write"}


# --- what a value is made of ----------------------------------------------------------------------------------------

GOODS = """
type Query { good: Good @label(name: "OPEN") }
type Good @key(fields: "id") {
  id: ID! @shareable @label(name: "OPEN")
  weight: Int @label(name: "%s")
  hidden: Int @inaccessible @label(name: "OPEN")
  size: Size @label(name: "OPEN")
}
type Size @shareable { width: Int @label(name: "%s") height: Int @label(name: "OPEN") }
"""


def post(requires: str, width: str = "OPEN") -> str:
    """The subgraph whose `fee` requires these fields of the other one."""
    named = {
        name: f"{name}: {kind} @external" for name, kind in (("weight", "Int"), ("hidden", "Int"), ("size", "Size"))
    }
    external = "\n".join(text for name, text in named.items() if name in requires)
    size = f'type Size @shareable {{ width: Int @label(name: "{width}") height: Int @label(name: "OPEN") }}'
    return f"""
        type Good @key(fields: "id") {{
          id: ID! @shareable @label(name: "OPEN")
          {external}
          fee: Int @shareable @label(name: "OPEN") @requires(fields: "{requires}")
        }}
        {size if "size" in requires else ""}
    """


TAX = """
type Good @key(fields: "id") {
  id: ID! @shareable @label(name: "OPEN")
  fee: Int @external
  tax: Int @label(name: "OPEN") @requires(fields: "fee")
}
"""


@pytest.mark.parametrize(
    "weight, width, requires, fee",
    [
        ("OPEN", "OPEN", "weight", "show"),
        ("POST", "OPEN", "weight", "show deny deny"),
        ("SECRET", "OPEN", "weight", "deny"),
        ("YEAR", "OPEN", "weight", "deny"),  # made of the value itself, which nobody is shown
        ("SECRET", "OPEN", "size { height }", "show"),
        ("OPEN", "SECRET", "size { height }", "show"),
        ("OPEN", "SECRET", "size { width height }", "deny"),
        ("OPEN", "POST", "weight size { width }", "show deny deny"),
        ("OPEN", "OPEN", "hidden", "deny"),  # what is in no public graph has no label there
    ],
)
def test_a_field_is_given_where_all_is_shown_that_it_requires(weight: str, width: str, requires: str, fee: str) -> None:
    book = rules(GOODS % (weight, width), post(requires, width), TAX)
    assert given(book, CLEARED, "Good.fee") == fee
    assert given(book, CLEARED, "Good.tax") == fee  # through a chain of them


def test_the_reason_names_what_a_value_is_made_of() -> None:
    book = rules(GOODS % ("SECRET", "OPEN"), post("weight"), TAX)
    assert because(book, CLEARED, "Good.tax")[0] == (
        "made of Good.fee, which is deny: made of Good.weight, which is deny: policy.toml [officer.official] SECRET"
    )


def test_a_requirement_of_one_subgraph_holds_for_the_field_of_all() -> None:
    plain = """type Good @key(fields: "id") {
        id: ID! @shareable @label(name: "OPEN") fee: Int @shareable @label(name: "OPEN")
    }"""
    book = rules(GOODS % ("SECRET", "OPEN"), plain, post("weight"))
    assert given(book, CLEARED, "Good.fee") == "deny"


def test_a_requirement_on_an_implementing_type_is_asked_of_the_interface_too() -> None:
    book = rules(
        """
        type Query { node: Priced @label(name: "OPEN") }
        interface Priced { fee: Int @label(name: "OPEN") id: ID! @label(name: "OPEN") }
        type Good implements Priced @key(fields: "id") {
          id: ID! @shareable @label(name: "OPEN") weight: Int @label(name: "SECRET") fee: Int @external
        }
        """,
        """
        type Good @key(fields: "id") {
          id: ID! @shareable @label(name: "OPEN")
          weight: Int @external
          fee: Int @label(name: "OPEN") @requires(fields: "weight")
        }
        """,
    )
    assert given(book, OFFICER, "Good.fee") == "deny"
    assert given(book, OFFICER, "Priced.fee") == "deny"  # an interface shows only what all its types show


@pytest.mark.parametrize("source, total", [("OPEN", "show"), ("POST", "show deny deny"), ("YEAR", "deny")])
def test_a_total_is_given_where_its_columns_are_shown(source: str, total: str) -> None:
    sdl = 'type Query { total: Int @label(name: "OPEN") line: Int @label(name: "%s") }'
    reads = {("Query", "total"): Reads(sources=(("Query", "line"),))}
    book = rules(sdl % source, beside=declared(reads=reads))
    assert given(book, CLEARED, "Query.total") == total


def test_fields_that_are_made_of_each_other_are_decided_all_the_same() -> None:
    sdl = 'type Query { a: Int @label(name: "OPEN") b: Int @label(name: "POST") }'
    reads = {("Query", "a"): Reads(sources=(("Query", "b"),)), ("Query", "b"): Reads(sources=(("Query", "a"),))}
    book = rules(sdl, beside=declared(reads=reads))
    assert given(book, CLEARED, "Query.a") == given(book, CLEARED, "Query.b") == "show deny deny"


# --- the class of a row ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "universe, expected",
    [
        (Universe.CIVILIAN, "deny"),
        (Universe.DEFENCE, "show show deny"),
        (Universe.PUBLIC_SECURITY, "show deny show"),
        (Universe.ALL, "show"),
    ],
)
def test_the_class_of_a_row_is_told_to_whoever_sees_several(universe: Universe, expected: str) -> None:
    sdl = 'type Query { recordClass: String @label(name: "OPEN") }'
    book = rules(sdl, beside=declared(classes=[("Query", "recordClass")]))
    assert given(book, Profile(Audience.OFFICER, others=universe), "Query.recordClass") == expected
    citizen = Profile(Audience.CITIZEN, own=universe)
    assert given(book, citizen, "Query.recordClass", Standing.SELF) == expected
    assert given(book, citizen, "Query.recordClass", Standing.HOUSEHOLD) == "deny"


# --- arguments ------------------------------------------------------------------------------------------------------

SEARCH = """
type Query { person(by: String, other: Int): Person @label(name: "OPEN") }
type Person { number: String @label(name: "%s") }
"""
BY_NUMBER = {("Query", "person"): Reads(arguments={"by": ("Person", "number")})}


@pytest.mark.parametrize(
    "label, officer, cleared",
    [("OPEN", True, True), ("POST", True, False), ("YEAR", False, False), ("SECRET", False, False)],
)
def test_a_field_is_compared_only_where_every_class_shows_it_as_it_is(label: str, officer: bool, cleared: bool) -> None:
    book = rules(SEARCH % label, beside=declared(reads=BY_NUMBER))
    where = ("Query", "person")
    assert book.comparable(OFFICER, Standing.OFFICIAL, where, "by") is officer
    assert book.comparable(CLEARED, Standing.OFFICIAL, where, "by") is cleared
    assert book.comparable(OFFICER, Standing.OFFICIAL, where, "other") is True


def test_an_argument_that_may_not_be_used_is_not_in_the_contract() -> None:
    beside = declared(reads=BY_NUMBER)
    shown = contract(composed(SEARCH % "OPEN").api, rules(SEARCH % "OPEN", beside=beside), OFFICER, {})
    masked = contract(composed(SEARCH % "YEAR").api, rules(SEARCH % "YEAR", beside=beside), OFFICER, {})
    assert shown.query_type is not None
    assert masked.query_type is not None
    assert list(shown.query_type.fields["person"].args) == ["by", "other"]
    assert list(masked.query_type.fields["person"].args) == ["other"]


def test_a_field_that_cannot_do_without_such_an_argument_is_not_in_the_contract_either() -> None:
    needed = SEARCH.replace("by: String", "by: String!") + 'extend type Query { open: Int @label(name: "OPEN") }'
    schema = contract(
        composed(needed % "YEAR").api, rules(needed % "YEAR", beside=declared(reads=BY_NUMBER)), OFFICER, {}
    )
    assert schema.query_type is not None
    assert list(schema.query_type.fields) == ["open"]


# --- agreements -----------------------------------------------------------------------------------------------------


def partners(sdl: str, *agreed: str, labels: tuple[str, ...] = (), **more: Universe) -> dict[str, str]:
    """What `PARTNER` is given of every field."""
    universe = more.get("universe", Universe.CIVILIAN)
    book = rules(sdl, beside=declared(agreements=[agreement(*agreed, labels=labels, universe=universe)]))
    profile = Profile(Audience.PARTNER, others=universe, agreement="clinics")
    return {f"{owner}.{name}": given(book, profile, f"{owner}.{name}") for owner, name in book.labels}


def test_a_partner_reads_the_fields_and_the_labels_of_his_agreement_and_nothing_else() -> None:
    assert partners(PERSON) == dict.fromkeys(
        ("Query.person", "Person.id", "Person.born", "Person.rank", "Person.secret"), "deny"
    )
    assert partners(PERSON, "Person.rank", labels=("YEAR",)) == {
        "Query.person": "deny",
        "Person.id": "deny",
        "Person.born": "mask:year deny deny",
        "Person.rank": "show deny deny",
        "Person.secret": "deny",
    }


def test_an_agreement_shares_nothing_that_the_table_denies_to_partners() -> None:
    assert partners(PERSON, "Person.secret", labels=("SECRET",))["Person.secret"] == "deny"


def test_an_agreement_covers_the_records_of_its_universe() -> None:
    assert partners(PERSON, "Person.id", universe=Universe.DEFENCE)["Person.id"] == "show show deny"
    book = rules(PERSON, beside=declared(agreements=[agreement("Person.id")]))
    wider = Profile(Audience.PARTNER, others=Universe.ALL, agreement="clinics")
    assert given(book, wider, "Person.id") == "show deny deny"  # whatever the profile says


def test_a_partner_of_no_known_agreement_reads_nothing() -> None:
    book = rules(PERSON, beside=declared(agreements=[agreement(labels=TABLE)]))
    for name in (None, "", "other"):
        assert given(book, Profile(Audience.PARTNER, agreement=name), "Person.id") == "deny"


def test_a_field_of_an_interface_is_shared_on_all_its_types() -> None:
    sdl = BENEFITS % ("OPEN", "OPEN", "OPEN")
    assert {
        field: effect for field, effect in partners(sdl, "Benefit.amount").items() if effect != "deny"
    } == dict.fromkeys(("Benefit.amount", "Pension.amount", "Sickness.amount"), "show deny deny")


def test_an_agreement_is_for_partners_and_opens_nothing_to_others() -> None:
    book = rules(PERSON, beside=declared(agreements=[agreement("Person.secret", labels=TABLE)]))
    assert given(book, Profile(Audience.OFFICER, agreement="clinics"), "Person.secret") == "deny"


def test_what_a_shared_field_is_made_of_must_be_shared_too() -> None:
    sdl = 'type Query { total: Int @label(name: "OPEN") line: Int @label(name: "OPEN") }'
    reads = {("Query", "total"): Reads(sources=(("Query", "line"),))}
    for fields, expected in ((("Query.total",), "deny"), (("Query.total", "Query.line"), "show deny deny")):
        book = rules(sdl, beside=declared(reads=reads, agreements=[agreement(*fields)]))
        assert given(book, PARTNER, "Query.total") == expected


# --- standing -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("before", list(Standing))
@pytest.mark.parametrize("to", [None, *Standing])
def test_along_a_path_standing_only_weakens(before: Standing, to: Standing | None) -> None:
    transitions = {} if to is None else {("Person", "id"): Transition(to)}
    book = rules(PERSON, beside=declared(transitions=transitions))
    after = book.standing_after(before, ("Person", "id"))
    order = list(Standing)
    assert order.index(after) == max(order.index(before), order.index(to) if to else 0)


def test_a_root_field_sets_the_standing_and_without_a_word_it_is_official() -> None:
    book = rules(PERSON, beside=declared(transitions={("Query", "me"): Transition(Standing.SELF)}))
    assert book.standing_after(None, ("Query", "me")) is Standing.SELF
    assert book.standing_after(None, ("Query", "person")) is Standing.OFFICIAL


# --- laws -----------------------------------------------------------------------------------------------------------

_LABELLED = st.sampled_from(sorted(TABLE))
_PROFILES = [
    OFFICER,
    CLEARED,
    ANALYST,
    PARTNER,
    CITIZEN,
    SCOPED,
    Profile(Audience.CITIZEN, own=Universe.ALL),
    Profile(Audience.DEFENCE_OFFICER, others=Universe.DEFENCE),
]


@draw(
    st.tuples(_LABELLED, _LABELLED, _LABELLED),
    st.sampled_from(sorted(TABLE)),
    st.sampled_from(list(RecordClass)),
    st.sampled_from(_PROFILES),
)
def test_adding_a_denial_never_shows_more(
    labels: tuple[str, str, str], label: str, of: RecordClass, profile: Profile
) -> None:
    sdl = BENEFITS % labels
    position = list(RecordClass).index(of)
    before = table()
    stricter = [word for one in (TABLE[label].split() * 3,) for word in one[:3]]
    stricter[position] = "deny"
    after = table({**TABLE, label: " ".join(stricter)})
    agreements = [agreement(labels=TABLE)]
    old, new = (rules(sdl, beside=declared(one, agreements=agreements)) for one in (before, after))
    for where in old.labels:
        for standing in standings(profile.audience):
            was, now = old.effects(profile, standing, where), new.effects(profile, standing, where)
            for one in RecordClass:
                assert now.of(one) in (was.of(one), Effect.DENY)


@pytest.mark.parametrize("audience", list(Audience))
def test_no_effect_is_given_out_of_reach(audience: Audience) -> None:
    book = rules(PERSON, beside=declared(agreements=[agreement(labels=TABLE)]))
    for universe in Universe:
        for standing in standings(audience):
            profile = Profile(audience, own=universe, others=Universe.CIVILIAN, agreement="clinics")
            found = book.effects(profile, standing, ("Person", "id"))
            shown = {one for one in RecordClass if found.of(one) is not Effect.DENY}
            assert shown <= set(reach(audience, standing))
            assert shown <= set(profile.universe(standing).classes)


def test_an_object_whose_fields_are_all_denied_is_not_in_the_contract() -> None:
    sdl = (
        'type Query { a: Int @label(name: "OPEN") b: B @label(name: "OPEN") } type B { x: Int @label(name: "SECRET") }'
    )
    schema = contract(composed(sdl).api, rules(sdl), OFFICER, {})
    query = schema.query_type
    assert isinstance(query, GraphQLObjectType)
    assert (list(query.fields), "B" in schema.type_map) == (["a"], False)
