"""Two countries that differ only in cells a reader is denied, or behind their masks, give him the same answers."""

from __future__ import annotations

import os
import time

import pytest

from tests.noninterference import leaks_in_masks, masks, report
from tests.noninterference.conftest import World
from tests.noninterference.planting import Leak, snapshot

EXAMPLES = int(os.environ.get("NONINTERFERENCE_EXAMPLES") or os.environ.get("ORACLE_EXAMPLES") or "0") or 40
MOST = 200
"""Sequences within which every planted leak must be found that does not show by how an answer looks."""


def test_what_is_in_a_denied_cell_or_behind_a_mask_changes_nothing_that_can_be_seen(world: World) -> None:
    started = time.perf_counter()
    sides = world.fresh()
    for number in range(EXAMPLES):
        difference = world.runner.run(sides.difference(world.readers.cell_example(number)))
        assert difference is None, str(difference)
    assert sides.logged == 0, "nothing failed on both sides alike"
    seconds = time.perf_counter() - started
    report.CLEAN.append(f"without a leak: {EXAMPLES} sequences over denied and masked cells, {seconds:.1f} s")


def test_masks_and_denied_cells_look_as_they_should(world: World) -> None:
    assert list(masks.faults(world, world.built)) == []


@pytest.mark.parametrize("leak", leaks_in_masks.LEAKS, ids=lambda leak: leak.name)
def test_a_planted_leak_of_cells_is_found(leak: Leak, world: World) -> None:
    before = snapshot()
    started = time.perf_counter()
    with pytest.MonkeyPatch.context() as patch:
        sides = world.fresh()
        leak.plant(patch)
        assert snapshot() != before, "it is planted"
        number, seen = 0, ""
        looks = next(masks.faults(world, world.built), None)
        if looks is not None:
            seen = looks.where
        while not seen and number < MOST:
            difference = world.runner.run(sides.difference(world.readers.cell_example(number)))
            seen = difference.what if difference is not None else ""
            number += 1
    assert snapshot() == before, "it is gone"
    assert seen, f"`{leak.name}` was not found in {MOST} sequences"
    report.FOUND.append(report.Found(leak.name, leak.family, number, seen, time.perf_counter() - started))
