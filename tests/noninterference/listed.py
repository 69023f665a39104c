"""What can be said of lists without a second country: cursors that say nothing and open nowhere else."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hub.engine import Built, Engine
from hub.model.request import Request
from hub.model.viewer import Profile, RecordClass, Viewer
from tests.engine import oddities
from tests.engine.country import PURPOSE, SECRET
from tests.noninterference.adapter import TODAY, new_engine
from tests.noninterference.conftest import World
from tests.noninterference.databases import BASE
from tests.noninterference.masks import Fault, found
from tests.noninterference.readers import PROFILES

OFFICER, CLEARED, OTHER = PROFILES["officer"], PROFILES["officer cleared for all"], PROFILES["defence officer"]

MOST_PAGES = 50

PEOPLE_OF = (
    "query ($code: TaxCode!, $at: Cursor, $where: ParticipantFilter) { employer(taxCode: $code) {"
    " participants(first: 2, after: $at, where: $where) { totalCount edges { cursor node { id } } } } }"
)
IN_BOOK = (
    "query ($numbers: [PersonalId!]!, $at: Cursor, $where: ContributionFilter, $order: [ContributionOrder!]) {"
    " people(personalIds: $numbers) { insuranceBook {"
    " contributions(first: 50, after: $at, where: $where, order: $order) {"
    " totalCount edges { cursor node { id salary fromMonth jobTitle } } } } } }"
)
HOMES = "query ($at: Cursor) { households(first: 1, after: $at) { edges { cursor } } }"


@dataclass(slots=True)
class _Asking:
    world: World
    engine: Engine

    def __call__(self, profile: Profile, document: str, **variables: Any) -> Any:
        given = {"code": oddities.SHARED_EMPLOYER, "numbers": [*self.world.readers.people.plain], **variables}
        used = {name: value for name, value in given.items() if f"${name}" in document}
        request = Request(document, None, used, PURPOSE)
        return json.loads(self.world.runner.run(self.engine.execute(request, Viewer(profile))).body)


def faults(world: World, built: Built) -> Iterator[Fault]:
    """All of them, as they are met."""
    asking = _Asking(world, new_engine(built, world.over[BASE]))
    for look in (_said, _bound, _forms, _empty, _behind):
        yield from look(asking)
    yield from _of_another_instance(asking, built)


def _edges(answer: Mapping[str, Any], *path: str) -> list[Any]:
    return [edge for edge in found(answer.get("data") or {}, *path, "edges") if edge]


def _workers(asking: _Asking, profile: Profile, **variables: Any) -> list[Any]:
    return _edges(asking(profile, PEOPLE_OF, **variables), "employer", "participants")


def _lines(asking: _Asking, profile: Profile, document: str = IN_BOOK, **variables: Any) -> list[Any]:
    return _edges(asking(profile, document, **variables), "people", "insuranceBook", "contributions")


def _said(asking: _Asking) -> Iterator[Fault]:
    """No value of the row can be read in its cursor."""
    edges = [*_workers(asking, OFFICER), *_lines(asking, OFFICER, order=[{"salary": "ASC"}])]
    if len(edges) < 3:
        yield Fault("cursor", "there is none to look at")
    for edge in edges:
        cursor = edge["cursor"]
        plain = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        for value in map(str, edge["node"].values()):
            if len(value) > 4 and value.encode() in plain:
                yield Fault("cursor", f"`{value}` stands in {plain!r}")


def _bound(asking: _Asking) -> Iterator[Fault]:
    """A cursor is taken where it was given, and every other one is refused alike, whatever is wrong with it."""
    cursor = _workers(asking, OFFICER)[0]["cursor"]
    if len(_workers(asking, OFFICER, at=cursor)) == 0:
        yield Fault("cursor", "it is not taken where it was given")
    hidden = {row["id"] for of in RecordClass for row in _rows(asking, of) if of is not RecordClass.CIVILIAN}
    others = [edge for edge in _whole(asking, CLEARED) if edge["node"]["id"] in hidden]
    if not others:
        yield Fault("cursor", "there is no hidden row to have one")
    wrong = {
        "of a hidden row": others[0]["cursor"] if others else "",
        "of another profile": _workers(asking, OTHER)[0]["cursor"],
        "changed": cursor[:-2] + ("AA" if cursor[-2:] != "AA" else "BB"),
        "cut": cursor[:-4],
        "nothing": "",
        "no cursor": "1",
        "too long": cursor * 40,
        "an offset": base64.urlsafe_b64encode(b"cursor:1").decode(),
    }
    refused = {what: asking(OFFICER, PEOPLE_OF, at=one) for what, one in wrong.items()}
    where = {"status": {"in": ["ACTIVE", "PAUSED", "RETIRED", "CLOSED"]}}
    refused["under another filter"] = asking(OFFICER, PEOPLE_OF, at=cursor, where=where)
    rising = _lines(asking, OFFICER, order=[{"salary": "ASC"}])[0]["cursor"]
    for order in ([{"months": "ASC"}], [{"salary": "DESC"}], None):
        refused[f"under the order {order}"] = asking(OFFICER, IN_BOOK, at=rising, order=order)
    refused["in another list"] = asking(OFFICER, PEOPLE_OF, at=_lines(asking, OFFICER)[0]["cursor"])
    by_key, by_key_of_analyst = (
        _edges(asking(profile, HOMES), "households")[0]["cursor"] for profile in (OFFICER, PROFILES["analyst"])
    )
    refused["in a list with the same keys"] = asking(OFFICER, HOMES.replace("households", "persons"), at=by_key)
    refused["of another profile with the same keys"] = asking(OFFICER, HOMES, at=by_key_of_analyst)
    said = {json.dumps(answer) for answer in refused.values()}
    if len(said) > 1 or any(answer.get("data") for answer in refused.values()):
        yield Fault("cursor", f"they are not refused alike: {refused}")
    if any(error["extensions"]["code"] != "CURSOR_INVALID" for one in refused.values() for error in one["errors"]):
        yield Fault("cursor", f"the refusal is another: {said}")


def _rows(asking: _Asking, of: RecordClass) -> list[Any]:
    return asking.world.tables.where(of, "participant", "employer_tax_code", oddities.SHARED_EMPLOYER)


def _whole(asking: _Asking, profile: Profile) -> list[Any]:
    """All pages of an employer's people."""
    edges: list[Any] = []
    for _ in range(MOST_PAGES):
        page = _workers(asking, profile, at=edges[-1]["cursor"] if edges else None)
        if not page:
            break
        edges += page
    return edges


