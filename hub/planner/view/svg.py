"""Description -> SVG: a diagram for browsers, complete in itself, light or dark as its reader has it.

Steps are columns, fetches are boxes, arrows go to who waits. An arrow over several steps is led between the boxes of
those it passes; what is asked together is joined by a dotted line. The words are those of the other views, and a
description beside the drawing says it all for who cannot see it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from xml.sax.saxutils import escape

from hub.model.description import DescribedFetch, Description
from hub.planner.view.words import asks, figures, titled, wrapped

WIDEST = 42  # characters in a line of a box
CHARACTER = 7.3  # width of one, in a monospaced face of 12 px
LINE = 17
PAD = 12
BETWEEN_COLUMNS = 72
BETWEEN_ROWS = 20
MARGIN = 24
PASSING = 12  # height left for an arrow that passes a column
HUES = 6

_LIGHT = ("#1b5ea8", "#9a4a00", "#1f6b3a", "#8a2a7a", "#5b4bb5", "#7a5a00")
_DARK = ("#7db8f5", "#f0a35e", "#7ccf96", "#e39ad6", "#b3a6f5", "#dcc06a")
_ARROW = (
    '<marker id="plan-arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
    '<path class="head" d="M0 0 8 4 0 8z"/></marker>'
)


@dataclass(slots=True, eq=False)
class _Box:
    """A fetch, or where an arrow passes a column: then `fetch` is None."""

    fetch: DescribedFetch | None
    lines: Sequence[tuple[str, str]]
    x: float = 0
    y: float = 0
    width: float = 0

    @property
    def height(self) -> float:
        return len(self.lines) * LINE + 2 * PAD if self.fetch is not None else PASSING

    @property
    def middle(self) -> float:
        return self.y + self.height / 2


def svg(plan: Description) -> str:
    """The document."""
    columns, ways = _arranged(plan)
    width, height = _laid_out(columns)
    boxes = {box.fetch.number: box for column in columns for box in column if box.fetch is not None}
    hues = {source: index % HUES for index, source in enumerate(dict.fromkeys(one.source for one in plan.fetches))}
    said = f"A plan of {len(boxes)} fetches in {len(columns)} steps."
    introspection = [root.key for root in plan.roots if root.introspection]
    size = f'width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}"'
    named = 'class="hub-plan" role="img" aria-labelledby="plan-title plan-desc"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {named} {size}>',
        '<title id="plan-title">The plan of an operation</title>',
        f'<desc id="plan-desc">{escape(" ".join([said, *(_sentence(one) for one in plan.fetches)]))}</desc>',
        f"<style>{_style()}</style>",
        f"<defs>{_ARROW}</defs>",
        '<rect class="ground" width="100%" height="100%"/>',
    ]
    for number, column in enumerate(columns, start=1):
        parts.append(f'<text class="step" x="{column[0].x:.1f}" y="{MARGIN:.1f}">step {number}</text>')
    parts += [f'<path class="way" marker-end="url(#plan-arrow)" d="{_curve(way)}"/>' for way in ways]
    for box in boxes.values():
        fetch = box.fetch
        assert fetch is not None
        if fetch.together_with is not None:
            parts.append(f'<path class="together" d="{_beside(boxes[fetch.together_with], box)}"/>')
    parts += [piece for box in boxes.values() for piece in _drawn(box, hues)]
    if introspection:
        parts.append(
            f'<text class="small" x="{MARGIN}" y="{height - 10:.1f}">introspection: {escape(", ".join(introspection))}'
            "</text>"
        )
    return "\n".join([*parts, "</svg>"])


# Where everything stands --------------------------------------------------------------------------------------------


def _arranged(plan: Description) -> tuple[list[list[_Box]], list[list[_Box]]]:
    """The columns, and for each arrow the boxes it goes through."""
    columns = [[_Box(fetch, _lines(fetch)) for fetch in step] for step in plan.steps]
    boxes = {box.fetch.number: box for column in columns for box in column if box.fetch is not None}
    before: dict[int, list[_Box]] = {}
    ways = []
    for fetch in plan.fetches:
        for waited in fetch.waits_for:
            way = [boxes[waited]]
            for step in range(plan.fetch(waited).step + 1, fetch.step):
                passing = _Box(None, ())
                columns[step - 1].append(passing)
                before[id(passing)] = [way[-1]]
                way.append(passing)
            before.setdefault(id(boxes[fetch.number]), []).append(way[-1])
            ways.append([*way, boxes[fetch.number]])
    # Each stands about where those stand that it waits for, so that few arrows cross.
    for left, column in pairwise(columns):
        place = {id(box): index for index, box in enumerate(left)}
        column.sort(key=lambda box: _mean([place[id(one)] for one in before.get(id(box), ()) if id(one) in place]))
    return columns, ways


def _mean(found: Sequence[int]) -> float:
    return sum(found) / len(found) if found else 0.0


def _laid_out(columns: Sequence[Sequence[_Box]]) -> tuple[float, float]:
    """Gives every box its place; the size of the whole."""
    heights = [sum(box.height for box in column) + BETWEEN_ROWS * (len(column) - 1) for column in columns]
    tallest = max(heights, default=0)
    x = float(MARGIN)
    for column, height in zip(columns, heights, strict=True):
        longest = max(len(line) for box in column for _, line in box.lines)
        y = MARGIN + LINE + (tallest - height) / 2
        for box in column:
            box.x, box.y, box.width = x, y, longest * CHARACTER + 2 * PAD
            y += box.height + BETWEEN_ROWS
        x += longest * CHARACTER + 2 * PAD + BETWEEN_COLUMNS
    return max(x - BETWEEN_COLUMNS, 240) + MARGIN, MARGIN + LINE + tallest + 2 * MARGIN


def _lines(fetch: DescribedFetch) -> list[tuple[str, str]]:
    """The lines of a box: how each is written, and what it says."""
    universe = f" [{fetch.universe}]" if fetch.universe else ""
    phrases = [("name", f"{fetch.number} {titled(fetch)}"), ("small", f"→ {', '.join(fetch.paths)}{universe}")]
    phrases.append(("plain", asks(fetch.asks)))
    if fetch.run is not None:
        phrases.append(("small", figures(fetch.run)))
    return [(kind, line) for kind, phrase in phrases for line in wrapped(phrase, WIDEST)]


# How it is drawn ----------------------------------------------------------------------------------------------------


def _curve(way: Sequence[_Box]) -> str:
    start = way[0]
    x, y = start.x + start.width, start.middle
    parts = [f"M{x:.1f} {y:.1f}"]
    for box in way[1:]:
        half = (x + box.x) / 2
        parts.append(f"C{half:.1f} {y:.1f} {half:.1f} {box.middle:.1f} {box.x:.1f} {box.middle:.1f}")
        x, y = box.x + box.width, box.middle
        if box is not way[-1]:
            parts.append(f"H{x:.1f}")
    return " ".join(parts)


def _beside(one: _Box, other: _Box) -> str:
    """Round the left side of the boxes: from one that is asked to the one asked together with it."""
    out = min(one.x, other.x) - BETWEEN_COLUMNS / 4
    start, end = one.y + PAD, other.y + PAD
    return f"M{one.x:.1f} {start:.1f} C{out:.1f} {start:.1f} {out:.1f} {end:.1f} {other.x:.1f} {end:.1f}"


def _drawn(box: _Box, hues: dict[str, int]) -> Iterator[str]:
    fetch = box.fetch
    assert fetch is not None
    yield f'<g class="fetch hue{hues[fetch.source]}">'
    yield f"<title>{escape(_sentence(fetch))}</title>"
    if fetch.question is not None:
        yield f"<desc>{escape(fetch.question)}</desc>"
    place = f'x="{box.x:.1f}" y="{box.y:.1f}"'
    yield f'<rect class="box" {place} width="{box.width:.1f}" height="{box.height:.1f}" rx="4"/>'
    yield f'<rect class="mark" {place} width="4" height="{box.height:.1f}" rx="2"/>'
    for index, (kind, line) in enumerate(box.lines, start=1):
        y = box.y + PAD + index * LINE - 5
        yield f'<text class="{kind}" x="{box.x + PAD:.1f}" y="{y:.1f}">{escape(line)}</text>'
    yield "</g>"


def _sentence(fetch: DescribedFetch) -> str:
    said = [f"Fetch {fetch.number}, step {fetch.step}: {titled(fetch)}, for {', '.join(fetch.paths)}"]
    said += [f"waits for {', '.join(map(str, fetch.waits_for))}"] if fetch.waits_for else []
    said += [f"asked together with {fetch.together_with}"] if fetch.together_with is not None else []
    said += [figures(fetch.run)] if fetch.run is not None else []
    return f"{'; '.join(said)}."


def _style() -> str:
    rules = [
        "text{font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;white-space:pre}",
        ".name,.step{font-weight:600}",
        ".way,.together{fill:none;stroke-width:1.5}",
        ".together{stroke-dasharray:2 4}",
        ".box{stroke-width:1}",
    ]
    light = _colours("#ffffff", "#f7f7f8", "#c9ccd1", "#1a1c1f", "#565b63", "#6b7078", _LIGHT)
    dark = _colours("#16181c", "#1f2227", "#434851", "#e8eaed", "#b0b6bf", "#9097a1", _DARK)
    return f"{_scoped([*rules, *light])}@media (prefers-color-scheme:dark){{{_scoped(dark)}}}"


def _colours(ground: str, box: str, edge: str, ink: str, faint: str, way: str, hues: Sequence[str]) -> list[str]:
    return [
        f".ground{{fill:{ground}}}",
        f".box{{fill:{box};stroke:{edge}}}",
        f".plain,.name,.step{{fill:{ink}}}",
        f".small{{fill:{faint}}}",
        f".way,.together{{stroke:{way}}}",
        f".head{{fill:{way}}}",
        *(f".hue{index} .mark,.hue{index} .name{{fill:{hue}}}" for index, hue in enumerate(hues)),
    ]


def _scoped(rules: Sequence[str]) -> str:
    """The rules for this drawing only, wherever in a page it stands."""
    found = []
    for rule in rules:
        selectors, _, body = rule.partition("{")
        found.append(f"{','.join(f'.hub-plan {one}' for one in selectors.split(','))}{{{body}")
    return "".join(found)
