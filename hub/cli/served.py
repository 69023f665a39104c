"""What `hub check --lists` prints: how every list may be asked, grouped by the index that serves it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from shutil import get_terminal_size
from textwrap import fill

import click

from hub.sources.postgres.served import Served


def print_served(source: str, found: Sequence[Served]) -> None:
    """A paragraph for each list of a source: an index a line, and what it serves."""
    width = min(get_terminal_size().columns, 120)
    for field, ways in groupby(found, key=lambda one: one.field):
        by_index: dict[str, list[str]] = {}
        for one in ways:
            by_index.setdefault(_server(one), []).append(one.asked or "as it comes")
        column = max(map(len, by_index)) + 4
        click.echo(f"{click.style(field, bold=True)}  ({source})")
        for index, asked in by_index.items():
            click.echo(
                fill(", ".join(asked), width, initial_indent=f"  {index:{column - 2}}", subsequent_indent=" " * column)
            )


def _server(one: Served) -> str:
    if one.index:
        return one.index
    return "beside another condition" if one.along else f"NO INDEX on {one.table} ({', '.join(one.columns)})"
