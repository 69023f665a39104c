"""A document is as large as its limits allow: what is counted, and what is said of too much."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any

import pytest
from graphql import (
    DirectiveNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    Lexer,
    OperationDefinitionNode,
    Source,
    Token,
    TokenKind,
    VariableDefinitionNode,
    Visitor,
    build_schema,
    parse,
    visit,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.errors import Refused
from hub.model.limits import Limits
from hub.operation import parse_document, prepare
from hub.operation.scan import check_text

SCHEMA = build_schema(
    "type Query { a(x: In, l: [Int]): Query b: Query n: Int s(t: String): String } input In { i: In l: [In] n: Int }"
)

# Each limit: a document that meets it exactly under the limits below, and one that has one more.
SMALL = Limits(
    characters=200,
    tokens=60,
    brackets=8,
    aliases=3,
    directives=3,
    spreads=4,
    operations=3,
    fragments=3,
    variables=3,
    depth=5,
    roots=4,
)
CASES = {
    "characters": (
        "{ n " + " " * 195 + "}",
        "{ n " + " " * 196 + "}",
        "the document has 201 characters, more than 200",
    ),
    "tokens": ("{" + " n" * 58 + "}", "{" + " n" * 59 + "}", "the document has 61 tokens, more than 60"),
    "tokens, of comments": ("{ n }" + "#\n" * 57, "{ n }" + "#\n" * 58, "the document has 61 tokens, more than 60"),
    "tokens, of signs": (
        "{ a(l: [" + "-1" * 48 + "]) {n} }",
        "{ a(l: [" + "-1" * 49 + "]) {n} }",
        "the document has 61 tokens, more than 60",
    ),
    "brackets": (
        "{ a(x: {l: [{l: [{l: []}]}]}) { n } }",
        "{ a(x: {l: [{l: [{l: [{}]}]}]}) { n } }",
        "the document has 9 brackets in each other, more than 8",
    ),
    "aliases": (
        "query ($v: Int = 1) { x: n y: n z: a(x: {n: $v}) { n } }",
        "{ w: n x: n y: n z: n }",
        "the document has 4 aliases, more than 3",
    ),
    "directives": (
        "{ n @skip(if: false) n @skip(if: false) a @skip(if: false) { n } }",
        "{ n @skip(if: false) n @skip(if: false) a @skip(if: false) { n @skip(if: true) } }",
        "the document has 4 directives, more than 3",
    ),
    "spreads": (
        "{ ...F ...F ... { n } ... on Query { n } } fragment F on Query { n }",
        "{ ...F ...F ... { n } ... on Query { n ...F } } fragment F on Query { n }",
        "the document has 5 spreads, more than 4",
    ),
    "operations": (
        "query A {n} query B {n} query C {n}",
        "query A {n} query B {n} query C {n} query D {n}",
        "the document has 4 operations, more than 3",
    ),
    "fragments": (
        "{ ...A ...B ...C } fragment A on Query {n} fragment B on Query {n} fragment C on Query {n}",
        "{ ...A ...B ...C ...D }" + "".join(f" fragment {name} on Query {{n}}" for name in "ABCD"),
        "the document has 4 fragments, more than 3",
    ),
    "variables": (
        "query ($a: Int, $b: Int $c: [Int!] = [1]) { a(l: [$a $b]) { a(l: $c) { n } } }",
        "query ($a: Int, $b: Int $c: [Int!] = [1] $d: Int) { a(l: [$a $b $d]) { a(l: $c) { n } } }",
        "the document has 4 variables, more than 3",
    ),
    "depth": (
        "{ a { a { ...F } } } fragment F on Query { a { a { n } } }",
        "{ a { a { ...F } } } fragment F on Query { a { a { a { n } } } }",
        "the document nests fields more than 5 deep",
    ),
    "depth, of an operation that is not asked for": (
        "query A { n } query B { a { a { a { a { n } } } } }",
        "query A { n } query B { a { a { a { a { a { n } } } } } }",
        "the document nests fields more than 5 deep",
    ),
    "roots": (
        "{ n a { n } ...F ...F } fragment F on Query { b { n } s n }",
        "{ n a { n } ...F ...F x: s } fragment F on Query { b { n } s n }",
        "the operation has 5 fields at its root, more than 4",
    ),
}


def refusals(document: str, limits: Limits) -> list[str]:
    """What is said of too much; nothing else is wrong with these documents."""
    try:
        parsed = parse_document(document, limits)
        first = next(node for node in parsed.definitions if isinstance(node, OperationDefinitionNode))
        prepare(parsed, first.name.value if first.name else None, SCHEMA, limits)
    except Refused as refused:
        return [
            error.message if error.code in ("DOCUMENT_TOO_LARGE", "DOCUMENT_TOO_DEEP") else f"{error.code}: {error}"
            for error in refused.errors
        ]
    return []


@pytest.mark.parametrize("says", CASES)
def test_a_limit_is_the_most_there_may_be(says: str) -> None:
    most, more, message = CASES[says]
    assert refusals(most, SMALL) == []
    assert refusals(more, SMALL) == [message]


def test_there_is_a_case_for_every_limit_of_a_text() -> None:
    opened = {"fields", "selections", "planning"}  # tests/federation/test_bounds.py
    assert {says.split(",")[0] for says in CASES} == {one.name for one in fields(Limits)} - opened


def test_all_limits_that_are_passed_are_said_together() -> None:
    document = "query A { x: n y: n z: n } query B {n} query C {n} query D { v: n @skip(if: true) }"
    assert refusals(document, replace(SMALL, aliases=2, directives=0)) == [
        "the document has 4 aliases, more than 2",
        "the document has 1 directives, more than 0",
        "the document has 4 operations, more than 3",
    ]


# --- what is counted, by graphql-core ---------------------------------------------------------------------------------


def counts(document: str) -> dict[str, int]:
    """The oracle: graphql-core's tokens, and its syntax tree."""
    lexer = Lexer(Source(document))
    tokens = brackets = deepest = 0
    for kind in _kinds(lexer):
        tokens += 1
        if kind in (TokenKind.BRACE_L, TokenKind.BRACKET_L, TokenKind.PAREN_L):
            brackets += 1
            deepest = max(deepest, brackets)
        elif kind in (TokenKind.BRACE_R, TokenKind.BRACKET_R, TokenKind.PAREN_R):
            brackets -= 1
    found = dict.fromkeys(("aliases", "directives", "spreads", "operations", "fragments", "variables"), 0)

    class Counter(Visitor):
        def enter(self, node: Any, *_: Any) -> None:
            match node:
                case FieldNode() if node.alias:
                    found["aliases"] += 1
                case DirectiveNode():
                    found["directives"] += 1
                case FragmentSpreadNode() | InlineFragmentNode():
                    found["spreads"] += 1
                case OperationDefinitionNode():
                    found["operations"] += 1
                case FragmentDefinitionNode():
                    found["fragments"] += 1
                case VariableDefinitionNode():
                    found["variables"] += 1

    visit(parse(document), Counter())
    return {"tokens": tokens, "brackets": deepest, **found}


