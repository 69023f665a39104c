"""Faults of lists: of pages, cursors, counts, filters, orders and searches.

ROWS     show between countries that differ in hidden rows
CELLS    show between countries that differ in what is denied or masked
CURSORS  show in one country: what a cursor says, and where it is taken
"""

from __future__ import annotations

import base64
import copy
import importlib
import json
from dataclasses import replace
from typing import Any

import pytest

from hub.cache import Bounded
from hub.errors import Refused, Shown
from hub.executor.secrets import Secrets
from hub.model.effect import SHOWN, Effect
from hub.model.operation import Constant, ObjectValue, fields_of
from hub.model.plan import KeySearch
from hub.model.viewer import Universe
from hub.planner.conditions import Conditions
from hub.sources.postgres import listing as listings
from hub.sources.postgres import searched
from hub.sources.postgres.filter import Filter
from hub.sources.postgres.listing import Listing
from hub.sources.postgres.relation import Row, united
from hub.sources.postgres.search import search_rows
from hub.sources.postgres.text import Sql, concat
from tests.noninterference.planting import (
    COUNTS,
    CURSORS,
    ERRORS,
    FILTERS,
    NAMES,
    SHARED,
    TRANSITIVE,
    UNIVERSE,
    Catalogue,
    anywhere,
    connections,
    every_right,
    in_secret,
    widely,
)

ROWS, CELLS, CURSOR_LEAKS = Catalogue(), Catalogue(), Catalogue()
leak_of_rows, leak_of_cells, leak_of_cursors = ROWS.leak, CELLS.leak, CURSOR_LEAKS.leak

authorizing = importlib.import_module("hub.policy.authorize")
engines = importlib.import_module("hub.engine")

OFFICERS = ("officer", "defence officer")
_OF_A_PERSON = ("cards", "benefits", "periods", "contributions")


def _over(listing: Any, universe: Universe) -> Any:
    """The same list over the classes of another universe."""
    other = copy.copy(listing)
    other.classes = universe.classes
    other.inner = listing.compiler.row(universe.classes)
    other.keys = other.order()
    return other


# Pages and counts


@leak_of_rows("a total of a list counts rows of every class", COUNTS, *OFFICERS)
def _(patch: pytest.MonkeyPatch) -> None:
    every_right(patch)
    real = Listing.total
    patch.setattr(Listing, "total", lambda self: real(_over(self, Universe.ALL)))


@leak_of_rows("a total of a list counts rows of another universe", COUNTS, "officer", "security officer")
def _(patch: pytest.MonkeyPatch) -> None:
    every_right(patch)
    real = Listing.total
    patch.setattr(Listing, "total", lambda self: real(_over(self, Universe.DEFENCE)))


@leak_of_rows("a total is counted before the filter, over every class", COUNTS, *OFFICERS)
def _(patch: pytest.MonkeyPatch) -> None:
    every_right(patch)

    def total(self: Any) -> str:
        match = self.compiler.match(self.mapped.match, self.inner.plain(), self.row) if self.mapped.match else "true"
        row = Row(self.inner.alias, Universe.ALL.classes, self.compiler.mask)
        return f"(select count(*) from {united(self.mapped.table, row, match)})"

    patch.setattr(Listing, "total", total)


@leak_of_rows("whether there is a next page is asked of every class", COUNTS, *OFFICERS, asked=_OF_A_PERSON)
def _(patch: pytest.MonkeyPatch) -> None:
    every_right(patch)
    real = Listing.info

    def info(self: Any, node: Any, limit: str) -> Any:
        found = list(real(self, node, limit))
        for index, piece in enumerate(found):
            text = getattr(piece, "text", "")
            if text.startswith("case when max(p.n) >") and not self.bounds():
                found[index] = Sql(
                    f"case when {_over(self, Universe.ALL).total()} > {limit} then 'true' else 'false' end"
                )
        return found

    patch.setattr(Listing, "info", info)


@leak_of_rows("whether there is a page before is asked of every class", COUNTS, *OFFICERS, asked=_OF_A_PERSON)
def _(patch: pytest.MonkeyPatch) -> None:
    every_right(patch)
    real = Listing.beyond
    patch.setattr(Listing, "beyond", lambda self, name: real(_over(self, Universe.ALL), name))


