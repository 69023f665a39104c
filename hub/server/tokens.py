"""A bearer token (JWT, RFC 7519) -> verified claims, and what is read of them. Denies by default.

The key set decides who may sign and how; the token must have been issued by the right issuer for this endpoint, and
must be in force. Every refusal says what is wrong with the token, and nothing about what a better one would show.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NoReturn, TypeVar

import jwt

from hub.errors import Unauthenticated
from hub.server.keys import VerifyingKey

LEEWAY = 30
"""How many seconds the clock of whoever signs may be off."""

NAME = re.compile(r"[\w.@:-]{1,100}")
WORD = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*")

_MAX_TOKEN_BYTES = 8_192
_SIGNED = re.compile(rb"[\w-]+\.[\w-]+\.[\w-]*", re.ASCII)
_Known = TypeVar("_Known", bound=StrEnum)


def bearer(authorization: Sequence[bytes]) -> bytes:
    """The token of the `Authorization` headers of a request."""
    if len(authorization) != 1:
        raise Unauthenticated(
            "a token is needed: send `Authorization: Bearer <token>`"
            if not authorization
            else "more than one `Authorization` header: send one"
        )
    scheme, _, token = authorization[0].partition(b" ")
    token = token.strip()
    if scheme.lower() != b"bearer" or not token:
        raise Unauthenticated("the `Authorization` header must be `Bearer <token>`")
    if len(token) > _MAX_TOKEN_BYTES:
        raise Unauthenticated(f"the token is longer than {_MAX_TOKEN_BYTES} bytes")
    return token


@dataclass(frozen=True, slots=True)
class Opened:
    """What a token says of itself, verified by nobody: it chooses whose keys are asked, and nothing else."""

    header: Mapping[str, Any]
    claims: Mapping[str, Any]

    @property
    def kid(self) -> str:
        """The name of the key that is said to have signed it."""
        return str(self.header.get("kid"))


def opened(token: bytes) -> Opened:
    """Header and claims of what has the shape of a signed token. A name that is there twice has no meaning."""
    if not _SIGNED.fullmatch(token):
        raise Unauthenticated("the token is malformed")
    header, claims, _ = token.split(b".")
    return Opened(_object(header), _object(claims))


def _object(part: bytes) -> Mapping[str, Any]:
    try:
        content = json.loads(
            base64.urlsafe_b64decode(part + b"=" * (-len(part) % 4)),
            object_pairs_hook=_without_twins,
            parse_constant=_no_number,
        )
    except (ValueError, RecursionError):
        raise Unauthenticated("the token is malformed") from None
    if not isinstance(content, dict):
        raise Unauthenticated("the token is malformed")
    return content


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Unauthenticated("the token says something twice: each claim may be there once")
    return found


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"`{word}` is no number of JSON")


def verified_claims(
    token: bytes,
    said: Opened,
    key: VerifyingKey | None,
    *,
    issuer: str,
    audience: str | Sequence[str],
    required: Sequence[str],
    kind: str | None = None,
    leeway: float = LEEWAY,
) -> Mapping[str, Any]:
    """The claims of a token that is good, `required` among them; `kind` is the `typ` it must have, if it must.

    said  the same token, opened
    key   the one of the issuer's keys that the token names
    """
    try:
        if kind is not None and said.header.get("typ") != kind:
            raise Unauthenticated(f"the token's `typ` is not `{kind}`")
        # The key decides how it is used; the token's own `alg` must agree, which `decode` checks.
        if key is None:
            raise Unauthenticated("the token is not signed with a key that this endpoint knows")
        claims: Mapping[str, Any] = jwt.decode(
            token,
            key.key,
            algorithms=[key.algorithm],
            issuer=issuer,
            audience=audience,
            leeway=leeway,
            options={"require": ["exp", "iss", "aud", *required]},
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
    # PyJWT takes text that looks like a number.
    for claim in ("exp", "iat"):
        if claim in claims and (isinstance(claims[claim], bool) or not isinstance(claims[claim], int | float)):
            raise Unauthenticated("the token is malformed")
    return claims


def member(claims: Mapping[str, Any], claim: str, of: type[_Known]) -> _Known:
    """The value of a claim that names one of a closed set."""
    value = claims.get(claim)
    if value is None:
        raise Unauthenticated(f"the token lacks the claim `{claim}`")
    if not isinstance(value, str) or value not in tuple(of):
        raise Unauthenticated(f"the token's `{claim}` is none that this endpoint knows")
    return of(value)


def text(claims: Mapping[str, Any], claim: str, shape: re.Pattern[str]) -> str:
    """The value of a claim that is a word of some shape."""
    value = claims.get(claim)
    if value is None:
        raise Unauthenticated(f"the token lacks the claim `{claim}`")
    if not isinstance(value, str) or not shape.fullmatch(value):
        raise Unauthenticated(f"the token's `{claim}` is malformed")
    return value
