"""The same type, field or input as several subgraphs declare it; what rules and merging both ask.

Source: Federation, "Composition rules"; "Entities: migrate fields" (`@override`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from hub.compose.document import Applied, Field, Input, Kind, Type, directive_named
from hub.compose.facts import Coordinate
from hub.compose.parse import ROOTS, Declared
from hub.compose.specs import INTERFACE_OBJECT, OVERRIDE
from hub.compose.typeref import IsMember, TypeRef, base_name, narrowest, widest

Subgraphs = Sequence[Declared]
TypeSource = tuple[Declared, Type]
FieldSource = tuple[Declared, Field]
InputSource = tuple[Declared, Input]


@dataclass(frozen=True, slots=True)
class Override:
    """A field moved: `by` is the subgraph it moves to, `label` the condition if it moves only in part."""

    by: str
    label: str | None


def type_sources(subgraphs: Subgraphs) -> Mapping[str, tuple[TypeSource, ...]]:
    """Type name -> its declarations, in the order of the subgraphs; names sorted."""
    found: dict[str, list[TypeSource]] = {}
    for declared in subgraphs:
        for name, each in declared.types.items():
            found.setdefault(name, []).append((declared, each))
    return {name: tuple(found[name]) for name in sorted(found)}


def field_sources(sources: Sequence[TypeSource]) -> Mapping[str, tuple[FieldSource, ...]]:
    """Field name -> its declarations, in order of first appearance."""
    found: dict[str, list[FieldSource]] = {}
    for declared, each in sources:
        for name, field in each.fields.items():
            found.setdefault(name, []).append((declared, field))
    return {name: tuple(fields) for name, fields in found.items()}


def input_sources(sources: Sequence[TypeSource]) -> Mapping[str, tuple[InputSource, ...]]:
    """Input field name -> its declarations, in order of first appearance."""
    found: dict[str, list[InputSource]] = {}
    for declared, each in sources:
        for name, given in each.inputs.items():
            found.setdefault(name, []).append((declared, given))
    return {name: tuple(inputs) for name, inputs in found.items()}


def argument_sources(sources: Sequence[FieldSource]) -> Mapping[str, tuple[InputSource, ...]]:
    """Argument name -> its declarations, in order of first appearance."""
    found: dict[str, list[InputSource]] = {}
    for declared, field in sources:
        for argument in field.arguments:
            found.setdefault(argument.name, []).append((declared, argument))
    return {name: tuple(arguments) for name, arguments in found.items()}


def is_interface_object(declared: Type) -> bool:
    """Whether the subgraph knows this interface only as an object."""
    return directive_named(declared, INTERFACE_OBJECT) is not None


def kind_of(declared: Type) -> Kind:
    """The kind a type has in the supergraph."""
    return Kind.INTERFACE if is_interface_object(declared) else declared.kind


def internal(type_name: str, sources: Sequence[FieldSource]) -> tuple[FieldSource, ...]:
    """The declarations that are not external."""
    return tuple((declared, field) for declared, field in sources if (type_name, field.name) not in declared.external)


def membership(subgraphs: Subgraphs) -> IsMember:
    """Whether one type implements, or is a member of, another in any subgraph."""
    pairs = {
        (name, interface)
        for declared in subgraphs
        for name, each in declared.types.items()
        for interface in each.interfaces
    } | {(member, name) for declared in subgraphs for name, each in declared.types.items() for member in each.members}
    return lambda name, of: (name, of) in pairs


def overridden(sources: Sequence[FieldSource]) -> Mapping[str, Override]:
    """Subgraph that loses the field -> what takes it. A source that does not exist, or lacks the field, is ignored."""
    present = {declared.name for declared, _ in sources}
    found: dict[str, Override] = {}
    for declared, field in sources:
        applied = directive_named(field, OVERRIDE)
        if applied is not None:
            loser, label = applied.value("from"), applied.value("label")
            if loser in present and loser != declared.name:
                found[loser] = Override(declared.name, label)
    return found


def resolvers(type_name: str, sources: Sequence[FieldSource]) -> tuple[FieldSource, ...]:
    """The declarations that resolve the field: neither external nor moved away for good."""
    moved = overridden(sources)
    return tuple(
        (declared, field)
        for declared, field in internal(type_name, sources)
        if declared.name not in moved or moved[declared.name].label is not None
    )


def merged_output(refs: Sequence[TypeRef], is_member: IsMember) -> TypeRef | None:
    """The type of a field that these subgraphs resolve: the widest, so nullable wins; None where there is none."""
    return widest(refs, is_member)


def merged_input(refs: Sequence[TypeRef], is_member: IsMember) -> TypeRef | None:
    """The type of an input that these subgraphs take: the narrowest, so non-null wins; None where there is none."""
    return narrowest(refs, is_member)


def merged_default(inputs: Iterable[Input]) -> str | None:
    """The default that all give; one that only some give is left to the subgraphs."""
    defaults = [given.default for given in inputs]
    return None if None in defaults else defaults[0]


@dataclass(frozen=True, slots=True)
class Positions:
    """The names of the types used for input and for output, in any subgraph."""

    inputs: frozenset[str]
    outputs: frozenset[str]


def positions(subgraphs: Subgraphs) -> Positions:
    """Where each type is used; enum values merge by it."""
    fields = [field for declared in subgraphs for each in declared.types.values() for field in each.fields.values()]
    given = [made for declared in subgraphs for each in declared.types.values() for made in each.inputs.values()]
    arguments = [argument for field in fields for argument in field.arguments]
    return Positions(
        frozenset(base_name(each.type) for each in (*given, *arguments)),
        frozenset(base_name(field.type) for field in fields),
    )


def implementers(subgraphs: Subgraphs, interface: str) -> tuple[str, ...]:
    """The object types that implement an interface in any subgraph, sorted."""
    return tuple(
        sorted(
            {
                name
                for declared in subgraphs
                for name, each in declared.types.items()
                if each.kind is Kind.OBJECT and interface in each.interfaces and not is_interface_object(each)
            }
        )
    )


def is_root(type_name: str) -> bool:
    """Whether a type is one of the schema's roots."""
    return type_name in ROOTS


def overrides(subgraphs: Subgraphs) -> Iterator[tuple[Declared, str, Field, Applied]]:
    """Every field marked `@override`, with its type and the directive."""
    for declared in subgraphs:
        for each in declared.types.values():
            for field in each.fields.values():
                applied = directive_named(field, OVERRIDE)
                if applied is not None:
                    yield declared, each.name, field, applied


__all__ = [
    "Coordinate",
    "Declared",
    "FieldSource",
    "InputSource",
    "Override",
    "Positions",
    "Subgraphs",
    "TypeSource",
    "argument_sources",
    "field_sources",
    "implementers",
    "input_sources",
    "internal",
    "is_interface_object",
    "is_root",
    "kind_of",
    "membership",
    "merged_default",
    "merged_input",
    "merged_output",
    "overridden",
    "overrides",
    "positions",
    "resolvers",
    "type_sources",
]
