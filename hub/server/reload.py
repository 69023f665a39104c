"""One word to all replicas: read anew what may change. It goes over the store that they share.

Whatever is sent on the channel asks for the same, so nothing in it is believed; and what was perhaps missed while the
store was away counts as sent, because to read anew what did not change costs work and nothing else.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from hub.cache import Store
from hub.errors import origin

CHANNEL = "hub:reload"

_AGAIN = 1.0

_log = logging.getLogger("hub.server")


async def tell(store: Store) -> None:
    """Asks every replica."""
    await store.publish(CHANNEL, b"1")


def heeding(store: Store, reload: Callable[[], None] | None) -> Callable[[], AbstractAsyncContextManager[None]]:
    """Calls `reload`, if there is one, when somebody asks; and closes the store in the end."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[None]:
        heeds = asyncio.create_task(_heed(store, reload)) if reload is not None else None
        try:
            yield
        finally:
            if heeds is not None:
                heeds.cancel()
                await asyncio.wait([heeds])
            await store.close()

    return opened


async def _heed(store: Store, reload: Callable[[], None]) -> None:
    while True:
        try:
            async with store.subscribe(CHANNEL) as messages:
                async for _ in messages:
                    reload()
        except Exception as error:  # noqa: BLE001 - without the store one can still send the signal
            _log.error("what is asked over the store is not heard: %s", origin(error))
        await asyncio.sleep(_AGAIN)
