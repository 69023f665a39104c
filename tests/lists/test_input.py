"""Whatever is asked of a list, the answer is right or says what is wrong; it is never a fault of a source."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from hub.model.viewer import Viewer
from tests.engine import oddities
from tests.engine.country import PROFILES
from tests.lists.rows import NAMES
from tests.lists.world import Asked, World

OFFICER = Viewer(PROFILES["officer"])
INPUT, VALIDATION, PARSE = "BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED", "GRAPHQL_PARSE_FAILED"

LINES = '{ insuranceBook(bookCode: "SO-CIVILIAN") { contributions(%s) { totalCount nodes { id } } } }'
EMPLOYERS = "{ employers(%s) { totalCount nodes { taxCode } } }"
BOTH = {"contributions": LINES, "employers": EMPLOYERS}

NULL = "is null: leave it out, or ask for `isNull`"
MONTH = "is not a month (tháng)"

REFUSED: Mapping[str, tuple[str, str]] = {
    "first: 0": (INPUT, "`first` is `0`: it must be between 1 and 1000"),
    "first: -1": (INPUT, "`first` is `-1`: it must be between 1 and 1000"),
    "first: 1001": (INPUT, "`first` is `1001`: it must be between 1 and 1000"),
    "first: 2147483647": (INPUT, "`first` is `2147483647`: it must be between 1 and 1000"),
    "first: 2147483648": (VALIDATION, "Int cannot represent non 32-bit signed integer value: 2147483648"),
    'first: "1"': (VALIDATION, 'Int cannot represent non-integer value: "1"'),
    "last: 0": (INPUT, "`last` is `0`: it must be between 1 and 1000"),
    "last: -2147483648": (INPUT, "`last` is `-2147483648`: it must be between 1 and 1000"),
    "first: 1, last: 1": (INPUT, "`contributions` has both `first` and `last`: ask for one of them"),
    "after: 5": (VALIDATION, "a Cursor is a string: put it in quotes"),
    "after: {a: 1}": (VALIDATION, "a Cursor is a string: put it in quotes"),
    "where: {and: []}": (INPUT, "`where.and` is empty: name a condition, or leave it out"),
    "where: {not: {or: []}}": (INPUT, "`where.not.or` is empty: name a condition, or leave it out"),
    "where: {not: null}": (INPUT, f"`where.not` {NULL}"),
    "where: {or: null}": (INPUT, "`where.or` is empty: name a condition, or leave it out"),
    "where: {salary: null}": (INPUT, f"`where.salary` {NULL}"),
    "where: {salary: {eq: null}}": (INPUT, f"`where.salary.eq` {NULL}"),
    "where: {salary: {in: null}}": (INPUT, f"`where.salary.in` {NULL}"),
    "where: {salary: {isNull: null}}": (INPUT, f"`where.salary.isNull` {NULL}"),
    "where: {kinds: {has: null}}": (INPUT, f"`where.kinds.has` {NULL}"),
    "where: {or: [{not: {salary: {eq: null}}}]}": (INPUT, f"`where.or.0.not.salary.eq` {NULL}"),
    "where: {salary: {eq: 1.5}}": (INPUT, "`where.salary.eq`: `1.5` is no whole number that can be compared"),
    "where: {salary: {eq: 1e400}}": (INPUT, "`where.salary.eq`: `inf` is no whole number that can be compared"),
    'where: {salary: {eq: "1"}}': (INPUT, "`where.salary.eq`: `1` is no whole number that can be compared"),
    "where: {salary: {in: [1, [2]]}}": (INPUT, "`where.salary.in`: `[2]` is no whole number that can be compared"),
    "where: {salary: {from: 9223372036854775808}}": (
        INPUT,
        "`where.salary.from`: `9223372036854775808` is no whole number that can be compared",
    ),
    "where: {months: {eq: 2147483648}}": (
        VALIDATION,
        "Int cannot represent non 32-bit signed integer value: 2147483648",
    ),
    'where: {recordedOn: {eq: "2026-02-30"}}': (
        INPUT,
        "`where.recordedOn.eq`: `2026-02-30` is no date: write it as `2026-03-14`",
    ),
    'where: {recordedOn: {from: "infinity"}}': (
        INPUT,
        "`where.recordedOn.from`: `infinity` is no date: write it as `2026-03-14`",
    ),
    'where: {recordedOn: {in: ["2026-01-01", ""]}}': (
        INPUT,
        "`where.recordedOn.in`: `` is no date: write it as `2026-03-14`",
    ),
    'where: {fromMonth: {eq: "2020-13"}}': (VALIDATION, f"`2020-13` {MONTH}: there is no month `13`"),
    'where: {fromMonth: {from: "x"}}': (VALIDATION, f"`x` {MONTH}: a month is written `2024-01` or `01/2024`"),
    'where: {fromMonth: {in: ["\\u0000"]}}': (VALIDATION, f"`\0` {MONTH}: a month is written `2024-01` or `01/2024`"),
    'where: {jobTitle: {prefix: "a\\u0000"}}': (
        INPUT,
        "`where.jobTitle.prefix`: a text cannot hold the character U+0000",
    ),
    'where: {jobTitle: {in: ["\\u0000"]}}': (INPUT, "`where.jobTitle.in`: a text cannot hold the character U+0000"),
    'where: {jobTitle: {eq: "\\uD800"}}': (PARSE, "Syntax Error: Invalid Unicode escape sequence: '\\uD800'."),
    "order: {}": (INPUT, "`order.0` names 0 fields: name one, and the next in a key of its own"),
    "order: [{salary: ASC}, {salary: ASC, months: ASC}]": (
        INPUT,
        "`order.1` names 2 fields: name one, and the next in a key of its own",
    ),
    "order: {salary: null}": (INPUT, "`order.0.salary` has no direction: ASC or DESC"),
    f"order: [{', '.join(['{salary: ASC}'] * 6)}]": (INPUT, "`order` has 6 keys: at most 5 are compared"),
    f"where: {{or: [{', '.join(['{salary: {eq: 1}}'] * 1000)}]}}": (
        INPUT,
        "`contributions` has more than 100 conditions: ask for less at once",
    ),
    f"where: {'{and: [' * 30}{{}}{']}' * 30}": (
        INPUT,
        f"`where{'.and.0' * 11}` nests conditions more than 10 deep",
    ),
    f"where: {{salary: {{in: [{', '.join(['1'] * 1001)}]}}}}": (
        INPUT,
        "`where.salary.in` has 1001 values: at most 1000 can be asked for at once",
    ),
}


@pytest.mark.parametrize("arguments", REFUSED, ids=lambda text: text[:60])
def test_a_bad_argument_is_refused_with_what_is_wrong(arguments: str, world: World) -> None:
    assert world.errors(LINES % arguments, OFFICER) == [REFUSED[arguments]]


ANSWERED = {
    "contributions": (
        "where: {}",
        "where: null",
        "where: {not: {}}",
        "where: {not: {not: {}}}",
        "where: {or: [{}]}",
        "where: {and: [{}, {or: [{}]}]}",
        "where: {salary: {}}",
        "where: {kinds: {hasAll: []}}",
        "where: {kinds: {hasAny: []}}",
        "where: {salary: {in: []}}",
        "where: {not: {salary: {in: []}}}",
        "where: {salary: {from: 5, to: 3}}",
        "where: {not: {salary: {from: 5, to: 3}}}",
        'where: {recordedOn: {from: "9999-12-31", to: "0001-01-01"}}',
        'where: {recordedOn: {eq: "0001-01-01"}}',
        "where: {salary: {isNull: true, eq: 1000000}}",
        "where: {salary: {to: 9223372036854775807, from: -9223372036854775808}}",
        "where: {salary: {in: 1000000}}",
        "where: {or: {salary: {eq: 1000000}}}",
        'where: {jobTitle: {prefix: "%"}}',
        'where: {jobTitle: {prefix: "_"}}',
        'where: {jobTitle: {prefix: "\\\\"}}',
        'where: {jobTitle: {prefix: ""}}',
        'where: {jobTitle: {eq: "H\\u1EA1"}}',
        f'where: {{jobTitle: {{prefix: "{"x" * 50_000}"}}}}',
        "order: []",
        "order: null, first: null, last: null, after: null, before: null",
        "first: 1, last: null",
        f"where: {'{not: ' * 9}{{salary: {{eq: 1000000}}}}{'}' * 9}",
        f"order: [{', '.join(['{salary: ASC}'] * 5)}], first: 1000",
    ),
    "employers": tuple(
        f"where: {{name: {{{operator}: {json.dumps(text)}}}}}"
        for name in NAMES
        for operator, text in (("eq", name), ("prefix", name[:3]), ("prefix", name))
    ),
}


@pytest.mark.parametrize("name", ANSWERED)
def test_an_odd_argument_is_answered_as_the_oracle_says(name: str, world: World) -> None:
    talk = world.conversation(OFFICER)
    for arguments in ANSWERED[name]:
        assert talk.agree(Asked(BOTH[name] % arguments)) is not None, arguments


def deep(levels: int) -> Any:
    found: Any = {"salary": {"isNull": False}}
    for _ in range(levels):
        found = {"not": found}
    return found


FILTERS: Mapping[str, tuple[Any, str]] = {
    "a hundred levels": (deep(100), f"`where{'.not' * 21}` nests conditions more than 10 deep"),
    "three hundred levels": (deep(300), "Variable values are nested too deeply."),
    "a thousand terms": (
        {"or": [{"salary": {"eq": number}} for number in range(1000)]},
        "`$w` has more than 200 parts: ask for less at once",
    ),
    "a thousand empty terms": ({"and": [{}] * 1000}, "`$w` has more than 200 parts: ask for less at once"),
    "a hundred thousand values": (
        {"salary": {"in": list(range(100_000))}},
        "`where.salary.in` has 100000 values: at most 1000 can be asked for at once",
    ),
    "null": ({"salary": {"from": None}}, f"`where.salary.from` {NULL}"),
    "a null among values": (
        {"salary": {"in": [None]}},
        "Variable '$w' has invalid value at .salary.in[0]: Expected value of non-null type 'Dong!' not to be None.",
    ),
    "half a character": (
        {"jobTitle": {"eq": "\ud800"}},
        "`where.jobTitle.eq`: a text cannot hold half of a character, a surrogate without its other",
    ),
    "half a character among texts": (
        {"jobTitle": {"in": ["x", "\udfff"]}},
        "`where.jobTitle.in`: a text cannot hold half of a character, a surrogate without its other",
    ),
    "half a character in a date": (
        {"recordedOn": {"eq": "\ud800"}},
        "`where.recordedOn.eq`: a text cannot hold half of a character, a surrogate without its other",
    ),
    "U+0000": ({"jobTitle": {"prefix": "\0"}}, "`where.jobTitle.prefix`: a text cannot hold the character U+0000"),
    "not a number": (
        {"salary": {"eq": float("nan")}},
        "`where.salary.eq`: `nan` is no whole number that can be compared",
    ),
    "a truth for a number": (
        {"salary": {"eq": True}},
        "`where.salary.eq`: `True` is no whole number that can be compared",
    ),
}


@pytest.mark.parametrize("name", FILTERS)
def test_a_bad_filter_in_a_variable_is_refused_with_what_is_wrong(name: str, world: World) -> None:
    value, message = FILTERS[name]
    document = f"query ($w: ContributionFilter) {LINES % 'where: $w'}"
    assert world.errors(document, OFFICER, {"w": value}) == [(INPUT, message)]


@pytest.mark.parametrize("operand", [None, "given", "not given"])
def test_a_null_operand_is_refused_and_one_that_is_not_given_is_left_out(operand: str | None, world: World) -> None:
    """A variable without a value leaves its place empty; null is a value (GraphQL 2.9.5)."""
    document = f"query ($s: Dong) {LINES % 'where: {salary: {from: $s}}'}"
    if operand is None:
        assert world.errors(document, OFFICER, {"s": None}) == [(INPUT, f"`where.salary.from` {NULL}")]
    else:
        variables = {"s": 2_000_000} if operand == "given" else {}
        found, everything = (
            world.conversation(OFFICER).agree(one)["insuranceBook"]["contributions"]["totalCount"]
            for one in (Asked(document, variables), Asked(LINES % "first: 1"))
        )
        assert (found == everything) is (operand == "not given")


EMPTY = (
    "nodes { id @skip(if: true) }",
    "nodes @skip(if: true) { id }",
    "edges { cursor @skip(if: true) } pageInfo { hasNextPage @skip(if: true) }",
    "totalCount edges { node { id @skip(if: true) } } pageInfo { __typename }",
    "__typename",
    "a: nodes { id } b: nodes { months } c: edges { d: cursor d: cursor } totalCount e: totalCount",
)


@pytest.mark.parametrize("asked", EMPTY)
@pytest.mark.parametrize("size", ["first", "last"])
def test_little_or_nothing_may_be_left_of_a_list(size: str, asked: str, world: World) -> None:
    book = f'insuranceBook(bookCode: "SO-CIVILIAN") {{ contributions({size}: 2) {{ {asked} }} }}'
    world.conversation(OFFICER).agree(Asked(f"{{ {book} }}"))


def test_a_wide_or_deep_list_of_lists_is_answered(world: World) -> None:
    inner = "contributions(first: 1000, order: {salary: DESC}) { totalCount nodes { salary } pageInfo { hasNextPage } }"
    employer = f'employer(taxCode: "{oddities.SHARED_EMPLOYER}")'
    world.conversation(OFFICER).agree(
        Asked(f"{{ {employer} {{ participants(first: 500) {{ nodes {{ {inner} }} }} }} }}")
    )
