"""What is known of a person -> who it may be: a ranked, paged subselect over the persons of one class.

Takes a name or the beginning of one, a number the person was ever known by, and perhaps what is known of the birth and
the province of residence; all that is given has to fit. Gives rows `(id, rank, key)`, ordered by all three.

rank  2 x the reading of the name (`hub.domain.names.Reading`), and 1 if marks stand in the name that were not typed.
      A name that was typed without any mark has odd ranks alone: every spelling is as good. Without a name 0.
key   the name in the order of that reading, by its letters without marks, then with them. So whole words stand before
      longer ones, and names go on in the direction in which they were typed.
id    breaks ties.

To embed it:

    wanted = read_search(name="Nguyễn Thị", born="1956")             # FormatError: what the client has to be told
    rows = search_rows("civilian", first=1, condition="p.sex = 'MALE'")  # a branch for each class of the universe
    sql = f"select ... from ({rows}) s join civilian.person p using (id) order by s.rank, s.key, s.id"
    values = search_values(wanted, limit=first + 1, position=behind, backward=False)

`search_rows` is constant text: a plan has it once, whatever is searched. Branches of several classes are united and
merged by the same order; each gives up to `limit` rows. `position` is the last row of the page before. Backward, rows
come in reverse order, from before `position` or from the end.

Decided: every rank is a range of an index in the order in which it is given, so that a page costs what it shows,
however common a name is: `Nguyễn` is four people in ten, who would all have to be sorted to be shown by given name. The
ranks come one after the other, each with the limit that is left, so that one which is not needed is not read. Rejected:
an index of words (GIN), which intersects the longest lists of all for the commonest names, and a rank that weighs words
by how rare they are, which would tell something of rows that the reader does not see.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from uuid import UUID

from hub.domain.codes import table
from hub.domain.identifiers import PARTIAL_DATE, FormatError
from hub.domain.names import Reading, Wanted, query

# The column whose range a reading is.
_COLUMNS = {
    Reading.AS_WRITTEN: "name_search",
    Reading.GIVEN_FIRST: "given_search",
    Reading.GIVEN_LAST: "given_search",
}
_RANKS = 2 * len(Reading)

NO_ID = UUID(int=0)
# Nothing lies behind `NOWHERE` and before it.
_NOWHERE = ""

# The types of the parameters of `search_rows`, in their order.
PARAMETERS = (
    "text[]",  # of each rank, the key behind which its rows begin (backward: before which)
    "uuid[]",  # and the id, among equal keys
    "text[]",  # and the key before which they end (backward: from which)
    "text[]",  # of each reading, the first key
    "text[]",  # and the key before which it ends
    "text[]",  # and the pattern of marks
    "text[]",  # and the pattern of a name that is exactly as typed
    "text",  # born
    "text",  # province
    "text",  # number
    "integer",  # the position: rank
    "text",  # key
    "uuid",  # id
    "integer",  # limit
)

_NUMBER = re.compile(r"[A-Z0-9]{5,20}")


@dataclass(frozen=True, slots=True)
class Search:
    """What is known of somebody. `wanted` is empty where no name is known."""

    wanted: tuple[Wanted, ...]
    born: str | None
    province: str | None
    number: str | None


@dataclass(frozen=True, slots=True)
class Position:
    """A row of an earlier page."""

    rank: int
    key: str
    id: UUID


def read_search(
    *, name: str | None = None, born: str | None = None, province: str | None = None, number: str | None = None
) -> Search:
    """What was typed, in canonical form, or `FormatError`.

    born      a year, month or day; whoever's birth is known less exactly is found if it agrees as far as it is known
    province  the code of the province of permanent residence
    number    any number the person is or was known by: old identity cards, passports, insurance numbers
    """
    if name is None and number is None:
        raise FormatError("nothing to search for: give a name or its beginning, or a number")
    if province is not None and province not in table("province"):
        raise FormatError(f"`{province}` is not the code of a province (mã tỉnh)")
    return Search(
        () if name is None else query(name),
        None if born is None else PARTIAL_DATE.check(born),
        province,
        None if number is None else _number(number),
    )


def _number(text: str) -> str:
    found = re.sub(r"[ .-]", "", text).upper()
    if not _NUMBER.fullmatch(found):
        raise FormatError(
            f"`{text}` is not a number of a document (số giấy tờ): it has 5 to 20 digits and letters A to Z"
        )
    return found


def search_values(
    search: Search, *, limit: int, position: Position | None = None, backward: bool = False
) -> tuple[object, ...]:
    """The values of `PARAMETERS`, for `search_rows` of the same direction."""
    by_reading = {one.reading: one for one in search.wanted}
    starts, ids, ends = [], [], []
    for rank in range(_RANKS):
        wanted = by_reading.get(Reading(rank // 2))
        low, high = _range(wanted, rank, by_number=search.number is not None)
        start, end = (high, low) if backward else (low, high)
        at = NO_ID
        if position is not None and low != high:
            if rank == position.rank:
                start, at = position.key, position.id
            elif rank > position.rank if backward else rank < position.rank:
                start = end = _NOWHERE
        starts.append(start)
        ids.append(at)
        ends.append(end)
    readings = [by_reading.get(reading) for reading in Reading]
    return (
        starts,
        ids,
        ends,
        [one and one.low for one in readings],
        [one and one.high for one in readings],
        [one and one.marks for one in readings],
        [one and one.exact for one in readings],
        search.born,
        search.province,
        search.number,
        position and position.rank,
        position and position.key,
        position and position.id,
        limit,
    )


def _range(wanted: Wanted | None, rank: int, *, by_number: bool) -> tuple[str, str]:
    """The keys among which the rows of a rank are; a number leads to its few rows by itself."""
    if wanted is None or by_number or (rank % 2 == 0 and wanted.exact is None):
        return _NOWHERE, _NOWHERE
    return wanted.low, wanted.high


def search_rows(schema: str, *, first: int = 1, backward: bool = False, condition: str = "true") -> str:
    """The subselect over the persons of a class schema; parameters are numbered from `first`.

    `condition` is SQL over a person `p`, which every row has to meet beside what is searched.
    """
    return _Rows(schema, first, backward, condition).text()


class _Rows:
    def __init__(self, schema: str, first: int, backward: bool, condition: str) -> None:
        numbers = [f"${first + place}::{kind}" for place, kind in enumerate(PARAMETERS)]
        self.starts, self.ids, self.ends, self.lows, self.highs, self.marks, self.exacts = numbers[:7]
        self.born, self.province, self.number, self.rank, self.key, self.id, self.limit = numbers[7:]
        self.schema = schema
        self.behind, self.within, self.direction = ("<", ">=", " desc") if backward else (">", "<", "")
        self.ranks = range(_RANKS - 1, -1, -1) if backward else range(_RANKS)
        self.fits = (
            f"({self.born} is null or starts_with(p.birth_date, {self.born}) or starts_with({self.born}, p.birth_date))"
            f" and ({self.province} is null or p.residence_province_code = {self.province}) and ({condition})"
        )

    def text(self) -> str:
        parts = [f"of_number as materialized ({self.of_number()})"]
        left = self.limit
        for rank in self.ranks:
            parts.append(f"rank{rank} as materialized ({self.of_rank(rank)} limit {left})")
            left += f" - (select count(*) from rank{rank})"
        names = ["of_number", *(f"rank{rank}" for rank in self.ranks)]
        return f"with {', '.join(parts)} {' union all '.join(f'select id, rank, key from {name}' for name in names)}"

    def of_rank(self, rank: int) -> str:
        """The rows of one rank: an ordered range of the index of its reading."""
        reading = Reading(rank // 2)
        column = f"p.{_COLUMNS[reading]}"
        place = rank + 1
        conditions = [
            f"({column}, p.id) {self.behind} (({self.starts})[{place}], ({self.ids})[{place}])",
            f"{column} {self.within} ({self.ends})[{place}]",
            self.fits,
            self.exact(reading) if rank % 2 == 0 else f"{self.marked(reading)} and {self.exact(reading)} is not true",
            *(f"not ({self.found(earlier)})" for earlier in Reading if earlier < reading),
        ]
        order = f"{column}{self.direction}, p.id{self.direction}"
        return (
            f"select p.id, {rank} as rank, {column} as key from {self.schema}.person p"
            f" where {' and '.join(conditions)} order by {order}"
        )

    def of_number(self) -> str:
        """The persons who have a number: at most a few, so that they are ranked and ordered one by one."""
        ranks = " ".join(
            f"when {self.found(reading)}"
            f" then case when {self.exact(reading)} then {2 * reading} else {2 * reading + 1} end"
            for reading in Reading
        )
        rank = f"case when ({self.lows})[1] is null then 0 {ranks} end"
        key = f"case when r.rank < {2 * Reading.GIVEN_FIRST} then p.name_search else p.given_search end"
        holders = f"select i.person_id from {self.schema}.person_identifier i where i.value = {self.number}"
        order = ", ".join(f"{name}{self.direction}" for name in ("r.rank", "key", "p.id"))
        return (
            f"select p.id, r.rank, {key} as key"
            f" from {self.schema}.person p cross join lateral (select {rank} as rank) r"
            f" where p.id in ({holders}) and {self.fits} and r.rank is not null"
            f" and ({self.rank} is null or (r.rank, {key}, p.id) {self.behind} ({self.rank}, {self.key}, {self.id}))"
            f" order by {order} limit {self.limit}"
        )

    def found(self, reading: Reading) -> str:
        """Whether a person is found by this reading; never null, also where the query has no such reading."""
        column, place = f"p.{_COLUMNS[reading]}", reading + 1
        return (
            f"{column} >= coalesce(({self.lows})[{place}], '') and {column} < coalesce(({self.highs})[{place}], '')"
            f" and {self.marked(reading)}"
        )

    def marked(self, reading: Reading) -> str:
        pattern = f"({self.marks})[{reading + 1}]"
        return f"({pattern} is null or p.{_COLUMNS[reading]} like {pattern})"

    def exact(self, reading: Reading) -> str:
        return f"p.{_COLUMNS[reading]} like ({self.exacts})[{reading + 1}]"
