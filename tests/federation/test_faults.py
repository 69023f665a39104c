"""A faulty subgraph takes down its own part of the answer and no more.

The fields that need it are null, with an error that has a code and shows nothing of the inside; the rest stands, and no
request waits longer than its deadline.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from hub.model.supergraph import Supergraph
from tests.federation import faults, gateway
from tests.federation.case import Case, parse_case
from tests.federation.faults import Drops, Fault, Garbles, Hangs, Huge, Late, Says
from tests.federation.server import Bench, Server

pytestmark = pytest.mark.skipif(not gateway.BUILT, reason="there is no gateway yet")

HTTP, MALFORMED, OWN = "SUBREQUEST_HTTP_ERROR", "SUBREQUEST_MALFORMED_RESPONSE", "OWN_CODE"

CASE = """
# Three subgraphs, of which one is faulty.
# subgraph a imports @key
type Query { products: [Product] }
type Product @key(fields: "id") { id: ID! name: String }
# subgraph faulty imports @key
type Query { shop: Shop tax: Int }
type Mutation { pay: Int }
type Shop { name: String city: String! }
type Product @key(fields: "id") { id: ID! price: Int stock: Int weight: Int! tags: [String] }
# subgraph c imports @key @external @requires
type Query { news: String }
type Mutation { post: Int }
type Product @key(fields: "id") { id: ID! rating: Int price: Int @external fee: String @requires(fields: "price") }
# data
Query: { products: [Product_1 null Product_2] shop: {} }
Mutation: { pay: COUNTED post: COUNTED }
Product_1: { price: 5 }
Product_2: { price: 6 }
# operation o
{ products { id } }
"""

ON_THE_WIRE: dict[str, tuple[Fault, tuple[str, ...]]] = {
    "it answers 500": (Says(b'{"errors": [{"message": "internal text"}]}', 500), (HTTP,)),
    "it answers 503 with a page": (Says(b"<html>internal text</html>", 503, "text/html"), (HTTP,)),
    "it answers 404": (Says(b"internal text", 404, "text/plain"), (HTTP,)),
    "it answers a page": (Says(b"<html>internal text</html>", 200, "text/html"), (HTTP, MALFORMED)),
    "it closes the connection": (Drops(), (HTTP,)),
    "it closes the connection in the middle": (Drops(after=12), (HTTP,)),
    "it answers half a body": (Says(b'{"data": {"_entities": [{"price"'), (MALFORMED,)),
    "it answers nothing": (Says(b""), (MALFORMED, HTTP)),
    "it answers no JSON": (Says(b"internal text"), (MALFORMED,)),
    "it answers bytes that are no text": (Says(b'{"data": "\xff\xfe"}'), (MALFORMED,)),
    "it answers a list": (Says(b"[]"), (MALFORMED,)),
    "it answers a number": (Says(b"1"), (MALFORMED,)),
    "it answers an empty object": (Says(b"{}"), (MALFORMED,)),
    "it answers data that are a list": (Says(b'{"data": []}'), (MALFORMED,)),
    "it answers data that are text": (Says(b'{"data": "internal text"}'), (MALFORMED,)),
    "it answers other data": (Says(b'{"data": {"something": 1}}'), (MALFORMED,)),
    "it answers null": (Garbles(faults.data_null), (MALFORMED,)),
    "its errors are no list": (Garbles(faults.errors_of_a_wrong_shape), (MALFORMED,)),
    "it answers null with an error": (Garbles(faults.data_null_with_error), (OWN,)),
    "it answers an error without data": (Garbles(faults.error_without_data), (OWN,)),
    "it moves away": (Says(b'{"data": {}}', 307, headers=(("location", "http://127.0.0.1:1/"),)), (HTTP,)),
    "it answers in UTF-16": (Says('{"data": null}'.encode("utf-16")), (MALFORMED,)),
    "it answers half a letter": (Says(b'{"data": {"_0": "\\ud800"}}'), (MALFORMED,)),
    "it answers no number": (Says(b'{"data": {"shop": NaN, "_0": [NaN, NaN], "tax": NaN}}'), (MALFORMED,)),
    "it answers infinity": (Says(b'{"data": {"shop": 1e999, "_0": [-Infinity], "tax": Infinity}}'), (MALFORMED,)),
    "it answers beyond measure deep": (Says(b'{"data": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"), (MALFORMED,)),
    "it answers twice": (Says(b'{"data": {}}{"data": {}}'), (MALFORMED,)),
    "its errors are null": (Says(b'{"data": null, "errors": null}'), (MALFORMED,)),
    "its errors are empty": (Says(b'{"data": null, "errors": []}'), (MALFORMED,)),
    "its errors are odd": (
        Says(b'{"errors": [1, null, [], {"path": [null, {}, 1e9], "message": {}, "extensions": []}]}'),
        ("DOWNSTREAM_SERVICE_ERROR",),
    ),
    "the code of its error is text": (
        Says(b'{"errors": [{"extensions": {"code": "internal text of someone"}}]}'),
        ("DOWNSTREAM_SERVICE_ERROR",),
    ),
    "the path of its error has no end": (
        Says(b'{"data": null, "errors": [{"path": [' + b"0," * 100_000 + b"0]}]}"),
        ("DOWNSTREAM_SERVICE_ERROR",),
    ),
    "it answers too much": (Huge(gateway.LARGEST_RESPONSE + 1), (HTTP, MALFORMED)),
}
OF_ENTITIES: dict[str, tuple[Fault, tuple[str, ...]]] = {
    "its list of entities is too short": (Garbles(faults.entity_list_too_short), (MALFORMED,)),
    "its list of entities is too long": (Garbles(faults.entity_list_too_long), (MALFORMED,)),
    "its entities are no list": (Garbles(faults.entity_list_an_object), (MALFORMED,)),
    "its entities are null with errors": (Garbles(faults.error_beside_null_entities), (OWN,)),
}
EVERYTHING = ON_THE_WIRE | OF_ENTITIES
ONE_OF_A_KIND = {
    name: EVERYTHING[name]
    for name in (
        "it answers 500",
        "it closes the connection",
        "it answers half a body",
        "it answers null",
        "it answers null with an error",
        "its list of entities is too short",
        "its entities are null with errors",
    )
}


def fault_cases(of: dict[str, tuple[Fault, tuple[str, ...]]]) -> list[Any]:
    return [pytest.param(*given, id=name.replace(" ", "-")) for name, given in of.items()]


@pytest.fixture(scope="module")
def case() -> Case:
    return parse_case("faults", CASE.strip())


@pytest.fixture(scope="module")
def supergraph(case: Case) -> Supergraph:
    return case.supergraph()


@pytest.fixture
def bench(case: Case, server: Server) -> Bench:
    return server.serve(case.subgraphs, case.world())


async def ask(supergraph: Supergraph, bench: Bench, document: str) -> dict[str, Any]:
    asked = gateway.answer(supergraph, bench.urls, document)
    answer = await asyncio.wait_for(asked, gateway.DEADLINE)
    assert bench.violations == []
    return answer


def check_errors(answer: dict[str, Any], codes: tuple[str, ...], most: int) -> None:
    """Errors there are, with these codes, not more than so many, and they show nothing of the inside."""
    errors = answer["errors"]
    assert {error["extensions"]["code"] for error in errors} <= set(codes), errors
    assert 1 <= len(errors) <= most, errors
    shown = json.dumps(errors)
    assert not any(text in shown for text in ("internal text", "127.0.0.1", "Traceback", "_entities")), shown


@pytest.mark.parametrize("fault, codes", fault_cases(EVERYTHING))
async def test_the_entities_of_a_faulty_subgraph_lack_its_fields(
    fault: Fault, codes: tuple[str, ...], supergraph: Supergraph, bench: Bench
) -> None:
    bench.inject("faulty", fault, entities_only=True)
    answer = await ask(supergraph, bench, "{ products { name price stock rating } news }")
    right = [
        {"name": f"name of Product_{number}", "price": None, "stock": None, "rating": rating}
        for number, rating in ((1, _rating(bench, 1)), (2, _rating(bench, 2)))
    ]
    assert answer["data"] == {"products": [right[0], None, right[1]], "news": "news of Query"}
    check_errors(answer, codes, most=4)


def _rating(bench: Bench, number: int) -> Any:
    world = bench.world
    return world.value(world.rows[f"Product_{number}"], "rating", {}, bench.state)


@pytest.mark.parametrize("fault, codes", fault_cases(ON_THE_WIRE))
async def test_the_root_fields_of_a_faulty_subgraph_are_null(
    fault: Fault, codes: tuple[str, ...], supergraph: Supergraph, bench: Bench
) -> None:
    bench.inject("faulty", fault)
    answer = await ask(supergraph, bench, "{ shop { name city } news products { name } tax }")
    assert answer["data"]["shop"] is None
    assert answer["data"]["tax"] is None
    assert answer["data"]["news"] == "news of Query"
    assert answer["data"]["products"][0] == {"name": "name of Product_1"}
    check_errors(answer, codes, most=2)


async def test_no_request_waits_beyond_its_deadline(supergraph: Supergraph, bench: Bench) -> None:
    bench.inject("faulty", Hangs())
    answer = await ask(supergraph, bench, "{ products { name price rating } news }")
    assert [found and found["price"] for found in answer["data"]["products"]] == [None, None, None]
    assert answer["data"]["products"][0]["rating"] is not None
    assert answer["data"]["news"] == "news of Query"
    check_errors(answer, (HTTP, "SUBREQUEST_TIMEOUT", "GATEWAY_TIMEOUT", "REQUEST_TIMEOUT"), most=2)


async def test_a_slow_subgraph_is_waited_for(supergraph: Supergraph, bench: Bench) -> None:
    bench.inject("faulty", Late(0.2))
    answer = await ask(supergraph, bench, "{ products { price } shop { name } }")
    assert "errors" not in answer
    assert answer["data"]["products"][0] == {"price": 5}


async def test_a_subgraph_that_is_down_takes_nothing_else_along(supergraph: Supergraph, bench: Bench) -> None:
    bench.urls = {**bench.urls, "faulty": "http://127.0.0.1:1/nobody"}
    answer = await ask(supergraph, bench, "{ products { name price } news tax }")
    assert answer["data"] == {
        "products": [{"name": "name of Product_1", "price": None}, None, {"name": "name of Product_2", "price": None}],
        "news": "news of Query",
        "tax": None,
    }
    check_errors(answer, (HTTP,), most=3)


async def test_a_faulty_subgraph_that_is_not_needed_is_not_asked(supergraph: Supergraph, bench: Bench) -> None:
    bench.inject("faulty", Says(b"", 500))
    answer = await ask(supergraph, bench, "{ products { name rating } }")
    assert "errors" not in answer
    assert {request.subgraph for request in bench.requests} == {"a", "c"}


@pytest.mark.parametrize("fault, codes", fault_cases(ONE_OF_A_KIND))
async def test_what_requires_a_faulty_subgraph_is_not_made_up(
    fault: Fault, codes: tuple[str, ...], supergraph: Supergraph, bench: Bench
) -> None:
    bench.inject("faulty", fault)
    answer = await ask(supergraph, bench, "{ products { name fee } }")
    told = {None, 'fee{"price":null}'}  # a gateway may ask with null for what it could not get, or not ask
    assert {found["fee"] for found in answer["data"]["products"] if found} <= told
    assert answer["data"]["products"][2]["name"] == "name of Product_2"
    check_errors(answer, codes, most=4)


@pytest.mark.parametrize("fault, codes", fault_cases(ONE_OF_A_KIND))
async def test_a_field_that_may_not_be_null_takes_its_entity_along(
    fault: Fault, codes: tuple[str, ...], supergraph: Supergraph, bench: Bench
) -> None:
    bench.inject("faulty", fault)
    answer = await ask(supergraph, bench, "{ products { name weight } news }")
    assert answer["data"] == {"products": [None, None, None], "news": "news of Query"}
    check_errors(answer, codes, most=4)


@pytest.mark.parametrize("wrong", [[], {}, {"x": 1}, "text", True, 1.5, 1e40], ids=repr)
async def test_a_value_of_a_wrong_type_is_null(wrong: Any, supergraph: Supergraph, bench: Bench) -> None:
    bench.inject("faulty", Garbles(faults.every_value(wrong)))
    answer = await ask(supergraph, bench, "{ products { name price } tax }")
    assert [found and found["price"] for found in answer["data"]["products"]] == [None, None, None]
    assert answer["data"]["tax"] is None
    assert answer["data"]["products"][0]["name"] == "name of Product_1"


@pytest.mark.parametrize("wrong", [None, [], {}], ids=repr)
async def test_a_null_or_a_wrong_value_where_none_may_be_nulls_the_parent(
    wrong: Any, supergraph: Supergraph, bench: Bench
) -> None:
    bench.inject("faulty", Garbles(faults.every_value(wrong)))
    answer = await ask(supergraph, bench, "{ products { name weight } shop { name city } news }")
    assert answer["data"] == {"products": [None, None, None], "shop": None, "news": "news of Query"}


@pytest.mark.parametrize("fault", [Drops(), Says(b"", 503)], ids=["dropped", "unavailable"])
async def test_a_query_is_tried_again(fault: Fault, supergraph: Supergraph, bench: Bench) -> None:
    bench.inject("faulty", fault, times=1)
    answer = await ask(supergraph, bench, "{ products { price } }")
    assert answer == {"data": {"products": [{"price": 5}, None, {"price": 6}]}}
    assert sum(request.subgraph == "faulty" for request in bench.requests) == 2


@pytest.mark.parametrize("fault", [Drops(), Says(b"", 503)], ids=["dropped", "unavailable"])
async def test_a_mutation_is_never_tried_again(fault: Fault, supergraph: Supergraph, bench: Bench) -> None:
    bench.inject("faulty", fault, times=1)
    answer = await ask(supergraph, bench, "mutation { pay post }")
    assert answer["data"] == {"pay": None, "post": 2}
    assert bench.state.mutations == ["faulty.pay", "c.post"]
    check_errors(answer, (HTTP,), most=1)


async def test_of_fields_that_are_there_twice_the_last_one_counts(supergraph: Supergraph, bench: Bench) -> None:
    bench.inject("faulty", Says(b'{"data": {"tax": 1, "tax": 2}, "data": {"tax": 3, "tax": 4}}'))
    assert await ask(supergraph, bench, "{ tax }") == {"data": {"tax": 4}}


@pytest.mark.parametrize("status", [400, 403, 422])
async def test_a_refusal_in_the_format_of_graphql_keeps_its_code(
    status: int, supergraph: Supergraph, bench: Bench
) -> None:
    bench.inject("faulty", Says(b'{"errors": [{"message": "internal text", "extensions": {"code": "NO"}}]}', status))
    answer = await ask(supergraph, bench, "{ tax news }")
    assert answer["data"] == {"tax": None, "news": "news of Query"}
    check_errors(answer, ("NO",), most=1)


async def test_what_a_subgraph_adds_beside_data_and_errors_stays_inside(supergraph: Supergraph, bench: Bench) -> None:
    more = {"cost": 7, "trace": "internal text"}
    bench.inject("faulty", Garbles(lambda body: body | {"extensions": more, "hasNext": True, "incremental": [1]}))
    assert await ask(supergraph, bench, "{ shop { name } }") == {"data": {"shop": {"name": "name of Query.shop"}}}


# What a subgraph may put into values that nobody looks into, or into names that it makes itself.
OPEN = parse_case(
    "open",
    """# A scalar of the graph's own, and objects whose types a subgraph tells.
