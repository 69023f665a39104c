"""The commands with remote subgraphs beside the registers, run as people run them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hub.compose import read_supergraph
from hub.settings import SourceDsns

ROOT = Path(__file__).resolve().parents[2]
HUB = [sys.executable, "-c", "from hub.cli import main; main(prog_name='hub')"]
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}
WALK = "schema/examples/household-walk.graphql"
URL = "http://127.0.0.1:4999/graphql"


def hub(*arguments: str, **given: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*HUB, *arguments], cwd=ROOT, env=CLEAN | given, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.fixture
def remotes(tmp_path: Path) -> str:
    (tmp_path / "household.toml").write_text(f'url = "{URL}"\nenforced = true\n')
    return str(tmp_path)


def test_a_plan_and_its_questions_are_printed_wherever_a_source_is(remotes: str) -> None:
    assert hub("plan", WALK, HUB_REMOTES=remotes).stdout == hub("plan", WALK).stdout != ""
    asked = hub("sql", WALK, HUB_REMOTES=remotes).stdout
    (line,) = [line for line in asked.splitlines() if line.startswith("query(")]
    assert line == (
        "query($r0: [_Any!]!) { _0: _entities(representations: $r0) { ... on Person { household {"
        " householdCode members { relationship person { _key_personalId: personalId } } } } } };"
    )
    assert "civilian.person r" in asked


def test_a_supergraph_says_where_its_remote_subgraphs_are(remotes: str) -> None:
    found = read_supergraph(hub("compose", HUB_REMOTES=remotes).stdout)
    assert found.graphs == {"household": URL, "population": "", "insurance": "", "employer": ""}


def test_the_policy_is_the_same_wherever_a_source_is(remotes: str) -> None:
    for arguments in (("policy", "matrix"), ("policy", WALK)):
        done = hub(*arguments, HUB_REMOTES=remotes)
        assert (done.returncode, done.stdout) == (0, hub(*arguments).stdout)


def test_only_what_is_read_here_is_compared_with_databases(remotes: str, dsns: SourceDsns) -> None:
    given = {
        f"HUB_DSN_{source.upper()}_{universe.name}": dsn for source, universe, dsn in dsns if source != "household"
    }
    done = hub("check", HUB_REMOTES=remotes, **given)
    assert done.returncode == 0, done.stderr
    assert "of 3 sources stand on their databases" in done.stdout
    assert "`HUB_DSN_HOUSEHOLD_CIVILIAN` is missing" in hub("check", **given).stderr


def test_nothing_is_served_that_could_not_say_for_whom_it_asks(remotes: str, dsns: SourceDsns, tmp_path: Path) -> None:
    keys = tmp_path / "keys.json"
    keys.write_text(
        '{"keys": [{"kty": "oct", "kid": "a", "alg": "HS256", "k": "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"}]}'
    )
    given = {
        f"HUB_DSN_{source.upper()}_{universe.name}": dsn for source, universe, dsn in dsns if source != "household"
    }
    more = {"HUB_KEYS": str(keys), "HUB_ISSUER": "issuer", "HUB_PSEUDONYM_KEY": "A" * 44}
    done = hub("serve", "--port", "1", HUB_REMOTES=remotes, **given, **more)
    assert done.returncode != 0
    assert "`HUB_ASSERTION_KEY` is missing" in done.stderr
    assert "`HUB_ASSERTION_ISSUER` is missing" in done.stderr


def test_a_mistake_in_a_file_is_told_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "vaccines.toml").write_text('url = "http://vaccines.example.vn/graphql"\nclas = "civilian"\n')
    done = hub("plan", WALK, HUB_REMOTES=str(tmp_path))
    assert done.returncode != 0
    for code in ("UNKNOWN_KEY", "PLAIN_HTTP", "CLASSES", "MISSING_KEY"):
        assert f"REMOTE_{code} at vaccines.toml" in done.stderr
    nowhere = hub("plan", WALK, HUB_REMOTES=str(tmp_path / "nowhere"))
    assert "`HUB_REMOTES` must be the path of a folder that exists" in nowhere.stderr
