"""Dated arithmetic of social, health and unemployment insurance.

Money is whole dong, rounded half up at every part. Rates are kept in hundredths of a percent, so that all of it is
exact integer arithmetic. Everything dated is looked up in `tables/*.csv` for the day or the month it is asked for;
asking for a day before the first row of a table raises `LookupError`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache, lru_cache

from hub.domain.codes import rows

REGIONS = ("I", "II", "III", "IV")


@dataclass(frozen=True, slots=True)
class Rates:
    """Contribution rates in hundredths of a percent of the salary basis, employee (`ee`) and employer (`er`)."""

    retirement_ee: int
    retirement_er: int
    sickness_er: int
    accident_er: int
    unemployment_ee: int
    unemployment_er: int
    health_ee: int
    health_er: int


@dataclass(frozen=True, slots=True)
class Terms:
    """What a month of contribution in one wage region is reckoned with."""

    reference: int
    floor: int
    cap: int
    unemployment_cap: int
    rates: Rates


@dataclass(frozen=True, slots=True)
class Split:
    """The parts of one month's contribution, in dong."""

    basis: int
    unemployment_basis: int
    retirement_ee: int
    health_ee: int
    unemployment_ee: int
    retirement_er: int
    sickness_er: int
    accident_er: int
    health_er: int
    unemployment_er: int

    @property
    def employee(self) -> int:
        return self.retirement_ee + self.health_ee + self.unemployment_ee

    @property
    def employer(self) -> int:
        return self.retirement_er + self.sickness_er + self.accident_er + self.health_er + self.unemployment_er


def share(amount: int, hundredths: int) -> int:
    """`hundredths` of a percent of an amount, rounded half up."""
    return (amount * hundredths + 5_000) // 10_000


class _Dated:
    """One CSV file with a column `valid_from`: the row in force on a day."""

    __slots__ = ("days", "name", "rows")

    def __init__(self, name: str) -> None:
        self.name = name
        self.rows: tuple[Mapping[str, str], ...] = tuple(sorted(rows(name), key=lambda row: row["valid_from"]))
        self.days = [row["valid_from"] for row in self.rows]

    def row(self, on: date) -> Mapping[str, str]:
        at = bisect_right(self.days, on.isoformat())
        if at == 0:
            raise LookupError(f"no row of `{self.name}` is in force on {on.isoformat()}")
        return self.rows[at - 1]


@cache
def _dated(name: str) -> _Dated:
    return _Dated(name)


def _hundredths(text: str) -> int:
    return int(Decimal(text) * 100)


def base_salary(on: date) -> int:
    """The base salary, which is the reference level as long as there is one (Decree 158/2025 art. 5)."""
    return int(_dated("base_salary").row(on)["amount"])


def minimum_wage(region: str, on: date) -> int:
    """The monthly minimum wage of a wage region I to IV (now Decree 293/2025)."""
    return int(_dated("minimum_wage").row(on)[f"region_{REGIONS.index(region) + 1}"])


def rates(on: date) -> Rates:
    """The rates of every fund on a day (Social Insurance Law 41/2024, Decree 188/2025, Employment Law 74/2025)."""
    row = _dated("contribution_rate").row(on)
    return Rates(
        retirement_ee=_hundredths(row["retirement_employee"]),
        retirement_er=_hundredths(row["retirement_employer"]),
        sickness_er=_hundredths(row["sickness_employer"]),
        accident_er=_hundredths(row["accident_employer"]),
        unemployment_ee=_hundredths(row["unemployment_employee"]),
        unemployment_er=_hundredths(row["unemployment_employer"]),
        health_ee=_hundredths(row["health_employee"]),
        health_er=_hundredths(row["health_employer"]),
    )


@lru_cache(maxsize=8192)
def terms(year: int, month: int, region: str) -> Terms:
    """What a month is reckoned with, by the rules in force on its first day.

    Before unemployment insurance began there was no regional minimum wage either; its cap is then 0.
    """
    on = date(year, month, 1)
    reference, in_force = base_salary(on), rates(on)
    cap = 20 * minimum_wage(region, on) if in_force.unemployment_ee else 0
    return Terms(reference, reference, 20 * reference, cap, in_force)


def split(salary: int, at: Terms, *, unemployment: bool = True) -> Split:
    """One month's contribution of a salary: `B = clamp(salary, floor, cap)`, `U = min(salary, unemployment cap)`."""
    basis = min(max(salary, at.floor), at.cap)
    for_unemployment = min(salary, at.unemployment_cap) if unemployment else 0
    by = at.rates
    return Split(
        basis,
        for_unemployment,
        share(basis, by.retirement_ee),
        share(basis, by.health_ee),
        share(for_unemployment, by.unemployment_ee),
        share(basis, by.retirement_er),
        share(basis, by.sickness_er),
        share(basis, by.accident_er),
        share(basis, by.health_er),
        share(for_unemployment, by.unemployment_er),
    )


