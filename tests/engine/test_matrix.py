"""The table, cell by cell, against rows: every field x reader x standing x record class that can occur is executed.

A cell is a reader of `PROFILES`, a standing, a field of the whole graph and a record class. For each reader one
document for each root walks to every (type, standing) that he reaches and selects every field there; it is asked of
people, households, books and employers that together hold a value in every column of every class. The answers must be
the oracle's, to the order of keys and lists; and what the oracle met on the way is counted:

    shown, masked    a value that was there was compared as it is, or with its mask
    denied here      a value that was there came as null, or its row was left out, because of the row's class
    denied at all    the field is unknown in the reader's schema, or refused as not shared on this path
    out of universe  a row of that class was there and is absent

Whatever could have been met and was not fails the test. What cannot be met is counted by its reason.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from graphql import GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema, get_named_type

from hub.engine import Engine, open_engine
from hub.model.request import Request
from hub.model.viewer import Audience, Profile, RecordClass, Standing, Universe, Viewer
from hub.policy import profiles
from tests.engine import oddities
from tests.engine.country import PROFILES, PURPOSE, Country, load_graph
from tests.engine.oracle import (
    FIELDS,
    NAME_OF_NOBODY,
    TYPES,
    Cursors,
    Elsewhere,
    Knowledge,
    Met,
    Oracle,
    Rows,
    Tables,
    Total,
    Totals,
)
from tests.engine.rules import DENY, GIVES, SHOW, Rules, Where, after, is_list_part, universe
from tests.engine.test_oracle import Pairs, in_order, marked

Composite = GraphQLObjectType | GraphQLInterfaceType
Place = tuple[str, Standing]
"""A type, and how the reader stands to its objects."""

Cell = tuple[str, Standing, Where, RecordClass | None]
"""Reader, standing, field, class; None for what has no class."""


# Keys that together reach a value of every column in every class


@dataclass(frozen=True, slots=True)
class Cover:
    """Numbers of people, codes of books, ids of households and tax codes of employers."""

    numbers: tuple[str, ...]
    books: tuple[str, ...]
    households: tuple[str, ...]
    employers: tuple[str, ...]


def cover_of(tables: Tables) -> Cover:
    """All that were added by hand, and of every table and class rows that together have a value in every column."""
    numbers = dict.fromkeys(oddities.NUMBERS)
    for of in RecordClass:
        by_id = {row["id"]: row["personal_id"] for row in tables.rows[of, "person"]}
        for table in TYPES:
            rows = tables.rows[of, table]
            if table in ("household", "employer", "employer_unit", "facility"):
                continue
            for row in _one_for_each_column(rows):
                number = (
                    row.get("guardian_personal_id")
                    or (by_id.get(row["person_id"]) if "person_id" in row else None)
                    or row.get("personal_id")
                )
                if number is not None:
                    numbers[number] = None
    books = [
        row["book_code"] for of in RecordClass for row in tables.rows[of, "book"][:2] + tables.rows[of, "book"][-2:]
    ]
    households = [row["id"] for of in RecordClass for row in _one_for_each_column(tables.rows[of, "household"])]
    employers = dict.fromkeys(oddities.EMPLOYERS)
    for of in RecordClass:
        employers.update(dict.fromkeys(row["tax_code"] for row in _one_for_each_column(tables.rows[of, "employer"])))
    for of in RecordClass:
        for number in list(numbers):
            for row in tables.where(of, "participant", "personal_id", number):
                if row["employer_tax_code"] is not None:
                    employers[row["employer_tax_code"]] = None
    return Cover(
        tuple(numbers),
        tuple(books),
        (oddities.HOUSEHOLD, oddities.DEFENCE_HOUSEHOLD, oddities.NO_HOUSEHOLD, *households),
        tuple(employers),
    )


def _one_for_each_column(rows: list[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Few rows that have every column that some row has."""
    wanted = {name for row in rows[:1] for name in row}
    for row in rows:
        found = {name for name in wanted if row[name] is not None}
        if found:
            wanted -= found
            yield row


# Where a reader comes


@dataclass(frozen=True, slots=True)
class Way:
    """A root field with its document, and the places it comes to."""

    root: str
    start: str
    document: str
    places: frozenset[Place]


