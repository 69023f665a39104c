"""Headers -> how the body is read, and how the answer is written (GraphQL over HTTP, section 6; RFC 9110, section 12).

All are pure functions of one header, and remembered: clients send the same few all the time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

JSON = b"application/json"
GRAPHQL = b"application/graphql-response+json"

ANSWERS = {JSON: b"application/json; charset=utf-8", GRAPHQL: b"application/graphql-response+json; charset=utf-8"}

_UTF_8 = frozenset({b"utf-8", b"utf8"})
_QUALITY = re.compile(rb"0(?:\.\d{0,3})?|1(?:\.0{0,3})?")


@lru_cache(maxsize=256)
def is_json(content_type: bytes) -> bool:
    """Whether a body of this type can be read: JSON in UTF-8, which is what is meant where nothing is said."""
    media, *parameters = content_type.lower().split(b";")
    return media.strip() == JSON and all(value in _UTF_8 for name, value in _pairs(parameters) if name == b"charset")


@lru_cache(maxsize=256)
def answer_type(accept: bytes) -> bytes | None:
    """The media type the client likes best of the two there are; None if it takes neither.

    Between equals the more telling one wins, but only where it is named: older clients send `*/*` and expect JSON.
    Who says nothing gets the more telling one, as the specification has it since 2025.
    """
    if not accept.strip():
        return GRAPHQL
    best: dict[bytes, tuple[int, float]] = {}
    for media, parameters, weight in _ranges(accept):
        if any(name == b"charset" and value not in _UTF_8 for name, value in parameters):
            continue  # everything here is UTF-8
        for offered in (GRAPHQL, JSON):
            nearness = _nearness(media, offered)
            # The nearest range decides the weight, as in RFC 9110 section 12.5.1; of equals, the one liked better.
            if nearness:
                best[offered] = max(best.get(offered, (0, 0.0)), (nearness, weight))
    graphql, json = best.get(GRAPHQL, (0, 0.0)), best.get(JSON, (0, 0.0))
    if graphql[1] <= 0 and json[1] <= 0:
        return None
    if graphql[0] == _NAMED and graphql[1] > 0 and graphql[1] >= json[1]:
        return GRAPHQL
    return JSON if json[1] > 0 else GRAPHQL


@lru_cache(maxsize=256)
def takes_gzip(accept_encoding: bytes) -> bool:
    """Whether the client would rather have its answer compressed with gzip than as it is."""
    weights = {coding: weight for coding, _, weight in _ranges(accept_encoding)}
    gzip = weights.get(b"gzip", weights.get(b"x-gzip", weights.get(b"*", 0.0)))
    return gzip > 0 and gzip >= weights.get(b"identity", 0.0)


_NAMED = 3


def _nearness(media: bytes, offered: bytes) -> int:
    return _NAMED if media == offered else 2 if media == b"application/*" else 1 if media == b"*/*" else 0


def _ranges(header: bytes) -> Iterator[tuple[bytes, list[tuple[bytes, bytes]], float]]:
    """The members of a header of preferences, each with its parameters and its weight; a bad weight is none."""
    for item in header.lower().split(b","):
        name, *rest = item.split(b";")
        parameters = list(_pairs(rest))
        weight = 1.0
        for parameter, value in parameters:
            if parameter == b"q":
                weight = float(value) if _QUALITY.fullmatch(value) else 0.0
        yield name.strip(), parameters, weight


def _pairs(parameters: list[bytes]) -> Iterator[tuple[bytes, bytes]]:
    for parameter in parameters:
        name, _, value = parameter.partition(b"=")
        yield name.strip(), value.strip().strip(b'"')
