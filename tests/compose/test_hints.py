"""One case for each kind of hint: these hints, at these places, and no others, beside the same supergraph."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hub.compose import compose, compose_with_hints
from hub.compose.hints import HINTS
from hub.model.supergraph import Subgraph

CASES = sorted((Path(__file__).parent / "hints").glob("*.graphql"))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_exactly_these_hints_are_given(path: Path, case_in: Callable[[Path], Any]) -> None:
    case = case_in(path)
    supergraph, hints = compose_with_hints(case.subgraphs)
    assert [f"{hint.code} {hint.place}" for hint in hints] == case.all("hint"), "\n".join(map(str, hints))
    for text in case.all("message"):
        assert text in [hint.message for hint in hints]
    for text in case.all("suggestion"):
        assert text in [hint.suggestion for hint in hints]
    assert supergraph.sdl == compose(case.subgraphs).sdl


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_hints_do_not_depend_on_the_order_of_subgraphs(path: Path, case_in: Callable[[Path], Any]) -> None:
    subgraphs = case_in(path).subgraphs
    assert compose_with_hints(subgraphs[::-1])[1] == compose_with_hints(subgraphs)[1]


def test_every_kind_of_hint_has_a_case(case_in: Callable[[Path], Any]) -> None:
    codes = {(rule.__doc__ or "").partition(":")[0] for rule in HINTS}
    given = {hint.partition(" ")[0] for path in CASES for hint in case_in(path).all("hint")}
    assert codes == given
    assert {path.stem.partition("-")[0] for path in CASES} <= codes | {"nothing"}


def test_hints_are_lower_case_with_input_in_backticks_and_say_what_to_do(case_in: Callable[[Path], Any]) -> None:
    for path in CASES:
        for hint in compose_with_hints(case_in(path).subgraphs)[1]:
            assert hint.message[0] == "`" or hint.message[0].islower(), hint
            assert not hint.message.endswith("."), hint
            assert hint.suggestion, hint


def test_one_subgraph_alone_agrees_with_itself() -> None:
    subgraph = Subgraph("a", 'type Query { "one" x(n: Int = 1): [E!] } enum E { A B }')
    assert compose_with_hints([subgraph])[1] == ()
