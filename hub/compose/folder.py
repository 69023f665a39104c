"""The subgraphs of a directory, and which file and line a problem of composition is in.

Takes a directory; gives `Sources`. `supergraph.toml` says what is in it:

    [subgraphs.people]
    file = "people.graphql"          # relative to the directory; `people.graphql` if left out
    url = "http://localhost:4001"    # where it answers; may be left out

Without that file every `*.graphql` is a subgraph named after the file.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hub.compose.hints import Hint
from hub.compose.problems import did_you_mean
from hub.errors import BuildFailed, Problem
from hub.model.supergraph import Subgraph

CONFIG = "supergraph.toml"
_SETTINGS = ("file", "url")
_LINE = re.compile(r"line (\d+), column (\d+)")


@dataclass(frozen=True, slots=True)
class Sources:
    """The subgraphs of a directory, with the file that each is written in, as the caller would name it."""

    subgraphs: tuple[Subgraph, ...]
    files: Mapping[str, str]

    def failed(self, error: BuildFailed) -> BuildFailed:
        """The same problems, each at `file:line:column` instead of `subgraph:line:column`; other places stay."""
        return BuildFailed([replace(problem, place=self._file(problem.place)) for problem in error.problems])

    def placed_hint(self, hint: Hint) -> Hint:
        """The same hint, at `file:line:column`."""
        return replace(hint, place=self._file(hint.place))

    def _file(self, place: str) -> str:
        # The name of a subgraph may have colons itself, so it is looked up and not cut off.
        for name in sorted(self.files, key=len, reverse=True):
            if place == name or place.startswith(f"{name}:"):
                return f"{self.files[name]}{place.removeprefix(name)}"
        return place


def read_folder(folder: Path) -> Sources:
    """Read the subgraphs of a directory. Raises `BuildFailed` with everything that is wrong with it."""
    config = folder / CONFIG
    if not folder.is_dir():
        raise BuildFailed([_wrong(str(folder), "is no directory", "name a directory with `*.graphql` files")])
    if config.exists():
        files, problems = _configured(config)
    else:
        files = {path.stem: (path, "") for path in sorted(folder.glob("*.graphql"))}
        problems = [] if files else [_wrong(str(folder), "has no `*.graphql` file", f"add some, or a `{CONFIG}`")]
    subgraphs: list[Subgraph] = []
    for name, (path, url) in files.items():
        try:
            subgraphs.append(Subgraph(name, path.read_text(encoding="utf-8"), url))
        except (OSError, UnicodeDecodeError) as error:
            reason = (error.strerror or "cannot be read").lower() if isinstance(error, OSError) else "is not UTF-8"
            problems.append(_wrong(str(path), f"subgraph `{name}` cannot be read: {reason}", f"see `{config}`"))
    if problems:
        raise BuildFailed(problems)
    return Sources(tuple(subgraphs), {name: str(path) for name, (path, _) in files.items()})


def _wrong(place: str, message: str, suggestion: str = "") -> Problem:
    return Problem("INVALID_FOLDER", place, message, suggestion)


def _configured(config: Path) -> tuple[dict[str, tuple[Path, str]], list[Problem]]:
    """Name -> file and url, with what is wrong."""
    try:
        text = config.read_text(encoding="utf-8")
        read = tomllib.loads(text)
    except (OSError, UnicodeDecodeError) as error:
        return {}, [_wrong(str(config), f"cannot be read: {error}")]
    except tomllib.TOMLDecodeError as error:
        match = _LINE.search(str(error))
        place = f"{config}:{match[1]}:{match[2]}" if match else str(config)
        return {}, [_wrong(place, f"is no TOML: {str(error).partition(' (at')[0].lower()}")]
    problems = list(_unknown(config, text, read))
    files: dict[str, tuple[Path, str]] = {}
    found = read.get("subgraphs", {})
    for name, given in found.items() if isinstance(found, dict) else ():
        place = _line(config, text, f"[subgraphs.{name}]", f'[subgraphs."{name}"]', name)
        if not isinstance(given, dict):
            problems.append(_wrong(place, f"subgraph `{name}` is no table", f"write `[subgraphs.{name}]`"))
            continue
        for setting, value in given.items():
            if setting not in _SETTINGS:
                near = did_you_mean(setting, _SETTINGS) or "the settings are `file` and `url`"
                problems.append(_wrong(place, f"subgraph `{name}` has no setting `{setting}`", near))
            elif not isinstance(value, str):
                problems.append(_wrong(place, f"`{setting}` of subgraph `{name}` is no text", "put it in quotes"))
        file, url = given.get("file", f"{name}.graphql"), given.get("url", "")
        files[name] = (config.parent / str(file), str(url))
    if not found:
        problems.append(_wrong(str(config), "names no subgraph", "add `[subgraphs.people]` and its `file`"))
    return files, problems


def _unknown(config: Path, text: str, read: Mapping[str, Any]) -> Iterator[Problem]:
    for name in read:
        if name != "subgraphs":
            near = did_you_mean(name, ("subgraphs",)) or "the one section is `subgraphs`"
            yield _wrong(_line(config, text, f"[{name}", name), f"has no section `{name}`", near)
    if not isinstance(read.get("subgraphs", {}), dict):
        yield _wrong(_line(config, text, "subgraphs"), "`subgraphs` is no table", "write `[subgraphs.people]`")


def _line(config: Path, text: str, *starts: str) -> str:
    """The place of the first line that starts with one of these."""
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip().startswith(starts):
            return f"{config}:{number}"
    return str(config)
