"""/graphql (GraphQL over HTTP): gates in one fixed order, then the engine.

    method, answer type, content type, length  ->  token  ->  body  ->  the engine's own gates

A plain ASGI endpoint, because it runs for every request: no request object, no middleware, no second pass over the
bytes of the answer but to compress it for who asks for that.

A foreign page can make a browser send some requests without asking first ("simple" ones, Fetch standard), with whatever
the browser adds by itself. None of them is taken (cross-site request forgery): a POST must be `application/json`, and a
GET must carry a header that a page may not set unasked: a bearer token, a content type that is not a form's, or one of
those in `PREFLIGHTED`.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from random import getrandbits
from typing import Any, NamedTuple, Protocol

from hub.errors import NotUnderstood, Shown, Unauthenticated, Unverifiable
from hub.model.request import Request, Response, refusal
from hub.model.viewer import Viewer
from hub.model.watch import NOTED, Noted
from hub.server.answers import body_of_internal, challenge
from hub.server.compression import gzipped
from hub.server.deadline import Deadline
from hub.server.negotiation import ANSWERS, GRAPHQL, JSON, answer_type, is_json, takes_gzip
from hub.server.reading import decoded, parameters, read_request

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_Headers = dict[bytes, bytes]

PREFLIGHTED = (b"graphql-require-preflight", b"apollo-require-preflight", b"x-apollo-operation-name")
"""Headers that clients of GraphQL send to show that they are no foreign page: a browser would have asked first."""

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_FORMS = (b"application/x-www-form-urlencoded", b"multipart/form-data", b"text/plain")
_READ = frozenset(
    {
        b"accept",
        b"accept-encoding",
        b"authorization",
        b"client-cert",
        b"content-encoding",
        b"content-length",
        b"content-type",
        b"x-request-id",
        *PREFLIGHTED,
    }
)


class Engine(Protocol):
    """What the server needs of the engine."""

    async def execute(self, request: Request, viewer: Viewer) -> Response: ...
    async def ready(self) -> Mapping[str, bool]: ...


class Identifies(Protocol):
    """Who says who reads."""

    async def viewer(self, authorization: Sequence[bytes], certificate: Sequence[bytes], peer: str) -> Viewer: ...


class _Stopped(Exception):
    """A request that ends at one of the gates of transport or authentication, or by a status of its own."""

    def __init__(self, status: int, body: bytes, *headers: tuple[bytes, bytes]) -> None:
        super().__init__(status)
        self.status = status
        self.body = body
        self.headers = headers


class _Who(NamedTuple):
    """The headers that say who asks, each as often as it is there."""

    authorization: Sequence[bytes]
    certificate: Sequence[bytes]


class _Gone(Exception):
    """The client has left; there is nobody to answer."""


@dataclass(frozen=True, slots=True)
class Transport:
    """What the endpoint takes and gives.

    deadline       seconds for a request: the last resort, because the sources have limits of their own
    compress_from  bytes from which an answer is compressed for who asks for that; 0 for never
    batch          requests that may come in one list; 1 for no lists
    """

    max_body_bytes: int = 1_000_000
    deadline: float = 10.0
    compress_from: int = 0
    batch: int = 1


class GraphQLEndpoint:
    """ASGI."""

    __slots__ = ("_compress_from", "_deadline", "_engine", "_identity", "_transport")

    def __init__(self, engine: Engine, identity: Identifies, transport: Transport) -> None:
        self._engine = engine
        self._identity = identity
        self._transport = transport
        self._compress_from = transport.compress_from or float("inf")
        self._deadline = Deadline(transport.deadline)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers, who = _read_headers(scope["headers"])
        given = headers.get(b"x-request-id", b"")
        # An id has to be rare, not secret, and asking the system for each would cost a call.
        request_id = given if _REQUEST_ID.fullmatch(given) else b"%032x" % getrandbits(128)
        media = JSON
        more: Sequence[tuple[bytes, bytes]] = ()
        try:
            media = _answer_type(headers)
            status, body, more = await self._answer(scope, receive, headers, who, media)
        except _Stopped as stopped:
            status, body, more = stopped.status, stopped.body, stopped.headers
        except _Gone:
            return
        except Exception as error:  # noqa: BLE001 - the last gate: nothing of it goes out, all of it is logged
            status, body = 500, body_of_internal(error)
        if len(body) >= self._compress_from and takes_gzip(headers.get(b"accept-encoding", b"")):
            body = await gzipped(body)
            more = (*more, (b"content-encoding", b"gzip"), (b"vary", b"accept-encoding"))
        await send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [
                    (b"content-type", ANSWERS[media]),
                    (b"content-length", b"%d" % len(body)),
                    (b"cache-control", b"private, no-store"),
                    (b"x-request-id", request_id),
                    *more,
                ],
            }
        )
        await send({"type": "http.response.body", "body": body})

    async def _answer(
        self, scope: Scope, receive: Receive, headers: _Headers, who: _Who, media: bytes
    ) -> tuple[int, bytes, Sequence[tuple[bytes, bytes]]]:
        method = scope["method"]
        if method == "POST":
            self._check_body(headers)
        elif method == "GET":
            _check_preflighted(headers, who.authorization)
        else:
            error = Shown(f"`{method}` is not for this address: send GET or POST", code="METHOD_NOT_ALLOWED")
            raise _Stopped(405, refusal([error]), (b"allow", b"GET, POST"))
        try:
            client = scope.get("client")
            viewer = await self._identity.viewer(who.authorization, who.certificate, client[0] if client else "")
        except Unauthenticated as error:
            needed = challenge(error, who.authorization)
            raise _Stopped(401, refusal([error]), (b"www-authenticate", needed)) from None
        except Unverifiable as error:
            raise _Stopped(503, refusal([error]), (b"retry-after", b"1")) from None
        noted: Noted | None = scope.get(NOTED)
        if noted is not None:
            noted.viewer = viewer
        path_id = scope["path_params"].get("id") if "path_params" in scope else None
        try:
            if method == "GET":
                request = read_request(parameters(scope["query_string"]), path_id, reads_only=True)
            else:
                content = decoded(await self._body(receive))
                if isinstance(content, list):
                    return 200, await self._answers(content, viewer), ()
                request = read_request(content, path_id)
        except NotUnderstood as error:
            raise _Stopped(400, refusal([error])) from None

        try:
            response = await self._deadline.within(self._engine.execute(request, viewer))
        except TimeoutError:
            raise _late() from None
        if noted is not None:
            noted.response = response
        if response.executed:
            return 200, response.body, response.headers
        if response.status == 405:
            raise _Stopped(405, response.body, (b"allow", b"POST"))
        if response.status:
            raise _Stopped(response.status, response.body, *response.headers)
        # A document that is refused is a well-formed request: clients of the older media type read the body, not the
        # status (GraphQL over HTTP, section 6.4.1).
        return (400 if media is GRAPHQL else 200), response.body, response.headers

    async def _answers(self, contents: Sequence[object], viewer: Viewer) -> bytes:
        """The answers to a list of requests, in its order; what is no request is refused by itself."""
        most = self._transport.batch
        if most == 1:
            raise NotUnderstood("a list of requests is not accepted: send them one by one", code="BATCH_NOT_ALLOWED")
        if not 0 < len(contents) <= most:
            text = f"a list of {len(contents)} requests is not accepted: send 1 to {most}"
            raise NotUnderstood(text, code="BATCH_NOT_ALLOWED")

        async def answer(content: object) -> bytes:
            try:
                return (await self._engine.execute(read_request(content), viewer)).body
            except NotUnderstood as error:
                return refusal([error])
            except Exception as error:  # noqa: BLE001 - one request that fails inside does not take the others with it
                return body_of_internal(error)

        try:
            found = await self._deadline.within(asyncio.gather(*map(answer, contents)))
        except TimeoutError:
            raise _late() from None
        return b"[" + b",".join(found) + b"]"

    def _check_body(self, headers: _Headers) -> None:
        content_type = headers.get(b"content-type", b"")
        if not is_json(content_type):
            shown = content_type[:100].decode("latin-1") or "nothing"
            error = Shown(
                f"the content type must be `application/json` in UTF-8, not `{shown}`", code="UNSUPPORTED_MEDIA_TYPE"
            )
            raise _Stopped(415, refusal([error]))
        if headers.get(b"content-encoding", b"identity") != b"identity":
            error = Shown("the body must not be compressed", code="UNSUPPORTED_MEDIA_TYPE")
            raise _Stopped(415, refusal([error]), (b"accept-encoding", b"identity"))
        length = headers.get(b"content-length", b"")
        if length.isdigit() and int(length[:20]) > self._transport.max_body_bytes:
            raise self._too_large()

    def _too_large(self) -> _Stopped:
        text = f"the body is larger than {self._transport.max_body_bytes} bytes"
        return _Stopped(413, refusal([Shown(text, code="PAYLOAD_TOO_LARGE")]))

    async def _body(self, receive: Receive) -> bytes:
        message = await receive()
        if message["type"] == "http.request" and not message.get("more_body", False):
            body: bytes = message.get("body", b"")
            if len(body) > self._transport.max_body_bytes:
                raise self._too_large()
            return body
        try:
            return await self._deadline.within(self._rest(message, receive))
        except TimeoutError:
            error = Shown("the body took too long to come", code="TIMEOUT")
            raise _Stopped(408, refusal([error]), (b"connection", b"close")) from None

    async def _rest(self, message: Message, receive: Receive) -> bytes:
        """A body that comes in pieces."""
        chunks: list[bytes] = []
        size = 0
        while True:
            if message["type"] == "http.disconnect":
                raise _Gone
            chunk = message.get("body", b"")
            size += len(chunk)
            if size > self._transport.max_body_bytes:
                raise self._too_large()
            chunks.append(chunk)
            if not message.get("more_body", False):
                return b"".join(chunks)
            message = await receive()


def _late() -> _Stopped:
    return _Stopped(503, refusal([Shown("the request took too long", code="TIMEOUT")]))


def _read_headers(raw: Sequence[tuple[bytes, bytes]]) -> tuple[_Headers, _Who]:
    """The headers that matter, those of one name as one list (RFC 9110, section 5.3); and all that say who asks."""
    found: _Headers = {}
    authorization: Sequence[bytes] = ()
    certificate: Sequence[bytes] = ()
    for name, value in raw:
        if name in _READ:
            if name == b"authorization":
                authorization = (*authorization, value)
            elif name == b"client-cert":
                certificate = (*certificate, value)
            else:
                found[name] = found[name] + b"," + value if name in found else value
    return found, _Who(authorization, certificate)


def _answer_type(headers: _Headers) -> bytes:
    media = answer_type(headers.get(b"accept", b""))
    if media is None:
        text = "the answer is `application/json` or `application/graphql-response+json`: accept one of them"
        raise _Stopped(406, refusal([Shown(text, code="NOT_ACCEPTABLE")]))
    return media


def _check_preflighted(headers: _Headers, authorization: Sequence[bytes]) -> None:
    """Refuses what a foreign page could have made a browser send by itself."""
    if any(value[:7].lower() == b"bearer " for value in authorization):
        return
    if any(headers.get(name) for name in PREFLIGHTED):
        return
    media = headers.get(b"content-type", b"").lower()
    if media and not any(one in media for one in _FORMS):
        return
    names = " or ".join(f"`{name.decode()}`" for name in PREFLIGHTED[:2])
    text = f"a GET could come from a foreign page: send a bearer token, or a header {names} with any value"
    raise _Stopped(400, refusal([Shown(text, code="PREFLIGHT_REQUIRED")]))
