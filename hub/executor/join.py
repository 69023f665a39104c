"""Texts with marks x answers -> texts.

The texts of a batch are handled as one: split at its marks once, the distinct keys asked once for each child, pieces
and answers joined, and the whole cut into texts again. So the work on every piece is a few calls for all of them, which
saves a fifth of the processor time of a list of a hundred people against a loop over texts. Nothing is decoded.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

import orjson

from hub.errors import SourceUnavailable
from hub.executor.children import FunctionChild, ListChild, MergeChild, StepChild
from hub.executor.merge import closed, merged, opened
from hub.model.source import (
    ABSENT,
    FAILED,
    FAILURE,
    FIRST_CODE,
    GIVEN,
    INNER,
    INNER_END,
    KEY_PARTS,
    MARK,
    PASSED,
    SLOT,
    TEXT_END,
    Texts,
    failure,
)

if TYPE_CHECKING:
    from hub.executor.gather import Loader

Answers = Mapping[str, Texts]
# Number of a child -> the keys it was asked for at the same time as its parent, and its answers to come.
Early = dict[int, tuple[Mapping[str, None], "asyncio.Future[Answers]"]]

# What follows a representation in a key.
_BEHIND = re.compile(f"[{GIVEN}{PASSED}]")
_INNERMOST = re.compile(f"{INNER}([^{INNER}{INNER_END}]*){INNER_END}")

log = logging.getLogger("hub.executor")


def failed(keys: Iterable[str], columns: int, error: SourceUnavailable) -> Answers:
    """The answers of a source that gave none."""
    return dict.fromkeys(keys, (failure(error.source, error.code, error.message),) * columns)


async def join(loader: Loader, answers: Answers, early: Early) -> Answers:
    """The answers with every mark filled."""
    whole = TEXT_END.join(chain.from_iterable(answers.values()))
    filling = _Filling(loader, early, broken=FAILED in whole or ABSENT in whole)
    if loader.step.question.nested:
        # What waits for nothing inside is asked at the same time as what is inside the others.
        marks = set(whole.split(MARK)[1::2])
        held = {mark[0] for mark in marks if INNER in mark}
        filling.begin({mark for mark in marks if mark[0] not in held})
        while inner := set(_INNERMOST.findall(whole)):
            filled = await filling.filled(inner)
            whole = "".join(filled[piece] if odd % 2 else piece for odd, piece in enumerate(_INNERMOST.split(whole)))
    # INVARIANT: a text holds an even number of `MARK`, so every second piece of the whole is what stands inside a mark.
    pieces = whole.split(MARK)
    filled = await filling.filled(set(pieces[1::2]))
    pieces[1::2] = map(filled.__getitem__, pieces[1::2])
    texts = iter("".join(pieces).split(TEXT_END))
    return dict(zip(answers, zip(*[texts] * loader.step.question.columns, strict=False), strict=False))


# A child, the mark that holds each key (all of them, if marks bring something along), and the answers to come.
_Pending = tuple["StepChild", Mapping[str, Any], "asyncio.Future[Answers]"]


class _Filling:
    """Fills the marks of one batch. What a step was asked once, it is not asked again."""

    __slots__ = ("broken", "children", "early", "loaded", "loader", "nested")

    def __init__(self, loader: Loader, early: Early, *, broken: bool) -> None:
        self.loader = loader
        self.children = loader.step.children
        self.nested = loader.step.question.nested
        self.broken = broken or self.nested
        self.early = early
        self.loaded: dict[tuple[int, str], asyncio.Future[Answers]] = {}

    def begin(self, marks: Iterable[str]) -> None:
        """Asks for what the marks of steps need, so that it is under way when they are filled."""
        for index, (child, found_here) in enumerate(zip(self.children, self.by_child(marks), strict=True)):
            if isinstance(child, StepChild) and found_here:
                self.ask(index, child, found_here, [])

    async def filled(self, marks: Iterable[str]) -> dict[str, str]:
        """mark -> text, for the distinct marks of a batch."""
        found: dict[str, str] = {}
        pending: list[_Pending] = []
        for index, (child, found_here) in enumerate(zip(self.children, self.by_child(marks), strict=True)):
            match child:
                case StepChild():
                    if self.broken:
                        found.update({mark: text for mark in found_here if (text := _missing(mark, child)) is not None})
                    self.ask(index, child, found_here, pending)
                case FunctionChild():
                    found.update({mark: _compute(child, mark) for mark in found_here})
                case ListChild():
                    found.update({mark: _listed(mark[1:].split(KEY_PARTS)) for mark in found_here})
                case MergeChild():
                    found.update({mark: merged(mark[1:].split(KEY_PARTS), child.order) for mark in found_here})
        for child, marked, future in pending:
            answers = await future
            column, absent = child.column, child.absent
            if child.carried or child.needs:
                for key, of in marked.items():
                    text = answers[key][column] if key in answers else absent
                    found.update({mark: _brought(text, mark) for mark in of})
            else:
                found.update({mark: answers[key][column] if key in answers else absent for key, mark in marked.items()})
        return found

    def by_child(self, marks: Iterable[str]) -> list[list[str]]:
        found: list[list[str]] = [[] for _ in self.children]
        for mark in marks:
            found[ord(mark[0]) - FIRST_CODE].append(mark)
        return found

    def ask(self, index: int, child: StepChild, marks: Sequence[str], pending: list[_Pending]) -> None:
        """Asks a step for the keys in the marks, and notes what is to come."""
        waiting = _keys(child, marks)
        if self.broken:
            waiting = {key: of for key, of in waiting.items() if not _broken(key)}
        if index in self.early:
            asked, future = self.early[index]
            late = waiting.keys() - asked.keys()
            pending.append((child, {key: of for key, of in waiting.items() if key not in late}, future))
            waiting = {key: waiting[key] for key in late}
        if self.nested:
            waiting = self.not_yet_loaded(child, waiting, pending)
        if waiting:
            future = self.loader.child(index).load(waiting)
            pending.append((child, waiting, future))
            if self.nested:
                self.loaded.update(dict.fromkeys(((id(child.step), key) for key in waiting), future))

    def not_yet_loaded(self, child: StepChild, waiting: Mapping[str, Any], pending: list[_Pending]) -> dict[str, Any]:
        left = {}
        for key, of in waiting.items():
            future = self.loaded.get((id(child.step), key))
            if future is not None:
                pending.append((child, {key: of}, future))
            else:
                left[key] = of
        return left


def _missing(mark: str, child: StepChild) -> str | None:
    """What stands where what was to be handed over could not be had."""
    key = _mattering(_key(child, mark))
    failed_input = FAILURE.search(key)
    if failed_input is not None:
        return failed_input[0]
    return child.absent if ABSENT in key else None


def _keys(child: StepChild, marks: Iterable[str]) -> dict[str, Any]:
    """key -> the mark that holds it, or all of them where several may or they bring something along."""
    if not child.carried and not child.needs:
        return {mark[1:]: mark for mark in marks}
    found: dict[str, list[str]] = {}
    for mark in marks:
        found.setdefault(_key(child, mark), []).append(mark)
    return found


def _key(child: StepChild, mark: str) -> str:
    key = mark[1:].partition(KEY_PARTS)[0] if child.carried else mark[1:]
    return _mended(key, child.needs) if child.needs and _broken(key) else key


def _broken(key: str) -> bool:
    key = _mattering(key)
    return FAILED in key or ABSENT in key


def _mattering(key: str) -> str:
    """A key without what only passes through."""
    return key.partition(PASSED)[0]


def _mended(key: str, needs: Sequence[str]) -> str:
    """A representation with null for what failed; if something did that is needed, what is needed of it.

    What comes with it from above, comes with it still.
    """
    handed = _BEHIND.split(key, 1)[0]
    whole = opened(handed)
    needed = closed({name: whole[name] for name in needs if name in whole})
    mended = needed if _broken(needed) else FAILURE.sub("null", handed).replace(ABSENT, "null")
    return mended + key[len(handed) :]


def _brought(text: str, mark: str) -> str:
    """The text with what the mark brings along in its slots."""
    if SLOT not in text:
        return text
    _, *carried = mark.split(KEY_PARTS)
    first, *pieces = text.split(SLOT)
    return first + "".join(carried[ord(piece[0]) - FIRST_CODE] + piece[1:] for piece in pieces)


def _listed(parts: Iterable[str]) -> str:
    """The parts that are there, as a list."""
    return f"[{','.join([part for part in parts if part not in ('', 'null', ABSENT)])}]"


def _compute(child: FunctionChild, mark: str) -> str:
    """The JSON of a computed field. Inputs stay out of the log."""
    inputs = [text or None for text in mark[1:].split(KEY_PARTS)]
    try:
        return orjson.dumps(child.function(*inputs)).decode()
    except Exception as error:  # noqa: BLE001 - a fault in a declared function nulls its field, not the answer
        log.error("`%s` failed: %s", getattr(child.function, "__name__", "a function"), type(error).__name__)
        return failure("")
