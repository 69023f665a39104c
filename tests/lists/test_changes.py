"""A walk over a list that changes meanwhile: nothing twice, and nothing skipped that was there throughout.

Rows come and go between pages: those that are in the country from the beginning, taken out and put back. A page begins
behind its cursor's place, whether or not there still is a row.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from random import Random
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.types.json import Jsonb

from hub.engine import open_engine
from hub.model.viewer import Audience, Viewer
from tests.engine.country import Country, load_graph
from tests.engine.oracle import TABLES, Thing
from tests.lists.asking import Writer
from tests.lists.test_walks import drawn
from tests.lists.world import READERS, SUBJECTS, Place, World, make_world

CHANGED = (
    "officer",
    "officer cleared for all",
    "analyst",
    "partner of everything",
    "citizen cleared for all of his own",
)


@pytest.fixture(scope="module")
def copied(country: Country, runner: asyncio.Runner) -> Iterator[World]:
    """The same country in databases that may be changed. The oracle reads what was there at first."""
    copy = country.copy()
    engine = open_engine(load_graph(), copy.settings)
    yield make_world(engine, copy, runner)
    runner.run(engine.stop())


class Rows:
    """Rows of one table that are taken out and put back."""

    def __init__(self, world: World, table: str) -> None:
        source = next(name for name, tables in TABLES.items() if table in tables)
        self.connection = psycopg.connect(world.country.owner_dsns[source], autocommit=True)
        # Nobody is left to be linked to while he is out, and nothing of his goes with him.
        self.connection.execute("set session_replication_role = replica")
        self.table = table
        found = self.connection.execute(
            "select attname from pg_attribute where attrelid = %s::regclass and attnum > 0 and not attisdropped"
            " and attgenerated = '' order by attnum",
            [f"civilian.{table}"],
        )
        self.columns = sql.SQL(", ").join(sql.Identifier(name) for (name,) in found)
        self.out: dict[str, tuple[Thing, Any]] = {}

    def of(self, thing: Thing) -> sql.Identifier:
        assert thing.of is not None
        return sql.Identifier(thing.of.value, self.table)

    def take(self, name: str, thing: Thing) -> None:
        gone = self.connection.execute(
            sql.SQL("delete from {0} where id = %s returning to_jsonb({0}.*)").format(self.of(thing)), [thing.row["id"]]
        )
        ((row,),) = gone.fetchall()
        self.out[name] = (thing, row)

    def put(self, name: str) -> None:
        thing, row = self.out.pop(name)
        self.connection.execute(
            sql.SQL("insert into {0} ({1}) select {1} from jsonb_populate_record(null::{0}, %s)").format(
                self.of(thing), self.columns
            ),
            [Jsonb(row)],
        )

    def close(self) -> None:
        for name in [*self.out]:
            self.put(name)
        self.connection.close()


@pytest.mark.parametrize("name", CHANGED)
def test_a_walk_over_a_changing_list_misses_nothing_and_repeats_nothing(name: str, copied: World) -> None:
    profile = READERS[name]
    viewer = Viewer(profile, SUBJECTS[0] if profile.audience is Audience.CITIZEN else None)
    walked = 0
    for place in copied.places(profile):
        # What stands on the way to a list is not what changes.
        if place.single:
            for rng in drawn(f"changes {name} {place.where} {place.standing}", 2):
                walked += walk(copied, viewer, place, rng)
    assert walked


def walk(world: World, viewer: Viewer, place: Place, rng: Random) -> int:
    writer = Writer(rng.randint, world, viewer.profile)
    given = {"where": writer.where(place, 2) if rng.random() < 0.4 else None, "order": writer.order(place)}
    talk = world.conversation(viewer)
    everything = writer.list(place, "{ edges { cursor } pageInfo { hasNextPage } }", first=500, **given)
    answer = talk.agree(writer.asked(place.document(everything)))
    page = place.found(answer) if answer else None
    if not page or len(page["edges"]) < 4:
        return 0
    listed = [edge["cursor"] for edge in page["edges"]]
    if long := page["pageInfo"]["hasNextPage"]:
        listed = listed[:60]
    forwards = long or rng.random() < 0.5
    size = max(1, len(listed) // rng.randint(3, 8))
    changing = Rows(world, world.lists[place.where].rows.table)
    throughout = set(listed)
    met: list[str] = []
    cursor: str | None = None
    try:
        change(changing, talk.oracle.places, listed, throughout, rng, len(listed) // 4)
        for _ in range(len(listed) + 2):
            step = Writer(rng.randint, world, viewer.profile)
            sizes = {"first" if forwards else "last": size, "after" if forwards else "before": cursor}
            text = step.list(place, "{ edges { cursor } pageInfo { hasNextPage hasPreviousPage } }", **given, **sizes)
            asked = step.asked(place.document(text))
            found = place.found(world.data(talk.sealed(asked.document), viewer, talk.sealed_values(asked.variables)))
            names = [talk.rows.get(edge["cursor"], edge["cursor"]) for edge in found["edges"]]
            assert not {*names} & {*changing.out}
            met += names if forwards else names[::-1]
            if not found["pageInfo"]["hasNextPage" if forwards else "hasPreviousPage"]:
                break
            cursor = names[-1 if forwards else 0]
            within = [one for one in met if one in listed]
            change(changing, talk.oracle.places, listed, throughout, rng, len(listed) // 6, within[-1:])
            if long and throughout <= {*met}:
                break
    finally:
        changing.close()
    assert len(met) == len({*met})
    assert throughout <= {*met}
    order = {name: index for index, name in enumerate(listed)}
    places = [order[one] for one in met if one in order]
    assert places == sorted(places, reverse=not forwards)
    return len(met)


def change(
    rows: Rows,
    places: dict[str, Thing],
    listed: Sequence[str],
    throughout: set[str],
    rng: Random,
    count: int,
    near: Sequence[str] = (),
) -> None:
    """Takes some rows out and puts some back; often the very row that the next page begins behind."""
    for name in rng.sample([*rows.out], min(len(rows.out), count // 2)):
        rows.put(name)
    wanted = [*(name for name in near if rng.random() < 0.5), *rng.sample(listed, count)]
    for name in dict.fromkeys(wanted):
        if name not in rows.out:
            rows.take(name, places[name])
            throughout.discard(name)
