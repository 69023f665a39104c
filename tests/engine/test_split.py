"""The graph of the registers in two: some of its sources served by `hub subgraph` in processes of their own.

The oracle is the hub that has all of them in its own process: every answer and every refusal is the same, to the byte.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import schema
from hub.assertion import public_key_set
from hub.engine import Engine, open_engine
from hub.model.request import Request
from hub.model.viewer import Audience, Standing, Viewer
from hub.planner import describe
from hub.settings import SOURCES, Settings, SourceDsns
from tests.engine import oddities
from tests.engine.country import PROFILES, PURPOSE, SECRET, Country
from tests.engine.operations import Keys, Reader, everything, keys_of, operation_at_random
from tests.engine.oracle import Knowledge
from tests.engine.test_refusals import CASES, Case

HUB = [sys.executable, "-c", "from hub.cli import main; main(prog_name='hub')"]
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}
ISSUER = "the-hub"
EXAMPLES = int(os.environ.get("ORACLE_EXAMPLES", "8"))
SPLITS: Mapping[str, tuple[str, ...]] = {
    "household and employer": ("household", "employer"),
    "population and insurance": ("population", "insurance"),
    "all four": SOURCES,
}
# `hub subgraph` serves the graph's own agreements, and not those of these tests.
READERS = [name for name, one in PROFILES.items() if one.agreement in (None, "health-ministry")]
EXAMPLE_FILES = sorted((Path(schema.__file__).parent / "examples").glob("*.graphql"))


@dataclass(frozen=True, slots=True)
class Hubs:
    """The same graph in one process and in several."""

    runner: asyncio.Runner
    whole: Engine
    split: Mapping[str, Engine]
    keys: Keys
    knowledge: Knowledge

    def body(self, engine: Engine, viewer: Viewer, request: Request) -> bytes:
        return self.runner.run(engine.execute(request, viewer)).body

    def same(
        self,
        split: str,
        viewer: Viewer,
        document: str,
        variables: Mapping[str, Any],
        operation: str | None = None,
        purpose: str | None = PURPOSE,
    ) -> bytes:
        """The answer, which is that of the hub in one process."""
        request = Request(document, operation, variables, purpose)
        right = self.body(self.whole, viewer, request)
        assert self.body(self.split[split], viewer, request) == right, document
        return right

    def reader(self, name: str) -> Reader:
        profile = PROFILES[name]
        return Reader(self.whole.contract(profile), self.knowledge.rules, profile, self.keys)

    def subjects(self, name: str) -> Sequence[str | None]:
        return self.keys.numbers if PROFILES[name].audience is Audience.CITIZEN else (None,)


@contextmanager
def subgraph(source: str, settings: Settings, keys: Path) -> Iterator[str]:
    """`hub subgraph` in a process of its own; its url."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = int(listener.getsockname()[1])
    given = {
        f"HUB_DSN_{source.upper()}_{universe.name}": dsn for universe, dsn in settings.dsns.by_source[source].items()
    } | {
        "HUB_ASSERTION_KEYS": str(keys),
        "HUB_ASSERTION_ISSUER": ISSUER,
        "HUB_PSEUDONYM_KEY": base64.b64encode(SECRET).decode(),
    }
    command = [*HUB, "subgraph", source, "--port", str(port)]
    process = subprocess.Popen(command, env=CLEAN | given, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        assert process.stderr.readline() == f"serving {source} at http://127.0.0.1:{port}/graphql\n"
        yield f"http://127.0.0.1:{port}/graphql"
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)


