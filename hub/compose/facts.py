"""What follows from one subgraph's declarations: which of its fields are external, shareable, used, provided.

Source: Federation subgraph specification, `@external`, `@key` (key fields are shareable), `@shareable`, `@provides`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from hub.compose.contexts import context_fields
from hub.compose.document import Applied, Field, Kind, Type, directive_named, directives_named
from hub.compose.fieldsets import FieldSetWrong, coordinates, parse_field_set
from hub.compose.specs import EXTERNAL, KEY, PROVIDES, REQUIRES, SHAREABLE
from hub.compose.typeref import base_name
from hub.model.supergraph import FieldSet

Coordinate = tuple[str, str]
"""(type name, field name)."""


def field_set_of(applied: Applied) -> FieldSet:
    """The field set of a `@key`, `@requires` or `@provides`; empty where it cannot be read, which a rule reports."""
    text = applied.value("fields")
    try:
        return parse_field_set(" ".join(text) if isinstance(text, list) else text)
    except (FieldSetWrong, TypeError):
        return ()


def field_sets(types: Mapping[str, Type]) -> Iterator[tuple[str, str, Field | None, Applied]]:
    """Every field set: (the type it selects on, the type it stands on, the field it stands on, the directive)."""
    for declared in types.values():
        for key in directives_named(declared, KEY):
            yield declared.name, declared.name, None, key
        for field in declared.fields.values():
            for applied in directives_named(field, REQUIRES):
                yield declared.name, declared.name, field, applied
            for applied in directives_named(field, PROVIDES):
                yield base_name(field.type), declared.name, field, applied


def selected(types: Mapping[str, Type], *directives: str) -> frozenset[Coordinate]:
    """The fields that the field sets of these directives touch."""
    return frozenset(
        coordinate
        for parent, _, _, applied in field_sets(types)
        if applied.name in directives
        for coordinate in coordinates(types, parent, field_set_of(applied))
    )


def external_fields(types: Mapping[str, Type]) -> frozenset[Coordinate]:
    """The fields marked `@external`, without the key fields of an extension: those its subgraph does resolve."""
    marked = frozenset(
        (declared.name, field.name)
        for declared in types.values()
        for field in declared.fields.values()
        if directive_named(field, EXTERNAL)
    )
    own = frozenset(
        coordinate
        for declared in types.values()
        for key in directives_named(declared, KEY)
        if key.extension
        for coordinate in coordinates(types, declared.name, field_set_of(key))
    )
    return marked - own


def shareable_fields(types: Mapping[str, Type], federation1: bool) -> frozenset[Coordinate]:
    """The fields that other subgraphs may resolve too. All of Federation 1's are: it had no other rule."""
    marked = frozenset(
        (declared.name, field.name)
        for declared in types.values()
        for field in declared.fields.values()
        if federation1 or directive_named(field, SHAREABLE)
    )
    return marked | selected(types, KEY)


def used_fields(types: Mapping[str, Type]) -> frozenset[Coordinate]:
    """The fields that a field set or a context's selection touches or that an interface of their type asks for."""
    asked = frozenset(
        (declared.name, field)
        for declared in types.values()
        for interface in declared.interfaces
        if interface in types
        for field in types[interface].fields
    )
    return asked | selected(types, KEY, REQUIRES, PROVIDES) | context_fields(types)


def upgraded(types: Mapping[str, Type]) -> Mapping[str, Type]:
    """A subgraph of Federation 1 as Federation 2 would write it.

    What had no effect there goes: `@external` fields that nothing uses, `@external` and `@key` on interfaces,
    `@provides` on fields that return no composite type.
    """
    used = used_fields(types)
    return {name: _upgraded(types, declared, used) for name, declared in types.items()}


def _upgraded(types: Mapping[str, Type], declared: Type, used: frozenset[Coordinate]) -> Type:
    if declared.kind is Kind.INTERFACE:
        return replace(
            declared,
            directives=tuple(each for each in declared.directives if each.name != KEY),
            fields={name: _without(field, EXTERNAL) for name, field in declared.fields.items()},
        )
    if declared.kind is not Kind.OBJECT:
        return declared
    kept = {
        name: field
        for name, field in declared.fields.items()
        if directive_named(field, EXTERNAL) is None or (declared.name, name) in used
    }
    if not kept:
        return declared
    composite = {name for name, other in types.items() if other.fields or other.members}
    return replace(
        declared,
        fields={
            name: field if base_name(field.type) in composite else _without(field, PROVIDES)
            for name, field in kept.items()
        },
    )


def _without(field: Field, directive: str) -> Field:
    return replace(field, directives=tuple(each for each in field.directives if each.name != directive))
