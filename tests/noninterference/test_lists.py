"""Lists tell nothing: the two properties of this folder over nothing but walks through lists, and every leak of lists.

A leak shows in one country (`listed`), or between two that differ in hidden rows or in denied and masked cells.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import pytest

from tests.noninterference import leaks_in_lists, listed, report
from tests.noninterference.conftest import World
from tests.noninterference.planting import Leak, snapshot
from tests.noninterference.readers import Example

EXAMPLES = int(os.environ.get("NONINTERFERENCE_EXAMPLES") or os.environ.get("ORACLE_EXAMPLES") or "0") or 60
MOST = 150
"""Walks within which every planted leak must be found."""


def test_walks_through_lists_tell_nothing_of_what_is_hidden(world: World) -> None:
    started = time.perf_counter()
    sides = world.fresh()
    for number in range(EXAMPLES):
        for example in (world.readers.example(number, share=1), world.readers.cell_example(number, 1)):
            difference = world.runner.run(sides.difference(example))
            assert difference is None, str(difference)
    assert sides.logged == 0, "nothing failed on both sides alike"
    seconds = time.perf_counter() - started
    report.CLEAN.append(f"without a leak: {2 * EXAMPLES} walks through lists, {seconds:.1f} s")


def test_cursors_say_nothing_and_open_nowhere_else(world: World) -> None:
    assert list(listed.faults(world, world.built)) == []


@pytest.mark.parametrize("leak", leaks_in_lists.CURSOR_LEAKS, ids=lambda leak: leak.name)
def test_a_planted_leak_shows_in_one_country(leak: Leak, world: World) -> None:
    before = snapshot()
    started = time.perf_counter()
    with pytest.MonkeyPatch.context() as patch:
        leak.plant(patch)
        assert snapshot() != before, "it is planted"
        found = next(listed.faults(world, world.built), None)
    assert snapshot() == before, "it is gone"
    assert found is not None, f"`{leak.name}` was not found"
    report.FOUND.append(report.Found(leak.name, leak.family, 1, found.where, time.perf_counter() - started))


@pytest.mark.parametrize("leak", leaks_in_lists.ROWS, ids=lambda leak: leak.name)
def test_a_planted_leak_shows_in_walks_over_hidden_rows(leak: Leak, world: World) -> None:
    def example(number: int) -> Example:
        reader = leak.readers[number % len(leak.readers)] if leak.readers else ""
        return world.readers.example(number, reader, 1, leak.asked)

    _find(leak, world, example)


@pytest.mark.parametrize("leak", leaks_in_lists.CELLS, ids=lambda leak: leak.name)
def test_a_planted_leak_shows_in_walks_over_cells(leak: Leak, world: World) -> None:
    _find(leak, world, lambda number: world.readers.cell_example(number, 1, leak.asked))


def _find(leak: Leak, world: World, example: Callable[[int], Example]) -> None:
    before = snapshot()
    started = time.perf_counter()
    with pytest.MonkeyPatch.context() as patch:
        sides = world.fresh()
        leak.plant(patch)
        assert snapshot() != before, "it is planted"
        found = None
        for number in range(MOST):
            found = world.runner.run(sides.difference(example(number)))
            if found is not None:
                break
    assert snapshot() == before, "it is gone"
    assert found is not None, f"`{leak.name}` was not found in {MOST} walks"
    report.FOUND.append(report.Found(leak.name, leak.family, number + 1, found.what, time.perf_counter() - started))