class _Walk:
    """Walks the whole graph for one reader as the rules allow it, breadth first: each place once."""

    def __init__(self, api: GraphQLSchema, rules: Rules, profile: Profile) -> None:
        self.api = api
        self.rules = rules
        self.profile = profile

    def ways(self) -> Iterator[Way]:
        query = self.api.query_type
        assert query is not None
        for root in query.fields:
            if self.rules.usable(self.profile, None, ("Query", root)):
                inner = get_named_type(query.fields[root].type).name
                start = (inner, after(None, ("Query", root)))
                tree = self.tree(start)
                yield Way(root, inner, f"{self.head(root)} {self.text(start, tree)} }}", frozenset(tree))

    def head(self, root: str) -> str:
        """A root field with its arguments. Who is not shown numbers searches by name."""
        where = ("Query", root)
        by_name = root == "searchPersons" and not self.rules.comparable(self.profile, None, where, "number")
        return "query ($k: String!) { searchPersons(name: $k)" if by_name else ARGUMENTS[root]

    def fields(self, place: Place) -> Iterator[tuple[str, Where, str | None]]:
        """The fields of a place that are shared there: name, field, and the type it leads to."""
        of = self.api.type_map[place[0]]
        assert isinstance(of, Composite)
        for name, found in of.fields.items():
            inner = get_named_type(found.type)
            if self.rules.usable(self.profile, place[1], (place[0], name)):
                yield name, (place[0], name), inner.name if isinstance(inner, Composite) else None

    def concrete(self, name: str) -> list[str]:
        return concrete_types(self.api, name)

    def tree(self, start: Place) -> dict[Place, dict[str, Place]]:
        """Place -> the fields that lead on from it to places not met before."""
        found: dict[Place, dict[str, Place]] = {start: {}}
        waiting = [start]
        for place in waiting:
            for name, where, inner in self.fields(place):
                if inner is None:
                    continue
                there = (inner, after(place[1], where))
                if there not in found:
                    found[place][name] = there
                    found[there] = {}
                    waiting.append(there)
            for concrete in self.concrete(place[0]):
                found[concrete, place[1]] = {}
                waiting.append((concrete, place[1]))
        return found

    def text(self, place: Place, tree: Mapping[Place, Mapping[str, Place]]) -> str:
        """The selection of every field of a place."""
        parts = ["__typename"]
        for name, _, inner in self.fields(place):
            page = "(first: 5)" if name == "participants" else ""
            if inner is None:
                parts.append(name)
            elif name in tree[place]:
                parts.append(f"{name}{page} {self.text(tree[place][name], tree)}")
            else:
                parts.append(f"{name}{page} {{ __typename }}")
        parts += [f"... on {one} {self.text((one, place[1]), tree)}" for one in self.concrete(place[0])]
        return f"{{ {' '.join(parts)} }}"


ARGUMENTS = {
    "me": "{ me",
    "persons": "{ persons(first: 5)",
    "households": "{ households(first: 5)",
    "employers": "{ employers(first: 5)",
    "searchPersons": "query ($k: String!) { searchPersons(number: $k)",
    "person": "query ($k: PersonalId!) { person(personalId: $k)",
    "people": "query ($k: [PersonalId!]!) { people(personalIds: $k)",
    "household": "query ($k: ID!) { household(householdId: $k)",
    "insuranceBook": "query ($k: BookCode!) { insuranceBook(bookCode: $k)",
    "employer": "query ($k: TaxCode!) { employer(taxCode: $k)",
}


# What was executed


@dataclass(slots=True)
class Executed:
    """The cells that were met, and the places that can be come to at all."""

    given: dict[Cell, set[str]] = field(default_factory=lambda: defaultdict(set))
    refused: set[tuple[str, Standing, Where]] = field(default_factory=set)
    absent: set[tuple[str, Standing, str, RecordClass]] = field(default_factory=set)
    places: dict[str, set[Place]] = field(default_factory=dict)
    documents: int = 0
    requests: int = 0


