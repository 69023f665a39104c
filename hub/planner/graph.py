"""The supergraph as the planner walks it: nodes are types in a subgraph, edges are fields and key moves.

A *reference* is a field that gives no more of an entity than its key: a stub in the subgraph's own terms. From there
the planner continues where the entity is at home.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from graphql import GraphQLInterfaceType, GraphQLNonNull, GraphQLObjectType, get_named_type

from hub.errors import Problem
from hub.model.mapping import Reference, SourceMapping
from hub.model.supergraph import FieldSet, Supergraph


@dataclass(frozen=True)
class Move:
    """From one subgraph to another by a key of the entity.

    `inputs` are the fields that the first one must give: those of the key, then those that `@requires` names.
    """

    type: str
    to: str
    key: tuple[str, ...]
    inputs: tuple[str, ...]


_Place = tuple[str, frozenset[str] | None, list[Move]]


@dataclass(frozen=True)
class PlannerGraph:
    """What the planner asks: who resolves a field, who is home of a type, which moves there are."""

    supergraph: Supergraph
    references: Mapping[tuple[str, str, str], tuple[str, ...]]
    lookups: Mapping[tuple[str, str], tuple[str, ...]]

    def resolves(self, graph: str, type_name: str, field_name: str) -> bool:
        """Whether the subgraph itself gives the field of the type."""
        if field_name == "__typename":
            return True
        return graph in self._resolvers.get((type_name, field_name), frozenset())

    def resolvers(self, type_name: str, field_name: str) -> frozenset[str]:
        """All subgraphs that give the field."""
        return self._resolvers.get((type_name, field_name), frozenset())

    def home(self, type_name: str) -> str | None:
        """The subgraph an entity is at home in: the one that declares it and does not only extend it."""
        return self._homes.get(type_name)

    def moves(self, type_name: str) -> tuple[Move, ...]:
        """The key moves into each subgraph that can resolve the entity by a key."""
        return self._moves.get(type_name, ())

    def requires(self, graph: str, type_name: str, field_name: str) -> tuple[str, ...]:
        """Fields of the entity that the subgraph must be given to resolve this one (`@requires`)."""
        return self._requires.get((graph, type_name, field_name), ())

    @cached_property
    def _requires(self) -> Mapping[tuple[str, str, str], tuple[str, ...]]:
        return {
            (join.graph, *where): tuple(_leaves(join.requires))
            for where, joins in self.supergraph.fields.items()
            for join in joins
            if join.requires
        }

    @cached_property
    def _resolvers(self) -> Mapping[tuple[str, str], frozenset[str]]:
        return {
            where: frozenset(join.graph for join in joins if join.resolves)
            for where, joins in self.supergraph.fields.items()
        }

    @cached_property
    def _homes(self) -> Mapping[str, str]:
        homes: dict[str, str] = {}
        for type_name, joins in self.supergraph.types.items():
            own = {join.graph for join in joins if join.key and not join.extension}
            if len(own) == 1:
                homes[type_name] = own.pop()
        return homes

    @cached_property
    def _moves(self) -> Mapping[str, tuple[Move, ...]]:
        found: dict[str, list[Move]] = {}
        for type_name, joins in self.supergraph.types.items():
            for join in joins:
                if join.key and join.resolvable:
                    key = tuple(_leaves(join.key))
                    found.setdefault(type_name, []).append(Move(type_name, join.graph, key, key))
        return {name: tuple(moves) for name, moves in found.items()}

    def ways(self, type_name: str, start: str, given: frozenset[str] | None, field_name: str) -> list[list[Move]]:
        """The shortest chains of key moves from a place to a subgraph that resolves the field.

        `given` are the fields the place has: those of a reference, or None for all that the subgraph resolves. All
        chains of the smallest length are given, so that the caller can prefer a subgraph it visits anyway.
        """
        wanted = self.resolvers(type_name, field_name)
        frontier: list[_Place] = [(start, given, [])]
        seen: set[str] = set() if given is not None else {start}
        while frontier:
            found: list[_Place] = []
            following: list[_Place] = []
            for graph, has, chain in frontier:
                for move in self.moves(type_name):
                    if move.to in seen:
                        continue
                    arrived = move.to in wanted
                    inputs = move.key + self.requires(move.to, type_name, field_name) if arrived else move.key
                    if self.gives(type_name, graph, has, inputs):
                        step: _Place = (move.to, None, [*chain, replace(move, inputs=inputs)])
                        (found if arrived else following).append(step)
            if found:
                return [chain for _, _, chain in found]
            seen |= {graph for graph, _, _ in following}
            frontier = following
        return []

    def gives(self, type_name: str, graph: str, has: frozenset[str] | None, inputs: tuple[str, ...]) -> bool:
        """Whether a place has these fields: those of a reference, or what the subgraph resolves."""
        if has is not None:
            return set(inputs) <= has
        return all(self._leads(graph, type_name, path.split(".")) for path in inputs)

    def _leads(self, graph: str, type_name: str, path: list[str]) -> bool:
        """Whether the subgraph gives a field inside the entity, as `organisation.id` of a nested key."""
        name, *rest = path
        if not self.resolves(graph, type_name, name):
            return False
        if not rest:
            return True
        owner = self.supergraph.api.type_map[type_name]
        assert isinstance(owner, GraphQLObjectType | GraphQLInterfaceType)
        return self._leads(graph, get_named_type(owner.fields[name].type).name, rest)


def _leaves(fields: FieldSet, prefix: str = "") -> Iterator[str]:
    for node in fields:
        if node.selections:
            yield from _leaves(node.selections, f"{prefix}{node.name}.")
        else:
            yield prefix + node.name


def brittle_fields(graph: PlannerGraph) -> list[Problem]:
    """Fields that are never null although another source than the entity's home gives them.

    When that source is down, such a field would take the whole entity with it.
    """
    api = graph.supergraph.api
    found = []
    for (type_name, field_name), joins in graph.supergraph.fields.items():
        home = graph.home(type_name)
        owner = api.type_map.get(type_name)
        if home is None or not isinstance(owner, GraphQLObjectType) or field_name not in owner.fields:
            continue
        givers = sorted(join.graph for join in joins if join.resolves)
        if home not in givers and isinstance(owner.fields[field_name].type, GraphQLNonNull):
            place = f"{', '.join(givers)}:{type_name}.{field_name}"
            message = f"is never null, but `{type_name}` is at home in {home}"
            found.append(Problem("NOT_NULLABLE_ACROSS_SOURCES", place, message, "make the field nullable"))
    return found


def planner_graph(supergraph: Supergraph, mappings: Mapping[str, SourceMapping]) -> PlannerGraph:
    """The planner's view of a composed graph; the mappings say which fields of the hub's own sources are references."""
    references = {
        (source, type_name, field_name): tuple(key for key, _ in mapped.keys)
        for source, mapping in mappings.items()
        for type_name, type_mapping in mapping.types.items()
        for field_name, mapped in type_mapping.fields.items()
        if isinstance(mapped, Reference)
    }
    lookups = {
        (source, name): lookup.key for source, mapping in mappings.items() for name, lookup in mapping.lookups.items()
    }
    return PlannerGraph(supergraph, references, lookups)
