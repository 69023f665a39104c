"""Masks in Python: text -> text, for values that a remote subgraph has given; twins of those in SQL.

The value has left its subgraph and stays in this process: what goes out is the mask. Each is the same function as in
`hub.sources.postgres.mask`, and the tests hold them against each other.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable

from hub.model.effect import Effect

Mask = Callable[[str], str]
PseudonymKey = tuple[bytes, bytes]

# What shows too much of a short value shows nothing of it.
_SHORT = 8
_BLANKS = " \t\n\r\f\v"
# What Unicode calls white space, as the databases' regular expressions do; Python's own `\s` is wider.
_SPACE = "\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_WORD = re.compile(f"([^{_SPACE}])[^{_SPACE}]*[{_SPACE}]*")


def mask(effect: Effect, key: PseudonymKey | None) -> Mask:
    """The function of a mask. `key` is that of the reader's pseudonyms, if he has any."""
    match effect:
        case Effect.LAST_FOUR:
            return _last_four
        case Effect.INITIALS:
            return lambda text: _WORD.sub(r"\1.", text.strip(_BLANKS))
        case Effect.YEAR:
            return lambda text: text[:4]
        case Effect.PROVINCE:
            return lambda text: text[:2].ljust(max(len(text), 2), "*")
        case Effect.CARD_NUMBER:
            return lambda text: text[-10:]
        case Effect.PSEUDONYM if key is not None:
            inner, outer = key
            return lambda text: hashlib.sha256(outer + _digest(inner + text.encode())).hexdigest()[:32]
        case _:
            raise ValueError(f"`{effect}` is no mask of this reader's")


def _last_four(text: str) -> str:
    hidden = "*" * max(len(text) - 4, _SHORT - 4)
    return hidden + ("****" if len(text) < _SHORT else text[-4:])


def _digest(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()
