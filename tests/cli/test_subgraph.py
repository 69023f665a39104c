"""`hub subgraph`: a source by itself, as its user starts it, asked over HTTP by a hub, by readers and by nobody."""

from __future__ import annotations

import base64
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hub.assertion import Signer, public_key_set
from hub.demo.country.sample import Sample
from hub.demo.start import Demo
from hub.demo.tokens import AUDIENCE, ISSUER
from hub.model.viewer import Audience, Profile, Standing, Universe
from hub.settings import SOURCES, SourceDsns
from tests.conftest import MakeToken

HUB = [sys.executable, "-c", "from hub.cli import main; main(prog_name='hub')"]
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}
KEY = Ed25519PrivateKey.generate()
OFFICER = Profile(Audience.OFFICER)
BOOK = """
query ($r: [_Any!]!) { _entities(representations: $r) { ... on Person { insuranceBook { bookCode } } } }
"""


def hub(*arguments: str | Path, **given: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*HUB, *map(str, arguments)], env=CLEAN | given, capture_output=True, text=True, timeout=60, check=False
    )


def pem(key: Ed25519PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The key set that the command prints of a hub's private key."""
    folder = tmp_path_factory.mktemp("keys")
    (folder / "hub.pem").write_bytes(pem(KEY))
    done = hub("subgraph", "insurance", "--keys-of", folder / "hub.pem")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == public_key_set(KEY)
    (folder / "keys.json").write_text(done.stdout)
    return folder / "keys.json"


@pytest.fixture(scope="module")
def given(demo: Demo, dsns: SourceDsns, keys: Path) -> Mapping[str, str]:
    """What the environment says: the addresses of this source and of no other."""
    addresses = {f"HUB_DSN_INSURANCE_{universe.name}": dsn for source, universe, dsn in dsns if source == "insurance"}
    return addresses | {
        "HUB_ASSERTION_KEYS": str(keys),
        "HUB_ASSERTION_ISSUER": "the-hub",
        "HUB_KEYS": str(demo.folder.keys),
        "HUB_ISSUER": ISSUER,
        "HUB_AUDIENCE": AUDIENCE,
        "HUB_PSEUDONYM_KEY": base64.b64encode(bytes(range(32))).decode(),
    }


def serving(given: Mapping[str, str]) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = int(listener.getsockname()[1])
    process = subprocess.Popen(
        [*HUB, "subgraph", "insurance", "--port", str(port)], env=CLEAN | dict(given), stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    assert process.stderr.readline() == f"serving insurance at http://127.0.0.1:{port}/graphql\n"
    yield f"http://127.0.0.1:{port}"
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (0, "")


@pytest.fixture(scope="module")
def address(given: Mapping[str, str]) -> Iterator[str]:
    yield from serving(given)


@pytest.fixture(scope="module")
def hubs_only(given: Mapping[str, str]) -> Iterator[str]:
    """The same for hubs alone, and for civilian records alone."""
    left_out = ("HUB_KEYS", "HUB_ISSUER", "HUB_AUDIENCE")
    others = tuple(f"HUB_DSN_INSURANCE_{universe.name}" for universe in Universe if universe is not Universe.CIVILIAN)
    yield from serving({name: value for name, value in given.items() if name not in (*left_out, *others)})


def assertion(
    profile: Profile = OFFICER,
    standing: Standing = Standing.OFFICIAL,
    *,
    key: Ed25519PrivateKey = KEY,
    issuer: str = "the-hub",
    source: str = "insurance",
    at: float | None = None,
) -> str:
    clock = time.time if at is None else lambda: at
    return Signer(key, issuer, clock).sign(source, profile, standing)


def ask(address: str, token: str | None, document: str, **variables: Any) -> httpx.Response:
    headers = {"authorization": f"Bearer {token}"} if token is not None else {}
    return httpx.post(f"{address}/graphql", json={"query": document, "variables": variables}, headers=headers)


def person(number: str) -> dict[str, str]:
    return {"__typename": "Person", "personalId": number}


# --- who may ask ----------------------------------------------------------------------------------------------------


def test_it_is_alive_and_ready_for_everybody(address: str) -> None:
    assert httpx.get(f"{address}/health").json() == {"status": "ok"}
    ready = {"status": "ready", "sources": {"insurance": True}, "issuers": {"issuer": True}}
    assert httpx.get(f"{address}/health/ready").json() == ready


def test_a_hub_gets_what_its_reader_may_see(address: str, sample: Sample) -> None:
    found = ask(address, assertion(), BOOK, r=[person(sample.citizen), person("001190999999")]).json()
    (one, other) = found["data"]["_entities"]
    assert one["insuranceBook"]["bookCode"]
    assert other == {"insuranceBook": None}
    own = assertion(Profile(Audience.CITIZEN), Standing.SELF)
    assert ask(address, own, BOOK, r=[person(sample.citizen)]).json() == {"data": {"_entities": [one]}}


def test_the_clearance_that_a_hub_asserts_is_the_universe_it_reads_in(address: str, sample: Sample) -> None:
    document = BOOK.replace("bookCode", "status")
    asked = [person(sample.soldier)]
    civilian = ask(address, assertion(), document, r=asked).json()
    cleared = ask(address, assertion(Profile(Audience.OFFICER, others=Universe.DEFENCE)), document, r=asked).json()
    assert civilian["data"]["_entities"][0]["insuranceBook"] is None
    assert cleared["data"]["_entities"][0]["insuranceBook"] is not None


def test_a_reader_comes_with_his_own_token(address: str, make_token: MakeToken, sample: Sample) -> None:
    asked = [person(sample.citizen)]
    official = ask(address, make_token("officer"), BOOK, r=asked)
    assert official.json() == ask(address, assertion(), BOOK, r=asked).json()
    citizen = ask(address, make_token("citizen"), BOOK, r=asked).json()
    assert {error["extensions"]["code"] for error in citizen["errors"]} == {"GRAPHQL_VALIDATION_FAILED"}
    assert "data" not in citizen


@pytest.mark.parametrize(
    "token, said",
    [
        (lambda: None, "a token is needed: send `Authorization: Bearer <token>`"),
        (lambda: "nonsense", "the token is malformed"),
        (lambda: assertion(source="population"), "the token was issued for another endpoint"),
        (lambda: assertion(issuer="another-hub"), "the token comes from an issuer that this endpoint does not accept"),
        (lambda: assertion(at=time.time() - 600), "the token has expired: ask its issuer for a new one"),
        (
            lambda: assertion(key=Ed25519PrivateKey.generate()),
            "the token is not signed with a key that this endpoint knows",
        ),
        (
            lambda: assertion(Profile(Audience.PARTNER, agreement="nobodys")),
            "the token's `agreement` is none that this endpoint knows",
        ),
        (
            lambda: assertion(OFFICER, Standing.SELF),
            "the token's `hub_standing` does not go with its `hub_audience` `officer`",
        ),
    ],
)
def test_everybody_else_is_refused(address: str, token: Callable[[], str | None], said: str) -> None:
    """Made when it is sent: an assertion lives for a minute, and a run is longer."""
    response = ask(address, token(), "{ _service { sdl } }")
    assert response.status_code == 401
    assert response.json() == {"errors": [{"message": said, "extensions": {"code": "UNAUTHENTICATED"}}]}


def test_no_kind_of_token_passes_for_the_other(address: str, make_token: MakeToken) -> None:
    """An assertion without its type is a token of no known issuer, and a token of a reader with it no assertion."""
    good = assertion()
    claims = jwt.decode(good, options={"verify_signature": False})
    head = jwt.get_unverified_header(good)
    untyped = jwt.encode(claims | {"sub": "o"}, KEY, "EdDSA", {"kid": head["kid"]})
    response = ask(address, untyped, "{ __typename }")
    message = response.json()["errors"][0]["message"]
    assert message == "the token comes from an issuer that this endpoint does not accept"
    own = make_token("officer")
    typed = base64.urlsafe_b64encode(json.dumps(jwt.get_unverified_header(own) | {"typ": head["typ"]}).encode()).rstrip(
        b"="
    )
    response = ask(address, f"{typed.decode()}.{own.partition('.')[2]}", "{ __typename }")
    assert response.json()["errors"][0]["message"] == "the token is not signed with a key that this endpoint knows"


def test_a_subgraph_may_be_for_hubs_alone(hubs_only: str, make_token: MakeToken, sample: Sample) -> None:
    response = ask(hubs_only, make_token("officer"), "{ __typename }")
    assert response.status_code == 401
    said = "this endpoint takes the assertions of a hub only, and no reader's own token"
    assert response.json()["errors"][0]["message"] == said
    assert "errors" not in ask(hubs_only, assertion(), BOOK, r=[person(sample.citizen)]).json()


def test_what_an_instance_does_not_serve_it_does_not_serve_to_a_hub(hubs_only: str, sample: Sample) -> None:
    response = ask(hubs_only, assertion(Profile(Audience.OFFICER, others=Universe.DEFENCE)), "{ __typename }")
    assert response.status_code == 401
    assert response.json()["errors"][0]["message"] == "this endpoint does not serve the token's `clearance`"
    soldier = assertion(Profile(Audience.CITIZEN, own=Universe.DEFENCE), Standing.SELF)
    found = ask(hubs_only, soldier, BOOK, r=[person(sample.soldier)]).json()
    assert found == {"data": {"_entities": [{"insuranceBook": None}]}}


# --- what it prints, and how it does not start -----------------------------------------------------------------------


def test_the_four_compose_to_the_hubs_own_graph(tmp_path: Path) -> None:
    for source in SOURCES:
        done = hub("subgraph", source, "--sdl")
        assert (done.returncode, done.stderr) == (0, "")
        assert "@label(name:" in done.stdout
        (tmp_path / f"{source}.graphql").write_text(done.stdout)
    own, composed = hub("compose"), hub("compose", "--from", tmp_path)
    assert composed.returncode == 0, composed.stderr
    assert composed.stdout == own.stdout


def test_it_says_everything_that_is_missing_at_once() -> None:
    done = hub("subgraph", "household")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines() == [
        "error: `HUB_DSN_HOUSEHOLD_CIVILIAN` is missing",
        (
            "error: `HUB_ASSERTION_KEYS` and `HUB_KEYS` are missing: the key set (JWKS) of the hub that asks, or of the"
            " issuer of readers' tokens; without one of them nobody could ask"
        ),
    ]


def test_whom_it_trusts_must_have_a_name(given: Mapping[str, str]) -> None:
    left = {name: value for name, value in given.items() if not name.endswith("ISSUER")}
    assert hub("subgraph", "insurance", **left).stderr.splitlines() == [
        "error: `HUB_ASSERTION_ISSUER` is missing: the `iss` of the hub's assertions",
        "error: `HUB_ISSUER` is missing: the `iss` of the viewers' tokens",
    ]


def test_half_a_universe_is_no_start(given: Mapping[str, str]) -> None:
    left = {name: value for name, value in given.items() if name != "HUB_DSN_INSURANCE_CIVILIAN"}
    assert hub("subgraph", "insurance", **left).stderr == "error: `HUB_DSN_INSURANCE_CIVILIAN` is missing\n"


def test_a_bad_key_set_stops_the_start(given: Mapping[str, str], tmp_path: Path) -> None:
    bad = tmp_path / "keys.json"
    bad.write_text('{"keys": []}')
    done = hub("subgraph", "insurance", **{**given, "HUB_ASSERTION_KEYS": str(bad), "HUB_PORT": str(_free_port())})
    assert (done.returncode, done.stderr) == (
        1,
        f"error: the key set `{bad}` holds no key: no token could be verified\n",
    )


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def test_a_private_key_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_text("sesame")
    done = hub("subgraph", "insurance", "--keys-of", tmp_path / "key.pem")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"error: the private key `{tmp_path / 'key.pem'}` is not a private key in PEM")


def test_wrong_arguments_are_named() -> None:
    assert (
        "'weather' is not one of 'population', 'household', 'insurance', 'employer'"
        in hub("subgraph", "weather").stderr
    )
    both = hub("subgraph", "insurance", "--sdl", "--keys-of", __file__)
    assert both.stderr == "error: `--sdl` and `--keys-of` each print something and end: say one of them\n"
