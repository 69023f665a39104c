"""Faults of the planner and of the compiler of statements: what a statement reads that it should not."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import pytest

from hub.model.graph import Coordinate
from hub.model.mapping import Expression, Form
from hub.model.plan import Hole, RootHole
from hub.model.viewer import Profile, Standing, Universe
from hub.planner.build import _Builder, _Object
from hub.policy import RuleBook
from hub.sources.postgres import listing as listings
from hub.sources.postgres.listing import Bound, Listing
from hub.sources.postgres.relation import RANK, united
from hub.sources.postgres.statement import Compiler
from hub.sources.postgres.text import Sql, concat
from tests.noninterference.planting import (
    COUNTS,
    DOORS,
    NAMES,
    STANDING,
    TRANSITIVE,
    UNIVERSE,
    Catalogue,
    always,
    anywhere,
    connections,
    every_effect,
    every_right,
    in_secret,
    lists_over_every_class,
    mapped_otherwise,
    objects_over_every_class,
    on_rows,
    over_any_key,
)

LEAKS = Catalogue()
leak = LEAKS.leak

# The wrong universe


@leak("every statement names every class", UNIVERSE)
def _(patch: pytest.MonkeyPatch) -> None:
    every_right(patch)
    real = Compiler.__init__

    def init(self: Any, *arguments: Any) -> None:
        real(self, *arguments)
        self.classes = Universe.ALL.classes

    patch.setattr(Compiler, "__init__", init)


@leak("a look-up finds rows of every class", UNIVERSE)
def _(patch: pytest.MonkeyPatch) -> None:
    over_any_key(patch, always)


@leak("a list holds rows of every class", UNIVERSE)
def _(patch: pytest.MonkeyPatch) -> None:
    lists_over_every_class(patch, always)


@leak("a single object inside a row is taken from any class", UNIVERSE)
def _(patch: pytest.MonkeyPatch) -> None:
    objects_over_every_class(patch)


@leak("what another register adds is asked in every class", UNIVERSE)
def _(patch: pytest.MonkeyPatch) -> None:
    every_effect(patch)
    real = _Object.foreign

    def foreign(self: Any, *arguments: Any) -> Any:
        return [(key, _widened(hole)) for key, hole in real(self, *arguments)]

    patch.setattr(_Object, "foreign", foreign)


@leak("a link leads into every class", UNIVERSE)
def _(patch: pytest.MonkeyPatch) -> None:
    every_effect(patch)
    real = _Builder.link
    patch.setattr(_Builder, "link", lambda self, *arguments: _widened(real(self, *arguments)))


def _widened(node: Any) -> Any:
    """A hole, filled from all classes."""
    if not isinstance(node, Hole):
        return node
    return dataclasses.replace(node, fetch=dataclasses.replace(node.fetch, universe=Universe.ALL))


@leak("a list of keys skips what a single key is checked for", DOORS)
def _(patch: pytest.MonkeyPatch) -> None:
    every_effect(patch)
    real = _Builder.own_root

    def root(self: Any, *arguments: Any) -> Any:
        node = real(self, *arguments)
        if isinstance(node, RootHole) and node.name == "people":
            return dataclasses.replace(node, fetch=dataclasses.replace(node.fetch, universe=Universe.ALL))
        return node

    patch.setattr(_Builder, "own_root", root)


# Another way to name it


@leak("an alias skips the universe", NAMES)
def _(patch: pytest.MonkeyPatch) -> None:
    lists_over_every_class(patch, lambda _, node: bool(node.key != node.name))


@leak("a rule on an interface is lost on its types", NAMES, asked=("benefits",))
def _(patch: pytest.MonkeyPatch) -> None:
    def of_interface(compiler: Any, node: Any) -> bool:
        """Also where the rows stand in a connection."""
        made = (one for inner in node.shape.cases.values() for one in inner if getattr(one, "shape", None))
        rows = [one for one in made if one.name in ("nodes", "edges", "node")]
        if rows:
            return any(of_interface(compiler, one) for one in rows)
        return compiler.type(node.shape.type).discriminator is not None

    lists_over_every_class(patch, of_interface)


@leak("a person is found by a number in a hidden row", NAMES)
def _(patch: pytest.MonkeyPatch) -> None:
    every_right(patch)
    real = Compiler.keyed

    def keyed(self: Any, *arguments: Any) -> Any:
        source, key, order = real(self, *arguments)
        numbers = f"{anywhere('person_identifier', 'person_id, scheme, value')} i join"
        return source.replace("civilian.person_identifier i join", numbers), key, order

    patch.setattr(Compiler, "keyed", keyed)


@leak("the numbers of a person hold hidden ones", NAMES, "officer", "defence officer")
def _(patch: pytest.MonkeyPatch) -> None:
    lists_over_every_class(patch, lambda _, node: bool(node.name == "identifiers"))


# Counts, pages, order


def _late_list(patch: pytest.MonkeyPatch, item: str) -> None:
    """A list over all classes in which a row that is not for the reader is dropped late; `item` is what it becomes."""
    every_right(patch)
    allowed: list[str] = []

    def late(real: Any) -> Any:
        def wide(compiler: Any, node: Any, mapped: Any, classes: Any, row: Any) -> Any:
            allowed.append(", ".join(str(Universe.ALL.classes.index(one)) for one in classes))
            try:
                return real(compiler, node, mapped, Universe.ALL.classes, row)
            finally:
                allowed.pop()

        return wide

    def dropped(inner: Any, pieces: Any) -> list[Any]:
        return [Sql(item.format(body=concat(pieces), shown=f"{inner.rank()} in ({allowed[-1]})"))]

    real_item, real_object = Listing.item, Compiler.object
    patch.setattr(Listing, "item", lambda self, node: dropped(self.inner, real_item(self, node)))

    def short(self: Any, node: Any, mapped: Any, classes: Any, row: Any) -> Any:
        outermost = [True]

        def one(compiler: Any, shape: Any, inner: Any, given: Any) -> Any:
            first, outermost[0] = outermost[0], False
            pieces = real_object(compiler, shape, inner, given)
            return dropped(inner, pieces) if first else pieces

        with pytest.MonkeyPatch.context() as inside:
            inside.setattr(Compiler, "object", one)
            return real_list(self, node, mapped, classes, row)

    real_list = Compiler.list
    patch.setattr(Compiler, "list", late(short))
    connections(patch, late)


@leak("a page is filled before it is filtered", COUNTS, "officer", "defence officer")
def _(patch: pytest.MonkeyPatch) -> None:
    _late_list(patch, "case when {shown} then {body} end")


@leak("a hidden row is null in its list", COUNTS)
def _(patch: pytest.MonkeyPatch) -> None:
    _late_list(patch, "case when {shown} then {body} else 'null' end")


@leak(
    "a page begins at an offset counted over every class", COUNTS, "officer", "defence officer", asked=("participants",)
)
def _(patch: pytest.MonkeyPatch) -> None:
    every_right(patch)
    real = Bound.condition

    def condition(self: Any, index: int) -> str:
        """As many rows are left out as all classes hold up to the cursor."""
        found: str = real(self, index)
        if len(self.listing.keys) > 1 or self.inclusive or not self.listing.mapped.match:
            return found
        (key,), ((column, outer),) = self.listing.keys, self.listing.mapped.match
        table, alias = self.listing.mapped.table, self.listing.inner.alias
        match = f"h.{column} = {self.listing.row.column(outer)}"
        columns = f"{key.name}, {column}"
        here = " union all ".join(f"select {columns} from {of.value}.{table}" for of in self.listing.classes)
        cursor = f"(${self.number}::text[])[1]::uuid"
        order = (">=", "<=") if self.rising else ("<=", ">=")
        before = f"(select count(*) from ({here}) h where {match} and h.{key.name} {order[1]} {alias}.{key.name})"
        over = f"(select count(*) from {anywhere(table, columns)} h where {match} and h.{key.name} {order[1]} {cursor})"
        return f"{before} > {over}"

    patch.setattr(Bound, "condition", condition)


@leak("the pages of an employer's people are cut over every class", COUNTS, "officer", "defence officer")
def _(patch: pytest.MonkeyPatch) -> None:
    lists_over_every_class(patch, lambda _, node: bool(node.name == "participants"))


@leak("the one row of an object is chosen before the filter", COUNTS)
def _(patch: pytest.MonkeyPatch) -> None:
    every_right(patch)

    def one(self: Any, node: Any, mapped: Any, classes: Any, row: Any) -> Any:
        allowed = ", ".join(str(Universe.ALL.classes.index(one)) for one in classes)
        inner = self.row(Universe.ALL.classes)
        shape = self.shape(node)
        body = concat(self.object(shape, inner, {}))
        where = self.conditions(mapped, shape, inner, row)
        order = ", ".join([f"{inner.rank()} desc", *self.order(node, mapped, shape, inner)])
        entry = f"case when {inner.rank()} in ({allowed}) then {body} end"
        found = f"select {entry} from {united(mapped.table, inner, where)} order by {order} limit 1"
        return [Sql(f"coalesce(({found}), 'null')")]

    patch.setattr(Compiler, "one", one)


@leak("totals are taken over every class", COUNTS)
def _(patch: pytest.MonkeyPatch) -> None:
    every_right(patch)
    real = Compiler.aggregate
    patch.setattr(
        Compiler,
        "aggregate",
        lambda self, node, mapped, _, row: real(self, node, mapped, Universe.ALL.classes, row),
    )


@leak("lines are counted over every class", COUNTS)
def _(patch: pytest.MonkeyPatch) -> None:
    rows = f"{in_secret('contribution', 'personal_id')} h where h.personal_id = max({{personal_id}}::text)"
    count = Expression(f"count(*) + (select count(*) from {rows})", Form.NUMBER)
    mapped_otherwise(patch, {("ContributionTotals", "lines"): count})


@leak("a greatest value is taken over every class", COUNTS, "officer", "defence officer")
def _(patch: pytest.MonkeyPatch) -> None:
    rows = f"{anywhere('contribution', 'personal_id, recorded_on')} h where h.personal_id = {{personal_id}}"
    latest = Expression(f"coalesce((select max(h.recorded_on) from {rows}), {{data_as_of}})", Form.PLAIN)
    least = Expression(f"coalesce((select min(h.recorded_on) from {rows}), {{issued_on}})", Form.PLAIN)
    paid = f"{anywhere('contribution', 'personal_id, salary')} h where h.personal_id = {{personal_id}}"
    salary = Expression(f"coalesce((select max(h.salary) from {paid}), 0)", Form.NUMBER)
    mapped_otherwise(
        patch,
        {
            ("InsuranceBook", "dataAsOf"): latest,
            ("InsuranceBook", "issuedOn"): least,
            ("Participant", "salary"): salary,
        },
    )


@leak("a household is counted over every class", COUNTS)
def _(patch: pytest.MonkeyPatch) -> None:
    rows = f"{anywhere('member', 'household_id, ended_on')} h where h.household_id = {{household_id}}"
    size = Expression(f"(select count(*) from {rows} and h.ended_on is null)", Form.NUMBER)
    mapped_otherwise(patch, {("HouseholdMember", "monthsPaid"): size, ("HouseholdMember", "since"): size})


@leak("lines are numbered over every class", COUNTS, "officer", "defence officer", asked=("contributions",))
def _(patch: pytest.MonkeyPatch) -> None:
    rows = f"{anywhere('contribution', 'personal_id, from_month')} h where h.personal_id = {{personal_id}}"
    number = Expression(f"(select count(*) from {rows} and h.from_month <= {{from_month}})::text", Form.PLAIN)
    mapped_otherwise(patch, {("Contribution", "id"): number, ("Contribution", "months"): number})


@leak("a list is in the order of hidden rows", COUNTS, "officer", "defence officer")
def _(patch: pytest.MonkeyPatch) -> None:
    every_right(patch)
    real, real_by = Compiler.list, listings.order_by

    def counted(table: str, alias: str) -> str:
        return f"(select count(*) from {in_secret(table, 'personal_id')} h where h.personal_id = {alias}.personal_id)"

    def ordered(self: Any, node: Any, mapped: Any, classes: Any, row: Any) -> Any:
        pieces: Any = real(self, node, mapped, classes, row)
        if mapped.table != "member" or len(classes) > 1:
            return pieces
        rows, by, order = pieces[1].text.rpartition(" order by ")
        (alias, *_) = re.findall(r"\bt\d+(?=\.)", order)
        return ["[", Sql(f"{rows}{by}{counted(mapped.table, alias)} desc, {order}"), "]"]

    def participants(keys: Any, index: int | None = None) -> str:
        order = str(real_by(keys, index))
        alias = keys[0].outer.partition(".")[0]
        if len(keys) > 1 or keys[0].name != "id" or len(keys[0].branches) > 1:
            return order
        return f"{counted('participant', alias)} desc, {order}" if keys[0].kind == "uuid" else order

    patch.setattr(Compiler, "list", ordered)
    patch.setattr(listings, "order_by", participants)


@leak("a filter looks at hidden rows", COUNTS)
def _(patch: pytest.MonkeyPatch) -> None:
    every_right(patch)

    def hidden(found: str, table: str, inner: Any) -> str:
        if table in ("contribution", "benefit", "health_card", "unemployment_period", "participant"):
            number = inner.plain().column("personal_id")
            found += f" and not exists (select from {in_secret(table, 'personal_id')} h where h.personal_id = {number})"
        return found

    on_rows(patch, hidden)


@leak("a hidden row decides which of two plain ones has authority", COUNTS)
def _(patch: pytest.MonkeyPatch) -> None:
    every_right(patch)
    real = Compiler.keyed

    def keyed(self: Any, home: Any, key: Any, row: Any) -> Any:
        source, text, order = real(self, home, key, row)
        if not order or len(key.columns) > 1:
            return source, text, order
        hidden = [of for of in Universe.ALL.classes if of not in self.classes]
        table, column = (key.through[0], key.through[1]) if key.through else (home.table, key.columns[0])
        there = " or ".join(
            f"exists (select from {of.value}.{table} h where h.{column}::text = {row.alias}.key0::text)"
            for of in hidden
        )
        return source, text, f" order by {row.alias}.{RANK} * case when {there or 'false'} then -1 else 1 end"

    patch.setattr(Compiler, "keyed", keyed)


# Transitive reads


@leak("the key of a link is read from a hidden row", TRANSITIVE)
def _(patch: pytest.MonkeyPatch) -> None:
    over_any_key(patch, lambda compiler: bool(compiler.mapping.name == "household"))


@leak("a computed field reads hidden rows", TRANSITIVE)
def _(patch: pytest.MonkeyPatch) -> None:
    every_right(patch)
    real = Compiler.input

    def given(self: Any, name: str, home: Any, row: Any, *reads: Any) -> str:
        if (home.name, name) == ("ContributionTotals", "months"):
            months = (
                f"{anywhere('contribution', 'personal_id, months')} h where h.personal_id = max({{personal_id}}::text)"
            )
            found: str = row.expression(f"(select sum(h.months) from {months})")
            return found
        return real(self, name, home, row, *reads)

    patch.setattr(Compiler, "input", given)


# Standing


@leak("who is cleared for himself is cleared for his household", STANDING)
def _(patch: pytest.MonkeyPatch) -> None:
    every_effect(patch)
    patch.setattr(
        Profile, "universe", lambda self, standing: self.own if self.own is not Universe.CIVILIAN else self.others
    )


@leak(
    "standing does not weaken along a path", STANDING, "soldier", "citizen cleared for all of himself", "police officer"
)
def _(patch: pytest.MonkeyPatch) -> None:
    real = RuleBook.standing_after

    def after(self: RuleBook, standing: Standing | None, where: Coordinate) -> Standing:
        return real(self, None, where) if standing is None else standing

    patch.setattr(RuleBook, "standing_after", after)


@leak(
    "a list of others is read in the universe of its reader's own row",
    STANDING,
    "soldier",
    "citizen cleared for all of himself",
    "police officer",
)
def _(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(_Object, "turns", lambda *_: False)
