"""The answer by another way: graphql-core, field by field, over rows read with psycopg.

It shares nothing with the policy, the planner, the statements and the executor. What a field means is written here once
more, from the declarations in `schema/` and the tables in `migrations/`: how links find their rows, which class has the
last word, what totals count; and who is given what of it comes from `tests.engine.rules`. Slow and plain on purpose.

    a value stands in a row        null where the row's class denies it, else itself or its mask
    a list, a total, one row       made of the rows whose class gives the field, in the order the reader is shown
    a page of a list               cut from all of it; a cursor is the place of its row, sealed: what it looks like is
                                   not known here, only that each place has one and that it leads back to its place
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
from graphql import (
    DocumentNode,
    ExecutionResult,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    execute_sync,
    get_directive_values,
    get_named_type,
    parse,
)
from graphql import GraphQLIncludeDirective as Include
from graphql import GraphQLSkipDirective as Skip
from graphql.execution import get_variable_values
from psycopg import sql
from psycopg.rows import dict_row

from hub.domain.codes import table as code_table
from hub.model.viewer import Profile, RecordClass, Standing
from tests.engine.rules import DENY, SHOW, Masks, Rules, Where, after, universe

Row = Mapping[str, Any]

TABLES = {
    "population": ("person", "person_identifier", "contact", "relative", "ward"),
    "household": ("household", "member"),
    "insurance": (
        "participant",
        "book",
        "contribution",
        "benefit",
        "health_card",
        "visit",
        "unemployment_period",
    ),
    "employer": ("employer", "employer_unit", "facility"),
}


class Tables:
    """All rows of the country by class and table, found by the value of any column."""

    def __init__(self, rows: Mapping[tuple[RecordClass, str], list[Row]]) -> None:
        self.rows = rows
        self._indexes: dict[tuple[RecordClass, str, str], dict[Any, list[Row]]] = {}

    def where(self, of: RecordClass, table: str, column: str, value: Any) -> list[Row]:
        """The rows of one class with that value; none for null, as in SQL."""
        if value is None:
            return []
        index = self._indexes.get((of, table, column))
        if index is None:
            index = self._indexes[of, table, column] = defaultdict(list)
            for row in self.rows[of, table]:
                index[row[column]].append(row)
        return index.get(value, [])

    def column(self, table: str, column: str, classes: Iterable[RecordClass] = tuple(RecordClass)) -> list[Any]:
        """All values of a column that are not null, in the order of the classes."""
        return [row[column] for of in classes for row in self.rows[of, table] if row[column] is not None]


def read_tables(owner_dsns: Mapping[str, str]) -> Tables:
    """Reads every table of the four databases."""
    rows: dict[tuple[RecordClass, str], list[Row]] = {}
    for source, names in TABLES.items():
        with psycopg.connect(owner_dsns[source], row_factory=dict_row) as connection:
            for of in RecordClass:
                for name in names:
                    found = connection.execute(sql.SQL("select * from {}").format(sql.Identifier(of.value, name)))
                    rows[of, name] = [{column: _plain(value) for column, value in row.items()} for row in found]
    return Tables(rows)


def _plain(value: Any) -> Any:
    match value:
        case UUID():
            return str(value)
        case datetime():
            return value.strftime("%Y-%m-%dT%H:%M:%S+07:00")
        case date():
            return value.isoformat()
        case Decimal():
            return float(value)
        case _:
            return value


@dataclass(frozen=True, slots=True)
class Thing:
    """An object of the answer: the row it stands on, how the reader stands to it, and the class of the row.

    What is made of keys alone has no class.
    """

    row: Row
    standing: Standing
    of: RecordClass | None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row stands in the lists of a name within a universe: what a cursor says.

    One key may stand in several classes.
    """

    list: str
    within: tuple[RecordClass, ...]
    of: RecordClass | None
    key: Any


@dataclass(frozen=True, slots=True)
class Edge:
    """A row and its place."""

    node: Thing
    cursor: Place


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a list, and what is said of it."""

    edges: tuple[Edge, ...]
    total: int
    before: bool
    behind: bool


@dataclass(slots=True)
class Cursors:
    """The cursors of one reader, learned from answers: each leads to one place, and each place has one."""

    places: dict[str, Place] = field(default_factory=dict)
    cursors: dict[Place, str] = field(default_factory=dict)

    def read(self, found: Any, expected: Any) -> Any:
        """An answer with the places of the oracle's answer where that has them; learns which cursors they are."""
        match found, expected:
            case str(), Place():
                assert self.places.setdefault(found, expected) == expected, "two places have one cursor"
                assert self.cursors.setdefault(expected, found) == found, "a place has two cursors"
                return expected
            case list(), dict() if len(found) == len(expected):  # an object of JSON with its order
                return type(found)((key, self.read(value, expected.get(key))) for key, value in found)
            case list(), list() if len(found) == len(expected):
                return [self.read(*both) for both in zip(found, expected, strict=True)]
            case _:
                return found


