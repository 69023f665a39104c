"""Questions x keys -> texts: one request to a remote subgraph, whatever number of questions go with it."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import chain
from math import isfinite
from typing import Any, NoReturn

import orjson
from graphql import GraphQLSchema

from hub.errors import SourceUnavailable
from hub.model.plan import Fetch
from hub.model.source import GIVEN, KEY_PARTS, NO_KEY, Asked, Question, Texts, failure
from hub.model.viewer import Audience, Profile, Standing, Universe
from hub.sources.remote.question import SLOT, Asking, Rows, Types, remote_question
from hub.sources.remote.reading import DEEPEST, MALFORMED, OUTSIDE, Errors, malformed, malformed_message, nests
from hub.sources.remote.transport import Transport

TOGETHER = 16
# Lists of representations in one request: one for each question, and for each value that comes with its keys.
MOST_LISTS = 100
# Longer than any that leads into an answer: operations are not as deep.
_LONGEST_PATH = 200
# Digits and a sign of what has 64 bits, and one more.
_LONGEST_WHOLE = 22
# What is no such word is text, and not for clients.
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_.:-]{0,63}")

log = logging.getLogger("hub.sources.remote")


class RemoteSource:
    """One remote subgraph.

    rows     what is known of its rows, and carried out on them here
    sign     source, profile, standing -> the assertion that goes with a request
    trusted  whether the text of its errors may be shown, and what extensions they have beside a code
    coded    whether their codes may
    onward   headers that say which request a request to the subgraph is a part of
    """

    def __init__(
        self,
        name: str,
        api: GraphQLSchema,
        types: Types,
        transport: Transport,
        rows: Rows | None = None,
        *,
        sign: Callable[[str, Profile, Standing], str] | None = None,
        trusted: bool = False,
        coded: bool = True,
        onward: Callable[[], Mapping[str, str]] | None = None,
    ) -> None:
        self.name = name
        self.together = TOGETHER
        self.transport = transport
        self._api = api
        self._types = types
        self._rows = rows or Rows()
        self._sign = sign
        self._trusted = trusted
        self._coded = coded
        self._onward = onward

    def question(self, fetch: Fetch) -> Question:
        """The selection of a fetch."""
        return remote_question(fetch, self._api, self._types, self._rows)

    def readable(self, question: Question) -> str:
        """The document, as it goes out when no other question goes with it."""
        return _document([question])

    def width(self, universe: Universe) -> int:
        """How many requests may be under way at once."""
        return self.transport.width

    async def ask(self, asked: Sequence[Asked]) -> Sequence[Mapping[str, Texts]]:
        """The texts of each representation that the subgraph knows. A question of a root goes alone."""
        if any(question.reading.empty for question, _, _ in asked):
            # All of them are asked for the same reader.
            return [
                {} if question.reading.entity else {NO_KEY: ("null",) * question.columns} for question, _, _ in asked
            ]
        if not any(question.reading.given for question, _, _ in asked):
            return await self._ask(asked)
        lists = [(number, behind, one) for number, each in enumerate(asked) for behind, one in by_values(each)]
        portions = [lists[start : start + MOST_LISTS] for start in range(0, len(lists), MOST_LISTS)]
        answers = await asyncio.gather(*(self._ask([one for _, _, one in portion]) for portion in portions))
        found: list[dict[str, Texts]] = [{} for _ in asked]
        for (number, behind, _), texts in zip(lists, chain.from_iterable(answers), strict=True):
            found[number].update({f"{key}{behind}": text for key, text in texts.items()})
        return found

    async def _ask(self, asked: Sequence[Asked]) -> Sequence[Mapping[str, Texts]]:
        body = _body(asked)
        mutates = any(question.reading.operation == "mutation" for question, _, _ in asked)
        try:
            answer = _decoded(await self.transport.post(body, retry=not mutates, headers=self._told(asked)))
        except (ValueError, RecursionError) as error:
            raise self._malformed(error) from error
        if not isinstance(answer, dict) or not ("data" in answer or "errors" in answer):
            raise self._malformed(None)
        if not isinstance(answer.get("errors", []), list | type(None)):
            raise self._malformed(None)
        errors = self._errors(answer.get("errors"))
        data = answer.get("data")
        if not isinstance(data, dict):
            first = errors.first()
            if first is None:
                raise self._malformed(None)
            return [dict.fromkeys(keys, (first,) * question.columns) for question, _, keys in asked]
        return [self._texts(f"_{slot}", question, keys, data, errors) for slot, (question, _, keys) in enumerate(asked)]

    def _told(self, asked: Sequence[Asked]) -> Mapping[str, str]:
        """For whom a request is made. INVARIANT: its questions are asked for readers of one profile and standing."""
        asserted = asked[0][0].fetch.asserted
        told = self._bearing(asserted.profile, asserted.standing) if asserted is not None else {}
        return told if self._onward is None else {**told, **self._onward()}

    def _bearing(self, profile: Profile, standing: Standing) -> Mapping[str, str]:
        return {} if self._sign is None else {"authorization": f"Bearer {self._sign(self.name, profile, standing)}"}

    def _texts(
        self, slot: str, question: Question, keys: Sequence[str], data: Mapping[str, Any], errors: Errors
    ) -> Mapping[str, Texts]:
        asking: Asking = question.reading
        if not asking.entity:
            placed = errors if errors.below else None
            return {NO_KEY: tuple(read(data, placed, False) for read in asking.columns)}
        found = data.get(slot)
        below = errors.at(slot)
        if not isinstance(found, list) or len(found) != len(keys):
            text = (below.first() if below else None) or errors.here or malformed(self.name)
            return dict.fromkeys(keys, (text,) * question.columns)
        texts: dict[str, Texts] = {}
        for index, (key, entity) in enumerate(zip(keys, found, strict=True)):
            at = below.at(index) if below else None
            if entity is None:
                failed = at.first() if at else None
                if failed is not None and not asking.hides:
                    texts[key] = (failed,) * question.columns
                elif failed is not None:
                    log.error("`%s` failed in a row before its class was known", self.name)
            elif isinstance(entity, dict):
                found_texts = tuple(read(entity, at, False) for read in asking.columns)
                if OUTSIDE not in found_texts:
                    texts[key] = found_texts
            else:
                texts[key] = (malformed(self.name),) * question.columns
        return texts

    def _errors(self, found: Any) -> Errors:
        errors = Errors()
        if found is None:
            return errors
        for one in found:
            entry = one if isinstance(one, dict) else {}
            path = entry.get("path")
            steps = path if isinstance(path, list) and all(isinstance(step, str | int) for step in path) else []
            errors.add(steps[:_LONGEST_PATH], self._error_text(entry))
        return errors

    def _error_text(self, entry: Mapping[str, Any]) -> str:
        """What is shown of a subgraph's error: its code, and its text and other extensions if they may be shown."""
        found = entry.get("extensions")
        extensions = found if isinstance(found, dict) else {}
        code = extensions.get("code")
        message = entry.get("message") if self._trusted else None
        shown = message if isinstance(message, str) else f"the {self.name} part of the graph could not answer"
        known = code if self._coded and isinstance(code, str) and _CODE.fullmatch(code) else "DOWNSTREAM_SERVICE_ERROR"
        more = extensions if self._trusted and nests(extensions, DEEPEST) else None
        return failure(self.name, known, shown, more)

    def _malformed(self, cause: BaseException | None) -> SourceUnavailable:
        return SourceUnavailable(self.name, cause, code=MALFORMED, message=malformed_message(self.name))

    def resting(self) -> bool:
        """Whether the breaker is open."""
        return self.transport.resting

    async def ready(self) -> bool:
        """Whether the subgraph answers at all, and takes what it is told of a reader."""
        headers = self._bearing(Profile(Audience.OFFICER), Standing.OFFICIAL)
        try:
            await self.transport.post(orjson.dumps({"query": "{ __typename }"}), retry=False, headers=headers)
        except SourceUnavailable:
            return False
        return True

    async def close(self) -> None:
        """Closes the connections."""
        await self.transport.close()


