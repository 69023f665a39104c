"""Types that nothing refers to."""

from __future__ import annotations

from collections.abc import Iterator

from hub.compose.document import Kind
from hub.compose.hints.hint import Hint
from hub.compose.together import Subgraphs, is_interface_object, positions, type_sources


def enums_are_unused(subgraphs: Subgraphs) -> Iterator[Hint]:
    """UNUSED_ENUM_TYPE: no field returns the enum and no argument takes it."""
    used = positions(subgraphs)
    for name, sources in type_sources(subgraphs).items():
        if sources[0][1].kind is Kind.ENUM and name not in used.inputs | used.outputs:
            yield Hint("UNUSED_ENUM_TYPE", sources[0][1].place, f"nothing refers to the enum `{name}`", "remove it")


def interfaces_are_unused(subgraphs: Subgraphs) -> Iterator[Hint]:
    """UNUSED_INTERFACE_TYPE: no type implements the interface, so no field can return anything of it."""
    implemented = {
        interface
        for declared in subgraphs
        for each in declared.types.values()
        if each.kind is Kind.OBJECT
        for interface in each.interfaces
    }
    for name, sources in type_sources(subgraphs).items():
        interface = any(each.kind is Kind.INTERFACE or is_interface_object(each) for _, each in sources)
        if interface and name not in implemented:
            message = f"no type implements the interface `{name}`"
            yield Hint("UNUSED_INTERFACE_TYPE", sources[0][1].place, message, "remove it, or implement it")
