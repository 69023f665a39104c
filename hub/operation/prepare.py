"""Document x operation name x schema -> Prepared: one operation, valid in the schema its reader sees."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    BooleanValueNode,
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLScalarType,
    GraphQLSchema,
    ListTypeNode,
    NamedTypeNode,
    NonNullTypeNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    TypeNode,
    VariableNode,
    specified_rules,
    validate,
)
from graphql.language import FieldNode, FragmentSpreadNode, InlineFragmentNode
from graphql.validation import OverlappingFieldsCanBeMergedRule

from hub.errors import NotSafe, Refused, Shown
from hub.model.graph import Coordinate
from hub.model.limits import Limits
from hub.operation.forms import Forming, forming_variables
from hub.operation.merge import conflict
from hub.operation.parse import shown
from hub.operation.scan import TOO_LARGE

MOST_ERRORS = 20
# What that one rule says, `hub.operation.merge` says in bounded time.
_RULES = tuple(rule for rule in specified_rules if rule is not OverlappingFieldsCanBeMergedRule)
_NOT_WORDS = frozenset({"Int", "Float", "Boolean"})


@dataclass(frozen=True, slots=True)
class Prepared:
    """A valid operation.

    booleans  the variables that decide its `@skip` and `@include`
    words     its variables with their scalars and whether they are lists, if all of them are strings on the wire, or
              lists of strings, and none has a default
    forming   its variables that stand in arguments of lists, with their types: their form decides the plan
    """

    document: DocumentNode
    operation: OperationDefinitionNode
    fragments: Mapping[str, FragmentDefinitionNode]
    schema: GraphQLSchema
    booleans: tuple[str, ...]
    words: tuple[tuple[str, GraphQLScalarType, bool], ...]
    forming: Forming = ()


def prepare(
    document: DocumentNode,
    operation_name: str | None,
    schema: GraphQLSchema,
    limits: Limits,
    lists: Collection[Coordinate] = (),
) -> Prepared:
    """The operation of that name, valid in the schema; otherwise `Refused` with every reason."""
    operation = _choose(document, operation_name)
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    for one in operations:
        _check_depth(one, fragments, limits)
        _check_roots(one, fragments, limits)
    errors = validate(schema, document, _RULES, max_errors=MOST_ERRORS)
    if not errors and (found := conflict(operations, fragments, schema, limits)):
        errors = [found]
    if errors:
        raise Refused([shown(error, "GRAPHQL_VALIDATION_FAILED") for error in errors])
    return Prepared(
        document,
        operation,
        fragments,
        schema,
        _booleans(operation, fragments),
        _words(operation, schema),
        forming_variables(operation, fragments, schema, lists),
    )


def operation_names(document: DocumentNode) -> tuple[str | None, ...]:
    """The names of all operations."""
    operations = (node for node in document.definitions if isinstance(node, OperationDefinitionNode))
    return tuple(node.name.value if node.name else None for node in operations)


def check_reads_only(document: DocumentNode, operation_name: str | None) -> None:
    """`Refused` if the operation of that name is not a query, whether it is valid or not."""
    kind = _choose(document, operation_name).operation
    if kind is not OperationType.QUERY:
        raise Refused([NotSafe(f"a {kind.value} cannot be sent with GET: use POST")])


def booleans_given(prepared: Prepared, variables: Mapping[str, Any]) -> dict[str, bool]:
    """What decides `@skip` and `@include`: as given, else by default, else false."""
    defaults = {
        definition.variable.name.value: definition.default_value.value
        for definition in prepared.operation.variable_definitions or ()
        if isinstance(definition.default_value, BooleanValueNode)
    }
    return {name: bool({**defaults, **variables}.get(name)) for name in prepared.booleans}


def _choose(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    names = ", ".join(f"`{node.name.value}`" for node in operations if node.name)
    if not operations:
        raise Refused([Shown("the document has no operation", code="OPERATION_NOT_FOUND")])
    if not name:
        if len(operations) == 1 or not names:
            return operations[0]  # several without a name: validation says what is wrong with that
        raise Refused(
            [
                Shown(
                    f"the document has several operations: name one of {names} in `operationName`",
                    code="OPERATION_NOT_FOUND",
                )
            ]
        )
    for node in operations:
        if node.name and node.name.value == name:
            return node
    has = f"it has {names}" if names else "its operation has no name"
    raise Refused([Shown(f"the document has no operation `{name}`: {has}", code="OPERATION_NOT_FOUND")])


def _check_depth(
    operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode], limits: Limits
) -> None:
    """Refuses nesting beyond the limit before validation walks it; a fragment's depth is computed once."""
    depths: dict[str, int] = {}

    def depth(selections: SelectionSetNode | None, open_fragments: frozenset[str], level: int) -> int:
        if selections is None:
            return 0
        if level > limits.depth:
            raise Refused([Shown(f"the document nests fields more than {limits.depth} deep", code="DOCUMENT_TOO_DEEP")])
        deepest = 0
        for node in selections.selections:
            match node:
                case FieldNode():
                    found = 1 + depth(node.selection_set, open_fragments, level + 1)
                case InlineFragmentNode():
                    found = depth(node.selection_set, open_fragments, level + 1)
                case FragmentSpreadNode():
                    name = node.name.value
                    if name in open_fragments or name not in fragments:
                        continue  # validation names cycles and unknown fragments
                    if name not in depths:
                        depths[name] = depth(fragments[name].selection_set, open_fragments | {name}, level + 1)
                    found = depths[name]
                case _:
                    continue
            deepest = max(deepest, found)
        return deepest

    if depth(operation.selection_set, frozenset(), 0) > limits.depth:
        raise Refused([Shown(f"the document nests fields more than {limits.depth} deep", code="DOCUMENT_TOO_DEEP")])


