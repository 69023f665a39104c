"""What has gone wrong elsewhere, family by family: each is tried here, and must come to nothing."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import chain
from typing import Any
from urllib.parse import quote

import asyncpg
import httpx
import pytest

from hub.demo.folder import Folder
from hub.demo.tokens import AUDIENCE, ISSUER, ensure_keys, sign
from hub.engine import Engine, build, open_engine
from hub.errors import BuildFailed
from hub.model.request import Request
from hub.model.viewer import RecordClass, Universe, Viewer
from hub.server.app import make_app
from hub.server.identity import Identity, Trust
from hub.server.keys import read_key_set
from hub.sources.postgres import PostgresSource
from tests.engine import oddities
from tests.engine.country import PROFILES, PURPOSE, SECRET, UNCLEARED, Country, load_graph
from tests.engine.oracle import Tables
from tests.engine.rules import Masks

Ask = Callable[..., Any]

OFFICER = PROFILES["officer"]
CLEARED = PROFILES["officer cleared for all"]
ANALYST = PROFILES["analyst"]
OTHER_ANALYST = PROFILES["analyst of another project"]
EVERYTHING = PROFILES["partner of everything"]
PENSIONS = PROFILES["partner for service pensions"]
DEFENCE = PROFILES["defence officer"]

EMPLOYER = f'employer(taxCode: "{oddities.SHARED_EMPLOYER}")'
REPRESENTED = f'employer(taxCode: "{oddities.REPRESENTED[0]}")'
PERSON = f'person(personalId: "{oddities.THREEFOLD}")'
RENEWED = f'person(personalId: "{oddities.RENEWED}")'


@pytest.fixture(scope="module")
def engine(country: Country) -> Engine:
    return open_engine(load_graph(), country.settings)


@pytest.fixture(scope="module")
def ask(engine: Engine) -> Iterator[Ask]:
    """The decoded answer of a reader; a citizen's `subject` is his number."""
    with asyncio.Runner() as runner:

        def answer(name: str, document: str, subject: str | None = None, **variables: Any) -> Any:
            request = Request(document, None, variables, PURPOSE)
            return json.loads(runner.run(engine.execute(request, Viewer(PROFILES[name], subject))).body)

        yield answer
        runner.run(engine.stop())


def unknown(answer: Any, field: str) -> bool:
    """Whether an answer says, and says no more than, that the field is unknown."""
    return list(answer) == ["errors"] and all(
        error["message"].startswith(f"Cannot query field '{field}' on type ") for error in answer["errors"]
    )


# Another way to name the field

WAYS = {
    "itself": "{ %s { representative { fullName } } }",
    "an alias": "{ %s { representative { id: fullName } } }",
    "an alias that begins with underscores": "{ %s { representative { _x: fullName } } }",
    "an inline fragment": "{ %s { representative { ... { fullName } } } }",
    "an inline fragment on the type": "{ %s { representative { ... on Person { fullName } } } }",
    "a named fragment": "{ %s { representative { ...F } } } fragment F on Person { fullName }",
    "a fragment in a fragment": (
        "{ %s { representative { ...F } } } fragment F on Person { ...G } fragment G on Person { fullName }"
    ),
    "beside what is shared": "{ %s { name representative { sex fullName } } }",
    "skipped": "{ %s { representative { sex fullName @skip(if: true) } } }",
    "skipped by a variable": "query ($x: Boolean = true) { %s { representative { sex fullName @skip(if: $x) } } }",
    "another path": "{ %s { participants { nodes { person { insuranceBook { holder { fullName } } } } } } }",
    "another operation of the document": "query A { %s { representative { fullName } } }",
}


@pytest.mark.parametrize("way", WAYS)
def test_a_denied_field_is_unknown_by_every_way_to_name_it(way: str, ask: Ask) -> None:
    """An alias or a path that skips the check (Directus CVE-2024-34708, Strapi CVE-2023-34235)."""
    answer = ask("analyst", WAYS[way] % REPRESENTED)
    assert unknown(answer, "fullName")
    invented = ask("analyst", (WAYS[way] % REPRESENTED).replace("fullName", "zzzzName"))
    assert json.dumps(invented).replace("zzzzName", "fullName") == json.dumps(answer)


