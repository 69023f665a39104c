"""A body or an address -> the request it carries, or `NotUnderstood` with what is wrong.

POST /graphql                {"query": "...", "operationName": "...", "variables": {...}, "extensions": {...}}
GET /graphql?query=...       the same in the address, `variables` and `extensions` as JSON
a stored document            its id in place of `query`: as `documentId` or `id`, as the last part of the path, or
as `extensions.persistedQuery.sha256Hash`
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import orjson

from hub.errors import NotUnderstood
from hub.model.request import DOCUMENT_ID, PlanWish, Request

_SHA_256 = re.compile(r"[0-9a-fA-F]{64}")


def decoded(body: bytes) -> object:
    """What the JSON of a body says."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        if not body.strip():
            raise NotUnderstood("the body is empty: send a JSON object with a `query`") from None
        try:
            body.decode()
        except UnicodeDecodeError:
            raise NotUnderstood("the body is not UTF-8") from None
        raise NotUnderstood(f"the body is not JSON: {error}") from None


def parameters(query_string: bytes) -> object:
    """The parameters of an address as the object that a body would have held."""
    found: dict[str, object] = {}
    try:
        pairs = parse_qsl(query_string.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=20)
    except UnicodeDecodeError:
        raise NotUnderstood("the parameters of the address are not UTF-8") from None
    except ValueError:
        raise NotUnderstood("the address has too many parameters") from None
    for name, value in pairs:
        if name in found:
            raise NotUnderstood(f"the parameter `{name}` is there twice")
        found[name] = value
    for name in ("variables", "extensions"):
        text = found.get(name)
        if isinstance(text, str):
            try:
                found[name] = orjson.loads(text) if text else None
            except orjson.JSONDecodeError:
                raise NotUnderstood(f"the parameter `{name}` is not JSON") from None
    if found.get("operationName") == "":
        del found["operationName"]
    return found


def read_request(content: object, path_id: str | None = None, *, reads_only: bool = False) -> Request:
    """The request of a decoded body or of parameters.

    path_id     the id of a stored document, if the path ends in one
    reads_only  whether it came by a method that may only read
    """
    if not isinstance(content, dict):
        raise NotUnderstood("the body must be a JSON object with a `query`")
    document, extensions = content.get("query"), content.get("extensions")
    if extensions is None:
        extensions = {}
    elif not isinstance(extensions, dict):
        raise NotUnderstood("`extensions` must be an object")
    stored = None
    if path_id is not None or "documentId" in content or "id" in content or "persistedQuery" in extensions:
        stored = _stored(content, extensions, path_id)
    if document is None and stored is not None:
        document = ""
    elif not isinstance(document, str):
        raise NotUnderstood("`query` is missing" if document is None else "`query` must be a string")
    elif stored is not None and not stored.startswith("sha256:"):
        raise NotUnderstood("`query` and the id of a stored document are both there: send one of them")
    elif not document and stored is not None:
        raise NotUnderstood("`query` is empty: leave it out where the id of a stored document stands for it")
    name, variables = content.get("operationName"), content.get("variables")
    if name is not None and not isinstance(name, str):
        raise NotUnderstood("`operationName` must be a string")
    if variables is None:
        variables = {}
    elif not isinstance(variables, dict):
        raise NotUnderstood("`variables` must be an object")
    purpose = extensions.get("purpose")
    if purpose is not None and not isinstance(purpose, str):
        raise NotUnderstood("`extensions.purpose` must be a string")
    wish = extensions.get("plan")
    if wish is not None and wish not in tuple(PlanWish):
        raise NotUnderstood('`extensions.plan` must be "show" or "only"')
    plan = PlanWish(wish) if wish is not None else None
    return Request(document, name, variables, purpose, plan, stored, reads_only)


def _stored(content: Mapping[str, Any], extensions: Mapping[str, Any], path_id: str | None) -> str | None:
    """The one id that a request names, wherever it stands; `sha256:` before what is a hash."""
    places = {
        "`documentId`": content.get("documentId"),
        "`id`": content.get("id"),
        "`extensions.persistedQuery.sha256Hash`": _persisted(extensions.get("persistedQuery")),
        "the path": path_id,
    }
    found: dict[str, str] = {}
    for place, given in places.items():
        if given is None:
            continue
        if not isinstance(given, str) or not DOCUMENT_ID.fullmatch(given):
            raise NotUnderstood(
                f"{place} must be the id of a document: letters, digits, `-`, `.`, `_` and `~`, with `sha256:` before a"
                " hash"
            )
        found.setdefault(f"sha256:{given.lower()}" if _SHA_256.fullmatch(given) else given, place)
    if len(found) > 1:
        raise NotUnderstood(f"{' and '.join(found.values())} name different documents: send one of them")
    return next(iter(found), None)


def _persisted(given: object) -> object:
    if given is None:
        return None
    if not isinstance(given, dict) or "sha256Hash" not in given:
        raise NotUnderstood("`extensions.persistedQuery` must be an object with `version` and `sha256Hash`")
    if type(given.get("version")) is not int or given["version"] != 1:
        raise NotUnderstood("`extensions.persistedQuery.version` must be 1")
    if given["sha256Hash"] is None:
        raise NotUnderstood("`extensions.persistedQuery.sha256Hash` must be a string")
    return given["sha256Hash"]
