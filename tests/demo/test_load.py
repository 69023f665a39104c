"""Loading: into real databases, whole or not at all."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import psycopg
import pytest

from hub.demo.cluster import running_cluster
from hub.demo.country import generate
from hub.demo.country.rows import TABLES, columns
from hub.demo.country.sample import Sample
from hub.demo.folder import hold
from hub.demo.load import GENERATION, Loaded, copy_text, load, loaded
from hub.errors import SettingsWrong
from hub.migrate import migrate
from hub.model.viewer import RecordClass


@pytest.fixture(scope="module")
def databases() -> Iterator[Mapping[str, str]]:
    """Databases of their own: what other tests have loaded stays as it is."""
    with (
        tempfile.TemporaryDirectory(prefix="hub-load-") as path,
        hold(Path(path) / "demo") as folder,
        running_cluster(folder) as cluster,
    ):
        migrate(cluster.owner_dsns)
        yield cluster.owner_dsns


def content(dsns: Mapping[str, str]) -> str:
    """A digest of everything the databases hold, in physical order."""
    found = hashlib.sha256()
    for source, table, _ in TABLES:
        with psycopg.connect(dsns[source]) as connection:
            for of in RecordClass:
                names = ", ".join(columns(table))
                with connection.cursor().copy(f"copy {of.value}.{table} ({names}) to stdout".encode()) as copy:
                    for data in copy:
                        found.update(data)
    return found.hexdigest()


def definitions(dsns: Mapping[str, str]) -> list[tuple[object, ...]]:
    found: list[tuple[object, ...]] = []
    for dsn in dsns.values():
        with psycopg.connect(dsn) as connection:
            found += connection.execute(
                "select schemaname, indexname, indexdef from pg_indexes "
                "where schemaname in ('civilian', 'defence', 'public_security') order by 1, 2"
            ).fetchall()
            found += connection.execute(
                "select conrelid::regclass::text, conname, pg_get_constraintdef(oid) from pg_constraint "
                "where connamespace in ('civilian'::regnamespace, 'defence'::regnamespace, "
                "'public_security'::regnamespace) order by 1, 2"
            ).fetchall()
    return found


async def test_a_country_satisfies_every_constraint_and_can_be_loaded_again(
    databases: Mapping[str, str], tmp_path: Path
) -> None:
    before = definitions(databases)
    assert await loaded(databases) is None
    told: list[int] = []
    sample = await load(databases, 1_000, 7, told.append, tmp_path / "sample.json", workers=0)
    assert sum(told) == 1_000
    assert Sample.read(tmp_path / "sample.json") == sample
    assert await loaded(databases) == Loaded(1_000, 7, GENERATION)
    assert definitions(databases) == before
    first = content(databases)
    again = await load(databases, 1_000, 7, told.append, workers=1)
    assert again == sample
    assert content(databases) == first


async def test_a_load_that_fails_changes_nothing(databases: Mapping[str, str]) -> None:
    await load(databases, 1_000, 7, lambda _: None, workers=0)
    before = content(databases)

    def fail(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await load(databases, 1_000, 8, fail, workers=0)
    assert content(databases) == before
    assert await loaded(databases) == Loaded(1_000, 7, GENERATION)


async def test_different_countries_in_four_databases_are_no_country(databases: Mapping[str, str]) -> None:
    await load(databases, 1_000, 7, lambda _: None, workers=0)
    with psycopg.connect(databases["insurance"]) as connection:
        connection.execute("update demo.country set seed = 8")
    assert await loaded(databases) is None


async def test_a_database_that_was_not_migrated_is_named(databases: Mapping[str, str]) -> None:
    with psycopg.connect(databases["insurance"], autocommit=True) as connection:
        connection.execute("create database empty")
    elsewhere = databases["insurance"].replace("insurance", "empty")
    with pytest.raises(SettingsWrong, match="`insurance` lacks its tables"):
        await load({**databases, "insurance": elsewhere}, 1_000, 7, lambda _: None, workers=0)


def test_copy_text_refuses_what_would_have_to_be_escaped() -> None:
    assert copy_text([("a", None, 1)]) == b"a\t\\N\t1\n"
    for bad in ("a\tb", "a\nb", "a\\b"):
        with pytest.raises(ValueError, match="a value holds"):
            copy_text([(bad, 1)])


def test_no_value_of_the_country_needs_escaping() -> None:
    for _, rows in generate(2_000, 3):
        for _, _, _, lines in rows.tables():
            assert copy_text(lines)
