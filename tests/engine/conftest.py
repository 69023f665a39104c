"""A country of its own for these tests: the generated one and the rows it is too regular to hold."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from hub.demo.cluster import Cluster, running_cluster
from hub.demo.folder import hold
from hub.demo.load import load
from hub.engine import Built, build
from hub.migrate import migrate
from hub.settings import SOURCES, Settings
from tests.engine.country import COPY, SECRET, Country, load_graph, read_knowledge
from tests.engine.oddities import add_oddities
from tests.engine.oracle import Knowledge, Tables, read_tables

PEOPLE = 1_000
SEED = 164


@pytest.fixture(scope="session")
def built() -> Built:
    """The graph of the registers, composed once, with the agreements of these tests."""
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


def make_country(cluster: Cluster, *more: Callable[[Mapping[str, str]], None]) -> Country:
    """Migrates and fills the databases of a cluster; `more` add rows of their own."""
    migrate(cluster.owner_dsns)
    sample = asyncio.run(load(cluster.owner_dsns, PEOPLE, SEED, lambda _: None))
    for add in (add_oddities, *more):
        add(cluster.owner_dsns)
    copy_databases(cluster)
    settings = replace(
        Settings(),
        dsns=cluster.dsns(),
        pool_size=2,
        pseudonym_key=SECRET,
        # What is asked here is as wide as it gets: everything of everybody.
        max_cost=(),
        max_characters=1_000_000,
        max_tokens=100_000,
        max_aliases=100_000,
        max_directives=100_000,
        max_spreads=100_000,
        max_fragments=1_000,
        max_variables=1_000,
        max_roots=1_000,
        max_fields=100_000,
    )
    return Country(cluster.owner_dsns, settings, sample)


def copy_databases(cluster: Cluster) -> None:
    """A second set of the same databases, for tests that change what is in them; nobody may be connected yet."""
    with psycopg.connect(cluster.owner_dsn("postgres"), autocommit=True) as connection:
        for source in SOURCES:
            connection.execute(
                sql.SQL("create database {} template {}").format(
                    sql.Identifier(f"{source}{COPY}"), sql.Identifier(source)
                )
            )


@pytest.fixture(scope="session")
def tables(country: Country) -> Tables:
    """Every row of the country, as the oracle reads it."""
    return read_tables(country.owner_dsns)


@pytest.fixture(scope="session")
def knowledge(built: Built, tables: Tables) -> Knowledge:
    """What every oracle of this country knows."""
    return read_knowledge(built.declared, built.supergraph.api, tables)
