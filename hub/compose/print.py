"""A merged type system as supergraph SDL, which any Federation 2 router reads.

Definitions are sorted by name, so that the text does not depend on the order in which subgraphs are given.

Source: join v0.5, link v1.0.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Iterator, Sequence

from graphql import StringValueNode, print_ast

from hub.compose.document import Applied, Definition, Element, Input, Kind, Type, elements
from hub.compose.merge import Merged
from hub.compose.parse import ROOTS
from hub.compose.propagate import Composed
from hub.compose.specs import PROPAGATED, PropagatedSpec

_MACHINERY = """
directive @join__directive(graphs: [join__Graph!], name: String!, args: join__DirectiveArguments) repeatable on \
SCHEMA | OBJECT | INTERFACE | FIELD_DEFINITION

directive @join__enumValue(graph: join__Graph!) repeatable on ENUM_VALUE

directive @join__field(graph: join__Graph, requires: join__FieldSet, provides: join__FieldSet, type: String, \
external: Boolean, override: String, usedOverridden: Boolean, overrideLabel: String, \
contextArguments: [join__ContextArgument!]) repeatable on FIELD_DEFINITION | INPUT_FIELD_DEFINITION

directive @join__graph(name: String!, url: String!) on ENUM_VALUE

directive @join__implements(graph: join__Graph!, interface: String!) repeatable on OBJECT | INTERFACE

directive @join__type(graph: join__Graph!, key: join__FieldSet, extension: Boolean! = false, \
resolvable: Boolean! = true, isInterfaceObject: Boolean! = false) repeatable on \
OBJECT | INTERFACE | UNION | ENUM | INPUT_OBJECT | SCALAR

directive @join__unionMember(graph: join__Graph!, member: String!) repeatable on UNION

directive @link(url: String, as: String, for: link__Purpose, import: [link__Import]) repeatable on SCHEMA

input join__ContextArgument {
  name: String!
  type: String!
  context: String!
  selection: join__FieldValue!
}

scalar join__DirectiveArguments

scalar join__FieldSet

scalar join__FieldValue

scalar link__Import

enum link__Purpose {
  \"\"\"
  `SECURITY` features provide metadata necessary to securely resolve fields.
  \"\"\"
  SECURITY

