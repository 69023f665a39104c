"""Server processes: started, stopped in between, resumed; and the processor time of processes."""

from __future__ import annotations

import base64
import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import psutil

from hub.demo.folder import Folder
from hub.demo.tokens import AUDIENCE, ISSUER, pseudonym_secret
from hub.errors import StartFailed
from hub.settings import SourceDsns

START_SECONDS = 30.0
STOP_SECONDS = 10.0
MOST_SAID = 2_000
ROOT = Path(__file__).resolve().parents[1]


def environment_of(folder: Folder, dsns: SourceDsns) -> Mapping[str, str]:
    """The settings of `hub serve` over a demo's databases, which the baselines read as well."""
    addresses = {f"HUB_DSN_{source.upper()}_{universe.name}": dsn for source, universe, dsn in dsns}
    return addresses | {
        "HUB_PSEUDONYM_KEY": base64.b64encode(pseudonym_secret(folder)).decode(),
        "HUB_KEYS": str(folder.keys),
        "HUB_ISSUER": ISSUER,
        "HUB_AUDIENCE": AUDIENCE,
        "HUB_LOG_LEVEL": "warning",
    }


class Server:
    """One server in its own process. It runs only inside `running`."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, log: BinaryIO) -> None:
        self._process = process
        self._log = log
        self.port = port

    @contextmanager
    def running(self) -> Iterator[None]:
        """Lets the server go on until the block ends."""
        self._process.send_signal(signal.SIGCONT)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGSTOP)

    def said(self) -> str:
        """The last lines of what it wrote."""
        size = self._log.seek(0, os.SEEK_END)
        self._log.seek(max(0, size - MOST_SAID))
        return self._log.read().decode(errors="replace").strip()

    def cpu_seconds(self) -> float:
        """Processor time of the process and its children so far."""
        return cpu_seconds(self._process.pid)

    def memory(self) -> int:
        """Bytes of the process that are in memory now."""
        return int(psutil.Process(self._process.pid).memory_info().rss)


@contextmanager
def started(name: str, command: Sequence[str], environment: Mapping[str, str]) -> Iterator[Server]:
    """The server of a command that listens on `HUB_PORT`; stopped as soon as it does, until it is to run."""
    port = free_port()
    # The caller's own settings are not the benchmark's.
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("HUB_")}
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            command, cwd=ROOT, env={**inherited, **environment, "HUB_PORT": str(port)}, stdout=log, stderr=log
        )
        server = Server(process, port, log)
        try:
            _wait(name, server, process)
            process.send_signal(signal.SIGSTOP)
            yield server
        finally:
            _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGCONT)
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def _wait(name: str, server: Server, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        if process.poll() is not None:
            raise StartFailed(f"the server of `{name}` ended instead of starting:\n{server.said()}")
        try:
            with socket.create_connection(("127.0.0.1", server.port), timeout=1):
                return
        except OSError:
            time.sleep(0.05)
    raise StartFailed(f"the server of `{name}` did not start within {START_SECONDS:g} seconds")


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and all its children, those that have ended among them."""
    root = psutil.Process(pid)
    total = 0.0
    for process in (root, *root.children(recursive=True)):
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system
        total += getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0)
    return float(total)


def postmaster(socket_directory: Path) -> int:
    """The process that the lock file beside a Postgres socket names."""
    lock = next(socket_directory.glob(".s.PGSQL.*.lock"))
    return int(lock.read_text(encoding="utf-8").splitlines()[0])
