"""Tokens: which are taken, what they become, and that every other is refused with a sentence that helps."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from hub.errors import SettingsWrong, Unauthenticated
from hub.model.viewer import Audience, Profile, Served, Universe, Viewer
from hub.server.identity import Identity, Trust
from hub.server.keys import KeySet, read_key_set

PERSON = "001099012345"
ED = ed25519.Ed25519PrivateKey.generate()
RSA = rsa.generate_private_key(65537, 2048)
EC = ec.generate_private_key(ec.SECP256R1())
STRANGER = ed25519.Ed25519PrivateKey.generate()

CITIZEN: dict[str, Any] = {"hub_audience": "citizen", "sub": PERSON, "acr": "vneid-2"}
OFFICER: dict[str, Any] = {"hub_audience": "officer", "sub": "o-17", "clearance": "civilian"}
ANALYST: dict[str, Any] = OFFICER | {"hub_audience": "analyst", "project": "ageing"}
PARTNER: dict[str, Any] = {"hub_audience": "partner", "sub": "p-1", "agreement": "health-ministry"}
DEFENCE: dict[str, Any] = {"hub_audience": "defence-officer", "sub": "d-1", "clearance": "defence"}
SECURITY: dict[str, Any] = {"hub_audience": "security-officer", "sub": "s-1", "clearance": "public_security"}

SERVED = Served(
    agreements={"health-ministry": Universe.CIVILIAN, "army-hospitals": Universe.DEFENCE},
    scopes=frozenset({"book:read", "book:audit"}),
)


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def jwk(key: Any, algorithm: str, kid: str, **more: Any) -> dict[str, Any]:
    entry: dict[str, Any] = json.loads(jwt.get_algorithm_by_name(algorithm).to_jwk(key.public_key()))
    return entry | {"kid": kid, "alg": algorithm, "use": "sig"} | more


def write(path: Path, *entries: object) -> Path:
    path.write_text(json.dumps({"keys": entries}))
    return path


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> KeySet:
    path = tmp_path_factory.mktemp("keys") / "keys.json"
    return read_key_set(write(path, jwk(ED, "EdDSA", "ed"), jwk(RSA, "RS256", "rsa"), jwk(EC, "ES256", "ec")))


@pytest.fixture
def identity(keys: KeySet) -> Identity:
    return Identity(Trust(keys, "issuer", "hub", SERVED))


def token(
    claims: Mapping[str, Any], *, key: Any = ED, algorithm: str = "EdDSA", kid: str | None = "ed", **header: Any
) -> bytes:
    """A token that is good in all that the arguments do not make bad. A claim set to None is left out."""
    whole = {"iss": "issuer", "aud": "hub", "exp": int(time.time()) + 86_400} | dict(claims)
    whole = {name: value for name, value in whole.items() if value is not None}
    headers = header | ({"kid": kid} if kid is not None else {})
    return jwt.encode(whole, key, algorithm, headers).encode()


def bearer(value: bytes) -> list[bytes]:
    return [b"Bearer " + value]


# --- good tokens ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "claims, viewer",
    [
        (CITIZEN, Viewer(Profile(Audience.CITIZEN), PERSON)),
        (CITIZEN | {"clearance": "civilian"}, Viewer(Profile(Audience.CITIZEN), PERSON)),
        (CITIZEN | {"own_clearance": "defence"}, Viewer(Profile(Audience.CITIZEN, own=Universe.DEFENCE), PERSON)),
        (CITIZEN | {"own_clearance": "all"}, Viewer(Profile(Audience.CITIZEN, own=Universe.ALL), PERSON)),
        (OFFICER, Viewer(Profile(Audience.OFFICER), None, "o-17")),
        (OFFICER | {"clearance": "all"}, Viewer(Profile(Audience.OFFICER, others=Universe.ALL), None, "o-17")),
        (ANALYST, Viewer(Profile(Audience.ANALYST, project="ageing"), None, "o-17")),
        (PARTNER, Viewer(Profile(Audience.PARTNER, agreement="health-ministry"), None, "p-1")),
        (
            PARTNER | {"agreement": "army-hospitals"},
            Viewer(Profile(Audience.PARTNER, others=Universe.DEFENCE, agreement="army-hospitals"), None, "p-1"),
        ),
        (DEFENCE, Viewer(Profile(Audience.DEFENCE_OFFICER, others=Universe.DEFENCE), None, "d-1")),
        (DEFENCE | {"clearance": "all"}, Viewer(Profile(Audience.DEFENCE_OFFICER, others=Universe.ALL), None, "d-1")),
        (SECURITY, Viewer(Profile(Audience.SECURITY_OFFICER, others=Universe.PUBLIC_SECURITY), None, "s-1")),
    ],
)
async def test_a_good_token_becomes_a_viewer(identity: Identity, claims: Mapping[str, Any], viewer: Viewer) -> None:
    assert await identity.viewer(bearer(token(claims))) == viewer


@pytest.mark.parametrize("key, algorithm, kid", [(ED, "EdDSA", "ed"), (RSA, "RS256", "rsa"), (EC, "ES256", "ec")])
async def test_a_key_is_found_by_its_name(identity: Identity, key: Any, algorithm: str, kid: str) -> None:
    assert (await identity.viewer(bearer(token(CITIZEN, key=key, algorithm=algorithm, kid=kid)))).subject == PERSON


async def test_the_scheme_is_read_in_any_case(identity: Identity) -> None:
    assert (await identity.viewer([b"bEARER  " + token(CITIZEN)])).subject == PERSON


async def test_a_clock_may_be_half_a_minute_off(identity: Identity) -> None:
    now = int(time.time())
    assert (await identity.viewer(bearer(token(CITIZEN | {"exp": now - 10, "nbf": now + 10})))).subject == PERSON


@pytest.mark.parametrize(
    "claims", [CITIZEN, OFFICER, ANALYST, PARTNER, DEFENCE], ids=lambda claims: claims["hub_audience"]
)
@pytest.mark.parametrize(
    "scope, held",
    [
        ({}, set()),
        ({"scope": ""}, set()),
        ({"scope": "book:read"}, {"book:read"}),
        ({"scope": "openid book:audit profile book:read"}, {"book:read", "book:audit"}),
        ({"scope": "openid BOOK:READ book"}, set()),
    ],
)
async def test_of_the_scopes_of_a_token_those_count_that_the_graph_asks_for(
    identity: Identity, claims: Mapping[str, Any], scope: dict[str, str], held: set[str]
) -> None:
    assert (await identity.viewer(bearer(token({**claims, **scope})))).profile.scopes == held


# --- bad tokens -----------------------------------------------------------------------------------------------------

RSA_PUBLIC = RSA.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def unsigned(claims: Mapping[str, Any], algorithm: str = "none") -> bytes:
    whole = {"iss": "issuer", "aud": "hub", "exp": int(time.time()) + 86_400} | dict(claims)
    head = {"alg": algorithm, "typ": "JWT", "kid": "rsa"}
    return f"{b64(json.dumps(head).encode())}.{b64(json.dumps(whole).encode())}.".encode()


def hmac_with_the_public_key(claims: Mapping[str, Any]) -> bytes:
    """What a verifier that lets the token choose would take for a signature of the issuer."""
    import hashlib
    import hmac

    head = unsigned(claims, "HS256").rstrip(b".")
    return head + b"." + b64(hmac.new(RSA_PUBLIC, head, hashlib.sha256).digest()).encode()


def tampered(value: bytes) -> bytes:
    head, body, signature = value.split(b".")
    claims = json.loads(base64.urlsafe_b64decode(body + b"=="))
    claims["sub"] = "001099054321"
    return b".".join([head, b64(json.dumps(claims).encode()).encode(), signature])


NOW = int(time.time())

BAD = {
    "expired": (token(CITIZEN | {"exp": NOW - 60}), "has expired"),
    "not valid yet": (token(CITIZEN | {"nbf": NOW + 86_400}), "not valid yet"),
    "without an end": (token(CITIZEN | {"exp": None}), "lacks the claim `exp`"),
    "with an end that is no number": (token(CITIZEN | {"exp": "soon"}), "malformed"),
    "without end": (token(CITIZEN | {"exp": float("inf")}), "malformed"),
    "with an end that is true": (token(CITIZEN | {"exp": True}), "has expired"),
    "without a signature": (unsigned(CITIZEN), "not signed"),
    "without a signature, oddly spelt": (unsigned(CITIZEN, "nOnE"), "not signed"),
    "signed with the public key as a secret": (hmac_with_the_public_key(CITIZEN), "not signed"),
    "signed by a stranger": (token(CITIZEN, key=STRANGER), "not signed"),
    "signed by a stranger's name": (token(CITIZEN, key=STRANGER, kid="stranger"), "not signed"),
    "without a key's name": (token(CITIZEN, kid=None), "not signed"),
    "with another key's name": (token(CITIZEN, kid="rsa"), "not signed"),
    "with a path for a key's name": (token(CITIZEN, kid="../../etc/passwd"), "not signed"),
    "with a key of its own": (token(CITIZEN, key=STRANGER, jwk=jwk(STRANGER, "EdDSA", "ed")), "not signed"),
    "with a demand we do not know": (token(CITIZEN, crit=["more"], more=1), "malformed"),
    "another algorithm of the same key": (token(CITIZEN, key=RSA, algorithm="RS512", kid="rsa"), "not signed"),
    "changed on the way": (tampered(token(CITIZEN)), "not signed"),
    "of another issuer": (token(CITIZEN | {"iss": "somebody"}), "issuer"),
    "without an issuer": (token(CITIZEN | {"iss": None}), "lacks the claim `iss`"),
    "for another endpoint": (token(CITIZEN | {"aud": "other"}), "another endpoint"),
    "for nobody": (token(CITIZEN | {"aud": None}), "lacks the claim `aud`"),
    "without a subject": (token(CITIZEN | {"sub": None}), "lacks the claim `sub`"),
    "not a token": (b"sesame", "malformed"),
    "two parts": (b"a.b", "malformed"),
    "not text": (b"\xff\xfe.\xff.\xff", "malformed"),
    "empty parts": (b"..", "malformed"),
    "too long": (b"a" * 9000, "longer than"),
    "without an audience": (token(CITIZEN | {"hub_audience": None}), "lacks the claim `hub_audience`"),
    "of an unknown audience": (token(CITIZEN | {"hub_audience": "minister"}), "`hub_audience` is none"),
    "of an audience in capitals": (token(CITIZEN | {"hub_audience": "CITIZEN"}), "`hub_audience` is none"),
    "of two audiences": (token(CITIZEN | {"hub_audience": ["citizen", "officer"]}), "`hub_audience` is none"),
    "citizen at level 1": (token(CITIZEN | {"acr": "vneid-1"}), "level 2"),
    "citizen without a level": (token(CITIZEN | {"acr": None}), "level 2"),
    "citizen without a number": (token(CITIZEN | {"sub": "me"}), "not a personal number"),
    "citizen with a short number": (token(CITIZEN | {"sub": PERSON[:-1]}), "not a personal number"),
    "citizen with digits of another script": (token(CITIZEN | {"sub": "٠" * 12}), "not a personal number"),
    "citizen cleared for others": (token(CITIZEN | {"clearance": "defence"}), "`clearance` does not go with"),
    "citizen cleared for all": (token(CITIZEN | {"clearance": "all"}), "`clearance` does not go with"),
    "citizen of an unknown own clearance": (token(CITIZEN | {"own_clearance": "secret"}), "`own_clearance` is none"),
    "citizen with an agreement": (token(CITIZEN | {"agreement": "health-ministry"}), "`agreement` does not go with"),
    "officer without a clearance": (token(OFFICER | {"clearance": None}), "lacks the claim `clearance`"),
    "officer with a clearance of his own": (token(OFFICER | {"own_clearance": "all"}), "`own_clearance` does not go"),
    "officer of an unknown clearance": (token(OFFICER | {"clearance": "secret"}), "`clearance` is none"),
    "officer with an odd name": (token(OFFICER | {"sub": "a\nb"}), "`sub` is malformed"),
    "officer with an agreement": (token(OFFICER | {"agreement": "health-ministry"}), "`agreement` does not go with"),
    "officer with a project": (token(OFFICER | {"project": "ageing"}), "`project` does not go with"),
    "analyst cleared for all": (token(ANALYST | {"clearance": "all"}), "`clearance` does not go with"),
    "analyst without a clearance": (token(ANALYST | {"clearance": None}), "lacks the claim `clearance`"),
    "analyst without a project": (token(ANALYST | {"project": None}), "lacks the claim `project`"),
    "analyst with an odd project": (token(ANALYST | {"project": "Ageing 2"}), "`project` is malformed"),
    "analyst with two projects": (token(ANALYST | {"project": ["ageing"]}), "`project` is malformed"),
    "analyst with an agreement": (token(ANALYST | {"agreement": "health-ministry"}), "`agreement` does not go with"),
    "partner with a clearance": (token(PARTNER | {"clearance": "civilian"}), "`clearance` does not go with"),
    "partner with a project": (token(PARTNER | {"project": "ageing"}), "`project` does not go with"),
    "partner of an unknown agreement": (token(PARTNER | {"agreement": "nobodys"}), "`agreement` is none"),
    "partner without an agreement": (token(PARTNER | {"agreement": None}), "lacks the claim `agreement`"),
    "partner with an odd agreement": (token(PARTNER | {"agreement": "../x"}), "`agreement` is malformed"),
    "defence officer cleared for civilians": (token(DEFENCE | {"clearance": "civilian"}), "does not go with"),
    "defence officer cleared for the police": (token(DEFENCE | {"clearance": "public_security"}), "does not go with"),
    "scopes in a list": (token(OFFICER | {"scope": ["book:read"]}), "`scope` is malformed"),
    "scopes with odd blanks": (token(OFFICER | {"scope": "book:read  book:audit"}), "`scope` is malformed"),
    "a scope with a quote": (token(OFFICER | {"scope": 'book:"read"'}), "`scope` is malformed"),
    "security officer cleared for defence": (token(SECURITY | {"clearance": "defence"}), "does not go with"),
}


@pytest.mark.parametrize("case", BAD, ids=str)
async def test_a_bad_token_is_refused(identity: Identity, case: str) -> None:
    value, message = BAD[case]
    with pytest.raises(Unauthenticated) as caught:
        await identity.viewer(bearer(value))
    assert message in caught.value.message


@pytest.mark.parametrize(
    "headers, message",
    [
        ([], "a token is needed"),
        ([b""], "must be `Bearer <token>`"),
        ([b"Bearer"], "must be `Bearer <token>`"),
        ([b"Bearer  "], "must be `Bearer <token>`"),
        ([b"Basic dXNlcjpwYXNz"], "must be `Bearer <token>`"),
        ([b"Bearer " + token(CITIZEN), b"Bearer " + token(OFFICER)], "more than one"),
    ],
)
async def test_a_header_that_is_not_one_bearer_token_is_refused(
    identity: Identity, headers: list[bytes], message: str
) -> None:
    with pytest.raises(Unauthenticated) as caught:
        await identity.viewer(headers)
    assert message in caught.value.message


async def test_a_refusal_never_repeats_what_the_token_holds(identity: Identity) -> None:
    for value, _ in BAD.values():
        with pytest.raises(Unauthenticated) as caught:
            await identity.viewer(bearer(value))
        assert PERSON[:-1] not in caught.value.message


# --- the cache ------------------------------------------------------------------------------------------------------


async def test_a_remembered_token_ends_when_it_ends(keys: KeySet) -> None:
    now = [time.time()]
    identity = Identity(Trust(keys, "issuer", "hub", SERVED), clock=lambda: now[0])
    value = bearer(token(CITIZEN | {"exp": int(now[0]) - 25}))
    before = await identity.viewer(value)
    assert await identity.viewer(value) is before
    now[0] += 20  # only the memory goes by this clock: the token is verified again, which makes another viewer
    assert await identity.viewer(value) is not before


async def test_a_bad_token_is_not_remembered(identity: Identity) -> None:
    value = bearer(token(CITIZEN, key=STRANGER))
    for _ in range(2):
        with pytest.raises(Unauthenticated):
            await identity.viewer(value)


# --- an instance without the other classes --------------------------------------------------------------------------


async def test_a_civilian_instance_serves_citizens_what_it_has_and_refuses_other_clearances(keys: KeySet) -> None:
    identity = Identity(Trust(keys, "issuer", "hub", replace(SERVED, universes=(Universe.CIVILIAN,))))
    assert (
        await identity.viewer(bearer(token(CITIZEN | {"own_clearance": "defence"})))
    ).profile.own is Universe.CIVILIAN
    for claims, claim in (
        (DEFENCE, "clearance"),
        (OFFICER | {"clearance": "all"}, "clearance"),
        (PARTNER | {"agreement": "army-hospitals"}, "agreement"),
    ):
        with pytest.raises(Unauthenticated, match=f"does not serve the token's `{claim}`"):
            await identity.viewer(bearer(token(claims)))


# --- key sets -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text, message",
    [
        ("", "is not JSON"),
        ("[]", "must be an object with a list"),
        ("{}", "must be an object with a list"),
        ('{"keys": {}}', "must be an object with a list"),
        ('{"keys": []}', "holds no key"),
        ('{"keys": [1]}', "must be an object"),
        (json.dumps({"keys": [jwk(ED, "EdDSA", "")]}), "needs a `kid`"),
        (json.dumps({"keys": [{"kty": "oct", "kid": "a", "alg": "HS256", "k": b64(b"x" * 32)}]}), "`alg` must be one"),
        (json.dumps({"keys": [{"kty": "oct", "kid": "a", "alg": "RS256", "k": b64(b"x" * 32)}]}), "not a usable RS256"),
        (json.dumps({"keys": [jwk(ED, "EdDSA", "a", alg="none")]}), "`alg` must be one"),
        (json.dumps({"keys": [jwk(ED, "EdDSA", "a", alg="ES256")]}), "not a usable ES256"),
        (json.dumps({"keys": [jwk(ED, "EdDSA", "a", use="enc")]}), "`use` must be `sig`"),
        (json.dumps({"keys": [jwk(ED, "EdDSA", "a", d="AAAA")]}), "private key"),
        (json.dumps({"keys": [jwk(ED, "EdDSA", "a", x="AAAA")]}), "not a usable EdDSA"),
        (json.dumps({"keys": [jwk(ED, "EdDSA", "a"), jwk(RSA, "RS256", "a")]}), "`a` is there twice"),
    ],
)
def test_a_key_set_that_cannot_be_trusted_stops_the_start(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "keys.json"
    path.write_text(text)
    with pytest.raises(SettingsWrong) as caught:
        read_key_set(path)
    assert message in str(caught.value)


def test_a_short_rsa_key_stops_the_start(tmp_path: Path) -> None:
    short = rsa.generate_private_key(65537, 1024)
    with pytest.raises(SettingsWrong, match="needs at least 2048"):
        read_key_set(write(tmp_path / "keys.json", jwk(short, "RS256", "a")))


def test_a_missing_key_set_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(SettingsWrong, match="cannot be read"):
        read_key_set(tmp_path / "keys.json")
