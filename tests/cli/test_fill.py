"""`hub fill`: empty databases are filled, and others are left alone."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from hub.demo.cluster import Cluster
from hub.demo.country.sample import Sample
from hub.demo.folder import Folder
from hub.migrate import migrate
from hub.settings import SOURCES

HUB = [sys.executable, "-c", "from hub.cli import main; main(prog_name='hub')"]
NAME = "{}_filled"


@pytest.fixture(scope="module")
def dsns(cluster: Cluster) -> Iterator[Mapping[str, str]]:
    """Four databases of their own, migrated."""
    with psycopg.connect(cluster.owner_dsn("postgres"), autocommit=True) as connection:
        for source in SOURCES:
            connection.execute(sql.SQL("create database {}").format(sql.Identifier(NAME.format(source))))
        found = {source: cluster.owner_dsn(NAME.format(source)) for source in SOURCES}
        yield found
        for source in SOURCES:
            connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(NAME.format(source))))


def fill(dsns: Mapping[str, str], data: Path, *more: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}
    given = {f"HUB_OWNER_DSN_{source.upper()}": dsn for source, dsn in dsns.items()}
    command = [*HUB, "fill", "--people", "1000", "--data", str(data), *more]
    return subprocess.run(command, env=clean | given, capture_output=True, text=True, check=False)


def people(dsns: Mapping[str, str]) -> int:
    with psycopg.connect(dsns["population"]) as connection:
        row = connection.execute("select count(*) from civilian.person").fetchone()
        assert row is not None
        return int(row[0])


def test_what_is_not_migrated_what_is_empty_what_is_full_and_what_is_somebody_elses(
    dsns: Mapping[str, str], tmp_path: Path
) -> None:
    told = fill(dsns, tmp_path)
    assert told.returncode == 1
    assert "migrate it first" in told.stderr

    migrate(dsns)
    made = fill(dsns, tmp_path)
    assert (made.returncode, made.stdout) == (0, "a country of 1,000 people (seed 164) was made\n"), made.stderr
    count = people(dsns)
    assert count > 500
    assert Sample.read(Folder(tmp_path).sample).people == 1_000

    again = fill(dsns, tmp_path)
    assert (again.returncode, again.stdout) == (0, "the country of 1,000 people (seed 164) is there\n")

    another = fill(dsns, tmp_path, "--seed", "7")
    assert another.returncode == 1
    assert another.stderr.startswith("error: the databases hold a country of 1,000 people (seed 164), not 1,000")

    with psycopg.connect(dsns["employer"], autocommit=True) as connection:
        connection.execute("drop table demo.country")
    strange = fill(dsns, tmp_path)
    assert strange.returncode == 1
    assert "holds rows already" in strange.stderr
    assert "nothing was done" in strange.stderr
    assert people(dsns) == count
