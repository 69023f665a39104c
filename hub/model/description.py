"""A plan as plain data, of which everything that shows a plan is made: text, diagrams, JSON.

Made by `hub.planner.describe` for a `Sight`: how much of a plan somebody is shown. A plan knows what its reader does
not: the names of keys that are not in his contract, the tables, and how many keys led to nothing.

Decided: two parts. The *shape* is what the reader asked for, drawn: sources, steps, paths, and of a run the rows that
stand in his own answer, with the time they took. Whatever is not in his contract is called `key`. What lies *inside*
is for those who may know the registers themselves: statements, names of keys, and how many keys were asked.
Because: an empty link and a link to a record that he must not know of are both null. The number of keys, or that there
was a question at all, would tell them apart, and the number of different keys is a count over a field that he is not
shown. So of a fetch without rows in the answer the shape says nothing more, not even the time. The inside does tell:
rows of the reader's own universe may hang on a record outside of it, and what they are asked by is counted.
Rejected: one part for everybody, with the counts of the sources.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from graphql import GraphQLSchema


@dataclass(frozen=True, slots=True)
class Sight:
    """How much of a plan somebody is shown.

    contract  the schema he sees: a name outside it is not said. None for who sees every name
    inside    whether he is shown what lies below the graph
    classes   whether the universe of a fetch is said: not where it has one class, nor where there are none
    """

    contract: GraphQLSchema | None = None
    inside: bool = True
    classes: bool = True


EVERYTHING = Sight()


@dataclass(frozen=True, slots=True)
class Asked:
    """One thing that a fetch asks for, and what it asks below it.

    key     the response key
    name    the field; none for a case of a type, nor for an object that is found whole elsewhere
    on      the concrete type that what stands below is asked for
    effect  what is given of the field, where that is not simply the value
    fetch   the number of the fetch that gives it, if another does
    by      the fields by which that is asked, or another object, if nothing gives it here; `$0` for a slot
    merged  made of the parts below
    handed  known where the key of the object was found, and brought along
    slot    the slot in which the value goes down to those below that take it
    takes   arguments that come from an object above: (name, slot)
    brings  slots whose values another fetch is asked with beside the key
    """

    key: str = ""
    name: str = ""
    on: str = ""
    effect: str = ""
    fetch: int | None = None
    by: tuple[str, ...] = ()
    merged: bool = False
    handed: bool = False
    slot: int | None = None
    takes: tuple[tuple[str, int], ...] = ()
    brings: tuple[int, ...] = ()
    below: tuple[Asked, ...] = ()


@dataclass(frozen=True, slots=True)
class Run:
    """What came of a fetch in one run.

    rows          values of it that stand in the answer
    milliseconds  that its source took; None where that is not said
    questions     how often it was asked, with `keys` keys, of which `found` were answered; None where it is not said
    one_with      the fetch that it was asked as one with: both put the same question
    """

    rows: int
    milliseconds: float | None = None
    questions: int | None = None
    keys: int | None = None
    found: int | None = None
    one_with: int | None = None


@dataclass(frozen=True, slots=True)
class DescribedFetch:
    """One fetch.

    number         from 1, in the order of steps
    universe       of several classes; None where it is not said
    paths          where in the answer it stands, by response keys
    waits_for      the fetches that must have been answered before
    together_with  the fetch it continues: both are asked at the same time by the same key
    question       the statement or document, if it was asked for
    """

    number: int
    step: int
    source: str
    type: str
    key: tuple[str, ...]
    universe: str | None
    paths: tuple[str, ...]
    asks: tuple[Asked, ...]
    waits_for: tuple[int, ...] = ()
    together_with: int | None = None
    question: str | None = None
    run: Run | None = None

    @property
    def path(self) -> str:
        """The first of its places."""
        return self.paths[0]


@dataclass(frozen=True, slots=True)
class Root:
    """A root field of the answer, and the fetches that give it: none if the hub knows it by itself."""

    key: str
    fetches: tuple[int, ...]
    introspection: bool = False


@dataclass(frozen=True, slots=True)
class Description:
    """A plan: its root fields in the order of the answer, its fetches in the order of their numbers.

    serial  one root field after the other
    """

    roots: tuple[Root, ...]
    fetches: tuple[DescribedFetch, ...]
    serial: bool = False

    @property
    def steps(self) -> Sequence[Sequence[DescribedFetch]]:
        """The fetches of each step."""
        last = max((fetch.step for fetch in self.fetches), default=0)
        return [[fetch for fetch in self.fetches if fetch.step == step] for step in range(1, last + 1)]

    def fetch(self, number: int) -> DescribedFetch:
        """A fetch by its number."""
        return self.fetches[number - 1]

    def with_questions(self, questions: Mapping[int, str]) -> Description:
        """The same with what each fetch asks, by number."""
        return replace(self, fetches=tuple(replace(one, question=questions[one.number]) for one in self.fetches))

    def without_questions(self) -> Description:
        """The same without what the fetches ask."""
        return replace(self, fetches=tuple(replace(one, question=None) for one in self.fetches))

    def with_runs(self, runs: Mapping[int, Run]) -> Description:
        """The same with what came of each fetch, by number."""
        return replace(self, fetches=tuple(replace(one, run=runs[one.number]) for one in self.fetches))
