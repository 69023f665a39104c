"""A manifest file -> `Manifest`, or `SettingsWrong` with everything that is wrong with it, each with its place.

The forms that tools for clients write, told apart by what they hold:

    {"format": "apollo-persisted-query-manifest", "version": 1, "operations": [{"id", "body", "name", "type"}]}   Apollo
    {"version": 2, "operations": [{"signature", "document"}]}                                  Apollo, before that
    {"id": "text", ...}                                          Relay, GraphQL Code Generator (client preset), Hive

Whether the documents are valid is another question, with another answer for each profile: `hub operations check`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from graphql import GraphQLError, OperationDefinitionNode, parse

from hub.errors import SettingsWrong
from hub.model.request import DOCUMENT_ID

APOLLO = "apollo-persisted-query-manifest"

_HEX_64 = re.compile(r"[0-9a-f]{64}")
_KEYS = {1: ("id", "body"), 2: ("signature", "document")}


def document_hash(text: str) -> str:
    """The id that every document has by itself (GraphQL over HTTP, appendix A)."""
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """One document of a manifest.

    operations  the names of its operations; an empty one for an operation without
    """

    id: str
    text: str
    operations: tuple[str, ...]

    @property
    def name(self) -> str:
        """What people call it."""
        return ", ".join(name for name in self.operations if name) or self.id


@dataclass(frozen=True, slots=True)
class Manifest:
    """Stored documents.

    by_id  also by the hash of each, with `sha256:` before it, and so before an id that looks like a hash
    texts  all of them
    """

    documents: tuple[StoredDocument, ...] = ()
    by_id: Mapping[str, StoredDocument] = field(default_factory=dict)
    texts: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Entry:
    """One entry as it stands in the file, at a place that people find."""

    place: str
    id: object
    text: object
    name: object = None
    kind: object = None


def read_manifest(path: Path) -> Manifest:
    """The manifest in a file."""
    problems: list[str] = []

    def object_of(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            counted = Counter(name for name, _ in pairs)
            problems.extend(f"`{name[:80]}` is there {count} times" for name, count in counted.items() if count > 1)
        return found

    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"), object_pairs_hook=object_of)
    except OSError as error:
        raise SettingsWrong(f"`{path}` cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SettingsWrong(f"`{path}` is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise SettingsWrong(f"`{path}:{error.lineno}:{error.colno}` is not JSON: {error.msg}") from None
    except RecursionError:
        raise SettingsWrong(f"`{path}` is nested too deeply to be a manifest") from None
    documents = []
    by_id: dict[str, StoredDocument] = {}
    try:
        for entry in _entries(content):
            found = _document(entry, problems)
            if found is not None:
                documents.append(found)
                _index(found, by_id, entry.place, problems)
    except ValueError as error:
        problems.append(str(error))
    if problems:
        raise SettingsWrong("\n".join(f"`{path}`: {problem}" for problem in problems))
    return Manifest(tuple(documents), by_id, frozenset(one.text for one in documents))


def _entries(content: object) -> Iterator[_Entry]:
    """The entries of a manifest of any form; `ValueError` for what is none."""
    if not isinstance(content, dict):
        raise ValueError("must be a JSON object: a map from ids to documents, or a manifest with `operations`")
    operations = content.get("operations")
    if isinstance(operations, str) or ("operations" not in content and "format" not in content):
        yield from (_Entry(f"`{key[:80]}`", key, text) for key, text in content.items())
        return
    form, version = content.get("format", APOLLO), content.get("version")
    if form != APOLLO:
        raise ValueError(f"`format` is `{form}`: the one that is read is `{APOLLO}`")
    if type(version) is not int or version not in _KEYS:
        raise ValueError(f"`version` is `{version}`: those that are read are 1 and 2")
    if not isinstance(operations, list):
        raise ValueError("`operations` must be a list")
    identifier, text = _KEYS[version]
    for at, one in enumerate(operations):
        if not isinstance(one, dict):
            raise ValueError(f"`operations[{at}]` must be an object with `{identifier}` and `{text}`")
        name = one.get("name")
        place = f"`operations[{at}]`" + (f" (`{name}`)" if isinstance(name, str) else "")
        yield _Entry(place, one.get(identifier), one.get(text), name, one.get("type"))


def _document(entry: _Entry, problems: list[str]) -> StoredDocument | None:
    place = entry.place
    if not isinstance(entry.id, str) or not DOCUMENT_ID.fullmatch(entry.id):
        problem = "its id must be of letters, digits, `-`, `.`, `_` and `~`, with a prefix and `:` before it or not"
        if isinstance(entry.id, str) and "{" in entry.id:
            problem = "its id is a document: this map leads from documents to ids, and must lead from ids to documents"
        problems.append(f"{place}: {problem}")
        return None
    if not isinstance(entry.text, str):
        problems.append(f"{place}: its document must be a string")
        return None
    if entry.id.startswith("sha256:") and entry.id != document_hash(entry.text):
        problems.append(f"{place}: its id is not the hash of its document, which is `{document_hash(entry.text)}`")
        return None
    try:
        parsed = parse(entry.text)
    except GraphQLError as error:
        where = ":".join(str(number) for one in (error.locations or ())[:1] for number in (one.line, one.column))
        problems.append(f"{place}:{where}: {error.message}")
        return None
    operations = [node for node in parsed.definitions if isinstance(node, OperationDefinitionNode)]
    names = tuple(node.name.value if node.name else "" for node in operations)
    if not operations:
        problems.append(f"{place}: its document has no operation")
        return None
    if isinstance(entry.name, str) and entry.name not in names and any(names):
        problems.append(f"{place}: its document has no operation of that name: it has {', '.join(names)}")
        return None
    if isinstance(entry.kind, str) and all(entry.kind != node.operation.value for node in operations):
        problems.append(
            f"{place}: its `type` is `{entry.kind}`, and its document has a {operations[0].operation.value}"
        )
        return None
    return StoredDocument(entry.id, entry.text, names)


def _index(document: StoredDocument, by_id: dict[str, StoredDocument], place: str, problems: list[str]) -> None:
    """Puts a document under all of its ids."""
    given = f"sha256:{document.id}" if _HEX_64.fullmatch(document.id) else document.id
    taken = [
        one for one in (given, document_hash(document.text)) if by_id.setdefault(one, document).text != document.text
    ]
    problems.extend(f"{place}: another document has the id `{one}` too" for one in taken)
