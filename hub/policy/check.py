"""RuleBook x graph -> problems: what the table and the agreements say that the graph cannot carry out.

A label that no field has any more, a mask on what cannot be masked, a field that is never null and denied in some class
of a universe, a partner's field that nothing leads to. Each is a problem at build: nothing is found out while serving.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from graphql import GraphQLList, GraphQLNonNull, GraphQLSchema, get_named_type, get_nullable_type

from hub.errors import Problem
from hub.model.effect import SUITED, Effect
from hub.model.graph import Coordinate, DeclaredGraph
from hub.model.viewer import CLEARANCES, Audience, Profile, Standing, standings
from hub.policy.contract import visible_fields
from hub.policy.rulebook import RuleBook


def profiles(rules: RuleBook) -> Iterator[Profile]:
    """Every profile that the table knows, one for each audience, clearance and agreement."""
    for audience in Audience:
        if audience is Audience.PARTNER:
            for name, agreement in rules.agreements.items():
                yield Profile(audience, others=agreement.universe, agreement=name)
        elif audience is Audience.CITIZEN:
            yield from (Profile(audience, own=universe) for universe in CLEARANCES[audience])
        else:
            yield from (Profile(audience, others=universe) for universe in CLEARANCES[audience])


def policy_problems(rules: RuleBook, api: GraphQLSchema, declared: DeclaredGraph) -> list[Problem]:
    """Everything that is wrong."""
    return [
        *_left_behind(rules),
        *_unsuited_masks(rules, api, declared),
        *_told_apart(rules, api, declared),
        *_agreements(rules, api),
    ]


def _left_behind(rules: RuleBook) -> Iterator[Problem]:
    for label in sorted(rules.policy.labels - set(rules.labels.values())):
        message = f"no field has label `{label}` any more"
        yield Problem("POLICY_LEFT_BEHIND", rules.policy.name, message, "remove the label and its cells")


def _masks(rules: RuleBook) -> Iterator[tuple[str, str, Effect, Audience]]:
    """Every cell with a mask: its place, label, effect and audience."""
    for (audience, standing), cells in rules.policy.cells.items():
        for label, effects in cells.items():
            for effect in dict.fromkeys(effects):
                if effect.is_mask:
                    yield f"{rules.policy.name} [{audience}.{standing}] {label}", label, effect, audience


def _unsuited_masks(rules: RuleBook, api: GraphQLSchema, declared: DeclaredGraph) -> Iterator[Problem]:
    labelled: dict[str, list[Coordinate]] = {}
    for where, label in rules.labels.items():
        labelled.setdefault(label, []).append(where)
    for place, label, effect, audience in _masks(rules):
        if effect is Effect.PSEUDONYM and audience not in (Audience.ANALYST, Audience.PARTNER):
            message = "a pseudonym is stable within a project or an agreement, and this audience has neither"
            yield Problem("POLICY_MASK_UNSUITED", place, message, "use another effect")
        for where in labelled.get(label, ()):
            found = api.type_map[where[0]].fields[where[1]].type  # type: ignore[attr-defined]
            scalar = get_nullable_type(found)
            suited = SUITED[effect]
            if isinstance(scalar, GraphQLList) or getattr(scalar, "name", "") not in suited:
                message = f"`{effect}` does not suit `{'.'.join(where)}`, which is `{found}`"
                suggestion = f"it suits {', '.join(sorted(suited))}: give the field another label"
                yield Problem("POLICY_MASK_UNSUITED", place, message, suggestion)
            elif where not in declared.maskable:
                message = f"`{'.'.join(where)}` stands in no column, and cannot be masked"
                yield Problem("POLICY_MASK_UNSUITED", place, message, "give the field another label")


def _told_apart(rules: RuleBook, api: GraphQLSchema, declared: DeclaredGraph) -> Iterator[Problem]:
    """Fields that are denied in some classes of a universe and not in all, and cannot be.

    One that is never null cannot be null there, but for what is made of other rows, which are left out. A root field
    stands in no row, so there is no class that could decide.
    """
    query = api.query_type.name if api.query_type else ""
    never_null = {
        where
        for where in rules.labels
        if where not in declared.gathered and isinstance(api.type_map[where[0]].fields[where[1]].type, GraphQLNonNull)  # type: ignore[attr-defined]
    }
    roots = {where for where in rules.labels if where[0] == query}
    for where, audience in _denied_in_some(rules, [where for where in rules.labels if where in never_null | roots]):
        place = ".".join(where)
        if where in never_null:
            message = f"is never null, and denied to `{audience}` in some record classes but not in all"
            yield Problem("NOT_NULLABLE_ACROSS_CLASSES", place, message, "make the field nullable")
        if where in roots:
            label = rules.labels[where]
            message = f"is a root field, and its label `{label}` tells record classes apart for `{audience}`"
            yield Problem("POLICY_ROOT_BY_CLASS", place, message, "give it a label that does not")


def _denied_in_some(rules: RuleBook, fields: Sequence[Coordinate]) -> Iterator[tuple[Coordinate, Audience]]:
    """The fields that a profile is denied in some classes of its universe only, once each, with the first audience."""
    said: set[Coordinate] = set()
    for profile in profiles(rules):
        for standing in standings(profile.audience):
            for where in fields if len(profile.universe(standing).classes) > 1 else ():
                found = rules.effects(profile, standing, where).within(rules.classes_of(profile, standing, where))
                if where not in said and Effect.DENY in found and len(found) > 1:
                    said.add(where)
                    yield where, profile.audience


def _agreements(rules: RuleBook, api: GraphQLSchema) -> Iterator[Problem]:
    """What an agreement names must exist, be for partners at all, and be reached by what else it names."""
    for name, agreement in rules.agreements.items():
        profile = Profile(Audience.PARTNER, others=agreement.universe, agreement=name)
        seen = visible_fields(api, rules, profile)
        for where in sorted(agreement.fields):
            place = f"{name}.toml fields"
            if where not in rules.labels:
                kept: Mapping[str, object] = getattr(api.type_map.get(where[0]), "fields", {})
                suggestion = f"`{where[0]}` has {', '.join(sorted(kept))}" if kept else "no such type"
                yield Problem("AGREEMENT_UNKNOWN_FIELD", place, f"`{'.'.join(where)}` is no field", suggestion)
            elif not rules.visible(profile, Standing.OFFICIAL, where):
                reason = rules.verdict(profile, Standing.OFFICIAL, where).because[0]
                message = f"`{'.'.join(where)}` is denied to every partner: {reason}"
                yield Problem("AGREEMENT_DENIED", place, message, "remove it, or change the table")
            elif where not in seen:
                message = f"nothing in the agreement leads to `{'.'.join(where)}`"
                yield Problem("AGREEMENT_UNREACHABLE", place, message, _ways(api, where[0]))
        for label in sorted(agreement.labels):
            if not any(rules.labels.get(where) == label for where in seen):
                message = f"label `{label}` shares no field that the agreement leads to"
                yield Problem("AGREEMENT_LABEL_SHARES_NOTHING", f"{name}.toml labels", message, "remove it")


def _ways(api: GraphQLSchema, type_name: str) -> str:
    leading = [
        f"{owner.name}.{name}"
        for owner in api.type_map.values()
        if not owner.name.startswith("__")
        for name, found in getattr(owner, "fields", {}).items()
        if hasattr(found, "args") and get_named_type(found.type).name == type_name
    ]
    return f"add one of {', '.join(sorted(leading))}" if leading else ""
