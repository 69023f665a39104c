"""A bearer token (JWT, RFC 7519) -> a `Viewer`. Denies by default: what is not said, known and consistent is refused.

Claims, beside `iss`, `aud` and `exp`:

    hub_audience    citizen, officer, analyst, partner, defence-officer or security-officer
    sub             for a citizen his personal number (số định danh cá nhân); for officials a name for the log
    acr             for a citizen `vneid-2`: level 2 of electronic identification (Decree 69/2024 art. 11)
    clearance       for officials but partners: civilian, defence, public_security or all
    own_clearance   for a citizen, if he is cleared for more about himself than civilian records
    agreement       for a partner: the agreement that lists his fields and the records it covers
    project         for an analyst: what he works on; his pseudonyms are stable within it
    scope           for everybody, if there is one: scopes with blanks between them (RFC 8693), for `@requiresScopes`

A refusal says what is wrong with the token and nothing about what a better one would show.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hub.cache import Bounded
from hub.domain.identifiers import FormatError, parse_personal_id
from hub.errors import Unauthenticated
from hub.model.viewer import CLEARANCES, Audience, Profile, Served, Universe, Viewer
from hub.server.keys import KeySet
from hub.server.tokens import LEEWAY, NAME, SCOPE, WORD, bearer, member, text, verified_claims

ASSURANCE = "vneid-2"

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
    """Whose tokens are taken, for what is served."""

    keys: KeySet
    issuer: str
    audience: str
    served: Served


class Identity:
    """Verifies tokens, and remembers the good ones until they expire: a signature costs a tenth of a millisecond."""

    __slots__ = ("_clock", "_seen", "_trust")

    def __init__(self, trust: Trust, clock: Callable[[], float] = time.time) -> None:
        self._trust = trust
        self._clock = clock
        self._seen: Bounded[bytes, tuple[Viewer, float]] = Bounded(_CACHED_TOKENS)

    def viewer(self, authorization: Sequence[bytes]) -> Viewer:
        """The viewer of a request with these `Authorization` headers, or `Unauthenticated`."""
        token = bearer(authorization)
        seen = self._seen.get(token)
        if seen is None or self._clock() >= seen[1]:
            seen = self._seen.put(token, self._verify(token))
        return seen[0]

    def _verify(self, token: bytes) -> tuple[Viewer, float]:
        trust = self._trust
        claims = verified_claims(token, trust.keys, issuer=trust.issuer, audience=trust.audience, required=["sub"])
        return viewer_of(claims, trust.served), float(claims["exp"]) + LEEWAY


class Everybody:
    """One viewer for everybody, with a token or without: for a graph that is public."""

    __slots__ = ("_viewer",)

    def __init__(self, viewer: Viewer) -> None:
        self._viewer = viewer

    def viewer(self, authorization: Sequence[bytes]) -> Viewer:
        """The one viewer."""
        return self._viewer


def viewer_of(claims: Mapping[str, Any], served: Served) -> Viewer:
    """The viewer of verified claims."""
    if member(claims, "hub_audience", Audience) is Audience.CITIZEN:
        return Viewer(profile_of(claims, served), subject=_identified(claims))
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


def _identified(claims: Mapping[str, Any]) -> str:
    """A citizen's personal number, if he is identified well enough."""
    if claims.get("acr") != ASSURANCE:
        raise Unauthenticated(
            f"a citizen must be identified at level 2 of VNeID: the token's `acr` is not `{ASSURANCE}`"
        )
    subject: str = claims["sub"]
    try:
        parse_personal_id(subject)
    except FormatError:
        raise Unauthenticated("the token's `sub` is not a personal number (số định danh cá nhân)") from None
    return subject
