"""Merged types as supergraph SDL: each definition below `# supergraph` stands in the composed text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from graphql import DocumentNode, parse, print_ast

from hub.compose import compose, read_supergraph

CASES = sorted((Path(__file__).parent / "merging").glob("*.graphql"))


def definitions(sdl: str) -> dict[str, str]:
    document: DocumentNode = parse(sdl, no_location=True)
    printed = {}
    for node in document.definitions:
        name = getattr(node, "name", None)
        kind = type(node).__name__
        printed[f"{kind} {name.value if name else ''}"] = print_ast(node).replace('"""', '"')
    return printed


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_the_definitions_stand_in_the_supergraph(path: Path, case_in: Callable[[Path], Any]) -> None:
    case = case_in(path)
    sdl = compose(case.subgraphs).sdl
    found, expected = definitions(sdl), definitions(case.supergraph)
    assert expected
    for name, text in expected.items():
        assert found.get(name) == text, sdl
    for link in case.all("link"):
        assert f"  {link}\n" in sdl


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_the_order_of_subgraphs_changes_nothing(path: Path, case_in: Callable[[Path], Any]) -> None:
    subgraphs = case_in(path).subgraphs
    assert compose(subgraphs[::-1]).sdl == compose(subgraphs).sdl == compose(subgraphs).sdl


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_reading_the_text_gives_the_same_graph(path: Path, case_in: Callable[[Path], Any]) -> None:
    composed = compose(case_in(path).subgraphs)
    read = read_supergraph(composed.sdl)
    for part in ("sdl", "graphs", "types", "fields", "members", "implements", "applied"):
        assert getattr(read, part) == getattr(composed, part)
    assert set(read.api.type_map) == set(composed.api.type_map)
