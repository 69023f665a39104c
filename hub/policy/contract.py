"""RuleBook x Profile -> the schema that this profile sees.

A field is in it when some standing shows it in some class of the universe; an argument, when the field it is compared
with is shown there as it is; an enum value, when it can stand in a row of the universe; a type, when something leads to
it. Validation, introspection and suggestions use this schema, so what is never shared and what was never invented are
answered alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from graphql import (
    EnumTypeDefinitionNode,
    EnumValueNode,
    GraphQLError,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    InputObjectTypeDefinitionNode,
    InterfaceTypeDefinitionNode,
    ListTypeNode,
    ListValueNode,
    NamedTypeNode,
    NonNullTypeNode,
    ObjectTypeDefinitionNode,
    ObjectValueNode,
    ScalarTypeDefinitionNode,
    StringValueNode,
    TypeDefinitionNode,
    TypeNode,
    UnionTypeDefinitionNode,
    ValueNode,
    build_ast_schema,
    parse,
    print_schema,
    validate_schema,
)
from graphql.language import DocumentNode, FieldDefinitionNode, InputValueDefinitionNode

from hub.errors import BuildFailed, Problem
from hub.model.graph import Coordinate
from hub.model.viewer import Profile, standings
from hub.policy.rulebook import RuleBook

Check = Callable[[str], str]
_BUILT_IN = frozenset({"String", "Int", "Float", "Boolean", "ID"})


def contract(api: GraphQLSchema, rules: RuleBook, profile: Profile, checks: Mapping[str, Check]) -> GraphQLSchema:
    """The profile's schema; its custom scalars check their inputs."""
    kept, query = _kept(api, rules, profile)
    if query not in kept:
        # A reader who sees nothing still gets a schema that answers introspection.
        document = parse(f'type {query} {{ "Nothing is shared with this reader." nothing: Boolean }}')
        return build_ast_schema(document)
    schema = build_ast_schema(DocumentNode(definitions=tuple(kept.values())))
    if wrong := validate_schema(schema):
        problems = [Problem("CONTRACT_INVALID", str(profile.audience), error.message) for error in wrong]
        raise BuildFailed(problems)
    for name, check in checks.items():
        scalar = schema.type_map.get(name)
        if isinstance(scalar, GraphQLScalarType):
            _attach(scalar, check)
    return schema


def visible_fields(api: GraphQLSchema, rules: RuleBook, profile: Profile) -> frozenset[Coordinate]:
    """The fields of the profile's schema."""
    kept, _ = _kept(api, rules, profile)
    return frozenset(
        (name, field.name.value)
        for name, node in kept.items()
        if isinstance(node, (ObjectTypeDefinitionNode, InterfaceTypeDefinitionNode))
        for field in node.fields or ()
    )


def _kept(api: GraphQLSchema, rules: RuleBook, profile: Profile) -> tuple[Mapping[str, TypeDefinitionNode], str]:
    """The definitions that are left, and the name of the query type."""
    query = api.query_type
    assert query is not None
    pruned = _Pruning(rules, profile, query.name).definitions(_definitions(api))
    reached = _reachable(pruned, (root.name for root in _roots(api)))
    return {name: node for name, node in pruned.items() if name in reached}, query.name


def _definitions(api: GraphQLSchema) -> Mapping[str, TypeDefinitionNode]:
    """The whole graph's definitions, which every profile's schema is pruned from."""
    nodes = parse(print_schema(api)).definitions
    return {node.name.value: node for node in nodes if isinstance(node, TypeDefinitionNode)}


