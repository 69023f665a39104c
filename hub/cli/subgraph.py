"""`hub subgraph`: one of the hub's own sources, as a subgraph of Federation 2 that stands alone."""

from __future__ import annotations

import os
from pathlib import Path

import click

from hub.errors import SettingsWrong
from hub.settings import SOURCES


@click.command(short_help="Serve one source as a Federation 2 subgraph.")
@click.argument("source", type=click.Choice(SOURCES), metavar="SOURCE")
@click.option("--sdl", is_flag=True, help="Print the subgraph's SDL and end; no database is needed.")
@click.option(
    "--keys-of",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="Print the key set (JWKS) of a hub's private key and end: the subgraph's HUB_ASSERTION_KEYS.",
)
@click.option("--host", help="The address to listen on, instead of HUB_HOST.")
@click.option("--port", type=click.IntRange(1, 65535), help="The port to listen on, instead of HUB_PORT.")
def subgraph(source: str, sdl: bool, keys_of: Path | None, host: str | None, port: int | None) -> None:
    """Serve SOURCE (population, household, insurance or employer) at /graphql, with /health beside it.

    A router, or another hub, joins it with the other sources: `_entities` gives what this source has of the entities
    it is asked for, and what leads to another source is a stub with its key.

    Nobody asks without a token, and every token reads what its profile may (ai hỏi cũng phải có thẻ):

    \b
      a hub       asserts for whom it asks: a JWT of one minute, signed with its HUB_ASSERTION_KEY. It
                  enters by every key and follows every link; a key to join by is asked for under its own
                  name with `_key_` before it, and what has no such name is shown as the reader may see it
      an official has a token as for `hub serve`, and enters by keys that he may see
      a citizen   has a token too, and reads what starts at himself

    \b
      HUB_DSN_<SOURCE>_CIVILIAN    where to read, and so on for every universe that is served
      HUB_ASSERTION_KEYS           the key set (JWKS) of the hub that asks
      HUB_ASSERTION_ISSUER         the `iss` of its assertions; their `aud` is SOURCE
      HUB_KEYS, HUB_ISSUER,        the key set, `iss` and `aud` of readers' tokens, if any may ask here
      HUB_AUDIENCE
      HUB_PSEUDONYM_KEY            the same as the hub's, or pseudonyms differ
      and the limits that `hub settings` lists

    For example:

    \b
      hub subgraph insurance --sdl > subgraphs/insurance.graphql
      hub compose --from subgraphs --output supergraph.graphql
      openssl genpkey -algorithm ed25519 -out hub.pem
      hub subgraph insurance --keys-of hub.pem > hub-keys.json
      HUB_ASSERTION_KEYS=hub-keys.json HUB_ASSERTION_ISSUER=hub hub subgraph insurance --port 4003
    """  # noqa: D301 - `\\b` is click's mark for text that keeps its lines
    from dataclasses import replace

    from hub.cli.endpoint import load_graph, run_subgraph
    from hub.settings import read_settings, require_subgraph

    if sdl and keys_of is not None:
        raise SettingsWrong("`--sdl` and `--keys-of` each print something and end: say one of them")
    if keys_of is not None:
        click.echo(_key_set(keys_of))
        return
    if sdl:
        click.echo(next(one.sdl for one in load_graph().subgraphs if one.name == source))
        return
    settings = read_settings(os.environ, (source,))
    require_subgraph(settings, source)
    settings = replace(settings, host=host or settings.host, port=port or settings.port)
    run_subgraph(source, settings, lambda address: click.echo(f"serving {source} at {address}/graphql", err=True))


def _key_set(private_key: Path) -> str:
    import orjson

    from hub.assertion import public_key_set, read_private_key

    return orjson.dumps(public_key_set(read_private_key(private_key)), option=orjson.OPT_INDENT_2).decode()
