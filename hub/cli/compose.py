"""`hub compose`: subgraphs into one supergraph.

Takes nothing (the graph of `schema/`) or a directory of SDL files; gives the supergraph on the standard output or in a
file, hints on the error output, and exit code 1 with every problem if the subgraphs do not compose.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hub.errors import BuildFailed, HubError, StartFailed

if TYPE_CHECKING:
    from hub.compose import Hint, Sources
    from hub.model.supergraph import Supergraph


@click.command(short_help="Compose subgraphs and print the supergraph's SDL.")
@click.option(
    "--from",
    "folder",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Compose the SDL files of DIR instead of the sources of `schema/`.",
)
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Write to FILE.")
@click.option("--no-hints", is_flag=True, help="Keep warnings to yourself.")
@click.option("--strict", is_flag=True, help="Fail if there is a warning.")
def compose(folder: Path | None, output: Path | None, no_hints: bool, strict: bool) -> None:
    """Compose subgraphs and print the supergraph, which any Federation 2 router can read.

    In DIR every `*.graphql` is a subgraph named after the file, unless `supergraph.toml` says otherwise:

    \b
      [subgraphs.people]
      file = "people.graphql"
      url = "http://localhost:4001/graphql"

    For example:

    \b
      hub compose                                   the hub's own graph
      hub compose --from subgraphs                  the subgraphs of a directory
      hub compose --from subgraphs --output all.graphql
      hub compose --from subgraphs --strict > /dev/null && echo nothing to complain about
    """  # noqa: D301 - `\\b` is click's mark for text that keeps its lines
    supergraph, hints = compose_folder(folder)
    for hint in () if no_hints else hints:
        click.echo(f"warning: {hint}", err=True)
    if strict and hints:
        raise HubError(f"{len(hints)} warning{'s' * (len(hints) > 1)}, and `--strict` allows none")
    if output is None:
        click.echo(supergraph.sdl, nl=False)
        return
    try:
        output.write_text(supergraph.sdl, encoding="utf-8")
    except OSError as error:
        raise StartFailed(f"cannot write `{output}`: {(error.strerror or str(error)).lower()}") from None


def compose_folder(folder: Path | None) -> tuple[Supergraph, tuple[Hint, ...]]:
    """The supergraph of a directory, or of `schema/`, with hints. Raises `BuildFailed`, each problem in its file."""
    from hub.compose import compose_with_hints

    sources = _sources(folder)
    try:
        supergraph, hints = compose_with_hints(sources.subgraphs)
    except BuildFailed as error:
        raise sources.failed(error) from error
    return supergraph, tuple(sources.placed_hint(hint) for hint in hints)


def _sources(folder: Path | None) -> Sources:
    from hub.cli.endpoint import graph_and_settings
    from hub.compose import Sources, read_folder
    from hub.engine import build

    if folder is not None:
        return read_folder(folder)
    graph, _ = graph_and_settings(os.environ)
    # The hub's own graph is more than its subgraphs: labels, policy and mappings are checked with it.
    build(graph)
    return Sources(graph.subgraphs, {})
