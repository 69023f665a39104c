"""A source and its types: four decorators over Strawberry federation types.

`entity`     a type that is at home here, with its own table and keys
`extension`  fields that this source adds to an entity at home elsewhere, by one of its keys
`row`        rows that are only reached through other rows; `interface` with a discriminator
`root`       the root fields of the source
`value`      an object that stands in rows of several sources, the same everywhere
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from strawberry import federation

TYPE_SPEC = "__hub_type__"


@dataclass(frozen=True, slots=True)
class Through:
    """A table of dated identifiers between a number and its row."""

    table: str
    value: str
    row: str
    where: str


@dataclass(frozen=True, slots=True)
class Key:
    """A key of an entity: its fields in camelCase, their columns and Postgres types (text where nothing is said)."""

    fields: tuple[str, ...]
    columns: tuple[str, ...]
    types: tuple[str, ...] = ()
    through: Through | None = None


@dataclass(frozen=True, slots=True)
class TypeSpec:
    """What a decorator says about a class."""

    table: str = ""
    where: str = ""
    keys: tuple[Key, ...] = ()
    discriminator: tuple[str, Mapping[str, str]] | None = None


@dataclass(slots=True)
class Source:
    """One register. The classes declared on it become its subgraph."""

    name: str
    query: type | None = None
    types: list[type] = field(default_factory=list)

    def _declare(self, cls: type, spec: TypeSpec) -> type:
        setattr(cls, TYPE_SPEC, spec)
        self.types.append(cls)
        return cls

    def entity(self, table: str, *keys: Key, name: str | None = None) -> Callable[[type], Any]:
        """A type at home in this source."""
        return lambda cls: self._declare(
            federation.type(cls, name=name, description=_says(cls), keys=[" ".join(key.fields) for key in keys]),
            TypeSpec(table, keys=keys),
        )

    def extension(self, of: str, *keys: Key, table: str = "", where: str = "") -> Callable[[type], Any]:
        """Fields for an entity at home in another source; `table` if rows here hold them, one for a key at most."""
        return lambda cls: self._declare(
            # No description: GraphQL allows none on an extension, the home's stands.
            federation.type(cls, name=of, extend=True, keys=[" ".join(key.fields) for key in keys]),
            TypeSpec(table, where, keys),
        )

    def row(self, cls: type) -> Any:
        """Rows that are reached through other rows of this source."""
        return self._declare(federation.type(cls, description=_says(cls)), TypeSpec())

    def interface(self, discriminator: str, values: Mapping[str, str]) -> Callable[[type], Any]:
        """An interface over rows of one table; `values` says which value of the column is which type."""
        return lambda cls: self._declare(
            federation.interface(cls, description=_says(cls)), TypeSpec(discriminator=(discriminator, dict(values)))
        )

    def root(self, cls: type) -> type:
        """The root fields of this source."""
        self.query = federation.type(cls, name="Query")
        return cls


def value(cls: type) -> Any:
    """An object that stands in rows, shared by every source that uses it."""
    made = federation.type(cls, description=_says(cls), shareable=True)
    setattr(made, TYPE_SPEC, TypeSpec())
    return made


def _says(cls: type) -> str:
    text = (cls.__doc__ or "").strip()
    if not text:
        raise TypeError(f"`{cls.__name__}` says nothing: give it a docstring with the Vietnamese term")
    return " ".join(text.split())
