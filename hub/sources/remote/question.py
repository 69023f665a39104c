"""Fetch -> Question: the selection a subgraph is asked for, and the readers of its answer.

A field has its own name as alias where that is free; two fields of one name with different arguments, or in different
concrete types, which a subgraph may give different types, have aliases of their own. Arguments go as variables; so does
what comes with a key for a field to take, in a list of representations for each of its values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import orjson
from graphql import GraphQLInputType, GraphQLObjectType, GraphQLOutputType, GraphQLSchema, Undefined

from hub.errors import Internal
from hub.model.operation import Argument
from hub.model.plan import Context, Fetch, Handed, Hole, Inherited, Merge, Node, Shape, Slot, Typename, Value
from hub.model.source import (
    ABSENT,
    FIRST_CODE,
    GIVEN,
    KEY_PARTS,
    PASSED,
    Argued,
    ComputedChild,
    MergedChild,
    Parameter,
    Question,
    absent,
    context,
)
from hub.model.source import SLOT as SLOT_MARK
from hub.sources.remote.reading import (
    ItemReader,
    Keyed,
    Reader,
    bare_key,
    binding_reader,
    constant_reader,
    field_reader,
    fields_reader,
    handed_reader,
    mark_reader,
    object_reader,
    parts_reader,
    representation,
    typename_reader,
    whole_key,
)

# Stands for the number of a question in the request it goes with.
SLOT = "\x00"


class Types(Protocol):
    """What is declared, also where the public graph does not have it."""

    def field_type(self, type_name: str, name: str) -> GraphQLOutputType: ...
    def argument_type(self, type_name: str, name: str, argument: str) -> GraphQLInputType: ...


@dataclass(frozen=True, slots=True)
class Asking:
    """How a question is put to a subgraph.

    operation  `query` or `mutation`
    variables  declarations, with the slot in their names
    selection  of the root, or of the entity
    columns    readers of an entity, or of the root object
    given      behind its parameters: which of the values that come with a key a variable is, and how deep inside
    """

    operation: str
    entity: str
    variables: tuple[tuple[str, str], ...]
    selection: str
    columns: tuple[Callable[[Any, Any, bool], str], ...]
    given: tuple[tuple[int, int], ...] = ()


def remote_question(fetch: Fetch, api: GraphQLSchema, types: Types) -> Question:
    """The question of a fetch to a remote subgraph."""
    compiler = _Compiler(fetch, api, types)
    return compiler.question()


@dataclass(slots=True)
class _Selected:
    """The selection set of one object: response key -> text, and what each (field, arguments) is called."""

    entries: dict[str, str] = field(default_factory=dict)
    names: dict[tuple[str, str, str], str] = field(default_factory=dict)

    def text(self) -> str:
        return " ".join(self.entries.values())


class _Compiler:
    """Compiles one fetch: hands out variables and codes in the order they are met."""

    def __init__(self, fetch: Fetch, api: GraphQLSchema, types: Types) -> None:
        self.fetch = fetch
        self.api = api
        self.types = types
        self.variables: list[tuple[str, str]] = []
        self.inherited: dict[Inherited, str] = {}
        self.parameters: list[Parameter] = []
        self.children: list[Hole | ComputedChild | MergedChild] = []
        self.nested = False
        self.mutation = api.mutation_type.name if api.mutation_type else ""

    def question(self) -> Question:
        selected = _Selected()
        entity = bool(self.fetch.key)
        columns = []
        for column in self.fetch.columns:
            if isinstance(column, Shape):
                columns.append(self.shape(column, selected))
            else:
                columns.append(self.node(column, self.fetch.type, selected, prefix=""))
        bound = self.bound(self.fetch.bound, self.fetch.type, selected, "")
        given = list(self.fetch.given)
        asking = Asking(
            "mutation" if self.fetch.type == self.mutation else "query",
            self.fetch.type if entity else "",
            (*self.variables, *((variable, one.type) for one, variable in self.inherited.items())),
            selected.text() or "__typename",
            tuple(binding_reader(column, bound) for column in columns),
            tuple((given.index(one.slot), one.levels) for one in self.inherited),
        )
        declared = ", ".join(f"{name}: {of}" for name, of in asking.variables)
        text = f"{asking.operation} {asking.entity} ({declared}) {{ {asking.selection} }}"
        return Question(
            self.fetch,
            text,
            len(columns),
            tuple(self.parameters),
            tuple(self.children),
            self.nested,
            asking,
            f"{' '.join(_shaped(column) for column in self.fetch.columns)}{_shaped_slots(self.fetch.bound)}",
            tuple(context(slot) for slot in self.fetch.passed),
            # Root fields have no list of representations to be told apart by, and a mutation runs for one request.
            alone=not entity,
            merged=asking.operation == "query",
        )

    # Objects --------------------------------------------------------------------------------------------------------

    def shape(self, shape: Shape, selected: _Selected) -> ItemReader:
        """The reader of an object, whose fields join a selection."""
        if shape.elsewhere is not None:
            bound = self.bound(shape.bound.get(shape.type, {}), shape.type, selected, "")
            return binding_reader(self.hole(shape.elsewhere, shape.type, selected, ""), bound)
        concrete = isinstance(self.api.type_map.get(shape.type), GraphQLObjectType)
        if concrete or set(shape.cases) == {shape.type}:
            case = self.case(shape, shape.type, selected, "")
            if not selected.entries:
                selected.entries["__typename"] = "__typename"
            return object_reader(self.fetch.source, {shape.type: case}, shape.type)
        selected.entries["__typename"] = "__typename"
        cases: dict[str, Reader] = {}
        alike = _alike(shape)
        for index, name in enumerate(shape.cases):
            inner = _Selected()
            cases[name] = self.case(shape, name, inner, "" if alike else f"_{index}_")
            if inner.entries:
                selected.entries[f"... on {name}"] = f"... on {name} {{ {inner.text()} }}"
        return object_reader(self.fetch.source, cases, "")

    def case(self, shape: Shape, name: str, selected: _Selected, prefix: str) -> Reader:
        """The reader of an object of a concrete type."""
        fields = self.fields(shape.cases.get(name, ()), name, selected, prefix)
        bound = self.bound(shape.bound.get(name, {}), name, selected, prefix)
        return binding_reader(fields_reader(fields), bound)

    def bound(
        self, slots: Mapping[int, Node], type_name: str, selected: _Selected, prefix: str
    ) -> list[tuple[str, Reader]]:
        """What stands for each slot that an object binds, and the reader of its value."""
        return [(context(slot), self.node(node, type_name, selected, prefix)) for slot, node in slots.items()]

    def fields(
        self, nodes: Sequence[Node], type_name: str, selected: _Selected, prefix: str
    ) -> list[tuple[str, Reader]]:
        return [(f'"{node.key}":', self.node(node, type_name, selected, prefix)) for node in nodes]

    def node(self, node: Node, type_name: str, selected: _Selected, prefix: str) -> Reader:
        match node:
            case Slot():
                return constant_reader(f"{SLOT_MARK}{chr(FIRST_CODE + node.index)}")
            case Typename(of=of) if of:
                return constant_reader(f'"{of}"')
            case Typename():
                if isinstance(self.api.type_map.get(type_name), GraphQLObjectType):
                    return constant_reader(f'"{type_name}"')
                selected.entries["__typename"] = "__typename"
                return typename_reader(self.fetch.source, "__typename")
            case Value():
                return self.value(node, type_name, selected, prefix)
            case Hole():
                return self.hole(node, type_name, selected, prefix)
            case Context(slot):
                return constant_reader(context(slot))
            case Handed():
                return handed_reader(self.handed(node.nodes, node.needed, type_name, selected, prefix, ()), ABSENT)
            case Merge():
                self.children.append(MergedChild(node.order))
                code = len(self.children) - 1
                self.nested = True
                return parts_reader(code, [self.node(part, type_name, selected, prefix) for part in node.parts])

    def value(self, node: Value, type_name: str, selected: _Selected, prefix: str) -> Reader:
        expected = node.type if node.type is not None else self.types.field_type(type_name, node.name)
        below = _Selected()
        item = self.shape(node.shape, below) if node.shape is not None else None
        alias = self.select(node, type_name, selected, prefix, below.text() if item else "")
        return field_reader(self.fetch.source, alias, expected, item)

    def select(self, field: Value, type_name: str, selected: _Selected, prefix: str, below: str) -> str:
        """Adds a field to a selection and gives its alias."""
        name = field.name
        identity = (name, repr((field.arguments, field.inherited)), below)
        known = selected.names.get(identity)
        if known is not None and type_name != self.mutation:
            return known
        alias = f"{prefix}{name}"
        count = 0
        while alias in selected.entries:
            count += 1
            alias = f"{prefix}{name}_{count}"
        variables = [f"{one}: {self.variable(type_name, name, one, value)}" for one, value in field.arguments]
        variables += [f"{one.name}: {self.inherit(one)}" for one in field.inherited]
        given = ", ".join(variables)
        text = name if alias == name else f"{alias}: {name}"
        selected.entries[alias] = f"{text}{f'({given})' if given else ''}{f' {{ {below} }}' if below else ''}"
        selected.names[identity] = alias
        return alias

    def variable(self, type_name: str, name: str, argument: str, value: Argument) -> str:
        """A variable of the argument's type."""
        expected = self.types.argument_type(type_name, name, argument)
        variable = f"$v{SLOT}_{len(self.variables)}"
        self.variables.append((variable, str(expected)))
        self.parameters.append(Argued(name, value, _text, Undefined))
        return variable

    def inherit(self, one: Inherited) -> str:
        """The variable of an argument that comes with the keys."""
        return self.inherited.setdefault(one, f"$c{SLOT}_{len(self.inherited)}")

    # Holes ----------------------------------------------------------------------------------------------------------

    def hole(self, hole: Hole, type_name: str, selected: _Selected, prefix: str) -> Reader:
        """A mark with what the other source is asked by."""
        self.children.append(hole)
        code = len(self.children) - 1
        missing = absent(nullable=hole.nullable, many=hole.many)
        behind = [(GIVEN, self.node(node, type_name, selected, prefix)) for node in hole.fetch.given.values()]
        behind += [(PASSED, constant_reader(context(slot))) for slot in hole.fetch.passed]
        self.nested = self.nested or bool(behind) or _has_holes(hole.representation)
        if not hole.representation:
            paths = [self.path(name.split("."), type_name, selected, prefix) for name in hole.inputs]
            return mark_reader(code, bare_key(paths, behind), missing)
        behind += [(KEY_PARTS, self.node(node, type_name, selected, prefix)) for node in hole.carried]
        keyed = self.handed(hole.representation, hole.fetch.key, type_name, selected, prefix, behind)
        return mark_reader(code, keyed, missing)

    def handed(
        self,
        nodes: Sequence[Node],
        key: Sequence[str],
        type_name: str,
        selected: _Selected,
        prefix: str,
        behind: Sequence[tuple[str, Reader]],
    ) -> Keyed:
        """What another subgraph is handed of an object."""
        match nodes:
            case [Context() as whole]:
                return whole_key(self.node(whole, type_name, selected, prefix), behind)
        fields = self.fields(nodes, type_name, selected, prefix)
        keys = {name.split(".")[0] for name in key}
        needed = [read for (_, read), node in zip(fields, nodes, strict=True) if node.key in keys]
        return representation(fields, needed, behind)

    def path(self, path: Sequence[str], type_name: str, selected: _Selected, prefix: str) -> list[str]:
        """Selects a field of a key, and says how its value is found."""
        name, *rest = path
        if not rest:
            return [self.select(Value(name, name, True), type_name, selected, prefix, "")]
        raise Internal(f"the key of an own source is nested: `{'.'.join(path)}`")


