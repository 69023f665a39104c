"""References to types (`[Employer!]!`) and how two of them merge.

Source: Federation, "Merging types from multiple subgraphs"; GraphQL, section 3.6.1 (covariance of field types).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import assert_never

from graphql import ListTypeNode, NamedTypeNode, NonNullTypeNode, TypeNode


@dataclass(frozen=True, slots=True)
class Named:
    """A type by its name."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of something."""

    of: TypeRef

    def __str__(self) -> str:
        return f"[{self.of}]"


@dataclass(frozen=True, slots=True)
class NonNull:
    """Something that is never null."""

    of: TypeRef

    def __str__(self) -> str:
        return f"{self.of}!"


TypeRef = Named | ListOf | NonNull

IsMember = Callable[[str, str], bool]
"""Whether the first type implements the second, or is a member of it."""


def type_ref(node: TypeNode, renamed: Callable[[str], str] = lambda name: name) -> TypeRef:
    """The reference written in SDL; `renamed` gives the supergraph's name of a type."""
    match node:
        case NonNullTypeNode():
            return NonNull(type_ref(node.type, renamed))
        case ListTypeNode():
            return ListOf(type_ref(node.type, renamed))
        case NamedTypeNode():
            return Named(renamed(node.name.value))
        case _:
            raise TypeError(f"not a type reference: {node!r}")


def base_name(ref: TypeRef) -> str:
    """The named type inside lists and non-nulls."""
    while not isinstance(ref, Named):
        ref = ref.of
    return ref.name


def is_subtype(ref: TypeRef, of: TypeRef, is_member: IsMember) -> bool:
    """Whether every value of `ref` is a value of `of`: the same, non-null of nullable, member of abstract."""
    match ref:
        case NonNull(of=inner):
            return is_subtype(inner, of.of if isinstance(of, NonNull) else of, is_member)
        case ListOf(of=inner):
            return isinstance(of, ListOf) and is_subtype(inner, of.of, is_member)
        case Named(name=name):
            return isinstance(of, Named) and (name == of.name or is_member(name, of.name))
        case _:
            assert_never(ref)


def widest(refs: Sequence[TypeRef], is_member: IsMember) -> TypeRef | None:
    """The one of `refs` that all are subtypes of (for what goes out), or None where there is none."""
    return next((wide for wide in refs if all(is_subtype(ref, wide, is_member) for ref in refs)), None)


def narrowest(refs: Sequence[TypeRef], is_member: IsMember) -> TypeRef | None:
    """The one of `refs` that is a subtype of all (for what comes in), or None where there is none."""
    return next((slim for slim in refs if all(is_subtype(slim, ref, is_member) for ref in refs)), None)
