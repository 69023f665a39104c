"""Many subgraphs behind one real port: HTTP/1.1 with keep-alive, in a thread of its own.

    Server   the port; `serve` puts the subgraphs of one graph on it and gives a `Bench`
    Bench    their urls, what they received, what was violated, and where faults are injected

Every request is kept with the moments in which it came and was answered, so that a test can count fetches and rounds.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self, assert_never

import h11

from tests.federation.declared import Declared
from tests.federation.faults import Drops, Fault, Garbles, Hangs, Huge, Injected, Late, Says, Trickles, Waits
from tests.federation.subgraph import Subgraph
from tests.federation.world import State, World

Headers = tuple[tuple[str, str], ...]
_LARGEST_REQUEST = 8_000_000
_PATIENCE = 20.0


@dataclass(slots=True)
class Received:
    """One request, with seconds of the server's clock; `answered` is infinite while it hangs.

    connection  the number of the connection it came by
    left        set when the other side went away before it was answered
    """

    subgraph: str
    document: str
    variables: Mapping[str, Any]
    headers: Mapping[str, str]
    came: float
    answered: float = float("inf")
    operation: str = "query"
    entities: int = 0
    connection: int = 0
    left: threading.Event = field(default_factory=threading.Event)


@dataclass(slots=True)
class Bench:
    """The subgraphs of one graph while they are served. `latency` seconds pass before any answer."""

    urls: Mapping[str, str]
    world: World
    state: State
    subgraphs: Mapping[str, Subgraph]
    violations: list[str]
    requests: list[Received] = field(default_factory=list)
    faults: dict[str, Injected] = field(default_factory=dict)
    latency: float = 0.0
    _came: threading.Condition = field(default_factory=threading.Condition)

    def received(self, request: Received) -> None:
        """A request is there."""
        with self._came:
            self.requests.append(request)
            self._came.notify_all()

    async def until(self, count: int) -> None:
        """Waits until so many requests are there."""

        def wait() -> bool:
            with self._came:
                return self._came.wait_for(lambda: len(self.requests) >= count, _PATIENCE)

        assert await asyncio.to_thread(wait), f"there are {len(self.requests)} requests and not {count}"

    def inject(self, subgraph: str, fault: Fault, *, times: int | None = None, entities_only: bool = False) -> None:
        """From now on this subgraph is faulty."""
        self.faults[subgraph] = Injected(fault, times, entities_only)

    def reset(self) -> None:
        """Forget what was received and what mutations did; faults and latency stay."""
        self.requests.clear()
        self.violations.clear()
        self.state.written.clear()
        self.state.mutations.clear()

    @property
    def fetches(self) -> int:
        """How many requests came."""
        return len(self.requests)

    @property
    def depth(self) -> int:
        """How many rounds it took: the longest chain of requests that came after another was answered."""
        rounds: list[tuple[float, int]] = []
        for request in sorted(self.requests, key=lambda request: request.came):
            before = (round_ for answered, round_ in rounds if answered <= request.came)
            rounds.append((request.answered, 1 + max(before, default=0)))
        return max((round_ for _, round_ in rounds), default=0)

    def told(self) -> str:
        """What was received, for a failing test."""
        return "\n".join(
            f"{each.subgraph}: {' '.join(each.document.split())} {json.dumps(each.variables)}" for each in self.requests
        )


class Server:
    """`with Server() as server:` one port on this machine."""

    def __init__(self) -> None:
        self._benches: dict[str, Bench] = {}
        self._numbers = itertools.count(1)
        self._connection_numbers = itertools.count(1)
        self._started = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="subgraphs", daemon=True)
        self.port = 0

    def __enter__(self) -> Self:
        self._thread.start()
        self._started.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def serve(self, subgraphs: Sequence[tuple[str, str]], world: World | None = None, data: Any = None) -> Bench:
        """Serve (name, SDL) pairs over a world, or over data for one."""
        declared = [Declared.read(name, sdl) for name, sdl in subgraphs]
        world = world or World(declared, data or {})
        state, violations = State(), list[str]()
        graph = f"graph{next(self._numbers)}"
        bench = Bench(
            {each.name: f"http://127.0.0.1:{self.port}/{graph}/{each.name}" for each in declared},
            world,
            state,
            {each.name: Subgraph(each, world, state, violations) for each in declared},
            violations,
        )
        self._benches[graph] = bench
        return bench

    def forget(self, bench: Bench) -> None:
        """Stop serving a graph."""
        self._benches = {name: known for name, known in self._benches.items() if known is not bench}

    # --- the thread ------------------------------------------------------------------------------------------------

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        self._connections: set[asyncio.Task[None]] = set()
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._started.set()
        await self._stop.wait()
        server.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            await _Connection(self._benches, next(self._connection_numbers), reader, writer).run()
        except (ConnectionError, h11.ProtocolError, asyncio.CancelledError):
            pass  # the other side went away, or the server ends
        finally:
            self._connections.discard(task)
            writer.close()


class _Connection:
    def __init__(
        self, benches: Mapping[str, Bench], number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.benches = benches
        self.number = number
        self.reader = reader
        self.writer = writer
        self.http = h11.Connection(h11.SERVER)

    async def run(self) -> None:
        while True:
            request, body = await self._request()
            if request is None or not await self._handle(request, body):
                return
            if self.http.our_state is not h11.DONE or self.http.their_state is not h11.DONE:
                return
            self.http.start_next_cycle()

    async def _request(self) -> tuple[h11.Request | None, bytes]:
        request: h11.Request | None = None
        parts: list[bytes] = []
        while True:
            event = self.http.next_event()
            if event is h11.NEED_DATA:
                if self.http.they_are_waiting_for_100_continue:
                    go_on = h11.InformationalResponse(status_code=100, headers=[])
                    self.writer.write(self.http.send(go_on) or b"")
                self.http.receive_data(await self.reader.read(65_536))
            elif isinstance(event, h11.Request):
                request = event
            elif isinstance(event, h11.Data):
                parts.append(bytes(event.data))
                assert sum(map(len, parts)) < _LARGEST_REQUEST
            elif isinstance(event, h11.EndOfMessage):
                return request, b"".join(parts)
            else:
                return None, b""

    async def _handle(self, request: h11.Request, body: bytes) -> bool:
        """Answer one request; false when the connection is done for."""
        _, graph, name = request.target.decode().partition("?")[0].split("/", 2)
        bench = self.benches.get(graph)
        if bench is None or name not in bench.subgraphs:
            return await self._send(404, b"{}")
        headers = {key.decode().lower(): value.decode() for key, value in request.headers}
        came = time.monotonic()
        try:
            asked = json.loads(body)
            document, variables = asked["query"], asked.get("variables") or {}
            assert request.method == b"POST"
            assert headers.get("content-type", "").partition(";")[0] == "application/json"
        except (ValueError, KeyError, TypeError, AssertionError) as error:
            bench.violations.append(f"{name}: no GraphQL request over HTTP: {error!r}")
            return await self._send(400, b"{}")
        received = Received(name, document, variables, headers, came, connection=self.number)
        bench.received(received)
        answer = bench.subgraphs[name].answer(document, variables, asked.get("operationName"))
        received.operation, received.entities = answer.operation, answer.entities
        if bench.latency:
            await asyncio.sleep(bench.latency)
        injected = bench.faults.get(name)
        if injected is not None and injected.strikes(bool(answer.entities)):
            return await self._faulty(injected.fault, received, answer.body)
        received.answered = time.monotonic()
        return await self._send(400 if answer.refused else 200, _encoded(answer.body))

    async def _faulty(self, fault: Fault, received: Received, body: dict[str, Any]) -> bool:
        match fault:
            case Late(seconds):
                await asyncio.sleep(seconds)
                received.answered = time.monotonic()
                return await self._send(200, _encoded(body))
            case Hangs():
                while await self.reader.read(65_536):  # until the gateway gives up
                    pass
                received.left.set()
                return False
            case Drops(after):
                received.answered = time.monotonic()
                content = _encoded(body)
                if after:
                    head = (
                        f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(content)}\r\n\r\n"
                    )
                    self.writer.write(head.encode() + content[:after])
                    await self.writer.drain()
                return False
            case Says(content, status, content_type, headers):
                received.answered = time.monotonic()
                return await self._send(status, content, content_type, headers)
            case Huge(size):
                received.answered = time.monotonic()
                return await self._send(200, _encoded(body) + b" " * size)
            case Trickles(pause):
                self.writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n")
                while not self.writer.is_closing():
                    self.writer.write(b" ")
                    await self.writer.drain()
                    await asyncio.sleep(pause)
                return False
            case Waits(until):
                assert await asyncio.to_thread(until.wait, _PATIENCE)
                received.answered = time.monotonic()
                return await self._send(200, _encoded(body))
            case Garbles(change):
                received.answered = time.monotonic()
                return await self._send(200, _encoded(change(body)))
            case _:
                assert_never(fault)

    async def _send(self, status: int, body: bytes, content_type: str = "application/json", more: Headers = ()) -> bool:
        self._head(status, body, content_type, more)
        self.writer.write(b"".join(self.http.send(event) or b"" for event in (h11.Data(data=body), h11.EndOfMessage())))
        await self.writer.drain()
        return True

    def _head(self, status: int, body: bytes, content_type: str, more: Headers) -> None:
        headers = [("content-type", content_type), ("content-length", str(len(body))), *more]
        self.writer.write(self.http.send(h11.Response(status_code=status, headers=headers)) or b"")


def _encoded(body: Any) -> bytes:
    return json.dumps(body).encode()
