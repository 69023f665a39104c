"""A subscription is planned, one root field of one subgraph and what hangs on each event, and never executed."""

from __future__ import annotations

import json

import pytest

from hub.engine import Engine, open_gateway
from hub.model.request import Request
from hub.planner import describe
from tests.federation.case import Case, parse_case
from tests.federation.server import Server

GRAPH = """
# Prices change, goods have names elsewhere.
# subgraph prices imports @key
type Query { now: Int }
type Subscription { priceChanged(above: Int): Good ticks: Int }
type Good @key(fields: "id") { id: ID! price: Int }
# subgraph goods imports @key
type Subscription { goodAdded: Good }
type Good @key(fields: "id") { id: ID! name: String maker: Maker }
type Maker @key(fields: "id") { id: ID! }
# subgraph makers imports @key
type Maker @key(fields: "id") { id: ID! name: String }
# data
Query: {}
# operation o
{ now }
"""


@pytest.fixture
def case() -> Case:
    return parse_case("subscriptions", GRAPH.strip())


def plan_of(engine: Engine, document: str) -> list[str]:
    return describe(engine.stages(Request(document), engine.public_viewer.profile).plan).splitlines()


def test_an_event_is_continued_by_fetches_of_its_entities(case: Case) -> None:
    engine = open_gateway(case.supergraph())
    query = "subscription ($a: Int) { priceChanged(above: $a) { price name maker { name } } }"
    assert plan_of(engine, query) == [
        "step 1",
        "  prices: Subscription -> priceChanged  [civilian]",
        "      priceChanged",
        "        price",
        "        name <- goods by id",
        "        maker <- goods by id",
        "step 2",
        "  goods: Good by id -> priceChanged.name  [civilian]",
        "      name",
        "      maker",
        "        name <- makers by id",
        "step 3",
        "  makers: Maker by id -> priceChanged.maker.name  [civilian]",
        "      name",
    ]
    assert plan_of(engine, "subscription { ticks }")[1:] == [
        "  prices: Subscription -> ticks  [civilian]",
        "      ticks",
    ]


async def test_executing_one_is_refused_and_asks_nobody(case: Case, server: Server) -> None:
    bench = server.serve(case.subgraphs, case.world())
    engine = open_gateway(case.supergraph(), bench.urls)
    for document in ("subscription { ticks }", "subscription { goodAdded { name } }"):
        response = await engine.execute(Request(document), engine.public_viewer)
        (error,) = json.loads(response.body)["errors"]
        assert error["extensions"]["code"] == "SUBSCRIPTION_NOT_SUPPORTED"
        assert "send what it selects as a query" in error["message"]
        assert not response.executed
    await engine.stop()
    assert bench.requests == []
    server.forget(bench)


async def test_one_with_several_root_fields_is_not_valid(case: Case) -> None:
    engine = open_gateway(case.supergraph())
    document = "subscription { ticks goodAdded { name } }"
    response = await engine.execute(Request(document), engine.public_viewer)
    assert json.loads(response.body)["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
