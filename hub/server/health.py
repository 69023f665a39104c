"""How an instance is: /health/live says that the process answers, /health/ready whether to send it requests.

    {"status": "ready", "sources": {"population": true, ...}, "issuers": {"vneid": true}, "redis": true}

Ready is 200, and everything else 503: a source that does not answer, or an instance that is about to leave ("leaving").
What is beside the sources is shown, and does not decide: without it the endpoint does less, as documented, and goes on.
Only public names are shown. What was found stands for a moment, and whoever asks meanwhile shares one look, so that a
storm of probes costs the sources nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

READY_WITHIN = 2.0
"""Seconds: what is later than this is not ready."""
STANDS = 1.0

Look = Callable[[], Awaitable[Any]]
"""Finds out how something is: true, or true by name. An error is no."""


@dataclass(slots=True)
class Leaving:
    """Whether this process was told to end. It still answers for a while."""

    begun: bool = False


@dataclass(slots=True)
class Health:
    """Answers for one engine. `beside` are further things that are looked at, by the name they are shown by."""

    sources: Callable[[], Awaitable[Mapping[str, bool]]]
    beside: Mapping[str, Look] = field(default_factory=dict)
    leaving: Leaving = field(default_factory=Leaving)
    clock: Callable[[], float] = time.monotonic
    _found: Mapping[str, Any] = field(default_factory=dict)
    _until: float = float("-inf")
    _looking: asyncio.Task[None] | None = None

    async def live(self, _: Request) -> Response:
        """The process answers."""
        return _answer(200, {"status": "ok"})

    async def ready(self, _: Request) -> Response:
        """Whether this instance can answer what it is asked."""
        if self.leaving.begun:
            return _answer(503, {"status": "leaving"})
        while self.clock() >= self._until:
            if self._looking is None:
                self._looking = asyncio.create_task(self._look())
                self._looking.add_done_callback(self._looked)
            await asyncio.shield(self._looking)
        sources = self._found["sources"]
        good = bool(sources) and all(sources.values())
        return _answer(200 if good else 503, {"status": "ready" if good else "not ready", **self._found})

    async def _look(self) -> None:
        sources, *others = await asyncio.gather(_seen(self.sources), *map(_seen, self.beside.values()))
        self._found = {"sources": sources or {}, **dict(zip(self.beside, others, strict=True))}
        self._until = self.clock() + STANDS

    def _looked(self, _: asyncio.Task[None]) -> None:
        self._looking = None


async def _seen(look: Look) -> Any:
    try:
        async with asyncio.timeout(READY_WITHIN):
            return await look()
    except Exception:  # noqa: BLE001 - whatever it is, the answer is no, and why is not for the outside
        return False


def _answer(status: int, content: object) -> Response:
    return Response(orjson.dumps(content), status, {"cache-control": "no-store"}, "application/json")
