"""The order of things: build once, then every request through the stages.

    build     DeclaredGraph --compose--> Supergraph --> planner graph, rule book
    request   Request + Viewer --operation--> Operation --policy--> Authorized --planner--> Plan --executor--> Response

The only module that knows the order. Everything up to the program is done once for a document, profile and set of
booleans; a request that finds its program coerces its variables and runs.
"""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from os import urandom
from pathlib import Path
from typing import Any, NamedTuple

import orjson
from graphql import GraphQLSchema, OperationType, execute_sync, extend_schema, get_named_type, parse
from graphql.language import DocumentNode, FieldNode, OperationDefinitionNode, SelectionSetNode

from hub.assertion import Signer, read_private_key
from hub.cache import Bounded, MemoryStore, Store
from hub.compose import compose, compose_alone
from hub.errors import BuildFailed, Refused, SettingsWrong, Shown
from hub.executor import Lanes, Observed, Program, Programs, Secrets, check, run, runs
from hub.model.authorized import Authorized
from hub.model.effect import Effect
from hub.model.entrance import ENTITIES, REPRESENTATIONS, SERVICE
from hub.model.graph import Agreement, Compared, Coordinate, DeclaredGraph, PolicyTable, Remote, RowsTell
from hub.model.limits import OF_A_HUB, Limits
from hub.model.mapping import Lookup, Reference, SourceMapping
from hub.model.operation import Operation
from hub.model.plan import Fetch, Plan
from hub.model.request import About, PlanWish, Request, Response, refusal
from hub.model.source import Opened, Parameter, PseudonymKey, Sought, Source
from hub.model.supergraph import Supergraph
from hub.model.viewer import Audience, Profile, Served, Universe, Viewer, standings
from hub.model.watch import Watch
from hub.operation import (
    Form,
    Formula,
    Prepared,
    booleans_given,
    check_reads_only,
    coerce_forming_variables,
    coerce_variables,
    costs_of,
    forms_of,
    formula_of,
    known_part,
    normalise,
    operation_names,
    parse_document,
    prepare,
    signature,
)
from hub.planner import (
    PlannerGraph,
    brittle_fields,
    custom_labels,
    described,
    fetches,
    homeless_links,
    plan,
    planner_graph,
    shares,
)
from hub.planner.view import document
from hub.policy import (
    Entrances,
    Explanation,
    Place,
    RuleBook,
    authorize,
    chart,
    check_agreement,
    contract,
    described_sdl,
    explain,
    plan_sight,
    policy_problems,
    profiles,
    pseudonym_key,
    public_rules,
    rulebook,
    with_remotes,
)
from hub.settings import Settings, require_asserting
from hub.sources.postgres import PostgresSource, compile_fetch
from hub.sources.remote import RemoteSource, Rows
from hub.sources.remote.transport import Limits as TransportLimits
from hub.sources.remote.transport import Transport
from hub.stored import Manifest, StoredDocuments, Storing, read_manifest

DOCUMENTS_KEPT = 1_000
PROFILES_KEPT = 256
PROGRAMS_OF_A_DOCUMENT = 32
READABLE_KEPT = 2_000
_LAST_DRAW = math.nextafter(1.0, 0.0)


def _today() -> date:
    """The day in Viet Nam, seven hours ahead and without daylight saving."""
    return (datetime.now(UTC) + timedelta(hours=7)).date()


