"""Reads the agreements with partner ministries: one file each, `<name>.toml`.

    partner = "Bộ Y tế (Ministry of Health)"
    contact = "cntt@example.vn"
    valid_from = 2026-01-01
    valid_until = 2027-12-31                   its last day
    classes = ["civilian"]                     the records it covers; civilian ones always
    labels = ["NAME", "BIRTH"]                 every field with such a label
    fields = ["Query.person", "Person.sex"]    and these
    [purposes]                                 a request names one of them
    card-check = "Kiểm tra thẻ BHYT khi khám chữa bệnh (checking a card at a visit)"

What the file says of itself is checked here; whether its fields exist, lead anywhere and are for partners at all, is
checked against the composed graph (`hub.policy`).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from hub.authoring.policy import near
from hub.errors import Problem
from hub.model.graph import Agreement
from hub.model.viewer import RecordClass, Universe

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")

_KEYS = ("partner", "contact", "valid_from", "valid_until", "classes", "labels", "fields", "purposes")
_OPTIONAL = ("labels", "fields")
_FIELD = re.compile(r"([A-Za-z]\w*)\.([A-Za-z]\w*)")


def read_agreements(folder: Path, labels: Iterable[str]) -> tuple[Mapping[str, Agreement], list[Problem]]:
    """Every agreement of a folder by its name, and everything that is wrong with the files."""
    known = frozenset(labels)
    found: dict[str, Agreement] = {}
    problems: list[Problem] = []
    for path in sorted(folder.glob("*.toml")):
        reader = _Reader(path, known)
        agreement = reader.agreement()
        problems += reader.problems
        if agreement is not None:
            found[agreement.name] = agreement
    return found, problems


class _Reader:
    """Reads one file and collects what is wrong with it."""

    def __init__(self, path: Path, labels: frozenset[str]) -> None:
        self.path = path
        self.labels = labels
        self.problems: list[Problem] = []
        self.content: Mapping[str, Any] = {}

    def problem(self, code: str, key: str, message: str, suggestion: str = "") -> None:
        place = f"{self.path.name} {key}".strip()
        self.problems.append(Problem(f"AGREEMENT_{code}", place, message, suggestion))

    def agreement(self) -> Agreement | None:
        """The agreement, or None if anything is wrong with it: half an agreement is none."""
        try:
            self.content = tomllib.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            self.problem("UNREADABLE", "", str(error))
            return None
        if not NAME.fullmatch(self.path.stem):
            message = f"`{self.path.stem}` is no name of an agreement"
            self.problem("NAME", "", message, "name the file with small letters, digits and hyphens")
        for key in sorted(self.content.keys() - set(_KEYS)):
            self.problem("UNKNOWN_KEY", key, f"`{key}` is nothing that an agreement says", near(key, _KEYS))
        for key in _KEYS:
            if key not in self.content and key not in _OPTIONAL:
                self.problem("MISSING_KEY", key, "is missing", "every agreement says it")
        made = Agreement(
            name=self.path.stem,
            partner=self.get("partner", self.text, ""),
            contact=self.get("contact", self.text, ""),
            purposes=self.get("purposes", self.purposes, {}),
            valid_from=self.get("valid_from", self.day, date.min),
            valid_until=self.get("valid_until", self.day, date.max),
            universe=self.get("classes", self.classes, Universe.CIVILIAN),
            labels=self.get("labels", self.known_labels, frozenset()),
            fields=self.get("fields", self.coordinates, frozenset()),
        )
        if made.valid_until < made.valid_from:
            message = f"ends on {made.valid_until:%d/%m/%Y}, before it begins on {made.valid_from:%d/%m/%Y}"
            self.problem("PERIOD", "valid_until", message)
        if not made.labels and not made.fields:
            self.problem("EMPTY", "", "shares nothing", "name `labels` or `fields`")
        return None if self.problems else made

    def get(self, key: str, read: Callable[[str, Any], Any], default: Any) -> Any:
        return read(key, self.content[key]) if key in self.content else default

    def text(self, key: str, value: Any) -> str:
        if isinstance(value, str) and value.strip():
            return value.strip()
        self.problem("WRONG_VALUE", key, f"`{value}` is no text", 'write it in quotes: "..."')
        return ""

    def day(self, key: str, value: Any) -> date:
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        self.problem("WRONG_VALUE", key, f"`{value}` is no day", "write it as 2026-01-31, without quotes")
        return date.min if key == "valid_from" else date.max

    def words(self, key: str, value: Any) -> list[str]:
        if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
            self.problem("WRONG_VALUE", key, "is no list of words", 'write `["...", "..."]`')
            return []
        for word in sorted({word for word in value if value.count(word) > 1}):
            self.problem("TWICE", key, f"`{word}` stands there twice", "remove one")
        return value

    def classes(self, key: str, value: Any) -> Universe:
        words = self.words(key, value)
        for word in words:
            if word not in tuple(RecordClass):
                self.problem("UNKNOWN_CLASS", key, f"`{word}` is no record class", near(word, RecordClass))
        universe = next((one for one in Universe if set(one.classes) == set(words)), None)
        if universe is None and all(word in tuple(RecordClass) for word in words):
            self.problem("CLASSES", key, "civilian records are part of every agreement", 'add "civilian"')
        return universe or Universe.CIVILIAN

    def known_labels(self, key: str, value: Any) -> frozenset[str]:
        words = self.words(key, value)
        for word in words:
            if word not in self.labels:
                self.problem("UNKNOWN_LABEL", key, f"`{word}` is no label", near(word, self.labels))
        return frozenset(words)

    def coordinates(self, key: str, value: Any) -> frozenset[tuple[str, str]]:
        found = set()
        for word in self.words(key, value):
            match = _FIELD.fullmatch(word)
            if match is None:
                self.problem("WRONG_VALUE", key, f"`{word}` is no field", "write it as `Person.fullName`")
            else:
                found.add((match[1], match[2]))
        return frozenset(found)

    def purposes(self, key: str, value: Any) -> Mapping[str, str]:
        if not isinstance(value, dict) or not value:
            self.problem("WRONG_VALUE", key, "names no purpose", 'write `[purposes]` and below it `word = "..."`')
            return {}
        for word, says in value.items():
            if not NAME.fullmatch(word):
                message = f"`{word}` is no word for a purpose"
                self.problem("NAME", key, message, "use small letters, digits and hyphens")
            self.text(f"{key}.{word}", says)
        return value
