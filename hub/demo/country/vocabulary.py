"""Names, places, words and weights of the country, read from `tables/*.csv` once.

The names are shares of public lists, the province weights planning figures, the rest general knowledge; none of it
belongs to a person.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random

from hub.demo.country.calendar import TODAY
from hub.demo.country.draw import Weighted
from hub.domain.codes import table

TABLES = Path(__file__).parent / "tables"

KINH = "01"


@dataclass(frozen=True, slots=True)
class Province:
    """A province of today: where people live, were born before the mergers, and what wages are paid."""

    code: str
    name: str
    weight: float
    migration: float
    region: str
    before_2025: tuple[str, ...]
    minority_share: float
    minorities: Weighted[str]
    communes: tuple[tuple[str, str], ...]
    highland: bool


@dataclass(frozen=True, slots=True)
class Diagnosis:
    code: str
    weight: float
    from_age: int
    child_boost: float
    of_young_women: bool
    inpatient: float


@dataclass(frozen=True, slots=True)
class Rank:
    years: int
    army: str
    police: str
    coefficient: str


def _rows(name: str) -> list[dict[str, str]]:
    with (TABLES / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def provinces() -> tuple[Province, ...]:
    communes: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for entry in table("commune").at(TODAY):
        # Special zones are left to the navy and the fishermen: an address there suggests the armed forces.
        if not entry.name.startswith("Đặc khu"):
            communes[entry.facts["province_code"]].append((entry.code, entry.name))
    found = []
    for row in _rows("province"):
        pairs = (pair.split(":") for pair in row["minorities"].split())
        found.append(
            Province(
                code=row["code"],
                name=str(table("province").name(row["code"], TODAY)),
                weight=float(row["weight"]),
                migration=float(row["migration"]),
                region=row["region"],
                before_2025=tuple(row["before_2025"].split()),
                minority_share=float(row["minority_share"]),
                minorities=Weighted((code, float(weight)) for code, weight in pairs),
                communes=tuple(communes[row["code"]]),
                highland=row["region"] == "IV",
            )
        )
    return tuple(found)


@cache
def _names() -> dict[tuple[str, str], Weighted[str]]:
    found: dict[tuple[str, str], list[tuple[str, float]]] = defaultdict(list)
    for row in _rows("names"):
        found[row["kind"], row["people"]].append((row["text"], float(row["weight"])))
    return {key: Weighted(pairs) for key, pairs in found.items()}


def names(kind: str, people: str) -> Weighted[str]:
    """The names of that kind a people has of its own, or the common ones; `people` is an ethnic code."""
    own = _names().get((kind, people))
    return own if own is not None else _names()[kind, "KINH"]


def has_own_names(people: str) -> bool:
    return ("male_given", people) in _names()


@cache
def words(kind: str) -> tuple[str, ...]:
    return tuple(row["text"] for row in _rows("word") if row["kind"] == kind)


def word(rng: Random, kind: str) -> str:
    found = words(kind)
    return found[int(rng.random() * len(found))]


@cache
def diagnoses() -> tuple[Diagnosis, ...]:
    return tuple(
        Diagnosis(
            row["code"],
            float(row["weight"]),
            int(row["from_age"]),
            float(row["child_boost"]),
            row["women_20_to_42"] == "1",
            float(row["inpatient_percent"]) / 100,
        )
        for row in _rows("diagnosis")
    )


@cache
def jobs(section: str) -> tuple[str, ...]:
    """Job titles of an industry section, with those found everywhere."""
    return tuple(row["title"] for row in _rows("job") if row["section"] in (section, "*"))


@cache
def ranks() -> tuple[Rank, ...]:
    return tuple(Rank(int(row["years"]), row["army"], row["police"], row["coefficient"]) for row in _rows("rank"))
