"""What the page at /graphql asks beside the graph: who reads, what he may see, examples, the map, the policy.

Everything is about the reader of the token, and says what his own schema and universe say and no more: a field that he
does not know is not shared, whether it exists or not; a cell of the policy is named, and what it is made of is not. In
the demo, and there only, the page may ask for the sample viewers' tokens.

    GET  /pages/me        who reads: audience, standings, universe where it is more than one class, agreement
    GET  /pages/examples  queries that run as they stand for this reader
    GET  /pages/map       types and what leads from one to another
    POST /pages/rights    an operation -> what is given of each field, and the cell that decides it
    GET  /pages/policy    the policy as this reader may know it, as a page
    GET  /pages/demo      the sample viewers; POST with a `name` gives a token
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol

import orjson
from starlette.requests import Request as HTTPRequest
from starlette.responses import Response
from starlette.routing import Route

from hub.cache import Bounded
from hub.errors import NotUnderstood, Refused, Shown, Unauthenticated, Unverifiable
from hub.model.effect import Effect
from hub.model.graph import Agreement
from hub.model.request import Request, refusal
from hub.model.viewer import Audience, Profile, Universe, Viewer, standings
from hub.pages.examples import Example
from hub.policy import Explanation, Place
from hub.policy.explain import Decision, walk
from hub.policy.words import audience_words, class_words, effect_words, standing_words
from hub.server.admission import Admission, Header, retry_after
from hub.server.answers import body_of_internal
from hub.server.graphql import Identifies
from hub.server.pages import plain_page

_CELL = re.compile(r"\S+ (\[[\w.-]+\] \w+)")
_MAX_BODY = 200_000
PROFILES_KEPT = 256


class Explains(Protocol):
    """What the page asks of the engine."""

    def explained(self, request: Request, profile: Profile) -> tuple[Explanation, tuple[tuple[int, int], ...]]: ...
    def chart(self, profile: Profile) -> tuple[Place, ...]: ...
    def shows_plans(self, profile: Profile) -> bool: ...
    def agreement(self, profile: Profile) -> Agreement | None: ...


@dataclass(frozen=True, slots=True)
class DemoViewers:
    """The sample viewers of a demo: name and what he is; and who makes a token for one."""

    viewers: Sequence[tuple[str, str]]
    token: Callable[[str], str]


class Explore:
    """The routes. `policy` makes the page of the policy for a reader."""

    def __init__(
        self,
        engine: Explains,
        identity: Identifies,
        examples: Sequence[Example],
        policy: Callable[[Profile], str],
        demo: DemoViewers | None = None,
    ) -> None:
        self._engine = engine
        self._identity = identity
        self._examples = examples
        self._policy = policy
        self._demo = demo
        # Each is validated to know whether it runs; nothing that it hangs on changes while this answers.
        self._offered: Bounded[Profile, tuple[Example, ...]] = Bounded(PROFILES_KEPT)

    def routes(self, admission: Admission, seconds: float) -> Iterator[Route]:
        """The addresses, each by its gate; an answer takes `seconds` at most."""
        gate = partial(self._gate, admission, seconds)
        yield Route("/pages/me", gate(self._me), methods=["GET"])
        yield Route("/pages/examples", gate(self._own_examples), methods=["GET"])
        yield Route("/pages/map", gate(self._map), methods=["GET"])
        yield Route("/pages/rights", gate(self._rights), methods=["POST"])
        yield Route("/pages/policy", gate(self._policy_page), methods=["GET"])
        if self._demo is not None:
            yield Route("/pages/demo", self._sample, methods=["GET", "POST"])

    def _gate(
        self, admission: Admission, seconds: float, answer: Callable[[HTTPRequest, Viewer], Awaitable[Response]]
    ) -> Callable[[HTTPRequest], Awaitable[Response]]:
        """The token first, then what is admitted, then the answer; what is wrong is said as everywhere."""

        async def gated(request: HTTPRequest) -> Response:
            try:
                peer = request.client.host if request.client is not None else ""
                certificate = _each(request, "client-cert")
                viewer = await self._identity.viewer(_each(request, "authorization"), certificate, peer)
                async with asyncio.timeout(seconds):
                    return await admission.beside(viewer, lambda: answer(request, viewer))
            except Unauthenticated as error:
                return _said(401, refusal([error]))
            except Unverifiable as error:
                return _said(503, refusal([error]), ((b"retry-after", b"1"),))
            except NotUnderstood as error:
                return _said(400, refusal([error]))
            except Refused as refused:
                return _said(refused.status or 200, refusal(refused.errors), retry_after(refused))
            except TimeoutError:
                return _said(503, refusal([Shown("the request took too long", code="TIMEOUT")]))
            except Exception as error:  # noqa: BLE001 - the last gate: nothing of it goes out, all of it is logged
                return _said(500, body_of_internal(error))

        return gated

    async def _me(self, _: HTTPRequest, viewer: Viewer) -> Response:
        profile = viewer.profile
        agreement = self._engine.agreement(profile)
        found = {
            "audience": _both(audience_words(profile.audience)),
            "name": viewer.name or None,
            "standings": [_both(standing_words(one)) for one in standings(profile.audience)],
            "universe": _universe(profile),
            "project": profile.project,
            "agreement": agreement
            and {
                "name": agreement.name,
                "partner": agreement.partner,
                "purposes": dict(agreement.purposes),
                "from": f"{agreement.valid_from:%Y-%m-%d}",
                "until": f"{agreement.valid_until:%Y-%m-%d}",
            },
            "plans": self._engine.shows_plans(profile),
        }
        return _json({key: value for key, value in found.items() if value is not None})

    async def _own_examples(self, _: HTTPRequest, viewer: Viewer) -> Response:
        profile = replace(viewer.profile, project=None)  # all projects see the same
        offered = self._offered.get(profile)
        if offered is None:
            found = [one for one in self._examples if profile.audience in one.audiences and self._runs(one, profile)]
            offered = self._offered.put(profile, tuple(found))
        return _json([{"name": one.name, "vi": one.vi, "en": one.en, "query": one.query} for one in offered])

    def _runs(self, example: Example, profile: Profile) -> bool:
        """Whether the reader's schema has all that the example asks for: others are not his to know."""
        try:
            explanation, missing = self._engine.explained(Request(example.query), profile)
        except Refused:
            return False
        return not missing and not explanation.refused

    async def _map(self, _: HTTPRequest, viewer: Viewer) -> Response:
        return _json(
            [
                {
                    "name": one.name,
                    "says": one.says,
                    "source": one.source,
                    "fields": one.fields,
                    "links": [{"field": link.field, "to": link.to, "many": link.many} for link in one.links],
                }
                for one in self._engine.chart(viewer.profile)
            ]
        )

    async def _rights(self, request: HTTPRequest, viewer: Viewer) -> Response:
        asked = await _body(request)
        document, name, variables = asked.get("query"), asked.get("operationName"), asked.get("variables")
        if not isinstance(document, str):
            raise NotUnderstood("`query` must be a string")
        if name is not None and not isinstance(name, str):
            raise NotUnderstood("`operationName` must be a string")
        if variables is not None and not isinstance(variables, dict):
            raise NotUnderstood("`variables` must be an object")
        explanation, missing = self._engine.explained(Request(document, name, variables or {}), viewer.profile)
        fields = [
            {
                "path": list(path),
                "name": one.name,
                "on": list(one.on),
                "line": one.location[0],
                "column": one.location[1],
                "standing": _both(standing_words(one.standing)),
                "given": _given(one.decisions),
                "refused": bool(one.refused),
            }
            for path, one in walk(explanation.fields)
        ]
        return _json({"fields": fields, "missing": [{"line": line, "column": column} for line, column in missing]})

    async def _policy_page(self, _: HTTPRequest, viewer: Viewer) -> Response:
        # Making it takes a moment, in which others want answers.
        return plain_page(await asyncio.to_thread(self._policy, viewer.profile))

    async def _sample(self, request: HTTPRequest) -> Response:
        assert self._demo is not None
        if request.method == "GET":
            return _json([{"name": name, "says": says} for name, says in self._demo.viewers])
        try:
            name = (await _body(request)).get("name")
        except NotUnderstood as error:
            return _said(400, refusal([error]))
        if name not in [known for known, _ in self._demo.viewers]:
            return _said(404, refusal([Shown("there is no such sample viewer", code="NOT_FOUND")]))
        return _json({"token": self._demo.token(str(name))})


