"""`@context` and `@fromContext`: the context is set, and what is selected there is a value that the argument takes.

Source: Federation subgraph specification, `@context`, `@fromContext`; Federation, "Error codes".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from hub.compose.contexts import (
    context_of,
    contextual_arguments,
    fields_taken,
    is_contextual,
    parse_selection,
    runtime_types,
    setters,
)
from hub.compose.document import Applied, Field, Input, Kind, Type, directives_named
from hub.compose.facts import field_set_of, field_sets
from hub.compose.fieldsets import FieldSetWrong, coordinates
from hub.compose.parse import Declared
from hub.compose.problems import did_you_mean, listed
from hub.compose.specs import CONTEXT, FROM_CONTEXT, KEY
from hub.compose.together import (
    Subgraphs,
    argument_sources,
    field_sources,
    internal,
    is_interface_object,
    membership,
    type_sources,
)
from hub.compose.typeref import ListOf, Named, NonNull, TypeRef, base_name, is_subtype
from hub.errors import Problem
from hub.model.supergraph import FieldNode

_NAME = re.compile(r"^[A-Za-z][0-9A-Za-z]*$")
_TYPENAME = NonNull(Named("String"))


def context_names_are_valid(subgraphs: Subgraphs) -> Iterator[Problem]:
    """CONTEXT_NAME_INVALID: a context's name has letters and digits only, for its subgraph's name goes before it."""
    for declared in subgraphs:
        for each in declared.types.values():
            for applied in directives_named(each, CONTEXT):
                name = applied.value("name")
                if not isinstance(name, str) or not _NAME.match(name):
                    message = f"`{name}` cannot be the name of a context"
                    suggestion = "use letters and digits, a letter first, and no underscore"
                    yield Problem("CONTEXT_NAME_INVALID", applied.place, message, suggestion)


def contexts_are_referenced(subgraphs: Subgraphs) -> Iterator[Problem]:
    """NO_CONTEXT_IN_SELECTION: `@fromContext` names a context, then selects on it."""
    for declared in subgraphs:
        for owner, field, argument, applied in contextual_arguments(declared.types):
            use = context_of(argument)
            if use is None or not use.text:
                where = _where(owner, field, argument)
                message = f"`{where}` has `{applied.value('field')}`, which does not select on a context"
                yield Problem("NO_CONTEXT_IN_SELECTION", applied.place, message, "write it as `$context { field }`")


def contexts_are_set(subgraphs: Subgraphs) -> Iterator[Problem]:
    """CONTEXT_NOT_SET: a type of this subgraph sets the context, and only there the argument gets its value."""
    code = "CONTEXT_NOT_SET"
    for declared in subgraphs:
        names = [str(name) for name in _names(declared)]
        for definition in declared.definitions.values():
            for argument in definition.arguments:
                for applied in argument.directives:
                    if applied.name == FROM_CONTEXT:
                        message = (
                            f"`@{definition.name}({argument.name}:)` is of a directive, which stands below no object"
                        )
                        yield Problem(code, applied.place, message, "remove `@fromContext`")
        for owner, field, argument, applied in contextual_arguments(declared.types):
            where, use = _where(owner, field, argument), context_of(argument)
            asked = [
                name
                for name in owner.interfaces
                if name in declared.types and field.name in declared.types[name].fields
            ]
            if owner.kind is Kind.INTERFACE:
                message = f"`{where}` is of an interface, whose fields are not resolved"
                yield Problem(code, applied.place, message, "mark the argument in the implementing types")
            elif asked:
                message = f"`{where}` is asked for by {listed(asked)}, whose readers would have to give it"
                yield Problem(code, applied.place, message, f"remove `{field.name}` from {listed(asked)}")
            if argument.default is not None:
                message = f"`{where}` has a default, which would never be used"
                yield Problem(code, argument.place, message, "remove the default")
            if use is not None and not setters(declared.types, use.context):
                message = f"`{where}` takes its value from the context `{use.context}`, which no type here sets"
                suggestion = (
                    did_you_mean(use.context, names) or f'add `@context(name: "{use.context}")` to a type above'
                )
                yield Problem(code, applied.place, message, suggestion)


def context_selections_are_values(subgraphs: Subgraphs) -> Iterator[Problem]:
    """CONTEXT_INVALID_SELECTION: on every type that sets the context, one field is selected, of the argument's type."""
    for declared in subgraphs:
        selections = _Selections(declared, subgraphs)
        for owner, field, argument, applied in contextual_arguments(declared.types):
            use = context_of(argument)
            if use is None or not use.text:
                continue
            for reason in selections.reasons(argument, use.text, setters(declared.types, use.context)):
                message = f"`{_where(owner, field, argument)}` selects on `{use.context}`: {reason}"
                suggestion = f"select one field of type `{argument.type}`"
                yield Problem("CONTEXT_INVALID_SELECTION", applied.place, message, suggestion)


