"""`hub operations check`: a manifest in, its problems out, each where it is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from hub.cli import main

EXAMPLES = sorted((Path(__file__).resolve().parents[2] / "schema" / "examples").glob("*.graphql"))
GOOD = "query Book { me { fullName } }"
BAD = "query Bad($kin: Int) {\n  me { fullNam }\n  nope\n}"
NEEDS = (
    "query Needs($id: PersonalId!, $first: Int!)"
    " { person(personalId: $id) { fullName } persons(first: $first) { totalCount } }"
)


def check(folder: Path, documents: object, *viewers: str) -> Result:
    path = folder / "manifest.json"
    path.write_text(json.dumps(documents))
    return CliRunner().invoke(main, ["operations", "check", str(path), *(f"--as={one}" for one in viewers)])


def test_a_manifest_that_runs_says_so(tmp_path: Path) -> None:
    result = check(tmp_path, {"book": GOOD}, "citizen", "soldier")
    assert (result.exit_code, result.stdout) == (0, "no problem: all of 1 documents run as citizen, soldier\n")


def test_a_variable_without_a_default_is_no_problem(tmp_path: Path) -> None:
    assert check(tmp_path, {"needs": NEEDS}, "officer").exit_code == 0


def test_every_problem_is_said_with_its_operation_line_and_column(tmp_path: Path) -> None:
    result = check(tmp_path, {"book": GOOD, "bad-1": BAD}, "citizen")
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "Bad:1:11: Variable '$kin' is never used in operation 'Bad'.  (as citizen, bad-1)",
        "Bad:2:8: Cannot query field 'fullNam' on type 'Person'. Did you mean 'fullName'?  (as citizen, bad-1)",
        "Bad:3:3: Cannot query field 'nope' on type 'Query'.  (as citizen, bad-1)",
    ]
    assert result.stderr == "Error: 3 problems in 2 documents\n"


def test_a_document_is_checked_as_each_reader_sees_the_graph(tmp_path: Path) -> None:
    result = check(tmp_path, {"book": GOOD}, "citizen", "officer")
    assert result.exit_code == 1
    assert result.stdout == "Book:1:14: Cannot query field 'me' on type 'Query'.  (as officer, book)\n"


def test_what_is_wrong_with_a_document_is_said_once_however_many_operations_it_has(tmp_path: Path) -> None:
    result = check(tmp_path, {"two": "query A { no } query B { __typename }"}, "citizen")
    assert result.stdout == "A, B:1:11: Cannot query field 'no' on type 'Query'.  (as citizen, two)\n"


def test_a_limit_that_is_passed_is_a_problem(tmp_path: Path) -> None:
    many = "query Many { " + " ".join(f"a{number}: __typename" for number in range(1_000)) + " }"
    result = check(tmp_path, {"many": many}, "citizen")
    assert result.exit_code == 1
    assert result.stdout.startswith("Many: the document has ")


@pytest.mark.parametrize("content", [[], {"a": "{"}, {"a": "{ a }", "b": 1}])
def test_a_file_that_is_no_manifest_ends_with_what_is_wrong(content: object, tmp_path: Path) -> None:
    result = check(tmp_path, content, "citizen")
    assert result.exit_code == 1
    assert result.stderr.startswith(f"error: `{tmp_path / 'manifest.json'}`: ")


def test_the_examples_of_the_graph_are_a_manifest_that_runs(tmp_path: Path) -> None:
    documents = {one.stem: one.read_text() for one in EXAMPLES}
    fail = []
    for viewer in ("citizen", "officer"):
        said = [line for line in check(tmp_path, documents, viewer).stdout.splitlines() if line.endswith(")")]
        fail.append({line.rsplit(", ", 1)[1] for line in said})
    assert not set.intersection(*fail)
    assert all(len(one) < len(documents) for one in fail)
