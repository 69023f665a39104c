"""Fields that cannot be merged are found where graphql-core's own rule finds them, and in far fewer steps."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random

import pytest
from graphql import (
    FragmentDefinitionNode,
    OperationDefinitionNode,
    build_schema,
    parse,
    validate,
)
from graphql.validation import OverlappingFieldsCanBeMergedRule

from hub.errors import Refused
from hub.model.limits import Limits
from hub.operation.merge import conflict

SCHEMA = build_schema(
    """
    type Query { a: A b: B n: N u: U }
    interface N { x(i: Int, o: In): Int y: String n: N a: A }
    union U = A | B | C
    input In { p: Int q: Int }
    type A implements N { x(i: Int, o: In): Int y: String z: Int n: N a: A w: [Int] }
    type B implements N { x(i: Int, o: In): Int y: String z: String n: N a: A w: Int! b: B }
    type C { x: String y: String! n: A a: B u: U w: [Int!] }
    """
)
LIMITS = Limits()


def found(text: str, limits: Limits = LIMITS) -> str:
    """What is said of the first conflict, or nothing."""
    document = parse(text)
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    error = conflict(operations, fragments, SCHEMA, limits)
    if error is None:
        return ""
    at = ", ".join(f"{location.line}:{location.column}" for location in error.locations or ())
    return f"{error.message} [{at}]"


def rule(text: str) -> list[str]:
    """The oracle: graphql-core's rule."""
    return [error.message for error in validate(SCHEMA, parse(text), [OverlappingFieldsCanBeMergedRule])]


@pytest.mark.parametrize(
    "text, says",
    [
        ("{ a { k: x k: w } }", "Fields 'k' conflict because 'x' and 'w' are different fields. {} [1:7, 1:12]"),
        ("{ a { x(i: 1) x(i: 2) } }", "Fields 'x' conflict because they have differing arguments. {} [1:7, 1:15]"),
        ("{ a { x x(i: 2) } }", "Fields 'x' conflict because they have differing arguments. {} [1:7, 1:9]"),
        (
            "{ u { ... on A { w } ... on B { w } } }",
            "Fields 'w' conflict because they return conflicting types '[Int]' and 'Int!'. {} [1:18, 1:33]",
        ),
        (
            "{ a { k: x } a { ...F } } fragment F on A { k: x(i: 1) }",
            "Fields 'a' conflict because subfields 'k' conflict because they have differing arguments. {} [1:7, 1:45]",
        ),
    ],
)
def test_a_conflict_is_told_in_the_words_of_graphql_core(text: str, says: str) -> None:
    advice = "Use different aliases on the fields to fetch both if this was intentional."
    assert found(text) == says.format(advice)
    assert found(text).split(" [")[0] in rule(text)


SCALARS = {
    "Query": ["__typename"],
    "N": ["x", "y", "x(i: 1)", "x(o: {p: 1 q: 2})", "x(o: {q: 2 p: 1})", "__typename"],
    "A": ["x", "y", "z", "w", "x(i: 1)"],
    "B": ["x", "y", "z", "w", "x(i: 2)"],
    "C": ["x", "y", "w"],
    "U": ["__typename"],
}
OBJECTS = {
    "Query": {"a": "A", "b": "B", "n": "N", "u": "U"},
    "N": {"n": "N", "a": "A"},
    "A": {"n": "N", "a": "A"},
    "B": {"n": "N", "a": "A", "b": "B"},
    "C": {"n": "A", "a": "B", "u": "U"},
    "U": {},
}
CONDITIONS = {
    "Query": ["Query"],
    "N": ["A", "B", "N"],
    "A": ["A", "N"],
    "B": ["B", "N"],
    "C": ["C"],
    "U": ["A", "B", "C"],
}
FRAGMENTS = 3  # of a kind; each may spread those with a higher number, so there is no cycle