PATHS = {
    "itself": "{ me { household { members { person { personalId } } } } }",
    "an alias": "{ me { household { members { person { sex: personalId } } } } }",
    "a fragment": "{ me { household { members { person { ...F } } } } } fragment F on Person { personalId }",
    "a fragment that is allowed elsewhere": (
        "{ me { ...F household { members { person { ...F } } } } } fragment F on Person { personalId }"
    ),
    "a relative": "{ me { relatives { person { personalId } } } }",
    "back to himself by another way": "{ me { household { members { person { household { householdCode } } } } } }",
    "the child of the household, by the relative": (
        "{ me { relatives { person { wards { person { insuranceBook { status } } } } } } }"
    ),
}


@pytest.mark.parametrize("path", PATHS)
def test_a_field_that_the_path_does_not_share_refuses_the_document_whatever_it_is_called(path: str, ask: Ask) -> None:
    """Standing belongs to the path: no fragment, alias or way round makes it stronger (Directus CVE-2024-34708)."""
    answer = ask("citizen", PATHS[path], subject=oddities.RENEWED)
    assert list(answer) == ["errors"]
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"NOT_SHARED"}


def test_the_type_of_an_object_is_not_told_where_the_field_that_tells_it_is_denied(ask: Ask) -> None:
    """`__typename` is a read of the discriminator: without `regime` there are no benefits, and no name of their type.

    A rule on an interface that does not hold through its types (GHSA-mx7m-j9xf-62hw).
    """
    for selection in ("__typename", "... on Pension { __typename }", "... on BenefitSettlement { __typename }"):
        benefits = f"insuranceBook {{ benefits {{ nodes {{ {selection} }} }} }}"
        document = f"{{ me {{ household {{ members {{ person {{ {benefits} }} }} }} }} }}"
        answer = ask("citizen", document, subject=oddities.RENEWED)
        messages = [error["message"] for error in answer["errors"]]
        assert any("`benefits` is not shared here" in message for message in messages)


def test_a_rule_on_an_interface_holds_through_its_types_and_the_other_way_round(ask: Ask) -> None:
    """Interfaces and implementing types (GHSA-mx7m-j9xf-62hw; Strawberry's permissions lost on redeclared fields)."""
    book = 'person(personalId: "%s") { insuranceBook { benefits { nodes { %s } } } }'
    for selection in (
        "decidedBy",
        "... on Pension { decidedBy }",
        "... on ShortTermBenefit { ... on BenefitSettlement { decidedBy } }",
    ):
        # The analyst is denied `decidedBy`; the partner's agreement names it for the interface.
        benefits = f"insuranceBook {{ benefits {{ nodes {{ {selection} }} }} }}"
        denied = ask("analyst", f"{{ {REPRESENTED} {{ representative {{ {benefits} }} }} }}")
        assert unknown(denied, "decidedBy")
        shared = ask("partner for service pensions", f"{{ {book % (oddities.THREEFOLD, selection)} }}")
        assert "errors" not in shared
    # `Pension.ratePercent` is shared, that of its sibling with the same response key is not.
    siblings = "... on Pension { r: ratePercent } ... on ShortTermBenefit { r: ratePercent }"
    assert unknown(ask("partner for service pensions", f"{{ {book % (oddities.RENEWED, siblings)} }}"), "ratePercent")
    pensions = ask(
        "partner for service pensions",
        f"{{ {book % (oddities.RENEWED, '__typename ... on Pension { r: ratePercent }')} }}",
    )
    found = pensions["data"]["person"]["insuranceBook"]["benefits"]["nodes"]
    assert {"__typename": "Pension", "r": 45.5} in found
    assert all(set(one) == ({"__typename", "r"} if one["__typename"] == "Pension" else {"__typename"}) for one in found)


def test_an_interface_is_not_shared_without_the_field_that_tells_the_type() -> None:
    """An agreement that gives benefits and not their regime does not build: `__typename` would say what it denies."""
    declared = load_graph()
    agreement = declared.agreements["service-pensions"]
    without = replace(agreement, fields=agreement.fields - {("BenefitSettlement", "regime")})
    with pytest.raises(BuildFailed) as failed:
        build(replace(declared, agreements={"service-pensions": without}))
    assert any(
        problem.code == "AGREEMENT_DENIED" and "InsuranceBook.benefits" in problem.message
        for problem in failed.value.problems
    )


