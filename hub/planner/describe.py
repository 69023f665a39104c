"""Plan -> Description: every fetch once, numbered by the steps in which they can be answered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from graphql import GraphQLInterfaceType, GraphQLObjectType

from hub.model.description import EVERYTHING, Asked, DescribedFetch, Description, Root, Sight
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
    RootEntities,
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
    along   the fetch with whose keys its own came from above
    """

    fetch: Fetch
    depth: int
    paths: dict[str, None]
    after: dict[int, None] = field(default_factory=dict)
    beside: int | None = None
    along: int | None = None

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
        elif isinstance(node, RootEntities):
            for way in node.ways:
                walk.visit(way.fetch, start, node.key, before)
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
        self.slots: dict[int, Node] = {}

    def visit(self, fetch: Fetch, depth: int, path: str, after: Sequence[int] = ()) -> None:
        known = self.found.get(id(fetch))
        if known is None:
            known = self.found[id(fetch)] = _Found(fetch, -1, {})
        known.paths[path] = None
        known.after.update(dict.fromkeys(after))
        if known.depth >= depth:
            return
        known.depth = depth
        self.bind(fetch.bound, fetch, depth, path, fetch.type)
        for column in fetch.columns:
            # A column that is one field stands under the key its hole has already named.
            if isinstance(column, Shape):
                self.shape(column, fetch, depth, path)
            else:
                self.node(column, fetch, depth, path.rpartition(".")[0], fetch.type)

    def shape(self, shape: Shape, fetch: Fetch, depth: int, path: str) -> None:
        if shape.elsewhere is not None:
            self.bind(shape.bound.get(shape.type, {}), fetch, depth, path, shape.type)
            self.hole(shape.elsewhere, fetch, depth, path)
        for concrete, case in shape.cases.items():
            self.bind(shape.bound.get(concrete, {}), fetch, depth, path, concrete)
            for item in case:
                self.node(item, fetch, depth, path, concrete)

    def bind(self, slots: Mapping[int, Node], fetch: Fetch, depth: int, path: str, owner: str) -> None:
        """What an object binds is walked before what is below it, which may wait for it."""
        self.slots.update(slots)
        for node in slots.values():
            self.node(node, fetch, depth, path, owner)

    def node(self, node: Node, fetch: Fetch, depth: int, path: str, owner: str) -> None:
        match node:
            case Value(shape=Shape() as shape):
                self.shape(shape, fetch, depth, self.at(path, node, owner))
            case Merge():
                for part in node.parts:
                    self.node(part, fetch, depth, path, owner)
            case Handed():
                for inner in _inside(node.nodes):
                    if isinstance(inner, Hole):
                        self.hole(inner, fetch, depth, path)
            case Hole():
                self.hole(node, fetch, depth, self.at(path, node, owner))

    def at(self, path: str, node: Value | Hole, owner: str) -> str:
        key = node.key if self.knows(owner, node.name) else UNNAMED
        return f"{path}.{key}" if path else key

    def hole(self, hole: Hole, fetch: Fetch, depth: int, path: str) -> None:
        together = continues(fetch, hole)
        along = passed_key(fetch, hole) is not None
        start = depth if together or along else depth + 1
        after = [] if together or along else [id(fetch)]
        # What a subgraph is handed may have to be fetched first.
        passed = (Context(slot) for slot in hole.fetch.passed)
        for inner in _inside((*hole.representation, *hole.carried, *hole.fetch.given.values(), *passed)):
            if isinstance(inner, Hole):
                self.hole(inner, fetch, depth, path)
            for one in self.waited(inner):
                start = max(start, self.found[one].depth + 1)
                after.append(one)
        self.visit(hole.fetch, start, path, after)
        if together:
            self.found[id(hole.fetch)].beside = id(fetch)
        if along:
            self.found[id(hole.fetch)].along = id(fetch)

    def waited(self, inner: Hole | Context) -> Iterator[int]:
        """The fetches whose answers a text is made of."""
        match inner:
            case Hole():
                yield id(inner.fetch)
            case Context():
                for one in _inside((self.slots[inner.slot],)):
                    yield from self.waited(one)


