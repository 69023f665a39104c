"""The commands as a shell sees them: output, error output, exit codes."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import jwt
import pytest

from hub.cli.token import NAMES
from hub.demo.cluster import Cluster
from hub.demo.country.sample import Sample
from hub.demo.folder import Folder
from hub.demo.tokens import VIEWERS, ensure_keys
from hub.settings import SOURCES

HUB = [sys.executable, "-c", "from hub.cli import main; main(prog_name='hub')"]


def hub(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}
    return subprocess.run(
        [*HUB, *arguments], env=clean | environment, capture_output=True, text=True, timeout=60, check=False
    )


SAMPLE = Sample(
    people=1000, seed=1,
    citizen="001099012340", citizen_name="Công Dân",
    soldier="001099012341", soldier_name="Quân Nhân",
    police_officer="001099012342", police_officer_name="Công An",
    conscript="001099012343", conscript_name="Nghĩa Vụ",
    employer_tax_code="0100109106", employer_name="Công ty",
)  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """What `hub token` needs of a demo."""
    made = Folder(tmp_path / "demo")
    made.path.mkdir()
    ensure_keys(made)
    SAMPLE.save(made.sample)
    return made


# --- help -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command", ["", "demo", "token", "serve", "migrate", "policy", "policy explain", "policy matrix"]
)
def test_every_command_says_what_it_does(command: str) -> None:
    done = hub(*command.split(), "--help")
    assert done.returncode == 0
    assert done.stdout.startswith("Usage: hub")
    assert max(map(len, done.stdout.splitlines())) <= 110


def test_help_loads_nothing_heavy() -> None:
    script = (
        "import sys; from hub.cli import main; main(['--help'], standalone_mode=False);"
        "heavy = ('graphql', 'asyncpg', 'psycopg', 'rich', 'jinja2', 'starlette', 'jwt');"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_an_unknown_command_is_a_usage_error() -> None:
    done = hub("served")
    assert done.returncode == 2
    assert "served" in done.stderr


# --- token ----------------------------------------------------------------------------------------------------------


def test_the_viewers_of_the_command_are_those_of_the_demo() -> None:
    assert tuple(VIEWERS) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_token_is_printed_and_nothing_else(folder: Folder, name: str) -> None:
    done = hub("token", name, "--data", str(folder.path), "--hours", "2")
    assert (done.returncode, done.stderr) == (0, "")
    claims = jwt.decode(done.stdout.strip(), options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] == 7200
    assert claims.items() >= VIEWERS[name].claims.items()
    assert claims["sub"] == getattr(SAMPLE, name.replace("-", "_"), f"demo-{name}")


def test_a_token_can_be_for_any_person(folder: Folder) -> None:
    done = hub("token", "citizen", "--data", str(folder.path), "--subject", "079203001234")
    assert jwt.decode(done.stdout.strip(), options={"verify_signature": False})["sub"] == "079203001234"


@pytest.mark.parametrize(
    "arguments, code, message",
    [
        (("citizen", "--subject", "12"), 1, "`12` is not a personal number"),
        (("officer", "--subject", "079203001234"), 1, "`officer` does not read as himself"),
        (("minister",), 2, "'minister' is not one of"),
        (("citizen", "--hours", "0"), 2, "--hours"),
        ((), 2, "VIEWER"),
    ],
)
def test_a_token_that_cannot_be_made_is_explained(
    folder: Folder, arguments: tuple[str, ...], code: int, message: str
) -> None:
    done = hub("token", *arguments, "--data", str(folder.path))
    assert (done.returncode, done.stdout) == (code, "")
    assert message in done.stderr


def test_without_a_demo_there_is_no_token(tmp_path: Path) -> None:
    done = hub("token", "citizen", "--data", str(tmp_path))
    assert done.returncode == 1
    assert done.stderr.startswith("error: there is no finished demo in")
    assert "hub demo" in done.stderr


def test_the_signing_key_is_its_owners_alone(folder: Folder) -> None:
    assert folder.signing_key.stat().st_mode & 0o777 == 0o600
    assert '"d"' not in folder.keys.read_text()


# --- migrate --------------------------------------------------------------------------------------------------------


def test_migrate_tells_what_it_did(cluster: Cluster, owner_dsns: Mapping[str, str]) -> None:
    done = hub("migrate", **{f"HUB_OWNER_DSN_{source.upper()}": dsn for source, dsn in owner_dsns.items()})
    assert (done.returncode, done.stderr) == (0, "")
    for source in SOURCES:
        for record_class in ("civilian", "defence", "public_security"):
            assert any(line.split()[:2] == [source, record_class] for line in done.stdout.splitlines())
    assert "roles: hub_civilian, hub_defence, hub_public_security, hub_all" in done.stdout


def test_migrate_can_be_told_one_class_and_one_source(owner_dsns: Mapping[str, str]) -> None:
    done = hub("migrate", "--class", "civilian", "--source", "employer", HUB_OWNER_DSN_EMPLOYER=owner_dsns["employer"])
    assert done.returncode == 0
    assert "roles: hub_civilian\n" in done.stdout
    assert "population" not in done.stdout + done.stderr


def test_migrate_without_addresses_names_them() -> None:
    done = hub("migrate")
    assert done.returncode == 1
    assert [line.split("`")[1] for line in done.stderr.splitlines()] == [
        f"HUB_OWNER_DSN_{source.upper()}" for source in SOURCES
    ]


# --- serve ----------------------------------------------------------------------------------------------------------


def test_serve_names_everything_that_is_missing() -> None:
    done = hub("serve")
    assert done.returncode == 1
    for name in ("HUB_DSN_POPULATION_CIVILIAN", "HUB_KEYS", "HUB_ISSUER"):
        assert f"error: `{name}` is missing" in done.stderr


def test_serve_refuses_a_setting_it_does_not_know() -> None:
    done = hub("serve", HUB_ISUER="x")
    assert (done.returncode, done.stderr) == (1, "error: `HUB_ISUER` is not a setting: did you mean `HUB_ISSUER`?\n")


# --- demo, before anything is started -------------------------------------------------------------------------------


def test_a_port_in_use_is_told_in_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = hub("demo", "--port", str(port), "--data", str(tmp_path / "demo"))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"error: port {port} is in use: choose another with --port\n"
    assert not (tmp_path / "demo").exists()


@pytest.mark.parametrize(
    "arguments, code, message",
    [
        (("--people", "5"), 2, "--people"),
        (("--people", "many"), 2, "--people"),
        (("--port", "0"), 2, "--port"),
        (("--host", "no.such.host.invalid"), 1, "is not an address of this machine"),
        (("--host", "192.0.2.1"), 1, "is not an address of this machine"),
    ],
)
def test_a_wrong_option_is_explained(tmp_path: Path, arguments: tuple[str, ...], code: int, message: str) -> None:
    done = hub("demo", "--data", str(tmp_path / "demo"), *arguments)
    assert done.returncode == code
    assert message in done.stderr
    assert not (tmp_path / "demo").exists()
