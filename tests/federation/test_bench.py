"""The bench itself: subgraphs take only what is right, count what they take, and agree with the oracle."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from tests.federation import faults
from tests.federation.case import Case, case_names, parse_case, read_case
from tests.federation.compare import differences
from tests.federation.naive import Naive
from tests.federation.oracle import Right, right_answer
from tests.federation.server import Bench, Server

HTTP = httpx.Client(verify=False)  # one for all: a client without TLS starts quicker
QUERIES = [
    pytest.param(name, operation.name, id=f"{name}/{operation.name}")
    for name in case_names()
    for case in [read_case(name)]
    for operation in case.operations
    if not operation.refused and "mutation" not in operation.document
    if not any("@fromContext" in sdl for _, sdl in case.subgraphs)  # of contexts it knows nothing
]


@pytest.mark.parametrize("name, operation_name", QUERIES)
def test_subgraphs_and_oracle_agree_on_every_case(name: str, operation_name: str, server: Server) -> None:
    case = read_case(name)
    operation = next(each for each in case.operations if each.name == operation_name)
    supergraph, bench = case.supergraph(), server.serve(case.subgraphs, case.world())
    answer = Naive(supergraph, bench).answer(operation.document, operation.variables)
    right = right_answer(supergraph, bench.world, operation.document, operation.variables)
    server.forget(bench)
    assert [*differences(answer, right), *bench.violations] == [], bench.told()


GRAPH = """
# A graph to try the bench on.
# subgraph a imports @key
type Query { products: [Product] found: [Found] }
type Mutation { count: Int setWeight(id: ID!, weight: Int): Product }
union Found = Product | Note
type Note { text(size: Int = 3, kind: Kind): String kind: Kind }
enum Kind { X Y }
type Product @key(fields: "id") { id: ID! weight: Int next: Product }
# subgraph b imports @key @external @requires @provides @override
type Query { offer: Offer }
type Offer { product: Product @provides(fields: "weight") bare: Product }
type Product @key(fields: "id") @key(fields: "sku", resolvable: false) {
  id: ID! sku: ID weight: Int @external fee(in: Kind): String @requires(fields: "weight") price: Int
}
enum Kind { X Y }
# subgraph c imports @key @override
type Product @key(fields: "id") { id: ID! price: Int @override(from: "b") }
# data
Query: {
  products: [Product_1 null]
  found: [Product_2 { __typename: "Note" kind: Y }]
  offer: { product: Product_1 bare: Product_2 }
}
Mutation: { count: COUNTED setWeight: [Product_1 Product_2] }
Product_1: { weight: 3 next: Product_2 }
Product_2: { weight: null price: FAILS }
# missing: b Product_2
# operation o
{ products { id } }
"""


@pytest.fixture
def graph() -> Case:
    return parse_case("graph", GRAPH.strip())


@pytest.fixture
def bench(graph: Case, server: Server) -> Bench:
    return server.serve(graph.subgraphs, graph.world())


def post(bench: Bench, subgraph: str, query: str, **variables: Any) -> Any:
    body = {"query": query, "variables": variables}
    return HTTP.post(bench.urls[subgraph], json=body, timeout=5).json()


def enter(bench: Bench, subgraph: str, fields: str, *representations: dict[str, Any]) -> Any:
    query = f"query ($r: [_Any!]!) {{ _entities(representations: $r) {{ ... on Product {{ {fields} }} }} }}"
    return post(bench, subgraph, query, r=list(representations))


PRODUCT = {"__typename": "Product", "id": "1"}


def test_a_subgraph_shows_its_part_of_the_world(bench: Bench) -> None:
    assert post(bench, "a", "{ products { id weight next { id } } }") == {
        "data": {"products": [{"id": "1", "weight": 3, "next": {"id": "2"}}, None]}
    }
    assert "type Product" in post(bench, "a", "{ _service { sdl } }")["data"]["_service"]["sdl"]
    assert (bench.fetches, bench.violations) == (2, [])


def test_arguments_are_seen_in_the_value(bench: Bench) -> None:
    found = post(bench, "a", "{ found { ... on Note { x: text(kind: Y) y: text(kind: X) z: text(size: 4) kind } } }")
    note = found["data"]["found"][1]
    assert len(set(note.values())) == 4
    assert note["x"].endswith('{"kind":"Y","size":3}')
    assert note["kind"] == "Y"


def test_what_a_field_requires_is_seen_in_its_value(bench: Bench) -> None:
    right = enter(bench, "b", "fee", {**PRODUCT, "weight": 3})
    wrong = enter(bench, "b", "fee", {**PRODUCT, "weight": 4})
    assert right == {"data": {"_entities": [{"fee": 'fee{"weight":3}'}]}}
    assert wrong != right
    assert bench.violations == []


def test_an_entity_that_is_missing_is_null(bench: Bench) -> None:
    assert enter(bench, "b", "sku", {"__typename": "Product", "id": "2"}, PRODUCT)["data"]["_entities"] == [
        None,
        {"sku": "sku of Product_1"},
    ]
    assert bench.violations == []


def test_a_provided_field_is_answered_on_its_way_only(bench: Bench) -> None:
    assert post(bench, "b", "{ offer { product { weight } } }") == {"data": {"offer": {"product": {"weight": 3}}}}
    assert bench.violations == []
    assert post(bench, "b", "{ offer { bare { weight } } }")["errors"]
    assert bench.violations == ["b: `Product.weight` is external and not provided here"]


@pytest.mark.parametrize(
    "fields, representation, violation",
    [
        ("fee", PRODUCT, "b: `Product.fee` requires `weight`"),
        ("price", PRODUCT, "b: `Product.price` was taken over by another subgraph"),
        ("sku", {"__typename": "Product", "sku": "x"}, "b: a representation of `Product` has no complete key"),
        ("sku", {"__typename": "Product", "id": "9"}, "b: there is no `Product` with the key"),
        ("sku", {"__typename": "Offer"}, "b: `Offer` has no resolvable key here"),
        ("sku", {"id": "1"}, "b: a representation is an object with a `__typename`"),
        ("sku", {**PRODUCT, "next": None}, "b: a representation of `Product` has the unknown field `next`"),
        ("nothing", PRODUCT, "b: Cannot query field 'nothing'"),
        ("fee(in: Z)", PRODUCT, "b: Value 'Z' does not exist"),
    ],
)
def test_a_violation_is_told(fields: str, representation: dict[str, Any], violation: str, bench: Bench) -> None:
    assert enter(bench, "b", fields, representation)["errors"]
    (found,) = bench.violations
    assert found.startswith(violation)


def test_an_invalid_operation_is_a_bad_request(bench: Bench) -> None:
    unused = HTTP.post(bench.urls["a"], json={"query": "query ($x: Int) { products { id } }"})
    uncoerced = HTTP.post(
        bench.urls["a"], json={"query": "mutation ($x: ID!) { setWeight(id: $x) { id } }", "variables": {}}
    )
    assert (unused.status_code, uncoerced.status_code) == (400, 400)
    assert len(bench.violations) == 2


def test_mutations_are_counted_written_and_kept_in_order(bench: Bench) -> None:
    found = post(bench, "a", 'mutation { x: count setWeight(id: "2", weight: 8) { id weight } y: count }')
    assert found == {"data": {"x": 1, "setWeight": {"id": "2", "weight": 8}, "y": 3}}
    assert bench.state.mutations == ["a.count", "a.setWeight", "a.count"]
    assert post(bench, "a", "{ products { next { weight } } }")["data"]["products"][0] == {"next": {"weight": 8}}


async def test_rounds_are_told_from_the_moments_of_requests(bench: Bench) -> None:
    bench.latency = 0.05
    body = {"query": "{ products { id } }"}
    async with httpx.AsyncClient() as client:
        await asyncio.gather(*(client.post(bench.urls["a"], json=body) for _ in range(3)))
        await client.post(bench.urls["a"], json=body)
    assert (bench.fetches, bench.depth) == (4, 2)


def test_faults_are_as_injected(bench: Bench) -> None:
    query = "query ($r: [_Any!]!) { _entities(representations: $r) { ... on Product { weight __typename } } }"

    def body() -> httpx.Response:
        asked = {"query": query, "variables": {"r": [PRODUCT, PRODUCT]}}
        return HTTP.post(bench.urls["a"], json=asked, timeout=0.5)

    bench.inject("a", faults.Says(b"<html>", 502, "text/html"), times=1)
    assert (body().status_code, body().status_code) == (502, 200)
    bench.inject("a", faults.Garbles(faults.entity_list_too_short))
    assert len(body().json()["data"]["_entities"]) == 1
    bench.inject("a", faults.Garbles(faults.entity_list_too_long))
    assert len(body().json()["data"]["_entities"]) == 3
    bench.inject("a", faults.Garbles(faults.every_value([])))
    assert body().json()["data"]["_entities"][0] == {"weight": [], "__typename": "Product"}
    bench.inject("a", faults.Drops())
    with pytest.raises(httpx.RemoteProtocolError):
        body()
    bench.inject("a", faults.Drops(after=10))
    with pytest.raises(httpx.RemoteProtocolError):
        body()
    bench.inject("a", faults.Hangs())
    with pytest.raises(httpx.ReadTimeout):
        body()
    bench.inject("a", faults.Huge(100_000))
    assert len(body().content) > 100_000
    bench.inject("a", faults.Drops(), entities_only=True)
    assert post(bench, "a", "{ products { id } }")["data"]


def test_the_oracle_knows_nulls_errors_and_what_is_refused(graph: Case) -> None:
    supergraph, world = graph.supergraph(), graph.world()
    right = right_answer(supergraph, world, "{ products { fee next { fee price } } }")
    assert right.data == {"products": [{"fee": 'fee{"weight":3}', "next": {"fee": None, "price": None}}, None]}
    assert right.errors == right.failures == (("products", 0, "next", "price"),)
    assert right_answer(supergraph, world, "{ nothing }").refused


def test_a_difference_is_found() -> None:
    right = Right({"a": 1, "b": [1.0, None]}, (("b", 1),), (("b", 1),))
    error = {"message": "m", "path": ["b", 1, "c"]}
    assert differences({"data": {"a": 1, "b": [1, None]}, "errors": [error]}, right) == []
    assert differences({"data": {"b": [1, None], "a": 1}, "errors": [error]}, right)
    assert differences({"data": {"a": True, "b": [1, None]}, "errors": [error]}, right)
    assert differences({"data": right.data}, right)
    assert differences({"data": right.data, "errors": [error, {"message": "m", "path": ["a"]}]}, right)
    assert differences({"data": right.data, "errors": []}, Right(None, refused=True))