@pytest.fixture(scope="module")
def private_key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    key = Ed25519PrivateKey.generate()
    folder = tmp_path_factory.mktemp("assertion")
    plain = serialization.NoEncryption()
    (folder / "hub.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    )
    (folder / "keys.json").write_text(json.dumps(public_key_set(key)))
    return folder / "hub.pem"


@pytest.fixture(scope="module")
def urls(country: Country, private_key: Path) -> Iterator[Mapping[str, str]]:
    with ExitStack() as stack:
        keys = private_key.with_name("keys.json")
        yield {source: stack.enter_context(subgraph(source, country.settings, keys)) for source in SOURCES}


def split_engine(sources: Sequence[str], urls: Mapping[str, str], folder: Path, settings: Settings) -> Engine:
    """The hub that asks these sources elsewhere, and has no address of their databases."""
    folder.mkdir()
    for source in sources:
        (folder / f"{source}.toml").write_text(f'url = "{urls[source]}"\nenforced = true\ndeadline = 60\n')
    here = {source: dsns for source, dsns in settings.dsns.by_source.items() if source not in sources}
    return open_engine(schema.graph(folder), replace(settings, dsns=SourceDsns(here)))


@pytest.fixture(scope="module")
def hubs(
    country: Country,
    knowledge: Knowledge,
    private_key: Path,
    urls: Mapping[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Hubs]:
    settings = replace(country.settings, assertion_key=private_key, assertion_issuer=ISSUER)
    folder = tmp_path_factory.mktemp("remotes")
    split = {
        name: split_engine(sources, urls, folder / str(index), settings)
        for index, (name, sources) in enumerate(SPLITS.items())
    }
    whole = open_engine(schema.graph(), settings)
    with asyncio.Runner() as runner:
        yield Hubs(runner, whole, split, keys_of(knowledge.tables), knowledge)
        for engine in (whole, *split.values()):
            runner.run(engine.stop())


@pytest.mark.parametrize("name", SPLITS)
@pytest.mark.parametrize("file", EXAMPLE_FILES, ids=lambda path: path.stem)
def test_every_example_is_answered_alike(hubs: Hubs, country: Country, file: Path, name: str) -> None:
    document = file.read_text()
    sample = country.sample
    answered: list[bool] = []
    for reader in READERS:
        profile = PROFILES[reader]
        citizens = (sample.citizen, sample.soldier, sample.police_officer, sample.conscript)
        for subject in citizens if profile.audience is Audience.CITIZEN else (None,):
            about = {"personalId": sample.citizen, "taxCode": sample.employer_tax_code}
            variables = {key: value for key, value in about.items() if f"${key}" in document}
            answered.append(hubs.same(name, Viewer(profile, subject), document, variables).startswith(b'{"data"'))
    assert any(answered)


@pytest.mark.parametrize("name", SPLITS)
@pytest.mark.parametrize("reader", READERS)
def test_whatever_is_asked_is_answered_alike(hubs: Hubs, reader: str, name: str) -> None:
    rng = Random(f"{reader} {name}")
    asked = hubs.reader(reader)
    for _ in range(EXAMPLES):
        written = operation_at_random(asked, rng)
        viewer = Viewer(PROFILES[reader], rng.choice(hubs.subjects(reader)))
        hubs.same(name, viewer, written.document, written.variables, written.name)


@pytest.mark.parametrize("name", SPLITS)
@pytest.mark.parametrize("reader", READERS)
def test_everything_of_odd_people_is_answered_alike(hubs: Hubs, reader: str, name: str) -> None:
    asked, profile = hubs.reader(reader), PROFILES[reader]
    person: Any = asked.schema.type_map.get("Person")
    if profile.audience is Audience.CITIZEN:
        body = everything(asked, person, Standing.SELF, 4)
        for subject in oddities.NUMBERS:
            hubs.same(name, Viewer(profile, subject), f"{{ me {body} }}", {})
    elif hubs.knowledge.rules.usable(profile, None, ("Query", "people")):
        body = everything(asked, person, Standing.OFFICIAL, 4)
        document = f"query ($k: [PersonalId!]!) {{ people(personalIds: $k) {body} }}"
        hubs.same(name, Viewer(profile), document, {"k": list(oddities.NUMBERS)})


@pytest.mark.parametrize("name", SPLITS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.says)
def test_every_refusal_is_the_same(hubs: Hubs, case: Case, name: str) -> None:
    if case.viewer.profile in [PROFILES[reader] for reader in READERS]:
        hubs.same(name, case.viewer, case.document, case.variables, case.name, case.purpose)


# Pages of one source, which another hub answers alone. What it refuses of them, as a bad cursor, is a failure here.
LISTS = (
    "{ employers(first: 3) { totalCount nodes { taxCode name } edges { cursor } pageInfo { hasNextPage endCursor } } }",
    "{ employers(last: 2) { nodes { taxCode } pageInfo { hasPreviousPage startCursor } } }",
    "{ employers(first: 1000000) { nodes { taxCode } } }",
    "{ employers(first: 2) { nodes { taxCode participants(first: 2) { nodes { __typename } edges { cursor } } } } }",
    "query ($n: Int) { employers(first: $n) { nodes { taxCode } } }",
)


@pytest.mark.parametrize("name", SPLITS)
@pytest.mark.parametrize("document", LISTS)
def test_lists_are_answered_alike(hubs: Hubs, document: str, name: str) -> None:
    for reader in READERS:
        hubs.same(name, Viewer(PROFILES[reader], hubs.subjects(reader)[0]), document, {})


@pytest.mark.parametrize("name", SPLITS)
def test_a_cursor_goes_on_wherever_its_source_is(hubs: Hubs, name: str) -> None:
    viewer = Viewer(PROFILES["officer"])
    document = "query ($c: Cursor) { employers(first: 2, after: $c) { nodes { taxCode } pageInfo { endCursor } } }"
    first = json.loads(hubs.same(name, viewer, document, {}))["data"]["employers"]
    second = json.loads(hubs.same(name, viewer, document, {"c": first["pageInfo"]["endCursor"]}))["data"]["employers"]
    assert first["nodes"]
    assert second["nodes"]
    assert not [one for one in second["nodes"] if one in first["nodes"]]


@pytest.mark.parametrize("name", SPLITS)
def test_a_hidden_person_is_an_absent_one(hubs: Hubs, country: Country, name: str) -> None:
    selection = "fullName insuranceBook { bookCode } household { members { since } }"
    document = f"query ($p: PersonalId!) {{ person(personalId: $p) {{ {selection} }} }}"
    officer = Viewer(PROFILES["officer"])
    hidden = hubs.same(name, officer, document, {"p": country.sample.soldier})
    absent = hubs.same(name, officer, document, {"p": "001190999999"})
    assert hidden == absent == b'{"data":{"person":null}}'
    cleared = Viewer(PROFILES["officer cleared for all"])
    assert hubs.same(name, cleared, document, {"p": country.sample.soldier}) != absent


def test_a_plan_is_the_same_wherever_its_sources_are(hubs: Hubs, country: Country) -> None:
    about = {"personalId": country.sample.citizen, "taxCode": country.sample.employer_tax_code}
    readers = {"whole-book": "citizen", "first-look": "citizen"}
    for file in EXAMPLE_FILES:
        document, profile = file.read_text(), PROFILES[readers.get(file.stem, "officer")]
        request = Request(document, None, {key: value for key, value in about.items() if f"${key}" in document})
        right = describe(hubs.whole.stages(request, profile).plan)
        for engine in hubs.split.values():
            assert describe(engine.stages(request, profile).plan) == right


def test_readiness_names_every_source(hubs: Hubs) -> None:
    for engine in hubs.split.values():
        assert hubs.runner.run(engine.ready()) == dict.fromkeys(SOURCES, True)


def test_a_hub_that_is_not_believed_is_not_ready(
    country: Country, urls: Mapping[str, str], private_key: Path, tmp_path: Path
) -> None:
    settings = replace(country.settings, assertion_key=private_key, assertion_issuer="another-hub")
    engine = split_engine(("household",), urls, tmp_path / "remotes", settings)

    async def ready() -> Mapping[str, bool]:
        try:
            return await engine.ready()
        finally:
            await engine.stop()

    assert asyncio.run(ready()) == {**dict.fromkeys(SOURCES, True), "household": False}
