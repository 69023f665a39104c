"""The same screens as a stock Strawberry schema: plain types, resolvers, dataloaders per request, asyncpg's pools.

What a competent developer writes from the documentation: one loader for each kind of look-up, so that no list asks row
by row; documents parsed and validated once (`ParserCache`, `ValidationCache`); one pool for each database.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, NewType, TypeVar

import asyncpg
import strawberry
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.dataloader import DataLoader
from strawberry.extensions import ParserCache, ValidationCache
from strawberry.schema.config import StrawberryConfig

from bench.systems.serving import Shared, is_personal_id, is_tax_code, place_name
from hub.domain.arithmetic import counted_years

Record = Mapping[str, Any]
Item = TypeVar("Item")

PersonalId = NewType("PersonalId", str)
TaxCode = NewType("TaxCode", str)
Dong = NewType("Dong", int)
Percent = NewType("Percent", float)


def _checked(check: Callable[[object], bool], name: str) -> Callable[[object], object]:
    def parse(value: object) -> object:
        if not check(value):
            raise ValueError(f"`{value}` is not a {name}")
        return value

    return parse


SCALARS: dict[object, Any] = {
    PersonalId: strawberry.scalar(name="PersonalId", parse_value=_checked(is_personal_id, "personal number")),
    TaxCode: strawberry.scalar(name="TaxCode", parse_value=_checked(is_tax_code, "tax code")),
    Dong: strawberry.scalar(name="Dong", serialize=int),
    Percent: strawberry.scalar(name="Percent", serialize=float),
}

Info = strawberry.Info["Loaders", None]

# --- loaders ----------------------------------------------------------------------------------------------------------


class Loaders:
    """The context of one request: a loader for each kind of look-up."""

    def __init__(self, pools: Mapping[str, asyncpg.Pool[Any]]) -> None:
        population, household, insurance, employer = (
            pools[name] for name in ("population", "household", "insurance", "employer")
        )
        self.person = _one(population, "value", PERSON)
        self.contact = _one(population, "person_id", CONTACT)
        self.household = _one(household, "personal_id", HOUSEHOLD)
        self.members = _many(household, "household_id", MEMBERS)
        self.book = _one(insurance, "personal_id", BOOK)
        self.totals = _one(insurance, "personal_id", TOTALS)
        self.contributions = _many(insurance, "personal_id", CONTRIBUTIONS)
        self.benefits = _many(insurance, "personal_id", BENEFITS)
        self.cards = _many(insurance, "personal_id", CARDS)
        self.participant = _one(insurance, "personal_id", PARTICIPANT)
        self.employer = _one(employer, "tax_code", EMPLOYER)
        self.facility = _one(employer, "code", FACILITY)
        self.insurance = insurance


def _one(pool: asyncpg.Pool[Any], key: str, statement: str) -> DataLoader[Any, Record | None]:
    async def load(keys: list[Any]) -> Sequence[Record | None]:
        found = {row[key]: row for row in await pool.fetch(statement, keys)}
        return [found.get(one) for one in keys]

    return DataLoader(load_fn=load)


def _many(pool: asyncpg.Pool[Any], key: str, statement: str) -> DataLoader[Any, Sequence[Record]]:
    async def load(keys: list[Any]) -> Sequence[Sequence[Record]]:
        found: defaultdict[Any, list[Record]] = defaultdict(list)
        for row in await pool.fetch(statement, keys):
            found[row[key]].append(row)
        return [found[one] for one in keys]

    return DataLoader(load_fn=load)


PERSON = """
    select i.value, p.* from civilian.person_identifier i join civilian.person p on p.id = i.person_id
    where i.value = any($1::text[]) and i.scheme = 'PERSONAL_ID'
"""
CONTACT = "select * from civilian.contact where person_id = any($1::uuid[])"
HOUSEHOLD = """
    select m.personal_id, h.id, h.household_code
    from civilian.member m join civilian.household h on h.id = m.household_id
    where m.personal_id = any($1::text[]) and m.ended_on is null
"""
MEMBERS = """
    select household_id, relationship, since::text, personal_id from civilian.member
    where household_id = any($1::uuid[]) and ended_on is null order by position, id
"""
BOOK = """
    select personal_id, book_code, issuer, issued_on::text, status
    from civilian.book where personal_id = any($1::text[])
"""
TOTALS = """
    select personal_id,
           coalesce((select sum(upper(s) - lower(s)) from unnest(range_agg(span) filter (
               where status = 'PAID' and 'RETIREMENT' = any(kinds) and not settled)) s), 0)::int as months,
           coalesce(sum(months) filter (where status <> 'PAID'), 0)::int as late_months,
           coalesce(sum(employee_amount * months) filter (where status = 'PAID'), 0)::bigint as employee_total,
           coalesce(sum(employer_amount * months) filter (where status = 'PAID'), 0)::bigint as employer_total
    from civilian.contribution where personal_id = any($1::text[]) group by personal_id
