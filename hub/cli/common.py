"""What several commands ask for and need: options, the graph, a document, a sample viewer, databases to read."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hub.cli.token import NAMES
from hub.errors import Shown, StartFailed

if TYPE_CHECKING:
    from hub.engine import Built
    from hub.model.supergraph import Supergraph
    from hub.model.viewer import Viewer
    from hub.settings import Settings

DATA = click.option("--data", type=click.Path(path_type=Path), default=Path(".demo"), help="The demo's directory.")
FILE = click.argument(
    "file", type=click.Path(path_type=Path, exists=True, dir_okay=False, allow_dash=True), metavar="FILE"
)
AS = click.option(
    "--as",
    "viewer",
    type=click.Choice(NAMES),
    default="officer",
    metavar="VIEWER",
    help=f"Who reads: {', '.join(NAMES)}.",
)
OPERATION = click.option("--operation", help="The operation's name, if the document has several.")
VARIABLES = click.option("--variables", default="{}", help="Variables as JSON.")


def built_graph() -> Built:
    from hub.cli.endpoint import graph_and_settings
    from hub.engine import build

    return build(graph_and_settings(os.environ)[0])


def supergraph_of(file: Path) -> Supergraph:
    """A composed supergraph, as `hub compose` prints it."""
    from hub.compose import read_supergraph

    return read_supergraph(document_text(file))


def error_line(error: Shown, file: Path) -> str:
    places = ", ".join(f"{file}:{line}:{column}" for line, column in error.locations)
    return f"{places}: {error.message}" if places else error.message


def document_text(file: Path) -> str:
    try:
        return sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise StartFailed(f"cannot read `{file}`: {error}") from None


def variable_values(text: str) -> dict[str, Any]:
    import orjson

    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise StartFailed(f"--variables is not JSON: {error}") from None
    if not isinstance(found, dict):
        raise StartFailed('--variables must be a JSON object, as `{"personalId": "079190000123"}`')
    return found


def sample_viewer(name: str, folder: Any, built: Built) -> Viewer:
    """A sample viewer, by the same rules that a token's claims go through."""
    from hub.demo.tokens import VIEWERS, subjects
    from hub.server.identity import viewer_of

    claims = dict(VIEWERS[name].claims)
    if VIEWERS[name].personal:
        # Stages up to the plan never see a subject; any well-formed number stands for it.
        claims["sub"] = subjects(folder)[name] if folder is not None else "001190000000"
    return viewer_of(claims, built.served())


@contextmanager
def databases(data: Path) -> Iterator[tuple[Settings, Any]]:
    """Settings with databases to read: those of the environment, a running demo's, or the demo's started for this."""
    from dataclasses import replace

    from hub.cli.endpoint import graph_and_settings
    from hub.demo.cluster import attached_cluster
    from hub.demo.folder import Folder
    from hub.demo.start import Silent, running_demo
    from hub.demo.tokens import pseudonym_secret

    _, settings = graph_and_settings(os.environ)
    folder = Folder(data.expanduser().resolve())
    if settings.dsns.by_source:
        yield settings, folder
        return
    cluster = attached_cluster(folder)
    if cluster is not None:
        secret = settings.pseudonym_key or pseudonym_secret(folder)
        yield replace(settings, dsns=cluster.dsns(), pseudonym_key=secret), folder
        return
    if folder.contents() is None:
        raise StartFailed(f"there is no finished demo in `{data}` and no HUB_DSN_*: start `hub demo` first")
    with running_demo(data, Silent()) as demo:
        yield demo.settings(settings), folder
