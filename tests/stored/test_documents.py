"""Stored documents and automatic persisted queries, with a real graph, real stores and real HTTP.

What a document may read is not the question here, so no register is asked: documents ask for `__typename`, and for
fields that are there, but skipped.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx
import pytest
from graphql import GraphQLObjectType, get_named_type, is_leaf_type, is_required_argument

from hub.cache import MemoryStore, Store, open_store
from hub.cli.endpoint import load_graph
from hub.engine import DOCUMENTS_KEPT, Built, Engine, build, open_gateway, open_unconnected
from hub.model.request import Request
from hub.model.viewer import Audience, Profile, Universe, Viewer
from hub.policy import profiles
from hub.server.app import make_app
from hub.server.identity import Everybody
from hub.settings import Settings
from hub.stored import Manifest, StoredDocument, Storing, document_hash
from hub.stored.documents import MOST_AN_HOUR, MOST_BYTES
from tests.federation.case import parse_case
from tests.redis_server import RedisServer, running_redis

CITIZEN = Viewer(Profile(Audience.CITIZEN), subject="001099000001")
NEIGHBOUR = Viewer(Profile(Audience.CITIZEN), subject="001099000002")
OFFICER = Viewer(Profile(Audience.OFFICER), name="an")
COLLEAGUE = Viewer(Profile(Audience.OFFICER), name="binh")
CLEARED = Viewer(Profile(Audience.OFFICER, others=Universe.ALL), name="chi")
DEFENCE = Viewer(Profile(Audience.DEFENCE_OFFICER, others=Universe.DEFENCE), name="dung")
ANALYST = Viewer(Profile(Audience.ANALYST, project="wages"), name="giang")

BOOK = "query Book($yes: Boolean! = false) { __typename me @include(if: $yes) { fullName } }"
PERSON = "query Person($yes: Boolean! = false, $id: PersonalId! = 1) { __typename }"
ANY = "query Any { __typename }"
TWO = "query A { a: __typename } query B { b: __typename }"

NOT_FOUND = {"errors": [{"message": "PersistedQueryNotFound", "extensions": {"code": "PERSISTED_QUERY_NOT_FOUND"}}]}
NOT_SUPPORTED = {
    "errors": [{"message": "PersistedQueryNotSupported", "extensions": {"code": "PERSISTED_QUERY_NOT_SUPPORTED"}}]
}
DATA = {"data": {"__typename": "Query"}}


def manifest(**documents: str) -> Manifest:
    """As `read_manifest` gives it, for documents of one operation that has the name of its id."""
    found = tuple(StoredDocument(name, text, (name,)) for name, text in documents.items())
    return Manifest(
        found,
        {key: one for one in found for key in (one.id, document_hash(one.text))},
        frozenset(one.text for one in found),
    )


@pytest.fixture(scope="session")
def built() -> Built:
    return build(load_graph())


def opened(built: Built, storing: Storing) -> Engine:
    return Engine(built, open_unconnected(built).sources, storing=storing)


async def asked(engine: Engine, viewer: Viewer, document: str = "", stored: str | None = None, **more: Any) -> Any:
    response = await engine.execute(Request(document, stored=stored, **more), viewer)
    return json.loads(response.body)


async def sent(engine: Engine, viewer: Viewer, document: str) -> Any:
    """The document with its hash, as a client sends it who was told that the hash is not known."""
    return await asked(engine, viewer, document, document_hash(document))


# --- documents of a manifest ----------------------------------------------------------------------------------------


async def test_a_stored_document_is_run_by_its_id_and_by_its_hash(built: Built) -> None:
    engine = opened(built, Storing(manifest(Book=BOOK)))
    for name in ("Book", document_hash(BOOK)):
        for operation in (None, "Book"):
            assert await asked(engine, CITIZEN, stored=name, operation_name=operation) == DATA


@pytest.mark.parametrize("name", ["book", "Book2", document_hash(ANY), "sha256:ab"])
async def test_an_id_that_is_not_stored_is_not_found(name: str, built: Built) -> None:
    assert await asked(opened(built, Storing(manifest(Book=BOOK))), CITIZEN, stored=name) == NOT_FOUND


async def test_where_nothing_is_stored_clients_are_told_to_stop_asking(built: Built) -> None:
    assert await asked(opened(built, Storing()), CITIZEN, stored="Book") == NOT_SUPPORTED
    assert await sent(opened(built, Storing()), CITIZEN, ANY) == DATA


async def test_an_operation_of_a_stored_document_is_chosen_by_its_name(built: Built) -> None:
    two = StoredDocument("two", TWO, ("A", "B"))
    engine = opened(built, Storing(Manifest((two,), {"two": two}, frozenset({TWO}))))
    assert await asked(engine, CITIZEN, stored="two", operation_name="B") == {"data": {"b": "Query"}}
    unnamed = await asked(engine, CITIZEN, stored="two")
    assert unnamed["errors"][0]["extensions"]["code"] == "OPERATION_NOT_FOUND"


async def test_variables_are_coerced_as_if_the_document_had_been_sent(built: Built) -> None:
    engine = opened(built, Storing(manifest(Book=BOOK)))
    given = {"yes": "perhaps"}
    by_id = await asked(engine, CITIZEN, stored="Book", variables=given)
    assert by_id["errors"]
    assert by_id == await asked(engine, CITIZEN, BOOK, variables=given)


async def test_a_mutation_by_its_id_is_not_for_get() -> None:
    graph = """