@dataclass(slots=True)
class Met:
    """What was met on the way: which cells of the table decided something of real rows.

    cells   (standing, field, class) -> the effects that decided over a value that was there
    absent  (standing, type, class) of rows that were found and are in no class of the reader's universe
    """

    cells: dict[tuple[Standing, Where, RecordClass | None], set[str]] = field(default_factory=lambda: defaultdict(set))
    absent: set[tuple[Standing, str, RecordClass]] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What every oracle knows: the whole graph, the rows, the rules and the masks."""

    schema: GraphQLSchema
    tables: Tables
    rules: Rules
    masks: Masks


PARTS: Mapping[str, Callable[[Any], Any]] = {
    "nodes": lambda page: [edge.node for edge in page.edges],
    "edges": lambda page: page.edges,
    "pageInfo": lambda page: page,
    "totalCount": lambda page: page.total,
    "hasNextPage": lambda page: page.behind,
    "hasPreviousPage": lambda page: page.before,
    "startCursor": lambda page: page.edges[0].cursor if page.edges else None,
    "endCursor": lambda page: page.edges[-1].cursor if page.edges else None,
    "node": lambda edge: edge.node,
    "cursor": lambda edge: edge.cursor,
}
"""The parts of a page, its information and its edges; no two have a name in common."""

Resolver = Callable[["Oracle", Thing, Mapping[str, Any]], Any]

REGIMES = {
    "SICK": "ShortTermBenefit",
    "MATERNITY": "ShortTermBenefit",
    "RECOVERY": "ShortTermBenefit",
    "ACCIDENT": "AccidentBenefit",
    "PENSION": "Pension",
    "SOCIAL_PENSION": "Pension",
    "ONE_TIME": "OneTimeBenefit",
    "SURVIVOR": "OneTimeBenefit",
}


class Oracle:
    """Answers operations for one reader, from the rows of his universes."""

    def __init__(
        self,
        knowledge: Knowledge,
        profile: Profile,
        subject: str | None = None,
        met: Met | None = None,
        cursors: Cursors | None = None,
    ) -> None:
        self.schema = knowledge.schema
        self.tables = knowledge.tables
        self.rules = knowledge.rules
        self.masks = knowledge.masks
        self.profile = profile
        self.subject = subject
        self.met = met or Met()
        self.cursors = cursors or Cursors()
        self._effects: dict[tuple[Standing, Where, RecordClass | None], str] = {}

    def answer(
        self, document: str, variables: Mapping[str, Any] | None = None, name: str | None = None
    ) -> ExecutionResult:
        """The result of a valid operation that is shared with the reader."""
        result = execute_sync(
            self.schema,
            parse(document),
            variable_values=dict(variables or {}),
            operation_name=name,
            field_resolver=self._resolve,
            type_resolver=lambda thing, *_: REGIMES[thing.row["regime"]],
        )
        assert isinstance(result, ExecutionResult)
        return result

    def refusals(
        self, document: str, variables: Mapping[str, Any] | None = None, name: str | None = None
    ) -> frozenset[str]:
        """What a valid operation is refused with, because it is not shared on its path."""
        return frozenset(_Refusing(self, parse(document), dict(variables or {}), name).all())

    def _resolve(self, thing: Thing | Page | Edge | None, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        where = (info.parent_type.name, info.field_name)
        if isinstance(thing, Page | Edge):
            return PARTS[info.field_name](thing)
        if thing is None:
            self._note(after(None, where), where, None, SHOW, "")
            return ROOTS[info.field_name](self, arguments)
        return self.value(where, FIELDS.get(where), thing, arguments)

    def value(self, where: Where, spec: Spec | None, thing: Thing, arguments: Mapping[str, Any]) -> Any:
        """The value of a field of an object, as the reader is given it."""
        match spec:
            case Elsewhere():
                there = spec.row(self, thing)
                if there is None:
                    return [] if isinstance(spec.then, Rows) and spec.then.many else None
                return self.value(where, spec.then, there, arguments)
            case Rows():
                return self.rows(where, spec, thing, arguments)
            case Totals():
                return self.lines(where, thing)
            case Total():
                return self.total(where, spec, thing)
        if isinstance(spec, Link):  # not in the match above, because a resolver is no class
            key = {there: thing.row[here] for there, here in spec.key.items()}
            if any(value is None for value in key.values()):
                return None
            shown = self.effect(thing.standing, where, thing.of, whole=True) != DENY
            self._note(thing.standing, where, thing.of, SHOW if shown else DENY, key)
            return self.follow(spec, key, after(thing.standing, where)) if shown else None
        if where[1] == "recordClass":
            assert thing.of is not None
            found: Any = thing.of.name
        elif spec is not None:
            found = spec(self, thing, arguments)
        else:
            found = thing.row["".join(f"_{one.lower()}" if one.isupper() else one for one in where[1])]
        effect = self.effect(thing.standing, where, thing.of, whole=isinstance(found, Thing))
        self._note(thing.standing, where, thing.of, effect, found)
        return None if effect == DENY else self.given(effect, found)

    # What the table says

    def effect(self, standing: Standing, where: Where, of: RecordClass | None, *, whole: bool = False) -> str:
        """The effect in a class. What has no class shows a `whole` object if some class does, a value if all do."""
        known = self._effects.get((standing, where, of))
        if known is None:
            if of is not None:
                known = self.rules.effect(self.profile, standing, where, of)
            else:
                words = set(self.rules.given(self.profile, standing, where).values())
                known = words.pop() if len(words) == 1 else SHOW if whole and words != {DENY} else DENY
            self._effects[standing, where, of] = known
        return known

    def given(self, effect: str, value: Any) -> Any:
        """The value or its mask."""
        if value is None or effect == SHOW:
            return value
        return self.masks.masked(effect, str(value), self.profile)

    def _note(self, standing: Standing, where: Where, of: RecordClass | None, effect: str, value: Any) -> None:
        if value is not None:
            self.met.cells[standing, where, of].add(effect)

    # Rows of the reader's universe

    def classes(self, standing: Standing) -> tuple[RecordClass, ...]:
        return universe(self.profile, standing)

    def all(self, standing: Standing, table: str, **match: Any) -> list[Thing]:
        """The rows of every class of the universe that match, later classes behind."""
        first, *more = match.items() or (None,)
        return [
            Thing(row, standing, of)
            for of in RecordClass
            for row in (self.tables.rows[of, table] if first is None else self.tables.where(of, table, *first))
            if all(row[other] == wanted for other, wanted in more) and self._here(standing, table, of, row)
        ]

    def _here(self, standing: Standing, table: str, of: RecordClass, row: Row) -> bool:
        """Whether a row is in the universe at all; notes those that are not."""
        if of in self.classes(standing):
            return True
        name = REGIMES[row["regime"]] if table == "benefit" else TYPES[table]
        self.met.absent.add((standing, name, of))
        return False

    def last(self, standing: Standing, table: str, **match: Any) -> Thing | None:
        """The row of the class that has the last word."""
        found = self.all(standing, table, **match)
        return found[-1] if found else None

    def rows(
        self, where: Where, spec: Rows, thing: Thing, arguments: Mapping[str, Any]
    ) -> list[Thing] | Page | Thing | None:
        """Other rows: those whose class gives the field."""
        below = after(thing.standing, where)
        found = []
        for one in self.all(below, spec.table, **{there: thing.row[here] for there, here in spec.on.items()}):
            assert one.of is not None
            if spec.keep is None or spec.keep(one.row):
                effect = self.effect(thing.standing, where, one.of)
                self._note(thing.standing, where, one.of, effect, one)
                if effect != DENY:
                    found.append(one)
        given = [of for of in self.classes(below) if self.effect(thing.standing, where, of) != DENY]

        def place(one: Thing) -> list[tuple[bool, Any]]:
            shown = [self._place(spec, name, one, given) for name in spec.order]
            return [*shown, (False, one.of and list(RecordClass).index(one.of))]

        found.sort(key=place)
        if not spec.many:
            # The class of authority comes first, then the order.
            ranked = sorted(
                found, key=lambda one: list(RecordClass).index(one.of or RecordClass.CIVILIAN), reverse=True
            )
            return ranked[0] if ranked else None
        return self.page(where[1], spec, found, place, below, arguments) if spec.usual else found

    def page(
        self,
        name: str,
        spec: Rows,
        found: list[Thing],
        place: Callable[[Thing], list[tuple[bool, Any]]],
        standing: Standing,
        arguments: Mapping[str, Any],
    ) -> Page:
        """The part of a list that is asked for. Source: Relay, "GraphQL Cursor Connections Specification"."""
        after, before = (
            None if arguments.get(one) is None else place(self.there(name, spec, arguments[one], standing))
            for one in ("after", "before")
        )
        within = [
            one for one in found if (after is None or place(one) > after) and (before is None or place(one) < before)
        ]
        last = arguments.get("last")
        size = last or arguments.get("first") or spec.usual
        more = len(within) > size
        behind = before is not None and any(place(one) >= before for one in found)
        ahead = after is not None and any(place(one) <= after for one in found)
        classes = self.classes(standing)
        edges = (
            Edge(one, Place(name, classes, one.of, one.row[spec.order[-1]]))
            for one in (within[-size:] if last else within[:size])
        )
        return Page(
            tuple(edges),
            len(found),
            before=more if last else ahead,
            behind=behind if last else more,
        )

    def there(self, name: str, spec: Rows, cursor: str, standing: Standing) -> Thing:
        """The row whose place a cursor is, wherever it stands today."""
        place = self.cursors.places[cursor]
        assert (place.list, place.within) == (name, self.classes(standing))
        assert place.of is not None
        (row,) = self.tables.where(place.of, spec.table, spec.order[-1], place.key)
        return Thing(row, standing, place.of)

    def _place(self, spec: Rows, column: str, thing: Thing, given: list[RecordClass]) -> tuple[bool, Any]:
        """The value of a column by which a list is ordered, as the reader is shown it; what is null comes last.

        The last column is unique and random: it breaks ties also where no class shows it, in a page as it is.
        """
        shown_by = (TYPES[spec.table], _camel(column))
        value = thing.row[column]
        if shown_by in self.rules.labels and not (spec.usual and column == spec.order[-1]):
            nowhere = all(self.effect(thing.standing, shown_by, of) == DENY for of in given)
            effect = SHOW if nowhere and column == spec.order[-1] else self.effect(thing.standing, shown_by, thing.of)
            value = None if effect == DENY else self.given(effect, value)
        return value is None, value

    def lines(self, where: Where, thing: Thing) -> Thing:
        """The payment history as totals count it: which lines count is decided for each total."""
        found = []
        for one in self.all(thing.standing, "contribution", personal_id=thing.row["personal_id"]):
            effect = self.effect(thing.standing, where, one.of)
            self._note(thing.standing, where, one.of, effect, one)
            if effect != DENY:
                found.append(one)
        return Thing({"lines": found}, thing.standing, None)

    def total(self, where: Where, spec: Total, totals: Thing) -> Any:
        """A total over the lines of the classes that give it and what it is computed from."""
        read = (where, *((where[0], name) for name in spec.inputs))
        counted = []
        for line in totals.row["lines"]:
            denied = DENY in {self.effect(totals.standing, one, line.of) for one in read}
            self._note(totals.standing, where, line.of, DENY if denied else SHOW, line)
            if not denied:
                counted.append(line.row)
        return spec.count(counted)

    def person(self, standing: Standing, number: str | None) -> Thing | None:
        """The person who has or had that number."""
        found = None
        for of in RecordClass:
            for identifier in self.tables.where(of, "person_identifier", "value", number):
                if identifier["scheme"] == "PERSONAL_ID":
                    (row,) = self.tables.where(of, "person", "id", identifier["person_id"])
                    if self._here(standing, "person", of, row):
                        found = Thing(row, standing, of)
        return found

    def follow(self, link: Link, key: Mapping[str, Any], standing: Standing) -> Thing | None:
        """What a link leads to; null where nothing has its key."""
        if link.to == "Person":
            return self.person(standing, key["personal_id"])
        return self.last(standing, FOUND_IN[link.to], **key)

    def membership(self, person: Thing) -> Thing | None:
        """The row by which the household register knows a person."""
        members = self.all(person.standing, "member", personal_id=person.row["personal_id"])
        today = [one for one in members if one.row["ended_on"] is None]
        return today[-1] if today else None


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


# Fields that are other rows


@dataclass(frozen=True, slots=True)
class Link:
    """A field that leads to an entity by its key: {key column there: column here}. It stands in the row."""

    to: str
    key: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of another table: {column there: column here}, in their order, of those that are kept.

    usual   how many a page holds if nothing is said; 0 for a list that comes whole
    """

    table: str
    on: Mapping[str, str]
    order: tuple[str, ...] = ()
    many: bool = True
    usual: int = 0
    keep: Callable[[Row], bool] | None = None


