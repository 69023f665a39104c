"""Parts of one value -> the value: objects by their fields, lists by index.

Several subgraphs may each give a part of a value that has no key of its own. What failed in a part stays where it was.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from typing import Any

import orjson

from hub.model.plan import Order
from hub.model.source import ABSENT, FAILED, FAILURE

# A random word, so that no data can be taken for a mark. It never goes out.
_WORD = secrets.token_hex(16)
_MARKED = re.compile(f'"{_WORD}([^"]*)"')
_NOTHING = "!"


def merged(texts: Sequence[str], order: Order) -> str:
    """The JSON text of the whole, its fields in the order of the answer."""
    found: Any = opened(texts[0])
    for text in texts[1:]:
        found = _both(found, opened(text))
    return closed(_ordered(found, order))


def closed(value: Any) -> str:
    """The text of an opened value."""
    return _MARKED.sub(_mark, orjson.dumps(value).decode())


def _mark(match: re.Match[str]) -> str:
    return ABSENT if match[1] == _NOTHING else f"{FAILED}{match[1]}{FAILED}"


def opened(text: str) -> Any:
    """A value with marks of failure, which stand in it as strings."""
    marked = FAILURE.sub(lambda match: f'"{_WORD}{match[1]}"', text).replace(ABSENT, f'"{_WORD}{_NOTHING}"')
    return orjson.loads(marked)


def _both(one: Any, other: Any) -> Any:
    if isinstance(one, dict) and isinstance(other, dict):
        return one | {key: _both(one[key], value) if key in one else value for key, value in other.items()}
    if isinstance(one, list) and isinstance(other, list):
        shorter = [_both(left, right) for left, right in zip(one, other, strict=False)]
        return shorter + (one if len(one) > len(other) else other)[len(shorter) :]
    return one if one is None or not isinstance(other, dict | list) else other


def _ordered(value: Any, order: Order | None) -> Any:
    if order is None:
        return value
    if isinstance(value, list):
        return [_ordered(item, order) for item in value]
    if not isinstance(value, dict):
        return value
    return {key: _ordered(value[key], below) for key, below in order.keys if key in value}
