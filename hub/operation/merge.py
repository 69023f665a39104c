"""Whether the fields of an operation can be merged (GraphQL, September 2025, section 5.3.2), in bounded time.

Decided: the fields of one response key are all compared with one of them, and their selections merged before they are
looked at, as Simon Adameit showed for Sangria ("GraphQL: overlapping fields can be merged, fast", 2017): linear where
nothing is selected through several fragments at once, and counted against `Limits.selections` where it is. Rejected:
graphql-core's rule, which compares each field with each other: two thousand tokens cost it a third of a second.

The messages are those of graphql-core. One conflict is found for a document, not all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLField,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    is_leaf_type,
    is_object_type,
    print_ast,
)
from graphql.utilities.sort_value_node import sort_value_node

from hub.errors import Refused, Shown
from hub.model.limits import Limits
from hub.operation.scan import TOO_LARGE


class _Scope(NamedTuple):
    """A selection, and the type it stands on."""

    parent: GraphQLNamedType
    selection_set: SelectionSetNode


@dataclass(frozen=True, slots=True)
class _Selected:
    """A field where it is selected."""

    parent: GraphQLNamedType
    node: FieldNode
    definition: GraphQLField

    def below(self) -> _Scope | None:
        """What is selected of it."""
        if self.node.selection_set is None:
            return None
        return _Scope(get_named_type(self.definition.type), self.node.selection_set)

    @property
    def asks(self) -> tuple[str, frozenset[tuple[str, str]]]:
        """Which field it is, under which arguments."""
        arguments = self.node.arguments or ()
        return self.node.name.value, frozenset((one.name.value, _text(one.value)) for one in arguments)


class _Conflict(Exception):
    """Two fields that cannot be merged: why, and under which keys on the way to them from where they first met.

    `whole` when that place is reached: above it there is but one field.
    """

    def __init__(self, key: str, first: FieldNode, second: FieldNode, reason: str) -> None:
        super().__init__(reason)
        self.path = [key]
        self.whole = False
        self.nodes = [first, second]
        self.reason = reason


def conflict(
    operations: Iterable[OperationDefinitionNode],
    fragments: Mapping[str, FragmentDefinitionNode],
    schema: GraphQLSchema,
    limits: Limits,
) -> GraphQLError | None:
    """The first two fields that conflict, in a document that is valid otherwise; `Refused` if that takes too long."""
    search = _Search(fragments, schema, limits.selections)
    for operation in operations:
        root = schema.get_root_type(operation.operation)
        assert root is not None
        try:
            search.same((_Scope(root, operation.selection_set),))
        except _Conflict as found:
            return _error(found)
    return None


def _error(found: _Conflict) -> GraphQLError:
    first, *rest = found.path
    reason = found.reason
    for key in reversed(rest):
        reason = f"subfields '{key}' conflict because {reason}"
    text = f"Fields '{first}' conflict because {reason}."
    return GraphQLError(
        f"{text} Use different aliases on the fields to fetch both if this was intentional.", found.nodes
    )


class _Search:
    """One search: the steps that are left, and which selections were found to merge."""

    def __init__(self, fragments: Mapping[str, FragmentDefinitionNode], schema: GraphQLSchema, steps: int) -> None:
        self.fragments = fragments
        self.schema = schema
        self.most = self.left = steps
        self.merged: set[tuple[bool, frozenset[int]]] = set()

    def same(self, scopes: tuple[_Scope, ...]) -> None:
        """Selections of one object: what stands under one key must be one field, under the same arguments."""
        if self.known(scopes, shape_only=False):
            return
        for key, found in self.collected(scopes).items():
            if len(found) == 1:
                self.alone(found[0])
                continue
            groups = _of_one_object(found)
            for group in groups:
                self.spend(len(group))
                _check_same(key, group)
            _check_shapes(key, found)
            self.within(key, _below(found), shape_only=True)
            for group in groups:
                self.within(key, _below(group), shape_only=False)

    def shapes(self, scopes: tuple[_Scope, ...]) -> None:
        """Selections of what may be different objects: what stands under one key must have one shape."""
        if self.known(scopes, shape_only=True):
            return
        for key, found in self.collected(scopes).items():
            _check_shapes(key, found)
            self.within(key, _below(found), shape_only=True)

    def alone(self, found: _Selected) -> None:
        below = found.below()
        if below is not None:
            try:
                self.same((below,))
            except _Conflict as conflicting:
                conflicting.whole = True
                raise

    def within(self, key: str, scopes: tuple[_Scope, ...], *, shape_only: bool) -> None:
        if not scopes or (shape_only and len(scopes) == 1):
            return  # one selection alone is looked at where it is looked at for more than its shape
        try:
            (self.shapes if shape_only else self.same)(scopes)
        except _Conflict as found:
            if not found.whole:
                found.path.insert(0, key)
            raise

    def known(self, scopes: tuple[_Scope, ...], *, shape_only: bool) -> bool:
        """Whether these selections together were looked at before; if not, they are from now on."""
        one = (shape_only, frozenset(id(scope.selection_set) for scope in scopes))
        if one in self.merged:
            return True
        self.merged.add(one)
        return False

    def spend(self, steps: int) -> None:
        self.left -= steps
        if self.left < 0:
            text = f"takes more than {self.most} steps to merge its fields: repeat fewer of them"
            raise Refused([Shown(f"the document {text}", code=TOO_LARGE)])

    def collected(self, scopes: tuple[_Scope, ...]) -> Mapping[str, list[_Selected]]:
        """Response key -> the fields under it, fragments opened."""
        fields: dict[str, list[_Selected]] = {}
        seen: set[str] = set()
        todo = list(reversed(scopes))
        while todo:
            parent, selection_set = todo.pop()
            self.spend(1 + len(selection_set.selections))
            inner: list[_Scope] = []
            for node in selection_set.selections:
                match node:
                    case FieldNode():
                        definition = self.schema.get_field(parent, node.name.value)  # type: ignore[arg-type]
                        assert definition is not None
                        key = node.alias.value if node.alias else node.name.value
                        fields.setdefault(key, []).append(_Selected(parent, node, definition))
                    case InlineFragmentNode():
                        condition = node.type_condition
                        on = self.schema.type_map[condition.name.value] if condition else parent
                        inner.append(_Scope(on, node.selection_set))
                    case FragmentSpreadNode() if node.name.value not in seen:
                        seen.add(node.name.value)
                        fragment = self.fragments[node.name.value]
                        on = self.schema.type_map[fragment.type_condition.name.value]
                        inner.append(_Scope(on, fragment.selection_set))
            todo.extend(reversed(inner))
        return fields


def _below(found: Iterable[_Selected]) -> tuple[_Scope, ...]:
    return tuple([scope for one in found if (scope := one.below()) is not None])


def _of_one_object(found: list[_Selected]) -> list[list[_Selected]]:
    """The fields that may meet in one object: those of each object type, and with each of them all of the others."""
    objects: dict[str, list[_Selected]] = {}
    anywhere = []
    for one in found:
        if is_object_type(one.parent):
            objects.setdefault(one.parent.name, []).append(one)
        else:
            anywhere.append(one)
    return [[*anywhere, *those] for those in objects.values()] or [anywhere]


def _check_same(key: str, found: list[_Selected]) -> None:
    first, *others = found
    if not others:
        return
    asks = first.asks
    for one in others:
        name, arguments = one.asks
        if name != asks[0]:
            raise _Conflict(key, first.node, one.node, f"'{asks[0]}' and '{name}' are different fields")
        if arguments != asks[1]:
            raise _Conflict(key, first.node, one.node, "they have differing arguments")


def _check_shapes(key: str, found: list[_Selected]) -> None:
    first, *others = found
    shape = _shape(first.definition.type)
    for one in others:
        kind = one.definition.type
        if kind is not first.definition.type and _shape(kind) != shape:
            reason = f"they return conflicting types '{first.definition.type}' and '{kind}'"
            raise _Conflict(key, first.node, one.node, reason)


def _shape(kind: Any) -> str:
    """What an answer of a type looks like: all objects alike."""
    if isinstance(kind, GraphQLNonNull):
        return f"{_shape(kind.of_type)}!"
    if isinstance(kind, GraphQLList):
        return f"[{_shape(kind.of_type)}]"
    return kind.name if is_leaf_type(kind) else "{}"


def _text(value: Any) -> str:
    return print_ast(sort_value_node(value))
