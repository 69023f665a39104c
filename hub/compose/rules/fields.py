"""Field sets: what `@key`, `@requires` and `@provides` may select.

Source: Federation subgraph specification, `@key`, `@requires`, `@provides`; Federation, "Error codes".
"""

from __future__ import annotations

from collections.abc import Iterator

from hub.compose.document import Applied, Field, Kind, Type, directive_named
from hub.compose.facts import field_set_of, field_sets
from hub.compose.fieldsets import FieldSetWrong, Step, parse_field_set, walk
from hub.compose.parse import Declared
from hub.compose.problems import did_you_mean
from hub.compose.specs import EXTERNAL, KEY, PROVIDES, REQUIRES
from hub.compose.together import Subgraphs
from hub.compose.typeref import base_name
from hub.errors import Problem

_COMPOSITE = (Kind.OBJECT, Kind.INTERFACE, Kind.UNION)


def key_fields_are_fields(subgraphs: Subgraphs) -> Iterator[Problem]:
    """KEY_INVALID_FIELDS: a key selects fields of its type, down to scalars and enums."""
    return _invalid(subgraphs, KEY, "KEY_INVALID_FIELDS")


def requires_fields_are_fields(subgraphs: Subgraphs) -> Iterator[Problem]:
    """REQUIRES_INVALID_FIELDS: `@requires` selects fields of the type it stands in, down to scalars and enums."""
    return _invalid(subgraphs, REQUIRES, "REQUIRES_INVALID_FIELDS")


def provides_fields_are_fields(subgraphs: Subgraphs) -> Iterator[Problem]:
    """PROVIDES_INVALID_FIELDS: `@provides` selects fields of the type that its field returns."""
    return _invalid(subgraphs, PROVIDES, "PROVIDES_INVALID_FIELDS")


def key_fields_have_no_arguments(subgraphs: Subgraphs) -> Iterator[Problem]:
    """KEY_FIELDS_HAS_ARGS: a field with arguments has no one value, so it cannot be part of a key."""
    for applied, step, field in _steps(subgraphs, KEY):
        if field.arguments:
            message = f"the key selects `{step.parent}.{field.name}`, which takes arguments"
            yield Problem("KEY_FIELDS_HAS_ARGS", applied.place, message, "choose a field without arguments")


def key_fields_have_one_shape(subgraphs: Subgraphs) -> Iterator[Problem]:
    """KEY_FIELDS_SELECT_INVALID_TYPE: a key selects no field that returns an interface or a union."""
    for declared in subgraphs:
        for applied, step, field in _steps((declared,), KEY):
            returned = declared.types.get(base_name(field.type))
            if returned is not None and returned.kind in (Kind.INTERFACE, Kind.UNION):
                kind = returned.kind.value
                message = f"the key selects `{step.parent}.{field.name}`, which returns the {kind} `{returned.name}`"
                yield Problem("KEY_FIELDS_SELECT_INVALID_TYPE", applied.place, message, "choose fields of object types")


def provides_fields_have_no_arguments(subgraphs: Subgraphs) -> Iterator[Problem]:
    """PROVIDES_FIELDS_HAS_ARGS: what is provided has one value, so it takes no arguments."""
    for applied, step, field in _steps(subgraphs, PROVIDES):
        if field.arguments:
            message = f"`@provides` selects `{step.parent}.{field.name}`, which takes arguments"
            yield Problem("PROVIDES_FIELDS_HAS_ARGS", applied.place, message, "choose a field without arguments")


def provides_stands_on_composite_fields(subgraphs: Subgraphs) -> Iterator[Problem]:
    """PROVIDES_ON_NON_OBJECT_FIELD: only a field of an object, interface or union type provides fields."""
    for declared in subgraphs:
        for _, owner, field, applied in field_sets(declared.types):
            if applied.name == PROVIDES and field is not None and not _composite(declared, field):
                message = f"`{owner}.{field.name}` returns `{field.type}`, which has no fields to provide"
                yield Problem("PROVIDES_ON_NON_OBJECT_FIELD", applied.place, message, "remove `@provides`")


def requires_fields_are_external(subgraphs: Subgraphs) -> Iterator[Problem]:
    """REQUIRES_FIELDS_MISSING_EXTERNAL: what is required comes from elsewhere, so it, or a field above, is external."""
    return _not_external(subgraphs, REQUIRES, "REQUIRES_FIELDS_MISSING_EXTERNAL")


