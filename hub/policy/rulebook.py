"""Supergraph x policy table x agreements -> RuleBook: what is given of every field, to whom, in which class, and why.

One decision (`RuleBook.verdict`) answers everybody: the contract, the authorization of an operation, the explanation
of it, the matrix and the checks at build. It takes the strictest of all that has a say:

    the cell       audience x standing x label x class of the policy table
    the agreement  a partner reads what his agreement shares, and nothing else
    directives     `@requiresScopes` and `@policy`, of the field, its type and the type it leads to
    relatives      the same field on the interfaces of its type; of an interface's field, on all implementing types
    sources        what its value is made of: a total, a `@requires`, the type of an object of an interface

A source that stands alone as a subgraph has entrances too, and links that lead out of it (`entrances`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from graphql import GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema, get_named_type

from hub.errors import BuildFailed, Problem
from hub.model.effect import DENIED, SHOWN, Effect, Effects, strictest
from hub.model.entrance import ENTITIES, KeyFields
from hub.model.graph import (
    Agreement,
    Compared,
    Coordinate,
    DeclaredGraph,
    PlansShown,
    PolicyTable,
    Reads,
    Transition,
)
from hub.model.supergraph import FieldSet, Supergraph
from hub.model.viewer import Audience, Profile, RecordClass, Standing, standings
from hub.policy.entrances import Entrances

# INVARIANT: from strong to weak; along a path the index never falls.
STANDINGS = tuple(Standing)

_NOTHING = Reads()


@dataclass(frozen=True, slots=True)
class Need:
    """What a directive asks for: one of these sets of scopes, or of names of policies."""

    directive: str
    ways: tuple[frozenset[str], ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is given of a field in each class, and what decided it, in the order of `RecordClass`."""

    effects: Effects
    because: tuple[str, ...]


