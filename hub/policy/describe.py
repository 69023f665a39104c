"""A subgraph's SDL x contract -> the SDL that `_service` gives a profile.

What the contract does not have is not in it, and neither are labels: they say what kind of information a field holds
and in which classes a value occurs, which is for those who compose (`hub subgraph --sdl`), not for those who ask. What
is left is a subgraph of Federation 2 again.
"""

from __future__ import annotations

from collections.abc import Iterator

from graphql import (
    ConstDirectiveNode,
    DefinitionNode,
    DocumentNode,
    FieldDefinitionNode,
    GraphQLSchema,
    InterfaceTypeDefinitionNode,
    ObjectTypeDefinitionNode,
    ObjectTypeExtensionNode,
    SchemaDefinitionNode,
    StringValueNode,
    TypeDefinitionNode,
    parse,
    print_ast,
    print_schema,
)

_FEDERATION = "https://specs.apollo.dev/federation/"
_MACHINERY_TYPES = frozenset({"_Any", "_Entity", "_Service"})


def described_sdl(sdl: str, contract: GraphQLSchema) -> str:
    """The SDL of a subgraph as the contract's reader may see it."""
    declared = parse(sdl)
    own = {
        node.name.value: node
        for node in declared.definitions
        if isinstance(node, (ObjectTypeDefinitionNode, ObjectTypeExtensionNode, InterfaceTypeDefinitionNode))
    }
    definitions = [
        left
        for node in parse(print_schema(contract)).definitions
        if isinstance(node, TypeDefinitionNode) and node.name.value not in _MACHINERY_TYPES
        for left in _definition(node, own.get(node.name.value))
    ]
    head = f'extend schema @link(url: "{_version(declared)}", import: ["@key", "@shareable"])'
    return "\n\n".join([head, *map(print_ast, definitions)]) + "\n"


def _version(declared: DocumentNode) -> str:
    """The version of Federation that the subgraph links."""
    urls = (
        argument.value.value
        for node in declared.definitions
        if isinstance(node, SchemaDefinitionNode)
        for directive in node.directives or ()
        for argument in directive.arguments or ()
        if isinstance(argument.value, StringValueNode)
    )
    return next(url for url in urls if url.startswith(_FEDERATION))


def _definition(node: TypeDefinitionNode, own: DefinitionNode | None) -> Iterator[DefinitionNode]:
    """What is left of a type: with the keys that its reader may know, as an extension if it is one."""
    if not isinstance(node, (ObjectTypeDefinitionNode, InterfaceTypeDefinitionNode)):
        yield node
        return
    fields = tuple(one for one in node.fields or () if not one.name.value.startswith("_"))
    if not fields:
        return
    kept = {key: getattr(node, key) for key in node.keys} | {"fields": fields}
    kept["directives"] = tuple(_kept(own, fields))
    if isinstance(own, ObjectTypeExtensionNode):
        kept.pop("description", None)
        yield ObjectTypeExtensionNode(**kept)
    else:
        yield type(node)(**kept)


def _kept(own: DefinitionNode | None, fields: tuple[FieldDefinitionNode, ...]) -> Iterator[ConstDirectiveNode]:
    names = {one.name.value for one in fields}
    for directive in getattr(own, "directives", None) or ():
        if directive.name.value == "shareable":
            yield directive
        elif directive.name.value == "key":
            given = {argument.name.value: argument.value for argument in directive.arguments}
            if names.issuperset(given["fields"].value.split()):
                yield directive
