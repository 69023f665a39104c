"""Client certificates: believed from the listed proxies alone, and good for what is bound to them."""

from __future__ import annotations

import base64
import hashlib
import socket
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from hub.demo.folder import Folder
from hub.demo.tokens import ISSUER, ensure_keys, sign
from hub.errors import Unauthenticated
from hub.model.viewer import Audience, Profile, Served, Universe, Viewer
from hub.server.identity import Identity, open_identity
from hub.settings import Settings, read_settings

from .conftest import TinyEngine, serving

PROXY = "10.1.2.3"
SERVED = Served(agreements={"health-ministry": Universe.CIVILIAN, "army-hospitals": Universe.DEFENCE})
KEY = ec.generate_private_key(ec.SECP256R1())
OTHER_KEY = ec.generate_private_key(ec.SECP256R1())
PARTNER = {"hub_audience": "partner", "sub": "p-1", "agreement": "health-ministry"}
CITIZEN = {"hub_audience": "citizen", "sub": "001099012345", "acr": "vneid-2"}


def certificate(key: ec.EllipticCurvePrivateKey, begins: int = -1, ends: int = 1) -> bytes:
    """DER of a certificate with these days around now."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "health-ministry")])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(days=begins))
        .not_valid_after(now + timedelta(days=ends))
        .sign(key, hashes.SHA256())
    )
    return built.public_bytes(serialization.Encoding.DER)


CERTIFICATE, RENEWED, STRANGE = certificate(KEY), certificate(KEY), certificate(OTHER_KEY)


def header(der: bytes) -> list[bytes]:
    return [b":" + base64.b64encode(der) + b":"]


def spki(key: ec.EllipticCurvePrivateKey) -> str:
    der = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(der).digest()).decode()


def thumbprint(der: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(der).digest()).rstrip(b"=").decode()


def entry(agreement: str, **bound: str) -> str:
    ((how, what),) = bound.items()
    return f'[[certificate]]\nname = "its gateway"\nagreement = "{agreement}"\n{how} = "{what}"\n'


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    folder = Folder(tmp_path_factory.mktemp("issuer"))
    ensure_keys(folder)
    return folder


def opened(folder: Folder, tmp_path: Path, certificates: str) -> Identity:
    path = tmp_path / "issuers.toml"
    agreements = '["health-ministry", "army-hospitals"]'
    path.write_text(
        f'[[issuer]]\nname = "demo"\niss = "{ISSUER}"\nkeys = "{folder.keys}"\naudiences = ["partner", "citizen"]\n'
        f"agreements = {agreements}\n{certificates}"
    )
    proxies = read_settings({"HUB_TRUSTED_PROXIES": "10.1.0.0/16, fd00::/8"}).trusted_proxies
    return open_identity(replace(Settings(), issuers=path, trusted_proxies=proxies), SERVED)


@pytest.fixture
def identity(folder: Folder, tmp_path: Path) -> Identity:
    return opened(folder, tmp_path, entry("health-ministry", spki=spki(KEY)))


def bearer(folder: Folder, claims: dict[str, Any]) -> list[bytes]:
    return [b"Bearer " + sign(folder, claims).encode()]


async def test_who_holds_a_bound_certificate_is_the_partner(identity: Identity) -> None:
    assert await identity.viewer([], header(CERTIFICATE), PROXY) == Viewer(
        Profile(Audience.PARTNER, agreement="health-ministry"), name="its gateway"
    )


@pytest.mark.parametrize("peer", ["10.1.255.255", "fd12::1", "::ffff:10.1.2.3"])
async def test_every_listed_proxy_is_believed(identity: Identity, peer: str) -> None:
    assert (await identity.viewer([], header(CERTIFICATE), peer)).profile.agreement == "health-ministry"


@pytest.mark.parametrize("peer", ["10.2.0.1", "127.0.0.1", "::1", "::ffff:10.2.0.1", "", "10.1.2.3, 10.1.2.4", "proxy"])
async def test_nobody_else_is_and_a_good_token_does_not_help(identity: Identity, folder: Folder, peer: str) -> None:
    for authorization in ([], bearer(folder, CITIZEN)):
        with pytest.raises(Unauthenticated, match="`Client-Cert` is taken from this endpoint's own proxies only"):
            await identity.viewer(authorization, header(CERTIFICATE), peer)


async def test_without_listed_proxies_no_certificate_is_taken(folder: Folder) -> None:
    identity = open_identity(replace(Settings(), keys=folder.keys, issuer=ISSUER), SERVED)
    with pytest.raises(Unauthenticated, match="own proxies only"):
        await identity.viewer(bearer(folder, CITIZEN), header(CERTIFICATE), "127.0.0.1")
    assert (await identity.viewer(bearer(folder, CITIZEN), [], "127.0.0.1")).subject == "001099012345"


async def test_a_key_is_good_through_renewals_and_a_fingerprint_for_one_certificate(
    folder: Folder, tmp_path: Path
) -> None:
    by_key = opened(folder, tmp_path, entry("health-ministry", spki=spki(KEY)))
    by_print = opened(
        folder, tmp_path, entry("health-ministry", fingerprint=hashlib.sha256(CERTIFICATE).hexdigest().upper())
    )
    for identity in (by_key, by_print):
        await identity.viewer([], header(CERTIFICATE), PROXY)
    await by_key.viewer([], header(RENEWED), PROXY)
    with pytest.raises(Unauthenticated, match="stands for no agreement"):
        await by_print.viewer([], header(RENEWED), PROXY)


async def test_a_strange_certificate_says_nothing_and_takes_nothing(identity: Identity, folder: Folder) -> None:
    with pytest.raises(Unauthenticated, match="stands for no agreement, and a token is not there"):
        await identity.viewer([], header(STRANGE), PROXY)
    assert (await identity.viewer(bearer(folder, CITIZEN), header(STRANGE), PROXY)).subject == "001099012345"


async def test_a_bound_agreement_is_read_with_its_certificate_only(identity: Identity, folder: Folder) -> None:
    token = bearer(folder, PARTNER)
    for values in ([], header(STRANGE)):
        with pytest.raises(Unauthenticated, match="with its partner's client certificate only"):
            await identity.viewer(token, values, PROXY)
    assert (await identity.viewer(token, header(CERTIFICATE), PROXY)).name == "p-1"
    # What was remembered of the token does not stand in for the certificate.
    with pytest.raises(Unauthenticated, match="with its partner's client certificate only"):
        await identity.viewer(token, [], PROXY)
    free = bearer(folder, PARTNER | {"agreement": "army-hospitals"})
    assert (await identity.viewer(free, [], PROXY)).profile.agreement == "army-hospitals"


async def test_a_certificate_of_several_agreements_needs_a_token_that_names_one(folder: Folder, tmp_path: Path) -> None:
    both = entry("health-ministry", spki=spki(KEY)) + entry("army-hospitals", spki=spki(KEY))
    identity = opened(folder, tmp_path, both)
    with pytest.raises(Unauthenticated, match="stands for more than one agreement"):
        await identity.viewer([], header(CERTIFICATE), PROXY)
    viewer = await identity.viewer(
        bearer(folder, PARTNER | {"agreement": "army-hospitals"}), header(CERTIFICATE), PROXY
    )
    assert viewer.profile.others is Universe.DEFENCE


@pytest.mark.parametrize("begins, ends, why", [(-2, -1, "has expired"), (1, 2, "is not valid yet")])
async def test_a_certificate_has_its_days(identity: Identity, begins: int, ends: int, why: str) -> None:
    with pytest.raises(Unauthenticated, match=why):
        await identity.viewer([], header(certificate(KEY, begins, ends)), PROXY)


@pytest.mark.parametrize(
    "values",
    [
        [b""],
        [b":"],
        [b"::"],
        [b":AAAA:"],
        [base64.b64encode(CERTIFICATE)],
        [b":" + base64.b64encode(CERTIFICATE)],
        [b":" + base64.b64encode(CERTIFICATE)[:-8] + b":"],
        [b":" + base64.b64encode(CERTIFICATE) + b":;a=1"],
        [b":" + base64.b64encode(CERTIFICATE) + b":, :" + base64.b64encode(CERTIFICATE) + b":"],
        [b":" + b"A" * 20_000 + b":"],
        [b"-----BEGIN CERTIFICATE-----"],
        [b":\xff\xfe:"],
    ],
)
async def test_what_is_no_certificate_is_refused(identity: Identity, folder: Folder, values: list[bytes]) -> None:
    for authorization in ([], bearer(folder, CITIZEN)):
        with pytest.raises(Unauthenticated, match="not a certificate as RFC 9440 writes it"):
            await identity.viewer(authorization, values, PROXY)


async def test_two_certificates_are_none(identity: Identity) -> None:
    with pytest.raises(Unauthenticated, match="more than one `Client-Cert` header"):
        await identity.viewer([], header(CERTIFICATE) * 2, PROXY)


# --- tokens that are bound to a certificate (RFC 8705) --------------------------------------------------------------


async def test_a_bound_token_is_good_with_its_certificate_only(identity: Identity, folder: Folder) -> None:
    token = bearer(folder, CITIZEN | {"cnf": {"x5t#S256": thumbprint(STRANGE)}})
    for _ in range(2):  # remembered or not
        assert (await identity.viewer(token, header(STRANGE), PROXY)).subject == "001099012345"
        for values in ([], header(CERTIFICATE)):
            with pytest.raises(Unauthenticated, match="only with the client certificate that it is bound to"):
                await identity.viewer(token, values, PROXY)


@pytest.mark.parametrize(
    "cnf",
    [
        {}, {"jkt": "x"}, {"x5t#S256": 1}, {"x5t#S256": thumbprint(STRANGE), "jkt": "x"}, "x", None, [],
        {"x5t#S256": "AAAA"}, {"x5t#S256": "é"},
    ],
)  # fmt: skip
async def test_a_proof_that_cannot_be_checked_is_no_proof(identity: Identity, folder: Folder, cnf: object) -> None:
    with pytest.raises(Unauthenticated, match="`cnf`"):
        await identity.viewer(bearer(folder, CITIZEN | {"cnf": cnf}), header(STRANGE), PROXY)


async def test_a_certificate_of_an_agreement_that_is_not_served_opens_nothing(folder: Folder, tmp_path: Path) -> None:
    path = tmp_path / "issuers.toml"
    path.write_text(entry("army-hospitals", spki=spki(KEY)))
    proxies = read_settings({"HUB_TRUSTED_PROXIES": PROXY}).trusted_proxies
    civilian = replace(SERVED, universes=(Universe.CIVILIAN,))
    identity = open_identity(replace(Settings(), issuers=path, trusted_proxies=proxies), civilian)
    with pytest.raises(Unauthenticated, match="does not serve the agreement"):
        await identity.viewer([], header(CERTIFICATE), PROXY)


# --- over HTTP ------------------------------------------------------------------------------------------------------


def post(address: tuple[str, int], *headers: tuple[str, str]) -> httpx.Response:
    url = f"http://{address[0]}:{address[1]}/graphql"
    return httpx.post(url, json={"query": "{ me { fullName } }"}, headers=list(headers))


def test_a_certificate_that_the_proxy_hands_on_opens_the_endpoint(folder: Folder, tmp_path: Path) -> None:
    path = tmp_path / "issuers.toml"
    path.write_text(entry("health-ministry", spki=spki(KEY)))
    held, strange = (("client-cert", header(der)[0].decode()) for der in (CERTIFICATE, STRANGE))
    for proxies, answers in (("127.0.0.0/8", (200, 401)), ("10.0.0.0/8", (401, 401))):
        trusted = read_settings({"HUB_TRUSTED_PROXIES": proxies}).trusted_proxies
        identity = open_identity(replace(Settings(), issuers=path, trusted_proxies=trusted), SERVED)
        with serving(TinyEngine(), identity, Settings()) as address:
            found = [post(address, one) for one in (held, strange)]
            assert tuple(one.status_code for one in found) == answers
            if answers[0] == 200:
                assert found[0].json()["data"]["audience"] == "partner"
            assert post(address).status_code == 401
            assert post(address, held, held).status_code == 401


def test_who_cannot_be_verified_now_is_asked_to_come_again(folder: Folder) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/jwks"
    identity = open_identity(replace(Settings(), keys=url, issuer=ISSUER), SERVED)
    with serving(TinyEngine(), identity, Settings()) as address:
        response = post(address, ("authorization", bearer(folder, CITIZEN)[0].decode()))
    assert (response.status_code, response.headers["retry-after"]) == (503, "1")
    assert "www-authenticate" not in response.headers
    (error,) = response.json()["errors"]
    assert error["extensions"]["code"] == "IDENTITY_UNAVAILABLE"
    assert url not in response.text
