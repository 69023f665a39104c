"""Operation x Profile -> Explanation: what is given of every field on its path, what decided, and what refuses it.

Takes an operation that is valid in the whole graph, also where its reader's schema lacks some of it: this is for those
who may see the policy. It asks `RuleBook.verdict` as `authorize` does, and has no rule of its own. Does no I/O.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from graphql import GraphQLSchema, get_named_type, is_required_argument
from graphql.type import GraphQLField

from hub.model.effect import Effect
from hub.model.graph import Coordinate
from hub.model.operation import Field, Operation
from hub.model.viewer import Audience, Profile, RecordClass, Standing, standings
from hub.policy.contract import visible_fields
from hub.policy.rulebook import RuleBook


@dataclass(frozen=True, slots=True)
class Decision:
    """What is given in the rows of one class, and why."""

    record_class: RecordClass
    effect: Effect
    because: str


@dataclass(frozen=True, slots=True)
class Explained:
    """One field on its path.

    parent     the concrete type it was decided on
    on         the concrete types it is said of; empty where it holds for all that may stand there
    standing   with which the field itself is read
    below      with which the object it leads to is read
    decisions  one for each class of the reader's universe
    sees       what it is made of or ordered by, where that is seen otherwise than as it is
    refused    why the operation is refused for it; empty if it is not
    """

    key: str
    name: str
    arguments: tuple[str, ...]
    parent: str = field(compare=False)
    on: tuple[str, ...]
    location: tuple[int, int]
    standing: Standing
    below: Standing
    decisions: tuple[Decision, ...]
    sees: tuple[tuple[Coordinate, tuple[Decision, ...]], ...]
    refused: tuple[str, ...]
    selection: tuple[Explained, ...]

    @property
    def denied(self) -> bool:
        """Whether nothing is given in any class."""
        return _denied(self.decisions)


@dataclass(frozen=True, slots=True)
class Explanation:
    """The whole operation, in the order of its document."""

    operation: str
    profile: Profile
    fields: tuple[Explained, ...]

    @property
    def refused(self) -> bool:
        """Whether some field refuses the whole operation."""
        return any(one.refused for _, one in walk(self.fields))


def walk(fields: tuple[Explained, ...], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Explained]]:
    """Every field with the response keys that lead to it, each before what it leads to."""
    for one in fields:
        here = (*path, one.key)
        yield here, one
        yield from walk(one.selection, here)


def explain(operation: Operation, profile: Profile, rules: RuleBook, api: GraphQLSchema) -> Explanation:
    """Every field of the operation, decided for the profile."""
    explaining = _Explaining(profile, rules, api, visible_fields(api, rules, profile))
    return Explanation(operation.name, profile, tuple(explaining.field(one, None, True) for one in operation.fields))


def cell_lines(policy: str) -> Mapping[str, int]:
    """Where the cells of a policy table stand in its text: `[citizen.self] NAME` -> line, from 1."""
    found: dict[str, int] = {}
    section = ""
    for number, line in enumerate(policy.splitlines(), start=1):
        if match := re.match(r"\s*(\[[\w.-]+\])", line):
            section = match[1]
            found[section] = number
        elif match := re.match(r"\s*(\w+)\s*=", line):
            found[f"{section} {match[1]}"] = number
    return found


def with_lines(reason: str, name: str, lines: Mapping[str, int]) -> str:
    """A reason with the line of every cell it names: `policy.toml:14 [citizen.self] NAME`."""

    def placed(match: re.Match[str]) -> str:
        line = lines.get(f"{match[1]} {match[2]}") or lines.get(match[1])
        return f"{name}:{line} {match[1]} {match[2]}" if line else match[0]

    return re.sub(rf"{re.escape(name)} (\[[\w.-]+\]) (\w+)", placed, reason)


@dataclass(frozen=True, slots=True)
class _Explaining:
    """What every field is decided with. `seen`: the fields of the reader's schema."""

    profile: Profile
    rules: RuleBook
    api: GraphQLSchema
    seen: frozenset[Coordinate]

    def field(self, found: Field, standing: Standing | None, led: bool) -> Explained:
        """A field; `led` says whether the reader's schema has all that leads to it."""
        where = (found.parent, found.name)
        below = self.rules.standing_after(standing, where)
        at = below if standing is None else standing
        there = where in self.seen or found.name.startswith("__")
        decisions = self.decisions(at, where)
        return Explained(
            key=found.key,
            name=found.name,
            arguments=tuple(name for name, _ in found.arguments),
            parent=found.parent,
            on=(),
            location=found.location,
            standing=at,
            below=below,
            decisions=decisions,
            sees=() if _denied(decisions) else tuple(self.sees(where, at, below)),
            refused=tuple(self.refusals(found, at, there, decisions)) if led else (),
            selection=self.selection(found, below, led and there),
        )

    def selection(self, found: Field, below: Standing, led: bool) -> tuple[Explained, ...]:
        if found.selection is None:
            return ()
        cases = {
            concrete: tuple(self.field(inner, below, led) for inner in fields)
            for concrete, fields in found.selection.cases.items()
        }
        return _together(cases)

    def decisions(self, standing: Standing, where: Coordinate) -> tuple[Decision, ...]:
        classes = self.profile.universe(standing).classes
        if where[1].startswith("__"):
            return tuple(Decision(one, Effect.SHOW, "part of every schema") for one in classes)
        audience = self.profile.audience
        if standing not in standings(audience):
            return tuple(Decision(one, Effect.DENY, f"no {audience} reads with standing {standing}") for one in classes)
        verdict = self.rules.verdict(self.profile, standing, where)
        reasons = dict(zip(RecordClass, verdict.because, strict=True))
        return tuple(
            Decision(one, verdict.effects.of(one), reasons[one] + self.agreed(where, verdict.effects.of(one)))
            for one in classes
        )

    def agreed(self, where: Coordinate, effect: Effect) -> str:
        """A partner is given what the table allows and his agreement shares: the second half of the reason."""
        agreement = self.rules.agreements.get(self.profile.agreement or "")
        if self.profile.audience is not Audience.PARTNER or agreement is None or effect is Effect.DENY:
            return ""
        label = self.rules.labels.get(where)
        if label is None:
            return ""  # part of a list
        return f"; agreement {agreement.name} ({label if label in agreement.labels else '.'.join(where)})"

    def sees(
        self, where: Coordinate, at: Standing, below: Standing
    ) -> Iterator[tuple[Coordinate, tuple[Decision, ...]]]:
        for target in self.rules.inputs(where):
            # A field of the same object is read with the field's own standing, one of listed rows with theirs.
            decisions = self.decisions(at if target[0] == where[0] else below, target)
            if any(one.effect is not Effect.SHOW for one in decisions):
                yield target, decisions

    def refusals(self, found: Field, at: Standing, there: bool, decisions: tuple[Decision, ...]) -> Iterator[str]:
        where = (found.parent, found.name)
        if not there:
            reason = "" if _denied(decisions) else f": {self.absent(where, at)}"
            yield f"not in the schema of this reader{reason}"
        elif _denied(decisions):
            yield f"not shared with standing {at}"
        for name, _ in found.arguments:
            if there and not self.rules.comparable(self.profile, at, where, name):
                yield f"cannot be asked by `{name}` here: {self.compared(where, at, name)}"

    def absent(self, where: Coordinate, at: Standing) -> str:
        """Why a field is not in the reader's schema though something is given of it."""
        definition: GraphQLField = self.api.type_map[where[0]].fields[where[1]]  # type: ignore[attr-defined]
        for name, argument in definition.args.items():
            if is_required_argument(argument) and not self.rules.comparable(self.profile, at, where, name):
                return f"it cannot be asked without `{name}`, {self.compared(where, at, name)}"
        leads_to = get_named_type(definition.type).name
        if hasattr(self.api.type_map[leads_to], "fields") and not any(owner == leads_to for owner, _ in self.seen):
            return f"nothing of `{leads_to}` is left in it"
        return f"nothing in it leads to `{where[0]}`"

    def compared(self, where: Coordinate, at: Standing, argument: str) -> str:
        target = self.rules.reads[where].arguments[argument]
        hidden = next(one for one in self.decisions(at, target) if one.effect is not Effect.SHOW)
        return f"which is compared with {'.'.join(target)}: {hidden.effect}, {hidden.because}"


def _denied(decisions: tuple[Decision, ...]) -> bool:
    return all(one.effect is Effect.DENY for one in decisions)


def _together(cases: Mapping[str, tuple[Explained, ...]]) -> tuple[Explained, ...]:
    """What holds for every type once, then what is said of some of them only."""
    grouped: dict[Explained, list[str]] = {}
    for concrete, fields in cases.items():
        for one in fields:
            grouped.setdefault(one, []).append(concrete)
    found = [replace(one, on=() if len(types) == len(cases) else tuple(types)) for one, types in grouped.items()]
    return tuple(sorted(found, key=lambda one: one.on))
