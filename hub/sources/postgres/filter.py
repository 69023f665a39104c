"""Filter x row -> condition: what a list's `where` asks of the rows of one class, as the reader is shown them.

A condition on nothing is false, as in SQL, and so is its place under `not`: `not` holds for rows that do not meet what
stands in it, those without a value among them. In a class that denies a field, its rows have no value there. A mask
hides too much to be compared, but for a date's year, which is compared by what is left of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from hub.errors import Internal, Refused, Shown
from hub.model.effect import SHOWN, Effect, Effects
from hub.model.graph import Coordinate
from hub.model.mapping import By, Column, Embedded, Reference, Rows, TypeMapping
from hub.model.operation import Argument, Constant, fields_of, items_of
from hub.model.viewer import RecordClass

if TYPE_CHECKING:
    from hub.sources.postgres.statement import Compiler

MOST_CONDITIONS = 100
MOST_DEPTH = 10
MOST_VALUES = 1_000

_VIETNAM = timezone(timedelta(hours=7))
_NOBODY = UUID(int=0)
_BEHIND = "\U0010ffff"  # sorts behind everything that a text goes on with
_YEAR = 4  # characters


def refuse(message: str) -> Refused:
    """A refusal of what the client sent."""
    return Refused([Shown(message, code="BAD_USER_INPUT")])


@dataclass(frozen=True, slots=True)
class _On:
    """What a condition is on: a row of a class under an alias, and where in the filter.

    names  what columns are called in the row, where an object stands in it; None where the class denies all of it
    path   as people write it: `where.status.eq`
    """

    alias: str
    of: RecordClass
    names: Mapping[str, str] | None
    path: str
    depth: int = 0

    def column(self, name: str) -> str:
        return "null" if self.names is None else f"{self.alias}.{self.names.get(name, name)}"

    def at(self, name: str) -> _On:
        return _On(self.alias, self.of, self.names, f"{self.path}.{name}", self.depth + 1)


class Filter:
    """The conditions of one list. Values are parameters, which the classes share."""

    def __init__(self, compiler: Compiler, field: str, where: Argument, effects: Mapping[Coordinate, Effects]) -> None:
        self.compiler = compiler
        self.field = field
        self.where = where
        self.effects = effects
        self.conditions = 0
        self.numbers: dict[str, int] = {}

    def check_served(self, home: TypeMapping) -> None:
        """Refuses what no index of a whole table serves, unless a condition beside it narrows the rows."""
        along = sorted(name for name in _asked(self.where) if By.ALONG in home.by.get(name, By.NOTHING))
        if along and not any(By.FILTER in home.by.get(name, By.NOTHING) for name in _narrowing(self.where)):
            # Which others there are, the reader's own schema says: naming them here might name what it has not.
            raise refuse(f"`where.{along[0]}` alone would read a whole register: add a condition that is not so marked")

    def condition(self, home: TypeMapping, alias: str, of: RecordClass) -> str:
        """The condition on a row of a class; empty where nothing is asked."""
        self.conditions = 0
        return self.all_of(self.where, home, _On(alias, of, {}, "where"))

    def all_of(self, where: Argument, home: TypeMapping, on: _On) -> str:
        if on.depth > 2 * MOST_DEPTH:
            raise refuse(f"`{on.path}` nests conditions more than {MOST_DEPTH} deep")
        found = [self.one_of(name, value, home, on.at(name)) for name, value in fields_of(where)]
        return " and ".join(f"({one})" for one in found if one)

    def one_of(self, name: str, value: Argument, home: TypeMapping, on: _On) -> str:
        """What one field of a filter asks."""
        self.conditions += 1
        if self.conditions > MOST_CONDITIONS:
            raise refuse(f"`{self.field}` has more than {MOST_CONDITIONS} conditions: ask for less at once")
        if value == Constant(None):
            raise refuse(f"`{on.path}` is null: leave it out, or ask for `isNull`")
        match name:
            case "and" | "or":
                items = enumerate(items_of(value))
                found = [self.all_of(item, home, on.at(str(index))) or "true" for index, item in items]
                if not found:
                    raise refuse(f"`{on.path}` is empty: name a condition, or leave it out")
                return f" {name} ".join(f"({one})" for one in found)
            case "not":
                return f"({self.all_of(value, home, on) or 'true'}) is not true"
        mapped = home.fields[name]
        effects = self.effects.get((home.name, name), SHOWN)
        match mapped:
            case Column():
                return self.on_column(mapped, value, effects.of(on.of), on)
            case Embedded():
                return self.on_embedded(mapped, value, effects.of(on.of), on)
            case Rows():
                if mapped.many:
                    return self.on_list(mapped, home, value, effects, on)
                return self.on_one(mapped, value, effects, on)
            case Reference(keys=((_, column),)):
                # What is behind a link was searched for at its home: here stand the keys of what was found.
                here = "null" if effects.of(on.of) is Effect.DENY else on.column(column)
                return f"{here} = any({self.values(value, on.path, 'text')})"
        raise Internal(f"`{home.name}.{name}` cannot be filtered by")

    # Objects and other rows ------------------------------------------------------------------------------------------

    def on_embedded(self, mapped: Embedded, value: Argument, effect: Effect, on: _On) -> str:
        names = None
        if on.names is not None and effect is not Effect.DENY:
            outer = on.names
            names = {there: outer.get(here, here) for there, here in mapped.columns.items()} or outer
        return self.all_of(value, self.compiler.type(mapped.gives), _On(on.alias, on.of, names, on.path, on.depth))

    def on_list(self, mapped: Rows, home: TypeMapping, value: Argument, effects: Effects, on: _On) -> str:
        """Conditions on some, all or none of the rows that the reader is shown."""
        found = []
        for quantifier, inner in fields_of(value):
            if inner == Constant(None):
                raise refuse(f"`{on.path}.{quantifier}` is null: leave it out, or give it a condition")
            wanted = _fails if quantifier == "every" else _meets
            rows = self.rows(mapped, inner, effects, on.at(quantifier))
            meeting = [
                (one, f"{table} where {' and '.join([*fixed, wanted(asked)])}") for one, table, fixed, asked in rows
            ]
            any_row = self.any_of(meeting, [(there, here, home.kind(here)) for there, here in mapped.match], on)
            found.append(any_row if quantifier == "some" else f"not {any_row}")
        return " and ".join(f"({one})" for one in found)

    def any_of(self, rows: Sequence[tuple[_On, str]], match: Sequence[tuple[str, str, str]], on: _On) -> str:
        """Whether any of these rows of some classes belongs here.

        The classes are one relation to join with, which may be read first where few rows in it meet the condition; of
        an `exists` for each class, joined by `or`, every row here would be held against each. Their columns are of
        domains of their own, and are united as what those are made of.
        """
        if not rows:
            return "(false)"
        if len(rows) == 1:
            ((inner, meeting),) = rows
            belongs = " and ".join(f"{inner.column(there)} = {on.column(here)}" for there, here, _ in match)
            return f"(exists (select 1 from {meeting} and {belongs}))"
        self.compiler.aliases += 1
        alias = f"f{self.compiler.aliases}"
        branches = []
        for inner, meeting in rows:
            named = ((inner.column(there), kind) for there, _, kind in match)
            keys = ", ".join(f"{column}::{kind} as k{place}" for place, (column, kind) in enumerate(named))
            branches.append(f"select {keys} from {meeting}")
        belongs = " and ".join(f"{alias}.k{place} = {on.column(here)}" for place, (_, here, _) in enumerate(match))
        return f"(exists (select 1 from ({' union all '.join(branches)}) {alias} where {belongs}))"

    def on_one(self, mapped: Rows, value: Argument, effects: Effects, on: _On) -> str:
        """A condition on the one row that the reader is shown: that of the class of authority."""
        branches = []
        for rank, (inner, table, fixed, asked) in enumerate(self.rows(mapped, value, effects, on)):
            keys = ", ".join(f"{column} as o{place}" for place, column in enumerate(mapped.order))
            belongs = [*(f"{inner.column(there)} = {on.column(here)}" for there, here in mapped.match), *fixed]
            branches.append(
                f"select ({asked or 'true'}) as met, {rank} as rank{', ' if keys else ''}{keys}"
                f" from {table} where {' and '.join(belongs)}"
            )
        if not branches:
            return "false"
        self.compiler.aliases += 1
        alias = f"f{self.compiler.aliases}"
        order = ", ".join([f"{alias}.rank desc", *(f"{alias}.o{place}" for place in range(len(mapped.order)))])
        return f"(select {alias}.met from ({' union all '.join(branches)}) {alias} order by {order} limit 1)"

    def rows(
        self, mapped: Rows, value: Argument, effects: Effects, on: _On
    ) -> Iterator[tuple[_On, str, list[str], str]]:
        """For each class that gives the rows: a row of it, its table, what always holds, and the condition."""
        home = self.compiler.type(mapped.gives)
        for of in self.compiler.classes:
            if effects.of(of) is Effect.DENY:
                continue
            self.compiler.aliases += 1
            inner = _On(f"f{self.compiler.aliases}", of, {}, on.path, on.depth)
            fixed = [self.compiler.constant(mapped.where, inner.alias)] if mapped.where else []
            yield inner, f"{of}.{mapped.table} {inner.alias}", fixed, self.all_of(value, home, inner)

    # Columns ---------------------------------------------------------------------------------------------------------

    def on_column(self, mapped: Column, value: Argument, effect: Effect, on: _On) -> str:
        column = "null" if effect is Effect.DENY else on.column(mapped.name)
        if effect.is_mask and effect is not Effect.YEAR:
            raise Internal(f"`{on.path}` compares what a mask hides")
        found = []
        for operator, operand in fields_of(value):
            path = f"{on.path}.{operator}"
            if operand == Constant(None):
                raise refuse(f"`{path}` is null: leave it out, or ask for `isNull`")
            if effect is Effect.YEAR and operator != "isNull":
                found.append(self.on_year(operator, operand, column, path))
            else:
                found.append(self.operator(operator, operand, column, mapped, path))
        return " and ".join(found)

    def operator(self, operator: str, operand: Argument, column: str, mapped: Column, path: str) -> str:
        """An operator on a value as it is."""
        kind = mapped.kind
        one = partial(self.value, operand, path, kind)
        match operator:
            case "isNull":
                return f"({column} is null) = {self.value(operand, path, 'bool')}"
            case "eq":
                return f"{column} = {one()}"
            case "in":
                return f"{column} = any({self.values(operand, path, kind)})"
            case "from":
                return f"{column} >= {one()}"
            case "to" if mapped.partial:
                return f"{column} < {one(_behind)}"
            case "to":
                return f"{column} <= {one()}"
            case "prefix" | "under" | "within":
                return f"({column} >= {one()} and {column} < {one(_behind)})"
            case "has":
                return f"{one()} = any({column})"
            case "hasAny":
                return f"{column} && {self.values(operand, path, kind)}"
            case "hasAll":
                return f"{column} @> {self.values(operand, path, kind)}"
        raise Internal(f"`{path}` is no operator")

    def on_year(self, operator: str, operand: Argument, column: str, path: str) -> str:
        """An operator on a date of which the year is left: bounds of the date itself, so that an index serves them."""
        one = partial(self.value, operand, path, "text")
        match operator:
            case "in":
                years = f"left({column}, {_YEAR}) = any({self.values(operand, path, 'text')})"
                return f"({column} >= {one(_first)} and {column} < {one(_behind_last)} and {years})"
            case "from":
                return f"{column} >= {one(_from_year)}"
            case "to":
                return f"{column} < {one(_behind_year)}"
        return f"({column} >= {one(_year_only)} and {column} < {one(_behind_year_only)})"

    def value(self, operand: Argument, path: str, kind: str, convert: Callable[[Any], Any] | None = None) -> str:
        """The parameter of one value."""
        convert = convert or _CONVERT[kind]

        def check(given: Any) -> Any:
            if given is None:
                raise refuse(f"`{path}` is null: leave it out, or ask for `isNull`")
            return _converted(given, convert, path)

        return f"${self.number(f'{path} {convert.__name__}', operand, check)}::{kind}"

    def values(self, operand: Argument, path: str, kind: str) -> str:
        """The parameter of a list of values."""

        def check(given: Any) -> tuple[Any, ...]:
            items = given if isinstance(given, list) else [given]
            if len(items) > MOST_VALUES:
                raise refuse(f"`{path}` has {len(items)} values: at most {MOST_VALUES} can be asked for at once")
            return tuple(_converted(item, _CONVERT[kind], path) for item in items)

        return f"${self.number(path, operand, check)}::{kind}[]"

    def number(self, name: str, operand: Argument, check: Callable[[Any], Any]) -> int:
        known = self.numbers.get(name)
        if known is None:
            known = self.numbers[name] = self.compiler.parameter(self.field, operand, check, name)
        return known


def _asked(where: Argument) -> Iterator[str]:
    """The fields that a filter asks of the row itself, at any depth."""
    for name, value in fields_of(where):
        match name:
            case "and" | "or":
                for item in items_of(value):
                    yield from _asked(item)
            case "not":
                yield from _asked(value)
            case _:
                yield name


def _narrowing(where: Argument) -> Iterator[str]:
    """The fields that every row must meet a condition of."""
    for name, value in fields_of(where):
        if name == "and":
            for item in items_of(value):
                yield from _narrowing(item)
        elif name not in ("or", "not"):
            yield name


def _meets(condition: str) -> str:
    return f"({condition or 'true'})"


def _fails(condition: str) -> str:
    return f"({condition or 'true'}) is not true"


# Values --------------------------------------------------------------------------------------------------------------


def _converted(given: Any, convert: Callable[[Any], Any], path: str) -> Any:
    try:
        str(given).encode()
    except UnicodeEncodeError:
        raise refuse(f"`{path}`: a text cannot hold half of a character, a surrogate without its other") from None
    try:
        return convert(given)
    except (ValueError, ArithmeticError) as error:
        raise refuse(f"`{path}`: {error}") from None


def _text(given: Any) -> str:
    if "\0" in str(given):
        raise ValueError("a text cannot hold the character U+0000")
    return str(given)


def _behind(given: Any) -> str:
    return f"{_text(given)}{_BEHIND}"


def _year_only(given: Any) -> str:
    """A year; of a date that is known more exactly nobody sees whether it is that one."""
    return _text(given) if len(str(given)) == _YEAR else _BEHIND


def _behind_year_only(given: Any) -> str:
    return f"{_year_only(given)}{_BEHIND}"


def _first(given: Any) -> str:
    """The first of several texts; of none, what is before no other."""
    return min(map(_text, given if isinstance(given, list) else [given]), default="")


def _behind_last(given: Any) -> str:
    found = max(map(_text, given if isinstance(given, list) else [given]), default="")
    return found and _behind(found)


def _from_year(given: Any) -> str:
    text = _text(given)
    return text if len(text) == _YEAR else f"{text[:_YEAR]}{_BEHIND}"


def _behind_year(given: Any) -> str:
    return f"{_text(given)[:_YEAR]}{_BEHIND}"


def _uuid(given: Any) -> UUID:
    try:
        return UUID(str(given))
    except ValueError:
        return _NOBODY  # an id of an unknown kind is one that is not there


def _day(given: Any) -> date:
    try:
        return date.fromisoformat(str(given))
    except ValueError:
        raise ValueError(f"`{given}` is no date: write it as `2026-03-14`") from None


def _moment(given: Any) -> datetime:
    try:
        found = datetime.fromisoformat(str(given))
    except ValueError:
        raise ValueError(f"`{given}` is no moment: write it as `2026-03-14T08:30:00+07:00`") from None
    return found.astimezone(_VIETNAM).replace(tzinfo=None) if found.tzinfo else found


def _whole(given: Any) -> int:
    if isinstance(given, bool) or not isinstance(given, int) or not -(2**63) <= given < 2**63:
        raise ValueError(f"`{given}` is no whole number that can be compared")
    return given


def _decimal(given: Any) -> Decimal:
    if isinstance(given, bool) or not isinstance(given, int | float):
        raise ValueError(f"`{given}` is no number")
    return Decimal(str(given))


def _boolean(given: Any) -> bool:
    return bool(given)


_CONVERT: Mapping[str, Callable[[Any], Any]] = {
    "text": _text,
    "uuid": _uuid,
    "int8": _whole,
    "float8": float,
    "numeric": _decimal,
    "bool": _boolean,
    "date": _day,
    "timestamp": _moment,
}