def test_an_agreement_cannot_share_on_one_type_what_it_does_not_share_on_its_interface() -> None:
    """The rules of an interface and of its types hold together, strictest first, whichever of them is named."""
    declared = load_graph()
    agreement = declared.agreements["service-pensions"]
    fields = agreement.fields - {("BenefitSettlement", "amount")} | {("Pension", "amount")}
    with pytest.raises(BuildFailed) as failed:
        build(replace(declared, agreements={"service-pensions": replace(agreement, fields=fields)}))
    assert [(one.code, one.message.split(" ")[0]) for one in failed.value.problems] == [
        ("AGREEMENT_DENIED", "`Pension.amount`")
    ]


# Values derived from what is denied


def test_a_total_counts_what_the_reader_would_be_shown(ask: Ask) -> None:
    """Aggregates over hidden rows (Hasura CVE-2026-54698, Data API Builder issue 3553)."""
    lines = "totals { lines } contributions { totalCount nodes { fromMonth } }"
    document = f"{{ {PERSON} {{ insuranceBook {{ {lines} }} }} }}"
    counts = []
    for name in ("officer", "officer cleared for defence", "officer cleared for all", "partner for service pensions"):
        book = ask(name, document)["data"]["person"]["insuranceBook"]
        assert book["totals"]["lines"] == len(book["contributions"]["nodes"]) == book["contributions"]["totalCount"]
        counts.append(book["totals"]["lines"])
    assert counts == [2, 4, 6, 4]


def test_a_total_is_denied_with_what_it_is_made_of(ask: Ask) -> None:
    """A sum of a column that is not shared (Twenty CVE-2026-92771): the agreement gives `lines`, and no amounts."""
    totals = '{ person(personalId: "%s") { insuranceBook { totals { %s } } } }'
    answer = ask("partner for service pensions", totals % (oddities.THREEFOLD, "employeeTotal"))
    assert unknown(answer, "employeeTotal")
    assert ask("partner for service pensions", totals % (oddities.THREEFOLD, "lines months"))["data"]["person"]


# Arguments and order


def test_what_is_shown_masked_cannot_be_asked_by_its_value(ask: Ask, tables: Tables) -> None:
    """Filters on an excluded column (Keystone CVE-2026-33326, Strapi CVE-2026-27886): `id` is shown as a pseudonym."""
    raw = tables.rows[RecordClass.CIVILIAN, "household"][0]["id"]
    for key in (raw, Masks(SECRET).pseudonym(raw, EVERYTHING), oddities.NO_HOUSEHOLD):
        for name in ("partner of everything", "analyst"):
            document = "query ($k: ID!) { household(householdId: $k) { registeredOn } }"
            assert unknown(ask(name, document, k=key), "household")


def test_a_list_is_not_ordered_by_what_the_reader_is_not_shown(ask: Ask) -> None:
    """Order by an excluded column (Parse CVE-2026-31872): of birth dates an analyst is shown the year."""
    answer = ask("analyst", "{ persons(first: 2, order: [{birthDate: ASC}]) { nodes { sex } } }")
    assert list(answer) == ["errors"]
    (message,) = (error["message"] for error in answer["errors"])
    assert message.startswith("Unknown argument 'order' on field 'Query.persons'.")


def test_the_id_that_breaks_ties_is_shown_as_a_pseudonym_all_the_same(ask: Ask, tables: Tables) -> None:
    document = f"""{{ {REPRESENTED} {{ representative {{ insuranceBook {{
        contributions {{ nodes {{ fromMonth id }} }} }} }} }} }}"""
    shown = ask("analyst", document)["data"]["employer"]["representative"]["insuranceBook"]["contributions"]["nodes"]
    rows = tables.where(RecordClass.CIVILIAN, "contribution", "personal_id", oddities.THREEFOLD)
    assert len(rows) > 1
    assert [(one["fromMonth"], one["id"]) for one in shown] == [
        (row["from_month"], Masks(SECRET).pseudonym(row["id"], ANALYST))
        for row in sorted(rows, key=lambda row: (row["from_month"], row["id"]))
    ]


