"""A search of persons as a connection: its rows come ranked from `search`, one branch for each class.

The order is that of the search: rank, key, id. What is searched, the direction and the place to go on from are read
into the parameters of the search together; a cursor is bound to what was searched.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from hub.domain.identifiers import FormatError
from hub.model.mapping import Rows
from hub.model.operation import Argument, ObjectValue
from hub.model.plan import Value
from hub.model.source import Opened, Sought
from hub.model.viewer import RecordClass
from hub.sources.postgres.filter import refuse
from hub.sources.postgres.listing import ABSENT, Bound, Key, Listing, page_size
from hub.sources.postgres.relation import Row
from hub.sources.postgres.search import PARAMETERS, Position, read_search, search_rows, search_values
from hub.sources.postgres.text import Pieces

if TYPE_CHECKING:
    from hub.sources.postgres.statement import Compiler


def found_persons(compiler: Compiler, node: Value, mapped: Rows, classes: Sequence[RecordClass], row: Row) -> Pieces:
    """The JSON of a page of a search."""
    return _Search(compiler, node, mapped, classes, row).page()


class _Search(Listing):
    """A connection whose rows a search gives."""

    def order(self) -> tuple[Key, ...]:
        """Rank, key and id, as the search gives them."""
        at = "s." if len(self.classes) == 1 else f"{self.inner.alias}.found_"
        keys = (("rank", f"{at}rank", "int"), ("key", f"{at}key", "text"), ("id", self.inner.column("id"), "uuid"))
        return tuple(Key(name, sql, (sql,) * len(self.classes), kind, falling=False) for name, sql, kind in keys)

    def relation(self, keys: Sequence[Key], bounds: Sequence[Bound], limit: str) -> str:
        """The rows of the search, with what is selected of each person; the limit is among the search's parameters."""
        cursor = self.argument("before" if self.backwards else "after")
        first = self.parameters(self.size, cursor, more=limit.endswith("+ 1"))
        alias = self.inner.alias
        branches = []
        for index, of in enumerate(self.classes):
            person = f"({self.rows(of, first)}) s join {of}.{self.mapped.table} {alias} on {alias}.id = s.id"
            if len(self.classes) == 1:
                return person
            columns = self.inner.branch(index, self.mapped.table, f"{alias}.")
            selected = ", ".join(["s.rank as found_rank", "s.key as found_key", *columns])
            branches.append(f"select {selected} from {person}")
        return f"({' union all '.join(branches)}) {alias}"

    def rows(self, of: RecordClass, first: int, *, whole: bool = False) -> str:
        condition = self.filter.condition(self.home, "p", of) or "true"
        return search_rows(of, first=first, backward=self.backwards and not whole, condition=condition)

    def bounds(self) -> tuple[Bound, ...]:
        if self.argument("after" if self.backwards else "before") != ABSENT:
            raise refuse(f"`{self.node.name}` goes on behind `after` with `first`, or before `before` with `last`")
        return ()

    def beyond(self, name: str) -> str:
        """On the other side of a cursor that this search gave there is its own row."""
        return "'false'" if self.argument(name) == ABSENT else "'true'"

    def total(self) -> str:
        first = self.parameters("", ABSENT)
        rows = " union all ".join(f"select id from ({self.rows(of, first, whole=True)}) s" for of in self.classes)
        return f"(select count(*) from ({rows}) s)"

    def bound_to(self) -> Argument:
        names = (*(name for name, _ in self.mapped.search), "where")
        return ObjectValue(tuple((name, self.argument(name)) for name in names))

    def parameters(self, size: str, cursor: Argument, *, more: bool = False) -> int:
        """The number of the first parameter of a search. Without a size it gives all it finds."""
        names = [*(name for name, _ in self.mapped.search), *([size] if size else [])]
        arguments = ObjectValue(tuple((name, self.argument(name)) for name in names))
        opened = Opened(self.place, cursor, self.bound_to()) if cursor != ABSENT else None
        check = page_size(self.mapped.page, size) if size else None
        backward = self.backwards and bool(size)

        def read(place: int, given: Any, position: tuple[str, ...] | None) -> Any:
            try:
                wanted = read_search(**{name: given.get(name) for name, _ in self.mapped.search})
            except FormatError as error:
                raise refuse(f"`{self.node.name}`: {error}") from None
            limit = None if check is None else check(given.get(size)) + more
            at = None if position is None else Position(int(position[0]), position[1], UUID(position[2]))
            value = search_values(wanted, limit=limit, position=at, backward=backward)[place]
            return tuple(value) if isinstance(value, list) else value

        uses = [f"{place} {size} {more}" for place in range(len(PARAMETERS))]
        sought = [Sought(arguments, opened, use, partial(read, place)) for place, use in enumerate(uses)]
        numbers = [self.compiler.parameter_once(one) for one in sought]
        return numbers[0]
