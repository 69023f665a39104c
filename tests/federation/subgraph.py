"""One subgraph that answers as the Federation specification says, and takes nothing that it does not say.

What only a faulty gateway sends is kept as a `violation` and answered with an error: an operation that is not valid
against the subgraph's own schema, a representation without a complete key or of a type that the subgraph cannot enter,
an external field that the way here does not provide, a field taken over by another subgraph, a required field missing
from a representation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    FieldNode,
    GraphQLError,
    GraphQLResolveInfo,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    execute_sync,
    get_named_type,
    get_operation_ast,
    is_composite_type,
    parse,
    validate,
)

from tests.federation.declared import Declared, executable_schema
from tests.federation.world import InputMissing, Row, State, World


class Violated(GraphQLError):
    """The gateway asked for what may not be asked."""


@dataclass(frozen=True, slots=True)
class Node:
    """An object on its way through one subgraph.

    type            what the subgraph takes it for: its own type, or that of an interface object
    provided        field sets of external fields that may be asked on this way
    representation  what the gateway sent to enter here
    """

    row: Row
    type: str
    provided: tuple[SelectionSetNode, ...] = ()
    representation: Mapping[str, Any] | None = None


@dataclass(slots=True)
class Answer:
    """What goes back: `refused` is an operation that was not run at all."""

    body: dict[str, Any]
    refused: bool = False
    operation: str = "query"
    entities: int = 0


@dataclass(slots=True)
class Subgraph:
    """A subgraph over its part of the world. `violations` and `state` may be shared by all subgraphs of a case."""

    declared: Declared
    world: World
    state: State
    violations: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._schema = executable_schema(self.declared)
        self._valid: dict[str, Any] = {}

    _schema: Any = field(init=False, repr=False)
    _valid: dict[str, Any] = field(init=False, repr=False)

    # --- operations ------------------------------------------------------------------------------------------------

    def answer(self, document: str, variables: Mapping[str, Any] | None, operation_name: str | None = None) -> Answer:
        """Run one operation."""
        found = self._valid.get(document) or self._valid.setdefault(document, self._checked(document))
        if isinstance(found, str):
            return self._refused(found)
        operation = get_operation_ast(found, operation_name)
        if not isinstance(operation, OperationDefinitionNode):
            return self._refused("no such operation")
        result = execute_sync(
            self._schema,
            found,
            variable_values=dict(variables or {}),
            operation_name=operation_name,
            field_resolver=self._resolve,
            type_resolver=self._type_of,
        )
        if result.data is None and result.errors and not any(error.path for error in result.errors):
            return self._refused("; ".join(error.message for error in result.errors))
        asked = [each for each in operation.selection_set.selections if isinstance(each, FieldNode)]
        entities = sum(each.name.value == "_entities" for each in asked)
        kind = "mutation" if operation.operation is OperationType.MUTATION else "query"
        return Answer(dict(result.formatted), operation=kind, entities=entities)

    def _checked(self, document: str) -> Any:
        try:
            parsed = parse(document, no_location=True)
        except GraphQLError as error:
            return error.message
        errors = validate(self._schema, parsed)
        return "; ".join(error.message for error in errors) if errors else parsed

    def _refused(self, message: str) -> Answer:
        self.violations.append(f"{self.declared.name}: {message}")
        body = {"errors": [{"message": message, "extensions": {"code": "GRAPHQL_VALIDATION_FAILED"}}]}
        return Answer(body, refused=True)

    def violated(self, message: str) -> Violated:
        """A violation, kept and as an error."""
        self.violations.append(f"{self.declared.name}: {message}")
        return Violated(message, extensions={"code": "VIOLATED"})

    # --- types -----------------------------------------------------------------------------------------------------

    def _type_of(self, value: Any, info: GraphQLResolveInfo[Any], abstract: Any) -> str:
        node: Node = value
        if node.type in self._schema.type_map and is_composite_type(self._schema.type_map[node.type]):
            return node.type
        raise self.violated(f"`{node.row.type}` is no `{abstract.name}` here")

    def _known_as(self, row: Row, returned: str) -> str:
        if returned in self.declared.interface_objects:
            return returned
        if row.type not in self.declared.objects:
            for interface in self.world.names_of(row.type):
                if interface in self.declared.interface_objects:
                    return interface
        return row.type

    # --- fields ----------------------------------------------------------------------------------------------------

    def _resolve(self, source: Any, info: GraphQLResolveInfo[Any], /, **arguments: Any) -> Any:
        name = info.field_name
        if source is None:
            root = info.parent_type.name
            if name == "_service":
                return {"sdl": self.declared.sdl}
            if name == "_entities":
                return [self._entered(each) for each in arguments["representations"]]
            if root == "Mutation":
                self.state.mutations.append(f"{self.declared.name}.{name}")
            source = Node(self.world.rows[root], root)
        if isinstance(source, Mapping):
            return source[name]
        node: Node = source
        at = (node.type, name)
        inner = tuple(self._provided(node, name))
        self._check_access(node, name)
        for hidden in self.declared.contextual.get(at, set()) - arguments.keys():
            raise self.violated(f"`{node.type}.{name}` is asked without `{hidden}` of its context")
        inputs = self._inputs(node, name)
        lacks = (self.declared.name, node.row.name) in self.world.missing
        if lacks and name not in self.declared.key_fields(node.type):
            return None
        value = self.world.value(node.row, name, arguments, self.state, inputs)
        returned = get_named_type(info.return_type)
        if not is_composite_type(returned):
            return value
        extra = self.declared.provides.get(at)
        return self._nodes(value, returned.name, (*inner, extra) if extra else inner)

    def _nodes(self, value: Any, returned: str, provided: tuple[SelectionSetNode, ...]) -> Any:
        if isinstance(value, list):
            return [self._nodes(inner, returned, provided) for inner in value]
        if isinstance(value, Row):
            known = self._known_as(value, returned)
            keys = tuple(key.fields for key in self.declared.keys.get(known, ()))
            return Node(value, known, (*provided, *keys))
        return value

    def _provided(self, node: Node, name: str) -> list[SelectionSetNode]:
        """What the field sets on the way here say below a field."""
        found: list[SelectionSetNode] = []
        for selections in node.provided:
            found.extend(inner for field_name, inner in self._at(node, selections) if field_name == name and inner)
        return found

    def _at(self, node: Node, selections: SelectionSetNode) -> list[tuple[str, SelectionSetNode | None]]:
        found: list[tuple[str, SelectionSetNode | None]] = []
        for selection in selections.selections:
            if isinstance(selection, FieldNode):
                found.append((selection.name.value, selection.selection_set))
            elif isinstance(selection, InlineFragmentNode):
                condition = selection.type_condition
                if condition is None or self.world.is_a(node.row.type, condition.name.value):
                    found.extend(self._at(node, selection.selection_set))
        return found

    def _check_access(self, node: Node, name: str) -> None:
        at = (node.type, name)
        if any(field_name == name for each in node.provided for field_name, _ in self._at(node, each)):
            return
        if at in self.declared.external:
            raise self.violated(f"`{node.type}.{name}` is external and not provided here")
        if not self.world.resolves(self.declared, *at):
            raise self.violated(f"`{node.type}.{name}` was taken over by another subgraph")

    def _inputs(self, node: Node, name: str) -> Mapping[str, Any] | None:
        required = self.declared.requires.get((node.type, name))
        if required is None:
            return None
        if node.representation is None:
            raise self.violated(f"`{node.type}.{name}` is asked without an entity that brings what it requires")
        try:
            inputs = self.world.read(node.representation, required)
        except InputMissing as missing:
            raise self.violated(f"`{node.type}.{name}` requires `{missing}`") from missing
        return inputs

    # --- entities --------------------------------------------------------------------------------------------------

    def _entered(self, representation: Any) -> Node | None:
        if not isinstance(representation, Mapping) or not isinstance(representation.get("__typename"), str):
            raise self.violated("a representation is an object with a `__typename`")
        known = representation["__typename"]
        keys = [key for key in self.declared.keys.get(known, ()) if key.resolvable]
        if not keys:
            raise self.violated(f"`{known}` has no resolvable key here")
        for name in representation:
            if name != "__typename" and not self._declares(known, name):
                raise self.violated(f"a representation of `{known}` has the unknown field `{name}`")
        complete: list[tuple[SelectionSetNode, Mapping[str, Any]]] = []
        for key in keys:
            try:
                complete.append((key.fields, self.world.read(representation, key.fields)))
            except InputMissing:
                continue
        if not complete:
            raise self.violated(f"a representation of `{known}` has no complete key: {dict(representation)}")
        selections, values = complete[0]
        for row in self.world.of_type(known):
            if self.world.project(row, selections, self.state) == values:
                return self._node(row, known, keys, representation)
        if None in values.values():
            return None
        raise self.violated(f"there is no `{known}` with the key {values}")

    def _declares(self, known: str, name: str) -> bool:
        if (known, name) in self.declared.fields:
            return True
        # Required fields of the implementations travel in a representation of their interface.
        return known in self.declared.interfaces and any(at[1] == name for at in self.declared.fields)

    def _node(self, row: Row, known: str, keys: Sequence[Any], representation: Mapping[str, Any]) -> Node | None:
        if (self.declared.name, row.name) in self.world.missing:
            return None
        every = (*keys, *self.declared.keys.get(row.type, ()))
        return Node(row, self._known_as(row, known), tuple(key.fields for key in every), representation)
