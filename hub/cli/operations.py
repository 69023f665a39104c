"""`hub operations check`: whether every stored document runs, for the readers it is meant for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hub.cli.common import sample_viewer
from hub.cli.token import NAMES
from hub.errors import Refused, Shown

if TYPE_CHECKING:
    from hub.engine import Engine
    from hub.model.viewer import Profile
    from hub.stored import StoredDocument


@click.group(short_help="Work with manifests of stored documents.")
def operations() -> None:
    """Work with manifests of stored documents, as HUB_OPERATIONS names one."""


@operations.command(short_help="Check that every stored document runs.")
@click.argument("manifest", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--as",
    "viewers",
    type=click.Choice(NAMES),
    multiple=True,
    required=True,
    metavar="VIEWER",
    help=f"Who runs them, once or several times: {', '.join(NAMES)}.",
)
def check(manifest: Path, viewers: tuple[str, ...]) -> None:
    """Check that every document in MANIFEST is valid and can be planned as VIEWER sees the graph.

    Prints every problem with its document, line and column; exit code 1 if there is one. Reads no database; policy,
    agreements and limits are those of the environment, as for `hub serve`.

    \b
      hub operations check persisted-documents.json --as citizen --as health-ministry
    """  # noqa: D301 - `\\b` is click's mark for text that keeps its lines
    from hub.cli.endpoint import graph_and_settings
    from hub.engine import build, document_limits, open_unconnected
    from hub.stored import read_manifest

    documents = read_manifest(manifest).documents
    declared, settings = graph_and_settings(os.environ)
    engine = open_unconnected(build(declared), document_limits(settings))
    wrong = 0
    for viewer in dict.fromkeys(viewers):
        profile = sample_viewer(viewer, None, engine.built).profile
        for document in documents:
            for error in _problems(engine, profile, document):
                where = ":".join(f"{line}:{column}" for line, column in error.locations[:1])
                place = f"{document.name}:{where}" if where else document.name
                click.echo(f"{place}: {error.message}  (as {viewer}, {document.id})")
                wrong += 1
    if wrong:
        raise click.ClickException(f"{wrong} problem{'s' * (wrong > 1)} in {len(documents)} documents")
    click.echo(f"no problem: all of {len(documents)} documents run as {', '.join(dict.fromkeys(viewers))}")


def _problems(engine: Engine, profile: Profile, document: StoredDocument) -> Iterator[Shown]:
    """What is wrong with a document; what is wrong with all of its operations, once."""
    from hub.model.request import Request

    seen = set()
    for name in document.operations:
        try:
            engine.stages(Request(document.text, name or None), profile)
        except Refused as refused:
            for error in refused.errors:
                said = (error.message, error.locations)
                # A variable without a default has its value when it runs.
                if error.code != "BAD_USER_INPUT" and said not in seen:
                    seen.add(said)
                    yield error
