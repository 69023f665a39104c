"""What a change of a schema is to the people who read it."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Level(enum.StrEnum):
    """How much a change matters to a client that is already there, the worst first.

    breaking    an operation that was valid may be refused, or a value may come that its type did not allow
    dangerous   every operation stays valid, and may be answered in a way its client does not expect
    safe        no client notices
    """

    BREAKING = "breaking"
    DANGEROUS = "dangerous"
    SAFE = "safe"


LEVELS = tuple(Level)


@dataclass(frozen=True, slots=True)
class Change:
    """One change: `code`, the coordinate it is at, what it is, and what to do about it (empty for a safe one).

    Coordinates are those of the GraphQL specification: `Type`, `Type.field`, `Type.field(arg:)`, `Enum.VALUE`,
    `@directive`, `@directive(arg:)`.
    """

    level: Level
    code: str
    coordinate: str
    message: str
    advice: str = ""

    def __str__(self) -> str:
        tail = f" ({self.advice})" if self.advice else ""
        return f"{self.level} {self.code} at {self.coordinate}: {self.message}{tail}"
