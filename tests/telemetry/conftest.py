"""`hub serve` with everything switched on that tells of its work, in a process of its own."""

from __future__ import annotations

import base64
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from hub.demo.start import Demo
from hub.demo.tokens import AUDIENCE, ISSUER
from hub.settings import SourceDsns
from tests.conftest import MakeToken
from tests.telemetry.collector import Collector

HUB = [sys.executable, "-c", "from hub.cli import main; main(prog_name='hub')"]
PATIENCE = 20.0
STORED = "query Stored { me { fullName } }"


@dataclass(slots=True)
class Serving:
    """A hub, what it prints, what it sends."""

    address: str
    metrics_address: str
    make_token: MakeToken
    collector: Collector
    lines: list[str] = field(default_factory=list)
    _came: threading.Condition = field(default_factory=threading.Condition)

    def read(self, stream: Any) -> None:
        """Reads lines until there are none."""
        for line in stream:
            with self._came:
                self.lines.append(line)
                self._came.notify_all()

    def ask(self, viewer: str, query: str, headers: Mapping[str, str] | None = None, **more: Any) -> httpx.Response:
        told = {"authorization": f"Bearer {self.make_token(viewer)}"} if viewer else {}
        body = {"query": query, **more}
        return httpx.post(f"{self.address}/graphql", json=body, headers={**told, **(headers or {})}, timeout=30)

    def line(self, response: httpx.Response) -> dict[str, Any]:
        """The one line of a request."""
        wanted = f'"id":"{response.headers["x-request-id"]}"'

        def found() -> list[str]:
            return [line for line in self.lines if wanted in line]

        with self._came:
            assert self._came.wait_for(found, PATIENCE), self.lines
            (line,) = found()
        read: dict[str, Any] = json.loads(line)
        return read

    def metrics(self) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
        """(name, labels) -> value."""
        text = httpx.get(f"{self.metrics_address}/metrics").raise_for_status().text
        return {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.fixture(scope="session")
def serving(
    demo: Demo, dsns: SourceDsns, make_token: MakeToken, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Serving]:
    manifest = tmp_path_factory.mktemp("manifest") / "operations.json"
    manifest.write_text(json.dumps({"stored": STORED}), encoding="utf-8")
    port, metrics_port = free_port(), free_port()
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("HUB_", "OTEL_"))}
    given = {f"HUB_DSN_{source.upper()}_{universe.name}": dsn for source, universe, dsn in dsns} | {
        "HUB_KEYS": str(demo.folder.keys),
        "HUB_ISSUER": ISSUER,
        "HUB_AUDIENCE": AUDIENCE,
        "HUB_PSEUDONYM_KEY": base64.b64encode(bytes(range(32))).decode(),
        "HUB_PORT": str(port),
        "HUB_METRICS_PORT": str(metrics_port),
        "HUB_ACCESS_LOG": "json",
        "HUB_TRACES": "otlp",
        "HUB_OPERATIONS": str(manifest),
        "OTEL_BSP_SCHEDULE_DELAY": "50",
        "OTEL_EXPORTER_OTLP_TIMEOUT": "60",
    }
    with (
        Collector() as collector,
        subprocess.Popen(
            [*HUB, "serve"], env=clean | given | {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        ) as process,
    ):  # fmt: skip
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stderr.readline() == f"serving http://127.0.0.1:{port}/graphql\n"
        found = Serving(f"http://127.0.0.1:{port}", f"http://127.0.0.1:{metrics_port}", make_token, collector)
        reading = threading.Thread(target=found.read, args=(process.stdout,))
        reading.start()
        yield found
        process.send_signal(signal.SIGTERM)
        assert process.stderr.read() == "", "it says nothing else"
        assert process.wait(30) == 0
        reading.join()
