"""What a hub asserts to a subgraph: it arrives as it was meant, for half a minute of use, and nothing else is taken."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from hub.assertion import Signer, public_key_set, read_private_key
from hub.errors import SettingsWrong, Unauthenticated
from hub.model.viewer import CLEARANCES, Asserted, Audience, Profile, Served, Standing, Universe, standings
from hub.server.asserted import Verifier
from hub.server.identity import Identity, Trust
from hub.server.keys import KeySet, read_key_set

KEY = Ed25519PrivateKey.generate()
STRANGER = Ed25519PrivateKey.generate()
NOW = 1_800_000_000
AGREEMENTS = {"health-ministry": Universe.CIVILIAN, "army-hospitals": Universe.DEFENCE}
SCOPES = ("book:read", "book:audit")
SERVED = Served(agreements=AGREEMENTS, scopes=frozenset(SCOPES))
OFFICIAL = Profile(Audience.OFFICER, others=Universe.DEFENCE)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> KeySet:
    path = tmp_path_factory.mktemp("keys") / "keys.json"
    path.write_text(json.dumps(public_key_set(KEY)))
    return read_key_set(path)


@st.composite
def profiles(draw: st.DrawFn) -> Profile:
    audience = draw(st.sampled_from(Audience))
    scopes = draw(st.frozensets(st.sampled_from(SCOPES)))
    clearance = draw(st.sampled_from(CLEARANCES[audience]))
    match audience:
        case Audience.CITIZEN:
            return Profile(audience, own=clearance, scopes=scopes)
        case Audience.PARTNER:
            agreement = draw(st.sampled_from(sorted(AGREEMENTS)))
            return Profile(audience, others=AGREEMENTS[agreement], agreement=agreement, scopes=scopes)
        case Audience.ANALYST:
            return Profile(audience, others=clearance, project=draw(st.sampled_from(["ageing", "x-1"])), scopes=scopes)
        case _:
            return Profile(audience, others=clearance, scopes=scopes)


@st.composite
def asserted(draw: st.DrawFn) -> Asserted:
    profile = draw(profiles())
    return Asserted(profile, draw(st.sampled_from(standings(profile.audience))))


def signed(found: Asserted, source: str = "insurance") -> bytes:
    return Signer(KEY, "hub").sign(source, found.profile, found.standing).encode()


def claims_of(token: str | bytes) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def resigned(changes: Mapping[str, Any], key: Any = KEY, algorithm: str = "EdDSA", **header: Any) -> bytes:
    """An assertion that is good in all that the arguments do not make bad. A claim set to None is left out."""
    good = Signer(KEY, "hub").sign("insurance", OFFICIAL, Standing.OFFICIAL)
    claims = {name: value for name, value in (claims_of(good) | dict(changes)).items() if value is not None}
    headers = {"kid": jwt.get_unverified_header(good)["kid"], "typ": "hub-assertion+jwt"} | header
    return jwt.encode(claims, key, algorithm, headers).encode()


# --- laws -----------------------------------------------------------------------------------------------------------


@given(asserted())
def test_what_is_asserted_is_what_is_read(keys: KeySet, found: Asserted) -> None:
    assert Verifier(keys, "hub", "insurance", SERVED).read(signed(found)) == found


@given(asserted())
def test_the_universe_is_that_of_the_profile_at_the_standing(found: Asserted) -> None:
    claims = claims_of(signed(found))
    assert claims["hub_universe"] == found.profile.universe(found.standing)


@given(asserted())
def test_nothing_of_a_person_is_asserted(found: Asserted) -> None:
    said = claims_of(signed(found))
    assert said.keys() <= {
        "iss", "aud", "iat", "exp", "hub_audience", "hub_standing", "hub_universe", "clearance", "own_clearance",
        "agreement", "project", "scope",
    }  # fmt: skip
    assert said["exp"] - said["iat"] == 60


@given(asserted())
def test_an_instance_without_the_records_answers_with_less_or_not_at_all(keys: KeySet, found: Asserted) -> None:
    civilian = Served((Universe.CIVILIAN,), AGREEMENTS, frozenset(SCOPES))
    verifier = Verifier(keys, "hub", "insurance", civilian)
    if found.profile.others is not Universe.CIVILIAN:
        with pytest.raises(Unauthenticated, match="does not serve the token's"):
            verifier.read(signed(found))
    else:
        read = verifier.read(signed(found))
        assert read.standing is found.standing
        assert (read.profile.own, read.profile.others) == (Universe.CIVILIAN, Universe.CIVILIAN)


@given(asserted())
async def test_an_assertion_is_no_token_of_a_reader(keys: KeySet, found: Asserted) -> None:
    identity = Identity(Trust(keys, "hub", "insurance", SERVED))
    with pytest.raises(Unauthenticated, match="lacks the claim `sub`"):
        await identity.viewer([b"Bearer " + signed(found)])


# --- half of its life -----------------------------------------------------------------------------------------------


def test_an_assertion_is_used_until_half_its_life_is_over() -> None:
    times: list[float] = [NOW]
    signer = Signer(KEY, "hub", lambda: times[-1])
    first = signer.sign("insurance", OFFICIAL, Standing.OFFICIAL)
    times.append(NOW + 29.9)
    assert signer.sign("insurance", OFFICIAL, Standing.OFFICIAL) == first
    times.append(NOW + 30)
    second = signer.sign("insurance", OFFICIAL, Standing.OFFICIAL)
    assert second != first
    assert claims_of(second)["exp"] == NOW + 90


def test_source_profile_and_standing_each_have_their_own() -> None:
    signer = Signer(KEY, "hub", lambda: NOW)
    citizen = Profile(Audience.CITIZEN)
    found = {
        signer.sign(source, profile, standing)
        for source in ("insurance", "employer")
        for profile in (citizen, Profile(Audience.CITIZEN, own=Universe.DEFENCE))
        for standing in (Standing.SELF, Standing.HOUSEHOLD)
    }
    assert len(found) == 8


def test_a_remembered_assertion_ends_when_it_ends(keys: KeySet) -> None:
    now = [time.time()]
    verifier = Verifier(keys, "hub", "insurance", SERVED, lambda: now[0])
    token = resigned({"iat": int(now[0]) - 85, "exp": int(now[0]) - 25})
    before = verifier.read(token)
    assert verifier.read(token) is before
    now[0] += 20  # only the memory goes by this clock: the token is verified again, which makes another value
    assert verifier.read(token) is not before


# --- what is refused ------------------------------------------------------------------------------------------------

CITIZEN = {"hub_audience": "citizen", "clearance": None, "own_clearance": "civilian", "hub_universe": "civilian"}
PARTNER = {"hub_audience": "partner", "clearance": None, "agreement": "health-ministry", "hub_universe": "civilian"}


@pytest.mark.parametrize(
    "changes, said",
    [
        ({"aud": "employer"}, "was issued for another endpoint"),
        ({"iss": "another"}, "comes from an issuer that this endpoint does not accept"),
        ({"iat": None}, "lacks the claim `iat`"),
        ({"exp": None}, "lacks the claim `exp`"),
        ({"iat": 1_000_000_000, "exp": 1_000_000_060}, "has expired"),
        ({"exp": 9_999_999_999}, "is good for longer than 60 seconds"),
        ({"iat": 9_999_999_999, "exp": 9_999_999_999}, "is not valid yet"),
        ({"iat": "now"}, "is malformed"),
        ({"hub_audience": None}, "lacks the claim `hub_audience`"),
        ({"hub_audience": "minister"}, "`hub_audience` is none that this endpoint knows"),
        ({"hub_standing": None}, "lacks the claim `hub_standing`"),
        ({"hub_standing": "stranger"}, "`hub_standing` is none that this endpoint knows"),
        ({"hub_standing": "self"}, "`hub_standing` does not go with its `hub_audience` `officer`"),
        (PARTNER | {"hub_standing": "guardian"}, "`hub_standing` does not go with its `hub_audience` `partner`"),
        ({"hub_universe": None}, "lacks the claim `hub_universe`"),
        ({"hub_universe": "all"}, "`hub_universe` does not follow from its other claims"),
        ({"clearance": None}, "lacks the claim `clearance`"),
        ({"clearance": ["all"]}, "`clearance` is none that this endpoint knows"),
        ({"clearance": "all"}, "`hub_universe` does not follow from its other claims"),
        ({"own_clearance": "all"}, "`own_clearance` does not go with its `hub_audience` `officer`"),
        ({"agreement": "health-ministry"}, "`agreement` does not go with its `hub_audience` `officer`"),
        ({"project": "ageing"}, "`project` does not go with its `hub_audience` `officer`"),
        ({"hub_audience": "security-officer"}, "`clearance` does not go with its `hub_audience` `security-officer`"),
        ({"hub_audience": "analyst", "project": "x"}, "`clearance` does not go with its `hub_audience` `analyst`"),
        ({"hub_audience": "analyst", "clearance": "civilian"}, "lacks the claim `project`"),
        (CITIZEN | {"hub_standing": "household", "hub_universe": "defence"}, "`hub_universe` does not follow"),
        (CITIZEN | {"clearance": "defence"}, "`clearance` does not go with its `hub_audience` `citizen`"),
        (PARTNER | {"agreement": None}, "lacks the claim `agreement`"),
        (PARTNER | {"agreement": "nobodys"}, "`agreement` is none that this endpoint knows"),
        (PARTNER | {"hub_universe": "all"}, "`hub_universe` does not follow from its other claims"),
        ({"scope": 'a"b'}, "`scope` is malformed"),
    ],
)
def test_a_claim_that_is_missing_unknown_or_does_not_fit_is_refused(
    keys: KeySet, changes: Mapping[str, Any], said: str
) -> None:
    with pytest.raises(Unauthenticated) as refused:
        Verifier(keys, "hub", "insurance", SERVED).read(resigned(changes))
    assert said in refused.value.message


@pytest.mark.parametrize(
    "token, said",
    [
        (lambda: resigned({}, typ="JWT"), "the token's `typ` is not `hub-assertion+jwt`"),
        (lambda: resigned({}, key=STRANGER), "not signed with a key that this endpoint knows"),
        (lambda: resigned({}, key="secret" * 8, algorithm="HS256"), "not signed with a key that this endpoint knows"),
        (lambda: resigned({}, kid="another"), "not signed with a key that this endpoint knows"),
        (lambda: b"", "malformed"),
        (lambda: b"a.b.c", "malformed"),
        ("không".encode, "malformed"),
    ],
)
def test_what_the_hub_did_not_sign_is_refused(keys: KeySet, token: Callable[[], bytes], said: str) -> None:
    with pytest.raises(Unauthenticated) as refused:
        Verifier(keys, "hub", "insurance", SERVED).read(token())
    assert said in refused.value.message


def test_without_a_list_of_agreements_no_partner_is_taken(keys: KeySet) -> None:
    partner = Profile(Audience.PARTNER, agreement="health-ministry")
    with pytest.raises(Unauthenticated, match="`agreement` is none that this endpoint knows"):
        Verifier(keys, "hub", "insurance").read(signed(Asserted(partner, Standing.OFFICIAL)))


# --- the keys -------------------------------------------------------------------------------------------------------


def pem(key: Any, password: bytes | None = None) -> bytes:
    encryption = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    text: bytes = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)
    return text


def test_the_key_of_a_file_signs(tmp_path: Path, keys: KeySet) -> None:
    file = tmp_path / "key.pem"
    file.write_bytes(pem(KEY))
    token = Signer(read_private_key(file), "hub").sign("insurance", OFFICIAL, Standing.OFFICIAL)
    assert Verifier(keys, "hub", "insurance", SERVED).read(token.encode()) == Asserted(OFFICIAL, Standing.OFFICIAL)


@pytest.mark.parametrize(
    "content, said",
    [
        (b"", "is not a private key in PEM: make one with `openssl genpkey -algorithm ed25519`"),
        (b"sesame", "is not a private key in PEM"),
        (
            KEY.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo),
            "is not a private key in PEM",
        ),
        (pem(KEY, b"sesame"), "is encrypted: give it without a passphrase"),
        (pem(ec.generate_private_key(ec.SECP256R1())), "is not an Ed25519 key: make one with `openssl genpkey"),
    ],
)
def test_a_bad_key_stops_the_start_and_is_not_shown(tmp_path: Path, content: bytes, said: str) -> None:
    file = tmp_path / "key.pem"
    file.write_bytes(content)
    with pytest.raises(SettingsWrong) as wrong:
        read_private_key(file)
    assert said in str(wrong.value)
    assert str(file) in str(wrong.value)


def test_a_key_that_cannot_be_read_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(SettingsWrong, match="cannot be read: No such file or directory"):
        read_private_key(tmp_path / "nothing.pem")


def test_the_public_half_is_a_key_set_without_the_private_one() -> None:
    (entry,) = public_key_set(KEY)["keys"]
    assert set(entry) == {"kty", "crv", "x", "kid", "alg", "use"}
    raw = KEY.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    assert base64.urlsafe_b64decode(entry["x"] + "=") == raw


def test_a_key_is_named_by_its_thumbprint() -> None:
    # RFC 8037, appendix A.3.
    d = base64.urlsafe_b64decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=")
    (entry,) = public_key_set(Ed25519PrivateKey.from_private_bytes(d))["keys"]
    assert entry["kid"] == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
