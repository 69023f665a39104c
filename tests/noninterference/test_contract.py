"""What is not for a reader is to him as if it had never been invented: in the schema, in messages, in the log.

The other property compares two sets of data; this one needs none. The schema that introspection shows is built anew
from what the reader got, by graphql-core alone, and says what every refusal must read like.
"""

from __future__ import annotations

import json
import logging
import os
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

import pytest
from graphql import (
    EnumTypeDefinitionNode,
    GraphQLEnumType,
    GraphQLError,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    build_client_schema,
    get_introspection_query,
    get_named_type,
    is_specified_scalar_type,
    parse,
    validate,
    value_from_ast_untyped,
)

from hub.engine import Built
from hub.model.graph import DeclaredGraph
from hub.model.request import Request
from hub.model.viewer import Audience, Profile, RecordClass, Standing, Universe, Viewer, standings
from tests.engine.country import PURPOSE
from tests.noninterference import leaks_in_the_contract, report
from tests.noninterference.adapter import new_engine, rules_of, shows, written_by_anybody
from tests.noninterference.conftest import World
from tests.noninterference.databases import BASE
from tests.noninterference.planting import Leak, snapshot
from tests.noninterference.readers import LONGEST

EXAMPLES = int(os.environ.get("NONINTERFERENCE_EXAMPLES") or os.environ.get("ORACLE_EXAMPLES") or "0") or 30
"""Documents for each reader."""
MOST_ERRORS = 20

READERS = (
    Profile(Audience.OFFICER),
    Profile(Audience.ANALYST, project="ageing"),
    Profile(Audience.CITIZEN),
    Profile(Audience.PARTNER, agreement="health-ministry"),
    Profile(Audience.OFFICER, others=Universe.DEFENCE),
    Profile(Audience.CITIZEN, own=Universe.PUBLIC_SECURITY),
    Profile(Audience.SECURITY_OFFICER, others=Universe.PUBLIC_SECURITY),
    Profile(Audience.PARTNER, others=Universe.DEFENCE, agreement="service-pensions"),
)
_NAME = re.compile(r"(?<=[{} ])[a-z]+[A-Z][a-zA-Z]+\b")
WORDS: Mapping[RecordClass, str] = {
    RecordClass.DEFENCE: "defence|army|bộ quốc phòng",
    RecordClass.PUBLIC_SECURITY: "public.security|police|công an",
}
_ANY_CLASS = r"record_?class|class_rank"
_MACHINERY = r"class_rank|hub_[a-z]|clearance"
CLASS_WORDS = re.compile(rf"defence|public.security|{_ANY_CLASS}|{_MACHINERY}", re.IGNORECASE)


def words_of_others(profile: Profile) -> re.Pattern[str]:
    """The words that a reader is not to be told: of the classes he does not see, and how they are kept apart."""
    seen = {*profile.own.classes, *profile.others.classes}
    words = [text for of, text in WORDS.items() if of not in seen]
    words += [_MACHINERY] if len(seen) > 1 else [_ANY_CLASS, _MACHINERY]
    return re.compile("|".join(words), re.IGNORECASE)