# Caches and shared objects


async def test_two_profiles_that_ask_one_document_at_one_moment_get_each_his_own(
    country: Country,
) -> None:
    """A plan cache that returns another's plan, a loader shared between readers (GHSA-q9p4-hw9m-fj2v)."""
    engine = open_engine(load_graph(), country.settings)
    document = f"{{ {PERSON} {{ givenName insuranceBook {{ bookCode totals {{ lines }} }} }} }}"
    request = Request(document, purpose=PURPOSE)
    names = [name for name in PROFILES if name.startswith(("officer", "defence", "security"))]
    alone = {name: (await engine.execute(request, Viewer(PROFILES[name]))).body for name in names}
    assert len(set(alone.values())) == 4, "one for each universe"
    for _ in range(5):
        bodies = await asyncio.gather(*(engine.execute(request, Viewer(PROFILES[name])) for name in names * 10))
        assert [one.body for one in bodies] == [alone[name] for name in names * 10]
    await engine.stop()


async def test_two_projects_that_ask_one_document_at_one_moment_get_each_its_own_pseudonyms(country: Country) -> None:
    """The statements of two analysts are the same and the keys are not (GHSA-q9p4-hw9m-fj2v)."""
    engine = open_engine(load_graph(), country.settings)
    request = Request(f"{{ {EMPLOYER} {{ participants {{ nodes {{ person {{ id }} }} }} }} }}", purpose=PURPOSE)
    readers = [Viewer(ANALYST), Viewer(OTHER_ANALYST), Viewer(EVERYTHING)]
    fetches = [repr(engine.stages(request, one.profile).plan) for one in readers]
    assert fetches[0] == fetches[1], "a plan holds nothing of the project"
    alone = [(await engine.execute(request, one)).body for one in readers]
    assert len(set(alone)) == 3
    for _ in range(5):
        bodies = await asyncio.gather(*(engine.execute(request, one) for one in readers * 10))
        assert [one.body for one in bodies] == alone * 10
    await engine.stop()


async def test_a_connection_keeps_nothing_of_the_universe_it_was_used_for(country: Country) -> None:
    """A pooled connection with the last user's settings, a plan made under another role (CVE-2023-2455).

    Each universe logs in with a role of its own, on connections of its own: there is no `set role` that could stay.
    """
    engine = open_engine(load_graph(), country.settings)
    document = (
        f"{{ {PERSON} {{ givenName household {{ registeredOn }} insuranceBook {{ status }} }} {EMPLOYER} {{ name }} }}"
    )
    names = ("officer", "officer cleared for defence", "officer cleared for public security", "officer cleared for all")
    for _ in range(3):
        await asyncio.gather(*(engine.execute(Request(document), Viewer(PROFILES[name])) for name in names * 4))
    fresh: dict[Universe, Any] = {}
    seen = 0
    for source in engine.sources.values():
        assert isinstance(source, PostgresSource)
        for universe, connections in source._connections.items():
            for connection in chain(*connections._idle.values()):
                seen += 1
                state = await _state(connection)
                assert state["user"] == state["session"] == f"hub_{universe.value}"
                assert state["prepared"] == [], "no statement names another universe's tables"
                del state["prepared"]
                assert fresh.setdefault(universe, state) == state
    assert seen >= 16
    await engine.stop()


async def _state(connection: asyncpg.Connection[Any]) -> dict[str, Any]:
    """Whatever a session could remember."""
    user, session, role, path = await connection.fetchrow(
        "select current_user, session_user, current_setting('role'), current_setting('search_path')"
    )
    names = {"hub_civilian": (), "hub_defence": ("defence",), "hub_public_security": ("public_security",)}
    own = {"civilian", *names.get(user, ("defence", "public_security"))}
    statements = await connection.fetch("select statement from pg_prepared_statements where statement not like '%pg_%'")
    return {
        "user": user,
        "session": session,
        "role": role,
        "path": path,
        "settings": await connection.fetch("select name, setting from pg_settings where source = 'session' order by 1"),
        "temporary": await connection.fetch("select relname from pg_class where relpersistence = 't'"),
        "prepared": [
            text
            for (text,) in statements
            if not set(re.findall(r"\b(civilian|defence|public_security)\.", text)) <= own
        ],
    }


