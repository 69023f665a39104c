"""The list of routes."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from hub.errors import Shown
from hub.model.request import refusal
from hub.server.graphql import Engine, GraphQLEndpoint, Identifies, Transport
from hub.server.health import Health
from hub.settings import Settings


def make_app(engine: Engine, identity: Identifies, settings: Settings, health: Health | None = None) -> ASGIApp:
    """The endpoint as an ASGI application. Whoever runs it starts and stops the engine."""
    health = health or Health(engine.ready)
    transport = Transport(
        settings.max_body_bytes, settings.request_timeout, settings.compress_from_bytes, settings.batch_requests
    )
    graphql = GraphQLEndpoint(engine, identity, transport)
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


async def _not_found(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        error = Shown("there is nothing here: the graph is at /graphql", code="NOT_FOUND")
        response = Response(refusal([error]), 404, media_type="application/json")
        await response(scope, receive, send)
