"""`@link`: which specifications a subgraph uses, and what it calls their directives and types.

A directive of the federation specification gets the canonical name `federation__<element>`, whatever the subgraph
calls it, so nothing after this module knows of imports, aliases or namespaces.

Source: link v1.0, "Import", "Namespacing"; Federation, "Importing directives".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from graphql import (
    ConstDirectiveNode,
    DocumentNode,
    ListValueNode,
    ObjectValueNode,
    SchemaDefinitionNode,
    SchemaExtensionNode,
    StringValueNode,
    ValueNode,
    value_from_ast_untyped,
)

from hub.compose.problems import did_you_mean, place_of
from hub.compose.specs import (
    DIRECTIVES,
    FED1_DIRECTIVES,
    FEDERATION,
    FEDERATION_VERSIONS,
    LINK,
    LINK_VERSIONS,
    STANDALONE,
    TYPES,
    Version,
)
from hub.errors import Problem

_URL = re.compile(r"^https?://[^/?#]+(?:/[^?#]*)?$")
_VERSION = re.compile(r"^v(0|[1-9]\d*)\.(0|[1-9]\d*)$")
_NAME = re.compile(r"^[_A-Za-z][_0-9A-Za-z]*$")


@dataclass(frozen=True, slots=True)
class Link:
    """One `@link`. `imports` maps an element (`@key`, `FieldSet`) to what it is called here."""

    url: str
    identity: str
    name: str
    version: Version
    namespace: str
    imports: Mapping[str, str]
    purpose: str | None
    place: str

    def local(self, element: str) -> str:
        """What an element (`@key` or `FieldSet`) is called here, without the `@`."""
        if element in self.imports:
            return self.imports[element].removeprefix("@")
        name = element.removeprefix("@")
        return name if element == f"@{self.namespace}" else f"{self.namespace}__{name}"


@dataclass(frozen=True, slots=True)
class Names:
    """What a subgraph calls things: local directive name -> canonical, and the same for the specifications' types.

    `version` is the federation version, None for a subgraph of Federation 1.
    """

    links: tuple[Link, ...]
    version: Version | None
    directives: Mapping[str, str]
    types: Mapping[str, str]

    def called(self, canonical: str) -> str:
        """The local name of a canonical directive."""
        return next((local for local, name in self.directives.items() if name == canonical), canonical)

    def feature_of(self, directive: str) -> tuple[Link, str] | None:
        """The link that a local directive name belongs to, with the element's own name."""
        for link in self.links:
            for element, local in link.imports.items():
                if local == f"@{directive}":
                    return link, element.removeprefix("@")
            if directive == link.namespace:
                return link, link.name
            if directive.startswith(f"{link.namespace}__"):
                return link, directive.removeprefix(f"{link.namespace}__")
        return None


def read_links(subgraph: str, document: DocumentNode) -> tuple[Names, tuple[Problem, ...]]:
    """Resolve every `@link` of a subgraph; the problems are of the codes `INVALID_LINK_*` and `UNKNOWN_*`."""
    applied = tuple(schema_directives(document))
    called = _link_name(applied)
    links: list[Link] = []
    problems: list[Problem] = []
    for node in applied:
        if node.name.value == called:
            link = _read_link(subgraph, node, problems)
            if link is not None:
                links.append(link)
    problems.extend(_conflicts(links))
    problems.extend(_unknown(links))
    return _names(tuple(links), called), tuple(problems)


def schema_directives(document: DocumentNode) -> Iterator[ConstDirectiveNode]:
    """The directives on the schema definition and its extensions, in order."""
    for definition in document.definitions:
        if isinstance(definition, SchemaDefinitionNode | SchemaExtensionNode):
            yield from definition.directives or ()


