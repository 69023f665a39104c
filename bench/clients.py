"""The load generator: clients in a closed loop over HTTP/1.1, in a process of their own.

`Clients` is the handle, held by the benchmark; `python -m bench.clients` is the process. They speak JSON, one object a
line. A client is a protocol on a kept connection that writes ready-made bytes and looks for the end of the answer, so
that it takes as little as can be from the cores it shares with the server.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self, cast

import uvloop

WARM_UP_SECONDS = 0.2
DRAIN_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Load:
    """What the clients saw. `latencies` are milliseconds, one for each answer that came within the time."""

    seconds: float
    latencies: Sequence[float]


class ClientsFailed(Exception):
    """The load generator could not go on: a connection was refused or closed, or an answer was not a 200."""


class Clients:
    """The load generator's process."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.clients"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._process:  # which closes its pipes
            self._process.terminate()

    def know(self, name: str, port: int, requests: Sequence[bytes]) -> None:
        """Hands over the requests of a name, sent in turn."""
        self._tell({"know": name, "port": port, "requests": [request.decode("latin-1") for request in requests]})
        self._hear()

    def run(self, name: str, clients: int, seconds: float, begin: Callable[[], None], end: Callable[[], None]) -> Load:
        """Runs so many clients; `begin` and `end` are called where the measured time starts and stops."""
        self._tell({"run": name, "clients": clients, "seconds": seconds})
        self._hear()
        begin()
        self._hear()
        end()
        heard = self._hear()
        return Load(heard["seconds"], heard["latencies"])

    def _tell(self, what: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(what) + "\n")
        self._process.stdin.flush()

    def _hear(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise ClientsFailed("the load generator has ended")
        heard: dict[str, Any] = json.loads(line)
        if "failed" in heard:
            raise ClientsFailed(heard["failed"])
        return heard


# --- the process ------------------------------------------------------------------------------------------------------


class _Client(asyncio.Protocol):
    """One client: sends a request, waits for the whole answer, sends the next."""

    def __init__(self, requests: Iterator[bytes], latencies: list[float], failed: Callable[[str], None]) -> None:
        self._requests = requests
        self._latencies = latencies
        self._failed = failed
        self._transport: asyncio.Transport | None = None
        self._sent = 0.0
        self._missing = 0
        self._head = b""
        self._last: asyncio.Future[None] | None = None
        self._closed = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one in all but descent
        self._send()

    def _send(self) -> None:
        assert self._transport is not None
        self._sent = time.perf_counter()
        self._transport.write(next(self._requests))

    def data_received(self, data: bytes) -> None:
        if self._missing:
            self._missing -= len(data)
        else:
            self._head += data
            end = self._head.find(b"\r\n\r\n")
            if end < 0:
                return
            head = self._head[:end].lower()
            if not head.startswith(b"http/1.1 200"):
                self._failed(f"an answer was not a 200: {self._head[:500].decode('latin-1')}")
                return
            at = head.index(b"content-length:") + 15
            length = int(head[at:].split(b"\r\n", 1)[0])
            self._missing = length - (len(self._head) - end - 4)
            self._head = b""
        if self._missing == 0:
            self._latencies.append(time.perf_counter() - self._sent)
            if self._last is None:
                self._send()
            elif not self._last.done():
                self._last.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._closed:
            self._failed(f"the server closed a connection: {exc}")

    def finish(self) -> asyncio.Future[None]:
        """Sends no more; done when the answer under way has come."""
        self._last = asyncio.get_running_loop().create_future()
        return self._last

    def close(self) -> None:
        self._closed = True
        if self._transport is not None:
            self._transport.abort()


async def _run(port: int, requests: Sequence[bytes], clients: int, seconds: float) -> None:
    loop = asyncio.get_running_loop()
    trouble: asyncio.Future[None] = loop.create_future()

    def failed(why: str) -> None:
        if not trouble.done():
            trouble.set_exception(ClientsFailed(why))

    latencies: list[float] = []
    turn = itertools.cycle(requests)
    running: list[_Client] = []
    try:
        for _ in range(clients):
            _, client = await loop.create_connection(lambda: _Client(turn, latencies, failed), "127.0.0.1", port)
            running.append(client)
        await asyncio.wait([trouble], timeout=WARM_UP_SECONDS)
        _say({"begin": True})
        latencies.clear()
        started = time.perf_counter()
        await asyncio.wait([trouble], timeout=seconds)
        elapsed = time.perf_counter() - started
        found = [round(latency * 1_000, 3) for latency in latencies]
        _say({"end": True})
        # A server that is stopped with requests in hand would have to answer them when it is measured next.
        answered = loop.create_task(_all([client.finish() for client in running]))
        await asyncio.wait([trouble, answered], timeout=DRAIN_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        if trouble.done():
            trouble.result()
        if not answered.done():
            raise ClientsFailed(f"a request was not answered within {DRAIN_SECONDS:g} seconds")
    finally:
        for client in running:
            client.close()
        trouble.cancel()
    _say({"seconds": elapsed, "latencies": found})


async def _all(futures: Sequence[asyncio.Future[None]]) -> None:
    for future in futures:
        await future


def _say(what: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Obeys the lines of stdin until it ends."""
    known: dict[str, tuple[int, list[bytes]]] = {}
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        for line in sys.stdin:
            told = json.loads(line)
            if "know" in told:
                known[told["know"]] = told["port"], [request.encode("latin-1") for request in told["requests"]]
                _say({"known": told["know"]})
                continue
            port, requests = known[told["run"]]
            try:
                runner.run(_run(port, requests, told["clients"], told["seconds"]))
            except (ClientsFailed, OSError) as error:
                _say({"failed": str(error)})


if __name__ == "__main__":
    main()
