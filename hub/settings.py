"""Environment -> Settings.

Takes a mapping of environment variables, gives one frozen `Settings`, or raises `SettingsWrong` with every problem at
once. An unknown `HUB_*` variable is a problem: a misspelt limit must not silently be no limit.

Each setting is declared once, on place, in `Settings`: attribute, group, what is read, default, what it is for. The
variable is `HUB_` and the attribute in capitals. `declared()` is all of them as a table, which `hub settings` prints.
Families are settings whose name says what they are of: HUB_DSN_POPULATION_CIVILIAN.

A secret may stand in a file instead, as Docker and Kubernetes hand them out: HUB_PSEUDONYM_KEY_FILE is the path of a
file with what HUB_PSEUDONYM_KEY would hold. No error shows a secret.

An instance that faces the Internet is given the civilian addresses alone: what it cannot reach it cannot leak. So the
universes may be any subset that holds `civilian`, but the same subset for all four sources.
"""

# ruff: noqa: RUF009 - a declaration is a call that makes the field

from __future__ import annotations

import base64
import difflib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from ipaddress import IPv4Network, IPv6Network, ip_network
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from hub.errors import SettingsWrong
from hub.model.viewer import Audience, Universe

SOURCES = ("population", "household", "insurance", "employer")

_OF_FILE = "_FILE"


class Group(NamedTuple):
    """Settings that belong together, and the commands that heed them."""

    title: str
    commands: str


READING = Group("Where to read", "serve, subgraph")
ASKING = Group("Who may ask", "serve, subgraph")
POLICY = Group("Who may see what", "serve, subgraph")
REMOTE = Group("Remote subgraphs, and a source that is one", "serve, subgraph")
LISTENING = Group("Listening", "serve, subgraph, gateway")
LIMITS = Group("Limits", "serve, subgraph, gateway")
DOCUMENTS = Group("How large a document may be", "serve, subgraph, gateway")
MIGRATING = Group("Migrating", "migrate")
SHARING = Group("What replicas share", "serve, subgraph, gateway")
STORED = Group("Stored documents", "serve, subgraph, gateway")
PAGES = Group("Pages for browsers", "serve")
TELLING = Group("Logs, metrics, traces", "serve, subgraph, gateway")


class Reader(NamedTuple):
    """Text -> value; `ValueError` says what would be right.

    shape  what may be written
    """

    shape: str
    read: Callable[[str], object]


class Setting(NamedTuple):
    """One row of the table of settings. `default` as it would be written, or nothing."""

    name: str
    group: Group
    shape: str
    default: str
    says: str
    secret: bool


def _integer(low: int, high: int, unit: str = "") -> Reader:
    right = f"a whole number from {low} to {high}"

    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            raise ValueError(f"must be {right}") from None
        if not low <= value <= high:
            raise ValueError(f"must be {right}")
        return value

    return Reader(f"{unit or 'whole number'}, {low} to {high}", read)


def _seconds(low: float, high: float) -> Reader:
    right = f"a number of seconds from {low:g} to {high:g}"

    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            raise ValueError(f"must be {right}") from None
        if not low <= value <= high:  # also refuses `nan`
            raise ValueError(f"must be {right}")
        return value

    return Reader(f"seconds, {low:g} to {high:g}", read)


