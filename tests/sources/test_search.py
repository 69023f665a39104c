"""The search for persons in real Postgres, against a reading of the specification, one row after the other."""

from __future__ import annotations

import csv
import random
import re
import unicodedata
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import psycopg
import pytest

import hub.demo.country
from hub.demo.cluster import Cluster
from hub.domain.identifiers import FormatError
from hub.migrate import migrate, role_name
from hub.model.viewer import Universe
from hub.sources.postgres.search import PARAMETERS, Position, Search, read_search, search_rows, search_values

VOCABULARY = Path(hub.demo.country.__file__).parent / "tables" / "names.csv"
PEOPLE = 4_000


@dataclass(frozen=True, slots=True)
class Person:
    id: UUID
    surname: str
    middle: str | None
    given: str
    born: str
    province: str
    numbers: tuple[str, ...]


# --- the specification, as an oracle ---------------------------------------------------------------------------------
# A word is its letters, each a plain one and the marks on it, and its tone. Shares nothing with `hub.domain.names`.

TONES = "\u0300\u0309\u0303\u0301\u0323"
ALPHABET = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
Letters = tuple[tuple[str, frozenset[str]], ...]
Word = tuple[Letters, str]


@cache
def read(text: str) -> tuple[Word, ...]:
    found = []
    for word in re.sub(r"[^\w\u0300-\u036f]", " ", text.lower()).split():
        letters: list[tuple[str, frozenset[str]]] = []
        tone = ""
        for character in unicodedata.normalize("NFD", word):
            if character in TONES:
                tone += character
            elif unicodedata.combining(character):
                plain, marks = letters[-1]
                letters[-1] = plain, marks | {character}
            elif character == "đ":
                letters.append(("d", frozenset("-")))
            else:
                letters.append((character, frozenset()))
        found.append((tuple(letters), tone))
    return tuple(found)


def plain(word: Word) -> str:
    return "".join(letter for letter, _ in word[0])


def begins(typed: Word, word: Word) -> bool:
    """Whether a word begins with what was typed of it: marks that were typed are there."""
    return (
        plain(word).startswith(plain(typed))
        and all(wanted <= there for (_, wanted), (_, there) in zip(typed[0], word[0], strict=False))
        and typed[1] in ("", word[1])
    )


def as_typed(typed: Word, word: Word, *, unfinished: bool) -> bool:
    """Whether there are no other marks; the tone of an unfinished word is perhaps still to be typed."""
    return word[0][: len(typed[0])] == typed[0] and (typed[1] == word[1] or (unfinished and not typed[1]))


def rank(typed: Sequence[Word], person: Person) -> int | None:
    surname, middle, given_name = read(person.surname), read(person.middle or ""), read(person.given)
    marked = any(tone or any(marks for _, marks in letters) for letters, tone in typed)
    for place, (wanted, name, whole) in enumerate(
        (
            (typed, (*surname, *middle, *given_name), False),
            (typed, (*given_name, *surname, *middle), False),
            ((typed[-1], *typed[:-1]), (*given_name, *surname, *middle), True),
        )
    ):
        if len(wanted) > len(name) or (whole and len(wanted) == 1):
            continue
        pairs = list(zip(wanted, name, strict=False))
        complete = pairs if whole else pairs[:-1]
        if all(begins(*pair) for pair in pairs) and all(plain(one) == plain(other) for one, other in complete):
            exact = all(as_typed(*pair, unfinished=not whole and pair is pairs[-1]) for pair in pairs)
            return 2 * place + (0 if marked and exact else 1)
    return None


def in_order(person: Person, at: int) -> tuple[Any, ...]:
    """Words without marks, then their letters in the order of the alphabet, then their tones."""
    parts = (
        (person.surname, person.middle or "", person.given)
        if at < 2
        else (person.given, person.surname, person.middle or "")
    )
    name = [word for part in parts for word in read(part)]
    alphabet = [[letter_place(letter) for letter in word[0]] for word in name]
    return [plain(word) for word in name], alphabet, [TONES.find(tone) if tone else -1 for _, tone in name]


