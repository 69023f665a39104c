"""JSON text in SQL: a value is a list of pieces, constants and expressions, joined by `concat`.

Measured: `concat` of text pieces costs a third of `json_build_object`, and `to_json` is only needed where a value may
hold a character that JSON escapes. `concat` takes null for nothing, so every nullable value is made explicit here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from hub.model.mapping import Form

# Postgres allows a hundred arguments to a function.
MOST_ARGUMENTS = 90


@dataclass(frozen=True, slots=True)
class Sql:
    """A piece that is an SQL expression; every other piece is constant text."""

    text: str


Piece = str | Sql
Pieces = list[Piece]


def literal(text: str) -> str:
    """A constant as an SQL literal. INVARIANT: standard_conforming_strings, so only the quote needs care."""
    return "'" + text.replace("'", "''") + "'"


def concat(pieces: Iterable[Piece]) -> str:
    """The SQL expression that joins the pieces; neighbouring constants become one."""
    merged: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, str) and merged and isinstance(merged[-1], str):
            merged[-1] += piece
        elif piece != "":
            merged.append(piece)
    arguments = [piece.text if isinstance(piece, Sql) else literal(piece) for piece in merged]
    if not arguments:
        return "''"
    if len(arguments) == 1 and isinstance(merged[0], str):
        return arguments[0]
    while len(arguments) > MOST_ARGUMENTS:
        arguments = [
            f"concat({', '.join(arguments[start : start + MOST_ARGUMENTS])})"
            for start in range(0, len(arguments), MOST_ARGUMENTS)
        ]
    return f"concat({', '.join(arguments)})"


def value(expression: str, form: Form, *, nullable: bool) -> Pieces:
    """The JSON of a column or expression."""
    match form:
        case Form.PLAIN:
            if nullable:
                return [Sql(f"""coalesce('"' || {expression} || '"', 'null')""")]
            return ['"', Sql(expression), '"']
        case Form.TEXT:
            return [Sql(f"coalesce(to_json({expression})::text, 'null')" if nullable else f"to_json({expression})")]
        case Form.NUMBER:
            return [Sql(f"coalesce(({expression})::text, 'null')" if nullable else expression)]
        case Form.BOOLEAN:
            other = "when false then 'false' else 'null'" if nullable else "else 'false'"
            return [Sql(f"case {expression} when true then 'true' {other} end")]
        case Form.TIMESTAMP:
            moment = f"""to_char({expression}, 'YYYY-MM-DD"T"HH24:MI:SS')"""
            if nullable:
                return [Sql(f"""coalesce('"' || {moment} || '+07:00"', 'null')""")]
            return ['"', Sql(moment), '+07:00"']
        case Form.PLAIN_LIST:
            joined = f"""'["' || array_to_string({expression}, '","') || '"]'"""
            words = f"case when {expression} = '{{}}' then '[]' else {joined} end"
            return [Sql(f"coalesce({words}, 'null')" if nullable else words)]
