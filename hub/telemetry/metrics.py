"""Counters and histograms, and where Prometheus reads them.

Decided: a port of its own, on the loopback unless told otherwise, because what an instance does is not for those it
serves. Several processes of one instance write into files of one folder, and whichever of them is asked adds them up
(prometheus_client's multiprocess mode), so an instance is one target however many processes it has.
Rejected: a port for each process, which a process that is replaced would have to share with its successor.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

import psutil
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, make_wsgi_app
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from hub.errors import StartFailed
from hub.telemetry.words import FOLDER

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_STAGE_SECONDS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0)
_COSTS = (1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000)
_KEYS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000)


class Metrics:
    """Every metric there is. Labels come from closed sets: `hub.telemetry.words`, and names of the graph."""

    def __init__(self) -> None:
        own = self.registry = CollectorRegistry()
        self.requests = Counter("hub_requests", "Requests answered.", ["kind", "status"], registry=own)
        self.errors = Counter("hub_request_errors", "Errors in answers.", ["code"], registry=own)
        self.seconds = Histogram(
            "hub_request_seconds", "From the head of a request to its answer.", ["operation"], buckets=_SECONDS,
            registry=own,
        )  # fmt: skip
        self.cost = Histogram("hub_request_cost", "What requests cost.", buckets=_COSTS, registry=own)
        self.under_way = Gauge(
            "hub_requests_under_way", "Requests that wait for their answer.", registry=own, multiprocess_mode="livesum"
        )
        self.programs = Counter("hub_programs", "Requests by whether their plan was known.", ["plan"], registry=own)
        self.stages = Histogram(
            "hub_stage_seconds", "A stage of a request.", ["stage"], buckets=_STAGE_SECONDS, registry=own
        )
        self.questions = Counter(
            "hub_questions", "Statements and requests to sources.", ["source", "outcome"], registry=own
        )
        self.question_seconds = Histogram(
            "hub_question_seconds", "Until a source answered.", ["source"], buckets=_SECONDS, registry=own
        )
        self.keys = Histogram("hub_batch_keys", "Keys that went out together.", ["source"], buckets=_KEYS, registry=own)
        self.busy = Gauge(
            "hub_pipelines_busy", "Questions under way.", ["source"], registry=own, multiprocess_mode="livesum"
        )
        self.resting = Gauge(
            "hub_source_resting", "1 while a source is not asked because it failed: its breaker is open.", ["source"],
            registry=own, multiprocess_mode="livemax",
        )  # fmt: skip
        self.lost = Counter("hub_access_lines_lost", "Lines that stdout did not take in time.", registry=own)


@contextmanager
def served(metrics: Metrics, host: str, port: int) -> Iterator[None]:
    """Answers GET /metrics until the block ends. Any process of an instance may answer for all."""
    folder = os.environ.get(FOLDER)
    server_class = _Server if folder is None else _Shared
    try:
        server = server_class((host, port), _Handler)
    except OSError as error:
        raise StartFailed(
            f"metrics cannot be served on `{host}`, port {port}: {error.strerror}; choose others with HUB_METRICS_HOST"
            " and HUB_METRICS_PORT"
        ) from None
    server.set_app(_app(metrics, Path(folder) if folder is not None else None))
    thread = threading.Thread(target=server.serve_forever, name="metrics", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Shared(_Server):
    allow_reuse_port = True


class _Handler(WSGIRequestHandler):
    timeout = 10

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name of what is overridden
        """It is asked every few seconds."""


def _app(metrics: Metrics, folder: Path | None) -> Callable[..., Iterable[bytes]]:
    registry = metrics.registry
    if folder is not None:
        registry = CollectorRegistry()
        MultiProcessCollector(registry, str(folder))  # type: ignore[no-untyped-call]
    exposition: Callable[..., Iterable[bytes]] = make_wsgi_app(registry)

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] != "/metrics" or environ["REQUEST_METHOD"] != "GET":
            start_response("404 Not Found", [("content-type", "text/plain")])
            return [b"GET /metrics\n"]
        if folder is not None:
            _forget_dead(folder)
        return exposition(environ, start_response)

    return answer


def _forget_dead(folder: Path) -> None:
    """What processes had under way that are gone is not under way any more. What they had counted stays counted."""
    there = {int(file.stem.rpartition("_")[2]) for file in folder.glob("gauge_live*_*.db")}
    for process in there:
        if not psutil.pid_exists(process):
            mark_process_dead(process, str(folder))  # type: ignore[no-untyped-call]
