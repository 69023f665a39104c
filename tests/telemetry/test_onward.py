"""Traces over remote subgraphs, by real HTTP: they go on, and none has a part of another in it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator

import pytest
from opentelemetry.context import attach, detach
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import format_span_id, format_trace_id

from hub.telemetry.traces import Traces, taken_on
from hub.telemetry.watch import Watching
from tests.federation import gateway
from tests.federation.case import parse_case
from tests.federation.faults import Hangs
from tests.federation.gateway import Ask
from tests.federation.server import Bench, Server

CASE = parse_case(
    "onward",
    """# Two subgraphs.
# subgraph a imports @key
type Query { product(id: ID!): Product products: [Product] }
type Product @key(fields: "id") { id: ID! name: String }
# subgraph b imports @key
type Query { clock: Int }
type Product @key(fields: "id") { id: ID! price(in: Int): Int }
# data
Query: { product: [Product_1 Product_2] products: [Product_1 Product_2] clock: 0 }
Product_1: { price: 0 }
Product_2: { price: 0 }
# operation o
{ clock }""",
)
PRICED = "query ($id: ID!) { product(id: $id) { price } }"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server() as running:
        yield running


@pytest.fixture
def bench(server: Server) -> Bench:
    return server.serve(CASE.subgraphs, CASE.world())


@pytest.fixture
def spans() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
async def ask(bench: Bench, spans: InMemorySpanExporter) -> AsyncIterator[Ask]:
    tracer = Traces(SimpleSpanProcessor(spans)).tracer
    async with gateway.opened(CASE.supergraph(), bench.urls, watch=Watching(None, tracer)) as found:

        async def traced(*asked: object) -> object:
            with tracer.start_as_current_span("request"):
                return await found(*asked)

        yield traced  # type: ignore[misc]
    assert bench.violations == []


def trace(span: ReadableSpan) -> str:
    assert span.context is not None
    return format_trace_id(span.context.trace_id)


def parents(spans: InMemorySpanExporter) -> dict[str, ReadableSpan]:
    return {format_span_id(one.context.span_id): one for one in spans.get_finished_spans() if one.context is not None}


async def test_a_subgraph_is_told_the_trace_and_the_span_that_asks_it(
    ask: Ask, bench: Bench, spans: InMemorySpanExporter
) -> None:
    await ask(PRICED, {"id": "1"})
    found = parents(spans)
    assert [one.subgraph for one in bench.requests] == ["a", "b"]
    for request in bench.requests:
        version, told, span, flags = request.headers["traceparent"].split("-")
        assert (version, int(flags, 16) & 1) == ("00", 1), "it is kept"
        assert found[span].name == f"ask {request.subgraph}"
        assert trace(found[span]) == told
    assert len({trace(one) for one in found.values()}) == 1
    below = {one.name: found[format_span_id(one.parent.span_id)].name for one in found.values() if one.parent}
    assert below["ask a"] == "fetch a"
    assert below["fetch a"] == "execute"
    assert below["ask b"] == "fetch b"
    assert below["fetch b"] == "fetch a", "what an answer leads to is below the fetch that led to it"


async def test_traces_of_requests_at_once_are_whole_and_none_is_in_another(
    ask: Ask, bench: Bench, spans: InMemorySpanExporter
) -> None:
    """Whoever asks the same in the meantime waits for one answer, and has a fetch of his own that says so."""
    await asyncio.gather(*(ask(PRICED, {"id": number}) for number in "1211212212" * 3))
    finished = spans.get_finished_spans()
    found = parents(spans)
    traces = {trace(one) for one in finished if one.name == "request"}
    assert len(traces) == 30
    assert {trace(one) for one in finished} == traces
    for one in finished:
        if one.parent is not None:
            assert trace(found[format_span_id(one.parent.span_id)]) == trace(one)
    fetches = Counter(trace(one) for one in finished if one.name == "fetch a")
    assert fetches == dict.fromkeys(traces, 1), "each has its own fetch"
    asks = [one for one in finished if one.name == "ask a"]
    assert len(asks) == sum(one.subgraph == "a" for one in bench.requests) < 30
    asking = {trace(one) for one in asks}
    linked = [one for one in finished if one.name == "fetch a" and trace(one) not in asking]
    assert linked
    assert all(format_trace_id(link.context.trace_id) in asking for one in linked for link in one.links)
    assert all(one.links for one in linked), "who shared a question can find it"


async def test_a_question_that_fails_is_marked_and_its_message_is_not_kept(
    server: Server, bench: Bench, spans: InMemorySpanExporter
) -> None:
    tracer = Traces(SimpleSpanProcessor(spans)).tracer
    urls = {**bench.urls, "a": "http://127.0.0.1:1/nobody"}
    opened = gateway.opened(CASE.supergraph(), urls, watch=Watching(None, tracer))
    async with opened as ask:
        with tracer.start_as_current_span("request"):
            answer = await ask(PRICED, {"id": "1"})
        assert "errors" in answer
    (failed,) = (one for one in spans.get_finished_spans() if one.name == "ask a")
    assert failed.status.status_code.name == "ERROR"
    assert (failed.status.description, failed.events) == (None, ())


async def test_a_trace_that_is_not_kept_goes_on_and_leaves_no_spans(
    ask: Ask, bench: Bench, spans: InMemorySpanExporter
) -> None:
    given = f"00-{'ab' * 16}-{'cd' * 8}-00"
    token = attach(taken_on(given))
    try:
        await ask(PRICED, {"id": "1"})
    finally:
        detach(token)
    told = {request.headers["traceparent"] for request in bench.requests}
    assert {(one[:35], one[-2:]) for one in told} == {(given[:35], given[-2:])}
    assert spans.get_finished_spans() == ()


async def test_who_is_followed_is_followed_also_behind_who_is_not(
    ask: Ask, bench: Bench, spans: InMemorySpanExporter
) -> None:
    """A fetch that somebody began whose trace is not kept has its question in the trace of who waits for it too."""
    token = attach(taken_on(f"00-{'ab' * 16}-{'cd' * 8}-00"))
    try:
        unseen = asyncio.ensure_future(ask(PRICED, {"id": "1"}))
    finally:
        detach(token)
    await asyncio.gather(unseen, ask(PRICED, {"id": "1"}))
    names = sorted(one.name for one in spans.get_finished_spans())
    assert len({trace(one) for one in spans.get_finished_spans()}) == 1
    assert {"request", "execute", "fetch a", "ask a", "fetch b", "ask b"} <= set(names)


async def test_who_leaves_ends_his_spans(ask: Ask, bench: Bench, spans: InMemorySpanExporter) -> None:
    bench.inject("a", Hangs())
    request = asyncio.ensure_future(ask(PRICED, {"id": "1"}))
    await bench.until(1)
    request.cancel()
    await asyncio.gather(request, return_exceptions=True)
    names = {one.name for one in spans.get_finished_spans()}
    assert {"request", "execute", "fetch a"} <= names
