"""The README is true: its commands are run, its answers compared.

A command stands in a code block behind `<!-- run: NAME -->`, what it answers behind `<!-- answer: NAME -->`. They
run against a demo of the size that `make demo` makes, on another port and in another directory. `ACCEPT_CHANGES=1`
writes the answers anew; CI never does.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.server.issuers import read_issuers
from hub.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
HUB = Path(sys.executable).with_name("hub")
ACCEPT = os.environ.get("ACCEPT_CHANGES") == "1" and not os.environ.get("CI")


def _blocks(kind: str) -> dict[str, str]:
    text = README.read_text(encoding="utf-8")
    return dict(re.findall(rf"<!-- {kind}: (\S+) -->\n```\w+\n(.*?)```", text, flags=re.DOTALL))


@pytest.fixture(scope="module")
def demo() -> Iterator[tuple[str, Path]]:
    """The address and the directory of a demo started as `make demo` starts it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # Not under pytest's own directory: as root the database runs as another user, who may not pass through that.
    with tempfile.TemporaryDirectory(prefix="hub-test-") as folder:
        yield from _running(port, Path(folder) / "demo")


def _running(port: int, data: Path) -> Iterator[tuple[str, Path]]:
    process = subprocess.Popen(
        [HUB, "demo", "--port", str(port), "--data", str(data)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        said = []
        for line in process.stdout:
            said.append(line)
            if "Ctrl-C stops everything" in line:
                break
        else:
            pytest.fail(f"the demo did not start: {''.join(said)}")
        yield f"127.0.0.1:{port}", data
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=30)
        if process.stdout is not None:
            process.stdout.close()


def _pretty(text: str) -> str:
    try:
        return json.dumps(json.loads(text), ensure_ascii=False, indent=2) + "\n"
    except ValueError:
        return text


@pytest.mark.parametrize("name", sorted(_blocks("run")))
def test_a_command_of_the_readme_answers_as_it_says(name: str, demo: tuple[str, Path]) -> None:
    address, data = demo
    command = _blocks("run")[name].replace("127.0.0.1:8000", address).replace(".venv/bin/hub", str(HUB))
    command = re.sub("token citizen|query -", lambda found: f"{found[0]} --data '{data}'", command, count=1)
    done = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=True)
    answer = _pretty(done.stdout)
    if ACCEPT:
        pattern = re.compile(rf"(<!-- answer: {name} -->\n```\w+\n).*?(```)", flags=re.DOTALL)
        text = pattern.sub(lambda match: match[1] + answer + match[2], README.read_text(encoding="utf-8"))
        README.write_text(text, encoding="utf-8")
    assert _blocks("answer")[name] == answer


def test_every_answer_has_its_command() -> None:
    assert set(_blocks("answer")) == set(_blocks("run"))


def test_the_two_commands_are_targets_of_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in ("demo", "test", "bench", "timing", "setup"):
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE)


def test_every_path_the_readme_links_to_exists() -> None:
    text = README.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (ROOT / target).exists(), target
    for folder in re.findall(r"^\| .*?`((?:hub|schema|migrations|bench|tests)/[\w/.]*)`", text, flags=re.MULTILINE):
        assert (ROOT / folder).exists(), folder


def test_every_example_is_a_valid_operation_of_the_graph() -> None:
    for example in sorted((ROOT / "schema" / "examples").glob("*.graphql")):
        viewer = "citizen" if "me {" in example.read_text(encoding="utf-8") else "officer"
        done = subprocess.run(
            [HUB, "plan", str(example), "--as", viewer], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr


def test_the_issuers_of_the_readme_are_read(tmp_path: Path) -> None:
    text = README.read_text(encoding="utf-8")
    (file,) = re.findall(r"<!-- issuers -->\n```toml\n(.*?)```", text, flags=re.DOTALL)
    (tmp_path / "issuers.toml").write_text(file, encoding="utf-8")
    (tmp_path / "moh.json").write_text('{"keys": []}')
    trusted = read_issuers(tmp_path / "issuers.toml", Settings())
    assert [one.name for one in trusted.issuers] == re.findall('name = "(.*)"', file)
    assert all(agreement in text for one in trusted.issuers for agreement in one.grants.agreements or ())
