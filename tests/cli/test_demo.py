"""`hub demo` from nothing to an answer, and whatever may end it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

HUB = [sys.executable, "-c", "from hub.cli import main; main(prog_name='hub')"]
QUERY = "{ me { fullName socialInsurance { status employer { name } } household { members { relationship } } } }"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def start(path: Path, port: int, *more: str) -> subprocess.Popen[str]:
    """A demo, as soon as it has introduced itself or ended."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}
    process = subprocess.Popen(
        [*HUB, "demo", "--data", str(path), "--port", str(port), *more],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=clean, start_new_session=True,
    )  # fmt: skip
    assert process.stdout is not None
    for line in process.stdout:
        if "Ctrl-C" in line:
            break
    return process


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    _, errors = process.communicate(timeout=30)
    return process.returncode, errors


def token(path: Path, viewer: str) -> str:
    done = subprocess.run(
        [*HUB, "token", viewer, "--data", str(path)], capture_output=True, text=True, check=True, timeout=30
    )
    return done.stdout.strip()


def ask(port: int, path: Path, viewer: str, query: str) -> httpx.Response:
    headers = {"authorization": f"Bearer {token(path, viewer)}"}
    return httpx.post(f"http://127.0.0.1:{port}/graphql", json={"query": query}, headers=headers)


def servers(path: Path) -> list[psutil.Process]:
    """The PostgreSQL processes that work on this directory."""
    found = []
    for process in psutil.process_iter():
        try:
            if str(path / "postgres") in process.cmdline() and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            pass
    return found


@pytest.fixture(scope="module")
def path() -> Iterator[Path]:
    """One directory for the tests of this file, which tell a story: each finds what the one before it left."""
    with tempfile.TemporaryDirectory(prefix="hub-test-") as folder:
        yield Path(folder) / "demo"


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


def test_a_first_start_answers_and_ctrl_c_ends_all_of_it(path: Path, port: int) -> None:
    process = start(path, port, "--people", "1000")
    assert servers(path)
    response = ask(port, path, "citizen", QUERY)
    assert response.status_code == 200
    me = response.json()["data"]["me"]
    assert me["fullName"]
    assert me["socialInsurance"]["employer"]["name"]
    assert {"relationship": "HEAD"} in me["household"]["members"]
    assert httpx.get(f"http://127.0.0.1:{port}/health/ready").status_code == 200
    os.killpg(process.pid, signal.SIGINT)
    assert ended(process) == (0, "")
    assert servers(path) == []


def test_a_second_start_finds_the_data_and_is_quick_and_sigterm_ends_it(path: Path, port: int) -> None:
    begun = time.monotonic()
    process = start(path, port)
    assert time.monotonic() - begun < 10
    assert ask(port, path, "soldier", "{ me { fullName } }").json()["data"]["me"]["fullName"]
    process.terminate()
    assert ended(process) == (0, "")
    assert servers(path) == []


def test_a_second_demo_on_the_same_data_is_told_who_is_there(path: Path, port: int) -> None:
    process = start(path, port)
    code, errors = ended(start(path, free_port()))
    assert code == 1
    assert errors.startswith(f"error: a demo is already running on `{path}` (process {process.pid})")
    code, errors = ended(start(path.with_name("other"), port))
    assert (code, errors) == (1, f"error: port {port} is in use: choose another with --port\n")
    process.kill()
    assert ended(process)[0] == -signal.SIGKILL
    assert servers(path)


def test_after_a_crash_the_next_start_finds_its_way(path: Path, port: int) -> None:
    before = servers(path)
    process = start(path, port)
    assert ask(port, path, "citizen", "{ me { fullName } }").status_code == 200
    assert not {one.pid for one in before} & {one.pid for one in servers(path)}
    process.terminate()
    assert ended(process) == (0, "")


@pytest.mark.parametrize(
    "options", [("--people", "2000"), ("--seed", "1"), ("--people", "1000", "--seed", "1")], ids=" ".join
)
def test_another_country_needs_a_reset(path: Path, port: int, options: tuple[str, ...]) -> None:
    code, errors = ended(start(path, port, *options))
    assert code == 1
    assert "holds a country of 1,000 people (seed 164)" in errors
    assert "--reset" in errors
    assert servers(path) == []


def test_data_of_another_code_need_a_reset(path: Path, port: int) -> None:
    marker = path / "demo.json"
    text = marker.read_text()
    marker.write_text(text.replace('"version": "', '"version": "x'))
    code, errors = ended(start(path, port))
    assert code == 1
    assert "was made by another version of the hub: start with --reset" in errors
    marker.write_text(text)


def test_a_load_that_was_cut_short_is_done_again(path: Path, port: int) -> None:
    (path / "demo.json").unlink()
    process = start(path, port, "--people", "1000", "--seed", "2")
    assert ask(port, path, "citizen", "{ me { fullName } }").json()["data"]["me"]["fullName"]
    process.terminate()
    assert ended(process) == (0, "")


def test_a_reset_makes_another_country(path: Path, port: int) -> None:
    key = (path / "signing-key.pem").read_text()
    process = start(path, port, "--people", "1200", "--seed", "3", "--reset")
    assert ask(port, path, "conscript", "{ me { fullName } }").json()["data"]["me"]["fullName"]
    assert (path / "signing-key.pem").read_text() != key
    process.terminate()
    assert ended(process) == (0, "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_in_the_middle_of_the_start_leaves_nothing_behind(path: Path, port: int, number: int) -> None:
    fresh = path.with_name(f"cut-{number}")
    process = subprocess.Popen(
        [*HUB, "demo", "--data", str(fresh), "--port", str(port), "--people", "30000"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    assert process.stdout is not None
    for line in process.stdout:
        if "making a country" in line:
            break
    os.killpg(process.pid, number)
    assert ended(process)[0] == 128 + number
    assert servers(fresh) == []
    assert not (fresh / "demo.json").exists()
