"""The measurement of `bench.timing`: it finds what it looks for, and its two sides differ in nothing else."""

from __future__ import annotations

import json
import random
import socket
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.timing.comparisons import Comparison, Expected, comparisons
from bench.timing.connection import Connection, NotAnswered
from bench.timing.gaps import Gaps
from bench.timing.measure import FEWEST, Times, Told, check, measure, pairs_of, schedule
from bench.timing.one_table import DATABASE, in_one_table
from bench.timing.planted import HIDDEN, Draw, Keys, NotAsMeant, Subjects, plant, verify
from bench.timing.report import Finding, as_json, verdict
from bench.timing.statistic import LIMIT, figures, paired, threshold, welch
from hub.demo.cluster import Cluster
from hub.demo.start import Silent, running_demo
from hub.domain.identifiers import PERSONAL_ID, SI_NUMBER, TAX_CODE, parse_personal_id
from hub.model.viewer import RecordClass, Universe

# The statistic

# "Student" (W. S. Gosset), "The probable error of a mean", 1908: hours of sleep gained with two drugs. R's
# `t.test(extra ~ group, data = sleep)` gives t = -1.8608 and means of 0.75 and 2.33.
DRUG_1 = (0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0)
DRUG_2 = (1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4)


def test_welch_gives_the_published_figures_of_a_known_sample() -> None:
    difference, error, t = welch(DRUG_1, DRUG_2)
    assert difference == pytest.approx(0.75 - 2.33)
    assert error == pytest.approx(0.849091, abs=1e-6)
    assert t == pytest.approx(-1.8608, abs=5e-5)


def test_the_paired_t_of_a_known_sample() -> None:
    # R's `t.test(DRUG_1, DRUG_2, paired = TRUE)`: the ten are the same patients.
    assert paired(DRUG_1, DRUG_2) == pytest.approx(-4.0621, abs=5e-5)


def test_differences_within_pairs_are_found_where_the_machine_is_busy_at_times() -> None:
    chance = random.Random(11)
    busy = [chance.choice((0, 400)) for _ in range(1_000)]
    left, right = ([chance.gauss(500 + shift + more, 30) for more in busy] for shift in (10, 0))
    assert abs(welch(left, right)[2]) < LIMIT < paired(left, right)
    assert abs(paired(right, [chance.gauss(500 + more, 30) for more in busy])) < LIMIT


samples = st.lists(st.integers(-1_000, 1_000), min_size=2, max_size=30)


@given(samples, samples)
def test_welch_agrees_with_exact_arithmetic_of_sums_of_squares(left: list[int], right: list[int]) -> None:
    def moments(sample: Sequence[int]) -> tuple[Fraction, Fraction]:
        n, total, squares = len(sample), sum(sample), sum(one * one for one in sample)
        return Fraction(total, n), (squares - Fraction(total * total, n)) / (n - 1) / n

    (mean, part), (other, rest) = moments(left), moments(right)
    _, _, t = welch(left, right)
    if part + rest == 0:
        assert t == (0 if mean == other else float("inf") if mean > other else float("-inf"))
    else:
        assert t == pytest.approx(float(mean - other) / float(part + rest) ** 0.5, abs=1e-9)
    assert welch(right, left)[2] == -t


def test_a_threshold_is_the_nearest_rank_of_both_sides_together() -> None:
    left, right = [1.0, 3.0, 5.0, 7.0, 9.0], [2.0, 4.0, 6.0, 8.0, 10.0]
    assert [threshold(left, right, percentile) for percentile in (100, 99, 90, 50, 30)] == [10, 10, 9, 5, 3]


def test_equal_distributions_are_alike_and_a_small_shift_is_found_below_the_outliers() -> None:
    chance = random.Random(1)

    def sample(shift: float) -> list[float]:
        return [chance.gauss(500 + shift, 30) + (5_000 if chance.random() < 0.05 else 0) for _ in range(4_000)]

    same, shifted = figures(sample(0), sample(0)), figures(sample(0), sample(5))
    assert not same.told_apart
    assert abs(shifted.whole.t) < LIMIT < abs(shifted.most.t), "outliers hide it, cropping shows it"
    assert shifted.told_apart
    assert shifted.shown.difference == pytest.approx(-5, abs=2 * shifted.shown.interval)
    assert shifted.shown.t == pytest.approx(shifted.shown.difference / shifted.shown.error)
    assert [crop.left + crop.right for crop in same.crops] == [8_000, 7_920, 7_600, 7_200, 6_400, 5_600, 4_000, 2_400]


def test_sides_that_do_not_overlap_are_told_apart() -> None:
    found = figures([1.0, 1.1] * 50, [2.0, 2.1] * 50)
    assert found.told_apart
    assert all(min(crop.left, crop.right) > 0 for crop in found.crops)


