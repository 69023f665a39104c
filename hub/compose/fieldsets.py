"""Field sets: the selections in `@key`, `@requires` and `@provides`.

Source: Federation subgraph specification, "scalar FieldSet".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    FieldNode as FieldSyntax,
)
from graphql import (
    GraphQLSyntaxError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    parse,
    value_from_ast_untyped,
)

from hub.compose.document import Field, Kind, Type
from hub.compose.problems import said
from hub.compose.typeref import base_name
from hub.model.supergraph import FieldNode, FieldSet


class FieldSetWrong(ValueError):
    """A text that is not a field set; says why."""


def parse_field_set(text: str) -> FieldSet:
    """`id org { code }` as nodes. Raises `FieldSetWrong` for bad syntax, aliases, directives and named fragments."""
    try:
        document = parse(f"{{ {text} }}", no_location=True)
    except GraphQLSyntaxError as error:
        raise FieldSetWrong(said(error)) from error
    operation = document.definitions[0]
    if len(document.definitions) != 1 or not isinstance(operation, OperationDefinitionNode):
        raise FieldSetWrong("more than one selection set")
    return tuple(_nodes(operation.selection_set, None))


def _nodes(selections: SelectionSetNode, on: str | None) -> Iterator[FieldNode]:
    for selection in selections.selections:
        if selection.directives:
            raise FieldSetWrong(f"directives are not allowed, found `@{selection.directives[0].name.value}`")
        if isinstance(selection, FieldSyntax):
            if selection.alias is not None:
                raise FieldSetWrong(f"aliases are not allowed, found `{selection.alias.value}`")
            inner = selection.selection_set
            arguments: tuple[tuple[str, Any], ...] = tuple(
                (argument.name.value, value_from_ast_untyped(argument.value)) for argument in selection.arguments or ()
            )
            yield FieldNode(selection.name.value, tuple(_nodes(inner, None)) if inner else (), on, arguments)
        elif isinstance(selection, InlineFragmentNode):
            condition = selection.type_condition
            yield from _nodes(selection.selection_set, condition.name.value if condition else on)
        else:
            raise FieldSetWrong("named fragments are not allowed")


@dataclass(frozen=True, slots=True)
class Step:
    """A node of a field set where it stands: `field` is None where `parent` has no such field.

    `above` are the (type, field) it is nested in.
    """

    parent: str
    node: FieldNode
    field: Field | None
    above: tuple[tuple[str, str], ...] = ()


def walk(types: Mapping[str, Type], parent: str, nodes: FieldSet) -> Iterator[Step]:
    """Every node of a field set on type `parent`, outermost first, with the fields above it; `__typename` apart."""
    yield from _walk(types, parent, nodes, ())


def _walk(
    types: Mapping[str, Type], parent: str, nodes: FieldSet, above: tuple[tuple[str, str], ...]
) -> Iterator[Step]:
    for node in nodes:
        if node.name == "__typename":
            continue
        on = node.on or parent
        declared = types.get(on)
        made = declared.fields.get(node.name) if declared else None
        yield Step(on, node, made, above)
        if made is not None:
            yield from _walk(types, base_name(made.type), node.selections, (*above, (on, node.name)))


def coordinates(types: Mapping[str, Type], parent: str, nodes: FieldSet) -> Iterator[tuple[str, str]]:
    """(type, field) of every field a field set touches; under an interface, the implementers' fields too."""
    for step in walk(types, parent, nodes):
        yield step.parent, step.node.name
        declared = types.get(step.parent)
        if declared is not None and declared.kind is Kind.INTERFACE:
            for other in types.values():
                if step.parent in other.interfaces and step.node.name in other.fields:
                    yield other.name, step.node.name


def field_set_text(nodes: FieldSet) -> str:
    """One spelling for equal field sets: sorted, single spaces."""
    return " ".join(sorted(_text(node) for node in nodes))


def _text(node: FieldNode) -> str:
    arguments = f"({', '.join(f'{name}: {value!r}' for name, value in node.arguments)})" if node.arguments else ""
    inner = f" {{ {field_set_text(node.selections)} }}" if node.selections else ""
    text = f"{node.name}{arguments}{inner}"
    return f"... on {node.on} {{ {text} }}" if node.on else text