def contextual_types_have_a_key(subgraphs: Subgraphs) -> Iterator[Problem]:
    """CONTEXT_NO_RESOLVABLE_KEY: the object is entered again once the value is known, so its type has a key."""
    for declared in subgraphs:
        for owner, field, argument, applied in contextual_arguments(declared.types):
            keys = directives_named(owner, KEY)
            if owner.kind is Kind.OBJECT and all(key.value("resolvable") is False for key in keys):
                message = (
                    f"`{_where(owner, field, argument)}` comes from a context, and `{owner.name}` has no resolvable key"
                )
                suggestion = f'add `@{declared.names.called(KEY)}(fields: "id")` to `{owner.name}`'
                yield Problem("CONTEXT_NO_RESOLVABLE_KEY", applied.place, message, suggestion)


def contextual_arguments_can_be_left_out(subgraphs: Subgraphs) -> Iterator[Problem]:
    """CONTEXTUAL_ARGUMENT_NOT_CONTEXTUAL_IN_ALL_SUBGRAPHS: elsewhere no client gives it, so it is not required."""
    for type_name, sources in type_sources(subgraphs).items():
        for name, fields in field_sources(sources).items():
            for argument, found in argument_sources(internal(type_name, fields)).items():
                needed = [(declared, given) for declared, given in found if given.required and not is_contextual(given)]
                by = [declared.name for declared, given in found if is_contextual(given)]
                if needed and by:
                    where = f"{type_name}.{name}({argument}:)"
                    message = (
                        f"`{where}` comes from a context in {listed(by)} and must be given in `{needed[0][0].name}`"
                    )
                    suggestion = "make it optional, or take it from a context too"
                    code = "CONTEXTUAL_ARGUMENT_NOT_CONTEXTUAL_IN_ALL_SUBGRAPHS"
                    yield Problem(code, needed[0][1].place, message, suggestion)


def contextual_fields_are_not_selected(subgraphs: Subgraphs) -> Iterator[Problem]:
    """UNSUPPORTED_FEATURE: a field with a value from a context is not planned inside a field set or another context.

    Nor is one of an `@interfaceObject`, whose own type is not known where the context is asked.
    """
    contextual = {
        (owner.name, field.name)
        for declared in subgraphs
        for owner, field, _, _ in contextual_arguments(declared.types)
    }
    for declared in subgraphs:
        for owner, field, argument, applied in contextual_arguments(declared.types):
            if is_interface_object(owner):
                message = f"`{_where(owner, field, argument)}` is of an interface object and comes from a context"
                yield Problem(
                    "UNSUPPORTED_FEATURE", applied.place, message, "declare the field in the implementing types"
                )
        for parent, _, _, applied in field_sets(declared.types):
            for coordinate in coordinates(declared.types, parent, field_set_of(applied)):
                if coordinate in contextual:
                    yield _nested(declared, coordinate, applied)
        for _, _, argument, applied in contextual_arguments(declared.types):
            for coordinate in sorted(set(fields_taken(declared.types, argument))):
                if coordinate in contextual:
                    yield _nested(declared, coordinate, applied)


def _nested(declared: Declared, coordinate: tuple[str, str], applied: Applied) -> Problem:
    called = declared.names.called(applied.name)
    message = f"`@{called}` selects `{'.'.join(coordinate)}`, which takes a value from a context itself"
    return Problem("UNSUPPORTED_FEATURE", applied.place, message, "select a field without such an argument")


