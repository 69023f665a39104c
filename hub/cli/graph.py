"""`hub operation|plan|sql|query|check`: each stage of the hub, printed.

Stages up to SQL need no database. `hub query` and `hub check` read the databases of the environment if it names any,
and those of the demo otherwise.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hub.cli.common import (
    AS,
    DATA,
    FILE,
    OPERATION,
    VARIABLES,
    built_graph,
    databases,
    document_text,
    error_line,
    sample_viewer,
    variable_values,
)
from hub.errors import HubError, Refused

if TYPE_CHECKING:
    from hub.engine import Built, Stages
    from hub.settings import Settings


def _asked(command: Callable[..., None]) -> Callable[..., None]:
    """What is asked, and as whom: the argument and options that the stages of a request share."""
    for option in (VARIABLES, OPERATION, AS, FILE):
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
@click.option(
    "--supergraph",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Plan over this composed supergraph of remote subgraphs, every field public, instead of over the hub's graph.",
)
def plan(file: Path, viewer: str, operation: str | None, variables: str, supergraph: Path | None) -> None:
    """Print which source is asked for what, by which key, in which step.

    Of a subscription: what is asked for each of its events.
    """
    from hub.compose import read_supergraph
    from hub.engine import open_gateway
    from hub.model.request import Request
    from hub.planner import describe

    if supergraph is None:
        click.echo(describe(_stages(file, viewer, operation, variables).plan))
        return
    engine = open_gateway(read_supergraph(document_text(supergraph)))
    request = Request(document_text(file), operation, variable_values(variables))
    with _told(file):
        click.echo(describe(engine.stages(request, engine.public_viewer.profile).plan))


@click.command(short_help="Print the SQL of an operation.")
@_asked
def sql(file: Path, viewer: str, operation: str | None, variables: str) -> None:
    """Print the statement of each fetch; `␁…␁` is where another fetch's answer will stand."""
    from hub.planner.describe import steps
    from hub.sources.postgres import compile_fetch, readable

    built = built_graph()
    for number, fetches in enumerate(steps(_stages(file, viewer, operation, variables, built).plan), start=1):
        for fetch, path in fetches:
            question = compile_fetch(fetch, built.declared.mappings[fetch.source])
            click.echo(f"-- step {number}, {fetch.source}: {path}\n{readable(question.text)};\n")


@click.command(short_help="Answer an operation.")
@_asked
@DATA
@click.option("--purpose", help="What a partner asks for, as its agreement names it.")
def query(file: Path, viewer: str, operation: str | None, variables: str, data: Path, purpose: str | None) -> None:
    """Answer the operation in FILE as VIEWER and print the response."""
    import orjson

    from hub.cli.endpoint import load_graph
    from hub.engine import open_engine
    from hub.model.request import Request

    request = Request(document_text(file), operation, variable_values(variables), purpose)

    async def answer(settings: Settings, folder: Any) -> bytes:
        engine = open_engine(load_graph(), settings)
        try:
            return (await engine.execute(request, sample_viewer(viewer, folder, engine.built))).body
        finally:
            await engine.stop()

    with databases(data) as (settings, folder):
        body = asyncio.run(answer(settings, folder))
    response = orjson.loads(body)
    click.echo(orjson.dumps(response, option=orjson.OPT_INDENT_2).decode())
    if "errors" in response:
        sys.exit(1)


@click.command(short_help="Compare the declared graph with the databases.")
@DATA
def check(data: Path) -> None:
    """List every drift between the declarations in `schema/` and the databases; exit code 1 if there is one."""
    from hub.sources.postgres.check import drifts

    built = built_graph()

    async def compare(settings: Settings) -> list[Any]:
        universe = max(settings.dsns.universes, key=lambda one: len(one.classes))
        found = []
        for name, mapping in built.declared.mappings.items():
            dsn = settings.dsns.dsn(name, universe)
            found += await drifts(mapping, built.supergraph.api, dsn, universe.classes)
        return found

    with databases(data) as (settings, _):
        problems = asyncio.run(compare(settings))
    for problem in problems:
        click.echo(str(problem))
    if problems:
        raise click.ClickException(f"{len(problems)} drifts between the graph and the databases")
    fields = sum(len(one.fields) for mapping in built.declared.mappings.values() for one in mapping.types.values())
    click.echo(f"no drift: {fields} fields of {len(built.declared.mappings)} sources stand on their databases")


def _stages(file: Path, viewer: str, operation: str | None, variables: str, built: Built | None = None) -> Stages:
    from hub.engine import Engine
    from hub.model.request import Request

    engine = Engine(built or built_graph(), {})
    request = Request(document_text(file), operation, variable_values(variables))
    with _told(file):
        return engine.stages(request, sample_viewer(viewer, None, engine.built).profile)


@contextmanager
def _told(file: Path) -> Iterator[None]:
    """What is wrong with the operation in a file, line by line."""
    try:
        yield
    except Refused as refused:
        raise HubError("\n".join(error_line(error, file) for error in refused.errors)) from None
