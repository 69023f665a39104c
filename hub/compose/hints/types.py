"""Fields, arguments, inputs, values and members that the subgraphs declare differently, and that merge all the same.

Source: Federation, "Composition rules"; Federation, "Hints".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hub.compose.contexts import is_contextual, runtime_types
from hub.compose.document import Kind, directive_named
from hub.compose.hints.hint import Hint
from hub.compose.problems import listed
from hub.compose.specs import INACCESSIBLE, KEY
from hub.compose.together import (
    FieldSource,
    InputSource,
    Subgraphs,
    TypeSource,
    argument_sources,
    field_sources,
    input_sources,
    internal,
    is_interface_object,
    is_root,
    membership,
    merged_input,
    merged_output,
    overridden,
    positions,
    type_sources,
)
from hub.compose.typeref import base_name


def field_types_differ(subgraphs: Subgraphs) -> Iterator[Hint]:
    """INCONSISTENT_BUT_COMPATIBLE_FIELD_TYPE: the supergraph gives a field the widest of its types."""
    is_member = membership(subgraphs)
    for type_name, fields in _fields(subgraphs):
        merged = merged_output([field.type for _, field in fields], is_member)
        if merged is not None and len({field.type for _, field in fields}) > 1:
            where = f"{type_name}.{fields[0][1].name}"
            place = next(field.place for _, field in fields if field.type != merged)
            message = f"`{where}` is {_types(fields)}; the supergraph says `{merged}`"
            yield Hint("INCONSISTENT_BUT_COMPATIBLE_FIELD_TYPE", place, message, f"declare `{merged}` everywhere")


def argument_types_differ(subgraphs: Subgraphs) -> Iterator[Hint]:
    """INCONSISTENT_BUT_COMPATIBLE_ARGUMENT_TYPE: the supergraph gives an argument the narrowest of its types."""
    is_member = membership(subgraphs)
    for where, inputs in _inputs(subgraphs):
        merged = merged_input([given.type for _, given in inputs], is_member)
        if merged is not None and len({given.type for _, given in inputs}) > 1:
            place = next(given.place for _, given in inputs if given.type != merged)
            message = f"`{where}` is {_types(inputs)}; the supergraph says `{merged}`"
            yield Hint("INCONSISTENT_BUT_COMPATIBLE_ARGUMENT_TYPE", place, message, f"declare `{merged}` everywhere")


def defaults_are_missing(subgraphs: Subgraphs) -> Iterator[Hint]:
    """INCONSISTENT_DEFAULT_VALUE_PRESENCE: a default that only some subgraphs give is not in the supergraph."""
    for where, inputs in _inputs(subgraphs):
        lacking = [(declared, given) for declared, given in inputs if given.default is None]
        giving = [(declared, given) for declared, given in inputs if given.default is not None]
        if lacking and giving:
            default = giving[0][1].default
            by = listed(declared.name for declared, _ in giving)
            message = f"`{where}` has the default `{default}` in {by} only, so the supergraph has none"
            suggestion = f"give the default in {listed(declared.name for declared, _ in lacking)} too"
            yield Hint("INCONSISTENT_DEFAULT_VALUE_PRESENCE", lacking[0][1].place, message, suggestion)


def optional_arguments_are_missing(subgraphs: Subgraphs) -> Iterator[Hint]:
    """INCONSISTENT_ARGUMENT_PRESENCE: an argument that some subgraph lacks is not in the supergraph."""
    for type_name, fields in _fields(subgraphs):
        for name, found in argument_sources(fields).items():
            if len(found) < len(fields) and not any(is_contextual(given) for _, given in found):
                where = f"{type_name}.{fields[0][1].name}({name}:)"
                lacking = listed(declared.name for declared, field in fields if field.argument(name) is None)
                message = f"`{where}` is missing in {lacking}, so the supergraph has no such argument"
                yield Hint("INCONSISTENT_ARGUMENT_PRESENCE", found[0][1].place, message, f"add it to {lacking}")


def contextual_arguments_are_given_elsewhere(subgraphs: Subgraphs) -> Iterator[Hint]:
    """CONTEXTUAL_ARGUMENT_NOT_CONTEXTUAL_IN_ALL_SUBGRAPHS: what one subgraph takes from a context no client gives."""
    for type_name, fields in _fields(subgraphs):
        for name, found in argument_sources(fields).items():
            plain = [(declared, given) for declared, given in found if not is_contextual(given)]
            if plain and len(plain) < len(found):
                where = f"{type_name}.{fields[0][1].name}({name}:)"
                by = listed(declared.name for declared, given in found if is_contextual(given))
                message = f"`{where}` comes from a context in {by}, so no client can give it to `{plain[0][0].name}`"
                code = "CONTEXTUAL_ARGUMENT_NOT_CONTEXTUAL_IN_ALL_SUBGRAPHS"
                yield Hint(code, plain[0][1].place, message, "take it from a context in both, or rename one")


def input_fields_are_missing(subgraphs: Subgraphs) -> Iterator[Hint]:
    """INCONSISTENT_INPUT_OBJECT_FIELD: an input field that some subgraph lacks is not in the supergraph."""
    for type_name, sources in type_sources(subgraphs).items():
        for name, found in input_sources(sources).items():
            if len(found) < len(sources) and not any(directive_named(given, INACCESSIBLE) for _, given in found):
                lacking = listed(declared.name for declared, each in sources if name not in each.inputs)
                message = f"`{type_name}.{name}` is missing in {lacking}, so the supergraph has no such field"
                yield Hint("INCONSISTENT_INPUT_OBJECT_FIELD", found[0][1].place, message, f"add it to {lacking}")


def input_enum_values_are_missing(subgraphs: Subgraphs) -> Iterator[Hint]:
    """INCONSISTENT_ENUM_VALUE_FOR_INPUT_ENUM: of an enum for input only, a value some lack is not in the supergraph."""
    used = positions(subgraphs)
    for name, sources in _several(subgraphs, Kind.ENUM):
        if name in used.inputs and name not in used.outputs:
            code = "INCONSISTENT_ENUM_VALUE_FOR_INPUT_ENUM"
            yield from _values(code, name, sources, "so the supergraph has no such value")


def output_enum_values_are_missing(subgraphs: Subgraphs) -> Iterator[Hint]:
    """INCONSISTENT_ENUM_VALUE_FOR_OUTPUT_ENUM: an enum that is not input has the values of all subgraphs together."""
    used = positions(subgraphs)
    for name, sources in _several(subgraphs, Kind.ENUM):
        if name not in used.inputs:
            code = "INCONSISTENT_ENUM_VALUE_FOR_OUTPUT_ENUM"
            yield from _values(code, name, sources, "which will never answer with it")


def union_members_are_missing(subgraphs: Subgraphs) -> Iterator[Hint]:
    """INCONSISTENT_UNION_MEMBER: a union has the members of all subgraphs together."""
    for name, sources in _several(subgraphs, Kind.UNION):
        for member in dict.fromkeys(member for _, each in sources for member in each.members):
            lacking = [(declared, each) for declared, each in sources if member not in each.members]
            if lacking:
                others = listed(declared.name for declared, _ in lacking)
                message = f"`{member}` is no member of `{name}` in {others}, which will never answer with it"
                yield Hint("INCONSISTENT_UNION_MEMBER", lacking[0][1].place, message, f"add it to {others}")


def value_type_fields_are_missing(subgraphs: Subgraphs) -> Iterator[Hint]:
    """INCONSISTENT_OBJECT_VALUE_TYPE_FIELD: a type without a key, whose fields cannot be fetched elsewhere."""
    yield from _missing_fields(subgraphs, Kind.OBJECT, "INCONSISTENT_OBJECT_VALUE_TYPE_FIELD")


def interface_fields_are_missing(subgraphs: Subgraphs) -> Iterator[Hint]:
    """INCONSISTENT_INTERFACE_VALUE_TYPE_FIELD: an interface without a key that some subgraph declares with fewer."""
    yield from _missing_fields(subgraphs, Kind.INTERFACE, "INCONSISTENT_INTERFACE_VALUE_TYPE_FIELD")


def entities_lack_a_key(subgraphs: Subgraphs) -> Iterator[Hint]:
    """INCONSISTENT_ENTITY: a type has a key in some subgraphs only, so the others' fields are reached by one way."""
    for name, sources in _several(subgraphs, Kind.OBJECT):
        keyed = [declared for declared, each in sources if directive_named(each, KEY)]
        if keyed and len(keyed) < len(sources) and not is_root(name):
            lacking = [(declared, each) for declared, each in sources if not directive_named(each, KEY)]
            by, others = (listed(one.name for one in keyed), listed(declared.name for declared, _ in lacking))
            message = f"`{name}` has a key in {by} and none in {others}"
            yield Hint("INCONSISTENT_ENTITY", lacking[0][1].place, message, f"add the key in {others}")