# subgraph faulty imports @key
scalar Any
union Thing = Stone | Leaf
type Stone { weight: Any }
type Leaf { colour: Any }
type Query { any: Any must: Any! thing: Thing things: [Thing] id: ID number: Float }
# data
Query: { any: 1 must: 1 thing: {__typename: Stone} things: [] id: "1" number: 1 }
# operation o
{ any }""",
)


@pytest.fixture
def open_bench(server: Server) -> Bench:
    return server.serve(OPEN.subgraphs, OPEN.world())


def says(data: bytes) -> Says:
    return Says(b'{"data": ' + data + b"}")


VALUES: dict[str, tuple[bytes, Any]] = {
    "an integer of 64 bits": (b"18446744073709551615", 18446744073709551615),
    "an integer beyond 64 bits, as a number of double precision": (
        b"123456789012345678901234567890",
        1.2345678901234568e29,
    ),
    "a hundred levels": (b"[" * 100 + b"]" * 100, json.loads("[" * 100 + "]" * 100)),
    "marks of the hub's own": (
        json.dumps("\x01\ue000\x02\x03#5b5d\x03\x04\x05\x06\x07\x08").encode(),
        "\x01\ue000\x02\x03#5b5d\x03\x04\x05\x06\x07\x08",
    ),
    "names of the hub's own": (
        b'{"__typename": "Stone", "_0": null, "\\u0001": 1}',
        {"__typename": "Stone", "_0": None, "\x01": 1},
    ),
}


@pytest.mark.parametrize(
    "text, value", [pytest.param(*given, id=name.replace(" ", "-")) for name, given in VALUES.items()]
)
async def test_what_nobody_looks_into_comes_through_as_it_is(text: bytes, value: Any, open_bench: Bench) -> None:
    open_bench.inject("faulty", says(b'{"any": ' + text + b"}"))
    assert await ask(OPEN.supergraph(), open_bench, "{ any }") == {"data": {"any": value}}


async def test_what_nests_too_deep_is_malformed_and_the_rest_stands(open_bench: Bench) -> None:
    deep = b'[{"x":' * 51 + b"0" + b"}]" * 51
    open_bench.inject("faulty", says(b'{"any": ' + deep + b', "id": 5}'))
    answer = await ask(OPEN.supergraph(), open_bench, "{ any id }")
    assert answer["data"] == {"any": None, "id": "5"}
    check_errors(answer, (MALFORMED,), most=1)


@pytest.mark.parametrize("name", ["", 'Stone", "x": "', "\x01\ue000", "Query", "Nobody", "Thing"])
async def test_an_object_of_a_type_that_the_graph_does_not_have_is_null(name: str, open_bench: Bench) -> None:
    thing = json.dumps({"__typename": name, "weight": 1, "colour": 2}).encode()
    open_bench.inject("faulty", says(b'{"thing": ' + thing + b', "things": [' + thing + b', {"__typename": "Leaf"}]}'))
    answer = await ask(OPEN.supergraph(), open_bench, "{ thing { __typename } things { __typename } }")
    assert answer["data"] == {"thing": None, "things": [None, {"__typename": "Leaf"}]}


@pytest.mark.parametrize("text", [b"1e999", b"true", b'"1"', b"[]", b"{}", b"123456789012345678901234567890.5e290"])
async def test_what_is_no_number_is_malformed(text: bytes, open_bench: Bench) -> None:
    open_bench.inject("faulty", says(b'{"number": ' + text + b"}"))
    answer = await ask(OPEN.supergraph(), open_bench, "{ number }")
    assert answer["data"] == {"number": None}
    check_errors(answer, (MALFORMED,), most=1)


@pytest.mark.parametrize("text", [b"1.5", b"true", b"[]", b"{}", b"123456789012345678901234567890"])
async def test_what_is_no_id_is_malformed(text: bytes, open_bench: Bench) -> None:
    open_bench.inject("faulty", says(b'{"id": ' + text + b"}"))
    answer = await ask(OPEN.supergraph(), open_bench, "{ id }")
    assert answer["data"] == {"id": None}
    check_errors(answer, (MALFORMED,), most=1)


async def test_marks_of_the_hubs_own_are_data_also_where_parts_are_merged(server: Server) -> None:
    shared = parse_case(
        "shared",
        """# A value of which two subgraphs give a part.
