"""GraphQL over HTTP, each MUST and SHOULD by its name, over real HTTP against a real engine.

The four-letter names are those of the audits that the GraphQL Foundation keeps (`graphql-http` 1.23); what they leave
out is named by its section. Some refusals of malformed requests are a MAY to the audits, a SHOULD to the specification.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from hub.engine import open_gateway
from hub.server.identity import Everybody
from hub.settings import Settings
from tests.federation.case import parse_case

from .conftest import serving

GRAPH = """
# A graph whose only register does not answer, so what it feeds is null.
# subgraph far
type Query { now: Int always: Int! echo(id: ID!): ID }
type Mutation { stop: Int }
type Subscription { ticks: Int }
# data
Query: {}
# operation o
{ now }
"""
NOWHERE = "http://127.0.0.1:1/graphql"

PLAIN = "application/json"
TOLD = "application/graphql-response+json"
SAFE = {"graphql-require-preflight": "1"}
WRONG = {"object": {"obj": "ect"}, "number": 0, "boolean": False, "array": ["array"]}
NO_OBJECT = {"string": "string", "number": 0, "boolean": False, "array": ["array"]}
TYPED = {"query": "query Type($name: String!) { __type(name: $name) { name } }", "variables": {"name": "sometype"}}
UNKNOWN = {"query": "{ 8f31403dfe404bccbb0e835f2629c6a7 }"}
UNCOERCED = {"query": "query CoerceFailure($id: ID!) { echo(id: $id) }", "variables": {"id": None}}
NAMED = {"query": "query Query { __typename }", "operationName": "Query"}
ASK = {"query": "{ __typename }"}


@pytest.fixture(scope="session")
def graph() -> Iterator[httpx.Client]:
    """A client of a public graph. It asks for nothing by itself that the case does not ask for."""
    supergraph = parse_case("far", GRAPH.strip()).supergraph()
    engine = open_gateway(supergraph, {"far": NOWHERE})
    with (
        serving(engine, Everybody(engine.public_viewer), Settings()) as (host, port),
        httpx.Client(base_url=f"http://{host}:{port}") as client,
    ):
        client.headers.clear()
        yield client


@dataclass(frozen=True)
class Case:
    """A request and what must come of it.

    body       sent as JSON, or as it is if it is bytes; None for a GET
    statuses   any of them
    media      of the answer, if the case is about it
    errors     whether the answer has errors, and no `data` beside them
    """

    body: object = None
    accept: str | None = None
    content_type: str | None = "application/json"
    address: Mapping[str, str] = field(default_factory=dict)
    statuses: tuple[int, ...] = (200,)
    media: str | None = None
    errors: bool = False

    def sent(self, client: httpx.Client) -> httpx.Response:
        headers = {} if self.accept is None else {"accept": self.accept}
        if self.body is None:
            return client.get("/graphql", params=self.address, headers=headers | SAFE)
        if self.content_type is not None:
            headers["content-type"] = self.content_type
        content = self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()
        return client.post("/graphql", content=content, headers=headers)


AUDITS: dict[str, tuple[str, Case]] = {
    "22EB": ("SHOULD accept application/graphql-response+json and match it", Case(ASK, TOLD, media=TOLD)),
    "4655": ("MUST accept application/json and match it", Case(ASK, PLAIN, media=PLAIN)),
    "47DE": ("SHOULD accept */* and use application/json", Case(ASK, "*/*", media=PLAIN)),
    # The audit's client cannot leave `Accept` out: it sends */*. What is done without it: `accept-missing` below.
    "80D8": ("SHOULD assume application/json where a client takes anything", Case(ASK, "*/*", media=PLAIN)),
    "82A3": ("MUST use utf-8 in its answer", Case({"query": '{ a: __type(name: "Nguyễn") { name } }'}, PLAIN)),
    "BF61": ("MUST accept a utf-8 request", Case(ASK, PLAIN, "application/json; charset=utf-8")),
    "78D5": ("MUST assume utf-8 in a request", Case(ASK, PLAIN)),
    "2C94": ("MUST accept POST", Case(ASK)),
    "5A70": ("MAY accept form-encoded GET", Case(address=ASK)),
    "9C48": (
        "MUST NOT execute a mutation by GET, and answer 405",
        Case(None, TOLD, address={"query": "mutation { __typename }"}, statuses=(405,), errors=True),
    ),
    "9ABE": ("SHOULD answer 4xx to a POST without content type", Case(b"", None, None, statuses=(415,), errors=True)),
    "03D4": ("MUST accept application/json POST", Case(ASK)),
    "A5BF": ("MAY use 400 where a POST has no body", Case(b"", statuses=(400,), errors=True)),
    "423L": ("SHOULD use 400 without {query}", Case({"notquery": "{ a }"}, TOLD, statuses=(400,), errors=True)),
    **{
        f"LKJ{at}": (f"SHOULD use 400 on {kind} {{query}}", Case({"query": value}, statuses=(400,), errors=True))
        for at, (kind, value) in enumerate(WRONG.items())
    },
    "34A2": ("SHOULD allow string {query}", Case(ASK, TOLD)),
    "13EE": ("MUST allow string {query} with application/json", Case(ASK, PLAIN)),
    **{
        f"6C0{at}": (
            f"SHOULD use 400 on {kind} {{operationName}}",
            Case(ASK | {"operationName": value}, statuses=(400,), errors=True),
        )
        for at, (kind, value) in enumerate(WRONG.items())
    },
    "8161": ("SHOULD allow string {operationName}", Case(NAMED, TOLD)),
    "B8B3": ("MUST allow string {operationName} with application/json", Case(NAMED, PLAIN)),
    **{
        f"{name}{at}": (f"MUST allow null {{{parameter}}} with {media}", Case(ASK | {parameter: None}, media))
        for name, media in (("94B", TOLD), ("022", PLAIN))
        for at, parameter in enumerate(("variables", "operationName", "extensions"))
    },
    **{
        f"{name}{at}": (
            f"SHOULD use 400 on {kind} {{{parameter}}}",
            Case(ASK | {parameter: value}, statuses=(400,), errors=True),
        )
        for name, parameter in (("476", "variables"), ("58B", "extensions"))
        for at, (kind, value) in enumerate(NO_OBJECT.items())
    },
    "2EA1": ("SHOULD allow map {variables}", Case(TYPED, TOLD)),
    "28B9": ("MUST allow map {variables} with application/json", Case(TYPED, PLAIN)),
    "D6D5": (
        "MAY allow JSON {variables} in a GET",
        Case(None, TOLD, address={"query": TYPED["query"], "variables": '{"name":"sometype"}'}),  # type: ignore[dict-item]
    ),
    "6A70": (
        "MAY allow JSON {variables} in a GET with application/json",
        Case(None, PLAIN, address={"query": TYPED["query"], "variables": '{"name":"sometype"}'}),  # type: ignore[dict-item]
    ),
    "428F": ("SHOULD allow map {extensions}", Case(ASK | {"extensions": {"some": "value"}}, TOLD)),
    "1B7A": ("MUST allow map {extensions} with application/json", Case(ASK | {"extensions": {"some": "value"}}, PLAIN)),
    "B6DC": ("MAY use 4xx on what is not JSON", Case(b'{ "not a JSON', PLAIN, statuses=(400,), errors=True)),
    "BCF8": ("SHOULD use 400 on what is not JSON", Case(b'{ "not a JSON', PLAIN, statuses=(400,), errors=True)),
    "B7N8": ("SHOULD use 400 on what is not JSON", Case(b'{ "not a JSON', TOLD, statuses=(400,), errors=True)),
    "8764": ("MAY use 4xx on invalid parameters", Case({"qeury": "{ a }"}, TOLD, statuses=(400,), errors=True)),
    "3E3A": ("SHOULD use 400 on invalid parameters", Case({"qeury": "{ a }"}, PLAIN, statuses=(400,), errors=True)),
    "572B": ("SHOULD use 200 on a syntax error with application/json", Case({"query": "{"}, PLAIN, errors=True)),
    "FDE2": ("SHOULD use 200 on an invalid document with application/json", Case(UNKNOWN, PLAIN, errors=True)),
    "7B9B": ("SHOULD use 200 on failed coercion with application/json", Case(UNCOERCED, PLAIN, errors=True)),
    "865D": ("SHOULD use 4xx on a syntax error", Case({"query": "{"}, TOLD, statuses=(400,), errors=True)),
    "556A": ("SHOULD use 400 on a syntax error", Case({"query": "{"}, TOLD, statuses=(400,), errors=True)),
    "D586": ("SHOULD have no data on a syntax error", Case({"query": "{"}, TOLD, statuses=(400,), errors=True)),
    "51FE": ("SHOULD use 4xx on an invalid document", Case(UNKNOWN, TOLD, statuses=(400,), errors=True)),
    "74FF": ("SHOULD use 400 on an invalid document", Case(UNKNOWN, TOLD, statuses=(400,), errors=True)),
    "5E5B": ("SHOULD have no data on an invalid document", Case(UNKNOWN, TOLD, statuses=(400,), errors=True)),
    "86EE": ("SHOULD use 400 on failed coercion", Case(UNCOERCED, TOLD, statuses=(400,), errors=True)),
}

# What the audits leave out, by section of the specification.
SECTIONS: dict[str, tuple[str, Case]] = {
    "accept-missing": ("SHOULD take a missing Accept for application/graphql-response+json", Case(ASK, media=TOLD)),
    "accept-recommended": (
        "MUST answer in the media type of the highest priority",
        Case(ASK, f"{TOLD}; charset=utf-8, {PLAIN}; charset=utf-8", media=TOLD),
    ),
    "accept-priority": ("MUST respect weights", Case(ASK, f"{TOLD};q=0.1, {PLAIN};q=0.9", media=PLAIN)),
    "accept-neither": ("RECOMMENDED 406 for other media types", Case(ASK, "text/html", statuses=(406,), errors=True)),
    "content-type-other": (
        "SHOULD refuse other media types of a body",
        Case(ASK, TOLD, "application/graphql", statuses=(415,), errors=True),
    ),
    "charset-other": (
        "SHOULD refuse other encodings of a body",
        Case(ASK, TOLD, "application/json; charset=utf-16", statuses=(415,), errors=True),
    ),
    "operation-undetermined": (
        "SHOULD use 400 where no operation is determined",
        Case({"query": "query A { __typename } query B { __typename }"}, TOLD, statuses=(400,), errors=True),
    ),
    "operation-undetermined-json": (
        "SHOULD use 200 where no operation is determined, with application/json",
        Case({"query": "query A { __typename } query B { __typename }"}, PLAIN, errors=True),
    ),
    "get-operation-name-empty": (
        "an empty {operationName} of a GET is none",
        Case(address=ASK | {"operationName": ""}, accept=TOLD),
    ),
    "get-operation-name-null": (
        "{operationName} `null` of a GET is a name",
        Case(address={"query": "query null { __typename }", "operationName": "null"}, accept=TOLD),
    ),
    "get-mutation-named": (
        "MUST answer 405 where {operationName} names a mutation",
        Case(
            address={"query": "query Q { now } mutation M { stop }", "operationName": "M"},
            accept=PLAIN,
            statuses=(405,),
            errors=True,
        ),
    ),
    "get-mutation-invalid": (
        "MUST answer 405 to a mutation, whether it is valid or not",
        Case(address={"query": "mutation { no { such } }"}, accept=PLAIN, statuses=(405,), errors=True),
    ),
    "get-subscription": (
        "a GET cannot go on",
        Case(address={"query": "subscription { ticks }"}, accept=PLAIN, statuses=(405,), errors=True),
    ),
    "get-query-beside-mutation": (
        "a GET may execute the query of a document that has a mutation too",
        Case(address={"query": "query Q { __typename } mutation M { stop }", "operationName": "Q"}, accept=TOLD),
    ),
    "get-word-mutation": (
        "a field may be named like a mutation",
        Case(address={"query": "{ mutation: __typename }"}, accept=TOLD),
    ),
    "post-mutation": (
        "MUST execute a mutation by POST",
        Case({"query": "mutation { __typename }"}, TOLD),
    ),
    "other-properties": ("other properties are left alone", Case(ASK | {"else": 1}, TOLD)),
}


@pytest.mark.parametrize("name", [*AUDITS, *SECTIONS])
def test_the_specification(name: str, graph: httpx.Client) -> None:
    says, case = (AUDITS | SECTIONS)[name]
    response = case.sent(graph)
    assert response.status_code in case.statuses, says
    media, _, parameters = response.headers["content-type"].partition(";")
    assert media == (case.media or media), says
    assert parameters.strip() == "charset=utf-8"
    body = json.loads(response.content.decode("utf-8"))
    assert ("errors" in body, "data" in body) == (case.errors, not case.errors), says
    if response.status_code == 405:
        assert response.headers["allow"] == "POST"


@pytest.mark.parametrize("media", [PLAIN, TOLD])
@pytest.mark.parametrize(
    "query, data", [("{ now __typename }", {"now": None, "__typename": "Query"}), ("{ always }", None)]
)
def test_what_fails_while_it_is_executed_is_200(media: str, query: str, data: object, graph: httpx.Client) -> None:
    """EE52: MUST use 2xx where `data` is there; SHOULD where it is null. SHOULD use 200 with application/json."""
    response = Case({"query": query}, media).sent(graph)
    assert response.status_code == 200
    body = response.json()
    assert body["data"] == data
    assert body["errors"]


@pytest.mark.parametrize("media", [PLAIN, TOLD])
def test_who_may_not_ask_is_401(media: str, running: Any) -> None:
    """BC58: SHOULD use 401 or 403 where the client is not permitted to issue the request."""
    response = Case(ASK, media).sent(running.client)
    assert response.status_code == 401
    assert "data" not in response.json()


def test_media_types_are_the_same_in_capitals(graph: httpx.Client) -> None:
    """RFC 9110, section 8.3.1: types and parameter names are compared without regard to case."""
    response = Case(ASK, "APPLICATION/GraphQL-Response+JSON", "Application/JSON; Charset=UTF-8").sent(graph)
    assert response.status_code == 200
    assert response.headers["content-type"].startswith(TOLD)


def test_a_header_that_is_there_twice_is_one_list(graph: httpx.Client) -> None:
    """RFC 9110, section 5.3: the order of lines is the order of members; of a content type there is but one."""
    with socket.create_connection((graph.base_url.host, graph.base_url.port or 80)) as connection:
        connection.sendall(
            b"POST /graphql HTTP/1.1\r\nhost: x\r\nconnection: close\r\naccept: application/json;q=0.5\r\n"
            b"accept: application/graphql-response+json\r\ncontent-type: application/json\r\n"
            b'content-length: 24\r\n\r\n{"query":"{__typename}"}'
        )
        answer = b"".join(iter(lambda: connection.recv(65_536), b""))
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"content-type: application/graphql-response+json" in answer
    with socket.create_connection((graph.base_url.host, graph.base_url.port or 80)) as connection:
        connection.sendall(
            b"POST /graphql HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: text/plain\r\n"
            b'content-type: application/json\r\ncontent-length: 24\r\n\r\n{"query":"{__typename}"}'
        )
        answer = b"".join(iter(lambda: connection.recv(65_536), b""))
    assert answer.startswith(b"HTTP/1.1 415")


@pytest.mark.parametrize("media", [PLAIN, TOLD])
def test_one_address_serves_queries_and_mutations(media: str, graph: httpx.Client) -> None:
    """Section 4: MUST NOT require different addresses for different requests to the same schema."""
    for query in ("{ __typename }", "mutation { __typename }"):
        assert Case({"query": query}, media).sent(graph).json()["data"]["__typename"] in {"Query", "Mutation"}
