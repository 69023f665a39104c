"""`python -m bench.abuse`: from nothing to its tables."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import median

import click
from rich.console import Console
from rich.table import Table

from bench.abuse import traffic, work
from bench.abuse.attacks import Attack, attacks
from bench.clients import Clients, ClientsFailed
from bench.databases import databases
from bench.servers import environment_of, started
from bench.systems import HUB, SYSTEMS
from bench.terminal import progress
from bench.workloads import WORKLOADS
from hub.cli.endpoint import load_graph
from hub.demo.tokens import make_token
from hub.engine import Engine, build, open_unconnected
from hub.errors import HubError
from hub.model.viewer import Audience, Profile, Viewer
from hub.settings import Settings

MOST_WORK = 15.0
"""Milliseconds that a refusal may take."""

CLIENTS = 8


@click.command()
@click.option("--rounds", type=click.IntRange(1, 1_000), default=20, show_default=True, help="How often each attack.")
@click.option("--data", type=click.Path(path_type=Path), default=Path(".demo"), show_default=True, help="The demo's.")
@click.option("--people", type=click.IntRange(1_000, 1_000_000), help="How many people live in it.")
@click.option(
    "--seconds", type=click.FloatRange(0.1, 600), default=3.0, show_default=True, help="For a row of traffic."
)
@click.option("--attacks-per-second", type=click.FloatRange(0.1, 1_000), default=10.0, show_default=True)
@click.option("--no-traffic", is_flag=True, help="Only the work of refusing.")
@click.option("--json", "file", type=click.Path(path_type=Path, dir_okay=False), help="Write the figures to a file.")
def main(
    rounds: int,
    data: Path,
    people: int | None,
    seconds: float,
    attacks_per_second: float,
    no_traffic: bool,
    file: Path | None,
) -> None:
    """Measure what refusing costs, and what normal traffic notices of it.

    How to read the tables: `python -c "import bench.abuse; help(bench.abuse)"`.
    """
    console = Console()
    found: dict[str, object] = {}
    asked = attacks()
    refused = _work(console, asked, rounds)
    found["work"] = {name: asdict(one) for name, one in refused.items()}
    try:
        if not no_traffic:
            found["traffic"] = _traffic(console, asked, data, people, seconds, attacks_per_second)
    except (HubError, ClientsFailed) as error:
        sys.exit(f"{error}")
    if file is not None:
        file.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    if late := [name for name, one in refused.items() if not one.code or one.median > MOST_WORK]:
        sys.exit(f"not refused within {MOST_WORK:g} ms: {', '.join(late)}")


def _work(console: Console, asked: Sequence[Attack], rounds: int) -> Mapping[str, work.Work]:
    built = build(load_graph())
    budgets = dict(Settings().max_cost)
    engine = Engine(built, open_unconnected(built).sources, pseudonym_secret=bytes(32), budgets=budgets)
    with progress(console, len(asked)) as advance:
        found = work.measure(engine, Viewer(Profile(Audience.OFFICER)), asked, rounds, advance)
    table = Table(title="what refusing costs")
    for name in ("attack", "refused", "work ms", "worst ms", "graphql-core ms"):
        table.add_column(name, justify="left" if name in ("attack", "refused") else "right")
    for name, one in found.items():
        core = "-" if one.core is None else f"{one.core:,.1f}"
        table.add_row(name, one.code or "NO", f"{one.median:,.2f}", f"{one.worst:,.2f}", core)
    console.print(table)
    return found


def _traffic(
    console: Console, asked: Sequence[Attack], data: Path, people: int | None, seconds: float, a_second: float
) -> Mapping[str, object]:
    rounds = 4
    workload = WORKLOADS["whole_book"]
    (system,) = [one for one in SYSTEMS if one.name == HUB]
    with databases(console, data, people, reset=False) as (folder, cluster):
        token = make_token(folder, "officer")
        environment = environment_of(folder, cluster.dsns())
        with started(HUB, system.command, environment) as server, Clients() as clients:
            drawn = workload.draw(cluster.dsns())
            clients.know(HUB, server.port, [system.ask(workload, variables).wire(token) for variables in drawn])
            bodies = [json.dumps({"query": one.document, "variables": one.variables}).encode() for one in asked]
            wires = [traffic.wire("/graphql", body, token) for body in bodies]
            with server.running():
                clients.run(HUB, CLIENTS, 1.0, lambda: None, lambda: None)
            with progress(console, 2 * rounds) as advance:
                alone, beside = traffic.measure(
                    server,
                    clients,
                    HUB,
                    wires,
                    count=CLIENTS,
                    seconds=seconds,
                    rounds=rounds,
                    a_second=a_second,
                    advance=advance,
                )
    table = Table(title=f"normal requests of {CLIENTS} clients, {a_second:g} attacks a second beside them")
    for name in ("", "requests/s", "p50 ms", "p99 ms", "attacks"):
        table.add_column(name, justify="right")
    for name, rows in (("alone", alone), ("beside attacks", beside)):
        table.add_row(
            name,
            f"{median(row.rate for row in rows):,.0f}",
            f"{median(row.p50 for row in rows):,.2f}",
            f"{median(row.p99 for row in rows):,.2f}",
            f"{sum(row.attacks for row in rows):,}",
        )
    ratios = {
        "rate": median(one.rate for one in beside) / median(one.rate for one in alone),
        "p50": median(one.p50 for one in beside) / median(one.p50 for one in alone),
        "p99": median(one.p99 for one in beside) / median(one.p99 for one in alone),
    }
    table.add_row("ratio", *(f"{ratios[name]:.2f}" for name in ("rate", "p50", "p99")), "")
    console.print(table)
    return {"alone": [asdict(one) for one in alone], "beside": [asdict(one) for one in beside], "ratios": ratios}


if __name__ == "__main__":
    main()
