"""The frame of the country: what every household may refer to, drawn once from the seed before any household.

Employers of all classes with their names over time, medical facilities, and the permutations behind every number.
Sizes of employers are heavy-tailed: the weight of the n-th is 1 / (n + 3), so a few hold thousands of people.
The owner or head of an employer is a person of the country: each employer is given a household, and its rows are made
together with that household's.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from random import Random

from hub.demo.country.calendar import NOW_MONTH, ordinal
from hub.demo.country.draw import Serials, Weighted, generator
from hub.demo.country.plan import BLOCK, Kind, Plan, kind, kinds, plan
from hub.demo.country.vocabulary import Province, provinces, word
from hub.domain.identifiers import tax_check_digit
from hub.model.viewer import RecordClass

_NUMBERS, _EMPLOYERS, _FACILITIES = 3, 4, 5  # purposes of `draw.generator`
_MOST_EMPLOYERS = 1_000_000

_ENTITY = Weighted(
    [
        ("LLC", 42),
        ("JOINT_STOCK", 20),
        ("PRIVATE", 8),
        ("STATE_OWNED", 3),
        ("FOREIGN", 5),
        ("COOPERATIVE", 3),
        ("HOUSEHOLD_BUSINESS", 5),
        ("STATE_AGENCY", 6),
        ("PUBLIC_UNIT", 8),
    ]
)
_LARGE = Weighted([("FOREIGN", 45), ("JOINT_STOCK", 30), ("LLC", 15), ("STATE_OWNED", 10)])
_TITLE = {
    "LLC": "Công ty TNHH",
    "JOINT_STOCK": "Công ty cổ phần",
    "PRIVATE": "Doanh nghiệp tư nhân",
    "STATE_OWNED": "Tổng công ty",
    "FOREIGN": "Công ty TNHH",
    "COOPERATIVE": "Hợp tác xã",
    "HOUSEHOLD_BUSINESS": "Hộ kinh doanh",
}
_GROUPS = {"COOPERATIVE": ("HX",), "STATE_AGENCY": ("HC", "CH"), "PUBLIC_UNIT": ("HC", "CH")}


@dataclass(frozen=True, slots=True)
class Workplace:
    """An employer as a payment history sees it. `names` are (first month, name), the oldest first."""

    number: int
    record_class: RecordClass
    tax_code: str
    budget_code: str | None
    names: tuple[tuple[int, str], ...]
    entity_type: str
    industry: str
    province: Province
    commune: tuple[str, str]
    groups: tuple[str, ...]
    founded: int
    status: str
    weight: float
    state_paid: bool
    representative_household: int

    @property
    def name(self) -> str:
        return self.names[-1][1]

    def name_at(self, month: int) -> str:
        """The name in a month."""
        for since, name in reversed(self.names):
            if month >= since:
                return name
        return self.names[0][1]

    def unit_code(self, group: str) -> str:
        """The code under which the unit declares a group of people (CV 1804/BHXH-QLT)."""
        return f"{self.budget_code}{group}" if self.budget_code else f"{self.tax_code}{group}{self.industry}"

    @property
    def where(self) -> str:
        return f"{self.commune[1]}, {self.province.name}"


@dataclass(frozen=True, slots=True)
class Clinic:
    """A medical facility; those of the ministries have the prefixes 97 and 98 wherever they stand."""

    code: str
    name: str
    level: str
    record_class: RecordClass
    province: Province
    commune: tuple[str, str]
    employer: Workplace | None


@dataclass(frozen=True, slots=True)
class Numbers:
    """The permutations behind the numbers. All but the personal number are unique far beyond the largest country."""

    personal: Serials
    insurance: Serials
    paper: Serials
    household: Serials
    tax: Serials
    budget: Serials


@dataclass(frozen=True, slots=True)
class Frame:
    plan: Plan
    numbers: Numbers
    by_weight: Weighted[Province]
    by_migration: Weighted[Province]
    employers: tuple[Workplace, ...]
    armed: dict[RecordClass, tuple[Workplace, ...]]
    hiring: dict[str, Weighted[Workplace]]
    hiring_anywhere: Weighted[Workplace]
    state: dict[str, Weighted[Workplace]]
    state_anywhere: Weighted[Workplace]
    represented: dict[int, Workplace]
    clinics: dict[str, Weighted[Clinic]]
    armed_clinics: dict[RecordClass, tuple[Clinic, ...]]


def _numbers(seed: int) -> Numbers:
    rng = generator(seed, _NUMBERS, 0)
    return Numbers(
        personal=Serials(rng, 1_000, 1_000),
        insurance=Serials(rng, 10_000, 10_000),
        paper=Serials(rng, 10_000, 10_000),
        household=Serials(rng, 10_000, 10_000),
        tax=Serials(rng, 10_000, 1_000),
        budget=Serials(rng, 1_000, 1_000),
    )


def _tax_code(numbers: Numbers, number: int, province: Province) -> str:
    """The code of the n-th employer of any class: the first of its ten candidates that has a check digit."""
    zone = provinces().index(province) + 1
    for attempt in range(10):
        nine = f"{zone:02}{numbers.tax(number + attempt * _MOST_EMPLOYERS):07}"
        digit = tax_check_digit(nine)
        if digit is not None:
            return nine + digit
    raise AssertionError(f"ten nine-digit serials in a row have no check digit: employer {number}")


def _enterprise_name(rng: Random, entity: str, trade: str) -> str:
    brand = word(rng, "brand")
    if rng.random() < 0.45:
        brand = f"{brand} {word(rng, 'brand').split()[-1]}"
    if entity == "FOREIGN":
        brand = f"{brand} Việt Nam"
    if entity == "HOUSEHOLD_BUSINESS":
        return f"Hộ kinh doanh {brand}"
    return f"{_TITLE[entity]} {trade} {brand}"


def _employer(number: int, frame_numbers: Numbers, seed: int, household: int, where: Weighted[Province]) -> Workplace:
    rng = generator(seed, _EMPLOYERS, number)
    province = where(rng)
    commune = province.communes[int(rng.random() * len(province.communes))]
    entity = _LARGE(rng) if number < 5 else _ENTITY(rng)
    industry, _, trade = word(rng, "trade").partition(":")
    if number < 5:
        industry, trade = ("C14", "May mặc") if number % 2 else ("C26", "Điện tử")
    budget = None
    state_paid = entity in ("STATE_AGENCY", "PUBLIC_UNIT")
    founded = ordinal(int(rng.triangular(1993, 2025, 2012)), 1 + int(rng.random() * 12), 1 + int(rng.random() * 28))
    if state_paid:
        founded = ordinal(1994, 1 + int(rng.random() * 12), 1)
        budget = f"1{frame_numbers.budget(number):06}"
    what: tuple[str, ...]
    if entity == "STATE_AGENCY":
        industry = "O84"
        what = ("Ủy ban nhân dân", "Sở Xây dựng", "Sở Nông nghiệp và Môi trường", "Kho bạc Nhà nước", "Chi cục Thuế")
        name = f"{what[int(rng.random() * len(what))]} {commune[1]}"
    elif entity == "PUBLIC_UNIT":
        industry, what = (
            ("Q86", ("Bệnh viện đa khoa", "Trung tâm Y tế"))
            if rng.random() < 0.35
            else ("P85", ("Trường Tiểu học", "Trường Trung học cơ sở", "Trường Mầm non", "Trường Trung học phổ thông"))
        )
        name = f"{what[int(rng.random() * len(what))]} {word(rng, 'street')}, {commune[1]}"
    else:
        name = _enterprise_name(rng, entity, trade)
    names: tuple[tuple[int, str], ...] = ((0, name),)
    if not state_paid and rng.random() < 0.2:
        names = ((0, _enterprise_name(rng, entity, trade)), (NOW_MONTH - 6 - int(rng.random() * 120), name))
    status = "ACTIVE"
    if number >= 10 and not state_paid:
        chance = rng.random()
        status = "SUSPENDED" if chance < 0.02 else "NOT_AT_ADDRESS" if chance < 0.035 else "ACTIVE"
    return Workplace(
        number=number,
        record_class=RecordClass.CIVILIAN,
        tax_code=_tax_code(frame_numbers, number, province),
        budget_code=budget,
        names=names,
        entity_type=entity,
        industry=industry,
        province=province,
        commune=commune,
        groups=_GROUPS.get(entity, ("DN",)) if entity != "FOREIGN" or number < 5 or rng.random() < 0.8 else ("NN",),
        founded=founded,
        status=status,
        weight=1.0 / (number + 3),
        state_paid=state_paid,
        representative_household=household,
    )


def _armed_unit(
    number: int, unit: int, of: RecordClass, numbers: Numbers, seed: int, household: int, where: Weighted[Province]
) -> Workplace:
    rng = generator(seed, _EMPLOYERS, number)
    province = where(rng)
    commune = province.communes[int(rng.random() * len(province.communes))]
    if of is RecordClass.DEFENCE:
        name = f"{('Lữ đoàn', 'Trung đoàn', 'Bộ Chỉ huy quân sự')[unit % 3]} {100 + (unit * 37) % 899}"
    else:
        name = (
            f"{('Công an tỉnh', 'Phòng Cảnh sát', 'Trung đoàn Cảnh sát cơ động')[unit % 3]} {province.name} {unit + 1}"
        )
    return Workplace(
        number=number,
        record_class=of,
        tax_code=_tax_code(numbers, number, province),
        budget_code=f"1{numbers.budget(number):06}",
        names=((0, name),),
        entity_type="ARMED_FORCES_UNIT",
        industry="O84",
        province=province,
        commune=commune,
        groups=("QN", "HC") if of is RecordClass.DEFENCE else ("CA", "HC"),
        founded=ordinal(1994, 1, 1),
        status="ACTIVE",
        weight=1.0 / (unit + 2),
        state_paid=True,
        representative_household=household,
    )


def _households_for(count: int, drawn: Plan) -> list[int]:
    """A household for each employer, ordinary ones spread evenly; none of those built on purpose."""
    step = drawn.households / count
    taken: list[int] = []
    following = 5
    for number in range(count):
        following = max(following, int(number * step))
        while kind(drawn.seed, following) is not Kind.ORDINARY:
            following += 1
        taken.append(following)
        following += 1
    return taken


def _last_of(drawn: Plan, block: int, wanted: Kind) -> int:
    return [household for household, one in kinds(drawn.seed, block).items() if one is wanted][-1]


def _clinics(
    drawn: Plan, employers: tuple[Workplace, ...], armed: dict[RecordClass, tuple[Workplace, ...]]
) -> list[Clinic]:
    rng = generator(drawn.seed, _FACILITIES, 0)
    hospitals: dict[str, list[Workplace]] = defaultdict(list)
    for one in employers:
        if one.industry == "Q86" and one.state_paid:
            hospitals[one.province.code].append(one)
    found = []
    for province in provinces():
        serial = 1
        for level, count in (("SPECIALISED", 2), ("BASIC", 4)):
            for _ in range(count):
                owner = hospitals[province.code].pop() if hospitals[province.code] else None
                commune = owner.commune if owner else province.communes[serial % len(province.communes)]
                name = owner.name if owner else f"Bệnh viện {word(rng, 'street')} {province.name}"
                if level == "SPECIALISED":
                    owner, name = None, f"Bệnh viện đa khoa {province.name} {serial}"
                found.append(
                    Clinic(f"{province.code}{serial:03}", name, level, RecordClass.CIVILIAN, province, commune, owner)
                )
                serial += 1
        for commune in province.communes:
            found.append(
                Clinic(
                    f"{province.code}{100 + serial:03}",
                    f"Trạm y tế {commune[1]}",
                    "COMMUNE",
                    RecordClass.CIVILIAN,
                    province,
                    commune,
                    None,
                )
            )
            serial += 1
    for of, prefix, title in (
        (RecordClass.DEFENCE, "97", "Bệnh viện Quân y"),
        (RecordClass.PUBLIC_SECURITY, "98", "Bệnh viện Công an"),
    ):
        for n in range(max(3, min(60, len(armed[of]) * 2))):
            unit = armed[of][n % len(armed[of])]
            level = "BASIC" if n % 2 else "SPECIALISED"
            found.append(
                Clinic(f"{prefix}{n * 7 + 1:03}", f"{title} {n + 101}", level, of, unit.province, unit.commune, unit)
            )
    return found


@lru_cache(maxsize=2)
def frame(people: int, seed: int) -> Frame:
    """The frame of the country of that many people and that seed."""
    drawn = plan(people, seed)
    numbers = _numbers(seed)
    by_weight = Weighted((one, one.weight) for one in provinces())
    by_migration = Weighted((one, one.migration) for one in provinces())
    count = max(40, round(people * 0.012))
    at_work = Weighted((one, one.weight * (1.6 if one.region in ("I", "II") else 0.7)) for one in provinces())
    employers = tuple(
        _employer(number, numbers, seed, household, at_work)
        for number, household in enumerate(_households_for(count, drawn))
    )
    units = max(1, min(drawn.households // BLOCK, people // 10_000))
    armed: dict[RecordClass, tuple[Workplace, ...]] = {}
    for of, wanted in ((RecordClass.DEFENCE, Kind.ARMY), (RecordClass.PUBLIC_SECURITY, Kind.POLICE)):
        first = count + (0 if of is RecordClass.DEFENCE else units)
        armed[of] = tuple(
            _armed_unit(first + unit, unit, of, numbers, seed, _last_of(drawn, unit, wanted), at_work)
            for unit in range(units)
        )
    hiring: dict[str, list[Workplace]] = defaultdict(list)
    state: dict[str, list[Workplace]] = defaultdict(list)
    for one in employers:
        (state if one.state_paid else hiring)[one.province.code].append(one)
    clinics = _clinics(drawn, employers, armed)
    shares = {"COMMUNE": 1.0, "BASIC": 2.2, "SPECIALISED": 0.7}
    return Frame(
        plan=drawn,
        numbers=numbers,
        by_weight=by_weight,
        by_migration=by_migration,
        employers=employers,
        armed=armed,
        hiring={code: Weighted((one, one.weight) for one in found) for code, found in hiring.items()},
        hiring_anywhere=Weighted((one, one.weight) for one in employers if not one.state_paid),
        state={code: Weighted((one, one.weight**0.5) for one in found) for code, found in state.items()},
        state_anywhere=Weighted((one, one.weight**0.5) for one in employers if one.state_paid),
        represented={
            one.representative_household: one
            for one in (*employers, *armed[RecordClass.DEFENCE], *armed[RecordClass.PUBLIC_SECURITY])
        },
        clinics={
            province.code: Weighted(
                (one, shares[one.level])
                for one in clinics
                if one.province is province and one.record_class is RecordClass.CIVILIAN
            )
            for province in provinces()
        },
        armed_clinics={
            of: tuple(one for one in clinics if one.record_class is of)
            for of in (RecordClass.DEFENCE, RecordClass.PUBLIC_SECURITY)
        },
    )


def all_clinics(of: Frame) -> list[Clinic]:
    """Every facility once, in the order of their codes."""
    found = [one for weighted in of.clinics.values() for one in weighted.items]
    found += [one for armed in of.armed_clinics.values() for one in armed]
    return sorted(found, key=lambda one: one.code)
