"""Representations of `_entities` -> the keys that steps are asked for, and their answers in the order asked.

What a representation has beside `__typename` and a key is not looked at: others may require it, nothing here does. One
that cannot be read is an error at its own position, and the others are answered: they may be for other readers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hub.errors import Refused, Shown
from hub.executor.gather import MOST_KEYS
from hub.executor.join import Answers
from hub.executor.step import Step
from hub.model.entrance import KeyFields
from hub.model.operation import Argument, argument_value
from hub.model.source import KEY_PARTS, failure

Position = tuple[int, str] | str
"""A way and a key, or the text of an error."""


@dataclass(frozen=True, slots=True)
class EntityStep:
    """A step that finds the entities of a type by a key."""

    type: str
    key: KeyFields
    step: Step


@dataclass(frozen=True, slots=True)
class RootRepresented:
    """`_entities`: the ways in which the reader may enter, the preferred ones of a type first."""

    representations: Argument
    ways: tuple[EntityStep, ...]

    def read(self, variables: Mapping[str, Any]) -> tuple[list[list[str]], list[Position]]:
        """For each way its distinct keys, and where the answer of each representation is found."""
        given = argument_value(self.representations, variables)
        if len(given) > MOST_KEYS:
            message = f"`_entities` takes at most {MOST_KEYS} representations, and {len(given)} were given"
            raise Refused([Shown(message, code="BAD_USER_INPUT")])
        keys: list[dict[str, None]] = [{} for _ in self.ways]
        positions: list[Position] = []
        for representation in given:
            try:
                way, key = self._place(representation)
            except ValueError as wrong:
                positions.append(failure("", "BAD_USER_INPUT", str(wrong)))
                continue
            keys[way][key] = None
            positions.append((way, key))
        return [list(one) for one in keys], positions

    def _place(self, representation: Any) -> tuple[int, str]:
        if not isinstance(representation, dict):
            raise ValueError('a representation is an object: `{"__typename": ..., ...}` with the fields of a key')
        name = representation.get("__typename")
        if not isinstance(name, str):
            raise ValueError("a representation needs its `__typename`")
        ways = [(index, way.key) for index, way in enumerate(self.ways) if way.type == name]
        if not ways:
            known = _listed(dict.fromkeys(way.type for way in self.ways))
            raise ValueError(f"`{name[:100]}` cannot be asked for here: there is {known}")
        for index, key in ways:
            if all(part in representation for part in key):
                return index, KEY_PARTS.join(_text(name, part, representation[part]) for part in key)
        needed = " or ".join(" and ".join(f"`{part}`" for part in key) for _, key in ways)
        raise ValueError(f"a representation of `{name}` needs {needed}")


def represented(positions: Iterable[Position], found: Sequence[Answers]) -> str:
    """The JSON list of what was found, null where there is nothing."""
    texts = []
    for position in positions:
        if isinstance(position, str):
            texts.append(position)
        else:
            way, key = position
            answer = found[way].get(key)
            texts.append("null" if answer is None else answer[0])
    return f"[{','.join(texts)}]"


def _text(name: str, part: str, value: Any) -> str:
    """The text of a part of a key. Whether it is well-formed is not asked: what is not is the key of no row."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        raise ValueError(f"`{part}` of a `{name}` is a string")
    if not value.isprintable():
        raise ValueError(f"`{part}` of a `{name}` has a character that no key has")
    return value


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "nothing"
