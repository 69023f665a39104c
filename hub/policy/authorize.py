"""Operation x Profile -> Authorized: standing flows along the path, and every field is decided at its standing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from graphql import GraphQLInputObjectType, GraphQLInputType, GraphQLList, get_named_type, get_nullable_type

from hub.errors import Refused, Shown
from hub.model.authorized import Authorized, Grant
from hub.model.effect import SHOWN, Effect, Effects
from hub.model.graph import Coordinate
from hub.model.operation import Argument, Field, Operation, fields_of, items_of
from hub.model.viewer import Profile, Standing
from hub.policy.rulebook import RuleBook


def authorize(operation: Operation, profile: Profile, rules: RuleBook) -> Authorized:
    """The operation with every field granted, or `Refused` with every field that is not shared on its path."""
    decide = _Deciding(profile, rules)
    grants = tuple(decide.grant(field, None, ()) for field in operation.fields)
    if decide.refusals:
        raise Refused(decide.refusals)
    return Authorized(profile, operation.root, grants)


class _Deciding:
    """Grants field by field, and notes what is refused."""

    def __init__(self, profile: Profile, rules: RuleBook) -> None:
        self.profile = profile
        self.rules = rules
        self.refusals: list[Shown] = []

    def grant(self, field: Field, standing: Standing | None, path: tuple[str, ...]) -> Grant:
        where = (field.parent, field.name)
        below = self.rules.standing_after(standing, where)
        at = below if standing is None else standing
        here = (*path, field.key)
        effects = SHOWN if field.name.startswith("__") else self.effects(field, at, where, here)
        selection = None
        if field.selection is not None:
            selection = {
                concrete: tuple(self.grant(inner, below, here) for inner in fields)
                for concrete, fields in field.selection.cases.items()
            }
        reads = {**self.reads(where, at, below), **self.compared(field, below, here)}
        return Grant(field, at, below, effects, reads, selection)

    def effects(self, field: Field, at: Standing, where: Coordinate, path: tuple[str, ...]) -> Effects:
        found = self.rules.effects(self.profile, at, where)
        if all(effect is Effect.DENY for effect in found):
            self.refuse(field, f"`{field.name}` is not shared here: {'.'.join(path)}")
        for name, _ in field.arguments:
            if not self.rules.comparable(self.profile, at, where, name):
                self.refuse(field, f"`{field.name}` cannot be asked by `{name}` here: {'.'.join(path)}")
        return found

    def reads(self, where: Coordinate, at: Standing, below: Standing) -> Mapping[Coordinate, Effects]:
        """What the value is made of or ordered by, as the reader would be shown it."""
        found = {}
        for target in self.rules.inputs(where):
            # A field of the same object is read with the field's own standing, one of listed rows with theirs.
            standing = at if target[0] == where[0] else below
            effects = self.rules.effects(self.profile, standing, target)
            if effects.within(self.profile.universe(standing).classes) != {Effect.SHOW}:
                found[target] = effects
        return found

    def compared(self, field: Field, below: Standing, path: tuple[str, ...]) -> Mapping[Coordinate, Effects]:
        """What filters and orders of a list compare, as the reader would be shown it; each is a read like any other."""
        found: dict[Coordinate, Effects] = {}
        in_universe = self.profile.universe(below).classes
        for where, name in _inputs(field) if (field.parent, field.name) in self.rules.lists else ():
            if not self.rules.usable(self.profile, below, where):
                self.refuse(field, f"`{field.name}` cannot be asked by `{name}` here: {'.'.join(path)}")
                continue
            target = self.rules.compared.get(where)
            if target is not None:
                effects = self.rules.effects(self.profile, below, target.field)
                if effects.within(in_universe) != {Effect.SHOW}:
                    found[target.field] = effects
        return found

    def refuse(self, field: Field, message: str) -> None:
        self.refusals.append(Shown(message, code="NOT_SHARED", locations=[field.location]))


def _inputs(field: Field) -> Iterator[tuple[Coordinate, str]]:
    """Every input field that the arguments of a field give, at any depth, with its path as people write it."""
    for name, argument in field.arguments:
        yield from _given(argument, field.inputs[name], name)


def _given(argument: Argument, expected: GraphQLInputType, path: str) -> Iterator[tuple[Coordinate, str]]:
    bare = get_nullable_type(expected)
    if isinstance(bare, GraphQLList):
        for item in items_of(argument) if isinstance(get_named_type(bare), GraphQLInputObjectType) else ():
            yield from _given(item, bare.of_type, path)
    elif isinstance(bare, GraphQLInputObjectType):
        for name, value in fields_of(argument):
            yield (bare.name, name), f"{path}.{name}"
            yield from _given(value, bare.fields[name].type, f"{path}.{name}")
