"""Description -> text: one line a fetch, grouped in the steps in which they can be answered."""

from __future__ import annotations

from collections.abc import Iterator

from hub.model.description import Asked, Description
from hub.planner.view.words import bound, brought, field, figures, given, named, titled


def text(plan: Description) -> str:
    """The plan, as `hub plan` prints it."""
    lines: list[str] = []
    for number, fetches in enumerate(plan.steps, start=1):
        lines.append(f"step {number}")
        for fetch in fetches:
            universe = f"  [{fetch.universe}]" if fetch.universe else ""
            lines.append(f"  {titled(fetch)} -> {fetch.path}{universe}")
            lines += [f"      {line}" for one in fetch.asks for line in _lines(one, plan)]
            if fetch.run is not None:
                lines.append(f"      -- {figures(fetch.run)}")
            if fetch.question is not None:
                lines += [f"      | {line}" for line in fetch.question.splitlines()]
    lines += [f"introspection: {root.key}" for root in plan.roots if root.introspection]
    return "\n".join(lines)


def _lines(asked: Asked, plan: Description) -> Iterator[str]:
    yield f"{bound(asked)}{_line(asked, plan)}"
    for one in asked.below:
        yield from (f"  {line}" for line in _lines(one, plan))


def _line(asked: Asked, plan: Description) -> str:
    if asked.on:
        return f"... on {asked.on}"
    if asked.handed:
        return f"{asked.key} brought along"
    if asked.merged:
        return f"{field(asked)} merged of"
    if asked.fetch is not None:
        by = f" by {', '.join(asked.by)}" if asked.by else ""
        source = f"<- {plan.fetch(asked.fetch).source}{by}{brought(asked)}"
        return f"{named(asked)} {source}{given(asked)}" if asked.name else source
    return field(asked)
