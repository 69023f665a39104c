"""Two published schemas -> every change, the worst first.

Decided: a walk of our own, beside graphql-core's `find_schema_changes`. Because: that one gives sentences without
coordinates; calls the removal of the default of a non-null argument dangerous, though operations without the argument
are refused; sees neither `@oneOf`, roots, deprecations nor what becomes of merged fields; and calls new values of an
enum that is only input dangerous. Rejected: reading coordinates out of its sentences. It is the oracle of the tests
instead: what it calls breaking is breaking here.
"""

from __future__ import annotations

from collections.abc import Iterator

from graphql import (
    DirectiveLocation,
    GraphQLDirective,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLUnionType,
    OperationType,
    get_named_type,
    is_list_type,
    is_non_null_type,
    is_specified_directive,
    is_specified_scalar_type,
)

from hub.diff.change import LEVELS, Change, Level
from hub.diff.inputs import given_changes, input_object_changes
from hub.diff.marks import deprecated_changes, described_changes, mark_changes
from hub.diff.published import Published
from hub.diff.shapes import shape_changes

_OPERATIONS = frozenset(
    (
        DirectiveLocation.QUERY,
        DirectiveLocation.MUTATION,
        DirectiveLocation.SUBSCRIPTION,
        DirectiveLocation.FIELD,
        DirectiveLocation.FRAGMENT_DEFINITION,
        DirectiveLocation.FRAGMENT_SPREAD,
        DirectiveLocation.INLINE_FRAGMENT,
        DirectiveLocation.VARIABLE_DEFINITION,
    )
)
_KINDS = {
    GraphQLScalarType: "scalar",
    GraphQLObjectType: "object type",
    GraphQLInterfaceType: "interface",
    GraphQLUnionType: "union",
    GraphQLEnumType: "enum",
    GraphQLInputObjectType: "input type",
}
_KEEP = "keep it, deprecate it, and remove it when no operation uses it"


def diff(old: Published, new: Published) -> tuple[Change, ...]:
    """What changes for the readers of `old` when they are given `new`, sorted by level, coordinate and code."""
    found = {
        *_root_changes(old.api, new.api),
        *_type_changes(old, new),
        *_directive_changes(old.api, new.api),
        *shape_changes(old.api, new.api),
        *mark_changes(old, new, coordinates(old.api) & coordinates(new.api)),
    }
    return tuple(sorted(found, key=lambda each: (LEVELS.index(each.level), each.coordinate, each.code, each.message)))


def coordinates(schema: GraphQLSchema) -> frozenset[str]:
    """Every type, field, argument, input field and enum value of a schema."""
    return frozenset(where for each in _own(schema).values() for where in _coordinates(each))


def _coordinates(each: GraphQLNamedType) -> Iterator[str]:
    yield each.name
    if isinstance(each, GraphQLObjectType | GraphQLInterfaceType):
        for name, found in each.fields.items():
            yield f"{each.name}.{name}"
            yield from (f"{each.name}.{name}({argument}:)" for argument in found.args)
    elif isinstance(each, GraphQLInputObjectType):
        yield from (f"{each.name}.{name}" for name in each.fields)
    elif isinstance(each, GraphQLEnumType):
        yield from (f"{each.name}.{name}" for name in each.values)


def _own(schema: GraphQLSchema) -> dict[str, GraphQLNamedType]:
    """The types without those that every schema has."""
    return {
        name: each
        for name, each in schema.type_map.items()
        if not name.startswith("__") and not is_specified_scalar_type(each)
    }


def _root_changes(old: GraphQLSchema, new: GraphQLSchema) -> Iterator[Change]:
    for operation in OperationType:
        before, after = old.get_root_type(operation), new.get_root_type(operation)
        if before is not None and after is None:
            message = f"there is no `{operation.value}` any more"
            yield Change(Level.BREAKING, "ROOT_REMOVED", before.name, message, _KEEP)
        elif before is None and after is not None:
            yield Change(Level.SAFE, "ROOT_ADDED", after.name, f"there is a `{operation.value}` now")
        elif before is not None and after is not None and before.name != after.name:
            message = f"the type of `{operation.value}` is `{after.name}` instead of `{before.name}`"
            yield Change(Level.BREAKING, "ROOT_CHANGED", before.name, message, f"call it `{before.name}` again")


