"""What the executor and a source say to each other.

A source turns a fetch into a `Question` once, and answers it for many keys at a time. An answer is text: JSON with
marks where something from elsewhere belongs. A mark is `MARK`, one code character, the key, `MARK`; the code is
`FIRST_CODE` plus the number of the child. None of the marks can occur in JSON text, which escapes control characters.

A mark may have marks inside: what a remote subgraph is handed may come from elsewhere itself, and the parts of a merged
field do. Those inside stand between `INNER` and `INNER_END` and are filled first, the innermost before the others.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, Protocol

import orjson

from hub.model.operation import Argument
from hub.model.plan import Fetch, Hole, Order
from hub.model.viewer import Universe

MARK = "\x01"
KEY_PARTS = "\x02"  # between the parts of a composite key, and between the inputs of a computed field
FAILED = "\x03"  # around the name of a source that did not answer
ABSENT = "\x04"  # a value that must be there and is not: its object becomes null, without an error
TEXT_END = "\x05"  # between the texts of a batch while they are joined
SLOT = "\x08"  # with a code behind it: where something stands that was brought along
FAILURE = re.compile(f"{FAILED}([^{FAILED}]*){FAILED}")
NO_KEY = ""  # under which a question of a root object is answered
INNER = "\x06"
INNER_END = "\x07"
CONTEXT = "\x0e"  # with a code behind it: where something stands that an object above has bound
GIVEN = "\x0f"  # in a key, before each value that is an argument of what is asked
PASSED = "\x10"  # in a key, behind those, before each value that is for further below: it does not matter to the source
FIRST_CODE = 0xE000


@dataclass(frozen=True, slots=True)
class ComputedChild:
    """A mark that a pure function fills."""

    function: Callable[..., object]


@dataclass(frozen=True, slots=True)
class CursorChild:
    """A mark that becomes a sealed cursor of a list; `place` names the list and its order."""

    place: str


@dataclass(frozen=True, slots=True)
class MergedChild:
    """A mark whose parts, each the text of a value, become one value."""

    order: Order


@dataclass(frozen=True, slots=True)
class ListedChild:
    """A mark whose parts become a list, without those that are not there."""


@dataclass(frozen=True, slots=True)
class Argued:
    """A value that a question takes from the arguments of a field. `check` gives it, or raises `Refused`.

    missing  what `check` gets where the client gave nothing
    use      what the value is made into, where the text of the question does not tell
    """

    field: str
    argument: Argument
    check: Callable[[Any], Any] = dataclasses.field(repr=False)
    missing: Any = None
    use: str = ""


QuestionChild = Hole | ComputedChild | CursorChild | MergedChild | ListedChild


class PseudonymKey(Enum):
    """The two blocks of the key that the profile's pseudonyms are made with."""

    INNER = auto()
    OUTER = auto()


@dataclass(frozen=True, slots=True)
class Binding:
    """What ties a list's cursors to its filter and order: a digest of those arguments."""

    arguments: Argument


@dataclass(frozen=True, slots=True)
class Opened:
    """A cursor that the client sends back, opened: the texts of its row's keys. Every bad one is refused alike."""

    place: str
    cursor: Argument
    arguments: Argument


@dataclass(frozen=True, slots=True)
class Sought:
    """One value of several that are read from what a search is asked by; `read` raises `Refused` for what is wrong.

    cursor  of the row that the page begins behind
    use     which value it is
    """

    arguments: Argument
    cursor: Opened | None
    use: str
    read: Callable[[Any, tuple[str, ...] | None], Any] = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Checked:
    """A value that another instance is sent as the client gave it, once it is found to open here as these cursors."""

    sent: Argued
    cursors: tuple[Opened, ...]


Parameter = Argued | PseudonymKey | Binding | Opened | Sought | Checked


@dataclass(frozen=True, slots=True)
class Question:
    """A fetch as its source asks it.

    text        the statement or document, complete but for keys and parameters
    columns     how many texts each key is answered with
    children    what fills the marks, by code
    nested      whether marks may stand inside marks
    reading     what the source itself needs to read an answer
    shaped      how answers are shaped, where the text does not say it: alike only with the same
    passed      what in its texts stands for the values that keys bring for further below, in their order
    varied      how it is best answered hangs on the values of its parameters
    alone       whether it is asked by itself, also of a source that takes several questions at once
    merged      whether the answer that is under way may serve who asks the same in the meantime
    """

    fetch: Fetch
    text: str
    columns: int
    parameters: tuple[Parameter, ...]
    children: tuple[QuestionChild, ...]
    nested: bool = False
    reading: Any = None
    shaped: str = ""
    passed: tuple[str, ...] = ()
    varied: bool = False
    alone: bool = False
    merged: bool = False


Texts = tuple[str, ...]


def context(slot: int) -> str:
    """What stands in a text for what an object above has bound to a slot."""
    return f"{CONTEXT}{chr(FIRST_CODE + slot)}"


def absent(*, nullable: bool, many: bool = False) -> str:
    """What stands where a fetch has no row, or no key to look for one."""
    if nullable:
        return "null"
    return "[]" if many else ABSENT


def failure(source: str, code: str = "", message: str = "", extensions: Mapping[str, Any] | None = None) -> str:
    """What stands where a source failed; what follows its name if there is more to show than that it did."""
    if not code:
        return f"{FAILED}{source}{FAILED}"
    return f"{FAILED}#{orjson.dumps([source, code, message, extensions or {}]).hex()}{FAILED}"


Asked = tuple[Question, tuple[Any, ...], Sequence[str]]


class Source(Protocol):
    """One source of the graph.

    together  how many questions it can be asked at once
    """

    name: str
    together: int

    def question(self, fetch: Fetch) -> Question:
        """Compiles a fetch. Pure."""
        ...

    def readable(self, question: Question) -> str:
        """A question as people read it, with marks as visible signs."""
        ...

    def width(self, universe: Universe) -> int:
        """How many questions of a universe may be under way at once."""
        ...

    async def ask(self, asked: Sequence[Asked]) -> Sequence[Mapping[str, Texts]]:
        """For each question the texts of each key that has a row; raises `SourceUnavailable`."""
        ...

    def resting(self) -> bool:
        """Whether questions fail at once for a while, because too many have failed."""
        ...

    async def ready(self) -> bool:
        """Whether the source answers now."""
        ...

    async def close(self) -> None:
        """Lets go of every connection."""
        ...
