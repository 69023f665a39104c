"""Pseudonyms: the construction in SQL is HMAC-SHA-256, and its key belongs to one agreement or project."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import replace
from itertools import combinations

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.cli.endpoint import load_graph
from hub.demo.cluster import Cluster
from hub.engine import open_engine
from hub.errors import SettingsWrong
from hub.model.effect import Effect
from hub.model.viewer import Audience, Profile, Standing, Universe
from hub.policy import pseudonym_key
from hub.settings import Settings
from hub.sources.postgres.mask import masked

SECRET = bytes(range(32))
ONE = "agreement health-ministry"
OTHER = "project ageing"


def blocks(key: bytes) -> tuple[bytes, bytes]:
    """The inner and the outer block of RFC 2104, written down from the text of the RFC."""
    padded = (hashlib.sha256(key).digest() if len(key) > 64 else key) + bytes(64)
    return bytes(b ^ 0x36 for b in padded[:64]), bytes(b ^ 0x5C for b in padded[:64])


def expected(text: str, secret: bytes, scope: str) -> str:
    """A pseudonym, by Python's own HMAC."""
    key = hmac.new(secret, f"pseudonym v1 {scope}".encode(), hashlib.sha256).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()[:32]


# RFC 4231, test cases 1 to 4 and 6 to 7: key, data, HMAC-SHA-256.
RFC_4231 = [
    (b"\x0b" * 20, b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
    (
        b"Jefe",
        b"what do ya want for nothing?",
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    ),
    (b"\xaa" * 20, b"\xdd" * 50, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
    (bytes(range(1, 26)), b"\xcd" * 50, "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"),
    (
        b"\xaa" * 131,
        b"Test Using Larger Than Block-Size Key - Hash Key First",
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
    ),
]


@pytest.mark.parametrize("key, data, digest", RFC_4231)
def test_two_hashes_over_padded_blocks_are_the_hmac_of_the_rfc(
    cluster: Cluster, key: bytes, data: bytes, digest: str
) -> None:
    """The construction that the statements use, in the database, with the keys and texts of RFC 4231."""
    inner, outer = blocks(key)
    assert hashlib.sha256(outer + hashlib.sha256(inner + data).digest()).hexdigest() == digest
    with psycopg.connect(cluster.owner_dsn("population")) as connection:
        (found,) = connection.execute(
            "select encode(sha256(%s::bytea || sha256(%s::bytea || %s::bytea)), 'hex')", [outer, inner, data]
        ).fetchone() or (None,)
    assert found == digest


@given(st.binary(min_size=32, max_size=80), st.text(min_size=1, max_size=70), st.text(max_size=80))
def test_the_key_of_a_scope_is_the_pair_of_blocks_of_an_hmac(secret: bytes, scope: str, text: str) -> None:
    key = pseudonym_key(secret, scope)
    assert key is not None
    inner, outer = key
    assert (len(inner), len(outer)) == (64, 64)
    made = hashlib.sha256(outer + hashlib.sha256(inner + text.encode("utf-8", "replace")).digest()).hexdigest()[:32]
    scoped = hmac.new(secret, f"pseudonym v1 {scope}".encode(), hashlib.sha256).digest()
    assert made == hmac.new(scoped, text.encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:32]


@pytest.mark.parametrize(
    "text", ["", "a", "001099012345", "7f3e6a52-0d5f-4d5e-9a38-1f0f5d4e8a11", "Nguyễn Văn Ả", "x" * 500]
)
def test_the_statement_computes_what_pythons_hmac_computes(cluster: Cluster, text: str) -> None:
    key = pseudonym_key(SECRET, ONE)
    assert key is not None
    sql = masked(Effect.PSEUDONYM, "%(text)s::text", lambda: ("%(inner)s::bytea", "%(outer)s::bytea"))
    with psycopg.connect(cluster.owner_dsn("population")) as connection:
        (found,) = connection.execute(f"select {sql}", {"text": text, "inner": key[0], "outer": key[1]}).fetchone() or (
            None,
        )
    assert found == expected(text, SECRET, ONE)
    assert re.fullmatch(r"[0-9a-f]{32}", found)


def test_scopes_and_secrets_that_differ_have_keys_without_anything_in_common() -> None:
    keys = [
        pseudonym_key(secret, scope)
        for secret in (SECRET, bytes(32))
        for scope in (ONE, OTHER, "agreement ageing", "project health-ministry", "project ageing2", "")
    ]
    for one, other in combinations(keys, 2):
        assert one is not None
        assert other is not None
        assert one != other
        assert expected("001099012345", SECRET, ONE) != expected("001099012345", SECRET, OTHER)
    assert pseudonym_key(SECRET, ONE) == pseudonym_key(SECRET, ONE)


def test_who_has_no_scope_has_no_key() -> None:
    assert pseudonym_key(SECRET, None) is None


def test_the_scope_is_the_agreement_or_the_project_and_nothing_else_of_a_profile() -> None:
    analyst = Profile(Audience.ANALYST, project="ageing")
    assert analyst.scope == "project ageing"
    assert replace(analyst, scopes=frozenset({"read"})).scope == analyst.scope
    partner = Profile(Audience.PARTNER, agreement="ageing", others=Universe.DEFENCE)
    assert partner.scope == "agreement ageing"
    assert partner.scope != analyst.scope
    assert Profile(Audience.OFFICER).scope is None


def test_serving_pseudonyms_without_a_secret_does_not_start() -> None:
    with pytest.raises(SettingsWrong, match="`HUB_PSEUDONYM_KEY` is missing"):
        open_engine(load_graph(), Settings())


def test_serving_without_pseudonyms_needs_no_secret() -> None:
    graph = load_graph()
    cells = {
        where: {
            label: type(effects)(*(Effect.DENY if one is Effect.PSEUDONYM else one for one in effects))
            for label, effects in section.items()
        }
        for where, section in graph.policy.cells.items()
    }
    fewer = frozenset(where for where in next(iter(graph.agreements.values())).fields if where[1] != "id")
    agreements = {name: replace(one, fields=fewer) for name, one in graph.agreements.items()}
    engine = open_engine(replace(graph, policy=replace(graph.policy, cells=cells), agreements=agreements), Settings())
    assert not engine.built.rules.uses(Effect.PSEUDONYM)
    assert engine.built.rules.visible(Profile(Audience.OFFICER), Standing.OFFICIAL, ("Person", "id"))
