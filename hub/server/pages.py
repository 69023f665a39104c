"""Pages for people: GraphiQL where a browser opens /graphql, what it loads, and the landing page.

The page loads nothing from elsewhere and is told to: scripts come from this server only, without `eval`; nothing may
frame it; it may speak to this server and, if people sign in, to their issuer. Two things are weaker than they might be,
both because of the editor (Monaco): it makes `<style>` elements, which carry a nonce of the page, and it places lines
by `style` attributes in markup, which cannot select or load anything.

What is built is read once and kept, compressed as it was built; its names hold its hash, so a browser keeps it for
good. If it was not built, the page says so. Nothing here is about any reader: that is `explore`, which wants a token.
"""

from __future__ import annotations

import base64
import hashlib
import html
import mimetypes
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from secrets import token_urlsafe
from urllib.parse import urlsplit

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from hub.settings import Settings

_FOREVER = "public, max-age=31536000, immutable"
_ENCODINGS = (("br", ".br"), ("gzip", ".gz"))
_TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".ttf": "font/ttf"}
_CLOSED = "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_SECURE = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


def wants_html(accept: bytes) -> bool:
    """Whether a browser opened the address: programs that speak GraphQL do not ask for HTML."""
    return b"text/html" in (one.partition(b";")[0].strip() for one in accept.lower().split(b","))


@dataclass(frozen=True, slots=True)
class _Asset:
    media: str
    variants: Mapping[str, bytes]


class Pages:
    """What is shown to people, made once. `built` is the folder of the built page, `sources` that of its templates."""

    def __init__(self, settings: Settings, built: Path, sources: Path, *, demo: bool = False) -> None:
        self._assets = _read_assets(built)
        self._manifest = _read_manifest(built)
        self._issuer = settings.sign_in_issuer
        self._config = {
            "demo": demo,
            "signIn": {"issuer": settings.sign_in_issuer, "client": settings.sign_in_client}
            if settings.sign_in_issuer
            else None,
        }
        self._landing = (sources / "landing.html").read_text(encoding="utf-8")
        self._unbuilt = (sources / "unbuilt.html").read_text(encoding="utf-8")

    def landing(self, _: Request) -> Response:
        """What this is, for whom, and where to go."""
        return plain_page(self._landing)

    def graphiql(self) -> Response:
        """The page at /graphql."""
        if self._manifest is None:
            return plain_page(self._unbuilt)
        nonce = token_urlsafe(16)
        made = self._manifest
        loads = "".join(f'<link rel="modulepreload" href="/pages/{name}">' for name in made["preload"])
        # In a block of data nothing ends the element but its own mark.
        config = orjson.dumps(self._config).decode().replace("<", "\\u003c")
        body = (
            '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            '<meta name="color-scheme" content="light dark"><title>GraphiQL · hub</title>'
            '<link rel="icon" href="data:,">'
            f'<link rel="stylesheet" href="/pages/{made["style"]}">{loads}'
            f'<script type="application/json" id="config" nonce="{nonce}">{config}</script>'
            f'<script type="module" src="/pages/{made["script"]}"></script></head>'
            '<body><div id="root"><p class="hub-loading">Đang tải… Loading…</p></div>'
            "<noscript><p>Trang này cần JavaScript. This page needs JavaScript.</p></noscript></body></html>"
        )
        reaches = f"'self' {_origin(self._issuer)}" if self._issuer else "'self'"
        policy = (
            f"default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; style-src-attr 'unsafe-inline'; "
            f"img-src 'self' data:; font-src 'self' data:; connect-src {reaches}; worker-src 'self'; "
            f"{_CLOSED}"
        )
        return _page(body, policy)

    def asset(self, request: Request) -> Response:
        """One of the built files, compressed as the browser takes it."""
        found = self._assets.get(request.path_params["name"])
        if found is None:
            return Response("there is no such file", 404, _SECURE, "text/plain")
        accepted = {one.split(";")[0].strip() for one in request.headers.get("accept-encoding", "").split(",")}
        encoding = next((name for name, _ in _ENCODINGS if name in accepted and name in found.variants), "")
        headers = _SECURE | {"cache-control": _FOREVER, "vary": "accept-encoding"}
        if encoding:
            headers["content-encoding"] = encoding
        return Response(found.variants[encoding], 200, headers, found.media)

    def before(self, graphql: ASGIApp) -> ASGIApp:
        """The endpoint, with the page in front of it for who opens it in a browser."""
        return _Either(self, graphql)


@dataclass(frozen=True, slots=True)
class _Either:
    """ASGI; an object and not a function, which a route would take for one of requests."""

    pages: Pages
    graphql: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        opened = scope["method"] == "GET" and any(
            name == b"accept" and wants_html(value) for name, value in scope["headers"]
        )
        await (self.pages.graphiql() if opened else self.graphql)(scope, receive, send)


def _read_assets(built: Path) -> Mapping[str, _Asset]:
    found = {}
    for file in built.glob("*-*") if built.is_dir() else ():
        if file.suffix in (".br", ".gz"):
            continue
        variants = {"": file.read_bytes()}
        for name, suffix in _ENCODINGS:
            twin = file.with_name(file.name + suffix)
            if twin.is_file():
                variants[name] = twin.read_bytes()
        media = _TYPES.get(file.suffix) or mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        found[file.name] = _Asset(media, variants)
    return found


def _read_manifest(built: Path) -> Mapping[str, str | list[str]] | None:
    try:
        made: Mapping[str, str | list[str]] = orjson.loads((built / "manifest.json").read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return None
    return made


def plain_page(text: str) -> Response:
    """A page without scripts; its one style is allowed by its hash, and nothing else is."""
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256((style[1] if style else "").encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; {_CLOSED}"
    return _page(text, policy)


def _page(text: str, policy: str) -> Response:
    headers = _SECURE | {"content-security-policy": policy, "cache-control": "no-store", "vary": "accept"}
    return Response(text, 200, headers, "text/html; charset=utf-8")


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return html.escape(f"{parts.scheme}://{parts.netloc}")
