"""A decoded answer x its errors -> JSON text in the client's shape, with marks where something else belongs.

Readers are made once for a fetch. Each takes the decoded object, the errors that stand below it, and whether it writes
inside a mark. A null with an error below it has failed; what the public graph's types do not allow has failed too.

Where rows tell their class, there is a reader for each class of the viewer's universe, and an object's class picks one.
An object of another class is `OUTSIDE`: left out of lists, and null where it stands alone, as if it were not there.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import orjson
from graphql import (
    GraphQLEnumType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLOutputType,
    GraphQLScalarType,
    get_nullable_type,
)

from hub.model.source import ABSENT, FIRST_CODE, INNER, INNER_END, KEY_PARTS, MARK, failure
from hub.model.viewer import RecordClass
from hub.sources.remote.mask import Mask

# (decoded object, errors below it, inside a mark) -> text
Reader = Callable[[Mapping[str, Any], "Errors | None", bool], str]
# (decoded value that is not null, errors below it, inside a mark) -> text
ItemReader = Callable[[Any, "Errors | None", bool], str]

# (decoded object, errors below it) -> what another source is asked by; none where a part of the key is null
Keyed = Callable[[Mapping[str, Any], "Errors | None"], str | None]

log = logging.getLogger("hub.sources.remote")

# The text of an object that is not there for the reader; no JSON is empty.
OUTSIDE = ""

MALFORMED = "SUBREQUEST_MALFORMED_RESPONSE"
# How a row may spell its class.
CLASSES = {word: one for one in RecordClass for word in (one.name, one.value)}
# Of a value that the graph does not look into. The encoder ends at 254, and the answer has levels of its own.
DEEPEST = 100


class Errors:
    """Errors of one answer by the path they stand at."""

    __slots__ = ("below", "here")

    def __init__(self) -> None:
        self.here: str | None = None
        self.below: dict[str | int, Errors] = {}

    def add(self, path: Sequence[str | int], text: str) -> None:
        """Puts an error, as the text of a failure, at its path; the first one at a place stands."""
        at = self
        for step in path:
            at = at.below.setdefault(step, Errors())
        at.here = at.here or text

    def at(self, step: str | int) -> Errors | None:
        """The errors below a step."""
        return self.below.get(step)

    def first(self) -> str | None:
        """One of them, to stand for a null that several led to."""
        return self.here or next((found for one in self.below.values() if (found := one.first())), None)


def malformed(source: str) -> str:
    """What stands where an answer is not what the graph's types say."""
    return failure(source, MALFORMED, malformed_message(source))


def malformed_message(source: str) -> str:
    """What is said of such an answer."""
    return f"the {source} part of the graph gave a malformed answer"


def field_reader(
    source: str,
    alias: str,
    expected: GraphQLOutputType,
    item: ItemReader | None,
    mask: Mask | None = None,
    *,
    hides: bool = False,
) -> Reader:
    """A field of the object: a scalar, an enum, or with `item` objects in whatever lists the type says.

    mask   what is given of a scalar in place of its value
    hides  an object whose class cannot be told may be one that the reader must not know of
    """
    read = _typed(source, expected, item, mask, hides)
    missing = ABSENT if isinstance(expected, GraphQLNonNull) else "null"
    wrong = malformed(source)

    def field(found: Mapping[str, Any], errors: Errors | None, inner: bool) -> str:
        below = errors.at(alias) if errors else None
        if alias not in found:
            return (below.first() if below else None) or wrong
        return read(found[alias], below, inner) or missing

    return field


def _typed(
    source: str, expected: GraphQLOutputType, item: ItemReader | None, mask: Mask | None, hides: bool
) -> Callable[[Any, Errors | None, bool], str]:
    wrong = malformed(source)
    if isinstance(expected, GraphQLNonNull):
        nullable = _typed(source, expected.of_type, item, mask, hides)

        def sure(value: Any, errors: Errors | None, inner: bool) -> str:
            if value is None:
                return nullable(None, errors, inner) if hides else (errors.first() if errors else None) or wrong
            text = nullable(value, errors, inner)
            # A value that this graph hides is missing without anybody's fault.
            return ABSENT if text == "null" else text

        return sure
    if isinstance(expected, GraphQLList):
        one = _typed(source, expected.of_type, item, mask, hides)

        def many(value: Any, errors: Errors | None, inner: bool) -> str:
            if value is None:
                return (errors.first() if errors else None) or "null"
            if not isinstance(value, list):
                return wrong
            if errors:
                texts = [one(each, errors.at(index), inner) for index, each in enumerate(value)]
            else:
                texts = [one(each, None, inner) for each in value]
            return f"[{','.join(filter(None, texts))}]"

        return many
    leaf = item or _leaf(source, expected, mask)

    def maybe(value: Any, errors: Errors | None, inner: bool) -> str:
        if value is None:
            if hides and errors:
                log.error("`%s` failed in a row before its class was known", source)
                return OUTSIDE
            return (errors.first() if errors else None) or "null"
        return leaf(value, errors, inner)

    return maybe


