"""What fills the marks in a step's texts: another step, or a pure function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hub.executor.gather import Loader
    from hub.executor.step import Step


@dataclass(frozen=True, slots=True)
class StepChild:
    """A mark that another step fills.

    column  which of its texts
    absent  what stands where that step has no row
    start   where its parameters begin among those of the parent's subtree
    """

    step: Step
    column: int
    absent: str
    start: int

    def loader(self, parent: Loader) -> Loader:
        """The loader that answers this mark for the parent's loader."""
        return self.step.loader(parent.parameters[self.start : self.start + self.step.parameter_count])


@dataclass(frozen=True, slots=True)
class FunctionChild:
    """A mark that a pure function fills."""

    function: Callable[..., object]


Child = StepChild | FunctionChild
