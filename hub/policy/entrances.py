"""Who may enter a subgraph by `_entities`, by which keys, and what leads out of it.

A hub that asserts for whom it asks joins entities as it does in its own process: by every key, shown or not, and along
every link. That is safe because such a hub holds no more than it would hold if the source ran inside it: what a reader
is given, the effects of his profile still decide here, at the standing that the hub asserts, and keys are told from
values (`hub.model.entrance`).

A reader who comes with a token of his own is an official or stays outside. To enter by a key is to compare with it, so
each of its fields must be shown to him as it is, in every class of his universe; no citizen enters so, whatever he
stands to, and no partner, whose agreement names the root fields he may begin at.

Decided: links to what is at home elsewhere are not in such a reader's schema. The key stands in the row, but whether
the record behind it is one of his universe only its home can say, and a link there is null where it is not: a stub
would tell him of a hidden employer by its tax code. Rejected: the stub with its key wherever the key's label is shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from hub.model.effect import Effect, Effects
from hub.model.entrance import ENTITIES, SERVICE, KeyFields
from hub.model.graph import Coordinate
from hub.model.viewer import Audience, Profile, Standing

_SERVICES = frozenset({("Query", SERVICE), ("_Service", "sdl")})
_ENTERING = frozenset({Audience.OFFICER, Audience.ANALYST, Audience.DEFENCE_OFFICER, Audience.SECURITY_OFFICER})


class Rules(Protocol):
    """What is asked of the rule book."""

    def effects(self, profile: Profile, standing: Standing, where: Coordinate) -> Effects: ...


@dataclass(frozen=True, slots=True)
class Entrances:
    """The ways into a subgraph, and out of it.

    keys  entity -> its keys, each the fields that a representation has
    away  links to entities that are at home elsewhere
    """

    keys: Mapping[str, tuple[KeyFields, ...]] = field(default_factory=dict)
    away: frozenset[Coordinate] = frozenset()

    def decide(self, rules: Rules, profile: Profile, where: Coordinate) -> tuple[Effect, str] | None:
        """What is decided here; None for all that the labels decide."""
        if where in _SERVICES:
            return Effect.SHOW, "a subgraph describes itself"
        if where == ("Query", ENTITIES):
            if self.open_to(rules, profile):
                return Effect.SHOW, "the reader may enter by a key"
            return Effect.DENY, "the reader may enter by no key"
        if where in self.away and profile.asserted is None:
            return Effect.DENY, "it leads to what is at home in another source, which a hub joins"
        return None

    def open_to(self, rules: Rules, profile: Profile) -> Mapping[str, tuple[KeyFields, ...]]:
        """The keys by which a reader may enter."""
        if profile.asserted is not None:
            return self.keys
        if profile.audience not in _ENTERING:
            return {}
        classes = profile.universe(Standing.OFFICIAL).classes

        def shown(where: Coordinate) -> bool:
            return rules.effects(profile, Standing.OFFICIAL, where).within(classes) == {Effect.SHOW}

        found = {
            entity: tuple(key for key in keys if all(shown((entity, name)) for name in key))
            for entity, keys in self.keys.items()
        }
        return {entity: keys for entity, keys in found.items() if keys}

    def joins(self, profile: Profile, where: Coordinate) -> bool:
        """Whether a field is the part of a key that the profile's hub goes on with."""
        return profile.asserted is not None and any(where[1] in key for key in self.keys.get(where[0], ()))
