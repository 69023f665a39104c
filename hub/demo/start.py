"""A directory -> a running cluster with a whole country in it, and what is needed to read from it.

The order: hold the directory, judge what is in it, start the server, migrate, load if there is no whole country yet,
and only then write down that there is one.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from hub.demo.cluster import Cluster, empty_databases, running_cluster, stop_leftover
from hub.demo.folder import Contents, Folder, hold
from hub.demo.load import load
from hub.demo.tokens import AUDIENCE, ISSUER, ensure_keys, pseudonym_secret, subjects
from hub.errors import SettingsWrong, StartFailed
from hub.migrate import FOLDER, migrate
from hub.settings import Settings

PEOPLE = 20_000
SEED = 164


class Watcher(Protocol):
    """Who is told how far the start has come."""

    def step(self, what: str) -> None: ...
    def loading(self, people: int) -> None: ...
    def loaded(self, people: int) -> None: ...


class Silent:
    """A watcher that says nothing."""

    def step(self, what: str) -> None: ...
    def loading(self, people: int) -> None: ...
    def loaded(self, people: int) -> None: ...


@dataclass(frozen=True, slots=True)
class Demo:
    folder: Folder
    cluster: Cluster
    contents: Contents
    reused: bool
    subjects: Mapping[str, str]

    def settings(self, base: Settings) -> Settings:
        """`base` with the demo's own databases and issuer."""
        return replace(
            base,
            dsns=self.cluster.dsns(),
            owner_dsns=self.cluster.owner_dsns,
            keys=self.folder.keys,
            issuer=ISSUER,
            audience=AUDIENCE,
            pseudonym_key=base.pseudonym_key or pseudonym_secret(self.folder),
        )


@contextmanager
def running_demo(
    path: Path, watcher: Watcher, *, people: int | None = None, seed: int | None = None, reset: bool = False
) -> Iterator[Demo]:
    """The demo of this directory until the block ends. `people` and `seed` unsaid: as they are, or the defaults."""
    with hold(path) as folder:
        if reset:
            watcher.step("removing the data that is there")
            stop_leftover(folder)
            folder.clear()
        found = folder.contents()
        wanted = Contents(
            people if people is not None else found.people if found else PEOPLE,
            seed if seed is not None else found.seed if found else SEED,
            data_version(),
        )
        if found is not None:
            _check(path, found, wanted)
        watcher.step("starting PostgreSQL")
        with running_cluster(folder) as cluster:
            if found is None:
                # What a load that was cut short left behind goes; in a new directory there is nothing.
                empty_databases(cluster)
            watcher.step("migrating")
            _migrate(path, cluster)
            if found is None:
                watcher.loading(wanted.people)
                _load(folder, cluster, wanted, watcher)
            ensure_keys(folder)
            if found is None:
                folder.write_contents(wanted)
            yield Demo(folder, cluster, wanted, found is not None, subjects(folder))


def _check(path: Path, found: Contents, wanted: Contents) -> None:
    if (found.people, found.seed) != (wanted.people, wanted.seed):
        raise StartFailed(
            f"`{path}` holds a country of {found.people:,} people (seed {found.seed}), not {wanted.people:,}"
            f" (seed {wanted.seed}): start with --reset to make it anew, or choose another directory with --data"
        )
    if found.version != wanted.version:
        raise StartFailed(
            f"`{path}` was made by another version of the hub:"
            " start with --reset to make it anew, or choose another directory with --data"
        )


def _migrate(path: Path, cluster: Cluster) -> None:
    try:
        migrate(cluster.owner_dsns)
    except SettingsWrong as error:
        raise StartFailed(f"{error}\n`{path}` can be made anew: start with --reset") from error


def _load(folder: Folder, cluster: Cluster, wanted: Contents, watcher: Watcher) -> None:
    # A loop of its own, which the caller's thread does not get to see.
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        runner.run(load(cluster.owner_dsns, wanted.people, wanted.seed, watcher.loaded, sample_file=folder.sample))


def data_version() -> str:
    """Changes with everything the data are made of: the migrations, the generator, the code tables."""
    package = Path(__file__).resolve().parent
    files = [
        *FOLDER.rglob("*.sql"),
        *(package / "country").rglob("*.py"),
        *(package / "country").rglob("*.csv"),
        package / "load.py",
        *(package.parent / "domain").rglob("*.csv"),
        *(package.parent / "domain").rglob("*.py"),
    ]
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(file.name.encode() + b"\0" + hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:16]
