"""Where lists are asked: one engine, the oracle over the same rows, and every place where a reader finds a list.

A place is found by following the contract from its root: a new list, or a new way to one, is walked without being
named.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from heapq import heappop, heappush
from itertools import count
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLObjectType,
    get_named_type,
    get_nullable_type,
)

from hub.engine import Engine
from hub.model.mapping import By
from hub.model.request import Request
from hub.model.viewer import Audience, Profile, Standing, Viewer
from tests.engine import oddities
from tests.engine.country import PROFILES, PURPOSE, Country, read_knowledge
from tests.engine.oracle import Knowledge, read_tables
from tests.engine.rules import Where, after
from tests.lists.oracle import CURSOR, Listed, Lists, connections, homes

KEYS: Mapping[str, str] = {
    "personalId": oddities.THREEFOLD,
    "bookCode": "SO-CIVILIAN",
    "taxCode": oddities.SHARED_EMPLOYER,
    "householdId": oddities.HOUSEHOLD,
}
"""By what look-ups find something that has lists, and rows in every class."""

SUBJECTS = (oddities.THREEFOLD, oddities.RELATED, oddities.RENEWED)
"""Citizens: with much of his own, and with children in her care."""

Composite = GraphQLObjectType | GraphQLInterfaceType
_MANY = 100  # steps: a way through no list is the shorter one


@dataclass(frozen=True, slots=True)
class Place:
    """A list where a reader finds it.

    steps     fields on the way there, as they are written
    standing  of the reader to the list's owner; `below` to its rows
    single    whether there is one such list in the answer: no other list is on the way
    """

    where: Where
    field: GraphQLField
    steps: tuple[str, ...]
    standing: Standing | None
    below: Standing
    single: bool

    def document(self, text: str) -> str:
        """The operation's selection that asks for the list with this text."""
        return f"{{ {' { '.join((*self.steps, text))}{' }' * len(self.steps)} }}"

    def found(self, data: Any) -> Any:
        """The list in an answer that has one of them, or null where something on the way is."""
        for step in (*self.steps, self.where[1]):
            data = data and data[step.split("(")[0]]
        return data

    @property
    def node(self) -> Composite:
        return nodes_of(self.field)


def inputs_of(of: Any) -> Mapping[str, GraphQLInputField]:
    """The fields of the input object that an argument takes, or a list of."""
    named = get_named_type(of)
    assert isinstance(named, GraphQLInputObjectType)
    found: Mapping[str, GraphQLInputField] = named.fields
    return found


def is_connection(of: GraphQLField) -> bool:
    named = get_named_type(of.type)
    return isinstance(named, GraphQLObjectType) and {"nodes", "pageInfo", "totalCount"} <= named.fields.keys()


def nodes_of(of: GraphQLField) -> Composite:
    named = get_named_type(of.type)
    assert isinstance(named, GraphQLObjectType)
    node = get_named_type(named.fields["nodes"].type)
    assert isinstance(node, GraphQLObjectType | GraphQLInterfaceType)
    return node


@dataclass(slots=True)
class Asked:
    """An operation as the oracle reads it: the names of rows stand in it for cursors."""

    document: str
    variables: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class World:
    """One engine on one loop, and what the oracle reads."""

    runner: asyncio.Runner
    engine: Engine
    country: Country
    knowledge: Knowledge

    @cached_property
    def lists(self) -> Mapping[Where, Listed]:
        return connections(self.engine.built.declared)

    @cached_property
    def homes(self) -> Mapping[str, Listed]:
        """The list of all entities of a type, by which what is behind a link is filtered."""
        return homes(self.lists)

    def field(self, where: Where) -> GraphQLField:
        owner = self.engine.built.supergraph.api.type_map[where[0]]
        assert isinstance(owner, Composite)
        found: GraphQLField = owner.fields[where[1]]
        return found

    def ask(self, document: str, viewer: Viewer, variables: Mapping[str, Any] | None = None) -> bytes:
        """The bytes that the engine answers with."""
        request = Request(document, None, variables or {}, PURPOSE)
        return self.runner.run(self.engine.execute(request, viewer)).body

    def data(self, document: str, viewer: Viewer, variables: Mapping[str, Any] | None = None) -> Any:
        """What is answered to an operation that nothing is wrong with."""
        answer = json.loads(self.ask(document, viewer, variables))
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    def errors(
        self, document: str, viewer: Viewer, variables: Mapping[str, Any] | None = None
    ) -> list[tuple[str, str]]:
        """The codes and messages that an operation is refused with; it is answered with nothing else."""
        answer = json.loads(self.ask(document, viewer, variables))
        assert "data" not in answer, answer
        return [(one["extensions"]["code"], one["message"]) for one in answer["errors"]]

    def oracle(self, viewer: Viewer) -> Lists:
        return Lists(self.knowledge, self.lists, viewer.profile, viewer.subject)

    def conversation(self, viewer: Viewer) -> Conversation:
        return Conversation(self, viewer, self.oracle(viewer))

    def places(self, profile: Profile) -> list[Place]:
        """Every list a reader can get to, once for every standing to its owner, by the shortest way.

        But for searches, whose rows and order are not those of a filter.
        """
        return [
            Place((of.name, name), one, steps, standing, after(standing, (of.name, name)), single)
            for of, standing, steps, single in self.ways(profile)
            for name, one in of.fields.items()
            if is_connection(one) and self.knowledge.rules.usable(profile, standing, (of.name, name))
            if not self.lists[of.name, name].rows.search
        ]

    def ways(self, profile: Profile) -> Iterator[tuple[Composite, Standing | None, tuple[str, ...], bool]]:
        """Every type and standing a reader can get to, with the steps there, and whether they lead to one object."""
        query = self.engine.contract(profile).query_type
        assert query is not None
        tie = count()
        todo: list[tuple[int, int, Composite, Standing | None, tuple[str, ...]]] = [(0, next(tie), query, None, ())]
        seen: set[tuple[str, Standing | None]] = set()
        while todo:
            cost, _, of, standing, steps = heappop(todo)
            if (of.name, standing) in seen:
                continue
            seen.add((of.name, standing))
            yield of, standing, steps, cost < _MANY
            for name, one in of.fields.items():
                named, below = get_named_type(one.type), after(standing, (of.name, name))
                usable = self.knowledge.rules.usable(profile, standing, (of.name, name))
                if not isinstance(named, Composite) or not usable:
                    continue
                if is_connection(one):
                    if self.lists[of.name, name].rows.search:
                        continue
                    heappush(
                        todo, (cost + _MANY, next(tie), nodes_of(one), below, (*steps, f"{name}(first: 3)", "nodes"))
                    )
                    continue
                many = isinstance(get_nullable_type(one.type), GraphQLList)
                if not one.args or (one.args.keys() <= KEYS.keys() and not many):
                    given = ", ".join(f'{argument}: "{KEYS[argument]}"' for argument in one.args)
                    step = f"{name}({given})" if given else name
                    heappush(todo, (cost + (_MANY if many else 1), next(tie), named, below, (*steps, step)))

    def unreached(self, profile: Profile) -> set[Where]:
        """Lists of a reader's contract whose owner no way leads to.

        A contract is for all standings: a list may be in it that is shown on none of the ways there are.
        """
        owners = {of.name for of, _, _, _ in self.ways(profile)}
        return {
            (name, field_name)
            for name, of in self.engine.contract(profile).type_map.items()
            if isinstance(of, GraphQLObjectType) and name not in owners
            for field_name, one in of.fields.items()
            if is_connection(one)
        }


