"""`hub reload`: every replica reads anew what may change."""

from __future__ import annotations

import os

import click

from hub.errors import SettingsWrong, StartFailed

_PATIENCE = 5.0


@click.command(short_help="Ask every replica to read policy, agreements, issuers and remotes anew.")
def reload() -> None:
    """Ask every `hub serve` that shares HUB_REDIS_URL to read policy, agreements, issuers, keys, stored documents and
    remote subgraphs anew, as SIGHUP asks one of them.

    Each checks for itself what it reads: what is wrong is logged there, and what was there goes on.
    """
    import asyncio

    from hub.cache import open_store
    from hub.server.reload import tell
    from hub.settings import read_settings

    settings = read_settings(os.environ, ())
    if settings.redis_url is None:
        raise SettingsWrong("`HUB_REDIS_URL` is missing: what the replicas share; to a single one send SIGHUP")
    url = settings.redis_url

    async def ask() -> None:
        store = open_store(url, seconds=_PATIENCE)
        try:
            ready = await store.ready()
            await tell(store)
            if not ready or not await store.ready():
                raise StartFailed("the store that the replicas share does not answer: they were not asked")
        finally:
            await store.close()

    asyncio.run(ask())
