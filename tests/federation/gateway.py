"""The one place where the bench speaks to the gateway it judges."""

from __future__ import annotations

import importlib
import json
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from typing import Any

from hub.model.request import Request
from hub.model.supergraph import Supergraph

_engine: Any = importlib.import_module("hub.engine")
BUILT = hasattr(_engine, "open_gateway")
DEADLINE = 15.0  # seconds within which any request must be answered, whatever its subgraphs do
Ask = Callable[..., Coroutine[Any, Any, dict[str, Any]]]
LARGEST_RESPONSE = 50_000_000  # bytes; a subgraph may not answer more


@asynccontextmanager
async def opened(supergraph: Supergraph, urls: Mapping[str, str], **options: Any) -> AsyncIterator[Ask]:
    """A gateway opened with these options, as a function from a request to the decoded GraphQL response."""
    engine = _engine.open_gateway(supergraph, urls, **options)

    async def ask(
        document: str, variables: Mapping[str, Any] | None = None, operation_name: str | None = None
    ) -> dict[str, Any]:
        request = Request(document, operation_name, dict(variables or {}))
        found: dict[str, Any] = json.loads((await engine.execute(request, engine.public_viewer)).body)
        return found

    try:
        await engine.start()
        yield ask
    finally:
        await engine.stop()


async def answer(
    supergraph: Supergraph,
    urls: Mapping[str, str],
    document: str,
    variables: Mapping[str, Any] | None = None,
    operation_name: str | None = None,
    **options: Any,
) -> dict[str, Any]:
    """The answer of a gateway, opened with these options, that is asked this one thing."""
    async with opened(supergraph, urls, **options) as ask:
        return await ask(document, variables, operation_name)


def plan_size(supergraph: Supergraph, document: str) -> tuple[int, int]:
    """Fetches and depth of the plan, without asking anyone."""
    describe: Any = importlib.import_module("hub.planner.describe")
    engine = _engine.open_gateway(supergraph, None)
    stages = engine.stages(Request(document), engine.public_viewer.profile)
    found = describe.steps(stages.plan)
    return sum(map(len, found)), len(found)
