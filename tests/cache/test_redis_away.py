"""Redis is killed, hangs, comes back: what is documented happens, and nobody waits for it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from hub.cache import Charge, Quota, Rate, StoreWithFallback, open_store
from hub.cache.redis import RedisStore
from hub.errors import StoreUnavailable
from tests.redis_server import RedisServer, running_redis

LONG = 100_000_000.0  # a window that does not end while tests run
TIMEOUT = 2.0  # far more than an answer takes on a busy machine


@pytest.fixture
def server() -> Iterator[RedisServer]:
    """A Redis of the test's own, to be killed."""
    with running_redis() as running:
        yield running


@pytest.fixture
async def store(server: RedisServer) -> AsyncIterator[StoreWithFallback]:
    opened = open_store(server.url, seconds=TIMEOUT, replicas=4)
    assert isinstance(opened, StoreWithFallback)
    yield opened
    await opened.close()


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not holds():  # noqa: ASYNC110 - what is waited for is out of another process
            await asyncio.sleep(0.01)


async def test_by_itself_the_redis_store_says_that_it_is_away(server: RedisServer) -> None:
    alone = RedisStore(server.url, seconds=TIMEOUT)
    assert await alone.ready()
    server.kill()
    for asked in (
        alone.get("k"),
        alone.put("k", b"", 1),
        alone.charge([Charge(Rate("k", 1, 1), 1)]),
        alone.publish("c", b""),
    ):
        with pytest.raises(StoreUnavailable):
            await asked
    assert not await alone.ready()
    server.start()
    assert await alone.ready()
    assert (await alone.charge([Charge(Rate("k", 1, 1), 1)])).granted  # its script is gone, and told again
    await alone.close()


async def test_an_address_where_nobody_listens_is_away(server: RedisServer) -> None:
    server.kill()
    store = open_store(server.url, seconds=TIMEOUT)
    assert not await store.ready()
    await store.put("k", b"v", 60)
    assert await store.get("k") == b"v"
    await store.close()


async def test_a_quota_falls_back_to_the_share_of_the_process(server: RedisServer, store: StoreWithFallback) -> None:
    quota = Quota("quota", 40, LONG)
    for _ in range(20):
        assert (await store.charge([Charge(quota, 1)])).granted
    server.kill()
    # Ten of forty are this process's share, of which half are gone already.
    granted = [(await store.charge([Charge(quota, 1)])).granted for _ in range(8)]
    assert granted == [True] * 5 + [False] * 3
    fresh = [(await store.charge([Charge(Quota("fresh", 40, LONG), 1)])).granted for _ in range(12)]
    assert fresh == [True] * 10 + [False] * 2


async def test_a_small_quota_still_has_a_share(server: RedisServer, store: StoreWithFallback) -> None:
    server.kill()
    granted = [(await store.charge([Charge(Quota("small", 2, LONG), 1)])).granted for _ in range(3)]
    assert granted == [True, False, False]


async def test_it_comes_back_by_itself(server: RedisServer, store: StoreWithFallback) -> None:
    quota = Quota("quota", 40, LONG)
    server.kill()
    await store.put("k", b"local", 60)
    assert await store.get("k") == b"local"
    assert store.away
    assert not await store.ready()
    server.start()
    await until(lambda: not store.away)
    assert await store.ready()
    assert await store.get("k") is None  # what was put meanwhile is nobody else's
    granted = [(await store.charge([Charge(quota, 1)])).granted for _ in range(41)]
    assert granted == [True] * 40 + [False]


async def test_nobody_waits_for_a_redis_that_hangs(server: RedisServer, store: StoreWithFallback) -> None:
    """One batch of requests finds it out; from then on none asks it, until the probe finds it back."""
    assert await store.ready()
    server.hang()
    begin = time.monotonic()
    found = await asyncio.gather(*(store.charge([Charge(Rate(f"k{n}", 10, 60), 1)]) for n in range(1_000)))
    assert all(verdict.granted for verdict in found)
    assert store.away
    # The batch under way and one behind it, by the clock of the store; generous towards a busy machine.
    assert time.monotonic() - begin < 2 * TIMEOUT + 5
    charge = store.charge([Charge(Rate("k", 10, 60), 1)])
    with pytest.raises(StopIteration):  # it is done in one go: it gives way to nothing
        charge.send(None)
    server.go_on()
    await until(lambda: not store.away)


async def test_subscribers_learn_that_they_may_have_missed_something(
    server: RedisServer, store: StoreWithFallback
) -> None:
    async with store.subscribe("channel") as heard:
        await store.publish("channel", b"before")
        assert await anext(heard) == b"before"
        server.kill()
        await store.publish("channel", b"meanwhile")
        assert store.away
        server.start()
        async with asyncio.timeout(30):
            assert await anext(heard) is None
            await until(lambda: not store.away)
            await store.publish("channel", b"after")
            found = [await anext(heard)]
            while found[-1] != b"after":
                found.append(await anext(heard))
        # What was said meanwhile is said again; whether the subscriber was back by then, it has its None.
        assert found in ([b"after"], [b"meanwhile", b"after"])


async def test_who_subscribes_while_it_is_away_hears_later(server: RedisServer, store: StoreWithFallback) -> None:
    server.kill()
    async with store.subscribe("channel") as heard:
        server.start()
        async with asyncio.timeout(30):
            assert await anext(heard) is None


async def test_an_error_of_one_command_is_its_own(server: RedisServer) -> None:
    """Something else under a bucket's key is an error of that charge, and its neighbours in the batch are answered."""
    alone = RedisStore(server.url, seconds=TIMEOUT)
    await alone._ask("LPUSH", "hub:list", "x")
    bad, good, value = await asyncio.gather(
        alone.charge([Charge(Rate("list", 1, 1), 1)]),
        alone.charge([Charge(Rate("other", 1, 1), 1)]),
        alone.get("nothing"),
        return_exceptions=True,
    )
    assert isinstance(bad, StoreUnavailable)
    assert not isinstance(good, BaseException)
    assert good.granted
    assert value is None
    await alone.close()


async def test_who_leaves_takes_nobody_with_him(server: RedisServer) -> None:
    alone = RedisStore(server.url, seconds=TIMEOUT)
    asked = [asyncio.ensure_future(alone.get(f"k{n}")) for n in range(20)]
    await asyncio.sleep(0)
    for task in asked[::2]:
        task.cancel()
    found = await asyncio.gather(*asked, return_exceptions=True)
    assert [isinstance(one, asyncio.CancelledError) for one in found] == [True, False] * 10
    assert found[1::2] == [None] * 10
    await alone.close()