def letter_place(letter: tuple[str, frozenset[str]]) -> tuple[float, int]:
    """Marks that make no Vietnamese letter come behind the plain one; a breve is a letter's own on any."""
    plain_letter, marks = letter
    composed = "đ" if marks == {"-"} else unicodedata.normalize("NFC", plain_letter + "".join(sorted(marks)))
    if composed in ALPHABET:
        return float(ALPHABET.index(composed)), 0
    return ALPHABET.index(plain_letter) + 0.5, 0


def expected(
    people: Sequence[Person], *, name: str | None, born: str | None, province: str | None, number: str | None
) -> list[tuple[UUID, int]]:
    found = []
    for person in people:
        at = 0 if name is None else rank(read(name), person)
        if (
            at is not None
            and (born is None or person.born.startswith(born) or born.startswith(person.born))
            and province in (None, person.province)
            and (number is None or number in person.numbers)
        ):
            found.append((at, in_order(person, at), person.id))
    return [(key, at) for at, _, key in sorted(found)]


# --- people, and what is asked of them -------------------------------------------------------------------------------


def draw_people(rng: random.Random) -> list[Person]:
    """Few names, so that many are alike; spelt in every way in which registers spell them."""
    with VOCABULARY.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))

    def some(kind: str, number: int) -> list[str]:
        texts = [row["text"] for row in rows if kind in row["kind"]]
        return texts[:number] + rng.sample(texts, 5)

    surnames = [*some("surname", 8), "Nguyên", "Niê", "Lê-Văn", "An", "Hòa"]
    middles = [*some("middle", 8), "Thị", "Thị Thuý", "Thị Thúy", "Hoà", "Nguyễn"]
    given_names = [
        *some("given", 8),
        *[
            "An",
            "Ân",
            "Ấn",
            "Ẩn",
            "Ăn",
            "Anh",
            "Ánh",
            "Hoà",
            "Hòa",
            "Hoa",
            "Hóa",
            "Hồ",
            "Đa",
            "Da",
            "Dạ",
            "Y",
            "H'Ni",
            "Bhŭm",
        ],
    ]
    people = []
    for number in range(PEOPLE):
        parts = [rng.choice(surnames), rng.choice([*middles, ""]), rng.choice(given_names)]
        spelling = rng.random()
        if spelling < 0.1:
            parts = [unicodedata.normalize("NFD", part) for part in parts]
        elif spelling < 0.2:
            parts = [part.upper() for part in parts]
        born = f"{rng.randint(1950, 1960)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"
        people.append(
            Person(
                UUID(int=rng.getrandbits(128)),
                parts[0],
                parts[1] or None,
                parts[2],
                born[: rng.choice([4, 7, 10, 10, 10, 10])],
                rng.choice(["01", "04", "79"]),
                tuple(f"{kind}{number:08}" for kind in rng.sample("123", rng.randint(0, 3))),
            )
        )
    return people


def draw_question(rng: random.Random, people: Sequence[Person]) -> dict[str, str | None]:
    """Something that somebody, or nobody, can be found by."""
    person = rng.choice(people)
    name: list[str] = f"{person.surname} {person.middle or ''}".split()
    order = rng.random()
    if order < 0.6:
        name = [*name, person.given]
    elif order < 0.8:
        name = [person.given, *name]
    else:
        name = [*name[: rng.randint(1, len(name))], person.given]
    typed = " ".join(name[: rng.randint(1, len(name))] if rng.random() < 0.6 else name)
    if rng.random() < 0.5:
        typed = typed[: rng.randint(1, len(typed))]
    marks = rng.random()
    if marks < 0.4:
        typed = "".join(c for c in unicodedata.normalize("NFD", typed) if not unicodedata.combining(c))
        typed = typed.replace("đ", "d").replace("Đ", "D")
    elif marks < 0.6:
        typed = "".join(
            c for c in unicodedata.normalize("NFD", typed) if not unicodedata.combining(c) or rng.random() < 0.5
        )
    question: dict[str, str | None] = dict.fromkeys(("name", "born", "province", "number"))
    if read(typed) and any(plain(word) for word in read(typed)):
        question["name"] = typed
    if rng.random() < 0.3:
        question["born"] = rng.choice([person, person, rng.choice(people)]).born[: rng.choice([4, 7, 10])]
    if rng.random() < 0.3:
        question["province"] = rng.choice([person.province, "01"])
    if person.numbers and (question["name"] is None or rng.random() < 0.15):
        question["number"] = rng.choice(person.numbers)
    return question


