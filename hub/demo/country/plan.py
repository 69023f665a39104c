"""The plan of a country: how many households, how large, of which kind, and where one chunk ends.

Households come in blocks of 200. Sizes and kinds are drawn for a whole block, so that any worker can find them again
from the number of the block, and so that the share of the armed forces hardly varies between seeds: a block has three
households of soldiers, two of police, three with a man who was or is a conscript, one of a retired officer. The
first five households are built on purpose: they hold the sample viewers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from hub.demo.country.draw import Weighted, generator

BLOCK = 200
MOST_PEOPLE = 1_000_000
LEAST_PEOPLE = 1_000

_SIZES, _KINDS = 1, 2  # purposes of `draw.generator`; the frame and the households go on from here
_SIZE = Weighted([(1, 11.0), (2, 18.0), (3, 22.0), (4, 26.0), (5, 12.0), (6, 7.0), (7, 3.0), (8, 1.0)])


class Kind(Enum):
    """What a household holds beside ordinary people."""

    ORDINARY = "ordinary"
    ARMY = "army"
    POLICE = "police"
    CONSCRIPT = "conscript"
    ARMY_PENSIONER = "army pensioner"


# Household number → size and kind of those built on purpose; the fifth gives police unit 0 its commander.
CITIZEN, SOLDIER, POLICE_OFFICER, CONSCRIPT, COMMANDER = range(5)
_ON_PURPOSE = {
    CITIZEN: (4, Kind.ORDINARY),
    SOLDIER: (4, Kind.ARMY),
    POLICE_OFFICER: (3, Kind.POLICE),
    CONSCRIPT: (3, Kind.CONSCRIPT),
    COMMANDER: (3, Kind.POLICE),
}


@dataclass(frozen=True, slots=True)
class Chunk:
    """Consecutive households: their numbers, and the number of the first person in the first of them."""

    number: int
    first_household: int
    households: int
    first_person: int
    people: int


@dataclass(frozen=True, slots=True)
class Plan:
    """`people` is exact: the last household is cut to fit."""

    people: int
    seed: int
    households: int

    def size(self, household: int) -> int:
        return sizes(self.seed, household // BLOCK)[household % BLOCK]

    def chunks(self, blocks: int) -> Iterator[Chunk]:
        """The country in pieces of so many blocks of households."""
        first_person = 0
        for number, first in enumerate(range(0, self.households, blocks * BLOCK)):
            until = min(first + blocks * BLOCK, self.households)
            people = sum(self.size(household) for household in range(first, until))
            people = min(people, self.people - first_person)
            yield Chunk(number, first, until - first, first_person, people)
            first_person += people


def plan(people: int, seed: int) -> Plan:
    """`people` from 1,000 to 1,000,000: the random part of a personal number has six digits."""
    if not LEAST_PEOPLE <= people <= MOST_PEOPLE:
        raise ValueError(f"a country has {LEAST_PEOPLE:,} to {MOST_PEOPLE:,} people, not {people:,}")
    if not 0 <= seed < 1 << 64:
        raise ValueError(f"a seed is a whole number from 0 to 2**64 - 1, not {seed}")
    households = living = block = 0
    while living < people:
        for size in sizes(seed, block):
            households += 1
            living += size
            if living >= people:
                break
        block += 1
    return Plan(people, seed, households)


@lru_cache(maxsize=64)
def sizes(seed: int, block: int) -> tuple[int, ...]:
    """The sizes of the 200 households of a block."""
    rng = generator(seed, _SIZES, block)
    drawn = [_SIZE(rng) for _ in range(BLOCK)]
    if block == 0:
        for household, (size, _) in _ON_PURPOSE.items():
            drawn[household] = size
    return tuple(drawn)


@lru_cache(maxsize=4096)
def kinds(seed: int, block: int) -> dict[int, Kind]:
    """The households of a block that are not ordinary, by number of the household, in the order they were drawn."""
    rng = generator(seed, _KINDS, block)
    first = block * BLOCK
    found: dict[int, Kind] = {}
    wanted = [Kind.ARMY] * 3 + [Kind.POLICE] * 2 + [Kind.CONSCRIPT] * 3 + [Kind.ARMY_PENSIONER]
    start = 0
    if block == 0:
        found = {household: kind for household, (_, kind) in _ON_PURPOSE.items() if kind is not Kind.ORDINARY}
        wanted = [Kind.ARMY] * 2 + [Kind.CONSCRIPT] * 2 + [Kind.ARMY_PENSIONER]
        start = len(_ON_PURPOSE)
    for kind, place in zip(wanted, rng.sample(range(start, BLOCK), len(wanted)), strict=True):
        found[first + place] = kind
    return found


def kind(seed: int, household: int) -> Kind:
    return kinds(seed, household // BLOCK).get(household, Kind.ORDINARY)
