"""`@inaccessible`: the public schema that is left must still be a schema.

Source: inaccessible v0.2, "Validation".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from graphql import (
    ConstValueNode,
    EnumValueNode,
    ListValueNode,
    ObjectValueNode,
    parse_const_value,
    specified_scalar_types,
)

from hub.compose.document import Element, EnumValue, Field, Input, Kind, Type, directive_named
from hub.compose.merge import Merged
from hub.compose.problems import listed
from hub.compose.specs import INACCESSIBLE
from hub.compose.typeref import base_name
from hub.errors import Problem


def built_in_elements_stay_accessible(merged: Merged) -> Iterator[Problem]:
    """DISALLOWED_INACCESSIBLE: a built-in scalar, or an argument of a directive, cannot be hidden."""
    for name, made in merged.types.items():
        if name in specified_scalar_types and _hidden(made):
            message = f"`{name}` is built in and cannot be hidden"
            yield Problem("DISALLOWED_INACCESSIBLE", name, message, "remove `@inaccessible`")
    for definition in (*(each.definition for each in merged.composed), *merged.definitions):
        for argument in definition.arguments:
            if _hidden(argument):
                message = f"`@{definition.name}({argument.name}:)` cannot be hidden"
                place = f"@{definition.name}({argument.name}:)"
                yield Problem("DISALLOWED_INACCESSIBLE", place, message, "remove `@inaccessible`")


def query_stays_accessible(merged: Merged) -> Iterator[Problem]:
    """QUERY_ROOT_TYPE_INACCESSIBLE: without `Query` there is no schema."""
    query = merged.types.get("Query")
    if query is not None and _hidden(query):
        message = "the query root cannot be hidden"
        yield Problem("QUERY_ROOT_TYPE_INACCESSIBLE", "Query", message, "hide its fields instead")


def accessible_types_keep_a_child(merged: Merged) -> Iterator[Problem]:
    """ONLY_INACCESSIBLE_CHILDREN: a type that is shown shows a field, a value or a member."""
    for name, made in merged.types.items():
        members = (merged.types[member] for member in made.members if member in merged.types)
        children = [_hidden(child) for child in (*made.fields.values(), *_entries(made), *members)]
        if made.kind is not Kind.SCALAR and not _hidden(made) and all(children):
            message = f"`{name}` is shown and everything in it is hidden"
            yield Problem("ONLY_INACCESSIBLE_CHILDREN", name, message, "hide the type too")


def references_are_accessible(merged: Merged) -> Iterator[Problem]:
    """REFERENCED_INACCESSIBLE: what is shown is of a type that is shown."""
    for coordinate, element in _shown(merged):
        if isinstance(element, Field | Input):
            name = base_name(element.type)
            if name in merged.types and _hidden(merged.types[name]):
                message = f"`{coordinate}` is shown and its type `{name}` is hidden"
                yield Problem("REFERENCED_INACCESSIBLE", coordinate, message, f"hide `{coordinate}` too")


def implementing_fields_are_accessible(merged: Merged) -> Iterator[Problem]:
    """IMPLEMENTED_BY_INACCESSIBLE: a field, or argument, that an interface shows is shown where it is implemented."""
    for name, made in merged.types.items():
        shown = [merged.types[each] for each in made.interfaces if each in merged.types and not _hidden(made)]
        for interface in (each for each in shown if not _hidden(each)):
            for field in interface.fields.values():
                own = made.fields.get(field.name)
                if own is None or _hidden(field):
                    continue
                found: list[tuple[str, Element]] = [(f"{name}.{field.name}", own)]
                found += [
                    (f"{name}.{field.name}({argument.name}:)", given)
                    for argument in field.arguments
                    if not _hidden(argument) and (given := own.argument(argument.name)) is not None
                ]
                for coordinate, element in found:
                    if _hidden(element):
                        message = f"`{coordinate}` is hidden, and the interface `{interface.name}` shows it"
                        suggestion = f"hide it in `{interface.name}` too"
                        yield Problem("IMPLEMENTED_BY_INACCESSIBLE", coordinate, message, suggestion)


def required_inputs_are_accessible(merged: Merged) -> Iterator[Problem]:
    """REQUIRED_INACCESSIBLE: what must be given is shown, if its field or input type is."""
    for name, made in merged.types.items():
        if _hidden(made):
            continue
        inputs = [(f"{name}.{each.name}", each) for each in made.inputs.values()]
        arguments = [
            (f"{name}.{field.name}({argument.name}:)", argument)
            for field in made.fields.values()
            if not _hidden(field)
            for argument in field.arguments
        ]
        for coordinate, given in (*inputs, *arguments):
            if given.required and _hidden(given):
                message = f"`{coordinate}` is hidden, and a value must be given"
                yield Problem("REQUIRED_INACCESSIBLE", coordinate, message, "give it a default")


def defaults_use_accessible_values(merged: Merged) -> Iterator[Problem]:
    """DEFAULT_VALUE_USES_INACCESSIBLE: the default of a shown element is made of shown values and fields."""
    for coordinate, element in _shown(merged):
        if isinstance(element, Input) and element.default is not None:
            used = set(_used(merged.types, base_name(element.type), parse_const_value(element.default)))
            hidden = sorted(used & _hidden_coordinates(merged))
            if hidden:
                message = f"the default of `{coordinate}` uses {listed(hidden)}, which is hidden"
                suggestion = "choose another default"
                yield Problem("DEFAULT_VALUE_USES_INACCESSIBLE", coordinate, message, suggestion)


def _hidden(element: Element) -> bool:
    return directive_named(element, INACCESSIBLE) is not None


def _entries(made: Type) -> tuple[Input | EnumValue, ...]:
    """The fields of an input type, or the values of an enum."""
    return (*made.inputs.values(), *made.values.values())


def _shown(merged: Merged) -> Iterator[tuple[str, Element]]:
    """Every element that no `@inaccessible` hides, on it or above it."""
    for name, made in merged.types.items():
        if _hidden(made):
            continue
        yield name, made
        for field in made.fields.values():
            if not _hidden(field):
                yield f"{name}.{field.name}", field
                for argument in field.arguments:
                    if not _hidden(argument):
                        yield f"{name}.{field.name}({argument.name}:)", argument
        for child in _entries(made):
            if not _hidden(child):
                yield f"{name}.{child.name}", child


def _hidden_coordinates(merged: Merged) -> set[str]:
    return {f"{name}.{child.name}" for name, made in merged.types.items() for child in _entries(made) if _hidden(child)}


def _used(types: Mapping[str, Type], name: str, value: ConstValueNode) -> Iterator[str]:
    """The enum values and input fields that a default value is made of."""
    if isinstance(value, ListValueNode):
        for each in value.values:
            yield from _used(types, name, each)
    elif isinstance(value, EnumValueNode):
        yield f"{name}.{value.value}"
    elif isinstance(value, ObjectValueNode):
        for entry in value.fields:
            yield f"{name}.{entry.name.value}"
            made = types[name].inputs.get(entry.name.value) if name in types else None
            if made is not None:
                yield from _used(types, base_name(made.type), entry.value)
