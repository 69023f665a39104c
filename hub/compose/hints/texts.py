"""Descriptions that differ: the supergraph shows the first that is not empty."""

from __future__ import annotations

from collections.abc import Iterator

from hub.compose.document import Element, elements
from hub.compose.hints.hint import Hint
from hub.compose.together import Subgraphs


def descriptions_differ(subgraphs: Subgraphs) -> Iterator[Hint]:
    """INCONSISTENT_DESCRIPTION: two subgraphs describe one element differently, and readers see one of them."""
    found: dict[str, list[tuple[str, Element]]] = {}
    for declared in subgraphs:
        for coordinate, element in elements(tuple(declared.types.values())):
            if element.description:
                found.setdefault(coordinate, []).append((declared.name, element))
    for coordinate, described in found.items():
        name, first = described[0]
        for other, element in described[1:]:
            if _words(element) != _words(first):
                message = f"`{coordinate}` is described differently in `{other}` and in `{name}`, whose text is shown"
                suggestion = "describe it in one subgraph, or the same in all"
                yield Hint("INCONSISTENT_DESCRIPTION", element.place, message, suggestion)


def _words(element: Element) -> list[str]:
    """The text without its line breaks, which are not a difference worth a hint."""
    return element.description.split()
