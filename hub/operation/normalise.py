"""Prepared x booleans -> Operation: fragments opened, equal response keys merged, skips decided.

For a field of an interface or union type every concrete type gets its own list of fields, so that later stages never
meet a type condition.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from graphql import (
    BooleanValueNode,
    DirectiveNode,
    FieldNode,
    FragmentSpreadNode,
    GraphQLAbstractType,
    GraphQLArgument,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLObjectType,
    InlineFragmentNode,
    ListValueNode,
    ObjectValueNode,
    SelectionSetNode,
    Undefined,
    ValueNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_abstract_type,
    is_object_type,
    value_from_ast,
)
from graphql.utilities.coerce_input_value import coerce_default_value

from hub.errors import Refused, Shown
from hub.model.limits import Limits
from hub.model.operation import Argument, Constant, Field, ListValue, ObjectValue, Operation, Selection, Variable
from hub.operation.forms import Form, formed
from hub.operation.prepare import Prepared
from hub.operation.scan import TOO_LARGE

_USUAL = Limits()


def normalise(
    prepared: Prepared, booleans: Mapping[str, bool], forms: Sequence[Form] = (), limits: Limits = _USUAL
) -> Operation:
    """The operation under these values of its booleans, and these forms of the variables that decide a list.

    `Refused` if it opens to more than the limits allow.
    """
    root = prepared.schema.get_root_type(prepared.operation.operation)
    assert root is not None
    walk = _Walk(prepared, booleans, forms, limits)
    name = prepared.operation.name.value if prepared.operation.name else ""
    return Operation(name, root.name, walk.fields(root, [prepared.operation.selection_set]))


class _Walk:
    """One normalisation: the document, the booleans, how many fields were made and selections looked at."""

    def __init__(self, prepared: Prepared, booleans: Mapping[str, bool], forms: Sequence[Form], limits: Limits) -> None:
        self.schema = prepared.schema
        self.fragments = prepared.fragments
        self.booleans = booleans
        known = {name: form for (name, _), form in zip(prepared.forming, forms, strict=len(forms) > 0)}
        self.formed = {name: formed(name, form) for name, form in known.items() if form.given}
        self.not_given = known.keys() - self.formed
        self.limits = limits
        self.made = 0
        self.seen = 0

    def fields(self, parent: GraphQLObjectType, sets: Sequence[SelectionSetNode]) -> tuple[Field, ...]:
        grouped: dict[str, list[FieldNode]] = {}
        for selection_set in sets:
            self.collect(parent, selection_set, grouped, set())
        return tuple(self.field(parent, key, nodes) for key, nodes in grouped.items())

    def collect(
        self, parent: GraphQLObjectType, sets: SelectionSetNode, grouped: dict[str, list[FieldNode]], seen: set[str]
    ) -> None:
        self.seen += 1 + len(sets.selections)
        if self.seen > self.limits.selections:
            raise _too_large(f"takes more than {self.limits.selections} steps to open its fragments")
        for node in sets.selections:
            if not self.included(node.directives or ()):
                continue
            match node:
                case FieldNode():
                    grouped.setdefault(node.alias.value if node.alias else node.name.value, []).append(node)
                case InlineFragmentNode():
                    condition = node.type_condition.name.value if node.type_condition else None
                    if condition is None or self.applies(parent, condition):
                        self.collect(parent, node.selection_set, grouped, seen)
                case FragmentSpreadNode():
                    name = node.name.value
                    fragment = self.fragments[name]
                    if name not in seen and self.applies(parent, fragment.type_condition.name.value):
                        seen.add(name)
                        self.collect(parent, fragment.selection_set, grouped, seen)

    def applies(self, parent: GraphQLObjectType, condition: str) -> bool:
        if condition == parent.name:
            return True
        named = self.schema.type_map[condition]
        return is_abstract_type(named) and self.schema.is_sub_type(named, parent)

    def included(self, directives: Sequence[DirectiveNode]) -> bool:
        for directive in directives:
            name = directive.name.value
            if name not in ("skip", "include"):
                continue
            value = next(argument.value for argument in directive.arguments or () if argument.name.value == "if")
            if isinstance(value, VariableNode):
                holds = self.booleans[value.name.value]
            else:
                assert isinstance(value, BooleanValueNode)
                holds = value.value
            if holds is (name == "skip"):
                return False
        return True

    def field(self, parent: GraphQLObjectType, key: str, nodes: list[FieldNode]) -> Field:
        self.made += 1
        if self.made > self.limits.fields:
            raise _too_large(f"opens to more than {self.limits.fields} fields")
        node = nodes[0]
        name = node.name.value
        definition = self.schema.get_field(parent, name)
        assert definition is not None
        named = get_named_type(definition.type)
        selection = None
        sets = [inner.selection_set for inner in nodes if inner.selection_set is not None]
        if sets and not name.startswith("__"):
            selection = Selection({concrete.name: self.fields(concrete, sets) for concrete in self.possible(named)})
        given = {argument.name.value: argument.value for argument in node.arguments or ()}
        arguments = tuple(
            (argument_name, self.argument(given.get(argument_name), argument))
            for argument_name, argument in definition.args.items()
            if argument_name in given or coerce_default_value(argument) is not Undefined
        )
        inputs = {argument_name: definition.args[argument_name].type for argument_name, _ in arguments}
        return Field(key, name, parent.name, definition.type, arguments, selection, node, inputs)

    def possible(self, named: Any) -> Sequence[GraphQLObjectType]:
        if is_object_type(named):
            return (named,)
        abstract: GraphQLAbstractType = named
        return self.schema.get_possible_types(abstract)

    def argument(self, node: ValueNode | None, definition: GraphQLArgument) -> Argument:
        coerced = coerce_default_value(definition)
        default = None if coerced is Undefined else coerced
        if node is None:
            return Constant(default)
        return self.value(node, definition.type, default)

    def value(self, node: ValueNode, expected: Any, default: Any = None) -> Argument:
        if isinstance(node, VariableNode):
            if node.name.value in self.not_given:
                return Constant(default)
            return self.formed.get(node.name.value) or Variable(node.name.value, default)
        if not _has_variables(node):
            return Constant(value_from_ast(node, expected))
        bare = get_nullable_type(expected)
        # In a scalar of the graph's own, whatever is inside is of no type that anybody knows.
        if isinstance(node, ListValueNode):
            inner = bare.of_type if isinstance(bare, GraphQLList) else bare
            return ListValue(tuple(self.value(item, inner) for item in node.values))
        assert isinstance(node, ObjectValueNode)
        if isinstance(bare, GraphQLList):
            return ListValue((self.value(node, bare.of_type),))
        fields = bare.fields if isinstance(bare, GraphQLInputObjectType) else {}
        given = [(item.name.value, item.value) for item in node.fields if not self.left_out(item.value)]
        values = [(name, self.value(value, fields[name].type if fields else bare)) for name, value in given]
        missing = [name for name in fields if name not in dict(given) and fields[name].default_value is not Undefined]
        return ObjectValue((*values, *((name, Constant(fields[name].default_value)) for name in missing)))

    def left_out(self, node: ValueNode) -> bool:
        """Whether a field of an object is a variable that is known not to be given."""
        return isinstance(node, VariableNode) and node.name.value in self.not_given


def _too_large(what: str) -> Refused:
    right = "select less, or on fewer of the types of an interface or union"
    return Refused([Shown(f"the document {what}: {right}", code=TOO_LARGE)])


def _has_variables(node: ValueNode) -> bool:
    match node:
        case VariableNode():
            return True
        case ListValueNode(values=values):
            return any(_has_variables(item) for item in values)
        case ObjectValueNode(fields=fields):
            return any(_has_variables(item.value) for item in fields)
    return False
