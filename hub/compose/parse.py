"""One subgraph's SDL as a `Declared` value: names canonical, extensions merged into their types, machinery dropped.

What is dropped: the specifications' own definitions (a subgraph may repeat them), `_service`, `_entities`, `_Any`,
`_Entity`, `_Service`. Root types get their standard names. `@shareable` and `@external` on a type move to the fields of
that block.

Source: Federation subgraph specification; Federation, "Using @shareable" (a block covers its own fields only).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from graphql import (
    ConstDirectiveNode,
    DefinitionNode,
    DirectiveDefinitionNode,
    DocumentNode,
    EnumTypeDefinitionNode,
    EnumTypeExtensionNode,
    FieldDefinitionNode,
    GraphQLSyntaxError,
    InputObjectTypeDefinitionNode,
    InputObjectTypeExtensionNode,
    InputValueDefinitionNode,
    InterfaceTypeDefinitionNode,
    InterfaceTypeExtensionNode,
    ObjectTypeDefinitionNode,
    ObjectTypeExtensionNode,
    ScalarTypeDefinitionNode,
    ScalarTypeExtensionNode,
    SchemaDefinitionNode,
    SchemaExtensionNode,
    StringValueNode,
    TypeDefinitionNode,
    TypeExtensionNode,
    UnionTypeDefinitionNode,
    UnionTypeExtensionNode,
    parse,
    print_ast,
)

from hub.compose.document import Applied, Definition, EnumValue, Field, Input, Kind, Type
from hub.compose.facts import Coordinate, external_fields, selected, shareable_fields, upgraded, used_fields
from hub.compose.links import Names, read_links, schema_directives
from hub.compose.problems import place_of
from hub.compose.specs import EXTENDS, EXTERNAL, PROVIDES, SHAREABLE
from hub.compose.typeref import type_ref
from hub.compose.validate import invalid, invalid_graphql, wrong_definition
from hub.errors import Problem
from hub.model.supergraph import Subgraph

ROOTS = ("Query", "Mutation", "Subscription")
_MACHINERY_TYPES = frozenset(("_Any", "_Entity", "_Service"))
_MACHINERY_FIELDS = frozenset(("_entities", "_service"))
_EXECUTABLE = frozenset(
    (
        "QUERY",
        "MUTATION",
        "SUBSCRIPTION",
        "FIELD",
        "FRAGMENT_DEFINITION",
        "FRAGMENT_SPREAD",
        "INLINE_FRAGMENT",
        "VARIABLE_DEFINITION",
    )
)

TypeBlock = TypeDefinitionNode | TypeExtensionNode


@dataclass(frozen=True, slots=True)
class Declared:
    """One subgraph as it declares itself, with what follows from it.

    graph       its value of `join__Graph`
    on_schema   the directives of its schema definition
    external, shareable, used, provided   sets of (type, field)
    """

    name: str
    url: str
    graph: str
    names: Names
    types: Mapping[str, Type]
    definitions: Mapping[str, Definition]
    on_schema: tuple[Applied, ...]
    external: frozenset[Coordinate]
    shareable: frozenset[Coordinate]
    used: frozenset[Coordinate]
    provided: frozenset[Coordinate]

    @property
    def federation1(self) -> bool:
        """Whether it links no version of Federation 2, so that the rules of Federation 1 hold for it."""
        return self.names.version is None


def read_subgraph(subgraph: Subgraph, graph: str) -> tuple[Declared | None, tuple[Problem, ...]]:
    """Read one subgraph; with problems there is no value."""
    try:
        document = parse(subgraph.sdl)
    except GraphQLSyntaxError as error:
        return None, (invalid(subgraph.name, error),)
    names, problems = read_links(subgraph.name, document)
    if problems:
        return None, problems
    kept, problems = _without_machinery(subgraph.name, document, names)
    problems = (*problems, *invalid_graphql(subgraph.name, kept, names))
    if problems:
        return None, problems
    reader = _Reader(subgraph.name, names, _roots(document))
    # Every subgraph has the query root, if only for `_service` and `_entities`.
    types: Mapping[str, Type] = {"Query": Type(Kind.OBJECT, "Query", place=subgraph.name), **reader.types(kept)}
    if names.version is None:
        types = upgraded(types)
    declared = Declared(
        subgraph.name,
        subgraph.url,
        graph,
        names,
        types,
        {node.name.value: reader.definition(node) for node in kept if isinstance(node, DirectiveDefinitionNode)},
        reader.applied(schema_directives(document), extension=False),
        external_fields(types),
        shareable_fields(types, names.version is None),
        used_fields(types),
        selected(types, PROVIDES),
    )
    return declared, ()


def executable_locations(definition: Definition) -> tuple[str, ...]:
    """The locations of a directive that stand in operations."""
    return tuple(location for location in definition.locations if location in _EXECUTABLE)


def _roots(document: DocumentNode) -> Mapping[str, str]:
    """Local name of a root type -> its standard name."""
    return {
        operation.type.name.value: operation.operation.value.capitalize()
        for definition in document.definitions
        if isinstance(definition, SchemaDefinitionNode | SchemaExtensionNode)
        for operation in definition.operation_types or ()
    }


def _without_machinery(
    subgraph: str, document: DocumentNode, names: Names
) -> tuple[tuple[DefinitionNode, ...], tuple[Problem, ...]]:
    """The definitions that are the subgraph's own."""
    kept: list[DefinitionNode] = []
    problems: list[Problem] = []
    query = next((local for local, root in _roots(document).items() if root == "Query"), "Query")
    for node in document.definitions:
        if isinstance(node, DirectiveDefinitionNode) and node.name.value in names.directives:
            problems.extend(wrong_definition(subgraph, node, names))
        elif isinstance(node, TypeDefinitionNode | TypeExtensionNode) and node.name.value in names.types:
            canonical = names.types[node.name.value]
            scalar = isinstance(node, ScalarTypeDefinitionNode | ScalarTypeExtensionNode)
            if not scalar and canonical.startswith("federation__"):
                message = f"`{node.name.value}` is a scalar of the federation specification"
                suggestion = "remove the definition, or link the specification under another name"
                problems.append(Problem("TYPE_DEFINITION_INVALID", place_of(subgraph, node), message, suggestion))
        elif isinstance(node, TypeDefinitionNode | TypeExtensionNode) and node.name.value in _MACHINERY_TYPES:
            continue
        elif isinstance(node, ObjectTypeDefinitionNode | ObjectTypeExtensionNode) and node.name.value == query:
            own = tuple(field for field in node.fields or () if field.name.value not in _MACHINERY_FIELDS)
            if own:
                kept.append(replace(node, fields=own))
        else:
            kept.append(node)
    if not any(isinstance(node, TypeDefinitionNode | TypeExtensionNode) and node.name.value == query for node in kept):
        kept = [node for each in kept for node in _without_root(each, query)]
    return tuple(kept), tuple(problems)


