"""Connections of one universe to one source: opened when needed, kept, never reset between statements.

A pool that resets its connections spends a second round trip on every statement; here every statement is a read on a
role that can do nothing else, so there is nothing to reset. A connection that breaks is dropped; while the database
cannot be reached, attempts are spaced out and everything in between fails at once.
"""

from __future__ import annotations

import asyncio
from enum import Enum
from typing import Any

import asyncpg

from hub.errors import SourceUnavailable

CONNECT_SECONDS = 3.0
FIRST_PAUSE = 0.1
LONGEST_PAUSE = 2.0
STATEMENTS_KEPT = 256
"""On each connection. Postgres keeps the plan of each as well, 30 to 50 KiB, and aliases make new ones without end."""


class Plans(Enum):
    """When Postgres plans a statement on a connection."""

    ONCE = "once"  # for whatever values
    EACH_TIME = "each time"  # for the values that are asked; it takes a fraction of a millisecond


_ALWAYS = {"jit": "off", "enable_seqscan": "off", "application_name": "hub"}
# Bitmap scans do not pay for look-ups by key. Of many rows of a table they read each page once.
SETTINGS = {
    Plans.ONCE: {**_ALWAYS, "plan_cache_mode": "force_generic_plan", "enable_bitmapscan": "off"},
    Plans.EACH_TIME: {**_ALWAYS, "plan_cache_mode": "force_custom_plan", "enable_bitmapscan": "on"},
}

BROKEN = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # the server's farewell was there before the statement
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
)
"""What says that the source, not the question, is at fault."""


class Connections:
    """Up to `size` connections of each kind; `fetch` waits for none, because the executor never has more under way."""

    def __init__(self, source: str, dsn: str, size: int, statement_seconds: float) -> None:
        self.source = source
        self.size = size
        self._dsn = dsn
        self._statement_seconds = statement_seconds
        self._idle: dict[Plans, list[asyncpg.Connection[Any]]] = {plans: [] for plans in Plans}
        self._pause = 0.0
        self._not_before = 0.0

    async def fetch(self, sql: str, arguments: tuple[Any, ...], plans: Plans = Plans.ONCE) -> list[asyncpg.Record]:
        """The rows of a statement. An idle connection may have died since it was used: then once more on a new one."""
        idle = self._idle[plans]
        kept = self._take(idle)
        if kept is not None:
            try:
                return await self._run(kept, sql, arguments, idle)
            except SourceUnavailable as error:
                if not kept.is_closed() or isinstance(error.cause, TimeoutError):
                    raise
        return await self._run(await self._open(plans), sql, arguments, idle)

    @staticmethod
    def _take(idle: list[asyncpg.Connection[Any]]) -> asyncpg.Connection[Any] | None:
        while idle:
            connection = idle.pop()
            if not connection.is_closed():
                return connection
        return None

    async def _run(
        self,
        connection: asyncpg.Connection[Any],
        sql: str,
        arguments: tuple[Any, ...],
        idle: list[asyncpg.Connection[Any]],
    ) -> list[asyncpg.Record]:
        try:
            records: list[asyncpg.Record] = await connection.fetch(sql, *arguments)
        except BROKEN as error:
            connection.terminate()
            raise SourceUnavailable(self.source, error) from error
        except asyncpg.PostgresError:
            idle.append(connection)
            raise
        except BaseException:
            connection.terminate()
            raise
        idle.append(connection)
        return records

    @property
    def resting(self) -> bool:
        """Whether it is too early for another attempt to connect."""
        return asyncio.get_running_loop().time() < self._not_before

    async def _open(self, plans: Plans) -> asyncpg.Connection[Any]:
        loop = asyncio.get_running_loop()
        if self.resting:
            raise SourceUnavailable(self.source, ConnectionError("waiting before the next attempt"))
        try:
            connection = await asyncpg.connect(
                self._dsn,
                timeout=CONNECT_SECONDS,
                command_timeout=self._statement_seconds,
                statement_cache_size=STATEMENTS_KEPT,
                max_cached_statement_lifetime=0,
                server_settings=SETTINGS[plans],
            )
        except (*BROKEN, asyncpg.PostgresError) as error:
            self._pause = min(max(self._pause * 2, FIRST_PAUSE), LONGEST_PAUSE)
            self._not_before = loop.time() + self._pause
            raise SourceUnavailable(self.source, error) from error
        self._pause = 0.0
        return connection

    async def close(self) -> None:
        """Closes what is idle."""
        for idle in self._idle.values():
            while idle:
                connection = idle.pop()
                try:
                    await connection.close(timeout=1.0)
                except (*BROKEN, asyncpg.PostgresError):
                    connection.terminate()
