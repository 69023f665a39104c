"""Plan x sources -> Program: every fetch compiled to its question, equal steps shared between programs."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hub.errors import Refused, Shown
from hub.executor.children import Child, FunctionChild, StepChild
from hub.executor.gather import Lanes
from hub.executor.step import Step
from hub.model.mapping import Lookup
from hub.model.operation import Argument, Operation, argument_value
from hub.model.plan import Fetch, Hole, Introspection, Plan, RootHole, Typename, continues
from hub.model.source import KEY_PARTS, absent
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


RootPart = RootStep | str
"""A string is text that is known already."""


@dataclass(frozen=True, slots=True)
class Program:
    """A plan ready to run: the response keys in order, and what answers each."""

    operation: Operation
    parts: tuple[tuple[str, RootPart], ...]
    introspects: bool


class Programs:
    """Makes programs and shares their equal steps, as long as some program holds them."""

    def __init__(self, lanes: Lanes, lookups: Mapping[tuple[str, str], Lookup]) -> None:
        self._lanes = lanes
        self._lookups = lookups
        self._steps: weakref.WeakValueDictionary[Any, Step] = weakref.WeakValueDictionary()

    def program(self, plan: Plan, operation: Operation, introspect: Callable[[str], str]) -> Program:
        """The program of a plan; `introspect` gives the text of an introspection field by its response key."""
        parts: list[tuple[str, RootPart]] = []
        for node in plan.nodes:
            match node:
                case Typename():
                    parts.append((node.key, f'"{plan.root}"'))
                case Introspection():
                    parts.append((node.key, introspect(node.key)))
                case RootHole():
                    lookup = self._lookups[node.source, node.name]
                    step = self._step(node.fetch)
                    parts.append(
                        (
                            node.key,
                            RootStep(node.name, step, lookup, dict(node.arguments), absent(nullable=node.nullable)),
                        )
                    )
        return Program(operation, tuple(parts), any(isinstance(node, Introspection) for node in plan.nodes))

    def _step(self, fetch: Fetch) -> Step:
        question = self._lanes.sources[fetch.source].question(fetch)
        children: list[Child] = []
        start = len(question.parameters)
        for child in question.children:
            if isinstance(child, Hole):
                step = self._step(child.fetch)
                children.append(StepChild(step, child.column, absent(nullable=child.nullable, many=child.many), start))
                start += step.parameter_count
            else:
                children.append(FunctionChild(child.function))
        early = [
            index
            for index, child in enumerate(question.children)
            if isinstance(child, Hole) and continues(fetch, child)
        ]
        identity = (
            fetch.source,
            fetch.universe,
            question.text,
            tuple(repr(parameter.argument) for parameter in question.parameters),
            tuple(
                (id(child.step), child.column, child.absent) if isinstance(child, StepChild) else child.function
                for child in children
            ),
        )
        known = self._steps.get(identity)
        if known is None:
            known = self._steps[identity] = Step(
                question, self._lanes.lane(fetch.source, fetch.universe), children, early
            )
        return known
