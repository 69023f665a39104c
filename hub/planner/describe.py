"""A plan as text: one line a fetch, grouped in the steps in which they can be answered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hub.model.effect import Effect
from hub.model.plan import (
    Fetch,
    Hole,
    Introspection,
    Merge,
    Node,
    Plan,
    RootEntities,
    RootHole,
    RootValue,
    Shape,
    Slot,
    Typename,
    Value,
    continues,
)
from hub.model.viewer import RecordClass


def steps(plan: Plan) -> list[list[tuple[Fetch, str]]]:
    """The fetches of each step, with where in the answer they stand."""
    walk = _Depths()
    start = 0
    for node in plan.nodes:
        if isinstance(node, RootHole):
            walk.visit(node.fetch, start, node.key)
        elif isinstance(node, RootEntities):
            for way in node.ways:
                walk.visit(way.fetch, start, node.key)
        elif isinstance(node, RootValue):
            for part in node.node.parts if isinstance(node.node, Merge) else (node.node,):
                if isinstance(part, Hole):
                    walk.visit(part.fetch, start, node.key)
            if plan.serial:
                start = 1 + max(depth for depth, _, _ in walk.found.values())
    found: list[list[tuple[Fetch, str]]] = []
    for depth, fetch, path in walk.found.values():
        while len(found) <= depth:
            found.append([])
        found[depth].append((fetch, path))
    return [step for step in found if step]


class _Depths:
    """How deep each fetch hangs: behind all that it waits for."""

    def __init__(self) -> None:
        self.found: dict[int, tuple[int, Fetch, str]] = {}

    def visit(self, fetch: Fetch, depth: int, path: str) -> None:
        known = self.found.get(id(fetch))
        if known is not None and known[0] >= depth:
            return
        self.found[id(fetch)] = (depth, fetch, known[2] if known else path)
        for column in fetch.columns:
            # A column that is one field stands under the key its hole has already named.
            if isinstance(column, Shape):
                self.shape(column, fetch, depth, path)
            else:
                self.node(column, fetch, depth, path.rpartition(".")[0])

    def shape(self, shape: Shape, fetch: Fetch, depth: int, path: str) -> None:
        if shape.elsewhere is not None:
            self.hole(shape.elsewhere, fetch, depth, path)
        for case in shape.cases.values():
            for item in case:
                self.node(item, fetch, depth, path)

    def node(self, node: Node, fetch: Fetch, depth: int, path: str) -> None:
        at = f"{path}.{node.key}" if path else node.key
        match node:
            case Value(shape=Shape() as shape):
                self.shape(shape, fetch, depth, at)
            case Merge():
                for part in node.parts:
                    self.node(part, fetch, depth, path)
            case Hole():
                self.hole(node, fetch, depth, at)

    def hole(self, hole: Hole, fetch: Fetch, depth: int, path: str) -> None:
        start = depth if continues(fetch, hole) else depth + 1
        # What a subgraph is handed may have to be fetched first.
        for inner in _holes(hole.representation):
            self.hole(inner, fetch, depth, path)
            start = max(start, self.found[id(inner.fetch)][0] + 1)
        self.visit(hole.fetch, start, path)


def _holes(nodes: Sequence[Node]) -> Iterator[Hole]:
    """The holes in a representation, those in theirs not."""
    for node in nodes:
        match node:
            case Hole():
                yield node
            case Merge():
                yield from _holes(node.parts)
            case Value(shape=Shape() as shape):
                for case in shape.cases.values():
                    yield from _holes(case)


def describe(plan: Plan) -> str:
    """The plan, as `hub plan` prints it."""
    lines: list[str] = []
    for number, fetches in enumerate(steps(plan), start=1):
        lines.append(f"step {number}")
        for fetch, path in fetches:
            by = f" by {', '.join(fetch.key)}" if fetch.key else ""
            lines.append(f"  {fetch.source}: {fetch.type}{by} -> {path}  [{fetch.universe.value}]")
            classes = fetch.universe.classes
            lines += [f"      {line}" for column in fetch.columns for line in _column(column, classes)]
    lines += [f"introspection: {node.key}" for node in plan.nodes if isinstance(node, Introspection)]
    return "\n".join(lines)


def _column(node: Shape | Node, classes: Sequence[RecordClass]) -> Iterator[str]:
    match node:
        case Shape():
            if node.elsewhere is not None:
                yield f"<- {node.elsewhere.fetch.source} by {', '.join(node.elsewhere.inputs)}"
            for concrete, items in node.cases.items():
                if len(node.cases) > 1:
                    yield f"... on {concrete}"
                for item in items:
                    yield from (f"  {line}" if len(node.cases) > 1 else line for line in _column(item, classes))
        case Hole():
            by = f" by {', '.join(node.inputs)}" if node.inputs else ""
            yield f"{_name(node)} <- {node.fetch.source}{by}{_effects(node, classes)}"
        case Merge():
            yield f"{node.name if node.key == node.name else f'{node.key}: {node.name}'} merged of"
            for part in node.parts:
                yield from (f"  {line}" for line in _column(part, classes))
        case Value():
            yield f"{_name(node)}{_effects(node, classes)}"
            if node.shape is not None:
                yield from (f"  {line}" for line in _column(node.shape, classes))
        case Slot():
            yield f"{node.key} brought along"
        case Typename():
            yield node.key if node.key == "__typename" else f"{node.key}: __typename"


def _name(node: Value | Hole) -> str:
    return node.name if node.key == node.name else f"{node.key}: {node.name}"


def _effects(node: Value | Hole, classes: Sequence[RecordClass]) -> str:
    """What is given of a field, where that is not simply the value: `[mask:year]`, `[defence: deny]`."""
    found = {one: node.effects.of(one) for one in classes}
    if set(found.values()) == {Effect.SHOW}:
        return ""
    if len(set(found.values())) == 1:
        return f" [{found[classes[0]]}]"
    return f" [{', '.join(f'{one}: {effect}' for one, effect in found.items() if effect is not Effect.SHOW)}]"
