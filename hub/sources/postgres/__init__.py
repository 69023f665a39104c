"""A register in Postgres: fetch -> one statement -> rows whose text is already the client's JSON.

Takes a `SourceMapping`, and for each universe a DSN of that universe's own role; gives a `Source`. The only importer of
asyncpg.

text        JSON text in SQL: pieces, quoting, concat
relation    tables of a universe: one class, or several united
statement   Fetch x mapping -> Question
connection  connections of one universe, opened when needed, without a reset between statements
source      Question x keys -> texts
check       declarations against the databases: every drift
"""

from hub.sources.postgres.source import PostgresSource
from hub.sources.postgres.statement import compile_fetch, readable

__all__ = ["PostgresSource", "compile_fetch", "readable"]
