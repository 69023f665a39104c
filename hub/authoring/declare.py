"""Sources -> DeclaredGraph: prints each subgraph with Strawberry and reads the mappings off its types."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLOutputType,
    GraphQLScalarType,
    get_named_type,
    get_nullable_type,
)
from strawberry import federation
from strawberry.schema.config import StrawberryConfig
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.field import StrawberryField

from hub.authoring.fields import SPEC, ColumnOf, ExpressionOf, FieldSpec, LookupOf
from hub.authoring.lists import CURSOR, ROOT, Described, with_lists
from hub.authoring.reads import read_reads
from hub.authoring.remotes import RemoteFile
from hub.authoring.scalars import REGISTRY, ScalarKind
from hub.authoring.source import TYPE_SPEC, Source, TypeSpec
from hub.errors import BuildFailed, Problem
from hub.model.graph import Agreement, Compared, Coordinate, DeclaredGraph, PolicyTable, Reads, Transition
from hub.model.mapping import (
    Aggregate,
    By,
    ClassOf,
    Column,
    Embedded,
    Expression,
    FieldMapping,
    Form,
    KeyColumns,
    Lookup,
    Page,
    Rows,
    SourceMapping,
    TypeMapping,
)
from hub.model.supergraph import Subgraph

_BUILT_IN_FORMS = {
    "String": Form.TEXT,
    "ID": Form.PLAIN,
    "Int": Form.NUMBER,
    "Float": Form.NUMBER,
    "Boolean": Form.BOOLEAN,
    "Date": Form.PLAIN,
    "DateTime": Form.TIMESTAMP,
}
# What values of a scalar are compared as; everything else is text.
_KINDS_OF_VALUE = {
    "ID": "uuid",
    "Int": "int8",
    "Float": "float8",
    "Boolean": "bool",
    "Date": "date",
    "DateTime": "timestamp",
    "Dong": "int8",
    "Percent": "numeric",
    "Coefficient": "numeric",
}
_HARMLESS = frozenset({Form.PLAIN, Form.NUMBER})
_KINDS = {ScalarKind.WORD: Form.PLAIN, ScalarKind.NUMBER: Form.NUMBER}


def declare(
    sources: Sequence[Source],
    policy: PolicyTable,
    agreements: Mapping[str, Agreement] | None = None,
    problems: Iterable[Problem] = (),
    remotes: Iterable[RemoteFile] = (),
) -> DeclaredGraph:
    """The graph of these sources and of remote subgraphs; raises `BuildFailed` with every problem, the files' too."""
    found, remotes = list(problems), tuple(remotes)
    subgraphs: list[Subgraph] = []
    mappings: dict[str, SourceMapping] = {}
    reads: dict[Coordinate, Reads] = {}
    transitions: dict[Coordinate, Transition] = {}
    labels: dict[Coordinate, tuple[str, str]] = {}
    described: list[Described] = []
    lists: set[Coordinate] = set()
    compared: dict[Coordinate, Compared] = {}
    structure: set[Coordinate] = set()
    weights: dict[Coordinate, int] = {}
    sizes: dict[Coordinate, int] = {}
    urls = {one.remote.name: one.remote.url for one in remotes}
    for source in sources:
        schema = _schema(source)
        reader = _Reader(source, schema, found, transitions, labels)
        mapping = reader.mapping()
        weights |= reader.weights
        sizes |= reader.sizes
        reads.update(read_reads(mapping, reader.leads_to))
        described.append(Described(schema.as_str(), mapping, schema._schema, reader.leads_to))
    for source, one in zip(sources, described, strict=True):
        listed = with_lists(one, described)
        subgraphs.append(Subgraph(source.name, listed.sdl, urls.get(source.name, "")))
        mappings[source.name] = listed.mapping
        lists |= listed.lists
        compared |= listed.compared
        structure |= listed.structure
    found += [
        Problem("LABEL_UNKNOWN", f"{where[0]}.{where[1]}", f"label `{label}` is not in the policy table")
        for where, (label, _) in labels.items()
        if label not in policy.labels
    ]
    if found:
        raise BuildFailed(found)
    foreign = [one for one in remotes if not one.remote.replaces]
    subgraphs += [Subgraph(one.remote.name, one.sdl, one.remote.url) for one in foreign]
    overlay = {where: label for one in foreign for where, label in one.labels.items()}
    for file in foreign:
        # What a source that is declared here says of its fields stands.
        transitions = {**file.transitions, **transitions}
        reads = {**file.reads, **reads}
    checks: dict[str, Callable[[str], str]] = {
        # A word without a format of its own is still a string and nothing else.
        entry.name: entry.check or str
        for entry in REGISTRY.values()
        if entry.kind is ScalarKind.WORD
    } | {CURSOR: str}
    return DeclaredGraph(
        tuple(subgraphs),
        mappings,
        checks,
        transitions,
        policy,
        agreements or {},
        reads,
        _kind(mappings, Column),
        _kind(mappings, Aggregate) | _lists(mappings),
        _kind(mappings, ClassOf),
        frozenset(lists),
        compared,
        frozenset(structure),
        {one.remote.name: one.remote for one in remotes},
        overlay,
        weights=weights,
        sizes=sizes,
    )


