"""Readers and what they send: sequences of requests, alone or in the middle of others'."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from urllib.parse import urlencode

from graphql import GraphQLObjectType, get_introspection_query

from hub.demo.folder import Folder
from hub.demo.tokens import sign
from hub.engine import Built
from hub.model.viewer import Audience, Profile, Universe
from tests.engine.country import PURPOSE
from tests.engine.operations import Written
from tests.noninterference.adapter import lists_of, writer
from tests.noninterference.cells import CELLS, SUBJECTS, Cells
from tests.noninterference.lists import ListWriter, Place, Values, cursor_of
from tests.noninterference.people import ABSENT, People
from tests.noninterference.variants import VARIANTS, Variant

C, D, P, ALL = Universe.CIVILIAN, Universe.DEFENCE, Universe.PUBLIC_SECURITY, Universe.ALL

PROFILES: Mapping[str, Profile] = {
    "officer": Profile(Audience.OFFICER),
    "citizen": Profile(Audience.CITIZEN),
    "analyst": Profile(Audience.ANALYST, project="ageing"),
    "defence officer": Profile(Audience.DEFENCE_OFFICER, others=D),
    "partner": Profile(Audience.PARTNER, agreement="health-ministry"),
    "soldier": Profile(Audience.CITIZEN, own=D),
    "security officer": Profile(Audience.SECURITY_OFFICER, others=P),
    "citizen cleared for all of himself": Profile(Audience.CITIZEN, own=ALL),
    "officer cleared for defence": Profile(Audience.OFFICER, others=D),
    "partner for service pensions": Profile(Audience.PARTNER, others=D, agreement="service-pensions"),
    "police officer": Profile(Audience.CITIZEN, own=P),
    "cleared for all": Profile(Audience.DEFENCE_OFFICER, others=ALL),
    "officer cleared for public security": Profile(Audience.OFFICER, others=P),
    "analyst of another project": Profile(Audience.ANALYST, project="wages"),
    "partner of everything, cleared for all": Profile(Audience.PARTNER, others=ALL, agreement="everything"),
    "officer cleared for all": Profile(Audience.OFFICER, others=ALL),
    "security officer cleared for all": Profile(Audience.SECURITY_OFFICER, others=ALL),
}
CANDIDATES = 5
LISTS = 0.35
"""Of all sequences, those that walk through a list."""
LONGEST = 1_000
"""Characters of an operation: what takes long to read and to plan shows no more."""
_WORD = re.compile(r"[A-Za-z]{3,}")

WATCHED = tuple(name for name in PROFILES if not name.endswith("cleared for all") and "another" not in name)
"""Those from whom something is hidden. The others only send requests beside them."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One HTTP request."""

    reader: str
    subject: str | None
    method: str
    url: str
    headers: Mapping[str, str]
    content: bytes


@dataclass(frozen=True, slots=True)
class Example:
    """A reader's requests one after the other; with each of them, those of others that are under way beside it."""

    reader: str
    variant: Variant | Cells
    steps: tuple[tuple[Sent, tuple[Sent, ...]], ...]

    @property
    def alone(self) -> bool:
        return not any(others for _, others in self.steps)


@dataclass(slots=True)
class _Asked:
    """The operations of one reader. Of several that could come next, the one with the words that were rarest so far."""

    operations: list[Written] = field(default_factory=list)
    words: Counter[str] = field(default_factory=Counter)

    def add(self, candidates: Sequence[Written]) -> None:
        short = [one for one in candidates if len(one.document) <= LONGEST] or [Written("{ __typename }", {}, None)]
        best = max(short, key=lambda one: sum(1 / (1 + self.words[word]) ** 2 for word in _words(one)))
        self.operations.append(best)
        self.words.update(_words(best))


def _words(operation: Written) -> set[str]:
    return set(_WORD.findall(operation.document))


