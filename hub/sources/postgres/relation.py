"""Tables of a universe: one class, or several united; and what of their columns is given in each class.

A statement names the tables of its universe and no others: the class is the schema. Columns are collected while the
text of an object is made, and the `from` item is written afterwards with just those. Where the classes of a universe
are not given the same, each branch has its own expression in that place: the column, its mask, or a null of its type,
so that a denied column is not selected at all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from hub.model.effect import SHOWN, Effect, Effects, strictest
from hub.model.viewer import RecordClass

BRACES = re.compile(r"\{(\w+)\}")

# The column that orders the classes of a united relation; a later class is the record of authority.
RANK = "class_rank"

Mask = Callable[[Effect, str], str]


@dataclass(frozen=True, slots=True)
class _Selected:
    """One column of a united relation: of the table, with an effect for each branch."""

    column: str
    effects: tuple[Effect, ...]

    def branch(self, index: int, of: RecordClass, table: str, alias: str, mask: Mask) -> str:
        """The expression in the branch of a class."""
        effect = self.effects[index]
        as_text = any(one.is_mask for one in self.effects)
        if effect is Effect.DENY:
            return "null::text" if as_text else f"(null::{of}.{table}).{self.column}"
        column = f"{alias}{self.column}{'::text' if as_text else ''}"
        return mask(effect, column) if effect.is_mask else column


class Row:
    """The row an object is made of: an alias, the classes it may be of, and which columns are used of it.

    An object embedded in a row is the same row under other names; a part that some classes deny is the same row with
    those hidden. A row without a table is made of keys alone and has no class: a key that any class denies is denied,
    and an object that stands there for every key is denied where all classes deny it.
    """

    def __init__(
        self,
        alias: str,
        classes: Sequence[RecordClass],
        mask: Mask,
        *,
        table: bool = True,
        names: Mapping[str, str] | None = None,
        hidden: frozenset[RecordClass] = frozenset(),
        outer: Row | None = None,
    ) -> None:
        self.alias = alias
        self.classes = tuple(classes)
        self.table = table
        self._mask = mask
        self._names = names or {}
        self._hidden = hidden
        self._outer = outer
        self._selected: dict[_Selected, str] = outer._selected if outer else {}
        self.ranked = False

    def embedded(self, names: Mapping[str, str]) -> Row:
        """The same row as an embedded object names its columns."""
        return self._view(names=names)

    def plain(self) -> Row:
        """The row as a condition of a branch sees it, which selects nothing of it."""
        return Row(self.alias, self.classes[:1], self._mask)

    def without(self, classes: frozenset[RecordClass]) -> Row:
        """The same row with nothing of these classes."""
        return self._view(hidden=classes)

    def _view(self, **changes: object) -> Row:
        return Row(self.alias, self.classes, self._mask, table=self.table, outer=self, **changes)  # type: ignore[arg-type]

    def denied(self, effects: Effects) -> frozenset[RecordClass]:
        """The classes of the row that deny; without a class of its own, a row is denied by all or by none."""
        found = frozenset(one for one in self.classes if effects.of(one) is Effect.DENY)
        return found if self.table or len(found) == len(self.classes) else frozenset()

    def column(self, name: str) -> str:
        """The SQL of a column as it is; null in classes that are hidden."""
        return self.shown(name, SHOWN) or "null"

    def shown(self, name: str, effects: Effects) -> str | None:
        """The SQL of a column as it is given; None where every class denies it. With a mask in it, it is text."""
        name, each = self._resolved(name, effects)
        if set(each) == {Effect.DENY}:
            return None
        if len(set(each)) == 1:
            column = f"{self.alias}.{self._select(name, (Effect.SHOW,) * len(each))}"
            return self._mask(each[0], f"{column}::text") if each[0].is_mask else column
        return f"{self.alias}.{self._select(name, each)}"

    def _resolved(self, name: str, effects: Effects) -> tuple[str, tuple[Effect, ...]]:
        """The column behind a name, and what is given of it in each class of the row."""
        each = tuple(effects.of(one) for one in self.classes)
        row: Row = self
        while True:
            name = row._names.get(name, name)
            each = tuple(
                Effect.DENY if one in row._hidden else effect for one, effect in zip(row.classes, each, strict=True)
            )
            if row._outer is None:
                break
            row = row._outer
        return name, each if self.table else (strictest(each),) * len(each)

    def in_branch(self, name: str, effects: Effects, index: int, table: str) -> str:
        """The SQL of a column as the branch of a class gives it, which selects nothing."""
        name, each = self._resolved(name, effects)
        return _Selected(name, each).branch(index, self.classes[index], table, f"{self.alias}.", self._mask)

    def _select(self, column: str, effects: tuple[Effect, ...]) -> str:
        """The name of a column in the relation, which is thereby selected."""
        wanted = _Selected(column, effects)
        if wanted not in self._selected:
            plain = set(effects) == {Effect.SHOW}
            self._selected[wanted] = column if plain else f"{column}_{len(self._selected)}_given"
        return self._selected[wanted]

    def expression(self, sql: str) -> str:
        """SQL with columns in braces."""
        return BRACES.sub(lambda match: self.column(match.group(1)), sql)

    def rank(self) -> str:
        """The SQL of the place of the row's class among the classes."""
        row = self
        while row._outer is not None:
            row = row._outer
        row.ranked = True
        return f"{self.alias}.{RANK}"

    def in_class(self, wanted: Callable[[RecordClass], str | None], otherwise: str) -> str:
        """SQL that tells the classes of the row apart: `wanted` gives the SQL for each, `otherwise` the rest."""
        if len(self.classes) == 1:
            return wanted(self.classes[0]) or otherwise
        branches: dict[str, list[str]] = {}
        for rank, one in enumerate(self.classes):
            text = wanted(one)
            if text is not None:
                branches.setdefault(text, []).append(str(rank))
        tests = " ".join(f"when {self.rank()} in ({', '.join(ranks)}) then {text}" for text, ranks in branches.items())
        return f"case {tests} else {otherwise} end" if tests else otherwise

    def branch(self, index: int, table: str, alias: str = "") -> list[str]:
        """What the branch of a class selects, under the names that the relation has."""
        of = self.classes[index]
        found = []
        for wanted, name in self._selected.items():
            expression = wanted.branch(index, of, table, alias, self._mask)
            found.append(expression if expression == f"{alias}{name}" else f"{expression} as {name}")
        return [*found, f"{index} as {RANK}"] if self.ranked else found


def united(
    table: str, row: Row, condition: str | Callable[[int], str], tail: Callable[[int], str] | None = None
) -> str:
    """The `from` item of a table in the row's classes under its alias, with the rows that meet the condition.

    Each branch has the condition itself: the classes' columns are of domains of their own, and through a union of
    different types no index is used, so that a reader would wait the longer the more rows he is not asking for. A
    condition may differ from class to class, and so may a tail, which only orders and limits what a branch adds.
    """
    meeting = condition if callable(condition) else lambda _: condition
    if len(row.classes) == 1:
        return f"{row.classes[0]}.{table} {row.alias} where {meeting(0)}"
    branches = []
    for index, record_class in enumerate(row.classes):
        selected = ", ".join(row.branch(index, table, f"{row.alias}.")) or "1"
        branch = f"select {selected} from {record_class}.{table} {row.alias} where {meeting(index)}"
        branches.append(f"({branch}{tail(index)})" if tail else branch)
    return f"({' union all '.join(branches)}) {row.alias}"
