"""Random valid operations over the schema a reader sees.

Nearly always only what the reader may read on the path is selected, so that few operations are refused. Response keys
are made so that two fields of one key can always be merged: an alias names its field, and arguments have an alias of
their own or are the same wherever the bare name stands.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, TypeVar

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
)
from hypothesis import strategies as st

from hub.model.viewer import Audience, Profile, Standing
from tests.engine import oddities
from tests.engine.oracle import Tables
from tests.engine.rules import Rules, after, is_list_part, universe

T = TypeVar("T")
Composite = GraphQLObjectType | GraphQLInterfaceType

DEEPEST = 7

NUMBER_OF_ONE = oddities.RENEWED
"""A number that one person has."""


@dataclass(frozen=True, slots=True)
class Keys:
    """Keys to ask for: real ones of every class, hidden or not, and some that nothing has."""

    numbers: tuple[str, ...]
    books: tuple[str, ...]
    households: tuple[str, ...]
    employers: tuple[str, ...]


def keys_of(tables: Tables) -> Keys:
    """A few generated keys of every table and class, and all that were added by hand."""

    def some(table: str, column: str, count: int) -> list[str]:
        values = tables.column(table, column)
        return [*values[:: max(1, len(values) // count)], *values[-count // 4 :]]

    return Keys(
        (*oddities.NUMBERS * 3, *some("person", "personal_id", 40)),
        ("SO-DEFENCE", "SO-RENEWED", "SO-POLICE", "SO-NOBODY", "", *some("book", "book_code", 12)),
        (
            oddities.HOUSEHOLD,
            oddities.HOUSEHOLD.upper(),
            oddities.DEFENCE_HOUSEHOLD,
            oddities.NO_HOUSEHOLD,
            "no id",
            *some("household", "id", 8),
        ),
        (
            oddities.SHARED_EMPLOYER,
            oddities.SHARED_EMPLOYER,
            oddities.DEFENCE_EMPLOYER,
            oddities.NO_EMPLOYER,
            *some("employer", "tax_code", 12),
        ),
    )


@dataclass(frozen=True, slots=True, repr=False)
class Reader:
    """What decides which operations can be written: the schema a reader sees, and the rules on its paths.

    cursors   of lists, by the list's name; without any, pages begin at either end
    """

    schema: GraphQLSchema
    rules: Rules
    profile: Profile
    keys: Keys
    cursors: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Written:
    """An operation as it would be sent."""

    document: str
    variables: Mapping[str, Any]
    name: str | None


@dataclass(frozen=True, slots=True)
class _Fragment:
    name: str
    type: str
    standing: Standing
    depth: int


@dataclass(slots=True)
class _Writer:
    """Writes one document; everything is drawn: `draw` gives a number from the first to the second."""

    draw: Callable[[int, int], int]
    reader: Reader
    variables: dict[str, Any] = field(default_factory=dict)
    definitions: list[str] = field(default_factory=list)
    fragments: list[_Fragment] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    bare: dict[str, str] = field(default_factory=dict)
    aliases: int = 0

    def chance(self, percent: int) -> bool:
        """Towards false when hypothesis shrinks."""
        return self.draw(0, 99) >= 100 - percent

    def one_of(self, values: Sequence[T]) -> T:
        return values[self.draw(0, len(values) - 1)]

    # Documents

    def document(self) -> Written:
        query = self.reader.schema.query_type
        assert query is not None
        body = self.selection(query, None, self.one_of((4, 5, 6, DEEPEST)))
        declared = ", ".join(self.definitions)
        head = f"query Asked({declared})" if declared else "query Asked"
        name = None
        if not self.definitions and self.chance(20):
            head = ""
        elif self.chance(15):
            self.texts.append("query Other { other: __typename }")
            name = "Asked"
        parts = [f"{head} {body}", *self.texts]
        return Written("\n".join(reversed(parts) if self.chance(30) else parts), self.variables, name)

    def selection(self, of: Composite, standing: Standing | None, depth: int) -> str:
        count = self.one_of((1, 2, 2, 3, 4)) if depth < DEEPEST - 1 else self.one_of((1, 2, 3))
        return f"{{ {' '.join(self.item(of, standing, depth) for _ in range(count))} }}"

    def item(self, of: Composite, standing: Standing | None, depth: int) -> str:
        kind = self.draw(0, 99)
        if kind >= 90 and depth > 1:
            return self.inline(of, standing, depth)
        if kind >= 82 and depth > 1:
            return self.spread(of, standing, depth)
        if kind >= 75:
            return f"{self.one_of(('', 'type: ', 'kind: '))}__typename{self.directive()}"
        return self.field(of, standing, depth)

    # Fields

    def field(self, of: Composite, standing: Standing | None, depth: int) -> str:
        unshared = self.chance(2)
        fields = [
            (name, found, after(standing, (of.name, name)))
            for name, found in of.fields.items()
            if (unshared or self.shown(of.name, name, standing)) and (depth > 1 or not _composite(found))
            if name != "searchPersons" or "number" in found.args  # a search by a name is asked elsewhere
        ]
        nested = [one for one in fields if _composite(one[1])]
        if nested and self.chance(60):
            fields = nested
        if not fields:
            return "__typename"
        name, found, below = self.one_of(fields)
        key, arguments = self.arguments(name, found, depth)
        text = f"{key}{name}{arguments}{self.directive()}"
        inner = get_named_type(found.type)
        if isinstance(inner, GraphQLObjectType | GraphQLInterfaceType):
            # What a list is made of is no step on the way.
            text += f" {self.selection(inner, below, depth if is_list_part(inner.name) else depth - 1)}"
        return text

    def shown(self, parent: str, name: str, standing: Standing | None) -> bool:
        return self.reader.rules.shown(self.reader.profile, standing, (parent, name))

    def arguments(self, name: str, found: GraphQLField, depth: int) -> tuple[str, str]:
        """The alias, if any, and the arguments."""
        if not found.args:
            return self.one_of(("", "", f"a_{name}: ", f"b_{name}: ")), ""
        if self.chance(40):
            if name not in self.bare:
                self.bare[name] = self.values(name, found, depth)
            return "", self.bare[name]
        self.aliases += 1
        return f"{name}{self.aliases}: ", self.values(name, found, depth)

    def values(self, name: str, found: GraphQLField, depth: int) -> str:
        keys = self.reader.keys
        match name:
            case "person":
                return f"(personalId: {self.value('PersonalId', self.one_of(keys.numbers))})"
            case "people":
                return f"(personalIds: {self.people()})"
            case "household":
                return f"(householdId: {self.value('ID', self.one_of(keys.households))})"
            case "insuranceBook":
                return f"(bookCode: {self.value('BookCode', self.one_of(keys.books))})"
            case "employer":
                return f"(taxCode: {self.value('TaxCode', self.one_of(keys.employers))})"
            case _ if {"first", "last", "after", "before"} <= set(found.args):
                return self.page(name, depth)
            case _:
                raise AssertionError(f"the argument of `{name}` is not known here")

    def people(self) -> str:
        numbers = [self.one_of(self.reader.keys.numbers) for _ in range(self.one_of((1, 2, 0, 3, 5)))]
        if numbers and self.chance(20):
            numbers.append(numbers[0])
        match self.draw(0, 3):
            case 0:
                return json.dumps(numbers)
            case 1:
                return f"[{', '.join(self.value('PersonalId', number) for number in numbers)}]"
            case 2:
                return self.variable("[PersonalId!]", numbers)
            case _:
                return json.dumps(numbers[0] if len(numbers) == 1 else numbers)

    def page(self, name: str, depth: int) -> str:
        given = [] if name != "searchPersons" else [f"number: {self.value('String', NUMBER_OF_ONE)}"]
        if depth < DEEPEST - 2 or self.chance(80):
            size = self.one_of((1, 2, 3, 10)) if depth > 3 else self.one_of((1, 2))
            given.append(f"{self.one_of(('first', 'first', 'last'))}: {self.value('Int', size)}")
            if self.chance(10):
                given.append(f"{'last' if 'first' in given[-1] else 'first'}: {self.nothing('Int')}")
        elif self.chance(50):
            given.append(f"first: {self.nothing('Int')}")
        known = self.reader.cursors.get(name, ())
        for bound in ("after", "before") if name != "searchPersons" else ():
            match self.draw(0, 5):
                case 1 | 2 if known:
                    given.append(f"{bound}: {self.value('Cursor', self.one_of(known))}")
                case 3:
                    given.append(f"{bound}: {self.nothing('Cursor')}")
        return f"({', '.join(given)})" if given else ""

    def nothing(self, of: str) -> str:
        """No value: null, or a variable that is null or not given."""
        if self.chance(30):
            return "null"
        name = self.declare(of)
        if self.chance(50):
            self.variables[name[1:]] = None
        return name

    def value(self, of: str, value: Any) -> str:
        return self.variable(of, value) if self.chance(40) else json.dumps(value)

    def variable(self, of: str, value: Any) -> str:
        """A new variable of that value: given, by default, or given over another default."""
        match self.draw(0, 3):
            case 0:
                name = self.declare(f"{of}!")
                self.variables[name[1:]] = value
            case 1:
                name = self.declare(f"{of}!", value)
            case 2:
                name = self.declare(of, value)
            case _:
                name = self.declare(f"{of}!", value)
                self.variables[name[1:]] = value
        return name

    def declare(self, of: str, default: Any = None) -> str:
        name = f"$v{len(self.definitions)}"
        self.definitions.append(f"{name}: {of}{'' if default is None else f' = {json.dumps(default)}'}")
        return name

    def directive(self) -> str:
        if not self.chance(10):
            return ""
        word, value = self.one_of((("include", True), ("skip", False), ("skip", True), ("include", False)))
        text = self.variable("Boolean", value) if self.chance(50) else json.dumps(value)
        return f" @{word}(if: {text})"

    # Fragments

    def inline(self, of: Composite, standing: Standing | None, depth: int) -> str:
        condition = self.one_of(("", *self.conditions(of)))
        inner = self.type(condition) if condition else of
        on = f"on {condition}" if condition else ""
        return f"... {on}{self.directive()} {self.selection(inner, standing, depth)}"

    def spread(self, of: Composite, standing: Standing | None, depth: int) -> str:
        at = standing or Standing.OFFICIAL
        wanted = self.conditions(of)
        known = [one for one in self.fragments if one.type in wanted and one.standing is at and one.depth <= depth]
        if known and self.chance(50):
            fragment = self.one_of(known)
        else:
            condition = self.one_of(wanted)
            body = self.selection(self.type(condition), standing, depth - 1)
            fragment = _Fragment(f"F{len(self.fragments)}", condition, at, depth)
            self.fragments.append(fragment)
            self.texts.append(f"fragment {fragment.name} on {condition} {body}")
        return f"...{fragment.name}{self.directive()}"

    def conditions(self, of: Composite) -> list[str]:
        """The types a fragment may be on in this place."""
        if isinstance(of, GraphQLInterfaceType):
            return [of.name, *sorted(one.name for one in self.reader.schema.get_possible_types(of))]
        return [of.name, *(one.name for one in of.interfaces)]

    def type(self, name: str) -> Composite:
        found: GraphQLNamedType = self.reader.schema.type_map[name]
        assert isinstance(found, GraphQLObjectType | GraphQLInterfaceType)
        return found


def _composite(found: GraphQLField) -> bool:
    return isinstance(get_named_type(found.type), GraphQLObjectType | GraphQLInterfaceType)


def everything(reader: Reader, of: Composite, standing: Standing | None, depth: int) -> str:
    """A selection of every field that the reader may read in this place, to that depth."""
    parts = ["__typename"]
    for name, found in of.fields.items():
        below = after(standing, (of.name, name))
        if not reader.rules.shown(reader.profile, standing, (of.name, name)):
            continue
        inner = get_named_type(found.type)
        if not isinstance(inner, GraphQLObjectType | GraphQLInterfaceType):
            parts.append(name)
        elif depth > 1 or is_list_part(of.name):
            page = "(first: 2)" if "first" in found.args else ""
            # What a list is made of is no step on the way, and its rows are walked through once.
            below_it = depth if is_list_part(inner.name) else 1 if name == "node" else depth - 1
            parts.append(f"{name}{page} {everything(reader, inner, below, below_it)}")
    if isinstance(of, GraphQLInterfaceType):
        parts += [
            f"... on {concrete.name} {everything(reader, concrete, standing, depth)}"
            for concrete in reader.schema.get_possible_types(of)
        ]
    return f"{{ {' '.join(parts)} }}"


def seeds(reader: Reader) -> Iterator[str]:
    """Documents that ask for cursors of every list that the reader comes to."""
    query = reader.schema.query_type
    assert query is not None
    asked = {
        "me": "me",
        "people": f"people(personalIds: {json.dumps(oddities.NUMBERS)})",
        "employer": f'employer(taxCode: "{oddities.SHARED_EMPLOYER}")',
        **{name: f"{name}(first: 10)" for name in ("persons", "households", "employers")},
    }
    for name, text in asked.items():
        if name in query.fields and reader.rules.usable(reader.profile, None, ("Query", name)):
            inner = get_named_type(query.fields[name].type)
            assert isinstance(inner, GraphQLObjectType)
            yield f"{{ {text} {everything(reader, inner, after(None, ('Query', name)), 3)} }}"


def with_cursors(reader: Reader, ask: Callable[[str], Any]) -> Reader:
    """The reader with cursors of every list that he comes to; `ask` gives the answer to a document.

    A citizen who is cleared for himself has none: lists of one name have other cursors in his own universe than in that
    of others, and which list he goes on in is not known here.
    """
    universes = {universe(reader.profile, standing) for standing in (Standing.SELF, Standing.OFFICIAL)}
    if reader.profile.audience is Audience.CITIZEN and len(universes) > 1:
        return reader
    found: dict[str, dict[str, None]] = {}

    def walk(value: Any) -> None:
        match value:
            case list():
                for inner in value:
                    walk(inner)
            case dict():
                for name, inner in value.items():
                    if isinstance(inner, dict) and "edges" in inner:
                        found.setdefault(name, {}).update(dict.fromkeys(edge["cursor"] for edge in inner["edges"]))
                    walk(inner)

    for document in seeds(reader):
        walk(ask(document)["data"])
    assert found, "a reader comes to some list"
    return replace(reader, cursors={name: tuple(cursors) for name, cursors in found.items()})


@st.composite
def operations(draw: Callable[[st.SearchStrategy[Any]], Any], reader: Reader) -> Written:
    """Valid operations of that reader."""
    return _Writer(lambda first, last: draw(st.integers(first, last)), reader).document()


def operation_at_random(reader: Reader, rng: Random) -> Written:
    """One of them, without hypothesis: it cannot be shrunk, and is written in a twentieth of the time."""
    return _Writer(rng.randint, reader).document()
