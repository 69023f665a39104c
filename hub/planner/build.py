"""Every field gets its cheapest way; ways that share a key are one fetch.

Walking down the operation, a field that the place at hand gives stays with it. The others of an object are grouped:
the key move that serves most of them is taken first, until all are served, so that an object costs as few fetches as
its subgraphs allow. A link goes to where its entity is at home; what other sources add to the entity is asked at the
same time, by the same key.

What a subgraph is handed (its key, and what `@requires` names) is planned like any selection of the object, so it may
come from elsewhere again. A field of which no place gives all below it is taken from several and merged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from graphql import (
    GraphQLObjectType,
    get_named_type,
    get_nullable_type,
    is_list_type,
    is_non_null_type,
)

from hub.errors import Internal, Refused, Shown
from hub.model.authorized import Authorized, Grant
from hub.model.effect import Effects
from hub.model.entrance import ENTITIES, REPRESENTATIONS, SERVICE, KeyFields
from hub.model.graph import Coordinate
from hub.model.plan import (
    EntityWay,
    Fetch,
    Hole,
    Inherited,
    Introspection,
    Merge,
    Node,
    Order,
    Plan,
    RootEntities,
    RootHole,
    RootNode,
    RootValue,
    Shape,
    Slot,
    Typename,
    Value,
)
from hub.model.supergraph import ContextArgument, FieldSet
from hub.model.viewer import Asserted, Profile, Standing, Universe
from hub.planner.conditions import Conditions
from hub.planner.contexts import Contexts, Scope
from hub.planner.fieldsets import clash, granted, has_arguments, united
from hub.planner.graph import Move, Place, PlannerGraph, leaves

Selection = Mapping[str, tuple[Grant, ...]]

MOST_STEPS = 100_000


def plan(authorized: Authorized, graph: PlannerGraph, most_steps: int = MOST_STEPS) -> Plan:
    """The plan of an authorized operation; `Refused` if it takes more steps to find one than are allowed.

    A step is a field or a key looked at in one place: what planning costs is a multiple of that.
    """
    return _Builder(graph, authorized.profile, most_steps).plan(authorized)


def _nullable(grant: Grant) -> bool:
    return not is_non_null_type(grant.field.type)


def _many(grant: Grant) -> bool:
    return is_list_type(get_nullable_type(grant.field.type))


def _type(grant: Grant) -> str:
    return get_named_type(grant.field.type).name


@dataclass(slots=True, eq=False)
class _Draft:
    """A fetch from one object, while it is planned.

    required  what its fields require beside the key
    reads     what the policy gives of what they read
    inputs    those of them, and of the key, that come from elsewhere again
    handed    the representation, once it is planned
    wanted    the columns of its fields, by what makes two of them the same
    awaits    whether an object above has yet to fetch what it takes from there
    """

    fetch: Fetch
    move: Move
    target: _Object
    standing: Standing
    required: FieldSet = ()
    reads: dict[Coordinate, Effects] = field(default_factory=dict)
    inputs: list[_Placed] = field(default_factory=list)
    handed: tuple[Node, ...] = ()
    wanted: dict[object, tuple[Grant, int]] = field(default_factory=dict)
    awaits: bool = False


@dataclass(slots=True, eq=False)
class _Placed:
    """A field and its column in a fetch."""

    grant: Grant
    draft: _Draft
    column: int


class _Builder:
    """Builds one plan."""

    def __init__(self, graph: PlannerGraph, profile: Profile, most_steps: int) -> None:
        self.graph = graph
        self.profile = profile
        self.conditions = Conditions(graph, self.asking)
        self.most_steps = most_steps
        self.steps = 0
        self.found_ways: dict[tuple[str, Place, str, frozenset[str]], Sequence[Move]] = {}
        self.contexts = Contexts(graph, self.alone)

    def spend(self, steps: int) -> None:
        """Counts what planning costs."""
        self.steps += steps
        if self.steps > self.most_steps:
            message = (
                f"the operation takes more than {self.most_steps} steps to plan: select fewer fields, or name the types"
                " of an interface or union that you want instead of selecting on all of them"
            )
            raise Refused([Shown(message, code="OPERATION_TOO_COMPLEX")])

    def ways(self, type_name: str, place: Place, name: str, beyond: frozenset[str] = frozenset()) -> Sequence[Move]:
        """The first moves to a field, found once for each place of the plan."""
        sought = (type_name, place, name, beyond)
        known = self.found_ways.get(sought)
        if known is None:
            known = self.found_ways[sought] = self.graph.ways(type_name, place, name, beyond, self.spend)
        return known

    # Roots ----------------------------------------------------------------------------------------------------------

    def plan(self, authorized: Authorized) -> Plan:
        root = authorized.root
        query = self.graph.supergraph.api.query_type
        serial = query is None or root != query.name
        found: dict[str, RootNode] = {}
        remote: list[Grant] = []
        for grant in authorized.grants:
            if grant.name == "__typename":
                found[grant.key] = Typename(grant.key)
            elif grant.name == ENTITIES:
                found[grant.key] = self.entities(grant, authorized.entered_by)
            elif grant.name.startswith("__") or grant.name == SERVICE:
                found[grant.key] = Introspection(grant.key)
            elif own := self.own_root(root, grant):
                found[grant.key] = own
            else:
                remote.append(grant)
        for group in self.neighbours(root, remote) if serial else [remote]:
            for node in _Roots(self, root, serial=serial).nodes(group):
                assert isinstance(node, Hole | Merge)
                found[node.key] = RootValue(node.key, node)
        nodes = tuple(found[grant.key] for grant in authorized.grants)
        return Plan(root, nodes, serial, tuple(self.conditions.searches))

    def neighbours(self, root: str, grants: Sequence[Grant]) -> Iterator[list[Grant]]:
        """Fields that run one after the other, in groups that one subgraph can run."""
        group: list[Grant] = []
        able: frozenset[str] = frozenset()
        for grant in grants:
            resolvers = frozenset(self.graph.resolvers(root, grant.name))
            if group and able & resolvers:
                able &= resolvers
            else:
                if group:
                    yield group
                group, able = [], resolvers
            group.append(grant)
        if group:
            yield group

    def own_root(self, root: str, grant: Grant) -> RootHole | RootValue | None:
        """A root field that an own source answers: by a look-up, or as a list of a whole table."""
        source = next((name for name in sorted(self.graph.resolvers(root, grant.name)) if name in self.graph.own), None)
        if source is None or grant.selection is None:
            return None
        key = self.graph.lookups.get((source, grant.name))
        fetch = self.asking(source, _type(grant) if key else root, key or (), grant.below)
        top = Scope(root, Place(source, root), fetch, fetched=True)
        shape = self.shape(grant, top, grant.selection)
        if key is None:
            fetch.columns.append(self.value(grant, shape))
            return RootValue(grant.key, Hole(grant.key, grant.name, _nullable(grant), fetch, 0, ()))
        fetch.columns.append(shape)
        return RootHole(grant.key, grant.name, _nullable(grant), source, grant.arguments, fetch)

    def entities(self, grant: Grant, entered_by: Mapping[str, tuple[KeyFields, ...]]) -> RootEntities:
        """Entities of the one source that stands alone: a fetch for each key by which a type may be found."""
        (source,) = self.graph.own
        assert grant.selection is not None
        ways = []
        for entity, grants in grant.selection.items():
            for key in entered_by.get(entity, ()):
                fetch = self.asking(source, entity, key, grant.below)
                found = Scope(entity, Place(source, entity), fetch, fetched=True)
                nodes = _Object(self, found).nodes(grants)
                fetch.columns.append(Shape(entity, {entity: nodes}, bound=_bound(found)))
                ways.append(EntityWay(entity, key, fetch))
        return RootEntities(grant.key, dict(grant.arguments)[REPRESENTATIONS], tuple(ways))

    def sight(self, graph: str, standing: Standing) -> tuple[Universe, Asserted | None]:
        """What a source may show of what is read with a standing, and what it is told of it in another process."""
        asserted = Asserted(self.profile, standing) if graph in self.graph.elsewhere else None
        return self.profile.universe(standing), asserted

    def fetch(self, move: Move, standing: Standing) -> Fetch:
        """The fetch that a move makes, without columns yet."""
        return self.asking(move.to.graph, move.to.type, move.names, standing)

    def asking(self, graph: str, type_name: str, key: tuple[str, ...], standing: Standing) -> Fetch:
        universe, asserted = self.sight(graph, standing)
        return Fetch(graph, type_name, key, universe, [], graph not in self.graph.own, asserted=asserted)

    def into(self, graph: str | None, type_name: str, place: Place) -> Move | None:
        """The move into a subgraph by a key that the place has."""
        moves = (one for one in self.graph.moves(type_name, place) if one.to.graph == graph)
        return next((one for one in moves if self.graph.gives(type_name, place, one.key)), None)

    def whole(self, grant: Grant, move: Move, grants: Sequence[Grant], stub: Scope) -> Fetch:
        """The fetch of a whole entity that a field leads to."""
        fetch = self.fetch(move, grant.below)
        entity = Scope(stub.type, move.to, fetch, stub, fetched=True)
        nodes = _Object(self, entity).nodes(grants)
        fetch.columns.append(Shape(entity.type, {entity.type: nodes}, bound=_bound(entity)))
        return fetch

    # Objects --------------------------------------------------------------------------------------------------------

    def shape(self, grant: Grant, holder: Scope, selection: Selection) -> Shape:
        """The objects that a field of an object gives."""
        graph, place = self.graph, holder.place
        declared, provided = self.given(grant, place)
        if graph.interface_object(place.graph, declared):
            return self.opaque(Scope(declared, Place(place.graph, declared, provided), holder.fetch, holder), selection)
        known = graph.runtime(declared, place.graph)
        shared = self.shared(grant, place)
        cases = {}
        bound: dict[str, Mapping[int, Node]] = {}
        for concrete, grants in selection.items():
            if concrete in known:
                there = Scope(concrete, Place(place.graph, concrete, provided), holder.fetch, holder)
                # A type that not all givers of the field know is not asked for: its object keeps an empty shape.
                kept = grants if concrete in shared else tuple(one for one in grants if one.name == "__typename")
                cases[concrete] = _Object(self, there).nodes(kept)
                bound |= _bound(there)
        return Shape(declared, cases, bound=bound)

    def given(self, grant: Grant, place: Place) -> tuple[str, FieldSet]:
        """The type that a subgraph declares a field to give, and the external fields it provides there."""
        joined = self.graph.joined(place, grant.name)
        declared = (joined.named if joined is not None else None) or _type(grant)
        provided = joined.provides if joined is not None else ()
        inner = (one for node in place.provided if node.name == grant.name for one in node.selections)
        return declared, (*provided, *inner)

    def shared(self, grant: Grant, place: Place) -> frozenset[str]:
        """The concrete types that every subgraph which gives the field knows."""
        declared, found = _type(grant), None
        for joined in self.graph.supergraph.fields.get((place.type, grant.name), ()):
            if joined.external or not joined.resolves:
                continue
            known = self.graph.runtime(joined.named or declared, joined.graph)
            if self.graph.interface_object(joined.graph, declared):
                continue
            found = known if found is None else found & known
        return found if found is not None else self.graph.runtime(declared, place.graph)

    def opaque(self, scope: Scope, selection: Selection) -> Shape:
        """Objects whose concrete type the subgraph does not know, because it has their interface as an object."""
        asked, place = list(selection.values()), scope.place
        known_there = {"__typename", *self.graph.fields(place.type)}
        plain = all(grant.name in known_there for grants in asked for grant in grants)
        plain = plain and all(self.graph.contexts(one) == self.graph.contexts(place.type) for one in selection)
        if plain and all(_alike(grants, asked[0]) for grants in asked):
            # Nothing hangs on the type: the object stands here, and what it lacks comes from where it is known.
            return Shape(place.type, {place.type: _Object(self, scope).nodes(asked[0])}, bound=_bound(scope))
        move = next(
            (
                one
                for one in self.graph.moves(place.type, place)
                if not self.graph.interface_object(one.to.graph, place.type)
                and self.graph.gives(place.type, place, one.key)
            ),
            None,
        )
        if move is None:
            raise Internal(f"no subgraph tells the type of a `{place.type}` of `{place.graph}`")
        standing = next((one.standing for grants in asked for one in grants), Standing.OFFICIAL)
        known = self.graph.runtime(place.type, move.to.graph)
        here = _Object(self, scope)
        fetch = self.fetch(move, standing)
        bound: dict[str, Mapping[int, Node]] = {}
        carried: list[Node] = []
        cases = {}
        for concrete, grants in selection.items():
            if concrete in known:
                slots: dict[str, Node] = {}
                for grant in grants:
                    node = here.plain(grant)
                    if node is not None:
                        slots[grant.key] = Slot(grant.key, len(carried))
                        carried.append(node)
                there = Scope(concrete, Place(move.to.graph, concrete), fetch, scope, fetched=True)
                nodes = _Object(self, there).nodes([grant for grant in grants if grant.key not in slots])
                bound |= _bound(there)
                others = {node.key: node for node in nodes}
                cases[concrete] = tuple(slots.get(grant.key) or others[grant.key] for grant in grants)
        fetch.columns.append(Shape(place.type, cases, bound=bound))
        handed = self.representation(scope, move, standing)
        hole = Hole("", "", True, fetch, 0, move.names, representation=handed, carried=tuple(carried))
        return Shape(place.type, {}, hole, bound=_bound(scope))

    def representation(self, scope: Scope, move: Move, standing: Standing) -> tuple[Node, ...]:
        """What a remote subgraph is handed of an object whose place has all of the key; an own source, nothing."""
        if move.to.graph in self.graph.own:
            return ()
        grants = granted(self.graph, scope.type, move.key, standing)
        return (Typename("__typename", move.to.type), *_Object(self, scope).nodes(tuple(grants)))

    def alone(self, scope: Scope, fields: FieldSet, standing: Standing) -> Node:
        """A field set of one field, planned by itself where an object stands."""
        (node,) = _Object(self, scope).nodes(tuple(granted(self.graph, scope.type, fields, standing)))
        return node

    def link(self, holder: Scope, grant: Grant, keys: frozenset[str], selection: Selection) -> Node:
        """A link to an entity, which is at home somewhere: from there as a whole, null where there is none.

        Decided: also when nothing but the key is asked, which stands in this row already. Otherwise a link would show
        the key of a record that the reader's universe does not hold, and its answer would depend on what else is asked.
        Rejected: taking a link at its word to spare a fetch. An entity without one home is taken at its word.
        """
        entity = _type(grant)
        home = self.graph.home(entity)
        place = Place(holder.place.graph, entity, given=keys)
        move = self.into(home, entity, place)
        # Where the whole comes from its home, there is nothing here that could bind a value for what is below.
        stub = Scope(entity, place, holder.fetch if move is None else None, holder)
        if move is not None:
            fetch = self.whole(grant, move, selection[entity], stub)
            handed = self.representation(stub, move, grant.below)
            return Hole(
                grant.key,
                grant.name,
                _nullable(grant),
                fetch,
                0,
                move.names,
                via=grant.name,
                effects=grant.effects,
                representation=handed,
            )
        cases = {entity: _Object(self, stub).nodes(selection[entity])}
        return self.value(grant, Shape(entity, cases, bound=_bound(stub)))

    def at_home(self, grant: Grant, place: Place) -> bool:
        """Whether what a remote subgraph gives in a field is an entity that is at home elsewhere.

        Among remote subgraphs alone there is no policy, and each is taken at its word.
        """
        if not self.graph.own or place.graph in self.graph.own:
            return False
        entity = _type(grant)
        known = isinstance(self.graph.type(entity), GraphQLObjectType)
        return known and self.graph.home(entity) not in (None, place.graph)

    def homeward(self, grant: Grant, holder: Scope, selection: Selection) -> Shape | None:
        """What a remote subgraph says of an entity that is at home elsewhere: its key, and no more.

        Whether the record is there for this reader, its home says.
        """
        if not self.at_home(grant, holder.place):
            return None
        entity, graph = _type(grant), holder.place.graph
        home = self.graph.home(entity)
        stub = Scope(entity, Place(graph, entity), holder.fetch, holder)
        move = self.into(home, entity, stub.place)
        if move is None:
            raise Internal(f"`{graph}` gives no key of `{entity}`, which is at home in `{home}`")
        fetch = self.whole(grant, move, selection[entity], stub)
        handed = self.representation(stub, move, grant.below)
        hole = Hole("", "", True, fetch, 0, move.names, representation=handed)
        return Shape(entity, {}, hole, bound=_bound(stub))

    def value(self, grant: Grant, shape: Shape | None, inherited: tuple[Inherited, ...] = ()) -> Value:
        """A field that the source gives, as the policy decided."""
        return Value(
            grant.key,
            grant.name,
            _nullable(grant),
            tuple((name, self.conditions.searched(argument, name, grant)) for name, argument in grant.arguments),
            shape,
            grant.effects,
            grant.reads,
            grant.field.type,
            inherited,
        )


def _bound(scope: Scope) -> Mapping[str, Mapping[int, Node]]:
    """What an object that stands in a shape has bound."""
    return {scope.type: scope.bound} if scope.bound else {}


def _alike(one: Sequence[Grant], other: Sequence[Grant]) -> bool:
    """Whether two selections ask for the same, whatever type they are on."""
    return len(one) == len(other) and all(
        left.key == right.key
        and left.name == right.name
        and left.arguments == right.arguments
        and (left.selection is None) == (right.selection is None)
        and (
            left.selection is None
            or right.selection is None
            or (
                left.selection.keys() == right.selection.keys()
                and all(_alike(left.selection[name], right.selection[name]) for name in left.selection)
            )
        )
        for left, right in zip(one, other, strict=True)
    )


def _order(selection: Selection | None) -> Order | None:
    if selection is None:
        return None
    keys: dict[str, Order | None] = {}
    for grants in selection.values():
        for grant in grants:
            below = _order(grant.selection)
            known = keys.get(grant.key)
            if known and below:
                below = Order(tuple({**dict(known.keys), **dict(below.keys)}.items()))
            keys[grant.key] = below
    return Order(tuple(keys.items()))


class _Object:
    """One object in the answer: what its place gives of it, and the fetches that hang on it.

    serial  its fields change something: one asked twice runs twice
    """

    serial = False

    def __init__(self, builder: _Builder, scope: Scope) -> None:
        self.builder = builder
        self.graph = builder.graph
        self.scope = scope
        self.place = scope.place
        self.type = scope.type
        self.drafts: dict[tuple[object, ...], _Draft] = {}

    def nodes(self, grants: Sequence[Grant]) -> tuple[Node, ...]:
        """The nodes of a selection, in its order."""
        found: dict[str, list[Node]] = {}
        elsewhere: list[Grant] = []
        self.builder.spend(1 + len(grants))
        for grant in grants:
            if not self.has(grant):
                elsewhere.append(grant)
                continue
            node, rest = self.here(grant)
            if node is not None:
                found.setdefault(grant.key, []).append(node)
            if rest is not None:
                elsewhere.append(rest)
        for key, node in self.foreign(elsewhere):
            found.setdefault(key, []).append(node)
        return tuple(self.merged(grant, found[grant.key]) for grant in grants)

    def merged(self, grant: Grant, parts: Sequence[Node]) -> Node:
        if len(parts) == 1:
            return parts[0]
        order = _order(grant.selection)
        assert order is not None
        return Merge(grant.key, grant.name, _nullable(grant), tuple(_part(one) for one in parts), order)

    # What the place gives -------------------------------------------------------------------------------------------

    def here(self, grant: Grant) -> tuple[Node | None, Grant | None]:
        """A field that the place gives, and what of it the place does not."""
        if grant.name == "__typename":
            return Typename(grant.key), None
        if grant.selection is None:
            return self.builder.value(grant, None, self.inherited(grant)), None
        keys = self.graph.references.get((self.place.graph, self.place.type, grant.name))
        if keys is not None:
            return self.builder.link(self.scope, grant, frozenset(keys), grant.selection), None
        if self.turns(grant):
            return self.turn(grant), None
        homeward = self.builder.homeward(grant, self.scope, grant.selection)
        if homeward is not None:
            return self.builder.value(grant, homeward, self.inherited(grant)), None
        served, rest = self.split(self.place, grant)
        if served is None:
            return None, rest
        assert served.selection is not None
        shape = self.builder.shape(served, self.scope, served.selection)
        return self.builder.value(served, shape, self.inherited(served)), rest

    def inherited(self, grant: Grant) -> tuple[Inherited, ...]:
        """The arguments of a field that objects above give."""
        contexts, uses = self.builder.contexts, self.uses(self.place, grant)
        found = (contexts.inherited(self.scope, use, grant.standing) for use in uses)
        return tuple(one for one in found if one is not None)

    def uses(self, place: Place, grant: Grant) -> tuple[ContextArgument, ...]:
        joined = self.graph.joined(place, grant.name)
        return joined.contexts if joined is not None else ()

    def plain(self, grant: Grant) -> Node | None:
        """A field that the place gives with all below it, without asking anybody else."""
        if grant.name == "__typename" or not self.has(grant):
            return None
        node, rest = self.here(grant)
        return None if rest is not None or node is None or _asks(node) else node

    def turns(self, grant: Grant) -> bool:
        """Whether rows below a field are read otherwise than their row: in another universe, or by another assertion.

        A source that another hub serves of this graph knows by itself how a standing weakens within a universe. What
        is at home in an own source is fetched there in any case.
        """
        sight = partial(self.builder.sight, self.place.graph)
        if self.place.graph in self.graph.own:
            return sight(grant.below)[0] is not sight(grant.standing)[0]
        return sight(grant.below) != sight(grant.standing) and not self.builder.at_home(grant, self.place)

    def turn(self, grant: Grant) -> Node:
        """A field that is read otherwise: a fetch of its own, by a key of the object it stands in."""
        move = self.builder.into(self.place.graph, self.type, self.place)
        if move is None:
            place = f"`{self.type}.{grant.name}`"
            raise Internal(f"{place} changes the standing, and `{self.type}` has no key in `{self.place.graph}`")
        assert grant.selection is not None
        fetch = self.builder.fetch(move, grant.below)
        there = Scope(self.type, move.to, fetch, self.scope, fetched=True, bound=fetch.bound)
        fetch.columns.append(self.builder.value(grant, self.builder.shape(grant, there, grant.selection)))
        handed = self.builder.representation(self.scope, move, grant.standing)
        many = _many(grant) and not fetch.remote
        return Hole(grant.key, grant.name, _nullable(grant), fetch, 0, move.names, many, representation=handed)

    def split(self, place: Place, grant: Grant) -> tuple[Grant | None, Grant | None]:
        """What of a field can be had by way of a place that gives it, and what cannot."""
        if grant.selection is None or place.graph in self.graph.own:
            return grant, None
        declared, provided = self.builder.given(grant, place)
        opaque = self.graph.interface_object(place.graph, declared)
        known = self.graph.runtime(declared, place.graph) & self.builder.shared(grant, place)
        served: dict[str, tuple[Grant, ...]] = {}
        rests: dict[str, tuple[Grant, ...]] = {}
        for concrete, grants in grant.selection.items():
            if not opaque and concrete not in known:
                # Such an object does not come from here, or cannot be continued: nothing of it is missing.
                served[concrete], rests[concrete] = grants, ()
                continue
            there = Place(place.graph, declared if opaque else concrete, provided)
            parts = [self.part(there, concrete, inner) for inner in grants]
            served[concrete] = tuple(one for one, _ in parts if one is not None)
            rests[concrete] = tuple(one for _, one in parts if one is not None)
        if not any(rests.values()):
            return grant, None
        kept = replace(grant, selection=served) if any(served.values()) else None
        return kept, replace(grant, selection=rests)

    def part(self, place: Place, concrete: str, grant: Grant) -> tuple[Grant | None, Grant | None]:
        self.builder.spend(1)
        if self.graph.at_hand(place, grant.name):
            served, rest = self.split(place, grant)
            if rest is None or not any(True for _ in self.graph.moves(concrete, place)):
                return served, rest
            return grant, None
        if self.builder.ways(concrete, place, grant.name):
            return grant, None
        return None, grant

    # What comes from elsewhere --------------------------------------------------------------------------------------

    def foreign(self, grants: Sequence[Grant]) -> Iterator[tuple[str, Node]]:
        """The fields that other places give, in as few fetches as it takes."""
        placed = self.place_all(grants)
        settled: set[int] = set()
        while waiting := [draft for draft in self.drafts.values() if id(draft) not in settled]:
            for draft in waiting:
                settled.add(id(draft))
                draft.inputs = self.place_all([one for one in self.handed_grants(draft) if not self.has(one)])
        self.join_drafts(placed)
        for one in placed:
            yield one.grant.key, self.hole(one)

    def place_all(self, grants: Sequence[Grant]) -> list[_Placed]:
        """Gives every field a column in a fetch, or several that each give a part of it.

        The move that serves most fields is taken; of equals, one that is taken anyway.
        """
        waiting = list(grants)
        options = {id(grant): self.options(grant) for grant in waiting}
        placed: list[_Placed] = []
        while waiting:
            served = Counter(move for grant in waiting for move in options[id(grant)])
            self.builder.spend(len(waiting))
            taken = {draft.move for draft in self.drafts.values()}
            best = max(served, key=lambda move: (served[move], move in taken, move.to.graph, move.names))
            chosen = [grant for grant in waiting if best in options[id(grant)]]
            waiting = [grant for grant in waiting if best not in options[id(grant)]]
            if bridged := [one for one in chosen if not self.arrives(best, one)]:
                self.bridge(self.draft(best, bridged[0]), bridged)
            for grant in chosen:
                draft = self.draft(best, grant)
                column, rest = self.column(draft, grant)
                placed.append(_Placed(grant, draft, column))
                if rest is not None:
                    waiting.append(rest)
                    options[id(rest)] = self.options(rest)
        return placed

    def options(self, grant: Grant) -> list[Move]:
        """The moves that lead to the field, of which there is one: those that give all below it, or else a part."""
        beyond: frozenset[str] = frozenset()
        while found := self.builder.ways(self.type, self.place, grant.name, beyond):
            # Behind a place that gives the field, but nothing of what is asked below it, there may be one that does.
            useful = list(found) if beyond else self.useful(found, grant)
            if useful:
                return useful
            beyond |= {move.to.graph for move in found}
        raise Internal(f"no way from `{self.place.graph}` to `{self.type}.{grant.name}`")

    def useful(self, moves: Sequence[Move], grant: Grant) -> list[Move]:
        if grant.selection is None:
            return list(moves)
        parts = [(move, *self.split_at(move, grant)) for move in moves]
        whole = [move for move, served, rest in parts if served is not None and rest is None]
        return whole or [move for move, served, _ in parts if served is not None]

    def arrives(self, move: Move, grant: Grant) -> bool:
        """Whether the field is given where the move leads, and not only behind that."""
        if grant.name == "__typename":
            return self.graph.at_hand(move.to, grant.name)
        return self.graph.joined(move.to, grant.name) is not None

    def bridge(self, draft: _Draft, grants: Sequence[Grant]) -> None:
        """Columns for fields that are given behind a place only. From there on they are planned in one go, so that
        what they are handed is known before any of them is placed.
        """
        fresh: dict[object, Grant] = {}
        for grant in grants:
            same = self.sameness(grant)
            if same not in draft.wanted:
                fresh.setdefault(same, grant)
        for (same, grant), node in zip(fresh.items(), draft.target.nodes(tuple(fresh.values())), strict=True):
            draft.fetch.columns.append(node)
            draft.wanted[same] = grant, len(draft.fetch.columns) - 1

    def split_at(self, move: Move, grant: Grant) -> tuple[Grant | None, Grant | None]:
        if self.graph.joined(move.to, grant.name) is None:
            return grant, None  # a bridge: what is behind it is planned from there
        return self.split(move.to, grant)

    def draft(self, move: Move, grant: Grant) -> _Draft:
        """The fetch that a field joins: one of the same move, if what it requires is at hand or the same."""
        joined = self.graph.joined(move.to, grant.name)
        required = joined.requires if joined is not None else ()
        sight = self.builder.sight(move.to.graph, grant.standing)
        local = self.graph.gives(self.type, self.place, required) and not has_arguments(required)
        uses = self.uses(move.to, grant)
        taken = tuple((use.context, use.selection) for use in uses)
        identity = (move, sight, "" if local else repr(required), *taken)
        found = self.drafts.get(identity)
        if found is not None and found.handed and any(node not in found.required for node in required):
            # What it is handed is settled: this field has to be asked for by itself.
            identity = (move, sight, repr(required), *taken)
            found = self.drafts.get(identity)
        if found is None:
            fetch = self.builder.fetch(move, grant.standing)
            target = _Object(self.builder, self.target(fetch, move.to))
            found = self.drafts[identity] = _Draft(fetch, move, target, grant.standing)
            found.awaits = any(self.builder.contexts.awaited(self.scope, use) for use in uses)
        found.required += tuple(node for node in required if node not in found.required)
        found.reads |= grant.reads
        return found

    def target(self, fetch: Fetch, place: Place) -> Scope:
        """This object as a fetch that hangs on it has it."""
        return Scope(self.type, place, fetch, self.scope, fetched=True, bound=fetch.bound)

    def column(self, draft: _Draft, grant: Grant) -> tuple[int, Grant | None]:
        """The column of a field in a fetch, and what of it that place does not give."""
        same = self.sameness(grant)
        if same in draft.wanted:
            return draft.wanted[same][1], None
        rest = None
        if grant.name == "__typename":
            node: Node = Typename(grant.key)
        else:
            given, rest = draft.target.here(grant)
            if given is None:
                (given,), rest = draft.target.nodes([grant]), None
            node = given
        draft.fetch.columns.append(node)
        draft.wanted[same] = grant, len(draft.fetch.columns) - 1
        return len(draft.fetch.columns) - 1, rest

    def sameness(self, grant: Grant) -> object:
        """What two fields of a fetch have in common if they are one: values without objects, asked with the same."""
        if self.serial or grant.selection is not None:
            return id(grant)
        return grant.name, repr((grant.arguments, grant.effects))

    def join_drafts(self, placed: Sequence[_Placed]) -> None:
        """Fetches of the same place become one, where that makes nobody wait who need not.

        Plain fields go with a fetch that has to wait for what it is handed, unless something hangs on them; two that
        wait equally long go together in any case.
        """
        everywhere = [*placed, *(one for draft in self.drafts.values() for one in draft.inputs)]
        for identity in list(self.drafts):
            draft = self.drafts[identity]
            depth = _depth(draft)
            needed = any(one.draft is draft for other in self.drafts.values() for one in other.inputs)
            waiting = any(not isinstance(node, Shape) and _asks(node) for node in draft.fetch.columns)
            for other, into in self.drafts.items():
                alike = other[:2] == identity[:2] and draft.fetch.given.keys() == into.fetch.given.keys()
                if into is draft or not alike or clash(draft.required, into.required):
                    continue
                later = _depth(into)
                if later == depth or (later > depth and not needed and not waiting):
                    self.join_draft(draft, into, everywhere)
                    del self.drafts[identity]
                    break

    @staticmethod
    def join_draft(draft: _Draft, into: _Draft, everywhere: Sequence[_Placed]) -> None:
        start = len(into.fetch.columns)
        into.fetch.columns += draft.fetch.columns
        into.fetch.bound |= draft.fetch.bound
        into.fetch.passed |= draft.fetch.passed
        into.reads |= draft.reads
        into.wanted |= {same: (grant, start + column) for same, (grant, column) in draft.wanted.items()}
        into.required += tuple(node for node in draft.required if node not in into.required)
        known = {one.grant.key for one in into.inputs}
        into.inputs += [one for one in draft.inputs if one.grant.key not in known]
        for one in everywhere:
            if one.draft is draft:
                one.draft, one.column = into, start + one.column

    # What a place is handed -----------------------------------------------------------------------------------------

    def has(self, grant: Grant) -> bool:
        return self.graph.at_hand(self.place, grant.name)

    def handed_grants(self, draft: _Draft) -> tuple[Grant, ...]:
        """The key and the required fields of this object, for a remote subgraph; own sources take bare values."""
        if draft.fetch.source in self.graph.own:
            if draft.required:
                raise Internal(f"`{draft.fetch.source}` is an own source, which cannot require fields")
            return ()
        fields = united((*draft.move.key, *draft.required))
        keys = {(self.type, node.name) for node in draft.move.key}
        reads = {where: given for where, given in draft.reads.items() if where not in keys}
        return tuple(granted(self.graph, self.type, fields, draft.standing, reads))

    def handed(self, draft: _Draft) -> tuple[Node, ...]:
        """The nodes of the representation."""
        if not draft.handed and (grants := self.handed_grants(draft)):
            elsewhere = {one.grant.key: self.hole(one) for one in draft.inputs}
            nodes = (elsewhere.get(one.key) or self.here(one)[0] for one in grants)
            draft.handed = (Typename("__typename", draft.move.to.type), *(one for one in nodes if one is not None))
        return draft.handed

    def hole(self, placed: _Placed) -> Hole:
        draft, grant = placed.draft, placed.grant
        joined = self.graph.joined(draft.move.to, grant.name)
        every = [node.name for node in (*draft.move.key, *draft.required)]
        own = [node.name for node in (*draft.move.key, *(joined.requires if joined is not None else ()))]
        inputs = (*draft.move.names, *(name for name in leaves(draft.required) if name not in draft.move.names))
        return Hole(
            grant.key,
            grant.name,
            _nullable(grant),
            draft.fetch,
            placed.column,
            inputs,
            _many(grant) and draft.fetch.source in self.graph.own,
            representation=self.handed(draft),
            needs=() if set(own) == set(every) else tuple(dict.fromkeys(own)),
        )


class _Roots(_Object):
    """The root object, which stands in every subgraph at once and is handed nothing."""

    def __init__(self, builder: _Builder, root: str, *, serial: bool) -> None:
        super().__init__(builder, Scope(root, Place("", root)))
        self.serial = serial

    def has(self, grant: Grant) -> bool:
        return False

    def options(self, grant: Grant) -> list[Move]:
        graphs = self.graph.resolvers(self.type, grant.name)
        found = self.useful([Move(Place(graph, self.type), ()) for graph in graphs], grant)
        if not found:
            raise Internal(f"no subgraph answers `{self.type}.{grant.name}`")
        return found

    def handed_grants(self, draft: _Draft) -> tuple[Grant, ...]:
        return ()


def _depth(draft: _Draft, known: dict[int, int] | None = None) -> int:
    """How many rounds a fetch waits for what it is handed."""
    known = {} if known is None else known
    if id(draft) not in known:
        inputs = (1 + _depth(one.draft, known) for one in draft.inputs)
        known[id(draft)] = max(inputs, default=int(draft.awaits))
    return known[id(draft)]


def _asks(node: Node) -> bool:
    """Whether something in it comes from elsewhere."""
    match node:
        case Hole() | Merge():
            return True
        case Value(shape=Shape() as shape):
            return shape.elsewhere is not None or any(_asks(one) for nodes in shape.cases.values() for one in nodes)
    return False


def _part(node: Node) -> Value | Hole:
    if isinstance(node, Value | Hole):
        return node
    raise Internal(f"`{getattr(node, 'key', '')}` cannot be merged")