@dataclass(frozen=True, slots=True)
class Totals:
    """Aggregates over the payment history."""


@dataclass(frozen=True, slots=True)
class Total:
    """One of them. `inputs` are totals that it is computed from."""

    count: Callable[[list[Row]], Any]
    inputs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A field that another row has for the object; without such a row there is nothing."""

    row: Callable[[Oracle, Thing], Thing | None]
    then: Rows | Resolver


Spec = Elsewhere | Link | Resolver | Rows | Total | Totals


FOUND_IN = {
    "Employer": "employer",
    "EmployerUnit": "employer_unit",
    "Facility": "facility",
    "Participant": "participant",
}

TYPES = {
    "person": "Person",
    "person_identifier": "Identifier",
    "contact": "Contact",
    "relative": "Relative",
    "ward": "Ward",
    "household": "Household",
    "member": "HouseholdMember",
    "participant": "Participant",
    "book": "InsuranceBook",
    "contribution": "Contribution",
    "benefit": "BenefitSettlement",
    "health_card": "HealthCard",
    "visit": "Visit",
    "unemployment_period": "UnemploymentPeriod",
    "employer": "Employer",
    "employer_unit": "EmployerUnit",
    "facility": "Facility",
}
"""Table -> the type whose objects are its rows."""


def to_person(column: str) -> Link:
    return Link("Person", {"personal_id": column})


def to_employer(column: str) -> Link:
    return Link("Employer", {"tax_code": column})


def to_facility(column: str) -> Link:
    return Link("Facility", {"code": column})


UNIT = Link("EmployerUnit", {"tax_code": "employer_tax_code", "object_group": "object_group"})


def one_of_person(table: str) -> Rows:
    return Rows(table, {"personal_id": "personal_id"}, many=False)


def pages_of_person(table: str, *order: str) -> Rows:
    return Rows(table, {"personal_id": "personal_id"}, order, usual=1_000)


def rows_of_row(table: str, *order: str) -> Rows:
    return Rows(table, {"person_id": "id"}, order)


def column(name: str) -> Resolver:
    return lambda _oracle, thing, _: thing.row[name]


# Objects that stand in a row


def coded(code: str, on: str | None = None, *, nullable: bool = False) -> Resolver:
    """A code with the day it stands for."""

    def resolve(_oracle: Oracle, thing: Thing, _: Mapping[str, Any]) -> Thing | None:
        value = thing.row[code]
        if nullable and value is None:
            return None
        return replace(thing, row={"code": value, "on": thing.row[on] if on else None})

    return resolve


def name_in(table: str) -> Resolver:
    """The name a code had on its day; today's name where no day belongs to it."""

    def resolve(_oracle: Oracle, thing: Thing, _: Mapping[str, Any]) -> str | None:
        on = thing.row["on"]
        return code_table(table).name(thing.row["code"], date.fromisoformat(on) if on else date.max)

    return resolve


