"""One subgraph -> the graph that it is by itself.

A type that it extends is at home elsewhere, and nobody here defines it. By itself the subgraph has no more of such an
entity than its own fields, and what leads there is a stub: whoever asks has to go on with its key.
"""

from __future__ import annotations

from dataclasses import replace

from graphql import (
    DefinitionNode,
    DocumentNode,
    InterfaceTypeDefinitionNode,
    InterfaceTypeExtensionNode,
    ObjectTypeDefinitionNode,
    ObjectTypeExtensionNode,
    TypeDefinitionNode,
    parse,
    print_ast,
)

from hub.compose.compose import compose
from hub.compose.parse import ROOTS
from hub.model.supergraph import Subgraph, Supergraph


def compose_alone(subgraph: Subgraph) -> Supergraph:
    """The supergraph of one subgraph, whose extensions stay marked as such. Raises `BuildFailed`."""
    definitions = parse(subgraph.sdl).definitions
    defined = {node.name.value for node in definitions if isinstance(node, TypeDefinitionNode)} | {*ROOTS}
    extended: set[str] = set()
    standing: list[DefinitionNode] = []
    for node in definitions:
        if isinstance(node, (ObjectTypeExtensionNode, InterfaceTypeExtensionNode)) and node.name.value not in defined:
            extended.add(node.name.value)
            standing.append(_definition(node))
        else:
            standing.append(node)
    supergraph = compose([replace(subgraph, sdl=print_ast(DocumentNode(definitions=tuple(standing))))])
    types = {
        name: tuple(replace(join, extension=True) for join in joins) if name in extended else joins
        for name, joins in supergraph.types.items()
    }
    return replace(supergraph, types=types)


def _definition(node: ObjectTypeExtensionNode | InterfaceTypeExtensionNode) -> DefinitionNode:
    """An extension as the definition that is missing."""
    made = ObjectTypeDefinitionNode if isinstance(node, ObjectTypeExtensionNode) else InterfaceTypeDefinitionNode
    return made(**{key: getattr(node, key) for key in node.keys})
