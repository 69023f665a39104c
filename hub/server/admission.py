"""Who may ask now: a bounded number of requests under way, and for each reader a rate and a quota.

    blocked?  ->  a place under way  ->  the engine, which tells the cost  ->  rate and quota  ->  the answer

A reader is a partner's agreement, an analyst's project, or else the subject of the token. His rate counts requests; his
quota counts what they cost, which is known before anything is read (`hub.operation.cost`). Both are taken at once, from
the store that replicas share. A request that is refused for what is wrong with it costs one request and nothing else.

INVARIANT: what is charged depends on the document, its variables and the reader's contract, never on what was found: a
hidden record and an absent one cost the same.

Source: RFC 6585 (429), RFC 9110 section 10.2.3 (Retry-After), draft-ietf-httpapi-ratelimit-headers-10.
"""

from __future__ import annotations

import asyncio
import hashlib
import math
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeVar, TypeVarTuple

from hub.cache import NEVER, Bounded, Charge, Quota, Rate, Store, Verdict
from hub.errors import Overloaded, RateLimited, Refused, Shown
from hub.model.request import Request, Response, refusal
from hub.model.viewer import Audience, Viewer

READERS_KEPT = 10_000

# Windows begin at midnight in Viet Nam, which is seven hours ahead all year.
_MIDNIGHT = -7 * 3600.0

Window = tuple[int, int]
"""So much in so many seconds."""

