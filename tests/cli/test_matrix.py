"""`hub policy matrix`: the table field by field, held against policy.toml and the agreements as they are written."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from hub.cli import main
from hub.cli.endpoint import load_graph
from hub.cli.matrix import html_page
from hub.engine import Built, build
from hub.policy.matrix import Matrix, matrix

ROOT = Path(__file__).resolve().parents[2]
POLICY = ROOT / "schema" / "policy.toml"

CIVILIAN = ("civilian",)
ALL = ("civilian", "defence", "public_security")
# What each section of the table is about: the classes that the widest clearance of its audience reaches.
REACH = {
    "citizen.self": ALL,
    "citizen.guardian": CIVILIAN,
    "citizen.household": CIVILIAN,
    "citizen.official": CIVILIAN,
    "officer.official": ALL,
    "analyst.official": CIVILIAN,
    "partner.official": ALL,
    "defence-officer.official": ALL,
    "security-officer.official": ALL,
}
ROOTS = {"me": "self"}  # every other root field is read with standing `official`


def run(*arguments: str, columns: int = 100) -> Result:
    return CliRunner().invoke(main, ["policy", "matrix", *arguments], env={"COLUMNS": str(columns)})


@pytest.fixture(scope="module")
def built() -> Built:
    return build(load_graph())


@pytest.fixture(scope="module")
def made(built: Built) -> Matrix:
    return matrix(built.rules, built.supergraph.api)


@pytest.fixture(scope="module")
def document() -> Any:
    return json.loads(run("--format", "json").stdout)


@pytest.fixture(scope="module")
def page() -> str:
    return run("--format", "html").stdout


def rows(document: Any) -> Iterator[tuple[str, Any]]:
    for one in document["types"]:
        for field in one["fields"]:
            yield one["name"], field


# --- the oracle -------------------------------------------------------------------------------------------------------


def written(section: str, label: str) -> dict[str, str]:
    """class -> effect, as policy.toml says it."""
    audience, standing = section.split(".")
    cell = tomllib.loads(POLICY.read_text())[audience][standing][label]
    return {one: cell if isinstance(cell, str) else cell[one] for one in REACH[section]}


def test_every_field_of_the_graph_is_there_once(document: Any, built: Built) -> None:
    assert [(owner, field["name"]) for owner, field in rows(document)] == [
        (owner["name"], field["name"]) for owner in document["types"] for field in owner["fields"]
    ]
    assert {(owner, field["name"]) for owner, field in rows(document)} == set(built.rules.labels)
    assert [field["label"] for owner, field in rows(document)] == [
        built.rules.labels[owner, field["name"]] for owner, field in rows(document)
    ]
    assert all(len(field["cells"]) == len(document["columns"]) for _, field in rows(document))


def test_every_section_of_the_table_and_every_agreement_has_a_column(document: Any) -> None:
    agreements = [f"partner.{path.stem}" for path in sorted((ROOT / "schema" / "agreements").glob("*.toml"))]
    assert [one["name"] for one in document["columns"]] == [
        *list(REACH)[:7],
        *agreements,
        *list(REACH)[7:],
    ]


@pytest.mark.parametrize("section", REACH)
def test_every_cell_says_what_the_table_says(document: Any, section: str) -> None:
    place = next(at for at, one in enumerate(document["columns"]) if one["name"] == section)
    audience, standing = section.split(".")
    for owner, field in rows(document):
        found = field["cells"][place]
        if owner == "Query" and audience == "citizen" and ROOTS.get(field["name"], "official") != standing:
            assert found is None
            continue
        expected = written(section, field["label"])
        if owner == "Query" and ROOTS.get(field["name"]) == "self" and audience != "citizen":
            expected = dict.fromkeys(expected, "deny")
        if field["name"] == "recordClass" and len(expected) == 1:
            expected = {"civilian": "deny"}
        for one, effect in found["effects"].items():
            # A value that is made of others is given only where all of those are shown.
            made_of = found["because"][one].startswith("made of")
            assert effect == ("deny" if made_of else expected[one]), (section, owner, field["name"], one)
        assert found["effects"].keys() == expected.keys()


def test_a_partners_column_is_the_table_and_the_agreement(document: Any, built: Built) -> None:
    interfaces = {one["name"]: one["interfaces"] for one in document["types"]}
    for path in (ROOT / "schema" / "agreements").glob("*.toml"):
        agreement = tomllib.loads(path.read_text())
        place = next(at for at, one in enumerate(document["columns"]) if one["name"] == f"partner.{path.stem}")
        assert document["columns"][place]["classes"] == agreement["classes"]
        for owner, field in rows(document):
            names = [f"{each}.{field['name']}" for each in (owner, *interfaces[owner])]
            shared = field["label"] in agreement["labels"] or any(name in agreement["fields"] for name in names)
            found = field["cells"][place]
            for one, effect in found["effects"].items():
                table = written("partner.official", field["label"])[one]
                made_of = found["because"][one].startswith("made of")
                alone = field["name"] == "recordClass" and len(agreement["classes"]) == 1
                root = owner == "Query" and field["name"] in ROOTS
                assert effect == ("deny" if not shared or made_of or alone or root else table), (owner, field["name"])


def test_who_is_cleared_for_one_class_is_not_told_of_classes(document: Any) -> None:
    for _, field in rows(document):
        for column, cell in zip(document["columns"], field["cells"], strict=True):
            expected = {}
            if field["name"] == "recordClass" and column["name"] in ("citizen.self", "officer.official"):
                expected = {"civilian": {"civilian": "deny"}}
            if cell is not None:
                assert cell["narrower"] == expected


def test_what_no_path_leads_to_is_told_apart(document: Any) -> None:
    names = [one["name"] for one in document["columns"]]
    found = {
        f"{owner}.{field['name']}": dict(zip(names, field["cells"], strict=True)) for owner, field in rows(document)
    }
    assert found["Person.fullName"]["citizen.household"]["reached"]
    # What a code means is public, but an officer is given no diagnosis; an employer is never read as oneself.
    assert found["Diagnosis.code"]["officer.official"]["effects"]["civilian"] == "show"
    assert not found["Diagnosis.code"]["officer.official"]["reached"]
    assert not found["Employer.representativeName"]["citizen.self"]["reached"]
    # An analyst is not shown the numbers that a person is asked by.
    assert not found["Query.person"]["analyst.official"]["reached"]
    assert found["Query.employer"]["analyst.official"]["reached"]


# --- text -------------------------------------------------------------------------------------------------------------


def test_a_type_for_an_audience() -> None:
    done = run("--type", "Visit", "--audience", "citizen", "--audience", "officer")
    assert (
        done.stdout
        == """\
                            citizen                               officer
  field                     self   guardian  household  official  official

