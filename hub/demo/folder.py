"""The directory of a demo: what lies where, who holds it, and whether what it holds is whole.

.hub-demo        says that the directory is a demo's, and is locked for as long as the demo runs
demo.json        written last: how many people, which seed, which code; without it a load was cut short
sample.json      the sample viewers, written by the country's loader
signing-key.pem  signs the demo's tokens (only its owner may read it); keys.json is the public half
postgres/        the database server's own
socket/          where it listens
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from hub.errors import StartFailed

_SIGN = "made by `hub demo`; safe to delete while no demo runs\n"


@dataclass(frozen=True, slots=True)
class Contents:
    """What a loaded demo was made of. `version` changes with the migrations and the country's generator."""

    people: int
    seed: int
    version: str


@dataclass(frozen=True, slots=True)
class Folder:
    path: Path

    @property
    def sign(self) -> Path:
        return self.path / ".hub-demo"

    @property
    def marker(self) -> Path:
        return self.path / "demo.json"

    @property
    def sample(self) -> Path:
        return self.path / "sample.json"

    @property
    def signing_key(self) -> Path:
        return self.path / "signing-key.pem"

    @property
    def keys(self) -> Path:
        return self.path / "keys.json"

    @property
    def pseudonym_key(self) -> Path:
        return self.path / "pseudonym.key"

    @property
    def postgres(self) -> Path:
        return self.path / "postgres"

    @property
    def socket(self) -> Path:
        return self.path / "socket"

    def contents(self) -> Contents | None:
        """What was loaded, or nothing if no load has come to its end."""
        try:
            found = json.loads(self.marker.read_text(encoding="utf-8"))
            return Contents(int(found["people"]), int(found["seed"]), str(found["version"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write_contents(self, contents: Contents) -> None:
        beside = self.marker.with_suffix(".new")
        beside.write_text(json.dumps(asdict(contents)) + "\n", encoding="utf-8")
        beside.replace(self.marker)

    def clear(self) -> None:
        """Removes what a demo made, and nothing else. The caller holds the directory, and no server runs in it."""
        for file in (
            self.marker,
            self.sample,
            self.signing_key,
            self.keys,
            self.pseudonym_key,
            self.marker.with_suffix(".new"),
        ):
            file.unlink(missing_ok=True)
        for folder in (self.postgres, self.postgres.with_name("postgres.new"), self.socket):
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def hold(path: Path) -> Iterator[Folder]:
    """The directory, made if it is missing, and held against a second demo until the block ends or the process dies."""
    folder = Folder(path.expanduser().resolve())
    _check(folder)
    try:
        folder.path.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder.sign, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise StartFailed(f"cannot write to the data directory `{path}`: {error.strerror}") from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = folder.sign.read_text(encoding="utf-8").rpartition("process ")[2].strip()
            raise StartFailed(
                f"a demo is already running on `{path}`{f' (process {owner})' if owner.isdigit() else ''}:"
                " stop it, or choose another directory with --data"
            ) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{_SIGN}held by process {os.getpid()}\n".encode(), 0)
        yield folder
    finally:
        os.close(descriptor)


def _check(folder: Folder) -> None:
    """A directory with somebody else's files is never written to, nor cleared by --reset."""
    if not folder.path.exists():
        return
    if not folder.path.is_dir():
        raise StartFailed(f"`{folder.path}` is not a directory: choose another with --data")
    if not folder.sign.exists() and any(folder.path.iterdir()):
        what = " (a PostgreSQL data directory)" if (folder.path / "PG_VERSION").exists() else ""
        raise StartFailed(
            f"`{folder.path}` holds files that are not a demo's{what}: choose another directory with --data"
        )
