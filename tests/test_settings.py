"""`hub.settings`: everything wrong is said at once, and nothing secret with it."""

from __future__ import annotations

import base64
import os
import re
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import pytest
from click.testing import CliRunner

from hub.cli import main
from hub.engine import document_limits
from hub.errors import SettingsWrong
from hub.model.limits import Limits
from hub.model.viewer import Audience, Universe
from hub.settings import SOURCES, Settings, declared, read_settings, require_owners, require_serving

ROOT = Path(__file__).resolve().parents[1]
ACCEPT = os.environ.get("ACCEPT_CHANGES") == "1" and not os.environ.get("CI")


def dsns(*universes: Universe) -> dict[str, str]:
    return {
        f"HUB_DSN_{source.upper()}_{universe.name}": f"postgresql://hub_{universe}:sesame@db/{source}"
        for source in SOURCES
        for universe in universes
    }


def test_an_empty_environment_gives_the_defaults() -> None:
    assert read_settings({"PATH": "/bin"}) == Settings()
    assert document_limits(Settings()) == Limits()
    assert document_limits(Settings()) == Limits()


def test_every_variable_is_read(tmp_path: Path) -> None:
    keys = tmp_path / "keys.json"
    keys.touch()
    settings = read_settings(
        dsns(Universe.CIVILIAN, Universe.ALL)
        | {
            "HUB_KEYS": str(keys),
            "HUB_ISSUER": "https://issuer.example",
            "HUB_AUDIENCE": "book",
            "HUB_ASSURANCE": "vneid-2, vneid-3",
            "HUB_LEEWAY": "5",
            "HUB_KEYS_REFRESH": "60",
            "HUB_KEYS_MAX_AGE": "3600",
            "HUB_TRUSTED_PROXIES": "10.0.0.0/24, ::1",
            "HUB_PSEUDONYM_KEY": base64.b64encode(bytes(range(40))).decode() + "\n",
            "HUB_ASSERTION_KEY": str(keys),
            "HUB_ASSERTION_KEYS": str(keys),
            "HUB_ASSERTION_ISSUER": "hub.example",
            "HUB_REDIS_URL": "rediss://hub:sesame@cache:6380/2",
            "HUB_REDIS_TIMEOUT": "0.1",
            "HUB_REPLICAS": "6",
            "HUB_MAX_TOKENS": "500",
            "HUB_HOST": "::1",
            "HUB_PORT": "9000",
            "HUB_POOL_SIZE": "8",
            "HUB_STATEMENT_TIMEOUT": "1.5",
            "HUB_REQUEST_TIMEOUT": "3",
            "HUB_MAX_BODY_BYTES": "5000",
            "HUB_COMPRESS_FROM_BYTES": "0",
            "HUB_BATCH_REQUESTS": "10",
            "HUB_OPERATIONS": str(keys),
            "HUB_OPERATIONS_ONLY": "citizen, partner",
            "HUB_PERSISTED_QUERIES": "0",
            "HUB_WARM_SECONDS": "2.5",
            "HUB_RATE": "citizen:600/60, partner:9/1",
            "HUB_QUOTA": "analyst:1000000/86400",
            "HUB_MAX_COST": "citizen:7",
            "HUB_LOG_LEVEL": "debug",
            "HUB_ACCESS_LOG": "json",
            "HUB_METRICS_HOST": "::1",
            "HUB_METRICS_PORT": "9464",
            "HUB_TRACES": "otlp",
            "HUB_REMOTES": str(tmp_path),
            "HUB_OWNER_DSN_HOUSEHOLD": "postgres://owner@db/household",
            "HUB_ROLE_PASSWORD_PUBLIC_SECURITY": "sesame",
        }
    )
    assert settings.dsns.sources == SOURCES
    assert settings.dsns.universes == (Universe.CIVILIAN, Universe.ALL)
    assert settings.dsns.dsn("employer", Universe.ALL) == "postgresql://hub_all:sesame@db/employer"
    assert (settings.keys, settings.issuer, settings.audience) == (keys, "https://issuer.example", "book")
    assert (settings.host, settings.port, settings.pool_size) == ("::1", 9000, 8)
    assert (settings.statement_timeout, settings.request_timeout, settings.max_body_bytes) == (1.5, 3.0, 5000)
    assert (settings.compress_from_bytes, settings.batch_requests) == (0, 10)
    assert (settings.operations, settings.operations_only) == (keys, (Audience.CITIZEN, Audience.PARTNER))
    assert (settings.persisted_queries, settings.warm_seconds) == (0.0, 2.5)
    assert settings.log_level == "debug"
    assert document_limits(settings) == replace(Limits(), tokens=500)
    assert settings.rate == ((Audience.CITIZEN, 600, 60), (Audience.PARTNER, 9, 1))
    assert dict(settings.max_cost)[Audience.CITIZEN] == 7
    assert dict(settings.max_cost)[Audience.OFFICER] == 200_000
    assert (settings.access_log, settings.traces) == ("json", "otlp")
    assert (settings.metrics_host, settings.metrics_port) == ("::1", 9464)
    assert settings.redis_url == "rediss://hub:sesame@cache:6380/2"
    assert (settings.redis_timeout, settings.replicas) == (0.1, 6)
    assert settings.assurance == ("vneid-2", "vneid-3")
    assert (settings.leeway, settings.keys_refresh, settings.keys_max_age) == (5.0, 60.0, 3600.0)
    assert settings.trusted_proxies == (ip_network("10.0.0.0/24"), ip_network("::1/128"))
    assert settings.remotes == tmp_path
    assert settings.pseudonym_key == bytes(range(40))
    assert (settings.assertion_key, settings.assertion_keys) == (keys, keys)
    assert settings.assertion_issuer == "hub.example"
    assert settings.owner_dsns == {"household": "postgres://owner@db/household"}
    assert settings.role_passwords == {Universe.PUBLIC_SECURITY: "sesame"}
    require_serving(settings)


