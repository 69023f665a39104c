"""A thousand words that stand in hidden rows and nowhere else: no reader without clearance ever meets one.

In a copy of the country's databases every free column of the defence and the public-security rows is filled with words
of its own, sums are made to overflow as soon as such a row is counted, and some of the rows are taken away. Then
hundreds of operations run on both countries: whoever is not cleared gets the same bytes from both, and no word shows in
a body, a header, a log line, a plan or a statement. Whoever is cleared meets the words.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
import re
import string
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import sql

from hub.engine import Engine, open_engine
from hub.errors import Refused
from hub.model.request import Request
from hub.model.viewer import Audience, RecordClass, Viewer
from hub.planner.describe import describe, steps
from hub.server.app import make_app
from tests.engine import oddities
from tests.engine.country import PROFILES, PURPOSE, UNCLEARED, Country, load_graph
from tests.engine.operations import Reader, keys_of, operations, with_cursors
from tests.engine.oracle import Knowledge, Tables, read_tables
from tests.engine.test_matrix import Cover, Way, _Walk, cover_of

MARK = "QZX"
WORD = re.compile(rf"{MARK}[A-Z0-9]{{13}}", re.IGNORECASE)
WORDS_OF_A_COLUMN = 24
HIDDEN = (RecordClass.DEFENCE, RecordClass.PUBLIC_SECURITY)
EXAMPLES = 40

_COLUMNS = """
select c.table_name, c.column_name from information_schema.columns c
where c.table_schema = %s and c.data_type = 'text' and c.is_generated = 'NEVER' order by 1, 2
"""


def plant(owner_dsns: Mapping[str, str]) -> dict[str, str]:
    """Fills hidden rows with words, where the column takes one: word -> where it stands."""
    rng = random.Random(7)
    planted: dict[str, str] = {}
    for dsn in owner_dsns.values():
        with psycopg.connect(dsn) as connection:
            for of in HIDDEN:
                for table, column in connection.execute(_COLUMNS, (of.value,)).fetchall():
                    planted.update(_fill(connection, rng, of.value, table, column))
    return planted


def _fill(
    connection: psycopg.Connection[Any], rng: random.Random, of: str, table: str, column: str
) -> Iterator[tuple[str, str]]:
    """Words for some rows of a column; none, if it takes no such word."""
    if column in KEYS:
        return
    target, name = sql.Identifier(of, table), sql.Identifier(column)
    # A person is looked up by his number, which stays.
    kept = " where scheme <> 'PERSONAL_ID'" if table == "person_identifier" else ""
    rows = connection.execute(sql.SQL("select ctid from {}" + kept + " order by ctid").format(target)).fetchall()
    hand_made = rows[-WORDS_OF_A_COLUMN // 2 :]
    for (row,) in dict.fromkeys((*hand_made, *rows[: WORDS_OF_A_COLUMN // 2])):
        word = MARK + "".join(rng.choices(string.ascii_uppercase + string.digits, k=13))
        for text in (word, f"{word}@example.vn"):
            try:
                with connection.transaction():
                    changed = connection.execute(
                        sql.SQL("update {} set {} = %s where ctid = %s returning 1").format(target, name), (text, row)
                    )
                    if changed.fetchone():
                        yield word, f"{of}.{table}.{column}"
                break
            except (psycopg.errors.CheckViolation, psycopg.errors.IntegrityError):
                continue


KEYS = {"regime", "status", "scheme", "relation", "relationship"}
"""What words are not put into: they decide which rows there are, and what type they are of."""


def change(owner_dsns: Mapping[str, str]) -> None:
    """Hidden lines of one person that no sum can hold, and hidden rows fewer than there were."""
    with psycopg.connect(owner_dsns["insurance"]) as connection:
        for of in HIDDEN:
            for table in ("contribution", "visit", "benefit"):
                connection.execute(
                    sql.SQL(
                        "delete from {} where personal_id <> all(%s) and left(id::text, 1) in ('0', '1', '2')"
                    ).format(sql.Identifier(of.value, table)),
                    (list(oddities.NUMBERS),),
                )
            connection.execute(
                sql.SQL("update {} set employer_amount = %s, employee_amount = %s where personal_id = %s").format(
                    sql.Identifier(of.value, "contribution")
                ),
                (2**63 - 1, 2**63 - 1, oddities.THREEFOLD),
            )


@dataclass(slots=True)
class Heard:
    """All that came out, as text."""

    texts: list[str] = field(default_factory=list)
    requests: int = 0

    def words(self, planted: Collection[str]) -> set[str]:
        """The words of them; what only looks like one stands in a cursor, which is random letters."""
        return {word.upper() for text in self.texts for word in WORD.findall(text)} & set(planted)


class AsIf:
    """Takes everybody for one reader: tokens are tested elsewhere."""

    def __init__(self) -> None:
        self.now: Viewer | None = None

    async def viewer(self, *_: Any) -> Viewer:
        assert self.now is not None
        return self.now


@dataclass(slots=True)
class Both:
    """The country and its changed copy, served side by side."""

    runner: asyncio.Runner
    knowledge: Knowledge
    cover: Cover
    holders: Cover
    engines: tuple[Engine, Engine]
    clients: tuple[httpx.AsyncClient, httpx.AsyncClient]
    identity: AsIf
    planted: Mapping[str, str]
    hidden: frozenset[str]

    def send(self, viewer: Viewer, content: object, heard: Heard) -> None:
        """Sends a request to both; asserts that they answer alike, and keeps what the copy answered."""
        self.identity.now = viewer
        found = [
            self.runner.run(
                client.post(
                    "/graphql",
                    content=json.dumps(content),
                    headers={"content-type": "application/json", "x-request-id": "1"},
                )
            )
            for client in self.clients
        ]
        assert found[0].status_code == found[1].status_code
        assert found[0].content == found[1].content
        assert found[0].headers == found[1].headers
        heard.requests += 1
        heard.texts += [found[1].text, repr(found[1].headers)]

    def answer(self, viewer: Viewer, document: str) -> Any:
        """What the copy answers."""
        request = Request(document, purpose=PURPOSE)
        return json.loads(self.runner.run(self.engines[1].execute(request, viewer)).body)

    def ask(self, viewer: Viewer, document: str, variables: Mapping[str, Any], name: str | None, heard: Heard) -> None:
        content = {"query": document, "variables": variables, "operationName": name, "extensions": {"purpose": PURPOSE}}
        self.send(viewer, content, heard)
        try:
            plan = self.engines[1].stages(Request(document, name, variables), viewer.profile).plan
        except Refused:
            return
        heard.texts += [repr(plan), describe(plan)]
        heard.texts += [
            self.engines[1].sources[fetch.source].question(fetch).text for step in steps(plan) for fetch, _ in step
        ]

    def ways(self, name: str, cover: Cover) -> Iterator[tuple[Viewer, Way, Mapping[str, Any]]]:
        """The whole graph as a reader sees it, from every root, for people and rows of every class."""
        profile = PROFILES[name]
        for way in _Walk(self.knowledge.schema, self.knowledge.rules, profile).ways():
            match way.root:
                case "me":
                    yield from ((Viewer(profile, number), way, {}) for number in cover.numbers)
                case "people":
                    yield Viewer(profile), way, {"k": list(cover.numbers)}
                case "persons" | "households" | "employers":
                    yield Viewer(profile), way, {}
                case root:
                    keys = {"household": cover.households, "insuranceBook": cover.books, "employer": cover.employers}
                    for key in keys.get(root, cover.numbers[:10]):
                        yield Viewer(profile), way, {"k": key}


@pytest.fixture(scope="module")
def both(country: Country, knowledge: Knowledge) -> Iterator[Both]:
    copy = country.copy()
    change(copy.owner_dsns)
    planted = plant(copy.owner_dsns)
    engines = (open_engine(load_graph(), country.settings), open_engine(load_graph(), copy.settings))
    identity = AsIf()
    clients = [
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app=make_app(engine, identity, country.settings)),
            base_url="http://hub",
        )
        for engine in engines
    ]
    with asyncio.Runner() as runner:
        tables = read_tables(copy.owner_dsns)
        yield Both(
            runner,
            knowledge,
            cover_of(knowledge.tables),
            holders(tables),
            engines,
            (clients[0], clients[1]),
            identity,
            planted,
            only_hidden(tables),
        )
        for engine, client in zip(engines, clients, strict=True):
            runner.run(client.aclose())
            runner.run(engine.stop())


def holders(tables: Tables) -> Cover:
    """Whoever a row with a word leads to."""
    numbers: dict[str, None] = {}
    households: dict[str, None] = {}
    employers: dict[str, None] = {}
    for of in HIDDEN:
        by_id = {row["id"]: row["personal_id"] for row in tables.rows[of, "person"]}
        for (held_by, table), rows in tables.rows.items():
            for row in rows if held_by is of else ():
                if any(isinstance(value, str) and MARK in value for value in row.values()):
                    named = (row.get("guardian_personal_id"), row.get("personal_id"), by_id.get(row.get("person_id")))
                    numbers.update(dict.fromkeys(number for number in named if number))
                    households.update({row["id"]: None} if table == "household" else {})
                    employers.update({row["tax_code"]: None} if "tax_code" in row else {})
    return Cover(tuple(numbers)[:500], (), tuple(households), tuple(employers))


def only_hidden(tables: Tables) -> frozenset[str]:
    """Ids and numbers that no civilian row holds."""
    found: dict[bool, set[str]] = {True: set(), False: set()}
    for (of, _), rows in tables.rows.items():
        for row in rows:
            found[of in HIDDEN] |= {
                value for value in row.values() if isinstance(value, str) and NUMBER.fullmatch(value)
            }
    return frozenset(found[True] - found[False])


NUMBER = re.compile(r"[0-9]{10,12}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
NUMBERS = re.compile(rf"(?<![0-9a-f-])(?:{NUMBER.pattern})(?![0-9a-f-])")

# What provokes an error in every gate, with keys of hidden rows.
WRONG: tuple[object, ...] = (
    {"query": "{ person(personalId: "},
    {"query": '{ person(personalId: "12") { id } }'},
    {"query": "query ($k: PersonalId!) { person(personalId: $k) { id } }", "variables": {"k": None}},
    {"query": "query ($k: [PersonalId!]!) { people(personalIds: $k) { id } }", "variables": {"k": [5]}},
    {"query": "{ person { occupation jobTitle recordClass rank secret } }"},
    {"query": f'{{ employer(taxCode: "{oddities.DEFENCE_EMPLOYER}") {{ participants(first: 0) {{ totalCount }} }} }}'},
    {"query": f'{{ employer(taxCode: "{oddities.POLICE_EMPLOYER}") {{ participants(after: "x") {{ totalCount }} }} }}'},
    {"query": f'{{ household(householdId: "{oddities.BARRACKS}") {{ registeredOn }} }}'},
    {"query": '{ insuranceBook(bookCode: "SO-DEFENCE\\u0000") { status } }'},
    {"query": '{ insuranceBook(bookCode: "SO-DEFENCE") { totals { employerTotal } } }'},
    {"query": '{ __type(name: "RecordClass") { enumValues { name } } }'},
    {"query": "{ me { recordClass household { members { person { occupation } } } } }"},
    {"query": "mutation { a }"},
    {"query": 5},
    [],
)


@pytest.mark.parametrize("name", UNCLEARED)
def test_no_reader_without_clearance_meets_a_word_of_a_hidden_row(
    name: str, both: Both, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    profile = PROFILES[name]
    heard = Heard()
    some = replace(both.holders, numbers=both.holders.numbers[:: 8 if profile.audience is Audience.CITIZEN else 1])
    for viewer, way, variables in (*both.ways(name, both.cover), *both.ways(name, some)):
        both.ask(viewer, way.document, variables, None, heard)
    for wrong in WRONG:
        both.send(Viewer(profile, oddities.DEFENCE_ONLY), wrong, heard)
    keys = keys_of(both.knowledge.tables)
    reader = with_cursors(
        Reader(both.engines[1].contract(profile), both.knowledge.rules, profile, keys),
        lambda document: both.answer(Viewer(profile, oddities.RENEWED), document),
    )
    subjects = st.sampled_from(keys.numbers) if profile.audience is Audience.CITIZEN else st.none()
    asked = set(oddities.NUMBERS)

    @settings(
        max_examples=EXAMPLES, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
    )
    @given(operations(reader), subjects)
    def ask(written: Any, subject: str | None) -> None:
        both.ask(Viewer(profile, subject), written.document, written.variables, written.name, heard)

    ask()
    heard.texts += [caplog.text, *(repr(record.__dict__) for record in caplog.records)]
    assert heard.requests > EXAMPLES
    assert heard.words(both.planted) == set()
    # Numbers and ids that only hidden rows hold, but for those that were asked for.
    shown = {found for text in heard.texts for found in NUMBERS.findall(text)}
    asked |= {*keys.numbers, *keys.households, *keys.employers, *keys.books}
    leaked = (shown & both.hidden) - asked
    assert leaked == set()


CONTROL = ("officer cleared for all", "defence officer", "security officer cleared for all", "partner of everything")


def test_readers_who_are_cleared_meet_the_words(both: Both) -> None:
    """The control: the words are there to be met, in most columns that can be asked for."""
    met: set[str] = set()
    for name in (*CONTROL, "soldier", "policeman"):
        for viewer, way, variables in both.ways(name, both.holders):
            request = Request(way.document, None, variables, PURPOSE)
            body = both.runner.run(both.engines[1].execute(request, viewer)).body
            met |= set(WORD.findall(body.decode())) & set(both.planted)
    columns, reached = set(both.planted.values()), {both.planted[word] for word in met}
    print(
        f"canaries: {len(both.planted)} words in {len(columns)} columns; the cleared met {len(met)} in {len(reached)}"
    )
    assert len(both.planted) > 800
    assert len(met) > 500
    assert len(reached) > len(columns) // 2
