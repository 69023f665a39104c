"""Plan x sources -> Program: every fetch compiled to its question, equal steps shared between programs."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from hub.errors import Refused, Shown
from hub.executor.children import Child, FunctionChild, ListChild, MergeChild, StepChild
from hub.executor.gather import Lanes
from hub.executor.represented import EntityStep, RootRepresented
from hub.executor.secrets import Secrets
from hub.executor.step import Step
from hub.model.mapping import Lookup
from hub.model.operation import Argument, Operation, argument_value
from hub.model.plan import (
    Fetch,
    Hole,
    Introspection,
    KeySearch,
    Merge,
    Order,
    Plan,
    RootEntities,
    RootHole,
    RootValue,
    Typename,
    continues,
    passed_key,
)
from hub.model.request import About
from hub.model.source import KEY_PARTS, CursorChild, ListedChild, MergedChild, absent
from hub.model.viewer import Viewer


@dataclass(frozen=True, slots=True)
class RootStep:
    """A root field that a step answers by keys from its arguments, or by the viewer's own subject."""

    name: str
    step: Step
    lookup: Lookup
    arguments: Mapping[str, Argument]
    absent: str

    def keys(self, variables: Mapping[str, Any], viewer: Viewer) -> list[str]:
        """The keys asked for: at most one, but for a list of them."""
        if not self.lookup.arguments:
            return [] if viewer.subject is None else [viewer.subject]
        values = [argument_value(self.arguments[name], variables) for name in self.lookup.arguments]
        if not self.lookup.many:
            return [KEY_PARTS.join(values)]
        (keys,) = values
        if len(keys) > self.lookup.most:
            message = f"`{self.name}` takes at most {self.lookup.most} keys, and {len(keys)} were given"
            raise Refused([Shown(message, code="BAD_USER_INPUT")])
        return list(keys)


@dataclass(frozen=True, slots=True)
class RootFetch:
    """A root field that needs no key: a column of a step.

    call  parts of one call are asked once; a mutation runs once for each call, and is never shared between requests
    """

    step: Step
    column: int
    call: int


@dataclass(frozen=True, slots=True)
class RootMerge:
    """A root field of which several steps give a part each."""

    parts: tuple[RootFetch, ...]
    order: Order


# id of a fetch of the plan at hand -> its step
_Made = dict[int, Step]


@dataclass(frozen=True, slots=True)
class Search:
    """A step that gives keys for a filter, under the name of a variable."""

    wanted: KeySearch
    step: Step


RootPart = RootStep | RootRepresented | RootFetch | RootMerge | str
"""A string is text that is known already."""


@dataclass(frozen=True, slots=True)
class Program:
    """A plan ready to run: the response keys in order, and what answers each.

    serial     one part after the other, as for a mutation
    plan       what it was made of
    steps      id of a fetch of the plan -> its step, which may be that of others too
    searches   what filters need before anything is bound
    about      what a log may say of it, if somebody watches
    """

    operation: Operation
    parts: tuple[tuple[str, RootPart], ...]
    introspects: bool
    serial: bool
    plan: Plan
    steps: Mapping[int, Step]
    searches: tuple[Search, ...] = ()
    about: About | None = None


class Programs:
    """Makes the programs of one profile and shares their equal steps, as long as some program holds them.

    What one profile is answered is never served to another, however alike their questions are.
    """

    def __init__(
        self,
        lanes: Lanes,
        lookups: Mapping[tuple[str, str], Lookup],
        secrets: Secrets,
    ) -> None:
        self._lanes = lanes
        self._lookups = lookups
        self._secrets = secrets
        self._steps: weakref.WeakValueDictionary[Any, Step] = weakref.WeakValueDictionary()

    def program(self, plan: Plan, operation: Operation, introspect: Callable[[str], str]) -> Program:
        """The program of a plan; `introspect` gives the text of an introspection field by its response key."""
        parts: list[tuple[str, RootPart]] = []
        made: _Made = {}
        for node in plan.nodes:
            match node:
                case Typename():
                    parts.append((node.key, f'"{plan.root}"'))
                case Introspection():
                    parts.append((node.key, introspect(node.key)))
                case RootHole():
                    lookup = self._lookups[node.source, node.name]
                    step = self._step(node.fetch, made)
                    parts.append(
                        (
                            node.key,
                            RootStep(node.name, step, lookup, dict(node.arguments), absent(nullable=node.nullable)),
                        )
                    )
                case RootEntities():
                    ways = tuple(EntityStep(way.type, way.key, self._step(way.fetch, made)) for way in node.ways)
                    parts.append((node.key, RootRepresented(node.representations, ways)))
                case RootValue():
                    parts.append((node.key, self._root(node.node, made)))
        searches = tuple(Search(one, self._step(one.fetch, made)) for one in plan.searches)
        introspects = any(isinstance(node, Introspection) for node in plan.nodes)
        return Program(operation, tuple(parts), introspects, plan.serial, plan, made, searches)

    def _root(self, node: Hole | Merge, made: _Made) -> RootFetch | RootMerge:
        if isinstance(node, Hole):
            return self._root_fetch(node, made)
        parts = tuple(self._root_fetch(part, made) for part in node.parts if isinstance(part, Hole))
        return RootMerge(parts, node.order)

    def _root_fetch(self, hole: Hole, made: _Made) -> RootFetch:
        return RootFetch(self._step(hole.fetch, made), hole.column, id(hole.fetch))

    def _step(self, fetch: Fetch, made: _Made) -> Step:
        """The step of a fetch, on which many holes may hang: it is compiled for the first of them."""
        known = made.get(id(fetch))
        if known is None:
            known = made[id(fetch)] = self._compiled(fetch, made)
        return known

    def _compiled(self, fetch: Fetch, made: _Made) -> Step:
        question = self._lanes.sources[fetch.source].question(fetch)
        children: list[Child] = []
        start = len(question.parameters)
        starts: dict[int, int] = {}
        for child in question.children:
            if isinstance(child, Hole):
                step = self._step(child.fetch, made)
                missing = absent(nullable=child.nullable, many=child.many)
                if id(step) not in starts:
                    starts[id(step)] = start
                    start += step.parameter_count
                children.append(
                    StepChild(step, child.column, missing, starts[id(step)], len(child.carried), child.needs)
                )
            elif isinstance(child, MergedChild):
                children.append(MergeChild(child.order))
            elif isinstance(child, CursorChild):
                children.append(FunctionChild(partial(self._secrets.sealed, child.place)))
            elif isinstance(child, ListedChild):
                children.append(ListChild())
            else:
                children.append(FunctionChild(child.function))
        holes = [(index, child) for index, child in enumerate(question.children) if isinstance(child, Hole)]
        placed = [(index, passed_key(fetch, child), continues(fetch, child)) for index, child in holes]
        early = [(index, place) for index, place, same in placed if same or place is not None]
        identity = (
            fetch.source,
            fetch.universe,
            fetch.asserted,
            question.text,
            question.shaped,
            question.passed,
            tuple(map(repr, question.parameters)),
            tuple(
                (id(child.step), child.column, child.absent, child.carried, child.needs)
                if isinstance(child, StepChild)
                else child
                for child in children
            ),
        )
        known = self._steps.get(identity)
        if known is None:
            known = self._steps[identity] = Step(
                question, self._lanes.lane(fetch.source, fetch.universe), children, early, self._secrets
            )
        return known