# Two doors


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    made = Folder(tmp_path_factory.mktemp("issuer"))
    ensure_keys(made)
    return made


CLAIMS = {
    "officer": {"hub_audience": "officer", "clearance": "civilian", "sub": "officer"},
    "analyst": {"hub_audience": "analyst", "clearance": "civilian", "project": "ageing", "sub": "analyst"},
    "citizen": {"hub_audience": "citizen", "acr": "vneid-2", "sub": oddities.RENEWED},
    "partner": {"hub_audience": "partner", "agreement": "health-ministry", "sub": "ministry"},
}

SENT = (
    ("officer", f"query A {{ {PERSON} {{ fullName occupation }} }}"),
    ("officer", 'query A { person(personalId: "001190900005") { fullName } }'),
    ("officer", f"query A {{ {PERSON} {{ recordClass }} }}"),
    ("analyst", f"query A {{ {REPRESENTED} {{ representative {{ fullName }} }} }}"),
    ("analyst", f"query A {{ {REPRESENTED} {{ representative {{ id birthDate }} }} }}"),
    ("citizen", "query A { me { fullName birthDate household { members { person { birthDate personalId } } } } }"),
    ("citizen", "query A { me { fullName household { members { person { birthDate } } } } }"),
    ("partner", f"query A {{ {RENEWED} {{ fullName occupation }} }}"),
    ("partner", f"query A {{ {RENEWED} {{ fullName birthDate }} }}"),
    ("officer", 'query A { __type(name: "RecordClass") { name enumValues { name } } }'),
)


@pytest.mark.parametrize("reader,document", SENT)
async def test_every_door_gives_the_same(reader: str, document: str, country: Country, folder: Folder) -> None:
    """GET, POST, with and without `operationName`, among other operations: one decision, one answer."""
    engine = open_engine(load_graph(), country.settings)
    trust = Trust(read_key_set(folder.keys), ISSUER, AUDIENCE, engine.built.served())
    app = make_app(engine, Identity(trust), country.settings)
    headers = {"authorization": f"Bearer {sign(folder, CLAIMS[reader])}", "accept": "application/json"}
    extensions = {"purpose": PURPOSE}
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="http://hub", headers=headers
    ) as client:
        body: dict[str, Any] = {"query": document, "extensions": extensions}
        answers = [
            await client.post("/graphql", json=body),
            await client.post("/graphql", json={**body, "operationName": "A"}),
            await client.post("/graphql", json={**body, "variables": {}, "operationName": None}),
            await client.get(f"/graphql?query={quote(document)}&extensions={quote(json.dumps(extensions))}"),
            await client.get(
                f"/graphql?query={quote(document)}&operationName=A&extensions={quote(json.dumps(extensions))}"
            ),
            await client.post(
                "/graphql", json={**body, "query": f"{document} query B {{ b: __typename }}", "operationName": "A"}
            ),
        ]
    assert len({(one.status_code, one.content) for one in answers}) == 1
    kept = [{name: value for name, value in one.headers.items() if name != "x-request-id"} for one in answers]
    assert all(one == kept[0] for one in kept)
    await engine.stop()


PRUNED = {
    "officer": ("RecordClass", "Visit", "Diagnosis", "HealthCards"),
    "analyst": ("Identifier", "Relative", "Ward", "RecordClass", "Facility", "CardIssuer", "PersonalId"),
    "health ministry": ("Contribution", "Employer", "Household", "RecordClass", "Ward", "ContributionTotals"),
    "citizen": ("RecordClass", "_Service", "_Any"),
}


@pytest.mark.parametrize("name", PRUNED)
def test_a_type_that_was_taken_out_is_as_unknown_as_one_that_never_was(name: str, ask: Ask) -> None:
    """Introspection as a second door: by name, by list, by fragment."""
    known = {one["name"] for one in ask(name, "{ __schema { types { name } } }")["data"]["__schema"]["types"]}
    for pruned in PRUNED[name]:
        document = '{ __type(name: "%s") { name fields { name } enumValues { name } possibleTypes { name } } }'
        assert ask(name, document % pruned) == ask(name, document % "Zzzzzz") == {"data": {"__type": None}}
        assert pruned not in known
        (error,) = ask(name, f"{{ ... on {pruned} {{ __typename }} }}")["errors"]
        first, _, suggested = error["message"].partition(".")
        assert first == f"Unknown type '{pruned}'"
        assert set(re.findall(r"'(\w+)'", suggested)) <= known