def address(province: str, commune: str, detail: str, since: str, *, nullable: bool = False) -> Resolver:
    def resolve(_oracle: Oracle, thing: Thing, _: Mapping[str, Any]) -> Thing | None:
        row = thing.row
        if nullable and row[province] is None:
            return None
        found = {"province": row[province], "commune": row[commune], "detail": row[detail], "since": row[since]}
        return replace(thing, row=found)

    return resolve


PLACE = ("province_code", "commune_code", "address_detail")


def known_by_number(_oracle: Oracle, person: Thing) -> Thing | None:
    """The person as a register knows him that holds no more of him than his number: an object without a class."""
    number = person.row["personal_id"]
    return None if number is None else Thing({"personal_id": number}, person.standing, None)


def itself(_oracle: Oracle, thing: Thing, _: Mapping[str, Any]) -> Thing:
    return thing


SECTION = Elsewhere(known_by_number, itself)
"""A section of the book. It belongs to a number: there is none for a person without one."""


# Totals


def _months(lines: Iterable[Row]) -> set[int]:
    found: set[int] = set()
    for line in lines:
        first, last = (int(text[:4]) * 12 + int(text[5:]) for text in (line["from_month"], line["to_month"]))
        found.update(range(first, last + 1))
    return found


def paid(lines: Iterable[Row]) -> list[Row]:
    return [line for line in lines if line["status"] == "PAID"]