@pytest.fixture(scope="module")
def people() -> list[Person]:
    return draw_people(random.Random(164))


@pytest.fixture(scope="module")
def register(cluster: Cluster, people: list[Person]) -> Iterator[str]:
    """The owner's address of a register of these people, all of them civilians."""
    with psycopg.connect(cluster.owner_dsn("postgres"), autocommit=True) as connection:
        connection.execute("create database searched")
    dsn = cluster.owner_dsn("searched")
    migrate({"population": dsn})
    with psycopg.connect(dsn, autocommit=True) as connection:
        with connection.cursor().copy(
            "copy civilian.person (id, surname, middle_name, given_name, full_name, birth_date, sex, nationality,"
            " residence_province_code, residence_commune_code, residence_coded_on) from stdin"
        ) as copy:
            for one in people:
                copy.write_row(
                    (
                        one.id,
                        one.surname,
                        one.middle,
                        one.given,
                        "-",
                        one.born,
                        "OTHER",
                        "VN",
                        one.province,
                        "0",
                        "2025-07-01",
                    )
                )
        with connection.cursor().copy(
            "copy civilian.person_identifier (person_id, scheme, value, valid_from) from stdin"
        ) as copy:
            for one in people:
                for number, scheme in zip(one.numbers, ("OLD_ID_CARD", "PASSPORT", "SI_NUMBER"), strict=False):
                    copy.write_row((one.id, scheme, number, "2000-01-01"))
        connection.execute("vacuum analyze")
    yield dsn
    with psycopg.connect(cluster.owner_dsn("postgres"), autocommit=True) as connection:
        connection.execute("drop database searched with (force)")


@pytest.fixture(scope="module")
async def reader(register: str) -> AsyncIterator[asyncpg.Connection]:
    """A reader of the civilian class, as the hub connects."""
    connection = await asyncpg.connect(register.replace("//postgres@", f"//{role_name(Universe.CIVILIAN)}@"))
    yield connection
    await connection.close()


def statement(*, backward: bool = False) -> str:
    order = "rank desc, key desc, id desc" if backward else "rank, key, id"
    limit = f"${len(PARAMETERS)}"
    return f"select id, rank, key from ({search_rows('civilian', backward=backward)}) s order by {order} limit {limit}"


async def walk(reader: asyncpg.Connection, search: Search, size: int, *, backward: bool) -> list[tuple[UUID, int]]:
    prepared = await reader.prepare(statement(backward=backward))
    found: list[tuple[UUID, int]] = []
    position = None
    while True:
        rows = await prepared.fetch(*search_values(search, limit=size, position=position, backward=backward))
        found += [(UUID(bytes=row["id"].bytes), row["rank"]) for row in rows]
        if len(rows) < size:
            return found
        position = Position(rows[-1]["rank"], rows[-1]["key"], rows[-1]["id"])


