"""How large a document may be, and what it may open to: one table of limits.

Decided: what bounds a document is counted in one pass over its text before anything is parsed, because graphql-core
reads a token in about three microseconds, which is ten times what counting it takes. Rejected: graphql-core's own
`max_tokens`, which counts while it parses, and counts nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Of the text, as it is written:

    characters   all of it
    tokens       words, numbers, strings and signs; a comment is one too
    brackets     open ones in each other, of any kind
    aliases      fields under another name
    directives   uses of them
    spreads      uses of fragments, also of those without a name
    operations, fragments, variables   their definitions

    Of what its fragments open to:

    depth        fields in each other
    roots        fields of the root of one operation
    fields       of every type that may stand at its place
    selections   how many times a part of the document is looked at to open and to merge it
    planning     steps of the planner
    """

    characters: int = 50_000
    tokens: int = 2_000
    brackets: int = 80
    aliases: int = 100
    directives: int = 100
    spreads: int = 300
    operations: int = 50
    fragments: int = 100
    variables: int = 100
    depth: int = 40
    roots: int = 30
    fields: int = 5_000
    selections: int = 20_000
    planning: int = 100_000


# What another hub asks of a subgraph it has made of documents that met its own limits, for many readers at once.
OF_A_HUB = Limits(
    characters=1_000_000,
    tokens=50_000,
    brackets=200,
    aliases=50_000,
    directives=1_000,
    spreads=10_000,
    fragments=1_000,
    variables=10_000,
    depth=100,
    roots=1_000,
    fields=20_000,
    selections=400_000,
)