UNSERVED = re.compile(r"`([\w.]+)` alone would read a whole register: add a condition that is not so marked")
TOO_MANY = re.compile(r"`[\w.]+` holds for more than (\d+) records of \w+: narrow it")

READERS: Mapping[str, Profile] = {
    name: PROFILES[name]
    for name in (
        "citizen",
        "citizen cleared for all of his own",
        "officer",
        "officer cleared for all",
        "defence officer",
        "security officer cleared for all",
        "analyst",
        "health ministry",
        "partner of everything",
        "partner for service pensions",
    )
}
"""Readers whose universes differ, and what they are given in the classes of these."""


def viewers(name: str) -> Sequence[Viewer]:
    """A reader, as every subject whose own lists are worth walking."""
    profile = READERS[name]
    return [Viewer(profile, one) for one in SUBJECTS] if profile.audience is Audience.CITIZEN else [Viewer(profile)]


@dataclass
class Conversation:
    """Asks the engine and the oracle the same, in which rows have names and cursors are what the engine made of them.

    cursors  the name of a row -> its cursor, under one list, filter and order: it never changes
    rows     the other way round: it is no other row's
    """

    world: World
    viewer: Viewer
    oracle: Lists
    cursors: dict[str, str] = field(default_factory=dict)
    rows: dict[str, str] = field(default_factory=dict)

    def agree(self, asked: Asked) -> Any:
        """Asserts that both answer alike, byte for byte but for cursors; gives what the oracle answered."""
        expected = self.oracle.answer(asked.document, asked.variables)
        assert not expected.errors, expected.errors
        document, variables = self.sealed(asked.document), self.sealed_values(asked.variables)
        answer = json.loads(self.world.ask(document, self.viewer, variables))
        if self.refused(answer.get("errors", ())):
            return None
        assert "errors" not in answer, answer["errors"]
        found = answer["data"]
        named = self.named(found, expected.data)
        assert json.dumps(named, ensure_ascii=False) == json.dumps(expected.data, ensure_ascii=False)
        return expected.data

    def refused(self, errors: Sequence[Mapping[str, Any]]) -> bool:
        """Whether a filter is refused because nothing serves it, or because too much is behind a link: as it says."""
        for error in errors:
            if found := UNSERVED.fullmatch(error["message"]):
                field = found[1].split(".")[-1]
                assert any(By.ALONG in one.node.by.get(field, By.NOTHING) for one in self.oracle.lists.values())
                return True
            if found := TOO_MANY.fullmatch(error["message"]):
                assert self.oracle.most_linked > int(found[1]), error
                return True
        return False

    def sealed(self, text: str) -> str:
        """The text with cursors in the place of rows' names."""
        return CURSOR.sub(lambda match: self.cursors[match.group()], text)

    def sealed_values(self, variables: Mapping[str, Any]) -> Any:
        return json.loads(self.sealed(json.dumps(variables)))

    def named(self, found: Any, expected: Any) -> Any:
        """The engine's answer with the names of rows in the place of cursors."""
        match found, expected:
            case dict(), dict():
                return {key: self.named(one, expected.get(key)) for key, one in found.items()}
            case list(), list():
                return [
                    self.named(one, expected[index] if index < len(expected) else None)
                    for index, one in enumerate(found)
                ]
            case str(), str() if CURSOR.fullmatch(expected):
                known = self.cursors.setdefault(expected, found)
                if known != found:
                    return f"another cursor of {expected}"
                holder = self.rows.setdefault(found, expected)
                return expected if holder == expected else f"the cursor of {holder}"
        return found


def make_world(engine: Engine, country: Country, runner: asyncio.Runner) -> World:
    """The world of an engine; the rows are read now."""
    declared, api = engine.built.declared, engine.built.supergraph.api
    return World(runner, engine, country, read_knowledge(declared, api, read_tables(country.owner_dsns)))
