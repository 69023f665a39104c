"""What the people who run the hub see of a request, of a real process by real HTTP."""

from __future__ import annotations

import re

import httpx
import pytest

from hub.model.viewer import Audience, RecordClass
from hub.telemetry.words import KINDS
from tests.telemetry.collector import Span
from tests.telemetry.conftest import STORED, Serving

WALK = "query Walk { me { fullName household { members { person { fullName } } } insuranceBook { bookCode } } }"
TRACE = "0af7651916cd43dd8448eb211c80319c"
ABOVE = "b7ad6b7169203331"


def below(spans: list[Span], parent: str) -> list[str]:
    return sorted(one.name for one in spans if one.parent == parent)


def test_a_request_is_one_line(serving: Serving) -> None:
    response = serving.ask("citizen", WALK)
    line = serving.line(response)
    assert set(line) == {
        "time", "id", "trace", "status", "ms", "bytes", "kind", "operation", "hash", "fetches", "cost", "errors",
    }  # fmt: skip
    assert (line["status"], line["bytes"], line["kind"]) == (200, len(response.content), "citizen")
    assert (line["operation"], line["errors"]) == ("other", {})
    assert re.fullmatch(r"[0-9a-f]{32}", line["hash"])
    assert line["fetches"] == 4, "the plan: himself, his household, who lives there, his book"
    assert line["cost"] > line["fetches"], "more is charged for what is asked than for asking"
    assert 0 < line["ms"] < 30_000


@pytest.mark.parametrize(
    "viewer, query, status, kind, errors",
    [
        ("", WALK, 401, "-", {"UNAUTHENTICATED": 1}),
        ("citizen", "{ me { ", 200, "citizen", {"GRAPHQL_PARSE_FAILED": 1}),
        ("citizen", "{ me { no } you }", 200, "citizen", {"GRAPHQL_VALIDATION_FAILED": 2}),
        ("health-ministry", "{ __typename }", 200, "partner", {"PURPOSE_NOT_AGREED": 1}),
        ("defence-officer", "{ __typename }", 200, "officer", {}),
        ("security-officer", "{ __typename }", 200, "officer", {}),
    ],
)
def test_the_line_says_who_in_general_and_what_went_wrong(
    serving: Serving, viewer: str, query: str, status: int, kind: str, errors: dict[str, int]
) -> None:
    line = serving.line(serving.ask(viewer, query))
    assert (line["status"], line["kind"], line["errors"]) == (status, kind, errors)


def test_the_name_of_an_operation_is_repeated_if_its_document_is_stored(serving: Serving) -> None:
    """Whoever writes a document by himself could write anything as its name, that of a stored one too."""
    by_hand = STORED.replace("fullName", "birthDate")
    for query, operation in ((STORED, "Stored"), (by_hand, "other")):
        response = serving.ask("citizen", query)
        assert "data" in response.json()
        assert serving.line(response)["operation"] == operation
    address = f"{serving.address}/graphql/stored"
    headers = {"authorization": f"Bearer {serving.make_token('citizen')}"}
    assert serving.line(httpx.get(address, headers=headers))["operation"] == "Stored"
    assert serving.metrics()["hub_request_seconds_count", (("operation", "Stored"),)] == 2


def test_a_body_that_is_none_has_a_line_too(serving: Serving) -> None:
    headers = {"authorization": f"Bearer {serving.make_token('citizen')}", "content-type": "application/json"}
    line = serving.line(httpx.post(f"{serving.address}/graphql", content=b"{", headers=headers))
    assert (line["status"], line["kind"], line["errors"]) == (400, "citizen", {"BAD_REQUEST": 1})


def test_documents_that_differ_in_what_a_client_wrote_himself_have_one_hash(serving: Serving) -> None:
    def hash_of(query: str) -> str:
        found: str = serving.line(serving.ask("officer", query))["hash"]
        return found

    one = hash_of('query A { x001: person(personalId: "001099012345") { fullName } }')
    assert one == hash_of('query B { person(personalId: "079300000001") { n: fullName } }')
    assert one != hash_of('{ person(personalId: "001099012345") { birthDate } }')


def test_a_trace_has_a_span_for_each_stage_fetch_and_question(serving: Serving) -> None:
    # What no other test asks, so that nothing of it is known.
    query = f"query T {WALK[10:-1]} again: me {{ birthDate }} }}"
    response = serving.ask("citizen", query, {"traceparent": f"00-{TRACE}-{ABOVE}-01", "tracestate": "who=else"})
    assert response.json()["data"]["again"]
    spans = serving.collector.trace(TRACE)
    by_id = {one.id: one for one in spans}
    (request,) = (one for one in spans if one.name == "request")
    assert request.parent == ABOVE
    assert request.attributes == {"http.response.status_code": 200, "hub.operation": "other", "hub.kind": "citizen"}
    stages = ["authorize", "compile", "execute", "normalise", "parse", "plan", "validate"]
    assert below(spans, request.id) == stages
    (execute,) = (one for one in spans if one.name == "execute")
    fetches = [one for one in spans if one.name.startswith("fetch ")]
    asks = [one for one in spans if one.name.startswith("ask ")]
    assert len(asks) == len(fetches) == serving.line(response)["fetches"]
    for ask in asks:
        fetch = by_id[ask.parent]
        assert ask.name.split()[1] == fetch.name.split()[1]
        assert set(ask.attributes) == {"hub.source", "hub.questions", "hub.keys"}
    for fetch in fetches:
        assert by_id[fetch.parent] is execute or by_id[fetch.parent] in fetches
        assert set(fetch.attributes) == {"hub.source", "hub.type"}
    assert serving.line(response)["trace"] == TRACE
    assert {one["service.name"] for one in serving.collector.resources} == {"hub"}
    assert b"who=else" not in b"".join(serving.collector.raw)


