"""What a reader gets of a field: shown, masked, or denied; one effect for each record class.

Made by `hub.policy` from the table, read by the planner and by the sources, which carry it out. A mask is a pure
function of the value with the same shape in every class, so that it tells nothing of the class it was applied in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import reduce
from typing import NamedTuple

from hub.model.viewer import RecordClass


class Effect(StrEnum):
    """The value is how the policy table spells it."""

    SHOW = "show"
    LAST_FOUR = "mask:last-four"  # asterisks, then the last four characters
    INITIALS = "mask:initials"  # the first letter of each word: `N.V.A.`
    YEAR = "mask:year"  # the year of a date
    PROVINCE = "mask:province"  # the two digits of the province that begin a code, then asterisks
    PSEUDONYM = "mask:pseudonym"  # 32 hexadecimal digits; stable within an agreement or project, different between them
    CARD_NUMBER = "mask:card-number"  # the ten digits that end a health card's code
    DENY = "deny"

    @property
    def is_mask(self) -> bool:
        """Whether something is shown, but not the value itself."""
        return self not in (Effect.SHOW, Effect.DENY)


# The scalars whose outputs still are what their name says when they are masked.
SUITED: Mapping[Effect, frozenset[str]] = {
    Effect.LAST_FOUR: frozenset({"PersonalId", "SiNumber", "BookCode", "TaxCode", "Code", "String"}),
    Effect.INITIALS: frozenset({"String"}),
    Effect.YEAR: frozenset({"PartialDate"}),
    Effect.PROVINCE: frozenset({"Code"}),
    Effect.PSEUDONYM: frozenset({"ID", "PersonalId", "SiNumber", "BookCode"}),
    Effect.CARD_NUMBER: frozenset({"Code"}),
}


def strictest(effects: Iterable[Effect]) -> Effect:
    """What is left when all of them apply; of two different masks nothing is."""

    def both(one: Effect, other: Effect) -> Effect:
        if Effect.SHOW in (one, other):
            return other if one is Effect.SHOW else one
        return one if one is other else Effect.DENY

    return reduce(both, effects, Effect.SHOW)


class Effects(NamedTuple):
    """The effect in each record class, in the order of `RecordClass`. What is out of a reader's reach is denied."""

    civilian: Effect
    defence: Effect
    public_security: Effect

    def of(self, record_class: RecordClass) -> Effect:
        """The effect in rows of a class."""
        return self[_POSITIONS[record_class]]

    def within(self, classes: Iterable[RecordClass]) -> frozenset[Effect]:
        """The different effects in these classes."""
        return frozenset(self.of(one) for one in classes)


_POSITIONS = {record_class: position for position, record_class in enumerate(RecordClass)}

SHOWN = Effects(Effect.SHOW, Effect.SHOW, Effect.SHOW)
DENIED = Effects(Effect.DENY, Effect.DENY, Effect.DENY)


def combined(effects: Iterable[Effects]) -> Effects:
    """The strictest effect of all in each class."""
    return Effects(*(strictest(each) for each in zip(*effects, strict=True)))
