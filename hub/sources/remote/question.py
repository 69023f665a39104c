"""Fetch -> Question: the selection a subgraph is asked for, and the readers of its answer.

A field has its own name as alias where that is free; two fields of one name with different arguments, or in different
concrete types, which a subgraph may give different types, have aliases of their own. Arguments go as variables; so does
what comes with a key for a field to take, in a list of representations for each of its values.

What the policy gives of a field in each class is compiled into readers, one for each class that a row may be of. The
class itself is asked for also where the viewer is not shown it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import orjson
from graphql import (
    GraphQLInputType,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    Undefined,
    get_named_type,
    get_nullable_type,
    is_list_type,
    is_non_null_type,
)

from hub.errors import Internal
from hub.model.effect import SHOWN, Effect, Effects, strictest
from hub.model.entrance import JOIN_KEY
from hub.model.graph import RowClasses, RowsEnforced, RowsOf, RowsTell
from hub.model.operation import Argument
from hub.model.plan import Context, Fetch, Handed, Hole, Inherited, Merge, Node, Shape, Slot, Typename, Value
from hub.model.source import (
    ABSENT,
    FIRST_CODE,
    GIVEN,
    KEY_PARTS,
    PASSED,
    Argued,
    Checked,
    ListedChild,
    MergedChild,
    Opened,
    Parameter,
    Question,
    QuestionChild,
    Sought,
    absent,
    context,
)
from hub.model.source import SLOT as SLOT_MARK
from hub.model.viewer import Profile, RecordClass
from hub.sources.remote.mask import PseudonymKey, mask
from hub.sources.remote.reading import (
    ItemReader,
    Keyed,
    Reader,
    bare_key,
    below_reader,
    binding_reader,
    constant_reader,
    field_reader,
    fields_reader,
    handed_reader,
    listed_reader,
    mark_reader,
    object_reader,
    parts_reader,
    representation,
    told_reader,
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
    bare       the fields of the key, for a subgraph that stands for an own source, whose keys are bare values
    hides      an entity whose class cannot be told may be one that the reader must not know of
    empty      no row of the subgraph is of the reader's universe: it is not asked
    """

    operation: str
    entity: str
    variables: tuple[tuple[str, str], ...]
    selection: str
    columns: tuple[Callable[[Any, Any, bool], str], ...]
    given: tuple[tuple[int, int], ...] = ()
    bare: tuple[str, ...] = ()
    hides: bool = False
    empty: bool = False


@dataclass(frozen=True, slots=True)
class Rows:
    """What the hub knows of the rows of a subgraph.

    of          which class they are of
    telling     the types that have the field which tells it
    pseudonyms  profile -> the key of his pseudonyms
    refusals    what an own source refuses of the arguments of a fetch, for a subgraph that stands for one
    guarded     the subgraph stands beside own sources, under their policy
    """

    of: RowClasses = field(default_factory=RowsEnforced)
    telling: frozenset[str] = frozenset()
    pseudonyms: Callable[[Profile], PseudonymKey | None] = lambda _: None
    refusals: Callable[[Fetch], Sequence[Parameter]] = lambda _: ()
    guarded: bool = False


def remote_question(fetch: Fetch, api: GraphQLSchema, types: Types, rows: Rows) -> Question:
    """The question of a fetch to a remote subgraph."""
    compiler = _Compiler(fetch, api, types, rows)
    return compiler.question()


@dataclass(slots=True)
class _Selected:
    """The selection set of one object: response key -> text, and what each (field, arguments) is called."""

    entries: dict[str, str] = field(default_factory=dict)
    names: dict[tuple[str, str, str], str] = field(default_factory=dict)

    def text(self) -> str:
        return " ".join(self.entries.values())


