"""What fills the marks in a step's texts: another step, a pure function, or parts that are merged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hub.model.plan import Order

if TYPE_CHECKING:
    from hub.executor.gather import Loader
    from hub.executor.step import Step


@dataclass(frozen=True, slots=True)
class StepChild:
    """A mark that another step fills.

    column  which of its texts
    absent  what stands where that step has no row
    carried how many texts the mark brings along behind the key, for the slots in what fills it
    start   where its parameters begin among those of the parent's subtree
    needs   the fields that are needed of a representation, if not all are: what else failed is handed over as null
    """

    step: Step
    column: int
    absent: str
    start: int
    carried: int = 0
    needs: tuple[str, ...] = ()

    def loader(self, parent: Loader) -> Loader:
        """The loader that answers this mark for the parent's loader."""
        own = parent.parameters[self.start : self.start + self.step.parameter_count]
        return self.step.loader(own, parent.observed)


@dataclass(frozen=True, slots=True)
class FunctionChild:
    """A mark that a pure function fills."""

    function: Callable[..., object]


@dataclass(frozen=True, slots=True)
class MergeChild:
    """A mark whose parts become one value."""

    order: Order


@dataclass(frozen=True, slots=True)
class ListChild:
    """A mark whose parts become a list, without those that are not there."""


Child = StepChild | FunctionChild | MergeChild | ListChild
