"""A plan as text: one line a fetch, grouped in the steps in which they can be answered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from hub.model.effect import Effect
from hub.model.plan import (
    Context,
    Fetch,
    Handed,
    Hole,
    Introspection,
    Merge,
    Node,
    Plan,
    RootHole,
    RootValue,
    Shape,
    Slot,
    Typename,
    Value,
    continues,
    passed_key,
)
from hub.model.viewer import RecordClass


def steps(plan: Plan) -> list[list[tuple[Fetch, str]]]:
    """The fetches of each step, with where in the answer they stand."""
    walk = _Depths()
    start = 0
    for node in plan.nodes:
        if isinstance(node, RootHole):
            walk.visit(node.fetch, start, node.key)
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
        for node in fetch.bound.values():
            self.node(node, fetch, depth, path)

    def shape(self, shape: Shape, fetch: Fetch, depth: int, path: str) -> None:
        if shape.elsewhere is not None:
            self.hole(shape.elsewhere, fetch, depth, path)
        for case in (*shape.cases.values(), *(slots.values() for slots in shape.bound.values())):
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
            case Handed():
                for inner in _holes(node.nodes):
                    self.hole(inner, fetch, depth, path)
            case Hole():
                self.hole(node, fetch, depth, at)

    def hole(self, hole: Hole, fetch: Fetch, depth: int, path: str) -> None:
        start = depth if continues(fetch, hole) or passed_key(fetch, hole) is not None else depth + 1
        # What a subgraph is handed may have to be fetched first.
        for inner in _holes((*hole.representation, *hole.fetch.given.values())):
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
            case Handed():
                yield from _holes(node.nodes)
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
            lines += [f"      {line}" for line in _bound(fetch.bound, classes)]
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
                lines = [line for item in items for line in _column(item, classes)]
                lines += _bound(node.bound.get(concrete, {}), classes)
                yield from (f"  {line}" if len(node.cases) > 1 else line for line in lines)
        case Hole():
            yield from _hole(node, classes)
        case Merge():
            yield f"{node.name if node.key == node.name else f'{node.key}: {node.name}'} merged of"
            for part in node.parts:
                yield from (f"  {line}" for line in _column(part, classes))
        case Value():
            taken = ", ".join(f"{one.name}: ${one.slot}" for one in node.inherited)
            yield f"{_name(node)}{f'({taken})' if taken else ''}{_effects(node, classes)}"
            if node.shape is not None:
                yield from (f"  {line}" for line in _column(node.shape, classes))
        case Slot():
            yield f"{node.key} brought along"
        case Context():
            yield f"${node.slot}"
        case Handed():
            yield f"key {', '.join(node.needed)}"
        case Typename():
            yield node.key if node.key == "__typename" else f"{node.key}: __typename"


def _hole(hole: Hole, classes: Sequence[RecordClass]) -> Iterator[str]:
    """Where a field comes from: by which key, and with which values from above."""
    by = f" by {', '.join(hole.inputs)}" if hole.inputs else ""
    match hole.representation:
        case (Context(slot),):
            by = f" by ${slot}"
    given = f" with {', '.join(f'${slot}' for slot in hole.fetch.given)}" if hole.fetch.given else ""
    yield f"{_name(hole)} <- {hole.fetch.source}{by}{given}{_effects(hole, classes)}"
    for slot, node in hole.fetch.given.items():
        if not isinstance(node, Context):
            yield from (f"  ${slot} = {line}" for line in _column(node, classes))


def _bound(slots: Mapping[int, Node], classes: Sequence[RecordClass]) -> Iterator[str]:
    """What an object binds for those below it: `$0 = currency`."""
    for slot, node in slots.items():
        yield from (f"${slot} = {line}" for line in _column(node, classes))


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
