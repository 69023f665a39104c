"""One case for each kind of change: these changes and no others, and in reverse what was added is removed.

The first line is a sentence. `# old` and `# new` open the two sides; `# old subgraph` is composed first.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from hub.compose import compose
from hub.diff import Change, Level, Published, diff, published, read_schema
from hub.errors import BuildFailed
from hub.model.supergraph import Subgraph

CASES = sorted((Path(__file__).parent / "cases").glob("*.graphql"))


@dataclass(frozen=True, slots=True)
class Case:
    old: Published
    new: Published
    expected: tuple[str, ...]
    messages: tuple[str, ...]


def read_case(path: Path) -> Case:
    head, old, new = re.split(r"^# (?=old|new)", path.read_text(), flags=re.MULTILINE)
    first, *lines = head.splitlines()
    assert (first[:2], first[-1]) == ("# ", "."), "the first line is a sentence"
    words = [line.removeprefix("# ").partition(": ") for line in lines]
    return Case(
        _side(old),
        _side(new),
        tuple(value for word, _, value in words if word == "change"),
        tuple(value for word, _, value in words if word == "message"),
    )


def _side(text: str) -> Published:
    head, _, sdl = text.partition("\n")
    return published(compose([Subgraph("a", sdl)])) if head.endswith("subgraph") else read_schema(sdl, "case")


def told(changes: tuple[Change, ...]) -> list[str]:
    return [f"{change.level} {change.code} {change.coordinate}" for change in changes]


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_exactly_these_changes_are_listed(path: Path) -> None:
    case = read_case(path)
    changes = diff(case.old, case.new)
    assert told(changes) == list(case.expected), "\n".join(map(str, changes))
    for message in case.messages:
        assert message in [change.message for change in changes]


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_schema_does_not_differ_from_itself(path: Path) -> None:
    case = read_case(path)
    assert diff(case.old, case.old) == diff(case.new, case.new) == ()


def moved(changes: tuple[Change, ...], ending: str) -> set[tuple[str, str]]:
    """(code without its ending, coordinate) of what was added or removed."""
    return {
        (change.code.removesuffix(ending).removeprefix("REQUIRED_").removeprefix("OPTIONAL_"), change.coordinate)
        for change in changes
        if change.code.endswith(ending) and "DEFAULT" not in change.code
    }


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_in_reverse_what_was_added_is_removed(path: Path) -> None:
    case = read_case(path)
    there, back = diff(case.old, case.new), diff(case.new, case.old)
    assert moved(there, "_ADDED") == moved(back, "_REMOVED")
    assert moved(there, "_REMOVED") == moved(back, "_ADDED")


def test_changes_say_what_to_do_unless_they_are_safe() -> None:
    for path in CASES:
        case = read_case(path)
        for change in (*diff(case.old, case.new), *diff(case.new, case.old)):
            assert change.advice or change.level is Level.SAFE, change
            assert change.message[0] in "`@" or change.message[0].islower(), change
            assert not change.message.endswith("."), change


@pytest.mark.parametrize(
    ("sdl", "problem"),
    [
        ("type Query {", "INVALID_GRAPHQL at f:1:13: syntax error"),
        ("type Query { x: Nobody }", "INVALID_GRAPHQL at f:1:17: unknown type `Nobody`"),
        ('type Query @key(fields: "x") { x: Int }', "INVALID_GRAPHQL at f:1:12: unknown directive `@key`"),
    ],
)
def test_what_is_no_schema_is_refused_with_its_place(sdl: str, problem: str) -> None:
    with pytest.raises(BuildFailed) as caught:
        read_schema(sdl, "f")
    assert str(caught.value).startswith(problem.replace("syntax error", "expected Name"))