def _not_empty(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be empty")
    return text.strip()


def _one_of(*choices: str) -> Reader:
    def read(text: str) -> str:
        if text not in choices:
            raise ValueError(f"must be one of {', '.join(choices)}")
        return text

    return Reader(", ".join(choices), read)


def _existing_file(text: str) -> Path:
    path = Path(_not_empty(text))
    if not path.is_file():
        raise ValueError("must be the path of a file that exists")
    return path


def _existing_folder(text: str) -> Path:
    path = Path(_not_empty(text))
    if not path.is_dir():
        raise ValueError("must be the path of a folder that exists")
    return path


def _secret_bytes(text: str) -> bytes:
    try:
        value = base64.b64decode(text.strip(), validate=True)
    except ValueError:
        value = b""
    if len(value) < 32:
        raise ValueError("must be 32 random bytes or more in base64, as `openssl rand -base64 32` prints them")
    return value


def _postgres_dsn(text: str) -> str:
    text = text.strip()
    parts = urlsplit(text)
    if parts.scheme not in {"postgresql", "postgres"}:
        raise ValueError("must start with postgresql://")
    if not parts.path.strip("/"):
        raise ValueError("must name a database: postgresql://role:password@host/database")
    return text


def _redis_url(text: str) -> str:
    text = text.strip()
    parts = urlsplit(text)
    if parts.scheme not in {"redis", "rediss", "unix"}:
        raise ValueError("must start with redis://, rediss:// or unix://")
    if parts.scheme == "unix":
        if not parts.path.strip("/"):
            raise ValueError("must name a socket: unix:///path/of/the/socket")
    elif not parts.hostname or not re.fullmatch(r"/?\d*", parts.path):
        raise ValueError("must name a host, and a database by its number: redis://host:6379/0")
    return text


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


_TEXT = Reader("text", _not_empty)
_REDIS_URL = Reader("redis://, rediss:// or unix://", _redis_url)
_ON_OR_OFF = Reader("on, off", _on_or_off)
_ISSUER = Reader("https:// address", _issuer)
_FILE = Reader("path of a file", _existing_file)
_FOLDER = Reader("path of a folder", _existing_folder)
_DSN = Reader("postgresql://role:password@host/database", _postgres_dsn)
_SECRET = Reader("32 bytes or more in base64", _secret_bytes)


def _separated(text: str) -> tuple[str, ...]:
    found = tuple(part.strip() for part in text.split(",") if part.strip())
    if not found:
        raise ValueError("must name at least one, with commas between")
    return found


def _networks(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    try:
        return tuple(ip_network(part) for part in _separated(text))
    except ValueError:
        raise ValueError("must be addresses or networks with commas between, as `10.0.0.0/24, ::1`") from None


def _file_or_address(text: str) -> Path | str:
    return key_address(text.strip()) if "://" in text else _existing_file(text)


def key_address(url: str) -> str:
    """The address if keys may be read there, or `ValueError`: what comes over plain HTTP may be anybody's."""
    parts = urlsplit(url)
    if parts.hostname and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _THIS_MACHINE)):
        return url
    raise ValueError("must be an address with https:// (http:// is for this machine only)")


_THIS_MACHINE = frozenset({"127.0.0.1", "::1", "localhost"})
_TEXTS = Reader("texts with commas between", _separated)
_NETWORKS = Reader("addresses or networks with commas between", _networks)
_KEYS = Reader("path of a file, or https:// address", _file_or_address)


def _audiences(text: str) -> tuple[Audience, ...]:
    names = _separated(text)
    if unknown := [name for name in names if name not in tuple(Audience)]:
        raise ValueError(f"must be audiences with commas between; `{unknown[0]}` is none of {', '.join(Audience)}")
    return tuple(map(Audience, names))


_AUDIENCES = Reader("audiences with commas between", _audiences)


class InTime(NamedTuple):
    """What an audience may have in so many seconds."""

    audience: Audience
    most: int
    seconds: int

    def __str__(self) -> str:
        return f"{self.audience}:{self.most}/{self.seconds}"


class AtOnce(NamedTuple):
    """What an audience may have at once."""

    audience: Audience
    most: int

    def __str__(self) -> str:
        return f"{self.audience}:{self.most}"


_COST = _integer(1, 1_000_000_000)
_WINDOW = _integer(1, 31_536_000)


def _for_audiences(text: str) -> Mapping[Audience, str]:
    """`citizen:x, partner:y` -> x and y for each."""
    found: dict[Audience, str] = {}
    for part in _separated(text):
        name, colon, value = part.partition(":")
        if name not in tuple(Audience) or not colon:
            raise ValueError(f"must be audiences with their numbers, as `citizen:1000`; they are {', '.join(Audience)}")
        if name in found:
            raise ValueError(f"must name `{name}` once")
        found[Audience(name)] = value
    return found


def _costs(text: str) -> tuple[AtOnce, ...]:
    """Who is not named keeps his own."""
    found = {audience: int(str(_COST.read(value))) for audience, value in _for_audiences(text).items()}
    return tuple(AtOnce(one.audience, found.get(one.audience, one.most)) for one in _MAX_COST)


def _in_time(text: str) -> tuple[InTime, ...]:
    found = []
    for audience, value in _for_audiences(text).items():
        most, slash, window = value.partition("/")
        if not slash:
            raise ValueError("must say in how many seconds, as `citizen:600/60`")
        found.append(InTime(audience, int(str(_COST.read(most))), int(str(_WINDOW.read(window)))))
    return tuple(found)


