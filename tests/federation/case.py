"""How a case is written: one `.graphql` file, whose name is the claim and whose first line the sentence it rests on.

# A sentence.
# subgraph NAME imports @key ...     its SDL, linked to Federation 2 with these imports
# subgraph NAME                      its SDL as it is: Federation 1, or with a `@link` of its own
# data                               the rows (see `world`)
# missing: SUBGRAPH ROW ...          rows that this subgraph does not hold
# operation NAME
# fetches: N                         the most requests that a good plan makes
# depth: N                           the most rounds it takes
# variables: {...}                   as JSON
# refused                            the gateway must refuse the operation before any fetch
# order: SUBGRAPH.FIELD ...          the mutations that run, in order
query { ... }
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from hub.compose import compose
from hub.model.supergraph import Subgraph, Supergraph
from tests.federation.declared import Declared
from tests.federation.world import World, read_data

VERSION = "v2.9"
FOLDER = Path(__file__).parent / "cases"
_HEADS = ("subgraph", "data", "missing:", "operation")


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation and the least work it can be done with."""

    name: str
    document: str
    fetches: int | None = None
    depth: int | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)
    refused: bool = False
    order: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """A graph with its data and operations. `subgraphs` are (name, SDL)."""

    name: str
    sentence: str
    subgraphs: tuple[tuple[str, str], ...]
    data: str
    missing: tuple[tuple[str, str], ...]
    operations: tuple[Operation, ...]

    def world(self) -> World:
        """The rows, afresh."""
        declared = [Declared.read(name, sdl) for name, sdl in self.subgraphs]
        return World(declared, read_data(self.data), self.missing)

    def supergraph(self, urls: Mapping[str, str] | None = None) -> Supergraph:
        """The graph as the composer makes it."""
        return _composed(tuple(Subgraph(name, sdl, (urls or {}).get(name, "")) for name, sdl in self.subgraphs))


@lru_cache(maxsize=256)
def _composed(subgraphs: tuple[Subgraph, ...]) -> Supergraph:
    return compose(subgraphs)


def case_names() -> list[str]:
    """Every case in the folder."""
    return sorted(path.stem for path in FOLDER.glob("*.graphql"))


def read_case(name: str) -> Case:
    """One case of the folder."""
    return parse_case(name, (FOLDER / f"{name}.graphql").read_text(encoding="utf-8"))


def parse_case(name: str, text: str) -> Case:
    """A case from its text."""
    first, *lines = text.splitlines()
    assert (first[:2], first[-1]) == ("# ", "."), f"{name}: the first line is a sentence"
    subgraphs: list[tuple[str, str]] = []
    missing: list[tuple[str, str]] = []
    operations: list[Operation] = []
    data = ""
    for head, body in _sections(lines):
        match head.split():
            case ["subgraph", called]:
                subgraphs.append((called, "\n".join(body)))
            case ["subgraph", called, "imports", *imports]:
                names = ", ".join(f'"{each}"' for each in imports)
                link = f'extend schema @link(url: "https://specs.apollo.dev/federation/{VERSION}", import: [{names}])'
                subgraphs.append((called, "\n".join([*body, link])))
            case ["data"]:
                data = "\n".join(body)
            case ["missing:", subgraph, *rows]:
                missing += [(subgraph, row) for row in rows]
            case ["operation", *called]:
                operations.append(_operation("-".join(called), body))
            case _:
                raise AssertionError(f"{name}: what is `# {head}`?")
    assert operations, f"{name}: a case asks something"
    return Case(name, first[2:], tuple(subgraphs), data, tuple(missing), tuple(operations))


def _sections(lines: list[str]) -> Iterator[tuple[str, list[str]]]:
    head: str | None = None
    body: list[str] = []
    for line in lines:
        said = line.removeprefix("# ")
        if line.startswith("# ") and said.split()[0] in _HEADS:
            if head is not None:
                yield head, body
            head, body = said, []
        else:
            body.append(line)
    if head is not None:
        yield head, body


def _operation(name: str, body: list[str]) -> Operation:
    said: dict[str, str] = {}
    for line in body:
        if line.startswith("# "):
            word, _, value = line.removeprefix("# ").partition(":")
            said[word] = value.strip()
    unknown = said.keys() - {"fetches", "depth", "variables", "refused", "order"}
    assert not unknown, f"{name}: what is {unknown}?"
    document = "\n".join(line for line in body if not line.startswith("# "))
    return Operation(
        name,
        document,
        int(said["fetches"]) if "fetches" in said else None,
        int(said["depth"]) if "depth" in said else None,
        json.loads(said.get("variables", "{}")),
        "refused" in said,
        tuple(said["order"].split()) if "order" in said else None,
    )