def by_values(asked: Asked) -> Iterator[tuple[str, Asked]]:
    """A question for each of the values that come with its keys, as parameters, with what stands behind those keys."""
    question, parameters, keys = asked
    found: dict[str, list[str]] = {}
    for key in keys:
        handed, sign, values = key.partition(GIVEN)
        found.setdefault(f"{sign}{values}", []).append(handed)
    for behind, handed_over in found.items():
        given = behind.split(GIVEN)[1:]
        taken = (_inside(given[index], levels) for index, levels in question.reading.given)
        yield behind, (question, (*parameters, *taken), handed_over)


def _inside(text: str, levels: int) -> str:
    """The value in so many objects, of lists in each item: what a selection of one field leads to."""
    return orjson.dumps(_leaf(orjson.loads(text), levels)).decode() if levels else text


def _leaf(value: Any, levels: int) -> Any:
    if isinstance(value, list):
        return [_leaf(item, levels) for item in value]
    if not levels or not isinstance(value, dict):
        return value
    return next((_leaf(inner, levels - 1) for name, inner in value.items() if name != "__typename"), None)


def _decoded(body: bytes) -> Any:
    """The answer, its numbers with all their digits: `8.00` is not `8.0` to whoever compares two answers."""
    return json.loads(body, parse_float=_fraction, parse_int=_whole, parse_constant=_no_number)


