"""The list of routes."""

from __future__ import annotations

from typing import Protocol

from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from hub.cache import Store
from hub.errors import Shown
from hub.model.request import refusal
from hub.server.admission import Admission, Admitted, Allowance
from hub.server.graphql import GraphQLEndpoint, Identifies, Transport
from hub.server.health import Health
from hub.settings import Settings


class Engine(Admitted, Protocol):
    """An engine, and what it shares with other replicas."""

    @property
    def store(self) -> Store: ...


def make_app(engine: Engine, identity: Identifies, settings: Settings, health: Health | None = None) -> ASGIApp:
    """The endpoint as an ASGI application. Whoever runs it starts and stops the engine."""
    health = health or Health(engine.ready)
    transport = Transport(
        settings.max_body_bytes, settings.request_timeout, settings.compress_from_bytes, settings.batch_requests
    )
    graphql = GraphQLEndpoint(Admission(engine, engine.store, allowance(settings)), identity, transport)
    return Router(
        [
            Route("/graphql", graphql),
            Route("/graphql/{id}", graphql),
            Route("/health", health.live, methods=["GET"]),
            Route("/health/live", health.live, methods=["GET"]),
            Route("/health/ready", health.ready, methods=["GET"]),
        ],
        redirect_slashes=False,
        default=_not_found,
    )


def allowance(settings: Settings) -> Allowance:
    """What the settings admit."""
    return Allowance(
        {one.audience: (one.most, one.seconds) for one in settings.rate},
        {one.audience: (one.most, one.seconds) for one in settings.quota},
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