@pytest.mark.parametrize("name", UNCLEARED)
def test_an_uncleared_schema_has_no_word_of_the_other_classes(name: str, ask: Ask) -> None:
    """The schema is the first thing that gives a class away: names of types, fields, values, descriptions."""
    document = """{ __schema { types { name description fields(includeDeprecated: true) { name description
        args { name description } } enumValues(includeDeprecated: true) { name description } inputFields { name } }
        directives { name description } } }"""
    text = json.dumps(ask(name, document)).lower()
    for word in ("defence", "public_security", "army", "police", "armed", "recordclass", "military", "secret"):
        assert word not in text


@pytest.mark.parametrize("document", ["{ _service { sdl } }", "{ _entities(representations: []) { __typename } }"])
@pytest.mark.parametrize("name", PROFILES)
def test_the_doors_of_federation_are_not_there(name: str, document: str, ask: Ask) -> None:
    """`_service` and `_entities` would give every record by its key and every label by its name."""
    assert unknown(ask(name, document, subject=oddities.RENEWED), "_service" if "_service" in document else "_entities")


# Errors


def test_forbidden_is_missing(ask: Ask) -> None:
    """Another message for forbidden than for missing: byte for byte the same, through look-ups, lists and links."""
    officer = {
        f'person(personalId: "{key}") {{ id fullName household {{ registeredOn }} insuranceBook {{ status }} }}'
        for key in (oddities.DEFENCE_ONLY, oddities.POLICE_ONLY, oddities.NOBODY)
    }
    assert {json.dumps(ask("officer", f"{{ {one} }}")) for one in officer} == {'{"data": {"person": null}}'}
    analyst = [
        ask(
            "analyst",
            "query ($t: TaxCode!) { employer(taxCode: $t) { name participants { totalCount } units: __typename } }",
            t=key,
        )
        for key in (oddities.DEFENCE_EMPLOYER, oddities.POLICE_EMPLOYER, oddities.NO_EMPLOYER)
    ]
    assert analyst == [{"data": {"employer": None}}] * 3


# Guardians


WARD = """{ me { wards { relation until person {
    fullName birthDate sex insuranceBook { status totals { months } contributions { nodes { fromMonth status } } }
    healthInsurance { cards { nodes { validFrom validTo status } } }
} } } }"""


def test_a_guardian_reads_of_a_child_what_the_table_gives_and_no_other_class(ask: Ask) -> None:
    """A citizen's standing to a child in his care: names, year of birth, whether and how the child is insured."""
    wards = ask("citizen", WARD, subject=oddities.RELATED)["data"]["me"]["wards"]
    people = [ward["person"] for ward in wards]
    assert len(wards) == 5, "not the one who is sixteen, and no row of another class"
    assert sum(person is None for person in people) == 3, "one is nobody, two are of other classes"
    for person in people:
        if person is not None:
            assert person["fullName"].startswith("civilian")
            assert re.fullmatch(r"[0-9]{4}", person["birthDate"])


DENIED_TO_GUARDIANS = (
    "personalId", "id2: identifiers { value }", "contact { phone }", "occupation", "permanentResidence { detail }",
    "insuranceBook { contributions { nodes { salary } } }",
    "insuranceBook { contributions { nodes { employer { name } } } }",
    "healthInsurance { cards { nodes { cardCode } } }", "healthInsurance { visits { nodes { id } } }",
    "healthInsurance { visits { totalCount } }", "wards { relation }", "relatives { fullName }",
)  # fmt: skip


@pytest.mark.parametrize("selection", DENIED_TO_GUARDIANS)
def test_a_guardian_reads_no_more_than_that(selection: str, ask: Ask) -> None:
    answer = ask("citizen", f"{{ me {{ wards {{ person {{ {selection} }} }} }} }}", subject=oddities.RELATED)
    assert list(answer) == ["errors"]
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"NOT_SHARED"}