def shared_runtime_types_differ(subgraphs: Subgraphs) -> Iterator[Hint]:
    """INCONSISTENT_RUNTIME_TYPES_FOR_SHAREABLE_RETURN: a shared field returns types that not all subgraphs know."""
    for type_name, fields in _fields(subgraphs):
        moved = overridden(fields)
        found = [
            (declared, field, frozenset(runtime_types(declared.types, returned)))
            for declared, field in fields
            if (returned := declared.types.get(base_name(field.type))) is not None
            and returned.kind in (Kind.INTERFACE, Kind.UNION)
            and declared.name not in moved
            and (type_name, field.name) in declared.shareable
        ]
        if len({types for _, _, types in found}) > 1:
            where = f"{type_name}.{fields[0][1].name}"
            each = "; ".join(f"{listed(sorted(types))} in `{declared.name}`" for declared, _, types in found)
            message = f"`{where}` is shared, and may be {each}"
            suggestion = "let every subgraph that resolves it know the same types"
            yield Hint("INCONSISTENT_RUNTIME_TYPES_FOR_SHAREABLE_RETURN", found[0][1].place, message, suggestion)


def _types(found: Sequence[FieldSource] | Sequence[InputSource]) -> str:
    return ", ".join(f"`{given.type}` in `{declared.name}`" for declared, given in found)


