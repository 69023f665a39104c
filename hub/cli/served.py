"""What `hub check --lists` prints: how every list may be asked, grouped by the index that serves it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from shutil import get_terminal_size
from textwrap import fill

import click

from hub.sources.postgres.served import Served


def print_served(source: str, found: Sequence[Served]) -> None:
    """A paragraph for each list of a source."""
    width = min(get_terminal_size().columns, 120)
    for field, ways in groupby(found, key=lambda one: one.field):
        by_index: dict[str, list[str]] = {}
        for one in ways:
            index = f"{one.table}: {one.index or ('along with another' if one.along else 'NO INDEX')}"
            by_index.setdefault(index, []).append(one.asked or "as it comes")
        click.echo(f"{click.style(field, bold=True)}  ({source})")
        for index, asked in by_index.items():
            click.echo(fill(", ".join(asked), width, initial_indent=f"  {index} <- ", subsequent_indent="      "))
