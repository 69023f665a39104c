"""The systems that are compared: how each is started, and how it is asked for a screen.

hub                the hub, through `hub serve`
hand_written       an endpoint for each screen, statements per request
best_hand_written  the same screens, batches gathered across requests, text joined
stock_strawberry   resolvers and dataloaders per request
connections        connections with prepared statements, for the two written by hand
gather             keys of concurrent requests -> batches, for the best of them
serving            what the three share: settings, token, start and end
__main__           `python -m bench.systems NAME`: serves one of them
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.workloads import Workload

HUB = "hub"


@dataclass(frozen=True, slots=True)
class Asked:
    """An HTTP request without its headers; `body` empty for a GET."""

    path: str
    body: bytes = b""

    def wire(self, token: str) -> bytes:
        """The bytes that go over the connection."""
        lines = [
            f"{'POST' if self.body else 'GET'} {self.path} HTTP/1.1",
            "Host: localhost",
            f"Authorization: Bearer {token}",
            "Accept: application/json",
        ]
        if self.body:
            lines += ["Content-Type: application/json", f"Content-Length: {len(self.body)}"]
        return "\r\n".join([*lines, "", ""]).encode() + self.body


@dataclass(frozen=True, slots=True)
class System:
    """One way to serve the screens."""

    name: str
    command: Sequence[str]
    ask: Callable[[Workload, Mapping[str, Any]], Asked]


def _graphql(workload: Workload, variables: Mapping[str, Any]) -> Asked:
    return Asked("/graphql", json.dumps({"query": workload.document, "variables": variables}).encode())


def _endpoint(workload: Workload, variables: Mapping[str, Any]) -> Asked:
    match workload.name:
        case "whole_book":
            return Asked(f"/books/{variables['personalId']}")
        case "hundred_people":
            return Asked("/people", json.dumps(variables).encode())
        case "employer_page":
            return Asked(f"/employers/{variables['taxCode']}")
        case name:
            raise ValueError(f"no endpoint is written for `{name}`")


def _baseline(name: str) -> Sequence[str]:
    return (sys.executable, "-m", "bench.systems", name)


SYSTEMS: Sequence[System] = (
    System(HUB, (sys.executable, "-c", "from hub.cli import main; main()", "serve"), _graphql),
    System("best_hand_written", _baseline("best_hand_written"), _endpoint),
    System("hand_written", _baseline("hand_written"), _endpoint),
    System("stock_strawberry", _baseline("stock_strawberry"), _graphql),
)
