"""What the composer prints is what the join specification defines, checked by graphql-core and not by the reader.

The definitions are those that supergraphs of join v0.5 carry, whoever composed them: those in the printed text must be
these, and every `@join__*` must be valid by them and name what there is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from graphql import (
    DirectiveDefinitionNode,
    DocumentNode,
    EnumTypeDefinitionNode,
    InterfaceTypeDefinitionNode,
    ObjectTypeDefinitionNode,
    TypeDefinitionNode,
    UnionTypeDefinitionNode,
    build_ast_schema,
    parse,
    parse_type,
    print_ast,
    value_from_ast_untyped,
)
from graphql.validation.validate import validate_sdl

from tests.federation.case import case_names, read_case
from tests.federation.generator import generate_case

DEFINITIONS = """
directive @join__graph(name: String!, url: String!) on ENUM_VALUE
directive @join__type(graph: join__Graph!, key: join__FieldSet, extension: Boolean! = false,
  resolvable: Boolean! = true, isInterfaceObject: Boolean! = false)
  repeatable on OBJECT | INTERFACE | UNION | ENUM | INPUT_OBJECT | SCALAR
directive @join__field(graph: join__Graph, requires: join__FieldSet, provides: join__FieldSet, type: String,
  external: Boolean, override: String, usedOverridden: Boolean, overrideLabel: String,
  contextArguments: [join__ContextArgument!]) repeatable on FIELD_DEFINITION | INPUT_FIELD_DEFINITION
directive @join__implements(graph: join__Graph!, interface: String!) repeatable on OBJECT | INTERFACE
directive @join__unionMember(graph: join__Graph!, member: String!) repeatable on UNION
directive @join__enumValue(graph: join__Graph!) repeatable on ENUM_VALUE
directive @join__directive(graphs: [join__Graph!], name: String!, args: join__DirectiveArguments)
  repeatable on SCHEMA | OBJECT | INTERFACE | FIELD_DEFINITION
directive @link(url: String, as: String, for: link__Purpose, import: [link__Import]) repeatable on SCHEMA
"""
SUPERGRAPHS = [*case_names(), *range(12)]
_GRAPH = re.compile(r"[A-Z_][A-Z0-9_]*")


@pytest.fixture(params=SUPERGRAPHS, ids=str)
def document(request: pytest.FixtureRequest) -> DocumentNode:
    which = request.param
    case = read_case(which) if isinstance(which, str) else generate_case(which, 1 + which % 4)
    return parse(case.supergraph().sdl)


def test_what_is_printed_is_valid_by_the_definitions_of_the_specification(document: DocumentNode) -> None:
    assert validate_sdl(document) == []
    build_ast_schema(document)
    printed = {each.name.value: each for each in document.definitions if isinstance(each, DirectiveDefinitionNode)}
    for defined in parse(DEFINITIONS).definitions:
        assert isinstance(defined, DirectiveDefinitionNode)
        assert _spelled(printed[defined.name.value]) == _spelled(defined)


def _spelled(node: DirectiveDefinitionNode) -> tuple[Any, ...]:
    arguments = {print_ast(argument) for argument in node.arguments or ()}
    return arguments, node.repeatable, {location.value for location in node.locations}


def test_what_is_joined_is_there(document: DocumentNode) -> None:
    (graphs,) = (
        {value.name.value for value in node.values or ()}
        for node in document.definitions
        if isinstance(node, EnumTypeDefinitionNode) and node.name.value == "join__Graph"
    )
    assert all(_GRAPH.fullmatch(graph) for graph in graphs)
    types = {node.name.value: node for node in document.definitions if isinstance(node, TypeDefinitionNode)}
    for name, node in types.items():
        if name.startswith(("join__", "link__")):
            continue
        homes = {given["graph"] for given in _joins(node, "type")}
        if isinstance(node, ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode):
            assert homes, f"`{name}` is of no subgraph"
            assert homes <= graphs
            implemented = {interface.name.value for interface in node.interfaces or ()}
            joined = [(given["graph"], given["interface"]) for given in _joins(node, "implements")]
            assert {interface for _, interface in joined} == implemented
            assert {graph for graph, _ in joined} <= homes
            for field in node.fields or ():
                _check_field(field, homes)
            for given in _joins(node, "type"):
                _check_selection(given.get("key"), name, types)
        elif isinstance(node, UnionTypeDefinitionNode):
            members = {member.name.value for member in node.types or ()}
            assert {given["member"] for given in _joins(node, "unionMember")} == members
            assert {given["graph"] for given in _joins(node, "unionMember")} <= homes
        elif isinstance(node, EnumTypeDefinitionNode):
            for value in node.values or ():
                assert {given["graph"] for given in _joins(value, "enumValue")} <= homes


def _check_field(field: Any, homes: set[str]) -> None:
    for given in _joins(field, "field"):
        if "graph" in given:
            assert given["graph"] in homes
        for name in ("requires", "provides"):
            if name in given:
                parse(f"{{ {given[name]} }}")
        if "type" in given:
            assert _named(parse_type(given["type"]))


def _named(node: Any) -> str:
    while hasattr(node, "type"):
        node = node.type
    return str(node.name.value)


def _check_selection(key: str | None, name: str, types: dict[str, Any]) -> None:
    """The fields at the top of a key are fields of the type."""
    if key is None:
        return
    (operation,) = parse(f"{{ {key} }}").definitions
    fields = {field.name.value for field in types[name].fields}
    assert {selection.name.value for selection in operation.selection_set.selections} <= fields  # type: ignore[attr-defined]


def _joins(node: Any, directive: str) -> Iterator[dict[str, Any]]:
    for applied in node.directives or ():
        if applied.name.value == f"join__{directive}":
            yield {argument.name.value: value_from_ast_untyped(argument.value) for argument in applied.arguments or ()}
