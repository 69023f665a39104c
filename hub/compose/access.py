"""`@authenticated`, `@requiresScopes` and `@policy` as one value: what a reader must have to be given an element.

Takes applied directives; gives `Access` values, which are joined with AND and compared, and the directives back. An
interface is as protected as the types that implement it, taken together: a reader who selects on it may be given any of
them.

Source: Federation, "Authorization directives", "Composition and federation"; authenticated, requiresScopes and
policy v0.1.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import product

from hub.compose.document import Applied, Field, Kind, Type
from hub.compose.specs import AUTHENTICATED, POLICY, REQUIRES_SCOPES

ACCESS = (AUTHENTICATED, REQUIRES_SCOPES, POLICY)

Ways = frozenset[frozenset[str]]
"""Alternatives, each a set of what is needed together."""

EVERYBODY: Ways = frozenset((frozenset[str](),))


def both(one: Ways, other: Ways) -> Ways:
    """The ways that satisfy both, without those that ask for more than another one does."""
    ways = {first | second for first, second in product(one, other)}
    return frozenset(way for way in ways if not any(fewer < way for fewer in ways))


def ways_of(applied: Applied, argument: str) -> Ways:
    """The ways in an argument, a list of lists. An empty list is no way at all: nobody fulfils it."""
    found = applied.value(argument)
    return frozenset(frozenset(way) for way in ([[]] if found is None else found))


def ways_text(ways: Ways) -> str:
    """GraphQL text of a list of lists, sorted."""
    lists = (", ".join(f'"{name}"' for name in way) for way in sorted(tuple(sorted(way)) for way in ways))
    return f"[{', '.join(f'[{each}]' for each in lists)}]"


@dataclass(frozen=True, slots=True)
class Access:
    """What a reader needs: to be somebody, one of these sets of scopes, and one of these sets of policies."""

    authenticated: bool = False
    scopes: Ways = EVERYBODY
    policies: Ways = EVERYBODY

    def __and__(self, other: Access) -> Access:
        return Access(
            self.authenticated or other.authenticated,
            both(self.scopes, other.scopes),
            both(self.policies, other.policies),
        )

    def covers(self, other: Access) -> bool:
        """Whether everybody who satisfies this satisfies the other."""
        return (
            (self.authenticated or not other.authenticated)
            and _covers(self.scopes, other.scopes)
            and _covers(self.policies, other.policies)
        )

    def directives(self) -> tuple[Applied, ...]:
        """The directives that say it."""
        found = [Applied(AUTHENTICATED)] if self.authenticated else []
        if self.policies != EVERYBODY:
            found.append(Applied(POLICY, (("policies", ways_text(self.policies)),)))
        if self.scopes != EVERYBODY:
            found.append(Applied(REQUIRES_SCOPES, (("scopes", ways_text(self.scopes)),)))
        return tuple(found)


PUBLIC = Access()


def _covers(ways: Ways, others: Ways) -> bool:
    return all(any(other <= way for other in others) for way in ways)


def access_of(directives: Iterable[Applied]) -> Access:
    """What the directives of one element ask for together."""
    found = PUBLIC
    for applied in directives:
        if applied.name == AUTHENTICATED:
            found &= Access(authenticated=True)
        elif applied.name == REQUIRES_SCOPES:
            found &= Access(scopes=ways_of(applied, "scopes"))
        elif applied.name == POLICY:
            found &= Access(policies=ways_of(applied, "policies"))
    return found


def with_interface_access(types: Mapping[str, Type]) -> Mapping[str, Type]:
    """The merged types, where each interface and its fields carry what the implementing types ask for."""
    return {name: _as_protected(made, types) if made.kind is Kind.INTERFACE else made for name, made in types.items()}


def _as_protected(interface: Type, types: Mapping[str, Type]) -> Type:
    implementing = [each for each in types.values() if each.kind is Kind.OBJECT and interface.name in each.interfaces]
    if not any(access_of(directives) != PUBLIC for each in implementing for directives in _all(each)):
        return interface
    access = access_of(interface.directives)
    for each in implementing:
        access &= access_of(each.directives)
    fields = {
        name: _protected(field, [each.fields[name] for each in implementing if name in each.fields])
        for name, field in interface.fields.items()
    }
    return replace(interface, directives=_with(interface.directives, access), fields=fields)


def _all(made: Type) -> Iterable[tuple[Applied, ...]]:
    yield made.directives
    yield from (field.directives for field in made.fields.values())


def _protected(field: Field, implementing: Iterable[Field]) -> Field:
    access = access_of(field.directives)
    for each in implementing:
        access &= access_of(each.directives)
    return replace(field, directives=_with(field.directives, access))


def _with(directives: tuple[Applied, ...], access: Access) -> tuple[Applied, ...]:
    """The directives with this access instead of their own; those of the join specification stay first."""
    others = [each for each in directives if each.name not in ACCESS]
    first = [each for each in others if each.name.startswith("join__")]
    rest = sorted((*others[len(first) :], *access.directives()), key=lambda each: each.name)
    return (*first, *rest)
