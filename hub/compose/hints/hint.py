"""What a hint is: something that composes, and is probably not meant."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hint:
    """One warning: `code`, where it is (`subgraph:line:column`), what it is, what would be better."""

    code: str
    place: str
    message: str
    suggestion: str = ""

    def __str__(self) -> str:
        tail = f" ({self.suggestion})" if self.suggestion else ""
        return f"{self.code} at {self.place}: {self.message}{tail}"
