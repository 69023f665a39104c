"""Whether an instance is ready: what it says, how seldom it looks, and that a source that hangs does not hang it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from hub.model.viewer import Audience, Profile, Viewer
from hub.server import health
from hub.server.app import make_app
from hub.server.health import Health, Leaving
from hub.server.identity import Everybody
from hub.settings import Settings

from .conftest import TinyEngine


@dataclass(slots=True)
class Sources:
    """What is looked at, how often it was, and who is still looking."""

    found: Mapping[str, bool] | Exception
    looks: int = 0
    held: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self) -> Mapping[str, bool]:
        self.looks += 1
        await self.held.wait()
        if isinstance(self.found, Exception):
            raise self.found
        return self.found


def sources(found: Mapping[str, bool] | Exception) -> Sources:
    made = Sources(found)
    made.held.set()
    return made


async def ask(health: Health, path: str = "/health/ready") -> tuple[int, Any]:
    app = make_app(TinyEngine(), Everybody(Viewer(Profile(Audience.OFFICER))), Settings(), health)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://hub") as client:
        response = await client.get(path)
        assert response.headers["cache-control"] == "no-store"
        return response.status_code, response.json()


@pytest.mark.parametrize(
    "found, status, body",
    [
        ({"population": True}, 200, {"status": "ready", "sources": {"population": True}}),
        (
            {"population": True, "household": False},
            503,
            {"status": "not ready", "sources": {"population": True, "household": False}},
        ),
        ({}, 503, {"status": "not ready", "sources": {}}),
        (ConnectionRefusedError("public_security on 10.0.0.1"), 503, {"status": "not ready", "sources": {}}),
    ],
)
async def test_it_is_ready_when_every_source_is(
    found: Mapping[str, bool] | Exception, status: int, body: dict[str, Any]
) -> None:
    assert await ask(Health(sources(found))) == (status, body)


async def test_a_source_that_hangs_is_not_ready_and_hangs_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "READY_WITHIN", 0.05)
    assert await ask(Health(Sources({"population": True}))) == (503, {"status": "not ready", "sources": {}})


async def test_what_is_beside_the_sources_is_shown_and_does_not_decide() -> None:
    async def broken() -> bool:
        raise ConnectionRefusedError("redis on 10.0.0.1")

    async def issuers() -> Mapping[str, bool]:
        return {"vneid": False, "agency": True}

    assert await ask(Health(sources({"population": True}), {"issuers": issuers, "redis": broken})) == (
        200,
        {
            "status": "ready",
            "sources": {"population": True},
            "issuers": {"vneid": False, "agency": True},
            "redis": False,
        },
    )


async def test_a_storm_of_probes_is_one_look() -> None:
    looked = Sources({"population": True})
    now = [0.0]
    one = Health(looked, clock=lambda: now[0])
    storm: list[Awaitable[tuple[int, Any]]] = [asyncio.create_task(ask(one)) for _ in range(50)]
    async with asyncio.timeout(10):
        while not looked.looks:  # noqa: ASYNC110 - what is waited for is the state of the code under test
            await asyncio.sleep(0)
    looked.held.set()
    assert {status for status, _ in await asyncio.gather(*storm)} == {200}
    assert looked.looks == 1
    looked.found = {"population": False}
    now[0] = 0.9
    assert (await ask(one))[0] == 200
    assert looked.looks == 1
    now[0] = 1.0
    assert (await ask(one))[0] == 503
    assert looked.looks == 2


async def test_a_probe_that_gives_up_does_not_end_the_look_of_others() -> None:
    looked = Sources({"population": True})
    one = Health(looked)
    first, second = (asyncio.create_task(ask(one)) for _ in range(2))
    async with asyncio.timeout(10):
        while not looked.looks:  # noqa: ASYNC110 - what is waited for is the state of the code under test
            await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    looked.held.set()
    assert (await second)[0] == 200


async def test_who_leaves_is_not_ready_and_still_lives() -> None:
    one = Health(sources({"population": True}), leaving=Leaving(begun=True))
    assert await ask(one) == (503, {"status": "leaving"})
    for path in ("/health", "/health/live"):
        assert await ask(one, path) == (200, {"status": "ok"})
