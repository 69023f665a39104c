"""One household with everything the four registers know of its people: the unit the country is made of."""

from __future__ import annotations

from random import Random

from hub.demo.country import plan
from hub.demo.country.calendar import NOW, NOW_MONTH, day
from hub.demo.country.career import Career, civilian_career, contribution_rows, voluntary_career
from hub.demo.country.draw import generator
from hub.demo.country.frame import Frame, all_clinics
from hub.demo.country.health import Cover, cover_of, write_health
from hub.demo.country.insured import Standing, write_insured, write_serving, write_social_pension
from hub.demo.country.people import CIVILIAN, Home, Human, compose
from hub.demo.country.plan import CONSCRIPT, Kind, kind
from hub.demo.country.registers import (
    write_employer,
    write_facilities,
    write_household,
    write_person,
    write_relatives,
    write_second_number,
    write_wards,
)
from hub.demo.country.rows import Rows
from hub.demo.country.service import conscript_career, officer_career, service_months
from hub.model.viewer import RecordClass

_HOUSEHOLDS = 6  # purpose of `draw.generator`
_MOST_ATTEMPTS = 400
_YEARS_ON = day(NOW + 4 * 365)  # so long the sample citizen has a child in care, whatever day it is read on


def make_household(frame: Frame, number: int, size: int, first_person: int) -> Rows:
    """The rows of a household. Those built on purpose are drawn again until they are good samples."""
    for attempt in range(_MOST_ATTEMPTS):
        rng = generator(frame.plan.seed, _HOUSEHOLDS, number + (attempt << 32))
        rows = Rows()
        home = _write(rng, frame, rows, number, size, first_person)
        if number > CONSCRIPT or _is_sample(home, rows):
            break
    else:
        raise AssertionError(f"household {number} of seed {frame.plan.seed} never became a sample")
    if number == 0:
        write_facilities(rows, all_clinics(frame))
    return rows


def _write(rng: Random, frame: Frame, rows: Rows, number: int, size: int, first_person: int) -> Home:
    home = compose(rng, frame, number, kind(frame.plan.seed, number), size, first_person)
    for human in home.humans:
        if human.mother is not None:
            human.mother.mother_of.append(human.born)
    facilities: dict[int, str] = {}
    for human in home.humans:
        standing, serving = _write_career(rng, frame, rows, home, human)
        write_person(rng, frame, rows, home, human, standing.job_title)
        cover = serving or cover_of(rng, home, human, standing.work_group, standing.pensioner, standing.unemployed)
        young = human.sex == "FEMALE" and 20 <= human.age <= 42
        write_health(rng, frame, rows, home, human, cover, young)
        if cover is not None and cover.group in ("GD", "GB", "HN", "CN", "DT") and cover.record_class is CIVILIAN:
            facilities[human.number] = rows.civilian.health_card[-1].initial_facility_code
        if human.owner_of is not None:
            write_employer(rng, rows, human.owner_of, human)
    write_relatives(rng, rows, home.humans)
    write_household(rng, frame, rows, home, facilities)
    write_wards(rng, rows, home.humans)
    return home


def _write_career(rng: Random, frame: Frame, rows: Rows, home: Home, human: Human) -> tuple[Standing, Cover | None]:
    """The working life of a person; the cover is that of a conscript who serves today."""
    if human.record_class is not CIVILIAN:
        career = officer_career(rng, frame, human)
        standing = write_insured(rng, rows, home, human, career)
        rows.of(human.record_class).contribution.extend(contribution_rows(rng, human, career))
        return standing, None
    months = service = serving = None
    if human.duty == "CONSCRIPT":
        months = service_months(rng, human)
        of = RecordClass.DEFENCE if rng.random() < 0.8 or home.number == CONSCRIPT else RecordClass.PUBLIC_SECURITY
        unit = frame.armed[of][int(rng.random() * len(frame.armed[of]))]
        if months[0] < NOW_MONTH:
            service = conscript_career(unit, months)
            rows.of(of).contribution.extend(contribution_rows(rng, human, service))
            if months[1] >= NOW_MONTH:
                write_serving(rng, rows, human, service, of)
                serving = Cover(unit.groups[0], of)
    civilian = civilian_career(rng, frame, home, human, months)
    if civilian is None and serving is None and human.age >= 25 and rng.random() < 0.11:
        civilian = voluntary_career(rng, human)
    if civilian is None:
        write_social_pension(rng, rows.civilian, home, human)
        return Standing(), serving
    standing = _write_civilian(rng, frame, rows, home, human, civilian)
    if not standing.pensioner:
        write_social_pension(rng, rows.civilian, home, human)
    return standing, serving


def _write_civilian(rng: Random, frame: Frame, rows: Rows, home: Home, human: Human, career: Career) -> Standing:
    standing = write_insured(rng, rows, home, human, career)
    rows.civilian.contribution.extend(contribution_rows(rng, human, career))
    if career.second_book:
        write_second_number(rng, frame, rows, human)
    return standing


def _is_sample(home: Home, rows: Rows) -> bool:
    """Whether a household built on purpose shows what its viewer is meant to see."""
    head = home.humans[0]
    match home.number:
        case plan.CITIZEN:
            own = [line for line in rows.civilian.contribution if line.personal_id == head.pin]
            employers = {line.employer_tax_code for line in own}
            cards = [card for card in rows.civilian.health_card if card.personal_id == head.pin]
            active = any(one.personal_id == head.pin and one.status == "ACTIVE" for one in rows.civilian.participant)
            cared_for = any(
                one.guardian_personal_id == head.pin and one.until >= _YEARS_ON for one in rows.civilian.ward
            )
            whole = len(own) >= 5 and len(employers) >= 2 and bool(cards) and active and cared_for
            return whole and not _armed_rows(rows)
        case plan.SOLDIER | plan.POLICE_OFFICER:
            hidden = rows.of(_serves_in(home))
            married = any(one.relation == "SPOUSE" for one in hidden.relative)
            return married and bool(hidden.ward) and head.record_class is CIVILIAN
        case _:
            son = next(one for one in home.humans if one.duty == "CONSCRIPT")
            own = [line for line in rows.civilian.contribution if line.personal_id == son.pin]
            served = [line for line in rows.defence.contribution if line.personal_id == son.pin]
            return (
                bool(own)
                and bool(served)
                and any(line.to_month < served[0].from_month for line in own)
                and any(line.from_month > served[-1].to_month for line in own)
            )


def _serves_in(home: Home) -> RecordClass:
    return RecordClass.DEFENCE if home.kind is Kind.ARMY else RecordClass.PUBLIC_SECURITY


def _armed_rows(rows: Rows) -> bool:
    return any(record_class is not CIVILIAN for record_class, _, _, _ in rows.tables())
