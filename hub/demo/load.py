"""Loads the synthetic country into the four databases, streamed, each in one transaction.

Worker processes make chunks and write them as COPY text; this process hands the text to the databases in the order of
the chunks, so that the rows of a person lie side by side and the same seed gives the same files. Before the rows come,
keys and indexes are laid aside; they are built again behind them, which is several times cheaper than keeping them.

Whole or not at all: a database is emptied, filled, indexed and marked in one transaction, and the four are committed
one after the other only when all of them are ready. A country counts as loaded (`loaded`) when all four bear the same
mark, so a crash between two commits leaves no half of a country that looks complete.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from hub.demo.country import BLOCKS, make_chunk
from hub.demo.country.frame import frame
from hub.demo.country.plan import Chunk, plan
from hub.demo.country.rows import SOURCES, TABLES, Row, columns
from hub.demo.country.sample import Sample, sample
from hub.errors import SettingsWrong
from hub.model.viewer import RecordClass

# Counts up when the same seed gives other rows than before, so that an older country is known as such.
GENERATION = 2

_ALONE = 5_000  # up to so many people another process costs more than it brings
_FLUSH = 1 << 20

Target = tuple[RecordClass, str]


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a set of databases holds."""

    people: int
    seed: int
    generation: int


@dataclass(frozen=True, slots=True)
class _Text:
    """Rows of one table as COPY text."""

    source: str
    target: Target
    text: bytes


@dataclass(frozen=True, slots=True)
class _LaidAside:
    """How to build again what was dropped, in the order in which it has to be built."""

    statements: tuple[str, ...]


async def loaded(dsns: Mapping[str, str]) -> Loaded | None:
    """The country all four databases hold; None if one of them is empty or holds another."""
    marks = set()
    for source in SOURCES:
        async with await psycopg.AsyncConnection.connect(dsns[source]) as connection:
            known = await (await connection.execute("select to_regclass('demo.country')")).fetchone()
            if known is None or known[0] is None:
                return None
            found = await (await connection.execute("select people, seed, generation from demo.country")).fetchone()
            marks.add(None if found is None else Loaded(int(found[0]), int(found[1]), int(found[2])))
    return marks.pop() if len(marks) == 1 else None


async def filled(dsns: Mapping[str, str]) -> str | None:
    """A table of some class that holds a row, if there is one."""
    for source in SOURCES:
        async with await psycopg.AsyncConnection.connect(dsns[source]) as connection:
            for of, table in _targets(source):
                try:
                    found = await connection.execute(
                        sql.SQL("select from {} limit 1").format(sql.Identifier(of.value, table))
                    )
                except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName) as missing:
                    raise _not_migrated(source, missing) from missing
                if await found.fetchone() is not None:
                    return f"{source}.{table}"
    return None


async def load(
    dsns: Mapping[str, str],
    people: int,
    seed: int,
    advance: Callable[[int], None],
    sample_file: Path | None = None,
    *,
    workers: int | None = None,
) -> Sample:
    """Replaces what the four databases hold by the country of that many people and that seed.

    `dsns` names the databases by source, as owners of the tables; `advance` is told the number of people after each
    chunk; the sample viewers' subjects are given back and written to `sample_file`. `workers` is the number of
    processes that make rows, all processors by default.
    """
    drawn = plan(people, seed)
    if workers is None:
        workers = 0 if people <= _ALONE else os.cpu_count() or 1
    async with AsyncExitStack() as stack:
        fillings = {source: await stack.enter_async_context(_filling(source, dsns[source])) for source in SOURCES}
        with _executor(workers, people, seed) as executor:
            async for chunk, texts in _made(executor, drawn.chunks(BLOCKS), people, seed, ahead=max(workers, 1) * 2):
                await asyncio.gather(*(fillings[source].take(texts) for source in SOURCES))
                advance(chunk.people)
        await asyncio.gather(*(filling.finish(Loaded(people, seed, GENERATION)) for filling in fillings.values()))
        for filling in fillings.values():
            await filling.commit()
    found = sample(people, seed)
    if sample_file is not None:
        found.save(sample_file)
    return found


# --- making rows -----------------------------------------------------------------------------------------------------


def _executor(workers: int, people: int, seed: int) -> Executor:
    if workers == 0:
        return ThreadPoolExecutor(1)
    # Spawned, not forked: the caller has an event loop and perhaps threads.
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(workers, mp_context=context, initializer=frame, initargs=(people, seed))


async def _made(
    executor: Executor, chunks: Iterator[Chunk], people: int, seed: int, ahead: int
) -> AsyncIterator[tuple[Chunk, list[_Text]]]:
    """The chunks in their order, a few of them being made ahead."""
    loop = asyncio.get_running_loop()
    waiting: deque[tuple[Chunk, asyncio.Future[list[_Text]]]] = deque()
    for chunk in chunks:
        waiting.append((chunk, loop.run_in_executor(executor, _make, people, seed, chunk)))
        if len(waiting) > ahead:
            first, made = waiting.popleft()
            yield first, await made
    while waiting:
        first, made = waiting.popleft()
        yield first, await made


def _make(people: int, seed: int, chunk: Chunk) -> list[_Text]:
    """One chunk as COPY text."""
    rows = make_chunk(frame(people, seed), chunk)
    return [_Text(source, (of, table), copy_text(found)) for of, source, table, found in rows.tables()]


