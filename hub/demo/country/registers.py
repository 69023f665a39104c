"""Rows of the population and household registers, and of the employers a household stands for.

A `relative` row lives in the class of the person it names; a `ward` row in that of the `relative` row it follows; a
`member` row in the class of its person; a household in the civilian class as long as one of its people is civilian.
"""

from __future__ import annotations

import unicodedata
from random import Random

from hub.demo.country.calendar import NOW, day, ordinal
from hub.demo.country.draw import identity
from hub.demo.country.frame import Clinic, Frame, Workplace
from hub.demo.country.people import CIVILIAN, Home, Human, faulty, sixteen, turns
from hub.demo.country.rows import (
    Contact,
    Employer,
    EmployerUnit,
    Facility,
    Household,
    Member,
    Person,
    PersonIdentifier,
    Relative,
    Rows,
    Ward,
)
from hub.demo.country.vocabulary import provinces, word
from hub.model.viewer import RecordClass

_MOBILE = (
    "032",
    "033",
    "034",
    "035",
    "036",
    "037",
    "038",
    "039",
    "086",
    "096",
    "097",
    "098",
    "081",
    "082",
    "083",
    "084",
    "085",
    "088",
    "091",
    "094",
    "070",
    "076",
    "077",
    "078",
    "079",
    "089",
    "090",
    "093",
    "056",
    "058",
    "092",
    "059",
)


def phone(rng: Random) -> str:
    """A mobile number of a known network."""
    return f"{_MOBILE[int(rng.random() * len(_MOBILE))]}{int(rng.random() * 10_000_000):07}"


def plain(text: str) -> str:
    """A text without accents, lower case, for addresses of electronic mail."""
    folded = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    return "".join(sign for sign in folded if "a" <= sign <= "z")


def write_person(rng: Random, frame: Frame, rows: Rows, home: Home, human: Human, job_title: str | None) -> None:
    """Group 1 of Decree 164/2025: the person with every number he was ever known by; and group 2, contact."""
    out = rows.of(human.record_class)
    born, years = day(human.born), human.age
    birth_date = born[:4] if years > 41 and rng.random() < 0.05 else born
    if rng.random() < 0.003:
        birth_date = born[:7]
    hidden = human.record_class is not CIVILIAN
    hometown = _province_today(human.birth_province) if rng.random() < 0.3 else home.province.code
    code, coded_on = home.province.code, _recoded(rng)
    if not hidden and rng.random() < 0.01:
        # A fault: never recoded after the mergers, so that 44 or 52 still means the province of before.
        code, coded_on = home.province.before_2025[-1], day(ordinal(2016 + int(rng.random() * 8), 3, 1))
    out.person.append(
        Person(
            human.uuid,
            human.pin,
            human.surname,
            human.middle,
            human.given,
            faulty(rng, human.full_name) if home.number > 4 else human.full_name,
            birth_date,
            human.sex,
            human.people if rng.random() < 0.97 else None,
            "VN",
            f"0{human.birth_province}",  # three digits, as in the personal number
            hometown,
            code,
            home.commune[0],
            home.detail,
            coded_on,
            None if hidden else _occupation(rng, human, job_title),
            "DEAD" if human.died is not None else "ALIVE",
            day(human.died) if human.died is not None else None,
        )
    )
    _write_identifiers(rng, frame, rows, human)
    if years >= 14 and human.died is None:
        _write_contact(rng, rows, home, human)


def _occupation(rng: Random, human: Human, job_title: str | None) -> str | None:
    years = human.age
    if years < 6 or rng.random() < 0.03:
        return None
    if job_title is not None:
        return job_title
    if years < 19:
        return "Học sinh"
    if years < 23 and rng.random() < 0.5:
        return "Sinh viên"
    return word(rng, "occupation") if years < 65 else "Hưu trí hoặc không làm việc"


