"""`@external`: what may be external, and how it must agree with the subgraph that resolves it.

Source: Federation subgraph specification, `@external`; Federation, "Error codes".
"""

from __future__ import annotations

from collections.abc import Iterator

from hub.compose.contexts import is_contextual
from hub.compose.document import Field, Input, Kind, canonical_value, directive_named
from hub.compose.facts import field_set_of, field_sets
from hub.compose.parse import Declared
from hub.compose.problems import listed
from hub.compose.specs import (
    AUTHENTICATED,
    COST,
    EXTERNAL,
    INACCESSIBLE,
    LIST_SIZE,
    POLICY,
    PROVIDES,
    REQUIRES,
    REQUIRES_SCOPES,
    TAG,
)
from hub.compose.together import (
    Subgraphs,
    argument_sources,
    field_sources,
    internal,
    membership,
    merged_input,
    merged_output,
    type_sources,
)
from hub.compose.typeref import IsMember, TypeRef, is_subtype
from hub.errors import Problem

_MERGED = (TAG, INACCESSIBLE, AUTHENTICATED, REQUIRES_SCOPES, POLICY, COST, LIST_SIZE)


def external_stands_on_object_fields(subgraphs: Subgraphs) -> Iterator[Problem]:
    """EXTERNAL_ON_INTERFACE: a field of an interface is resolved by no subgraph, so it cannot be external."""
    for declared in subgraphs:
        for each in declared.types.values():
            if each.kind is Kind.INTERFACE:
                for field in each.fields.values():
                    if directive_named(field, EXTERNAL):
                        message = f"`{each.name}.{field.name}` is a field of an interface and marked `@external`"
                        suggestion = "mark the field of the implementing types"
                        yield Problem("EXTERNAL_ON_INTERFACE", field.place, message, suggestion)


def external_fields_are_used(subgraphs: Subgraphs) -> Iterator[Problem]:
    """EXTERNAL_UNUSED: an external field serves a `@key`, `@requires` or `@provides`, or an interface of its type."""
    for declared in subgraphs:
        # A field set that cannot be read would make its fields look unused; its own rule reports it.
        if declared.federation1 or any(not field_set_of(applied) for *_, applied in field_sets(declared.types)):
            continue
        for type_name, name in sorted(declared.external - declared.used):
            if declared.types[type_name].kind is Kind.OBJECT:
                message = f"`{type_name}.{name}` is marked `@external` and nothing in this subgraph uses it"
                place = declared.types[type_name].fields[name].place
                yield Problem("EXTERNAL_UNUSED", place, message, "remove the field, or its `@external`")


def types_are_not_all_unused_external(subgraphs: Subgraphs) -> Iterator[Problem]:
    """TYPE_WITH_ONLY_UNUSED_EXTERNAL: Federation 1 drops unused external fields, and a type must keep one field."""
    for declared in subgraphs:
        if declared.federation1:
            unused = declared.external - declared.used
            for each in declared.types.values():
                if (
                    each.kind is Kind.OBJECT
                    and each.fields
                    and all((each.name, name) in unused for name in each.fields)
                ):
                    message = f"every field of `{each.name}` is marked `@external` and none is used"
                    yield Problem("TYPE_WITH_ONLY_UNUSED_EXTERNAL", each.place, message, "remove the type")


def external_fields_are_resolved_somewhere(subgraphs: Subgraphs) -> Iterator[Problem]:
    """EXTERNAL_MISSING_ON_BASE: of the subgraphs that declare a field, at least one resolves it."""
    for type_name, sources in type_sources(subgraphs).items():
        for name, fields in field_sources(sources).items():
            if sources[0][1].kind is not Kind.INTERFACE and not internal(type_name, fields):
                where = listed(declared.name for declared, _ in fields)
                message = f"`{type_name}.{name}` is marked `@external` in all that declare it: {where}"
                suggestion = "declare it without `@external` in the subgraph that resolves it"
                yield Problem("EXTERNAL_MISSING_ON_BASE", fields[0][1].place, message, suggestion)


def external_types_agree(subgraphs: Subgraphs) -> Iterator[Problem]:
    """EXTERNAL_TYPE_MISMATCH: an external field has the type of the field it stands for, or a subtype."""
    is_member = membership(subgraphs)
    for type_name, _, field, merged in _externals(subgraphs, is_member):
        if not is_subtype(field.type, merged, is_member):
            message = f"external `{type_name}.{field.name}` is of type `{field.type}`, elsewhere `{merged}`"
            yield Problem("EXTERNAL_TYPE_MISMATCH", field.place, message, f"declare it as `{merged}`")


