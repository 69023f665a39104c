"""Directives that move from the subgraphs to the supergraph, and how several applications become one.

`@tag` adds up; `@inaccessible` and `@authenticated` hold if they stand once; `@requiresScopes` and `@policy` merge with
AND; `@cost` and `@listSize` take the most expensive; a directive named in `@composeDirective` is kept as it is.

Source: Federation, "Composition rules", "Merging directives"; cost v0.1; `@composeDirective`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from hub.compose.access import EVERYBODY, both, ways_of, ways_text
from hub.compose.document import Applied, Definition, Element, canonical_value
from hub.compose.links import Link
from hub.compose.parse import Declared
from hub.compose.specs import (
    AUTHENTICATED,
    COMPOSE_DIRECTIVE,
    COST,
    INACCESSIBLE,
    LIST_SIZE,
    POLICY,
    REQUIRES_SCOPES,
    TAG,
)


@dataclass(frozen=True, slots=True)
class Composed:
    """A directive that `@composeDirective` names, with the link and the definition of the newest version."""

    name: str
    element: str
    link: Link
    definition: Definition


def composed_directives(subgraphs: Sequence[Declared]) -> tuple[Composed, ...]:
    """The directives that any subgraph asks to compose, sorted by name; those that cannot be are left to the rules."""
    found: dict[str, Composed] = {}
    for name in sorted({name for declared in subgraphs for name in _asked(declared)}):
        for declared in subgraphs:
            feature, definition = declared.names.feature_of(name), declared.definitions.get(name)
            if feature is not None and definition is not None:
                link, element = feature
                if name not in found or found[name].link.version < link.version:
                    found[name] = Composed(name, element, link, definition)
    return tuple(found.values())


def _asked(declared: Declared) -> tuple[str, ...]:
    names = (each.value("name") for each in declared.on_schema if each.name == COMPOSE_DIRECTIVE)
    return tuple(name.removeprefix("@") for name in names if isinstance(name, str))


def propagated(found: Sequence[Element], composed: frozenset[str]) -> tuple[Applied, ...]:
    """The directives of one element of the supergraph, from that element in its subgraphs, sorted by name."""
    by_name: dict[str, list[Applied]] = {}
    for element in found:
        for applied in element.directives:
            by_name.setdefault(applied.name, []).append(applied)
    kept: list[Applied] = []
    for name in sorted(by_name):
        if name in _MERGED:
            kept.extend(_MERGED[name](by_name[name]))
        elif name in composed:
            kept.extend(distinct(by_name[name]))
        elif name == "oneOf" and len(by_name[name]) == len(found):
            kept.append(Applied(name))
    return tuple(kept)


def distinct(applied: Sequence[Applied]) -> tuple[Applied, ...]:
    """Each application once, in order of first appearance."""
    found: dict[tuple[tuple[str, str], ...], Applied] = {}
    for each in applied:
        values = tuple(sorted((name, canonical_value(text)) for name, text in each.arguments))
        found.setdefault(values, Applied(each.name, each.arguments))
    return tuple(found.values())


def _all_tags(applied: Sequence[Applied]) -> tuple[Applied, ...]:
    return tuple(sorted(distinct(applied), key=lambda each: str(each.value("name"))))


def _once(applied: Sequence[Applied]) -> tuple[Applied, ...]:
    return (Applied(applied[0].name),)


def _first(applied: Sequence[Applied]) -> tuple[Applied, ...]:
    return (Applied(applied[0].name, applied[0].arguments),)


def _and(argument: str) -> Callable[[Sequence[Applied]], tuple[Applied, ...]]:
    """Lists of alternatives, each a list of what is needed together, merged so that all must hold."""

    def merged(applied: Sequence[Applied]) -> tuple[Applied, ...]:
        ways = EVERYBODY
        for each in distinct(applied):
            ways = both(ways, ways_of(each, argument))
        return (Applied(applied[0].name, ((argument, ways_text(ways)),)),)

    return merged


def _list(values: Any) -> str:
    return f"[{', '.join(values)}]"


def _dearest(applied: Sequence[Applied]) -> tuple[Applied, ...]:
    return (Applied(applied[0].name, (("weight", str(max(int(each.value("weight")) for each in applied))),)),)


def _longest(applied: Sequence[Applied]) -> tuple[Applied, ...]:
    arguments: list[tuple[str, str]] = []
    sizes = [size for each in applied if (size := each.value("assumedSize")) is not None]
    if sizes:
        arguments.append(("assumedSize", str(max(sizes))))
    for argument in ("slicingArguments", "sizedFields"):
        names = [name for each in applied for name in each.value(argument) or ()]
        if names:
            arguments.append((argument, _list(f'"{name}"' for name in dict.fromkeys(names))))
    if all(each.value("requireOneSlicingArgument") is False for each in applied):
        arguments.append(("requireOneSlicingArgument", "false"))
    return (Applied(applied[0].name, tuple(arguments)),)


def sliced_by(applied: Sequence[Applied], arguments: Collection[str]) -> tuple[Applied, ...]:
    """The directives of a merged field: `@listSize` names only arguments that the field still has."""
    return tuple(_sliced_by(each, arguments) if each.name == LIST_SIZE else each for each in applied)


def _sliced_by(applied: Applied, arguments: Collection[str]) -> Applied:
    named: list[str] = applied.value("slicingArguments") or []
    kept = [name for name in named if name in arguments]
    if kept == named:
        return applied
    text = _list(f'"{name}"' for name in kept)
    return Applied(
        applied.name,
        tuple(
            (name, text if name == "slicingArguments" else value)
            for name, value in applied.arguments
            if kept or name not in ("slicingArguments", "requireOneSlicingArgument")
        ),
    )


_MERGED: dict[str, Callable[[Sequence[Applied]], tuple[Applied, ...]]] = {
    TAG: _all_tags,
    INACCESSIBLE: _once,
    AUTHENTICATED: _once,
    REQUIRES_SCOPES: _and("scopes"),
    POLICY: _and("policies"),
    COST: _dearest,
    LIST_SIZE: _longest,
    "deprecated": _first,
    "specifiedBy": _first,
}
