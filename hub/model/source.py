"""What the executor and a source say to each other.

A source turns a fetch into a `Question` once, and answers it for many keys at a time. An answer is text: JSON with
marks where something from elsewhere belongs. A mark is `MARK`, one code character, the key, `MARK`; the code is
`FIRST_CODE` plus the number of the child. None of the marks can occur in JSON text, which escapes control characters.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from hub.model.operation import Argument
from hub.model.plan import Fetch, Hole
from hub.model.viewer import Universe

MARK = "\x01"
KEY_PARTS = "\x02"  # between the parts of a composite key, and between the inputs of a computed field
FAILED = "\x03"  # around the name of a source that did not answer
ABSENT = "\x04"  # a value that must be there and is not: its object becomes null, without an error
TEXT_END = "\x05"  # between the texts of a batch while they are joined
FIRST_CODE = 0xE000


@dataclass(frozen=True, slots=True)
class ComputedChild:
    """A mark that a pure function fills."""

    function: Callable[..., object]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A value that a question takes from the arguments of a field. `check` gives it, or raises `Refused`."""

    field: str
    argument: Argument
    check: Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Question:
    """A fetch as its source asks it.

    text        the statement or document, complete but for keys and parameters
    columns     how many texts each key is answered with
    children    what fills the marks, by code
    """

    fetch: Fetch
    text: str
    columns: int
    parameters: tuple[Parameter, ...]
    children: tuple[Hole | ComputedChild, ...]


Texts = tuple[str, ...]


def absent(*, nullable: bool, many: bool = False) -> str:
    """What stands where a fetch has no row, or no key to look for one."""
    if nullable:
        return "null"
    return "[]" if many else ABSENT


class Source(Protocol):
    """One source of the graph."""

    name: str

    def question(self, fetch: Fetch) -> Question:
        """Compiles a fetch. Pure."""
        ...

    def width(self, universe: Universe) -> int:
        """How many questions of a universe may be under way at once."""
        ...

    async def ask(self, question: Question, parameters: tuple[Any, ...], keys: Sequence[str]) -> Mapping[str, Texts]:
        """The texts of each key that has a row; raises `SourceUnavailable`."""
        ...

    async def ready(self) -> bool:
        """Whether the source answers now."""
        ...

    async def close(self) -> None:
        """Lets go of every connection."""
        ...
