"""Labels come from closed sets, and the sets are whole."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import hub
from hub.telemetry.words import CODES, codes_of

HUB = Path(hub.__file__ or "").parent
STAGES = ("operation", "policy", "planner", "executor", "sources", "stored", "server")
# What these say is for the people who build the graph.
BUILD_TIME = (
    "policy/check.py",
    "policy/contract.py",
    "policy/remotes.py",
    "policy/rulebook.py",
    "planner/graph.py",
    "sources/postgres/check.py",
    "sources/postgres/telltale",
)
# Constants that look like codes and are none.
OTHERS: frozenset[str] = frozenset()


def written() -> set[str]:
    """Every constant of what runs for a request that is spelt as codes are."""
    files = [HUB / "engine.py", HUB / "errors.py", *(file for stage in STAGES for file in (HUB / stage).rglob("*.py"))]
    return {
        node.value
        for file in files
        if not file.relative_to(HUB).as_posix().startswith(BUILD_TIME)
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and re.fullmatch(r"[A-Z]+(_[A-Z]+)+|OVERLOADED|TIMEOUT|UNAVAILABLE", node.value)
    }


def test_every_code_that_the_hub_gives_an_error_is_known() -> None:
    assert written() - OTHERS == CODES - {"UNAUTHENTICATED"}


def test_codes_are_counted_and_those_of_others_are_not_repeated() -> None:
    body = (
        b'{"errors":[{"message":"a","extensions":{"code":"TIMEOUT"}},{"message":"b","extensions":{"code":"TIMEOUT"}},'
        b'{"message":"c","extensions":{"code":"P001099012345"}},{"message":"d"}],"data":null}'
    )
    assert codes_of(body) == {"TIMEOUT": 2, "other": 2}


def test_an_answer_without_errors_has_no_codes() -> None:
    assert codes_of(b'{"data":{"errors":[{"extensions":{"code":"TIMEOUT"}}]}}') == {}