def conscript_contribution(on: date, months_served: int) -> int:
    """What the ministry pays for a conscript a month: 22 % of twice the reference level (TT 90/2025/TT-BQP).

    From the 25th month on half a level more for every further year, up to four levels.
    """
    row = _dated("conscript_basis").row(on)
    halves = int(Decimal(row["start_multiple"]) * 2)
    if months_served >= 24:
        further = 1 + (months_served - 24) // 12
        halves = min(halves + further * int(Decimal(row["step_multiple"]) * 2), int(Decimal(row["most_multiple"]) * 2))
    return share(base_salary(on) * halves // 2, _hundredths(row["rate_percent"]))


def household_premium(on: date, position: int) -> int:
    """The yearly premium of the n-th member who joins as a household (Decree 188/2025): 12 months of 4.5 % by steps."""
    if position < 1:
        raise ValueError(f"members are counted from 1, not `{position}`")
    row = _dated("household_premium").row(on)
    step = int(row[f"step_{min(position, 5)}"])
    yearly = 12 * base_salary(on) * _hundredths(row["rate_percent"]) * step
    return (yearly + 500_000) // 1_000_000


def counted_years(months: int) -> float:
    """Paid months as years: a rest of 1 to 6 months is half a year, of 7 to 11 a whole one (Law 41/2024)."""
    years, rest = divmod(months, 12)
    return years + (0.0 if rest == 0 else 0.5 if rest <= 6 else 1.0)


def pension_rate(sex: str, years: float, on: date | None = None) -> float:
    """The pension in percent of the average salary (Law 41/2024 art. 66); 0 below the least years, 75 at the most.

    Sexes are MALE and FEMALE; other records are reckoned like men, who need the longer time.
    """
    day = (on or date.max).isoformat()
    steps = [
        row
        for row in _dated("pension_rate").rows
        if row["sex"] == ("FEMALE" if sex == "FEMALE" else "MALE") and row["valid_from"] <= day
    ]
    reached = [row for row in steps if int(row["years"]) <= years]
    if not reached:
        return 0.0
    row = max(reached, key=lambda one: int(one["years"]))
    return min(75.0, int(row["rate_percent"]) + (years - int(row["years"])) * int(row["step_percent"]))


def retirement_age_months(sex: str, on: date) -> int:
    """The normal retirement age, in months of life, of somebody who reaches it in that year (Decree 135/2020)."""
    row = _dated("retirement_age").row(on)
    return int(row["female_months" if sex == "FEMALE" else "male_months"])


def unemployment_months(paid_months: int, on: date | None = None) -> int:
    """Months of benefit for the months paid: 3 for the first 36, 1 for each further 12, at most 12."""
    row = _dated("unemployment_benefit").row(on or date.max)
    if paid_months < int(row["least_months"]):
        return 0
    further = max(0, (paid_months - int(row["first_step_at"])) // int(row["months_a_step"]))
    return min(int(row["most_months"]), int(row["first_months"]) + further)


def unemployment_amount(average_salary: int, region: str, on: date) -> int:
    """A month of benefit: 60 % of the average of the last six paid months, at most five minimum wages."""
    row = _dated("unemployment_benefit").row(on)
    return min(
        share(average_salary, _hundredths(row["rate_percent"])),
        int(row["most_minimum_wages"]) * minimum_wage(region, on),
    )


def copay_exempt(own_copay: int, five_years: bool, on: date) -> bool:
    """Whether care is free for the rest of the year: five continuous years, own co-payment above six levels."""
    return five_years and own_copay > int(_dated("copay_limit").row(on)["multiple"]) * base_salary(on)


@lru_cache(maxsize=64)
def cpi_coefficient(year: int) -> int:
    """How much a salary of that year counts at a settlement, in hundredths (TT 01/2025, Decree 158/2025 art. 16)."""
    table = {int(row["year"]): _hundredths(row["coefficient"]) for row in rows("cpi_coefficient")}
    return table[min(max(year, min(table)), max(table))]


def changes(name: str) -> tuple[date, ...]:
    """The days on which a dated table (`base_salary`, `minimum_wage`, `contribution_rate`, ...) changes."""
    return tuple(date.fromisoformat(day) for day in _dated(name).days)
