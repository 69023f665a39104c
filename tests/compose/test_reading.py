"""What is read from the SDL of a supergraph, written by hand as another composer prints it (join v0.3)."""

from __future__ import annotations

import pytest
from graphql import print_schema

from hub.compose import read_supergraph
from hub.errors import BuildFailed
from hub.model.supergraph import AppliedDirective, ContextArgument, FieldNode, JoinField, JoinType

SDL = """
schema
  @link(url: "https://specs.apollo.dev/link/v1.0")
  @link(url: "https://specs.apollo.dev/join/v0.3", for: EXECUTION)
  @link(url: "https://specs.apollo.dev/inaccessible/v0.2", for: SECURITY)
  @link(url: "https://specs.apollo.dev/tag/v0.3", as: "mark")
  @link(url: "https://example.com/label/v1.0", import: [{name: "@label", as: "@kind"}])
{ query: Query }
directive @inaccessible on FIELD_DEFINITION | OBJECT | ENUM_VALUE | ARGUMENT_DEFINITION | INPUT_FIELD_DEFINITION
directive @join__enumValue(graph: join__Graph!) repeatable on ENUM_VALUE
directive @join__field(graph: join__Graph, requires: join__FieldSet, provides: join__FieldSet, type: String,
  external: Boolean, override: String, usedOverridden: Boolean) repeatable on FIELD_DEFINITION | INPUT_FIELD_DEFINITION
directive @join__graph(name: String!, url: String!) on ENUM_VALUE
directive @join__implements(graph: join__Graph!, interface: String!) repeatable on OBJECT | INTERFACE
directive @join__type(graph: join__Graph!, key: join__FieldSet, extension: Boolean! = false,
  resolvable: Boolean! = true, isInterfaceObject: Boolean! = false) repeatable on OBJECT | INTERFACE | UNION | ENUM
directive @join__unionMember(graph: join__Graph!, member: String!) repeatable on UNION
directive @link(url: String, as: String, for: link__Purpose, import: [link__Import]) repeatable on SCHEMA
directive @mark(name: String!) repeatable on FIELD_DEFINITION
directive @kind(name: String!, since: Int = 1) on FIELD_DEFINITION | ARGUMENT_DEFINITION
directive @trace(level: Int) on FIELD
scalar join__FieldSet
enum join__Graph {
  PEOPLE @join__graph(name: "people", url: "http://people")
  WORK_1_ @join__graph(name: "work-1", url: "")
}
scalar link__Import
enum link__Purpose { SECURITY EXECUTION }

"a day"
scalar Date @join__type(graph: PEOPLE) @specifiedBy(url: "https://example.com/date")

interface Named @join__type(graph: PEOPLE, key: "id") @join__type(graph: WORK_1_, key: "id", isInterfaceObject: true) {
  id: ID!
  badge: Int @join__field(graph: WORK_1_)
}

type Person implements Named
  @join__implements(graph: PEOPLE, interface: "Named")
  @join__type(graph: PEOPLE, key: "id")
  @join__type(graph: PEOPLE, key: "number org { code }", resolvable: false)
{
  id: ID!
  "who"
  number(kind: Kind = CIVIL @kind(name: "K")): ID @kind(name: "IDENTIFIER")
  org: Org @join__field(graph: PEOPLE, provides: "code", type: "Org!") @mark(name: "x") @mark(name: "y")
  born: Date @deprecated(reason: "no")
  secret: Hidden @inaccessible
  badge: Int @join__field
}

type Hidden @join__type(graph: PEOPLE) @inaccessible { x: Int }

type Org @join__type(graph: PEOPLE, key: "code") @join__type(graph: WORK_1_, key: "code", extension: true) {
  code: ID!
  size: Int @join__field(graph: PEOPLE, external: true) @join__field(graph: WORK_1_)
  rank(of: [Int!]): Int @join__field(graph: WORK_1_, requires: "size ... on Org { code }")
  moved: Int @join__field(graph: PEOPLE, usedOverridden: true) @join__field(graph: WORK_1_, override: "people")
}

union Any @join__type(graph: PEOPLE) @join__type(graph: WORK_1_)
  @join__unionMember(graph: PEOPLE, member: "Person")
  @join__unionMember(graph: PEOPLE, member: "Org")
  @join__unionMember(graph: WORK_1_, member: "Org")
  = Person | Org

enum Kind @join__type(graph: PEOPLE) {
  CIVIL @join__enumValue(graph: PEOPLE)
  OTHER @join__enumValue(graph: PEOPLE) @inaccessible
}

type Query @join__type(graph: PEOPLE) @join__type(graph: WORK_1_) {
  any: [Any!] @join__field(graph: PEOPLE)
}
"""


def test_graphs_are_called_as_their_subgraphs() -> None:
    assert read_supergraph(SDL).graphs == {"people": "http://people", "work-1": ""}


