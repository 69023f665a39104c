"""Filter x row -> condition: what a list's `where` asks of the rows of one class, as the reader is shown them.

A condition on nothing is false, as in SQL, and so is its place under `not`: `not` holds for rows that do not meet what
stands in it, those without a value among them. In a class that denies a field, its rows have no value there. A mask
hides too much to be compared, but for a date's year, which is compared by what is left of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from hub.errors import Internal, Refused, Shown
from hub.model.effect import SHOWN, Effect, Effects
from hub.model.graph import Coordinate
from hub.model.mapping import By, Column, Embedded, Form, Reference, Rows, TypeMapping
from hub.model.operation import Argument, Constant, fields_of, items_of
from hub.model.viewer import RecordClass
from hub.sources.postgres.relation import BRACES, RANK

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
    used   columns of the row that conditions are on, with the types they are compared as; every use is noted
    """

    alias: str
    of: RecordClass
    names: Mapping[str, str] | None
    path: str
    depth: int = 0
    used: dict[str, str] = field(default_factory=dict)

    def column(self, name: str, kind: str) -> str:
        if self.names is None:
            return "null"
        found = self.names.get(name, name)
        self.used[found] = kind
        return f"{self.alias}.{found}"

    def constant(self, condition: str) -> str:
        """A constant condition of a mapping on the row."""
        return BRACES.sub(lambda match: self.column(match.group(1), ""), condition)

    def relation(self, table: str, classes: Sequence[RecordClass]) -> str:
        """The `from` item of the row in these classes, with the columns that are used."""
        if len(classes) == 1:
            return f"{classes[0]}.{table} {self.alias}"
        columns = ", ".join(f"{name}::{kind} as {name}" if kind else name for name, kind in self.used.items())
        branches = (f"select {columns}, {rank} as {RANK} from {of}.{table}" for rank, of in enumerate(classes))
        return f"({' union all '.join(branches)}) {self.alias}"

    def at(self, name: str) -> _On:
        return replace(self, path=f"{self.path}.{name}", depth=self.depth + 1)


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
                on_rows = self.on_list if mapped.many else self.on_one
                return on_rows(mapped, home, value, effects, on)
            case Reference(keys=((_, column),)):
                # What is behind a link was searched for at its home: here stand the keys of what was found.
                here = "null" if effects.of(on.of) is Effect.DENY else on.column(column, "text")
                return f"{here} = any({self.values(value, on.path, 'text')})"
        raise Internal(f"`{home.name}.{name}` cannot be filtered by")

    # Objects and other rows ------------------------------------------------------------------------------------------

    def on_embedded(self, mapped: Embedded, value: Argument, effect: Effect, on: _On) -> str:
        names = None
        if on.names is not None and effect is not Effect.DENY:
            outer = on.names
            names = {there: outer.get(here, here) for there, here in mapped.columns.items()} or outer
        return self.all_of(value, self.compiler.type(mapped.gives), replace(on, names=names))

    def on_list(self, mapped: Rows, home: TypeMapping, value: Argument, effects: Effects, on: _On) -> str:
        """Conditions on some, all or none of the rows that the reader is shown."""
        found = []
        for quantifier, inner in fields_of(value):
            if inner == Constant(None):
                raise refuse(f"`{on.path}.{quantifier}` is null: leave it out, or give it a condition")
            wanted = _fails if quantifier == "every" else _meets
            any_row = self.any_of(mapped, home, inner, wanted, effects, on, on.at(quantifier))
            found.append(any_row if quantifier == "some" else f"not {any_row}")
        return " and ".join(f"({one})" for one in found)

    def any_of(
        self,
        mapped: Rows,
        home: TypeMapping,
        value: Argument,
        wanted: Callable[[str], str],
        effects: Effects,
        on: _On,
        at: _On,
    ) -> str:
        """Whether any row of the classes that give them belongs here and is as wanted.

        The classes are one relation, of which nothing is left out before it is joined: so Postgres may look up its rows
        for a few here, or begin with the few in it that are wanted. Of an `exists` for each class every row here would
        be held against each. Columns are of domains of their own in each class, and are united as what is compared.
        """
        classes = [of for of in self.compiler.classes if effects.of(of) is not Effect.DENY]
        if not classes:
            return "(false)"
        there = self.other(at, classes[0])
        conditions = self.belongs(mapped, home, there, on)
        given = self.compiler.type(mapped.gives)
        each = [wanted(self.all_of(value, given, replace(there, of=of))) for of in classes]
        if len(set(each)) > 1:
            each = [f"({there.alias}.{RANK} = {rank} and {one})" for rank, one in enumerate(each)]
        conditions.append(f"({' or '.join(dict.fromkeys(each))})")
        relation = there.relation(mapped.table, classes)
        return f"(exists (select 1 from {relation} where {' and '.join(conditions)}))"

    def on_one(self, mapped: Rows, home: TypeMapping, value: Argument, effects: Effects, on: _On) -> str:
        """A condition on the one row that the reader is shown: that of the class of authority."""
        given = self.compiler.type(mapped.gives)
        branches = []
        for rank, of in enumerate(of for of in self.compiler.classes if effects.of(of) is not Effect.DENY):
            there = self.other(on, of)
            keys = [f"{column} as o{place}" for place, column in enumerate(mapped.order)]
            selected = ", ".join([f"({self.all_of(value, given, there) or 'true'}) as met", f"{rank} as rank", *keys])
            belongs = " and ".join(self.belongs(mapped, home, there, on))
            branches.append(f"select {selected} from {there.relation(mapped.table, [of])} where {belongs}")
        if not branches:
            return "false"
        self.compiler.aliases += 1
        alias = f"f{self.compiler.aliases}"
        order = ", ".join([f"{alias}.rank desc", *(f"{alias}.o{place}" for place in range(len(mapped.order)))])
        return f"(select {alias}.met from ({' union all '.join(branches)}) {alias} order by {order} limit 1)"

    def other(self, at: _On, of: RecordClass) -> _On:
        """A row of another table, under an alias of its own."""
        self.compiler.aliases += 1
        return replace(at, alias=f"f{self.compiler.aliases}", of=of, names={}, used={})

    def belongs(self, mapped: Rows, home: TypeMapping, there: _On, on: _On) -> list[str]:
        """What makes a row there one of the rows of this one."""
        kinds = [(theirs, here, home.kind(here)) for theirs, here in mapped.match]
        found = [f"{there.column(theirs, kind)} = {on.column(here, kind)}" for theirs, here, kind in kinds]
        return [*found, there.constant(mapped.where)] if mapped.where else found

    # Columns ---------------------------------------------------------------------------------------------------------

    def on_column(self, mapped: Column, value: Argument, effect: Effect, on: _On) -> str:
        kind = f"{mapped.kind}[]" if mapped.form is Form.PLAIN_LIST else mapped.kind
        column = "null" if effect is Effect.DENY else on.column(mapped.name, kind)
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
