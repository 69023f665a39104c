"""Every operation of every case: the right answer, nothing asked that may not be asked, in as few fetches as one can.

One operation of one case: `pytest tests/federation -k "CASE and OPERATION"`.
"""

from __future__ import annotations

import pytest

from hub.model.supergraph import Supergraph
from tests.federation import gateway
from tests.federation.case import Operation, case_names, read_case
from tests.federation.compare import differences
from tests.federation.oracle import right_answer
from tests.federation.server import Bench, Server

LATENCIES = (0.02, 0.3)

needs_gateway = pytest.mark.skipif(not gateway.BUILT, reason="there is no gateway yet")
OPERATIONS = [
    pytest.param(name, operation, id=f"{name}/{operation.name}")
    for name in case_names()
    for operation in read_case(name).operations
]


async def asked(bench: Bench, supergraph: Supergraph, operation: Operation) -> list[str]:
    """What is wrong with the answer and the way it came about, rounds apart."""
    answer = await gateway.answer(supergraph, bench.urls, operation.document, operation.variables)
    right = right_answer(supergraph, bench.world, operation.document, operation.variables)
    wrong = differences(answer, right) + [f"violation: {each}" for each in bench.violations]
    if operation.refused and bench.requests:
        wrong.append("a refused operation was sent on")
    if operation.fetches is not None and bench.fetches > operation.fetches:
        wrong.append(f"{bench.fetches} fetches where {operation.fetches} would do")
    if operation.order is not None and tuple(bench.state.mutations) != operation.order:
        wrong.append(f"mutations ran as {bench.state.mutations}")
    return wrong


@needs_gateway
@pytest.mark.parametrize("name, operation", OPERATIONS)
async def test_the_answer_is_right_and_takes_no_more_than_it_needs(
    name: str, operation: Operation, server: Server
) -> None:
    case = read_case(name)
    supergraph = case.supergraph()
    rounds: list[int] = []
    for latency in LATENCIES:  # a pause of the machine may look like a round more: ask again, slower
        bench = server.serve(case.subgraphs, case.world())
        bench.latency = latency
        wrong = await asked(bench, supergraph, operation)
        server.forget(bench)
        assert not wrong, "\n".join([case.sentence, *wrong, bench.told()])
        rounds.append(bench.depth)
        if operation.depth is None or rounds[-1] <= operation.depth:
            return
    pytest.fail(f"{case.sentence}\n{min(rounds)} rounds where {operation.depth} would do\n{bench.told()}")


@pytest.mark.parametrize("name", case_names())
def test_a_case_composes_and_its_operations_have_right_answers(name: str) -> None:
    case = read_case(name)
    supergraph = case.supergraph()
    for operation in case.operations:
        right = right_answer(supergraph, case.world(), operation.document, operation.variables)
        assert right.refused == operation.refused, f"{case.name}/{operation.name}: {right}"
