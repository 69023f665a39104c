"""Chance that depends on the seed and on nothing else, and numbers that look random and never meet twice.

Every household, block and employer has a generator of its own, keyed by (seed, purpose, number): what is drawn for one
does not depend on how the country is cut into chunks or on which process draws it. Serial numbers are a permutation of
the natural ones (a Feistel network over the two halves of a number), so they are unique without a list of used ones.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterable
from itertools import accumulate
from random import Random
from typing import Generic, TypeVar

T = TypeVar("T")

_ROUNDS = 4


def generator(seed: int, purpose: int, number: int) -> Random:
    """A generator for one thing of one purpose; purposes are numbered where they are used."""
    return Random((seed << 72) | (purpose << 64) | number)


def identity(rng: Random) -> str:
    """A random UUID (version 4) in 32 hexadecimal digits."""
    digits = f"{rng.getrandbits(128):032x}"
    return f"{digits[:12]}4{digits[13:16]}{'89ab'[int(digits[16], 16) & 3]}{digits[17:]}"


class Weighted(Generic[T]):
    """Draws one of several items by weight: `choice(rng)`."""

    __slots__ = ("_bounds", "items")

    def __init__(self, weighted: Iterable[tuple[T, float]]) -> None:
        pairs = [(item, weight) for item, weight in weighted if weight > 0]
        total = sum(weight for _, weight in pairs)
        self.items = tuple(item for item, _ in pairs)
        # The last bound is left out: whatever is above the others is the last item, however sums are rounded.
        self._bounds = list(accumulate(weight / total for _, weight in pairs))[:-1]

    def __call__(self, rng: Random) -> T:
        return self.items[bisect(self._bounds, rng.random())]


def poisson(mean: float) -> Weighted[int]:
    """Counts of a Poisson distribution, cut where the tail no longer matters."""
    weights, weight = [], 1.0
    for n in range(int(mean * 4) + 8):
        weights.append((n, weight))
        weight *= mean / (n + 1)
    return Weighted(weights)


class Serials:
    """A permutation of 0 to `left * right - 1`: `serial(n)` is unique for every n in that range."""

    __slots__ = ("_left", "_right", "_to_left", "_to_right")

    def __init__(self, rng: Random, left: int, right: int) -> None:
        self._left, self._right = left, right
        self._to_left = tuple(tuple(rng.randrange(left) for _ in range(right)) for _ in range(_ROUNDS))
        self._to_right = tuple(tuple(rng.randrange(right) for _ in range(left)) for _ in range(_ROUNDS))

    def __call__(self, number: int) -> int:
        high, low = divmod(number, self._right)
        for to_left, to_right in zip(self._to_left, self._to_right, strict=True):
            high = (high + to_left[low]) % self._left
            low = (low + to_right[high]) % self._right
        return high * self._right + low
