"""Comparisons x rounds -> the times of both sides, in milliseconds."""

from __future__ import annotations

import gc
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from bench.timing.comparisons import Comparison
from bench.timing.connection import Connection

ROUNDS = 20
HEAVY = 4  # one pair of these for so many of the others
FEWEST = 100
WARM_UP = 5
_MILLISECOND = 1e6


class Told(Exception):
    """The answers of two sides that must not be told apart differ, or those of two that must are equal."""


@dataclass(frozen=True, slots=True)
class Times:
    """What was measured of one comparison: the n-th of each side was one pair."""

    left: list[float] = field(default_factory=list)
    right: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Pair:
    """Which request of each side is next, and whether the left one goes first."""

    place: int
    left_first: bool


def schedule(pairs: int, places: int, chance: random.Random) -> list[Pair]:
    """Every place as often as every other, give or take one, and each side first in half of the pairs."""
    order: list[int] = []
    while len(order) < pairs:
        order += chance.sample(range(places), places)
    first = [number % 2 == 0 for number in range(pairs)]
    chance.shuffle(first)
    return [Pair(place, left) for place, left in zip(order[:pairs], first, strict=True)]


def pairs_of(comparison: Comparison, pairs: int) -> int:
    """How many pairs of it are measured."""
    return max(FEWEST, pairs // HEAVY) if comparison.heavy else pairs


def check(comparison: Comparison, port: int) -> None:
    """Asks everything once, which warms up what can be warm, and compares the answers."""
    with Connection(port) as connection:
        for left, right in zip(comparison.left, comparison.right, strict=True):
            answers = connection.ask(left)[1], connection.ask(right)[1]
            if (answers[0] == answers[1]) is not comparison.silent:
                raise Told(
                    f"{comparison.about}, {comparison.name}: the answers are"
                    f" {'not ' if comparison.silent else ''}the same,"
                    f" {' and '.join(answer[:200].decode() for answer in answers)}"
                )


def measure(
    compared: Sequence[Comparison],
    port_of: Callable[[Comparison], int],
    pairs: int,
    chance: random.Random,
    advance: Callable[[str], None],
) -> list[Times]:
    """The times of every comparison. They take turns, a part of their pairs in each of the rounds."""
    schedules = [list(_parts(schedule(pairs_of(one, pairs), len(one.left), chance), ROUNDS)) for one in compared]
    times = [Times() for _ in compared]
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        for number in range(ROUNDS):
            for place in chance.sample(range(len(compared)), len(compared)):
                comparison = compared[place]
                advance(f"{comparison.about}: {comparison.name}")
                _take(comparison, port_of(comparison), schedules[place][number], times[place])
    finally:
        gc.enable()
        gc.unfreeze()
    return times


def _parts(pairs: Sequence[Pair], count: int) -> Iterator[Sequence[Pair]]:
    for number in range(count):
        yield pairs[len(pairs) * number // count : len(pairs) * (number + 1) // count]


def _take(comparison: Comparison, port: int, pairs: Sequence[Pair], times: Times) -> None:
    """One turn on one connection: a server closes those that stay idle while others have theirs."""
    with Connection(port) as connection:
        # Not counted: the first requests of a connection, and after another document, are slower.
        for number in range(WARM_UP):
            place = number % len(comparison.left)
            connection.ask(comparison.left[place])
            connection.ask(comparison.right[place])
        for pair in pairs:
            left, right = comparison.left[pair.place], comparison.right[pair.place]
            if pair.left_first:
                first = connection.ask(left)[0]
                second = connection.ask(right)[0]
            else:
                second = connection.ask(right)[0]
                first = connection.ask(left)[0]
            times.left.append(first / _MILLISECOND)
            times.right.append(second / _MILLISECOND)
