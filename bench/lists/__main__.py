"""`python -m bench.lists`: lists of a country, from nothing to the tables."""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import click
import psycopg
from rich.console import Console

from bench.databases import databases
from bench.lists.asked import COUNTS, PAGES, WALK
from bench.lists.measure import Asker, Counted, Paged, Tenth, Unexpected, count, page_through, walk
from bench.lists.report import as_json, show
from bench.servers import environment_of, started
from bench.systems import HUB, SYSTEMS
from bench.terminal import progress
from bench.timing.connection import Connection, NotAnswered
from hub.demo.cluster import Cluster
from hub.demo.folder import Folder
from hub.demo.start import PEOPLE
from hub.demo.tokens import make_token
from hub.errors import HubError
from hub.model.viewer import Universe
from hub.settings import SOURCES

REPEATS = 50


@dataclass(frozen=True, slots=True)
class Figures:
    """What came out of a run."""

    paged: list[Paged]
    counted: list[Counted]
    tenths: list[Tenth]


@click.command()
@click.option(
    "--people", type=click.IntRange(1_000, 1_000_000), help=f"How many people live in it.  [default: {PEOPLE}]"
)
@click.option(
    "--data", type=click.Path(path_type=Path), default=Path(".demo"), show_default=True, help="The demo's directory."
)
@click.option("--reset", is_flag=True, help="Make the data anew.")
@click.option(
    "--repeats",
    type=click.IntRange(1, 10_000),
    default=REPEATS,
    show_default=True,
    help="How often a page is asked for.",
)
@click.option("--json", "file", type=click.Path(path_type=Path, dir_okay=False), help="Write the figures to a file.")
def main(people: int | None, data: Path, reset: bool, repeats: int, file: Path | None) -> None:
    """Measure lists: the first page and the ten-thousandth, searches, totals, and a walk over everybody.

    How to read the tables: `python -c "import bench.lists; help(bench.lists)"`.
    """
    console = Console()
    try:
        with databases(console, data, people, reset) as (folder, cluster):
            contents = folder.contents()
            assert contents is not None
            figures = run(console, folder, cluster, repeats)
    except (HubError, NotAnswered, Unexpected) as error:
        sys.exit(f"{error}")
    except KeyboardInterrupt:
        sys.exit(130)
    show(console, figures.paged, figures.counted, figures.tenths)
    console.print("What the columns mean: the top of bench/lists/__init__.py")
    if file is not None:
        content = as_json(contents.people, figures.paged, figures.counted, figures.tenths)
        file.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def run(console: Console, folder: Folder, cluster: Cluster, repeats: int) -> Figures:
    """Starts the hub over these databases and measures everything."""
    command = next(system.command for system in SYSTEMS if system.name == HUB)
    dsns = cluster.dsns()
    employer = _largest_employer(dsns.dsn("insurance", Universe.CIVILIAN))
    with ExitStack() as stack:
        connections = {
            source: stack.enter_context(psycopg.connect(dsns.dsn(source, Universe.CIVILIAN), autocommit=True))
            for source in SOURCES
        }
        server = stack.enter_context(started(HUB, command, environment_of(folder, dsns)))
        stack.enter_context(server.running())
        asker = Asker(stack.enter_context(Connection(server.port)), make_token(folder, "officer"))
        paged, counted = [], []
        with progress(console, len(PAGES) + len(COUNTS) + 1) as advance:
            for pages in PAGES:
                advance(pages.name)
                paged.append(page_through(asker, connections, pages, employer, repeats))
            for one in COUNTS:
                advance(one.name)
                counted.append(count(asker, connections, one, max(1, repeats // 10)))
            advance(WALK.name)
            tenths = list(walk(asker, server, WALK, counted[0].total))
        return Figures(paged, counted, tenths)


def _largest_employer(dsn: str) -> str:
    statement = "select employer_tax_code from civilian.participant where employer_tax_code is not null"
    with psycopg.connect(dsn) as connection:
        found = connection.execute(f"{statement} group by 1 order by count(*) desc, 1 limit 1".encode()).fetchone()
    if found is None:
        raise Unexpected("nobody is insured through an employer: make a larger country")
    return str(found[0])


if __name__ == "__main__":
    main()
