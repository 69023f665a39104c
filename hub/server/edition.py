"""What answers, and how it is replaced while it answers.

An edition is everything that a request is answered with, made together: graph, policy, agreements, issuers. A request
takes the edition that is current when it comes and keeps it to its end, so no request sees two; one reference is
switched, so no request waits. An edition that was replaced is stopped when the last of its requests has ended.
"""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol

from starlette.types import ASGIApp, Receive, Scope, Send

from hub.errors import Shown
from hub.model.request import refusal

_log = logging.getLogger("hub.server")

TASK = "hub.task"
"""Where a request's scope says which task answers it."""
GONE = "hub.gone"
"""What the scope of a request holds whose client has left."""


async def _nothing() -> None: ...


@dataclass(frozen=True, slots=True)
class Edition:
    """An application, and what begins and ends with it."""

    app: ASGIApp
    start: Callable[[], Awaitable[None]] = _nothing
    stop: Callable[[], Awaitable[None]] = _nothing


@dataclass(slots=True, eq=False)
class _Serving:
    """An edition and how many requests it answers now."""

    edition: Edition
    requests: int = 0
    idle: asyncio.Event = field(default_factory=asyncio.Event)


class Part(Protocol):
    """What begins and ends with an edition."""

    async def start(self) -> None: ...
    async def stop(self) -> None: ...


def edition(app: ASGIApp, *parts: Part) -> Edition:
    """An application with its parts, which begin in this order and end in the other."""

    async def start() -> None:
        for part in parts:
            await part.start()

    async def stop() -> None:
        for part in reversed(parts):
            await part.stop()

    return Edition(app, start, stop)


class Editions:
    """ASGI: the current edition. Belongs to one event loop."""

    def __init__(self, first: Edition) -> None:
        self._current = _Serving(first)
        self._ending: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        serving = self._current
        serving.requests += 1
        task = asyncio.current_task()
        scope[TASK] = task
        try:
            await serving.edition.app(scope, receive, send)
        except asyncio.CancelledError:
            if GONE not in scope:  # this process ends, and has waited long enough
                await _cut_off(send)
            assert task is not None
            task.uncancel()
        finally:
            serving.requests -= 1
            if not serving.requests:
                serving.idle.set()

    async def start(self) -> None:
        """Begins what the first edition needs."""
        await self._current.edition.start()
        settle()

    async def replace(self, edition: Edition) -> None:
        """Starts an edition, and from then on answers with it. If it does not start, all stays as it is."""
        try:
            await edition.start()
        except BaseException:
            await edition.stop()
            raise
        before, self._current = self._current, _Serving(edition)
        ending = asyncio.create_task(self._end(before))
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)

    async def stop(self) -> None:
        """Ends what is current, and what was, once their requests have ended."""
        await asyncio.gather(*self._ending)
        await self._current.edition.stop()

    async def _end(self, before: _Serving) -> None:
        while before.requests:
            before.idle.clear()
            await before.idle.wait()
        try:
            await before.edition.stop()
        finally:
            del before
            settle()


async def _cut_off(send: Send) -> None:
    body = refusal([Shown("this instance ends: send the request again", code="UNAVAILABLE")])
    headers = [(b"content-type", b"application/json; charset=utf-8"), (b"content-length", b"%d" % len(body))]
    try:
        await send({"type": "http.response.start", "status": 503, "headers": headers})
        await send({"type": "http.response.body", "body": body})
    except RuntimeError:
        pass  # half of an answer was out already


def settle() -> None:
    """What lives now lives long: the collector need not look at it again. What a former version left goes first."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    # The collector looks at everything again when there is a quarter more than it saw last time, which must not be a
    # quarter of all that is frozen now.
    gc.collect()