@dataclass(frozen=True, slots=True)
class Built:
    """The graph, composed and ready to plan on."""

    declared: DeclaredGraph
    supergraph: Supergraph
    planner: PlannerGraph
    rules: RuleBook
    contracts: Mapping[Profile, GraphQLSchema] = field(default_factory=dict)
    manifest: Manifest = field(default_factory=Manifest)

    def with_stored(self, path: Path | None) -> Built:
        """The same with the documents of a manifest file; `SettingsWrong` with everything that is wrong with it."""
        return self if path is None else replace(self, manifest=read_manifest(path))

    def contract(self, profile: Profile) -> GraphQLSchema:
        """The schema a profile sees; at once if it is one of `contracts`."""
        found = self.contracts.get(profile)
        return found or contract(self.supergraph.api, self.rules, profile, self.declared.scalars)

    def warmed(self) -> Built:
        """The same with the contracts that are known beforehand, so that no request waits for one of them."""
        found: dict[Profile, GraphQLSchema] = {}
        for profile in profiles(self.rules):
            if profile.audience is not Audience.ANALYST:  # an analyst's belongs to his project
                for one in (profile, *self._asserted(profile)):
                    found[one] = self.contract(one)
        return replace(self, contracts=found)

    def _asserted(self, profile: Profile) -> Iterator[Profile]:
        """The same reader, asked for by a hub."""
        for standing in standings(profile.audience) if self.rules.entrances.keys else ():
            yield replace(profile, asserted=standing)

    def served(self, universes: Sequence[Universe] = tuple(Universe)) -> Served:
        """What an instance with these universes takes of a viewer's claims."""
        rules = self.rules
        return Served(tuple(universes), {name: one.universe for name, one in rules.agreements.items()}, rules.scopes)

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
    declared, wrong = with_remotes(supergraph, declared)
    rules = rulebook(supergraph, declared)
    planner = planner_graph(supergraph, declared)
    wrong += [*brittle_fields(planner), *homeless_links(planner)]
    if problems := [*wrong, *policy_problems(rules, supergraph.api, declared)]:
        raise BuildFailed(problems)
    return Built(declared, supergraph, planner, rules)


def _answerable(declared: DeclaredGraph, source: str) -> Mapping[Coordinate, Compared]:
    """What filters of a source compare that it can answer alone: not what is behind a link to another source."""
    types = declared.mappings[source].types

    def leads_away(where: Coordinate) -> bool:
        home = types.get(where[0])
        return home is not None and isinstance(home.fields.get(where[1]), Reference)

    return {name: Compared(("", "")) if leads_away(one.field) else one for name, one in declared.compared.items()}


def build_subgraph(declared: DeclaredGraph, source: str) -> Built:
    """One source of the declared graph as a subgraph that stands alone; `BuildFailed` as for the whole graph.

    It is a graph of one source, with `_entities` and `_service` in it like other root fields: the policy decides who
    sees them, and what is asked through them is planned and answered like everything else.
    """
    build(declared)
    subgraph = next(one for one in declared.subgraphs if one.name == source)
    mapping = declared.mappings[source]
    compared = _answerable(declared, source)
    alone = replace(declared, subgraphs=(subgraph,), mappings={source: mapping}, compared=compared, remotes={})
    supergraph = compose_alone(subgraph)
    keys = {name: tuple(key.fields for key in of.keys) for name, of in mapping.types.items() if of.keys}
    machinery = (
        f"scalar _Any union _Entity = {' | '.join(keys)} type _Service {{ sdl: String! }}"
        f" extend type Query {{ {SERVICE}: _Service! {ENTITIES}({REPRESENTATIONS}: [_Any!]!): [_Entity]! }}"
    )
    rules = replace(rulebook(supergraph, alone), entrances=Entrances(keys, _leading_away(supergraph, mapping)))
    entered = replace(supergraph, api=extend_schema(supergraph.api, parse(machinery)))
    return Built(alone, entered, planner_graph(entered, alone), rules)


def _leading_away(supergraph: Supergraph, mapping: SourceMapping) -> frozenset[Coordinate]:
    """The links of a source to entities that are at home in another."""
    return frozenset(
        (name, field_name)
        for name, of in mapping.types.items()
        for field_name, mapped in of.fields.items()
        if isinstance(mapped, Reference)
        and any(join.extension for join in supergraph.types[_named(supergraph, name, field_name)])
    )


def _named(supergraph: Supergraph, name: str, field_name: str) -> str:
    return get_named_type(supergraph.api.type_map[name].fields[field_name].type).name  # type: ignore[attr-defined,no-any-return]


def open_engine(declared: DeclaredGraph, settings: Settings) -> Engine:
    """An engine over the databases of the settings. It reaches them when first asked, so it starts without them."""
    return over_databases(build(declared).with_stored(settings.operations), settings)