def test_clearance_for_oneself_is_none_for_the_household_or_a_child(ask: Ask) -> None:
    """A soldier cleared for his own records sees of his family what any citizen sees."""
    document = """{ me {
        relatives { relation person { fullName } }
        household { members { relationship person { sex } } }
        wards { relation person { fullName insuranceBook { status } } } } }"""
    plain = ask("citizen", document, subject=oddities.RELATED)["data"]["me"]
    for name in ("soldier", "policeman", "citizen cleared for all of his own"):
        cleared = ask(name, document, subject=oddities.RELATED)["data"]["me"]
        # More of his own rows name people; of nobody behind them more is told.
        people = [one["person"] for one in (*cleared["relatives"], *cleared["wards"]) if one["person"] is not None]
        assert all(person["fullName"].startswith("civilian") for person in people)
        assert cleared["household"] == plain["household"]


# Pseudonyms

IDS = f"""{{ {REPRESENTED} {{ participants {{ nodes {{ person {{ id }} }} }} representative {{
    id household {{ householdId }}
    insuranceBook {{ contributions {{ nodes {{ id }} }} benefits {{ nodes {{ id }} }} }} }} }} }}"""
ROWS = {"person": "id", "household": "id", "contribution": "id", "benefit": "id", "visit": "id"}


def words(value: Any) -> set[str]:
    """Every text in an answer."""
    match value:
        case dict():
            return {word for inner in value.values() for word in words(inner)}
        case list():
            return {word for inner in value for word in words(inner)}
        case str():
            return {value}
        case _:
            return set()


def test_a_pseudonym_is_stable_within_a_project_and_unrelated_between_two(ask: Ask) -> None:
    one, again, other = (ask(name, IDS) for name in ("analyst", "analyst", "analyst of another project"))
    assert one == again
    assert len(words(one)) > 5
    assert words(one).isdisjoint(words(other))
    assert all(re.fullmatch(r"[0-9a-f]{32}", word) for word in words(one) | words(other))


def test_a_pseudonym_is_never_the_value_and_no_hash_of_it_alone(ask: Ask, tables: Tables) -> None:
    raw = {str(row[column]) for table, column in ROWS.items() for of in RecordClass for row in tables.rows[of, table]}
    shown = words(ask("analyst", IDS))
    assert shown.isdisjoint(raw)
    assert shown.isdisjoint(word.replace("-", "") for word in raw)
    assert shown <= {Masks(SECRET).pseudonym(word, ANALYST) for word in raw}
    assert shown.isdisjoint(Masks(b"another secret").pseudonym(word, ANALYST) for word in raw)


def test_agreements_and_projects_share_no_pseudonym(ask: Ask) -> None:
    document = f"{{ {PERSON} {{ id insuranceBook {{ benefits {{ nodes {{ id }} }} }} }} }}"
    partners = [words(ask(name, document)) for name in ("partner of everything", "partner for service pensions")]
    assert all(partners)
    assert partners[0].isdisjoint(partners[1])
    ministry = words(ask("health ministry", f"{{ {PERSON} {{ id }} }}"))
    assert len({frozenset(one) for one in (ministry, *partners)}) == 3
    named_alike = Masks(SECRET)
    assert named_alike.pseudonym("x", PENSIONS) != named_alike.pseudonym("x", ANALYST)


def test_a_value_has_one_pseudonym_in_every_register_and_class(ask: Ask) -> None:
    """A household's id is read by its member, by its person and by the holder of a book: it is one word each time."""
    document = f"""{{ {PERSON} {{ household {{ householdId }} membership {{ household {{ householdId }} }}
        insuranceBook {{ holder {{ household {{ householdId }} }} }} }} }}"""
    (word,) = words(ask("partner of everything", document))
    assert word == Masks(SECRET).pseudonym(oddities.HOUSEHOLD, EVERYTHING)
    by_class = f"{{ {PERSON} {{ recordClass id }} }}"
    found = ask("partner of everything", by_class)["data"]["person"]
    assert found["recordClass"] == "PUBLIC_SECURITY"
    row = oddities.PERSONS["public_security", oddities.THREEFOLD]
    assert found["id"] == Masks(SECRET).pseudonym(row, EVERYTHING)
