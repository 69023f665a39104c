"""The soak: what it calls flat, and that what it asks is answered."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.soak import DOCUMENTS, MIXTURE, READERS, Reading, judge


def readings(memory: Callable[[float], float], minutes: float = 10.0) -> list[Reading]:
    count = round(minutes * 15)
    return [
        Reading(minutes * (n + 1) / count, "x", memory(minutes * (n + 1) / count), 100.0, 1.0) for n in range(count)
    ]


def noise(minute: float) -> float:
    return 200 + random.Random(minute).uniform(-1, 1)


@pytest.mark.parametrize(
    "memory, flat",
    [
        (lambda _: 200.0, True),
        (noise, True),
        (lambda minute: 200.0 - minute, True),
        (lambda minute: 150 + min(minute, 3) * 20, True),
        (lambda minute: 300.0 if 6 < minute < 6.2 else 200.0, True),
        (lambda minute: 200 + minute, False),
        (lambda minute: noise(minute) + minute, False),
        (lambda minute: 200 + (minute // 2) * 3, False),
    ],
    ids=["still", "noise", "shrinking", "grows only while it warms up", "one peak", "a leak", "a noisy leak", "steps"],
)
def test_memory_is_flat_if_it_does_not_grow_after_the_warm_up(memory: Callable[[float], float], flat: bool) -> None:
    assert judge(readings(memory), 1).flat is flat


def test_the_slope_is_that_of_the_leak() -> None:
    found = judge(readings(lambda minute: 200 + 2 * minute), 7)
    assert found.slope == pytest.approx(120)
    assert found.requests == 7
    assert "NOT FLAT: +120.0 MiB an hour" in str(found)


def test_what_is_remembered_is_asked_for_more_often_than_it_is_remembered() -> None:
    from hub.engine import DOCUMENTS_KEPT
    from hub.server.identity import _CACHED_TOKENS

    assert DOCUMENTS > DOCUMENTS_KEPT
    assert READERS > _CACHED_TOKENS
    assert MIXTURE


def test_a_short_soak_gives_its_figures(tmp_path: Path, demo: object) -> None:
    """Of a real hub over the databases that are there."""
    from click.testing import CliRunner

    from bench import soak
    from hub.demo.start import Demo

    assert isinstance(demo, Demo)
    file = tmp_path / "soak.json"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(soak, "SLICE", 0.5)
        patch.setattr(soak, "READERS", 200)
        options = [
            "--minutes",
            "0.1",
            "--fill",
            "1",
            "--clients",
            "4",
            "--data",
            str(demo.folder.path),
            "--json",
            str(file),
        ]
        done = CliRunner().invoke(soak.main, options)
    found = json.loads(file.read_text(encoding="utf-8"))
    assert done.exit_code in (0, 1), done.output
    assert {one["load"] for one in found["readings"]} >= {"whole_book", f"{MIXTURE} 1"}
    assert found["requests"] > 0
    assert all(one["mebibytes"] > 20 for one in found["readings"])
