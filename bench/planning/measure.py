"""Subgraphs and a document -> how long each stage takes."""

from __future__ import annotations

import asyncio
import gc
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from graphql import DocumentNode, Visitor, parse, validate, visit

from bench.planning.graph import Size, operation, subgraphs
from hub.compose import compose
from hub.engine import Engine, open_gateway
from hub.model.limits import Limits
from hub.model.request import Request
from hub.operation import normalise, parse_document, prepare
from hub.planner import plan
from hub.planner.describe import steps
from hub.policy import authorize

STAGES = ("parse, validate", "normalise", "authorize", "plan", "compile")
COLD, CACHED = "cold", "cached"
CACHED_CALLS = 200
# The documents of a benchmark may be larger than those of a client.
LIMITS = Limits(
    characters=10_000_000, tokens=1_000_000, brackets=3_000, depth=1_000, fields=1_000_000, selections=10_000_000
)
# Milliseconds of the stages in a round.
Round = Mapping[str, float]
Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured, and how large it was."""

    fields: int
    fetches: int
    rounds: tuple[Round, ...]

    def median(self, stage: str) -> float:
        """Milliseconds."""
        return statistics.median(each[stage] for each in self.rounds)

    def relative(self, stage: str, to: str) -> float:
        """How much longer one takes than the other: the median over the rounds, within which both were measured."""
        return statistics.median(each[stage] / each[to] for each in self.rounds)


def measure(size: Size, rounds: int, advance: Callable[[str], None]) -> Measured:
    """So many rounds over the graph of a size."""
    return asyncio.run(_measure(size, rounds, advance))


async def _measure(size: Size, rounds: int, advance: Callable[[str], None]) -> Measured:
    supergraph, document = compose(subgraphs(size)), operation(size)
    found: list[Round] = []
    fields = fetches = 0
    opened = open_gateway(supergraph)
    for number in range(rounds):
        advance(f"round {number + 1}")
        engine = Engine(opened.built, opened.sources, LIMITS)
        engine.contract(engine.public_viewer.profile)
        times, fields, fetches = _round(engine, document)
        found.append(times)
    return Measured(fields, fetches, tuple(found))


def _round(engine: Engine, document: str) -> tuple[Round, int, int]:
    profile, built = engine.public_viewer.profile, engine.built
    schema, request = engine.contract(profile), Request(document, None, {"words": ["a"]})
    times: dict[str, float] = {}

    def timed(stage: str, work: Callable[[], Made]) -> Made:
        gc.collect()
        begun = time.process_time()
        made = work()
        times[stage] = (time.process_time() - begun) * 1_000
        return made

    timed("parse, validate", lambda: validate(schema, parse(document)))
    prepared = prepare(parse_document(document, LIMITS), None, schema, LIMITS)
    opened = timed("normalise", lambda: normalise(prepared, {}))
    authorized = timed("authorize", lambda: authorize(opened, profile, built.rules))
    planned = timed("plan", lambda: plan(authorized, built.planner))
    timed(COLD, lambda: engine.program(request, profile))
    times["compile"] = max(0.0, times[COLD] - sum(times[stage] for stage in STAGES if stage in times))
    timed(CACHED, lambda: [engine.program(request, profile) for _ in range(CACHED_CALLS)])
    times[CACHED] /= CACHED_CALLS
    return times, _count(prepared.document), sum(map(len, steps(planned)))


def _count(document: DocumentNode) -> int:
    """How many fields stand in a document."""
    counter = _Counter()
    visit(document, counter)
    return counter.found


class _Counter(Visitor):
    found = 0

    def enter_field(self, *_: Any) -> None:
        self.found += 1
