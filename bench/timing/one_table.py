"""The control: the population register as a database would keep it that filters rows instead of parting them.

A copy of the register in which the people of all classes and their numbers stand in one table each. What the hub reads
as `civilian.person` is a view of the civilian rows. The hub, its statements, its role and its answers stay the same;
only now a hidden row is found, and then dropped.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg import sql

from hub.demo.cluster import Cluster
from hub.migrate.roles import grant_roles
from hub.model.viewer import RecordClass, Universe
from hub.settings import SourceDsns

DATABASE = "population_in_one_table"
STATEMENT_SECONDS = 5.0

# Table -> the columns of its indexes.
_TABLES: Mapping[str, tuple[str, ...]] = {
    "person": ("(id)", "(personal_id)"),
    "person_identifier": ("(value, scheme) include (person_id)", "(person_id, valid_from)"),
}


def in_one_table(cluster: Cluster) -> SourceDsns:
    """Makes the copy; the civilian addresses to read from, of which the register's leads to it."""
    with psycopg.connect(cluster.owner_dsn("postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL("create database {} template population").format(sql.Identifier(DATABASE)))
    with psycopg.connect(cluster.owner_dsn(DATABASE)) as connection:
        connection.execute("create schema everyone")
        for table, indexes in _TABLES.items():
            names = {
                "table": sql.Identifier(table),
                "kept": sql.Identifier(f"{table}_apart"),
                "columns": sql.SQL(", ").join(map(sql.Identifier, _columns(connection, table))),
            }
            rows = sql.SQL(" union all ").join(
                sql.SQL("select {}::text as record_class, {columns} from {}.{table}").format(
                    sql.Literal(of.value), sql.Identifier(of.value), **names
                )
                for of in RecordClass
            )
            connection.execute(
                sql.SQL("create table everyone.{table} as {rows} order by id").format(rows=rows, **names)
            )
            for index in indexes:
                connection.execute(sql.SQL("create index on everyone.{table} {}").format(sql.SQL(index), **names))
            connection.execute(sql.SQL("alter table civilian.{table} rename to {kept}").format(**names))
            connection.execute(
                sql.SQL(
                    "create view civilian.{table} as select {columns} from everyone.{table}"
                    " where record_class = 'civilian'"
                ).format(**names)
            )
        grant_roles(connection, "population", tuple(RecordClass), {}, STATEMENT_SECONDS)
        connection.commit()
        connection.autocommit = True
        connection.execute("vacuum (freeze, analyze)")
    dsns = cluster.dsns((Universe.CIVILIAN,)).by_source
    address = dsns["population"][Universe.CIVILIAN].replace("/population?", f"/{DATABASE}?")
    return SourceDsns({**dsns, "population": {Universe.CIVILIAN: address}})


def _columns(connection: psycopg.Connection[Any], table: str) -> list[str]:
    """Those of the table, also what the database makes of others."""
    statement = (
        "select column_name from information_schema.columns"
        " where table_schema = 'civilian' and table_name = %s order by ordinal_position"
    )
    return [name for (name,) in connection.execute(statement, (table,))]
