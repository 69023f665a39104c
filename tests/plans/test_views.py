"""A plan in view: every drawing says what the plan says, no more and no less.

What is expected of a drawing is read off the plan by other means than the drawing's: the fetches by walking through all
that a plan holds, the arrows by following the lines. The drawings in `views` are some that somebody looked at;
`ACCEPT_CHANGES=1` writes them anew.
"""

from __future__ import annotations

import dataclasses
import json
import math
import os
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from graphql import parse

from hub.cli.endpoint import load_graph
from hub.engine import Engine, build, open_gateway
from hub.model.description import Asked, Description, Run, Sight
from hub.model.plan import Fetch, Plan
from hub.model.request import PlanWish, Request
from hub.model.viewer import Audience, Profile
from hub.planner import described, fetches, view
from tests.federation.case import case_names, read_case
from tests.plans.test_cases import profile_of

VIEWS = Path(__file__).with_name("views")
CASES = Path(__file__).with_name("cases")
ACCEPT = os.environ.get("ACCEPT_CHANGES") == "1" and not os.environ.get("CI")
GATEWAY = Sight(classes=False)
SVG = "{http://www.w3.org/2000/svg}"

REGISTERS = sorted(path.stem for path in CASES.glob("*.graphql"))
LOOKED_AT = (
    "a_household_walk_is_one_statement_a_source_and_step",
    "everything-at-once/the-shelf",
    "a-context-travels-through-other-subgraphs/the-field-lies-deep",
)


@cache
def plans() -> Mapping[str, tuple[Plan, Description]]:
    """Every case of the registers and of federation, planned."""
    found: dict[str, tuple[Plan, Description]] = {}
    engine = Engine(build(load_graph()), {})
    for name in REGISTERS:
        text = (CASES / f"{name}.graphql").read_text(encoding="utf-8")
        made = engine.stages(Request(text), profile_of(text, engine.built)).plan
        found[name] = made, described(made)
    for name in case_names():
        case = read_case(name)
        gateway = open_gateway(case.supergraph())
        for one in case.operations:
            if not one.refused:
                request = Request(one.document, None, dict(one.variables))
                made = gateway.stages(request, gateway.public_viewer.profile).plan
                found[f"{name}/{one.name}"] = made, described(made, GATEWAY)
    return found


NAMES = [
    *REGISTERS,
    *(f"{name}/{one.name}" for name in case_names() for one in read_case(name).operations if not one.refused),
]


@pytest.fixture(params=NAMES)
def planned(request: pytest.FixtureRequest) -> tuple[Plan, Description]:
    found: tuple[Plan, Description] = plans()[request.param]
    return found


