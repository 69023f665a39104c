"""The signature of a document names what is asked, and nothing that a client wrote by himself."""

from __future__ import annotations

import pytest
from graphql import parse, print_ast

from hub.operation import signature

ONE = """
query Book($id: ID!, $first: Int = 5) {
  person(personalId: $id) { ...Names contributions(first: $first, where: {status: {eq: PAID}}) { nodes { salary } } }
}
fragment Names on Person { fullName }
"""

SAME = {
    "names": ONE.replace("Book", "B001099012345").replace("Names", "N001099012345"),
    "variables": ONE.replace("$id", "$n001099012345"),
    "aliases": ONE.replace("person(", "p001099012345: person("),
    "values of defaults": ONE.replace("= 5", "= 7"),
    "values of arguments": ONE.replace("eq: PAID", "eq: OWED, gt: [1, {a: 2}]"),
    "comments and blanks": ONE.replace("{ nodes", "# 001099012345\n  {   nodes"),
}
OTHER = {
    "another field": ONE.replace("salary", "fromMonth"),
    "one field more": ONE.replace("salary", "salary fromMonth"),
    "another argument": ONE.replace("first: $first", "last: $first"),
    "another type of a variable": ONE.replace("ID!", "String!"),
    "a variable for a value": ONE.replace("{status: {eq: PAID}}", "$id"),
    "two variables that were one": ONE.replace("first: $first", "first: $id"),
    "a directive": ONE.replace("salary", "salary @include(if: true)"),
    "another operation": ONE.replace("query", "subscription"),
}


@pytest.mark.parametrize("document", SAME.values(), ids=SAME)
def test_what_a_client_chose_is_not_in_it(document: str) -> None:
    assert document != ONE
    assert signature(parse(document)) == signature(parse(ONE))


@pytest.mark.parametrize("document", OTHER.values(), ids=OTHER)
def test_what_is_asked_is_in_it(document: str) -> None:
    assert signature(parse(document)) != signature(parse(ONE))


def test_the_document_stays_as_it_was() -> None:
    document = parse(ONE)
    before = print_ast(document)
    signature(document)
    assert print_ast(document) == before
