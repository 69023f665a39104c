"""Whether every field of the graph can be reached: from a root, through the subgraphs' own fields and their keys.

A state is an object type with the subgraphs in which the object may stand there. From those, key moves reach further
subgraphs (the closure), and each field of the type must be resolved by one of them. A field that is not is reported
once, with the shortest query that asks for it.

A field that takes arguments from a context must stand below an object that sets it and can resolve what they select.

Where fields move under labels, the graph is checked with all labels off, each one on, and all on.

Source: Federation, "Composition rules", "Satisfiability"; Federation subgraph specification, `@key`, `@requires`,
`@provides`, `@interfaceObject`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from graphql import GraphQLObjectType, GraphQLSchema, get_named_type

from hub.compose.fieldsets import field_set_text
from hub.compose.problems import listed
from hub.errors import Problem
from hub.model.supergraph import ContextArgument, FieldSet, JoinField, JoinType, Supergraph


@dataclass(frozen=True, slots=True)
class Hop:
    """Where an object stands: `type` is its own type there, or the interface that it is an interface object of.

    `provided` are the external fields that the way here provides.
    """

    graph: str
    type: str
    provided: FieldSet = ()


@dataclass(frozen=True, slots=True)
class _Visit:
    """A state to check, with the fields (`name`, or `... on Type`) that lead there.

    `contexts` are the arguments whose values the objects above can give.
    """

    type: str
    hops: frozenset[Hop]
    path: tuple[str, ...]
    contexts: frozenset[ContextArgument] = frozenset()


def find_unreachable(supergraph: Supergraph, schema: GraphQLSchema) -> Iterator[Problem]:
    """SATISFIABILITY_ERROR for each field that cannot be resolved. `schema` has the inaccessible elements too."""
    labels = sorted({each.override_label for joins in supergraph.fields.values() for each in joins} - {None}, key=str)
    worlds = dict.fromkeys((frozenset[str | None](), *(frozenset((label,)) for label in labels), frozenset(labels)))
    uses = _uses(supergraph)
    reported: set[str] = set()
    for world in worlds:
        for problem in _Walk(supergraph, schema, world, uses).problems():
            if problem.place not in reported:
                reported.add(problem.place)
                yield problem


def _uses(supergraph: Supergraph) -> Mapping[str, frozenset[ContextArgument]]:
    found: dict[str, set[ContextArgument]] = {}
    for joins in supergraph.fields.values():
        for each in joins:
            for argument in each.contexts:
                found.setdefault(argument.context, set()).add(argument)
    return {context: frozenset(arguments) for context, arguments in found.items()}


@dataclass(frozen=True, slots=True)
class _Walk:
    """The supergraph with one choice of labels.

    `uses` are the arguments that take a value from a context, by the context's name.
    `closures` keeps what was found, `running` what is being looked for, so that circles end.
    """

    supergraph: Supergraph
    schema: GraphQLSchema
    labels: frozenset[str | None]
    uses: Mapping[str, frozenset[ContextArgument]]
    closures: dict[tuple[str, frozenset[Hop]], frozenset[Hop]] = field(default_factory=dict)
    running: list[tuple[str, object]] = field(default_factory=list)

    def problems(self) -> Iterator[Problem]:
        todo = deque(self.roots())
        seen: dict[str, list[_Visit]] = {}
        reported: set[str] = set()
        while todo:
            visit = todo.popleft()
            # What fewer places can resolve, more can: a state is done if a part of it is.
            if any(done.hops <= visit.hops and done.contexts <= visit.contexts for done in seen.get(visit.type, ())):
                continue
            seen.setdefault(visit.type, []).append(visit)
            reach = self.closure(visit.type, visit.hops)
            if all(hop.type != visit.type for hop in reach):
                yield self.typeless(visit, reported)
                continue
            contexts = self.contexts(visit, reach)
            for name in self.object(visit.type).fields:
                serving = tuple(
                    (hop, joined)
                    for hop, joined in self.serving(visit.type, name, reach)
                    if joined is None or visit.contexts.issuperset(joined.contexts)
                )
                if serving:
                    todo.extend(replace(each, contexts=contexts) for each in self.below(visit, name, serving))
                elif (coordinate := f"{visit.type}.{name}") not in reported:
                    reported.add(coordinate)
                    yield self.unreachable(visit, name, reach)

    def roots(self) -> Iterator[_Visit]:
        for root, keyword in (
            (self.schema.query_type, "query"),
            (self.schema.mutation_type, "mutation"),
            (self.schema.subscription_type, "subscription"),
        ):
            if root is not None:
                graphs = {each.graph for each in self.supergraph.types.get(root.name, ())}
                yield _Visit(root.name, frozenset(Hop(graph, root.name) for graph in graphs), (keyword,))

    def is_root(self, type_name: str) -> bool:
        roots = (self.schema.query_type, self.schema.mutation_type, self.schema.subscription_type)
        return any(root is not None and root.name == type_name for root in roots)

    def object(self, type_name: str) -> GraphQLObjectType:
        found = self.schema.type_map[type_name]
        assert isinstance(found, GraphQLObjectType)
        return found

    def interfaces(self, type_name: str) -> tuple[str, ...]:
        return tuple(interface.name for interface in self.object(type_name).interfaces)

    # --- contexts ------------------------------------------------------------------------------------------------

    def contexts(self, visit: _Visit, reach: frozenset[Hop]) -> frozenset[ContextArgument]:
        """What the objects below can take from above: the nearest object that sets a context is the one asked."""
        own = self.setting(visit.type)
        above = frozenset(each for each in visit.contexts if each.context not in own)
        return above | {
            each
            for context in own
            for each in self.uses.get(context, ())
            if self.obtainable(visit.type, each.selection, reach)
        }

    def setting(self, type_name: str) -> frozenset[str]:
        """The contexts that an object of a type sets, itself or as one of its interfaces or unions."""
        unions = (name for name, graphs in self.supergraph.members.items() if self.has_member(graphs, type_name))
        return frozenset(
            str(applied.arguments["name"])
            for name in (type_name, *self.interfaces(type_name), *unions)
            for applied in self.supergraph.applied.get(name, ())
            if applied.name == "context"
        )

    def has_member(self, graphs: Mapping[str, frozenset[str]], type_name: str) -> bool:
        return any(type_name in members for members in graphs.values())

    # --- moves ---------------------------------------------------------------------------------------------------

    def closure(self, type_name: str, hops: frozenset[Hop]) -> frozenset[Hop]:
        """Every place an object can be taken to from where it stands."""
        state = (type_name, hops)
        if state in self.closures:
            return self.closures[state]
        if state in self.running:
            return hops
        self.running.append(state)
        reach = hops
        while new := {
            target
            for hop in reach
            for target, key in self.moves(type_name, hop)
            if target not in reach and self.obtainable(type_name, key, reach)
        }:
            reach |= new
        self.running.pop()
        # INVARIANT: what was found while something above is unfinished may lack moves, so it is not kept.
        if not self.running:
            self.closures[state] = reach
        return reach

    def moves(self, type_name: str, hop: Hop) -> Iterator[tuple[Hop, FieldSet]]:
        """Where a key could take the object, with that key."""
        if self.is_root(type_name):
            yield from ((Hop(each.graph, type_name), ()) for each in self.supergraph.types[type_name])
        elif hop.type == type_name:
            for each in self.keyed(type_name):
                yield Hop(each.graph, type_name), each.key or ()
            for interface in self.interfaces(type_name):
                for each in self.keyed(interface):
                    if each.interface_object:
                        yield Hop(each.graph, interface), each.key or ()
        else:
            for each in self.keyed(hop.type):
                if each.interface_object:
                    yield Hop(each.graph, hop.type), each.key or ()
                elif hop.type in self.supergraph.implements[type_name].get(each.graph, ()):
                    yield Hop(each.graph, type_name), each.key or ()

    def keyed(self, type_name: str) -> Iterator[JoinType]:
        for each in self.supergraph.types.get(type_name, ()):
            if each.key is not None and each.resolvable:
                yield each

    def obtainable(self, type_name: str, nodes: FieldSet, reach: frozenset[Hop]) -> bool:
        """Whether all fields of a field set can be resolved where the object can be taken."""
        for node in nodes:
            if node.name == "__typename" or not self.applies(node.on, type_name):
                continue
            serving = self.serving(type_name, node.name, reach)
            if not serving:
                return False
            if node.selections:
                for below in self.below(_Visit(type_name, reach, ()), node.name, serving):
                    if not self.obtainable(below.type, node.selections, self.closure(below.type, below.hops)):
                        return False
        return True

    def applies(self, condition: str | None, type_name: str) -> bool:
        return condition in (None, type_name) or condition in self.interfaces(type_name)

    # --- fields --------------------------------------------------------------------------------------------------

    def serving(self, type_name: str, name: str, reach: frozenset[Hop]) -> tuple[tuple[Hop, JoinField | None], ...]:
        """The places that resolve a field, each with its declaration there (None where it is only provided)."""
        found: list[tuple[Hop, JoinField | None]] = []
        for hop in sorted(reach, key=lambda hop: (hop.graph, hop.type)):
            joined = self.joined(hop, name)
            if joined is not None and self.satisfied(type_name, hop, name, joined, reach):
                found.append((hop, joined))
            elif any(node.name == name and self.applies(node.on, type_name) for node in hop.provided):
                found.append((hop, None))
        return tuple(found)

    def joined(self, hop: Hop, name: str) -> JoinField | None:
        """The declaration of a field at a place, if it resolves it there."""
        for each in self.supergraph.fields.get((hop.type, name), ()):
            if each.graph == hop.graph and self.active(each):
                return each
        return None

    def active(self, joined: JoinField) -> bool:
        if joined.override_label is not None and not joined.external:
            return (joined.override is not None) == (joined.override_label in self.labels)
        return joined.resolves

    def satisfied(self, type_name: str, hop: Hop, name: str, joined: JoinField, reach: frozenset[Hop]) -> bool:
        """Whether what a field requires can be resolved, and handed over with a key; so is a value from a context."""
        if not joined.requires and not joined.contexts:
            return True
        state = (f"{hop.type}.{name}", hop)
        if state in self.running:
            return False
        self.running.append(state)
        keyed = self.is_root(type_name) or any(
            each.graph == hop.graph and self.obtainable(type_name, each.key or (), reach)
            for each in self.keyed(hop.type)
        )
        met = keyed and self.obtainable(type_name, joined.requires, reach)
        self.running.pop()
        return met

    def below(self, visit: _Visit, name: str, serving: Sequence[tuple[Hop, JoinField | None]]) -> Iterator[_Visit]:
        """The states of the objects that a field returns; none for a scalar or an enum."""
        returned = get_named_type(self.object(visit.type).fields[name].type).name
        if returned not in self.supergraph.types or not self.is_composite(returned):
            return
        states: dict[str, set[Hop]] = {}
        for hop, joined in serving:
            provided = tuple(
                inner
                for node in hop.provided
                if node.name == name and self.applies(node.on, visit.type)
                for inner in node.selections
            )
            here, extra = returned, provided
            if joined is not None:
                here, extra = joined.named or returned, joined.provides + provided
            for type_name, known in self.runtime(here, hop.graph):
                states.setdefault(type_name, set()).add(Hop(hop.graph, known, extra))
        for type_name in sorted(states):
            step = (name,) if type_name == returned else (name, f"... on {type_name}")
            yield _Visit(type_name, frozenset(states[type_name]), (*visit.path, *step))

    def is_composite(self, name: str) -> bool:
        return name in self.supergraph.members or name in self.supergraph.implements

    def runtime(self, name: str, graph: str) -> Iterator[tuple[str, str]]:
        """The object types that a type stands for in a subgraph, each with what the subgraph knows it as."""
        if isinstance(self.schema.type_map[name], GraphQLObjectType):
            yield name, name
        elif name in self.supergraph.members:
            yield from ((member, member) for member in self.supergraph.members[name].get(graph, ()))
        else:
            as_object = any(each.graph == graph and each.interface_object for each in self.supergraph.types[name])
            for other, implemented in self.supergraph.implements.items():
                if isinstance(self.schema.type_map[other], GraphQLObjectType):
                    if as_object and any(name in interfaces for interfaces in implemented.values()):
                        yield other, name
                    elif name in implemented.get(graph, ()):
                        yield other, other

    # --- what to say ---------------------------------------------------------------------------------------------

    def unreachable(self, visit: _Visit, name: str, reach: frozenset[Hop]) -> Problem:
        coordinate = f"{visit.type}.{name}"
        known = self.object(visit.type).fields[name]
        leaf = name if not self.is_composite(get_named_type(known.type).name) else f"{name} {{ ... }}"
        stands = listed(sorted({hop.graph for hop in reach}))
        reasons = "; ".join(dict.fromkeys(self.reasons(visit.type, name, reach))) or "no subgraph resolves it"
        missing = self.unset(visit, name)
        reasons = f"nothing above gives the context of {listed(missing)}" if missing else reasons
        message = f"no way to resolve `{_query((*visit.path, leaf))}`: from {stands}, {reasons}"
        suggestion = "add a key that both sides know, or mark the field `@shareable` and resolve it where it is needed"
        if missing:
            suggestion = "set the context on a type above, where what it selects can be resolved"
        return Problem("SATISFIABILITY_ERROR", coordinate, message, suggestion)

    def unset(self, visit: _Visit, name: str) -> list[str]:
        """The arguments of a field whose context no object above sets, or cannot select what they take."""
        return sorted(
            {
                f"{visit.type}.{name}({each.name}:)"
                for on in (visit.type, *self.interfaces(visit.type))
                for joined in self.supergraph.fields.get((on, name), ())
                for each in joined.contexts
                if each not in visit.contexts
            }
        )

    def reasons(self, type_name: str, name: str, reach: frozenset[Hop]) -> Iterator[str]:
        reached = {(hop.graph, hop.type) for hop in reach}
        for on in (type_name, *self.interfaces(type_name)):
            for joined in self.supergraph.fields.get((on, name), ()):
                if not self.active(joined) or not self.declares(on, type_name, joined.graph):
                    continue
                keys = [each for each in self.keyed(on) if each.graph == joined.graph]
                if (joined.graph, on) in reached and not keys and not self.is_root(type_name):
                    needed = field_set_text(joined.requires)
                    yield f"`{joined.graph}` has no resolvable key on `{on}` to hand over the required `{needed}`"
                elif (joined.graph, on) in reached:
                    yield f"`{joined.graph}` requires `{field_set_text(joined.requires)}`, which cannot be resolved"
                elif keys:
                    texts = listed(field_set_text(each.key or ()) for each in keys)
                    yield f"the key {texts} of `{joined.graph}` cannot be resolved"
                else:
                    yield f"`{joined.graph}` has no resolvable key on `{on}`"

    def declares(self, on: str, type_name: str, graph: str) -> bool:
        """Whether a subgraph resolves fields of a type under this name: its own, or that of an interface object."""
        return on == type_name or any(
            each.graph == graph and each.interface_object for each in self.supergraph.types.get(on, ())
        )

    def typeless(self, visit: _Visit, reported: set[str]) -> Problem:
        reported.add(visit.type)
        stands = listed(sorted({hop.graph for hop in visit.hops}))
        interface = min(hop.type for hop in visit.hops)
        query = _query((*visit.path[:-1], "__typename"))
        message = f"no way to resolve `{query}`: {stands} cannot tell which type a `{interface}` is"
        suggestion = f"give `{interface}` a resolvable key where it is an interface"
        return Problem("SATISFIABILITY_ERROR", interface, message, suggestion)


def _query(path: Iterable[str]) -> str:
    *above, last = path
    return " { ".join((*above, last)) + " }" * len(above)
