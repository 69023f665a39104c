"""Reads the policy table: for every audience and standing, what each label gives.

The file has one table for each audience and standing that may occur, `[citizen.self]`, with one line for each label:
`CONTACT = "show"` or `"deny"`. Every label must be there; an unknown audience, standing, label or effect is a problem.
An audience and standing that is not in the file sees nothing.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable
from pathlib import Path

from hub.errors import Problem
from hub.model.graph import PolicyTable
from hub.model.viewer import Audience, Standing

EFFECTS = ("show", "deny")


def _near(word: str, words: Iterable[str]) -> str:
    found = difflib.get_close_matches(word, list(words), n=1)
    return f"did you mean `{found[0]}`?" if found else f"one of {', '.join(sorted(words))}"


def read_policy(path: Path, labels: Iterable[str]) -> tuple[PolicyTable, list[Problem]]:
    """The table in `path` over these labels, and everything that is wrong with it."""
    known = frozenset(labels)
    problems: list[Problem] = []
    shown: dict[tuple[Audience, Standing], frozenset[str]] = {}
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        return PolicyTable(known, {}), [Problem("POLICY_UNREADABLE", path.name, str(error))]
    audiences = {audience.value: audience for audience in Audience}
    standings = {standing.value: standing for standing in Standing}
    for audience_name, by_standing in content.items():
        if audience_name not in audiences or not isinstance(by_standing, dict):
            problems.append(
                Problem(
                    "POLICY_UNKNOWN_AUDIENCE",
                    f"{path.name} [{audience_name}]",
                    f"`{audience_name}` is no audience",
                    _near(audience_name, audiences),
                )
            )
            continue
        for standing_name, cells in by_standing.items():
            place = f"{path.name} [{audience_name}.{standing_name}]"
            if standing_name not in standings or not isinstance(cells, dict):
                problems.append(
                    Problem(
                        "POLICY_UNKNOWN_STANDING",
                        place,
                        f"`{standing_name}` is no standing",
                        _near(standing_name, standings),
                    )
                )
                continue
            for label, effect in cells.items():
                if label not in known:
                    problems.append(
                        Problem("POLICY_UNKNOWN_LABEL", place, f"`{label}` is no label", _near(label, known))
                    )
                elif effect not in EFFECTS:
                    problems.append(
                        Problem(
                            "POLICY_UNKNOWN_EFFECT",
                            f"{place} {label}",
                            f"`{effect}` is no effect",
                            f"one of {', '.join(EFFECTS)}",
                        )
                    )
            problems += [
                Problem("POLICY_MISSING_CELL", place, f"label `{label}` has no effect here", 'say "show" or "deny"')
                for label in sorted(known - cells.keys())
            ]
            shown[audiences[audience_name], standings[standing_name]] = frozenset(
                label for label, effect in cells.items() if effect == "show" and label in known
            )
    return PolicyTable(known, shown), problems
