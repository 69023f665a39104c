"""Subgraphs merged into one type system whose elements say in `@join__*` where they come from.

Merging always gives a value: what cannot be merged was reported by the rules before, and is merged somehow here.

Source: Federation, "Composition rules"; join v0.5.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from hub.compose.access import with_interface_access
from hub.compose.contexts import is_contextual
from hub.compose.document import (
    Applied,
    Definition,
    Element,
    EnumValue,
    Field,
    Input,
    Kind,
    Type,
    directive_named,
)
from hub.compose.joins import (
    join_contexts,
    join_fields,
    join_implements,
    join_inputs,
    join_members,
    join_types,
    join_values,
)
from hub.compose.parse import Declared, executable_locations
from hub.compose.propagate import Composed, composed_directives, propagated, sliced_by
from hub.compose.specs import INACCESSIBLE
from hub.compose.together import (
    FieldSource,
    InputSource,
    Positions,
    Subgraphs,
    TypeSource,
    argument_sources,
    field_sources,
    input_sources,
    internal,
    is_interface_object,
    kind_of,
    membership,
    merged_default,
    merged_input,
    merged_output,
    positions,
    type_sources,
)
from hub.compose.typeref import IsMember


@dataclass(frozen=True, slots=True)
class Merged:
    """The merged type system. `definitions` are the executable directives that all subgraphs share."""

    graphs: tuple[tuple[str, str, str], ...]
    types: Mapping[str, Type]
    composed: tuple[Composed, ...]
    definitions: tuple[Definition, ...]


def merge(subgraphs: Subgraphs) -> Merged:
    """Merge subgraphs, which must be sorted by name."""
    composed = composed_directives(subgraphs)
    merger = _Merger(membership(subgraphs), positions(subgraphs), frozenset(each.name for each in composed))
    made = {name: merger.type(sources) for name, sources in type_sources(subgraphs).items()}
    types = with_interface_access({name: each for name, each in made.items() if not _is_empty(each)})
    return Merged(
        tuple((declared.graph, declared.name, declared.url) for declared in subgraphs),
        {name: _with_interface_object_fields(each, types, subgraphs) for name, each in types.items()},
        composed,
        tuple(_executable(subgraphs, merger, {each.name for each in composed})),
    )


def _is_empty(made: Type) -> bool:
    return made.kind is not Kind.SCALAR and not (made.fields or made.inputs or made.members or made.values)


@dataclass(frozen=True, slots=True)
class _Merger:
    """The three things every merge asks: the type hierarchy, where types are used, what is composed."""

    is_member: IsMember
    positions: Positions
    composed: frozenset[str]

    def type(self, sources: Sequence[TypeSource]) -> Type:
        first = sources[0][1]
        kinds = [kind_of(each) for _, each in sources]
        kind = Kind.INTERFACE if Kind.INTERFACE in kinds else kinds[0]
        joins = join_types(sources)
        made = Type(kind, first.name, _description(each for _, each in sources))
        match kind:
            case Kind.OBJECT | Kind.INTERFACE:
                joins += join_implements(sources)
                made = replace(
                    made,
                    interfaces=tuple(dict.fromkeys(name for _, each in sources for name in each.interfaces)),
                    fields={name: self.field(sources, found) for name, found in field_sources(sources).items()},
                )
            case Kind.UNION:
                joins += join_members(sources)
                made = replace(
                    made, members=tuple(dict.fromkeys(member for _, each in sources for member in each.members))
                )
            case Kind.ENUM:
                made = replace(made, values=self.values(sources))
            case Kind.INPUT:
                made = replace(made, inputs=self.inputs(sources))
            case Kind.SCALAR:
                pass
        return replace(made, directives=joins + join_contexts(sources) + self.propagated(each for _, each in sources))

    def field(self, types: Sequence[TypeSource], fields: Sequence[FieldSource]) -> Field:
        own = internal(types[0][1].name, fields) or tuple(fields)
        ref = merged_output([field.type for _, field in own], self.is_member) or own[0][1].type
        arguments = [
            self.argument(found)
            for found in argument_sources(own).values()
            if len(found) == len(own) and not any(is_contextual(given) for _, given in found)
        ]
        applied = sliced_by(self.propagated(field for _, field in own), {each.name for each in arguments})
        return Field(
            own[0][1].name,
            ref,
            tuple(arguments),
            _description(field for _, field in fields),
            join_fields(types, ref, fields) + applied,
        )

    def argument(self, sources: Sequence[InputSource]) -> Input:
        found = [given for _, given in sources]
        return Input(
            found[0].name,
            merged_input([given.type for given in found], self.is_member) or found[0].type,
            merged_default(found),
            _description(found),
            self.propagated(found),
        )

    def inputs(self, types: Sequence[TypeSource]) -> Mapping[str, Input]:
        kept: dict[str, Input] = {}
        for name, sources in input_sources(types).items():
            made = self.argument(sources)
            if len(sources) == len(types) or directive_named(made, INACCESSIBLE):
                kept[name] = replace(made, directives=join_inputs(types, made.type, sources) + made.directives)
        return kept

    def values(self, types: Sequence[TypeSource]) -> Mapping[str, EnumValue]:
        name = types[0][1].name
        everywhere = name in self.positions.inputs
        kept: dict[str, EnumValue] = {}
        for value in dict.fromkeys(value for _, each in types for value in each.values):
            found = [each.values[value] for _, each in types if value in each.values]
            applied = self.propagated(found)
            hidden = any(each.name == INACCESSIBLE for each in applied)
            if not everywhere or len(found) == len(types) or hidden:
                kept[value] = EnumValue(value, _description(found), join_values(types, value) + applied)
        return kept

    def propagated(self, found: Iterable[Element]) -> tuple[Applied, ...]:
        return propagated(tuple(found), self.composed)


def _description(found: Iterable[Element]) -> str:
    return next((each.description for each in found if each.description), "")


def _with_interface_object_fields(made: Type, types: Mapping[str, Type], subgraphs: Subgraphs) -> Type:
    """An object type gets the fields that its interfaces have only in `@interfaceObject` subgraphs.

    Its `@join__field` names no graph: the planner reaches the field through the interface.
    """
    if made.kind is not Kind.OBJECT:
        return made
    added: dict[str, Field] = {}
    for interface in made.interfaces:
        for declared in subgraphs:
            known = declared.types.get(interface)
            if known is None or not is_interface_object(known) or interface not in types:
                continue
            for name in known.fields:
                if name not in made.fields and name not in added and (interface, name) not in declared.external:
                    field = types[interface].fields[name]
                    kept = tuple(each for each in field.directives if not each.name.startswith("join__"))
                    added[name] = replace(field, directives=(Applied("join__field"), *kept))
    return replace(made, fields={**made.fields, **added})


def _executable(subgraphs: Sequence[Declared], merger: _Merger, composed: set[str]) -> Iterable[Definition]:
    """A directive for operations stays if every subgraph defines it, in the locations they share."""
    for name in sorted(set.intersection(*(set(declared.definitions) for declared in subgraphs)) - composed):
        found = [declared.definitions[name] for declared in subgraphs]
        shared = [
            location for location in executable_locations(found[0]) if all(location in each.locations for each in found)
        ]
        if not shared:
            continue
        arguments = [
            merger.argument([(declared, argument) for declared, argument in zip(subgraphs, given, strict=True)])
            for argument in found[0].arguments
            if len(given := [each for one in found for each in one.arguments if each.name == argument.name])
            == len(found)
        ]
        repeatable = all(each.repeatable for each in found)
        description = next((each.description for each in found if each.description), "")
        yield Definition(name, tuple(arguments), tuple(shared), repeatable, description)
