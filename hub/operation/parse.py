"""Text -> document, within limits that are checked while reading."""

from __future__ import annotations

from dataclasses import dataclass

from graphql import DocumentNode, GraphQLError, parse

from hub.errors import Refused, Shown


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a document may be, and what it may open to.

    characters, tokens, depth  of the text, and of its fields in each other
    fields                     once its fragments are opened for every type that may stand at their places
    selections                 how many times a part of the text is looked at to open it
    planning                   steps of the planner
    """

    characters: int = 100_000
    tokens: int = 10_000
    depth: int = 40
    fields: int = 20_000
    selections: int = 400_000
    planning: int = 100_000


def shown(error: GraphQLError, code: str) -> Shown:
    """A graphql-core error about the client's own text, as the hub shows it."""
    locations = [(location.line, location.column) for location in error.locations or ()]
    return Shown(error.message, code=code, locations=locations)


def parse_document(text: str, limits: Limits) -> DocumentNode:
    """The document, or `Refused` with the place of the first syntax error or the limit that is passed."""
    if len(text) > limits.characters:
        raise Refused(
            [
                Shown(
                    f"the document has {len(text)} characters, more than {limits.characters}", code="DOCUMENT_TOO_LARGE"
                )
            ]
        )
    try:
        return parse(text, max_tokens=limits.tokens, allow_empty_selection_sets=False)
    except GraphQLError as error:
        raise Refused([shown(error, "GRAPHQL_PARSE_FAILED")]) from None
    except RecursionError:
        raise Refused([Shown("the document is nested too deeply", code="GRAPHQL_PARSE_FAILED")]) from None
