"""From settings to a running endpoint, for every command that serves."""

from __future__ import annotations

import importlib.util
import logging
import socket
import sys
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from hub.errors import StartFailed
from hub.model.viewer import Universe
from hub.settings import Settings, read_settings

if TYPE_CHECKING:
    from hub.engine import Engine
    from hub.model.graph import DeclaredGraph
    from hub.model.supergraph import Supergraph
    from hub.server.app import ForPeople
    from hub.server.explore import DemoViewers
    from hub.server.graphql import Identifies

ROOT = Path(__file__).resolve().parents[2]


def load_graph(remotes: Path | None = None) -> DeclaredGraph:
    """The graph of `schema/`, found by its path: `hub` never imports it. `remotes` is a folder in place of its own."""
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
    graph: DeclaredGraph = sys.modules["schema"].graph(remotes)
    return graph


def graph_and_settings(environment: Mapping[str, str]) -> tuple[DeclaredGraph, Settings]:
    """The graph with the remote subgraphs of the environment, and settings for the sources that are read here."""
    graph = load_graph(read_settings(environment, ()).remotes)
    return graph, read_settings(environment, graph.here)


def run_endpoint(
    settings: Settings,
    announce: Callable[[str], None],
    listener: socket.socket | None = None,
    demo: DemoViewers | None = None,
) -> None:
    """Serves until a signal. `announce` is called with the address as soon as it answers; `demo` hands out tokens."""
    from hub.engine import open_engine
    from hub.server.app import make_app
    from hub.server.identity import Identity, Trust
    from hub.server.keys import read_key_set
    from hub.server.run import bind, serve

    _log(settings)
    assert settings.keys is not None
    with listener or bind(settings.host, settings.port) as taken:
        engine = open_engine(load_graph(settings.remotes), settings)
        served = engine.built.served(settings.dsns.universes or tuple(Universe))
        identity = Identity(Trust(read_key_set(settings.keys), settings.issuer, settings.audience, served))
        address = f"http://{_shown(settings.host)}:{taken.getsockname()[1]}"
        app = make_app(engine, identity, settings, for_people(engine, identity, settings, demo))
        serve(app, engine, taken, started=lambda: announce(address))


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
    from hub.engine import open_subgraph
    from hub.server.app import make_app
    from hub.server.asking import Asking
    from hub.server.asserted import Verifier
    from hub.server.identity import Identity, Trust
    from hub.server.keys import read_key_set
    from hub.server.run import bind, serve

    _log(settings)
    with bind(settings.host, settings.port) as taken:
        engine = open_subgraph(load_graph(), source, settings)
        served = engine.built.served(settings.dsns.universes)
        hub = readers = None
        if settings.assertion_keys is not None:
            hub = Verifier(read_key_set(settings.assertion_keys), settings.assertion_issuer, source, served)
        if settings.keys is not None:
            readers = Identity(Trust(read_key_set(settings.keys), settings.issuer, settings.audience, served))
        address = f"http://{_shown(settings.host)}:{taken.getsockname()[1]}"
        app = make_app(engine, Asking(hub, readers), settings)
        serve(app, engine, taken, started=lambda: announce(address))


def run_gateway(
    supergraph: Supergraph,
    urls: Mapping[str, str],
    settings: Settings,
    announce: Callable[[str], None],
    *,
    labels: Collection[str] = (),
    trusted: Collection[str] = (),
) -> None:
    """Serves a supergraph of remote subgraphs, every field public, until a signal."""
    from hub.engine import open_gateway
    from hub.server.app import make_app
    from hub.server.identity import Everybody
    from hub.server.run import bind, serve

    _log(settings)
    with bind(settings.host, settings.port) as taken:
        engine = open_gateway(supergraph, urls, labels=labels, trusted=trusted)
        address = f"http://{_shown(settings.host)}:{taken.getsockname()[1]}"
        app = make_app(engine, Everybody(engine.public_viewer), settings)
        serve(app, engine, taken, started=lambda: announce(address))


def _log(settings: Settings) -> None:
    logging.basicConfig(level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s %(message)s")
    for noisy in ("uvicorn", "httpx"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def _shown(host: str) -> str:
    """What a browser on this machine can open."""
    if host in {"0.0.0.0", "::"}:  # noqa: S104 - nothing is bound here
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host
