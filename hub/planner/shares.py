"""Overrides by percentage: which of a graph's labels are on for a request, by one draw.

Takes a graph; gives its variants, one for each share of requests that is planned alike. A request draws once, and every
`percent(x)` is on if the draw is below x: so a label is on for its share of the requests, two fields of one percentage
move together, and there is one more variant than there are percentages, instead of one for every subset of them.

Decided: a draw for each request and not a hash of who asks, as in the Apollo router: nothing of the reader decides what
is planned, and a source that is tried out gets a sample of all requests.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, replace

from hub.planner.graph import PlannerGraph

_PERCENT = re.compile(r"percent\((\d+(?:\.\d+)?)\)")


@dataclass(frozen=True, slots=True)
class Shares:
    """The variants of a graph: number `i` for the draws between the bounds `i - 1` and `i`, in percent."""

    bounds: tuple[float, ...]
    graphs: tuple[PlannerGraph, ...]

    def drawn(self, draw: float) -> int:
        """The number of the variant for a draw from 0 to below 1."""
        return bisect_right(self.bounds, draw * 100)


def shares(graph: PlannerGraph) -> Shares:
    """The variants of a graph; its labels that are on already stay so."""
    labels = {label: float(found[1]) for label in override_labels(graph) if (found := _PERCENT.fullmatch(label))}
    bounds = tuple(sorted(set(labels.values())))
    if not bounds:
        return Shares((), (graph,))
    on = [frozenset(label for label, share in labels.items() if share > bound) for bound in (-1.0, *bounds)]
    return Shares(bounds, tuple(replace(graph, labels=graph.labels | each) for each in on))


def override_labels(graph: PlannerGraph) -> frozenset[str]:
    """The labels of all overrides of a graph."""
    joined = (each for found in graph.supergraph.fields.values() for each in found)
    return frozenset(each.override_label for each in joined if each.override_label is not None)


def custom_labels(graph: PlannerGraph) -> frozenset[str]:
    """Those that are switched on by name, because they say no share."""
    return frozenset(label for label in override_labels(graph) if not _PERCENT.fullmatch(label))