class _Pruning:
    """Drops what a profile does not see, then what is left without content, until nothing changes."""

    def __init__(self, rules: RuleBook, profile: Profile, query: str) -> None:
        self.rules = rules
        self.profile = profile
        self.query = query
        self.standings = standings(profile.audience)
        self.classes = {*profile.own.classes, *profile.others.classes}

    def visible(self, where: Coordinate) -> bool:
        """Whether some standing shows the field."""
        if where[0] == self.query:
            return self.rules.visible(self.profile, self.rules.standing_at(self.profile, where), where)
        joins = self.rules.entrances.joins(self.profile, where)
        return joins or any(self.rules.visible(self.profile, standing, where) for standing in self.standings)

    def comparable(self, where: Coordinate, argument: str) -> bool:
        """Whether some standing may use the argument."""
        at = (self.rules.standing_at(self.profile, where),) if where[0] == self.query else self.standings
        return any(self.rules.comparable(self.profile, standing, where, argument) for standing in at)

    def usable(self, where: Coordinate) -> bool:
        """Whether some standing may filter or order lists by the input."""
        return any(self.rules.usable(self.profile, standing, where) for standing in self.standings)

    def definitions(self, definitions: Mapping[str, TypeDefinitionNode]) -> dict[str, TypeDefinitionNode]:
        kept = dict(definitions)
        changed = True
        while changed:
            changed = False
            for name, node in list(kept.items()):
                left = self.definition(name, node, kept)
                if left is None:
                    del kept[name]
                    changed = True
                elif left is not node:
                    kept[name] = left
                    changed = True
        return kept

    def definition(
        self, name: str, node: TypeDefinitionNode, kept: Mapping[str, TypeDefinitionNode]
    ) -> TypeDefinitionNode | None:
        """What is left of a definition: itself if nothing was dropped, None if nothing is left."""
        match node:
            case ObjectTypeDefinitionNode() | InterfaceTypeDefinitionNode():
                return self.composite(name, node, kept)
            case UnionTypeDefinitionNode():
                types = tuple(item for item in node.types or () if item.name.value in kept)
                return _changed(node, types=types) if types else None
            case EnumTypeDefinitionNode():
                values = tuple(item for item in node.values or () if self.occurs(name, item.name.value))
                return _changed(node, values=values) if values else None
            case InputObjectTypeDefinitionNode():
                usable = (item for item in node.fields or () if self.usable((name, item.name.value)))
                inputs = tuple(self.input(item) for item in usable if _known(item.type, kept))
                # What only leads back to itself (`and`, `or`, `not`) asks for nothing.
                asks = any(_named(item.type) != name for item in inputs)
                return _changed(node, fields=inputs) if asks else None
            case _:
                return node

    def occurs(self, enum: str, value: str) -> bool:
        """Whether an enum value can stand in a row of the profile's universes."""
        held = self.rules.held_by.get((enum, value))
        return held is None or not held.isdisjoint(self.classes)

    def composite(
        self,
        name: str,
        node: ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode,
        kept: Mapping[str, TypeDefinitionNode],
    ) -> TypeDefinitionNode | None:
        fields = tuple(
            left
            for field in node.fields or ()
            if _known(field.type, kept) and self.visible((name, field.name.value))
            for left in self.field(name, field, kept)
        )
        if isinstance(node, InterfaceTypeDefinitionNode):
            # An interface promises what all kept types that implement it give.
            promised = [_promised(other) for other in kept.values() if name in _interfaces(other)]
            common = (one for one in fields if all(one.name.value in other for other in promised))
            fields = tuple(_within(one, promised) for one in common)
        interfaces = tuple(item for item in node.interfaces or () if item.name.value in kept)
        return _changed(node, fields=fields, interfaces=interfaces) if fields else None

    def field(
        self, owner: str, field: FieldDefinitionNode, kept: Mapping[str, TypeDefinitionNode]
    ) -> tuple[FieldDefinitionNode, ...]:
        """The field with the arguments that may be used; none, if one is missing that it cannot do without."""
        where = (owner, field.name.value)
        arguments = tuple(
            self.input(item)
            for item in field.arguments or ()
            if _known(item.type, kept) and self.comparable(where, item.name.value)
        )
        left = {item.name.value for item in arguments}
        if any(_required(item) and item.name.value not in left for item in field.arguments or ()):
            return ()
        return (_changed(field, arguments=arguments),)

    def input(self, node: InputValueDefinitionNode) -> InputValueDefinitionNode:
        """An argument or input field, without a default that names a value which the reader does not see."""
        if node.default_value is None or not self.hides(_named(node.type), node.default_value):
            return node
        return type(node)(**{key: getattr(node, key) for key in node.keys} | {"default_value": None})

    def hides(self, enum: str, value: ValueNode) -> bool:
        match value:
            case EnumValueNode():
                return not self.occurs(enum, value.value)
            case ListValueNode():
                return any(self.hides(enum, item) for item in value.values)
            case ObjectValueNode():
                # Which field has which enum is not looked up: a word that some enum hides is enough.
                return any(self.hides_anywhere(item.value) for item in value.fields)
        return False

    def hides_anywhere(self, value: ValueNode) -> bool:
        hiding = {enum for enum, _ in self.rules.held_by}
        return any(self.hides(enum, value) for enum in hiding)


