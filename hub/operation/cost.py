"""Operation x Costs -> Formula: what an operation costs at the most, as a formula over its variables.

Made once for a document and evaluated for each request, before anything is read. A field costs its weight, and that of
what is below it as often as the list has items; of the types that may stand at a place the dearest counts. Nothing of
it depends on what is found, so what is charged tells nothing of what exists; and nothing depends on what the policy
gives of a field, so it tells nothing of that either.

Source: IBM, "GraphQL Cost Directives specification"; cost v0.1. Where they let a server choose: the largest of several
slicing arguments counts, and input objects weigh nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLList,
    InlineFragmentNode,
    SelectionSetNode,
    get_named_type,
    get_nullable_type,
)

from hub.errors import Refused, Shown
from hub.model.cost import USUAL_SIZE, Costs, ListSize
from hub.model.operation import Argument, Constant, Field, Operation, argument_value

# Items of the lists of introspection, and how many of its objects weigh as much as one of the graph.
_INTROSPECTED = {
    "types": 200,
    "fields": 10,
    "inputFields": 10,
    "enumValues": 10,
    "args": 3,
    "possibleTypes": 3,
    "interfaces": 1,
    "directives": 5,
}
_INTROSPECTED_IN_ONE = 10


@dataclass(frozen=True, slots=True)
class Size:
    """How many items a list has, under the variables of a request."""

    place: str
    usual: int
    arguments: tuple[tuple[str, Argument], ...] = ()
    counted: bool = False
    one: bool = False

    def of(self, variables: Mapping[str, Any]) -> int:
        """The number, or `Refused` where exactly one argument must say it and does not."""
        given = [(name, argument_value(argument, variables)) for name, argument in self.arguments]
        given = [(name, value) for name, value in given if value is not None]
        if self.counted:
            return sum(len(value) if isinstance(value, list) else 1 for _, value in given)
        if self.one and len(given) != 1:
            names = ", ".join(f"`{name}`" for name, _ in self.arguments)
            message = f"`{self.place}` must be asked for with exactly one of {names}: {len(given)} were given"
            raise Refused([Shown(message, code="BAD_USER_INPUT")])
        return max([0, *(value for _, value in given)]) if given else self.usual

    @property
    def known(self) -> bool:
        return all(isinstance(argument, Constant) for _, argument in self.arguments)


@dataclass(frozen=True, slots=True)
class Formula:
    """A cost: a number, and what hangs on the sizes of lists.

    lists    a size, and what an item costs
    dearest  of each group the dearest counts
    """

    fixed: int = 0
    lists: tuple[tuple[Size, Formula], ...] = ()
    dearest: tuple[tuple[Formula, ...], ...] = ()

    def value(self, variables: Mapping[str, Any]) -> int:
        """The cost under the coerced variables of a request."""
        total = self.fixed
        for size, item in self.lists:
            total += size.of(variables) * item.value(variables)
        for cases in self.dearest:
            total += max([case.value(variables) for case in cases])
        return total

    @property
    def known(self) -> bool:
        return not self.lists and not self.dearest


def formula_of(
    operation: Operation, costs: Costs, fragments: Mapping[str, FragmentDefinitionNode] | None = None
) -> Formula:
    """The cost of an operation. `fragments` are those of its document, which introspection may use."""
    introspected = _Introspected(fragments or {})
    return _sum(
        Formula(introspected.cost(field.node)) if field.name in ("__schema", "__type") else _field(field, costs, None)
        for field in operation.fields
    )


def _field(field: Field, costs: Costs, sized: Size | None) -> Formula:
    """A field with all that is below it; `sized` if a field above says how many items it has."""
    place = f"{field.parent}.{field.name}"
    said = costs.sizes.get((field.parent, field.name))
    size = _size(place, said, field) if said is not None else None
    own = costs.weights.get(place)
    below = said.sized if said is not None else ()
    if field.selection is None:
        weight = own if own is not None else costs.weights.get(get_named_type(field.type).name, 0)
        item = Formula(weight)
    else:
        item = _dearest(
            _sum(
                [
                    Formula(own if own is not None else costs.weights.get(concrete, 1)),
                    *(_field(one, costs, size if one.name in below else None) for one in fields),
                ]
            )
            for concrete, fields in field.selection.cases.items()
        )
    arguments = Formula(sum(costs.weights.get(f"{place}({name}:)", 0) for name, _ in field.arguments))
    if not isinstance(get_nullable_type(field.type), GraphQLList):
        items = item
    elif size is not None and not below:
        items = _times(size, item)
    else:
        items = _times(sized or Size(place, USUAL_SIZE), item)
    return _sum([arguments, items])


def _size(place: str, said: ListSize, field: Field) -> Size:
    given = dict(field.arguments)
    names = (said.counted,) if said.counted else said.slicing
    arguments = tuple((name, given.get(name, Constant(None))) for name in names)
    usual = USUAL_SIZE if said.assumed is None else said.assumed
    return Size(place, usual, arguments, counted=bool(said.counted), one=said.one)


def _times(size: Size, item: Formula) -> Formula:
    if item == Formula():
        # It costs nothing, but how it is asked for may still be wrong.
        return Formula(0, ((size, item),)) if size.one else item
    if size.known and not size.one and item.known:
        return Formula(size.of({}) * item.fixed)
    return Formula(0, ((size, item),))


def _sum(parts: Iterable[Formula]) -> Formula:
    parts = list(parts)
    return Formula(
        sum(part.fixed for part in parts),
        tuple(one for part in parts for one in part.lists),
        tuple(one for part in parts for one in part.dearest),
    )


def _dearest(cases: Iterable[Formula]) -> Formula:
    found: list[Formula] = []
    for case in cases:
        if case not in found:
            found.append(case)
    if all(case.known for case in found):
        return Formula(max((case.fixed for case in found), default=0))
    return found[0] if len(found) == 1 else Formula(0, (), (tuple(found),))


class _Introspected:
    """What a look at the schema costs, by the usual sizes of schemas; each fragment is counted once."""

    def __init__(self, fragments: Mapping[str, FragmentDefinitionNode]) -> None:
        self.fragments = fragments
        self.counted: dict[str, int] = {}

    def cost(self, node: FieldNode) -> int:
        return 1 + self.objects(node) // _INTROSPECTED_IN_ONE

    def objects(self, node: FieldNode) -> int:
        if node.selection_set is None:
            return 0
        return _INTROSPECTED.get(node.name.value, 1) * (1 + self.within(node.selection_set))

    def within(self, selection_set: SelectionSetNode) -> int:
        total = 0
        for node in selection_set.selections:
            match node:
                case FieldNode():
                    total += self.objects(node)
                case InlineFragmentNode():
                    total += self.within(node.selection_set)
                case FragmentSpreadNode():
                    name = node.name.value
                    if name not in self.counted:
                        self.counted[name] = self.within(self.fragments[name].selection_set)
                    total += self.counted[name]
        return total
