"""Names: which spellings are one, how they are ordered, what a typed name looks for."""

from __future__ import annotations

import itertools
import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from hub.domain.identifiers import FormatError
from hub.domain.names import (
    MOST_CHARACTERS,
    MOST_WORDS,
    PART,
    Reading,
    given_key,
    letters,
    name_key,
    order_key,
    plain,
    query,
    search_key,
    words,
)

# Surname, middle name, given name in the order of ICU 72 (PostgreSQL 15): `order by given collate vi, surname collate
# vi, middle collate vi`, with `create collation vi (provider = icu, locale = 'vi-u-ks-level2', deterministic = false)`.
ICU = [
    line.split("\t") for line in (Path(__file__).parent / "icu-vi-order.tsv").read_text(encoding="utf-8").splitlines()
]

# Text of all kinds, and text as names are made of.
anything = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
names = st.lists(
    st.sampled_from(
        [
            "Nguyễn",
            "Thị",
            "Hòa",
            "Hoà",
            "hoa",
            "Thuý",
            "Thúy",
            "Ân",
            "Ấn",
            "An",
            "Đỗ",
            "Do",
            "Ư",
            "Ơn",
            "Niê",
            "Kdăm",
            "H'Ni",
            "Bhŭm",
            "Y",
            "ê̆ban",
            "Lê-Văn",
        ]
    ),
    min_size=1,
    max_size=5,
).map(" ".join)
texts = anything | names


def test_the_order_is_that_of_icu() -> None:
    assert len(ICU) > 2_000
    keys = [order_key(*name) for name in ICU]
    assert all(a < b for a, b in itertools.pairwise(keys))


@pytest.mark.parametrize(
    ("ordered"),
    [
        "a ă â b c d đ e ê f g h i j k l m n o ô ơ p q r s t u ư v w x y z",
        "Hoa Hòa Hỏa Hõa Hóa Họa",
        "An Án Anh Ăn Ân Ấn Bảo Đào Em",
        "Da Dư Đa",
    ],
)
def test_letters_come_before_tones(ordered: str) -> None:
    keys = [order_key("Lê", None, one) for one in ordered.split()]
    assert keys == sorted(set(keys))


def test_people_are_ordered_by_given_name_then_surname_then_middle_name() -> None:
    people = [("Trần", "Văn", "An"), ("Lê", "Thị", "Bình"), ("Trần", None, "Bình"), ("Trần", "Ái", "Bình")]
    keys = [order_key(*one) for one in people]
    assert keys == sorted(keys)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Hoà", "Hòa"),
        ("Thuý", "Thúy"),
        ("Khoẻ", "Khỏe"),
        ("Nguyễn Thị", unicodedata.normalize("NFD", "Nguyễn Thị")),
        ("Nguyễn", "Nguye\u0303\u0302n"),
        ("NGUYỄN VĂN ĐẠT", "nguyễn văn đạt"),
        ("Ðỗ", "Đỗ"),
        ("Ɖỗ", "đỗ"),
        ("  Lê\t Văn \u00a0An ", "Lê Văn An"),
        ("Lê-Văn", "Lê Văn"),
        ("H’Nĩ", "H'Nĩ"),
    ],
)
def test_spellings_of_one_name_are_one(one: str, other: str) -> None:
    assert search_key(one) == search_key(other)
    assert order_key(one, None, "An") == order_key(other, None, "An")


def test_names_that_differ_in_a_mark_stay_apart() -> None:
    spellings = ["Hoa", "Hòa", "Hỏa", "Hõa", "Hóa", "Họa", "Hoả", "Hơa", "Hôa", "Da", "Đa", "Dă", "Dâ"]
    assert len({search_key(one) for one in spellings}) == len(spellings) - 1  # `Hỏa` and `Hoả` are one
    assert len({plain(letters(words(one))) for one in spellings}) == 2


@given(texts)
def test_words_of_words_are_the_same(text: str) -> None:
    assert words(words(text)) == words(text)


@given(texts, st.sampled_from(["NFC", "NFD"]))
def test_how_text_is_composed_does_not_count(text: str, form: str) -> None:
    assert words(unicodedata.normalize(form, text)) == words(text)  # type: ignore[arg-type]


