"""Normal requests, with and without attacks beside them -> what they took."""

from __future__ import annotations

import itertools
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from bench.clients import Clients
from bench.servers import Server

CONNECTIONS = 4


@dataclass(frozen=True, slots=True)
class Traffic:
    """Milliseconds of normal requests, and how many attacks came meanwhile."""

    rate: float
    p50: float
    p99: float
    attacks: int


def measure(
    server: Server,
    clients: Clients,
    name: str,
    attacks: Sequence[bytes],
    *,
    count: int,
    seconds: float,
    rounds: int,
    a_second: float,
    advance: Callable[[str], None],
) -> tuple[Sequence[Traffic], Sequence[Traffic]]:
    """Rounds of normal requests alone, and of those beside attacks, in turn."""
    alone: list[Traffic] = []
    beside: list[Traffic] = []
    with server.running():
        for number in range(rounds):
            for attacked in (False, True) if number % 2 == 0 else (True, False):
                advance("beside attacks" if attacked else "alone")
                with _attacking(server.port, attacks, a_second if attacked else 0.0) as sent:
                    load = clients.run(name, count, seconds, lambda: None, lambda: None)
                ordered = sorted(load.latencies)
                found = Traffic(len(ordered) / load.seconds, _percentile(ordered, 50), _percentile(ordered, 99), sent())
                (beside if attacked else alone).append(found)
    return alone, beside


@contextmanager
def _attacking(port: int, attacks: Sequence[bytes], a_second: float) -> Iterator[Callable[[], int]]:
    """Sends the attacks in turn at a steady rate, while the block lasts."""
    ended = threading.Event()
    sent = [0] * CONNECTIONS
    turn = itertools.cycle(attacks)

    def attack(own: int) -> None:
        due = time.monotonic()
        while not ended.wait(max(0.0, due - time.monotonic())):
            due += CONNECTIONS / a_second
            with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
                connection.sendall(next(turn))
                while connection.recv(65_536):
                    pass
            sent[own] += 1

    threads = [threading.Thread(target=attack, args=(own,)) for own in range(CONNECTIONS if a_second else 0)]
    for thread in threads:
        thread.start()
    try:
        yield lambda: sum(sent)
    finally:
        ended.set()
        for thread in threads:
            thread.join()


def wire(path: str, body: bytes, token: str) -> bytes:
    """A POST after which the server closes."""
    head = (
        f"POST {path} HTTP/1.1\r\nhost: hub\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
    )
    return head.encode() + body


def _percentile(ordered: Sequence[float], percent: int) -> float:
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)] if ordered else float("nan")
