"""How much memory the hub's own lines hold, in a process where other things have memory too."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import hub

_OF_THE_HUB = tracemalloc.Filter(True, str(Path(hub.__file__).parent / "*"))


@contextmanager
def blocks_kept() -> Iterator[Callable[[], int]]:
    """Counts the pieces of memory that the hub has asked for since and not given back. Slows everything down."""

    def count() -> int:
        gc.collect()
        snapshot = tracemalloc.take_snapshot().filter_traces([_OF_THE_HUB])
        return sum(one.count for one in snapshot.statistics("filename"))

    tracemalloc.start()
    try:
        yield count
    finally:
        tracemalloc.stop()