def _leaf(source: str, expected: GraphQLOutputType, mask: Mask | None) -> ItemReader:
    wrong = malformed(source)
    if isinstance(expected, GraphQLEnumType):
        values = frozenset(expected.values)

        def enum(value: Any, _errors: Errors | None, _inner: bool) -> str:
            if not isinstance(value, str):
                return wrong
            return f'"{value}"' if value in values else "null"

        return enum
    assert isinstance(expected, GraphQLScalarType)
    fits = _fits(expected.name)
    if mask is not None:

        def masked(value: Any, _errors: Errors | None, _inner: bool) -> str:
            if not isinstance(value, str | int) or not fits(value):
                return wrong
            return orjson.dumps(mask(str(value))).decode()

        return masked

    def scalar(value: Any, _errors: Errors | None, _inner: bool) -> str:
        if not fits(value):
            return wrong
        if isinstance(value, Decimal):
            return str(value)
        return orjson.dumps(str(value) if expected.name == "ID" else value, default=float).decode()

    return scalar


def nests(value: Any, most: int) -> bool:
    """Whether a value that nobody looks into nests no deeper than that."""
    if not isinstance(value, dict | list):
        return True
    inner = value.values() if isinstance(value, dict) else value
    return most > 0 and all(nests(one, most - 1) for one in inner)


def _fits(scalar: str) -> Callable[[Any], bool]:
    match scalar:
        case "Int":
            return lambda value: isinstance(value, int) and not isinstance(value, bool) and -(2**31) <= value < 2**31
        case "Float":
            return lambda value: isinstance(value, int | float | Decimal) and not isinstance(value, bool)
        case "String":
            return lambda value: isinstance(value, str)
        case "ID":
            return lambda value: isinstance(value, str | int) and not isinstance(value, bool)
        case "Boolean":
            return lambda value: isinstance(value, bool)
    return lambda value: nests(value, DEEPEST)


def object_reader(source: str, cases: Mapping[str, ItemReader], known: str) -> ItemReader:
    """An object by its concrete type. With one case and `known`, the subgraph need not say which it is."""
    wrong = malformed(source)
    if known:
        only = cases[known]

        def certain(value: Any, errors: Errors | None, inner: bool) -> str:
            return only(value, errors, inner) if isinstance(value, dict) else wrong

        return certain

    def one_of(value: Any, errors: Errors | None, inner: bool) -> str:
        if not isinstance(value, dict) or not isinstance(value.get("__typename"), str):
            return wrong
        found = cases.get(value["__typename"])
        # A type that the reader's graph does not have: the object is missing without anybody's fault.
        return "null" if found is None else found(value, errors, inner)

    return one_of


def fields_reader(fields: Sequence[tuple[str, Reader]]) -> Reader:
    """The object of these fields."""

    def read_all(value: Mapping[str, Any], errors: Errors | None, inner: bool) -> str:
        return f"{{{','.join([head + read(value, errors, inner) for head, read in fields])}}}"

    return read_all


def binding_reader(read: Reader, bound: Sequence[tuple[str, Reader]]) -> Reader:
    """The same, with the values of the object where those below it take them."""
    if not bound:
        return read

    def bind(value: Mapping[str, Any], errors: Errors | None, inner: bool) -> str:
        text = read(value, errors, inner)
        for slot, of in bound:
            if slot in text:
                text = text.replace(slot, of(value, errors, True))
        return text

    return bind


def told_reader(source: str, alias: str, by_class: Mapping[str, Reader]) -> Reader:
    """What an object's class picks of the readers by class; outside of them it is not there."""
    said = False

    def told(found: Mapping[str, Any], errors: Errors | None, inner: bool) -> str:
        nonlocal said
        word = found.get(alias)
        read = by_class.get(word) if isinstance(word, str) else None
        if read is not None:
            return read(found, errors, inner)
        if not said and not (isinstance(word, str) and word in CLASSES):
            said = True
            log.error("`%s` gave a row of no known class", source)
        return OUTSIDE

    return told


