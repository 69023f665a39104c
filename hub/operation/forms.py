"""The form of a variable that decides the form of a statement: what of a filter, an order or a cursor is given.

A list's filter may come as one variable. Which conditions it holds is known when the request comes, so the plan is made
for its form: what is there, what is null, which directions stand where. The values themselves stay variables: a
plan is shared by all requests of one form.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLSchema,
    OperationDefinitionNode,
    TypeInfo,
    TypeInfoVisitor,
    Undefined,
    VariableNode,
    Visitor,
    get_nullable_type,
    is_input_type,
    type_from_ast,
    visit,
)
from graphql.language import FieldNode, FragmentDefinitionNode, Node

from hub.errors import Refused, Shown
from hub.model.graph import Coordinate
from hub.model.mapping import DIRECTION
from hub.model.operation import Argument, Constant, ListValue, ObjectValue, Part

MOST_PARTS = 200

Forming = tuple[tuple[str, GraphQLInputType], ...]


@dataclass(frozen=True, slots=True)
class Form:
    """What is known of a value beforehand.

    given     whether it is there at all: null is, what was left out is not
    constant  it is null, or a direction: known wholly
    items     of a list of objects, one form each
    fields    of an input object
    """

    given: bool = True
    constant: bool = False
    value: Any = None
    items: tuple[Form, ...] | None = None
    fields: tuple[tuple[str, Form], ...] | None = None


GIVEN = Form()
NOT_GIVEN = Form(given=False)


def forming_variables(
    operation: OperationDefinitionNode,
    fragments: Mapping[str, FragmentDefinitionNode],
    schema: GraphQLSchema,
    lists: Collection[Coordinate],
) -> Forming:
    """The variables of an operation that stand in arguments of lists, with their types."""
    used: set[str] = set()
    info = TypeInfo(schema)

    class Finder(Visitor):
        def enter_field(self, node: FieldNode, *_: Any) -> None:
            parent = info.get_parent_type()
            if parent is not None and (parent.name, node.name.value) in lists:
                _collect(node.arguments or (), used.add)

    for node in (operation, *fragments.values()) if lists else ():
        visit(node, TypeInfoVisitor(info, Finder()))
    found: list[tuple[str, GraphQLInputType]] = []
    for definition in operation.variable_definitions or () if used else ():
        name = definition.variable.name.value
        expected = type_from_ast(schema, definition.type)
        if name in used and is_input_type(expected):
            found.append((name, expected))
    return tuple(found)


def _collect(nodes: Collection[Node], add: Callable[[str], Any]) -> None:
    for node in nodes:
        if isinstance(node, VariableNode):
            add(node.name.value)
            continue
        _collect([part for key in node.keys for part in _nodes(getattr(node, key, None))], add)


def _nodes(value: Any) -> list[Node]:
    if isinstance(value, Node):
        return [value]
    return [item for item in value if isinstance(item, Node)] if isinstance(value, list | tuple) else []


def forms_of(forming: Forming, variables: Mapping[str, Any]) -> tuple[Form, ...]:
    """The forms of these variables as a request gives them; `Refused` where one is too large."""
    return tuple([_Measure(name).form(expected, variables.get(name, Undefined)) for name, expected in forming])


class _Measure:
    """Makes the form of one variable, and counts its parts."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.parts = 0

    def form(self, expected: Any, value: Any) -> Form:
        self.parts += 1
        if self.parts > MOST_PARTS:
            message = f"`${self.name}` has more than {MOST_PARTS} parts: ask for less at once"
            raise Refused([Shown(message, code="BAD_USER_INPUT")])
        if value is Undefined:  # which equals None
            return NOT_GIVEN
        if value is None:
            return Form(constant=True)
        bare = get_nullable_type(expected)
        if _is_direction(bare):
            return Form(constant=True, value=value)
        if isinstance(bare, GraphQLInputObjectType):
            return Form(fields=tuple((name, self.form(bare.fields[name].type, item)) for name, item in value.items()))
        if isinstance(bare, GraphQLList) and _formed(bare.of_type):
            return Form(items=tuple(self.form(bare.of_type, item) for item in value))
        return GIVEN


def _formed(expected: Any) -> bool:
    """Whether values of a type have a form beyond being there."""
    bare = get_nullable_type(expected)
    return (
        isinstance(bare, GraphQLInputObjectType)
        or _is_direction(bare)
        or (isinstance(bare, GraphQLList) and _formed(bare.of_type))
    )


def _is_direction(expected: Any) -> bool:
    """Of all words the directions of an order decide the form of a statement; the others are values."""
    return isinstance(expected, GraphQLEnumType) and expected.name == DIRECTION


def formed(name: str, form: Form, path: tuple[str | int, ...] = ()) -> Argument:
    """A variable of a known form as an argument: constants where it is known, parts of the variable elsewhere."""
    if form.constant:
        return Constant(form.value)
    if form.fields is not None:
        return ObjectValue(tuple((field, formed(name, inner, (*path, field))) for field, inner in form.fields))
    if form.items is not None:
        return ListValue(tuple(formed(name, inner, (*path, index)) for index, inner in enumerate(form.items)))
    return Part(name, path)
