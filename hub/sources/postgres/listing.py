"""Connection x row -> JSON in SQL: one page of a list, filled from the rows that the reader may see.

    rows      of each class that gives the list: those that belong here, meet the filter, and stand behind `after` and
              before `before`; ordered and limited in each class, then together
    page      `first` or `last` of them, and one row more where the reader asks whether there are others
    cursor    the row's place, its values of the order's keys, as a mark that is sealed outside the database

Rows are found by their place (keyset), never by counting rows past. Keys are compared as they are shown: a class that
denies one has no value there. A key that may be null is compared by a value before or behind all others, so that its
place is as definite as any other. The last key is unique in its class, and between classes the class itself decides:
one tax code may stand in every register.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from hub.errors import Internal
from hub.model.effect import SHOWN, Effect, Effects
from hub.model.mapping import Column, Page, Rows
from hub.model.operation import Argument, Constant, ObjectValue, fields_of, items_of
from hub.model.plan import Node, Typename, Value
from hub.model.source import FIRST_CODE, KEY_PARTS, MARK, Binding, CursorChild, Opened
from hub.model.viewer import RecordClass
from hub.sources.postgres.filter import Filter, refuse
from hub.sources.postgres.relation import RANK, Row, united
from hub.sources.postgres.text import Piece, Pieces, Sql, concat

if TYPE_CHECKING:
    from hub.sources.postgres.statement import Compiler

MOST_KEYS = 5

ABSENT = Constant(None)
_LOWEST = {
    "text": "''::text",
    "date": "'-infinity'::date",
    "timestamp": "'-infinity'::timestamp",
    "int8": "'-9223372036854775808'::int8",
    "numeric": "'-infinity'::numeric",
    "float8": "'-infinity'::float8",
}
_HIGHEST = {
    "text": "U&'\\+10FFFF'::text",
    "date": "'infinity'::date",
    "timestamp": "'infinity'::timestamp",
    "int8": "9223372036854775807::int8",
    "numeric": "'infinity'::numeric",
    "float8": "'infinity'::float8",
}


@dataclass(frozen=True, slots=True)
class Key:
    """One key of an order: its SQL over the classes together, and in the branch of each class."""

    name: str
    outer: str
    branches: tuple[str, ...]
    kind: str
    falling: bool

    @property
    def turned(self) -> Key:
        return replace(self, falling=not self.falling)


def connection(compiler: Compiler, node: Value, mapped: Rows, classes: Sequence[RecordClass], row: Row) -> Pieces:
    """The JSON of a connection's page."""
    return Listing(compiler, node, mapped, classes, row).page()


