"""What both measurements say in a terminal while they run: the demo's start, and how far they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


@contextmanager
def progress(console: Console, total: int) -> Iterator[Callable[[str], None]]:
    """A bar of so many steps; what is given is called with what each step is about to do."""
    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as shown:
        task = shown.add_task("", total=total)

        def advance(what: str) -> None:
            shown.update(task, description=what)
            shown.advance(task)

        yield advance


class Watcher:
    """One line for each step of the demo's start."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def step(self, what: str) -> None:
        self._console.print(what, highlight=False)

    def loading(self, people: int) -> None:
        self._console.print(f"making a country of {people:,} people", highlight=False)

    def loaded(self, people: int) -> None:
        """The load takes seconds: no count."""
