"""The keys of names that Postgres keeps, against those that the domain makes."""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hub.demo.country
from hub.domain import names
from hub.migrate import role_name
from hub.model.viewer import RecordClass, Universe

VOCABULARY = Path(hub.demo.country.__file__).parent / "tables" / "names.csv"


@pytest.fixture(scope="module")
def population(owner_dsns: dict[str, str]) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(owner_dsns["population"], autocommit=True) as connection:
        yield connection


@pytest.mark.parametrize("record_class", RecordClass)
def test_every_person_has_the_keys_of_his_name(population: psycopg.Connection[Any], record_class: RecordClass) -> None:
    rows = population.execute(
        "select surname, middle_name, given_name, name_order, name_search, given_search"
        f" from {record_class}.person".encode()
    ).fetchall()
    assert rows
    for surname, middle, given_name, *keys in rows:
        name = (surname, middle, given_name)
        assert keys == [names.order_key(*name), names.name_key(*name), names.given_key(*name)]


def in_sql(connection: psycopg.Connection[Any], schema: str, texts: list[str]) -> list[tuple[str, str]]:
    return connection.execute(
        f"select {schema}.name_key(value, false), {schema}.name_key(value, true)"
        " from unnest(%s::text[]) with ordinality one(value, place) order by place".encode(),
        (texts,),
    ).fetchall()


def in_python(texts: list[str]) -> list[tuple[str, str]]:
    found = []
    for text in texts:
        words = names.words(text)
        found.append((f"{names.letters(words)}{names.PART}{names.tones(words)}", names.search_key(text)))
    return found


def test_tens_of_thousands_of_names_have_the_same_keys_in_sql(population: psycopg.Connection[Any]) -> None:
    with VOCABULARY.open(encoding="utf-8", newline="") as file:
        parts = sorted({row["text"] for row in csv.DictReader(file)})
    texts = [" ".join(pair) for pair in product(parts, parts)]
    texts += [unicodedata.normalize("NFD", text).upper() for text in texts[::7]]
    assert len(texts) > 40_000
    assert in_sql(population, "civilian", texts) == in_python(texts)


@pytest.mark.parametrize("source", ["population", "employer"])
def test_every_character_has_the_same_keys_in_sql(owner_dsns: dict[str, str], source: str) -> None:
    """Those that this Python knows: what a later Unicode adds, Postgres may already take apart."""
    known = [chr(code) for code in range(1, 0x110000) if unicodedata.category(chr(code)) not in ("Cn", "Cs")]
    texts = [f"a{one}\u0301b" for one in known]
    with psycopg.connect(owner_dsns[source], autocommit=True) as connection:
        assert in_sql(connection, "defence", texts) == in_python(texts)


@settings(max_examples=100)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs", "Cn"], exclude_characters="\0")), max_size=30))
def test_any_text_has_the_same_keys_in_sql(population: psycopg.Connection[Any], texts: list[str]) -> None:
    assert in_sql(population, "public_security", texts) == in_python(texts)


def test_sorting_in_sql_is_sorting_in_python(population: psycopg.Connection[Any]) -> None:
    rows = population.execute(
        "select surname, middle_name, given_name from civilian.person order by name_order, id"
    ).fetchall()
    keys = [names.order_key(*row).encode() for row in rows]
    assert keys == sorted(keys)


def test_employers_have_the_keys_of_their_names(owner_dsns: dict[str, str]) -> None:
    with psycopg.connect(owner_dsns["employer"]) as connection:
        rows = connection.execute("select name, name_order from civilian.employer").fetchall()
    assert rows
    for name, key in rows:
        assert key == in_python([name])[0][0]


@pytest.mark.parametrize("universe", Universe)
def test_keys_of_names_are_read_where_the_names_are(owner_dsns: dict[str, str], universe: Universe) -> None:
    dsn = owner_dsns["population"].replace("//postgres@", f"//{role_name(universe)}@")
    with psycopg.connect(dsn, autocommit=True) as connection:
        for record_class in RecordClass:
            statement = f"select name_order, name_search, given_search from {record_class}.person limit 1".encode()
            if record_class in universe.classes:
                connection.execute(statement)
            else:
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(statement)
