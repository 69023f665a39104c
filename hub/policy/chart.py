"""Contract x supergraph -> the types a reader sees, where each comes from, and what leads from one to another.

The map of the graph for people. What is not in the contract is not on it; sources are named only where the reader is
shown plans, which name them too. Does no I/O.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from graphql import GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema, get_named_type

from hub.model.supergraph import Supergraph


@dataclass(frozen=True, slots=True)
class Link:
    """A field that leads to another type, or `...` where an interface may be of that type."""

    field: str
    to: str
    many: bool


@dataclass(frozen=True, slots=True)
class Place:
    """One type. `source` is the one that most of its fields come from; empty where it is not said."""

    name: str
    says: str
    source: str
    fields: int
    links: tuple[Link, ...]


def chart(contract: GraphQLSchema, supergraph: Supergraph, *, sources: bool) -> tuple[Place, ...]:
    """The types that lead somewhere or are led to, the query first. A connection stands for the rows in it."""
    query = contract.query_type
    found = [
        _place(one, contract, supergraph, sources)
        for name, one in contract.type_map.items()
        if isinstance(one, GraphQLObjectType | GraphQLInterfaceType) and not name.startswith("__")
        if not _rows(one) and not name.endswith("Edge") and name != "PageInfo"
    ]
    led_to = {link.to for one in found for link in one.links}
    kept = [one for one in found if one.links or one.name in led_to]
    first = query.name if query is not None else ""
    return tuple(sorted(kept, key=lambda one: (one.name != first, one.source, one.name)))


def _place(
    one: GraphQLObjectType | GraphQLInterfaceType, contract: GraphQLSchema, supergraph: Supergraph, sources: bool
) -> Place:
    links = []
    for name, field in one.fields.items():
        leads_to = get_named_type(field.type)
        rows = _rows(leads_to)
        if isinstance(leads_to, GraphQLObjectType | GraphQLInterfaceType):
            links.append(Link(name, rows or leads_to.name, bool(rows) or "[" in str(field.type)))
    if isinstance(one, GraphQLInterfaceType):
        links += [Link("...", each.name, many=False) for each in contract.get_implementations(one).objects]
    source = _source(one, supergraph) if sources and one is not contract.query_type else ""
    return Place(one.name, one.description or "", source, len(one.fields), tuple(links))


def _rows(one: object) -> str:
    """The type in the rows of a connection; empty for what is none."""
    if isinstance(one, GraphQLObjectType) and one.name.endswith("Connection") and "nodes" in one.fields:
        return str(get_named_type(one.fields["nodes"].type))
    return ""


def _source(one: GraphQLObjectType | GraphQLInterfaceType, supergraph: Supergraph) -> str:
    counted = Counter(
        join.graph for name in one.fields for join in supergraph.fields.get((one.name, name), ()) if join.resolves
    )
    return min(counted, key=lambda graph: (-counted[graph], graph)) if counted else ""
