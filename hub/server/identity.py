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

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import jwt

from hub.cache import Bounded
from hub.domain.identifiers import FormatError, parse_personal_id
from hub.errors import Unauthenticated
from hub.model.viewer import CLEARANCES, Audience, Profile, Served, Universe, Viewer
from hub.server.keys import KeySet

ASSURANCE = "vneid-2"

_LEEWAY = 30
_MAX_TOKEN_BYTES = 8_192
_CACHED_TOKENS = 8_192
_Known = TypeVar("_Known", Audience, Universe)
_NAME = re.compile(r"[\w.@:-]{1,100}")
_WORD = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*")

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
        if len(authorization) != 1:
            raise Unauthenticated(
                "a token is needed: send `Authorization: Bearer <token>`"
                if not authorization
                else "more than one `Authorization` header: send one"
            )
        header = authorization[0]
        seen = self._seen.get(header)
        if seen is None or self._clock() >= seen[1]:
            seen = self._seen.put(header, self._verify(header))
        return seen[0]

    def _verify(self, header: bytes) -> tuple[Viewer, float]:
        scheme, _, token = header.partition(b" ")
        token = token.strip()
        if scheme.lower() != b"bearer" or not token:
            raise Unauthenticated("the `Authorization` header must be `Bearer <token>`")
        if len(token) > _MAX_TOKEN_BYTES:
            raise Unauthenticated(f"the token is longer than {_MAX_TOKEN_BYTES} bytes")
        claims = _verified_claims(token, self._trust)
        return viewer_of(claims, self._trust.served), float(claims["exp"]) + _LEEWAY


class Everybody:
    """One viewer for everybody, with a token or without: for a graph that is public."""

    __slots__ = ("_viewer",)

    def __init__(self, viewer: Viewer) -> None:
        self._viewer = viewer

    def viewer(self, authorization: Sequence[bytes]) -> Viewer:
        """The one viewer."""
        return self._viewer


def _verified_claims(token: bytes, trust: Trust) -> Mapping[str, Any]:
    try:
        header = jwt.get_unverified_header(token)
        key = trust.keys.keys.get(str(header.get("kid")))
        # The key decides how it is used; the token's own `alg` must agree, which `decode` checks.
        if key is None:
            raise Unauthenticated("the token is not signed with a key that this endpoint knows")
        claims: Mapping[str, Any] = jwt.decode(
            token,
            key.key,
            algorithms=[key.algorithm],
            issuer=trust.issuer,
            audience=trust.audience,
            leeway=_LEEWAY,
            options={"require": ["exp", "iss", "aud", "sub"]},
        )
    except jwt.ExpiredSignatureError:
        raise Unauthenticated("the token has expired: ask its issuer for a new one") from None
    except jwt.ImmatureSignatureError:
        raise Unauthenticated("the token is not valid yet") from None
    except jwt.MissingRequiredClaimError as error:
        raise Unauthenticated(f"the token lacks the claim `{error.claim}`") from None
    except jwt.InvalidIssuerError:
        raise Unauthenticated("the token comes from an issuer that this endpoint does not accept") from None
    except jwt.InvalidAudienceError:
        raise Unauthenticated("the token was issued for another endpoint") from None
    except (jwt.InvalidSignatureError, jwt.InvalidAlgorithmError, jwt.InvalidKeyError):
        raise Unauthenticated("the token is not signed with a key that this endpoint knows") from None
    except (jwt.PyJWTError, ValueError, TypeError, ArithmeticError, RecursionError):
        raise Unauthenticated("the token is malformed") from None
    if isinstance(claims["exp"], bool) or not isinstance(claims["exp"], int | float):
        raise Unauthenticated("the token is malformed")
    return claims


def viewer_of(claims: Mapping[str, Any], served: Served) -> Viewer:
    """The viewer of verified claims."""
    audience = _member(claims, "hub_audience", Audience)
    for claim, of in _ONLY_OF.items():
        if audience not in of and claim in claims:
            raise Unauthenticated(f"the token's `{claim}` does not go with its `hub_audience` `{audience}`")
    scopes = frozenset(_text(claims, "scope", _SCOPE).split()) & served.scopes if claims.get("scope") else frozenset()
    if audience is Audience.CITIZEN:
        return _citizen(claims, served, scopes)
    profile = Profile(
        audience,
        others=_agreed(claims, served) if audience is Audience.PARTNER else _cleared(claims, audience, served),
        agreement=_text(claims, "agreement", _WORD) if audience is Audience.PARTNER else None,
        project=_text(claims, "project", _WORD) if audience is Audience.ANALYST else None,
        scopes=scopes,
    )
    return Viewer(profile, subject=None, name=_text(claims, "sub", _NAME))


def _cleared(claims: Mapping[str, Any], audience: Audience, served: Served) -> Universe:
    clearance = _member(claims, "clearance", Universe)
    if clearance not in CLEARANCES[audience]:
        raise Unauthenticated(f"the token's `clearance` does not go with its `hub_audience` `{audience}`")
    if clearance not in served.universes:
        raise Unauthenticated("this endpoint does not serve the token's `clearance`")
    return clearance


def _agreed(claims: Mapping[str, Any], served: Served) -> Universe:
    universe = served.agreements.get(_text(claims, "agreement", _WORD))
    if universe is None:
        raise Unauthenticated("the token's `agreement` is none that this endpoint knows")
    if universe not in served.universes:
        raise Unauthenticated("this endpoint does not serve the token's `agreement`")
    return universe


def _citizen(claims: Mapping[str, Any], served: Served, scopes: frozenset[str]) -> Viewer:
    if claims.get("acr") != ASSURANCE:
        raise Unauthenticated(
            f"a citizen must be identified at level 2 of VNeID: the token's `acr` is not `{ASSURANCE}`"
        )
    if "clearance" in claims and _member(claims, "clearance", Universe) is not Universe.CIVILIAN:
        raise Unauthenticated("the token's `clearance` does not go with its `hub_audience` `citizen`")
    own = _member(claims, "own_clearance", Universe) if "own_clearance" in claims else Universe.CIVILIAN
    if own not in served.universes:
        # An instance without the other classes still serves every citizen what it has: less, never more.
        own = Universe.CIVILIAN
    subject = claims["sub"]
    try:
        parse_personal_id(subject)
    except FormatError:
        raise Unauthenticated("the token's `sub` is not a personal number (số định danh cá nhân)") from None
    return Viewer(Profile(Audience.CITIZEN, own=own, scopes=scopes), subject=subject)


def _member(claims: Mapping[str, Any], claim: str, of: type[_Known]) -> _Known:
    value = claims.get(claim)
    if value is None:
        raise Unauthenticated(f"the token lacks the claim `{claim}`")
    if not isinstance(value, str) or value not in tuple(of):
        raise Unauthenticated(f"the token's `{claim}` is none that this endpoint knows")
    return of(value)


def _text(claims: Mapping[str, Any], claim: str, shape: re.Pattern[str]) -> str:
    value = claims.get(claim)
    if value is None:
        raise Unauthenticated(f"the token lacks the claim `{claim}`")
    if not isinstance(value, str) or not shape.fullmatch(value):
        raise Unauthenticated(f"the token's `{claim}` is malformed")
    return value
