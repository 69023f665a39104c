"""Laws of `hub diff`, tried on random edits of a schema and random operations. The oracles are graphql-core's."""

from __future__ import annotations

import importlib.util
import random
import sys
from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLSchema, build_schema, parse, print_schema, validate
from graphql.utilities.find_schema_changes import BreakingChangeType, find_schema_changes
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.diff import Level, Published, diff


def _load(name: str) -> Any:
    """A module beside this one: test folders are not packages."""
    path = Path(__file__).with_name(f"{name}.py")
    spec = importlib.util.spec_from_file_location(f"diff_{name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


schemas = _load("schemas")
seeds = st.integers(min_value=0, max_value=2**32)


def pair(seed: int) -> tuple[GraphQLSchema, GraphQLSchema]:
    """A schema and an edit of it, in one order or the other."""
    chance = random.Random(seed)
    start = schemas.edited(schemas.BASE, chance) if chance.random() < 0.5 else schemas.BASE
    sides = [build_schema(start), build_schema(schemas.edited(start, chance))]
    chance.shuffle(sides)
    return sides[0], sides[1]


@settings(max_examples=30, deadline=None)
@given(seed=seeds)
def test_a_valid_operation_becomes_invalid_only_where_a_change_is_breaking(seed: int) -> None:
    old, new = pair(seed)
    chance = random.Random(seed)
    breaking = [change for change in diff(Published(old), Published(new)) if change.level is Level.BREAKING]
    for _ in range(15):
        text = schemas.operation(old, chance)
        if not breaking and not validate(old, document := parse(text)):
            errors = validate(new, document)
            assert not errors, f"{text}\n{errors[0].message}\n{print_schema(old)}\n---\n{print_schema(new)}"


def test_the_operations_are_worth_trying() -> None:
    """Most are valid on their own schema, and breaking changes do make some of them invalid."""
    valid = broken = refuted = 0
    for seed in range(60):
        old, new = pair(seed)
        chance = random.Random(seed)
        breaking = any(change.level is Level.BREAKING for change in diff(Published(old), Published(new)))
        documents = [parse(schemas.operation(old, chance)) for _ in range(15)]
        fine = [document for document in documents if not validate(old, document)]
        valid += len(fine)
        broken += breaking
        refuted += breaking and any(validate(new, document) for document in fine)
    assert valid > 60 * 15 / 2, valid
    assert refuted > broken / 3, (refuted, broken)


@settings(max_examples=30, deadline=None)
@given(seed=seeds)
def test_what_graphql_core_calls_breaking_is_breaking(seed: int) -> None:
    old, new = pair(seed)
    listed = diff(Published(old), Published(new))
    breaking = " ".join(change.coordinate for change in listed if change.level is Level.BREAKING)
    for change in find_schema_changes(old, new):
        if isinstance(change.type, BreakingChangeType) and "Standard scalar" not in change.description:
            words = change.description.replace("Argument ", "").replace("Field ", "").split()
            assert any(word.strip(".,").strip("`") in breaking.split() for word in words), (change, breaking)


@settings(max_examples=30, deadline=None)
@given(seed=seeds)
def test_no_change_is_missed(seed: int) -> None:
    """Two schemas that print differently differ."""
    old, new = pair(seed)
    assert bool(diff(Published(old), Published(new))) == (print_schema(old) != print_schema(new))


@settings(max_examples=20, deadline=None)
@given(seed=seeds)
def test_a_schema_does_not_differ_from_itself(seed: int) -> None:
    old, _ = pair(seed)
    assert diff(Published(old), Published(build_schema(print_schema(old)))) == ()


@settings(max_examples=20, deadline=None)
@given(seed=seeds)
def test_in_reverse_what_was_added_is_removed(seed: int) -> None:
    old, new = (Published(each) for each in pair(seed))

    def of(ending: str, changes: Any) -> set[tuple[str, str]]:
        words = ("REQUIRED_", "OPTIONAL_")
        return {
            (change.code.removesuffix(ending).removeprefix(words[0]).removeprefix(words[1]), change.coordinate)
            for change in changes
            if change.code.endswith(ending) and "DEFAULT" not in change.code
        }

    there, back = diff(old, new), diff(new, old)
    assert of("_ADDED", there) == of("_REMOVED", back)
    assert of("_REMOVED", there) == of("_ADDED", back)


@pytest.mark.parametrize("seed", range(8))
def test_changes_are_listed_in_one_order(seed: int) -> None:
    old, new = (Published(each) for each in pair(seed))
    changes = diff(old, new)
    assert changes == diff(old, new)
    levels = [list(Level).index(change.level) for change in changes]
    assert levels == sorted(levels)
    assert len(set(changes)) == len(changes)
