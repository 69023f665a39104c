"""What a hint is: something that composes, and is probably not meant."""

from __future__ import annotations

from dataclasses import dataclass

from hub.errors import Problem


@dataclass(frozen=True, slots=True)
class Hint(Problem):
    """One warning: said like a problem, and no reason not to compose."""
