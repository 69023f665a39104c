"""The country and its variants, for all tests of this folder; and the table of planted leaks at the end of a run."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from hub.demo.cluster import running_cluster
from hub.demo.folder import hold
from hub.demo.tokens import AUDIENCE, ISSUER, ensure_keys
from hub.engine import Built, build
from hub.server.identity import Identity
from hub.server.keys import read_key_set
from tests.engine.conftest import make_country
from tests.engine.country import load_graph
from tests.engine.oracle import Tables, read_tables
from tests.noninterference import report
from tests.noninterference.adapter import Pools, new_identity, pools, shared
from tests.noninterference.databases import check_variants, make_variants, settle_ids
from tests.noninterference.lists import values_of
from tests.noninterference.people import find_people
from tests.noninterference.readers import Readers
from tests.noninterference.sides import Sides

ROOM = 4 << 30
"""Bytes: several times what the databases take."""


@dataclass(frozen=True, slots=True)
class World:
    """Everything an example needs. `fresh` hubs have cached nothing yet."""

    runner: asyncio.Runner
    readers: Readers
    built: Built
    over: dict[str, Pools]
    identity: Identity
    tables: Tables

    def fresh(self, built: Built | None = None) -> Sides:
        return Sides(built or self.built, self.over, self.identity)


@pytest.fixture(scope="session")
def world() -> Iterator[World]:
    with (
        tempfile.TemporaryDirectory(prefix="hub-test-", dir=_in_memory()) as path,
        hold(Path(path) / "demo") as folder,
        running_cluster(folder) as cluster,
    ):
        country = make_country(cluster)
        settle_ids(cluster)
        people = find_people(read_tables(country.owner_dsns), country.sample)
        databases = make_variants(cluster, people)
        check_variants(cluster, people)
        ensure_keys(folder)
        built = shared(build(load_graph()))
        identity = new_identity(built, read_key_set(folder.keys), ISSUER, AUDIENCE)
        with asyncio.Runner() as runner:
            over = {name: pools(dsns) for name, dsns in databases.dsns.items()}
            tables = read_tables(country.owner_dsns)
            readers = Readers(built, people, folder, values_of(built.declared, tables, people))
            yield World(runner, readers, built, over, identity, tables)
            runner.run(_close(over))


def _in_memory() -> str | None:
    """Where dozens of databases come and go quickly: a file system in memory, if there is one with room."""
    place = Path("/dev/shm")
    return str(place) if place.is_dir() and shutil.disk_usage(place).free > ROOM else None


async def _close(over: dict[str, Pools]) -> None:
    for one in over.values():
        for source in one.values():
            for pool in source.values():
                pool.drop()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for line in report.lines():
        terminalreporter.write_line(line)
