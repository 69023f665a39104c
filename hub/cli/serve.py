"""`hub serve`: the endpoint, as the environment says."""

from __future__ import annotations

import os

import click


@click.command(short_help="Serve the graph, as the environment says.")
@click.option("--host", help="The address to listen on, instead of HUB_HOST.")
@click.option("--port", type=click.IntRange(1, 65535), help="The port to listen on, instead of HUB_PORT.")
def serve(host: str | None, port: int | None) -> None:
    """Serve the graph at /graphql until Ctrl-C or SIGTERM. The environment decides:

    \b
      HUB_DSN_POPULATION_CIVILIAN  postgresql://hub_civilian:...@host/database, and so on for every
                                   source and every universe that this instance serves
      HUB_KEYS                     the key set (JWKS) of the tokens' issuer
      HUB_ISSUER, HUB_AUDIENCE     the `iss` and `aud` of the tokens
      HUB_REMOTES                  the folder of the remote subgraphs, in place of schema/remotes
      HUB_ASSERTION_KEY,           what they are told of a reader is signed with it, and the `iss` of it
      HUB_ASSERTION_ISSUER
      HUB_HOST, HUB_PORT           127.0.0.1 and 8000
      HUB_POOL_SIZE                pipelines for each source and universe, 4
      HUB_STATEMENT_TIMEOUT        seconds for a statement, 5
      HUB_REQUEST_TIMEOUT          seconds for a request, 10
      HUB_MAX_BODY_BYTES           1000000
      HUB_PAGES                    on; off serves no pages for browsers
      HUB_SIGN_IN_ISSUER,          where people who open GraphiQL sign in (OpenID Connect with PKCE),
      HUB_SIGN_IN_CLIENT           and the client id of the page there
      HUB_LOG_LEVEL                debug, info, warning or error
    """  # noqa: D301 - `\\b` is click's mark for text that keeps its lines
    from dataclasses import replace

    from hub.cli.endpoint import graph_and_settings, run_endpoint
    from hub.settings import require_serving

    graph, settings = graph_and_settings(os.environ)
    require_serving(settings, graph.here)
    settings = replace(settings, host=host or settings.host, port=port or settings.port)
    run_endpoint(settings, lambda address: click.echo(f"serving {address}/graphql", err=True))
