"""`hub policy FILE`: operations in, explanations out, held against the stages that serve the reader."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from hub.cli import main
from hub.cli.common import sample_viewer
from hub.cli.endpoint import load_graph
from hub.cli.explanation import explanation_json
from hub.cli.policy import _in_whole_graph, _told
from hub.demo.tokens import VIEWERS
from hub.engine import Built, Engine, build
from hub.errors import Refused
from hub.model.authorized import Grant
from hub.model.request import Request
from hub.policy.explain import explain

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = sorted((ROOT / "schema" / "examples").glob("*.graphql"))


def policy(*arguments: str, given: str | None = None, columns: int = 100) -> Result:
    return CliRunner().invoke(main, ["policy", *arguments], input=given, env={"COLUMNS": str(columns)})


def explained(document: str, viewer: str, *arguments: str) -> Any:
    return json.loads(policy("-", "--as", viewer, "--json", *arguments, given=document).stdout)


def cell(section: str, label: str) -> str:
    """How a reason names a cell, its line found by reading the file as a person would."""
    here = ""
    for number, line in enumerate((ROOT / "schema" / "policy.toml").read_text().splitlines(), start=1):
        if line.startswith("["):
            here = line.strip()
        elif here == f"[{section}]" and line.split(" ")[0] == label:
            return f"policy.toml:{number} {here} {label}"
    raise AssertionError(f"{section} has no {label}")


@pytest.fixture(scope="module")
def built() -> Built:
    return build(load_graph())


# --- text in, text out ----------------------------------------------------------------------------------------------


def test_standing_masks_and_aliases_are_shown_where_they_are() -> None:
    document = "{ me { name: fullName household { members { relationship person { birthDate } } } } }"
    done = policy("-", "--as", "citizen", given=document)
    assert done.stdout == (
        "citizen reads as citizen; own records: civilian; other records: civilian\n"
        "\n"
        "  field -> standing         effect     decided by\n"
        f"  me -> self                show       {cell('citizen.self', 'LINK')}\n"
        f"    name: fullName          show       {cell('citizen.self', 'NAME')}\n"
        f"    household               show       {cell('citizen.self', 'FAMILY')}\n"
        f"      members -> household  show       {cell('citizen.self', 'FAMILY')}\n"
        f"        relationship        show       {cell('citizen.household', 'FAMILY')}\n"
        f"        person              show       {cell('citizen.household', 'FAMILY')}\n"
        f"          birthDate         mask:year  {cell('citizen.household', 'BIRTH')}\n"
    )
    assert done.exit_code == 0


OCCUPATION = 'query Q { person(personalId: "001099012340") { occupation } }'


def test_classes_stand_side_by_side_where_they_differ() -> None:
    done = policy("-", "--as", "cleared-officer", given=OCCUPATION, columns=120)
    assert done.stdout == (
        "cleared-officer reads as officer; records: civilian, defence\n"
        "\n"
        "  field -> standing               effect                        decided by\n"
        f"  person(personalId) -> official  show                          {cell('officer.official', 'LINK')}\n"
        f"    occupation                    civilian show · defence deny  {cell('officer.official', 'POST')}\n"
    )


def test_on_a_narrow_terminal_reasons_and_then_effects_are_shorter() -> None:
    line = cell("officer.official", "POST").split()[0]
    middling = policy("-", "--as", "cleared-officer", given=OCCUPATION, columns=90).stdout.splitlines()
    assert middling[-1] == f"    occupation                    civilian show · defence deny  {line} POST"
    narrow = policy("-", "--as", "cleared-officer", given=OCCUPATION, columns=72).stdout.splitlines()
    assert narrow[-2:] == [
        f"    occupation                    civilian show  {line} POST",
        "                                  defence deny",
    ]


def test_a_refused_field_is_marked_and_what_the_reader_is_told_ends_the_page() -> None:
    document = "{ me { household { members { person { ethnicity { name } } } } } }"
    done = policy("-", "--as", "citizen", given=document)
    assert done.exit_code == 1
    assert done.stdout.splitlines()[2:] == [
        "   field -> standing         effect  decided by",
        f"   me -> self                show    {cell('citizen.self', 'LINK')}",
        f"     household               show    {cell('citizen.self', 'FAMILY')}",
        f"       members -> household  show    {cell('citizen.self', 'FAMILY')}",
        f"         person              show    {cell('citizen.household', 'FAMILY')}",
        f"x          ethnicity         deny    {cell('citizen.household', 'SENSITIVE')}",
        "                                     not shared with standing household",
        f"             name            show    {cell('citizen.household', 'PUBLIC')}",
        "",
        "The operation is refused as a whole (x), before anything is read. The reader is told:",
        "  -:1:39: `ethnicity` is not shared here: me.household.members.person.ethnicity",
    ]


def test_a_partner_reads_what_the_table_allows_and_his_agreement_shares() -> None:
    document = '{ person(personalId: "001099012340") { id fullName sex contact { phone } } }'
    done = policy("-", "--as", "health-ministry", given=document, columns=140)
    shared, link = "agreement health-ministry", cell("partner.official", "LINK")
    assert done.exit_code == 1
    who, _, *lines = done.stdout.splitlines()
    assert who == (
        "health-ministry reads as partner; records: civilian; agreement health-ministry, 01/01/2026 to 31/12/2028, "
        "for card-check or claims-review"
    )
    assert lines == [
        "   field -> standing               effect          decided by",
        f"   person(personalId) -> official  show            {link}; {shared} (Query.person)",
        f"     id                            mask:pseudonym  {cell('partner.official', 'KEY')}; {shared} (Person.id)",
        f"     fullName                      show            {cell('partner.official', 'NAME')}; {shared} (NAME)",
        f"     sex                           show            {cell('partner.official', 'BASIC')}; {shared} (BASIC)",
        f"x    contact                       deny            {shared} does not share it",
        "                                                   not in the schema of this reader",
        "       phone                       deny",
        "",
        "The operation is refused as a whole (x), before anything is read. The reader is told:",
        "  -:1:56: Cannot query field 'contact' on type 'Person'.",
    ]


def test_a_standing_that_the_audience_never_has_is_said_once() -> None:
    done = policy("-", "--as", "officer", given="{ me { fullName } }")
    assert done.stdout.splitlines()[2:6] == [
        "   field -> standing  effect  decided by",
        "x  me -> self         deny    no officer reads with standing self",
        "                              not in the schema of this reader",
        "     fullName         deny",
    ]


def test_a_root_field_that_cannot_be_asked_says_by_what() -> None:
    document = "query ($id: PersonalId!) { person(personalId: $id) { sex } }"
    (person, sex) = explained(document, "analyst")["fields"]
    (reason,) = person["refused"]
    assert reason == (
        "not in the schema of this reader: it cannot be asked without `personalId`, which is compared with "
        f"Person.personalId: deny, {cell('analyst.official', 'IDENTIFIER')}"
    )
    assert sex["refused"] == []


def test_what_holds_for_every_type_is_said_once_and_what_does_not_under_its_type() -> None:
    document = "{ me { insuranceBook { benefits { nodes { ... on Pension { ratePercent } amount } } } } }"
    lines = policy("-", "--as", "citizen", given=document).stdout.splitlines()[5:]
    assert [line.split("  show")[0].rstrip() for line in lines] == [
        "      benefits",
        "        nodes",
        "          amount",
        "          ... on Pension",
        "            ratePercent",
    ]


def test_an_order_that_is_not_seen_in_every_class_is_told() -> None:
    document = '{ employer(taxCode: "0099000013") { units { unitCode } } }'
    done = policy("-", "--as", "cleared-officer", given=document)
    assert "sees EmployerUnit.objectGroup as" in done.stdout
    units = next(one for one in explained(document, "cleared-officer")["fields"] if one["path"][-1] == "units")
    assert units["sees"] == {
        "EmployerUnit.objectGroup": {
            "civilian": {"effect": "show", "because": cell("officer.official", "AFFILIATION")},
            "defence": {"effect": "deny", "because": cell("officer.official", "AFFILIATION")},
        }
    }


def test_fragments_skips_and_variables_are_as_in_the_operation() -> None:
    document = """query One { me { sex } }
    query Two($no: Boolean = true) { me { ...F nationality @skip(if: $no) } }
    fragment F on Person { surname }"""
    fields = explained(document, "citizen", "--operation", "Two")["fields"]
    assert [one["path"] for one in fields] == [["me"], ["me", "surname"]]
    fields = explained(document, "citizen", "--operation", "Two", "--variables", '{"no": false}')["fields"]
    assert [one["path"] for one in fields] == [["me"], ["me", "surname"], ["me", "nationality"]]
    assert (fields[2]["line"], fields[2]["column"]) == (2, 48)


def test_a_line_never_passes_the_terminal() -> None:
    for viewer in ("soldier", "cleared-officer", "health-ministry"):
        for example in EXAMPLES:
            table = policy(str(example), "--as", viewer).stdout.split("The operation is refused")[0]
            assert max(map(len, table.splitlines()[1:])) <= 100


def test_colour_is_for_terminals_only() -> None:
    assert "\x1b" not in policy(str(EXAMPLES[0]), "--as", "officer").stdout


# --- laws: the explanation is what the stages do ----------------------------------------------------------------------

OPERATIONS = {
    **{example.stem: example.read_text() for example in EXAMPLES},
    "sensitive": "{ me { household { members { person { ethnicity { name } identifiers { value } } } } } }",
    "class": 'query { person(personalId: "001099012340") { recordClass insuranceBook { issuer holder { sex } } } }',
    "cards": """query { person(personalId: "001099012340") {
        healthInsurance { cards { nodes { cardCode hiNumber issuer } } } } }""",
    "benefits": "{ me { insuranceBook { benefits { nodes { id __typename ... on Pension { pay: amount } } } } } }",
    "employer": """{ employer(taxCode: "0099000013") {
        name units { unitCode } participants { nodes { person { fullName } } } } }""",
    "introspection": "{ __typename __schema { queryType { name } } }",
    "visits": """{ person(personalId: "001099012340") {
        healthInsurance { visits { nodes { diagnosis { code } totalCost } } } } }""",
    "page": """{ employer(taxCode: "0099000013") { participants(last: 2) {
        totalCount pageInfo { hasPreviousPage startCursor } edges { cursor node { status person { sex } } } } } }""",
}


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("viewer", VIEWERS)
def test_it_refuses_what_the_stages_refuse_and_gives_what_they_grant(built: Built, viewer: str, name: str) -> None:
    document = OPERATIONS[name]
    profile = sample_viewer(viewer, None, built).profile
    found = explain(_in_whole_graph(built, document, None, {}), profile, built.rules, built.supergraph.api)
    said = json.loads(explanation_json(found, viewer, built, _told(built, document, None, {}, profile)))
    marked = {(one["line"], one["column"]) for one in said["fields"] if one["refused"]}
    engine, request = Engine(built, {}), Request(document)
    if said["refused"]:
        with pytest.raises(Refused) as refused:
            engine.stages(request, profile)
        assert [one["message"] for one in said["told"]] == [error.message for error in refused.value.errors]
        assert marked
        places = {place for error in refused.value.errors for place in error.locations}
        if all(error.code == "NOT_SHARED" for error in refused.value.errors):
            assert marked == places
        else:
            # What is not valid is not decided any further, and is told at arguments and fragments too.
            assert {line for line, _ in places} & {line for line, _ in marked}
        return
    assert (said["told"], marked) == ([], set())
    grants = engine.stages(request, profile).authorized.grants
    granted = dict(_granted(grants))
    for one in said["fields"]:
        for parent in one["on"] or [one["field"].split(".")[0]]:
            grant = granted[(*one["path"][:-1], parent, one["path"][-1])]
            assert (grant.standing, grant.below) == (one["standing"], one["below"])
            universe = profile.universe(grant.standing).classes
            assert {each: str(grant.effects.of(each)) for each in universe} == {
                each: decision["effect"] for each, decision in one["classes"].items()
            }


def _granted(grants: tuple[Grant, ...], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Grant]]:
    """Path with the parent's type before its last key -> grant."""
    for grant in grants:
        yield (*path, grant.field.parent, grant.key), grant
        for inner in (grant.selection or {}).values():
            yield from _granted(inner, (*path, grant.key))


