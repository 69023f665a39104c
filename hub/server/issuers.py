"""Whom the endpoint trusts to say who reads: the settings' one issuer, or a file of several.

    [[issuer]]
    name = "vneid"                        what the log and /health/ready call it
    iss = "https://vneid.example"         the `iss` of its tokens
    keys = "https://vneid.example/jwks"   its key set (JWKS): an address, or a file beside this one
    audiences = ["citizen"]               in which capacities it may say that somebody reads; all others are refused
    aud = ["hub"]                         the `aud` of its tokens; else HUB_AUDIENCE
    algorithms = ["ES256"]                that its keys may be for; else every one that is safe
    assurance = ["vneid-2"]               the `acr` that are enough for a citizen; else HUB_ASSURANCE
    clearances = ["civilian", "defence"]  what it may clear readers for; else civilian alone
    agreements = ["health-ministry"]      of an issuer of partners: the agreements that it may name
    leeway = 30                           seconds that its clock may be off; else HUB_LEEWAY

    [[certificate]]
    name = "health-ministry gateway"      what the log calls who holds it
    agreement = "health-ministry"         what is read under it; it is then read with a certificate only
    spki = "sha256, in base64"            of the certificate's public key, which outlives its renewal, or
    fingerprint = "sha256, in hex"        of the certificate

So a ministry's issuer can make no citizen, and that of one ministry nothing of another. What is not said is denied.
"""

from __future__ import annotations

import base64
import re
import tomllib
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from hub.errors import SettingsWrong
from hub.model.viewer import Audience, Universe
from hub.server.keyring import Place
from hub.server.keys import ALGORITHMS
from hub.server.tokens import LEEWAY, WORD
from hub.settings import Settings, key_address

ASSURANCE = ("vneid-2",)
"""Level 2 of electronic identification (mức độ 2, Decree 69/2024 art. 11), as an `acr`."""

MOST_LEEWAY = 300

_OF_ISSUER = (
    "name", "iss", "keys", "audiences", "aud", "algorithms", "assurance", "clearances", "agreements", "leeway",
)  # fmt: skip
_OF_CERTIFICATE = ("name", "agreement", "spki", "fingerprint")
_HEX = re.compile(r"[0-9a-f]{64}")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Grants:
    """What an issuer may say of readers. `agreements` is None for every one there is."""

    audiences: frozenset[Audience] = frozenset(Audience)
    clearances: frozenset[Universe] = frozenset(Universe)
    agreements: frozenset[str] | None = None
    assurance: tuple[str, ...] = ASSURANCE
    leeway: float = LEEWAY


EVERYTHING = Grants()


@dataclass(frozen=True, slots=True)
class Issuer:
    """One issuer of tokens: by what they are known to be its own, where its keys are, what it may say."""

    name: str
    iss: str
    aud: tuple[str, ...]
    keys: Place
    algorithms: tuple[str, ...] = ALGORITHMS
    grants: Grants = EVERYTHING


@dataclass(frozen=True, slots=True)
class Binding:
    """A client certificate by the hash of its key or of itself, and the agreement that is read under with it."""

    name: str
    agreement: str
    spki: bytes | None = None
    fingerprint: bytes | None = None


@dataclass(frozen=True, slots=True)
class Trusted:
    """Everybody who is trusted to say who reads."""

    issuers: tuple[Issuer, ...] = ()
    certificates: tuple[Binding, ...] = ()


def trusted(settings: Settings) -> Trusted:
    """Whom the settings name."""
    if settings.issuers is not None:
        return read_issuers(settings.issuers, settings)
    if settings.keys is None:
        return Trusted()
    grants = Grants(assurance=settings.assurance, leeway=settings.leeway)
    return Trusted((Issuer("issuer", settings.issuer, (settings.audience,), settings.keys, grants=grants),))


