"""The page at /graphql as people meet it: real hubs over a real country, a real issuer, a real Chromium.

hubs     two hubs over the demo's databases in a thread: one as `hub demo` serves, one as in production, where people
         paste a token or sign in at an OpenID Connect issuer, which is in the thread too
visit    opens a page in a window of its own and records all that goes over the network; nothing may go wrong in it
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import html
import os
import secrets
import shutil
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qsl, urlencode

import pytest
from playwright.async_api import Browser, Error, Page, Response, async_playwright
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse
from starlette.responses import Response as Answer
from starlette.routing import Route
from starlette.types import ASGIApp

from hub.cli.endpoint import for_people, load_graph
from hub.demo.start import Demo
from hub.demo.tokens import AUDIENCE, VIEWERS, make_token
from hub.engine import Engine, open_engine
from hub.pages import BUILT
from hub.server.app import make_app
from hub.server.explore import DemoViewers
from hub.server.identity import Identity, Trust
from hub.server.keys import read_key_set
from hub.server.run import bind, make_server
from hub.settings import Settings
from tests.conftest import MakeToken

CLIENT = "hub-page"


def chromium() -> str | None:
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)


def needed(what: str, there: bool) -> None:
    """CI has everything; a developer is told what is missing."""
    if not there:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(what)


@dataclass(frozen=True, slots=True)
class Hubs:
    demo: str
    production: str
    issuer: str
    engine: Engine
    token: Callable[..., str]


def issuer_app(address: Callable[[], str], token: MakeToken) -> Starlette:
    """An OpenID Connect issuer, as small as one can be: discovery, a form, and codes that are good for one PKCE."""
    waiting: dict[str, dict[str, str]] = {}
    open_to_all = {"access-control-allow-origin": "*", "access-control-allow-headers": "*"}

    async def discovery(_: Request) -> Answer:
        found = {
            "issuer": address(),
            "authorization_endpoint": f"{address()}/authorize",
            "token_endpoint": f"{address()}/token",
            "code_challenge_methods_supported": ["S256"],
        }
        return JSONResponse(found, headers=open_to_all)

    async def authorize(request: Request) -> Answer:
        asked = dict(request.query_params)
        assert (asked["client_id"], asked["response_type"], asked["code_challenge_method"]) == (CLIENT, "code", "S256")
        code = secrets.token_urlsafe()
        waiting[code] = asked
        back = {"code": code, "state": asked["state"], "iss": address()}
        where = html.escape(f"{asked['redirect_uri']}?{urlencode(back)}")
        return HTMLResponse(f'<title>issuer</title><a href="{where}">Sign in as an officer</a>')

    async def give(request: Request) -> Answer:
        given = dict(parse_qsl((await request.body()).decode()))
        asked = waiting.pop(given["code"], None)
        digest = hashlib.sha256(given["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        good = asked is not None and (challenge, given["client_id"], given["redirect_uri"]) == (
            asked["code_challenge"], asked["client_id"], asked["redirect_uri"],
        )  # fmt: skip
        if not good:
            return JSONResponse({"error": "invalid_grant"}, 400, headers=open_to_all)
        made = {"access_token": token("officer", iss=address()), "token_type": "Bearer"}
        return JSONResponse(made, headers=open_to_all)

    async def home(_: Request) -> Answer:
        return RedirectResponse("/authorize")

    return Starlette(
        routes=[
            Route("/", home),
            Route("/.well-known/openid-configuration", discovery),
            Route("/authorize", authorize),
            Route("/token", give, methods=["POST"]),
        ]
    )


@pytest.fixture(scope="session")
def hubs(demo: Demo, make_token: MakeToken) -> Iterator[Hubs]:
    needed("the page is not built: run `python -m hub.pages` (or `make page`)", (BUILT / "manifest.json").is_file())
    listeners = [bind("127.0.0.1", 0) for _ in range(3)]
    samples, production, issuer = (f"http://127.0.0.1:{one.getsockname()[1]}" for one in listeners)
    settings = replace(demo.settings(Settings()), sign_in_issuer=issuer, sign_in_client=CLIENT)
    engine = open_engine(load_graph(), settings)
    keys, served = read_key_set(demo.folder.keys), engine.built.served()
    viewers = DemoViewers([(one.name, one.about) for one in VIEWERS.values()], lambda name: make_demo_token(demo, name))
    first = Identity(Trust(keys, settings.issuer, AUDIENCE, served))
    second = Identity(Trust(keys, issuer, AUDIENCE, served))
    plain = replace(settings, sign_in_issuer="", sign_in_client="")
    apps: list[ASGIApp] = [
        make_app(engine, first, plain, people=for_people(engine, first, plain, viewers)),
        make_app(engine, second, settings, people=for_people(engine, second, settings)),
        issuer_app(lambda: issuer, make_token),
    ]
    up = threading.Semaphore(0)
    loop = asyncio.new_event_loop()
    servers = [make_server(app, up.release) for app in apps]

    async def serve() -> None:
        await engine.start()
        await asyncio.gather(*(server.serve(sockets=[one]) for server, one in zip(servers, listeners, strict=True)))
        await engine.stop()

    # What fails to start must not keep the run from ending.
    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
    thread.start()
    assert all(up.acquire(timeout=300) for _ in apps)
    yield Hubs(samples, production, issuer, engine, lambda name, **more: make_token(name, iss=issuer, **more))
    for server in servers:
        server.should_exit = True
    thread.join()
    loop.close()


def make_demo_token(demo: Demo, name: str) -> str:
    return make_token(demo.folder, name)


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    program = chromium()
    needed("no Chromium was found: install the package `chromium` to run what tests the page", program is not None)
    async with async_playwright() as playwright:
        # As root, as in CI, Chromium has no sandbox of its own.
        started = await playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield started
        await started.close()


@dataclass
class Visit:
    """A window, and what came over the network into it."""

    page: Page
    origin: str
    foreign: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    answers: list[Response] = field(default_factory=list)
    texts: list[asyncio.Task[tuple[str, str]]] = field(default_factory=list)

    def met(self, answer: Response) -> None:
        """Keeps an answer with its text, which is gone when the page is left."""
        self.answers.append(answer)
        self.texts.append(asyncio.ensure_future(self._text(answer)))

    async def traffic(self) -> dict[str, str]:
        """Address -> the last text that came from there, and all headers."""
        return dict(await asyncio.gather(*self.texts))

    async def _text(self, answer: Response) -> tuple[str, str]:
        head = "\n".join(f"{name}: {value}" for name, value in answer.headers.items())
        place = f"{answer.request.method} {answer.url} {answer.request.post_data or ''}"
        try:
            body = await answer.body()
        except Error:
            # A worker of the editor has ended, and what it was sent with it. Files are named by their content.
            assert answer.url.startswith(f"{self.origin}/pages/"), answer.url
            body = await (await self.page.request.get(answer.url)).body()
        return place, f"{head}\n\n{body.decode('utf-8', 'replace')}"

    async def ready(self) -> None:
        """Waits until somebody reads and the editor stands."""
        await self.page.wait_for_selector("[data-ready=yes]")
        await self.page.wait_for_selector(".graphiql-query-editor .view-line")

    async def reads_as(self, viewer: str) -> None:
        await self.page.select_option(".hub-ways select", viewer)
        await self.page.wait_for_function(
            "name => document.querySelector('.hub-ways select').value === name", arg=viewer
        )
        await self.ready()

    async def panel(self, title: str) -> None:
        """Opens one, if it is not open."""
        button = self.page.locator(f'.graphiql-sidebar button[aria-label$="{title}"]')
        if "Hide" not in (await button.get_attribute("aria-label") or ""):
            await button.click()

    async def run_example(self, name: str) -> None:
        await self.panel("Examples")
        async with self.page.expect_response(lambda one: one.url.endswith("/graphql") and one.request.method == "POST"):
            await self.page.click(f'[data-example="{name}"] button')

    async def query(self, text: str) -> None:
        """Writes over what is in the editor."""
        await self.page.evaluate(
            """text => {
                const model = __MONACO.editor.getModels().filter(one => one.uri.path.endsWith('operation.graphql'));
                model[model.length - 1].setValue(text);
            }""",
            text,
        )

    async def paste(self, token: str) -> None:
        await self.page.click("text=Paste a token")
        await self.page.fill("dialog textarea", token)
        await self.page.click("dialog >> text=Use it")


Visits = Callable[..., Awaitable[Visit]]


@pytest.fixture
async def visit(browser: Browser) -> AsyncIterator[Visits]:
    opened: list[Visit] = []

    async def open_page(address: str, path: str = "/graphql", **context: object) -> Visit:
        window = await browser.new_context(locale="en-US", viewport={"width": 1280, "height": 800}, **context)  # type: ignore[arg-type]
        page = await window.new_page()
        page.set_default_timeout(90_000)  # a busy machine is no failure
        made = Visit(page, address)
        opened.append(made)
        page.on("response", made.met)
        page.on("pageerror", lambda error: made.complaints.append(str(error)))
        page.on(
            "console",
            lambda one: (
                made.complaints.append(one.text)
                if one.type in ("error", "warning") and "Failed to load resource" not in one.text
                else None
            ),
        )
        page.on(
            "request",
            lambda one: None if one.url.startswith((address, "data:", "blob:")) else made.foreign.append(one.url),
        )
        await page.goto(address + path)
        return made

    yield open_page
    for one in opened:
        complaints = [*one.complaints, *(f"{each.url} {each.status}" for each in one.answers if each.status >= 500)]
        await asyncio.gather(*one.texts, return_exceptions=True)
        await one.page.context.close()
        assert complaints == []
