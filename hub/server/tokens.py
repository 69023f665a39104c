"""A bearer token (JWT, RFC 7519) -> verified claims, and what is read of them. Denies by default.

The key set decides who may sign and how; the token must have been issued by the right issuer for this endpoint, and
must be in force. Every refusal says what is wrong with the token, and nothing about what a better one would show.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, TypeVar

import jwt

from hub.errors import Unauthenticated
from hub.server.keys import KeySet

LEEWAY = 30
"""How many seconds the clock of whoever signs may be off."""

NAME = re.compile(r"[\w.@:-]{1,100}")
WORD = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*")

_MAX_TOKEN_BYTES = 8_192
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


def verified_claims(
    token: bytes, keys: KeySet, *, issuer: str, audience: str, required: Sequence[str], kind: str | None = None
) -> Mapping[str, Any]:
    """The claims of a token that is good, `required` among them; `kind` is the `typ` it must have, if it must."""
    try:
        header = jwt.get_unverified_header(token)
        if kind is not None and header.get("typ") != kind:
            raise Unauthenticated(f"the token's `typ` is not `{kind}`")
        key = keys.keys.get(str(header.get("kid")))
        # The key decides how it is used; the token's own `alg` must agree, which `decode` checks.
        if key is None:
            raise Unauthenticated("the token is not signed with a key that this endpoint knows")
        claims: Mapping[str, Any] = jwt.decode(
            token,
            key.key,
            algorithms=[key.algorithm],
            issuer=issuer,
            audience=audience,
            leeway=LEEWAY,
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
