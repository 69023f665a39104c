"""`hub policy leaks`, run as people run it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from hub.cli.leaks import _open
from hub.demo.start import Demo, Silent, running_demo
from hub.model.viewer import Audience, Universe
from hub.settings import SOURCES
from hub.sources.postgres.telltale import Finding, Kind, Signal
from hub.sources.postgres.telltale.shown import Shown

ROOT = Path(__file__).resolve().parents[2]
HUB = Path(sys.executable).with_name("hub")


def leaks(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}
    return subprocess.run(
        [HUB, "policy", "leaks", *arguments],
        cwd=ROOT, env=clean | environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def planted() -> Iterator[Demo]:
    """A country of its own, in which everybody of a household with hidden rows has no occupation."""
    with (
        tempfile.TemporaryDirectory(prefix="hub-test-") as path,
        running_demo(Path(path) / "demo", Silent(), people=4_000, seed=7) as running,
    ):
        with psycopg.connect(running.cluster.owner_dsn("household")) as connection:
            found = connection.execute(
                "select m.personal_id from civilian.member m where household_id in"
                " (select household_id from defence.member union select household_id from public_security.member)"
            ).fetchall()
        with psycopg.connect(running.cluster.owner_dsn("population")) as connection:
            connection.execute(
                "update civilian.person set occupation = null where personal_id = any(%s)",
                ([number for (number,) in found],),
            )
        yield running


def test_a_telltale_stands_with_its_field_label_and_readers(planted: Demo) -> None:
    done = leaks("--data", str(planted.folder.path))
    assert (done.returncode, done.stderr) == (0, "")
    plain = done.stdout.split("class against class")[0]
    for said in ("population.person.occupation", "POST Person.occupation (nghề nghiệp)", "NULLS", "officer, partner"):
        assert said in plain
    assert "telltales in plain rows" in done.stdout.splitlines()[-1] + done.stdout.splitlines()[-2]


def test_json_says_the_same_for_machines(planted: Demo) -> None:
    done = leaks("--json", "--data", str(planted.folder.path))
    assert done.returncode == 0
    report = json.loads(done.stdout)
    (found,) = [one for one in report["findings"] if one["column"] == "occupation" and one["signal"] == "PLAIN"]
    assert found["open"]
    assert found["fields"] == [
        {
            "field": "Person.occupation",
            "term": "nghề nghiệp",
            "label": "POST",
            "labels": ["POST"],
            "audiences": ["officer", "partner", "defence-officer", "security-officer"],
        }
    ]


def test_strict_fails_on_a_telltale_that_is_shown_to_somebody_without_clearance(planted: Demo) -> None:
    done = leaks("--strict", "--data", str(planted.folder.path))
    assert done.returncode == 1
    assert "telltales are shown to audiences without clearance" in done.stderr


@pytest.mark.parametrize(
    ("signal", "audience", "expected"),
    [
        (Signal.PLAIN, Audience.ANALYST, True),
        (Signal.PLAIN, Audience.DEFENCE_OFFICER, False),
        (Signal.CLASSES, Audience.ANALYST, False),
    ],
)
def test_what_only_the_cleared_are_shown_is_not_open(signal: Signal, audience: Audience, expected: bool) -> None:
    field = Shown("Person.occupation", ("PROVINCE", "POST"), "nghề nghiệp")
    found = Finding(signal, Kind.NULLS, "population", "person", "occupation", ("a", "b"), "", 1.0, 0.0, (field,))
    assert _open(found, lambda _: frozenset({audience})) is expected
    assert not _open(found, lambda label: frozenset({audience}) if label == "POST" else frozenset())


def test_an_instance_without_all_classes_has_nothing_to_compare(demo: Demo) -> None:
    environment = {
        f"HUB_DSN_{source.upper()}_CIVILIAN": demo.cluster.dsns().dsn(source, Universe.CIVILIAN) for source in SOURCES
    }
    done = leaks(**environment)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: this instance has no address that reads all classes")
    assert "`HUB_DSN_POPULATION_ALL`" in done.stderr
    assert "Traceback" not in done.stderr


def test_help_warns_who_may_read_the_output() -> None:
    assert "THE OUTPUT NAMES CLASSES" in leaks("--help").stdout
