"""Reading the agreements with partners: a folder of TOML in, agreements and problems out."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from hub.authoring import read_agreements
from hub.model.graph import Agreement
from hub.model.viewer import Universe

LABELS = ("NAME", "BIRTH")

GOOD = """
partner = "Bộ Y tế (Ministry of Health)"
contact = "  cntt@example.vn "
valid_from = 2026-01-01
valid_until = 2027-12-31
classes = ["civilian"]
labels = ["NAME"]
fields = ["Query.person", "Person.sex"]
[purposes]
card-check = "Kiểm tra thẻ (checking a card)"
claims-review = "Giám định (reviewing what a visit cost)"
"""
EMPTY = GOOD.replace('labels = ["NAME"]\n', "").replace('fields = ["Query.person", "Person.sex"]\n', "")


def read(folder: Path, text: str | bytes, name: str = "health.toml") -> tuple[dict[str, Agreement], list[str]]:
    (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    found, problems = read_agreements(folder, LABELS)
    return dict(found), [str(problem) for problem in problems]


def test_a_good_agreement_is_read_as_it_is_written(tmp_path: Path) -> None:
    assert read(tmp_path, GOOD) == (
        {
            "health": Agreement(
                name="health",
                partner="Bộ Y tế (Ministry of Health)",
                contact="cntt@example.vn",
                purposes={
                    "card-check": "Kiểm tra thẻ (checking a card)",
                    "claims-review": "Giám định (reviewing what a visit cost)",
                },
                valid_from=date(2026, 1, 1),
                valid_until=date(2027, 12, 31),
                universe=Universe.CIVILIAN,
                labels=frozenset({"NAME"}),
                fields=frozenset({("Query", "person"), ("Person", "sex")}),
            )
        },
        [],
    )


@pytest.mark.parametrize(
    "classes, universe",
    [
        ('["civilian"]', Universe.CIVILIAN),
        ('["defence", "civilian"]', Universe.DEFENCE),
        ('["civilian", "public_security"]', Universe.PUBLIC_SECURITY),
        ('["public_security", "civilian", "defence"]', Universe.ALL),
    ],
)
def test_the_classes_of_an_agreement_are_a_universe(tmp_path: Path, classes: str, universe: Universe) -> None:
    found, problems = read(tmp_path, GOOD.replace('["civilian"]', classes))
    assert (found["health"].universe, problems) == (universe, [])


@pytest.mark.parametrize("key", ["labels", "fields"])
def test_labels_or_fields_are_enough(tmp_path: Path, key: str) -> None:
    found, problems = read(tmp_path, "\n".join(line for line in GOOD.splitlines() if not line.startswith(f"{key} =")))
    assert problems == []
    assert not getattr(found["health"], key)


def test_an_agreement_of_one_day_is_an_agreement(tmp_path: Path) -> None:
    found, problems = read(tmp_path, GOOD.replace("2027-12-31", "2026-01-01"))
    assert (found["health"].valid_from, problems) == (found["health"].valid_until, [])


def test_a_folder_may_hold_several_or_none_and_other_files(tmp_path: Path) -> None:
    assert read_agreements(tmp_path, LABELS) == ({}, [])
    assert read_agreements(tmp_path / "nowhere", LABELS) == ({}, [])
    (tmp_path / "README.md").write_text("Agreements.", encoding="utf-8")
    read(tmp_path, GOOD, "b.toml")
    found, problems = read(tmp_path, GOOD, "a.toml")
    assert (list(found), problems) == (["a", "b"], [])


BAD = {
    "a key nobody knows": (
        GOOD.replace("contact =", "contacts ="),
        [
            (
                "AGREEMENT_UNKNOWN_KEY at health.toml contacts: `contacts` is nothing that an agreement says"
                " (did you mean `contact`?)"
            ),
            "AGREEMENT_MISSING_KEY at health.toml contact: is missing (every agreement says it)",
        ],
    ),
    "no purposes": (
        GOOD.split("[purposes]", maxsplit=1)[0],
        ["AGREEMENT_MISSING_KEY at health.toml purposes: is missing (every agreement says it)"],
    ),
    "no end": (
        GOOD.replace("valid_until = 2027-12-31\n", ""),
        ["AGREEMENT_MISSING_KEY at health.toml valid_until: is missing (every agreement says it)"],
    ),
    "no classes": (
        GOOD.replace('classes = ["civilian"]\n', ""),
        ["AGREEMENT_MISSING_KEY at health.toml classes: is missing (every agreement says it)"],
    ),
    "an empty text": (
        GOOD.replace('"Bộ Y tế (Ministry of Health)"', '"  "'),
        ['AGREEMENT_WRONG_VALUE at health.toml partner: `  ` is no text (write it in quotes: "...")'],
    ),
    "a text that is none": (
        GOOD.replace('"Bộ Y tế (Ministry of Health)"', "7"),
        ['AGREEMENT_WRONG_VALUE at health.toml partner: `7` is no text (write it in quotes: "...")'],
    ),
    "a day in quotes": (
        GOOD.replace("2026-01-01", '"2026-01-01"'),
        [
            (
                "AGREEMENT_WRONG_VALUE at health.toml valid_from: `2026-01-01` is no day"
                " (write it as 2026-01-31, without quotes)"
            )
        ],
    ),
    "a moment for a day": (
        GOOD.replace("2027-12-31", "2027-12-31T00:00:00Z"),
        [
            (
                "AGREEMENT_WRONG_VALUE at health.toml valid_until: `2027-12-31 00:00:00+00:00` is no day"
                " (write it as 2026-01-31, without quotes)"
            )
        ],
    ),
    "an end before the beginning": (
        GOOD.replace("2027-12-31", "2025-12-31"),
        ["AGREEMENT_PERIOD at health.toml valid_until: ends on 31/12/2025, before it begins on 01/01/2026"],
    ),
    "a class nobody knows": (
        GOOD.replace('["civilian"]', '["civilian", "defense"]'),
        [
            "AGREEMENT_UNKNOWN_CLASS at health.toml classes: `defense` is no record class (did you mean `defence`?)",
        ],
    ),
    "classes without the civilian": (
        GOOD.replace('["civilian"]', '["defence"]'),
        ['AGREEMENT_CLASSES at health.toml classes: civilian records are part of every agreement (add "civilian")'],
    ),
    "no class": (
        GOOD.replace('["civilian"]', "[]"),
        ['AGREEMENT_CLASSES at health.toml classes: civilian records are part of every agreement (add "civilian")'],
    ),
    "a class twice": (
        GOOD.replace('["civilian"]', '["civilian", "civilian"]'),
        ["AGREEMENT_TWICE at health.toml classes: `civilian` stands there twice (remove one)"],
    ),
    "a list that is none": (
        GOOD.replace('labels = ["NAME"]', 'labels = "NAME"'),
        ['AGREEMENT_WRONG_VALUE at health.toml labels: is no list of words (write `["...", "..."]`)'],
    ),
    "a list of other things": (
        GOOD.replace('labels = ["NAME"]', "labels = [1]"),
        ['AGREEMENT_WRONG_VALUE at health.toml labels: is no list of words (write `["...", "..."]`)'],
    ),
    "a label nobody knows": (
        GOOD.replace('["NAME"]', '["NAMES"]'),
        ["AGREEMENT_UNKNOWN_LABEL at health.toml labels: `NAMES` is no label (did you mean `NAME`?)"],
    ),
    "a label twice": (
        GOOD.replace('["NAME"]', '["NAME", "NAME"]'),
        ["AGREEMENT_TWICE at health.toml labels: `NAME` stands there twice (remove one)"],
    ),
    "a field without its type": (
        GOOD.replace('"Person.sex"', '"sex"'),
        ["AGREEMENT_WRONG_VALUE at health.toml fields: `sex` is no field (write it as `Person.fullName`)"],
    ),
    "a whole type": (
        GOOD.replace('"Person.sex"', '"Person.*"'),
        ["AGREEMENT_WRONG_VALUE at health.toml fields: `Person.*` is no field (write it as `Person.fullName`)"],
    ),
    "a field twice": (
        GOOD.replace('"Person.sex"', '"Query.person"'),
        ["AGREEMENT_TWICE at health.toml fields: `Query.person` stands there twice (remove one)"],
    ),
    "nothing to share": (EMPTY, ["AGREEMENT_EMPTY at health.toml: shares nothing (name `labels` or `fields`)"]),
    "purposes without one": (
        GOOD.split("[purposes]", maxsplit=1)[0] + "[purposes]\n",
        [
            (
                "AGREEMENT_WRONG_VALUE at health.toml purposes: names no purpose"
                ' (write `[purposes]` and below it `word = "..."`)'
            )
        ],
    ),
    "a purpose that is a sentence": (
        GOOD.replace("card-check =", '"Card check" ='),
        [
            (
                "AGREEMENT_NAME at health.toml purposes: `Card check` is no word for a purpose"
                " (use small letters, digits and hyphens)"
            )
        ],
    ),
    "a purpose that says nothing": (
        GOOD.replace('"Kiểm tra thẻ (checking a card)"', '""'),
        ['AGREEMENT_WRONG_VALUE at health.toml purposes.card-check: `` is no text (write it in quotes: "...")'],
    ),
}


@pytest.mark.parametrize("case", BAD, ids=str)
def test_every_fault_has_its_place_and_a_suggestion_and_half_an_agreement_is_none(tmp_path: Path, case: str) -> None:
    text, problems = BAD[case]
    assert read(tmp_path, text) == ({}, problems)


@pytest.mark.parametrize("name", ["Health.toml", "bộ-y-tế.toml", "a b.toml", "-a.toml", f"{'a' * 65}.toml", "a.b.toml"])
def test_a_file_is_named_as_a_token_names_the_agreement(tmp_path: Path, name: str) -> None:
    stem = name.removesuffix(".toml")
    assert read(tmp_path, GOOD, name) == (
        {},
        [
            (
                f"AGREEMENT_NAME at {name}: `{stem}` is no name of an agreement"
                " (name the file with small letters, digits and hyphens)"
            )
        ],
    )


@pytest.mark.parametrize("text", [b"partner", b"partner = 1\npartner = 2", b"\xff\xfe"])
def test_a_file_that_is_no_toml_is_a_problem_of_its_own(tmp_path: Path, text: bytes) -> None:
    read(tmp_path, GOOD, "b.toml")
    found, (problem,) = read(tmp_path, text, "a.toml")
    assert problem.startswith("AGREEMENT_UNREADABLE at a.toml: ")
    assert list(found) == ["b"]


def test_what_is_wrong_with_all_files_is_told_at_once(tmp_path: Path) -> None:
    read(tmp_path, GOOD.replace('["NAME"]', '["NAMES"]'), "b.toml")
    _, problems = read(tmp_path, EMPTY, "a.toml")
    assert [problem.split(":")[0] for problem in problems] == [
        "AGREEMENT_EMPTY at a.toml",
        "AGREEMENT_UNKNOWN_LABEL at b.toml labels",
    ]
