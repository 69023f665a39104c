"""A normalised operation: fragments opened, fields merged, `@skip` and `@include` decided.

A selection holds, for every concrete type that may stand at its place, the fields in the order they answer in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import reduce
from operator import getitem
from typing import Any

from graphql import FieldNode, GraphQLInputType, GraphQLOutputType

from hub.errors import Internal


@dataclass(frozen=True, slots=True)
class Constant:
    """An argument known when the operation is read, already coerced."""

    value: Any


@dataclass(frozen=True, slots=True)
class Variable:
    """An argument that is one variable; `default` is the argument's own, for a variable that is not given."""

    name: str
    default: Any = None


@dataclass(frozen=True, slots=True)
class ListValue:
    """A list with variables inside."""

    items: tuple[Argument, ...]


@dataclass(frozen=True, slots=True)
class ObjectValue:
    """An input object with variables inside."""

    fields: tuple[tuple[str, Argument], ...]


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a variable whose form is known: what stands in it at a path of fields and positions."""

    name: str
    path: tuple[str | int, ...]


Argument = Constant | Variable | Part | ListValue | ObjectValue


def argument_value(argument: Argument, variables: Mapping[str, Any]) -> Any:
    """The value of an argument under coerced variables."""
    match argument:
        case Constant(value):
            return value
        case Variable(name, default):
            return variables.get(name, default)
        case Part(name, path):
            return reduce(getitem, path, variables[name])
        case ListValue(items):
            return [argument_value(item, variables) for item in items]
        case ObjectValue(fields):
            return {name: argument_value(item, variables) for name, item in fields if is_given(item, variables)}


def varies(argument: Argument) -> bool:
    """Whether its value hangs on the variables of a request."""
    match argument:
        case Constant():
            return False
        case ListValue(items):
            return any(varies(item) for item in items)
        case ObjectValue(fields):
            return any(varies(item) for _, item in fields)
    return True


def fields_of(argument: Argument) -> tuple[tuple[str, Argument], ...]:
    """The fields of an input object whose form is known; null has none."""
    match argument:
        case ObjectValue(fields):
            return fields
        case Constant(None):
            return ()
        case Constant(Mapping() as value):
            return tuple((name, Constant(item)) for name, item in value.items())
    raise Internal("the form of an input object is not known")


def items_of(argument: Argument) -> tuple[Argument, ...]:
    """The items of a list whose form is known; null has none, and what is no list is a list of one."""
    match argument:
        case ListValue(items):
            return items
        case Constant(None):
            return ()
        case Constant(list() as values):
            return tuple(Constant(item) for item in values)
    return (argument,)


def is_given(argument: Argument, variables: Mapping[str, Any]) -> bool:
    """Whether there is a value, be it null: not for a variable that was not given and has no default."""
    return not isinstance(argument, Variable) or argument.name in variables or argument.default is not None


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the answer: `key` is its response key, `parent` the concrete type it is selected on.

    inputs  the types of its arguments
    """

    key: str
    name: str
    parent: str
    type: GraphQLOutputType
    arguments: tuple[tuple[str, Argument], ...]
    selection: Selection | None
    node: FieldNode
    inputs: Mapping[str, GraphQLInputType] = field(default_factory=dict)

    @property
    def location(self) -> tuple[int, int]:
        """Line and column in the document, both from 1."""
        start = self.node.loc.start_token if self.node.loc else None
        return (start.line, start.column) if start else (0, 0)


@dataclass(frozen=True, slots=True)
class Selection:
    """What is selected of an object: concrete type -> its fields."""

    cases: Mapping[str, tuple[Field, ...]]


@dataclass(frozen=True, slots=True)
class Operation:
    """One query, ready to be authorized."""

    name: str
    root: str
    fields: tuple[Field, ...]
