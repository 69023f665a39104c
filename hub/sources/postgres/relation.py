"""Tables of a universe: one class, or several united.

A statement names the tables of its universe and no others: the class is the schema. Columns are collected while the
text of an object is made, and the `from` item is written afterwards with just those.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from hub.model.viewer import RecordClass

_BRACES = re.compile(r"\{(\w+)\}")

# The column that orders the classes of a united relation; a later class is the record of authority.
RANK = "class_rank"


class Row:
    """The row an object is made of: an alias, and which columns are used of it.

    An object embedded in a row is the same row under other names.
    """

    def __init__(self, alias: str, names: Mapping[str, str] | None = None, outer: Row | None = None) -> None:
        self.alias = alias
        self._names = names or {}
        self._outer = outer
        self.columns: dict[str, None] = outer.columns if outer else {}

    def embedded(self, names: Mapping[str, str]) -> Row:
        """The same row as an embedded object names its columns."""
        return Row(self.alias, names, self)

    def column(self, name: str) -> str:
        """The SQL of a column, which is thereby used."""
        name = self._names.get(name, name)
        if self._outer is not None:
            return self._outer.column(name)
        self.columns.setdefault(name)
        return f"{self.alias}.{name}"

    def expression(self, sql: str) -> str:
        """SQL with columns in braces."""
        return _BRACES.sub(lambda match: self.column(match.group(1)), sql)


def united(table: str, classes: Sequence[RecordClass], row: Row, *, ranked: bool = False) -> str:
    """The `from` item of a table in these classes under the row's alias, with the columns the row uses."""
    if len(classes) == 1:
        return f"{classes[0].value}.{table} {row.alias}"
    columns = ", ".join(row.columns) or "1"
    branches = [
        f"select {columns}{f', {rank} as {RANK}' if ranked else ''} from {record_class.value}.{table}"
        for rank, record_class in enumerate(classes)
    ]
    return f"({' union all '.join(branches)}) {row.alias}"