@given(texts)
def test_marks_stand_beside_their_letters_and_tones_beside_their_words(text: str) -> None:
    found = words(text)
    assume(found and all(plain(letters(word)) == plain(letters(word)).lstrip("~") for word in found.split(" ")))
    without, marks, by_word = search_key(text).split(PART)
    assert len(marks) == len(without)
    assert [i for i, c in enumerate(marks) if c == " "] == [i for i, c in enumerate(without) if c == " "]
    assert len(by_word) == found.count(" ") + 1


@given(texts, texts, texts)
def test_a_key_separates_the_parts_of_a_name(given_name: str, surname: str, middle: str) -> None:
    assert order_key(surname, middle, given_name).count(PART) == 5
    assert name_key(surname, middle, given_name).count(PART) == 2


def like(pattern: str, text: str) -> bool:
    """LIKE as the SQL standard has it."""
    signs = {"%": ".*", "_": "."}
    return bool(re.fullmatch("".join(signs.get(c) or re.escape(c) for c in pattern), text, re.DOTALL))


def found(typed: str, surname: str, middle: str | None, given_name: str) -> tuple[Reading, bool] | None:
    """The first reading that finds a name, and whether the name is exactly as typed."""
    for one in query(typed):
        key = (name_key if one.reading is Reading.AS_WRITTEN else given_key)(surname, middle, given_name)
        if one.low <= key < one.high and (one.marks is None or like(one.marks, key)):
            return one.reading, one.exact is not None and like(one.exact, key)
    return None


W, G, L = Reading.AS_WRITTEN, Reading.GIVEN_FIRST, Reading.GIVEN_LAST


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("Nguyễn Văn Hòa", (W, True)),
        ("nguyễn văn hoà", (W, True)),
        ("nguyen van hoa", (W, False)),
        ("Nguyễn Văn Hoa", (W, True)),
        ("Nguyên Văn Hòa", (W, False)),
        ("Nguyen Văn Hòa", (W, False)),
        ("Nguyễn Văn Hóa", None),
        ("Nguyễn Vân Hòa", None),
        ("Ngu", (W, False)),
        ("Nguyễ", (W, True)),
        ("Nguyê", (W, True)),
        ("Nguyẽ", (W, False)),
        ("Nguyễn V", (W, True)),
        ("Nguyễn Văn H", (W, True)),
        ("Hò", (G, True)),
        ("hoa", (G, False)),
        ("Hòa Ngu", (G, True)),
        ("Hòa Nguyễn Văn", (G, True)),
        ("Nguyễn Hòa", (L, True)),
        ("nguyen hoa", (L, False)),
        ("Nguyễn Hò", None),
        ("Văn Hòa", None),
        ("Nguyễn Văn Hòa An", None),
    ],
)
def test_what_a_typed_name_finds(typed: str, expected: tuple[Reading, bool] | None) -> None:
    assert found(typed, "Nguyễn", "Văn", "Hòa") == expected


@given(names)
def test_a_name_is_found_by_itself_and_by_itself_without_marks(text: str) -> None:
    parts = text.split(" ")
    name = (parts[0], " ".join(parts[1:-1]) or None, parts[-1])
    for typed in (text, plain(letters(words(text)))):
        first = found(typed, *name)
        assert first is not None
        assert first[0] is W


@given(names, names)
def test_what_is_exact_is_found(typed: str, name: str) -> None:
    for one in query(typed):
        key = search_key(name)
        if one.exact is not None and one.low <= key < one.high and like(one.exact, key):
            assert one.marks is not None
            assert like(one.marks, key)


@given(anything)
def test_any_text_makes_patterns_that_find_it_or_is_refused(text: str) -> None:
    try:
        first = query(text)[0]
    except FormatError:
        return
    key = search_key(text)
    assert first.low <= key < first.high
    for pattern in (first.marks, first.exact):
        assert pattern is None or like(pattern, key)


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("", "no letter"),
        (" ' ", "no letter"),
        ("%", "no letter"),
        ("\u0301", "no letter"),
        ("a" * (MOST_CHARACTERS + 1), "at most 255"),
        (" ".join("a" * (MOST_WORDS + 1)), "at most 12"),
        ("An\0", r"U\+0000"),
        ("An\ud800", r"U\+D800"),
    ],
)
def test_what_is_no_name_is_refused(typed: str, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        query(typed)