def held(value: Any) -> Iterator[Fetch]:
    """Every fetch that hangs on something, however deep, as often as it does."""
    if isinstance(value, Fetch):
        yield value
    if dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            if field.name != "type":  # of the graph, which has no end
                yield from held(getattr(value, field.name))
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from held(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from held(one)


# Laws


def test_a_description_has_every_fetch_of_the_plan_exactly_once(planned: tuple[Plan, Description]) -> None:
    plan, description = planned
    expected = {id(fetch): fetch for fetch in held(plan)}
    numbered = fetches(plan)
    assert len(numbered) == len(expected)
    assert {id(fetch) for fetch in numbered} == expected.keys()
    assert [one.number for one in description.fetches] == list(range(1, len(expected) + 1))
    assert [(one.source, one.type, one.key) for one in description.fetches] == [
        (fetch.source, fetch.type, fetch.key) for fetch in numbered
    ]


def test_a_fetch_stands_in_the_step_after_the_last_it_waits_for(planned: tuple[Plan, Description]) -> None:
    _, description = planned
    for one in description.fetches:
        waited = [description.fetch(number).step for number in one.waits_for]
        assert one.step == 1 + max(waited, default=0)
        if one.together_with is not None and not waited:
            assert description.fetch(one.together_with).step == one.step


def test_what_nobody_gives_is_not_asked_for_and_what_is_given_is_asked_of_that_fetch(
    planned: tuple[Plan, Description],
) -> None:
    """Every fetch gives something: to the answer, to another's object, or to what a third is handed."""
    _, description = planned
    given = {number for root in description.roots for number in root.fetches}
    given |= {one.fetch for fetch in description.fetches for one in below(fetch.asks) if one.fetch is not None}
    handed = {number for fetch in description.fetches for number in fetch.waits_for}
    assert {one.number for one in description.fetches} <= given | handed


def below(asked: tuple[Asked, ...]) -> Iterator[Asked]:
    for one in asked:
        yield one
        yield from below(one.below)


def edges(description: Description) -> set[tuple[int, int]]:
    return {(waited, one.number) for one in description.fetches for waited in one.waits_for}


@pytest.mark.parametrize("width", [80, 120])
def test_the_rails_of_a_terminal_lead_from_a_fetch_to_those_that_wait(
    width: int, planned: tuple[Plan, Description]
) -> None:
    _, description = planned
    drawn = view.boxes(description, width)
    found: set[tuple[int, int]] = set()
    rails: dict[int, int] = {}
    current = 0
    for line in drawn.splitlines():
        if title := re.search(r"┌ (\d+) ", line):
            current = int(title[1])
        elif "▶│" in line:
            bend = next(index for index, sign in enumerate(line) if sign in "├╰")
            found.add((rails[bend], current))
        elif "─┤ " in line and "╭" in line:
            rails[line.index("╭")] = current
        if "└" not in line and "┌" not in line:
            continue
        corners = {line.rfind(sign) for sign in "┐┘" if sign in line}
        assert len(corners) == 1
    assert found == edges(description)
    needed = 40 + 2 * len(description.fetches)
    assert max(map(len, drawn.splitlines()), default=0) <= max(width, needed)


def test_mermaid_has_the_same_fetches_and_arrows(planned: tuple[Plan, Description]) -> None:
    _, description = planned
    drawn = view.mermaid(description)
    assert {(int(one), int(other)) for one, other in re.findall(r"fetch(\d+) --> fetch(\d+)", drawn)} == edges(
        description
    )
    nodes = re.findall(r'^    fetch(\d+)\["<b>\1 (.*?)</b>(.*)"\]$', drawn, re.MULTILINE)
    assert [int(number) for number, _, _ in nodes] == [one.number for one in description.fetches]
    for _, title, rest in nodes:
        assert not re.search(r'["{}\[\]<>`|]', title + rest.replace("<br/>", "")), "read as signs of Mermaid"


def test_an_svg_is_well_formed_says_all_in_words_and_no_box_lies_on_another(
    planned: tuple[Plan, Description],
) -> None:
    _, description = planned
    root = ET.fromstring(view.svg(description))
    assert root.attrib["role"] == "img"
    named = [root.find(f".//*[@id='{name}']") for name in root.attrib["aria-labelledby"].split()]
    assert all(one is not None and one.text for one in named)
    boxes = root.findall(f"{SVG}g[@class]")
    assert len(boxes) == len(description.fetches)
    assert len([one for one in root.iter(f"{SVG}path") if one.get("class") == "way"]) == len(edges(description))
    assert not [one for one in root.iter() if {"href", "src", "onload"} & set(one.keys())], "nothing from elsewhere"
    width, height = (float(one) for one in root.attrib["viewBox"].split()[2:])
    places: list[tuple[float, float, float, float]] = []
    for one in boxes:
        title, rect = one.find(f"{SVG}title"), one.find(f"{SVG}rect")
        assert title is not None
        assert title.text
        assert rect is not None
        x, y, wide, high = (float(rect.attrib[key]) for key in ("x", "y", "width", "height"))
        assert 0 <= x <= width - wide
        assert 0 <= y <= height - high
        assert not [
            other
            for other in places
            if x < other[0] + other[2] and other[0] < x + wide and y < other[1] + other[3] and other[1] < y + high
        ]
        places.append((x, y, wide, high))


def test_the_document_is_the_description_in_json(planned: tuple[Plan, Description]) -> None:
    _, description = planned
    found = json.loads(json.dumps(view.document(description)))
    assert found["steps"] == len(description.steps)
    assert [one["number"] for one in found["fetches"]] == [one.number for one in description.fetches]
    assert {(waited, one["number"]) for one in found["fetches"] for waited in one["waitsFor"]} == edges(description)
    assert [one["paths"] for one in found["fetches"]] == [list(one.paths) for one in description.fetches]
    assert "null" not in json.dumps(found), "what is not said has no key"


@pytest.mark.parametrize("name", case_names())
async def test_a_dry_run_asks_no_subgraph_and_knows_what_every_fetch_would_ask(name: str) -> None:
    """None of the subgraphs is there: whoever asked one would be answered with an error."""
    case = read_case(name)
    nowhere = {name: "http://127.0.0.1:1" for name, _ in case.subgraphs}
    # As `stages` draws: an override for a part of the requests is left out.
    gateway = open_gateway(case.supergraph(), nowhere, draw=lambda: math.nextafter(1.0, 0.0))
    for one in case.operations:
        request = Request(one.document, None, dict(one.variables), plan=PlanWish.ONLY)
        found = json.loads((await gateway.execute(request, gateway.public_viewer)).body)
        if one.refused:
            assert "data" not in found
            continue
        assert found["data"] is None
        assert "errors" not in found
        for fetch in found["extensions"]["plan"]["fetches"]:
            parse(fetch.pop("question"))
        assert found["extensions"]["plan"] == view.document(plans()[f"{name}/{one.name}"][1])
    await gateway.stop()


# Drawings that somebody looked at


@pytest.mark.parametrize("name", LOOKED_AT)
@pytest.mark.parametrize("form", ["boxes", "mermaid", "json"])
def test_a_drawing_is_as_it_was_looked_at(name: str, form: str) -> None:
    _, description = plans()[name]
    made = {
        "boxes": lambda: view.boxes(description, 80),
        "mermaid": lambda: view.mermaid(description),
        "json": lambda: json.dumps(view.document(description), indent=1, ensure_ascii=False),
    }[form]()
    path = VIEWS / f"{name.replace('/', '_')}.{form}"
    if ACCEPT:
        path.parent.mkdir(exist_ok=True)
        path.write_text(made + "\n", encoding="utf-8")
    assert path.exists(), f"{path.name} is missing: look at what ACCEPT_CHANGES=1 would write"
    assert path.read_text(encoding="utf-8") == made + "\n"


def test_no_drawing_is_an_orphan() -> None:
    expected = {f"{name.replace('/', '_')}.{form}" for name in LOOKED_AT for form in ("boxes", "mermaid", "json")}
    assert {path.name for path in VIEWS.iterdir()} == expected


def test_figures_stand_with_their_fetch_in_every_drawing() -> None:
    _, description = plans()[LOOKED_AT[0]]
    runs = {one.number: Run(one.number * 11, 1.25, 1, one.number * 13, 7) for one in description.fetches}
    shown = description.with_runs(runs)
    for drawn in (view.text(shown), view.boxes(shown), view.mermaid(shown), view.svg(shown)):
        for number in runs:
            assert f"1 question, {number * 13} keys, 7 found, {number * 11} rows, 1.2 ms" in re.sub(
                r"\s*(<br/>|│\s+[│├╰╭─▶ ]*│)\s*", " ", drawn
            )
    assert view.document(shown)["fetches"][1]["run"] == {
        "rows": 22,
        "milliseconds": 1.25,
        "questions": 1,
        "keys": 26,
        "found": 7,
    }


def test_a_statement_with_every_sign_stays_a_picture() -> None:
    _, description = plans()[LOOKED_AT[0]]
    rough = "select '<b>&\"]]>' -- \u2401{}"
    asked = description.with_questions({one.number: rough for one in description.fetches})
    root = ET.fromstring(view.svg(asked))
    assert [one.findtext(f"{SVG}desc") for one in root.findall(f"{SVG}g")] == [rough] * len(description.fetches)
    assert rough in view.boxes(asked, 80)


# What a name is worth


def test_a_name_that_is_not_in_the_readers_schema_is_called_key() -> None:
    engine = Engine(build(load_graph()), {})
    profile = Profile(Audience.ANALYST, project="p")
    contract = engine.contract(profile)
    assert "personalId" not in contract.type_map["Person"].fields  # type: ignore[attr-defined]
    asked = "participants { nodes { person { sex insuranceBook { status } } } }"
    document = f'{{ employer(taxCode: "0099000013") {{ {asked} }} }}'
    made = engine.stages(Request(document), profile).plan
    assert "personalId" in json.dumps(view.document(described(made)))
    shown = view.document(described(made, Sight(contract, inside=False, classes=False)))
    assert "personalId" not in json.dumps(shown)
    assert [one["by"] for one in shown["fetches"]] == [["taxCode"], ["taxCode"], ["key"], ["key"]]
