"""Rows that a generated country is too regular to hold, added to it by hand.

Numbers that were cancelled or never given, one number in several classes, links that lead nowhere or into another
class, lines that overlap, and text with every character that JSON or SQL could stumble over.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import psycopg
from psycopg import sql

from hub.domain.identifiers import tax_check_digit

CLASSES = ("civilian", "defence", "public_security")
ROUGH = "Ngô \"Quý\" \\ 'Đức'\n\t\x01\x02\x03\x04\x1f\x7f\u2028\ue000\ue001 😀 {a} </b> $1 %s"


def _tax(nine: str) -> str:
    return f"{nine}{tax_check_digit(nine)}"


RENEWED = "001190900002"
"""The number a person has today, after `CANCELLED` was taken from her."""
CANCELLED = "001190900001"
NUMBERLESS = "001190900003"
"""A cancelled number whose bearer has none today."""
THREEFOLD = "001190900004"
"""A number that every class holds rows of its own for."""
DEFENCE_ONLY = "001190900005"
POLICE_ONLY = "001190900006"
RELATED = "001190900007"
"""A civilian whose links lead to all the others."""
NOBODY = "001190900008"

LODGER = "001190900009"
"""A civilian whose household, employer and facility are those of the other classes."""

NUMBERS = (RENEWED, CANCELLED, NUMBERLESS, THREEFOLD, DEFENCE_ONLY, POLICE_ONLY, RELATED, NOBODY, LODGER)

SHARED_EMPLOYER = _tax("555500001")
"""A tax code that every register holds."""
DEFENCE_EMPLOYER = _tax("555500002")
POLICE_EMPLOYER = _tax("555500005")
REPRESENTED = (_tax("555500008"), _tax("555500009"))
"""Civilian employers whose representatives are known to every register, and to one."""
NO_EMPLOYER = _tax("555500004")

EMPLOYERS = (SHARED_EMPLOYER, DEFENCE_EMPLOYER, POLICE_EMPLOYER, *REPRESENTED, NO_EMPLOYER)

CIVILIAN_FACILITY = "79990"
SHARED_FACILITY = "79991"
DEFENCE_FACILITY = "97991"
POLICE_FACILITY = "98991"
NO_FACILITY = "79992"

PERSONS: Mapping[tuple[str, str], str] = {
    ("civilian", RENEWED): "e0000000-0000-4000-8000-000000000001",
    ("civilian", NUMBERLESS): "e0000000-0000-4000-8000-000000000002",
    ("civilian", THREEFOLD): "e0000000-0000-4000-8000-000000000003",
    ("defence", THREEFOLD): "e0000000-0000-4000-8000-000000000004",
    ("public_security", THREEFOLD): "e0000000-0000-4000-8000-000000000005",
    ("defence", DEFENCE_ONLY): "e0000000-0000-4000-8000-000000000006",
    ("public_security", POLICE_ONLY): "e0000000-0000-4000-8000-000000000007",
    ("civilian", RELATED): "e0000000-0000-4000-8000-000000000008",
    ("civilian", LODGER): "e0000000-0000-4000-8000-000000000009",
}
HOUSEHOLD = "e1000000-0000-4000-8000-000000000001"
DEFENCE_HOUSEHOLD = "e1000000-0000-4000-8000-000000000002"
"""An id that the defence and the public-security register both hold."""
BARRACKS = "e1000000-0000-4000-8000-000000000003"
NO_HOUSEHOLD = "e1000000-0000-4000-8000-000000000009"

Insert = tuple[str, str, dict[str, Any]]
"""Source, table with its schema, and the row."""


def add_oddities(owner_dsns: Mapping[str, str]) -> None:
    """Inserts the rows into the four databases."""
    rows = [*_population(), *_household(), *_insurance(), *_employer()]
    for source, dsn in owner_dsns.items():
        with psycopg.connect(dsn) as connection:
            for of, table, row in rows:
                if of == source:
                    connection.execute(
                        sql.SQL("insert into {} ({}) values ({})").format(
                            sql.Identifier(*table.split(".")),
                            sql.SQL(", ").join(map(sql.Identifier, row)),
                            sql.SQL(", ").join(sql.Placeholder() * len(row)),
                        ),
                        list(row.values()),
                    )


def _population() -> Iterator[Insert]:
    for index, ((of, number), row_id) in enumerate(PERSONS.items()):
        rough = number in (RENEWED, THREEFOLD)
        gone = index % 2 == 1 or number in (LODGER, POLICE_ONLY)
        yield (
            "population",
            f"{of}.person",
            {
                "id": row_id,
                "personal_id": None if number == NUMBERLESS else number,
                "surname": "Ngô",
                "middle_name": ROUGH if rough else None,
                "given_name": f"{of} {index}",
                "full_name": f"{of} {index} {ROUGH if rough else ''}",
                "birth_date": ("1990", "1990-03", "1990-03-14")[index % 3],
                "sex": ("FEMALE", "MALE", "OTHER")[index % 3],
                "ethnicity_code": None if index % 2 else "02",
                "nationality": "VN",
                "birth_province_code": None if index % 2 else "001",
                "hometown_province_code": ("52", None, "99")[index % 3],
                "residence_province_code": "52",
                "residence_commune_code": ("00070", "99999")[index % 2],
                "residence_detail": ROUGH if rough else None,
                "residence_coded_on": ("2025-06-30", "2025-07-01")[index % 2],
                "occupation": ROUGH if rough else None if number in (NUMBERLESS, LODGER) else f"nghề {index}",
                "life_status": "MISSING" if gone else "ALIVE",
                "life_status_date": "2024-02-29" if gone else None,
            },
        )
        if number != RENEWED:
            yield _identifier(of, row_id, "PERSONAL_ID", number, "2000-01-01", "2020-01-01" if rough else None)
    renewed = PERSONS["civilian", RENEWED]
    yield _identifier("civilian", renewed, "PERSONAL_ID", CANCELLED, "2000-01-01", "2010-05-05")
    yield _identifier("civilian", renewed, "PERSONAL_ID", RENEWED, "2010-05-06", None)
    # A passport that reads like somebody's personal number leads nowhere.
    yield _identifier("civilian", renewed, "PASSPORT", NOBODY, "2000-01-01", None)
    yield _contact("civilian", renewed, bank_account=ROUGH, bank_name=ROUGH, phone="0912345678")
    for of in CLASSES:
        yield _contact(
            of,
            PERSONS[of, THREEFOLD],
            email=f"{of}@example.vn",
            current_province_code="79",
            current_commune_code="00070",
            current_coded_on="2025-07-02",
            preferred_channel="POST",
        )
    related = PERSONS["civilian", RELATED]
    yield _relative("civilian", related, "FATHER", "cha", CANCELLED)
    yield _relative("civilian", related, "MOTHER", ROUGH, NUMBERLESS)
    yield _relative("civilian", related, "SPOUSE", "chồng", DEFENCE_ONLY)
    yield _relative("civilian", related, "LEGAL_REPRESENTATIVE", "đại diện", NOBODY)
    yield _relative("defence", related, "SPOUSE", "chồng, hồ sơ quân đội", DEFENCE_ONLY)
    yield _relative("public_security", related, "SPOUSE", "chồng, hồ sơ công an", POLICE_ONLY)
    yield _relative("civilian", renewed, "SPOUSE", "không có số", None)
    yield _relative("civilian", renewed, "MOTHER", "mẹ", THREEFOLD)
    yield _relative("civilian", renewed, "FATHER", "bố", LODGER)
    for of in CLASSES:
        yield _ward(of, RELATED, THREEFOLD, "MOTHER")
    yield _ward("civilian", RELATED, RENEWED, "LEGAL_REPRESENTATIVE")
    yield _ward("civilian", RELATED, DEFENCE_ONLY, "MOTHER", until="2088-12-31")
    yield _ward("civilian", RELATED, POLICE_ONLY, "MOTHER")
    yield _ward("civilian", RELATED, NOBODY, "FATHER")
    yield _ward("civilian", RELATED, LODGER, "FATHER", until="2020-02-29")
    yield _ward("civilian", LODGER, RELATED, "LEGAL_REPRESENTATIVE")
    yield _ward("defence", DEFENCE_ONLY, THREEFOLD, "FATHER")
    yield _ward("public_security", POLICE_ONLY, RENEWED, "FATHER", until="2089-01-01")


def _identifier(of: str, person: str, scheme: str, value: str, start: str, end: str | None) -> Insert:
    return (
        "population",
        f"{of}.person_identifier",
        {
            "person_id": person,
            "scheme": scheme,
            "value": value,
            "valid_from": start,
            "valid_to": end,
        },
    )


def _contact(of: str, person: str, **more: str) -> Insert:
    return "population", f"{of}.contact", {"person_id": person, **more}


def _ward(of: str, guardian: str, child: str, relation: str, until: str = "2089-06-30") -> Insert:
    row = {"guardian_personal_id": guardian, "child_personal_id": child, "relation": relation, "until": until}
    return "population", f"{of}.ward", row


def _relative(of: str, person: str, relation: str, name: str, number: str | None) -> Insert:
    row = {"person_id": person, "relation": relation, "full_name": name, "personal_id": number}
    return "population", f"{of}.relative", row


def _household() -> Iterator[Insert]:
    # Of members in one position the one first named comes first.
    for index, (source, table, row) in enumerate(_households_and_members()):
        known: dict[str, Any] = (
            {"id": f"e2000000-0000-4000-8000-0000000000{index:02}"} if table.endswith("member") else {}
        )
        yield source, table, {**row, **known}


def _households_and_members() -> Iterator[Insert]:
    yield (
        "household",
        "civilian.household",
        {
            "id": HOUSEHOLD,
            "household_code": None,
            "registration_type": "TEMPORARY",
            "province_code": "52",
            "commune_code": "00070",
            "address_detail": ROUGH,
            "registered_on": "2020-02-29",
            "address_coded_on": "2025-06-30",
            "head_phone": None,
        },
    )
    yield (
        "household",
        "defence.household",
        {
            "id": DEFENCE_HOUSEHOLD,
            "household_code": "0123456789",
            "registration_type": "PERMANENT",
            "province_code": "01",
            "commune_code": "00070",
            "address_detail": ROUGH,
            "registered_on": "2020-01-01",
            "address_coded_on": "2025-07-01",
            "head_phone": "0912345678",
        },
    )
    for of, row_id, code in (("public_security", DEFENCE_HOUSEHOLD, "0123456780"), ("defence", BARRACKS, "0123456781")):
        yield (
            "household",
            f"{of}.household",
            {
                "id": row_id,
                "household_code": code,
                "registration_type": "PERMANENT",
                "province_code": "01",
                "commune_code": "00070",
                "address_detail": "nhà",
                "registered_on": "2020-01-01",
                "address_coded_on": "2025-07-01",
                "head_phone": "0912345679",
            },
        )
    listed: dict[str, Any] = {"card_form": "PAPER", "initial_facility_code": CIVILIAN_FACILITY}
    yield _member("civilian", HOUSEHOLD, RENEWED, 1, "HEAD", si_number="0190900002", **listed)
    yield _member("civilian", HOUSEHOLD, THREEFOLD, 2, "CHILD", initial_facility_code=SHARED_FACILITY)
    yield _member("civilian", HOUSEHOLD, None, 2, "OTHER", initial_facility_code=NO_FACILITY)
    yield _member("civilian", HOUSEHOLD, NOBODY, 3, "GRANDCHILD", si_number="0000000000")
    yield _member("civilian", HOUSEHOLD, RELATED, 4, "WIFE", ended_on="2024-01-01")
    # A member of a household that is nowhere, and memberships that each class sees otherwise.
    yield _member("civilian", NO_HOUSEHOLD, RELATED, 1, "HEAD", initial_facility_code=DEFENCE_FACILITY)
    yield _member("defence", DEFENCE_HOUSEHOLD, THREEFOLD, 1, "HEAD", si_number="0190900004", **listed)
    yield _member("civilian", DEFENCE_HOUSEHOLD, None, 2, "WIFE")
    yield _member("public_security", HOUSEHOLD, THREEFOLD, 5, "HUSBAND", state_support_percent=70, **listed)
    yield _member("defence", HOUSEHOLD, DEFENCE_ONLY, 1, "HUSBAND", si_number="0190900005", months_paid=12, **listed)
    yield _member("public_security", BARRACKS, POLICE_ONLY, 1, "HEAD")
    lodging: dict[str, Any] = {"si_number": "0190900004", "initial_facility_code": POLICE_FACILITY}
    yield _member("civilian", DEFENCE_HOUSEHOLD, LODGER, 3, "OTHER", **lodging)


def _member(of: str, household: str, number: str | None, position: int, relationship: str, **more: Any) -> Insert:
    return (
        "household",
        f"{of}.member",
        {
            "household_id": household,
            "personal_id": number,
            "position": position,
            "relationship": relationship,
            "since": "2020-02-29",
            **more,
        },
    )


def _insurance() -> Iterator[Insert]:
    yield _participant(
        "civilian",
        RENEWED,
        "0190900002",
        SHARED_EMPLOYER,
        "DN",
        job_title=ROUGH,
        salary=5_310_000,
        payment_method="YEARLY",
    )
    yield _participant("civilian", LODGER, "0190900009", POLICE_EMPLOYER, "CA")
    yield _book("civilian", LODGER, "SO-LODGER")
    yield _line("civilian", LODGER, "2020-01", "2020-12", POLICE_EMPLOYER, "CA")
    yield _line("civilian", LODGER, "2021-01", "2021-12", DEFENCE_EMPLOYER, "QN")
    yield _line("civilian", LODGER, "2022-01", "2022-12", NO_EMPLOYER, "DN")
    for facility in (POLICE_FACILITY, DEFENCE_FACILITY, NO_FACILITY):
        yield (
            "insurance",
            "civilian.health_card",
            {
                "personal_id": LODGER,
                "hi_number": "0190900009",
                "card_code": "HS4790190900009",
                "object_group": "HS",
                "benefit_level": 4,
                "initial_facility_code": facility,
                "valid_from": "2026-01-01",
                "valid_to": "2026-12-31",
                "issuer": "PROVINCIAL_SI",
                "status": "ACTIVE",
            },
        )
        yield (
            "insurance",
            "civilian.visit",
            {
                "personal_id": LODGER,
                "card_code": "HS4790190900009",
                "facility_code": facility,
                "admitted_at": "2026-02-28 08:00:00",
                "diagnosis_code": "J20",
                "treatment": "OUTPATIENT",
                "total_cost": 1,
                "insurance_paid": 1,
                "patient_copay": 0,
            },
        )
    yield _participant("civilian", RELATED, "0190900007", DEFENCE_EMPLOYER, "QN", managing_agency_code="00100")
    yield _participant("defence", DEFENCE_ONLY, "0190900005", DEFENCE_EMPLOYER, "QN", subject_type="DD")
    rare = {"other_supplement": 1, "position_allowance": "0.10", "region": "I", "workplace": "kho", "unit_code": "U1"}
    for index, of in enumerate(CLASSES):
        yield _participant(
            of,
            THREEFOLD,
            "0190900004",
            SHARED_EMPLOYER,
            ("DN", "QN", "XX")[index],
            status=("CLOSED", "ACTIVE", "PAUSED")[index],
            managing_agency_code=("00101", "99999", None)[index],
            employed_since="2020-01",
            reserved_months=index,
        )
        yield _book(of, THREEFOLD, f"SO-{of.upper()}", closed_up_to="2025-12", linked_to_vneid="2026-01-31")
        yield _line(of, THREEFOLD, "2020-01", "2020-12", SHARED_EMPLOYER, "DN")
        yield _line(of, THREEFOLD, "2020-06", f"2021-0{index + 1}", SHARED_EMPLOYER, "QN", **rare)
    yield _book("civilian", RENEWED, "SO-RENEWED")
    yield _book("public_security", POLICE_ONLY, "SO-POLICE", issuer="POLICE_SI")
    everything = ["RETIREMENT", "SICKNESS_MATERNITY", "ACCIDENT", "UNEMPLOYMENT", "HEALTH"]
    yield _line("civilian", RENEWED, "2019-11", "2020-03", SHARED_EMPLOYER, "DN", kinds=everything, unit_name=ROUGH)
    yield _line("civilian", RENEWED, "2020-02", "2020-02", None, "DN", kinds=["UNEMPLOYMENT"])
    yield _line("civilian", RENEWED, "2020-03", "2020-07", NO_EMPLOYER, "DN", kinds=["RETIREMENT"], workplace=ROUGH)
    yield _line("civilian", RENEWED, "2020-08", "2020-09", DEFENCE_EMPLOYER, "QN", status="LATE")
    yield _line("civilian", RENEWED, "2020-09", "2020-09", DEFENCE_EMPLOYER, None, status="EVADED", region="IV")
    yield _line(
        "civilian",
        RENEWED,
        "2010-01",
        "2010-12",
        SHARED_EMPLOYER,
        "XX",
        settled=True,
        kinds=everything,
        coefficient="2.30",
        position_allowance="0.05",
        seniority_percent=0,
        other_supplement=0,
        salary_kind="COEFFICIENT",
        movement_code="TM",
    )
    yield _line(
        "defence", RENEWED, "2015-01", "2016-12", DEFENCE_EMPLOYER, "QN", job_title="Hạ sĩ", kinds=["RETIREMENT"]
    )
    regimes = ("SICK", "MATERNITY", "RECOVERY", "ACCIDENT", "PENSION", "SURVIVOR", "ONE_TIME", "SOCIAL_PENSION")
    for index, regime in enumerate(regimes):
        for of in CLASSES:
            yield (
                "insurance",
                f"{of}.benefit",
                {
                    "personal_id": THREEFOLD if index % 2 else RENEWED,
                    "regime": regime,
                    "decision_number": None if index in (1, 7) else ROUGH,
                    "decided_on": None if index in (1, 7) else "2024-02-29",
                    "decided_by": f"{of} {ROUGH}" if index % 2 else None,
                    "period_from": f"2024-0{index + 1}-01",
                    "period_to": None if index in (1, 5, 7) else "2026-01-01",
                    "days": index or None,
                    "amount": 9_007_199_254_740_991 if index == 4 else index,
                    "basis_salary": None if index % 2 else 0,
                    "rate_percent": "45.50" if index in (0, 3, 4, 6) else None,
                    "diagnosis_code": ("J20", None, "Z99.9")[index % 3],
                    "months_counted": index,
                    "paid_via": ("ACCOUNT", "UNIT", "CASH", None)[index % 4 - 1],
                    "status": "APPROVED",
                },
            )
    for of in CLASSES:
        yield (
            "insurance",
            f"{of}.health_card",
            {
                "personal_id": RENEWED,
                "hi_number": "0190900002",
                "card_code": "DN4790190900002",
                "object_group": "DN",
                "benefit_level": 4,
                "living_area": "K2",
                "copay_exempt_from": "2026-03-01",
                "initial_facility_code": {"civilian": SHARED_FACILITY, "defence": DEFENCE_FACILITY}.get(
                    of, POLICE_FACILITY
                ),
                "valid_from": "2026-01-01",
                "valid_to": "2026-12-31",
                "issuer": "ARMY_SI" if of == "defence" else "PROVINCIAL_SI",
                "status": "ACTIVE",
            },
        )
        yield (
            "insurance",
            f"{of}.visit",
            {
                "personal_id": RENEWED,
                "facility_code": SHARED_FACILITY,
                "admitted_at": "2026-02-28 23:59:59",
                "diagnosis_code": "Z99.9",
                "treatment": "INPATIENT",
                "total_cost": 0,
                "insurance_paid": 0,
                "patient_copay": 0,
            },
        )
        yield (
            "insurance",
            f"{of}.unemployment_period",
            {
                "personal_id": THREEFOLD,
                "decision_number": ROUGH,
                "from_date": "2021-05-01",
                "to_date": "2021-07-31",
                "monthly_amount": 3_000_000,
                "months_granted": 3,
                "status": "TERMINATED",
                "termination_reason": "WORK",
            },
        )


def _participant(of: str, number: str, si_number: str, employer: str, group: str | None, **more: Any) -> Insert:
    return (
        "insurance",
        f"{of}.participant",
        {
            "personal_id": number,
            "si_number": si_number,
            "employer_tax_code": employer,
            "object_group": group,
            "status": "ACTIVE",
            **more,
        },
    )


def _book(of: str, number: str, code: str, **more: Any) -> Insert:
    return (
        "insurance",
        f"{of}.book",
        {
            "personal_id": number,
            "book_code": code,
            "issuer": "VSS",
            "issued_on": "2026-01-01",
            "version": 1,
            "data_as_of": "2026-06-30",
            "status": "ACTIVE",
            **more,
        },
    )


def _line(of: str, number: str, start: str, end: str, employer: str | None, group: str | None, **more: Any) -> Insert:
    return (
        "insurance",
        f"{of}.contribution",
        {
            "personal_id": number,
            "from_month": start,
            "to_month": end,
            "employer_tax_code": employer,
            "object_group": group,
            "unit_name": "Đơn vị",
            "job_title": "Nhân viên",
            "kinds": ["RETIREMENT", "UNEMPLOYMENT"],
            "salary_kind": "AMOUNT",
            "salary": 5_310_000,
            "rate_retirement": "22.00",
            "rate_sickness": "3.00",
            "rate_accident": "0.50",
            "rate_unemployment": "2.00",
            "rate_health": "4.50",
            "employee_amount": 557_550,
            "employer_amount": 1_141_650,
            "status": "PAID",
            "recorded_on": "2026-01-15",
            **more,
        },
    )


def _employer() -> Iterator[Insert]:
    for of, tax_code, representative in (
        ("civilian", SHARED_EMPLOYER, CANCELLED),
        ("defence", SHARED_EMPLOYER, DEFENCE_ONLY),
        ("defence", DEFENCE_EMPLOYER, THREEFOLD),
        ("public_security", SHARED_EMPLOYER, POLICE_ONLY),
        ("public_security", POLICE_EMPLOYER, POLICE_ONLY),
        ("civilian", REPRESENTED[0], THREEFOLD),
        ("civilian", REPRESENTED[1], LODGER),
    ):
        yield (
            "employer",
            f"{of}.employer",
            {
                "tax_code": tax_code,
                "budget_code": {DEFENCE_EMPLOYER: "1234567", POLICE_EMPLOYER: "1234568"}.get(tax_code),
                "name": f"{of} {ROUGH}",
                "entity_type": "LLC" if of == "civilian" else "ARMED_FORCES_UNIT",
                "industry_code": "C14" if of == "civilian" else "Z99",
                "province_code": "52",
                "commune_code": "00070",
                "address_detail": ROUGH,
                "address_coded_on": "2025-07-01",
                "payment_method": "MONTHLY",
                "status": "ACTIVE",
                "establishment_decision": ROUGH,
                "email": f"{of}@example.vn",
                "representative_name": ROUGH,
                "representative_personal_id": representative,
            },
        )
    for of, tax_code, group, code in (
        ("civilian", SHARED_EMPLOYER, "DN", f"{SHARED_EMPLOYER}DNC14"),
        ("civilian", SHARED_EMPLOYER, "HD", f"{SHARED_EMPLOYER}HDC14"),
        ("defence", SHARED_EMPLOYER, "DN", "7654321DN"),
        ("defence", DEFENCE_EMPLOYER, "QN", "1234567QN"),
        ("public_security", SHARED_EMPLOYER, "DN", "7654322DN"),
        ("public_security", POLICE_EMPLOYER, "CA", "1234568CA"),
    ):
        row = {"tax_code": tax_code, "object_group": group, "unit_code": code}
        yield "employer", f"{of}.employer_unit", row
    facilities: tuple[tuple[str, str, str | None], ...] = (
        ("civilian", CIVILIAN_FACILITY, SHARED_EMPLOYER),
        ("civilian", SHARED_FACILITY, DEFENCE_EMPLOYER),
        ("defence", SHARED_FACILITY, SHARED_EMPLOYER),
        ("defence", DEFENCE_FACILITY, DEFENCE_EMPLOYER),
        ("public_security", POLICE_FACILITY, POLICE_EMPLOYER),
    )
    for of, facility, employer in facilities:
        yield (
            "employer",
            f"{of}.facility",
            {
                "code": facility,
                "name": f"{of} {ROUGH}",
                "level": "BASIC",
                "province_code": "79",
                "commune_code": "00070",
                "address_coded_on": "2025-07-01",
                "employer_tax_code": employer,
            },
        )
