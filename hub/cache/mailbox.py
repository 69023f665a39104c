"""What a subscriber has not read yet, bounded."""

from __future__ import annotations

import asyncio
from collections import deque

MOST_WAITING = 1_000


class Mailbox:
    """An asynchronous iterator over what is put into it; what is too much becomes one None."""

    __slots__ = ("_come", "_waiting")

    def __init__(self) -> None:
        self._waiting: deque[bytes | None] = deque()
        self._come = asyncio.Event()

    def put(self, message: bytes | None) -> None:
        """Adds a message; None for those that were missed, of which one is enough."""
        if message is None or len(self._waiting) >= MOST_WAITING:
            self._waiting.clear()
            message = None
        self._waiting.append(message)
        self._come.set()

    def __aiter__(self) -> Mailbox:
        return self

    async def __anext__(self) -> bytes | None:
        while not self._waiting:
            self._come.clear()
            await self._come.wait()
        return self._waiting.popleft()
