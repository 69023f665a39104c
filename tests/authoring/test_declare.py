"""What does not build: a graph is declared once, and what is wrong with it is said before it is served.

Annotations are not postponed here: Strawberry would look for these classes in the module, and they stand in functions.
"""

from enum import StrEnum

import pytest
import strawberry

from hub.authoring import Key, Source, column, declare, embedded, link, lookup, rows, value
from hub.cli.endpoint import load_graph
from hub.engine import build
from hub.errors import BuildFailed
from hub.model.effect import SHOWN
from hub.model.graph import PolicyTable
from hub.model.mapping import Column, Form, Rows
from hub.model.viewer import Audience, Standing


class L(StrEnum):
    OPEN = "OPEN"
    CLOSED = "CLOSED"


POLICY = PolicyTable("policy.toml", frozenset({"OPEN"}), {(Audience.OFFICER, Standing.OFFICIAL): {"OPEN": SHOWN}})


@value
class Place:
    """A place."""

    code: str = column(label=L.OPEN, says="Code.")


def problems(source: Source) -> list[tuple[str, str]]:
    with pytest.raises(BuildFailed) as failed:
        declare([source], POLICY)
    return [(problem.code, problem.place) for problem in failed.value.problems]


def test_a_field_without_a_label_does_not_build() -> None:
    source = Source("register")

    @source.entity("thing", Key(("id",), ("id",)))
    class Thing:
        """A thing."""

        id: strawberry.ID = column(label=L.OPEN, says="Id.")
        name: str

    assert problems(source) == [("LABEL_MISSING", "register:Thing.name")]


def test_a_label_that_the_policy_does_not_know_does_not_build() -> None:
    source = Source("register")

    @source.entity("thing", Key(("id",), ("id",)))
    class Thing:
        """A thing."""

        id: strawberry.ID = column(label=L.CLOSED, says="Id.")

    assert problems(source) == [("LABEL_UNKNOWN", "Thing.id")]


def test_two_sources_must_label_a_field_alike() -> None:
    policy = PolicyTable("policy.toml", frozenset({"OPEN", "CLOSED"}), {})
    sources = []
    for name, label in (("a", L.OPEN), ("b", L.CLOSED)):
        source = Source(name)

        @source.extension("Thing", Key(("id",), ("id",)))
        class Thing:
            """A thing."""

            id: strawberry.ID = column(label=label, says="Id.")

        sources.append(source)
    with pytest.raises(BuildFailed) as failed:
        declare(sources, policy)
    assert [(problem.code, problem.place) for problem in failed.value.problems] == [("LABEL_CONFLICT", "b:Thing.id")]


def test_a_key_of_free_text_does_not_build() -> None:
    source = Source("register")

    @source.entity("thing", Key(("name",), ("name",)))
    class Thing:
        """A thing."""

        name: str = column(label=L.OPEN, says="Name.")

    assert problems(source) == [("KEY_NOT_PLAIN", "register:Thing.name")]


def test_a_type_that_says_nothing_is_refused_where_it_stands() -> None:
    source = Source("register")
    with pytest.raises(TypeError, match="`Thing` says nothing"):

        @source.entity("thing", Key(("id",), ("id",)))
        class Thing:
            id: strawberry.ID = column(label=L.OPEN, says="Id.")


def test_all_problems_are_found_in_one_go() -> None:
    source = Source("register")

    @source.row
    class Part:
        """A part."""

        size: int
        place: Place = column(label=L.OPEN, says="Not a column.")

    @source.entity("thing", Key(("id",), ("id",)))
    class Thing:
        """A thing."""

        id: strawberry.ID = column(label=L.CLOSED, says="Id.")
        parts: list[Part] = rows("part", {"thing_id": "id"}, order=("id",), label=L.OPEN, says="Parts.")

    assert sorted(problems(source)) == [
        ("FORM_UNKNOWN", "register:Part.place"),
        ("LABEL_MISSING", "register:Part.size"),
        ("LABEL_UNKNOWN", "Thing.id"),
    ]


def test_the_form_of_a_column_follows_from_the_type_of_its_field() -> None:
    source = Source("register")

    @source.entity("thing", Key(("id",), ("id",)))
    class Thing:
        """A thing."""

        id: strawberry.ID = column(label=L.OPEN, says="Id.")
        full_name: str = column(label=L.OPEN, says="Name.")
        size: int | None = column("width", label=L.OPEN, says="Size.")
        good: bool = column(label=L.OPEN, says="Good.")
        place: Place = embedded({"code": "place_code"}, label=L.OPEN, says="Place.")

    mapping = declare([source], POLICY).mappings["register"].types["Thing"]
    assert mapping.fields["id"] == Column("id", Form.PLAIN, "uuid", nullable=False)
    assert mapping.fields["fullName"] == Column("full_name", Form.TEXT, "text", nullable=False)
    assert mapping.fields["size"] == Column("width", Form.NUMBER, "int8", nullable=True)
    assert mapping.fields["good"] == Column("good", Form.BOOLEAN, "bool", nullable=False)


def test_a_root_field_must_be_a_lookup_or_a_list() -> None:
    source = Source("register")

    @source.entity("thing", Key(("id",), ("id",)))
    class Thing:
        """A thing."""

        id: strawberry.ID = column(label=L.OPEN, says="Id.")

    @source.root
    class Query:
        thing: Thing | None = link({"id": "id"}, gives=None, label=L.OPEN, says="A thing.")

        @lookup(key=("id",), arguments=("thingId",), label=L.OPEN, says="A thing.")
        def by_id(self, thing_id: strawberry.ID) -> Thing | None: ...

    assert problems(source) == [("ROOT_FIELD_UNSUITED", "register:Query.thing")]


def test_the_graph_of_this_project_builds_and_every_list_of_it_has_an_order() -> None:
    graph = load_graph()
    built = build(graph)
    assert set(built.supergraph.graphs) == {"population", "household", "insurance", "employer"}
    unordered = [
        f"{type_name}.{field_name}"
        for mapping in graph.mappings.values()
        for type_name, type_mapping in mapping.types.items()
        for field_name, mapped in type_mapping.fields.items()
        if isinstance(mapped, Rows) and mapped.many and not mapped.order
    ]
    assert unordered == []


def test_every_description_of_the_graph_gives_the_vietnamese_term() -> None:
    api = build(load_graph()).supergraph.api
    silent = [
        f"{type_name}.{name}"
        for type_name, graphql_type in api.type_map.items()
        if not type_name.startswith("__") and hasattr(graphql_type, "fields") and type_name != "Query"
        for name, field in graphql_type.fields.items()
        if not field.description
    ]
    assert silent == []
