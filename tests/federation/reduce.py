"""A failing random case made small: whatever can be left out while it composes, is valid and fails, is left out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from typing import Any

from graphql import (
    DocumentNode,
    FieldDefinitionNode,
    Node,
    ObjectFieldNode,
    SelectionNode,
    VariableDefinitionNode,
    parse,
    parse_value,
    print_ast,
    validate,
)

from hub.errors import BuildFailed
from tests.federation.case import Case

Fails = Callable[[Case], Awaitable[bool]]
_LISTS = ("definitions", "fields", "selections", "arguments", "directives", "interfaces", "types", "values")
_ATTEMPTS = 400


async def reduced(case: Case, fails: Fails, attempts: int = _ATTEMPTS) -> Case:
    """The smallest case found that still fails."""
    left = attempts
    smaller = True
    while smaller:
        smaller = False
        for candidate in _candidates(case):
            if left <= 0:
                return case
            if not _is_valid(candidate):
                continue
            left -= 1
            if await fails(candidate):
                case, smaller = candidate, True
                break
    return case


def _is_valid(case: Case) -> bool:
    (operation,) = case.operations
    try:
        supergraph = case.supergraph()
        case.world()
        return not validate(supergraph.api, parse(operation.document))
    except (BuildFailed, AssertionError, KeyError, ValueError):
        return False


def _candidates(case: Case) -> Iterator[Case]:
    (operation,) = case.operations
    for document in _without_one(parse(operation.document, no_location=True), (SelectionNode, VariableDefinitionNode)):
        text = print_ast(document)
        given = {name: value for name, value in operation.variables.items() if f"${name}" in text}
        yield replace(case, operations=(replace(operation, document=text, variables=given),))
    for index in range(len(case.subgraphs)):
        yield replace(case, subgraphs=case.subgraphs[:index] + case.subgraphs[index + 1 :])
    for index, (name, sdl) in enumerate(case.subgraphs):
        for document in _without_one(parse(sdl, no_location=True), (FieldDefinitionNode,)):
            changed = (name, print_ast(document))
            yield replace(case, subgraphs=(*case.subgraphs[:index], changed, *case.subgraphs[index + 1 :]))
    for index in range(len(case.missing)):
        yield replace(case, missing=case.missing[:index] + case.missing[index + 1 :])
    for value in _without_one(parse_value("{" + case.data + "}", no_location=True), (ObjectFieldNode,)):
        yield replace(case, data=print_ast(value)[1:-1])


def _without_one(node: Any, kinds: tuple[type[Node], ...]) -> Iterator[Any]:
    """The tree with one node of these kinds, or one whole definition, left out."""
    for name in _LISTS if isinstance(node, Node) else ():
        children = getattr(node, name, None)
        if not isinstance(children, tuple):
            continue
        for index, child in enumerate(children):
            droppable = isinstance(child, kinds) or isinstance(node, DocumentNode)
            if droppable and len(children) > 1:
                yield replace(node, **{name: children[:index] + children[index + 1 :]})
            for smaller in _without_one(child, kinds):
                yield replace(node, **{name: (*children[:index], smaller, *children[index + 1 :])})
    for name in ("selection_set", "value"):
        child = getattr(node, name, None)
        if isinstance(child, Node):
            for smaller in _without_one(child, kinds):
                yield replace(node, **{name: smaller})
