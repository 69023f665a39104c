"""A map that forgets what was used least recently."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


def _nothing(_: Any) -> None:
    return


class Bounded(Generic[K, V]):
    """At most `most` entries; `forgotten` is told of each that goes."""

    __slots__ = ("_entries", "_forgotten", "most")

    def __init__(self, most: int, forgotten: Callable[[V], None] = _nothing) -> None:
        self.most = most
        self._forgotten = forgotten
        self._entries: OrderedDict[K, V] = OrderedDict()

    def get(self, key: K) -> V | None:
        """The entry, which becomes the most recent."""
        entry = self._entries.get(key)
        if entry is not None:
            self._entries.move_to_end(key)
        return entry

    def put(self, key: K, entry: V) -> V:
        """Keeps an entry, and forgets the oldest beyond the bound."""
        self._entries[key] = entry
        self._entries.move_to_end(key)
        if len(self._entries) > self.most:
            self.forget_oldest()
        return entry

    def forget(self, key: K) -> None:
        """Forgets an entry, if it is there."""
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._forgotten(entry)

    def forget_oldest(self) -> None:
        """Forgets what was used least recently."""
        self._forgotten(self._entries.popitem(last=False)[1])

    def __len__(self) -> int:
        return len(self._entries)
