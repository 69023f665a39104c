"""A real server on a real port, with an engine small enough to be read here."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx
import orjson
import pytest

from hub.cache import MemoryStore, Store
from hub.demo.folder import Folder
from hub.demo.tokens import AUDIENCE, ISSUER, ensure_keys, sign
from hub.errors import Shown
from hub.model.request import Request, Response, refusal
from hub.model.viewer import Served, Viewer
from hub.server.app import Engine, make_app
from hub.server.graphql import Identifies
from hub.server.identity import Identity, Trust
from hub.server.keys import read_key_set
from hub.server.run import bind, make_server
from hub.settings import Settings

Answer = Callable[[Request, Viewer], Response]


def echo(request: Request, viewer: Viewer) -> Response:
    """What came in, as data."""
    content = {
        "document": request.document,
        "operationName": request.operation_name,
        "variables": dict(request.variables),
        "purpose": request.purpose,
        "plan": request.plan,
        "stored": request.stored,
        "readsOnly": request.reads_only,
        "audience": viewer.profile.audience,
        "subject": viewer.subject,
    }
    return Response(orjson.dumps({"data": content}))


@dataclass(slots=True)
class TinyEngine:
    """Answers by the word the document begins with; `calls` are what reached it."""

    sources: Mapping[str, bool] = field(default_factory=lambda: {"population": True, "household": True})
    calls: list[Request] = field(default_factory=list)
    store: Store = field(default_factory=MemoryStore)

    async def execute(
        self, request: Request, viewer: Viewer, charge: Callable[[int], Awaitable[None]] | None = None
    ) -> Response:
        self.calls.append(request)
        match request.document.split("{")[0].strip():
            case "refuse":
                error = Shown("no field `secret`", code="GRAPHQL_VALIDATION_FAILED", locations=[(1, 3)])
                return Response(refusal([error]), executed=False)
            case "refused":
                return Response(b'{"errors":[{"message":"no"}]}', executed=False)
            case "break":
                raise KeyError(viewer.subject)
            case "hang":
                await asyncio.Event().wait()
        return echo(request, viewer)

    async def ready(self) -> Mapping[str, bool]:
        if not self.sources:
            raise ConnectionRefusedError("public_security on 10.0.0.1")
        return self.sources


@dataclass(frozen=True, slots=True)
class Running:
    client: httpx.Client
    engine: TinyEngine
    address: tuple[str, int]


@pytest.fixture(scope="session")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """The demo's issuer, without a demo."""
    folder = Folder(tmp_path_factory.mktemp("issuer"))
    ensure_keys(folder)
    return folder


@pytest.fixture(scope="session")
def token(issuer: Folder) -> str:
    return sign(issuer, {"hub_audience": "citizen", "acr": "vneid-2", "sub": "001099012345"})


@contextmanager
def serving(engine: Engine, identity: Identifies, settings: Settings) -> Iterator[tuple[str, int]]:
    """The address of a server that runs while the block lasts."""
    listener = bind("127.0.0.1", 0)
    up = threading.Event()
    server = make_server(make_app(engine, identity, settings), up.set)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        assert up.wait(10)
        yield listener.getsockname()
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="session")
def running(issuer: Folder) -> Iterator[Running]:
    """A server for all tests of this folder. The client sends no token by itself."""
    engine = TinyEngine()
    settings = Settings(max_body_bytes=20_000, request_timeout=0.2, compress_from_bytes=1_000)
    identity = Identity(Trust(read_key_set(issuer.keys), ISSUER, AUDIENCE, Served()))
    with (
        serving(engine, identity, settings) as address,
        httpx.Client(base_url=f"http://{address[0]}:{address[1]}") as client,
    ):
        yield Running(client, engine, address)


@pytest.fixture
def authorized(running: Running, token: str) -> Iterator[httpx.Client]:
    """A client with a good token."""
    with httpx.Client(base_url=running.client.base_url, headers={"authorization": f"Bearer {token}"}) as client:
        yield client
