"""`python -m bench`: the benchmark from nothing to its tables."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import click
from rich.console import Console

from bench.agreement import Disagreement, check_agreement
from bench.clients import Clients, ClientsFailed
from bench.databases import databases
from bench.measure import measure
from bench.report import as_json, show, show_aims
from bench.servers import Server, environment_of, postmaster, started
from bench.systems import HUB, SYSTEMS, System
from bench.terminal import progress
from bench.workloads import WORKLOADS, Workload
from hub.demo.cluster import Cluster
from hub.demo.folder import Folder
from hub.demo.start import PEOPLE
from hub.demo.tokens import make_token
from hub.errors import HubError

CLIENTS = "1,8,32,64,128"
ROUNDS = 3
SECONDS = 1.0
WARM_UP_CLIENTS = 64


class Counts(click.ParamType[tuple[int, ...]]):
    """Whole numbers with commas between them."""

    name = "numbers"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        try:
            counts = tuple(sorted({int(part) for part in str(value).split(",")}))
        except ValueError:
            counts = ()
        if not counts or counts[0] < 1 or counts[-1] > 1_000:
            self.fail(f"`{value}` is not a list of numbers from 1 to 1000, such as {CLIENTS}", param, ctx)
        return counts


@click.command()
@click.option(
    "--people", type=click.IntRange(1_000, 1_000_000), help=f"How many people live in it.  [default: {PEOPLE}]"
)
@click.option(
    "--data", type=click.Path(path_type=Path), default=Path(".demo"), show_default=True, help="The demo's directory."
)
@click.option("--reset", is_flag=True, help="Make the data anew.")
@click.option(
    "--seconds",
    type=click.FloatRange(0.1, 600),
    default=SECONDS,
    show_default=True,
    help="Seconds for a row and round.",
)
@click.option(
    "--rounds", type=click.IntRange(1, 100), default=ROUNDS, show_default=True, help="How often a row is measured."
)
@click.option("--clients", "counts", type=Counts(), default=CLIENTS, show_default=True, help="Numbers of clients.")
@click.option("--workload", "names", type=click.Choice(list(WORKLOADS)), multiple=True, help="Only these workloads.")
@click.option(
    "--system", "only", type=click.Choice([s.name for s in SYSTEMS]), multiple=True, help="Only these beside the hub."
)
@click.option("--json", "file", type=click.Path(path_type=Path, dir_okay=False), help="Write the figures to a file.")
def main(
    people: int | None,
    data: Path,
    reset: bool,
    seconds: float,
    rounds: int,
    counts: tuple[int, ...],
    names: tuple[str, ...],
    only: tuple[str, ...],
    file: Path | None,
) -> None:
    """Compare the hub with other ways to serve the same screens, in one run on the same databases.

    How to read the tables: `python -c "import bench; help(bench)"`.
    """
    console = Console()
    workloads = [workload for name, workload in WORKLOADS.items() if not names or name in names]
    systems = [system for system in SYSTEMS if not only or system.name in (HUB, *only)]
    try:
        with databases(console, data, people, reset) as (folder, cluster):
            _run(console, folder, cluster, workloads, systems, counts, seconds, rounds, file)
    except Disagreement as error:
        sys.exit(f"the answers differ, nothing was timed\n{error}")
    except (HubError, ClientsFailed) as error:
        sys.exit(f"{error}")
    except KeyboardInterrupt:
        sys.exit(130)


def _run(
    console: Console,
    folder: Folder,
    cluster: Cluster,
    workloads: Sequence[Workload],
    systems: Sequence[System],
    counts: Sequence[int],
    seconds: float,
    rounds: int,
    file: Path | None,
) -> None:
    token = make_token(folder, "officer")
    drawn = {workload.name: workload.draw(cluster.dsns()) for workload in workloads}
    environment = environment_of(folder, cluster.dsns())
    with ExitStack() as stack:
        console.print(f"starting {', '.join(system.name for system in systems)}", highlight=False)
        servers: dict[str, Server] = {
            system.name: stack.enter_context(started(system.name, system.command, environment)) for system in systems
        }
        clients = stack.enter_context(Clients())
        console.print("comparing the answers")
        for workload in workloads:
            check_agreement(workload, drawn[workload.name], servers, systems, token)
            for system in systems:
                wires = [system.ask(workload, variables).wire(token) for variables in drawn[workload.name]]
                name = f"{workload.name} {system.name}"
                clients.know(name, servers[system.name].port, wires)
                with servers[system.name].running():
                    clients.run(name, WARM_UP_CLIENTS, seconds=0.3, begin=lambda: None, end=lambda: None)
        points = len(workloads) * len(counts) * len(systems) * rounds
        with progress(console, points) as advance:
            measured = measure(
                [workload.name for workload in workloads],
                counts,
                servers,
                clients,
                postmaster(cluster.socket),
                seconds=seconds,
                rounds=rounds,
                advance=advance,
            )
    order = [system.name for system in systems]
    for workload in workloads:
        show(console, workload, measured, counts, order)
    show_aims(console, measured, counts, order)
    console.print("\nWhat the columns mean: the top of bench/__init__.py")
    if file is not None:
        content = as_json(measured, [workload.name for workload in workloads], counts, order)
        file.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