def open_subgraph(declared: DeclaredGraph, source: str, settings: Settings) -> Engine:
    """An engine over the database of one source, which stands alone."""
    return over_databases(build_subgraph(declared, source).with_stored(settings.operations), settings)


def over_databases(built: Built, settings: Settings, store: Store | None = None, watch: Watch | None = None) -> Engine:
    """An engine over the databases of the settings; `SettingsWrong` if they lack what this graph needs.

    store  what replicas share; it is opened and closed elsewhere, because it lives longer than an engine
    """
    if settings.pseudonym_key is None and built.rules.uses(Effect.PSEUDONYM):
        raise SettingsWrong("`HUB_PSEUDONYM_KEY` is missing: the policy table shows pseudonyms, which are made with it")
    signer = None
    if built.declared.remotes:
        require_asserting(settings)
        assert settings.assertion_key is not None
        signer = Signer(read_private_key(settings.assertion_key), settings.assertion_issuer)
    sources = _sources(built, settings, settings.pseudonym_key, signer, watch)
    return Engine(
        built,
        sources,
        document_limits(settings),
        pseudonym_secret=settings.pseudonym_key,
        watch=watch,
        storing=storing_of(built, settings, store),
        store=store,
        budgets=dict(settings.max_cost),
    )


def document_limits(settings: Settings) -> Limits:
    """How large documents may be."""
    return Limits(
        characters=settings.max_characters,
        tokens=settings.max_tokens,
        brackets=settings.max_brackets,
        aliases=settings.max_aliases,
        directives=settings.max_directives,
        spreads=settings.max_spreads,
        operations=settings.max_operations,
        fragments=settings.max_fragments,
        variables=settings.max_variables,
        depth=settings.max_depth,
        roots=settings.max_roots,
        fields=settings.max_fields,
    )


def storing_of(built: Built, settings: Settings, store: Store | None) -> Storing:
    """What is stored of documents, as the settings say."""
    return Storing(
        built.manifest,
        frozenset(settings.operations_only),
        store if settings.persisted_queries else None,
        settings.persisted_queries,
        settings.warm_seconds,
    )


def open_unconnected(built: Built, limits: Limits | None = None) -> Engine:
    """An engine that compiles questions, and reaches nothing to ask them."""
    return Engine(built, _sources(built, Settings(), b"", None, None), limits)


def _sources(
    built: Built, settings: Settings, secret: bytes | None, signer: Signer | None, watch: Watch | None
) -> Mapping[str, Source]:
    """The sources of a graph, here and elsewhere."""
    declared = built.declared
    here: dict[str, Source] = {
        name: PostgresSource(
            declared.mappings[name],
            settings.dsns.by_source.get(name, {}),
            width=settings.pool_size,
            statement_seconds=settings.statement_timeout,
        )
        for name in declared.here
    }
    return here | {name: _remote_source(built, one, secret, signer, watch) for name, one in declared.remotes.items()}


def _remote_source(
    built: Built, remote: Remote, secret: bytes | None, signer: Signer | None, watch: Watch | None
) -> RemoteSource:
    """A subgraph in another process, under the policy of this one."""

    def pseudonyms(profile: Profile) -> tuple[bytes, bytes] | None:
        return pseudonym_key(secret, profile.scope) if secret is not None else None

    def refusals(fetch: Fetch) -> Sequence[Parameter]:
        if not remote.replaces:
            return ()
        found = compile_fetch(fetch, built.declared.mappings[remote.name]).parameters
        # Cursors open here only if both are made with the same secret.
        return [one for one in found if secret is not None or not isinstance(one, Opened | Sought)]

    telling = {
        type_name
        for (type_name, field_name), joins in built.supergraph.fields.items()
        if isinstance(remote.rows, RowsTell)
        and field_name == remote.rows.field
        and any(join.graph == remote.name and join.resolves for join in joins)
    }
    return RemoteSource(
        remote.name,
        built.supergraph.api,
        built.planner,
        Transport(remote.name, remote.url, TransportLimits(deadline=remote.deadline)),
        Rows(remote.rows, frozenset(telling), pseudonyms, refusals, guarded=True),
        sign=signer.sign if signer is not None else None,
        trusted=remote.shows_messages,
        coded=remote.shows_messages,
        onward=watch.onward if watch is not None else None,
    )


