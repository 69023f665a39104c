"""What is given: arguments and input fields, their types and defaults.

Takes what stands under one name on both sides; gives changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from graphql import (
    GraphQLArgument,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLType,
    is_list_type,
    is_non_null_type,
    is_required_argument,
    is_required_input_field,
    print_ast,
)
from graphql.utilities.get_default_value_ast import get_default_value_ast
from graphql.utilities.sort_value_node import sort_value_node

from hub.diff.change import Change, Level
from hub.diff.marks import deprecated_changes, described_changes

Given = GraphQLArgument | GraphQLInputField


def input_object_changes(old: GraphQLInputObjectType, new: GraphQLInputObjectType) -> Iterator[Change]:
    """The fields of an input type, and whether exactly one of them is given."""
    yield from given_changes(old.fields, new.fields, f"{old.name}.{{}}", "field")
    if old.is_one_of != new.is_one_of:
        if new.is_one_of:
            advice = "add a new input type instead, and take it in a new argument"
            message = "exactly one field must be given now"
            yield Change(Level.BREAKING, "INPUT_BECAME_ONE_OF", old.name, message, advice)
        else:
            message = "any number of fields may be given now"
            yield Change(Level.SAFE, "INPUT_NO_LONGER_ONE_OF", old.name, message)


def given_changes(
    old: Mapping[str, GraphQLArgument] | Mapping[str, GraphQLInputField],
    new: Mapping[str, GraphQLArgument] | Mapping[str, GraphQLInputField],
    spelling: str,
    kind: str,
) -> Iterator[Change]:
    """All arguments or input fields of one element; `spelling` makes a coordinate of a name, `kind` says which."""
    code = "ARGUMENT" if kind == "argument" else "INPUT_FIELD"
    for name in old.keys() | new.keys():
        where = spelling.format(name)
        if name not in new:
            advice = f"keep the {kind}, deprecate it, and remove it when no operation gives it"
            yield Change(Level.BREAKING, f"{code}_REMOVED", where, f"the {kind} is gone", advice)
        elif name not in old:
            yield _added(new[name], where, kind, code)
        else:
            yield from _changed(old[name], new[name], where, kind, code)


def required(given: Given) -> bool:
    """Whether a value must be given."""
    if isinstance(given, GraphQLArgument):
        return is_required_argument(given)
    return is_required_input_field(given)


def takes_all(old: GraphQLType, new: GraphQLType) -> bool:
    """Whether everything that could be given for `old` can be given for `new`: a variable of the old type too."""
    if is_non_null_type(old):
        return takes_all(old.of_type, new.of_type if is_non_null_type(new) else new)
    if is_list_type(old):
        return is_list_type(new) and takes_all(old.of_type, new.of_type)
    return str(old) == str(new)


def default(given: Given) -> str | None:
    """The default as text, with the fields of objects sorted."""
    node = get_default_value_ast(given)
    return print_ast(sort_value_node(node)) if node else None


def _added(given: Given, where: str, kind: str, code: str) -> Change:
    if required(given):
        message = f"the {kind} is new and must be given, as `{given.type}`"
        advice = f"make it `{str(given.type).removesuffix('!')}`, or give it a default"
        return Change(Level.BREAKING, f"REQUIRED_{code}_ADDED", where, message, advice)
    message = f"the {kind} is new and may be left out"
    advice = "make sure that leaving it out means what it meant before"
    return Change(Level.DANGEROUS, f"OPTIONAL_{code}_ADDED", where, message, advice)


def _changed(old: Given, new: Given, where: str, kind: str, code: str) -> Iterator[Change]:
    before, after = default(old), default(new)
    if not takes_all(old.type, new.type):
        message = f"it takes `{new.type}` instead of `{old.type}`"
        advice = f"add a new {kind} of the new type, and deprecate this one"
        yield Change(Level.BREAKING, f"{code}_TYPE_CHANGED", where, message, advice)
    elif str(old.type) != str(new.type):
        message = f"it takes `{new.type}` instead of `{old.type}`, which is more"
        yield Change(Level.SAFE, f"{code}_TYPE_WIDENED", where, message)
    if before is not None and after is None and is_non_null_type(new.type):
        message = f"the default `{before}` is gone, so it must be given now"
        advice = f"keep the default, or take `{str(new.type).removesuffix('!')}`"
        yield Change(Level.BREAKING, f"{code}_BECAME_REQUIRED", where, message, advice)
    elif before is not None and after != before:
        message = f"the default is `{after}` instead of `{before}`" if after else f"the default `{before}` is gone"
        advice = "operations that leave it out get another answer: tell their owners"
        yield Change(Level.DANGEROUS, f"{code}_DEFAULT_CHANGED", where, message, advice)
    elif after is not None and before is None:
        yield Change(Level.SAFE, f"{code}_DEFAULT_ADDED", where, f"the default is `{after}`")
    yield from described_changes(old.description, new.description, where)
    yield from deprecated_changes(old.deprecation_reason, new.deprecation_reason, where)