# A graph that may be written.
# subgraph far
type Query { now: Int }
type Mutation { stop: Int }
# data
Query: {}
# operation o
{ now }
"""
    stop = "mutation Stop { __typename }"
    supergraph = parse_case("far", graph.strip()).supergraph()
    engine = open_gateway(supergraph, {"far": "http://127.0.0.1:1"}, storing=Storing(manifest(Stop=stop)))
    app = make_app(engine, Everybody(engine.public_viewer), Settings())
    headers = {"graphql-require-preflight": "1", "accept": "application/json"}
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="http://hub", headers=headers
    ) as client:
        for way in ("/graphql/Stop", "/graphql?documentId=Stop", f"/graphql?id={document_hash(stop)}"):
            response = await client.get(way)
            assert (response.status_code, response.headers["allow"]) == (405, "POST")
        assert (await client.post("/graphql/Stop", json={})).json() == {"data": {"__typename": "Mutation"}}
    await engine.stop()


@pytest.mark.parametrize("media, status", [("application/json", 200), ("application/graphql-response+json", 400)])
async def test_an_unknown_id_is_one_error_over_http(media: str, status: int, built: Built) -> None:
    """Appendix A: MUST respond with a well-formed response of a single error."""
    engine = opened(built, Storing(manifest(Book=BOOK)))
    app = make_app(engine, Everybody(CITIZEN), Settings())
    headers = {"graphql-require-preflight": "1", "accept": media}
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="http://hub", headers=headers
    ) as client:
        extensions = {"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}}
        for response in (
            await client.get("/graphql/none"),
            await client.post("/graphql", json={"documentId": "none"}),
            await client.post("/graphql", json={"extensions": extensions}),
        ):
            assert (response.status_code, response.json()) == (status, NOT_FOUND)
        assert (await client.get("/graphql/Book")).json() == DATA


# --- what a document tells ------------------------------------------------------------------------------------------


def words(built: Built) -> Mapping[str, str]:
    """For each field of the whole graph a document that asks for it, by the shortest way, and skips it."""
    query = built.supergraph.api.query_type
    assert query is not None
    found: dict[str, str] = {}
    todo: list[tuple[GraphQLObjectType, str, str]] = [(query, "%s", "")]
    seen = {query.name}
    for of, around, variables in todo:
        for name, field in of.fields.items():
            needed = {f"{name}_{one}": arg for one, arg in field.args.items() if is_required_argument(arg)}
            given = ", ".join(f"{one.removeprefix(f'{name}_')}: ${one}" for one in needed)
            declared = variables + "".join(f"${one}: {arg.type} " for one, arg in needed.items())
            asked = f"{name}({given})" if given else name
            inner = get_named_type(field.type)
            leaf = "" if is_leaf_type(inner) else " { __typename }"
            skipped = around % f"{asked} @skip(if: true){leaf}"
            found[f"{of.name}.{name}"] = f"query A{f'({declared})' if declared else ''} {{ __typename {skipped} }}"
            if isinstance(inner, GraphQLObjectType) and inner.name not in seen:
                seen.add(inner.name)
                todo.append((inner, around % f"{asked} @skip(if: true) {{ %s }}", declared))
    return found


async def test_a_document_that_a_reader_may_not_run_does_not_exist_for_him(built: Built) -> None:
    """Its errors would quote words that he did not send: every field of the graph, as every audience."""
    documents = words(built)
    assert len(documents) > 100
    engine = opened(built, Storing(manifest(**documents)))
    hidden: set[str] = set()
    for profile in {one.audience: one for one in profiles(built.rules)}.values():
        viewer = Viewer(profile)
        unknown = await engine.execute(Request("", stored="none"), viewer)
        for name, text in documents.items():
            plain = await engine.execute(Request(text), viewer)
            by_id = await engine.execute(Request("", stored=name), viewer)
            if b"GRAPHQL_VALIDATION_FAILED" in plain.body:
                hidden.add(profile.audience)
                assert by_id == unknown
            else:
                assert by_id == plain
    assert hidden == set(Audience)


async def test_no_operation_name_is_told_of_a_document_that_a_reader_may_not_run(built: Built) -> None:
    text = "query SecretRoster { me { fullName } } query Other { __typename }"
    stored = StoredDocument("two", text, ("SecretRoster", "Other"))
    engine = opened(built, Storing(Manifest((stored,), {"two": stored}, frozenset({text}))))
    assert await asked(engine, OFFICER, stored="two", operation_name="x") == NOT_FOUND
    assert await asked(engine, OFFICER, stored="two") == NOT_FOUND


# --- only what is stored --------------------------------------------------------------------------------------------

ONLY = frozenset({Audience.CITIZEN, Audience.PARTNER})


async def test_an_audience_may_run_stored_documents_only(built: Built) -> None:
    engine = opened(built, Storing(manifest(Book=BOOK), ONLY, MemoryStore()))
    assert await asked(engine, CITIZEN, stored="Book") == DATA
    for text in (ANY, "{ __schema { types { name } } }", BOOK + " ", "", "{"):
        refused = await asked(engine, CITIZEN, text)
        (error,) = refused["errors"]
        assert error["extensions"]["code"] == "DOCUMENT_NOT_STORED"
        assert error["message"] == "a citizen runs stored documents only: send the id of one of them"
        assert "data" not in refused


async def test_a_stored_document_may_be_sent_whole(built: Built) -> None:
    engine = opened(built, Storing(manifest(Book=BOOK), ONLY))
    assert await asked(engine, CITIZEN, BOOK) == DATA
    assert await sent(engine, CITIZEN, BOOK) == DATA


async def test_nothing_that_is_sent_is_kept_for_such_an_audience(built: Built) -> None:
    store = MemoryStore()
    engine = opened(built, Storing(manifest(Book=BOOK), ONLY, store))
    assert (await sent(engine, CITIZEN, ANY))["errors"][0]["extensions"]["code"] == "DOCUMENT_NOT_STORED"
    assert await asked(engine, CITIZEN, stored=document_hash(ANY)) == NOT_FOUND
    # Nor is what was kept before the audience was set among those.
    free = opened(built, Storing(store=store))
    assert await sent(free, CITIZEN, ANY) == DATA
    assert await asked(free, CITIZEN, stored=document_hash(ANY)) == DATA
    assert await asked(engine, CITIZEN, stored=document_hash(ANY)) == NOT_FOUND


async def test_other_audiences_stay_free(built: Built) -> None:
    engine = opened(built, Storing(manifest(Book=BOOK), ONLY, MemoryStore()))
    for viewer in (OFFICER, ANALYST, DEFENCE):
        assert await asked(engine, viewer, ANY) == DATA


# --- what was sent before -------------------------------------------------------------------------------------------


async def test_a_document_that_was_sent_with_its_hash_is_found_by_it(built: Built) -> None:
    engine = opened(built, Storing(store=MemoryStore()))
    named = document_hash(ANY)
    assert await asked(engine, OFFICER, stored=named) == NOT_FOUND
    assert await sent(engine, OFFICER, ANY) == DATA
    assert await asked(engine, OFFICER, stored=named) == DATA
    assert await asked(engine, COLLEAGUE, stored=named) == DATA


async def test_a_document_without_its_hash_is_not_kept(built: Built) -> None:
    engine = opened(built, Storing(store=MemoryStore()))
    assert await asked(engine, OFFICER, ANY) == DATA
    assert await asked(engine, OFFICER, stored=document_hash(ANY)) == NOT_FOUND


async def test_the_hash_of_other_bytes_is_refused_and_nothing_kept(built: Built) -> None:
    engine = opened(built, Storing(store=MemoryStore()))
    refused = await asked(engine, OFFICER, ANY, document_hash(TWO))
    assert refused["errors"][0]["extensions"]["code"] == "PERSISTED_QUERY_HASH_MISMATCH"
    for text in (ANY, TWO):
        assert await asked(engine, OFFICER, stored=document_hash(text)) == NOT_FOUND


@pytest.mark.parametrize("asking", [CITIZEN, CLEARED, DEFENCE, ANALYST])
async def test_a_hash_is_no_way_to_try_what_another_profile_has_asked(asking: Viewer, built: Built) -> None:
    engine = opened(built, Storing(store=MemoryStore()))
    assert await sent(engine, OFFICER, ANY) == DATA
    assert await asked(engine, asking, stored=document_hash(ANY)) == NOT_FOUND


async def test_projects_of_analysts_are_apart(built: Built) -> None:
    engine = opened(built, Storing(store=MemoryStore()))
    assert await sent(engine, ANALYST, ANY) == DATA
    other = Viewer(Profile(Audience.ANALYST, project="cards"), name="giang")
    assert await asked(engine, other, stored=document_hash(ANY)) == NOT_FOUND


@pytest.mark.parametrize(
    "text",
    [
        'query A { __typename person(personalId: "001099000001") @skip(if: true) { fullName } }',
        "query A { __typename } # 001099000001",
        "query A { p001099000001: __typename }",
        'query A($i: PersonalId! = "001099000001") { __typename person(personalId: $i) @skip(if: true) { fullName } }',
    ],
)
async def test_a_document_with_a_value_in_it_is_answered_and_not_kept(text: str, built: Built) -> None:
    """Otherwise its hash would tell a colleague that somebody has asked about this person."""
    engine = opened(built, Storing(store=MemoryStore()))
    answer = await sent(engine, OFFICER, text)
    assert list(answer) == ["data"]
    for viewer in (OFFICER, COLLEAGUE):
        assert await asked(engine, viewer, stored=document_hash(text)) == NOT_FOUND


@pytest.mark.parametrize("text", ["{ no }", "{", "query A { __typename } query A { __typename }", " " * 10])
async def test_what_is_not_valid_is_not_kept(text: str, built: Built) -> None:
    engine = opened(built, Storing(store=MemoryStore()))
    assert "errors" in await sent(engine, OFFICER, text)
    assert await asked(engine, OFFICER, stored=document_hash(text)) == NOT_FOUND


async def test_what_is_too_large_is_answered_and_not_kept(built: Built) -> None:
    engine = opened(built, Storing(store=MemoryStore()))
    for size, kept in ((MOST_BYTES, True), (MOST_BYTES + 1, False)):
        text = ANY.ljust(size)
        assert await sent(engine, OFFICER, text) == DATA
        assert await asked(engine, OFFICER, stored=document_hash(text)) == (DATA if kept else NOT_FOUND)


async def test_a_flood_of_documents_is_answered_and_harms_nobody(built: Built) -> None:
    store = MemoryStore()
    engine = opened(built, Storing(store=store))
    texts = [ANY + " " * number for number in range(MOST_AN_HOUR + 5)]
    for text in texts:
        assert await sent(engine, OFFICER, text) == DATA
    found = [await asked(engine, OFFICER, stored=document_hash(text)) == DATA for text in texts]
    assert found == [True] * MOST_AN_HOUR + [False] * 5
    assert await sent(engine, COLLEAGUE, texts[-1]) == DATA
    assert await asked(engine, OFFICER, stored=document_hash(texts[-1])) == DATA


# --- what replicas share --------------------------------------------------------------------------------------------


@pytest.fixture
async def shared(redis: RedisServer) -> AsyncIterator[Store]:
    store = open_store(redis.url, seconds=2.0)
    yield store
    await store.close()


async def test_a_document_that_was_sent_to_one_replica_is_found_by_another(built: Built, shared: Store) -> None:
    first, second = (opened(built, Storing(store=shared)) for _ in range(2))
    text = ANY + "  "
    assert await sent(first, OFFICER, text) == DATA
    assert await asked(second, COLLEAGUE, stored=document_hash(text)) == DATA
    assert await asked(second, CLEARED, stored=document_hash(text)) == NOT_FOUND


class Poisoned:
    """A store whose every value is another."""

    def __init__(self, value: bytes) -> None:
        self._store = MemoryStore()
        self._value = value

    async def put(self, key: str, value: bytes, seconds: float) -> None:
        await self._store.put(key, self._value, seconds)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


@pytest.mark.parametrize("value", [b"", b"{ __schema { types { name } } }", b"\xff\xfe", ANY.encode() + b" ", b"{"])
async def test_what_comes_out_of_the_store_is_not_believed(value: bytes, built: Built) -> None:
    store: Any = Poisoned(value)
    first, second = (opened(built, Storing(store=store)) for _ in range(2))
    assert await sent(first, OFFICER, ANY) == DATA
    assert await asked(second, OFFICER, stored=document_hash(ANY)) == NOT_FOUND


async def test_what_became_invalid_is_not_found(built: Built) -> None:
    """A graph that changed must not quote to one reader what another had sent."""
    store = MemoryStore()
    words = "query A { me @skip(if: true) { fullName } __typename }"
    key = hashlib.sha256(f"{OFFICER.profile.name}\0-\0{document_hash(words)}".encode()).hexdigest()
    await store.put(f"document:{key}", words.encode(), 60)
    valid = hashlib.sha256(f"{CITIZEN.profile.name}\0-\0{document_hash(words)}".encode()).hexdigest()
    await store.put(f"document:{valid}", words.encode(), 60)
    engine = opened(built, Storing(store=store))
    assert await asked(engine, CITIZEN, stored=document_hash(words)) == DATA
    assert await asked(engine, OFFICER, stored=document_hash(words)) == NOT_FOUND


async def test_without_redis_clients_send_what_they_mean(built: Built) -> None:
    with running_redis() as server:
        store = open_store(server.url, seconds=0.2)
        first, second = (opened(built, Storing(manifest(Book=BOOK), store=store)) for _ in range(2))
        assert await sent(first, OFFICER, ANY) == DATA
        server.kill()
        assert await asked(second, OFFICER, stored=document_hash(ANY)) == NOT_FOUND
        assert await sent(second, OFFICER, ANY) == DATA
        assert await asked(second, OFFICER, stored=document_hash(ANY)) == DATA
        assert await asked(second, CITIZEN, stored="Book") == DATA
        await store.close()


# --- the start ------------------------------------------------------------------------------------------------------


class Counting(Engine):
    """Counts what it plans."""

    planned = 0

    def _priced(self, *arguments: Any) -> Any:
        self.planned += 1
        return super()._priced(*arguments)


def counting(built: Built, storing: Storing) -> Counting:
    return Counting(built, open_unconnected(built).sources, storing=storing)


async def test_stored_documents_are_planned_before_they_are_asked(built: Built) -> None:
    engine = counting(built, Storing(manifest(Book=BOOK, Any=ANY), ONLY))
    await engine.start()
    before = engine.planned
    assert before
    for name in ("Book", "Any"):
        for operation in (None, name):
            assert await asked(engine, CITIZEN, stored=name, operation_name=operation) == DATA
    assert engine.planned == before


async def test_a_start_plans_within_its_time_and_its_bounds(built: Built) -> None:
    engine = counting(built, Storing(manifest(Book=BOOK), ONLY, warm_seconds=0.0))
    await engine.start()
    assert engine.planned == 0
    assert await asked(engine, CITIZEN, stored="Book") == DATA

    documents = {f"A{n}": f"query A{n} {{ __typename }}" for n in range(DOCUMENTS_KEPT)}
    many = counting(built, Storing(manifest(**documents), warm_seconds=2.0))
    await many.start()
    assert 0 < many.planned <= DOCUMENTS_KEPT // 2


async def test_a_document_that_nobody_may_run_does_not_stop_the_start(built: Built) -> None:
    needs = "query B($n: Int!) { persons(first: $n) { totalCount } }"
    engine = counting(built, Storing(manifest(A="query A { no }", B=needs)))
    await engine.start()
    assert await asked(engine, OFFICER, stored="A") == NOT_FOUND
