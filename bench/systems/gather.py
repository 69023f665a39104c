"""Keys of concurrent requests -> batches: while all slots are busy, keys gather; an idle server answers at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Generic, TypeVar

Slot = TypeVar("Slot")
Answer = Callable[[Slot, list[str]], Awaitable[Mapping[str, bytes]]]

MOST_KEYS = 128


class Gather(Generic[Slot]):
    """One question about keys. A slot is what one batch needs for itself; `absent` answers a key without a row."""

    def __init__(self, slots: Sequence[Slot], answer: Answer[Slot], absent: bytes) -> None:
        self._slots = list(slots)
        self._answer = answer
        self._absent = absent
        self._waiting: dict[str, asyncio.Future[bytes]] = {}
        self._waking = False
        self._tasks: set[asyncio.Task[None]] = set()

    def ask(self, key: str) -> asyncio.Future[bytes]:
        """The answer for a key, together with whoever else asks now."""
        future = self._waiting.get(key)
        if future is None:
            loop = asyncio.get_running_loop()
            future = self._waiting[key] = loop.create_future()
            if self._slots and not self._waking:
                self._waking = True
                # At the end of the loop's turn, so that what arrives in one turn goes out together.
                loop.call_soon(self._start)
        return future

    def _start(self) -> None:
        self._waking = False
        while self._waiting and self._slots:
            if len(self._waiting) <= MOST_KEYS:
                batch, self._waiting = self._waiting, {}
            else:
                batch = {key: self._waiting.pop(key) for key in list(self._waiting)[:MOST_KEYS]}
            task = asyncio.create_task(self._run(self._slots.pop(), batch))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _run(self, slot: Slot, batch: Mapping[str, asyncio.Future[bytes]]) -> None:
        try:
            found = await self._answer(slot, list(batch))
            for key, future in batch.items():
                if not future.done():
                    future.set_result(found.get(key, self._absent))
        except Exception as error:  # noqa: BLE001 - whoever waits hears of it
            for future in batch.values():
                if not future.done():
                    future.set_exception(error)
        finally:
            self._slots.append(slot)
            if self._waiting:
                self._start()
