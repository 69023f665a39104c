"""What the people who run the hub see of a reader's requests does not tell them what is hidden from him either.

Two hubs over countries that differ only in what is hidden from a reader get the same requests, everything that tells
switched on: their lines, the names and attributes of their spans and their metrics are equal, but for durations, times
and random ids.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import CollectorRegistry

from hub.model.source import Asked, Texts
from hub.telemetry import Telemetry, endpoint, watch
from hub.telemetry.lines import Lines
from hub.telemetry.metrics import Metrics
from hub.telemetry.traces import Traces
from tests.noninterference.conftest import World
from tests.noninterference.databases import BASE
from tests.noninterference.readers import Example
from tests.noninterference.sides import REPEATS, Side

EXAMPLES = int(os.environ.get("NONINTERFERENCE_EXAMPLES") or "0") or 60
MOST = 300
"""Sequences within which a planted leak must be found."""
OF_TIME = ("_seconds_bucket", "_seconds_sum", "_created")
GATHERED = ("hub_questions", "hub_question_seconds", "hub_batch_keys")
"""How keys are gathered is a matter of luck, and what is counted of it."""


@dataclass(frozen=True)
class Told:
    """Of one example: what hangs on it alone, and what hangs on luck too."""

    lines: list[dict[str, Any]]
    stages: Counter[str]
    metrics: dict[str, float]
    gathered: frozenset[tuple[str, float]]


class Telling:
    """A hub that tells everything."""

    def __init__(self, world: World, name: str) -> None:
        reading, self._writing = os.pipe()
        self._reading = os.fdopen(reading, "rb")
        self._metrics = Metrics()
        self._spans = InMemorySpanExporter()
        self._lines = Lines(self._writing, lambda: pytest.fail("a line is lost"))
        telemetry = Telemetry(self._metrics, Traces(SimpleSpanProcessor(self._spans)), self._lines)
        self._side = Side(world.built, world.over[name], world.identity, telemetry)
        self._before: Mapping[str, float] = {}

    async def observe(self, example: Example) -> Told:
        """What is told of it."""
        await self._side.observe(example)
        spans = self._spans.get_finished_spans()
        self._spans.clear()
        counted = samples(self._metrics.registry)
        found = {name: value - self._before.get(name, 0) for name, value in counted.items()}
        self._before = counted
        gathered = {name: value for name, value in found.items() if name.startswith(GATHERED)}
        names = {one.context.span_id: one.name for one in spans if one.context is not None}
        told = Counter(shown(one, names) for one in spans)
        return Told(
            self._new_lines(len(example.steps)),
            Counter({text: count for text, count in told.items() if not text.startswith(("fetch", "ask"))}),
            {name: value for name, value in found.items() if name not in gathered},
            frozenset(
                {
                    **gathered,
                    **{text: float(n) for text, n in told.items() if text.startswith(("fetch", "ask"))},
                }.items()
            ),
        )

    def _new_lines(self, count: int) -> list[dict[str, Any]]:
        """Those of the example. A thread writes them."""
        found = [self._reading.readline() for _ in range(count)]
        lines = [json.loads(line) for line in found]
        assert all({"time", "trace", "ms"} <= line.keys() for line in lines)
        return [{name: value for name, value in line.items() if name not in ("time", "trace", "ms")} for line in lines]

    def close(self) -> None:
        self._lines.close()
        os.close(self._writing)
        assert self._reading.read() == b"", "a line for each request, and no more"
        self._reading.close()


def samples(registry: CollectorRegistry) -> dict[str, float]:
    return {
        f"{sample.name}{sorted(sample.labels.items())}": sample.value
        for family in registry.collect()
        for sample in family.samples
        if not sample.name.endswith(OF_TIME)
    }


def shown(span: ReadableSpan, names: Mapping[int, str]) -> str:
    """All of a span but ids and times."""
    parent = names.get(span.parent.span_id, "?") if span.parent else None
    attributes = sorted((span.attributes or {}).items())
    status = span.status.status_code.name
    return (
        f"{span.name} below {parent}: {attributes} {status} {span.status.description} {len(span.links)} {span.events}"
    )


async def difference(example: Example, here: Telling, there: Telling) -> str | None:
    """What tells the two apart."""
    one, other = await here.observe(example), await there.observe(example)
    for what in ("lines", "stages", "metrics"):
        mine, yours = getattr(one, what), getattr(other, what)
        if mine != yours:
            return f"{what}: {mine} {yours}"
    ours, theirs = {one.gathered}, {other.gathered}
    for _ in range(REPEATS):
        if ours & theirs:
            return None
        ours.add((await here.observe(example)).gathered)
        theirs.add((await there.observe(example)).gathered)
    return None if ours & theirs else f"gathered: {sorted(one.gathered ^ other.gathered)}"


def first_difference(world: World, examples: int) -> str | None:
    """Over so many examples of readers who are alone: what others' hidden rows lead to is in their own lines."""
    pairs: dict[str, tuple[Telling, Telling]] = {}
    try:
        number = asked = 0
        while asked < examples:
            example = world.readers.example(number)
            number += 1
            if not example.alone:
                continue
            asked += 1
            name = example.variant.name
            if name not in pairs:
                pairs[name] = Telling(world, BASE), Telling(world, name)
            found = world.runner.run(difference(example, *pairs[name]))
            if found is not None:
                return f"{example.reader} and `{name}`, {found}"
        return None
    finally:
        for pair in pairs.values():
            for one in pair:
                one.close()


