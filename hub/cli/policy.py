"""`hub policy`: who may see what, and why, for the people who may read the policy.

hub policy FILE    field by field, what a viewer is given of an operation, and the cell that decided
hub policy matrix  the whole table, field by field
hub policy leaks   columns whose data give a class away (`hub.cli.leaks`), which alone needs the databases
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hub.cli.common import (
    FILE,
    OPERATION,
    VARIABLES,
    built_graph,
    document_text,
    error_line,
    sample_viewer,
    variable_values,
)
from hub.cli.leaks import leaks
from hub.cli.token import NAMES
from hub.errors import HubError, Refused, SettingsWrong, Shown

if TYPE_CHECKING:
    from rich.console import Console

    from hub.engine import Built
    from hub.model.operation import Operation
    from hub.model.viewer import Profile


class _Policy(click.Group):
    """A group whose name alone explains a file: what is none of its commands is taken for one."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in self.get_help_option_names(ctx):
            args = ["explain", *args]
        return super().parse_args(ctx, args)

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        return ["FILE|COMMAND", "[OPTIONS]"]


@click.group(cls=_Policy, short_help="Print who may see what, and why.")
def policy() -> None:
    """Print who may see what of the graph, and which cell of the policy table decides it.

    \b
    What a viewer is given of an operation, field by field (`-` reads standard input):
      hub policy schema/examples/whole-book.graphql --as citizen
      echo '{ me { fullName ethnicity { name } } }' | hub policy - --as soldier
    \b
    The whole table, on the terminal, as a page for people who do not work here, for programs:
      hub policy matrix --type Person --audience citizen
      hub policy matrix --format html --output matrix.html
      hub policy matrix --format json
    What the data themselves give away:
      hub policy leaks --strict
    """  # noqa: D301 - `\\b` is click's mark for text that keeps its lines


def _known(word: str, words: Iterable[str], what: str, option: str | None = None) -> str:
    """The word, or a usage error that suggests the one that was meant."""
    import difflib

    known = list(words)
    if word in known:
        return word
    near = difflib.get_close_matches(word, known, n=1)
    raise click.BadParameter(
        f"`{word}` is no {what}: " + (f"did you mean `{near[0]}`?" if near else f"one of {', '.join(known)}"),
        param_hint=option,
    )


def _viewer_name(_ctx: click.Context, _parameter: click.Parameter, name: str) -> str:
    from hub.demo.tokens import VIEWERS

    return _known(name, VIEWERS, "sample viewer")


def _audience_names(_ctx: click.Context, _parameter: click.Parameter, names: Sequence[str]) -> Sequence[str]:
    from hub.model.viewer import Audience

    return [_known(name, Audience, "audience") for name in names]


# One operation --------------------------------------------------------------------------------------------------------


@policy.command(short_help="What a viewer is given of an operation; the word may be left out.")
@FILE
@click.option(
    "--as",
    "viewer",
    default="officer",
    metavar="VIEWER",
    callback=_viewer_name,
    help=f"Who reads: {', '.join(NAMES)}.",
)
@OPERATION
@VARIABLES
@click.option("--json", "as_json", is_flag=True, show_default=False, help="For programs.")
def explain(file: Path, viewer: str, operation: str | None, variables: str, as_json: bool) -> None:
    """Print what VIEWER is given of each field of the operation in FILE, and the cell that decided it.

    Fields are in the order of the document, with the standing where it changes, one effect where all record classes
    agree, and each class where they do not. A field that refuses the operation is marked; then the exit code is 1.

    \b
      hub policy schema/examples/whole-book.graphql --as citizen
    """  # noqa: D301 - `\\b` is click's mark for text that keeps its lines
    from hub.cli.explanation import explanation_json, print_explanation
    from hub.policy.explain import explain as explained

    built = built_graph()
    text, values = document_text(file), variable_values(variables)
    profile = sample_viewer(viewer, None, built).profile
    try:
        found = explained(_in_whole_graph(built, text, operation, values), profile, built.rules, built.supergraph.api)
    except Refused as refused:
        raise HubError("\n".join(error_line(error, file) for error in refused.errors)) from None
    told = _told(built, text, operation, values, profile)
    if as_json:
        click.echo(explanation_json(found, viewer, built, told), nl=False)
    else:
        print_explanation(terminal(), found, viewer, built, told, file)
    if told or found.refused:
        sys.exit(1)


def _in_whole_graph(built: Built, text: str, name: str | None, values: dict[str, Any]) -> Operation:
    """The operation against the whole graph, also where its reader's schema lacks what it asks for."""
    from hub.model.limits import Limits
    from hub.operation import booleans_given, normalise, parse_document, prepare

    limits = Limits()
    prepared = prepare(parse_document(text, limits), name, built.supergraph.api, limits)
    return normalise(prepared, booleans_given(prepared, values))


def _told(built: Built, text: str, name: str | None, values: dict[str, Any], profile: Profile) -> Sequence[Shown]:
    """What the reader is told instead of an answer, by the same stages that serve him."""
    from hub.engine import Engine
    from hub.model.request import Request

    try:
        Engine(built, {}).stages(Request(text, name, values), profile)
    except Refused as refused:
        return refused.errors
    return ()


# The whole table ------------------------------------------------------------------------------------------------------


@policy.command(short_help="The whole policy, field by field.")
@click.option("--type", "types", multiple=True, metavar="TYPE", help="Only this type; may be given several times.")
@click.option(
    "--audience",
    "audiences",
    multiple=True,
    metavar="AUDIENCE",
    callback=_audience_names,
    help="Only this audience; may be given several times.",
)
@click.option("--format", "kind", type=click.Choice(["text", "html", "json"]), default="text", help="What is written.")
@click.option("--output", type=click.Path(path_type=Path), metavar="FILE", help="Where to, if not standard output.")
def matrix(types: Sequence[str], audiences: Sequence[str], kind: str, output: Path | None) -> None:
    """Print every field of the graph with what each audience is given of it, at each standing, in each record class.

    \b
      hub policy matrix --type Person --audience citizen
      hub policy matrix --format html --output matrix.html
    """  # noqa: D301 - `\\b` is click's mark for text that keeps its lines
    from hub.cli.matrix import html_page, json_document, print_text
    from hub.model.viewer import Audience
    from hub.policy.matrix import matrix as whole

    built = built_graph()
    made = whole(built.rules, built.supergraph.api)
    for name in types:
        _known(name, [one.name for one in made.types], "type of the graph", "'--type'")
    part = made.only(types, [Audience(name) for name in audiences])
    match kind:
        case "html":
            _write(html_page(part, built), output)
        case "json":
            _write(json_document(part, built), output)
        case _ if output is None:
            print_text(part, terminal())
        case _:
            console = terminal(recording=True)
            print_text(part, console)
            _write(console.file.getvalue(), output)  # type: ignore[attr-defined]


def _write(text: str, output: Path | None) -> None:
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise SettingsWrong(f"cannot write `{output}`: {error.strerror or error}") from None


# Terminals ------------------------------------------------------------------------------------------------------------


def terminal(*, recording: bool = False) -> Console:
    """Where text goes: as wide as the terminal or `COLUMNS` says, 100 columns where neither does."""
    import io
    import os

    from rich.console import Console

    file = io.StringIO() if recording else None
    return Console(file=file, highlight=False, width=None if _has_width(os.environ) else 100)


def _has_width(environment: Any) -> bool:
    return sys.stdout.isatty() or sys.stderr.isatty() or environment.get("COLUMNS", "").isdigit()


policy.add_command(leaks)
