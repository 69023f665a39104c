"""An endpoint for each screen, written with care: statements per request, prepared, those that can run at once do.

Lists of the same database come as JSON that Postgres aggregates; one statement a database and step. The links between
databases are filled in Python, and orjson writes the answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from bench.systems.connections import Connections
from bench.systems.serving import Shared, is_personal_id, is_tax_code, place_name
from bench.workloads import GROUP_SIZE, PAGE_SIZE
from hub.domain.arithmetic import counted_years

SIZE = 4  # connections for each database

POPULATION = {
    "person": """
        select p.personal_id, p.full_name, p.birth_date, p.sex, p.residence_province_code, p.residence_commune_code,
               p.residence_coded_on::text, p.residence_detail,
               c.person_id is not null as has_contact, c.phone, c.email, c.preferred_channel
        from civilian.person_identifier i
        join civilian.person p on p.id = i.person_id
        left join civilian.contact c on c.person_id = p.id
        where i.value = $1 and i.scheme = 'PERSONAL_ID'
    """,
    "people": """
        select i.value, p.personal_id, p.full_name, p.birth_date, p.sex
        from civilian.person_identifier i
        join civilian.person p on p.id = i.person_id
        where i.value = any($1::text[]) and i.scheme = 'PERSONAL_ID'
    """,
}

HOUSEHOLD = {
    "household": """
        select h.household_code, m.relationship, m.since::text, m.personal_id
        from civilian.member own
        join civilian.household h on h.id = own.household_id
        join civilian.member m on m.household_id = h.id and m.ended_on is null
        where own.personal_id = $1 and own.ended_on is null
        order by m.position, m.id
    """,
}

INSURANCE = {
    "book": """
        select b.book_code, b.issuer, b.issued_on::text, b.status, t.*,
            (select json_agg(c) from (
                select from_month as "fromMonth", to_month as "toMonth", job_title as "jobTitle", salary, status,
                       employer_tax_code as employer
                from civilian.contribution where personal_id = k.personal_id order by from_month, id
            ) c)::text as contributions,
            (select json_agg(c) from (
                select regime, period_from as "periodFrom", period_to as "periodTo", amount, status,
                       rate_percent as "ratePercent"
                from civilian.benefit where personal_id = k.personal_id order by period_from, id
            ) c)::text as benefits,
            (select json_agg(c) from (
                select hi_number as "hiNumber", valid_from as "validFrom", valid_to as "validTo", status,
                       benefit_level as "benefitLevel", initial_facility_code as "initialFacility"
                from civilian.health_card where personal_id = k.personal_id order by valid_from, id
            ) c)::text as cards
        from (select $1::text as personal_id) k
        left join civilian.book b on b.personal_id = k.personal_id
        cross join lateral (
            select coalesce((
                       select sum(upper(s) - lower(s))
                       from unnest(range_agg(span) filter (
                           where status = 'PAID' and 'RETIREMENT' = any(kinds) and not settled)) s
                   ), 0)::int as months,
                   coalesce(sum(months) filter (where status <> 'PAID'), 0)::int as late_months,
                   coalesce(sum(employee_amount * months) filter (where status = 'PAID'), 0)::bigint as employee_total,
                   coalesce(sum(employer_amount * months) filter (where status = 'PAID'), 0)::bigint as employer_total
            from civilian.contribution where personal_id = k.personal_id
        ) t
    """,
    "employers_of_people": """
        select personal_id, employer_tax_code from civilian.participant where personal_id = any($1::text[])
    """,
    "participants": """
        select job_title, salary, personal_id
        from civilian.participant where employer_tax_code = $1 order by id limit $2::int
    """,
}

EMPLOYER = {
    "employers": "select tax_code, name from civilian.employer where tax_code = any($1::text[])",
    "facilities": "select code, name from civilian.facility where code = any($1::text[])",
}

_PENSIONS = {"PENSION", "SOCIAL_PENSION"}

Json = dict[str, Any]


class HandWritten:
    """A Starlette application over four sets of connections."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._population = Connections(shared.dsn("population"), SIZE, POPULATION)
        self._household = Connections(shared.dsn("household"), SIZE, HOUSEHOLD)
        self._insurance = Connections(shared.dsn("insurance"), SIZE, INSURANCE)
        self._employer = Connections(shared.dsn("employer"), SIZE, EMPLOYER)

    async def start(self) -> ASGIApp:
        for connections in (self._population, self._household, self._insurance, self._employer):
            await connections.open()
        return Starlette(
            routes=[
                Route("/books/{personal_id}", self.book),
                Route("/people", self.people, methods=["POST"]),
                Route("/employers/{tax_code}", self.employer),
            ]
        )

    async def stop(self) -> None:
        for connections in (self._population, self._household, self._insurance, self._employer):
            await connections.close()

    # The whole book --------------------------------------------------------------------------------------------------

    async def book(self, request: Request) -> Response:
        """GET /books/{personal_id}."""
        key = request.path_params["personal_id"]
        if refusal := await self._refusal(request, is_personal_id(key)):
            return refusal
        person, members, insurance = await asyncio.gather(
            self._population.fetchrow("person", key),
            self._household.fetch("household", key),
            self._insurance.fetchrow("book", key),
        )
        if person is None:
            return _json({"data": {"person": None}})
        assert insurance is not None
        contributions = orjson.loads(insurance["contributions"] or "[]")
        cards = orjson.loads(insurance["cards"] or "[]")
        people, employers, facilities = await asyncio.gather(
            self._people([row["personal_id"] for row in members]),
            self._names("employers", {line["employer"] for line in contributions}),
            self._names("facilities", {card["initialFacility"] for card in cards}),
        )
        for line in contributions:
            line["employer"] = employers.get(line["employer"])
        for card in cards:
            card["initialFacility"] = facilities.get(card["initialFacility"])
        return _json(
            {
                "data": {
                    "person": _person(person)
                    | {
                        "household": _household(members, people),
                        "insuranceBook": _book(insurance, contributions),
                        "healthInsurance": {"cards": {"nodes": cards}},
                    }
                }
            }
        )

    async def _people(self, keys: list[str | None]) -> Mapping[str, Json]:
        rows = await self._population.fetch("people", [key for key in keys if key is not None])
        return {
            row["value"]: {"fullName": row["full_name"], "birthDate": row["birth_date"], "sex": row["sex"]}
            for row in rows
        }

    async def _names(self, statement: str, keys: Iterable[str | None]) -> Mapping[str | None, Json]:
        wanted = [key for key in keys if key is not None]
        rows = await self._employer.fetch(statement, wanted) if wanted else []
        return {row[0]: {"name": row[1]} for row in rows}

    # The lists -------------------------------------------------------------------------------------------------------

    async def people(self, request: Request) -> Response:
        """POST /people with `personalIds`."""
        keys = orjson.loads(await request.body())["personalIds"]
        if refusal := await self._refusal(request, len(keys) <= GROUP_SIZE and all(map(is_personal_id, keys))):
            return refusal
        rows, participants = await asyncio.gather(
            self._population.fetch("people", keys), self._insurance.fetch("employers_of_people", keys)
        )
        of_people = {row["personal_id"]: row["employer_tax_code"] for row in participants}
        employers = {
            row["tax_code"]: {"taxCode": row["tax_code"], "name": row["name"]}
            for row in await self._employer.fetch("employers", [*{code for code in of_people.values() if code}])
        }
        people = {
            row["value"]: {
                "personalId": row["personal_id"],
                "fullName": row["full_name"],
                "socialInsurance": {"employer": employers.get(of_people[row["value"]])}
                if row["value"] in of_people
                else None,
            }
            for row in rows
        }
        return _json({"data": {"people": [people.get(key) for key in keys]}})

    async def employer(self, request: Request) -> Response:
        """GET /employers/{tax_code}."""
        key = request.path_params["tax_code"]
        if refusal := await self._refusal(request, is_tax_code(key)):
            return refusal
        found, participants = await asyncio.gather(
            self._employer.fetchrow("employers", [key]), self._insurance.fetch("participants", key, PAGE_SIZE)
        )
        if found is None:
            return _json({"data": {"employer": None}})
        rows = await self._population.fetch("people", [row["personal_id"] for row in participants])
        people = {row["value"]: {"fullName": row["full_name"]} for row in rows}
        listed = [
            {"jobTitle": row["job_title"], "salary": row["salary"], "person": people.get(row["personal_id"])}
            for row in participants
        ]
        return _json(
            {
                "data": {
                    "employer": {
                        "taxCode": found["tax_code"],
                        "name": found["name"],
                        "participants": {"nodes": listed},
                    }
                }
            }
        )

    async def _refusal(self, request: Request, understood: bool) -> Response | None:
        if not await self._shared.admits(request.headers.get("authorization", "").encode("latin-1")):
            return Response(status_code=401)
        return None if understood else Response(status_code=400)


