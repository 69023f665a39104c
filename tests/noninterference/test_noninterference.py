"""Two countries that differ only in what is hidden from a reader give him the same answers, whatever he asks."""

from __future__ import annotations

import os
import time

import pytest

from tests.noninterference import leaks_between_readers, leaks_in_answers, leaks_in_statements, report
from tests.noninterference.conftest import World
from tests.noninterference.planting import Leak, snapshot
from tests.noninterference.readers import LISTS

EXAMPLES = int(os.environ.get("NONINTERFERENCE_EXAMPLES") or os.environ.get("ORACLE_EXAMPLES") or "0") or 80
"""Sequences of requests without a leak; unset: the same few on every run, set: the more the better."""
MOST = 1_000
"""Sequences within which every planted leak must be found. Ids of rows are random, so it varies how many it takes."""

LEAKS = (*leaks_in_statements.LEAKS, *leaks_in_answers.LEAKS, *leaks_between_readers.LEAKS)


def test_what_is_hidden_from_a_reader_changes_nothing_he_can_see(world: World) -> None:
    started = time.perf_counter()
    sides = world.fresh()
    requests = 0
    for number in range(EXAMPLES):
        example = world.readers.example(number)
        requests += sum(1 + len(others) for _, others in example.steps)
        difference = world.runner.run(sides.difference(example))
        assert difference is None, str(difference)
    assert sides.logged == 0, "nothing failed on both sides alike"
    seconds = time.perf_counter() - started
    report.CLEAN.append(
        f"without a leak: {EXAMPLES} sequences, {requests} requests on each side, no difference, {seconds:.1f} s"
    )


@pytest.mark.parametrize("leak", LEAKS, ids=lambda leak: leak.name)
def test_a_planted_leak_is_found(leak: Leak, world: World) -> None:
    before = snapshot()
    started = time.perf_counter()
    with pytest.MonkeyPatch.context() as patch:
        sides = world.fresh()
        leak.plant(patch)
        assert snapshot() != before, "it is planted"
        found = None
        for number in range(MOST):
            reader = leak.readers[number % len(leak.readers)] if leak.readers else ""
            share = 1 if leak.asked else LISTS
            found = world.runner.run(sides.difference(world.readers.example(number, reader, share, leak.asked)))
            if found is not None:
                break
    assert snapshot() == before, "it is gone"
    assert found is not None, f"`{leak.name}` was not found in {MOST} sequences"
    report.FOUND.append(report.Found(leak.name, leak.family, number + 1, found.what, time.perf_counter() - started))
