"""What a profile's program holds and shows nobody: the key of its pseudonyms, and the seal of its cursors.

A cursor is the texts of a row's keys, encrypted and authenticated (AES-SIV, RFC 5297). It is bound to the profile, the
list with its order, and the filter: anywhere else it cannot be opened, and every cursor that cannot be opened is
answered alike. The same place gives the same cursor, so that equal data give equal bytes; and a place has no
other: what decodes to the same in another spelling is no cursor.

A cursor is as long as the keys of its row. How long a bad one may be, the size of a request bounds.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from hub.errors import Refused, Shown
from hub.model.source import PseudonymKey


def digest(arguments: object) -> str:
    """What ties cursors to the arguments of their list."""
    text = orjson.dumps(arguments, option=orjson.OPT_SORT_KEYS, default=str)
    return hashlib.sha256(text).hexdigest()[:32]


class Secrets:
    """The secrets of one profile.

    secret     of the instance; `name` tells profiles apart
    pseudonym  the two blocks of the key of its pseudonyms; empty for a profile without any
    """

    def __init__(self, secret: bytes, name: str, pseudonym: Mapping[PseudonymKey, bytes]) -> None:
        self.pseudonym = pseudonym
        self._name = name.encode()
        self._seal = AESSIV(hmac.new(secret, b"cursors v1", hashlib.sha512).digest())

    def sealed(self, place: str, values: str, binding: str) -> str:
        """The cursor of a row: `values` is the JSON text of its keys."""
        sealed = self._seal.encrypt(values.encode(), [self._name, place.encode(), binding.encode()])
        return _text(sealed)

    def opened(self, place: str, cursor: Any, binding: str) -> tuple[str, ...]:
        """The texts of a row's keys; `Refused` for what is no cursor of this list, order, filter and reader."""
        try:
            sealed = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
            if _text(sealed) != cursor:
                raise ValueError
            values = self._seal.decrypt(sealed, [self._name, place.encode(), binding.encode()])
        except (ValueError, InvalidTag):
            message = "the cursor is not of this list: send one that it gave you under the same filter and order"
            raise Refused([Shown(message, code="CURSOR_INVALID")]) from None
        return tuple(orjson.loads(values))


def _text(sealed: bytes) -> str:
    return urlsafe_b64encode(sealed).decode().rstrip("=")
