"""The endpoint over real HTTP: statuses, headers, and the shape of every refusal."""

from __future__ import annotations

import json
import re
import socket
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from hub.demo.folder import Folder
from hub.demo.tokens import sign
from hub.server.negotiation import GRAPHQL, JSON, answer_type, is_json

from .conftest import Running

QUERY = "{ me { fullName } }"
BOTH = "application/graphql-response+json, application/json;q=0.9"


def error(response: httpx.Response) -> dict[str, Any]:
    """The one error of an answer, whose shape is the same everywhere."""
    body = response.json()
    assert set(body) == {"errors"}
    (only,) = body["errors"]
    assert set(only) <= {"message", "locations", "path", "extensions"}
    assert set(only["extensions"]) <= {"code", "id"}
    found: dict[str, Any] = only
    return found


# --- what is served -------------------------------------------------------------------------------------------------


def test_a_post_reaches_the_engine_as_it_was_sent(authorized: httpx.Client) -> None:
    body = {"query": QUERY, "operationName": "A", "variables": {"x": ["Nguyễn", 1, None]}, "extensions": {"a": 1}}
    response = authorized.post("/graphql", json=body)
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json; charset=utf-8"
    assert response.headers["cache-control"] == "private, no-store"
    assert response.json()["data"] == {
        "document": QUERY,
        "operationName": "A",
        "variables": {"x": ["Nguyễn", 1, None]},
        "purpose": None,
        "plan": None,
        "audience": "citizen",
        "subject": "001099012345",
    }


@pytest.mark.parametrize(
    "extensions, purpose",
    [({"purpose": "card-check"}, "card-check"), ({"purpose": None}, None), ({"tracing": 1}, None), ({}, None)],
)
def test_the_purpose_of_a_request_stands_in_its_extensions(
    authorized: httpx.Client, extensions: dict[str, Any], purpose: str | None
) -> None:
    posted = authorized.post("/graphql", json={"query": QUERY, "extensions": extensions})
    got = authorized.get("/graphql", params={"query": QUERY, "extensions": json.dumps(extensions)})
    assert posted.json()["data"]["purpose"] == got.json()["data"]["purpose"] == purpose


@pytest.mark.parametrize(
    "extensions, plan",
    [({"plan": "show"}, "show"), ({"plan": "only", "purpose": "x"}, "only"), ({"plan": None}, None), ({}, None)],
)
def test_the_plan_of_a_request_is_asked_for_in_its_extensions(
    authorized: httpx.Client, extensions: dict[str, Any], plan: str | None
) -> None:
    posted = authorized.post("/graphql", json={"query": QUERY, "extensions": extensions})
    got = authorized.get("/graphql", params={"query": QUERY, "extensions": json.dumps(extensions)})
    assert posted.json()["data"]["plan"] == got.json()["data"]["plan"] == plan


@pytest.mark.parametrize("more", [{}, {"variables": None, "operationName": None, "extensions": None}])
def test_what_is_left_out_or_null_is_empty(authorized: httpx.Client, more: dict[str, Any]) -> None:
    data = authorized.post("/graphql", json={"query": QUERY} | more).json()["data"]
    assert (data["operationName"], data["variables"]) == (None, {})


def test_a_get_carries_the_same_in_its_address(authorized: httpx.Client) -> None:
    parameters = {"query": "query A { me { fullName } }", "operationName": "A", "variables": '{"x":"Nguyễn"}'}
    response = authorized.get("/graphql", params=parameters)
    assert response.status_code == 200
    assert response.json()["data"]["variables"] == {"x": "Nguyễn"}
    assert response.json()["data"]["operationName"] == "A"


def test_a_body_may_come_in_pieces(authorized: httpx.Client) -> None:
    whole = json.dumps({"query": QUERY}).encode()
    pieces = (whole[at : at + 3] for at in range(0, len(whole), 3))
    response = authorized.post("/graphql", content=pieces, headers={"content-type": "application/json"})
    assert response.json()["data"]["document"] == QUERY


