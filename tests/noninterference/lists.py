"""Lists as they may be asked: filters, orders, pages, searches and counts, drawn from the schema that a reader sees.

Whatever an input offers is drawn from: a new filter or operator is asked without being named here. What is compared
with are values of rows around the pool (`tests.noninterference.people`), plain and hidden, and what the variants make
of them, so that a condition mostly parts rows that differ between the sides.

A cursor is known only when an answer has it, and to each side its own: here it is a placeholder for the cursor of an
earlier answer of the same sequence, which is put in when the request is sent (`with_cursors`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cache
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLObjectType,
    get_named_type,
    get_nullable_type,
)

from hub.model.graph import DeclaredGraph
from hub.model.mapping import Column, Embedded
from hub.model.viewer import Profile, Standing
from tests.engine.operations import Composite, Reader, Written, _Writer
from tests.engine.oracle import TABLES, Tables
from tests.engine.rules import DENY, SHOW, Rules, Where, after
from tests.noninterference.people import ABSENT, ABSENT_EMPLOYERS, ABSENT_HOUSEHOLDS, OTHER_NUMBERS, People

CURSOR = re.compile(r"CURSORxOFx(\d)x(\d)x(\d)")
_GIVEN = re.compile(r'[cC]ursor\d*":"([^"]+)"')
_COMBINERS = ("and", "or", "not")
_DIRECTIONS = ("ASC", "DESC", "ASC_NULLS_FIRST", "DESC_NULLS_FIRST")
_PAGES = ("first", "after", "last", "before")
_KEPT = 60
"""Values of a column."""
_OF_WHOM = ("personal_id", "guardian_personal_id", "person_id", "tax_code", "id")
"""Columns that say to whom or what a row belongs."""


# Cursors


def cursor_of(step: int, who: int = 0, number: int = 0) -> str:
    """The placeholder of a cursor: which of the answer of a step, the reader's own or one of those beside him."""
    return f"CURSORxOFx{step}x{who}x{number}"


def with_cursors(text: str, bodies: Sequence[Sequence[str]]) -> str:
    """The text of a request with cursors from the answers so far; where there was none, one that nobody gave."""

    def found(match: re.Match[str]) -> str:
        step, who, number = map(int, match.groups())
        given = _GIVEN.findall(bodies[step][who]) if step < len(bodies) and who < len(bodies[step]) else []
        return str(given[-1 - number % len(given)]) if given else "none"

    return CURSOR.sub(found, text)


# Values


@dataclass(frozen=True, slots=True)
class Values:
    """What to compare with: (type, field) -> values."""

    columns: Mapping[str, tuple[Any, ...]]
    names: Mapping[Where, frozenset[str]]

    def of(self, where: Where | None) -> tuple[Any, ...]:
        names = self.names.get(where, frozenset()) if where else frozenset()
        return tuple(value for name in sorted(names) for value in self.columns.get(name, ()))


def values_of(declared: DeclaredGraph, tables: Tables, people: People) -> Values:
    """The values of rows that belong to somebody or something of the pool."""
    keys = {
        *people.plain,
        *people.hidden,
        *people.cleared,
        *people.housemates,
        *people.employers,
        *people.households,
    }
    keys |= {row["id"] for (_, name), rows in tables.rows.items() if name == "person" for row in rows if _in(row, keys)}
    columns: dict[str, dict[str, Any]] = {}
    for (_, name), rows in tables.rows.items():
        if any(name in names for names in TABLES.values()):
            for row in rows:
                if _in(row, keys):
                    for column, value in row.items():
                        for one in value if isinstance(value, list) else [value]:
                            if one is not None:
                                columns.setdefault(column, {}).setdefault(repr(one), one)
    absent = {
        "personal_id": ABSENT,
        "value": OTHER_NUMBERS * 5,
        "tax_code": ABSENT_EMPLOYERS,
        "id": ABSENT_HOUSEHOLDS,
    }
    found = {column: (*_some(known.values()), *absent.get(column, ())) for column, known in columns.items()}
    return Values({column: (*given, *map(_other, given)) for column, given in found.items()}, dict(_names(declared)))


def _in(row: Mapping[str, Any], keys: set[str]) -> bool:
    return any(row.get(column) in keys for column in _OF_WHOM)


