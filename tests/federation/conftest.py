"""A bench that judges a Federation 2 gateway: real subgraphs, an oracle without a planner, cases and random graphs.

declared   what one subgraph's SDL says, read without the composer
world      the rows of a case and the functions of `@requires` and arguments
subgraph   one subgraph over its part of the world; what only a faulty gateway asks is a violation
faults     what can go wrong with a subgraph
server     many subgraphs behind one real port; counts, keeps and delays what they receive
oracle     the right answer: graphql-core over the whole world
compare    an answer against the right one
case       how a case is written; `cases/` are the cases
generator  random graphs, data and operations; `reduce` makes a failing one small
gateway    the one place where the gateway is called
show       a case or a random graph on the command line, served or asked

test_bench      the bench itself
test_cases      every operation of every case: data, errors, violations, fetches, rounds
test_faults     a faulty subgraph takes down its own part of the answer and no more
test_generated  laws over random graphs; `FEDERATION_EXAMPLES` and `FEDERATION_SEED` for long runs
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.federation.server import Server


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with Server() as running:
        yield running