class Matrix:
    """Asks everything as every reader, and notes what was met."""

    def __init__(self, engine: Engine, runner: asyncio.Runner, knowledge: Knowledge) -> None:
        self.engine = engine
        self.runner = runner
        self.knowledge = knowledge
        self.api = engine.built.supergraph.api
        self.cover = cover_of(knowledge.tables)
        self.executed = Executed()
        self.cursors: dict[Profile, Cursors] = defaultdict(Cursors)

    def ask(self, document: str, variables: Mapping[str, Any], viewer: Viewer) -> Any:
        self.executed.requests += 1
        request = Request(document, None, variables, PURPOSE)
        body = self.runner.run(self.engine.execute(request, viewer)).body
        return json.loads(body, object_pairs_hook=Pairs)

    def reader(self, name: str) -> None:
        """All of one reader."""
        profile = PROFILES[name]
        met = Met()
        ways = list(_Walk(self.api, self.knowledge.rules, profile).ways())
        self.executed.places[name] = {place for way in ways for place in way.places}
        for way in ways:
            self.executed.documents += 1
            for viewer, variables in self.questions(way.root, profile):
                self.compare(way.document, variables, viewer, met)
        for (standing, where, of), effects in met.cells.items():
            self.executed.given[name, standing, where, of] |= effects
        self.executed.absent |= {(name, *one) for one in met.absent}
        for way in ways:
            self.refusals(name, profile, way)
        self.roots(name, profile)

    def questions(self, root: str, profile: Profile) -> Iterator[tuple[Viewer, Mapping[str, Any]]]:
        match root:
            case "me":
                for number in self.cover.numbers:
                    yield Viewer(profile, number), {}
            case "persons" | "households" | "employers":
                yield Viewer(profile), {}
            case "searchPersons":
                by_number = self.knowledge.rules.comparable(profile, None, ("Query", root), "number")
                yield Viewer(profile), {"k": oddities.RENEWED if by_number else NAME_OF_NOBODY}
            case "people":
                yield Viewer(profile), {"k": list(self.cover.numbers)}
            case "person":
                yield Viewer(profile), {"k": oddities.THREEFOLD}
            case "household":
                yield from ((Viewer(profile), {"k": key}) for key in self.cover.households)
            case "insuranceBook":
                yield from ((Viewer(profile), {"k": key}) for key in self.cover.books)
            case "employer":
                yield from ((Viewer(profile), {"k": key}) for key in self.cover.employers)
            case other:
                raise AssertionError(f"`{other}` is a root field without questions")

    def compare(self, document: str, variables: Mapping[str, Any], viewer: Viewer, met: Met) -> None:
        cursors = self.cursors[viewer.profile]
        expected = Oracle(self.knowledge, viewer.profile, viewer.subject, met, cursors).answer(document, variables)
        assert not expected.errors
        found = dict(self.ask(document, variables, viewer))
        assert "errors" not in found, found["errors"]
        assert marked(cursors.read(found["data"], expected.data)) == marked(in_order(expected.data))

    # What is denied in every class

    def roots(self, name: str, profile: Profile) -> None:
        """Every root field that is not there for the reader."""
        query = self.api.query_type
        assert query is not None
        for root in query.fields:
            if self.knowledge.rules.usable(profile, None, ("Query", root)):
                continue
            variables = {"k": _KEYS[root]} if root in _KEYS else {}
            found = dict(self.ask(f"{ARGUMENTS[root]} {{ __typename }} }}", variables, Viewer(profile)))
            messages = [dict(error)["message"] for error in found["errors"]]
            assert any(message.startswith(f"Cannot query field '{root}' on type 'Query'.") for message in messages)
            self.executed.refused.add((name, after(None, ("Query", root)), ("Query", root)))

    def refusals(self, name: str, profile: Profile, way: Way) -> None:
        """Every field of every place that no class gives: unknown in the schema, or refused as not shared here."""
        contract = self.engine.contract(profile)
        tree = _Walk(self.api, self.knowledge.rules, profile)
        start = (way.start, after(None, ("Query", way.root)))
        for place, path in _paths(tree, start).items():
            of = self.api.type_map[place[0]]
            assert isinstance(of, Composite)
            denied = [
                one
                for one in of.fields
                if not self.knowledge.rules.usable(profile, place[1], (place[0], one))
                and (name, place[1], (place[0], one)) not in self.executed.refused
            ]
            known = getattr(contract.type_map[place[0]], "fields", {})
            for unknown in _by(15, [one for one in denied if one not in known]):
                self.refused(way.root, path, place, unknown, "GRAPHQL_VALIDATION_FAILED", profile)
            for shared_elsewhere in _by(15, [one for one in denied if one in known]):
                self.refused(way.root, path, place, shared_elsewhere, "NOT_SHARED", profile)
            self.executed.refused |= {(name, place[1], (place[0], one)) for one in denied}

    def refused(
        self, root: str, path: tuple[str, ...], place: Place, fields: list[str], code: str, profile: Profile
    ) -> None:
        of = self.api.type_map[place[0]]
        assert isinstance(of, Composite)
        leaves = [f"{one} {{ __typename }}" if _is_composite(of, one) else one for one in fields]
        head = _Walk(self.api, self.knowledge.rules, profile).head(root)
        document = f"{head} {{ {' { '.join((*path, ' '.join(leaves)))} {'} ' * len(path)} }} }}"
        variables = {"k": _KEYS[root]} if root in _KEYS else {}
        found = dict(self.ask(document, variables, Viewer(profile, oddities.RENEWED)))
        assert list(found) == ["errors"]
        errors = [dict(error) for error in found["errors"]]
        assert {dict(error["extensions"])["code"] for error in errors} == {code}
        words = {error["message"].split(" is not shared here")[0].split(" on type ")[0] for error in errors}
        if code == "NOT_SHARED":
            assert words == {f"`{one}`" for one in fields}
        else:
            assert words == {f"Cannot query field '{one}'" for one in fields}


