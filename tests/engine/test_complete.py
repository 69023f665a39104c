"""Answers in which something failed, against graphql-core: what it makes of a value that cannot be had, so do we.

Random data of a small schema with every combination of lists and non-null; values fail or are absent at random places.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from graphql import build_schema, execute_sync, parse
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.executor.complete import complete
from hub.model.limits import Limits
from hub.model.operation import Operation
from hub.model.source import ABSENT, FAILED
from hub.operation import normalise, prepare

SCHEMA = build_schema(
    """
    type Query { maybe: Node sure: Node! }
    type Node {
        word: String
        sureWord: String!
        node: Node
        sureNode: Node!
        nodes: [Node]
        sureItems: [Node!]
        sureNodes: [Node!]!
        rows: [[Node!]]!
    }
    """
)
DEPTH = 3
ORDER = ("maybe", "sure", "word", "sureWord", "node", "sureNode", "nodes", "sureItems", "sureNodes", "rows")


class Missing:
    """A value that cannot be had: its source failed, or it is absent without a fault."""

    def __init__(self, mark: str) -> None:
        self.mark = mark


FAILURE = Missing(f"{FAILED}register{FAILED}")
ABSENCE = Missing(ABSENT)


def nodes(depth: int) -> st.SearchStrategy[Any]:
    missing = st.sampled_from([FAILURE, ABSENCE])
    word = st.one_of(st.text(max_size=5), missing)
    if depth == 0:
        return st.fixed_dictionaries({"word": word, "sureWord": word})
    inner = nodes(depth - 1)
    some = st.one_of(inner, inner, inner, missing)
    many = st.lists(some, max_size=2)
    return st.fixed_dictionaries(
        {
            "word": word,
            "sureWord": st.one_of(st.text(max_size=5), st.text(max_size=5), missing),
            "node": some,
            "sureNode": some,
            "nodes": st.one_of(many, missing),
            "sureItems": many,
            "sureNodes": many,
            "rows": st.lists(st.one_of(many, missing), max_size=2),
        }
    )


def selection(depth: int) -> str:
    if depth == 0:
        return "{ word sureWord }"
    fields = " ".join(f"{name} {selection(depth - 1)}" for name in ORDER[4:])
    return f"{{ word sureWord {fields} }}"


def operation(query: str) -> Operation:
    return normalise(prepare(parse(query), None, SCHEMA, Limits()), {})


def text(value: Any) -> str:
    """The text a source would answer, with marks for what cannot be had."""
    match value:
        case Missing():
            return value.mark
        case dict():
            # Sources answer in the order of the selection.
            return (
                "{" + ",".join(f"{json.dumps(key)}:{text(value[key])}" for key in sorted(value, key=ORDER.index)) + "}"
            )
        case list():
            return "[" + ",".join(map(text, value)) + "]"
        case _:
            return json.dumps(value)


def resolved(source: Any, info: Any) -> Any:
    """graphql-core's view of the same: a failure raises, an absence is null."""
    return _had(source[info.field_name])


def _had(value: Any) -> Any:
    if value is FAILURE:
        return RuntimeError("register")
    if value is ABSENCE:
        return None
    return [_had(item) for item in value] if isinstance(value, list) else value


@settings(max_examples=300, deadline=None, derandomize=True)
@given(data=st.fixed_dictionaries({"maybe": nodes(DEPTH - 1), "sure": nodes(DEPTH - 1)}))
def test_nulls_propagate_as_graphql_core_propagates_them(data: Mapping[str, Any]) -> None:
    query = f"{{ maybe {selection(DEPTH - 1)} sure {selection(DEPTH - 1)} }}"
    expected = execute_sync(SCHEMA, parse(query), root_value=data, field_resolver=resolved)
    answer = json.loads(complete(text(data)[1:-1], operation(query)))
    assert answer["data"] == expected.data
    failures = {tuple(error.path or ()) for error in expected.errors or () if error.message == "register"}
    # One error for each place of the operation, and each at a path where something really failed.
    for error in answer.get("errors", ()):
        assert error["extensions"]["code"] == "SOURCE_UNAVAILABLE"
        assert error["message"] == "the register part of the graph is unavailable"
    if not failures and not any(value is FAILURE for value in _leaves(data)):
        assert "errors" not in answer


def _leaves(value: Any) -> list[Any]:
    match value:
        case dict():
            return [leaf for inner in value.values() for leaf in _leaves(inner)]
        case list():
            return [leaf for inner in value for leaf in _leaves(inner)]
        case _:
            return [value]


@pytest.mark.parametrize(
    ("answer", "query", "expected"),
    [
        (
            f'"maybe":{{"nodes":[{{"word":"a"}},{FAILURE.mark},{FAILURE.mark}]}}',
            "{ maybe { nodes { word } } }",
            {"data": {"maybe": {"nodes": [{"word": "a"}, None, None]}}, "path": ["maybe", "nodes", 1]},
        ),
        (
            f'"sure":{{"sureNode":{FAILURE.mark}}}',
            "{ sure { sureNode { word } } }",
            {"data": None, "path": ["sure", "sureNode"]},
        ),
        (
            f'"maybe":{{"w":{json.dumps(FAILED)},"word":{FAILURE.mark}}}',
            "{ maybe { w: word word } }",
            {"data": {"maybe": {"w": FAILED, "word": None}}, "path": ["maybe", "word"]},
        ),
    ],
    ids=["one error for a place, at the first of its items", "up to the answer itself", "data cannot pass for a mark"],
)
def test_an_error_says_where_and_no_more(answer: str, query: str, expected: Mapping[str, Any]) -> None:
    found = json.loads(complete(answer, operation(query)))
    assert found["data"] == expected["data"]
    (error,) = found["errors"]
    assert error["path"] == expected["path"]


def test_what_is_absent_without_a_fault_is_null_without_an_error() -> None:
    found = json.loads(complete(f'"maybe":{{"sureWord":{ABSENT}}}', operation("{ maybe { sureWord } }")))
    assert found == {"data": {"maybe": None}}
