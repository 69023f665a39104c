"""`hub operation|plan|sql|query|check`: each stage of the hub, printed.

Stages up to SQL need no database. `hub query` and `hub check` read the databases of the environment if it names any,
and those of the demo otherwise.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from dataclasses import replace
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
    supergraph_of,
    variable_values,
)
from hub.errors import HubError, Refused, SettingsWrong

if TYPE_CHECKING:
    from hub.engine import Engine, Stages
    from hub.model.description import Description
    from hub.model.request import Response
    from hub.model.viewer import Profile
    from hub.settings import Settings

_FORMS = ("text", "boxes", "mermaid", "svg", "json")


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

    engine = _unconnected()
    profile = sample_viewer(viewer, None, engine.built).profile
    click.echo(describe(_stages(engine, profile, file, operation, variables).operation))


@click.command(short_help="Print the plan of an operation, as text or as a diagram.")
@_asked
@click.option(
    "--supergraph",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Plan over this composed supergraph, every field public, not over the hub's own graph.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(_FORMS),
    default="text",
    help="boxes: a diagram for this terminal; mermaid: for READMEs and issues; svg: for browsers.",
)
@click.option("--questions", is_flag=True, help="With the SQL or the document of each fetch (but in Mermaid).")
@click.pass_context
def plan(
    context: click.Context,
    file: Path,
    viewer: str,
    operation: str | None,
    variables: str,
    supergraph: Path | None,
    form: str,
    questions: bool,
) -> None:
    """Print which source is asked for what, by which key, in which step; of a subscription, for each of its events.

    \b
      hub plan query.graphql --as analyst --format boxes
      hub plan query.graphql --supergraph supergraph.graphql --format svg > plan.svg
    """  # noqa: D301 - `\\b` is click's mark for text that keeps its lines
    from hub.engine import open_gateway
    from hub.model.description import EVERYTHING, Sight
    from hub.planner import described, fetches

    if supergraph is None:
        engine = _unconnected()
        sight = EVERYTHING
        profile = sample_viewer(viewer, None, engine.built).profile
    elif context.get_parameter_source("viewer") is click.core.ParameterSource.COMMANDLINE:
        raise SettingsWrong("`--as` says who reads the hub's own graph: every field of a supergraph is for everybody")
    else:
        engine = open_gateway(supergraph_of(supergraph))
        sight = Sight(classes=False)
        profile = engine.public_viewer.profile
    made = _stages(engine, profile, file, operation, variables).plan
    found = described(made, sight)
    if questions:
        asked = [(engine.sources[fetch.source], fetch) for fetch in fetches(made)]
        texts = (source.readable(source.question(fetch)) for source, fetch in asked)
        found = found.with_questions(dict(enumerate(texts, start=1)))
    click.echo(_drawn(found, form))


def _drawn(plan: Description, form: str) -> str:
    import shutil

    import orjson

    from hub.planner import view

    match form:
        case "boxes":
            return view.boxes(plan, shutil.get_terminal_size().columns)
        case "mermaid":
            return view.mermaid(plan)
        case "svg":
            return view.svg(plan)
        case "json":
            return orjson.dumps(view.document(plan), option=orjson.OPT_INDENT_2).decode()
        case _:
            return view.text(plan)


@click.command(short_help="Print the SQL of an operation.")
@_asked
def sql(file: Path, viewer: str, operation: str | None, variables: str) -> None:
    """Print the statement of each fetch; `␁…␁` is where another fetch's answer will stand."""
    from hub.planner.describe import steps

    engine = _unconnected()
    profile = sample_viewer(viewer, None, engine.built).profile
    for number, fetches in enumerate(steps(_stages(engine, profile, file, operation, variables).plan), start=1):
        for fetch, path in fetches:
            source = engine.sources[fetch.source]
            click.echo(f"-- step {number}, {fetch.source}: {path}\n{source.readable(source.question(fetch))};\n")


@click.command(short_help="Answer an operation.")
@_asked
@DATA
@click.option("--purpose", help="What a partner asks for, as its agreement names it.")
@click.option("--plan", "with_plan", is_flag=True, help="Print the plan below the answer, with its figures.")
def query(
    file: Path,
    viewer: str,
    operation: str | None,
    variables: str,
    data: Path,
    purpose: str | None,
    with_plan: bool,
) -> None:
    """Answer the operation in FILE as VIEWER and print the response."""
    import orjson

    from hub.cli.endpoint import load_graph
    from hub.engine import open_engine
    from hub.model.graph import PlansShown
    from hub.model.request import PlanWish, Request
    from hub.model.viewer import Audience

    wish = PlanWish.SHOW if with_plan else None
    request = Request(document_text(file), operation, variable_values(variables), purpose, wish)
    declared = load_graph()
    # Who runs this reads the databases himself: he may see what is asked of them, whoever he asks as.
    everybody = PlansShown(frozenset(Audience), frozenset(Audience))
    declared = replace(declared, policy=replace(declared.policy, plans=everybody))

    async def answer(settings: Settings, folder: Any) -> Response:
        engine = open_engine(declared, settings)
        try:
            return await engine.execute(request, sample_viewer(viewer, folder, engine.built))
        finally:
            await engine.stop()

    with databases(data) as (settings, folder):
        found = asyncio.run(answer(settings, folder))
    response = orjson.loads(found.body)
    response.pop("extensions", None)
    click.echo(orjson.dumps(response, option=orjson.OPT_INDENT_2).decode())
    if found.plan is not None:
        click.echo("\n" + _drawn(found.plan.without_questions(), "boxes"))
    if "errors" in response:
        sys.exit(1)


@click.command(short_help="Compare the declared graph with the databases.")
@DATA
@click.option("--lists", is_flag=True, help="Print what lists may be asked by, and the index that serves it.")
def check(data: Path, lists: bool) -> None:
    """List every drift between the declarations in `schema/` and the databases; exit code 1 if there is one."""
    from hub.cli.served import print_served
    from hub.sources.postgres.check import drifts, lists_served

    built = built_graph()

    async def compare(settings: Settings) -> list[Any]:
        universe = max(settings.dsns.universes, key=lambda one: len(one.classes))
        found = []
        for name, mapping in built.declared.mappings.items():
            dsn = settings.dsns.dsn(name, universe)
            found += await drifts(mapping, built.supergraph.api, dsn, universe.classes)
            if lists:
                print_served(name, await lists_served(mapping, dsn, universe.classes))
        return found

    with databases(data) as (settings, _):
        problems = asyncio.run(compare(settings))
    for problem in problems:
        click.echo(str(problem))
    if problems:
        raise click.ClickException(f"{len(problems)} drifts between the graph and the databases")
    fields = sum(len(one.fields) for mapping in built.declared.mappings.values() for one in mapping.types.values())
    click.echo(f"no drift: {fields} fields of {len(built.declared.mappings)} sources stand on their databases")


def _unconnected() -> Engine:
    """An engine that compiles questions, and reaches no database to ask them."""
    from hub.engine import Engine
    from hub.sources.postgres import PostgresSource

    built = built_graph()
    return Engine(built, {name: PostgresSource(mapping, {}) for name, mapping in built.declared.mappings.items()})


def _stages(engine: Engine, profile: Profile, file: Path, operation: str | None, variables: str) -> Stages:
    from hub.model.request import Request

    request = Request(document_text(file), operation, variable_values(variables))
    try:
        return engine.stages(request, profile)
    except Refused as refused:
        raise HubError("\n".join(error_line(error, file) for error in refused.errors)) from None
