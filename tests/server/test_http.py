"""The endpoint over real HTTP: statuses, headers, and the shape of every refusal."""

from __future__ import annotations

import gzip
import json
import re
import socket
from typing import Any
from urllib.parse import urlencode

import httpx
import hypothesis
import hypothesis.strategies as st
import pytest

from hub.demo.folder import Folder
from hub.demo.tokens import AUDIENCE, ISSUER, sign
from hub.model.viewer import Served
from hub.server.compression import gzipped
from hub.server.identity import Identity, Trust
from hub.server.keys import read_key_set
from hub.server.negotiation import ANSWERS, GRAPHQL, JSON, answer_type, is_json, takes_gzip
from hub.settings import Settings

from .conftest import Running, TinyEngine, serving

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
        "stored": None,
        "readsOnly": False,
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
        (b"", GRAPHQL),
        (b" ", GRAPHQL),
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
        (b"application/json;q=nan", None),
        (b"application/json;q=-1", None),
        (b"application/json;q=1e3, application/graphql-response+json;q=0.1", GRAPHQL),
        (b"application/json;q=0.25 , application/graphql-response+json ; q=0.250", GRAPHQL),
        (b"application/json;charset=UTF-8", JSON),
        (b"application/json;charset=latin-1", None),
        (b"application/json;charset=latin-1, application/graphql-response+json;q=0.1", GRAPHQL),
        (b"application/json;q=0.1, application/json;q=0.9, application/graphql-response+json;q=0.5", JSON),
        (b"application/*;q=0, */*", None),
        (b"*/*;q=0", None),
        (b"*/*;q=0, application/json", JSON),
        (b"application/graphql-response+json, */*;q=0", GRAPHQL),
        (b"multipart/mixed;deferSpec=20220824, application/graphql-response+json, application/json;q=0.9", GRAPHQL),
        (b"multipart/mixed", None),
        (b"application/graphql+json, application/json", JSON),
        (b",,;;=,application/json,", JSON),
        (b",", None),
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
        (b"application/json; charset", False),
        (b"application/json; charset=utf-8; charset=utf-16", False),
        (b"application/json,text/plain", False),
        (b"application/graphql-response+json", False),
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
        (b'{"extensions": {"persistedQuery": 1}}', "`extensions.persistedQuery` must be an object"),
        (b'{"extensions": {"persistedQuery": {}}}', "`extensions.persistedQuery` must be an object with"),
        (b'{"extensions": {"persistedQuery": {"sha256Hash": "a"}}}', "`extensions.persistedQuery.version` must be 1"),
        (b'{"extensions": {"persistedQuery": {"version": true, "sha256Hash": "a"}}}', "version` must be 1"),
        (b'{"extensions": {"persistedQuery": {"version": 2, "sha256Hash": "a"}}}', "version` must be 1"),
        (b'{"extensions": {"persistedQuery": {"version": 1, "sha256Hash": null}}}', "sha256Hash` must be a string"),
        (b'{"extensions": {"persistedQuery": {"version": 1, "sha256Hash": ["a"]}}}', "must be the id of a document"),
        (b'{"documentId": 1}', "`documentId` must be the id of a document"),
        (b'{"documentId": ""}', "`documentId` must be the id of a document"),
        (b'{"documentId": "../../etc/passwd"}', "`documentId` must be the id of a document"),
        (b'{"documentId": "a\\nb"}', "`documentId` must be the id of a document"),
        (b'{"documentId": "a", "id": "b"}', "`documentId` and `id` name different documents"),
        (b'{"documentId": "a", "query": "{ a }"}', "`query` and the id of a stored document are both there"),
        (b'{"documentId": "sha256:a", "query": ""}', "`query` is empty"),
        (b'{"documentId": null}', "`query` is missing"),
    ],
)
@pytest.mark.parametrize("accept", ["*/*", BOTH])
def test_a_body_that_is_no_request_is_400(authorized: httpx.Client, body: bytes, message: str, accept: str) -> None:
    headers = {"content-type": "application/json", "accept": accept}
    response = authorized.post("/graphql", content=body, headers=headers)
    assert response.status_code == 400
    assert message in error(response)["message"]


@pytest.mark.parametrize(
    "query, message",
    [
        ("", "`query` is missing"),
        ("query=%ff", "not UTF-8"),
        ("query={a}&query={b}", "there twice"),
        ("query={a}&variables={", "`variables` is not JSON"),
        ("query={a}&variables=[]", "`variables` must be an object"),
        ("query={a}&extensions={", "`extensions` is not JSON"),
        ("query={a}&extensions=[]", "`extensions` must be an object"),
        ('query={a}&extensions={"purpose":{}}', "`extensions.purpose` must be a string"),
        ("&".join(f"a{n}=1" for n in range(30)), "too many parameters"),
    ],
)
def test_an_address_that_is_no_query_is_refused(authorized: httpx.Client, query: str, message: str) -> None:
    response = authorized.get(f"/graphql?{query}")
    assert response.status_code == 400
    assert message in error(response)["message"]


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


