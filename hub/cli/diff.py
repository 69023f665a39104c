"""`hub diff`: what changes for the readers of a schema.

Takes two schemas: files with a supergraph's or plain SDL, directories of subgraphs, or the graph of `schema/` itself
(`-`); gives the changes, one a line or as JSON, and exit code 1 if there is one that matters.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hub.errors import BuildFailed, Problem, StartFailed

if TYPE_CHECKING:
    from hub.diff import Change, Published

_SIDE = click.Path(path_type=Path, exists=True, allow_dash=True)
_HEADS = {
    "breaking": "breaking: operations that were valid may be refused",
    "dangerous": "dangerous: operations stay valid, and may be answered otherwise",
    "safe": "safe: no client notices",
}


@click.command(short_help="List what changes for the readers of a schema.")
@click.argument("old", type=_SIDE, metavar="OLD")
@click.argument("new", type=_SIDE, metavar="NEW")
@click.option(
    "--fail-on",
    type=click.Choice(("breaking", "dangerous", "safe", "nothing")),
    default="breaking",
    help="Exit with 1 if there is such a change, or a worse one.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
def diff(old: Path, new: Path, fail_on: str, as_json: bool) -> None:
    """List what changes for the readers of the public schema from OLD to NEW, the worst first.

    Each is a supergraph's SDL, plain SDL, a directory as `hub compose --from` reads it, or `-` for the graph of
    `schema/`.

    For example:

    \b
      hub diff deployed.graphql -                   what deploying this checkout changes
      hub diff main/subgraphs branch/subgraphs --fail-on dangerous
      hub diff old.graphql new.graphql --json
    """  # noqa: D301 - `\\b` is click's mark for text that keeps its lines
    from hub.diff import diff as compare

    changes = compare(*_sides(old, new))
    click.echo(_json(changes) if as_json else _text(changes))
    # The levels stand in `_HEADS` from worst to best.
    levels = list(_HEADS)
    counted = levels[: levels.index(fail_on) + 1] if fail_on in levels else []
    if any(change.level in counted for change in changes):
        sys.exit(1)


def _sides(*paths: Path) -> list[Published]:
    """Both sides, or the problems of both."""
    found: list[Published] = []
    problems: list[Problem] = []
    for path in paths:
        try:
            found.append(_published(path))
        except BuildFailed as error:
            problems.extend(error.problems)
    if problems:
        raise BuildFailed(problems)
    return found


def _published(path: Path) -> Published:
    from hub.cli.compose import compose_folder
    from hub.compose import read_supergraph
    from hub.diff import published, read_schema

    if str(path) == "-" or path.is_dir():
        return published(compose_folder(None if str(path) == "-" else path)[0])
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise StartFailed(f"cannot read `{path}`: {error}") from None
    if "specs.apollo.dev/join/" not in text:
        return read_schema(text, str(path))
    try:
        return published(read_supergraph(text))
    except BuildFailed as error:
        raise BuildFailed([_placed(problem, path) for problem in error.problems]) from error


def _placed(problem: Problem, path: Path) -> Problem:
    place = problem.place.removeprefix("supergraph")
    return Problem(problem.code, f"{path}{place}", problem.message, problem.suggestion)


def _text(changes: Sequence[Change]) -> str:
    if not changes:
        return "no change"
    lines: list[str] = []
    for level, head in _HEADS.items():
        of_level = [change for change in changes if change.level == level]
        if of_level:
            lines += [*([""] if lines else []), head]
        for change in of_level:
            lines.append(f"  {change.coordinate}: {change.message}")
            if change.advice:
                lines.append(f"    {change.advice}")
    counts = ", ".join(f"{sum(change.level == level for change in changes)} {level}" for level in _HEADS)
    return "\n".join([*lines, "", counts])


def _json(changes: Sequence[Change]) -> str:
    import orjson

    return orjson.dumps([*changes], option=orjson.OPT_INDENT_2).decode()