def read_issuers(path: Path, defaults: Settings) -> Trusted:
    """What the file says, or `SettingsWrong` with everything that is wrong with it."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsWrong(f"the issuers' file `{path}` cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsWrong(f"the issuers' file `{path}` is not TOML: {error}") from error
    reader = _Reader(path, defaults)
    return reader.read(content)


@dataclass(slots=True)
class _Reader:
    """Reads one file and collects what is wrong with it."""

    path: Path
    defaults: Settings
    problems: list[str] = field(default_factory=list)
    place: str = ""

    def read(self, content: Mapping[str, Any]) -> Trusted:
        self._unknown(content, ("issuer", "certificate"))
        issuers = [one for one in map(self._issuer, self._entries(content, "issuer")) if one is not None]
        bindings = [one for one in map(self._binding, self._entries(content, "certificate")) if one is not None]
        self.place = ""
        for what, names in (("iss", [one.iss for one in issuers]), ("name", [one.name for one in issuers])):
            for name in sorted({name for name in names if names.count(name) > 1}):
                self._wrong(f"two issuers have the `{what}` `{name}`: each needs its own")
        if not issuers and not bindings and not self.problems:
            self._wrong("it names nobody: add an `[[issuer]]`")
        if self.problems:
            raise SettingsWrong("\n".join(self.problems))
        return Trusted(tuple(issuers), tuple(bindings))

    def _entries(self, content: Mapping[str, Any], kind: str) -> Iterable[Mapping[str, Any]]:
        entries = content.get(kind, [])
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            self._wrong(f"`{kind}` must be a list of tables: `[[{kind}]]`")
            return
        for number, entry in enumerate(entries, start=1):
            self.place = f", {kind} {number}"
            yield entry

    def _issuer(self, entry: Mapping[str, Any]) -> Issuer | None:
        self._unknown(entry, _OF_ISSUER)
        before = len(self.problems)
        name, iss = self._text(entry, "name", WORD), self._text(entry, "iss")
        keys = self._keys(entry)
        audiences = self._members(entry, "audiences", tuple(Audience))
        if not audiences and "audiences" not in entry:
            self._wrong("`audiences` is missing: say in which capacities it may say that somebody reads")
        agreements = self._texts(entry, "agreements", ())
        if (Audience.PARTNER in audiences) != bool(agreements):
            self._wrong("`agreements` goes with the audience `partner`: name those that it may speak for")
        clearances = self._members(entry, "clearances", tuple(Universe)) or (Universe.CIVILIAN,)
        grants = Grants(
            frozenset(audiences),
            frozenset(clearances),
            frozenset(agreements),
            self._texts(entry, "assurance", self.defaults.assurance),
            self._leeway(entry),
        )
        aud = self._texts(entry, "aud", (self.defaults.audience,))
        algorithms = self._members(entry, "algorithms", ALGORITHMS) or ALGORITHMS
        if len(self.problems) > before or keys is None:
            return None
        return Issuer(name, iss, aud, keys, algorithms, grants)

    def _binding(self, entry: Mapping[str, Any]) -> Binding | None:
        self._unknown(entry, _OF_CERTIFICATE)
        before = len(self.problems)
        name, agreement = self._text(entry, "name"), self._text(entry, "agreement", WORD)
        if ("spki" in entry) == ("fingerprint" in entry):
            self._wrong("one of `spki` and `fingerprint` is needed, and not both")
        spki = self._hash(entry, "spki", "SHA-256 of the public key, in base64", _of_base64)
        fingerprint = self._hash(entry, "fingerprint", "SHA-256 of the certificate, in hex", _of_hex)
        return Binding(name, agreement, spki, fingerprint) if len(self.problems) == before else None

    def _keys(self, entry: Mapping[str, Any]) -> Place | None:
        text = self._text(entry, "keys")
        if not text:
            return None
        if "://" not in text:
            path = self.path.parent / text
            if not path.is_file():
                self._wrong(f"`keys` must be an address or the path of a file that exists, not `{text}`")
            return path
        try:
            return key_address(text)
        except ValueError as wrong:
            self._wrong(f"`keys` {wrong}, not `{text}`")
            return None

    def _leeway(self, entry: Mapping[str, Any]) -> float:
        value = entry.get("leeway", self.defaults.leeway)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= MOST_LEEWAY:
            self._wrong(f"`leeway` must be a number of seconds from 0 to {MOST_LEEWAY}")
            return 0.0
        return float(value)

    def _hash(
        self, entry: Mapping[str, Any], name: str, right: str, read: Callable[[str], bytes | None]
    ) -> bytes | None:
        if name not in entry:
            return None
        value = entry[name]
        found = read(value) if isinstance(value, str) else None
        if found is None:
            self._wrong(f"`{name}` must be the {right}")
        return found

    def _text(self, entry: Mapping[str, Any], name: str, shape: re.Pattern[str] | None = None) -> str:
        value = entry.get(name)
        if not isinstance(value, str) or not value.strip():
            self._wrong(f"`{name}` is missing" if value is None else f"`{name}` must be text")
            return ""
        if shape is not None and not shape.fullmatch(value):
            self._wrong(f"`{name}` must be small letters, digits and hyphens, not `{value}`")
        return value

    def _texts(self, entry: Mapping[str, Any], name: str, default: tuple[str, ...]) -> tuple[str, ...]:
        if name not in entry:
            return default
        values = entry[name]
        if not isinstance(values, list) or not values or not all(isinstance(one, str) and one for one in values):
            self._wrong(f"`{name}` must be a list of texts")
            return default
        return tuple(values)

    def _members(self, entry: Mapping[str, Any], name: str, known: Collection[T]) -> tuple[T, ...]:
        """Those of a closed set that the entry names."""
        texts = self._texts(entry, name, ())
        by_text = {str(one): one for one in known}
        for text in texts:
            if text not in by_text:
                self._wrong(f"`{name}` has `{text}`, which is none of {', '.join(by_text)}")
        return tuple(by_text[text] for text in texts if text in by_text)

    def _unknown(self, entry: Mapping[str, Any], known: Collection[str]) -> None:
        for name in sorted(entry.keys() - set(known)):
            self._wrong(f"`{name}` is not known here: {', '.join(known)} are")

    def _wrong(self, what: str) -> None:
        self.problems.append(f"the issuers' file `{self.path}`{self.place}: {what}")


def _of_base64(text: str) -> bytes | None:
    try:
        found = base64.b64decode(text.removeprefix("sha256/"), validate=True)
    except ValueError:
        return None
    return found if len(found) == 32 else None


def _of_hex(text: str) -> bytes | None:
    plain = text.replace(":", "").lower()
    return bytes.fromhex(plain) if _HEX.fullmatch(plain) else None
