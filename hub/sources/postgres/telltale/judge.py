"""Counts of a table -> findings. Pure.

What is compared. `PLAIN`: civilian rows of people who also have rows of another class, in any register, with those of
everybody else. `CLASSES`: the rows of each two classes.

Like with like. People with hidden rows differ from others by sex and age (wives, conscripts), which every reader sees
anyway. So rows are compared within strata of sex and decade of birth, as the personal number tells them, and the
shares of the others are weighed to the strata of the first group.

How many observations. The rows of one person repeat each other, and so do the people of one household. A group of n
rows in clusters of sizes c counts as (sum c)^2 / sum c^2 observations (Kish): as if everything within a household with
hidden rows, and within any other person, were one. A group of fewer than `LEAST` such observations is not reported.

How sure. The chance that a group drawn from everybody would show a share as far from everybody's is bounded by
exp(-n KL(seen || expected)) (Hoeffding 1963, theorem 1), which holds for groups of any size, for strata and for means;
a normal approximation would be wrong where few are expected. The chance that n draws all fall into a range that holds a
share q of everybody is at most n q^(n-1) - (n-1) q^n (the coverage of a sample's range is Beta(n-1, 2), Wilks 1941). A
finding needs less than `FAMILY_ERROR` divided by all comparisons of the run (Bonferroni).

How much. A finding also needs an effect: a gap between shares of Cohen's h >= `LEAST_GAP`, or a value `LEAST_RATIO`
times as frequent in the first group; a range that holds at most `MOST_INSIDE` of the others. Words need neither of
both, see `words`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from math import asin, inf, log, pi, sqrt
from typing import Any

from hub.model.viewer import RecordClass
from hub.sources.postgres.telltale.shown import Shown
from hub.sources.postgres.telltale.words import Word

LEAST = 10
FAMILY_ERROR = 0.01
LEAST_GAP = 0.5
LEAST_RATIO = 10.0
LEAST_SHARE = 0.01
MOST_INSIDE = 0.5
_FEWEST = 5  # a value on fewer rows is not compared


class Signal(Enum):
    PLAIN = "plain rows"
    CLASSES = "class against class"


class Kind(Enum):
    NULLS = "NULLS"
    CONSTANT = "CONSTANT"
    RANGE = "RANGE"
    PREFIX = "PREFIX"
    WORD = "WORD"


class Group(Enum):
    """Whose rows: civilian ones of people with nothing else and of people with hidden rows; and the other classes'."""

    OTHERS = "others"
    KNOWN = "people with hidden rows"
    DEFENCE = RecordClass.DEFENCE.value
    PUBLIC_SECURITY = RecordClass.PUBLIC_SECURITY.value


@dataclass(frozen=True, slots=True)
class Column:
    """ordered  whether its range is looked at; words  whether its values, or how they begin, are counted"""

    name: str
    ordered: bool
    words: bool
    whole: bool


