"""`@shareable`: a field that several subgraphs resolve must say so in each.

Source: Federation subgraph specification, `@shareable`; Federation, "Value types".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from hub.compose.document import Field, Kind, directive_named
from hub.compose.parse import Declared
from hub.compose.problems import listed
from hub.compose.specs import SHAREABLE
from hub.compose.together import (
    FieldSource,
    Subgraphs,
    TypeSource,
    field_sources,
    internal,
    is_interface_object,
    overridden,
    type_sources,
)
from hub.compose.typeref import base_name
from hub.errors import Problem


def shared_fields_are_shareable(subgraphs: Subgraphs) -> Iterator[Problem]:
    """INVALID_FIELD_SHARING: where several subgraphs resolve a field, all of them mark it `@shareable`."""
    types = type_sources(subgraphs)
    for type_name, sources in types.items():
        if any(each.kind is not Kind.OBJECT for _, each in sources):
            continue
        for name, fields in field_sources(sources).items():
            found = [(type_name, *each) for each in _resolving(type_name, fields)]
            found += _through_interface_objects(types, sources, name)
            if len({declared.name for _, declared, _ in found}) < 2:
                continue
            alone = [(declared, field) for on, declared, field in found if (on, name) not in declared.shareable]
            if alone:
                all_ = listed(declared.name for _, declared, _ in found)
                some = listed(declared.name for declared, _ in alone)
                message = f"`{type_name}.{name}` is resolved by {all_} and is not `@shareable` in {some}"
                suggestion = "mark it `@shareable` in each, or resolve it in one"
                yield Problem("INVALID_FIELD_SHARING", alone[0][1].place, message, suggestion)


def shareable_stands_on_object_fields(subgraphs: Subgraphs) -> Iterator[Problem]:
    """INVALID_SHAREABLE_USAGE: only a field of an object type is resolved, so only it can be shared."""
    for declared in subgraphs:
        for each in declared.types.values():
            if each.kind is Kind.INTERFACE:
                for field in each.fields.values():
                    if directive_named(field, SHAREABLE):
                        message = f"`{each.name}.{field.name}` is a field of an interface and marked `@shareable`"
                        suggestion = "mark the field of the implementing types"
                        yield Problem("INVALID_SHAREABLE_USAGE", field.place, message, suggestion)


def shared_fields_have_common_runtime_types(subgraphs: Subgraphs) -> Iterator[Problem]:
    """SHAREABLE_HAS_MISMATCHED_RUNTIME_TYPES: subgraphs that share a field can return at least one common type."""
    for type_name, sources in type_sources(subgraphs).items():
        if any(each.kind is not Kind.OBJECT for _, each in sources):
            continue
        for name, fields in field_sources(sources).items():
            own = _resolving(type_name, fields)
            found = [(declared, field, _runtime_types(declared, field)) for declared, field in own]
            known = [(declared, field, types) for declared, field, types in found if types is not None]
            if len(known) > 1 and not frozenset.intersection(*(types for _, _, types in known)):
                each = "; ".join(f"`{declared.name}` returns {listed(sorted(types))}" for declared, _, types in known)
                message = f"`{type_name}.{name}` is shared by subgraphs without a common type: {each}"
                suggestion = "a shared field returns the same in each subgraph"
                yield Problem("SHAREABLE_HAS_MISMATCHED_RUNTIME_TYPES", known[0][1].place, message, suggestion)


def _runtime_types(declared: Declared, field: Field) -> frozenset[str] | None:
    """The object types that a field can return in one subgraph; None where it returns no interface or union."""
    returned = declared.types.get(base_name(field.type))
    if returned is None or is_interface_object(returned):
        return None
    match returned.kind:
        case Kind.INTERFACE:
            implementing = (name for name, each in declared.types.items() if returned.name in each.interfaces)
            return frozenset(name for name in implementing if declared.types[name].kind is Kind.OBJECT)
        case Kind.UNION:
            return frozenset(returned.members)
        case _:
            return None


def _resolving(type_name: str, fields: tuple[FieldSource, ...]) -> tuple[FieldSource, ...]:
    """The subgraphs that resolve a field, without those that an `@override` takes it from."""
    moved = overridden(fields)
    return tuple((declared, field) for declared, field in internal(type_name, fields) if declared.name not in moved)


def _through_interface_objects(
    types: Mapping[str, tuple[TypeSource, ...]], sources: tuple[TypeSource, ...], name: str
) -> list[tuple[str, Declared, Field]]:
    """The subgraphs that resolve a field of this type as an `@interfaceObject` of one of its interfaces."""
    return [
        (interface, declared, each.fields[name])
        for interface in dict.fromkeys(interface for _, each in sources for interface in each.interfaces)
        for declared, each in types.get(interface, ())
        if is_interface_object(each) and name in each.fields and (interface, name) not in declared.external
    ]
