"""What goes out for a fault of the hub: an id that leads to the log; and with a 401, what would be accepted.

`hub.model.request.refusal` has the rest.
"""

from __future__ import annotations

import logging
import unicodedata
from collections.abc import Sequence
from os import urandom

import orjson

from hub.errors import Unauthenticated, origin

_log = logging.getLogger("hub.server")


def body_of_internal(error: Exception) -> bytes:
    """What is said about an error that nobody outside may know more of: the id under which it is logged now.

    The log tells where it happened. Messages may hold values of persons: they go to the debug level only.
    """
    error_id = urandom(16).hex()
    _log.error("error %s: %s", error_id, origin(error))
    _log.debug("error %s: %s", error_id, error)
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


def challenge(error: Unauthenticated, authorization: Sequence[bytes]) -> bytes:
    """The value of `WWW-Authenticate` (RFC 6750, section 3): what is wrong, if a token was sent at all."""
    if not authorization:
        return b"Bearer"
    # RFC 6750 allows ASCII there, and neither quotes nor backslashes.
    description = unicodedata.normalize("NFD", error.message.replace("đ", "d")).encode("ascii", "ignore")
    description = description.replace(b'"', b"'").replace(b"\\", b"/")
    return b'Bearer error="invalid_token", error_description="' + description + b'"'
