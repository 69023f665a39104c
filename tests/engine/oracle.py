"""The answer by another way: graphql-core, field by field, over rows read with psycopg.

It shares nothing with the planner, the statements and the executor. What a field means is written here once more, from
the declarations in `schema/` and the tables in `migrations/`: how links find their rows, which class has the last word,
what totals count, how standing weakens along a path. Slow and plain on purpose.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
from graphql import (
    ExecutionResult,
    GraphQLResolveInfo,
    GraphQLSchema,
    execute_sync,
    parse,
)
from psycopg import sql
from psycopg.rows import dict_row

from hub.domain.codes import table as code_table
from hub.model.viewer import Profile, RecordClass, Standing

Row = Mapping[str, Any]

TABLES = {
    "population": ("person", "person_identifier", "contact", "relative"),
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
    """An object of the answer: the row it stands on, and how the reader stands to it."""

    row: Row
    standing: Standing


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

WEAKER = (Standing.SELF, Standing.HOUSEHOLD, Standing.OFFICIAL)


class Oracle:
    """Answers operations for one reader, from the rows of his universes."""

    def __init__(self, schema: GraphQLSchema, tables: Tables, profile: Profile, subject: str | None = None) -> None:
        self.schema = schema
        self.tables = tables
        self.profile = profile
        self.subject = subject

    def answer(
        self, document: str, variables: Mapping[str, Any] | None = None, name: str | None = None
    ) -> ExecutionResult:
        """The result of a valid operation."""
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

    def _resolve(self, thing: Thing | None, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        resolver = FIELDS.get((info.parent_type.name, info.field_name))
        if isinstance(resolver, Link):
            assert thing is not None
            return self.follow(resolver, thing)
        if resolver is not None:
            return resolver(self, thing or Thing({}, Standing.OFFICIAL), arguments)
        assert thing is not None
        snake = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in info.field_name)
        return thing.row[snake]

    # Rows of the reader's universe.

    def classes(self, standing: Standing) -> tuple[RecordClass, ...]:
        return self.profile.universe(standing).classes

    def all(self, standing: Standing, table: str, **match: Any) -> list[Row]:
        """The rows of every class of the universe that match, later classes behind."""
        (column, value), *more = match.items()
        return [
            row
            for of in self.classes(standing)
            for row in self.tables.where(of, table, column, value)
            if all(row[other] == wanted for other, wanted in more)
        ]

    def last(self, standing: Standing, table: str, **match: Any) -> Thing | None:
        """The row of the class that has the last word."""
        found = self.all(standing, table, **match)
        return Thing(found[-1], standing) if found else None

    def ordered(self, standing: Standing, table: str, order: tuple[str, ...], **match: Any) -> list[Thing]:
        rows = sorted(self.all(standing, table, **match), key=lambda row: [row[column] for column in order])
        return [Thing(row, standing) for row in rows]

    def person(self, standing: Standing, number: str | None) -> Thing | None:
        """The person who has or had that number."""
        found = None
        for of in self.classes(standing):
            for identifier in self.tables.where(of, "person_identifier", "value", number):
                if identifier["scheme"] == "PERSONAL_ID":
                    (found,) = self.tables.where(of, "person", "id", identifier["person_id"])
        return None if found is None else Thing(found, standing)

    def follow(self, link: Link, thing: Thing) -> Thing | None:
        """What a link leads to; null where its key is null or nothing has it."""
        standing = after(thing.standing, link.gives or thing.standing)
        key = {there: thing.row[here] for there, here in link.key.items()}
        if any(value is None for value in key.values()):
            return None
        if link.to == "Person":
            return self.person(standing, key["personal_id"])
        return self.last(standing, FOUND_IN[link.to], **key)

    def membership(self, person: Thing) -> Thing | None:
        members = self.all(person.standing, "member", personal_id=person.row["personal_id"])
        today = [row for row in members if row["ended_on"] is None]
        return Thing(today[-1], person.standing) if today else None


def after(standing: Standing, gives: Standing) -> Standing:
    """The standing behind a link; it never becomes stronger."""
    return max(standing, gives, key=WEAKER.index)


# Links


@dataclass(frozen=True, slots=True)
class Link:
    """A field that leads to an entity by its key: {key column there: column here}."""

    to: str
    key: Mapping[str, str]
    gives: Standing | None = None


FOUND_IN = {
    "Employer": "employer",
    "EmployerUnit": "employer_unit",
    "Facility": "facility",
    "Participant": "participant",
}


def to_person(column: str, gives: Standing | None = None) -> Link:
    return Link("Person", {"personal_id": column}, gives)


def to_employer(column: str) -> Link:
    return Link("Employer", {"tax_code": column}, Standing.OFFICIAL)


def to_facility(column: str) -> Link:
    return Link("Facility", {"code": column})


UNIT = Link("EmployerUnit", {"tax_code": "employer_tax_code", "object_group": "object_group"})


def one_of_person(table: str) -> Resolver:
    return lambda oracle, thing, _: oracle.last(thing.standing, table, personal_id=thing.row["personal_id"])


def rows_of_person(table: str, *order: str) -> Resolver:
    return lambda oracle, thing, _: oracle.ordered(thing.standing, table, order, personal_id=thing.row["personal_id"])


def rows_of_row(table: str, *order: str) -> Resolver:
    return lambda oracle, thing, _: oracle.ordered(thing.standing, table, order, person_id=thing.row["id"])


def column(name: str) -> Resolver:
    return lambda _oracle, thing, _: thing.row[name]


# Objects that stand in a row


def coded(code: str, on: str | None = None, *, nullable: bool = False) -> Resolver:
    """A code with the day it stands for."""

    def resolve(_oracle: Oracle, thing: Thing, _: Mapping[str, Any]) -> Thing | None:
        value = thing.row[code]
        if nullable and value is None:
            return None
        return Thing({"code": value, "on": thing.row[on] if on else None}, thing.standing)

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
        return Thing(found, thing.standing)

    return resolve


PLACE = ("province_code", "commune_code", "address_detail")


def section(_oracle: Oracle, thing: Thing, _: Mapping[str, Any]) -> Thing | None:
    """A section of the book. It belongs to a number: there is none for a person without one."""
    return (
        None if thing.row["personal_id"] is None else Thing({"personal_id": thing.row["personal_id"]}, thing.standing)
    )


# Totals


def _months(lines: Iterable[Row]) -> set[int]:
    found: set[int] = set()
    for line in lines:
        first, last = (int(text[:4]) * 12 + int(text[5:]) for text in (line["from_month"], line["to_month"]))
        found.update(range(first, last + 1))
    return found


def totals(oracle: Oracle, thing: Thing, _: Mapping[str, Any]) -> Thing:
    lines = oracle.all(thing.standing, "contribution", personal_id=thing.row["personal_id"])
    paid = [line for line in lines if line["status"] == "PAID"]
    counted = len(_months(line for line in paid if "RETIREMENT" in line["kinds"] and not line["settled"]))
    years, rest = divmod(counted, 12)
    row = {
        "months": counted,
        "years": years + (0 if rest == 0 else 0.5 if rest <= 6 else 1),
        "late_months": sum(len(_months([line])) for line in lines if line["status"] != "PAID"),
        "unemployment_months": len(_months(line for line in paid if "UNEMPLOYMENT" in line["kinds"])),
        "lines": len(lines),
        "employee_total": sum(line["employee_amount"] * len(_months([line])) for line in paid),
        "employer_total": sum(line["employer_amount"] * len(_months([line])) for line in paid),
    }
    return Thing(row, thing.standing)


# The fields whose value is not the column of their name


def members(oracle: Oracle, thing: Thing, _: Mapping[str, Any]) -> list[Thing]:
    """A list about others: it starts from the household as the universe for others has it."""
    standing = after(thing.standing, Standing.HOUSEHOLD)
    if oracle.last(standing, "household", id=thing.row["id"]) is None:
        return []
    found = oracle.ordered(standing, "member", ("position", "id"), household_id=thing.row["id"])
    return [member for member in found if member.row["ended_on"] is None]


def household_of_person(oracle: Oracle, thing: Thing, _: Mapping[str, Any]) -> Thing | None:
    member = oracle.membership(thing)
    return None if member is None else oracle.last(thing.standing, "household", id=member.row["household_id"])


def participants(oracle: Oracle, thing: Thing, arguments: Mapping[str, Any]) -> list[Thing]:
    found = oracle.ordered(Standing.OFFICIAL, "participant", ("id",), employer_tax_code=thing.row["tax_code"])
    start = str(arguments["after"]).lower() if arguments.get("after") is not None else ""
    return [one for one in found if one.row["id"] > start][: arguments["first"]]


def me(oracle: Oracle, _thing: Thing, _: Mapping[str, Any]) -> Thing | None:
    return oracle.person(Standing.SELF, oracle.subject)


FIELDS: Mapping[tuple[str, str], Resolver | Link] = {
    ("Query", "me"): me,
    ("Query", "person"): lambda oracle, _, given: oracle.person(Standing.OFFICIAL, given["personalId"]),
    ("Query", "people"): lambda oracle, _, given: [
        oracle.person(Standing.OFFICIAL, number) for number in given["personalIds"]
    ],
    ("Query", "employer"): lambda oracle, _, given: oracle.last(
        Standing.OFFICIAL, "employer", tax_code=given["taxCode"]
    ),
    ("Query", "household"): lambda oracle, _, given: oracle.last(
        Standing.OFFICIAL, "household", id=given["householdId"].lower()
    ),
    ("Query", "insuranceBook"): lambda oracle, _, given: oracle.last(
        Standing.OFFICIAL, "book", book_code=given["bookCode"]
    ),
    # population
    ("Person", "identifiers"): rows_of_row("person_identifier", "valid_from", "id"),
    ("Person", "ethnicity"): coded("ethnicity_code", nullable=True),
    ("Person", "birthRegistration"): coded("birth_province_code", nullable=True),
    ("Person", "hometown"): coded("hometown_province_code", "residence_coded_on", nullable=True),
    ("Person", "permanentResidence"): address(
        "residence_province_code", "residence_commune_code", "residence_detail", "residence_coded_on"
    ),
    ("Person", "contact"): lambda oracle, thing, _: oracle.last(thing.standing, "contact", person_id=thing.row["id"]),
    ("Person", "relatives"): rows_of_row("relative", "relation", "id"),
    ("Contact", "currentResidence"): address(
        "current_province_code", "current_commune_code", "current_detail", "current_coded_on", nullable=True
    ),
    ("Relative", "person"): to_person("personal_id", Standing.HOUSEHOLD),
    # household
    ("Person", "household"): household_of_person,
    ("Person", "membership"): lambda oracle, thing, _: oracle.membership(thing),
    ("Household", "householdId"): column("id"),
    ("Household", "address"): address(*PLACE, "address_coded_on"),
    ("Household", "members"): members,
    ("HouseholdMember", "household"): lambda oracle, thing, _: oracle.last(
        thing.standing, "household", id=thing.row["household_id"]
    ),
    ("HouseholdMember", "person"): to_person("personal_id", Standing.HOUSEHOLD),
    ("HouseholdMember", "participant"): Link("Participant", {"si_number": "si_number"}, Standing.HOUSEHOLD),
    ("HouseholdMember", "initialFacility"): to_facility("initial_facility_code"),
    # insurance
    ("Person", "insuranceBook"): one_of_person("book"),
    ("Person", "socialInsurance"): one_of_person("participant"),
    ("Person", "healthInsurance"): section,
    ("Person", "unemploymentInsurance"): section,
    ("HealthInsurance", "cards"): rows_of_person("health_card", "valid_from", "id"),
    ("HealthInsurance", "visits"): rows_of_person("visit", "admitted_at", "id"),
    ("UnemploymentInsurance", "totals"): totals,
    ("UnemploymentInsurance", "periods"): rows_of_person("unemployment_period", "from_date", "id"),
    ("InsuranceBook", "holder"): to_person("personal_id"),
    ("InsuranceBook", "participant"): one_of_person("participant"),
    ("InsuranceBook", "contributions"): rows_of_person("contribution", "from_month", "id"),
    ("InsuranceBook", "benefits"): rows_of_person("benefit", "period_from", "id"),
    ("InsuranceBook", "totals"): totals,
    ("Participant", "person"): to_person("personal_id"),
    ("Participant", "managingAgency"): coded("managing_agency_code", nullable=True),
    ("Participant", "employer"): to_employer("employer_tax_code"),
    ("Participant", "unit"): UNIT,
    ("Contribution", "employer"): to_employer("employer_tax_code"),
    ("Contribution", "unit"): UNIT,
    ("Contribution", "rates"): lambda _oracle, thing, _: thing,
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
    ("Employer", "representative"): to_person("representative_personal_id", Standing.OFFICIAL),
    ("Employer", "units"): lambda oracle, thing, _: oracle.ordered(
        thing.standing, "employer_unit", ("object_group",), tax_code=thing.row["tax_code"]
    ),
    ("Employer", "participants"): participants,
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
