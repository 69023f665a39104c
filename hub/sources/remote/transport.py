"""One subgraph over HTTP: a connection pool with keep-alive, a deadline for each request, retries, a breaker, limits.

Takes the bytes of a request and gives those of the answer, or raises `SourceUnavailable` with a code of its own:

    SUBREQUEST_HTTP_ERROR          no connection, no answer in time, a status that is no answer, too large a body
    SUBREQUEST_MALFORMED_RESPONSE  an answer that is not JSON (said by who reads it)

Only queries are tried again: what changes something may have been done. And only where another try may be answered
better: there was no connection, or a status that says so. After several failures in a row the breaker opens, and
requests fail at once until a single one that is let through succeeds.

No redirect is followed: a subgraph does not decide where the hub sends what it was handed. Answers may be packed with
gzip and nothing else, and are unpacked here, so that the limit of their size holds for what comes out at every step.
"""

from __future__ import annotations

import asyncio
import random
import time
import zlib
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

    @property
    def resting(self) -> bool:
        """Whether the breaker is open."""
        return self._failed >= self.limits.failures and self._clock() < self._closed_until

    async def post(self, body: bytes, *, retry: bool, headers: Mapping[str, str]) -> bytes:
        """The body of the answer. `headers` go with it, beside those of every request."""
        if self.resting:
            raise self._unavailable(None)
        if self._failed >= self.limits.failures:
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
            except (httpx.HTTPError, httpx.InvalidURL, _NoAnswer) as error:
                last = error
                if isinstance(error, _NoAnswer) and not error.passing:
                    break
        raise self._unavailable(last) from last

    async def _once(self, body: bytes, headers: Mapping[str, str]) -> bytes:
        sent = {"content-type": "application/json", "accept": _ACCEPT, "accept-encoding": "gzip", **headers}
        async with self._open().stream("POST", self.url, content=body, headers=sent) as response:
            found = _Body(self.limits.most_bytes, response.headers.get("content-encoding", ""))
            async for chunk in response.aiter_raw():
                found.add(chunk)
            status = response.status_code
            # A request that GraphQL refuses has a status of its own, and says why in its own format.
            json = "json" in response.headers.get("content-type", "")
            # One whose sender is refused, who said who he is, is the hub's affair and not the reader's.
            ours = status in (401, 403) and "authorization" in headers
            refused = 400 <= status < 500 and not ours and json and b'"errors"' in found.content
            if not 200 <= status < 300 and not refused:
                raise _NoAnswer(f"status {status}", passing=status >= 500 or status in _PASSING)
            return bytes(found.content)

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


class _NoAnswer(Exception):
    """What came is no answer. `passing` if the next try may be answered."""

    def __init__(self, reason: str, *, passing: bool = False) -> None:
        super().__init__(reason)
        self.passing = passing


class _Body:
    """The bytes of an answer as they come, unpacked; raises `_NoAnswer` as soon as they are too many."""

    __slots__ = ("_most", "_unpack", "content")

    def __init__(self, most: int, encoding: str) -> None:
        if encoding not in ("", "identity", "gzip"):
            raise _NoAnswer(f"packed with `{encoding}`, which was not asked for")
        self._most = most
        self._unpack = zlib.decompressobj(_GZIP) if encoding == "gzip" else None
        self.content = bytearray()

    def add(self, chunk: bytes) -> None:
        """Takes the next bytes. One more than may be is unpacked, and no more."""
        if self._unpack is not None:
            try:
                chunk = self._unpack.decompress(chunk, self._most - len(self.content) + 1)
            except zlib.error as error:
                raise _NoAnswer("not packed as it says") from error
        self.content += chunk
        if len(self.content) > self._most:
            raise _NoAnswer("the answer is too large")


_ACCEPT = "application/graphql-response+json, application/json;q=0.9"
_GZIP = 16 + zlib.MAX_WBITS
# Too many requests, and a request that the other side did not wait for.
_PASSING = (408, 425, 429)
