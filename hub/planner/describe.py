"""A plan as text: one line a fetch, grouped in the steps in which they can be answered."""

from __future__ import annotations

from collections.abc import Iterator

from hub.model.plan import Fetch, Hole, Introspection, Plan, RootHole, Shape, Typename, Value, continues

Described = tuple[int, Fetch, str]


def steps(plan: Plan) -> list[list[tuple[Fetch, str]]]:
    """The fetches of each step, with where in the answer they stand."""
    found: list[list[tuple[Fetch, str]]] = []
    for depth, fetch, path in _fetches(plan):
        while len(found) <= depth:
            found.append([])
        known = next((entry for entry in found[depth] if entry[0] is fetch), None)
        if known is None:
            found[depth].append((fetch, path))
    return found


def describe(plan: Plan) -> str:
    """The plan, as `hub plan` prints it."""
    lines: list[str] = []
    for number, fetches in enumerate(steps(plan), start=1):
        lines.append(f"step {number}")
        for fetch, path in fetches:
            key = ", ".join(fetch.key)
            lines.append(f"  {fetch.source}: {fetch.type} by {key} -> {path}  [{fetch.universe.value}]")
            lines += [f"      {line}" for column in fetch.columns for line in _column(column)]
    lines += [f"introspection: {node.key}" for node in plan.nodes if isinstance(node, Introspection)]
    return "\n".join(lines)


def _fetches(plan: Plan) -> Iterator[Described]:
    for node in plan.nodes:
        if isinstance(node, RootHole):
            yield 0, node.fetch, node.key
            yield from _below(node.fetch, 1, node.key)


def _below(fetch: Fetch, depth: int, path: str) -> Iterator[Described]:
    for column in fetch.columns:
        # A column that is one field stands under the key its hole has already named.
        inner = column.shape if isinstance(column, Value) else column
        if inner is None:
            continue
        for hole, at in _holes(inner, path):
            together = continues(fetch, hole)
            yield depth - together, hole.fetch, at
            yield from _below(hole.fetch, depth + 1 - together, at)


def _holes(node: Shape | Value | Hole | Typename, path: str) -> Iterator[tuple[Hole, str]]:
    match node:
        case Shape():
            for case in node.cases.values():
                for item in case:
                    yield from _holes(item, path)
        case Hole():
            yield node, f"{path}.{node.key}"
        case Value():
            if node.shape is not None:
                yield from _holes(node.shape, f"{path}.{node.key}")
        case Typename():
            return


def _column(node: Shape | Value | Hole | Typename) -> Iterator[str]:
    match node:
        case Shape():
            for concrete, items in node.cases.items():
                if len(node.cases) > 1:
                    yield f"... on {concrete}"
                for item in items:
                    yield from (f"  {line}" if len(node.cases) > 1 else line for line in _column(item))
        case Hole():
            yield f"{_name(node)} <- {node.fetch.source} by {', '.join(node.inputs)}"
        case Value():
            yield _name(node)
            if node.shape is not None:
                yield from (f"  {line}" for line in _column(node.shape))
        case Typename():
            yield node.key if node.key == "__typename" else f"{node.key}: __typename"


def _name(node: Value | Hole) -> str:
    return node.name if node.key == node.name else f"{node.key}: {node.name}"
