"""The login role of each universe, in one database.

A role may connect, use the schemas of its universe's classes and select from their tables. It can do nothing else, and
that is checked each time: against rights given by hand, attributes, and membership in other roles.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import psycopg
from psycopg import sql

from hub.errors import SettingsWrong
from hub.model.viewer import RecordClass, Universe


def role_name(universe: Universe) -> str:
    return f"hub_{universe}"


def grant_roles(
    connection: psycopg.Connection[Any],
    source: str,
    classes: Sequence[RecordClass],
    passwords: Mapping[Universe, str],
    statement_timeout: float,
) -> None:
    """Makes and maintains the roles whose universe lies within `classes`; the caller holds the migrations' lock."""
    universes = [universe for universe in Universe if set(universe.classes) <= set(classes)]
    try:
        for universe in universes:
            _make(connection, role_name(universe), passwords.get(universe))
        with connection.transaction():
            _close_to_public(connection)
            for universe in universes:
                _tune(connection, role_name(universe), statement_timeout)
                _grant(connection, universe, classes)
        problems = [problem for universe in universes for problem in _excess(connection, universe)]
    except psycopg.errors.InsufficientPrivilege as error:
        raise SettingsWrong(
            f"the owner of `{source}` may not make the login roles ({str(error).splitlines()[0]}): give it"
            f" `createrole`, or make {', '.join(role_name(universe) for universe in universes)} yourself and grant"
            " them to it `with admin option`"
        ) from error
    if problems:
        raise SettingsWrong("\n".join(f"`{source}`: {problem}" for problem in problems))


def _make(connection: psycopg.Connection[Any], role: str, password: str | None) -> None:
    """Roles belong to the whole cluster, so another database's migration may be making the same one just now."""
    if connection.execute("select 1 from pg_roles where rolname = %s", (role,)).fetchone() is None:
        try:
            connection.execute(sql.SQL("create role {} login").format(sql.Identifier(role)))
        except (psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation):
            pass  # made in between
    if password is not None:
        # Hashed here, so that the password never stands in a statement the server may log.
        hashed = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
        connection.execute(sql.SQL("alter role {} password {}").format(sql.Identifier(role), sql.Literal(hashed)))


def _close_to_public(connection: psycopg.Connection[Any]) -> None:
    connection.execute(sql.SQL("revoke all on database {} from public").format(_database(connection)))
    if connection.execute("select 1 from pg_namespace where nspname = 'public'").fetchone():
        connection.execute("revoke all on schema public from public")


def _tune(connection: psycopg.Connection[Any], role: str, statement_timeout: float) -> None:
    """Set for the role within this database, so that two databases of a cluster never write one row of the catalogue.

    The hub's statements are short, prepared once and read by key: generic plans, plain index scans (bitmap scans are
    handed to workers, which costs more than the scan), no compilation.
    """
    settings = {
        "search_path": "",
        "default_transaction_read_only": "on",
        "statement_timeout": f"{round(statement_timeout * 1000)}ms",
        "idle_in_transaction_session_timeout": "30s",
        "jit": "off",
        "plan_cache_mode": "force_generic_plan",
        "enable_bitmapscan": "off",
    }
    for name, value in settings.items():
        connection.execute(
            sql.SQL("alter role {} in database {} set {} = {}").format(
                sql.Identifier(role), _database(connection), sql.Identifier(name), sql.Literal(value)
            )
        )


def _grant(connection: psycopg.Connection[Any], universe: Universe, classes: Sequence[RecordClass]) -> None:
    role = sql.Identifier(role_name(universe))
    connection.execute(sql.SQL("grant connect on database {} to {}").format(_database(connection), role))
    for record_class in classes:
        schema = sql.Identifier(record_class)
        if record_class in universe.classes:
            statements = (
                "grant usage on schema {schema} to {role}",
                "grant select on all tables in schema {schema} to {role}",
                "alter default privileges in schema {schema} grant select on tables to {role}",
            )
        else:
            statements = (
                "revoke all on schema {schema} from {role}",
                "revoke all on all tables in schema {schema} from {role}",
                "alter default privileges in schema {schema} revoke all on tables from {role}",
            )
        for statement in statements:
            connection.execute(sql.SQL(statement).format(schema=schema, role=role))


def _excess(connection: psycopg.Connection[Any], universe: Universe) -> Iterator[str]:
    """What the role can do beyond reading its universe, through whatever way it came by it."""
    role = role_name(universe)
    attributes = connection.execute(
        "select rolsuper or rolcreaterole or rolcreatedb or rolreplication or rolbypassrls,"
        " array(select pg_get_userbyid(roleid) from pg_auth_members where member = r.oid)::text[]"
        " from pg_roles r where rolname = %s",
        (role,),
    ).fetchone()
    assert attributes is not None
    if attributes[0]:
        yield (
            f"the role `{role}` has more than login: take superuser, createrole, createdb, replication and"
            " bypassrls away"
        )
    for parent in attributes[1]:
        yield f"the role `{role}` is a member of `{parent}`: revoke that"
    allowed = [str(record_class) for record_class in universe.classes]
    rows = connection.execute(
        "select nspname from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema'"
        " and (has_schema_privilege(%(role)s, oid, 'create')"
        "      or (has_schema_privilege(%(role)s, oid, 'usage') and nspname <> all (%(allowed)s)))",
        {"role": role, "allowed": allowed},
    ).fetchall()
    for (schema,) in rows:
        yield f"the role `{role}` may use the schema `{schema}` beyond reading its universe: revoke that"
    rows = connection.execute(
        "select format('%%s.%%s', nspname, relname) from pg_class c join pg_namespace n on n.oid = relnamespace"
        " where relkind in ('r', 'p', 'v', 'm', 'f') and nspname = any (%(allowed)s)"
        " and has_table_privilege(%(role)s, c.oid, 'insert, update, delete, truncate, trigger')",
        {"role": role, "allowed": allowed},
    ).fetchall()
    for (table,) in rows:
        yield f"the role `{role}` may write to `{table}`: revoke that"


def _database(connection: psycopg.Connection[Any]) -> sql.Identifier:
    return sql.Identifier(connection.info.dbname)
