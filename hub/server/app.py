"""The list of routes."""

from __future__ import annotations

import asyncio
from typing import Protocol

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from hub.cache import Store
from hub.errors import Shown
from hub.model.request import refusal
from hub.server.admission import Admission, Admitted, Allowance
from hub.server.graphql import GraphQLEndpoint, Identifies, Transport
from hub.settings import Settings

_READY_WITHIN = 2.0


class Engine(Admitted, Protocol):
    """An engine, and what it shares with other replicas."""

    @property
    def store(self) -> Store: ...


def make_app(engine: Engine, identity: Identifies, settings: Settings) -> ASGIApp:
    """The endpoint as an ASGI application. Whoever runs it starts and stops the engine."""

    async def live(_: Request) -> Response:
        return _json(200, {"status": "ok"})

    async def ready(_: Request) -> Response:
        """Which sources answer, by their public names; a source that is late is not ready."""
        try:
            async with asyncio.timeout(_READY_WITHIN):
                sources = dict(await engine.ready())
        except Exception:  # noqa: BLE001 - whatever it is, the answer is no, and why is not for the outside
            sources = {}
        good = bool(sources) and all(sources.values())
        body = {"status": "ready" if good else "not ready", "sources": sources}
        return _json(200 if good else 503, body)

    transport = Transport(
        settings.max_body_bytes, settings.request_timeout, settings.compress_from_bytes, settings.batch_requests
    )
    graphql = GraphQLEndpoint(Admission(engine, engine.store, allowance(settings)), identity, transport)
    return Router(
        [
            Route("/graphql", graphql),
            Route("/graphql/{id}", graphql),
            Route("/health", live, methods=["GET"]),
            Route("/health/live", live, methods=["GET"]),
            Route("/health/ready", ready, methods=["GET"]),
        ],
        redirect_slashes=False,
        default=_not_found,
    )


def allowance(settings: Settings) -> Allowance:
    """What the settings admit."""
    return Allowance(
        settings.rates,
        settings.quotas,
        settings.max_concurrent,
        settings.max_waiting,
        settings.max_wait,
        settings.pseudonym_key or b"",
    )


async def _not_found(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        error = Shown("there is nothing here: the graph is at /graphql", code="NOT_FOUND")
        response = Response(refusal([error]), 404, media_type="application/json")
        await response(scope, receive, send)


def _json(status: int, content: object) -> Response:
    return Response(orjson.dumps(content), status, {"cache-control": "no-store"}, "application/json")