def _person(row: Mapping[str, Any]) -> Json:
    on = row["residence_coded_on"]
    return {
        "personalId": row["personal_id"],
        "fullName": row["full_name"],
        "birthDate": row["birth_date"],
        "sex": row["sex"],
        "permanentResidence": {
            "province": {"name": place_name("province", row["residence_province_code"], on)},
            "commune": {"name": place_name("commune", row["residence_commune_code"], on)},
            "detail": row["residence_detail"],
        },
        "contact": {"phone": row["phone"], "email": row["email"], "preferredChannel": row["preferred_channel"]}
        if row["has_contact"]
        else None,
    }


def _household(members: list[Any], people: Mapping[str, Json]) -> Json | None:
    if not members:
        return None
    return {
        "householdCode": members[0]["household_code"],
        "members": [
            {"relationship": row["relationship"], "since": row["since"], "person": people.get(row["personal_id"])}
            for row in members
        ],
    }


def _book(row: Mapping[str, Any], contributions: list[Json]) -> Json | None:
    if row["book_code"] is None:
        return None
    benefits = orjson.loads(row["benefits"] or "[]")
    for benefit in benefits:
        if benefit["regime"] not in _PENSIONS:
            del benefit["ratePercent"]
    return {
        "bookCode": row["book_code"],
        "issuer": row["issuer"],
        "issuedOn": row["issued_on"],
        "status": row["status"],
        "totals": {
            "months": row["months"],
            "years": counted_years(row["months"]),
            "lateMonths": row["late_months"],
            "employeeTotal": row["employee_total"],
            "employerTotal": row["employer_total"],
        },
        "contributions": {"nodes": contributions},
        "benefits": {"nodes": benefits},
    }


def _json(content: Json) -> Response:
    return Response(orjson.dumps(content), media_type="application/json")
