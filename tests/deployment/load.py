"""Clients that ask all the time, and know the right answer to everything they ask."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import httpx

PATIENCE = 30.0


@dataclass(frozen=True, slots=True)
class Question:
    """What one viewer asks.

    kind    what it is called in a test: the sources it touches
    answer  the whole `data`, as read from the tables
    """

    kind: str
    token: str
    document: str
    variables: Mapping[str, Any]
    answer: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one request. `told`: `right`, a code, `status` and a number; whatever else is wrong."""

    kind: str
    told: str
    began: float
    seconds: float


@dataclass
class Load:
    """Use it as a context."""

    address: str
    trust: Any
    questions: Sequence[Question]
    clients: int = 8
    outcomes: list[Outcome] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    _came: threading.Condition = field(default_factory=threading.Condition)
    _ended: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="load")
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    async def _run(self) -> None:
        limits = httpx.Limits(max_connections=self.clients)
        async with httpx.AsyncClient(verify=self.trust, limits=limits, timeout=PATIENCE) as client:
            await asyncio.gather(*(self._client(client, number) for number in range(self.clients)))

    async def _client(self, client: httpx.AsyncClient, number: int) -> None:
        turn = number * 7
        while not self._ended.is_set():
            question = self.questions[turn % len(self.questions)]
            turn += 1
            began = time.monotonic()
            told = await self._ask(client, question)
            with self._came:
                self.outcomes.append(Outcome(question.kind, told, began, time.monotonic() - began))
                self._came.notify_all()

    async def _ask(self, client: httpx.AsyncClient, question: Question) -> str:
        body = {"query": question.document, "variables": question.variables}
        headers = {"authorization": f"Bearer {question.token}"}
        try:
            response = await client.post(f"{self.address}/graphql", json=body, headers=headers)
        except httpx.TransportError as error:
            return type(error).__name__
        if response.headers.get("content-type", "").startswith("application/") is False:
            return f"status {response.status_code}"
        found = response.json()
        if "errors" in found:
            codes = {error["extensions"]["code"] for error in found["errors"]}
            self._check_part(question, found.get("data"))
            return " ".join(sorted(codes))
        if found["data"] != question.answer:
            self.wrong.append(f"{question.kind}: {found['data']} and not {question.answer}")
            return "WRONG"
        return "right"

    def _check_part(self, question: Question, data: Any) -> None:
        """What an answer with errors still holds must be this viewer's."""
        if data is not None and not within(data, question.answer):
            self.wrong.append(f"{question.kind}: {data} is no part of {question.answer}")

    def after(self, moment: float, counts: Mapping[str, int]) -> Mapping[str, Counter[str]]:
        """Kind -> how often each was told, of requests begun after a moment; waits for so many of each kind."""

        def there() -> bool:
            found = Counter(one.kind for one in self.outcomes if one.began > moment)
            return all(found[kind] >= count for kind, count in counts.items())

        with self._came:
            assert self._came.wait_for(there, PATIENCE), f"too few answers: {self._tell(moment)}"
            return self._tell(moment)

    def recovered(self, moment: float, counts: Mapping[str, int]) -> None:
        """Waits until so many in a row of each kind are right, of those who began after a moment.

        Each process finds out by itself that something is back, after a pause of its own.
        """

        def there() -> bool:
            for kind, count in counts.items():
                last = [one.told for one in self.outcomes if one.kind == kind and one.began > moment][-count:]
                if len(last) < count or set(last) != {"right"}:
                    return False
            return True

        with self._came:
            assert self._came.wait_for(there, PATIENCE), f"not recovered: {self._tell(moment)}"

    def slowest(self, kind: str, moment: float) -> float:
        with self._came:
            return max(one.seconds for one in self.outcomes if one.kind == kind and one.began > moment)

    def _tell(self, moment: float) -> Mapping[str, Counter[str]]:
        found: dict[str, Counter[str]] = {}
        for one in self.outcomes:
            if one.began > moment:
                found.setdefault(one.kind, Counter())[one.told] += 1
        return found


def within(part: Any, whole: Any) -> bool:
    """Whether an answer is another one with nulls in it."""
    if part is None or part == whole:
        return True
    if isinstance(part, dict) and isinstance(whole, dict):
        return part.keys() <= whole.keys() and all(within(value, whole[key]) for key, value in part.items())
    return False


now: Callable[[], float] = time.monotonic
