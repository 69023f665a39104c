"""The supergraph as the planner walks it: places where an object can stand, and key moves between them.

A *reference* is a field of an own source that gives no more of an entity than its key: a stub in the subgraph's own
terms. From there the planner continues where the entity is at home.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from graphql import (
    GraphQLField,
    GraphQLInputType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    GraphQLUnionType,
    build_ast_schema,
    get_named_type,
    parse,
)

from hub.errors import Problem
from hub.model.graph import Compared, DeclaredGraph
from hub.model.mapping import Reference, Rows
from hub.model.supergraph import FieldSet, JoinField, Supergraph, homes


@dataclass(frozen=True, slots=True)
class Place:
    """Where an object stands.

    type      what the subgraph knows it as: its own type, or the interface that it is an interface object of
    provided  external fields that the way here provides
    given     all that a reference has of the object; None for what the subgraph resolves
    """

    graph: str
    type: str
    provided: FieldSet = ()
    given: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Move:
    """From a place to another by a key of the entity."""

    to: Place
    key: FieldSet

    @property
    def names(self) -> tuple[str, ...]:
        """The key as it reads: `id`, `organisation.id`."""
        return tuple(leaves(self.key))


@dataclass(frozen=True)
class PlannerGraph:
    """What the planner asks: who resolves a field where, who is home of a type, which moves there are.

    own        the hub's own sources, which are asked by values and not by representations
    elsewhere  sources in other processes, which are told of who reads
    labels     the labels of `@override` that are on
    lists      entity -> (source, root field, the most of a page) that lists all of them, here
    compared   (input type, field) -> the field that a filter compares
    """

    supergraph: Supergraph
    references: Mapping[tuple[str, str, str], tuple[str, ...]] = field(default_factory=dict)
    lookups: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    own: frozenset[str] = frozenset()
    elsewhere: frozenset[str] = frozenset()
    labels: frozenset[str] = frozenset()
    lists: Mapping[str, tuple[str, str, int]] = field(default_factory=dict)
    compared: Mapping[tuple[str, str], Compared] = field(default_factory=dict)

    # Fields ---------------------------------------------------------------------------------------------------------

    def joined(self, place: Place, name: str) -> JoinField | None:
        """The declaration of a field at a place, if the subgraph resolves it there."""
        return self._joined.get((place.type, name, place.graph))

    @cached_property
    def _joined(self) -> Mapping[tuple[str, str, str], JoinField]:
        found: dict[tuple[str, str, str], JoinField] = {}
        for where, joins in self.supergraph.fields.items():
            for each in joins:
                if self._active(each):
                    found.setdefault((*where, each.graph), each)
        return found

    def _active(self, joined: JoinField) -> bool:
        if joined.override_label is not None and not joined.external:
            return (joined.override is not None) == (joined.override_label in self.labels)
        return joined.resolves

    def at_hand(self, place: Place, name: str) -> bool:
        """Whether the place gives the field without being handed anything."""
        if place.given is not None:
            return name in place.given or name == "__typename"
        if name == "__typename":
            return not self.interface_object(place.graph, place.type)
        joined = self.joined(place, name)
        if joined is not None:
            return not joined.requires and not joined.contexts
        return name in self._key_fields(place) or any(node.name == name for node in place.provided)

    def _key_fields(self, place: Place) -> frozenset[str]:
        """A subgraph has the fields of its own keys, also where it calls them external."""
        joins = self.supergraph.types.get(place.type, ())
        return frozenset(node.name for each in joins if each.graph == place.graph for node in each.key or ())

    def resolvers(self, type_name: str, name: str) -> tuple[str, ...]:
        """All subgraphs that give a field of a type."""
        found = self.supergraph.fields.get((type_name, name), ())
        return tuple(dict.fromkeys(each.graph for each in found if self._active(each)))

    def field_type(self, type_name: str, name: str) -> GraphQLOutputType:
        """The type of a field, also of one that the public graph does not have."""
        expected: GraphQLOutputType = next(self._declared(type_name, name)).type
        return expected

    def argument_type(self, type_name: str, name: str, argument: str) -> GraphQLInputType:
        """The type of an argument, which `@requires` may give although the public graph does not have it."""
        found = (field.args[argument] for field in self._declared(type_name, name) if argument in field.args)
        expected: GraphQLInputType = next(found).type
        return expected

    def _declared(self, type_name: str, name: str) -> Iterator[GraphQLField]:
        """A field in the public graph and in the whole one."""
        for schema in (self.supergraph.api, self._whole):
            owner = schema.type_map.get(type_name)
            if isinstance(owner, GraphQLObjectType | GraphQLInterfaceType) and name in owner.fields:
                yield owner.fields[name]

    @cached_property
    def _whole(self) -> GraphQLSchema:
        """With the inaccessible elements, which keys may have."""
        return build_ast_schema(parse(self.supergraph.sdl), assume_valid=True, assume_valid_sdl=True)

    @cached_property
    def filters(self) -> frozenset[str]:
        """The input types of filters and orders of the hub's own lists."""
        return frozenset(name for name, _ in self.compared)

    def link_key(self, type_name: str, name: str) -> tuple[str, ...] | None:
        """The key that a field of an own source holds of another entity; None where it is no link."""
        found = (self.references.get((source, type_name, name)) for source in self.own)
        return next((key for key in found if key is not None), None)

    @property
    def root(self) -> str:
        """The name of the query type."""
        query = self.supergraph.api.query_type
        return query.name if query is not None else ""

    # Types ----------------------------------------------------------------------------------------------------------

    def interface_object(self, graph: str, type_name: str) -> bool:
        """Whether a subgraph has an interface as an object, and so cannot tell the concrete types apart."""
        return any(each.graph == graph and each.interface_object for each in self.supergraph.types.get(type_name, ()))

    def runtime(self, type_name: str, graph: str) -> frozenset[str]:
        """The object types that an object of a type can be of in a subgraph."""
        abstract = type_name in self.supergraph.members or isinstance(self.type(type_name), GraphQLInterfaceType)
        return self._runtime.get((type_name, graph), frozenset() if abstract else frozenset({type_name}))

    def type(self, name: str) -> GraphQLNamedType | None:
        """A type of the graph, also one that the public graph does not have."""
        return self.supergraph.api.type_map.get(name) or self._whole.type_map.get(name)

    @cached_property
    def _runtime(self) -> Mapping[tuple[str, str], frozenset[str]]:
        found: dict[tuple[str, str], set[str]] = {}
        for union, by_graph in self.supergraph.members.items():
            for graph, members in by_graph.items():
                found[union, graph] = set(members)
        for name, by_graph in self.supergraph.implements.items():
            if isinstance(self.type(name), GraphQLObjectType):
                for graph, interfaces in by_graph.items():
                    for interface in interfaces:
                        found.setdefault((interface, graph), set()).add(name)
        return {where: frozenset(names) for where, names in found.items()}

    def contexts(self, type_name: str) -> frozenset[str]:
        """The contexts that an object of a type sets, by itself or by what it is one of."""
        return self._contexts.get(type_name, frozenset())

    @cached_property
    def _contexts(self) -> Mapping[str, frozenset[str]]:
        applied = self.supergraph.applied
        named = {
            name: frozenset(str(one.arguments["name"]) for one in applied.get(name, ()) if one.name == "context")
            for name in self.supergraph.types
        }
        unions: dict[str, set[str]] = {}
        for union, by_graph in self.supergraph.members.items():
            for member in frozenset().union(*by_graph.values()):
                unions.setdefault(member, set()).add(union)
        found = {
            name: own.union(*(named.get(one, frozenset()) for one in (*self.interfaces(name), *unions.get(name, ()))))
            for name, own in named.items()
        }
        return {name: contexts for name, contexts in found.items() if contexts}

    def home(self, type_name: str) -> str | None:
        """The subgraph an entity is at home in, if there is one."""
        return self._homes.get(type_name)

    @cached_property
    def _homes(self) -> Mapping[str, str]:
        return homes(self.supergraph, self.own)

    # Moves ----------------------------------------------------------------------------------------------------------

    def moves(self, type_name: str, place: Place) -> Iterator[Move]:
        """Where a key can take an object of a type, from what its place knows it as."""
        if type_name in self._roots:
            yield from (Move(Place(join.graph, type_name), ()) for join in self.supergraph.types.get(type_name, ()))
        elif place.type == type_name:
            yield from self._keyed(type_name)
            for interface in self.interfaces(type_name):
                for move in self._keyed(interface):
                    if self.interface_object(move.to.graph, interface):
                        yield move
        else:
            for move in self._keyed(place.type):
                if self.interface_object(move.to.graph, place.type):
                    yield move
                elif place.type in self.supergraph.implements.get(type_name, {}).get(move.to.graph, ()):
                    yield Move(Place(move.to.graph, type_name), move.key)

    @cached_property
    def _roots(self) -> frozenset[str]:
        api = self.supergraph.api
        roots = (api.query_type, api.mutation_type, api.subscription_type)
        return frozenset(root.name for root in roots if root is not None)

    def _keyed(self, type_name: str) -> tuple[Move, ...]:
        return self._moves.get(type_name, ())

    @cached_property
    def _moves(self) -> Mapping[str, tuple[Move, ...]]:
        return {
            name: tuple(Move(Place(join.graph, name), join.key) for join in joins if join.key and join.resolvable)
            for name, joins in self.supergraph.types.items()
        }

    def fields(self, type_name: str) -> tuple[str, ...]:
        """The fields of a type in the public graph."""
        found = self.supergraph.api.type_map.get(type_name)
        return tuple(found.fields) if isinstance(found, GraphQLObjectType | GraphQLInterfaceType) else ()

    def possible(self, type_name: str) -> tuple[str, ...]:
        """The object types that a type stands for in the whole graph."""
        api = self.supergraph.api
        found = self.type(type_name)
        if isinstance(found, GraphQLInterfaceType | GraphQLUnionType) and type_name in api.type_map:
            return tuple(one.name for one in api.get_possible_types(api.type_map[type_name]))  # type: ignore[arg-type]
        return (type_name,)

    def interfaces(self, type_name: str) -> tuple[str, ...]:
        """The interfaces of a type, in any subgraph."""
        by_graph = self.supergraph.implements.get(type_name, {})
        return tuple(sorted({interface for interfaces in by_graph.values() for interface in interfaces}))

    def ways(
        self,
        type_name: str,
        start: Place,
        name: str,
        beyond: frozenset[str] = frozenset(),
        spend: Callable[[int], None] = lambda _: None,
    ) -> list[Move]:
        """The first moves of the shortest chains of keys from a place to one that resolves the field.

        All of the smallest length are given, so that the caller can prefer a subgraph it visits anyway. A subgraph
        that is `beyond` consideration is a bridge and no end. Where no chain leads there, moves by keys whose parts
        come from several places. `spend` is told how many moves are looked at.
        """
        found = self._chains(type_name, start, name, beyond, spend)
        return found or self._gathered(type_name, start, name, beyond, spend)

    def _chains(
        self, type_name: str, start: Place, name: str, beyond: frozenset[str], spend: Callable[[int], None]
    ) -> list[Move]:
        """Every place is left once, by each of its moves once: it takes no more steps than places times moves."""
        # Place -> the first moves of the chains that lead to it; none at the start.
        frontier: dict[Place, tuple[Move, ...]] = {start: ()}
        seen = {(start.graph, start.type)} if start.given is None else set()
        while frontier:
            found: dict[Move, None] = {}
            following: dict[Place, dict[Move, None]] = {}
            for place, firsts in frontier.items():
                moves = tuple(self.moves(type_name, place))
                spend(len(moves) + len(firsts))
                for move in moves:
                    there = (move.to.graph, move.to.type)
                    joined = self.joined(move.to, name) if move.to.graph not in beyond else None
                    arrived = joined is not None or (name == "__typename" and self.at_hand(move.to, name))
                    # Where a field is handed something, the very place it stands at has to be entered by a key.
                    handed = joined is not None and (joined.requires or joined.contexts)
                    if there in seen and not (arrived and handed):
                        continue
                    if not self.gives(type_name, place, move.key):
                        continue
                    led_to = found if arrived else following.setdefault(move.to, {})
                    led_to.update(dict.fromkeys(firsts or (move,)))
            if found:
                return list(found)
            seen |= {(place.graph, place.type) for place in following}
            frontier = {place: tuple(firsts) for place, firsts in following.items()}
        return []

    def _gathered(
        self, type_name: str, start: Place, name: str, beyond: frozenset[str], spend: Callable[[int], None]
    ) -> list[Move]:
        """Moves to places that give the field, by keys whose parts come from several places.

        INVARIANT: a part of such a key takes fewer gathered keys than the field, so that none waits for itself.
        """
        # An own source takes the values of a key as they stand in one place.
        able = [move for move in self.moves(type_name, start) if move.key and move.to.graph not in self.own]
        steps = self._gathering(type_name, start, able, spend)
        moves = [move for move in able if move.to.graph not in beyond and self.joined(move.to, name) is not None]
        taken = {move: max(steps[node.name] for node in move.key) for move in moves if _all_in(move.key, steps)}
        fewest = min(taken.values(), default=0)
        return [move for move, count in taken.items() if count == fewest]

    def _gathering(
        self, type_name: str, start: Place, moves: Sequence[Move], spend: Callable[[int], None]
    ) -> Mapping[str, int]:
        """Part of a key -> how many gathered keys it takes, one after the other; not for what cannot be had."""
        parts = {node.name: node for move in moves for node in move.key}
        steps = {
            part: 0
            for part, node in parts.items()
            if self.gives(type_name, start, (node,)) or self._chains(type_name, start, part, frozenset(), spend)
        }
        count = 0
        while True:
            count += 1
            spend(len(moves) + len(parts))
            places = dict.fromkeys(move.to for move in moves if _all_in(move.key, steps))
            further = [
                part
                for part in parts
                if part not in steps and any(self.joined(place, part) is not None for place in places)
            ]
            if not further:
                return steps
            steps |= dict.fromkeys(further, count)

    def applying(self, type_name: str, fields: FieldSet) -> FieldSet:
        """What of a field set counts for a type, its conditions decided."""
        conditions = (None, type_name, *self.interfaces(type_name))
        return tuple(replace(node, on=None) for node in fields if node.on in conditions)

    def gives(self, type_name: str, place: Place, fields: FieldSet) -> bool:
        """Whether a place gives all of a field set by itself."""
        for node in fields:
            if node.name == "__typename" or node.on not in (None, type_name, place.type):
                continue
            if not self.at_hand(place, node.name):
                return False
            if node.selections:
                provided = tuple(inner for one in place.provided if one.name == node.name for inner in one.selections)
                inner = get_named_type(self.field_type(place.type, node.name)).name
                for concrete in self.runtime(inner, place.graph):
                    if not self.gives(concrete, Place(place.graph, concrete, provided), node.selections):
                        return False
        return True