def split_url(url: str) -> tuple[str, str, Version] | None:
    """Identity, name and version of a specification, or None where the address is not one."""
    parts = url.rstrip("/").rsplit("/", 2)
    if len(parts) < 3 or not _URL.match(url) or parts[0].endswith(":/"):
        return None
    match = _VERSION.match(parts[2])
    if match is None or not parts[1]:
        return None
    return f"{parts[0]}/{parts[1]}", parts[1], (int(match[1]), int(match[2]))


def _link_name(applied: tuple[ConstDirectiveNode, ...]) -> str:
    """What `@link` itself is called: it may be renamed by the link to its own specification."""
    for node in applied:
        arguments = {argument.name.value: argument.value for argument in node.arguments or ()}
        url = _string(arguments.get("url"))
        if url is not None and url.startswith(f"{LINK}/"):
            for name, local in _import_pairs(arguments.get("import")):
                if name == "@link" and local is not None:
                    return local.removeprefix("@")
            return _string(arguments.get("as")) or "link"
    return "link"


def _string(node: ValueNode | None) -> str | None:
    return node.value if isinstance(node, StringValueNode) else None


def _import_pairs(node: ValueNode | None) -> Iterator[tuple[str | None, str | None]]:
    """(element, local name) of each entry of `import`; None for what is not a string."""
    if not isinstance(node, ListValueNode):
        return
    for entry in node.values:
        if isinstance(entry, StringValueNode):
            yield entry.value, entry.value
        elif isinstance(entry, ObjectValueNode):
            given = {part.name.value: _string(part.value) for part in entry.fields}
            name = given.get("name")
            yield name, given.get("as", name)
        else:
            yield None, None


def _read_link(subgraph: str, node: ConstDirectiveNode, problems: list[Problem]) -> Link | None:
    place = place_of(subgraph, node)
    arguments = {argument.name.value: argument.value for argument in node.arguments or ()}

    def wrong(message: str, suggestion: str = "", code: str = "INVALID_LINK_DIRECTIVE_USAGE") -> None:
        problems.append(Problem(code, place, message, suggestion))

    for name in arguments:
        if name not in ("url", "as", "for", "import", "feature"):
            wrong(f"`@link` has no argument `{name}`", did_you_mean(name, ("url", "as", "for", "import")))
    url = _string(arguments.get("url", arguments.get("feature")))
    if url is None:
        wrong("`@link` needs the argument `url`, a string")
        return None
    parts = split_url(url)
    if parts is None:
        wrong(
            f"`{url}` does not name a specification and its version",
            "write it as `https://example.com/name/v1.0`",
            "INVALID_LINK_IDENTIFIER",
        )
        return None
    identity, name, version = parts
    namespace = _string(arguments.get("as")) or name
    if not _NAME.match(namespace) or "__" in namespace or namespace.endswith("_"):
        wrong(f"`{namespace}` cannot be a namespace", "give a name with `as`", "INVALID_LINK_IDENTIFIER")
    purpose = value_from_ast_untyped(arguments["for"]) if "for" in arguments else None
    if purpose not in (None, "SECURITY", "EXECUTION"):
        wrong(f"`for` cannot be `{purpose}`", "the purposes are `SECURITY` and `EXECUTION`")
        purpose = None
    imports: dict[str, str] = {}
    if "import" in arguments and not isinstance(arguments["import"], ListValueNode):
        wrong("`import` must be a list")
    for element, local in _import_pairs(arguments.get("import")):
        if element is None or local is None or not _NAME.match(element.removeprefix("@")):
            wrong("an entry of `import` is a name, or an object with `name` and `as`")
        elif element.startswith("@") != local.startswith("@") or not _NAME.match(local.removeprefix("@")):
            right = f"@{local}" if element.startswith("@") else local.removeprefix("@")
            wrong(f"`{element}` cannot be imported as `{local}`", f"write `{right}`")
        elif element in imports:
            wrong(f"`{element}` is imported twice from `{url}`")
        else:
            imports[element] = local
    return Link(url, identity, name, version, namespace, imports, purpose, place)


