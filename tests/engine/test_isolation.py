"""An instance that was given the civilian addresses alone: what it cannot reach it cannot leak."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.engine import Engine, open_engine
from hub.errors import Unauthenticated
from hub.model.request import Request
from hub.model.viewer import Audience, RecordClass, Universe, Viewer
from hub.server.identity import viewer_of
from hub.settings import SOURCES, Settings, SourceDsns
from hub.sources.postgres import PostgresSource
from tests.engine import oddities
from tests.engine.country import CLEARED, PROFILES, PURPOSE, UNCLEARED, Country, load_graph
from tests.engine.operations import Reader, Written, keys_of, operations, with_cursors
from tests.engine.oracle import TABLES, Knowledge

HIDDEN = (RecordClass.DEFENCE, RecordClass.PUBLIC_SECURITY)
EXAMPLES = 30


def civilian(country: Country) -> Settings:
    """The settings of an instance that faces the Internet."""
    dsns = {name: {Universe.CIVILIAN: of[Universe.CIVILIAN]} for name, of in country.settings.dsns.by_source.items()}
    return replace(country.settings, dsns=SourceDsns(dsns))


@dataclass(frozen=True, slots=True)
class Pair:
    """The instance that has every address, and the one that has the civilian ones."""

    runner: asyncio.Runner
    full: Engine
    alone: Engine

    def bodies(self, written: Written, viewer: Viewer) -> list[bytes]:
        request = Request(written.document, written.name, written.variables, PURPOSE)
        return [self.runner.run(engine.execute(request, viewer)).body for engine in (self.full, self.alone)]


@pytest.fixture(scope="module")
def pair(country: Country) -> Iterator[Pair]:
    full = open_engine(load_graph(), country.settings)
    alone = open_engine(load_graph(), civilian(country))
    with asyncio.Runner() as runner:
        yield Pair(runner, full, alone)
        runner.run(full.stop())
        runner.run(alone.stop())


@pytest.mark.parametrize("name", UNCLEARED)
def test_who_is_not_cleared_gets_the_same_bytes_from_both(name: str, pair: Pair, knowledge: Knowledge) -> None:
    profile = PROFILES[name]
    keys = keys_of(knowledge.tables)
    reader = with_cursors(
        Reader(pair.alone.contract(profile), knowledge.rules, profile, keys),
        lambda document: json.loads(pair.bodies(Written(document, {}, None), Viewer(profile, oddities.RENEWED))[1]),
    )
    subjects = st.sampled_from(keys.numbers) if profile.audience is Audience.CITIZEN else st.none()

    @settings(
        max_examples=EXAMPLES, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
    )
    @given(operations(reader), subjects)
    def same(written: Written, subject: str | None) -> None:
        full, alone = pair.bodies(written, Viewer(profile, subject))
        assert full == alone
        assert b"SOURCE_UNAVAILABLE" not in alone

    same()


CLAIMS: Mapping[str, Mapping[str, str]] = {
    "officer": {"hub_audience": "officer", "clearance": "civilian", "sub": "a"},
    "analyst": {"hub_audience": "analyst", "clearance": "civilian", "project": "ageing", "sub": "a"},
    "health ministry": {"hub_audience": "partner", "agreement": "health-ministry", "sub": "a"},
    "citizen": {"hub_audience": "citizen", "acr": "vneid-2", "sub": oddities.RENEWED},
}
REFUSED: Mapping[str, Mapping[str, str]] = {
    **{
        f"{audience} cleared for {clearance}": {"hub_audience": audience, "clearance": clearance, "sub": "a"}
        for audience, clearance in (
            ("officer", "defence"),
            ("officer", "public_security"),
            ("officer", "all"),
            ("defence-officer", "defence"),
            ("defence-officer", "all"),
            ("security-officer", "public_security"),
            ("security-officer", "all"),
        )
    },
    "an agreement that covers all": {"hub_audience": "partner", "agreement": "everything", "sub": "a"},
    "an agreement that covers defence": {"hub_audience": "partner", "agreement": "service-pensions", "sub": "a"},
}


@pytest.mark.parametrize("name", CLAIMS)
def test_it_serves_everybody_who_is_not_cleared(name: str, pair: Pair) -> None:
    served = pair.alone.built.served((Universe.CIVILIAN,))
    assert viewer_of(CLAIMS[name], served).profile == PROFILES[name]


@pytest.mark.parametrize("name", REFUSED)
def test_it_refuses_a_token_that_is_cleared(name: str, pair: Pair) -> None:
    full, alone = pair.full.built.served(), pair.alone.built.served((Universe.CIVILIAN,))
    assert viewer_of(REFUSED[name], full).profile in PROFILES.values()
    with pytest.raises(Unauthenticated) as refused:
        viewer_of(REFUSED[name], alone)
    assert not {"defence", "security", "civilian"} & set(refused.value.message.replace("`", "").split())


@pytest.mark.parametrize("clearance", ["defence", "public_security", "all"])
def test_a_citizen_who_is_cleared_for_himself_gets_there_what_any_citizen_gets(clearance: str, pair: Pair) -> None:
    served = pair.alone.built.served((Universe.CIVILIAN,))
    assert viewer_of({**CLAIMS["citizen"], "own_clearance": clearance}, served).profile == PROFILES["citizen"]


@pytest.mark.parametrize("name", CLEARED)
def test_even_a_reader_who_should_not_have_come_so_far_reads_no_row(name: str, pair: Pair) -> None:
    """Were the gate of tokens open, there would still be no connection: each root is null, with one error."""
    profile = PROFILES[name]
    document = (
        "{ me { __typename } }"
        if profile.audience is Audience.CITIZEN
        else f'{{ person(personalId: "{oddities.THREEFOLD}") {{ __typename id }} }}'
    )
    _, body = pair.bodies(Written(document, {}, None), Viewer(profile, oddities.THREEFOLD))
    found = json.loads(body)
    assert list(found["data"].values()) == [None]
    assert [error["message"] for error in found["errors"]] == ["the population part of the graph is unavailable"]


# What it holds


def test_it_knows_no_address_but_the_civilian_ones(pair: Pair) -> None:
    for source in pair.alone.sources.values():
        assert isinstance(source, PostgresSource)
        assert list(source._connections) == [Universe.CIVILIAN]
        (connections,) = source._connections.values()
        assert "hub_civilian@" in connections._dsn


def test_its_connections_are_of_a_role_that_can_read_no_hidden_row(pair: Pair, country: Country) -> None:
    """Every connection it holds, as the server sees it, and whatever that role could do."""
    roots = (
        "me { sex household { registeredOn } insuranceBook { status } }",
        f'employer(taxCode: "{oddities.SHARED_EMPLOYER}") {{ participants {{ nodes {{ person {{ sex }} }} }} }}',
    )
    for name in UNCLEARED:
        for root in roots:
            pair.bodies(Written(f"{{ {root} }}", {}, None), Viewer(PROFILES[name], oddities.RENEWED))
    for source, dsn in country.owner_dsns.items():
        held = pair.alone.sources[source]
        assert isinstance(held, PostgresSource)
        pids = [one.get_server_pid() for of in held._connections.values() for one in chain(*of._idle.values())]
        assert pids
        with psycopg.connect(dsn) as owner:
            users = owner.execute(
                "select usename, datname from pg_stat_activity where pid = any(%s)", (pids,)
            ).fetchall()
            assert set(users) == {("hub_civilian", source)}
            assert readable(owner, "hub_civilian") == {"civilian"}
            assert powers(owner, "hub_civilian") == (False,) * 5
            assert roles(owner, "hub_civilian") <= {"hub_civilian", *civilian_groups(owner)}


def readable(owner: psycopg.Connection[Any], role: str) -> set[str]:
    """The schemas in which a role, with all it could become, reads anything: table, column, view or sequence."""
    found = owner.execute(
        "select distinct n.nspname from pg_class c join pg_namespace n on n.oid = c.relnamespace"
        " where n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and exists ("
        "   select 1 from pg_roles r where pg_has_role(%(role)s, r.oid, 'member')"
        "   and has_schema_privilege(r.oid, n.oid, 'usage') and case when c.relkind = 'S'"
        "     then has_sequence_privilege(r.oid, c.oid, 'select, usage')"
        "     when c.relkind in ('r', 'p', 'v', 'm', 'f') then has_any_column_privilege(r.oid, c.oid, 'select') end)",
        {"role": role},
    ).fetchall()
    return {name for (name,) in found}


def powers(owner: psycopg.Connection[Any], role: str) -> Any:
    """Superuser, may make roles, may make databases, replicates, passes by row security."""
    found = owner.execute(
        "select rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls from pg_roles where rolname = %s",
        (role,),
    ).fetchone()
    assert found is not None
    return found


def roles(owner: psycopg.Connection[Any], role: str) -> set[str]:
    """Every role that a role could become."""
    found = owner.execute("select rolname from pg_roles where pg_has_role(%s, oid, 'member')", (role,)).fetchall()
    return {name for (name,) in found}


def civilian_groups(owner: psycopg.Connection[Any]) -> set[str]:
    """Roles without a login that read nothing but civilian rows."""
    found = owner.execute("select rolname from pg_roles where not rolcanlogin and rolname !~ '^pg_'").fetchall()
    return {name for (name,) in found if readable(owner, name) <= {"civilian"}}


@pytest.mark.parametrize("source", SOURCES)
def test_its_role_is_refused_every_hidden_table_by_name(source: str, country: Country) -> None:
    dsn = civilian(country).dsns.dsn(source, Universe.CIVILIAN)
    with psycopg.connect(dsn, autocommit=True) as connection:
        for of in HIDDEN:
            for table in TABLES[source]:
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(f"select 1 from {of.value}.{table}".encode())
            for attempt in (f"set role hub_{of.value}", f"set session authorization hub_{of.value}"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(attempt.encode())
