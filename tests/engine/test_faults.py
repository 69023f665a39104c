"""A register that is down takes its part of an answer with it and nothing else, and comes back by itself."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
import pytest_asyncio
from psycopg import sql

from hub.demo.cluster import Cluster, running_cluster
from hub.demo.folder import hold
from hub.engine import Engine, open_engine
from hub.migrate import migrate
from hub.model.request import Request
from hub.model.viewer import Audience, Profile, Viewer
from hub.settings import SOURCES, Settings
from tests.engine import oddities
from tests.engine.country import SECRET, load_graph
from tests.engine.oddities import add_oddities

OFFICER = Viewer(Profile(Audience.OFFICER))
CITIZEN = Viewer(Profile(Audience.CITIZEN), subject=oddities.RENEWED)

SECONDS = 15.0
"""How long a register may take to be found again."""


@dataclass(slots=True)
class Registers:
    """A server whose databases can be closed one by one."""

    cluster: Cluster

    @contextmanager
    def without(self, *sources: str) -> Iterator[None]:
        """These databases take no connection and have lost those they had."""
        try:
            for source in sources:
                self._allow(source, allowed=False)
            yield
        finally:
            for source in sources:
                self._allow(source, allowed=True)

    def _allow(self, source: str, *, allowed: bool) -> None:
        with psycopg.connect(self.cluster.owner_dsn("postgres"), autocommit=True) as connection:
            connection.execute(
                sql.SQL("alter database {} with allow_connections {}").format(
                    sql.Identifier(source), sql.SQL("true" if allowed else "false")
                )
            )
            if not allowed:
                connection.execute(
                    "select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = %s", (source,)
                )


@pytest.fixture(scope="module")
def registers() -> Iterator[Registers]:
    """A server of its own, with the rows made by hand."""
    with (
        tempfile.TemporaryDirectory(prefix="hub-test-") as path,
        hold(Path(path) / "demo") as folder,
        running_cluster(folder) as cluster,
    ):
        migrate(cluster.owner_dsns)
        add_oddities(cluster.owner_dsns)
        yield Registers(cluster)


@pytest_asyncio.fixture
async def engine(registers: Registers) -> AsyncIterator[Engine]:
    made = open_engine(
        load_graph(), replace(Settings(), dsns=registers.cluster.dsns(), pool_size=2, pseudonym_key=SECRET)
    )
    yield made
    await made.stop()


async def ask(engine: Engine, document: str, viewer: Viewer = OFFICER, **variables: Any) -> dict[str, Any]:
    response = await engine.execute(Request(document, None, variables), viewer)
    assert response.executed
    found: dict[str, Any] = json.loads(response.body)
    return found


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Asks again until it holds; fails when the time is up."""
    async with asyncio.timeout(SECONDS):
        while not await holds():  # noqa: ASYNC110 - the database on the other side sets no event
            await asyncio.sleep(0.02)


def unavailable(source: str, *path: str | int) -> dict[str, Any]:
    return {
        "message": f"the {source} part of the graph is unavailable",
        "path": list(path),
        "extensions": {"code": "SOURCE_UNAVAILABLE"},
    }


PERSON = f'person(personalId: "{oddities.RENEWED}")'
BOOK = 'insuranceBook(bookCode: "SO-RENEWED")'
HOUSEHOLD = f'household(householdId: "{oddities.HOUSEHOLD}")'
EMPLOYER = f'employer(taxCode: "{oddities.SHARED_EMPLOYER}")'
PEOPLE = f'people(personalIds: ["{oddities.NOBODY}", "{oddities.RENEWED}"])'

RATED = "__typename regime ... on Pension { ratePercent }"

Case = tuple[str, tuple[str, ...], str, dict[str, Any], list[dict[str, Any]]]