class _Compiler:
    """Compiles one fetch: hands out variables and codes in the order they are met.

    Every node has as many readers as there are `contexts`, the classes that the row it stands in may be of. None is a
    row that does not tell its class: what it gives is what every class of the universe gives.
    """

    def __init__(self, fetch: Fetch, api: GraphQLSchema, types: Types, rows: Rows) -> None:
        self.fetch = fetch
        self.api = api
        self.types = types
        self.rows = rows
        self.variables: list[tuple[str, str]] = []
        self.inherited: dict[Inherited, str] = {}
        self.parameters: list[Parameter] = []
        self.children: list[QuestionChild] = []
        self.nested = False
        self.mutation = api.mutation_type.name if api.mutation_type else ""
        universe = fetch.universe.classes
        match rows.of:
            case RowsOf(record_class):
                self.contexts: tuple[RecordClass | None, ...] = (record_class,)
            case RowsTell():
                self.contexts = (*universe, None)
            case RowsEnforced():
                self.contexts = (None,)
        self.hides = isinstance(rows.of, RowsTell) and len(universe) < len(RecordClass)
        profile = fetch.asserted.profile if fetch.asserted is not None else None
        self.pseudonyms = rows.pseudonyms(profile) if profile is not None else None
        self.refusals: dict[tuple[str, str], list[Argued]] = {}
        self.cursors: dict[str, list[Opened]] = {}
        for one in rows.refusals(fetch):
            match one:
                case Argued():
                    self.refusals.setdefault((one.field, repr(one.argument)), []).append(one)
                case (Opened() as opened) | Sought(cursor=Opened() as opened):
                    self.cursors.setdefault(repr(opened.cursor), []).append(opened)

    def question(self) -> Question:
        selected = _Selected()
        entity = bool(self.fetch.key)
        tell = self.told(self.fetch.type, selected)
        columns = []
        for column in self.fetch.columns:
            if isinstance(column, Shape):
                readers = self.shape(column, selected)
            else:
                readers = self.node(column, self.fetch.type, selected, prefix="")
            readers = self.binding(readers, self.fetch.bound, self.fetch.type, selected, "")
            columns.append(tell(readers) if tell is not None and not isinstance(column, Shape) else readers[-1])
        given = list(self.fetch.given)
        asking = Asking(
            "mutation" if self.fetch.type == self.mutation else "query",
            self.fetch.type if entity else "",
            (*self.variables, *((variable, one.type) for one, variable in self.inherited.items())),
            selected.text() or "__typename",
            tuple(columns),
            tuple((given.index(one.slot), one.levels) for one in self.inherited),
            () if self.fetch.remote else self.fetch.key,
            self.hides and tell is not None,
            isinstance(self.rows.of, RowsOf) and self.rows.of.record_class not in self.fetch.universe.classes,
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

    # Classes --------------------------------------------------------------------------------------------------------

    def effect(self, effects: Effects, context: RecordClass | None) -> Effect:
        """What is given in a row; everything, where the subgraph carries the policy out itself."""
        if isinstance(self.rows.of, RowsEnforced):
            return Effect.SHOW
        return strictest(effects.of(one) for one in ([context] if context else self.fetch.universe.classes))

    def told(
        self, type_name: str, selected: _Selected, prefix: str = "", effects: Effects = SHOWN
    ) -> Callable[[Sequence[Reader]], Reader] | None:
        """Selects the field that tells the class of a row, and gives what makes one reader of those of each class.

        A class whose rows the field they stand in does not give is as one outside the universe.
        """
        if not isinstance(self.rows.of, RowsTell) or type_name not in self.rows.telling:
            return None
        alias = self.select(_plain(self.rows.of.field), type_name, selected, prefix, "")
        given = [
            (index, one)
            for index, one in enumerate(self.contexts)
            if one is not None and self.effect(effects, one) is not Effect.DENY
        ]

        def tell(readers: Sequence[Reader]) -> Reader:
            by_class = {word: readers[index] for index, one in given for word in (one.name, one.value)}
            return told_reader(self.fetch.source, alias, by_class)

        return tell

    def alike(self, reader: Reader) -> tuple[Reader, ...]:
        """The same for every class."""
        return (reader,) * len(self.contexts)

    # Objects --------------------------------------------------------------------------------------------------------

    def shape(self, shape: Shape, selected: _Selected, effects: Effects = SHOWN) -> tuple[ItemReader, ...]:
        """The readers of an object, whose fields join a selection. `effects` are those of the field it stands in."""
        if shape.elsewhere is not None:
            readers = self.hole(shape.elsewhere, shape.type, selected, "")
            return self.binding(readers, shape.bound.get(shape.type, {}), shape.type, selected, "")
        concrete = isinstance(self.api.type_map.get(shape.type), GraphQLObjectType)
        if concrete or set(shape.cases) == {shape.type}:
            fields = self.object(shape, shape.type, selected, "", effects)
            if not selected.entries:
                selected.entries["__typename"] = "__typename"
            return tuple(object_reader(self.fetch.source, {shape.type: one}, shape.type) for one in fields)
        selected.entries["__typename"] = "__typename"
        cases: dict[str, tuple[ItemReader, ...]] = {}
        alike = _alike(shape)
        for index, name in enumerate(shape.cases):
            inner = _Selected()
            cases[name] = self.object(shape, name, inner, "" if alike else f"_{index}_", effects)
            if inner.entries:
                selected.entries[f"... on {name}"] = f"... on {name} {{ {inner.text()} }}"
        return tuple(
            object_reader(self.fetch.source, {name: readers[index] for name, readers in cases.items()}, "")
            for index in range(len(self.contexts))
        )

    def object(
        self, shape: Shape, type_name: str, selected: _Selected, prefix: str, effects: Effects
    ) -> tuple[Reader, ...]:
        """The readers of an object of a concrete type: in the class it tells, or else in that of where it stands."""
        tell = self.told(type_name, selected, prefix, effects)
        fields = self.fields(shape.cases.get(type_name, ()), type_name, selected, prefix)
        bound = shape.bound.get(type_name, {})
        readers = self.binding(tuple(map(fields_reader, fields)), bound, type_name, selected, prefix)
        return readers if tell is None else self.alike(tell(readers))

    def binding(
        self,
        readers: tuple[Reader, ...],
        slots: Mapping[int, Node],
        type_name: str,
        selected: _Selected,
        prefix: str,
    ) -> tuple[Reader, ...]:
        """The same, with what the object binds where those below it take it."""
        bound = self.signed([(context(slot), node) for slot, node in slots.items()], type_name, selected, prefix)
        return tuple(binding_reader(read, each) for read, each in zip(readers, bound, strict=True))

    def signed(
        self, nodes: Sequence[tuple[str, Node]], type_name: str, selected: _Selected, prefix: str
    ) -> list[list[tuple[str, Reader]]]:
        """For each context the readers of nodes, each with its sign before it."""
        found = [(sign, self.node(node, type_name, selected, prefix)) for sign, node in nodes]
        return [[(sign, readers[index]) for sign, readers in found] for index in range(len(self.contexts))]

    def fields(
        self, nodes: Sequence[Node], type_name: str, selected: _Selected, prefix: str
    ) -> list[list[tuple[str, Reader]]]:
        """For each context the fields with their readers."""
        return self.signed([(f'"{node.key}":', node) for node in nodes], type_name, selected, prefix)

    def node(self, node: Node, type_name: str, selected: _Selected, prefix: str) -> tuple[Reader, ...]:
        match node:
            case Slot():
                return self.alike(constant_reader(f"{SLOT_MARK}{chr(FIRST_CODE + node.index)}"))
            case Typename(of=of) if of:
                return self.alike(constant_reader(f'"{of}"'))
            case Typename():
                if isinstance(self.api.type_map.get(type_name), GraphQLObjectType):
                    return self.alike(constant_reader(f'"{type_name}"'))
                selected.entries["__typename"] = "__typename"
                return self.alike(typename_reader(self.fetch.source, "__typename"))
            case Value():
                return self.value(node, type_name, selected, prefix)
            case Hole():
                return self.hole(node, type_name, selected, prefix)
            case Context(slot):
                return self.alike(constant_reader(context(slot)))
            case Handed():
                nothing = self.signed((), type_name, selected, prefix)
                keyed = self.handed(node.nodes, node.needed, type_name, selected, prefix, nothing)
                return tuple(handed_reader(one, ABSENT) for one in keyed)
            case Merge():
                code = self.child(MergedChild(node.order))
                self.nested = True
                parts = [self.node(part, type_name, selected, prefix) for part in node.parts]
                return tuple(parts_reader(code, each) for each in zip(*parts, strict=True))

    def value(self, node: Value, type_name: str, selected: _Selected, prefix: str) -> tuple[Reader, ...]:
        """What is given of a field in each context."""
        expected = node.type if node.type is not None else self.types.field_type(type_name, node.name)
        if node.shape is None:
            alias = self.select(node, type_name, selected, prefix, "")
            return tuple(self.leaf(alias, expected, self.effect(node.effects, one)) for one in self.contexts)
        below = _Selected()
        items = self.shape(node.shape, below, node.effects)
        alias = self.select(node, type_name, selected, prefix, below.text())
        source, cases = self.fetch.source, node.shape.cases
        if cases and isinstance(self.rows.of, RowsTell) and self.rows.telling >= cases.keys():
            # The objects bring their own class, which decides.
            return self.alike(field_reader(source, alias, expected, items[0], hides=self.hides))
        if node.shape.elsewhere is not None and self.rows.guarded and is_list_type(get_nullable_type(expected)):
            self.nested = True
            code = self.child(ListedChild())
            read = [listed_reader(source, alias, expected, item, code) for item in items]
        else:
            read = [field_reader(source, alias, expected, item) for item in items]
        return tuple(
            self.nothing(expected) if self.effect(node.effects, one) is Effect.DENY else reader
            for one, reader in zip(self.contexts, read, strict=True)
        )

    def leaf(self, alias: str, expected: GraphQLOutputType, effect: Effect) -> Reader:
        if effect is Effect.DENY:
            return self.nothing(expected)
        masked = mask(effect, self.pseudonyms) if effect.is_mask else None
        return field_reader(self.fetch.source, alias, expected, None, masked)

    @staticmethod
    def nothing(expected: GraphQLOutputType) -> Reader:
        return constant_reader(absent(nullable=not is_non_null_type(expected)))

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

    def select_key(self, name: str, type_name: str, selected: _Selected, prefix: str) -> str:
        """Adds a part of a key, which another hub gives as it is under a name of its own (`hub.model.entrance`)."""
        if not (self.rows.guarded and isinstance(self.rows.of, RowsEnforced)):
            return self.select(_plain(name), type_name, selected, prefix, "")
        alias = f"{JOIN_KEY}{name}"
        selected.entries[alias] = f"{alias}: {name}"
        return alias

    def variable(self, type_name: str, name: str, argument: str, value: Argument) -> str:
        """A variable of the argument's type."""
        expected = self.types.argument_type(type_name, name, argument)
        variable = f"$v{SLOT}_{len(self.variables)}"
        self.variables.append((variable, str(expected)))
        sent = Argued(name, value, _text_of(self.refusals.get((name, repr(value)), ())), Undefined)
        cursors = self.cursors.get(repr(value)) if argument in ("after", "before") else None
        self.parameters.append(Checked(sent, tuple(dict.fromkeys(cursors))) if cursors else sent)
        return variable

    def inherit(self, one: Inherited) -> str:
        """The variable of an argument that comes with the keys."""
        return self.inherited.setdefault(one, f"$c{SLOT}_{len(self.inherited)}")

    # Holes ----------------------------------------------------------------------------------------------------------

    def child(self, child: QuestionChild) -> int:
        self.children.append(child)
        return len(self.children) - 1

    def hole(self, hole: Hole, type_name: str, selected: _Selected, prefix: str) -> tuple[Reader, ...]:
        """A mark with what the other source is asked by. Of a link, it is read of the object that the link gives.

        A link within the subgraph it follows itself, as this hub would: of an entity that is at home there it gives no
        other key than the record's present one, by which the link need not know it.
        """
        within = hole.fetch.columns[hole.column] if hole.via and hole.fetch.source == self.fetch.source else None
        if isinstance(within, Shape):
            link = Value(hole.key, hole.via, hole.nullable, shape=within)
            return self.value(link, type_name, selected, prefix)
        code = self.child(hole)
        missing = absent(nullable=hole.nullable, many=hole.many)
        if not hole.via:
            return self.mark(hole, code, missing, type_name, selected, prefix)
        below = _Selected()
        entity = str(get_named_type(self.types.field_type(type_name, hole.via)))
        marks = self.mark(hole, code, missing, entity, below, "")
        alias = self.select(_plain(hole.via), type_name, selected, prefix, below.text())
        return tuple(below_reader(self.fetch.source, alias, one, missing) for one in marks)

    def mark(
        self, hole: Hole, code: int, missing: str, type_name: str, selected: _Selected, prefix: str
    ) -> tuple[Reader, ...]:
        # INVARIANT: nothing comes down from where a link stands, for under a policy no argument is taken from above.
        beside = [(GIVEN, node) for node in hole.fetch.given.values()]
        beside += [(PASSED, Context(slot)) for slot in hole.fetch.passed]
        self.nested = self.nested or bool(beside) or _has_holes(hole.representation)
        if not hole.representation:
            paths = [self.path(name.split("."), type_name, selected, prefix) for name in hole.inputs]
            behind = self.signed(beside, type_name, selected, prefix)
            return tuple(mark_reader(code, bare_key(paths, each), missing) for each in behind)
        beside += [(KEY_PARTS, node) for node in hole.carried]
        behind = self.signed(beside, type_name, selected, prefix)
        keyed = self.handed(hole.representation, hole.fetch.key, type_name, selected, prefix, behind)
        return tuple(mark_reader(code, one, missing) for one in keyed)

    def handed(
        self,
        nodes: Sequence[Node],
        key: Sequence[str],
        type_name: str,
        selected: _Selected,
        prefix: str,
        behind: Sequence[Sequence[tuple[str, Reader]]],
    ) -> tuple[Keyed, ...]:
        """What another subgraph is handed of an object, in each context."""
        match nodes:
            case [Context() as whole]:
                texts = self.node(whole, type_name, selected, prefix)
                return tuple(whole_key(read, each) for read, each in zip(texts, behind, strict=True))
        keys = {name.split(".")[0] for name in key}
        heads = [f'"{node.key}":' for node in nodes]
        readers = [self.part(node, node.key in keys, type_name, selected, prefix) for node in nodes]
        needed = [each for each, node in zip(readers, nodes, strict=True) if node.key in keys]
        return tuple(
            representation(
                [(head, each[index]) for head, each in zip(heads, readers, strict=True)],
                [each[index] for each in needed],
                behind[index],
            )
            for index in range(len(self.contexts))
        )

    def part(self, node: Node, is_key: bool, type_name: str, selected: _Selected, prefix: str) -> tuple[Reader, ...]:
        """A field of a representation."""
        if not is_key or not isinstance(node, Value) or node.shape is not None:
            return self.node(node, type_name, selected, prefix)
        expected = node.type if node.type is not None else self.types.field_type(type_name, node.name)
        alias = self.select_key(node.name, type_name, selected, prefix)
        return self.alike(field_reader(self.fetch.source, alias, expected, None))

    def path(self, path: Sequence[str], type_name: str, selected: _Selected, prefix: str) -> list[str]:
        """Selects a field of a key, and says how its value is found."""
        name, *rest = path
        if not rest:
            return [self.select_key(name, type_name, selected, prefix)]
        raise Internal(f"the key of an own source is nested: `{'.'.join(path)}`")


def _plain(name: str) -> Value:
    """A field that is asked for its own sake, without arguments."""
    return Value(name, name, True)


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


def _text_of(refusing: Sequence[Argued]) -> Callable[[Any], str | None]:
    """A variable as JSON text, which a loader can be kept by; None where the client gave nothing.

    What an own source would refuse is refused here, with the same words.
    """

    def text(value: Any) -> str | None:
        for one in refusing:
            one.check(one.missing if value is Undefined else value)
        return None if value is Undefined else orjson.dumps(value).decode()

    return text
