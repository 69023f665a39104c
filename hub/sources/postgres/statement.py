"""Fetch x mapping -> Question: one statement for one fetch, whatever is nested in it.

Keys come as array parameters; each row answers with its key and its columns as text. Nested lists of the same source
are aggregated beside the row. A value from elsewhere is a mark with the key that finds it (`hub.model.source`).
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from hub.errors import Internal, Refused, Shown
from hub.model.mapping import (
    Aggregate,
    Column,
    Computed,
    Embedded,
    Expression,
    FieldMapping,
    KeyColumns,
    Page,
    Reference,
    Rows,
    SourceMapping,
    TypeMapping,
)
from hub.model.operation import Argument, Constant
from hub.model.plan import Fetch, Hole, Node, Shape, Typename, Value
from hub.model.source import FIRST_CODE, KEY_PARTS, MARK, ComputedChild, Parameter, Question, absent
from hub.sources.postgres.relation import RANK, Row, united
from hub.sources.postgres.text import Piece, Pieces, Sql, concat, literal, value

NO_ID = uuid.UUID(int=0)


def compile_fetch(fetch: Fetch, mapping: SourceMapping) -> Question:
    """The question of a fetch against the tables of its universe."""
    return _Compiler(fetch, mapping).question()


def readable(text: str) -> str:
    """A statement with its marks as visible signs."""
    return "".join(
        chr(0x2400 + ord(c)) if c < " " else f"{ord(c) - FIRST_CODE}:" if FIRST_CODE <= ord(c) < 0xF900 else c
        for c in text
    )


class _Compiler:
    """Compiles one fetch: hands out aliases, parameters and codes in the order they are met."""

    def __init__(self, fetch: Fetch, mapping: SourceMapping) -> None:
        self.fetch = fetch
        self.mapping = mapping
        self.classes = fetch.universe.classes
        self.parameters: list[Parameter] = []
        self.children: list[Hole | ComputedChild] = []
        self.aliases = 0
        self.key_count = 0

    def question(self) -> Question:
        home = self.type(self.fetch.type)
        key = next((key for key in home.keys if key.fields == self.fetch.key), None)
        if key is None:
            raise Internal(f"`{self.fetch.source}` has no key {self.fetch.key} of `{self.fetch.type}`")
        self.key_count = len(key.columns)
        row = Row("r")
        columns = [concat(self.top(column, home, row)) for column in self.fetch.columns]
        source, key_text, order = self.keyed(home, key, row)
        selected = ", ".join([key_text, *columns])
        return Question(
            self.fetch,
            f"select {selected} from {source}{order}",
            len(columns),
            tuple(self.parameters),
            tuple(self.children),
        )

    def top(self, column: Shape | Value | Hole, home: TypeMapping, row: Row) -> Pieces:
        if isinstance(column, Shape):
            return self.object(column, row, {})
        return self.node(column, home, row, {}, home.name)

    def keyed(self, home: TypeMapping, key: KeyColumns, row: Row) -> tuple[str, str, str]:
        """The `from` item that finds rows by the array parameters, the text of the key, and the order of authority."""
        arrays = ", ".join(f"${index}::{kind}[]" for index, kind in enumerate(key.types, start=1))
        if not home.table:
            names = ", ".join(key.columns)
            given = self.joined_key([f"{row.alias}.{name}" for name in key.columns])
            return f"unnest({arrays}) {row.alias}({names})", given, ""
        found = [row.column(name) for name in key.columns] if not key.through else []
        condition = f" and {row.expression(home.where)}" if home.where else ""
        single = len(self.classes) == 1
        columns = [name for name in row.columns if name not in key.columns]
        branches = []
        for rank, record_class in enumerate(self.classes):
            table = f"{record_class.value}.{home.table} {row.alias}"
            if key.through:
                through, number, own, where = key.through
                dated = Row("i")
                where = dated.expression(where)
                branch = (
                    f"{record_class.value}.{through} i join {table} on {row.alias}.id = i.{own}"
                    f" where i.{number} = any({arrays}) and {where}{condition}"
                )
                keys = [f"i.{number}"]
            elif len(key.columns) == 1:
                branch = f"{table} where {found[0]} = any({arrays}){condition}"
                keys = found
            else:
                names = ", ".join(f"k{index}" for index in range(len(key.columns)))
                match = " and ".join(f"{column} = k.k{index}" for index, column in enumerate(found))
                branch = f"unnest({arrays}) k({names}) join {table} on {match}{condition}"
                keys = found
            if single:
                return branch, self.joined_key(keys), ""
            picked = [
                *(f"{sql} as key{index}" for index, sql in enumerate(keys)),
                *(f"{row.alias}.{name}" for name in columns),
                *(f"{row.alias}.{name}" for name in key.columns if not key.through or name in row.columns),
                f"{rank} as {RANK}",
            ]
            branches.append(f"select {', '.join(picked)} from {branch}")
        outer = self.joined_key([f"{row.alias}.key{index}" for index in range(len(key.columns))])
        # The last row of a key wins in the source, so the class of authority comes last.
        return f"({' union all '.join(branches)}) {row.alias}", outer, f" order by {row.alias}.{RANK}"

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
            return self.fields(shape.cases[shape.type], self.type(shape.type), row, given, shape.type)
        column, types = home.discriminator
        branches: dict[str, list[str]] = {}
        for word, concrete in types.items():
            if concrete in shape.cases:
                branches.setdefault(concrete, []).append(word)
        tests = [
            f"when {row.column(column)} in ({', '.join(literal(word) for word in words)})"
            f" then {concat(self.fields(shape.cases[concrete], self.type(concrete), row, given, concrete))}"
            for concrete, words in branches.items()
        ]
        return [Sql(f"case {' '.join(tests)} end")]

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
                return [f'"{concrete}"']
            case Hole():
                return self.mark(node, home, row, given)
            case Value():
                if node.name in given:
                    return value(row.column(given[node.name]), self.plain(home, node.name), nullable=node.nullable)
                return self.value(node, self.field(home, node.name), home, row)

    def value(self, node: Value, mapped: FieldMapping, home: TypeMapping, row: Row) -> Pieces:
        match mapped:
            case Column() | Expression():
                return value(self.sql(mapped, row), mapped.form, nullable=node.nullable)
            case Computed():
                return self.computed(mapped, home, row)
            case Embedded():
                inner = row.embedded(mapped.columns)
                pieces = self.object(self.shape(node), inner, {})
                return self.unless_null([row.column(mapped.present)], pieces) if mapped.present else pieces
            case Reference():
                given = dict(mapped.keys)
                pieces = self.object(self.shape(node), row, given)
                return self.unless_null([row.column(column) for column in given.values()], pieces)
            case Rows(many=True):
                return self.list(node, mapped, row)
            case Rows():
                return self.one(node, mapped, row)
            case Aggregate():
                inner = self.row()
                pieces = self.object(self.shape(node), inner, {})
                if all(isinstance(piece, str) for piece in pieces):
                    return pieces  # without an aggregate the select below would be one of rows
                body = concat(pieces)
                where = self.match(mapped.match, inner, row)
                return [Sql(f"(select {body} from {united(mapped.table, self.classes, inner)} where {where})")]

    @staticmethod
    def unless_null(columns: Sequence[str], pieces: Pieces) -> Pieces:
        missing = " or ".join(f"{column} is null" for column in columns)
        return [Sql(f"case when {missing} then 'null' else {concat(pieces)} end")]

    def list(self, node: Value, mapped: Rows, row: Row) -> Pieces:
        inner = self.row()
        shape = self.shape(node)
        body = concat(self.object(shape, inner, {}))
        where = self.conditions(mapped, shape, inner, row)
        limit = ""
        if mapped.page is not None:
            arguments = dict(node.arguments)
            after = arguments.get(mapped.page.after, Constant(None))
            if after != Constant(None):
                number = self.parameter(node.name, after, _after_id(mapped.page))
                where += f" and {inner.column(mapped.order[-1])} > ${number}::uuid"
            number = self.parameter(node.name, arguments.get(mapped.page.first, Constant(None)), _first(mapped.page))
            limit = f" limit ${number}::int"
        order = ", ".join(inner.column(name) for name in mapped.order)
        item = f"i{self.aliases}"
        rows = (
            f"select {body} as t from {united(mapped.table, self.classes, inner)} where {where} order by {order}{limit}"
        )
        return ["[", Sql(f"(select string_agg({item}.t, ',') from ({rows}) {item})"), "]"]

    def one(self, node: Value, mapped: Rows, row: Row) -> Pieces:
        inner = self.row()
        shape = self.shape(node)
        body = concat(self.object(shape, inner, {}))
        where = self.conditions(mapped, shape, inner, row)
        ranked = len(self.classes) > 1
        order = [f"{inner.alias}.{RANK} desc"] if ranked else []
        order += [inner.column(name) for name in mapped.order]
        tail = f" order by {', '.join(order)}" if order else ""
        relation = united(mapped.table, self.classes, inner, ranked=ranked)
        return [Sql(f"coalesce((select {body} from {relation} where {where}{tail} limit 1), 'null')")]

    def conditions(self, mapped: Rows, shape: Shape, inner: Row, row: Row) -> str:
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
        parts = [row.column(given[name]) if name in given else self.input(name, home, row) for name in hole.inputs]
        self.children.append(hole)
        start = literal(MARK + chr(FIRST_CODE + len(self.children) - 1))
        between = f" || {literal(KEY_PARTS)} || "
        missing = absent(nullable=hole.nullable, many=hole.many)
        return [Sql(f"coalesce({start} || {between.join(parts)} || {literal(MARK)}, {literal(missing)})")]

    def computed(self, mapped: Computed, home: TypeMapping, row: Row) -> Pieces:
        self.children.append(ComputedChild(mapped.function))
        pieces: list[Piece] = [MARK + chr(FIRST_CODE + len(self.children) - 1)]
        for index, name in enumerate(mapped.inputs):
            pieces += [KEY_PARTS] if index else []
            pieces.append(Sql(self.input(name, home, row)))
        return [*pieces, MARK]

    def input(self, name: str, home: TypeMapping, row: Row) -> str:
        """A field of the object as bare SQL, or a column that is no field."""
        mapped = home.fields.get(name)
        if mapped is None:
            return row.column(name)
        if isinstance(mapped, (Column, Expression)):
            return self.sql(mapped, row)
        raise Internal(f"`{home.name}.{name}` is no column and cannot be a key or an input")

    # Small things ----------------------------------------------------------------------------------------------------

    @staticmethod
    def sql(mapped: Column | Expression, row: Row) -> str:
        return row.column(mapped.name) if isinstance(mapped, Column) else row.expression(mapped.sql)

    def plain(self, home: TypeMapping, name: str) -> Any:
        mapped = self.field(home, name)
        assert isinstance(mapped, Column)
        return mapped.form

    def row(self) -> Row:
        self.aliases += 1
        return Row(f"t{self.aliases}")

    def type(self, name: str) -> TypeMapping:
        return self.mapping.types[name]

    @staticmethod
    def field(home: TypeMapping, name: str) -> FieldMapping:
        return home.fields[name]

    @staticmethod
    def shape(node: Value) -> Shape:
        assert node.shape is not None
        return node.shape

    def parameter(self, field: str, argument: Argument, check: Any) -> int:
        self.parameters.append(Parameter(field, argument, check))
        return self.key_count + len(self.parameters)


def _refuse(message: str) -> Refused:
    return Refused([Shown(message, code="BAD_USER_INPUT")])


def _first(page: Page) -> Any:
    def check(given: Any) -> int:
        if not isinstance(given, int) or not 1 <= given <= page.most:
            shown = "null" if given is None else given
            raise _refuse(f"`{page.first}` is `{shown}`: it must be between 1 and {page.most}")
        return given

    return check


def _after_id(page: Page) -> Any:
    def check(given: Any) -> uuid.UUID:
        if given is None:
            return NO_ID
        try:
            return uuid.UUID(str(given))
        except ValueError:
            raise _refuse(f"`{page.after}` is not an id of this list") from None

    return check