def below_reader(source: str, alias: str, read: Reader, missing: str) -> Reader:
    """What is read of the object in a field, which may be null."""
    wrong = malformed(source)

    def below(found: Mapping[str, Any], errors: Errors | None, inner: bool) -> str:
        value = found.get(alias)
        under = errors.at(alias) if errors else None
        if value is None:
            return (under.first() if under else None) or missing
        return read(value, under, inner) if isinstance(value, dict) else wrong

    return below


def constant_reader(text: str) -> Reader:
    """Known beforehand."""
    return lambda _value, _errors, _inner: text


def typename_reader(source: str, alias: str) -> Reader:
    """The name of the concrete type, as the subgraph says."""
    wrong = malformed(source)

    def typename(found: Mapping[str, Any], _errors: Errors | None, _inner: bool) -> str:
        value = found.get(alias)
        return orjson.dumps(value).decode() if isinstance(value, str) else wrong

    return typename


def handed_reader(keyed: Keyed, missing: str) -> Reader:
    """What another subgraph is handed, as a value."""
    return lambda found, errors, _inner: keyed(found, errors) or missing


def mark_reader(code: int, keyed: Keyed, missing: str) -> Reader:
    """A mark with the key that `keyed` gives; where there is none, what is missing."""
    letter = chr(FIRST_CODE + code)

    def mark(found: Mapping[str, Any], errors: Errors | None, inner: bool) -> str:
        key = keyed(found, errors)
        if key is None:
            return missing
        return f"{INNER}{letter}{key}{INNER_END}" if inner else f"{MARK}{letter}{key}{MARK}"

    return mark


def representation(
    fields: Sequence[tuple[str, Reader]], needed: Sequence[Reader], behind: Sequence[tuple[str, Reader]]
) -> Keyed:
    """What another subgraph is handed, and what comes behind it, each with its sign before it."""
    handed = fields_reader(fields)

    def keyed(found: Mapping[str, Any], errors: Errors | None) -> str | None:
        if any(read(found, errors, True) in ("null", ABSENT) for read in needed):
            return None
        return handed(found, errors, True) + _behind(behind, found, errors)

    return keyed


def whole_key(read: Reader, behind: Sequence[tuple[str, Reader]]) -> Keyed:
    """A representation that stands as it is."""
    return lambda found, errors: read(found, errors, True) + _behind(behind, found, errors)


def _behind(behind: Sequence[tuple[str, Reader]], found: Mapping[str, Any], errors: Errors | None) -> str:
    return "".join([sign + read(found, errors, True) for sign, read in behind])


def bare_key(paths: Sequence[Sequence[str]], behind: Sequence[tuple[str, Reader]]) -> Keyed:
    """The key of an own source: the values of its fields as text."""

    def keyed(found: Mapping[str, Any], errors: Errors | None) -> str | None:
        parts = []
        for path in paths:
            value: Any = found
            for step in path:
                value = value.get(step) if isinstance(value, dict) else None
            if not isinstance(value, str | int | Decimal):
                return None
            text = str(value)
            if any(letter < " " for letter in text):
                return None  # no key of an own source has such a letter
            parts.append(text)
        return KEY_PARTS.join(parts) + _behind(behind, found, errors)

    return keyed


def parts_reader(code: int, parts: Sequence[Reader]) -> Reader:
    """A mark around the parts of a merged value."""
    letter = chr(FIRST_CODE + code)

    def mark(found: Mapping[str, Any], errors: Errors | None, inner: bool) -> str:
        text = KEY_PARTS.join([read(found, errors, True) for read in parts])
        return f"{INNER}{letter}{text}{INNER_END}" if inner else f"{MARK}{letter}{text}{MARK}"

    return mark


def listed_reader(source: str, alias: str, expected: GraphQLOutputType, item: ItemReader, code: int) -> Reader:
    """A mark around a list of objects that are found elsewhere, from which those that are not there are left out."""
    letter = chr(FIRST_CODE + code)
    whole = field_reader(source, alias, expected, item)
    items = get_nullable_type(expected)
    assert isinstance(items, GraphQLList)
    one = _typed(source, get_nullable_type(items.of_type), item, None, hides=False)

    def mark(found: Mapping[str, Any], errors: Errors | None, inner: bool) -> str:
        values = found.get(alias)
        if not isinstance(values, list):
            return whole(found, errors, inner)
        under = errors.at(alias) if errors else None
        parts = [one(value, under.at(index) if under else None, True) for index, value in enumerate(values)]
        text = KEY_PARTS.join(parts)
        return f"{INNER}{letter}{text}{INNER_END}" if inner else f"{MARK}{letter}{text}{MARK}"

    return mark
