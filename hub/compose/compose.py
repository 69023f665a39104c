"""Compose subgraphs: each step takes what the step before gave, and a step that finds problems is the last.

Decided: the supergraph is printed and read back. Because: the planner then sees the same thing whether this composer or
another made the graph. Rejected: building the value beside the text, two ways that would drift apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from hub.compose.hints import HINTS, Hint
from hub.compose.merge import merge
from hub.compose.parse import Declared, read_subgraph
from hub.compose.print import print_supergraph
from hub.compose.read import read_whole
from hub.compose.rules import MERGED_RULES, RULES
from hub.compose.satisfiable import find_unreachable
from hub.errors import BuildFailed, Problem
from hub.model.supergraph import Subgraph, Supergraph


def compose(subgraphs: Sequence[Subgraph]) -> Supergraph:
    """Merge subgraphs, in whatever order they come.

    Raises `BuildFailed` with all the problems of the first step that finds some.
    """
    return _compose(subgraphs)[0]


def compose_with_hints(subgraphs: Sequence[Subgraph]) -> tuple[Supergraph, tuple[Hint, ...]]:
    """The same, with what composes and is probably not meant."""
    supergraph, declared = _compose(subgraphs)
    return supergraph, tuple(hint for rule in HINTS for hint in rule(declared))


def _compose(subgraphs: Sequence[Subgraph]) -> tuple[Supergraph, Sequence[Declared]]:
    ordered = sorted(subgraphs, key=lambda subgraph: subgraph.name)
    graphs = graph_names([subgraph.name for subgraph in ordered])
    problems = list(_wrong_names(ordered))
    declared: list[Declared] = []
    for subgraph in ordered:
        read, found = read_subgraph(subgraph, graphs[subgraph.name])
        problems.extend(found)
        if read is not None:
            declared.append(read)
    _stop(problems)
    _stop([problem for rule in RULES for problem in rule(declared)])
    merged = merge(declared)
    _stop([problem for rule in MERGED_RULES for problem in rule(merged)])
    supergraph, whole = read_whole(print_supergraph(merged))
    _stop(list(find_unreachable(supergraph, whole)))
    return supergraph, declared


def graph_names(names: Sequence[str]) -> Mapping[str, str]:
    """Subgraph name -> its value of `join__Graph`: upper case, an underscore for what a name may not have.

    Names that would be equal, and those that end like a numbered one, are told apart by a number or an underscore.
    """
    spelled: dict[str, list[str]] = {}
    for name in dict.fromkeys(names):
        value = re.sub(r"[^A-Z0-9_]", "_", name.upper())
        value = f"_{value}" if re.match(r"\d", value) else value
        value = f"{value}_" if re.search(r"_\d+$", value) else value
        spelled.setdefault(value, []).append(name)
    return {
        name: value if len(same) == 1 else f"{value}_{position}"
        for value, same in spelled.items()
        for position, name in enumerate(same, start=1)
    }


def _wrong_names(subgraphs: Sequence[Subgraph]) -> Iterator[Problem]:
    seen: set[str] = set()
    for subgraph in subgraphs:
        code, place = "INVALID_SUBGRAPH_NAME", subgraph.name or "subgraphs"
        if not subgraph.name:
            yield Problem(code, place, "a subgraph has no name")
        elif subgraph.name == "_":
            yield Problem(code, place, "`_` is reserved", "choose another name")
        elif subgraph.name in seen:
            yield Problem(code, place, f"two subgraphs are called `{subgraph.name}`", "rename one of them")
        seen.add(subgraph.name)


def _stop(problems: Sequence[Problem]) -> None:
    if problems:
        raise BuildFailed(problems)
