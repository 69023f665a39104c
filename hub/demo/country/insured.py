"""Participants, electronic books, benefits and unemployment periods, as they follow from a career.

Every row here lives in the class of the authority that keeps it: that of the person, save for a conscript, whose months
of service stand in the class of his ministry with a participant's row of their own while he serves.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from random import Random

from hub.demo.country.calendar import NOW, NOW_MONTH, TODAY, day, first_day, month, month_of, ordinal
from hub.demo.country.career import Career, Line, paid_months_between, percent, retires
from hub.demo.country.draw import identity
from hub.demo.country.people import CIVILIAN, Home, Human, turns
from hub.demo.country.rows import Benefit, Book, ClassRows, Participant, Rows, UnemploymentPeriod
from hub.domain.arithmetic import (
    base_salary,
    counted_years,
    cpi_coefficient,
    pension_rate,
    share,
    unemployment_amount,
    unemployment_months,
)
from hub.model.viewer import RecordClass

_ISSUER = {CIVILIAN: "VSS", RecordClass.DEFENCE: "ARMY_SI", RecordClass.PUBLIC_SECURITY: "POLICE_SI"}
_AGENCY = {RecordClass.DEFENCE: "09700", RecordClass.PUBLIC_SECURITY: "09800"}
_SICK = ("J06.9", "J20", "M54.5", "A09", "J18.9", "K29", "S60", "N39.0")
_SHORT_FROM = ordinal(2019, 1, 1)  # settlements of short-term regimes are kept from here on


@dataclass(slots=True)
class Standing:
    """What the health card of a person follows from."""

    work_group: str | None = None
    job_title: str | None = None
    pensioner: bool = False
    unemployed: bool = False


def write_insured(rng: Random, rows: Rows, home: Home, human: Human, career: Career) -> Standing:
    """The rows of one participant; decides whether his history is settled, before it is written."""
    out = rows.of(human.record_class)
    by = _decided_by(home, human)
    last = career.lines[-1]
    working = last.last >= NOW_MONTH - 3 and human.died is None
    standing = Standing(
        work_group=last.job.group if working and last.job.group else None, job_title=last.job.title if working else None
    )
    status = "ACTIVE" if working else "PAUSED"
    reserved = _write_unemployment(rng, out, human, career, standing) if human.record_class is CIVILIAN else 0
    if not working:
        status = _settle(rng, out, human, career, by, standing)
    _write_short_regimes(rng, out, human, career, by)
    job = last.job
    place = job.workplace if working else None
    out.participant.append(
        Participant(
            identity(rng),
            human.pin,
            human.si_number,
            job.subject if working else "NONE" if human.record_class is CIVILIAN else None,
            _payment_method(rng, last, working),
            _AGENCY.get(human.record_class) or f"0{home.province.code}{int(rng.random() * 6):02}",
            place.tax_code if place is not None else None,
            job.group if working else None,
            job.title if working else None,
            month(_with_employer_since(career)) if working else None,
            last.pay.salary if working else None,
            "CLOSED" if human.died is not None else status,
            min(reserved, 144) if status != "CLOSED" else 0,
        )
    )
    _write_book(rng, out, human, career, status)
    return standing


def _payment_method(rng: Random, last: Line, working: bool) -> str | None:
    if not working:
        return None
    if last.job.workplace is None:
        chance = rng.random()
        return "MONTHLY" if chance < 0.3 else "QUARTERLY" if chance < 0.6 else "YEARLY" if chance < 0.95 else "FORWARD"
    return "MONTHLY"


def _with_employer_since(career: Career) -> int:
    place = career.lines[-1].job.workplace
    since = career.lines[-1].first
    for line in reversed(career.lines):
        if line.job.workplace is not place:
            break
        since = min(since, line.first)
    return since


def _decided_by(home: Home, human: Human) -> str:
    match human.record_class:
        case RecordClass.CIVILIAN:
            return f"Bảo hiểm xã hội {home.province.name}"
        case RecordClass.DEFENCE:
            return "Bảo hiểm xã hội Quân đội"
        case RecordClass.PUBLIC_SECURITY:
            return "Bảo hiểm xã hội Công an nhân dân"


def _write_book(rng: Random, out: ClassRows, human: Human, career: Career, status: str) -> None:
    """The electronic book, created by 1 January 2026 or when the participant registered after it."""
    registered = first_day(career.lines[0].first) + 10
    issued = max(registered, ordinal(2025, 7, 15) + int(rng.random() * 170))
    chance = rng.random()
    state = "MERGED" if career.second_book and chance < 0.5 else "SUSPENDED" if chance < 0.002 else "ACTIVE"
    closed = None if status == "ACTIVE" and rng.random() < 0.7 else month(career.lines[-1].last)
    out.book.append(
        Book(
            identity(rng),
            human.si_number,
            human.pin,
            _ISSUER[human.record_class],
            day(min(issued, NOW - 1)),
            1 + int(rng.random() * 12),
            day(NOW - 1 - int(rng.random() * 28)),
            state,
            closed,
            day(min(issued + 5 + int(rng.random() * 200), NOW - 1)) if rng.random() < 0.7 else None,
        )
    )


def _decision(rng: Random) -> str:
    return f"{int(rng.random() * 1_000_000):06}/QĐ-BHXH"


def _settle(rng: Random, out: ClassRows, human: Human, career: Career, by: str, standing: Standing) -> str:
    """Pension, one-time withdrawal or neither; gives the status of the participant."""
    months = career.months
    armed = human.duty == "ARMY_PENSIONER"
    last = career.lines[-1]
    due = last.last + 1 if armed else max(retires(human), last.last + 1)
    if (
        due <= NOW_MONTH
        and (months >= 180 or (months >= 120 and rng.random() < 0.5))
        and last.job.workplace is not None
    ):
        years = max(counted_years(months), 15.0)
        rate = pension_rate(human.sex, years)
        basis = _average(career)
        died = human.died
        amount = max(share(basis, round(rate * 100)), base_salary(TODAY))
        start = first_day(due)
        if died is not None and start > died:
            return "CLOSED"
        out.benefit.append(
            Benefit(
                identity(rng),
                human.pin,
                "PENSION",
                _decision(rng),
                day(max(start - 20, human.born)),
                by,
                day(start),
                day(died) if died is not None else None,
                None,
                amount,
                "ACCOUNT" if rng.random() < 0.8 else "CASH",
                basis,
                percent(round(rate * 100)),
                None,
                months,
                "TERMINATED" if died is not None else "PAID",
            )
        )
        standing.pensioner = died is None
        return "RETIRED"
    withdraws = human.record_class is CIVILIAN and human.duty != "CONSCRIPT" and last.last + 13 <= NOW_MONTH
    if withdraws and months < 240 and human.died is None and rng.random() < 0.3:
        career.settled = True
        basis = _average(career)
        paid_on = first_day(min(last.last + 13 + int(rng.random() * 12), NOW_MONTH - 1)) + int(rng.random() * 25)
        halves = sum(line.months * (3 if line.first < 2014 * 12 else 4) for line in career.lines)
        amount = max(basis * halves // 24, 1_000_000)
        out.benefit.append(
            Benefit(
                identity(rng),
                human.pin,
                "ONE_TIME",
                _decision(rng),
                day(paid_on),
                by,
                day(paid_on),
                day(paid_on),
                None,
                amount,
                "ACCOUNT",
                basis,
                None,
                None,
                months,
                "PAID",
            )
        )
        return "CLOSED"
    return "PAUSED"


def _average(career: Career) -> int:
    """The average salary of the whole career, each year with the coefficient of its consumer prices."""
    total = months = 0
    for line in career.lines:
        coefficient = 100 if line.pay.coefficient is not None else cpi_coefficient(line.first // 12)
        total += line.pay.salary * line.months * coefficient
        months += line.months
    return total // (100 * months)


def _write_short_regimes(rng: Random, out: ClassRows, human: Human, career: Career, by: str) -> None:
    """Sickness, maternity for each child born while insured, recovery, now and then an accident at work."""
    births = [born for born in human.mother_of if born >= _SHORT_FROM]
    for line in career.lines:
        if line.job.workplace is None or line.last < 2019 * 12:
            continue
        begin, until = max(first_day(line.first), _SHORT_FROM), min(first_day(line.last + 1) - 1, human.until)
        if begin >= until:
            continue
        for born in births:
            if begin <= born - 10 <= until:
                amount = 6 * line.pay.salary + 2 * base_salary(date.fromordinal(born))
                out.benefit.append(
                    Benefit(
                        identity(rng),
                        human.pin,
                        "MATERNITY",
                        _decision(rng),
                        day(min(born + 30, NOW - 1)),
                        by,
                        day(born - 10),
                        day(born + 170),
                        180,
                        amount,
                        "ACCOUNT",
                        line.pay.salary,
                        "100.00",
                        "O80",
                        None,
                        "PAID",
                    )
                )
        chance = rng.random()
        if chance < 0.13 or (human.number == 0 and line is career.lines[-1]):
            _write_sickness(rng, out, human, line, by, begin, until)
        elif chance < 0.134:
            start = begin + int(rng.random() * (until - begin))
            out.benefit.append(
                Benefit(
                    identity(rng),
                    human.pin,
                    "RECOVERY",
                    _decision(rng),
                    day(start),
                    by,
                    day(start),
                    day(start + 4),
                    5,
                    5 * share(base_salary(date.fromordinal(start)), 3_000),
                    "UNIT",
                    None,
                    "30.00",
                    None,
                    None,
                    "PAID",
                )
            )
        elif chance < 0.1345:
            start = begin + int(rng.random() * (until - begin))
            out.benefit.append(
                Benefit(
                    identity(rng),
                    human.pin,
                    "ACCIDENT",
                    _decision(rng),
                    day(start),
                    by,
                    day(start),
                    None,
                    None,
                    5 * base_salary(date.fromordinal(start)),
                    "ACCOUNT",
                    line.pay.salary,
                    None,
                    "S60",
                    None,
                    "PAID",
                )
            )


def _write_sickness(rng: Random, out: ClassRows, human: Human, line: Line, by: str, begin: int, until: int) -> None:
    """75 % of the salary, a day of it being a twenty-fourth."""
    days = 1 + int(rng.expovariate(0.35))
    start = begin + int(rng.random() * max(until - begin - days, 1))
    amount = (line.pay.salary * 75 * days + 1_200) // 2_400
    decided = min(start + days + 20, NOW - 1)
    out.benefit.append(
        Benefit(
            identity(rng),
            human.pin,
            "SICK",
            _decision(rng),
            day(decided),
            by,
            day(start),
            day(start + days - 1),
            days,
            amount,
            "UNIT" if rng.random() < 0.6 else "ACCOUNT",
            line.pay.salary,
            "75.00",
            _SICK[int(rng.random() * len(_SICK))],
            None,
            "PAID" if start + 60 < NOW else "APPROVED",
        )
    )


def _write_unemployment(rng: Random, out: ClassRows, human: Human, career: Career, standing: Standing) -> int:
    """Periods of benefit between jobs (Law 74/2025 art. 38-41); gives the reserved months that are left."""
    used_until = 0
    lines = career.lines
    for line, following in zip(lines, [*lines[1:], None], strict=True):
        if following is not None and following.first <= line.last + 2:
            continue
        if "UNEMPLOYMENT" not in line.kinds or line.last >= NOW_MONTH - 1 or human.died is not None:
            continue
        if following is None and retires(human) <= line.last + 4:
            continue
        paid = paid_months_between(career, used_until + 1, line.last, unemployment=True)
        granted = unemployment_months(paid)
        if granted == 0 or line.last < 2010 * 12 or rng.random() > 0.4:
            continue
        start = first_day(line.last + 1) + 15 + int(rng.random() * 45)
        end = first_day(month_of(start) + granted) - 1
        resumed = first_day(following.first) if following is not None else None
        region = line.job.workplace.province.region if line.job.workplace is not None else "II"
        amount = unemployment_amount(line.pay.salary, region, date.fromordinal(start))
        if start >= NOW:
            continue
        status, reason = "COMPLETED", None
        if resumed is not None and resumed <= end:
            if resumed <= start:
                continue
            end, status, reason = resumed - 1, "TERMINATED", "WORK"
        elif end >= NOW:
            status = "RECEIVING"
            standing.unemployed = True
        elif rng.random() < 0.03:
            status, reason = "TERMINATED", "REPORTS" if rng.random() < 0.6 else "REQUEST"
        out.unemployment_period.append(
            UnemploymentPeriod(
                identity(rng),
                human.pin,
                f"{int(rng.random() * 100_000):05}/QĐ-SNV",
                day(start),
                day(end),
                amount,
                granted,
                status,
                reason,
            )
        )
        used_until = line.last
    return paid_months_between(career, used_until + 1, NOW_MONTH, unemployment=True)


def write_serving(rng: Random, rows: Rows, human: Human, service: Career, of: RecordClass) -> None:
    """A conscript who serves today is a participant of his ministry as well."""
    last = service.lines[-1]
    place = last.job.workplace
    assert place is not None
    rows.of(of).participant.append(
        Participant(
            identity(rng),
            human.pin,
            human.si_number,
            "DD",
            "MONTHLY",
            _AGENCY[of],
            place.tax_code,
            last.job.group,
            last.job.title,
            month(service.lines[0].first),
            last.pay.salary,
            "ACTIVE",
            0,
        )
    )


def write_social_pension(rng: Random, out: ClassRows, home: Home, human: Human) -> None:
    """From 75 years without a pension (from 70 if poor), since July 2025 (Law 41/2024 art. 21-23)."""
    poor = home.poverty in ("HN", "CN")
    due = max(turns(human, 70 if poor else 75), ordinal(2025, 7, 1))
    if due >= NOW or human.died is not None or rng.random() > 0.85:
        return
    start = first_day(month_of(due) + 1)
    if start >= NOW:
        return
    out.benefit.append(
        Benefit(
            identity(rng),
            human.pin,
            "SOCIAL_PENSION",
            _decision(rng),
            day(start),
            f"Ủy ban nhân dân {home.commune[1]}",
            day(start),
            None,
            None,
            500_000,
            "CASH" if rng.random() < 0.5 else "ACCOUNT",
            None,
            None,
            None,
            None,
            "PAID",
        )
    )
