"""`@context` and `@fromContext`: what an argument takes from the objects above.

Takes the types of one subgraph; gives the contexts they set, the arguments that use them, and the fields that these
select. `$place { city }` selects the field `city` on the nearest object above whose type sets the context `place`;
`$place ... on Town { city } ... on Farm { village }` selects by that object's type.

Source: Federation subgraph specification, `@context`, `@fromContext`; context v0.1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hub.compose.document import Applied, Field, Input, Kind, Type, directive_named, directives_named
from hub.compose.fieldsets import FieldSetWrong, coordinates, parse_field_set
from hub.compose.specs import CONTEXT, FROM_CONTEXT
from hub.model.supergraph import FieldSet

_USE = re.compile(r"^[\s,]*\$[\s,]*([A-Za-z_]\w*)([\s\S]*)$")


@dataclass(frozen=True, slots=True)
class ContextUse:
    """What `@fromContext` says: the context, and the text of the selection, spaces collapsed."""

    context: str
    text: str


def context_of(argument: Input) -> ContextUse | None:
    """What an argument takes from a context; None where it takes nothing, or where its text cannot be read."""
    applied = directive_named(argument, FROM_CONTEXT)
    text = applied.value("field") if applied else None
    match = _USE.match(text) if isinstance(text, str) else None
    return ContextUse(match[1], " ".join(match[2].split())) if match else None


def is_contextual(argument: Input) -> bool:
    """Whether the argument's value comes from a context, so that no client gives it."""
    return directive_named(argument, FROM_CONTEXT) is not None


def parse_selection(text: str) -> FieldSet:
    """The selection of a context, with or without braces around it. Raises `FieldSetWrong`."""
    text = text.strip()
    return parse_field_set(text[1:-1] if text.startswith("{") and text.endswith("}") else text)


def setters(types: Mapping[str, Type], context: str) -> tuple[Type, ...]:
    """The types that set a context."""
    return tuple(
        each
        for each in types.values()
        if any(applied.value("name") == context for applied in directives_named(each, CONTEXT))
    )


def contextual_arguments(types: Mapping[str, Type]) -> Iterator[tuple[Type, Field, Input, Applied]]:
    """Every argument with `@fromContext`, with its type, its field and the directive."""
    for declared in types.values():
        for field in declared.fields.values():
            for argument in field.arguments:
                for applied in directives_named(argument, FROM_CONTEXT):
                    yield declared, field, argument, applied


def context_fields(types: Mapping[str, Type]) -> frozenset[tuple[str, str]]:
    """(type, field) of every field that a context's selection touches."""
    return frozenset(
        coordinate for _, _, argument, _ in contextual_arguments(types) for coordinate in fields_taken(types, argument)
    )


def fields_taken(types: Mapping[str, Type], argument: Input) -> Iterator[tuple[str, str]]:
    """(type, field) of what one argument takes; nothing where its text cannot be read, which a rule reports."""
    use = context_of(argument)
    try:
        nodes = parse_selection(use.text) if use else ()
    except FieldSetWrong:
        nodes = ()
    for setter in setters(types, use.context) if use and nodes else ():
        for name in runtime_types(types, setter) if setter.kind is Kind.UNION else (setter.name,):
            yield from coordinates(types, name, nodes)


def runtime_types(types: Mapping[str, Type], declared: Type) -> tuple[str, ...]:
    """The object types that a type stands for in its subgraph."""
    match declared.kind:
        case Kind.INTERFACE:
            return tuple(
                name for name, each in types.items() if each.kind is Kind.OBJECT and declared.name in each.interfaces
            )
        case Kind.UNION:
            return declared.members
        case _:
            return (declared.name,)
