"""Mapping x indexes -> which index serves each list, each of its filters and each of its orders.

A list that belongs to something is served by the index that finds its rows there: they are few, whatever else is asked
of them. A list of a whole table is served by the index of the filter or of the order itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from hub.model.mapping import By, Column, Embedded, Reference, Rows, SourceMapping, TypeMapping
from hub.sources.postgres.search import SEARCHED

Indexes = Mapping[str, Mapping[str, Sequence[str]]]
"""table -> index -> its columns"""


@dataclass(frozen=True, slots=True)
class Served:
    """How a list is asked, and what serves it.

    field   of the graph: `Query.persons`
    asked   `where.birthDate`, `order.fullName`, or empty for the list as it comes
    table   that is read, and the columns that an index has to lead with
    index   its name; empty where there is none
    along   the filter needs another beside it, so no index is wanted
    """

    field: str
    asked: str
    table: str
    columns: tuple[str, ...]
    index: str
    along: bool = False

    @property
    def missing(self) -> bool:
        """Whether an index is wanted that is not there."""
        return not self.index and not self.along


def served(mapping: SourceMapping, indexes: Indexes) -> Iterator[Served]:
    """Every way to ask every list of a source."""
    reader = _Reader(mapping, indexes)
    for type_name, of in mapping.types.items():
        for name, mapped in of.fields.items():
            if isinstance(mapped, Rows) and mapped.page is not None:
                yield from reader.list(f"{type_name}.{name}", mapped)


class _Reader:
    def __init__(self, mapping: SourceMapping, indexes: Indexes) -> None:
        self.types = mapping.types
        self.indexes = indexes

    def list(self, field: str, mapped: Rows) -> Iterator[Served]:
        home = self.types[mapped.gives]
        belongs = tuple(there for there, _ in mapped.match)
        if mapped.search:
            for key in SEARCHED:
                yield self.one(field, "a search", mapped.table, (key,))
        else:
            yield self.one(field, "", mapped.table, belongs or self.places(home, mapped.order[:1]))
        yield from self.filters(field, home, mapped.table, belongs, {}, "where")
        for name, by in home.by.items():
            column = home.fields[name]
            if By.ORDER in by and isinstance(column, Column) and not mapped.search:
                yield self.one(field, f"order.{name}", mapped.table, belongs or (column.place or column.name,))

    def filters(
        self,
        field: str,
        home: TypeMapping,
        table: str,
        belongs: tuple[str, ...],
        names: Mapping[str, str],
        path: str,
    ) -> Iterator[Served]:
        for name, by in home.by.items():
            if not by & (By.FILTER | By.ALONG):
                continue
            mapped, here = home.fields[name], f"{path}.{name}"
            match mapped:
                case Column():
                    column = names.get(mapped.name, mapped.name)
                    yield self.one(field, here, table, belongs or (column,), along=By.ALONG in by)
                case Reference(keys=((_, column),)):
                    yield self.one(field, here, table, belongs or (names.get(column, column),))
                case Embedded():
                    inner = {there: names.get(one, one) for there, one in mapped.columns.items()} or names
                    yield from self.filters(field, self.types[mapped.gives], table, belongs, inner, here)
                case Rows():
                    found = tuple(there for there, _ in mapped.match)
                    yield self.one(field, here, mapped.table, found)
                case _:
                    pass

    @staticmethod
    def places(home: TypeMapping, columns: Sequence[str]) -> tuple[str, ...]:
        """The columns that hold the places of columns in an order."""
        shown = [home.fields.get(home.showing(name) or "") for name in columns]
        places = (one.place if isinstance(one, Column) else "" for one in shown)
        return tuple(place or name for place, name in zip(places, columns, strict=True))

    def one(self, field: str, asked: str, table: str, columns: tuple[str, ...], *, along: bool = False) -> Served:
        found = [
            (len(leading), name)
            for name, leading in self.indexes.get(table, {}).items()
            if set(leading[: len(columns)]) == set(columns)
        ]
        # The narrowest of them.
        _, index = min(found, default=(0, ""))
        return Served(field, asked, table, columns, "" if along else index, along)
