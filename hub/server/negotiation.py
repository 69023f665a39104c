"""Headers -> how the body is read, and in which media type the answer is written (GraphQL over HTTP, section 6).

Both are pure functions of one header, and remembered: clients send the same few all the time.
"""

from __future__ import annotations

from functools import lru_cache

JSON = b"application/json"
GRAPHQL = b"application/graphql-response+json"

ANSWERS = {JSON: b"application/json; charset=utf-8", GRAPHQL: b"application/graphql-response+json; charset=utf-8"}


@lru_cache(maxsize=256)
def is_json(content_type: bytes) -> bool:
    """Whether a body of this type can be read: JSON in UTF-8."""
    media, *parameters = content_type.lower().split(b";")
    if media.strip() != JSON:
        return False
    for parameter in parameters:
        name, _, value = parameter.partition(b"=")
        if name.strip() == b"charset" and value.strip().strip(b'"') not in {b"utf-8", b"utf8"}:
            return False
    return True


@lru_cache(maxsize=256)
def answer_type(accept: bytes) -> bytes | None:
    """The media type the client likes best of the two there are; plain JSON if it does not mind; None if neither.

    Between equals the more telling one wins, but only where it is named: older clients send `*/*` and expect JSON.
    """
    best: dict[bytes, tuple[int, float]] = {}
    for item in accept.lower().split(b","):
        media, *parameters = (part.strip() for part in item.split(b";"))
        weight = 1.0
        for parameter in parameters:
            name, _, value = parameter.partition(b"=")
            if name.strip() == b"q":
                try:
                    weight = float(value)
                except ValueError:
                    weight = 0.0
        for offered in (GRAPHQL, JSON):
            nearness = _nearness(media, offered)
            # The nearest range decides the weight, as in RFC 9110 section 12.5.1.
            if nearness and nearness >= best.get(offered, (0, 0.0))[0]:
                best[offered] = nearness, weight
    graphql, json = best.get(GRAPHQL, (0, 0.0)), best.get(JSON, (0, 0.0))
    if graphql[1] <= 0 and json[1] <= 0:
        return None
    if graphql[0] == _NAMED and graphql[1] > 0 and graphql[1] >= json[1]:
        return GRAPHQL
    return JSON if json[1] > 0 else GRAPHQL


_NAMED = 3


def _nearness(media: bytes, offered: bytes) -> int:
    return _NAMED if media == offered else 2 if media == b"application/*" else 1 if media in {b"*/*", b""} else 0
