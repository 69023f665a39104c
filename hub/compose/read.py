"""A supergraph's SDL, of this or any other composer, as a `Supergraph` value.

A field without `@join__field` belongs to every subgraph of its type; one whose only `@join__field` names no graph is
reached through an `@interfaceObject` and has no declarations.

Source: join v0.1 to v0.5; link v1.0; inaccessible v0.2 (what the public schema leaves out).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from graphql import (
    ConstDirectiveNode,
    DefinitionNode,
    DirectiveDefinitionNode,
    DocumentNode,
    EnumTypeDefinitionNode,
    FieldDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    InputObjectTypeDefinitionNode,
    InputValueDefinitionNode,
    InterfaceTypeDefinitionNode,
    NamedTypeNode,
    ObjectTypeDefinitionNode,
    SchemaDefinitionNode,
    SchemaExtensionNode,
    TypeDefinitionNode,
    TypeNode,
    UnionTypeDefinitionNode,
    build_ast_schema,
    parse,
    print_ast,
    value_from_ast_untyped,
)

from hub.compose.contexts import parse_selection
from hub.compose.federation1 import in_words_of_federation_2
from hub.compose.fieldsets import FieldSetWrong, parse_field_set
from hub.compose.links import Names, read_links
from hub.compose.problems import said
from hub.compose.specs import JOIN, LINK
from hub.errors import BuildFailed, Problem
from hub.model.supergraph import AppliedDirective, ContextArgument, FieldSet, JoinField, JoinType, Supergraph

_STANDARD = frozenset(("skip", "include", "deprecated", "specifiedBy", "oneOf"))
_EXECUTABLE = frozenset(
    ("QUERY", "MUTATION", "SUBSCRIPTION", "FIELD", "FRAGMENT_DEFINITION", "FRAGMENT_SPREAD", "INLINE_FRAGMENT")
)
_Element = TypeDefinitionNode | FieldDefinitionNode | InputValueDefinitionNode | DefinitionNode


def read_supergraph(sdl: str) -> Supergraph:
    """Read a supergraph. Raises `BuildFailed` for a text that is not SDL, or links no join before v1.0."""
    return read_whole(sdl)[0]


def read_whole(sdl: str) -> tuple[Supergraph, GraphQLSchema]:
    """The same, with the schema that still has its inaccessible elements."""
    try:
        document = in_words_of_federation_2(parse(sdl))
    except GraphQLError as error:
        raise BuildFailed([Problem("INVALID_GRAPHQL", _place(error), said(error))]) from error
    reader = _reader(document)
    types = {node.name.value: node for node in document.definitions if isinstance(node, TypeDefinitionNode)}
    own = {name: node for name, node in types.items() if not reader.is_machinery(name)}
    try:
        api = build_ast_schema(DocumentNode(definitions=reader.public(document)))
        whole = build_ast_schema(DocumentNode(definitions=reader.public(document, hidden=True)))
    except (GraphQLError, TypeError) as error:
        place = _place(error) if isinstance(error, GraphQLError) else "supergraph"
        raise BuildFailed([Problem("INVALID_GRAPHQL", place, str(error))]) from error
    composite = {
        name: node
        for name, node in own.items()
        if isinstance(node, ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode)
    }
    join_types = {name: reader.types(node) for name, node in own.items()}
    supergraph = Supergraph(
        sdl=sdl,
        api=api,
        graphs=dict(reader.graphs.values()),
        types=join_types,
        fields={
            (name, field.name.value): reader.fields(field, join_types[name])
            for name, node in composite.items()
            for field in node.fields or ()
        },
        members={
            name: reader.members(node, join_types[name])
            for name, node in own.items()
            if isinstance(node, UnionTypeDefinitionNode)
        },
        implements={name: reader.implements(node, join_types[name]) for name, node in composite.items()},
        applied=dict(reader.applied(own.values())),
    )
    return supergraph, whole


def _place(error: GraphQLError) -> str:
    location = error.locations[0] if error.locations else None
    return f"supergraph:{location.line}:{location.column}" if location else "supergraph"


def _reader(document: DocumentNode) -> _Reader:
    names, problems = read_links("supergraph", document)
    join = next((link for link in names.links if link.identity == JOIN), None)
    if join is None:
        problem = Problem("INVALID_GRAPHQL", "supergraph", "the schema links no `join` specification", _NOT_SUPERGRAPH)
        raise BuildFailed([*problems, problem])
    if not (0, 1) <= join.version < (1, 0):
        message = f"join v{join.version[0]}.{join.version[1]} is not read"
        raise BuildFailed(
            [Problem("UNKNOWN_LINK_VERSION", join.place, message, "compose again with a join before v1.0")]
        )
    definitions = {node.name.value: node for node in document.definitions if isinstance(node, DirectiveDefinitionNode)}
    graphs = {
        value.name.value: _graph(value.directives or (), join.local("@graph"), value.name.value)
        for node in document.definitions
        if isinstance(node, EnumTypeDefinitionNode) and node.name.value == join.local("Graph")
        for value in node.values or ()
    }
    return _Reader(names, join.namespace, graphs, definitions)


_NOT_SUPERGRAPH = "give a composed supergraph, not a subgraph"


def _graph(directives: Iterable[ConstDirectiveNode], called: str, value: str) -> tuple[str, str]:
    for node in directives:
        if node.name.value == called:
            arguments = _arguments(node)
            return str(arguments["name"]), str(arguments.get("url") or "")
    return value, ""


def _arguments(node: ConstDirectiveNode) -> dict[str, Any]:
    return {argument.name.value: value_from_ast_untyped(argument.value) for argument in node.arguments or ()}


def _field_set(text: str | None) -> FieldSet:
    try:
        return parse_field_set(text) if text else ()
    except FieldSetWrong as error:
        raise BuildFailed([Problem("INVALID_GRAPHQL", "supergraph", f"`{text}` is no field set: {error}")]) from error


def _context(given: Mapping[str, Any]) -> ContextArgument:
    text = str(given["selection"])
    try:
        selection = parse_selection(text)
    except FieldSetWrong as error:
        raise BuildFailed([Problem("INVALID_GRAPHQL", "supergraph", f"`{text}` is no selection: {error}")]) from error
    return ContextArgument(given["name"], given["type"], given["context"], selection)


@dataclass(frozen=True, slots=True)
class _Reader:
    """The names of the join machinery in this document, its subgraphs and its directive definitions."""

    names: Names
    join: str
    graphs: Mapping[str, tuple[str, str]]
    definitions: Mapping[str, DirectiveDefinitionNode]

    def is_machinery(self, name: str) -> bool:
        """Whether a type or directive belongs to a linked specification."""
        return any(
            name.startswith(f"{link.namespace}__") or name in link.imports.values() for link in self.names.links
        ) or name.startswith(("join__", "link__", "core__"))

    def joined(self, node: _Element, directive: str) -> Iterator[dict[str, Any]]:
        """The arguments of each `@join__<directive>` on an element."""
        for applied in getattr(node, "directives", None) or ():
            if applied.name.value == f"{self.join}__{directive}":
                yield _arguments(applied)

    def graph(self, arguments: Mapping[str, Any]) -> str:
        return self.graphs[arguments["graph"]][0]

    def types(self, node: TypeDefinitionNode) -> tuple[JoinType, ...]:
        return tuple(
            JoinType(
                self.graph(given),
                _field_set(given["key"]) if given.get("key") else None,
                given.get("extension", False),
                given.get("resolvable", True),
                given.get("isInterfaceObject", False),
            )
            for given in self.joined(node, "type")
        )

    def fields(self, node: FieldDefinitionNode, types: Sequence[JoinType]) -> tuple[JoinField, ...]:
        found = tuple(self.joined(node, "field"))
        if not found:
            return tuple(JoinField(graph) for graph in dict.fromkeys(each.graph for each in types))
        merged = print_ast(node.type)
        return tuple(
            JoinField(
                self.graph(given),
                _field_set(given.get("requires")),
                _field_set(given.get("provides")),
                None if given.get("type") == merged else given.get("type"),
                bool(given.get("external")),
                given.get("override"),
                given.get("overrideLabel"),
                bool(given.get("usedOverridden")),
                tuple(_context(argument) for argument in given.get("contextArguments") or ()),
            )
            for given in found
            if given.get("graph") is not None
        )

    def members(self, node: UnionTypeDefinitionNode, types: Sequence[JoinType]) -> Mapping[str, frozenset[str]]:
        found = [(self.graph(given), given["member"]) for given in self.joined(node, "unionMember")]
        everywhere = [(each.graph, member.name.value) for each in types for member in node.types or ()]
        return _by_graph(found or everywhere)

    def implements(
        self, node: ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode, types: Sequence[JoinType]
    ) -> Mapping[str, frozenset[str]]:
        found = [(self.graph(given), given["interface"]) for given in self.joined(node, "implements")]
        everywhere = [(each.graph, named.name.value) for each in types for named in node.interfaces or ()]
        return _by_graph(found or everywhere)

    def applied(self, nodes: Iterable[TypeDefinitionNode]) -> Iterator[tuple[str, tuple[AppliedDirective, ...]]]:
        """The composed directives of every element that has some."""
        for coordinate, node in _coordinates(nodes):
            found = tuple(self._applied(node))
            if found:
                yield coordinate, found

    def _applied(self, node: _Element) -> Iterator[AppliedDirective]:
        for applied in getattr(node, "directives", None) or ():
            name = applied.name.value
            feature = self.names.feature_of(name)
            if name in _STANDARD or (feature is not None and feature[0].identity in (JOIN, LINK)):
                continue
            definition = self.definitions.get(name)
            defaults = {
                argument.name.value: value_from_ast_untyped(argument.default_value)
                for argument in (definition.arguments if definition else None) or ()
                if argument.default_value is not None
            }
            yield AppliedDirective(feature[1] if feature else name, defaults | _arguments(applied))

    def public(self, document: DocumentNode, hidden: bool = False) -> tuple[DefinitionNode, ...]:
        """The definitions of the public schema; with `hidden`, the inaccessible ones too."""
        inaccessible = frozenset() if hidden else frozenset(_names_of(self.names, "inaccessible"))
        gone = {
            node.name.value
            for node in document.definitions
            if isinstance(node, TypeDefinitionNode) and (self.is_machinery(node.name.value) or _has(node, inaccessible))
        }
        roots = tuple(
            named
            for node in document.definitions
            if isinstance(node, SchemaDefinitionNode | SchemaExtensionNode)
            for named in node.operation_types or ()
        )
        schema = (SchemaDefinitionNode(operation_types=roots),) if roots else ()
        kept = (kept for node in document.definitions for kept in self._public(node, gone, inaccessible))
        return (*schema, *kept)

    def _public(self, node: DefinitionNode, gone: set[str], inaccessible: frozenset[str]) -> Iterator[DefinitionNode]:
        if isinstance(node, DirectiveDefinitionNode):
            executable = any(location.value in _EXECUTABLE for location in node.locations)
            if executable and self.names.feature_of(node.name.value) is None:
                yield replace(node, arguments=_inputs(node.arguments or (), gone, inaccessible))
        elif isinstance(node, TypeDefinitionNode) and node.name.value not in gone:
            yield _shown(node, gone, inaccessible)


def _names_of(names: Names, directive: str) -> Iterator[str]:
    for local, canonical in names.directives.items():
        if canonical == f"federation__{directive}":
            yield local


def _has(node: _Element, directives: frozenset[str]) -> bool:
    return any(applied.name.value in directives for applied in getattr(node, "directives", None) or ())


def _standard(node: Any) -> tuple[ConstDirectiveNode, ...]:
    return tuple(applied for applied in node.directives or () if applied.name.value in _STANDARD)


def _base(node: TypeNode) -> str:
    while not isinstance(node, NamedTypeNode):
        node = node.type  # type: ignore[attr-defined]
    return node.name.value


def _inputs(
    nodes: Iterable[InputValueDefinitionNode], gone: set[str], inaccessible: frozenset[str]
) -> tuple[InputValueDefinitionNode, ...]:
    return tuple(
        replace(node, directives=_standard(node))
        for node in nodes
        if not _has(node, inaccessible) and _base(node.type) not in gone
    )


def _shown(node: TypeDefinitionNode, gone: set[str], inaccessible: frozenset[str]) -> TypeDefinitionNode:
    directives = _standard(node)
    if isinstance(node, ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode):
        fields = tuple(
            replace(field, directives=_standard(field), arguments=_inputs(field.arguments or (), gone, inaccessible))
            for field in node.fields or ()
            if not _has(field, inaccessible) and _base(field.type) not in gone
        )
        interfaces = tuple(named for named in node.interfaces or () if named.name.value not in gone)
        return replace(node, directives=directives, fields=fields, interfaces=interfaces)
    if isinstance(node, UnionTypeDefinitionNode):
        members = tuple(named for named in node.types or () if named.name.value not in gone)
        return replace(node, directives=directives, types=members)
    if isinstance(node, EnumTypeDefinitionNode):
        values = tuple(
            replace(value, directives=_standard(value)) for value in node.values or () if not _has(value, inaccessible)
        )
        return replace(node, directives=directives, values=values)
    if isinstance(node, InputObjectTypeDefinitionNode):
        return replace(node, directives=directives, fields=_inputs(node.fields or (), gone, inaccessible))
    return replace(node, directives=directives)


def _coordinates(nodes: Iterable[TypeDefinitionNode]) -> Iterator[tuple[str, _Element]]:
    for node in nodes:
        name = node.name.value
        yield name, node
        if isinstance(node, ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode):
            for field in node.fields or ():
                yield f"{name}.{field.name.value}", field
                for argument in field.arguments or ():
                    yield f"{name}.{field.name.value}({argument.name.value}:)", argument
        elif isinstance(node, InputObjectTypeDefinitionNode):
            for entry in node.fields or ():
                yield f"{name}.{entry.name.value}", entry
        elif isinstance(node, EnumTypeDefinitionNode):
            for value in node.values or ():
                yield f"{name}.{value.name.value}", value


def _by_graph(pairs: Iterable[tuple[str, str]]) -> Mapping[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for graph, name in pairs:
        found.setdefault(graph, set()).add(name)
    return {graph: frozenset(names) for graph, names in found.items()}
