"""A bearer token (JWT, RFC 7519) or a client certificate -> a `Viewer`.

Denies by default: what is not said, known and consistent is refused, and what the issuer may not say.

Claims, beside `iss`, `aud` and `exp`:

    hub_audience    citizen, officer, analyst, partner, defence-officer or security-officer
    sub             for a citizen his personal number (số định danh cá nhân); for officials a name for the log
    acr             for a citizen `vneid-2`: level 2 of electronic identification (Decree 69/2024 art. 11), or what
                    else is set to be enough
    clearance       for officials but partners: civilian, defence, public_security or all
    own_clearance   for a citizen, if he is cleared for more about himself than civilian records
    agreement       for a partner: the agreement that lists his fields and the records it covers
    project         for an analyst: what he works on; his pseudonyms are stable within it
    scope           for everybody, if there is one: scopes with blanks between them (RFC 8693), for `@requiresScopes`
    cnf             if there is one, `x5t#S256`: the client certificate that the token is good with (RFC 8705)

A certificate that is bound to an agreement (`hub.server.issuers`) is enough by itself: its holder is the partner.

A refusal says what is wrong with the token and nothing about what a better one would show.
"""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hub.cache import Bounded
from hub.domain.identifiers import FormatError, parse_personal_id
from hub.errors import SettingsWrong, Unauthenticated, Unverifiable
from hub.model.viewer import CLEARANCES, Audience, Profile, Served, Universe, Viewer
from hub.server.certificates import Certificates, Presented
from hub.server.issuers import ASSURANCE, EVERYTHING, Grants, trusted
from hub.server.keyring import Keyring, Place
from hub.server.keys import Keys, KeySet
from hub.server.tokens import NAME, SCOPE, WORD, bearer, member, opened, text, verified_claims
from hub.settings import Settings

_CACHED_TOKENS = 8_192

# Claims that belong to some audiences only.
_ONLY_OF: Mapping[str, tuple[Audience, ...]] = {
    "own_clearance": (Audience.CITIZEN,),
    "agreement": (Audience.PARTNER,),
    "project": (Audience.ANALYST,),
    "clearance": tuple(one for one in Audience if one is not Audience.PARTNER),
}


@dataclass(frozen=True, slots=True)
class Trust:
    """One issuer whose tokens are taken, for what is served."""

    keys: Keys
    issuer: str
    audience: str | Sequence[str]
    served: Served
    grants: Grants = EVERYTHING
    name: str = "issuer"


@dataclass(frozen=True, slots=True)
class _Seen:
    """A token that was good: whose it is, until when, by which keys, and the certificate it is good with, if any."""

    viewer: Viewer
    until: float
    keys: Keys
    by: KeySet
    certificate: bytes | None


