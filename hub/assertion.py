"""Profile x standing -> the signed word of a hub to a remote subgraph: for whom it asks.

A JWT (RFC 7519), EdDSA with Ed25519, good for a minute, sent as a bearer token. `hub.server.asserted` reads it; a
subgraph of somebody else reads it with any JWT library and the public half of the key (`public_key_set`).

    header   typ hub-assertion+jwt (RFC 8725, 3.11: no other token is taken for it, nor it for another); kid
    iss      the hub
    aud      the name of the subgraph: what one was told is worth nothing at another
    iat exp  sixty seconds apart

    hub_standing   how the reader stands to the records that are asked for
    hub_universe   which records he may know of, standing so; it follows from the rest

and as in a reader's own token (`hub.server.identity`) `hub_audience` and, by audience, `clearance`, `own_clearance`,
`agreement`, `project`, `scope`.

Decided: profile and standing, from which the universe and every effect follow, and nothing of a person: the answer is
shared by all readers of one profile, whose keys go out together, so whoever is asked must not learn of one of them.
Rejected: the reader's own token handed on, which would make the subgraph as mighty as he is; a `jti`, because one
assertion is used for every question of half a minute.
"""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import jwt
import orjson
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hub.cache import Bounded
from hub.errors import SettingsWrong
from hub.model.viewer import Audience, Profile, Standing

TYPE = "hub-assertion+jwt"
ALGORITHM = "EdDSA"
SECONDS = 60

_KEPT = 4_096


class Signer:
    """Signs for one hub. Each assertion is used until half its life is over, for a signature costs more than a look."""

    __slots__ = ("_clock", "_issuer", "_key", "_kid", "_signed")

    def __init__(self, private_key: Ed25519PrivateKey, issuer: str, clock: Callable[[], float] = time.time) -> None:
        self._key = private_key
        self._kid = _key_id(private_key)
        self._issuer = issuer
        self._clock = clock
        self._signed: Bounded[tuple[str, Profile, Standing], tuple[str, float]] = Bounded(_KEPT)

    def sign(self, source: str, profile: Profile, standing: Standing) -> str:
        """The assertion for a subgraph, as text."""
        now = self._clock()
        wanted = (source, profile, standing)
        found = self._signed.get(wanted)
        if found is None or now >= found[1]:
            found = self._signed.put(wanted, (self._sign(source, profile, standing, int(now)), now + SECONDS / 2))
        return found[0]

    def _sign(self, source: str, profile: Profile, standing: Standing, now: int) -> str:
        claims = {"iss": self._issuer, "aud": source, "iat": now, "exp": now + SECONDS}
        header = {"kid": self._kid, "typ": TYPE}
        return jwt.encode(claims | _claims(profile, standing), self._key, ALGORITHM, header)


def _claims(profile: Profile, standing: Standing) -> dict[str, str]:
    claims = {
        "hub_audience": profile.audience.value,
        "hub_standing": standing.value,
        "hub_universe": profile.universe(standing).value,
        "clearance": None if profile.audience in {Audience.CITIZEN, Audience.PARTNER} else profile.others.value,
        "own_clearance": profile.own.value if profile.audience is Audience.CITIZEN else None,
        "agreement": profile.agreement,
        "project": profile.project,
        "scope": " ".join(sorted(profile.scopes)) or None,
    }
    return {name: value for name, value in claims.items() if value is not None}


def read_private_key(path: Path) -> Ed25519PrivateKey:
    """The key of a PEM file, or `SettingsWrong`: a hub that cannot say for whom it asks must not start."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SettingsWrong(f"the private key `{path}` cannot be read: {error.strerror}") from error
    make = "make one with `openssl genpkey -algorithm ed25519`"
    try:
        key = serialization.load_pem_private_key(content, password=None)
    except TypeError as error:
        raise SettingsWrong(f"the private key `{path}` is encrypted: give it without a passphrase") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise SettingsWrong(f"the private key `{path}` is not a private key in PEM: {make}") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise SettingsWrong(f"the private key `{path}` is not an Ed25519 key: {make}")
    return key


def public_key_set(private_key: Ed25519PrivateKey) -> Mapping[str, list[dict[str, str]]]:
    """The public half as a key set (JWKS, RFC 7517), for those who verify."""
    entry = _public(private_key) | {"kid": _key_id(private_key), "alg": ALGORITHM, "use": "sig"}
    return {"keys": [entry]}


def _public(private_key: Ed25519PrivateKey) -> dict[str, str]:
    raw = private_key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return {"crv": "Ed25519", "kty": "OKP", "x": _base64(raw)}


def _key_id(private_key: Ed25519PrivateKey) -> str:
    """The thumbprint of the public key (RFC 7638, RFC 8037): both ends find it without agreeing on a name."""
    canonical = orjson.dumps(_public(private_key), option=orjson.OPT_SORT_KEYS)
    return _base64(hashlib.sha256(canonical).digest())


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