# subgraph a imports @shareable
type Query { thing: Thing @shareable }
type Thing { one: String }
# subgraph faulty imports @shareable
type Query { thing: Thing @shareable }
type Thing { other: String }
# data
Query: { thing: {} }
# operation o
{ thing { one } }""",
    )
    bench = server.serve(shared.subgraphs, shared.world())
    for text in ("\x03a", "\x03#5b", "\x04", "\x03", "\x01\ue000"):
        bench.inject("faulty", says(json.dumps({"thing": {"other": text}}).encode()))
        answer = await ask(shared.supergraph(), bench, "{ thing { one other } }")
        assert answer == {"data": {"thing": {"one": "one of Query.thing", "other": text}}}


async def test_a_trusted_subgraph_shows_its_errors_as_they_are(supergraph: Supergraph, bench: Bench) -> None:
    more = {"code": "NO", "field": "tax", "deep": [{"a": [1]}]}
    body = json.dumps({"data": {"tax": None}, "errors": [{"message": "said", "path": ["tax"], "extensions": more}]})
    bench.inject("faulty", Says(body.encode()))
    for trusted, message, extensions in (
        (("faulty", "c"), "said", more),
        (("c",), "the faulty part of the graph could not answer", {"code": "NO"}),
    ):
        async with gateway.opened(supergraph, bench.urls, trusted=trusted) as opened:
            answer = await opened("{ tax }")
        assert answer == {
            "errors": [{"message": message, "path": ["tax"], "extensions": extensions}],
            "data": {"tax": None},
        }


async def test_what_a_trusted_subgraph_says_of_an_error_may_be_anything(supergraph: Supergraph, bench: Bench) -> None:
    for entry in (
        "{}",
        "1",
        '{"message": 5, "extensions": [], "path": "x"}',
        f'{{"extensions": {"[" * 500 + "]" * 500}}}',
    ):
        bench.inject("faulty", Says(f'{{"errors": [{entry}]}}'.encode()))
        async with gateway.opened(supergraph, bench.urls, trusted=("faulty",)) as opened:
            answer = await opened("{ tax }")
        assert answer["errors"] == [
            {
                "message": "the faulty part of the graph could not answer",
                "path": ["tax"],
                "extensions": {"code": "DOWNSTREAM_SERVICE_ERROR"},
            }
        ]