# Gaps


def test_what_is_drawn_is_valid_new_and_like_what_it_is_drawn_after() -> None:
    likes = ["001060680100", "079303000000", "038201999999"]
    taken = {f"0010606{number:05}" for number in range(100_000)}
    known = set(taken)
    gaps = Gaps(random.Random(2), taken)
    for like in likes:
        drawn = [gaps.personal_id(like) for _ in range(500)]
        assert len({*drawn, *known}) == len(known) + 500
        known.update(drawn)
        for key in drawn:
            assert PERSONAL_ID.check(key) == key
            assert parse_personal_id(key) == parse_personal_id(like)
    codes = [gaps.tax_code("0528865273") for _ in range(500)]
    assert all(TAX_CODE.valid(code) and code.startswith("05") for code in codes)
    books = [gaps.book_code("9700345080") for _ in range(500)]
    assert all(SI_NUMBER.valid(code) and code.startswith("97") for code in books)
    identities = [gaps.identity() for _ in range(500)]
    assert len({*codes, *books, *identities}) == 1_500


def test_a_range_without_a_gap_is_said_to_have_none() -> None:
    full = Gaps(random.Random(3), {f"001060{number:06}" for number in range(1_000_000)})
    with pytest.raises(ValueError, match="no gap"):
        full.personal_id("001060680100")


# Pairs


@pytest.mark.parametrize(("pairs", "places"), [(1_000, 100), (1_001, 37), (10, 1_000)])
def test_pairs_are_balanced(pairs: int, places: int) -> None:
    made = schedule(pairs, places, random.Random(4))
    assert len(made) == pairs
    often = Counter(pair.place for pair in made)
    assert max(often.values()) - min([*often.values()] if pairs >= places else [0]) <= 1
    assert abs(2 * sum(pair.left_first for pair in made) - pairs) <= 1
    assert made != sorted(made, key=lambda pair: pair.place)


def made_up(count: int) -> Subjects:
    chance = random.Random(5)
    gaps = Gaps(chance, set())

    def keys(like: str) -> Keys:
        return Keys(gaps.personal_id(like), gaps.identity(), gaps.identity(), gaps.book_code("97"), gaps.tax_code("05"))

    def draw(like: str) -> Draw:
        return Draw(HIDDEN[0], keys(like), keys(like), keys(like), keys("079303"), keys("079303"))

    draws = [draw(f"00106{number % 10}") for number in range(count)]
    plain = [gaps.personal_id("038201") for _ in range(50)]
    native = [(gaps.personal_id("001060"), gaps.personal_id("001060")) for _ in range(7)]
    return Subjects(draws, native, plain)


def asked(request: bytes) -> list[str]:
    """The keys in a request, without its head."""
    body = json.loads(request.partition(b"\r\n\r\n")[2])
    given = body["variables"]
    return [given["key"]] if "key" in given else list(given["keys"])


def test_both_sides_of_a_comparison_hold_as_many_keys_of_the_same_prefixes() -> None:
    compared = comparisons(made_up(40), "token", random.Random(6), control=True)
    assert {one.expected for one in compared} == set(Expected)
    for one in compared:
        assert len(one.left) == len(one.right) > 0
        for left, right in zip(one.left, one.right, strict=True):
            assert len(left) == len(right)
            if one.silent and "household" not in one.name:
                assert [key[:2] for key in asked(left)] == [key[:2] for key in asked(right)]
            if one.heavy and one.silent:
                assert [key[:6] for key in asked(left)] == [key[:6] for key in asked(right)]
        sides = [{key for request in side for key in asked(request)} for side in (one.left, one.right)]
        if one.silent:
            assert len(sides[0]) == len(sides[1])


def test_a_mixed_batch_holds_the_same_plain_people_at_the_same_places() -> None:
    subjects = made_up(40)
    mixed = next(one for one in comparisons(subjects, "token", random.Random(7), control=False) if "plain" in one.name)
    plain, hidden, absent = (
        set(subjects.plain),
        {draw.hidden.personal_id for draw in subjects.draws},
        {draw.absent.personal_id for draw in subjects.draws},
    )
    for left, right in zip(mixed.left, mixed.right, strict=True):
        pairs = list(zip(asked(left), asked(right), strict=True))
        assert sum(a in plain for a, _ in pairs) == 20
        assert all(a == b in plain or (a in hidden and b in absent) for a, b in pairs)


# Measuring