def _fields(subgraphs: Subgraphs) -> Iterator[tuple[str, tuple[FieldSource, ...]]]:
    """The fields that several subgraphs resolve."""
    for type_name, sources in type_sources(subgraphs).items():
        for fields in field_sources(sources).values():
            own = internal(type_name, fields)
            if len(own) > 1:
                yield type_name, own


def _inputs(subgraphs: Subgraphs) -> Iterator[tuple[str, tuple[InputSource, ...]]]:
    """The arguments and input fields that all subgraphs declare which declare what they belong to."""
    for type_name, fields in _fields(subgraphs):
        for name, arguments in argument_sources(fields).items():
            if len(arguments) == len(fields) and not any(is_contextual(given) for _, given in arguments):
                yield f"{type_name}.{fields[0][1].name}({name}:)", arguments
    for type_name, sources in type_sources(subgraphs).items():
        for name, inputs in input_sources(sources).items():
            if 1 < len(inputs) == len(sources):
                yield f"{type_name}.{name}", inputs


def _several(subgraphs: Subgraphs, kind: Kind) -> Iterator[tuple[str, tuple[TypeSource, ...]]]:
    for name, sources in type_sources(subgraphs).items():
        if len(sources) > 1 and all(each.kind is kind and not is_interface_object(each) for _, each in sources):
            yield name, sources


def _values(code: str, name: str, sources: Sequence[TypeSource], so: str) -> Iterator[Hint]:
    for value in dict.fromkeys(value for _, each in sources for value in each.values):
        found = [each.values[value] for _, each in sources if value in each.values]
        if len(found) < len(sources) and not any(directive_named(each, INACCESSIBLE) for each in found):
            lacking = listed(declared.name for declared, each in sources if value not in each.values)
            message = f"`{name}.{value}` is missing in {lacking}, {so}"
            yield Hint(code, found[0].place, message, f"add it to {lacking}")


def _missing_fields(subgraphs: Subgraphs, kind: Kind, code: str) -> Iterator[Hint]:
    for name, sources in _several(subgraphs, kind):
        if is_root(name) or any(directive_named(each, KEY) for _, each in sources):
            continue
        for field, found in field_sources(sources).items():
            if len(found) < len(sources):
                lacking = [(declared, each) for declared, each in sources if field not in each.fields]
                others = listed(declared.name for declared, _ in lacking)
                message = f"`{name}` has no key, and no field `{field}` in {others}"
                yield Hint(code, lacking[0][1].place, message, f"add `{field}` in {others}, or give `{name}` a key")
