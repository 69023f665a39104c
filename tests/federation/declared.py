"""What one subgraph declares, read from its SDL without the composer: the bench must not share the code it judges.

Declared            the types and fields of a subgraph and what its federation directives say of them
executable_schema   its SDL as a schema that graphql-core executes, with `_entities` and `_service`
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from graphql import (
    DefinitionNode,
    DirectiveDefinitionNode,
    DocumentNode,
    EnumTypeDefinitionNode,
    FieldDefinitionNode,
    FieldNode,
    GraphQLSchema,
    InlineFragmentNode,
    InputObjectTypeDefinitionNode,
    InputObjectTypeExtensionNode,
    InputValueDefinitionNode,
    InterfaceTypeDefinitionNode,
    InterfaceTypeExtensionNode,
    NamedTypeNode,
    ObjectTypeDefinitionNode,
    ObjectTypeExtensionNode,
    OperationDefinitionNode,
    SchemaDefinitionNode,
    SchemaExtensionNode,
    SelectionSetNode,
    TypeNode,
    UnionTypeDefinitionNode,
    UnionTypeExtensionNode,
    build_ast_schema,
    parse,
    value_from_ast_untyped,
)

Coordinate = tuple[str, str]
_EXTENSIONS: Mapping[type[Any], type[Any]] = {
    ObjectTypeExtensionNode: ObjectTypeDefinitionNode,
    InterfaceTypeExtensionNode: InterfaceTypeDefinitionNode,
    UnionTypeExtensionNode: UnionTypeDefinitionNode,
    InputObjectTypeExtensionNode: InputObjectTypeDefinitionNode,
}
_COMPOSITE = (
    ObjectTypeDefinitionNode,
    ObjectTypeExtensionNode,
    InterfaceTypeDefinitionNode,
    InterfaceTypeExtensionNode,
)
_UNIONS = (UnionTypeDefinitionNode, UnionTypeExtensionNode)
_INTERFACES = (InterfaceTypeDefinitionNode, InterfaceTypeExtensionNode)


def field_set(text: str) -> SelectionSetNode:
    """`id org { code }` as a selection set."""
    (operation,) = parse(f"{{ {text} }}", no_location=True).definitions
    assert isinstance(operation, OperationDefinitionNode)
    return operation.selection_set


def named(node: TypeNode) -> str:
    """The name inside the list and non-null marks."""
    while not isinstance(node, NamedTypeNode):
        node = node.type  # type: ignore[attr-defined]
    return node.name.value


def fields_of(node: SelectionSetNode) -> Iterator[str]:
    """The names that stand at the top of a field set, under whatever type condition."""
    for selection in node.selections:
        if isinstance(selection, FieldNode):
            yield selection.name.value
        elif isinstance(selection, InlineFragmentNode):
            yield from fields_of(selection.selection_set)


@dataclass(frozen=True, slots=True)
class Key:
    """One `@key`."""

    fields: SelectionSetNode
    resolvable: bool = True


@dataclass(slots=True)
class Declared:
    """One subgraph. A `Coordinate` is (type, field).

    overrides   field -> the subgraph that it is taken from, for `@override` without a label
    contextual  field -> its arguments that come from a context, which no client sees
    """

    name: str
    sdl: str
    document: DocumentNode
    fields: dict[Coordinate, FieldDefinitionNode] = field(default_factory=dict)
    objects: set[str] = field(default_factory=set)
    interfaces: set[str] = field(default_factory=set)
    interface_objects: set[str] = field(default_factory=set)
    implements: dict[str, set[str]] = field(default_factory=dict)
    members: dict[str, set[str]] = field(default_factory=dict)
    enums: dict[str, list[str]] = field(default_factory=dict)
    inputs: dict[str, dict[str, InputValueDefinitionNode]] = field(default_factory=dict)
    keys: dict[str, list[Key]] = field(default_factory=dict)
    external: set[Coordinate] = field(default_factory=set)
    requires: dict[Coordinate, SelectionSetNode] = field(default_factory=dict)
    provides: dict[Coordinate, SelectionSetNode] = field(default_factory=dict)
    overrides: dict[Coordinate, str] = field(default_factory=dict)
    contextual: dict[Coordinate, set[str]] = field(default_factory=dict)

    @classmethod
    def read(cls, name: str, sdl: str) -> Declared:
        """Read a subgraph's SDL."""
        found = cls(name, sdl, parse(sdl, no_location=True))
        for node in found.document.definitions:
            if isinstance(node, _COMPOSITE):
                found._composite(node)
            elif isinstance(node, _UNIONS):
                members = found.members.setdefault(node.name.value, set())
                members.update(member.name.value for member in node.types or ())
            elif isinstance(node, InputObjectTypeDefinitionNode | InputObjectTypeExtensionNode):
                found.inputs.setdefault(node.name.value, {}).update(
                    {each.name.value: each for each in node.fields or ()}
                )
            elif isinstance(node, EnumTypeDefinitionNode):
                found.enums[node.name.value] = [value.name.value for value in node.values or ()]
        return found

    def _composite(self, node: Any) -> None:
        name = node.name.value
        (self.interfaces if isinstance(node, _INTERFACES) else self.objects).add(name)
        self.implements.setdefault(name, set()).update(each.name.value for each in node.interfaces or ())
        block_external = False
        for directive, given in directives(node):
            if directive == "key":
                keys = self.keys.setdefault(name, [])
                keys.append(Key(field_set(given["fields"]), given.get("resolvable", True)))
            elif directive == "interfaceObject":
                self.interface_objects.add(name)
            elif directive == "external":
                block_external = True
        for made in node.fields or ():
            at = (name, made.name.value)
            self.fields[at] = made
            if block_external:
                self.external.add(at)
            self._field(at, made)

    def _field(self, at: Coordinate, made: FieldDefinitionNode) -> None:
        for directive, given in directives(made):
            match directive:
                case "external":
                    self.external.add(at)
                case "requires":
                    self.requires[at] = field_set(given["fields"])
                case "provides":
                    self.provides[at] = field_set(given["fields"])
                case "override" if "label" not in given:
                    self.overrides[at] = given["from"]
        for argument in made.arguments or ():
            if any(directive == "fromContext" for directive, _ in directives(argument)):
                self.contextual.setdefault(at, set()).add(argument.name.value)

    def key_fields(self, type_name: str) -> set[str]:
        """The fields of a type that stand in one of its keys here: the subgraph knows them of every entity."""
        return {name for key in self.keys.get(type_name, ()) for name in fields_of(key.fields)}


