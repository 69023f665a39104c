"""Every law of the shared store, against both of its twins: memory, and a real Redis."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import count
from typing import Protocol

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.cache import MOST_VALUE, NEVER, Bucket, Charge, MemoryStore, Quota, Rate, Store, Verdict
from hub.cache.mailbox import MOST_WAITING
from hub.cache.memory import BUCKETS_KEPT, BYTES_KEPT, VALUES_KEPT
from hub.cache.redis import RedisStore
from tests.redis_server import RedisServer

BEGIN = 1_800_000_000  # a moment of the clock that tests wind themselves

_numbers = count()


class Clock:
    def __init__(self) -> None:
        self.now: float = BEGIN

    def __call__(self) -> float:
        return self.now


class Opens(Protocol):
    def __call__(self, clock: Callable[[], float] | None = None) -> Store: ...


@pytest.fixture(params=["memory", "redis"])
async def opens(request: pytest.FixtureRequest, redis: RedisServer) -> AsyncIterator[Opens]:
    """Opens stores of one kind, on a clock of the test or on their own."""
    opened: list[Store] = []

    def open_one(clock: Callable[[], float] | None = None) -> Store:
        if request.param == "redis":
            opened.append(RedisStore(redis.url, seconds=60, clock=clock))
        else:
            opened.append(MemoryStore(clock) if clock else MemoryStore())
        return opened[-1]

    yield open_one
    for store in opened:
        await store.close()


def new_key(name: str = "key") -> str:
    """One that no other test has."""
    return f"test:{name}:{next(_numbers)}"


# --- bytes ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [b"", b"text", bytes(range(256)), b"\x00" * MOST_VALUE])
async def test_what_was_put_is_there(opens: Opens, value: bytes) -> None:
    store, key = opens(), new_key()
    assert await store.get(key) is None
    await store.put(key, value, 60)
    assert await store.get(key) == value


async def test_what_was_put_last_stands(opens: Opens) -> None:
    store, key = opens(), new_key()
    await store.put(key, b"first", 60)
    await store.put(key, b"last", 60)
    assert await store.get(key) == b"last"


async def test_a_value_goes_when_its_time_is_over(opens: Opens) -> None:
    store, key = opens(), new_key()
    await store.put(key, b"short", 0.02)
    await store.put(key + "-long", b"long", 60)
    async with asyncio.timeout(10):
        while await store.get(key) is not None:  # noqa: ASYNC110 - it is time that is waited for
            await asyncio.sleep(0.005)
    assert await store.get(key + "-long") == b"long"


async def test_what_is_too_large_is_refused(opens: Opens) -> None:
    store = opens()
    with pytest.raises(ValueError, match="1000001 bytes"):
        await store.put(new_key(), b"x" * (MOST_VALUE + 1), 60)
    with pytest.raises(ValueError, match="1000001 bytes"):
        await store.publish(new_key(), b"x" * (MOST_VALUE + 1))
    for key in ("", "k" * 513):
        with pytest.raises(ValueError, match="characters"):
            await store.put(key, b"", 60)
        with pytest.raises(ValueError, match="characters"):
            await store.get(key)


async def test_memory_is_bounded_in_values_and_in_bytes() -> None:
    store = MemoryStore()
    for number in range(VALUES_KEPT + 10):
        await store.put(str(number), b"small", 60)
    assert await store.get("9") is None
    assert await store.get("10") == b"small"
    large = BYTES_KEPT // MOST_VALUE
    for number in range(large + 1):
        await store.put(f"large {number}", bytes(MOST_VALUE), 60)
    assert [await store.get(f"large {number}") is not None for number in (0, 1, large)] == [False, True, True]
    assert await store.get("20") is None
    for _ in range(2 * large):  # what is put in the place of another takes its place
        await store.put("large 1", bytes(MOST_VALUE), 60)
    assert await store.get(f"large {large}") is not None


# --- buckets ----------------------------------------------------------------------------------------------------------


@dataclass
class Naive:
    """The oracle: all that was ever taken, and exact arithmetic over it."""

    taken: list[tuple[Bucket, Fraction, int]]

    def used(self, bucket: Bucket, now: Fraction) -> Fraction:
        events = [(when, amount) for one, when, amount in self.taken if one == bucket]
        if isinstance(bucket, Quota):
            begin = self.begin(bucket, now)
            return Fraction(sum(amount for when, amount in events if self.begin(bucket, when) == begin))
        level, last = Fraction(0), Fraction(BEGIN)
        for when, amount in [*events, (now, 0)]:
            level = max(Fraction(0), level - (when - last) * bucket.most / Fraction(bucket.seconds)) + amount
            last = when
        return level

    @staticmethod
    def begin(quota: Quota, when: Fraction) -> int:
        return int((when - Fraction(quota.offset)) // Fraction(quota.seconds))

    def charge(self, charges: Sequence[Charge], now: Fraction) -> tuple[bool, list[tuple[Fraction, Fraction]]]:
        """Granted, and for each bucket: left, and seconds until the amount would be there; -1 for never."""
        used = [self.used(charge.bucket, now) for charge in charges]
        granted = all(level + one.amount <= one.bucket.most for level, one in zip(used, charges, strict=True))
        if granted:
            self.taken += [(one.bucket, now, one.amount) for one in charges]
            return True, [
                (one.bucket.most - level - one.amount, Fraction(0)) for level, one in zip(used, charges, strict=True)
            ]
        found = []
        for level, one in zip(used, charges, strict=True):
            bucket = one.bucket
            over = level + one.amount - bucket.most
            wait = Fraction(0)
            if one.amount > bucket.most:
                wait = Fraction(-1)
            elif over > 0 and isinstance(bucket, Rate):
                wait = over * Fraction(bucket.seconds) / bucket.most
            elif over > 0 and isinstance(bucket, Quota):
                wait = (self.begin(bucket, now) + 1) * Fraction(bucket.seconds) + Fraction(bucket.offset) - now
            found.append((bucket.most - level, wait))
        return False, found


# Numbers whose quotients are exact in binary, so that an exact oracle may demand equality at the very brim; and times
# so long that what Redis forgets by its own clock is not forgotten while the test runs.
BUCKETS: Mapping[str, Callable[[str], Bucket]] = {
    "rate": lambda key: Rate(key, 8, 4096.0),
    "slow": lambda key: Rate(key, 2, 1_048_576.0),
    "quota": lambda key: Quota(key, 5, 16_384.0),
    "day": lambda key: Quota(key, 20, 65_536.0, offset=-24_576.0),
}
STEPS = st.lists(
    st.tuples(
        st.sampled_from([0.0, 0.0, 256.0, 512.5, 1024.0, 3584.0, 16_384.0, 716_800.0]),  # seconds that pass before
        st.dictionaries(st.sampled_from(list(BUCKETS)), st.integers(0, 9), min_size=0),
    ),
    max_size=25,
)


@pytest.mark.parametrize("kind", ["memory", "redis"])
@given(steps=STEPS)
@settings(max_examples=150)
async def test_buckets_hold_what_a_naive_ledger_says(
    redis: RedisServer, kind: str, steps: list[tuple[float, dict[str, int]]]
) -> None:
    clock, naive = Clock(), Naive([])
    store: Store = MemoryStore(clock) if kind == "memory" else RedisStore(redis.url, seconds=60, clock=clock)
    buckets = {name: make(new_key(name)) for name, make in BUCKETS.items()}
    try:
        for passes, wanted in steps:
            clock.now += passes
            charges = [Charge(buckets[name], amount) for name, amount in wanted.items()]
            granted, levels = naive.charge(charges, Fraction(clock.now))
            verdict = await store.charge(charges)
            assert verdict.granted == granted
            assert [(one.left, -1 if one.waits == NEVER else one.waits) for one in verdict.levels] == [
                (float(left), float(wait)) for left, wait in levels
            ]
    finally:
        await store.close()


async def test_a_refused_charge_takes_nothing(opens: Opens) -> None:
    store = opens(Clock())
    wide, narrow = Rate(new_key("wide"), 100, 3600), Quota(new_key("narrow"), 3, 3600)
    assert (await store.charge([Charge(wide, 1), Charge(narrow, 3)])).granted
    assert not (await store.charge([Charge(wide, 50), Charge(narrow, 1)])).granted
    look = await store.charge([Charge(wide, 0), Charge(narrow, 0)])
    assert [level.left for level in look.levels] == [99, 0]


async def test_waiting_as_long_as_it_says_is_enough(opens: Opens) -> None:
    clock = Clock()
    store = opens(clock)
    for bucket in (Rate(new_key(), 10, 60), Quota(new_key(), 10, 60)):
        assert (await store.charge([Charge(bucket, 10)])).granted
        refused = await store.charge([Charge(bucket, 4)])
        assert not refused.granted
        assert 0 < refused.waits <= 60
        clock.now += refused.waits * 0.98
        assert not (await store.charge([Charge(bucket, 4)])).granted
        clock.now += refused.waits * 0.02 + 0.000_001
        assert (await store.charge([Charge(bucket, 4)])).granted


async def test_a_bucket_is_full_when_it_says(opens: Opens) -> None:
    clock = Clock()
    store = opens(clock)
    for bucket in (Rate(new_key(), 10, 60), Quota(new_key(), 10, 60)):
        resets = (await store.charge([Charge(bucket, 7)])).levels[0].resets
        clock.now += resets + 0.000_001
        assert (await store.charge([Charge(bucket, 0)])).levels[0].left == 10


async def test_a_clock_that_is_put_back_gives_nothing(opens: Opens) -> None:
    clock = Clock()
    store, rate = opens(clock), Rate(new_key(), 10, 60)
    await store.charge([Charge(rate, 10)])
    clock.now -= 3600
    assert not (await store.charge([Charge(rate, 1)])).granted


async def test_no_bucket_is_charged_twice_at_once(opens: Opens) -> None:
    bucket = Rate(new_key(), 10, 60)
    with pytest.raises(ValueError, match="twice"):
        await opens().charge([Charge(bucket, 1), Charge(bucket, 1)])
    with pytest.raises(ValueError, match="no charge"):
        await opens().charge([Charge(bucket, -1)])


async def test_replicas_share_a_bucket_and_no_unit_is_granted_twice(redis: RedisServer) -> None:
    """Eight connections take from two buckets at once, each as fast as it can."""
    stores = [RedisStore(redis.url, seconds=60) for _ in range(8)]
    tight, loose = Quota(new_key("tight"), 500, 100_000_000), Quota(new_key("loose"), 700, 100_000_000)

    async def take(store: RedisStore) -> list[Verdict]:
        return await asyncio.gather(*(store.charge([Charge(loose, 1), Charge(tight, 1)]) for _ in range(100)))

    found = [verdict for some in await asyncio.gather(*map(take, stores)) for verdict in some]
    assert sum(verdict.granted for verdict in found) == 500
    left = sorted(verdict.levels[1].left for verdict in found if verdict.granted)
    assert left == list(range(500))  # each saw a state of its own
    assert (await stores[0].charge([Charge(loose, 0)])).levels[0].left == 200
    for store in stores:
        await store.close()


async def test_redis_counts_by_its_own_clock(redis: RedisServer) -> None:
    """Replicas whose clocks are apart agree, because none of them is asked."""
    store, bucket = RedisStore(redis.url, seconds=60), Rate(new_key(), 1_000_000, 10.0)
    await store.charge([Charge(bucket, 1_000_000)])
    refused = await store.charge([Charge(bucket, 20_000)])
    assert not refused.granted
    await asyncio.sleep(refused.waits)
    assert (await store.charge([Charge(bucket, 20_000)])).granted
    quota = Quota(new_key(), 3, 100_000_000.0)
    level = (await store.charge([Charge(quota, 1)])).levels[0]
    assert 0 < level.resets <= 100_000_000
    await store.close()


async def test_memory_forgets_the_buckets_that_were_used_least_recently() -> None:
    store = MemoryStore(Clock())
    store.charge_now([Charge(Rate("first", 10, 60), 10)])
    for number in range(BUCKETS_KEPT - 1):
        store.charge_now([Charge(Rate(str(number), 10, 60), 1)])
    assert not store.charge_now([Charge(Rate("first", 10, 60), 1)]).granted
    assert len(store._buckets) == BUCKETS_KEPT
    store.charge_now([Charge(Rate("one more", 10, 60), 1)])
    assert len(store._buckets) == BUCKETS_KEPT


# --- messages ---------------------------------------------------------------------------------------------------------


async def test_all_subscribers_of_a_channel_hear_what_is_published_in_its_order(opens: Opens) -> None:
    store, channel = opens(), new_key("channel")
    async with (
        store.subscribe(channel) as first,
        store.subscribe(channel) as second,
        store.subscribe(new_key()) as other,
    ):
        await store.publish(channel, b"one")
        await store.publish(new_key("nobody"), b"lost")
        await store.publish(channel, b"\x00two")
        for heard in (first, second):
            assert [await anext(heard), await anext(heard)] == [b"one", b"\x00two"]
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await anext(other)


async def test_a_subscription_ends_with_its_block(opens: Opens) -> None:
    store, channel = opens(), new_key("channel")
    async with store.subscribe(channel):
        pass
    await store.publish(channel, b"nobody")
    async with store.subscribe(channel) as heard:
        await store.publish(channel, b"somebody")
        assert await anext(heard) == b"somebody"


async def test_a_reader_who_is_too_slow_learns_that_he_missed_something(opens: Opens) -> None:
    store, channel = opens(), new_key("channel")
    async with store.subscribe(channel) as slow, store.subscribe(channel) as quick:
        for number in range(MOST_WAITING + 1):
            await store.publish(channel, b"%d" % number)
            assert await anext(quick) == b"%d" % number
        async with asyncio.timeout(10):
            found = [await anext(slow)]
        assert found == [None]


async def test_one_store_tells_the_other(redis: RedisServer) -> None:
    here, there = RedisStore(redis.url, seconds=60), RedisStore(redis.url, seconds=10)
    channel, key = new_key("channel"), new_key()
    async with there.subscribe(channel) as heard:
        await here.put(key, b"shared", 60)
        await here.publish(channel, b"look")
        assert await anext(heard) == b"look"
        assert await there.get(key) == b"shared"
    await here.close()
    await there.close()


async def test_a_store_that_answers_is_ready(opens: Opens) -> None:
    assert await opens().ready()
