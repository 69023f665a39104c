"""Steady load for a long time: does memory stay flat?

    python -m bench.soak --minutes 10
    python -m bench.soak --minutes 10 --json soak.json

A real `hub serve`, metrics switched on, is asked by clients in a closed loop over real HTTP, in slices of a few seconds
one after the other: the screens of the benchmark, and a mixture that goes beyond the bound of every cache: thousands of
documents that differ in their text, thousands of readers with tokens of their own, documents that are refused. Each
slice opens its connections anew. Before the time begins, all of the mixture is asked once, so that the caches are full.

After each slice the memory of the server's process is read (resident set size). What counts is the slope after the
warm-up, which is a third of the time: the median of the slopes between all pairs of readings (Theil and Sen), so that
a reading in the middle of a large answer says nothing. It is flat if it would take more than an hour to grow by a
twentieth of what the process has.

    readings   minute, MiB in memory, requests a second, milliseconds for one in a hundred
    slope      MiB an hour
"""

from __future__ import annotations

import itertools
import json
import random
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

import click
from rich.console import Console

from bench.clients import Clients, ClientsFailed
from bench.databases import databases
from bench.servers import Server, environment_of, free_port, started
from bench.systems import HUB, SYSTEMS, Asked
from bench.terminal import progress
from bench.workloads import WORKLOADS
from hub.demo.cluster import Cluster
from hub.demo.folder import Folder
from hub.demo.tokens import VIEWERS, make_token, sign
from hub.errors import HubError

SLICE = 4.0
WARM_UP = 1 / 3
FLAT = 0.05
"""The part of its memory by which a process may grow in an hour."""
DOCUMENTS = 2_500
READERS = 9_000
PORTION = 1_500
"""Requests of the mixture in one slice; the next one has the next."""
FEW = 4
"""Clients that ask for the mixture at most: each of its documents is planned anew, here and by Postgres."""
SEED = 164
_MIB = 1 << 20
# It is about memory: on a busy machine nobody is to be given up.
_PATIENT = {"HUB_STATEMENT_TIMEOUT": "60", "HUB_REQUEST_TIMEOUT": "90"}

MIXTURE = "mixture"


