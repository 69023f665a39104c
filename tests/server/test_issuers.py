"""Several issuers: each is taken at its word for what it may say, and for nothing else."""

from __future__ import annotations

import base64
import dataclasses
import itertools
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from hub.errors import SettingsWrong, Unauthenticated
from hub.model.viewer import Audience, Served, Universe
from hub.server.identity import Identity, open_identity
from hub.settings import Settings

VNEID, AGENCY, MINISTRY = (ed25519.Ed25519PrivateKey.generate() for _ in range(3))
CURVE = ec.generate_private_key(ec.SECP256R1())
SERVED = Served(agreements={"health-ministry": Universe.CIVILIAN, "army-hospitals": Universe.DEFENCE})

FILE = """
[[issuer]]
name = "vneid"
iss = "https://vneid.example"
keys = "vneid.json"
audiences = ["citizen"]

[[issuer]]
name = "agency"
iss = "https://agency.example"
keys = "agency.json"
audiences = ["officer", "analyst", "defence-officer", "citizen"]
clearances = ["civilian", "defence"]
assurance = ["high", "vneid-2"]
aud = ["book", "hub"]
leeway = 0

[[issuer]]
name = "ministry"
iss = "https://ministry.example"
keys = "ministry.json"
audiences = ["partner"]
agreements = ["health-ministry"]
"""

KEYS = {"https://vneid.example": VNEID, "https://agency.example": AGENCY, "https://ministry.example": MINISTRY}

CLAIMS: Mapping[str, Mapping[str, str]] = {
    "citizen": {"hub_audience": "citizen", "sub": "001099012345", "acr": "vneid-2"},
    "soldier": {"hub_audience": "citizen", "sub": "001099012345", "acr": "vneid-2", "own_clearance": "defence"},
    "officer": {"hub_audience": "officer", "sub": "o", "clearance": "civilian"},
    "cleared officer": {"hub_audience": "officer", "sub": "o", "clearance": "defence"},
    "officer of everything": {"hub_audience": "officer", "sub": "o", "clearance": "all"},
    "analyst": {"hub_audience": "analyst", "sub": "a", "clearance": "civilian", "project": "ageing"},
    "defence officer": {"hub_audience": "defence-officer", "sub": "d", "clearance": "defence"},
    "security officer": {"hub_audience": "security-officer", "sub": "s", "clearance": "public_security"},
    "partner": {"hub_audience": "partner", "sub": "p", "agreement": "health-ministry"},
    "other partner": {"hub_audience": "partner", "sub": "p", "agreement": "army-hospitals"},
}
# The table that the file is: which issuer may speak for whom.
MAY = {
    "https://vneid.example": {"citizen"},
    "https://agency.example": {
        "citizen", "soldier", "officer", "cleared officer", "analyst", "defence officer",
    },
    "https://ministry.example": {"partner"},
}  # fmt: skip


def jwk(key: Any, kid: str, algorithm: str = "EdDSA", **more: Any) -> dict[str, Any]:
    entry: dict[str, Any] = json.loads(jwt.get_algorithm_by_name(algorithm).to_jwk(key.public_key()))
    return entry | {"kid": kid, "alg": algorithm, "use": "sig"} | more


def key_set(*entries: Mapping[str, Any]) -> str:
    return json.dumps({"keys": entries})


def token(claims: Mapping[str, Any], iss: str, key: Any, *, kid: str = "k", algorithm: str = "EdDSA") -> bytes:
    whole = {"iss": iss, "aud": "hub", "exp": int(time.time()) + 3_600} | dict(claims)
    return jwt.encode(
        {name: value for name, value in whole.items() if value is not None}, key, algorithm, {"kid": kid}
    ).encode()


def bearer(value: bytes) -> list[bytes]:
    return [b"Bearer " + value]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, key in (("vneid", VNEID), ("agency", AGENCY), ("ministry", MINISTRY)):
        (tmp_path / f"{name}.json").write_text(key_set(jwk(key, "k")))
    (tmp_path / "issuers.toml").write_text(FILE)
    return tmp_path


def opened(folder: Path, text: str | None = None, **settings: Any) -> Identity:
    path = folder / "issuers.toml"
    if text is not None:
        path.write_text(text)
    return open_identity(dataclasses.replace(Settings(), issuers=path, **settings), SERVED)


@pytest.mark.parametrize("iss, who", list(itertools.product(KEYS, CLAIMS)))
async def test_an_issuer_says_what_it_may_say_and_nothing_else(folder: Path, iss: str, who: str) -> None:
    asked = opened(folder).viewer(bearer(token(CLAIMS[who], iss, KEYS[iss])))
    if who in MAY[iss]:
        assert (await asked).profile.audience == CLAIMS[who]["hub_audience"]
    else:
        with pytest.raises(Unauthenticated, match="the token's issuer may not"):
            await asked


