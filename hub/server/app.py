"""The list of routes."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from hub.errors import Shown
from hub.model.request import refusal
from hub.server.explore import Explore
from hub.server.graphql import Engine, GraphQLEndpoint, Identifies
from hub.server.pages import Pages
from hub.settings import Settings

_READY_WITHIN = 2.0


@dataclass(frozen=True, slots=True)
class ForPeople:
    """What people open in a browser: the pages, and what these ask for."""

    pages: Pages
    explore: Explore

    def routes(self) -> list[Route]:
        """Theirs, beside `/graphql`."""
        return [
            Route("/", self.pages.landing, methods=["GET"]),
            *self.explore.routes(),
            Route("/pages/{name}", self.pages.asset, methods=["GET"]),
        ]


def make_app(engine: Engine, identity: Identifies, settings: Settings, people: ForPeople | None = None) -> ASGIApp:
    """The endpoint as an ASGI application, with pages for people if there are any.

    Whoever runs it starts and stops the engine.
    """

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

    graphql = GraphQLEndpoint(
        engine, identity, max_body_bytes=settings.max_body_bytes, deadline=settings.request_timeout
    )
    return Router(
        [
            Route("/graphql", people.pages.before(graphql) if people is not None else graphql),
            *(people.routes() if people is not None else ()),
            Route("/health", live, methods=["GET"]),
            Route("/health/live", live, methods=["GET"]),
            Route("/health/ready", ready, methods=["GET"]),
        ],
        redirect_slashes=False,
        default=_not_found,
    )


async def _not_found(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        error = Shown("there is nothing here: the graph is at /graphql", code="NOT_FOUND")
        response = Response(refusal([error]), 404, media_type="application/json")
        await response(scope, receive, send)


def _json(status: int, content: object) -> Response:
    return Response(orjson.dumps(content), status, {"cache-control": "no-store"}, "application/json")
