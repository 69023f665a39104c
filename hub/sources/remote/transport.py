"""One subgraph over HTTP: a connection pool with keep-alive, a deadline for each request, retries, a breaker, limits.

Takes the bytes of a request and gives those of the answer, or raises `SourceUnavailable` with a code of its own:

    SUBREQUEST_HTTP_ERROR          no connection, no answer in time, a status that is no answer, too large a body
    SUBREQUEST_MALFORMED_RESPONSE  an answer that is not JSON (said by who reads it)

Only queries are tried again: what changes something may have been done. After several failures in a row the breaker
opens, and requests fail at once until a single one that is let through succeeds.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import httpx

from hub.errors import SourceUnavailable

HTTP_ERROR = "SUBREQUEST_HTTP_ERROR"


@dataclass(frozen=True, slots=True)
class Limits:
    """How one subgraph is treated. Times are in seconds.

    width     requests under way at once
    deadline  for one fetch, all its tries included
    retries   further tries of a query
    failures  in a row, after which the breaker opens
    rest      how long it stays open
    """

    width: int = 32
    deadline: float = 5.0
    retries: int = 2
    backoff: float = 0.05
    most_bytes: int = 50_000_000
    failures: int = 10
    rest: float = 1.0


class Transport:
    """Posts GraphQL requests to one address."""

    def __init__(
        self,
        source: str,
        url: str,
        limits: Limits | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.source = source
        self.url = url
        self.limits = limits or Limits()
        self.width = self.limits.width
        self._clock = clock
        self._client: httpx.AsyncClient | None = None
        self._failed = 0
        self._closed_until = 0.0

    async def post(self, body: bytes, *, retry: bool, headers: Mapping[str, str]) -> bytes:
        """The body of the answer. `headers` go with it, beside those of every request."""
        if self._failed >= self.limits.failures:
            if self._clock() < self._closed_until:
                raise self._unavailable(None)
            # Half open: this one is let through, the others wait for what comes of it.
            self._closed_until = self._clock() + self.limits.rest
        try:
            async with asyncio.timeout(self.limits.deadline):
                answer = await self._tries(body, headers, 1 + self.limits.retries * retry)
        except TimeoutError as error:
            self._note_failure()
            raise self._unavailable(error) from error
        except SourceUnavailable:
            self._note_failure()
            raise
        self._failed = 0
        return answer

    async def _tries(self, body: bytes, headers: Mapping[str, str], tries: int) -> bytes:
        for number in range(tries):
            if number:
                await asyncio.sleep(self.limits.backoff * 2**number * (0.5 + random.random()))
            try:
                return await self._once(body, headers)
            except (httpx.HTTPError, httpx.InvalidURL, SourceUnavailable) as error:
                last = error
        raise last if isinstance(last, SourceUnavailable) else self._unavailable(last) from last

    async def _once(self, body: bytes, headers: Mapping[str, str]) -> bytes:
        sent = {"content-type": "application/json", "accept": _ACCEPT, **headers}
        async with self._open().stream("POST", self.url, content=body, headers=sent) as response:
            found = bytearray()
            async for chunk in response.aiter_bytes():
                found += chunk
                if len(found) > self.limits.most_bytes:
                    raise self._unavailable(ValueError("the answer is too large"))
            # A request that GraphQL refuses has a status of its own, and says why in its own format.
            json = "json" in response.headers.get("content-type", "")
            # One that is refused for its sender is the hub's affair and not the reader's.
            ours = response.status_code in (401, 403)
            refused = 400 <= response.status_code < 500 and not ours and json and b'"errors"' in found
            if response.status_code >= 400 and not refused:
                raise self._unavailable(ValueError(f"status {response.status_code}"))
            return bytes(found)

    def _open(self) -> httpx.AsyncClient:
        if self._client is None:
            limits = httpx.Limits(max_connections=self.width, max_keepalive_connections=self.width)
            self._client = httpx.AsyncClient(http2=True, limits=limits, timeout=self.limits.deadline)
        return self._client

    def _note_failure(self) -> None:
        self._failed += 1
        if self._failed >= self.limits.failures:
            self._closed_until = self._clock() + self.limits.rest

    def _unavailable(self, cause: BaseException | None) -> SourceUnavailable:
        message = f"the {self.source} part of the graph is unavailable"
        return SourceUnavailable(self.source, cause, code=HTTP_ERROR, message=message)

    async def close(self) -> None:
        """Closes the connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None


_ACCEPT = "application/graphql-response+json, application/json;q=0.9"
