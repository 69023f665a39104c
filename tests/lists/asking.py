"""Lists as they may be asked: filters, orders, pages and selections drawn from the schema a reader sees.

Whatever an input offers is drawn from: a new filter or operator is asked without being named. Values come from the
rows of all classes, beside some that are nowhere. Any part of an argument may stand in the document, in a variable, or
in the default of one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    get_named_type,
    get_nullable_type,
)

from hub.model.mapping import By, Column, Embedded, Reference, Rows, TypeMapping
from hub.model.viewer import Profile, Standing
from tests.engine.oracle import Tables
from tests.engine.rules import after
from tests.lists.oracle import Listed, usable
from tests.lists.world import Asked, Composite, Place, World, inputs_of, is_connection

T = TypeVar("T")

SIZES = (1, 2, 3, 5, 8, 100, 500)
COMBINERS = ("and", "or", "not")
ORDERS = ("ASC", "DESC", "ASC_NULLS_FIRST", "DESC_NULLS_FIRST")
NOWHERE: Mapping[str, Sequence[Any]] = {
    "ID": ("no id", "", "\u0041"),
    "Int": (-(2**31), 2**31 - 1, 0, -1),
    "Dong": (-1, 0, 2**53, -(2**63), 2**63 - 1),
    "String": ("", "%", "_", "\\", "100%", "\U0010fffe", "'", "\u0301"),
    "Code": ("", "J", "%", "_", "\\"),
    "Date": ("0001-01-01", "9999-12-31", "2024-02-29"),
    "DateTime": ("0001-01-02T00:00:00", "2024-02-28T23:59:59", "2024-02-28T16:59:59Z", "9999-12-30"),
    "Month": ("0001-01", "9999-12"),
    "PartialDate": ("0001", "9999-12-31", "1990", "1990-03"),
    "Boolean": (True, False),
}
"""Values that no row has, or that mean something where they are put together carelessly."""


def narrowing_columns(on: TypeMapping, names: Sequence[str]) -> list[str]:
    return [name for name in names if isinstance(on.fields[name], Column)]


@dataclass(slots=True)
class Writer:
    """Writes one operation; everything is drawn: `draw` gives a number from the first to the second."""

    draw: Callable[[int, int], int]
    world: World
    profile: Profile
    variables: dict[str, Any] = field(default_factory=dict)
    definitions: list[str] = field(default_factory=list)

    @property
    def tables(self) -> Tables:
        return self.world.knowledge.tables

    def chance(self, percent: int) -> bool:
        """Towards false when hypothesis shrinks."""
        return self.draw(0, 99) >= 100 - percent

    def one_of(self, values: Sequence[T]) -> T:
        return values[self.draw(0, len(values) - 1)]

    def asked(self, selection: str) -> Asked:
        """The operation, with the variables that were made on the way."""
        head = f"query ({', '.join(self.definitions)}) " if self.definitions else ""
        return Asked(f"{head}{selection}", dict(self.variables))

    # Filters and orders

    def where(self, place: Place, depth: int = 3) -> Any:
        """A filter of a list, or None."""
        argument = place.field.args.get("where")
        if argument is None:
            return None
        listed = self.world.lists[place.where]
        drawn = self.filter(get_named_type(argument.type), listed.node, listed, place.below, depth)
        return self.served(get_named_type(argument.type), listed.node, listed, place.below, drawn)

    def served(
        self, of: Any, on: TypeMapping, listed: Listed, standing: Standing, drawn: dict[str, Any] | None
    ) -> dict[str, Any] | None:
        """A filter of a whole table, mostly with a condition in it that an index serves."""
        if drawn is None or listed.rows.match or not self.chance(85):
            return drawn
        narrowing = [name for name in self.usable(of, on, standing) if By.FILTER in on.by.get(name, By.NOTHING)]
        if not narrowing or not narrowing_columns(on, narrowing):
            return drawn
        name = self.one_of(narrowing_columns(on, narrowing))
        return {"and": [drawn, {name: {"isNull": False}}]}

    def usable(self, of: Any, on: TypeMapping, standing: Standing) -> list[str]:
        """The fields of a filter that may be asked at a standing."""
        rules = self.world.knowledge.rules
        return [
            name
            for name in of.fields
            if name not in COMBINERS and usable(rules, self.profile, standing, (on.name, name), order=False)
        ]

    def filter(self, of: Any, on: TypeMapping, listed: Listed, standing: Standing, depth: int) -> dict[str, Any] | None:
        """A filter object; None where nothing may be asked at this standing."""
        fields = self.usable(of, on, standing)
        found: dict[str, Any] = {}
        for _ in range(self.one_of((1, 1, 1, 2, 3))):
            if depth > 1 and self.chance(35):
                name = self.one_of(COMBINERS)
                count = 1 if name == "not" else self.one_of((1, 2, 2, 3))
                inner = [self.filter(of, on, listed, standing, depth - 1) for _ in range(count)]
                given = [one for one in inner if one is not None]
                if given:
                    found[name] = given[0] if name == "not" or (len(given) == 1 and self.chance(30)) else given
            elif fields:
                name = self.one_of(fields)
                asked = self.condition(get_named_type(of.fields[name].type), name, on, listed, standing, depth)
                if asked is not None:
                    found[name] = asked
        if found:
            return found
        return {} if self.chance(30) else None

    def condition(
        self, of: Any, name: str, on: TypeMapping, listed: Listed, standing: Standing, depth: int
    ) -> dict[str, Any] | None:
        mapped = on.fields[name]
        if isinstance(mapped, Column):
            return self.operators(of, on, mapped, listed)
        if isinstance(mapped, Reference):
            home = self.world.homes[get_named_type(self.world.field((on.name, name)).type).name]
            below = after(standing, (on.name, name))
            return self.served(of, home.node, home, below, self.filter(of, home.node, home, below, depth - 1))
        assert isinstance(mapped, Embedded | Rows)
        there = listed.types[mapped.gives]
        if isinstance(mapped, Embedded) or not mapped.many:
            return self.filter(of, there, listed, standing, depth - 1)
        inner = get_named_type(of.fields["some"].type)
        words = [self.one_of(("some", "every", "none")) for _ in range(self.one_of((1, 1, 2)))]
        drawn = {word: self.filter(inner, there, listed, standing, depth - 1) for word in words}
        return {word: asked for word, asked in drawn.items() if asked is not None} or None

    def operators(self, of: Any, on: TypeMapping, mapped: Column, listed: Listed) -> dict[str, Any]:
        names = [self.one_of(list(of.fields)) for _ in range(self.one_of((1, 1, 1, 2)))]
        return {name: self.operand(of.fields[name].type, name, on, mapped, listed) for name in names}

    def operand(self, of: Any, operator: str, on: TypeMapping, mapped: Column, listed: Listed) -> Any:
        named = get_named_type(of)
        if operator == "isNull":
            return self.chance(50)
        known = self.values(on, mapped, listed)
        if operator in ("prefix", "under", "within"):
            text = str(self.value(named, known))
            lengths = (4, 7, 10) if mapped.partial else (0, 1, 2, 3, 5, len(text), len(text) + 1)
            return text[: self.one_of(lengths)] if self.chance(70) else text
        if isinstance(get_nullable_type(of), GraphQLList):
            return [self.value(named, known) for _ in range(self.one_of((0, 1, 2, 3, 6)))]
        return self.value(named, known)

    def values(self, on: TypeMapping, mapped: Column, listed: Listed) -> list[Any]:
        """What stands in a column; of an object that stands in other rows, in all columns of such a name."""
        tables = {one.table for one in listed.types.values() if one.table} | {listed.rows.table}
        tables |= {one.table for of in listed.types.values() for one in of.fields.values() if isinstance(one, Rows)}
        names = {mapped.name}
        for of in listed.types.values():
            for one in of.fields.values():
                if isinstance(one, Embedded) and one.gives == on.name:
                    names |= {here for there, here in one.columns.items() if there == mapped.name}
        names |= {
            here
            for name in names
            for of in listed.types.values()
            for one in of.fields.values()
            if isinstance(one, Embedded)
            for there, here in one.columns.items()
            if there == name
        }
        found = [
            row[name]
            for (_, table), rows in self.tables.rows.items()
            if table in tables
            for row in [*rows[:20], *rows[-40:]]
            for name in sorted(names)
            if row.get(name) is not None
        ]
        return [item for one in found for item in (one if isinstance(one, list) else [one])]

    def value(self, named: Any, known: Sequence[Any]) -> Any:
        if isinstance(named, GraphQLEnumType):
            return self.one_of(list(named.values))
        nowhere = NOWHERE.get(named.name, ())
        if known and (not nowhere or not self.chance(25)):
            return self.one_of(known)
        return self.one_of(nowhere)

    def order(self, place: Place) -> list[dict[str, str]] | dict[str, str] | None:
        argument = place.field.args.get("order")
        if argument is None:
            return None
        node = self.world.lists[place.where].node.name
        names = [
            name
            for name in inputs_of(argument.type)
            if usable(self.world.knowledge.rules, self.profile, place.below, (node, name), order=True)
        ]
        if not names:
            return None
        keys = [{self.one_of(names): self.one_of(ORDERS)} for _ in range(self.one_of((0, 1, 1, 2, 2, 3, 5)))]
        return keys[0] if len(keys) == 1 and self.chance(40) else keys

    # Lists

    def arguments(self, place: Place, **given: Any) -> str:
        """The arguments as they are written; None is not given, or null."""
        parts = []
        for name, value in given.items():
            if value is not None:
                parts.append(f"{name}: {self.write(value, place.field.args[name].type)}")
            elif name in place.field.args and self.chance(10):
                parts.append(f"{name}: {'null' if self.chance(50) else self.unset(place.field.args[name].type)}")
        return f"({', '.join(parts)})" if parts else ""

    def unset(self, of: Any) -> str:
        """A variable that is not given."""
        return self.declare(get_nullable_type(of))

    def write(self, value: Any, of: Any, *, quietly: bool = False) -> str:
        """A value as text; any part of it may become a variable."""
        bare = get_nullable_type(of)
        if not quietly and self.chance(15):
            return self.variable(value, of)
        if isinstance(bare, GraphQLList):
            if not isinstance(value, list):
                # One for a list of one; a variable in its place would be no list.
                return self.write(value, bare.of_type, quietly=True)
            return f"[{', '.join(self.write(one, bare.of_type, quietly=quietly) for one in value)}]"
        if isinstance(bare, GraphQLInputObjectType):
            fields = [
                f"{name}: {self.write(one, bare.fields[name].type, quietly=quietly)}" for name, one in value.items()
            ]
            if not quietly and self.chance(5):
                absent = [name for name in bare.fields if name not in value]
                if absent:
                    name = self.one_of(absent)
                    fields.append(f"{name}: {self.unset(bare.fields[name].type)}")
            return f"{{{', '.join(fields)}}}"
        return str(value) if isinstance(bare, GraphQLEnumType) else json.dumps(value, ensure_ascii=False)

    def variable(self, value: Any, of: Any) -> str:
        """A new variable of that value: given, by default, or given over another default."""
        match self.draw(0, 2):
            case 0:
                name = self.declare(of)
                self.variables[name[1:]] = value
            case 1:
                name = self.declare(of, self.write(value, of, quietly=True))
            case _:
                name = self.declare(get_nullable_type(of) if not isinstance(of, GraphQLNonNull) else of)
                self.variables[name[1:]] = value
        return name

    def declare(self, of: Any, default: str = "") -> str:
        name = f"$v{len(self.definitions)}"
        self.definitions.append(f"{name}: {of}{f' = {default}' if default else ''}")
        return name

    def list(self, place: Place, selection: str, **given: Any) -> str:
        return f"{place.where[1]}{self.arguments(place, **given)} {selection}"

    # Selections

    def selection(self, place: Place, *, nested: bool = True) -> str:
        """Anything of a list, in any order."""
        node = self.node(place.node, place.below)
        names = ("nodes", "edges", "pageInfo", "totalCount", "__typename")
        chosen = [one for one in names if self.chance(40)] or [self.one_of(names)]
        inner = self.nested(place) if nested and {"nodes", "edges"} & {*chosen} and self.chance(30) else ""
        parts = {
            "nodes": f"nodes {{ {node} {inner} }}",
            "edges": f"edges {{ cursor node {{ {node} {inner} }} }}",
            "pageInfo": f"pageInfo {{ {self.info()} }}",
        }
        if self.chance(30):
            chosen.reverse()
        return f"{{ {' '.join(parts.get(one, one) for one in chosen)} }}"

    def info(self) -> str:
        names = ("hasNextPage", "hasPreviousPage", "startCursor", "endCursor", "__typename")
        return " ".join([name for name in names if self.chance(60)] or [self.one_of(names)])

    def nested(self, place: Place) -> str:
        """A list of each row."""
        lists = [
            Place((place.node.name, name), one, (), place.below, after(place.below, (place.node.name, name)), False)
            for name, one in place.node.fields.items()
            if is_connection(one) and self.shown(place.node, name, place.below)
        ]
        if not lists:
            return ""
        inner = self.one_of(lists)
        first = self.one_of((1, 2, 3, 20, None))
        return self.list(
            inner, self.selection(inner, nested=False), first=first, where=self.where(inner, 2), order=self.order(inner)
        )

    def node(self, of: Composite, standing: Standing) -> str:
        """Every value of a row, by which it is known."""
        found = ["__typename"]
        mapping = next(
            (one.types[of.name] for one in self.world.engine.built.declared.mappings.values() if of.name in one.types),
            None,
        )
        for name, one in of.fields.items():
            named = get_named_type(one.type)
            if one.args or not self.shown(of, name, standing):
                continue
            if not isinstance(named, GraphQLObjectType | GraphQLInterfaceType):
                found.append(name)
            elif mapping is not None and isinstance(mapping.fields.get(name), Embedded):
                found.append(f"{name} {{ {self.node(named, standing)} }}")
        return " ".join(found)

    def shown(self, of: Composite, name: str, standing: Standing) -> bool:
        return self.world.knowledge.rules.shown(self.profile, standing, (of.name, name))
