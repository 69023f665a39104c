"""The best that could be found for these screens by hand: the yardstick.

Keys of concurrent requests gather into batches; each batch asks every database at most twice, on connections of its
own. Postgres makes the answer as text in pieces (`concat`, `string_agg`), with marks where a value of another database
belongs; the distinct marks of the whole batch are asked for once, and the pieces are joined as bytes. No value is
decoded, and one pass over the contributions gives the lines and their totals.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import asyncpg
import orjson
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from bench.systems.connections import Statements, connect
from bench.systems.gather import Gather
from bench.systems.serving import Shared, is_personal_id, is_tax_code, place_name
from bench.workloads import GROUP_SIZE, PAGE_SIZE
from hub.domain.arithmetic import counted_years

SLOTS = 2  # batches under way at once

# A mark is `\x01`, a letter that says what it is the key of, the key, `\x01`; JSON text cannot hold the character.
MARK = b"\x01"
PERSON, EMPLOYER, FACILITY, PROVINCE, COMMUNE, YEARS = b"pefvcy"

POPULATION = {
    "book": """
        select i.value::text, convert_to(concat(
            '{"data":{"person":{"personalId":', coalesce('"' || p.personal_id || '"', 'null'),
            ',"fullName":', to_json(p.full_name), ',"birthDate":"', p.birth_date, '","sex":"', p.sex,
            '","permanentResidence":{"province":{"name":\x01v', p.residence_province_code, p.residence_coded_on,
            '\x01},"commune":{"name":\x01c', p.residence_commune_code, p.residence_coded_on,
            '\x01},"detail":', coalesce(to_json(p.residence_detail)::text, 'null'), '},"contact":',
            case when c.person_id is null then 'null' else concat(
                '{"phone":', coalesce('"' || c.phone || '"', 'null'),
                ',"email":', coalesce(to_json(c.email)::text, 'null'),
                ',"preferredChannel":', coalesce('"' || c.preferred_channel || '"', 'null'), '}') end,
            ',"household":'), 'UTF8')
        from civilian.person_identifier i
        join civilian.person p on p.id = i.person_id
        left join civilian.contact c on c.person_id = p.id
        where i.value = any($1::text[]) and i.scheme = 'PERSONAL_ID'
    """,
    "member": """
        select i.value::text, convert_to(concat('{"fullName":', to_json(p.full_name), ',"birthDate":"', p.birth_date,
                                                '","sex":"', p.sex, '"}'), 'UTF8')
        from civilian.person_identifier i
        join civilian.person p on p.id = i.person_id
        where i.value = any($1::text[]) and i.scheme = 'PERSONAL_ID'
    """,
    "people": """
        select i.value::text, convert_to(concat(
            '{"personalId":', coalesce('"' || p.personal_id || '"', 'null'), ',"fullName":', to_json(p.full_name),
            ',"socialInsurance":'), 'UTF8')
        from civilian.person_identifier i
        join civilian.person p on p.id = i.person_id
        where i.value = any($1::text[]) and i.scheme = 'PERSONAL_ID'
    """,
    "name": """
        select i.value::text, convert_to(concat('{"fullName":', to_json(p.full_name), '}'), 'UTF8')
        from civilian.person_identifier i
        join civilian.person p on p.id = i.person_id
        where i.value = any($1::text[]) and i.scheme = 'PERSONAL_ID'
    """,
}

HOUSEHOLD = {
    "book": """
        select own.personal_id::text, convert_to(concat(
            '{"householdCode":', coalesce('"' || h.household_code || '"', 'null'), ',"members":[',
            (select string_agg(t, ',') from (
                select concat('{"relationship":"', m.relationship, '","since":"', m.since, '","person":',
                              coalesce('\x01p' || m.personal_id || '\x01', 'null'), '}') as t
                from civilian.member m
                where m.household_id = h.id and m.ended_on is null order by m.position, m.id
            ) lines), ']}'), 'UTF8')
        from civilian.member own
        join civilian.household h on h.id = own.household_id
        where own.personal_id = any($1::text[]) and own.ended_on is null
    """,
}

INSURANCE = {
    "book": """
        select k.personal_id, convert_to(concat(
            ',"insuranceBook":',
            coalesce((
                select concat(
                    '{"bookCode":"', b.book_code, '","issuer":"', b.issuer, '","issuedOn":"', b.issued_on,
                    '","status":"', b.status, '","totals":{"months":', t.months, ',"years":\x01y', t.months,
                    '\x01,"lateMonths":', t.late_months, ',"employeeTotal":', t.employee_total,
                    ',"employerTotal":', t.employer_total,
                    '},"contributions":{"nodes":[', t.lines, ']},"benefits":{"nodes":[',
                    (select string_agg(line, ',') from (
                        select concat('{"regime":"', regime, '","periodFrom":"', period_from, '","periodTo":',
                                      coalesce('"' || period_to || '"', 'null'), ',"amount":', amount,
                                      ',"status":"', status,
                                      case when regime in ('PENSION', 'SOCIAL_PENSION')
                                           then concat('","ratePercent":', coalesce(rate_percent::text, 'null'), '}')
                                           else '"}' end) as line
                        from civilian.benefit where personal_id = k.personal_id order by period_from, id
                    ) lines), ']}}')
                from civilian.book b, (
                    select coalesce((select sum(upper(s) - lower(s)) from unnest(range_agg(span) filter (
                                         where status = 'PAID' and 'RETIREMENT' = any(kinds) and not settled)) s
                           ), 0) as months,
                           coalesce(sum(months) filter (where status <> 'PAID'), 0) as late_months,
                           coalesce(sum(employee_amount * months) filter (where status = 'PAID'), 0) as employee_total,
                           coalesce(sum(employer_amount * months) filter (where status = 'PAID'), 0) as employer_total,
                           string_agg(concat('{"fromMonth":"', from_month, '","toMonth":"', to_month,
                                             '","jobTitle":', to_json(job_title), ',"salary":', salary,
                                             ',"status":"', status, '","employer":',
                                             coalesce('\x01e' || employer_tax_code || '\x01', 'null'), '}'), ','
                           ) as lines
                    from (select * from civilian.contribution where personal_id = k.personal_id
                          order by from_month, id) c
                ) t
                where b.personal_id = k.personal_id
            ), 'null'),
            ',"healthInsurance":{"cards":{"nodes":[',
            (select string_agg(line, ',') from (
                select concat('{"hiNumber":"', hi_number, '","validFrom":"', valid_from, '","validTo":"', valid_to,
                              '","status":"', status, '","benefitLevel":', benefit_level, ',"initialFacility":\x01f',
                              initial_facility_code, '\x01}') as line
                from civilian.health_card where personal_id = k.personal_id order by valid_from, id
            ) lines), ']}}}}}'), 'UTF8')
        from unnest($1::text[]) k(personal_id)
    """,
    "people": """
        select personal_id::text, convert_to(concat(
            '{"employer":', coalesce('\x01e' || employer_tax_code || '\x01', 'null'), '}'), 'UTF8')
        from civilian.participant where personal_id = any($1::text[])
    """,
    "page": f"""
        select k.tax_code, convert_to(concat('{{"nodes":[', (
            select string_agg(line, ',') from (
                select concat('{{"jobTitle":', coalesce(to_json(job_title)::text, 'null'), ',"salary":',
                              coalesce(salary::text, 'null'), ',"person":\x01p', personal_id, '\x01}}') as line
                from civilian.participant where employer_tax_code = k.tax_code order by id limit {PAGE_SIZE}
            ) lines), ']}}}}}}}}'), 'UTF8')
        from unnest($1::text[]) k(tax_code)
    """,
}

EMPLOYERS = {
    "book": """
        select 'e' || tax_code, convert_to(concat('{"name":', to_json(name), '}'), 'UTF8')
        from civilian.employer where tax_code = any($1::text[])
        union all
        select 'f' || code, convert_to(concat('{"name":', to_json(name), '}'), 'UTF8')
        from civilian.facility where code = any($2::text[])
    """,
    "of_people": """
        select tax_code::text, convert_to(concat('{"taxCode":"', tax_code, '","name":', to_json(name), '}'), 'UTF8')
        from civilian.employer where tax_code = any($1::text[])
    """,
    "page": """
        select tax_code::text, convert_to(concat(
            '{"data":{"employer":{"taxCode":"', tax_code, '","name":', to_json(name), ',"participants":'), 'UTF8')
        from civilian.employer where tax_code = any($1::text[])
    """,
}

Texts = Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Slot:
    """The prepared statements of one batch: a connection for each question that may be under way beside others."""

    population: Statements
    members: Statements
    household: Statements
    insurance: Statements
    employer: Statements


async def _texts(statements: Statements, name: str, *keys: list[str]) -> Texts:
    found: list[asyncpg.Record] = await statements[name].fetch(*keys)
    return dict(found)


# --- the screens ------------------------------------------------------------------------------------------------------


async def books(slot: Slot, keys: list[str]) -> Texts:
    """Personal numbers -> the whole answer."""
    households = asyncio.create_task(_households(slot, keys))
    insurance = asyncio.create_task(_insurance(slot, keys))
    people = await _texts(slot.population, "book", keys)
    filled: dict[bytes, bytes] = {}
    found = {key: text.split(MARK) for key, text in people.items()}
    for parts in found.values():
        for mark in parts[1::2]:
            filled[mark] = _place(mark)
        parts[1::2] = map(filled.__getitem__, parts[1::2])
    members, books = await households, await insurance
    return {key: b"".join([*parts, members.get(key, b"null"), books[key]]) for key, parts in found.items()}


async def _households(slot: Slot, keys: list[str]) -> Texts:
    texts = await _texts(slot.household, "book", keys)
    split = {key: text.split(MARK) for key, text in texts.items()}
    marks = {mark for parts in split.values() for mark in parts[1::2]}
    filled = await _named(slot.members, "member", marks)
    return _joined(split, filled)


async def _insurance(slot: Slot, keys: list[str]) -> Texts:
    texts = await _texts(slot.insurance, "book", keys)
    split = {key: text.split(MARK) for key, text in texts.items()}
    marks: set[bytes] = set()
    for parts in split.values():
        marks.update(parts[1::2])
    filled = {mark: _years(mark) for mark in marks if mark[0] == YEARS}
    employers = [mark[1:].decode() for mark in marks if mark[0] == EMPLOYER]
    facilities = [mark[1:].decode() for mark in marks if mark[0] == FACILITY]
    named = await _texts(slot.employer, "book", employers, facilities)
    filled |= {mark: named.get(mark.decode(), b"null") for mark in marks if mark[0] != YEARS}
    return _joined(split, filled)


async def people(slot: Slot, keys: list[str]) -> Texts:
    """Personal numbers -> one person of the list each."""
    participants = asyncio.create_task(_participants(slot, keys))
    found = await _texts(slot.population, "people", keys)
    insured = await participants
    return {key: b"%b%b}" % (text, insured.get(key, b"null")) for key, text in found.items()}


async def _participants(slot: Slot, keys: list[str]) -> Texts:
    texts = await _texts(slot.insurance, "people", keys)
    split = {key: text.split(MARK) for key, text in texts.items()}
    marks = {mark for parts in split.values() for mark in parts[1::2]}
    return _joined(split, await _named(slot.employer, "of_people", marks))


async def pages(slot: Slot, keys: list[str]) -> Texts:
    """Tax codes -> the whole answer."""
    listed = asyncio.create_task(_listed(slot, keys))
    found = await _texts(slot.employer, "page", keys)
    participants = await listed
    return {key: text + participants[key] for key, text in found.items()}


async def _listed(slot: Slot, keys: list[str]) -> Texts:
    texts = await _texts(slot.insurance, "page", keys)
    split = {key: text.split(MARK) for key, text in texts.items()}
    marks: set[bytes] = set()
    for parts in split.values():
        marks.update(parts[1::2])
    return _joined(split, await _named(slot.population, "name", marks))


def _joined(split: Mapping[str, list[bytes]], filled: Mapping[bytes, bytes]) -> Texts:
    get = filled.__getitem__
    for parts in split.values():
        parts[1::2] = map(get, parts[1::2])
    return {key: b"".join(parts) for key, parts in split.items()}


async def _named(statements: Statements, name: str, marks: Iterable[bytes]) -> dict[bytes, bytes]:
    """The texts of marks of one kind; `null` where there is no row."""
    keys = {mark: mark[1:].decode() for mark in marks}
    if not keys:
        return {}
    found = await _texts(statements, name, [*keys.values()])
    return {mark: found.get(key, b"null") for mark, key in keys.items()}


@cache
def _place(mark: bytes) -> bytes:
    """The name of a province or commune on the day that stands behind its code."""
    code, on = mark[1:-10].decode(), mark[-10:].decode()
    return orjson.dumps(place_name("province" if mark[0] == PROVINCE else "commune", code, on))


@cache
def _years(mark: bytes) -> bytes:
    return orjson.dumps(counted_years(int(mark[1:])))


# --- the endpoints ----------------------------------------------------------------------------------------------------


class BestHandWritten:
    """Three plain ASGI endpoints in a Starlette router."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._connections: list[asyncpg.Connection[Any]] = []

    async def start(self) -> ASGIApp:
        book = Gather([await self._slot() for _ in range(SLOTS)], books, b'{"data":{"person":null}}')
        group = Gather([await self._slot() for _ in range(SLOTS)], people_of_groups, b"null")
        page = Gather([await self._slot() for _ in range(SLOTS)], pages, b'{"data":{"employer":null}}')

        async def one_book(scope: Scope, _: Receive) -> bytes | None:
            key = scope["path_params"]["personal_id"]
            return await book.ask(key) if is_personal_id(key) else None

        async def one_group(_: Scope, receive: Receive) -> bytes | None:
            keys = orjson.loads(await _body(receive))["personalIds"]
            if len(keys) > GROUP_SIZE or not all(map(is_personal_id, keys)):
                return None
            return await group.ask("\x02".join(keys))

        async def one_page(scope: Scope, _: Receive) -> bytes | None:
            key = scope["path_params"]["tax_code"]
            return await page.ask(key) if is_tax_code(key) else None

        return Router(
            [
                Route("/books/{personal_id}", Endpoint(self._shared, one_book)),
                Route("/people", Endpoint(self._shared, one_group), methods=["POST"]),
                Route("/employers/{tax_code}", Endpoint(self._shared, one_page)),
            ]
        )

    async def stop(self) -> None:
        for connection in self._connections:
            await connection.close()

    async def _slot(self) -> Slot:
        opened = []
        for source, texts in (
            ("population", POPULATION),
            ("population", POPULATION),
            ("household", HOUSEHOLD),
            ("insurance", INSURANCE),
            ("employer", EMPLOYERS),
        ):
            connection, statements = await connect(self._shared.dsn(source), texts)
            self._connections.append(connection)
            opened.append(statements)
        return Slot(*opened)


async def people_of_groups(slot: Slot, groups: list[str]) -> Texts:
    """Joined personal numbers -> the whole answer; the distinct people of the batch are asked for once."""
    split = {group: group.split("\x02") for group in groups}
    found = await people(slot, [*{key for keys in split.values() for key in keys}])
    return {
        group: b'{"data":{"people":[%b]}}' % b",".join([found.get(key, b"null") for key in keys])
        for group, keys in split.items()
    }


class Endpoint:
    """Token, answer, bytes."""

    def __init__(self, shared: Shared, answer: Callable[[Scope, Receive], Awaitable[bytes | None]]) -> None:
        self._shared = shared
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        header = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
        status, body = 401, b""
        if await self._shared.admits(header):
            answer = await self._answer(scope, receive)
            status, body = (400, b"") if answer is None else (200, answer)
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


async def _body(receive: Receive) -> bytes:
    chunks: list[bytes] = []
    while True:
        message: MutableMapping[str, Any] = await receive()
        chunks.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(chunks)