_MAX_COST = (
    AtOnce(Audience.CITIZEN, 20_000),
    AtOnce(Audience.OFFICER, 200_000),
    AtOnce(Audience.ANALYST, 500_000),
    AtOnce(Audience.PARTNER, 200_000),
    AtOnce(Audience.DEFENCE_OFFICER, 200_000),
    AtOnce(Audience.SECURITY_OFFICER, 200_000),
)
_COSTS = Reader("audience:number, with commas between", _costs)
_IN_TIME = Reader("audience:number/seconds, with commas between", _in_time)


class _Spec(NamedTuple):
    """What the declaration of a setting says beside its attribute and default."""

    group: Group
    reader: Reader
    says: str
    secret: bool


class _Family(NamedTuple):
    """Settings of one kind: the pattern of their names, and each name with what it is of."""

    pattern: str
    members: Mapping[str, object]
    spec: _Spec


def _setting(group: Group, reader: Reader, default: object, says: str, *, secret: bool = False) -> Any:
    return field(default=default, repr=not secret, metadata={"hub": _Spec(group, reader, says, secret)})


def _family(group: Group, pattern: str, reader: Reader, says: str, empty: Callable[[], object]) -> Any:
    """A family by the pattern of its names: `<SOURCE>` and `<UNIVERSE>` stand for each of them, in this order."""
    of: list[list[Any]] = []
    if "<SOURCE>" in pattern:
        of.append(list(SOURCES))
    if "<UNIVERSE>" in pattern:
        of.append(list(Universe))
    members = {}
    for one in product(*of):
        name = pattern
        for part in one:
            mark, word = ("<UNIVERSE>", part.name) if isinstance(part, Universe) else ("<SOURCE>", part.upper())
            name = name.replace(mark, word)
        members[name] = one if len(one) > 1 else one[0]
    spec = _Spec(group, reader, says, secret=True)
    return field(default_factory=empty, repr=False, metadata={"hub": _Family(pattern, members, spec)})


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

    dsns: SourceDsns = _family(
        READING,
        "HUB_DSN_<SOURCE>_<UNIVERSE>",
        _DSN,
        "where a source is read, with the login role of that universe: the same universes for all sources that are"
        " read here, `CIVILIAN` among them",
        lambda: SourceDsns({}),
    )
    pool_size: int = _setting(
        READING, _integer(1, 64, "connections"), 4, "connections of each source and universe, in each worker"
    )
    statement_timeout: float = _setting(READING, _seconds(0.01, 600), 5.0, "how long a statement may take")
    pseudonym_key: bytes | None = _setting(
        READING,
        _SECRET,
        None,
        "what pseudonyms and cursors are made with: the same in all replicas, or they differ",
        secret=True,
    )
    issuers: Path | None = _setting(
        ASKING, _FILE, None, "several issuers and client certificates, in place of the next two: a TOML file"
    )
    keys: Path | str | None = _setting(
        ASKING, _KEYS, None, "the key set (JWKS) of the one issuer of tokens, who may say everything"
    )
    issuer: str = _setting(ASKING, _TEXT, "", "the `iss` of its tokens")
    audience: str = _setting(ASKING, _TEXT, "hub", "the `aud` of tokens")
    assurance: tuple[str, ...] = _setting(
        ASKING, _TEXTS, ("vneid-2",), "the `acr` that are enough for a citizen: level 2 of VNeID (mức độ 2)"
    )
    leeway: float = _setting(ASKING, _seconds(0, 300), 30.0, "how far the clock of an issuer may be off")
    keys_refresh: float = _setting(
        ASKING, _seconds(1, 86_400), 300.0, "how often key sets are read again; for an unknown key at once"
    )
    keys_max_age: float = _setting(
        ASKING, _seconds(60, 2_592_000), 86_400.0, "how long a key set stands that cannot be read again"
    )
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = _setting(
        ASKING,
        _NETWORKS,
        (),
        "the proxies whose `Client-Cert` header (RFC 9440) is believed; from anywhere else it is refused",
    )
    policy: Path | None = _setting(POLICY, _FILE, None, "the policy table, in place of `schema/policy.toml`")
    agreements: Path | None = _setting(
        POLICY, _FOLDER, None, "the folder of the partners' agreements, in place of `schema/agreements`"
    )
    remotes: Path | None = _setting(
        REMOTE, _FOLDER, None, "the folder of the remote subgraphs, in place of `schema/remotes`"
    )
    assertion_key: Path | None = _setting(
        REMOTE, _FILE, None, "what remote subgraphs are told of a reader is signed with it: a PEM file, Ed25519"
    )
    assertion_keys: Path | None = _setting(
        REMOTE, _FILE, None, "for a subgraph: the key set (JWKS) of the hub whose assertions it takes"
    )
    assertion_issuer: str = _setting(REMOTE, _TEXT, "", "the `iss` of assertions: what the hub calls itself")
    host: str = _setting(LISTENING, _TEXT, "127.0.0.1", "the address to listen on")
    port: int = _setting(LISTENING, _integer(1, 65535), 8000, "the port to listen on")
    workers: int = _setting(LISTENING, _integer(1, 64, "processes"), 1, "how many processes answer on the one port")
    drain_notice: float = _setting(
        LISTENING,
        _seconds(0, 300),
        0.0,
        "after SIGTERM, how long the endpoint still takes requests while /health/ready says that it leaves; longer than"
        " a proxy needs to see it",
    )
    drain_timeout: float = _setting(
        LISTENING, _seconds(0, 600), 10.0, "how long after that requests under way may still take"
    )
    request_timeout: float = _setting(LIMITS, _seconds(0.01, 600), 10.0, "how long a request may take")
    max_body_bytes: int = _setting(LIMITS, _integer(1_000, 100_000_000, "bytes"), 1_000_000, "the largest body")
    compress_from_bytes: int = _setting(
        LIMITS,
        _integer(0, 100_000_000, "bytes"),
        8_192,
        "from which size an answer is compressed for who accepts that; 0 for never",
    )
    batch_requests: int = _setting(LIMITS, _integer(1, 100), 1, "how many requests may come in one list; 1: no lists")
    max_concurrent: int = _setting(LIMITS, _integer(1, 100_000), 256, "how many requests a process answers at once")
    max_waiting: int = _setting(LIMITS, _integer(0, 100_000), 512, "how many more wait; the next one is answered 503")
    max_wait: float = _setting(LIMITS, _seconds(0.001, 60), 1.0, "how long one waits before it is answered 503")
    rate: tuple[InTime, ...] = _setting(
        LIMITS, _IN_TIME, (), "how many requests a reader may send in a time; who is not named is not counted"
    )
    quota: tuple[InTime, ...] = _setting(
        LIMITS, _IN_TIME, (), "what the requests of a reader may cost in a time; who is not named is not counted"
    )
    max_cost: tuple[AtOnce, ...] = _setting(LIMITS, _COSTS, _MAX_COST, "what one request may cost")
    max_characters: int = _setting(DOCUMENTS, _integer(100, 1_000_000), 50_000, "characters")
    max_tokens: int = _setting(DOCUMENTS, _integer(10, 100_000), 2_000, "tokens: words, numbers, strings, signs")
    max_brackets: int = _setting(DOCUMENTS, _integer(5, 200), 80, "brackets in each other")
    max_aliases: int = _setting(DOCUMENTS, _integer(0, 100_000), 100, "aliases")
    max_directives: int = _setting(DOCUMENTS, _integer(0, 100_000), 100, "directives")
    max_spreads: int = _setting(DOCUMENTS, _integer(0, 100_000), 300, "uses of fragments")
    max_operations: int = _setting(DOCUMENTS, _integer(1, 1_000), 50, "operations")
    max_fragments: int = _setting(DOCUMENTS, _integer(0, 1_000), 100, "fragments")
    max_variables: int = _setting(DOCUMENTS, _integer(0, 1_000), 100, "variables")
    max_depth: int = _setting(DOCUMENTS, _integer(1, 100), 40, "fields in each other, fragments opened")
    max_roots: int = _setting(DOCUMENTS, _integer(1, 1_000), 30, "fields of the root of an operation")
    max_fields: int = _setting(DOCUMENTS, _integer(1, 100_000), 5_000, "fields, for every type that may stand there")
    operations: Path | None = _setting(
        STORED, _FILE, None, "the manifest of stored documents, in the form of Apollo, Relay or GraphQL Code Generator"
    )
    operations_only: tuple[Audience, ...] = _setting(
        STORED, _AUDIENCES, (), "the audiences that may run stored documents only"
    )
    persisted_queries: float = _setting(
        STORED,
        _seconds(0, 31_536_000),
        86_400.0,
        "how long a document is kept that came with its hash (automatic persisted queries); 0 for not at all",
    )
    warm_seconds: float = _setting(
        STORED, _seconds(0, 600), 10.0, "how long a start or a reload may take to plan stored documents"
    )
    redis_url: str | None = _setting(
        SHARING, _REDIS_URL, None, "what replicas share; without it this process is alone", secret=True
    )
    redis_timeout: float = _setting(SHARING, _seconds(0.001, 10), 0.05, "how long one answer of Redis may take")
    replicas: int = _setting(SHARING, _integer(1, 10_000), 1, "how many processes share it, workers counted one by one")
    pages: bool = _setting(PAGES, _ON_OR_OFF, True, "GraphiQL at /graphql, and the landing page at /; off for neither")
    sign_in_issuer: str = _setting(
        PAGES, _ISSUER, "", "the OpenID Connect issuer where people who open GraphiQL sign in, with PKCE"
    )
    sign_in_client: str = _setting(PAGES, _TEXT, "", "what the issuer calls this page: its client id")
    owner_dsns: Mapping[str, str] = _family(
        MIGRATING, "HUB_OWNER_DSN_<SOURCE>", _DSN, "who owns a source's database, and migrates it", dict
    )
    role_passwords: Mapping[Universe, str] = _family(
        MIGRATING,
        "HUB_ROLE_PASSWORD_<UNIVERSE>",
        _TEXT,
        "the password that a universe's login role is given; without it none is set",
        dict,
    )
    log_level: str = _setting(TELLING, _one_of("debug", "info", "warning", "error"), "info", "what is logged")
    access_log: str = _setting(
        TELLING, _one_of("off", "json"), "off", "`json`: a line of JSON on stdout for each request"
    )
    metrics_host: str = _setting(TELLING, _TEXT, "127.0.0.1", "where Prometheus finds /metrics: the address")
    metrics_port: int | None = _setting(
        TELLING, _integer(1, 65535), None, "the port of /metrics, which is never that of the graph; without it none"
    )
    traces: str = _setting(
        TELLING,
        _one_of("off", "otlp"),
        "off",
        "`otlp`: spans are sent by OTLP over HTTP; the standard OTEL_* variables say where to and how many",
    )


