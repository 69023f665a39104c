"""The people the sample viewers are, found in the country itself: they live in the households built on purpose."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from hub.demo.country.frame import frame
from hub.demo.country.household import make_household
from hub.demo.country.plan import CITIZEN, CONSCRIPT, POLICE_OFFICER, SOLDIER, plan
from hub.demo.country.rows import Person, Rows
from hub.model.viewer import RecordClass


@dataclass(frozen=True, slots=True)
class Sample:
    """Personal numbers with names, and the tax code of the employer with most participants.

    citizen         a working adult with spouse and two children, of whom one is under 12, history, cards, visits and
                    benefits; all civilian
    soldier         an officer of the army with a civilian spouse and children, of whom one is under 16
    police_officer  the same of the police
    conscript       a civilian with two years of military service inside his career
    """

    people: int
    seed: int
    citizen: str
    citizen_name: str
    soldier: str
    soldier_name: str
    police_officer: str
    police_officer_name: str
    conscript: str
    conscript_name: str
    employer_tax_code: str
    employer_name: str

    def save(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Sample:
        return cls(**json.loads(path.read_text(encoding="utf-8")))


def sample(people: int, seed: int) -> Sample:
    """The sample of the country of that many people and that seed."""
    made, first_person = {}, 0
    drawn = plan(people, seed)
    for household in range(CONSCRIPT + 1):
        made[household] = make_household(frame(people, seed), household, drawn.size(household), first_person)
        first_person += drawn.size(household)
    citizen = _head(made[CITIZEN])
    soldier = made[SOLDIER].of(RecordClass.DEFENCE).person[0]
    police_officer = made[POLICE_OFFICER].of(RecordClass.PUBLIC_SECURITY).person[0]
    served = made[CONSCRIPT].of(RecordClass.DEFENCE).contribution[0].personal_id
    conscript = next(one for one in made[CONSCRIPT].civilian.person if one.personal_id == served)
    largest = frame(people, seed).employers[0]
    return Sample(
        people=people,
        seed=seed,
        citizen=str(citizen.personal_id),
        citizen_name=citizen.full_name,
        soldier=str(soldier.personal_id),
        soldier_name=soldier.full_name,
        police_officer=str(police_officer.personal_id),
        police_officer_name=police_officer.full_name,
        conscript=str(conscript.personal_id),
        conscript_name=conscript.full_name,
        employer_tax_code=largest.tax_code,
        employer_name=largest.name,
    )


def _head(rows: Rows) -> Person:
    head = next(one.personal_id for one in rows.civilian.member if one.relationship == "HEAD")
    return next(one for one in rows.civilian.person if one.personal_id == head)