CASES: tuple[Case, ...] = (
    (
        "a look-up in it is null",
        ("population",),
        f"{{ {PERSON} {{ sex }} {HOUSEHOLD} {{ registeredOn }} }}",
        {"person": None, "household": {"registeredOn": "2020-02-29"}},
        [unavailable("population", "person")],
    ),
    (
        "a field fed by it is null, and its siblings stand",
        ("household",),
        f"{{ {PERSON} {{ sex household {{ registeredOn }} socialInsurance {{ status }} }} }}",
        {"person": {"sex": "FEMALE", "household": None, "socialInsurance": {"status": "ACTIVE"}}},
        [unavailable("household", "person", "household")],
    ),
    (
        "two fields fed by it are two errors, under the names they were asked by",
        ("insurance",),
        f"{{ {PERSON} {{ a: insuranceBook {{ status }} sex b: socialInsurance {{ status }} }} }}",
        {"person": {"a": None, "sex": "FEMALE", "b": None}},
        [unavailable("insurance", "person", "a"), unavailable("insurance", "person", "b")],
    ),
    (
        "what another register adds to an object is null in it, and the object stands",
        ("insurance",),
        f"{{ {PERSON} {{ sex healthInsurance {{ cards {{ totalCount }} }} }} {HOUSEHOLD} {{ registeredOn }} }}",
        {"person": {"sex": "FEMALE", "healthInsurance": None}, "household": {"registeredOn": "2020-02-29"}},
        [unavailable("insurance", "person", "healthInsurance")],
    ),
    (
        "a list of another register is null as a whole",
        ("insurance",),
        f"{{ {EMPLOYER} {{ paymentMethod participants(first: 2) {{ nodes {{ status }} }} }} }}",
        {"employer": {"paymentMethod": "MONTHLY", "participants": None}},
        [unavailable("insurance", "employer", "participants")],
    ),
    (
        "in a list each item loses its part, with one error at the first",
        ("employer",),
        f"{{ {BOOK} {{ contributions {{ nodes {{ fromMonth employer {{ paymentMethod }} }} }} }} }}",
        {
            "insuranceBook": {
                "contributions": {
                    "nodes": [
                        {"fromMonth": month, "employer": None}
                        for month in ("2010-01", "2019-11", "2020-02", "2020-03", "2020-08", "2020-09")
                    ]
                }
            }
        },
        [unavailable("employer", "insuranceBook", "contributions", "nodes", 0, "employer")],
    ),
    (
        "a list of look-ups keeps its places",
        ("population",),
        f"{{ {PEOPLE} {{ sex }} {EMPLOYER} {{ paymentMethod }} }}",
        {"people": [None, None], "employer": {"paymentMethod": "MONTHLY"}},
        [unavailable("population", "people", 0)],
    ),
    (
        "the path counts the items before it",
        ("insurance",),
        f"{{ {PEOPLE} {{ sex insuranceBook {{ status }} }} }}",
        {"people": [None, {"sex": "FEMALE", "insuranceBook": None}]},
        [unavailable("insurance", "people", 1, "insuranceBook")],
    ),
    (
        "deep inside, everything around it stands",
        ("insurance",),
        f"{{ {HOUSEHOLD} {{ members {{ position: relationship person {{ sex }} participant {{ status }} }} }} }}",
        {
            "household": {
                "members": [
                    {"position": "HEAD", "person": {"sex": "FEMALE"}, "participant": None},
                    {"position": "CHILD", "person": {"sex": "OTHER"}, "participant": None},
                    {"position": "OTHER", "person": None, "participant": None},
                    {"position": "GRANDCHILD", "person": None, "participant": None},
                ]
            }
        },
        [unavailable("insurance", "household", "members", 0, "participant")],
    ),
    (
        "two registers down are two errors",
        ("population", "insurance"),
        f"{{ {HOUSEHOLD} {{ members {{ person {{ sex }} }} }} {EMPLOYER} {{ participants {{ totalCount }} }} }}",
        {"household": {"members": [{"person": None}] * 4}, "employer": {"participants": None}},
        [
            unavailable("population", "household", "members", 0, "person"),
            unavailable("insurance", "employer", "participants"),
        ],
    ),
    (
        "what is behind a null is not asked for",
        ("employer",),
        '{ insuranceBook(bookCode: "SO-NOBODY") { contributions { nodes { employer { name } } } } }',
        {"insuranceBook": None},
        [],
    ),
    (
        "a type of an interface keeps its own fields",
        ("population",),
        f"{{ {BOOK} {{ holder {{ sex }} benefits {{ nodes {{ {RATED} }} }} }} }}",
        {
            "insuranceBook": {
                "holder": None,
                "benefits": {
                    "nodes": [
                        {"__typename": "ShortTermBenefit", "regime": "SICK"},
                        {"__typename": "ShortTermBenefit", "regime": "RECOVERY"},
                        {"__typename": "Pension", "regime": "PENSION", "ratePercent": 45.5},
                        {"__typename": "OneTimeBenefit", "regime": "ONE_TIME"},
                    ]
                },
            }
        },
        [unavailable("population", "insuranceBook", "holder")],
    ),
)


