"""From settings to a running endpoint, for every command that serves."""

from __future__ import annotations

import importlib.util
import logging
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from hub.errors import StartFailed
from hub.model.viewer import Universe
from hub.settings import Settings, read_settings

if TYPE_CHECKING:
    from hub.cache import Store
    from hub.engine import Built, Engine
    from hub.model.graph import DeclaredGraph
    from hub.model.supergraph import Supergraph
    from hub.model.viewer import Served
    from hub.server.app import ForPeople
    from hub.server.edition import Edition
    from hub.server.explore import DemoViewers
    from hub.server.graphql import Identifies
    from hub.server.health import Look
    from hub.server.identity import Identity
    from hub.server.run import Leave
    from hub.telemetry import Telemetry

_SPARE = 5.0
"""Seconds that a worker may take beyond all that it is given, before it is killed."""

ROOT = Path(__file__).resolve().parents[2]


def load_graph(
    remotes: Path | None = None, policy: Path | None = None, agreements: Path | None = None
) -> DeclaredGraph:
    """The graph of `schema/`, found by its path: `hub` never imports it. Each path stands in for one of its own.

    Policy, agreements and remote subgraphs are read anew with every call; what is declared in Python stays.
    """
    if "schema" not in sys.modules:
        folder = ROOT / "schema"
        spec = importlib.util.spec_from_file_location(
            "schema", folder / "__init__.py", submodule_search_locations=[str(folder)]
        )
        if spec is None or spec.loader is None or not folder.is_dir():
            raise StartFailed("the folder `schema` is missing: the hub runs from its checkout")
        module = importlib.util.module_from_spec(spec)
        sys.modules["schema"] = module
        try:
            spec.loader.exec_module(module)
        except BaseException:
            del sys.modules["schema"]
            raise
    graph: DeclaredGraph = sys.modules["schema"].graph(remotes, policy, agreements)
    return graph


def graph_and_settings(environment: Mapping[str, str]) -> tuple[DeclaredGraph, Settings]:
    """The graph with the remote subgraphs of the environment, and settings for the sources that are read here."""
    settings = read_settings(environment, ())
    graph = load_graph(settings.remotes, settings.policy, settings.agreements)
    return graph, read_settings(environment, graph.here)


@dataclass(frozen=True, slots=True)
class _Process:
    """What lives as long as a process, whatever it answers with: what it shares with others, and what measures it."""

    store: Store
    telemetry: Telemetry


@dataclass(slots=True)
class _Made:
    """What answers: the graph as it was last built, and how an edition is put together over it.

    build  reads everything that may change and checks it, or raises what is wrong
    open   puts together what answers, in the process that answers
    """

    build: Callable[[], Built]
    open: Callable[[Built, _Process], Edition]
    built: Built = field(init=False)

    def __post_init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        self.built = self.build()

    def edition(self, process: _Process) -> Edition:
        return self.open(self.built, process)


def run_endpoint(
    settings: Settings,
    announce: Callable[[str], None],
    listener: socket.socket | None = None,
    demo: DemoViewers | None = None,
    *,
    reloads: bool = True,
) -> None:
    """Serves until a signal. `announce` is called with the address as soon as it answers; `demo` hands out tokens."""
    from hub.engine import build, over_databases
    from hub.server.app import make_app
    from hub.server.edition import edition
    from hub.server.health import Health
    from hub.server.identity import open_identity
    from hub.server.run import Leave

    leave = Leave(settings.drain_notice, settings.drain_timeout)
    before: Identity | None = None

    def made() -> Built:
        built = build(load_graph(settings.remotes, settings.policy, settings.agreements)).warmed()
        built = built.with_stored(settings.operations)
        over_databases(built, settings)
        open_identity(settings, served(built))
        return built

    def served(built: Built) -> Served:
        return built.served(settings.dsns.universes or tuple(Universe))

    def opened(built: Built, process: _Process) -> Edition:
        nonlocal before
        engine = over_databases(built, settings, process.store, process.telemetry.watch)
        before = identity = open_identity(settings, served(built), before)
        health = Health(engine.ready, _beside(settings, process.store, identity), leave.leaving)
        people = for_people(engine, identity, settings, demo)
        app = process.telemetry.around(make_app(engine, identity, settings, health, people))
        return edition(app, engine, identity)

    _run(settings, made, opened, leave, announce, listener, reloads=reloads)


def for_people(
    engine: Engine, identity: Identifies, settings: Settings, demo: DemoViewers | None = None
) -> ForPeople | None:
    """GraphiQL, the landing page and what they ask for; nothing where the settings switch them off."""
    from hub.cli.matrix import own_html_page
    from hub.pages import BUILT, FOLDER
    from hub.pages.examples import read_examples
    from hub.server.app import ForPeople
    from hub.server.explore import Explore
    from hub.server.pages import Pages

    if not settings.pages:
        return None
    pages = Pages(settings, BUILT, FOLDER, demo=demo is not None)
    examples = read_examples(ROOT / "schema" / "examples")
    explore = Explore(engine, identity, examples, lambda profile: own_html_page(engine.built, profile), demo)
    return ForPeople(pages, explore)