def directives(node: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """The directives on an element: name without `federation__`, and arguments."""
    for directive in node.directives or ():
        given = {argument.name.value: value_from_ast_untyped(argument.value) for argument in directive.arguments or ()}
        yield directive.name.value.removeprefix("federation__"), given


@dataclass(frozen=True, slots=True)
class Context:
    """An argument that is read from an object above: which field, which argument, who sets it, what is selected."""

    field: Coordinate
    argument: str
    set_by: frozenset[str]
    selection: SelectionSetNode


def contexts_of(declared: Declared) -> Iterator[Context]:
    """Every `@fromContext` of a subgraph."""
    setters: dict[str, set[str]] = {}
    for node in declared.document.definitions:
        for directive, given in directives(node) if isinstance(node, _COMPOSITE + _UNIONS) else ():
            if directive == "context":
                setters.setdefault(given["name"], set()).add(node.name.value)  # type: ignore[attr-defined]
    for at, made in declared.fields.items():
        for argument in made.arguments or ():
            for directive, given in directives(argument):
                if directive == "fromContext":
                    match = re.fullmatch(r"\s*\$(\w+)\s*(.*?)\s*", given["field"], re.DOTALL)
                    assert match is not None, given
                    name, selection = match.groups()
                    inner = selection[1:-1] if selection.startswith("{") else selection
                    yield Context(at, argument.name.value, frozenset(setters.get(name, ())), field_set(inner))


_SUBGRAPH = """
scalar _Any
type _Service {{ sdl: String! }}
{union}
extend type {query} {{
  _service: _Service!
  {entities}
}}
"""


def executable_schema(declared: Declared) -> GraphQLSchema:
    """The schema that the subgraph serves: federation directives are marks that nothing executes."""
    kept: list[DefinitionNode] = []
    defined = {
        node.name.value
        for node in declared.document.definitions
        if hasattr(node, "name") and type(node) not in _EXTENSIONS and node.name is not None
    }
    for node in declared.document.definitions:
        if isinstance(node, SchemaExtensionNode | DirectiveDefinitionNode):
            continue
        if isinstance(node, SchemaDefinitionNode):
            kept.append(replace(node, directives=()))
            continue
        kind = _EXTENSIONS.get(type(node))
        if kind is not None and node.name.value not in defined:  # type: ignore[attr-defined]
            defined.add(node.name.value)  # type: ignore[attr-defined]
            parts = {name: getattr(node, name) for name in node.keys if name not in ("loc", "description")}
            kept.append(kind(**parts))
        else:
            kept.append(node)
    entities = sorted(name for name in declared.keys if name in declared.objects)
    addition = _SUBGRAPH.format(
        union=f"union _Entity = {' | '.join(entities)}" if entities else "",
        query="Query",
        entities="_entities(representations: [_Any!]!): [_Entity]!" if entities else "",
    )
    if "Query" not in defined:
        addition = addition.replace("extend type Query", "type Query")
    kept.extend(parse(addition, no_location=True).definitions)
    return build_ast_schema(DocumentNode(definitions=tuple(kept)), assume_valid_sdl=True)
