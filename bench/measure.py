"""Rounds over workloads, clients and systems -> figures.

Within a round the systems follow each other directly for the same workload and number of clients, so that what is
compared was measured seconds apart; the next round turns their order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from bench.clients import Clients, ClientsFailed
from bench.servers import Server, cpu_seconds


@dataclass(frozen=True, slots=True)
class Sample:
    """One system under so many clients in one round."""

    requests: int
    seconds: float
    latencies: Sequence[float]
    server_cpu: float
    postgres_cpu: float

    @property
    def rate(self) -> float:
        return self.requests / self.seconds


@dataclass(frozen=True, slots=True)
class Figures:
    """All rounds of one system under so many clients. Times are in milliseconds; CPU is for one request."""

    rate: float
    rates: Sequence[float]
    p50: float
    p99: float
    server_cpu: float
    postgres_cpu: float


Point = tuple[str, int, str]
"""Workload, clients, system."""

Measured = Mapping[Point, Figures]


def measure(
    workloads: Sequence[str],
    counts: Sequence[int],
    servers: Mapping[str, Server],
    clients: Clients,
    postgres: int,
    *,
    seconds: float,
    rounds: int,
    advance: Callable[[str], None],
) -> Measured:
    """Measures every point in every round. `clients` knows the requests as "workload system"."""
    samples: defaultdict[Point, list[Sample]] = defaultdict(list)
    for point in _order(workloads, counts, list(servers), rounds):
        workload, count, system = point
        advance(f"{workload}, {count} clients, {system}")
        samples[point].append(_sample(point, servers[system], clients, postgres, seconds))
    return {point: _figures(found) for point, found in samples.items()}


def _order(workloads: Sequence[str], counts: Sequence[int], systems: Sequence[str], rounds: int) -> Iterator[Point]:
    for number in range(rounds):
        turned = [systems[(index + number) % len(systems)] for index in range(len(systems))]
        for workload in workloads:
            for count in counts:
                for system in turned if number % 2 == 0 else reversed(turned):
                    yield workload, count, system


def _sample(point: Point, server: Server, clients: Clients, postgres: int, seconds: float) -> Sample:
    workload, count, system = point
    server_cpu: list[float] = []
    postgres_cpu: list[float] = []

    def read() -> None:
        server_cpu.append(server.cpu_seconds())
        postgres_cpu.append(cpu_seconds(postgres))

    with server.running():
        try:
            load = clients.run(f"{workload} {system}", count, seconds, read, read)
        except ClientsFailed as error:
            raise ClientsFailed(f"{system}: {error}\n{server.said()}") from error
    return Sample(
        len(load.latencies),
        load.seconds,
        load.latencies,
        server_cpu[1] - server_cpu[0],
        postgres_cpu[1] - postgres_cpu[0],
    )


def _figures(samples: Sequence[Sample]) -> Figures:
    latencies = sorted(latency for sample in samples for latency in sample.latencies)
    requests = max(1, sum(sample.requests for sample in samples))
    return Figures(
        rate=median(sample.rate for sample in samples),
        rates=tuple(sample.rate for sample in samples),
        p50=_percentile(latencies, 50),
        p99=_percentile(latencies, 99),
        server_cpu=sum(sample.server_cpu for sample in samples) / requests * 1_000,
        postgres_cpu=sum(sample.postgres_cpu for sample in samples) / requests * 1_000,
    )


def _percentile(ordered: Sequence[float], percent: int) -> float:
    """The smallest latency that so many per cent of the requests do not exceed."""
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)] if ordered else float("nan")
