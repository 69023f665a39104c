"""A cursor is opened by the list, order, filter, reader and instance it was made for; everything else is one error."""

from __future__ import annotations

import asyncio
import string
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from hub.engine import open_engine
from hub.model.viewer import Viewer
from tests.engine import oddities
from tests.engine.country import PROFILES, SECRET, Country, load_graph
from tests.lists.world import World

OFFICER = Viewer(PROFILES["officer"])
CLEARED = Viewer(PROFILES["officer cleared for all"])
ANALYST, OTHER_ANALYST = Viewer(PROFILES["analyst"]), Viewer(PROFILES["analyst of another project"])

PARTICIPANTS = f'{{ employer(taxCode: "{oddities.SHARED_EMPLOYER}") {{ participants(%s) {{ %s }} }} }}'
CONTRIBUTIONS = '{ insuranceBook(bookCode: "SO-CIVILIAN") { contributions(%s) { %s } } }'
EMPLOYERS = "{ employers(%s) { %s } }"

INVALID = (
    b'{"errors":[{"message":"the cursor is not of this list: send one that it gave you under the same filter and '
    b'order",'
    b'"extensions":{"code":"CURSOR_INVALID"}}]}'
)


def cursors(world: World, viewer: Viewer, document: str, arguments: str = "first: 3") -> list[str]:
    answer = world.data(document % (arguments, "edges { cursor }"), viewer)
    while "edges" not in answer:
        (answer,) = answer.values()
    found = [edge["cursor"] for edge in answer["edges"]]
    assert found
    return found


def reply(world: World, viewer: Viewer, document: str, arguments: str, cursor: str, asked: str = "totalCount") -> bytes:
    """The answer to a cursor, which comes as a variable."""
    return world.ask(f"query ($c: Cursor) {document % (arguments, asked)}", viewer, {"c": cursor})


ALPHABET = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"


def test_no_bit_of_a_cursor_can_be_changed(world: World) -> None:
    good = cursors(world, OFFICER, CONTRIBUTIONS)[1]
    assert reply(world, OFFICER, CONTRIBUTIONS, "after: $c", good) != INVALID
    for place, letter in enumerate(good):
        for bit in range(6):
            other = ALPHABET[ALPHABET.index(letter) ^ 1 << bit]
            assert (
                reply(world, OFFICER, CONTRIBUTIONS, "after: $c", good[:place] + other + good[place + 1 :]) == INVALID
            )


def test_no_part_of_a_cursor_can_be_left_out_or_added(world: World) -> None:
    good, other = cursors(world, OFFICER, CONTRIBUTIONS)[:2]
    changed = {good[:end] for end in range(len(good))} | {good[start:] for start in range(1, len(good))}
    changed |= {good[:place] + good[place + 1 :] for place in range(len(good))}
    changed |= {good[:place] + one + good[place:] for place in (0, 7, len(good)) for one in "A_=! \n\0é%😀\ud800"}
    changed |= {good + "=" * count for count in (1, 2, 3, 4)} | {good + other, good + good, good[:20] + other[20:]}
    changed |= {good.swapcase(), good[::-1], "A" * 500_000, "null", "0", "eyJhIjoxfQ"}
    for bad in changed - {good, other}:
        assert reply(world, OFFICER, CONTRIBUTIONS, "after: $c", bad) == INVALID, bad[:80]


def test_a_cursor_has_one_alphabet(world: World) -> None:
    marked = [one for one in cursors(world, OFFICER, PARTICIPANTS, "first: 12") if "-" in one or "_" in one]
    assert marked
    for good in marked:
        assert reply(world, OFFICER, PARTICIPANTS, "after: $c", good) != INVALID
        assert reply(world, OFFICER, PARTICIPANTS, "after: $c", good.translate(str.maketrans("-_", "+/"))) == INVALID


ASKED = ("totalCount", "__typename", "nodes { __typename }", "edges { cursor }", "pageInfo { hasNextPage }")


@pytest.mark.parametrize("argument", ["after", "before"])
@pytest.mark.parametrize("asked", ASKED)
def test_a_bad_cursor_is_refused_whatever_is_asked(asked: str, argument: str, world: World) -> None:
    for document in (EMPLOYERS, CONTRIBUTIONS, PARTICIPANTS):
        assert reply(world, OFFICER, document, f"{argument}: $c", "AAAA", asked) == INVALID


