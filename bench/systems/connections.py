"""Connections of one database with prepared statements, never reset: what is read on them leaves nothing behind."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from typing import Any

import asyncpg

# What the hub sets on its connections, so that the plans are the same.
SETTINGS = {"plan_cache_mode": "force_generic_plan", "jit": "off", "enable_bitmapscan": "off", "enable_seqscan": "off"}

Statements = Mapping[str, Any]


async def connect(dsn: str, statements: Mapping[str, str]) -> tuple[asyncpg.Connection[Any], Statements]:
    """A connection, and its statements by name."""
    connection = await asyncpg.connect(dsn, server_settings=SETTINGS)
    prepared = {name: await connection.prepare(text) for name, text in statements.items()}
    # asyncpg prepares without a sync: until the next statement ends, the database's statement timeout is running.
    await connection.execute("select 1")
    return connection, prepared


class Connections:
    """A few connections, each used by one statement at a time, handed on to whoever has waited longest."""

    def __init__(self, dsn: str, size: int, statements: Mapping[str, str]) -> None:
        self._dsn = dsn
        self._size = size
        self._texts = statements
        self._all: list[asyncpg.Connection[Any]] = []
        self._idle: list[Statements] = []
        self._waiting: deque[asyncio.Future[Statements]] = deque()

    async def open(self) -> None:
        for _ in range(self._size):
            connection, statements = await connect(self._dsn, self._texts)
            self._all.append(connection)
            self._idle.append(statements)

    async def close(self) -> None:
        for connection in self._all:
            await connection.close()

    async def fetch(self, name: str, *arguments: Any) -> list[asyncpg.Record]:
        """The rows of a statement."""
        statements = self._idle.pop() if self._idle else await self._wait()
        try:
            found: list[asyncpg.Record] = await statements[name].fetch(*arguments)
            return found
        finally:
            self._hand_on(statements)

    async def fetchrow(self, name: str, *arguments: Any) -> asyncpg.Record | None:
        """The first row of a statement."""
        statements = self._idle.pop() if self._idle else await self._wait()
        try:
            return await statements[name].fetchrow(*arguments)
        finally:
            self._hand_on(statements)

    def _wait(self) -> asyncio.Future[Statements]:
        future: asyncio.Future[Statements] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        return future

    def _hand_on(self, statements: Statements) -> None:
        while self._waiting:
            future = self._waiting.popleft()
            if not future.done():
                future.set_result(statements)
                return
        self._idle.append(statements)
