"""Rows that lists stumble over: ties in every key, values that are not there, one key in several classes, long text.

They belong to people and employers of `tests.engine.oddities` whom every class holds rows of.
"""

from __future__ import annotations

from collections.abc import Mapping

import psycopg

from hub.domain.identifiers import tax_check_digit
from tests.engine.oddities import CLASSES, ROUGH, SHARED_EMPLOYER, THREEFOLD

LONGEST = "Tên dài " + "\x01" * 1_500
"""A name as long as an index takes, of signs that JSON writes with six characters each."""

NAMES = (
    "Trùng tên",
    "100% Việt",
    "100_ Việt",
    "100\\ Việt",
    "100",
    "An Đức",
    "an đức",
    "ăn Đức",
    "Đức An",
    "Đức An 😀",
    "Đức An \ue000",
    ROUGH,
    LONGEST,
)
"""Every class has an employer of each name, under one tax code."""


def tax_codes() -> list[str]:
    nine = (f"{number:09}" for number in range(777_700_000, 777_700_100))
    digits = ((one, tax_check_digit(one)) for one in nine)
    return [f"{one}{digit}" for one, digit in digits if digit is not None][: len(NAMES)]


_INSURANCE = """
    insert into {of}.contribution (personal_id, from_month, to_month, employer_tax_code, object_group, unit_name,
        job_title, kinds, salary_kind, salary, rate_retirement, rate_sickness, rate_accident, rate_unemployment,
        rate_health, employee_amount, employer_amount, status, region, settled, recorded_on)
    select '{person}', format('20%s-01', 10 + n % 3), format('20%s-0%s', 12 + n % 2, 1 + n % 3), null, 'DN', 'Đơn vị',
        (array['Hạ sĩ', 'Hạ', 'hạ sĩ', '%', '_', E'\\\\'])[1 + n % 6],
        case n % 3 when 0 then array['HEALTH'] when 1 then array['RETIREMENT', 'HEALTH'] else array['ACCIDENT'] end,
        (array['AMOUNT', 'COEFFICIENT'])[1 + n % 2], (n % 4) * 1000000, 22, 3, 0.5, 2, 4.5, n, n,
        (array['PAID', 'UNPAID', 'LATE', 'EVADED'])[1 + n % 4], (array['I', null, 'IV'])[1 + n % 3], n % 2 = 0,
        date '2020-02-28' + n % 4
    from generate_series(1, 14) n;
    insert into {of}.benefit (personal_id, regime, decided_on, period_from, period_to, amount, paid_via, status)
    select '{person}', (array['SICK', 'ACCIDENT', 'PENSION', 'ONE_TIME'])[1 + n % 4],
        case when n % 3 > 0 then date '2024-02-28' + n % 4 end, date '2023-12-31' + n % 2,
        case when n % 2 > 0 then date '2025-01-01' + n % 3 end, n % 3,
        (array['CASH', null, 'UNIT'])[1 + n % 3], (array['PAID', 'APPROVED'])[1 + n % 2]
    from generate_series(1, 10) n;
    insert into {of}.health_card (personal_id, hi_number, card_code, object_group, benefit_level, living_area,
        initial_facility_code, valid_from, valid_to, issuer, status)
    select '{person}', '0190900004', 'HS4790190900004', 'HS', 4, (array['K1', null, 'K3'])[1 + n % 3], '79991',
        date '2020-01-01' + n % 3, date '2020-12-31' + n % 2,
        (array['PROVINCIAL_SI', 'ARMY_SI', 'POLICE_SI'])[1 + n % 3],
        (array['ACTIVE', 'EXPIRED'])[1 + n % 2]
    from generate_series(1, 10) n;
    insert into {of}.visit (personal_id, facility_code, admitted_at, discharged_at, diagnosis_code, treatment, result,
        total_cost, insurance_paid, patient_copay)
    select '{person}', '79991', timestamp '2024-02-28 23:59:59' + n % 3 * interval '1 second',
        case when n % 3 > 0 then timestamp '2024-03-01' + n % 2 * interval '1 day' end,
        (array['J20', 'J20.1', 'J2', 'K20'])[1 + n % 4], (array['OUTPATIENT', 'INPATIENT'])[1 + n % 2],
        (array['CURED', null])[1 + n % 2], n % 4, 0, 0
    from generate_series(1, 12) n;
    insert into {of}.unemployment_period (personal_id, from_date, to_date, monthly_amount, months_granted, status)
    select '{person}', date '2021-12-30' + n % 3, case when n % 2 > 0 then date '2022-06-30' + n % 3 end, n % 3, 3,
        (array['RECEIVING', 'COMPLETED', 'SUSPENDED'])[1 + n % 3]
    from generate_series(1, 9) n;
    insert into {of}.participant (personal_id, si_number, employer_tax_code, object_group, status, employed_since,
        salary, payment_method)
    select format('0{class}19090%s', 10000 + n), format('0{class}909%s', 10000 + n), '{employer}', 'DN',
        (array['ACTIVE', 'PAUSED', 'CLOSED'])[1 + n % 3], (array['2020-01', null, '2019-12'])[1 + n % 3],
        case when n % 4 > 0 then n % 4 * 1000000 end, (array['MONTHLY', null])[1 + n % 2]
    from generate_series(1, 12) n;
"""

_LINES = """
    insert into {of}.contribution (personal_id, from_month, to_month, unit_name, job_title, kinds, salary_kind, salary,
        rate_retirement, rate_sickness, rate_accident, rate_unemployment, rate_health, employee_amount, employer_amount,
        status, recorded_on)
    select format('0{other}19090%s', 10000 + n), '2021-01', format('2021-0%s', m), 'Đơn vị', 'Hạ sĩ', array['HEALTH'],
        'AMOUNT', m * 1000000, 22, 3, 0.5, 2, 4.5, n, m, (array['PAID', 'LATE'])[1 + (n + m) % 2], date '2022-01-01' + m
    from generate_series(1, 8) n, generate_series(1, n % 4) m;
"""
"""Lines of some participants, in their own class and in the one behind it."""


def add_rows(owner_dsns: Mapping[str, str]) -> None:
    """Inserts them."""
    for index, of in enumerate(CLASSES):
        known = {"of": of, "person": THREEFOLD, "employer": SHARED_EMPLOYER, "class": index}
        with psycopg.connect(owner_dsns["insurance"]) as connection:
            for text in (
                _INSURANCE,
                _LINES.replace("{other}", str(index)),
                _LINES.replace("{other}", str((index + 1) % 3)),
            ):
                connection.execute(text.format(**known).encode())
        with psycopg.connect(owner_dsns["employer"]) as connection:
            for number, (name, tax_code) in enumerate(zip(NAMES, tax_codes(), strict=True)):
                connection.execute(
                    f"insert into {of}.employer (tax_code, name, entity_type, industry_code, province_code,"
                    " commune_code, address_coded_on, payment_method, status, representative_name)"
                    " values (%s, %s, %s, %s, %s, %s, '2025-07-01', 'MONTHLY', %s, 'x')",
                    [
                        tax_code,
                        name,
                        ("LLC", "PRIVATE", "ARMED_FORCES_UNIT")[number % 3],
                        ("C14", "C1", "O84")[number % 3],
                        ("52", "5", "01")[number % 3],
                        ("00070", "0007")[number % 2],
                        ("ACTIVE", "DISSOLVED")[number % 2],
                    ],
                )
