"""A case or a random graph on the command line.

python -m tests.federation.show CASE                  its subgraphs over HTTP, its supergraph and right answers
python -m tests.federation.show CASE OPERATION        one operation: the gateway's answer, the right one, requests
python -m tests.federation.show 17                    the random graph of a seed, as a case
"""

from __future__ import annotations

import asyncio
import json
import sys

from tests.federation import gateway
from tests.federation.case import Case, Operation, read_case
from tests.federation.compare import differences
from tests.federation.generator import case_text, generate_case
from tests.federation.oracle import right_answer
from tests.federation.server import Server


def say(*lines: str) -> None:
    """On standard output."""
    sys.stdout.write("\n".join(lines) + "\n")


def serve(case: Case) -> None:
    """The case as any router can serve it, until interrupted."""
    with Server() as server:
        bench = server.serve(case.subgraphs, case.world())
        supergraph = case.supergraph(bench.urls)
        say(supergraph.sdl, "", *(f"{name}: {url}" for name, url in bench.urls.items()))
        for operation in case.operations:
            right = right_answer(supergraph, case.world(), operation.document, operation.variables)
            say("", operation.name, operation.document.strip(), json.dumps(right.data))
        sys.stdin.readline()


async def ask(case: Case, operation: Operation) -> None:
    """One operation, asked and judged."""
    with Server() as server:
        bench = server.serve(case.subgraphs, case.world())
        bench.latency = 0.05
        supergraph = case.supergraph()
        right = right_answer(supergraph, case.world(), operation.document, operation.variables)
        answer = await gateway.answer(supergraph, bench.urls, operation.document, operation.variables)
        say(json.dumps(answer, indent=1), "", "right:", json.dumps(right.data, indent=1), "")
        say(f"{bench.fetches} fetches (of {operation.fetches}), {bench.depth} rounds (of {operation.depth})")
        if not operation.variables and not operation.refused:
            say("planned: {} fetches, {} rounds".format(*gateway.plan_size(supergraph, operation.document)))
        say(bench.told(), *differences(answer, right), *bench.violations)


def main(arguments: list[str]) -> None:
    """What the arguments say."""
    match arguments:
        case [seed] if seed.isdecimal():
            say(case_text(generate_case(int(seed), 1 + int(seed) % 4)))
        case [name]:
            serve(read_case(name))
        case [name, wanted]:
            case_ = read_case(name)
            operation = next(each for each in case_.operations if each.name == wanted)
            asyncio.run(ask(case_, operation))
        case _:
            say(__doc__ or "")


if __name__ == "__main__":
    main(sys.argv[1:])
