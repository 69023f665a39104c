"""The store of one process: the twin of Redis, and what stands in for it while it is away.

It is bounded: what was used least recently is forgotten first. A bucket that is forgotten is full again, so the
bound of buckets is far above the number of readers who ask within a window.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from hub.cache.bounded import Bounded
from hub.cache.mailbox import Mailbox
from hub.cache.store import (
    NEVER,
    Bucket,
    Charge,
    Level,
    Quota,
    Rate,
    Verdict,
    check_charges,
    check_key,
    check_value,
)

VALUES_KEPT = 1_000
BYTES_KEPT = 64_000_000
BUCKETS_KEPT = 100_000


class MemoryStore:
    """`clock` gives seconds since 1970."""

    __slots__ = ("_boxes", "_buckets", "_bytes", "_clock", "_values")

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._values: Bounded[str, tuple[bytes, float]] = Bounded(VALUES_KEPT, forgotten=self._forgotten)
        self._bytes = 0
        # Key -> what is used of the bucket, and when it was so: of a quota, when its window began.
        self._buckets: Bounded[str, tuple[float, int]] = Bounded(BUCKETS_KEPT)
        self._boxes: dict[str, list[Mailbox]] = {}

    async def get(self, key: str) -> bytes | None:
        found = self._values.get(check_key(key))
        if found is None:
            return None
        if found[1] <= self._clock():
            self._values.forget(key)
            return None
        return found[0]

    async def put(self, key: str, value: bytes, seconds: float) -> None:
        self._values.forget(check_key(key))
        self._bytes += len(check_value(value))
        self._values.put(key, (value, self._clock() + seconds))
        while self._bytes > BYTES_KEPT:
            self._values.forget_oldest()

    def _forgotten(self, entry: tuple[bytes, float]) -> None:
        self._bytes -= len(entry[0])

    async def charge(self, charges: Sequence[Charge]) -> Verdict:
        return self.charge_now(charges)

    def charge_now(self, charges: Sequence[Charge]) -> Verdict:
        """As `charge`, within one turn of the loop."""
        now = _microseconds(self._clock())
        found = [self._used(charge.bucket, now) for charge in check_charges(charges)]
        granted = all(
            used + charge.amount <= charge.bucket.most for charge, (used, _) in zip(charges, found, strict=True)
        )
        levels = []
        for charge, (used, since) in zip(charges, found, strict=True):
            after = used + charge.amount if granted else used
            if granted:
                self._buckets.put(charge.bucket.key, (after, since))
            levels.append(_level(charge, after, since, now, granted=granted))
        return Verdict(granted, tuple(levels))

    def remember(self, bucket: Bucket, left: float) -> None:
        """Takes over what another store says of a bucket, so that it can go on from there."""
        now = _microseconds(self._clock())
        since = now if isinstance(bucket, Rate) else _window(bucket, now)
        self._buckets.put(bucket.key, (bucket.most - left, since))

    def _used(self, bucket: Bucket, now: int) -> tuple[float, int]:
        """What is used of a bucket, and since when that is so."""
        used, since = self._buckets.get(bucket.key) or (0.0, now)
        match bucket:
            case Rate(most=most, seconds=seconds):
                # A clock that was put back gives nothing, and takes nothing.
                flowed = max(0, now - since) * most / _microseconds(seconds)
                return max(0.0, used - flowed), now
            case Quota():
                begin = _window(bucket, now)
                return (used if since == begin else 0.0), begin

    async def publish(self, channel: str, message: bytes) -> None:
        check_value(message)
        for box in self._boxes.get(check_key(channel), ()):
            box.put(message)

    @asynccontextmanager
    async def subscribe(self, channel: str) -> AsyncIterator[AsyncIterator[bytes | None]]:
        box = Mailbox()
        boxes = self._boxes.setdefault(check_key(channel), [])
        boxes.append(box)
        try:
            yield box
        finally:
            boxes.remove(box)
            if not boxes and self._boxes.get(channel) is boxes:
                del self._boxes[channel]

    async def ready(self) -> bool:
        return True

    async def close(self) -> None:
        return


def _microseconds(seconds: float) -> int:
    return round(seconds * 1_000_000)


def _window(quota: Quota, now: int) -> int:
    """When the window began in which this moment is."""
    return now - (now - _microseconds(quota.offset)) % _microseconds(quota.seconds)


def _level(charge: Charge, used: float, since: int, now: int, *, granted: bool) -> Level:
    bucket = charge.bucket
    window = _microseconds(bucket.seconds)
    over = used + charge.amount - bucket.most
    match bucket:
        case Rate():
            resets = used * window / bucket.most
            waits = over * window / bucket.most
        case Quota():
            resets = float(since + window - now)
            waits = resets
    if granted or over <= 0:
        waits = 0.0
    elif charge.amount > bucket.most:
        waits = NEVER
    return Level(bucket.most - used, resets / 1_000_000, waits / 1_000_000)
