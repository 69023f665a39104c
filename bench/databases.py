"""A demo's directory -> its databases: those of a demo that runs on it, or started for a measurement."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from bench.terminal import Watcher
from hub.demo.cluster import Cluster, attached_cluster
from hub.demo.folder import Folder
from hub.demo.start import running_demo
from hub.errors import StartFailed


@contextmanager
def databases(console: Console, data: Path, people: int | None, reset: bool) -> Iterator[tuple[Folder, Cluster]]:
    """The demo's databases: those of a demo that runs on the directory, or started for the benchmark."""
    folder = Folder(data.expanduser().resolve())
    cluster = None if reset else attached_cluster(folder)
    contents = folder.contents()
    if cluster is None or contents is None:
        with running_demo(data, Watcher(console), people=people, reset=reset) as demo:
            yield demo.folder, demo.cluster
        return
    if people is not None and people != contents.people:
        raise StartFailed(
            f"the demo that runs on `{data}` holds {contents.people:,} people, not {people:,}:"
            " stop it, or choose another directory with --data"
        )
    console.print(f"using the databases of the demo that runs on `{data}`", highlight=False)
    yield folder, cluster
