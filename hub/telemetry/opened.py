"""Settings -> Telemetry: what is switched on, from its start to its end.

The libraries are imported where something is switched on: they take a tenth of a second, and prometheus_client decides
when it is imported whether several processes count together.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import ExitStack, contextmanager
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from hub.model.watch import Watch
from hub.settings import Settings
from hub.telemetry.words import FOLDER

if TYPE_CHECKING:
    from hub.telemetry.lines import Lines
    from hub.telemetry.metrics import Metrics
    from hub.telemetry.traces import Traces

Message = MutableMapping[str, Any]
App = Callable[[Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]]


class Telemetry:
    """What measures one process. Where nothing is switched on there is no `watch`, and nothing stands `around`."""

    def __init__(self, metrics: Metrics | None, traces: Traces | None, lines: Lines | None) -> None:
        self._metrics = metrics
        self._tracer = traces.tracer if traces is not None else None
        self._lines = lines

    @property
    def watch(self) -> Watch | None:
        """Whom an engine tells of its work."""
        if not self._on:
            return None
        from hub.telemetry.watch import Watching

        return Watching(self._metrics, self._tracer)

    def around(self, app: App) -> App:
        """The endpoint, watched."""
        if not self._on:
            return app
        from hub.telemetry.endpoint import WatchedEndpoint

        return WatchedEndpoint(app, self._metrics, self._tracer, self._lines)

    @property
    def _on(self) -> bool:
        return self._metrics is not None or self._tracer is not None or self._lines is not None


@contextmanager
def open_telemetry(settings: Settings) -> Iterator[Telemetry]:
    """What the settings switch on, until the block ends."""
    with ExitStack() as stack:
        metrics = traces = lines = None
        if settings.metrics_port is not None:
            from hub.telemetry.metrics import Metrics, served

            metrics = Metrics()
            stack.enter_context(served(metrics, settings.metrics_host, settings.metrics_port))
        if settings.traces == "otlp":
            from hub.telemetry.traces import traces_over_http

            traces = traces_over_http()
            stack.callback(traces.close)
        if settings.access_log == "json":
            from hub.telemetry.lines import Lines

            lines = Lines(sys.stdout.fileno(), metrics.lost.inc if metrics is not None else lambda: None)
            stack.callback(lines.close)
        yield Telemetry(metrics, traces, lines)


@contextmanager
def metrics_together() -> Iterator[None]:
    """Lets the processes that are started within count together."""
    with TemporaryDirectory(prefix="hub-metrics-") as folder:
        os.environ[FOLDER] = folder
        try:
            yield
        finally:
            del os.environ[FOLDER]
