"""Texts with marks x answers -> texts.

A text is split at its marks once; the distinct keys of the whole batch are asked once for each child; then pieces and
answers are joined. Nothing is decoded.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import orjson

from hub.executor.children import FunctionChild, StepChild
from hub.model.source import FAILED, FIRST_CODE, KEY_PARTS, MARK, Texts

if TYPE_CHECKING:
    from hub.executor.gather import Loader

Answers = Mapping[str, Texts]

log = logging.getLogger("hub.executor")


def failed(keys: Iterable[str], columns: int, source: str) -> Answers:
    """The answers of a source that gave none."""
    return dict.fromkeys(keys, (f"{FAILED}{source}{FAILED}",) * columns)


async def join(
    loader: Loader, answers: Answers, early: Mapping[int, asyncio.Future[Answers]], asked: Mapping[str, None]
) -> Answers:
    """The answers with every mark filled. `early` are children that were `asked` for the parent's keys beforehand."""
    split = {key: [text.split(MARK) for text in texts] for key, texts in answers.items()}
    marks: set[str] = set()
    for rows in split.values():
        for parts in rows:
            marks.update(parts[1::2])
    filled = await _fill(loader, marks, early, asked)
    get = filled.__getitem__
    joined: dict[str, Texts] = {}
    for key, rows in split.items():
        for parts in rows:
            parts[1::2] = map(get, parts[1::2])
        joined[key] = tuple(map("".join, rows))
    return joined


async def _fill(
    loader: Loader, marks: set[str], early: Mapping[int, asyncio.Future[Answers]], asked: Mapping[str, None]
) -> dict[str, str]:
    """mark -> text, for the distinct marks of a batch."""
    children = loader.step.children
    by_child: list[list[str]] = [[] for _ in children]
    for mark in marks:
        by_child[ord(mark[0]) - FIRST_CODE].append(mark)
    filled: dict[str, str] = {}
    pending: list[tuple[StepChild, list[str], asyncio.Future[Answers]]] = []
    for index, (child, found_here) in enumerate(zip(children, by_child, strict=True)):
        if not isinstance(child, StepChild):
            filled.update((mark, _compute(child, mark)) for mark in found_here)
            continue
        waiting = found_here
        if index in early:
            pending.append((child, [mark for mark in found_here if mark[1:] in asked], early[index]))
            waiting = [mark for mark in found_here if mark[1:] not in asked]
        if waiting:
            pending.append((child, waiting, loader.child(index).load([mark[1:] for mark in waiting])))
    for child, waiting, future in pending:
        found = await future
        for mark in waiting:
            texts = found.get(mark[1:])
            filled[mark] = child.absent if texts is None else texts[child.column]
    return filled


def _compute(child: FunctionChild, mark: str) -> str:
    """The JSON of a computed field. Inputs stay out of the log."""
    inputs = [text or None for text in mark[1:].split(KEY_PARTS)]
    try:
        return orjson.dumps(child.function(*inputs)).decode()
    except Exception as error:  # noqa: BLE001 - a fault in a declared function nulls its field, not the answer
        log.error("`%s` failed: %s", getattr(child.function, "__name__", "a function"), type(error).__name__)
        return f"{FAILED}{FAILED}"