def _type_changes(old: Published, new: Published) -> Iterator[Change]:
    before, after = _own(old.api), _own(new.api)
    outputs = _returned(new.api)
    for name in before.keys() | after.keys():
        if name not in after:
            yield _removed("TYPE_REMOVED", name, _KINDS[type(before[name])], new)
        elif name not in before:
            yield Change(Level.SAFE, "TYPE_ADDED", name, f"the {_KINDS[type(after[name])]} is new")
        else:
            yield from described_changes(before[name].description, after[name].description, name)
            yield from _changed_type(before[name], after[name], new, outputs)


def _removed(code: str, where: str, kind: str, new: Published) -> Change:
    if new.hides(where):
        message, advice = f"the {kind} is hidden now", "show it, deprecate it, and hide it when no operation uses it"
        return Change(Level.BREAKING, code, where, message, advice)
    return Change(Level.BREAKING, code, where, f"the {kind} is gone", _KEEP)


def _returned(schema: GraphQLSchema) -> frozenset[str]:
    """The types that some field returns."""
    return frozenset(
        get_named_type(found.type).name
        for each in _own(schema).values()
        if isinstance(each, GraphQLObjectType | GraphQLInterfaceType)
        for found in each.fields.values()
    )


def _changed_type(
    old: GraphQLNamedType, new: GraphQLNamedType, published: Published, outputs: frozenset[str]
) -> Iterator[Change]:
    match old, new:
        case GraphQLObjectType(), GraphQLObjectType():
            yield from _field_changes(old, new, published)
            yield from _interface_changes(old, new)
        case GraphQLInterfaceType(), GraphQLInterfaceType():
            yield from _field_changes(old, new, published)
            yield from _interface_changes(old, new)
        case GraphQLUnionType(), GraphQLUnionType():
            yield from _member_changes(old, new)
        case GraphQLEnumType(), GraphQLEnumType():
            yield from _value_changes(old, new, published, outputs)
        case GraphQLInputObjectType(), GraphQLInputObjectType():
            yield from input_object_changes(old, new)
        case GraphQLScalarType(), GraphQLScalarType():
            if old.specified_by_url != new.specified_by_url:
                message = f"its values are specified by `{new.specified_by_url}`, before by `{old.specified_by_url}`"
                advice = "make sure that clients read and write its values as before"
                yield Change(Level.DANGEROUS, "SCALAR_SPECIFICATION_CHANGED", old.name, message, advice)
        case _:
            message = f"it is of another kind: {_KINDS[type(new)]}, before {_KINDS[type(old)]}"
            yield Change(Level.BREAKING, "TYPE_KIND_CHANGED", old.name, message, "give the new type a new name")


def _field_changes(
    old: GraphQLObjectType | GraphQLInterfaceType, new: GraphQLObjectType | GraphQLInterfaceType, published: Published
) -> Iterator[Change]:
    for name in old.fields.keys() | new.fields.keys():
        where = f"{old.name}.{name}"
        if name not in new.fields:
            yield _removed("FIELD_REMOVED", where, "field", published)
        elif name not in old.fields:
            yield Change(Level.SAFE, "FIELD_ADDED", where, "the field is new")
        else:
            yield from _changed_field(old.fields[name], new.fields[name], where)


def _changed_field(old: GraphQLField, new: GraphQLField, where: str) -> Iterator[Change]:
    if not gives_as_before(old.type, new.type):
        message = f"it gives `{new.type}` instead of `{old.type}`"
        nullable = str(old.type).replace("!", "") == str(new.type).replace("!", "")
        advice = "keep it non-null" if nullable else "add a new field of the new type, and deprecate this one"
        yield Change(Level.BREAKING, "FIELD_TYPE_CHANGED", where, message, advice)
    elif str(old.type) != str(new.type):
        message = f"it gives `{new.type}` instead of `{old.type}`, which is less"
        yield Change(Level.SAFE, "FIELD_TYPE_NARROWED", where, message)
    yield from given_changes(old.args, new.args, f"{where}({{}}:)", "argument")
    yield from described_changes(old.description, new.description, where)
    yield from deprecated_changes(old.deprecation_reason, new.deprecation_reason, where)


