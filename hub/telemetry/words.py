"""What may stand in a label: words of closed sets, so that nothing a client or a subgraph wrote gets there.

A reader's kind is not his audience, which tells the authority he reads for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from hub.model.viewer import Audience

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The variable by which prometheus_client knows the folder of several processes; it looks at it when it is imported."""

OTHER = "other"
NOBODY = "-"

KINDS: Mapping[Audience, str] = {
    Audience.CITIZEN: "citizen",
    Audience.OFFICER: "officer",
    Audience.ANALYST: "analyst",
    Audience.PARTNER: "partner",
    Audience.DEFENCE_OFFICER: "officer",
    Audience.SECURITY_OFFICER: "officer",
}

# Every code that the hub itself gives an error; those of subgraphs elsewhere are their own affair.
CODES = frozenset(
    {
        "AGREEMENT_EXPIRED",
        "AGREEMENT_NOT_YET_VALID",
        "AGREEMENT_UNKNOWN",
        "BAD_REQUEST",
        "BAD_USER_INPUT",
        "BATCH_NOT_ALLOWED",
        "COMPUTATION_FAILED",
        "COST_LIMIT_EXCEEDED",
        "CURSOR_INVALID",
        "DOCUMENT_NOT_STORED",
        "DOCUMENT_TOO_DEEP",
        "DOCUMENT_TOO_LARGE",
        "DOWNSTREAM_SERVICE_ERROR",
        "FILTER_TOO_WIDE",
        "GRAPHQL_PARSE_FAILED",
        "GRAPHQL_VALIDATION_FAILED",
        "HEADERS_TOO_LARGE",
        "IDENTITY_UNAVAILABLE",
        "INTERNAL_SERVER_ERROR",
        "METHOD_NOT_ALLOWED",
        "NOT_ACCEPTABLE",
        "NOT_FOUND",
        "NOT_SHARED",
        "OPERATION_NOT_FOUND",
        "OPERATION_TOO_COMPLEX",
        "OVERLOADED",
        "PAYLOAD_TOO_LARGE",
        "PERSISTED_QUERY_HASH_MISMATCH",
        "PERSISTED_QUERY_NOT_FOUND",
        "PERSISTED_QUERY_NOT_SUPPORTED",
        "PLAN_NOT_SHARED",
        "PREFLIGHT_REQUIRED",
        "PURPOSE_NOT_AGREED",
        "QUOTA_EXCEEDED",
        "RATE_LIMITED",
        "SOURCE_UNAVAILABLE",
        "SUBREQUEST_HTTP_ERROR",
        "SUBREQUEST_MALFORMED_RESPONSE",
        "SUBSCRIPTION_NOT_SUPPORTED",
        "TIMEOUT",
        "UNAUTHENTICATED",
        "UNAVAILABLE",
        "UNSUPPORTED_MEDIA_TYPE",
    }
)

_WITH_ERRORS = b'{"errors":'


def codes_of(body: bytes) -> Mapping[str, int]:
    """How often each code stands in an answer. Only one with errors is read: they come first in it."""
    if not body.startswith(_WITH_ERRORS):
        return {}
    found: dict[str, int] = {}
    for error in orjson.loads(body)["errors"]:
        code = _code(error)
        found[code] = found.get(code, 0) + 1
    return found


def _code(error: Mapping[str, Any]) -> str:
    code = error.get("extensions", {}).get("code")
    return code if code in CODES else OTHER
