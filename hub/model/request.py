"""What the server hands to the engine, and what it gets back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Request:
    """One GraphQL request. `variables` are as decoded from JSON, not yet coerced."""

    document: str
    operation_name: str | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Response:
    """The bytes of a GraphQL response. `executed` is false when the request was refused before anything was read."""

    body: bytes
    executed: bool = True
