"""The production shape of docker-compose.yml out of processes: four PostgreSQL servers, Redis, two replicas, a proxy.

Everything is real, and the same files configure it where files do: deploy/Caddyfile, deploy/secrets.sh. Between the
replicas and each register there is a `Wire`.
"""

from __future__ import annotations

import base64
import os
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import psutil
import psycopg

from bench.servers import postmaster
from hub.demo.cluster import Cluster, running_cluster
from hub.demo.country.sample import Sample
from hub.demo.folder import Folder, hold
from hub.demo.tokens import AUDIENCE, ISSUER, ensure_keys
from hub.settings import SOURCES
from tests.deployment.wire import Wire, to_socket
from tests.redis_server import RedisServer

ROOT = Path(__file__).resolve().parents[2]
HUB = [sys.executable, "-c", "from hub.cli import main; main(prog_name='hub')"]
PEOPLE = 1_000
PATIENCE = 40.0


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def until(true: str, holds: object, *, said: BinaryIO | None = None) -> None:
    """Waits until a condition holds."""
    assert callable(holds)
    end = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > end:
            if said is not None:
                said.seek(0)
            raise AssertionError(f"not in time: {true}\n{said.read().decode() if said is not None else ''}")
        time.sleep(0.02)


class Register:
    """One PostgreSQL server, for one source."""

    def __init__(self, source: str, folder: Folder) -> None:
        self.source = source
        self._folder = folder
        self._stack = ExitStack()

    def start(self) -> None:
        self.cluster: Cluster = self._stack.enter_context(running_cluster(self._folder))

    def stop(self) -> None:
        self._stack.close()

    def kill(self) -> None:
        """All its processes at once, as when the power fails."""
        parent = psutil.Process(postmaster(self.cluster.socket))
        processes = [parent, *parent.children(recursive=True)]
        for one in processes:
            one.suspend()
        for one in processes:
            one.kill()
        psutil.wait_procs(processes, PATIENCE)
        self.stop()

    @property
    def socket(self) -> str:
        return str(self.cluster.socket / ".s.PGSQL.5432")

    @property
    def owner_dsn(self) -> str:
        return self.cluster.owner_dsn(self.source)


class Replica:
    """One `hub serve`."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.port, self.metrics_port = free_port(), free_port()
        self._environment = {
            **environment,
            "HUB_PORT": str(self.port),
            "HUB_METRICS_PORT": str(self.metrics_port),
        }
        self._log: BinaryIO = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `stop`
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen([*HUB, "serve"], env=self._environment, stdout=self._log, stderr=self._log)
        until("the replica answers", self._answers, said=self._log)

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.said()
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1):
                return True
        except OSError:
            return False

    @property
    def workers(self) -> list[int]:
        """Those of its processes that answer, if there are several."""
        assert self._process is not None
        return [one.pid for one in psutil.Process(self._process.pid).children()]

    def said(self) -> str:
        self._log.seek(0)
        return self._log.read().decode()

    def kill(self) -> None:
        """Its processes, without a word."""
        assert self._process is not None
        for one in (*psutil.Process(self._process.pid).children(recursive=True), self._process):
            one.kill()
        self._process.wait()

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            assert self._process.wait(PATIENCE) == 0, self.said()
        self._log.close()


@dataclass(frozen=True)
class Topology:
    """What runs, and where it is asked."""

    folder: Folder
    registers: Mapping[str, Register]
    wires: Mapping[str, Wire]
    redis: RedisServer
    replicas: tuple[Replica, ...]
    address: str
    trust: ssl.SSLContext
    sample: Sample


@contextmanager
def running(statement_timeout: float = 1.0, request_timeout: float = 4.0) -> Iterator[Topology]:
    """Everything, until the block ends."""
    with ExitStack() as stack:
        path = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hub-test-")))
        data = Folder(path / "data")
        data.path.mkdir()
        ensure_keys(data)
        registers: dict[str, Register] = {}
        wires: dict[str, Wire] = {}
        for source in SOURCES:
            one = registers[source] = Register(source, stack.enter_context(hold(path / source)))
            one.start()
            stack.callback(one.stop)
            wires[source] = stack.enter_context(Wire(to_socket(lambda one=one: one.socket)))  # type: ignore[misc]
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("HUB_", "OTEL_", "PROXY_"))}
        clean["PYTHONPATH"] = str(ROOT)
        owners = {f"HUB_OWNER_DSN_{source.upper()}": one.owner_dsn for source, one in registers.items()}
        _command("migrate", env=clean | owners)
        _command("fill", "--people", str(PEOPLE), "--data", str(data.path), env=clean | owners)
        for one in registers.values():
            with psycopg.connect(one.owner_dsn, autocommit=True) as connection:
                connection.execute("checkpoint")
        redis = RedisServer(path)
        redis.start()
        stack.callback(redis.kill)
        environment = clean | {
            f"HUB_DSN_{source.upper()}_CIVILIAN": f"postgresql://hub_civilian@127.0.0.1:{wire.port}/{source}"
            for source, wire in wires.items()
        }
        environment |= {
            "HUB_KEYS": str(data.keys),
            "HUB_ISSUER": ISSUER,
            "HUB_AUDIENCE": AUDIENCE,
            "HUB_PSEUDONYM_KEY": base64.b64encode(bytes(range(32))).decode(),
            "HUB_REDIS_URL": redis.url,
            "HUB_REPLICAS": "3",
            "HUB_STATEMENT_TIMEOUT": str(statement_timeout),
            "HUB_REQUEST_TIMEOUT": str(request_timeout),
            "HUB_ACCESS_LOG": "json",
        }
        replicas = (Replica(environment), Replica(environment | {"HUB_WORKERS": "2"}))
        for replica in replicas:
            stack.callback(replica.stop)
            replica.start()
        address, trust = stack.enter_context(_proxy(path, clean, [replica.port for replica in replicas]))
        yield Topology(data, registers, wires, redis, replicas, address, trust, Sample.read(data.sample))


def _command(*arguments: str, env: Mapping[str, str]) -> None:
    done = subprocess.run([*HUB, *arguments], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@contextmanager
def _proxy(path: Path, clean: Mapping[str, str], ports: list[int]) -> Iterator[tuple[str, ssl.SSLContext]]:
    """Caddy with the file that is deployed, and the authority that it makes for itself."""
    port = free_port()
    certificate = path / "proxy" / "caddy" / "pki" / "authorities" / "local" / "root.crt"
    environment = {
        **clean,
        "XDG_DATA_HOME": str(path / "proxy"),
        "PROXY_SITE": f"https://localhost:{port}",
        "PROXY_UPSTREAMS": " ".join(f"127.0.0.1:{one}" for one in ports),
        "PROXY_HTTP_PORT": str(free_port()),
        "PROXY_HEALTH_PORT": str(free_port()),
    }
    caddy = Path(sys.executable).with_name("caddy")
    command: list[str | Path] = [caddy, "run", "--config", ROOT / "deploy" / "Caddyfile", "--adapter", "caddyfile"]
    with (
        tempfile.TemporaryFile() as log,
        subprocess.Popen(command, env=environment, stdout=log, stderr=log) as process,
    ):
        try:
            until("the proxy has its certificate", certificate.is_file, said=log)
            trust = ssl.create_default_context(cafile=str(certificate))

            def answers() -> bool:
                try:
                    with (
                        socket.create_connection(("localhost", port), 1) as plain,
                        trust.wrap_socket(plain, server_hostname="localhost"),
                    ):
                        return True
                except OSError:
                    return False

            until("the proxy answers", answers, said=log)
            yield f"https://localhost:{port}", trust
        finally:
            process.terminate()
