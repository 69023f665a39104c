"""Profile x policy table -> how much of the plans of his own requests a reader is shown."""

from __future__ import annotations

from graphql import GraphQLSchema

from hub.errors import Refused, Shown
from hub.model.description import Sight
from hub.model.viewer import Profile, standings
from hub.policy.rulebook import RuleBook


def plan_sight(profile: Profile, rules: RuleBook, contract: GraphQLSchema) -> Sight:
    """What the table's `[plans]` gives the profile; `Refused` if that is nothing. `contract` is the schema he sees."""
    plans = rules.policy.plans
    if profile.audience not in plans.shown:
        message = "plans are not shown to this reader: leave out `extensions.plan`"
        raise Refused([Shown(message, code="PLAN_NOT_SHARED")])
    inside = profile.audience in plans.inside
    several = any(len(profile.universe(standing).classes) > 1 for standing in standings(profile.audience))
    return Sight(None if inside else contract, inside, several)
