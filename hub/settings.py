"""Environment -> Settings.

Takes a mapping of environment variables, gives one frozen `Settings`, or raises `SettingsWrong` with every problem at
once. An unknown `HUB_*` variable is a problem: a misspelt limit must not silently be no limit.

    HUB_DSN_<SOURCE>_<UNIVERSE>    where to read: HUB_DSN_POPULATION_CIVILIAN=postgresql://hub_civilian:...@host/db
    HUB_OWNER_DSN_<SOURCE>         who migrates: HUB_OWNER_DSN_POPULATION=postgresql://owner:...@host/db
    HUB_PSEUDONYM_KEY              what pseudonyms and cursors are made with: 32 random bytes or more, in base64
    HUB_ASSERTION_KEY              what a hub signs with when it asks a remote subgraph: a PEM file, Ed25519
    HUB_REMOTES                    the folder of the remote subgraphs, in place of `schema/remotes`
    HUB_ASSERTION_KEYS             whose assertions a subgraph takes: a key set file (JWKS)
    HUB_ASSERTION_ISSUER           the `iss` of assertions: what the hub calls itself
    HUB_PAGES                      `off` serves no pages for browsers: neither GraphiQL nor the landing page
    HUB_SIGN_IN_ISSUER             the OpenID Connect issuer where people who open GraphiQL sign in (with PKCE)
    HUB_SIGN_IN_CLIENT             what the issuer calls this page: its client id
    HUB_ROLE_PASSWORD_<UNIVERSE>   the password that `hub migrate` gives a login role; without it none is set

An instance that faces the Internet is given the civilian addresses alone: what it cannot reach it cannot leak. So the
universes may be any subset that holds `civilian`, but the same subset for all four sources.
"""

from __future__ import annotations

import base64
import difflib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from urllib.parse import urlsplit

from hub.errors import SettingsWrong
from hub.model.viewer import Universe

SOURCES = ("population", "household", "insurance", "employer")

_DSN = "HUB_DSN_"
_OWNER = "HUB_OWNER_DSN_"
_PSEUDONYM_KEY = "HUB_PSEUDONYM_KEY"
_PASSWORD = "HUB_ROLE_PASSWORD_"  # noqa: S105 - the name of a variable, not a password


