"""What a field of the graph may be. Every one has a label and says what it is, with the Vietnamese term.

Each function gives a Strawberry field that carries its label as the `@label` directive (composed into the supergraph)
and its mapping as metadata; `hub.authoring.declare` reads both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import strawberry
from strawberry.federation import field as federation_field
from strawberry.federation.schema_directive import schema_directive
from strawberry.schema_directive import Location

from hub.model.graph import Transition
from hub.model.mapping import Aggregate, By, ClassOf, Computed, Embedded, Page, Reference, Rows
from hub.model.viewer import RecordClass, Standing

SPEC = "hub"

Pairs = Mapping[str, str]

# Pages of lists that belong to something, and of lists of a whole register, which ministries walk in large steps.
SHORT = Page(most=500, usual=50)
WHOLE = Page(most=1_000, usual=50)


@schema_directive(
    locations=[Location.FIELD_DEFINITION],
    name="label",
    compose=True,
    import_url="https://social-insurance-hub.example/label/v1.0",
    description="What kind of information the field is; the policy table decides by it who may read the field.",
)
class Label:
    """The `@label` directive."""

    name: str


@schema_directive(
    locations=[Location.ENUM_VALUE],
    name="heldBy",
    compose=True,
    import_url="https://social-insurance-hub.example/label/v1.0",
    description="The only record classes whose rows hold the value; who is cleared for none of them does not see it.",
)
class HeldBy:
    """The `@heldBy` directive."""

    classes: list[str]


def held_by(value: str, *classes: RecordClass) -> Any:
    """An enum value that only rows of these classes hold."""
    return strawberry.enum_value(value, directives=[HeldBy(classes=[one.name for one in classes])])


@dataclass(frozen=True, slots=True)
class ColumnOf:
    """A column whose form follows from the field's type; empty name: the field's own in snake case."""

    name: str = ""
    place: str = ""


@dataclass(frozen=True, slots=True)
class ExpressionOf:
    """An expression whose form follows from the field's type."""

    sql: str


@dataclass(frozen=True, slots=True)
class LookupOf:
    """A root field; empty arguments: the viewer's own subject."""

    key: tuple[str, ...]
    arguments: tuple[str, ...] = ()
    many: bool = False
    most: int = 1


Mapped = ClassOf | ColumnOf | ExpressionOf | Rows | Aggregate | Embedded | Reference | Computed | LookupOf


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """What metadata says about one field.

    cost  what it weighs, where that is not what its kind weighs: an object 1, a value nothing
    size  how many items are expected of a list that is given whole
    """

    mapped: Mapped
    label: str
    transition: Transition | None = None
    by: By = By.NOTHING
    cost: int | None = None
    size: int | None = None


def _field(spec: FieldSpec, says: str, resolver: Any = None, **more: Any) -> Any:
    return federation_field(
        resolver=resolver,
        description=says,
        directives=[Label(name=spec.label)],
        metadata={SPEC: spec},
        **more,
    )


def _transition(gives: Standing | None) -> Transition | None:
    return None if gives is None else Transition(gives)


def column(
    name: str = "",
    *,
    label: StrEnum,
    says: str,
    by: By = By.NOTHING,
    place: str = "",
    shareable: bool = False,
    cost: int | None = None,
) -> Any:
    """A column of the row; without a name the field's own in snake case.

    `by`: lists may be asked by it. `place`: the column that holds its place in an order, if that is not its own.
    """
    return _field(FieldSpec(ColumnOf(name, place), label.value, by=by, cost=cost), says, shareable=shareable)


def record_class(*, label: StrEnum) -> Any:
    """The class of the row; only readers cleared for more than one have this field."""
    return _field(FieldSpec(ClassOf(), label.value), "Which authority keeps the record (cơ quan quản lý hồ sơ).")


def expression(sql: str, *, label: StrEnum, says: str, cost: int | None = None) -> Any:
    """SQL over columns of the row, in braces."""
    return _field(FieldSpec(ExpressionOf(sql), label.value, cost=cost), says)