def _universe(profile: Profile) -> Mapping[str, object] | None:
    """The classes of records, for who is cleared for more than one; nobody else is told that there are classes."""
    own = profile.own if profile.audience is Audience.CITIZEN else profile.others
    if own is Universe.CIVILIAN:
        return None
    return {"classes": [_both(class_words(one)) for one in own.classes]}


def _given(decisions: Sequence[Decision]) -> list[Mapping[str, object]]:
    """What is given, once where all classes agree, else for each class of the reader's own universe."""
    together = len({one.effect for one in decisions}) == 1
    return [_decided(one, named=not together) for one in (decisions[:1] if together else decisions)]


def _decided(decision: Decision, *, named: bool) -> Mapping[str, object]:
    words = effect_words(decision.effect)
    cell = _CELL.search(decision.because)
    agreement = re.search(r"agreement ([a-z0-9-]+)", decision.because)
    found: dict[str, object] = {
        "effect": "show" if decision.effect is Effect.SHOW else "deny" if decision.effect is Effect.DENY else "mask",
        "words": _both(words.words),
        "example": words.example if decision.effect.is_mask else "",
        "cell": cell[1] if cell else "",
        "agreement": agreement[1] if agreement else "",
    }
    return found | {"class": _both(class_words(decision.record_class))} if named else found


def _both(words: Any) -> Mapping[str, str]:
    return {"vi": words.vi, "en": words.en}


async def _body(request: HTTPRequest) -> Mapping[str, Any]:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise NotUnderstood("the content type must be `application/json`")
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > _MAX_BODY:
            raise NotUnderstood(f"the body is larger than {_MAX_BODY} bytes")
    try:
        found = orjson.loads(content)
    except orjson.JSONDecodeError:
        raise NotUnderstood("the body is not JSON") from None
    if not isinstance(found, dict):
        raise NotUnderstood("the body must be a JSON object")
    return found


def _json(content: object) -> Response:
    return _said(200, orjson.dumps(content))


def _each(request: HTTPRequest, name: str) -> list[bytes]:
    """A header, as often as it came."""
    return [value.encode("latin-1") for value in request.headers.getlist(name)]


def _said(status: int, body: bytes, more: Sequence[Header] = ()) -> Response:
    headers = {"cache-control": "private, no-store", "x-content-type-options": "nosniff"}
    return Response(body, status, headers | {name.decode(): value.decode() for name, value in more}, "application/json")
