"""Health insurance: cards of this year and the last, and the visits they paid for.

A card lives in the class its object group reveals, a visit in that of its card or of its facility: the army's card of
an officer's wife and what she is treated for with it are defence rows. The civilian register holds nothing in place of
them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from random import Random

from hub.demo.country.calendar import NOW, TODAY, YEAR, day, ordinal
from hub.demo.country.draw import Weighted, identity, poisson
from hub.demo.country.frame import Clinic, Frame
from hub.demo.country.people import CIVILIAN, Home, Human, turns
from hub.demo.country.rows import HealthCard, Rows, Visit
from hub.demo.country.vocabulary import Diagnosis, diagnoses
from hub.domain.arithmetic import base_salary, copay_exempt
from hub.domain.codes import table
from hub.model.viewer import RecordClass

_SINCE = NOW - 456  # visits are kept for the last fifteen months
_LEVEL_SHARE = {1: 100, 2: 100, 3: 95, 4: 80, 5: 100}
_LEVELS = {entry.code: int(entry.facts["level"]) for entry in table("object_group")}
_CLASS = {"DEFENCE": RecordClass.DEFENCE, "PUBLIC_SECURITY": RecordClass.PUBLIC_SECURITY}
_REVEALS = {entry.code: _CLASS[entry.facts["reveals"]] for entry in table("object_group") if entry.facts["reveals"]}
_ISSUER = {"QN": "ARMY_SI", "CY": "ARMY_SI", "TQ": "ARMY_SI", "TV": "ARMY_SI", "CA": "POLICE_SI"}
_VISITS = {"child": poisson(2.6), "adult": poisson(1.7), "old": poisson(5.0)}
_COSTLY = frozenset({"C34.9", "I63.9", "N18.9"})
_NEW_YEAR = ordinal(YEAR, 1, 1)


@dataclass(frozen=True, slots=True)
class Cover:
    """Under which group somebody is insured today; `relative_of` is the duty that gives him a card of a ministry."""

    group: str
    record_class: RecordClass


def cover_of(
    rng: Random, home: Home, human: Human, work_group: str | None, pensioner: bool, unemployed: bool
) -> Cover | None:
    """The group of today, in the order of article 12 of the health insurance law; None for who is not insured."""
    years = human.age
    match human.duty:
        case "OFFICER":
            return Cover("QN", human.record_class)
        case "POLICE":
            return Cover("CA", human.record_class)
        case "DEFENCE_WORKER":
            return Cover("HC", human.record_class)
        case "ARMY_PENSIONER":
            return Cover("HT", human.record_class)
        case _:
            pass
    if years < 6:
        return _civilian("TE")
    if work_group is not None:
        return _civilian(work_group)
    if pensioner:
        return _civilian("HT")
    if unemployed:
        return _civilian("TN")
    chance = rng.random()
    if years >= 80:
        return _civilian("BT" if chance < 0.7 else "CT")
    if years > 68 and chance < 0.05:
        return _civilian("CC" if chance < 0.015 else "CB" if chance < 0.035 else "CK")
    if home.poverty in ("HN", "CN", "DT"):
        return _civilian(home.poverty)
    sponsored = _relatives_group(home, human)
    if sponsored is not None and chance < (0.9 if years < 18 else 0.6):
        return Cover(sponsored, _REVEALS[sponsored])
    if years < 18:
        return _civilian("HS") if chance < 0.96 else None
    if years < 23 and chance < 0.45:
        return _civilian("SV")
    if home.poverty == "GB":
        return _civilian("GB")
    return _civilian("GD") if chance < 0.9 else None


def _civilian(group: str) -> Cover:
    return Cover(group, CIVILIAN)


def _relatives_group(home: Home, human: Human) -> str | None:
    """Relatives of those who serve: spouse, children from six years, parents (Law 51/2024 art. 12(3)(l))."""
    if human.duty:
        return None
    for other in home.humans:
        if other.duty not in ("OFFICER", "POLICE", "DEFENCE_WORKER"):
            continue
        related = (
            other.spouse is human
            or human.father is other
            or human.mother is other
            or other.father is human
            or other.mother is human
        )
        if related and (human.age < 20 or other.spouse is human or other.father is human or other.mother is human):
            return {"OFFICER": "TQ", "POLICE": "TA", "DEFENCE_WORKER": "TV"}[other.duty]
    return None


def facility_for(rng: Random, frame: Frame, home: Home, cover: Cover) -> Clinic:
    """The facility of first registration; ministries have their own, which only their cards may name."""
    if cover.record_class is not CIVILIAN and rng.random() < 0.5:
        own = frame.armed_clinics[cover.record_class]
        return own[int(rng.random() * len(own))]
    return frame.clinics[home.province.code](rng)


def write_health(
    rng: Random, frame: Frame, rows: Rows, home: Home, human: Human, cover: Cover | None, young_mother: bool
) -> None:
    """The cards of a person and the visits of the last fifteen months."""
    if cover is None:
        return
    clinic = facility_for(rng, frame, home, cover)
    level = _LEVELS[cover.group]
    if level == 4 and human.age > 45 and cover.record_class is CIVILIAN and rng.random() < 0.01:
        level = 2  # also a veteran: the letters of the first group, the level of the best
    issuing = home.province.code
    if cover.group in _ISSUER and rng.random() < 0.7:
        issuing = "97" if _ISSUER[cover.group] == "ARMY_SI" else "98"
    code = f"{cover.group}{level}{issuing}{human.si_number}"
    copay = _write_visits(rng, frame, rows, home, human, cover, code, level, clinic, young_mother)
    _write_cards(rng, rows, home, human, cover, code, level, clinic, copay)


def _write_cards(
    rng: Random, rows: Rows, home: Home, human: Human, cover: Cover, code: str, level: int, clinic: Clinic, copay: int
) -> None:
    out = rows.of(cover.record_class).health_card
    issuer = _ISSUER.get(cover.group, "PROVINCIAL_SI")
    if cover.record_class is RecordClass.DEFENCE and cover.group in ("HC", "CH"):
        issuer = "ARMY_SI"
    area = None
    if home.province.highland:
        area = "K1" if rng.random() < 0.5 else "K2"
    five_years = day(max(human.born, ordinal(2015 + int(rng.random() * 9), 1, 1))) if rng.random() < 0.7 else None
    armed = level == 5
    first, last = _NEW_YEAR, ordinal(YEAR, 12, 31)
    if cover.group == "TE":
        first, last = human.born, turns(human, 6) - 1
    elif armed:
        first = ordinal(YEAR - 1 - int(rng.random() * 3), 1, 1)
        last = first + 1825
    elif cover.group == "HS" and rng.random() < 0.5:
        first, last = ordinal(YEAR - 1, 10, 1), ordinal(YEAR, 12, 31)
    chance = rng.random()
    status = "ACTIVE"
    if human.died is not None:
        status = "LOCKED"
        first = min(first, ordinal(int(day(human.died)[:4]), 1, 1))
        last = max(min(last, human.died + 60), first)
    elif chance < 0.012:
        status = "REVOKED"
    elif chance < 0.03:
        status = "REDUCED"
    exempt = None
    if five_years is not None and five_years <= f"{YEAR - 5}-12-31" and copay_exempt(copay, True, TODAY):
        exempt = day(NOW - int(rng.random() * 60))
    if first >= _NEW_YEAR - 400 and not armed and cover.group != "TE" and human.age > 6 and rng.random() < 0.4:
        # The card of the year before; one in five had another group then, like a pupil or a household member.
        earlier, earlier_code, earlier_level = cover.group, code, level
        if rng.random() < 0.2 and cover.record_class is CIVILIAN:
            earlier = "HS" if human.age < 19 else "GD"
            earlier_level = 4
            earlier_code = f"{earlier}4{home.province.code}{human.si_number}"
        start = ordinal(int(day(first)[:4]) - 1, 1, 1)
        out.append(
            HealthCard(
                identity(rng),
                human.pin,
                human.si_number,
                earlier_code,
                earlier,
                earlier_level,
                area,
                clinic.code,
                day(start),
                day(first - 1),
                five_years,
                None,
                None,
                issuer,
                "EXPIRED" if rng.random() < 0.97 else "REPLACED",
            )
        )
    out.append(
        HealthCard(
            identity(rng),
            human.pin,
            human.si_number,
            code,
            cover.group,
            level,
            area,
            clinic.code,
            day(first),
            day(last),
            five_years,
            exempt,
            copay,
            issuer,
            status,
        )
    )


@lru_cache(maxsize=16)
def _mix(years: int, young_woman: bool) -> Weighted[Diagnosis]:
    """Diagnoses of an age group; `years` is the first year of a band."""
    return Weighted(
        (one, one.weight * (1 + (one.child_boost if years < 15 else 0)) * (0.05 if years < one.from_age else 1.0))
        for one in diagnoses()
        if not one.of_young_women or young_woman
    )


def _write_visits(
    rng: Random,
    frame: Frame,
    rows: Rows,
    home: Home,
    human: Human,
    cover: Cover,
    code: str,
    level: int,
    clinic: Clinic,
    young_mother: bool,
) -> int:
    """Visits of a person; gives what he paid himself this year, in dong."""
    years = human.age
    count = _VISITS["child" if years < 6 else "adult" if years < 60 else "old"](rng)
    if human.number < 20:
        count = max(count, 3)
    since, until = max(_SINCE, human.born + 5), human.until
    if count == 0 or since >= until - 2:
        return 0
    mix = _mix(0 if years < 15 else 20 if years < 40 else 45 if years < 60 else 60, young_mother)
    own = 0
    days = sorted(int(since + rng.random() * (until - since - 1)) for _ in range(count))
    for at in days:
        place, into = clinic, cover.record_class
        chance = rng.random()
        if chance > 0.6:
            place = frame.clinics[home.province.code](rng)
        elif into is CIVILIAN and chance < 0.0004:
            ministry = RecordClass.DEFENCE if chance < 0.0003 else RecordClass.PUBLIC_SECURITY
            place, into = frame.armed_clinics[ministry][0], ministry
        own += _write_visit(rng, rows, human, at, code, level, place, into, mix(rng))
    return own


def _write_visit(
    rng: Random,
    rows: Rows,
    human: Human,
    at: int,
    code: str,
    level: int,
    place: Clinic,
    into: RecordClass,
    diagnosis: Diagnosis,
) -> int:
    minute = 420 + int(rng.random() * 560)
    admitted = f"{day(at)} {minute // 60:02}:{minute % 60:02}"
    inpatient = place.level != "COMMUNE" and rng.random() < diagnosis.inpatient
    if inpatient:
        total = int(rng.lognormvariate(15.2, 0.7) * (6 if diagnosis.code in _COSTLY else 1)) // 100 * 100
        out_day = min(at + 1 + int(rng.expovariate(0.2)), human.until)
        minute = 480 + int(rng.random() * 480)
        discharged = f"{day(out_day)} {minute // 60:02}:{minute % 60:02}" if out_day > at else None
    else:
        total = int(rng.lognormvariate(12.6, 0.6)) // 100 * 100
        minute = min(minute + 20 + int(rng.random() * 200), 1439)
        discharged = f"{day(at)} {minute // 60:02}:{minute % 60:02}"
    share = _LEVEL_SHARE[level]
    if total * 100 < 15 * _reference(at) or (place.level == "COMMUNE" and not inpatient):
        share = 100
    paid = (total * share + 50) // 100
    chance = rng.random()
    rows.of(into).visit.append(
        Visit(
            identity(rng),
            human.pin,
            code,
            place.code,
            admitted,
            discharged,
            diagnosis.code,
            "INPATIENT" if inpatient else "OUTPATIENT",
            None
            if discharged is None
            else "BETTER"
            if chance < 0.55
            else "CURED"
            if chance < 0.9
            else "SAME"
            if chance < 0.985
            else "WORSE",
            total,
            paid,
            total - paid,
        )
    )
    return total - paid if at >= _NEW_YEAR else 0


@lru_cache(maxsize=2048)
def _reference(at: int) -> int:
    return base_salary(date.fromordinal(at))