def rows(
    table: str,
    on: Pairs,
    *,
    order: tuple[str, ...],
    label: StrEnum,
    says: str,
    where: str = "",
    gives: Standing | None = None,
    by: By = By.NOTHING,
    cost: int | None = None,
    size: int | None = None,
) -> Any:
    """A list of rows of another table of this source, always given whole. `on` is {column there: column here}.

    `gives` is the standing of the reader to those rows, if they are about somebody else than this one. `size` is how
    many are expected at the most: what is asked for is charged by it.
    """
    rows_there = Rows(table, tuple(on.items()), order, where)
    return _field(FieldSpec(rows_there, label.value, _transition(gives), by, cost, size), says)


def one(
    table: str,
    on: Pairs,
    *,
    label: StrEnum,
    says: str,
    where: str = "",
    order: tuple[str, ...] = (),
    by: By = By.NOTHING,
) -> Any:
    """One row of another table of this source, or null."""
    return _field(FieldSpec(Rows(table, tuple(on.items()), order, where, many=False), label.value, by=by), says)


def connection(
    table: str,
    on: Pairs | None = None,
    *,
    order: tuple[str, ...],
    label: StrEnum,
    says: str,
    where: str = "",
    gives: Standing | None = None,
    page: Page = SHORT,
    by: By = By.NOTHING,
    search: Mapping[str, str] | None = None,
    cost: int | None = None,
) -> Any:
    """A list that is read in pages, filtered and ordered: a Relay connection. Annotate it as the list of its nodes.

    `order` holds when the reader asks for none; its last column is unique. What nodes may be filtered and ordered by,
    their own fields say (`by`). Without `on` it is a root field over the whole table. With `search` it finds persons by
    what is known of them, the best first: {argument: `Type.field` that it is compared with}.
    """
    compared = tuple((name, _coordinate(where)) for name, where in (search or {}).items())
    rows_there = Rows(table, tuple((on or {}).items()), order, where, page=page, search=compared)
    return _field(FieldSpec(rows_there, label.value, _transition(gives), by, cost), says, default=strawberry.UNSET)


def aggregate(table: str, on: Pairs, *, label: StrEnum, says: str, cost: int | None = None) -> Any:
    """One object made of aggregates over rows of another table of this source."""
    return _field(FieldSpec(Aggregate(table, tuple(on.items())), label.value, cost=cost), says)


def _coordinate(text: str) -> tuple[str, str]:
    type_name, _, field_name = text.partition(".")
    return type_name, field_name


def embedded(columns: Pairs | None = None, *, present: str = "", label: StrEnum, says: str, by: By = By.NOTHING) -> Any:
    """An object that stands in this row; `columns` is {name there: column here}."""
    return _field(FieldSpec(Embedded(dict(columns or {}), present), label.value, by=by), says)


def link(on: Pairs, *, gives: Standing | None, label: StrEnum, says: str, by: By = By.NOTHING) -> Any:
    """An entity by its key; `on` is {key field there: column here}.

    `gives` is the standing of the reader to what the link leads to; None says out loud that it stays as it is.
    """
    return _field(FieldSpec(Reference(tuple(on.items())), label.value, _transition(gives), by), says)


def computed(function: Callable[..., object], *inputs: str, label: StrEnum, says: str, cost: int | None = None) -> Any:
    """A pure function of sibling fields or columns; it gets their text, None for null."""
    return _field(FieldSpec(Computed(function, inputs), label.value, cost=cost), says)


def lookup(
    *, key: tuple[str, ...], arguments: tuple[str, ...] = (), most: int = 0, label: StrEnum, says: str
) -> Callable[[Callable[..., Any]], Any]:
    """A root field for officials that finds an entity by key, or with `most` a list of them in the order asked."""
    spec = LookupOf(key, arguments or key, many=most > 0, most=most or 1)
    return lambda method: _field(FieldSpec(spec, label.value, Transition(Standing.OFFICIAL)), says, method)


def viewer_lookup(*, key: tuple[str, ...], label: StrEnum, says: str) -> Any:
    """The root field that finds the reader's own record."""
    return _field(FieldSpec(LookupOf(key), label.value, Transition(Standing.SELF)), says, default=strawberry.UNSET)
