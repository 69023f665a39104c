"""What goes out for a fault of the hub: an id that leads to the log. `hub.model.request.refusal` has the rest."""

from __future__ import annotations

import orjson


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