@leak_of_rows("a page begins with the cursor of a row that is hidden", CURSORS, *OFFICERS)
def _(patch: pytest.MonkeyPatch) -> None:
    every_right(patch)
    real = Listing.edge_cursor

    def edge(self: Any, near: bool, limit: str) -> str:
        if not near or self.mapped.search:
            return real(self, near, limit)
        other = _over(self, Universe.ALL)
        keys = [key.turned for key in other.keys] if other.backwards else other.keys
        relation = f"(select {other.values()} from %s order by {listings.order_by(keys)} limit 1)"
        first = relation % other.relation(keys, other.bounds(), "1")
        return f"case when count(p.n) = 0 then 'null' else {concat(self.cursor(first))} end"

    patch.setattr(Listing, "edge_cursor", edge)


@leak_of_rows("an empty page is told from one whose rows are hidden", ERRORS, *OFFICERS, asked=_OF_A_PERSON)
def _(patch: pytest.MonkeyPatch) -> None:
    every_right(patch)
    real = Listing.edge_cursor

    def edge(self: Any, near: bool, limit: str) -> str:
        found = real(self, near, limit)
        there = f"case when {_over(self, Universe.ALL).total()} > 0 then '\"\"' else 'null' end"
        return found.replace("case when count(p.n) = 0 then 'null'", f"case when count(p.n) = 0 then {there}")

    patch.setattr(Listing, "edge_cursor", edge)


@leak_of_rows("a tie is broken by hidden rows", COUNTS, *OFFICERS, asked=("contributions", "order", "months"))
def _(patch: pytest.MonkeyPatch) -> None:
    every_right(patch)
    real = listings.order_by

    def order_by(keys: Any, index: int | None = None) -> str:
        order = str(real(keys, index))
        if len(keys) < 2 or keys[-1].name != "id" or keys[0].name not in ("salary", "months", "toMonth", "fromMonth"):
            return order
        alias = keys[-1].outer.partition(".")[0]
        rows = f"{in_secret('contribution', 'personal_id, recorded_on')} h where h.personal_id = {alias}.personal_id"
        tie = f"(select count(*) from {rows} and h.recorded_on >= {alias}.recorded_on)"
        return f"{real(keys[:-1], index)}, {tie}, {real(keys[-1:], index)}"

    patch.setattr(listings, "order_by", order_by)


# Filters


def _quantified(patch: pytest.MonkeyPatch, word: str) -> None:
    """Rows of every class are looked at where one, all or none of them is to meet a condition."""
    every_right(patch)
    _as_in_plain_rows(patch)
    real = Filter.on_list

    def on_list(self: Any, mapped: Any, home: Any, value: Any, effects: Any, on: Any) -> str:
        classes = self.compiler.classes
        if any(name == word for name, _ in fields_of(value)):
            self.compiler.classes = Universe.ALL.classes
        try:
            return real(self, mapped, home, value, SHOWN, on)
        finally:
            self.compiler.classes = classes

    patch.setattr(Filter, "on_list", on_list)


def _as_in_plain_rows(patch: pytest.MonkeyPatch) -> None:
    """What is compared is given in every class as it is in plain rows."""
    patch.setattr(
        authorizing._Deciding,
        "seen",
        lambda self, where, at, below: self.rules.effects(self.profile, at, where),
    )


@leak_of_rows(
    "a condition on some rows is met by a hidden one", FILTERS, *OFFICERS, asked=("persons", "identifiers", "value")
)
def _(patch: pytest.MonkeyPatch) -> None:
    _quantified(patch, "some")


@leak_of_rows(
    "a condition on all rows fails by a hidden one",
    FILTERS,
    *OFFICERS,
    asked=("persons", "identifiers", "every", "value"),
)
def _(patch: pytest.MonkeyPatch) -> None:
    _quantified(patch, "every")


@leak_of_rows(
    "a condition on no row fails by a hidden one", FILTERS, *OFFICERS, asked=("persons", "identifiers", "value")
)
def _(patch: pytest.MonkeyPatch) -> None:
    _quantified(patch, "none")


@leak_of_rows(
    "what a link leads to is searched for in every class",
    TRANSITIVE,
    *OFFICERS,
    asked=("participants", "person"),
)
def _(patch: pytest.MonkeyPatch) -> None:
    every_right(patch)
    _as_in_plain_rows(patch)
    _searching(patch, lambda made: [replace(made, fetch=replace(made.fetch, universe=Universe.ALL))])


