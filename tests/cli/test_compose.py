"""`hub compose` and `hub diff`, run as people run them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hub.compose import read_supergraph

HUB = [sys.executable, "-c", "from hub.cli import main; main(prog_name='hub')"]
LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])\n'
PEOPLE = (
    LINK
    + 'type Query { person(id: ID!): Person }\n"A person" type Person @key(fields: "id") { id: ID! name: String }\n'
)
WORK = LINK + 'type Person @key(fields: "id") { id: ID! job: String }\n'


def hub(*arguments: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}
    return subprocess.run(
        [*HUB, *map(str, arguments)], env=clean, cwd=cwd, capture_output=True, text=True, timeout=60, check=False
    )


def folder(tmp_path: Path, **files: str) -> Path:
    tmp_path.mkdir(exist_ok=True)
    for name, text in files.items():
        (tmp_path / name.replace("_", ".")).write_text(text)
    return tmp_path


# --- compose --------------------------------------------------------------------------------------------------------


def test_without_a_directory_the_hubs_own_graph_is_composed() -> None:
    done = hub("compose")
    assert done.returncode == 0, done.stderr
    assert set(read_supergraph(done.stdout).graphs) == {"population", "household", "insurance", "employer"}


def test_every_file_of_a_directory_is_a_subgraph_named_after_it(tmp_path: Path) -> None:
    done = hub("compose", "--from", folder(tmp_path, people_graphql=PEOPLE, work_graphql=WORK))
    assert (done.returncode, done.stderr) == (0, "")
    assert read_supergraph(done.stdout).graphs == {"people": "", "work": ""}


def test_a_config_says_names_files_and_urls(tmp_path: Path) -> None:
    config = '[subgraphs.a]\nfile = "people.graphql"\nurl = "http://a"\n[subgraphs.work]\n'
    made = folder(tmp_path, people_graphql=PEOPLE, work_graphql=WORK, other_graphql="nonsense", supergraph_toml=config)
    done = hub("compose", "--from", made)
    assert (done.returncode, done.stderr) == (0, "")
    assert read_supergraph(done.stdout).graphs == {"a": "http://a", "work": ""}


def test_the_supergraph_can_go_to_a_file(tmp_path: Path) -> None:
    made = folder(tmp_path, people_graphql=PEOPLE)
    done = hub("compose", "--from", made, "--output", tmp_path / "all.sdl")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (tmp_path / "all.sdl").read_text() == hub("compose", "--from", made).stdout
    refused = hub("compose", "--from", made, "--output", tmp_path / "no" / "all.sdl")
    assert (refused.returncode, refused.stderr.split("`")[0]) == (1, "error: cannot write ")


def test_every_problem_has_its_file_and_line(tmp_path: Path) -> None:
    broken = PEOPLE.replace("name: String", "name: String work: Wrok")
    done = hub("compose", "--from", folder(tmp_path / "g", people_graphql=broken, work_graphql="type {"), cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    places = [line.split(": ")[1] for line in done.stderr.splitlines()]
    files = tmp_path / "g"
    assert places == [
        f"INVALID_GRAPHQL at {files}/people.graphql:3:72",
        f"INVALID_GRAPHQL at {files}/work.graphql:1:6",
    ]


def test_hints_are_warnings_that_can_be_silenced_or_made_errors(tmp_path: Path) -> None:
    somebody = WORK.replace("type Person", '"Somebody" type Person')
    made = folder(tmp_path, people_graphql=PEOPLE, work_graphql=somebody)
    done = hub("compose", "--from", made)
    hint = (
        f"warning: INCONSISTENT_DESCRIPTION at {made}/work.graphql:2:17: `Person` is described differently in `work` "
        "and in `people`, whose text is shown (describe it in one subgraph, or the same in all)\n"
    )
    assert (done.returncode, done.stderr) == (0, hint)
    silent = hub("compose", "--from", made, "--no-hints")
    assert (silent.returncode, silent.stderr, silent.stdout) == (0, "", done.stdout)
    strict = hub("compose", "--from", made, "--strict")
    assert (strict.returncode, strict.stdout) == (1, "")
    assert strict.stderr == hint + "error: 1 warning, and `--strict` allows none\n"


@pytest.mark.parametrize(
    "config, said",
    [
        ("[subgraphs.a]\nfile = 'no.graphql'\n", "no.graphql: subgraph `a` cannot be read: no such file or directory"),
        ("[subgraphs.a\n", "supergraph.toml:1:13: is no TOML"),
        ("[subgraph.a]\n", "supergraph.toml:1: has no section `subgraph` (did you mean `subgraphs`?)"),
        ("\n[subgraphs.a]\nfil = 'x'\n", "supergraph.toml:2: subgraph `a` has no setting `fil` (did you mean `file`"),
        ("[subgraphs.a]\nurl = 1\n", "supergraph.toml:1: `url` of subgraph `a` is no text"),
        ("[subgraphs]\na = 1\n", "supergraph.toml:2: subgraph `a` is no table"),
        ("subgraphs = 1\n", "supergraph.toml:1: `subgraphs` is no table"),
        ("", "supergraph.toml: names no subgraph"),
        (None, "has no `*.graphql` file"),
    ],
)
def test_a_directory_that_cannot_be_read_is_explained(tmp_path: Path, config: str | None, said: str) -> None:
    if config is not None:
        folder(tmp_path, supergraph_toml=config, a_txt="")
    done = hub("compose", "--from", tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_file_is_no_directory(tmp_path: Path) -> None:
    done = hub("compose", "--from", folder(tmp_path, a_graphql=PEOPLE) / "a.graphql")
    assert (done.returncode, "is no directory" in done.stderr) == (1, True)


# --- diff -----------------------------------------------------------------------------------------------------------

OLD = "type Query { gone: Int x(n: Int = 1): Int }\n"
NEW = "type Query { new: Int x(n: Int = 2): Int }\n"


def test_changes_are_listed_the_worst_first(tmp_path: Path) -> None:
    made = folder(tmp_path, old_graphql=OLD, new_graphql=NEW)
    done = hub("diff", made / "old.graphql", made / "new.graphql")
    assert done.returncode == 1
    assert done.stdout == (
        "breaking: operations that were valid may be refused\n"
        "  Query.gone: the field is gone\n"
        "    keep it, deprecate it, and remove it when no operation uses it\n"
        "\n"
        "dangerous: operations stay valid, and may be answered otherwise\n"
        "  Query.x(n:): the default is `2` instead of `1`\n"
        "    operations that leave it out get another answer: tell their owners\n"
        "\n"
        "safe: no client notices\n"
        "  Query.new: the field is new\n"
        "\n"
        "1 breaking, 1 dangerous, 1 safe\n"
    )


@pytest.mark.parametrize(
    "new, option, code",
    [
        (OLD, "safe", 0),
        (OLD.replace("gone", "y: Int gone"), "dangerous", 0),
        (OLD.replace("gone", "y: Int gone"), "safe", 1),
        (OLD.replace("1", "2"), "breaking", 0),
        (OLD.replace("1", "2"), "dangerous", 1),
        (NEW, "breaking", 1),
        (NEW, "nothing", 0),
    ],
)
def test_the_exit_code_says_whether_a_change_matters(tmp_path: Path, new: str, option: str, code: int) -> None:
    made = folder(tmp_path, old_graphql=OLD, new_graphql=new)
    assert hub("diff", made / "old.graphql", made / "new.graphql", "--fail-on", option).returncode == code


def test_changes_can_be_read_by_programs(tmp_path: Path) -> None:
    made = folder(tmp_path, old_graphql=OLD, new_graphql=NEW)
    done = hub("diff", made / "old.graphql", made / "new.graphql", "--json")
    assert [change["coordinate"] for change in json.loads(done.stdout)] == ["Query.gone", "Query.x(n:)", "Query.new"]
    assert json.loads(done.stdout)[0] == {
        "level": "breaking",
        "code": "FIELD_REMOVED",
        "coordinate": "Query.gone",
        "message": "the field is gone",
        "advice": "keep it, deprecate it, and remove it when no operation uses it",
    }


def test_directories_and_supergraphs_are_compared_by_what_is_public(tmp_path: Path) -> None:
    one = folder(tmp_path / "one", people_graphql=PEOPLE, work_graphql=WORK)
    whole = PEOPLE.replace("name: String", "name: String job: String")
    other = folder(tmp_path / "other", all_graphql=whole)
    hub("compose", "--from", other, "--output", tmp_path / "all.sdl")
    for old, new in ((one, other), (one, tmp_path / "all.sdl"), (tmp_path / "all.sdl", one)):
        done = hub("diff", old, new)
        assert (done.returncode, done.stdout, done.stderr) == (0, "no change\n", "")


def test_the_hubs_own_graph_can_be_compared(tmp_path: Path) -> None:
    composed = hub("compose").stdout
    (tmp_path / "now.graphql").write_text(composed)
    assert hub("diff", tmp_path / "now.graphql", "-").stdout == "no change\n"


def test_what_is_wrong_on_both_sides_is_told_at_once(tmp_path: Path) -> None:
    broken = hub("compose", "--from", folder(tmp_path / "g", people_graphql=PEOPLE)).stdout.replace("{ id }", "{ i")
    made = folder(tmp_path, old_graphql="type Query {", new_sdl=broken.replace("name: String", "name: Nobody"))
    done = hub("diff", made / "old.graphql", made / "new.sdl")
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    assert lines[0].startswith(f"error: INVALID_GRAPHQL at {made}/old.graphql:1:13")
    assert lines[1].startswith(f"error: INVALID_GRAPHQL at {made}/new.sdl")


@pytest.mark.parametrize("command", ["compose", "diff"])
def test_help_shows_examples(command: str) -> None:
    done = hub(command, "--help")
    assert done.returncode == 0
    assert f"hub {command} " in done.stdout.partition("For example:")[2]
    assert max(map(len, done.stdout.splitlines())) <= 110
