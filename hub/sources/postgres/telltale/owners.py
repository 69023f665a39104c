"""A source's mapping -> whose rows each table holds.

People are joined across the registers by the personal number, and where a register has none by the insurance number.
Which columns hold them follows from the declared graph: from `Person` along its lists and objects.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from graphql import GraphQLSchema

from hub.model.mapping import Aggregate, Column, Embedded, Reference, Rows, SourceMapping, TypeMapping
from hub.sources.postgres.telltale.shown import target

PERSON = ("Person", "personalId")
ALIAS = ("Participant", "siNumber")  # the other number of a person
FAMILY = "household"  # the field of a person that leads to those he lives with


@dataclass(frozen=True, slots=True)
class Owner:
    """How a row of a table leads to its person.

    number  the column of the personal number
    alias   the column of the insurance number, or ""
    link    the number stands in another row: (column here, table there, column there)
    """

    number: str
    alias: str = ""
    link: tuple[str, str, str] | None = None


@dataclass(frozen=True, slots=True)
class Owners:
    """What one source knows of people.

    tables  table -> owner; a table that belongs to nobody is not in it
    family  (table, column of the number, column of the household), or None
    former  (table of people, its number, its id, table of numbers, value, id there, constant condition), or None
    """

    tables: Mapping[str, Owner]
    family: tuple[str, str, str] | None
    former: tuple[str, str, str, str, str, str, str] | None


def owners(mapping: SourceMapping, api: GraphQLSchema) -> Owners:
    """Whose rows the tables of a source hold."""
    walk = _Walk(mapping, api)
    home = mapping.types.get(PERSON[0])
    if home is None:
        return Owners({}, None, None)
    number = home.fields[PERSON[1]]
    assert isinstance(number, Column)
    if home.table:
        walk.tables[home.table] = Owner(number.name)
    walk.visit(home, home.table, number.name, {})
    family = home.fields.get(FAMILY)
    former = next((key.through for key in home.keys if key.through and key.fields == (PERSON[1],)), None)
    return Owners(
        walk.tables,
        (home.table, number.name, family.match[0][1]) if home.table and isinstance(family, Rows) else None,
        (home.table, number.name, _row_column(home, former[0]), former[0], former[1], former[2], former[3])
        if home.table and former
        else None,
    )


def _row_column(home: TypeMapping, table: str) -> str:
    """The column of a person's row that the rows of another table name."""
    lists = (mapped for mapped in home.fields.values() if isinstance(mapped, Rows))
    return next(mapped.match[0][1] for mapped in lists if mapped.table == table)


class _Walk:
    def __init__(self, mapping: SourceMapping, api: GraphQLSchema) -> None:
        self.mapping = mapping
        self.api = api
        self.tables: dict[str, Owner] = {}

    def visit(self, home: TypeMapping, table: str, number: str, names: Mapping[str, str]) -> None:
        """The fields of a type in a row whose column `number` holds the personal number."""
        if home.name == ALIAS[0] and table in self.tables:
            alias = home.fields[ALIAS[1]]
            assert isinstance(alias, Column)
            self.tables[table] = Owner(number, alias.name)
        for name, mapped in home.fields.items():
            match mapped:
                case Embedded():
                    inner = {there: names.get(here, here) for there, here in mapped.columns.items()}
                    self.visit(self._target(home, name), table, number, {**names, **inner})
                case Rows() | Aggregate():
                    self._enter(home, name, mapped, table, number, names)
                case Reference():
                    if table in self.tables and target(self.api, home, name) == ALIAS[0]:
                        column = names.get(mapped.keys[0][1], mapped.keys[0][1])
                        self.tables[table] = Owner(number, column)
                case _:
                    pass

    def _enter(
        self, home: TypeMapping, name: str, mapped: Rows | Aggregate, table: str, number: str, names: Mapping[str, str]
    ) -> None:
        there, here = mapped.match[0]
        here = names.get(here, here)
        if mapped.table in self.tables:
            return
        if here == number:
            self.tables[mapped.table] = Owner(there)
            self.visit(self._target(home, name), mapped.table, there, {})
        elif table:
            self.tables[mapped.table] = Owner(number, link=(there, table, here))

    def _target(self, home: TypeMapping, name: str) -> TypeMapping:
        return self.mapping.types[target(self.api, home, name)]
