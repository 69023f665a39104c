"""What a request costs, in the real graph: what is charged, what is refused, and that it tells nothing."""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace
from typing import Any

import pytest

from hub.engine import Built, Engine, build, open_unconnected
from hub.model.request import PlanWish, Request
from hub.model.viewer import Audience, Profile, Standing, Universe, Viewer
from hub.operation import Formula, costs_of, formula_of
from hub.settings import Settings, read_settings
from tests.engine.country import PROFILES, PURPOSE, SECRET, load_graph

OFFICER = Viewer(Profile(Audience.OFFICER), name="officer")
CLEARED = Viewer(Profile(Audience.OFFICER, Universe.ALL, Universe.ALL), name="cleared")
DEFENCE = Viewer(Profile(Audience.DEFENCE_OFFICER, Universe.DEFENCE, Universe.DEFENCE), name="defence")

PAGES = "query ($n: Int!, $m: Int!) { employers(first: $n) { nodes { participants(first: $m) { nodes { status } } } } }"
PEOPLE = "query ($p: [PersonalId!]!) { people(personalIds: $p) { id household { members { relationship } } } }"
NUMBERS = [f"0011909{number:05}" for number in range(400)]
ADVICE = "ask for smaller pages, fewer keys, or less of each item"
EXPLODES = (
    "{ employers(first: 500) { nodes { participants(first: 500) { nodes {"
    " contributions(first: 500) { nodes { fromMonth } } } } } } }"
)


@pytest.fixture(scope="module")
def built() -> Built:
    return build(load_graph())


@pytest.fixture(scope="module")
def engine(built: Built) -> Engine:
    return engine_with(built, Settings())


def engine_with(built: Built, settings: Settings) -> Engine:
    """Without a database: what a request costs is known before one is needed."""
    sources = open_unconnected(built).sources
    return Engine(built, sources, pseudonym_secret=SECRET, budgets=dict(settings.max_cost))


class Charged(Exception):
    """Ends a request where it would begin to read."""


async def told(engine: Engine, request: Request, viewer: Viewer) -> int | None:
    """What the request is charged; None if it is refused before."""
    found: list[int] = []

    async def charge(cost: int) -> None:
        found.append(cost)
        raise Charged

    with contextlib.suppress(Charged):
        response = await engine.execute(request, viewer, charge)
        assert not response.executed
    return found[0] if found else None


async def charged(engine: Engine, request: Request, viewer: Viewer) -> int:
    cost = await told(engine, request, viewer)
    assert cost is not None
    return cost


@pytest.mark.parametrize("n, m", [(1, 1), (10, 20), (500, 3)])
async def test_a_page_costs_its_rows(engine: Engine, n: int, m: int) -> None:
    """The connection, and for each row its own connection and the rows of that."""
    assert await charged(engine, Request(PAGES, None, {"n": n, "m": m}), OFFICER) == 1 + n * (1 + 1 + m * 1)


@pytest.mark.parametrize("count", [0, 1, 400])
async def test_keys_cost_by_their_number(engine: Engine, count: int) -> None:
    """A person, the household, and eight members, which is what its list says of itself."""
    request = Request(PEOPLE, None, {"p": NUMBERS[:count]})
    assert await charged(engine, request, OFFICER) == count * (1 + 1 + 8)


async def test_counting_and_searching_cost_more_than_reading(engine: Engine) -> None:
    small = await charged(engine, Request("{ employers(first: 1) { nodes { name } } }"), OFFICER)
    assert (
        await charged(engine, Request("{ employers(first: 1) { nodes { name } totalCount } }"), OFFICER) == small + 10
    )
    search = Request('{ searchPersons(name: "Nguyễn", first: 1) { nodes { id } } }')
    assert await charged(engine, search, OFFICER) == 20 + 1


