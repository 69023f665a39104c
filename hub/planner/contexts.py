"""What a field takes from the objects above it (`@fromContext`): where the value is had, and how it comes down.

A `Scope` is an object as one fetch has it; a chain of them leads up, within a fetch and from a fetch to where it hangs.
The nearest object above whose type sets the context gives the value: at the innermost of its places that has it at
hand, or else by a fetch from the outermost, as early as can be. What then comes down is only the key of that fetch, as
a text like any other: so nobody waits for the value but who is asked with it. Fields that take the same from above are
a fetch of their own, even where the value comes with a key anyway: where it cannot be had, nothing else may be missing.

Source: Federation subgraph specification, `@context`, `@fromContext`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import count

from hub.model.plan import Context, Fetch, Handed, Hole, Inherited, Node
from hub.model.supergraph import ContextArgument, FieldSet
from hub.model.viewer import Standing
from hub.planner.graph import Place, PlannerGraph


@dataclass(frozen=True, slots=True)
class _Supply:
    """A value that an object has bound: in a slot, or what the slot's text is the key of.

    filled  the slot in which the answer of `hole` comes to who is asked with it
    """

    slot: int
    levels: int
    hole: Hole | None = None
    filled: int = 0


# How the planner asks for a field set that is one field: the node that stands at a place, planned by itself.
Ask = Callable[["Scope", FieldSet, Standing], Node]


@dataclass(slots=True, eq=False)
class Scope:
    """An object as one fetch has it.

    fetch    the fetch, None for one of the root
    outward  what stands next: the object it stands in; for the object that was fetched, itself where the fetch hangs
    fetched  whether it is the object that was fetched
    """

    type: str
    place: Place
    fetch: Fetch | None = None
    outward: Scope | None = None
    fetched: bool = False
    bound: dict[int, Node] = field(default_factory=dict)
    supplies: dict[str, _Supply] = field(default_factory=dict)

    def above(self) -> Scope | None:
        """The object that this one stands in."""
        at = self
        while at.fetched and at.outward is not None:
            at = at.outward
        return None if at.fetched else at.outward

    def places(self) -> Iterator[Scope]:
        """The same object as this fetch has it, and those that it hangs on."""
        at: Scope | None = self
        while at is not None:
            yield at
            at = at.outward if at.fetched else None


class Contexts:
    """Gives arguments their values from above; numbers the slots of one plan."""

    def __init__(self, graph: PlannerGraph, ask: Ask) -> None:
        self.graph = graph
        self.ask = ask
        self.slots = count()

    def source(self, scope: Scope, use: ContextArgument) -> tuple[Scope, FieldSet, bool] | None:
        """Which object gives a value, at which place; what is selected there; whether it is at hand."""
        at = scope.above()
        while at is not None and use.context not in self.graph.contexts(at.type):
            at = at.above()
        if at is None:
            return None
        fields = self.graph.applying(at.type, use.selection)
        places = [one for one in at.places() if one.fetch is not None and one.type == at.type]
        near = next((one for one in places if self.graph.gives(one.type, one.place, fields)), None)
        return near or places[-1], fields, near is not None

    def awaited(self, scope: Scope, use: ContextArgument) -> bool:
        """Whether the value still has to be fetched when the fetch of this object has answered."""
        found = self.source(scope, use)
        return found is not None and not found[2] and found[0].fetch is scope.fetch

    def inherited(self, scope: Scope, use: ContextArgument, standing: Standing) -> Inherited | None:
        """The argument, and its way down to the fetch of this object; None where no object above gives a value."""
        found = self.source(scope, use)
        if found is None or not found[1]:
            return None
        home, fields, _ = found
        supply = home.supplies.get(repr(fields)) or self.bind(home, fields, standing)
        at = scope
        while not at.fetched:
            assert at.outward is not None
            at = at.outward
        fetch, outside = at.fetch, at.outward
        assert fetch is not None
        assert outside is not None
        while outside.fetch is not home.fetch:
            if outside.fetched and outside.fetch is not None:
                outside.fetch.passed[supply.slot] = None
            assert outside.outward is not None
            outside = outside.outward
        slot = supply.slot if supply.hole is None else supply.filled
        fetch.given[slot] = Context(slot) if supply.hole is None else supply.hole
        return Inherited(use.name, use.type, slot, supply.levels)

    def bind(self, home: Scope, fields: FieldSet, standing: Standing) -> _Supply:
        """The value in a slot of the object that gives it."""
        node = self.ask(home, fields, standing)
        slot = next(self.slots)
        if isinstance(node, Hole) and node.representation and not node.fetch.given and not node.fetch.passed:
            home.bound[slot] = Handed(node.representation, node.fetch.key)
            hole = replace(node, representation=(Context(slot),))
            supply = _Supply(slot, _levels(fields), hole, next(self.slots))
        else:
            home.bound[slot] = node
            supply = _Supply(slot, _levels(fields))
        home.supplies[repr(fields)] = supply
        return supply


def _levels(fields: FieldSet) -> int:
    """How many objects a value stands in."""
    return max((1 + _levels(node.selections) for node in fields if node.selections), default=0)