PUBLIC = Profile(Audience.OFFICER)


def build_public(supergraph: Supergraph, labels: Collection[str] = ()) -> Built:
    """A graph of remote subgraphs alone, with every field public. `labels` are those of `@override` that are on."""
    declared = DeclaredGraph((), {}, {}, {}, PolicyTable("public", frozenset(), {}))
    planner = planner_graph(supergraph, labels=frozenset(labels))
    if unknown := planner.labels - custom_labels(planner):
        known = ", ".join(f"`{one}`" for one in sorted(custom_labels(planner))) or "none"
        names = ", ".join(f"`{one}`" for one in sorted(unknown))
        raise SettingsWrong(
            f"no override of the graph has the label {names}: those that can be switched on are {known}"
        )
    return Built(declared, supergraph, planner, public_rules(supergraph.api))


def open_gateway(
    supergraph: Supergraph,
    urls: Mapping[str, str] | None = None,
    *,
    labels: Collection[str] = (),
    trusted: Collection[str] = (),
    draw: Callable[[], float] = random.random,
    storing: Storing | None = None,
    watch: Watch | None = None,
) -> Engine:
    """An engine over remote subgraphs alone, with every field public.

    urls     stand in for those of the supergraph
    labels   custom labels of `@override` that are on
    trusted  the subgraphs whose errors are shown as they are
    draw     a number from 0 to below 1 for each request, which decides what a percentage of them does
    """
    return over_subgraphs(
        build_public(supergraph, labels), urls, trusted=trusted, draw=draw, storing=storing, watch=watch
    )


def over_subgraphs(
    built: Built,
    urls: Mapping[str, str] | None = None,
    *,
    trusted: Collection[str] = (),
    draw: Callable[[], float] = random.random,
    storing: Storing | None = None,
    watch: Watch | None = None,
    settings: Settings | None = None,
    store: Store | None = None,
) -> Engine:
    """An engine over the remote subgraphs of a public graph, as for `open_gateway`; `settings` bound what it takes."""
    supergraph = built.supergraph
    sources: dict[str, Source] = {
        name: RemoteSource(
            name,
            supergraph.api,
            built.planner,
            Transport(name, (urls or {}).get(name) or url),
            trusted=name in trusted,
            onward=watch.onward if watch is not None else None,
        )
        for name, url in supergraph.graphs.items()
    }
    if settings is None:
        return Engine(built, sources, draw=draw, storing=storing, watch=watch)
    return Engine(
        built,
        sources,
        document_limits(settings),
        draw=draw,
        watch=watch,
        storing=storing_of(built, settings, store),
        store=store,
        budgets=dict(settings.max_cost),
    )


@dataclass(frozen=True, slots=True)
class Stages:
    """What each stage made of one operation; for `hub operation`, `hub plan` and their kin."""

    prepared: Prepared
    operation: Operation
    authorized: Authorized
    plan: Plan


class _Way(NamedTuple):
    """What of a request decides its program, beside document and profile.

    variant   of the graph, where overrides hold for a percentage of the requests
    booleans  the values that decide `@skip` and `@include`
    forms     of the variables that decide lists
    """

    variant: int
    booleans: tuple[bool, ...]
    forms: tuple[Form, ...]


class _Priced(NamedTuple):
    """What answers a request, and what it costs."""

    program: Program
    cost: Formula


@dataclass(frozen=True, slots=True)
class _Document:
    """A prepared document of a profile, and the programs made of it so far.

    name, signature  what may be said of it, if the engine is watched
    """

    prepared: Prepared
    programs: Bounded[_Way, _Priced]
    name: str = ""
    signature: str = ""


Charge = Callable[[int], Awaitable[None]]
"""Takes what a request costs from whoever asks; raises `Refused` if he has too little left."""


