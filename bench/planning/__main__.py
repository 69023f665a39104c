"""`python -m bench.planning`: from nothing to its table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from bench.planning.graph import Size
from bench.planning.measure import CACHED, COLD, STAGES, Measured, measure
from bench.terminal import progress

BASE = STAGES[0]


@click.command()
@click.option("--subgraphs", type=click.IntRange(1, 50), default=10, show_default=True, help="How many there are.")
@click.option("--fields", type=click.IntRange(1, 20_000), default=1_000, show_default=True, help="About how many.")
@click.option("--rounds", type=click.IntRange(1, 1_000), default=7, show_default=True, help="How often it is measured.")
@click.option("--json", "file", type=click.Path(path_type=Path, dir_okay=False), help="Write the figures to a file.")
def main(subgraphs: int, fields: int, rounds: int, file: Path | None) -> None:
    """Measure how long a large operation over many subgraphs takes to plan, cold and cached.

    How to read the table: `python -c "import bench.planning; help(bench.planning)"`.
    """
    console = Console()
    with progress(console, rounds) as advance:
        measured = measure(Size(subgraphs, fields), rounds, advance)
    show(console, measured, subgraphs)
    if file is not None:
        file.write_text(json.dumps(as_json(measured, subgraphs), indent=2) + "\n", encoding="utf-8")


def show(console: Console, measured: Measured, subgraphs: int) -> None:
    """The table."""
    table = Table(title=f"{measured.fields:,} fields, {subgraphs} subgraphs, {measured.fetches} fetches")
    table.add_column("stage")
    table.add_column("ms", justify="right")
    table.add_column(f"÷ {BASE}", justify="right")
    for stage in (*STAGES, COLD, CACHED):
        table.add_row(stage, f"{measured.median(stage):,.3f}", f"{measured.relative(stage, BASE):,.4f}")
    console.print(table)
    console.print(f"cached ÷ cold: {measured.relative(CACHED, COLD):.5f}", highlight=False)


def as_json(measured: Measured, subgraphs: int) -> dict[str, Any]:
    """The figures."""
    stages = (*STAGES, COLD, CACHED)
    return {
        "fields": measured.fields,
        "subgraphs": subgraphs,
        "fetches": measured.fetches,
        "milliseconds": {stage: round(measured.median(stage), 4) for stage in stages},
        "relative_to_parse_and_validate": {stage: round(measured.relative(stage, BASE), 5) for stage in stages},
        "cached_relative_to_cold": round(measured.relative(CACHED, COLD), 7),
    }


if __name__ == "__main__":
    main()
