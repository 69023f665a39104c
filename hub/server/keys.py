"""A key set (JWKS, RFC 7517) -> the keys that may sign tokens.

Every problem of a file stops the start, all at once: a server that cannot tell a good token from a bad one must not
run. What an issuer publishes at an address may hold keys for other uses too, which are passed over. Only public keys of
asymmetric algorithms are taken, and a key verifies its own algorithm alone, so that a token cannot choose how it is
checked.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import jwt
import orjson
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from hub.errors import SettingsWrong

ALGORITHMS = ("EdDSA", "ES256", "ES384", "ES512", "PS256", "PS384", "PS512", "RS256", "RS384", "RS512")
_RSA_BITS = 2048


@dataclass(frozen=True, slots=True)
class VerifyingKey:
    kid: str
    algorithm: str
    key: Any  # a public key of `cryptography`, whose kind depends on the algorithm


class Keys(Protocol):
    """An issuer's keys, which may change: `hub.server.keyring`."""

    @property
    def current(self) -> KeySet | None:
        """The keys as they are known now; None if none are, or none that are new enough to be trusted."""
        ...

    async def sought(self, kid: str) -> VerifyingKey | None:
        """The key of this name, looked for anew if it is not known and there is time to."""
        ...

    async def start(self) -> None: ...
    async def stop(self) -> None: ...


@dataclass(frozen=True, slots=True)
class KeySet:
    """`kid` -> key. Never empty. By itself it is keys that do not change."""

    keys: Mapping[str, VerifyingKey]

    @property
    def current(self) -> KeySet:
        return self

    async def sought(self, kid: str) -> VerifyingKey | None:
        return self.keys.get(kid)

    async def start(self) -> None: ...
    async def stop(self) -> None: ...


def read_key_set(path: Path, algorithms: Collection[str] = ALGORITHMS) -> KeySet:
    """The keys of a file, or `SettingsWrong` with everything that is wrong with it."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SettingsWrong(f"the key set `{path}` cannot be read: {error.strerror}") from error
    return key_set(content, str(path), algorithms)


def key_set(content: bytes, where: str, algorithms: Collection[str], *, published: bool = False) -> KeySet:
    """The keys that are written there; of a published set those that can be used, and at least one."""
    try:
        document = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise SettingsWrong(f"the key set `{where}` is not JSON: {error}") from error
    entries = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise SettingsWrong(f'the key set `{where}` must be an object with a list: {{"keys": [...]}}')
    if not entries:
        raise SettingsWrong(f"the key set `{where}` holds no key: no token could be verified")
    keys: dict[str, VerifyingKey] = {}
    problems = []
    for number, entry in enumerate(entries, start=1):
        try:
            key = _read_key(entry, algorithms)
            if key.kid in keys:
                raise ValueError(f"`kid` `{key.kid}` is there twice")
            keys[key.kid] = key
        except ValueError as wrong:
            problems.append(f"key {number} of the key set `{where}`: {wrong}")
    if problems and not (published and keys):
        raise SettingsWrong("\n".join(problems))
    return KeySet(keys)


def _read_key(entry: object, algorithms: Collection[str]) -> VerifyingKey:
    if not isinstance(entry, dict):
        raise ValueError("it must be an object")
    kid: object = entry.get("kid")
    algorithm: object = entry.get("alg") or _only_fitting(entry, algorithms)
    if not isinstance(kid, str) or not kid:
        raise ValueError("it needs a `kid`, the name that tokens call it by")
    if not isinstance(algorithm, str) or algorithm not in algorithms:
        raise ValueError(f"its `alg` must be one of {', '.join(algorithms)}")
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


_FITTING: Mapping[tuple[object, object], Sequence[str]] = {
    ("OKP", "Ed25519"): ("EdDSA",),
    ("EC", "P-256"): ("ES256",),
    ("EC", "P-384"): ("ES384",),
    ("EC", "P-521"): ("ES512",),
    ("RSA", None): tuple(one for one in ALGORITHMS if one.startswith(("RS", "PS"))),
}


def _only_fitting(entry: Mapping[str, object], algorithms: Collection[str]) -> str | None:
    """The one algorithm that a key can be for that does not say it, of those its issuer may use."""
    fitting = [one for one in _FITTING.get((entry.get("kty"), entry.get("crv")), ()) if one in algorithms]
    return fitting[0] if len(fitting) == 1 else None
