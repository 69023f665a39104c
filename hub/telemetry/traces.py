"""Spans: who they belong to, where they are sent, and how they go on elsewhere (W3C Trace Context).

The standard OTEL_* variables say where to, what is sampled, and what the instance calls itself. Of what a request
brings along only `traceparent` is taken: `tracestate` and baggage are text that somebody else wrote.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

TRACEPARENT = "traceparent"
_NAME = "hub"

_propagator = TraceContextTextMapPropagator()


class Traces:
    """Where spans are made."""

    def __init__(self, processor: SpanProcessor) -> None:
        named = Resource({"service.name": _NAME}).merge(OTELResourceDetector().detect())
        self._provider = TracerProvider(resource=Resource.create().merge(named), shutdown_on_exit=False)
        self._provider.add_span_processor(processor)
        self.tracer = self._provider.get_tracer(_NAME)

    def close(self) -> None:
        """Sends what is still to be sent."""
        self._provider.shutdown()


def traces_over_http() -> Traces:
    """Spans that are sent by OTLP over HTTP, from a thread of its own."""
    os.environ.setdefault("OTEL_EXPORTER_OTLP_TIMEOUT", "5")
    return Traces(BatchSpanProcessor(OTLPSpanExporter()))


def taken_on(traceparent: str) -> Context:
    """The context of a request that is part of something."""
    return _propagator.extract({TRACEPARENT: traceparent}, Context())


def handed_on() -> Mapping[str, str]:
    """The header that tells another server what its work is part of."""
    carrier: dict[str, str] = {}
    _propagator.inject(carrier)
    return {name: value for name, value in carrier.items() if name == TRACEPARENT}
