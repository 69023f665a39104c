"""Dated code tables: what a code meant on a day.

Since the mergers of 1 July 2025 codes such as `52` name another province than before (QD 19/2025/QD-TTg against
TT 07/2016/TT-BCA), so a name is always looked up with a date. The tables are `tables/*.csv` with the columns `code`,
`name`, `valid_from`, `valid_to` (the last day, both may be empty), `mark` (`sourced` or `K`, general knowledge),
perhaps `name_en`, and facts of their own (`level` of an object group, `province_code` of a commune).
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from types import MappingProxyType

TABLES = Path(__file__).parent / "tables"

NAMES = (
    "agency",
    "birth_province",
    "commune",
    "ethnic_group",
    "icd10",
    "icd10_chapter",
    "industry",
    "nationality",
    "object_group",
    "province",
    "subject_type",
)

_COMMON = frozenset({"code", "name", "name_en", "valid_from", "valid_to", "mark"})


@dataclass(frozen=True, slots=True)
class Entry:
    """One meaning of a code, valid on the days `valid_from` to `valid_to`; None is open."""

    code: str
    name: str
    name_en: str
    valid_from: date | None
    valid_to: date | None
    mark: str
    facts: Mapping[str, str]

    def valid(self, on: date) -> bool:
        return (self.valid_from is None or self.valid_from <= on) and (self.valid_to is None or on <= self.valid_to)


class CodeTable:
    """A code table; iterating gives every entry ever valid, in the order of the file."""

    __slots__ = ("_by_code", "_entries")

    def __init__(self, entries: tuple[Entry, ...]) -> None:
        self._entries = entries
        by_code: dict[str, tuple[Entry, ...]] = {}
        for entry in entries:
            by_code[entry.code] = (*by_code.get(entry.code, ()), entry)
        self._by_code = by_code

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries)

    def __contains__(self, code: object) -> bool:
        """Whether the code was ever valid."""
        return code in self._by_code

    def entry(self, code: str, on: date) -> Entry | None:
        """The meaning of `code` on that day; None if it had none."""
        for entry in self._by_code.get(code, ()):
            if entry.valid(on):
                return entry
        return None

    def name(self, code: str, on: date) -> str | None:
        """The name of `code` on that day; None if it had none."""
        entry = self.entry(code, on)
        return None if entry is None else entry.name

    def at(self, on: date) -> tuple[Entry, ...]:
        """Every entry valid on that day."""
        return tuple(entry for entry in self._entries if entry.valid(on))


@cache
def table(name: str) -> CodeTable:
    """The code table of that name, one of `NAMES`; `KeyError` otherwise."""
    if name not in NAMES:
        raise KeyError(f"no code table is named `{name}`; there are {', '.join(NAMES)}")
    return CodeTable(tuple(_entry(row) for row in rows(name)))


def rows(name: str) -> list[dict[str, str]]:
    """The rows of one CSV file as they stand."""
    with (TABLES / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _entry(row: Mapping[str, str]) -> Entry:
    return Entry(
        code=row["code"],
        name=row["name"],
        name_en=row.get("name_en", ""),
        valid_from=_day(row["valid_from"]),
        valid_to=_day(row["valid_to"]),
        mark=row["mark"],
        facts=MappingProxyType({key: value for key, value in row.items() if key not in _COMMON}),
    )


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
