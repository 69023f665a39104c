"""Laws over random graphs and operations.

`FEDERATION_EXAMPLES` is how many graphs, each asked several things; `FEDERATION_SEED` the first seed. A failure is told
as a case that can be put into `cases/` as it is, made as small as it gets.
"""

from __future__ import annotations

import asyncio
import os
from random import Random

import pytest

from hub.errors import BuildFailed
from tests.federation import gateway
from tests.federation.case import Case
from tests.federation.compare import differences
from tests.federation.generator import case_text, generate_case, with_operation
from tests.federation.naive import Naive
from tests.federation.operations import random_operation
from tests.federation.oracle import right_answer
from tests.federation.reduce import reduced
from tests.federation.server import Server

EXAMPLES = int(os.environ.get("FEDERATION_EXAMPLES", "20"))
FIRST = int(os.environ.get("FEDERATION_SEED", "0"))
OPERATIONS = 3
OPERATIONS_OF_THE_BENCH = 2
AT_ONCE = 3
SIZES = (1, 2, 3, 4)

seeds = pytest.mark.parametrize("seed", range(FIRST, FIRST + EXAMPLES))
needs_gateway = pytest.mark.skipif(not gateway.BUILT, reason="there is no gateway yet")


def cases(seed: int) -> list[Case]:
    """The graph of a seed, asked several things."""
    size = SIZES[seed % len(SIZES)]
    case = generate_case(seed, size)
    try:
        supergraph = case.supergraph()
    except BuildFailed as failed:
        pytest.fail(f"does not compose: {failed}\n{case_text(case)}")
    operations = (random_operation(supergraph.api, seed * OPERATIONS + number, size) for number in range(OPERATIONS))
    return [with_operation(case, operation) for operation in operations]


def naive_wrong(case: Case, server: Server) -> list[str]:
    """What is wrong with the plainest gateway's answer, which the bench is checked by."""
    (operation,) = case.operations
    if operation.document.startswith("mutation") or any(
        "@context" in sdl.partition("@link")[0] for _, sdl in case.subgraphs
    ):
        return []  # what it does not do
    supergraph, bench = case.supergraph(), server.serve(case.subgraphs, case.world())
    answer = Naive(supergraph, bench).answer(operation.document, operation.variables)
    right = right_answer(supergraph, bench.world, operation.document, operation.variables)
    server.forget(bench)
    return [*differences(answer, right), *bench.violations]


async def gateway_wrong(case: Case, server: Server) -> list[str]:
    """What is wrong with the answer of the gateway under judgement."""
    (operation,) = case.operations
    supergraph, bench = case.supergraph(), server.serve(case.subgraphs, case.world())
    try:
        answer = await gateway.answer(supergraph, bench.urls, operation.document, operation.variables)
    except Exception as error:  # noqa: BLE001
        return [f"raised {error!r}"]
    finally:
        server.forget(bench)
    right = right_answer(supergraph, bench.world, operation.document, operation.variables)
    return [*differences(answer, right), *bench.violations]


@seeds
def test_random_graphs_compose_and_subgraphs_agree_with_the_oracle(seed: int, server: Server) -> None:
    for case in cases(seed)[:OPERATIONS_OF_THE_BENCH]:
        wrong = naive_wrong(case, server)
        assert not wrong, "\n".join([*wrong, case_text(case)])


@needs_gateway
@seeds
async def test_random_operations_have_right_answers(seed: int, server: Server) -> None:
    for case in cases(seed):
        if await gateway_wrong(case, server):

            async def fails(smaller: Case) -> bool:
                return bool(await gateway_wrong(smaller, server)) and not naive_wrong(smaller, server)

            small = await reduced(case, fails)
            pytest.fail("\n".join([*await gateway_wrong(small, server), case_text(small)]))


@needs_gateway
@seeds
async def test_operations_asked_at_once_are_answered_as_alone(seed: int, server: Server) -> None:
    """Each several times, over one gateway."""
    found = [case for case in cases(seed) if not case.operations[0].document.startswith("mutation")]
    if not found:
        return
    supergraph, bench = found[0].supergraph(), server.serve(found[0].subgraphs, found[0].world())
    operations = [case.operations[0] for case in found for _ in range(AT_ONCE)]
    Random(seed).shuffle(operations)
    async with gateway.opened(supergraph, bench.urls) as ask:
        answers = await asyncio.gather(*(ask(each.document, each.variables) for each in operations))
    server.forget(bench)
    for operation, answer in zip(operations, answers, strict=True):
        right = right_answer(supergraph, bench.world, operation.document, operation.variables)
        wrong = [*differences(answer, right), *bench.violations]
        assert not wrong, "\n".join([*wrong, case_text(with_operation(found[0], operation))])
