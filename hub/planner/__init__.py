"""Authorized x Supergraph -> Plan: which source is asked for what, by which key, in which order.

Takes an authorized operation and the composed graph; gives a `Plan`. Pure and deterministic; does no I/O and sees no
value of a viewer.

graph       the supergraph as nodes and moves: what a subgraph resolves, and how one gets from it to another
build       every field gets its cheapest way; ways that share a key are one fetch
conditions  what a list's filter asks behind a link, searched for first
contexts    what a field takes from the objects above it, and how it comes down
fieldsets   keys and `@requires`, as selections that are planned like any other
shares      the variants of a graph whose overrides hold for a percentage of the requests
describe    Plan -> Description: every fetch once, numbered by steps, in the names somebody is shown
view        Description -> text, diagrams, JSON
"""

from hub.planner.build import plan
from hub.planner.describe import describe, described, fetches
from hub.planner.graph import PlannerGraph, brittle_fields, homeless_links, planner_graph
from hub.planner.shares import Shares, custom_labels, shares

__all__ = [
    "PlannerGraph",
    "Shares",
    "brittle_fields",
    "custom_labels",
    "describe",
    "described",
    "fetches",
    "homeless_links",
    "plan",
    "planner_graph",
    "shares",
]