def test_what_is_told_of_a_reader_does_not_hang_on_what_is_hidden_from_him(world: World) -> None:
    assert first_difference(world, EXAMPLES) is None


# --- leaks put in on purpose ------------------------------------------------------------------------------------------

Ask = Callable[[Any, Sequence[Asked]], Any]


def rows_in_a_span(patch: pytest.MonkeyPatch) -> None:
    """A question says how many rows it found, of all classes that may be there."""
    plain: Ask = watch._WatchedSource._traced  # type: ignore[assignment]

    async def traced(self: Any, tracer: Any, asked: Sequence[Asked]) -> Sequence[Mapping[str, Texts]]:
        found: Sequence[Mapping[str, Texts]] = await plain(self, tracer, asked)  # type: ignore[call-arg]
        with tracer.start_as_current_span("ask more", attributes={"found": await everything(self, asked)}):
            return found

    patch.setattr(watch._WatchedSource, "_traced", traced)


def rows_in_a_metric(patch: pytest.MonkeyPatch) -> None:
    """Batches are counted by the rows there are."""
    plain = watch._WatchedSource.ask

    async def ask(self: Any, asked: Sequence[Asked]) -> Sequence[Mapping[str, Texts]]:
        found = await plain(self, asked)
        self._meters._keys.observe(await everything(self, asked))
        return found

    patch.setattr(watch._WatchedSource, "ask", ask)


def rows_in_a_line(patch: pytest.MonkeyPatch) -> None:
    """The line says how many rows were there."""
    seen: list[int] = []
    plain, note = watch._WatchedSource.ask, endpoint.WatchedEndpoint._note

    async def ask(self: Any, asked: Sequence[Asked]) -> Sequence[Mapping[str, Texts]]:
        found = await plain(self, asked)
        seen.append(await everything(self, asked))
        return found

    def told(self: Any, reached: Any, *more: Any) -> None:
        reached.size += sum(seen)
        seen.clear()
        note(self, reached, *more)

    patch.setattr(watch._WatchedSource, "ask", ask)
    patch.setattr(endpoint.WatchedEndpoint, "_note", told)


async def everything(source: Any, asked: Sequence[Asked]) -> int:
    """How many rows of the tables that a question is of there are, whoever asks."""
    pools = source._source._connections
    (question, _, _), *_ = asked
    table = source._source.mapping.types[question.fetch.type].table
    (universe,) = [one for one in pools if one.value == "all"]
    counted = 0
    for record_class in ("civilian", "defence", "public_security"):
        rows = await pools[universe].fetch(f"select count(*) from {record_class}.{table}", ())
        counted += rows[0][0]
    return counted


@pytest.mark.parametrize("leak", [rows_in_a_span, rows_in_a_metric, rows_in_a_line], ids=lambda one: one.__name__)
def test_a_planted_leak_is_found(leak: Callable[[pytest.MonkeyPatch], None], world: World) -> None:
    with pytest.MonkeyPatch.context() as patch:
        leak(patch)
        assert first_difference(world, MOST) is not None
