"""How a composition case is written.

The first line is the sentence of the specification. Lines `# word: value` are expectations. `# subgraph NAME` opens a
subgraph, whose lines are counted from 1 after it; `# subgraph NAME imports @key ...` links Federation 2 with these
imports behind its last line.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from hub.model.supergraph import Subgraph


@dataclass(frozen=True, slots=True)
class Case:
    subgraphs: tuple[Subgraph, ...]
    expected: tuple[tuple[str, str], ...]
    supergraph: str

    def all(self, word: str) -> list[str]:
        return [value for found, value in self.expected if found == word]


def read_case(path: Path) -> Case:
    subgraphs: list[Subgraph] = []
    expected: list[tuple[str, str]] = []
    supergraph = ""
    first, *lines = path.read_text().splitlines()
    assert (first[:2], first[-1]) == ("# ", "."), "the first line is a sentence"
    heads = [position for position, line in enumerate(lines) if line.startswith(("# subgraph ", "# supergraph"))]
    for line in lines[: heads[0]]:
        word, _, value = line.removeprefix("# ").partition(": ")
        expected.append((word, value))
    for start, end in zip(heads, [*heads[1:], len(lines)], strict=True):
        body = "\n".join(lines[start + 1 : end]) + "\n"
        words = lines[start].split()
        if words[1] == "supergraph":
            supergraph = body
            continue
        if len(words) > 3:
            imports = ", ".join(f'"{name}"' for name in words[4:])
            body += f'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: [{imports}])\n'
        subgraphs.append(Subgraph(words[2], body))
    return Case(tuple(subgraphs), tuple(expected), supergraph)


@pytest.fixture(scope="session")
def case_in() -> Callable[[Path], Case]:
    return read_case
