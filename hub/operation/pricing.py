"""Supergraph x declared graph -> Costs: what subgraphs say in `@cost` and `@listSize`, and what declarations tell.

A page is as large as `first` or `last` says, or as it is without; a look-up of many keys gives as many. What a
declaration tells of a list is exact, so it stands where a directive says something else.
"""

from __future__ import annotations

from collections.abc import Iterator

from graphql import is_interface_type, is_object_type

from hub.model.cost import Costs, ListSize
from hub.model.entrance import ENTITIES, REPRESENTATIONS
from hub.model.graph import Coordinate, DeclaredGraph
from hub.model.mapping import Page, Rows
from hub.model.supergraph import Supergraph

TOTAL = 10
"""What counting all rows of a list weighs: it reads more of them than a page does."""

_ROOT = "Query"


def costs_of(supergraph: Supergraph, declared: DeclaredGraph) -> Costs:
    """What is known of the whole graph."""
    weights: dict[str, int] = {}
    sizes: dict[Coordinate, ListSize] = {}
    for place, directives in supergraph.applied.items():
        for one in directives:
            said = one.arguments
            if one.name == "cost":
                weights[place] = int(said["weight"])
            elif one.name == "listSize":
                slicing = tuple(said.get("slicingArguments") or ())
                type_name, _, field_name = place.partition(".")
                sizes[type_name, field_name] = ListSize(
                    said.get("assumedSize"),
                    slicing,
                    tuple(said.get("sizedFields") or ()),
                    bool(slicing) and said.get("requireOneSlicingArgument", True),
                )
    weights |= {f"{type_name}.totalCount": TOTAL for type_name, name in declared.structure if name == "totalCount"}
    weights |= {f"{type_name}.{name}": weight for (type_name, name), weight in declared.weights.items()}
    sizes |= {where: ListSize(size) for where, size in declared.sizes.items()}
    sizes |= dict(_mapped(declared))
    sizes[_ROOT, ENTITIES] = ListSize(counted=REPRESENTATIONS)
    return Costs(weights, {**dict(_inherited(supergraph, sizes)), **sizes})


def _mapped(declared: DeclaredGraph) -> Iterator[tuple[Coordinate, ListSize]]:
    for mapping in declared.mappings.values():
        for name, lookup in mapping.lookups.items():
            if lookup.many:
                yield (_ROOT, name), ListSize(lookup.most, counted=lookup.arguments[0])
        for type_name, of in mapping.types.items():
            for name, rows in of.fields.items():
                if isinstance(rows, Rows) and isinstance(rows.page, Page):
                    yield (type_name, name), ListSize(rows.page.usual, ("first", "last"), ("nodes", "edges"))


def _inherited(supergraph: Supergraph, sizes: dict[Coordinate, ListSize]) -> Iterator[tuple[Coordinate, ListSize]]:
    """What an interface says of a list holds for the types that implement it."""
    for (type_name, field_name), size in sizes.items():
        found = supergraph.api.type_map.get(type_name)
        if is_interface_type(found):
            for one in supergraph.api.get_possible_types(found):
                if is_object_type(one):
                    yield (one.name, field_name), size
