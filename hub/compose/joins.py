"""The `@join__*` directives of one merged element: what the supergraph says of each subgraph's part in it.

Source: join v0.5.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from hub.compose.contexts import context_of, is_contextual
from hub.compose.document import Applied, Input, Type, directive_named, directives_named
from hub.compose.specs import CONTEXT, KEY, OVERRIDE, PROVIDES, REQUIRES
from hub.compose.together import (
    Declared,
    FieldSource,
    InputSource,
    TypeSource,
    is_interface_object,
    overridden,
)
from hub.compose.typeref import TypeRef


def join_types(sources: Sequence[TypeSource]) -> tuple[Applied, ...]:
    """One `@join__type` for each subgraph and key."""
    return tuple(applied for declared, each in sources for applied in _join_type(declared.graph, each))


def _join_type(graph: str, declared: Type) -> tuple[Applied, ...]:
    as_object = (("isInterfaceObject", "true"),) if is_interface_object(declared) else ()
    keys = directives_named(declared, KEY)
    if not keys:
        return (Applied("join__type", (("graph", graph), *as_object)),)
    found: list[Applied] = []
    for key in keys:
        arguments = [("graph", graph), ("key", _fields(key))]
        if key.extension:
            arguments.append(("extension", "true"))
        if key.value("resolvable") is False:
            arguments.append(("resolvable", "false"))
        found.append(Applied("join__type", (*arguments, *as_object)))
    return tuple(found)


def _fields(applied: Applied) -> str:
    text = applied.value("fields")
    return _string(" ".join((" ".join(text) if isinstance(text, list) else str(text)).split()))


def _string(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def join_implements(sources: Sequence[TypeSource]) -> tuple[Applied, ...]:
    """One `@join__implements` for each subgraph and interface."""
    return tuple(
        Applied("join__implements", (("graph", declared.graph), ("interface", _string(interface))))
        for declared, each in sources
        for interface in each.interfaces
    )


def join_members(sources: Sequence[TypeSource]) -> tuple[Applied, ...]:
    """One `@join__unionMember` for each subgraph and member."""
    return tuple(
        Applied("join__unionMember", (("graph", declared.graph), ("member", _string(member))))
        for declared, each in sources
        for member in each.members
    )


def join_values(sources: Sequence[TypeSource], value: str) -> tuple[Applied, ...]:
    """One `@join__enumValue` for each subgraph that has the value."""
    return tuple(
        Applied("join__enumValue", (("graph", declared.graph),)) for declared, each in sources if value in each.values
    )


def join_inputs(sources: Sequence[TypeSource], merged: TypeRef, inputs: Sequence[InputSource]) -> tuple[Applied, ...]:
    """`@join__field` on an input field that subgraphs declare with different types, or that not all declare."""
    same = all(given.type == merged for _, given in inputs)
    if same and len(inputs) == len(sources):
        return ()
    return tuple(
        Applied("join__field", (("graph", declared.graph), *(() if same else (("type", _string(str(given.type))),))))
        for declared, given in inputs
    )


def join_contexts(sources: Sequence[TypeSource]) -> tuple[Applied, ...]:
    """One `@context` for each subgraph and context that a type sets, named so that subgraphs do not share them."""
    return tuple(
        Applied(CONTEXT, (("name", _string(f"{declared.name}__{applied.value('name')}")),))
        for declared, each in sources
        for applied in directives_named(each, CONTEXT)
    )


def _context(declared: Declared, argument: Input) -> str:
    """One entry of `contextArguments`, as GraphQL text."""
    use = context_of(argument)
    given = (
        ("context", f"{declared.name}__{use.context}" if use else ""),
        ("name", argument.name),
        ("type", str(argument.type)),
        ("selection", use.text if use else ""),
    )
    return f"{{{', '.join(f'{name}: {_string(value)}' for name, value in given)}}}"


def join_fields(types: Sequence[TypeSource], merged: TypeRef, fields: Sequence[FieldSource]) -> tuple[Applied, ...]:
    """`@join__field` for each subgraph of a field; none where every subgraph of the type resolves it without extras."""
    type_name = types[0][1].name
    moved = overridden(fields)
    labels = {by.by: by.label for by in moved.values()} | {name: by.label for name, by in moved.items()}
    same = all(field.type == merged for declared, field in fields if (type_name, field.name) not in declared.external)
    found: list[Applied] = []
    plain = same
    for declared, field in fields:
        gone, label = declared.name in moved, labels.get(declared.name)
        external = (type_name, field.name) in declared.external
        used = gone and not external and (type_name, field.name) in declared.used
        if gone and not used and not external and label is None:
            plain = False
            continue
        arguments = [("graph", declared.graph)]
        for name in (REQUIRES, PROVIDES):
            applied = directive_named(field, name)
            if applied is not None:
                arguments.append((name.removeprefix("federation__"), _fields(applied)))
        if not same:
            arguments.append(("type", _string(str(field.type))))
        if external:
            arguments.append(("external", "true"))
        override = directive_named(field, OVERRIDE)
        if override is not None:
            arguments.append(("override", _string(str(override.value("from")))))
        if used:
            arguments.append(("usedOverridden", "true"))
        if label is not None:
            arguments.append(("overrideLabel", _string(label)))
        contexts = [_context(declared, argument) for argument in field.arguments if is_contextual(argument)]
        if contexts:
            arguments.append(("contextArguments", f"[{', '.join(contexts)}]"))
        plain = plain and (len(arguments) == 1 or (len(arguments) == 2 and override is not None))
        found.append(Applied("join__field", tuple(arguments)))
    if plain and len(found) == len({declared.name for declared, _ in types}):
        return ()
    return tuple(found)