@pytest.mark.parametrize("case", CASES, ids=[case[0] for case in CASES])
async def test_while_a_register_is_down(case: Case, engine: Engine, registers: Registers) -> None:
    _, sources, document, data, errors = case
    whole = await ask(engine, document)
    assert "errors" not in whole
    with registers.without(*sources):
        expected = {"errors": errors, "data": data} if errors else {"data": data}
        assert await ask(engine, document) == expected

    async def is_whole() -> bool:
        return await ask(engine, document) == whole

    await until(is_whole)


@pytest.mark.parametrize("source", SOURCES)
async def test_an_engine_starts_without_a_register_and_finds_it_later(
    source: str, registers: Registers, caplog: pytest.LogCaptureFixture
) -> None:
    document = f"{{ {PERSON} {{ sex }} {HOUSEHOLD} {{ registeredOn }} {BOOK} {{ status }} {EMPLOYER} {{ status }} }}"
    roots = {"population": "person", "household": "household", "insurance": "insuranceBook", "employer": "employer"}
    with registers.without(source):
        engine = open_engine(load_graph(), replace(Settings(), dsns=registers.cluster.dsns(), pseudonym_key=SECRET))
        await engine.start()
        assert await engine.ready() == {name: name != source for name in SOURCES}
        found = await ask(engine, document)
        assert [name for name, value in found["data"].items() if value is None] == [roots[source]]
        assert found["errors"] == [unavailable(source, roots[source])]
    assert oddities.RENEWED not in caplog.text, "logs hold no keys"

    async def is_ready() -> bool:
        return all((await engine.ready()).values())

    await until(is_ready)
    assert "errors" not in await ask(engine, document)
    await engine.stop()


async def test_a_register_that_goes_and_comes_under_load_hurts_only_those_who_ask_it(
    engine: Engine, registers: Registers
) -> None:
    needs = f"{{ {BOOK} {{ status contributions {{ nodes {{ employer {{ name }} }} }} }} }}"
    spared = f"{{ {HOUSEHOLD} {{ members {{ person {{ sex }} participant {{ paymentMethod }} }} }} }}"
    whole = {document: await ask(engine, document) for document in (needs, spared)}
    assert all("errors" not in body for body in whole.values())
    lines = len(whole[needs]["data"]["insuranceBook"]["contributions"]["nodes"])
    broken = {
        "errors": [unavailable("employer", "insuranceBook", "contributions", "nodes", 0, "employer")],
        "data": {"insuranceBook": {"status": "ACTIVE", "contributions": {"nodes": [{"employer": None}] * lines}}},
    }
    running = True
    seen = {"whole": 0, "broken": 0, "spared": 0}

    async def load(document: str) -> None:
        while running:
            body = await ask(engine, document)
            if document == spared:
                assert body == whole[spared]
                seen["spared"] += 1
            else:
                assert body in (whole[needs], broken)
                seen["whole" if body == whole[needs] else "broken"] += 1
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as group:
        for _ in range(8):
            group.create_task(load(needs))
            group.create_task(load(spared))

        async def more(kind: str) -> None:
            start = seen[kind]

            async def grown() -> bool:
                return seen[kind] >= start + 20

            await until(grown)

        for _ in range(2):
            await more("whole")
            with registers.without("employer"):
                await more("broken")
                await more("spared")
            await more("whole")
        running = False


