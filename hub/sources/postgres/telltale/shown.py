"""A source's mapping and the labels of the graph -> for each (table, column) the fields that show it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from graphql import GraphQLSchema, get_named_type

from hub.model.mapping import (
    Aggregate,
    Column,
    Computed,
    Embedded,
    Expression,
    FieldMapping,
    Reference,
    Rows,
    SourceMapping,
    TypeMapping,
)

Labels = Mapping[tuple[str, str], str]


@dataclass(frozen=True, slots=True)
class Shown:
    """A field that shows a column.

    field   the path from the type whose row it is: `Person.permanentResidence.province.code`
    labels  those on the path, the field's own last; who reads the column is shown all of them
    term    the Vietnamese term of its description, or ""
    """

    field: str
    labels: tuple[str, ...]
    term: str

    @property
    def label(self) -> str:
        return self.labels[-1]


def shown_columns(
    mapping: SourceMapping, api: GraphQLSchema, labels: Labels
) -> Mapping[tuple[str, str], tuple[Shown, ...]]:
    """(table, column) -> its fields. A column that is not a key here is in no field."""
    found: dict[tuple[str, str], dict[Shown, None]] = {}
    walk = _Walk(mapping, api, labels)
    for home in mapping.types.values():
        if home.table or home.keys:
            for place, shown in walk.object(home, home.table):
                found.setdefault(place, {})[shown] = None
    return {place: tuple(fields) for place, fields in found.items()}


def target(api: GraphQLSchema, home: TypeMapping, name: str) -> str:
    """The name of the type that a field leads to."""
    return get_named_type(api.type_map[home.name].fields[name].type).name  # type: ignore[attr-defined, no-any-return]


def vietnamese(description: str | None) -> str:
    """The Vietnamese term that a description gives in parentheses, as in "Occupation (nghề nghiệp)"."""
    inside = re.findall(r"\(([^()]+)\)", description or "")
    return next((text for text in inside if not text.isascii()), "")


class _Walk:
    """Each (type, table) once."""

    def __init__(self, mapping: SourceMapping, api: GraphQLSchema, labels: Labels) -> None:
        self.mapping = mapping
        self.api = api
        self.labels = labels
        self._seen: set[tuple[str, str]] = set()

    def object(self, home: TypeMapping, table: str) -> Iterator[tuple[tuple[str, str], Shown]]:
        """The fields of a type whose rows stand in a table, and of what its lists and links to other tables hold."""
        if (home.name, table) in self._seen:
            return
        self._seen.add((home.name, table))
        yield from self.fields(home, home.fields, table, {}, home.name, ())
        if home.discriminator is not None:
            for name in dict.fromkeys(home.discriminator[1].values()):
                concrete = self.mapping.types[name]
                own = {field: mapped for field, mapped in concrete.fields.items() if field not in home.fields}
                yield from self.fields(concrete, own, table, {}, name, ())

    def fields(
        self,
        home: TypeMapping,
        fields: Mapping[str, FieldMapping],
        table: str,
        names: Mapping[str, str],
        path: str,
        above: tuple[str, ...],
    ) -> Iterator[tuple[tuple[str, str], Shown]]:
        for name, mapped in fields.items():
            place = f"{path}.{name}"
            label = self.labels.get((home.name, name))  # none for what lists are made of
            labels = (*above, label) if label is not None else above
            match mapped:
                case Rows() | Aggregate():
                    yield from self.object(self.mapping.types[target(self.api, home, name)], mapped.table)
                    continue
                case Embedded():
                    inner = {there: names.get(here, here) for there, here in mapped.columns.items()}
                    embedded = self.mapping.types[target(self.api, home, name)]
                    yield from self.fields(embedded, embedded.fields, table, {**names, **inner}, place, labels)
                case Column() | Expression() | Reference() | Computed():
                    pass
            if table:
                description = self.api.type_map[home.name].fields[name].description  # type: ignore[attr-defined]
                shown = Shown(place, labels, vietnamese(description))
                for column in _columns(home, mapped):
                    yield (table, names.get(column, column)), shown


def _columns(home: TypeMapping, mapped: FieldMapping) -> Iterator[str]:
    """The columns that a field's value or its being null shows, by the names its type has for them."""
    match mapped:
        case Column():
            yield mapped.name
        case Expression():
            yield from re.findall(r"\{(\w+)\}", mapped.sql)
        case Reference():
            yield from (column for _, column in mapped.keys)
        case Embedded():
            if mapped.present:
                yield mapped.present
        case Computed():
            for name in mapped.inputs:
                of = home.fields.get(name)
                yield from [name] if of is None or isinstance(of, Computed) else _columns(home, of)
        case Rows() | Aggregate():
            pass
