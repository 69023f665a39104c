"""A supergraph of Federation 1 -> the same in the words of Federation 2, so that one reader reads both.

Takes a document that links join v0.1 by `@core`; gives one with `@link`. What it says otherwise:

    `@core(feature:)`         `@link(url:)`
    `@join__owner`            the other subgraphs of the type extend it
    a field without a graph   is the owner's
    a type without a graph    is a value type, the same in every subgraph

A document without `@core` comes back as it is. Source: core v0.1 and v0.2; join v0.1.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from graphql import (
    BooleanValueNode,
    ConstArgumentNode,
    ConstDirectiveNode,
    DefinitionNode,
    DocumentNode,
    EnumTypeDefinitionNode,
    EnumValueNode,
    FieldDefinitionNode,
    InterfaceTypeDefinitionNode,
    NameNode,
    ObjectTypeDefinitionNode,
    SchemaDefinitionNode,
    SchemaExtensionNode,
    TypeDefinitionNode,
)

_GRAPHS, _TYPE, _FIELD, _OWNER = "join__Graph", "join__type", "join__field", "join__owner"
_MACHINERY = ("join__", "core__")


def in_words_of_federation_2(document: DocumentNode) -> DocumentNode:
    """The same supergraph, with `@link`."""
    schemas = (node for node in document.definitions if isinstance(node, SchemaDefinitionNode | SchemaExtensionNode))
    if not any(applied.name.value == "core" for node in schemas for applied in node.directives or ()):
        return document
    enums = (node for node in document.definitions if isinstance(node, EnumTypeDefinitionNode))
    graphs = [value.name.value for node in enums if node.name.value == _GRAPHS for value in node.values or ()]
    return replace(document, definitions=tuple(_rewritten(node, graphs) for node in document.definitions))


def _rewritten(node: DefinitionNode, graphs: Sequence[str]) -> DefinitionNode:
    if isinstance(node, SchemaDefinitionNode | SchemaExtensionNode):
        return replace(node, directives=tuple(map(_link, node.directives or ())))
    if not isinstance(node, TypeDefinitionNode) or node.name.value.startswith(_MACHINERY):
        return node
    owner = next(iter(_graphs_of(node, _OWNER)), None)
    directives = tuple(_joins(node.directives or (), owner))
    if not any(applied.name.value == _TYPE for applied in directives):
        directives += tuple(_applied(_TYPE, _graph(graph)) for graph in graphs)
    if owner is not None and isinstance(node, ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode):
        return replace(node, directives=directives, fields=tuple(_field(each, owner) for each in node.fields or ()))
    return replace(node, directives=directives)


def _link(applied: ConstDirectiveNode) -> ConstDirectiveNode:
    if applied.name.value != "core":
        return applied
    arguments = (
        replace(argument, name=NameNode(value="url")) if argument.name.value == "feature" else argument
        for argument in applied.arguments or ()
    )
    return replace(applied, name=NameNode(value="link"), arguments=tuple(arguments))


def _joins(directives: Iterable[ConstDirectiveNode], owner: str | None) -> Iterator[ConstDirectiveNode]:
    for applied in directives:
        if applied.name.value == _OWNER:
            continue
        if applied.name.value == _TYPE and owner is not None and _graph_of(applied) != owner:
            extends = ConstArgumentNode(name=NameNode(value="extension"), value=BooleanValueNode(value=True))
            yield replace(applied, arguments=(*(applied.arguments or ()), extends))
        else:
            yield applied


def _field(node: FieldDefinitionNode, owner: str) -> FieldDefinitionNode:
    joins = [applied for applied in node.directives or () if applied.name.value == _FIELD]
    others = [applied for applied in node.directives or () if applied.name.value != _FIELD]
    owned = (
        applied
        if _graph_of(applied) is not None
        else replace(applied, arguments=(_graph(owner), *(applied.arguments or ())))
        for applied in joins or (_applied(_FIELD),)
    )
    return replace(node, directives=(*others, *owned))


def _graphs_of(node: Any, directive: str) -> Iterator[str]:
    for applied in node.directives or ():
        graph = _graph_of(applied)
        if applied.name.value == directive and graph is not None:
            yield graph


def _graph_of(applied: ConstDirectiveNode) -> str | None:
    for argument in applied.arguments or ():
        if argument.name.value == "graph" and isinstance(argument.value, EnumValueNode):
            return argument.value.value
    return None


def _graph(name: str) -> ConstArgumentNode:
    return ConstArgumentNode(name=NameNode(value="graph"), value=EnumValueNode(value=name))


def _applied(name: str, *arguments: ConstArgumentNode) -> ConstDirectiveNode:
    return ConstDirectiveNode(name=NameNode(value=name), arguments=arguments)