def copy_text(rows: list[Row]) -> bytes:
    """Rows in the text format of COPY. The country knows no value that would have to be escaped."""
    lines = ["\t".join(["\\N" if one is None else str(one) for one in row]) for row in rows]
    text = "\n".join(lines) + "\n"
    if (
        text.count("\n") != len(rows)
        or text.count("\t") != len(rows) * (len(rows[0]) - 1)
        or (text.count("\\") != text.count("\\N"))
    ):
        raise ValueError("a value holds a tab, a line break or a backslash")
    return text.encode()


# --- filling one database --------------------------------------------------------------------------------------------


class _Filling:
    """One database while it is being filled: an open transaction, and text that waits to be worth a COPY."""

    def __init__(self, source: str, connection: psycopg.AsyncConnection) -> None:
        self.source = source
        self.connection = connection
        self.pending: dict[Target, list[bytes]] = {}
        self.aside = _LaidAside(())

    async def begin(self) -> None:
        await self.connection.execute("set local maintenance_work_mem = '256MB'")
        await self.connection.execute("set local synchronous_commit = off")
        await self.connection.execute("create schema if not exists demo")
        await self.connection.execute(
            "create table if not exists demo.country (people bigint not null, seed numeric not null, "
            "generation integer not null, loaded_at timestamptz not null default now())"
        )
        await self.connection.execute("delete from demo.country")
        targets = [sql.Identifier(of.value, table) for of, table in _targets(self.source)]
        try:
            await self.connection.execute(sql.SQL("truncate {}").format(sql.SQL(", ").join(targets)))
        except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName) as missing:
            raise _not_migrated(self.source, missing) from missing
        self.aside = await _lay_aside(self.connection)

    async def take(self, texts: list[_Text]) -> None:
        """Writes what belongs to this database, or keeps it until there is enough."""
        for one in texts:
            if one.source == self.source:
                waiting = self.pending.setdefault(one.target, [])
                waiting.append(one.text)
                if sum(map(len, waiting)) >= _FLUSH:
                    await self._copy(one.target)

    async def finish(self, mark: Loaded) -> None:
        """Writes the rest, builds keys and indexes again, gathers statistics and sets the mark."""
        for target in tuple(self.pending):
            await self._copy(target)
        for statement in self.aside.statements:
            await self.connection.execute(statement.encode())
        for of, table in _targets(self.source):
            await self.connection.execute(sql.SQL("analyze {}").format(sql.Identifier(of.value, table)))
        await self.connection.execute(
            "insert into demo.country (people, seed, generation) values (%s, %s, %s)",
            (mark.people, mark.seed, mark.generation),
        )

    async def commit(self) -> None:
        await self.connection.commit()

    async def _copy(self, target: Target) -> None:
        of, table = target
        # The table was emptied in this transaction: its rows may be born frozen, ready for index-only scans.
        statement = sql.SQL("copy {} ({}) from stdin (freeze)").format(
            sql.Identifier(of.value, table), sql.SQL(", ").join(map(sql.Identifier, columns(table)))
        )
        async with self.connection.cursor() as cursor, cursor.copy(statement) as copy:
            for text in self.pending.pop(target):
                await copy.write(text)


def _targets(of_source: str) -> list[Target]:
    """Every table of a source, in every class."""
    return [(of, table) for of in RecordClass for source, table, _ in TABLES if source == of_source]


def _not_migrated(source: str, missing: psycopg.Error) -> SettingsWrong:
    return SettingsWrong(
        f"the database of `{source}` lacks its tables, {missing.diag.message_primary}: migrate it first"
    )


@asynccontextmanager
async def _filling(source: str, dsn: str) -> AsyncIterator[_Filling]:
    connection = await psycopg.AsyncConnection.connect(dsn)
    try:
        filling = _Filling(source, connection)
        await filling.begin()
        yield filling
    finally:
        # Whatever was not committed by now is rolled back.
        await connection.close()


_CONSTRAINTS = """
select c.conrelid::regclass::text, quote_ident(c.conname), pg_get_constraintdef(c.oid), c.contype::text
from pg_constraint c join pg_class t on t.oid = c.conrelid join pg_namespace n on n.oid = t.relnamespace
where n.nspname = any(%s) and c.contype in ('p', 'u', 'f') order by c.contype, 1, 2
"""

_INDEXES = """
select i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid)
from pg_index i join pg_class t on t.oid = i.indrelid join pg_namespace n on n.oid = t.relnamespace
where n.nspname = any(%s) and t.relkind = 'r'
  and not exists (select from pg_constraint c where c.conindid = i.indexrelid and c.contype in ('p', 'u', 'x'))
order by 1
"""


async def _lay_aside(connection: psycopg.AsyncConnection) -> _LaidAside:
    """Drops foreign keys, keys and indexes of the class schemas and tells how to build them again."""
    schemas = [of.value for of in RecordClass]
    await connection.execute("set local search_path = pg_catalog")  # definitions with their schemas spelled out
    constraints = await (await connection.execute(_CONSTRAINTS, (schemas,))).fetchall()
    foreign = [row for row in constraints if row[3] == "f"]
    keys = [row for row in constraints if row[3] != "f"]
    for table, name, _, _ in (*foreign, *keys):
        await connection.execute(f"alter table {table} drop constraint {name}".encode())
    indexes = await (await connection.execute(_INDEXES, (schemas,))).fetchall()
    for name, _ in indexes:
        await connection.execute(f"drop index {name}".encode())
    return _LaidAside(
        (
            *(f"alter table {table} add constraint {name} {definition}" for table, name, definition, _ in keys),
            *(definition for _, definition in indexes),
            *(f"alter table {table} add constraint {name} {definition}" for table, name, definition, _ in foreign),
        )
    )
