"""/graphql (GraphQL over HTTP): gates in one fixed order, then the engine.

    method, answer type, content type, length  ->  token  ->  body  ->  the engine's own gates

A plain ASGI endpoint, because it runs for every request: no request object, no middleware, no second pass over the
bytes of the answer. A POST must be `application/json`, which a browser never sends to a foreign site without asking
first; a GET can only query; and the token is a header, which no browser adds by itself. So there is nothing to forge.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from os import urandom
from random import getrandbits
from typing import Any, Protocol
from urllib.parse import parse_qsl

import orjson
from graphql import GraphQLError, OperationType, get_operation_ast, parse

from hub.errors import NotUnderstood, Shown, Unauthenticated, Unverifiable, origin
from hub.model.request import PlanWish, Request, Response, refusal
from hub.model.viewer import Viewer
from hub.model.watch import NOTED, Noted
from hub.server.answers import body_of_internal, challenge
from hub.server.deadline import Deadline
from hub.server.negotiation import ANSWERS, GRAPHQL, JSON, answer_type, is_json

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_log = logging.getLogger("hub.server")

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_MAY_WRITE = re.compile(r"\b(?:mutation|subscription)\b")


class Engine(Protocol):
    """What the server needs of the engine."""

    async def execute(self, request: Request, viewer: Viewer) -> Response: ...
    async def ready(self) -> Mapping[str, bool]: ...


class Identifies(Protocol):
    """Who says who reads."""

    async def viewer(self, authorization: Sequence[bytes], certificate: Sequence[bytes], peer: str) -> Viewer: ...


class _Stopped(Exception):
    """A request that ends at one of the gates of transport or authentication."""

    def __init__(self, status: int, error: Shown, *headers: tuple[bytes, bytes]) -> None:
        super().__init__(error.message)
        self.status = status
        self.error = error
        self.headers = headers


class _Gone(Exception):
    """The client has left; there is nobody to answer."""


@dataclass(slots=True)
class _Headers:
    """The few headers that matter, read in one pass."""

    accept: bytes = b"*/*"
    content_type: bytes = b""
    content_length: bytes = b""
    request_id: bytes = b""
    authorization: Sequence[bytes] = ()
    certificate: Sequence[bytes] = ()


class GraphQLEndpoint:
    """ASGI. `deadline` is the last resort, in seconds: the sources have limits of their own."""

    __slots__ = ("_deadline", "_engine", "_identity", "_max_body")

    def __init__(self, engine: Engine, identity: Identifies, *, max_body_bytes: int, deadline: float) -> None:
        self._engine = engine
        self._identity = identity
        self._max_body = max_body_bytes
        self._deadline = Deadline(deadline)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = _read_headers(scope["headers"])
        given = headers.request_id
        # An id has to be rare, not secret, and asking the system for each would cost a call.
        request_id = given if _REQUEST_ID.fullmatch(given) else b"%032x" % getrandbits(128)
        media = JSON
        more: Sequence[tuple[bytes, bytes]] = ()
        try:
            media = _answer_type(headers)
            status, body = await self._answer(scope, receive, headers, media)
        except _Stopped as stopped:
            status, body, more = stopped.status, refusal([stopped.error]), stopped.headers
        except _Gone:
            return
        except Exception as error:  # noqa: BLE001 - the last gate: nothing of it goes out, all of it is logged
            status, body = 500, body_of_internal(_logged(error))
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

    async def _answer(self, scope: Scope, receive: Receive, headers: _Headers, media: bytes) -> tuple[int, bytes]:
        method = scope["method"]
        if method == "POST":
            self._check_body(headers)
        elif method != "GET":
            error = Shown(f"`{method}` is not for this address: send GET or POST", code="METHOD_NOT_ALLOWED")
            raise _Stopped(405, error, (b"allow", b"GET, POST"))
        try:
            client = scope.get("client")
            peer = client[0] if client else ""
            viewer = await self._identity.viewer(headers.authorization, headers.certificate, peer)
        except Unauthenticated as error:
            raise _Stopped(401, error, (b"www-authenticate", challenge(error, headers.authorization))) from None
        except Unverifiable as error:
            raise _Stopped(503, error, (b"retry-after", b"1")) from None
        noted: Noted | None = scope.get(NOTED)
        if noted is not None:
            noted.viewer = viewer
        try:
            if method == "POST":
                request = _request(_decoded(await self._body(receive)))
            else:
                request = _request(_parameters(scope["query_string"]))
                _check_query_only(request)
        except NotUnderstood as error:
            raise _Stopped(400, error) from None

        try:
            response = await self._deadline.within(self._engine.execute(request, viewer))
        except TimeoutError:
            raise _Stopped(503, Shown("the request took too long", code="TIMEOUT")) from None
        if noted is not None:
            noted.response = response
        # A document that is refused is a well-formed request: clients of the older media type read the body, not the
        # status (GraphQL over HTTP, section 6.4.1).
        return (200 if response.executed or media is not GRAPHQL else 400), response.body

    def _check_body(self, headers: _Headers) -> None:
        if not is_json(headers.content_type):
            shown = headers.content_type[:100].decode("latin-1") or "nothing"
            error = Shown(
                f"the content type must be `application/json` in UTF-8, not `{shown}`", code="UNSUPPORTED_MEDIA_TYPE"
            )
            raise _Stopped(415, error)
        if headers.content_length.isdigit() and int(headers.content_length[:20]) > self._max_body:
            raise self._too_large()

    def _too_large(self) -> _Stopped:
        return _Stopped(413, Shown(f"the body is larger than {self._max_body} bytes", code="PAYLOAD_TOO_LARGE"))

    async def _body(self, receive: Receive) -> bytes:
        message = await receive()
        if message["type"] == "http.request" and not message.get("more_body", False):
            body: bytes = message.get("body", b"")
            if len(body) > self._max_body:
                raise self._too_large()
            return body
        chunks: list[bytes] = []
        size = 0
        while True:
            if message["type"] == "http.disconnect":
                raise _Gone
            chunk = message.get("body", b"")
            size += len(chunk)
            if size > self._max_body:
                raise self._too_large()
            chunks.append(chunk)
            if not message.get("more_body", False):
                return b"".join(chunks)
            message = await receive()


def _read_headers(raw: Sequence[tuple[bytes, bytes]]) -> _Headers:
    headers = _Headers()
    for name, value in raw:
        match name:
            case b"authorization":
                headers.authorization = (*headers.authorization, value)
            case b"client-cert":
                headers.certificate = (*headers.certificate, value)
            case b"accept":
                headers.accept = value if headers.accept == b"*/*" else headers.accept + b"," + value
            case b"content-type":
                headers.content_type = value
            case b"content-length":
                headers.content_length = value
            case b"x-request-id":
                headers.request_id = value
            case _:
                pass
    return headers


def _answer_type(headers: _Headers) -> bytes:
    media = answer_type(headers.accept)
    if media is None:
        text = "the answer is `application/json` or `application/graphql-response+json`: accept one of them"
        raise _Stopped(406, Shown(text, code="NOT_ACCEPTABLE"))
    return media


def _decoded(body: bytes) -> object:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        if not body.strip():
            raise NotUnderstood("the body is empty: send a JSON object with a `query`") from None
        try:
            body.decode()
        except UnicodeDecodeError:
            raise NotUnderstood("the body is not UTF-8") from None
        raise NotUnderstood(f"the body is not JSON: {error}") from None


def _parameters(query_string: bytes) -> object:
    """The parameters of a GET as the object a POST would have sent."""
    found: dict[str, object] = {}
    try:
        pairs = parse_qsl(query_string.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=20)
    except UnicodeDecodeError:
        raise NotUnderstood("the parameters of the address are not UTF-8") from None
    except ValueError:
        raise NotUnderstood("the address has too many parameters") from None
    for name, value in pairs:
        if name in found:
            raise NotUnderstood(f"the parameter `{name}` is there twice")
        found[name] = value
    for name in ("variables", "extensions"):
        text = found.get(name)
        if isinstance(text, str):
            try:
                found[name] = orjson.loads(text) if text else None
            except orjson.JSONDecodeError:
                raise NotUnderstood(f"the parameter `{name}` is not JSON") from None
    if found.get("operationName") == "":
        del found["operationName"]
    return found


def _request(content: object) -> Request:
    if isinstance(content, list):
        raise NotUnderstood("a list of requests is not accepted: send them one by one")
    if not isinstance(content, dict):
        raise NotUnderstood("the body must be a JSON object with a `query`")
    document, extensions = content.get("query"), content.get("extensions")
    if extensions is not None and not isinstance(extensions, dict):
        raise NotUnderstood("`extensions` must be an object")
    if document is None and extensions and "persistedQuery" in extensions:
        raise NotUnderstood("persisted queries are not supported: send `query`", code="PERSISTED_QUERY_NOT_SUPPORTED")
    if not isinstance(document, str):
        raise NotUnderstood("`query` is missing" if document is None else "`query` must be a string")
    name, variables = content.get("operationName"), content.get("variables")
    if name is not None and not isinstance(name, str):
        raise NotUnderstood("`operationName` must be a string")
    if variables is None:
        variables = {}
    elif not isinstance(variables, dict):
        raise NotUnderstood("`variables` must be an object")
    purpose = (extensions or {}).get("purpose")
    if purpose is not None and not isinstance(purpose, str):
        raise NotUnderstood("`extensions.purpose` must be a string")
    wish = (extensions or {}).get("plan")
    if wish is not None and wish not in tuple(PlanWish):
        raise NotUnderstood('`extensions.plan` must be "show" or "only"')
    return Request(document, name, variables, purpose, PlanWish(wish) if wish is not None else None)


def _check_query_only(request: Request) -> None:
    """A GET may be repeated, prefetched and sent by a link, so it may only read."""
    if not _MAY_WRITE.search(request.document):
        return
    try:
        operation = get_operation_ast(parse(request.document, no_location=True), request.operation_name)
    except (GraphQLError, RecursionError):
        return  # the engine says what is wrong with it
    if operation is not None and operation.operation is not OperationType.QUERY:
        error = Shown(f"a {operation.operation.value} cannot be sent with GET: use POST", code="METHOD_NOT_ALLOWED")
        raise _Stopped(405, error, (b"allow", b"POST"))


def _logged(error: Exception) -> str:
    """Logs where it happened, under a new id. Messages may hold values of persons: they go to the debug level only."""
    error_id = urandom(16).hex()
    _log.error("error %s: %s", error_id, origin(error))
    _log.debug("error %s: %s", error_id, error)
    return error_id