def _write_identifiers(rng: Random, frame: Frame, rows: Rows, human: Human) -> None:
    out = rows.of(human.record_class).person_identifier
    since = max(human.born + 20, ordinal(2016, 1, 1) + int(rng.random() * 1900))
    since = min(since, NOW - 1)
    if rng.random() < 0.0006 and human.number > 20:
        # Cancelled and established anew (Decree 252/2026 art. 7). The old number has a year of birth before 1920, so
        # that it can be nobody else's.
        other = (frame.numbers.personal(human.number) + 500_009) % 1_000_000
        old = f"{human.pin[:3]}{'1' if human.sex == 'FEMALE' else '0'}{human.number % 20:02}{other:06}"
        cancelled = since + int(rng.random() * (NOW - since))
        out.append(PersonIdentifier(identity(rng), human.uuid, "PERSONAL_ID", old, day(since), day(cancelled)))
        since = cancelled
    out.append(PersonIdentifier(identity(rng), human.uuid, "PERSONAL_ID", human.pin, day(since), None))
    insured = max(human.born + 30, ordinal(2009, 7, 1))
    out.append(
        PersonIdentifier(identity(rng), human.uuid, "SI_NUMBER", human.si_number, day(min(insured, NOW - 1)), None)
    )
    years = human.age
    if years >= 24 and rng.random() < 0.3:
        issued = turns(human, 15) + int(rng.random() * 900)
        number = f"{int(human.birth_province) % 4}{frame.numbers.paper(human.number):08}"
        until = day(max(issued, since))
        out.append(PersonIdentifier(identity(rng), human.uuid, "OLD_ID_CARD", number, day(issued), until))
    if years >= 16 and rng.random() < 0.05:
        issued = NOW - int(rng.random() * 3000)
        number = f"C{frame.numbers.paper(human.number):08}"
        out.append(PersonIdentifier(identity(rng), human.uuid, "PASSPORT", number, day(issued), day(issued + 3652)))


def write_second_number(rng: Random, frame: Frame, rows: Rows, human: Human) -> None:
    """The number of a second book, given in error and merged since."""
    number = f"{human.si_number[:2]}{frame.numbers.insurance(human.number + 50_000_000):08}"
    issued = NOW - 2000 - int(rng.random() * 2000)
    rows.of(human.record_class).person_identifier.append(
        PersonIdentifier(identity(rng), human.uuid, "SI_NUMBER", number, day(issued), day(issued + 900))
    )


def _recoded(rng: Random) -> str:
    """The day from which an address carries the codes of after the mergers of July 2025."""
    return day(ordinal(2025, 7, 1) + int(rng.random() * 90))


def _province_today(before: str) -> str:
    """The province of today that a province of before the mergers is part of."""
    return next((province.code for province in provinces() if before in province.before_2025), before)


def _write_contact(rng: Random, rows: Rows, home: Home, human: Human) -> None:
    province, commune, detail = home.province, home.commune, home.detail
    if rng.random() < 0.08 and human.record_class is CIVILIAN:
        province = provinces()[int(rng.random() * len(provinces()))]
        commune = province.communes[int(rng.random() * len(province.communes))]
        detail = f"Số {1 + int(rng.random() * 300)}, đường {word(rng, 'street')}"
    adult = human.age >= 18
    banked = adult and rng.random() < 0.45
    channel = rng.random()
    rows.of(human.record_class).contact.append(
        Contact(
            human.uuid,
            phone(rng) if rng.random() < 0.88 else None,
            f"{plain(human.given)}.{plain(human.surname)}{human.number % 9973}@example.vn"
            if adult and rng.random() < 0.35
            else None,
            province.code,
            commune[0],
            detail,
            _recoded(rng),
            "APP" if channel < 0.6 else "PORTAL" if channel < 0.8 else "POST" if channel < 0.92 else "AGENT",
            f"{int(rng.random() * 10**12):012}" if banked else None,
            word(rng, "bank") if banked else None,
        )
    )


def write_relatives(rng: Random, rows: Rows, humans: list[Human]) -> None:
    """Father, mother, spouse and legal representative as group 1 names them."""
    for human in humans:
        named: list[tuple[str, Human]] = []
        if human.father is not None:
            named.append(("FATHER", human.father))
        if human.mother is not None:
            named.append(("MOTHER", human.mother))
        if human.spouse is not None and human.spouse.died is None:
            named.append(("SPOUSE", human.spouse))
        if human.age < 16 and human.mother is not None and rng.random() < 0.3:
            named.append(("LEGAL_REPRESENTATIVE", human.mother))
        if _without_parents(human):
            named.append(("LEGAL_REPRESENTATIVE", humans[0]))
        for relation, other in named:
            rows.of(_class_between(human, other)).relative.append(
                Relative(identity(rng), human.uuid, relation, other.full_name, other.pin)
            )


def _without_parents(human: Human) -> bool:
    """A child whose parents live elsewhere: whom the register lists as head represents it, whoever else lives there."""
    return human.age < 16 and human.mother is None and human.father is None


def _class_between(human: Human, other: Human) -> RecordClass:
    """The class of a row by which somebody names another: where it would give the other away, that of the other."""
    return other.record_class if other.record_class is not CIVILIAN else human.record_class


