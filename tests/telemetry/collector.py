"""A collector: takes spans by OTLP over HTTP, as the standard says (protobuf, perhaps packed), and keeps them."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

PATIENCE = 20.0
FAILED = 2
"""STATUS_CODE_ERROR of the protocol."""


@dataclass(frozen=True, slots=True)
class Span:
    """A span as it was sent, ids as hexadecimal digits."""

    trace: str
    id: str
    parent: str
    name: str
    attributes: Mapping[str, Any]
    links: tuple[str, ...]
    failed: bool


@dataclass(slots=True)
class Collector:
    """Use it as a context; `url` is for OTEL_EXPORTER_OTLP_ENDPOINT."""

    spans: list[Span] = field(default_factory=list)
    resources: list[Mapping[str, Any]] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    _server: ThreadingHTTPServer | None = None
    _came: threading.Condition = field(default_factory=threading.Condition)

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                if self.headers.get("content-encoding") == "gzip":
                    body = gzip.decompress(body)
                collector.take(self.path, body)
                self.send_response(200)
                self.send_header("content-type", "application/x-protobuf")
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.shutdown()
        self._server.server_close()

    def take(self, path: str, body: bytes) -> None:
        assert path == "/v1/traces"
        found = ExportTraceServiceRequest.FromString(body)
        with self._came:
            self.raw.append(body)
            for resource in found.resource_spans:
                self.resources.append(_attributes(resource.resource.attributes))
                self.spans += [_span(one) for scope in resource.scope_spans for one in scope.spans]
            self._came.notify_all()

    def trace(self, trace: str, root: str = "request") -> list[Span]:
        """The spans of a trace, once its root is there: it ends last, and what ends late comes with the next batch."""

        def there() -> list[Span]:
            return [one for one in self.spans if one.trace == trace]

        with self._came:
            assert self._came.wait_for(lambda: any(one.name == root for one in there()), PATIENCE), self.spans
            return there()


def _span(one: Any) -> Span:
    links = tuple(link.trace_id.hex() for link in one.links)
    parent = one.parent_span_id.hex()
    return Span(
        one.trace_id.hex(),
        one.span_id.hex(),
        parent,
        one.name,
        _attributes(one.attributes),
        links,
        one.status.code == 2,
    )


def _attributes(found: Any) -> Mapping[str, Any]:
    return {one.key: _value(one.value) for one in found}


def _value(value: Any) -> Any:
    kind = value.WhichOneof("value")
    return [_value(one) for one in value.array_value.values] if kind == "array_value" else getattr(value, kind)
