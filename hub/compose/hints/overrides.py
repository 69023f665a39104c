"""`@override` that has done its work, or has none to do.

Source: Federation, "Migrating fields"; Federation, "Hints".
"""

from __future__ import annotations

from collections.abc import Iterator

from hub.compose.document import Applied, Field
from hub.compose.hints.hint import Hint
from hub.compose.parse import Declared
from hub.compose.problems import did_you_mean
from hub.compose.together import Subgraphs, overrides


def override_sources_are_unknown(subgraphs: Subgraphs) -> Iterator[Hint]:
    """FROM_SUBGRAPH_DOES_NOT_EXIST: the subgraph that a field moves from is not there."""
    names = [declared.name for declared in subgraphs]
    for declared, type_name, field, applied in overrides(subgraphs):
        source = str(applied.value("from"))
        if source not in names:
            message = f"`{type_name}.{field.name}` overrides `{source}`, which is no subgraph"
            near = did_you_mean(source, [name for name in names if name != declared.name])
            yield Hint("FROM_SUBGRAPH_DOES_NOT_EXIST", applied.place, message, near or "remove the `@override`")


def overrides_have_nothing_to_override(subgraphs: Subgraphs) -> Iterator[Hint]:
    """OVERRIDE_DIRECTIVE_CAN_BE_REMOVED: the other subgraph no longer resolves the field."""
    for _, type_name, field, applied in overrides(subgraphs):
        source = next((each for each in subgraphs if each.name == applied.value("from")), None)
        if source is not None and _field(source, type_name, field.name) is None:
            message = f"`{type_name}.{field.name}` overrides `{source.name}`, which does not have it any more"
            yield Hint("OVERRIDE_DIRECTIVE_CAN_BE_REMOVED", applied.place, message, "remove the `@override`")


def overridden_fields_can_go(subgraphs: Subgraphs) -> Iterator[Hint]:
    """OVERRIDDEN_FIELD_CAN_BE_REMOVED: nobody asks a subgraph for a field that has moved away for good."""
    for declared, type_name, field, applied, source, lost in _moves(subgraphs):
        if applied.value("label") is None:
            where = f"{type_name}.{field.name}"
            if (type_name, field.name) in source.used:
                message = f"`{where}` has moved to `{declared.name}`, and `{source.name}` still uses it"
                suggestion = "mark it `@external` here, and remove the `@override` there"
            else:
                message = f"`{where}` has moved to `{declared.name}`"
                suggestion = "remove it here, then the `@override` there"
            yield Hint("OVERRIDDEN_FIELD_CAN_BE_REMOVED", lost.place, message, suggestion)


def overrides_are_under_way(subgraphs: Subgraphs) -> Iterator[Hint]:
    """OVERRIDE_MIGRATION_IN_PROGRESS: a field is moved under a label, which is meant to end."""
    for declared, type_name, field, applied, source, _ in _moves(subgraphs):
        label = applied.value("label")
        if label is not None:
            message = f"`{type_name}.{field.name}` moves from `{source.name}` to `{declared.name}` under `{label}`"
            suggestion = "remove the label once all of it has moved"
            yield Hint("OVERRIDE_MIGRATION_IN_PROGRESS", applied.place, message, suggestion)


def _moves(subgraphs: Subgraphs) -> Iterator[tuple[Declared, str, Field, Applied, Declared, Field]]:
    """Every override whose source is there and has the field, with both."""
    for declared, type_name, field, applied in overrides(subgraphs):
        for source in subgraphs:
            lost = _field(source, type_name, field.name)
            external = (type_name, field.name) in source.external
            if source.name == applied.value("from") and lost is not None and not external:
                yield declared, type_name, field, applied, source, lost


def _field(declared: Declared, type_name: str, name: str) -> Field | None:
    owner = declared.types.get(type_name)
    return owner.fields.get(name) if owner else None
