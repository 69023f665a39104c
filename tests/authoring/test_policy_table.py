"""Reading the policy table: TOML in, what is wrong with it out; and a good table is read as it says."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from hub.authoring import read_policy
from hub.model.effect import DENIED, SHOWN, Effect, Effects
from hub.model.graph import PlansShown, PolicyTable
from hub.model.viewer import Audience, RecordClass, Standing, reach, standings

LABELS = ("OPEN", "POST")
SECTIONS = [(audience, standing) for audience in Audience for standing in standings(audience)]
ALL_EFFECTS = "show, mask:last-four, mask:initials, mask:year, mask:province, mask:pseudonym, mask:card-number, deny"


def section(audience: str, standing: str, *cells: str) -> str:
    return "\n".join([f"[{audience}.{standing}]", *cells, ""])


# Every section there can be, each with every label; `%s` of one is replaced by the case.
WHOLE = {where: section(*where, 'OPEN = "show"', 'POST = "deny"') for where in SECTIONS}


def written(
    *instead: str, of: tuple[Audience, Standing] = (Audience.OFFICER, Standing.OFFICIAL), more: str = ""
) -> str:
    """A whole table in which the section `of` holds these lines."""
    return more + "\n" + "\n".join((WHOLE | {of: section(*of, *instead)}).values())


def read(tmp_path: Path, text: str | bytes, labels: Sequence[str] = LABELS) -> tuple[PolicyTable, list[str]]:
    path = tmp_path / "table.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    table, problems = read_policy(path, labels)
    return table, [str(problem) for problem in problems]


# --- a good table ---------------------------------------------------------------------------------------------------


def test_a_good_table_has_no_problems_and_a_cell_for_everything_that_can_occur(tmp_path: Path) -> None:
    table, problems = read(tmp_path, "\n".join(WHOLE.values()))
    assert problems == []
    assert (table.name, table.labels) == ("table.toml", frozenset(LABELS))
    assert {where: set(cells) for where, cells in table.cells.items()} == {key: set(LABELS) for key in SECTIONS}


def test_one_effect_holds_for_every_class_in_reach_and_no_other(tmp_path: Path) -> None:
    table, _ = read(tmp_path, "\n".join(WHOLE.values()))
    for where in SECTIONS:
        assert table.cells[where]["OPEN"] == Effects(
            *(Effect.SHOW if one in reach(*where) else Effect.DENY for one in RecordClass)
        )
        assert table.cells[where]["POST"] == DENIED
    assert table.cells[Audience.OFFICER, Standing.OFFICIAL]["OPEN"] == SHOWN
    civilian = Effects(Effect.SHOW, Effect.DENY, Effect.DENY)
    assert table.cells[Audience.ANALYST, Standing.OFFICIAL]["OPEN"] == civilian
    assert table.cells[Audience.CITIZEN, Standing.HOUSEHOLD]["OPEN"] == civilian


def test_a_cell_may_tell_the_classes_apart(tmp_path: Path) -> None:
    cell = 'POST = { public_security = "deny", civilian = "mask:card-number", defence = "show" }'
    table, problems = read(tmp_path, written('OPEN = "show"', cell))
    assert problems == []
    assert table.cells[Audience.OFFICER, Standing.OFFICIAL]["POST"] == Effects(
        Effect.CARD_NUMBER, Effect.SHOW, Effect.DENY
    )


@pytest.mark.parametrize("effect", list(Effect))
def test_every_effect_is_spelt_as_it_is_called(tmp_path: Path, effect: Effect) -> None:
    table, problems = read(tmp_path, written('OPEN = "show"', f'POST = "{effect.value}"'))
    assert problems == []
    assert set(table.cells[Audience.OFFICER, Standing.OFFICIAL]["POST"]) == {effect}


def test_policies_name_the_audiences_that_fulfil_them(tmp_path: Path) -> None:
    more = '[policies]\nfraud = ["officer", "analyst"]\nnobody = []'
    table, problems = read(tmp_path, written('OPEN = "show"', 'POST = "deny"', more=more))
    assert problems == []
    assert table.policies == {"fraud": frozenset({Audience.OFFICER, Audience.ANALYST}), "nobody": frozenset()}


def test_a_table_without_policies_declares_none(tmp_path: Path) -> None:
    table, problems = read(tmp_path, "\n".join(WHOLE.values()))
    assert (table.policies, problems) == ({}, [])


def test_plans_are_for_the_audiences_that_are_named_and_nobody_else(tmp_path: Path) -> None:
    more = '[plans]\nshown = ["officer", "analyst"]\ninside = ["officer"]'
    table, problems = read(tmp_path, written('OPEN = "show"', 'POST = "deny"', more=more))
    assert problems == []
    assert table.plans == PlansShown(frozenset({Audience.OFFICER, Audience.ANALYST}), frozenset({Audience.OFFICER}))
    table, problems = read(tmp_path, "\n".join(WHOLE.values()))
    assert (table.plans, problems) == (PlansShown(), [])


# --- a bad one ------------------------------------------------------------------------------------------------------

DENY_POST = 'POST = "deny"'
SHOW_OPEN = 'OPEN = "show"'

BAD = {
    "an unknown audience": (
        written(SHOW_OPEN, DENY_POST, more=section("oficer", "official", SHOW_OPEN)),
        ["POLICY_UNKNOWN_AUDIENCE at table.toml [oficer]: `oficer` is no audience (did you mean `officer`?)"],
    ),
    "an audience like none that there is": (
        written(SHOW_OPEN, DENY_POST, more=section("x", "official", SHOW_OPEN)),
        [
            (
                "POLICY_UNKNOWN_AUDIENCE at table.toml [x]: `x` is no audience (one of analyst, "
                "citizen, defence-officer, "
                "officer, partner, security-officer)"
            )
        ],
    ),
    "an unknown standing": (
        written(SHOW_OPEN, DENY_POST, more=section("officer", "offical", SHOW_OPEN)),
        [
            (
                "POLICY_UNKNOWN_STANDING at table.toml [officer.offical]: `offical` is no standing "
                "(did you mean `official`?)"
            )
        ],
    ),
    "a standing that an audience never has": (
        written(SHOW_OPEN, DENY_POST, more=section("officer", "self", SHOW_OPEN)),
        [
            (
                "POLICY_NEVER_APPLIES at table.toml [officer.self]: can never apply: `officer` never "
                "reads with standing "
                "`self` (remove it)"
            )
        ],
    ),
    "a missing section": (
        "\n".join(text for where, text in WHOLE.items() if where != (Audience.CITIZEN, Standing.GUARDIAN)),
        [
            (
                "POLICY_MISSING_SECTION at table.toml [citizen.guardian]: is missing: every audience "
                "and standing that can "
                "occur has a section (write it, with every label)"
            )
        ],
    ),
    "an unknown label": (
        written(SHOW_OPEN, DENY_POST, 'POSTS = "show"'),
        ["POLICY_UNKNOWN_LABEL at table.toml [officer.official]: `POSTS` is no label (did you mean `POST`?)"],
    ),
    "a label in small letters": (
        written(SHOW_OPEN, 'post = "deny"'),
        [
            "POLICY_UNKNOWN_LABEL at table.toml [officer.official]: `post` is no label (one of OPEN, POST)",
            (
                f"POLICY_MISSING_CELL at table.toml [officer.official]: label `POST` has no effect here (say one of "
                f"{ALL_EFFECTS})"
            ),
        ],
    ),
    "a missing cell": (
        written(SHOW_OPEN),
        [
            (
                "POLICY_MISSING_CELL at table.toml [officer.official]: label `POST` has no effect here (say one of "
                f"{ALL_EFFECTS})"
            )
        ],
    ),
    "an empty section": (
        written(),
        [
            f"POLICY_MISSING_CELL at table.toml [officer.official]: label `{label}` has no effect here (say one of "
            f"{ALL_EFFECTS})"
            for label in LABELS
        ],
    ),
    "a class without an effect": (
        written(SHOW_OPEN, 'POST = { civilian = "show", defence = "deny" }'),
        [
            (
                "POLICY_MISSING_CELL at table.toml [officer.official] POST: class `public_security` "
                "has no effect here (say "
                f"one of {ALL_EFFECTS})"
            )
        ],
    ),
    "a class nobody knows": (
        written(SHOW_OPEN, 'POST = { civilian = "show", defence = "deny", public_security = "deny", army = "deny" }'),
        [
            (
                "POLICY_UNKNOWN_CLASS at table.toml [officer.official] POST: `army` is no record "
                "class (one of civilian, "
                "defence, public_security)"
            )
        ],
    ),
    "a misspelt class": (
        written(SHOW_OPEN, 'POST = { civilian = "show", defense = "deny", public_security = "deny" }'),
        [
            (
                "POLICY_UNKNOWN_CLASS at table.toml [officer.official] POST: `defense` is no record "
                "class (did you mean "
                "`defence`?)"
            ),
            (
                "POLICY_MISSING_CELL at table.toml [officer.official] POST: class `defence` has no "
                "effect here (say one of "
                f"{ALL_EFFECTS})"
            ),
        ],
    ),
    "a class out of the audience's reach": (
        written(SHOW_OPEN, 'POST = { civilian = "show", defence = "deny" }', of=(Audience.ANALYST, Standing.OFFICIAL)),
        [
            (
                "POLICY_NEVER_APPLIES at table.toml [analyst.official] POST: class `defence` can "
                "never apply: nobody reads "
                "such rows here (remove `defence`)"
            ),
            (
                "POLICY_SAME_IN_EVERY_CLASS at table.toml [analyst.official] POST: says the same of every class (write "
                '"show" once)'
            ),
        ],
    ),
    "a class out of the standing's reach": (
        written(SHOW_OPEN, 'POST = { civilian = "show", defence = "deny" }', of=(Audience.CITIZEN, Standing.HOUSEHOLD)),
        [
            (
                "POLICY_NEVER_APPLIES at table.toml [citizen.household] POST: class `defence` can "
                "never apply: nobody reads "
                "such rows here (remove `defence`)"
            ),
            (
                "POLICY_SAME_IN_EVERY_CLASS at table.toml [citizen.household] POST: says the same of "
                "every class (write "
                '"show" once)'
            ),
        ],
    ),
    "the same of every class one by one": (
        written(SHOW_OPEN, 'POST = { civilian = "mask:year", defence = "mask:year", public_security = "mask:year" }'),
        [
            (
                "POLICY_SAME_IN_EVERY_CLASS at table.toml [officer.official] POST: says the same of every class (write "
                '"mask:year" once)'
            )
        ],
    ),
    "an unknown effect": (
        written(SHOW_OPEN, 'POST = "mask:years"'),
        [
            (
                "POLICY_UNKNOWN_EFFECT at table.toml [officer.official] POST: `mask:years` is no "
                "effect (did you mean `mask:year`?)"
            )
        ],
    ),
    "an unknown effect in one class": (
        written(SHOW_OPEN, 'POST = { civilian = "show", defence = "hide", public_security = "deny" }'),
        [
            (
                "POLICY_UNKNOWN_EFFECT at table.toml [officer.official] POST.defence: `hide` is no effect (one of "
                f"{', '.join(sorted(Effect))})"
            )
        ],
    ),
    "an effect that is no word": (
        written(SHOW_OPEN, "POST = true"),
        [
            (
                f"POLICY_UNKNOWN_EFFECT at table.toml [officer.official] POST: `True` is no effect (one of "
                f"{', '.join(sorted(Effect))})"
            )
        ],
    ),
    "a policy for nobody that there is": (
        written(SHOW_OPEN, DENY_POST, more='[policies]\nfraud = ["officer", "analist"]'),
        ["POLICY_UNKNOWN_AUDIENCE at table.toml [policies] fraud: `analist` is no audience (did you mean `analyst`?)"],
    ),
    "plans for nobody that there is": (
        written(SHOW_OPEN, DENY_POST, more='[plans]\nshown = "oficer"'),
        ["POLICY_UNKNOWN_AUDIENCE at table.toml [plans] shown: `oficer` is no audience (did you mean `officer`?)"],
    ),
    "a part of plans that there is not": (
        written(SHOW_OPEN, DENY_POST, more='[plans]\nshow = ["officer"]'),
        ["POLICY_UNKNOWN_PART at table.toml [plans]: `show` is no part of a plan (did you mean `shown`?)"],
    ),
    "the inside of plans that are not shown": (
        written(SHOW_OPEN, DENY_POST, more='[plans]\nshown = ["officer"]\ninside = ["officer", "analyst"]'),
        [
            (
                "POLICY_NEVER_APPLIES at table.toml [plans] inside: `analyst` is shown no plan to look inside of "
                "(add `analyst` to `shown`, or remove it)"
            )
        ],
    ),
    "plans that are no table": (
        written(SHOW_OPEN, DENY_POST, more="plans = true"),
        ['POLICY_UNREADABLE at table.toml [plans]: is no table (write `shown = ["officer"]`)'],
    ),
    "policies that are no table": (
        written(SHOW_OPEN, DENY_POST, more="policies = 1"),
        ['POLICY_UNREADABLE at table.toml [policies]: is no table (write `name = ["officer"]`)'],
    ),
}


@pytest.mark.parametrize("case", BAD, ids=str)
def test_every_fault_has_its_place_and_a_suggestion(tmp_path: Path, case: str) -> None:
    text, problems = BAD[case]
    assert read(tmp_path, text)[1] == problems


def test_every_fault_of_a_table_is_told_at_once(tmp_path: Path) -> None:
    text = written('OPEN = "shw"', more=section("x", "official") + '[policies]\nfraud = ["y"]')
    codes = [problem.split(" ")[0] for problem in read(tmp_path, text)[1]]
    assert sorted(codes) == [
        "POLICY_MISSING_CELL",
        "POLICY_UNKNOWN_AUDIENCE",
        "POLICY_UNKNOWN_AUDIENCE",
        "POLICY_UNKNOWN_EFFECT",
    ]


def test_a_word_that_nobody_knows_denies(tmp_path: Path) -> None:
    table, _ = read(tmp_path, written('OPEN = "shw"', 'POST = { civilian = "show" }'))
    cells = table.cells[Audience.OFFICER, Standing.OFFICIAL]
    assert cells["OPEN"] == DENIED
    assert cells["POST"] == Effects(Effect.SHOW, Effect.DENY, Effect.DENY)


@pytest.mark.parametrize(
    "text, message",
    [
        (b"[officer", "Expected ']' at the end of a table declaration"),
        (b'OPEN = "show"\nOPEN = "deny"', "Cannot overwrite a value"),
        (b"\xff\xfe", "'utf-8' codec can't decode byte 0xff in position 0"),
    ],
)
def test_a_file_that_is_no_toml_is_a_problem_and_shows_nothing(tmp_path: Path, text: bytes, message: str) -> None:
    table, (problem,) = read(tmp_path, text)
    assert problem.startswith(f"POLICY_UNREADABLE at table.toml: {message}")
    assert (table.cells, table.policies) == ({}, {})


def test_a_table_that_is_not_there_is_a_problem(tmp_path: Path) -> None:
    table, problems = read_policy(tmp_path / "table.toml", LABELS)
    assert [(problem.code, problem.place) for problem in problems] == [("POLICY_UNREADABLE", "table.toml")]
    assert table.cells == {}


def test_an_audience_that_is_no_table_is_not_told_that_it_is_no_audience(tmp_path: Path) -> None:
    lines = "\n".join(text for where, text in WHOLE.items() if where[0] is not Audience.OFFICER)
    problems = read(tmp_path, f'officer = "show"\n{lines}')[1]
    assert problems
    assert not [problem for problem in problems if "`officer` is no audience" in problem]