async def test_a_connection_that_was_lost_while_idle_costs_nobody_an_answer(
    engine: Engine, registers: Registers
) -> None:
    document = f"{{ {PERSON} {{ sex household {{ registeredOn }} }} }}"
    whole = await ask(engine, document)
    for _ in range(3):
        with psycopg.connect(registers.cluster.owner_dsn("postgres"), autocommit=True) as connection:
            connection.execute(
                "select pg_terminate_backend(pid, 5000) from pg_stat_activity where application_name = 'hub'"
            )
        assert await ask(engine, document) == whole


async def test_a_citizen_sees_no_more_of_a_fault_than_an_officer(engine: Engine, registers: Registers) -> None:
    with registers.without("insurance"):
        found = await ask(engine, "{ me { sex insuranceBook { status } } }", CITIZEN)
    assert found == {
        "errors": [unavailable("insurance", "me", "insuranceBook")],
        "data": {"me": {"sex": "FEMALE", "insuranceBook": None}},
    }


async def test_a_server_that_is_stopped_and_started_again_is_found_again() -> None:
    document = f"{{ {PERSON} {{ sex }} {EMPLOYER} {{ status }} }}"
    with tempfile.TemporaryDirectory(prefix="hub-test-") as path, hold(Path(path) / "demo") as folder:
        with running_cluster(folder) as cluster:
            migrate(cluster.owner_dsns)
            add_oddities(cluster.owner_dsns)
            engine = open_engine(load_graph(), replace(Settings(), dsns=cluster.dsns(), pseudonym_key=SECRET))
            whole = await ask(engine, document)
            assert whole["data"]["person"] is not None
        assert await ask(engine, document) == {
            "errors": [unavailable("population", "person"), unavailable("employer", "employer")],
            "data": {"person": None, "employer": None},
        }
        with running_cluster(folder) as again:
            assert again.dsns() == cluster.dsns()

            async def is_whole() -> bool:
                return await ask(engine, document) == whole

            await until(is_whole)
            await engine.stop()


async def test_a_key_whose_data_cannot_be_computed_with_fails_alone(engine: Engine, registers: Registers) -> None:
    """A sum beyond bigint in one book is that book's fault: the other of the same statement is answered."""
    document = (
        f'{{ people(personalIds: ["{oddities.RENEWED}", "{oddities.THREEFOLD}"]) '
        "{ insuranceBook { status totals { employerTotal } } } }"
    )
    before = await ask(engine, document)
    most = 2**63 - 1
    dsn = registers.cluster.owner_dsn("insurance")
    with psycopg.connect(dsn, autocommit=True) as connection:
        rows = connection.execute(
            "select id, employer_amount from civilian.contribution where personal_id = %s", (oddities.THREEFOLD,)
        ).fetchall()
        connection.execute(
            "update civilian.contribution set employer_amount = %s where personal_id = %s", (most, oddities.THREEFOLD)
        )
        try:
            during = await ask(engine, document)
        finally:
            for row, amount in rows:
                connection.execute("update civilian.contribution set employer_amount = %s where id = %s", (amount, row))
    assert rows
    assert during["data"]["people"] == [before["data"]["people"][0], {"insuranceBook": None}]
    assert during["errors"] == [unavailable("insurance", "people", 1, "insuranceBook")]
    assert await ask(engine, document) == before