def _all_in(key: FieldSet, names: Mapping[str, int]) -> bool:
    return all(node.name in names for node in key)


def leaves(fields: FieldSet, prefix: str = "") -> Iterator[str]:
    """The leaves of a field set as paths."""
    for node in fields:
        if node.selections:
            yield from leaves(node.selections, f"{prefix}{node.name}.")
        else:
            yield prefix + node.name


def brittle_fields(graph: PlannerGraph) -> list[Problem]:
    """Fields that are never null although another source than the entity's home gives them.

    When that source is down, such a field would take the whole entity with it. Where all subgraphs are remote, that is
    for those who run them to decide.
    """
    api = graph.supergraph.api
    found = []
    for (type_name, field_name), joins in graph.supergraph.fields.items():
        home = graph.home(type_name)
        owner = api.type_map.get(type_name)
        if not graph.own or home is None or not isinstance(owner, GraphQLObjectType) or field_name not in owner.fields:
            continue
        givers = sorted(join.graph for join in joins if join.resolves)
        if home not in givers and isinstance(owner.fields[field_name].type, GraphQLNonNull):
            place = f"{', '.join(givers)}:{type_name}.{field_name}"
            message = f"is never null, but `{type_name}` is at home in {home}"
            found.append(Problem("NOT_NULLABLE_ACROSS_SOURCES", place, message, "make the field nullable"))
    return found


