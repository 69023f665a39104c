"""Where a problem is, and what would be right instead."""

from __future__ import annotations

from collections.abc import Iterable

from graphql import GraphQLError, Node
from graphql.pyutils import suggestion_list


def place_of(subgraph: str, node: Node) -> str:
    """`subgraph:line:column` of a node of that subgraph's SDL."""
    if node.loc is None:
        return subgraph
    token = node.loc.start_token
    return f"{subgraph}:{token.line}:{token.column}"


def did_you_mean(word: str, options: Iterable[str]) -> str:
    """A question naming the options nearest to `word`, or nothing where none is near."""
    near = suggestion_list(word, list(options))[:3]
    return f"did you mean {' or '.join(f'`{option}`' for option in near)}?" if near else ""


def said(error: GraphQLError) -> str:
    """The message of a GraphQL error as a problem says it: lower case, input in backticks, no full stop."""
    message = error.message.removeprefix("Syntax Error: ").removesuffix(".").replace("'", "`")
    return message[:1].lower() + message[1:]


def listed(names: Iterable[str]) -> str:
    """Names in backticks, as a sentence lists them."""
    *head, last = [f"`{name}`" for name in names]
    return f"{', '.join(head)} and {last}" if head else last