"""
CONTRIBUTIONS = """
    select personal_id, from_month, to_month, job_title, salary, status, employer_tax_code from civilian.contribution
    where personal_id = any($1::text[]) order by from_month, id
"""
BENEFITS = """
    select personal_id, regime, period_from::text, period_to::text, amount, status, rate_percent from civilian.benefit
    where personal_id = any($1::text[]) order by period_from, id
"""
CARDS = """
    select personal_id, hi_number, valid_from::text, valid_to::text, status, benefit_level, initial_facility_code
    from civilian.health_card where personal_id = any($1::text[]) order by valid_from, id
"""
PARTICIPANT = """
    select personal_id, employer_tax_code, job_title, salary
    from civilian.participant where personal_id = any($1::text[])
"""
PAGE = """
    select personal_id, employer_tax_code, job_title, salary from civilian.participant
    where employer_tax_code = $1 order by id limit $2
"""
EMPLOYER = "select tax_code, name from civilian.employer where tax_code = any($1::text[])"
FACILITY = "select code, name from civilian.facility where code = any($1::text[])"


# --- the graph --------------------------------------------------------------------------------------------------------


@strawberry.type
class Page(Generic[Item]):
    nodes: list[Item]


@strawberry.type
class Province:
    name: str | None


@strawberry.type
class Commune:
    name: str | None


@strawberry.type
class Address:
    province: Province
    commune: Commune
    detail: str | None


@strawberry.type
class Contact:
    phone: str | None
    email: str | None
    preferred_channel: str | None


@strawberry.type
class Facility:
    name: str


@strawberry.type
class Employer:
    tax_code: TaxCode
    name: str

    @strawberry.field
    async def participants(self, info: Info, first: int = 50) -> Page[Participant]:
        rows = await info.context.insurance.fetch(PAGE, self.tax_code, first)
        return Page(nodes=[Participant.of(row) for row in rows])


async def _employer(info: Info, tax_code: str | None) -> Employer | None:
    row = await info.context.employer.load(tax_code) if tax_code else None
    return Employer(tax_code=row["tax_code"], name=row["name"]) if row else None


async def _person(info: Info, personal_id: str | None) -> Person | None:
    row = await info.context.person.load(personal_id) if personal_id else None
    return Person.of(row) if row else None


@strawberry.type
class Participant:
    job_title: str | None
    salary: Dong | None
    personal_id: strawberry.Private[str]
    employer_tax_code: strawberry.Private[str | None]

    @classmethod
    def of(cls, row: Record) -> Participant:
        return cls(
            job_title=row["job_title"],
            salary=row["salary"],
            personal_id=row["personal_id"],
            employer_tax_code=row["employer_tax_code"],
        )

    @strawberry.field
    async def person(self, info: Info) -> Person | None:
        return await _person(info, self.personal_id)

    @strawberry.field
    async def employer(self, info: Info) -> Employer | None:
        return await _employer(info, self.employer_tax_code)


@strawberry.type
class HouseholdMember:
    relationship: str
    since: str
    personal_id: strawberry.Private[str | None]

    @strawberry.field
    async def person(self, info: Info) -> Person | None:
        return await _person(info, self.personal_id)


@strawberry.type
class Household:
    id: strawberry.Private[Any]
    household_code: str | None

    @strawberry.field
    async def members(self, info: Info) -> list[HouseholdMember]:
        rows = await info.context.members.load(self.id)
        return [
            HouseholdMember(relationship=row["relationship"], since=row["since"], personal_id=row["personal_id"])
            for row in rows
        ]


@strawberry.type
class Totals:
    months: int
    years: float
    late_months: int
    employee_total: Dong
    employer_total: Dong


@strawberry.type
class Contribution:
    from_month: str
    to_month: str
    job_title: str
    salary: Dong
    status: str
    employer_tax_code: strawberry.Private[str | None]

    @strawberry.field
    async def employer(self, info: Info) -> Employer | None:
        return await _employer(info, self.employer_tax_code)


@strawberry.interface
class Benefit:
    regime: str
    period_from: str
    period_to: str | None
    amount: Dong
    status: str


@strawberry.type
class OtherBenefit(Benefit):
    pass


@strawberry.type
class Pension(Benefit):
    rate_percent: Percent | None


@strawberry.type
class InsuranceBook:
    personal_id: strawberry.Private[str]
    book_code: str
    issuer: str
    issued_on: str
    status: str

    @strawberry.field
    async def totals(self, info: Info) -> Totals:
        row = await info.context.totals.load(self.personal_id)
        if row is None:
            return Totals(months=0, years=0, late_months=0, employee_total=Dong(0), employer_total=Dong(0))
        return Totals(
            months=row["months"],
            years=counted_years(row["months"]),
            late_months=row["late_months"],
            employee_total=row["employee_total"],
            employer_total=row["employer_total"],
        )

    @strawberry.field
    async def contributions(self, info: Info) -> Page[Contribution]:
        lines = [
            Contribution(
                from_month=row["from_month"],
                to_month=row["to_month"],
                job_title=row["job_title"],
                salary=row["salary"],
                status=row["status"],
                employer_tax_code=row["employer_tax_code"],
            )
            for row in await info.context.contributions.load(self.personal_id)
        ]
        return Page(nodes=lines)

    @strawberry.field
    async def benefits(self, info: Info) -> Page[Benefit]:
        return Page(nodes=[_benefit(row) for row in await info.context.benefits.load(self.personal_id)])


def _benefit(row: Record) -> Benefit:
    common = {name: row[name] for name in ("regime", "period_from", "period_to", "amount", "status")}
    if row["regime"] in ("PENSION", "SOCIAL_PENSION"):
        return Pension(**common, rate_percent=row["rate_percent"])
    return OtherBenefit(**common)


@strawberry.type
class HealthCard:
    hi_number: str
    valid_from: str
    valid_to: str
    status: str
    benefit_level: int
    facility_code: strawberry.Private[str]

    @strawberry.field
    async def initial_facility(self, info: Info) -> Facility | None:
        row = await info.context.facility.load(self.facility_code)
        return Facility(name=row["name"]) if row else None


@strawberry.type
class HealthInsurance:
    personal_id: strawberry.Private[str]

    @strawberry.field
    async def cards(self, info: Info) -> Page[HealthCard]:
        cards = [
            HealthCard(
                hi_number=row["hi_number"],
                valid_from=row["valid_from"],
                valid_to=row["valid_to"],
                status=row["status"],
                benefit_level=row["benefit_level"],
                facility_code=row["initial_facility_code"],
            )
            for row in await info.context.cards.load(self.personal_id)
        ]
        return Page(nodes=cards)


@strawberry.type
class Person:
    row: strawberry.Private[Record]
    personal_id: PersonalId | None
    full_name: str
    birth_date: str
    sex: str

    @classmethod
    def of(cls, row: Record) -> Person:
        return cls(
            row=row,
            personal_id=row["personal_id"],
            full_name=row["full_name"],
            birth_date=row["birth_date"],
            sex=row["sex"],
        )

    @strawberry.field
    def permanent_residence(self) -> Address:
        on = self.row["residence_coded_on"].isoformat()
        return Address(
            province=Province(name=place_name("province", self.row["residence_province_code"], on)),
            commune=Commune(name=place_name("commune", self.row["residence_commune_code"], on)),
            detail=self.row["residence_detail"],
        )

    @strawberry.field
    async def contact(self, info: Info) -> Contact | None:
        row = await info.context.contact.load(self.row["id"])
        if row is None:
            return None
        return Contact(phone=row["phone"], email=row["email"], preferred_channel=row["preferred_channel"])

    @strawberry.field
    async def household(self, info: Info) -> Household | None:
        row = await info.context.household.load(self.personal_id)
        return Household(id=row["id"], household_code=row["household_code"]) if row else None

    @strawberry.field
    async def insurance_book(self, info: Info) -> InsuranceBook | None:
        row = await info.context.book.load(self.personal_id)
        return InsuranceBook(**row) if row else None

    @strawberry.field
    async def social_insurance(self, info: Info) -> Participant | None:
        row = await info.context.participant.load(self.personal_id)
        return Participant.of(row) if row else None

    @strawberry.field
    def health_insurance(self) -> HealthInsurance:
        return HealthInsurance(personal_id=self.row["personal_id"])


@strawberry.type
class Query:
    @strawberry.field
    async def person(self, info: Info, personal_id: PersonalId) -> Person | None:
        return await _person(info, personal_id)

    @strawberry.field
    async def people(self, info: Info, personal_ids: list[PersonalId]) -> list[Person | None]:
        rows = await info.context.person.load_many(personal_ids)
        return [Person.of(row) if row else None for row in rows]

    @strawberry.field
    async def employer(self, info: Info, tax_code: TaxCode) -> Employer | None:
        return await _employer(info, tax_code)


# --- the server -------------------------------------------------------------------------------------------------------


class StockStrawberry:
    """Strawberry's ASGI application in a Starlette application."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._pools: dict[str, asyncpg.Pool[Any]] = {}

    async def start(self) -> ASGIApp:
        for source in self._shared.dsns.sources:
            self._pools[source] = await asyncpg.create_pool(self._shared.dsn(source))
        schema = strawberry.Schema(
            Query,
            types=[Pension, OtherBenefit],
            extensions=[ParserCache, ValidationCache],
            config=StrawberryConfig(scalar_map=SCALARS),
        )
        return Starlette(routes=[Route("/graphql", _GraphQL(schema, self._shared, self._pools))])

    async def stop(self) -> None:
        for pool in self._pools.values():
            await pool.close()


class _GraphQL(GraphQL[Loaders, None]):
    def __init__(self, schema: strawberry.Schema, shared: Shared, pools: Mapping[str, asyncpg.Pool[Any]]) -> None:
        super().__init__(schema)
        self._shared = shared
        self._pools = pools

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Loaders:
        if not await self._shared.admits(request.headers.get("authorization", "").encode("latin-1")):
            raise HTTPException(401)
        return Loaders(self._pools)