class Listing:
    """One connection of one statement."""

    def __init__(self, compiler: Compiler, node: Value, mapped: Rows, classes: Sequence[RecordClass], row: Row) -> None:
        self.compiler = compiler
        self.node = node
        self.mapped = mapped
        self.row = row
        self.classes = classes
        if not classes:
            raise Internal(f"`{node.name}` is given in no class")
        self.home = compiler.type(mapped.gives)
        self.arguments = dict(node.arguments)
        self.inner = compiler.row(classes)
        self.filter = Filter(compiler, node.name, self.argument("where"), node.reads)
        if not mapped.match and not mapped.search:
            self.filter.check_served(self.home)
            compiler.varied = compiler.varied or bool(fields_of(self.argument("where")))
        self.keys = self.order()
        self.backwards = self.argument("last") != ABSENT
        if self.backwards and self.argument("first") != ABSENT:
            raise refuse(f"`{node.name}` has both `first` and `last`: ask for one of them")
        # What a cursor is bound to, beside the reader's profile: the list, its order and its filter.
        keys = ", ".join(f"{key.name} {key.kind} {'desc' if key.falling else 'asc'}" for key in self.keys)
        self.place = f"{self.home.name} {mapped.table}.{node.name} by {keys}"

    def argument(self, name: str) -> Argument:
        return self.arguments.get(name, ABSENT)

    # The page ---------------------------------------------------------------------------------------------------------

    def page(self) -> Pieces:
        shape = self.compiler.shape(self.node)
        nodes = shape.cases[shape.type]
        check = page_size(self.mapped.page, self.size)
        limit = f"${self.compiler.parameter(self.node.name, self.argument(self.size), check)}::int"
        if len(nodes) == 1 and isinstance(nodes[0], Value) and nodes[0].name in ("nodes", "edges"):
            return self.rows_alone(nodes[0], limit)
        return self.with_rest(nodes, limit)

    @property
    def size(self) -> str:
        return "last" if self.backwards else "first"

    def rows_alone(self, node: Value, limit: str) -> Pieces:
        """A page of which nothing but its rows is asked: no row more than those, and none counted."""
        text = concat(self.item(node))
        keys = self.asked_order()
        turned = [replace(key.turned, outer=f"p.k{index}") for index, key in enumerate(keys)] if self.backwards else []
        columns = [f"{text} as t", *(f"{key.outer} as k{index}" for index, key in enumerate(keys) if turned)]
        relation = self.relation(keys, self.bounds(), limit)
        rows = f"select {', '.join(columns)} from {relation} order by {order_by(keys)} limit {limit}"
        back = f" order by {order_by(turned)}" if turned else ""
        return [f'{{"{node.key}":[', Sql(f"(select string_agg(p.t, ','{back}) from ({rows}) p)"), "]}"]

    def with_rest(self, nodes: Sequence[Node], limit: str) -> Pieces:
        """A page with what is said of it: cursors, whether there is more, how many there are."""
        texts: list[str] = []

        def part(node: Value) -> Pieces:
            match node.name:
                case "totalCount":
                    return [Sql(self.total())]
                case "pageInfo":
                    return self.info(node, limit)
            texts.append(f"{concat(self.item(node))} as a{len(texts)}")
            falling = " desc" if self.backwards else ""
            rows = f"string_agg(p.a{len(texts) - 1}, ',' order by p.n{falling}) filter (where p.n <= {limit})"
            return ["[", Sql(rows), "]"]

        pieces = _object(nodes, self.node_type, part)
        if not any("p." in piece.text for piece in pieces if isinstance(piece, Sql)):
            # The total alone, or the type: no row is read. What is wrong with the page is refused all the same.
            given = ", ".join([limit, *(bound.place for bound in self.bounds())])
            return [Sql(f"(select {concat(pieces)} where num_nulls({given}) = 0)")]
        keys = self.asked_order()
        columns = [*texts, f"{self.values()} as k", f"row_number() over (order by {order_by(keys)}) as n"]
        more = f"{limit} + 1"
        relation = self.relation(keys, self.bounds(), more)
        rows = f"select {', '.join(columns)} from {relation} order by {order_by(keys)} limit {more}"
        return [Sql(f"(select {concat(pieces)} from ({rows}) p)")]

    @property
    def node_type(self) -> str:
        return self.compiler.shape(self.node).type

    def item(self, node: Value) -> Pieces:
        """The JSON of one row, as a node or as an edge."""
        shape = self.compiler.shape(node)
        if node.name == "nodes":
            return self.compiler.object(shape, self.inner, {})

        def part(inner: Value) -> Pieces:
            if inner.name == "cursor":
                return self.cursor(self.values())
            return self.compiler.object(self.compiler.shape(inner), self.inner, {})

        return _object(shape.cases[shape.type], shape.type, part)

    def info(self, node: Value, limit: str) -> Pieces:
        shape = self.compiler.shape(node)

        def part(inner: Value) -> Pieces:
            forward = inner.name in ("hasNextPage", "endCursor")
            if inner.name in ("startCursor", "endCursor"):
                return [Sql(self.edge_cursor(forward is self.backwards, limit))]
            if forward is not self.backwards:
                return [Sql(f"case when max(p.n) > {limit} then 'true' else 'false' end")]
            return [Sql(self.beyond("before" if forward else "after"))]

        return _object(shape.cases[shape.type], shape.type, part)

    def edge_cursor(self, near: bool, limit: str) -> str:
        """The cursor of the row that begins or ends the page; null where the page is empty."""
        order, within = ("", "p.n = 1") if near else (" order by p.n desc", f"p.n <= {limit}")
        found = f"(array_agg(p.k{order}) filter (where {within}))[1]"
        return f"case when count(p.n) = 0 then 'null' else {concat(self.cursor(found))} end"

    def beyond(self, name: str) -> str:
        """Whether there are rows on the other side of a cursor, the cursor's own among them."""
        argument = self.argument(name)
        if argument == ABSENT:
            return "'false'"
        other = Bound(self, name, argument, outside=True)
        relation = united(self.mapped.table, self.plain(), lambda index: self.condition(index, (other,)))
        return f"case when exists (select 1 from {relation}) then 'true' else 'false' end"

    def total(self) -> str:
        relation = united(self.mapped.table, self.plain(), lambda index: self.condition(index, ()))
        return f"(select count(*) from {relation})"

    def plain(self) -> Row:
        """The same rows, of which nothing is selected."""
        return Row(self.inner.alias, self.inner.classes, self.compiler.mask)

    # Rows -------------------------------------------------------------------------------------------------------------

    def asked_order(self) -> tuple[Key, ...]:
        """The keys in the direction that rows are read in: from the end, for the last ones."""
        return tuple(key.turned for key in self.keys) if self.backwards else self.keys

    def bounds(self) -> tuple[Bound, ...]:
        given = ((name, self.argument(name)) for name in ("after", "before"))
        return tuple(Bound(self, name, argument) for name, argument in given if argument != ABSENT)

    def relation(self, keys: Sequence[Key], bounds: Sequence[Bound], limit: str) -> str:
        """The rows, of every class no more than a page can hold."""

        def tail(index: int) -> str:
            return f" order by {order_by(keys, index)} limit {limit}"

        return united(self.mapped.table, self.inner, lambda index: self.condition(index, bounds), tail)

    def condition(self, index: int, bounds: Sequence[Bound]) -> str:
        """What rows of a class must meet."""
        of = self.classes[index]
        plain = self.inner.plain()
        found = [self.compiler.match(self.mapped.match, plain, self.row)] if self.mapped.match else []
        if self.mapped.where:
            found.append(plain.expression(self.mapped.where))
        found += [one for one in (self.filter.condition(self.home, self.inner.alias, of),) if one]
        found += [bound.condition(index) for bound in bounds]
        return " and ".join(f"({one})" if " or " in one else one for one in found) or "true"

    # Order ------------------------------------------------------------------------------------------------------------

    def order(self) -> tuple[Key, ...]:
        """The keys that the reader asks for, or those of the list; then the unique one and the class, to break ties."""
        asked = self.argument("order")
        found: list[Key] = []
        for place, item in enumerate(items_of(asked)):
            fields = fields_of(item)
            if len(fields) != 1:
                raise refuse(f"`order.{place}` names {len(fields)} fields: name one, and the next in a key of its own")
            ((name, direction),) = fields
            found += self.key(name, str(direction.value) if isinstance(direction, Constant) else "", f"order.{place}")
        if len(found) > MOST_KEYS:
            raise refuse(f"`order` has {len(found)} keys: at most {MOST_KEYS} are compared")
        last = self.mapped.order[-1]
        for name in self.mapped.order[: 0 if found else -1]:
            found += self.key(self.home.showing(name) or "", "ASC", name)
        falling = bool(found) and found[-1].falling
        tie = self.inner.column(last)
        branches = tuple(f"{self.inner.alias}.{last}" for _ in self.classes)
        # Shown or not, the last key is random: its order says nothing.
        found.append(Key(last, tie, branches, self.home.kind(last, "uuid"), falling))
        if len(self.classes) > 1:
            ranks = tuple(f"{rank}::int" for rank in range(len(self.classes)))
            found.append(Key(RANK, self.inner.rank(), ranks, "int", falling))
        return tuple(found)

    def key(self, name: str, direction: str, path: str) -> list[Key]:
        """A field as a key; none where every class denies it."""
        if direction in ("None", ""):
            raise refuse(f"`{path}.{name}` has no direction: ASC or DESC")
        mapped = self.home.fields[name]
        if not isinstance(mapped, Column):
            raise Internal(f"`{self.home.name}.{name}` is no column, and cannot order a list")
        effects: Effects = self.node.reads.get((self.home.name, name), SHOWN)
        given = {effects.of(one) for one in self.classes}
        masked = any(one.is_mask for one in given)
        column = mapped.name if masked else mapped.place or mapped.name
        outer = self.inner.shown(column, effects)
        if outer is None:
            return []
        kind = "text" if mapped.place or masked else mapped.kind
        falling = direction.startswith("DESC")
        absent = (_HIGHEST if direction.endswith("FIRST") is falling else _LOWEST).get(kind, "")
        if mapped.nullable or Effect.DENY in given:
            outer = f"coalesce({outer}, {absent})"

        def branch(index: int) -> str:
            """In a class where the value is always there, it is the bare column, whose order an index has."""
            if effects.of(self.classes[index]) is Effect.DENY:
                return absent
            value = self.inner.in_branch(column, effects, index, self.mapped.table)
            return f"coalesce({value}, {absent})" if mapped.nullable else value

        return [Key(name, outer, tuple(map(branch, range(len(self.classes)))), kind, falling)]

    # Cursors ----------------------------------------------------------------------------------------------------------

    def values(self) -> str:
        """The values of a row's keys, as one JSON text without marks."""
        return f"to_json(array[{', '.join(f'({key.outer})::text' for key in self.keys)}])::text"

    def cursor(self, values: str) -> Pieces:
        """The mark of a cursor: what is sealed, and what it is bound to."""
        children = self.compiler.children
        child = CursorChild(self.place)
        if child not in children:
            children.append(child)
        pieces: list[Piece] = [MARK + chr(FIRST_CODE + children.index(child)), Sql(values), KEY_PARTS]
        return [*pieces, Sql(f"${self.binding()}::text"), MARK]

    def bound_to(self) -> Argument:
        """The arguments that a cursor belongs to."""
        return ObjectValue(tuple((name, self.argument(name)) for name in ("where", "order")))

    def binding(self) -> int:
        return self.compiler.parameter_once(Binding(self.bound_to()))

    def opened(self, argument: Argument) -> int:
        return self.compiler.parameter_once(Opened(self.place, argument, self.bound_to()))


