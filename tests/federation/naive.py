"""The plainest gateway there is: one field, one object, one request, and no plan. Queries only.

It shows that a graph can be answered over HTTP at all, and that subgraphs and oracle agree on the answer, so that where
the gateway under judgement differs it is not the bench that is wrong.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
from graphql import (
    FieldNode,
    GraphQLEnumType,
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLResolveInfo,
    InlineFragmentNode,
    SelectionSetNode,
    execute_sync,
    get_named_type,
    is_composite_type,
    parse,
    print_ast,
)

from hub.model.supergraph import Supergraph
from tests.federation.declared import Declared
from tests.federation.server import Bench

Index = tuple[int, ...]


class NoWay(Exception):
    """No subgraph that resolves the field can be reached from here."""


@dataclass(eq=False, slots=True)
class Way:
    """How to ask one subgraph about one object. `known` is what that subgraph takes it for.

    steps  from the root or the entity downwards: (type, field with arguments, response key, index in lists)
    """

    subgraph: Declared
    known: str
    representation: Mapping[str, Any] | None = None
    steps: tuple[tuple[str, str, str, Index], ...] = ()
    provided: tuple[SelectionSetNode, ...] = ()


@dataclass(eq=False, slots=True)
class Object:
    """An object of the answer: where it was found, and what it is below."""

    type: str
    ways: list[Way]
    above: tuple[Object, str, str, Index] | None = None
    closed: set[str] = field(default_factory=set)


class Naive:
    """Answers queries over a bench."""

    def __init__(self, supergraph: Supergraph, bench: Bench) -> None:
        self.supergraph = supergraph
        self.bench = bench
        self.world = bench.world
        self.subgraphs = list(bench.world.subgraphs.values())
        self.running: set[Any] = set()

    def answer(self, document: str, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The answer to a query that is valid."""
        query = Object("Query", [Way(each, "Query") for each in self.subgraphs if "Query" in each.objects])
        with httpx.Client(verify=False) as self.http:  # there is no TLS to set up
            result = execute_sync(
                self.supergraph.api,
                parse(document, no_location=True),
                root_value=query,
                variable_values=dict(variables or {}),
                field_resolver=self._resolve,
                type_resolver=lambda value, *_: str(value.type),
            )
        return dict(result.formatted)

    def _resolve(self, source: Any, info: GraphQLResolveInfo[Any], /, **arguments: Any) -> Any:
        definition = info.parent_type.fields[info.field_name]
        text = ", ".join(f"{name}: {_literal(value, definition.args[name].type)}" for name, value in arguments.items())
        composite = is_composite_type(get_named_type(info.return_type))
        return self.field(source, info.field_name, f"({text})" if text else "", composite)

    # --- one field of one object -----------------------------------------------------------------------------------

    def field(self, source: Object, name: str, arguments: str, composite: bool) -> Any:
        """Its value; objects as `Object`."""
        way = self._way_for(source, name)
        if way is None:
            raise NoWay(f"{source.type}.{name}")
        call = f"{name}{arguments}"
        value = self.ask(way, f"{call} {{ __typename }}" if composite else call)
        value = None if value is None else value[name]
        return self._objects(value, source, way, name, call, ()) if composite else value

    def _objects(self, value: Any, source: Object, way: Way, name: str, call: str, at: Index) -> Any:
        if isinstance(value, list):
            return [self._objects(item, source, way, name, call, (*at, index)) for index, item in enumerate(value)]
        if value is None:
            return None
        below = self._below(way, source, name, call, at, value["__typename"])
        found = Object(below.known, [below], (source, name, call, at))
        if below.known in way.subgraph.interface_objects:
            found.type = self._type_of(found)
        return found

    def _below(self, way: Way, source: Object, name: str, call: str, at: Index, known: str) -> Way:
        provided = [
            inner
            for selections in way.provided
            for field_name, inner in self._selected(source.type, selections)
            if field_name == name and inner is not None
        ]
        own = way.subgraph.provides.get((way.known, name))
        keys = [key.fields for key in way.subgraph.keys.get(known, ())]
        return Way(
            way.subgraph,
            known,
            way.representation,
            (*way.steps, (way.known, call, name, at)),
            (*provided, *([own] if own else []), *keys),
        )

    def _type_of(self, found: Object) -> str:
        interface = found.type
        for each in self.subgraphs:
            if interface in each.interfaces:
                way = self._enter(found, each, interface)
                if way is not None:
                    value = self.ask(way, "__typename")
                    if value is not None:
                        return str(value["__typename"])
        raise NoWay(f"type of {interface}")

    # --- ways ------------------------------------------------------------------------------------------------------

    def _way_for(self, source: Object, name: str) -> Way | None:
        for way in source.ways:
            if self._serves(way, source, name):
                return way
        for each in self.subgraphs:
            for on in self.world.names_of(source.type):
                if on != source.type and on not in each.interface_objects:
                    continue
                if not self.world.resolves(each, on, name):
                    continue
                reached = self._reach(source, each, on, each.requires.get((on, name)))
                if reached is not None:
                    return reached
        return None

    def _serves(self, way: Way, source: Object, name: str) -> bool:
        if any(field_name == name for each in way.provided for field_name, _ in self._selected(source.type, each)):
            return True
        at = (way.known, name)
        return self.world.resolves(way.subgraph, *at) and at not in way.subgraph.requires

    def _reach(self, source: Object, subgraph: Declared, on: str, required: SelectionSetNode | None) -> Way | None:
        if required is None:
            way = next((way for way in source.ways if way.subgraph is subgraph and way.known == on), None)
            way = way or self._again(source, subgraph)
            if way is not None:
                return way
        return self._enter(source, subgraph, on, required)

    def _again(self, source: Object, subgraph: Declared) -> Way | None:
        """Into the subgraph through what stands above."""
        if source.above is None:
            return None
        parent, name, call, at = source.above
        for on in self.world.names_of(parent.type):
            served = self.world.resolves(subgraph, on, name) and (on, name) not in subgraph.requires
            if served and (on == parent.type or on in subgraph.interface_objects):
                returned = self.world.definition(parent.type, name)
                assert returned is not None
                if (id(source), subgraph.name) in self.running:
                    return None
                self.running.add((id(source), subgraph.name))
                way = self._reach(parent, subgraph, on, None)
                self.running.discard((id(source), subgraph.name))
                if way is not None:
                    known = source.type if source.type in subgraph.objects else None
                    return self._below(way, parent, name, call, at, known) if known else None
        return None

    def _enter(
        self, source: Object, subgraph: Declared, on: str, required: SelectionSetNode | None = None
    ) -> Way | None:
        for key in subgraph.keys.get(on, ()):
            state = (id(source), subgraph.name, on, id(key), id(required))
            if not key.resolvable or state in self.running:
                continue
            self.running.add(state)
            try:
                representation = {"__typename": on} | self.project(source, key.fields)
                if required is not None:
                    representation |= self.project(source, required)
            except NoWay:
                continue
            finally:
                self.running.discard(state)
            keys = [each.fields for each in subgraph.keys.get(on, ())]
            way = Way(subgraph, on, representation, (), tuple(keys))
            if required is None:
                source.ways.append(way)
            return way
        return None

    # --- field sets ------------------------------------------------------------------------------------------------

    def _selected(self, type_name: str, selections: SelectionSetNode) -> Iterator[tuple[str, SelectionSetNode | None]]:
        for selection in selections.selections:
            if isinstance(selection, FieldNode):
                yield selection.name.value, selection.selection_set
            elif isinstance(selection, InlineFragmentNode):
                condition = selection.type_condition
                if condition is None or self.world.is_a(type_name, condition.name.value):
                    yield from self._selected(type_name, selection.selection_set)

    def project(self, source: Object, selections: SelectionSetNode) -> dict[str, Any]:
        """The values of a field set."""
        found: dict[str, Any] = {"__typename": source.type}
        for selection in selections.selections:
            if isinstance(selection, InlineFragmentNode):
                condition = selection.type_condition
                if condition is None or self.world.is_a(source.type, condition.name.value):
                    found |= self.project(source, selection.selection_set)
            elif isinstance(selection, FieldNode) and selection.name.value != "__typename":
                name, inner = selection.name.value, selection.selection_set
                text = ", ".join(f"{each.name.value}: {print_ast(each.value)}" for each in selection.arguments or ())
                value = self.field(source, name, f"({text})" if text else "", inner is not None)
                found[name] = self._projected(value, inner)
        del found["__typename"]
        return found

    def _projected(self, value: Any, selections: SelectionSetNode | None) -> Any:
        if isinstance(value, list):
            return [self._projected(item, selections) for item in value]
        if isinstance(value, Object):
            assert selections is not None
            return {"__typename": value.type} | self.project(value, selections)
        return value

    # --- requests --------------------------------------------------------------------------------------------------

    def ask(self, way: Way, selection: str) -> Mapping[str, Any] | None:
        """One selection on one object, as a mapping, or None where the subgraph has no such object."""
        text = f"... on {way.known} {{ {selection} }}" if way.steps or way.representation else selection
        for on, call, _, _ in reversed(way.steps):
            text = f"... on {on} {{ {call} {{ {text} }} }}"
        variables: dict[str, Any] = {}
        if way.representation is not None:
            inner = f"... on {way.representation['__typename']} {{ {text} }}"
            text = f"_entities(representations: $r) {{ {inner} }}"
            variables = {"r": [way.representation]}
        document = f"query ($r: [_Any!]!) {{ {text} }}" if variables else f"{{ {text} }}"
        url = self.bench.urls[way.subgraph.name]
        body = self.http.post(url, json={"query": document, "variables": variables}).json()
        path: list[str | int] = ["_entities", 0] if way.representation is not None else []
        for _, _, name, at in way.steps:
            path += [name, *at]
        for error in body.get("errors") or ():
            if error.get("path", path)[: len(path)] == path:
                raise GraphQLError(error["message"])
        value = body["data"]
        if way.representation is not None:
            value = value["_entities"][0]
        for _, _, name, at in way.steps:
            value = None if value is None else value[name]
            for index in at:
                value = None if value is None else value[index]
        found: Mapping[str, Any] | None = value
        return found


def _literal(value: Any, given: Any) -> str:
    """A coerced argument as GraphQL text."""
    kind = get_named_type(given)
    if isinstance(value, list):
        return f"[{', '.join(_literal(item, kind) for item in value)}]"
    if isinstance(value, dict):
        fields = kind.fields if isinstance(kind, GraphQLInputObjectType) else {}
        inner = (f"{name}: {_literal(item, fields[name].type if fields else kind)}" for name, item in value.items())
        return f"{{{', '.join(inner)}}}"
    return str(value) if isinstance(kind, GraphQLEnumType) and value is not None else json.dumps(value)