@dataclass(frozen=True, slots=True)
class SourceDsns:
    """Source -> universe -> the address to read from; each address logs in with the role of its universe."""

    by_source: Mapping[str, Mapping[Universe, str]]

    @property
    def sources(self) -> tuple[str, ...]:
        return tuple(self.by_source)

    @property
    def universes(self) -> tuple[Universe, ...]:
        """The universes that every source can be read in, in the order of `Universe`."""
        return tuple(u for u in Universe if self.by_source and all(u in dsns for dsns in self.by_source.values()))

    def dsn(self, source: str, universe: Universe) -> str:
        return self.by_source[source][universe]

    def __iter__(self) -> Iterator[tuple[str, Universe, str]]:
        for source, dsns in self.by_source.items():
            for universe, dsn in dsns.items():
                yield source, universe, dsn


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything the environment decides. Times are in seconds."""

    dsns: SourceDsns = field(default_factory=lambda: SourceDsns({}))
    owner_dsns: Mapping[str, str] = field(default_factory=dict)
    role_passwords: Mapping[Universe, str] = field(default_factory=dict, repr=False)
    keys: Path | None = None
    issuer: str = ""
    audience: str = "hub"
    pseudonym_key: bytes | None = field(default=None, repr=False)
    remotes: Path | None = None
    assertion_key: Path | None = None
    assertion_keys: Path | None = None
    assertion_issuer: str = ""
    host: str = "127.0.0.1"
    port: int = 8000
    pool_size: int = 4
    statement_timeout: float = 5.0
    request_timeout: float = 10.0
    max_body_bytes: int = 1_000_000
    log_level: str = "info"
    pages: bool = True
    sign_in_issuer: str = ""
    sign_in_client: str = ""


def _integer(low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            raise ValueError(f"must be a whole number from {low} to {high}") from None
        if not low <= value <= high:
            raise ValueError(f"must be a whole number from {low} to {high}")
        return value

    return read


def _seconds(low: float, high: float) -> Callable[[str], float]:
    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            raise ValueError(f"must be a number of seconds from {low:g} to {high:g}") from None
        if not low <= value <= high:  # also refuses `nan`
            raise ValueError(f"must be a number of seconds from {low:g} to {high:g}")
        return value

    return read


def _text(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be empty")
    return text.strip()


def _one_of(*choices: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in choices:
            raise ValueError(f"must be one of {', '.join(choices)}")
        return text

    return read


# Without blanks, quotes, commas and semicolons: it stands in a header that is made of them.
_ADDRESS = re.compile(r"[\x21\x23-\x26\x28-\x2b\x2d-\x3a\x3c-\x7e]+")


def _on_or_off(text: str) -> bool:
    if text not in ("on", "off"):
        raise ValueError("must be on or off")
    return text == "on"


def _issuer(text: str) -> str:
    """An address that a browser is sent to: where it asks for a token, nobody must listen."""
    parts = urlsplit(text)
    if (
        parts.query
        or parts.fragment
        or not parts.hostname
        or not re.fullmatch(r"[\x21\x23-\x26\x28-\x3a\x3c-\x7e]+", text)
    ):
        raise ValueError("must be the address of an OpenID Connect issuer: https://login.example.vn")
    here = parts.hostname in ("localhost", "127.0.0.1", "::1")
    if parts.scheme != "https" and not (parts.scheme == "http" and here):
        raise ValueError("must start with https://")
    return text.rstrip("/")


def _file(text: str) -> Path:
    path = Path(_text(text))
    if not path.is_file():
        raise ValueError("must be the path of a file that exists")
    return path


def _folder(text: str) -> Path:
    path = Path(_text(text))
    if not path.is_dir():
        raise ValueError("must be the path of a folder that exists")
    return path


def _secret(text: str) -> bytes:
    try:
        value = base64.b64decode(text.strip(), validate=True)
    except ValueError:
        value = b""
    if len(value) < 32:
        raise ValueError("must be 32 random bytes or more in base64, as `openssl rand -base64 32` prints them")
    return value


def _postgres_dsn(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"postgresql", "postgres"}:
        raise ValueError("must start with postgresql://")
    if not parts.path.strip("/"):
        raise ValueError("must name a database: postgresql://role:password@host/database")
    return text


_READERS: Mapping[str, tuple[str, Callable[[str], object]]] = {
    "HUB_KEYS": ("keys", _file),
    "HUB_ISSUER": ("issuer", _text),
    "HUB_AUDIENCE": ("audience", _text),
    _PSEUDONYM_KEY: ("pseudonym_key", _secret),
    "HUB_REMOTES": ("remotes", _folder),
    "HUB_ASSERTION_KEY": ("assertion_key", _file),
    "HUB_ASSERTION_KEYS": ("assertion_keys", _file),
    "HUB_ASSERTION_ISSUER": ("assertion_issuer", _text),
    "HUB_HOST": ("host", _text),
    "HUB_PORT": ("port", _integer(1, 65535)),
    "HUB_POOL_SIZE": ("pool_size", _integer(1, 64)),
    "HUB_STATEMENT_TIMEOUT": ("statement_timeout", _seconds(0.01, 600)),
    "HUB_REQUEST_TIMEOUT": ("request_timeout", _seconds(0.01, 600)),
    "HUB_MAX_BODY_BYTES": ("max_body_bytes", _integer(1_000, 100_000_000)),
    "HUB_PAGES": ("pages", _on_or_off),
    "HUB_SIGN_IN_ISSUER": ("sign_in_issuer", _issuer),
    "HUB_SIGN_IN_CLIENT": ("sign_in_client", _text),
    "HUB_LOG_LEVEL": ("log_level", _one_of("debug", "info", "warning", "error")),
}


def _known() -> tuple[str, ...]:
    """Every variable that may be set: for suggestions, and for the documentation."""
    universes = [universe.name for universe in Universe]
    return (
        *_READERS,
        *(f"{_DSN}{source.upper()}_{universe}" for source in SOURCES for universe in universes),
        *(f"{_OWNER}{source.upper()}" for source in SOURCES),
        *(f"{_PASSWORD}{universe}" for universe in universes),
    )


def read_settings(environment: Mapping[str, str], sources: tuple[str, ...] = SOURCES) -> Settings:
    """Every `HUB_*` variable, checked one by one. What a command needs beyond that, it asks for with `require_*`.

    sources  those that are served together, and so must be readable in the same universes
    """
    problems: list[str] = []
    plain: dict[str, object] = {}
    dsns: dict[str, dict[Universe, str]] = {}
    owners: dict[str, str] = {}
    passwords: dict[Universe, str] = {}
    known = _known()
    places: dict[str, tuple[str, Universe]] = {
        f"{_DSN}{source.upper()}_{universe.name}": (source, universe) for source in SOURCES for universe in Universe
    }
    owner_places = {f"{_OWNER}{source.upper()}": source for source in SOURCES}
    password_places = {f"{_PASSWORD}{universe.name}": universe for universe in Universe}

    for name, text in sorted(environment.items()):
        if not name.startswith("HUB_"):
            continue
        try:
            if name in _READERS:
                attribute, read = _READERS[name]
                plain[attribute] = read(text)
            elif name in places:
                source, universe = places[name]
                dsns.setdefault(source, {})[universe] = _postgres_dsn(text)
            elif name in owner_places:
                owners[owner_places[name]] = _postgres_dsn(text)
            elif name in password_places:
                passwords[password_places[name]] = _text(text)
            else:
                near = difflib.get_close_matches(name, known, n=1)
                problems.append(f"`{name}` is not a setting" + (f": did you mean `{near[0]}`?" if near else ""))
        except ValueError as wrong:
            # A DSN or a password is a secret: only the name of the variable is shown.
            secret = name.startswith((_DSN, _OWNER, _PASSWORD, _PSEUDONYM_KEY))
            problems.append(f"`{name}` {wrong}" if secret else f"`{name}` {wrong}, not `{text}`")

    problems += _gaps({source: dsns[source] for source in sources if source in dsns}, sources)
    if problems:
        raise SettingsWrong("\n".join(problems))
    ordered = {
        source: {universe: dsns[source][universe] for universe in Universe if universe in dsns[source]}
        for source in sources
        if source in dsns
    }
    return _settings(plain, SourceDsns(ordered), {s: owners[s] for s in SOURCES if s in owners}, passwords)


def _settings(
    plain: Mapping[str, object], dsns: SourceDsns, owners: Mapping[str, str], passwords: Mapping[Universe, str]
) -> Settings:
    values: dict[str, object] = {
        item.name: item.default for item in fields(Settings) if item.default is not MISSING
    } | dict(plain)
    return Settings(dsns=dsns, owner_dsns=owners, role_passwords=passwords, **values)  # type: ignore[arg-type]


def _gaps(dsns: Mapping[str, Mapping[Universe, str]], sources: tuple[str, ...]) -> Iterator[str]:
    """A universe is readable in all of the sources or in none: half a universe would answer with half the truth."""
    wanted = {universe for by_universe in dsns.values() for universe in by_universe}
    if wanted:
        wanted.add(Universe.CIVILIAN)
    for source in sources if wanted else ():
        for universe in Universe:
            if universe in wanted and universe not in dsns.get(source, {}):
                yield f"`{_DSN}{source.upper()}_{universe.name}` is missing"


def require_serving(settings: Settings, sources: tuple[str, ...] = SOURCES) -> None:
    """What the server cannot start without: somewhere to read, a key set, an issuer."""
    problems = list(_no_dsn(settings, sources))
    if settings.keys is None:
        problems.append("`HUB_KEYS` is missing: the path of the key set (JWKS) that signs the viewers' tokens")
    if not settings.issuer:
        problems.append("`HUB_ISSUER` is missing: the `iss` of the viewers' tokens")
    if bool(settings.sign_in_issuer) is not bool(settings.sign_in_client):
        lacking = "HUB_SIGN_IN_CLIENT" if settings.sign_in_issuer else "HUB_SIGN_IN_ISSUER"
        problems.append(f"`{lacking}` is missing: signing in needs the issuer and the client id")
    if problems:
        raise SettingsWrong("\n".join(problems))


def require_subgraph(settings: Settings, source: str) -> None:
    """What a subgraph cannot start without: somewhere to read, and a hub or readers to trust."""
    problems = list(_no_dsn(settings, (source,)))
    if settings.keys is None and settings.assertion_keys is None:
        problems.append(
            "`HUB_ASSERTION_KEYS` and `HUB_KEYS` are missing: the key set (JWKS) of the hub that asks, or of the"
            " issuer of readers' tokens; without one of them nobody could ask"
        )
    if settings.assertion_keys is not None and not settings.assertion_issuer:
        problems.append("`HUB_ASSERTION_ISSUER` is missing: the `iss` of the hub's assertions")
    if settings.keys is not None and not settings.issuer:
        problems.append("`HUB_ISSUER` is missing: the `iss` of the viewers' tokens")
    if problems:
        raise SettingsWrong("\n".join(problems))


def _no_dsn(settings: Settings, sources: tuple[str, ...]) -> Iterator[str]:
    if not settings.dsns.by_source:
        yield from (f"`{_DSN}{source.upper()}_CIVILIAN` is missing" for source in sources)


def require_asserting(settings: Settings) -> None:
    """What remote subgraphs cannot be asked without: what says for whom."""
    problems = []
    if settings.assertion_key is None:
        problems.append(
            "`HUB_ASSERTION_KEY` is missing: the private key (PEM) that signs for whom remote subgraphs are asked;"
            " make one with `openssl genpkey -algorithm ed25519`"
        )
    if not settings.assertion_issuer:
        problems.append("`HUB_ASSERTION_ISSUER` is missing: what the hub calls itself to remote subgraphs")
    if problems:
        raise SettingsWrong("\n".join(problems))


def require_owners(settings: Settings, sources: tuple[str, ...] = SOURCES) -> None:
    """What migrations cannot start without."""
    missing = [source for source in sources if source not in settings.owner_dsns]
    if missing:
        raise SettingsWrong(
            "\n".join(
                f"`{_OWNER}{source.upper()}` is missing: the address of the `{source}` database, with the role that"
                " owns it"
                for source in missing
            )
        )
