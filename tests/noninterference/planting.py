"""Leaks put in on purpose, and what they are made with.

A leak is a fault in the real code, set with `pytest.MonkeyPatch` at the seam where such a fault would be made: in the
compiler of statements, the planner, the executor, the postgres source, the engine, the endpoint. All of it is undone
when the patch is; `snapshot` shows that it was. A login may read its own universe only, and what is outside a universe
is denied in every branch of a statement, so most of these faults could not hurt by themselves: `every_right` and
`every_effect` take those walls away.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import FunctionType
from typing import Any

import pytest

from hub.model.effect import Effects
from hub.model.graph import Coordinate
from hub.model.source import PseudonymKey, Question, Texts
from hub.model.viewer import Profile, RecordClass, Standing, Universe, reach
from hub.policy import RuleBook
from hub.sources.postgres import PostgresSource, statement
from hub.sources.postgres.listing import Listing
from hub.sources.postgres.relation import Row
from hub.sources.postgres.statement import Compiler
from tests.noninterference.adapter import Pool
from tests.noninterference.people import SECRET

Plant = Callable[[pytest.MonkeyPatch], None]


@dataclass(frozen=True, slots=True)
class Leak:
    """A fault and the family it belongs to in the appendix of what has gone wrong elsewhere.

    readers  who would see it; anybody, if empty
    asked    of which lists, and what they are asked by; any, if empty
    """

    name: str
    family: str
    plant: Plant
    readers: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()


UNIVERSE = "the wrong universe"
COUNTS = "counts, pages, order"
NAMES = "another way to name it"
TRANSITIVE = "transitive reads"
SHARED = "caches and shared objects"
DOORS = "two doors"
ERRORS = "errors"
STANDING = "standing"
TRACES = "logs, cost, headers"
CONTRACT = "the contract"
MASKS = "masks and effects"
FILTERS = "filters"
CURSORS = "cursors"


class Catalogue(list[Leak]):
    """The leaks of one module, in the order they are written."""

    def leak(self, name: str, family: str, *readers: str, asked: tuple[str, ...] = ()) -> Callable[[Plant], Plant]:
        def keep(plant: Plant) -> Plant:
            self.append(Leak(name, family, plant, readers, asked))
            return plant

        return keep


# Devices


def every_right(patch: pytest.MonkeyPatch) -> None:
    """Every statement runs under the login that reads all classes, and would be given what is in them."""
    patch.setattr(Pool, "role", lambda self: Universe.ALL)
    every_effect(patch)


def every_effect(patch: pytest.MonkeyPatch) -> None:
    """What a reader is given outside his universe is what he is given of plain rows, should a statement lead there."""
    real = RuleBook.effects

    def effects(self: RuleBook, profile: Profile, standing: Standing, where: Coordinate) -> Effects:
        found = real(self, profile, standing, where)
        within = {*profile.universe(standing).classes} & {*reach(profile.audience, standing)}
        return Effects(*(found.of(one) if one in within else found.civilian for one in RecordClass))

    patch.setattr(RuleBook, "effects", effects)


def anywhere(table: str, columns: str) -> str:
    """The `from` item of a table in all classes, whoever asks."""
    return "(" + " union all ".join(f"select {columns} from {of.value}.{table}" for of in RecordClass) + ")"


def in_secret(table: str, columns: str) -> str:
    """The `from` item of a table in the two classes that are not plain."""
    return "(" + " union all ".join(f"select {columns} from {of.value}.{table}" for of in SECRET) + ")"


OtherRows = Callable[[Any, Any, Any, Any, Any], Any]
"""(compiler, node, mapped, classes, row) -> the pieces of what is made of other rows."""


def listing(patch: pytest.MonkeyPatch, change: Callable[[OtherRows], OtherRows]) -> None:
    """Changes how lists are made: short ones, connections, searches."""
    patch.setattr(Compiler, "list", change(Compiler.list))
    connections(patch, change)


def connections(patch: pytest.MonkeyPatch, change: Callable[[OtherRows], OtherRows]) -> None:
    """Changes how connections and searches are made."""
    for name in ("connection", "found_persons"):
        patch.setattr(statement, name, change(getattr(statement, name)))


def widely(when: Callable[[Any, Any], bool]) -> Callable[[OtherRows], OtherRows]:
    """Rows of every class, for the nodes that `when` says."""

    def changed(real: OtherRows) -> OtherRows:
        def wide(compiler: Any, node: Any, mapped: Any, classes: Any, row: Any) -> Any:
            return real(compiler, node, mapped, Universe.ALL.classes if when(compiler, node) else classes, row)

        return wide

    return changed


def lists_over_every_class(patch: pytest.MonkeyPatch, when: Callable[[Any, Any], bool]) -> None:
    """Lists hold rows of all classes."""
    every_right(patch)
    listing(patch, widely(when))


def objects_over_every_class(patch: pytest.MonkeyPatch) -> None:
    """A single object in a row is taken from all classes."""
    every_right(patch)
    patch.setattr(Compiler, "one", widely(always)(Compiler.one))


def on_rows(patch: pytest.MonkeyPatch, condition: Callable[[str, str, Any], str]) -> None:
    """Changes the condition on other rows: (condition, table, row) -> condition. Those of a search stay as they are."""
    real, real_of_list = Compiler.conditions, Listing.condition

    def conditions(self: Any, mapped: Any, shape: Any, inner: Any, row: Any) -> str:
        return condition(real(self, mapped, shape, inner, row), mapped.table, inner)

    def of_list(self: Any, index: int, bounds: Any) -> str:
        return condition(real_of_list(self, index, bounds), self.mapped.table, self.inner)

    patch.setattr(Compiler, "conditions", conditions)
    patch.setattr(Listing, "condition", of_list)


def over_any_key(patch: pytest.MonkeyPatch, when: Callable[[Any], bool]) -> None:
    """Rows are found by key in all classes; what hangs on them is of the universe."""
    every_right(patch)
    real_question, real_keyed, real_row = Compiler.question, Compiler.keyed, Row
    wide = [False]

    def question(self: Any) -> Any:
        wide[0] = when(self)
        try:
            return real_question(self)
        finally:
            wide[0] = False

    def keyed(self: Any, *arguments: Any) -> Any:
        classes = self.classes
        if wide[0]:
            self.classes = Universe.ALL.classes
        try:
            return real_keyed(self, *arguments)
        finally:
            self.classes = classes

    def row(alias: str, classes: Any, mask: Any, **more: Any) -> Any:
        return real_row(alias, Universe.ALL.classes if wide[0] and alias == "r" else classes, mask, **more)

    patch.setattr(Compiler, "question", question)
    patch.setattr(Compiler, "keyed", keyed)
    patch.setattr(statement, "Row", row)


def always(*_: Any) -> bool:
    return True


def mapped_otherwise(patch: pytest.MonkeyPatch, fields: Mapping[tuple[str, str], Any]) -> None:
    """Fields that stand on something else than was declared."""
    every_right(patch)
    real = Compiler.field

    def field(home: Any, name: str) -> Any:
        return fields.get((home.name, name)) or real(home, name)

    patch.setattr(Compiler, "field", staticmethod(field))


Hidden = Callable[[PostgresSource, Question, Sequence[str], Mapping[str, Texts]], Mapping[str, Texts]]


def noticing(patch: pytest.MonkeyPatch, do: Hidden) -> None:
    """A source that looks up in all classes which of its keys are hidden; `do` may change what was found."""
    wide_questions: dict[int, tuple[Question, Question]] = {}
    real = PostgresSource._answer

    async def ask(
        self: PostgresSource, question: Question, parameters: tuple[Any, ...], keys: Sequence[str]
    ) -> Mapping[str, Texts]:
        found = await real(self, question, parameters, keys)
        known = wide_questions.get(id(question))
        if known is None:
            wide = self.question(dataclasses.replace(question.fetch, universe=Universe.ALL))
            known = wide_questions[id(question)] = (question, wide)
        anywhere_found = await real(self, known[1], refitted(parameters, question, known[1]), keys)
        return do(self, question, [key for key in keys if key in anywhere_found and key not in found], found)

    patch.setattr(PostgresSource, "_answer", ask)


def refitted(parameters: Sequence[Any], question: Question, other: Question) -> tuple[Any, ...]:
    """The parameters of a question for another of the same fetch, which may have them in another order."""
    keys = {one: value for one, value in zip(question.parameters, parameters, strict=True) if _is_key(one)}
    others = iter([value for one, value in zip(question.parameters, parameters, strict=True) if not _is_key(one)])
    return tuple(keys[one] if isinstance(one, PseudonymKey) else next(others) for one in other.parameters)


def _is_key(parameter: object) -> bool:
    return isinstance(parameter, PseudonymKey)


def with_texts(found: Mapping[str, Texts], hidden: Sequence[str], question: Question, text: str) -> Mapping[str, Texts]:
    """What was found, and this text for every column of what is hidden."""
    return {**found, **dict.fromkeys(hidden, (text,) * question.columns)}


def snapshot() -> Mapping[str, int]:
    """Which object every name of the hub's modules and classes means now."""
    found: dict[str, int] = {}
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == "hub":
            _note(found, name, vars(module))
    _note(found, "Pool", vars(Pool))
    return found


def _note(found: dict[str, int], place: str, names: Mapping[str, Any]) -> None:
    for name, value in list(names.items()):
        if isinstance(value, type) and value.__module__.startswith("hub") and f"{place}.{name}" not in found:
            found[f"{place}.{name}"] = id(value)
            for inner, attribute in vars(value).items():
                if isinstance(attribute, (FunctionType, staticmethod, classmethod, property)):
                    found[f"{place}.{name}.{inner}"] = id(attribute)
        elif callable(value):
            found[f"{place}.{name}"] = id(value)