def test_one_connection_serves_many_requests_even_after_refusals(authorized: httpx.Client) -> None:
    bodies: list[object] = [{"query": QUERY}, [], {"query": QUERY}]
    for body in bodies:
        authorized.post("/graphql", json=body)
    assert authorized.post("/graphql", json={"query": QUERY}).status_code == 200


def test_the_clients_request_id_comes_back(authorized: httpx.Client) -> None:
    response = authorized.post("/graphql", json={"query": QUERY}, headers={"x-request-id": "portal-17.a"})
    assert response.headers["x-request-id"] == "portal-17.a"


@pytest.mark.parametrize("given", ["", "a b", "x" * 65, "<script>"])
def test_a_request_id_that_is_none_is_replaced(authorized: httpx.Client, given: str) -> None:
    response = authorized.post("/graphql", json={"query": QUERY}, headers={"x-request-id": given})
    assert re.fullmatch(r"[0-9a-f]{32}", response.headers["x-request-id"])


# --- media types ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "accept, media",
    [
        (b"*/*", JSON),
        (b"", JSON),
        (b"application/json", JSON),
        (b"application/*", JSON),
        (b"application/graphql-response+json", GRAPHQL),
        (b"application/graphql-response+json; charset=utf-8, application/json", GRAPHQL),
        (b"application/graphql-response+json;q=0.5, application/json", JSON),
        (b"application/graphql-response+json;q=0, */*", JSON),
        (b"application/json;q=0, */*;q=0.5", GRAPHQL),
        (b"text/html, application/xhtml+xml, */*;q=0.8", JSON),
        (b"APPLICATION/JSON", JSON),
        (b"text/html", None),
        (b"application/json;q=0", None),
        (b"application/json;q=x", None),
    ],
)
def test_the_client_chooses_the_media_type(accept: bytes, media: bytes | None) -> None:
    assert answer_type(accept) == media


@pytest.mark.parametrize(
    "content_type, good",
    [
        (b"application/json", True),
        (b"Application/JSON; charset=UTF-8", True),
        (b'application/json;charset="utf-8"', True),
        (b"application/json; charset=latin-1", False),
        (b"application/graphql", False),
        (b"text/plain", False),
        (b"multipart/form-data; boundary=x", False),
        (b"application/x-www-form-urlencoded", False),
        (b"", False),
    ],
)
def test_only_json_in_utf_8_is_read(content_type: bytes, good: bool) -> None:
    assert is_json(content_type) is good


@pytest.mark.parametrize("document", ["refuse { secret }", "refused { a }"])
def test_a_refused_document_is_400_for_clients_that_asked_to_be_told(authorized: httpx.Client, document: str) -> None:
    told = authorized.post("/graphql", json={"query": document}, headers={"accept": BOTH})
    assert told.status_code == 400
    assert told.headers["content-type"] == "application/graphql-response+json; charset=utf-8"
    assert authorized.post("/graphql", json={"query": document}).status_code == 200


def test_a_refusal_says_where(authorized: httpx.Client) -> None:
    assert error(authorized.post("/graphql", json={"query": "refuse { secret }"})) == {
        "message": "no field `secret`",
        "locations": [{"line": 1, "column": 3}],
        "extensions": {"code": "GRAPHQL_VALIDATION_FAILED"},
    }