def _fraction(text: str) -> Decimal:
    return Decimal(text) if isfinite(float(text)) else _no_number(text)


def _whole(text: str) -> int | float:
    """Beyond 64 bits a number of double precision, as whoever reads it takes it to be."""
    value = int(text) if len(text) < _LONGEST_WHOLE else None
    if value is not None and -(2**63) <= value < 2**64:
        return value
    number = float(text)
    return number if isfinite(number) else _no_number(text)


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"`{word[:50]}` is no number of JSON that can be read")


def _body(asked: Sequence[Asked]) -> bytes:
    """The request: one operation with a list of representations for each question."""
    variables: list[str] = []
    for slot, (question, parameters, keys) in enumerate(asked):
        asking: Asking = question.reading
        values = zip(asking.variables, parameters, strict=True)
        variables += [
            f'"{name[1:].replace(SLOT, str(slot))}":{value}' for (name, _), value in values if value is not None
        ]
        if asking.entity:
            handed = (_representation(asking, key) for key in keys) if asking.bare else keys
            variables.append(f'"r{slot}":[{",".join(handed)}]')
    document = orjson.dumps(_document([question for question, _, _ in asked]))
    if not variables:
        return b'{"query":' + document + b"}"
    return b'{"query":' + document + b',"variables":{' + ",".join(variables).encode() + b"}}"


def _document(questions: Sequence[Question]) -> str:
    declared: list[str] = []
    selections: list[str] = []
    operation = "query"
    for slot, question in enumerate(questions):
        asking: Asking = question.reading
        operation = asking.operation
        declared += [f"{name.replace(SLOT, str(slot))}: {of}" for name, of in asking.variables]
        selection = asking.selection.replace(SLOT, str(slot))
        if asking.entity:
            declared.append(f"$r{slot}: [_Any!]!")
            selection = f"_{slot}: _entities(representations: $r{slot}) {{ ... on {asking.entity} {{ {selection} }} }}"
        selections.append(selection)
    head = f"{operation}({', '.join(declared)})" if declared else operation
    return f"{head} {{ {' '.join(selections)} }}"


def _representation(asking: Asking, key: str) -> str:
    """The key of an own source, as a subgraph that stands for it takes it."""
    parts = dict(zip(asking.bare, key.split(KEY_PARTS), strict=True))
    return orjson.dumps({"__typename": asking.entity, **parts}).decode()
