"""What is compared: a schema as its readers see it, and what stands on its elements beside it.

Takes a composed supergraph, or plain SDL; gives a `Published`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from graphql import GraphQLError, GraphQLSchema, build_ast_schema, parse
from graphql.validation.validate import validate_sdl

from hub.errors import BuildFailed, Problem
from hub.model.supergraph import AppliedDirective, Supergraph


@dataclass(frozen=True, slots=True)
class Published:
    """The public schema, and coordinate -> the directives of the whole graph there, hidden elements included."""

    api: GraphQLSchema
    applied: Mapping[str, tuple[AppliedDirective, ...]] = field(default_factory=dict)

    def hides(self, coordinate: str) -> bool:
        """Whether the graph has an element and keeps it from its readers."""
        return any(each.name == "inaccessible" for each in self.applied.get(coordinate, ()))


def published(supergraph: Supergraph) -> Published:
    """The public side of a supergraph."""
    return Published(supergraph.api, supergraph.applied)


def read_schema(sdl: str, place: str) -> Published:
    """Plain SDL, all of it public. Raises `BuildFailed` with everything that is wrong, at `place:line:column`."""
    try:
        document = parse(sdl)
        errors = validate_sdl(document)
        if not errors:
            return Published(build_ast_schema(document, assume_valid_sdl=True))
    except GraphQLError as error:
        errors = [error]
    raise BuildFailed([_problem(error, place) for error in errors])


def _problem(error: GraphQLError, place: str) -> Problem:
    where = error.locations[0] if error.locations else None
    message = error.message.removeprefix("Syntax Error: ").removesuffix(".").replace("'", "`")
    unknown = message.startswith("Unknown directive")
    suggestion = "give a directory, if this is a subgraph of several" if unknown else ""
    return Problem(
        "INVALID_GRAPHQL",
        f"{place}:{where.line}:{where.column}" if where else place,
        message[:1].lower() + message[1:],
        suggestion,
    )
