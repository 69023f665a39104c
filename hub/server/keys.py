"""A key set file (JWKS, RFC 7517) -> the keys that may sign tokens.

Every problem of the file stops the start, all at once: a server that cannot tell a good token from a bad one must not
run. Only public keys of asymmetric algorithms are taken, and a key verifies its own algorithm alone, so that a token
cannot choose how it is checked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
import orjson
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from hub.errors import SettingsWrong

_ALGORITHMS = ("EdDSA", "ES256", "ES384", "ES512", "PS256", "PS384", "PS512", "RS256", "RS384", "RS512")
_RSA_BITS = 2048


@dataclass(frozen=True, slots=True)
class VerifyingKey:
    kid: str
    algorithm: str
    key: Any  # a public key of `cryptography`, whose kind depends on the algorithm


@dataclass(frozen=True, slots=True)
class KeySet:
    """`kid` -> key. Never empty."""

    keys: Mapping[str, VerifyingKey]


def read_key_set(path: Path) -> KeySet:
    """The keys of a file, or `SettingsWrong` with everything that is wrong with it."""
    try:
        content = orjson.loads(path.read_bytes())
    except OSError as error:
        raise SettingsWrong(f"the key set `{path}` cannot be read: {error.strerror}") from error
    except orjson.JSONDecodeError as error:
        raise SettingsWrong(f"the key set `{path}` is not JSON: {error}") from error
    entries = content.get("keys") if isinstance(content, dict) else None
    if not isinstance(entries, list):
        raise SettingsWrong(f'the key set `{path}` must be an object with a list: {{"keys": [...]}}')
    if not entries:
        raise SettingsWrong(f"the key set `{path}` holds no key: no token could be verified")
    keys: dict[str, VerifyingKey] = {}
    problems = []
    for number, entry in enumerate(entries, start=1):
        try:
            key = _read_key(entry)
            if key.kid in keys:
                raise ValueError(f"`kid` `{key.kid}` is there twice")
            keys[key.kid] = key
        except ValueError as wrong:
            problems.append(f"key {number} of the key set `{path}`: {wrong}")
    if problems:
        raise SettingsWrong("\n".join(problems))
    return KeySet(keys)


def _read_key(entry: object) -> VerifyingKey:
    if not isinstance(entry, dict):
        raise ValueError("it must be an object")
    kid, algorithm = entry.get("kid"), entry.get("alg")
    if not isinstance(kid, str) or not kid:
        raise ValueError("it needs a `kid`, the name that tokens call it by")
    if algorithm not in _ALGORITHMS:
        raise ValueError(f"its `alg` must be one of {', '.join(_ALGORITHMS)}")
    if entry.get("use", "sig") != "sig":
        raise ValueError("its `use` must be `sig`")
    if "d" in entry:
        raise ValueError("it is a private key: give the hub the public half only")
    try:
        key = jwt.PyJWK(entry, algorithm=algorithm).key
    except (jwt.PyJWTError, ValueError, TypeError, KeyError) as error:
        raise ValueError(f"it is not a usable {algorithm} key") from error
    if isinstance(key, RSAPublicKey) and key.key_size < _RSA_BITS:
        raise ValueError(f"it has {key.key_size} bits: an RSA key needs at least {_RSA_BITS}")
    return VerifyingKey(kid, algorithm, key)