# --- what is wrong is said --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "given", "code", "said"),
    [
        (("nowhere.graphql",), None, 2, "File 'nowhere.graphql' does not exist"),
        (("-",), "{ me", 1, "error: -:1:5: Syntax Error: Expected Name, found <EOF>."),
        (("-",), "{ mee { sex } }", 1, "error: -:1:3: Cannot query field 'mee' on type 'Query'. Did you mean 'me'?"),
        (("-", "--as", "oficer"), "{ a }", 2, "`oficer` is no sample viewer: did you mean `officer`?"),
        (("-", "--as", "x"), "{ a }", 2, "`x` is no sample viewer: one of citizen, soldier,"),
        (
            ("-", "--operation", "B"),
            "query A { me { sex } }",
            1,
            "error: the document has no operation `B`: it has `A`",
        ),
        (("-", "--variables", "[1]"), "{ me { sex } }", 1, "error: --variables must be a JSON object"),
        (("--wrong",), None, 2, "No such option"),
        ((), None, 2, "policy FILE|COMMAND [OPTIONS]"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(arguments: tuple[str, ...], given: str | None, code: int, said: str) -> None:
    done = policy(*arguments, given=given)
    assert (done.exit_code, done.stdout) == (code, "")
    assert said in done.stderr


def test_the_word_explain_may_be_left_out() -> None:
    document = "{ me { sex } }"
    whole = policy("explain", "-", "--as", "citizen", given=document).stdout
    assert whole == policy("-", "--as", "citizen", given=document).stdout
    assert whole == policy("--as", "citizen", "-", given=document).stdout


# --- help -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["policy", "policy explain", "policy matrix"])
def test_every_example_of_the_help_works(command: str, tmp_path: Path) -> None:
    (tmp_path / "schema").symlink_to(ROOT / "schema")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")} | {"PATH": path}

    def run(line: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-c", line], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )

    text = run(f"hub {shlex.join(command.split())} --help").stdout
    examples = [line.strip() for line in text.splitlines() if line.strip().startswith(("hub ", "echo "))]
    examples = [line for line in examples if "hub policy leaks" not in line]  # needs databases: `test_leaks`
    assert examples
    for example in examples:
        done = run(example)
        assert (done.returncode, done.stderr) == (0, ""), example
        assert done.stdout or "--output" in example


def test_the_help_of_the_group_names_every_way() -> None:
    text = policy("--help").stdout
    assert "FILE" in text
    assert "explain" in text
    assert "matrix" in text
