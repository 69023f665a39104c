"""Values as sent -> values as typed, with errors that name the variable and what would be right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphql import get_variable_values

from hub.errors import Refused
from hub.operation.parse import shown
from hub.operation.prepare import Prepared

MOST_ERRORS = 20


def coerce_variables(prepared: Prepared, values: Mapping[str, Any]) -> Mapping[str, Any]:
    """The variables of the operation under its types and defaults, or `Refused`."""
    definitions = prepared.operation.variable_definitions
    if not definitions:
        return {}
    result = get_variable_values(prepared.schema, definitions, dict(values), max_errors=MOST_ERRORS)
    if isinstance(result, list):
        raise Refused([shown(error, "BAD_USER_INPUT") for error in result])
    return result.coerced
