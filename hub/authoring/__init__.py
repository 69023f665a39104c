"""What `schema/` imports: entities, columns, links and labels over Strawberry federation types.

Takes Python classes; gives a `DeclaredGraph`: the subgraphs' SDL as Strawberry prints it, and beside it how every field
stands on the tables. A field shows on one line its type, its column, its label and what it says.

fields   what a field may be: column, expression, rows, one, connection, embedded, aggregate, link, computed, lookup
source   a source and its types
scalars  custom scalars with a format
policy   the table of audience, standing, label and class
agreements  what partners may read, for what and how long
lists    connections: their types, filters and orders, written into the SDL
remotes  subgraphs in other processes
reads    what each field reads beside itself
declare  sources and table -> DeclaredGraph, with every problem found on the way

Decided: Strawberry is the authoring front end and prints the SDL, but does not execute (design.md section 6 has the
figures). Rejected: a declaration language of our own (nobody knows it), and SDL with a mapping file beside it (two
places to change one thing).
"""

from hub.authoring.agreements import read_agreements
from hub.authoring.declare import declare
from hub.authoring.fields import (
    WHOLE,
    aggregate,
    column,
    computed,
    connection,
    embedded,
    expression,
    held_by,
    link,
    lookup,
    one,
    record_class,
    rows,
    viewer_lookup,
)
from hub.authoring.policy import read_policy
from hub.authoring.remotes import RemoteFile, read_remotes
from hub.authoring.scalars import ScalarKind, scalar
from hub.authoring.source import Key, Source, Through, value
from hub.model.mapping import By, Page
from hub.model.viewer import RecordClass, Standing

__all__ = [
    "WHOLE",
    "By",
    "Key",
    "Page",
    "RecordClass",
    "RemoteFile",
    "ScalarKind",
    "Source",
    "Standing",
    "Through",
    "aggregate",
    "column",
    "computed",
    "connection",
    "declare",
    "embedded",
    "expression",
    "held_by",
    "link",
    "lookup",
    "one",
    "read_agreements",
    "read_policy",
    "read_remotes",
    "record_class",
    "rows",
    "scalar",
    "value",
    "viewer_lookup",
]
