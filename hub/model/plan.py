"""A plan: which source is asked for what, by which key, in which order, and how the pieces stand in the answer.

A fetch turns keys of one entity type into columns; a column is the whole object or the value of one field. Where a
value comes from another fetch it has a `Hole`: the key of the other fetch stands there until that fetch has answered.

The hub's own sources find rows by the values of key fields. A remote subgraph is handed a representation, an object of
key fields and of what `@requires` names; its nodes are rendered like those of any object, and may have holes again.

What a field takes from an object above (`@fromContext`) stands in a slot, whose number is its own in the plan. The
object above binds it; on its way down it comes with the key of every fetch between, and in the end as a variable.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import chain

from graphql import GraphQLOutputType

from hub.model.effect import SHOWN, Effects
from hub.model.entrance import KeyFields
from hub.model.operation import Argument
from hub.model.viewer import Asserted, Universe


@dataclass(frozen=True, slots=True)
class Typename:
    """`__typename` under a response key: of the object, or `of` what a subgraph knows it as."""

    key: str
    of: str = ""


@dataclass(frozen=True, slots=True)
class Context:
    """What an object above has bound to a slot, as text."""

    slot: int
    key: str = ""


@dataclass(frozen=True, slots=True)
class Handed:
    """The representation by which another subgraph finds the object; absent where a `needed` part of it is null."""

    nodes: tuple[Node, ...]
    needed: tuple[str, ...]
    key: str = ""


@dataclass(frozen=True, slots=True)
class Inherited:
    """An argument whose value comes in a slot with the key of the fetch: inside as many objects as the `levels` say."""

    name: str
    type: str
    slot: int
    levels: int


@dataclass(frozen=True, slots=True)
class Value:
    """A field that the source of the fetch gives itself; `shape` for objects and lists of objects.

    type       the field's type in the public graph
    effects    what is given of it in each class: that of the row it stands in, for other rows that of those
    reads      (type, field) -> effects of what its value is made of or ordered by, where that is not simply shown
    inherited  arguments that no client gives
    """

    key: str
    name: str
    nullable: bool
    arguments: tuple[tuple[str, Argument], ...] = ()
    shape: Shape | None = None
    effects: Effects = SHOWN
    reads: Mapping[tuple[str, str], Effects] = field(default_factory=dict)
    type: GraphQLOutputType | None = None
    inherited: tuple[Inherited, ...] = ()


@dataclass(frozen=True, slots=True)
class Hole:
    """A field whose value is column `column` of fetch `fetch`, found by `inputs`: fields of the object it stands in.

    many            a list, which is empty where the fetch has no row
    via             the field that holds the entity's key (a link), or empty when the object itself is continued
    effects         of a link: in a class that denies it, it leads nowhere
    representation  for a remote subgraph: what it is handed, in place of the bare values of `inputs`; a `Context` alone
                    is a whole one
    carried         fields that are known where the hole is, and stand in slots of what it is filled with
    needs           the fields of the representation that it needs, if there are others: what failed of those is handed
                    over as null, and not the failure of this field
    """

    key: str
    name: str
    nullable: bool
    fetch: Fetch
    column: int
    inputs: tuple[str, ...]
    many: bool = False
    via: str = ""
    effects: Effects = SHOWN
    representation: tuple[Node, ...] = ()
    carried: tuple[Node, ...] = ()
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Merge:
    """A field of which several subgraphs give a part each; lists are merged by index."""

    key: str
    name: str
    nullable: bool
    parts: tuple[Value | Hole, ...]
    order: Order


@dataclass(frozen=True, slots=True)
class Order:
    """The response keys of an object in the order of the answer, and what is below them."""

    keys: tuple[tuple[str, Order | None], ...]


@dataclass(frozen=True, slots=True)
class Slot:
    """A field that the object brings along from where its key was found: number `index` of what a hole carries."""

    key: str
    index: int


Node = Typename | Value | Hole | Merge | Slot | Context | Handed


@dataclass(frozen=True, slots=True)
class Shape:
    """An object's nodes for each concrete type, in the order of the answer.

    elsewhere  the object is not given here: only its key is, and it is found whole by this hole
    bound      for a concrete type: slot -> node of the object, for what is below it
    """

    type: str
    cases: Mapping[str, tuple[Node, ...]]
    elsewhere: Hole | None = None
    bound: Mapping[str, Mapping[int, Node]] = field(default_factory=dict)


@dataclass(eq=False, slots=True)
class Fetch:
    """One question to one source: these columns for entities of `type`, found by `key`.

    columns   a `Shape` is the whole object; any other node is one field of it. The planner adds to them while it
              plans; nobody does after that
    universe  the record classes this fetch may see
    remote    asked by representations, not by the values of a key
    bound     slot -> node of the entity, for what is below its columns
    given     slot -> node that stands beside the hole: it comes with each key, and its value is an argument of a column
    passed    slots that come with each key for what is further below
    asserted  what a source in another process is told of who reads
    """

    source: str
    type: str
    key: tuple[str, ...]
    universe: Universe
    columns: list[Shape | Node]
    remote: bool = False
    bound: dict[int, Node] = field(default_factory=dict)
    given: dict[int, Node] = field(default_factory=dict)
    passed: dict[int, None] = field(default_factory=dict)
    asserted: Asserted | None = None


@dataclass(frozen=True, slots=True)
class RootHole:
    """A root field of an own source: a lookup in `source` by the field's arguments, answered by `fetch`."""

    key: str
    name: str
    nullable: bool
    source: str
    arguments: tuple[tuple[str, Argument], ...]
    fetch: Fetch