def gives_as_before(old: GraphQLOutputType, new: GraphQLOutputType) -> bool:
    """Whether everything that `new` gives could have been given by `old`, and is selected on in the same way."""
    if is_non_null_type(old):
        return is_non_null_type(new) and gives_as_before(old.of_type, new.of_type)
    if is_non_null_type(new):
        return gives_as_before(old, new.of_type)
    if is_list_type(old):
        return is_list_type(new) and gives_as_before(old.of_type, new.of_type)
    return str(old) == str(new)


def _interface_changes(
    old: GraphQLObjectType | GraphQLInterfaceType, new: GraphQLObjectType | GraphQLInterfaceType
) -> Iterator[Change]:
    before, after = ({each.name for each in one.interfaces} for one in (old, new))
    for name in before - after:
        message = f"it no longer implements `{name}`, so fragments between them are refused"
        yield Change(Level.BREAKING, "INTERFACE_REMOVED", old.name, message, f"implement `{name}` as before")
    for name in after - before:
        message = f"it implements `{name}` now, so that answers hold it where they did not"
        advice = f"make sure that clients of `{name}` pass over types they do not know"
        yield Change(Level.DANGEROUS, "INTERFACE_ADDED", old.name, message, advice)


def _member_changes(old: GraphQLUnionType, new: GraphQLUnionType) -> Iterator[Change]:
    before, after = ({each.name for each in one.types} for one in (old, new))
    for name in before - after:
        message = f"`{name}` is no member any more, so fragments on it are refused"
        yield Change(Level.BREAKING, "MEMBER_REMOVED", old.name, message, f"keep `{name}`, and answer without it")
    for name in after - before:
        message = f"`{name}` is a member now, so that answers hold it where they did not"
        advice = "make sure that clients pass over members they do not know"
        yield Change(Level.DANGEROUS, "MEMBER_ADDED", old.name, message, advice)


def _value_changes(
    old: GraphQLEnumType, new: GraphQLEnumType, published: Published, outputs: frozenset[str]
) -> Iterator[Change]:
    for name in old.values.keys() | new.values.keys():
        where = f"{old.name}.{name}"
        if name not in new.values:
            yield _removed("VALUE_REMOVED", where, "value", published)
        elif name not in old.values:
            level = Level.DANGEROUS if old.name in outputs else Level.SAFE
            advice = "make sure that clients pass over values they do not know" if level is Level.DANGEROUS else ""
            yield Change(level, "VALUE_ADDED", where, "the value is new", advice)
        else:
            before, after = old.values[name], new.values[name]
            yield from described_changes(before.description, after.description, where)
            yield from deprecated_changes(before.deprecation_reason, after.deprecation_reason, where)


def _directive_changes(old: GraphQLSchema, new: GraphQLSchema) -> Iterator[Change]:
    before, after = _executable(old), _executable(new)
    for name in before.keys() | after.keys():
        where = f"@{name}"
        if name not in after:
            yield Change(Level.BREAKING, "DIRECTIVE_REMOVED", where, "the directive is gone", _KEEP)
        elif name not in before:
            yield Change(Level.SAFE, "DIRECTIVE_ADDED", where, "the directive is new")
        else:
            yield from _changed_directive(before[name], after[name], where)


def _executable(schema: GraphQLSchema) -> dict[str, GraphQLDirective]:
    """The directives that clients write."""
    return {
        each.name: each
        for each in schema.directives
        if not is_specified_directive(each) and _OPERATIONS.intersection(each.locations)
    }


def _changed_directive(old: GraphQLDirective, new: GraphQLDirective, where: str) -> Iterator[Change]:
    yield from given_changes(old.args, new.args, f"{where}({{}}:)", "argument")
    yield from described_changes(old.description, new.description, where)
    if old.is_repeatable and not new.is_repeatable:
        message = "it can stand once in a place only"
        yield Change(Level.BREAKING, "REPEATABLE_REMOVED", where, message, "keep it repeatable")
    elif new.is_repeatable and not old.is_repeatable:
        yield Change(Level.SAFE, "REPEATABLE_ADDED", where, "it can stand several times in a place")
    before, after = (_OPERATIONS.intersection(each.locations) for each in (old, new))
    for location in before - after:
        message = f"it cannot stand on {location.name} any more"
        yield Change(Level.BREAKING, "LOCATION_REMOVED", where, message, f"let it stand on {location.name}")
    for location in after - before:
        yield Change(Level.SAFE, "LOCATION_ADDED", where, f"it can stand on {location.name} now")