@pytest.fixture
def answering() -> Iterator[tuple[int, dict[bytes, bytes]]]:
    """A port where a body is answered by what the mapping says, a few bytes at a time."""
    answers: dict[bytes, bytes] = {}
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while True:
                connection, _ = listening.accept()
                with connection:
                    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    while (request := connection.recv(65_536)) not in {b"", b"stop"}:
                        answer = answers[request]
                        for start in range(0, len(answer), 40):
                            connection.sendall(answer[start : start + 40])
                if request:
                    return

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        address = listening.getsockname()
        yield address[1], answers
        with socket.create_connection(address) as last:
            last.sendall(b"stop")
        thread.join(5)


def http(body: bytes, status: str = "200 OK") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def comparison(left: bytes, right: bytes, *, silent: bool, heavy: bool = False) -> Comparison:
    return Comparison("a", "b", ("c", "d"), [left], [right], Expected.ALIKE, silent=silent, heavy=heavy)


def test_an_answer_in_pieces_is_taken_whole_and_timed(answering: tuple[int, dict[bytes, bytes]]) -> None:
    port, answers = answering
    answers.update({b"one": http(b"x" * 5_000), b"two": http(b""), b"bad": http(b"no", "401 Unauthorized")})
    with Connection(port) as connection:
        taken, body = connection.ask(b"one")
        assert (taken > 0, body) == (True, b"x" * 5_000)
        assert connection.ask(b"two")[1] == b""
        with pytest.raises(NotAnswered, match="401"):
            connection.ask(b"bad")


def test_nothing_is_timed_where_the_answers_tell(answering: tuple[int, dict[bytes, bytes]]) -> None:
    port, answers = answering
    answers.update({b"one": http(b"null"), b"two": http(b"null"), b"three": http(b"data")})
    check(comparison(b"one", b"two", silent=True), port)
    check(comparison(b"one", b"three", silent=False), port)
    with pytest.raises(Told):
        check(comparison(b"one", b"three", silent=True), port)
    with pytest.raises(Told):
        check(comparison(b"one", b"two", silent=False), port)


def test_every_pair_is_measured_and_a_heavy_one_less_often(answering: tuple[int, dict[bytes, bytes]]) -> None:
    port, answers = answering
    answers.update({b"one": http(b"null"), b"two": http(b"null")})
    light, heavy = comparison(b"one", b"two", silent=True), comparison(b"two", b"one", silent=True, heavy=True)
    assert (pairs_of(light, 5_000), pairs_of(heavy, 5_000), pairs_of(heavy, 150)) == (5_000, 1_250, FEWEST)
    steps: list[str] = []
    times = measure([light, heavy], lambda _: port, 203, random.Random(8), steps.append)
    assert [(len(one.left), len(one.right)) for one in times] == [(203, 203), (100, 100)]
    assert len(steps) == 40
    assert Times() not in times


# The verdict


def finding(expected: Expected, difference: float) -> Finding:
    chance = random.Random(9)
    left, right = ([chance.gauss(1 + shift, 0.01) for _ in range(500)] for shift in (0, difference))
    compared = Comparison("person", "a group", ("one", "two"), [b""], [b""], expected)
    return Finding(compared, 500, figures(left, right))


@pytest.mark.parametrize(
    ("found", "good", "says"),
    [
        ([finding(Expected.ALIKE, 0), finding(Expected.APART, 0.1)], True, "cannot be told apart"),
        ([finding(Expected.ALIKE, 0.1), finding(Expected.APART, 0.1)], False, "told apart by latency: `person`"),
        ([finding(Expected.ALIKE, 0), finding(Expected.APART, 0)], False, "nothing is proved"),
        ([finding(Expected.EITHER, 0.1), finding(Expected.EITHER, 0)], True, "cannot be told apart"),
    ],
)
def test_the_verdict(found: list[Finding], good: bool, says: str) -> None:
    said = verdict(found)
    assert said[0] is good
    assert says in said[1]
    assert json.loads(json.dumps(as_json(found), allow_nan=False))[0]["name"] == "person"


# The country


@pytest.fixture(scope="module")
def planted() -> Iterator[tuple[Cluster, Subjects, Mapping[str, Any]]]:
    """A country of its own, because records are added: with what its civilian tables held before."""
    with (
        tempfile.TemporaryDirectory(prefix="hub-test-") as path,
        running_demo(Path(path) / "demo", Silent(), people=2_000, seed=164) as demo,
    ):
        before = civilian(demo.cluster, set())
        yield demo.cluster, plant(demo.cluster.owner_dsns, 20, random.Random(10)), before


COUNTED = {
    "population": ("person", "person_identifier", "contact", "relative"),
    "household": ("household", "member"),
    "insurance": ("participant", "book", "contribution", "benefit", "health_card"),
    "employer": ("employer", "employer_unit", "facility"),
}