def _conflicts(links: list[Link]) -> Iterator[Problem]:
    """Two links may share neither a specification nor a name."""
    seen: dict[str, Link] = {}
    namespaces: dict[str, Link] = {}
    locals_: dict[str, Link] = {}
    code = "INVALID_LINK_DIRECTIVE_USAGE"
    for link in links:
        if link.identity in seen:
            yield Problem(code, link.place, f"`{link.identity}` is linked twice", "merge the two `@link`s into one")
            continue
        seen[link.identity] = link
        if link.namespace in namespaces:
            other = namespaces[link.namespace].url
            message = f"`{link.url}` and `{other}` are both called `{link.namespace}`"
            yield Problem(code, link.place, message, "give one of them another name with `as`")
        namespaces[link.namespace] = link
        for local in link.imports.values():
            if local in locals_:
                message = f"`{local}` is imported from `{locals_[local].url}` and from `{link.url}`"
                yield Problem(code, link.place, message, "import one of them under another name")
            locals_[local] = link


def _unknown(links: list[Link]) -> Iterator[Problem]:
    """Versions and elements that the known specifications do not have."""
    for link in links:
        if link.identity == LINK:
            if link.version not in LINK_VERSIONS:
                message = f"version {_text(link.version)} of link is not known"
                yield Problem("UNKNOWN_LINK_VERSION", link.place, message, "the known one is v1.0")
        elif link.identity == FEDERATION:
            if link.version not in FEDERATION_VERSIONS:
                known = f"the known ones are {_text(FEDERATION_VERSIONS[0])} to {_text(FEDERATION_VERSIONS[-1])}"
                message = f"version {_text(link.version)} of federation is not known"
                yield Problem("UNKNOWN_FEDERATION_LINK_VERSION", link.place, message, known)
                continue
            offered = {f"@{name}": spec.since for name, spec in DIRECTIVES.items()} | dict(TYPES) | {"@link": (2, 0)}
            for element in link.imports:
                if element not in offered:
                    near = did_you_mean(element, offered) or did_you_mean(f"@{element}", offered)
                    message = f"federation has no element `{element}` to import"
                    yield Problem("INVALID_LINK_DIRECTIVE_USAGE", link.place, message, near)
                elif offered[element] > link.version:
                    message = f"federation {_text(link.version)} has no element `{element}` yet"
                    later = f"link version {_text(offered[element])} or later"
                    yield Problem("INVALID_LINK_DIRECTIVE_USAGE", link.place, message, later)
        elif link.purpose is not None and link.identity not in STANDALONE:
            message = f"`{link.url}` is linked for {link.purpose}, and no composition supports it"
            suggestion = "drop `for`, if the graph is right without it"
            yield Problem("UNSUPPORTED_LINKED_FEATURE", link.place, message, suggestion)


def _text(version: Version) -> str:
    return f"v{version[0]}.{version[1]}"


def _names(links: tuple[Link, ...], called: str) -> Names:
    directives = {called: "link__link"}
    types = {"link__Import": "link__Import", "link__Purpose": "link__Purpose", "_FieldSet": "federation__FieldSet"}
    version: Version | None = None
    for link in links:
        if link.identity == FEDERATION:
            version = link.version
            for element, spec in DIRECTIVES.items():
                if spec.since <= version:
                    directives[link.local(f"@{element}")] = f"federation__{element}"
            for element in TYPES:
                types[link.local(element)] = f"federation__{element}"
        elif link.identity == LINK:
            types |= {link.local(name): f"link__{name}" for name in ("Import", "Purpose")}
        for element in STANDALONE.get(link.identity, ()):
            directives[link.local(f"@{element}")] = f"federation__{element}"
    if version is None:
        directives |= {element: f"federation__{element}" for element in FED1_DIRECTIVES}
        types["FieldSet"] = "federation__FieldSet"
    return Names(links, version, directives, types)
