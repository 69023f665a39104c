"""The embedded PostgreSQL: what it makes of the directories it may find."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from hub.demo.cluster import Cluster, empty_databases, running_cluster, stop_leftover
from hub.demo.folder import Contents, Folder, hold
from hub.errors import StartFailed
from hub.settings import SOURCES

# Holds the directory and its server until it is told to end, or is killed.
HOLDER = """
import sys
from pathlib import Path
from hub.demo.cluster import running_cluster
from hub.demo.folder import hold
with hold(Path(sys.argv[1])) as folder, running_cluster(folder):
    print("up", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def path() -> Iterator[Path]:
    """Where a demo may lie, and where the server's own user may go."""
    with tempfile.TemporaryDirectory(prefix="hub-test-") as folder:
        yield Path(folder) / "demo"


def holder(path: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    return process


def end(process: subprocess.Popen[str]) -> None:
    process.communicate("")
    assert process.returncode == 0


def databases(cluster: Cluster) -> set[str]:
    with psycopg.connect(cluster.owner_dsn("postgres")) as connection:
        return {name for (name,) in connection.execute("select datname from pg_database").fetchall()}


def tables(cluster: Cluster) -> set[str]:
    with psycopg.connect(cluster.owner_dsn("household")) as connection:
        rows = connection.execute("select tablename from pg_tables where schemaname = 'public'").fetchall()
        return {name for (name,) in rows}


def server(path: Path) -> psutil.Process:
    return psutil.Process(int((path / "postgres" / "postmaster.pid").read_text().splitlines()[0]))


def test_data_stay_and_the_server_does_not(path: Path) -> None:
    with hold(path) as folder:
        with running_cluster(folder) as cluster:
            assert databases(cluster) >= set(SOURCES)
            with psycopg.connect(cluster.owner_dsn("household")) as connection:
                connection.execute("create table kept (a int)")
            process = server(folder.path)
        assert not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
        with running_cluster(folder) as cluster:
            assert tables(cluster) == {"kept"}
            empty_databases(cluster)
            assert tables(cluster) == set()


def test_only_its_user_can_reach_it(path: Path) -> None:
    with hold(path) as folder, running_cluster(folder) as cluster:
        assert cluster.socket.stat().st_mode & 0o077 == 0
        with psycopg.connect(cluster.owner_dsn("postgres")) as connection:
            assert connection.execute("show listen_addresses").fetchone() == ("",)


def test_a_directory_is_held_against_a_second_demo(path: Path) -> None:
    process = holder(path)
    with pytest.raises(StartFailed, match=rf"already running on .* \(process {process.pid}\): .*--data"), hold(path):
        pass
    end(process)
    with hold(path):
        pass


def test_a_server_that_outlived_its_hub_is_replaced(path: Path) -> None:
    process = holder(path)
    before = server(path)
    process.kill()
    process.communicate()
    assert before.status() != psutil.STATUS_ZOMBIE
    with hold(path) as folder, running_cluster(folder) as cluster:
        assert databases(cluster) >= set(SOURCES)
        assert server(path).pid != before.pid


def test_a_server_that_outlived_its_hub_is_stopped_before_a_reset(path: Path) -> None:
    process = holder(path)
    before = server(path)
    process.kill()
    process.communicate()
    with hold(path) as folder:
        stop_leftover(folder)
        assert not before.is_running() or before.status() == psutil.STATUS_ZOMBIE
        folder.clear()
        assert [item.name for item in path.iterdir()] == [".hub-demo"]


def test_a_server_that_was_killed_is_recovered(path: Path) -> None:
    process = holder(path)
    os.kill(server(path).pid, signal.SIGKILL)
    process.kill()
    process.communicate()
    assert (path / "postgres" / "postmaster.pid").exists()
    with hold(path) as folder, running_cluster(folder) as cluster:
        assert databases(cluster) >= set(SOURCES)


@pytest.mark.parametrize("first_line", [pytest.param(str(os.getpid()), id="this one"), "1", "999999999", "", "none"])
def test_a_stale_file_that_names_another_process_harms_nobody(path: Path, first_line: str) -> None:
    with hold(path) as folder, running_cluster(folder):
        lines = (path / "postgres" / "postmaster.pid").read_text().splitlines()
    (path / "postgres" / "postmaster.pid").write_text("\n".join([first_line, *lines[1:]]) + "\n")
    with hold(path) as folder, running_cluster(folder) as cluster:
        assert databases(cluster) >= set(SOURCES)


def test_data_of_another_version_are_told_and_left_alone(path: Path) -> None:
    with hold(path) as folder:
        folder.postgres.mkdir()
        (folder.postgres / "PG_VERSION").write_text("16\n")
        message = r"made by PostgreSQL 16, and this is PostgreSQL 18: .*--reset"
        with pytest.raises(StartFailed, match=message), running_cluster(folder):
            pass
        assert (folder.postgres / "PG_VERSION").read_text() == "16\n"


def test_a_start_that_was_cut_short_is_begun_again(path: Path) -> None:
    with hold(path) as folder:
        folder.postgres.mkdir()
        beside = folder.path / "postgres.new"
        beside.mkdir()
        (beside / "PG_VERSION").write_text("18\n")
        with running_cluster(folder) as cluster:
            assert databases(cluster) >= set(SOURCES)
        assert not beside.exists()


@pytest.mark.parametrize("name, says", [("notes.txt", ""), ("PG_VERSION", "PostgreSQL data directory")])
def test_somebody_elses_directory_is_never_touched(tmp_path: Path, name: str, says: str) -> None:
    (tmp_path / name).write_text("16")
    with pytest.raises(StartFailed, match=f"not a demo's.*{says}.*--data"), hold(tmp_path):
        pass
    assert [item.name for item in tmp_path.iterdir()] == [name]


def test_a_file_is_no_directory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StartFailed, match="is not a directory"), hold(tmp_path / "file"):
        pass


@pytest.mark.parametrize("name", ["x" * 120, "it's a, b c"], ids=["long", "odd"])
def test_a_path_that_no_socket_can_have_is_served_elsewhere(path: Path, name: str) -> None:
    with hold(path / name) as folder, running_cluster(folder) as cluster:
        assert folder.path not in cluster.socket.parents
        assert databases(cluster) >= set(SOURCES)
    assert not cluster.socket.exists()


def test_only_a_load_that_came_to_its_end_counts(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    assert folder.contents() is None
    folder.marker.write_text('{"people": 5')
    assert folder.contents() is None
    folder.write_contents(Contents(5, 1, "v"))
    assert folder.contents() == Contents(5, 1, "v")
