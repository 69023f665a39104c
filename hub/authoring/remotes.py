"""Reads the remote subgraphs that stand beside the hub's own registers: one file each, `<name>.toml`.

    url = "https://vaccines.example.vn/graphql"
    sdl = "vaccines.graphql"                   beside this file; a source that is declared here has its own SDL already
    class = "civilian"                         every row is of this class; or
    class_field = "recordClass"                each type has this field, which tells the class of its row; or
    enforced = true                            another hub serves it (`hub subgraph`) and carries out this very policy
    shows_messages = true                      readers may see the texts of its errors; otherwise they may not
    deadline = 2.0                             seconds for one fetch, 5 where nothing is said
    plain_http = true                          http to another machine: others can read what is asked and answered

    [labels]                                   beside the `@label`s of the SDL; what has neither is not shared
    "Vaccination.vaccine" = "MEDICAL"
    [standings]                                what following a field makes of the standing; to an entity: official
    "Vaccination.givenTo" = "household"        or "same"
    [arguments]                                what an argument is compared with; one that is not here may not be used
    "Query.vaccines(code:)" = "Vaccine.code"   or "nothing"

A file with the name of a source that is declared here says that this source is served elsewhere: it needs no `sdl`, its
labels and all else stand in the declaration, and it must be `enforced`.

What a file says of itself and of its SDL is checked here; what follows from the composed graph, in `hub.policy`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from graphql import (
    FieldDefinitionNode,
    GraphQLError,
    InterfaceTypeDefinitionNode,
    InterfaceTypeExtensionNode,
    NamedTypeNode,
    NonNullTypeNode,
    ObjectTypeDefinitionNode,
    ObjectTypeExtensionNode,
    StringValueNode,
    TypeNode,
    parse,
)

from hub.authoring.policy import near
from hub.errors import Problem
from hub.model.graph import STRUCTURE, Coordinate, Reads, Remote, RowClasses, RowsEnforced, RowsOf, RowsTell, Transition
from hub.model.viewer import RecordClass, Standing

SAME = "same"
NOTHING = "nothing"

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,63}")
_KEYS = ("url", "sdl", "class", "class_field", "enforced", "shows_messages", "deadline", "plain_http")
_OVERLAYS = ("labels", "standings", "arguments")
_CLASSES = ("class", "class_field", "enforced")
_FIELD = re.compile(r"(\w+)\.(\w+)")
_ARGUMENT = re.compile(r"(\w+)\.(\w+)\((\w+):\)")
_MOST_SECONDS = 600.0

_Fields = Mapping[Coordinate, frozenset[str]]


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """What a file and its SDL say; `sdl` is empty for a source that is declared here."""

    remote: Remote
    sdl: str
    labels: Mapping[Coordinate, str] = field(default_factory=dict)
    transitions: Mapping[Coordinate, Transition] = field(default_factory=dict)
    reads: Mapping[Coordinate, Reads] = field(default_factory=dict)


def read_remotes(
    folder: Path, labels: Iterable[str], sources: Iterable[str]
) -> tuple[tuple[RemoteFile, ...], list[Problem]]:
    """Every remote subgraph of a folder, and everything that is wrong with the files. `sources` are declared here."""
    known, own = frozenset(labels), frozenset(sources)
    found: list[RemoteFile] = []
    problems: list[Problem] = []
    for path in sorted(folder.glob("*.toml")):
        reader = _Reader(path, known, own)
        file = reader.file()
        problems += reader.problems
        if file is not None:
            found.append(file)
    return tuple(found), problems


class _Reader:
    """Reads one file and collects what is wrong with it."""

    def __init__(self, path: Path, labels: frozenset[str], own: frozenset[str]) -> None:
        self.path = path
        self.name = path.stem
        self.labels = labels
        self.replaces = self.name in own
        self.problems: list[Problem] = []
        self.content: Mapping[str, Any] = {}
        self.fields: _Fields = {}
        self.lists: frozenset[Coordinate] = frozenset()

    def problem(self, code: str, key: str, message: str, suggestion: str = "") -> None:
        self.problems.append(Problem(f"REMOTE_{code}", f"{self.path.name} {key}".strip(), message, suggestion))

    def file(self) -> RemoteFile | None:
        """What the file says, or None if anything is wrong with it."""
        try:
            self.content = tomllib.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            self.problem("UNREADABLE", "", str(error))
            return None
        if not _NAME.fullmatch(self.name):
            message = f"`{self.name}` is no name of a source"
            self.problem("NAME", "", message, "name the file with small letters, digits, hyphens and underscores")
        for key in sorted(self.content.keys() - {*_KEYS, *_OVERLAYS}):
            message = f"`{key}` is nothing that is said of a remote subgraph"
            self.problem("UNKNOWN_KEY", key, message, near(key, (*_KEYS, *_OVERLAYS)))
        sdl = self.sdl()
        remote = Remote(
            self.name,
            self.url(),
            self.rows(),
            self.get("shows_messages", self.yes, False),
            self.get("deadline", self.seconds, 5.0),
            self.replaces,
        )
        found = RemoteFile(remote, sdl, self.said_labels(), self.said_standings(), self.said_arguments())
        return None if self.problems else found

    # Values -----------------------------------------------------------------------------------------------------------

    def get(self, key: str, read: Callable[[str, Any], Any], default: Any) -> Any:
        return read(key, self.content[key]) if key in self.content else default

    def text(self, key: str, value: Any) -> str:
        if isinstance(value, str) and value.strip():
            return value.strip()
        self.problem("WRONG_VALUE", key, f"`{value}` is no text", 'write it in quotes: "..."')
        return ""

    def yes(self, key: str, value: Any) -> bool:
        if not isinstance(value, bool):
            self.problem("WRONG_VALUE", key, f"`{value}` is neither `true` nor `false`", "write it without quotes")
        return value is True

    def seconds(self, key: str, value: Any) -> float:
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= _MOST_SECONDS:
            return float(value)
        message = f"`{value}` is no number of seconds"
        self.problem("WRONG_VALUE", key, message, f"write one above 0, up to {_MOST_SECONDS:g}")
        return 0.0

    def url(self) -> str:
        plain = self.get("plain_http", self.yes, False)
        if "url" not in self.content:
            self.problem("MISSING_KEY", "url", "is missing", "say where the subgraph is asked")
            return ""
        found = self.text("url", self.content["url"])
        wrong = _wrong_url(found) if found else ""
        if wrong:
            self.problem("URL", "url", f"`{found}` {wrong}", "write it as https://host/graphql")
        elif found.startswith("http:") and not plain and not _on_this_machine(urlsplit(found).hostname or ""):
            message = f"`{found}` is plain http to another machine: what is asked and answered can be read on the way"
            self.problem("PLAIN_HTTP", "url", message, "use https, or say `plain_http = true`")
        return found

    def rows(self) -> RowClasses:
        said = [key for key in _CLASSES if key in self.content]
        if len(said) != 1:
            message = f"says {' and '.join(said)}" if said else "does not say which class its rows are of"
            suggestion = 'say one of `class = "civilian"`, `class_field = "recordClass"`, `enforced = true`'
            self.problem("CLASSES", said[0] if said else "", message, suggestion)
            return RowsEnforced()
        (key,) = said
        value = self.content[key]
        if self.replaces and key != "enforced":
            message = f"is the source `{self.name}` of this graph, served elsewhere, and carries out the policy itself"
            self.problem("CLASSES", key, message, "say `enforced = true`")
        if key == "class":
            if value in tuple(RecordClass):
                return RowsOf(RecordClass(value))
            self.problem("UNKNOWN_CLASS", key, f"`{value}` is no record class", near(str(value), RecordClass))
        elif key == "class_field":
            return RowsTell(self.text(key, value))
        elif not self.yes(key, value):
            self.problem("CLASSES", key, "does not say which class its rows are of", 'say `class = "civilian"`')
        return RowsEnforced()

    def sdl(self) -> str:
        """The text of the SDL file; what it has is noted for the overlays."""
        if self.replaces:
            for key in ("sdl", *_OVERLAYS):
                if key in self.content:
                    message = f"stands in the declaration of `{self.name}`, which this file says is served elsewhere"
                    self.problem("DECLARED_HERE", key, message, "remove it, or give the file another name")
            return ""
        if "sdl" not in self.content:
            self.problem("MISSING_KEY", "sdl", "is missing", "name the file with the subgraph's SDL")
            return ""
        path = self.path.parent / self.text("sdl", self.content["sdl"])
        try:
            text = path.read_text(encoding="utf-8")
            self.fields, self.lists = dict(_fields(text)), frozenset(_lists(text))
        except OSError as error:
            self.problem("UNREADABLE", "sdl", f"`{path.name}` cannot be read: {error.strerror}")
        except UnicodeDecodeError:
            self.problem("UNREADABLE", "sdl", f"`{path.name}` is not UTF-8")
        except GraphQLError as error:
            line = f":{error.locations[0].line}" if error.locations else ""
            self.problem("UNREADABLE", "sdl", f"{path.name}{line}: {error.message}")
        else:
            return text
        return ""

    # Overlays ---------------------------------------------------------------------------------------------------------

    def said_labels(self) -> Mapping[Coordinate, str]:
        found: dict[Coordinate, str] = {}
        for place, where, value in self.overlay("labels", _FIELD, "Type.field"):
            if isinstance(value, str) and value in self.labels:
                found[where[0], where[1]] = value
            else:
                self.problem("UNKNOWN_LABEL", place, f"`{value}` is no label", near(str(value), self.labels))
        return found

    def said_standings(self) -> Mapping[Coordinate, Transition]:
        found: dict[Coordinate, Transition] = {}
        words = [*(one.value for one in Standing if one is not Standing.SELF), SAME]
        for place, where, value in self.overlay("standings", _FIELD, "Type.field"):
            if where[0] in ("Query", "Mutation", "Subscription"):
                message = "is a root field, where every reader begins as an official"
                self.problem("WRONG_VALUE", place, message, "remove it")
            elif value in words:
                # Along a path a standing only weakens: the strongest leaves it as it is.
                found[where[0], where[1]] = Transition(Standing.SELF if value == SAME else Standing(value))
            else:
                self.problem("WRONG_VALUE", place, f"`{value}` is no standing", near(str(value), words))
        return found

    def said_arguments(self) -> Mapping[Coordinate, Reads]:
        """What every argument reads. One that nobody said anything of reads what has no label: itself.

        Those of another hub's lists go on to it as they are: it applies the policy to what they compare.
        """
        said: dict[tuple[str, ...], Coordinate | None] = {}
        for place, where, value in self.overlay("arguments", _ARGUMENT, "Type.field(argument:)"):
            match = _FIELD.fullmatch(value) if isinstance(value, str) else None
            if match is None and value != NOTHING:
                message = f"`{value}` is no field"
                self.problem("WRONG_VALUE", place, message, 'write `"Type.field"`, or `"nothing"`')
            said[where] = (match[1], match[2]) if match is not None else None
        passed_on = self.lists if self.content.get("enforced") is True else frozenset()
        found: dict[Coordinate, Reads] = {}
        for (owner, name), arguments in self.fields.items():
            unsaid = {one: None if (owner, name) in passed_on else (owner, f"{name}({one}:)") for one in arguments}
            reads = {one: said.get((owner, name, one), unsaid[one]) for one in sorted(arguments)}
            compared = {one: target for one, target in reads.items() if target is not None}
            if compared:
                found[owner, name] = Reads(arguments=compared)
        return found

    def overlay(self, key: str, shape: re.Pattern[str], example: str) -> Iterator[tuple[str, tuple[str, ...], Any]]:
        """The entries of an overlay that name something of the SDL: place, coordinate, value."""
        content = self.content.get(key, {})
        if not isinstance(content, dict):
            self.problem("WRONG_VALUE", key, "is no table", f'write `[{key}]` and below it `"{example}" = "..."`')
            return
        for word, value in content.items():
            place = f"[{key}] {word}"
            match = shape.fullmatch(word)
            if match is None:
                self.problem("WRONG_VALUE", place, f"`{word}` is no coordinate", f'write it as `"{example}"`')
                continue
            owner, name, *argument = match.groups()
            arguments = self.fields.get((owner, name))
            if arguments is None:
                there = sorted(f"{one}.{other}" for one, other in self.fields)
                if there:
                    self.problem("UNKNOWN_FIELD", place, f"`{owner}.{name}` is not in the SDL", near(word, there))
            elif argument and argument[0] not in arguments:
                message = f"`{owner}.{name}` takes no `{argument[0]}`"
                self.problem("UNKNOWN_FIELD", place, message, near(argument[0], arguments) if arguments else "")
            else:
                yield place, (owner, name, *argument), value


def _defined(sdl: str) -> Iterator[tuple[str, FieldDefinitionNode]]:
    """Every field of an SDL, with its type."""
    composite = (
        ObjectTypeDefinitionNode,
        ObjectTypeExtensionNode,
        InterfaceTypeDefinitionNode,
        InterfaceTypeExtensionNode,
    )
    for node in parse(sdl).definitions:
        if isinstance(node, composite):
            for one in node.fields or ():
                yield node.name.value, one


def _fields(sdl: str) -> Iterator[tuple[Coordinate, frozenset[str]]]:
    """Every field of an SDL, with its arguments."""
    for owner, one in _defined(sdl):
        yield (owner, one.name.value), frozenset(item.name.value for item in one.arguments or ())


def _lists(sdl: str) -> Iterator[Coordinate]:
    """The fields that lead to what is labelled as made of a list."""
    made = {owner for owner, one in _defined(sdl) if _structural(one)}
    for owner, one in _defined(sdl):
        leads_to: TypeNode = one.type
        while isinstance(leads_to, NonNullTypeNode):
            leads_to = leads_to.type
        if isinstance(leads_to, NamedTypeNode) and leads_to.name.value in made:
            yield owner, one.name.value


def _structural(field: FieldDefinitionNode) -> bool:
    labels = (one for one in field.directives or () if one.name.value == "label")
    names = [argument.value for one in labels for argument in one.arguments or ()]
    return any(isinstance(name, StringValueNode) and name.value == STRUCTURE for name in names)


def _wrong_url(text: str) -> str:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return "is no address"
    if parts.scheme not in ("http", "https"):
        return "is no address of http or https"
    if not parts.hostname or port == 0 or any(letter <= " " for letter in text):
        return "names no host"
    if parts.username or parts.password:
        return "holds a name or a password, which would stand in logs"
    return "has a fragment, which is not sent" if parts.fragment else ""


def _on_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
