"""Rows of own registers beside remote subgraphs: what a row hands over may come from elsewhere, own or remote.

Two registers on a real PostgreSQL, two remote subgraphs over real HTTP, one world that all of them show a part of.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from hub.compose import compose
from hub.demo.cluster import Cluster
from hub.engine import Built, Engine
from hub.model.graph import DeclaredGraph, PolicyTable
from hub.model.mapping import Column, Form, KeyColumns, Lookup, Rows, SourceMapping, TypeMapping
from hub.model.request import Request
from hub.model.source import Source
from hub.model.supergraph import Subgraph, Supergraph
from hub.model.viewer import Universe
from hub.planner import describe, planner_graph
from hub.planner.describe import steps
from hub.policy import public_rules
from hub.sources.postgres import PostgresSource
from hub.sources.remote import RemoteSource
from hub.sources.remote.transport import Transport
from tests.federation.case import Case, parse_case
from tests.federation.compare import differences
from tests.federation.oracle import right_answer
from tests.federation.server import Bench, Server

GRAPH = """
# A row of a register hands over what another register and a remote subgraph know of it.
# subgraph goods imports @key
type Query { good(id: ID!): Good }
type Good @key(fields: "id") { id: ID! name: String parts: [Part!]! }
type Part @key(fields: "id") { id: ID! size: Int }
# subgraph scales imports @key
extend type Good @key(fields: "id") { id: ID! weight: Int }
# subgraph bureau imports @key
extend type Good @key(fields: "id") { id: ID! tax: Int }
extend type Part @key(fields: "id") { id: ID! rate: Int }
# subgraph post imports @key @requires @external @context @fromContext
type Query { sent: [Good] }
extend type Good @key(fields: "id") @context(name: "good") {
  id: ID!
  name: String @external
  weight: Int @external
  tax: Int @external
  tone: Int
  fee: String @requires(fields: "weight")
  duty: String @requires(fields: "tax weight")
  label: String @requires(fields: "name")
}
extend type Part @key(fields: "id") {
  id: ID!
  rate: Int @external
  cost: String @requires(fields: "rate")
  print(of: String @fromContext(field: "$good { name }"), weight: Int @fromContext(field: "$good { weight }")): String
  mark(of: String @fromContext(field: "$good { name }")): String
  stamp(of: Int @fromContext(field: "$good { tone }")): Int
}
# data
Query: { good: [Good_1 Good_2 Good_3] sent: [Good_2 null Good_1] }
Good_1: { name: "crate \\"one\\"" weight: 3 tax: 7 parts: [Part_1 Part_2] }
Good_2: { tone: null name: null weight: null tax: 8 parts: [Part_3] }
Good_3: { name: "bag" weight: 5 tax: null parts: [] }
Part_1: { size: 1 rate: 10 }
Part_2: { size: 2 rate: null }
Part_3: { size: 3 rate: 30 }
# operation o
{ good(id: "1") { id } }
"""
TABLES = """
create schema if not exists civilian;
create table civilian.good (id text primary key, name text, weight integer);
create table civilian.part (id text primary key, good text, size integer);
insert into civilian.good values ('1', 'crate "one"', 3), ('2', null, null), ('3', 'bag', 5);
insert into civilian.part values ('1', '1', 1), ('2', '1', 2), ('3', '2', 3);
"""
ID = Column("id", Form.TEXT)
BY_ID = (KeyColumns(("id",), ("id",), ("text",)),)
PARTS = Rows("part", (("good", "id"),), ("id",))
GOODS = SourceMapping(
    "goods",
    {
        "Good": TypeMapping("Good", {"id": ID, "name": Column("name", Form.TEXT), "parts": PARTS}, "good", "", BY_ID),
        "Part": TypeMapping("Part", {"id": ID, "size": Column("size", Form.NUMBER)}, "part", "", BY_ID),
    },
    {"good": Lookup("Good", ("id",), ("id",))},
)
SCALES = SourceMapping(
    "scales",
    {"Good": TypeMapping("Good", {"id": ID, "weight": Column("weight", Form.NUMBER)}, "good", "", BY_ID)},
    {},
)


@pytest.fixture(scope="module")
def dsn(cluster: Cluster) -> Iterator[str]:
    """A database with the rows of both registers."""
    with psycopg.connect(cluster.owner_dsn("postgres"), autocommit=True) as connection:
        connection.execute("create database own_rows")
    address = cluster.owner_dsn("own_rows")
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(TABLES)
    yield address
    with psycopg.connect(cluster.owner_dsn("postgres"), autocommit=True) as connection:
        connection.execute("drop database own_rows with (force)")


@pytest.fixture
def case() -> Case:
    return parse_case("own-rows", GRAPH.strip())


@pytest.fixture
def bench(case: Case, server: Server) -> Iterator[Bench]:
    served = server.serve(case.subgraphs, case.world())
    yield served
    server.forget(served)


def graph_of(case: Case, bench: Bench) -> Supergraph:
    urls = {name: url for name, url in bench.urls.items() if name in ("post", "bureau")}
    return compose([Subgraph(name, sdl, urls.get(name, "")) for name, sdl in case.subgraphs])


def engine_of(supergraph: Supergraph, dsn: str) -> Engine:
    mappings = {"goods": GOODS, "scales": SCALES}
    declared = DeclaredGraph((), mappings, {}, {}, PolicyTable("public", frozenset(), {}))
    planner = planner_graph(supergraph, declared)
    sources: dict[str, Source] = {
        name: PostgresSource(mapping, {Universe.CIVILIAN: dsn}) for name, mapping in mappings.items()
    }
    for name in ("post", "bureau"):
        transport = Transport(name, supergraph.graphs[name])
        sources[name] = RemoteSource(name, supergraph.api, planner, transport)
    return Engine(Built(declared, supergraph, planner, public_rules(supergraph.api)), sources)


SENT = {
    "a context that the home has": ("{ sent { id parts { mark } } }", 3, 3),
    "a context that the home has not": ("{ sent { id parts { stamp } } }", 3, 3),
    # The key of a register does not come down as a key: the home is asked when the other register has answered.
    "a context of another register": ("{ sent { parts { print size } } }", 4, 4),
}
QUERIES = {
    "what the row has": ("label", 2, 2),
    # Both registers know the good by the same number, so they are asked together.
    "what another register has": ("fee weight", 3, 2),
    "what a remote subgraph has": ("duty", 4, 3),
    "everything": ("name label duty fee tax weight", 4, 3),
    "a row of a list": ("parts { size cost }", 3, 3),
    "a context of the row": ("parts { id mark }", 2, 2),
    "a context of another register": ("parts { id print }", 3, 2),
}


@pytest.mark.parametrize("number", [1, 2, 3, 4])
@pytest.mark.parametrize("name", QUERIES)
async def test_what_a_row_hands_over_may_come_from_elsewhere(
    name: str, number: int, case: Case, bench: Bench, dsn: str
) -> None:
    fields, fetches, depth = QUERIES[name]
    await check(f'{{ good(id: "{number}") {{ {fields} }} }}', fetches, depth, case, bench, dsn)


@pytest.mark.parametrize("name", SENT)
async def test_contexts_reach_down_through_the_home_of_what_a_remote_subgraph_names(
    name: str, case: Case, bench: Bench, dsn: str
) -> None:
    await check(*SENT[name], case, bench, dsn)


async def check(query: str, fetches: int, depth: int, case: Case, bench: Bench, dsn: str) -> None:
    """The plan is as small as written down, the answer right, and nothing was asked that may not be."""
    supergraph = graph_of(case, bench)
    engine = engine_of(supergraph, dsn)
    made = engine.stages(Request(query), engine.public_viewer.profile).plan
    found = steps(made)
    assert (sum(map(len, found)), len(found)) == (fetches, depth), describe(made)
    answer: dict[str, Any] = json.loads((await engine.execute(Request(query), engine.public_viewer)).body)
    await engine.stop()
    right = right_answer(supergraph, bench.world, query)
    assert [*differences(answer, right), *bench.violations] == [], f"{describe(made)}\n{bench.told()}"