def homeless_links(graph: PlannerGraph) -> list[Problem]:
    """Links of own sources to entities that several subgraphs claim, or none: nobody says if the record is there."""
    found = []
    for source, type_name, field_name in graph.references:
        entity = get_named_type(graph.field_type(type_name, field_name)).name
        if graph.home(entity) is None:
            place = f"{source}:{type_name}.{field_name}"
            message = f"leads to `{entity}`, which is at home in no one source"
            found.append(Problem("HOME_UNKNOWN", place, message, "let one source have it, and the others extend it"))
    return found


def planner_graph(
    supergraph: Supergraph, declared: DeclaredGraph | None = None, labels: frozenset[str] = frozenset()
) -> PlannerGraph:
    """The planner's view of a composed graph, with the labels of `@override` that are on.

    The declared graph says which fields of the hub's own sources are references, and what filters of lists compare.
    Without it every subgraph is asked over HTTP.
    """
    mappings = declared.mappings if declared is not None else {}
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
    elsewhere = frozenset(supergraph.graphs if declared is None else declared.remotes)
    query = supergraph.api.query_type
    lists = {
        mapped.gives: (source, field_name, mapped.page.most)
        for source, mapping in mappings.items()
        for of in (mapping.types.get(query.name if query else ""),)
        for field_name, mapped in (of.fields.items() if of else ())
        if isinstance(mapped, Rows) and mapped.page is not None and source not in elsewhere
    }
    compared = declared.compared if declared is not None else {}
    return PlannerGraph(
        supergraph,
        references,
        lookups,
        frozenset(mappings),
        elsewhere,
        labels,
        lists=lists,
        compared=compared,
    )
