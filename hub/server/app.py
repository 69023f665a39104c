"""The list of routes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from hub.cache import Store
from hub.errors import Shown
from hub.model.request import refusal
from hub.server.admission import Admission, Admitted, Allowance
from hub.server.explore import Explore
from hub.server.graphql import GraphQLEndpoint, Identifies, Transport
from hub.server.health import Health
from hub.server.pages import Pages
from hub.settings import Settings


class Engine(Admitted, Protocol):
    """An engine, and what it shares with other replicas."""

    @property
    def store(self) -> Store: ...


@dataclass(frozen=True, slots=True)
class ForPeople:
    """What people open in a browser: the pages, and what these ask for."""

    pages: Pages
    explore: Explore

    def routes(self, admission: Admission, seconds: float) -> list[Route]:
        """Theirs, beside `/graphql`; what asks the engine is admitted as a request is, and has as long."""
        return [
            Route("/", self.pages.landing, methods=["GET"]),
            *self.explore.routes(admission, seconds),
            Route("/pages/{name}", self.pages.asset, methods=["GET"]),
        ]


def make_app(
    engine: Engine,
    identity: Identifies,
    settings: Settings,
    health: Health | None = None,
    people: ForPeople | None = None,
) -> ASGIApp:
    """The endpoint as an ASGI application, with pages for people if there are any.

    Whoever runs it starts and stops the engine.
    """
    health = health or Health(engine.ready)
    transport = Transport(
        settings.max_body_bytes, settings.request_timeout, settings.compress_from_bytes, settings.batch_requests
    )
    admission = Admission(engine, engine.store, allowance(settings))
    graphql = GraphQLEndpoint(admission, identity, transport)
    others = Router(
        [
            Route("/graphql/{id}", graphql),
            *(people.routes(admission, settings.request_timeout) if people is not None else ()),
            Route("/health", health.live, methods=["GET"]),
            Route("/health/live", health.live, methods=["GET"]),
            Route("/health/ready", health.ready, methods=["GET"]),
        ],
        redirect_slashes=False,
        default=_not_found,
    )
    return _Front(people.pages.before(graphql) if people is not None else graphql, others)


@dataclass(frozen=True, slots=True)
class _Front:
    """ASGI: the address that nearly all ask, and those that are looked for in a table."""

    graphql: ASGIApp
    others: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        graphql = scope["type"] == "http" and scope["path"] == "/graphql"
        await (self.graphql if graphql else self.others)(scope, receive, send)


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
