"""Operation x Profile -> Authorized: standing flows along the path, and every field is decided at its standing."""

from __future__ import annotations

from collections.abc import Mapping

from hub.errors import Refused, Shown
from hub.model.authorized import Authorized, Grant
from hub.model.effect import SHOWN, Effect, Effects
from hub.model.entrance import ENTITIES, JOIN_KEY
from hub.model.graph import Coordinate
from hub.model.operation import Field, Operation
from hub.model.viewer import Profile, Standing
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
        return Grant(field, at, below, effects, self.reads(where, at, below), selection)

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

    def refuse(self, field: Field, message: str) -> None:
        self.refusals.append(Shown(message, code="NOT_SHARED", locations=[field.location]))
