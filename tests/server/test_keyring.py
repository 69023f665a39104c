"""Keys that change: an issuer's key set behind a real address that rotates, lies, hangs, dies and comes back."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519

from hub.errors import Unauthenticated, Unverifiable
from hub.model.viewer import Served
from hub.server.identity import Identity, Trust
from hub.server.keyring import Keyring
from hub.server.keys import ALGORITHMS

ISS = "https://vneid.example"
OLD, NEW, STRANGER = (ed25519.Ed25519PrivateKey.generate() for _ in range(3))


def jwk(key: ed25519.Ed25519PrivateKey, kid: str) -> dict[str, Any]:
    entry: dict[str, Any] = json.loads(jwt.get_algorithm_by_name("EdDSA").to_jwk(key.public_key()))
    return entry | {"kid": kid, "alg": "EdDSA", "use": "sig"}


def token(key: ed25519.Ed25519PrivateKey, kid: str, sub: str = "001099012345") -> list[bytes]:
    claims = {"iss": ISS, "aud": "hub", "exp": int(time.time()) + 3_600, "hub_audience": "citizen", "acr": "vneid-2"}
    return [b"Bearer " + jwt.encode(claims | {"sub": sub}, key, "EdDSA", {"kid": kid}).encode()]


@dataclass(slots=True)
class Publisher:
    """An issuer's key set at an address. `held` holds answers back until it is set."""

    keys: list[dict[str, Any]]
    status: int = 200
    body: bytes | None = None
    asked: int = 0
    held: asyncio.Event = field(default_factory=asyncio.Event)
    came: asyncio.Event = field(default_factory=asyncio.Event)
    url: str = ""
    port: int = 0
    server: asyncio.Server | None = None

    async def start(self) -> None:
        self.server = await asyncio.start_server(self._answer, "127.0.0.1", self.port)
        self.port = self.server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/jwks"

    async def stop(self) -> None:
        assert self.server is not None
        self.server.close()
        await self.server.wait_closed()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            self.asked += 1
            self.came.set()
            await self.held.wait()
            body = self.body if self.body is not None else json.dumps({"keys": self.keys}).encode()
            writer.write(
                b"HTTP/1.1 %d X\r\nContent-Length: %d\r\nLocation: /other\r\nConnection: close\r\n\r\n"
                % (self.status, len(body))
                + body
            )
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@dataclass(slots=True)
class Clock:
    now: float = 1_000.0

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def published(**more: Any) -> AsyncIterator[Publisher]:
    publisher = Publisher([jwk(OLD, "old")], **more)
    publisher.held.set()
    await publisher.start()
    try:
        yield publisher
    finally:
        publisher.held.set()
        await publisher.stop()


@asynccontextmanager
async def following(publisher: Publisher, **options: Any) -> AsyncIterator[tuple[Identity, Keyring, Clock]]:
    clock = Clock()
    ring = Keyring(publisher.url, ALGORITHMS, clock=clock, **options)
    identity = Identity(Trust(ring, ISS, "hub", Served()))
    await identity.start()
    try:
        yield identity, ring, clock
    finally:
        await identity.stop()


async def until(true: Callable[[], bool]) -> None:
    """Lets the loop run until something is so."""
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110 - what is waited for is the state of the code under test
            await asyncio.sleep(0)


async def refused(asked: Awaitable[Any], why: str = "not signed with a key") -> None:
    with pytest.raises(Unauthenticated, match=why):
        await asked


async def test_a_new_key_is_found_by_the_first_token_that_is_signed_with_it() -> None:
    async with published() as publisher, following(publisher) as (identity, _, _):
        await identity.viewer(token(OLD, "old"))
        publisher.keys.append(jwk(NEW, "new"))
        assert (await identity.viewer(token(NEW, "new"))).subject == "001099012345"
        await identity.viewer(token(OLD, "old"))
        assert publisher.asked == 2


