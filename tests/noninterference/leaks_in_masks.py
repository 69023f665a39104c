"""Faults of effects and masks: what stands in a cell that a reader is denied or sees behind a mask."""

from __future__ import annotations

import dataclasses
import importlib
import re
from typing import Any

import pytest

from hub.engine import Engine
from hub.executor import Programs
from hub.executor.step import Step
from hub.model.effect import SHOWN, Effect, Effects
from hub.model.graph import Coordinate
from hub.model.mapping import Computed
from hub.model.plan import Fetch, Value
from hub.model.source import FAILED, Question
from hub.model.viewer import Profile, RecordClass, Standing
from hub.policy import RuleBook
from hub.sources.postgres import PostgresSource, statement
from hub.sources.postgres import listing as listings
from hub.sources.postgres.listing import Key, Listing
from hub.sources.postgres.mask import masked
from hub.sources.postgres.relation import Row, _Selected
from hub.sources.postgres.statement import Compiler
from hub.sources.postgres.text import Sql, concat
from tests.noninterference.planting import (
    COUNTS,
    MASKS,
    NAMES,
    SHARED,
    STANDING,
    TRANSITIVE,
    Catalogue,
    OtherRows,
    listing,
    on_rows,
)

LEAKS = Catalogue()
leak = LEAKS.leak

engines = importlib.import_module("hub.engine")

BENEFITS = frozenset({"ShortTermBenefit", "AccidentBenefit", "Pension", "OneTimeBenefit"})

# The raw value by another way


def _raw_leaf(patch: pytest.MonkeyPatch, when: Any) -> None:
    """A field that is given as it is in every class, for the nodes that `when` says."""
    real = Compiler.value

    def value(self: Any, node: Any, mapped: Any, home: Any, row: Any) -> Any:
        if when(node, home) and any(effect is not Effect.SHOW for effect in node.effects):
            node = dataclasses.replace(node, effects=SHOWN)
        return real(self, node, mapped, home, row)

    patch.setattr(Compiler, "value", value)


@leak("a denied or masked value is raw under an alias", NAMES)
def _(patch: pytest.MonkeyPatch) -> None:
    _raw_leaf(patch, lambda node, home: node.key != node.name)


@leak("a denied or masked value is raw behind an interface", NAMES)
def _(patch: pytest.MonkeyPatch) -> None:
    _raw_leaf(patch, lambda node, home: home.name in BENEFITS)


@leak("a denied or masked value is raw in an embedded object", NAMES)
def _(patch: pytest.MonkeyPatch) -> None:
    _raw_leaf(patch, lambda node, home: node.shape is not None and not node.arguments)


@leak("a field of a list is given as in plain rows", MASKS)
def _(patch: pytest.MonkeyPatch) -> None:
    def plainly(node: Any) -> Any:
        effects = node.effects
        if effects.civilian is not Effect.DENY:
            effects = Effects(*[effects.civilian] * 3)
        return dataclasses.replace(node, effects=effects, shape=node.shape and shaped(node.shape))

    def shaped(shape: Any) -> Any:
        cases = {
            name: tuple(plainly(one) if isinstance(one, Value) else one for one in nodes)
            for name, nodes in shape.cases.items()
        }
        return dataclasses.replace(shape, cases=cases)

    def changed(real: OtherRows) -> OtherRows:
        def of_plain(compiler: Any, node: Any, mapped: Any, classes: Any, row: Any) -> Any:
            return real(compiler, dataclasses.replace(node, shape=shaped(node.shape)), mapped, classes, row)

        return of_plain

    listing(patch, changed)


@leak("a computed field takes a denied value as it is", TRANSITIVE)
def _(patch: pytest.MonkeyPatch) -> None:
    real = Compiler.field

    def field(home: Any, name: str) -> Any:
        if (home.name, name) == ("Contribution", "toMonth"):
            return Computed(lambda title: title, ("jobTitle",))
        return real(home, name)

    patch.setattr(Compiler, "field", staticmethod(field))


@leak("the key of a denied link is read", TRANSITIVE)
def _(patch: pytest.MonkeyPatch) -> None:
    real = Compiler.mark
    patch.setattr(
        Compiler,
        "mark",
        lambda self, hole, *rest: real(self, dataclasses.replace(hole, effects=SHOWN), *rest),
    )


# Order and filters


