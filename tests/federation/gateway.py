"""The one place where the bench speaks to the gateway it judges."""

from __future__ import annotations

import importlib
import json
from collections.abc import Mapping
from typing import Any

from hub.model.request import Request
from hub.model.supergraph import Supergraph

_engine: Any = importlib.import_module("hub.engine")
BUILT = hasattr(_engine, "open_gateway")
DEADLINE = 15.0  # seconds within which any request must be answered, whatever its subgraphs do
LARGEST_RESPONSE = 50_000_000  # bytes; a subgraph may not answer more


async def answer(
    supergraph: Supergraph,
    urls: Mapping[str, str],
    document: str,
    variables: Mapping[str, Any] | None = None,
    operation_name: str | None = None,
    **options: Any,
) -> dict[str, Any]:
    """The decoded GraphQL response of the gateway over these subgraphs, opened with these options."""
    engine = _engine.open_gateway(supergraph, urls, **options)
    try:
        await engine.start()
        response = await engine.execute(Request(document, operation_name, dict(variables or {})), engine.public_viewer)
    finally:
        await engine.stop()
    found: dict[str, Any] = json.loads(response.body)
    return found


def plan_size(supergraph: Supergraph, document: str) -> tuple[int, int]:
    """Fetches and depth of the plan, without asking anyone."""
    describe: Any = importlib.import_module("hub.planner.describe")
    engine = _engine.open_gateway(supergraph, None)
    stages = engine.stages(Request(document), engine.public_viewer.profile)
    found = describe.steps(stages.plan)
    return sum(map(len, found)), len(found)
