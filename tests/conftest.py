"""Fixtures that every test may ask for: one real PostgreSQL for the whole run, with a small country in it.

demo         everything below in one: its directory, cluster, contents
cluster      the server; `cluster.owner_dsn(database)` reaches any database
owner_dsns   source -> the address of the role that may do everything
dsns         source -> universe -> the address to read from
sample       the people the sample viewers are
redis        a real Redis
make_token   a sample viewer's token, with claims changed or left out
"""

from __future__ import annotations

import gc
import signal
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol

import pytest
from hypothesis import settings

from hub.cli import COLLECTOR
from hub.demo.cluster import Cluster
from hub.demo.country.sample import Sample
from hub.demo.start import Demo, Silent, running_demo
from hub.demo.tokens import VIEWERS, sign, subjects
from hub.settings import SourceDsns
from tests.redis_server import RedisServer, running_redis

# The same examples every time, and no clock: a busy machine is no failure.
settings.register_profile("hub", deadline=None, derandomize=True)
settings.load_profile("hub")

# As in the hub; it saves a sixth of the time.
gc.set_threshold(*COLLECTOR)

# Who runs this in the background may have it ignore SIGINT, which what it starts would inherit and never end by.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

PEOPLE = 1_500
SEED = 164


class MakeToken(Protocol):
    def __call__(self, name: str, **claims: object) -> str: ...


@pytest.fixture(scope="session")
def demo() -> Iterator[Demo]:
    # Not under pytest's own directory: as root the server runs as another user, who may not pass through that.
    with (
        tempfile.TemporaryDirectory(prefix="hub-test-") as path,
        running_demo(Path(path) / "demo", Silent(), people=PEOPLE, seed=SEED) as running,
    ):
        yield running


@pytest.fixture(scope="session")
def cluster(demo: Demo) -> Cluster:
    return demo.cluster


@pytest.fixture(scope="session")
def owner_dsns(cluster: Cluster) -> Mapping[str, str]:
    return cluster.owner_dsns


@pytest.fixture(scope="session")
def dsns(cluster: Cluster) -> SourceDsns:
    return cluster.dsns()


@pytest.fixture(scope="session")
def sample(demo: Demo) -> Sample:
    return Sample.read(demo.folder.sample)


@pytest.fixture(scope="session")
def make_token(demo: Demo) -> MakeToken:
    people = subjects(demo.folder)

    def make(name: str, **claims: object) -> str:
        whole = dict(VIEWERS[name].claims) | ({"sub": people[name]} if name in people else {}) | claims
        return sign(demo.folder, {claim: value for claim, value in whole.items() if value is not None})

    return make


@pytest.fixture(scope="session")
def redis() -> Iterator[RedisServer]:
    """A real Redis that nobody kills; who wants to takes `running_redis` for himself."""
    with running_redis() as server:
        yield server
