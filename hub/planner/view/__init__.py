"""Description -> what people and programs read. Pure; nothing is here that the description does not say.

text      one line a fetch, grouped in steps, with what it asks
words     the few phrases that all of them use
boxes     a diagram for a terminal
mermaid   a diagram for READMEs and issues, as text
svg       a diagram for browsers
document  the description as JSON, as `extensions.plan` has it
"""

from hub.planner.view.boxes import boxes
from hub.planner.view.document import document
from hub.planner.view.mermaid import mermaid
from hub.planner.view.svg import svg
from hub.planner.view.text import text

__all__ = ["boxes", "document", "mermaid", "svg", "text"]
