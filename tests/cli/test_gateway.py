"""`hub gateway`: a supergraph over real subgraph servers, as its user starts it."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.federation.case import Case, read_case
from tests.federation.compare import differences
from tests.federation.oracle import right_answer
from tests.federation.server import Bench, Server

HUB = Path(sys.executable).with_name("hub")
CASE = "an-entity-is-continued-by-its-key"


@pytest.fixture(scope="module")
def case() -> Case:
    return read_case(CASE)


@pytest.fixture(scope="module")
def bench(case: Case) -> Iterator[Bench]:
    with Server() as server:
        yield server.serve(case.subgraphs, case.world())


@pytest.fixture(scope="module")
def supergraph(case: Case, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The supergraph's SDL, without addresses in it."""
    file = tmp_path_factory.mktemp("gateway") / "supergraph.graphql"
    file.write_text(case.supergraph().sdl, encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def address(bench: Bench, supergraph: Path) -> Iterator[str]:
    """A running gateway."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    urls = [part for name, url in bench.urls.items() for part in ("--url", f"{name}={url}")]
    process = subprocess.Popen(
        [HUB, "gateway", "--supergraph", supergraph, "--port", str(port), "--public", *urls],
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        assert f"serving http://127.0.0.1:{port}/graphql" in process.stderr.readline()
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=30)
        if process.stderr is not None:
            process.stderr.close()


def test_it_answers_every_operation_without_a_token(case: Case, bench: Bench, address: str) -> None:
    for operation in case.operations:
        body = json.dumps({"query": operation.document, "variables": operation.variables}).encode()
        request = urllib.request.Request(f"{address}/graphql", body, {"content-type": "application/json"})
        with urllib.request.urlopen(request) as response:
            answer = json.load(response)
        right = right_answer(case.supergraph(), bench.world, operation.document, operation.variables)
        assert differences(answer, right) == []


def test_everybody_may_see_the_plan_with_its_documents_and_figures(case: Case, bench: Bench, address: str) -> None:
    (operation, *_) = case.operations

    def asked(wish: str) -> Any:
        content = {"query": operation.document, "variables": operation.variables, "extensions": {"plan": wish}}
        request = urllib.request.Request(
            f"{address}/graphql", json.dumps(content).encode(), {"content-type": "application/json"}
        )
        with urllib.request.urlopen(request) as response:
            return json.load(response)

    bench.reset()
    dry = asked("only")
    assert (dry["data"], bench.fetches) == (None, 0)
    answer = asked("show")
    right = right_answer(case.supergraph(), bench.world, operation.document, operation.variables)
    plan = answer.pop("extensions")["plan"]
    assert differences(answer, right) == []
    assert sum(one["run"].pop("questions") for one in plan["fetches"]) == bench.fetches
    sent = sorted((each.subgraph, " ".join(each.document.split())) for each in bench.requests)
    assert sorted((one["source"], one["question"]) for one in plan["fetches"]) == sent
    assert [one for one in dry["extensions"]["plan"]["fetches"] if "run" in one or "universe" in one] == []


def test_health_is_at_health(address: str) -> None:
    with urllib.request.urlopen(f"{address}/health") as response:
        assert response.status == 200


def refused(*arguments: object) -> str:
    done = subprocess.run(
        [HUB, "gateway", *map(str, arguments)], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    return done.stderr


def test_it_has_to_be_said_that_everything_is_public(supergraph: Path) -> None:
    assert "say `--public`" in refused("--supergraph", supergraph)


def test_a_subgraph_without_an_address_is_named(supergraph: Path) -> None:
    assert "has no address: say `--url" in refused("--supergraph", supergraph, "--public")


def test_an_address_of_no_subgraph_is_refused(supergraph: Path) -> None:
    assert "`nowhere` is no subgraph" in refused("--supergraph", supergraph, "--public", "--url", "nowhere=http://x")
    assert "is not NAME=URL" in refused("--supergraph", supergraph, "--public", "--url", "http://x")


def test_a_label_of_no_override_is_refused(bench: Bench, supergraph: Path) -> None:
    urls = [part for name, url in bench.urls.items() for part in ("--url", f"{name}={url}")]
    told = refused("--supergraph", supergraph, "--public", *urls, "--override-label", "new")
    assert "no override of the graph has the label `new`: those that can be switched on are none" in told


def test_its_plans_are_printed_by_plan(supergraph: Path) -> None:
    def planned(query: str) -> subprocess.CompletedProcess[str]:
        command = [str(HUB), "plan", "-", "--supergraph", str(supergraph)]
        return subprocess.run(command, input=query, capture_output=True, text=True, check=False, timeout=60)

    done = planned("{ products { name price } }")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "step 1",
        "  a: Query -> products",
        "      products",
        "        name",
        "        price <- b by id",
        "step 2",
        "  b: Product by id -> products.price",
        "      price",
    ]
    wrong = planned("{ nothing }")
    assert wrong.returncode == 1
    assert "error: -:1:3: Cannot query field 'nothing' on type 'Query'." in wrong.stderr


def test_who_is_trusted_is_a_subgraph(supergraph: Path) -> None:
    assert "`nowhere` is no subgraph" in refused("--supergraph", supergraph, "--public", "--trust", "nowhere")


def test_what_is_no_supergraph_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "schema.graphql"
    file.write_text("type Query { a: Int }", encoding="utf-8")
    assert refused("--supergraph", file, "--public")
    file.write_text("type Query {", encoding="utf-8")
    assert "expected Name, found <EOF>" in refused("--supergraph", file, "--public")
