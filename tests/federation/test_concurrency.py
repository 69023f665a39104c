"""Requests at the same time over one gateway: who asks the same shares the answer, who asks otherwise is left alone."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from itertools import pairwise
from typing import Any

import pytest

from tests.federation import gateway
from tests.federation.case import parse_case
from tests.federation.faults import Garbles, Says, Waits, error_without_data
from tests.federation.gateway import Ask
from tests.federation.server import Bench, Server
from tests.memory import blocks_kept

CASE = parse_case(
    "concurrency",
    """# Two subgraphs.
# subgraph a imports @key
type Query { product(id: ID!): Product products: [Product] n(in: Int): Int }
type Mutation { rename(id: ID!, name: String): Product pay: Int }
type Product @key(fields: "id") { id: ID! name: String }
# subgraph b imports @key
type Query { clock: Int }
type Product @key(fields: "id") { id: ID! price(in: Int): Int }
# data
Query: { product: [Product_1 Product_2] products: [Product_1 Product_2] n: 0 }
Mutation: { rename: [Product_1 Product_2] pay: COUNTED }
Product_1: { price: 0 }
Product_2: { price: 0 }
# operation o
{ n }""",
)
TURNS = 50  # of the event loop, in which a request that need not wait for anybody has long been sent


@pytest.fixture
def bench(server: Server) -> Bench:
    return server.serve(CASE.subgraphs, CASE.world())


@pytest.fixture
async def ask(bench: Bench) -> AsyncIterator[Ask]:
    async with gateway.opened(CASE.supergraph(), bench.urls) as found:
        yield found
    assert bench.violations == []


async def under_way(ask: Ask, document: str) -> asyncio.Task[Any]:
    """A request that has come as far as it comes without an answer."""
    task: asyncio.Task[Any] = asyncio.create_task(ask(document))
    for _ in range(TURNS):
        await asyncio.sleep(0)
    return task


def held(bench: Bench, subgraph: str) -> threading.Event:
    """From now on a subgraph answers when it is let go."""
    let_go = threading.Event()
    bench.inject(subgraph, Waits(let_go))
    return let_go


def asked_of(bench: Bench, subgraph: str) -> int:
    return sum(request.subgraph == subgraph for request in bench.requests)


async def test_one_root_field_with_other_arguments_is_another_request(ask: Ask, bench: Bench) -> None:
    document = "query ($id: ID!) { product(id: $id) { id } }"
    answers = await asyncio.gather(*(ask(document, {"id": number}) for number in ("1", "2", "1")))
    assert [answer["data"]["product"]["id"] for answer in answers] == ["1", "2", "1"]
    assert bench.fetches == 2


async def test_different_root_fields_at_once_are_each_answered(ask: Ask, bench: Bench) -> None:
    documents = ["{ n(in: 1) }", "{ x: n(in: 1) }", "{ products { id } }", "mutation { pay }", "{ n }"]
    answers = await asyncio.gather(*(ask(document) for document in documents))
    assert not any("errors" in answer for answer in answers)
    assert [list(answer["data"]) for answer in answers] == [["n"], ["x"], ["products"], ["pay"], ["n"]]


async def test_what_is_under_way_is_not_asked_again(ask: Ask, bench: Bench) -> None:
    let_go = held(bench, "a")
    first = await under_way(ask, "{ product(id: 1) { name price(in: 1) } }")
    await bench.until(1)
    others = [await under_way(ask, "{ product(id: 1) { name price(in: 1) } }") for _ in range(5)]
    let_go.set()
    answers = await asyncio.gather(first, *others)
    assert all(answer == answers[0] and "errors" not in answer for answer in answers)
    assert (asked_of(bench, "a"), asked_of(bench, "b")) == (1, 1)


async def test_an_entity_under_way_is_not_asked_again_and_another_is(ask: Ask, bench: Bench) -> None:
    let_go = held(bench, "b")
    first = await under_way(ask, "{ products { price } }")
    await bench.until(2)
    same = await under_way(ask, "{ product(id: 2) { price } }")
    await bench.until(3)
    other = await under_way(ask, "{ product(id: 2) { price(in: 3) } }")
    await bench.until(5)
    let_go.set()
    assert (await first)["data"]["products"][1] == (await same)["data"]["product"]
    assert "errors" not in await other
    assert asked_of(bench, "b") == 2


async def test_what_was_answered_is_asked_again(ask: Ask, bench: Bench) -> None:
    for count in (1, 2, 3):
        await ask("{ n }")
        assert bench.fetches == count


async def test_a_failure_is_shared_by_those_who_asked_and_by_nobody_later(ask: Ask, bench: Bench) -> None:
    bench.inject("a", Garbles(error_without_data), times=1)
    bench.latency = 0.05
    failed = await asyncio.gather(*(ask("{ n }") for _ in range(3)))
    assert [answer["errors"][0]["extensions"]["code"] for answer in failed] == ["OWN_CODE"] * 3
    assert bench.fetches == 1
    assert await ask("{ n }") == {"data": {"n": 0}}


async def test_a_mutation_is_run_for_each_who_sends_it(ask: Ask, bench: Bench) -> None:
    answers = await asyncio.gather(*(ask("mutation { pay }") for _ in range(4)))
    assert sorted(answer["data"]["pay"] for answer in answers) == [1, 2, 3, 4]


async def test_who_has_changed_something_is_not_answered_by_what_was_asked_before(ask: Ask, bench: Bench) -> None:
    let_go = held(bench, "b")
    before = await under_way(ask, "{ products { price } }")
    await bench.until(2)
    await ask('mutation { rename(id: 1, name: "x") { name } }')
    after = await under_way(ask, "{ products { price } }")
    await bench.until(5)
    let_go.set()
    assert await before == await after
    assert asked_of(bench, "b") == 2


async def test_what_a_mutation_leads_to_is_not_answered_by_what_was_asked_before_it(ask: Ask, bench: Bench) -> None:
    let_go = held(bench, "b")
    before = await under_way(ask, "{ product(id: 1) { price } }")
    await bench.until(2)
    changed = await under_way(ask, 'mutation { rename(id: 1, name: "x") { name price } }')
    await bench.until(4)
    let_go.set()
    assert (await changed)["data"]["rename"]["name"] == "x"
    await before
    assert asked_of(bench, "b") == 2


async def test_who_goes_away_takes_nobody_along(ask: Ask, bench: Bench) -> None:
    let_go = held(bench, "a")
    tasks = [await under_way(ask, "{ n }") for _ in range(3)]
    await bench.until(1)
    tasks[0].cancel()
    await asyncio.gather(tasks[0], return_exceptions=True)
    let_go.set()
    assert await asyncio.gather(*tasks[1:]) == [{"data": {"n": 0}}] * 2


ROUNDS, A_ROUND = 4, 100


async def test_nothing_is_kept_of_requests_that_were_answered(ask: Ask, bench: Bench) -> None:
    document = "query ($id: ID!, $in: Int) { product(id: $id) { name price(in: $in) } n(in: $in) }"
    kept: list[int] = []
    with blocks_kept() as blocks:
        for turn in range(ROUNDS):
            bench.inject("b", Says(b"[]"), times=A_ROUND // 4)
            for number in range(A_ROUND // 10):
                asked = range(turn * A_ROUND + number * 10, turn * A_ROUND + number * 10 + 10)
                await asyncio.gather(*(ask(document, {"id": f"{1 + each % 2}", "in": each}) for each in asked))
            bench.reset()
            kept.append(blocks())
    assert kept[0] > 0
    assert min(after - before for before, after in pairwise(kept)) < A_ROUND, kept