def _interfaces(node: TypeDefinitionNode) -> frozenset[str]:
    return frozenset(item.name.value for item in getattr(node, "interfaces", None) or ())


def _promised(node: TypeDefinitionNode) -> Mapping[str, frozenset[str]]:
    """The fields of a type and their arguments."""
    fields: tuple[FieldDefinitionNode, ...] = getattr(node, "fields", None) or ()
    return {one.name.value: frozenset(item.name.value for item in one.arguments or ()) for one in fields}


def _within(field: FieldDefinitionNode, promised: Sequence[Mapping[str, frozenset[str]]]) -> FieldDefinitionNode:
    """The field with the arguments that all of these have."""
    name = field.name.value
    kept = tuple(item for item in field.arguments or () if all(item.name.value in other[name] for other in promised))
    changed: FieldDefinitionNode = _changed(field, arguments=kept)
    return changed


def _required(argument: InputValueDefinitionNode) -> bool:
    return isinstance(argument.type, NonNullTypeNode) and argument.default_value is None


def _named(node: TypeNode) -> str:
    while isinstance(node, (ListTypeNode, NonNullTypeNode)):
        node = node.type
    assert isinstance(node, NamedTypeNode)
    return node.name.value


def _known(node: TypeNode, kept: Mapping[str, TypeDefinitionNode]) -> bool:
    name = _named(node)
    return name in kept or name in _BUILT_IN


def _changed(node: Any, **parts: tuple[Any, ...]) -> Any:
    """The node with other parts; itself if they are as before."""
    if all(_same(part, getattr(node, name) or ()) for name, part in parts.items()):
        return node
    return type(node)(**{key: getattr(node, key) for key in node.keys} | parts)


def _same(one: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
    return len(one) == len(other) and all(left is right for left, right in zip(one, other, strict=True))


def _roots(api: GraphQLSchema) -> Iterator[GraphQLObjectType]:
    for root in (api.query_type, api.mutation_type, api.subscription_type):
        if root is not None:
            yield root


def _reachable(kept: Mapping[str, TypeDefinitionNode], start: Iterable[str]) -> set[str]:
    implementers: dict[str, list[str]] = {}
    for name, node in kept.items():
        if isinstance(node, (ObjectTypeDefinitionNode, InterfaceTypeDefinitionNode)):
            for interface in node.interfaces or ():
                implementers.setdefault(interface.name.value, []).append(name)
    found: set[str] = set()
    todo = list(start)
    while todo:
        name = todo.pop()
        if name in found or name not in kept:
            continue
        found.add(name)
        node = kept[name]
        match node:
            case ObjectTypeDefinitionNode() | InterfaceTypeDefinitionNode():
                todo += [item.name.value for item in node.interfaces or ()]
                todo += implementers.get(name, [])
                for field in node.fields or ():
                    todo.append(_named(field.type))
                    todo += _argument_types(field)
            case UnionTypeDefinitionNode():
                todo += [item.name.value for item in node.types or ()]
            case InputObjectTypeDefinitionNode():
                todo += [_named(field.type) for field in node.fields or ()]
            case ScalarTypeDefinitionNode() | EnumTypeDefinitionNode():
                pass
    return found


def _argument_types(field: FieldDefinitionNode) -> list[str]:
    return [_named(argument.type) for argument in field.arguments or ()]


def _attach(scalar: GraphQLScalarType, check: Check) -> None:
    """Lets a scalar of the contract check its input, whether it comes as a variable or stands in the document."""

    def checked(text: str, node: ValueNode | None = None) -> str:
        try:
            return check(text)
        except ValueError as error:
            raise GraphQLError(str(error), node) from None

    def value(given: Any) -> str:
        if not isinstance(given, str):
            raise GraphQLError(f"a {scalar.name} is a string, not `{given}`")
        return checked(given)

    def literal(node: ValueNode, _variables: Any = None) -> str:
        if not isinstance(node, StringValueNode):
            raise GraphQLError(f"a {scalar.name} is a string: put it in quotes", node)
        return checked(node.value, node)

    for attribute, function in (
        ("parse_value", value),
        ("coerce_input_value", value),
        ("parse_literal", literal),
        ("coerce_input_literal", literal),
    ):
        setattr(scalar, attribute, function)
