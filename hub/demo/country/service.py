"""Service in the armed forces and the police: careers of officers, months of conscripts (Decree 157/2025).

None of these lines knows unemployment insurance. Officers pay 8 % for their retirement, the state everything else; a
conscript pays nothing, the ministry 22 % of a multiple of the reference level (TT 90/2025/TT-BQP).
"""

from __future__ import annotations

from datetime import date
from random import Random

from hub.demo.country.calendar import NOW_MONTH, month_of
from hub.demo.country.career import FIRST_MONTH, Career, Job, Line, Pay, law_changes, write_lines
from hub.demo.country.frame import Frame, Workplace
from hub.demo.country.people import Human, year_of
from hub.demo.country.vocabulary import ranks
from hub.domain.arithmetic import Split, conscript_contribution, terms
from hub.model.viewer import RecordClass

_BASIS_CHANGE = 2025 * 12 + 6  # Decree 157/2025: twice the reference level from July 2025


def _state_pays_health(parts: Split) -> tuple[int, int]:
    return parts.retirement_ee, parts.employer + parts.health_ee


def service_months(rng: Random, human: Human) -> tuple[int, int]:
    """The 24 months of a conscript, from the call-up of a February at 18 to 22; the later ones may not be over."""
    called = year_of(human) + 19 + int(rng.random() * 3)
    first = min(called, 2026) * 12 + 1
    return max(first, FIRST_MONTH), max(first, FIRST_MONTH) + 23


def conscript_career(unit: Workplace, months: tuple[int, int]) -> Career:
    """The lines of conscription up to now."""
    first, last = months[0], min(months[1], NOW_MONTH - 1)
    job = Job(unit, first, last, unit.groups[0], "Chiến sĩ", "DD", False)
    lines = []
    points = sorted(
        {first, *law_changes(first, last, base_only=True), *([_BASIS_CHANGE] if first < _BASIS_CHANGE <= last else [])}
    )
    for n, start in enumerate(points):
        until = points[n + 1] - 1 if n + 1 < len(points) else last
        on = date(start // 12, start % 12 + 1, 1)
        amount = conscript_contribution(on, start - first)
        multiple = 2 if start >= _BASIS_CHANGE else 1
        basis = terms(on.year, on.month, "I").reference * multiple
        rate = "22.00" if on.year >= 2010 else "20.00"
        lines.append(
            Line(job, start, until, Pay(basis), 0, amount, (rate, "0.00", "0.00", "0.00", "0.00"), "{RETIREMENT}")
        )
    return Career([job], lines)


def officer_career(rng: Random, frame: Frame, human: Human) -> Career:
    """The service of an officer or professional soldier, a ministry's worker, or an officer now retired."""
    of = human.record_class
    units = frame.armed[of]
    began = max(FIRST_MONTH, month_of(human.born) + 12 * (19 + int(rng.random() * 5)))
    stop = NOW_MONTH - 1
    if human.duty == "ARMY_PENSIONER":
        stop = max(min(stop, month_of(human.born) + 12 * 56), began + 190)
    worker = human.duty == "DEFENCE_WORKER"
    career = Career()
    current = began
    while current <= stop:
        unit = human.owner_of or units[int(rng.random() * len(units))]
        last = stop if human.owner_of else min(stop, current + 36 + int(rng.random() * 120))
        for first, until, title, coefficient in _steps(current, last, began, of, worker):
            job = Job(unit, first, until, unit.groups[1 if worker else 0], title, "C" if worker else "D", False)
            career.jobs.append(job)
            _serve(career, job, began, coefficient, worker)
        current = last + 1
    return career


def _steps(first: int, last: int, began: int, of: RecordClass, worker: bool) -> list[tuple[int, int, str, int]]:
    """The stretches of a stay with one rank: first and last month, title, coefficient in hundredths."""
    if worker:
        return [(first, last, "Công nhân quốc phòng", 0)]
    found = []
    ladder = ranks()
    for n, rank in enumerate(ladder):
        start = max(first, began + 12 * rank.years)
        until = min(last, began + 12 * ladder[n + 1].years - 1) if n + 1 < len(ladder) else last
        if start <= until:
            title = f"{rank.army if of is RecordClass.DEFENCE else rank.police} - {_POST[n % len(_POST)]}"
            found.append((start, until, title, round(float(rank.coefficient) * 100)))
    return found


_POST = ("Trợ lý", "Trung đội trưởng", "Cán bộ", "Phó trưởng ban", "Trưởng ban")


def _serve(career: Career, job: Job, began: int, coefficient: int, worker: bool) -> None:
    def pay_at(when: int) -> Pay:
        years = (when - began) // 12
        own = min(234 + 33 * (years // 3), 498) if worker else coefficient
        seniority = years if years >= 5 else None
        base = terms(when // 12, when % 12 + 1, "I").reference
        return Pay((own * base * (100 + (seniority or 0)) + 5_000) // 10_000, own, None, seniority)

    points = {job.first, *law_changes(job.first, job.last, base_only=True)}
    points.update(range(began + ((job.first - began) // 12 + 1) * 12, job.last + 1, 12))
    write_lines(career.lines, job, sorted(points), pay_at, _state_pays_health)
