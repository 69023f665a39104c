"""The command line: one module for each group of commands, imported only when one of its commands is called.

    demo      hub demo
    token     hub token
    serve     hub serve
    subgraph  hub subgraph: one source by itself
    gateway   hub gateway: a supergraph of remote subgraphs
    reload    hub reload
    settings  hub settings
    migrate   hub migrate
    fill      hub fill: people who do not exist, into databases that are somewhere else
    compose   hub compose: subgraphs into a supergraph
    diff      hub diff: what changes for the readers of a schema
    graph     hub operation, plan, sql, query, check: each stage, printed
    common    what several commands ask for and need
    policy    hub policy: who may see what, and why; printed by `explanation` and `matrix`, in the words of `words`

Modules import what is heavy inside their commands, so that `hub --help` is quick. Errors of the hub end a command with
one line each on the error output and exit code 1; wrong options with click's own message and exit code 2.
"""

from __future__ import annotations

import gc
from importlib import import_module
from typing import Any

import click

from hub.errors import BuildFailed, HubError

# A graph is half a million objects that live as long as the process: to look at all of them after every few hundred new
# ones takes a tenth of a command's time, and much of a request's. `bench.soak` sees whether too much waits meanwhile.
COLLECTOR = (50_000, 50, 20)

# In the order in which `hub --help` lists them.
_COMMANDS = {
    "demo": "hub.cli.demo",
    "token": "hub.cli.token",
    "serve": "hub.cli.serve",
    "subgraph": "hub.cli.subgraph",
    "gateway": "hub.cli.gateway",
    "reload": "hub.cli.reload",
    "settings": "hub.cli.settings",
    "migrate": "hub.cli.migrate",
    "fill": "hub.cli.fill",
    "check": "hub.cli.graph",
    "compose": "hub.cli.compose",
    "diff": "hub.cli.diff",
    "operation": "hub.cli.graph",
    "operations": "hub.cli.operations",
    "policy": "hub.cli.policy",
    "plan": "hub.cli.graph",
    "sql": "hub.cli.graph",
    "query": "hub.cli.graph",
}


class _Failed(click.ClickException):
    """An error of the hub, for people: one line for each problem."""

    def show(self, file: Any = None) -> None:
        for line in self.message.splitlines():
            click.echo(f"error: {line}", err=True, file=file)


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        place = _COMMANDS.get(cmd_name)
        if place is None:
            return None
        command: click.Command = getattr(import_module(place), cmd_name)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BuildFailed as error:
            raise _Failed("\n".join(str(problem) for problem in error.problems)) from error
        except HubError as error:
            raise _Failed(str(error)) from error


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110, "show_default": True},
)
@click.version_option(package_name="hub", message="hub %(version)s")
def main() -> None:
    """One GraphQL endpoint over the registers behind the electronic social insurance book (sổ BHXH điện tử).

    Start with `hub demo`: it needs nothing but this machine.
    """
    gc.set_threshold(*COLLECTOR)
