"""The schema a profile sees: what is in it, and that what is not in it is answered like what was never invented."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    build_client_schema,
    get_introspection_query,
    get_named_type,
    graphql_sync,
    lexicographic_sort_schema,
    parse,
    print_schema,
    validate,
    validate_schema,
)

from hub.cli.endpoint import load_graph
from hub.demo.tokens import VIEWERS
from hub.engine import Built, Engine, build
from hub.errors import Refused
from hub.model.effect import Effect
from hub.model.graph import DeclaredGraph, Reads
from hub.model.request import Request
from hub.model.viewer import Audience, Profile, RecordClass, Standing, Universe, standings
from hub.policy import contract, profiles, rulebook
from tests.policy.conftest import profile_of
from tests.policy.small import ANALYST, CLEARED, OFFICER, composed, declared

NAMES = sorted(VIEWERS)

# Words that tell of a class, and which class they tell of.
WORDS: Mapping[RecordClass, re.Pattern[str]] = {
    RecordClass.DEFENCE: re.compile(
        r"defen[cs]e|\barm(?:y|ies)\b|ARMY|ARMED|armed.forces|militar|soldier|conscript|regiment|quân\s*(?:đội|nhân|sự)"
        r"|quốc phòng|cơ yếu|cipher|bộ đội|sĩ quan|\bBQP\b",
        re.IGNORECASE,
    ),
    RecordClass.PUBLIC_SECURITY: re.compile(
        r"police|public.security|ARMED|armed.forces|công an|an ninh|cảnh sát|cơ yếu|\bBCA\b", re.IGNORECASE
    ),
}


def classes(profile: Profile) -> set[RecordClass]:
    return {*profile.own.classes, *profile.others.classes}


def composites(schema: GraphQLSchema) -> Iterator[GraphQLObjectType | GraphQLInterfaceType]:
    for name, found in schema.type_map.items():
        if not name.startswith("__") and isinstance(found, GraphQLObjectType | GraphQLInterfaceType):
            yield found


def fields(schema: GraphQLSchema) -> set[tuple[str, str]]:
    return {(owner.name, name) for owner in composites(schema) for name in owner.fields}


def arguments(schema: GraphQLSchema) -> set[tuple[str, str, str]]:
    return {
        (owner.name, name, argument)
        for owner in composites(schema)
        for name, found in owner.fields.items()
        for argument in found.args
    }


def enum_values(schema: GraphQLSchema) -> set[tuple[str, str]]:
    return {
        (name, value)
        for name, found in schema.type_map.items()
        if not name.startswith("__") and isinstance(found, GraphQLEnumType)
        for value in found.values
    }


def read_with(built: Built, profile: Profile, owner: str, field: str) -> Sequence[Standing]:
    """The standings a field can be read with."""
    if owner == "Query":
        return (built.rules.standing_after(None, (owner, field)),)
    return standings(profile.audience)


def types(schema: GraphQLSchema) -> set[str]:
    return {name for name in schema.type_map if not name.startswith("__")}


# --- what is in it --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_a_contract_is_a_valid_schema(name: str, built: Built) -> None:
    assert validate_schema(built.contract(profile_of(name, built))) == []


def test_the_contract_of_every_profile_that_is_known_is_a_valid_schema(built: Built) -> None:
    wrong = {profile: validate_schema(built.contract(profile)) for profile in profiles(built.rules)}
    assert {profile: errors for profile, errors in wrong.items() if errors} == {}


@pytest.mark.parametrize("name", NAMES)
def test_every_field_of_a_contract_is_shown_by_some_standing(name: str, built: Built) -> None:
    profile = profile_of(name, built)
    for where in fields(built.contract(profile)):
        assert any(built.rules.visible(profile, standing, where) for standing in read_with(built, profile, *where)), (
            where
        )


@pytest.mark.parametrize("name", NAMES)
def test_what_some_standing_shows_is_in_the_contract_or_nothing_leads_to_it(name: str, built: Built) -> None:
    profile = profile_of(name, built)
    schema, api = built.contract(profile), built.supergraph.api
    for owner, field in fields(api) - fields(schema):
        at = read_with(built, profile, owner, field)
        if owner not in schema.type_map or not any(
            built.rules.visible(profile, standing, (owner, field)) for standing in at
        ):
            continue
        found = api.type_map[owner].fields[field]  # type: ignore[attr-defined]
        unusable = any(
            not built.rules.comparable(profile, standing, (owner, field), argument)
            for argument in found.args
            for standing in at
        )
        assert unusable or get_named_type(found.type).name not in schema.type_map, (owner, field)


@pytest.mark.parametrize("name", NAMES)
def test_every_type_of_a_contract_is_led_to(name: str, built: Built) -> None:
    schema = built.contract(profile_of(name, built))
    led = {"Query", "String", "Boolean"}
    while True:
        more = {
            other
            for one in list(led)
            for found in [schema.type_map[one]]
            for other in [
                *(get_named_type(field.type).name for field in getattr(found, "fields", {}).values()),
                *(
                    get_named_type(argument.type).name
                    for field in getattr(found, "fields", {}).values()
                    for argument in getattr(field, "args", {}).values()
                ),
                *(interface.name for interface in getattr(found, "interfaces", ())),
                *(
                    possible.name
                    for possible in (
                        schema.get_possible_types(found)
                        if isinstance(found, GraphQLInterfaceType | GraphQLUnionType)
                        else ()
                    )
                ),
            ]
        }
        if more <= led:
            break
        led |= more
    assert types(schema) <= led


ROOTS = {
    "analyst": ["employer", "employers", "households", "persons"],
    "health-ministry": ["person", "people"],
    **{key: ["me", "employer", "employers"] for key in ("citizen", "soldier", "police-officer", "conscript")},
    **{
        key: [
            "person",
            "people",
            "searchPersons",
            "persons",
            "household",
            "households",
            "insuranceBook",
            "employer",
            "employers",
        ]
        for key in ("officer", "cleared-officer", "defence-officer", "security-officer")
    },
}


@pytest.mark.parametrize("name", NAMES)
def test_where_a_query_may_start(name: str, built: Built) -> None:
    query = built.contract(profile_of(name, built)).query_type
    assert query is not None
    assert sorted(query.fields) == sorted(ROOTS[name])


def test_an_analyst_finds_nobody_by_a_number_that_he_is_not_shown(built: Built) -> None:
    """The field behind the argument is denied or masked, so that the argument would tell what selecting does not."""
    schema = built.contract(profile_of("analyst", built))
    assert {("Query", "person"), ("Query", "people"), ("Query", "insuranceBook"), ("Query", "household")}.isdisjoint(
        fields(schema)
    )
    assert ("Query", "employer", "taxCode") in arguments(schema)


def test_an_argument_is_there_where_the_field_it_is_compared_with_is_shown(built: Built) -> None:
    for name in NAMES:
        profile = profile_of(name, built)
        for owner, field, argument in arguments(built.contract(profile)):
            at = read_with(built, profile, owner, field)
            assert any(built.rules.comparable(profile, standing, (owner, field), argument) for standing in at)


# --- no word of another class ---------------------------------------------------------------------------------------

HELD = {
    "civilian": set(),
    "defence": {
        ("RecordClass", "DEFENCE"),
        ("BookIssuer", "ARMY_SI"),
        ("CardIssuer", "ARMY_SI"),
        ("EntityType", "ARMED_FORCES_UNIT"),
    },
    "public_security": {
        ("RecordClass", "PUBLIC_SECURITY"),
        ("BookIssuer", "POLICE_SI"),
        ("CardIssuer", "POLICE_SI"),
        ("EntityType", "ARMED_FORCES_UNIT"),
    },
}


@pytest.mark.parametrize("name", NAMES)
def test_an_enum_value_is_in_a_contract_only_where_a_row_can_hold_it(name: str, built: Built) -> None:
    profile = profile_of(name, built)
    schema = built.contract(profile)
    of_classes = {value for one in classes(profile) for value in HELD[one]}
    known = {value for values in HELD.values() for value in values}
    assert enum_values(schema) & known == {value for value in of_classes if value[0] in schema.type_map}


@pytest.mark.parametrize("name", NAMES)
def test_a_contract_holds_no_word_of_a_class_that_is_not_the_readers(name: str, built: Built) -> None:
    """Types, fields, arguments, values, defaults and descriptions: all that introspection would tell."""
    profile = profile_of(name, built)
    told = print_schema(built.contract(profile))
    mine = classes(profile)
    shared = {"ARMED_FORCES_UNIT"} if mine != {RecordClass.CIVILIAN} else set()
    for one, pattern in WORDS.items():
        if one not in mine:
            found = [line.strip() for line in told.splitlines() if pattern.search(line)]
            assert [line for line in found if line not in shared] == []


def test_the_words_that_are_looked_for_are_found_where_they_are(built: Built) -> None:
    told = print_schema(built.supergraph.api)
    for one, value in ((RecordClass.DEFENCE, "ARMY_SI"), (RecordClass.PUBLIC_SECURITY, "POLICE_SI")):
        assert value in {line.strip() for line in told.splitlines() if WORDS[one].search(line)}


@pytest.mark.parametrize("name", NAMES)
def test_the_class_of_a_record_is_asked_by_those_who_see_several(name: str, built: Built) -> None:
    profile = profile_of(name, built)
    asked = {where for where in fields(built.contract(profile)) if where[1] == "recordClass"}
    assert bool(asked) == (len(classes(profile)) > 1)
    assert ("RecordClass" in built.contract(profile).type_map) == bool(asked)


# --- unauthorized equals unknown ------------------------------------------------------------------------------------

INVENTED = "zqxjkvbwf"


@cache
def _paths(schema: GraphQLSchema) -> Mapping[str, str]:
    """Type -> a document that ends in a selection of it, `%s`."""
    assert schema.query_type is not None
    found = {"Query": "{ %s }"}
    todo = [schema.query_type.name]
    while todo:
        owner = todo.pop(0)
        graphql_type = schema.type_map[owner]
        steps: list[tuple[str, str]] = []
        if isinstance(graphql_type, GraphQLObjectType | GraphQLInterfaceType):
            for name, field in graphql_type.fields.items():
                given = ", ".join(f"{arg}: $x" for arg, one in field.args.items() if str(one.type).endswith("!"))
                steps.append((get_named_type(field.type).name, f"{name}({given})" if given else name))
        for target, step in steps:
            if target not in found and hasattr(schema.type_map[target], "fields"):
                found[target] = found[owner].replace("%s", f"{step} {{ %s }}")
                todo.append(target)
        if isinstance(graphql_type, GraphQLInterfaceType):
            for possible in schema.get_possible_types(graphql_type):
                if possible.name not in found:
                    found[possible.name] = found[owner].replace("%s", f"... on {possible.name} {{ %s }}")
                    todo.append(possible.name)
    return found


def messages(engine: Engine, document: str, profile: Profile) -> list[tuple[str, str]]:
    """Codes and messages of a refusal, without complaints about the variable that stands for every key."""
    with pytest.raises(Refused) as refused:
        engine.stages(Request(document), profile)
    return [(one.code, one.message) for one in refused.value.errors if "'$x'" not in one.message]


def plain(found: list[tuple[str, str]], name: str) -> list[tuple[str, str]]:
    """Without the name and without suggestions, which hang on how the name is spelt."""
    return [
        (code, re.sub(r" Did you mean .*\?", "", message).replace(f"'{name}'", "'NAME'")) for code, message in found
    ]


def suggested(found: list[tuple[str, str]]) -> set[str]:
    tails = [tail for _, message in found for tail in re.findall(r"Did you mean (.*)\?", message)]
    return {word for tail in tails for word in re.findall(r"'(\w+)'", tail)}


def words_of(schema: GraphQLSchema) -> set[str]:
    return set(re.findall(r"\w+", print_schema(schema)))


@pytest.mark.parametrize("name", NAMES)
def test_a_field_that_is_not_shared_is_answered_like_one_that_was_never_invented(name: str, built: Built) -> None:
    profile = profile_of(name, built)
    engine = Engine(built, {})
    schema = built.contract(profile)
    paths, known = _paths(schema), words_of(schema)
    hidden = {where for where in fields(built.supergraph.api) - fields(schema) if where[0] in paths}
    assert hidden
    for owner, field in hidden:
        asked = messages(engine, paths[owner] % field, profile)
        invented = messages(engine, paths[owner] % INVENTED, profile)
        assert asked
        assert plain(asked, field) == plain(invented, INVENTED)
        assert suggested(asked) <= known
        # With a selection or an argument it is answered as without: whether it is an object is not told either.
        assert messages(engine, paths[owner] % f"{field} {{ id }}", profile) == asked
        assert messages(engine, paths[owner] % f"{field}(first: 1)", profile) == asked


# Who is cleared for himself sees every type of his own records.
@pytest.mark.parametrize("name", sorted({*NAMES} - {"soldier", "conscript", "police-officer"}))
def test_a_type_that_is_not_shared_is_answered_like_one_that_was_never_invented(name: str, built: Built) -> None:
    profile = profile_of(name, built)
    engine = Engine(built, {})
    schema = built.contract(profile)
    known = words_of(schema)
    hidden = types(built.supergraph.api) - types(schema)
    assert hidden
    for graphql_type in hidden:
        for document in (
            "{ __typename ... on %s { id } }",
            "{ __typename ...f } fragment f on %s { id }",
            "query ($y: %s) { __typename @include(if: $y) }",
        ):
            asked = messages(engine, document % graphql_type, profile)
            invented = messages(engine, document % INVENTED, profile)
            assert asked
            assert plain(asked, graphql_type) == plain(invented, INVENTED)
            assert suggested(asked) <= known
        told = graphql_sync(schema, f'{{ __type(name: "{graphql_type}") {{ name kind description }} }}')
        assert told.data == {"__type": None}


@pytest.mark.parametrize("name", NAMES)
def test_an_answer_to_a_wrong_document_hangs_on_nothing_but_what_introspection_tells(name: str, built: Built) -> None:
    """The oracle is graphql-core, with a schema made of nothing but the answer to an introspection query."""
    profile = profile_of(name, built)
    engine = Engine(built, {})
    schema = built.contract(profile)
    introspected = graphql_sync(schema, get_introspection_query(input_value_deprecation=True))
    assert introspected.data is not None
    told = build_client_schema(introspected.data)  # type: ignore[arg-type]
    paths = _paths(schema)
    for owner, field in fields(built.supergraph.api) - fields(schema):
        if owner in paths:
            document = paths[owner] % field
            expected = [error.message for error in validate(told, parse(document)) if "'$x'" not in error.message]
            assert [message for _, message in messages(engine, document, profile)] == expected


HIDDEN_PARTS = """
type Query {
  find(name: String, rank: String, unit: Unit): Person @label(name: "OPEN")
  units(of: [Unit!]): Int @label(name: "OPEN")
}
type Person { name: String @label(name: "OPEN") rank: String @label(name: "SECRET") unit: Unit @label(name: "OPEN") }
enum Unit { OFFICE SCHOOL REGIMENT @heldBy(classes: ["DEFENCE"]) }
"""
FOUND_BY = {
    ("Query", "find"): Reads(arguments={"name": ("Person", "name"), "rank": ("Person", "rank")}),
}


def told(
    document: str, profile: Profile = OFFICER, sdl: str = HIDDEN_PARTS, beside: DeclaredGraph | None = None
) -> list[str]:
    """What validation says over a small graph."""
    supergraph = composed(sdl)
    graph = beside or declared(reads=FOUND_BY)
    schema = contract(supergraph.api, rulebook(supergraph, graph), profile, {})
    return [error.message for error in validate(schema, parse(document))]


def test_an_argument_that_may_not_be_used_is_answered_like_one_that_was_never_invented() -> None:
    asked = told('{ find(rank: "x") { name } }')
    assert asked == [one.replace("ranq", "rank") for one in told('{ find(ranq: "x") { name } }')]
    assert asked == ["Unknown argument 'rank' on field 'Query.find'."]
    assert told('{ find(nam: "x") { name } }') == ["Unknown argument 'nam' on field 'Query.find'. Did you mean 'name'?"]
    assert told('{ find(name: "x") { name } }') == []


@pytest.mark.parametrize(
    "document", ["{ find(unit: %s) { name } }", "{ units(of: [OFFICE, %s]) }", "{ units(of: %s) }"]
)
def test_a_value_that_no_row_can_hold_is_answered_like_one_that_was_never_invented(document: str) -> None:
    asked = told(document % "REGIMENT")
    assert asked == [one.replace("REGIMENZ", "REGIMENT") for one in told(document % "REGIMENZ")]
    assert asked == ["Value 'REGIMENT' does not exist in 'Unit' enum."]
    assert told(document % "REGIMENT", CLEARED) == []
    assert "REGIMENT" not in " ".join(told(document % "REGIMEN"))
    assert "REGIMENT" in " ".join(told(document % "REGIMEN", CLEARED))


def test_a_value_comes_as_a_variable_to_the_same_refusal() -> None:
    supergraph = composed(HIDDEN_PARTS)
    schema = contract(supergraph.api, rulebook(supergraph, declared(reads=FOUND_BY)), OFFICER, {})
    answers = [
        graphql_sync(schema, "query ($u: [Unit!]) { units(of: $u) }", variable_values={"u": [value]}).errors
        for value in ("REGIMENT", "REGIMENZ")
    ]
    asked, invented = (str(errors and errors[0].message) for errors in answers)
    assert asked == invented.replace("REGIMENZ", "REGIMENT")
    assert "REGIMENT" in asked


# --- what is left stays whole ---------------------------------------------------------------------------------------

PIECES = {
    "an argument's default": """
        type Query { units(of: Unit! = REGIMENT): Int @label(name: "OPEN") unit: Unit @label(name: "OPEN") }
        enum Unit { OFFICE REGIMENT @heldBy(classes: ["DEFENCE"]) }
    """,
    "a default in a list": """
        type Query { units(of: [Unit!] = [OFFICE, REGIMENT]): Int @label(name: "OPEN") unit: Unit @label(name: "OPEN") }
        enum Unit { OFFICE REGIMENT @heldBy(classes: ["DEFENCE"]) }
    """,
    "an input's default": """
        type Query { find(by: By): Int @label(name: "OPEN") unit: Unit @label(name: "OPEN") }
        input By { unit: Unit = REGIMENT name: String }
        enum Unit { OFFICE REGIMENT @heldBy(classes: ["DEFENCE"]) }
    """,
    "an input that cannot do without": """
        type Query { find(by: By): Int @label(name: "OPEN") x: Int @label(name: "OPEN") }
        input By { unit: Unit! name: String }
        enum Unit { REGIMENT @heldBy(classes: ["DEFENCE"]) }
    """,
    "an interface over a union's member": """
        type Query { node: Node @label(name: "OPEN") }
        interface Node { to: Any @label(name: "OPEN") y: Int @label(name: "OPEN") }
        union Any = Hidden | Shown
        type One implements Node { to: Hidden @label(name: "OPEN") y: Int @label(name: "OPEN") }
        type Two implements Node { to: Shown @label(name: "OPEN") y: Int @label(name: "OPEN") }
        type Hidden { x: Int @label(name: "SECRET") }
        type Shown { x: Int @label(name: "OPEN") }
    """,
    "an interface's argument": """
        type Query { node: Node @label(name: "OPEN") person: Person @label(name: "OPEN") }
        type Person { number: String @label(name: "YEAR") }
        interface Node { to(by: String): Int @label(name: "OPEN") y: Int @label(name: "OPEN") }
        type One implements Node { to(by: String): Int @label(name: "OPEN") y: Int @label(name: "OPEN") }
    """,
    "an interface's argument that must be given": """
        type Query { node: Node @label(name: "OPEN") person: Person @label(name: "OPEN") }
        type Person { number: String @label(name: "YEAR") }
        interface Node { to(by: String!): Int @label(name: "OPEN") y: Int @label(name: "OPEN") }
        type One implements Node { to(by: String!): Int @label(name: "OPEN") y: Int @label(name: "OPEN") }
    """,
    "an interface over what is made of something": """
        type Query { node: Node @label(name: "OPEN") }
        interface Node { total: Int @label(name: "OPEN") y: Int @label(name: "OPEN") }
        type One implements Node {
          total: Int @label(name: "OPEN") y: Int @label(name: "OPEN") line: Int @label(name: "SECRET")
        }
    """,
}


@pytest.mark.parametrize("piece", PIECES, ids=str)
def test_however_a_graph_is_pruned_the_contract_is_a_valid_schema(piece: str) -> None:
    supergraph = composed(PIECES[piece])
    reads = {
        ("One", "to"): Reads(arguments={"by": ("Person", "number")}),
        ("One", "total"): Reads(sources=(("One", "line"),)),
    }
    book = rulebook(supergraph, declared(reads=reads))
    for profile in (OFFICER, CLEARED, ANALYST):
        schema = contract(supergraph.api, book, profile, {})
        assert validate_schema(schema) == []
        if profile is not CLEARED:
            assert "REGIMENT" not in print_schema(schema)


def test_who_is_shown_nothing_still_has_a_schema_that_says_so(built: Built) -> None:
    nobody = Profile(Audience.PARTNER, agreement="unknown")
    schema = built.contract(nobody)
    assert fields(schema) == {("Query", "nothing")}
    assert validate_schema(schema) == []


# --- introspection --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_introspection_tells_the_contract_and_nothing_else(name: str, built: Built) -> None:
    schema = built.contract(profile_of(name, built))
    introspected = graphql_sync(schema, get_introspection_query(input_value_deprecation=True))
    assert introspected.errors is None
    assert introspected.data is not None
    client = build_client_schema(introspected.data)  # type: ignore[arg-type]
    assert print_schema(lexicographic_sort_schema(client)) == print_schema(lexicographic_sort_schema(schema))


@pytest.mark.parametrize("name", NAMES)
def test_no_directive_of_the_policy_is_told(name: str, built: Built) -> None:
    schema = built.contract(profile_of(name, built))
    assert {one.name for one in schema.directives} <= {"include", "skip", "deprecated", "specifiedBy", "oneOf"}


def test_descriptions_come_along(built: Built) -> None:
    schema = built.contract(profile_of("officer", built))
    for owner in composites(schema):
        for name, field in owner.fields.items():
            assert field.description, f"{owner.name}.{name}"


# --- laws -----------------------------------------------------------------------------------------------------------


def test_a_wider_clearance_never_takes_anything_out_of_a_contract(built: Built) -> None:
    for audience in (Audience.OFFICER, Audience.CITIZEN):
        narrow = built.contract(Profile(audience))
        for universe in Universe:
            wide = built.contract(
                Profile(audience, own=universe) if audience is Audience.CITIZEN else Profile(audience, others=universe)
            )
            assert fields(narrow) <= fields(wide)
            assert types(narrow) <= types(wide)
            assert enum_values(narrow) <= enum_values(wide)


def test_making_a_contract_is_deterministic(built: Built) -> None:
    again = build(load_graph())
    for name in NAMES:
        profile = profile_of(name, built)
        assert print_schema(built.contract(profile)) == print_schema(again.contract(profile))


def test_a_field_that_is_denied_in_some_class_may_be_null_in_the_contract_that_has_it(built: Built) -> None:
    for profile in profiles(built.rules):
        schema = built.contract(profile)
        for owner, name in fields(schema):
            for standing in standings(profile.audience):
                found = built.rules.effects(profile, standing, (owner, name))
                within = found.within(profile.universe(standing).classes)
                field = schema.type_map[owner].fields[name]  # type: ignore[attr-defined]
                if Effect.DENY in within and len(within) > 1 and (owner, name) not in built.declared.gathered:
                    assert not str(field.type).endswith("!"), (owner, name)
