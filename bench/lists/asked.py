"""What is measured: lists with their document and the same rows by hand, searches, counts, and the walk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class ByHand:
    """The rows of a page by hand: of the columns `keys` the place, and a condition that always holds."""

    source: str
    table: str
    columns: str
    keys: tuple[str, ...]
    where: str = "true"

    def page(self, *, behind: bool) -> str:
        """The statement; its parameters are the place, if it begins behind one, and the number of rows."""
        place = f" and ({', '.join(self.keys)}) > ({', '.join(['%s'] * len(self.keys))})" if behind else ""
        order = ", ".join(self.keys)
        return f"select {self.columns} from {self.table} where {self.where}{place} order by {order} limit %s"

    def place(self) -> str:
        """The statement that gives the keys of the row at an offset."""
        order = ", ".join(self.keys)
        return f"select {order} from {self.table} where {self.where} order by {order} limit 1 offset %s"

    def of(self, employer: str) -> ByHand:
        """The same of an employer."""
        return replace(self, where=self.where.replace("{employer}", employer))

    def count(self) -> str:
        return f"select count(*) from {self.table} where {self.where}"


@dataclass(frozen=True, slots=True)
class Pages:
    """A list that is paged through.

    path        of the connection in the answer
    document    takes `$first` and `$after`, and selects `pageInfo { endCursor }` beside the rows
    most        rows a page may have
    variables   other variables; `{employer}` stands for the tax code of the largest
    """

    name: str
    path: tuple[str, ...]
    document: str
    by_hand: ByHand | None = None
    most: int = 1_000
    variables: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Count:
    """A total, and the same by hand."""

    name: str
    document: str
    by_hand: ByHand


_PERSON = "id, full_name, birth_date, sex"
_NODES = "nodes { id fullName birthDate sex } pageInfo { hasNextPage endCursor }"
_HEAD = "query ($first: Int!, $after: Cursor)"

BY_ID = ByHand("population", "civilian.person", _PERSON, ("id",))
WOMEN = ByHand(
    "population", "civilian.person", _PERSON, ("birth_date", "id"), "birth_date >= '1950' and sex = 'FEMALE'"
)

PAGES: Sequence[Pages] = (
    Pages("persons by id", ("persons",), f"{_HEAD} {{ persons(first: $first, after: $after) {{ {_NODES} }} }}", BY_ID),
    Pages(
        "persons by name",
        ("persons",),
        f"{_HEAD} {{ persons(first: $first, after: $after, order: {{fullName: ASC}}) {{ {_NODES} }} }}",
        ByHand("population", "civilian.person", _PERSON, ("name_order", "id")),
    ),
    Pages(
        "women born since 1950, by birth date",
        ("persons",),
        f"""{_HEAD} {{
          persons(
            first: $first, after: $after,
            where: {{birthDate: {{from: "1950"}}, sex: {{eq: FEMALE}}}}, order: {{birthDate: ASC}}
          ) {{ {_NODES} }} }}""",
        WOMEN,
    ),
    Pages(
        "people of an employer, 5 contributions each",
        ("employer", "participants"),
        """query ($first: Int!, $after: Cursor, $taxCode: TaxCode!) {
          employer(taxCode: $taxCode) { participants(first: $first, after: $after) {
            nodes { jobTitle salary contributions(last: 5) { nodes { fromMonth toMonth salary status } } }
            pageInfo { hasNextPage endCursor }
          } } }""",
        ByHand(
            "insurance",
            "civilian.participant p",
            "job_title, salary, (select json_agg(c) from (select from_month, to_month, salary, status"
            " from civilian.contribution c where c.personal_id = p.personal_id"
            " order by from_month desc, id desc limit 5) c)",
            ("p.id",),
            "employer_tax_code = '{employer}'",
        ),
        500,
        {"taxCode": "{employer}"},
    ),
    *(
        Pages(
            f"search `{name}`",
            ("searchPersons",),
            """query ($first: Int!, $after: Cursor, $name: String!) {
              searchPersons(first: $first, after: $after, name: $name) {
                nodes { id fullName birthDate sex } pageInfo { hasNextPage endCursor } } }""",
            most=100,
            variables={"name": name},
        )
        for name in ("Nguyễn", "nguyen van", "Trần Thị", "Hùng")
    ),
)

COUNTS: Sequence[Count] = (
    Count("persons", "{ persons { totalCount } }", BY_ID),
    Count(
        "women born since 1950",
        '{ persons(where: {birthDate: {from: "1950"}, sex: {eq: FEMALE}}) { totalCount } }',
        WOMEN,
    ),
    Count(
        "born in March 1990",
        '{ persons(where: {birthDate: {within: "1990-03"}}) { totalCount } }',
        ByHand("population", "civilian.person", "", (), "birth_date >= '1990-03' and birth_date < '1990-04'"),
    ),
)

WALK = Pages(
    "all persons",
    ("persons",),
    f"""{_HEAD} {{
      persons(first: $first, after: $after) {{ nodes {{ id fullName birthDate }} pageInfo {{ endCursor }} }} }}""",
)