class Engine:
    """Serves a built graph over its sources. Belongs to one event loop."""

    # Who reads where everything is public.
    public_viewer = Viewer(PUBLIC)

    def __init__(
        self,
        built: Built,
        sources: Mapping[str, Source],
        limits: Limits | None = None,
        *,
        pseudonym_secret: bytes | None = None,
        today: Callable[[], date] = _today,
        draw: Callable[[], float] = random.random,
        storing: Storing | None = None,
        watch: Watch | None = None,
        budgets: Mapping[Audience, int] | None = None,
        store: Store | None = None,
    ) -> None:
        self.built = built
        self.sources = sources if watch is None else {name: watch.source(one) for name, one in sources.items()}
        self._watch = watch
        self.limits = limits or Limits()
        self._secret = pseudonym_secret
        # Without a key from outside, cursors live as long as this engine.
        self._own_secret = urandom(32)
        self._today = today
        self._draw = draw
        self._shares = shares(built.planner)
        self._contracts: Bounded[Profile, GraphQLSchema] = Bounded(PROFILES_KEPT)
        self._makers: Bounded[Profile, Programs] = Bounded(PROFILES_KEPT)
        self._documents: Bounded[tuple[str, str | None, Profile], _Document] = Bounded(DOCUMENTS_KEPT)
        self._lanes: Lanes | None = None
        self._costs = costs_of(built.supergraph, built.declared)
        self._budgets = budgets or {}
        self._storing = storing or Storing()
        self.store: Store = store or self._storing.store or MemoryStore()
        self._stored = StoredDocuments(self._storing, self.readable)
        self._readable: Bounded[tuple[str, Profile], bool] = Bounded(
            READABLE_KEPT + len(self._storing.manifest.documents) * PROFILES_KEPT
        )

    async def start(self) -> None:
        """Builds what is known beforehand, if that was not done: contracts, then plans of stored documents."""
        if not self.built.contracts:
            self.built = self.built.warmed()
        await self._warm()

    async def stop(self) -> None:
        """Lets go of every source, when what was asked of it is answered. What is shared lives longer."""
        if self._lanes is not None:
            await self._lanes.settled()
        await asyncio.gather(*(source.close() for source in self.sources.values()))

    async def ready(self) -> Mapping[str, bool]:
        """Which sources answer now."""
        names = list(self.sources)
        return dict(zip(names, await asyncio.gather(*(self.sources[name].ready() for name in names)), strict=True))

    def contract(self, profile: Profile) -> GraphQLSchema:
        """The schema a profile sees, built once."""
        return self._contracts.get(profile) or self._contracts.put(profile, self.built.contract(profile))

    def readable(self, text: str, profile: Profile) -> bool:
        """Whether a document is valid, with all of its operations, as a profile sees the graph."""
        key = (text, replace(profile, project=None))  # all projects see the same
        found = self._readable.get(key)
        if found is None:
            found = self._readable.put(key, self._is_readable(*key))
        return found

    def _is_readable(self, text: str, profile: Profile) -> bool:
        try:
            parsed = parse_document(text, self.limits)
            for name in operation_names(parsed):
                prepare(parsed, name, self.contract(profile), self.limits, self.built.declared.lists)
        except Refused:
            return False
        return True

    async def _warm(self) -> None:
        """Decides which profile may run which stored document, and plans them, for those that run no other first.

        It takes turns with requests. What is not done within its time is done when it is asked for.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + self._storing.warm_seconds
        for profile in sorted(profiles(self.built.rules), key=lambda one: one.audience not in self._storing.only):
            for stored in self._storing.manifest.documents:
                if loop.time() > until:
                    return
                # An analyst's plans belong to his project.
                if len(self._documents) < DOCUMENTS_KEPT // 2 and profile.audience is not Audience.ANALYST:
                    self._plan_defaults(stored.text, profile)
                else:
                    self.readable(stored.text, profile)
                await asyncio.sleep(0)

    def _plan_defaults(self, text: str, profile: Profile) -> None:
        """Plans a document, if a profile may run it, as its operations are with the defaults of their variables."""
        if not self.readable(text, profile):
            return
        names = operation_names(parse_document(text, self.limits))
        for name in names if len(names) > 1 else (None,):
            try:
                document = self._document(Request(text, name), profile)
                prepared = document.prepared
                variables = coerce_forming_variables(prepared, {})
                self._planned(document, tuple(booleans_given(prepared, {}).values()), variables, profile)
            except Refused:
                continue  # its plan hangs on variables that have no default, or it is beyond a limit

    async def execute(self, request: Request, viewer: Viewer, charge: Charge | None = None) -> Response:
        """The answer to one request. What is wrong with the request is shown; a fault of the hub is raised.

        `charge` is told what it costs before anything is read for it.
        """
        try:
            return await self._execute(request, viewer, charge)
        except Refused as refused:
            return Response(refusal(refused.errors), executed=False, status=refused.status)

    async def _execute(self, request: Request, viewer: Viewer, charge: Charge | None) -> Response:
        if self._stored.concerns(request, viewer.profile):
            request = await self._stored.found(request, viewer)
        (program, formula), variables = self._ready_to_run(request, viewer.profile)
        cost = formula.value(variables)
        if charge is not None:
            await charge(0 if request.plan is PlanWish.ONLY else cost)
        if request.plan is not None:
            return await self._with_plan(request.plan, program, variables, viewer, cost)
        if self._watch is None:
            return Response(await run(program, variables, viewer))
        with self._watch.execution():
            return Response(await run(program, variables, viewer), about=program.about, cost=cost)

    def program(self, request: Request, profile: Profile) -> tuple[Program, Mapping[str, Any]]:
        """What answers a request, and the request's own variables."""
        priced, variables = self._ready_to_run(request, profile)
        return priced.program, variables

    def _ready_to_run(self, request: Request, profile: Profile) -> tuple[_Priced, Mapping[str, Any]]:
        """What answers a request, made once for all that are alike, and the request's own variables."""
        document = self._document(request, profile)
        prepared = document.prepared
        variables = coerce_variables(prepared, request.variables)
        if profile.agreement is not None:
            check_agreement(request, profile, self.built.rules.agreements, self._today())
        booleans = tuple([bool(variables.get(name)) for name in prepared.booleans])
        priced, made = self._planned(document, booleans, variables, profile)
        if self._watch is not None:
            self._watch.planned(known=not made)
        return priced, variables

    def _planned(
        self, document: _Document, booleans: tuple[bool, ...], variables: Mapping[str, Any], profile: Profile
    ) -> tuple[_Priced, bool]:
        """The program with its cost, and whether it was made for this; `Refused` if that is too much."""
        prepared = document.prepared
        forms = forms_of(prepared.forming, variables) if prepared.forming else ()
        way = _Way(self._shares.drawn(self._draw()) if self._shares.bounds else 0, booleans, forms)
        priced = document.programs.get(way)
        if priced is not None:
            self._check_cost(priced.cost, variables, profile)
            return priced, False
        priced = self._priced(document, way, profile, variables)
        # What introspection answers may hang on variables, and stands in its program as text.
        if not (priced.program.introspects and prepared.operation.variable_definitions):
            document.programs.put(way, priced)
        return priced, True

    def _budget(self, profile: Profile) -> int | None:
        """What one request may cost, if that is bounded: a hub that asks for a reader has charged him itself."""
        return self._budgets.get(profile.audience) if profile.asserted is None else None

    def _limits(self, profile: Profile) -> Limits:
        """How large a document of a reader may be."""
        return self.limits if profile.asserted is None else OF_A_HUB

    def _check_cost(self, formula: Formula, variables: Mapping[str, Any], profile: Profile) -> None:
        """Refuses what costs more than the reader's audience may spend on one request."""
        budget = self._budget(profile)
        if budget is not None and (cost := formula.value(variables)) > budget:
            advice = "ask for smaller pages, fewer keys, or less of each item"
            message = f"the operation costs {cost}, more than {budget}: {advice}"
            details = {"cost": {"requested": cost, "budget": budget}}
            raise Refused([Shown(message, code="COST_LIMIT_EXCEEDED", details=details)])

    async def _with_plan(
        self, wish: PlanWish, program: Program, variables: Mapping[str, Any], viewer: Viewer, cost: int
    ) -> Response:
        """The answer with its plan and its cost in the extensions; or these alone, and `data` is null."""
        sight = plan_sight(viewer.profile, self.built.rules, self.contract(viewer.profile))
        shown = described(program.plan, sight)
        steps = [program.steps[id(fetch)] for fetch in fetches(program.plan)]
        if sight.inside:
            questions = (self.sources[step.question.fetch.source].readable(step.question) for step in steps)
            shown = shown.with_questions(dict(enumerate(questions, start=1)))
        if wish is PlanWish.ONLY:
            check(program, variables, viewer)
            body = b'{"data":null}'
        else:
            observed = Observed()
            body = await run(program, variables, viewer, observed)
            shown = shown.with_runs(runs(shown, steps, observed, body, inside=sight.inside))
        price = {"requested": cost, "budget": self._budget(viewer.profile)}
        extensions = orjson.dumps({"plan": document(shown), "cost": price})
        return Response(body[:-1] + b',"extensions":' + extensions + b"}", plan=shown, about=program.about, cost=cost)

    def _stage(self, name: str) -> AbstractContextManager[Any]:
        """A stage that is not passed by every request, timed and traced."""
        return nullcontext() if self._watch is None else self._watch.stage(name)

    def _document(self, request: Request, profile: Profile) -> _Document:
        key = (request.document, request.operation_name, profile)
        document = self._documents.get(key) or self._documents.put(key, self._prepared(request, profile))
        if request.reads_only:
            check_reads_only(document.prepared.document, request.operation_name)
        return document

    def _prepared(self, request: Request, profile: Profile) -> _Document:
        with self._stage("parse"):
            parsed = parse_document(request.document, self._limits(profile))
        if request.reads_only:
            check_reads_only(parsed, request.operation_name)
        with self._stage("validate"):
            prepared = prepare(
                parsed, request.operation_name, self.contract(profile), self._limits(profile), self.built.declared.lists
            )
        programs: Bounded[_Way, _Priced] = Bounded(PROGRAMS_OF_A_DOCUMENT * len(self._shares.graphs))
        if self._watch is None:
            return _Document(prepared, programs)
        stored = request.document in self._storing.manifest.texts
        name = prepared.operation.name.value if stored and prepared.operation.name is not None else ""
        return _Document(prepared, programs, name, signature(parsed))

    def explained(self, request: Request, profile: Profile) -> tuple[Explanation, tuple[tuple[int, int], ...]]:
        """What the reader is given of each field that his own schema has, and where the others stand.

        `Refused` as `execute` would for whatever else is wrong with the operation.
        """
        schema = self.contract(profile)
        document, missing = known_part(parse_document(request.document, self.limits), schema)
        if not any(isinstance(one, OperationDefinitionNode) for one in document.definitions):
            return Explanation(request.operation_name or "", profile, ()), missing
        prepared = prepare(document, request.operation_name, schema, self.limits, self.built.declared.lists)
        operation = normalise(prepared, booleans_given(prepared, request.variables), (), self.limits)
        return explain(operation, profile, self.built.rules, self.built.supergraph.api), missing

    def chart(self, profile: Profile) -> tuple[Place, ...]:
        """The types the reader sees and what leads from one to another."""
        return chart(self.contract(profile), self.built.supergraph, sources=self.shows_plans(profile))

    def shows_plans(self, profile: Profile) -> bool:
        """Whether the reader is shown the plans of his own requests."""
        return profile.audience in self.built.rules.policy.plans.shown

    def agreement(self, profile: Profile) -> Agreement | None:
        """The agreement he reads by."""
        return self.built.rules.agreements.get(profile.agreement or "")

    def stages(self, request: Request, profile: Profile) -> Stages:
        """Every stage's value for one request, up to the plan; variables that cannot change it need no value.

        Overrides that hold for a percentage of the requests are left out, but for those of all of them.
        """
        prepared = self._document(request, profile).prepared
        booleans = tuple(booleans_given(prepared, request.variables).values())
        forms = forms_of(prepared.forming, coerce_forming_variables(prepared, request.variables))
        return self._stages(prepared, _Way(self._shares.drawn(_LAST_DRAW), booleans, forms), profile)

    def _stages(
        self, prepared: Prepared, way: _Way, profile: Profile, check_cost: Callable[[Operation], object] | None = None
    ) -> Stages:
        booleans = dict(zip(prepared.booleans, way.booleans, strict=True))
        with self._stage("normalise"):
            operation = normalise(prepared, booleans, way.forms, self._limits(profile))
        with self._stage("authorize"):
            authorized = authorize(operation, profile, self.built.rules)
        if check_cost is not None:
            check_cost(operation)
        with self._stage("plan"):
            made = plan(authorized, self._shares.graphs[way.variant], self.limits.planning)
        return Stages(prepared, operation, authorized, made)

    def _priced(self, document: _Document, way: _Way, profile: Profile, variables: Mapping[str, Any]) -> _Priced:
        prepared = document.prepared
        if prepared.operation.operation is OperationType.SUBSCRIPTION:
            message = "a subscription is planned, and not executed: send what it selects as a query"
            raise Refused([Shown(message, code="SUBSCRIPTION_NOT_SUPPORTED")])
        formula = Formula()

        def check_cost(operation: Operation) -> None:
            nonlocal formula
            formula = formula_of(operation, self._costs, prepared.fragments)
            self._check_cost(formula, variables, profile)

        # What costs too much is not even planned.
        stages = self._stages(prepared, way, profile, check_cost)
        maker = self._makers.get(profile) or self._makers.put(profile, self._maker(profile))
        answers: dict[str, Any] = {}

        def introspect(key: str) -> str:
            if not answers:
                answers.update(_introspect(prepared, stages.operation, variables, self.built))
            return orjson.dumps(answers[key]).decode()

        with self._stage("compile"):
            program = maker.program(stages.plan, stages.operation, introspect)
        if self._watch is None:
            return _Priced(program, formula)
        about = About(document.name, document.signature, len(fetches(stages.plan)))
        return _Priced(replace(program, about=about), formula)

    def _maker(self, profile: Profile) -> Programs:
        if self._lanes is None:
            self._lanes = Lanes(self.sources, self._watch)
        key = pseudonym_key(self._secret, profile.scope) if self._secret is not None else None
        blocks = dict(zip((PseudonymKey.INNER, PseudonymKey.OUTER), key or (), strict=False))
        secrets = Secrets(self._secret or self._own_secret, profile.name, blocks)
        return Programs(self._lanes, self.built.lookups(), secrets)


def _introspection_fields(operation: Operation) -> tuple[FieldNode, ...]:
    return tuple(field.node for field in operation.fields if field.name in ("__schema", "__type", SERVICE))


def _introspect(
    prepared: Prepared, operation: Operation, variables: Mapping[str, Any], built: Built
) -> Mapping[str, Any]:
    """The introspection fields of an operation, answered by graphql-core over the viewer's own schema."""
    root = None
    if any(field.name == SERVICE for field in operation.fields):
        (subgraph,) = built.declared.subgraphs
        root = {SERVICE: {"sdl": described_sdl(subgraph.sdl, prepared.schema)}}
    original = prepared.operation
    only = OperationDefinitionNode(
        operation=original.operation,
        name=original.name,
        variable_definitions=original.variable_definitions,
        directives=original.directives,
        selection_set=SelectionSetNode(selections=_introspection_fields(operation)),
    )
    document = DocumentNode(definitions=(only, *prepared.fragments.values()))
    result = execute_sync(prepared.schema, document, root, variable_values=dict(variables))
    if result.errors:
        raise Refused([Shown(error.message, code="GRAPHQL_VALIDATION_FAILED") for error in result.errors])
    assert result.data is not None
    return result.data
