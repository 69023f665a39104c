"""The declared graph of `schema/`: what `hub.authoring` makes and the engine serves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from hub.model.mapping import SourceMapping
from hub.model.supergraph import Subgraph
from hub.model.viewer import Audience, Standing


@dataclass(frozen=True, slots=True)
class Transition:
    """What following a field does to the reader's standing: `to`, if that is weaker; a root field sets it."""

    to: Standing


@dataclass(frozen=True, slots=True)
class PolicyTable:
    """For audience and standing the labels that are shown; every label of the graph is either in it or denied."""

    labels: frozenset[str]
    shown: Mapping[tuple[Audience, Standing], frozenset[str]]


@dataclass(frozen=True, slots=True)
class DeclaredGraph:
    """Everything the hub knows about its own sources before composition.

    scalars      name of a custom scalar -> check(text): the canonical text, or an error that teaches
    transitions  (type, field) -> what it does to the standing
    """

    subgraphs: tuple[Subgraph, ...]
    mappings: Mapping[str, SourceMapping]
    scalars: Mapping[str, Callable[[str], str]]
    transitions: Mapping[tuple[str, str], Transition]
    policy: PolicyTable
