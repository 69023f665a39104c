"""Subgraphs into one supergraph.

Takes `Subgraph` values (SDL of Federation 2, or 1), gives a `Supergraph`, or `BuildFailed` with every problem found.
`read_supergraph` takes the SDL of a supergraph composed here or elsewhere.

    alone        one subgraph as the graph that it is by itself
    compose      the order: names, subgraphs, rules, merging, printing, reading back, satisfiability
    parse        one subgraph's SDL as a value; `links` its `@link`s, `validate` whether it is GraphQL, `facts` what
                 follows from its declarations
    together     the same element as several subgraphs declare it
    rules        what may not be composed: one function a rule, one visible list
    merge        the merged type system; `joins` its `@join__*`, `propagate` the directives that move along, `access`
                 those that protect, `contexts` the arguments that come from above
    print        its SDL
    read         SDL to `Supergraph`, the one way to make that value; `federation1` rewrites one of Federation 1
    satisfiable  whether every field can be reached from a root
    hints        what composes and is probably not meant
    folder       the subgraphs of a directory, and the file that a place is in
    document     the values all of these share; `typeref` types, `fieldsets` field sets, `specs` the specifications'
                 own definitions, `problems` places and suggestions
"""

from hub.compose.alone import compose_alone
from hub.compose.compose import compose, compose_with_hints
from hub.compose.folder import Sources, read_folder
from hub.compose.hints import Hint
from hub.compose.read import read_supergraph

__all__ = ["Hint", "Sources", "compose", "compose_alone", "compose_with_hints", "read_folder", "read_supergraph"]
