"""The vectors of the field's formats: what is accepted, and what a refusal says."""

from __future__ import annotations

import pytest

from hub.domain import identifiers as of
from hub.domain.identifiers import Format, FormatError

GOOD = [
    (of.PERSONAL_ID, "079190000123", "079190000123"),
    (of.PERSONAL_ID, "001205000456", "001205000456"),
    (of.TAX_CODE, "0099000013", "0099000013"),
    (of.TAX_CODE, "0099000020", "0099000020"),
    (of.TAX_CODE, "0099000013-001", "0099000013-001"),
    (of.TAX_CODE, "0099000013001", "0099000013-001"),
    (of.TAX_CODE, "0100047516", "0100047516"),
    (of.CARD_CODE, "DN4797990000123", "DN4797990000123"),
    (of.CARD_CODE, "dn2797990000123", "DN2797990000123"),
    (of.CARD_CODE, "HC1797990000123", "HC1797990000123"),
    (of.CARD_CODE, "TE1790000000001", "TE1790000000001"),
    (of.CARD_CODE, "QN5970000000001", "QN5970000000001"),
    (of.SI_NUMBER, "7990000123", "7990000123"),
    (of.UNIT_CODE, "0099000013DNC14", "0099000013DNC14"),
    (of.UNIT_CODE, "1000007HC", "1000007HC"),
    (of.BUDGET_CODE, "1000007", "1000007"),
    (of.FACILITY_CODE, "79999", "79999"),
    (of.FACILITY_CODE, "97999", "97999"),
    (of.FACILITY_CODE, "98999", "98999"),
    (of.HOUSEHOLD_CODE, "7900000456", "7900000456"),
    (of.ICD10, "J18.9", "J18.9"),
    (of.ICD10, "i10", "I10"),
    (of.ICD10, "U07.1", "U07.1"),
    (of.MONTH, "01/2024", "2024-01"),
    (of.MONTH, "2024-06", "2024-06"),
    (of.PARTIAL_DATE, "19900000", "1990"),
    (of.PARTIAL_DATE, "19900314", "1990-03-14"),
    (of.PARTIAL_DATE, "14/03/1990", "1990-03-14"),
    (of.PARTIAL_DATE, "1990-03", "1990-03"),
    (of.PHONE, "0900000012", "0900000012"),
    (of.PHONE, "+84 900 000 012", "0900000012"),
    (of.PHONE, "02838000000", "02838000000"),
]

BAD = [
    (of.PERSONAL_ID, "12345", "it has 5 digits, a personal number has 12 digits"),
    (of.PERSONAL_ID, "07919000012", "it has 11 digits"),
    (of.PERSONAL_ID, "07919000012x", "digits only"),
    (of.PERSONAL_ID, "003190000123", "unknown province `003`"),
    (of.PERSONAL_ID, "079590000123", "22nd century"),
    (of.PERSONAL_ID, "079299000123", "which is to come"),
    (of.TAX_CODE, "0099000014", "the check digit is `4`, for these nine digits it would be `3`"),
    *[(of.TAX_CODE, f"009900006{digit}", "no tax code begins with these nine digits") for digit in range(10)],
    (of.TAX_CODE, "0099000013-000", "001 to 999"),
    (of.TAX_CODE, "009900001", "10 digits"),
    (of.CARD_CODE, "DN5797990000123", "cannot give level 5"),
    (of.CARD_CODE, "QN4797990000123", "gives level 5 or better"),
    (of.CARD_CODE, "DN479799000012", "it has 14 characters"),
    (of.CARD_CODE, "ZZ4797990000123", "unknown object group `ZZ`"),
    (of.CARD_CODE, "DN6797990000123", "from 1 to 5"),
    (of.CARD_CODE, "DN4007990000123", "province"),
    (of.SI_NUMBER, "79900001ab", "digits only"),
    (of.SI_NUMBER, "799000012", "it has 9 digits"),
    (of.UNIT_CODE, "0099000013DN", "names its industry"),
    (of.UNIT_CODE, "0099000013DNZ99", "unknown industry `Z99`"),
    (of.UNIT_CODE, "0099000014DNC14", "it would be `3`"),
    (of.UNIT_CODE, "1000007ZZ", "unknown object group"),
    (of.FACILITY_CODE, "100001", "5 digits"),
    (of.FACILITY_CODE, "7999", "5 digits"),
    (of.FACILITY_CODE, "99001", "unknown province `99`"),
    (of.HOUSEHOLD_CODE, "0300000456", "unknown province `03`"),
    (of.ICD10, "J18,9", "like `J18.9`"),
    (of.ICD10, "18.9", "like `J18.9`"),
    (of.MONTH, "13/2024", "there is no month `13`"),
    (of.PARTIAL_DATE, "1990-02-30", "no such day"),
    (of.PARTIAL_DATE, "19900014", "without its month"),
    (of.PHONE, "1900000012", "begins with 0"),
    (of.PHONE, "09000001", "it has 8 digits"),
    (of.PHONE, "0300000012", "no network has the prefix `030`"),
]


@pytest.mark.parametrize(("kind", "text", "canonical"), GOOD)
def test_a_good_text_becomes_canonical(kind: Format, text: str, canonical: str) -> None:
    assert kind.check(text) == canonical
    assert kind.check(canonical) == canonical


@pytest.mark.parametrize(("kind", "text", "why"), BAD)
def test_a_refusal_names_the_text_the_format_and_the_fault(kind: Format, text: str, why: str) -> None:
    with pytest.raises(FormatError) as raised:
        kind.check(text)
    message = str(raised.value)
    assert message.startswith(f"`{text}` is not a {kind.name} ({kind.vietnamese}): ")
    assert why in message


@pytest.mark.parametrize(
    ("nine", "digit"),
    [
        ("010004751", "6"),
        ("009900001", "3"),
        ("009900002", "0"),
        ("009900003", "8"),
        ("009900004", "5"),
        ("009900006", None),
        ("009900018", None),
        ("000000000", None),
    ],
)
def test_the_check_digit_of_a_tax_code(nine: str, digit: str | None) -> None:
    assert of.tax_check_digit(nine) == digit


def test_a_personal_number_tells_province_sex_and_year() -> None:
    assert of.parse_personal_id("079190000123") == of.PersonalIdFacts("079", "FEMALE", 1990)
    assert of.parse_personal_id("001205000456") == of.PersonalIdFacts("001", "MALE", 2005)


def test_a_personal_number_that_contradicts_its_bearer_is_a_warning() -> None:
    assert of.personal_id_warnings("079190000123", "FEMALE", 1990) == ()
    assert len(of.personal_id_warnings("079190000123", "MALE", 1990)) == 1
    assert len(of.personal_id_warnings("079190000123", "MALE", 1991)) == 2


def test_a_period_does_not_end_before_it_begins() -> None:
    assert of.month_range("01/2024", "06/2024") == ("2024-01", "2024-06")
    with pytest.raises(FormatError, match="ends before it begins"):
        of.month_range("06/2024", "01/2024")


def test_every_format_describes_itself() -> None:
    assert len({kind.name for kind in of.FORMATS}) == len(of.FORMATS)
    assert all(kind.describe and kind.vietnamese for kind in of.FORMATS)
