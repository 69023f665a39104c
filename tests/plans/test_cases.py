"""Operations over the real graph: one `.graphql` file a case, its plan and its SQL beside it.

The file's name is the claim, its first line says it in a sentence. `# as:` names the sample viewer. `# expect:` lines
are hard assertions that no update of the expectations can rewrite:

    # expect: steps N              how deep the fetches hang
    # expect: statements N         how many there are
    # expect: at most N a source and step
    # expect: sql TEXT             some statement contains it
    # expect: no sql TEXT          none does

`ACCEPT_CHANGES=1` writes the `.plan` and `.sql` files anew; CI never does.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from hub.cli.endpoint import load_graph
from hub.demo.tokens import VIEWERS
from hub.engine import Built, Engine, build
from hub.model.plan import Fetch
from hub.model.request import Request
from hub.model.viewer import Audience, Profile
from hub.planner import describe
from hub.planner.describe import steps
from hub.server.identity import viewer_of
from hub.sources.postgres import compile_fetch, readable

CASES = Path(__file__).with_name("cases")
NAMES = sorted(path.stem for path in CASES.glob("*.graphql"))
ACCEPT = os.environ.get("ACCEPT_CHANGES") == "1" and not os.environ.get("CI")


@pytest.fixture(scope="module")
def built() -> Built:
    return build(load_graph())


def profile_of(text: str, built: Built) -> Profile:
    name = next((line[5:].strip() for line in text.splitlines() if line.startswith("# as:")), "officer")
    claims = dict(VIEWERS[name].claims)
    claims.setdefault("sub", "001190000000")
    return viewer_of(claims, built.served()).profile


def _stepped(built: Built, text: str) -> tuple[str, list[list[tuple[Fetch, str]]]]:
    stages = Engine(built, {}).stages(Request(text), profile_of(text, built))
    return describe(stages.plan), steps(stages.plan)


def _sql(built: Built, stepped: list[list[tuple[Fetch, str]]]) -> str:
    return "".join(
        f"-- step {number}, {fetch.source}: {path}\n"
        f"{readable(compile_fetch(fetch, built.declared.mappings[fetch.source]).text)};\n\n"
        for number, fetches in enumerate(stepped, start=1)
        for fetch, path in fetches
    )


def _held(path: Path, made: str) -> None:
    if ACCEPT:
        path.write_text(made, encoding="utf-8")
    assert path.exists(), f"{path.name} is missing: look at what ACCEPT_CHANGES=1 would write"
    assert path.read_text(encoding="utf-8") == made


@pytest.mark.parametrize("name", NAMES)
def test_the_plan_and_the_sql_of_a_case_are_as_written(name: str, built: Built) -> None:
    text = (CASES / f"{name}.graphql").read_text(encoding="utf-8")
    plan, stepped = _stepped(built, text)
    _held(CASES / f"{name}.plan", plan + "\n")
    _held(CASES / f"{name}.sql", _sql(built, stepped))


@pytest.mark.parametrize("name", NAMES)
def test_every_expect_line_of_a_case_holds(name: str, built: Built) -> None:
    text = (CASES / f"{name}.graphql").read_text(encoding="utf-8")
    _, stepped = _stepped(built, text)
    sql = _sql(built, stepped)
    expectations = [line[9:].strip() for line in text.splitlines() if line.startswith("# expect:")]
    assert expectations, "a case without an expect line asserts nothing that an update could not rewrite"
    for expectation in expectations:
        match expectation.split(" ", 1):
            case ["steps", number]:
                assert len(stepped) == int(number)
            case ["statements", number]:
                assert sum(map(len, stepped)) == int(number)
            case ["at", rest]:
                most = int(rest.split()[1])
                counts = Counter((step, fetch.source) for step, fetches in enumerate(stepped) for fetch, _ in fetches)
                assert max(counts.values()) <= most
            case ["sql", needle]:
                assert needle in sql
            case ["no", needle]:
                assert needle.removeprefix("sql ") not in sql
            case _:
                pytest.fail(f"no such expectation: {expectation}")


def test_no_expectation_is_an_orphan() -> None:
    left = {path.stem for path in CASES.iterdir() if path.suffix in (".plan", ".sql")} - set(NAMES)
    assert not left


def test_a_list_of_which_no_order_is_shown_is_still_a_statement(built: Built) -> None:
    """An agreement may share the units of an employer without the one column that they are ordered by."""
    fields = (
        ("Query", "person"),
        ("Person", "personalId"),
        ("Person", "socialInsurance"),
        ("Participant", "employer"),
        ("Employer", "units"),
        ("EmployerUnit", "unitCode"),
    )
    agreement = replace(
        built.rules.agreements["health-ministry"],
        labels=frozenset(),
        fields=frozenset(fields),
    )
    rules = replace(built.rules, agreements={"health-ministry": agreement})
    query = '{ person(personalId: "001190000001") { socialInsurance { employer { units { unitCode } } } } }'
    profile = Profile(Audience.PARTNER, agreement="health-ministry")
    stages = Engine(replace(built, rules=rules), {}).stages(Request(query), profile)
    sql = _sql(built, steps(stages.plan))
    assert "from civilian.employer_unit" in sql
    assert "order by )" not in sql


@pytest.mark.parametrize("name", NAMES)
def test_planning_is_deterministic(name: str, built: Built) -> None:
    text = (CASES / f"{name}.graphql").read_text(encoding="utf-8")
    first, second = _stepped(built, text), _stepped(build(load_graph()), text)
    assert first[0] == second[0]
    assert _sql(built, first[1]) == _sql(built, second[1])
