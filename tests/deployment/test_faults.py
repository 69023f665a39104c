"""What breaks takes down what needs it and nothing else, says so in time, and comes back without a restart.

Clients ask all the time, through the proxy, and know every right answer from the tables. While something is broken,
whoever needs none of it is answered as before; the others are told so with a documented code, before their time is
up; afterwards everybody is answered again. And nobody is ever answered with what is another's.
"""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import psycopg
import pytest

from hub.demo.tokens import make_token
from tests.deployment.load import Load, Question, now, within
from tests.deployment.topology import Topology, running, until

STATEMENT = 1.0
REQUEST = 4.0
SLOW = 3.0
"""What a busy machine may add to the time that the hub allows; the times themselves are what is documented."""
PEOPLE = 12
ENOUGH = {"population": 40, "insurance": 40, "employer": 40, "household": 40}
AWAY = "SOURCE_UNAVAILABLE"
ALL_RIGHT = frozenset({"right"})


@pytest.fixture(scope="module")
def topology() -> Iterator[Topology]:
    with running(STATEMENT, REQUEST) as found:
        yield found


@pytest.fixture(scope="module")
def questions(topology: Topology) -> list[Question]:
    """What each of some citizens, and an officer, may ask, with the answer as it stands in the tables."""
    rows = _rows(topology)
    officer = make_token(topology.folder, "officer")
    found = []
    for number, name, book, household in rows["people"]:
        own = make_token(topology.folder, "citizen", subject=number)
        asked: dict[str, tuple[str, Mapping[str, object]]] = {
            "population": ("personalId fullName", {"personalId": number, "fullName": name}),
            "insurance": ("insuranceBook { bookCode }", {"insuranceBook": {"bookCode": book}}),
            "household": ("household { householdCode }", {"household": {"householdCode": household}}),
        }
        for kind, (selected, answer) in asked.items():
            found.append(Question(kind, own, f"query Me {{ me {{ {selected} }} }}", {}, {"me": answer}))
    document = "query Of($code: TaxCode!) { employer(taxCode: $code) { taxCode name } }"
    for code, name in rows["employers"]:
        found.append(
            Question("employer", officer, document, {"code": code}, {"employer": {"taxCode": code, "name": name}})
        )
    return sorted(found, key=lambda one: (hash((one.kind, one.token)), one.kind))


def _rows(topology: Topology) -> dict[str, list[Any]]:
    def read(source: str, statement: str) -> list[Any]:
        with psycopg.connect(topology.registers[source].owner_dsn) as connection:
            return list(connection.execute(statement.encode()))

    books = dict(read("insurance", "select personal_id, book_code from civilian.book"))
    homes = dict(
        read(
            "household",
            "select personal_id, household_code from civilian.member join civilian.household h on h.id = household_id"
            " where ended_on is null and household_code is not null and personal_id is not null",
        )
    )
    people = [
        (number, name, books[number], homes[number])
        for number, name in read("population", "select personal_id, full_name from civilian.person order by id")
        if number in books and number in homes
    ]
    employers = read("employer", "select tax_code, name from civilian.employer order by id limit 12")
    assert len(people) >= PEOPLE
    assert len({name for _, name, *_ in people[:PEOPLE]}) > PEOPLE / 2, "whose answer it is can be seen"
    return {"people": people[:PEOPLE], "employers": employers}


@pytest.fixture
def load(topology: Topology, questions: list[Question]) -> Iterator[Load]:
    with Load(topology.address, topology.trust, questions) as running_load:
        running_load.recovered(now(), ENOUGH)
        yield running_load
        running_load.recovered(now(), ENOUGH)
    assert running_load.wrong == []


LOST = "status 502"
"""For a request that was with a process when it died: it may have been done, so the proxy does not repeat it."""


def lost(load: Load) -> int:
    """How many of a test were: at most what was in hand, one for each client."""
    found = [one.told for one in load.outcomes if one.told == LOST]
    assert len(found) <= load.clients
    return len(found)


def spared(told: Mapping[str, Counter[str]], broken: str) -> dict[str, set[str]]:
    """What those are told who need nothing of what is broken."""
    return {kind: set(codes) for kind, codes in told.items() if kind != broken}


@pytest.mark.parametrize("source", ["insurance", "employer"])
def test_a_database_that_is_killed_takes_its_own_part_away_until_it_is_back(
    topology: Topology, load: Load, source: str
) -> None:
    register = topology.registers[source]
    register.kill()
    moment = now()
    told = load.after(moment, ENOUGH)
    assert spared(told, source) == {kind: ALL_RIGHT for kind in ENOUGH if kind != source}
    assert set(told[source]) == {AWAY}
    assert load.slowest(source, moment) < STATEMENT + SLOW
    assert _metric(topology, "hub_questions_total", source=source, outcome="failed") > 0
    register.start()
    load.recovered(now(), ENOUGH)