_KEYS: Mapping[str, Any] = {
    "person": oddities.RENEWED,
    "people": [oddities.RENEWED],
    "household": oddities.HOUSEHOLD,
    "insuranceBook": "SO-RENEWED",
    "employer": oddities.SHARED_EMPLOYER,
    "searchPersons": oddities.RENEWED,
}


def _is_composite(of: Composite, name: str) -> bool:
    return isinstance(get_named_type(of.fields[name].type), Composite)


def _by(size: int, items: list[str]) -> Iterator[list[str]]:
    for first in range(0, len(items), size):
        yield items[first : first + size]


def _paths(walk: _Walk, start: Place) -> dict[Place, tuple[str, ...]]:
    """Place -> the fields and fragments that lead to it."""
    tree = walk.tree(start)
    found: dict[Place, tuple[str, ...]] = {start: ()}
    waiting = [start]
    for place in waiting:
        onward = [(name, there) for name, there in tree[place].items()]
        onward += [(f"... on {one}", (one, place[1])) for one in walk.concrete(place[0])]
        for step, there in onward:
            found[there] = (*found[place], step)
            waiting.append(there)
    return found


# What could be met


class Everything(Rules):
    """Rules that show everything: by them it is found what there is."""

    def __init__(self, rules: Rules) -> None:
        self.labels, self.interfaces = rules.labels, rules.interfaces

    def effect(self, profile: Profile, standing: Standing, where: Where, of: RecordClass) -> str:
        return SHOW


def what_there_is(knowledge: Knowledge, cover: Cover) -> Mapping[Where, set[RecordClass | None]]:
    """Field -> the classes in which the cover comes to a value of it."""
    profile = Profile(Audience.OFFICER, others=Universe.ALL)
    rules = Everything(knowledge.rules)
    met = Met()
    oracle = Oracle(replace(knowledge, rules=rules), profile, None, met)
    keys = {"people": [list(cover.numbers)], "employer": cover.employers, "household": cover.households}
    for way in _Walk(knowledge.schema, rules, profile).ways():
        for key in keys.get(way.root, ()):
            assert not oracle.answer(way.document, {"k": key}).errors
    found: dict[Where, set[RecordClass | None]] = defaultdict(set)
    for _, where, of in met.cells:
        for one in (where, *((name, where[1]) for name in rules.interfaces[where[0]] if where in rules.labels)):
            found[one].add(of)
    return found


def left_out(tables: Tables, has: Mapping[Where, set[RecordClass | None]], rules: Rules) -> list[str]:
    """Columns that have a value in a class of the country, and that the cover comes to no value of."""
    found = []
    for table, name in TYPES.items():
        for of in RecordClass:
            for column in {name for row in tables.rows[of, table] for name, value in row.items() if value is not None}:
                first, *rest = column.split("_")
                where = (name, first + "".join(word.capitalize() for word in rest))
                if where in rules.labels and of not in has[where]:
                    found.append(f"{'.'.join(where)} {of}")
    return found


@dataclass(slots=True)
class Reckoning:
    """The cells by what became of them."""

    met: Counter[str] = field(default_factory=Counter)
    impossible: Counter[str] = field(default_factory=Counter)
    missed: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    empty: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))