class _Declared(NamedTuple):
    """One variable that may be set: of which attribute, and of a family which member."""

    attribute: str
    spec: _Spec
    member: object = None


def _variables() -> Mapping[str, _Declared]:
    """Name of a variable -> what it sets."""
    found: dict[str, _Declared] = {}
    for one in fields(Settings):
        spec = one.metadata["hub"]
        if isinstance(spec, _Family):
            found |= {name: _Declared(one.name, spec.spec, member) for name, member in spec.members.items()}
        else:
            found[_variable(one.name)] = _Declared(one.name, spec)
    return found


def _variable(attribute: str) -> str:
    return f"HUB_{attribute.upper()}"


_KNOWN = _variables()


def declared() -> tuple[Setting, ...]:
    """Everything that can be set, in the order of its declaration; a family is one row."""
    found = []
    for one in fields(Settings):
        what = one.metadata["hub"]
        name, spec = (what.pattern, what.spec) if isinstance(what, _Family) else (_variable(one.name), what)
        default = "" if isinstance(what, _Family) or one.default is None else _written(one.default)
        found.append(Setting(name, spec.group, spec.reader.shape, default, spec.says, spec.secret))
    return tuple(found)


def _written(value: object) -> str:
    """A value as it would stand in the environment."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def read_settings(environment: Mapping[str, str], sources: tuple[str, ...] = SOURCES) -> Settings:
    """Every `HUB_*` variable, checked one by one. What a command needs beyond that, it asks for with `require_*`.

    sources  those that are served together, and so must be readable in the same universes
    """
    problems: list[str] = []
    plain: dict[str, object] = {}
    families: dict[str, dict[Any, Any]] = {}
    for name, text in sorted(environment.items()):
        if not name.startswith("HUB_"):
            continue
        stem = name.removesuffix(_OF_FILE)
        in_file = stem != name and stem in _KNOWN and _KNOWN[stem].spec.secret
        one = _KNOWN.get(stem if in_file else name)
        if one is None:
            near = difflib.get_close_matches(name, _KNOWN, n=1)
            problems.append(f"`{name}` is not a setting" + (f": did you mean `{near[0]}`?" if near else ""))
            continue
        if in_file and stem in environment:
            problems.append(f"`{name}` and `{stem}` are both set: set one of them")
            continue
        try:
            value = one.spec.reader.read(_content(text) if in_file else text)
        except ValueError as wrong:
            # Of a secret only the name of the variable is shown.
            problems.append(f"`{name}` {wrong}" if one.spec.secret else f"`{name}` {wrong}, not `{text}`")
            continue
        if one.member is None:
            plain[one.attribute] = value
        else:
            families.setdefault(one.attribute, {})[one.member] = value

    given = families.pop("dsns", {})
    dsns = {
        source: {universe: given[source, universe] for universe in Universe if (source, universe) in given}
        for source in sources
        if any(of == source for of, _ in given)
    }
    if "operations_only" in plain and "operations" not in plain:
        problems.append("`HUB_OPERATIONS` is missing: those of `HUB_OPERATIONS_ONLY` could run nothing without it")
    problems += _gaps(dsns, sources)
    if problems:
        raise SettingsWrong("\n".join(problems))
    return Settings(dsns=SourceDsns(dsns), **plain, **families)  # type: ignore[arg-type]


def _content(path: str) -> str:
    """What stands in the file of a secret, without the line's end that editors add."""
    try:
        return Path(path).read_text(encoding="utf-8").rstrip("\r\n")
    except OSError as error:
        raise ValueError(f"names a file that cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ValueError("names a file that is not text in UTF-8") from None


def _gaps(dsns: Mapping[str, Mapping[Universe, str]], sources: tuple[str, ...]) -> Iterator[str]:
    """A universe is readable in all of the sources or in none: half a universe would answer with half the truth."""
    wanted = {universe for by_universe in dsns.values() for universe in by_universe}
    if wanted:
        wanted.add(Universe.CIVILIAN)
    for source in sources if wanted else ():
        for universe in Universe:
            if universe in wanted and universe not in dsns.get(source, {}):
                yield f"`HUB_DSN_{source.upper()}_{universe.name}` is missing"


def require_serving(settings: Settings, sources: tuple[str, ...] = SOURCES) -> None:
    """What the server cannot start without: somewhere to read, a key set, an issuer."""
    problems = list(_no_dsn(settings, sources))
    problems += _nobody(settings)
    if bool(settings.sign_in_issuer) is not bool(settings.sign_in_client):
        lacking = "HUB_SIGN_IN_CLIENT" if settings.sign_in_issuer else "HUB_SIGN_IN_ISSUER"
        problems.append(f"`{lacking}` is missing: signing in needs the issuer and the client id")
    if problems:
        raise SettingsWrong("\n".join(problems))


def _nobody(settings: Settings) -> Iterator[str]:
    """What is missing to know one issuer at least, and which."""
    if settings.issuers is not None:
        if settings.keys is not None or settings.issuer:
            yield "`HUB_ISSUERS` names every issuer: `HUB_KEYS` and `HUB_ISSUER` do not go with it"
        return
    if settings.keys is None:
        yield "`HUB_KEYS` is missing: the key set (JWKS) that signs the viewers' tokens, a file or an address"
    if not settings.issuer:
        yield "`HUB_ISSUER` is missing: the `iss` of the viewers' tokens"


def require_subgraph(settings: Settings, source: str) -> None:
    """What a subgraph cannot start without: somewhere to read, and a hub or readers to trust."""
    problems = list(_no_dsn(settings, (source,)))
    if settings.keys is None and settings.issuers is None and settings.assertion_keys is None:
        problems.append(
            "`HUB_ASSERTION_KEYS` and `HUB_KEYS` are missing: the key set (JWKS) of the hub that asks, or of the"
            " issuer of readers' tokens; without one of them nobody could ask"
        )
    if settings.assertion_keys is not None and not settings.assertion_issuer:
        problems.append("`HUB_ASSERTION_ISSUER` is missing: the `iss` of the hub's assertions")
    if settings.keys is not None or settings.issuers is not None:
        problems += _nobody(settings)
    if problems:
        raise SettingsWrong("\n".join(problems))


def _no_dsn(settings: Settings, sources: tuple[str, ...]) -> Iterator[str]:
    if not settings.dsns.by_source:
        yield from (f"`HUB_DSN_{source.upper()}_CIVILIAN` is missing" for source in sources)


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
                f"`HUB_OWNER_DSN_{source.upper()}` is missing: the address of the `{source}` database, with the role"
                " that owns it"
                for source in missing
            )
        )
