"""Files of remote subgraphs: what they say, and every mistake in them with its place and what would be right."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.authoring import read_remotes
from hub.authoring.remotes import RemoteFile
from hub.errors import BuildFailed
from hub.model.graph import Reads, Remote, RowsEnforced, RowsOf, RowsTell, Transition
from hub.model.viewer import RecordClass, Standing
from tests.engine import mixed

LABELS = ("OPEN", "POST")
SOURCES = ("population", "insurance")
SDL = """
type Query { vaccine(code: ID!, first: Int): Vaccine }
type Vaccine @key(fields: "code") { code: ID!  name: String  recordClass: String  maker: Maker }
extend type Maker @key(fields: "id") { id: ID! }
interface Named { name(short: Boolean): String }
"""
URL = 'url = "https://vaccines.example.vn/graphql"\n'
RIGHT = f'{URL}sdl = "vaccines.graphql"\nclass = "civilian"\n'


def read(folder: Path, text: str, name: str = "vaccines") -> tuple[tuple[RemoteFile, ...], list[str]]:
    (folder / "vaccines.graphql").write_text(SDL)
    (folder / f"{name}.toml").write_text(text)
    found, problems = read_remotes(folder, LABELS, SOURCES)
    assert bool(found) is not bool(problems)
    return found, [str(one) for one in problems]


def test_a_folder_that_is_not_there_declares_nothing(tmp_path: Path) -> None:
    assert read_remotes(tmp_path / "nowhere", LABELS, SOURCES) == ((), [])


def test_a_file_says_where_and_what(tmp_path: Path) -> None:
    ((file,), _) = read(
        tmp_path,
        f"""{URL}sdl = "vaccines.graphql"
