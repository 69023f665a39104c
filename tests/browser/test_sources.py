"""What can be said of the page's sources without a browser."""

from __future__ import annotations

import csv
import io
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from hub.pages import FOLDER
from hub.pages.__main__ import node_and_npm
from tests.browser.conftest import needed

COMPILER = "node_modules/typescript/bin/tsc"

# Bundles a module of `src/` and gives what its function makes of each list of arguments.
CALLS = """
import { build } from "esbuild";
const [module, name, calls] = process.argv.slice(1);
const options = { entryPoints: [module], bundle: true, write: false, format: "esm", logLevel: "error" };
const [{ text }] = (await build(options)).outputFiles;
const made = await import(`data:text/javascript;base64,${Buffer.from(text).toString("base64")}`);
console.log(JSON.stringify(JSON.parse(calls).map((given) => made[name](...given))));
"""


Run = Callable[..., str]


@pytest.fixture(scope="module")
def run() -> Run:
    """Runs Node in the folder of the page and gives what it printed; it may exit as it likes."""
    found = node_and_npm()
    needed("no Node.js: run `make setup`", found is not None)
    needed("the npm packages are missing: run `python -m hub.pages`", (FOLDER / "node_modules" / "typescript").is_dir())
    assert found is not None
    node, _ = found

    def run(*arguments: str | Path) -> str:
        done = subprocess.run([node, *arguments], cwd=FOLDER, capture_output=True, text=True, check=False)
        assert done.stderr == ""
        return done.stdout

    return run


def test_the_sources_keep_to_their_types(run: Run) -> None:
    assert run(COMPILER, "--project", ".") == ""


def test_a_type_that_is_wrong_is_found(run: Run, tmp_path: Path) -> None:
    """The check above, checked: with the same settings."""
    (tmp_path / "tsconfig.json").write_text(json.dumps({"extends": str(FOLDER / "tsconfig.json"), "include": ["*.ts"]}))
    module = FOLDER / "src" / "csv"
    (tmp_path / "wrong.ts").write_text(f'import {{ csv }} from "{module}";\nexport const text: number = csv([], []);\n')
    assert "wrong.ts(2,14): error TS2322" in run(COMPILER, "--project", tmp_path)


def test_no_cell_of_a_saved_table_is_a_formula(run: Run) -> None:
    """Names and addresses come from registers that people fill in: a spreadsheet must show them and run nothing."""
    texts = [
        "=1+1",
        "+84912345678",
        "-2+3",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "|cmd",
        "%0",
        "＝1",
        "＋1",
        "－1",
        "＠A",
    ]
    plain = ["Nguyễn Thị Đào", 'a "quoted" word', "a, b", "two\r\nlines", "", "1=1"]
    rows = [{"name": text, "n": -number} for number, text in enumerate([*texts, *plain], 1)] + [{"name": None, "n": 0}]
    head = ["name", "n", "=absent"]
    made = run("--input-type=module", "-e", CALLS, "src/csv.ts", "csv", json.dumps([[head, rows]]))
    (text,) = json.loads(made)
    assert text.startswith("\ufeff")
    read = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True))
    assert read[0] == ["name", "n", "'=absent"]
    assert [row[0] for row in read[1:]] == [*(f"'{text}" for text in texts), *plain, ""]
    assert [row[1] for row in read[1:]] == [*(str(-number) for number in range(1, len(rows))), "0"]
    assert {row[2] for row in read[1:]} == {""}