@dataclass(frozen=True)
class RuleBook:
    """Everything that a decision needs.

    labels      (type, field) -> label
    relatives   (type, field) -> itself and the fields whose rules hold for it too
    needs       (type, field) -> what directives ask for
    reads       (type, field) -> what it reads beside itself
    classes     fields that tell the class of a row
    held_by     (enum, value) -> the only classes whose rows hold it
    compared    (input type, field) -> what it stands for, of filters and orders of lists
    lists       fields that are connections
    structure   fields that lists are made of: they say nothing that the list's own label does not decide
    held        (type, field) -> the only classes whose rows hold it
    entrances   of a source that stands alone
    """

    labels: Mapping[Coordinate, str]
    policy: PolicyTable
    transitions: Mapping[Coordinate, Transition]
    agreements: Mapping[str, Agreement] = field(default_factory=dict)
    relatives: Mapping[Coordinate, tuple[Coordinate, ...]] = field(default_factory=dict)
    needs: Mapping[Coordinate, tuple[Need, ...]] = field(default_factory=dict)
    reads: Mapping[Coordinate, Reads] = field(default_factory=dict)
    classes: frozenset[Coordinate] = frozenset()
    held_by: Mapping[Coordinate, frozenset[RecordClass]] = field(default_factory=dict)
    compared: Mapping[Coordinate, Compared] = field(default_factory=dict)
    lists: frozenset[Coordinate] = frozenset()
    structure: frozenset[Coordinate] = frozenset()
    held: Mapping[Coordinate, frozenset[RecordClass]] = field(default_factory=dict)
    entrances: Entrances = field(default_factory=Entrances)

    def classes_of(self, profile: Profile, standing: Standing, where: Coordinate) -> tuple[RecordClass, ...]:
        """The classes of the reader's universe whose rows may hold a field."""
        held = self.held.get(where)
        return tuple(one for one in profile.universe(standing).classes if held is None or one in held)

    def effects(self, profile: Profile, standing: Standing, where: Coordinate) -> Effects:
        """What the profile is given of a field at a standing. Anything unknown is denied."""
        return self.verdict(profile, standing, where).effects

    def verdict(self, profile: Profile, standing: Standing, where: Coordinate) -> Verdict:
        """The same with its reasons."""
        if where in self.structure:
            return Verdict(SHOWN, ("part of a list",) * len(RecordClass))
        entrance = self.entrances.decide(self, profile, where)
        if entrance is not None:
            effect, reason = entrance
            return Verdict(Effects(*(effect,) * len(RecordClass)), (reason,) * len(RecordClass))
        if where not in self.labels:
            return Verdict(DENIED, ("it has no label",) * len(RecordClass))
        in_universe = profile.universe(standing).classes
        holding = self.classes_of(profile, standing, where)
        decided = [
            self._decide(profile, standing, where, one, frozenset())
            if one in holding
            else (
                Effect.DENY,
                "no row of this class holds it" if one in in_universe else "outside the reader's universe",
            )
            for one in RecordClass
        ]
        return Verdict(Effects(*(effect for effect, _ in decided)), tuple(reason for _, reason in decided))

    def visible(self, profile: Profile, standing: Standing, where: Coordinate) -> bool:
        """Whether anything is given of a field in any class."""
        return any(effect is not Effect.DENY for effect in self.effects(profile, standing, where))

    def comparable(self, profile: Profile, standing: Standing, where: Coordinate, argument: str) -> bool:
        """Whether a field may be asked with an argument: if every class shows what it is compared with as it is."""
        target = self.reads.get(where, _NOTHING).arguments.get(argument)
        if target is None:
            return True
        # What is compared are the rows below the field.
        below = self.standing_after(standing, where)
        return self.shown(profile, below, target)

    def shown(self, profile: Profile, standing: Standing, where: Coordinate) -> bool:
        """Whether a field is given as it is in every row of the reader's universe that holds it."""
        return self.effects(profile, standing, where).within(self.classes_of(profile, standing, where)) == {Effect.SHOW}

    def usable(self, profile: Profile, standing: Standing, input_field: Coordinate) -> bool:
        """Whether lists may be filtered or ordered by an input: if some class gives what it stands for, none masked.

        A class that denies it has no value there, as the reader sees; a mask would be compared by what it hides.
        """
        compared = self.compared.get(input_field)
        if compared is None:
            return True
        found = self.effects(profile, standing, compared.field).within(profile.universe(standing).classes)
        return found != {Effect.DENY} and found <= {Effect.SHOW, Effect.DENY, *compared.as_well}

    def inputs(self, where: Coordinate) -> tuple[Coordinate, ...]:
        """The fields that a field is made of or ordered by, and which it sees as the reader would."""
        return self.reads.get(where, _NOTHING).inputs

    def handed(self, where: Coordinate) -> tuple[Coordinate, ...]:
        """The fields that the subgraph of a field is handed for it."""
        return self.reads.get(where, _NOTHING).handed

    def standing_after(self, standing: Standing | None, where: Coordinate) -> Standing:
        """The standing below a field; it only weakens. A root field without a transition is official."""
        transition = self.transitions.get(where)
        if standing is None:
            return transition.to if transition else Standing.OFFICIAL
        if transition is None:
            return standing
        return max(standing, transition.to, key=STANDINGS.index)

    def standing_at(self, profile: Profile, where: Coordinate) -> Standing:
        """The standing below a root field: by `_entities` a hub comes with the one it asserts."""
        if where[1] == ENTITIES and profile.asserted is not None:
            return profile.asserted
        return self.standing_after(None, where)

    def entered_by(self, profile: Profile) -> Mapping[str, tuple[KeyFields, ...]]:
        """The keys by which the profile may ask for entities."""
        return self.entrances.open_to(self, profile)

    def uses(self, effect: Effect) -> bool:
        """Whether some cell of the table has the effect."""
        return any(effect in effects for cells in self.policy.cells.values() for effects in cells.values())

    @property
    def scopes(self) -> frozenset[str]:
        """All scopes that some directive asks for."""
        needed = [need for needs in self.needs.values() for need in needs if need.directive == "requiresScopes"]
        return frozenset(scope for need in needed for way in need.ways for scope in way)

    # One class ------------------------------------------------------------------------------------------------------

    def _decide(
        self, profile: Profile, standing: Standing, where: Coordinate, of: RecordClass, seen: frozenset[Coordinate]
    ) -> tuple[Effect, str]:
        """The strictest of all that has a say, with its reason."""
        said = [*self._needed(profile, where)]
        relatives = self.relatives.get(where, (where,))
        for relative in relatives:
            said += self._own(profile, standing, relative, of)
        seen |= {*relatives}
        for source in (source for one in relatives for source in self._made_of(one)):
            if source not in seen:
                effect, reason = self._decide(profile, standing, source, of, seen)
                if effect is not Effect.SHOW:
                    said.append((Effect.DENY, f"made of {'.'.join(source)}, which is {effect}: {reason}"))
        found = strictest(effect for effect, _ in said)
        return found, next((reason for effect, reason in said if effect is found), "two different masks")

    def _made_of(self, where: Coordinate) -> tuple[Coordinate, ...]:
        reads = self.reads.get(where, _NOTHING)
        return (*reads.sources, *reads.handed)

    def _own(
        self, profile: Profile, standing: Standing, where: Coordinate, of: RecordClass
    ) -> Iterator[tuple[Effect, str]]:
        label = self.labels.get(where)
        if label is None:
            yield Effect.DENY, f"{'.'.join(where)} has no label"
            return
        yield self._cell(profile, standing, label, of)
        if profile.audience is Audience.PARTNER:
            yield self._agreed(profile, where, label, of)
        if where in self.classes and len(profile.universe(standing).classes) == 1:
            yield Effect.DENY, "the reader's universe has one class only"

    def _needed(self, profile: Profile, where: Coordinate) -> Iterator[tuple[Effect, str]]:
        """What directives deny. Composition has merged those of implementing types into their interfaces' fields."""
        for need in self.needs.get(where, ()):
            if not self._met(need, profile):
                ways = " or ".join(" and ".join(sorted(way)) for way in need.ways)
                yield Effect.DENY, f"@{need.directive} of {'.'.join(where)} asks for {ways}"

    def _cell(self, profile: Profile, standing: Standing, label: str, of: RecordClass) -> tuple[Effect, str]:
        section = f"{self.policy.name} [{profile.audience}.{standing}]"
        cells = self.policy.cells.get((profile.audience, standing))
        if cells is None or label not in cells:
            return Effect.DENY, f"{section} has no cell for {label}"
        effect = cells[label].of(of)
        return effect, f"{section} {label}"

    def _agreed(self, profile: Profile, where: Coordinate, label: str, of: RecordClass) -> tuple[Effect, str]:
        agreement = self.agreements.get(profile.agreement or "")
        if agreement is None:
            return Effect.DENY, "the partner has no agreement"
        shared = label in agreement.labels or where in agreement.fields
        if shared and of in agreement.universe.classes:
            return Effect.SHOW, f"agreement {agreement.name}"
        return Effect.DENY, f"agreement {agreement.name} does not share it"

    def _met(self, need: Need, profile: Profile) -> bool:
        if need.directive == "requiresScopes":
            held = profile.scopes
        else:
            held = frozenset(name for name, of in self.policy.policies.items() if profile.audience in of)
        return any(way <= held for way in need.ways)


