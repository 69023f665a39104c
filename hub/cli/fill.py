"""`hub fill`: the synthetic country, into databases that somebody else runs."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import click


@click.command(short_help="Fill empty databases with people who do not exist.")
@click.option("--people", type=click.IntRange(1_000, 1_000_000), default=20_000, help="How many live in the country.")
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), default=164, help="Another seed, another country.")
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    required=True,
    help="Where to write who the sample viewers are, for `hub token --data`.",
)
def fill(people: int, seed: int, data: Path) -> None:
    """Fill the migrated databases that HUB_OWNER_DSN_<SOURCE> name with a synthetic country.

    Only what is empty is filled: rows that are there stay as they are, and nothing is done.
    """
    from hub.demo.folder import Folder
    from hub.demo.load import GENERATION, Loaded, filled, load, loaded
    from hub.errors import StartFailed
    from hub.settings import read_settings, require_owners

    settings = read_settings(os.environ)
    require_owners(settings)
    wanted = Loaded(people, seed, GENERATION)
    found = asyncio.run(loaded(settings.owner_dsns))
    sample = Folder(data.resolve()).sample
    if found == wanted and sample.exists():
        click.echo(f"the country of {people:,} people (seed {seed}) is there")
        return
    if found is None and (rows := asyncio.run(filled(settings.owner_dsns))):
        raise StartFailed(f"`{rows}` holds rows already, and not those of a whole synthetic country: nothing was done")
    if found is not None and found != wanted:
        raise StartFailed(
            f"the databases hold a country of {found.people:,} people (seed {found.seed}), not {people:,} (seed {seed})"
        )
    asyncio.run(load(settings.owner_dsns, people, seed, lambda _: None, sample_file=sample))
    click.echo(f"a country of {people:,} people (seed {seed}) was made")
