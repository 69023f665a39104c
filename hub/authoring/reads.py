"""Mappings -> what each field reads beside itself, so that the policy can ask of every reference what selecting would.

A computed field reads its inputs and a list the columns it is ordered by: as the reader would be shown them. A total is
made of raw columns of the rows it counts, and the type of an interface's object of its discriminator: such a value is
given only where all of those are shown. An argument is compared with the field that holds what it asks for.

A column that no field shows has no label of its own; it is only read through what is made of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from hub.model.graph import Coordinate, Reads
from hub.model.mapping import Aggregate, Computed, Expression, FieldMapping, Rows, SourceMapping, TypeMapping

_BRACES = re.compile(r"\{(\w+)\}")


def read_reads(mapping: SourceMapping, leads_to: Mapping[Coordinate, str]) -> Iterator[tuple[Coordinate, Reads]]:
    """What the fields of one source read. `leads_to` says which object type a field gives."""
    reader = _Reader(mapping, leads_to)
    for type_name, of in mapping.types.items():
        for field_name, mapped in of.fields.items():
            found = reader.field((type_name, field_name), of, mapped)
            if found != Reads():
                yield (type_name, field_name), found
    for name, lookup in mapping.lookups.items():
        keys = zip(lookup.arguments, lookup.key, strict=False)
        yield ("Query", name), Reads(arguments={argument: (lookup.entity, key) for argument, key in keys})


class _Reader:
    """Knows which field shows which column of a table."""

    def __init__(self, mapping: SourceMapping, leads_to: Mapping[Coordinate, str]) -> None:
        self.types = mapping.types
        self.leads_to = leads_to
        # aggregated type -> tables it counts; table -> types whose objects are its rows
        self.counted: dict[str, set[str]] = {}
        self.rows: dict[str, set[str]] = {}
        for type_name, of in mapping.types.items():
            if of.table:
                self.rows.setdefault(of.table, set()).add(type_name)
            for field_name, mapped in of.fields.items():
                given = leads_to.get((type_name, field_name), "")
                if isinstance(mapped, Aggregate):
                    self.counted.setdefault(given, set()).add(mapped.table)
                elif isinstance(mapped, Rows):
                    self.rows.setdefault(mapped.table, set()).add(given)

    def field(self, where: Coordinate, of: TypeMapping, mapped: FieldMapping) -> Reads:
        given = self.types.get(self.leads_to.get(where, ""))
        match mapped:
            case Computed():
                return Reads(inputs=tuple(self.shown(of, mapped.inputs)))
            case Expression():
                tables = self.counted.get(where[0])
                owners = [self.types[name] for table in tables or () for name in sorted(self.rows.get(table, ()))]
                columns = tuple(dict.fromkeys(_BRACES.findall(mapped.sql)))
                return Reads(sources=tuple(found for one in owners or [of] for found in self.shown(one, columns)))
            case Rows() if given is not None:
                # The last key of a page's order is random and breaks ties as it is (`hub.sources.postgres.listing`).
                order = mapped.order if mapped.page is None else mapped.order[:-1]
                inputs = tuple(self.shown(given, order))
                return Reads(inputs, self.kind(given), dict(mapped.search))
            case _:
                return Reads(sources=self.kind(given)) if given is not None else Reads()

    def kind(self, given: TypeMapping) -> tuple[Coordinate, ...]:
        """The field that tells the concrete type of an interface's objects."""
        return tuple(self.shown(given, given.discriminator[:1])) if given.discriminator else ()

    @staticmethod
    def shown(of: TypeMapping, names: tuple[str, ...]) -> Iterator[Coordinate]:
        """The fields behind names of fields or columns."""
        for name in names:
            found = of.showing(name)
            if found is not None:
                yield of.name, found
