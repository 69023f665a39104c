"""Connections of one database with prepared statements, never reset: what is read on them leaves nothing behind."""

from __future__ import annotations

import asyncio
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
    """A few connections, each used by one statement at a time."""

    def __init__(self, dsn: str, size: int, statements: Mapping[str, str]) -> None:
        self._dsn = dsn
        self._size = size
        self._texts = statements
        self._all: list[asyncpg.Connection[Any]] = []
        self._idle: asyncio.LifoQueue[Statements] = asyncio.LifoQueue()

    async def open(self) -> None:
        for _ in range(self._size):
            connection, statements = await connect(self._dsn, self._texts)
            self._all.append(connection)
            self._idle.put_nowait(statements)

    async def close(self) -> None:
        for connection in self._all:
            await connection.close()

    async def fetch(self, name: str, *arguments: Any) -> list[asyncpg.Record]:
        """The rows of a statement."""
        statements = await self._idle.get()
        try:
            found: list[asyncpg.Record] = await statements[name].fetch(*arguments)
            return found
        finally:
            self._idle.put_nowait(statements)

    async def fetchrow(self, name: str, *arguments: Any) -> asyncpg.Record | None:
        """The first row of a statement."""
        statements = await self._idle.get()
        try:
            return await statements[name].fetchrow(*arguments)
        finally:
            self._idle.put_nowait(statements)
