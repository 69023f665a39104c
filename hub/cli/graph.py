"""`hub operation|plan|sql|query|check`: each stage of the hub, printed.

Stages up to SQL need no database. `hub query` and `hub check` read the databases of the environment if it names any,
and those of the demo otherwise.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hub.cli.token import NAMES
from hub.errors import HubError, Refused, Shown, StartFailed

if TYPE_CHECKING:
    from hub.engine import Built, Stages
    from hub.model.viewer import Viewer
    from hub.settings import Settings

_DATA = click.option("--data", type=click.Path(path_type=Path), default=Path(".demo"), help="The demo's directory.")
_FILE = click.argument(
    "file", type=click.Path(path_type=Path, exists=True, dir_okay=False, allow_dash=True), metavar="FILE"
)
_AS = click.option(
    "--as",
    "viewer",
    type=click.Choice(NAMES),
    default="officer",
    metavar="VIEWER",
    help=f"Who reads: {', '.join(NAMES)}.",
)
_OPERATION = click.option("--operation", help="The operation's name, if the document has several.")
_VARIABLES = click.option("--variables", default="{}", help="Variables as JSON.")


def _asked(command: Callable[..., None]) -> Callable[..., None]:
    """What is asked, and as whom: the argument and options that the stages of a request share."""
    for option in (_VARIABLES, _OPERATION, _AS, _FILE):
        command = option(command)
    return command


@click.command(short_help="Print an operation as the hub understands it.")
@_asked
def operation(file: Path, viewer: str, operation: str | None, variables: str) -> None:
    """Print the operation in FILE with fragments opened, fields merged and skips decided (`-` reads standard input)."""
    from hub.operation.describe import describe

    click.echo(describe(_stages(file, viewer, operation, variables).operation))


@click.command(short_help="Print the plan of an operation.")
@_asked
def plan(file: Path, viewer: str, operation: str | None, variables: str) -> None:
    """Print which source is asked for what, by which key, in which step."""
    from hub.planner import describe

    click.echo(describe(_stages(file, viewer, operation, variables).plan))


@click.command(short_help="Print the SQL of an operation.")
@_asked
def sql(file: Path, viewer: str, operation: str | None, variables: str) -> None:
    """Print the statement of each fetch; `␁…␁` is where another fetch's answer will stand."""
    from hub.planner.describe import steps
    from hub.sources.postgres import compile_fetch, readable

    built = _built()
    for number, fetches in enumerate(steps(_stages(file, viewer, operation, variables, built).plan), start=1):
        for fetch, path in fetches:
            question = compile_fetch(fetch, built.declared.mappings[fetch.source])
            click.echo(f"-- step {number}, {fetch.source}: {path}\n{readable(question.text)};\n")


@click.command(short_help="Answer an operation.")
@_asked
@_DATA
@click.option("--purpose", help="What a partner asks for, as its agreement names it.")
def query(file: Path, viewer: str, operation: str | None, variables: str, data: Path, purpose: str | None) -> None:
    """Answer the operation in FILE as VIEWER and print the response."""
    import orjson

    from hub.cli.endpoint import load_graph
    from hub.engine import open_engine
    from hub.model.request import Request

    request = Request(_text(file), operation, _json(variables), purpose)

    async def answer(settings: Settings, folder: Any) -> bytes:
        engine = open_engine(load_graph(), settings)
        try:
            return (await engine.execute(request, _viewer(viewer, folder, engine.built))).body
        finally:
            await engine.stop()

    with _databases(data) as (settings, folder):
        body = asyncio.run(answer(settings, folder))
    response = orjson.loads(body)
    click.echo(orjson.dumps(response, option=orjson.OPT_INDENT_2).decode())
    if "errors" in response:
        sys.exit(1)


@click.command(short_help="Compare the declared graph with the databases.")
@_DATA
def check(data: Path) -> None:
    """List every drift between the declarations in `schema/` and the databases; exit code 1 if there is one."""
    from hub.sources.postgres.check import drifts

    built = _built()

    async def compare(settings: Settings) -> list[Any]:
        universe = max(settings.dsns.universes, key=lambda one: len(one.classes))
        found = []
        for name, mapping in built.declared.mappings.items():
            dsn = settings.dsns.dsn(name, universe)
            found += await drifts(mapping, built.supergraph.api, dsn, universe.classes)
        return found

    with _databases(data) as (settings, _):
        problems = asyncio.run(compare(settings))
    for problem in problems:
        click.echo(str(problem))
    if problems:
        raise click.ClickException(f"{len(problems)} drifts between the graph and the databases")
    fields = sum(len(one.fields) for mapping in built.declared.mappings.values() for one in mapping.types.values())
    click.echo(f"no drift: {fields} fields of {len(built.declared.mappings)} sources stand on their databases")


def _built() -> Built:
    from hub.cli.endpoint import load_graph
    from hub.engine import build

    return build(load_graph())


def _stages(file: Path, viewer: str, operation: str | None, variables: str, built: Built | None = None) -> Stages:
    from hub.engine import Engine
    from hub.model.request import Request

    engine = Engine(built or _built(), {})
    request = Request(_text(file), operation, _json(variables))
    try:
        return engine.stages(request, _viewer(viewer, None, engine.built).profile)
    except Refused as refused:
        raise HubError("\n".join(_line(error, file) for error in refused.errors)) from None


def _line(error: Shown, file: Path) -> str:
    places = ", ".join(f"{file}:{line}:{column}" for line, column in error.locations)
    return f"{places}: {error.message}" if places else error.message


def _text(file: Path) -> str:
    try:
        return sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise StartFailed(f"cannot read `{file}`: {error}") from None


def _json(text: str) -> dict[str, Any]:
    import orjson

    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise StartFailed(f"--variables is not JSON: {error}") from None
    if not isinstance(found, dict):
        raise StartFailed('--variables must be a JSON object, as `{"personalId": "079190000123"}`')
    return found


def _viewer(name: str, folder: Any, built: Built) -> Viewer:
    """A sample viewer, by the same rules that a token's claims go through."""
    from hub.demo.tokens import VIEWERS, subjects
    from hub.server.identity import viewer_of

    claims = dict(VIEWERS[name].claims)
    if VIEWERS[name].personal:
        # Stages up to the plan never see a subject; any well-formed number stands for it.
        claims["sub"] = subjects(folder)[name] if folder is not None else "001190000000"
    return viewer_of(claims, built.served())


@contextmanager
def _databases(data: Path) -> Iterator[tuple[Settings, Any]]:
    """Settings with databases to read: those of the environment, a running demo's, or the demo's started for this."""
    from dataclasses import replace

    from hub.demo.cluster import attached_cluster
    from hub.demo.folder import Folder
    from hub.demo.start import Silent, running_demo
    from hub.demo.tokens import pseudonym_secret
    from hub.settings import read_settings

    settings = read_settings(os.environ)
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
