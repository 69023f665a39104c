"""A socket, an event loop, signals: the endpoint from its start to its end."""

from __future__ import annotations

import asyncio
import errno
import gc
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import uvicorn
from starlette.types import ASGIApp

from hub.errors import StartFailed
from hub.server.graphql import Engine
from hub.server.head import BoundedHead


class StartedEngine(Engine, Protocol):
    """An engine with a beginning and an end."""

    async def start(self) -> None: ...
    async def stop(self) -> None: ...


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


def make_server(app: ASGIApp, started: Callable[[], None]) -> uvicorn.Server:
    """The HTTP server, tuned; it calls `started` when it listens."""
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http=_Protocol,
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,  # nothing here depends on where a client says it comes from
        timeout_graceful_shutdown=5,
    )
    return _Server(config, started)


def serve(
    app: ASGIApp, engine: StartedEngine, listener: socket.socket, *, started: Callable[[], None] = lambda: None
) -> None:
    """Serves until SIGINT or SIGTERM, then returns. Requests under way are answered before the engine is stopped."""
    server = make_server(app, started)
    host, port = listener.getsockname()[:2]  # before the server closes it
    try:
        with asyncio.Runner(loop_factory=server.config.get_loop_factory()) as runner:
            runner.run(_serve(server, engine, listener))
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        raise _cannot_listen(host, port, error) from None


async def _serve(server: uvicorn.Server, engine: StartedEngine, listener: socket.socket) -> None:
    try:
        await engine.start()
        # What lives now lives as long as the process: the collector need not look at it again, nor look often.
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 50, 100)
        await server.serve(sockets=[listener])
    finally:
        await engine.stop()


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
    """HTTP/1.1 over a transport that gathers its writes."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(_OneWrite(transport, self.loop))  # type: ignore[arg-type]


class _Server(uvicorn.Server):
    """Tells when it listens, and takes a signal for the end of its work rather than of the process.

    uvicorn's own raises the signal again while the engine is still to be stopped.
    """

    def __init__(self, config: uvicorn.Config, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._tell = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._tell()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
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