def civilian(cluster: Cluster, without: set[str]) -> Mapping[str, Any]:
    """The civilian rows that hold none of these keys."""
    found: dict[str, Any] = {}
    for source, tables in COUNTED.items():
        with psycopg.connect(cluster.dsns().dsn(source, Universe.CIVILIAN)) as connection:
            for table in tables:
                rows = connection.execute(f"select * from civilian.{table}".encode()).fetchall()
                found[table] = {row for row in map(repr, rows) if not any(key in row for key in without)}
    return found


def count(cluster: Cluster, source: str, statement: str, *keys: str) -> int:
    with psycopg.connect(cluster.owner_dsn(source)) as connection:
        row = connection.execute(statement.encode(), keys).fetchone()
        assert row is not None
        return int(row[0])


def test_a_hidden_record_lives_in_its_class_and_an_absent_one_nowhere(
    planted: tuple[Cluster, Subjects, Mapping[str, Any]],
) -> None:
    cluster, subjects, _ = planted
    assert len(subjects.draws) == 20
    assert {draw.record_class for draw in subjects.draws} == set(HIDDEN)
    for draw in subjects.draws:
        for of in RecordClass:
            expected = int(of is draw.record_class)
            for keys, wanted in ((draw.hidden, expected), (draw.absent, 0), (draw.other, 0)):
                for source, table, column, key in (
                    ("population", "person", "personal_id", keys.personal_id),
                    ("population", "person_identifier", "value", keys.personal_id),
                    ("household", "household", "id", keys.household_id),
                    ("household", "member", "personal_id", keys.personal_id),
                    ("insurance", "book", "book_code", keys.book_code),
                    ("employer", "employer", "tax_code", keys.tax_code),
                ):
                    statement = f"select count(*) from {of.value}.{table} where {column} = %s"
                    assert count(cluster, source, statement, key) == wanted


def test_the_civilian_rows_are_those_of_before_and_the_copies_that_point(
    planted: tuple[Cluster, Subjects, Mapping[str, Any]],
) -> None:
    cluster, subjects, before = planted
    pointing = [keys for draw in subjects.draws for keys in (draw.points_to_hidden, draw.points_to_absent)]
    new = {key for keys in pointing for key in (keys.personal_id, keys.person_id)}
    assert civilian(cluster, new) == before
    for draw in subjects.draws:
        for keys, to in ((draw.points_to_hidden, draw.hidden), (draw.points_to_absent, draw.absent)):
            for source, statement, *wanted in (
                (
                    "population",
                    "select count(*) from civilian.relative where person_id = %s::uuid and personal_id = %s",
                    keys.person_id,
                    to.personal_id,
                ),
                (
                    "household",
                    "select count(*) from civilian.member where personal_id = %s and household_id = %s::uuid",
                    keys.personal_id,
                    to.household_id,
                ),
                (
                    "insurance",
                    "select count(*) from civilian.participant where personal_id = %s and employer_tax_code = %s",
                    keys.personal_id,
                    to.tax_code,
                ),
            ):
                assert count(cluster, source, statement, *wanted) == 1


def test_a_key_that_is_not_what_it_is_asked_for_as_stops_the_run(
    planted: tuple[Cluster, Subjects, Mapping[str, Any]],
) -> None:
    cluster, subjects, _ = planted
    verify(cluster.owner_dsns, subjects)
    (first, second), plain = subjects.draws[:2], subjects.plain[0]
    seen = replace(first.hidden, personal_id=plain)
    for wrong in (replace(first, hidden=seen), replace(first, absent=seen), replace(first, other=second.hidden)):
        with pytest.raises(NotAsMeant):
            verify(cluster.owner_dsns, Subjects([wrong], (), ()))
    with pytest.raises(NotAsMeant):
        verify(cluster.owner_dsns, Subjects((), [(plain, first.absent.personal_id)], ()))


def test_the_database_of_the_control_shows_the_same_rows(
    planted: tuple[Cluster, Subjects, Mapping[str, Any]],
) -> None:
    cluster, subjects, _ = planted
    dsns = in_one_table(cluster)
    address = dsns.dsn("population", Universe.CIVILIAN)
    assert DATABASE in address
    with (
        psycopg.connect(address) as leaky,
        psycopg.connect(cluster.dsns().dsn("population", Universe.CIVILIAN)) as apart,
    ):
        for table in COUNTED["population"]:
            statement = f"select * from civilian.{table}".encode()
            assert set(leaky.execute(statement)) == set(apart.execute(statement))
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            leaky.execute("select count(*) from everyone.person")
    key = subjects.draws[0].hidden.personal_id
    with psycopg.connect(cluster.owner_dsn(DATABASE)) as owner:
        assert owner.execute("select count(*) from everyone.person where personal_id = %s", (key,)).fetchone() == (1,)