@dataclass(frozen=True, slots=True)
class Reading:
    """After one slice."""

    minute: float
    load: str
    mebibytes: float
    rate: float
    p99: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the readings say. Memory in MiB, the slope in MiB an hour."""

    minutes: float
    requests: int
    after_warm_up: float
    at_the_end: float
    slope: float
    flat: bool

    def __str__(self) -> str:
        how = "flat" if self.flat else "NOT FLAT"
        return (
            f"{how}: {self.slope:+.1f} MiB an hour over the last {self.minutes:.1f} minutes"
            f" ({self.after_warm_up:.1f} MiB after the warm-up, {self.at_the_end:.1f} at the end),"
            f" {self.requests:,} requests in all"
        )


@click.command()
@click.option("--minutes", type=click.FloatRange(0.1, 24 * 60), default=10.0, show_default=True, help="How long.")
@click.option("--clients", type=click.IntRange(1, 256), default=16, show_default=True, help="How many ask at once.")
@click.option(
    "--fill",
    type=click.IntRange(1, 100),
    default=3,
    show_default=True,
    help="How often all of the mixture is asked for before: each connection fills its own cache.",
)
@click.option("--people", type=click.IntRange(1_000, 1_000_000), help="How many people live in the country.")
@click.option(
    "--data", type=click.Path(path_type=Path), default=Path(".demo"), show_default=True, help="The demo's directory."
)
@click.option("--json", "file", type=click.Path(path_type=Path, dir_okay=False), help="Write the figures to a file.")
def main(minutes: float, clients: int, fill: int, people: int | None, data: Path, file: Path | None) -> None:
    """Ask one hub for a long time, and see whether its memory stays flat.

    How it is done, and how to read the figures: `python -c "import bench.soak; help(bench.soak)"`.
    """
    console = Console()
    try:
        with databases(console, data, people, reset=False) as (folder, cluster):
            readings, requests = _soak(console, folder, cluster, minutes * 60, clients, fill)
    except (HubError, ClientsFailed) as error:
        sys.exit(f"{error}")
    except KeyboardInterrupt:
        sys.exit(130)
    found = judge(readings, requests)
    _show(console, readings)
    console.print(f"[{'green' if found.flat else 'red'}]{found}[/]", highlight=False)
    if file is not None:
        content = {**asdict(found), "clients": clients, "readings": [asdict(one) for one in readings]}
        file.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    sys.exit(0 if found.flat else 1)


def _soak(
    console: Console, folder: Folder, cluster: Cluster, seconds: float, count: int, fill: int
) -> tuple[Sequence[Reading], int]:
    console.print("making the requests")
    loads = _loads(folder, cluster)
    command = next(system.command for system in SYSTEMS if system.name == HUB)
    environment = {**environment_of(folder, cluster.dsns()), **_PATIENT, "HUB_METRICS_PORT": str(free_port())}
    with started(HUB, command, environment) as server, Clients() as clients, server.running():
        for name, requests in loads.items():
            clients.know(name, server.port, requests)
        portions = [name for name in loads if name.startswith(MIXTURE)]
        console.print("filling the caches")
        for name in portions * fill:
            _ask_all(clients, name, len(loads[name]), count)
        console.print(f"{server.memory() / _MIB:.1f} MiB with full caches", highlight=False)
        turns = [name for portion in portions for name in (*WORKLOADS, portion)]
        return _slices(console, server, clients, turns, seconds, count)


def _ask_all(clients: Clients, name: str, number: int, count: int) -> None:
    """Each request of a load at least once."""
    seconds = SLICE
    while len(clients.run(name, count, seconds, begin=lambda: None, end=lambda: None).latencies) < number:
        seconds *= 2


def _slices(
    console: Console, server: Server, clients: Clients, names: Sequence[str], seconds: float, count: int
) -> tuple[Sequence[Reading], int]:
    readings: list[Reading] = []
    requests = 0
    began = time.monotonic()
    with progress(console, round(seconds / SLICE)) as advance:
        for name in itertools.cycle(names):
            left = seconds - (time.monotonic() - began)
            if left <= 0:
                return readings, requests
            asking = min(count, FEW) if name.startswith(MIXTURE) else count
            load = clients.run(name, asking, min(SLICE, max(left, 0.5)), begin=lambda: None, end=lambda: None)
            requests += len(load.latencies)
            slowest = sorted(load.latencies)[int(len(load.latencies) * 0.99)] if load.latencies else 0.0
            minute = (time.monotonic() - began) / 60
            reading = Reading(minute, name, server.memory() / _MIB, len(load.latencies) / load.seconds, slowest)
            readings.append(reading)
            advance(f"{reading.mebibytes:.1f} MiB")
    raise AssertionError("the loads never end")


def _loads(folder: Folder, cluster: Cluster) -> dict[str, Sequence[bytes]]:
    """Name -> requests, sent in turn."""
    hub = next(system for system in SYSTEMS if system.name == HUB)
    officer = make_token(folder, "officer")
    found: dict[str, Sequence[bytes]] = {
        name: [hub.ask(workload, variables).wire(officer) for variables in workload.draw(cluster.dsns())]
        for name, workload in WORKLOADS.items()
    }
    people = [one["personalId"] for one in WORKLOADS["whole_book"].draw(cluster.dsns())]
    mixture = list(_mixture(folder, people, officer))
    for number, start in enumerate(range(0, len(mixture), PORTION), start=1):
        found[f"{MIXTURE} {number}"] = mixture[start : start + PORTION]
    return found


def _mixture(folder: Folder, people: Sequence[str], officer: str) -> Iterator[bytes]:
    """A request of each reader, and among them documents, each another."""
    chance = random.Random(SEED)
    citizen = VIEWERS["citizen"].claims
    for number in range(READERS):
        token = sign(folder, {**citizen, "sub": chance.choice(people), "jti": str(number)})
        yield _asked(f"query Own {{ me {{ fullName n{number % 20}: birthDate }} }}").wire(token)
        if number * DOCUMENTS // READERS != (number + 1) * DOCUMENTS // READERS:
            yield _asked(_document(number, chance.choice(people))).wire(officer)


def _document(number: int, person: str) -> str:
    """One that nobody has sent before; half of them are refused."""
    match number % 4:
        case 0:
            return f'{{ person(personalId: "{person}") {{ fullName p{number}: birthDate }} }}'
        case 1:
            return f"{{ employers(first: {1 + number % 50}) {{ nodes {{ name e{number}: taxCode }} }} }}"
        case 2:
            return f"{{ me {{ unknown{number} }} }}"
        case _:
            return f"{{ person(personalId: $nobody{number}) {{ fullName "


def _asked(document: str) -> Asked:
    return Asked("/graphql", json.dumps({"query": document}).encode())


def judge(readings: Sequence[Reading], requests: int) -> Verdict:
    """The slope after the warm-up."""
    whole = readings[-1].minute
    after = [one for one in readings if one.minute >= whole * WARM_UP]
    slope = _slope([(one.minute / 60, one.mebibytes) for one in after])
    return Verdict(
        after[-1].minute - after[0].minute,
        requests,
        after[0].mebibytes,
        after[-1].mebibytes,
        slope,
        slope <= FLAT * after[-1].mebibytes,
    )


def _slope(points: Sequence[tuple[float, float]]) -> float:
    """The median of the slopes between all pairs of points; at least two are needed."""
    slopes = [
        (there[1] - here[1]) / (there[0] - here[0])
        for here, there in itertools.combinations(points, 2)
        if there[0] > here[0]
    ]
    return median(slopes) if slopes else 0.0


def _show(console: Console, readings: Sequence[Reading]) -> None:
    """Twenty of the readings, evenly spaced."""
    step = max(1, len(readings) // 20)
    for one in readings[::step]:
        console.print(
            f"{one.minute:6.1f} min  {one.mebibytes:7.1f} MiB  {one.rate:7.0f}/s  {one.p99:7.1f} ms  {one.load}",
            highlight=False,
        )


if __name__ == "__main__":
    main()
