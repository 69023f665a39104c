"""Random schemas, small edits of them, and random operations on them: what the laws of `hub diff` are tried on.

Everything comes from a seeded generator. Operations are made from the type system alone, without the code under test.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLError,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLType,
    GraphQLUnionType,
    build_schema,
    get_named_type,
    is_abstract_type,
    is_composite_type,
    is_list_type,
    is_non_null_type,
    is_required_argument,
    is_required_input_field,
    validate_schema,
)

BASE = """
directive @show(how: Int = 1) repeatable on FIELD | INLINE_FRAGMENT
type Query { pet(id: ID!, where: Where = {near: 1}): Pet pets(first: Int = 3, of: Kind): [Pet!] any: [Any] who: Owner! }
type Mutation { feed(id: ID!, with: [Food!]! = [MEAT]): Dog }
interface Pet { name: String age: Int owner: Owner friend: Pet }
type Dog implements Pet { name: String age: Int owner: Owner friend: Pet food: Food barks(loud: Boolean! = true): Int }
type Cat implements Pet { name: String age: Int owner: Owner friend: Pet food: Food lives: Int home: House }
type Owner { name: String! pets: [Pet!]! home: House kind: Kind age: Int }
type House { rooms: Int name: String owner: Owner }
union Any = Dog | Cat | Owner
enum Kind { TAME WILD SHY }
enum Food { MEAT FISH }
input Where { near: Int! = 5, kind: Kind, all: [Where!], name: String }
"""


def edited(source: str, chance: random.Random) -> str:
    """The schema with one to three edits; it is valid."""
    for _ in range(chance.randint(1, 3)):
        for _ in range(20):
            candidate = chance.choice(_EDITS)(source, chance)
            if candidate != source and _valid(candidate):
                source = candidate
                break
    return source


def _valid(sdl: str) -> bool:
    try:
        return not validate_schema(build_schema(sdl))
    except (GraphQLError, TypeError):
        return False


def _one(pattern: str, to: str) -> Callable[[str, random.Random], str]:
    """An edit of one place that a pattern matches."""

    def edit(source: str, chance: random.Random) -> str:
        found = list(re.finditer(pattern, source))
        if not found:
            return source
        match = chance.choice(found)
        return source[: match.start()] + match.expand(to) + source[match.end() :]

    return edit


def _every(source: str, chance: random.Random) -> str:
    """One field made non-null, or nullable, in every type that has it."""
    name = chance.choice(("name", "age", "owner", "friend", "food"))
    return re.sub(rf"\b{name}: (\w+)(?=[ }}])", rf"{name}: \1!", source)


_EDITS: tuple[Callable[[str, random.Random], str], ...] = (
    _every,
    _one(r": (\w+)(?=[ }])", r": \1!"),
    _one(r"!(?=[ }\]=,)])", ""),
    _one(r": (\w+)(?=[ ,)}])", r": [\1]"),
    _one(r": \[(\w+)!?\]", r": \1"),
    _one(r": (Int|String)\b", ": ID"),
    _one(r" = [^,)}]+(?=[,)}])", ""),
    _one(r"! = (true|5|\[MEAT\])", "!"),
    _one(r"(\w+: Int)(?=[,)])", r"\1 = 7"),
    _one(r"\b\w+: \w+(?=[ }])", ""),
    _one(r"\b\w+(\([^)]*\))?: \[?\w+!?\]?!?(?= )", ""),
    _one(r"(?<=[ ])(TAME|WILD|SHY|MEAT|FISH)(?=[ }])", ""),
    _one(r"enum (\w+) \{", r"enum \1 { EXTRA"),
    _one(r"\| (Cat|Owner)|Dog \| ", ""),
    _one(r"= Dog", "= House | Dog"),
    _one(r" implements Pet", ""),
    _one(r"type (Owner|House) \{", r"type \1 implements Named { name: String"),
    _one(r"type (\w+)( implements Pet)? \{", r"type \1\2 { extra: Int"),
    _one(r"input Where \{", "input Where { extra: Int, "),
    _one(r"input Where \{", "input Where { must: Int!, "),
    _one(r"\(id: ID!", "(id: ID!, extra: Int"),
    _one(r"\(id: ID!", "(id: ID!, must: Int!"),
    _one(r"\(first", "(limit"),
    _one(r" repeatable", ""),
    _one(r" \| INLINE_FRAGMENT", ""),
    _one(r"directive[^\n]*\n", ""),
    _one(r"type Mutation[^\n]*\n", ""),
    _one(r"\n(?=type Query)", '\n"said" '),
    _one(r"$", "\ninterface Named { name: String }\n"),
)


def operation(schema: GraphQLSchema, chance: random.Random) -> str:
    """An operation of some depth, with fragments, arguments, variables and directives."""
    return _Writer(schema, chance).write()


class _Writer:
    def __init__(self, schema: GraphQLSchema, chance: random.Random) -> None:
        self.schema = schema
        self.chance = chance
        self.variables: dict[str, str] = {}
        self.aliases = 0

    def write(self) -> str:
        mutation = self.schema.mutation_type is not None and self.chance.random() < 0.2
        root = self.schema.mutation_type if mutation else self.schema.query_type
        assert root is not None
        body = self.selections(root, 4)
        given = ", ".join(f"${name}: {kind}" for name, kind in self.variables.items())
        return f"{'mutation' if mutation else 'query'}{f' ({given})' if given else ''} {body}"

    def selections(self, owner: GraphQLType, depth: int) -> str:
        parts = [self.part(owner, depth) for _ in range(self.chance.randint(1, 4))]
        return "{ " + " ".join(part for part in parts if part) + " __typename }"

    def part(self, owner: GraphQLType, depth: int) -> str:
        if depth > 0 and self.chance.random() < (0.6 if is_abstract_type(owner) else 0.1):
            within = set(self.schema.get_possible_types(owner)) if is_abstract_type(owner) else {owner}
            overlapping = [
                each
                for name, each in self.schema.type_map.items()
                if not name.startswith("__")
                and (
                    each in within
                    or (is_abstract_type(each) and within.intersection(self.schema.get_possible_types(each)))
                )
            ]
            on = self.chance.choice(sorted(overlapping, key=str)) if overlapping else owner
            return f"... on {on}{self.directive('INLINE_FRAGMENT')} {self.selections(on, depth - 1)}"
        if isinstance(owner, GraphQLUnionType):
            return ""
        assert isinstance(owner, GraphQLObjectType | GraphQLInterfaceType)
        names = [name for name, found in owner.fields.items() if depth > 1 or not is_composite_type(_leaf(found))]
        return self.field(owner, self.chance.choice(sorted(names)), depth) if names and depth > 0 else ""

    def field(self, owner: GraphQLObjectType | GraphQLInterfaceType, name: str, depth: int) -> str:
        found = owner.fields[name]
        given = {key: self.argument(each) for key, each in found.args.items() if self.given(each)}
        # Arguments make a name of their own, so that two selections of a field need not agree.
        self.aliases += bool(given)
        alias = f"{name}_{self.aliases}: " if given else ""
        arguments = f"({', '.join(f'{key}: {value}' for key, value in given.items())})" if given else ""
        inner = f" {self.selections(_leaf(found), depth - 1)}" if is_composite_type(_leaf(found)) else ""
        return f"{alias}{name}{arguments}{self.directive('FIELD')}{inner}"

    def directive(self, where: str) -> str:
        found = self.schema.get_directive("show")
        if found is None or where not in {each.name for each in found.locations} or self.chance.random() < 0.9:
            return ""
        argument = "(how: 2)" if "how" in found.args and self.chance.random() < 0.5 else ""
        return f" @show{argument}" * (2 if found.is_repeatable and self.chance.random() < 0.5 else 1)

    def given(self, argument: GraphQLArgument | GraphQLInputField) -> bool:
        needed = (
            is_required_argument(argument)
            if isinstance(argument, GraphQLArgument)
            else is_required_input_field(argument)
        )
        return needed or self.chance.random() < 0.4

    def argument(self, argument: GraphQLArgument | GraphQLInputField) -> str:
        if self.chance.random() < 0.4:
            name = f"v{len(self.variables)}"
            kind = str(argument.type)
            # A nullable variable may stand for a non-null input that has a default.
            has_default = argument.default is not None or argument.default_value is not None
            self.variables[name] = kind.removesuffix("!") if has_default and self.chance.random() < 0.5 else kind
            return f"${name}"
        return self.value(argument.type, 2)

    def value(self, kind: GraphQLType, depth: int) -> str:
        if is_non_null_type(kind):
            return self.value(kind.of_type, depth)
        if self.chance.random() < 0.05:
            return "null" if depth == 2 else self.value_of(kind, depth)
        return self.value_of(kind, depth)

    def value_of(self, kind: GraphQLType, depth: int) -> str:
        if is_list_type(kind):
            return f"[{self.value_of(_nullable(kind.of_type), depth - 1)}]" if depth > 0 else "[]"
        if isinstance(kind, GraphQLEnumType):
            return str(self.chance.choice(sorted(kind.values)))
        if isinstance(kind, GraphQLInputObjectType):
            fields = {
                name: each for name, each in kind.fields.items() if (depth > 0 and self.given(each)) or _needed(each)
            }
            inner = ", ".join(
                f"{name}: {self.value_of(_nullable(each.type), depth - 1)}" for name, each in fields.items()
            )
            return f"{{{inner}}}"
        return {"Int": "4", "Boolean": "true"}.get(str(kind), '"a"')


def _needed(field: GraphQLInputField) -> bool:
    return is_required_input_field(field)


def _nullable(kind: GraphQLType) -> GraphQLType:
    return kind.of_type if is_non_null_type(kind) else kind


def _leaf(found: GraphQLField) -> GraphQLType:
    return get_named_type(found.type)


__all__ = ["BASE", "edited", "operation"]
