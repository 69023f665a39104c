"""How the types of one Postgres source stand on its tables: made by `hub.authoring`, read by `hub.sources.postgres`.

Names of tables and columns come from declarations only, never from a request. Tables are named without a schema: the
record class is the schema, and which classes a statement names is the universe's affair.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, Flag, auto


class Form(Enum):
    """How a column becomes JSON text."""

    PLAIN = auto()  # quoted as it is: the database guarantees letters, digits and harmless marks (a domain, date, uuid)
    TEXT = auto()  # quoted and escaped
    NUMBER = auto()  # integer or numeric, as it is
    BOOLEAN = auto()
    TIMESTAMP = auto()  # ISO 8601 with Viet Nam's offset, which has no daylight saving
    PLAIN_LIST = auto()  # an array of harmless words


class By(Flag):
    """What the rows of a list may be asked by.

    FILTER  the field's value
    ALONG   its value, but in a list of a whole table only along with a FILTER: no index serves it there
    ORDER   its place in an order
    """

    NOTHING = 0
    FILTER = auto()
    ALONG = auto()
    ORDER = auto()


# The enum of the directions of an order.
DIRECTION = "OrderDirection"


@dataclass(frozen=True, slots=True)
class Column:
    """The value of one column of the row.

    kind      the Postgres type that its values are compared as
    nullable  whether it may be null
    partial   dates that may be known to the year or month only
    place     the column that holds its place in an order, if that is not how its own values compare
    """

    name: str
    form: Form
    kind: str = "text"
    nullable: bool = True
    partial: bool = False
    place: str = ""


@dataclass(frozen=True, slots=True)
class Expression:
    """SQL over columns of the row, which stand in braces: `coalesce(sum({months}), 0)`."""

    sql: str
    form: Form


@dataclass(frozen=True, slots=True)
class Page:
    """A list that is read in pages, as a connection: the most a page may hold, and what it holds if nothing is said."""

    most: int
    usual: int


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of another table of the same source that belong to this row.

    match   (column there, column here)
    order   columns there, the last one unique
    where   a constant condition over columns there, in braces
    many    a list; otherwise one object or null
    page    a list that is read in pages: a connection
    gives   the type of its objects
    search  it is a search of persons: argument -> the field that it is compared with
    """

    table: str
    match: tuple[tuple[str, str], ...]
    order: tuple[str, ...] = ()
    where: str = ""
    many: bool = True
    page: Page | None = None
    gives: str = ""
    search: tuple[tuple[str, tuple[str, str]], ...] = ()


@dataclass(frozen=True, slots=True)
class Aggregate:
    """One object made of aggregates over the rows of another table that belong to this row."""

    table: str
    match: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Embedded:
    """An object that stands in this row. `columns` says which column of this row the object's own names mean.

    `present` names the column whose null makes the object null; empty: the object is always there. `gives` is its type.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    present: str = ""
    gives: str = ""


@dataclass(frozen=True, slots=True)
class Reference:
    """The key of an entity, held by this row: (key field of the entity, column here). Null columns: a null link."""

    keys: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Computed:
    """A pure function of other fields or columns of the row; it gets their text, empty for null."""

    function: Callable[..., object]
    inputs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ListPart:
    """A field of a connection, its edges or its page information: `nodes`, `cursor`, `hasNextPage`, ..."""

    name: str


@dataclass(frozen=True, slots=True)
class ClassOf:
    """The record class of the row, for readers who are cleared for more than one."""


FieldMapping = ClassOf | Column | Expression | Rows | Aggregate | Embedded | Reference | Computed | ListPart


@dataclass(frozen=True, slots=True)
class KeyColumns:
    """How an entity is found by one of its keys.

    fields   the key's fields, in the order of their columns
    columns  the columns of the table that hold them
    types    their Postgres types, for the array parameters
    through  a table of dated identifiers between number and row: (table, value column, row column, constant condition)
    """

    fields: tuple[str, ...]
    columns: tuple[str, ...]
    types: tuple[str, ...]
    through: tuple[str, str, str, str] | None = None


@dataclass(frozen=True, slots=True)
class TypeMapping:
    """One object or interface type of a source.

    table          its own table; empty for a value that stands in other rows, and for an entity at home elsewhere of
                   which this source holds no more than its key: such an object is there for every key
    where          a constant condition over the table's columns, in braces
    keys           how it is found; empty for what is only reached through other rows
    discriminator  for an interface: the column that tells the concrete type, and value -> type
    by             fields that lists of it may be filtered or ordered by
    """

    name: str
    fields: Mapping[str, FieldMapping]
    table: str = ""
    where: str = ""
    keys: tuple[KeyColumns, ...] = ()
    discriminator: tuple[str, Mapping[str, str]] | None = None
    by: Mapping[str, By] = field(default_factory=dict)

    def kind(self, column: str, unshown: str = "text") -> str:
        """The Postgres type that a column is compared as, which the field says that shows it."""
        mapped = self.fields.get(self.showing(column) or "")
        return mapped.kind if isinstance(mapped, Column) else unshown

    def showing(self, name: str) -> str | None:
        """The field of that name, or the one that shows the column of that name."""
        if name in self.fields:
            return name
        return next(
            (field for field, mapped in self.fields.items() if isinstance(mapped, Column) and mapped.name == name), None
        )


@dataclass(frozen=True, slots=True)
class Lookup:
    """A root field that finds entities by key.

    entity     the type found
    key        the key's fields
    arguments  the argument that gives each of them; empty: the viewer's own subject
    many       one argument that is a list; the answer keeps its order
    most       how many keys a list may hold
    """

    entity: str
    key: tuple[str, ...]
    arguments: tuple[str, ...]
    many: bool = False
    most: int = 1


@dataclass(frozen=True, slots=True)
class SourceMapping:
    """One Postgres source: its types and root fields on its tables."""

    name: str
    types: Mapping[str, TypeMapping]
    lookups: Mapping[str, Lookup]
