"""The calendar of the country: its today, and days and months as numbers with their ISO 8601 texts at hand.

A day is its proleptic ordinal (`date.toordinal`), a month is `year * 12 + month - 1`. The country stands still on
`TODAY`, so that a seed gives the same data whenever it is asked.
"""

from __future__ import annotations

from datetime import date, timedelta

TODAY = date(2026, 11, 1)
NOW = TODAY.toordinal()
NOW_MONTH = TODAY.year * 12 + TODAY.month - 1
YEAR = TODAY.year

_FIRST = date(1900, 1, 1)
_BASE = _FIRST.toordinal()
_DAYS = tuple((_FIRST + timedelta(days=n)).isoformat() for n in range(73_400))
_FIRST_MONTH = 1900 * 12
_MONTHS = tuple(f"{1900 + n // 12:04}-{n % 12 + 1:02}" for n in range(12 * 200))
_STARTS = tuple(date(1900 + n // 12, n % 12 + 1, 1).toordinal() for n in range(12 * 200))


def day(ordinal: int) -> str:
    """The text of a day."""
    return _DAYS[ordinal - _BASE]


def month(number: int) -> str:
    """The text of a month."""
    return _MONTHS[number - _FIRST_MONTH]


def first_day(number: int) -> int:
    """The first day of a month."""
    return _STARTS[number - _FIRST_MONTH]


def month_of(ordinal: int) -> int:
    """The month a day is in."""
    text = _DAYS[ordinal - _BASE]
    return int(text[:4]) * 12 + int(text[5:7]) - 1


def ordinal(year: int, month_of_year: int, day_of_month: int) -> int:
    """The number of a day."""
    return date(year, month_of_year, day_of_month).toordinal()


def age(birth: int, on: int = NOW) -> int:
    """Full years of life, to the day within leap-year rounding."""
    return (on - birth) * 400 // 146_097
