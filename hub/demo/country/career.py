"""Careers: jobs one after another, and the lines they leave in the payment history.

A line lasts as long as nothing in it changes: salary, employer, rates, floors and caps. The amounts are those of
`hub.domain.arithmetic`, for every month of the line.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from random import Random

from hub.demo.country.calendar import NOW, NOW_MONTH, day, first_day, month, month_of
from hub.demo.country.draw import identity
from hub.demo.country.frame import Frame, Workplace
from hub.demo.country.people import Home, Human, turns, year_of
from hub.demo.country.rows import Contribution
from hub.demo.country.vocabulary import jobs
from hub.domain.arithmetic import Rates, Split, changes, retirement_age_months, split, terms

FIRST_MONTH = 1995 * 12  # compulsory social insurance as it is now began in January 1995
UNEMPLOYMENT_FROM = 2009 * 12

_LAW = sorted(
    {
        month_of(on.toordinal())
        for name in ("base_salary", "minimum_wage", "contribution_rate")
        for on in changes(name)
        if on >= date(1995, 1, 1)
    }
)
_BASE_LAW = sorted(
    {
        month_of(on.toordinal())
        for name in ("base_salary", "contribution_rate")
        for on in changes(name)
        if on >= date(1995, 1, 1)
    }
)
_WAGE_INDEX = {year: 1.07 ** (year - 2025) for year in range(1990, 2030)}


@dataclass(slots=True, eq=False)
class Job:
    """One stay with one employer, months inclusive."""

    workplace: Workplace | None
    first: int
    last: int
    group: str | None
    title: str
    subject: str
    unemployment: bool


@dataclass(slots=True, eq=False)
class Line:
    """A contribution line before it becomes a row."""

    job: Job
    first: int
    last: int
    pay: Pay
    employee: int
    employer: int
    rates: tuple[str, str, str, str, str]
    kinds: str
    status: str = "PAID"

    @property
    def months(self) -> int:
        return self.last - self.first + 1


@dataclass(frozen=True, slots=True)
class Pay:
    """What is paid in a month, and how it is reckoned; coefficients in hundredths."""

    salary: int
    coefficient: int | None = None
    allowance: int | None = None
    seniority: int | None = None


@dataclass(slots=True, eq=False)
class Career:
    jobs: list[Job] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    settled: bool = False
    second_book: bool = False

    @property
    def months(self) -> int:
        return sum(line.months for line in self.lines if line.status == "PAID")


@lru_cache(maxsize=256)
def rate_texts(by: Rates, unemployment: bool) -> tuple[str, str, str, str, str]:
    """The whole rate of each fund in percent: retirement, sickness, accident, unemployment, health."""
    whole = (
        by.retirement_ee + by.retirement_er,
        by.sickness_er,
        by.accident_er,
        by.unemployment_ee + by.unemployment_er if unemployment else 0,
        by.health_ee + by.health_er,
    )
    return tuple(percent(one) for one in whole)  # type: ignore[return-value]


def percent(hundredths: int) -> str:
    return f"{hundredths // 100}.{hundredths % 100:02}"


@lru_cache(maxsize=16)
def kinds(unemployment: bool) -> str:
    return (
        "{RETIREMENT,SICKNESS_MATERNITY,ACCIDENT,UNEMPLOYMENT,HEALTH}"
        if unemployment
        else "{RETIREMENT,SICKNESS_MATERNITY,ACCIDENT,HEALTH}"
    )


def law_changes(first: int, last: int, base_only: bool = False) -> list[int]:
    """The months after `first` and up to `last` in which the law changes an amount."""
    law = _BASE_LAW if base_only else _LAW
    return law[bisect_right(law, first) : bisect_right(law, last)]


Share = Callable[[Split], tuple[int, int]]


def both(parts: Split) -> tuple[int, int]:
    """What employee and employer pay where the law leaves it to them."""
    return parts.employee, parts.employer


def write_lines(
    lines: list[Line], job: Job, points: list[int], pay_at: Callable[[int], Pay], shares: Share = both
) -> None:
    """Appends the lines of a job. `points` are the months in which something may change, the job's first among them."""
    region = job.workplace.province.region if job.workplace is not None else "II"
    last_line: Line | None = None
    for n, first in enumerate(points):
        last = points[n + 1] - 1 if n + 1 < len(points) else job.last
        at = terms(first // 12, first % 12 + 1, region)
        unemployment = job.unemployment and first >= UNEMPLOYMENT_FROM
        pay = pay_at(first)
        employee, employer = shares(split(pay.salary, at, unemployment=unemployment))
        rates = rate_texts(at.rates, unemployment)
        if (
            last_line is not None
            and last_line.pay == pay
            and last_line.rates is rates
            and (last_line.employee == employee and last_line.employer == employer)
        ):
            last_line.last = last
            continue
        last_line = Line(job, first, last, pay, employee, employer, rates, kinds(unemployment))
        lines.append(last_line)


def _private_pay(rng: Random, job: Job, level: float) -> tuple[list[int], Callable[[int], Pay]]:
    first, last = job.first, job.last
    januaries = [first, *range((first // 12 + 1) * 12, last + 1, 12)]
    yearly = {}
    salary = 0
    for january in januaries:
        tenure = 1 + 0.02 * ((january - first) // 12)
        if not salary or rng.random() < 0.7:
            salary = max(salary, int(level * _WAGE_INDEX[january // 12] * tenure) // 1_000 * 1_000)
        yearly[january // 12] = salary
    assert job.workplace is not None
    region = job.workplace.province.region

    def pay_at(when: int) -> Pay:
        at = terms(when // 12, when % 12 + 1, region)
        return Pay(max(yearly[when // 12], at.reference, at.unemployment_cap // 20))

    return sorted({*januaries, *law_changes(first, last)}), pay_at


def _state_pay(rng: Random, job: Job, served: int) -> tuple[list[int], Callable[[int], Pay]]:
    """Coefficient 2.34, a step of 0.33 every three years; teachers have a seniority allowance from the sixth year."""
    first, last = job.first, job.last
    teacher = job.workplace is not None and job.workplace.industry == "P85"
    allowance = int(20 + 10 * int(rng.random() * 5)) if rng.random() < 0.12 else None
    began = first - served
    start = 186 if rng.random() < 0.3 else 234

    def pay_at(when: int) -> Pay:
        coefficient = min(start + 33 * ((when - began) // 36), 498)
        years = (when - began) // 12
        seniority = years if teacher and years >= 5 else None
        base = terms(when // 12, when % 12 + 1, "I").reference
        total = (coefficient + (allowance or 0)) * base * (100 + (seniority or 0))
        return Pay((total + 5_000) // 10_000, coefficient, allowance, seniority)

    points = {first, *law_changes(first, last, base_only=True)}
    points.update(range(began + ((first - began) // 36 + 1) * 36, last + 1, 36))
    if teacher:
        points.update(range(max(began + 60, began + ((first - began) // 12 + 1) * 12), last + 1, 12))
    return sorted(points), pay_at


def retires(human: Human) -> int:
    """The month from which a person may draw a pension, by the normal age of the year he reaches it."""
    years = 56 if human.sex == "FEMALE" else 61
    months = retirement_age_months(human.sex, date(max(year_of(human) + years, 1995), 1, 1))
    return month_of(turns(human, months // 12)) + months % 12


def civilian_career(
    rng: Random, frame: Frame, home: Home, human: Human, service: tuple[int, int] | None
) -> Career | None:
    """The working life of a civilian; None if he never paid. `service` are months of conscription to leave free."""
    years = human.age
    if years < 18:
        return None
    owner = human.owner_of
    forced = owner is not None or human.duty == "CONSCRIPT" or home.number == 0
    if not forced and rng.random() > (0.6 if years < 62 else 0.45):
        return None
    current = max(FIRST_MONTH, month_of(human.born) + 12 * 18 + int(rng.random() * 72))
    horizon = NOW_MONTH - 1 if rng.random() < 0.9 else NOW_MONTH - 2
    stop = min(horizon, retires(human) - 1, month_of(human.until) - (1 if human.died else 0))
    if owner is not None:
        stop = horizon
    if current > stop and not forced:
        return None
    state = rng.random() < 0.15
    level = rng.lognormvariate(15.80, 0.45)
    career = Career()
    began = current
    owns_from = max(month_of(owner.founded), month_of(turns(human, 25))) if owner is not None else stop + 1
    while current <= min(stop, owns_from - 1):
        place = _workplace(rng, frame, home, state, current)
        first = max(current, month_of(place.founded) + 1)
        months = int(rng.expovariate(1 / (160 if place.state_paid else 40))) + 1
        last = min(first + months - 1, stop, owns_from - 1)
        if place.status != "ACTIVE":
            last = min(last, NOW_MONTH - 14)
        resume = last + 1
        if service is not None and first <= service[1] and last >= service[0]:
            last, resume = service[0] - 1, service[1] + 1
        if first <= last:
            _work(rng, career, _job(rng, place, first, last), level, first - began)
        elif service is None or resume != service[1] + 1:
            resume = max(resume, current + 1)
        current = resume + int(rng.lognormvariate(1.0, 1.1))
        if not forced and rng.random() < (0.03 if state else 0.17):
            break
    if owner is not None:
        title = "Giám đốc" if not owner.state_paid else "Thủ trưởng đơn vị"
        job = Job(
            owner,
            owns_from,
            stop,
            owner.groups[0],
            title,
            "B" if owner.state_paid else "I",
            owner.entity_type == "PUBLIC_UNIT",
        )
        if owns_from <= stop:
            _work(rng, career, job, level * 2.2, owns_from - began)
    if not career.lines:
        return None
    _mar(rng, frame, home, career)
    return career


def _work(rng: Random, career: Career, job: Job, level: float, served: int) -> None:
    assert job.workplace is not None
    career.jobs.append(job)
    if job.workplace.state_paid:
        points, pay_at = _state_pay(rng, job, min(served, job.first - FIRST_MONTH))
    else:
        region = {"I": 1.35, "II": 1.05, "III": 0.9, "IV": 0.8}[job.workplace.province.region]
        points, pay_at = _private_pay(rng, job, level * region)
    write_lines(career.lines, job, points, pay_at)


def _workplace(rng: Random, frame: Frame, home: Home, state: bool, when: int) -> Workplace:
    by_province, anywhere = (frame.state, frame.state_anywhere) if state else (frame.hiring, frame.hiring_anywhere)
    place = anywhere(rng)
    for _ in range(3):
        near = by_province.get(home.province.code)
        place = near(rng) if near is not None and rng.random() < 0.7 else anywhere(rng)
        if month_of(place.founded) < when:
            break
    return place


def _job(rng: Random, place: Workplace, first: int, last: int) -> Job:
    titles = jobs(place.industry[0])
    title = titles[int(rng.random() * len(titles))]
    group = place.groups[0] if len(place.groups) == 1 or rng.random() < 0.85 else place.groups[1]
    subject = "B" if place.state_paid and group == "HC" else "L" if rng.random() < 0.01 else "A"
    return Job(place, first, last, group, title, subject, place.entity_type != "STATE_AGENCY" or group != "HC")


def _mar(rng: Random, frame: Frame, home: Home, career: Career) -> None:
    """The faults real histories have: late months, and a second book whose months overlap."""
    for line in career.lines:
        if rng.random() < 0.02:
            line.status = "LATE"
    last = career.lines[-1]
    if last.last >= NOW_MONTH - 3 and rng.random() < 0.012:
        last.status = "UNPAID" if rng.random() < 0.8 else "EVADED"
    if rng.random() < 0.01 and home.number:
        some = career.lines[int(rng.random() * len(career.lines))]
        place = _workplace(rng, frame, home, False, some.first)
        if (
            some.months >= 3
            and some.job.workplace is not place
            and some.job.unemployment
            and (month_of(place.founded) < some.first and place.status == "ACTIVE")
        ):
            job = _job(rng, place, some.first + 1, some.last)
            _work(rng, career, job, 6_000_000, 0)
            career.lines.sort(key=lambda line: (line.first, line.last))
            career.second_book = True


def voluntary_career(rng: Random, human: Human) -> Career | None:
    """Voluntary insurance: 22 % of a chosen income into the retirement fund."""
    earliest = max(month_of(turns(human, 18)), 2016 * 12, NOW_MONTH - 12 * 8)
    last = min(NOW_MONTH - 1, month_of(human.until) - 1)
    if earliest + 3 > last:
        return None
    first = earliest + int(rng.random() * (last - earliest - 2))
    if rng.random() < 0.2:
        last = min(last, first + 12 + int(rng.random() * 24))
    income = 1_500_000 + 100_000 * int(rng.random() * 30)
    job = Job(None, first, last, None, "Lao động tự do", "VOLUNTARY", False)
    rates = ("22.00", "0.00", "0.00", "0.00", "0.00")
    amount = (income * 2_200 + 5_000) // 10_000
    line = Line(job, first, last, Pay(income), amount, 0, rates, "{RETIREMENT}")
    return Career([job], [line])


def contribution_rows(rng: Random, human: Human, career: Career) -> list[Contribution]:
    """The rows of a career. `settled` once a one-time withdrawal has closed them (Law 41/2024 art. 70)."""
    found = []
    previous: Job | None = None
    for line in career.lines:
        job, place, pay = line.job, line.job.workplace, line.pay
        movement = "DC" if previous is job else "TM" if previous is None else "TD"
        previous = job
        recorded = min(first_day(line.last + 1) + 4 + int(rng.random() * 24), NOW - 1)
        found.append(
            Contribution(
                identity(rng),
                human.pin,
                month(line.first),
                month(line.last),
                place.tax_code if place is not None else None,
                job.group,
                place.unit_code(job.group) if place is not None and job.group is not None else None,
                place.name_at(line.last) if place is not None else "Tham gia BHXH tự nguyện",
                job.title,
                place.where if place is not None else None,
                line.kinds,
                "AMOUNT" if pay.coefficient is None else "COEFFICIENT",
                pay.salary,
                None if pay.coefficient is None else percent(pay.coefficient),
                None if pay.allowance is None else percent(pay.allowance),
                pay.seniority,
                None,
                place.province.region if place is not None and not place.state_paid else None,
                *line.rates,
                line.employee,
                line.employer,
                line.status,
                "t" if career.settled else "f",
                movement,
                day(recorded),
            )
        )
    return found


def paid_months_between(career: Career, first: int, last: int, unemployment: bool) -> int:
    """Paid months of a career inside a span, perhaps only those of unemployment insurance."""
    total = 0
    for line in career.lines:
        if unemployment and "UNEMPLOYMENT" not in line.kinds:
            continue
        total += max(0, min(line.last, last) - max(line.first, first) + 1)
    return total
