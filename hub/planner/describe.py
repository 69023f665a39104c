"""Plan -> Description: every fetch once, numbered by the steps in which they can be answered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from graphql import GraphQLInterfaceType, GraphQLObjectType

from hub.model.description import EVERYTHING, Asked, DescribedFetch, Description, Root, Sight
from hub.model.effect import Effect
from hub.model.plan import (
    Fetch,
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
)
from hub.model.viewer import RecordClass
from hub.planner.view.text import text

# What is said in place of a name that the reader's contract does not have.
UNNAMED = "key"


def describe(plan: Plan) -> str:
    """The plan as text."""
    return text(described(plan))


def steps(plan: Plan) -> list[list[tuple[Fetch, str]]]:
    """The fetches of each step, with where in the answer they stand."""
    return [[(one.fetch, one.path) for one in step] for step in _stepped(_walked(plan, EVERYTHING))]


def fetches(plan: Plan) -> list[Fetch]:
    """The fetches in the order of their numbers."""
    return [fetch for step in steps(plan) for fetch, _ in step]


def described(plan: Plan, sight: Sight = EVERYTHING) -> Description:
    """The plan as somebody is shown it. Its questions and figures are added by those who know them."""
    stepped = _stepped(_walked(plan, sight))
    numbers = {id(one.fetch): number for number, one in enumerate((one for step in stepped for one in step), start=1)}
    describing = _Describing(numbers, sight)
    return Description(
        tuple(describing.roots(plan)),
        tuple(
            describing.fetch(one, step, {id(other.fetch): other for step in stepped for other in step})
            for step, found in enumerate(stepped, start=1)
            for one in found
        ),
        plan.serial,
    )


@dataclass(slots=True, eq=False)
class _Found:
    """A fetch where it hangs.

    after   fetches that what it is asked by comes from
    beside  the fetch whose key it shares
    """

    fetch: Fetch
    depth: int
    paths: dict[str, None]
    after: dict[int, None] = field(default_factory=dict)
    beside: int | None = None

    @property
    def path(self) -> str:
        return next(iter(self.paths))


def _walked(plan: Plan, sight: Sight) -> list[_Found]:
    walk = _Walk(sight)
    for start, search in enumerate(plan.searches):
        walk.visit(search.fetch, start, search.place, [id(one.fetch) for one in plan.searches[:start]])
    start = len(plan.searches)
    searched = [id(one.fetch) for one in plan.searches]
    for node in plan.nodes:
        before = searched
        if plan.serial:
            before = [one for one, found in walk.found.items() if found.depth == start - 1]
        if isinstance(node, RootHole):
            walk.visit(node.fetch, start, node.key, before)
        elif isinstance(node, RootValue):
            for part in _parts(node):
                known = walk.found.get(id(part.fetch))
                if plan.serial and known is not None:  # neighbours that one call runs: it is not made again
                    known.paths[node.key] = None
                else:
                    walk.visit(part.fetch, start, node.key, before)
            if plan.serial:
                start = 1 + max(found.depth for found in walk.found.values())
    return list(walk.found.values())


def _parts(node: RootValue) -> Iterator[Hole]:
    for part in node.node.parts if isinstance(node.node, Merge) else (node.node,):
        if isinstance(part, Hole):
            yield part


def _stepped(found: Sequence[_Found]) -> list[list[_Found]]:
    depths = sorted({one.depth for one in found})
    return [[one for one in found if one.depth == depth] for depth in depths]


class _Names:
    """What names somebody is shown."""

    def __init__(self, sight: Sight) -> None:
        self.contract = sight.contract

    def knows(self, type_name: str, field_name: str) -> bool:
        """Whether a field, or a path of fields, is in the contract."""
        if self.contract is None or field_name == "__typename":
            return True
        first, _, rest = field_name.partition(".")
        owner = self.contract.type_map.get(type_name)
        if not isinstance(owner, GraphQLObjectType | GraphQLInterfaceType) or first not in owner.fields:
            return False
        below = owner.fields[first].type
        while hasattr(below, "of_type"):
            below = below.of_type
        return not rest or self.knows(below.name, rest)

    def keys(self, type_name: str, names: Sequence[str]) -> tuple[str, ...]:
        """The fields of a key: in full, or not at all."""
        if all(self.knows(type_name, name) for name in names):
            return tuple(names)
        return (UNNAMED,)


class _Walk(_Names):
    """How deep each fetch hangs: behind all that it waits for."""

    def __init__(self, sight: Sight) -> None:
        super().__init__(sight)
        self.found: dict[int, _Found] = {}

    def visit(self, fetch: Fetch, depth: int, path: str, after: Sequence[int] = (), beside: int | None = None) -> None:
        known = self.found.get(id(fetch))
        if known is None:
            known = self.found[id(fetch)] = _Found(fetch, -1, {})
        known.paths[path] = None
        known.after.update(dict.fromkeys(after))
        if beside is not None:
            known.beside = beside
        if known.depth >= depth:
            return
        known.depth = depth
        for column in fetch.columns:
            # A column that is one field stands under the key its hole has already named.
            if isinstance(column, Shape):
                self.shape(column, fetch, depth, path)
            else:
                self.node(column, fetch, depth, path.rpartition(".")[0], fetch.type)

    def shape(self, shape: Shape, fetch: Fetch, depth: int, path: str) -> None:
        if shape.elsewhere is not None:
            self.hole(shape.elsewhere, fetch, depth, path)
        for concrete, case in shape.cases.items():
            for item in case:
                self.node(item, fetch, depth, path, concrete)

    def node(self, node: Node, fetch: Fetch, depth: int, path: str, owner: str) -> None:
        match node:
            case Value(shape=Shape() as shape):
                self.shape(shape, fetch, depth, self.at(path, node, owner))
            case Merge():
                for part in node.parts:
                    self.node(part, fetch, depth, path, owner)
            case Hole():
                self.hole(node, fetch, depth, self.at(path, node, owner))

    def at(self, path: str, node: Value | Hole, owner: str) -> str:
        key = node.key if self.knows(owner, node.name) else UNNAMED
        return f"{path}.{key}" if path else key

    def hole(self, hole: Hole, fetch: Fetch, depth: int, path: str) -> None:
        together = continues(fetch, hole)
        start = depth if together else depth + 1
        after = [] if together else [id(fetch)]
        # What a subgraph is handed may have to be fetched first.
        for inner in _holes((*hole.representation, *hole.carried)):
            self.hole(inner, fetch, depth, path)
            start = max(start, self.found[id(inner.fetch)].depth + 1)
            after.append(id(inner.fetch))
        self.visit(hole.fetch, start, path, after, id(fetch) if together else None)


def _holes(nodes: Sequence[Node]) -> Iterator[Hole]:
    """The holes in a representation, those in theirs not."""
    for node in nodes:
        match node:
            case Hole():
                yield node
            case Merge():
                yield from _holes(node.parts)
            case Value(shape=Shape() as shape):
                if shape.elsewhere is not None:
                    yield shape.elsewhere
                for case in shape.cases.values():
                    yield from _holes(case)


class _Describing(_Names):
    """Fetches by number, in the names that somebody is shown."""

    def __init__(self, numbers: dict[int, int], sight: Sight) -> None:
        super().__init__(sight)
        self.numbers = numbers
        self.classes = sight.classes

    def roots(self, plan: Plan) -> Iterator[Root]:
        for node in plan.nodes:
            match node:
                case Typename():
                    yield Root(node.key, ())
                case Introspection():
                    yield Root(node.key, (), introspection=True)
                case RootHole():
                    yield Root(node.key, (self.numbers[id(node.fetch)],))
                case RootValue():
                    numbers = dict.fromkeys(self.numbers[id(part.fetch)] for part in _parts(node))
                    yield Root(node.key, tuple(numbers))

    def fetch(self, found: _Found, step: int, known: dict[int, _Found]) -> DescribedFetch:
        fetch = found.fetch
        after = dict(found.after)
        beside = found.beside
        while beside is not None:  # what one waits for that is asked together with others, they wait for
            after.update(known[beside].after)
            beside = known[beside].beside
        return DescribedFetch(
            self.numbers[id(fetch)],
            step,
            fetch.source,
            fetch.type if self.contract is None or fetch.type in self.contract.type_map else UNNAMED,
            self.keys(fetch.type, fetch.key) if fetch.key else (),
            fetch.universe.value if self.classes else None,
            tuple(found.paths),
            tuple(one for column in fetch.columns for one in self.column(column, fetch)),
            tuple(sorted(self.numbers[one] for one in after)),
            self.numbers[found.beside] if found.beside is not None else None,
        )

    def column(self, column: Shape | Node, fetch: Fetch) -> Iterator[Asked]:
        if isinstance(column, Shape):
            yield from self.shape(column, fetch)
        else:
            yield self.node(column, fetch, fetch.type)

    def shape(self, shape: Shape, fetch: Fetch) -> Iterator[Asked]:
        if shape.elsewhere is not None:
            yield Asked(fetch=self.numbers[id(shape.elsewhere.fetch)], by=self.by(shape.elsewhere))
        for concrete, items in shape.cases.items():
            below = tuple(self.node(item, fetch, concrete) for item in items)
            if len(shape.cases) == 1:
                yield from below
            else:
                yield Asked(on=concrete, below=below)

    def node(self, node: Node, fetch: Fetch, owner: str) -> Asked:
        match node:
            case Typename():
                return Asked(node.key, "__typename")
            case Slot():
                return Asked(node.key, handed=True)
        key, name = (node.key, node.name) if self.knows(owner, node.name) else (UNNAMED, UNNAMED)
        match node:
            case Hole():
                number = self.numbers[id(node.fetch)]
                return Asked(key, name, effect=_effect(node, fetch), fetch=number, by=self.by(node))
            case Merge():
                return Asked(key, name, merged=True, below=tuple(self.node(part, fetch, owner) for part in node.parts))
            case Value():
                below = tuple(self.shape(node.shape, fetch)) if node.shape is not None else ()
                return Asked(key, name, effect=_effect(node, fetch), below=below)

    def by(self, hole: Hole) -> tuple[str, ...]:
        return self.keys(hole.fetch.type, hole.inputs) if hole.inputs else ()


def _effect(node: Value | Hole, fetch: Fetch) -> str:
    """What is given of a field, where that is not simply the value: `mask:year`, `defence: deny`."""
    classes: Sequence[RecordClass] = fetch.universe.classes
    found = {one: node.effects.of(one) for one in classes}
    if set(found.values()) == {Effect.SHOW}:
        return ""
    if len(set(found.values())) == 1:
        return str(found[classes[0]])
    return ", ".join(f"{one}: {effect}" for one, effect in found.items() if effect is not Effect.SHOW)
