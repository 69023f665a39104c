"""Every system gives the hub's answers: compared as parsed JSON over a sample of keys, before anything is timed."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any

from bench.servers import Server
from bench.systems import HUB, SYSTEMS, System
from bench.workloads import Variables, Workload

SAMPLE = 50


class Disagreement(Exception):
    """A system answers otherwise than the hub, or does not answer at all."""


def check_agreement(
    workload: Workload, drawn: Sequence[Variables], servers: Mapping[str, Server], systems: Sequence[System], token: str
) -> None:
    """Compares the answers for the first keys of a workload; `Disagreement` at the first that differs."""
    sample = drawn[:SAMPLE]
    hub = next(system for system in SYSTEMS if system.name == HUB)
    expected = _answers(hub, servers[HUB], workload, sample, token)
    for variables, answer in zip(sample, expected, strict=True):
        (data,) = answer.get("data", {"nothing": None}).values()
        if "errors" in answer or not data:
            raise Disagreement(f"{workload.name}: the hub does not answer {_shown(variables)}: {str(answer)[:500]}")
    for system in systems:
        if system.name == HUB:
            continue
        found = _answers(system, servers[system.name], workload, sample, token)
        for variables, theirs, ours in zip(sample, found, expected, strict=True):
            where = _difference(theirs, ours, "")
            if where is not None:
                place, got, wanted = where
                raise Disagreement(
                    f"{workload.name}: `{system.name}` differs from the hub for {_shown(variables)} at `{place}`:"
                    f" {_short(got)}, not {_short(wanted)}"
                )


def _answers(
    system: System, server: Server, workload: Workload, sample: Sequence[Variables], token: str
) -> list[dict[str, Any]]:
    found = []
    with server.running(), closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)) as connection:
        for variables in sample:
            asked = system.ask(workload, variables)
            headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
            connection.request("POST" if asked.body else "GET", asked.path, asked.body or None, headers)
            answer = connection.getresponse()
            body = answer.read()
            if answer.status != http.client.OK:
                raise Disagreement(f"{workload.name}: `{system.name}` answers with {answer.status}: {body[:500]!r}")
            found.append(json.loads(body))
    return found


def _difference(got: Any, wanted: Any, place: str) -> tuple[str, Any, Any] | None:
    """The first place where two values differ, with both."""
    if isinstance(got, dict) and isinstance(wanted, dict) and got.keys() == wanted.keys():
        pairs = [(f"{place}.{key}" if place else key, got[key], wanted[key]) for key in wanted]
    elif isinstance(got, list) and isinstance(wanted, list) and len(got) == len(wanted):
        pairs = [(f"{place}.{index}", *both) for index, both in enumerate(zip(got, wanted, strict=True))]
    else:
        return None if got == wanted and isinstance(got, bool) == isinstance(wanted, bool) else (place, got, wanted)
    return next((found for at, mine, theirs in pairs if (found := _difference(mine, theirs, at)) is not None), None)


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 200 else f"{text[:200]}..."


def _shown(variables: Variables) -> str:
    return _short(dict(variables))
