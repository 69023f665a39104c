"""What answers is replaced while it answers: one request, one edition; and who leaves takes his request along."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from hub.errors import SettingsWrong
from hub.server.edition import Edition, Editions
from hub.server.run import bind, make_server


@dataclass(slots=True)
class App:
    """Answers with its name, twice: when a request comes and when it is let go."""

    name: bytes
    events: list[str] = field(default_factory=list)
    came: asyncio.Event = field(default_factory=asyncio.Event)
    goes: asyncio.Event = field(default_factory=asyncio.Event)
    bad: bool = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.events.append("asked")
        self.came.set()
        try:
            if scope["path"] == "/wait":
                await self.goes.wait()
        except asyncio.CancelledError:
            self.events.append("cancelled")
            raise
        finally:
            self.events.append("done")
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": self.name})

    async def start(self) -> None:
        if self.bad:
            raise SettingsWrong("no")
        self.events.append("started")

    async def stop(self) -> None:
        self.events.append("stopped")

    def edition(self) -> Edition:
        return Edition(self, self.start, self.stop)


def client(editions: Editions) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(editions), base_url="http://hub")


async def test_a_request_ends_in_the_edition_in_which_it_began_and_that_ends_with_it() -> None:
    old, new = App(b"old"), App(b"new")
    editions = Editions(old.edition())
    await editions.start()
    async with client(editions) as asking:
        waiting = asyncio.create_task(asking.get("/wait"))
        await old.came.wait()
        await editions.replace(new.edition())
        assert (await asking.get("/")).content == b"new"
        assert old.events == ["started", "asked"]
        old.goes.set()
        assert (await waiting).content == b"old"
        assert (await asking.get("/")).content == b"new"
    await editions.stop()
    assert old.events == ["started", "asked", "done", "stopped"]
    assert new.events == ["started", *["asked", "done"] * 2, "stopped"]


async def test_an_idle_edition_ends_when_it_is_replaced() -> None:
    first, second = App(b"1"), App(b"2")
    editions = Editions(first.edition())
    await editions.start()
    await editions.replace(second.edition())
    await editions.stop()
    assert first.events == second.events == ["started", "stopped"]


async def test_an_edition_that_does_not_start_changes_nothing() -> None:
    old, bad = App(b"old"), App(b"bad", bad=True)
    editions = Editions(old.edition())
    await editions.start()
    with pytest.raises(SettingsWrong):
        await editions.replace(bad.edition())
    async with client(editions) as asking:
        assert (await asking.get("/")).content == b"old"
    await editions.stop()
    assert bad.events == ["stopped"]
    assert old.events == ["started", "asked", "done", "stopped"]


async def test_many_editions_each_end_once_after_their_last_request() -> None:
    apps = [App(b"%d" % number) for number in range(5)]
    editions = Editions(apps[0].edition())
    await editions.start()
    async with client(editions) as asking:
        waiting = []
        for number, app in enumerate(apps):
            if number:
                await editions.replace(app.edition())
            waiting += [asyncio.create_task(asking.get("/wait")) for _ in range(3)]
            await app.came.wait()
        for app in reversed(apps):
            assert "stopped" not in app.events
            app.goes.set()
        answers = [response.content for response in await asyncio.gather(*waiting)]
        assert answers == [app.name for app in apps for _ in range(3)]
    await editions.stop()
    for app in apps:
        assert app.events.count("done") == 3
        assert app.events.count("stopped") == 1
        assert app.events[-1] == "stopped"


# --- who leaves -----------------------------------------------------------------------------------------------------


@contextmanager
def served(app: App) -> Iterator[tuple[str, int]]:
    up = threading.Event()
    listener = bind("127.0.0.1", 0)
    address = listener.getsockname()
    server = make_server(Editions(app.edition()), up.set)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    assert up.wait(10)
    try:
        yield address
    finally:
        server.should_exit = True
        thread.join()


async def test_a_request_whose_client_has_left_is_given_up(caplog: pytest.LogCaptureFixture) -> None:
    app = App(b"")
    with served(app) as address:
        _, writer = await asyncio.open_connection(*address)
        writer.write(b"GET /wait HTTP/1.1\r\nHost: hub\r\n\r\n")
        await _seen(app, "asked")
        writer.close()
        await _seen(app, "cancelled")
        async with httpx.AsyncClient(base_url=f"http://{address[0]}:{address[1]}") as asking:
            assert (await asking.get("/")).status_code == 200
    assert caplog.text == ""


async def test_a_client_that_leaves_after_its_answer_gives_nothing_up() -> None:
    app = App(b"whole")
    with served(app) as address:
        for _ in range(3):
            reader, writer = await asyncio.open_connection(*address)
            writer.write(b"GET / HTTP/1.1\r\nHost: hub\r\n\r\n")
            assert b"200" in await reader.readline()
            writer.close()
    assert app.events == ["asked", "done"] * 3


async def _seen(app: App, event: str) -> None:
    async with asyncio.timeout(10):
        while event not in app.events:  # noqa: ASYNC110 - the server has a loop of its own
            await asyncio.sleep(0.001)
