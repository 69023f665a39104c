"""`@authenticated`, `@requiresScopes`, `@policy`: where they stand, and that no field gives away what another keeps.

Decided: the fields of an `@interfaceObject` may carry them, the type may not. Because: such a field is resolved there
and nowhere else, and its protection is copied to every implementing type; a rule on the type would say nothing of the
types that implement it elsewhere.

Source: Federation, "Authorization directives"; Federation, "Error codes".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from hub.compose.access import ACCESS, PUBLIC, Access, access_of
from hub.compose.contexts import contextual_arguments, fields_taken
from hub.compose.document import Applied, Field, Kind, Type, directives_named, elements
from hub.compose.facts import field_set_of
from hub.compose.fieldsets import coordinates
from hub.compose.merge import merge
from hub.compose.parse import Declared
from hub.compose.problems import listed
from hub.compose.specs import REQUIRES
from hub.compose.together import Subgraphs, is_interface_object
from hub.compose.typeref import base_name
from hub.errors import Problem


def access_stands_on_what_is_resolved(subgraphs: Subgraphs) -> Iterator[Problem]:
    """AUTH_REQUIREMENTS_APPLIED_ON_INTERFACE: an interface is as protected as the types that implement it."""
    for declared in subgraphs:
        for each in declared.types.values():
            found: list[tuple[str, Applied]] = []
            if each.kind is Kind.INTERFACE or is_interface_object(each):
                found += [(each.name, applied) for applied in each.directives]
            if each.kind is Kind.INTERFACE:
                found += [
                    (f"{each.name}.{field.name}", applied)
                    for field in each.fields.values()
                    for applied in field.directives
                ]
            for where, applied in found:
                if applied.name in ACCESS:
                    called = declared.names.called(applied.name)
                    message = f"`{where}` is of an interface and carries `@{called}`"
                    suggestion = "mark the implementing types, or their fields"
                    yield Problem("AUTH_REQUIREMENTS_APPLIED_ON_INTERFACE", applied.place, message, suggestion)


def required_fields_are_no_better_protected(subgraphs: Subgraphs) -> Iterator[Problem]:
    """MISSING_TRANSITIVE_AUTH_REQUIREMENTS: a field made of others asks for at least what each of them asks for."""
    if not any(
        applied.name in ACCESS
        for declared in subgraphs
        for _, element in elements(tuple(declared.types.values()))
        for applied in element.directives
    ):
        return
    types = merge(subgraphs).types
    for declared, owner, field, applied, selected in _made_of(subgraphs):
        own = _access(types, owner.name, field.name)
        asked = {(on, name): _access(types, on, name) for on, name in selected}
        better = {f"{on}.{name}": access for (on, name), access in asked.items() if not own.covers(access)}
        if better:
            needed = PUBLIC
            for access in better.values():
                needed &= access
            missing = listed(str(_called(declared, each)) for each in needed.directives())
            where = f"{owner.name}.{field.name}"
            called = declared.names.called(applied.name)
            message = f"`{where}` takes {listed(sorted(better))} with `@{called}` and is less protected"
            suggestion = f"add {missing} to `{where}`"
            yield Problem("MISSING_TRANSITIVE_AUTH_REQUIREMENTS", applied.place, message, suggestion)


def _called(declared: Declared, applied: Applied) -> Applied:
    return Applied(declared.names.called(applied.name).removeprefix("federation__"), applied.arguments)


def _made_of(subgraphs: Subgraphs) -> Iterator[tuple[Declared, Type, Field, Applied, Iterable[tuple[str, str]]]]:
    """Every field that is made of others: the directive that says so, and (type, field) of what it takes."""
    for declared in subgraphs:
        for owner in declared.types.values():
            for field in owner.fields.values():
                for applied in directives_named(field, REQUIRES):
                    yield (
                        declared,
                        owner,
                        field,
                        applied,
                        coordinates(declared.types, owner.name, field_set_of(applied)),
                    )
        for owner, field, argument, applied in contextual_arguments(declared.types):
            yield declared, owner, field, applied, fields_taken(declared.types, argument)


def _access(types: Mapping[str, Type], owner: str, name: str) -> Access:
    """What a field asks for: itself, its type and the type it leads to."""
    made = types.get(owner)
    field = made.fields.get(name) if made else None
    if made is None or field is None:
        return PUBLIC
    returned = types.get(base_name(field.type))
    found = access_of(made.directives) & access_of(field.directives)
    return found & access_of(returned.directives) if returned is not None else found
