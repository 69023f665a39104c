"""`hub.migrate` on real databases, each test with four of its own."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from hub.demo.cluster import Cluster
from hub.errors import SettingsWrong
from hub.migrate import FOLDER, MIGRATIONS_LOCK, migrate, role_name
from hub.model.viewer import RecordClass, Universe
from hub.settings import SOURCES

_numbers = count(1)


@contextmanager
def fresh(cluster: Cluster, *sources: str) -> Iterator[Mapping[str, str]]:
    prefix = f"t{next(_numbers)}_"
    with psycopg.connect(cluster.owner_dsn("postgres"), autocommit=True) as connection:
        for source in sources:
            connection.execute(sql.SQL("create database {}").format(sql.Identifier(prefix + source)))
        yield {source: cluster.owner_dsn(prefix + source) for source in sources}
        for source in sources:
            connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(prefix + source)))


@pytest.fixture
def databases(cluster: Cluster) -> Iterator[Mapping[str, str]]:
    """Source -> the owner's address of an empty database, gone after the test."""
    with fresh(cluster, *SOURCES) as dsns:
        yield dsns


@pytest.fixture
def population(cluster: Cluster) -> Iterator[Mapping[str, str]]:
    """One source is enough for most questions."""
    with fresh(cluster, "population") as dsns:
        yield dsns


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the migrations that a test may change."""
    return Path(shutil.copytree(FOLDER, tmp_path / "migrations"))


def names(folder: Path, source: str) -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in (folder / source).glob("*.sql")))


def tables(dsn: str, schema: str) -> set[str]:
    with psycopg.connect(dsn) as connection:
        rows = connection.execute("select tablename from pg_tables where schemaname = %s", (schema,)).fetchall()
        return {name for (name,) in rows}


def reader(owner_dsn: str, universe: Universe) -> str:
    return owner_dsn.replace("//postgres@", f"//{role_name(universe)}@")


def test_every_source_gets_every_class_and_a_second_run_changes_nothing(databases: Mapping[str, str]) -> None:
    done = migrate(databases)
    assert {(item.source, item.record_class) for item in done} == {(s, c) for s in SOURCES for c in RecordClass}
    assert all(item.applied == names(FOLDER, item.source) and not item.before for item in done)
    again = migrate(databases)
    assert all(item.before == names(FOLDER, item.source) and not item.applied for item in again)


def test_a_class_schema_holds_records_and_nothing_else(population: Mapping[str, str]) -> None:
    migrate(population)
    for record_class in RecordClass:
        found = tables(population["population"], record_class)
        assert found == {"person", "person_identifier", "contact", "relative", "ward"}


def test_a_civilian_instance_has_no_trace_of_the_other_classes(population: Mapping[str, str]) -> None:
    migrate(population, classes=[RecordClass.CIVILIAN])
    with psycopg.connect(population["population"]) as connection:
        schemas = {name for (name,) in connection.execute("select nspname from pg_namespace where nspname !~ '^pg_'")}
    assert schemas == {"civilian", "migrations_civilian", "public", "information_schema"}


def test_two_runs_at_once_apply_everything_once(databases: Mapping[str, str]) -> None:
    done: list[tuple[str, ...]] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            done.extend(item.applied for item in migrate(databases))
        except BaseException as error:  # noqa: BLE001 - it is looked at below
            errors.append(error)

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert sorted(done, reverse=True) == sorted([*([()] * 24), *(names(FOLDER, s) for s in SOURCES * 3)], reverse=True)


def test_a_database_with_people_in_it_gets_what_came_later(population: Mapping[str, str], folder: Path) -> None:
    """As a database that was migrated before children in care were registered."""
    later = folder / "population" / "0003-ward.sql"
    text = later.read_text()
    later.unlink()
    migrate(population, folder=folder)
    with psycopg.connect(population["population"], autocommit=True) as connection:
        for record_class in RecordClass:
            connection.execute(
                sql.SQL(
                    "insert into {} (person_id, relation, full_name) values (gen_random_uuid(), 'MOTHER', 'Lê Thị An')"
                ).format(sql.Identifier(record_class, "relative"))
            )
    later.write_text(text)
    assert [item.applied for item in migrate(population, folder=folder)] == [("0003-ward",)] * 3
    with psycopg.connect(reader(population["population"], Universe.ALL), autocommit=True) as connection:
        for record_class in RecordClass:
            for table, rows in (("relative", 1), ("ward", 0)):
                name = sql.Identifier(record_class, table)
                assert connection.execute(sql.SQL("select count(*) from {}").format(name)).fetchone() == (rows,)


def test_people_who_were_there_before_get_the_keys_of_their_names(population: Mapping[str, str], folder: Path) -> None:
    later = {path: path.read_text() for path in sorted((folder / "population").glob("000[45]-*.sql"))}
    for path in later:
        path.unlink()
    migrate(population, folder=folder)
    with psycopg.connect(population["population"], autocommit=True) as connection:
        connection.execute(
            "insert into defence.person (surname, middle_name, given_name, full_name, birth_date, sex, nationality,"
            " residence_province_code, residence_commune_code, residence_coded_on)"
            " values ('Nguyễn', 'Thị', 'Hòa', 'Nguyễn Thị Hòa', '1990', 'FEMALE', 'VN', '01', '00070', '2025-07-01')"
        )
    for path, text in later.items():
        path.write_text(text)
    migrate(population, folder=folder)
    with psycopg.connect(reader(population["population"], Universe.DEFENCE), autocommit=True) as connection:
        rows = connection.execute("select name_order, name_search, given_search from defence.person").fetchall()
    assert rows == [
        (
            "hoa\x1f2\x1fnguye|n\x1f4\x1fthi\x1f6",
            "nguyen thi hoa\x1f....|. ... ...\x1f462",
            "hoa nguyen thi\x1f... ....|. ...\x1f246",
        )
    ]


def test_a_run_that_dies_leaves_no_lock_and_no_half_a_migration(population: Mapping[str, str], folder: Path) -> None:
    (folder / "population" / "0099-broken.sql").write_text("create table half (a int);\ncreate table half (a int);\n")
    with pytest.raises(SettingsWrong, match=r"0099-broken.sql cannot be applied to `population` \(civilian\): .*half"):
        migrate(population, folder=folder)
    assert "half" not in tables(population["population"], "civilian")
    (folder / "population" / "0099-broken.sql").write_text("create table half (a int);\n")
    assert all("0099-broken" in item.applied for item in migrate(population, folder=folder))


def test_a_lock_row_that_yoyo_left_behind_does_not_stop_the_next_run(population: Mapping[str, str]) -> None:
    migrate(population)
    with psycopg.connect(population["population"], autocommit=True) as connection:
        connection.execute("insert into migrations_civilian.yoyo_lock (locked, ctime, pid) values (1, now(), 1)")
    assert all(not item.applied for item in migrate(population))


def test_a_run_waits_for_the_one_before_it(population: Mapping[str, str]) -> None:
    done = threading.Event()

    def run() -> None:
        migrate(population)
        done.set()

    with psycopg.connect(population["population"], autocommit=True) as connection:
        connection.execute("select pg_advisory_lock(%s)", (MIGRATIONS_LOCK,))
        thread = threading.Thread(target=run)
        thread.start()
        while not connection.execute("select 1 from pg_locks where locktype = 'advisory' and not granted").fetchone():
            assert thread.is_alive()
        assert not done.is_set()
    thread.join()
    assert done.is_set()


def test_a_database_that_is_newer_than_the_code_is_named_and_left_alone(
    databases: Mapping[str, str], folder: Path
) -> None:
    (folder / "household" / "0009-later.sql").write_text("create table later (a int);\n")
    migrate({"household": databases["household"]}, folder=folder)
    with pytest.raises(SettingsWrong, match=r"newer than the code: `household` \(civilian\) has the migration `0009-"):
        migrate(databases)
    assert tables(databases["employer"], "civilian") == set()


def test_a_file_that_changed_after_it_was_applied_is_refused(population: Mapping[str, str], folder: Path) -> None:
    migrate(population, folder=folder)
    file = folder / "population" / "0002-person.sql"
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    migrate(population, folder=folder)  # line endings are no change
    file.write_text(file.read_text() + "\n-- changed\n")
    with pytest.raises(SettingsWrong, match=r"population/0002-person.sql has changed since it was applied"):
        migrate(population, folder=folder)


@pytest.mark.parametrize(
    "name, text, message",
    [
        ("later.sql", "select 1;", "must be named like"),
        ("0002-again.sql", "select 1;", "numbers must differ"),
        ("0099-index.sql", "-- transactional: false\ncreate table a (b int);", "outside a transaction"),
        ("0099-index.py", "steps = []", "must be named like"),
    ],
)
def test_a_file_that_cannot_be_applied_safely_is_refused(
    folder: Path, name: str, text: str, message: str, cluster: Cluster
) -> None:
    (folder / "population" / name).write_text(text)
    with pytest.raises(SettingsWrong, match=message):
        migrate({"population": cluster.owner_dsn("population")}, folder=folder)


def test_an_unreachable_database_is_named_without_its_address(tmp_path: Path) -> None:
    with pytest.raises(SettingsWrong, match="cannot reach the database of `population`") as caught:
        migrate({"population": f"postgresql://owner:sesame@/population?host={tmp_path}"})
    assert "sesame" not in str(caught.value)


# --- roles ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("universe", Universe)
def test_a_role_reads_its_universe_and_nothing_else(owner_dsns: Mapping[str, str], universe: Universe) -> None:
    for dsn in owner_dsns.values():
        with psycopg.connect(reader(dsn, universe), autocommit=True) as connection:
            for record_class in RecordClass:
                for table in tables(dsn, record_class):
                    if record_class in universe.classes:
                        connection.execute(f"select * from {record_class}.{table}")
                    else:
                        with pytest.raises(psycopg.errors.InsufficientPrivilege):
                            connection.execute(f"select * from {record_class}.{table}")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute("select * from migrations_civilian.content")


WRITES = [
    "insert into civilian.contact (person_id) values (gen_random_uuid())",
    "update civilian.person set occupation = 'x'",
    "delete from civilian.person",
    "truncate civilian.person",
    "drop table civilian.person",
    "create table civilian.mine (a int)",
    "create table public.mine (a int)",
    "create temporary table mine (a int)",
    "create schema mine",
    "create role mine",
]


@pytest.mark.parametrize("statement", WRITES)
def test_a_role_writes_nothing_even_after_it_leaves_read_only(population: Mapping[str, str], statement: str) -> None:
    migrate(population)
    for universe in Universe:
        with psycopg.connect(reader(population["population"], universe), autocommit=True) as connection:
            with pytest.raises((psycopg.errors.ReadOnlySqlTransaction, psycopg.errors.InsufficientPrivilege)):
                connection.execute(statement)
            connection.execute("set default_transaction_read_only = off")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)


def test_a_table_that_a_later_migration_adds_is_readable_at_once(population: Mapping[str, str], folder: Path) -> None:
    migrate(population)
    (folder / "population" / "0099-more.sql").write_text("create table more (a int);\n")
    migrate(population, folder=folder)
    with psycopg.connect(reader(population["population"], Universe.DEFENCE), autocommit=True) as connection:
        connection.execute("select * from defence.more")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("select * from public_security.more")


def test_roles_are_tuned_for_short_statements(population: Mapping[str, str]) -> None:
    migrate(population, statement_timeout=1.5)
    with psycopg.connect(reader(population["population"], Universe.CIVILIAN)) as connection:
        rows = connection.execute("select name, setting from pg_settings").fetchall()
    settings: dict[str, str] = dict(rows)
    assert settings["statement_timeout"] == "1500"
    assert settings["search_path"] == '""'
    assert settings["plan_cache_mode"] == "force_generic_plan"
    assert (settings["jit"], settings["enable_bitmapscan"]) == ("off", "off")
    assert settings["default_transaction_read_only"] == "on"


def test_a_password_is_stored_hashed(population: Mapping[str, str]) -> None:
    migrate(population, passwords={Universe.CIVILIAN: "sesame"})
    with psycopg.connect(population["population"], autocommit=True) as connection:
        row = connection.execute("select rolpassword from pg_authid where rolname = 'hub_civilian'").fetchone()
        assert row is not None
        assert row[0].startswith("SCRAM-SHA-256$")
        connection.execute("alter role hub_civilian password null")


@pytest.mark.parametrize(
    "give, take, message",
    [
        ("alter role hub_civilian createdb", "alter role hub_civilian nocreatedb", "more than login"),
        ("alter role hub_civilian bypassrls", "alter role hub_civilian nobypassrls", "more than login"),
        ("grant pg_read_all_data to hub_civilian", "revoke pg_read_all_data from hub_civilian", "a member of"),
        ("create schema more; grant usage on schema more to hub_civilian", "drop schema more", "the schema `more`"),
        ("grant insert on civilian.person to public", "select 1", "may write to `civilian.person`"),
    ],
)
def test_a_role_that_can_do_too_much_stops_the_migration(
    population: Mapping[str, str], give: str, take: str, message: str
) -> None:
    migrate(population)
    with psycopg.connect(population["population"], autocommit=True) as connection:
        connection.execute(give)
        try:
            with pytest.raises(SettingsWrong, match=message):
                migrate(population)
        finally:
            connection.execute(take)


def test_rights_given_by_hand_on_another_class_are_taken_away(population: Mapping[str, str]) -> None:
    migrate(population)
    with psycopg.connect(population["population"], autocommit=True) as connection:
        connection.execute("grant usage on schema defence to hub_civilian")
        connection.execute("grant select on defence.person to hub_civilian")
        migrate(population)
        row = connection.execute(
            "select has_schema_privilege('hub_civilian', 'defence', 'usage'),"
            " has_table_privilege('hub_civilian', 'defence.person', 'select')"
        ).fetchone()
        assert row == (False, False)


def test_an_owner_who_may_not_make_roles_is_told_what_to_ask_for(
    cluster: Cluster, population: Mapping[str, str]
) -> None:
    with psycopg.connect(population["population"], autocommit=True) as connection:
        connection.execute("create role plain_owner login")
        connection.execute(
            sql.SQL("alter database {} owner to plain_owner").format(sql.Identifier(connection.info.dbname))
        )
        try:
            plain = population["population"].replace("//postgres@", "//plain_owner@")
            with pytest.raises(SettingsWrong, match="give it `createrole`, or make hub_civilian, hub_defence"):
                migrate({"population": plain})
        finally:
            connection.execute(
                sql.SQL("alter database {} owner to postgres").format(sql.Identifier(connection.info.dbname))
            )
            connection.execute("drop owned by plain_owner cascade")
            connection.execute("drop role plain_owner")
