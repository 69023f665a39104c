"""Supergraphs as composers of Federation 1 printed them (join v0.1), and the first of Federation 2 (join v0.2).

The subgraphs of a case answer; the supergraph is written by hand, so the composer has no part in it.
"""

from __future__ import annotations

import pytest

from hub.compose import read_supergraph
from tests.federation import gateway
from tests.federation.case import Operation, parse_case
from tests.federation.compare import differences
from tests.federation.oracle import right_answer
from tests.federation.server import Server

pytestmark = pytest.mark.skipif(not gateway.BUILT, reason="there is no gateway yet")

CASE = parse_case(
    "federation-1",
    """# Types have an owner, others extend them; value types are the same everywhere.
# subgraph accounts
type Query { me: User users: [User] }
type Mutation { rename(id: ID!, name: String): User }
type User @key(fields: "id") @key(fields: "email") { id: ID! email: String! name: Name }
type Name { first: String last: String }
# subgraph products
extend type Query { top(first: Int = 5): [Thing] }
union Thing = Product | User
interface Priced { price: Int }
type Product implements Priced @key(fields: "upc") { upc: String! price: Int weight: Int maker: Name }
type Name { first: String last: String }
extend type User @key(fields: "email") { email: String! @external }
# subgraph reviews
type Review @key(fields: "id") { id: ID! body: String author: User @provides(fields: "email") of: Product }
extend type User @key(fields: "id") { id: ID! @external email: String! @external reviews: [Review] }
extend type Product @key(fields: "upc") { upc: String! @external weight: Int @external price: Int @external
  reviews: [Review] shipping: String @requires(fields: "price weight") }
# data
Query: { me: User_1 users: [User_1 null User_2] top: [Product_1 User_2 Product_2] }
Mutation: { rename: [User_1 User_2] }
User_1: { name: {} reviews: [Review_1] }
User_2: { name: { last: null } reviews: [] }
Product_1: { maker: {} reviews: [Review_1 Review_2] }
Product_2: { maker: null reviews: null }
Review_1: { author: User_1 of: Product_1 }
Review_2: { author: User_2 of: Product_1 }
# operation everything
# fetches: 6
# depth: 4
{
  me { name { first } reviews { body of { shipping price } } }
  top {
    __typename
    ... on Priced { price }
    ... on Product { maker { last } reviews { author { email } } }
    ... on User { name { last } }
  }
}
# operation a-value-type-comes-from-who-is-asked-anyway
# fetches: 1
# depth: 1
{ top { ... on Product { maker { first last } } } }
# operation a-provided-field-is-taken-on-the-way
# fetches: 2
# depth: 2
{ top { ... on Product { reviews { author { email } } } } }
# operation another-key
# fetches: 2
# depth: 2
{ top { ... on User { email name { first } } } }
# operation a-mutation
# fetches: 2
# depth: 2
mutation { rename(id: 2, name: "x") { email reviews { id } } }""",
)

JOIN_1 = """
schema
  @core(feature: "https://specs.apollo.dev/core/v0.1"),
  @core(feature: "https://specs.apollo.dev/join/v0.1")
{ query: Query mutation: Mutation }

directive @core(feature: String!) repeatable on SCHEMA
directive @join__field(graph: join__Graph, provides: join__FieldSet, requires: join__FieldSet) on FIELD_DEFINITION
directive @join__graph(name: String!, url: String!) on ENUM_VALUE
directive @join__owner(graph: join__Graph!) on INTERFACE | OBJECT
directive @join__type(graph: join__Graph!, key: join__FieldSet) repeatable on INTERFACE | OBJECT

scalar join__FieldSet

enum join__Graph {
  ACCOUNTS @join__graph(name: "accounts" url: "http://accounts")
  PRODUCTS @join__graph(name: "products" url: "http://products")
  REVIEWS @join__graph(name: "reviews" url: "http://reviews")
}

type Mutation {
  rename(id: ID!, name: String): User @join__field(graph: ACCOUNTS)
}

type Name {
  first: String
  last: String
}

interface Priced {
  price: Int
}

type Product implements Priced
  @join__owner(graph: PRODUCTS)
  @join__type(graph: PRODUCTS, key: "upc")
  @join__type(graph: REVIEWS, key: "upc")
{
  upc: String! @join__field(graph: PRODUCTS)
  price: Int @join__field(graph: PRODUCTS)
  weight: Int
  maker: Name @join__field(graph: PRODUCTS)
  reviews: [Review] @join__field(graph: REVIEWS)
  shipping: String @join__field(graph: REVIEWS, requires: "price weight")
}

type Query {
  me: User @join__field(graph: ACCOUNTS)
  users: [User] @join__field(graph: ACCOUNTS)
  top(first: Int = 5): [Thing] @join__field(graph: PRODUCTS)
}

type Review
  @join__owner(graph: REVIEWS)
  @join__type(graph: REVIEWS, key: "id")
{
  id: ID! @join__field(graph: REVIEWS)
  body: String @join__field(graph: REVIEWS)
  author: User @join__field(graph: REVIEWS, provides: "email")
  of: Product @join__field(graph: REVIEWS)
}

union Thing = Product | User

type User
  @join__owner(graph: ACCOUNTS)
  @join__type(graph: ACCOUNTS, key: "id")
  @join__type(graph: ACCOUNTS, key: "email")
  @join__type(graph: PRODUCTS, key: "email")
  @join__type(graph: REVIEWS, key: "id")
{
  id: ID! @join__field(graph: ACCOUNTS)
  email: String! @join__field(graph: ACCOUNTS)
  name: Name @join__field
  reviews: [Review] @join__field(graph: REVIEWS)
}
"""