async def test_a_key_that_is_withdrawn_ends_the_tokens_it_signed_even_remembered_ones() -> None:
    async with published() as publisher, following(publisher) as (identity, _, _):
        signed = token(OLD, "old")
        await identity.viewer(signed)
        publisher.keys[:] = [jwk(NEW, "new")]
        await identity.viewer(token(NEW, "new"))
        await refused(identity.viewer(signed))


async def test_the_same_name_for_another_key_ends_what_the_first_one_signed() -> None:
    async with published() as publisher, following(publisher, every=0.01) as (identity, ring, _):
        signed = token(OLD, "old")
        await identity.viewer(signed)
        before = ring.current
        publisher.keys[:] = [jwk(NEW, "old")]
        await until(lambda: ring.current is not before)
        await refused(identity.viewer(signed))
        await identity.viewer(token(NEW, "old"))


async def test_keys_are_read_again_without_being_asked_for() -> None:
    async with published() as publisher, following(publisher, every=0.01) as (_, ring, _):
        publisher.keys.append(jwk(NEW, "new"))
        await until(lambda: ring.current is not None and "new" in ring.current.keys)


async def test_a_reading_that_finds_nothing_new_ends_nothing() -> None:
    async with published() as publisher, following(publisher, every=0.01) as (identity, ring, _):
        signed = token(OLD, "old")
        before, viewer = ring.current, await identity.viewer(signed)
        came = publisher.asked
        await until(lambda: publisher.asked > came + 2)
        assert ring.current is before
        assert await identity.viewer(signed) is viewer


async def test_many_unknown_names_are_one_reading_and_then_none_for_a_while() -> None:
    async with published() as publisher, following(publisher) as (identity, _, clock):
        publisher.held.clear()
        asked = [asyncio.create_task(refused(identity.viewer(token(STRANGER, f"k{n}")))) for n in range(50)]
        await until(lambda: publisher.asked == 2)
        publisher.held.set()
        await asyncio.gather(*asked)
        assert publisher.asked == 2
        for n in range(50):
            await refused(identity.viewer(token(STRANGER, f"more{n}")))
        assert publisher.asked == 2
        clock.now += 1.0
        await refused(identity.viewer(token(STRANGER, "later")))
        assert publisher.asked == 3


async def test_the_wait_grows_with_each_name_that_is_not_found_and_ends_with_one_that_is() -> None:
    async with published() as publisher, following(publisher) as (identity, _, clock):
        readings = []
        for second in range(300):
            clock.now = 2_000.0 + second
            before = publisher.asked
            await refused(identity.viewer(token(STRANGER, f"k{second}")))
            if publisher.asked > before:
                readings.append(second)
        assert readings == [0, 1, 3, 7, 15, 31, 63, 123, 183, 243]
        clock.now += 60.0
        publisher.keys.append(jwk(NEW, "new"))
        await identity.viewer(token(NEW, "new"))
        before = publisher.asked
        await refused(identity.viewer(token(STRANGER, "at once")))
        assert publisher.asked == before + 1


async def test_who_is_known_does_not_wait_for_a_reading() -> None:
    async with published() as publisher, following(publisher) as (identity, _, _):
        publisher.held.clear()
        waiting = asyncio.create_task(refused(identity.viewer(token(STRANGER, "unknown"))))
        await until(lambda: publisher.asked == 2)
        await identity.viewer(token(OLD, "old"))
        assert not waiting.done()
        publisher.held.set()
        await waiting


async def test_who_gives_up_waiting_does_not_end_the_reading_for_others() -> None:
    async with published() as publisher, following(publisher) as (identity, _, _):
        publisher.held.clear()
        publisher.keys.append(jwk(NEW, "new"))
        one, other = (asyncio.create_task(identity.viewer(token(NEW, "new", sub))) for sub in ("001099012345",) * 2)
        await until(lambda: publisher.asked == 2)
        one.cancel()
        with pytest.raises(asyncio.CancelledError):
            await one
        publisher.held.set()
        assert (await other).subject == "001099012345"
        assert publisher.asked == 2


