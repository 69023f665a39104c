"""Description -> a diagram for a terminal: a box a fetch, under each other in their steps, and rails beside them.

A rail leaves the box of a fetch and goes down to the boxes of those that wait for it. Every line has at most one rail
that joins its box, from the leftmost bend on; whatever that meets on its way to the box it crosses.
"""

from __future__ import annotations

from collections.abc import Sequence

from hub.model.description import DescribedFetch, Description
from hub.planner.view.words import asks, figures, titled, wrapped

NARROWEST = 40


def boxes(plan: Description, width: int = 80) -> str:
    """The diagram in lines of at most `width` characters, of which it needs 40 and two for each rail."""
    rails = _Rails(plan)
    most = max(width, NARROWEST) - 2 * rails.most - 6
    titles = {fetch.number: wrapped(f"{fetch.number} {titled(fetch)}", most) for fetch in plan.fetches}
    contents = {fetch.number: _content(fetch, most) for fetch in plan.fetches}
    inner = max((len(line) for found in (titles, contents) for lines in found.values() for line in lines), default=0)
    lines: list[str] = []
    for number, fetches in enumerate(plan.steps, start=1):
        lines.append(rails.passing() + f"step {number}")
        for fetch in fetches:
            lines += _box(fetch, rails, titles[fetch.number], contents[fetch.number], inner)
    lines += [f"introspection: {root.key}" for root in plan.roots if root.introspection]
    return "\n".join(line.rstrip() for line in lines)


def _box(fetch: DescribedFetch, rails: _Rails, title: Sequence[str], content: Sequence[str], inner: int) -> list[str]:
    arrives = list(fetch.waits_for)
    leaves = rails.awaited(fetch.number)
    content = [*content, *[""] * (len(arrives) + leaves - len(content))]
    first, *more = title
    lines = [rails.passing() + f"  ┌ {first} {'─' * (inner - len(first))}┐"]
    lines += [rails.passing() + f"  │ {line:<{inner}} │" for line in more]
    for index, line in enumerate(content):
        if index < len(arrives):
            lines.append(rails.arriving(arrives[index], fetch.number) + f"─▶│ {line:<{inner}} │")
        elif leaves and index == len(content) - 1:
            lines.append(rails.leaving(fetch.number) + f"──┤ {line:<{inner}} │")
        else:
            lines.append(rails.passing() + f"  │ {line:<{inner}} │")
    return [*lines, rails.passing() + f"  └{'─' * (inner + 2)}┘"]


def _content(fetch: DescribedFetch, width: int) -> list[str]:
    universe = f" [{fetch.universe}]" if fetch.universe else ""
    lines = wrapped(f"→ {', '.join(fetch.paths)}{universe}", width)
    lines += wrapped(asks(fetch.asks), width) if fetch.asks else []
    if fetch.together_with is not None:
        lines += wrapped(f"asked together with {fetch.together_with}, by the same key", width)
    if fetch.run is not None:
        lines += wrapped(figures(fetch.run), width)
    if fetch.question is not None:
        lines += [piece for line in fetch.question.splitlines() for piece in wrapped(f"| {line}", width)]
    return lines


class _Rails:
    """The rails beside the boxes, as the drawing goes down. Each is held by the fetch it comes from."""

    def __init__(self, plan: Description) -> None:
        self.last = {waited: fetch.number for fetch in plan.fetches for waited in fetch.waits_for}
        self.held: list[int | None] = []
        self.most = 0
        for fetch in plan.fetches:  # drawn once without ink, to know how many there are
            self._over(fetch)
        self.most, self.held = len(self.held), [None] * len(self.held)

    def _over(self, fetch: DescribedFetch) -> None:
        for waited in fetch.waits_for:
            self.arriving(waited, fetch.number)
        if self.awaited(fetch.number):
            self.leaving(fetch.number)

    def awaited(self, number: int) -> bool:
        """Whether some fetch waits for this one."""
        return number in self.last

    def passing(self) -> str:
        """A line on which nothing joins."""
        return "".join("  " if one is None else "│ " for one in self.held)

    def arriving(self, waited: int, number: int) -> str:
        """A line on which the rail of `waited` goes to the box of `number`: its end, if nobody else waits."""
        at = self.held.index(waited)
        if self.last[waited] == number:
            self.held[at] = None
            return self._line(at, "╰")
        return self._line(at, "├")

    def leaving(self, number: int) -> str:
        """A line on which the rail of `number` begins."""
        if None not in self.held:
            self.held.append(None)
        at = self.held.index(None)
        line = self._line(at, "╭")
        self.held[at] = number
        return line

    def _line(self, at: int, bend: str) -> str:
        left = "".join("  " if one is None else "│ " for one in self.held[:at])
        return left + bend + "─" + "".join("──" if one is None else "┼─" for one in self.held[at + 1 :])
