"""ASGI around the endpoint: an HTTP request -> its span, its metrics, its line.

The line is one object of JSON:

    time        when the answer began, in UTC
    id          the request's, as the client gets it back
    trace       of which it is part, if there are traces
    status      of the answer; 499 if the client left before it
    ms, bytes   how long it took, how long its body is
    kind        citizen, officer, analyst, partner; `-` before that is known
    operation   its name, if its document is stored, otherwise `other`; `-` if it was not planned
    hash        the signature of its document (`hub.operation.signature`)
    fetches     in its plan
    cost        what it was charged
    errors      code -> how many
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from contextlib import nullcontext
from datetime import UTC, datetime
from time import perf_counter
from typing import Any

import orjson
from opentelemetry.trace import Span, SpanKind, StatusCode, Tracer, format_trace_id
from prometheus_client import Counter, Histogram

from hub.model.watch import NOTED, Noted
from hub.telemetry.lines import Lines
from hub.telemetry.metrics import Metrics
from hub.telemetry.traces import taken_on
from hub.telemetry.words import KINDS, NOBODY, OTHER, codes_of

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

PATH = "/graphql"
_LEFT = 499
_TRACEPARENT = b"traceparent"


class WatchedEndpoint:
    """ASGI: the endpoint, and whoever is told of it."""

    __slots__ = ("_app", "_counters", "_lines", "_metrics", "_timers", "_tracer")

    def __init__(
        self,
        app: App,
        metrics: Metrics | None,
        tracer: Tracer | None,
        lines: Lines | None,
    ) -> None:
        self._app = app
        self._metrics = metrics
        self._tracer = tracer
        self._lines = lines
        # Looking a counter up by its labels costs as much as counting.
        self._counters: dict[tuple[str, int], Counter] = {}
        self._timers: dict[str, Histogram] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(PATH):
            await self._app(scope, receive, send)
            return
        began = perf_counter()
        seen = _Seen(send)
        noted = scope[NOTED] = Noted()
        if self._metrics is not None:
            self._metrics.under_way.inc()
        try:
            with self._span(scope) as span:
                await self._app(scope, receive, seen)
                if span is not None and span.is_recording():
                    self._attribute(span, seen, noted)
        finally:
            self._note(seen, noted, span, perf_counter() - began)

    def _span(self, scope: Scope) -> Any:
        if self._tracer is None:
            return nullcontext()
        context = None
        for name, value in scope["headers"]:
            if name == _TRACEPARENT:
                context = taken_on(value.decode("latin-1"))
        return self._tracer.start_as_current_span(
            "request", context, SpanKind.SERVER, record_exception=False, set_status_on_exception=False
        )

    def _attribute(self, span: Span, seen: _Seen, noted: Noted) -> None:
        span.set_attribute("http.response.status_code", seen.status)
        span.set_attribute("hub.operation", _operation(noted))
        span.set_attribute("hub.kind", _kind(noted))
        codes = _codes(seen, noted)
        if codes:
            span.set_attribute("hub.errors", sorted(codes))
            span.set_status(StatusCode.ERROR)

    def _note(self, seen: _Seen, noted: Noted, span: Span | None, seconds: float) -> None:
        operation, codes = _operation(noted), _codes(seen, noted)
        metrics = self._metrics
        if metrics is not None:
            metrics.under_way.dec()
            of = _kind(noted), seen.status
            if of not in self._counters:
                self._counters[of] = metrics.requests.labels(of[0], str(of[1]))
            self._counters[of].inc()
            if operation not in self._timers:
                self._timers[operation] = metrics.seconds.labels(operation)
            self._timers[operation].observe(seconds)
            if noted.response is not None and noted.response.about is not None:
                metrics.cost.observe(noted.response.cost)
            for code, count in codes.items():
                metrics.errors.labels(code).inc(count)
        if self._lines is not None:
            about = noted.response.about if noted.response is not None else None
            line = {
                "time": datetime.now(UTC),
                "id": seen.request_id,
                "trace": format_trace_id(span.get_span_context().trace_id) if span is not None else None,
                "status": seen.status,
                "ms": round(seconds * 1000, 2),
                "bytes": seen.size,
                "kind": _kind(noted),
                "operation": operation,
                "hash": about.signature if about is not None else None,
                "fetches": about.fetches if about is not None else 0,
                "cost": noted.response.cost if noted.response is not None else 0,
                "errors": codes,
            }
            self._lines.add(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))


class _Seen:
    """Sends on, and sees what is sent."""

    __slots__ = ("_packed", "_send", "content", "request_id", "size", "status")

    def __init__(self, send: Send) -> None:
        self._send = send
        self._packed = False
        self.status = _LEFT
        self.size = 0
        self.request_id = ""
        self.content = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            for name, value in message["headers"]:
                if name == b"x-request-id":
                    self.request_id = value.decode("latin-1")
                elif name == b"content-encoding":
                    self._packed = True
        elif message["type"] == "http.response.body":
            body = message.get("body", b"")
            self.size += len(body)
            if not self._packed and not message.get("more_body", False):
                self.content = body
        await self._send(message)


def _operation(noted: Noted) -> str:
    about = noted.response.about if noted.response is not None else None
    return NOBODY if about is None else about.name or OTHER


def _kind(noted: Noted) -> str:
    return KINDS[noted.viewer.profile.audience] if noted.viewer is not None else NOBODY


def _codes(seen: _Seen, noted: Noted) -> Mapping[str, int]:
    """Of the engine's answer; without one, of what stands in its place."""
    return codes_of(noted.response.body if noted.response is not None else seen.content)
