"""The country and its variants on one server: how they are made, and how they are known to differ where they should."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from hub.demo.cluster import Cluster
from hub.migrate.roles import grant_roles
from hub.model.viewer import RecordClass, Universe
from hub.settings import SOURCES
from tests.engine.oracle import TABLES
from tests.noninterference.cells import CELLS, Cells, change_cells
from tests.noninterference.people import People
from tests.noninterference.variants import VARIANTS, Variant, enrich, own_rows, settle

BASE = "country"
NAMES = (*(one.name for one in VARIANTS), *(one.name for one in CELLS))

Hashes = Mapping[tuple[str, RecordClass], str]
"""(source, class) -> the hash of all its rows in order."""


@dataclass(frozen=True, slots=True)
class Databases:
    """Name of a set -> source -> the addresses to read from, by universe."""

    dsns: Mapping[str, Mapping[str, Mapping[Universe, str]]]


def make_variants(cluster: Cluster, people: People) -> Databases:
    """Every variant, as four databases copied from the country's. None must be in use."""
    reading = cluster.dsns().by_source
    dsns: dict[str, Mapping[str, Mapping[Universe, str]]] = {BASE: reading}
    for source in SOURCES:
        with psycopg.connect(cluster.owner_dsn(source)) as connection:
            enrich(connection, source, people)
    with psycopg.connect(cluster.owner_dsn("postgres"), autocommit=True) as connection:
        for name in NAMES:
            for source in SOURCES:
                connection.execute(
                    sql.SQL("create database {} template {} strategy file_copy").format(
                        sql.Identifier(_database(source, name)), sql.Identifier(source)
                    )
                )
    with ThreadPoolExecutor(len(SOURCES)) as threads:
        for made in [
            *(threads.submit(_make, cluster, source, variant, people) for variant in VARIANTS for source in SOURCES),
            *(threads.submit(_make_cells, cluster, source, cells, people) for cells in CELLS for source in SOURCES),
        ]:
            made.result()
    for name in NAMES:
        dsns[name] = {
            source: {
                universe: dsn.replace(f"/{source}?", f"/{_database(source, name)}?")
                for universe, dsn in reading[source].items()
            }
            for source in SOURCES
        }
    return Databases(dsns)


def settle_ids(cluster: Cluster) -> None:
    """Makes the country the same on every run, to the last id."""
    for source in SOURCES:
        with psycopg.connect(cluster.owner_dsn(source)) as connection:
            settle(connection, source)


def _database(source: str, variant: str) -> str:
    return f"{source}_{variant}"


def _make(cluster: Cluster, source: str, variant: Variant, people: People) -> None:
    with psycopg.connect(cluster.owner_dsn(_database(source, variant.name))) as connection:
        connection.execute("set session_replication_role = replica")
        variant.make(connection, source, [of for of in RecordClass if of in variant.differs], people)
        if variant.renames:
            # The rights on a schema go with it.
            grant_roles(connection, source, tuple(RecordClass), {}, 5.0)


def _make_cells(cluster: Cluster, source: str, cells: Cells, people: People) -> None:
    with psycopg.connect(cluster.owner_dsn(_database(source, cells.name))) as connection:
        connection.execute("set session_replication_role = replica")
        change_cells(connection, TABLES[source], cells, people)


def check_variants(cluster: Cluster, people: People) -> None:
    """Asserts that every variant is equal to the country inside, and differs outside."""
    plain = _hashes(cluster, None)
    own = _own_hashes(cluster, None, people)
    for variant in VARIANTS:
        found = _hashes(cluster, variant.name)
        for source in SOURCES:
            for of in RecordClass:
                same = found[source, of] == plain[source, of]
                assert same is (of not in variant.differs), f"{variant.name}: {source} {of}"
        if variant.own_rows_stay:
            kept = _own_hashes(cluster, variant.name, people)
            assert not [place for place in own if kept[place] != own[place]], variant.name
    for cells in CELLS:
        found = _hashes(cluster, cells.name)
        touched = {of for classes, _ in cells.values for of in classes}
        assert {of for _, of in plain if any(found[one, of] != plain[one, of] for one in SOURCES)} == touched


def _hashes(cluster: Cluster, variant: str | None) -> Hashes:
    return _hashed(cluster, variant, lambda source, table: "true")


def _own_hashes(cluster: Cluster, variant: str | None, people: People) -> Hashes:
    return _hashed(cluster, variant, lambda source, table: own_rows(source, table, people))


def _hashed(cluster: Cluster, variant: str | None, where: Any) -> Hashes:
    found: dict[tuple[str, RecordClass], str] = {}
    for source in SOURCES:
        with psycopg.connect(cluster.owner_dsn(_database(source, variant) if variant else source)) as connection:
            for of in RecordClass:
                rows = " union all ".join(
                    f"select '{table} ' || t::text as line from {of.value}.{table} t where {where(source, table)}"
                    for table in TABLES[source]
                )
                statement = f"select coalesce(md5(string_agg(line, chr(10) order by line)), '') from ({rows}) r"
                (value,) = _only(connection.execute(statement.encode()).fetchall())
                found[source, of] = value
    return found


def _only(rows: Iterable[tuple[Any, ...]]) -> tuple[Any, ...]:
    (row,) = rows
    return row
