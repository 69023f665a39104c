"""A country of its own for these tests: the generated one and the rows it is too regular to hold."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from hub.demo.cluster import Cluster, running_cluster
from hub.demo.folder import hold
from hub.demo.load import load
from hub.engine import Built, build
from hub.migrate import migrate
from hub.settings import Settings
from schema import graph as load_graph
from tests.engine.country import Country
from tests.engine.oddities import add_oddities
from tests.engine.oracle import Tables, read_tables

PEOPLE = 1_000
SEED = 164


@pytest.fixture(scope="session")
def built() -> Built:
    """The graph of the registers, composed once."""
    return build(load_graph())


@pytest.fixture(scope="session")
def country() -> Iterator[Country]:
    """A server with the country, and where to read it."""
    with (
        tempfile.TemporaryDirectory(prefix="hub-test-") as path,
        hold(Path(path) / "demo") as folder,
        running_cluster(folder) as cluster,
    ):
        yield make_country(cluster)


def make_country(cluster: Cluster) -> Country:
    """Migrates and fills the databases of a cluster."""
    migrate(cluster.owner_dsns)
    sample = asyncio.run(load(cluster.owner_dsns, PEOPLE, SEED, lambda _: None))
    add_oddities(cluster.owner_dsns)
    return Country(cluster.owner_dsns, replace(Settings(), dsns=cluster.dsns(), pool_size=2), sample)


@pytest.fixture(scope="session")
def tables(country: Country) -> Tables:
    """Every row of the country, as the oracle reads it."""
    return read_tables(country.owner_dsns)
