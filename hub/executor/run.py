"""Program x variables x viewer -> the bytes of the response."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from hub.errors import Refused, Shown
from hub.executor.complete import complete
from hub.executor.gather import Loader
from hub.executor.join import Answers
from hub.executor.merge import merged
from hub.executor.observe import Observed
from hub.executor.program import Program, RootFetch, RootMerge, RootPart, RootStep, Search
from hub.executor.represented import EntityStep, Position, RootRepresented, represented
from hub.model.source import ABSENT, FAILED, NO_KEY
from hub.model.viewer import Viewer

# The calls of one request that runs them itself, because they change something.
_Calls = dict[int, "asyncio.Future[Answers]"]
_Bound = tuple[RootStep | EntityStep | RootFetch, list[str], tuple[Any, ...]]


def check(program: Program, variables: Mapping[str, Any], viewer: Viewer) -> None:
    """Raises `Refused` if an argument is not acceptable, as `run` would, and asks nothing."""
    variables = {**variables, **{search.wanted.name: [] for search in program.searches}}
    for search in program.searches:
        search.step.bind(variables)
    for _, part in program.parts:
        _Asked.bind(part, program, variables, viewer, {}, None)


async def run(
    program: Program, variables: Mapping[str, Any], viewer: Viewer, observed: Observed | None = None
) -> bytes:
    """The response; raises `Refused` before anything is read if an argument is not acceptable."""
    for search in program.searches:
        variables = {**variables, search.wanted.name: await _keys(search, variables, observed)}
    calls: _Calls = {}
    asked = [(key, _Asked.bind(part, program, variables, viewer, calls, observed)) for key, part in program.parts]
    if not program.serial:
        for _, part in asked:
            part.start()
    pieces: list[str] = []
    for key, part in asked:
        pieces.append(f'{"," if pieces else ""}"{key}":')
        pieces.append(await part.text())
    text = "".join(pieces)
    if FAILED in text or ABSENT in text:
        return complete(text, program.operation)
    return f'{{"data":{{{text}}}}}'.encode()


async def _keys(search: Search, variables: Mapping[str, Any], observed: Observed | None) -> list[str]:
    """The keys that a filter compares with; `Refused` where there are too many, or nobody can tell."""
    wanted = search.wanted
    found = await search.step.loader(search.step.bind(variables), observed).load([NO_KEY])
    text = found[NO_KEY][0]
    if FAILED in text:
        source = wanted.fetch.source
        message = f"`{wanted.place}` cannot be answered: the {source} part of the graph is unavailable"
        raise Refused([Shown(message, code="SOURCE_UNAVAILABLE")])
    page = orjson.loads(text)
    if page["pageInfo"]["hasNextPage"]:
        message = f"`{wanted.place}` holds for more than {wanted.most} records of {wanted.fetch.source}: narrow it"
        raise Refused([Shown(message, code="FILTER_TOO_WIDE")])
    return [node[wanted.key] for node in page["nodes"] if node[wanted.key] is not None]


class _Asked:
    """One root field of one request: its part of the program, and what it was bound to.

    positions  of representations: where the answer of each is found
    """

    __slots__ = ("bound", "calls", "futures", "observed", "part", "positions")

    def __init__(
        self,
        part: RootPart,
        bound: list[_Bound],
        calls: _Calls | None,
        observed: Observed | None,
        positions: Sequence[Position] = (),
    ) -> None:
        self.part = part
        self.bound = bound
        self.positions = positions
        self.calls = calls
        self.observed = observed
        self.futures: list[asyncio.Future[Answers] | None] | None = None

    @classmethod
    def bind(
        cls,
        part: RootPart,
        program: Program,
        variables: Mapping[str, Any],
        viewer: Viewer,
        calls: _Calls,
        observed: Observed | None,
    ) -> _Asked:
        """Binds arguments; nothing is asked yet."""
        positions: Sequence[Position] = ()
        match part:
            case RootStep():
                keys = part.keys(variables, viewer)
                bound: list[Any] = [(part, keys, part.step.bind(variables))]
            case RootRepresented():
                keys_of, positions = part.read(variables)
                bound = [(way, keys, way.step.bind(variables)) for way, keys in zip(part.ways, keys_of, strict=True)]
            case RootFetch():
                bound = [(part, [NO_KEY], part.step.bind(variables))]
            case RootMerge():
                bound = [(one, [NO_KEY], one.step.bind(variables)) for one in part.parts]
            case _:
                bound = []
        return cls(part, bound, calls if program.serial else None, observed, positions)

    def start(self) -> None:
        """Asks. What changes something is asked by a loader of its own: nobody else asks the same."""
        self.futures = [self.ask(*one) for one in self.bound]

    def ask(
        self, part: RootStep | EntityStep | RootFetch, keys: list[str], parameters: tuple[Any, ...]
    ) -> asyncio.Future[Answers] | None:
        if self.calls is None or not isinstance(part, RootFetch):
            return part.step.loader(parameters, self.observed).load(keys) if keys else None
        if part.call not in self.calls:
            self.calls[part.call] = Loader(part.step, parameters, self.observed, changes=True).load(keys)
        return self.calls[part.call]

    async def text(self) -> str:
        """The JSON text of the field."""
        if isinstance(self.part, str):
            return self.part
        if self.futures is None:
            self.start()
        assert self.futures is not None
        found = [await future if future is not None else {} for future in self.futures]
        match self.part:
            case RootStep():
                return _keyed(self.part, self.bound[0][1], found[0])
            case RootRepresented():
                return represented(self.positions, found)
            case RootFetch():
                return found[0][NO_KEY][self.part.column]
            case RootMerge():
                texts = [one[NO_KEY][part.column] for one, part in zip(found, self.part.parts, strict=True)]
                return merged(texts, self.part.order)


def _keyed(part: RootStep, keys: list[str], found: Answers) -> str:
    if not part.lookup.many:
        texts = found.get(keys[0]) if keys else None
        return part.absent if texts is None else texts[0]
    return f"[{','.join([found[key][0] if key in found else 'null' for key in keys])}]"