@dataclass(frozen=True, slots=True)
class Stratum:
    """The rows of one group and stratum.

    rows       how many
    effective  as how many observations they count
    filled     column -> rows that are not null
    inside     (column, group) -> rows within the range of that group
    """

    rows: int
    effective: float
    filled: Mapping[str, int]
    inside: dict[tuple[str, Group], int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Measured:
    """What was counted in one table.

    totals  class -> all its rows
    every   group -> one in so many of its rows was looked at
    strata  (group, stratum) -> counts
    ranges  (column, group) -> least and greatest value
    values  (column, value) -> (group, stratum) -> rows
    words   (column, word) -> class -> rows, among all
    """

    source: str
    table: str
    columns: Sequence[Column]
    totals: Mapping[RecordClass, int]
    every: Mapping[Group, int]
    strata: Mapping[tuple[Group, str], Stratum]
    ranges: Mapping[tuple[str, Group], tuple[Any, Any]]
    values: Mapping[tuple[str, str], Mapping[tuple[Group, str], int]]
    words: Mapping[tuple[str, Word], Mapping[RecordClass, int]]


@dataclass(frozen=True, slots=True)
class Finding:
    """One column that gives something away.

    groups    what can be told apart
    evidence  the numbers, in words; names classes
    gap       Cohen's h: 0 for shares that are alike, pi for nothing against everything
    odds      the natural logarithm of the chance that this is chance; 0 for a word
    """

    signal: Signal
    kind: Kind
    source: str
    table: str
    column: str
    groups: tuple[str, str]
    evidence: str
    gap: float
    odds: float
    shown: tuple[Shown, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """Findings, telltales in plain rows first, the widest gap first; and how much was looked at."""

    findings: tuple[Finding, ...]
    people: int
    families: int
    columns: int
    comparisons: int


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two sets of groups to compare; the first is the one that would be given away."""

    signal: Signal
    first: tuple[Group]
    second: tuple[Group, ...]
    names: tuple[str, str]


_CIVILIAN = (Group.OTHERS, Group.KNOWN)
_PAIRS = (
    _Pair(Signal.PLAIN, (Group.KNOWN,), (Group.OTHERS,), ("plain rows of people with hidden rows", "others")),
    _Pair(Signal.CLASSES, (Group.DEFENCE,), _CIVILIAN, ("defence rows", "civilian")),
    _Pair(Signal.CLASSES, (Group.PUBLIC_SECURITY,), _CIVILIAN, ("public_security rows", "civilian")),
    _Pair(Signal.CLASSES, (Group.PUBLIC_SECURITY,), (Group.DEFENCE,), ("public_security rows", "defence")),
)


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A comparison whose effect is large enough; whether it is sure enough depends on how many there were.

    brief  for one of several values of a column, the value and its shares
    """

    finding: Finding
    brief: str = ""


def judge(
    measured: Sequence[Measured],
    shown: Mapping[str, Mapping[tuple[str, str], tuple[Shown, ...]]],
    people: int,
    families: int,
) -> Report:
    """The findings of all tables together. `shown` is by source."""
    candidates: list[_Candidate] = []
    found: list[Finding] = []
    comparisons = columns = 0
    for one in measured:
        fields = shown[one.source]
        columns += len(one.columns)
        found += _misplaced(one, fields)
        for pair in _PAIRS:
            comparing = _Comparing(one, pair, fields)
            candidates += comparing.candidates()
            comparisons += comparing.count
    sure = log(FAMILY_ERROR) - log(max(comparisons, 1))
    found += _told_once([candidate for candidate in candidates if candidate.finding.odds < sure])
    found.sort(key=lambda one: (one.signal is Signal.CLASSES, -round(one.gap, 6), one.source, one.table, one.column))
    return Report(tuple(found), people, families, columns, comparisons)


def _told_once(sure: Sequence[_Candidate]) -> Iterator[Finding]:
    """All values of a column as one finding; and a value that stands in every row is no PREFIX or RANGE beside that."""
    constant = {_place(one.finding) for one in sure if one.finding.kind is Kind.CONSTANT}
    values: dict[object, list[_Candidate]] = {}
    for one in sure:
        if one.finding.kind not in (Kind.PREFIX, Kind.RANGE):
            yield one.finding
        elif _place(one.finding) not in constant:
            if one.finding.kind is Kind.RANGE:
                yield one.finding
            else:
                values.setdefault(_place(one.finding), []).append(one)
    for found in values.values():
        widest, *rest = sorted(found, key=lambda one: (-one.finding.gap, one.brief))
        more = f" and {len(rest) - 3} more" if len(rest) > 3 else ""
        likewise = f"; likewise {'; '.join(one.brief for one in rest[:3])}{more}" if rest else ""
        yield replace(widest.finding, evidence=widest.finding.evidence + likewise)


def _place(one: Finding) -> tuple[Signal, str, str, str, tuple[str, str]]:
    return one.signal, one.source, one.table, one.column, one.groups


def _misplaced(one: Measured, fields: Mapping[tuple[str, str], tuple[Shown, ...]]) -> Iterator[Finding]:
    """Words in rows of a class that they do not belong to."""
    for (column, word), counts in one.words.items():
        for home, rows in counts.items():
            if not rows or home in word.classes:
                continue
            civilian = home is RecordClass.CIVILIAN
            name = "plain" if civilian else str(home)
            belongs = " or ".join(sorted(word.classes))
            yield Finding(
                Signal.PLAIN if civilian else Signal.CLASSES,
                Kind.WORD,
                one.source,
                one.table,
                column,
                (f"{name} rows", belongs),
                f"{word.says} belongs to {belongs}, and is in {_count(rows)} of {_count(one.totals[home])} {name} rows",
                pi,
                0.0,
                fields.get((one.table, column), ()),
            )


def _rows(one: Measured, groups: Sequence[Group]) -> int:
    return sum(stratum.rows for (group, _), stratum in one.strata.items() if group in groups)


@dataclass(frozen=True, slots=True)
class _Side:
    """One side of a comparison in one stratum: observations, and the share of them that is counted."""

    observations: float
    share: float


class _Comparing:
    """One table, two sets of groups. `count` is how many comparisons were made."""

    def __init__(self, one: Measured, pair: _Pair, fields: Mapping[tuple[str, str], tuple[Shown, ...]]) -> None:
        self.one = one
        self.pair = pair
        self.fields = fields
        self.count = 0
        self.strata = sorted({stratum for _, stratum in one.strata})
        many = [max(one.every[group] for group in groups) for groups in (pair.first, pair.second)]
        first, second = (
            f"{name} (1 in {every} looked at)" if every > 1 else name
            for name, every in zip(pair.names, many, strict=True)
        )
        self.names = (first, second)

    def candidates(self) -> Iterator[_Candidate]:
        for column in self.one.columns:
            yield from self._nulls(column.name)
            yield from self._range(column)
            if column.words:
                yield from self._values(column)

    def _sum(self, groups: Sequence[Group], stratum: str, column: str) -> tuple[int, float, int]:
        """Rows, observations and filled rows of some groups in a stratum."""
        found = [one for group in groups if (one := self.one.strata.get((group, stratum)))]
        rows = sum(one.rows for one in found)
        return rows, sum(one.effective for one in found), sum(one.filled[column] for one in found)

    def _nulls(self, column: str) -> Iterator[_Candidate]:
        sides = []
        for stratum in self.strata:
            first, second = (
                _Side(observations, 1 - filled / rows if rows else 0.0)
                for rows, observations, filled in (
                    self._sum(groups, stratum, column) for groups in (self.pair.first, self.pair.second)
                )
            )
            sides.append((first, second))
        contrast = _contrast(sides)
        if contrast is None:
            return
        self.count += 1
        if not contrast.large:
            return
        rows = [_rows(self.one, groups) for groups in (self.pair.first, self.pair.second)]
        evidence = (
            f"null in {_percent(contrast.first)} of {_count(rows[0])} {self.names[0]},"
            f" in {_percent(contrast.second)} of {_count(rows[1])} {self.names[1]}"
        )
        yield self._candidate(Kind.NULLS, column, evidence, contrast.gap, contrast.odds)

    def _filled(self, stratum: str, column: str) -> tuple[_Side, _Side, tuple[int, int]]:
        """Observations of the filled rows of both sides, without a share, and how many rows they are."""
        sides, counts = [], []
        for groups in (self.pair.first, self.pair.second):
            rows, observations, filled = self._sum(groups, stratum, column)
            sides.append(_Side(observations * filled / rows if rows else 0.0, 0.0))
            counts.append(filled)
        return sides[0], sides[1], (counts[0], counts[1])

    def _range(self, column: Column) -> Iterator[_Candidate]:
        (group,) = self.pair.first
        if (column.name, group) not in self.one.ranges:
            return
        low, high = self.one.ranges[column.name, group]
        constant = low == high
        if not (constant or column.ordered):
            return
        observations = inside = weight = everybody = 0.0
        totals = [0, 0]
        for stratum in self.strata:
            first, second, filled = self._filled(stratum, column.name)
            if not (first.observations and second.observations):
                continue
            counted = sum(
                one.inside.get((column.name, group), 0)
                for other in self.pair.second
                if (one := self.one.strata.get((other, stratum)))
            )
            share = counted / filled[1]
            both = first.observations + second.observations
            inside += first.observations * share
            everybody += first.observations * (first.observations + second.observations * share) / both
            weight += second.observations
            observations += first.observations
            totals = [total + more for total, more in zip(totals, filled, strict=True)]
        if observations < LEAST or weight < LEAST:
            return
        self.count += 1
        share = inside / observations
        if share > MOST_INSIDE:
            return
        odds = _coverage(min(observations, weight), everybody / observations)
        names = self.names
        evidence = (
            f"always `{low}` in {_count(totals[0])} {names[0]}, in {_percent(share)} of {_count(totals[1])} {names[1]}"
            if constant
            else f"from {low} to {high} in {_count(totals[0])} {names[0]}, which holds {_percent(share)} of"
            f" {_count(totals[1])} {names[1]}"
        )
        yield self._candidate(Kind.CONSTANT if constant else Kind.RANGE, column.name, evidence, _gap(1.0, share), odds)

    def _values(self, column: Column) -> Iterator[_Candidate]:
        """A candidate for each value or beginning of a value; those that are sure become one finding."""
        sides = [(stratum, *self._filled(stratum, column.name)) for stratum in self.strata]
        rows = [_count(sum(filled[side] for _, _, _, filled in sides)) for side in (0, 1)]
        both = (*self.pair.first, *self.pair.second)
        for (name, value), counts in self.one.values.items():
            if name != column.name or sum(n for (group, _), n in counts.items() if group in both) < _FEWEST:
                continue
            contrast = _contrast(
                [
                    (
                        _Side(first.observations, self._share(counts, self.pair.first, stratum, filled[0])),
                        _Side(second.observations, self._share(counts, self.pair.second, stratum, filled[1])),
                    )
                    for stratum, first, second, filled in sides
                ]
            )
            if contrast is None:
                continue
            self.count += 1
            if contrast.large:
                shares = _percent(contrast.first), _percent(contrast.second)
                evidence = (
                    f"`{value}` {'is' if column.whole else 'begins'} {shares[0]} of {rows[0]} {self.names[0]},"
                    f" {shares[1]} of {rows[1]} {self.names[1]}"
                )
                brief = f"`{value}` {shares[0]}, {shares[1]}"
                yield self._candidate(Kind.PREFIX, column.name, evidence, contrast.gap, contrast.odds, brief)

    @staticmethod
    def _share(counts: Mapping[tuple[Group, str], int], groups: Sequence[Group], stratum: str, filled: int) -> float:
        return sum(counts.get((group, stratum), 0) for group in groups) / filled if filled else 0.0

    def _candidate(
        self, kind: Kind, column: str, evidence: str, gap: float, odds: float, brief: str = ""
    ) -> _Candidate:
        one, pair = self.one, self.pair
        shown = self.fields.get((one.table, column), ())
        finding = Finding(pair.signal, kind, one.source, one.table, column, pair.names, evidence, gap, odds, shown)
        return _Candidate(finding, brief)


@dataclass(frozen=True, slots=True)
class _Contrast:
    """Two shares, the second weighed to the strata of the first; and how sure it is that they differ."""

    first: float
    second: float
    gap: float
    odds: float

    @property
    def large(self) -> bool:
        shares = ((self.first, self.second), (1 - self.first, 1 - self.second))
        return self.gap >= LEAST_GAP or any(
            first >= LEAST_SHARE and first >= LEAST_RATIO * second for first, second in shares
        )


def _contrast(strata: Sequence[tuple[_Side, _Side]]) -> _Contrast | None:
    """The contrast of two groups over the strata in which both are; None if either is too small."""
    shared = [(first, second) for first, second in strata if first.observations and second.observations]
    sizes = [sum(pair[side].observations for pair in shared) for side in (0, 1)]
    if min(sizes, default=0.0) < LEAST:
        return None
    first = sum(one.observations * one.share for one, _ in shared) / sizes[0]
    second = sum(one.observations * other.share for one, other in shared) / sizes[0]
    drawn = 0 if sizes[0] <= sizes[1] else 1
    seen = expected = 0.0
    for pair in shared:
        both = pair[0].observations + pair[1].observations
        pooled = sum(side.observations * side.share for side in pair) / both
        seen += pair[drawn].observations * pair[drawn].share
        expected += pair[drawn].observations * pooled
    n = sizes[drawn]
    return _Contrast(first, second, _gap(first, second), log(2) - n * _divergence(seen / n, expected / n))


def _gap(first: float, second: float) -> float:
    """Cohen's h of two shares."""
    return abs(2 * asin(sqrt(_within(first))) - 2 * asin(sqrt(_within(second))))


def _within(share: float) -> float:
    return min(max(share, 0.0), 1.0)


def _divergence(seen: float, expected: float) -> float:
    """Kullback-Leibler divergence of two coins."""
    seen, expected = _within(seen), _within(expected)
    total = 0.0
    for here, there in ((seen, expected), (1 - seen, 1 - expected)):
        if here > 0:
            if there <= 0:
                return inf
            total += here * log(here / there)
    return max(total, 0.0)


def _coverage(n: float, share: float) -> float:
    """The logarithm of the chance that n draws span a range that holds no more than that share."""
    if share <= 0:
        return -inf
    return (n - 1) * log(share) + log(max(n - (n - 1) * share, 1.0))


def _percent(share: float) -> str:
    """Never 0 % or 100 % for what is only nearly so."""
    percent = share * 100
    if percent <= 0 or percent >= 100:
        return f"{round(percent)} %"
    if percent < 0.1:
        return "< 0.1 %"
    if percent > 99.9:
        return "> 99.9 %"
    return f"{percent:.1f} %" if percent < 10 or percent > 90 else f"{percent:.0f} %"


def _count(number: int) -> str:
    return f"{number:,}"
