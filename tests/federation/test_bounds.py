"""No operation makes opening or planning it explode: it is refused after a counted number of steps.

That the counter counts what there is to do, the number of function calls says.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import pytest

from hub.compose import compose
from hub.engine import PUBLIC
from hub.errors import Refused
from hub.model.limits import Limits
from hub.model.supergraph import Subgraph, Supergraph
from hub.operation import normalise, parse_document, prepare
from hub.planner import PlannerGraph, plan
from hub.policy import authorize, public_rules

LINK = (
    'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9",'
    ' import: ["@key", "@shareable", "@external", "@requires"])\n'
)
# The texts may be large: what they open to is what is bounded here.
LIMITS = Limits(
    tokens=10_000, aliases=10_000, spreads=10_000, roots=50, fields=3_000, selections=20_000, planning=20_000
)
# Calls of Python functions a step may take.
A_STEP = 100
# Steps it takes to open and authorize what is then refused.
OPENING = 5_000


@dataclass
class Work:
    """Calls of functions of the hub."""

    calls: int = 0


@contextmanager
def counted() -> Iterator[Work]:
    work = Work()

    def note(_frame: Any, event: str, _argument: Any) -> None:
        work.calls += event == "call"

    sys.setprofile(note)
    try:
        yield work
    finally:
        sys.setprofile(None)


def supergraph(**sdl: str) -> Supergraph:
    return compose([Subgraph(name, LINK + text, f"http://{name}") for name, text in sdl.items()])


def work_of(graph: Supergraph, document: str, limits: Limits = LIMITS) -> tuple[str, int]:
    """The code of the refusal, or nothing, and how many functions were called."""
    # Whether its fields can be merged is counted by itself (tests/operation/test_merge.py).
    merged = replace(limits, selections=10_000_000)
    prepared = prepare(parse_document(document, limits), None, graph.api, merged)
    planner, rules = PlannerGraph(graph), public_rules(graph.api)
    with counted() as work:
        try:
            plan(authorize(normalise(prepared, {}, (), limits), PUBLIC, rules), planner, limits.planning)
        except Refused as refused:
            (error,) = refused.errors
            assert "select " in error.message
            return error.code, work.calls
    return "", work.calls


def abstract(types: int, depth: int) -> tuple[Supergraph, str]:
    """An interface of so many types in two subgraphs, and a selection so deep."""
    fields = "id: ID! name: String next: Node"
    names = range(types)
    one = "type Query { node: Node } interface Node { id: ID! name: String next: Node }" + "".join(
        f' type T{n} implements Node @key(fields: "id") {{ {fields} a{n}: Int }}' for n in names
    )
    two = "".join(f' type T{n} @key(fields: "id") {{ id: ID! b{n}: Int }}' for n in names)
    document = "name"
    for _ in range(depth):
        document = f"next {{ id ... on T1 {{ b1 a1 }} {document} }}"
    return supergraph(one=one, two=two), f"{{ node {{ {document} }} }}"


@pytest.mark.parametrize("types, depth", [(30, 8), (30, 2), (3, 30), (60, 3), (2, 35)])
def test_fragments_over_abstract_types_are_opened_within_bounds(types: int, depth: int) -> None:
    graph, document = abstract(types, depth)
    code, calls = work_of(graph, document)
    assert code in ("DOCUMENT_TOO_LARGE", "OPERATION_TOO_COMPLEX")
    assert calls < A_STEP * (LIMITS.fields + LIMITS.selections + LIMITS.planning)


def test_a_screen_over_thirty_types_is_planned() -> None:
    graph, document = abstract(30, 1)
    assert work_of(graph, document, Limits())[0] == ""


def test_conditions_that_never_hold_count_too() -> None:
    graph, _ = abstract(30, 1)
    never = " ".join("... on T2 { ... on Node { ... on T2 { id } } }" for _ in range(200))
    document = (
        f"{{ {' '.join(f'n{number}: node {{ ...F }}' for number in range(50))} }} fragment F on Node {{ {never} }}"
    )
    code, calls = work_of(graph, document)
    assert code == "DOCUMENT_TOO_LARGE"
    assert calls < A_STEP * LIMITS.selections


def test_spreads_that_double_are_opened_once_for_each_object() -> None:
    graph, _ = abstract(2, 1)
    fragments = " ".join(f"fragment F{n} on Node {{ ...F{n + 1} ...F{n + 1} }}" for n in range(30))
    code, calls = work_of(graph, f"{{ node {{ ...F0 }} }} {fragments} fragment F30 on Node {{ name }}")
    assert code == ""
    assert calls < A_STEP * 1_000


def test_aliases_of_fields_elsewhere_cost_as_much_as_there_are() -> None:
    graph, _ = abstract(2, 1)
    sizes = (100, 200, 400)
    works = [
        work_of(graph, f"{{ node {{ ... on T1 {{ {' '.join(f'x{number}: b1' for number in range(size))} }} }} }}")
        for size in sizes
    ]
    assert [code for code, _ in works] == [""] * len(sizes)
    assert works[2][1] < 2.2 * works[1][1] < 5 * works[0][1]


def keys(subgraphs: int, each: int) -> Supergraph:
    """Layers of subgraphs, each of which shares so many keys with the one before and the one behind it."""
    found = {}
    for layer in range(subgraphs):
        shared = [f"k{layer}x{n}" for n in range(each)] + [f"k{layer + 1}x{n}" for n in range(each)]
        directives = " ".join(f'@key(fields: "{key}")' for key in shared)
        fields = " ".join(f"{key}: ID! @shareable" for key in shared)
        root = "type Query { t: T }" if layer == 0 else ""
        found[f"s{layer}"] = f"{root} type T {directives} {{ {fields} f{layer}: Int }}"
    return supergraph(**found)


def test_chains_over_dozens_of_keys_and_subgraphs_are_found_place_by_place() -> None:
    calls = [work_of(keys(layers, 6), f"{{ t {{ f{layers - 1} }} }}", Limits()) for layers in (3, 6, 12)]
    assert [code for code, _ in calls] == ["", "", ""]
    # Twice as many layers are twice as many places to leave, one after the other: not six to the power of them.
    assert calls[2][1] < 6 * calls[1][1] < 36 * calls[0][1]


def test_composite_keys_of_every_two_of_many_fields_are_gathered_within_bounds() -> None:
    """Each field is known to one subgraph, that is entered by two others: there are more orders than one can try."""
    names = [f"k{n}" for n in range(9)]
    two = " ".join(f"{n}: ID! @shareable" for n in names[:2])
    found = {"root": f'type Query {{ t: T }} type T @key(fields: "k0") @key(fields: "k1") {{ {two} }}'}
    for number in range(2, len(names)):
        pairs = list(combinations(names[:number], 2))
        directives = " ".join(f'@key(fields: "{one} {other}")' for one, other in pairs)
        fields = " ".join(f"{each}: ID! @shareable" for each in names[: number + 1])
        found[f"s{number}"] = f"type T {directives} {{ {fields} f{number}: Int }}"
    code, calls = work_of(supergraph(**found), "{ t { f8 f7 f2 } }", Limits())
    assert code == ""
    assert calls < A_STEP * 1_000


def test_requirements_that_meet_again_and_again_are_counted_once() -> None:
    """Each of two fields requires both of the level before: there are 2 to the power of 12 ways through them."""
    parts: dict[str, list[str]] = {"a": [], "b": []}
    for level in range(12):
        owner, other = ("a", "b") if level % 2 else ("b", "a")
        required = f' @requires(fields: "x{level - 1} y{level - 1}")' if level else ""
        parts[owner] += [f"x{level}: Int{required}", f"y{level}: Int{required}"]
        parts[other] += [f"x{level}: Int @external", f"y{level}: Int @external"] if level < 11 else []
    graph = supergraph(
        a=f'type Query {{ t: T }} type T @key(fields: "id") {{ id: ID! {" ".join(parts["a"])} }}',
        b=f'type T @key(fields: "id") {{ id: ID! {" ".join(parts["b"])} }}',
    )
    code, calls = work_of(graph, "{ t { x11 y11 } }", Limits())
    assert code == ""
    assert calls < A_STEP * 10_000


@pytest.mark.parametrize("limit", [100, 1_000, 2_000])
def test_work_before_a_refusal_grows_with_the_limit_and_not_with_the_operation(limit: int) -> None:
    graph, document = abstract(12, 2)
    code, calls = work_of(graph, document, Limits(planning=limit))
    assert code == "OPERATION_TOO_COMPLEX"
    assert calls < A_STEP * (limit + OPENING)
