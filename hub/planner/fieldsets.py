"""Field sets: the selections of `@key` and `@requires`, which nobody asked for and a subgraph is handed.

Takes field sets as the supergraph has them; gives them as grants, which are planned like any selection.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from graphql import FieldNode as AstField
from graphql import GraphQLNonNull, GraphQLString, NameNode, get_named_type

from hub.model.authorized import Grant
from hub.model.effect import SHOWN, Effect, Effects
from hub.model.graph import Coordinate
from hub.model.operation import Constant, Field
from hub.model.supergraph import FieldSet
from hub.model.viewer import Standing
from hub.planner.graph import PlannerGraph

AS_IT_IS: Mapping[Coordinate, Effects] = MappingProxyType({})
_NO_NODE = AstField(name=NameNode(value="_"))


def granted(
    graph: PlannerGraph,
    type_name: str,
    fields: FieldSet,
    standing: Standing,
    reads: Mapping[Coordinate, Effects] = AS_IT_IS,
) -> Iterator[Grant]:
    """A field set as a selection.

    A subgraph is handed as it is what `reads` says nothing of; the rest where it is shown in full, or null.
    """
    for node in united(graph.applying(type_name, fields)):
        if node.name == "__typename":
            continue
        expected = graph.field_type(type_name, node.name)
        below = get_named_type(expected).name
        selection = None
        if node.selections:
            selection = {
                one: (
                    *(_typename(one, standing) if one != below else ()),
                    *granted(graph, one, node.selections, standing, reads),
                )
                for one in graph.possible(below)
            }
        arguments = tuple((name, Constant(value)) for name, value in node.arguments)
        made = Field(node.name, node.name, type_name, expected, arguments, None, _NO_NODE)
        yield Grant(made, standing, standing, _in_full(reads.get((type_name, node.name), SHOWN)), {}, selection)


def united(fields: FieldSet) -> FieldSet:
    """A field set in which every field stands once."""
    found: dict[tuple[str, str | None], FieldSet] = {}
    for node in fields:
        where = (node.name, node.on)
        known = found.get(where)
        if known is None:
            found[where] = (node,)
        else:
            (first,) = known
            found[where] = (replace(first, selections=united((*first.selections, *node.selections))),)
    return tuple(node for (node,) in found.values())


def clash(one: FieldSet, other: FieldSet) -> bool:
    """Whether two field sets ask a field with different arguments: a representation can hold only one of them."""
    return any(
        left.name == right.name and (left.arguments != right.arguments or clash(left.selections, right.selections))
        for left in one
        for right in other
    )


def has_arguments(fields: FieldSet) -> bool:
    """Whether a field of it, however deep, has an argument."""
    return any(node.arguments or has_arguments(node.selections) for node in fields)


def _typename(concrete: str, standing: Standing) -> tuple[Grant]:
    """Says of what declares an interface or union which type it is."""
    made = Field("__typename", "__typename", concrete, GraphQLNonNull(GraphQLString), (), None, _NO_NODE)
    return (Grant(made, standing, standing, SHOWN, {}, None),)


def _in_full(effects: Effects) -> Effects:
    """What is handed of a field: where it is not shown as it is, nothing."""
    return Effects(*(one if one is Effect.SHOW else Effect.DENY for one in effects))