def test_a_compressed_body_is_415(authorized: httpx.Client) -> None:
    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    response = authorized.post("/graphql", content=gzip.compress(b'{"query": "{ a }"}'), headers=headers)
    assert response.status_code == 415
    assert response.headers["accept-encoding"] == "identity"
    assert "must not be compressed" in error(response)["message"]


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


# --- ids of stored documents ----------------------------------------------------------------------------------------

HASH = "7dba4bd717b41f10434822356a93c32b1fb4907b983e854300ad839f84cdcd6e"


@pytest.mark.parametrize(
    "path, body, stored",
    [
        ("/graphql", {"documentId": "book-1.2_a~b"}, "book-1.2_a~b"),
        ("/graphql", {"id": "x-codegen:abc", "query": None}, "x-codegen:abc"),
        ("/graphql", {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": HASH}}}, f"sha256:{HASH}"),
        ("/graphql", {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": HASH.upper()}}}, f"sha256:{HASH}"),
        ("/graphql", {"documentId": HASH}, f"sha256:{HASH}"),
        ("/graphql/book", {}, "book"),
        ("/graphql/book", {"documentId": "book", "id": "book"}, "book"),
        (f"/graphql/sha256:{HASH}", {"documentId": HASH}, f"sha256:{HASH}"),
        (f"/graphql/sha256%3A{HASH}", {}, f"sha256:{HASH}"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_document_is_named_in_the_body_in_the_address_or_in_the_path(
    authorized: httpx.Client, method: str, path: str, body: dict[str, Any], stored: str
) -> None:
    if method == "POST":
        response = authorized.post(path, json=body | {"variables": {"x": 1}})
    else:
        parameters = {name: value if isinstance(value, str) else json.dumps(value) for name, value in body.items()}
        parameters.pop("query", None)
        response = authorized.get(path, params=parameters | {"variables": '{"x":1}'})
    data = response.json()["data"]
    assert (data["stored"], data["document"], data["variables"]) == (stored, "", {"x": 1})
    assert data["readsOnly"] is (method == "GET")


def test_a_document_may_come_with_its_hash(authorized: httpx.Client) -> None:
    body = {"query": QUERY, "extensions": {"persistedQuery": {"version": 1, "sha256Hash": HASH}}}
    data = authorized.post("/graphql", json=body).json()["data"]
    assert (data["stored"], data["document"]) == (f"sha256:{HASH}", QUERY)


@pytest.mark.parametrize("path", ["/graphql/a%20b", "/graphql/%00", "/graphql/" + "a" * 300, "/graphql/%C3%A1"])
def test_a_path_that_names_no_document_is_400(authorized: httpx.Client, path: str) -> None:
    assert "the path must be the id of a document" in error(authorized.get(path))["message"]


# --- foreign pages --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers, status",
    [
        ({}, 400),
        ({"content-type": "text/plain"}, 400),
        ({"content-type": "Application/X-WWW-Form-Urlencoded; charset=utf-8"}, 400),
        ({"content-type": "multipart/form-data; boundary=a"}, 400),
        ({"graphql-require-preflight": ""}, 400),
        ({"authorization": "Basic dTpw"}, 400),
        ({"origin": "https://elsewhere.example", "cookie": "a=b"}, 400),
        # From here on a browser would have asked first; there is no token, so nothing is served.
        ({"content-type": "application/json"}, 401),
        ({"graphql-require-preflight": "1"}, 401),
        ({"apollo-require-preflight": "true"}, 401),
        ({"x-apollo-operation-name": "Book"}, 401),
        ({"authorization": "bearer nothing"}, 401),
    ],
)
def test_a_get_that_a_foreign_page_could_cause_is_refused(
    running: Running, headers: dict[str, str], status: int
) -> None:
    """Headers that the Fetch standard lets a page set, or that a browser adds, without asking this server first."""
    response = running.client.get("/graphql", params={"query": QUERY}, headers=headers)
    assert response.status_code == status
    if status == 400:
        assert error(response)["extensions"]["code"] == "PREFLIGHT_REQUIRED"


@pytest.mark.parametrize("path", ["/graphql", "/graphql/book"])
def test_no_post_of_a_form_reaches_the_engine(running: Running, authorized: httpx.Client, path: str) -> None:
    before = len(running.engine.calls)
    for content_type in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=a", ""):
        headers = {"content-type": content_type}
        assert authorized.post(path, content=b'{"query":"{ a }"}', headers=headers).status_code == 415
    assert len(running.engine.calls) == before


# --- compression ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "accept, gzipped",
    [
        (b"gzip", True),
        (b"gzip, deflate, br, zstd", True),
        (b"GZip;q=0.5", True),
        (b"x-gzip", True),
        (b"*", True),
        (b"br;q=1.0, *;q=0.5", True),
        (b"", False),
        (b"br", False),
        (b"identity", False),
        (b"gzip;q=0", False),
        (b"gzip;q=0, *", False),
        (b"gzip;q=0.5, identity", False),
        (b"*;q=0", False),
        (b"gzip;q=x", False),
    ],
)
def test_the_client_chooses_whether_its_answer_is_compressed(accept: bytes, gzipped: bool) -> None:
    assert takes_gzip(accept) is gzipped


def test_a_large_answer_is_compressed_for_who_asks_for_that(authorized: httpx.Client) -> None:
    body = {"query": "{ a }" + " " * 5_000}
    plain = authorized.post("/graphql", json=body, headers={"accept-encoding": "identity"})
    small = authorized.post("/graphql", json=body, headers={"accept-encoding": "gzip"})
    assert "content-encoding" not in plain.headers
    assert (small.headers["content-encoding"], small.headers["vary"]) == ("gzip", "accept-encoding")
    assert int(small.headers["content-length"]) < 500 < int(plain.headers["content-length"])
    assert small.json() == plain.json()


def test_a_small_answer_is_sent_as_it_is(authorized: httpx.Client) -> None:
    response = authorized.post("/graphql", json={"query": QUERY}, headers={"accept-encoding": "gzip"})
    assert "content-encoding" not in response.headers


async def test_the_same_answer_has_the_same_bytes_and_any_size_comes_back() -> None:
    for size in (0, 1, 65_535, 65_536, 3_000_000):
        body = b'{"a": "%d"}' % size * (size // 10)
        assert gzip.decompress(await gzipped(body)) == body
        assert await gzipped(body) == await gzipped(body)


# --- lists of requests ----------------------------------------------------------------------------------------------


def test_a_list_of_requests_is_refused_unless_it_is_switched_on(authorized: httpx.Client) -> None:
    response = authorized.post("/graphql", json=[{"query": QUERY}])
    assert (response.status_code, error(response)["extensions"]["code"]) == (400, "BATCH_NOT_ALLOWED")


def test_a_list_that_is_allowed_is_answered_in_its_order(issuer: Folder, token: str) -> None:
    identity = Identity(Trust(read_key_set(issuer.keys), ISSUER, AUDIENCE, Served()))
    settings = Settings(batch_requests=4)
    headers = {"authorization": f"Bearer {token}", "accept": BOTH}
    with (
        serving(TinyEngine(), identity, settings) as (host, port),
        httpx.Client(base_url=f"http://{host}:{port}", headers=headers) as client,
    ):
        asked = [{"query": "{ first }"}, {"query": 1}, {"query": "break { a }"}, {"query": "refuse { a }"}]
        response = client.post("/graphql", json=asked)
        assert response.status_code == 200
        first, second, third, fourth = response.json()
        assert first["data"]["document"] == "{ first }"
        assert second["errors"][0]["message"] == "`query` must be a string"
        assert third["errors"][0]["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
        assert fourth["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
        for wrong in ([], [{"query": QUERY}] * 5):
            refused = client.post("/graphql", json=wrong)
            assert refused.status_code == 400
            assert f"a list of {len(wrong)} requests is not accepted: send 1 to 4" in error(refused)["message"]


# --- anything at all ------------------------------------------------------------------------------------------------

HEADERS = st.dictionaries(
    st.sampled_from(
        ["accept", "accept-encoding", "content-type", "content-encoding", "x-request-id", "graphql-require-preflight"]
    ),
    st.text('applicationjsgzdetq=;,*/+-.01 "%', max_size=40) | st.sampled_from([BOTH, "application/json", "gzip", ""]),
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
BODIES = st.binary(max_size=60) | st.dictionaries(
    st.sampled_from(["query", "variables", "operationName", "extensions", "documentId", "id", "other"]), VALUES
).map(lambda body: json.dumps(body).encode())
ADDRESSES = st.lists(
    st.tuples(
        st.sampled_from(["query", "variables", "operationName", "extensions", "documentId", "id", "other"]),
        st.text(max_size=12) | VALUES.map(json.dumps),
    ),
    max_size=6,
)


@hypothesis.settings(max_examples=300, deadline=None)
@hypothesis.given(headers=HEADERS, body=BODIES, address=ADDRESSES, method=st.sampled_from(["GET", "POST", "POST"]))
def test_whatever_is_sent_is_answered_in_one_of_two_shapes(
    running: Running, token: str, headers: dict[str, str], body: bytes, address: list[tuple[str, str]], method: str
) -> None:
    headers = {"authorization": f"Bearer {token}"} | {name: value.strip() for name, value in headers.items()}
    if method == "POST":
        response = running.client.post("/graphql", content=body, headers=headers)
    else:
        response = running.client.get("/graphql", params=httpx.QueryParams(urlencode(address)), headers=headers)
    assert response.status_code in {200, 400, 406, 415}
    media = response.headers["content-type"]
    assert media in {one.decode() for one in ANSWERS.values()}
    if "data" not in response.json():
        error(response)
    if response.status_code == 200:
        assert answer_type(headers.get("accept", "*/*").encode()) == media.partition(";")[0].encode()


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
