"""Who reads: audience, subject, universe by standing; and the profile, the part that decisions depend on.

A `Viewer` is made by the server from a verified token, never from anything else. A `Profile` holds no value of a
person, so plans, statements and batches are shared by all viewers of one profile and never contain a viewer's values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class RecordClass(StrEnum):
    """The authority a row belongs to; the value is the name of the database schema that holds such rows."""

    CIVILIAN = "civilian"
    DEFENCE = "defence"
    PUBLIC_SECURITY = "public_security"


class Universe(StrEnum):
    """The set of record classes a viewer is cleared for; each has a login role of its own in every source."""

    CIVILIAN = "civilian"
    DEFENCE = "defence"
    PUBLIC_SECURITY = "public_security"
    ALL = "all"

    @property
    def classes(self) -> tuple[RecordClass, ...]:
        """Its classes. Where several hold a row for one key, the later one is the record of authority."""
        match self:
            case Universe.CIVILIAN:
                return (RecordClass.CIVILIAN,)
            case Universe.DEFENCE:
                return (RecordClass.CIVILIAN, RecordClass.DEFENCE)
            case Universe.PUBLIC_SECURITY:
                return (RecordClass.CIVILIAN, RecordClass.PUBLIC_SECURITY)
            case Universe.ALL:
                return (RecordClass.CIVILIAN, RecordClass.DEFENCE, RecordClass.PUBLIC_SECURITY)


class Audience(StrEnum):
    """In which capacity somebody reads."""

    CITIZEN = "citizen"
    OFFICER = "officer"
    ANALYST = "analyst"
    PARTNER = "partner"
    DEFENCE_OFFICER = "defence-officer"
    SECURITY_OFFICER = "security-officer"


class Standing(StrEnum):
    """How the reader stands to the record on a path. Along a path it only weakens, in the order given here.

    A guardian reads of a child under 16 in his care (người giám hộ, cha mẹ của trẻ dưới 16 tuổi).
    """

    SELF = "self"
    GUARDIAN = "guardian"
    HOUSEHOLD = "household"
    OFFICIAL = "official"


# What each audience may be cleared for: citizens for what they read of themselves, officials for all they read.
# A partner's universe is that of its agreement.
CLEARANCES: Mapping[Audience, tuple[Universe, ...]] = {
    Audience.CITIZEN: tuple(Universe),
    Audience.OFFICER: tuple(Universe),
    Audience.ANALYST: (Universe.CIVILIAN,),
    Audience.PARTNER: tuple(Universe),
    Audience.DEFENCE_OFFICER: (Universe.DEFENCE, Universe.ALL),
    Audience.SECURITY_OFFICER: (Universe.PUBLIC_SECURITY, Universe.ALL),
}


def standings(audience: Audience) -> tuple[Standing, ...]:
    """The standings an audience can read with. Only citizens read as themselves, and only officials begin elsewhere."""
    return tuple(Standing) if audience is Audience.CITIZEN else (Standing.OFFICIAL,)


def reach(audience: Audience, standing: Standing) -> tuple[RecordClass, ...]:
    """The record classes whose rows an audience may at most see at a standing."""
    if standing not in standings(audience):
        return ()
    if audience is Audience.CITIZEN and standing is not Standing.SELF:
        return Universe.CIVILIAN.classes
    cleared = {one for universe in CLEARANCES[audience] for one in universe.classes}
    return tuple(one for one in RecordClass if one in cleared)


@dataclass(frozen=True, slots=True)
class Profile:
    """What decisions may depend on, and nothing else: it is the key of caches.

    own        the universe for what the reader sees of himself
    others     the universe for everything else
    agreement  a partner's; it names the fields he may read
    project    an analyst's; pseudonyms are stable within it
    scopes     for `@requiresScopes`; only those that the graph asks for somewhere
    asserted   where a hub asks for him (`hub.assertion`): the standing he has to the entities it asks for
    """

    audience: Audience
    own: Universe = Universe.CIVILIAN
    others: Universe = Universe.CIVILIAN
    agreement: str | None = None
    project: str | None = None
    scopes: frozenset[str] = frozenset()
    asserted: Standing | None = None

    def universe(self, standing: Standing) -> Universe:
        """What the reader may see of records he has this standing to."""
        return self.own if standing is Standing.SELF else self.others

    @property
    def name(self) -> str:
        """All of it as one text, the same in every process."""
        parts = (self.audience, self.own, self.others, self.agreement, self.project, *sorted(self.scopes))
        return " ".join(part or "-" for part in parts)

    @property
    def scope(self) -> str | None:
        """Within which pseudonyms are stable: the agreement or the project, or there are none."""
        if self.agreement is not None:
            return f"agreement {self.agreement}"
        return f"project {self.project}" if self.project is not None else None


@dataclass(frozen=True, slots=True)
class Viewer:
    """One reader. `subject` is the personal number he reads as himself; officials may have none."""

    profile: Profile
    subject: str | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class Asserted:
    """What a source in another process is told of who reads: nothing of a person."""

    profile: Profile
    standing: Standing

    @property
    def universe(self) -> Universe:
        """The records he may know of, standing so."""
        return self.profile.universe(self.standing)


@dataclass(frozen=True, slots=True)
class Served:
    """What an instance serves at all: by it a token's claims become a viewer.

    agreements  name -> the universe it covers
    scopes      those that the graph asks for somewhere; a viewer's others decide nothing
    """

    universes: tuple[Universe, ...] = tuple(Universe)
    agreements: Mapping[str, Universe] = field(default_factory=dict)
    scopes: frozenset[str] = frozenset()