Visit  lượt khám chữa bệnh
  recordClass    CLASS      +*     -         -          -         (+*)      cơ quan quản lý hồ sơ
  id             KEY        +      (+)       (+)        -         (+)       mã lượt khám
  facility       MEDICAL    +      -         -          -         -         cơ sở KCB
  cardCode       CARD_CODE  C++    -         -          -         (C--)     mã thẻ
  admittedAt     MEDICAL    +      -         -          -         -         ngày vào
  dischargedAt   MEDICAL    +      -         -          -         -         ngày ra
  diagnosis      MEDICAL    +      -         -          -         -         bệnh chính
  treatment      MEDICAL    +      -         -          -         -         hình thức
  result         MEDICAL    +      -         -          -         -         kết quả điều trị
  totalCost      MEDICAL    +      -         -          -         -         tổng chi phí
  insurancePaid  MEDICAL    +      -         -          -         -         quỹ BHYT trả
  patientCopay   MEDICAL    +      -         -          -         -         cùng chi trả

+ show   C mask:card-number   - deny
+++ one sign for each record class where they differ: civilian, defence, public_security; . is out
   of reach
() what the table says; no path that this reader may walk leads there with this standing
*  otherwise with clearance civilian: civilian deny
"""
    )


@pytest.mark.parametrize("columns", [80, 100, 132, 250])
def test_no_line_is_longer_than_the_terminal_and_every_audience_is_there(columns: int) -> None:
    lines = run(columns=columns).stdout.splitlines()
    assert max(map(len, lines)) <= columns
    assert not any(line != line.rstrip() for line in lines)
    headings = " ".join(line for line in lines if line.startswith(" " * 8))
    assert {"citizen", "officer", "analyst", "partner", "defence-officer", "security-officer"} <= set(headings.split())
    assert sum(line == "Person  công dân" for line in lines) == sum(line.startswith("  field") for line in lines)


def test_text_can_be_written_to_a_file(tmp_path: Path) -> None:
    path = tmp_path / "matrix.txt"
    assert run("--type", "Visit", "--output", str(path)).stdout == ""
    assert path.read_text() == run("--type", "Visit").stdout


# --- the page ---------------------------------------------------------------------------------------------------------

VOID = {"meta", "br", "link", "img", "hr", "input", "base"}


class Page(HTMLParser):
    """The page as the standard library reads it; it fails on a tag that is closed wrongly."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.columns: list[str] = []
        self.cells: dict[str, list[str]] = {}
        self.text: list[str] = []
        self.languages: set[str] = set()
        self.outside: list[tuple[str, str]] = []
        self.row = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        self.tags.add(tag)
        given = {name: value or "" for name, value in attrs}
        self.languages |= {given["lang"]} if "lang" in given else set()
        self.ids += [given["id"]] if "id" in given else []
        self.links += [given["href"]] if "href" in given else []
        self.columns += [given["data-column"]] if "data-column" in given else []
        self.outside += [(name, value) for name, value in given.items() if name in ("src", "srcset", "style", "action")]
        self.outside += [(name, value) for name, value in given.items() if name.startswith("on")]
        if tag == "tr":
            self.row = given.get("id", "")
        if tag == "td" and self.row:
            self.cells.setdefault(self.row, []).append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)
        if "td" in self.open and self.row:
            self.cells[self.row][-1] += f" {data.strip()}"


