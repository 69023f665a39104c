"""How the planner gets from one subgraph to another: SDL and a query in, the plan as text out.

Each case is a small graph of its own. The number of fetches and steps written down is the minimum.
"""

from __future__ import annotations

from graphql import parse

from hub.compose import compose
from hub.model.effect import SHOWN
from hub.model.graph import PolicyTable
from hub.model.limits import Limits
from hub.model.plan import Plan
from hub.model.supergraph import Subgraph, Supergraph
from hub.model.viewer import Audience, Profile, Standing
from hub.operation import normalise, prepare
from hub.planner import brittle_fields, describe, plan
from hub.planner.describe import steps
from hub.planner.graph import PlannerGraph
from hub.policy import RuleBook, authorize

LINK = (
    'extend schema @link(url: "https://specs.apollo.dev/federation/v2.7",'
    ' import: ["@key", "@shareable", "@external", "@requires", "@provides"])\n'
)
PROFILE = Profile(Audience.OFFICER)


def planned(subgraphs: dict[str, str], query: str, roots: dict[str, tuple[str, tuple[str, ...]]]) -> Plan:
    """The plan of a query over these subgraphs; `roots` says for each root field where it is looked up and by what."""
    supergraph = compose([Subgraph(name, LINK + sdl) for name, sdl in subgraphs.items()])
    lookups = {(source, name): key for name, (source, key) in roots.items()}
    graph = PlannerGraph(supergraph, {}, lookups, frozenset(subgraphs) - {"post"})
    prepared = prepare(parse(query), None, supergraph.api, Limits())
    return plan(authorize(normalise(prepared, {}), PROFILE, _everything(supergraph)), graph)


def _everything(supergraph: Supergraph) -> RuleBook:
    labels = dict.fromkeys(supergraph.fields, "OPEN")
    cells = {(PROFILE.audience, Standing.OFFICIAL): {"OPEN": SHOWN}}
    return RuleBook(labels, PolicyTable("policy.toml", frozenset({"OPEN"}), cells), {})


def size(made: Plan) -> tuple[int, int]:
    """Fetches and steps."""
    found = steps(made)
    return sum(map(len, found)), len(found)


PRODUCT = """
type Query { product(id: ID!): Product }
type Product @key(fields: "id") @key(fields: "sku") { id: ID! sku: String! name: String }
"""


def test_an_entity_is_continued_by_any_key_that_the_place_holds() -> None:
    stock = 'type Product @key(fields: "sku") { sku: String! @shareable inStock: Int }'
    made = planned(
        {"catalogue": PRODUCT.replace("sku: String!", "sku: String! @shareable"), "stock": stock},
        '{ product(id: "1") { name inStock } }',
        {"product": ("catalogue", ("id",))},
    )
    assert size(made) == (2, 2)
    assert describe(made).splitlines() == [
        "step 1",
        "  catalogue: Product by id -> product  [civilian]",
        "      name",
        "      inStock <- stock by sku",
        "step 2",
        "  stock: Product by sku -> product.inStock  [civilian]",
        "      inStock",
    ]


def test_a_source_that_knows_no_common_key_is_reached_through_one_that_knows_both() -> None:
    made = planned(
        {
            "catalogue": """
                type Query { product(id: ID!): Product }
                type Product @key(fields: "id") { id: ID! @shareable }
            """,
            "bridge": """
                type Product @key(fields: "id") @key(fields: "sku") { id: ID! @shareable sku: String! @shareable }
            """,
            "stock": 'type Product @key(fields: "sku") { sku: String! @shareable inStock: Int }',
        },
        '{ product(id: "1") { inStock } }',
        {"product": ("catalogue", ("id",))},
    )
    assert size(made) == (3, 2)
    assert "inStock <- bridge by id" in describe(made)
    assert "inStock <- stock by sku" in describe(made)


