"""The measurement of planning: it says what it measured, and what it measures does not explode."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from bench.planning.__main__ import main
from bench.planning.graph import Size, operation, subgraphs
from bench.planning.measure import CACHED, COLD, LIMITS, STAGES
from hub.compose import compose
from hub.engine import Engine, open_gateway
from hub.executor.program import RootFetch
from hub.model.plan import Fetch
from hub.model.request import Request
from hub.model.source import Question
from hub.planner.describe import steps


def test_it_writes_what_it_shows(tmp_path: Path) -> None:
    file = tmp_path / "planning.json"
    done = CliRunner().invoke(
        main, ["--subgraphs", "3", "--fields", "90", "--rounds", "2", "--json", str(file)], catch_exceptions=False
    )
    assert done.exit_code == 0
    assert "3 subgraphs" in done.output
    found = json.loads(file.read_text(encoding="utf-8"))
    assert (found["subgraphs"], found["fetches"] > 3) == (3, True)
    assert list(found["milliseconds"]) == [*STAGES, COLD, CACHED]
    assert found["relative_to_parse_and_validate"][STAGES[0]] == 1
    assert found["milliseconds"][CACHED] < found["milliseconds"][COLD]


@pytest.mark.parametrize("subgraphs_, fields", [(1, 5), (2, 40), (5, 300), (10, 1_000)])
def test_the_operation_asks_for_about_as_many_fields(subgraphs_: int, fields: int) -> None:
    size = Size(subgraphs_, fields)
    assert len(operation(size).split()) > size.of_a_part * subgraphs_**2
    assert set(compose(subgraphs(size)).graphs) == {f"s{number + 1}" for number in range(subgraphs_)}


def test_a_fetch_is_compiled_once_however_many_fields_hang_on_it() -> None:
    """Also in the tenth round, where every field of every round before would otherwise compile it again."""
    size = Size(10, 1_000)
    opened = open_gateway(compose(subgraphs(size)))
    compiled: list[Fetch] = []

    class Counting:
        def __init__(self, source: Any) -> None:
            self.source = source

        def __getattr__(self, name: str) -> Any:
            return getattr(self.source, name)

        def question(self, fetch: Fetch) -> Question:
            compiled.append(fetch)
            made: Question = self.source.question(fetch)
            return made

    async def program() -> tuple[int, int]:
        sources = {name: Counting(source) for name, source in opened.sources.items()}
        engine = Engine(opened.built, sources, LIMITS)
        request, profile = Request(operation(size), None, {"words": ["a"]}), engine.public_viewer.profile
        made, _ = engine.program(request, profile)
        planned = engine.stages(request, profile).plan
        ((_, part),) = made.parts
        assert isinstance(part, RootFetch)
        return sum(map(len, steps(planned))), part.step.parameter_count

    fetches, parameters = asyncio.run(program())
    assert len(compiled) == fetches
    assert 0 < parameters < size.fields
