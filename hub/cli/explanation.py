"""What a viewer is given of an operation: for a terminal, and as JSON for programs.

Takes an `Explanation` of `hub.policy.explain` and what the reader is told instead of an answer; decides nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hub.cli.common import document_text, error_line
from hub.cli.endpoint import ROOT
from hub.errors import Shown
from hub.model.effect import Effect
from hub.model.viewer import Audience, Profile, Universe
from hub.policy.explain import Decision, Explained, Explanation, cell_lines, walk, with_lines

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from hub.engine import Built


def _cells(built: Built, *, brief: bool = False) -> Callable[[str], str]:
    """Puts into a reason the line of the cell it names; brief without its section, which the tree says too."""
    table = built.rules.policy.name
    lines = cell_lines(document_text(ROOT / "schema" / table))

    def placed(reason: str) -> str:
        found = with_lines(reason, table, lines)
        return re.sub(rf"({re.escape(table)}:\d+) \[[\w.-]+\]", r"\1", found) if brief else found

    return placed


def _reader(profile: Profile, viewer: str, built: Built) -> str:
    """Who reads, in a line."""

    def records(universe: Universe) -> str:
        return ", ".join(universe.classes)

    if profile.audience is Audience.CITIZEN:
        what = f"own records: {records(profile.own)}; other records: {records(profile.others)}"
    else:
        what = f"records: {records(profile.others)}"
    agreement = built.rules.agreements.get(profile.agreement or "")
    if agreement is not None:
        what += (
            f"; agreement {agreement.name}, {agreement.valid_from:%d/%m/%Y} to {agreement.valid_until:%d/%m/%Y}, "
            f"for {' or '.join(agreement.purposes)}"
        )
    if profile.project is not None:
        what += f"; project {profile.project}"
    return f"{viewer} reads as {profile.audience}; {what}"


def _by_effect(decisions: Sequence[Decision], between: str = " · ") -> str:
    """`show`, or `civilian show · defence deny` where the classes differ."""
    by_effect: dict[str, list[str]] = {}
    for one in decisions:
        by_effect.setdefault(str(one.effect), []).append(str(one.record_class))
    if len(by_effect) == 1:
        return next(iter(by_effect))
    return between.join(f"{', '.join(classes)} {effect}" for effect, classes in by_effect.items())


def _reasons(one: Explained, cells: Callable[[str], str]) -> list[str]:
    """What decided, one line for each reason; classes are named where they have different ones."""
    found: dict[str, list[str]] = {}
    for decision in one.decisions:
        found.setdefault(cells(decision.because), []).append(str(decision.record_class))
    lines = [reason if len(found) == 1 else f"{', '.join(of)}: {reason}" for reason, of in found.items()]
    lines += [f"sees {'.'.join(target)} as {_by_effect(decisions)}" for target, decisions in one.sees]
    return lines + [cells(reason) for reason in one.refused]


def _style(decisions: Sequence[Decision]) -> str:
    effects = {one.effect for one in decisions}
    if effects == {Effect.SHOW}:
        return "green"
    return "red" if effects == {Effect.DENY} else "yellow"


def _called(one: Explained) -> str:
    name = one.name if one.key == one.name else f"{one.key}: {one.name}"
    return f"{name}({', '.join(one.arguments)})" if one.arguments else name


def _explanation_table(
    found: Explanation, marked: Container[tuple[int, int]], cells: Callable[[str], str], between: str
) -> Table:
    """A line for each field; `between` parts the effects of classes that differ."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for heading in ("", "field -> standing", "effect"):
        table.add_column(heading, no_wrap=True)
    table.add_column("decided by", overflow="fold")

    def add(fields: Sequence[Explained], indent: int, above: Explained | None) -> None:
        on: tuple[str, ...] = ()
        for one in fields:
            if one.on != on:
                on = one.on
                table.add_row("", Text(f"{'  ' * indent}... on {', '.join(on)}", style="dim"), "", "")
            deep = indent + bool(on)
            refused = bool(one.refused) or one.location in marked
            name = Text("  " * deep + _called(one), style="bold red" if refused else "")
            if above is None or one.below is not one.standing:
                name.append(f" -> {one.below}", style="cyan")
            reasons = _reasons(one, cells)
            if above is not None and above.denied and reasons == _reasons(above, cells)[: len(reasons)]:
                reasons = []  # behind a field that is not given, for the same reason
            table.add_row(
                Text("x" if refused else "", style="bold red"),
                name,
                Text(_by_effect(one.decisions, between), style=_style(one.decisions)),
                Text("\n".join(reasons), style="red" if refused else "dim"),
            )
            add(one.selection, deep + 1, one)

    add(found.fields, 0, None)
    return table


def print_explanation(
    console: Console, found: Explanation, viewer: str, built: Built, told: Sequence[Shown], file: Path
) -> None:
    """Prints the tree, and what the reader is told if it is refused; classes side by side where there is room."""
    from rich.measure import Measurement
    from rich.text import Text

    marked = {place for error in told for place in error.locations}
    for between, brief in ((" · ", False), (" · ", True), ("\n", True)):
        table = _explanation_table(found, marked, _cells(built, brief=brief), between)
        if Measurement.get(console, console.options.update(max_width=10_000), table).maximum <= console.width:
            break
    console.print(Text(_reader(found.profile, viewer, built), style="bold"), soft_wrap=True)
    console.print()
    _print_trimmed(console, table)
    if told or found.refused:
        console.print()
        console.print(Text("The operation is refused as a whole (x), before anything is read. The reader is told:"))
        for error in told:
            console.print(Text(f"  {error_line(error, file)}"), soft_wrap=True)


def explanation_json(found: Explanation, viewer: str, built: Built, told: Sequence[Shown]) -> str:
    """The same as JSON: the fields in a list, each before what it leads to."""
    import orjson

    cells = _cells(built)
    profile = found.profile

    def decided(decisions: Sequence[Decision]) -> Any:
        return {str(one.record_class): {"effect": one.effect, "because": cells(one.because)} for one in decisions}

    document = {
        "viewer": viewer,
        "audience": profile.audience,
        "own": profile.own.classes,
        "others": profile.others.classes,
        "agreement": profile.agreement,
        "project": profile.project,
        "operation": found.operation,
        "refused": bool(told) or found.refused,
        "told": [
            {
                "message": error.message,
                "code": error.code,
                "locations": [{"line": line, "column": column} for line, column in error.locations],
            }
            for error in told
        ],
        "fields": [
            {
                "path": path,
                "field": f"{one.parent}.{one.name}",
                "on": one.on,
                "line": one.location[0],
                "column": one.location[1],
                "standing": one.standing,
                "below": one.below,
                "classes": decided(one.decisions),
                "sees": {".".join(target): decided(decisions) for target, decisions in one.sees},
                "refused": [cells(reason) for reason in one.refused],
            }
            for path, one in walk(found.fields)
        ],
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()


def _print_trimmed(console: Console, found: Any) -> None:
    """Prints it without the blanks that fill its last column."""
    from rich.text import Text

    for line in console.render_lines(found, pad=False):
        text = Text.assemble(*[(segment.text, segment.style or "") for segment in line])
        text.rstrip()
        console.print(text, soft_wrap=True)
