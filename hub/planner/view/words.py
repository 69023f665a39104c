"""Description -> the phrases that the text and the diagrams share."""

from __future__ import annotations

import re
from collections.abc import Sequence

from hub.model.description import Asked, DescribedFetch, Run


def titled(fetch: DescribedFetch) -> str:
    """`population: Person by personalId`."""
    by = f" by {', '.join(fetch.key)}" if fetch.key else ""
    return f"{fetch.source}: {fetch.type}{by}"


def named(asked: Asked) -> str:
    """The field under its response key, with what it takes from above: `born: birthDate`, `price(in: $0)`; or a key."""
    if not asked.name:
        return f"key {', '.join(asked.by)}"
    name = asked.name if asked.key == asked.name else f"{asked.key}: {asked.name}"
    taken = ", ".join(f"{argument}: ${slot}" for argument, slot in asked.takes)
    return f"{name}({taken})" if taken else name


def bound(asked: Asked) -> str:
    """The slot in which it goes down to those below: `$0 = `."""
    return f"${asked.slot} = " if asked.slot is not None else ""


def brought(asked: Asked) -> str:
    """The slots that come with the key: ` with $0, $1`."""
    return f" with {', '.join(f'${slot}' for slot in asked.brings)}" if asked.brings else ""


def given(asked: Asked) -> str:
    """What is given of it: ` [mask:year]`."""
    return f" [{asked.effect}]" if asked.effect else ""


def field(asked: Asked) -> str:
    """Both: `born: birthDate [mask:year]`."""
    return f"{named(asked)}{given(asked)}"


def asks(asked: Sequence[Asked]) -> str:
    """All that is asked, as a selection: `fullName household ← 2 jobs { title }`."""
    return " ".join(f"{bound(one)}{_selected(one)}" for one in asked)


def _selected(asked: Asked) -> str:
    below = f" {{ {asks(asked.below)} }}" if asked.below else ""
    if asked.on:
        return f"... on {asked.on}{below}"
    if asked.handed:
        return asked.key
    if asked.merged:
        return f"{field(asked)} ← {', '.join(str(one.fetch) for one in asked.below if one.fetch) or 'here'}"
    if asked.fetch is not None:
        from_there = f"← {asked.fetch}{brought(asked)}{below}"
        return f"{field(asked)} {from_there}" if asked.name else from_there
    return f"{field(asked)}{below}"


def figures(run: Run) -> str:
    """`1 question, 5 keys, 4 found, 4 rows, 1.2 ms`."""
    said = []
    if run.one_with is not None:
        said.append(f"asked as one with {run.one_with}")
    counts = ((run.questions, "question"), (run.keys, "key"), (run.found, "found"), (run.rows, "row"))
    said += [_counted(number, word) for number, word in counts if number is not None]
    if run.milliseconds is not None:
        said.append(f"{run.milliseconds:.1f} ms")
    return ", ".join(said)


def _counted(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 or word == "found" else f"{number} {word}s"


_BREAKS = re.compile(r"(?<=[ .,])")


def wrapped(phrase: str, width: int) -> list[str]:
    """The phrase in lines of at most so many characters, broken after a space, a dot or a comma where there is one."""
    lines = [""]
    for word in _BREAKS.split(phrase):
        if len(lines[-1]) + len(word.rstrip()) > width and lines[-1]:
            lines.append("")
        lines[-1] += word
        while len(lines[-1].rstrip()) > width:
            lines[-1:] = [lines[-1][:width], lines[-1][width:]]
    return [line.rstrip() for line in lines]
