"""An operation that may be planned: every field carries the standing it is read with and what is given of it.

Made by `hub.policy` only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hub.model.effect import Effects
from hub.model.entrance import KeyFields
from hub.model.operation import Argument, Field
from hub.model.viewer import Profile, Standing


@dataclass(frozen=True, slots=True)
class Grant:
    """One field that the profile may read on this path.

    standing  with which the field itself is read
    below     with which the object it leads to is read
    effects   what is given of it in each class
    reads     fields that its value is made of or ordered by, where they are not simply shown: it sees them so
    """

    field: Field
    standing: Standing
    below: Standing
    effects: Effects
    reads: Mapping[tuple[str, str], Effects]
    selection: Mapping[str, tuple[Grant, ...]] | None

    @property
    def key(self) -> str:
        return self.field.key

    @property
    def name(self) -> str:
        return self.field.name

    @property
    def arguments(self) -> tuple[tuple[str, Argument], ...]:
        return self.field.arguments


@dataclass(frozen=True, slots=True)
class Authorized:
    """The only thing the planner takes.

    entered_by  entity -> the keys by which `_entities` may find it, for a subgraph
    """

    profile: Profile
    root: str
    grants: tuple[Grant, ...]
    entered_by: Mapping[str, tuple[KeyFields, ...]] = field(default_factory=dict)