def _check_roots(
    operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode], limits: Limits
) -> None:
    """Refuses more fields of the root than the limit, fragments opened once."""
    roots: set[str] = set()
    seen: set[str] = set()
    todo = [operation.selection_set]
    while todo:
        for node in todo.pop().selections:
            match node:
                case FieldNode():
                    roots.add(node.alias.value if node.alias else node.name.value)
                case InlineFragmentNode():
                    todo.append(node.selection_set)
                case FragmentSpreadNode() if node.name.value in fragments and node.name.value not in seen:
                    seen.add(node.name.value)
                    todo.append(fragments[node.name.value].selection_set)
    if len(roots) > limits.roots:
        message = f"the operation has {len(roots)} fields at its root, more than {limits.roots}"
        raise Refused([Shown(message, code=TOO_LARGE)])


def _booleans(operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    todo = [operation.selection_set, *(fragment.selection_set for fragment in fragments.values())]
    while todo:
        for node in todo.pop().selections:
            for directive in node.directives or ():
                if directive.name.value in ("skip", "include"):
                    for argument in directive.arguments or ():
                        if isinstance(argument.value, VariableNode):
                            found.setdefault(argument.value.name.value)
            inner = getattr(node, "selection_set", None)
            if inner is not None:
                todo.append(inner)
    return tuple(sorted(found))


def _words(
    operation: OperationDefinitionNode, schema: GraphQLSchema
) -> tuple[tuple[str, GraphQLScalarType, bool], ...]:
    found = []
    for definition in operation.variable_definitions or ():
        node = _bare(definition.type)
        many = isinstance(node, ListTypeNode) and isinstance(node.type, NonNullTypeNode)
        if isinstance(node, ListTypeNode) and many:
            node = _bare(node.type)
        named = schema.type_map.get(node.name.value) if isinstance(node, NamedTypeNode) else None
        if definition.default_value or not isinstance(named, GraphQLScalarType) or named.name in _NOT_WORDS:
            return ()
        found.append((definition.variable.name.value, named, many))
    return tuple(found)


def _bare(node: TypeNode) -> TypeNode:
    return node.type if isinstance(node, NonNullTypeNode) else node
