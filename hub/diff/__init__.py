"""What changes for the readers of a schema.

Takes two published schemas; gives `Change`s: what breaks operations that are already there, what may surprise their
clients, and what nobody notices. Only what is public counts: how the graph is cut into subgraphs does not.

    compare    the order: roots, types, directives, shapes, marks
    published  what is compared, of a supergraph or of plain SDL
    inputs     arguments and input fields
    shapes     fields that could be read side by side and can no more
    marks      descriptions, deprecations, tags and protections
    change     the value
"""

from hub.diff.change import LEVELS, Change, Level
from hub.diff.compare import coordinates, diff
from hub.diff.published import Published, published, read_schema

__all__ = ["LEVELS", "Change", "Level", "Published", "coordinates", "diff", "published", "read_schema"]
