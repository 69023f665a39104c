"""Operation x Profile -> Authorized: standing flows along the path, and every field is decided at its standing."""

from __future__ import annotations

from hub.errors import Refused, Shown
from hub.model.authorized import Authorized, Grant
from hub.model.operation import Field, Operation
from hub.model.viewer import Profile, Standing
from hub.policy.rulebook import RuleBook


def authorize(operation: Operation, profile: Profile, rules: RuleBook) -> Authorized:
    """The operation with every field granted, or `Refused` with every field that is not shared on its path."""
    refusals: list[Shown] = []

    def grant(field: Field, standing: Standing | None, path: tuple[str, ...]) -> Grant:
        below = rules.standing_after(standing, field.parent, field.name)
        at = below if standing is None else standing
        here = (*path, field.key)
        if not field.name.startswith("__") and not rules.shows(profile.audience, at, field.parent, field.name):
            refusals.append(
                Shown(
                    f"`{field.name}` is not shared here: {'.'.join(here)}",
                    code="NOT_SHARED",
                    locations=[field.location],
                )
            )
        selection = None
        if field.selection is not None:
            selection = {
                concrete: tuple(grant(inner, below, here) for inner in fields)
                for concrete, fields in field.selection.cases.items()
            }
        return Grant(field, at, below, selection)

    grants = tuple(grant(field, None, ()) for field in operation.fields)
    if refusals:
        raise Refused(refusals)
    return Authorized(profile, operation.root, grants)