def counted_months(lines: Iterable[Row]) -> int:
    return len(_months(line for line in paid(lines) if "RETIREMENT" in line["kinds"] and not line["settled"]))


def counted_years(lines: Iterable[Row]) -> float:
    years, rest = divmod(counted_months(lines), 12)
    return years + (0 if rest == 0 else 0.5 if rest <= 6 else 1)


# The fields whose value is not the column of their name


def household_of_others(oracle: Oracle, thing: Thing) -> Thing | None:
    """A list about others starts from the household as the universe for others has it."""
    standing = after(thing.standing, ("Household", "members"))
    found = oracle.last(standing, "household", id=thing.row["id"])
    return None if found is None else replace(found, standing=thing.standing)


def under_sixteen(row: Row) -> bool:
    """Whether a child is in somebody's care today, in Viet Nam."""
    return bool(row["until"] >= (datetime.now(UTC) + timedelta(hours=7)).date().isoformat())


def sixteen_in(_oracle: Oracle, thing: Thing, _: Mapping[str, Any]) -> str:
    return str((date.fromisoformat(thing.row["until"]) + timedelta(days=1)).year)


NAME_OF_NOBODY = "Zzyzx"


def whole_table(oracle: Oracle, name: str, given: Mapping[str, Any], spec: Rows) -> Any:
    return oracle.rows(("Query", name), spec, Thing({}, Standing.OFFICIAL, None), given)


