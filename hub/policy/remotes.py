"""Supergraph x DeclaredGraph -> DeclaredGraph: what follows for the policy from what remote subgraphs declare.

An own source says of every field how it stands in its rows. Of a remote subgraph its SDL and its file say less, and
what nobody said is decided here as strictly as it can be: which classes may hold a field, what a mask can be laid over,
that following a field to an entity weakens the standing to official. What cannot be carried out is a problem.

Decided: a field that leads to an entity weakens the standing unless the file says otherwise. Because: it may lead to
somebody else, and a reader would see of him what he sees of himself. Rejected: that it stays, as within a row.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLUnionType,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
)

from hub.errors import Problem
from hub.model.graph import STRUCTURE, Coordinate, DeclaredGraph, Remote, RowsEnforced, RowsOf, RowsTell, Transition
from hub.model.supergraph import Supergraph, homes
from hub.model.viewer import RecordClass, Standing


def with_remotes(supergraph: Supergraph, declared: DeclaredGraph) -> tuple[DeclaredGraph, list[Problem]]:
    """The declared graph with what follows from its remote subgraphs, and everything that is wrong with them."""
    if not any(declared.foreign(name) for name in declared.remotes):
        return declared, []
    reader = _Reader(supergraph, declared)
    found = replace(
        declared,
        transitions={**dict(reader.transitions()), **declared.transitions},
        maskable=declared.maskable | frozenset(reader.maskable()),
        gathered=declared.gathered | frozenset(reader.gathered()),
        classes=declared.classes | frozenset(reader.classes()),
        held=dict(reader.held()),
        structure=declared.structure | frozenset(reader.structure()),
    )
    problems = [
        *reader.contexts(),
        *reader.lists(),
        *reader.links(),
        *reader.standings(found.transitions),
        *reader.unclassed(),
    ]
    return found, problems


class _Reader:
    """Knows which fields only remote subgraphs resolve, and which."""

    def __init__(self, supergraph: Supergraph, declared: DeclaredGraph) -> None:
        self.supergraph = supergraph
        self.declared = declared
        api = supergraph.api
        self.roots = {root.name for root in (api.query_type, api.mutation_type, api.subscription_type) if root}
        self.homes = homes(supergraph, declared.mappings)
        self.given: dict[Coordinate, tuple[Remote, ...]] = {}
        for where, joins in supergraph.fields.items():
            graphs = tuple(join.graph for join in joins if join.resolves)
            if graphs and self.field(where) is not None and all(declared.foreign(name) for name in graphs):
                self.given[where] = tuple(declared.remotes[name] for name in graphs)

    # Facts ------------------------------------------------------------------------------------------------------------

    def transitions(self) -> Iterator[tuple[Coordinate, Transition]]:
        for where in self.given:
            if where[0] not in self.roots and self.entity(self.leads_to(where)):
                yield where, Transition(Standing.OFFICIAL)

    def maskable(self) -> Iterator[Coordinate]:
        return (where for where in self.given if is_leaf_type(get_named_type(self.type(where))))

    def gathered(self) -> Iterator[Coordinate]:
        """Lists of objects that bring their own class."""
        for where, remotes in self.given.items():
            if self.listed(where) and not is_leaf_type(get_named_type(self.type(where))):
                rows = [one.rows for one in remotes]
                if all(
                    isinstance(one, RowsEnforced)
                    or (isinstance(one, RowsTell) and self.tells(remote.name, one, self.leads_to(where)))
                    for one, remote in zip(rows, remotes, strict=True)
                ):
                    yield where

    def classes(self) -> Iterator[Coordinate]:
        for where, remotes in self.given.items():
            if any(isinstance(one.rows, RowsTell) and one.rows.field == where[1] for one in remotes):
                yield where

    def held(self) -> Iterator[tuple[Coordinate, frozenset[RecordClass]]]:
        for where, remotes in self.given.items():
            rows = [one.rows for one in remotes]
            if all(isinstance(one, RowsOf) for one in rows):
                yield where, frozenset(one.record_class for one in rows if isinstance(one, RowsOf))

    def structure(self) -> Iterator[Coordinate]:
        """What the lists of other hubs are made of: who carries out the policy says so of them."""
        for where, remotes in self.given.items():
            labels = [one for one in self.supergraph.applied.get(".".join(where), ()) if one.name == "label"]
            structural = bool(labels) and all(one.arguments["name"] == STRUCTURE for one in labels)
            if structural and all(isinstance(one.rows, RowsEnforced) for one in remotes):
                yield where

    # Problems ---------------------------------------------------------------------------------------------------------

    def contexts(self) -> Iterator[Problem]:
        """What an argument takes from an object above would be handed over unasked, and nothing decides on it yet."""
        for where, joins in self.supergraph.fields.items():
            for join in joins:
                if join.contexts:
                    message = "takes an argument from a context, which is not planned under a policy"
                    yield Problem("UNSUPPORTED_FEATURE", f"{join.graph}:{'.'.join(where)}", message)

    def lists(self) -> Iterator[Problem]:
        """What lists of this hub are made of is shown without a label, and so comes from who carries out the policy."""
        for where in sorted(self.declared.structure):
            for join in self.supergraph.fields.get(where, ()):
                foreign = join.resolves and self.declared.foreign(join.graph)
                if foreign and not isinstance(self.declared.remotes[join.graph].rows, RowsEnforced):
                    message = "is part of the lists of this graph, which no other label decides on"
                    suggestion = "give the type another name"
                    yield Problem("LIST_SHARED", f"{join.graph}:{'.'.join(where)}", message, suggestion)

    def links(self) -> Iterator[Problem]:
        """What leads to a record that may not be there for a reader must be able to lead nowhere."""
        for where, remotes in self.given.items():
            found, entity = self.type(where), self.leads_to(where)
            place = f"{', '.join(one.name for one in remotes)}:{'.'.join(where)}"
            away = [one for one in self.concrete(entity) if self.elsewhere(one, remotes)]
            if away and away != [entity]:
                message = f"leads to a `{entity}`, which may be a `{away[0]}`, and that is at home elsewhere"
                yield Problem("LINK_ABSTRACT", place, message, "let the field give one type")
            if not away and not any(self.classed(one, entity) for one in remotes):
                continue
            if isinstance(found, GraphQLNonNull) and not isinstance(found.of_type, GraphQLList):
                message = f"is never null, but a reader may not know of its `{entity}`"
                yield Problem("NOT_NULLABLE_ACROSS_SOURCES", place, message, "make the field nullable")
            items = get_nullable_type(found)
            if isinstance(items, GraphQLList) and isinstance(get_nullable_type(items.of_type), GraphQLList):
                message = f"is a list of lists of `{entity}`, from which none can be left out"
                yield Problem("LIST_OF_LISTS", place, message, "give one list")

    def standings(self, transitions: Mapping[Coordinate, Transition]) -> Iterator[Problem]:
        """What is read with another standing is asked for by itself, by a key of the object it stands in."""
        for where, remotes in self.given.items():
            weakens = where in transitions and transitions[where].to is not Standing.SELF
            if where[0] in self.roots or not weakens or self.elsewhere(self.leads_to(where), remotes):
                continue
            for one in remotes:
                joins = self.supergraph.types.get(where[0], ())
                if not any(join.graph == one.name and join.key and join.resolvable for join in joins):
                    message = f"weakens the standing, and `{where[0]}` has no key to ask for it by"
                    suggestion = f'give it a key, or say in {one.name}.toml: [standings] "{".".join(where)}" = "same"'
                    yield Problem("STANDING_WITHOUT_KEY", f"{one.name}:{'.'.join(where)}", message, suggestion)

    def unclassed(self) -> Iterator[Problem]:
        """Everything that a remote subgraph gives stands in a row whose class it tells."""
        for name, one in self.declared.remotes.items():
            if self.declared.foreign(name) and isinstance(one.rows, RowsTell):
                yield from self.unclassed_of(name, one.rows)

    def unclassed_of(self, name: str, rows: RowsTell) -> Iterator[Problem]:
        fields = [where for where, joins in self.supergraph.fields.items() if any(j.graph == name for j in joins)]
        telling = [where for where in fields if where[1] == rows.field]
        if not telling:
            yield Problem("CLASS_FIELD_MISSING", f"{name}.toml class_field", f"no type has a field `{rows.field}`")
        for where in telling:
            if self.field(where) is not None and not is_leaf_type(get_nullable_type(self.type(where))):
                message = f"tells the class of a row, and is `{self.type(where)}`"
                yield Problem("CLASS_FIELD_MISSING", f"{name}:{'.'.join(where)}", message, "give it a word")
        for where in fields:
            owner, below = where[0], self.leads_to(where)
            given_here = any(one.name == name for one in self.given.get(where, ()))
            if not given_here or where[1] in self.keys(owner) or self.tells(name, rows, owner):
                continue
            leads = self.tells(name, rows, below)
            place = f"{name}:{'.'.join(where)}"
            if (owner in self.roots or self.entity(owner)) and not leads:
                message = f"stands in a row that does not tell its class: `{owner}` has no `{rows.field}`"
                yield Problem("CLASS_UNKNOWN", place, message, "add it, or let the field lead to rows that have it")
            elif owner not in self.roots and not self.entity(owner) and leads:
                message = "leads from a value without a class to rows of one, and would tell that they are there"
                yield Problem("CLASS_BEHIND_VALUE", place, message, f"give `{owner}` the field `{rows.field}`")

    # The graph --------------------------------------------------------------------------------------------------------

    def field(self, where: Coordinate) -> GraphQLField | None:
        owner = self.supergraph.api.type_map.get(where[0])
        return owner.fields.get(where[1]) if isinstance(owner, GraphQLObjectType | GraphQLInterfaceType) else None

    def type(self, where: Coordinate) -> GraphQLOutputType:
        found = self.field(where)
        assert found is not None
        return found.type

    def leads_to(self, where: Coordinate) -> str:
        found = self.field(where)
        return get_named_type(found.type).name if found is not None else ""

    def listed(self, where: Coordinate) -> bool:
        return isinstance(get_nullable_type(self.type(where)), GraphQLList)

    def concrete(self, type_name: str) -> tuple[str, ...]:
        api = self.supergraph.api
        found = api.type_map.get(type_name)
        if isinstance(found, GraphQLInterfaceType | GraphQLUnionType):
            return tuple(one.name for one in api.get_possible_types(found))
        return (type_name,)

    def keys(self, type_name: str) -> frozenset[str]:
        return frozenset(node.name for join in self.supergraph.types.get(type_name, ()) for node in join.key or ())

    def entity(self, type_name: str) -> bool:
        names = (type_name, *self.concrete(type_name))
        return any(join.key for one in names for join in self.supergraph.types.get(one, ()))

    def elsewhere(self, type_name: str, remotes: Sequence[Remote]) -> bool:
        """Whether an entity is at home in another subgraph than these."""
        home = self.homes.get(type_name)
        return home is not None and all(home != one.name for one in remotes)

    def tells(self, name: str, rows: RowsTell, type_name: str) -> bool:
        """Whether every object of a type tells its class in a subgraph."""
        found = self.concrete(type_name)
        return bool(found) and all(
            any(join.graph == name and join.resolves for join in self.supergraph.fields.get((one, rows.field), ()))
            for one in found
        )

    def classed(self, remote: Remote, type_name: str) -> bool:
        return isinstance(remote.rows, RowsTell) and self.tells(remote.name, remote.rows, type_name)
