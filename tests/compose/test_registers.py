"""Four registers as they declare themselves: entity stubs, shared value types, an interface, labels on every field."""

from __future__ import annotations

import itertools

from graphql import parse, validate

from hub.compose import compose, read_supergraph
from hub.model.supergraph import AppliedDirective, FieldNode, JoinField, JoinType, Subgraph

HEAD = """
directive @label(name: String!) on FIELD_DEFINITION
schema
  @composeDirective(name: "@label")
  @link(
    url: "https://specs.apollo.dev/federation/v2.11"
    import: ["@composeDirective", "@external", "@key", "@shareable"]
  )
  @link(url: "https://example.com/label/v1.0", import: ["@label"])
{ query: Query }
scalar _Any
union _Entity = Person
type _Service { sdl: String! }
"""

POPULATION = (
    HEAD
    + """
type Query {
  _entities(representations: [_Any!]!): [_Entity]!
  _service: _Service!
  person(id: ID!): Person
}
"A person in the civil register."
type Person implements Recorded @key(fields: "id") @key(fields: "personalNumber") {
  id: ID! @label(name: "IDENTIFIER")
  "Số định danh cá nhân"
  personalNumber: ID! @label(name: "IDENTIFIER")
  address: Address @label(name: "CONTACT")
  recordedOn: Date! @label(name: "OPEN")
}
interface Recorded { recordedOn: Date! }
type Address @shareable { province: String @label(name: "PLACE") street: String @label(name: "CONTACT") }
scalar Date @specifiedBy(url: "https://example.com/date")
"""
)

HOUSEHOLD = (
    HEAD
    + """
type Query { _service: _Service! household(id: ID!): Household }
type Household @key(fields: "id") { id: ID! @label(name: "IDENTIFIER") members: [Member!]! @label(name: "HOUSEHOLD") }
type Member { person: Person! @label(name: "HOUSEHOLD") relation: Relation! @label(name: "HOUSEHOLD") }
enum Relation { HEAD CHILD }
type Person @key(fields: "id") { id: ID! household: Household @label(name: "HOUSEHOLD") }
"""
)

INSURANCE = (
    HEAD
    + """
type Query { _service: _Service! }
extend type Person @key(fields: "personalNumber") {
  personalNumber: ID! @external
  insurance: Insurance @label(name: "INSURANCE")
}
type Insurance implements Recorded {
  months: Int! @label(name: "INSURANCE")
  employer: Employer @label(name: "INSURANCE")
  recordedOn: Date! @label(name: "OPEN")
}
interface Recorded { recordedOn: Date! }
scalar Date
extend type Employer @key(fields: "taxCode") { taxCode: ID! participants: [Person!]! @label(name: "INSURANCE") }
"""
)

EMPLOYER = (
    HEAD.replace("_Entity = Person", "_Entity = Employer")
    + """
type Query { _service: _Service! }
type Employer @key(fields: "taxCode") {
  taxCode: ID! @label(name: "EMPLOYER")
  name: String! @label(name: "EMPLOYER")
  address: Address @label(name: "EMPLOYER")
}
type Address @shareable { province: String @label(name: "PLACE") street: String @label(name: "CONTACT") }
"""
)

REGISTERS = (
    Subgraph("population", POPULATION),
    Subgraph("household", HOUSEHOLD),
    Subgraph("insurance", INSURANCE, "http://insurance/graphql"),
    Subgraph("employer", EMPLOYER),
)

ID, NUMBER, TAX = (FieldNode("id"),), (FieldNode("personalNumber"),), (FieldNode("taxCode"),)


def test_four_registers_are_one_graph() -> None:
    supergraph = compose(REGISTERS)
    assert supergraph.graphs == {
        "employer": "",
        "household": "",
        "insurance": "http://insurance/graphql",
        "population": "",
    }
    assert supergraph.types["Person"] == (
        JoinType("household", ID),
        JoinType("insurance", NUMBER, extension=True),
        JoinType("population", ID),
        JoinType("population", NUMBER),
    )
    assert supergraph.types["Employer"] == (JoinType("employer", TAX), JoinType("insurance", TAX, extension=True))
    assert supergraph.fields["Person", "insurance"] == (JoinField("insurance"),)
    assert supergraph.fields["Person", "personalNumber"] == (JoinField("insurance"), JoinField("population"))
    assert supergraph.fields["Address", "street"] == (JoinField("employer"), JoinField("population"))
    assert supergraph.fields["Recorded", "recordedOn"] == (JoinField("insurance"), JoinField("population"))
    assert supergraph.implements["Insurance"] == {"insurance": {"Recorded"}}


def test_every_label_is_kept_once() -> None:
    supergraph = compose(REGISTERS)
    assert supergraph.applied["Person.personalNumber"] == (AppliedDirective("label", {"name": "IDENTIFIER"}),)
    assert supergraph.applied["Address.street"] == (AppliedDirective("label", {"name": "CONTACT"}),)
    assert supergraph.applied["Employer.taxCode"] == (AppliedDirective("label", {"name": "EMPLOYER"}),)
    assert "directive @label(name: String!) on FIELD_DEFINITION\n" in supergraph.sdl


def test_the_whole_book_can_be_asked_for() -> None:
    api = compose(REGISTERS).api
    query = """{ person(id: "1") { personalNumber household { members { relation person { address { street } } } }
        insurance { months recordedOn employer { name address { province } participants { id } } } } }"""
    assert validate(api, parse(query)) == []
    assert {name for name in api.type_map if name.startswith(("join__", "link__", "_A", "_E", "_S"))} == set()
    assert set(api.type_map["Query"].fields) == {"person", "household"}  # type: ignore[attr-defined]
    assert api.type_map["Person"].description == "A person in the civil register."
    assert api.type_map["Date"].specified_by_url == "https://example.com/date"  # type: ignore[attr-defined]


def test_any_order_gives_the_same_text() -> None:
    texts = {compose(order).sdl for order in itertools.permutations(REGISTERS)}
    assert len(texts) == 1


def test_composing_and_reading_agree() -> None:
    supergraph = compose(REGISTERS)
    read = read_supergraph(supergraph.sdl)
    for part in ("sdl", "graphs", "types", "fields", "members", "implements", "applied"):
        assert getattr(read, part) == getattr(supergraph, part)
