"""RuleBook x audience -> the schema that this audience sees.

A field is in it when some standing of the audience shows it; a type, when a field leads to it. Validation,
introspection and suggestions use this schema, so a field that is never shared and a field that was never invented are
answered alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from graphql import (
    EnumTypeDefinitionNode,
    GraphQLError,
    GraphQLScalarType,
    GraphQLSchema,
    InputObjectTypeDefinitionNode,
    InterfaceTypeDefinitionNode,
    ListTypeNode,
    NamedTypeNode,
    NonNullTypeNode,
    ObjectTypeDefinitionNode,
    ScalarTypeDefinitionNode,
    StringValueNode,
    TypeDefinitionNode,
    TypeNode,
    UnionTypeDefinitionNode,
    ValueNode,
    build_ast_schema,
    parse,
    print_schema,
)
from graphql.language import DocumentNode, FieldDefinitionNode

from hub.model.viewer import Audience, Standing
from hub.policy.rulebook import RuleBook

Check = Callable[[str], str]
_BUILT_IN = frozenset({"String", "Int", "Float", "Boolean", "ID"})


def contract(api: GraphQLSchema, rules: RuleBook, audience: Audience, checks: Mapping[str, Check]) -> GraphQLSchema:
    """The audience's schema; its custom scalars check their inputs."""
    definitions = {
        node.name.value: node for node in parse(print_schema(api)).definitions if isinstance(node, TypeDefinitionNode)
    }
    query = api.query_type
    assert query is not None
    kept = _prune(definitions, lambda owner, name: _visible(rules, audience, query.name, owner, name))
    reached = _reachable(kept, query.name)
    if query.name not in reached:
        # An audience that sees nothing still gets a schema that answers introspection.
        document = parse(f'type {query.name} {{ "Nothing is shared with this reader." nothing: Boolean }}')
        return build_ast_schema(document)
    schema = build_ast_schema(DocumentNode(definitions=tuple(kept[name] for name in kept if name in reached)))
    for name, check in checks.items():
        scalar = schema.type_map.get(name)
        if isinstance(scalar, GraphQLScalarType):
            _attach(scalar, check)
    return schema


def _visible(rules: RuleBook, audience: Audience, query: str, owner: str, name: str) -> bool:
    if owner == query:
        standing = rules.standing_after(None, owner, name)
        return rules.shows(audience, standing, owner, name)
    return any(rules.shows(audience, standing, owner, name) for standing in Standing)


def _named(node: TypeNode) -> str:
    while isinstance(node, (ListTypeNode, NonNullTypeNode)):
        node = node.type
    assert isinstance(node, NamedTypeNode)
    return node.name.value


def _prune(
    definitions: Mapping[str, TypeDefinitionNode], visible: Callable[[str, str], bool]
) -> dict[str, TypeDefinitionNode]:
    """Drops fields that are not visible, then types without fields and fields without types, until nothing changes."""
    kept = dict(definitions)
    changed = True
    while changed:
        changed = False
        for name, node in list(kept.items()):
            if isinstance(node, (ObjectTypeDefinitionNode, InterfaceTypeDefinitionNode)):
                fields = tuple(
                    field
                    for field in node.fields or ()
                    if (_named(field.type) in kept or _named(field.type) in _BUILT_IN)
                    and visible(name, field.name.value)
                )
                interfaces = tuple(item for item in node.interfaces or () if item.name.value in kept)
                if not fields:
                    del kept[name]
                    changed = True
                elif len(fields) < len(node.fields or ()) or len(interfaces) < len(node.interfaces or ()):
                    kept[name] = type(node)(
                        description=node.description,
                        name=node.name,
                        interfaces=interfaces,
                        directives=node.directives,
                        fields=fields,
                        loc=node.loc,
                    )
                    changed = True
            elif isinstance(node, UnionTypeDefinitionNode):
                types = tuple(item for item in node.types or () if item.name.value in kept)
                if not types:
                    del kept[name]
                    changed = True
                elif len(types) < len(node.types or ()):
                    kept[name] = UnionTypeDefinitionNode(
                        description=node.description, name=node.name, directives=node.directives, types=types
                    )
                    changed = True
    return kept


def _reachable(kept: Mapping[str, TypeDefinitionNode], start: str) -> set[str]:
    implementers: dict[str, list[str]] = {}
    for name, node in kept.items():
        if isinstance(node, (ObjectTypeDefinitionNode, InterfaceTypeDefinitionNode)):
            for interface in node.interfaces or ():
                implementers.setdefault(interface.name.value, []).append(name)
    found: set[str] = set()
    todo = [start]
    while todo:
        name = todo.pop()
        if name in found or name not in kept:
            continue
        found.add(name)
        node = kept[name]
        match node:
            case ObjectTypeDefinitionNode() | InterfaceTypeDefinitionNode():
                todo += [item.name.value for item in node.interfaces or ()]
                todo += implementers.get(name, [])
                for field in node.fields or ():
                    todo.append(_named(field.type))
                    todo += _argument_types(field)
            case UnionTypeDefinitionNode():
                todo += [item.name.value for item in node.types or ()]
            case InputObjectTypeDefinitionNode():
                todo += [_named(field.type) for field in node.fields or ()]
            case ScalarTypeDefinitionNode() | EnumTypeDefinitionNode():
                pass
    return found


def _argument_types(field: FieldDefinitionNode) -> list[str]:
    return [_named(argument.type) for argument in field.arguments or ()]


def _attach(scalar: GraphQLScalarType, check: Check) -> None:
    """Lets a scalar of the contract check its input, whether it comes as a variable or stands in the document."""

    def checked(text: str, node: ValueNode | None = None) -> str:
        try:
            return check(text)
        except ValueError as error:
            raise GraphQLError(str(error), node) from None

    def value(given: Any) -> str:
        if not isinstance(given, str):
            raise GraphQLError(f"a {scalar.name} is a string, not `{given}`")
        return checked(given)

    def literal(node: ValueNode, _variables: Any = None) -> str:
        if not isinstance(node, StringValueNode):
            raise GraphQLError(f"a {scalar.name} is a string: put it in quotes", node)
        return checked(node.value, node)

    for attribute, function in (
        ("parse_value", value),
        ("coerce_input_value", value),
        ("parse_literal", literal),
        ("coerce_input_literal", literal),
    ):
        setattr(scalar, attribute, function)
