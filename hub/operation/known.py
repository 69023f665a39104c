"""Document x schema -> the part of it that the schema has, and the places of what it has not.

For who asks what of an operation he may see: what is not in his schema stands in the way of nothing else.
"""

from __future__ import annotations

from typing import Any

from graphql import DocumentNode, GraphQLSchema, TypeInfo, TypeInfoVisitor, Visitor, is_composite_type, visit
from graphql.language import (
    REMOVE,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableDefinitionNode,
    VariableNode,
)


def known_part(document: DocumentNode, schema: GraphQLSchema) -> tuple[DocumentNode, tuple[tuple[int, int], ...]]:
    """The document without fields and fragments that the schema lacks; line and column of each field that went."""
    missing: list[tuple[int, int]] = []
    while True:
        types = TypeInfo(schema)
        visitor = _Dropping(types, schema, _fragments(document), missing)
        left = visit(document, TypeInfoVisitor(types, visitor))
        if not visitor.dropped:
            return _without_idle_parts(left), tuple(sorted(set(missing)))
        document = left


def _fragments(document: DocumentNode) -> frozenset[str]:
    return frozenset(one.name.value for one in document.definitions if isinstance(one, FragmentDefinitionNode))


class _Dropping(Visitor):
    """Removes what the schema lacks; what is left without a selection goes in the next turn."""

    def __init__(
        self, types: TypeInfo, schema: GraphQLSchema, fragments: frozenset[str], missing: list[tuple[int, int]]
    ) -> None:
        super().__init__()
        self._types = types
        self._schema = schema
        self._fragments = fragments
        self._missing = missing
        self.dropped = False

    def enter_field(self, node: FieldNode, *_: Any) -> Any:
        if self._types.get_field_def() is None:
            if node.loc is not None:
                at = node.loc.start_token
                self._missing.append((at.line, at.column))
            return self._drop()
        return self._drop() if node.selection_set is not None and not node.selection_set.selections else None

    def enter_inline_fragment(self, node: InlineFragmentNode, *_: Any) -> Any:
        condition = node.type_condition
        lacking = condition is not None and not is_composite_type(self._schema.type_map.get(condition.name.value))
        if lacking:
            self._all_missing(node.selection_set)
        return self._drop() if lacking or not node.selection_set.selections else None

    def enter_fragment_definition(self, node: FragmentDefinitionNode, *_: Any) -> Any:
        lacking = not is_composite_type(self._schema.type_map.get(node.type_condition.name.value))
        if lacking:
            self._all_missing(node.selection_set)
        return self._drop() if lacking or not node.selection_set.selections else None

    def enter_fragment_spread(self, node: FragmentSpreadNode, *_: Any) -> Any:
        return None if node.name.value in self._fragments else self._drop()

    def _drop(self) -> Any:
        self.dropped = True
        return REMOVE

    def _all_missing(self, selected: SelectionSetNode) -> None:
        for one in selected.selections:
            if isinstance(one, FieldNode) and one.loc is not None:
                self._missing.append((one.loc.start_token.line, one.loc.start_token.column))
            inner = getattr(one, "selection_set", None)
            if inner is not None and not isinstance(one, FieldNode):
                self._all_missing(inner)


class _Used(Visitor):
    """The fragments and variables that something asks with."""

    def __init__(self) -> None:
        super().__init__()
        self.fragments: set[str] = set()
        self.variables: set[str] = set()

    def enter_fragment_spread(self, node: FragmentSpreadNode, *_: Any) -> None:
        self.fragments.add(node.name.value)

    def enter_variable_definition(self, _: VariableDefinitionNode, *__: Any) -> Any:
        return False

    def enter_variable(self, node: VariableNode, *_: Any) -> None:
        self.variables.add(node.name.value)


class _Idle(Visitor):
    """Removes fragments and variables that nothing asks with any more."""

    def __init__(self, used: _Used) -> None:
        super().__init__()
        self._used = used

    def enter_fragment_definition(self, node: FragmentDefinitionNode, *_: Any) -> Any:
        return None if node.name.value in self._used.fragments else REMOVE

    def enter_variable_definition(self, node: VariableDefinitionNode, *_: Any) -> Any:
        return None if node.variable.name.value in self._used.variables else REMOVE

    def enter_operation_definition(self, node: OperationDefinitionNode, *_: Any) -> Any:
        return None if node.selection_set.selections else REMOVE


def _without_idle_parts(document: DocumentNode) -> DocumentNode:
    used = _Used()
    visit(document, used)
    left: DocumentNode = visit(document, _Idle(used))
    return left
