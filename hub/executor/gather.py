"""Keys of concurrent requests -> one question: a dataloader across requests.

A lane is one universe of one source. While all its pipelines are busy, the next keys gather at their loaders, and go
out together when a pipeline is free; an idle lane answers at once. A loader is a pure function from key to texts for
one question and its parameters, so it may serve every request that asks the same, and it keeps nothing: what it has
answered is forgotten.

Decided: who asks a remote subgraph for what is under way to the same profile gets that answer, unless something was
changed by way of this hub since it was asked for; a client sees what it has written. Rejected: the same for the hub's
own databases, where it saves little and an answer would be older than its question.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from contextvars import Context
from time import perf_counter
from typing import TYPE_CHECKING, Any, TypeVar

from hub.errors import SourceUnavailable, origin
from hub.executor.children import StepChild
from hub.executor.join import Answers, Early, failed, join
from hub.model.source import ABSENT, FAILED, PASSED, Asked, Question, Source, Texts
from hub.model.viewer import Asserted, Universe
from hub.model.watch import Fetched, Watch

if TYPE_CHECKING:
    from hub.executor.observe import Observed
    from hub.executor.step import Step

log = logging.getLogger("hub.executor")

Result = TypeVar("Result")

# Bounds a statement's parameters and the time it holds its pipeline. Measured: a hundred people for each of 128 clients
# are answered half as fast again in statements of ten thousand keys as in statements of a thousand.
MOST_KEYS = 10_000


class Group:
    """Keys that go out together, and who waits for their answers.

    Everybody who waits has a future of his own: a task that is cancelled cancels the future it waits for, and whoever
    shared it would be cancelled with him.
    """

    __slots__ = ("changes", "fetched", "keys", "loader", "waiting")

    def __init__(self, loader: Loader) -> None:
        self.loader = loader
        self.keys: dict[str, None] = {}
        self.waiting: list[asyncio.Future[Answers]] = []
        self.changes = 0
        watch, fetch = loader.step.lane.watch, loader.step.question.fetch
        self.fetched: Fetched | None = watch.fetch(fetch.source, fetch.type) if watch is not None else None

    def wait(self) -> asyncio.Future[Answers]:
        """The answers, when they are there."""
        future: asyncio.Future[Answers] = self.loader.step.lane.loop.create_future()
        self.waiting.append(future)
        if self.fetched is not None:
            self.fetched.waits(future)
        return future

    @property
    def context(self) -> Context | None:
        """In which its work is done; None: in whichever."""
        return self.fetched.context.copy() if self.fetched is not None else None

    @property
    def reader(self) -> Asserted | None:
        """What the source is told of who reads."""
        return self.loader.step.question.fetch.asserted

    @property
    def alone(self) -> bool:
        """Whether no other question may go with it."""
        return self.loader.step.question.alone

    def answer(self, answers: Answers) -> None:
        """Gives the answers to all who still wait."""
        self.loader.answered(self)
        for future in self.waiting:
            if not future.done():
                future.set_result(answers)


class Changes:
    """How many mutations have been run by way of one engine."""

    __slots__ = ("count",)

    def __init__(self) -> None:
        self.count = 0


class Loader:
    """One step with the parameters of its subtree: key -> texts.

    observed  by the one run that it serves, if there is one
    changes   whether its question changes something: then it serves one request
    """

    __slots__ = ("_away", "_gathering", "changes", "observed", "parameters", "step")

    def __init__(
        self, step: Step, parameters: tuple[Any, ...], observed: Observed | None = None, *, changes: bool = False
    ) -> None:
        self.step = step
        self.parameters = parameters
        self.observed = observed
        self._gathering: Group | None = None
        self._away: list[Group] = []
        self.changes = changes

    def load(self, keys: Iterable[str]) -> asyncio.Future[Answers]:
        """The answers of a group that holds at least these keys; a key without a row is not in them."""
        wanted = dict.fromkeys(keys)
        changes = self.step.lane.changes.count
        for group in self._away:
            if group.changes == changes and wanted.keys() <= group.keys.keys():
                return group.wait()
        gathering = self._gathering
        if gathering is None or len(gathering.keys) >= MOST_KEYS:
            gathering = self._gathering = Group(self)
            self.step.lane.enqueue(gathering)
        gathering.keys.update(wanted)
        return gathering.wait()

    def child(self, index: int) -> Loader:
        """The loader that fills the marks of a child which is a step."""
        child = self.step.children[index]
        assert isinstance(child, StepChild)
        return child.loader(self)

    def close(self, group: Group) -> None:
        """The group goes out: later keys gather in another."""
        if self._gathering is group:
            self._gathering = None
        if self.step.question.merged:
            group.changes = self.step.lane.changes.count
            self._away.append(group)
        self._forget()

    def answered(self, group: Group) -> None:
        """The group is back."""
        if group in self._away:
            self._away.remove(group)
            self._forget()

    def _forget(self) -> None:
        if self._gathering is None and not self._away:
            self.step.forget(self)


def _asked(group: Group) -> Asked:
    question = group.loader.step.question
    keys = list(group.keys)
    if question.passed:
        keys = list(dict.fromkeys(key.partition(PASSED)[0] for key in keys))
    return question, group.loader.parameters[: len(question.parameters)], keys


def _passed(question: Question, keys: Iterable[str], answers: Answers) -> Answers:
    """The answers with what each key brings for further below."""
    found: dict[str, Texts] = {}
    for key in keys:
        known, *values = key.split(PASSED)
        if known not in answers:
            continue
        texts = answers[known]
        for slot, value in zip(question.passed, values, strict=True):
            texts = tuple([text.replace(slot, value) for text in texts])
        found[key] = texts
    return found


def _within(group: Group, work: Callable[[Group], Result]) -> Result:
    """Work for a group, done in its context."""
    context = group.context
    return work(group) if context is None else context.run(work, group)


class Lane:
    """The pipelines of one universe of one source, and the groups that wait for one."""

    __slots__ = (
        "_away",
        "_busy",
        "_expected",
        "_patience",
        "_tasks",
        "_timer",
        "_waiting",
        "_waking",
        "changes",
        "loop",
        "source",
        "watch",
        "width",
    )

    def __init__(self, source: Source, universe: Universe, changes: Changes, watch: Watch | None) -> None:
        self.loop = asyncio.get_running_loop()
        self.source = source
        self.changes = changes
        self.watch = watch
        self.width = source.width(universe)
        self._waiting: deque[Group] = deque()
        self._away = False
        self._busy = 0
        self._waking = False
        self._timer: asyncio.TimerHandle | None = None
        self._expected = 0
        self._patience = 0.0
        self._tasks: set[asyncio.Task[None]] = set()

    def enqueue(self, group: Group) -> None:
        """Puts a group in line; it starts at the end of the loop's turn, so that what is asked in one turn gathers.

        A source that takes several questions at once waits a little longer while answers are under way elsewhere that
        may lead to it: a quarter of the time that the last of them took, for a request spared costs more.
        """
        self._waiting.append(group)
        if not self._waking and self._busy < self.width:
            self._waking = True
            if self._expected and self.source.together > 1:
                self._timer = self.loop.call_later(self._patience, self._start)
            else:
                self.loop.call_soon(self._start)

    def expect(self) -> None:
        """An answer is under way that may lead here."""
        self._expected += 1

    def arriving(self, seconds: float) -> None:
        """Such an answer is there, after so long."""
        self._patience = seconds / 4

    def arrived(self) -> None:
        """What it led to is in line."""
        self._expected -= 1
        if not self._expected and self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self.loop.call_soon(self._start)

    def _start(self) -> None:
        self._waking = False
        self._timer = None
        while self._waiting and self._busy < self.width:
            groups = self._next()
            for group in groups:
                group.loader.close(group)
            self._busy += 1
            self._spawn(self._run(groups), groups[0])

    def _next(self) -> list[Group]:
        """The groups that go out next: as many as may go together, of those that are asked for the same reader."""
        first = self._waiting.popleft()
        groups = [first]
        if self.source.together > 1 and self._waiting and not first.alone:
            others: list[Group] = []
            while self._waiting and len(groups) < self.source.together:
                group = self._waiting.popleft()
                (others if group.alone or group.reader != first.reader else groups).append(group)
            self._waiting.extendleft(reversed(others))
        return groups

    def _spawn(self, work: Coroutine[Any, Any, None], group: Group) -> None:
        """Work for a group, in the context of who asked for it first."""
        task = self.loop.create_task(work, context=group.context)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, groups: list[Group]) -> None:
        """Asks for the groups; what hangs on an answer does not hold the pipeline, nor the other groups."""
        begun = self.loop.time()
        sent = perf_counter()
        led_to = [lane for group in groups for lane in group.loader.step.leads_to]
        for lane in led_to:
            lane.expect()
        early = [_within(group, self._early) for group in groups]
        if groups[0].fetched is not None:
            groups[0].fetched.goes_with([group.fetched for group in groups[1:] if group.fetched is not None])
        asked = [_asked(group) for group in groups]
        answers: Sequence[Answers | SourceUnavailable]
        try:
            answers = await self.source.ask(asked)
            self._note(None)
        except SourceUnavailable as error:
            self._note(error)
            answers = [error] * len(groups)
        except Exception as error:  # noqa: BLE001 - a fault of the hub fails these groups, not the lane
            log.error("a question to `%s` failed: %s", self.source.name, origin(error))
            answers = [SourceUnavailable(self.source.name)] * len(groups)
        finally:
            self.changes.count += sum(group.loader.changes for group in groups)
            self._busy -= 1
            if self._waiting:
                self._start()
        for group, (_, _, keys), found in zip(groups, asked, answers, strict=False):
            if group.loader.observed is not None:
                answered = () if isinstance(found, SourceUnavailable) else found
                group.loader.observed.note(group.loader.step, keys, answered, perf_counter() - sent)
        if not led_to and len(groups) == 1:
            await self._finish(groups[0], answers[0], early[0])
            return
        for lane in led_to:
            lane.arriving(self.loop.time() - begun)
        for group, found, begun_early in zip(groups, answers, early, strict=True):
            self._spawn(self._finish(group, found, begun_early), group)
        await asyncio.sleep(0)  # what hangs on the answers gets in line
        for lane in led_to:
            lane.arrived()

    @staticmethod
    def _early(group: Group) -> Early:
        early: Early = {}
        for index, place in group.loader.step.early:
            keys = group.keys
            if place is not None:
                brought = (key.split(PASSED)[1 + place] for key in keys)
                keys = {key: None for key in brought if FAILED not in key and ABSENT not in key}
            if keys:
                early[index] = (keys, group.loader.child(index).load(keys))
        return early

    async def _finish(self, group: Group, answers: Answers | SourceUnavailable, early: Early) -> None:
        """Fills what hangs on an answer, and gives it to who waits."""
        step = group.loader.step
        if isinstance(answers, SourceUnavailable):
            group.answer(failed(group.keys, step.question.columns, answers))
            return
        try:
            if step.question.passed:
                answers = _passed(step.question, group.keys, answers)
            if step.children:
                answers = await join(group.loader, answers, early)
        except Exception as error:  # noqa: BLE001 - a fault of the hub fails this group, not the lane
            log.error("an answer of `%s` could not be joined: %s", self.source.name, origin(error))
            answers = failed(group.keys, step.question.columns, SourceUnavailable(self.source.name))
        group.answer(answers)

    def _note(self, error: SourceUnavailable | None) -> None:
        """Logs when the source goes away and when it is back, not every question in between."""
        if (error is not None) is self._away:
            return
        self._away = error is not None
        if error is not None:
            log.error("source `%s` does not answer: %s", self.source.name, origin(error))
        else:
            log.warning("source `%s` answers again", self.source.name)


class Lanes:
    """All lanes of an engine, each made when first used."""

    def __init__(self, sources: Mapping[str, Source], watch: Watch | None = None) -> None:
        self.sources = sources
        self._watch = watch
        self._lanes: dict[tuple[str, Universe], Lane] = {}
        self._changes = Changes()

    async def settled(self) -> None:
        """Waits until nothing is asked any more, also of what nobody waits for: sources have limits of their own."""
        while under_way := [task for lane in self._lanes.values() for task in lane._tasks]:
            await asyncio.wait(under_way)

    def lane(self, source: str, universe: Universe) -> Lane:
        """The lane of a universe of a source."""
        lane = self._lanes.get((source, universe))
        if lane is None:
            lane = self._lanes[source, universe] = Lane(self.sources[source], universe, self._changes, self._watch)
        return lane
