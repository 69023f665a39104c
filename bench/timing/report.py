"""Figures -> a table, a verdict, and the content of a JSON file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from bench.timing.comparisons import Comparison, Expected
from bench.timing.statistic import LIMIT, Figures

_THOUSAND = 1_000


@dataclass(frozen=True, slots=True)
class Finding:
    """One comparison, measured."""

    comparison: Comparison
    pairs: int
    figures: Figures

    @property
    def good(self) -> bool:
        """Whether what came out is what is expected."""
        match self.comparison.expected:
            case Expected.ALIKE:
                return not self.figures.told_apart
            case Expected.APART:
                return self.figures.told_apart
            case Expected.EITHER:
                return True


def show(console: Console, findings: Sequence[Finding]) -> None:
    """A table for each group of comparisons; a comparison takes a line for each side."""
    for about, group in groupby(findings, key=lambda finding: finding.comparison.about):
        table = Table(
            title=about, title_justify="left", title_style="bold", box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0)
        )
        table.add_column("", min_width=25, no_wrap=True)
        table.add_column("", min_width=7, no_wrap=True)
        for heading, width in _COLUMNS:
            table.add_column(heading, justify="right", min_width=width, no_wrap=True)
        for finding in group:
            table.add_row(*_cells(finding))
        console.print()
        console.print(table)


_COLUMNS = (
    ("pairs", 6),
    ("median\nms", 6),
    ("mean\nms", 6),
    ("diff.\nµs", 7),
    ("would\nshow", 6),
    ("t", 6),
    ("max\n|t|", 6),
    ("", 5),
)


def _cells(finding: Finding) -> Iterator[str]:
    found, shown = finding.figures, finding.figures.shown
    yield finding.comparison.name
    yield "\n".join(finding.comparison.sides)
    yield f"{finding.pairs:,}"
    yield "\n".join(f"{one:,.3f}" for one in found.medians)
    yield "\n".join(f"{one:,.3f}" for one in found.means)
    yield f"{shown.difference * _THOUSAND:+,.1f}\n±{shown.interval * _THOUSAND:,.1f}"
    yield f"{shown.would_show * _THOUSAND:,.1f}"
    yield f"{found.whole.t:+,.2f}"
    yield f"{found.most.most:,.2f}"
    yield _word(finding)


def _word(finding: Finding) -> str:
    word = "apart" if finding.figures.told_apart else "alike"
    return word if finding.good else f"[red]{word}[/red]"


def verdict(findings: Sequence[Finding]) -> tuple[bool, str]:
    """Whether everything came out as expected, and the one line that says so."""
    alike = [one for one in findings if one.comparison.expected is Expected.ALIKE]
    told = [one for one in alike if not one.good]
    dull = [one for one in findings if one.comparison.expected is Expected.APART and not one.good]
    if told:
        return False, f"told apart by latency: {_named(told)} (|t| {LIMIT} or more)"
    if dull:
        return False, f"nothing is proved: the method does not find what it must find, {_named(dull)}"
    most = max((one.figures.most.most for one in alike), default=0.0)
    least = min((one.figures.most.most for one in findings if one.comparison.expected is Expected.APART), default=0.0)
    return True, (
        f"hidden and absent cannot be told apart by latency: |t| at most {most:.2f}, below {LIMIT},"
        f" and at least {least:.1f} where it must be found"
    )


def _named(findings: Sequence[Finding]) -> str:
    return ", ".join(f"`{one.comparison.name}` ({one.comparison.about})" for one in findings)


def as_json(findings: Sequence[Finding]) -> Sequence[Mapping[str, Any]]:
    """Every figure of every comparison; times in milliseconds, left less right."""
    return [
        {
            "about": finding.comparison.about,
            "name": finding.comparison.name,
            "sides": list(finding.comparison.sides),
            "expected": finding.comparison.expected.value,
            "pairs": finding.pairs,
            "keys": len(finding.comparison.left),
            "median_ms": [round(one, 4) for one in finding.figures.medians],
            "mean_ms": [round(one, 4) for one in finding.figures.means],
            "most_t": round(finding.figures.most.most, 3),
            "told_apart": finding.figures.told_apart,
            "crops": [
                {
                    "percentile": crop.percentile,
                    "kept": [crop.left, crop.right],
                    "difference_ms": round(crop.difference, 6),
                    "interval_ms": round(crop.interval, 6),
                    "t": round(crop.t, 3),
                    "t_paired": round(crop.paired, 3),
                }
                for crop in finding.figures.crops
            ],
        }
        for finding in findings
    ]
