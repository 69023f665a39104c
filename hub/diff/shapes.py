"""Selections that could be merged and can no more.

Takes both schemas; gives changes. Fields under one name in one place must be of one shape, whichever types they are of:
in `{ pet { name ... on Dog { name } } }` both `name`s must be null or non-null alike. So a field that becomes non-null,
which every reader of that field alone can take, breaks operations that read it beside the same field of another type.

Types whose fields can stand in one place form a group: those that overlap, and those that fields of one name and one
shape in a group lead to.

Decided: names under which a client asks for a field are not considered. Because: under an alias any two leaves can be
merged, so that every field that becomes non-null below an interface would be a breaking change. Rejected: calling all
of them safe, as other tools do; that is wrong for plain operations.

Source: GraphQL, section 5.3.2 (field selection merging, `SameResponseShape`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from graphql import (
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_composite_type,
    is_list_type,
    is_non_null_type,
)

from hub.diff.change import Change, Level

_Owner = GraphQLObjectType | GraphQLInterfaceType


def shape(ref: GraphQLOutputType) -> str:
    """What must agree: lists, non-nulls and the name of a leaf; a composite type is any composite type."""
    if is_non_null_type(ref):
        return f"{shape(ref.of_type)}!"
    if is_list_type(ref):
        return f"[{shape(ref.of_type)}]"
    return "{}" if is_composite_type(ref) else str(ref)


def shape_changes(old: GraphQLSchema, new: GraphQLSchema) -> Iterator[Change]:
    """Fields whose shape changed, of those that were alike in the old schema and are not in the new one."""
    changed = {
        (name, field)
        for name, owner in _owners(old).items()
        for field, found in owner.fields.items()
        if (after := _shape_in(new, name, field)) is not None and after != shape(found.type)
    }
    if not changed:
        return
    groups = _Groups(old)
    for places in groups.fields():
        by_shape: dict[str, list[tuple[str, str]]] = {}
        for name, field in places:
            by_shape.setdefault(shape(groups.owners[name].fields[field].type), []).append((name, field))
        for alike in by_shape.values():
            now = {each: after for each in alike if (after := _shape_in(new, *each)) is not None}
            if len(set(now.values())) > 1:
                for each in sorted(changed.intersection(now)):
                    other = min(one for one in now if now[one] != now[each])
                    message = f"read beside `{'.'.join(other)}` it must be of the same shape, and is `{now[each]}` now"
                    advice = f"change `{'.'.join(other)}` in the same way, or neither"
                    yield Change(Level.BREAKING, "FIELD_NO_LONGER_MERGES", ".".join(each), message, advice)


def _owners(schema: GraphQLSchema) -> Mapping[str, _Owner]:
    return {
        name: found
        for name, found in schema.type_map.items()
        if isinstance(found, GraphQLObjectType | GraphQLInterfaceType) and not name.startswith("__")
    }


def _shape_in(schema: GraphQLSchema, name: str, field: str) -> str | None:
    owner = schema.type_map.get(name)
    if isinstance(owner, GraphQLObjectType | GraphQLInterfaceType) and field in owner.fields:
        return shape(owner.fields[field].type)
    return None


class _Groups:
    """The composite types of a schema, joined where their fields can stand in one place."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self.owners = _owners(schema)
        self.leaders: dict[str, str] = {}
        for name, found in schema.type_map.items():
            if isinstance(found, GraphQLInterfaceType | GraphQLUnionType):
                for possible in schema.get_possible_types(found):
                    self.join(name, possible.name)
        while self.join_returned():
            pass

    def leader(self, name: str) -> str:
        while (above := self.leaders.get(name, name)) != name:
            name = above
        return name

    def join(self, one: str, other: str) -> bool:
        first, second = sorted((self.leader(one), self.leader(other)))
        if first == second:
            return False
        self.leaders[second] = first
        return True

    def fields(self) -> Iterator[list[tuple[str, str]]]:
        """The (type, field)s that can stand in one place under one name, where there are several."""
        found: dict[tuple[str, str], list[tuple[str, str]]] = {}
        for name, owner in self.owners.items():
            for field in owner.fields:
                found.setdefault((self.leader(name), field), []).append((name, field))
        yield from (places for places in found.values() if len(places) > 1)

    def join_returned(self) -> bool:
        """Join what fields of one name and shape return; whether that joined anything."""
        joined = False
        for places in list(self.fields()):
            first: dict[str, str] = {}
            for name, field in places:
                ref = self.owners[name].fields[field].type
                returned = get_named_type(ref)
                if is_composite_type(returned):
                    joined |= self.join(first.setdefault(shape(ref), returned.name), returned.name)
        return joined
