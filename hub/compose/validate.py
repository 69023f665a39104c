"""Whether a subgraph is a valid schema, once the definitions of the specifications stand beside its own.

Source: GraphQL, section 3 (type validation); Federation subgraph specification, "Subgraph schema validation".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from graphql import (
    DefinitionNode,
    DirectiveDefinitionNode,
    DocumentNode,
    EnumTypeDefinitionNode,
    EnumTypeExtensionNode,
    GraphQLError,
    InputObjectTypeDefinitionNode,
    InputObjectTypeExtensionNode,
    InterfaceTypeDefinitionNode,
    InterfaceTypeExtensionNode,
    ObjectTypeDefinitionNode,
    ObjectTypeExtensionNode,
    ScalarTypeDefinitionNode,
    ScalarTypeExtensionNode,
    TypeDefinitionNode,
    TypeExtensionNode,
    UnionTypeDefinitionNode,
    UnionTypeExtensionNode,
    build_ast_schema,
    parse,
    print_ast,
    validate_schema,
)
from graphql.validation.validate import validate_sdl

from hub.compose.links import Names
from hub.compose.problems import place_of, said
from hub.compose.specs import DIRECTIVES, TYPES
from hub.errors import Problem


def invalid(subgraph: str, error: GraphQLError) -> Problem:
    """INVALID_GRAPHQL: an error of graphql-core, placed."""
    location = error.locations[0] if error.locations else None
    place = f"{subgraph}:{location.line}:{location.column}" if location else subgraph
    return Problem("INVALID_GRAPHQL", place, said(error), _hint(error))


def _hint(error: GraphQLError) -> str:
    return "the text ends too early" if "<EOF>" in error.message else ""


def wrong_definition(subgraph: str, node: DirectiveDefinitionNode, names: Names) -> Iterator[Problem]:
    """A subgraph may repeat a definition of the specification, but not change it."""
    spec = DIRECTIVES.get(names.directives[node.name.value].removeprefix("federation__"))
    if spec is None:
        return
    right = _spec_definition("right", spec.definition, lambda element: element)
    known = {argument.name.value: argument for argument in right.arguments or ()}
    given = {argument.name.value: argument for argument in node.arguments or ()}
    code, place = "DIRECTIVE_DEFINITION_INVALID", place_of(subgraph, node)
    suggestion = f"remove the definition of `@{node.name.value}`, it comes with the specification"
    for name in given:
        if name not in known:
            yield Problem(code, place, f"`@{node.name.value}` has no argument `{name}`", suggestion)
    for name, argument in known.items():
        if name not in given and print_ast(argument.type).endswith("!"):
            yield Problem(code, place, f"`@{node.name.value}` needs the argument `{name}`", suggestion)
    allowed = {location.value for location in right.locations}
    for location in node.locations:
        if location.value not in allowed:
            yield Problem(code, place, f"`@{node.name.value}` cannot stand on {location.value}", suggestion)


def _spec_definition(local: str, definition: str, called: Callable[[str], str]) -> DirectiveDefinitionNode:
    text = definition.format(**{element: called(element) for element in TYPES})
    node = parse(f"directive @{local}{text}", no_location=True).definitions[0]
    assert isinstance(node, DirectiveDefinitionNode)
    return node


def invalid_graphql(subgraph: str, kept: Iterable[DefinitionNode], names: Names) -> tuple[Problem, ...]:
    """What makes the subgraph no valid schema once the specifications' definitions are added."""
    document = DocumentNode(definitions=(*_defined(kept), *_spec_definitions(names)))
    errors = validate_sdl(document)
    if not errors:
        schema = build_ast_schema(document, assume_valid_sdl=True)
        errors = [error for error in validate_schema(schema) if not error.message.startswith("Query root type")]
    return tuple(invalid(subgraph, error) for error in errors)


def _spec_definitions(names: Names) -> Iterator[DefinitionNode]:
    locals_ = {canonical: local for local, canonical in names.types.items()}

    def called(element: str) -> str:
        return locals_.get(f"federation__{element}", f"federation__{element}")

    scalars = {called(element) for element in TYPES}
    for local, canonical in names.directives.items():
        if canonical == "link__link":
            text = "(url: String, as: String, for: link__Purpose, import: [link__Import], feature: String)"
            yield _spec_definition(local, f"{text} repeatable on SCHEMA", called)
        else:
            yield _spec_definition(local, DIRECTIVES[canonical.removeprefix("federation__")].definition, called)
    scalars_sdl = " ".join(f"scalar {name}" for name in sorted(scalars))
    yield from parse(
        f"{scalars_sdl} scalar link__Import enum link__Purpose {{ SECURITY EXECUTION }}", no_location=True
    ).definitions


_DEFINITION_OF = {
    ObjectTypeExtensionNode: ObjectTypeDefinitionNode,
    InterfaceTypeExtensionNode: InterfaceTypeDefinitionNode,
    UnionTypeExtensionNode: UnionTypeDefinitionNode,
    EnumTypeExtensionNode: EnumTypeDefinitionNode,
    InputObjectTypeExtensionNode: InputObjectTypeDefinitionNode,
    ScalarTypeExtensionNode: ScalarTypeDefinitionNode,
}


def _defined(nodes: Iterable[DefinitionNode]) -> Iterator[DefinitionNode]:
    """The definitions, where the first extension of a type defined elsewhere stands as its definition."""
    nodes = tuple(nodes)
    defined = {node.name.value for node in nodes if isinstance(node, TypeDefinitionNode)}
    for node in nodes:
        if isinstance(node, TypeExtensionNode) and node.name.value not in defined:
            defined.add(node.name.value)
            yield _DEFINITION_OF[type(node)](**{key: getattr(node, key) for key in node.keys})
        else:
            yield node