def external_arguments_are_present(subgraphs: Subgraphs) -> Iterator[Problem]:
    """EXTERNAL_ARGUMENT_MISSING: an external field takes every argument of the field it stands for."""
    for type_name, field, given, merged in _external_arguments(subgraphs):
        if given is None:
            message = f"external `{type_name}.{field.name}` lacks the argument `{merged.name}: {merged.type}`"
            yield Problem("EXTERNAL_ARGUMENT_MISSING", field.place, message, "declare the argument")


def external_argument_types_agree(subgraphs: Subgraphs) -> Iterator[Problem]:
    """EXTERNAL_ARGUMENT_TYPE_MISMATCH: an argument of an external field takes what the field it stands for takes."""
    is_member = membership(subgraphs)
    for type_name, field, given, merged in _external_arguments(subgraphs):
        if given is not None and not is_subtype(merged.type, given.type, is_member):
            where = f"{type_name}.{field.name}({given.name}:)"
            message = f"external `{where}` is of type `{given.type}`, elsewhere `{merged.type}`"
            yield Problem("EXTERNAL_ARGUMENT_TYPE_MISMATCH", given.place, message, f"declare it as `{merged.type}`")


def external_argument_defaults_agree(subgraphs: Subgraphs) -> Iterator[Problem]:
    """EXTERNAL_ARGUMENT_DEFAULT_MISMATCH: an argument of an external field has the same default."""
    for type_name, field, given, merged in _external_arguments(subgraphs):
        if given is not None and _value(given.default) != _value(merged.default):
            where = f"{type_name}.{field.name}({given.name}:)"
            message = f"external `{where}` has the default `{given.default}`, elsewhere `{merged.default}`"
            yield Problem("EXTERNAL_ARGUMENT_DEFAULT_MISMATCH", given.place, message, "give both the same default")


def external_stands_alone(subgraphs: Subgraphs) -> Iterator[Problem]:
    """EXTERNAL_COLLISION_WITH_ANOTHER_DIRECTIVE: a field not resolved here neither requires nor provides anything."""
    for declared, type_name, field in _marked(subgraphs):
        for other in (REQUIRES, PROVIDES):
            if directive_named(field, other):
                called = declared.names.called(other)
                message = f"`{type_name}.{field.name}` has both `@external` and `@{called}`"
                yield Problem("EXTERNAL_COLLISION_WITH_ANOTHER_DIRECTIVE", field.place, message, "remove one of them")


def external_fields_carry_no_merged_directive(subgraphs: Subgraphs) -> Iterator[Problem]:
    """MERGED_DIRECTIVE_APPLICATION_ON_EXTERNAL: `@tag` and its like stand where the field is resolved."""
    for declared, type_name, field in _marked(subgraphs):
        for applied in field.directives:
            if applied.name in _MERGED and (type_name, field.name) in declared.external:
                called = declared.names.called(applied.name)
                message = f"external `{type_name}.{field.name}` carries `@{called}`, which would be lost"
                suggestion = f"put `@{called}` where the field is resolved"
                yield Problem("MERGED_DIRECTIVE_APPLICATION_ON_EXTERNAL", applied.place, message, suggestion)


def _marked(subgraphs: Subgraphs) -> Iterator[tuple[Declared, str, Field]]:
    for declared in subgraphs:
        for each in declared.types.values():
            for field in each.fields.values():
                if each.kind is Kind.OBJECT and directive_named(field, EXTERNAL):
                    yield declared, each.name, field


def _externals(subgraphs: Subgraphs, is_member: IsMember) -> Iterator[tuple[str, Declared, Field, TypeRef]]:
    """Each external field with the type that the subgraphs resolving it give it."""
    for type_name, sources in type_sources(subgraphs).items():
        for fields in field_sources(sources).values():
            own = internal(type_name, fields)
            merged = merged_output([field.type for _, field in own], is_member) if own else None
            if merged is not None:
                for declared, field in fields:
                    if (type_name, field.name) in declared.external:
                        yield type_name, declared, field, merged


def _external_arguments(subgraphs: Subgraphs) -> Iterator[tuple[str, Field, Input | None, Input]]:
    """Each external field with its argument (None where it lacks it) and the merged one."""
    is_member = membership(subgraphs)
    for type_name, sources in type_sources(subgraphs).items():
        for fields in field_sources(sources).values():
            own = internal(type_name, fields)
            for name, found in argument_sources(own).items():
                merged = merged_input([given.type for _, given in found], is_member)
                if merged is None or len(found) < len(own) or any(is_contextual(given) for _, given in found):
                    continue
                first = found[0][1]
                for declared, field in fields:
                    if (type_name, field.name) in declared.external:
                        yield type_name, field, field.argument(name), Input(name, merged, first.default)


def _value(default: str | None) -> str | None:
    return None if default is None else canonical_value(default)
