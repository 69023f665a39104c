"""Description -> Mermaid text: a flow chart for READMEs, issues and whatever else draws it."""

from __future__ import annotations

import re

from hub.model.description import DescribedFetch, Description
from hub.planner.view.words import asks, figures, titled, wrapped

WIDEST = 44
# Mermaid reads Markdown and HTML in a label, and `#` as the beginning of an entity.
_TELLING = re.compile(r"[^\w .,:;()+\-→←]")


def mermaid(plan: Description) -> str:
    """The flow chart: a column a step, an arrow to who waits, a dotted line between what is asked together."""
    lines = ["flowchart LR"]
    for number, fetches in enumerate(plan.steps, start=1):
        lines.append(f'  subgraph step{number}["step {number}"]')
        lines += [f'    fetch{fetch.number}["{_label(fetch)}"]' for fetch in fetches]
        lines.append("  end")
    for fetch in plan.fetches:
        lines += [f"  fetch{waited} --> fetch{fetch.number}" for waited in fetch.waits_for]
        if fetch.together_with is not None:
            lines.append(f"  fetch{fetch.together_with} -. together .- fetch{fetch.number}")
    return "\n".join(lines)


def _label(fetch: DescribedFetch) -> str:
    universe = f" [{fetch.universe}]" if fetch.universe else ""
    phrases = [f"→ {', '.join(fetch.paths)}{universe}", asks(fetch.asks)]
    phrases += [figures(fetch.run)] if fetch.run is not None else []
    lines = [line for phrase in phrases for line in wrapped(phrase, WIDEST)]
    return "<br/>".join([f"<b>{_escaped(f'{fetch.number} {titled(fetch)}')}</b>", *map(_escaped, lines)])


def _escaped(text: str) -> str:
    return _TELLING.sub(lambda found: f"#{ord(found[0])};", text)