@leak_of_rows(
    "a condition is too wide by hidden rows", ERRORS, *OFFICERS, asked=("participants", "person", "personalId")
)
def _(patch: pytest.MonkeyPatch) -> None:
    every_right(patch)
    _as_in_plain_rows(patch)

    def counted(made: KeySearch) -> list[KeySearch]:
        """The same search again, for nothing but to count in every class."""
        (listed,) = made.fetch.columns
        arguments = (("first", Constant(_FEW)), *listed.arguments[1:])  # type: ignore[union-attr]
        column = replace(listed, arguments=arguments)  # type: ignore[arg-type]
        fetch = replace(made.fetch, universe=Universe.ALL, columns=[column])
        return [made, KeySearch(f"{made.name} counted", made.place, fetch, made.key, _FEW)]

    _searching(patch, counted)


_FEW = 1


def _searching(patch: pytest.MonkeyPatch, change: Any) -> None:
    real = Conditions._search

    def search(self: Any, *arguments: Any) -> Any:
        variable = real(self, *arguments)
        self.searches[-1:] = change(self.searches[-1])
        return variable

    patch.setattr(Conditions, "_search", search)


@leak_of_rows(
    "an alternative in a filter is looked for in every class",
    FILTERS,
    *OFFICERS,
    asked=("participants", "contributions", "persons"),
)
def _(patch: pytest.MonkeyPatch) -> None:
    every_right(patch)
    _as_in_plain_rows(patch)

    def changed(real: Any) -> Any:
        def wide(compiler: Any, node: Any, mapped: Any, classes: Any, row: Any) -> Any:
            asked = dict(node.arguments).get("where", Constant(None))
            widened = any(name in ("or", "not") for name, _ in fields_of(asked))
            return real(compiler, node, mapped, Universe.ALL.classes if widened else classes, row)

        return wide

    connections(patch, changed)


# Searches


@leak_of_rows("a search finds people of every class", UNIVERSE, *OFFICERS, asked=("searchPersons",))
def _(patch: pytest.MonkeyPatch) -> None:
    every_right(patch)
    connections(patch, widely(lambda _, node: bool(node.name == "searchPersons")))


@leak_of_rows("a search finds plain people by hidden numbers", NAMES, *OFFICERS, asked=("searchPersons", "number"))
def _(patch: pytest.MonkeyPatch) -> None:
    every_right(patch)
    real = search_rows

    def rows(of: Any, **more: Any) -> str:
        numbers = f"{anywhere('person_identifier', 'person_id, scheme, value')} "
        return str(real(of, **more)).replace(f"{of}.person_identifier ", numbers)

    patch.setattr(searched, "search_rows", rows)


# Cells


@leak_of_cells("a filter is compared with the raw value of a denied cell", FILTERS, asked=("contributions", "jobTitle"))
def _(patch: pytest.MonkeyPatch) -> None:
    real = Filter.on_column
    patch.setattr(
        Filter,
        "on_column",
        lambda self, mapped, value, effect, on: real(
            self, mapped, value, Effect.SHOW if effect is Effect.DENY else effect, on
        ),
    )


@leak_of_cells("a year is compared by its day", FILTERS, asked=("persons", "birthDate"))
def _(patch: pytest.MonkeyPatch) -> None:
    real = Filter.on_column
    patch.setattr(
        Filter,
        "on_column",
        lambda self, mapped, value, effect, on: real(
            self, mapped, value, Effect.SHOW if effect is Effect.YEAR else effect, on
        ),
    )


@leak_of_cells(
    "a cursor is made of what is denied too", CURSORS, asked=("contributions", "benefits", "persons", "households")
)
def _(patch: pytest.MonkeyPatch) -> None:
    real = Listing.values
    denied = {"contribution": "job_title", "benefit": "decided_by", "person": "birth_date", "household": "head_phone"}

    def values(self: Any) -> str:
        found: str = real(self)
        name = denied.get(self.mapped.table)
        return found.replace("])::text", f", {self.inner.column(name)}::text])::text") if name else found

    patch.setattr(Listing, "values", values)


# Cursors


@leak_of_cursors("a cursor can be read", CURSORS)
def _(patch: pytest.MonkeyPatch) -> None:
    def sealed(self: Any, place: str, values: str, binding: str) -> str:
        return base64.urlsafe_b64encode(values.encode()).decode().rstrip("=")

    def opened(self: Any, place: str, cursor: Any, binding: str) -> tuple[str, ...]:
        return tuple(json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))))

    patch.setattr(Secrets, "sealed", sealed)
    patch.setattr(Secrets, "opened", opened)