@leak("rows are ordered by what is denied", COUNTS)
def _(patch: pytest.MonkeyPatch) -> None:
    real, real_of_list = Compiler.order, Listing.order
    denied = {"contribution": "job_title", "participant": "job_title", "relative": "full_name", "visit": "card_code"}

    def order(self: Any, node: Any, mapped: Any, shape: Any, inner: Any) -> Any:
        first = [inner.column(denied[mapped.table])] if mapped.table in denied else []
        return iter([*first, *real(self, node, mapped, shape, inner)])

    def of_list(self: Any) -> Any:
        keys = real_of_list(self)
        if self.mapped.table not in denied or self.argument("order") != listings.ABSENT:
            return keys
        name = denied[self.mapped.table]
        branches = tuple(f"coalesce({self.inner.alias}.{name}, '')" for _ in self.classes)
        return (Key(name, f"coalesce({self.inner.column(name)}, '')", branches, "text", falling=False), *keys)

    patch.setattr(Compiler, "order", order)
    patch.setattr(Listing, "order", of_list)


@leak("rows may be ordered by what is masked", COUNTS)
def _(patch: pytest.MonkeyPatch) -> None:
    real = RuleBook.usable

    def usable(self: Any, profile: Any, standing: Any, where: Any) -> bool:
        if "Order" not in where[0] or where not in self.compared:
            return real(self, profile, standing, where)
        given = self.effects(profile, standing, self.compared[where].field).within(profile.universe(standing).classes)
        return bool(given != {Effect.DENY})

    patch.setattr(RuleBook, "usable", usable)


@leak("a filter is compared with what is denied", COUNTS)
def _(patch: pytest.MonkeyPatch) -> None:
    denied = {"contribution": "job_title", "book": "issuer", "health_card": "object_group", "contact": "bank_account"}

    def condition(found: str, table: str, inner: Any) -> str:
        if table in denied:
            found += f" and left(md5({inner.plain().column(denied[table])}), 1) < '8'"
        return found

    on_rows(patch, condition)


# Branches of a union


def _branching(patch: pytest.MonkeyPatch, branch: Any) -> None:
    real = _Selected.branch

    def changed(self: Any, index: int, of: RecordClass, table: str, alias: str, mask: Any) -> Any:
        return branch(self, real(self, index, of, table, alias, mask), index, of, alias)

    patch.setattr(_Selected, "branch", changed)


@leak("a denied cell is raw in one branch", MASKS)
def _(patch: pytest.MonkeyPatch) -> None:
    def branch(self: Any, text: str, index: int, of: RecordClass, alias: str) -> str:
        raw = self.effects[index] is Effect.DENY and of is not RecordClass.CIVILIAN
        cast = "::text" if any(one.is_mask for one in self.effects) else ""
        return f"{alias}{self.column}{cast}" if raw else text

    _branching(patch, branch)


@leak("a masked cell is raw in the branch of a class", MASKS)
def _(patch: pytest.MonkeyPatch) -> None:
    _masking(patch, lambda raw, shown, of: raw if of is not RecordClass.CIVILIAN else shown)


@leak("effects are of the wrong branch", MASKS)
def _(patch: pytest.MonkeyPatch) -> None:
    real = Effects.of
    turned = {
        RecordClass.CIVILIAN: RecordClass.DEFENCE,
        RecordClass.DEFENCE: RecordClass.CIVILIAN,
        RecordClass.PUBLIC_SECURITY: RecordClass.CIVILIAN,
    }
    patch.setattr(Effects, "of", lambda self, one: real(self, turned[one]))


@leak("a denied row of a list is left in", COUNTS)
def _(patch: pytest.MonkeyPatch) -> None:
    def left(real: OtherRows) -> OtherRows:
        return lambda compiler, node, mapped, classes, row: real(compiler, node, mapped, compiler.classes, row)

    listing(patch, left)


@leak("a total counts rows of a class that denies it", COUNTS)
def _(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Compiler, "counted", staticmethod(lambda item, classes: tuple(classes)))
    patch.setattr(Compiler, "value", _undenied(Compiler.value))


def _undenied(real: Any) -> Any:
    def value(self: Any, node: Any, *rest: Any) -> Any:
        return real(self, dataclasses.replace(node, effects=SHOWN) if "Total" in node.name else node, *rest)

    return value


@leak("a denied cell is an error", MASKS)
def _(patch: pytest.MonkeyPatch) -> None:
    real = Compiler.leaf
    text = f"{FAILED}insurance{FAILED}"

    def leaf(self: Any, node: Any, mapped: Any, row: Any) -> Any:
        pieces = real(self, node, mapped, row)
        denied = row.denied(node.effects)
        if not denied or len(row.classes) == 1:
            return pieces
        given = concat(pieces)
        sql = row.in_class(lambda one: f"'{text}'" if one in denied else given, "'null'")
        return [Sql(sql)]

    patch.setattr(Compiler, "leaf", leaf)


# Masks


def _masking(patch: pytest.MonkeyPatch, change: Any) -> None:
    """Masks that know the class of their row: (raw, masked, class) -> SQL."""
    real = Row.shown

    def shown(self: Any, name: str, effects: Effects) -> str | None:
        found: str | None = real(self, name, effects)
        masks = [effects.of(one) for one in self.classes]
        if found is None or not any(one.is_mask for one in masks) or not self.table:
            return found
        raw = f"({self.column(name)})::text"
        if len(self.classes) == 1:
            return str(change(raw, found, self.classes[0]))
        return str(self.in_class(lambda one: change(raw, found, one), "null"))

    patch.setattr(Row, "shown", shown)


