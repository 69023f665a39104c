"""The composed graph, as the planner, the policy and `hub compose` see it.

Made by `hub.compose` (from subgraphs, or from a supergraph's SDL in the join specification v0.1 to v0.5).
The names follow that specification: `JoinType` is one `@join__type`, `JoinField` one `@join__field`.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLSchema


@dataclass(frozen=True, slots=True)
class Subgraph:
    """One subgraph before composition. `url` is empty for a source that the hub serves in its own process."""

    name: str
    sdl: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class FieldNode:
    """One field of a field set (`@key`, `@requires`, `@provides`). `on` is the type condition it stands under."""

    name: str
    selections: tuple[FieldNode, ...] = ()
    on: str | None = None
    arguments: tuple[tuple[str, Any], ...] = ()


FieldSet = tuple[FieldNode, ...]


@dataclass(frozen=True, slots=True)
class JoinType:
    """A type as one subgraph declares it, with at most one key; a type with three keys there has three of these."""

    graph: str
    key: FieldSet | None = None
    extension: bool = False
    resolvable: bool = True
    interface_object: bool = False


@dataclass(frozen=True, slots=True)
class ContextArgument:
    """An argument that no client gives: its value is selected on the nearest object above that sets the context.

    `context` is the name that `@context` gives in the supergraph (`a__place`); a node of `selection` with a type
    condition (`on`) counts only where that object is of the type.
    """

    name: str
    type: str
    context: str
    selection: FieldSet


@dataclass(frozen=True, slots=True)
class JoinField:
    """A field as one subgraph declares it. `type` is set where it differs from the merged type."""

    graph: str
    requires: FieldSet = ()
    provides: FieldSet = ()
    type: str | None = None
    external: bool = False
    override: str | None = None
    override_label: str | None = None
    used_overridden: bool = False
    contexts: tuple[ContextArgument, ...] = ()

    @property
    def named(self) -> str | None:
        """The name in `type`, without lists and marks of non-null."""
        return None if self.type is None else self.type.strip("[]!")

    @property
    def resolves(self) -> bool:
        """Whether the planner may ask this subgraph for the field (`@provides` apart)."""
        return not self.external and not self.used_overridden


@dataclass(frozen=True, slots=True)
class AppliedDirective:
    """A directive of the subgraphs that was composed into the supergraph, as `@label(name: "CONTACT")`."""

    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Supergraph:
    """The whole graph.

    sdl         its text with `@link` and `@join__*`, which any Federation 2 router can read
    api         the public schema: no join machinery, no inaccessible elements, no federation directives
    graphs      subgraph name -> url ("" for in-process)
    types       type name -> its declarations, one for each subgraph and key
    fields      (type name, field name) -> its declarations; every field of every object and interface type is here,
                also where the SDL leaves `@join__field` out because all subgraphs of the type resolve it
    members     union name -> graph -> member names
    implements  object or interface name -> graph -> interface names
    applied     coordinate ("Type.field", "Type", "Type.field(arg:)", "Enum.VALUE") -> composed directives
    """

    sdl: str
    api: GraphQLSchema
    graphs: Mapping[str, str]
    types: Mapping[str, tuple[JoinType, ...]]
    fields: Mapping[tuple[str, str], tuple[JoinField, ...]]
    members: Mapping[str, Mapping[str, frozenset[str]]]
    implements: Mapping[str, Mapping[str, frozenset[str]]]
    applied: Mapping[str, tuple[AppliedDirective, ...]]


def homes(supergraph: Supergraph, own: Container[str]) -> Mapping[str, str]:
    """Entity -> the subgraph it is at home in: the one that declares it and does not only extend it.

    A remote subgraph need not say that it extends, and takes no entity away from an own source.
    """
    found: dict[str, str] = {}
    for type_name, joins in supergraph.types.items():
        declaring = {join.graph for join in joins if join.key and join.resolvable and not join.extension}
        claimed = {graph for graph in declaring if graph in own} or declaring
        if len(claimed) == 1:
            found[type_name] = next(iter(claimed))
    return found
