"""Who may ask now: a reader's rate and quota, and a bounded number of requests under way."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from hub.cache import MemoryStore, Store
from hub.cache.redis import RedisStore
from hub.errors import Shown
from hub.model.request import Request, Response, refusal
from hub.model.viewer import Audience, Profile, Standing, Viewer
from hub.server.admission import Admission, Allowance
from tests.redis_server import RedisServer

CITIZEN = Viewer(Profile(Audience.CITIZEN), subject="001190900002")
OTHER = Viewer(Profile(Audience.CITIZEN), subject="001190900003")
OFFICER = Viewer(Profile(Audience.OFFICER), name="officer-1")
PARTNERS = [Viewer(Profile(Audience.PARTNER, agreement="health"), name=f"robot-{n}") for n in range(2)]
ELSEWHERE = Viewer(Profile(Audience.PARTNER, agreement="labour"), name="robot-0")
ANALYSTS = [Viewer(Profile(Audience.ANALYST, project="wages"), name=f"analyst-{n}") for n in range(2)]

MINUTE = 60
DAY = 86_400
BEGIN = 1_800_000_000.0
DATA = b'{"data":{}}'


class Clock:
    now = BEGIN

    def __call__(self) -> float:
        return self.now


@dataclass
class Priced:
    """An engine whose documents are their prices; `bad` is refused before it is known what it costs."""

    reached: int = 0
    under_way: int = 0
    most_under_way: int = 0
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    async def execute(
        self, request: Request, viewer: Viewer, charge: Callable[[int], Awaitable[None]] | None = None
    ) -> Response:
        self.reached += 1
        self.under_way += 1
        self.most_under_way = max(self.under_way, self.most_under_way)
        try:
            if request.document == "bad":
                return Response(refusal([Shown("no", code="GRAPHQL_VALIDATION_FAILED")]), executed=False)
            if request.document == "wait":
                await self.gate.wait()
                return Response(DATA)
            if charge is not None:
                await charge(int(request.document))
            return Response(DATA)
        finally:
            self.under_way -= 1

    async def ready(self) -> Mapping[str, bool]:
        return {}


def admission(store: Store, clock: Callable[[], float], **allowance: Any) -> tuple[Admission, Priced]:
    engine = Priced()
    return Admission(engine, store, Allowance(**allowance), clock), engine


async def outcome(admission: Admission, document: str, viewer: Viewer = CITIZEN) -> str:
    response = await admission.execute(Request(document), viewer)
    if response.executed:
        return "ok"
    return f"{response.status} {json.loads(response.body)['errors'][0]['extensions']['code']}"


@pytest.fixture(params=["memory", "redis"])
async def store(request: pytest.FixtureRequest, redis: RedisServer, clock: Clock) -> AsyncIterator[Store]:
    if request.param == "memory":
        yield MemoryStore(clock)
        return
    opened = RedisStore(redis.url, seconds=60, clock=clock)
    await opened._ask("FLUSHDB")
    yield opened
    await opened.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


RATE, QUOTA = "429 RATE_LIMITED", "429 QUOTA_EXCEEDED"


async def test_a_rate_counts_requests(store: Store, clock: Clock) -> None:
    hub, _ = admission(store, clock, rates={Audience.CITIZEN: (3, MINUTE)})
    assert [await outcome(hub, "1") for _ in range(5)] == ["ok"] * 3 + [RATE] * 2
    clock.now += 20
    assert [await outcome(hub, "1") for _ in range(2)] == ["ok", RATE]


async def test_a_quota_counts_what_requests_cost_until_midnight_in_viet_nam(store: Store, clock: Clock) -> None:
    hub, _ = admission(store, clock, quotas={Audience.CITIZEN: (100, DAY)})
    assert [await outcome(hub, cost) for cost in ("60", "30", "20", "10", "1")] == ["ok", "ok", QUOTA, "ok", QUOTA]
    response = await hub.execute(Request("20"), CITIZEN)
    (error,) = json.loads(response.body)["errors"]
    midnight = DAY - (int(BEGIN) + 7 * 3600) % DAY
    assert error["extensions"]["retryAfter"] == midnight
    assert dict(response.headers) == {b"retry-after": b"%d" % midnight}
    assert (
        error["message"] == f"the request costs 20, and 0 of the quota is left: ask for less, or again in {midnight} s"
    )
    clock.now += midnight
    assert await outcome(hub, "100") == "ok"


async def test_what_is_dearer_than_the_whole_quota_is_told_so(store: Store, clock: Clock) -> None:
    hub, _ = admission(store, clock, quotas={Audience.CITIZEN: (100, DAY)})
    response = await hub.execute(Request("101"), CITIZEN)
    assert response.headers == ()
    assert b"the whole quota is 100: ask for less at once" in response.body
    assert await outcome(hub, "100") == "ok"


async def test_both_are_taken_or_none(store: Store, clock: Clock) -> None:
    hub, _ = admission(store, clock, rates={Audience.CITIZEN: (3, MINUTE)}, quotas={Audience.CITIZEN: (100, DAY)})
    found = [await outcome(hub, cost) for cost in ("90", "20", "20", "20", "5", "5", "5")]
    assert found == ["ok", QUOTA, QUOTA, QUOTA, "ok", "ok", RATE]


async def test_a_request_that_is_refused_costs_a_request_and_nothing_else(store: Store, clock: Clock) -> None:
    hub, engine = admission(store, clock, rates={Audience.CITIZEN: (3, MINUTE)}, quotas={Audience.CITIZEN: (10, DAY)})
    found = [await outcome(hub, document) for document in ("bad", "bad", "10", "bad", "1")]
    assert found == ["0 GRAPHQL_VALIDATION_FAILED"] * 2 + ["ok", RATE, RATE]
    assert engine.reached == 4  # who has used up his rate is not read any more


async def test_each_reader_has_his_own(store: Store, clock: Clock) -> None:
    """A partner's agreement is one reader, an analyst's project is one, and so is everyone else."""
    everybody = dict.fromkeys(Audience, (1, MINUTE))
    hub, _ = admission(store, clock, rates=everybody)
    readers = [CITIZEN, OTHER, OFFICER, *PARTNERS, ELSEWHERE, *ANALYSTS]
    assert [await outcome(hub, "1", reader) for reader in readers] == ["ok"] * 4 + [RATE, "ok", "ok", RATE]


async def test_an_audience_without_a_rate_is_not_counted(store: Store, clock: Clock) -> None:
    hub, _ = admission(store, clock, rates={Audience.CITIZEN: (1, MINUTE)})
    for _ in range(5):
        response = await hub.execute(Request("7"), OFFICER)
        assert (response.executed, response.headers) == (True, ())


async def test_a_hub_that_asks_for_readers_is_not_counted(store: Store, clock: Clock) -> None:
    hub, _ = admission(store, clock, rates={Audience.CITIZEN: (1, MINUTE)})
    asking = Viewer(Profile(Audience.CITIZEN, asserted=Standing.SELF), name="hub")
    assert [await outcome(hub, "1", asking) for _ in range(5)] == ["ok"] * 5


async def test_answers_say_what_is_left(store: Store, clock: Clock) -> None:
    hub, _ = admission(store, clock, rates={Audience.CITIZEN: (30, MINUTE)}, quotas={Audience.CITIZEN: (100, DAY)})
    midnight = DAY - (int(BEGIN) + 7 * 3600) % DAY
    for times in (1, 2):
        response = await hub.execute(Request("40"), CITIZEN)
        assert dict(response.headers) == {
            b"ratelimit-policy": b'"requests";q=30;w=60, "cost";q=100;w=86400',
            b"ratelimit": f'"requests";r={30 - times};t={2 * times}, "cost";r={100 - 40 * times};t={midnight}'.encode(),
        }


async def test_replicas_share_what_is_counted(redis: RedisServer) -> None:
    stores = [RedisStore(redis.url, seconds=60) for _ in range(2)]
    await stores[0]._ask("FLUSHDB")
    hubs = [admission(store, Clock(), quotas={Audience.CITIZEN: (60, 100_000_000)})[0] for store in stores]
    found = Counter(await asyncio.gather(*(outcome(hub, "1") for hub in hubs * 50)))
    assert found == {"ok": 60, QUOTA: 40}
    for store in stores:
        await store.close()


async def test_no_reader_stands_in_the_store_in_the_clear(redis: RedisServer) -> None:
    store = RedisStore(redis.url, seconds=60)
    await store._ask("FLUSHDB")
    for secret in (b"one", b"two"):
        hub, _ = admission(store, Clock(), rates=dict.fromkeys(Audience, (1, MINUTE)), secret=secret)
        for reader in (CITIZEN, OFFICER, PARTNERS[0]):
            assert await outcome(hub, "1", reader) == "ok"
    keys = b" ".join(await store._ask("KEYS", "*")).decode()
    assert len(keys.split()) == 6
    for word in ("001190900002", "officer", "health", "robot"):
        assert word not in keys
    await store.close()


# --- places -----------------------------------------------------------------------------------------------------------


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110 - turns of the loop
            await asyncio.sleep(0)


async def test_so_many_are_under_way_and_so_many_wait() -> None:
    hub, engine = admission(MemoryStore(), Clock(), concurrent=3, waiting=2, wait=60)
    asked = [asyncio.create_task(outcome(hub, "wait")) for _ in range(6)]
    await until(lambda: any(task.done() for task in asked))
    assert [task.done() for task in asked] == [False] * 5 + [True]
    assert asked[5].result() == "503 OVERLOADED"
    engine.gate.set()
    assert await asyncio.gather(*asked[:5]) == ["ok"] * 5
    assert engine.most_under_way == 3


async def test_who_waits_too_long_is_told_when_to_come_back() -> None:
    hub, engine = admission(MemoryStore(), Clock(), concurrent=1, waiting=5, wait=0.02)
    holding = asyncio.create_task(outcome(hub, "wait"))
    await until(lambda: engine.under_way == 1)
    response = await hub.execute(Request("1"), CITIZEN)
    assert (response.status, response.headers) == (503, ((b"retry-after", b"1"),))
    engine.gate.set()
    assert await holding == "ok"
    assert await outcome(hub, "1") == "ok"


async def test_a_place_is_never_lost() -> None:
    """Waiters who leave, at any moment, leave no place behind and take none."""
    hub, engine = admission(MemoryStore(), Clock(), concurrent=2, waiting=50, wait=60)
    for round_ in range(40):
        engine.gate.clear()
        asked = [asyncio.create_task(outcome(hub, "wait")) for _ in range(8)]
        for _ in range(round_ % 5):
            await asyncio.sleep(0)
        leaving = asked[round_ % 3 :: 3]
        if round_ % 2:
            engine.gate.set()
            for _ in range(round_ % 7):
                await asyncio.sleep(0)
        for task in leaving:
            task.cancel()
        engine.gate.set()
        found = await asyncio.gather(*asked, return_exceptions=True)
        assert all(one == "ok" or isinstance(one, asyncio.CancelledError) for one in found)
        assert hub._places._taken == 0
        assert not hub._places._waiting
    assert engine.most_under_way == 2


async def test_a_fault_gives_its_place_back() -> None:
    hub, _ = admission(MemoryStore(), Clock(), concurrent=1, waiting=0, quotas={Audience.CITIZEN: (10, DAY)})
    for _ in range(3):
        with pytest.raises(ValueError, match="invalid literal"):
            await hub.execute(Request("no price"), CITIZEN)
    assert await outcome(hub, "1") == "ok"