def rulebook(supergraph: Supergraph, declared: DeclaredGraph) -> RuleBook:
    """The rule book of a composed graph; `BuildFailed` names every field without a label."""
    labels: dict[Coordinate, str] = {}
    needs: dict[Coordinate, tuple[Need, ...]] = {}
    problems: list[Problem] = []
    for type_name, owner in _composites(supergraph.api):
        for field_name, found in owner.fields.items():
            place = f"{type_name}.{field_name}"
            if (type_name, field_name) in declared.structure:
                continue
            found_labels = _labels(supergraph, declared, (type_name, field_name))
            if len(found_labels) > 1:
                message = f"is labelled {' and '.join(f'`{one}`' for one in found_labels)}"
                problems.append(Problem("LABEL_CONFLICT", place, message, "use one label"))
            elif not found_labels and not _foreign(supergraph, declared, (type_name, field_name)):
                message = "has no label"
                problems.append(
                    Problem("LABEL_MISSING", place, message, "give it one of the labels of the policy table")
                )
            elif not set(found_labels) <= declared.policy.labels:
                problems.append(
                    Problem("LABEL_UNKNOWN", place, f"label `{found_labels[0]}` is not in the policy table")
                )
            elif found_labels:
                (labels[type_name, field_name],) = found_labels
            asked = [*_needs(supergraph, place), *_needs(supergraph, type_name)]
            asked += _needs(supergraph, get_named_type(found.type).name)
            if asked:
                needs[type_name, field_name] = tuple(asked)
    problems += _unknown_policies(needs, declared.policy)
    held_by = dict(_held_by(supergraph, problems))
    if problems:
        raise BuildFailed(problems)
    return RuleBook(
        labels,
        declared.policy,
        declared.transitions,
        {name: _spread(agreement, supergraph.api) for name, agreement in declared.agreements.items()},
        dict(_relatives(supergraph.api)),
        needs,
        _reads(supergraph, declared),
        declared.classes,
        held_by,
        declared.compared,
        declared.lists,
        declared.structure,
        declared.held,
    )


def _labels(supergraph: Supergraph, declared: DeclaredGraph, where: Coordinate) -> tuple[str, ...]:
    """The labels of a field: those of its subgraphs, and that of an overlay."""
    applied = supergraph.applied.get(".".join(where), ())
    found = [str(one.arguments["name"]) for one in applied if one.name == "label"]
    return tuple(dict.fromkeys([*found, *([declared.labels[where]] if where in declared.labels else [])]))


def _foreign(supergraph: Supergraph, declared: DeclaredGraph, where: Coordinate) -> bool:
    """Whether only remote subgraphs have a field, whose unlabelled fields are not shared, and build."""
    joins = supergraph.fields.get(where, ())
    return bool(joins) and all(declared.foreign(join.graph) for join in joins)


