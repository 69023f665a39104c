"""Which fields can be reached from a root, and which cannot; each case is a law of the planner's moves."""

from __future__ import annotations

import pytest

from hub.compose import compose
from hub.errors import BuildFailed
from hub.model.supergraph import Subgraph

LINK = """
extend schema @link(
  url: "https://specs.apollo.dev/federation/v2.9"
  import: ["@key", "@shareable", "@external", "@requires", "@provides", "@interfaceObject", "@override"]
)
"""

REACHED = {
    "a stub with a key that is not resolvable leads to who resolves it": (
        'type Query { e: E } type E @key(fields: "id", resolvable: false) { id: ID! }',
        'type E @key(fields: "id") { id: ID! n: Int }',
    ),
    "what is required may itself require": (
        'type Query { t: T } type T @key(fields: "id") { id: ID! z: Int }',
        'type T @key(fields: "id") { id: ID! y: Int @requires(fields: "z") z: Int @external }',
        'type T @key(fields: "id") { id: ID! x: Int @requires(fields: "y") y: Int @external }',
    ),
    "requirements may go back and forth between two subgraphs": (
        (
            "type Query { t: T }"
            ' type T @key(fields: "id") { id: ID! x: Int y: Int @external z: Int @requires(fields: "y") }'
        ),
        'type T @key(fields: "id") { id: ID! x: Int @external y: Int @requires(fields: "x") }',
    ),
    "requirements may select by type on a union": (
        (
            'type Query { t: T } type T @key(fields: "id") { id: ID! m: M } union M = A | B'
            " type A { x: Int @shareable } type B { y: Int @shareable }"
        ),
        (
            'type T @key(fields: "id") { id: ID! m: M @external p: Int'
            ' @requires(fields: "m { ... on A { x } ... on B { y } }") } union M = A | B'
            " type A { x: Int @shareable } type B { y: Int @shareable }"
        ),
    ),
    "members of a union may differ where each is resolved by who knows it": (
        (
            "type Query { m: [M] @shareable } union M = A | B"
            ' type A @key(fields: "id") { id: ID! x: Int } type B @key(fields: "id") { id: ID! }'
        ),
        (
            "type Query { m: [M] @shareable } union M = A | C"
            ' type A @key(fields: "id") { id: ID! y: Int } type C @key(fields: "id") { id: ID! c: Int }'
        ),
    ),
    "from an interface object one gets to the types behind it and further": (
        (
            'type Query { a: I } interface I @key(fields: "id") { id: ID! n: Int }'
            ' type T implements I @key(fields: "id") { id: ID! n: Int x: Int }'
            ' type U implements I @key(fields: "id") { id: ID! n: Int u: Int }'
        ),
        (
            'type Query { b: [I] } type I @interfaceObject @key(fields: "id")'
            ' { id: ID! y: Int z: Int @requires(fields: "n") n: Int @external }'
        ),
        'type T @key(fields: "id") { id: ID! c: Int }',
    ),
    "a field may be provided for one type of an interface": (
        (
            'type Query { i: I @provides(fields: "... on A { name }") } interface I { id: ID! }'
            " type A implements I { id: ID! @shareable name: Int @external }"
        ),
        "type A { id: ID! @shareable name: Int @shareable }",
    ),
    "keys may select each other in a circle": (
        (
            'type Query { t: T } type T @key(fields: "u { id }") { u: U }'
            ' type U @key(fields: "t { u { id } }") @key(fields: "id") { id: ID! t: T }'
        ),
        'type T @key(fields: "u { id }") { u: U x: Int } type U @key(fields: "id") { id: ID! w: Int }',
    ),
    "from a query root inside the graph every root field is reached": (
        "type Query { v: V } type V { q: Query }",
        "type Query { z: Int }",
    ),
    "what a mutation returns is an entity like others": (
        'type Query { q: Int } type Mutation { m: T } type T @key(fields: "id") { id: ID! }',
        'type T @key(fields: "id") { id: ID! x: Int }',
    ),
}

UNREACHED = {
    "two fields that require each other": (
        ("T.x", "T.y"),
        'type Query { t: T } type T @key(fields: "id") { id: ID! x: Int @requires(fields: "y") y: Int @external }',
        'type T @key(fields: "id") { id: ID! y: Int @requires(fields: "x") x: Int @external }',
    ),
    "a field that moved to a subgraph without a key": (
        ("T.x",),
        "type Query { t: T } type T { id: ID! @shareable x: Int }",
        'type Query { u: T } type T { id: ID! @shareable x: Int @override(from: "a") }',
    ),
    "a field that moves under a label to a subgraph without a key": (
        ("T.x",),
        "type Query { t: T } type T { id: ID! @shareable x: Int }",
        'type T { id: ID! @shareable x: Int @override(from: "a", label: "percent(1)") }',
    ),
    "a requirement that cannot be handed over for want of a key": (
        ("T.y",),
        'type Query { t: T } type T { id: ID! @shareable x: Int @external y: Int @requires(fields: "x") }',
        'type T @key(fields: "id") { id: ID! @shareable x: Int }',
    ),
    "a field provided only on another way": (
        ("A.name",),
        'type Query { i: A @provides(fields: "name") j: A } type A { id: ID! @shareable name: Int @external }',
        "type A { id: ID! @shareable name: Int @shareable }",
    ),
    "a member of a union that is known where it has no key": (
        ("A.y",),
        "type Query { m: M } union M = A type A { x: Int @shareable }",
        "type Query { n: M } union M = A type A { x: Int @shareable y: Int }",
    ),
}


def subgraphs(texts: tuple[str, ...]) -> list[Subgraph]:
    return [Subgraph(name, sdl + LINK) for name, sdl in zip("abc", texts, strict=False)]


@pytest.mark.parametrize("texts", REACHED.values(), ids=REACHED)
def test_is_reached(texts: tuple[str, ...]) -> None:
    compose(subgraphs(texts))


@pytest.mark.parametrize("case", UNREACHED.values(), ids=UNREACHED)
def test_is_not_reached(case: tuple[tuple[str, ...], *tuple[str, ...]]) -> None:
    unreached, *texts = case
    with pytest.raises(BuildFailed) as caught:
        compose(subgraphs(tuple(texts)))
    assert [problem.code for problem in caught.value.problems] == ["SATISFIABILITY_ERROR"] * len(unreached)
    assert tuple(problem.place for problem in caught.value.problems) == unreached


def test_the_shortest_query_is_shown() -> None:
    texts = (
        "type Query { far: [V!] } type V { i: I } interface I { x: Int } type T implements I { x: Int @shareable }",
        "type T { x: Int @shareable y: Int }",
    )
    with pytest.raises(BuildFailed) as caught:
        compose(subgraphs(texts))
    assert [problem.message for problem in caught.value.problems] == [
        "no way to resolve `query { far { i { ... on T { y } } } }`: from `a`, `b` has no resolvable key on `T`"
    ]