def _shaped(node: Shape | Node) -> str:
    """What the client gets to see of the nodes: the subgraph is asked by names of its own."""
    match node:
        case Shape():
            cases = "|".join(
                f"{name}{{{' '.join(map(_shaped, nodes))}}}{_shaped_slots(node.bound.get(name, {}))}"
                for name, nodes in node.cases.items()
            )
            if node.elsewhere is not None:
                cases += f"{_shaped(node.elsewhere)}{_shaped_slots(node.bound.get(node.type, {}))}"
            return cases
        case Value():
            arguments = f"{node.arguments!r}" if node.arguments else ""
            arguments += f"{node.inherited!r}" if node.inherited else ""
            below = _shaped(node.shape) if node.shape is not None else ""
            return f"{node.key}:{node.name}{arguments}{'' if node.nullable else '!'}{below}"
        case Hole():
            handed = " ".join(map(_shaped, (*node.representation, *node.carried)))
            there = f"{node.column} {' '.join(node.inputs)} {handed} {node.needs}"
            return f"{node.key}<{there}>{_shaped_slots(node.fetch.given)}"
        case Merge():
            return f"{node.key}+{' '.join(map(_shaped, node.parts))}"
        case Slot():
            return f"{node.key}#{node.index}"
        case Typename():
            return f"{node.key}:__typename {node.of}"
        case Context():
            return f"^{node.slot}"
        case Handed():
            return f"({' '.join(map(_shaped, node.nodes))})"


def _shaped_slots(slots: Mapping[int, Node]) -> str:
    return "".join(f" {slot}={_shaped(node)}" for slot, node in slots.items())


def _has_holes(nodes: Sequence[Node]) -> bool:
    return any(
        isinstance(node, Hole | Merge)
        or (isinstance(node, Value) and node.shape is not None and any(map(_has_holes, node.shape.cases.values())))
        for node in nodes
    )


def _alike(shape: Shape) -> bool:
    """Whether no field is asked in two concrete types: a subgraph may give it types there that are in conflict."""
    if shape.bound:
        return False
    nodes = [node for found in shape.cases.values() for node in found if not isinstance(node, Typename | Slot)]
    names = {node.name for node in nodes if isinstance(node, Value | Merge)}
    return len(names) == len(nodes)


def _text(value: Any) -> str | None:
    """A variable as JSON text, which a loader can be kept by; None where the client gave nothing."""
    return None if value is Undefined else orjson.dumps(value).decode()