def write_wards(rng: Random, rows: Rows, humans: list[Human]) -> None:
    """Children under 16 in the care of their parents, or of a legal representative where they live without these.

    A child has a row for each of them who lives. Without the row of a hidden parent, it looks like the child of one who
    is alone, just as it does in `relative`.
    """
    for child in humans:
        if child.age > 16:
            continue
        birthday = sixteen(child)
        if birthday <= NOW:
            continue
        guardians = [("FATHER", child.father), ("MOTHER", child.mother)]
        if _without_parents(child):
            guardians = [("LEGAL_REPRESENTATIVE", humans[0])]
        for relation, guardian in guardians:
            if guardian is not None and guardian.died is None:
                rows.of(_class_between(child, guardian)).ward.append(
                    Ward(identity(rng), guardian.pin, child.pin, relation, day(birthday - 1))
                )


def write_household(rng: Random, frame: Frame, rows: Rows, home: Home, facilities: dict[int, str]) -> None:
    """Group 3. `facilities` gives the initial facility of members insured as a household, by number of the person."""
    first = home.humans[0]
    out = rows.of(first.record_class)
    registered = NOW - 200 - int(rng.random() * 7000)
    code = None
    if rng.random() < 0.97:
        # Codes given before the mergers keep the province of their day.
        prefix = home.province.code if rng.random() < 0.5 else home.province.before_2025[0]
        code = f"{prefix}{frame.numbers.household(home.number):08}"
    permanent = rng.random() < 0.88
    out.household.append(
        Household(
            home.uuid,
            code,
            "PERMANENT" if permanent else "TEMPORARY",
            home.province.code,
            home.commune[0],
            home.detail,
            _recoded(rng),
            day(registered),
            phone(rng) if rng.random() < 0.8 else None,
        )
    )
    support = {"HN": 100, "DT": 100, "CN": 70, "GB": 30}.get(home.poverty, 0)
    for position, human in enumerate(home.humans, 1):
        member_rows = rows.of(human.record_class).member
        since = max(registered, human.born)
        facility = facilities.get(human.number)
        if human.age > 20 and rng.random() < 0.012 and since < NOW - 900:
            # Away for some years and back again: an ended membership before the present one.
            left = since + 100 + int(rng.random() * 300)
            member_rows.append(
                Member(
                    identity(rng),
                    home.uuid,
                    human.pin,
                    human.si_number,
                    position,
                    human.role,
                    day(since),
                    day(left),
                    None,
                    0,
                    None,
                    0,
                )
            )
            since = left + 200 + int(rng.random() * 200)
        ended = max(human.died, since) if human.died is not None else None
        member_rows.append(
            Member(
                identity(rng),
                home.uuid,
                human.pin,
                human.si_number if rng.random() < 0.95 else None,
                position,
                human.role,
                day(since),
                day(ended) if ended is not None else None,
                facility,
                support if facility is not None else 0,
                ("ELECTRONIC" if rng.random() < 0.8 else "PAPER") if facility is not None else None,
                12 if facility is not None and ended is None else 0,
            )
        )


def write_employer(rng: Random, rows: Rows, place: Workplace, representative: Human) -> None:
    """Group 7, with the codes under which the unit declares."""
    out = rows.of(place.record_class)
    state = place.state_paid
    out.employer.append(
        Employer(
            identity(rng),
            place.tax_code,
            place.budget_code,
            place.name,
            place.entity_type,
            place.industry,
            place.province.code,
            place.commune[0],
            f"Số {1 + int(rng.random() * 500)}, đường {word(rng, 'street')}",
            _recoded(rng),
            f"02{int(rng.random() * 10**9):09}",
            f"lienhe@{place.tax_code}.example.vn" if rng.random() < 0.7 else None,
            "MONTHLY" if state or rng.random() < 0.85 else "QUARTERLY" if rng.random() < 0.8 else "HALF_YEARLY",
            place.status,
            f"{100 + int(rng.random() * 9000)}/QĐ-UBND" if state and place.record_class is CIVILIAN else None,
            representative.full_name,
            representative.pin,
            day(place.founded),
        )
    )
    for group in place.groups:
        out.employer_unit.append(EmployerUnit(place.tax_code, group, place.unit_code(group)))


def write_facilities(rows: Rows, clinics: list[Clinic]) -> None:
    for clinic in clinics:
        rows.of(clinic.record_class).facility.append(
            Facility(
                clinic.code,
                clinic.name,
                clinic.level,
                clinic.province.code,
                clinic.commune[0],
                None if clinic.level == "COMMUNE" else f"Khu phố {1 + int(clinic.code[2:]) % 9}",
                day(ordinal(2025, 7, 1)),
                clinic.employer.tax_code if clinic.employer is not None else None,
            )
        )