class Identity:
    """Verifies tokens, and remembers the good ones until they expire: a signature costs a tenth of a millisecond.

    What is remembered holds as long as the keys that verified it: a key that its issuer withdrew ends its tokens.
    """

    __slots__ = ("_certificates", "_clock", "_seen", "_served", "_trusts")

    def __init__(
        self,
        *trusts: Trust,
        certificates: Certificates | None = None,
        served: Served | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._trusts = {one.issuer: one for one in trusts}
        self._certificates = certificates or Certificates()
        self._served = served or Served()
        self._clock = clock
        self._seen: Bounded[bytes, _Seen] = Bounded(_CACHED_TOKENS)

    async def viewer(self, authorization: Sequence[bytes], certificate: Sequence[bytes] = (), peer: str = "") -> Viewer:
        """The viewer of a request, or `Unauthenticated`; or `Unverifiable` while an issuer's keys cannot be read.

        authorization  its `Authorization` headers
        certificate    its `Client-Cert` headers
        peer           the address it came from
        """
        presented = self._certificates.presented(certificate, peer) if certificate else None
        if presented is not None and not authorization:
            return self._holder(presented)
        token = bearer(authorization)
        seen = self._seen.get(token)
        if seen is None or self._clock() >= seen.until or seen.keys.current is not seen.by:
            seen = self._seen.put(token, await self._verify(token))
        if seen.certificate is not None and (presented is None or presented.fingerprint != seen.certificate):
            raise Unauthenticated("the token is good only with the client certificate that it is bound to")
        viewer = seen.viewer
        if viewer.profile.agreement is not None:
            self._certificates.check(viewer.profile.agreement, presented)
        return viewer

    async def start(self) -> None:
        """Begins to follow the issuers' keys."""
        await asyncio.gather(*(one.keys.start() for one in self._trusts.values()))

    async def stop(self) -> None:
        """Ends what `start` began."""
        await asyncio.gather(*(one.keys.stop() for one in self._trusts.values()))

    def ready(self) -> Mapping[str, bool]:
        """Whose tokens can be verified now, by the issuers' names."""
        return {one.name: one.keys.current is not None for one in self._trusts.values()}

    def rings(self) -> Mapping[Place, Keyring]:
        """The issuers' keys by where they are, for the version that comes after."""
        return {keys.place: keys for one in self._trusts.values() if isinstance(keys := one.keys, Keyring)}

    def _holder(self, presented: Presented) -> Viewer:
        """Who comes with a certificate alone."""
        found = self._certificates.agreements(presented)
        if len(found) != 1:
            raise Unauthenticated(
                "the client certificate stands for more than one agreement: send a token that names one of them"
                if found
                else "the client certificate stands for no agreement, and a token is not there"
            )
        ((agreement, binding),) = found.items()
        universe = self._served.agreements.get(agreement)
        if universe is None or universe not in self._served.universes:
            raise Unauthenticated("this endpoint does not serve the agreement of the client certificate")
        return Viewer(Profile(Audience.PARTNER, others=universe, agreement=agreement), name=binding.name)

    async def _verify(self, token: bytes) -> _Seen:
        said = opened(token)
        if "iss" not in said.claims:
            raise Unauthenticated("the token lacks the claim `iss`")
        iss = said.claims["iss"]
        trust = self._trusts.get(iss) if isinstance(iss, str) else None
        if trust is None:
            raise Unauthenticated("the token comes from an issuer that this endpoint does not accept")
        key = await trust.keys.sought(said.kid)
        by = trust.keys.current
        if by is None:
            raise Unverifiable("the keys of the token's issuer cannot be read at present: try again in a moment")
        grants = trust.grants
        claims = verified_claims(
            token,
            said,
            key,
            issuer=trust.issuer,
            audience=trust.audience,
            required=["sub"],
            leeway=grants.leeway,
        )
        viewer = viewer_of(claims, trust.served, grants.assurance)
        _check_granted(claims, grants)
        return _Seen(viewer, float(claims["exp"]) + grants.leeway, trust.keys, by, _confirmation(claims))


def open_identity(settings: Settings, served: Served, before: Identity | None = None) -> Identity:
    """Whom the settings trust, or `SettingsWrong`. `before` is that of an earlier version, whose keys still hold."""
    found = trusted(settings)
    named = {one.agreement for one in found.certificates}
    named.update(name for one in found.issuers for name in one.grants.agreements or ())
    if unknown := sorted(named - served.agreements.keys()):
        raise SettingsWrong(
            "\n".join(f"the issuers' file `{settings.issuers}`: there is no agreement `{name}`" for name in unknown)
        )
    rings = before.rings() if before is not None else {}
    trusts = [
        Trust(
            Keyring(
                one.keys,
                one.algorithms,
                every=settings.keys_refresh,
                most_age=settings.keys_max_age,
                heir_of=rings.get(one.keys),
            ),
            one.iss,
            one.aud,
            served,
            one.grants,
            one.name,
        )
        for one in found.issuers
    ]
    certificates = Certificates(found.certificates, settings.trusted_proxies)
    return Identity(*trusts, certificates=certificates, served=served)


class Everybody:
    """One viewer for everybody, with a token or without: for a graph that is public."""

    __slots__ = ("_viewer",)

    def __init__(self, viewer: Viewer) -> None:
        self._viewer = viewer

    async def viewer(self, authorization: Sequence[bytes], certificate: Sequence[bytes] = (), peer: str = "") -> Viewer:
        """The one viewer."""
        return self._viewer


def viewer_of(claims: Mapping[str, Any], served: Served, assurance: Sequence[str] = ASSURANCE) -> Viewer:
    """The viewer of verified claims. `assurance` are the `acr` that are enough for a citizen."""
    if member(claims, "hub_audience", Audience) is Audience.CITIZEN:
        return Viewer(profile_of(claims, served), subject=_identified(claims, assurance))
    return Viewer(profile_of(claims, served), name=text(claims, "sub", NAME))


def profile_of(claims: Mapping[str, Any], served: Served) -> Profile:
    """What the claims say of how somebody reads, without who he is."""
    audience = member(claims, "hub_audience", Audience)
    for claim, of in _ONLY_OF.items():
        if audience not in of and claim in claims:
            raise does_not_go(claim, audience)
    scopes = frozenset(text(claims, "scope", SCOPE).split()) & served.scopes if claims.get("scope") else frozenset()
    if audience is Audience.CITIZEN:
        return Profile(audience, own=_own(claims, served), scopes=scopes)
    return Profile(
        audience,
        others=_agreed(claims, served) if audience is Audience.PARTNER else _cleared(claims, audience, served),
        agreement=text(claims, "agreement", WORD) if audience is Audience.PARTNER else None,
        project=text(claims, "project", WORD) if audience is Audience.ANALYST else None,
        scopes=scopes,
    )


def does_not_go(claim: str, audience: Audience) -> Unauthenticated:
    """A claim that another audience may make, or in another form."""
    return Unauthenticated(f"the token's `{claim}` does not go with its `hub_audience` `{audience}`")


def _cleared(claims: Mapping[str, Any], audience: Audience, served: Served) -> Universe:
    clearance = member(claims, "clearance", Universe)
    if clearance not in CLEARANCES[audience]:
        raise does_not_go("clearance", audience)
    if clearance not in served.universes:
        raise Unauthenticated("this endpoint does not serve the token's `clearance`")
    return clearance


def _agreed(claims: Mapping[str, Any], served: Served) -> Universe:
    universe = served.agreements.get(text(claims, "agreement", WORD))
    if universe is None:
        raise Unauthenticated("the token's `agreement` is none that this endpoint knows")
    if universe not in served.universes:
        raise Unauthenticated("this endpoint does not serve the token's `agreement`")
    return universe


def _own(claims: Mapping[str, Any], served: Served) -> Universe:
    if "clearance" in claims and member(claims, "clearance", Universe) is not Universe.CIVILIAN:
        raise does_not_go("clearance", Audience.CITIZEN)
    own = member(claims, "own_clearance", Universe) if "own_clearance" in claims else Universe.CIVILIAN
    # An instance without the other classes still serves every citizen what it has: less, never more.
    return own if own in served.universes else Universe.CIVILIAN


def _identified(claims: Mapping[str, Any], assurance: Sequence[str]) -> str:
    """A citizen's personal number, if he is identified well enough."""
    if claims.get("acr") not in assurance:
        enough = " or ".join(f"`{one}`" for one in assurance)
        raise Unauthenticated(f"a citizen must be identified at level 2 of VNeID: the token's `acr` is not {enough}")
    subject: str = claims["sub"]
    try:
        parse_personal_id(subject)
    except FormatError:
        raise Unauthenticated("the token's `sub` is not a personal number (số định danh cá nhân)") from None
    return subject


def _check_granted(claims: Mapping[str, Any], grants: Grants) -> None:
    """Refuses what the token's issuer may not say, however well it is signed."""
    audience = member(claims, "hub_audience", Audience)
    if audience not in grants.audiences:
        raise Unauthenticated(f"the token's issuer may not speak for the `hub_audience` `{audience}`")
    for claim in ("clearance", "own_clearance"):
        if claim in claims and member(claims, claim, Universe) not in grants.clearances:
            raise Unauthenticated(f"the token's issuer may not give this `{claim}`")
    if "agreement" in claims and grants.agreements is not None and claims["agreement"] not in grants.agreements:
        raise Unauthenticated("the token's issuer may not speak for this `agreement`")


def _confirmation(claims: Mapping[str, Any]) -> bytes | None:
    """The certificate that a token is bound to (RFC 8705, section 3.1): SHA-256 of its DER."""
    if "cnf" not in claims:
        return None
    cnf = claims["cnf"]
    if not isinstance(cnf, dict) or set(cnf) != {"x5t#S256"} or not isinstance(cnf["x5t#S256"], str):
        raise Unauthenticated("the token is bound to a proof (`cnf`) that this endpoint cannot check")
    try:
        found = base64.urlsafe_b64decode(cnf["x5t#S256"] + "=")
    except ValueError:
        found = b""
    if len(found) != 32:
        raise Unauthenticated("the token's `cnf` is malformed")
    return found