def _names(declared: Declared) -> Iterator[object]:
    for each in declared.types.values():
        for applied in directives_named(each, CONTEXT):
            yield applied.value("name")


def _where(owner: Type, field: Field, argument: Input) -> str:
    return f"{owner.name}.{field.name}({argument.name}:)"


class _Wrong(ValueError):
    """Why a selection gives no value."""


class _Selections:
    """The selections on contexts of one subgraph."""

    def __init__(self, declared: Declared, subgraphs: Subgraphs) -> None:
        self.types: Mapping[str, Type] = declared.types
        self.is_member = membership(subgraphs)

    def reasons(self, argument: Input, text: str, found: Sequence[Type]) -> Iterator[str]:
        """What is wrong with a selection: one reason for each type that sets the context, each once."""
        try:
            nodes = parse_selection(text)
        except FieldSetWrong as error:
            yield str(error)
            return
        if any(node.on for node in nodes) and not all(node.on for node in nodes):
            yield "a field stands beside type conditions"
            return
        seen: set[str] = set()
        for setter in found:
            for reason in self.of_setter(argument, nodes, setter):
                if reason not in seen:
                    seen.add(reason)
                    yield reason

    def of_setter(self, argument: Input, nodes: Sequence[FieldNode], setter: Type) -> Iterator[str]:
        conditional = any(node.on for node in nodes)
        names = runtime_types(self.types, setter) if conditional or setter.kind is Kind.UNION else (setter.name,)
        for name in names:
            mine = [node for node in nodes if node.on is None or node.on == name or self.is_member(name, node.on)]
            if not mine:
                yield f"no type condition matches `{name}`"
                continue
            # Where several conditions match, the value may come from any of them.
            for group in [[node] for node in mine] if conditional else [mine]:
                try:
                    ref = self.value(self.types[name], group)
                except _Wrong as wrong:
                    yield str(wrong)
                    continue
                if not is_subtype(ref, argument.type, self.is_member):
                    yield f"`{name}` gives a value of type `{ref}`, and the argument is of type `{argument.type}`"

    def value(self, owner: Type, nodes: Sequence[FieldNode]) -> TypeRef:
        """The type of the one value that is selected on a type. Raises `_Wrong`."""
        if is_interface_object(owner):
            raise _Wrong(f"`{owner.name}` is an interface object, whose own type is not known here")
        if len(nodes) != 1:
            raise _Wrong(f"{listed(node.name for node in nodes)} are selected, which is more than one value")
        node = nodes[0]
        if node.name == "__typename":
            return _TYPENAME
        on = self.types.get(node.on or owner.name, owner)
        field = on.fields.get(node.name) or owner.fields.get(node.name)
        if field is None:
            raise _Wrong(f"`{on.name}` has no field `{node.name}`")
        given = {name for name, _ in node.arguments}
        for each in field.arguments:
            if each.required and each.name not in given:
                raise _Wrong(f"`{on.name}.{field.name}` needs the argument `{each.name}`")
        returned = self.types.get(base_name(field.type))
        composite = returned is not None and returned.kind in (Kind.OBJECT, Kind.INTERFACE, Kind.UNION)
        if returned is None or not composite:
            if node.selections:
                raise _Wrong(f"`{on.name}.{field.name}` has no fields to select")
            return field.type
        if not node.selections:
            raise _Wrong(f"`{on.name}.{field.name}` returns `{field.type}`, of which one field must be selected")
        return _wrapped(field.type, self.value(returned, node.selections))


def _wrapped(ref: TypeRef, inner: TypeRef) -> TypeRef:
    """The type of a value inside: as a list where it is in one, and nullable where anything above is."""
    match ref:
        case NonNull(of=NonNull()):
            raise AssertionError("a non-null of a non-null")
        case NonNull(of=ListOf(of=item)):
            return NonNull(ListOf(_wrapped(item, inner)))
        case NonNull():
            return inner
        case ListOf(of=item):
            return ListOf(_wrapped(item, inner))
        case Named():
            return inner.of if isinstance(inner, NonNull) else inner
