"""Random operations that are valid against a schema: fragments, aliases, arguments, variables, `@skip`, `@include`."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from random import Random
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_abstract_type,
    is_composite_type,
    is_required_argument,
    parse,
    validate,
)

from tests.federation.case import Operation

_TRIES = 30
_NAMES = ("id", "x", "y", "__typename_", "f1", "name")


def random_operation(schema: GraphQLSchema, seed: int, depth: float) -> Operation:
    """One operation; a mutation now and then, where there are some."""
    for attempt in range(_TRIES):
        writer = _Writer(schema, Random(f"{seed}/{attempt}"), wild=attempt < _TRIES - 5)
        operation = writer.operation(f"random-{seed}", depth)
        if not validate(schema, parse(operation.document)):
            return operation
    return Operation("typename", "{ __typename }")


@dataclass(slots=True)
class _Writer:
    schema: GraphQLSchema
    random: Random
    wild: bool
    variables: dict[str, tuple[str, Any]] = field(default_factory=dict)
    fragments: list[str] = field(default_factory=list)
    aliases: int = 0

    def chance(self, percent: int) -> bool:
        return self.random.randrange(100) < percent

    def operation(self, name: str, depth: float) -> Operation:
        mutation = self.schema.mutation_type
        if mutation is not None and self.chance(10):
            kind, root = "mutation", mutation
        else:
            assert self.schema.query_type is not None
            kind, root = "query", self.schema.query_type
        body = self.selections(root, depth)
        declared = ", ".join(f"${variable}: {type_name}" for variable, (type_name, _) in self.variables.items())
        given = {variable: value for variable, (_, value) in self.variables.items() if value is not _LEFT_OUT}
        head = f"{kind} ({declared})" if declared else kind
        return Operation(name, "\n".join([f"{head} {body}", *self.fragments]), variables=given)

    # --- selections ------------------------------------------------------------------------------------------------

    def selections(self, on: Any, depth: float) -> str:
        lines: list[str] = []
        for _ in range(self.random.randint(1, 4)):
            lines += self.selection(on, depth)
        return "{ " + " ".join(lines or ["__typename"]) + " }"

    def selection(self, on: Any, depth: float) -> list[str]:
        if is_abstract_type(on) and depth > 0 and self.chance(60):
            return [self.fragment(self.random.choice(sorted(self.possible(on), key=str)), depth)]
        if isinstance(on, GraphQLObjectType | GraphQLInterfaceType) and depth > 0 and self.chance(12):
            above = [on, *on.interfaces]
            return [self.fragment(self.random.choice(above), depth)]
        if self.chance(10) or not isinstance(on, GraphQLObjectType | GraphQLInterfaceType):
            return [f"{self.alias('__typename')}__typename{self.condition()}"]
        name = self.random.choice(sorted(on.fields))
        return self.field(on.fields[name], name, depth)

    def possible(self, on: Any) -> list[Any]:
        found: list[Any] = list(self.schema.get_possible_types(on))
        interfaces = {interface.name: interface for each in found for interface in each.interfaces}
        return found + list(interfaces.values())

    def field(self, made: GraphQLField, name: str, depth: float) -> list[str]:
        composite = is_composite_type(get_named_type(made.type))
        if composite and depth <= 0:
            return []
        arguments = self.arguments(made)
        alias = self.alias(name, must=bool(arguments) or (bool(made.args) and self.chance(30)))
        inner = f" {self.selections(get_named_type(made.type), depth - 1)}" if composite else ""
        return [f"{alias}{name}{arguments}{self.condition()}{inner}"]

    def alias(self, name: str, must: bool = False) -> str:
        if self.wild and self.chance(6):
            taken = self.random.choice(_NAMES)
            return f"{taken}: " if taken != name else ""
        if must or self.chance(12):
            self.aliases += 1
            return f"a{self.aliases}: "
        return ""

    def fragment(self, on: Any, depth: float) -> str:
        body = self.selections(on, depth - 0.4)
        if self.chance(30):
            name = f"F{len(self.fragments) + 1}"
            self.fragments.append(f"fragment {name} on {on.name} {body}")
            return f"...{name}{self.condition()}"
        return f"... on {on.name}{self.condition()} {body}"

    def condition(self) -> str:
        if not self.chance(8):
            return ""
        word, on = self.random.choice(("skip", "include")), self.chance(50)
        if self.chance(60):
            return f" @{word}(if: ${self.variable('Boolean!', on)})"
        return f" @{word}(if: {json.dumps(on)})"

    # --- inputs ----------------------------------------------------------------------------------------------------

    def arguments(self, made: GraphQLField) -> str:
        given = [
            f"{name}: {self.argument(argument)}"
            for name, argument in made.args.items()
            if is_required_argument(argument) or self.chance(50)
        ]
        return f"({', '.join(given)})" if given else ""

    def argument(self, argument: GraphQLArgument) -> str:
        if self.chance(40):
            left_out = not is_required_argument(argument) and self.chance(15)
            value = _LEFT_OUT if left_out else self.plain(argument.type, 2)
            return f"${self.variable(str(argument.type), value)}"
        return self.literal(argument.type, 2)

    def variable(self, type_name: str, value: Any) -> str:
        name = f"v{len(self.variables) + 1}"
        self.variables[name] = (type_name, value)
        return name

    def literal(self, given: Any, depth: float) -> str:
        if isinstance(given, GraphQLNonNull):
            return self.literal_of(given.of_type, depth)
        return "null" if self.chance(10) else self.literal_of(given, depth)

    def literal_of(self, given: Any, depth: float) -> str:
        if isinstance(given, GraphQLList):
            return f"[{', '.join(self.literal(given.of_type, depth) for _ in range(self.random.randint(0, 2)))}]"
        if isinstance(given, GraphQLInputObjectType):
            fields = (
                f"{name}: {self.argument_in(each.type, depth)}"
                for name, each in given.fields.items()
                if depth > 0 and self.chance(40)
            )
            return f"{{ {', '.join(fields)} }}"
        value = self.plain(GraphQLNonNull(given), depth)
        return str(value) if isinstance(given, GraphQLEnumType) else json.dumps(value)

    def argument_in(self, given: Any, depth: float) -> str:
        if self.chance(20):
            return f"${self.variable(str(given), self.plain(given, depth - 1))}"
        return self.literal(given, depth - 1)

    def plain(self, given: Any, depth: float) -> Any:
        """A value as JSON has it."""
        if isinstance(given, GraphQLNonNull):
            given = given.of_type
        elif self.chance(10):
            return None
        if isinstance(given, GraphQLList):
            return [self.plain(given.of_type, depth) for _ in range(self.random.randint(0, 2))]
        if isinstance(given, GraphQLInputObjectType):
            return {
                name: self.plain(each.type, depth - 1)
                for name, each in given.fields.items()
                if depth > 0 and self.chance(40)
            }
        if isinstance(given, GraphQLEnumType):
            return self.random.choice(sorted(given.values))
        match given.name:
            case "Int":
                return self.random.randint(-2, 5)
            case "Float":
                return self.random.choice((0.5, 2, -1.25))
            case "Boolean":
                return self.chance(50)
            case "ID":
                return self.random.choice(("0", "1", "2"))
            case _:
                return self.random.choice(("", 'q"q', "đ", "x"))


_LEFT_OUT: Any = object()
