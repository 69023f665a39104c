"""The right answer: graphql-core over the whole world and the public schema, without subgraphs or plans."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLError, GraphQLResolveInfo, execute_sync, get_named_type, is_composite_type, parse, validate

from hub.model.supergraph import Supergraph
from tests.federation.declared import Context, contexts_of
from tests.federation.world import FailsOnPurpose, Row, State, World

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Right:
    """`data`, and where errors belong. `failures` are errors that a subgraph reports; the other errors are nulls and
    values that the public schema does not allow, for which a gateway may say nothing.
    """

    data: dict[str, Any] | None
    errors: tuple[Path, ...] = ()
    failures: tuple[Path, ...] = ()
    refused: bool = False


@dataclass(frozen=True, slots=True)
class _Standing:
    """A row and what stands above it, from which contexts are read."""

    row: Row
    above: _Standing | None = None


def right_answer(
    supergraph: Supergraph,
    world: World,
    document: str,
    variables: Mapping[str, Any] | None = None,
    operation_name: str | None = None,
) -> Right:
    """What a gateway must answer. A refused operation has neither data nor paths."""
    parsed = parse(document, no_location=True)
    if validate(supergraph.api, parsed):
        return Right(None, refused=True)
    state = State()
    contexts = [context for each in world.subgraphs.values() for context in contexts_of(each)]

    def resolve(source: Any, info: GraphQLResolveInfo[Any], /, **arguments: Any) -> Any:
        name = info.field_name
        if source is None:
            root = info.parent_type.name
            if root == "Mutation":
                state.mutations.append(name)
            source = _Standing(world.rows[root])
        for context in contexts:
            if context.field == (source.row.type, name):
                arguments[context.argument] = _from_above(context, source, world, state)
        value = world.value(source.row, name, arguments, state)
        return _standing(value, source) if is_composite_type(get_named_type(info.return_type)) else value

    def type_of(value: Any, info: GraphQLResolveInfo[Any], abstract: Any) -> str:
        return str(value.row.type)

    result = execute_sync(
        supergraph.api,
        parsed,
        variable_values=dict(variables or {}),
        operation_name=operation_name,
        field_resolver=resolve,
        type_resolver=type_of,
    )
    errors = result.errors or []
    if result.data is None and errors and not any(error.path for error in errors):
        return Right(None, refused=True)
    return Right(
        result.data,
        tuple(tuple(error.path or ()) for error in errors),
        tuple(tuple(error.path or ()) for error in errors if _is_failure(error)),
    )


def _is_failure(error: GraphQLError) -> bool:
    return isinstance(error.original_error, FailsOnPurpose)


def _standing(value: Any, above: _Standing) -> Any:
    if isinstance(value, list):
        return [_standing(inner, above) for inner in value]
    return _Standing(value, above) if isinstance(value, Row) else value


def _from_above(context: Context, standing: _Standing, world: World, state: State) -> Any:
    above = standing.above
    while above is not None:
        if any(world.is_a(above.row.type, setter) for setter in context.set_by):
            value: Any = world.project(above.row, context.selection, state)
            while isinstance(value, dict):
                (value,) = value.values()
            return value
        above = above.above
    return None
