"""What was found in a run: one line for each planted leak."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Found:
    """A leak and how it showed: after how many examples, in what, and how long that took."""

    name: str
    family: str
    examples: int
    shown_in: str
    seconds: float


FOUND: list[Found] = []
"""In the order of the run."""
CLEAN: list[str] = []
"""What was looked at without a leak."""


def lines() -> list[str]:
    """The table."""
    if not FOUND and not CLEAN:
        return []
    rows = [("planted leak", "family", "examples", "seen in", "seconds")]
    rows += [(one.name, one.family, str(one.examples), one.shown_in, f"{one.seconds:.1f}") for one in FOUND]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    table = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return ["", *CLEAN, *([f"{len(FOUND)} planted leaks, each found:", *table] if FOUND else [])]