def provides_fields_are_external(subgraphs: Subgraphs) -> Iterator[Problem]:
    """PROVIDES_FIELDS_MISSING_EXTERNAL: what is provided here only on this path is external everywhere else."""
    return _not_external(subgraphs, PROVIDES, "PROVIDES_FIELDS_MISSING_EXTERNAL")


def _composite(declared: Declared, field: Field) -> bool:
    returned = declared.types.get(base_name(field.type))
    return returned is not None and returned.kind in _COMPOSITE


def _steps(subgraphs: Subgraphs, directive: str) -> Iterator[tuple[Applied, Step, Field]]:
    """Every field that the field sets of one directive select, where it exists."""
    for declared in subgraphs:
        for parent, _, _, applied in field_sets(declared.types):
            if applied.name == directive:
                for step in walk(declared.types, parent, field_set_of(applied)):
                    if step.field is not None:
                        yield applied, step, step.field


def _invalid(subgraphs: Subgraphs, directive: str, code: str) -> Iterator[Problem]:
    for declared in subgraphs:
        for parent, owner, field, applied in field_sets(declared.types):
            if applied.name != directive or (directive == PROVIDES and field and not _composite(declared, field)):
                continue
            where = f"{owner}.{field.name}" if field else owner
            for message, suggestion in _reasons(declared, parent, applied):
                called = f"@{directive.removeprefix('federation__')}"
                yield Problem(code, applied.place, f"`{called}` on `{where}`: {message}", suggestion)


def _reasons(declared: Declared, parent: str, applied: Applied) -> Iterator[tuple[str, str]]:
    text = applied.value("fields")
    if isinstance(text, list) and declared.federation1:
        text = " ".join(str(part) for part in text)
    if not isinstance(text, str):
        yield "`fields` must be a string", 'write it as `fields: "id"`'
        return
    try:
        nodes = parse_field_set(text)
    except FieldSetWrong as error:
        yield f"`{text}` is no field set, {error}", ""
        return
    for step in walk(declared.types, parent, nodes):
        on = declared.types.get(step.parent)
        if on is None:
            yield f"there is no type `{step.parent}`", did_you_mean(step.parent, declared.types)
        elif step.field is None:
            yield f"`{step.parent}` has no field `{step.node.name}`", _missing(on, step.node.name)
        else:
            yield from _shape(declared, step, step.field)


def _missing(on: Type, name: str) -> str:
    return did_you_mean(name, on.fields) or "declare it here too, with `@external` if another subgraph resolves it"


def _shape(declared: Declared, step: Step, field: Field) -> Iterator[tuple[str, str]]:
    returned = declared.types.get(base_name(field.type))
    composite = returned is not None and returned.kind in _COMPOSITE
    where = f"`{step.parent}.{field.name}`"
    if composite and not step.node.selections:
        yield f"{where} returns `{field.type}`, whose fields must be selected", "add a selection in braces"
    if not composite and step.node.selections:
        yield f"{where} returns `{field.type}`, which has no fields", "remove the selection"
    for name, _ in step.node.arguments:
        if field.argument(name) is None:
            options = [argument.name for argument in field.arguments]
            yield f"{where} has no argument `{name}`", did_you_mean(name, options)
    given = {name for name, _ in step.node.arguments}
    for argument in field.arguments:
        if argument.required and argument.name not in given and step.node.arguments:
            yield f"{where} needs the argument `{argument.name}`", ""


def _not_external(subgraphs: Subgraphs, directive: str, code: str) -> Iterator[Problem]:
    called = f"@{directive.removeprefix('federation__')}"
    for declared in subgraphs:
        if declared.federation1:
            continue
        for applied, step, field in _steps((declared,), directive):
            if step.node.selections or _is_external(declared, step):
                continue
            message = f"`{called}` selects `{step.parent}.{field.name}`, which this subgraph resolves itself"
            yield Problem(code, applied.place, message, "mark the field `@external`, or do not select it")


def _is_external(declared: Declared, step: Step) -> bool:
    for parent, name in (*step.above, (step.parent, step.node.name)):
        owners = [declared.types[parent]]
        if owners[0].kind is Kind.INTERFACE:
            owners = [each for each in declared.types.values() if parent in each.interfaces]
        if any(name in each.fields and directive_named(each.fields[name], EXTERNAL) for each in owners):
            return True
    return False
