"""Operation x Profile -> Authorized: standing flows along the path, and every field is decided at its standing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from graphql import GraphQLInputObjectType, GraphQLInputType, GraphQLList, get_named_type, get_nullable_type

from hub.errors import Refused, Shown
from hub.model.authorized import Authorized, Grant
from hub.model.effect import SHOWN, Effect, Effects, combined
from hub.model.entrance import ENTITIES, JOIN_KEY
from hub.model.graph import Coordinate
from hub.model.operation import Argument, Field, Operation, fields_of, items_of
from hub.model.viewer import Profile, RecordClass, Standing
from hub.policy.rulebook import RuleBook


def authorize(operation: Operation, profile: Profile, rules: RuleBook) -> Authorized:
    """The operation with every field granted, or `Refused` with every field that is not shared on its path."""
    decide = _Deciding(profile, rules)
    grants = tuple(decide.grant(field, None, ()) for field in operation.fields)
    if decide.refusals:
        raise Refused(decide.refusals)
    enters = any(grant.name == ENTITIES for grant in grants)
    return Authorized(profile, operation.root, grants, rules.entered_by(profile) if enters else {})


class _Deciding:
    """Grants field by field, and notes what is refused."""

    def __init__(self, profile: Profile, rules: RuleBook) -> None:
        self.profile = profile
        self.rules = rules
        self.refusals: list[Shown] = []

    def grant(self, field: Field, standing: Standing | None, path: tuple[str, ...]) -> Grant:
        where = (field.parent, field.name)
        if standing is None:
            below = self.rules.standing_at(self.profile, where)
        else:
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
        if field.key == f"{JOIN_KEY}{field.name}" and self.rules.entrances.joins(self.profile, where):
            return SHOWN
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
            if not self.rules.shown(self.profile, standing, target):
                found[target] = self.rules.effects(self.profile, standing, target)
        for target in self.rules.handed(where):
            if not self.rules.shown(self.profile, at, target):
                found[target] = self.rules.effects(self.profile, at, target)
        return found

    def compared(self, field: Field, below: Standing, path: tuple[str, ...]) -> Mapping[Coordinate, Effects]:
        """What filters and orders of a list compare, as the reader would be shown it; each is a read like any other."""
        found: dict[Coordinate, Effects] = {}
        if (field.parent, field.name) not in self.rules.lists:
            return found
        for name, argument in field.arguments:
            for where, at, effects, place in self.given(argument, field.inputs[name], below, name):
                if effects is None:
                    self.refuse(field, f"`{field.name}` cannot be asked by `{place}` here: {'.'.join(path)}")
                elif effects.within(self.profile.universe(at).classes) != {Effect.SHOW}:
                    found[where] = combined([effects, found.get(where, SHOWN)])
        return found

    def given(
        self, argument: Argument, expected: GraphQLInputType, at: Standing, path: str
    ) -> Iterator[tuple[Coordinate, Standing, Effects | None, str]]:
        """Every field that an argument compares, at any depth: with its standing, its effects if it may be compared."""
        bare = get_nullable_type(expected)
        if isinstance(bare, GraphQLList):
            for item in items_of(argument) if isinstance(get_named_type(bare), GraphQLInputObjectType) else ():
                yield from self.given(item, bare.of_type, at, path)
        elif isinstance(bare, GraphQLInputObjectType):
            for name, value in fields_of(argument):
                here, below = f"{path}.{name}", at
                target = self.rules.compared.get((bare.name, name))
                if target is not None:
                    below = self.rules.standing_after(at, target.field)
                    usable = self.rules.usable(self.profile, at, (bare.name, name))
                    yield target.field, at, self.seen(target.field, at, below) if usable else None, here
                yield from self.given(value, bare.fields[name].type, below, here)

    def seen(self, where: Coordinate, at: Standing, below: Standing) -> Effects:
        """What is given of a compared field; nothing in classes that the reader does not see behind it."""
        found = self.rules.effects(self.profile, at, where)
        behind = self.profile.universe(below).classes
        return Effects(
            *(effect if of in behind else Effect.DENY for of, effect in zip(RecordClass, found, strict=True))
        )

    def refuse(self, field: Field, message: str) -> None:
        self.refusals.append(Shown(message, code="NOT_SHARED", locations=[field.location]))