def _kinds(lexer: Lexer) -> Iterator[TokenKind]:
    """Of all tokens, comments too."""
    while lexer.advance().kind is not TokenKind.EOF:
        pass
    token = lexer.token
    kinds = []
    while token.prev is not None:
        token = token.prev
        kinds.append(token.kind)
    return iter(kinds[:-1][::-1])  # without the start of the file


NAMES = st.sampled_from(["a", "b", "n", "query", "fragment", "on", "mutation", "_1", "true", "type"])
IGNORED = st.sampled_from([" ", "\n", ",", "\ufeff", "\t ", ' # { a: b } @x $y "\n', "#\r", " ,, "])
VALUES = st.recursive(
    st.sampled_from(
        [
            "1",
            "-2",
            "0.5",
            "-1.5e+10",
            "$v",
            "true",
            "null",
            "E",
            '""',
            '"a # { : "',
            r'"\"{\\"',
            '""""""',
            '"""\n a: b "" { @x \\""" # \n"""',
            '"é\\u00e9"',
        ]
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: f"[{' '.join(items)}]"),
        st.lists(st.tuples(NAMES, inner), max_size=3).map(
            lambda items: f"{{{' '.join(f'{name}: {value}' for name, value in items)}}}"
        ),
    ),
    max_leaves=6,
)
ARGUMENTS = st.lists(st.tuples(NAMES, VALUES), max_size=2).map(
    lambda items: f"({', '.join(f'{name}:{value}' for name, value in items)})" if items else ""
)
DIRECTIVES = st.lists(st.tuples(NAMES, ARGUMENTS), max_size=2).map(
    lambda items: "".join(f" @{name}{arguments}" for name, arguments in items)
)
LEAVES = st.tuples(st.one_of(st.just(""), NAMES.map(lambda name: f"{name}: ")), NAMES, ARGUMENTS, DIRECTIVES).map(
    "".join
)
SELECTIONS = st.recursive(
    st.one_of(LEAVES, NAMES.filter(lambda name: name != "on").map(lambda name: f"...{name}")),
    lambda inner: st.tuples(
        st.one_of(LEAVES, NAMES.map(lambda name: f"... on {name}"), st.just("...")),
        st.lists(inner, min_size=1, max_size=3).map(lambda items: f"{{{' '.join(items)}}}"),
    ).map("".join),
    max_leaves=8,
).map(lambda text: f"{{{text}}}")
VARIABLES = st.lists(
    st.tuples(NAMES, st.sampled_from(["Int", "[Int!]!", "T = {a: [1 {b: 2}]}", "T @x(a: 1)"])), max_size=3
).map(lambda items: f"({' '.join(f'${name}: {kind}' for name, kind in items)})" if items else "")
DEFINITIONS = st.one_of(
    SELECTIONS,
    st.tuples(st.sampled_from(["query ", "mutation x", "subscription query"]), VARIABLES, DIRECTIVES, SELECTIONS).map(
        "".join
    ),
    st.tuples(
        NAMES.filter(lambda name: name != "on").map(lambda name: f"fragment {name} on T"), DIRECTIVES, SELECTIONS
    ).map("".join),
)
DOCUMENTS = st.lists(st.tuples(IGNORED, DEFINITIONS, IGNORED).map("".join), min_size=1, max_size=3).map(" ".join)


