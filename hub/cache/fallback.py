"""A shared store that may be away, and what is done meanwhile.

    get         nothing is there, but what this process has put meanwhile
    put         kept in this process
    charge      from this process's share: a bucket of `most` units holds `most / replicas` here, less its share of
                what was taken while the shared store answered: together the replicas grant no more than it holds
    publish     said again when the store is back; subscribers learn by a None that they may have missed something
    ready       false

A breaker stands before the shared store: who finds it away waits for it once, all others go on at once, until a probe
in the background finds it back.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace

from hub.cache.memory import MemoryStore
from hub.cache.store import Bucket, Charge, Store, Verdict, check_charges, check_key, check_value
from hub.errors import StoreUnavailable

_PAUSES = (0.1, 5.0)  # seconds between two probes: at first, and at the most
_UNSAID = 1_000  # messages that are said again

_log = logging.getLogger("hub.cache")


class StoreWithFallback:
    """`replicas` is the number of processes that share the store."""

    __slots__ = ("_local", "_probe", "_replicas", "_shared", "_unsaid")

    def __init__(self, shared: Store, replicas: int = 1, local: MemoryStore | None = None) -> None:
        self._shared = shared
        self._replicas = replicas
        self._local = local or MemoryStore()
        self._probe: asyncio.Task[None] | None = None
        self._unsaid: deque[tuple[str, bytes]] = deque(maxlen=_UNSAID)

    @property
    def away(self) -> bool:
        """Whether requests go on without the shared store now."""
        return self._probe is not None

    async def get(self, key: str) -> bytes | None:
        if not self.away:
            try:
                return await self._shared.get(key)
            except StoreUnavailable as error:
                self._lost(error)
        return await self._local.get(key)

    async def put(self, key: str, value: bytes, seconds: float) -> None:
        if not self.away:
            try:
                return await self._shared.put(key, value, seconds)
            except StoreUnavailable as error:
                self._lost(error)
        return await self._local.put(key, value, seconds)

    async def charge(self, charges: Sequence[Charge]) -> Verdict:
        if not self.away:
            try:
                verdict = await self._shared.charge(charges)
            except StoreUnavailable as error:
                self._lost(error)
            else:
                for charge, level in zip(charges, verdict.levels, strict=True):
                    used = charge.bucket.most - level.left
                    share = self._share(charge.bucket)
                    self._local.remember(share, max(0.0, share.most - used / self._replicas))
                return verdict
        check_charges(charges)
        return self._local.charge_now([Charge(self._share(charge.bucket), charge.amount) for charge in charges])

    async def publish(self, channel: str, message: bytes) -> None:
        if not self.away:
            try:
                return await self._shared.publish(channel, message)
            except StoreUnavailable as error:
                self._lost(error)
        self._unsaid.append((check_key(channel), check_value(message)))
        return None

    def subscribe(self, channel: str) -> AbstractAsyncContextManager[AsyncIterator[bytes | None]]:
        return self._shared.subscribe(channel)

    async def ready(self) -> bool:
        return not self.away and await self._shared.ready()

    async def close(self) -> None:
        if self._probe is not None:
            self._probe.cancel()
            await asyncio.gather(self._probe, return_exceptions=True)
        await self._shared.close()

    def _share(self, bucket: Bucket) -> Bucket:
        if self._replicas == 1:
            return bucket
        return replace(bucket, most=max(1, bucket.most // self._replicas))

    def _lost(self, error: StoreUnavailable) -> None:
        if self._probe is None:
            _log.warning("%s; this process goes on with its share of what is counted", error)
            self._probe = asyncio.create_task(self._until_back())

    async def _until_back(self) -> None:
        pause = _PAUSES[0]
        while True:
            await asyncio.sleep(pause)
            if await self._shared.ready() and await self._say_what_was_not_said():
                break
            pause = min(2 * pause, _PAUSES[1])
        self._probe = None
        _log.warning("the shared store answers again")

    async def _say_what_was_not_said(self) -> bool:
        while self._unsaid:
            try:
                await self._shared.publish(*self._unsaid[0])
            except StoreUnavailable:
                return False
            self._unsaid.popleft()
        return True