def found_by_search(oracle: Oracle, given: Mapping[str, Any]) -> Any:
    """A search by a number that one person has, or by a name that nobody has; the others are in `tests/sources`."""
    assert set(given) <= {"number", "first", "last"} or given == {"name": NAME_OF_NOBODY}
    number = given.get("number")
    holders = {
        row["person_id"] for of in RecordClass for row in oracle.tables.where(of, "person_identifier", "value", number)
    }
    spec = Rows("person", {}, ("id",), usual=20, keep=lambda row: row["id"] in holders)
    return whole_table(oracle, "searchPersons", given, spec)


ROOTS: Mapping[str, Callable[[Oracle, Mapping[str, Any]], Any]] = {
    "me": lambda oracle, _: oracle.person(Standing.SELF, oracle.subject),
    "person": lambda oracle, given: oracle.person(Standing.OFFICIAL, given["personalId"]),
    "people": lambda oracle, given: [oracle.person(Standing.OFFICIAL, one) for one in given["personalIds"]],
    "employer": lambda oracle, given: oracle.last(Standing.OFFICIAL, "employer", tax_code=given["taxCode"]),
    "household": lambda oracle, given: oracle.last(Standing.OFFICIAL, "household", id=given["householdId"].lower()),
    "insuranceBook": lambda oracle, given: oracle.last(Standing.OFFICIAL, "book", book_code=given["bookCode"]),
    "persons": lambda oracle, given: whole_table(oracle, "persons", given, Rows("person", {}, ("id",), usual=50)),
    "households": lambda oracle, given: whole_table(
        oracle, "households", given, Rows("household", {}, ("id",), usual=50)
    ),
    "employers": lambda oracle, given: whole_table(
        oracle, "employers", given, Rows("employer", {}, ("name_order", "id"), usual=50)
    ),
    "searchPersons": found_by_search,
}

