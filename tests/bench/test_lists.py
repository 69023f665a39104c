"""`python -m bench.lists`: everything that it says it measures is measured, over a real server."""

from __future__ import annotations

import json
from pathlib import Path

import psycopg
from click.testing import CliRunner

from bench.lists.__main__ import main
from bench.lists.asked import COUNTS, PAGES
from hub.demo.start import Demo


def test_a_run_pages_counts_and_walks(demo: Demo, tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    done = CliRunner().invoke(main, ["--data", str(demo.folder.path), "--repeats", "2", "--json", str(file)])
    assert done.exit_code == 0, done.output
    figures = json.loads(file.read_text(encoding="utf-8"))
    assert figures["people"] == demo.contents.people
    assert [one["name"] for one in figures["pages"]] == [one.name for one in PAGES]
    for one in figures["pages"]:
        assert one["first"]["number"] == 1 < one["deep"]["number"]
        assert one["first"]["rows"] == one["deep"]["rows"]
        assert min(one["first"]["hub"], one["deep"]["hub"]) > 0
    assert [one["name"] for one in figures["counts"]] == [one.name for one in COUNTS]
    with psycopg.connect(demo.cluster.owner_dsns["population"]) as connection:
        (people,) = connection.execute("select count(*) from civilian.person").fetchone() or (0,)
    assert figures["counts"][0]["total"] == people == sum(one["rows"] for one in figures["walk"])
    assert all(one["memory"] > 0 for one in figures["walk"])


def test_a_country_of_another_size_is_not_measured_in_its_place(demo: Demo) -> None:
    done = CliRunner().invoke(main, ["--data", str(demo.folder.path), "--people", "2000"])
    assert done.exit_code == 1
    assert "holds 1,500 people, not 2,000" in done.output
