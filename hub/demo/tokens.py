"""The demo's own issuer of tokens: a signing key, its public half as a key set, and the sample viewers.

Nothing here is part of serving: `hub serve` gets its key set from the issuer that the country has.
"""

from __future__ import annotations

import base64
import os
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass

import jwt
import orjson
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hub.demo.country.sample import Sample
from hub.demo.folder import Folder
from hub.errors import StartFailed

ISSUER = "hub-demo"
AUDIENCE = "hub"

_KID = "demo"


@dataclass(frozen=True, slots=True)
class SampleViewer:
    """One row of the list a demo prints. `claims` lack `sub` where the viewer is one of the country's people."""

    name: str
    about: str
    claims: Mapping[str, str]

    @property
    def personal(self) -> bool:
        return "sub" not in self.claims


_CITIZEN = {"hub_audience": "citizen", "acr": "vneid-2"}

VIEWERS: Mapping[str, SampleViewer] = {
    viewer.name: viewer
    for viewer in (
        SampleViewer("citizen", "reads his own book, and a little of his household (công dân)", _CITIZEN),
        SampleViewer(
            "soldier", "a citizen whose own records are partly defence records", _CITIZEN | {"own_clearance": "defence"}
        ),
        SampleViewer(
            "police-officer",
            "a citizen whose own records are partly public-security records",
            _CITIZEN | {"own_clearance": "public_security"},
        ),
        SampleViewer(
            "conscript", "a citizen with two years of service in his career", _CITIZEN | {"own_clearance": "defence"}
        ),
        SampleViewer(
            "officer",
            "works at an insurance agency (cơ quan BHXH)",
            {"hub_audience": "officer", "clearance": "civilian", "sub": "demo-officer"},
        ),
        SampleViewer(
            "cleared-officer",
            "the same, cleared to see that defence records exist, not whom they serve",
            {"hub_audience": "officer", "clearance": "defence", "sub": "demo-cleared-officer"},
        ),
        SampleViewer(
            "analyst",
            "counts and compares, and sees nobody's name or number",
            {"hub_audience": "analyst", "clearance": "civilian", "project": "demo", "sub": "demo-analyst"},
        ),
        SampleViewer(
            "health-ministry",
            "a partner: exactly the fields of its agreement (Bộ Y tế)",
            {
                "hub_audience": "partner",
                "agreement": "health-ministry",
                "sub": "demo-health-ministry",
            },
        ),
        SampleViewer(
            "defence-officer",
            "an officer of the army's insurance (BHXH Bộ Quốc phòng)",
            {"hub_audience": "defence-officer", "clearance": "defence", "sub": "demo-defence-officer"},
        ),
        SampleViewer(
            "security-officer",
            "an officer of the police's insurance (BHXH Công an nhân dân)",
            {"hub_audience": "security-officer", "clearance": "public_security", "sub": "demo-security-officer"},
        ),
    )
}


def ensure_keys(folder: Folder) -> None:
    """The signing key and the key set, made once."""
    if folder.signing_key.exists() and folder.keys.exists():
        return
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    folder.signing_key.unlink(missing_ok=True)
    descriptor = os.open(folder.signing_key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(private)
    public = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    entry = {
        "kty": "OKP",
        "crv": "Ed25519",
        "kid": _KID,
        "alg": "EdDSA",
        "use": "sig",
        "x": base64.urlsafe_b64encode(public).rstrip(b"=").decode(),
    }
    folder.keys.write_bytes(orjson.dumps({"keys": [entry]}, option=orjson.OPT_INDENT_2) + b"\n")


def pseudonym_secret(folder: Folder) -> bytes:
    """What the demo's pseudonyms are made with, made once."""
    if not folder.pseudonym_key.exists():
        descriptor = os.open(folder.pseudonym_key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(32))
    return folder.pseudonym_key.read_bytes()


def subjects(folder: Folder) -> Mapping[str, str]:
    """Name of a personal sample viewer -> his personal number, as the country's loader wrote them."""
    try:
        found = Sample.read(folder.sample)
    except (OSError, ValueError, TypeError):
        raise StartFailed(f"there is no finished demo in `{folder.path}`: start `hub demo` first") from None
    return {
        "citizen": found.citizen,
        "soldier": found.soldier,
        "police-officer": found.police_officer,
        "conscript": found.conscript,
    }


def make_token(folder: Folder, name: str, *, hours: float = 12, subject: str | None = None) -> str:
    """A token for a sample viewer; for a personal one, as somebody else if `subject` says so."""
    viewer = VIEWERS[name]
    claims: dict[str, object] = dict(viewer.claims)
    if viewer.personal:
        claims["sub"] = subject or subjects(folder)[name]
    elif subject is not None:
        raise StartFailed(f"`{name}` does not read as himself: --subject is for {', '.join(_personal())}")
    return sign(folder, claims, hours=hours)


def sign(folder: Folder, claims: Mapping[str, object], *, hours: float = 12) -> str:
    """Any claims, as a token of the demo's issuer."""
    try:
        key = folder.signing_key.read_text(encoding="ascii")
    except OSError:
        raise StartFailed(f"there is no demo in `{folder.path}`: start `hub demo` first") from None
    now = int(time.time())
    standard = {"iss": ISSUER, "aud": AUDIENCE, "iat": now, "exp": now + round(hours * 3600)}
    return jwt.encode(standard | dict(claims), key, algorithm="EdDSA", headers={"kid": _KID})


def _personal() -> tuple[str, ...]:
    return tuple(name for name, viewer in VIEWERS.items() if viewer.personal)
