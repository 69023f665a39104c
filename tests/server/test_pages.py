"""The pages over HTTP: what a browser gets, what programs get, and what the page may be told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from hub.cli.endpoint import ROOT, for_people, load_graph
from hub.demo.start import Demo
from hub.demo.tokens import AUDIENCE, VIEWERS
from hub.engine import Engine, open_engine
from hub.errors import Unverifiable
from hub.model.viewer import Viewer
from hub.pages import FOLDER
from hub.pages.examples import Example, read_examples
from hub.server.app import make_app
from hub.server.explore import DemoViewers
from hub.server.identity import Identity, Trust
from hub.server.keys import read_key_set
from hub.server.pages import Pages, wants_html
from hub.settings import Settings, read_settings
from tests.conftest import MakeToken

EXAMPLES = read_examples(ROOT / "schema" / "examples")
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"


@pytest.fixture(scope="module")
async def engine(demo: Demo) -> AsyncIterator[Engine]:
    made = open_engine(load_graph(), demo.settings(Settings()))
    await made.start()
    yield made
    await made.stop()


def client_of(demo: Demo, engine: Engine, settings: Settings, samples: DemoViewers | None = None) -> httpx.AsyncClient:
    keys = read_key_set(demo.folder.keys)
    identity = Identity(Trust(keys, settings.issuer, AUDIENCE, engine.built.served()))
    app = make_app(engine, identity, settings, people=for_people(engine, identity, settings, samples))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://hub")


@pytest.fixture
async def client(demo: Demo, engine: Engine) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(demo, engine, demo.settings(Settings())) as made:
        yield made


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


@pytest.mark.parametrize(
    ("accept", "is_page"),
    [
        (BROWSER, True),
        ("TEXT/HTML", True),
        ("text/html;q=0.9, application/json", True),
        ("application/json", False),
        ("application/graphql-response+json, application/json", False),
        ("*/*", False),
        ("text/htmlx", False),
        ("", False),
    ],
)
def test_a_browser_is_known_by_what_it_takes(accept: str, is_page: bool) -> None:
    assert wants_html(accept.encode()) is is_page


async def test_what_is_not_a_browser_gets_graphql_at_the_same_address(
    client: httpx.AsyncClient, make_token: MakeToken
) -> None:
    answer = await client.get(
        "/graphql", params={"query": "{ __typename }"}, headers=bearer(make_token("officer")) | {"accept": "*/*"}
    )
    assert answer.json() == {"data": {"__typename": "Query"}}


@pytest.mark.parametrize("address", ["/", "/graphql"])
async def test_a_page_runs_nothing_from_elsewhere(client: httpx.AsyncClient, address: str) -> None:
    answer = await client.get(address, headers={"accept": BROWSER})
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"
    assert "unsafe" not in policy.get("script-src", "") + policy["style-src"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "://" not in answer.text.replace("http://www.w3.org", "")


async def test_what_was_not_built_says_so_and_how(demo: Demo, tmp_path: Path) -> None:
    page = Pages(demo.settings(Settings()), tmp_path, FOLDER).graphiql()
    assert b"make page" in page.body
    assert page.status_code == 200


async def test_what_is_built_is_kept_for_good_and_comes_compressed(demo: Demo, tmp_path: Path) -> None:
    (tmp_path / "main-ABC.js").write_bytes(b"plain")
    (tmp_path / "main-ABC.js.br").write_bytes(b"brotli")
    (tmp_path / "main-ABC.css").write_bytes(b"style")
    (tmp_path / "manifest.json").write_bytes(
        orjson.dumps({"script": "main-ABC.js", "style": "main-ABC.css", "preload": []})
    )
    from starlette.routing import Route, Router

    pages = Pages(Settings(), tmp_path, FOLDER)
    app = Router([Route("/pages/{name}", pages.asset)])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://hub") as client:
        async with client.stream("GET", "/pages/main-ABC.js", headers={"accept-encoding": "gzip, br"}) as packed:
            raw = b"".join([part async for part in packed.aiter_raw()])
        assert (raw, packed.headers["content-encoding"]) == (b"brotli", "br")
        assert packed.headers["cache-control"] == "public, max-age=31536000, immutable"
        plain = await client.get("/pages/main-ABC.js", headers={"accept-encoding": "identity"})
        assert (plain.content, plain.headers["content-type"]) == (b"plain", "text/javascript; charset=utf-8")
        for name in ("manifest.json", "..%2f__init__.py", "main-ABC.js.br", "nothing"):
            assert (await client.get(f"/pages/{name}")).status_code == 404


async def test_pages_can_be_switched_off(demo: Demo, engine: Engine) -> None:
    settings = replace(demo.settings(Settings()), pages=False)
    async with client_of(demo, engine, settings) as client:
        assert (await client.get("/")).status_code == 404
        assert (await client.get("/graphql", headers={"accept": BROWSER})).status_code != 200
        assert (await client.get("/pages/me")).status_code == 404


@pytest.mark.parametrize("address", ["/pages/me", "/pages/examples", "/pages/map", "/pages/policy"])
async def test_who_has_no_good_token_is_told_nothing(
    client: httpx.AsyncClient, make_token: MakeToken, address: str
) -> None:
    for headers in ({}, bearer("x"), bearer(make_token("officer", exp=1))):
        answer = await client.get(address, headers=headers)
        assert answer.status_code == 401
        assert set(answer.json()) == {"errors"}


async def test_tokens_are_given_by_the_demo_alone(
    demo: Demo, engine: Engine, client: httpx.AsyncClient, make_token: MakeToken
) -> None:
    assert (await client.get("/pages/demo")).status_code == 404
    assert (await client.post("/pages/demo", json={"name": "officer"})).status_code == 405
    samples = DemoViewers([("officer", "an officer")], make_token)
    async with client_of(demo, engine, demo.settings(Settings()), samples) as with_samples:
        given = (await with_samples.post("/pages/demo", json={"name": "officer"})).json()["token"]
        assert (await with_samples.get("/pages/me", headers=bearer(given))).json()["audience"][
            "en"
        ] == "Insurance officer"
        assert (await with_samples.post("/pages/demo", json={"name": "nobody"})).status_code == 404
        form = await with_samples.post("/pages/demo", data={"name": "officer"})
        assert form.status_code == 400, "a form of another site can post no JSON"


async def test_who_is_cleared_is_told_his_classes_and_nobody_else_that_there_are_any(
    client: httpx.AsyncClient, make_token: MakeToken
) -> None:
    cleared = (await client.get("/pages/me", headers=bearer(make_token("cleared-officer")))).json()
    assert [one["en"] for one in cleared["universe"]["classes"]] == ["civilian", "defence"]
    plain = (await client.get("/pages/me", headers=bearer(make_token("officer")))).json()
    assert "universe" not in plain


ASKED_BESIDE = ["/pages/me", "/pages/examples", "/pages/map", "/pages/policy"]


async def test_what_the_page_asks_beside_the_graph_counts_as_requests(
    demo: Demo, engine: Engine, make_token: MakeToken
) -> None:
    settings = demo.settings(read_settings({"HUB_RATE": "officer:5/600"}))
    officer, analyst = bearer(make_token("officer")), bearer(make_token("analyst"))
    async with client_of(demo, engine, settings) as client:
        for address in ASKED_BESIDE:
            assert (await client.get(address, headers=officer)).status_code == 200
        asked = {"query": "{ __typename }"}
        assert (await client.post("/pages/rights", json=asked, headers=officer)).status_code == 200
        for address in ASKED_BESIDE:
            late = await client.get(address, headers=officer)
            assert (late.status_code, late.json()["errors"][0]["extensions"]["code"]) == (429, "RATE_LIMITED")
            assert int(late.headers["retry-after"]) > 0
        assert (await client.post("/graphql", json=asked, headers=officer)).status_code == 429
        assert (await client.get("/pages/me", headers=analyst)).status_code == 200


async def test_who_cannot_be_verified_now_may_come_again(demo: Demo, engine: Engine) -> None:
    class Silent:
        async def viewer(self, *_: Any) -> Viewer:
            raise Unverifiable("the issuer's keys cannot be had")

    settings = demo.settings(Settings())
    app = make_app(engine, Silent(), settings, people=for_people(engine, Silent(), settings))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://hub") as client:
        for address in ASKED_BESIDE:
            answer = await client.get(address)
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


async def test_a_fault_behind_the_page_shows_nothing_of_it(
    demo: Demo, engine: Engine, make_token: MakeToken, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> Any:
        raise LookupError("a value of somebody")

    monkeypatch.setattr(Engine, "chart", broken)
    async with client_of(demo, engine, demo.settings(Settings())) as client:
        answer = await client.get("/pages/map", headers=bearer(make_token("officer")))
    assert answer.status_code == 500
    assert answer.json()["errors"][0]["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert "somebody" not in answer.text


async def test_a_body_that_does_not_come_is_not_waited_for(demo: Demo, engine: Engine, make_token: MakeToken) -> None:
    async def forever() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.Event().wait()

    headers = bearer(make_token("officer")) | {"content-type": "application/json"}
    async with client_of(demo, engine, replace(demo.settings(Settings()), request_timeout=0.2)) as client:
        answer = await client.post("/pages/rights", content=forever(), headers=headers)
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (503, "TIMEOUT")


async def rights(client: httpx.AsyncClient, token: str, query: str, **more: Any) -> Any:
    return (await client.post("/pages/rights", json={"query": query, **more}, headers=bearer(token))).json()


async def test_rights_name_the_cell_and_the_mask(client: httpx.AsyncClient, make_token: MakeToken) -> None:
    query = "{ persons(first: 1) { nodes { birthDate sex } } }"
    found = await rights(client, make_token("analyst"), query)
    by_name = {one["path"][-1]: one for one in found["fields"]}
    (given,) = by_name["birthDate"]["given"]
    assert (given["effect"], given["words"]["en"], given["cell"]) == ("mask", "Year", "[analyst.official] BIRTH")
    assert by_name["sex"]["given"][0]["effect"] == "show"
    assert (by_name["birthDate"]["line"], by_name["birthDate"]["column"]) == (1, query.index("birthDate") + 1)


async def test_what_is_hidden_and_what_was_never_invented_are_marked_alike(
    client: httpx.AsyncClient, make_token: MakeToken
) -> None:
    token = make_token("officer")
    before = "query Q($n: Int) { persons(first: $n) { nodes { fullName "
    hidden, invented = [
        await rights(client, token, f"{before}{name} }} }} }}") for name in ("recordClass", "recordGlass")
    ]
    assert hidden == invented
    assert hidden["missing"] == [{"line": 1, "column": len(before) + 1}]
    only = await rights(client, token, "fragment F on RecordClass { x } { recordClass ...F ... on Nothing { y } }")
    assert only["fields"] == []
    assert len(only["missing"]) == 3


async def test_a_field_that_refuses_its_operation_is_marked(client: httpx.AsyncClient, make_token: MakeToken) -> None:
    query = "{ me { household { members { person { permanentResidence { detail } } } } } }"
    found = await rights(client, make_token("citizen"), query)
    refused = [".".join(one["path"]) for one in found["fields"] if one["refused"]]
    answer = await client.post("/graphql", json={"query": query}, headers=bearer(make_token("citizen")))
    assert bool(refused) is ("errors" in answer.json())


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{", b'{"query": 1}', b'{"query": "{a}", "variables": []}', b'{"query":"{a}","operationName":1}'],
)
async def test_what_cannot_be_explained_is_refused(
    client: httpx.AsyncClient, make_token: MakeToken, body: bytes
) -> None:
    headers = {**bearer(make_token("officer")), "content-type": "application/json"}
    assert (await client.post("/pages/rights", content=body, headers=headers)).status_code == 400


async def test_the_map_has_the_types_of_the_readers_own_schema(
    client: httpx.AsyncClient, make_token: MakeToken, engine: Engine
) -> None:
    for name in ("citizen", "analyst", "officer", "health-ministry"):
        found = (await client.get("/pages/map", headers=bearer(make_token(name)))).json()
        asked = await client.post(
            "/graphql",
            json={"query": "{ __schema { types { name } } }", "extensions": {"purpose": "card-check"}},
            headers=bearer(make_token(name)),
        )
        known = {one["name"] for one in asked.json()["data"]["__schema"]["types"]}
        assert {one["name"] for one in found} <= known
        assert {link["to"] for one in found for link in one["links"]} <= {one["name"] for one in found}
        shown = name in ("analyst", "officer")
        assert bool({one["source"] for one in found} - {""}) is shown, "sources are named to whom plans are shown"


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda one: one.name)
async def test_every_example_runs_as_it_stands_for_those_it_is_for(
    client: httpx.AsyncClient, make_token: MakeToken, example: Example
) -> None:
    readers = [one.name for one in VIEWERS.values() if one.claims["hub_audience"] in example.audiences]
    assert readers
    offered = 0
    for name in readers:
        token = bearer(make_token(name))
        listed = {one["name"] for one in (await client.get("/pages/examples", headers=token)).json()}
        if example.name not in listed:
            continue
        offered += 1
        body = {"query": example.query, "extensions": {"purpose": "card-check"}}
        answer = (await client.post("/graphql", json=body, headers=token)).json()
        assert "errors" not in answer, (name, answer)
        assert any(value is not None for value in answer["data"].values())
    assert offered > 0


async def test_no_example_is_offered_to_who_is_not_cleared_for_it(
    client: httpx.AsyncClient, make_token: MakeToken
) -> None:
    async def offered(name: str) -> set[str]:
        found = await client.get("/pages/examples", headers=bearer(make_token(name)))
        return {one["name"] for one in found.json()}

    plain, cleared = await asyncio.gather(offered("officer"), offered("cleared-officer"))
    assert cleared - plain == {"records-by-class"}
    assert {one.name for one in EXAMPLES} >= plain


async def test_the_policy_is_told_as_its_reader_may_know_it(client: httpx.AsyncClient, make_token: MakeToken) -> None:
    async def page(name: str, **claims: str) -> str:
        answer = await client.get("/pages/policy", headers=bearer(make_token(name, **claims)))
        assert answer.status_code == 200
        return answer.text.lower()

    plain, cleared, whole = await page("officer"), await page("cleared-officer"), await page("officer", clearance="all")
    for word in ("defence", "security", "quốc phòng", "công an", "recordclass"):
        assert word not in plain
        assert word in whole
    assert "quốc phòng" in cleared
    assert "công an" not in cleared
    assert "analyst" not in plain
    assert "analyst" in whole


@pytest.mark.parametrize(
    ("name", "value", "wrong"),
    [
        ("HUB_PAGES", "yes", "`HUB_PAGES` must be on or off, not `yes`"),
        ("HUB_SIGN_IN_ISSUER", "http://login.example.vn", "must start with https://"),
        ("HUB_SIGN_IN_ISSUER", "https://login.example.vn; script-src *", "must be the address of an OpenID Connect"),
    ],
)
def test_a_setting_of_the_pages_that_is_wrong_stops_the_start(name: str, value: str, wrong: str) -> None:
    from hub.errors import SettingsWrong

    with pytest.raises(SettingsWrong, match=wrong):
        read_settings({name: value})