def _of_another_instance(asking: _Asking, built: Built) -> Iterator[Fault]:
    """What another instance sealed, which has another secret, is no cursor."""
    other = _Asking(asking.world, new_engine(built, asking.world.over[BASE], TODAY, SECRET[::-1]))
    cursor = _workers(other, OFFICER)[0]["cursor"]
    if "data" in asking(OFFICER, PEOPLE_OF, at=cursor):
        yield Fault("cursor", "one of another instance is taken")


def _forms(asking: _Asking) -> Iterator[Fault]:
    """A document whose filter is another each time answers as one that is asked for the first time."""
    filters: tuple[Any, ...] = (
        {"status": {"eq": "PAID"}},
        {"months": {"from": 6}},
        {},
        {"not": {"settled": {"eq": True}}},
    )
    for where in filters:
        text = json.dumps(where).replace('"PAID"', "PAID")
        for name in ("status", "eq", "months", "from", "not", "settled"):
            text = text.replace(f'"{name}"', name)
        literal = IN_BOOK.replace(", $where: ContributionFilter", "").replace("where: $where", f"where: {text}")
        one = _ids(_lines(asking, OFFICER, where=where))
        other = _ids(_lines(asking, OFFICER, literal))
        if one != other or not one:
            yield Fault("form", f"{where} gives {len(one)} lines as a variable and {len(other)} as it stands")


def _ids(edges: list[Any]) -> list[str]:
    return [edge["node"]["id"] for edge in edges]


def _empty(asking: _Asking) -> Iterator[Fault]:
    """What a reader is shown no value of is without one, in a filter too."""
    lines = _lines(asking, CLEARED)
    without = _lines(asking, CLEARED, where={"jobTitle": {"isNull": True}})
    shown = [line for line in lines if line["node"]["jobTitle"] is None]
    if not shown or sorted(_ids(shown)) != sorted(_ids(without)):
        yield Fault("filter", f"{len(shown)} lines are shown without a job, and {len(without)} are found without one")


def _behind(asking: _Asking) -> Iterator[Fault]:
    """A condition behind a link holds only for records that the link leads to."""
    plain = set(asking.world.tables.column("employer", "tax_code", (RecordClass.CIVILIAN,)))
    lines = asking.world.tables.rows[RecordClass.CIVILIAN, "contribution"]
    nowhere = sorted({line["employer_tax_code"] for line in lines} - {None} - plain)
    numbers = sorted({line["personal_id"] for line in lines if line["employer_tax_code"] in nowhere})
    lead = {"employer": {"taxCode": {"in": nowhere}}}
    if not numbers or not _lines(asking, OFFICER, numbers=numbers):
        yield Fault("link", "nobody has a line of an employer that is not there")
    if there := _lines(asking, OFFICER, numbers=numbers, where=lead):
        yield Fault("link", f"{len(there)} lines are found by a condition on employers that are not there")
