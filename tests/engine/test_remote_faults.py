"""A mixed graph under faults: what a subgraph does wrong takes its own part of an answer, and nothing else."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from hub.engine import Engine
from hub.model.request import Request
from hub.model.viewer import Audience, Profile, Universe, Viewer
from tests.engine.country import Country
from tests.engine.mixed import CIVILIAN, HIDDEN, THREEFOLD, Mixed, open_mixed, served, write_key
from tests.engine.oracle import Tables
from tests.federation import faults
from tests.federation.faults import Drops, Fault, Garbles, Hangs, Late, Says
from tests.federation.server import Server
from tests.memory import blocks_kept

OFFICER = Viewer(Profile(Audience.OFFICER))
CLEARED = Viewer(Profile(Audience.OFFICER, others=Universe.ALL))
HANGS_AFTER = 30.0
"""Seconds after which a request counts as hanging; its subgraphs have 1.5 each."""

DOCUMENT = """query ($p: PersonalId!) {
  person(personalId: $p) { fullName region { name } vaccinations { vaccine given { fullName } } }
}"""
FAULTS: Mapping[str, Fault] = {
    "late": Late(3.0),
    "never answers": Hangs(),
    "closes the connection": Drops(),
    "closes it in the middle": Drops(after=20),
    "says no JSON": Says(b"<html>internal text</html>", content_type="text/html"),
    "is not well": Says(b"internal text", status=503),
    "does not believe the hub": Says(b'{"errors":[{"message":"internal text"}]}', status=401),
    "says a list": Says(b"[]"),
    "says what is no number": Says(b'{"data":{"_0":[{"a":NaN}]}}'),
    "says too deep a thing": Says(b'{"data":' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
    "answers for too few": Garbles(faults.entity_list_too_short),
    "answers for too many": Garbles(faults.entity_list_too_long),
    "answers nothing": Garbles(faults.data_null),
    "refuses": Garbles(faults.data_null_with_error),
}


class World:
    def __init__(self, runner: asyncio.Runner, engine: Engine, mixed: Mixed) -> None:
        self.runner, self.engine, self.mixed = runner, engine, mixed

    async def answer(self, viewer: Viewer = OFFICER, number: str = CIVILIAN) -> Any:
        async with asyncio.timeout(HANGS_AFTER):
            response = await self.engine.execute(Request(DOCUMENT, None, {"p": number}), viewer)
        return json.loads(response.body)

    async def healthy(self) -> Any:
        """The answer once the breaker has closed again."""
        self.mixed.bench.faults.clear()
        async with asyncio.timeout(HANGS_AFTER):
            while "errors" in (found := await self.answer()):  # noqa: ASYNC110 - the breaker tells nobody
                await asyncio.sleep(0.05)
        return found


@pytest.fixture(scope="module")
def world(country: Country, tables: Tables, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("remotes")
    provinces = {code: f"Region {code}" for code in sorted({*tables.column("person", "residence_province_code")})}
    with Server() as server, served(server, folder, provinces) as mixed, asyncio.Runner() as runner:
        settings = replace(country.settings, pool_size=2)
        engine = open_mixed(folder, settings, write_key(tmp_path_factory.mktemp("key")))
        yield World(runner, engine, mixed)
        runner.run(engine.stop())


@pytest.mark.parametrize("fault", FAULTS)
def test_the_rest_of_the_answer_stands(world: World, fault: str) -> None:
    right = world.runner.run(world.healthy())
    world.mixed.bench.inject("vaccines", FAULTS[fault])
    found = world.runner.run(world.answer())
    (error,) = found["errors"]
    assert error["path"] == ["person", "vaccinations"]
    assert "vaccines" in error["message"]
    assert "internal" not in json.dumps(found)
    person = right["data"]["person"]
    assert found["data"] == {"person": {**person, "vaccinations": None}}


def test_a_fault_in_a_row_that_is_hidden_is_not_told(world: World) -> None:
    """A row's class is not known where the row could not be had: as for an absent one, there is nothing to say."""
    world.runner.run(world.healthy())
    world.mixed.bench.inject("vaccines", Garbles(faults.error_beside_null_entities))
    found = world.runner.run(world.engine.execute(Request('{ vaccination(id: "2") { vaccine } }'), OFFICER))
    right = world.runner.run(world.engine.execute(Request('{ vaccination(id: "none") { vaccine } }'), OFFICER))
    assert found.body == right.body


def test_a_hub_starts_and_answers_while_a_subgraph_is_down(
    country: Country, tables: Tables, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder, key = tmp_path_factory.mktemp("down"), write_key(tmp_path_factory.mktemp("key"))
    with Server() as server, served(server, folder, {}):
        pass  # its port is closed now
    with asyncio.Runner() as runner:
        engine = open_mixed(folder, country.settings, key)
        down = World(runner, engine, Mixed(None, folder))  # type: ignore[arg-type]
        assert runner.run(engine.ready()) == {"population": True, "vaccines": False, "honours": False, "regions": False}
        found = runner.run(down.answer())
        assert (
            found["data"]["person"]["fullName"]
            == tables.column("person", "full_name")[tables.column("person", "personal_id").index(CIVILIAN)]
        )
        assert len(found["errors"]) == 2
        runner.run(engine.stop())


def test_memory_is_flat_under_faults(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """Of a thousand requests more, nothing is kept for each."""
    caplog.set_level(logging.CRITICAL, "hub")  # what is logged would pile up here
    quick = [name for name, one in FAULTS.items() if not isinstance(one, Hangs | Late)]
    bench = world.mixed.bench

    async def thousand() -> None:
        for number in range(20):
            fault = quick[number % len(quick)] if number % 2 else None
            bench.faults.clear()
            if fault:
                bench.inject("vaccines" if number % 4 == 1 else "regions", FAULTS[fault])
            people = (CIVILIAN, HIDDEN, THREEFOLD, "001190999999", "001190999998")
            viewers = (OFFICER, CLEARED)
            work = [world.answer(viewers[each % 2], people[each % 5]) for each in range(50)]
            answers = await asyncio.gather(*work)
            assert all("data" in one for one in answers)
            bench.reset()

    kept = []
    world.runner.run(world.healthy())
    with blocks_kept() as blocks:
        for _ in range(4):
            world.runner.run(thousand())
            kept.append(blocks())
    assert kept[0] > 0
    assert min(after - before for before, after in pairwise(kept)) < 200, kept  # fewer, because requests share