def test_a_request_without_a_trace_begins_one(serving: Serving) -> None:
    trace = serving.line(serving.ask("officer", "{ __typename }"))["trace"]
    (request,) = (one for one in serving.collector.trace(trace) if one.name == "request")
    assert request.parent == ""


@pytest.mark.parametrize("given", ["", "00-0-0-01", "ff-" + "0" * 200, f"00-{'0' * 32}-{ABOVE}-01"])
def test_a_traceparent_that_is_none_begins_one_too(serving: Serving, given: str) -> None:
    response = serving.ask("officer", "{ __typename }", {"traceparent": given})
    assert response.status_code == 200
    assert re.fullmatch(r"[0-9a-f]{32}", serving.line(response)["trace"])


def test_metrics_count_what_was_asked(serving: Serving) -> None:
    def counted() -> dict[str, float]:
        found = serving.metrics()
        return {
            "answered": found.get(("hub_requests_total", (("kind", "analyst"), ("status", "200"))), 0),
            "in time": found.get(("hub_request_seconds_count", (("operation", "other"),)), 0),
            "refused": found.get(("hub_request_errors_total", (("code", "GRAPHQL_VALIDATION_FAILED"),)), 0),
            "made": found.get(("hub_programs_total", (("plan", "made"),)), 0),
            "known": found.get(("hub_programs_total", (("plan", "known"),)), 0),
            "asked": found.get(("hub_questions_total", (("outcome", "answered"), ("source", "employer"))), 0),
            "keys": found.get(("hub_batch_keys_sum", (("source", "employer"),)), 0),
            "busy": found.get(("hub_pipelines_busy", (("source", "employer"),)), 0),
            "resting": found.get(("hub_source_resting", (("source", "employer"),)), 0),
            "under way": found[("hub_requests_under_way", ())],
        }

    before = counted()
    query = "{ employers(first: 3) { nodes { name } } }"
    answers = [serving.ask("analyst", query) for _ in range(3)]
    assert all("data" in one.json() for one in answers), answers[0].text
    for one in (*answers, serving.ask("analyst", "{ me { fullName } }")):
        serving.line(one)
    after = counted()
    assert {name: after[name] - before[name] for name in after} == {
        "answered": 4,
        "in time": 3,
        "refused": 1,
        "made": 1,
        "known": 2,
        "asked": 3,
        "keys": 3,
        "busy": 0,
        "resting": 0,
        "under way": 0,
    }


def test_metrics_are_not_where_the_graph_is(serving: Serving) -> None:
    assert httpx.get(f"{serving.address}/metrics").status_code == 404
    assert httpx.get(f"{serving.metrics_address}/graphql").status_code == 404
    assert httpx.post(f"{serving.metrics_address}/metrics").status_code == 404


def test_nothing_of_a_person_a_class_or_a_document_gets_out(serving: Serving) -> None:
    """After everything that the tests before this one have asked, and somebody who wants his number repeated."""
    number = "001099012345"
    secrets = [number, "Nguyen", "fullName", "select ", "x001"]
    for viewer in ("officer", "defence-officer", "security-officer", "soldier"):
        for query, more in (
            (f'query P{number} {{ x001: person(personalId: "{number}") {{ fullName }} }}', {}),
            ("query Q($n: String!) { person(personalId: $n) { fullName } }", {"variables": {"n": number}}),
            (
                f"query Q{{ me {{ fullName }} }} query P{number} {{ me {{ birthDate }} }}",
                {"operationName": f"P{number}"},
            ),
        ):
            response = serving.ask(viewer, query, {"tracestate": f"n={number}", "baggage": f"n={number}"}, **more)
            serving.collector.trace(serving.line(response)["trace"])
    told = "".join(serving.lines) + b"".join(serving.collector.raw).decode("latin-1")
    told += httpx.get(f"{serving.metrics_address}/metrics").text
    classes = {one.value for one in RecordClass} | {one.name for one in RecordClass} | {"security", "civil", "soldier"}
    assert [word for word in (*secrets, *sorted(classes)) if word.lower() in told.lower()] == []


def test_every_audience_has_a_kind_that_names_no_authority() -> None:
    assert set(KINDS) == set(Audience)
    assert set(KINDS.values()) == {"citizen", "officer", "analyst", "partner"}
