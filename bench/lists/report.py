"""Figures -> tables, and the content of a JSON file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from bench.lists.measure import Counted, Paged, Tenth

_MEGABYTE = 1_000_000


def show(console: Console, paged: Sequence[Paged], counted: Sequence[Counted], tenths: Sequence[Tenth]) -> None:
    """Three tables: pages, counts, the walk."""
    table = _table("pages", ("", "page", "rows", "hub ms", "by hand ms", "÷ first page"))
    for one in paged:
        for page, name in ((one.first, one.name), (one.deep, "")):
            by_hand = "" if page.by_hand is None else f"{page.by_hand:.2f}"
            ratio = "" if page is one.first else f"{page.hub / one.first.hub:.2f}"
            table.add_row(name, f"{page.number:,}", str(page.rows), f"{page.hub:.2f}", by_hand, ratio)
    console.print(table)
    table = _table("counts", ("", "total", "hub ms", "by hand ms"))
    for total in counted:
        table.add_row(total.name, f"{total.total:,}", f"{total.hub:.2f}", f"{total.by_hand:.2f}")
    console.print(table)
    table = _table("walk, a thousand rows a page", ("tenth", "rows", "rows/s", "÷ first tenth", "memory MB"))
    for number, tenth in enumerate(tenths, start=1):
        ratio = f"{tenth.per_second / tenths[0].per_second:.2f}"
        memory = f"{tenth.memory / _MEGABYTE:.0f}"
        table.add_row(str(number), f"{tenth.rows:,}", f"{tenth.per_second:,.0f}", ratio, memory)
    console.print(table)


def as_json(
    people: int, paged: Sequence[Paged], counted: Sequence[Counted], tenths: Sequence[Tenth]
) -> Mapping[str, Any]:
    """The same figures."""
    return {
        "people": people,
        "pages": [asdict(one) for one in paged],
        "counts": [asdict(one) for one in counted],
        "walk": [asdict(one) for one in tenths],
    }


def _table(title: str, headings: Sequence[str]) -> Table:
    table = Table(
        title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0)
    )
    for place, heading in enumerate(headings):
        # The first column gives way in a narrow terminal, figures never.
        table.add_column(heading, justify="right" if place else "left", no_wrap=True, min_width=8 if place else 0)
    return table
