"""`hub settings`: everything that can be set, as a table."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

import click


@click.command(short_help="Print every setting, with its default and what it is for.")
@click.option(
    "--format", "shape", type=click.Choice(["text", "markdown"]), default="text", help="For a terminal, or for a page."
)
def settings(shape: str) -> None:
    """Print every variable of the environment that is heeded. One that is set and not here stops the start.

    What is secret may stand in a file: HUB_PSEUDONYM_KEY_FILE names the file that holds HUB_PSEUDONYM_KEY.
    """
    if shape == "markdown":
        click.echo("\n".join(markdown()))
        return
    _print_table()


def markdown() -> Iterator[str]:
    """The lines of the table as Markdown: a heading row for each group."""
    from hub.settings import declared

    yield "| setting | value | default | what it is for |"
    yield "|---|---|---|---|"
    for group, of in groupby(declared(), key=lambda one: one.group):
        yield f"| **{group.title}** | | | `hub {'`, `'.join(group.commands.split(', '))}` |"
        for one in of:
            secret = " (or in a file: `…_FILE`)" if one.secret else ""
            default = f"`{one.default}`" if one.default else ""
            yield f"| `{one.name}` | {one.shape}{secret} | {default} | {one.says} |"


def _print_table() -> None:
    from rich.console import Console
    from rich.table import Table

    from hub.settings import declared

    console = Console()
    for group, of in groupby(declared(), key=lambda one: one.group):
        table = Table(box=None, pad_edge=False)
        table.add_column("setting", no_wrap=True)
        for heading in ("value", "default", "what it is for"):
            table.add_column(heading, overflow="fold")
        for one in of:
            table.add_row(one.name, one.shape + (", or a file" if one.secret else ""), one.default, one.says)
        console.print(f"\n[bold]{group.title}[/bold]  (hub {group.commands})\n", highlight=False)
        console.print(table, highlight=False)