FOREIGN = {
    "another list": (EMPLOYERS, "", CONTRIBUTIONS, ""),
    "another order": (CONTRIBUTIONS, "order: {salary: ASC}, ", CONTRIBUTIONS, "order: {salary: DESC}, "),
    "another order of the same keys": (
        CONTRIBUTIONS,
        "order: [{salary: ASC}, {months: ASC}], ",
        CONTRIBUTIONS,
        "order: [{months: ASC}, {salary: ASC}], ",
    ),
    "nulls elsewhere": (CONTRIBUTIONS, "order: {salary: ASC}, ", CONTRIBUTIONS, "order: {salary: ASC_NULLS_FIRST}, "),
    "no order": (CONTRIBUTIONS, "order: {fromMonth: DESC}, ", CONTRIBUTIONS, ""),
    "another filter": (CONTRIBUTIONS, "where: {months: {from: 1}}, ", CONTRIBUTIONS, "where: {months: {from: 0}}, "),
    "no filter": (CONTRIBUTIONS, "where: {months: {from: 1}}, ", CONTRIBUTIONS, ""),
    "another field": (CONTRIBUTIONS, "where: {months: {from: 1}}, ", CONTRIBUTIONS, "where: {salary: {from: 1}}, "),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_a_cursor_is_bound_to_its_list(name: str, world: World) -> None:
    document, arguments, other, others = FOREIGN[name]
    for good in cursors(world, OFFICER, document, f"{arguments}first: 3"):
        assert reply(world, OFFICER, document, f"{arguments}after: $c", good) != INVALID
        assert reply(world, OFFICER, other, f"{others}after: $c", good) == INVALID


@pytest.mark.parametrize(
    ("own", "other"),
    [(OFFICER, CLEARED), (CLEARED, OFFICER), (ANALYST, OTHER_ANALYST), (ANALYST, OFFICER), (OFFICER, ANALYST)],
)
def test_a_cursor_is_bound_to_its_reader(own: Viewer, other: Viewer, world: World) -> None:
    theirs = set(cursors(world, other, PARTICIPANTS, "first: 12"))
    for good in cursors(world, own, PARTICIPANTS, "first: 12"):
        assert good not in theirs
        assert reply(world, own, PARTICIPANTS, "after: $c", good) != INVALID
        assert reply(world, other, PARTICIPANTS, "after: $c", good) == INVALID


def test_a_cursor_is_bound_to_the_secret_of_the_instance(
    world: World, country: Country, runner: asyncio.Runner
) -> None:
    (good, *_) = cursors(world, OFFICER, CONTRIBUTIONS)
    for secret, opens in ((SECRET, True), (b"another secret of another instance", False)):
        engine = open_engine(load_graph(), replace(country.settings, pseudonym_key=secret))
        other = replace(world, engine=engine)
        found = reply(other, OFFICER, CONTRIBUTIONS, "after: $c", good)
        runner.run(engine.stop())
        assert (found != INVALID) is opens


def test_equal_places_have_equal_cursors_however_they_are_asked(world: World) -> None:
    plain = cursors(world, OFFICER, CONTRIBUTIONS, "where: {months: {from: 1}}, order: [{salary: DESC}]")
    document = f"query ($w: ContributionFilter, $n: Int, $o: [ContributionOrder!]) {CONTRIBUTIONS}"
    selection = "pageInfo { startCursor endCursor } edges { node { id } cursor }"
    asked: Mapping[str, Mapping[str, Any]] = {
        "where: $w, order: $o, last: $n": {"w": {"months": {"from": 1}}, "o": {"salary": "DESC"}, "n": 1000},
        "where: $w, order: $o, first: $n": {"w": {"months": {"from": 1.0}}, "o": [{"salary": "DESC"}]},
        "where: $w, order: {salary: DESC}, before: null, first: $n": {"w": {"months": {"from": 1}}, "n": None},
    }
    for arguments, variables in asked.items():
        used = document if "$o" in arguments else document.replace(", $o: [ContributionOrder!]", "")
        page = world.data(used % (arguments, selection), OFFICER, variables)["insuranceBook"]["contributions"]
        assert [edge["cursor"] for edge in page["edges"]] == plain
        assert page["pageInfo"] == {"startCursor": plain[0], "endCursor": plain[-1]}
    for one, other in pairwise(sorted(plain)):
        assert one != other
