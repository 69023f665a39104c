"""The graph and the operation of a size: numbers -> SDL and document. The same numbers give the same texts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hub.model.supergraph import Subgraph

_LINK = (
    'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", '
    'import: ["@key", "@shareable", "@external", "@requires"])'
)
# Of the fields that a subgraph gives of an entity, every so manyth.
SHARED, REQUIRING, ARGUED = 5, 7, 4


@dataclass(frozen=True, slots=True)
class Size:
    """How many subgraphs, and how many fields the operation asks for."""

    subgraphs: int = 10
    fields: int = 1_000

    @property
    def of_a_part(self) -> int:
        """Fields of one entity in one subgraph, beside the three of an interface."""
        return max(1, self.fields // self.subgraphs**2 - 3)


def subgraphs(size: Size) -> Sequence[Subgraph]:
    """Their SDL."""
    return [Subgraph(f"s{number}", "\n".join(_definitions(size, number)), "http://nowhere") for number in _each(size)]


def _each(size: Size) -> range:
    return range(1, size.subgraphs + 1)


def _definitions(size: Size, here: int) -> Iterator[str]:
    yield _LINK
    if here == 1:
        yield "type Query { first: E1 }"
    yield "interface Named { name: String }"
    yield f"type Own{here} implements Named {{ name: String more: Int }}"
    for entity in _each(size):
        yield f'type E{entity} @key(fields: "id") {{ id: ID! {" ".join(_fields(size, here, entity))} }}'


def _fields(size: Size, here: int, entity: int) -> Iterator[str]:
    before = (here - 2) % size.subgraphs + 1
    if entity % size.subgraphs + 1 == here or size.subgraphs == 1:
        yield f"next: E{entity % size.subgraphs + 1}"
    if before != here and size.of_a_part >= REQUIRING:
        yield f"base{before}: Int @external"
    yield f"base{here}: Int"
    yield f"own{here}: Named"
    for number in range(size.of_a_part):
        name = f"f{here}x{number}"
        if number % SHARED == SHARED - 1:
            yield f"shared{number}: String @shareable"
        elif number % REQUIRING == REQUIRING - 1 and before != here:
            yield f'{name}: String @requires(fields: "base{before}")'
        elif number % ARGUED == ARGUED - 1:
            yield f"{name}(first: Int = 10, words: [String!]): [String]"
        else:
            yield f"{name}: String"


def operation(size: Size) -> str:
    """Every type inside the one before, all its fields in a fragment of its own."""
    body = ""
    for entity in reversed(_each(size)):
        body = f"...E{entity}{f' next {{ {body} }}' if body else ''}"
    fragments = (
        f"fragment E{entity} on E{entity} {{ __typename {' '.join(_asked(size, entity))} }}" for entity in _each(size)
    )
    return "\n".join([f"query Everything($words: [String!]) {{ first {{ {body} }} }}", *fragments])


def _asked(size: Size, entity: int) -> Iterator[str]:
    for here in _each(size):
        for made in _fields(size, here, entity):
            name = made.partition(":")[0].partition("(")[0]
            if name.startswith("shared") and here > 1:
                continue
            if name.startswith("own"):
                yield f"{name} {{ name ... on Own{here} {{ more }} }}"
            elif "(" in made.partition(":")[0]:
                yield f"{name}(words: $words)"
            elif name.startswith(("f", "shared")):
                yield name
