"""`hub serve` from its start to its end, as processes: workers, reload, drain, a source that is not there.

Clients ask all the time and check every answer: it is wholly of one version, and none is lost that was not meant to be.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest

from hub.cli.endpoint import ROOT
from hub.demo.start import Demo
from hub.demo.tokens import AUDIENCE, ISSUER
from hub.model.viewer import Universe
from hub.settings import SourceDsns
from tests.conftest import MakeToken
from tests.redis_server import RedisServer

HUB = [sys.executable, "-c", "from hub.cli import main; main(prog_name='hub')"]
BOOK = "{ me { fullName birthDate insuranceBook { bookCode } } }"
WITHIN = 300.0
# How slow the machine is, is not what is tested here.
PATIENCE = 120.0
UNHURRIED = {"HUB_STATEMENT_TIMEOUT": "60", "HUB_REQUEST_TIMEOUT": "120"}


@dataclass(slots=True)
class Files:
    """What a running hub reads again: copies of the repository's own."""

    folder: Path

    def __post_init__(self) -> None:
        shutil.copy(ROOT / "schema" / "policy.toml", self.policy)
        shutil.copytree(ROOT / "schema" / "agreements", self.agreements)

    @property
    def policy(self) -> Path:
        return self.folder / "policy.toml"

    @property
    def agreements(self) -> Path:
        return self.folder / "agreements"

    def show(self, effects: Mapping[str, str]) -> None:
        """Says what citizens are shown of themselves, label by label; written whole or not at all."""
        head, _, rest = (ROOT / "schema" / "policy.toml").read_text(encoding="utf-8").partition("[citizen.self]\n")
        section, _, tail = rest.partition("\n[citizen.guardian]")
        for label, effect in effects.items():
            section, count = re.subn(rf'(?m)^{label} = "show"', f'{label} = "{effect}"', section)
            assert count == 1
        beside = self.folder / "next.toml"
        beside.write_text(f"{head}[citizen.self]\n{section}\n[citizen.guardian]{tail}", encoding="utf-8")
        beside.replace(self.policy)


OLD: Mapping[str, str] = {}
NEW = {"NAME": "mask:initials", "BIRTH": "mask:year", "IDENTIFIER": "mask:last-four"}


@dataclass(slots=True)
class Hub:
    """A running `hub serve` and what it said so far."""

    process: subprocess.Popen[str]
    address: str
    said: list[str] = field(default_factory=list)
    reader: threading.Thread | None = None
    more: threading.Condition = field(default_factory=threading.Condition)

    def read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            with self.more:
                self.said.append(line.rstrip())
                self.more.notify_all()

    def wait_for(self, *words: str, times: int = 1) -> None:
        """Waits until lines with all of these words were said so often."""
        deadline = time.monotonic() + WITHIN
        with self.more:
            while sum(all(word in line for word in words) for line in self.said) < times:
                assert self.more.wait(deadline - time.monotonic()), (words, self.said)

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def workers(self) -> list[int]:
        """The children of the process."""
        done = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(self.process.pid)], capture_output=True, text=True, check=False
        )
        return [int(line) for line in done.stdout.split()]

    def ended(self) -> int:
        """Its exit code, when it has one."""
        code = self.process.wait(WITHIN)
        assert self.reader is not None
        self.reader.join()
        return code


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


Start = Callable[..., Hub]


@pytest.fixture
def start(demo: Demo, dsns: SourceDsns, files: Files) -> Iterator[Start]:
    """Starts a hub with the civilian addresses, and ends it after the test."""
    running: list[Hub] = []

    def starts(*options: str, command: str = "serve", **more: str) -> Hub:
        port = free_port()
        environment = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}
        environment |= {
            f"HUB_DSN_{source.upper()}_CIVILIAN": dsn for source, universe, dsn in dsns if universe is Universe.CIVILIAN
        }
        environment |= {"HUB_KEYS": str(demo.folder.keys), "HUB_ISSUER": ISSUER, "HUB_AUDIENCE": AUDIENCE}
        environment |= {"HUB_PSEUDONYM_KEY": base64.b64encode(bytes(range(32))).decode()}
        environment |= UNHURRIED
        environment |= {"HUB_POLICY": str(files.policy), "HUB_AGREEMENTS": str(files.agreements)}
        environment = {name: value for name, value in (environment | more).items() if value}
        process = subprocess.Popen(
            [*HUB, command, "--port", str(port), *options], env=environment, stderr=subprocess.PIPE, text=True
        )
        hub = Hub(process, f"http://127.0.0.1:{port}")
        hub.reader = threading.Thread(target=hub.read)
        hub.reader.start()
        running.append(hub)
        hub.wait_for("serving")
        return hub

    yield starts
    for hub in running:
        if hub.process.poll() is None:
            hub.send(signal.SIGKILL)
        hub.ended()
        assert hub.process.stderr is not None
        hub.process.stderr.close()