class _Reckoner:
    """Holds every cell against the table and against what was met."""

    def __init__(self, matrix: Matrix, has: Mapping[Where, set[RecordClass | None]]) -> None:
        self.executed = matrix.executed
        self.rules = matrix.knowledge.rules
        self.api = matrix.api
        self.has = has
        self.with_rows = {one for of in TYPES.values() for one in (of, *concrete_types(self.api, of))} | CLASSLESS
        self.found = Reckoning()

    def all(self) -> Reckoning:
        for name, profile in PROFILES.items():
            for where in self.rules.labels:
                if where[0] == "Query":
                    self.root(name, profile, where)
                    continue
                for standing in standings(profile):
                    self.field(name, profile, standing, where)
        return self.found

    def root(self, name: str, profile: Profile, where: Where) -> None:
        standing = after(None, where)
        if self.rules.usable(profile, None, where):
            self.cell((name, standing, where, None), {SHOW})
        elif (name, standing, where) in self.executed.refused:
            self.found.met["denied at all: unknown or refused"] += 1
        else:
            self.found.missed.append(f"{name} {'.'.join(where)}: not refused")

    def field(self, name: str, profile: Profile, standing: Standing, where: Where) -> None:
        found = self.found
        if (where[0], standing) not in self.executed.places[name]:
            found.impossible["the reader does not come to the type at this standing"] += len(RecordClass)
        elif not self.rules.usable(profile, standing, where):
            if (name, standing, where) in self.executed.refused:
                found.met["denied at all: unknown or refused"] += len(RecordClass)
            else:
                found.missed.append(f"{name} {standing} {'.'.join(where)}: not refused")
        elif None in self.has[where]:
            found.impossible["the object is made of a key alone and has no class"] += len(RecordClass) - 1
            self.cell((name, standing, where, None), set(self.rules.given(profile, standing, where).values()))
        else:
            for of in RecordClass:
                if of not in self.has[where]:
                    found.impossible["no row of the class has a value there"] += 1
                    found.empty[of].add(".".join(where))
                elif not self.stands(name, profile, (where[0], standing), of):
                    found.impossible["what it stands in is denied in the class"] += 1
                elif of in self.classes(profile, standing, where):
                    self.cell((name, standing, where, of), {self.rules.effect(profile, standing, where, of)})
                else:
                    self.outside(name, standing, where, of)

    def classes(self, profile: Profile, standing: Standing, where: Where) -> set[RecordClass]:
        """The classes a field's value can be of: those of its row, for other rows those that are read there too."""
        spec = FIELDS.get(where)
        inner = spec.then if isinstance(spec, Elsewhere) else spec
        at = {standing, after(standing, where)} if isinstance(inner, Rows) else {standing}
        return {of for of in RecordClass if all(of in universe(profile, one) for one in at)}

    def stands(self, name: str, profile: Profile, place: Place, of: RecordClass) -> bool:
        """Whether some object of a place that stands in other rows is given in a class; what has rows always is."""
        if place[0] in self.with_rows or of not in universe(profile, place[1]):
            return True
        return any(
            self.rules.effect(profile, place[1], where, of) != DENY and self.stands(name, profile, owner, of)
            for owner in self.executed.places[name]
            if owner[1] is place[1]
            for where in self.leading(owner[0], place[0])
        )

    def leading(self, owner: str, to: str) -> list[Where]:
        """The fields of a type that give an object of another."""
        fields = getattr(self.api.type_map[owner], "fields", {})
        return [(owner, one) for one, found in fields.items() if get_named_type(found.type).name == to]

    def cell(self, cell: Cell, expected: set[str]) -> None:
        name, standing, where, of = cell
        said: set[str] = set()
        for one in (where[0], *concrete_types(self.api, where[0])):
            said |= self.executed.given.get((name, standing, (one, where[1]), of), set())
        if not said:
            self.found.missed.append(f"{name} {standing} {'.'.join(where)} {of}: {expected}")
        elif said != expected:
            self.found.wrong.append(f"{name} {standing} {'.'.join(where)} {of}: {said}, not {expected}")
        else:
            (effect,) = said
            self.found.met["shown" if effect == SHOW else "denied in the class" if effect == DENY else "masked"] += 1

    def outside(self, name: str, standing: Standing, where: Where, of: RecordClass) -> None:
        if any((name, *holder, of) in self.executed.absent for holder in self.holders(standing, where)):
            self.found.met["out of the universe: the row is absent"] += 1
        else:
            self.found.missed.append(f"{name} {standing} {'.'.join(where)} {of}: no row of the class was absent")

    def holders(self, standing: Standing, where: Where) -> Iterator[tuple[Standing, str]]:
        """The types whose rows the values of a field stand in, and how the reader stands to them."""
        spec = FIELDS.get(where)
        inner = spec.then if isinstance(spec, Elsewhere) else spec
        if isinstance(inner, Rows):
            names, at = (TYPES[inner.table], *IN_CLASS_OF.get(TYPES[inner.table], ())), after(standing, where)
        elif isinstance(inner, Total | Totals):
            names, at = ("Contribution",), standing
        elif isinstance(spec, Elsewhere):
            names, at = ("HouseholdMember",), standing
        else:
            names, at = tuple(self.rows_of(where[0])), standing
        for one in names:
            yield from ((at, concrete) for concrete in (one, *concrete_types(self.api, one)))

    def rows_of(self, name: str) -> Iterator[str]:
        """The type itself if it has rows, otherwise those in whose rows it stands."""
        if name in self.with_rows:
            yield name
            yield from IN_CLASS_OF.get(name, ())
            return
        for owner, fields in self.api.type_map.items():
            if isinstance(fields, Composite) and not owner.startswith("__"):
                for found in fields.fields.values():
                    if get_named_type(found.type).name == name and not isinstance(FIELDS.get((owner, "")), Rows):
                        yield from self.rows_of(owner)


