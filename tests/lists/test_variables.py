"""A variable is what it holds, wherever it stands: forms of filters decide plans, and nobody can see that."""

from __future__ import annotations

import asyncio
import json
from random import Random
from typing import Any

import pytest

from hub.engine import PROGRAMS_OF_A_DOCUMENT, Built, build
from hub.model.request import Request
from hub.model.viewer import Viewer
from tests.engine import oddities
from tests.engine.country import PROFILES, PURPOSE, Country, load_graph
from tests.engine.test_concurrency import counted_engine
from tests.lists.asking import Writer
from tests.lists.test_walks import drawn
from tests.lists.world import READERS, Asked, Place, World, viewers

CLEARED = Viewer(PROFILES["officer cleared for all"])
LINES = 'insuranceBook(bookCode: "SO-CIVILIAN") { contributions(%s) { totalCount nodes { id salary } } }'


@pytest.mark.parametrize("name", READERS)
def test_one_document_answers_every_filter_and_order_that_its_variables_hold(name: str, world: World) -> None:
    viewer = viewers(name)[0]
    for place in world.places(READERS[name]):
        if not {"where", "order"} <= place.field.args.keys():
            continue
        declared = f"$w: {place.field.args['where'].type}, $o: {place.field.args['order'].type}, $n: Int"
        text = f"{place.where[1]}(where: $w, order: $o, first: $n) {{ totalCount nodes {{ __typename }} }}"
        document = f"query ({declared}) {place.document(text)}"
        for rng in drawn(f"variables {name} {place.where} {place.standing}", 2):
            world.conversation(viewer).agree(Asked(document, values(world, viewer, place, rng)))


def values(world: World, viewer: Viewer, place: Place, rng: Random) -> dict[str, Any]:
    writer = Writer(rng.randint, world, viewer.profile)
    drawn = {"w": writer.where(place), "o": writer.order(place), "n": rng.choice((1, 20, None))}
    return {name: one for name, one in drawn.items() if one is not None or rng.random() < 0.5}


def test_a_default_holds_where_nothing_is_given_and_not_where_null_is(world: World) -> None:
    head = "query ($w: ContributionFilter = {salary: {from: 2000000}}, $o: [ContributionOrder!] = [{salary: DESC}])"
    document = f"{head} {{ {LINES % 'where: $w, order: $o'} }}"
    counts = []
    asked: list[dict[str, Any]] = [{}, {"w": None}, {"w": {}}, {"o": None}, {"w": {"salary": {"to": 1}}}, {"o": []}]
    for variables in asked:
        found = world.conversation(CLEARED).agree(Asked(document, variables))
        counts.append(found["insuranceBook"]["contributions"]["totalCount"])
    default, null, empty, *_ = counts
    assert default < null == empty


def test_parts_of_a_filter_may_be_variables(world: World) -> None:
    head = "query ($f: Dong, $t: Dong, $in: [Month!], $one: Month!, $c: ContributionFilter!, $d: OrderDirection!)"
    either = "or: [{fromMonth: {in: $in}}, $c, {fromMonth: {in: [$one]}}]"
    where = f"where: {{salary: {{from: $f, to: $t}}, {either}}}, order: {{salary: $d}}"
    document = f"{head} {{ {LINES % where} }}"
    base: dict[str, Any] = {"one": "2011-01", "c": {}, "d": "ASC"}
    given: list[dict[str, Any]] = [
        {},
        {"f": 1_000_000},
        {"t": 1_000_000, "d": "DESC_NULLS_FIRST"},
        {"f": 1, "t": 0},
        {"c": {"settled": {"eq": True}, "not": {"kinds": {"has": "HEALTH"}}}},
        {"c": {"salary": {"eq": -1}}, "in": []},
        {"c": {"salary": {"eq": -1}}, "in": ["2012-01", "2010-01"]},
        {"c": {"salary": {"eq": -1}}, "in": "2012-01"},
    ]
    for more in given:
        if "in" not in more:
            more["in"] = ["2020-01"]
        world.conversation(CLEARED).agree(Asked(document, base | more))


