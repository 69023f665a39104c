"""`hub demo`: everything on this machine, from nothing to an endpoint."""

from __future__ import annotations

import os
import shlex
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, Self

import click

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID

    from hub.demo.start import Demo
    from hub.server.explore import DemoViewers


@click.command(short_help="Start everything on this machine: databases, a country, the endpoint.")
@click.option(
    "--people", type=click.IntRange(1_000, 1_000_000), help="How many people live in the country.  [default: 20000]"
)
@click.option("--port", type=click.IntRange(1, 65535), default=8000, help="The port to listen on.")
@click.option(
    "--data", type=click.Path(path_type=Path), default=Path(".demo"), help="Where the data lie; made if it is missing."
)
@click.option("--reset", is_flag=True, show_default=False, help="Make the data anew.")
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), help="Another seed, another country.  [default: 164]")
@click.option("--host", default="127.0.0.1", help="The address to listen on.")
def demo(people: int | None, port: int, data: Path, reset: bool, seed: int | None, host: str) -> None:
    """Start an embedded PostgreSQL with four databases, fill them with a synthetic country, and serve the graph.

    Nobody in it exists. The first start takes a while, later ones a few seconds: the data stay in --data.
    Ctrl-C stops everything that was started.
    """
    from dataclasses import replace

    from rich.console import Console

    from hub.cli.endpoint import run_endpoint
    from hub.demo.start import running_demo
    from hub.server.run import bind
    from hub.settings import read_settings

    base = replace(read_settings(os.environ), host=host, port=port, workers=1)
    console = Console()
    # A signal before the server runs must unwind like Ctrl-C does, so that PostgreSQL is stopped.
    signal.signal(signal.SIGTERM, _terminated)
    with bind(host, port) as listener, _Watcher(console) as watcher:
        try:
            with running_demo(data, watcher, people=people, seed=seed, reset=reset) as running:
                watcher.step("starting the endpoint")

                def announce(address: str) -> None:
                    watcher.stop()
                    _introduce(console, running, address, data)

                run_endpoint(running.settings(base), announce, listener, _viewers(running), reloads=False)
                console.print("\nstopping")
        except KeyboardInterrupt:
            watcher.stop()
            console.print("\nstopped")
            sys.exit(130)


def _viewers(running: Demo) -> DemoViewers:
    """The sample viewers, for the page to switch between."""
    from hub.demo.tokens import VIEWERS, make_token
    from hub.server.explore import DemoViewers

    said = [(viewer.name, viewer.about) for viewer in VIEWERS.values()]
    return DemoViewers(said, lambda name: make_token(running.folder, name))


def _terminated(*_: object) -> NoReturn:
    sys.exit(143)


class _Watcher:
    """Shows on a terminal how far the start has come; elsewhere one line for each step."""

    def __init__(self, console: Console) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

        self._console = console
        self._progress: Progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        self._progress.stop()

    def step(self, what: str) -> None:
        self._begin(what, None)

    def loading(self, people: int) -> None:
        self._begin(f"making a country of {people:,} people", people)

    def loaded(self, people: int) -> None:
        if self._task is not None:
            self._progress.advance(self._task, people)

    def _begin(self, what: str, total: int | None) -> None:
        if self._task is not None:
            self._progress.remove_task(self._task)
        self._task = self._progress.add_task(what, total=total)
        if not self._console.is_terminal:
            self._console.print(what)


def _introduce(console: Console, running: Demo, address: str, data: Path) -> None:
    from rich.table import Table

    from hub.demo.tokens import VIEWERS

    contents = running.contents
    console.print(
        f"\n[bold]{address}/graphql[/bold]  {contents.people:,} people who do not exist (seed {contents.seed},"
        f" {'as they were' if running.reused else 'new'} in {data})\n",
        highlight=False,
    )
    option = "" if data == Path(".demo") else f" --data {shlex.quote(str(data))}"
    table = Table("viewer", "personal number", "is", box=None, pad_edge=False)
    for viewer in VIEWERS.values():
        table.add_row(viewer.name, running.subjects.get(viewer.name, ""), viewer.about)
    console.print(table, highlight=False)
    console.print(f"\n[bold]a token[/bold] for one of them\n\n{_program()} token citizen{option}", highlight=False)
    example = example_query()
    if example is not None:
        name, query = example
        console.print(f"\n[bold]a query[/bold]  (schema/examples/{name})\n", highlight=False)
        console.print(query.strip(), markup=False, highlight=False, soft_wrap=True)
        console.print("\n[bold]the same with curl[/bold]\n", highlight=False)
        command = (
            f"curl -s {address}/graphql -H 'Content-Type: application/json'"
            f' -H "Authorization: Bearer $({_program()} token citizen{option})"'
            f" -d {shlex.quote(_body(query))}"
        )
        console.print(command, markup=False, highlight=False, soft_wrap=True)
    console.print("\nCtrl-C stops everything.", highlight=False)


def _program() -> str:
    """How to call `hub` in another terminal: by its name where that is found, else by its path."""
    from shutil import which

    return "hub" if which("hub") else os.path.relpath(Path(sys.argv[0]).resolve())


def example_query() -> tuple[str, str] | None:
    """Name and text of the example to begin with."""
    from hub.cli.endpoint import ROOT

    found = sorted(
        (ROOT / "schema" / "examples").glob("*.graphql"), key=lambda path: (path.stem != "first-look", path.name)
    )
    return (found[0].name, found[0].read_text(encoding="utf-8")) if found else None


def _body(query: str) -> str:
    import json

    from graphql import strip_ignored_characters

    return json.dumps({"query": strip_ignored_characters(query)}, ensure_ascii=False)
