"""Document -> signature: a name for what was sent, which holds nothing of what a client wrote by himself.

Values, aliases, and the names of operations, variables and fragments are left out before it is made, so a personal
number that somebody writes into a document cannot be guessed from it, and texts that differ in those alone have one
signature. Field and type names are the schema's own.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

from graphql import DocumentNode, NameNode, print_ast, visit
from graphql.language import (
    BooleanValueNode,
    EnumValueNode,
    FieldNode,
    FloatValueNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    IntValueNode,
    ListValueNode,
    Node,
    NullValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    StringValueNode,
    VariableNode,
    Visitor,
)

_LENGTH = 32
_VALUE = EnumValueNode(value="_")
_VALUES = (
    BooleanValueNode,
    EnumValueNode,
    FloatValueNode,
    IntValueNode,
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    StringValueNode,
)


def signature(document: DocumentNode) -> str:
    """Hexadecimal digits, the same in every process."""
    text = print_ast(visit(document, _Plain()))
    return hashlib.sha256(text.encode()).hexdigest()[:_LENGTH]


class _Plain(Visitor):
    """Leaves of a document what its schema knows. Names are counted in their order."""

    def __init__(self) -> None:
        super().__init__()
        self._names: dict[tuple[str, str], str] = {}

    def enter(self, node: Node, *_: Any) -> Any:
        return _VALUE if isinstance(node, _VALUES) else None

    def leave(self, node: Node, *_: Any) -> Any:
        match node:
            case FieldNode():
                return replace(node, alias=None)
            case OperationDefinitionNode():
                return replace(node, name=None)
            case VariableNode():
                return replace(node, name=self._named("v", node.name))
            case FragmentDefinitionNode() | FragmentSpreadNode():
                return replace(node, name=self._named("f", node.name))
            case _:
                return None

    def _named(self, kind: str, name: NameNode) -> NameNode:
        found = self._names.setdefault((kind, name.value), f"{kind}{len(self._names)}")
        return NameNode(value=found)
