"""Who reads: audience, subject, universe by standing; and the profile, the part that decisions depend on.

A `Viewer` is made by the server from a verified token, never from anything else. A `Profile` holds no value of a
person, so plans, statements and batches are shared by all viewers of one profile and never contain a viewer's values.
"""

from __future__ import annotations

from dataclasses import dataclass
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
    """How the reader stands to the record on a path. Along a path it only weakens, in the order given here."""

    SELF = "self"
    HOUSEHOLD = "household"
    OFFICIAL = "official"


@dataclass(frozen=True, slots=True)
class Profile:
    """What decisions may depend on, and nothing else: it is the key of caches.

    own       the universe for what the reader sees of himself
    others    the universe for everything else
    """

    audience: Audience
    own: Universe = Universe.CIVILIAN
    others: Universe = Universe.CIVILIAN
    agreement: str | None = None

    def universe(self, standing: Standing) -> Universe:
        return self.own if standing is Standing.SELF else self.others


@dataclass(frozen=True, slots=True)
class Viewer:
    """One reader. `subject` is the personal number he reads as himself; officials may have none."""

    profile: Profile
    subject: str | None = None
    name: str = ""
