"""Directives that move to the supergraph: what `@composeDirective` names, and names that must agree.

Decided: two subgraphs that give one element a composed directive with different arguments do not compose, unless the
directive is repeatable. Because: such a directive can be a protection, and picking one of two would lose the other.
Rejected: the most frequent arguments, as other composers choose.

Source: Federation subgraph specification, `@composeDirective`; link v1.0.
"""

from __future__ import annotations

from collections.abc import Iterator

from hub.compose.document import Applied, elements
from hub.compose.links import Link
from hub.compose.parse import Declared
from hub.compose.problems import did_you_mean
from hub.compose.propagate import composed_directives, distinct
from hub.compose.specs import COMPOSE_DIRECTIVE, PROPAGATED
from hub.compose.together import Subgraphs
from hub.errors import Problem

_CODE = "DIRECTIVE_COMPOSITION_ERROR"


def composed_directives_are_linked(subgraphs: Subgraphs) -> Iterator[Problem]:
    """DIRECTIVE_COMPOSITION_ERROR: `@composeDirective` names a directive, defined here, of a linked specification."""
    for declared, applied in _asked(subgraphs):
        name = applied.value("name")
        known = [f"@{each}" for each in declared.definitions]
        if not isinstance(name, str) or not name.startswith("@"):
            message = f"`{name}` is no directive, whose name starts with `@`"
            yield Problem(_CODE, applied.place, message, f"write `@{name}`")
        elif name.removeprefix("@") in declared.names.directives:
            message = f"`{name}` belongs to a specification that is composed without asking"
            yield Problem(_CODE, applied.place, message, "remove the `@composeDirective`")
        elif name.removeprefix("@") not in declared.definitions:
            message = f"`{name}` is not defined in this subgraph"
            yield Problem(_CODE, applied.place, message, did_you_mean(name, known) or "add its definition")
        elif declared.names.feature_of(name.removeprefix("@")) is None:
            message = f"`{name}` belongs to no linked specification"
            suggestion = f'add `@link(url: "https://example.com/{name[1:]}/v1.0", import: ["{name}"])`'
            yield Problem(_CODE, applied.place, message, suggestion)


def composed_directives_agree(subgraphs: Subgraphs) -> Iterator[Problem]:
    """DIRECTIVE_COMPOSITION_ERROR: a composed directive is the same element of the same major version everywhere."""
    for each in composed_directives(subgraphs):
        for declared in subgraphs:
            place = next((link.place for link in declared.names.links if link.identity == each.link.identity), "")
            feature = declared.names.feature_of(each.name)
            if feature is not None and each.name in declared.definitions:
                if (feature[0].identity, feature[1]) != (each.link.identity, each.element):
                    message = f"`@{each.name}` is of `{each.link.identity}` elsewhere, of `{feature[0].identity}` here"
                    yield Problem(_CODE, feature[0].place, message, "import one of them under another name")
                elif feature[0].version[0] != each.link.version[0]:
                    message = f"`{feature[0].url}` and `{each.link.url}` differ in their major version"
                    yield Problem(_CODE, place, message, "link the same major version everywhere")
            elif place:
                local = _called(declared, each.link, each.element)
                if local != each.name and local in declared.definitions:
                    message = f"`@{each.name}` is called `@{local}` here"
                    yield Problem(_CODE, place, message, f"import it as `@{each.name}`")


def composed_applications_agree(subgraphs: Subgraphs) -> Iterator[Problem]:
    """DIRECTIVE_COMPOSITION_ERROR: one element carries one application of a composed directive, unless repeatable."""
    once = {each.name for each in composed_directives(subgraphs) if not each.definition.repeatable}
    found: dict[tuple[str, str], list[Applied]] = {}
    for declared in subgraphs:
        for coordinate, element in elements(tuple(declared.types.values())):
            for applied in element.directives:
                if applied.name in once:
                    found.setdefault((coordinate, applied.name), []).append(applied)
    for (coordinate, _), given in found.items():
        if len(distinct(given)) > 1:
            each = " and ".join(f"`{one}`" for one in distinct(given))
            place = next(one.place for one in given if one.arguments != given[0].arguments)
            yield Problem(_CODE, place, f"`{coordinate}` carries {each}", "give it the same in every subgraph")


def propagated_directives_have_one_name(subgraphs: Subgraphs) -> Iterator[Problem]:
    """LINK_IMPORT_NAME_MISMATCH: `@tag`, `@inaccessible` and their like have one name in all that import them."""
    for spec in PROPAGATED:
        named: dict[str, Declared] = {}
        for declared in subgraphs:
            for link in declared.names.links:
                local = link.imports.get(f"@{spec.element}")
                if local is not None and declared.names.directives.get(local[1:]) == spec.canonical:
                    named.setdefault(local, declared)
        if len(named) > 1:
            each = "; ".join(f"`{local}` in `{declared.name}`" for local, declared in named.items())
            last = list(named.values())[-1]
            place = next(link.place for link in last.names.links if f"@{spec.element}" in link.imports)
            message = f"`@{spec.element}` has several names: {each}"
            yield Problem("LINK_IMPORT_NAME_MISMATCH", place, message, "import it under one name")


def _asked(subgraphs: Subgraphs) -> Iterator[tuple[Declared, Applied]]:
    for declared in subgraphs:
        for applied in declared.on_schema:
            if applied.name == COMPOSE_DIRECTIVE:
                yield declared, applied


def _called(declared: Declared, link: Link, element: str) -> str | None:
    own = next((each for each in declared.names.links if each.identity == link.identity), None)
    return own.local(f"@{element}") if own else None