class_field = "recordClass"
shows_messages = true
deadline = 2
[labels]
"Vaccine.name" = "OPEN"
[standings]
"Vaccine.maker" = "household"
"Vaccine.name" = "same"
[arguments]
"Query.vaccine(code:)" = "Vaccine.code"
"Named.name(short:)" = "nothing"
""",
    )
    url = "https://vaccines.example.vn/graphql"
    assert file.remote == Remote("vaccines", url, RowsTell("recordClass"), True, 2.0, False)
    assert file.sdl == SDL
    assert file.labels == {("Vaccine", "name"): "OPEN"}
    assert file.transitions == {
        ("Vaccine", "maker"): Transition(Standing.HOUSEHOLD),
        ("Vaccine", "name"): Transition(Standing.SELF),
    }
    # What nobody said anything of is compared with a coordinate that has no label.
    arguments = {"code": ("Vaccine", "code"), "first": ("Query", "vaccine(first:)")}
    assert file.reads == {("Query", "vaccine"): Reads(arguments=arguments)}


def test_the_least_that_a_file_says(tmp_path: Path) -> None:
    ((file,), _) = read(tmp_path, RIGHT)
    assert (file.remote.rows, file.remote.shows_messages, file.remote.deadline) == (
        RowsOf(RecordClass.CIVILIAN),
        False,
        5.0,
    )
    assert (file.labels, file.transitions) == ({}, {})


def test_a_source_that_is_declared_here_is_served_elsewhere(tmp_path: Path) -> None:
    ((file,), _) = read(tmp_path, f"{URL}enforced = true\n", "insurance")
    assert (file.remote.name, file.remote.rows, file.remote.replaces, file.sdl) == (
        "insurance",
        RowsEnforced(),
        True,
        "",
    )


@pytest.mark.parametrize("url", ["http://127.0.0.1:4001/graphql", "http://[::1]/", "http://localhost/graphql"])
def test_plain_http_stays_on_this_machine(tmp_path: Path, url: str) -> None:
    assert read(tmp_path, RIGHT.replace("https://vaccines.example.vn/graphql", url))[1] == []
    elsewhere = "http://vaccines.example.vn/graphql"
    assert read(tmp_path, "plain_http = true\n" + RIGHT.replace("https://", "http://"))[0][0].remote.url == elsewhere


def _class(says: str) -> str:
    return RIGHT.replace('class = "civilian"', says)


def _url(says: str) -> str:
    return RIGHT.replace("https://vaccines.example.vn/graphql", says)


ONE_OF = '(say one of `class = "civilian"`, `class_field = "recordClass"`, `enforced = true`)'
WRONG = {
    "no TOML": ("url =", "UNREADABLE at vaccines.toml: Invalid value"),
    "an unknown key": (
        f"urll = 1\n{RIGHT}",
        "UNKNOWN_KEY at vaccines.toml urll: `urll` is nothing that is said of a remote subgraph (did you mean `url`?)",
    ),
    "no url": (
        RIGHT.replace(URL, ""),
        "MISSING_KEY at vaccines.toml url: is missing (say where the subgraph is asked)",
    ),
    "no sdl": (
        RIGHT.replace('sdl = "vaccines.graphql"\n', ""),
        "MISSING_KEY at vaccines.toml sdl: is missing (name the file with the subgraph's SDL)",
    ),
    "another scheme": (_url("ftp://host/"), "URL at vaccines.toml url: `ftp://host/` is no address of http or https"),
    "no host": (_url("https:///graphql"), "URL at vaccines.toml url: `https:///graphql` names no host"),
    "no port": (_url("https://host:port/"), "URL at vaccines.toml url: `https://host:port/` is no address"),
    "a password": (_url("https://me:mine@host/"), "URL at vaccines.toml url: `https://me:mine@host/` holds a name"),
    "a fragment": (_url("https://host/#a"), "URL at vaccines.toml url: `https://host/#a` has a fragment"),
    "plain http": (
        _url("http://vaccines.example.vn/"),
        "PLAIN_HTTP at vaccines.toml url: `http://vaccines.example.vn/` is plain http to another machine",
    ),
    "a url that is no text": (RIGHT.replace(URL, "url = 1\n"), "WRONG_VALUE at vaccines.toml url: `1` is no text"),
    "no class": (_class(""), f"CLASSES at vaccines.toml: does not say which class its rows are of {ONE_OF}"),
    "two ways to tell": (
        _class('class = "civilian"\nenforced = true'),
        f"CLASSES at vaccines.toml class: says class and enforced {ONE_OF}",
    ),
    "an unknown class": (
        _class('class = "civil"'),
        "UNKNOWN_CLASS at vaccines.toml class: `civil` is no record class (did you mean `civilian`?)",
    ),
    "enforced by nobody": (_class("enforced = false"), "CLASSES at vaccines.toml enforced: does not say which class"),
    "enforced as a word": (
        _class('enforced = "yes"'),
        "WRONG_VALUE at vaccines.toml enforced: `yes` is neither `true`",
    ),
    "no deadline": (f"deadline = 0\n{RIGHT}", "WRONG_VALUE at vaccines.toml deadline: `0` is no number of seconds"),
    "a deadline that never ends": (f"deadline = inf\n{RIGHT}", "WRONG_VALUE at vaccines.toml deadline: `inf` is no"),
    "a deadline that is no number": (f"deadline = nan\n{RIGHT}", "WRONG_VALUE at vaccines.toml deadline: `nan` is no"),
    "an sdl that is not there": (
        RIGHT.replace("vaccines.graphql", "other.graphql"),
        "UNREADABLE at vaccines.toml sdl: `other.graphql` cannot be read: No such file or directory",
    ),
    "an sdl that is none": (
        RIGHT.replace("vaccines.graphql", "vaccines.toml"),
        "UNREADABLE at vaccines.toml sdl: vaccines.toml:1: Syntax Error",
    ),
    "an unknown label": (
        f'{RIGHT}[labels]\n"Vaccine.name" = "OPNE"\n',
        "UNKNOWN_LABEL at vaccines.toml [labels] Vaccine.name: `OPNE` is no label (did you mean `OPEN`?)",
    ),
    "a label that is no word": (
        f'{RIGHT}[labels]\n"Vaccine.name" = ["OPEN"]\n',
        "UNKNOWN_LABEL at vaccines.toml [labels] Vaccine.name: `['OPEN']` is no label",
    ),
    "an unknown field": (
        f'{RIGHT}[labels]\n"Vaccine.nam" = "OPEN"\n',
        (
            "UNKNOWN_FIELD at vaccines.toml [labels] Vaccine.nam: `Vaccine.nam` is not in the SDL"
            " (did you mean `Vaccine.name`?)"
        ),
    ),
    "no field": (
        f'{RIGHT}[labels]\nVaccine = "OPEN"\n',
        "WRONG_VALUE at vaccines.toml [labels] Vaccine: `Vaccine` is no coordinate",
    ),
    "labels that are no table": (f"labels = 1\n{RIGHT}", "WRONG_VALUE at vaccines.toml labels: is no table"),
    "an unknown standing": (
        f'{RIGHT}[standings]\n"Vaccine.maker" = "houshold"\n',
        "WRONG_VALUE at vaccines.toml [standings] Vaccine.maker: `houshold` is no standing (did you mean `household`?)",
    ),
    "the standing of a root field": (
        f'{RIGHT}[standings]\n"Query.vaccine" = "same"\n',
        "WRONG_VALUE at vaccines.toml [standings] Query.vaccine: is a root field",
    ),
    "an argument that is not there": (
        f'{RIGHT}[arguments]\n"Query.vaccine(cod:)" = "nothing"\n',
        (
            "UNKNOWN_FIELD at vaccines.toml [arguments] Query.vaccine(cod:): `Query.vaccine` takes no `cod`"
            " (did you mean `code`?)"
        ),
    ),
    "an argument compared with no field": (
        f'{RIGHT}[arguments]\n"Query.vaccine(code:)" = "code"\n',
        "WRONG_VALUE at vaccines.toml [arguments] Query.vaccine(code:): `code` is no field",
    ),
}


@pytest.mark.parametrize("mistake", WRONG)
def test_a_mistake_is_a_problem_with_its_place(tmp_path: Path, mistake: str) -> None:
    text, expected = WRONG[mistake]
    _, problems = read(tmp_path, text)
    assert any(one.startswith(f"REMOTE_{expected}") for one in problems), problems


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    _, problems = read(tmp_path, 'url = "ftp://host"\nsdl = "none"\ndeadline = -1\n[labels]\nx = 1\n')
    codes = [one.split(" ")[0] for one in problems]
    assert codes == ["REMOTE_UNREADABLE", "REMOTE_URL", "REMOTE_CLASSES", "REMOTE_WRONG_VALUE", "REMOTE_WRONG_VALUE"]


def test_a_name_is_a_word(tmp_path: Path) -> None:
    _, problems = read(tmp_path, RIGHT, "Vac cines")
    assert problems[0].startswith("REMOTE_NAME at Vac cines.toml: `Vac cines` is no name of a source")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f'{URL}class = "civilian"\n', "REMOTE_CLASSES at insurance.toml class: is the source `insurance`"),
        (f'{URL}enforced = true\nsdl = "vaccines.graphql"\n', "REMOTE_DECLARED_HERE at insurance.toml sdl"),
        (f'{URL}enforced = true\n[labels]\n"a.b" = "OPEN"\n', "REMOTE_DECLARED_HERE at insurance.toml labels"),
    ],
)
def test_a_source_that_is_declared_here_is_not_declared_twice(tmp_path: Path, text: str, expected: str) -> None:
    assert read(tmp_path, text, "insurance")[1][0].startswith(expected)


# --- what only the composed graph shows -------------------------------------------------------------------------------


def build(folder: Path, sdl: str, says: str) -> list[str]:
    from hub.engine import build as build_graph

    mixed.write(folder, "regions", mixed.REGIONS, f'{URL}sdl = "regions.graphql"\nclass = "civilian"\n')
    secrets = 'type Query { a(x: Int): Int @label(name: "LAST") }' if "Query" not in sdl else ""
    mixed.write(folder, "extra", f"{mixed.HEAD}\n{sdl}\n{secrets}", f'{URL}sdl = "extra.graphql"\n{says}')
    try:
        build_graph(mixed.graph(folder))
    except BuildFailed as failed:
        return [str(one) for one in failed.problems]
    return []


TELLS, CIVILIAN = 'class_field = "keptBy"\n', 'class = "civilian"\n'
GRAPHS = {
    "a type tells no class": (
        (
            'type Person @key(fields: "personalId") { personalId: PersonalId! shots: Int @label(name: "OPEN") }'
            ' type Query { a: Row @label(name: "OPEN") } type Row { keptBy: String }'
        ),
        TELLS,
        "CLASS_UNKNOWN at extra:Person.shots",
    ),
    "no type tells a class": (
        'type Query { a: Row @label(name: "OPEN") } type Row { b: Int }',
        TELLS,
        "CLASS_FIELD_MISSING at extra.toml class_field: no type has a field `keptBy`",
    ),
    "a class that is an object": (
        'type Query { a: Row @label(name: "OPEN") } type Row { keptBy: Row }',
        TELLS,
        "CLASS_FIELD_MISSING at extra:Row.keptBy",
    ),
    "a count of rows of every class": (
        'type Query { a: Rows @label(name: "OPEN") } type Rows { total: Int rows: [Row!] } type Row { keptBy: String }',
        TELLS,
        "CLASS_UNKNOWN at extra:Query.a",
    ),
    "rows behind a value": (
        'type Query { a: Row @label(name: "OPEN") } type Row { keptBy: String page: Page } type Page { rows: [Row!] }',
        TELLS,
        "CLASS_BEHIND_VALUE at extra:Page.rows",
    ),
    "a row that must be there": (
        'type Query { a: Row @label(name: "OPEN") } type Row { keptBy: String next: Row! }',
        TELLS,
        "NOT_NULLABLE_ACROSS_SOURCES at extra:Row.next",
    ),
    "a person who must be there": (
        (
            'type Query { a: Row @label(name: "OPEN") } type Row { who: Person! }'
            ' type Person @key(fields: "personalId") { personalId: PersonalId! }'
        ),
        CIVILIAN,
        "NOT_NULLABLE_ACROSS_SOURCES at extra:Row.who",
    ),
    "people in lists of lists": (
        (
            'type Query { a: Row @label(name: "OPEN") } type Row { who: [[Person]] }'
            ' type Person @key(fields: "personalId") { personalId: PersonalId! }'
        ),
        CIVILIAN,
        "LIST_OF_LISTS at extra:Row.who",
    ),
    "a person or another": (
        (
            'type Query { a: Row @label(name: "OPEN") } type Row { who: Somebody } type Firm { name: String }'
            ' union Somebody = Person | Firm type Person @key(fields: "personalId") { personalId: PersonalId! }'
        ),
        CIVILIAN,
        "LINK_ABSTRACT at extra:Row.who",
    ),
    "a standing that cannot be asked for": (
        'type Query { a: Row @label(name: "OPEN") } type Row { to: Thing } type Thing @key(fields: "id") { id: ID! }',
        CIVILIAN,
        "STANDING_WITHOUT_KEY at extra:Row.to",
    ),
    "another label than the register's": (
        (
            'type Query { a: Int @label(name: "OPEN") }'
            ' type Person @key(fields: "personalId") { personalId: PersonalId! @label(name: "POST") }'
        ),
        CIVILIAN,
        "DIRECTIVE_COMPOSITION_ERROR at population",
    ),
    "an overlay with another label": (
        'type Query { a: Int } type Person @key(fields: "personalId") { personalId: PersonalId! }',
        f'{CIVILIAN}[labels]\n"Person.personalId" = "POST"\n',
        "LABEL_CONFLICT at Person.personalId: is labelled `OPEN` and `POST`",
    ),
    "a label that nobody knows": (
        'type Query { a: Int @label(name: "OPNE") }',
        CIVILIAN,
        "LABEL_UNKNOWN at Query.a: label `OPNE` is not in the policy table",
    ),
    "an argument from a context": (
        (
            'type Query { a: Row @label(name: "OPEN") }'
            ' type Row @context(name: "row") @key(fields: "id") { id: ID! name: String below: Below }'
            ' type Below @key(fields: "id") { id: ID! said(name: String @fromContext(field: "$row { name }")): Int }'
        ),
        CIVILIAN,
        "UNSUPPORTED_FEATURE at extra:Below.said: takes an argument from a context",
    ),
    "a second home": (
        'type Query { a: Int @label(name: "OPEN") } type Region @key(fields: "code") { code: Code }',
        CIVILIAN,
        "HOME_UNKNOWN at population:Person.region",
    ),
}


@pytest.mark.parametrize("mistake", GRAPHS)
def test_what_the_hub_could_not_keep_does_not_build(tmp_path: Path, mistake: str) -> None:
    sdl, says, expected = GRAPHS[mistake]
    problems = build(tmp_path, sdl, says)
    assert any(one.startswith(expected) for one in problems), problems


def test_a_remote_subgraph_without_a_label_builds(tmp_path: Path) -> None:
    assert build(tmp_path, "type Query { a: Row } type Row { b(c: Int): Int }", CIVILIAN) == []
