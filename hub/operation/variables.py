"""Values as sent -> values as typed, with errors that name the variable and what would be right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from graphql import GraphQLError, get_variable_values
from graphql.language import VariableDefinitionNode

from hub.errors import Refused, Shown
from hub.operation.parse import shown
from hub.operation.prepare import Prepared

MOST_ERRORS = 20


def coerce_variables(prepared: Prepared, values: Mapping[str, Any]) -> Mapping[str, Any]:
    """The variables of the operation under its types and defaults, or `Refused`."""
    definitions = prepared.operation.variable_definitions
    if not definitions:
        return {}
    if prepared.words:
        found = _words(prepared, values)
        if found is not None:
            return found
    found = _coerced(prepared, definitions, values)
    # A default lets such a variable be nullable, but what it decides has no third way (GraphQL 5.8.5).
    undecided = [name for name in prepared.booleans if found.get(name, False) is None]
    if undecided:
        raise Refused(
            [
                Shown(f"`${name}` decides @skip or @include: it cannot be null", code="BAD_USER_INPUT")
                for name in undecided
            ]
        )
    return found


def coerce_forming_variables(prepared: Prepared, values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Those that decide the form of a statement, or `Refused`: a plan does not wait for the values of the others."""
    names = {name for name, _ in prepared.forming}
    definitions = prepared.operation.variable_definitions or ()
    return _coerced(prepared, [one for one in definitions if one.variable.name.value in names], values)


def _coerced(
    prepared: Prepared, definitions: Sequence[VariableDefinitionNode], values: Mapping[str, Any]
) -> Mapping[str, Any]:
    result = get_variable_values(prepared.schema, definitions, dict(values), max_errors=MOST_ERRORS)
    if isinstance(result, list):
        raise Refused([shown(error, "BAD_USER_INPUT") for error in result])
    return result.coerced


def _words(prepared: Prepared, values: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The short way for the commonest case: all variables given, and strings or lists of them. None: the long way."""
    found: dict[str, Any] = {}
    for name, scalar, many in prepared.words:
        value = values.get(name)
        if not isinstance(value, list if many else str):
            return None
        try:
            found[name] = [*map(scalar.coerce_input_value, value)] if many else scalar.coerce_input_value(value)
        except GraphQLError:
            return None
    return found