def public_rules(api: GraphQLSchema) -> RuleBook:
    """A rule book by which everybody sees every field: for a gateway that says out loud that its graph is public."""
    label = "PUBLIC"
    labels = {(name, field_name): label for name, owner in _composites(api) for field_name in owner.fields}
    cells = {(audience, standing): {label: SHOWN} for audience in Audience for standing in standings(audience)}
    plans = PlansShown(frozenset(Audience), frozenset(Audience))
    return RuleBook(labels, PolicyTable("public", frozenset({label}), cells, plans=plans), {})


def _composites(api: GraphQLSchema) -> Iterator[tuple[str, GraphQLObjectType | GraphQLInterfaceType]]:
    for name, found in api.type_map.items():
        if not name.startswith("__") and isinstance(found, GraphQLObjectType | GraphQLInterfaceType):
            yield name, found


def _needs(supergraph: Supergraph, coordinate: str) -> Iterator[Need]:
    for one in supergraph.applied.get(coordinate, ()):
        argument = {"requiresScopes": "scopes", "policy": "policies"}.get(one.name)
        if argument is not None:
            yield Need(one.name, tuple(frozenset(way) for way in one.arguments[argument]))


def _held_by(supergraph: Supergraph, problems: list[Problem]) -> Iterator[tuple[Coordinate, frozenset[RecordClass]]]:
    known = {one.name: one for one in RecordClass}
    for coordinate, applied in supergraph.applied.items():
        for one in applied:
            if one.name == "heldBy":
                enum, _, value = coordinate.partition(".")
                words = one.arguments["classes"]
                for word in words:
                    if word not in known:
                        message = f"`@heldBy` names `{word}`, which is no record class"
                        problems.append(Problem("CLASS_UNKNOWN", coordinate, message, f"one of {', '.join(known)}"))
                yield (enum, value), frozenset(known[word] for word in words if word in known)


def _unknown_policies(needs: Mapping[Coordinate, tuple[Need, ...]], policy: PolicyTable) -> Iterator[Problem]:
    asked = {
        (name, ".".join(where))
        for where, found in needs.items()
        for need in found
        if need.directive == "policy"
        for way in need.ways
        for name in way
    }
    for name, place in sorted(asked):
        if name not in policy.policies:
            suggestion = f'say who fulfils it: [policies] {name} = ["officer"]'
            yield Problem("POLICY_UNDECLARED", place, f"policy `{name}` is not in {policy.name}", suggestion)


def _relatives(api: GraphQLSchema) -> Iterator[tuple[Coordinate, tuple[Coordinate, ...]]]:
    """A rule on an interface holds on its implementing types, and an interface shows only what all of them show."""
    for name, owner in _composites(api):
        others = {one.name for one in owner.interfaces}
        if isinstance(owner, GraphQLInterfaceType):
            found = api.get_implementations(owner)
            others |= {one.name for one in (*found.objects, *found.interfaces)}
        for field_name in owner.fields:
            related = [
                (other, field_name)
                for other in sorted(others)
                if field_name in api.type_map[other].fields  # type: ignore[attr-defined]
            ]
            if related:
                yield (name, field_name), ((name, field_name), *related)


def _spread(agreement: Agreement, api: GraphQLSchema) -> Agreement:
    """The agreement with the fields of an interface on all types that implement it."""
    found = set(agreement.fields)
    for name, field_name in agreement.fields:
        owner = api.type_map.get(name)
        if isinstance(owner, GraphQLInterfaceType):
            implementing = api.get_implementations(owner)
            found |= {(one.name, field_name) for one in (*implementing.objects, *implementing.interfaces)}
    return replace(agreement, fields=frozenset(found))


def _reads(supergraph: Supergraph, declared: DeclaredGraph) -> Mapping[Coordinate, Reads]:
    """What the declarations say, and what `@requires` adds in any subgraph."""
    found = dict(declared.reads)
    for (type_name, field_name), joins in supergraph.fields.items():
        required = tuple(
            where for join in joins if join.requires for where in _required(supergraph.api, type_name, join.requires)
        )
        if required:
            known = found.get((type_name, field_name), _NOTHING)
            found[type_name, field_name] = replace(known, handed=tuple(dict.fromkeys(required)))
    return found


def _required(api: GraphQLSchema, type_name: str, fields: FieldSet) -> Iterator[Coordinate]:
    """Every field of a field set. One that is not in the public graph has no label there, and so is not shown."""
    for node in fields:
        owner = api.type_map.get(node.on or type_name)
        yield node.on or type_name, node.name
        if isinstance(owner, GraphQLObjectType | GraphQLInterfaceType) and node.name in owner.fields:
            yield from _required(api, get_named_type(owner.fields[node.name].type).name, node.selections)
