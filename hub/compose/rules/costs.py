"""`@cost` and `@listSize`: what an operation costs must be told from the schema alone.

Source: cost v0.1; Federation, "Demand control", "Error codes".
"""

from __future__ import annotations

from collections.abc import Iterator

from hub.compose.document import Applied, Field, Kind, Type, directives_named
from hub.compose.parse import Declared
from hub.compose.problems import did_you_mean
from hub.compose.specs import COST, LIST_SIZE
from hub.compose.together import Subgraphs
from hub.compose.typeref import ListOf, Named, NonNull, TypeRef, base_name
from hub.errors import Problem


def cost_stands_on_object_fields(subgraphs: Subgraphs) -> Iterator[Problem]:
    """COST_APPLIED_TO_INTERFACE_FIELD: only what is resolved costs something; an interface's fields are not."""
    for declared in subgraphs:
        for each in declared.types.values():
            if each.kind is not Kind.INTERFACE:
                continue
            for field in each.fields.values():
                found = [(f"{each.name}.{field.name}", applied) for applied in directives_named(field, COST)]
                found += [
                    (f"{each.name}.{field.name}({argument.name}:)", applied)
                    for argument in field.arguments
                    for applied in directives_named(argument, COST)
                ]
                for where, applied in found:
                    message = f"`{where}` is of an interface and carries `@{declared.names.called(COST)}`"
                    suggestion = "mark the field of the implementing types"
                    yield Problem("COST_APPLIED_TO_INTERFACE_FIELD", applied.place, message, suggestion)


def list_sizes_are_of_lists(subgraphs: Subgraphs) -> Iterator[Problem]:
    """LIST_SIZE_APPLIED_TO_NON_LIST: `@listSize` stands on a list, or names the lists below with `sizedFields`."""
    for _, owner, field, applied in _list_sizes(subgraphs):
        if not _is_list(field.type) and not applied.value("sizedFields"):
            message = f"`{owner.name}.{field.name}` is of type `{field.type}`, which is no list"
            suggestion = 'name the lists it returns, as `sizedFields: ["edges"]`'
            yield Problem("LIST_SIZE_APPLIED_TO_NON_LIST", applied.place, message, suggestion)


def assumed_sizes_are_not_negative(subgraphs: Subgraphs) -> Iterator[Problem]:
    """LIST_SIZE_INVALID_ASSUMED_SIZE: a list has no fewer than 0 items."""
    for _, owner, field, applied in _list_sizes(subgraphs):
        size = applied.value("assumedSize")
        if size is not None and int(size) < 0:
            message = f"`{owner.name}.{field.name}` has the assumed size {size}"
            yield Problem("LIST_SIZE_INVALID_ASSUMED_SIZE", applied.place, message, "give 0 or more")


def slicing_arguments_are_numbers(subgraphs: Subgraphs) -> Iterator[Problem]:
    """LIST_SIZE_INVALID_SLICING_ARGUMENT: a slicing argument is an argument of the field, of type `Int` or `Int!`."""
    code = "LIST_SIZE_INVALID_SLICING_ARGUMENT"
    for _, owner, field, applied in _list_sizes(subgraphs):
        for name in applied.value("slicingArguments") or ():
            argument = field.argument(name)
            if argument is None:
                message = f"`{owner.name}.{field.name}` has no argument `{name}`"
                suggestion = did_you_mean(name, [each.name for each in field.arguments])
                yield Problem(code, applied.place, message, suggestion)
            elif argument.type not in (Named("Int"), NonNull(Named("Int"))):
                message = (
                    f"`{owner.name}.{field.name}({name}:)` is of type `{argument.type}`, which is no number of items"
                )
                yield Problem(code, applied.place, message, "slice by an argument of type `Int`")


def sized_fields_are_lists(subgraphs: Subgraphs) -> Iterator[Problem]:
    """LIST_SIZE_INVALID_SIZED_FIELD: a sized field is a list among the fields of what the field returns."""
    code = "LIST_SIZE_INVALID_SIZED_FIELD"
    for declared, owner, field, applied in _list_sizes(subgraphs):
        names = applied.value("sizedFields") or ()
        returned = declared.types.get(base_name(field.type))
        if names and (_is_list(field.type) or returned is None or not returned.fields):
            message = f"`{owner.name}.{field.name}` is of type `{field.type}`, which has no fields that are lists"
            yield Problem(code, applied.place, message, "remove `sizedFields`")
        elif returned is not None:
            for name in names:
                sized = returned.fields.get(name)
                if sized is None:
                    message = f"`{returned.name}` has no field `{name}`"
                    yield Problem(code, applied.place, message, did_you_mean(name, returned.fields))
                elif not _is_list(sized.type):
                    message = f"`{returned.name}.{name}` is of type `{sized.type}`, which is no list"
                    yield Problem(code, applied.place, message, "name fields that are lists")


def _is_list(ref: TypeRef) -> bool:
    return isinstance(ref.of if isinstance(ref, NonNull) else ref, ListOf)


def _list_sizes(subgraphs: Subgraphs) -> Iterator[tuple[Declared, Type, Field, Applied]]:
    for declared in subgraphs:
        for each in declared.types.values():
            for field in each.fields.values():
                for applied in directives_named(field, LIST_SIZE):
                    yield declared, each, field, applied
