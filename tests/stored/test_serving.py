"""Stored documents out of a process: the manifest of the environment, read again with a reload."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from queue import Queue
from threading import Thread

import httpx
import pytest

from hub.stored import document_hash
from tests.federation.case import parse_case

HUB = [sys.executable, "-c", "from hub.cli import main; main(prog_name='hub')"]
WITHIN = 120.0
GRAPH = """
# Nobody asks the subgraph.
# subgraph far
type Query { now: Int }
# data
Query: {}
# operation o
{ now }
"""
OLD = "query Now { old: __typename }"
NEW = "query Now { new: __typename }"


class Serving:
    """`hub gateway` over a manifest of documents that every reader is bound to."""

    def __init__(self, folder: Path, documents: object) -> None:
        self._manifest = folder / "manifest.json"
        self.store(documents)
        supergraph = folder / "supergraph.graphql"
        supergraph.write_text(parse_case("far", GRAPH.strip()).supergraph().sdl)
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}
        environment |= {"HUB_OPERATIONS": str(self._manifest), "HUB_OPERATIONS_ONLY": "officer"}
        options = ["--supergraph", str(supergraph), "--public", "--port", str(port), "--url", "far=http://127.0.0.1:1"]
        self.process = subprocess.Popen([*HUB, "gateway", *options], env=environment, stderr=subprocess.PIPE, text=True)
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{port}", headers={"graphql-require-preflight": "1"})
        self._said: Queue[str] = Queue()
        self._reader = Thread(target=self._read)
        self._reader.start()

    def store(self, documents: object) -> None:
        """Writes the manifest, whole or not at all."""
        beside = self._manifest.with_suffix(".next")
        beside.write_text(json.dumps(documents))
        beside.replace(self._manifest)

    def wait_for(self, words: str) -> str:
        """The next line with these words."""
        while words not in (line := self._said.get(timeout=WITHIN)):
            pass
        return line

    def end(self) -> None:
        self.client.close()
        self.process.kill()
        self.process.wait()
        self._reader.join()
        assert self.process.stderr is not None
        self.process.stderr.close()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self._said.put(line)


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Serving]:
    running = Serving(tmp_path, {"now": OLD})
    try:
        running.wait_for("serving")
        yield running
    finally:
        running.end()


def test_a_manifest_is_served_and_read_again_with_a_reload(serving: Serving) -> None:
    ask = serving.client
    for response in (
        ask.get("/graphql/now"),
        ask.get("/graphql", params={"documentId": "now"}),
        ask.get(f"/graphql/{document_hash(OLD)}"),
        ask.post("/graphql", json={"id": "now", "operationName": "Now"}),
        ask.post("/graphql", json={"query": OLD}),
    ):
        assert response.json() == {"data": {"old": "Query"}}
    refused = ask.post("/graphql", json={"query": NEW}).json()
    assert refused["errors"][0]["extensions"]["code"] == "DOCUMENT_NOT_STORED"

    serving.store({"now": "{"})
    serving.process.send_signal(signal.SIGHUP)
    assert "manifest.json`: `now`:1:2: Syntax Error" in serving.wait_for("not reloaded, what was there goes on")
    assert ask.get("/graphql/now").json() == {"data": {"old": "Query"}}

    serving.store({"now": NEW})
    serving.process.send_signal(signal.SIGHUP)
    serving.wait_for("WARNING hub.server reloaded")
    assert ask.get("/graphql/now").json() == {"data": {"new": "Query"}}
    gone = ask.get(f"/graphql/{document_hash(OLD)}").json()
    assert gone["errors"][0]["extensions"]["code"] == "PERSISTED_QUERY_NOT_FOUND"


def test_a_manifest_that_is_none_stops_the_start(tmp_path: Path) -> None:
    running = Serving(tmp_path, ["query Now { now }"])
    try:
        assert running.process.wait(WITHIN) == 1
        assert "must be a JSON object: a map from ids to documents" in running.wait_for("error: ")
    finally:
        running.end()