# --- requests that are none -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body, message",
    [
        (b"", "the body is empty"),
        (b"{", "the body is not JSON"),
        (b'{"query": NaN}', "the body is not JSON"),
        (b'{"query": "\xff"}', "the body is not UTF-8"),
        (b'{"query": "\\ud800"}', "the body is not JSON"),
        (b"[" * 5000 + b"]" * 5000, "the body is not JSON"),
        (b"1", "must be a JSON object"),
        (b"null", "must be a JSON object"),
        (b'[{"query": "{ a }"}]', "a list of requests is not accepted"),
        (b"{}", "`query` is missing"),
        (b'{"query": null}', "`query` is missing"),
        (b'{"query": 1}', "`query` must be a string"),
        (b'{"query": "{ a }", "variables": []}', "`variables` must be an object"),
        (b'{"query": "{ a }", "variables": "{}"}', "`variables` must be an object"),
        (b'{"query": "{ a }", "operationName": 1}', "`operationName` must be a string"),
        (b'{"query": "{ a }", "extensions": []}', "`extensions` must be an object"),
        (b'{"query": "{ a }", "extensions": {"purpose": 1}}', "`extensions.purpose` must be a string"),
        (b'{"query": "{ a }", "extensions": {"purpose": ["x"]}}', "`extensions.purpose` must be a string"),
        (b'{"query": "{ a }", "extensions": {"plan": true}}', '`extensions.plan` must be "show" or "only"'),
        (b'{"query": "{ a }", "extensions": {"plan": "all"}}', '`extensions.plan` must be "show" or "only"'),
        (b'{"query": "{ a }", "extensions": {"plan": ["show"]}}', '`extensions.plan` must be "show" or "only"'),
        (b'{"extensions": {"persistedQuery": {}}}', "persisted queries are not supported"),
    ],
)
@pytest.mark.parametrize("accept", ["*/*", BOTH])
def test_a_body_that_is_no_request_is_400(authorized: httpx.Client, body: bytes, message: str, accept: str) -> None:
    headers = {"content-type": "application/json", "accept": accept}
    response = authorized.post("/graphql", content=body, headers=headers)
    assert response.status_code == 400
    assert message in error(response)["message"]


@pytest.mark.parametrize(
    "query, status, message",
    [
        ("", 400, "`query` is missing"),
        ("query=%ff", 400, "not UTF-8"),
        ("query={a}&query={b}", 400, "there twice"),
        ("query={a}&variables={", 400, "`variables` is not JSON"),
        ("query={a}&variables=[]", 400, "`variables` must be an object"),
        ("query={a}&extensions={", 400, "`extensions` is not JSON"),
        ("query={a}&extensions=[]", 400, "`extensions` must be an object"),
        ('query={a}&extensions={"purpose":{}}', 400, "`extensions.purpose` must be a string"),
        ("&".join(f"a{n}=1" for n in range(30)), 400, "too many parameters"),
        ("query=" + quote("mutation { a }"), 405, "a mutation cannot be sent with GET"),
        ("query=" + quote("subscription { a }"), 405, "a subscription cannot be sent with GET"),
        ("query=" + quote("query Q { a } mutation M { a }") + "&operationName=M", 405, "a mutation cannot"),
    ],
)
def test_an_address_that_is_no_query_is_refused(
    authorized: httpx.Client, query: str, status: int, message: str
) -> None:
    response = authorized.get(f"/graphql?{query}")
    assert response.status_code == status
    assert message in error(response)["message"]
    if status == 405:
        assert response.headers["allow"] == "POST"


@pytest.mark.parametrize("query", ["{ mutation }", "query Q { a } mutation M { a }&operationName=Q", "mutation {"])
def test_a_get_that_only_speaks_of_mutations_is_served(authorized: httpx.Client, query: str) -> None:
    document, _, name = query.partition("&operationName=")
    parameters = {"query": document} | ({"operationName": name} if name else {})
    assert authorized.get("/graphql", params=parameters).status_code == 200


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"])
def test_other_methods_are_405_and_the_right_ones_named(authorized: httpx.Client, method: str) -> None:
    response = authorized.request(method, "/graphql")
    assert response.status_code == 405
    assert response.headers["allow"] == "GET, POST"


@pytest.mark.parametrize("content_type", ["text/plain", "multipart/form-data", "application/x-www-form-urlencoded"])
def test_what_a_foreign_site_could_send_unasked_is_415(authorized: httpx.Client, content_type: str) -> None:
    body = json.dumps({"query": QUERY}).encode()
    response = authorized.post("/graphql", content=body, headers={"content-type": content_type})
    assert response.status_code == 415
    assert "application/json" in error(response)["message"]


