"""Every field gets its cheapest way; ways that share a key are one fetch.

Walking down the operation, a field that the subgraph at hand resolves stays with it. The others of an object are
grouped: the key move that serves most of them is taken first, until all are served, so that an object costs as few
fetches as its subgraphs allow. A link goes to where its entity is at home; what other sources add to the entity is
asked at the same time, by the same key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from graphql import get_named_type, get_nullable_type, is_list_type, is_non_null_type

from hub.errors import Internal
from hub.model.authorized import Authorized, Grant
from hub.model.plan import Fetch, Hole, Introspection, Node, Plan, RootHole, RootNode, Shape, Typename, Value
from hub.model.viewer import Profile
from hub.planner.graph import Move, PlannerGraph

Selection = Mapping[str, tuple[Grant, ...]]


def plan(authorized: Authorized, graph: PlannerGraph) -> Plan:
    """The plan of an authorized operation."""
    builder = _Builder(graph, authorized.profile)
    return Plan(authorized.root, tuple(builder.root(authorized.root, grant) for grant in authorized.grants))


def _nullable(grant: Grant) -> bool:
    return not is_non_null_type(grant.field.type)


def _many(grant: Grant) -> bool:
    return is_list_type(get_nullable_type(grant.field.type))


def _type(grant: Grant) -> str:
    return get_named_type(grant.field.type).name


class _Builder:
    """Builds the plan of one profile. Holds nothing but what it is given."""

    def __init__(self, graph: PlannerGraph, profile: Profile) -> None:
        self.graph = graph
        self.profile = profile

    def root(self, root: str, grant: Grant) -> RootNode:
        if grant.name == "__typename":
            return Typename(grant.key)
        if grant.name.startswith("__"):
            return Introspection(grant.key)
        resolvers = sorted(self.graph.resolvers(root, grant.name))
        source = next((name for name in resolvers if (name, grant.name) in self.graph.lookups), None)
        if source is None or grant.selection is None:
            raise Internal(f"no source answers root field `{grant.name}`")
        fetch = Fetch(
            source,
            _type(grant),
            self.graph.lookups[source, grant.name],
            self.profile.universe(grant.below),
            (self.shape(_type(grant), source, None, grant.selection),),
        )
        return RootHole(grant.key, grant.name, _nullable(grant), source, grant.arguments, fetch)

    def shape(self, type_name: str, source: str, given: frozenset[str] | None, selection: Selection) -> Shape:
        """An object as `source` gives it; `given` are the fields at hand, None for all that the source resolves."""
        return Shape(
            type_name,
            {concrete: self.nodes(concrete, source, given, grants) for concrete, grants in selection.items()},
        )

    def nodes(
        self, type_name: str, source: str, given: frozenset[str] | None, grants: Sequence[Grant]
    ) -> tuple[Node, ...]:
        found: dict[str, Node] = {}
        elsewhere: list[Grant] = []
        for grant in grants:
            if not self.at_hand(type_name, source, given, grant):
                elsewhere.append(grant)
            elif self.turns(type_name, source, grant):
                found[grant.key] = self.turn(type_name, source, given, grant)
            else:
                found[grant.key] = self.local(type_name, source, grant)
        found |= self.foreign(type_name, source, given, elsewhere)
        return tuple(found[grant.key] for grant in grants)

    def at_hand(self, type_name: str, source: str, given: frozenset[str] | None, grant: Grant) -> bool:
        if grant.name == "__typename":
            return True
        if given is not None:
            return grant.name in given
        return self.graph.resolves(source, type_name, grant.name) and not self.graph.requires(
            source, type_name, grant.name
        )

    def turns(self, type_name: str, source: str, grant: Grant) -> bool:
        """Whether rows below a field are read in another universe than their row. A link is a fetch anyway."""
        return (
            grant.selection is not None
            and (source, type_name, grant.name) not in self.graph.references
            and self.profile.universe(grant.below) is not self.profile.universe(grant.standing)
        )

    def turn(self, type_name: str, source: str, given: frozenset[str] | None, grant: Grant) -> Node:
        """A field that goes on in another universe: a fetch of its own, by a key of the object it stands in."""
        moves = [move for move in self.graph.moves(type_name) if move.to == source]
        move = next((one for one in moves if self.graph.gives(type_name, source, given, one.inputs)), None)
        if move is None:
            raise Internal(
                f"`{type_name}.{grant.name}` changes the standing, and `{type_name}` has no key in `{source}`"
            )
        column = self.arrive(type_name, source, grant)
        fetch = Fetch(source, type_name, move.key, self.profile.universe(grant.below), (column,))
        return Hole(grant.key, grant.name, _nullable(grant), fetch, 0, move.inputs, _many(grant))

    def local(self, type_name: str, source: str, grant: Grant) -> Node:
        """A field that the source at hand gives, or the hole of a link."""
        if grant.name == "__typename":
            return Typename(grant.key)
        if grant.selection is None:
            return Value(grant.key, grant.name, _nullable(grant), grant.arguments)
        keys = self.graph.references.get((source, type_name, grant.name))
        if keys is not None:
            return self.link(source, grant, frozenset(keys), grant.selection)
        shape = self.shape(_type(grant), source, None, grant.selection)
        return Value(grant.key, grant.name, _nullable(grant), grant.arguments, shape)

    def link(self, source: str, grant: Grant, keys: frozenset[str], selection: Selection) -> Node:
        """A link to an entity, which is at home somewhere: from there as a whole, null where there is none.

        Decided: also when nothing but the key is asked, which stands in this row already. Otherwise a link would show
        the key of a record that the reader's universe does not hold, and its answer would depend on what else is asked.
        Rejected: taking a link at its word to spare a fetch. An entity without one home is taken at its word.
        """
        entity = _type(grant)
        home = self.graph.home(entity)
        move = next((m for m in self.graph.moves(entity) if m.to == home and set(m.key) <= keys), None)
        if home and move:
            whole = self.shape(entity, home, None, selection)
            fetch = Fetch(home, entity, move.key, self.profile.universe(grant.below), (whole,))
            return Hole(grant.key, grant.name, _nullable(grant), fetch, 0, move.key, via=grant.name)
        return Value(
            grant.key, grant.name, _nullable(grant), grant.arguments, self.shape(entity, source, keys, selection)
        )

    def foreign(
        self, type_name: str, source: str, given: frozenset[str] | None, grants: Sequence[Grant]
    ) -> dict[str, Node]:
        """The fields of one object that other subgraphs give, in as few fetches as it takes."""
        options: dict[str, list[Move]] = {}
        for grant in grants:
            ways = self.graph.ways(type_name, source, given, grant.name)
            if not ways:
                raise Internal(f"no way from `{source}` to `{type_name}.{grant.name}`")
            options[grant.key] = [way[0] for way in ways]
        found: dict[str, Node] = {}
        waiting = list(grants)
        while waiting:
            candidates = [move for grant in waiting for move in options[grant.key]]
            best = max(
                candidates, key=lambda move: (sum(move in options[grant.key] for grant in waiting), move.to, move.key)
            )
            served = [grant for grant in waiting if best in options[grant.key]]
            waiting = [grant for grant in waiting if best not in options[grant.key]]
            columns = tuple(self.arrive(type_name, best.to, grant) for grant in served)
            fetch = Fetch(best.to, type_name, best.key, self.profile.universe(served[0].standing), columns)
            for index, grant in enumerate(served):
                found[grant.key] = Hole(
                    grant.key, grant.name, _nullable(grant), fetch, index, best.inputs, _many(grant)
                )
        return found

    def arrive(self, type_name: str, source: str, grant: Grant) -> Value | Hole:
        """One field of an entity that a fetch has come for; a hole again if the way goes on from there."""
        if self.graph.resolves(source, type_name, grant.name):
            node = self.local(type_name, source, grant)
        else:
            node = self.foreign(type_name, source, None, [grant])[grant.key]
        assert not isinstance(node, Typename)
        return node