async def test_what_explodes_is_refused_before_it_is_planned(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    cost = 1 + 500 * (1 + 1 + 500 * (1 + 1 + 500))

    def planned(*_: Any) -> Any:
        raise AssertionError("it was planned")

    monkeypatch.setattr("hub.engine.plan", planned)
    response = await engine.execute(Request(EXPLODES), OFFICER)
    assert not response.executed
    (error,) = json.loads(response.body)["errors"]
    assert error == {
        "message": f"the operation costs {cost}, more than 200000: {ADVICE}",
        "extensions": {"code": "COST_LIMIT_EXCEEDED", "cost": {"requested": cost, "budget": 200_000}},
    }


async def test_a_budget_holds_for_the_variables_of_each_request(engine: Engine) -> None:
    """The document is made once; another request with larger pages is refused all the same."""
    await charged(engine, Request(PAGES, None, {"n": 10, "m": 10}), OFFICER)
    response = await engine.execute(Request(PAGES, None, {"n": 500, "m": 500}), OFFICER)
    assert b"COST_LIMIT_EXCEEDED" in response.body


async def test_each_audience_has_its_budget(built: Built) -> None:
    engine = engine_with(built, read_settings({"HUB_MAX_COST": "officer:100"}))
    request = Request(PAGES, None, {"n": 50, "m": 10})
    assert b'"budget":100' in (await engine.execute(request, OFFICER)).body
    assert await charged(engine, request, DEFENCE) == 1 + 50 * 12


async def test_records_that_are_hidden_and_records_that_are_not_there_cost_the_same(engine: Engine) -> None:
    """Of whomever is asked, whoever asks: the cost is the same number, for it is known before anybody looks."""
    for viewer in (OFFICER, CLEARED, DEFENCE):
        found = {await charged(engine, Request(PEOPLE, None, {"p": [number] * 7}), viewer) for number in NUMBERS[:20]}
        assert found == {70}


async def test_what_a_class_or_a_mask_hides_costs_the_same(engine: Engine) -> None:
    """The formula is made of the operation before anything is decided about its fields."""
    document = (
        "query ($p: [PersonalId!]!) { people(personalIds: $p) { birthDate sex household { members { since } } } }"
    )
    request = Request(document, None, {"p": NUMBERS[:3]}, PURPOSE)
    costs = [await told(engine, request, Viewer(profile)) for profile in PROFILES.values()]
    known = [cost for cost in costs if cost is not None]  # some may not ask for all of it
    assert len(known) >= 3
    assert set(known) == {3 * (1 + 1 + 8)}


async def test_what_a_hub_asks_for_a_reader_is_bounded_by_that_hub(built: Built) -> None:
    """It asks for many readers at once, whom it has charged one by one."""
    engine = engine_with(built, read_settings({"HUB_MAX_COST": "officer:5"}))
    hub = Viewer(replace(OFFICER.profile, asserted=Standing.OFFICIAL), name="hub")
    document = f"{{ {' '.join(f'a{n}: __typename' for n in range(500))} employers(first: 50) {{ nodes {{ name }} }} }}"
    assert b"TOO_LARGE" in (await engine.execute(Request(document), OFFICER)).body
    assert await charged(engine, Request(document), hub) == 51


async def test_a_dry_run_costs_a_request_and_nothing_else(engine: Engine) -> None:
    assert await charged(engine, Request(PAGES, None, {"n": 2, "m": 3}, plan=PlanWish.ONLY), OFFICER) == 0


async def test_a_dry_run_tells_the_cost_to_whom_plans_are_shown(engine: Engine) -> None:
    request = Request(PAGES, None, {"n": 2, "m": 3}, plan=PlanWish.ONLY)
    response = await engine.execute(request, OFFICER)
    assert json.loads(response.body)["extensions"]["cost"] == {"requested": 11, "budget": 200_000}


async def test_what_hangs_on_no_variable_is_one_number(engine: Engine) -> None:
    stages = engine.stages(Request("{ employers(first: 5) { totalCount nodes { name } } }"), OFFICER.profile)
    formula = formula_of(stages.operation, costs_of(engine.built.supergraph, engine.built.declared))
    assert formula == Formula(1 + 10 + 5)
