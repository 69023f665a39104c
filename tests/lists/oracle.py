"""Pages by another way: every row of the country read into Python, filtered, sorted and cut there.

It shares no code with the filters and pages of `hub.sources.postgres`. Of the declarations it takes which table and
which columns a list and its fields stand on, so that a new list, filter or order is known here without being written
again; what they mean is written here once more:

    condition   true or false, and false of a value that is not there; `not` turns it round. What a class denies is not
                there for its rows; of a date masked to its year there is the year.
    order       the keys asked for, else those of the list; a row without a value stands where the direction says; rows
                that are equal in all keys stand by the list's last key in the direction of the last one asked for, then
                by their class
    page        the rows strictly between the cursors; of these the first or the last so many
    pageInfo    in the direction of reading whether the page left rows out; in the other whether the cursor left any out
    totalCount  the rows under the filter, whatever the page

In the place of a cursor stands the name of its row.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cmp_to_key
from typing import Any

from graphql import GraphQLInterfaceType, GraphQLObjectType, GraphQLResolveInfo, get_named_type

from hub.model.graph import DeclaredGraph
from hub.model.mapping import Column, Embedded, Page, Reference, Rows, TypeMapping
from hub.model.viewer import Profile, RecordClass, Standing
from tests.engine.oracle import Knowledge, Oracle, Row, Thing
from tests.engine.rules import DENY, SHOW, Rules, Where, after

YEAR = "mask:year"
CLASSES: Sequence[RecordClass | None] = tuple(RecordClass)
CURSOR = re.compile(r"row of [\w.]+ [\w-]+")

# Constant conditions of lists, by their SQL.
KEPT: Mapping[str, Callable[[Row], bool]] = {
    "": lambda _: True,
    "{ended_on} is null": lambda row: row["ended_on"] is None,
}


@dataclass(frozen=True, slots=True)
class Listed:
    """What a list stands on."""

    rows: Rows
    types: Mapping[str, TypeMapping]

    @property
    def page(self) -> Page:
        assert self.rows.page is not None
        return self.rows.page

    @property
    def node(self) -> TypeMapping:
        return self.types[self.rows.gives]


def connections(declared: DeclaredGraph) -> Mapping[Where, Listed]:
    """All lists of the graph that are read in pages."""
    return {
        (name, field): Listed(mapped, mapping.types)
        for mapping in declared.mappings.values()
        for name, of in mapping.types.items()
        for field, mapped in of.fields.items()
        if isinstance(mapped, Rows) and mapped.page is not None
    }


def homes(lists: Mapping[Where, Listed]) -> Mapping[str, Listed]:
    """Type -> the list of all entities of it, by which what is behind a link is filtered."""
    return {one.rows.gives: one for (root, _), one in lists.items() if root == "Query" and not one.rows.search}


def usable(rules: Rules, profile: Profile, standing: Standing, where: Where, *, order: bool) -> bool:
    """Whether a reader may filter or order rows by a field: some class shows it, and none masks it.

    Of a mask nothing may be compared, but a filter may compare the year that it leaves of a date.
    """
    given = set(rules.given(profile, standing, where).values())
    return given != {DENY} and given <= ({SHOW, DENY} if order else {SHOW, DENY, YEAR})


@dataclass(frozen=True, slots=True)
class View:
    """A row as a filter looks at it: what columns are called where an object stands in it; None: nothing is there."""

    row: Row
    of: RecordClass
    standing: Standing
    names: Mapping[str, str] | None

    def raw(self, column: str) -> Any:
        return None if self.names is None else self.row[self.names.get(column, column)]


@dataclass(frozen=True, slots=True)
class Cut:
    """A page of a list, and what is said of it."""

    things: Sequence[Thing]
    names: Sequence[str]
    total: int
    more_behind: bool
    more_before: bool


@dataclass(frozen=True, slots=True)
class Edge:
    """A row of a page and its place."""

    cursor: str
    node: Thing


class Lists(Oracle):
    """Answers operations in which lists stand.

    places       the name of a row -> the row, as cursors name it; what was named once is known for good
    most_linked  the most rows that met a condition behind a link
    """

    def __init__(
        self,
        knowledge: Knowledge,
        lists: Mapping[Where, Listed],
        profile: Profile,
        subject: str | None = None,
        places: dict[str, Thing] | None = None,
    ) -> None:
        super().__init__(knowledge, profile, subject)
        self.lists = lists
        self.places = {} if places is None else places
        self.homes = homes(lists)
        self.most_linked = 0
        self.found: dict[Any, list[Thing]] = {}
        self.linked: dict[int, tuple[Any, frozenset[Any]]] = {}

    def _resolve(self, thing: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        where = (info.parent_type.name, info.field_name)
        if where in self.lists:
            return self.cut(where, thing, arguments)
        match thing, info.field_name:
            case Cut(), "nodes":
                return thing.things
            case Cut(), "edges":
                return [Edge(name, one) for name, one in zip(thing.names, thing.things, strict=True)]
            case Cut(), "pageInfo":
                return thing
            case Cut(), "totalCount":
                return thing.total
            case Cut(), "hasNextPage":
                return thing.more_behind
            case Cut(), "hasPreviousPage":
                return thing.more_before
            case Cut(), "startCursor":
                return thing.names[0] if thing.names else None
            case Cut(), "endCursor":
                return thing.names[-1] if thing.names else None
            case Edge(), name:
                return getattr(thing, name)
        return super()._resolve(thing, info, **arguments)

    # Pages

    def cut(self, where: Where, owner: Thing | None, arguments: Mapping[str, Any]) -> Cut:
        """One page."""
        kept = self.kept(where, owner, arguments)
        names = [self.named(where, one) for one in kept]
        compare = self.comparing(where, arguments.get("order"))
        start, end = 0, len(kept)
        if (cursor := arguments.get("after")) is not None:
            start = sum(compare(one, self.places[cursor]) <= 0 for one in kept)
        if (cursor := arguments.get("before")) is not None:
            end = sum(compare(one, self.places[cursor]) < 0 for one in kept)
        end = max(start, end)
        before, behind = arguments.get("before") is not None, arguments.get("after") is not None
        if arguments.get("last") is not None:
            first = max(start, end - arguments["last"])
            more_before = first > start
            more_behind = before and any(compare(one, self.places[arguments["before"]]) >= 0 for one in kept)
            start = first
        else:
            size = arguments["first"] if arguments.get("first") is not None else self.lists[where].page.usual
            more_behind = end - start > size
            more_before = behind and any(compare(one, self.places[arguments["after"]]) <= 0 for one in kept)
            end = min(end, start + size)
        return Cut(kept[start:end], names[start:end], len(kept), more_behind, more_before)

    def kept(self, where: Where, owner: Thing | None, arguments: Mapping[str, Any]) -> list[Thing]:
        """All rows of a list under the filter, in order; found once for all pages."""
        listed = self.lists[where]
        here = (owner.standing, *(owner.row[column] for _, column in listed.rows.match)) if owner else ()
        asked = (where, here, repr((arguments.get("where"), arguments.get("order"))))
        if asked not in self.found:
            self.found[asked] = self.find(where, owner, arguments)
        return self.found[asked]

    def find(self, where: Where, owner: Thing | None, arguments: Mapping[str, Any]) -> list[Thing]:
        listed = self.lists[where]
        meeting = [
            one
            for one in self.belonging(where, owner)
            if self.meets(arguments.get("where"), listed, listed.node, self.view(one))
        ]
        return sorted(meeting, key=cmp_to_key(self.comparing(where, arguments.get("order"))))

    def belonging(self, where: Where, owner: Thing | None) -> Iterator[Thing]:
        """The rows of a list that the reader is given."""
        rows = self.lists[where].rows
        at = after(None, where) if owner is None else owner.standing
        below = at if owner is None else after(at, where)
        for of in self.classes(below):
            if self.effect(at, where, of) != DENY:
                for row in self.tables.rows[of, rows.table]:
                    if KEPT[rows.where](row) and self.belongs(rows, row, owner.row if owner else {}):
                        yield Thing(row, below, of)

    @staticmethod
    def belongs(rows: Rows, row: Row, owner: Row) -> bool:
        return all(row[there] is not None and row[there] == owner[here] for there, here in rows.match)

    def named(self, where: Where, thing: Thing) -> str:
        """The name of a row of a list."""
        assert thing.of is not None
        name = f"row of {thing.of}.{self.lists[where].rows.table} {thing.row['id']}"
        self.places.setdefault(name, thing)
        return name

    @staticmethod
    def view(thing: Thing) -> View:
        assert thing.of is not None
        return View(thing.row, thing.of, thing.standing, {})

    # Order

    def comparing(self, where: Where, order: list[Mapping[str, str]] | None) -> Callable[[Thing, Thing], int]:
        """Less than zero where the first of two rows stands before the second."""
        listed = self.lists[where]
        last = listed.rows.order[-1]
        asked = [(name, direction) for one in order or () for name, direction in one.items()]
        columns = {mapped.name: name for name, mapped in listed.node.fields.items() if isinstance(mapped, Column)}
        keys = asked or [(columns[name], "ASC") for name in listed.rows.order[:-1]]
        falling_last = bool(keys) and keys[-1][1].startswith("DESC")

        known: dict[int, tuple[Thing, list[Any], Any]] = {}

        def values(thing: Thing) -> tuple[Thing, list[Any], Any]:
            if id(thing) not in known:
                found = [self.seen(listed.node, name, self.view(thing), place=True) for name, _ in keys]
                known[id(thing)] = (thing, found, (thing.row[last], CLASSES.index(thing.of)))
            return known[id(thing)]

        def compare(one: Thing, other: Thing) -> int:
            (_, here, tie), (_, there, other_tie) = values(one), values(other)
            for first, second, (_, direction) in zip(here, there, keys, strict=True):
                if first != second:
                    if first is None or second is None:
                        return -1 if (first is None) is direction.endswith("NULLS_FIRST") else 1
                    return -1 if (first < second) is not direction.startswith("DESC") else 1
            if tie == other_tie:
                return 0
            return -1 if (tie < other_tie) is not falling_last else 1

        return compare

    # Conditions

    def seen(self, of: TypeMapping, name: str, view: View, *, place: bool = False) -> Any:
        """The value of a field as the reader is shown it, as far as it can be compared; or its place in an order."""
        mapped = of.fields[name]
        assert isinstance(mapped, Column)
        effect = self.effect(view.standing, (of.name, name), view.of)
        value = None if effect == DENY else view.raw((place and mapped.place) or mapped.name)
        if value is None or effect == SHOW:
            return value
        assert effect == YEAR, f"{of.name}.{name} is compared under {effect}"
        return value[:4]

    def meets(self, where: Mapping[str, Any] | None, listed: Listed, of: TypeMapping, view: View) -> bool:
        """Whether a row meets a filter."""
        return all(self.holds(name, asked, listed, of, view) for name, asked in (where or {}).items())

    def holds(self, name: str, asked: Any, listed: Listed, of: TypeMapping, view: View) -> bool:
        if name == "and":
            return all(self.meets(one, listed, of, view) for one in asked)
        if name == "or":
            return any(self.meets(one, listed, of, view) for one in asked)
        if name == "not":
            return not self.meets(asked, listed, of, view)
        mapped = of.fields[name]
        effect = self.effect(view.standing, (of.name, name), view.of)
        if isinstance(mapped, Column):
            value = self.seen(of, name, view)
            return all(OPERATORS[operator](value, operand, mapped) for operator, operand in asked.items())
        if isinstance(mapped, Embedded):
            names: Mapping[str, str] | None = None
            gone = effect == DENY or (mapped.present and view.raw(mapped.present) is None)
            if view.names is not None and not gone:
                outer = view.names
                names = {there: outer.get(here, here) for there, here in mapped.columns.items()} or outer
            inner = View(view.row, view.of, view.standing, names)
            return self.meets(asked, listed, listed.types[mapped.gives], inner)
        if isinstance(mapped, Reference):
            ((_, column),) = mapped.keys
            key = None if effect == DENY else view.raw(column)
            return key is not None and key in self.behind(asked, (of.name, name), mapped, listed, view.standing)
        assert isinstance(mapped, Rows), f"{of.name}.{name} is filtered by"
        found = [
            View(row, one, view.standing, {})
            for one in self.classes(view.standing)
            if self.effect(view.standing, (of.name, name), one) != DENY
            for row in self.tables.rows[one, mapped.table]
            if KEPT[mapped.where](row) and self.belongs(mapped, row, view.row)
        ]
        there = listed.types[mapped.gives]
        if not mapped.many:
            # The class of authority has the last word.
            found.sort(key=lambda one: (-CLASSES.index(one.of), [one.row[key] for key in mapped.order]))
            return bool(found) and self.meets(asked, listed, there, found[0])
        met = [[self.meets(inner, listed, there, one) for one in found] for inner in asked.values()]
        return all(QUANTIFIERS[name](results) for name, results in zip(asked, met, strict=True))

    def behind(
        self, asked: Mapping[str, Any], where: Where, mapped: Reference, listed: Listed, standing: Standing
    ) -> frozenset[Any]:
        """The keys of the entities behind a link that meet a filter."""
        if id(asked) not in self.linked:
            ((key_field, _),) = mapped.keys
            home = self.home(where)
            key = home.node.fields[key_field]
            assert isinstance(key, Column)
            below = after(standing, where)
            found = [
                row[key.name]
                for of in self.classes(below)
                for row in self.tables.rows[of, home.rows.table]
                if self.meets(asked, home, home.node, View(row, of, below, {}))
            ]
            self.most_linked = max(self.most_linked, len(found))
            self.linked[id(asked)] = (asked, frozenset(found))
        return self.linked[id(asked)][1]

    def home(self, where: Where) -> Listed:
        """The list of all entities that a link leads to."""
        owner = self.schema.type_map[where[0]]
        assert isinstance(owner, GraphQLObjectType | GraphQLInterfaceType)
        return self.homes[get_named_type(owner.fields[where[1]].type).name]


QUANTIFIERS: Mapping[str, Callable[[list[bool]], bool]] = {
    "some": any,
    "every": all,
    "none": lambda results: not any(results),
}


def behind(value: Any, bound: Any, mapped: Column) -> bool:
    """Whether a value is not behind a bound; a date known to the year lies within the years up to its own."""
    return bool(value <= bound) or (mapped.partial and value.startswith(bound))


def values(operand: Any) -> list[Any]:
    return operand if isinstance(operand, list) else [operand]


def of_value(test: Callable[[Any, Any], bool]) -> Callable[[Any, Any, Column], bool]:
    return lambda value, operand, _: value is not None and test(value, operand)


OPERATORS: Mapping[str, Callable[[Any, Any, Column], bool]] = {
    "isNull": lambda value, operand, _: (value is None) is operand,
    "eq": of_value(lambda value, operand: value == operand),
    "in": of_value(lambda value, operand: value in values(operand)),
    "from": of_value(lambda value, operand: value >= operand),
    "to": lambda value, operand, mapped: value is not None and behind(value, operand, mapped),
    "prefix": of_value(lambda value, operand: value.startswith(operand)),
    "under": of_value(lambda value, operand: value.startswith(operand)),
    "within": of_value(lambda value, operand: value.startswith(operand)),
    "has": of_value(lambda value, operand: operand in value),
    "hasAny": of_value(lambda value, operand: any(one in value for one in values(operand))),
    "hasAll": of_value(lambda value, operand: all(one in value for one in values(operand))),
}
