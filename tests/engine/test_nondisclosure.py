"""What a reader is not cleared for is, to him, not there: in no answer, in no statement, on no connection of his."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from psycopg import sql

from hub.engine import Engine, open_engine
from hub.errors import Refused
from hub.model.request import Request
from hub.model.viewer import Audience, Profile, RecordClass, Universe, Viewer
from hub.planner.describe import steps
from hub.settings import SOURCES
from tests.engine import oddities
from tests.engine.country import PROFILES, PURPOSE, Country, load_graph
from tests.engine.operations import Reader, Written, keys_of, operations, with_cursors
from tests.engine.oracle import TABLES, Knowledge, Tables

OFFICER = Viewer(Profile(Audience.OFFICER))
DEFENCE_OFFICER = Viewer(Profile(Audience.DEFENCE_OFFICER, others=Universe.DEFENCE))

PERSON = """
    id fullName sex permanentResidence { province { name } } relatives { fullName } household { registeredOn }
    insuranceBook { status totals { months } } socialInsurance { status }
    healthInsurance { cards { totalCount nodes { validTo } } } unemploymentInsurance { periods { nodes { fromDate } } }
"""


@pytest.fixture(scope="module")
def ask(country: Country) -> Iterator[Any]:
    """The body that a reader gets."""
    engine = open_engine(load_graph(), country.settings)
    with asyncio.Runner() as runner:

        def body(viewer: Viewer, document: str, **variables: Any) -> bytes:
            return runner.run(engine.execute(Request(document, None, variables), viewer)).body

        yield body
        runner.run(engine.stop())


def hidden(tables: Tables, table: str, column: str) -> list[str]:
    """Keys that only the defence and the public-security register hold."""
    secret = tables.column(table, column, (RecordClass.DEFENCE, RecordClass.PUBLIC_SECURITY))
    found = set(secret) - set(tables.column(table, column, (RecordClass.CIVILIAN,)))
    assert len(found) > 1
    return sorted(found)


LOOKUPS: Mapping[str, tuple[str, str, str, str]] = {
    "person": (
        f"query ($k: PersonalId!) {{ person(personalId: $k) {{ {PERSON} }} }}",
        "person_identifier",
        "value",
        oddities.NOBODY,
    ),
    "employer": (
        "query ($k: TaxCode!) { employer(taxCode: $k) { name units { unitCode } participants { nodes { status } } } }",
        "employer",
        "tax_code",
        oddities.NO_EMPLOYER,
    ),
    "insuranceBook": (
        "query ($k: BookCode!) { insuranceBook(bookCode: $k) { status holder { fullName } totals { lines } } }",
        "book",
        "book_code",
        "SO-NOBODY",
    ),
    "household": (
        "query ($k: ID!) { household(householdId: $k) { registeredOn members { relationship } } }",
        "household",
        "id",
        oddities.NO_HOUSEHOLD,
    ),
}


@pytest.mark.parametrize("name", LOOKUPS)
def test_a_hidden_row_and_an_absent_one_give_the_same_bytes(name: str, ask: Any, tables: Tables) -> None:
    document, table, column, absent = LOOKUPS[name]
    expected = ask(OFFICER, document, k=absent)
    assert expected == b'{"data":{"%s":null}}' % name.encode()
    keys = [oddities.DEFENCE_HOUSEHOLD] if name == "household" else hidden(tables, table, column)
    numbers = [key for key in keys if name != "person" or re.fullmatch(r"[0-9]{12}", key)]
    assert numbers
    assert {ask(OFFICER, document, k=key) for key in numbers} == {expected}


def test_the_same_keys_are_there_for_who_is_cleared(ask: Any) -> None:
    for name, key in (
        ("person", oddities.DEFENCE_ONLY),
        ("employer", oddities.DEFENCE_EMPLOYER),
        ("insuranceBook", "SO-DEFENCE"),
        ("household", oddities.DEFENCE_HOUSEHOLD),
    ):
        assert json.loads(ask(DEFENCE_OFFICER, LOOKUPS[name][0], k=key))["data"][name] is not None


def test_a_hidden_person_in_a_list_is_as_absent_as_nobody(ask: Any, tables: Tables) -> None:
    document = f"query ($k: [PersonalId!]!) {{ people(personalIds: $k) {{ {PERSON} }} }}"
    plain = [oddities.RENEWED, oddities.RELATED, oddities.THREEFOLD]
    for secret in hidden(tables, "person", "personal_id"):
        mixed = [
            ask(OFFICER, document, k=[plain[0], key, plain[1], key, plain[2]]) for key in (secret, oddities.NOBODY)
        ]
        assert mixed[0] == mixed[1]


def test_a_link_to_a_hidden_row_is_as_absent_as_one_to_nothing(ask: Any) -> None:
    document = (
        f"query ($k: PersonalId!) {{ person(personalId: $k) {{ relatives {{ relation person {{ {PERSON} }} }} }} }}"
    )
    found = json.loads(ask(OFFICER, document, k=oddities.RELATED))["data"]["person"]["relatives"]
    to = {one["relation"]: one["person"] for one in found}
    assert len(found) == 4, "rows of other classes are not in the list"
    assert to["SPOUSE"] is None, "the defence person"
    assert to["LEGAL_REPRESENTATIVE"] is None, "nobody"
    assert to["FATHER"] is not None


def test_a_link_to_a_hidden_employer_is_as_absent_as_one_to_nothing(ask: Any) -> None:
    lines = "contributions { nodes { fromMonth employer { name } } }"
    document = f"query ($k: BookCode!) {{ insuranceBook(bookCode: $k) {{ {lines} }} }}"
    book = json.loads(ask(OFFICER, document, k="SO-RENEWED"))["data"]["insuranceBook"]
    employers = {line["fromMonth"]: line["employer"] for line in book["contributions"]["nodes"]}
    assert employers["2020-08"] is employers["2020-03"] is None, "a defence employer, and none at all"
    assert employers["2019-11"] is not None
    assert "2015-01" not in employers, "a line of military service"


def test_a_row_of_several_classes_is_the_one_of_the_universe(ask: Any) -> None:
    document = "query ($k: PersonalId!) { person(personalId: $k) { givenName contact { email } } }"
    found = json.loads(ask(OFFICER, document, k=oddities.THREEFOLD))["data"]["person"]
    assert found["givenName"].startswith("civilian")
    assert found["contact"] == {"email": "civilian@example.vn"}


def test_totals_count_the_rows_of_the_universe_only(ask: Any) -> None:
    document = "query ($k: BookCode!) { insuranceBook(bookCode: $k) { totals { lines months } } }"
    totals = [json.loads(ask(viewer, document, k="SO-RENEWED"))["data"]["insuranceBook"]["totals"]
              for viewer in (OFFICER, DEFENCE_OFFICER)]  # fmt: skip
    assert totals == [{"lines": 6, "months": 9}, {"lines": 7, "months": 33}]


# Connections


@pytest.mark.parametrize("universe", Universe)
@pytest.mark.parametrize("source", SOURCES)
def test_a_role_reads_the_tables_of_its_universe_and_no_others(
    source: str, universe: Universe, country: Country
) -> None:
    with psycopg.connect(country.settings.dsns.dsn(source, universe), autocommit=True) as connection:
        for of in RecordClass:
            for table in TABLES[source]:
                statement = sql.SQL("select count(*) from {}").format(sql.Identifier(of.value, table))
                if of in universe.classes:
                    assert connection.execute(statement).fetchone() is not None
                else:
                    with pytest.raises(psycopg.errors.InsufficientPrivilege):
                        connection.execute(statement)
        readable = connection.execute(
            "select n.nspname, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace"
            " where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S') and n.nspname not like 'pg\\_%'"
            " and n.nspname <> 'information_schema' and has_schema_privilege(n.oid, 'usage')"
            " and (c.relkind <> 'S' and has_table_privilege(c.oid, 'select'))"
        ).fetchall()
        assert {schema for schema, _ in readable} == {of.value for of in universe.classes}


# Statements

SCHEMAS = re.compile(r"\b(civilian|defence|public_security)\b")

READERS = ("officer", "analyst", "officer cleared for defence", "security officer", "soldier", "partner of everything")


@pytest.mark.parametrize("name", READERS)
def test_statements_name_their_universe_only_and_hold_no_value_of_the_request(
    name: str, country: Country, knowledge: Knowledge
) -> None:
    profile = PROFILES[name]
    engine: Engine = open_engine(load_graph(), country.settings)

    def answer(document: str) -> Any:
        async def once() -> bytes:
            one = open_engine(load_graph(), country.settings)
            body = (await one.execute(Request(document, purpose=PURPOSE), Viewer(profile, oddities.RENEWED))).body
            await one.stop()
            return body

        return json.loads(asyncio.run(once()))

    keys = keys_of(knowledge.tables)
    reader = with_cursors(Reader(engine.contract(profile), knowledge.rules, profile, keys), answer)

    @settings(max_examples=40, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(operations(reader))
    def hold(written: Written) -> None:
        try:
            stages = engine.stages(Request(written.document, written.name, written.variables), profile)
        except Refused:
            return
        values = [value for given in written.variables.values() for value in _words(given)]
        literals = [*values, *re.findall(r'"([^"]{8,})"', written.document)]
        assert not [value for value in values if value not in written.document and value in repr(stages.plan)]
        for fetch, _ in (one for step in steps(stages.plan) for one in step):
            assert fetch.universe in (profile.own, profile.others)
            text = engine.sources[fetch.source].question(fetch).text
            assert set(SCHEMAS.findall(text)) <= {of.value for of in fetch.universe.classes}
            assert not [value for value in literals if value in text]

    hold()


def _words(value: Any) -> list[str]:
    """The texts in a variable that are long enough to be somebody's."""
    if isinstance(value, list):
        return [word for one in value for word in _words(one)]
    return [value] if isinstance(value, str) and len(value) >= 8 else []
