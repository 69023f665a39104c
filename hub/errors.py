"""The error tree of the hub: what a client may be shown, and what stays inside.

    HubError
    ├── BuildFailed          problems of the declared graph, collected; for the people who run the hub
    ├── SettingsWrong        a setting that stops the start; says which, what is wrong and what would be right
    ├── StartFailed          something the start needs is not there: a free port, a database, a directory of its own
    ├── Shown                made of what the client sent; its text goes out as it is
    │   ├── Unauthenticated  no token, or one that is not accepted (HTTP 401)
    │   ├── Unverifiable     nobody can say now whether the token is to be accepted (HTTP 503)
    │   ├── NotUnderstood    the request is not a GraphQL request (HTTP 400)
    │   ├── RateLimited      the reader has asked more than he may for now (HTTP 429)
    │   ├── Overloaded       more is asked at once than can be answered in time (HTTP 503)
    │   ├── NotSafe          what may write, sent by a way that may only read (HTTP 405)
    │   └── Refused          the document or its variables are refused before anything is read
    └── Internal             masked; logged with an id
        ├── SourceUnavailable  a source is down or late; the part it feeds is null
        └── StoreUnavailable   what replicas share does not answer; this process goes on alone

Takes nothing, imports nothing of the hub. Messages are lower case, with the input in backticks and no class names.
"""

from __future__ import annotations

import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


class HubError(Exception):
    """The root of every error the hub raises on purpose."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with the declared graph: `code`, where it is, what it is, what would be right."""

    code: str
    place: str
    message: str
    suggestion: str = ""

    def __str__(self) -> str:
        tail = f" ({self.suggestion})" if self.suggestion else ""
        return f"{self.code} at {self.place}: {self.message}{tail}"


class BuildFailed(HubError):
    """All problems found in one go, so that they can be mended in one go."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class SettingsWrong(HubError):
    """A setting or an argument of the command line that cannot be used."""


class StartFailed(HubError):
    """Something outside that a start needs is not there: a free port, a database, a directory of its own."""


class Shown(HubError):
    """An error made of what the client sent: `message` and `code` go into the answer.

    details go in beside the code.

    status  of HTTP, whatever the media type of the answer; 0 where that decides
    """

    status = 0
    code = "BAD_REQUEST"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        locations: Sequence[tuple[int, int]] = (),
        path: Sequence[str | int] = (),
        details: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.locations = tuple(locations)
        self.path = tuple(path)
        self.details = dict(details or {})


class Unauthenticated(Shown):
    """No token, or a token that is expired, unsigned, foreign or malformed."""

    status = 401
    code = "UNAUTHENTICATED"


class Unverifiable(Shown):
    """The keys that could verify a token are not there at present; it may be good."""

    status = 503
    code = "IDENTITY_UNAVAILABLE"


class NotUnderstood(Shown):
    """The HTTP request does not carry a GraphQL request."""

    status = 400
    code = "BAD_REQUEST"


class NotSafe(Shown):
    """An operation that may write, or that goes on, sent by a way that may only read."""

    status = 405
    code = "METHOD_NOT_ALLOWED"


class RateLimited(Shown):
    """The reader has used up his rate or his quota."""

    status = 429
    code = "RATE_LIMITED"


class Overloaded(Shown):
    """More is asked at once than can be answered in time."""

    status = 503
    code = "OVERLOADED"


class Refused(HubError):
    """The document, its operation name or its variables are refused; nothing was read.

    `errors` are all the reasons, each a `Shown`.
    """

    def __init__(self, errors: Sequence[Shown]) -> None:
        self.errors = tuple(errors)
        super().__init__("; ".join(error.message for error in self.errors))

    @property
    def status(self) -> int:
        """Of HTTP, if a reason has one of its own; otherwise 0."""
        return next((error.status for error in self.errors if error.status), 0)


class Internal(HubError):
    """Something inside went wrong; the client is told no more than that."""


@dataclass(eq=False)
class SourceUnavailable(Internal):
    """A source did not answer in time or at all. `source` is its public name; `cause` is for the log only.

    `code` and `message` say it in other words than that the source is unavailable.
    """

    source: str
    cause: BaseException | None = None
    code: str = ""
    message: str = ""

    def __str__(self) -> str:
        return f"source `{self.source}` is unavailable: {self.cause!r}"


class StoreUnavailable(Internal):
    """What replicas share did not answer in time or at all. Never leaves `hub.cache` where there is a fallback."""


def origin(error: BaseException) -> str:
    """What a log may say of an error: its kind and where it arose, and those of its causes.

    The message stays out: drivers put values of persons into theirs.
    """
    lines = [type(error).__name__, *"".join(traceback.format_tb(error.__traceback__)).splitlines()]
    cause = error.__cause__ or (error.cause if isinstance(error, SourceUnavailable) else None)
    if cause is not None and cause is not error:
        lines.append(f"caused by {origin(cause)}")
    return "\n".join(lines)