def test_an_instance_with_the_civilian_addresses_alone_is_legal() -> None:
    assert read_settings(dsns(Universe.CIVILIAN)).dsns.universes == (Universe.CIVILIAN,)


@pytest.mark.parametrize(
    "name, value, message",
    [
        ("HUB_PORTT", "1", "`HUB_PORTT` is not a setting: did you mean `HUB_PORT`?"),
        ("HUB_DSN_POPULATON_CIVILIAN", "x", "did you mean `HUB_DSN_POPULATION_CIVILIAN`?"),
        ("HUB_PORT", "eighty", "`HUB_PORT` must be a whole number from 1 to 65535, not `eighty`"),
        ("HUB_PORT", "0", "`HUB_PORT` must be a whole number from 1 to 65535, not `0`"),
        ("HUB_BATCH_REQUESTS", "0", "`HUB_BATCH_REQUESTS` must be a whole number from 1 to 100, not `0`"),
        ("HUB_COMPRESS_FROM_BYTES", "-1", "`HUB_COMPRESS_FROM_BYTES` must be a whole number from 0 to 100000000"),
        ("HUB_OPERATIONS", "/nowhere/manifest.json", "`HUB_OPERATIONS` must be the path of a file that exists"),
        ("HUB_OPERATIONS_ONLY", "citizen,clerk", "`HUB_OPERATIONS_ONLY` must be audiences with commas between"),
        ("HUB_OPERATIONS_ONLY", "", "`HUB_OPERATIONS_ONLY` must name at least one"),
        ("HUB_OPERATIONS_ONLY", "citizen", "`HUB_OPERATIONS` is missing"),
        ("HUB_PERSISTED_QUERIES", "-1", "`HUB_PERSISTED_QUERIES` must be a number of seconds from 0 to"),
        ("HUB_POOL_SIZE", "-1", "`HUB_POOL_SIZE` must be a whole number from 1 to 64"),
        ("HUB_REQUEST_TIMEOUT", "nan", "`HUB_REQUEST_TIMEOUT` must be a number of seconds"),
        ("HUB_STATEMENT_TIMEOUT", "0", "`HUB_STATEMENT_TIMEOUT` must be a number of seconds"),
        ("HUB_ISSUER", " ", "`HUB_ISSUER` must not be empty"),
        ("HUB_KEYS", "/nowhere/keys.json", "`HUB_KEYS` must be the path of a file that exists"),
        ("HUB_KEYS", "http://vneid.example/jwks", "`HUB_KEYS` must be an address with https://"),
        ("HUB_KEYS", "ftp://vneid.example/jwks", "`HUB_KEYS` must be an address with https://"),
        ("HUB_ISSUERS", "/nowhere/issuers.toml", "`HUB_ISSUERS` must be the path of a file that exists"),
        ("HUB_TRUSTED_PROXIES", "10.0.0.1/24", "must be addresses or networks with commas between"),
        ("HUB_TRUSTED_PROXIES", "proxy", "must be addresses or networks with commas between"),
        ("HUB_TRUSTED_PROXIES", ",", "must be addresses or networks with commas between"),
        ("HUB_ASSURANCE", " , ", "`HUB_ASSURANCE` must name at least one"),
        ("HUB_LEEWAY", "3600", "`HUB_LEEWAY` must be a number of seconds from 0 to 300"),
        ("HUB_ASSERTION_KEY", "/nowhere/key.pem", "`HUB_ASSERTION_KEY` must be the path of a file that exists"),
        ("HUB_LOG_LEVEL", "loud", "`HUB_LOG_LEVEL` must be one of debug, info, warning, error, not `loud`"),
        ("HUB_PSEUDONYM_KEY", "c2VzYW1l", "`HUB_PSEUDONYM_KEY` must be 32 random bytes or more in base64"),
        ("HUB_PSEUDONYM_KEY", "sesame" * 4, "`HUB_PSEUDONYM_KEY` must be 32 random bytes or more"),
        ("HUB_PSEUDONYM_KEY", "not base64!" * 5, "`HUB_PSEUDONYM_KEY` must be 32 random bytes or more"),
        ("HUB_REDIS_URL", "http://cache", "`HUB_REDIS_URL` must start with redis://, rediss:// or unix://"),
        ("HUB_REDIS_URL", "redis://", "`HUB_REDIS_URL` must name a host, and a database by its number"),
        ("HUB_REDIS_URL", "redis://cache/first", "`HUB_REDIS_URL` must name a host, and a database by its number"),
        ("HUB_REDIS_URL", "unix://", "`HUB_REDIS_URL` must name a socket"),
        ("HUB_RATE", "citizen:600", "`HUB_RATE` must say in how many seconds, as `citizen:600/60`"),
        ("HUB_RATE", "nobody:6/6", "`HUB_RATE` must be audiences with their numbers, as `citizen:1000`"),
        ("HUB_QUOTA", "citizen:6/6,citizen:7/7", "`HUB_QUOTA` must name `citizen` once"),
        ("HUB_MAX_COST", "citizen:dear", "`HUB_MAX_COST` must be a whole number from 1 to 1000000000"),
        ("HUB_MAX_ALIASES", "many", "`HUB_MAX_ALIASES` must be a whole number from 0 to 100000, not `many`"),
        ("HUB_OWNER_DSN_EMPLOYER", "mysql://x/y", "`HUB_OWNER_DSN_EMPLOYER` must start with postgresql://"),
        ("HUB_OWNER_DSN_EMPLOYER", "postgresql://x", "`HUB_OWNER_DSN_EMPLOYER` must name a database"),
    ],
)
def test_a_wrong_variable_stops_the_start(name: str, value: str, message: str) -> None:
    with pytest.raises(SettingsWrong) as caught:
        read_settings({name: value})
    assert message in str(caught.value)


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(SettingsWrong) as caught:
        read_settings({"HUB_PORT": "x", "HUB_POOL_SIZE": "x", "HUB_NOTHING": "x"})
    assert len(str(caught.value).splitlines()) == 3