# --- tests -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
async def test_a_search_finds_what_the_specification_says_in_its_order_by_any_page(
    reader: asyncpg.Connection, people: list[Person], seed: int
) -> None:
    rng = random.Random(seed)
    ranks: set[int] = set()
    asked = empty = 0
    while asked < 60:
        question = draw_question(rng, people)
        if question["name"] is None and question["number"] is None:
            continue
        asked += 1
        wanted = expected(people, **question)
        ranks |= {at for _, at in wanted}
        empty += not wanted
        search = read_search(**question)
        size = rng.choice([1, 2, 7, 50, 500]) if len(wanted) < 100 else rng.choice([37, 200, 5_000])
        assert await walk(reader, search, size, backward=False) == wanted, question
        assert await walk(reader, search, size, backward=True) == wanted[::-1], question
    # The questions say something: every rank came up, and most of them found somebody.
    assert ranks == set(range(6))
    assert empty < asked / 2


async def test_a_person_with_a_number_is_found_by_it_however_it_is_typed(
    reader: asyncpg.Connection, people: list[Person]
) -> None:
    person = next(one for one in people if one.numbers)
    number = person.numbers[0]
    for typed in (number, f" {number[:3]} {number[3:]}", f"{number[:3]}.{number[3:]}"):
        assert await walk(reader, read_search(number=typed), 10, backward=False) == [(person.id, 0)]
    assert await walk(reader, read_search(number=number, name="Xyz"), 10, backward=False) == []


async def test_a_birth_known_to_the_year_is_found_by_any_day_of_it(
    reader: asyncpg.Connection, people: list[Person]
) -> None:
    person = next(one for one in people if len(one.born) == 4)
    name = f"{person.surname} {person.middle or ''} {person.given}"
    for born, there in ((person.born, True), (f"{person.born}-03-14", True), ("1949-03-14", False)):
        found = await walk(reader, read_search(name=name, born=born), 500, backward=False)
        assert (person.id in {one for one, _ in found}) == there


async def test_a_condition_of_the_embedding_statement_holds_for_every_row(
    reader: asyncpg.Connection, people: list[Person]
) -> None:
    name = people[0].surname
    search = read_search(name=name)
    rows = search_rows("civilian", condition="p.birth_date < '1955'")
    found = await reader.fetch(
        f"select id, rank from ({rows}) s order by rank, key, id", *search_values(search, limit=9_999)
    )
    by_id = {one.id: one for one in people}
    wanted = expected(people, name=name, born=None, province=None, number=None)
    assert [(UUID(bytes=row["id"].bytes), row["rank"]) for row in found] == [
        pair for pair in wanted if by_id[pair[0]].born < "1955"
    ]


@pytest.mark.parametrize("backward", [False, True])
def test_no_part_of_a_search_sorts_or_reads_more_than_a_range_of_an_index(register: str, backward: bool) -> None:
    with psycopg.connect(register.replace("//postgres@", f"//{role_name(Universe.CIVILIAN)}@")) as reader:
        rows = reader.execute(f"explain (generic_plan, costs off) {statement(backward=backward)}".encode()).fetchall()
    plan = "\n".join(line for (line,) in rows)
    assert "Seq Scan" not in plan
    assert plan.count("Index Only Scan" + (" Backward" if backward else "") + " using person_name_search") == 2
    assert plan.count("Index Only Scan" + (" Backward" if backward else "") + " using person_given_search") == 4
    assert plan.count("Index Cond: ((ROW(name_search, id)") == 2
    assert plan.count("Index Cond: ((ROW(given_search, id)") == 4
    assert plan.count("Sort Key") == 2  # of the page itself, and of the few persons that have a number


@pytest.mark.parametrize(
    ("question", "message"),
    [
        ({}, "nothing to search for"),
        ({"born": "1956", "province": "01"}, "nothing to search for"),
        ({"name": " - "}, "no letter"),
        ({"name": "An", "born": "last year"}, "last year"),
        ({"name": "An", "province": "00"}, "not the code of a province"),
        ({"number": "%"}, "not a number of a document"),
        ({"number": "1" * 21}, "not a number of a document"),
    ],
)
def test_what_cannot_be_searched_for_is_refused(question: dict[str, str], message: str) -> None:
    with pytest.raises(FormatError, match=message):
        read_search(**question)