def concrete_types(api: GraphQLSchema, name: str) -> list[str]:
    found = api.type_map[name]
    return [one.name for one in api.get_possible_types(found)] if isinstance(found, GraphQLInterfaceType) else []


def standings(profile: Profile) -> tuple[Standing, ...]:
    return tuple(Standing) if profile.audience is Audience.CITIZEN else (Standing.OFFICIAL,)


CLASSLESS = {"ContributionTotals", "HealthInsurance", "UnemploymentInsurance"}
"""Objects made of a key alone; their fields are made of rows."""

IN_CLASS_OF = {"Contact": ("Person",), "Identifier": ("Person",)}
"""Rows that stand and fall with a row of their own class, by a foreign key."""


# The tests


@pytest.fixture(scope="module")
def matrix(country: Country, knowledge: Knowledge) -> Iterator[Matrix]:
    engine = open_engine(load_graph(), country.settings)
    with asyncio.Runner() as runner:
        yield Matrix(engine, runner, knowledge)
        runner.run(engine.stop())


@pytest.mark.parametrize("name", PROFILES)
def test_every_answer_is_what_the_table_says_it_is(name: str, matrix: Matrix) -> None:
    matrix.reader(name)


def test_every_cell_that_can_occur_was_executed(matrix: Matrix, capsys: pytest.CaptureFixture[str]) -> None:
    for name in PROFILES:
        if name not in matrix.executed.places:
            matrix.reader(name)
    has = what_there_is(matrix.knowledge, matrix.cover)
    lost = left_out(matrix.knowledge.tables, has, matrix.knowledge.rules)
    found = _Reckoner(matrix, has).all()
    with capsys.disabled():
        print(report(matrix.executed, found))
    assert lost == []
    assert found.wrong == []
    assert found.missed == []


def report(executed: Executed, found: Reckoning) -> str:
    """How many cells there are, and what became of them."""
    met, impossible = sum(found.met.values()), sum(found.impossible.values())
    lines = [
        f"matrix: {met} cells executed of {met + impossible + len(found.missed) + len(found.wrong)}",
        f"in {executed.documents} documents and {executed.requests} requests",
        *(f"  {count:6} {what}" for what, count in found.met.most_common()),
        f"cannot occur: {impossible}",
        *(f"  {count:6} {why}" for why, count in found.impossible.most_common()),
        *(f"  without a value in {of}: {', '.join(sorted(fields))}" for of, fields in found.empty.items()),
    ]
    return "\n" + "\n".join(lines)


def test_the_readers_of_the_matrix_are_all_there_are(matrix: Matrix) -> None:
    known = {replace(one, project=None) for one in PROFILES.values()}
    assert known == set(profiles(matrix.engine.built.rules))


def test_the_table_of_standings_is_what_the_graph_declares(matrix: Matrix) -> None:
    declared = matrix.engine.built.declared.transitions
    assert {where: one.to for where, one in declared.items()} == GIVES


def test_every_field_has_a_label_in_its_own_register(matrix: Matrix) -> None:
    api = matrix.api
    fields = {
        (name, one)
        for name, of in api.type_map.items()
        if isinstance(of, Composite) and not name.startswith("__")
        for one in of.fields
    }
    parts = {where for where in fields if is_list_part(where[0])}
    assert matrix.knowledge.rules.structure == parts
    assert set(matrix.knowledge.rules.labels) == fields - parts
