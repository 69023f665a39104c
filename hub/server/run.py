"""A socket, an event loop, signals: the endpoint from its start to its end.

SIGTERM, SIGINT  it leaves: /health/ready says so for `notice` seconds, while it answers and asks every client to
close its connection; then it takes no more, and what it has begun has `timeout` seconds to end
SIGHUP           what answers is made anew beside what is there, which goes on if the new is not good
"""

from __future__ import annotations

import asyncio
import errno
import logging
import signal
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from hub.errors import HubError, StartFailed, origin
from hub.server.edition import GONE, TASK, Edition, Editions
from hub.server.head import BoundedHead
from hub.server.health import Leaving

KEEP_ALIVE = 75
"""Seconds that an idle connection is kept: longer than proxies do (60 as a rule), so that it is they who close it. If
the endpoint did, a request could be on its way already."""
_CLOSE = (b"connection", b"close")

_log = logging.getLogger("hub.server")


@dataclass(frozen=True, slots=True)
class Leave:
    """How a process ends. Times are in seconds.

    leaving  is told when it begins
    """

    notice: float = 0.0
    timeout: float = 5.0
    leaving: Leaving = field(default_factory=Leaving)


def bind(host: str, port: int) -> socket.socket:
    """The socket to listen on, taken before anything expensive is begun. Port 0 takes any that is free."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror:
        raise StartFailed(f"`{host}` is not an address of this machine: choose another with --host") from None
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        listener.close()
        raise _cannot_listen(host, port, error) from None
    return listener


def make_server(app: ASGIApp, started: Callable[[], None], leave: Leave | None = None) -> uvicorn.Server:
    """The HTTP server, tuned; it calls `started` when it listens."""
    leave = leave or Leave()
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http=_Protocol,
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,  # only `Client-Cert` depends on who hands a request on, and that is the peer itself
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=leave.timeout,  # type: ignore[arg-type] # a fraction is as good
    )
    return _Server(config, started, leave)


def serve(
    first: Edition,
    listener: socket.socket,
    *,
    again: Callable[[], Callable[[], Edition]] | None = None,
    leave: Leave | None = None,
    started: Callable[[], None] = lambda: None,
    alive: int | None = None,
    beside: Callable[[], AbstractAsyncContextManager[None]] = nullcontext,
) -> None:
    """Serves until SIGINT or SIGTERM, then returns. Requests under way are answered before the edition is stopped.

    again   makes what answers anew, in a thread, and gives what puts it together here; or raises what is wrong with it
    alive   a descriptor that ends when nobody watches over this process any more, who alone heeds SIGINT then
    beside  what lives as long as the loop
    """
    editions = Editions(first)
    server = make_server(editions, started, leave)
    assert isinstance(server, _Server)
    server.watched = alive is not None
    host, port = listener.getsockname()[:2]  # before the server closes it
    try:
        with asyncio.Runner(loop_factory=server.config.get_loop_factory()) as runner:
            runner.run(_within(beside, _serve(server, editions, listener, again, alive)))
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        raise _cannot_listen(host, port, error) from None


async def _within(beside: Callable[[], AbstractAsyncContextManager[None]], work: Awaitable[None]) -> None:
    async with beside():
        await work


async def _serve(
    server: _Server,
    editions: Editions,
    listener: socket.socket,
    again: Callable[[], Callable[[], Edition]] | None,
    alive: int | None,
) -> None:
    loop = asyncio.get_running_loop()
    if alive is not None:
        loop.add_reader(alive, _alone, loop, alive, server)
    reloading: asyncio.Task[None] | None = None
    try:
        await editions.start()
        if again is not None:
            wanted = asyncio.Event()
            loop.add_signal_handler(signal.SIGHUP, wanted.set)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})
            reloading = asyncio.create_task(_reload(editions, again, wanted))
        await server.serve(sockets=[listener])
    finally:
        if alive is not None:
            loop.remove_reader(alive)
        if reloading is not None:
            reloading.cancel()
            await asyncio.wait([reloading])
        await editions.stop()


def _alone(loop: asyncio.AbstractEventLoop, alive: int, server: _Server) -> None:
    """Nobody watches over this process any more."""
    loop.remove_reader(alive)
    server.leave()


async def _reload(editions: Editions, again: Callable[[], Callable[[], Edition]], wanted: asyncio.Event) -> None:
    """Replaces what answers whenever that is wanted, one time after the other."""
    while True:
        await wanted.wait()
        wanted.clear()
        try:
            put_together = await asyncio.to_thread(again)
            await editions.replace(put_together())
        except HubError as error:
            for line in str(error).splitlines():
                _log.error("not reloaded, what was there goes on: %s", line)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with the new, the old one answers
            _log.error("not reloaded, what was there goes on: %s", origin(error))
        else:
            _log.warning("reloaded")


class _OneWrite:
    """A transport that sends what is written in one turn of the loop together.

    uvicorn writes the head of an answer and its body apart, and each write is a system call: the second would take a
    tenth of what HTTP costs here.
    """

    __slots__ = ("_call_soon", "_parts", "_transport")

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._call_soon = loop.call_soon
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> None:
        if not self._parts:
            self._call_soon(self._flush)
        self._parts.append(data)

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        parts, self._parts = self._parts, []
        if parts and not self._transport.is_closing():
            self._transport.writelines(parts)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class _Protocol(BoundedHead):
    """HTTP/1.1 over a transport that gathers its writes. Who leaves is not answered, and nothing is done for him."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(_OneWrite(transport, self.loop))  # type: ignore[arg-type]

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        cycle: Any = self.cycle
        if cycle is None or cycle.response_complete:
            return
        task: asyncio.Task[None] | None = cycle.scope.get(TASK)
        if task is not None:
            cycle.scope[GONE] = True
            task.cancel()


