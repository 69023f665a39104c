"""Whether a partner is answered: the gates in their order, the day, and the purpose; and the same through HTTP."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from hub.demo.folder import Folder
from hub.demo.tokens import AUDIENCE, ISSUER, VIEWERS, ensure_keys, sign
from hub.engine import Built, Engine
from hub.model.request import Request
from hub.model.viewer import Audience, Profile, Viewer
from hub.server.app import make_app
from hub.server.identity import Identity, Trust
from hub.server.keys import read_key_set
from hub.server.run import bind, make_server
from hub.settings import Settings

GOOD = "{ __typename }"  # answered without a source, so that nothing but the gates decides
INVALID = "{ bankAccount }"
UNPARSABLE = "{ person("
NOT_SHARED = "NOT_SHARED"
PARTNER = Profile(Audience.PARTNER, agreement="health-ministry")
FIRST, LAST = date(2026, 1, 1), date(2028, 12, 31)

Answer = dict[str, Any]


def engine(built: Built, day: date = FIRST) -> Engine:
    return Engine(built, {}, today=lambda: day)


async def ask(
    built: Built,
    document: str = GOOD,
    *,
    purpose: str | None = "card-check",
    day: date = FIRST,
    profile: Profile = PARTNER,
    variables: dict[str, Any] | None = None,
) -> Answer:
    request = Request(document, variables=variables or {}, purpose=purpose)
    response = await engine(built, day).execute(request, Viewer(profile, name="clinic"))
    assert response.executed is (b'"errors"' not in response.body)
    found: Answer = json.loads(response.body)
    return found


def codes(answer: Answer) -> list[str]:
    return [error["extensions"]["code"] for error in answer.get("errors", [])]


# --- the gates ------------------------------------------------------------------------------------------------------


async def test_a_partner_in_time_with_a_purpose_is_answered(built: Built) -> None:
    for purpose in ("card-check", "claims-review"):
        assert await ask(built, purpose=purpose) == {"data": {"__typename": "Query"}}


@pytest.mark.parametrize(
    "document, variables, expected",
    [
        (UNPARSABLE, {}, "GRAPHQL_PARSE_FAILED"),
        (INVALID, {}, "GRAPHQL_VALIDATION_FAILED"),
        ("query ($id: PersonalId!) { person(personalId: $id) { fullName } }", {}, "BAD_USER_INPUT"),
        (GOOD, {}, "AGREEMENT_EXPIRED"),
        ("{ __schema { queryType { name } } }", {}, "AGREEMENT_EXPIRED"),
    ],
)
async def test_what_is_wrong_with_a_document_is_said_before_what_is_wrong_with_the_agreement(
    built: Built, document: str, variables: dict[str, Any], expected: str
) -> None:
    """The gates stand in one order, so that an answer never depends on which of two faults was looked for first."""
    assert codes(await ask(built, document, day=date(2029, 1, 1), purpose=None, variables=variables)) == [expected]


async def test_an_invalid_document_is_answered_alike_whatever_the_agreement(built: Built) -> None:
    answers = [
        await ask(built, INVALID, day=day, purpose=purpose)
        for day in (FIRST, date(2029, 1, 1))
        for purpose in (None, "x")
    ]
    assert all(answer == answers[0] for answer in answers)


async def test_the_agreement_is_asked_every_time_and_not_once_for_a_document(built: Built) -> None:
    days = iter([LAST, date(2029, 1, 1), LAST])
    one = Engine(built, {}, today=lambda: next(days))
    viewer = Viewer(PARTNER, name="clinic")
    found = [codes(json.loads((await one.execute(Request(GOOD, purpose="card-check"), viewer)).body)) for _ in range(3)]
    assert found == [[], ["AGREEMENT_EXPIRED"], []]


# --- the day --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "day, expected",
    [
        (FIRST - timedelta(days=1), "agreement `health-ministry` is not in force before 01/01/2026"),
        (FIRST, None),
        (LAST, None),
        (LAST + timedelta(days=1), "agreement `health-ministry` ended on 31/12/2028"),
    ],
)
async def test_an_agreement_holds_from_its_first_day_to_its_last(built: Built, day: date, expected: str | None) -> None:
    answer = await ask(built, day=day)
    assert [error["message"] for error in answer.get("errors", [])] == ([expected] if expected else [])
    assert codes(answer) == (
        [] if expected is None else ["AGREEMENT_NOT_YET_VALID" if day < FIRST else "AGREEMENT_EXPIRED"]
    )


async def test_without_being_told_the_day_is_that_of_viet_nam(built: Built) -> None:
    """Seven hours ahead of UTC: an agreement that ends today in Ha Noi is in force, one that ended yesterday is not."""
    here = (datetime.now(UTC) + timedelta(hours=7)).date()
    only = built.rules.agreements["health-ministry"]
    for last, expected in ((here, []), (here - timedelta(days=1), ["AGREEMENT_EXPIRED"])):
        agreement = replace(only, valid_from=last, valid_until=last)
        today = replace(built, rules=replace(built.rules, agreements={"health-ministry": agreement}))
        response = await Engine(today, {}).execute(Request(GOOD, purpose="card-check"), Viewer(PARTNER, name="clinic"))
        if (datetime.now(UTC) + timedelta(hours=7)).date() == here:  # nobody can promise that midnight does not pass
            assert codes(json.loads(response.body)) == expected


# --- which agreement and what for -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["", "other", "Health-Ministry", "health-ministry "])
async def test_an_agreement_that_nobody_knows_opens_nothing(built: Built, name: str) -> None:
    answer = await ask(built, profile=replace(PARTNER, agreement=name))
    assert [(error["message"], error["extensions"]["code"]) for error in answer["errors"]] == [
        ("the token's agreement is none that this endpoint knows", "AGREEMENT_UNKNOWN")
    ]


async def test_a_partner_without_an_agreement_is_not_let_through(built: Built) -> None:
    answer = await ask(built, '{ person(personalId: "001190000001") { fullName } }', profile=Profile(Audience.PARTNER))
    assert codes(answer) == ["GRAPHQL_VALIDATION_FAILED"]


PURPOSES = "put one of `card-check`, `claims-review` in `extensions.purpose`"


@pytest.mark.parametrize(
    "purpose, message",
    [
        (None, f"the request names no purpose: {PURPOSES}"),
        ("", f"the request names a purpose that is not in the agreement: {PURPOSES}"),
        ("marketing", f"the request names a purpose that is not in the agreement: {PURPOSES}"),
        ("Card-Check", f"the request names a purpose that is not in the agreement: {PURPOSES}"),
        ("card-check ", f"the request names a purpose that is not in the agreement: {PURPOSES}"),
    ],
)
async def test_a_request_names_a_purpose_of_the_agreement(built: Built, purpose: str | None, message: str) -> None:
    answer = await ask(built, purpose=purpose)
    assert [(error["message"], error["extensions"]["code"]) for error in answer["errors"]] == [
        (message, "PURPOSE_NOT_AGREED")
    ]
    assert "data" not in answer


async def test_everybody_else_reads_without_a_purpose(built: Built) -> None:
    for profile in (Profile(Audience.OFFICER), Profile(Audience.ANALYST, project="x"), Profile(Audience.CITIZEN)):
        for purpose in (None, "marketing"):
            assert await ask(built, profile=profile, purpose=purpose) == {"data": {"__typename": "Query"}}


@pytest.mark.parametrize(
    "field",
    ["ethnicity { code }", "contact { phone }", "identifiers { value }", "household { householdCode }", "invented"],
)
async def test_one_field_outside_of_the_agreement_refuses_the_whole_document(built: Built, field: str) -> None:
    document = f'{{ person(personalId: "001190000001") {{ fullName {field} }} }}'
    answer = await ask(built, document)
    assert codes(answer) == ["GRAPHQL_VALIDATION_FAILED"]
    assert set(answer) == {"errors"}


# --- through HTTP ---------------------------------------------------------------------------------------------------

Send = Callable[..., httpx.Response]


@pytest.fixture(scope="module")
def address(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Folder]]:
    """A server without a single source, for the days of the agreement."""
    folder = Folder(Path(tmp_path_factory.mktemp("issuer")))
    ensure_keys(folder)
    identity = Identity(Trust(read_key_set(folder.keys), ISSUER, AUDIENCE, built.served()))
    listener = bind("127.0.0.1", 0)
    up = threading.Event()
    server = make_server(make_app(engine(built), identity, Settings()), up.set)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    assert up.wait(10)
    host, port = listener.getsockname()[:2]
    yield f"http://{host}:{port}/graphql", folder
    server.should_exit = True
    thread.join()


@pytest.fixture(params=["POST", "GET"])
def send(request: pytest.FixtureRequest, address: tuple[str, Folder]) -> Send:
    """Sends a document as the health ministry, by POST or by GET."""
    url, folder = address
    headers = {"authorization": f"Bearer {sign(folder, VIEWERS['health-ministry'].claims)}"}

    def post(document: str, extensions: object = None) -> httpx.Response:
        return httpx.post(url, json={"query": document, "extensions": extensions}, headers=headers)

    def get(document: str, extensions: object = None) -> httpx.Response:
        parameters = {"query": document} | ({} if extensions is None else {"extensions": json.dumps(extensions)})
        return httpx.get(url, params=parameters, headers=headers)

    return post if request.param == "POST" else get


def test_the_purpose_stands_in_the_extensions_of_the_request(send: Send) -> None:
    response = send(GOOD, {"purpose": "card-check"})
    assert (response.status_code, response.json()) == (200, {"data": {"__typename": "Query"}})


@pytest.mark.parametrize(
    "extensions", [None, {}, {"purpose": None}, {"purpose": "marketing"}, {"Purpose": "card-check"}]
)
def test_without_an_agreed_purpose_nothing_is_answered(send: Send, extensions: object) -> None:
    response = send(GOOD, extensions)
    assert codes(response.json()) == ["PURPOSE_NOT_AGREED"]
    assert set(response.json()) == {"errors"}


@pytest.mark.parametrize("purpose", [1, ["card-check"], {"card-check": True}, True])
def test_a_purpose_that_is_no_word_is_no_request(send: Send, purpose: object) -> None:
    response = send(GOOD, {"purpose": purpose})
    assert response.status_code == 400
    assert response.json()["errors"][0]["message"] == "`extensions.purpose` must be a string"


def test_what_is_wrong_with_the_document_comes_first_there_too(send: Send) -> None:
    assert codes(send(INVALID).json()) == ["GRAPHQL_VALIDATION_FAILED"]
    assert codes(send(UNPARSABLE).json()) == ["GRAPHQL_PARSE_FAILED"]


def test_a_token_of_an_agreement_that_is_not_served_is_refused_before_all(address: tuple[str, Folder]) -> None:
    url, folder = address
    claims = VIEWERS["health-ministry"].claims | {"agreement": "nobodys"}  # type: ignore[operator]
    headers = {"authorization": f"Bearer {sign(folder, claims)}"}
    response = httpx.post(url, json={"query": UNPARSABLE}, headers=headers)
    assert response.status_code == 401
    assert response.json()["errors"][0]["message"] == "the token's `agreement` is none that this endpoint knows"
