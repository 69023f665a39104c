"""What the steps of one run were asked: how often, with how many keys, how many were answered, in what time.

A run that is observed asks by loaders of its own. So its figures are its own: no key of another reader's is in them,
which would tell what others ask. The price is that it gathers with nobody, and only it pays.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from hub.executor.gather import Loader
from hub.model.description import Description, Run

if TYPE_CHECKING:
    from hub.executor.step import Step


@dataclass(slots=True)
class Tally:
    """The figures of one step. `seconds` are those from when a question went out until it was answered."""

    questions: int = 0
    keys: int = 0
    found: int = 0
    seconds: float = 0.0


class Observed:
    """One run, observed."""

    __slots__ = ("_loaders", "_tallies")

    def __init__(self) -> None:
        self._loaders: dict[tuple[int, tuple[Any, ...]], Loader] = {}
        self._tallies: dict[int, Tally] = {}

    def loader(self, step: Step, parameters: tuple[Any, ...]) -> Loader:
        """The run's own loader of a step."""
        key = id(step), parameters
        known = self._loaders.get(key)
        if known is None:
            known = self._loaders[key] = Loader(step, parameters, self)
        return known

    def note(self, step: Step, keys: Collection[str], found: Collection[str], seconds: float) -> None:
        """A question was answered."""
        tally = self._tallies.setdefault(id(step), Tally())
        tally.questions += 1
        tally.keys += len(keys)
        tally.found += len(found)
        tally.seconds += seconds

    def tally(self, step: Step) -> Tally:
        """The figures of a step, which may never have been asked."""
        return self._tallies.get(id(step)) or Tally()


def runs(plan: Description, steps: Sequence[Step], observed: Observed, body: bytes, *, inside: bool) -> dict[int, Run]:
    """number of a fetch -> what came of it. `steps` are those of the fetches, `body` the answer they led to.

    Rows are counted in the answer, so they say nothing that it does not; what the sources counted is for who may see
    what lies inside.
    """
    data = orjson.loads(body).get("data")
    first: dict[int, int] = {}
    found = {}
    for fetch, step in zip(plan.fetches, steps, strict=True):
        rows = max(_values(data, path.split(".")) for path in fetch.paths)
        shown_with = first.setdefault(id(step), fetch.number)
        if shown_with != fetch.number:
            found[fetch.number] = Run(rows, one_with=shown_with)
            continue
        tally = observed.tally(step)
        milliseconds = tally.seconds * 1000
        if inside:
            found[fetch.number] = Run(rows, milliseconds, tally.questions, tally.keys, tally.found)
        else:
            found[fetch.number] = Run(rows, milliseconds if rows else None)
    return found


def _values(value: Any, keys: Sequence[str]) -> int:
    """How many values stand at a path; lists are gone through, null is none."""
    if isinstance(value, list):
        return sum(_values(one, keys) for one in value)
    if not keys:
        return int(value is not None)
    return _values(value.get(keys[0]), keys[1:]) if isinstance(value, dict) else 0