def test_a_post_without_a_content_type_is_415(authorized: httpx.Client) -> None:
    assert authorized.post("/graphql", content=b"{}").status_code == 415


def test_a_client_that_accepts_neither_type_is_406(authorized: httpx.Client) -> None:
    response = authorized.post("/graphql", json={"query": QUERY}, headers={"accept": "text/html"})
    assert response.status_code == 406
    assert error(response)["extensions"]["code"] == "NOT_ACCEPTABLE"


def test_a_body_that_is_too_large_is_413_whether_it_says_so_or_not(authorized: httpx.Client) -> None:
    large = json.dumps({"query": "x" * 30_000}).encode()
    headers = {"content-type": "application/json"}
    assert authorized.post("/graphql", content=large, headers=headers).status_code == 413
    pieces = (large[at : at + 1000] for at in range(0, len(large), 1000))
    assert authorized.post("/graphql", content=pieces, headers=headers).status_code == 413


def test_a_client_that_leaves_in_the_middle_of_its_body_harms_nobody(running: Running, token: str) -> None:
    with socket.create_connection(running.address) as connection:
        connection.sendall(
            b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n"
            b"authorization: Bearer " + token.encode() + b"\r\n\r\n{"
        )
    assert running.client.get("/health/live").status_code == 200


# --- who asks -------------------------------------------------------------------------------------------------------


def test_without_a_token_nothing_is_served(running: Running) -> None:
    before = len(running.engine.calls)
    response = running.client.post("/graphql", json={"query": QUERY})
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    assert error(response)["extensions"]["code"] == "UNAUTHENTICATED"
    assert len(running.engine.calls) == before


@pytest.mark.parametrize("accept", ["*/*", BOTH])
def test_a_bad_token_is_401_and_never_anonymous(running: Running, issuer: Folder, accept: str) -> None:
    before = len(running.engine.calls)
    bad = sign(issuer, {"hub_audience": "citizen", "sub": "001099012345"})
    headers = {"authorization": f"Bearer {bad}", "accept": accept}
    response = running.client.post("/graphql", json={"query": QUERY}, headers=headers)
    assert response.status_code == 401
    message = error(response)["message"]
    assert response.headers["www-authenticate"] == f'Bearer error="invalid_token", error_description="{message}"'
    assert "level 2 of VNeID" in error(response)["message"]
    assert len(running.engine.calls) == before


def test_who_asks_is_settled_before_what_is_asked(running: Running) -> None:
    response = running.client.post("/graphql", content=b"{", headers={"content-type": "application/json"})
    assert response.status_code == 401


# --- what goes wrong inside -----------------------------------------------------------------------------------------


def test_an_error_inside_shows_an_id_and_nothing_else(
    authorized: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("ERROR", "hub.server"):
        response = authorized.post("/graphql", json={"query": "break { a }"})
    assert response.status_code == 500
    shown = error(response)
    assert shown["message"] == f"something went wrong inside: `{shown['extensions']['id']}` names it in the log"
    assert shown["extensions"]["id"] in caplog.text
    assert "KeyError" in caplog.text
    assert "001099012345" not in caplog.text + response.text


def test_a_request_that_takes_too_long_ends(authorized: httpx.Client) -> None:
    response = authorized.post("/graphql", json={"query": "hang { a }"})
    assert response.status_code == 503
    assert error(response)["extensions"]["code"] == "TIMEOUT"


def test_an_unknown_address_says_where_the_graph_is(running: Running) -> None:
    response = running.client.get("/")
    assert response.status_code == 404
    assert error(response)["message"] == "there is nothing here: the graph is at /graphql"


# --- health ---------------------------------------------------------------------------------------------------------


def test_it_lives(running: Running) -> None:
    response = running.client.get("/health/live")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


def test_nothing_tells_which_software_answers(running: Running) -> None:
    assert "server" not in running.client.get("/health/live").headers
