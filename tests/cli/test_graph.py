"""`hub compose|operation|plan|sql|query|check`, run as people run them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from hub.compose import read_supergraph
from hub.demo.country.sample import Sample
from hub.demo.start import Demo
from tests.federation.case import read_case

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
        insuranceBook @include(if: $books) { benefits { nodes { ... on Pension { pay: amount } } } }
      }
    }
    fragment F on Person { name: fullName fullName @skip(if: true) }"""
    done = hub("operation", "-", "--as", "officer", given=document)
    assert done.stdout.splitlines() == [
        "query",
        "  person(personalId: $id): Person",
        "    name: fullName: String!",
        "    insuranceBook: InsuranceBook",
        "      benefits: BenefitSettlementConnection!",
        "        nodes: [BenefitSettlement!]!",
        "          ... on AccidentBenefit",
        "          ... on OneTimeBenefit",
        "          ... on Pension",
        "            pay: amount: Dong!",
        "          ... on ShortTermBenefit",
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


EMPLOYER = '{ employer(taxCode: "0099000013") { name } }'
STARTS = {"text": "step 1\n", "boxes": "step 1\n", "mermaid": "flowchart LR\n", "svg": "<svg ", "json": "{\n"}


@pytest.mark.parametrize("form", STARTS)
def test_plan_is_printed_in_every_form_and_names_what_is_asked(form: str) -> None:
    done = hub("plan", "-", "--format", form, given=EMPLOYER)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(STARTS[form])
    assert "employer" in done.stdout
    if form == "svg":
        ET.fromstring(done.stdout)
    if form == "json":
        assert json.loads(done.stdout)["fetches"][0]["source"] == "employer"


@pytest.mark.parametrize("form", ["text", "boxes", "svg", "json"])
def test_plan_says_what_each_fetch_asks_when_it_is_to(form: str) -> None:
    assert "civilian.employer" in hub("plan", "-", "--format", form, "--questions", given=EMPLOYER).stdout
    assert "civilian.employer" not in hub("plan", "-", "--format", form, given=EMPLOYER).stdout


def test_plan_is_made_over_any_supergraph(tmp_path: Path) -> None:
    case = read_case("an-entity-is-continued-by-its-key")
    file = tmp_path / "supergraph.graphql"
    file.write_text(case.supergraph().sdl, encoding="utf-8")
    (operation, *_) = case.operations
    variables = ("--variables", json.dumps(dict(operation.variables)))
    done = hub("plan", "-", "--supergraph", str(file), *variables, "--questions", given=operation.document)
    assert done.returncode == 0, done.stderr
    assert "_entities(representations: $r0)" in done.stdout
    assert "[civilian]" not in done.stdout
    refused = hub("plan", "-", "--supergraph", str(file), "--as", "officer", given=operation.document)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "error: `--as` says who reads the hub's own graph" in refused.stderr
    file.write_text("type Query {", encoding="utf-8")
    assert "error: " in hub("plan", "-", "--supergraph", str(file), given=operation.document).stderr


def test_query_prints_the_plan_below_the_answer_with_what_came_of_it(demo: Demo, sample: Sample) -> None:
    asked = ("query", "-", "--as", "citizen", "--data", str(demo.folder.path))
    done = hub(*asked, "--plan", given="{ me { personalId insuranceBook { status } } }")
    answer, _, drawn = done.stdout.partition("\n\n")
    assert json.loads(answer)["data"]["me"]["personalId"] == sample.citizen
    assert "extensions" not in json.loads(answer)
    assert len(re.findall(r"1 question, 1 key, 1 found, 1 row, [0-9.]+ ms", drawn)) == 2
    refused = hub(*asked, "--plan", given="{ nothing }")
    assert refused.returncode == 1
    assert list(json.loads(refused.stdout)) == ["errors"]


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


def test_check_prints_the_index_behind_every_way_to_ask_a_list(demo: Demo) -> None:
    done = hub("check", "--lists", "--data", str(demo.folder.path))
    assert done.returncode == 0
    _, _, after = done.stdout.partition("Query.employers  (employer)\n")
    assert after.splitlines()[:7] == [
        "  employer_name_order       as it comes, order.name",
        "  employer_tax_code_key     where.taxCode",
        "  employer_name             where.name",
        "  beside another condition  where.entityType, where.status",
        "  employer_industry         where.industry.code",
        "  employer_province         where.address.province.code",
        "  employer_commune          where.address.commune.code",
    ]
    assert "NO INDEX" not in done.stdout


@pytest.mark.parametrize(
    ("arguments", "given", "said"),
    [
        (("plan", "nowhere.graphql"), None, "File 'nowhere.graphql' does not exist"),
        (("plan", "-"), "{ me", "error: -:1:5: Syntax Error: Expected Name, found <EOF>."),
        (
            ("plan", "-"),
            "{ persn }",
            "error: -:1:3: Cannot query field 'persn' on type 'Query'. Did you mean 'person' or 'persons'?",
        ),
        (("plan", "-", "--as", "nobody"), "{ a }", "'nobody' is not one of"),
        (("plan", "-", "--variables", "[1]"), "{ a }", "error: --variables must be a JSON object"),
        (("plan", "-", "--format", "dot"), "{ a }", "'dot' is not one of 'text', 'boxes', 'mermaid', 'svg', 'json'"),
        (("plan", "-", "--supergraph", "nowhere"), "{ a }", "File 'nowhere' does not exist"),
        (("plan", "-", "--variables", "{"), "{ a }", "error: --variables is not JSON"),
        (("query", "-", "--data", "nowhere"), "{ a }", "error: there is no finished demo in `nowhere`"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(arguments: tuple[str, ...], given: str | None, said: str) -> None:
    done = hub(*arguments, given=given)
    assert done.returncode in (1, 2)
    assert said in done.stderr
    assert "Traceback" not in done.stderr
