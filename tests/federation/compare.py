"""A gateway's answer against the right one: data exactly, errors by where they stand."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tests.federation.oracle import Path, Right
from tests.federation.world import canonical


def differences(answer: Mapping[str, Any], right: Right) -> list[str]:
    """What is wrong with an answer, in words; empty when it is right.

    An error may stand above or below the place it is about (a fetch knows the entity, the field knows itself). Every
    failure of a subgraph must be told, once for all items of a list; an error that nothing explains is wrong; of a
    value that the public schema does not allow a gateway may keep silent.
    """
    if right.refused:
        told = answer.get("errors") and answer.get("data") is None
        return [] if told else [f"should be refused, and is {json.dumps(answer)}"]
    found: list[str] = []
    if canonical(answer.get("data")) != canonical(right.data):
        found.append(f"data are\n{_text(answer.get('data'))}\nand should be\n{_text(right.data)}")
    elif _keys(answer.get("data")) != _keys(right.data):
        found.append(f"fields stand in another order:\n{_text(answer.get('data'))}\nand should be\n{_text(right.data)}")
    paths: list[Path] = [tuple(error.get("path") or ()) for error in answer.get("errors") or ()]
    for path, error in zip(paths, answer.get("errors") or (), strict=True):
        if not any(_near(path, other) for other in right.errors) and not _gone(path, right):
            found.append(f"an error that nothing explains: {json.dumps(error)}")
    places = [_place(path) for path in paths]
    untold = (path for path in right.failures if not any(_near(_place(path), other) for other in places))
    found.extend(f"no error tells of the failure at {list(path)}" for path in untold)
    return found


def _near(one: Path, other: Path) -> bool:
    shorter = min(len(one), len(other))
    return one[:shorter] == other[:shorter]


def _gone(path: Path, right: Right) -> bool:
    """Whether an error took the object along in which the path ends: whatever else failed in it may be told."""
    value: Any = right.data
    for count, step in enumerate(path):
        if value is None:
            return any(_near(path[:count], other) for other in right.errors)
        value = value[step]
    return False


def _place(path: Path) -> Path:
    """A place of the operation: a path without the numbers of items."""
    return tuple(step for step in path if isinstance(step, str))


def _keys(value: Any) -> Any:
    if isinstance(value, Mapping):
        return [(name, _keys(inner)) for name, inner in value.items()]
    return [_keys(inner) for inner in value] if isinstance(value, list) else None


def _text(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False)
