"""`hub serve` with the civilian addresses alone: the instance that faces the Internet."""

from __future__ import annotations

import base64
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator

import httpx
import pytest

from hub.demo.country.sample import Sample
from hub.demo.start import Demo
from hub.demo.tokens import AUDIENCE, ISSUER
from hub.model.viewer import Universe
from hub.settings import SourceDsns
from tests.conftest import MakeToken

HUB = [sys.executable, "-c", "from hub.cli import main; main(prog_name='hub')"]
ME = "{ me { personalId fullName } }"


@pytest.fixture(scope="module")
def address(demo: Demo, dsns: SourceDsns) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = int(listener.getsockname()[1])
    clean = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}
    given = {
        f"HUB_DSN_{source.upper()}_CIVILIAN": dsn for source, universe, dsn in dsns if universe is Universe.CIVILIAN
    }
    given |= {"HUB_KEYS": str(demo.folder.keys), "HUB_ISSUER": ISSUER, "HUB_AUDIENCE": AUDIENCE}
    without = subprocess.run(
        [*HUB, "serve"], env=clean | given, capture_output=True, text=True, check=False, timeout=60
    )
    assert (without.returncode, without.stderr) == (
        1,
        "error: `HUB_PSEUDONYM_KEY` is missing: the policy table shows pseudonyms, which are made with it\n",
    )
    given["HUB_PSEUDONYM_KEY"] = base64.b64encode(bytes(range(32))).decode()
    process = subprocess.Popen(
        [*HUB, "serve", "--port", str(port)], env=clean | given, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    assert process.stderr.readline() == f"serving http://127.0.0.1:{port}/graphql\n"
    yield f"http://127.0.0.1:{port}"
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (0, "")


def ask(address: str, token: str, query: str) -> httpx.Response:
    return httpx.post(f"{address}/graphql", json={"query": query}, headers={"authorization": f"Bearer {token}"})


def test_it_is_ready(address: str) -> None:
    response = httpx.get(f"{address}/health/ready")
    assert response.status_code == 200
    assert set(response.json()["sources"]) == {"population", "household", "insurance", "employer"}


def test_a_citizen_reads_himself(address: str, make_token: MakeToken, sample: Sample) -> None:
    response = ask(address, make_token("citizen"), ME)
    assert response.json() == {"data": {"me": {"personalId": sample.citizen, "fullName": sample.citizen_name}}}


def test_a_soldier_is_not_there(address: str, make_token: MakeToken) -> None:
    assert ask(address, make_token("soldier"), ME).json() == {"data": {"me": None}}


@pytest.mark.parametrize("name", ["defence-officer", "security-officer"])
def test_a_clearance_that_cannot_be_served_is_refused(address: str, make_token: MakeToken, name: str) -> None:
    response = ask(address, make_token(name), ME)
    assert response.status_code == 401
    assert "does not serve" in response.json()["errors"][0]["message"]
