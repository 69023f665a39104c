"""Custom scalars: a name, a format that teaches, and what they are in JSON."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, NewType

import strawberry
from strawberry.types.scalar import ScalarDefinition


class ScalarKind(Enum):
    """How a scalar stands in JSON."""

    WORD = auto()  # a string of letters, digits and harmless marks
    NUMBER = auto()


@dataclass(frozen=True, slots=True)
class Scalar:
    """One custom scalar. `check` gives the canonical text of an input or raises an error that teaches."""

    name: str
    kind: ScalarKind
    definition: ScalarDefinition
    check: Callable[[str], str] | None


REGISTRY: dict[object, Scalar] = {}


def scalar(
    name: str, *, says: str, kind: ScalarKind = ScalarKind.WORD, check: Callable[[str], str] | None = None
) -> Any:
    """A custom scalar to annotate fields and arguments with."""
    marker = NewType(name, int if kind is ScalarKind.NUMBER else str)  # type: ignore[misc]
    definition = strawberry.scalar(name=name, description=says)
    REGISTRY[marker] = Scalar(name, kind, definition, check)
    return marker
