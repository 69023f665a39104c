"""Every attack of the benchmark is refused before anything is planned or read, whatever it takes."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from bench.abuse import work
from bench.abuse.attacks import Attack, attacks
from hub.engine import Engine, build, open_unconnected
from hub.model.request import Request
from hub.model.viewer import Audience, Profile, Viewer
from hub.settings import Settings
from tests.engine.country import SECRET, load_graph

OFFICER = Viewer(Profile(Audience.OFFICER))
CODES: Mapping[str, str] = {
    "a bomb of fragments": "DOCUMENT_TOO_DEEP",
    "circular fragments": "DOCUMENT_TOO_DEEP",
    "a variable deep in objects": "BAD_USER_INPUT",
    "introspection in itself": "GRAPHQL_VALIDATION_FAILED",
    "lists whose product explodes": "COST_LIMIT_EXCEEDED",
    "a text without an end": "GRAPHQL_PARSE_FAILED",
}


@pytest.fixture(scope="module")
def engine() -> Engine:
    built = build(load_graph())
    sources = open_unconnected(built).sources
    return Engine(built, sources, pseudonym_secret=SECRET, budgets=dict(Settings().max_cost))


@pytest.mark.parametrize("attack", attacks(), ids=lambda attack: attack.name)
async def test_an_attack_is_refused(attack: Attack, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.engine.plan", None)
    response = await engine.execute(Request(attack.document, None, attack.variables), OFFICER)
    assert not response.executed
    assert len(response.body) < 60_000
    for error in json.loads(response.body)["errors"]:
        assert error["extensions"]["code"] == CODES.get(attack.name, "DOCUMENT_TOO_LARGE")


def test_its_work_is_measured(engine: Engine) -> None:
    some = [attack for attack in attacks() if attack.name in ("a thousand aliases", "circular fragments")]
    found = work.measure(engine, OFFICER, some, 3, lambda _: None)
    assert {name: one.code for name, one in found.items()} == {
        "a thousand aliases": "DOCUMENT_TOO_LARGE",
        "circular fragments": "DOCUMENT_TOO_DEEP",
    }
    assert all(0 < one.median <= one.worst for one in found.values())
