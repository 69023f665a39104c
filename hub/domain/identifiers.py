"""The formats of the field's identifiers, each with a check that says what is wrong.

A `Format` takes text as people and sources write it and gives the canonical text, or raises `FormatError`. A check
knows only the text itself: that a number is well formed says nothing about whether anybody bears it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone

from hub.domain.codes import table
from hub.errors import HubError

VIETNAM = timezone(timedelta(hours=7), "Asia/Ho_Chi_Minh")


class FormatError(HubError, ValueError):
    """A text that is not what it claims to be; the message names the text, the format and the fault."""


@dataclass(frozen=True, slots=True)
class Format:
    """One kind of identifier. `check` returns the canonical text or raises `FormatError`."""

    name: str
    vietnamese: str
    describe: str
    check: Callable[[str], str]

    def valid(self, text: str) -> bool:
        try:
            self.check(text)
        except FormatError:
            return False
        return True


def _wrong(text: str, name: str, vietnamese: str, why: str) -> FormatError:
    return FormatError(f"`{text}` is not a {name} ({vietnamese}): {why}")


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


# --- personal number -------------------------------------------------------------------------------------------------

_PIN = ("personal number", "số định danh cá nhân")
_PIN_SHAPE = (
    "a personal number has 12 digits: 3 for the province of birth registration, 1 for century and sex, "
    "2 for the year of birth, 6 random"
)


@dataclass(frozen=True, slots=True)
class PersonalIdFacts:
    """What a personal number says: `province_code` as of its issue (63 provinces), `sex` MALE or FEMALE."""

    province_code: str
    sex: str
    birth_year: int


def parse_personal_id(text: str, today: date | None = None) -> PersonalIdFacts:
    """The facts inside `PPP G YY NNNNNN` (Decree 137/2015 art. 13, TT 07/2016/TT-BCA annex 1).

    `today` bounds the year of birth; without it the day of the call does.
    """
    if not _is_digits(text):
        raise _wrong(text, *_PIN, f"it may hold digits only, {_PIN_SHAPE}")
    if len(text) != 12:
        raise _wrong(text, *_PIN, f"it has {len(text)} digits, {_PIN_SHAPE}")
    if text[:3] not in table("birth_province"):
        raise _wrong(text, *_PIN, f"unknown province `{text[:3]}` in digits 1 to 3")
    century, female = divmod(int(text[3]), 2)
    if century > 1:
        ordinal = ("22nd", "23rd", "24th")[century - 2]
        raise _wrong(
            text,
            *_PIN,
            f"digit 4 is `{text[3]}`, a birth in the {ordinal} century; "
            "0 and 1 stand for the 20th century, 2 and 3 for the 21st",
        )
    year = 1900 + 100 * century + int(text[4:6])
    if year > (today or datetime.now(VIETNAM).date()).year:
        raise _wrong(text, *_PIN, f"digits 4 to 6 `{text[3:6]}` say born in {year}, which is to come")
    return PersonalIdFacts(text[:3], "FEMALE" if female else "MALE", year)


def personal_id_warnings(text: str, sex: str, birth_year: int) -> tuple[str, ...]:
    """Where a well-formed personal number and its bearer disagree: a fault of the data, never a reason to refuse."""
    facts = parse_personal_id(text)
    found = []
    if sex in ("MALE", "FEMALE") and facts.sex != sex:
        found.append(f"`{text}` was given to a {facts.sex.lower()} person, the record says {sex.lower()}")
    if facts.birth_year != birth_year:
        found.append(f"`{text}` was given to a person born in {facts.birth_year}, the record says {birth_year}")
    return tuple(found)


def _check_personal_id(text: str) -> str:
    """The same as parsing, without the facts; a birth before this century cannot be to come."""
    if (
        len(text) == 12
        and text.isascii()
        and text.isdigit()
        and text[3] in "01"
        and text[:3] in table("birth_province")
    ):
        return text
    parse_personal_id(text)
    return text


# --- tax code --------------------------------------------------------------------------------------------------------

_TAX = ("tax code", "mã số thuế")
_TAX_WEIGHTS = (31, 29, 23, 19, 17, 13, 7, 5, 3)


def tax_check_digit(nine: str) -> str | None:
    """The tenth digit of a tax code (TT 105/2020/TT-BTC); None where no valid digit exists and none is issued."""
    if len(nine) != 9 or not _is_digits(nine):
        raise ValueError(f"nine digits wanted, not `{nine}`")
    remainder = sum(weight * int(digit) for weight, digit in zip(_TAX_WEIGHTS, nine, strict=True)) % 11
    return None if remainder == 0 else str(10 - remainder)


def _check_tax_code(text: str) -> str:
    found = re.fullmatch(r"([0-9]{10})(?:-?([0-9]{3}))?", text)
    if found is None:
        raise _wrong(text, *_TAX, "a tax code has 10 digits, a branch has a dash and 3 digits behind them")
    right = tax_check_digit(text[:9])
    if right is None:
        raise _wrong(text, *_TAX, f"no tax code begins with these nine digits `{text[:9]}`")
    if right != text[9]:
        raise _wrong(text, *_TAX, f"the check digit is `{text[9]}`, for these nine digits it would be `{right}`")
    branch = found[2]
    if branch == "000":
        raise _wrong(text, *_TAX, "branches are numbered 001 to 999")
    return found[1] if branch is None else f"{found[1]}-{branch}"


# --- numbers of social and health insurance --------------------------------------------------------------------------

_SI = ("social insurance number", "mã số BHXH")
_CARD = ("health card code", "mã thẻ BHYT")
_RANK = {"5": 0, "1": 1, "2": 2, "3": 3, "4": 4}


def _check_si_number(text: str) -> str:
    if not _is_digits(text):
        raise _wrong(text, *_SI, "it may hold digits only, 10 of them")
    if len(text) != 10:
        raise _wrong(text, *_SI, f"it has {len(text)} digits, a social insurance number has 10")
    return text


def _check_card_code(text: str) -> str:
    """QD 1351/QD-BHXH: group, benefit level, province of issue, number. The level is that of the best group held."""
    code = text.strip().upper()
    if len(code) != 15:
        raise _wrong(
            text,
            *_CARD,
            f"it has {len(code)} characters, a card code has 15: 2 letters for the object "
            "group, 1 digit for the benefit level, 2 for the province, 10 for the number",
        )
    entry = next((one for one in table("object_group") if one.code == code[:2]), None)
    if entry is None:
        raise _wrong(text, *_CARD, f"unknown object group `{code[:2]}` in characters 1 and 2")
    level = code[2]
    if level not in _RANK:
        raise _wrong(text, *_CARD, f"the benefit level in character 3 is `{level}`, it goes from 1 to 5")
    if not _is_digits(code[3:]) or code[3:5] == "00":
        raise _wrong(text, *_CARD, "characters 4 and 5 are the province, 6 to 15 the number: all digits")
    base = entry.facts["level"]
    if _RANK[level] > _RANK[base]:
        raise _wrong(text, *_CARD, f"group `{entry.code}` gives level {base} or better, not {level}")
    if level == "5" and base != "5":
        raise _wrong(text, *_CARD, f"group `{entry.code}` cannot give level 5")
    return code


# --- employers, agencies, facilities, households ---------------------------------------------------------------------

_UNIT = ("unit code", "mã đơn vị")
_UNIT_SHAPE = (
    "a unit code is an enterprise code of 10 digits, 2 letters for the object group and 3 characters for the industry, "
    "or a budget code of 7 digits and the 2 letters"
)


def _check_unit_code(text: str) -> str:
    """CV 1804/BHXH-QLT of 4 August 2025."""
    code = text.strip().upper()
    found = re.fullmatch(r"([0-9]{10}|[0-9]{7})([A-Z]{2})([A-Z][0-9]{2})?", code)
    if found is None:
        raise _wrong(text, *_UNIT, _UNIT_SHAPE)
    unit, group, industry = found[1], found[2], found[3]
    if len(unit) == 10 and industry is None:
        raise _wrong(text, *_UNIT, f"an enterprise names its industry; {_UNIT_SHAPE}")
    if len(unit) == 7 and industry is not None:
        raise _wrong(text, *_UNIT, f"a budget unit names no industry; {_UNIT_SHAPE}")
    if group not in table("object_group"):
        raise _wrong(text, *_UNIT, f"unknown object group `{group}`")
    if industry is not None and industry not in table("industry"):
        raise _wrong(text, *_UNIT, f"unknown industry `{industry}`")
    if len(unit) == 10:
        right = tax_check_digit(unit[:9])
        if right is None:
            raise _wrong(text, *_UNIT, f"no tax code begins with these nine digits `{unit[:9]}`")
        if right != unit[9]:
            raise _wrong(text, *_UNIT, f"the check digit of the enterprise is `{unit[9]}`, it would be `{right}`")
    return code


def _check_budget_code(text: str) -> str:
    if len(text) != 7 or not _is_digits(text):
        raise _wrong(text, "budget code", "mã quan hệ ngân sách", "a budget code has 7 digits")
    return text


def _province_prefix(text: str, name: str, vietnamese: str, also: frozenset[str] = frozenset()) -> None:
    if text[:2] not in table("province") and text[:2] not in also:
        raise _wrong(text, name, vietnamese, f"unknown province `{text[:2]}` in digits 1 and 2")


def _check_facility_code(text: str) -> str:
    """QD 384/QD-BYT: province and serial; the ministries that keep facilities of their own have a prefix each."""
    name = ("medical facility code", "mã cơ sở khám chữa bệnh")
    if len(text) != 5 or not _is_digits(text):
        raise _wrong(text, *name, "a facility code has 5 digits: 2 for the province, 3 for the facility")
    _province_prefix(text, *name, also=frozenset({"97", "98"}))
    return text


def _check_household_code(text: str) -> str:
    name = ("household code", "mã hộ gia đình")
    if len(text) != 10 or not _is_digits(text):
        raise _wrong(text, *name, "a household code has 10 digits and begins with a province")
    _province_prefix(text, *name)
    return text


def _check_icd10(text: str) -> str:
    code = text.strip().upper()
    if not re.fullmatch(r"[A-Z][0-9]{2}(\.[0-9]{1,2})?", code):
        raise _wrong(
            text,
            "diagnosis code",
            "mã ICD-10",
            "a diagnosis is a letter and 2 digits, perhaps a point and 1 or 2 digits, like `J18.9`",
        )
    return code


# --- months, dates, telephones ---------------------------------------------------------------------------------------

_MONTH = ("month", "tháng")
_DATE = ("date", "ngày")


def _check_month(text: str) -> str:
    """`2024-01`, or `01/2024` as the forms of the agency write it; the canonical text is the former."""
    if found := re.fullmatch(r"([0-9]{4})-([0-9]{2})", text):
        year, month = found[1], found[2]
    elif found := re.fullmatch(r"([0-9]{2})/([0-9]{4})", text):
        month, year = found[1], found[2]
    else:
        raise _wrong(text, *_MONTH, "a month is written `2024-01` or `01/2024`")
    if not "01" <= month <= "12":
        raise _wrong(text, *_MONTH, f"there is no month `{month}`")
    return f"{year}-{month}"


def month_range(from_month: str, to_month: str) -> tuple[str, str]:
    """Both months canonical; `FormatError` if the second is before the first."""
    first, last = _check_month(from_month), _check_month(to_month)
    if last < first:
        raise FormatError(f"`{from_month}` to `{to_month}` is not a period: it ends before it begins")
    return first, last


def _check_partial_date(text: str) -> str:
    """A day, a month or a year: ISO 8601, or `yyyymmdd` with `00` for what is unknown, or `dd/MM/yyyy`."""
    if found := re.fullmatch(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?", text):
        year, month, day = found[1], found[2], found[3]
    elif found := re.fullmatch(r"([0-9]{4})([0-9]{2})([0-9]{2})", text):
        year, month, day = found[1], found[2].replace("00", ""), found[3].replace("00", "")
    elif found := re.fullmatch(r"([0-9]{2})/([0-9]{2})/([0-9]{4})", text):
        day, month, year = found[1], found[2], found[3]
    else:
        raise _wrong(text, *_DATE, "a date is written `1990`, `1990-03` or `1990-03-14`, as far as it is known")
    try:
        date(int(year), int(month or 1), int(day or 1))
    except ValueError:
        raise _wrong(text, *_DATE, "there is no such day") from None
    if day and not month:
        raise _wrong(text, *_DATE, "a day is known without its month")
    return "-".join(part for part in (year, month, day) if part)


_MOBILE = frozenset(
    f"0{prefix}"
    for prefix in (*range(32, 40), 52, *range(55, 57), 58, 59, 70, *range(76, 80), *range(81, 95), *range(96, 100))
)


def _check_phone(text: str) -> str:
    name = ("telephone number", "số điện thoại")
    digits = re.sub(r"[ .()-]", "", text)
    if digits.startswith("+84"):
        digits = "0" + digits[3:]
    if not _is_digits(digits) or not digits.startswith("0"):
        raise _wrong(text, *name, "a telephone number begins with 0 and holds digits")
    if digits.startswith("02"):
        if len(digits) not in (10, 11):
            raise _wrong(text, *name, "a land line has 10 or 11 digits")
    elif len(digits) != 10:
        raise _wrong(text, *name, f"it has {len(digits)} digits, a mobile number has 10")
    elif digits[:3] not in _MOBILE:
        raise _wrong(text, *name, f"no network has the prefix `{digits[:3]}`")
    return digits


PERSONAL_ID = Format(*_PIN, f"{_PIN_SHAPE}; no check digit", _check_personal_id)
TAX_CODE = Format(*_TAX, "10 digits, the last a check digit; a branch has `-NNN` behind them", _check_tax_code)
SI_NUMBER = Format(*_SI, "10 digits, no check digit", _check_si_number)
CARD_CODE = Format(
    *_CARD, "15 characters: object group, benefit level, province, social insurance number", _check_card_code
)
UNIT_CODE = Format(*_UNIT, _UNIT_SHAPE, _check_unit_code)
BUDGET_CODE = Format("budget code", "mã quan hệ ngân sách", "7 digits", _check_budget_code)
FACILITY_CODE = Format(
    "medical facility code", "mã cơ sở khám chữa bệnh", "5 digits: province and serial", _check_facility_code
)
HOUSEHOLD_CODE = Format("household code", "mã hộ gia đình", "10 digits, the first 2 a province", _check_household_code)
ICD10 = Format("diagnosis code", "mã ICD-10", "a letter, 2 digits, perhaps a point and 1 or 2 digits", _check_icd10)
MONTH = Format(*_MONTH, "year and month, `2024-01`", _check_month)
PARTIAL_DATE = Format(
    *_DATE, "a day, month or year as far as it is known: `1990-03-14`, `1990-03`, `1990`", _check_partial_date
)
PHONE = Format(
    "telephone number", "số điện thoại", "10 digits from 0 with a known network, or a land line from 02", _check_phone
)

FORMATS = (
    PERSONAL_ID,
    TAX_CODE,
    SI_NUMBER,
    CARD_CODE,
    UNIT_CODE,
    BUDGET_CODE,
    FACILITY_CODE,
    HOUSEHOLD_CODE,
    ICD10,
    MONTH,
    PARTIAL_DATE,
    PHONE,
)