@leak_of_cursors("a cursor is taken of any reader", CURSORS)
def _(patch: pytest.MonkeyPatch) -> None:
    real = Secrets.__init__
    patch.setattr(Secrets, "__init__", lambda self, secret, name, pseudonym: real(self, secret, "", pseudonym))


@leak_of_cursors("cursors of all instances are sealed with one key", CURSORS)
def _(patch: pytest.MonkeyPatch) -> None:
    real = Secrets.__init__
    patch.setattr(Secrets, "__init__", lambda self, secret, name, pseudonym: real(self, b"hub", name, pseudonym))


@leak_of_cursors("a cursor is taken by any list", CURSORS)
def _(patch: pytest.MonkeyPatch) -> None:
    _placed(patch, lambda place: place.partition(" by ")[2])


@leak_of_cursors("a cursor is taken under any order", CURSORS)
def _(patch: pytest.MonkeyPatch) -> None:
    _placed(patch, lambda place: place.partition(" by ")[0])
    patch.setattr(Listing, "bound_to", lambda self: ObjectValue((("where", self.argument("where")),)))


def _placed(patch: pytest.MonkeyPatch, name: Any) -> None:
    real_sealed, real_opened = Secrets.sealed, Secrets.opened
    patch.setattr(Secrets, "sealed", lambda self, place, *rest: real_sealed(self, name(place), *rest))
    patch.setattr(Secrets, "opened", lambda self, place, *rest: real_opened(self, name(place), *rest))


@leak_of_cursors("a cursor is taken under any filter", CURSORS)
def _(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Listing, "bound_to", lambda self: ObjectValue((("order", self.argument("order")),)))


@leak_of_cursors("a cursor that was another's is told from one that is none", ERRORS)
def _(patch: pytest.MonkeyPatch) -> None:
    everybody: list[Secrets] = []
    real_init, real = Secrets.__init__, Secrets.opened

    def init(self: Any, *arguments: Any) -> None:
        real_init(self, *arguments)
        everybody.append(self)

    def opened(self: Any, *arguments: Any) -> tuple[str, ...]:
        try:
            return real(self, *arguments)
        except Refused:
            for other in everybody:
                try:
                    real(other, *arguments)
                except Refused:
                    continue
                message = "the row of the cursor is not there"
                raise Refused([Shown(message, code="CURSOR_INVALID")]) from None
            raise

    patch.setattr(Secrets, "__init__", init)
    patch.setattr(Secrets, "opened", opened)


@leak_of_cursors("a cursor that is none is told from one that was changed", ERRORS)
def _(patch: pytest.MonkeyPatch) -> None:
    real = Secrets.opened

    def opened(self: Any, place: str, cursor: Any, binding: str) -> tuple[str, ...]:
        try:
            return real(self, place, cursor, binding)
        except Refused:
            if len(cursor) < 20:
                raise Refused([Shown("that is no cursor", code="BAD_USER_INPUT")]) from None
            raise

    patch.setattr(Secrets, "opened", opened)


@leak_of_cursors("a program is kept without the form of its variables", SHARED)
def _(patch: pytest.MonkeyPatch) -> None:
    class Formless(Bounded[Any, Any]):
        def get(self, key: Any) -> Any:
            return super().get(_without_form(key))

        def put(self, key: Any, value: Any) -> Any:
            return super().put(_without_form(key), value)

    patch.setattr(engines, "Bounded", Formless)


def _without_form(key: Any) -> Any:
    return key._replace(forms=()) if hasattr(key, "forms") else key


@leak_of_cursors("whether a denied cell is empty is asked of the cell", FILTERS)
def _(patch: pytest.MonkeyPatch) -> None:
    real = Filter.on_column

    def on_column(self: Any, mapped: Any, value: Any, effect: Effect, on: Any) -> str:
        asked = {name for name, _ in fields_of(value)}
        return str(real(self, mapped, value, Effect.SHOW if asked == {"isNull"} else effect, on))

    patch.setattr(Filter, "on_column", on_column)


@leak_of_cursors("a condition on the key of a link skips the record behind it", TRANSITIVE)
def _(patch: pytest.MonkeyPatch) -> None:
    real = Conditions._search

    def search(self: Any, link: Any, key: str, where: Any, path: str, grant: Any) -> Any:
        """Keys that are asked for are the keys that are found."""
        asked = dict(fields_of(where)).get(key)
        wanted = dict(fields_of(asked)) if asked is not None else {}
        return wanted["in"] if set(wanted) == {"in"} else real(self, link, key, where, path, grant)

    patch.setattr(Conditions, "_search", search)
