"""Masks in Python are those in SQL, to the letter, and the pseudonym is HMAC."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator

import psycopg
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from hub.demo.cluster import Cluster
from hub.model.effect import Effect
from hub.policy import pseudonym_key
from hub.sources.postgres.mask import masked
from hub.sources.remote.mask import mask

MASKS = [one for one in Effect if one.is_mask]
SECRET = b"the tests make pseudonyms with this"
KEY = pseudonym_key(SECRET, "project ageing")
# What Postgres cannot hold is no value of a column.
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40)
WORDS = st.lists(st.text("abcĐđứ.- ", max_size=5), max_size=5).map(" \t".join)


@pytest.fixture(scope="module")
def database(cluster: Cluster) -> Iterator[psycopg.Connection[tuple[str | None]]]:
    with psycopg.connect(cluster.owner_dsn("postgres"), autocommit=True) as connection:
        yield connection


def in_sql(database: psycopg.Connection[tuple[str | None]], effect: Effect, text: str) -> str | None:
    assert KEY is not None
    inner, outer = (f"'\\x{block.hex()}'::bytea" for block in KEY)
    expression = masked(effect, "t", lambda: (inner, outer)).replace("%", "%%")
    row = database.execute(f"select {expression} from (select %s::text) v(t)", (text,)).fetchone()
    assert row is not None
    return row[0]


@pytest.mark.parametrize("effect", MASKS)
@settings(max_examples=150, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=TEXTS | WORDS)
@example(text="")
@example(text="a")
@example(text="1234567")
@example(text="12345678")
@example(text=" Nguyễn  Văn\tA\n")
@example(text="a b c　d\x1ce\x85f\u200bg")
def test_a_mask_in_python_is_the_mask_in_sql(
    effect: Effect, text: str, database: psycopg.Connection[tuple[str | None]]
) -> None:
    assert mask(effect, KEY)(text) == in_sql(database, effect, text)


def test_a_pseudonym_is_hmac_of_the_value() -> None:
    key = hmac.digest(SECRET, b"pseudonym v1 project ageing", hashlib.sha256)
    expected = hmac.new(key, "ứ 1".encode(), hashlib.sha256).hexdigest()[:32]
    assert mask(Effect.PSEUDONYM, KEY)("ứ 1") == expected


@pytest.mark.parametrize("effect", [Effect.SHOW, Effect.DENY])
def test_what_is_no_mask_is_none(effect: Effect) -> None:
    with pytest.raises(ValueError, match="no mask"):
        mask(effect, KEY)


def test_who_has_no_key_has_no_pseudonyms() -> None:
    with pytest.raises(ValueError, match="no mask"):
        mask(Effect.PSEUDONYM, None)
