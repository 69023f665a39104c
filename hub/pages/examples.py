"""The folder of examples -> cards for people: what a query shows, for whom, in Vietnamese and English.

An example is a `.graphql` file whose first lines are comments: what it shows in English, then `# vi:` the same in
Vietnamese, and `# as:` the audiences it is for. It runs as it stands, so it has no variables. A file without `# as:` is
for somebody else.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from hub.errors import StartFailed
from hub.model.viewer import Audience


@dataclass(frozen=True, slots=True)
class Example:
    """One card. `query` is the whole text without what the card says."""

    name: str
    vi: str
    en: str
    audiences: tuple[Audience, ...]
    query: str


def read_examples(folder: Path) -> tuple[Example, ...]:
    """Every example of the folder and those below it, in the order of their names."""
    found = [_read(file) for file in sorted(folder.rglob("*.graphql"), key=lambda one: one.stem)]
    return tuple(one for one in found if one is not None)


def _read(file: Path) -> Example | None:
    lines = file.read_text(encoding="utf-8").splitlines()
    head = [line[1:].strip() for line in takewhile(lambda line: line.startswith("#"), lines)]
    named = {key: value.strip() for key, _, value in (line.partition(":") for line in head[1:])}
    if "as" not in named:
        return None
    try:
        audiences = tuple(Audience(name.strip()) for name in named["as"].split(","))
    except ValueError as wrong:
        raise StartFailed(f"`# as:` of the example `{file}`: {wrong}; it is one of {', '.join(Audience)}") from None
    if not named.get("vi"):
        raise StartFailed(f"the example `{file}` does not say in Vietnamese what it shows: add a line `# vi: ...`")
    return Example(file.stem, named["vi"], head[0], audiences, "\n".join(lines[len(head) :]).strip() + "\n")
