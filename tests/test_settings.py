"""`hub.settings`: everything wrong is said at once, and nothing secret with it."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from hub.errors import SettingsWrong
from hub.model.viewer import Audience, Universe
from hub.settings import SOURCES, Settings, read_settings, require_owners, require_serving


def dsns(*universes: Universe) -> dict[str, str]:
    return {
        f"HUB_DSN_{source.upper()}_{universe.name}": f"postgresql://hub_{universe}:sesame@db/{source}"
        for source in SOURCES
        for universe in universes
    }


def test_an_empty_environment_gives_the_defaults() -> None:
    assert read_settings({"PATH": "/bin"}) == Settings()


def test_every_variable_is_read(tmp_path: Path) -> None:
    keys = tmp_path / "keys.json"
    keys.touch()
    settings = read_settings(
        dsns(Universe.CIVILIAN, Universe.ALL)
        | {
            "HUB_KEYS": str(keys),
            "HUB_ISSUER": "https://issuer.example",
            "HUB_AUDIENCE": "book",
            "HUB_PSEUDONYM_KEY": base64.b64encode(bytes(range(40))).decode() + "\n",
            "HUB_ASSERTION_KEY": str(keys),
            "HUB_ASSERTION_KEYS": str(keys),
            "HUB_ASSERTION_ISSUER": "hub.example",
            "HUB_REDIS_URL": "rediss://hub:sesame@cache:6380/2",
            "HUB_REDIS_TIMEOUT": "0.1",
            "HUB_REPLICAS": "6",
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
            "HUB_LOG_LEVEL": "debug",
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
    assert (settings.operations, settings.operations_only) == (keys, frozenset({Audience.CITIZEN, Audience.PARTNER}))
    assert (settings.persisted_queries, settings.warm_seconds) == (0.0, 2.5)
    assert settings.log_level == "debug"
    assert settings.redis_url == "rediss://hub:sesame@cache:6380/2"
    assert (settings.redis_timeout, settings.replicas) == (0.1, 6)
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
        ("HUB_OPERATIONS_ONLY", "citizen,clerk", "`HUB_OPERATIONS_ONLY` must be audiences with `,` between them"),
        ("HUB_OPERATIONS_ONLY", "", "`HUB_OPERATIONS_ONLY` must be audiences"),
        ("HUB_OPERATIONS_ONLY", "citizen", "`HUB_OPERATIONS` is missing"),
        ("HUB_PERSISTED_QUERIES", "-1", "`HUB_PERSISTED_QUERIES` must be a number of seconds from 0 to"),
        ("HUB_POOL_SIZE", "-1", "`HUB_POOL_SIZE` must be a whole number from 1 to 64"),
        ("HUB_REQUEST_TIMEOUT", "nan", "`HUB_REQUEST_TIMEOUT` must be a number of seconds"),
        ("HUB_STATEMENT_TIMEOUT", "0", "`HUB_STATEMENT_TIMEOUT` must be a number of seconds"),
        ("HUB_ISSUER", " ", "`HUB_ISSUER` must not be empty"),
        ("HUB_KEYS", "/nowhere/keys.json", "`HUB_KEYS` must be the path of a file that exists"),
        ("HUB_ASSERTION_KEY", "/nowhere/key.pem", "`HUB_ASSERTION_KEY` must be the path of a file that exists"),
        ("HUB_LOG_LEVEL", "loud", "`HUB_LOG_LEVEL` must be one of debug, info, warning, error, not `loud`"),
        ("HUB_PSEUDONYM_KEY", "c2VzYW1l", "`HUB_PSEUDONYM_KEY` must be 32 random bytes or more in base64"),
        ("HUB_PSEUDONYM_KEY", "sesame" * 4, "`HUB_PSEUDONYM_KEY` must be 32 random bytes or more"),
        ("HUB_PSEUDONYM_KEY", "not base64!" * 5, "`HUB_PSEUDONYM_KEY` must be 32 random bytes or more"),
        ("HUB_REDIS_URL", "http://cache", "`HUB_REDIS_URL` must start with redis://, rediss:// or unix://"),
        ("HUB_REDIS_URL", "redis://", "`HUB_REDIS_URL` must name a host, and a database by its number"),
        ("HUB_REDIS_URL", "redis://cache/first", "`HUB_REDIS_URL` must name a host, and a database by its number"),
        ("HUB_REDIS_URL", "unix://", "`HUB_REDIS_URL` must name a socket"),
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


def test_migrating_needs_an_owner_for_every_source() -> None:
    with pytest.raises(SettingsWrong, match="`HUB_OWNER_DSN_INSURANCE` is missing"):
        require_owners(read_settings({"HUB_OWNER_DSN_POPULATION": "postgresql://o@db/population"}))
    require_owners(read_settings({"HUB_OWNER_DSN_POPULATION": "postgresql://o@db/population"}), ("population",))
