"""The order of things: build once, then every request through the stages.

    build     DeclaredGraph --compose--> Supergraph --> planner graph, rule book
    request   Request + Viewer --operation--> Operation --policy--> Authorized --planner--> Plan --executor--> Response

The only module that knows the order. Everything up to the program is done once for a document, profile and set of
booleans; a request that finds its program coerces its variables and runs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from graphql import GraphQLSchema, execute_sync
from graphql.language import BooleanValueNode, DocumentNode, FieldNode, OperationDefinitionNode, SelectionSetNode

from hub.cache import Bounded
from hub.compose import compose
from hub.errors import BuildFailed, Refused, Shown
from hub.executor import Lanes, Program, Programs, run
from hub.model.authorized import Authorized
from hub.model.graph import DeclaredGraph
from hub.model.mapping import Lookup
from hub.model.operation import Operation
from hub.model.plan import Plan
from hub.model.request import Request, Response, refusal
from hub.model.source import Source
from hub.model.supergraph import Supergraph
from hub.model.viewer import Audience, Profile, Viewer
from hub.operation import Limits, Prepared, coerce_variables, normalise, parse_document, prepare
from hub.planner import PlannerGraph, brittle_fields, plan, planner_graph
from hub.policy import RuleBook, authorize, contract, rulebook
from hub.settings import Settings
from hub.sources.postgres import PostgresSource

DOCUMENTS_KEPT = 500
PROGRAMS_OF_A_DOCUMENT = 8


@dataclass(frozen=True, slots=True)
class Built:
    """The graph, composed and ready to plan on."""

    declared: DeclaredGraph
    supergraph: Supergraph
    planner: PlannerGraph
    rules: RuleBook

    def contract(self, audience: Audience) -> GraphQLSchema:
        """The schema an audience sees."""
        return contract(self.supergraph.api, self.rules, audience, self.declared.scalars)

    def lookups(self) -> Mapping[tuple[str, str], Lookup]:
        """(source, root field) -> look-up."""
        return {
            (source, name): lookup
            for source, mapping in self.declared.mappings.items()
            for name, lookup in mapping.lookups.items()
        }


def build(declared: DeclaredGraph) -> Built:
    """Composes the declared graph; `BuildFailed` with everything that is wrong with it."""
    supergraph = compose(declared.subgraphs)
    rules = rulebook(supergraph, declared.policy, declared.transitions)
    planner = planner_graph(supergraph, declared.mappings)
    if brittle := brittle_fields(planner):
        raise BuildFailed(brittle)
    return Built(declared, supergraph, planner, rules)


def open_engine(declared: DeclaredGraph, settings: Settings) -> Engine:
    """An engine over the databases of the settings. It reaches them when first asked, so it starts without them."""
    built = build(declared)
    sources: dict[str, Source] = {
        name: PostgresSource(
            mapping,
            settings.dsns.by_source.get(name, {}),
            width=settings.pool_size,
            statement_seconds=settings.statement_timeout,
        )
        for name, mapping in declared.mappings.items()
    }
    return Engine(built, sources)


@dataclass(frozen=True, slots=True)
class Stages:
    """What each stage made of one operation; for `hub operation`, `hub plan` and their kin."""

    prepared: Prepared
    operation: Operation
    authorized: Authorized
    plan: Plan


@dataclass(frozen=True, slots=True)
class _Document:
    """A prepared document, and the programs made of it so far: one for each profile and set of booleans."""

    prepared: Prepared
    programs: Bounded[tuple[Profile, tuple[bool, ...]], Program] = field(
        default_factory=lambda: Bounded(PROGRAMS_OF_A_DOCUMENT)
    )


class Engine:
    """Serves a built graph over its sources. Belongs to one event loop."""

    def __init__(self, built: Built, sources: Mapping[str, Source], limits: Limits | None = None) -> None:
        self.built = built
        self.sources = sources
        self.limits = limits or Limits()
        self._contracts: Bounded[Audience, GraphQLSchema] = Bounded(len(Audience))
        self._documents: Bounded[tuple[str, str | None, Audience], _Document] = Bounded(DOCUMENTS_KEPT)
        self._maker: Programs | None = None

    async def start(self) -> None:
        """Builds the contracts, so that no request waits for one. Sources are reached when first asked."""
        for audience in Audience:
            self.contract(audience)

    async def stop(self) -> None:
        """Lets go of every source."""
        await asyncio.gather(*(source.close() for source in self.sources.values()))

    async def ready(self) -> Mapping[str, bool]:
        """Which sources answer now."""
        names = list(self.sources)
        return dict(zip(names, await asyncio.gather(*(self.sources[name].ready() for name in names)), strict=True))

    def contract(self, audience: Audience) -> GraphQLSchema:
        """The schema an audience sees, built once."""
        return self._contracts.get(audience) or self._contracts.put(audience, self.built.contract(audience))

    async def execute(self, request: Request, viewer: Viewer) -> Response:
        """The answer to one request. What is wrong with the request is shown; a fault of the hub is raised."""
        try:
            return Response(await self._execute(request, viewer))
        except Refused as refused:
            return Response(refusal(refused.errors), executed=False)

    async def _execute(self, request: Request, viewer: Viewer) -> bytes:
        document = self._document(request, viewer.profile.audience)
        prepared = document.prepared
        variables = coerce_variables(prepared, request.variables)
        booleans = tuple([bool(variables.get(name)) for name in prepared.booleans])
        key = (viewer.profile, booleans)
        program = document.programs.get(key)
        if program is None:
            program = self._program(prepared, booleans, viewer.profile, variables)
            # What introspection answers may hang on variables, and stands in its program as text.
            if not (program.introspects and prepared.operation.variable_definitions):
                document.programs.put(key, program)
        return await run(program, variables, viewer)

    def _document(self, request: Request, audience: Audience) -> _Document:
        key = (request.document, request.operation_name, audience)
        return self._documents.get(key) or self._documents.put(
            key,
            _Document(
                prepare(
                    parse_document(request.document, self.limits),
                    request.operation_name,
                    self.contract(audience),
                    self.limits,
                )
            ),
        )

    def stages(self, request: Request, profile: Profile) -> Stages:
        """Every stage's value for one request, up to the plan, which no variable but a boolean can change."""
        prepared = self._document(request, profile.audience).prepared
        defaults = {
            definition.variable.name.value: definition.default_value.value
            for definition in prepared.operation.variable_definitions or ()
            if isinstance(definition.default_value, BooleanValueNode)
        }
        booleans = tuple(bool({**defaults, **request.variables}.get(name)) for name in prepared.booleans)
        return self._stages(prepared, booleans, profile)

    def _stages(self, prepared: Prepared, booleans: tuple[bool, ...], profile: Profile) -> Stages:
        operation = normalise(prepared, dict(zip(prepared.booleans, booleans, strict=True)))
        authorized = authorize(operation, profile, self.built.rules)
        return Stages(prepared, operation, authorized, plan(authorized, self.built.planner))

    def _program(
        self, prepared: Prepared, booleans: tuple[bool, ...], profile: Profile, variables: Mapping[str, Any]
    ) -> Program:
        stages = self._stages(prepared, booleans, profile)
        if self._maker is None:
            self._maker = Programs(Lanes(self.sources), self.built.lookups())
        answers: dict[str, Any] = {}

        def introspect(key: str) -> str:
            if not answers:
                answers.update(_introspect(prepared, stages.operation, variables))
            return orjson.dumps(answers[key]).decode()

        return self._maker.program(stages.plan, stages.operation, introspect)


def _introspection_fields(operation: Operation) -> tuple[FieldNode, ...]:
    return tuple(field.node for field in operation.fields if field.name in ("__schema", "__type"))


def _introspect(prepared: Prepared, operation: Operation, variables: Mapping[str, Any]) -> Mapping[str, Any]:
    """The introspection fields of an operation, answered by graphql-core over the viewer's own schema."""
    original = prepared.operation
    only = OperationDefinitionNode(
        operation=original.operation,
        name=original.name,
        variable_definitions=original.variable_definitions,
        directives=original.directives,
        selection_set=SelectionSetNode(selections=_introspection_fields(operation)),
    )
    document = DocumentNode(definitions=(only, *prepared.fragments.values()))
    result = execute_sync(prepared.schema, document, variable_values=dict(variables))
    if result.errors:
        raise Refused([Shown(error.message, code="GRAPHQL_VALIDATION_FAILED") for error in result.errors])
    assert result.data is not None
    return result.data