def test_no_secret_is_told() -> None:
    with pytest.raises(SettingsWrong) as caught:
        read_settings(
            {"HUB_OWNER_DSN_EMPLOYER": "owner:sesame@db", "HUB_ROLE_PASSWORD_ALL": "", "HUB_PSEUDONYM_KEY": "sesame"}
            | {"HUB_REDIS_URL": "http://hub:sesame@cache"}
        )
    assert "sesame" not in str(caught.value)
    assert "sesame" not in repr(read_settings({"HUB_PSEUDONYM_KEY": base64.b64encode(b"sesame" * 9).decode()}))
    assert "sesame" not in repr(read_settings({"HUB_REDIS_URL": "redis://hub:sesame@cache"}))
    assert "sesame" not in repr(read_settings({"HUB_ROLE_PASSWORD_ALL": "sesame"}))


def test_a_universe_is_readable_everywhere_or_nowhere() -> None:
    given = dsns(Universe.CIVILIAN, Universe.DEFENCE)
    del given["HUB_DSN_HOUSEHOLD_DEFENCE"]
    with pytest.raises(SettingsWrong, match=r"^`HUB_DSN_HOUSEHOLD_DEFENCE` is missing$"):
        read_settings(given)
    with pytest.raises(SettingsWrong, match="`HUB_DSN_EMPLOYER_CIVILIAN` is missing"):
        read_settings(dsns(Universe.DEFENCE))


def test_serving_needs_somewhere_to_read_a_key_set_and_an_issuer() -> None:
    with pytest.raises(SettingsWrong) as caught:
        require_serving(read_settings({}))
    for name in ("HUB_DSN_POPULATION_CIVILIAN", "HUB_KEYS", "HUB_ISSUER"):
        assert f"`{name}` is missing" in str(caught.value)


