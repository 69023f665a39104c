"""Masks in SQL: text -> text, computed where the value is, so that the value itself does not leave the database.

A null stays null. Every mask is a function of the text alone, with the same shape whatever class the row is of.
"""

from __future__ import annotations

from collections.abc import Callable

from hub.model.effect import Effect

Secret = Callable[[], tuple[str, str]]

# What shows too much of a short value shows nothing of it.
_SHORT = 8


def masked(effect: Effect, text: str, secret: Secret) -> str:
    """The SQL of a masked text. `secret` gives the parameters that hold the key of pseudonyms."""
    match effect:
        case Effect.LAST_FOUR:
            hidden = f"repeat('*', greatest(length({text}) - 4, {_SHORT - 4}))"
            return f"{hidden} || case when length({text}) < {_SHORT} then '****' else right({text}, 4) end"
        case Effect.INITIALS:
            return rf"regexp_replace(btrim({text}, E' \t\n\r\f\v'), '(\S)\S*\s*', '\1.', 'g')"
        case Effect.YEAR:
            return f"left({text}, 4)"
        case Effect.PROVINCE:
            return f"rpad(left({text}, 2), greatest(length({text}), 2), '*')"
        case Effect.PSEUDONYM:
            inner, outer = secret()
            digest = f"sha256({outer} || sha256({inner} || convert_to({text}, 'UTF8')))"
            return f"left(encode({digest}, 'hex'), 32)"
        case Effect.CARD_NUMBER:
            return f"right({text}, 10)"
        case _:
            raise ValueError(f"`{effect}` is no mask")
