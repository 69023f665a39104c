"""An engine -> metrics and spans.

A reader's trace has a span for each of his fetches, from when their keys were in line until they were answered. A
question that answers fetches of several readers is one span, below the fetch of who asked first; the others' fetches
are linked to that one, so each trace is whole and none has a part of another in it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import Context, copy_context
from time import perf_counter
from typing import Any

from opentelemetry import trace
from opentelemetry.context import attach
from opentelemetry.trace import Link, Span, SpanKind, StatusCode, Tracer

from hub.errors import SourceUnavailable
from hub.model.plan import Fetch
from hub.model.source import Asked, Question, Source, Texts
from hub.model.viewer import Universe
from hub.model.watch import Fetched
from hub.telemetry.metrics import Metrics
from hub.telemetry.traces import handed_on

_NOTHING = nullcontext()
_NOBODY = Context()


class Watching:
    """Tells metrics and traces, whichever there are, of one engine's work."""

    def __init__(self, metrics: Metrics | None, tracer: Tracer | None) -> None:
        self._metrics = metrics
        self._tracer = tracer
        self._known = metrics.programs.labels("known") if metrics is not None else None
        self._made = metrics.programs.labels("made") if metrics is not None else None

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """A span, and its time."""
        began = perf_counter()
        try:
            with self._span(name):
                yield
        finally:
            if self._metrics is not None:
                self._metrics.stages.labels(name).observe(perf_counter() - began)

    def execution(self) -> AbstractContextManager[Any]:
        """A span. Every request is executed, so its time is that of the request."""
        return self._span("execute")

    def _span(self, name: str) -> AbstractContextManager[Any]:
        if self._tracer is None or not trace.get_current_span().is_recording():
            return _NOTHING
        return self._tracer.start_as_current_span(name, record_exception=False, set_status_on_exception=False)

    def planned(self, *, known: bool) -> None:
        """Counts plans that were known."""
        counter = self._known if known else self._made
        if counter is not None:
            counter.inc()

    def fetch(self, source: str, type_name: str) -> Fetched | None:
        """Follows a fetch, if there are traces."""
        return _Fetched(self._tracer, source, type_name) if self._tracer is not None else None

    def source(self, source: Source) -> Source:
        """The source, watched."""
        return _WatchedSource(source, self._metrics, self._tracer)

    def onward(self) -> Mapping[str, str]:
        """The trace that the request at hand belongs to."""
        return handed_on() if self._tracer is not None else {}


class _Fetched:
    """The spans of those who wait for a fetch."""

    __slots__ = ("_first", "_source", "_tracer", "_type", "context")

    def __init__(self, tracer: Tracer, source: str, type_name: str) -> None:
        self._tracer = tracer
        self._source = source
        self._type = type_name
        self._first: Span | None = None
        self.context = _NOBODY

    def waits(self, answered: asyncio.Future[Any]) -> None:
        """A span for who waits, in his trace, if that is kept. Who is not followed costs next to nothing."""
        if not trace.get_current_span().is_recording():
            if self.context is _NOBODY:
                self.context = copy_context()
            return
        links = [Link(self._first.get_span_context())] if self._first is not None else []
        attributes = {"hub.source": self._source, "hub.type": self._type}
        span = self._tracer.start_span(f"fetch {self._source}", attributes=attributes, links=links)
        if self._first is None:
            self._first = span
            self.context = copy_context()
            self.context.run(attach, trace.set_span_in_context(span))
        answered.add_done_callback(lambda _: span.end())

    def goes_with(self, others: Sequence[Fetched]) -> None:
        """The others are linked to this one."""
        if self._first is not None:
            for other in others:
                if isinstance(other, _Fetched) and other._first is not None:
                    other._first.add_link(self._first.get_span_context())


class _Meters:
    """What is counted of one source."""

    __slots__ = ("_answered", "_failed", "_keys", "_resting", "_seconds", "busy")

    def __init__(self, metrics: Metrics, source: str) -> None:
        self.busy = metrics.busy.labels(source)
        self._answered = metrics.questions.labels(source, "answered")
        self._failed = metrics.questions.labels(source, "failed")
        self._seconds = metrics.question_seconds.labels(source)
        self._keys = metrics.keys.labels(source)
        self._resting = metrics.resting.labels(source)

    def asked(self, keys: int, seconds: float, *, good: bool, resting: bool) -> None:
        """A question is over."""
        self.busy.dec()
        (self._answered if good else self._failed).inc()
        self._seconds.observe(seconds)
        self._keys.observe(keys)
        self._resting.set(resting)


class _WatchedSource:
    """A source, and what becomes of its questions."""

    __slots__ = ("_meters", "_source", "_tracer", "name", "together")

    def __init__(self, source: Source, metrics: Metrics | None, tracer: Tracer | None) -> None:
        self.name = source.name
        self.together = source.together
        self._source = source
        self._meters = _Meters(metrics, source.name) if metrics is not None else None
        self._tracer = tracer

    async def ask(self, asked: Sequence[Asked]) -> Sequence[Mapping[str, Texts]]:
        """The source's answers."""
        began = perf_counter()
        good = False
        if self._meters is not None:
            self._meters.busy.inc()
        try:
            if self._tracer is None or not trace.get_current_span().is_recording():
                answers = await self._source.ask(asked)
            else:
                answers = await self._traced(self._tracer, asked)
            good = True
            return answers
        finally:
            if self._meters is not None:
                self._meters.asked(_keys(asked), perf_counter() - began, good=good, resting=self._source.resting())

    async def _traced(self, tracer: Tracer, asked: Sequence[Asked]) -> Sequence[Mapping[str, Texts]]:
        attributes: dict[str, str | int] = {
            "hub.source": self.name,
            "hub.questions": len(asked),
            "hub.keys": _keys(asked),
        }
        with tracer.start_as_current_span(
            f"ask {self.name}",
            kind=SpanKind.CLIENT,
            attributes=attributes,
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                return await self._source.ask(asked)
            except SourceUnavailable:
                span.set_status(StatusCode.ERROR)
                raise

    def question(self, fetch: Fetch) -> Question:
        return self._source.question(fetch)

    def readable(self, question: Question) -> str:
        return self._source.readable(question)

    def width(self, universe: Universe) -> int:
        return self._source.width(universe)

    def resting(self) -> bool:
        return self._source.resting()

    async def ready(self) -> bool:
        return await self._source.ready()

    async def close(self) -> None:
        await self._source.close()


def _keys(asked: Sequence[Asked]) -> int:
    return sum(len(keys) for _, _, keys in asked)
