"""Dated code tables: a code is looked up with a day."""

from __future__ import annotations

from datetime import date

import pytest

from hub.domain.codes import NAMES, table

BEFORE, AFTER = date(2025, 6, 30), date(2025, 7, 1)


@pytest.mark.parametrize(
    ("code", "before", "after"),
    [
        ("52", "Bình Định", "Gia Lai"),
        ("44", "Quảng Bình", "Quảng Trị"),
        ("15", "Yên Bái", "Lào Cai"),
        ("24", "Bắc Giang", "Bắc Ninh"),
        ("80", "Long An", "Tây Ninh"),
        ("82", "Tiền Giang", "Đồng Tháp"),
        ("91", "Kiên Giang", "An Giang"),
        ("01", "Hà Nội", "Hà Nội"),
        ("64", "Gia Lai", None),
        ("99", None, None),
    ],
)
def test_the_same_code_can_name_another_province_before_the_mergers(
    code: str, before: str | None, after: str | None
) -> None:
    assert table("province").name(code, on=BEFORE) == before
    assert table("province").name(code, on=AFTER) == after


def test_sixty_three_provinces_became_thirty_four() -> None:
    assert len(table("province").at(BEFORE)) == 63
    assert len(table("province").at(AFTER)) == 34
    assert len(list(table("birth_province"))) == 63


def test_every_commune_belongs_to_a_province_of_its_day() -> None:
    communes = table("commune").at(AFTER)
    assert len(communes) == 34 * 5 + 13
    for commune in communes:
        assert table("province").name(commune.facts["province_code"], on=AFTER)


def test_level_five_is_the_level_of_the_armed_groups_alone() -> None:
    groups = list(table("object_group"))
    assert {group.code for group in groups if group.facts["level"] == "5"} == {"QN", "CA", "CY"}
    assert {group.code for group in groups if group.facts["reveals"]} == {"QN", "CA", "CY", "TQ", "TA", "TY", "TV"}


@pytest.mark.parametrize("name", NAMES)
def test_no_code_has_two_meanings_on_one_day_and_every_row_is_marked(name: str) -> None:
    entries = list(table(name))
    assert {entry.mark for entry in entries} <= {"sourced", "K"}
    for day in (BEFORE, AFTER, date(2026, 11, 1)):
        codes = [entry.code for entry in table(name).at(day)]
        assert len(codes) == len(set(codes))


def test_an_unknown_table_is_named_with_the_known_ones() -> None:
    with pytest.raises(KeyError, match="province"):
        table("planet")
