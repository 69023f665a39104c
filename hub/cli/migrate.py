"""`hub migrate`: schemas, tables and roles of the source databases."""

from __future__ import annotations

import os

import click

_CLASSES = ("civilian", "defence", "public_security")
_SOURCES = ("population", "household", "insurance", "employer")


@click.command(short_help="Bring the source databases up to the code.")
@click.option(
    "--class",
    "classes",
    type=click.Choice(_CLASSES),
    multiple=True,
    help="Only this record class (may be repeated). An instance that faces the Internet wants `civilian` alone."
    " Without it: all.",
)
@click.option(
    "--source", "sources", type=click.Choice(_SOURCES), multiple=True, help="Only this source (may be repeated)."
)
def migrate(classes: tuple[str, ...], sources: tuple[str, ...]) -> None:
    """Apply migrations/SOURCE/*.sql to every class schema of every source, once each, and maintain the login roles.

    Safe to run again, and to run twice at once. The addresses come from the environment:

    \b
      HUB_OWNER_DSN_POPULATION   postgresql://owner:...@host/database, and so on for
                                 HOUSEHOLD, INSURANCE and EMPLOYER
      HUB_ROLE_PASSWORD_CIVILIAN the password of the role hub_civilian, and so on for
                                 DEFENCE, PUBLIC_SECURITY and ALL; unset: left as it is
    """  # noqa: D301 - `\\b` is click's mark for text that keeps its lines
    from rich.console import Console
    from rich.table import Table

    from hub.migrate import migrate as run
    from hub.migrate import role_name
    from hub.model.viewer import RecordClass, Universe
    from hub.settings import SOURCES, read_settings, require_owners

    settings = read_settings(os.environ)
    wanted = tuple(source for source in SOURCES if not sources or source in sources)
    require_owners(settings, wanted)
    record_classes = tuple(RecordClass(name) for name in _CLASSES if not classes or name in classes)
    done = run(
        {source: settings.owner_dsns[source] for source in wanted},
        classes=record_classes,
        passwords=settings.role_passwords,
        statement_timeout=settings.statement_timeout,
    )
    table = Table("source", "class", "applied now", "from before", box=None, pad_edge=False)
    for item in done:
        table.add_row(item.source, item.record_class, ", ".join(item.applied) or "-", str(len(item.before)))
    roles = [role_name(universe) for universe in Universe if set(universe.classes) <= set(record_classes)]
    console = Console()
    console.print(table)
    console.print(f"roles: {', '.join(roles) or 'none'}")