def test_several_issuers_stand_in_a_file_and_one_in_the_settings(tmp_path: Path) -> None:
    issuers = tmp_path / "issuers.toml"
    issuers.touch()
    given = dsns(Universe.CIVILIAN) | {"HUB_ISSUERS": str(issuers)}
    require_serving(read_settings(given))
    for one in ("HUB_ISSUER", "HUB_KEYS"):
        with pytest.raises(SettingsWrong, match="`HUB_KEYS` and `HUB_ISSUER` do not go with it"):
            require_serving(read_settings(given | {one: "https://vneid.example/jwks"}))
    require_serving(
        read_settings(dsns(Universe.CIVILIAN) | {"HUB_ISSUER": "x", "HUB_KEYS": "https://vneid.example/jwks"})
    )


def test_migrating_needs_an_owner_for_every_source() -> None:
    with pytest.raises(SettingsWrong, match="`HUB_OWNER_DSN_INSURANCE` is missing"):
        require_owners(read_settings({"HUB_OWNER_DSN_POPULATION": "postgresql://o@db/population"}))
    require_owners(read_settings({"HUB_OWNER_DSN_POPULATION": "postgresql://o@db/population"}), ("population",))


# --- secrets in files -----------------------------------------------------------------------------------------------


def test_a_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    key, dsn, password = tmp_path / "key", tmp_path / "dsn", tmp_path / "password"
    key.write_text(base64.b64encode(bytes(range(32))).decode() + "\n")
    dsn.write_text("postgresql://owner:sesame@db/household\n")
    password.write_text("open sesame\r\n")
    settings = read_settings(
        {
            "HUB_PSEUDONYM_KEY_FILE": str(key),
            "HUB_OWNER_DSN_HOUSEHOLD_FILE": str(dsn),
            "HUB_ROLE_PASSWORD_ALL_FILE": str(password),
        }
    )
    assert settings.pseudonym_key == bytes(range(32))
    assert settings.owner_dsns == {"household": "postgresql://owner:sesame@db/household"}
    assert settings.role_passwords == {Universe.ALL: "open sesame"}


def test_what_is_no_secret_has_no_file() -> None:
    with pytest.raises(SettingsWrong, match="`HUB_PORT_FILE` is not a setting: did you mean `HUB_PORT`"):
        read_settings({"HUB_PORT_FILE": "/run/secrets/port"})


def test_the_file_of_a_secret_must_be_readable_text_and_the_only_one(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_bytes(b"\xff\xfe sesame")
    short = tmp_path / "short"
    short.write_text("sesame")
    for environment, message in (
        ({"HUB_PSEUDONYM_KEY_FILE": str(tmp_path / "none")}, "`HUB_PSEUDONYM_KEY_FILE` names a file that cannot be"),
        ({"HUB_PSEUDONYM_KEY_FILE": str(tmp_path)}, "names a file that cannot be read: Is a directory"),
        ({"HUB_PSEUDONYM_KEY_FILE": str(wrong)}, "names a file that is not text in UTF-8"),
        ({"HUB_PSEUDONYM_KEY_FILE": str(short)}, "`HUB_PSEUDONYM_KEY_FILE` must be 32 random bytes or more"),
        (
            {"HUB_ROLE_PASSWORD_ALL": "a", "HUB_ROLE_PASSWORD_ALL_FILE": str(short)},
            "`HUB_ROLE_PASSWORD_ALL_FILE` and `HUB_ROLE_PASSWORD_ALL` are both set: set one of them",
        ),
    ):
        with pytest.raises(SettingsWrong) as caught:
            read_settings(environment)
        assert message in str(caught.value)
        assert "sesame" not in str(caught.value)


# --- the table ------------------------------------------------------------------------------------------------------

TABLE = re.compile(r"(<!-- settings -->\n).*?(\n<!-- /settings -->)", flags=re.DOTALL)


def printed(*options: str) -> str:
    done = CliRunner().invoke(main, ["settings", *options], catch_exceptions=False)
    assert done.exit_code == 0
    return done.output


def test_every_setting_is_declared_once_and_says_what_it_is_for() -> None:
    rows = declared()
    assert len({row.name for row in rows}) == len(rows)
    for row in rows:
        assert row.says, row
        assert row.shape, row
        assert not row.says.endswith("."), row


def test_a_default_can_be_written_into_the_environment() -> None:
    given = {row.name: row.default for row in declared() if row.default}
    assert read_settings(given) == Settings()


def test_settings_are_printed_for_a_terminal() -> None:
    text = printed()
    for row in declared():
        assert row.name in text


def test_the_table_in_the_readme_is_what_the_code_declares() -> None:
    table = printed("--format", "markdown").strip()
    page = ROOT / "README.md"
    if ACCEPT:
        text = page.read_text(encoding="utf-8")
        page.write_text(TABLE.sub(lambda found: found[1] + table + found[2], text), encoding="utf-8")
    whole = TABLE.search(page.read_text(encoding="utf-8"))
    assert whole is not None
    assert whole[0].removeprefix(whole[1]).removesuffix(whole[2]) == table