def _inside(nodes: Sequence[Node]) -> Iterator[Hole | Context]:
    """What comes from elsewhere in a representation, or from above it; what those are handed themselves not."""
    for node in nodes:
        match node:
            case Hole() | Context():
                yield node
            case Merge():
                yield from _inside(node.parts)
            case Handed():
                yield from _inside(node.nodes)
            case Value(shape=Shape() as shape):
                if shape.elsewhere is not None:
                    yield shape.elsewhere
                for case in shape.cases.values():
                    yield from _inside(case)


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
                case RootEntities():
                    yield Root(node.key, tuple(self.numbers[id(way.fetch)] for way in node.ways))
                case RootValue():
                    numbers = dict.fromkeys(self.numbers[id(part.fetch)] for part in _parts(node))
                    yield Root(node.key, tuple(numbers))

    def fetch(self, found: _Found, step: int, known: dict[int, _Found]) -> DescribedFetch:
        fetch = found.fetch
        after: dict[int, None] = {}
        together = [found]
        for one in together:  # what one waits for that is asked together with others, they wait for
            after.update(one.after)
            together += [known[other] for other in (one.beside, one.along) if other is not None]
        return DescribedFetch(
            self.numbers[id(fetch)],
            step,
            fetch.source,
            fetch.type if self.contract is None or fetch.type in self.contract.type_map else UNNAMED,
            self.keys(fetch.type, fetch.key) if fetch.key else (),
            fetch.universe.value if self.classes else None,
            tuple(found.paths),
            tuple(self.asks(fetch)),
            tuple(sorted(self.numbers[one] for one in after)),
            self.numbers[found.beside] if found.beside is not None else None,
        )

    def asks(self, fetch: Fetch) -> Iterator[Asked]:
        for column in fetch.columns:
            if isinstance(column, Shape):
                yield from self.shape(column, fetch)
            else:
                yield self.node(column, fetch, fetch.type)
        yield from self.bound(fetch.bound, fetch, fetch.type)

    def shape(self, shape: Shape, fetch: Fetch) -> Iterator[Asked]:
        if shape.elsewhere is not None:
            yield self.elsewhere(shape.elsewhere, fetch, shape.type)
            yield from self.bound(shape.bound.get(shape.type, {}), fetch, shape.type)
        for concrete, items in shape.cases.items():
            below = (
                *(self.node(item, fetch, concrete) for item in items),
                *self.bound(shape.bound.get(concrete, {}), fetch, concrete),
            )
            if len(shape.cases) == 1:
                yield from below
            else:
                yield Asked(on=concrete, below=below)

    def bound(self, slots: Mapping[int, Node], fetch: Fetch, owner: str) -> Iterator[Asked]:
        """What an object binds for those below it."""
        for slot, node in slots.items():
            yield replace(self.node(node, fetch, owner), slot=slot)

    def node(self, node: Node, fetch: Fetch, owner: str) -> Asked:
        match node:
            case Typename():
                return Asked(node.key, "__typename")
            case Slot():
                return Asked(node.key, handed=True)
            case Context(slot):
                return Asked(by=(f"${slot}",))
            case Handed():
                return Asked(by=self.keys(owner, node.needed))
        key, name = (node.key, node.name) if self.knows(owner, node.name) else (UNNAMED, UNNAMED)
        match node:
            case Hole():
                return replace(self.elsewhere(node, fetch, owner), key=key, name=name, effect=_effect(node, fetch))
            case Merge():
                return Asked(key, name, merged=True, below=tuple(self.node(part, fetch, owner) for part in node.parts))
            case Value():
                below = tuple(self.shape(node.shape, fetch)) if node.shape is not None else ()
                takes = tuple((one.name if self.contract is None else UNNAMED, one.slot) for one in node.inherited)
                return Asked(key, name, effect=_effect(node, fetch), takes=takes, below=below)

    def elsewhere(self, hole: Hole, fetch: Fetch, owner: str) -> Asked:
        """Which fetch gives something, by which key, and with which values from above."""
        match hole.representation:
            case (Context(slot),):
                by: tuple[str, ...] = (f"${slot}",)
            case _:
                by = self.keys(hole.fetch.type, hole.inputs) if hole.inputs else ()
        given = hole.fetch.given
        fetched = {slot: node for slot, node in given.items() if not isinstance(node, Context)}
        below = tuple(self.bound(fetched, fetch, owner))
        return Asked(fetch=self.numbers[id(hole.fetch)], by=by, brings=tuple(given), below=below)


def _effect(node: Value | Hole, fetch: Fetch) -> str:
    """What is given of a field, where that is not simply the value: `mask:year`, `defence: deny`."""
    classes: Sequence[RecordClass] = fetch.universe.classes
    found = {one: node.effects.of(one) for one in classes}
    if set(found.values()) == {Effect.SHOW}:
        return ""
    if len(set(found.values())) == 1:
        return str(found[classes[0]])
    return ", ".join(f"{one}: {effect}" for one, effect in found.items() if effect is not Effect.SHOW)
