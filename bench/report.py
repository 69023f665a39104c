"""Figures -> one table for each workload, the aims, and the content of a JSON file."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from statistics import median
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from bench.measure import Figures, Measured
from bench.systems import HUB
from bench.workloads import Workload

BUSY = 64  # the number of clients at which ratios are given

# System -> what the hub's requests/s divided by its own must at least be, on the whole book with BUSY clients.
AIMS: Mapping[str, float] = {"hand_written": 2.0, "stock_strawberry": 15.0, "best_hand_written": 0.66}
# What the hub's latency divided by that of `hand_written` may at most be, on the whole book with one client.
AIM_ALONE = 1.3
AIMED = "whole_book"


def busiest(counts: Sequence[int]) -> int:
    """The number of clients at which ratios are given: 64, else the nearest below, else the least."""
    return max((count for count in counts if count <= BUSY), default=min(counts))


def ratio(measured: Measured, workload: str, clients: int, system: str) -> float:
    """The hub's requests/s divided by the system's: the median of what the rounds gave."""
    ours, theirs = measured[workload, clients, HUB], measured[workload, clients, system]
    return median(mine / other if other else math.inf for mine, other in zip(ours.rates, theirs.rates, strict=True))


def show(
    console: Console, workload: Workload, measured: Measured, counts: Sequence[int], systems: Sequence[str]
) -> None:
    """The table of one workload."""
    table = Table(
        title=f"{workload.name}: {workload.title}",
        title_justify="left",
        title_style="bold",
        box=SIMPLE_HEAD,
        pad_edge=False,
        padding=0,
    )
    table.add_column("clients", justify="right", min_width=7)
    table.add_column("system", min_width=max(map(len, systems)))
    for heading in ("requests/s", "p50\nms", "p99\nms", "server\nCPU ms", "Postgres\nCPU ms", "hub ÷\nthis"):
        table.add_column(heading, justify="right", no_wrap=True)
    for count in counts:
        for index, system in enumerate(systems):
            found = measured[workload.name, count, system]
            table.add_row(
                f"{count:,}" if index == 0 else "",
                system,
                f"{found.rate:,.0f}",
                f"{found.p50:,.2f}",
                f"{found.p99:,.2f}",
                f"{found.server_cpu:,.3f}",
                f"{found.postgres_cpu:,.3f}",
                "" if system == HUB else f"{ratio(measured, workload.name, count, system):,.2f}",
                style="bold" if system == HUB else None,
                end_section=index == len(systems) - 1,
            )
    console.print()
    console.print(table)


def show_aims(console: Console, measured: Measured, counts: Sequence[int], systems: Sequence[str]) -> None:
    """Whether the aims are met. They are about the whole book; without it there is nothing to say."""
    lines = list(_aims(measured, counts, systems))
    if lines:
        console.print(f"\n[bold]aims[/bold] ({AIMED})")
        for met, text in lines:
            console.print(f"  {'[green]met    [/green]' if met else '[red]not met[/red]'}  {text}", highlight=False)


def _aims(measured: Measured, counts: Sequence[int], systems: Sequence[str]) -> Iterator[tuple[bool, str]]:
    for count in (count for count in counts if count >= BUSY):
        for system, aim in AIMS.items():
            if system in systems and (AIMED, count, system) in measured:
                found = ratio(measured, AIMED, count, system)
                yield found >= aim, f"{count} clients: {found:,.2f} times `{system}`, at least {aim:,.2f}"
    if (AIMED, 1, HUB) in measured and (AIMED, 1, "hand_written") in measured:
        found = 1 / ratio(measured, AIMED, 1, "hand_written")
        yield found <= AIM_ALONE, f"1 client: {found:,.2f} times the time of `hand_written`, at most {AIM_ALONE:,.2f}"


def as_json(
    measured: Measured, workloads: Sequence[str], counts: Sequence[int], systems: Sequence[str]
) -> Mapping[str, Any]:
    """Workload -> ratios at 64 clients, and the figures of every row."""
    at = busiest(counts)
    return {
        workload: {
            "clients": at,
            "ratio": {system: round(ratio(measured, workload, at, system), 3) for system in systems if system != HUB},
            "figures": [
                {"clients": count, "system": system, **_row(measured[workload, count, system])}
                for count in counts
                for system in systems
            ],
        }
        for workload in workloads
    }


def _row(found: Figures) -> Mapping[str, float]:
    return {
        "requests_per_second": round(found.rate, 1),
        "p50_ms": round(found.p50, 3),
        "p99_ms": round(found.p99, 3),
        "server_cpu_ms": round(found.server_cpu, 4),
        "postgres_cpu_ms": round(found.postgres_cpu, 4),
    }
