"""Plain SQL -> databases in which every record class has a schema and every universe a login role.

Takes the addresses of the owners, one for each source; gives what was done for each source and class.

    history   the files of migrations/<source>, and what a database says was applied
    roles     the login role of each universe: what it may read, and that it can do nothing else

Decided: yoyo-migrations reads, splits and records the files; the hub adds what it lacks. A migration and its record
are committed together (yoyo commits them one after the other, so a crash in between would apply it twice); the lock is
a Postgres advisory lock, which dies with the connection (yoyo's is a row that a crash leaves behind); the text of a
file is remembered, so that a changed one is found.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from hub.errors import SettingsWrong
from hub.migrate.history import History, MigrationFile, read_folder
from hub.migrate.roles import grant_roles, role_name
from hub.model.viewer import RecordClass, Universe

__all__ = ["FOLDER", "MIGRATIONS_LOCK", "Migrated", "migrate", "role_name"]

FOLDER = Path(__file__).resolve().parents[2] / "migrations"

# The key of the advisory lock: "hub" and a number, unlike anything another program would pick.
MIGRATIONS_LOCK = 0x687562_0164

_LOCK_TIMEOUT_MS = 60_000


@dataclass(frozen=True, slots=True)
class Migrated:
    """What happened to one class schema of one source: the migrations applied now, and those from before."""

    source: str
    record_class: RecordClass
    applied: tuple[str, ...]
    before: tuple[str, ...]


def migrate(
    owner_dsns: Mapping[str, str],
    *,
    classes: Sequence[RecordClass] = tuple(RecordClass),
    passwords: Mapping[Universe, str] | None = None,
    statement_timeout: float = 5.0,
    folder: Path = FOLDER,
) -> tuple[Migrated, ...]:
    """Brings every source up to the code: schemas, tables, roles. A second run changes nothing.

    All sources are checked before one is touched. A database that is newer than the code, or in which a file was
    applied whose text has changed since, raises `SettingsWrong`; so does a role that could read too much.
    """
    files = {source: read_folder(folder, source) for source in sorted(owner_dsns)}
    with ExitStack() as stack:
        # In one order, so that two runs at once wait for each other and never for each other's locks.
        connections = {source: stack.enter_context(_locked(source, owner_dsns[source])) for source in files}
        histories: dict[tuple[str, RecordClass], History] = {}
        for source in files:
            for record_class in classes:
                history = stack.enter_context(History.open(source, owner_dsns[source], record_class))
                histories[source, record_class] = history
        _check(histories, files)

        done = []
        for (source, record_class), history in histories.items():
            before = history.applied
            new = tuple(file for file in files[source] if file.name not in before)
            for file in new:
                history.apply(file)
            done.append(Migrated(source, record_class, tuple(file.name for file in new), tuple(before)))
        for source, connection in connections.items():
            grant_roles(connection, source, classes, passwords or {}, statement_timeout)
        return tuple(done)


def _check(histories: Mapping[tuple[str, RecordClass], History], files: Mapping[str, Sequence[MigrationFile]]) -> None:
    problems = [
        problem
        for (source, _), history in histories.items()
        for problem in history.problems({file.name: file for file in files[source]})
    ]
    if problems:
        raise SettingsWrong("\n".join(problems))


@contextmanager
def _locked(source: str, dsn: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection that holds the lock of its database for as long as it lives."""
    try:
        connection = psycopg.connect(dsn, autocommit=True)
    except psycopg.OperationalError as error:
        raise SettingsWrong(f"cannot reach the database of `{source}`: {_first_line(error)}") from error
    with connection:
        connection.execute("select set_config('lock_timeout', %s, false)", (str(_LOCK_TIMEOUT_MS),))
        try:
            connection.execute("select pg_advisory_lock(%s)", (MIGRATIONS_LOCK,))
        except psycopg.errors.LockNotAvailable:
            raise SettingsWrong(
                f"another migration has been running on `{source}` for more than {_LOCK_TIMEOUT_MS // 1000} seconds"
            ) from None
        yield connection


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or ["no reason given"])[0]
