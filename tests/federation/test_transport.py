"""How a remote subgraph is asked: connections, tries, breaker, limits; over real HTTP."""

from __future__ import annotations

import asyncio
import gzip
import json
import threading
import tracemalloc
import zlib
from collections.abc import AsyncIterator
from itertools import pairwise
from typing import Any

import pytest

from hub.errors import SourceUnavailable
from hub.sources.remote.transport import Limits, Transport
from tests.federation import faults
from tests.federation.case import parse_case
from tests.federation.faults import Drops, Fault, Garbles, Hangs, Huge, Says, Trickles, Waits
from tests.federation.server import Bench, Server
from tests.memory import blocks_kept

CASE = parse_case(
    "transport",
    """# Two subgraphs.
# subgraph a imports @key
type Query { n: Int }
type Mutation { pay: Int }
# subgraph other imports @key
type Query { m: Int }
# data
Query: { n: 7 }
Mutation: { pay: COUNTED }
# operation o
{ n }""",
)
QUERY = b'{"query": "{ n }"}'
MUTATION = b'{"query": "mutation { pay }"}'
FAST = Limits(deadline=10, backoff=0.001)
IMPATIENT = Limits(deadline=0.3, retries=0)


class Clock:
    """The time that a breaker goes by."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def bench(server: Server) -> Bench:
    return server.serve(CASE.subgraphs, CASE.world())


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def make(bench: Bench, clock: Clock) -> AsyncIterator[Any]:
    made: list[Transport] = []

    def transport(limits: Limits = FAST) -> Transport:
        made.append(Transport("a", bench.urls["a"], limits, clock=clock))
        return made[-1]

    yield transport
    for each in made:
        await each.close()


async def asked(transport: Transport, body: bytes = QUERY) -> Any:
    """The decoded answer, or code and message of the error."""
    try:
        return json.loads(await transport.post(body, retry=body is QUERY, headers={}))
    except SourceUnavailable as error:
        return (error.code, error.message)


RIGHT: Any = {"data": {"n": 7}}
FAILED = ("SUBREQUEST_HTTP_ERROR", "the a part of the graph is unavailable")


# Connections --------------------------------------------------------------------------------------------------------


async def test_requests_one_after_the_other_go_by_one_connection(make: Any, bench: Bench) -> None:
    transport = make()
    assert [await asked(transport) for _ in range(5)] == [RIGHT] * 5
    assert len({request.connection for request in bench.requests}) == 1


async def test_requests_at_once_take_no_more_connections_than_allowed(make: Any, bench: Bench) -> None:
    transport = make(Limits(width=3))
    for _ in range(3):
        assert await asyncio.gather(*(asked(transport) for _ in range(10))) == [RIGHT] * 10
    assert len({request.connection for request in bench.requests}) <= 3


async def test_an_error_leaves_the_connection_in_use(make: Any, bench: Bench) -> None:
    transport = make()
    bench.inject("a", Says(b"{}", 500), times=2)
    assert await asked(transport) == RIGHT
    assert len({request.connection for request in bench.requests}) == 1


async def test_who_gives_up_gives_its_connection_back(make: Any, bench: Bench) -> None:
    transport = make(Limits(width=2))
    bench.inject("a", Hangs(), times=2)
    gone = [asyncio.create_task(asked(transport)) for _ in range(2)]
    await bench.until(2)
    for task in gone:
        task.cancel()
    await asyncio.gather(*gone, return_exceptions=True)
    assert await asked(transport) == RIGHT
    for request in bench.requests[:2]:
        assert await asyncio.to_thread(request.left.wait, 10)


# Tries --------------------------------------------------------------------------------------------------------------

PASSING: dict[str, Fault] = {
    "dropped": Drops(),
    "dropped-in-the-middle": Drops(after=9),
    "500": Says(b"", 500),
    "503": Says(b"{}", 503),
    "too-many": Says(b'{"message": "later"}', 429),
}
LASTING: dict[str, Fault] = {
    "too-large": Huge(60_000_000),
    "not-found": Says(b"", 404),
    "forbidden-page": Says(b'<a href="errors">', 403, "text/html"),
    "moved": Says(b'{"data": {"n": 1}}', 302, headers=(("location", "/elsewhere"),)),
    "moved-for-good": Says(b'{"data": {"n": 1}}', 308, headers=(("location", "/elsewhere"),)),
    "not-modified": Says(b"", 304),
    "packed-as-brotli": Says(b"x", headers=(("content-encoding", "br"),)),
    "packed-twice": Says(gzip.compress(gzip.compress(b"{}")), headers=(("content-encoding", "gzip, gzip"),)),
    "not-packed-at-all": Says(b"{}", headers=(("content-encoding", "gzip"),)),
}


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING)
async def test_a_query_is_tried_again_until_it_is_answered(fault: Fault, make: Any, bench: Bench) -> None:
    bench.inject("a", fault, times=2)
    assert await asked(make()) == RIGHT
    assert bench.fetches == 3


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING)
async def test_a_query_is_not_tried_for_ever(fault: Fault, make: Any, bench: Bench) -> None:
    bench.inject("a", fault)
    assert await asked(make()) == FAILED
    assert bench.fetches == 3


@pytest.mark.parametrize("fault", (PASSING | LASTING).values(), ids=PASSING | LASTING)
async def test_a_mutation_is_sent_once(fault: Fault, make: Any, bench: Bench) -> None:
    bench.inject("a", fault, times=1)
    assert await asked(make(), MUTATION) == FAILED
    assert bench.fetches == 1


@pytest.mark.parametrize("fault", LASTING.values(), ids=LASTING)
async def test_what_another_try_would_not_mend_is_not_tried_again(fault: Fault, make: Any, bench: Bench) -> None:
    bench.inject("a", fault)
    assert await asked(make()) == FAILED
    assert bench.fetches == 1


async def test_what_graphql_refuses_is_an_answer(make: Any, bench: Bench) -> None:
    body = b'{"errors": [{"message": "no"}]}'
    bench.inject("a", Says(body, 422, "application/graphql-response+json"))
    assert await asked(make()) == json.loads(body)
    assert bench.fetches == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_no_redirect_is_followed(status: int, make: Any, bench: Bench) -> None:
    bench.inject("a", Says(b"", status, headers=(("location", bench.urls["other"]),)))
    assert await asked(make()) == FAILED
    assert [request.subgraph for request in bench.requests] == ["a"]


# The breaker --------------------------------------------------------------------------------------------------------

BREAKER = Limits(deadline=10, retries=0, failures=3, rest=5)


async def test_the_breaker_opens_after_failures_in_a_row_and_asks_nobody(make: Any, bench: Bench) -> None:
    transport = make(BREAKER)
    bench.inject("a", Says(b"", 500))
    for _ in range(10):
        assert await asked(transport) == FAILED
    assert bench.fetches == 3


async def test_a_success_in_between_keeps_the_breaker_closed(make: Any, bench: Bench) -> None:
    transport = make(BREAKER)
    for _ in range(4):
        bench.inject("a", Says(b"", 500), times=2)
        assert [await asked(transport) for _ in range(3)] == [FAILED, FAILED, RIGHT]


async def test_the_breaker_half_opens_after_its_rest_and_closes_on_success(
    make: Any, bench: Bench, clock: Clock
) -> None:
    transport = make(BREAKER)
    bench.inject("a", Says(b"", 500), times=4)
    for _ in range(5):
        await asked(transport)
    clock.now = 4.9
    assert (await asked(transport), bench.fetches) == (FAILED, 3)
    clock.now = 5.1
    assert (await asked(transport), bench.fetches) == (FAILED, 4)  # the probe fails: it rests again
    assert (await asked(transport), bench.fetches) == (FAILED, 4)
    clock.now = 10.2
    assert [await asked(transport) for _ in range(3)] == [RIGHT] * 3


async def test_half_open_lets_one_through_and_no_more(make: Any, bench: Bench, clock: Clock) -> None:
    transport = make(BREAKER)
    bench.inject("a", Says(b"", 500), times=3)
    for _ in range(3):
        await asked(transport)
    clock.now = 5.1
    let_go = threading.Event()
    bench.inject("a", Waits(let_go))
    probe = asyncio.create_task(asked(transport))
    await bench.until(4)
    assert await asyncio.gather(*(asked(transport) for _ in range(5))) == [FAILED] * 5
    let_go.set()
    assert await probe == RIGHT
    assert bench.fetches == 4


# Limits -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [Hangs(), Trickles(0.01)], ids=["silence", "a-byte-now-and-then"])
async def test_the_deadline_is_for_the_whole_answer(fault: Fault, make: Any, bench: Bench) -> None:
    bench.inject("a", fault)
    assert await asked(make(IMPATIENT)) == FAILED
    assert bench.fetches == 1


async def test_an_answer_may_be_packed(make: Any, bench: Bench) -> None:
    packed = gzip.compress(json.dumps(RIGHT).encode())
    bench.inject("a", Says(packed, headers=(("content-encoding", "gzip"),)))
    assert await asked(make()) == RIGHT
    assert bench.requests[0].headers["accept-encoding"] == "gzip"


def packed_zeros(size: int) -> bytes:
    """So many zeros, packed, without ever having them all."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    block = bytes(1_000_000)
    return b"".join([*(packer.compress(block) for _ in range(size // len(block))), packer.flush()])


@pytest.mark.parametrize("limit", [1_000, 1_000_000])
async def test_a_packed_answer_is_unpacked_up_to_the_limit_and_no_further(limit: int, make: Any, bench: Bench) -> None:
    bomb = packed_zeros(1_000_000_000)
    bench.inject("a", Says(bomb, headers=(("content-encoding", "gzip"),)))
    transport = make(Limits(most_bytes=limit, retries=0))
    tracemalloc.start()
    try:
        assert await asked(transport) == FAILED
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4 * len(bomb) + 4 * limit  # the server's own copies of the bomb are in it


async def test_the_limit_is_of_bytes_and_exact(make: Any, bench: Bench) -> None:
    size = len(json.dumps(RIGHT))
    assert await asked(make(Limits(most_bytes=size))) == RIGHT
    assert await asked(make(Limits(most_bytes=size - 1))) == FAILED


STEADY: tuple[Fault, ...] = (
    Garbles(lambda body: body),
    Says(b"x" * 10_000, 500),
    Drops(),
    Drops(after=9),
    Huge(100_000),
    Says(b"{}", headers=(("content-encoding", "gzip"),)),
    Garbles(faults.data_null),
)
ROUNDS, A_ROUND = 4, 70


async def test_memory_stays_where_it_is(make: Any, bench: Bench) -> None:
    """A round of requests under every fault leaves behind what the one before did."""
    transport = make(Limits(most_bytes=50_000, retries=0, failures=10**9))
    kept: list[int] = []
    with blocks_kept() as blocks:
        for _ in range(ROUNDS):
            for fault in STEADY:
                bench.inject("a", fault)
                for _ in range(A_ROUND // 10):
                    await asyncio.gather(*(asked(transport) for _ in range(10)))
            bench.reset()
            kept.append(blocks())
    assert kept[0] > 0
    assert min(after - before for before, after in pairwise(kept)) < A_ROUND, kept
