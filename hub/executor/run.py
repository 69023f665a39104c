"""Program x variables x viewer -> the bytes of the response."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from hub.executor.complete import complete
from hub.executor.join import Answers
from hub.executor.program import Program, RootStep
from hub.model.source import ABSENT, FAILED
from hub.model.viewer import Viewer


async def run(program: Program, variables: Mapping[str, Any], viewer: Viewer) -> bytes:
    """The response; raises `Refused` before anything is read if an argument is not acceptable."""
    asked: list[tuple[RootStep, list[str], tuple[Any, ...]]] = [
        (part, part.keys(variables, viewer), part.step.bind(variables))
        for _, part in program.parts
        if isinstance(part, RootStep)
    ]
    futures: list[asyncio.Future[Answers] | None] = [
        part.step.loader(parameters).load(keys) if keys else None for part, keys, parameters in asked
    ]
    answers = iter(zip(asked, futures, strict=True))
    pieces: list[str] = []
    for key, part in program.parts:
        pieces.append(f'{"," if pieces else ""}"{key}":')
        if isinstance(part, str):
            pieces.append(part)
            continue
        (_, keys, _), future = next(answers)
        pieces.append(_text(part, keys, await future if future is not None else {}))
    text = "".join(pieces)
    if FAILED in text or ABSENT in text:
        return complete(text, program.operation)
    return f'{{"data":{{{text}}}}}'.encode()


def _text(part: RootStep, keys: list[str], found: Answers) -> str:
    if not part.lookup.many:
        texts = found.get(keys[0]) if keys else None
        return part.absent if texts is None else texts[0]
    return f"[{','.join([found[key][0] if key in found else 'null' for key in keys])}]"