  \"\"\"
  `EXECUTION` features provide metadata necessary for operation execution.
  \"\"\"
  EXECUTION
}
""".strip()


def print_supergraph(merged: Merged) -> str:
    """The SDL of a supergraph."""
    specs = _used_specs(merged)
    names = {spec.canonical: spec.element for spec in specs}
    directives = [
        *(f"directive @{spec.element}{spec.definition}" for spec in specs),
        *(definition for spec in specs for definition in spec.beside),
        *(_definition(each.definition, names) for each in merged.composed),
        *(_definition(each, names) for each in merged.definitions),
    ]
    scalars = [f"scalar {name}" for spec in specs for name in spec.types]
    parts = [
        _schema(merged, specs),
        _MACHINERY,
        *sorted(directives),
        *sorted(scalars),
        _graphs(merged),
        *(_type(merged.types[name], names) for name in sorted(merged.types)),
    ]
    return "\n\n".join(parts) + "\n"


def _used_specs(merged: Merged) -> tuple[PropagatedSpec, ...]:
    used = {applied.name for _, element in elements(tuple(merged.types.values())) for applied in element.directives}
    return tuple(spec for spec in PROPAGATED if spec.canonical in used)


def _schema(merged: Merged, specs: Sequence[PropagatedSpec]) -> str:
    links = [
        '@link(url: "https://specs.apollo.dev/link/v1.0")',
        '@link(url: "https://specs.apollo.dev/join/v0.5", for: EXECUTION)',
    ]
    for url in dict.fromkeys(spec.url for spec in specs):
        same = [spec for spec in specs if spec.url == url]
        imports = [f'"@{spec.element}"' for spec in same if url.rsplit("/", 2)[1] != spec.element]
        parts = [f'url: "{url}"', *([f"import: [{', '.join(imports)}]"] if imports else [])]
        parts += [f"for: {same[0].purpose}"] if same[0].purpose else []
        links.append(f"@link({', '.join(parts)})")
    links.extend(_composed_link(url, merged.composed) for url in sorted({each.link.url for each in merged.composed}))
    roots = [f"  {root.lower()}: {root}" for root in ROOTS if root in merged.types]
    return "\n".join(["schema", *(f"  {link}" for link in links), "{", *roots, "}"])


def _composed_link(url: str, composed: Sequence[Composed]) -> str:
    same = [each for each in composed if each.link.url == url]
    imports = [
        f'"@{each.name}"' if each.name == each.element else f'{{name: "@{each.element}", as: "@{each.name}"}}'
        for each in same
        if not each.name.startswith(f"{each.link.namespace}__")
    ]
    parts = [f'url: "{url}"']
    if same[0].link.namespace != same[0].link.name:
        parts.append(f'as: "{same[0].link.namespace}"')
    if imports:
        parts.append(f"import: [{', '.join(imports)}]")
    return f"@link({', '.join(parts)})"


def _graphs(merged: Merged) -> str:
    values = "\n".join(
        f"  {graph} @join__graph(name: {json.dumps(name)}, url: {json.dumps(url)})"
        for graph, name, url in merged.graphs
    )
    return f"enum join__Graph {{\n{values}\n}}"


def _definition(definition: Definition, names: dict[str, str]) -> str:
    arguments = ", ".join(_input(argument, names) for argument in definition.arguments)
    given = f"({arguments})" if arguments else ""
    repeatable = " repeatable" if definition.repeatable else ""
    return f"directive @{definition.name}{given}{repeatable} on {' | '.join(definition.locations)}"


def _type(made: Type, names: dict[str, str]) -> str:
    interfaces = f" implements {' & '.join(made.interfaces)}" if made.interfaces else ""
    head = f"{made.kind.value} {made.name}{interfaces}"
    applied = "".join(f"\n  {_applied(each, names)}" for each in made.directives)
    description = _description(made, "")
    match made.kind:
        case Kind.SCALAR:
            return f"{description}{head}{applied}"
        case Kind.UNION:
            return f"{description}{head}{applied}\n = {' | '.join(made.members)}"
        case Kind.ENUM:
            body = [
                f"{_description(each, '  ')}  {each.name}{_directives(each, names)}" for each in made.values.values()
            ]
        case Kind.INPUT:
            body = [f"{_description(each, '  ')}  {_input(each, names)}" for each in made.inputs.values()]
        case _:
            body = [
                f"{_description(each, '  ')}  {each.name}{_arguments(each.arguments, names)}: {each.type}"
                f"{_directives(each, names)}"
                for each in made.fields.values()
            ]
    return f"{description}{head}{applied}\n{{\n" + "\n".join(body) + "\n}"


def _arguments(arguments: Sequence[Input], names: dict[str, str]) -> str:
    if not arguments:
        return ""
    if any(argument.description for argument in arguments):
        lines = "\n".join(f"{_description(each, '    ')}    {_input(each, names)}" for each in arguments)
        return f"(\n{lines}\n  )"
    return f"({', '.join(_input(each, names) for each in arguments)})"


def _input(given: Input, names: dict[str, str]) -> str:
    default = f" = {given.default}" if given.default is not None else ""
    return f"{given.name}: {given.type}{default}{_directives(given, names)}"


def _directives(element: Element, names: dict[str, str]) -> str:
    return "".join(_spaced(_applied(each, names) for each in element.directives))


def _spaced(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        yield f" {text}"


def _applied(applied: Applied, names: dict[str, str]) -> str:
    return str(Applied(names.get(applied.name, applied.name), applied.arguments))


def _description(element: Element, indent: str) -> str:
    if not element.description:
        return ""
    text = print_ast(StringValueNode(value=element.description, block=True))
    return textwrap.indent(text, indent, lambda line: bool(line.strip())) + "\n"
