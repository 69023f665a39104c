"""What an operation costs is what it would be if every list were as long as it says: known before anything is read."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

import pytest
from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLUnionType,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    is_composite_type,
    parse,
)

from hub.compose import compose
from hub.errors import Refused
from hub.model.cost import Costs
from hub.model.graph import DeclaredGraph, PolicyTable
from hub.model.limits import Limits
from hub.model.supergraph import Subgraph
from hub.operation import (
    booleans_given,
    coerce_variables,
    costs_of,
    formula_of,
    normalise,
    parse_document,
    prepare,
)

SUPERGRAPH = compose(
    [
        Subgraph(
            "shop",
            """
            extend schema @link(
              url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@cost", "@listSize"])
            type Query {
              item: Item
              items(first: Int, last: Int = 3): [Item] @listSize(
                assumedSize: 7, slicingArguments: ["first", "last"], requireOneSlicingArgument: false)
              one(first: Int, last: Int): [Item] @listSize(slicingArguments: ["first", "last"])
              page(first: Int = 4, dear: Boolean @cost(weight: 6)): Page
                @listSize(slicingArguments: ["first"], sizedFields: ["nodes", "edges"])
              things: [Thing] @listSize(assumedSize: 5)
              any: Any
              plain: [Item]
            }
            type Page { nodes: [Item] edges: [Edge] total: Int @cost(weight: 9) other: [Item] }
            type Edge { node: Item cursor: String }
            interface Thing { id: ID! items: [Item] }
            type Item implements Thing @key(fields: "id") @cost(weight: 3) {
              id: ID! dear: Int @cost(weight: 2) words: [String] items: [Item] @listSize(assumedSize: 2)
              page(first: Int): Page @listSize(
                assumedSize: 6, slicingArguments: ["first"], sizedFields: ["nodes"], requireOneSlicingArgument: false)
            }
            type Light implements Thing { id: ID! items: [Item] light: Item @cost(weight: 0) }
            union Any = Item | Light | Edge
            """,
            "http://shop",
        )
    ]
)
DECLARED = DeclaredGraph((), {}, {}, {}, PolicyTable("", frozenset(), {}))
COSTS = costs_of(SUPERGRAPH, DECLARED)
LIMITS = Limits()

WEIGHTS = {"Item": 3, "Page.total": 9, "Item.dear": 2, "Light.light": 0}
USUAL = 10


def cost(text: str, variables: Mapping[str, Any] | None = None) -> int:
    prepared = prepare(parse_document(text, LIMITS), None, SUPERGRAPH.api, LIMITS)
    values = coerce_variables(prepared, variables or {})
    operation = normalise(prepared, booleans_given(prepared, values), (), LIMITS)
    return formula_of(operation, COSTS, prepared.fragments).value(values)


@pytest.mark.parametrize(
    "text, expected",
    [
        ("{ __typename }", 0),
        ("{ item { id } }", 3),
        ("{ item { dear again: dear } }", 3 + 2 + 2),
        ("{ item { dear dear ...F } } fragment F on Item { dear }", 3 + 2),
        ("{ items { id } }", 3 * 3),
        ("{ items(last: null) { id } }", 7 * 3),
        ("{ items(first: 5) { id } }", 5 * 3),
        ("{ items(first: 2, last: 4) { items { dear } } }", 4 * (3 + 2 * (3 + 2))),
        ("{ items(first: 0) { id } }", 3 * 3),
        ("{ page { nodes { id } } }", 1 + 4 * 3),
        ("{ page(first: 20) { nodes { id } edges { node { id } cursor } total } }", 1 + 20 * 3 + 20 * (1 + 3) + 9),
        ("{ page(dear: true) { total } }", 1 + 6 + 9),
        ("{ page { other { id } } }", 1 + USUAL * 3),
        ("{ plain { words } }", USUAL * 3),
        ("{ things { id } }", 5 * 3),
        ("{ things { id ... on Light { light { dear } } } }", 5 * 3),
        ("{ things { id ... on Light { light { dear } items { id } } } }", 5 * (1 + 2 + USUAL * 3)),
        ("{ any { ... on Item { dear } ... on Edge { node { dear } } } }", 1 + 3 + 2),
        ("{ item { dear @skip(if: true) } }", 3),
    ],
)
def test_an_operation_costs(text: str, expected: int) -> None:
    assert cost(text) == expected


def test_variables_say_how_long_lists_are() -> None:
    text = "query ($n: Int = 6, $m: Int) { page(first: $n) { nodes { page(first: $m) { nodes { id } } } } }"
    for n, m in ((1, 1), (50, 50), (500, 500), (0, 9)):
        assert cost(text, {"n": n, "m": m}) == 1 + n * (3 + 1 + m * 3)
    assert cost(text, {"m": 2}) == 1 + 6 * (3 + 1 + 2 * 3)


def test_a_product_of_pages_is_what_it_is_without_being_opened() -> None:
    inner = "id"
    for _ in range(12):
        inner = f"page(first: 500) {{ nodes {{ {inner} }} }}"
    assert cost(f"{{ item {{ {inner} }} }}") > 500**12


def test_exactly_one_argument_says_how_long_a_list_is_where_it_must() -> None:
    assert cost("{ one(first: 5) { id } }") == 15
    for text, given in (("{ one { __typename } }", 0), ("{ one(first: 1, last: 1) { id } }", 2)):
        with pytest.raises(Refused) as caught:
            cost(text)
        (error,) = caught.value.errors
        names = "`Query.one` must be asked for with exactly one of `first`, `last`"
        assert (error.code, error.message) == ("BAD_USER_INPUT", f"{names}: {given} were given")


# --- the oracle: every item of every list, one by one -----------------------------------------------------------------

SIZED: Mapping[str, tuple[str, ...]] = {"Query.page": ("nodes", "edges"), "Item.page": ("nodes",)}
SIZES: Mapping[str, tuple[int | None, tuple[str, ...]]] = {
    "Query.items": (7, ("first", "last")),
    "Query.one": (None, ("first", "last")),
    "Query.page": (None, ("first",)),
    "Query.things": (5, ()),
    "Item.items": (2, ()),
    "Item.page": (6, ("first",)),
}
DEFAULTS: Mapping[tuple[str, str], int] = {("Query.items", "last"): 3, ("Query.page", "first"): 4}


class Naive:
    """Walks the document as an executor would over data in which every list is as long as it may be."""

    def __init__(self, text: str, variables: Mapping[str, Any]) -> None:
        document = parse(text)
        self.schema = SUPERGRAPH.api
        self.variables = variables
        self.fragments = {
            one.name.value: one for one in document.definitions if isinstance(one, FragmentDefinitionNode)
        }
        (operation,) = [one for one in document.definitions if isinstance(one, OperationDefinitionNode)]
        query = self.schema.query_type
        assert query is not None
        self.cost = self.object(query, [operation.selection_set], {}, 0)

    def object(self, kind: Any, sets: list[SelectionSetNode], sized: Mapping[str, int], weight: int) -> int:
        total = weight
        fields: dict[str, list[FieldNode]] = {}
        for one in sets:
            self.collect(kind, one, fields)
        for nodes in fields.values():
            total += self.field(kind, nodes, sized)
        return total

    def collect(self, kind: Any, sets: SelectionSetNode, fields: dict[str, list[FieldNode]]) -> None:
        for node in sets.selections:
            match node:
                case FieldNode():
                    fields.setdefault(node.alias.value if node.alias else node.name.value, []).append(node)
                case InlineFragmentNode():
                    if node.type_condition is None or self.is_a(kind, node.type_condition.name.value):
                        self.collect(kind, node.selection_set, fields)
                case FragmentSpreadNode():
                    fragment = self.fragments[node.name.value]
                    if self.is_a(kind, fragment.type_condition.name.value):
                        self.collect(kind, fragment.selection_set, fields)

    def is_a(self, kind: Any, name: str) -> bool:
        named = self.schema.type_map[name]
        if isinstance(named, GraphQLInterfaceType | GraphQLUnionType):
            return self.schema.is_sub_type(named, kind)
        return bool(kind.name == name)

    def field(self, parent: Any, nodes: list[FieldNode], sized: Mapping[str, int]) -> int:
        node = nodes[0]
        name = node.name.value
        if name == "__typename":
            return 0
        definition = parent.fields[name]
        place = f"{parent.name}.{name}"
        named = get_named_type(definition.type)
        given = {one.name.value: one.value for one in node.arguments or ()}
        own = 6 if "dear" in given else 0
        size = None
        if place in SIZES:
            usual, names = SIZES[place]
            numbers = [self.number(given, argument, DEFAULTS.get((place, argument))) for argument in names]
            known = [number for number in numbers if number is not None]
            size = max(known) if known else (USUAL if usual is None else usual)
        many = "[" in str(definition.type)
        items = 1
        if many:
            items = size if size is not None else sized.get(name, USUAL)
        below = {} if size is None else dict.fromkeys(SIZED.get(place, ()), size)
        if not is_composite_type(named):
            return own + items * WEIGHTS.get(place, 0)
        sets = [one.selection_set for one in nodes if one.selection_set is not None]
        kinds = [named] if isinstance(named, GraphQLObjectType) else self.schema.get_possible_types(named)
        dearest = max(
            sum(self.object(kind, sets, below, WEIGHTS.get(place, WEIGHTS.get(kind.name, 1))) for _ in range(items))
            for kind in kinds
        )
        return own + dearest

    def number(self, given: Mapping[str, Any], name: str, default: int | None) -> int | None:
        match given.get(name):
            case IntValueNode(value=value):
                return int(value)
            case VariableNode(name=variable):
                return self.variables.get(variable.value)
            case None:
                return default
        return None


def selections(rng: Random, kind: str, depth: int) -> str:
    leaves = {"Item": ["id", "dear", "words"], "Page": ["total"], "Edge": ["cursor"], "Thing": ["id"], "Light": ["id"]}

    def number() -> str:
        return rng.choice(["0", "1", "2", "3", "$v", "$w"])

    objects = {
        "Query": [
            ("item", "Item"),
            (f"items(first: {number()})", "Item"),
            ("items", "Item"),
            (f"items(last: {number()} first: {number()})", "Item"),
            (f"page(first: {number()})", "Page"),
            ("page(dear: true)", "Page"),
            ("things", "Thing"),
            ("any", "Any"),
        ],
        "Item": [("items", "Item"), ("page", "Page"), (f"page(first: {number()})", "Page")],
        "Page": [("nodes", "Item"), ("edges", "Edge"), ("other", "Item")],
        "Edge": [("node", "Item")],
        "Thing": [("items", "Item")],
        "Light": [("items", "Item"), ("light", "Item")],
        "Any": [],
    }[kind]
    conditions = {"Thing": ["Item", "Light"], "Any": ["Item", "Light", "Edge", "Thing"]}.get(kind, [])
    found = ["__typename"]
    for _ in range(rng.randint(1, 3)):
        choice = rng.random()
        if depth and objects and choice < 0.6:
            field, inner = rng.choice(objects)
            found.append(f"k{rng.randrange(10**9)}: {field} {{ {selections(rng, inner, depth - 1)} }}")
        elif depth and conditions:
            condition = rng.choice(conditions)
            found.append(f"... on {condition} {{ {selections(rng, condition, depth - 1)} }}")
        elif kind in leaves:
            found.append(rng.choice(leaves[kind]))
    return " ".join(found)


def test_it_costs_what_counting_item_by_item_gives() -> None:
    different = set()
    for seed in range(600):
        rng = Random(seed)
        variables = {"v": rng.randint(0, 3), "w": rng.randint(0, 3)}
        body = selections(rng, "Query", 4)
        heads = " ".join(f"${name}: Int" for name in variables if f"${name}" in body)
        text = f"query {f'({heads})' if heads else ''} {{ {body} }}"
        found = cost(text, variables)
        assert found == Naive(text, variables).cost, text
        different.add(found)
    assert len(different) > 50


def test_costs_are_told_by_nothing_but_the_document_its_variables_and_the_schema() -> None:
    """Whoever may read less of the graph pays the same for what both may ask: nothing else hangs on the rest."""
    text = "{ page(first: 2) { nodes { dear } total } things { id } }"
    small = compose([Subgraph("shop", PRUNED, "http://shop")])
    prepared = prepare(parse_document(text, LIMITS), None, small.api, LIMITS)
    less = formula_of(normalise(prepared, {}, (), LIMITS), COSTS).value({})
    assert less == cost(text)
    assert formula_of(normalise(prepared, {}, (), LIMITS), Costs()).value({}) != less


PRUNED = """
type Query { page(first: Int = 4): Page things: [Thing] }
type Page { nodes: [Item] total: Int }
interface Thing { id: ID! }
type Item implements Thing { id: ID! dear: Int }
"""


def test_looking_at_the_schema_costs_by_how_much_is_looked_at() -> None:
    small = cost("{ __schema { queryType { name } } }")
    types = cost("{ __schema { types { name } } }")
    fields = cost("{ __schema { types { fields { name } } } }")
    nested = cost("{ __schema { types { fields { type { fields { name } } } } } }")
    assert small < types < fields < nested
    many = " ".join(f"a{number}: __schema {{ types {{ ...F }} }}" for number in range(20))
    assert cost(f"{{ {many} }} fragment F on __Type {{ fields {{ name }} }}") == 20 * fields


def test_fragments_that_double_are_counted_in_no_time() -> None:
    bomb = " ".join(f"fragment F{n} on __Type {{ ...F{n + 1} ...F{n + 1} }}" for n in range(30))
    text = f"{{ __schema {{ types {{ ...F0 }} }} }} {bomb}"
    assert cost(f"{text} fragment F30 on __Type {{ fields {{ name }} }}") > 2**30