def run_subgraph(source: str, settings: Settings, announce: Callable[[str], None]) -> None:
    """Serves one source alone, to a hub and to readers, until a signal."""
    from hub.engine import build_subgraph, over_databases
    from hub.server.app import make_app
    from hub.server.asking import Asking
    from hub.server.asserted import Verifier
    from hub.server.edition import edition
    from hub.server.health import Health
    from hub.server.identity import open_identity
    from hub.server.keys import read_key_set
    from hub.server.run import Leave

    leave = Leave(settings.drain_notice, settings.drain_timeout)
    before: Identity | None = None

    def made() -> Built:
        declared = load_graph(policy=settings.policy, agreements=settings.agreements)
        built = build_subgraph(declared, source).warmed().with_stored(settings.operations)
        over_databases(built, settings)
        trusted(built)
        return built

    def trusted(built: Built) -> tuple[Verifier | None, Identity | None]:
        served = built.served(settings.dsns.universes)
        hub = readers = None
        if settings.assertion_keys is not None:
            hub = Verifier(read_key_set(settings.assertion_keys), settings.assertion_issuer, source, served)
        if settings.keys is not None or settings.issuers is not None:
            readers = open_identity(settings, served, before)
        return hub, readers

    def opened(built: Built, process: _Process) -> Edition:
        nonlocal before
        engine = over_databases(built, settings, process.store, process.telemetry.watch)
        hub, before = trusted(built)
        health = Health(engine.ready, _beside(settings, process.store, before), leave.leaving)
        app = process.telemetry.around(make_app(engine, Asking(hub, before), settings, health))
        return edition(app, engine, *([before] if before else []))

    _run(settings, made, opened, leave, announce)


def run_gateway(
    read: Callable[[], tuple[Supergraph, Mapping[str, str]]],
    settings: Settings,
    announce: Callable[[str], None],
    *,
    labels: Collection[str] = (),
    trusted: Collection[str] = (),
) -> None:
    """Serves a supergraph of remote subgraphs, every field public, until a signal.

    read  the supergraph, and the addresses of its subgraphs
    """
    from hub.engine import build_public, over_subgraphs
    from hub.server.app import make_app
    from hub.server.edition import edition
    from hub.server.health import Health
    from hub.server.identity import Everybody
    from hub.server.run import Leave

    leave = Leave(settings.drain_notice, settings.drain_timeout)
    urls: Mapping[str, str] = {}

    def made() -> Built:
        nonlocal urls
        supergraph, urls = read()
        return build_public(supergraph, labels).warmed().with_stored(settings.operations)

    def opened(built: Built, process: _Process) -> Edition:
        engine = over_subgraphs(
            built, urls, trusted=trusted, watch=process.telemetry.watch, settings=settings, store=process.store
        )
        health = Health(engine.ready, _beside(settings, process.store), leave.leaving)
        app = process.telemetry.around(make_app(engine, Everybody(engine.public_viewer), settings, health))
        return edition(app, engine)

    _run(settings, made, opened, leave, announce)


def _run(
    settings: Settings,
    build: Callable[[], Built],
    open_: Callable[[Built, _Process], Edition],
    leave: Leave,
    announce: Callable[[str], None],
    listener: socket.socket | None = None,
    *,
    reloads: bool = True,
) -> None:
    """Serves what is built, in this process or in several, and again what is built anew."""
    from hub.cache import open_store
    from hub.server.reload import heeding
    from hub.server.run import bind, serve
    from hub.server.supervise import Supervisor
    from hub.telemetry import metrics_together, open_telemetry

    _log(settings)
    if reloads:
        # Until there is something that can be made anew: `hub.server.run` and `hub.server.supervise` unblock it.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
    with listener or bind(settings.host, settings.port) as taken:
        address = f"http://{_shown(settings.host)}:{taken.getsockname()[1]}"
        made = _Made(build, open_)
        watches = os.getpid()

        def work(started: Callable[[], None], alive: int | None, first: bool) -> None:
            with open_telemetry(settings) as telemetry:
                store = open_store(settings.redis_url, seconds=settings.redis_timeout, replicas=settings.replicas)
                process = _Process(store, telemetry)

                def again() -> Callable[[], Edition]:
                    made.renew()
                    return lambda: made.edition(process)

                shared = reloads and first and settings.redis_url is not None
                serve(
                    made.edition(process),
                    taken,
                    again=again if reloads else None,
                    leave=leave,
                    started=started,
                    alive=alive,
                    beside=heeding(store, (lambda: os.kill(watches, signal.SIGHUP)) if shared else None),
                )

        if settings.workers == 1:
            work(lambda: announce(address), None, first=True)
            return
        within = settings.drain_notice + settings.drain_timeout + settings.statement_timeout + _SPARE
        with metrics_together():
            Supervisor(work, settings.workers, made.renew, within, lambda: announce(address)).run()


def _beside(settings: Settings, store: Store, identity: Identity | None = None) -> Mapping[str, Look]:
    """What /health/ready shows beside the sources."""
    found: dict[str, Look] = {"issuers": _always(identity.ready)} if identity is not None else {}
    return found | ({"redis": store.ready} if settings.redis_url is not None else {})


def _always(look: Callable[[], Mapping[str, bool]]) -> Callable[[], Awaitable[Mapping[str, bool]]]:
    """What is known at once, as what is looked for."""

    async def found() -> Mapping[str, bool]:
        return look()

    return found


def _log(settings: Settings) -> None:
    logging.basicConfig(
        level=settings.log_level.upper(), format="%(asctime)s %(process)d %(levelname)s %(name)s %(message)s"
    )
    for noisy in ("uvicorn", "httpx", "opentelemetry"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def _shown(host: str) -> str:
    """What a browser on this machine can open."""
    if host in {"0.0.0.0", "::"}:  # noqa: S104 - nothing is bound here
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host