@dataclass(frozen=True, slots=True)
class EntityWay:
    """How `_entities` finds the entities of a type whose representations have these fields."""

    type: str
    key: KeyFields
    fetch: Fetch


@dataclass(frozen=True, slots=True)
class RootEntities:
    """`_entities` of an own source that stands alone: for each representation the answer of the way it fits."""

    key: str
    representations: Argument
    ways: tuple[EntityWay, ...]


@dataclass(frozen=True, slots=True)
class RootValue:
    """A root field of remote subgraphs: a hole that needs no key, or a merge of such."""

    key: str
    node: Hole | Merge


@dataclass(frozen=True, slots=True)
class Introspection:
    """A root field that the reader's schema answers (`__schema`, `__type`, `_service`)."""

    key: str


@dataclass(frozen=True, slots=True)
class KeySearch:
    """Keys of rows of another source that a filter compares with: asked before everything else.

    name   of the variable that holds them
    place  where in the filter, as people write it
    fetch  gives one list of rows, each with no more than its `key`
    most   how many the filter takes; where there are more it is refused
    """

    name: str
    place: str
    fetch: Fetch
    key: str
    most: int


RootNode = Typename | RootHole | RootEntities | RootValue | Introspection


@dataclass(frozen=True, slots=True)
class Plan:
    """All root fields in the order of the answer. Fetches hang on their holes; there is no second list of them.

    serial    one root field after the other, as for a mutation
    searches  what filters need of other sources, each after those it needs itself
    """

    root: str
    nodes: tuple[RootNode, ...]
    serial: bool = False
    searches: tuple[KeySearch, ...] = ()


def passed_key(fetch: Fetch, hole: Hole) -> int | None:
    """Which of what a fetch's keys bring for further below is the key of a hole, so that both are asked together."""
    match hole.representation:
        case (Context(slot),) if slot in fetch.passed:
            return list(fetch.passed).index(slot)
    return None


def continues(fetch: Fetch, hole: Hole) -> bool:
    """Whether a hole continues the fetched object itself, under the very key it was fetched by.

    Such a fetch need not wait for the one it hangs on: both are asked together. In a row of an own source, what a third
    one is handed may be had so, too; among remote subgraphs a key may come with what is required beside.
    """
    if hole.via or hole.inputs != fetch.key or not fetch.key or hole.fetch.remote is not fetch.remote:
        return False
    if any(one.given or one.passed for one in (fetch, hole.fetch)):
        return False  # their keys say more than who they are
    if fetch.remote and (hole.fetch.type != fetch.type or any("." in name for name in fetch.key)):
        return False
    nodes = list(fetch.bound.values())
    for column in fetch.columns:
        if isinstance(column, Shape):
            slots = (bound.values() for bound in column.bound.values())
            nodes += chain.from_iterable((*column.cases.values(), *slots))
        else:
            nodes.append(column)
    for node in nodes:
        handed = node.representation if isinstance(node, Hole) and not fetch.remote else ()
        if node is hole or any(one is hole for one in handed):
            return True
    return False