@pytest.mark.parametrize(
    "status, body",
    [
        (500, None), (302, None), (404, b""), (200, b"<html>"), (200, b'{"keys": []}'), (200, b"{}"),
        (200, b'{"keys": [{"kty": "oct", "kid": "old", "alg": "HS256", "k": "AAAA"}]}'),
        (200, b" " * 1_000_001), (200, b"\xff\xfe"),
    ],
)  # fmt: skip
async def test_an_answer_that_is_no_key_set_leaves_the_last_good_one(
    status: int, body: bytes | None, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "hub.server")
    async with published() as publisher, following(publisher) as (identity, _, clock):
        publisher.status, publisher.body = status, body
        await refused(identity.viewer(token(NEW, "new")))
        await identity.viewer(token(OLD, "old"))
        assert "cannot be read" in caplog.text
        publisher.status, publisher.body = 200, None
        publisher.keys.append(jwk(NEW, "new"))
        clock.now += 60.0
        await identity.viewer(token(NEW, "new"))
        assert "are read again" in caplog.text


async def test_what_an_issuer_publishes_for_other_uses_is_passed_over() -> None:
    async with published() as publisher, following(publisher) as (identity, _, _):
        others: list[Any] = [jwk(STRANGER, "enc") | {"use": "enc"}, {"kty": "RSA"}, "key", jwk(STRANGER, "old")]
        publisher.keys[:] = [jwk(OLD, "old"), *others, jwk(NEW, "new")]
        await identity.viewer(token(NEW, "new"))
        await identity.viewer(token(OLD, "old", "001099054321"))
        await refused(identity.viewer(token(STRANGER, "enc")))
        await refused(identity.viewer(token(STRANGER, "old")))


async def test_while_the_address_is_down_the_last_good_keys_stand_until_they_are_too_old() -> None:
    async with published() as publisher, following(publisher, most_age=600.0) as (identity, _, clock):
        signed = token(OLD, "old")
        await identity.viewer(signed)
        await publisher.stop()
        clock.now += 600.0
        await identity.viewer(signed)
        await identity.viewer(token(OLD, "old", "001099054321"))
        clock.now += 1.0
        for one in (signed, token(OLD, "old", "001099054321")):
            with pytest.raises(Unverifiable, match="cannot be read at present"):
                await identity.viewer(one)
        assert identity.ready() == {"issuer": False}
        await publisher.start()
        clock.now += 60.0
        await identity.viewer(signed)
        assert identity.ready() == {"issuer": True}


async def test_an_address_that_is_down_does_not_stop_the_start() -> None:
    publisher = Publisher([jwk(OLD, "old")])
    publisher.held.set()
    await publisher.start()
    await publisher.stop()
    async with following(publisher) as (identity, ring, _):
        with pytest.raises(Unverifiable):
            await identity.viewer(token(OLD, "old"))
        await publisher.start()
        try:
            await until(lambda: ring.current is not None)
            await identity.viewer(token(OLD, "old"))
        finally:
            await publisher.stop()


async def test_a_file_is_read_again_for_a_key_that_is_not_known(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    path.write_text(json.dumps({"keys": [jwk(OLD, "old")]}))
    clock = Clock()
    identity = Identity(Trust(Keyring(path, ALGORITHMS, clock=clock), ISS, "hub", Served()))
    await identity.start()
    await identity.viewer(token(OLD, "old"))
    path.write_text("half a fi")
    await refused(identity.viewer(token(NEW, "new")))
    await identity.viewer(token(OLD, "old"))
    path.write_text(json.dumps({"keys": [jwk(NEW, "new")]}))
    clock.now += 60.0
    await identity.viewer(token(NEW, "new"))
    await refused(identity.viewer(token(OLD, "old")))
    await identity.stop()


async def test_a_ring_takes_over_what_the_one_before_it_knew() -> None:
    async with published() as publisher, following(publisher) as (_, ring, clock):
        await publisher.stop()
        heir = Keyring(publisher.url, ALGORITHMS, heir_of=ring, clock=clock)
        assert heir.current is ring.current
        clock.now += 86_401.0
        assert heir.current is None
        await publisher.start()
