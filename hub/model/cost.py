"""What is known beforehand of what fields cost: weights, and sizes of lists.

Source: cost v0.1 (`@cost`, `@listSize`), which follows IBM's "GraphQL Cost Directives specification".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hub.model.graph import Coordinate

USUAL_SIZE = 10
"""Items of a list of which nothing is said."""


@dataclass(frozen=True, slots=True)
class ListSize:
    """How many items a list has at the most.

    assumed  if no argument says it
    slicing  arguments that say it; the largest counts
    sized    the size is not that of the field, but of these lists below it
    one      exactly one of the slicing arguments must be given
    counted  the argument whose own items are counted: a list of keys gives as many
    """

    assumed: int | None = None
    slicing: tuple[str, ...] = ()
    sized: tuple[str, ...] = ()
    one: bool = False
    counted: str = ""


@dataclass(frozen=True, slots=True)
class Costs:
    """Of a whole graph. What is not in here: an object weighs 1, everything else nothing.

    weights  "Type", "Type.field" or "Type.field(argument:)" -> its weight
    sizes    (type, field) -> how many items it has
    """

    weights: Mapping[str, int] = field(default_factory=dict)
    sizes: Mapping[Coordinate, ListSize] = field(default_factory=dict)