WORDS = {"show": "✓ show", "deny": "– no"}


def test_the_page_has_every_field_in_every_column(page: str, document: Any) -> None:
    parsed = Page(page)
    assert parsed.columns == [one["name"] for one in document["columns"]]
    assert set(parsed.cells) == {f"{owner}.{field['name']}" for owner, field in rows(document)}
    for owner, field in rows(document):
        label, *cells = [" ".join(cell.split()) for cell in parsed.cells[f"{owner}.{field['name']}"]]
        assert label == field["label"]
        for text, cell in zip(cells, field["cells"], strict=True):
            effects = list(cell["effects"].values()) if cell else []
            if not effects:
                assert text == ""
            elif len(set(effects)) == 1:
                word = WORDS.get(effects[0], f"◐ {effects[0].removeprefix('mask:').replace('-', ' ')}")
                bracketed = f"({word})" if not cell["reached"] and effects[0] != "deny" else word
                assert text.split(" *")[0] == bracketed
            else:
                for name, effect in zip(("civilian", "defence", "security"), effects, strict=False):
                    assert name in text
                    assert WORDS.get(effect, effect.removeprefix("mask:").replace("-", " ")) in text


def test_the_page_is_whole_in_itself(page: str) -> None:
    parsed = Page(page)
    assert parsed.tags.isdisjoint({"script", "link", "img", "iframe", "object", "base", "form"})
    assert parsed.outside == []
    assert all(link.startswith("#") for link in parsed.links)
    assert {link[1:] for link in parsed.links} <= set(parsed.ids)
    assert len(parsed.ids) == len(set(parsed.ids))
    assert "url(" not in page
    assert "@import" not in page
    assert "://" not in page
    assert parsed.languages == {"en", "vi"}


def test_the_page_says_of_what_it_was_made(page: str) -> None:
    assert hashlib.sha256(POLICY.read_bytes()).hexdigest() in page
    for said in ("policy.toml", "hub 0.1.0", "Bộ Y tế (Ministry of Health)", "01/01/2026", "31/12/2028", "card-check"):
        assert said in page


def test_a_part_of_the_page_has_no_broken_links() -> None:
    parsed = Page(run("--type", "Person", "--audience", "citizen", "--format", "html").stdout)
    assert {link[1:] for link in parsed.links} <= set(parsed.ids)
    assert {row.split(".")[0] for row in parsed.cells} == {"Person"}
    assert {column.split(".")[0] for column in parsed.columns} == {"citizen"}


HOSTILE = '<script>alert("1")</script>&copy;\' onclick="x'


def test_no_text_becomes_markup(built: Built, made: Matrix) -> None:
    agreement = built.rules.agreements["health-ministry"]
    wrong = replace(agreement, partner=HOSTILE, contact=HOSTILE, purposes={HOSTILE: HOSTILE})
    rules = replace(built.rules, agreements={"health-ministry": wrong})
    (one,) = made.only(["Visit"]).types
    row = replace(one.rows[0], says=HOSTILE, term=HOSTILE, label=HOSTILE, needs=(HOSTILE,))
    cell = row.cells[0]
    assert cell is not None
    row = replace(row, cells=(replace(cell, because=(HOSTILE,)), *row.cells[1:]))
    part = replace(made, types=(replace(one, says=HOSTILE, term=HOSTILE, rows=(row,)),))
    page = html_page(part, replace(built, rules=rules))
    parsed = Page(page)
    assert "script" not in parsed.tags
    assert parsed.outside == []
    assert "<script" not in page
    assert "".join(parsed.text).count(HOSTILE) == 11


# --- what is wrong is said --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--type", "Persn"), 2, "Invalid value for '--type': `Persn` is no type of the graph: did you mean `Person`?"),
        (("--audience", "citizens"), 2, "`citizens` is no audience: did you mean `citizen`?"),
        (("--audience", "x"), 2, "`x` is no audience: one of citizen, officer,"),
        (("--format", "pdf"), 2, "'pdf' is not one of 'text', 'html', 'json'"),
        (
            ("--format", "html", "--output", "nowhere/x"),
            1,
            "error: cannot write `nowhere/x`: No such file or directory",
        ),
        (("--output", "."), 1, "error: cannot write `.`: Is a directory"),
        (("more",), 2, "unexpected extra argument"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(arguments: tuple[str, ...], code: int, said: str) -> None:
    done = run(*arguments)
    assert (done.exit_code, done.stdout) == (code, "")
    assert said in done.stderr