@pytest.mark.parametrize("iss, signer", [pair for pair in itertools.product(KEYS, KEYS) if pair[0] != pair[1]])
async def test_a_token_of_one_issuer_is_not_verified_with_the_keys_of_another(
    folder: Path, iss: str, signer: str
) -> None:
    identity = opened(folder)
    for claims in CLAIMS.values():
        with pytest.raises(Unauthenticated, match="not signed with a key"):
            await identity.viewer(bearer(token(claims, iss, KEYS[signer])))


async def test_an_issuer_that_nobody_listed_is_not_accepted(folder: Path) -> None:
    for iss in ("https://vneid.example/", "https://VNEID.example", "", ["https://vneid.example"], 1):
        with pytest.raises(Unauthenticated, match="an issuer that this endpoint does not accept"):
            await opened(folder).viewer(bearer(_signed_anyhow(CLAIMS["citizen"], iss)))


def _signed_anyhow(claims: Mapping[str, Any], iss: object) -> bytes:
    """Signed without what PyJWT demands of an `iss`."""
    part = [
        base64.urlsafe_b64encode(json.dumps(one).encode()).rstrip(b"=")
        for one in ({"alg": "EdDSA", "kid": "k"}, {**claims, "iss": iss, "aud": "hub", "exp": int(time.time()) + 600})
    ]
    signature = VNEID.sign(b".".join(part))
    return b".".join([*part, base64.urlsafe_b64encode(signature).rstrip(b"=")])


async def test_each_issuer_has_its_own_audience_assurance_and_leeway(folder: Path) -> None:
    identity = opened(folder)
    agency, vneid = "https://agency.example", "https://vneid.example"
    high = {**CLAIMS["citizen"], "acr": "high"}
    assert (await identity.viewer(bearer(token(high, agency, AGENCY)))).profile.audience is Audience.CITIZEN
    with pytest.raises(Unauthenticated, match="level 2 of VNeID: the token's `acr` is not `vneid-2`"):
        await identity.viewer(bearer(token(high, vneid, VNEID)))
    for_the_book = {**CLAIMS["citizen"], "aud": "book"}
    await identity.viewer(bearer(token(for_the_book, agency, AGENCY)))
    with pytest.raises(Unauthenticated, match="issued for another endpoint"):
        await identity.viewer(bearer(token(for_the_book, vneid, VNEID)))
    just_over = {**CLAIMS["citizen"], "exp": int(time.time()) - 10}
    await identity.viewer(bearer(token(just_over, vneid, VNEID)))
    with pytest.raises(Unauthenticated, match="has expired"):
        await identity.viewer(bearer(token(just_over, agency, AGENCY)))


async def test_what_is_enough_for_a_citizen_is_a_setting(folder: Path) -> None:
    identity = opened(folder, assurance=("vneid-3", "vneid-4"))
    with pytest.raises(Unauthenticated, match="the token's `acr` is not `vneid-3` or `vneid-4`"):
        await identity.viewer(bearer(token(CLAIMS["citizen"], "https://vneid.example", VNEID)))
    third = {**CLAIMS["citizen"], "acr": "vneid-3"}
    assert (await identity.viewer(bearer(token(third, "https://vneid.example", VNEID)))).subject == "001099012345"


async def test_an_issuer_keeps_to_the_algorithms_it_is_listed_with(folder: Path) -> None:
    (folder / "vneid.json").write_text(key_set(jwk(CURVE, "k", "ES256")))
    listed = FILE.replace('keys = "vneid.json"', 'keys = "vneid.json"\nalgorithms = ["ES256"]')
    iss = "https://vneid.example"
    identity = opened(folder, listed)
    assert (await identity.viewer(bearer(token(CLAIMS["citizen"], iss, CURVE, algorithm="ES256")))).subject
    (folder / "vneid.json").write_text(key_set(jwk(VNEID, "k")))
    with pytest.raises(SettingsWrong, match="its `alg` must be one of ES256"):
        opened(folder, listed)


async def test_a_key_that_names_no_algorithm_is_for_the_only_one_it_fits(folder: Path) -> None:
    nameless = {name: value for name, value in jwk(CURVE, "k", "ES256").items() if name != "alg"}
    (folder / "vneid.json").write_text(key_set(nameless))
    iss = "https://vneid.example"
    assert (await opened(folder).viewer(bearer(token(CLAIMS["citizen"], iss, CURVE, algorithm="ES256")))).subject


@pytest.mark.parametrize(
    "said",
    [
        b'{"iss":"https://vneid.example","aud":"hub","exp":99999999999,"sub":"001099012345","sub":"001099054321"}',
        b'{"iss":"https://ministry.example","iss":"https://vneid.example","aud":"hub","exp":99999999999}',
        b'{"iss":"https://vneid.example","aud":"hub","exp":1,"exp":99999999999,"cnf":{"a":1,"a":2}}',
    ],
)
async def test_what_is_said_twice_is_refused_before_anything_is_believed(folder: Path, said: bytes) -> None:
    head = base64.urlsafe_b64encode(b'{"alg":"EdDSA","kid":"k"}').rstrip(b"=")
    body = base64.urlsafe_b64encode(said).rstrip(b"=")
    signature = base64.urlsafe_b64encode(VNEID.sign(head + b"." + body)).rstrip(b"=")
    with pytest.raises(Unauthenticated, match="says something twice"):
        await opened(folder).viewer(bearer(b".".join([head, body, signature])))


