"""The set of requests that would hurt: name -> document. Each is refused; by which limit, its code says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Attack:
    """A request that is to be refused."""

    name: str
    document: str
    variables: Mapping[str, Any] = field(default_factory=dict)


def attacks() -> tuple[Attack, ...]:
    """All of them."""
    return tuple(_attacks())


def _attacks() -> Iterator[Attack]:
    person = 'person(personalId: "001190900002")'
    yield Attack("a thousand aliases", f"{{ {' '.join(f'a{n}: {person} {{ id }}' for n in range(1_000))} }}")
    yield Attack("101 aliases, within all other limits", f"{{ {' '.join(f'a{n}: __typename' for n in range(101))} }}")
    yield Attack("ten thousand repeated fields", f"{{ {person} {{ {'id ' * 10_000}}} }}")
    yield Attack("repeated objects in each other", f"{{ {_repeated(5, 4)} }}")
    yield Attack("a flood of directives", f"{{ __typename {'@skip(if: false) ' * 3_000}}}")
    yield Attack("a flood of unknown directives", f"{{ __typename {'@x ' * 101}}}")
    yield Attack("a bomb of fragments", _bomb(99))
    yield Attack("circular fragments", _circle(90))
    yield Attack("fragments that spread all others", _everything(40))
    yield Attack("200,000 comments", "#\n" * 200_000 + "{ __typename }")
    yield Attack("comments within the limit of characters", "#\n" * 24_000 + "{ __typename }")
    yield Attack(
        "a value deep in lists", f"{{ {person.replace('001190900002', '')[:-3]}{'[' * 900}{']' * 900}) {{ id }} }}"
    )
    yield Attack("a thousand variables", f"query ({' '.join(f'$v{n}: Int' for n in range(1_000))}) {{ __typename }}")
    yield Attack("a variable deep in objects", _FILTER, {"w": _deep(400)})
    yield Attack("introspection in itself", f"{{ __schema {{ types {_nested('fields { type', 12)} }} }}")
    yield Attack("introspection fifty times", _introspections(50))
    yield Attack("lists whose product explodes", _PAGES)
    yield Attack("a text without an end", f'{{ person(personalId: "{"x" * 49_000}')
    yield Attack("a thousand operations", " ".join(f"query Q{n} {{ __typename }}" for n in range(1_000)))


_FILTER = "query ($w: EmployerFilter) { employers(first: 1, where: $w) { nodes { name } } }"
_PAGES = (
    "{ employers(first: 500) { nodes { participants(first: 500) { nodes {"
    " contributions(first: 500) { nodes { fromMonth } } } } } } }"
)


def _deep(levels: int) -> Mapping[str, Any]:
    found: dict[str, Any] = {"name": {"eq": "x"}}
    for _ in range(levels):
        found = {"not": found}
    return found


def _repeated(width: int, depth: int) -> str:
    inner = "id"
    for _ in range(depth):
        inner = f"household {{ members {{ person {{ {inner} }} }} }} " * width
    return inner


def _bomb(size: int) -> str:
    fragments = " ".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(size - 1))
    return f"{{ ...F0 }} {fragments} fragment F{size - 1} on Query {{ __typename }}"


def _circle(size: int) -> str:
    return "{ ...F0 } " + " ".join(f"fragment F{n} on Query {{ ...F{(n + 1) % size} }}" for n in range(size))


def _everything(size: int) -> str:
    fragments = (
        f"fragment F{n} on Query {{ a: __typename {' '.join(f'...F{other}' for other in range(n + 1, size))} }}"
        for n in range(size)
    )
    return f"{{ ...F0 }} {' '.join(fragments)}"


def _nested(part: str, times: int) -> str:
    return "".join(f"{{ {part} " for _ in range(times)) + "{ name }" + " } }" * times


def _introspections(times: int) -> str:
    look = "__schema { types { fields { args { type { name } } type { fields { type { name } } } } } }"
    return f"{{ {' '.join(f'a{n}: {look}' for n in range(times))} }}"
