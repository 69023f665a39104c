"""Remote subgraphs beside a register of the hub's own, under the hub's policy."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
import pytest

from hub.engine import Engine
from hub.model.request import Request
from hub.model.viewer import Audience, Profile, Universe, Viewer
from tests.engine import oddities
from tests.engine.country import Country
from tests.engine.mixed import CIVILIAN, HIDDEN, ISSUER, THREEFOLD, Mixed, open_mixed, served, write_key
from tests.engine.oracle import Tables
from tests.federation.server import Server

OFFICER = Viewer(Profile(Audience.OFFICER))
DEFENCE = Viewer(Profile(Audience.OFFICER, others=Universe.DEFENCE))
CLEARED = Viewer(Profile(Audience.OFFICER, others=Universe.ALL))
ABSENT = "001190999999"


@dataclass(frozen=True, slots=True)
class World:
    runner: asyncio.Runner
    engine: Engine
    mixed: Mixed

    def ask(self, viewer: Viewer, document: str, **variables: Any) -> Any:
        self.mixed.bench.requests.clear()
        return json.loads(self.runner.run(self.engine.execute(Request(document, None, variables), viewer)).body)

    def data(self, viewer: Viewer, document: str, **variables: Any) -> Any:
        found = self.ask(viewer, document, **variables)
        assert "errors" not in found, found
        assert self.mixed.bench.violations == []
        return found["data"]

    def of(self, viewer: Viewer, number: str, selection: str) -> Any:
        return self.data(viewer, f'{{ person(personalId: "{number}") {{ {selection} }} }}')["person"]

    def asked(self) -> list[tuple[str, str, int]]:
        return [(one.subgraph, one.document, one.entities) for one in self.mixed.bench.requests]


@pytest.fixture(scope="module")
def world(country: Country, tables: Tables, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("remotes")
    provinces = {code: f"Region {code}" for code in sorted({*tables.column("person", "residence_province_code")})}
    with Server() as server, served(server, folder, provinces) as mixed, asyncio.Runner() as runner:
        engine = open_mixed(folder, country.settings, write_key(tmp_path_factory.mktemp("key")))
        yield World(runner, engine, mixed)
        runner.run(engine.stop())


# --- the class of a row -----------------------------------------------------------------------------------------------


def test_rows_outside_the_universe_are_left_out(world: World, caplog: pytest.LogCaptureFixture) -> None:
    def vaccines(viewer: Viewer) -> list[str]:
        return [one["vaccine"] for one in world.of(viewer, CIVILIAN, "vaccinations { vaccine }")["vaccinations"]]

    assert vaccines(OFFICER) == ["MMR"]
    assert vaccines(DEFENCE) == ["MMR", "JE"]
    assert vaccines(CLEARED) == ["MMR", "JE", "HB"]
    assert "`vaccines` gave a row of no known class" in caplog.text
    assert "martian" not in caplog.text


@pytest.mark.parametrize("number", ["2", "3", "none"])
def test_a_row_outside_the_universe_is_an_absent_one(world: World, number: str) -> None:
    document = "query ($i: ID!) { vaccination(id: $i) { vaccine given { fullName } } }"
    assert world.data(OFFICER, document, i=number) == {"vaccination": None}
    assert len(world.asked()) == 1


def test_a_cell_is_shown_masked_or_null_by_the_class_of_its_row(world: World) -> None:
    selection = "vaccinations { vaccine lot remark site { name remark } }"
    assert world.of(CLEARED, CIVILIAN, selection)["vaccinations"] == [
        {"vaccine": "MMR", "lot": "******7890", "remark": "plain", "site": {"name": "a ward", "remark": "a"}},
        {"vaccine": "JE", "lot": "2234567890", "remark": None, "site": {"name": "a barracks", "remark": None}},
        {"vaccine": "HB", "lot": None, "remark": None, "site": {"name": "a post", "remark": None}},
    ]


def test_a_subgraph_whose_rows_are_all_of_one_class_is_unknown_where_that_class_is(world: World) -> None:
    refused = world.ask(OFFICER, f'{{ person(personalId: "{CIVILIAN}") {{ honours {{ title }} }} }}')
    invented = world.ask(OFFICER, f'{{ person(personalId: "{CIVILIAN}") {{ honour5 {{ title }} }} }}')
    assert "data" not in refused
    assert refused["errors"][0]["message"] == invented["errors"][0]["message"].replace("honour5", "honours")
    assert "Honour" not in json.dumps(world.ask(OFFICER, "{ __schema { types { name } } }"))
    assert world.asked() == []
    assert world.of(DEFENCE, CIVILIAN, "honours { title }") == {"honours": [{"title": "First"}]}


def test_what_has_no_label_is_in_no_contract(world: World) -> None:
    for field in ("unlabelled", "keptBy"):
        found = world.ask(CLEARED, f'{{ vaccination(id: "1") {{ {field} }} }}')
        assert "Cannot query field" in found["errors"][0]["message"]


def test_an_argument_that_nobody_said_anything_of_cannot_be_used(world: World) -> None:
    assert world.data(OFFICER, "{ unsaid { vaccine } }") == {"unsaid": [{"vaccine": "MMR"}]}
    found = world.ask(OFFICER, '{ unsaid(lot: "1234567890") { vaccine } }')
    assert "Unknown argument" in found["errors"][0]["message"]


# --- links ------------------------------------------------------------------------------------------------------------


def test_a_link_of_the_register_leads_to_a_home_elsewhere(world: World, tables: Tables) -> None:
    found = world.of(OFFICER, CIVILIAN, "region { name code lot }")["region"]
    assert found["name"] == f"Region {found['code']}"
    assert found["lot"] == "******3210"


def test_a_link_back_goes_by_way_of_the_home_in_the_register(world: World) -> None:
    selection = "vaccinations { vaccine given { fullName personalId } }"
    shown = {one["vaccine"]: one["given"] for one in world.of(DEFENCE, CIVILIAN, selection)["vaccinations"]}
    assert shown["MMR"]["personalId"] == CIVILIAN
    assert shown["JE"]["personalId"] == HIDDEN
    document = '{ vaccination(id: "1") { given { personalId vaccinations { vaccine } } } }'
    found = world.data(OFFICER, document)["vaccination"]["given"]
    assert found == {"personalId": CIVILIAN, "vaccinations": [{"vaccine": "MMR"}]}


def test_a_list_of_links_leaves_out_who_is_hidden(world: World) -> None:
    def people(viewer: Viewer, selection: str) -> Any:
        return world.data(viewer, f'{{ campaign(id: "1") {{ people {{ {selection} }} }} }}')["campaign"]["people"]

    assert [one["personalId"] for one in people(OFFICER, "personalId")] == [CIVILIAN, THREEFOLD]
    assert [one["personalId"] for one in people(DEFENCE, "personalId")] == [CIVILIAN, HIDDEN, THREEFOLD]
    assert people(OFFICER, "vaccinations { vaccine }") == [{"vaccinations": [{"vaccine": "MMR"}]}] * 2


def test_a_hidden_person_is_an_absent_one_to_every_subgraph(world: World) -> None:
    document = "query ($p: PersonalId!) { person(personalId: $p) { vaccinations { vaccine } region { name } } }"
    assert world.data(OFFICER, document, p=HIDDEN) == {"person": None}
    hidden = world.asked()
    assert world.data(OFFICER, document, p=ABSENT) == {"person": None}
    assert world.asked() == hidden == []


# --- what a subgraph is handed and told -------------------------------------------------------------------------------


def test_a_subgraph_is_handed_only_what_its_reader_is_shown(world: World) -> None:
    found = world.of(CLEARED, CIVILIAN, "dueFor { reason }")
    assert found == {"dueFor": {"reason": "age"}}
    (handed,) = [one.variables["r0"] for one in world.mixed.bench.requests if one.subgraph == "vaccines"]
    assert handed[0]["occupation"] == world.of(CLEARED, CIVILIAN, "occupation")["occupation"]
    world.of(CLEARED, HIDDEN, "dueFor { reason }")
    (handed,) = [one.variables["r0"] for one in world.mixed.bench.requests if one.subgraph == "vaccines"]
    assert handed == [{"__typename": "Person", "personalId": HIDDEN, "occupation": None}]


def told(world: World) -> list[dict[str, Any]]:
    found = []
    for one in world.mixed.bench.requests:
        kind, _, token = one.headers["authorization"].partition(" ")
        claims = jwt.decode(token, options={"verify_signature": False})
        assert (kind, claims["iss"], claims["aud"]) == ("Bearer", ISSUER, one.subgraph)
        found.append(claims)
    return found


def test_every_request_says_for_whom_it_is(world: World) -> None:
    world.of(DEFENCE, CIVILIAN, "vaccinations { vaccine } honours { title }")
    assert [(one["hub_audience"], one["hub_standing"], one["hub_universe"]) for one in told(world)] == [
        ("officer", "official", "defence")
    ] * 2


def test_a_standing_has_a_request_of_its_own(world: World) -> None:
    """The reader's own and his relatives': the same universe, and two assertions."""
    citizen = Viewer(Profile(Audience.CITIZEN), subject=oddities.RELATED)
    world.data(citizen, "{ me { vaccinations { vaccine } relatives { person { vaccinations { vaccine } } } } }")
    assert sorted(one["hub_standing"] for one in told(world)) == ["household", "self"]


def test_a_request_is_never_shared_by_two_profiles(world: World) -> None:
    document = f'{{ person(personalId: "{CIVILIAN}") {{ vaccinations {{ vaccine }} }} }}'

    async def together() -> list[Any]:
        work = [world.engine.execute(Request(document), one) for one in (OFFICER, DEFENCE, CLEARED) * 20]
        return [json.loads(one.body)["data"]["person"]["vaccinations"] for one in await asyncio.gather(*work)]

    world.mixed.bench.requests.clear()
    found = world.runner.run(together())
    assert [len(one) for one in found] == [1, 2, 3] * 20
    assert {one["hub_universe"] for one in told(world)} == {"civilian", "defence", "all"}
    assert len(world.mixed.bench.requests) < 60


# --- the rest ---------------------------------------------------------------------------------------------------------


def test_readiness_names_every_source(world: World) -> None:
    assert world.runner.run(world.engine.ready()) == dict.fromkeys(
        ("population", "vaccines", "honours", "regions"), True
    )


def test_the_folder_is_what_the_mixed_graph_is_made_of(world: World, tmp_path: Path) -> None:
    assert {one.stem for one in world.mixed.folder.glob("*.toml")} == set(world.engine.built.declared.remotes)