class Bound:
    """Rows behind `after` or before `before`; or, `outside`, those on its other side with the cursor's own row."""

    def __init__(self, listing: Listing, name: str, argument: Argument, *, outside: bool = False) -> None:
        self.listing = listing
        self.rising = (name == "after") is not outside
        self.inclusive = outside
        self.number = listing.opened(argument)

    @property
    def place(self) -> str:
        return f"${self.number}::text[]"

    def condition(self, index: int) -> str:
        """The place of a row of a class against the cursor's."""
        several = len(self.listing.classes) > 1
        keys = [
            (key.branches[index] if several else key.outer, f"({self.place})[{place}]::{key.kind}", key)
            for place, key in enumerate(self.listing.keys, start=1)
        ]
        signs = [">" if self.rising is not key.falling else "<" for _, _, key in keys]
        equal = "=" if self.inclusive else ""
        if len(set(signs)) == 1:
            here = ", ".join(sql for sql, _, _ in keys)
            there = ", ".join(value for _, value, _ in keys)
            return f"({here}) {signs[0]}{equal} ({there})"
        # Keys of both directions: place by place; the first key alone bounds what an index has to read.
        condition = f"{keys[-1][0]} {signs[-1]}{equal} {keys[-1][1]}"
        for (sql, value, _), sign in zip(reversed(keys[:-1]), reversed(signs[:-1]), strict=True):
            condition = f"{sql} {sign} {value} or ({sql} = {value} and ({condition}))"
        return f"{keys[0][0]} {signs[0]}= {keys[0][1]} and ({condition})"


def _object(nodes: Sequence[Node], type_name: str, part: Callable[[Value], Pieces]) -> Pieces:
    """The JSON object of a connection's own parts."""
    pieces: Pieces = []
    for node in nodes:
        pieces.append(f'{"," if pieces else "{"}"{node.key}":')
        if isinstance(node, Typename):
            pieces.append(f'"{type_name}"')
        elif isinstance(node, Value):
            pieces += part(node)
    return [*pieces, "}"] if pieces else ["{}"]


def order_by(keys: Sequence[Key], index: int | None = None) -> str:
    """The keys as `order by` has them: of the classes together, or of one."""
    return ", ".join(
        f"{key.outer if index is None else key.branches[index]}{' desc' if key.falling else ''}" for key in keys
    )


def page_size(page: Page | None, name: str) -> Callable[[Any], int]:
    assert page is not None

    def check(given: Any) -> int:
        if given is None:
            return page.usual
        if not 1 <= given <= page.most:
            raise refuse(f"`{name}` is `{given}`: it must be between 1 and {page.most}")
        return int(given)

    return check
