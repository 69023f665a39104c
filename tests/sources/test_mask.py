"""Every mask, computed by a real PostgreSQL, against a plain reading of what `hub.model.effect` says of it."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.demo.cluster import Cluster
from hub.model.effect import Effect
from hub.sources.postgres.mask import masked

NAMES = [
    "Nguyễn Văn An",
    "Trần Thị Ngọc Ánh",
    "Đặng Đình Đức",
    "Ộ Ứ",
    "Y Êban",
    "H'Hen Niê",
    "Nguyễn  Văn   An",
    " Nguyễn Văn An ",
    "Nguyễn\tVăn\tAn",
    "\tNguyễn Văn An",
    "\nNguyễn Văn An\n",
    "Lê-Nguyễn Ái",
    "A",
    "Ủ",
    "𠀋 Nôm",
    unicodedata.normalize("NFD", "Nguyễn Ệ Ấn"),
]
CODES = [
    "",
    "7",
    "79",
    "790",
    "1234567",
    "12345678",
    "123456789",
    "0099000013",
    "001099012345",
    "0099000013-001",
    "7900000001",
    "GD4797900000001",
    "QN5970123456789",
    "DN4010012345678",
    "TE1-790 123456",
]
DATES = ["1990", "1990-03", "1990-03-14", "0001-01-01", "9999-12-31"]
ODD = [
    "'",
    "''",
    '"',
    "\\",
    "\\1",
    "a'b\"c\\d",
    "%s",
    "*" * 9,
    "$1",
    "x" * 300,
    "\u0301",
    "a\u0301\u0323" * 5,
    "  ",
    "\t",
]
VALUES = list(dict.fromkeys([*NAMES, *CODES, *DATES, *ODD]))

INNER, OUTER = b"\x36" * 64, b"\x5c" * 64
MASKS = [effect for effect in Effect if effect.is_mask]
Compute = Callable[[Effect, Sequence[str | None]], list[str | None]]


def last_four(value: str) -> str:
    """Asterisks, then the last four characters; nothing of a value so short that four would be half of it."""
    hidden = "*" * max(len(value) - 4, 4)
    return hidden + (value[-4:] if len(value) >= 8 else "****")


def initials(value: str) -> str:
    """The first letter of each word: `N.V.A.`."""
    return "".join(f"{word[0]}." for word in value.split())


def province(value: str) -> str:
    """The two digits of the province that begin a code, then asterisks."""
    return value[:2] + "*" * (max(len(value), 2) - len(value[:2]))


EXPECTED: Mapping[Effect, Callable[[str], str]] = {
    Effect.LAST_FOUR: last_four,
    Effect.INITIALS: initials,
    Effect.YEAR: lambda value: value[:4],
    Effect.PROVINCE: province,
    Effect.CARD_NUMBER: lambda value: value[-10:],
}


@pytest.fixture(scope="module")
def compute(cluster: Cluster) -> Iterator[Compute]:
    """Masks many values in one statement, each with the text of a column."""
    with psycopg.connect(cluster.owner_dsn("population"), autocommit=True) as connection:

        def run(effect: Effect, values: Sequence[str | None]) -> list[str | None]:
            sql = masked(effect, "v.text", lambda: ("%(inner)s::bytea", "%(outer)s::bytea"))
            rows = connection.execute(
                f"select {sql} from unnest(%(values)s::text[]) with ordinality v(text, place) order by v.place",
                {"values": list(values), "inner": INNER, "outer": OUTER},
            ).fetchall()
            return [row[0] for row in rows]

        yield run


def test_every_mask_is_read_here() -> None:
    assert {*EXPECTED, Effect.PSEUDONYM} == {*MASKS}


@pytest.mark.parametrize("effect", EXPECTED)
def test_a_mask_gives_what_it_says(effect: Effect, compute: Compute) -> None:
    found = dict(zip(VALUES, compute(effect, VALUES), strict=True))
    assert found == {value: EXPECTED[effect](value) for value in VALUES}


@pytest.mark.parametrize("effect", MASKS)
def test_a_mask_of_nothing_is_nothing(effect: Effect, compute: Compute) -> None:
    assert compute(effect, [None, "a", None]) == [None, compute(effect, ["a"])[0], None]


@pytest.mark.parametrize("effect", MASKS)
def test_a_mask_is_a_function_of_the_value_alone(effect: Effect, compute: Compute) -> None:
    once = compute(effect, VALUES)
    assert compute(effect, VALUES) == once
    assert compute(effect, [value for value in VALUES for _ in range(2)]) == [each for each in once for _ in range(2)]
    assert list(reversed(compute(effect, list(reversed(VALUES))))) == once


def _shape(text: str) -> str:
    return "".join("*" if letter == "*" else "." if letter == "." else "x" for letter in text)


@pytest.mark.parametrize(
    "effect, civilian, other",
    [
        (Effect.CARD_NUMBER, "GD4797900000001", "QN5970123456789"),
        (Effect.LAST_FOUR, "001099012345", "097099012399"),
        (Effect.PROVINCE, "7912345678", "9700000000"),
        (Effect.YEAR, "1990-03-14", "1975-12-31"),
        (Effect.PSEUDONYM, "7f3e6a52-0d5f-4d5e-9a38-1f0f5d4e8a11", "00000000-0000-4000-8000-000000000000"),
    ],
)
def test_a_mask_has_the_same_shape_in_every_class(effect: Effect, civilian: str, other: str, compute: Compute) -> None:
    one, two = compute(effect, [civilian, other])
    assert one is not None
    assert two is not None
    assert _shape(one) == _shape(two)


@pytest.mark.parametrize("code", ["GD4797900000001", "QN5970123456789", "CA5971112223334", "TQ4979999999999"])
def test_the_number_of_a_card_tells_neither_group_nor_level_nor_province(code: str, compute: Compute) -> None:
    (found,) = compute(Effect.CARD_NUMBER, [code])
    assert found == code[5:]


def test_the_number_of_a_card_is_ten_digits_or_nothing_of_a_letter(compute: Compute) -> None:
    """Two cards of one holder, of different groups, are shown alike."""
    one, other = compute(Effect.CARD_NUMBER, ["GD4797900000001", "QN5977900000001"])
    assert one == other == "7900000001"


_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)


@given(values=st.lists(_TEXT, min_size=1, max_size=20))
def test_the_last_four_shows_never_more_than_four_and_nothing_of_what_is_short(
    values: list[str], compute: Compute
) -> None:
    for value, found in zip(values, compute(Effect.LAST_FOUR, values), strict=True):
        assert found is not None
        head, tail = found[:-4], found[-4:]
        assert set(head) == {"*"}
        assert len(head) >= 4
        assert tail == ("****" if len(value) < 8 else value[-4:])
        # Neither does its length tell which value below eight characters it was.
        assert len(found) == max(len(value), 8)


@given(values=st.lists(_TEXT, min_size=1, max_size=20))
def test_a_province_shows_never_more_than_two_characters(values: list[str], compute: Compute) -> None:
    for value, found in zip(values, compute(Effect.PROVINCE, values), strict=True):
        assert found is not None
        assert found[:2].rstrip("*") == value[:2].rstrip("*")
        assert set(found[2:]) <= {"*"}
        assert len(found) == max(len(value), 2)


@given(values=st.lists(_TEXT, min_size=1, max_size=20))
def test_initials_show_never_more_than_one_character_of_a_word(values: list[str], compute: Compute) -> None:
    for value, found in zip(values, compute(Effect.INITIALS, values), strict=True):
        assert found is not None
        letters = found.split(".")[:-1] if "." not in value else None
        if letters is not None:
            assert all(len(letter.strip()) <= 1 for letter in letters)
            assert len(letters) <= max(1, len(value.split()))


@given(values=st.lists(_TEXT, min_size=1, max_size=20, unique=True))
def test_pseudonyms_are_thirty_two_digits_and_as_different_as_the_values(values: list[str], compute: Compute) -> None:
    found = compute(Effect.PSEUDONYM, values)
    assert all(one is not None and len(one) == 32 and set(one) <= set("0123456789abcdef") for one in found)
    assert len(set(found)) == len(values)


@pytest.mark.parametrize("effect", [effect for effect in Effect if not effect.is_mask])
def test_what_is_no_mask_has_no_statement(effect: Effect) -> None:
    with pytest.raises(ValueError, match="is no mask"):
        masked(effect, "x", lambda: ("", ""))
