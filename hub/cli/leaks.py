"""`hub policy leaks`: columns whose data give a record class away.

What it prints names classes and tells of hidden rows. It reads with the role of all classes, so it runs
where that role may be used, and its output stays there.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hub.cli.common import DATA, built_graph, databases
from hub.errors import StartFailed
from hub.model.effect import Effect
from hub.model.viewer import CLEARANCES, Audience, Standing, Universe

if TYPE_CHECKING:
    from hub.engine import Built
    from hub.settings import Settings
    from hub.sources.postgres.telltale import Finding, Report

ShownTo = Callable[[str], frozenset[Audience]]

# In which some may read who are cleared for civilian records alone.
_UNCLEARED = frozenset(audience for audience, held in CLEARANCES.items() if Universe.CIVILIAN in held)
_SLOW = 1.0  # seconds after which a run is worth a bar
_MOST = 25  # lines of class against class without `--all`


@click.command(short_help="Find columns whose data give a record class away.")
@DATA
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
@click.option("--all", "everything", is_flag=True, help="Print every line of class against class.")
@click.option(
    "--strict",
    is_flag=True,
    help="Exit with 1 if plain rows give a class away through a label that is shown, of others' records, to an audience"
    " without clearance.",
)
def leaks(data: Path, as_json: bool, everything: bool, strict: bool) -> None:
    """Find columns whose data give a record class away. THE OUTPUT NAMES CLASSES: it is for those cleared for all.

    \b
    plain rows           what an uncleared reader sees of people who also have hidden rows
                         differs from what he sees of others
    class against class  a column tells the rows of two classes apart, so that it gives
                         away a cell that another label hides

    \b
    NULLS     empty more or less often
    CONSTANT  always the same value
    RANGE     within a narrow range
    PREFIX    a value, or a beginning of values, that is more or less frequent
    WORD      a value that belongs to another class, as the issuer ARMY_SI

    Counts are compared within sex and decade of birth, a household counts once, and what chance would do is left out;
    nothing is said of fewer than ten households. Audiences are those that the policy shows the labels of others'
    records; what a citizen sees of himself is not counted.
    """  # noqa: D301 - `\\b` is click's mark for text that keeps its lines
    import orjson

    from hub.sources.postgres.telltale import find_telltales, steps

    built = built_graph()
    shown_to = _shown_to(built)

    async def read(settings: Settings) -> Report:
        dsns = _all_classes(settings, tuple(built.declared.mappings))
        with _progress(steps(built.declared.mappings)) as advance:
            return await find_telltales(
                built.declared.mappings, built.supergraph.api, built.rules.labels, dsns, advance
            )

    with databases(data) as (settings, _):
        report = asyncio.run(read(settings))
    open_ = [finding for finding in report.findings if _open(finding, shown_to)]
    if as_json:
        click.echo(orjson.dumps(_document(report, shown_to), option=orjson.OPT_INDENT_2).decode())
    else:
        _print(report, shown_to, None if everything else _MOST, len(open_))
    if strict and open_:
        click.echo(f"error: {len(open_)} telltales are shown to audiences without clearance", err=True)
        sys.exit(1)


def _shown_to(built: Built) -> ShownTo:
    """The audiences that the policy table shows a label of records other than their own."""
    cells = built.declared.policy.cells

    def shown_to(label: str) -> frozenset[Audience]:
        # Of plain rows; what is shown masked still tells where it is missing.
        return frozenset(
            audience
            for (audience, standing), given in cells.items()
            if standing is not Standing.SELF and label in given and given[label].civilian is not Effect.DENY
        )

    return shown_to


def _all_classes(settings: Settings, sources: Sequence[str]) -> dict[str, str]:
    """The addresses that read every class; an instance without them has nothing to compare."""
    missing = [source for source in sources if Universe.ALL not in settings.dsns.by_source.get(source, {})]
    if missing:
        raise StartFailed(
            "this instance has no address that reads all classes, so hidden rows cannot be compared with plain ones:"
            f" set {', '.join(f'`HUB_DSN_{source.upper()}_{Universe.ALL.name}`' for source in missing)}"
        )
    return {source: settings.dsns.dsn(source, Universe.ALL) for source in sources}


def _audiences(labels: Sequence[str], shown_to: ShownTo) -> list[Audience]:
    """Who is shown all labels on the path to a column."""
    return [audience for audience in Audience if all(audience in shown_to(label) for label in labels)]


def _of(finding: Finding, shown_to: ShownTo) -> list[Audience]:
    found = {audience for field in finding.shown for audience in _audiences(field.labels, shown_to)}
    return [audience for audience in Audience if audience in found]


def _open(finding: Finding, shown_to: ShownTo) -> bool:
    """Whether a telltale in plain rows is shown to somebody without clearance."""
    from hub.sources.postgres.telltale import Signal

    return finding.signal is Signal.PLAIN and not _UNCLEARED.isdisjoint(_of(finding, shown_to))


def _document(report: Report, shown_to: ShownTo) -> dict[str, Any]:
    return {
        "people_with_hidden_rows": report.people,
        "households": report.families,
        "columns": report.columns,
        "comparisons": report.comparisons,
        "findings": [
            {
                "signal": finding.signal.name,
                "kind": finding.kind.name,
                "source": finding.source,
                "table": finding.table,
                "column": finding.column,
                "groups": list(finding.groups),
                "evidence": finding.evidence,
                "gap": round(finding.gap, 3),
                "fields": [
                    {
                        "field": field.field,
                        "term": field.term,
                        "label": field.label,
                        "labels": list(field.labels),
                        "audiences": [str(audience) for audience in _audiences(field.labels, shown_to)],
                    }
                    for field in finding.shown
                ],
                "audiences": [str(audience) for audience in _of(finding, shown_to)],
                "open": _open(finding, shown_to),
            }
            for finding in report.findings
        ],
    }


def _print(report: Report, shown_to: ShownTo, most: int | None, open_: int) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from hub.sources.postgres.telltale import Signal

    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = max(console.width, 160)  # a pipe has no edge
    titles = {
        Signal.PLAIN: "plain rows: what tells people with hidden rows from others",
        Signal.CLASSES: "class against class: what tells the rows of two classes apart",
    }
    for signal, title in titles.items():
        found = [finding for finding in report.findings if finding.signal is signal]
        # One line for all that is said of a column; findings come widest first, and so do columns.
        places: dict[tuple[str, str, str], list[Finding]] = {}
        for finding in found:
            places.setdefault((finding.source, finding.table, finding.column), []).append(finding)
        lines = list(places.values())[: None if signal is Signal.PLAIN else most]
        console.print(f"\n[bold]{title}[/bold]")
        if not found:
            console.print("nothing")
            continue
        table = Table(box=None, pad_edge=False, show_edge=False, padding=(0, 2, 1, 0))
        table.add_column("gap", justify="right", no_wrap=True)
        table.add_column("signal", no_wrap=True)
        table.add_column("column, field, label", ratio=4)
        table.add_column("evidence", ratio=5)
        table.add_column("shown to", ratio=2)
        for one in lines:
            first = one[0]
            style = "bold red" if _open(first, shown_to) else ""
            table.add_row(
                f"{first.gap:.1f}",
                Text("\n".join(dict.fromkeys(finding.kind.value for finding in one)), style=style),
                Text(f"{first.source}.{first.table}.{first.column}\n{_fields(first)}"),
                Text("\n".join(finding.evidence.replace(" %", "\N{NO-BREAK SPACE}%") for finding in one)),
                Text(", ".join(_of(first, shown_to)) or ("nobody" if first.shown else ""), style=style),
            )
        console.print(table)
        if len(lines) < len(places):
            console.print(f"and {len(places) - len(lines)} more columns, with narrower gaps: --all prints them")
    plain = sum(finding.signal is Signal.PLAIN for finding in report.findings)
    console.print(
        f"\n{plain} telltales in plain rows, {open_} of them shown to audiences without clearance;"
        f" {len(report.findings) - plain} differences between classes. Compared: {report.columns} columns,"
        f" {report.people:,} people with hidden rows in {report.families:,} households,"
        f" {report.comparisons:,} comparisons."
    )


def _fields(finding: Finding) -> str:
    """The fields of a column, one a line, with labels and Vietnamese terms; three of them."""
    if not finding.shown:
        return "not in the graph"
    # An object that is null with the column says nothing beside the column itself.
    fields = [
        one for one in finding.shown if not any(other.field.startswith(f"{one.field}.") for other in finding.shown)
    ]
    lines = [f"{one.label} {one.field}{f' ({one.term})' if one.term else ''}" for one in fields[:3]]
    return "\n".join(lines + ([f"and {len(fields) - 3} more fields"] if len(fields) > 3 else []))


def _progress(total: int) -> AbstractContextManager[Callable[[str], None]]:
    """A bar on the error output, on a terminal, once a run takes more than a moment."""
    from contextlib import contextmanager
    from time import monotonic

    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

    @contextmanager
    def running() -> Any:
        console = Console(stderr=True)
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
            task = progress.add_task("reading", total=total, visible=False)
            begun = monotonic()

            def advance(what: str) -> None:
                progress.update(task, advance=1, description=what, visible=monotonic() - begun > _SLOW)

            yield advance

    return running()
