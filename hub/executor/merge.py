"""Parts of one value -> the value: objects by their fields, lists by index.

Several subgraphs may each give a part of a value that has no key of its own. What failed in a part stays where it was.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import orjson

from hub.model.plan import Order
from hub.model.source import ABSENT, FAILED, FAILURE

_AGAIN = re.compile(r'"\\u0003([^"]*)"')


def merged(texts: Sequence[str], order: Order) -> str:
    """The JSON text of the whole, its fields in the order of the answer."""
    found: Any = _open(texts[0])
    for text in texts[1:]:
        found = _both(found, _open(text))
    closed = orjson.dumps(_ordered(found, order)).decode()
    return _AGAIN.sub(lambda match: f"{FAILED}{match[1]}{FAILED}", closed).replace('"\\u0004"', ABSENT)


def _open(text: str) -> Any:
    """A part, with marks of failure as strings that no JSON text of a value can hold."""
    opened = FAILURE.sub(lambda match: f'"\\u0003{match[1]}"', text).replace(ABSENT, '"\\u0004"')
    return orjson.loads(opened)


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
