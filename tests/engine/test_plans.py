"""The plan in the answer: for those allowed, in their own words, and it tells nothing that the answer does not."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from random import Random
from typing import Any

import psycopg
import pytest
from graphql import GraphQLInterfaceType, GraphQLObjectType

from hub.engine import Built, Engine
from hub.model.graph import PlansShown
from hub.model.request import PlanWish, Request
from hub.model.viewer import Audience, Profile, Universe, Viewer
from tests.engine import oddities
from tests.engine.country import PROFILES, PURPOSE, Country
from tests.engine.operations import Reader, keys_of, operation_at_random
from tests.engine.oracle import Knowledge, Tables
from tests.engine.test_concurrency import ME, PERSON, SHARED, Counted, counted_engine
from tests.engine.test_nondisclosure import LOOKUPS, hidden

OFFICER = Viewer(Profile(Audience.OFFICER))
DEFENCE_OFFICER = Viewer(Profile(Audience.DEFENCE_OFFICER, others=Universe.DEFENCE))
ANALYST = Viewer(PROFILES["analyst"])
CITIZEN = Viewer(Profile(Audience.CITIZEN), subject=oddities.RENEWED)
MINISTRY = Viewer(PROFILES["health ministry"])

LINKS = "query ($k: BookCode!) { insuranceBook(bookCode: $k) { status contributions { nodes { employer { name } } } } }"
RELATIVES = "fullName relatives { person { fullName insuranceBook { status } } }"
WALK = f"query ($k: PersonalId!) {{ person(personalId: $k) {{ {RELATIVES} }} }}"
TWICE = WALK.replace("{ person", "{ a: person", 1)[:-1] + f"b: person(personalId: $k) {{ {RELATIVES} }} }}"
STAFF = "query ($k: TaxCode!) { employer(taxCode: $k) { participants { nodes { person { sex } } } } }"


def looking_inside(built: Built) -> Built:
    """The graph by a policy table that shows officers what lies inside."""
    plans = PlansShown(frozenset(Audience), frozenset({Audience.OFFICER}))
    return replace(built, rules=replace(built.rules, policy=replace(built.rules.policy, plans=plans)))


@pytest.fixture
async def counted(built: Built, country: Country) -> AsyncIterator[tuple[Engine, list[Counted]]]:
    engine, sources = counted_engine(built, country, 2)
    yield engine, sources
    await engine.stop()


@pytest.fixture
async def engine(counted: tuple[Engine, list[Counted]]) -> Engine:
    return counted[0]


@pytest.fixture
async def inside(built: Built, country: Country) -> AsyncIterator[Engine]:
    engine, _ = counted_engine(looking_inside(built), country, 2)
    yield engine
    await engine.stop()


async def body(engine: Engine, viewer: Viewer, document: str, wish: PlanWish | None, **variables: Any) -> bytes:
    return (await engine.execute(Request(document, None, variables, PURPOSE, wish), viewer)).body


async def plan(engine: Engine, viewer: Viewer, document: str, wish: PlanWish, **variables: Any) -> Any:
    return json.loads(await body(engine, viewer, document, wish, **variables))["extensions"]["plan"]


def timeless(found: Any) -> Any:
    """The plan without its times, which are there or not all the same."""
    runs = [one["run"] | {"milliseconds": "milliseconds" in one["run"]} for one in found["fetches"]]
    return found | {"fetches": [one | {"run": run} for one, run in zip(found["fetches"], runs, strict=True)]}


# What is asked for is given


async def test_a_plan_beside_the_answer_leaves_the_answer_as_it_is(engine: Engine) -> None:
    for viewer in (OFFICER, DEFENCE_OFFICER):
        alone = await body(engine, viewer, PERSON, None, k=oddities.RENEWED)
        with_plan = await body(engine, viewer, PERSON, PlanWish.SHOW, k=oddities.RENEWED)
        assert with_plan.startswith(alone[:-1] + b',"extensions":{"plan":{')


async def test_rows_are_those_that_stand_in_the_answer(engine: Engine) -> None:
    found = json.loads(await body(engine, OFFICER, WALK, PlanWish.SHOW, k=oddities.RELATED))
    relatives = found["data"]["person"]["relatives"]
    people = [one["person"] for one in relatives if one["person"] is not None]
    books = [one["insuranceBook"] for one in people if one["insuranceBook"] is not None]
    assert 0 < len(people) < len(relatives)
    assert {one["paths"][0]: one["run"]["rows"] for one in found["extensions"]["plan"]["fetches"]} == {
        "person": 1,
        "person.relatives.person": len(people),
        "person.relatives.person.insuranceBook": len(books),
    }


@pytest.mark.parametrize(
    ("document", "given", "viewer"),
    [
        (PERSON, oddities.RENEWED, OFFICER),
        (LINKS, "SO-RENEWED", DEFENCE_OFFICER),
        (STAFF, oddities.SHARED_EMPLOYER, ANALYST),
    ],
)
async def test_a_dry_run_gives_the_plan_and_asks_no_source(
    document: str, given: str, viewer: Viewer, counted: tuple[Engine, list[Counted]]
) -> None:
    engine, sources = counted
    response = await engine.execute(Request(document, None, {"k": given}, None, PlanWish.ONLY), viewer)
    found = json.loads(response.body)
    assert response.executed
    assert found["data"] is None
    assert "errors" not in found
    assert [source.statements for source in sources] == [0] * len(sources)
    shown = await plan(engine, viewer, document, PlanWish.SHOW, k=given)
    assert sum(source.statements for source in sources) > 0
    assert [one.pop("run") for one in shown["fetches"]]
    assert found["extensions"]["plan"] == shown


GATES: tuple[tuple[str, Mapping[str, Any], str], ...] = (
    ("{ persn { id } }", {}, "GRAPHQL_VALIDATION_FAILED"),
    (WALK, {"k": "12"}, "BAD_USER_INPUT"),
    ("query ($k: [PersonalId!]!) { people(personalIds: $k) { id } }", {"k": [oddities.NOBODY] * 501}, "BAD_USER_INPUT"),
    ('{ employer(taxCode: "5555000013") { participants(first: 501) { nodes { status } } } }', {}, "BAD_USER_INPUT"),
)


@pytest.mark.parametrize(("document", "variables", "code"), GATES)
async def test_a_dry_run_passes_every_gate_that_a_run_passes(
    document: str, variables: Mapping[str, Any], code: str, engine: Engine
) -> None:
    wishes = [None, PlanWish.SHOW, PlanWish.ONLY]
    refused = {await body(engine, OFFICER, document, wish, **variables) for wish in wishes}
    assert len(refused) == 1
    assert json.loads(refused.pop())["errors"][0]["extensions"]["code"] == code


# Who is not allowed is refused


@pytest.mark.parametrize("wish", PlanWish)
@pytest.mark.parametrize(("viewer", "document"), [(CITIZEN, ME), (MINISTRY, SHARED)], ids=["citizen", "partner"])
async def test_who_is_shown_no_plans_is_refused_before_anything_is_read(
    viewer: Viewer, document: str, wish: PlanWish, counted: tuple[Engine, list[Counted]]
) -> None:
    engine, sources = counted
    request = Request(document, None, {"k": oddities.RENEWED}, PURPOSE, wish)
    answer = await engine.execute(request, viewer)
    assert json.loads(answer.body) == {
        "errors": [
            {
                "message": "plans are not shown to this reader: leave out `extensions.plan`",
                "extensions": {"code": "PLAN_NOT_SHARED"},
            }
        ]
    }
    assert not answer.executed
    assert [source.statements for source in sources] == [0] * len(sources)


async def test_what_lies_inside_is_shown_to_nobody_by_the_table_of_the_registers(engine: Engine) -> None:
    for viewer in (OFFICER, DEFENCE_OFFICER, ANALYST):
        found = await plan(engine, viewer, STAFF, PlanWish.SHOW, k=oddities.SHARED_EMPLOYER)
        for one in found["fetches"]:
            assert "question" not in one
            assert one["run"].keys() <= {"rows", "milliseconds", "oneWith"}


async def test_who_is_shown_it_sees_statements_and_what_they_were_asked(inside: Engine) -> None:
    found = await plan(inside, OFFICER, LINKS, PlanWish.SHOW, k="SO-LODGER")
    book, employer = found["fetches"]
    assert "from civilian.book" in book["question"]
    assert "from civilian.employer" in employer["question"]
    assert (book["run"]["questions"], book["run"]["keys"], book["run"]["found"], book["run"]["rows"]) == (1, 1, 1, 1)
    # Three lines of different employers, of whom one is the army's, one the police's, and one nobody.
    assert (employer["run"]["questions"], employer["run"]["keys"]) == (1, 3)
    assert (employer["run"]["found"], employer["run"]["rows"]) == (0, 0)


# It tells nothing that the answer does not


@pytest.mark.parametrize("name", LOOKUPS)
async def test_the_plan_of_a_hidden_row_and_of_an_absent_one_are_the_same(
    name: str, engine: Engine, tables: Tables
) -> None:
    document, table, column, absent = LOOKUPS[name]
    keys = [oddities.DEFENCE_HOUSEHOLD] if name == "household" else hidden(tables, table, column)
    numbers = [key for key in keys if name != "person" or re.fullmatch(r"[0-9]{12}", key)][:10]
    expected = await plan(engine, OFFICER, document, PlanWish.SHOW, k=absent)
    assert {str(fetch["run"]) for fetch in expected["fetches"]} == {"{'rows': 0}"}
    for key in numbers:
        assert await plan(engine, OFFICER, document, PlanWish.SHOW, k=key) == expected


def books_without_employers(country: Country) -> list[str]:
    """Books of which no line names an employer."""
    with psycopg.connect(country.owner_dsns["insurance"]) as connection:
        found = connection.execute(
            "select b.book_code from civilian.book b where exists (select from civilian.contribution c"
            " where c.personal_id = b.personal_id) and not exists (select from civilian.contribution c"
            " where c.personal_id = b.personal_id and c.employer_tax_code is not null) limit 5"
        ).fetchall()
    return [code for (code,) in found]


async def test_a_link_to_a_hidden_row_and_no_link_at_all_have_the_same_plan(
    engine: Engine, inside: Engine, country: Country
) -> None:
    """Both are null in the answer. How many keys were asked would tell them apart: only the inside does."""
    books = books_without_employers(country)
    assert books
    lodger = await plan(engine, OFFICER, LINKS, PlanWish.SHOW, k="SO-LODGER")
    assert lodger["fetches"][1]["run"] == {"rows": 0}
    within = await plan(inside, OFFICER, LINKS, PlanWish.SHOW, k="SO-LODGER")
    for book in books:
        assert timeless(await plan(engine, OFFICER, LINKS, PlanWish.SHOW, k=book)) == timeless(lodger)
        assert timeless(await plan(inside, OFFICER, LINKS, PlanWish.SHOW, k=book)) != timeless(within)


async def test_keys_of_other_readers_are_not_counted(inside: Engine, tables: Tables) -> None:
    people = sorted(set(tables.column("person", "personal_id")) - {None})[:40]
    alone = await plan(inside, OFFICER, WALK, PlanWish.SHOW, k=oddities.RELATED)
    others = [body(inside, OFFICER, WALK, None, k=number) for number in people]
    watched = [plan(inside, OFFICER, WALK, PlanWish.SHOW, k=oddities.RELATED) for _ in range(2)]
    found = await asyncio.gather(*others[:20], *watched, *others[20:])
    for one in found[20:22]:
        assert timeless(one) == timeless(alone)
    assert alone["fetches"][0]["run"]["keys"] == 1


async def test_equal_fetches_of_one_plan_are_said_to_be_asked_as_one(inside: Engine) -> None:
    found = await plan(inside, OFFICER, TWICE, PlanWish.SHOW, k=oddities.RELATED)
    of = {one["number"]: one["paths"][0] for one in found["fetches"]}
    with_others = {one["paths"][0]: of[one["run"]["oneWith"]] for one in found["fetches"] if "oneWith" in one["run"]}
    assert with_others == {path: f"a{path[1:]}" for path in of.values() if path.startswith("b")}
    assert len(with_others) == 3


CLASSES = re.compile(r"\b(civilian|defence|public_security)\b")


@pytest.mark.parametrize("name", ["officer", "analyst", "officer cleared for defence", "security officer"])
async def test_a_plan_has_no_word_that_its_reader_does_not_know(
    name: str, engine: Engine, knowledge: Knowledge
) -> None:
    profile = PROFILES[name]
    contract = engine.contract(profile)
    reader = Reader(contract, knowledge.rules, profile, keys_of(knowledge.tables))
    owners = [one for one in contract.type_map.values() if isinstance(one, GraphQLObjectType | GraphQLInterfaceType)]
    fields = {field for owner in owners for field in owner.fields} | {"key", "__typename"}
    shown = 0
    for seed in range(60):
        written = operation_at_random(reader, Random(seed))
        request = Request(written.document, written.name, written.variables, None, PlanWish.SHOW)
        found = json.loads((await engine.execute(request, Viewer(profile))).body)
        if "extensions" not in found:
            continue
        shown += 1
        plain = json.loads((await engine.execute(replace(request, plan=None), Viewer(profile))).body)
        assert plain == {key: value for key, value in found.items() if key != "extensions"}
        made = found["extensions"]["plan"]
        for fetch in made["fetches"]:
            assert set(fetch["by"]) <= fields
            assert set(names(fetch["asks"])) <= fields
            assert fetch["type"] in contract.type_map
        known = {of.value for of in profile.others.classes} if len(profile.others.classes) > 1 else set()
        if profile.others is Universe.DEFENCE:
            known.add("defence")
        assert set(CLASSES.findall(json.dumps(made))) <= known
    assert shown > 30


def names(asked: list[Any]) -> list[str]:
    """Every field that is named, and every one that something is asked by."""
    found = [one["field"] for one in asked if "field" in one]
    found += [by for one in asked for by in one.get("by", [])]
    return found + [name for one in asked for name in names(one.get("asks", []))]
