"""The data of a case: one world of rows, of which every subgraph shows its part and the oracle everything.

A row is named after its type: `Product_1`. What its data leave out is made up from its name (`name of Product_1`; `id`
is what stands behind the underscore), objects and lists of objects apart, which are null. In the data a name of a row
stands for the row, `{...}` for a value object (with `__typename` where the field's type is abstract), `FAILS` for an
error of the subgraph, and `COUNTED` in a mutation for the number of mutations run so far.

Functions that every subgraph and the oracle compute alike, so that a wrong input shows in the answer:

    a field with `@requires`    its name and the canonical JSON of the required fields
    a leaf with arguments       its value and the canonical JSON of the arguments
    objects with arguments      `first` and `limit` cut, an argument named like a field (or its plural) filters, any
                                other turns the list by a number made of it; in a mutation it is written to the row
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    FieldDefinitionNode,
    FieldNode,
    InlineFragmentNode,
    InputValueDefinitionNode,
    ListTypeNode,
    NonNullTypeNode,
    SelectionSetNode,
    TypeNode,
    parse_value,
    value_from_ast_untyped,
)

from tests.federation.declared import Coordinate, Declared, named

FAILS = "FAILS"
COUNTED = "COUNTED"
_ROOTS = ("Query", "Mutation")
_NO_ROOTS: Mapping[str, Mapping[str, Any]] = {"Query": {}, "Mutation": {}}


class FailsOnPurpose(Exception):
    """The data say that this field is an error of its subgraph. The text is not for clients."""

    code = "MADE_UP_FAILURE"

    def __init__(self, row: Row, name: str) -> None:
        super().__init__(f"internal text of {row.name}.{name}")
        self.extensions = {"code": self.code}


class InputMissing(Exception):
    """A representation lacks a field that a key or `@requires` names."""


@dataclass(eq=False, slots=True)
class Row:
    """An object of the world. `type` is its object type; a value object is called after where it stands."""

    type: str
    name: str
    fields: dict[str, Any]

    def __repr__(self) -> str:
        return self.name


@dataclass(slots=True)
class State:
    """What mutations did in one run: what they wrote, and which ran, in order (`subgraph.field`)."""

    written: dict[tuple[str, str], Any] = field(default_factory=dict)
    mutations: list[str] = field(default_factory=list)


def canonical(value: Any) -> str:
    """JSON of a value in which neither order of keys nor spelling of whole numbers matters."""
    return json.dumps(_plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(inner) for inner in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def number(text: str) -> int:
    """A number made of a text, the same in every run."""
    return zlib.crc32(text.encode())


def read_data(text: str) -> dict[str, dict[str, Any]]:
    """Rows as written in a case: `Product_1: { name: "x", parts: [Part_1] }`, in GraphQL's value syntax."""
    found = value_from_ast_untyped(parse_value("{" + text + "}"))
    assert isinstance(found, dict)
    return found


