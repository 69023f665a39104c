"""Vietnamese names: which spellings are one, in which order people stand, and what a typed name finds.

Takes names as registers and people write them; gives keys that Postgres keeps beside the names, and what a search has
to look for in them. `name_key` of `migrations/population/0004-names.sql` makes the same keys in SQL; a test holds the
two against each other.

A name is taken apart into words, and a word into letters and tones. The letters are plain ones, each with the mark that
makes another letter of it (`ê` is `e|`); the tone is kept beside them, as one of the whole word. So composed and
decomposed text are one name, and so are `Hòa` and `Hoà`. Case, punctuation and the number of spaces do not count.

    words       text -> plain letters and combining marks, words with one space between them
    order_key   the key of a list: TCVN and CLDR order of letters, then of tones
    search_key  the key of a search: without marks, then the marks, letter by letter, then the tones
    query       a typed name -> readings of it, each a range of search keys with what else has to hold

Decided: the order is a stored key and not a collation, because a page needs an order that is total, the same in every
server, and comparable in a row comparison; ICU is not built into every PostgreSQL. It is that of ICU for `vi`, in which
tones count only where the letters of the whole name part are alike; case does not count, ids break ties.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import IntEnum

from hub.domain.identifiers import FormatError

# Between the parts of a key; sorts before a space, so that a name stands before those that go on.
PART = "\x1f"
# Behind every text that begins with what stands before it.
LAST = "\U0010ffff"

MOST_CHARACTERS = 255
MOST_WORDS = 12

# Tones in the order of CLDR and of TCVN: ngang has no mark, then huyền, hỏi, ngã, sắc, nặng.
_TONES = dict(zip("\u0300\u0309\u0303\u0301\u0323", "23456", strict=True))
# Marks that make another letter. Their signs sort behind every plain letter: breve and stroke, circumflex, horn.
_LETTER_MARKS = {"\u0306": "{", "\u0335": "{", "\u0302": "|", "\u031b": "}"}
_OTHER_MARKS = re.compile("[\u0300-\u036f]")
_SIGNS = "{|}~"
# Letters with a stroke have no decomposition. `Ð` and `Ɖ` look like `Đ` and are often typed for it.
_STROKES = str.maketrans(dict.fromkeys("ĐđÐðƉɖ", "d\u0335") | dict.fromkeys("Ƀƀ", "b\u0335"))
_LOWER = {ord(letter): letter.lower() for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
# Whatever is no letter, digit or mark in what people type, with the hyphens and apostrophes of other keyboards.
_BETWEEN = re.compile("[\u0001-\u002f\u003a-\u0060\u007b-\u00a0\u2010-\u2019\u02bc]+")
_TONES_REMOVED = {ord(mark): sign for mark, sign in _LETTER_MARKS.items()} | {ord(mark): None for mark in _TONES}
_NO_TONE = re.compile(f"[^ {''.join(_TONES)}]+")
_TONE_NUMBERS = {ord(mark): number for mark, number in _TONES.items()}
# Letters of other scripts stand for themselves: nobody leaves a mark on them out.
_DOTS = str.maketrans(dict.fromkeys("abcdefghijklmnopqrstuvwxyz0123456789", "."))
_SIGN_OF_LETTER = re.compile(f"[.]([{_SIGNS}])[{_SIGNS}]*")


def words(text: str) -> str:
    """The words of a name: decomposed, in lower case, one space between them."""
    lower = unicodedata.normalize("NFD", text).translate(_LOWER)
    return _BETWEEN.sub(" ", lower.translate(_STROKES)).strip(" ")


def letters(text: str) -> str:
    """Words -> their letters without tones; a sign behind a plain letter makes another of it."""
    return _OTHER_MARKS.sub("~", text.translate(_TONES_REMOVED))


def tones(text: str) -> str:
    """Words -> the tone of each, a digit: 1 for ngang, then 2 to 6. Where a word has several, the first."""
    return "".join(word[:1] or "1" for word in _NO_TONE.sub("", text).split(" ")).translate(_TONE_NUMBERS)


def signs(text: str) -> str:
    """Letters -> the sign of each, a dot where it has none; the spaces stay. Where a letter has several, the first."""
    return _SIGN_OF_LETTER.sub(r"\1", text.translate(_DOTS))


def plain(text: str) -> str:
    """Letters -> without any mark."""
    return text.translate({ord(sign): None for sign in _SIGNS})


def order_key(surname: str, middle_name: str | None, given_name: str) -> str:
    """The place of a person in a list: by given name, then surname, then middle name, as keys that compare as bytes."""
    parts = [words(part or "") for part in (given_name, surname, middle_name)]
    return PART.join(f"{letters(part)}{PART}{tones(part)}" for part in parts)


def search_key(name: str) -> str:
    """A name in some order of its words, as a search finds it."""
    found = words(name)
    return f"{plain(letters(found))}{PART}{signs(letters(found))}{PART}{tones(found)}"


def name_key(surname: str, middle_name: str | None, given_name: str) -> str:
    """The search key of a name as it is written: surname, middle name, given name."""
    return search_key(f"{surname} {middle_name or ''} {given_name}")


def given_key(surname: str, middle_name: str | None, given_name: str) -> str:
    """The search key of a name as lists have it: given name, surname, middle name."""
    return search_key(f"{given_name} {surname} {middle_name or ''}")


class Reading(IntEnum):
    """In which order the words of a query name a person; the first one that fits decides.

    AS_WRITTEN   surname, middle name, given name, or the beginning of that
    GIVEN_FIRST  given name, surname, middle name, or the beginning of that
    GIVEN_LAST   surname, perhaps the beginning of the middle name, and the whole given name
    """

    AS_WRITTEN = 0
    GIVEN_FIRST = 1
    GIVEN_LAST = 2


@dataclass(frozen=True, slots=True)
class Wanted:
    """The names that one reading of a query finds: search keys from `low` to before `high`, that match `marks`.

    low, high  a range of `name_key` for AS_WRITTEN, of `given_key` for the others; empty where the reading has no sense
    marks      a pattern of LIKE for the key: the marks that were typed are there; None if none was typed
    exact      likewise: and there are no others; None if no mark was typed, for then every spelling is as good
    """

    reading: Reading
    low: str
    high: str
    marks: str | None
    exact: str | None


def query(text: str) -> tuple[Wanted, ...]:
    """What a typed name looks for, in each reading. The last word may be the beginning of one.

    A letter typed without a mark finds it with any; a mark that was typed has to be there, the tone anywhere in its
    word. `FormatError` for a text without a letter, or of more than a name can have.
    """
    if len(text) > MOST_CHARACTERS:
        raise FormatError(f"a name of {len(text)} characters was asked for: at most {MOST_CHARACTERS} can be")
    for character in text:
        if character == "\0" or "\ud800" <= character <= "\udfff":
            raise FormatError(f"a name with the character U+{ord(character):04X} was asked for, which no name has")
    typed = words(text).split(" ")
    if not all(plain(letters(word)) for word in typed):
        raise FormatError(f"`{text}` has no letter to look for: type a name, or the beginning of one")
    if len(typed) > MOST_WORDS:
        raise FormatError(f"a name of {len(typed)} words was asked for: at most {MOST_WORDS} can be")
    return tuple(_wanted(reading, typed) for reading in Reading)


def _wanted(reading: Reading, typed: list[str]) -> Wanted:
    whole = reading is Reading.GIVEN_LAST
    if whole and len(typed) == 1:
        return Wanted(reading, "", "", None, None)
    found = " ".join([typed[-1], *typed[:-1]] if whole else typed)
    start, marks, by_word = plain(letters(found)), signs(letters(found)), tones(found)
    # PART and the space are neighbours: behind whole words, the name ends or goes on with another.
    low, high = (start + PART, start + "!") if whole else (start, start + LAST)
    if not set(marks) & set(_SIGNS) and not set(by_word) - {"1"}:
        return Wanted(reading, low, high, None, None)
    any_marks, any_tones = marks.replace(".", "_"), by_word.replace("1", "_")
    # The tone of a word that may be unfinished is perhaps still to be typed.
    as_typed = by_word if whole else by_word[:-1] + any_tones[-1]
    return Wanted(reading, low, high, _pattern(any_marks, any_tones), _pattern(marks, as_typed))


def _pattern(marks: str, by_word: str) -> str:
    """A pattern of LIKE for a search key whose plain letters are known: none of its own signs stands in a key."""
    return f"%{PART}{marks}%{PART}{by_word}%"
