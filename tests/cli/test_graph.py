"""`hub compose|operation|plan|sql|query|check`, run as people run them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from hub.compose import read_supergraph
from hub.demo.country.sample import Sample
from hub.demo.start import Demo

ROOT = Path(__file__).resolve().parents[2]
HUB = Path(sys.executable).with_name("hub")


def hub(*arguments: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run([HUB, *arguments], cwd=ROOT, input=given, capture_output=True, text=True, check=False)


def test_compose_prints_a_supergraph_that_can_be_read() -> None:
    supergraph = read_supergraph(hub("compose").stdout)
    assert set(supergraph.graphs) == {"population", "household", "insurance", "employer"}
    assert "insuranceBook" in supergraph.api.type_map["Person"].fields  # type: ignore[attr-defined]


def test_operation_opens_fragments_and_decides_skips() -> None:
    document = """query ($books: Boolean = true, $id: PersonalId!) {
      person(personalId: $id) {
        ...F
        insuranceBook @include(if: $books) { benefits { ... on Pension { pay: amount } } }
      }
    }
    fragment F on Person { name: fullName fullName @skip(if: true) }"""
    done = hub("operation", "-", "--as", "officer", given=document)
    assert done.stdout.splitlines() == [
        "query",
        "  person(personalId: $id): Person",
        "    name: fullName: String!",
        "    insuranceBook: InsuranceBook",
        "      benefits: [BenefitSettlement!]!",
        "        ... on AccidentBenefit",
        "        ... on OneTimeBenefit",
        "        ... on Pension",
        "          pay: amount: Dong!",
        "        ... on ShortTermBenefit",
    ]
    without = hub("operation", "-", "--variables", '{"books": false}', given=document)
    assert "insuranceBook" not in without.stdout


def test_plan_and_sql_show_what_is_asked_of_whom() -> None:
    document = '{ employer(taxCode: "0099000013") { name } }'
    assert hub("plan", "-", given=document).stdout.splitlines() == [
        "step 1",
        "  employer: Employer by taxCode -> employer  [civilian]",
        "      name",
    ]
    assert "from civilian.employer r where r.tax_code = any($1::text[])" in hub("sql", "-", given=document).stdout
    assert "defence.employer" in hub("sql", "-", "--as", "defence-officer", given=document).stdout


def test_query_answers_from_a_demo_that_runs(demo: Demo, sample: Sample) -> None:
    document = "query ($id: PersonalId!) { person(personalId: $id) { personalId } }"
    variables = json.dumps({"id": sample.citizen})
    done = hub("query", "-", "--data", str(demo.folder.path), "--variables", variables, given=document)
    assert json.loads(done.stdout) == {"data": {"person": {"personalId": sample.citizen}}}
    assert done.returncode == 0
    own = hub("query", "-", "--as", "citizen", "--data", str(demo.folder.path), given="{ me { personalId } }")
    assert json.loads(own.stdout) == {"data": {"me": {"personalId": sample.citizen}}}


def test_a_partner_names_the_purpose_that_its_agreement_has(demo: Demo, sample: Sample) -> None:
    document = "query ($id: PersonalId!) { person(personalId: $id) { fullName } }"
    partner = ("query", "-", "--as", "health-ministry", "--data", str(demo.folder.path))
    asked = (*partner, "--variables", json.dumps({"id": sample.citizen}))
    done = hub(*asked, "--purpose", "card-check", given=document)
    assert json.loads(done.stdout) == {"data": {"person": {"fullName": sample.citizen_name}}}
    for purpose in ((), ("--purpose", "curiosity")):
        done = hub(*asked, *purpose, given=document)
        assert done.returncode == 1
        assert json.loads(done.stdout)["errors"][0]["extensions"]["code"] == "PURPOSE_NOT_AGREED"


def test_query_ends_with_an_error_when_the_answer_has_one(demo: Demo) -> None:
    done = hub("query", "-", "--data", str(demo.folder.path), given='{ person(personalId: "1") { sex } }')
    assert done.returncode == 1
    assert json.loads(done.stdout)["errors"][0]["locations"] == [{"line": 1, "column": 22}]


def test_check_finds_no_drift_in_a_demo(demo: Demo) -> None:
    done = hub("check", "--data", str(demo.folder.path))
    assert (done.returncode, done.stdout.split(":")[0]) == (0, "no drift")


@pytest.mark.parametrize(
    ("arguments", "given", "said"),
    [
        (("plan", "nowhere.graphql"), None, "File 'nowhere.graphql' does not exist"),
        (("plan", "-"), "{ me", "error: -:1:5: Syntax Error: Expected Name, found <EOF>."),
        (
            ("plan", "-"),
            "{ persn }",
            "error: -:1:3: Cannot query field 'persn' on type 'Query'. Did you mean 'person'?",
        ),
        (("plan", "-", "--as", "nobody"), "{ a }", "'nobody' is not one of"),
        (("plan", "-", "--variables", "[1]"), "{ a }", "error: --variables must be a JSON object"),
        (("plan", "-", "--variables", "{"), "{ a }", "error: --variables is not JSON"),
        (("query", "-", "--data", "nowhere"), "{ a }", "error: there is no finished demo in `nowhere`"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(arguments: tuple[str, ...], given: str | None, said: str) -> None:
    done = hub(*arguments, given=given)
    assert done.returncode in (1, 2)
    assert said in done.stderr
    assert "Traceback" not in done.stderr