JOIN_2 = """
schema
  @link(url: "https://specs.apollo.dev/link/v1.0")
  @link(url: "https://specs.apollo.dev/join/v0.2", for: EXECUTION)
{ query: Query mutation: Mutation }

directive @join__field(graph: join__Graph!, requires: join__FieldSet, provides: join__FieldSet, type: String,
  external: Boolean, override: String, usedOverridden: Boolean) repeatable on FIELD_DEFINITION | INPUT_FIELD_DEFINITION
directive @join__graph(name: String!, url: String!) on ENUM_VALUE
directive @join__implements(graph: join__Graph!, interface: String!) repeatable on OBJECT | INTERFACE
directive @join__type(graph: join__Graph!, key: join__FieldSet, extension: Boolean! = false,
  resolvable: Boolean! = true) repeatable on OBJECT | INTERFACE | UNION | ENUM | INPUT_OBJECT | SCALAR
directive @link(url: String, as: String, for: link__Purpose, import: [link__Import]) repeatable on SCHEMA

scalar join__FieldSet
scalar link__Import
enum link__Purpose { SECURITY EXECUTION }

enum join__Graph {
  ACCOUNTS @join__graph(name: "accounts", url: "http://accounts")
  PRODUCTS @join__graph(name: "products", url: "http://products")
  REVIEWS @join__graph(name: "reviews", url: "http://reviews")
}

type Mutation @join__type(graph: ACCOUNTS) @join__type(graph: PRODUCTS) @join__type(graph: REVIEWS) {
  rename(id: ID!, name: String): User @join__field(graph: ACCOUNTS)
}

type Name @join__type(graph: ACCOUNTS) @join__type(graph: PRODUCTS) {
  first: String
  last: String
}

interface Priced @join__type(graph: PRODUCTS) {
  price: Int
}

type Product implements Priced
  @join__implements(graph: PRODUCTS, interface: "Priced")
  @join__type(graph: PRODUCTS, key: "upc")
  @join__type(graph: REVIEWS, key: "upc", extension: true)
{
  upc: String!
  price: Int @join__field(graph: PRODUCTS) @join__field(graph: REVIEWS, external: true)
  weight: Int @join__field(graph: PRODUCTS) @join__field(graph: REVIEWS, external: true)
  maker: Name @join__field(graph: PRODUCTS)
  reviews: [Review] @join__field(graph: REVIEWS)
  shipping: String @join__field(graph: REVIEWS, requires: "price weight")
}

type Query @join__type(graph: ACCOUNTS) @join__type(graph: PRODUCTS) @join__type(graph: REVIEWS) {
  me: User @join__field(graph: ACCOUNTS)
  users: [User] @join__field(graph: ACCOUNTS)
  top(first: Int = 5): [Thing] @join__field(graph: PRODUCTS)
}

type Review @join__type(graph: REVIEWS, key: "id") {
  id: ID!
  body: String
  author: User @join__field(graph: REVIEWS, provides: "email")
  of: Product
}

union Thing @join__type(graph: PRODUCTS) = Product | User

type User
  @join__type(graph: ACCOUNTS, key: "id")
  @join__type(graph: ACCOUNTS, key: "email")
  @join__type(graph: PRODUCTS, key: "email", extension: true)
  @join__type(graph: REVIEWS, key: "id", extension: true)
{
  id: ID! @join__field(graph: ACCOUNTS) @join__field(graph: REVIEWS)
  email: String! @join__field(graph: ACCOUNTS) @join__field(graph: PRODUCTS)
    @join__field(graph: REVIEWS, external: true)
  name: Name @join__field(graph: ACCOUNTS)
  reviews: [Review] @join__field(graph: REVIEWS)
}
"""


@pytest.fixture(params=[JOIN_1, JOIN_2], ids=["join-v0.1", "join-v0.2"])
def sdl(request: pytest.FixtureRequest) -> str:
    text: str = request.param
    return text


@pytest.mark.parametrize("operation", CASE.operations, ids=lambda operation: operation.name)
async def test_it_is_served(operation: Operation, sdl: str, server: Server) -> None:
    supergraph, bench = read_supergraph(sdl), server.serve(CASE.subgraphs, CASE.world())
    bench.latency = 0.05
    answer = await gateway.answer(supergraph, bench.urls, operation.document)
    right = right_answer(supergraph, CASE.world(), operation.document)
    assert [*differences(answer, right), *bench.violations] == [], bench.told()
    assert operation.fetches is not None
    assert operation.depth is not None
    assert bench.fetches <= operation.fetches, bench.told()
    assert gateway.plan_size(supergraph, operation.document)[1] <= operation.depth


def test_the_public_schema_has_nothing_of_the_machinery(sdl: str) -> None:
    supergraph = read_supergraph(sdl)
    names = {name for name in supergraph.api.type_map if not name.startswith("__")}
    assert names - {"String", "Int", "ID", "Boolean"} == {
        *("Mutation", "Name", "Priced", "Product", "Query", "Review", "Thing", "User")
    }
    assert {directive.name for directive in supergraph.api.directives} <= {
        *("skip", "include", "deprecated", "specifiedBy", "oneOf")
    }
    assert supergraph.graphs == {name: f"http://{name}" for name in ("accounts", "products", "reviews")}
