"""`hub serve`: the endpoint, as the environment says."""

from __future__ import annotations

import os

import click


@click.command(short_help="Serve the graph, as the environment says.")
@click.option("--host", help="The address to listen on, instead of HUB_HOST.")
@click.option("--port", type=click.IntRange(1, 65535), help="The port to listen on, instead of HUB_PORT.")
@click.option("--workers", type=click.IntRange(1, 64), help="How many processes answer, instead of HUB_WORKERS.")
def serve(host: str | None, port: int | None, workers: int | None) -> None:
    """Serve the graph at /graphql until Ctrl-C or SIGTERM. SIGHUP reads policy, agreements, issuers, keys and remote
    subgraphs anew, without losing a request; what is wrong with them is logged, and what was there goes on.

    The environment decides:

    \b
      HUB_DSN_POPULATION_CIVILIAN  postgresql://hub_civilian:...@host/database, and so on for every
                                   source and every universe that this instance serves
      HUB_KEYS, HUB_ISSUER         the key set (JWKS) and the `iss` of the tokens' issuer

    `hub settings` lists all that can be set.
    """  # noqa: D301 - `\\b` is click's mark for text that keeps its lines
    from dataclasses import replace

    from hub.cli.endpoint import graph_and_settings, run_endpoint
    from hub.settings import require_serving

    graph, settings = graph_and_settings(os.environ)
    require_serving(settings, graph.here)
    settings = replace(
        settings,
        host=host or settings.host,
        port=port or settings.port,
        workers=workers or settings.workers,
    )
    run_endpoint(settings, lambda address: click.echo(f"serving {address}/graphql", err=True))
