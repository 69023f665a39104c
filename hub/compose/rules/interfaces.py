"""Interfaces across subgraphs: their fields, their keys, and `@interfaceObject`.

Source: Federation subgraph specification, `@interfaceObject`; Federation, "Entity interfaces".
"""

from __future__ import annotations

from collections.abc import Iterator

from hub.compose.document import Applied, Kind, directives_named
from hub.compose.facts import field_set_of
from hub.compose.fieldsets import field_set_text
from hub.compose.parse import Declared
from hub.compose.problems import listed
from hub.compose.specs import KEY
from hub.compose.together import (
    Subgraphs,
    field_sources,
    implementers,
    internal,
    is_interface_object,
    type_sources,
)
from hub.errors import Problem


def interface_fields_are_implemented(subgraphs: Subgraphs) -> Iterator[Problem]:
    """INTERFACE_FIELD_NO_IMPLEM: every field of an interface, in any subgraph, is in every type that implements it."""
    types = type_sources(subgraphs)
    for interface, sources in types.items():
        if not any(each.kind is Kind.INTERFACE for _, each in sources):
            continue
        by_object = {name for _, each in sources if is_interface_object(each) for name in each.fields}
        for name, fields in field_sources(sources).items():
            for implementer in implementers(subgraphs, interface):
                own = field_sources(types[implementer]).get(name, ())
                if name not in by_object and not internal(implementer, own):
                    where = listed(declared.name for declared, _ in fields)
                    message = f"`{interface}.{name}` is declared by {where}, and `{implementer}` has no field `{name}`"
                    suggestion = f"add `{name}` to `{implementer}`"
                    yield Problem("INTERFACE_FIELD_NO_IMPLEM", fields[0][1].place, message, suggestion)


def interface_keys_are_on_implementations(subgraphs: Subgraphs) -> Iterator[Problem]:
    """INTERFACE_KEY_NOT_ON_IMPLEMENTATION: a key of an interface is a key of all that implement it there."""
    for declared, interface, key in _interface_keys(subgraphs):
        wanted = _key(key)
        lacking = [
            name
            for name, each in declared.types.items()
            if each.kind is Kind.OBJECT
            and interface in each.interfaces
            and not any(_key(other) == wanted for other in directives_named(each, KEY))
        ]
        if lacking:
            text = key.value("fields")
            message = f"the key `{text}` of interface `{interface}` is missing on {listed(lacking)}"
            suggestion = f'add `@{declared.names.called(KEY)}(fields: "{text}")`'
            yield Problem("INTERFACE_KEY_NOT_ON_IMPLEMENTATION", key.place, message, suggestion)


def interface_keys_know_all_implementations(subgraphs: Subgraphs) -> Iterator[Problem]:
    """INTERFACE_KEY_MISSING_IMPLEMENTATION_TYPE: who resolves an interface by key knows all its types."""
    for declared, interface, key in _interface_keys(subgraphs):
        known = {name for name, each in declared.types.items() if interface in each.interfaces}
        lacking = [name for name in implementers(subgraphs, interface) if name not in known]
        if lacking and key.value("resolvable") is not False:
            message = f"interface `{interface}` has a key in `{declared.name}`, which does not know {listed(lacking)}"
            suggestion = f"define the types there, implementing `{interface}`"
            yield Problem("INTERFACE_KEY_MISSING_IMPLEMENTATION_TYPE", key.place, message, suggestion)


def interface_objects_stand_for_interfaces(subgraphs: Subgraphs) -> Iterator[Problem]:
    """INTERFACE_OBJECT_USAGE_ERROR: an `@interfaceObject` has a key, and is an interface elsewhere."""
    code = "INTERFACE_OBJECT_USAGE_ERROR"
    for name, sources in type_sources(subgraphs).items():
        found = [(declared, each) for declared, each in sources if is_interface_object(each)]
        for declared, each in found:
            if not directives_named(each, KEY):
                message = f"the interface object `{name}` has no key, so it can be reached from nowhere"
                yield Problem(code, each.place, message, f"add the key of the interface `{name}`")
            beside = [other for other in implementers(subgraphs, name) if other in declared.types]
            if beside:
                message = f"`{name}` is an interface object, and {listed(beside)} implements it"
                yield Problem(code, each.place, message, f"make `{name}` an interface here, or remove {listed(beside)}")
        if found and len(found) == len(sources):
            message = f"`{name}` is an interface object in every subgraph that declares it"
            yield Problem(code, found[0][1].place, message, "declare it as an interface in one subgraph")


def _interface_keys(subgraphs: Subgraphs) -> Iterator[tuple[Declared, str, Applied]]:
    for declared in subgraphs:
        for name, each in declared.types.items():
            if each.kind is Kind.INTERFACE:
                for key in directives_named(each, KEY):
                    yield declared, name, key


def _key(applied: Applied) -> str:
    return field_set_text(field_set_of(applied))
