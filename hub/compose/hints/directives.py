"""Directives: those for operations that the subgraphs define differently, and applications that were merged.

Source: Federation, "Merging directives"; Federation, "Hints".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hub.compose.document import Applied, Definition, elements
from hub.compose.hints.hint import Hint
from hub.compose.parse import Declared, executable_locations
from hub.compose.problems import listed
from hub.compose.propagate import composed_directives, distinct
from hub.compose.specs import COST, LIST_SIZE
from hub.compose.together import Subgraphs

_Defined = Sequence[tuple[Declared, Definition]]


def executable_directives_are_missing(subgraphs: Subgraphs) -> Iterator[Hint]:
    """INCONSISTENT_EXECUTABLE_DIRECTIVE_PRESENCE: a directive for operations that some lack is dropped."""
    for name, found in _executable(subgraphs):
        if len(found) < len(subgraphs):
            known = {declared.name for declared, _ in found}
            lacking = listed(declared.name for declared in subgraphs if declared.name not in known)
            message = f"`@{name}` is not defined in {lacking}, so the supergraph has no such directive"
            place = found[0][1].place
            yield Hint("INCONSISTENT_EXECUTABLE_DIRECTIVE_PRESENCE", place, message, f"define it in {lacking}")


def executable_directives_share_no_location(subgraphs: Subgraphs) -> Iterator[Hint]:
    """NO_EXECUTABLE_DIRECTIVE_LOCATIONS_INTERSECTION: a directive whose definitions share no location is dropped."""
    for name, found in _everywhere(subgraphs):
        if not _shared(found):
            message = f"the definitions of `@{name}` share no location, so the supergraph has no such directive"
            place = found[-1][1].place
            yield Hint("NO_EXECUTABLE_DIRECTIVE_LOCATIONS_INTERSECTION", place, message, "give them a common location")


def executable_locations_differ(subgraphs: Subgraphs) -> Iterator[Hint]:
    """INCONSISTENT_EXECUTABLE_DIRECTIVE_LOCATIONS: a directive stands only where all subgraphs let it stand."""
    for name, found in _everywhere(subgraphs):
        shared = _shared(found)
        wider = [(declared, each) for declared, each in found if set(executable_locations(each)) != shared]
        if shared and wider:
            message = f"`@{name}` can stand in other places in {listed(declared.name for declared, _ in wider)}"
            suggestion = f"let it stand on {' | '.join(sorted(shared))} everywhere"
            yield Hint("INCONSISTENT_EXECUTABLE_DIRECTIVE_LOCATIONS", wider[0][1].place, message, suggestion)


def executable_repeatability_differs(subgraphs: Subgraphs) -> Iterator[Hint]:
    """INCONSISTENT_EXECUTABLE_DIRECTIVE_REPEATABLE: a directive is repeatable only where all subgraphs say so."""
    for name, found in _everywhere(subgraphs):
        once = [(declared, each) for declared, each in found if not each.repeatable]
        if once and len(once) < len(found):
            message = f"`@{name}` is not repeatable in {listed(declared.name for declared, _ in once)}"
            yield Hint("INCONSISTENT_EXECUTABLE_DIRECTIVE_REPEATABLE", once[0][1].place, message, "define it alike")


def applications_were_merged(subgraphs: Subgraphs) -> Iterator[Hint]:
    """MERGED_NON_REPEATABLE_DIRECTIVE_ARGUMENTS: `@cost` or `@listSize` differ, and the most expensive was taken."""
    found: dict[tuple[str, str], list[Applied]] = {}
    for declared in subgraphs:
        for coordinate, element in elements(tuple(declared.types.values())):
            for applied in element.directives:
                if applied.name in (COST, LIST_SIZE):
                    found.setdefault((coordinate, applied.name), []).append(applied)
    for (coordinate, name), given in found.items():
        if len(distinct(given)) > 1:
            called = name.removeprefix("federation__")
            place = next(one.place for one in given if one.arguments != given[0].arguments)
            message = (
                f"`{coordinate}` carries `@{called}` with different arguments, of which the supergraph takes the most"
            )
            yield Hint(
                "MERGED_NON_REPEATABLE_DIRECTIVE_ARGUMENTS", place, message, "give it the same in every subgraph"
            )


def _executable(subgraphs: Subgraphs) -> Iterator[tuple[str, _Defined]]:
    """The directives for operations, apart from those that are composed on request."""
    composed = {each.name for each in composed_directives(subgraphs)}
    names = dict.fromkeys(name for declared in subgraphs for name in declared.definitions)
    for name in names:
        found = [(declared, declared.definitions[name]) for declared in subgraphs if name in declared.definitions]
        if name not in composed and any(executable_locations(each) for _, each in found):
            yield name, found


def _everywhere(subgraphs: Subgraphs) -> Iterator[tuple[str, _Defined]]:
    for name, found in _executable(subgraphs):
        if len(found) == len(subgraphs):
            yield name, found


def _shared(found: _Defined) -> set[str]:
    return set.intersection(*(set(executable_locations(each)) for _, each in found))
