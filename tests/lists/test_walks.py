"""Any list, under any filter and order, in pages of any size, is the oracle's, forwards and backwards."""

from __future__ import annotations

import os
from random import Random
from typing import Any

import pytest

from hub.model.viewer import Viewer
from tests.lists.asking import SIZES, Writer
from tests.lists.world import READERS, Conversation, Place, World, viewers

EXAMPLES = int(os.environ.get("LISTS_EXAMPLES", "0"))
"""How many for each list of each reader, other ones on every run; unset: a fixed few, the same on every run."""

MOST_PAGES = 10
LONG = 200
"""Rows of a list that only some readers walk to the end."""


def drawn(name: str, few: int) -> list[Random]:
    """Sources of chance that can be told from their names."""
    start = int.from_bytes(os.urandom(6)) if EXAMPLES else 0
    return [Random(f"{name} {start + number}") for number in range(EXAMPLES or few)]


@pytest.mark.parametrize("name", READERS)
def test_every_list_of_a_contract_is_walked(name: str, world: World) -> None:
    assert world.unreached(READERS[name]) == set()


@pytest.mark.parametrize("name", READERS)
def test_a_page_is_what_the_oracle_says(name: str, world: World) -> None:
    given = sum(
        ask_a_page(world, rng.choice(viewers(name)), place, rng)
        for place in world.places(READERS[name])
        for rng in drawn(f"{name} {place.where} {place.standing}", 4)
    )
    assert given > 0


def ask_a_page(world: World, viewer: Viewer, place: Place, rng: Random) -> int:
    """Asks for a page, between two of the list's cursors if there is but one such list; gives how many rows it had."""
    writer = Writer(rng.randint, world, viewer.profile)
    where, order = writer.where(place), writer.order(place)
    talk = world.conversation(viewer)
    given: dict[str, Any] = {"where": where, "order": order}
    if place.single and rng.random() < 0.6:
        learn = Writer(rng.randint, world, viewer.profile)
        everything = learn.list(place, "{ edges { cursor } }", first=500, **given)
        found = place.found(talk.agree(learn.asked(place.document(everything))))
        rows = [edge["cursor"] for edge in found["edges"]] if found else []
        for name in rng.choice((("after",), ("before",), ("after", "before"))) if rows else ():
            given[name] = rng.choice(rows)
    if (size := rng.choice(("first", "last", ""))) and place.single:
        given[size] = rng.choice(SIZES)
    text = writer.list(place, writer.selection(place), **given)
    return str(talk.agree(writer.asked(place.document(text)))).count("__typename")


@pytest.mark.parametrize("name", READERS)
def test_a_walk_gives_each_row_once(name: str, world: World) -> None:
    walked = 0
    for place in world.places(READERS[name]):
        for rng in drawn(f"walk {name} {place.where} {place.standing}", 1):
            viewer = viewers(name)[0]
            if place.single:
                walked += walk(world, viewer, place, rng)
    assert walked > 0 or not any(place.single for place in world.places(READERS[name]))


def walk(world: World, viewer: Viewer, place: Place, rng: Random) -> int:
    """Walks a list to its end and back; gives how many rows it had."""
    writer = Writer(rng.randint, world, viewer.profile)
    given = {"where": writer.where(place, 2) if rng.random() < 0.6 else None, "order": writer.order(place)}
    talk = world.conversation(viewer)
    count = writer.list(place, "{ totalCount }", **given)
    found = place.found(talk.agree(writer.asked(place.document(count))))
    if found is None or (found["totalCount"] > LONG and rng.random() < 0.7):
        return 0
    size = max(rng.choice(SIZES), found["totalCount"] // MOST_PAGES)
    forwards = pages(talk, place, given, rng, "first", "after", size)
    backwards = pages(talk, place, given, rng, "last", "before", size)
    names = [name for page in forwards for name in page]
    assert names == [name for page in reversed(backwards) for name in page]
    assert len(names) == len({*names}) == found["totalCount"]
    return len(names)


def pages(
    talk: Conversation, place: Place, given: dict[str, Any], rng: Random, size: str, cursor: str, count: int
) -> list[list[str]]:
    """The rows of page after page, each as the oracle has it."""
    found = []
    start: str | None = None
    while True:
        writer = Writer(rng.randint, talk.world, talk.viewer.profile)
        node = writer.node(place.node, place.below)
        info = "hasNextPage hasPreviousPage startCursor endCursor"
        selection = f"{{ totalCount edges {{ cursor node {{ {node} }} }} pageInfo {{ {info} }} }}"
        text = writer.list(place, selection, **given, **{size: count, cursor: start})
        page = place.found(talk.agree(writer.asked(place.document(text))))
        found.append([edge["cursor"] for edge in page["edges"]])
        more, start = (
            (page["pageInfo"]["hasNextPage"], page["pageInfo"]["endCursor"])
            if size == "first"
            else (page["pageInfo"]["hasPreviousPage"], page["pageInfo"]["startCursor"])
        )
        if not more:
            return found
