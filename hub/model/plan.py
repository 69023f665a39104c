"""A plan: which source is asked for what, by which key, in which order, and how the pieces stand in the answer.

A fetch turns keys of one entity type into columns; a column is the whole object or the value of one field. Where a
value comes from another fetch it has a `Hole`: the key of the other fetch stands there until that fetch has answered.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hub.model.operation import Argument
from hub.model.viewer import Universe


@dataclass(frozen=True, slots=True)
class Typename:
    """`__typename` under a response key."""

    key: str


@dataclass(frozen=True, slots=True)
class Value:
    """A field that the source of the fetch gives itself; `shape` for objects and lists of objects."""

    key: str
    name: str
    nullable: bool
    arguments: tuple[tuple[str, Argument], ...] = ()
    shape: Shape | None = None


@dataclass(frozen=True, slots=True)
class Hole:
    """A field whose value is column `column` of fetch `fetch`, found by `inputs`: fields of the object it stands in.

    many  a list, which is empty where the fetch has no row
    via   the field that holds the entity's key (a link), or empty when the object itself is continued elsewhere
    """

    key: str
    name: str
    nullable: bool
    fetch: Fetch
    column: int
    inputs: tuple[str, ...]
    many: bool = False
    via: str = ""


Node = Typename | Value | Hole


@dataclass(frozen=True, slots=True)
class Shape:
    """An object's nodes for each concrete type, in the order of the answer."""

    type: str
    cases: Mapping[str, tuple[Node, ...]]


@dataclass(frozen=True, slots=True)
class Fetch:
    """One question to one source: these columns for entities of `type`, found by `key`.

    columns   a `Shape` is the whole object; a `Value` or `Hole` is one field of it
    universe  the record classes this fetch may see
    """

    source: str
    type: str
    key: tuple[str, ...]
    universe: Universe
    columns: tuple[Shape | Value | Hole, ...]


@dataclass(frozen=True, slots=True)
class RootHole:
    """A root field: a lookup in `source` by the field's arguments, answered by `fetch`."""

    key: str
    name: str
    nullable: bool
    source: str
    arguments: tuple[tuple[str, Argument], ...]
    fetch: Fetch


@dataclass(frozen=True, slots=True)
class Introspection:
    """A root field that the public schema answers (`__schema`, `__type`)."""

    key: str


RootNode = Typename | RootHole | Introspection


@dataclass(frozen=True, slots=True)
class Plan:
    """All root fields in the order of the answer. Fetches hang on their holes; there is no second list of them."""

    root: str
    nodes: tuple[RootNode, ...]


def continues(fetch: Fetch, hole: Hole) -> bool:
    """Whether a hole continues the fetched object itself, under the very key it was fetched by.

    Such a fetch need not wait for the one it hangs on: both are asked together.
    """
    if hole.via or hole.inputs != fetch.key:
        return False
    for column in fetch.columns:
        nodes = [item for case in column.cases.values() for item in case] if isinstance(column, Shape) else [column]
        if any(node is hole for node in nodes):
            return True
    return False
