"""Question x keys -> texts: one statement for all keys, on the role of the question's universe."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg

from hub.errors import SourceUnavailable
from hub.model.mapping import SourceMapping
from hub.model.plan import Fetch
from hub.model.source import KEY_PARTS, Asked, Question, Texts, failure
from hub.model.viewer import Universe
from hub.sources.postgres.connection import Connections, Plans
from hub.sources.postgres.statement import compile_fetch, readable

_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class PostgresSource:
    """One register. It holds connections only for the universes it has a DSN for; the others cannot be reached."""

    def __init__(
        self, mapping: SourceMapping, dsns: Mapping[Universe, str], *, width: int = 2, statement_seconds: float = 5.0
    ) -> None:
        self.name = mapping.name
        self.together = 1
        self.mapping = mapping
        self._connections = {
            universe: Connections(mapping.name, dsn, width, statement_seconds) for universe, dsn in dsns.items()
        }

    def question(self, fetch: Fetch) -> Question:
        """The statement of a fetch."""
        return compile_fetch(fetch, self.mapping)

    def readable(self, question: Question) -> str:
        """The statement."""
        return readable(question.text)

    def width(self, universe: Universe) -> int:
        """Connections of a universe."""
        connections = self._connections.get(universe)
        return connections.size if connections else 1

    async def ask(self, asked: Sequence[Asked]) -> Sequence[Mapping[str, Texts]]:
        """The texts of each key that has a row."""
        return [await self._answer(question, parameters, keys) for question, parameters, keys in asked]

    async def _answer(
        self, question: Question, parameters: tuple[Any, ...], keys: Sequence[str]
    ) -> Mapping[str, Texts]:
        connections = self._connections.get(question.fetch.universe)
        if connections is None:
            raise SourceUnavailable(self.name, LookupError("this instance has no connection for the universe"))
        kinds = self._kinds(question.fetch)
        spellings = _canonical(keys, kinds) if "uuid" in kinds else None
        asked = [key for key in keys if "\0" not in key] if spellings is None else list(spellings)
        if not asked:
            return {}
        try:
            plans = Plans.EACH_TIME if question.varied else Plans.ONCE
            records = await connections.fetch(question.text, (*_arrays(asked, len(kinds)), *parameters), plans)
        except asyncpg.DataError:
            return await self._singly(question, parameters, keys)
        except asyncpg.PostgresError as error:
            raise SourceUnavailable(self.name, error) from error
        # Rows come in the order of authority: of two classes that hold a key, the later one stands.
        if question.columns == 1:
            found: dict[str, Texts] = {key: (text,) for key, text in records}
        else:
            found = {key: tuple(texts) for key, *texts in records}
        if spellings is None:
            return found
        return {spelt: found[key] for key, spelled in spellings.items() if key in found for spelt in spelled}

    async def _singly(
        self, question: Question, parameters: tuple[Any, ...], keys: Sequence[str]
    ) -> Mapping[str, Texts]:
        """The data of some key cannot be computed with: the others must not suffer for it."""
        if len(keys) == 1:
            return {keys[0]: (failure(self.name),) * question.columns}
        found: dict[str, Texts] = {}
        for key in keys:
            found.update(await self._answer(question, parameters, [key]))
        return found

    def _kinds(self, fetch: Fetch) -> tuple[str, ...]:
        return next(key.types for key in self.mapping.types[fetch.type].keys if key.fields == fetch.key)

    def resting(self) -> bool:
        """Whether some universe cannot be reached, and waits before the next attempt."""
        return any(connections.resting for connections in self._connections.values())

    async def ready(self) -> bool:
        """Whether every universe of this source answers."""
        for connections in self._connections.values():
            try:
                await connections.fetch("select 1", ())
            except (SourceUnavailable, asyncpg.PostgresError):
                return False
        return True

    async def close(self) -> None:
        """Closes every connection."""
        for connections in self._connections.values():
            await connections.close()


def _arrays(keys: list[str], parts: int) -> tuple[list[str], ...]:
    if parts < 2:
        return (keys,) * parts
    return tuple(map(list, zip(*(key.split(KEY_PARTS) for key in keys), strict=True)))


def _canonical(keys: Sequence[str], kinds: Sequence[str]) -> dict[str, list[str]]:
    """Canonical text -> as asked, in each spelling, of the keys whose UUIDs are UUIDs; others are keys of no row."""
    found: dict[str, list[str]] = {}
    for key in keys:
        parts = key.split(KEY_PARTS)
        if len(parts) != len(kinds):
            continue
        if all(kind != "uuid" or _UUID.fullmatch(part) for kind, part in zip(kinds, parts, strict=True)):
            exact = [part.lower() if kind == "uuid" else part for kind, part in zip(kinds, parts, strict=True)]
            found.setdefault(KEY_PARTS.join(exact), []).append(key)
    return found
