"""Requests of many readers gather into few statements, and nobody gets another's answer."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from hub.engine import Built, Engine
from hub.model.plan import Fetch
from hub.model.request import Request
from hub.model.source import Question, Source, Texts
from hub.model.viewer import Audience, Profile, RecordClass, Universe, Viewer
from hub.sources.postgres import PostgresSource
from tests.engine import oddities
from tests.engine.country import PROFILES, PURPOSE, SECRET, Country
from tests.engine.oracle import Tables

Asked = tuple[Request, Viewer]


class Counted:
    """A source that counts what it is asked, and asks the real one."""

    def __init__(self, source: Source) -> None:
        self.name = source.name
        self.source = source
        self.together = source.together
        self.statements = 0
        self.most_keys = 0

    def question(self, fetch: Fetch) -> Question:
        return self.source.question(fetch)

    def width(self, universe: Universe) -> int:
        return self.source.width(universe)

    async def ask(
        self, asked: Sequence[tuple[Question, tuple[Any, ...], Sequence[str]]]
    ) -> Sequence[Mapping[str, Texts]]:
        self.statements += len(asked)
        self.most_keys = max(self.most_keys, *(len(keys) for _, _, keys in asked))
        return await self.source.ask(asked)

    def readable(self, question: Question) -> str:
        return self.source.readable(question)

    def resting(self) -> bool:
        return self.source.resting()

    async def ready(self) -> bool:
        return await self.source.ready()

    async def close(self) -> None:
        await self.source.close()


def counted_engine(built: Built, country: Country, width: int) -> tuple[Engine, list[Counted]]:
    sources = {
        name: Counted(PostgresSource(mapping, country.settings.dsns.by_source[name], width=width))
        for name, mapping in built.declared.mappings.items()
    }
    return Engine(built, sources, pseudonym_secret=SECRET), list(sources.values())


ME = """
{
  me {
    personalId fullName occupation relatives { fullName person { fullName } }
    household { registeredOn members { relationship person { fullName lifeStatus } } }
    insuranceBook {
      bookCode totals { months lines employeeTotal }
      contributions { nodes { id fromMonth employer { taxCode name } unit { unitCode } } }
      benefits { nodes { id amount ... on Pension { ratePercent } } }
    }
    healthInsurance { cards { nodes { hiNumber objectGroup { name } initialFacility { name } } } }
  }
}
"""
PERSON = """
query ($k: PersonalId!, $short: Boolean = false) {
  person(personalId: $k) {
    id personalId fullName identifiers { scheme value }
    insuranceBook @skip(if: $short) {
      bookCode totals { months } contributions { nodes { id employer { name units { unitCode } } } }
    }
    household { members { person { personalId fullName } participant { siNumber salary } } }
  }
}
"""
PEOPLE = "query ($k: [PersonalId!]!) { people(personalIds: $k) { personalId fullName insuranceBook { bookCode } } }"
PAGE = """
query ($t: TaxCode!, $n: Int! = 2, $a: Cursor) {
  employer(taxCode: $t) { name participants(first: $n, after: $a) { nodes { siNumber person { fullName } } } }
}
"""

SHARED = "query ($k: PersonalId!) { person(personalId: $k) { id insuranceBook { benefits { nodes { regime } } } } }"
PSEUDONYMS = """
query ($t: TaxCode!) {
  employer(taxCode: $t) {
    participants { nodes { person { id insuranceBook { contributions { nodes { id fromMonth } } } } } }
  }
}
"""

PARTNERS = (Viewer(PROFILES["health ministry"]), Viewer(PROFILES["partner for service pensions"]))
ANALYSTS = (Viewer(PROFILES["analyst"]), Viewer(PROFILES["analyst of another project"]))
OFFICERS = (
    Viewer(Profile(Audience.OFFICER)),
    Viewer(Profile(Audience.DEFENCE_OFFICER, others=Universe.DEFENCE)),
    Viewer(Profile(Audience.SECURITY_OFFICER, others=Universe.PUBLIC_SECURITY)),
    Viewer(Profile(Audience.DEFENCE_OFFICER, others=Universe.ALL)),
)


async def cursors_of(engine: Engine, officer: Viewer) -> list[str]:
    """A few places in the lists of participants, as this reader is given them."""
    document = f'{{ employer(taxCode: "{oddities.SHARED_EMPLOYER}") {{ participants {{ edges {{ cursor }} }} }} }}'
    found = json.loads((await engine.execute(Request(document), officer)).body)
    return [edge["cursor"] for edge in found["data"]["employer"]["participants"]["edges"]][:4]


def crowd(tables: Tables, cursors: Mapping[Viewer, list[str]]) -> list[Asked]:
    """Hundreds of requests of different readers: one document with many subjects, one with many arguments."""
    rng = random.Random(41)
    people = [*oddities.NUMBERS, *tables.column("person", "personal_id", (RecordClass.DEFENCE,))]
    people += rng.sample(tables.column("person", "personal_id", (RecordClass.CIVILIAN,)), 50)
    employers = [*sorted(set(tables.column("employer", "tax_code")))[:12], oddities.NO_EMPLOYER]
    asked: list[Asked] = []
    for number in people:
        asked += [
            (Request(ME), Viewer(Profile(Audience.CITIZEN, own=own), subject=number))
            for own in (Universe.CIVILIAN, Universe.DEFENCE, Universe.ALL)
        ]
        asked += [(Request(PERSON, None, {"k": number, "short": rng.random() < 0.3}), officer) for officer in OFFICERS]
        asked += [(Request(SHARED, None, {"k": number}, PURPOSE), partner) for partner in PARTNERS]
        asked.append((Request(PEOPLE, None, {"k": rng.choices(people, k=5)}), rng.choice(OFFICERS)))
    for tax_code in employers:
        for officer in OFFICERS:
            variables = {"t": tax_code, "n": rng.randint(1, 4), "a": rng.choice([None, *cursors[officer]])}
            asked.append((Request(PAGE, None, variables), officer))
            asked.append((Request(PAGE, None, {"t": tax_code}), officer))
        asked += [(Request(PSEUDONYMS, None, {"t": tax_code}), analyst) for analyst in ANALYSTS]
    return asked


@pytest.mark.parametrize("width", [1, 2])
async def test_every_reader_of_a_crowd_gets_his_own_answer(
    width: int, built: Built, country: Country, tables: Tables
) -> None:
    alone, alone_sources = counted_engine(built, country, width)
    cursors = {officer: await cursors_of(alone, officer) for officer in OFFICERS}
    assert len({one for of in cursors.values() for one in of}) == sum(map(len, cursors.values())) > len(OFFICERS)
    asked = crowd(tables, cursors)
    expected = [(await alone.execute(request, viewer)).body for request, viewer in asked]
    await alone.stop()
    assert not [body for body in expected if b'"errors"' in body]
    assert len(set(expected)) > len(expected) // 3, "answers that could be told apart"

    together, sources = counted_engine(built, country, width)
    rng = random.Random(width)

    async def ask(index: int, turns: int) -> tuple[int, bytes]:
        for _ in range(turns):
            await asyncio.sleep(0)
        request, viewer = asked[index]
        return index, (await together.execute(request, viewer)).body

    for _ in range(3):
        order = rng.sample(range(len(asked)), len(asked))
        found = await asyncio.gather(*(ask(index, rng.randrange(60)) for index in order))
        wrong = [index for index, body in found if body != expected[index]]
        assert not wrong, (asked[wrong[0]], json.loads(expected[wrong[0]]))
    await together.stop()

    statements = sum(source.statements for source in sources)
    assert statements < 3 * len(asked), "fewer statements than requests"
    assert statements < sum(source.statements for source in alone_sources), "three rounds cost less than one alone"
    assert max(source.most_keys for source in sources) > 10


async def test_equal_requests_share_their_statements(built: Built, country: Country) -> None:
    engine, sources = counted_engine(built, country, 1)
    request = Request(PERSON, None, {"k": oddities.RENEWED})
    once = (await engine.execute(request, OFFICERS[0])).body
    alone = sum(source.statements for source in sources)
    bodies = await asyncio.gather(*(engine.execute(request, OFFICERS[0]) for _ in range(100)))
    assert {one.body for one in bodies} == {once}
    assert sum(source.statements for source in sources) <= 3 * alone
    await engine.stop()


async def test_a_request_that_is_given_up_takes_nothing_from_the_others(built: Built, country: Country) -> None:
    engine, _ = counted_engine(built, country, 1)
    numbers = oddities.NUMBERS
    expected = [(await engine.execute(Request(PERSON, None, {"k": one}), OFFICERS[0])).body for one in numbers]
    tasks = [
        asyncio.create_task(engine.execute(Request(PERSON, None, {"k": number}), OFFICERS[0]))
        for _ in range(10)
        for number in numbers
    ]
    cancelled: set[int] = set()
    for turn in range(4):
        await asyncio.sleep(0)
        for index in range(turn, len(tasks), 7):
            if tasks[index].cancel():
                cancelled.add(index)
    done = await asyncio.gather(*tasks, return_exceptions=True)
    assert cancelled
    for index, one in enumerate(done):
        if index in cancelled:
            assert isinstance(one, asyncio.CancelledError)
        else:
            assert not isinstance(one, BaseException), "a neighbour was cancelled with it"
            assert one.body == expected[index % len(numbers)]
    again = await engine.execute(Request(PERSON, None, {"k": numbers[0]}), OFFICERS[0])
    assert again.body == expected[0]
    await engine.stop()