def held_by(declared: DeclaredGraph) -> Iterator[tuple[tuple[str, str], frozenset[RecordClass]]]:
    """(enum, value) -> the classes that alone hold it, as the subgraphs say."""
    for subgraph in declared.subgraphs:
        for node in parse(subgraph.sdl).definitions:
            if not isinstance(node, EnumTypeDefinitionNode):
                continue
            for value in node.values or ():
                for directive in value.directives or ():
                    if directive.name.value == "heldBy":
                        (argument,) = directive.arguments or ()
                        classes = frozenset(RecordClass[word] for word in value_from_ast_untyped(argument.value))
                        yield (node.name.value, value.name.value), classes


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with what a reader is told: after how many questions, where, and what."""

    asked: int
    where: str
    what: str


def faults(world: World, built: Built) -> Iterator[Fault]:
    """All of them, as they are met."""
    engine = new_engine(built, world.over[BASE])
    declared = built.declared
    asked = 0

    def ask(profile: Profile, request: Request) -> Any:
        nonlocal asked
        asked += 1
        return json.loads(world.runner.run(engine.execute(request, Viewer(profile))).body)

    schemas: dict[Profile, GraphQLSchema] = {}
    for profile in READERS:
        introspected = ask(profile, Request(get_introspection_query(), purpose=_purpose(profile)))["data"]
        if found := words_of_others(profile).search(json.dumps(introspected, ensure_ascii=False)):
            yield Fault(asked, "schema", f"the {profile.audience} reads `{found.group()}`")
        schemas[profile] = build_client_schema(introspected)
        yield from (Fault(asked, "schema", what) for what in _beyond(schemas[profile], declared, profile))
    for number in range(EXAMPLES):
        operation = written_by_anybody(world.built, world.readers.people, world.readers.values, f"{number}")
        if len(operation.document) > LONGEST:
            continue
        document = _misspelt(operation.document, number)
        for profile in READERS:
            answer = ask(profile, Request(document, operation.name, operation.variables, _purpose(profile)))
            yield from (Fault(asked, "message", what) for what in _message(schemas[profile], document, answer, profile))


def _purpose(profile: Profile) -> str | None:
    return PURPOSE if profile.agreement else None


def _beyond(schema: GraphQLSchema, declared: DeclaredGraph, profile: Profile) -> Iterator[str]:
    """Fields that no standing shows, types that no field leads to, and words that stand in rows of others only."""
    seen = {*profile.own.classes, *profile.others.classes}
    reads = standings(profile.audience)
    for (enum, value), classes in held_by(declared):
        of_enum = schema.type_map.get(enum)
        if isinstance(of_enum, GraphQLEnumType) and value in of_enum.values and seen.isdisjoint(classes):
            yield f"the {profile.audience} is shown `{enum}.{value}`"
    query = schema.query_type
    assert query is not None
    reached = {query.name}
    todo: list[Any] = [query]
    while todo:
        of = todo.pop()
        for name, field in getattr(of, "fields", {}).items():
            if isinstance(of, GraphQLObjectType | GraphQLInterfaceType) and not any(
                shows(declared, profile, standing, (of.name, name)) for standing in Standing
            ):
                yield f"the {profile.audience} is shown `{of.name}.{name}`"
            for argument in getattr(field, "args", {}):
                if not any(
                    rules_of(declared).comparable(profile, standing, (of.name, name), argument) for standing in reads
                ):
                    yield f"the {profile.audience} may ask `{of.name}.{name}` by `{argument}`"
            found = [
                get_named_type(field.type),
                *(get_named_type(one.type) for one in getattr(field, "args", {}).values()),
            ]
            if isinstance(found[0], GraphQLInterfaceType):
                found += schema.get_possible_types(found[0])
            new = [one for one in found if one.name not in reached]
            reached |= {one.name for one in new}
            todo += new
    for name, of in schema.type_map.items():
        interfaces = {one.name for one in getattr(of, "interfaces", ())}
        if name not in reached and not name.startswith("__") and not is_specified_scalar_type(of) and not interfaces:
            yield f"nothing leads the {profile.audience} to `{name}`"


def _message(schema: GraphQLSchema, document: str, answer: Mapping[str, Any], profile: Profile) -> Iterator[str]:
    """Differences between a refusal and what graphql-core says that knows no more than introspection shows."""
    told = [(error["message"], error["extensions"]["code"]) for error in answer.get("errors", ())]
    try:
        expected = [error.message for error in validate(schema, parse(document), max_errors=MOST_ERRORS)]
    except GraphQLError:
        return  # what is no document is refused before any schema is looked at
    for message, code in told:
        if (found := words_of_others(profile).search(message)) and found.group() not in document:
            yield f"a message says `{found.group()}`: {message}"
        if code == "NOT_SHARED" and expected:
            yield f"a field is refused that is not in the schema: {message}"
    if expected and [message for message, _ in told] != expected:
        yield f"{told} where the schema says {expected}"


def _misspelt(document: str, number: int) -> str:
    """Now and then with a letter gone from some names, so that something is suggested."""
    rng = Random(f"misspelt {number}")
    if number % 3 == 0:
        return document
    return _NAME.sub(lambda found: found.group()[:-1] if rng.random() < 0.4 else found.group(), document)


def test_what_is_not_for_a_reader_was_never_invented(world: World, caplog: pytest.LogCaptureFixture) -> None:
    started = time.perf_counter()
    with caplog.at_level(logging.DEBUG, "hub"):
        found = list(faults(world, world.built))
    assert found == []
    said = [record.getMessage() for record in caplog.records if record.name.startswith("hub")]
    assert not [message for message in said if CLASS_WORDS.search(message)]
    seconds = time.perf_counter() - started
    report.CLEAN.append(
        f"without a leak: {len(READERS)} schemas, and documents of the whole graph that are refused as those"
        f" schemas say, {seconds:.1f} s"
    )


@pytest.mark.parametrize("leak", leaks_in_the_contract.LEAKS, ids=lambda leak: leak.name)
def test_a_planted_leak_of_the_contract_is_found(leak: Leak, world: World) -> None:
    before = snapshot()
    started = time.perf_counter()
    built = Built(world.built.declared, world.built.supergraph, world.built.planner, world.built.rules)
    with pytest.MonkeyPatch.context() as patch:
        leak.plant(patch)
        assert snapshot() != before, "it is planted"
        found = next(faults(world, built), None)
    assert snapshot() == before, "it is gone"
    assert found is not None, f"`{leak.name}` was not found"
    report.FOUND.append(report.Found(leak.name, leak.family, found.asked, found.where, time.perf_counter() - started))
