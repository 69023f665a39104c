"""RuleBook x schema -> Matrix: the whole policy field by field, for every audience and standing and agreement.

A cell holds what `RuleBook.verdict` says for the widest clearance of its column; where a narrower one is given
something else in a class that both are cleared for, the cell says so. What the table would give, but no path leads to,
is told apart: the code of a diagnosis is public, and nobody gets to it who is not given the diagnosis. Does no I/O.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_required_argument,
)

from hub.model.effect import Effect, Effects
from hub.model.graph import Agreement, Coordinate
from hub.model.viewer import CLEARANCES, Audience, Profile, RecordClass, Standing, Universe, reach, standings
from hub.policy.rulebook import RuleBook


@dataclass(frozen=True, slots=True)
class Column:
    """Who reads, and how he stands to the record.

    agreement  a partner's; None in his first column, which is the most that any agreement can share
    classes    those that the widest clearance reaches
    reached    whether any path of the graph leads to this standing
    """

    audience: Audience
    standing: Standing
    agreement: str | None
    classes: tuple[RecordClass, ...]
    reached: bool

    @property
    def name(self) -> str:
        """As the policy table names it, or the agreement."""
        return f"{self.audience}.{self.agreement or self.standing}"


@dataclass(frozen=True, slots=True)
class Cell:
    """What is given of a field in each class of its column.

    narrower  clearance -> its effects, where a class that it reaches too is given otherwise
    reached   whether a path that the reader may walk leads here with this standing
    """

    effects: tuple[tuple[RecordClass, Effect], ...]
    because: tuple[str, ...]
    narrower: tuple[tuple[Universe, tuple[tuple[RecordClass, Effect], ...]], ...]
    reached: bool

    @property
    def same(self) -> Effect | None:
        """The effect, if every class has the same."""
        found = {effect for _, effect in self.effects}
        return found.pop() if len(found) == 1 else None


@dataclass(frozen=True, slots=True)
class Row:
    """One field.

    term       its Vietnamese term, as its description gives it in brackets
    arguments  argument -> the field it is compared with
    cells      one for each column; None where a root field is never read with that standing
    """

    type: str
    field: str
    shape: str
    label: str
    says: str
    term: str
    arguments: tuple[tuple[str, Coordinate], ...]
    needs: tuple[str, ...]
    cells: tuple[Cell | None, ...]


@dataclass(frozen=True, slots=True)
class TypeRows:
    """One type and its fields, as the schema orders them."""

    name: str
    says: str
    term: str
    interfaces: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    columns: tuple[Column, ...]
    types: tuple[TypeRows, ...]

    def only(self, types: Sequence[str] = (), audiences: Sequence[Audience] = ()) -> Matrix:
        """The part with these types and audiences; none named are all."""
        kept = [place for place, one in enumerate(self.columns) if not audiences or one.audience in audiences]
        return Matrix(
            tuple(self.columns[place] for place in kept),
            tuple(
                replace(one, rows=tuple(replace(row, cells=tuple(row.cells[at] for at in kept)) for row in one.rows))
                for one in self.types
                if not types or one.name in types
            ),
        )


def matrix(rules: RuleBook, api: GraphQLSchema) -> Matrix:
    """Every field of the graph in every column."""
    return _matrix(rules, api, tuple(_readers(rules, api)))


def own_matrix(rules: RuleBook, api: GraphQLSchema, contract: GraphQLSchema, profile: Profile) -> Matrix:
    """What a reader may know of the policy: what he is given himself, of the fields and classes that he knows."""
    query = api.query_type.name if api.query_type else ""
    reached = _reached(profile, rules, api)
    readers = []
    for standing in standings(profile.audience):
        universe = profile.universe(standing)
        is_reached = any(at is standing for _, at in reached)
        column = Column(profile.audience, standing, profile.agreement, universe.classes, is_reached)
        readers.append(_Reader(column, rules, ((universe, profile),), reached, query))
    whole = _matrix(rules, api, readers)
    known = {
        name: owner.fields
        for name, owner in contract.type_map.items()
        if isinstance(owner, GraphQLObjectType | GraphQLInterfaceType)
    }
    return Matrix(
        whole.columns,
        tuple(
            replace(
                one,
                interfaces=tuple(name for name in one.interfaces if name in known),
                rows=tuple(
                    replace(
                        row,
                        arguments=tuple(
                            (name, where)
                            for name, where in row.arguments
                            if name in known[one.name][row.field].args and where[1] in known.get(where[0], ())
                        ),
                        needs=(),
                        cells=tuple(cell and replace(cell, because=("",) * len(cell.because)) for cell in row.cells),
                    )
                    for row in one.rows
                    if row.field in known[one.name]
                ),
            )
            for one in whole.types
            if one.name in known
        ),
    )


def _matrix(rules: RuleBook, api: GraphQLSchema, readers: Sequence[_Reader]) -> Matrix:
    query = api.query_type.name if api.query_type else ""
    owners = sorted(_composites(api), key=lambda one: (one.name != query, one.name))
    # What lists are made of has no label: theirs decides.
    named = {one.name: [name for name in one.fields if (one.name, name) not in rules.structure] for one in owners}
    return Matrix(
        tuple(reader.column for reader in readers),
        tuple(
            TypeRows(
                owner.name,
                owner.description or "",
                term(owner.description or ""),
                tuple(one.name for one in owner.interfaces),
                tuple(_row(rules, readers, owner, name) for name in named[owner.name]),
            )
            for owner in owners
            if named[owner.name]
        ),
    )


def term(says: str) -> str:
    """The Vietnamese term of a description: what stands in its first brackets."""
    match = re.search(r"\(([^()]+)\)", says)
    return match[1] if match else ""


def _composites(api: GraphQLSchema) -> Iterator[GraphQLObjectType | GraphQLInterfaceType]:
    for name, found in api.type_map.items():
        if not name.startswith("__") and isinstance(found, GraphQLObjectType | GraphQLInterfaceType):
            yield found


# Columns --------------------------------------------------------------------------------------------------------------

_MOST = "\0"  # an agreement of this name shares all there is: what is left is the table's own say


@dataclass(frozen=True, slots=True)
class _Reader:
    """A column with the profiles that are read for it, the widest first."""

    column: Column
    rules: RuleBook
    profiles: tuple[tuple[Universe, Profile], ...]
    reached: frozenset[tuple[str, Standing]]
    query: str


def _readers(rules: RuleBook, api: GraphQLSchema) -> Iterator[_Reader]:
    everything = Agreement(_MOST, "", "", {}, date.min, date.max, Universe.ALL, rules.policy.labels, frozenset())
    rules = replace(rules, agreements={**rules.agreements, _MOST: everything})
    query = api.query_type.name if api.query_type else ""
    for audience in Audience:
        agreements: list[str | None] = [None]
        if audience is Audience.PARTNER:
            agreements = [_MOST, *(name for name in rules.agreements if name != _MOST)]
        for agreement in agreements:
            profiles = tuple(_profiles(audience, agreement, rules))
            reached = _reached(profiles[0][1], rules, api)
            for standing in standings(audience):
                classes = reach(audience, standing)
                if agreement is not None:
                    classes = rules.agreements[agreement].universe.classes
                column = Column(
                    audience,
                    standing,
                    None if agreement == _MOST else agreement,
                    classes,
                    any(at is standing for _, at in reached),
                )
                yield _Reader(column, rules, profiles, reached, query)


def _profiles(audience: Audience, agreement: str | None, rules: RuleBook) -> Iterator[tuple[Universe, Profile]]:
    """A profile for every clearance, the widest first. All hold every scope: what directives ask for is told apart."""
    universes: Sequence[Universe] = CLEARANCES[audience]
    if agreement is not None:
        universes = [rules.agreements[agreement].universe]
    for universe in sorted(universes, key=lambda one: -len(one.classes)):
        if audience is Audience.CITIZEN:
            yield universe, Profile(audience, own=universe, scopes=rules.scopes)
        else:
            yield universe, Profile(audience, others=universe, agreement=agreement, scopes=rules.scopes)


def _reached(profile: Profile, rules: RuleBook, api: GraphQLSchema) -> frozenset[tuple[str, Standing]]:
    """The types that the profile can get to, with the standing it gets there with."""
    if api.query_type is None:
        return frozenset()
    found: set[tuple[str, Standing]] = set()
    todo: list[tuple[str, Standing | None]] = [(api.query_type.name, None)]
    while todo:
        name, standing = todo.pop()
        owner = api.type_map[name]
        if not isinstance(owner, GraphQLObjectType | GraphQLInterfaceType):
            continue
        for field_name, field in owner.fields.items():
            where = (name, field_name)
            below = rules.standing_after(standing, where)
            at = below if standing is None else standing
            usable = rules.visible(profile, at, where) and _askable(rules, profile, at, where, field)
            named = get_named_type(field.type)
            possible = {named.name}
            if isinstance(named, GraphQLInterfaceType):
                possible |= {one.name for one in api.get_implementations(named).objects}
            for one in possible:
                if usable and (one, below) not in found:
                    found.add((one, below))
                    todo.append((one, below))
    return frozenset(found)


def _askable(rules: RuleBook, profile: Profile, at: Standing, where: Coordinate, field: GraphQLField) -> bool:
    """Whether the reader may give every argument that the field cannot do without."""
    return all(
        rules.comparable(profile, at, where, argument)
        for argument, definition in field.args.items()
        if is_required_argument(definition)
    )


# Rows -----------------------------------------------------------------------------------------------------------------


def _row(
    rules: RuleBook, readers: Sequence[_Reader], owner: GraphQLObjectType | GraphQLInterfaceType, name: str
) -> Row:
    where = (owner.name, name)
    found = owner.fields[name]
    compared = rules.reads[where].arguments if where in rules.reads else {}
    return Row(
        owner.name,
        name,
        str(found.type),
        rules.labels.get(where, ""),
        found.description or "",
        term(found.description or ""),
        tuple((argument, compared[argument]) for argument in found.args if argument in compared),
        tuple(
            f"@{need.directive}: " + " or ".join(" and ".join(sorted(way)) for way in need.ways)
            for need in rules.needs.get(where, ())
        ),
        tuple(_cell(reader, where, found) for reader in readers),
    )


def _cell(reader: _Reader, where: Coordinate, field: GraphQLField) -> Cell | None:
    column, rules = reader.column, reader.rules
    standing = column.standing
    if where[0] == reader.query:
        # A root field is read with the one standing that it gives.
        standing = rules.standing_after(None, where)
        if standing is not column.standing and standing in standings(column.audience):
            return None
    (_, widest), *narrower = reader.profiles
    verdict = rules.verdict(widest, standing, where)
    differing = []
    for universe, profile in narrower:
        classes = profile.universe(standing).classes
        effects = rules.effects(profile, standing, where)
        if any(effects.of(one) is not verdict.effects.of(one) for one in classes if one in column.classes):
            differing.append((universe, _given(effects, classes)))
    reasons = dict(zip(RecordClass, verdict.because, strict=True))
    return Cell(
        _given(verdict.effects, column.classes),
        tuple(reasons[one] for one in column.classes),
        tuple(differing),
        (where[0] == reader.query or (where[0], standing) in reader.reached)
        and _askable(rules, widest, standing, where, field),
    )


def _given(effects: Effects, classes: Sequence[RecordClass]) -> tuple[tuple[RecordClass, Effect], ...]:
    return tuple((one, effects.of(one)) for one in classes)