class World:
    """The rows of a case, and what the subgraphs together declare about them.

    `missing` are (subgraph, row name): that subgraph does not hold that row.
    """

    def __init__(
        self,
        subgraphs: Sequence[Declared],
        data: Mapping[str, Mapping[str, Any]],
        missing: Iterable[tuple[str, str]] = (),
    ) -> None:
        self.subgraphs = {each.name: each for each in subgraphs}
        self.missing = frozenset(missing)
        self.interfaces = {name for each in subgraphs for name in each.interfaces}
        self.implements: dict[str, set[str]] = {}
        self.members: dict[str, set[str]] = {}
        self.enums: dict[str, list[str]] = {}
        self.inputs: dict[str, dict[str, InputValueDefinitionNode]] = {}
        for each in subgraphs:
            for name, inputs in each.inputs.items():
                self.inputs.setdefault(name, {}).update(inputs)
            for name, interfaces in each.implements.items():
                self.implements.setdefault(name, set()).update(interfaces)
            for name, members in each.members.items():
                self.members.setdefault(name, set()).update(members)
            for name, values in each.enums.items():
                known = self.enums.setdefault(name, [])
                known.extend(value for value in values if value not in known)
        self.composite = {name for each in subgraphs for name in each.objects} | self.interfaces | set(self.members)
        self._definitions = self._defined()
        self.rows: dict[str, Row] = {}
        for name, fields in {**_NO_ROOTS, **data}.items():
            self.rows[name] = Row(name if name in _ROOTS else name.rpartition("_")[0], name, dict(fields))
        for row in self.rows.values():
            assert row.type in self.composite or row.type in _ROOTS, f"no subgraph knows the type of `{row.name}`"
            self._link(row)

    def _defined(self) -> dict[Coordinate, FieldDefinitionNode]:
        found: dict[Coordinate, FieldDefinitionNode] = {}
        for each in self.subgraphs.values():
            for at, node in each.fields.items():
                if at not in found or at not in each.external:
                    found[at] = node
        return found

    def _link(self, row: Row) -> None:
        for name, value in row.fields.items():
            if name == "__typename":
                continue
            definition = self.definition(row.type, name)
            assert definition is not None, f"no subgraph declares `{row.type}.{name}`"
            returned = named(definition.type)
            if returned in self.composite:
                row.fields[name] = self._linked(value, returned, f"{row.name}.{name}")

    def _linked(self, value: Any, returned: str, place: str) -> Any:
        if isinstance(value, list):
            return [self._linked(inner, returned, f"{place}.{index}") for index, inner in enumerate(value)]
        if isinstance(value, dict):
            row = Row(value.get("__typename", returned), place, value)
            self._link(row)
            return row
        if isinstance(value, str) and value != FAILS:
            return self.rows[value]
        return value

    # --- what is declared ------------------------------------------------------------------------------------------

    def is_a(self, type_name: str, condition: str) -> bool:
        """Whether an object of a type fulfils a type condition."""
        return (
            condition == type_name
            or condition in self.implements.get(type_name, ())
            or type_name in self.members.get(condition, ())
        )

    def names_of(self, type_name: str) -> tuple[str, ...]:
        """The type and its interfaces."""
        return (type_name, *sorted(self.implements.get(type_name, ())))

    def definition(self, type_name: str, name: str) -> FieldDefinitionNode | None:
        """The definition of a field of an object type, perhaps that of an interface object."""
        for each in self.names_of(type_name):
            if (each, name) in self._definitions:
                return self._definitions[each, name]
        return None

    def required(self, type_name: str, name: str) -> SelectionSetNode | None:
        """What the subgraph that resolves a field requires for it."""
        for each in self.subgraphs.values():
            for on in self.names_of(type_name):
                if (on, name) in each.requires:
                    return each.requires[on, name]
        return None

    def resolves(self, subgraph: Declared, type_name: str, name: str) -> bool:
        """Whether a subgraph, that declares a field under this type, is the one to be asked for it."""
        at = (type_name, name)
        if at not in subgraph.fields or at in subgraph.external:
            return False
        return not any(each.overrides.get(at) == subgraph.name for each in self.subgraphs.values())

    def _held(self, row: Row, name: str) -> bool:
        """Whether some subgraph that resolves the field holds the row."""
        owners = [
            each.name
            for each in self.subgraphs.values()
            for on in self.names_of(row.type)
            if (on == row.type or on in each.interface_objects) and self.resolves(each, on, name)
        ]
        return not owners or any((owner, row.name) not in self.missing for owner in owners)

    # --- values ----------------------------------------------------------------------------------------------------

    def value(
        self,
        row: Row,
        name: str,
        arguments: Mapping[str, Any],
        state: State,
        inputs: Mapping[str, Any] | None = None,
    ) -> Any:
        """The value of a field: leaves, rows, and lists of them.

        `inputs` are the required fields as a representation brings them; without, those of the world.
        """
        if not self._held(row, name):
            return None
        definition = self.definition(row.type, name)
        assert definition is not None, f"{row.type}.{name}"
        returned = named(definition.type)
        required = self.required(row.type, name)
        if inputs is None and required is not None:
            inputs = self.project(row, required, state)
        value = state.written.get((row.name, name), row.fields.get(name, _ABSENT))
        if value == FAILS:
            raise FailsOnPurpose(row, name)
        if value == COUNTED:
            return len(state.mutations)
        if returned in self.composite:
            value = None if value is _ABSENT else value
            return self._chosen(value, arguments, definition.type, row.type == "Mutation", state)
        if value is _ABSENT or (required is not None and value is not None):
            value = self._made_up(row, name, definition.type, inputs)
        return _reflected(value, arguments) if arguments and returned not in self.enums else value

    def _made_up(self, row: Row, name: str, node: TypeNode, inputs: Mapping[str, Any] | None) -> Any:
        if isinstance(node, NonNullTypeNode):
            return self._made_up(row, name, node.type, inputs)
        if isinstance(node, ListTypeNode):
            return [self._made_up(row, f"{name}{index}", node.type, inputs) for index in range(2)]
        text = f"{name}{canonical(inputs)}" if inputs is not None else f"{name} of {row.name}"
        match named(node):
            case "ID" if name == "id":
                return row.name.rpartition("_")[2]
            case "Int":
                return number(text) % 1000
            case "Float":
                return number(text) % 1000 / 8
            case "Boolean":
                return number(text) % 2 == 1
            case enum if enum in self.enums:
                values = self.enums[enum]
                return values[number(text) % len(values)]
            case _:
                return text

    def _chosen(self, value: Any, arguments: Mapping[str, Any], node: TypeNode, writes: bool, state: State) -> Any:
        node = node.type if isinstance(node, NonNullTypeNode) else node
        is_list = isinstance(node, ListTypeNode)
        rows = list(value) if isinstance(value, list) else [value]
        if value is None or (is_list and not isinstance(value, list)) or not arguments:
            return value if is_list or not isinstance(value, list) else next(iter(value), None)
        written: dict[str, Any] = {}
        for name, given in arguments.items():
            if name in ("first", "limit"):
                rows = rows if given is None else rows[:given]
                continue
            about = self._about(rows, name)
            if about is None or given is None:
                turn = number(canonical({name: given})) % max(1, len(rows))
                rows = rows[turn:] + rows[:turn]
            elif writes and not any(self._is_key(row, about) for row in rows if row is not None):
                written[about] = given
            else:
                wanted = given if isinstance(given, list) else [given]
                rows = [row for row in rows if row is not None and self.value(row, about, {}, state) in wanted]
        for row in rows:
            state.written.update({(row.name, name): given for name, given in written.items()})
        return rows if is_list else next(iter(rows), None)

    def _about(self, rows: Sequence[Row | None], argument: str) -> str | None:
        """The leaf field of these rows that an argument is about."""
        for name in (argument, argument.removesuffix("s")):
            for row in rows:
                if isinstance(row, Row):
                    found = self.definition(row.type, name)
                    if found is not None and not found.arguments and named(found.type) not in self.composite:
                        return name
        return None

    def _is_key(self, row: Row, name: str) -> bool:
        return any(name in each.key_fields(on) for each in self.subgraphs.values() for on in self.names_of(row.type))

    # --- field sets ------------------------------------------------------------------------------------------------

    def project(self, row: Row, selections: SelectionSetNode, state: State) -> dict[str, Any]:
        """A field set's values for a row, as the world has them."""
        found: dict[str, Any] = {}
        for selection in selections.selections:
            if isinstance(selection, InlineFragmentNode):
                condition = selection.type_condition
                if condition is None or self.is_a(row.type, condition.name.value):
                    _merge(found, self.project(row, selection.selection_set, state))
            elif isinstance(selection, FieldNode) and selection.name.value != "__typename":
                name = selection.name.value
                value = self.value(row, name, self._arguments(row, selection), state)
                _merge(found, {name: self._projected(value, selection.selection_set, state)})
        return found

    def _projected(self, value: Any, selections: SelectionSetNode | None, state: State) -> Any:
        if isinstance(value, list):
            return [self._projected(inner, selections, state) for inner in value]
        if isinstance(value, Row):
            assert selections is not None
            return self.project(value, selections, state)
        return value

    def _arguments(self, row: Row, selection: FieldNode) -> dict[str, Any]:
        definition = self.definition(row.type, selection.name.value)
        assert definition is not None
        given = {each.name.value: value_from_ast_untyped(each.value) for each in selection.arguments or ()}
        return self._coerced(given, {each.name.value: each for each in definition.arguments or ()})

    def _coerced(self, given: Mapping[str, Any], declared: Mapping[str, InputValueDefinitionNode]) -> dict[str, Any]:
        """Arguments, or the fields of an input object, with the defaults of what is left out, at every depth."""
        found: dict[str, Any] = {}
        for name, node in declared.items():
            if name in given:
                found[name] = self._input(given[name], named(node.type))
            elif node.default_value is not None:
                found[name] = self._input(value_from_ast_untyped(node.default_value), named(node.type))
        return found

    def _input(self, value: Any, type_name: str) -> Any:
        if isinstance(value, list):
            return [self._input(inner, type_name) for inner in value]
        if isinstance(value, dict) and type_name in self.inputs:
            return self._coerced(value, self.inputs[type_name])
        return value

    def read(self, given: Mapping[str, Any], selections: SelectionSetNode) -> dict[str, Any]:
        """A field set's values as a representation brings them. Raises `InputMissing`."""
        found: dict[str, Any] = {}
        for selection in selections.selections:
            if isinstance(selection, InlineFragmentNode):
                if self._taken(given, selection):
                    _merge(found, self.read(given, selection.selection_set))
            elif isinstance(selection, FieldNode) and selection.name.value != "__typename":
                name = selection.name.value
                if name not in given:
                    raise InputMissing(name)
                _merge(found, {name: self._read(given[name], selection.selection_set)})
        return found

    def _taken(self, given: Mapping[str, Any], selection: InlineFragmentNode) -> bool:
        condition = selection.type_condition
        if condition is None:
            return True
        if "__typename" in given:
            return self.is_a(given["__typename"], condition.name.value)
        try:
            self.read(given, selection.selection_set)
        except InputMissing:
            return False
        return True

    def _read(self, value: Any, selections: SelectionSetNode | None) -> Any:
        if selections is None or value is None:
            return value
        if isinstance(value, list):
            return [self._read(inner, selections) for inner in value]
        if not isinstance(value, Mapping):
            raise InputMissing(f"an object, found {value!r}")
        return self.read(value, selections)

    def of_type(self, condition: str) -> Iterator[Row]:
        """The rows that fulfil a type condition."""
        return (row for row in self.rows.values() if self.is_a(row.type, condition))


_ABSENT: Any = object()


def _merge(into: dict[str, Any], more: Mapping[str, Any]) -> None:
    for name, value in more.items():
        into[name] = _merged(into[name], value) if name in into else value


def _merged(old: Any, new: Any) -> Any:
    if isinstance(old, dict) and isinstance(new, dict):
        whole = dict(old)
        _merge(whole, new)
        return whole
    if isinstance(old, list) and isinstance(new, list):
        return [_merged(one, other) for one, other in zip(old, new, strict=True)]
    return new


def _reflected(value: Any, arguments: Mapping[str, Any]) -> Any:
    text = canonical(arguments)
    match value:
        case None:
            return None
        case list():
            return [_reflected(inner, arguments) for inner in value]
        case bool():
            return value ^ (number(text) % 2 == 1)
        case int() | float():
            return value + number(text) % 1000
        case _:
            return f"{value}{text}"
