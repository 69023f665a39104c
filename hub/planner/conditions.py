"""Arguments of the hub's own lists: what they ask behind a link is searched for first.

Takes an argument as the operation has it; gives it with a variable of the plan's own where a condition goes to another
entity, and the searches that will fill these variables with keys.

    participants(where: {person: {birthDate: {eq: "1988"}}})
    -> participants(where: {person: $keys})    $keys = the persons who meet the condition, asked for in their home
"""

from __future__ import annotations

from collections.abc import Callable

from graphql import (
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    get_named_type,
    get_nullable_type,
)

from hub.errors import Refused, Shown
from hub.model.authorized import Grant
from hub.model.effect import SHOWN
from hub.model.operation import Argument, Constant, ListValue, ObjectValue, Variable, fields_of, items_of
from hub.model.plan import Fetch, KeySearch, Shape, Value
from hub.model.viewer import Standing
from hub.planner.graph import PlannerGraph

Ask = Callable[[str, str, tuple[str, ...], Standing], Fetch]
"""(source, type, key, standing) -> a fetch without columns."""


class Conditions:
    """The arguments of one operation, and the searches that they take."""

    def __init__(self, graph: PlannerGraph, ask: Ask) -> None:
        self.searches: list[KeySearch] = []
        self._graph = graph
        self._ask = ask

    def searched(self, argument: Argument, name: str, grant: Grant) -> Argument:
        """An argument whose conditions behind links are keys to be searched for.

        A source in another process takes the condition as it is, and refuses what it cannot answer alone.
        """
        here = self._graph.own - self._graph.elsewhere
        if here.isdisjoint(self._graph.resolvers(grant.field.parent, grant.name)):
            return argument
        expected = grant.field.inputs.get(name)
        if expected is None or get_named_type(expected).name not in self._graph.filters:
            return argument
        return self._without_links(argument, expected, name, grant)

    def _without_links(self, argument: Argument, expected: GraphQLInputType, path: str, grant: Grant) -> Argument:
        bare = get_nullable_type(expected)
        if isinstance(bare, GraphQLList) and isinstance(get_named_type(bare), GraphQLInputObjectType):
            items = enumerate(items_of(argument))
            return ListValue(
                tuple(self._without_links(item, bare.of_type, f"{path}.{index}", grant) for index, item in items)
            )
        if argument == Constant(None) or not isinstance(bare, GraphQLInputObjectType):
            return argument
        found = []
        for name, value in fields_of(argument):
            here = f"{path}.{name}"
            inner = self._without_links(value, bare.fields[name].type, here, grant)
            target = self._graph.compared.get((bare.name, name))
            key = self._graph.link_key(*target.field) if target is not None else None
            if target is not None and key is not None and value != Constant(None):
                inner = self._search(target.field, key[0], inner, here, grant)
            found.append((name, inner))
        return ObjectValue(tuple(found))

    def _search(self, link: tuple[str, str], key: str, where: Argument, path: str, grant: Grant) -> Argument:
        """Asks the home of an entity for the keys of those that meet a condition.

        In the universe of what is not the reader's own: behind a link, nothing is.
        """
        entity = get_named_type(self._graph.field_type(*link)).name
        if entity not in self._graph.lists:
            message = f"`{path}` asks of `{entity}`, which this graph has no list of"
            raise Refused([Shown(message, code="BAD_USER_INPUT")])
        source, name, most = self._graph.lists[entity]
        item = Shape(entity, {entity: (Value(key, key, nullable=True),)})
        info = Shape("PageInfo", {"PageInfo": (Value("hasNextPage", "hasNextPage", nullable=False),)})
        parts = (Value("nodes", "nodes", False, (), item), Value("pageInfo", "pageInfo", False, (), info))
        page = Shape(f"{entity}Connection", {f"{entity}Connection": parts})
        arguments = (("first", Constant(most)), ("where", where))
        fetch = self._ask(source, self._graph.root, (), Standing.OFFICIAL)
        fetch.columns.append(Value(name, name, True, arguments, page, SHOWN, grant.reads))
        variable = f"{path} #{len(self.searches)}"
        self.searches.append(KeySearch(variable, path, fetch, key, most))
        return Variable(variable)