def test_a_filter_of_another_form_is_not_answered_by_the_last_plan(world: World) -> None:
    """One document, forms that differ by little: each is answered for itself, in any order."""
    document = f"query ($w: ContributionFilter, $o: [ContributionOrder!]) {{ {LINES % 'where: $w, order: $o'} }}"
    filters: list[Any] = [
        {"salary": {"eq": 1_000_000}},
        {"salary": {"from": 1_000_000}},
        {"salary": {"in": [1_000_000]}},
        {"not": {"salary": {"eq": 1_000_000}}},
        {"and": [{"salary": {"eq": 1_000_000}}]},
        {"or": [{"salary": {"eq": 1_000_000}}, {"months": {"eq": 1}}]},
        {"and": [{"salary": {"eq": 1_000_000}}, {"months": {"eq": 1}}]},
        {"region": {"isNull": True}},
        {"region": {"isNull": False}},
        {"months": {"eq": 1_000_000}},
        None,
        {},
    ]
    orders: list[Any] = [
        [{"salary": direction}] for direction in ("ASC", "DESC", "ASC_NULLS_FIRST", "DESC_NULLS_FIRST")
    ]
    asked = [{"w": one, "o": other} for one in filters for other in (*orders, [], None)]
    Random(5).shuffle(asked)
    for variables in asked:
        world.conversation(CLEARED).agree(Asked(document, variables))


@pytest.fixture(scope="module")
def built() -> Built:
    return build(load_graph())


def test_the_programs_of_a_document_are_bounded(built: Built, country: Country, runner: asyncio.Runner) -> None:
    filters = [{"or": [{"salary": {"eq": 1}}] * count} for count in range(1, PROGRAMS_OF_A_DOCUMENT + 20)]
    assert programs(filters, built, country, runner) == PROGRAMS_OF_A_DOCUMENT


def test_values_of_one_form_share_a_program(built: Built, country: Country, runner: asyncio.Runner) -> None:
    filters = [
        {"salary": {"in": [*range(number)]}, "or": [{"months": {"eq": number}}, {"settled": {"eq": number > 9}}]}
        for number in range(20)
    ]
    assert programs(filters, built, country, runner) == 1


def programs(filters: list[Any], built: Built, country: Country, runner: asyncio.Runner) -> int:
    """How many programs an engine has after one document was asked with these filters."""
    engine, _ = counted_engine(built, country, 2)
    document = f"query ($w: ContributionFilter) {{ {LINES % 'where: $w'} }}"
    for one in filters:
        request = Request(document, None, {"w": one}, PURPOSE)
        assert b"errors" not in runner.run(engine.execute(request, CLEARED)).body
    runner.run(engine.stop())
    return len(engine._document(request, CLEARED.profile).programs)


EMPLOYER = f'employer(taxCode: "{oddities.SHARED_EMPLOYER}")'
NESTED = """{ employer: %s { participants(first: 10) { totalCount pageInfo { endCursor hasNextPage }
  nodes { id contributions(first: %d, where: {salary: {from: 0}}, order: [{salary: DESC}]) {
    totalCount edges { cursor node { id salary } } pageInfo { hasNextPage startCursor } } } } } }"""


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_a_page_of_each_row_of_a_page_is_one_statement(
    size: int, built: Built, country: Country, runner: asyncio.Runner
) -> None:
    engine, sources = counted_engine(built, country, 2)
    request = Request(NESTED % (EMPLOYER, size), None, {}, PURPOSE)
    answer = json.loads(runner.run(engine.execute(request, CLEARED)).body)
    runner.run(engine.stop())
    participants = answer["data"]["employer"]["participants"]["nodes"]
    assert sum(one["contributions"]["totalCount"] > 1 for one in participants) > 1
    assert {source.name: source.statements for source in sources if source.statements} == {
        "employer": 1,
        "insurance": 1,
    }


def test_a_page_of_each_row_of_a_page_is_what_the_oracle_says(world: World) -> None:
    for size in (1, 3, 1000):
        world.conversation(CLEARED).agree(Asked(NESTED % (EMPLOYER, size)))