def selections(rng: Random, on: str, depth: int, begin: int = 0) -> str:
    """Selections on a type, valid but for their response keys; `begin` is the first fragment they may spread."""
    found = []
    for _ in range(rng.randint(1, 4)):
        key = rng.choice(["", "", "", "", "k: ", "n: "])
        match rng.choice(["leaf", "leaf", "object", "object", "inline", "spread"]):
            case "object" if depth and OBJECTS[on]:
                field, kind = rng.choice(list(OBJECTS[on].items()))
                found.append(f"{key}{field} {{ {selections(rng, kind, depth - 1, begin)} }}")
            case "inline" if depth:
                condition = rng.choice(CONDITIONS[on])
                found.append(f"... on {condition} {{ {selections(rng, condition, depth - 1, begin)} }}")
            case "spread" if begin < FRAGMENTS:
                found.append(f"...F{rng.choice(CONDITIONS[on])}{rng.randrange(begin, FRAGMENTS)}")
            case _:
                found.append(key + rng.choice(SCALARS[on]))
    return " ".join(found)


def document(seed: int) -> str:
    rng = Random(seed)
    operation = f"{{ {selections(rng, 'Query', 3)} }}"
    fragments = {
        f"F{kind}{number}": f" fragment F{kind}{number} on {kind} {{ {selections(rng, kind, 2, number + 1)} }}"
        for kind in ("Query", "N", "A", "B", "C")
        for number in range(FRAGMENTS)
    }
    used, todo = operation, [operation]
    while todo:  # validation has refused a fragment that is not used
        for name in set(re.findall(r"\.\.\.(F\w+)", todo.pop())) & fragments.keys():
            todo.append(fragments.pop(name))
            used += todo[-1]
    return used


def test_it_finds_a_conflict_where_there_is_one() -> None:
    seen = Counter[bool]()
    for seed in range(2_000):
        text = document(seed)
        conflicts = bool(rule(text))
        assert bool(found(text)) == conflicts, text
        seen[conflicts] += 1
    assert min(seen[True], seen[False]) > 300  # the law is about both


REPEATED: Mapping[str, Callable[[int], str]] = {
    "leaves": lambda n: "{ a { " + "x " * n + "} }",
    "objects": lambda n: "{ " + "a { n { a { x y } } } " * n + "}",
    "leaves beside each other": lambda n: "{ " + " ".join(f"a{k}: a {{ x }}" for k in range(n)) + " }",
    "fragments in each other": lambda n: (
        "{ a { ...F0 } } "
        + " ".join(f"fragment F{k} on A {{ a {{ ...F{k + 1} ...F{k + 1} }} a {{ ...F{k + 1} }} }}" for k in range(n))
        + f" fragment F{n} on A {{ x }}"
    ),
}


@pytest.mark.parametrize("kind", REPEATED)
def test_it_takes_steps_in_proportion_to_the_document(kind: str) -> None:
    """Four times as much of it takes no more than five times as many steps."""
    few, many = steps_of(REPEATED[kind](20)), steps_of(REPEATED[kind](80))
    assert many < 5 * few


def steps_of(text: str) -> int:
    """How many steps it takes: the least it may be allowed."""
    low, high = 0, 1_000_000
    while low < high:
        middle = (low + high) // 2
        try:
            found(text, replace(LIMITS, selections=middle))
        except Refused:
            low = middle + 1
        else:
            high = middle
    return low


def test_what_would_take_too_long_is_refused() -> None:
    """Each response key leads to another set of fragments: their number doubles with the depth."""
    layers, width = 14, 9

    def spread(layer: int, *numbers: int) -> str:
        return " ".join(f"...F{layer}x{number % width}" for number in numbers)

    text = f"{{ a {{ {spread(0, *range(width))} }} }} " + " ".join(
        f"fragment F{layer}x{one} on A {{ a {{ {spread(layer + 1, one, one + 1)} }} "
        f"{f'k: a {{ {spread(layer + 1, 3 * one)} }}' if one % 2 else f'k: a {{ {spread(layer + 1, one + 2)} }}'} }}"
        for layer in range(layers)
        for one in range(width)
    )
    text += " " + " ".join(f"fragment F{layers}x{one} on A {{ x }}" for one in range(width))
    with pytest.raises(Refused, match="takes more than 500 steps to merge its fields") as caught:
        found(text, replace(LIMITS, selections=500))
    assert caught.value.errors[0].code == "DOCUMENT_TOO_LARGE"
