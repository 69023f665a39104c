"""Errors -> the one shape in which they are shown, and the status that goes with it.

What a client may see is decided by the family of the error alone: `Shown` goes out as it is, everything else is an id
that leads to the log.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from hub.errors import Shown


def body_of(errors: Sequence[Shown]) -> bytes:
    """A GraphQL response without data: the request failed before anything was read."""
    return orjson.dumps({"errors": [_entry(error) for error in errors]})


def body_of_internal(error_id: str) -> bytes:
    """What is said about an error that nobody outside may know more of."""
    return orjson.dumps(
        {
            "errors": [
                {
                    "message": f"something went wrong inside: `{error_id}` names it in the log",
                    "extensions": {"code": "INTERNAL_SERVER_ERROR", "id": error_id},
                }
            ]
        }
    )


def _entry(error: Shown) -> Mapping[str, Any]:
    entry: dict[str, Any] = {"message": error.message}
    if error.locations:
        entry["locations"] = [{"line": line, "column": column} for line, column in error.locations]
    if error.path:
        entry["path"] = list(error.path)
    return entry | {"extensions": {"code": error.code}}
