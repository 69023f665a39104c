"""Types, fields, arguments, inputs and enums that several subgraphs declare must fit together.

Source: Federation, "Composition rules"; Federation, "Error codes".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hub.compose.contexts import is_contextual
from hub.compose.document import Kind, canonical_value, directive_named
from hub.compose.problems import listed
from hub.compose.specs import INACCESSIBLE
from hub.compose.together import (
    FieldSource,
    InputSource,
    Subgraphs,
    TypeSource,
    argument_sources,
    field_sources,
    input_sources,
    internal,
    is_root,
    kind_of,
    membership,
    merged_input,
    merged_output,
    positions,
    type_sources,
)
from hub.errors import Problem


def there_is_a_query(subgraphs: Subgraphs) -> Iterator[Problem]:
    """NO_QUERIES: some subgraph has a root field of `Query`."""
    if not any(declared.types["Query"].fields for declared in subgraphs):
        yield Problem("NO_QUERIES", "Query", "no subgraph has a query", "add a field to `Query`")


def kinds_agree(subgraphs: Subgraphs) -> Iterator[Problem]:
    """TYPE_KIND_MISMATCH: a type is of one kind everywhere; an `@interfaceObject` counts as an interface."""
    for name, sources in type_sources(subgraphs).items():
        if not _same_kind(sources):
            each = "; ".join(f"{kind_of(found).value} in `{declared.name}`" for declared, found in sources)
            place = next(found.place for _, found in sources if kind_of(found) is not kind_of(sources[0][1]))
            yield Problem("TYPE_KIND_MISMATCH", place, f"`{name}` is of different kinds: {each}", "rename one of them")


def extensions_extend_something(subgraphs: Subgraphs) -> Iterator[Problem]:
    """EXTENSION_WITH_NO_BASE: a type that is only extended is defined nowhere; root types apart."""
    for name, sources in type_sources(subgraphs).items():
        if not is_root(name) and all(found.extended for _, found in sources):
            message = f"`{name}` is extended by {listed(declared.name for declared, _ in sources)} and defined by none"
            yield Problem("EXTENSION_WITH_NO_BASE", sources[0][1].place, message, "define the type in one of them")


def field_types_agree(subgraphs: Subgraphs) -> Iterator[Problem]:
    """FIELD_TYPE_MISMATCH: of the types of a field one is a supertype of all; of an input field one is a subtype."""
    is_member = membership(subgraphs)
    for type_name, fields in _fields(subgraphs):
        own = internal(type_name, fields)
        if own and merged_output([field.type for _, field in own], is_member) is None:
            yield _mismatch("FIELD_TYPE_MISMATCH", f"{type_name}.{own[0][1].name}", own)
    for type_name, sources in type_sources(subgraphs).items():
        for name, inputs in input_sources(sources).items():
            if merged_input([given.type for _, given in inputs], is_member) is None:
                yield _mismatch("FIELD_TYPE_MISMATCH", f"{type_name}.{name}", inputs)


def argument_types_agree(subgraphs: Subgraphs) -> Iterator[Problem]:
    """FIELD_ARGUMENT_TYPE_MISMATCH: of the types of an argument one is a subtype of all."""
    is_member = membership(subgraphs)
    for where, arguments in _arguments(subgraphs):
        if merged_input([given.type for _, given in arguments], is_member) is None:
            yield _mismatch("FIELD_ARGUMENT_TYPE_MISMATCH", where, arguments)


def argument_defaults_agree(subgraphs: Subgraphs) -> Iterator[Problem]:
    """FIELD_ARGUMENT_DEFAULT_MISMATCH: the subgraphs that give an argument a default give the same."""
    for where, arguments in _arguments(subgraphs):
        yield from _defaults("FIELD_ARGUMENT_DEFAULT_MISMATCH", where, arguments)


def input_field_defaults_agree(subgraphs: Subgraphs) -> Iterator[Problem]:
    """INPUT_FIELD_DEFAULT_MISMATCH: the subgraphs that give an input field a default give the same."""
    for type_name, sources in type_sources(subgraphs).items():
        for name, inputs in input_sources(sources).items():
            yield from _defaults("INPUT_FIELD_DEFAULT_MISMATCH", f"{type_name}.{name}", inputs)


def required_arguments_are_everywhere(subgraphs: Subgraphs) -> Iterator[Problem]:
    """REQUIRED_ARGUMENT_MISSING_IN_SOME_SUBGRAPH: an argument that one subgraph needs is taken by all."""
    for type_name, fields in _fields(subgraphs):
        own = internal(type_name, fields)
        for name, found in argument_sources(own).items():
            needed = [(declared, given) for declared, given in found if given.required]
            missing = [declared.name for declared, field in own if field.argument(name) is None]
            if needed and missing and not any(is_contextual(given) for _, given in found):
                where = f"{type_name}.{own[0][1].name}({name}:)"
                by = listed(declared.name for declared, _ in needed)
                message = f"`{where}` is required by {by} and missing in {listed(missing)}"
                suggestion = "add it to all, or make it optional"
                place = needed[0][1].place
                yield Problem("REQUIRED_ARGUMENT_MISSING_IN_SOME_SUBGRAPH", place, message, suggestion)


def required_input_fields_are_everywhere(subgraphs: Subgraphs) -> Iterator[Problem]:
    """REQUIRED_INPUT_FIELD_MISSING_IN_SOME_SUBGRAPH: an input field that one subgraph needs is taken by all."""
    for type_name, sources in type_sources(subgraphs).items():
        for name, found in input_sources(sources).items():
            needed = [(declared, given) for declared, given in found if given.required]
            missing = [declared.name for declared, each in sources if name not in each.inputs]
            if needed and missing and _same_kind(sources):
                by = listed(declared.name for declared, _ in needed)
                message = f"`{type_name}.{name}` is required by {by} and missing in {listed(missing)}"
                suggestion = "add it to all, or make it optional"
                place = needed[0][1].place
                yield Problem("REQUIRED_INPUT_FIELD_MISSING_IN_SOME_SUBGRAPH", place, message, suggestion)


def merged_inputs_keep_a_field(subgraphs: Subgraphs) -> Iterator[Problem]:
    """EMPTY_MERGED_INPUT_TYPE: the subgraphs that declare an input type share at least one field of it."""
    for type_name, sources in type_sources(subgraphs).items():
        if sources[0][1].kind is not Kind.INPUT or not _same_kind(sources):
            continue
        if not any(len(found) == len(sources) for found in input_sources(sources).values()):
            by = listed(declared.name for declared, _ in sources)
            message = f"the input types `{type_name}` of {by} have no field in common"
            yield Problem("EMPTY_MERGED_INPUT_TYPE", sources[0][1].place, message, "give them a common field")


def merged_enums_keep_a_value(subgraphs: Subgraphs) -> Iterator[Problem]:
    """EMPTY_MERGED_ENUM_TYPE: the subgraphs that declare an enum used only for input share at least one value."""
    used = positions(subgraphs)
    for name, sources in _enums(subgraphs):
        if name not in used.inputs or name in used.outputs:
            continue
        if not frozenset.intersection(*(frozenset(each.values) for _, each in sources)):
            by = listed(declared.name for declared, _ in sources)
            message = f"the enums `{name}` of {by}, used for input, have no value in common"
            yield Problem("EMPTY_MERGED_ENUM_TYPE", sources[0][1].place, message, "give them a common value")


def enum_values_agree(subgraphs: Subgraphs) -> Iterator[Problem]:
    """ENUM_VALUE_MISMATCH: an enum used for both input and output has the same values everywhere."""
    used = positions(subgraphs)
    for name, sources in _enums(subgraphs):
        if name not in used.inputs or name not in used.outputs:
            continue
        for value in dict.fromkeys(value for _, each in sources for value in each.values):
            found = [each.values[value] for _, each in sources if value in each.values]
            missing = [declared.name for declared, each in sources if value not in each.values]
            if missing and not any(directive_named(each, INACCESSIBLE) for each in found):
                message = f"`{name}.{value}` is missing in {listed(missing)}, and `{name}` is input as well as output"
                suggestion = "add the value to all, or mark it `@inaccessible`"
                yield Problem("ENUM_VALUE_MISMATCH", found[0].place, message, suggestion)


def _same_kind(sources: Sequence[TypeSource]) -> bool:
    return len({kind_of(found) for _, found in sources}) == 1


def _fields(subgraphs: Subgraphs) -> Iterator[tuple[str, tuple[FieldSource, ...]]]:
    for type_name, sources in type_sources(subgraphs).items():
        if _same_kind(sources):
            for fields in field_sources(sources).values():
                yield type_name, fields


def _arguments(subgraphs: Subgraphs) -> Iterator[tuple[str, tuple[InputSource, ...]]]:
    for type_name, fields in _fields(subgraphs):
        for name, found in argument_sources(internal(type_name, fields)).items():
            # What comes from a context is no argument of the supergraph, so it need not agree.
            if not any(is_contextual(given) for _, given in found):
                yield f"{type_name}.{fields[0][1].name}({name}:)", found


def _enums(subgraphs: Subgraphs) -> Iterator[tuple[str, tuple[TypeSource, ...]]]:
    for name, sources in type_sources(subgraphs).items():
        if sources[0][1].kind is Kind.ENUM and _same_kind(sources):
            yield name, sources


def _mismatch(code: str, where: str, found: Sequence[FieldSource] | Sequence[InputSource]) -> Problem:
    each = "; ".join(f"`{given.type}` in `{declared.name}`" for declared, given in found)
    place = next(given.place for _, given in found if given.type != found[0][1].type)
    return Problem(code, place, f"`{where}` has types that do not fit: {each}", "give it one type")


def _defaults(code: str, where: str, found: Sequence[InputSource]) -> Iterator[Problem]:
    given = [(declared, each, each.default) for declared, each in found if each.default is not None]
    values = {canonical_value(default) for _, _, default in given}
    if len(values) > 1:
        each = "; ".join(f"`{default}` in `{declared.name}`" for declared, _, default in given)
        first = canonical_value(given[0][2])
        place = next(one.place for _, one, default in given if canonical_value(default) != first)
        yield Problem(code, place, f"`{where}` has different defaults: {each}", "give it one default")