@dataclass(slots=True)
class Readers:
    """Draws examples; the same number gives the same example."""

    built: Built
    people: People
    folder: Folder
    values: Values
    _tokens: dict[tuple[str, str | None], str] = field(default_factory=dict)
    _asked: dict[str, _Asked] = field(default_factory=dict)
    _lists: dict[str, list[Place]] = field(default_factory=dict)

    def example(self, number: int, reader: str = "", share: float = LISTS, asked: tuple[str, ...] = ()) -> Example:
        """The example of a number, of the reader whose turn it is or of this one."""
        rng = Random(f"example {number} {reader}".rstrip())
        turn = number if reader else number // len(WATCHED)
        reader = reader or WATCHED[number % len(WATCHED)]
        subject = self.subject(reader, rng)
        steps = self.steps(reader, subject, turn, rng, _beside(reader), share, asked)
        return Example(reader, _variant(reader, subject, self.people, rng), steps)

    def cell_example(self, number: int, share: float = LISTS, asked: tuple[str, ...] = ()) -> Example:
        """The same of a reader in whose universe cells differ that he is denied or sees behind a mask."""
        rng = Random(f"cells {number} None")
        found = CELLS[number % len(CELLS)]
        turn = number // len(CELLS)
        reader = found.readers[turn % len(found.readers)]
        subject = rng.choice(self.people.plain[:SUBJECTS]) if found.of_others else None
        universe = (PROFILES[reader].own, PROFILES[reader].others)
        alike = tuple(name for name, one in PROFILES.items() if (one.own, one.others) == universe and name != reader)
        return Example(reader, found, self.steps(reader, subject, turn, rng, alike, share, asked))

    def steps(
        self,
        reader: str,
        subject: str | None,
        turn: int,
        rng: Random,
        beside: tuple[str, ...],
        share: float = LISTS,
        asked: tuple[str, ...] = (),
    ) -> tuple[tuple[Sent, tuple[Sent, ...]], ...]:
        """One to three requests, alone or beside others, most of them of the readers `beside`.

        share  of the sequences that walk through one list
        asked  which lists those are, and what they are mostly asked by; any, if empty
        """
        steps: list[tuple[Sent, tuple[Sent, ...]]] = []
        crowded = rng.random() < (0.5 if share < 1 else 0.25)
        if rng.random() < share:
            operations = self.walk(reader, rng, asked)
        else:
            operations = [self.operation(reader, 3 * turn, rng)]
            for step in range(1, rng.choice((1, 2, 2, 3))):
                again = rng.random() < 0.3
                operations.append(operations[-1] if again else self.operation(reader, 3 * turn + step, rng))
        for step, operation in enumerate(operations):
            others = []
            for _ in range(rng.choice((1, 2)) if crowded else 0):
                neighbour = rng.choice(beside if beside and rng.random() < 0.8 else tuple(PROFILES))
                same = rng.random() < 0.7
                own_subject = same and PROFILES[neighbour].audience is Audience.CITIZEN
                others.append(
                    self.sent(
                        neighbour,
                        subject if own_subject and subject else self.subject(neighbour, rng),
                        operation if same else self.other(neighbour, 3 * turn + step, rng, share),
                        rng,
                    )
                )
            steps.append((self.sent(reader, subject, operation, rng), tuple(others)))
        return tuple(steps)

    def subject(self, reader: str, rng: Random) -> str | None:
        profile = PROFILES[reader]
        if profile.audience is not Audience.CITIZEN:
            return None
        if profile.own is not C:
            return rng.choice(self.people.cleared)
        return rng.choice((*self.people.plain, *self.people.cleared, *self.people.hidden, *ABSENT))

    def operation(self, reader: str, turn: int, rng: Random) -> Written:
        kind = rng.random()
        if kind < 0.04:
            return Written(get_introspection_query(), {}, None)
        if kind < 0.12 and (common := self.common(PROFILES[reader], rng)):
            return common
        asked = self._asked.setdefault(reader, _Asked())
        while len(asked.operations) <= turn:
            number = len(asked.operations)
            asked.add([self.writer(reader, f"{number} {one}").document() for one in range(CANDIDATES)])
        return _spoilt(asked.operations[turn], rng) if kind > 0.9 else asked.operations[turn]

    def other(self, reader: str, turn: int, rng: Random, share: float) -> Written:
        return self.walk(reader, rng)[0] if rng.random() < share else self.operation(reader, turn, rng)

    def walk(self, reader: str, rng: Random, asked: tuple[str, ...] = ()) -> list[Written]:
        """The pages of a list, one after the other."""
        if reader not in self._lists:
            self._lists[reader] = lists_of(self.built, PROFILES[reader])
        places = [one for one in self._lists[reader] if one.path[-1][0] in asked] or self._lists[reader]
        writing = self.writer(reader, str(rng.random()))
        writing.wanted = asked
        return writing.walk(places)

    def writer(self, reader: str, seed: str) -> ListWriter:
        return writer(self.built, PROFILES[reader], self.people, self.values, seed)

    def common(self, profile: Profile, rng: Random) -> Written | None:
        """What is asked most, which chance alone rarely writes: the people of a household, and those of an employer."""
        if profile.audience is Audience.CITIZEN:
            return Written("{ me { household { members { relationship person { fullName birthDate } } } } }", {}, None)
        employer = self.built.contract(profile).get_type("Employer")
        if not isinstance(employer, GraphQLObjectType) or "participants" not in employer.fields:
            return None
        document = (
            "query Page($code: TaxCode!, $after: Cursor) { employer(taxCode: $code) {"
            " participants(first: 3, after: $after) { nodes { id salary } pageInfo { endCursor } } } }"
        )
        variables = {"code": rng.choice(self.people.employers[:2]), "after": rng.choice((None, cursor_of(0)))}
        return Written(document, variables, None)

    def sent(self, reader: str, subject: str | None, operation: Written, rng: Random) -> Sent:
        extensions = {"purpose": PURPOSE} if PROFILES[reader].agreement else None
        headers = {
            "authorization": f"Bearer {self.token(reader, subject)}",
            "accept": rng.choice(("application/json", "application/graphql-response+json")),
            "x-request-id": "the-same",
        }
        if rng.random() < 0.3:
            parameters = {"query": operation.document, "variables": json.dumps(operation.variables)}
            if operation.name:
                parameters["operationName"] = operation.name
            if extensions:
                parameters["extensions"] = json.dumps(extensions)
            return Sent(reader, subject, "GET", f"/graphql?{urlencode(parameters)}", headers, b"")
        content = {
            "query": operation.document,
            "variables": operation.variables,
            "operationName": operation.name,
            "extensions": extensions,
        }
        headers["content-type"] = "application/json"
        return Sent(reader, subject, "POST", "/graphql", headers, json.dumps(content).encode())

    def token(self, reader: str, subject: str | None) -> str:
        found = self._tokens.get((reader, subject))
        if found is None:
            found = self._tokens[reader, subject] = sign(self.folder, _claims(PROFILES[reader], subject))
        return found


