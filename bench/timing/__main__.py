"""`python -m bench.timing`: from nothing to the verdict."""

from __future__ import annotations

import json
import random
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import click
from rich.console import Console

from bench.servers import environment_of, started
from bench.systems import HUB, SYSTEMS
from bench.terminal import Watcher, progress
from bench.timing.comparisons import Comparison, comparisons
from bench.timing.connection import NotAnswered
from bench.timing.measure import ROUNDS, Told, check, measure
from bench.timing.one_table import in_one_table
from bench.timing.planted import NotAsMeant, plant
from bench.timing.report import Finding, as_json, show, verdict
from bench.timing.statistic import figures
from hub.demo.start import SEED, Demo, running_demo
from hub.demo.tokens import make_token
from hub.errors import HubError

PEOPLE = 10_000
PAIRS = 10_000
RECORDS = 1_000
VIEWER = "officer"


@click.command()
@click.option(
    "--people", type=click.IntRange(2_000, 200_000), default=PEOPLE, show_default=True, help="How many live in it."
)
@click.option(
    "--pairs",
    type=click.IntRange(100, 1_000_000),
    default=PAIRS,
    show_default=True,
    help="Pairs of a comparison; of batches a quarter.",
)
@click.option("--seed", type=click.IntRange(0), default=SEED, show_default=True, help="Of the country and the drawing.")
@click.option("--control", is_flag=True, help="Measure a database that leaks as well: it has to be found.")
@click.option("--json", "file", type=click.Path(path_type=Path, dir_okay=False), help="Write the figures to a file.")
def main(people: int, pairs: int, seed: int, control: bool, file: Path | None) -> None:
    """Measure whether a reader without clearance can tell a hidden record from an absent one by latency.

    The run makes a country of its own, because it adds records to it. How it is done, and how to read the table:
    `python -c "import bench.timing; help(bench.timing)"`.
    """
    console = Console()
    try:
        # Not under a private directory: as root the server runs as another user, who may not pass through that.
        with (
            tempfile.TemporaryDirectory(prefix="hub-timing-") as path,
            running_demo(Path(path) / "demo", Watcher(console), people=people, seed=seed) as demo,
        ):
            findings = _run(console, demo, pairs, random.Random(seed), control)
    except Told as error:
        sys.exit(f"nothing was timed\n{error}")
    except (HubError, NotAnswered, NotAsMeant) as error:
        sys.exit(f"{error}")
    except KeyboardInterrupt:
        sys.exit(130)
    good, line = verdict(findings)
    show(console, findings)
    console.print(f"[{'green' if good else 'red'}]{line}[/]", highlight=False)
    console.print("\nWhat the columns mean: the top of bench/timing/__init__.py")
    if file is not None:
        content = {"people": people, "seed": seed, "good": good, "verdict": line, "comparisons": as_json(findings)}
        file.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    sys.exit(0 if good else 1)


def _run(console: Console, demo: Demo, pairs: int, chance: random.Random, control: bool) -> list[Finding]:
    console.print(f"adding {RECORDS:,} records to the hidden classes", highlight=False)
    subjects = plant(demo.cluster.owner_dsns, RECORDS, chance)
    # The secret is within the server's reach, as in the demo: an instance without those addresses has less to hide.
    served = {False: demo.cluster.dsns()}
    if control:
        console.print("making the database that leaks")
        served[True] = in_one_table(demo.cluster)
    compared = comparisons(subjects, make_token(demo.folder, VIEWER), chance, control=control)
    command = next(system.command for system in SYSTEMS if system.name == HUB)
    with ExitStack() as stack:
        ports = {}
        for leaky, dsns in served.items():
            server = stack.enter_context(started(HUB, command, environment_of(demo.folder, dsns)))
            stack.enter_context(server.running())
            ports[leaky] = server.port

        def port_of(comparison: Comparison) -> int:
            return ports[comparison.leaky]

        console.print("comparing the answers")
        for comparison in compared:
            check(comparison, port_of(comparison))
        with progress(console, ROUNDS * len(compared)) as advance:
            times = measure(compared, port_of, pairs, chance, advance)
    return [
        Finding(comparison, len(taken.left), figures(taken.left, taken.right))
        for comparison, taken in zip(compared, times, strict=True)
    ]


if __name__ == "__main__":
    main()
