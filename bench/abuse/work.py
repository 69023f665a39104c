"""Attack -> the processor time until it is refused, and that of graphql-core with the same document."""

from __future__ import annotations

import asyncio
import gc
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import orjson
from graphql import GraphQLSchema, parse, validate

from bench.abuse.attacks import Attack
from hub.engine import Engine
from hub.model.request import Request
from hub.model.viewer import Viewer

_MOST_CHARACTERS = 30_000
"""Of what graphql-core is shown: what is longer takes it many seconds."""


@dataclass(frozen=True, slots=True)
class Work:
    """Milliseconds of processor time. `code` is that of the refusal; empty if it was not refused."""

    code: str
    median: float
    worst: float
    core: float | None


def measure(
    engine: Engine, viewer: Viewer, attacks: Sequence[Attack], rounds: int, advance: Callable[[str], None]
) -> dict[str, Work]:
    """Each attack, so many times."""
    # As a server has it: what lives now is looked at no more, and a collection belongs to nobody's request.
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        return asyncio.run(_measure(engine, viewer, attacks, rounds, advance))
    finally:
        gc.enable()
        gc.unfreeze()


async def _measure(
    engine: Engine, viewer: Viewer, attacks: Sequence[Attack], rounds: int, advance: Callable[[str], None]
) -> dict[str, Work]:
    schema = engine.contract(viewer.profile)
    found: dict[str, Work] = {}
    for attack in attacks:
        advance(attack.name)
        times: list[float] = []
        code = ""
        for number in range(rounds):
            # Never the same text twice: what was read once is known.
            request = Request(f"{attack.document}\n#{number}", None, attack.variables)
            began = time.process_time()
            response = await engine.execute(request, viewer)
            times.append((time.process_time() - began) * 1_000)
            errors = orjson.loads(response.body).get("errors") if not response.executed else None
            code = errors[0]["extensions"]["code"] if errors else ""
            gc.collect(0)
        found[attack.name] = Work(code, statistics.median(times), max(times), _by_core(attack, schema))
    return found


def _by_core(attack: Attack, schema: GraphQLSchema) -> float | None:
    if len(attack.document) > _MOST_CHARACTERS:
        return None
    began = time.process_time()
    try:
        validate(schema, parse(attack.document))
    except Exception:  # noqa: BLE001 - how it fails is not what is measured
        pass
    return (time.process_time() - began) * 1_000