@leak("a mask has another length in another class", MASKS)
def _(patch: pytest.MonkeyPatch) -> None:
    _masking(patch, lambda raw, shown, of: shown if of is RecordClass.CIVILIAN else f"('*' || {shown})")


@leak("a mask is null in another class", MASKS)
def _(patch: pytest.MonkeyPatch) -> None:
    _masking(patch, lambda raw, shown, of: shown if of is RecordClass.CIVILIAN else "null::text")


@leak("a mask is drawn anew for every row", MASKS)
def _(patch: pytest.MonkeyPatch) -> None:
    _masking(patch, lambda raw, shown, of: f"md5({shown} || random()::text)")


@leak("a mask says how long the value is", MASKS)
def _(patch: pytest.MonkeyPatch) -> None:
    _masking(patch, lambda raw, shown, of: f"({shown} || length({raw})::text)")


@leak("a mask shows more than it should", MASKS)
def _(patch: pytest.MonkeyPatch) -> None:
    _masking(patch, lambda raw, shown, of: f"(left({raw}, 6) || substr({shown}, 7))")


@leak("a pseudonym is made with the class", MASKS)
def _(patch: pytest.MonkeyPatch) -> None:
    _masking(patch, lambda raw, shown, of: f"left(md5({shown} || '{of.value}') || md5({shown}), length({shown}))")


@leak("a pseudonym is a hash without a key", MASKS)
def _(patch: pytest.MonkeyPatch) -> None:
    real = masked
    patch.setattr(
        statement,
        "masked",
        lambda effect, text, secret: f"md5({text})" if effect is Effect.PSEUDONYM else real(effect, text, secret),
    )


@leak("the pseudonyms of all projects are made with one key", MASKS)
def _(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Profile, "scope", property(lambda self: str(self.audience)))


@leak("the pseudonyms of agreements and projects are made with one key", MASKS)
def _(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(engines, "pseudonym_key", lambda secret, _: (secret.ljust(64, b"6"), secret.ljust(64, b"5")))


# Standing, profile


@leak("effects are of the wrong standing", STANDING)
def _(patch: pytest.MonkeyPatch) -> None:
    real = RuleBook.effects

    def effects(self: RuleBook, profile: Profile, standing: Standing, where: Coordinate) -> Effects:
        found = real(self, profile, standing, where)
        return real(self, profile, Standing.SELF, where) if standing is Standing.HOUSEHOLD else found

    patch.setattr(RuleBook, "effects", effects)


_EFFECTS = re.compile(r"effects=Effects\([^)]*\)|reads=\{[^}]*\}")


def _whatever_is_given(fetch: Fetch) -> str:
    """A fetch without its effects."""
    return _EFFECTS.sub("", repr(fetch))


@leak("a document is kept without its profile", SHARED)
def _(patch: pytest.MonkeyPatch) -> None:
    real = Engine._document
    kept: dict[tuple[int, str], Any] = {}

    def document(self: Engine, request: Any, profile: Profile) -> Any:
        key = (id(self), f"{request.document} {request.operation_name} {profile.own} {profile.others}")
        return kept.get(key) or kept.setdefault(key, real(self, request, profile))

    patch.setattr(Engine, "_document", document)


@leak("a statement is compiled without what is given", SHARED)
def _(patch: pytest.MonkeyPatch) -> None:
    real = PostgresSource.question
    kept: dict[tuple[int, str], Question] = {}

    def question(self: PostgresSource, fetch: Fetch) -> Question:
        return kept.setdefault((id(self), _whatever_is_given(fetch)), real(self, fetch))

    patch.setattr(PostgresSource, "question", question)


@leak("a step is shared whatever is given", SHARED)
def _(patch: pytest.MonkeyPatch) -> None:
    real = Programs._step
    kept: dict[tuple[int, str], Any] = {}

    def step(self: Programs, fetch: Fetch, made: dict[int, Step]) -> Any:
        key = (id(self._lanes), _whatever_is_given(fetch))
        return kept.get(key) or kept.setdefault(key, real(self, fetch, made))

    patch.setattr(Programs, "_step", step)


# Agreements


@leak("an agreement that has ended is still answered", MASKS)
def _(patch: pytest.MonkeyPatch) -> None:
    real = engines.check_agreement
    patch.setattr(
        engines,
        "check_agreement",
        lambda request, profile, agreements, _: real(
            request, profile, agreements, agreements[str(profile.agreement)].valid_until
        ),
    )


@leak("a purpose is not asked for", MASKS)
def _(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(engines, "check_agreement", lambda *_: None)
