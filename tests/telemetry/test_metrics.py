"""Metrics of several processes are one; lines never keep anybody waiting."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from hub.errors import StartFailed
from hub.telemetry import metrics_together
from hub.telemetry.lines import MOST, Lines
from hub.telemetry.metrics import Metrics, served
from tests.telemetry.conftest import free_port

# Counts as many requests as it is told, says so, and ends when its input does, whichever way.
PROCESS = """
import os, sys
from hub.telemetry.metrics import Metrics, served
metrics = Metrics()
with served(metrics, "127.0.0.1", int(sys.argv[1])):
    metrics.requests.labels("citizen", "200").inc(int(sys.argv[2]))
    metrics.seconds.labels("other").observe(0.3)
    metrics.under_way.inc()
    print("ready", flush=True)
    sys.stdin.read()
    os._exit(9)
"""


def read(port: int) -> dict[str, float]:
    text = httpx.get(f"http://127.0.0.1:{port}/metrics").raise_for_status().text
    return {
        sample.name: sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.value
    }


def start(port: int, count: int) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", PROCESS, str(port), str(count)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def end(process: subprocess.Popen[str]) -> None:
    process.communicate()
    assert process.returncode == 9, "it died"


def test_whichever_process_is_asked_adds_all_of_them_up_the_dead_ones_too() -> None:
    port = free_port()
    with metrics_together():
        folder = Path(os.environ["PROMETHEUS_MULTIPROC_DIR"])
        first, second = start(port, 3), start(port, 4)
        try:
            # Each connection goes to either of them.
            for _ in range(8):
                found = read(port)
                assert found["hub_requests_total"] == 7
                assert found["hub_request_seconds_count"] == 2
                assert found["hub_requests_under_way"] == 2
            end(first)
            found = read(port)
            assert found["hub_requests_total"] == 7, "what was counted stays"
            assert found["hub_requests_under_way"] == 1, "what it had under way is not under way"
            third = start(port, 5)
            assert read(port)["hub_requests_total"] == 12
            end(third)
        finally:
            end(second)
    assert not folder.exists()
    assert "PROMETHEUS_MULTIPROC_DIR" not in os.environ


def test_a_port_that_is_taken_stops_the_start() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(StartFailed, match=f"port {port}.*HUB_METRICS_PORT"), served(Metrics(), "127.0.0.1", port):
            pytest.fail("it is taken")


def test_lines_come_whole_and_in_order() -> None:
    reading, writing = os.pipe()
    lines = Lines(writing, lambda: pytest.fail("none is lost"))
    found: list[bytes] = []
    with os.fdopen(reading, "rb") as stream:
        thread = threading.Thread(target=lambda: found.extend(stream))
        thread.start()
        for number in range(5_000):
            lines.add(b'{"n":%d}\n' % number)
        lines.close()
        os.close(writing)
        thread.join()
    assert [json.loads(line)["n"] for line in found] == list(range(5_000))


def test_who_does_not_read_loses_lines_and_keeps_nobody_waiting() -> None:
    reading, writing = os.pipe()
    lost = []
    lines = Lines(writing, lambda: lost.append(1))
    count = 10 * MOST
    for _ in range(count):
        lines.add(b"x" * 99 + b"\n")
    assert lost, "a pipe holds some, the queue holds some, the rest is dropped"
    with os.fdopen(reading, "rb") as stream:

        def close() -> None:
            lines.close()
            os.close(writing)

        closing = threading.Thread(target=close)
        closing.start()
        kept = sum(1 for _ in stream)
        closing.join()
    assert kept + len(lost) == count, "every line is there or counted"


def test_who_reads_no_more_is_no_error() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    lines = Lines(writing, lambda: None)
    lines.add(b"x\n")
    lines.close()
    os.close(writing)
