"""`python -m bench.systems NAME`: serves one baseline as the environment says."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping

from bench.systems.best_hand_written import BestHandWritten
from bench.systems.hand_written import HandWritten
from bench.systems.serving import Baseline, Shared, serve, shared
from bench.systems.stock_strawberry import StockStrawberry

_BASELINES: Mapping[str, Callable[[Shared], Baseline]] = {
    "hand_written": HandWritten,
    "best_hand_written": BestHandWritten,
    "stock_strawberry": StockStrawberry,
}

if __name__ == "__main__":
    made, host, port = shared()
    serve(_BASELINES[sys.argv[1]](made), host, port)
