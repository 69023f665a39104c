"""The files of one source, and what one class schema says was applied.

What was applied is recorded in a schema beside the data (`migrations_civilian` beside `civilian`), so that a class
schema holds records and nothing else. Migrations see the class schema alone on their search path.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict
from yoyo import read_migrations
from yoyo.backends.core.postgresql import PostgresqlPsycopgBackend
from yoyo.connections import DatabaseURI

from hub.errors import SettingsWrong
from hub.model.viewer import RecordClass

_NAME = re.compile(r"[0-9]{4}-[a-z0-9-]+")


@dataclass(frozen=True, slots=True)
class MigrationFile:
    """One file: `name` without its ending, `digest` of its text."""

    name: str
    digest: str
    migration: Any  # yoyo's own, which has no type information


def read_folder(folder: Path, source: str) -> tuple[MigrationFile, ...]:
    """The files of a source in the order of their numbers."""
    place = folder / source
    if not place.is_dir():
        raise SettingsWrong(f"there are no migrations for `{source}`: the folder `migrations/{source}` is missing")
    files: list[MigrationFile] = []
    for migration in sorted(read_migrations(str(place)), key=lambda migration: str(migration.id)):
        where = f"migrations/{source}/{Path(migration.path).name}"
        if not _NAME.fullmatch(migration.id) or not migration.is_raw_sql():
            raise SettingsWrong(f"`{where}` must be named like 0001-what-it-does.sql")
        if files and files[-1].name[:4] == migration.id[:4]:
            raise SettingsWrong(f"`{where}` has the number of `{files[-1].name}.sql`: numbers must differ")
        migration.load()
        if not migration.use_transactions:
            raise SettingsWrong(
                f"`{where}` asks to run outside a transaction: a migration applies in full or not at all"
            )
        text = Path(migration.path).read_text(encoding="utf-8").replace("\r\n", "\n")
        files.append(MigrationFile(migration.id, hashlib.sha256(text.encode()).hexdigest(), migration))
    return tuple(files)


@dataclass(frozen=True, slots=True)
class History:
    """What was applied to one class schema: name -> digest of the file's text then."""

    source: str
    record_class: RecordClass
    applied: Mapping[str, str]
    backend: Any  # yoyo's own

    @property
    def schema(self) -> str:
        return f"migrations_{self.record_class}"

    @classmethod
    @contextmanager
    def open(cls, source: str, dsn: str, record_class: RecordClass) -> Iterator[History]:
        """Makes the two schemas if they are missing. The caller holds the lock of the database."""
        schema = f"migrations_{record_class}"
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute("set client_min_messages = warning")  # "already exists, skipping" is no news
            connection.execute(f"create schema if not exists {record_class}")
            connection.execute(f"create schema if not exists {schema}")
            connection.execute(
                f"create table if not exists {schema}.content (name text primary key, digest text not null)"
            )
        with _backend(dsn, schema) as backend:
            if backend.lock_table not in backend.list_tables():
                backend.create_lock_table()
            backend.break_lock()  # left by a crash, if there is one: the advisory lock is held, so nobody else is here
            backend.ensure_internal_schema_updated()
            rows = backend.execute(
                "select migration_id, coalesce(digest, '') from _yoyo_migrations"
                " left join content on name = migration_id order by migration_id"
            ).fetchall()
            yield cls(source, record_class, dict(rows), backend)

    def problems(self, files: Mapping[str, MigrationFile]) -> Iterator[str]:
        """Why the code must not touch this schema."""
        for name, digest in self.applied.items():
            if name not in files:
                yield (
                    f"the database is newer than the code: `{self.source}` ({self.record_class}) has the migration"
                    f" `{name}`, which is not in migrations/{self.source}; run the version of the hub that has it"
                )
            elif digest and digest != files[name].digest:
                yield (
                    f"migrations/{self.source}/{name}.sql has changed since it was applied to `{self.source}`"
                    f" ({self.record_class}): put its text back, and write the change as a new file"
                )

    def apply(self, file: MigrationFile) -> None:
        """One migration and its record, committed together."""
        backend = self.backend
        try:
            with backend.transaction():
                backend.execute(f"set local search_path to {self.record_class}")
                file.migration.process_steps(backend, "apply")
                backend.execute(f"set local search_path to {self.schema}")
                # Without yoyo's log: it looks up the names of the user and of the machine, which may take long or fail.
                backend.mark_one(file.migration, log=False)
                backend.execute(
                    "insert into content (name, digest) values (:name, :digest)"
                    " on conflict (name) do update set digest = excluded.digest",
                    {"name": file.name, "digest": file.digest},
                )
        except psycopg.Error as error:
            reason = (str(error).strip().splitlines() or ["no reason given"])[0]
            raise SettingsWrong(
                f"migrations/{self.source}/{file.name}.sql cannot be applied to `{self.source}`"
                f" ({self.record_class}): {reason}"
            ) from error


def _backend(dsn: str, schema: str) -> PostgresqlPsycopgBackend:
    """A backend of yoyo on the database of `dsn`, with its own tables in `schema`."""
    info: dict[str, Any] = dict(conninfo_to_dict(dsn))
    uri = DatabaseURI(
        scheme="postgresql+psycopg",
        username=info.pop("user", None),
        password=info.pop("password", None),
        hostname=None,  # host and port stand in `args`, where a socket's directory and a list of hosts are allowed too
        port=None,
        database=info.pop("dbname"),
        args={**info, "schema": schema},
    )
    return PostgresqlPsycopgBackend(uri, "_yoyo_migrations")