FIELDS: Mapping[Where, Spec] = {
    # population
    ("Person", "identifiers"): rows_of_row("person_identifier", "valid_from", "id"),
    ("Person", "ethnicity"): coded("ethnicity_code", nullable=True),
    ("Person", "birthRegistration"): coded("birth_province_code", nullable=True),
    ("Person", "hometown"): coded("hometown_province_code", "residence_coded_on", nullable=True),
    ("Person", "permanentResidence"): address(
        "residence_province_code", "residence_commune_code", "residence_detail", "residence_coded_on"
    ),
    ("Person", "contact"): Rows("contact", {"person_id": "id"}, many=False),
    ("Person", "relatives"): rows_of_row("relative", "relation", "id"),
    ("Person", "wards"): Rows("ward", {"guardian_personal_id": "personal_id"}, ("relation", "id"), keep=under_sixteen),
    ("Contact", "currentResidence"): address(
        "current_province_code", "current_commune_code", "current_detail", "current_coded_on", nullable=True
    ),
    ("Relative", "person"): to_person("personal_id"),
    ("Ward", "person"): to_person("child_personal_id"),
    ("Ward", "until"): sixteen_in,
    # household
    ("Person", "household"): Elsewhere(
        lambda oracle, thing: oracle.membership(thing), Rows("household", {"id": "household_id"}, many=False)
    ),
    ("Person", "membership"): Elsewhere(lambda oracle, thing: oracle.membership(thing), itself),
    ("Household", "householdId"): column("id"),
    ("Household", "address"): address(*PLACE, "address_coded_on"),
    ("Household", "members"): Elsewhere(
        household_of_others,
        Rows("member", {"household_id": "id"}, ("position", "id"), keep=lambda row: row["ended_on"] is None),
    ),
    ("HouseholdMember", "household"): Rows("household", {"id": "household_id"}, many=False),
    ("HouseholdMember", "person"): to_person("personal_id"),
    ("HouseholdMember", "participant"): Link("Participant", {"si_number": "si_number"}),
    ("HouseholdMember", "initialFacility"): to_facility("initial_facility_code"),
    # insurance
    ("Person", "insuranceBook"): one_of_person("book"),
    ("Person", "socialInsurance"): one_of_person("participant"),
    ("Person", "healthInsurance"): SECTION,
    ("Person", "unemploymentInsurance"): SECTION,
    ("HealthInsurance", "cards"): pages_of_person("health_card", "valid_from", "id"),
    ("HealthInsurance", "visits"): pages_of_person("visit", "admitted_at", "id"),
    ("UnemploymentInsurance", "totals"): Totals(),
    ("UnemploymentInsurance", "periods"): pages_of_person("unemployment_period", "from_date", "id"),
    ("InsuranceBook", "holder"): to_person("personal_id"),
    ("InsuranceBook", "participant"): one_of_person("participant"),
    ("InsuranceBook", "contributions"): pages_of_person("contribution", "from_month", "id"),
    ("InsuranceBook", "benefits"): pages_of_person("benefit", "period_from", "id"),
    ("InsuranceBook", "totals"): Totals(),
    ("ContributionTotals", "months"): Total(counted_months),
    ("ContributionTotals", "years"): Total(counted_years, ("months",)),
    ("ContributionTotals", "lateMonths"): Total(
        lambda lines: sum(len(_months([line])) for line in lines if line["status"] != "PAID")
    ),
    ("ContributionTotals", "unemploymentMonths"): Total(
        lambda lines: len(_months(line for line in paid(lines) if "UNEMPLOYMENT" in line["kinds"]))
    ),
    ("ContributionTotals", "lines"): Total(len),
    ("ContributionTotals", "employeeTotal"): Total(
        lambda lines: sum(line["employee_amount"] * len(_months([line])) for line in paid(lines))
    ),
    ("ContributionTotals", "employerTotal"): Total(
        lambda lines: sum(line["employer_amount"] * len(_months([line])) for line in paid(lines))
    ),
    ("Participant", "person"): to_person("personal_id"),
    ("Participant", "contributions"): pages_of_person("contribution", "from_month", "id"),
    ("Participant", "managingAgency"): coded("managing_agency_code", nullable=True),
    ("Participant", "employer"): to_employer("employer_tax_code"),
    ("Participant", "unit"): UNIT,
    ("Contribution", "employer"): to_employer("employer_tax_code"),
    ("Contribution", "unit"): UNIT,
    ("Contribution", "rates"): itself,
    ("AppliedRates", "retirement"): column("rate_retirement"),
    ("AppliedRates", "sickness"): column("rate_sickness"),
    ("AppliedRates", "accident"): column("rate_accident"),
    ("AppliedRates", "unemployment"): column("rate_unemployment"),
    ("AppliedRates", "health"): column("rate_health"),
    ("ShortTermBenefit", "diagnosis"): coded("diagnosis_code", nullable=True),
    ("AccidentBenefit", "diagnosis"): coded("diagnosis_code", nullable=True),
    ("HealthCard", "objectGroup"): coded("object_group"),
    ("HealthCard", "initialFacility"): to_facility("initial_facility_code"),
    ("Visit", "facility"): to_facility("facility_code"),
    ("Visit", "diagnosis"): coded("diagnosis_code"),
    # employer
    ("Employer", "industry"): coded("industry_code"),
    ("Employer", "address"): address(*PLACE, "address_coded_on"),
    ("Employer", "representative"): to_person("representative_personal_id"),
    ("Employer", "units"): Rows("employer_unit", {"tax_code": "tax_code"}, ("object_group",)),
    ("Employer", "participants"): Rows("participant", {"employer_tax_code": "tax_code"}, ("id",), usual=50),
    ("EmployerUnit", "employer"): to_employer("tax_code"),
    ("Facility", "address"): address(*PLACE, "address_coded_on"),
    ("Facility", "employer"): to_employer("employer_tax_code"),
    # values
    ("Address", "province"): coded("province", "since"),
    ("Address", "commune"): coded("commune", "since"),
    ("Province", "name"): name_in("province"),
    ("Commune", "name"): name_in("commune"),
    ("BirthProvince", "name"): name_in("birth_province"),
    ("EthnicGroup", "name"): name_in("ethnic_group"),
    ("ObjectGroup", "name"): name_in("object_group"),
    ("Diagnosis", "name"): name_in("icd10"),
    ("Industry", "name"): name_in("industry"),
    ("Agency", "name"): name_in("agency"),
}