class _Server(uvicorn.Server):
    """Tells when it listens, takes a signal for the end of its work rather than of the process, and leaves politely.

    uvicorn's own raises the signal again while the engine is still to be stopped.
    """

    def __init__(self, config: uvicorn.Config, started: Callable[[], None], leave: Leave) -> None:
        super().__init__(config)
        self.watched = False
        self._tell = started
        self._leave = leave
        self._since: float | None = None
        # INVARIANT: one list for all times, because a request keeps the one that was there when it came.
        self._headers: list[tuple[bytes, bytes]] = []

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._tell()

    def leave(self) -> None:
        """Begins to end."""
        if self._since is None:
            self._since = time.monotonic()
            self._leave.leaving.begun = True
            self._headers.append(_CLOSE)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self._since is not None and sig == signal.SIGINT:
            self.should_exit = self.force_exit = True
        self.leave()

    async def on_tick(self, counter: int) -> bool:
        if self._since is not None and time.monotonic() - self._since >= self._leave.notice:
            self.should_exit = True
        done = await super().on_tick(counter)
        if self.server_state.default_headers is not self._headers:
            closing = [_CLOSE] if self._since is not None else []
            self._headers[:] = [*self.server_state.default_headers, *closing]
            self.server_state.default_headers = self._headers
        return done

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        heeded = (signal.SIGTERM,) if self.watched else (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.signal(number, self.handle_exit) for number in heeded}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _cannot_listen(host: str, port: int, error: OSError) -> StartFailed:
    match error.errno:
        case errno.EADDRINUSE:
            return StartFailed(f"port {port} is in use: choose another with --port")
        case errno.EACCES:
            return StartFailed(f"port {port} needs more rights than this user has: choose one above 1023 with --port")
        case errno.EADDRNOTAVAIL:
            return StartFailed(f"`{host}` is not an address of this machine: choose another with --host")
        case _:
            return StartFailed(f"cannot listen on `{host}`, port {port}: {error.strerror}")
