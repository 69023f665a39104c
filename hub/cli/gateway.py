"""`hub gateway`: a composed supergraph of remote subgraphs, served as it is."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hub.cli.common import supergraph_of
from hub.errors import SettingsWrong

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hub.model.supergraph import Supergraph


@click.command(short_help="Serve a supergraph of remote subgraphs, every field public.")
@click.option(
    "--supergraph",
    "file",
    required=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The composed supergraph's SDL of Federation 1 or 2, as `hub compose` prints it.",
)
@click.option("--public", is_flag=True, help="Say out loud that every field is for everybody: there is no policy here.")
@click.option("--url", "urls", multiple=True, metavar="NAME=URL", help="Where a subgraph is, if not where FILE says.")
@click.option(
    "--override-label", "labels", multiple=True, metavar="NAME", help="Switch the overrides with this label on."
)
@click.option("--trust", multiple=True, metavar="NAME", help="A subgraph whose errors are shown as they are.")
@click.option("--host", help="The address to listen on, instead of HUB_HOST.")
@click.option("--port", type=click.IntRange(1, 65535), help="The port to listen on, instead of HUB_PORT.")
def gateway(
    file: Path,
    public: bool,
    urls: tuple[str, ...],
    labels: tuple[str, ...],
    trust: tuple[str, ...],
    host: str | None,
    port: int | None,
) -> None:
    """Serve the supergraph in FILE at /graphql, with /health beside it, until Ctrl-C or SIGTERM; SIGHUP reads it anew.

    For development and for judging the planner: no token is asked for, no database and no policy file is read.
    An override with a label `percent(x)` holds for so many of the requests, any other where its label is switched on.

    Of a subgraph's error a client is told the code, and the text and the other extensions only with --trust. What a
    subgraph adds beside data and errors stays inside.

    \b
      hub gateway --supergraph supergraph.graphql --port 4000 --public
      hub gateway --supergraph supergraph.graphql --public --url reviews=http://127.0.0.1:4002/graphql
    """  # noqa: D301 - `\\b` is click's mark for text that keeps its lines
    from dataclasses import replace

    from hub.cli.endpoint import run_gateway
    from hub.settings import read_settings

    if not public:
        raise SettingsWrong("a gateway has no policy: say `--public` if every field of this graph is for everybody")
    settings = read_settings(os.environ)
    settings = replace(settings, host=host or settings.host, port=port or settings.port)
    found = dict(_address(entry) for entry in urls)

    def read() -> tuple[Supergraph, Mapping[str, str]]:
        supergraph = supergraph_of(file)
        for name in (found.keys() | set(trust)) - supergraph.graphs.keys():
            raise SettingsWrong(f"`{name}` is no subgraph of `{file}`: it has {', '.join(sorted(supergraph.graphs))}")
        addresses = dict(supergraph.graphs) | found
        for name in sorted(name for name, url in addresses.items() if not url.startswith(("http://", "https://"))):
            raise SettingsWrong(f"subgraph `{name}` has no address: say `--url {name}=http://...`")
        return supergraph, addresses

    run_gateway(
        read,
        settings,
        lambda address: click.echo(f"serving {address}/graphql", err=True),
        labels=labels,
        trusted=trust,
    )


def _address(entry: str) -> tuple[str, str]:
    name, equals, url = entry.partition("=")
    if not equals:
        raise SettingsWrong(f"`--url {entry}` is not NAME=URL")
    return name, url