# What is not shared


class _Refusing:
    """Walks an operation without its data: every field that no class gives on its path."""

    def __init__(self, oracle: Oracle, document: DocumentNode, variables: Mapping[str, Any], name: str | None) -> None:
        self.oracle = oracle
        operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
        self.operation = next(
            node for node in operations if name is None or (node.name is not None and node.name.value == name)
        )
        self.fragments = {
            node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
        }
        found = get_variable_values(oracle.schema, self.operation.variable_definitions or (), dict(variables))
        assert not isinstance(found, list), found
        self.variables = found

    def all(self) -> Iterator[str]:
        query = self.oracle.schema.query_type
        assert query is not None
        yield from self.selection(self.operation.selection_set, (query,), None, ())

    def selection(
        self,
        selections: SelectionSetNode,
        types: tuple[GraphQLObjectType, ...],
        standing: Standing | None,
        path: tuple[str, ...],
    ) -> Iterator[str]:
        for node in selections.selections:
            if not self.included(node):
                continue
            match node:
                case FieldNode():
                    for one in types:
                        yield from self.field(node, one, standing, path)
                case InlineFragmentNode():
                    condition = node.type_condition.name.value if node.type_condition else None
                    yield from self.selection(node.selection_set, self.narrowed(types, condition), standing, path)
                case FragmentSpreadNode():
                    fragment = self.fragments[node.name.value]
                    narrowed = self.narrowed(types, fragment.type_condition.name.value)
                    yield from self.selection(fragment.selection_set, narrowed, standing, path)

    def field(
        self, node: FieldNode, of: GraphQLObjectType, standing: Standing | None, path: tuple[str, ...]
    ) -> Iterator[str]:
        name = node.name.value
        if name.startswith("__"):
            return
        where = (of.name, name)
        here = (*path, node.alias.value if node.alias else name)
        rules, profile = self.oracle.rules, self.oracle.profile
        if not rules.shown(profile, standing, where):
            yield f"`{name}` is not shared here: {'.'.join(here)}"
        for argument in (one.name.value for one in node.arguments or ()):
            if not rules.comparable(profile, standing, where, argument):
                yield f"`{name}` cannot be asked by `{argument}` here: {'.'.join(here)}"
        if node.selection_set is not None:
            inner = get_named_type(of.fields[name].type)
            yield from self.selection(node.selection_set, self.possible(inner.name), after(standing, where), here)

    def possible(self, name: str) -> tuple[GraphQLObjectType, ...]:
        found = self.oracle.schema.type_map[name]
        if isinstance(found, GraphQLInterfaceType):
            return tuple(self.oracle.schema.get_possible_types(found))
        assert isinstance(found, GraphQLObjectType)
        return (found,)

    def narrowed(self, types: tuple[GraphQLObjectType, ...], condition: str | None) -> tuple[GraphQLObjectType, ...]:
        return types if condition is None else tuple(one for one in types if one in self.possible(condition))

    def included(self, node: Any) -> bool:
        skip = get_directive_values(Skip, node, self.variables)
        include = get_directive_values(Include, node, self.variables)
        return not (skip and skip["if"]) and not (include and not include["if"])
