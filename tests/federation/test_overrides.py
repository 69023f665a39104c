"""Overrides with a label: both ways answer the same, and a percentage of the requests takes the new one."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any

import pytest

from hub.engine import open_gateway
from hub.errors import SettingsWrong
from hub.model.request import Request
from hub.planner import PlannerGraph, shares
from tests.federation import gateway
from tests.federation.case import Case, parse_case
from tests.federation.compare import differences
from tests.federation.oracle import right_answer
from tests.federation.server import Bench, Server

GRAPH = """
# A field moves for a quarter of the requests, one for three quarters, one where it is switched on.
# subgraph old imports @key @requires @external
type Query { product: Product }
type Product @key(fields: "id") { id: ID! quarter: Int most: Int always: Int never: Int named: String }
# subgraph new imports @key @override
type Product @key(fields: "id") {
  id: ID!
  quarter: Int @override(from: "old", label: "percent(25)")
  most: Int @override(from: "old", label: "percent(75.5)")
  always: Int @override(from: "old", label: "percent(100)")
  never: Int @override(from: "old", label: "percent(0)")
  named: String @override(from: "old", label: "new-names")
}
# data
Query: { product: Product_1 }
Product_1: {}
# operation everything
{ product { quarter most always never named } }
"""
QUERY = "{ product { quarter most always never named } }"


@pytest.fixture
def case() -> Case:
    return parse_case("overrides", GRAPH.strip())


def moved(bench: Bench) -> frozenset[str]:
    """The fields that the new subgraph was asked for."""
    asked = " ".join(each.document for each in bench.requests if each.subgraph == "new")
    return frozenset(name for name in ("quarter", "most", "always", "never", "named") if name in asked)


@pytest.mark.parametrize(
    "options, expected",
    [
        ({"draw": lambda: 0.0}, {"quarter", "most", "always"}),
        ({"draw": lambda: 0.25}, {"most", "always"}),
        ({"draw": lambda: 0.755}, {"always"}),
        ({"draw": lambda: 0.9999999999}, {"always"}),
        ({"draw": lambda: 0.3, "labels": ["new-names"]}, {"most", "always", "named"}),
    ],
)
async def test_both_ways_answer_the_same(
    options: dict[str, Any], expected: set[str], case: Case, server: Server
) -> None:
    supergraph, bench = case.supergraph(), server.serve(case.subgraphs, case.world())
    answer = await gateway.answer(supergraph, bench.urls, QUERY, **options)
    right = right_answer(supergraph, bench.world, QUERY)
    server.forget(bench)
    assert [*differences(answer, right), *bench.violations] == []
    assert moved(bench) == expected


async def test_one_engine_plans_each_variant_once_and_asks_as_drawn(case: Case, server: Server) -> None:
    supergraph, bench = case.supergraph(), server.serve(case.subgraphs, case.world())
    random = Random(7)
    draws = [random.random() for _ in range(60)]
    engine = open_gateway(supergraph, bench.urls, draw=iter(draws).__next__)
    found: Counter[frozenset[str]] = Counter()
    for _ in draws:
        bench.requests.clear()
        await engine.execute(Request(QUERY), engine.public_viewer)
        found[moved(bench)] += 1
    await engine.stop()
    server.forget(bench)
    assert found == Counter(
        frozenset({"always"} | {name for name, share in (("quarter", 0.25), ("most", 0.755)) if draw < share})
        for draw in draws
    )
    assert len(found) == 3


def test_a_percentage_is_the_share_of_the_draws_and_variants_are_no_more_than_percentages(case: Case) -> None:
    variants = shares(PlannerGraph(case.supergraph()))
    assert variants.bounds == (0.0, 25.0, 75.5, 100.0)
    assert len(variants.graphs) == 5
    taken = Counter(label for step in range(1000) for label in variants.graphs[variants.drawn(step / 1000)].labels)
    assert taken == {"percent(25)": 250, "percent(75.5)": 755, "percent(100)": 1000}


def test_a_label_that_no_override_has_is_told(case: Case) -> None:
    with pytest.raises(SettingsWrong, match=r"no override of the graph has the label `other`.*`new-names`"):
        open_gateway(case.supergraph(), labels=["other"])
    with pytest.raises(SettingsWrong, match=r"`percent\(25\)`"):
        open_gateway(case.supergraph(), labels=["percent(25)"])
