"""One case for each code: these problems, at these places, and no others."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hub.compose import compose
from hub.compose.rules import MERGED_RULES, RULES
from hub.errors import BuildFailed

CASES = sorted((Path(__file__).parent / "errors").glob("*.graphql"))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_exactly_these_problems_are_found(path: Path, case_in: Callable[[Path], Any]) -> None:
    case = case_in(path)
    with pytest.raises(BuildFailed) as caught:
        compose(case.subgraphs)
    problems = caught.value.problems
    assert [f"{problem.code} {problem.place}" for problem in problems] == case.all("problem"), str(caught.value)
    for text in case.all("suggestion"):
        assert text in [problem.suggestion for problem in problems]
    for text in case.all("message"):
        assert text in [problem.message for problem in problems]


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_problems_do_not_depend_on_the_order_of_subgraphs(path: Path, case_in: Callable[[Path], Any]) -> None:
    case = case_in(path)
    with pytest.raises(BuildFailed) as caught:
        compose(case.subgraphs[::-1])
    found = [f"{problem.code} {problem.place}" for problem in caught.value.problems]
    assert found == case.all("problem")


def test_every_rule_has_a_case() -> None:
    codes = {path.stem.partition("-")[0] for path in CASES}
    assert {code for rule in (*RULES, *MERGED_RULES) if (code := (rule.__doc__ or "").partition(":")[0])} <= codes


def test_messages_are_lower_case_with_input_in_backticks(case_in: Callable[[Path], Any]) -> None:
    for path in CASES:
        with pytest.raises(BuildFailed) as caught:
            compose(case_in(path).subgraphs)
        for problem in caught.value.problems:
            assert problem.message[0] == "`" or problem.message[0].islower(), problem
            assert not problem.message.endswith("."), problem