def headers(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def ask(hub: Hub, token: str, query: str = BOOK) -> httpx.Response:
    return httpx.post(f"{hub.address}/graphql", json={"query": query}, headers=headers(token), timeout=PATIENCE)


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WITHIN
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@dataclass(slots=True)
class Load:
    """Clients that ask without a pause. What came back, and how often a connection was refused or lost."""

    hub: Hub
    token: str
    answers: Counter[tuple[int, bytes]] = field(default_factory=Counter)
    refused: int = 0
    lost: list[str] = field(default_factory=list)
    ending: bool = False
    came: asyncio.Event = field(default_factory=asyncio.Event)

    async def client(self) -> None:
        async with httpx.AsyncClient(
            base_url=self.hub.address, headers=headers(self.token), timeout=PATIENCE
        ) as client:
            while not self.ending:
                try:
                    response = await client.post("/graphql", json={"query": BOOK})
                except httpx.ConnectError:
                    self.refused += 1
                    await asyncio.sleep(0.02)
                except httpx.TransportError as error:
                    self.lost.append(repr(error))
                else:
                    self.answers[response.status_code, response.content] += 1
                self.came.set()

    async def more(self, count: int = 200) -> None:
        """Waits until so many more were answered."""
        wanted = self.answers.total() + count
        async with asyncio.timeout(WITHIN):
            while self.answers.total() < wanted:
                self.came.clear()
                await self.came.wait()


@asynccontextmanager
async def load(hub: Hub, token: str, clients: int = 8) -> AsyncIterator[Load]:
    asking = Load(hub, token)
    tasks = [asyncio.create_task(asking.client()) for _ in range(clients)]
    try:
        yield asking
    finally:
        asking.ending = True
        await asyncio.gather(*tasks)


# --- reload ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("workers, versions", [(1, [NEW, OLD, NEW]), (2, [NEW])])
async def test_a_reload_loses_no_request_and_mixes_no_versions(
    start: Start, files: Files, make_token: MakeToken, workers: int, versions: Sequence[Mapping[str, str]]
) -> None:
    hub = await asyncio.to_thread(start, "--workers", str(workers))
    token = make_token("citizen")
    old = ask(hub, token).content
    async with load(hub, token) as asking:
        for times, effects in enumerate(versions, start=1):
            await asking.more()
            files.show(effects)
            hub.send(signal.SIGHUP)
            await asyncio.to_thread(hub.wait_for, "reloaded", times=times * workers)
        await asking.more()
        new = (await asyncio.to_thread(ask, hub, token)).content
    assert json.loads(old)["data"]["me"].keys() == json.loads(new)["data"]["me"].keys()
    shown, masked = json.loads(old)["data"]["me"], json.loads(new)["data"]["me"]
    assert all(shown[name] != masked[name] for name in shown)
    assert asking.answers.keys() == {(200, old), (200, new)}
    assert (asking.refused, asking.lost) == (0, [])


@pytest.mark.parametrize("workers", [1, 2])
def test_a_bad_version_is_refused_with_its_reasons_and_the_old_one_goes_on(
    start: Start, files: Files, make_token: MakeToken, workers: int
) -> None:
    hub = start("--workers", str(workers))
    token = make_token("citizen")
    old = ask(hub, token).content
    files.policy.write_text("[citizen.self]\nNAME = 'perhaps'\n")
    hub.send(signal.SIGHUP)
    hub.wait_for("not reloaded, what was there goes on", "perhaps")
    assert ask(hub, token).content == old
    if workers > 1:
        # A worker that is started meanwhile begins with what was good.
        before = hub.workers()
        os.kill(before[0], signal.SIGKILL)
        until(lambda: len(set(hub.workers()) - set(before)) == 1)
        os.kill(before[1], signal.SIGKILL)
        until(lambda: len(set(hub.workers()) - set(before)) == 2)
        until(lambda: _answers(hub))
        assert ask(hub, token).content == old
    files.show(NEW)
    hub.send(signal.SIGHUP)
    hub.wait_for("reloaded", "WARNING", times=workers)
    assert ask(hub, token).content != old


def _answers(hub: Hub) -> bool:
    try:
        return httpx.get(f"{hub.address}/health/live").status_code == 200
    except httpx.TransportError:
        return False


def test_agreements_and_issuers_are_read_again(
    start: Start, files: Files, demo: Demo, make_token: MakeToken, tmp_path: Path
) -> None:
    issuers = tmp_path / "issuers.toml"
    one = '[[issuer]]\nname = "demo"\niss = "{}"\nkeys = "{}"\naudiences = ["{}"]\n'
    issuers.write_text(one.format(ISSUER, demo.folder.keys, "officer"))
    hub = start(HUB_ISSUERS=str(issuers), HUB_KEYS="", HUB_ISSUER="")
    citizen, partner = make_token("citizen"), make_token("health-ministry")
    assert ask(hub, citizen).status_code == 401
    issuers.write_text(one.format(ISSUER, demo.folder.keys, 'citizen", "partner') + 'agreements = ["health-ministry"]')
    hub.send(signal.SIGHUP)
    hub.wait_for("reloaded")
    assert ask(hub, citizen).status_code == 200
    known = "is none that this endpoint knows"
    assert known not in ask(hub, partner).text
    (files.agreements / "health-ministry.toml").unlink()
    hub.send(signal.SIGHUP)
    hub.wait_for("there is no agreement `health-ministry`")
    assert known not in ask(hub, partner).text
    issuers.write_text(one.format(ISSUER, demo.folder.keys, "citizen"))
    hub.send(signal.SIGHUP)
    hub.wait_for("WARNING", "reloaded", times=2)
    assert known in ask(hub, partner).json()["errors"][0]["message"]


def test_one_word_reaches_every_replica(start: Start, files: Files, make_token: MakeToken, redis: RedisServer) -> None:
    token = make_token("citizen")
    hubs = [start("--workers", workers, HUB_REDIS_URL=redis.url, HUB_REPLICAS="3") for workers in ("1", "2")]
    old = ask(hubs[0], token).content
    for hub in hubs:
        assert httpx.get(f"{hub.address}/health/ready", timeout=PATIENCE).json()["redis"] is True
    files.show(NEW)
    for hub in hubs:
        assert {ask(hub, token).content for _ in range(4)} == {old}
    asked = subprocess.run(
        [*HUB, "reload"], env=os.environ | {"HUB_REDIS_URL": redis.url}, capture_output=True, text=True, check=False
    )
    assert (asked.returncode, asked.stderr) == (0, "")
    for hub, workers in zip(hubs, (1, 2), strict=True):
        hub.wait_for("WARNING", "reloaded", times=workers)
        assert old not in {ask(hub, token).content for _ in range(4)}


def test_who_cannot_reach_the_replicas_is_told(tmp_path: Path) -> None:
    for environment, message in (
        ({}, "error: `HUB_REDIS_URL` is missing: what the replicas share; to a single one send SIGHUP\n"),
        (
            {"HUB_REDIS_URL": f"redis://127.0.0.1:{free_port()}/0"},
            "error: the store that the replicas share does not answer: they were not asked\n",
        ),
    ):
        asked = subprocess.run(
            [*HUB, "reload"], env=os.environ | environment, capture_output=True, text=True, check=False
        )
        assert asked.returncode == 1
        assert asked.stderr.endswith(message)


def test_a_gateway_reads_its_supergraph_anew(start: Start, tmp_path: Path) -> None:
    file = tmp_path / "supergraph.graphql"

    def write(field: str) -> None:
        (tmp_path / "one").mkdir(exist_ok=True)
        (tmp_path / "one" / "one.graphql").write_text(f"type Query {{ {field}: Int }}")
        done = subprocess.run(
            [*HUB, "compose", "--from", str(tmp_path / "one"), "--output", str(file)],
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr

    def fields(hub: Hub) -> list[str]:
        query = "{ __schema { queryType { fields { name } } } }"
        found = httpx.post(f"{hub.address}/graphql", json={"query": query}, timeout=PATIENCE).json()
        return [field["name"] for field in found["data"]["__schema"]["queryType"]["fields"]]

    write("before")
    options = ["--supergraph", str(file), "--public", "--url", "one=http://127.0.0.1:1/graphql"]
    hub = start(*options, command="gateway")
    assert fields(hub) == ["before"]
    file.write_text("type Query { broken: ")
    hub.send(signal.SIGHUP)
    hub.wait_for("not reloaded, what was there goes on")
    assert fields(hub) == ["before"]
    write("after")
    hub.send(signal.SIGHUP)
    hub.wait_for("WARNING", "reloaded")
    assert fields(hub) == ["after"]


# --- workers --------------------------------------------------------------------------------------------------------


async def test_a_worker_that_is_killed_is_replaced_and_takes_only_its_own_requests_along(
    start: Start, make_token: MakeToken
) -> None:
    hub = await asyncio.to_thread(start, "--workers", "2")
    token = make_token("citizen")
    answer = ask(hub, token).content
    clients = 8
    async with load(hub, token, clients) as asking:
        await asking.more()
        before = hub.workers()
        assert len(before) == 2
        os.kill(before[0], signal.SIGKILL)
        await asyncio.to_thread(hub.wait_for, f"worker {before[0]} ended by SIGKILL")
        await asyncio.to_thread(until, lambda: len(hub.workers()) == 2)
        await asking.more(1_000)
    assert asking.answers.keys() == {(200, answer)}
    assert asking.refused == 0
    assert len(asking.lost) <= clients
    assert set(hub.workers()) - set(before)


def test_workers_end_with_their_parent(start: Start) -> None:
    hub = start("--workers", "2")
    workers = hub.workers()
    assert len(workers) == 2
    hub.send(signal.SIGKILL)
    hub.ended()
    until(lambda: not any(_exists(pid) for pid in workers))


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_all_end_together_and_say_nothing(start: Start, number: signal.Signals) -> None:
    hub = start("--workers", "2")
    workers = hub.workers()
    hub.send(number)
    assert hub.ended() == 0
    assert not any(_exists(pid) for pid in workers)
    assert [line for line in hub.said if "serving" not in line] == []


# --- drain ----------------------------------------------------------------------------------------------------------


@contextmanager
def locked(demo: Demo) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """Nobody reads persons until the transaction ends."""
    with psycopg.connect(demo.cluster.owner_dsns["population"]) as connection:
        connection.execute("lock table civilian.person in access exclusive mode")
        yield connection


def waits(demo: Demo, count: int = 1) -> Callable[[], bool]:
    def found() -> bool:
        with psycopg.connect(demo.cluster.owner_dsns["population"]) as connection:
            row = connection.execute(
                "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and application_name = 'hub'"
            ).fetchone()
            return row is not None and int(str(row[0])) >= count

    return found


@pytest.mark.parametrize("workers", [1, 2])
async def test_who_leaves_says_so_first_and_loses_no_request(start: Start, make_token: MakeToken, workers: int) -> None:
    hub = await asyncio.to_thread(start, "--workers", str(workers), HUB_DRAIN_NOTICE="2")
    token = make_token("citizen")
    answer = ask(hub, token).content
    async with load(hub, token) as asking:
        await asking.more()
        hub.send(signal.SIGTERM)
        # What a proxy does: it sends no more to who says that he leaves.
        async with httpx.AsyncClient(base_url=hub.address) as probe, asyncio.timeout(WITHIN):
            while (response := await probe.get("/health/ready")).status_code != 503:
                pass
            assert response.json() == {"status": "leaving"}
        await asking.more()
        asking.ending = True
    assert hub.ended() == 0
    assert asking.answers.keys() == {(200, answer)}
    assert (asking.refused, asking.lost) == (0, [])


def test_while_it_leaves_every_connection_is_closed_after_its_answer(start: Start, make_token: MakeToken) -> None:
    hub = start(HUB_DRAIN_NOTICE="30")
    token = make_token("citizen")
    with httpx.Client(base_url=hub.address, headers=headers(token), timeout=PATIENCE) as client:
        first = client.post("/graphql", json={"query": BOOK})
        assert "connection" not in first.headers
        hub.send(signal.SIGTERM)
        until(lambda: httpx.get(f"{hub.address}/health/ready").status_code == 503)
        second = client.post("/graphql", json={"query": BOOK})
        assert (second.status_code, second.headers["connection"]) == (200, "close")
    hub.send(signal.SIGINT)  # a second time: at once
    assert hub.ended() == 0


def test_what_is_under_way_is_answered_before_the_end(start: Start, demo: Demo, make_token: MakeToken) -> None:
    hub = start()
    token = make_token("citizen")
    answer = ask(hub, token).content
    found: list[httpx.Response] = []
    asking = threading.Thread(target=lambda: found.append(ask(hub, token)))
    with locked(demo) as connection:
        asking.start()
        until(waits(demo))
        hub.send(signal.SIGTERM)
        until(lambda: not _answers(hub))
        assert not found
        connection.rollback()
    asking.join()
    assert hub.ended() == 0
    assert (found[0].status_code, found[0].content, found[0].headers["connection"]) == (200, answer, "close")


def test_what_takes_too_long_is_told_to_ask_again(start: Start, demo: Demo, make_token: MakeToken) -> None:
    hub = start(HUB_DRAIN_TIMEOUT="0.2", HUB_STATEMENT_TIMEOUT="600", HUB_REQUEST_TIMEOUT="600")
    found: list[httpx.Response] = []
    asking = threading.Thread(target=lambda: found.append(ask(hub, make_token("citizen"))))
    with locked(demo) as connection:
        asking.start()
        until(waits(demo))
        hub.send(signal.SIGTERM)
        asking.join()
        connection.rollback()
    assert hub.ended() == 0
    assert found[0].status_code == 503
    assert found[0].json()["errors"][0]["extensions"]["code"] == "UNAVAILABLE"


# --- a source that is not there -------------------------------------------------------------------------------------


@contextmanager
def forwarding(port: int, dsn: str) -> Iterator[None]:
    """Bytes that come to the port go to the database, and back."""
    target = urlsplit(dsn)
    listener = socket.create_server(("127.0.0.1", port))
    ends: list[socket.socket] = []

    def pipe(one: socket.socket, other: socket.socket) -> None:
        try:
            while data := one.recv(65_536):
                other.sendall(data)
            other.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def accept() -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            far = _connected(target.hostname, target.port, dsn)
            ends.extend((near, far))
            for pair in ((near, far), (far, near)):
                threading.Thread(target=pipe, args=pair, daemon=True).start()

    accepting = threading.Thread(target=accept, daemon=True)
    accepting.start()
    try:
        yield
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        accepting.join()
        for end in ends:
            end.close()


def _connected(host: str | None, port: int | None, dsn: str) -> socket.socket:
    with psycopg.connect(dsn) as connection:
        folder, number = connection.info.host, connection.info.port
    if folder.startswith("/"):
        far = socket.socket(socket.AF_UNIX)
        far.connect(f"{folder}/.s.PGSQL.{number}")
        return far
    return socket.create_connection((host or folder, port or number))


def test_a_source_that_is_down_at_the_start_is_asked_again(
    start: Start, dsns: SourceDsns, make_token: MakeToken
) -> None:
    real = dsns.dsn("insurance", Universe.CIVILIAN)
    port = free_port()
    with psycopg.connect(real) as connection:
        info = connection.info
        elsewhere = f"postgresql://{info.user}:{info.password}@127.0.0.1:{port}/{info.dbname}"
    hub = start("--workers", "2", HUB_DSN_INSURANCE_CIVILIAN=elsewhere)
    token = make_token("citizen")
    ready = httpx.get(f"{hub.address}/health/ready")
    assert (ready.status_code, ready.json()["sources"]) == (
        503,
        {"population": True, "household": True, "insurance": False, "employer": True},
    )
    found = ask(hub, token).json()
    assert found["data"]["me"]["insuranceBook"] is None
    assert found["data"]["me"]["fullName"]
    (error,) = found["errors"]
    assert error["path"] == ["me", "insuranceBook"]
    assert str(port) not in json.dumps(found)
    with forwarding(port, real):
        until(lambda: httpx.get(f"{hub.address}/health/ready").status_code == 200)
        until(lambda: "errors" not in ask(hub, token).json())
        assert ask(hub, token).json()["data"]["me"]["insuranceBook"]["bookCode"]
        hub.send(signal.SIGTERM)
        assert hub.ended() == 0
