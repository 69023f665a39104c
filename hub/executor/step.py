"""A step of a program: one question, and what fills the marks in its texts.

Two steps of a profile are equal when their texts, their universes and all their children are; equal steps are one
object, so that concurrent requests of different documents gather in one loader. Profiles share no step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from hub.errors import Refused
from hub.executor.children import Child, StepChild
from hub.executor.gather import Lane, Loader
from hub.executor.secrets import Secrets, digest
from hub.model.operation import argument_value, is_given, varies
from hub.model.source import Argued, Binding, Checked, Opened, Parameter, PseudonymKey, Question, Sought

if TYPE_CHECKING:
    from hub.executor.observe import Observed


class Step:
    """One question with its children, on the lane that asks it.

    early            children whose keys are this step's own, or come with them, as that number of what is for further
                     below: they are asked at the same time. Their loaders are pure functions of the key, so asking for
                     a row that turns out not to exist does no harm, and it makes a hidden row and an absent one cause
                     the same statements.
    leads_to         lanes of remote children, which do well to wait for what this one leads to
    below            the steps of its children, each once
    parameter_count  parameters of the whole subtree: this question's own, then those of each step below in turn
    secrets          of its profile
    """

    __slots__ = (
        "__weakref__",
        "_always",
        "_loaders",
        "_secrets",
        "below",
        "children",
        "early",
        "lane",
        "leads_to",
        "parameter_count",
        "question",
    )

    def __init__(
        self,
        question: Question,
        lane: Lane,
        children: Sequence[Child],
        early: Sequence[tuple[int, int | None]],
        secrets: Secrets,
    ) -> None:
        self.question = question
        self.lane = lane
        self.children = tuple(children)
        self.early = tuple(early)
        self.below = tuple(dict.fromkeys(child.step for child in self.children if isinstance(child, StepChild)))
        lanes = {step.lane for step in self.below}
        self.leads_to = tuple(one for one in lanes if one.source.together > 1)
        self.parameter_count: int = len(question.parameters) + sum(step.parameter_count for step in self.below)
        self._loaders: dict[tuple[Any, ...], Loader] = {}
        self._secrets = secrets
        self._always = self._same_for_all()

    def _same_for_all(self) -> tuple[Any, ...] | None:
        """The parameters of every request, if they hang on none; what is refused, each request is told itself."""
        if any(map(_varies, self.question.parameters)) or any(step._always is None for step in self.below):
            return None
        try:
            return self._bind({})
        except Refused:
            return None

    def bind(self, variables: Mapping[str, Any]) -> tuple[Any, ...]:
        """The parameters of the subtree for one request; `Refused` where one cannot be."""
        return self._bind(variables) if self._always is None else self._always

    def _bind(self, variables: Mapping[str, Any]) -> tuple[Any, ...]:
        own = [_bound(one, variables, self._secrets) for one in self.question.parameters]
        for step in self.below:
            own += step.bind(variables)
        return tuple(own)

    def loader(self, parameters: tuple[Any, ...] = (), observed: Observed | None = None) -> Loader:
        """The loader of these parameters, of all who ask or of an observed run.

        One without keys is forgotten, so parameters never pile up.
        """
        if observed is not None:
            return observed.loader(self, parameters)
        loader = self._loaders.get(parameters)
        if loader is None:
            loader = self._loaders[parameters] = Loader(self, parameters)
        return loader

    def forget(self, loader: Loader) -> None:
        """Called when nothing waits for a loader any more, nor can."""
        if loader.parameters and self._loaders.get(loader.parameters) is loader:
            del self._loaders[loader.parameters]


def _varies(parameter: Parameter) -> bool:
    """Whether its value hangs on the variables of a request."""
    match parameter:
        case Argued(argument=argument) | Binding(argument):
            return varies(argument)
        case PseudonymKey():
            return False
        case Opened():
            return varies(parameter.cursor) or varies(parameter.arguments)
        case Sought(arguments, cursor):
            return varies(arguments) or (cursor is not None and _varies(cursor))
        case Checked(sent, cursors):
            return _varies(sent) or any(map(_varies, cursors))


def _bound(parameter: Parameter, variables: Mapping[str, Any], secrets: Secrets) -> Any:
    """The value of a parameter in one request."""
    match parameter:
        case Argued(argument=argument):
            given = is_given(argument, variables)
            return parameter.check(argument_value(argument, variables) if given else parameter.missing)
        case PseudonymKey():
            return secrets.pseudonym[parameter]
        case Binding(arguments):
            return digest(argument_value(arguments, variables))
        case Opened():
            return _opened(parameter, variables, secrets)
        case Sought(arguments, cursor):
            position = None if cursor is None else _opened(cursor, variables, secrets)
            return parameter.read(argument_value(arguments, variables), position)
        case Checked(sent, cursors):
            for cursor in cursors:
                _opened(cursor, variables, secrets)
            return _bound(sent, variables, secrets)


def _opened(parameter: Opened, variables: Mapping[str, Any], secrets: Secrets) -> tuple[str, ...]:
    binding = digest(argument_value(parameter.arguments, variables))
    return secrets.opened(parameter.place, argument_value(parameter.cursor, variables), binding)