def _some(values: Iterable[Any]) -> list[Any]:
    given = sorted(values, key=repr)
    return given[:: max(1, len(given) // _KEPT)]


def _other(value: Any) -> Any:
    """What a variant makes of it (`tests.noninterference.variants`)."""
    match value:
        case bool():
            return value
        case int():
            return value + 1_000
        case str() if re.fullmatch(r"\d{4}-\d\d-\d\d", value):
            return str(date.fromisoformat(value) + timedelta(days=1))
        case str() if " " in value:
            return f"{value} ◦"
    return value


def _names(declared: DeclaredGraph) -> Iterator[tuple[Where, frozenset[str]]]:
    """The columns in which a field stands: its own, and where an object of its type is part of other rows."""
    for mapping in declared.mappings.values():
        embedded = [one for of in mapping.types.values() for one in of.fields.values() if isinstance(one, Embedded)]
        for of in mapping.types.values():
            for name, mapped in of.fields.items():
                if isinstance(mapped, Column):
                    others = {one.columns.get(mapped.name, mapped.name) for one in embedded if one.gives == of.name}
                    yield (of.name, name), frozenset({mapped.name, *others})


# Writing


@dataclass(frozen=True, slots=True)
class Place:
    """Where a list stands: the fields from the root to it, with their arguments."""

    path: tuple[tuple[str, GraphQLField], ...]
    parent: str
    below: Standing

    @property
    def field(self) -> GraphQLField:
        return self.path[-1][1]


@dataclass
class ListWriter(_Writer):
    """Writes operations whose lists are asked by all that they may be asked by.

    wanted  what to ask by mostly; anything, if empty
    """

    values_of: Values = field(default_factory=lambda: Values({}, {}))
    declared: DeclaredGraph | None = None
    wanted: tuple[str, ...] = ()
    at: tuple[str, Standing | None] = ("", None)

    # Whole graphs -----------------------------------------------------------------------------------------------------

    def field(self, of: Composite, standing: Standing | None, depth: int) -> str:
        self.at = (of.name, standing)
        return _Writer.field(self, of, standing, depth)

    def shown(self, parent: str, name: str, standing: Standing | None) -> bool:
        assert self.declared is not None
        where = (parent, name)
        return where in self.declared.structure or _shown(self.reader.rules, self.reader.profile, standing, where)

    def arguments(self, name: str, found: GraphQLField, depth: int) -> tuple[str, str]:
        parent, standing = self.at
        if not is_list(found):
            return _Writer.arguments(self, name, found, depth)
        if self.chance(20):
            return "", ""
        self.aliases += 1
        given = [*self.asked(found, after(standing, (parent, name)), 1), *self.cut()]
        return f"{name}{self.aliases}: ", f"({', '.join(given)})" if given else ""

    def cut(self) -> list[str]:
        size = self.one_of(("first", "first", "last"))
        given = [f"{size}: {self.value('Int', self.one_of((1, 2, 3, 10)))}"] if self.chance(70) else []
        if self.chance(5):
            given.append(f"{self.one_of(('after', 'before'))}: {self.value('Cursor', 'nobody gave this')}")
        return given

    # One list after another -------------------------------------------------------------------------------------------

    def walk(self, places: Sequence[Place]) -> list[Written]:
        """A list, asked again and again: from its start, behind a cursor, by a cursor that is not for this."""
        # What is near the root mostly has rows.
        place = min((self.one_of(places) for _ in range(2)), key=lambda one: len(one.path))
        forward = self.chance(75)
        size, bound = ("first", "after") if forward else ("last", "before")
        asked = self.asked(place.field, place.below, 3)
        self.definitions += [f"$size: Int = {self.one_of((1, 2, 3, 5))}", "$at: Cursor"]
        text = f"({', '.join([*asked, f'{size}: $size', f'{bound}: $at'])}) {{ {self.inside(place)} }}"
        for name, found in reversed(place.path):
            if found is place.field:
                text = f"{name}{text}"
            else:
                arguments = "(first: 3)" if is_list(found) else self.values(name, found, 2) if found.args else ""
                text = f"{name}{arguments} {{ {text} }}"
        document = f"query Walk({', '.join(self.definitions)}) {{ {text} }}"
        first = Written("\n".join([document, *self.texts]), self.variables, None)
        steps = [first]
        for step in range(self.one_of((1, 1, 2))):
            who = self.one_of((0, 0, 0, 0, 1))
            known = {**self.variables, "at": cursor_of(step, who, self.one_of((0, 0, 1, 2)))}
            if self.chance(15):
                known["size"] = self.one_of((1, 2, 4))
            steps.append(replace(first, variables=known))
        return steps

    def inside(self, place: Place) -> str:
        """What is asked of a page."""
        connection = get_named_type(place.field.type)
        assert isinstance(connection, GraphQLObjectType)
        node = get_named_type(connection.fields["nodes"].type)
        assert isinstance(node, GraphQLObjectType | GraphQLInterfaceType)
        parts = ["pageInfo { hasNextPage hasPreviousPage startCursor endCursor }", "totalCount"]
        if self.chance(15):
            return " ".join(parts)
        body = self.selection(node, place.below, self.one_of((1, 1, 2)))
        rows = f"edges {{ cursor node {body} }}" if self.chance(60) else f"nodes {body}"
        return " ".join([rows, *(part for part in parts if self.chance(80))])

    # Arguments --------------------------------------------------------------------------------------------------------

    def asked(self, found: GraphQLField, below: Standing, depth: int) -> list[str]:
        """What a list is asked by, but for its page."""
        given: list[str] = []
        for name, argument in found.args.items():
            named = get_named_type(argument.type)
            value: Any = None
            if name in _PAGES:
                continue
            if name == "where" and self.chance(20 if "order" in self.wanted else 70):
                assert isinstance(named, GraphQLInputObjectType)
                value = self.filter(named, below, depth)
            elif name == "order" and self.chance(70):
                assert isinstance(named, GraphQLInputObjectType)
                value = self.order(named, below)
            elif name not in ("where", "order") and self.chance(
                {"name": 60, "number": 40}.get(name, 8) if name not in self.wanted else 90
            ):
                value = self.sought(name)
            if value:
                given.append(f"{name}: {self.given(argument.type, value)}")
        return given

    def sought(self, name: str) -> str:
        """What is known of somebody."""
        column = {"name": "full_name", "born": "birth_date", "province": "province_code", "number": "value"}[name]
        value = str(self.one_of(self.values_of.columns[column]))
        match name:
            case "name":
                words = value.removesuffix(" ◦").split()
                return " ".join(words[: self.one_of((1, 2, len(words)))] if self.chance(60) else words[-1:])
            case "born":
                return value[:4]
        return value

    def filter(self, of: GraphQLInputObjectType, at: Standing, depth: int) -> dict[str, Any]:
        """Conditions on an object; empty where nothing may be asked at this standing."""
        names = [name for name in of.fields if name not in _COMBINERS and self.usable(at, (of.name, name))]
        found: dict[str, Any] = {}
        if self.chance(80):
            names = [name for name in names if name in self.wanted] or names
        for _ in range(self.one_of((1, 1, 1, 2))):
            if depth > 1 and self.chance(25):
                word = self.one_of(_COMBINERS)
                inner = [self.filter(of, at, depth - 1) for _ in range(1 if word == "not" else self.one_of((1, 2)))]
                if all(inner):
                    found[word] = inner[0] if word == "not" else inner
            elif names:
                # What leads to other rows shows most.
                name = self.one_of(names + [one for one in names if _leads(of.fields[one].type)] * 2)
                asked = self.condition(get_named_type(of.fields[name].type), at, (of.name, name), depth)
                if asked:
                    found[name] = asked
        return found

    def condition(self, of: Any, at: Standing, where: Where, depth: int) -> dict[str, Any]:
        target = self.target(where)
        below = after(at, target) if target else at
        if "and" in of.fields:
            return self.filter(of, below, depth - 1) if depth > -1 else {}
        if "some" in of.fields:
            words = ("some", "every", "none")
            word = self.one_of([one for one in words if one in self.wanted] or words)
            inner = self.filter(get_named_type(of.fields[word].type), below, depth - 1) if depth > -1 else {}
            return {word: inner} if inner or self.chance(30) else {}
        word = self.one_of([*of.fields, *(one for one in ("from", "to", "in") if one in of.fields)])
        return {word: self.operand(of.fields[word].type, word, target)}

    def operand(self, of: Any, word: str, target: Where | None) -> Any:
        named = get_named_type(of)
        if word == "isNull":
            return self.chance(50)
        many = isinstance(get_nullable_type(of), GraphQLList)
        count = self.one_of((1, 2, 6)) if many else 1
        known = list(named.values) if isinstance(named, GraphQLEnumType) else list(self.values_of.of(target))
        values = [self.fitting(named.name, word, self.one_of(known or ["nothing"])) for _ in range(count)]
        return values if many else values[0]

    def fitting(self, scalar: str, word: str, value: Any) -> Any:
        """The value, or the beginning of it where a beginning is asked for."""
        match scalar, word:
            case "Boolean", _:
                return bool(value)
            case _, "within":
                return str(value)[: self.one_of((4, 4, 7, 10))]
            case _, "prefix" | "under":
                return str(value)[: self.one_of((1, 2, 3, 5))]
            case "Date", _:
                return str(value)[:10]
        return value

    def order(self, of: GraphQLInputObjectType, at: Standing) -> list[dict[str, str]]:
        names = [name for name in of.fields if self.usable(at, (of.name, name), masks=())]
        if self.chance(80):
            names = [name for name in names if name in self.wanted] or names
        count = min(len(names), self.one_of((1, 1, 2, 3)))
        return [{self.one_of(names): self.one_of(_DIRECTIONS)} for _ in range(count)]

    def target(self, where: Where) -> Where | None:
        assert self.declared is not None
        found = self.declared.compared.get(where)
        return found.field if found else None

    def usable(self, at: Standing, where: Where, masks: tuple[str, ...] = ("mask:year",)) -> bool:
        return usable(self.reader, at, self.target(where), masks)

    # Texts ------------------------------------------------------------------------------------------------------------

    def given(self, of: Any, value: Any) -> str:
        """A value as it stands in the document; any part of it may be a variable."""
        bare = get_nullable_type(of)
        if self.chance(25):
            name = f"$v{len(self.definitions)}"
            self.definitions.append(f"{name}: {bare}!")
            self.variables[name[1:]] = value
            return name
        match value:
            case list():
                assert isinstance(bare, GraphQLList)
                return f"[{', '.join(self.given(bare.of_type, item) for item in value)}]"
            case dict():
                assert isinstance(bare, GraphQLInputObjectType)
                fields = (f"{name}: {self.given(bare.fields[name].type, item)}" for name, item in value.items())
                return f"{{{', '.join(fields)}}}"
        return str(value) if isinstance(bare, GraphQLEnumType) else json.dumps(value, ensure_ascii=False)


@cache
def _shown(rules: Rules, profile: Profile, standing: Standing | None, where: Where) -> bool:
    """Whether a field is shown. Kept, because writing asks for little else."""
    return rules.shown(profile, standing, where)


def usable(reader: Reader, at: Standing, target: Where | None, masks: tuple[str, ...] = ("mask:year",)) -> bool:
    """Whether a reader may compare a field: some class shows it, and none masks it more than that."""
    if target is None:
        return True
    given = set(reader.rules.given(reader.profile, at, target).values())
    return given != {DENY} and given <= {SHOW, DENY, *masks}


def _leads(of: Any) -> bool:
    """Whether an input is a condition on other rows, or on a record behind a link."""
    fields = get_named_type(of).fields
    return "some" in fields or "and" in fields


def is_list(found: GraphQLField) -> bool:
    return "first" in found.args


def places(reader: Reader, structure: frozenset[Where]) -> list[Place]:
    """The lists that a reader can reach: from each root field by the shortest way, also through rows of other lists."""
    query = reader.schema.query_type
    assert query is not None
    found: list[Place] = []
    todo: list[tuple[Composite, Standing | None, tuple[tuple[str, GraphQLField], ...]]] = [(query, None, ())]
    known: set[tuple[str, Standing | None, str]] = set()
    while todo:
        of, standing, path = todo.pop(0)
        for name, one in of.fields.items():
            if (of.name, name) not in structure and not reader.rules.shown(reader.profile, standing, (of.name, name)):
                continue
            below = after(standing, (of.name, name))
            inner = get_named_type(one.type)
            if not isinstance(inner, GraphQLObjectType) or name in ("pageInfo", "edges"):
                continue
            here = (*path, (name, one))
            if is_list(one):
                found.append(Place(here, of.name, below))
            start = here[0][0]
            # Rows of a list over everything are rarely of the pool.
            if len(here) < 5 and not (is_list(one) and of is query) and (inner.name, below, start) not in known:
                known.add((inner.name, below, start))
                todo.append((inner, below, here))
    return found
