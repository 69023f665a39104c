"""A country of its own for these tests: the generated one, the rows of `tests.engine.oddities`, and those of `rows`."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.demo.cluster import running_cluster
from hub.demo.folder import hold
from hub.engine import open_engine
from tests.engine.conftest import make_country
from tests.engine.country import Country, load_graph
from tests.lists.rows import add_rows
from tests.lists.world import World, make_world


@pytest.fixture(scope="session")
def country() -> Iterator[Country]:
    """A server with the country, twice: the second is there to be changed."""
    with (
        tempfile.TemporaryDirectory(prefix="hub-test-") as path,
        hold(Path(path) / "demo") as folder,
        running_cluster(folder) as cluster,
    ):
        yield make_country(cluster, add_rows)


@pytest.fixture(scope="session")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as running:
        yield running


@pytest.fixture(scope="session")
def world(country: Country, runner: asyncio.Runner) -> Iterator[World]:
    """The engine over the country, and what the oracle reads of it."""
    engine = open_engine(load_graph(), country.settings)
    yield make_world(engine, country, runner)
    runner.run(engine.stop())