@pytest.mark.parametrize("signed", [b"e30.e30.AA==", b"e30.e30.+/", b"e30.e 0.AA", b"e30.e30.A.A.A", b"e30.W10.AA"])
async def test_what_is_not_written_as_a_token_is_malformed(folder: Path, signed: bytes) -> None:
    with pytest.raises(Unauthenticated, match="malformed"):
        await opened(folder).viewer(bearer(signed))


async def test_nested_without_end_is_malformed(folder: Path) -> None:
    deep = base64.urlsafe_b64encode(b"[" * 3_000).rstrip(b"=")
    with pytest.raises(Unauthenticated, match="malformed"):
        await opened(folder).viewer(bearer(b"e30." + deep + b".AA"))


# --- the file -------------------------------------------------------------------------------------------------------

CERTIFICATE = '[[certificate]]\nname = "x"\nagreement = "health-ministry"\n'
ONE = '[[issuer]]\nname = "a"\niss = "a"\nkeys = "vneid.json"\naudiences = ["citizen"]\n'


@pytest.mark.parametrize(
    "text, message",
    [
        ("[[issuer", "is not TOML"),
        ("", "it names nobody"),
        ("issuer = 1", "`issuer` must be a list of tables: `[[issuer]]`"),
        ("[isuer]", "`isuer` is not known here: issuer, certificate are"),
        (ONE.replace('name = "a"', 'name = "A b"'), "issuer 1: `name` must be small letters, digits and hyphens"),
        (ONE.replace('iss = "a"', ""), "issuer 1: `iss` is missing"),
        (ONE.replace('iss = "a"', "iss = 1"), "issuer 1: `iss` must be text"),
        (ONE.replace('keys = "vneid.json"', ""), "issuer 1: `keys` is missing"),
        (ONE.replace("vneid.json", "none.json"), "`keys` must be an address or the path of a file that exists"),
        (ONE.replace("vneid.json", "http://vneid.example/jwks"), "must be an address with https://"),
        (ONE.replace("vneid.json", "file:///etc/passwd"), "must be an address with https://"),
        (ONE.replace('audiences = ["citizen"]', ""), "issuer 1: `audiences` is missing"),
        (ONE.replace('["citizen"]', "[]"), "`audiences` must be a list of texts"),
        (ONE.replace('"citizen"', '"citizens"'), "`audiences` has `citizens`, which is none of citizen, officer"),
        (ONE.replace('"citizen"', '"partner"'), "`agreements` goes with the audience `partner`"),
        (ONE + 'agreements = ["health-ministry"]', "`agreements` goes with the audience `partner`"),
        (ONE + 'clearances = ["secret"]', "`clearances` has `secret`, which is none of civilian"),
        (ONE + 'algorithms = ["HS256"]', "`algorithms` has `HS256`, which is none of EdDSA"),
        (ONE + 'algorithms = ["none"]', "`algorithms` has `none`, which is none of EdDSA"),
        (ONE + "leeway = 3600", "`leeway` must be a number of seconds from 0 to 300"),
        (ONE + "leeway = true", "`leeway` must be a number of seconds from 0 to 300"),
        (ONE + 'audience = "hub"', "`audience` is not known here"),
        (ONE + ONE, "two issuers have the `iss` `a`"),
        (
            CERTIFICATE,
            "one of `spki` and `fingerprint` is needed",
        ),
        (
            CERTIFICATE + 'spki = "AAAA"',
            "certificate 1: `spki` must be the SHA-256 of the public key, in base64",
        ),
        (
            CERTIFICATE + 'fingerprint = "zz"',
            "certificate 1: `fingerprint` must be the SHA-256 of the certificate, in hex",
        ),
        (
            ONE.replace('"citizen"', '"partner"') + 'agreements = ["heath-ministry"]',
            "there is no agreement `heath-ministry`",
        ),
    ],
)
def test_a_file_of_issuers_that_is_wrong_stops_the_start(folder: Path, text: str, message: str) -> None:
    with pytest.raises(SettingsWrong) as caught:
        opened(folder, text)
    assert message in str(caught.value)


def test_everything_that_is_wrong_with_it_is_told_at_once(folder: Path) -> None:
    with pytest.raises(SettingsWrong) as caught:
        opened(
            folder, ONE.replace('"citizen"', '"citizens"') + 'leeway = "long"\n' + ONE.replace('iss = "a"', 'is = "a"')
        )
    assert len(str(caught.value).splitlines()) == 4
