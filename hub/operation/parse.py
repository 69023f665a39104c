"""Text -> document, within limits that are checked before."""

from __future__ import annotations

from graphql import DocumentNode, GraphQLError, parse

from hub.errors import Refused, Shown
from hub.model.limits import Limits
from hub.operation.scan import check_text


def shown(error: GraphQLError, code: str) -> Shown:
    """A graphql-core error about the client's own text, as the hub shows it."""
    locations = [(location.line, location.column) for location in error.locations or ()]
    return Shown(error.message, code=code, locations=locations)


def parse_document(text: str, limits: Limits) -> DocumentNode:
    """The document, or `Refused` with the place of the first syntax error or the limits that are passed."""
    check_text(text, limits)
    try:
        document = parse(text, max_tokens=limits.tokens, allow_empty_selection_sets=False)
    except GraphQLError as error:
        raise Refused([shown(error, "GRAPHQL_PARSE_FAILED")]) from None
    except RecursionError:
        raise Refused([Shown("the document is nested too deeply", code="GRAPHQL_PARSE_FAILED")]) from None
    _unchain(document)
    return document


def _unchain(document: DocumentNode) -> None:
    """Cuts the list of all tokens, which nobody reads: a document that is forgotten is freed at once, by its count."""
    token = document.loc.start_token if document.loc is not None else None
    while token is not None:
        token.prev, token.next, token = None, None, token.next
