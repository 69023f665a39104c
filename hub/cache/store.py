"""What is kept for all replicas of the hub together: one protocol, whose twins are `memory` and `redis`.

    get, put              bytes under a key, for a time
    charge                takes from several buckets at once, from all of them or from none
    publish, subscribe    what one replica tells the others
    ready, close

Keys and channels are chosen by the hub and never hold a value of a person in the clear: a store is outside of what the
policy guards. What comes out of it was put there by a replica, and is checked as if it came from outside.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

MOST_KEY = 512
"""Characters of a key or a channel."""

MOST_VALUE = 1_000_000
"""Bytes of a value or a message."""

NEVER = float("inf")


@dataclass(frozen=True, slots=True)
class Rate:
    """A bucket of `most` units that fills again evenly, from empty to full in `seconds`."""

    key: str
    most: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Quota:
    """At most `most` units in each window of `seconds`; windows begin at multiples of `seconds` after `offset`."""

    key: str
    most: int
    seconds: float
    offset: float = 0.0


Bucket = Rate | Quota


@dataclass(frozen=True, slots=True)
class Charge:
    """What is taken from a bucket: `amount` units, zero to look only."""

    bucket: Bucket
    amount: int


@dataclass(frozen=True, slots=True)
class Level:
    """A bucket after it was asked.

    left    units that are in it now
    resets  seconds until it is full again, if nobody takes from it
    waits   seconds until what was asked would be in it: 0 if it is, `NEVER` if it can never be
    """

    left: float
    resets: float
    waits: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether all buckets of a charge had what was asked, and how they stand, in the order in which they were given."""

    granted: bool
    levels: tuple[Level, ...]

    @property
    def waits(self) -> float:
        """Seconds until all of what was asked would be there."""
        return max((level.waits for level in self.levels), default=0.0)


class Store(Protocol):
    """Belongs to one event loop. Errors: `ValueError` for a key or value that is too large, `StoreUnavailable`."""

    async def get(self, key: str) -> bytes | None:
        """What was put under the key, if it is still there. A store may forget before its time."""
        ...

    async def put(self, key: str, value: bytes, seconds: float) -> None:
        """Keeps the value for so long at the most."""
        ...

    async def charge(self, charges: Sequence[Charge]) -> Verdict:
        """Takes from all of the buckets, or, if one has too little, from none. No bucket twice."""
        ...

    async def publish(self, channel: str, message: bytes) -> None:
        """Tells all who are subscribed now."""
        ...

    def subscribe(self, channel: str) -> AbstractAsyncContextManager[AsyncIterator[bytes | None]]:
        """What is published on the channel while the block lasts.

        None stands for "something may have been missed": the connection was away, or the reader too slow. Whoever reads
        a None does what he would do on any message.
        """
        ...

    async def ready(self) -> bool:
        """Whether it answers now."""
        ...

    async def close(self) -> None:
        """Lets go of it; nothing is asked afterwards."""
        ...


def check_key(key: str) -> str:
    """The key or channel, or `ValueError`."""
    if not 0 < len(key) <= MOST_KEY:
        raise ValueError(f"a key of {len(key)} characters: it has 1 to {MOST_KEY}")
    return key


def check_value(value: bytes) -> bytes:
    """The value or message, or `ValueError`."""
    if len(value) > MOST_VALUE:
        raise ValueError(f"a value of {len(value)} bytes: the largest has {MOST_VALUE}")
    return value


def check_charges(charges: Sequence[Charge]) -> Sequence[Charge]:
    """The charges, or `ValueError`."""
    keys = {check_key(charge.bucket.key) for charge in charges}
    if len(keys) < len(charges):
        raise ValueError("a bucket is charged twice at once")
    for charge in charges:
        if charge.amount < 0 or charge.bucket.most < 1 or charge.bucket.seconds <= 0:
            raise ValueError(f"no charge of a bucket: {charge}")
    return charges
