"""People of one household: who lives together, when they were born, what they are called, which numbers they bear.

A person lives in the record class of his own records: officers, their ministry's workers and retired officers in that
of their ministry, everybody else in the civilian one.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from random import Random

from hub.demo.country.calendar import NOW, age, day, ordinal
from hub.demo.country.draw import Weighted, identity
from hub.demo.country.frame import Frame, Workplace
from hub.demo.country.plan import CITIZEN, CONSCRIPT, POLICE_OFFICER, SOLDIER, Kind
from hub.demo.country.vocabulary import KINH, Province, has_own_names, names, provinces, word
from hub.model.viewer import RecordClass

CIVILIAN = RecordClass.CIVILIAN


@dataclass(slots=True, eq=False)
class Human:
    """A person while his rows are being made. `duty` is what ties him to a ministry, `record_class` where he lives."""

    number: int
    role: str
    sex: str
    born: int
    uuid: str = ""
    people: str = KINH
    surname: str = ""
    middle: str | None = None
    given: str = ""
    full_name: str = ""
    pin: str = ""
    si_number: str = ""
    birth_province: str = ""
    duty: str = ""
    record_class: RecordClass = CIVILIAN
    father: Human | None = None
    mother: Human | None = None
    spouse: Human | None = None
    died: int | None = None
    owner_of: Workplace | None = None
    mother_of: list[int] = field(default_factory=list)

    @property
    def age(self) -> int:
        return age(self.born)

    @property
    def until(self) -> int:
        """The last day anything happens to this person."""
        return self.died if self.died is not None else NOW


@dataclass(slots=True, eq=False)
class Home:
    """A household while its rows are being made. `humans` stand as the register lists them, hidden ones last."""

    number: int
    kind: Kind
    uuid: str
    province: Province
    commune: tuple[str, str]
    detail: str
    people: str
    poverty: str
    humans: list[Human]


_HEAD_AGE = Weighted([(27, 6), (32, 14), (37, 16), (42, 15), (47, 13), (52, 11), (57, 9), (62, 7), (67, 5), (72, 3)])
_ALONE_AGE = Weighted([(21, 14), (25, 18), (30, 12), (38, 10), (48, 10), (58, 10), (68, 12), (76, 9), (83, 5)])


def _born(rng: Random, years: int) -> int:
    """A day of birth for somebody of about that age, today at the latest."""
    return min(NOW - 3, NOW - int((max(years, 0) + rng.random()) * 365.2425))


def _other(sex: str) -> str:
    return "FEMALE" if sex == "MALE" else "MALE"


def _child_sex(rng: Random) -> str:
    return "MALE" if rng.random() < 0.526 else "FEMALE"  # 111 boys to 100 girls


def _roles(rng: Random, size: int) -> list[str]:
    """Who lives with the head in a household of that size."""
    chance = rng.random()
    if size == 1:
        return []
    if size == 2:
        return ["SPOUSE"] if chance < 0.62 else ["CHILD"] if chance < 0.86 else ["PARENT"]
    if size == 3:
        return (
            ["SPOUSE", "CHILD"]
            if chance < 0.72
            else ["SPOUSE", "PARENT"]
            if chance < 0.82
            else ["CHILD", "CHILD"]
            if chance < 0.92
            else ["SPOUSE", "SIBLING"]
        )
    if size == 4:
        return (
            ["SPOUSE", "CHILD", "CHILD"]
            if chance < 0.76
            else ["SPOUSE", "CHILD", "PARENT"]
            if chance < 0.93
            else ["CHILD", "CHILD", "PARENT"]
        )
    rest = ["SPOUSE", "CHILD", "CHILD"]
    more = (
        ["PARENT", "CHILD", "PARENT", "IN_LAW", "GRANDCHILD"]
        if chance < 0.6
        else ["CHILD", "PARENT", "CHILD", "PARENT", "SIBLING"]
    )
    return (rest + more)[: size - 1]


def compose(rng: Random, frame: Frame, number: int, kind: Kind, size: int, first_person: int) -> Home:
    """A household of that kind and size, its people numbered from `first_person`; one may become the last of all."""
    province = frame.by_weight(rng)
    commune = province.communes[int(rng.random() * len(province.communes))]
    people = province.minorities(rng) if rng.random() < province.minority_share else KINH
    chance = rng.random()
    hard = people != KINH and province.minority_share > 0.2
    poverty = (
        ("DT" if chance < 0.35 else "HN" if chance < 0.5 else "")
        if hard
        else ("HN" if chance < 0.02 else "CN" if chance < 0.045 else "GB" if chance < 0.07 else "")
    )
    detail = (
        f"Số {1 + int(rng.random() * 400)}, đường {word(rng, 'street')}"
        if commune[1].startswith("Phường")
        else f"Thôn {1 + int(rng.random() * 14)}"
    )
    home = Home(number, kind, identity(rng), province, commune, detail, people, poverty, [])
    owner = frame.represented.get(number)
    humans = _family(rng, home, size, first_person, owner is not None)
    _give_duties(rng, home, humans, owner)
    for human in humans:
        human.people = people
        _give_numbers(rng, frame, home, human)
    _give_names(rng, home, humans)
    _bury(rng, home, humans)
    home.humans = _as_registered(humans)
    return home


def _family(rng: Random, home: Home, size: int, first_person: int, owner: bool) -> list[Human]:
    on_purpose = home.number <= CONSCRIPT
    roles = ["SPOUSE", *["CHILD"] * (size - 2)] if on_purpose else _roles(rng, size)
    armed = home.kind in (Kind.ARMY, Kind.POLICE)
    if size > 1 and (armed or home.kind is Kind.ARMY_PENSIONER) and "SPOUSE" not in roles:
        roles = ["SPOUSE", *roles[1:]]
    if home.kind is Kind.CONSCRIPT and size > 2 and "CHILD" not in roles:
        roles = ["SPOUSE", "CHILD", *roles[2:]]
    children = roles.count("CHILD")
    years = (_ALONE_AGE if not roles else _HEAD_AGE)(rng) + int(rng.random() * 5)
    if children:
        years = min(max(years, 22 + 3 * children), 58)
        if years > 44 and rng.random() < 0.65:
            years -= 11  # most who live with their children are young: grown children have moved out
    if home.kind is Kind.ARMY_PENSIONER:
        years, roles = 60 + int(rng.random() * 22), [role if role != "CHILD" else "PARENT" for role in roles]
        roles = [role for n, role in enumerate(roles) if role == "SPOUSE"] + ["GRANDCHILD"] * (
            len(roles) - roles.count("SPOUSE")
        )
        children = 0
    elif home.kind is Kind.CONSCRIPT:
        years = 46 + int(rng.random() * 8) if children else 24 + int(rng.random() * 14)
    elif armed or owner:
        years = min(max(years, 31), 52)
    if home.number in (CITIZEN, SOLDIER, POLICE_OFFICER):
        years = 36 + int(rng.random() * 8)
    head_sex = (
        "MALE" if rng.random() < 0.73 or armed or home.kind in (Kind.CONSCRIPT, Kind.ARMY_PENSIONER) else "FEMALE"
    )
    if armed and home.number > CONSCRIPT and rng.random() < 0.14:
        head_sex = "FEMALE"
    head = Human(first_person, "HEAD", head_sex, _born(rng, years))
    humans = [head]
    wife: Human | None = head if head_sex == "FEMALE" else None
    for role in roles:
        human = _relation(rng, home, humans, role, wife, years, children)
        if human.role in ("WIFE", "HUSBAND"):
            head.spouse, human.spouse = human, head
            wife = human if human.sex == "FEMALE" else wife
        humans.append(human)
    return humans


def _relation(
    rng: Random, home: Home, humans: list[Human], role: str, wife: Human | None, years: int, children: int
) -> Human:
    head = humans[0]
    number = head.number + len(humans)
    match role:
        case "SPOUSE":
            sex = _other(head.sex)
            near = years + int(rng.triangular(-4, 3, -1 if sex == "FEMALE" else 1))
            return Human(number, "WIFE" if sex == "FEMALE" else "HUSBAND", sex, _born(rng, max(near, 19)))
        case "CHILD":
            elder = [one for one in humans if one.role == "CHILD"]
            mother_years = age(wife.born) if wife is not None else years
            if elder:
                at = age(elder[-1].born) - 1 - int(rng.random() * 5)
            elif home.kind is Kind.CONSCRIPT:
                at = 19 + int(rng.random() * 7)
            else:
                at = min(mother_years - int(rng.triangular(19, 35, 25)), 30)
                at = max(at, 2 * (children - 1), 0)
            sex = "MALE" if home.kind is Kind.CONSCRIPT and not elder else _child_sex(rng)
            child = Human(number, "CHILD", sex, _born(rng, at))
            child.father = head if head.sex == "MALE" else head.spouse
            child.mother = head if head.sex == "FEMALE" else head.spouse
            return child
        case "PARENT":
            first = not any(one.role in ("FATHER", "MOTHER") for one in humans)
            mother = rng.random() < 0.68 if first else not any(one.role == "MOTHER" for one in humans)
            parent_years = years + 20 + int(rng.random() * 12)
            if parent_years > 79 and rng.random() < 0.7:
                parent_years -= 9
            parent = Human(
                number,
                "MOTHER" if mother else "FATHER",
                "FEMALE" if mother else "MALE",
                _born(rng, min(max(parent_years, years + 17), 98)),
            )
            if mother:
                head.mother = parent
            else:
                head.father = parent
            if not first:
                other = next(one for one in humans if one.role in ("FATHER", "MOTHER"))
                other.spouse, parent.spouse = parent, other
            return parent
        case "IN_LAW":
            married = next((one for one in humans if one.role == "CHILD" and one.age >= 21), None)
            if married is not None and married.spouse is None:
                sex = _other(married.sex)
                spouse = Human(
                    number, "DAUGHTER_IN_LAW" if sex == "FEMALE" else "SON_IN_LAW", sex, _born(rng, married.age)
                )
                spouse.spouse, married.spouse = married, spouse
                return spouse
        case "GRANDCHILD":
            mother_human = next(
                (
                    one
                    for one in humans
                    if one.sex == "FEMALE" and one.spouse is not None and one.role in ("CHILD", "DAUGHTER_IN_LAW")
                ),
                None,
            )
            young = mother_human.age - 20 if mother_human is not None else min(years - 44, 17)
            child = Human(number, "GRANDCHILD", _child_sex(rng), _born(rng, int(rng.random() * max(young, 1))))
            if mother_human is not None:
                child.mother, child.father = mother_human, mother_human.spouse
            return child
        case _:
            pass
    return Human(number, "YOUNGER_SIBLING", _child_sex(rng), _born(rng, max(18, years - 2 - int(rng.random() * 8))))


def _give_duties(rng: Random, home: Home, humans: list[Human], owner: Workplace | None) -> None:
    head = humans[0]
    match home.kind:
        case Kind.ARMY:
            worker = owner is None and home.number != SOLDIER and rng.random() < 0.15
            head.duty, head.record_class = ("DEFENCE_WORKER" if worker else "OFFICER"), RecordClass.DEFENCE
            spouse = head.spouse
            if len(humans) == 2 and spouse is not None and rng.random() < 0.15:
                spouse.duty, spouse.record_class = "OFFICER", RecordClass.DEFENCE
        case Kind.POLICE:
            head.duty, head.record_class = "POLICE", RecordClass.PUBLIC_SECURITY
        case Kind.ARMY_PENSIONER:
            head.duty, head.record_class = "ARMY_PENSIONER", RecordClass.DEFENCE
        case Kind.CONSCRIPT:
            young = [one for one in humans if one.sex == "MALE" and 19 <= one.age <= 45]
            if young:
                young[-1].duty = "CONSCRIPT"
        case Kind.ORDINARY:
            pass
    if owner is not None:
        head.owner_of = owner


def _give_numbers(rng: Random, frame: Frame, home: Home, human: Human) -> None:
    human.uuid = identity(rng)
    if rng.random() < 0.75:
        before = home.province.before_2025
    else:
        found = provinces()
        before = found[int(rng.random() * len(found))].before_2025
    human.birth_province = before[int(rng.random() * len(before))]
    born = day(human.born)
    century = 2 if born >= "2000" else 0
    female, year = human.sex == "FEMALE", int(born[2:4])
    if home.number > CONSCRIPT:
        chance = rng.random()
        if chance < 0.004:
            female = not female  # the sex was corrected later, the number stayed
        elif chance < 0.005:
            year = max(year - 1, 0)
    human.pin = f"0{human.birth_province}{century + female}{year:02}{frame.numbers.personal(human.number):06}"
    if human.duty in ("OFFICER", "DEFENCE_WORKER", "ARMY_PENSIONER"):
        prefix = "97"
    elif human.duty == "POLICE":
        prefix = "98"
    else:
        prefix = home.province.code
    human.si_number = f"{prefix}{frame.numbers.insurance(human.number):08}"


def _give_names(rng: Random, home: Home, humans: list[Human]) -> None:
    family = names("surname", home.people)
    head = humans[0]
    head.surname = family(rng)
    for human in humans:
        if not human.surname:
            father = human.father
            if human.role in ("FATHER", "YOUNGER_SIBLING"):
                human.surname = head.surname
            elif father is not None and father.surname:
                human.surname = father.surname
            elif human.role == "CHILD" and father is None and head.sex == "MALE":
                human.surname = head.surname
            else:
                human.surname = family(rng)
        _give_own_name(rng, human)


def _give_own_name(rng: Random, human: Human) -> None:
    male = human.sex == "MALE"
    people = human.people
    human.given = names("male_given" if male else "female_given", people)(rng)
    if has_own_names(people):
        middle = names("male_middle" if male else "female_middle", people)(rng) if people == "08" else None
    else:
        middle = _middle(rng, male, int(day(human.born)[:4]))
    human.middle = middle
    human.full_name = f"{human.surname} {middle} {human.given}" if middle else f"{human.surname} {human.given}"


def _middle(rng: Random, male: bool, year: int) -> str | None:
    chance = rng.random()
    if male:
        if chance < 0.02:
            return None
        first = (
            "Văn"
            if rng.random() < (0.45 if year < 1970 else 0.2 if year < 1995 else 0.05)
            else (names("male_middle", "KINH")(rng))
        )
        return f"{first} {names('male_middle', 'KINH')(rng)}" if chance > 0.93 else first
    if chance < 0.02:
        return None
    if rng.random() < (0.9 if year < 1970 else 0.6 if year < 2000 else 0.45):
        return "Thị" if chance < 0.4 or year < 1960 else f"Thị {names('thi_word', 'KINH')(rng)}"
    return names("female_middle", "KINH")(rng)


def _bury(rng: Random, home: Home, humans: list[Human]) -> None:
    """One in twenty of the old who live with their children, and some spouses, died within three years."""
    if home.number <= CONSCRIPT:
        return
    for human in humans[1:]:
        years = human.age
        if home.kind is Kind.ARMY_PENSIONER and human.spouse is humans[0]:
            continue  # she is the head the civilian register knows
        if human.record_class is CIVILIAN and years >= 58 and rng.random() < (0.16 if years > 75 else 0.06):
            human.died = NOW - int(rng.random() * 1000) - 20


def _as_registered(humans: list[Human]) -> list[Human]:
    """The order of the register and the relations in it.

    Where the head lives in another class than the household, the register names his wife (or her husband) as head and
    counts him behind everybody else, so that neither a missing head nor a gap in the numbers is left without him.
    """
    head, spouse = humans[0], humans[0].spouse
    if head.record_class is CIVILIAN or all(one.record_class is not CIVILIAN for one in humans):
        return humans
    assert spouse is not None
    head.role = "HUSBAND" if head.sex == "MALE" else "WIFE"
    spouse.role = "HEAD"
    for human in humans:
        if human.role in ("FATHER", "MOTHER", "YOUNGER_SIBLING"):
            human.role = "OTHER"
    visible = [one for one in humans if one.record_class is CIVILIAN]
    visible.sort(key=lambda one: one.role != "HEAD")
    return visible + [one for one in humans if one.record_class is not CIVILIAN]


def year_of(human: Human) -> int:
    return int(day(human.born)[:4])


def turns(human: Human, years: int) -> int:
    """The day a person reaches that age (28 February for a leap day)."""
    text = day(human.born)
    born_day = 28 if text[5:] == "02-29" else int(text[8:])
    return ordinal(int(text[:4]) + years, int(text[5:7]), born_day)


def sixteen(child: Human) -> int:
    """The day of the sixteenth birthday; who was born on a leap day has it on one."""
    text = day(child.born)
    return ordinal(int(text[:4]) + 16, int(text[5:7]), int(text[8:]))


def faulty(rng: Random, text: str) -> str:
    """A full name as some sources hold it: decomposed Unicode, or capitals without accents."""
    chance = rng.random()
    if chance < 0.004:
        return unicodedata.normalize("NFD", text)
    if chance < 0.01:
        plain = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
        return "".join(sign for sign in plain if not unicodedata.combining(sign)).upper()
    return text
