"""Values that belong to a record class, wherever they stand: from the code tables of the domain.

A word needs no statistics: one civilian row with a card issued by the army is one too many.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache

from hub.domain.codes import table
from hub.model.viewer import RecordClass

_ARMY = frozenset({RecordClass.DEFENCE})
_POLICE = frozenset({RecordClass.PUBLIC_SECURITY})
_ARMED = _ARMY | _POLICE
_REVEALS = {"DEFENCE": _ARMY, "PUBLIC_SECURITY": _POLICE, "DEFENCE|PUBLIC_SECURITY": _ARMED}

_RANKS = (
    "Binh nhất|Binh nhì|Hạ sĩ|Trung sĩ|Thượng sĩ|Chiến sĩ|Thiếu úy|Trung úy|Thượng úy|Đại úy|Thiếu tá|Trung tá"
    "|Thượng tá|Đại tá|Thiếu tướng|Trung tướng|Thượng tướng|Đại tướng"
)
_TEXTS = r"\.(decided_by|unit_name|name|job_title|occupation|workplace)$"


@dataclass(frozen=True, slots=True)
class Word:
    """place      a pattern over `table.column`
    condition  SQL over columns of the row, which stand in braces; `{}` is the column itself
    classes    where such a value is at home
    says       what it is, for people
    """

    place: re.Pattern[str]
    condition: str
    classes: frozenset[RecordClass]
    says: str

    @property
    def needs(self) -> list[str]:
        """Other columns that the condition names."""
        return re.findall(r"\{(\w+)\}", self.condition)

    def sql(self, column: str) -> str:
        """The condition over a row."""
        return re.sub(r"\{(\w+)\}", r"\1", self.condition.replace("{}", column))

    def applies(self, place: str, columns: Collection[str]) -> bool:
        return self.place.search(place) is not None and all(name in columns for name in self.needs)


@cache
def words() -> tuple[Word, ...]:
    """Every word that is known."""
    return tuple(_words())


def _word(place: str, condition: str, classes: frozenset[RecordClass], says: str) -> Word:
    return Word(re.compile(place), condition, classes, says)


def _words() -> Iterator[Word]:
    for code, classes in _codes("object_group"):
        yield _word(r"\.object_group$", f"{{}} = '{code}'", classes, f"object group {code}")
        yield _word(r"\.card_code$", f"left({{}}, 2) = '{code}'", classes, f"a card code of group {code}")
        yield _word(r"\.unit_code$", f"{{}} ~ '^[0-9]+{code}'", classes, f"a unit code of group {code}")
    for code, classes in _codes("subject_type"):
        yield _word(r"\.subject_type$", f"{{}} = '{code}'", classes, f"subject type {code}")
    for code, classes in _codes("agency"):
        yield _word(r"\.managing_agency_code$", f"{{}} = '{code}'", classes, f"agency {code}")
    yield _word(r"\.benefit_level$", "{} = 5", _ARMED, "benefit level 5")
    yield _word(r"\.card_code$", "substr({}, 3, 1) = '5'", _ARMED, "a card code of level 5")
    for prefix, classes in (("97", _ARMY), ("98", _POLICE)):
        begins = f"left({{}}, 2) = '{prefix}'"
        yield _word(r"facility_code$|^facility\.code$", begins, classes, f"a facility {prefix}xxx")
        yield _word(r"\.card_code$", f"substr({{}}, 4, 2) = '{prefix}'", classes, f"a card issued by {prefix}")
        yield _word(r"\.(si_number|hi_number|book_code)$", begins, classes, f"a number issued by {prefix}")
    yield _word(r"\.issuer$", "{} = 'ARMY_SI'", _ARMY, "the issuer ARMY_SI")
    yield _word(r"\.issuer$", "{} = 'POLICE_SI'", _POLICE, "the issuer POLICE_SI")
    yield _word(r"\.entity_type$", "{} = 'ARMED_FORCES_UNIT'", _ARMED, "the kind ARMED_FORCES_UNIT")
    yield _word(r"\.termination_reason$", "{} = 'SERVICE'", _ARMED, "the reason SERVICE (nghĩa vụ quân sự, công an)")
    yield _word(
        r"^contribution\.rate_retirement$",
        "{} = 22 and {employee_amount} = 0 and {employer_amount} > 0",
        _ARMED,
        "22 % of the basis, none of it paid by the person",
    )
    yield _word(_TEXTS, f"{{}} ~ '^({_RANKS})( |$)'", _ARMED, "a rank (cấp bậc)")
    army = "[Qq]uân (đội|y|khu|sự|chủng|đoàn)|[Qq]uốc phòng|Bộ đội|Lữ đoàn|Sư đoàn"
    yield _word(_TEXTS, f"{{}} ~ '{army}'", _ARMY, "a name of the army's")
    yield _word(_TEXTS, "{} ~ '[Cc]ông an|[Cc]ảnh sát'", _POLICE, "a name of the police's")


def _codes(name: str) -> Iterator[tuple[str, frozenset[RecordClass]]]:
    """The codes of a table that reveal a class, by its column `reveals`."""
    for entry in table(name):
        classes = _REVEALS.get(entry.facts["reveals"])
        if classes:
            yield entry.code, classes
