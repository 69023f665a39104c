"""Reads the policy table: for every audience and standing, what each label gives in each record class.

    [citizen.household]                        an audience and a standing; all that can occur must be there
    NAME = "show"                              one effect for every class in reach
    AFFILIATION = { civilian = "show", defence = "deny", public_security = "deny" }

    [policies]                                 what `@policy` directives ask for, and who fulfils it
    fraud-investigation = ["officer"]

    [plans]                                    who is shown the plans of his own requests; nobody else is
    shown = ["officer"]                        their shape, and the rows that stand in the answer
    inside = ["officer"]                       statements, names of keys, and how many keys were asked

Every label must be in every section, every class in reach in every cell that tells classes apart. A cell that can never
apply, that says the same of all classes one by one, or that nobody knows, is a problem with its place.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from hub.errors import Problem
from hub.model.effect import Effect, Effects
from hub.model.graph import PlansShown, PolicyTable
from hub.model.viewer import Audience, RecordClass, Standing, reach, standings

POLICIES = "policies"
PLANS = "plans"
_PARTS = ("shown", "inside")
_EFFECTS = ", ".join(Effect)


def near(word: str, words: Iterable[str]) -> str:
    """A suggestion: the word that was probably meant, or all there are."""
    known = sorted(words)
    found = difflib.get_close_matches(word, known, n=1)
    return f"did you mean `{found[0]}`?" if found else f"one of {', '.join(known)}"


def read_policy(path: Path, labels: Iterable[str]) -> tuple[PolicyTable, list[Problem]]:
    """The table in `path` over these labels, and everything that is wrong with it."""
    known = frozenset(labels)
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        return PolicyTable(path.name, known, {}), [Problem("POLICY_UNREADABLE", path.name, str(error))]
    reader = _Reader(path.name, known)
    policies = reader.policies(content.pop(POLICIES, {}))
    plans = reader.plans(content.pop(PLANS, {}))
    cells = reader.table(content)
    return PolicyTable(path.name, known, cells, policies, plans), reader.problems


class _Reader:
    """Reads one file's content and collects what is wrong with it."""

    def __init__(self, name: str, labels: frozenset[str]) -> None:
        self.name = name
        self.labels = labels
        self.problems: list[Problem] = []

    def problem(self, code: str, place: str, message: str, suggestion: str) -> None:
        self.problems.append(Problem(f"POLICY_{code}", f"{self.name} {place}", message, suggestion))

    def policies(self, content: Any) -> Mapping[str, frozenset[Audience]]:
        found: dict[str, frozenset[Audience]] = {}
        if not isinstance(content, dict):
            self.problem("UNREADABLE", f"[{POLICIES}]", "is no table", 'write `name = ["officer"]`')
            return found
        for name, audiences in content.items():
            found[name] = self.audiences(f"[{POLICIES}] {name}", audiences)
        return found

    def plans(self, content: Any) -> PlansShown:
        if not isinstance(content, dict):
            self.problem("UNREADABLE", f"[{PLANS}]", "is no table", 'write `shown = ["officer"]`')
            return PlansShown()
        for name in sorted(content.keys() - set(_PARTS)):
            self.problem("UNKNOWN_PART", f"[{PLANS}]", f"`{name}` is no part of a plan", near(name, _PARTS))
        shown, inside = [self.audiences(f"[{PLANS}] {name}", content.get(name, [])) for name in _PARTS]
        for audience in sorted(inside - shown):
            message = f"`{audience}` is shown no plan to look inside of"
            self.problem("NEVER_APPLIES", f"[{PLANS}] inside", message, f"add `{audience}` to `shown`, or remove it")
        return PlansShown(shown, inside)

    def audiences(self, place: str, content: Any) -> frozenset[Audience]:
        listed = content if isinstance(content, list) else [content]
        for audience in listed:
            if audience not in tuple(Audience):
                self.problem("UNKNOWN_AUDIENCE", place, f"`{audience}` is no audience", near(str(audience), Audience))
        return frozenset(Audience(one) for one in listed if one in tuple(Audience))

    def table(self, content: Mapping[str, Any]) -> Mapping[tuple[Audience, Standing], Mapping[str, Effects]]:
        found: dict[tuple[Audience, Standing], Mapping[str, Effects]] = {}
        for audience, standing, section in self.sections(content):
            found[audience, standing] = self.section(audience, standing, section)
        for audience in Audience:
            for standing in standings(audience):
                if (audience, standing) not in found:
                    message = "is missing: every audience and standing that can occur has a section"
                    self.problem("MISSING_SECTION", f"[{audience}.{standing}]", message, "write it, with every label")
        return found

    def sections(self, content: Mapping[str, Any]) -> Iterator[tuple[Audience, Standing, Mapping[str, Any]]]:
        for audience_name, by_standing in content.items():
            if audience_name not in tuple(Audience):
                message = f"`{audience_name}` is no audience"
                self.problem("UNKNOWN_AUDIENCE", f"[{audience_name}]", message, near(audience_name, Audience))
                continue
            if not isinstance(by_standing, dict):
                message = f"`{audience_name}` is no table of standings"
                self.problem("UNREADABLE", f"[{audience_name}]", message, f"write `[{audience_name}.official]`")
                continue
            audience = Audience(audience_name)
            for standing_name, cells in by_standing.items():
                place = f"[{audience_name}.{standing_name}]"
                if standing_name not in tuple(Standing):
                    message = f"`{standing_name}` is no standing"
                    self.problem("UNKNOWN_STANDING", place, message, near(standing_name, Standing))
                elif not isinstance(cells, dict):
                    message = f"`{standing_name}` is no table of labels"
                    self.problem("UNREADABLE", place, message, f"write `{place}` and below it each label")
                elif standing_name not in standings(audience):
                    message = f"can never apply: `{audience}` never reads with standing `{standing_name}`"
                    self.problem("NEVER_APPLIES", place, message, "remove it")
                else:
                    yield audience, Standing(standing_name), cells

    def section(self, audience: Audience, standing: Standing, cells: Mapping[str, Any]) -> Mapping[str, Effects]:
        place = f"[{audience}.{standing}]"
        in_reach = reach(audience, standing)
        for label in sorted(cells.keys() - self.labels):
            self.problem("UNKNOWN_LABEL", place, f"`{label}` is no label", near(label, self.labels))
        for label in sorted(self.labels - cells.keys()):
            self.problem("MISSING_CELL", place, f"label `{label}` has no effect here", f"say one of {_EFFECTS}")
        return {
            label: self.cell(f"{place} {label}", cell, in_reach)
            for label, cell in cells.items()
            if label in self.labels
        }

    def cell(self, place: str, cell: Any, in_reach: tuple[RecordClass, ...]) -> Effects:
        if not isinstance(cell, dict):
            effect = self.effect(place, cell)
            return self.effects(dict.fromkeys(in_reach, effect))
        for name in sorted(cell.keys() - set(RecordClass)):
            self.problem("UNKNOWN_CLASS", place, f"`{name}` is no record class", near(name, RecordClass))
        found: dict[RecordClass, Effect] = {}
        for one in RecordClass:
            if one in in_reach and one in cell:
                found[one] = self.effect(f"{place}.{one}", cell[one])
            elif one in in_reach:
                self.problem("MISSING_CELL", place, f"class `{one}` has no effect here", f"say one of {_EFFECTS}")
            elif one in cell:
                message = f"class `{one}` can never apply: nobody reads such rows here"
                self.problem("NEVER_APPLIES", place, message, f"remove `{one}`")
        words = {cell.get(one) for one in in_reach}
        if len(found) == len(in_reach) and len(words) == 1 and words <= set(Effect):
            (effect,) = set(found.values())
            message = "says the same of every class"
            self.problem("SAME_IN_EVERY_CLASS", place, message, f'write "{effect}" once')
        return self.effects(found)

    def effect(self, place: str, word: Any) -> Effect:
        if word in tuple(Effect):
            return Effect(word)
        self.problem("UNKNOWN_EFFECT", place, f"`{word}` is no effect", near(str(word), Effect))
        return Effect.DENY

    @staticmethod
    def effects(found: Mapping[RecordClass, Effect]) -> Effects:
        return Effects(*(found.get(one, Effect.DENY) for one in RecordClass))