Header = tuple[bytes, bytes]
Result = TypeVar("Result")
Arguments = TypeVarTuple("Arguments")


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is admitted.

    rates, quotas  for each audience that has one: requests, and cost
    concurrent     requests under way in this process
    waiting, wait  how many more wait for a place, and how many seconds
    secret         readers stand in the shared store under names made with it
    """

    rates: Mapping[Audience, Window] = field(default_factory=dict)
    quotas: Mapping[Audience, Window] = field(default_factory=dict)
    concurrent: int = 256
    waiting: int = 512
    wait: float = 1.0
    secret: bytes = field(default=b"", repr=False)


class Admitted(Protocol):
    """What is asked once a request is admitted."""

    async def execute(
        self, request: Request, viewer: Viewer, charge: Callable[[int], Awaitable[None]] | None = None
    ) -> Response: ...
    async def ready(self) -> Mapping[str, bool]: ...


class Admission:
    """An engine that is asked no more than it may be."""

    __slots__ = ("_allowance", "_blocked", "_clock", "_counted", "_engine", "_names", "_places", "_store")

    def __init__(
        self, engine: Admitted, store: Store, allowance: Allowance, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._engine = engine
        self._store = store
        self._allowance = allowance
        self._counted = allowance.rates.keys() | allowance.quotas.keys()
        self._clock = clock
        self._places = _Places(allowance)
        self._names: Bounded[Viewer, str] = Bounded(READERS_KEPT)
        # Whose rate is used up is told so at once: no document is read for him, and no store asked.
        self._blocked: Bounded[str, float] = Bounded(READERS_KEPT)

    async def ready(self) -> Mapping[str, bool]:
        return await self._engine.ready()

    async def execute(self, request: Request, viewer: Viewer) -> Response:
        """The answer, or a refusal with a status and headers of its own."""
        try:
            if self._counts(viewer):
                return await self._charged(request, viewer)
            return await self._placed(self._engine.execute, request, viewer, None)
        except Refused as refused:
            headers = retry_after(refused)
            return Response(refusal(refused.errors), executed=False, status=refused.status, headers=headers)

    async def beside(self, viewer: Viewer, work: Callable[[], Awaitable[Result]]) -> Result:
        """Work for a reader beside the graph: it takes a place and one of his requests, or raises `Refused`."""
        if self._counts(viewer):
            name = self._name(viewer)
            self._check_blocked(name)
            await self._charge(name, viewer.profile.audience, 0)
        return await self._placed(work)

    def _counts(self, viewer: Viewer) -> bool:
        """Whether he has a rate or a quota here: a hub that asks for a reader has counted him itself."""
        return viewer.profile.audience in self._counted and viewer.profile.asserted is None

    async def _charged(self, request: Request, viewer: Viewer) -> Response:
        name = self._name(viewer)
        self._check_blocked(name)
        headers: tuple[Header, ...] = ()
        charged = False

        async def charge(cost: int) -> None:
            nonlocal charged, headers
            charged = True
            headers = await self._charge(name, viewer.profile.audience, cost)

        response = await self._placed(self._engine.execute, request, viewer, charge)
        if not charged:
            await charge(0)
        return replace(response, headers=(*response.headers, *headers)) if headers else response

    async def _placed(self, work: Callable[[*Arguments], Awaitable[Result]], *arguments: *Arguments) -> Result:
        if not self._places.taken():
            await self._places.wait()
        try:
            return await work(*arguments)
        finally:
            self._places.give_back()

    def _name(self, viewer: Viewer) -> str:
        found = self._names.get(viewer)
        if found is None:
            profile = viewer.profile
            shared = profile.agreement is not None or profile.project is not None
            alone = "" if shared else viewer.subject or viewer.name
            text = "\0".join((profile.audience, profile.agreement or "", profile.project or "", alone)).encode()
            found = self._names.put(viewer, hashlib.blake2b(text, key=self._allowance.secret[:64]).hexdigest()[:32])
        return found

    def _check_blocked(self, name: str) -> None:
        until = self._blocked.get(name)
        if until is not None:
            if (seconds := until - self._clock()) > 0:
                raise Refused([_too_many(seconds)])
            self._blocked.forget(name)

    async def _charge(self, name: str, audience: Audience, cost: int) -> tuple[Header, ...]:
        """Takes one request and its cost; gives the headers that say what is left, or raises `Refused`."""
        charges: list[Charge] = []
        if rate := self._allowance.rates.get(audience):
            charges.append(Charge(Rate(f"rate:{name}", *rate), 1))
        if quota := self._allowance.quotas.get(audience):
            charges.append(Charge(Quota(f"quota:{name}", *quota, offset=_MIDNIGHT), cost))
        verdict = await self._store.charge(charges)
        if verdict.granted:
            return _standing(charges, verdict)
        for one, level in zip(charges, verdict.levels, strict=True):
            if level.waits and isinstance(one.bucket, Rate):
                self._blocked.put(name, self._clock() + level.waits)
                raise Refused([_too_many(level.waits)])
        raise Refused([_too_dear(charges[-1], verdict)])


class _Places:
    """A bounded number of requests under way, and a short queue before them, in the order in which they came."""

    __slots__ = ("_allowance", "_taken", "_waiting")

    def __init__(self, allowance: Allowance) -> None:
        self._allowance = allowance
        self._taken = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    def taken(self) -> bool:
        """Whether there was a place; then it is taken."""
        if self._taken >= self._allowance.concurrent:
            return False
        self._taken += 1
        return True

    async def wait(self) -> None:
        """Returns with a place, or raises `Refused`."""
        if len(self._waiting) >= self._allowance.waiting:
            raise Refused([_overloaded()])
        place = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        try:
            async with asyncio.timeout(self._allowance.wait):
                await place
        except BaseException as error:
            if place.done() and not place.cancelled():
                self.give_back()  # it came while he left
            elif place in self._waiting:
                self._waiting.remove(place)
            if isinstance(error, TimeoutError):
                raise Refused([_overloaded()]) from None
            raise

    def give_back(self) -> None:
        while self._waiting:
            place = self._waiting.popleft()
            if not place.done():
                place.set_result(None)
                return
        self._taken -= 1


def _overloaded() -> Shown:
    return Overloaded("too much is asked at once: try again in a second", details={"retryAfter": 1})


def _too_many(seconds: float) -> Shown:
    wait = max(1, math.ceil(seconds))
    return RateLimited(f"too many requests: try again in {wait} s", details={"retryAfter": wait})


def _too_dear(charge: Charge, verdict: Verdict) -> Shown:
    cost, left = charge.amount, max(0, int(verdict.levels[-1].left))
    if verdict.waits == NEVER:
        message = f"the request costs {cost}, and the whole quota is {charge.bucket.most}: ask for less at once"
        return RateLimited(message, code="QUOTA_EXCEEDED")
    wait = max(1, math.ceil(verdict.waits))
    message = f"the request costs {cost}, and {left} of the quota is left: ask for less, or again in {wait} s"
    return RateLimited(message, code="QUOTA_EXCEEDED", details={"retryAfter": wait})


def retry_after(refused: Refused) -> tuple[Header, ...]:
    """The header that says when to come back, if that helps."""
    wait = refused.errors[0].details.get("retryAfter")
    return ((b"retry-after", b"%d" % wait),) if isinstance(wait, int) else ()


def _standing(charges: list[Charge], verdict: Verdict) -> tuple[Header, ...]:
    """What is allowed and what is left, as the draft of the IETF writes it."""
    policies, standings = [], []
    for one, level in zip(charges, verdict.levels, strict=True):
        name = '"requests"' if isinstance(one.bucket, Rate) else '"cost"'
        policies.append(f"{name};q={one.bucket.most};w={one.bucket.seconds:.0f}")
        standings.append(f"{name};r={max(0, int(level.left))};t={math.ceil(level.resets)}")
    return (
        (b"ratelimit-policy", ", ".join(policies).encode()),
        (b"ratelimit", ", ".join(standings).encode()),
    )
