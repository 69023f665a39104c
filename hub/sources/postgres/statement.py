"""Fetch x mapping -> Question: one statement for one fetch, whatever is nested in it.

Keys come as array parameters; each row answers with its key and its columns as text. Nested lists of the same source
are aggregated beside the row. A value from elsewhere is a mark with the key that finds it (`hub.model.source`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any

from hub.errors import Internal
from hub.model.effect import SHOWN, Effect, Effects, combined
from hub.model.mapping import (
    Aggregate,
    ClassOf,
    Column,
    Computed,
    Embedded,
    Expression,
    FieldMapping,
    KeyColumns,
    Reference,
    Rows,
    SourceMapping,
    TypeMapping,
)
from hub.model.operation import Argument
from hub.model.plan import Context, Fetch, Handed, Hole, Merge, Node, Shape, Slot, Typename, Value
from hub.model.source import (
    ABSENT,
    FIRST_CODE,
    GIVEN,
    INNER,
    INNER_END,
    KEY_PARTS,
    MARK,
    NO_KEY,
    PASSED,
    Argued,
    Binding,
    ComputedChild,
    Opened,
    Parameter,
    PseudonymKey,
    Question,
    QuestionChild,
    Sought,
    absent,
    context,
)
from hub.model.viewer import RecordClass
from hub.sources.postgres.listing import connection
from hub.sources.postgres.mask import masked
from hub.sources.postgres.relation import Row, united
from hub.sources.postgres.searched import found_persons
from hub.sources.postgres.text import Piece, Pieces, Sql, concat, literal, value

# What an input reads where no effect is said of it: keys, which every reader of a row may follow.
AS_IT_IS: Mapping[tuple[str, str], Effects] = MappingProxyType({})


def compile_fetch(fetch: Fetch, mapping: SourceMapping) -> Question:
    """The question of a fetch against the tables of its universe."""
    return Compiler(fetch, mapping).question()


def readable(text: str) -> str:
    """A statement with its marks as visible signs."""
    return "".join(
        chr(0x2400 + ord(c)) if c < " " else f"{ord(c) - FIRST_CODE}:" if FIRST_CODE <= ord(c) < 0xF900 else c
        for c in text
    )


class Compiler:
    """Compiles one fetch: hands out aliases, parameters and codes in the order they are met."""

    def __init__(self, fetch: Fetch, mapping: SourceMapping) -> None:
        self.fetch = fetch
        self.mapping = mapping
        self.classes = fetch.universe.classes
        self.parameters: list[Parameter] = []
        self.children: list[QuestionChild] = []
        self.aliases = 0
        self.key_count = 0
        self.secret: tuple[str, str] | None = None
        self.inside = False
        self.nested = False
        # Whether a whole table is filtered: the best way through it hangs on how many rows have the values asked for.
        self.varied = False

    def question(self) -> Question:
        home = self.type(self.fetch.type)
        key = next((key for key in home.keys if key.fields == self.fetch.key), None)
        if key is None:
            raise Internal(f"`{self.fetch.source}` has no key {self.fetch.key} of `{self.fetch.type}`")
        self.key_count = len(key.columns)
        row = Row("r", self.classes, self.mask, table=bool(home.table))
        columns = [concat(self.top(column, home, row)) for column in self.fetch.columns]
        source, key_text, order = self.keyed(home, key, row)
        selected = ", ".join([key_text, *columns])
        return Question(
            self.fetch,
            f"select {selected} from {source}{order}",
            len(columns),
            tuple(self.parameters),
            tuple(self.children),
            self.nested,
            passed=tuple(context(slot) for slot in self.fetch.passed),
            varied=self.varied,
        )

    def top(self, column: Shape | Node, home: TypeMapping, row: Row) -> Pieces:
        if isinstance(column, Shape):
            return self.object(column, row, {})
        pieces = self.node(column, home, row, {}, home.name)
        return self.binding(pieces, self.fetch.bound, home, row, {})

    def keyed(self, home: TypeMapping, key: KeyColumns, row: Row) -> tuple[str, str, str]:
        """The `from` item that finds rows by the array parameters, the text of the key, and the order of authority."""
        if not key.fields:
            return f"(select) {row.alias}", literal(NO_KEY), ""
        arrays = ", ".join(f"${index}::{kind}[]" for index, kind in enumerate(key.types, start=1))
        if not home.table:
            names = ", ".join(key.columns)
            given = self.joined_key([f"{row.alias}.{name}" for name in key.columns])
            return f"unnest({arrays}) {row.alias}({names})", given, ""
        own = [f"{row.alias}.{name}" for name in key.columns]
        # A condition is of the table, and selects nothing.
        condition = f" and {Row(row.alias, row.classes[:1], self.mask).expression(home.where)}" if home.where else ""
        single = len(self.classes) == 1
        branches = []
        for index, record_class in enumerate(self.classes):
            table = f"{record_class}.{home.table} {row.alias}"
            if key.through:
                through, number, holder, where = key.through
                where = Row("i", row.classes[:1], self.mask).expression(where)
                branch = (
                    f"{record_class}.{through} i join {table} on {row.alias}.id = i.{holder}"
                    f" where i.{number} = any({arrays}) and {where}{condition}"
                )
                keys = [f"i.{number}"]
            elif len(key.columns) == 1:
                branch = f"{table} where {own[0]} = any({arrays}){condition}"
                keys = own
            else:
                names = ", ".join(f"k{part}" for part in range(len(key.columns)))
                match = " and ".join(f"{column} = k.k{part}" for part, column in enumerate(own))
                branch = f"unnest({arrays}) k({names}) join {table} on {match}{condition}"
                keys = own
            if single:
                return branch, self.joined_key(keys), ""
            row.rank()
            picked = [f"{sql} as key{part}" for part, sql in enumerate(keys)]
            picked += row.branch(index, home.table, f"{row.alias}.")
            branches.append(f"select {', '.join(picked)} from {branch}")
        outer = self.joined_key([f"{row.alias}.key{part}" for part in range(len(key.columns))])
        # The last row of a key wins in the source, so the class of authority comes last.
        return f"({' union all '.join(branches)}) {row.alias}", outer, f" order by {row.rank()}"

    @staticmethod
    def joined_key(columns: Sequence[str]) -> str:
        if len(columns) == 1:
            return f"{columns[0]}::text"
        return f"concat_ws({literal(KEY_PARTS)}, {', '.join(columns)})"

    # Objects ---------------------------------------------------------------------------------------------------------

    def object(self, shape: Shape, row: Row, given: Mapping[str, str]) -> Pieces:
        """The JSON object of a shape over a row; `given` are key fields that a link holds: field -> column."""
        home = self.type(shape.type)
        if home.discriminator is None:
            return self.case(shape, shape.type, row, given)
        column, types = home.discriminator
        branches: dict[str, list[str]] = {}
        for word, concrete in types.items():
            if concrete in shape.cases:
                branches.setdefault(concrete, []).append(word)
        tests = [
            f"when {row.column(column)} in ({', '.join(literal(word) for word in words)})"
            f" then {concat(self.case(shape, concrete, row, given))}"
            for concrete, words in branches.items()
        ]
        return [Sql(f"case {' '.join(tests)} end")]

    def case(self, shape: Shape, concrete: str, row: Row, given: Mapping[str, str]) -> Pieces:
        """The object of a concrete type, with its values where those below it take them."""
        home = self.type(concrete)
        pieces = self.fields(shape.cases[concrete], home, row, given, concrete)
        return self.binding(pieces, shape.bound.get(concrete, {}), home, row, given)

    def binding(
        self, pieces: Pieces, bound: Mapping[int, Node], home: TypeMapping, row: Row, given: Mapping[str, str]
    ) -> Pieces:
        for slot, node in bound.items():
            text = self.within(node, home, row, given)
            pieces = [Sql(f"replace({concat(pieces)}, {literal(context(slot))}, {text})")]
        return pieces

    def within(self, node: Node, home: TypeMapping, row: Row, given: Mapping[str, str]) -> str:
        """The text of a value that stands inside a mark."""
        outside, self.inside = self.inside, True
        text = concat(self.node(node, home, row, given, home.name))
        self.inside = outside
        return text

    def fields(
        self, nodes: Sequence[Node], home: TypeMapping, row: Row, given: Mapping[str, str], concrete: str
    ) -> Pieces:
        pieces: Pieces = []
        for node in nodes:
            pieces.append(f'{"," if pieces else "{"}"{node.key}":')
            pieces += self.node(node, home, row, given, concrete)
        return [*pieces, "}"] if pieces else ["{}"]

    def node(self, node: Node, home: TypeMapping, row: Row, given: Mapping[str, str], concrete: str) -> Pieces:
        match node:
            case Typename():
                return [f'"{node.of or concrete}"']
            case Merge() | Slot():
                raise Internal(f"`{home.name}.{node.key}` cannot stand in a row of `{self.fetch.source}`")
            case Hole():
                return self.mark(node, home, row, given)
            case Context(slot):
                return [context(slot)]
            case Handed():
                handed = self.handed(node.nodes, node.needed, home, row, given)
                return [Sql(f"coalesce({handed}, {literal(ABSENT)})")]
            case Value():
                if node.name in given:
                    return self.leaf(node, Column(given[node.name], self.plain(home, node.name)), row)
                return self.value(node, self.field(home, node.name), home, row)

    def value(self, node: Value, mapped: FieldMapping, home: TypeMapping, row: Row) -> Pieces:
        """The JSON of a field, as it is given in each class.

        Other rows bring their own class: those of a class that denies the field are left out. Everything else stands
        in this row, and is null where its class denies it.
        """
        match mapped:
            case Column():
                return self.leaf(node, mapped, row)
            case Rows() | Aggregate():
                return self.other_rows(node, mapped, row)
        denied = row.denied(node.effects)
        if not denied:
            return self.in_row(node, mapped, home, row)
        if len(denied) == len(row.classes):
            return ["null"]
        given = concat(self.in_row(node, mapped, home, row.without(denied)))
        return [Sql(row.in_class(lambda one: None if one in denied else given, "'null'"))]

    def leaf(self, node: Value, mapped: Column, row: Row) -> Pieces:
        """A column, or its mask. A masked value is text, and harmless if the column is."""
        column = row.shown(mapped.name, node.effects)
        if column is None:
            return ["null"]
        return value(column, mapped.form, nullable=node.nullable)

    def in_row(self, node: Value, mapped: FieldMapping, home: TypeMapping, row: Row) -> Pieces:
        """What stands in the row itself."""
        match mapped:
            case ClassOf():
                return ['"', Sql(row.in_class(lambda one: literal(one.name), "''")), '"']
            case Expression():
                return value(row.expression(mapped.sql), mapped.form, nullable=node.nullable)
            case Computed():
                return self.computed(node, mapped, home, row)
            case Embedded():
                inner = row.embedded(mapped.columns)
                pieces = self.object(self.shape(node), inner, {})
                return self.unless_null([row.column(mapped.present)], pieces) if mapped.present else pieces
            case Reference():
                given = dict(mapped.keys)
                pieces = self.object(self.shape(node), row, given)
                return self.unless_null([row.column(column) for column in given.values()], pieces)
            case _:
                raise Internal(f"`{home.name}.{node.name}` does not stand in the row")

    def other_rows(self, node: Value, mapped: Rows | Aggregate, row: Row) -> Pieces:
        """What is made of other rows, of the classes that give it."""
        classes = [one for one in self.classes if node.effects.of(one) is not Effect.DENY]
        if isinstance(mapped, Rows) and mapped.page is not None:
            return (found_persons if mapped.search else connection)(self, node, mapped, classes, row)
        if not classes:
            return ["[]" if isinstance(mapped, Rows) and mapped.many else "null"]
        if isinstance(mapped, Aggregate):
            return self.aggregate(node, mapped, classes, row)
        return self.list(node, mapped, classes, row) if mapped.many else self.one(node, mapped, classes, row)

    def aggregate(self, node: Value, mapped: Aggregate, classes: Sequence[RecordClass], row: Row) -> Pieces:
        """An object of aggregates. Where its fields are given in different classes, each counts rows of its own."""
        shape = self.shape(node)
        nodes = shape.cases[shape.type]
        counted = {self.counted(item, classes) for item in nodes} or {tuple(classes)}
        if len(counted) == 1:
            return self.counts(lambda inner: self.object(shape, inner, {}), mapped, counted.pop(), row)
        home = self.type(shape.type)
        pieces: Pieces = []
        for item in nodes:
            pieces.append(f'{"," if pieces else "{"}"{item.key}":')
            one = partial(self.node, item, home, given={}, concrete=shape.type)
            pieces += self.counts(one, mapped, self.counted(item, classes), row)
        return [*pieces, "}"]

    @staticmethod
    def counted(item: Node, classes: Sequence[RecordClass]) -> tuple[RecordClass, ...]:
        """The classes whose rows an aggregate may count: those that give it and all it is made of."""
        if not isinstance(item, Value):
            return tuple(classes)
        given = combined([item.effects, *item.reads.values()])
        return tuple(one for one in classes if given.of(one) is not Effect.DENY)

    def counts(
        self, make: Callable[[Row], Pieces], mapped: Aggregate, classes: Sequence[RecordClass], row: Row
    ) -> Pieces:
        """The text that `make` makes of aggregates over the rows of these classes."""
        inner = self.row(classes)
        pieces = make(inner)
        if all(isinstance(piece, str) for piece in pieces):
            return pieces  # without an aggregate the select below would be one of rows
        body = concat(pieces)
        where = self.match(mapped.match, inner.plain(), row)
        return [Sql(f"(select {body} from {united(mapped.table, inner, where)})")]

    @staticmethod
    def unless_null(columns: Sequence[str], pieces: Pieces) -> Pieces:
        missing = " or ".join(f"{column} is null" for column in columns)
        return [Sql(f"case when {missing} then 'null' else {concat(pieces)} end")]

    def list(self, node: Value, mapped: Rows, classes: Sequence[RecordClass], row: Row) -> Pieces:
        inner = self.row(classes)
        shape = self.shape(node)
        body = concat(self.object(shape, inner, {}))
        where = self.conditions(mapped, shape, inner, row)
        order = ", ".join(self.order(node, mapped, shape, inner))
        item = f"i{self.aliases}"
        rows = f"select {body} as t from {united(mapped.table, inner, where)} order by {order}"
        return ["[", Sql(f"(select string_agg({item}.t, ',') from ({rows}) {item})"), "]"]

    def one(self, node: Value, mapped: Rows, classes: Sequence[RecordClass], row: Row) -> Pieces:
        inner = self.row(classes)
        shape = self.shape(node)
        body = concat(self.object(shape, inner, {}))
        where = self.conditions(mapped, shape, inner, row)
        order = [f"{inner.rank()} desc"] if len(inner.classes) > 1 else []
        order += self.order(node, mapped, shape, inner)
        tail = f" order by {', '.join(order)}" if order else ""
        relation = united(mapped.table, inner, where)
        return [Sql(f"coalesce((select {body} from {relation}{tail} limit 1), 'null')")]

    def order(self, node: Value, mapped: Rows, shape: Shape, inner: Row) -> Iterator[str]:
        """The columns that rows are ordered by, as the reader is shown them.

        The last one is unique, and breaks ties also where it is not shown: it is random, so its order says nothing.
        """
        home = self.type(shape.type)
        for name in mapped.order:
            field = home.showing(name)
            column = inner.shown(name, node.reads.get((home.name, field or ""), SHOWN))
            if column is None and name == mapped.order[-1]:
                column = inner.column(name)
            if column is not None:
                yield column

    def conditions(self, mapped: Rows, shape: Shape, inner: Row, row: Row) -> str:
        inner = inner.plain()
        found = [self.match(mapped.match, inner, row)]
        if mapped.where:
            found.append(inner.expression(mapped.where))
        home = self.type(shape.type)
        if home.discriminator is not None:
            column, types = home.discriminator
            words = [word for word, concrete in types.items() if concrete in shape.cases]
            if len(words) < len(types):
                found.append(f"{inner.column(column)} in ({', '.join(literal(word) for word in words)})")
        return " and ".join(found)

    @staticmethod
    def match(pairs: Sequence[tuple[str, str]], inner: Row, outer: Row) -> str:
        return " and ".join(f"{inner.column(there)} = {outer.column(here)}" for there, here in pairs)

    # Marks -----------------------------------------------------------------------------------------------------------

    def mark(self, hole: Hole, home: TypeMapping, row: Row, given: Mapping[str, str]) -> Pieces:
        """The mark of a hole; where a part of its key is null, what stands for a row that is not there."""
        if hole.via:
            reference = self.field(home, hole.via)
            assert isinstance(reference, Reference)
            given = dict(reference.keys)
        denied = row.denied(hole.effects)
        if hole.via and denied:
            row = row.without(denied)
        if hole.representation:
            held = self.type(hole.fetch.type) if hole.via else home
            key = self.handed(hole.representation, hole.fetch.key, held, row, given)
        else:
            parts = [self.key_part(name, home, row, given) for name in hole.inputs]
            key = f" || {literal(KEY_PARTS)} || ".join(parts)
        behind = [(GIVEN, self.within(node, home, row, given)) for node in hole.fetch.given.values()]
        behind += [(PASSED, literal(context(slot))) for slot in hole.fetch.passed]
        self.nested = self.nested or bool(behind)
        key = " || ".join([key, *(f"{literal(sign)} || {text}" for sign, text in behind)])
        self.children.append(hole)
        start, end = self.signs()
        missing = absent(nullable=hole.nullable, many=hole.many)
        return [Sql(f"coalesce({literal(start)} || {key} || {literal(end)}, {literal(missing)})")]

    def signs(self) -> tuple[str, str]:
        """What stands before and behind the key of the last child."""
        code = chr(FIRST_CODE + len(self.children) - 1)
        self.nested = self.nested or self.inside
        return (INNER + code, INNER_END) if self.inside else (MARK + code, MARK)

    def key_part(self, name: str, home: TypeMapping, row: Row, given: Mapping[str, str]) -> str:
        return row.column(given[name]) if name in given else self.input(name, home, row)

    def handed(
        self, nodes: Sequence[Node], key: Sequence[str], home: TypeMapping, row: Row, given: Mapping[str, str]
    ) -> str:
        """What a remote subgraph is handed of the object, as SQL: null where a part of the key is.

        What comes from elsewhere again is a mark inside; whether that is null, shows when it is filled.
        """
        match nodes:
            case [Context(slot)]:
                return literal(context(slot))
        names = {name.split(".")[0] for name in key}
        needed = [node for node in nodes if isinstance(node, Value) and node.key in names]
        there = [
            f"{self.within(node, home, row, given)} <> 'null'"
            if node.shape is not None
            else f"{self.key_part(node.name, home, row, given)} is not null"
            for node in needed
        ]
        outside, self.inside = self.inside, True
        text = concat(self.fields(nodes, home, row, given, home.name))
        self.inside = outside
        return f"case when {' and '.join(there)} then {text} end" if there else text

    def computed(self, node: Value, mapped: Computed, home: TypeMapping, row: Row) -> Pieces:
        """The mark of a computed field with its inputs, as the reader is shown them."""
        self.children.append(ComputedChild(mapped.function))
        start, end = self.signs()
        pieces: list[Piece] = [start]
        for index, name in enumerate(mapped.inputs):
            pieces += [KEY_PARTS] if index else []
            pieces.append(Sql(self.input(name, home, row, node.reads)))
        return [*pieces, end]

    def input(self, name: str, home: TypeMapping, row: Row, reads: Mapping[tuple[str, str], Effects] = AS_IT_IS) -> str:
        """A field of the object as bare SQL, or a column that is no field."""
        mapped = home.fields.get(name)
        effects = reads.get((home.name, home.showing(name) or ""), SHOWN)
        if mapped is None:
            return row.shown(name, effects) or "null"
        if isinstance(mapped, Column):
            return row.shown(mapped.name, effects) or "null"
        if isinstance(mapped, Expression):
            return row.without(row.denied(effects)).expression(mapped.sql)
        raise Internal(f"`{home.name}.{name}` is no column and cannot be a key or an input")

    # Small things ----------------------------------------------------------------------------------------------------

    def plain(self, home: TypeMapping, name: str) -> Any:
        mapped = self.field(home, name)
        assert isinstance(mapped, Column)
        return mapped.form

    def row(self, classes: Sequence[RecordClass]) -> Row:
        self.aliases += 1
        return Row(f"t{self.aliases}", classes, self.mask)

    def mask(self, effect: Effect, text: str) -> str:
        return masked(effect, text, self.pseudonym_key)

    def pseudonym_key(self) -> tuple[str, str]:
        """The parameters that hold the key; a statement has them once."""
        if self.secret is None:
            start = self.key_count + len(self.parameters)
            self.parameters += [PseudonymKey.INNER, PseudonymKey.OUTER]
            self.secret = (f"${start + 1}::bytea", f"${start + 2}::bytea")
        return self.secret

    def type(self, name: str) -> TypeMapping:
        return self.mapping.types[name]

    @staticmethod
    def field(home: TypeMapping, name: str) -> FieldMapping:
        return home.fields[name]

    @staticmethod
    def shape(node: Value) -> Shape:
        assert node.shape is not None
        return node.shape

    def parameter(self, field: str, argument: Argument, check: Callable[[Any], Any], use: str = "") -> int:
        """The number of a new parameter."""
        self.parameters.append(Argued(field, argument, check, use=use))
        return self.key_count + len(self.parameters)

    def parameter_once(self, parameter: Binding | Opened | Sought) -> int:
        """The number of a parameter that a statement has once."""
        if parameter not in self.parameters:
            self.parameters.append(parameter)
        return self.key_count + self.parameters.index(parameter) + 1