def _without_root(node: DefinitionNode, root: str) -> Iterator[DefinitionNode]:
    """A schema definition goes when the only root it names goes."""
    if not isinstance(node, SchemaDefinitionNode | SchemaExtensionNode):
        yield node
        return
    named = tuple(each for each in node.operation_types or () if each.type.name.value != root)
    if named or isinstance(node, SchemaExtensionNode):
        yield replace(node, operation_types=named)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Syntax nodes to values, for one subgraph."""

    subgraph: str
    names: Names
    roots: Mapping[str, str]

    def renamed(self, name: str) -> str:
        return self.roots.get(name, name)

    def types(self, nodes: Iterable[DefinitionNode]) -> Mapping[str, Type]:
        read: dict[str, Type] = {}
        for node in nodes:
            if isinstance(node, TypeDefinitionNode | TypeExtensionNode):
                block = self.block(node)
                earlier = read.get(block.name)
                read[block.name] = block if earlier is None else _joined(earlier, block)
        return read

    def block(self, node: TypeBlock) -> Type:
        extension = isinstance(node, TypeExtensionNode)
        applied = self.applied(node.directives, extension)
        if any(directive.name == EXTENDS for directive in applied):
            # In Federation 2 a type with `@extends` still counts as defined; only its keys are those of an extension.
            extension = extension or self.names.version is None
            applied = tuple(replace(each, extension=True) for each in applied if each.name != EXTENDS)
        block = Type(
            Kind.SCALAR,
            self.renamed(node.name.value),
            "" if isinstance(node, TypeExtensionNode) else _text(node.description),
            applied,
            place_of(self.subgraph, node.name),
            extension,
        )
        match node:
            case ObjectTypeDefinitionNode() | ObjectTypeExtensionNode():
                spread = tuple(each for each in applied if each.name in (SHAREABLE, EXTERNAL))
                return replace(
                    block,
                    kind=Kind.OBJECT,
                    directives=tuple(each for each in applied if each not in spread),
                    interfaces=tuple(named.name.value for named in node.interfaces or ()),
                    fields=self.fields(node.fields or (), spread),
                )
            case InterfaceTypeDefinitionNode() | InterfaceTypeExtensionNode():
                return replace(
                    block,
                    kind=Kind.INTERFACE,
                    interfaces=tuple(named.name.value for named in node.interfaces or ()),
                    fields=self.fields(node.fields or (), ()),
                )
            case UnionTypeDefinitionNode() | UnionTypeExtensionNode():
                return replace(block, kind=Kind.UNION, members=tuple(named.name.value for named in node.types or ()))
            case EnumTypeDefinitionNode() | EnumTypeExtensionNode():
                values = {
                    value.name.value: EnumValue(
                        value.name.value,
                        _text(value.description),
                        self.applied(value.directives),
                        place_of(self.subgraph, value.name),
                    )
                    for value in node.values or ()
                }
                return replace(block, kind=Kind.ENUM, values=values)
            case InputObjectTypeDefinitionNode() | InputObjectTypeExtensionNode():
                inputs = {field.name.value: self.input(field) for field in node.fields or ()}
                return replace(block, kind=Kind.INPUT, inputs=inputs)
            case _:
                return block

    def fields(self, nodes: Iterable[FieldDefinitionNode], spread: tuple[Applied, ...]) -> dict[str, Field]:
        read: dict[str, Field] = {}
        for node in nodes:
            own = self.applied(node.directives)
            inherited = tuple(each for each in spread if all(each.name != other.name for other in own))
            read[node.name.value] = Field(
                node.name.value,
                type_ref(node.type, self.renamed),
                tuple(self.input(argument) for argument in node.arguments or ()),
                _text(node.description),
                own + inherited,
                place_of(self.subgraph, node.name),
            )
        return read

    def input(self, node: InputValueDefinitionNode) -> Input:
        return Input(
            node.name.value,
            type_ref(node.type, self.renamed),
            print_ast(node.default_value) if node.default_value else None,
            _text(node.description),
            self.applied(node.directives),
            place_of(self.subgraph, node.name),
        )

    def applied(self, nodes: Iterable[ConstDirectiveNode] | None, extension: bool = False) -> tuple[Applied, ...]:
        return tuple(
            Applied(
                self.names.directives.get(node.name.value, node.name.value),
                tuple((argument.name.value, print_ast(argument.value)) for argument in node.arguments or ()),
                place_of(self.subgraph, node),
                extension,
            )
            for node in nodes or ()
        )

    def definition(self, node: DirectiveDefinitionNode) -> Definition:
        return Definition(
            node.name.value,
            tuple(self.input(argument) for argument in node.arguments or ()),
            tuple(location.value for location in node.locations),
            node.repeatable,
            _text(node.description),
            place_of(self.subgraph, node.name),
        )


def _text(description: StringValueNode | None) -> str:
    return description.value if description else ""


def _joined(one: Type, other: Type) -> Type:
    """Two blocks of one type."""
    return replace(
        one,
        description=one.description or other.description,
        directives=one.directives + other.directives,
        extended=one.extended and other.extended,
        interfaces=one.interfaces + other.interfaces,
        fields={**one.fields, **other.fields},
        inputs={**one.inputs, **other.inputs},
        members=one.members + other.members,
        values={**one.values, **other.values},
    )
