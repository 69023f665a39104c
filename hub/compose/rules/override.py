"""`@override`: a field moves from one subgraph to another, at once or under a label.

Source: Federation subgraph specification, `@override`; Federation, "Migrating fields". An override from a subgraph
that does not exist composes: it is what stays behind when the old subgraph is gone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from hub.compose.document import Applied, Field, Kind, directive_named
from hub.compose.parse import Declared
from hub.compose.specs import EXTERNAL, OVERRIDE, PROVIDES, REQUIRES
from hub.compose.together import Subgraphs, is_interface_object, overrides
from hub.errors import Problem

_LABEL = re.compile(r"^[a-zA-Z][a-zA-Z0-9_\-:./]*$")
_PERCENT = re.compile(r"^percent\((\d{1,2}(?:\.\d{1,8})?|100)\)$")


def override_is_from_another(subgraphs: Subgraphs) -> Iterator[Problem]:
    """OVERRIDE_FROM_SELF_ERROR: a field moves from another subgraph."""
    for declared, type_name, field, applied in overrides(subgraphs):
        if applied.value("from") == declared.name:
            message = f"`{type_name}.{field.name}` overrides itself"
            suggestion = "name the subgraph that the field moves from"
            yield Problem("OVERRIDE_FROM_SELF_ERROR", applied.place, message, suggestion)


def override_stands_on_object_fields(subgraphs: Subgraphs) -> Iterator[Problem]:
    """OVERRIDE_ON_INTERFACE: only a field of an object type is resolved, so only it can move."""
    for declared, type_name, field, applied in overrides(subgraphs):
        if declared.types[type_name].kind is Kind.INTERFACE:
            message = f"`{type_name}.{field.name}` is a field of an interface and marked `@override`"
            yield Problem("OVERRIDE_ON_INTERFACE", applied.place, message, "mark the field of the implementing types")


def override_source_is_not_overriding(subgraphs: Subgraphs) -> Iterator[Problem]:
    """OVERRIDE_SOURCE_HAS_OVERRIDE: a field moves once, not in a chain or from two subgraphs to one another."""
    for declared, type_name, field, applied in overrides(subgraphs):
        _, lost = _overridden(subgraphs, declared, type_name, field, applied)
        if lost is not None and directive_named(lost, OVERRIDE):
            message = f"`{type_name}.{field.name}` overrides `{applied.value('from')}`, which overrides it too"
            yield Problem("OVERRIDE_SOURCE_HAS_OVERRIDE", applied.place, message, "keep one of the two `@override`s")


def override_stands_alone(subgraphs: Subgraphs) -> Iterator[Problem]:
    """OVERRIDE_COLLISION_WITH_ANOTHER_DIRECTIVE: what moves is neither external nor tied to other fields."""
    for declared, type_name, field, applied in overrides(subgraphs):
        loser, lost = _overridden(subgraphs, declared, type_name, field, applied)
        found = [(declared, name) for name in (EXTERNAL,) if directive_named(field, name)]
        if loser is not None and lost is not None:
            found += [(loser, name) for name in (REQUIRES, PROVIDES) if directive_named(lost, name)]
        for where, name in found:
            called = where.names.called(name)
            message = f"`{type_name}.{field.name}` moves, and is marked `@{called}` in `{where.name}`"
            suggestion = f"remove `@{called}` or `@override`"
            yield Problem("OVERRIDE_COLLISION_WITH_ANOTHER_DIRECTIVE", applied.place, message, suggestion)
        for where in subgraphs:
            known = where.types.get(type_name)
            if known is not None and is_interface_object(known):
                message = f"`{type_name}.{field.name}` moves, and is of an interface object in `{where.name}`"
                yield Problem("OVERRIDE_COLLISION_WITH_ANOTHER_DIRECTIVE", applied.place, message, "remove `@override`")


def override_labels_are_valid(subgraphs: Subgraphs) -> Iterator[Problem]:
    """OVERRIDE_LABEL_INVALID: a label is a name with `_-:./`, or `percent(x)` with x from 0 to 100."""
    for _, type_name, field, applied in overrides(subgraphs):
        label = applied.value("label")
        if label is not None and not _LABEL.match(str(label)) and not _PERCENT.match(str(label)):
            message = f"`{type_name}.{field.name}` has the override label `{label}`"
            suggestion = "start with a letter, or write `percent(50)`"
            yield Problem("OVERRIDE_LABEL_INVALID", applied.place, message, suggestion)


def _overridden(
    subgraphs: Subgraphs, declared: Declared, type_name: str, field: Field, applied: Applied
) -> tuple[Declared, Field] | tuple[None, None]:
    """The subgraph that loses a field, with the field there."""
    for other in subgraphs:
        if other.name == applied.value("from") and other is not declared and type_name in other.types:
            lost = other.types[type_name].fields.get(field.name)
            if lost is not None:
                return other, lost
    return None, None