def _claims(profile: Profile, subject: str | None) -> Mapping[str, object]:
    claims: dict[str, object] = {"hub_audience": profile.audience.value, "sub": subject or "somebody"}
    if profile.audience is Audience.CITIZEN:
        claims["acr"] = "vneid-2"
        if profile.own is not C:
            claims["own_clearance"] = profile.own.value
    elif profile.agreement:
        claims["agreement"] = profile.agreement
    else:
        claims["clearance"] = profile.others.value
    if profile.project:
        claims["project"] = profile.project
    return claims


def _beside(reader: str) -> tuple[str, ...]:
    """Readers of the same audience who see more or less."""
    audience = PROFILES[reader].audience
    found = tuple(name for name, profile in PROFILES.items() if profile.audience is audience and name != reader)
    return found or ("cleared for all",)


def _variant(reader: str, subject: str | None, people: People, rng: Random) -> Variant:
    """Mostly one with more rows on the other side, which shows most."""
    profile = PROFILES[reader]
    found = [one for one in VARIANTS if one.hidden_from(profile.own, profile.others)]
    weights = [5 if one.name.startswith("added") or one.own_rows_stay else 1 for one in found]
    (variant,) = rng.choices(found, weights)
    assert not (variant.own_rows_stay and profile.own is not C and subject not in people.cleared)
    return variant


def _spoilt(operation: Written, rng: Random) -> Written:
    """The operation with a mistake in it: a letter gone, a name that nothing has, a value of another kind."""
    text = operation.document
    mistakes: tuple[Callable[[], Written], ...] = (
        lambda: Written(_without_one_letter(text, rng), operation.variables, operation.name),
        lambda: Written(text.replace("{ ", "{ recordClass ", 1), operation.variables, operation.name),
        lambda: Written(text, dict.fromkeys(operation.variables, 7), operation.name),
        lambda: Written(text, operation.variables, "Nobody"),
        lambda: Written("{ people(personalIds: 5) { sex } person(number: 1) { hiddenRows } }", {}, None),
        lambda: Written("{ persons(where: { recordClass: { eq: DEFENCE } }) { totalCount } }", {}, None),
    )
    return rng.choice(mistakes)()


def _without_one_letter(text: str, rng: Random) -> str:
    at = rng.randrange(len(text))
    return text[:at] + text[at + 1 :]