@given(document=DOCUMENTS)
@settings(max_examples=400)
def test_what_is_counted_is_what_the_parser_makes(document: str) -> None:
    """Each count is allowed as it is, and refused at one less: so it is exact.

    But variables in directives of an operation count as its own.
    """
    found = counts(document)
    most = replace(Limits(), **found | {"variables": 10_000})
    check_text(document, most)
    for name, count in found.items():
        if count == 0:
            continue
        with pytest.raises(Refused, match=str(count) if name != "variables" else "variables"):
            check_text(document, replace(most, **{name: count - 1}))


@given(text=st.text(st.sampled_from('{}()[]:@$!."\\#\n a1-é&|='), max_size=60))
@settings(max_examples=400)
def test_no_text_is_counted_as_less_than_what_the_parser_reads_of_it(text: str) -> None:
    """Whatever it is: what is within the limit of tokens by our count is so for the parser."""
    for most in range(0, 60, 7):
        try:
            check_text(text, replace(Limits(brackets=1_000), tokens=most))
        except Refused:
            continue
        assert "more than" not in syntax_error(text, most)
        break


def syntax_error(text: str, most: int) -> str:
    try:
        parse(text, max_tokens=most)
    except GraphQLError as error:
        return error.message
    return ""


def test_a_document_that_is_forgotten_is_freed_without_the_collector() -> None:
    """Else thousands that nobody asks for any more would wait for it, and it seldom looks at what is old."""

    def tokens() -> int:
        return sum(type(one) is Token for one in gc.get_objects())

    text = "query A($n: Int) { a(x: $n) { b ...F } } fragment F on B { c @include(if: true) }"
    gc.collect()
    gc.disable()
    try:
        before = tokens()
        document = parse_document(text, Limits())
        fragment = document.definitions[1]
        assert fragment.loc is not None
        assert fragment.loc.start_token.column == text.index("fragment") + 1
        assert tokens() > before
        del document, fragment
        assert tokens() == before
    finally:
        gc.enable()