def test_a_composite_key_needs_all_its_parts() -> None:
    made = planned(
        {
            "registry": """
                type Query { unit(id: ID!): Unit }
                type Unit @key(fields: "id") { id: ID! taxCode: String! @shareable group: String! @shareable }
            """,
            "codes": """
                type Unit @key(fields: "taxCode group") {
                    taxCode: String! @shareable group: String! @shareable code: String
                }
            """,
        },
        '{ unit(id: "1") { code } }',
        {"unit": ("registry", ("id",))},
    )
    assert size(made) == (2, 2)
    assert "code <- codes by taxCode, group" in describe(made)


def test_fields_that_one_source_can_serve_together_are_one_fetch() -> None:
    made = planned(
        {
            "a": 'type Query { thing(id: ID!): Thing } type Thing @key(fields: "id") { id: ID! @shareable }',
            "b": 'type Thing @key(fields: "id") { id: ID! @shareable x: Int @shareable y: Int @shareable }',
            "c": 'type Thing @key(fields: "id") { id: ID! @shareable x: Int @shareable }',
        },
        '{ thing(id: "1") { x y } }',
        {"thing": ("a", ("id",))},
    )
    assert size(made) == (2, 1)  # asked together with the thing itself, whose key they share
    assert "c:" not in describe(made)


def test_a_shared_value_type_is_taken_from_the_source_at_hand() -> None:
    address = "type Address @shareable { province: String street: String }"
    made = planned(
        {
            "people": f"""
                type Query {{ person(id: ID!): Person }}
                type Person @key(fields: "id") {{ id: ID! @shareable home: Address }}
                {address}
            """,
            "firms": f'type Person @key(fields: "id") {{ id: ID! @shareable office: Address }} {address}',
        },
        '{ person(id: "1") { home { province } office { street } } }',
        {"person": ("people", ("id",))},
    )
    assert size(made) == (2, 1)


def test_a_required_field_is_an_input_of_the_fetch() -> None:
    made = planned(
        {
            "goods": """
                type Query { good(id: ID!): Good }
                type Good @key(fields: "id") { id: ID! @shareable weight: Int }
            """,
            "post": """
                type Good @key(fields: "id") {
                    id: ID! @shareable weight: Int @external fee: Int @requires(fields: "weight")
                }
            """,
        },
        '{ good(id: "1") { fee } }',
        {"good": ("goods", ("id",))},
    )
    assert size(made) == (2, 2)
    assert "fee <- post by id, weight" in describe(made)


def test_each_type_behind_an_interface_goes_its_own_way() -> None:
    made = planned(
        {
            "benefits": """
                type Query { book(id: ID!): Book }
                type Book @key(fields: "id") { id: ID! benefits: [Benefit!]! }
                interface Benefit { amount: Int }
                type Pension implements Benefit @key(fields: "id") { id: ID! @shareable amount: Int }
                type Sickness implements Benefit @key(fields: "id") { id: ID! @shareable amount: Int }
            """,
            "clinic": 'type Sickness @key(fields: "id") { id: ID! @shareable diagnosis: String }',
        },
        '{ book(id: "1") { benefits { amount ... on Sickness { diagnosis } } } }',
        {"book": ("benefits", ("id",))},
    )
    assert size(made) == (2, 2)
    assert describe(made).splitlines()[2:8] == [
        "      benefits",
        "        ... on Pension",
        "          amount",
        "        ... on Sickness",
        "          amount",
        "          diagnosis <- clinic by id",
    ]


def test_a_field_from_elsewhere_that_may_not_be_null_does_not_build() -> None:
    supergraph = compose(
        [
            Subgraph(
                "goods",
                LINK + 'type Query { good(id: ID!): Good } type Good @key(fields: "id") { id: ID! @shareable }',
            ),
            Subgraph("post", LINK + 'extend type Good @key(fields: "id") { id: ID! fee: Int! route: String }'),
        ]
    )
    (problem,) = brittle_fields(PlannerGraph(supergraph, own=frozenset({"goods", "post"})))
    assert (problem.code, problem.place) == ("NOT_NULLABLE_ACROSS_SOURCES", "post:Good.fee")
