"""The type system of one subgraph, or of the merged graph, as plain values.

Decided: values of our own rather than graphql-core's nodes or types. Because: a rule compares the same element of
several subgraphs, extensions count as part of their type, and directives carry one name whatever a subgraph calls them.
Rejected: `GraphQLSchema` (loses which block of a type carried a directive) and AST nodes (must be walked again by
every rule).
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from graphql import (
    ConstValueNode,
    ListValueNode,
    ObjectValueNode,
    parse_const_value,
    parse_value,
    print_ast,
    value_from_ast_untyped,
)

from hub.compose.typeref import NonNull, TypeRef


class Kind(enum.StrEnum):
    """The kinds of named types, spelled as in SDL."""

    OBJECT = "type"
    INTERFACE = "interface"
    UNION = "union"
    ENUM = "enum"
    INPUT = "input"
    SCALAR = "scalar"


@dataclass(frozen=True, slots=True)
class Applied:
    """A directive on an element. `name` is canonical (`federation__key`), values are GraphQL text.

    `place` is `subgraph:line:column`; `extension` tells that it stands on an `extend` block.
    """

    name: str
    arguments: tuple[tuple[str, str], ...] = ()
    place: str = ""
    extension: bool = False

    def value(self, argument: str) -> Any:
        """The value of an argument as Python sees it, or None."""
        text = next((text for name, text in self.arguments if name == argument), None)
        return None if text is None else value_from_ast_untyped(parse_value(text))

    def __str__(self) -> str:
        values = ", ".join(f"{name}: {text}" for name, text in self.arguments)
        return f"@{self.name}({values})" if values else f"@{self.name}"


@dataclass(frozen=True, slots=True)
class Input:
    """An argument, or a field of an input object. `default` is GraphQL text."""

    name: str
    type: TypeRef
    default: str | None = None
    description: str = ""
    directives: tuple[Applied, ...] = ()
    place: str = ""

    @property
    def required(self) -> bool:
        """Whether a value must be given."""
        return isinstance(self.type, NonNull) and self.default is None


@dataclass(frozen=True, slots=True)
class Field:
    """A field of an object or interface type."""

    name: str
    type: TypeRef
    arguments: tuple[Input, ...] = ()
    description: str = ""
    directives: tuple[Applied, ...] = ()
    place: str = ""

    def argument(self, name: str) -> Input | None:
        """The argument of that name."""
        return next((argument for argument in self.arguments if argument.name == name), None)


@dataclass(frozen=True, slots=True)
class EnumValue:
    """A value of an enum type."""

    name: str
    description: str = ""
    directives: tuple[Applied, ...] = ()
    place: str = ""


@dataclass(frozen=True, slots=True)
class Type:
    """A named type with everything its definition and its extensions say.

    `extended` tells that no definition stands in this subgraph, only `extend` blocks (in
    Federation 1 also `@extends`).
    """

    kind: Kind
    name: str
    description: str = ""
    directives: tuple[Applied, ...] = ()
    place: str = ""
    extended: bool = False
    interfaces: tuple[str, ...] = ()
    fields: Mapping[str, Field] = field(default_factory=dict)
    inputs: Mapping[str, Input] = field(default_factory=dict)
    members: tuple[str, ...] = ()
    values: Mapping[str, EnumValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Definition:
    """The definition of a directive."""

    name: str
    arguments: tuple[Input, ...]
    locations: tuple[str, ...]
    repeatable: bool = False
    description: str = ""
    place: str = ""


Element = Type | Field | Input | EnumValue


def directives_named(element: Element, name: str) -> tuple[Applied, ...]:
    """The applications of one directive on an element."""
    return tuple(applied for applied in element.directives if applied.name == name)


def directive_named(element: Element, name: str) -> Applied | None:
    """The first application of one directive on an element."""
    return next((applied for applied in element.directives if applied.name == name), None)


def elements(types: Sequence[Type]) -> Iterator[tuple[str, Element]]:
    """Every element of these types with its coordinate (`Type`, `Type.field`, `Type.field(arg:)`, `Enum.VALUE`)."""
    for declared in types:
        yield declared.name, declared
        for name, made in declared.fields.items():
            yield f"{declared.name}.{name}", made
            for argument in made.arguments:
                yield f"{declared.name}.{name}({argument.name}:)", argument
        for name, given in declared.inputs.items():
            yield f"{declared.name}.{name}", given
        for name, value in declared.values.items():
            yield f"{declared.name}.{name}", value


def canonical_value(text: str) -> str:
    """Value text in which the order of object fields does not matter."""
    return print_ast(_sorted(parse_const_value(text)))


def _sorted(node: ConstValueNode) -> ConstValueNode:
    if isinstance(node, ObjectValueNode):
        entries = (replace(entry, value=_sorted(entry.value)) for entry in node.fields)
        return replace(node, fields=tuple(sorted(entries, key=lambda entry: entry.name.value)))
    if isinstance(node, ListValueNode):
        return replace(node, values=tuple(_sorted(value) for value in node.values))
    return node