def test_a_database_that_does_not_answer_any_more_is_given_up_in_time(topology: Topology, load: Load) -> None:
    """Connections stand and nothing comes back, as with a cable that is cut or a machine that hangs."""
    wire = topology.wires["employer"]
    wire.swallows = True
    moment = now()
    told = load.after(moment, {**ENOUGH, "employer": 8})
    assert spared(told, "employer") == {kind: ALL_RIGHT for kind in ENOUGH if kind != "employer"}
    assert set(told["employer"]) <= {AWAY, "TIMEOUT"}
    assert load.slowest("employer", moment) < REQUEST + SLOW
    wire.swallows = False


def test_delayed_packets_make_answers_late_and_nothing_else(topology: Topology, load: Load) -> None:
    for wire in topology.wires.values():
        wire.delay = 0.05
    try:
        moment = now()
        told = load.after(moment, dict.fromkeys(ENOUGH, 20))
        assert {kind: set(codes) for kind, codes in told.items()} == dict.fromkeys(ENOUGH, ALL_RIGHT)
    finally:
        for wire in topology.wires.values():
            wire.delay = 0.0


def test_redis_that_is_killed_is_done_without_and_taken_up_again(topology: Topology, load: Load) -> None:
    topology.redis.kill()
    told = load.after(now(), ENOUGH)
    assert {kind: set(codes) for kind, codes in told.items()} == dict.fromkeys(ENOUGH, ALL_RIGHT)
    topology.redis.start()
    told = load.after(now(), ENOUGH)
    assert {kind: set(codes) for kind, codes in told.items()} == dict.fromkeys(ENOUGH, ALL_RIGHT)


def test_a_replica_that_is_killed_takes_away_what_it_had_in_hand_and_no_more(topology: Topology, load: Load) -> None:
    """Whoever comes later is answered by the other one; what was in hand may have been done, so nobody repeats it."""
    replica = topology.replicas[0]
    replica.kill()
    moment = now()
    told = load.after(moment, ENOUGH)
    assert set().union(*told.values()) <= {"right", LOST}
    lost(load)
    load.recovered(moment, ENOUGH)
    before = _answered(topology, 1)
    replica.start()
    until("the replica that came back is asked again", lambda: _answered(topology, 0) > 0)
    assert _answered(topology, 1) > before


def test_a_worker_that_is_killed_is_replaced_and_what_it_had_counted_stays(topology: Topology, load: Load) -> None:
    replica = topology.replicas[1]
    one, other = replica.workers
    before = _answered(topology, 1)
    os.kill(one, signal.SIGKILL)
    moment = now()
    told = load.after(moment, ENOUGH)
    assert set().union(*told.values()) <= {"right", LOST}
    lost(load)
    load.recovered(moment, ENOUGH)
    until("another worker is there", lambda: len(replica.workers) == 2 and one not in replica.workers)
    assert other in replica.workers
    assert _answered(topology, 1) >= before


def test_one_fault_beside_another(topology: Topology, load: Load) -> None:
    """A register, Redis and a worker at once: what needs none of them is answered."""
    topology.registers["insurance"].kill()
    topology.redis.kill()
    os.kill(topology.replicas[1].workers[0], signal.SIGKILL)
    moment = now()
    told = load.after(moment, ENOUGH)
    assert set().union(*(codes for kind, codes in told.items() if kind != "insurance")) <= {"right", LOST}
    assert set(told["insurance"]) <= {AWAY, LOST}
    lost(load)
    topology.registers["insurance"].start()
    topology.redis.start()
    load.recovered(now(), ENOUGH)


def test_the_proxy_shows_the_graph_and_nothing_else(topology: Topology) -> None:
    with httpx.Client(verify=topology.trust, base_url=topology.address) as client:
        for path in ("/metrics", "/health", "/health/live", "/health/ready", "/graphqlx"):
            assert client.get(path).status_code == 404, path
        unnamed = client.post("/graphql", json={"query": "{ me { fullName } }"})
        assert unnamed.status_code == 401
        # Whoever comes first says it, the proxy that counts or the replica that reads the length: so the type is right.
        large = client.post("/graphql", content=b"x" * 2_000_000, headers={"content-type": "application/json"})
        assert large.status_code == 413


def test_a_part_of_an_answer_is_recognised() -> None:
    """The check that nothing mixes, checked."""
    whole = {"me": {"fullName": "A", "insuranceBook": {"bookCode": "1"}}}
    assert within({"me": {"fullName": "A", "insuranceBook": None}}, whole)
    assert not within({"me": {"fullName": "B", "insuranceBook": None}}, whole)
    assert not within({"me": {"fullName": "A", "other": None}}, whole)


def _metric(topology: Topology, name: str, **labels: str) -> float:
    """Over all replicas that answer."""
    return sum(_read(replica.metrics_port, name, labels) for replica in topology.replicas)


def _answered(topology: Topology, number: int) -> float:
    return _read(topology.replicas[number].metrics_port, "hub_requests_total", {"status": "200"})


def _read(port: int, name: str, labels: Mapping[str, str]) -> float:
    from prometheus_client.parser import text_string_to_metric_families

    text = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=20).raise_for_status().text
    return sum(
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    )