def _kind(mappings: Mapping[str, SourceMapping], kind: type[FieldMapping]) -> frozenset[Coordinate]:
    return frozenset(where for where, mapped in _mapped(mappings) if isinstance(mapped, kind))


def _lists(mappings: Mapping[str, SourceMapping]) -> frozenset[Coordinate]:
    return frozenset(where for where, mapped in _mapped(mappings) if isinstance(mapped, Rows) and mapped.many)


def _mapped(mappings: Mapping[str, SourceMapping]) -> Iterator[tuple[Coordinate, FieldMapping]]:
    for mapping in mappings.values():
        for type_name, of in mapping.types.items():
            for field_name, mapped in of.fields.items():
                yield (type_name, field_name), mapped


def _schema(source: Source) -> federation.Schema:
    return federation.Schema(
        query=source.query,
        types=source.types,
        schema_directives=[],
        config=StrawberryConfig(scalar_map={marker: entry.definition for marker, entry in REGISTRY.items()}),
        federation_version="2.7",
    )


class _Reader:
    """Reads one source's mapping off its Strawberry schema, and notes labels, transitions and problems."""

    def __init__(
        self,
        source: Source,
        schema: federation.Schema,
        problems: list[Problem],
        transitions: dict[tuple[str, str], Transition],
        labels: dict[tuple[str, str], tuple[str, str]],
    ) -> None:
        self.source = source
        self.schema = schema
        self.problems = problems
        self.transitions = transitions
        self.labels = labels
        self.leads_to: dict[Coordinate, str] = {}
        self.weights: dict[Coordinate, int] = {}
        self.sizes: dict[Coordinate, int] = {}
        self.by: dict[str, dict[str, By]] = {}

    def mapping(self) -> SourceMapping:
        types: dict[str, TypeMapping] = {}
        lookups: dict[str, Lookup] = {}
        for name, concrete in self.schema.schema_converter.type_map.items():
            definition = concrete.definition
            if not isinstance(definition, StrawberryObjectDefinition) or definition.is_input or name.startswith("_"):
                continue
            if name == ROOT:
                lookups, lists = self.roots(definition)
                if lists:
                    types[name] = TypeMapping(name, lists)
                continue
            spec = getattr(definition.origin, TYPE_SPEC, None)
            if not isinstance(spec, TypeSpec):
                self.problem("TYPE_NOT_DECLARED", name, "is not declared on the source", "use its decorators")
                continue
            fields = self.fields(name, definition)
            for key in spec.keys:
                self.check_key(name, key.fields, fields)
            types[name] = TypeMapping(
                name,
                fields,
                spec.table,
                spec.where,
                tuple(
                    KeyColumns(
                        key.fields,
                        key.columns,
                        key.types or ("text",) * len(key.columns),
                        (key.through.table, key.through.value, key.through.row, key.through.where)
                        if key.through
                        else None,
                    )
                    for key in spec.keys
                ),
                spec.discriminator,
                self.by.get(name, {}),
            )
        return SourceMapping(self.source.name, types, lookups)

    def check_key(self, name: str, key: tuple[str, ...], fields: Mapping[str, FieldMapping]) -> None:
        """A key stands in the marks between texts, where nothing is escaped: its fields must be harmless words."""
        for field_name in key:
            mapped = fields.get(field_name)
            if not isinstance(mapped, Column) or mapped.form not in _HARMLESS:
                self.problem(
                    "KEY_NOT_PLAIN",
                    f"{name}.{field_name}",
                    "is part of a key, and not a column of harmless words",
                    "give it `ID` or a scalar that is a word",
                )

    def problem(self, code: str, place: str, message: str, suggestion: str = "") -> None:
        self.problems.append(Problem(code, f"{self.source.name}:{place}", message, suggestion))

    def specs(
        self, type_name: str, definition: StrawberryObjectDefinition
    ) -> Iterable[tuple[str, StrawberryField, FieldSpec]]:
        """Every field with its spec; a field without a label is a problem."""
        for declared in definition.fields:
            name = self.schema.config.name_converter.from_field(declared)
            spec = declared.metadata.get(SPEC)
            if not isinstance(spec, FieldSpec):
                if not name.startswith("_"):
                    self.problem(
                        "LABEL_MISSING",
                        f"{type_name}.{name}",
                        "has no label and no column",
                        "declare it with `column(label=..., says=...)` or one of its siblings",
                    )
                continue
            where = (type_name, name)
            known = self.labels.setdefault(where, (spec.label, self.source.name))
            if known[0] != spec.label:
                self.problem(
                    "LABEL_CONFLICT",
                    f"{type_name}.{name}",
                    f"is labelled `{spec.label}` here and `{known[0]}` in {known[1]}",
                    "use one label",
                )
            if spec.transition is not None:
                self.transitions[where] = spec.transition
            if spec.cost is not None:
                self.weights[where] = self.number(spec.cost, "COST_INVALID", where, "costs")
            if spec.size is not None:
                self.sizes[where] = self.number(spec.size, "SIZE_INVALID", where, "has the size")
            if spec.by:
                self.by.setdefault(type_name, {})[name] = spec.by
            yield name, declared, spec

    def number(self, value: int, code: str, where: Coordinate, says: str) -> int:
        if value < 0:
            self.problem(code, f"{where[0]}.{where[1]}", f"{says} {value}", "give 0 or more")
        return value

    def fields(self, type_name: str, definition: StrawberryObjectDefinition) -> Mapping[str, FieldMapping]:
        return {
            name: self.mapped(f"{type_name}.{name}", declared, spec)
            for name, declared, spec in self.specs(type_name, definition)
        }

    def mapped(self, place: str, declared: StrawberryField, spec: FieldSpec) -> FieldMapping:
        type_name, field_name = place.split(".")
        self.leads_to[type_name, field_name] = get_named_type(self.graphql_type(type_name, field_name)).name
        match spec.mapped:
            case ColumnOf(name, place_of):
                expected = self.graphql_type(type_name, field_name)
                kind = _KINDS_OF_VALUE.get(get_named_type(expected).name, "text")
                nullable = not isinstance(expected, GraphQLNonNull)
                partial = get_named_type(expected).name == "PartialDate"
                return Column(name or declared.python_name, self.form(place), kind, nullable, partial, place_of)
            case ExpressionOf(sql):
                return Expression(sql, self.form(place))
            case LookupOf():
                self.problem("LOOKUP_NOT_ON_ROOT", place, "is a lookup outside the root", "move it to the root class")
                return Column("", Form.TEXT)
            case Rows() | Embedded():
                return replace(spec.mapped, gives=self.leads_to[type_name, field_name])
            case other:
                return other

    def form(self, place: str) -> Form:
        type_name, field_name = place.split(".")
        graphql_type = self.graphql_type(type_name, field_name)
        nullable: GraphQLOutputType = get_nullable_type(graphql_type)
        named = get_named_type(graphql_type)
        if isinstance(nullable, GraphQLList):
            item = get_nullable_type(nullable.of_type)
            if isinstance(item, GraphQLEnumType) and isinstance(nullable.of_type, GraphQLNonNull):
                return Form.PLAIN_LIST
            self.problem("FORM_UNKNOWN", place, "is a list of something else than an enum", "use `rows`")
        elif isinstance(named, GraphQLEnumType):
            return Form.PLAIN
        elif isinstance(named, GraphQLScalarType):
            forms = _BUILT_IN_FORMS | {entry.name: _KINDS[entry.kind] for entry in REGISTRY.values()}
            if named.name in forms:
                return forms[named.name]
            self.problem("FORM_UNKNOWN", place, f"has the scalar `{named.name}`", "declare it with `scalar`")
        else:
            self.problem(
                "FORM_UNKNOWN", place, "is an object but mapped to a column", "use `embedded`, `one` or `link`"
            )
        return Form.TEXT

    def graphql_type(self, type_name: str, field_name: str) -> Any:
        return self.schema._schema.type_map[type_name].fields[field_name].type  # type: ignore[attr-defined]

    def roots(self, definition: StrawberryObjectDefinition) -> tuple[dict[str, Lookup], dict[str, FieldMapping]]:
        """The root fields: those that find entities by key, and lists of whole tables."""
        lookups: dict[str, Lookup] = {}
        lists: dict[str, FieldMapping] = {}
        for name, _, spec in self.specs(ROOT, definition):
            entity = get_named_type(self.graphql_type(ROOT, name)).name
            match spec.mapped:
                case LookupOf(key, arguments, many, most):
                    lookups[name] = Lookup(entity, key, arguments, many, most)
                case Rows(match=(), page=Page()):
                    lists[name] = replace(spec.mapped, gives=entity)
                    self.leads_to[ROOT, name] = entity
                case _:
                    suggestion = "use `lookup`, or `connection` without `on`"
                    self.problem("ROOT_FIELD_UNSUITED", f"{ROOT}.{name}", "is no look-up and no list", suggestion)
        return lookups, lists