def test_each_key_is_a_join_type() -> None:
    types = read_supergraph(SDL).types
    id_ = (FieldNode("id"),)
    assert types["Named"] == (JoinType("people", id_), JoinType("work-1", id_, interface_object=True))
    assert types["Person"] == (
        JoinType("people", id_),
        JoinType("people", (FieldNode("number"), FieldNode("org", (FieldNode("code"),))), resolvable=False),
    )
    assert types["Org"][1] == JoinType("work-1", (FieldNode("code"),), extension=True)
    assert types["Query"] == (JoinType("people"), JoinType("work-1"))


def test_each_field_has_its_declarations() -> None:
    fields = read_supergraph(SDL).fields
    assert fields["Person", "id"] == (JoinField("people"),)
    assert fields["Person", "org"] == (JoinField("people", provides=(FieldNode("code"),), type="Org!"),)
    assert fields["Person", "badge"] == ()
    assert fields["Org", "code"] == (JoinField("people"), JoinField("work-1"))
    assert fields["Org", "size"] == (JoinField("people", external=True), JoinField("work-1"))
    assert fields["Org", "rank"] == (JoinField("work-1", requires=(FieldNode("size"), FieldNode("code", on="Org"))),)
    assert fields["Org", "moved"] == (
        JoinField("people", used_overridden=True),
        JoinField("work-1", override="people"),
    )
    assert ("Any", "x") not in fields


def test_members_and_interfaces_are_by_graph() -> None:
    supergraph = read_supergraph(SDL)
    assert supergraph.members == {"Any": {"people": {"Person", "Org"}, "work-1": {"Org"}}}
    assert supergraph.implements == {"Named": {}, "Person": {"people": {"Named"}}, "Org": {}, "Hidden": {}, "Query": {}}


def test_composed_directives_have_their_own_names_and_defaults() -> None:
    applied = read_supergraph(SDL).applied
    assert applied["Person.number"] == (AppliedDirective("label", {"name": "IDENTIFIER", "since": 1}),)
    assert applied["Person.number(kind:)"] == (AppliedDirective("label", {"name": "K", "since": 1}),)
    assert applied["Person.org"] == (AppliedDirective("tag", {"name": "x"}), AppliedDirective("tag", {"name": "y"}))
    assert applied["Kind.OTHER"] == (AppliedDirective("inaccessible", {}),)
    assert "Person.born" not in applied
    assert "Query" not in applied


def test_arguments_from_a_context_are_read() -> None:
    contexts = '[{context: "people__place", name: "where", type: "ID!", selection: "%s"}]'
    lines = {"{ code }": (FieldNode("code"),), " ... on Org { code }": (FieldNode("code", on="Org"),)}
    for selection, nodes in lines.items():
        applied = f"@join__field(graph: PEOPLE, contextArguments: {contexts % selection})"
        read = read_supergraph(SDL.replace("secret: Hidden @inaccessible", f"secret: Int {applied}"))
        argument = ContextArgument("where", "ID!", "people__place", nodes)
        assert read.fields["Person", "secret"] == (JoinField("people", contexts=(argument,)),)


def test_the_public_schema_has_no_machinery_and_nothing_inaccessible() -> None:
    assert (
        print_schema(read_supergraph(SDL).api)
        == '''directive @trace(level: Int) on FIELD

"""a day"""
scalar Date @specifiedBy(url: "https://example.com/date")

interface Named {
  id: ID!
  badge: Int
}

type Person implements Named {
  id: ID!

  """who"""
  number(kind: Kind = CIVIL): ID
  org: Org
  born: Date @deprecated(reason: "no")
  badge: Int
}

type Org {
  code: ID!
  size: Int
  rank(of: [Int!]): Int
  moved: Int
}

union Any = Person | Org

enum Kind {
  CIVIL
}

type Query {
  any: [Any!]
}'''
    )


@pytest.mark.parametrize(
    "sdl, problem",
    [
        ("type Query {", "INVALID_GRAPHQL at supergraph:1:13: expected Name, found <EOF>"),
        ("type Query { a: Int }", "INVALID_GRAPHQL at supergraph: the schema links no `join` specification"),
        (SDL.replace("join/v0.3", "join/v1.0"), "UNKNOWN_LINK_VERSION at supergraph:4:3: join v1.0 is not read"),
        (SDL.replace("number org { code }", "number org {"), "INVALID_GRAPHQL at supergraph: `number org {`"),
        (
            SDL.replace("(graph: PEOPLE, provides", '(graph: PEOPLE, contextArguments: [{selection: "{ a"}], provides'),
            "INVALID_GRAPHQL at supergraph: `{ a` is no selection",
        ),
        (SDL.replace("any: [Any!]", "any: [Nobody!]"), "INVALID_GRAPHQL at supergraph"),
    ],
)
def test_what_cannot_be_read_is_refused(sdl: str, problem: str) -> None:
    with pytest.raises(BuildFailed) as caught:
        read_supergraph(sdl)
    assert str(caught.value).startswith(problem)
