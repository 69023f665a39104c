"""Keys that nobody bears, drawn like a given one: same form, same range, valid by the checks of the field.

An index finds its way by the first characters, so a key from elsewhere could be told from a hidden one by its place
alone. What is drawn therefore keeps the part that a key says something with, and only the rest is random.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable

from hub.domain.identifiers import PERSONAL_ID, SI_NUMBER, TAX_CODE, tax_check_digit

MOST_ATTEMPTS = 1_000


class Gaps:
    """Draws keys that are not among those `taken`, and none twice."""

    def __init__(self, chance: random.Random, taken: set[str]) -> None:
        self._chance = chance
        self._taken = taken

    def personal_id(self, like: str) -> str:
        """Province, century, sex and year of birth of `like`; the six random digits are drawn."""
        found = self._draw(lambda: like[:6] + self._digits(6))
        assert PERSONAL_ID.valid(found)
        return found

    def tax_code(self, like: str) -> str:
        """The province of `like`, a serial number, its check digit."""
        found = self._draw(lambda: self._checked(like[:2]))
        assert TAX_CODE.valid(found)
        return found

    def book_code(self, like: str) -> str:
        """The issuer's two digits of `like` and a serial number."""
        found = self._draw(lambda: like[:2] + self._digits(8))
        assert SI_NUMBER.valid(found)
        return found

    def identity(self) -> str:
        """A random UUID (version 4)."""
        return self._draw(lambda: str(uuid.UUID(int=self._chance.getrandbits(128), version=4)))

    def _digits(self, count: int) -> str:
        return f"{self._chance.randrange(10**count):0{count}}"

    def _checked(self, zone: str) -> str:
        while True:
            nine = zone + self._digits(7)
            digit = tax_check_digit(nine)
            if digit is not None:
                return nine + digit

    def _draw(self, make: Callable[[], str]) -> str:
        for _ in range(MOST_ATTEMPTS):
            found = make()
            if found not in self._taken:
                self._taken.add(found)
                return found
        raise ValueError("there is no gap left to draw from")
