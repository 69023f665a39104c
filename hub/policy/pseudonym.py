"""The secret and a scope -> the key that a profile's pseudonyms are made with.

A pseudonym is HMAC-SHA-256 (RFC 2104) of the value, cut to 32 hexadecimal digits, under a key of the scope: the same
within an agreement or project, unrelated between two of them. The database computes it, so the key goes there as two
parameters, padded as the two hashes of the construction take it; it stands in no statement and in no plan.
"""

from __future__ import annotations

import hashlib
import hmac

Key = tuple[bytes, bytes]

_BLOCK = 64  # of SHA-256, in bytes


def pseudonym_key(secret: bytes, scope: str | None) -> Key | None:
    """The inner and the outer block; None for a reader without a scope, who sees no pseudonyms."""
    if scope is None:
        return None
    key = hmac.digest(secret, f"pseudonym v1 {scope}".encode(), hashlib.sha256).ljust(_BLOCK, b"\0")
    return bytes(byte ^ 0x36 for byte in key), bytes(byte ^ 0x5C for byte in key)
