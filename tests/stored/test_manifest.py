"""Manifest files: the forms that tools write, and what is said of files that are none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import hypothesis
import hypothesis.strategies as st
import pytest

from hub.errors import SettingsWrong
from hub.stored import Manifest, document_hash, read_manifest

BOOK = "query Book { me { fullName } }"
# The hash of this text as the specification prints it (GraphQL over HTTP, appendix A).
USER = "query ($id: ID!) {\n  user(id: $id) {\n    name\n  }\n}"
USER_HASH = "7dba4bd717b41f10434822356a93c32b1fb4907b983e854300ad839f84cdcd6e"


def read(folder: Path, content: object) -> Manifest:
    path = folder / "manifest.json"
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return read_manifest(path)


def problems(folder: Path, content: object) -> str:
    with pytest.raises(SettingsWrong) as caught:
        read(folder, content)
    said = str(caught.value)
    assert all(line.startswith(f"`{folder / 'manifest.json'}") for line in said.splitlines())
    return said.replace(f"`{folder / 'manifest.json'}", "`FILE")


def apollo(*operations: object, **more: object) -> dict[str, Any]:
    return {"format": "apollo-persisted-query-manifest", "version": 1, "operations": operations} | more


def test_the_hash_of_a_document_is_the_one_of_the_specification() -> None:
    assert document_hash(USER) == f"sha256:{USER_HASH}"


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(
            apollo({"id": "book", "name": "Book", "type": "query", "body": BOOK}, {"id": USER_HASH, "body": USER}),
            id="Apollo's generate-persisted-query-manifest",
        ),
        pytest.param(
            {
                "version": 2,
                "operations": [
                    {"signature": "book", "document": BOOK, "metadata": {"engineSignature": "x"}},
                    {"signature": USER_HASH, "document": USER},
                ],
            },
            id="apollo client:extract",
        ),
        pytest.param({"book": BOOK, USER_HASH: USER}, id="Relay, GraphQL Code Generator"),
        pytest.param({"book": BOOK, f"sha256:{USER_HASH}": USER}, id="ids of the specification"),
        pytest.param(b"\xef\xbb\xbf" + json.dumps({"book": BOOK, USER_HASH: USER}).encode(), id="with a mark of UTF-8"),
    ],
)
def test_the_common_forms_are_read(content: object, tmp_path: Path) -> None:
    manifest = read(tmp_path, content)
    assert [one.text for one in manifest.documents] == [BOOK, USER]
    assert [one.operations for one in manifest.documents] == [("Book",), ("",)]
    assert {name: one.text for name, one in manifest.by_id.items()} == {
        "book": BOOK,
        document_hash(BOOK): BOOK,
        f"sha256:{USER_HASH}": USER,
    }


def test_an_id_that_only_looks_like_the_hash_leads_to_its_document(tmp_path: Path) -> None:
    """Relay hashes what it printed, which is not always what it wrote."""
    assert read(tmp_path, {"ab" * 32: BOOK}).by_id["sha256:" + "ab" * 32].text == BOOK


def test_one_document_may_have_several_ids(tmp_path: Path) -> None:
    assert set(read(tmp_path, {"a": BOOK, "b": BOOK}).by_id) == {"a", "b", document_hash(BOOK)}


def test_an_operation_may_be_called_operations(tmp_path: Path) -> None:
    assert [one.id for one in read(tmp_path, {"operations": BOOK}).documents] == ["operations"]


@pytest.mark.parametrize(
    "content, message",
    [
        (b"{", "`FILE:1:2` is not JSON"),
        (b"\xff", "`FILE` is not UTF-8"),
        (b"[" * 100_000, "`FILE` is nested too deeply"),
        ([], "`FILE`: must be a JSON object: a map from ids to documents, or a manifest with `operations`"),
        (b'{"a": "{ a }", "a": "{ b }"}', "`FILE`: `a` is there 2 times"),
        ({"a": 1}, "`FILE`: `a`: its document must be a string"),
        ({"a": "{ a"}, "`FILE`: `a`:1:4: Syntax Error"),
        ({"a": "{ a " * 50_000}, "`FILE`: `a`:1:801: Syntax Error: Document is nested too deeply"),
        ({"a": "fragment F on T { a }"}, "`FILE`: `a`: its document has no operation"),
        ({"a": ""}, "`FILE`: `a`:1:1: Syntax Error"),
        ({"a b": "{ a }"}, "`FILE`: `a b`: its id must be of letters, digits"),
        ({"": "{ a }"}, "its id must be of letters, digits"),
        ({"query A { a }": "a1"}, "this map leads from documents to ids, and must lead from ids to documents"),
        ({"sha256:ab": "{ a }"}, f"its id is not the hash of its document, which is `{document_hash('{ a }')}`"),
        ({document_hash("{ b }")[7:]: "{ a }", "b": "{ b }"}, "another document has the id `sha256:"),
        (apollo(format="persisted"), "`FILE`: `format` is `persisted`: the one that is read is"),
        (apollo(version=3), "`FILE`: `version` is `3`: those that are read are 1 and 2"),
        (apollo(version=True), "`version` is `True`"),
        (apollo(operations={}), "`operations` must be a list"),
        (apollo("{ a }"), "`operations[0]` must be an object with `id` and `body`"),
        (apollo({"id": "a"}), "`operations[0]`: its document must be a string"),
        (apollo({"body": "{ a }"}), "`operations[0]`: its id must be of letters"),
        (apollo({"id": "a", "body": "{ a }"}, {"id": "a", "body": "{ b }"}), "`operations[1]`: another document"),
        (apollo({"id": "a", "name": "B", "body": "query A { a }"}), "`operations[0]` (`B`): its document has no oper"),
        (apollo({"id": "a", "type": "mutation", "body": "query A { a }"}), "and its document has a query"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(content: object, message: str, tmp_path: Path) -> None:
    assert message in problems(tmp_path, content)


def test_everything_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    assert len(problems(tmp_path, {"a": "{", "b c": "{ a }", "d": 1, "e": BOOK}).splitlines()) == 3


@hypothesis.settings(
    max_examples=200, deadline=None, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture]
)
@hypothesis.given(
    content=st.recursive(
        st.none() | st.booleans() | st.integers() | st.sampled_from([BOOK, USER, "{", "", "a", "sha256:a"]),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["format", "version", "operations", "id", "body", "name", "type", "signature", "x y"]),
                inner,
                max_size=4,
            )
        ),
    )
)
def test_any_file_is_a_manifest_or_is_said_not_to_be(content: object, tmp_path: Path) -> None:
    try:
        manifest = read(tmp_path, content)
    except SettingsWrong:
        return
    assert {one.text for one in manifest.documents} == manifest.texts
