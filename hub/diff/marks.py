"""What stands on an element beside its meaning: descriptions, deprecations, tags, protections.

Takes both sides of one element, or all directives of both graphs; gives changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from hub.diff.change import Change, Level
from hub.diff.published import Published
from hub.model.supergraph import AppliedDirective

_ACCESS = ("authenticated", "requiresScopes", "policy")


def described_changes(old: str | None, new: str | None, where: str) -> Iterator[Change]:
    """A description that is new, gone or another."""
    if (old or "") != (new or ""):
        how = "is new" if not old else "is gone" if not new else "has changed"
        yield Change(Level.SAFE, "DESCRIPTION_CHANGED", where, f"the description {how}")


def deprecated_changes(old: str | None, new: str | None, where: str) -> Iterator[Change]:
    """A deprecation that is new, gone or has another reason."""
    if old is None and new is not None:
        yield Change(Level.SAFE, "DEPRECATED", where, f"it is deprecated: {new}")
    elif new is None and old is not None:
        yield Change(Level.SAFE, "NO_LONGER_DEPRECATED", where, "it is no longer deprecated")
    elif old != new:
        yield Change(Level.SAFE, "DEPRECATION_CHANGED", where, f"the reason of the deprecation is: {new}")


def mark_changes(old: Published, new: Published, both: frozenset[str]) -> Iterator[Change]:
    """Tags and protections of the elements that both sides show."""
    for where in both & (old.applied.keys() | new.applied.keys()):
        before, after = old.applied.get(where, ()), new.applied.get(where, ())
        yield from _tags(_tagged(before), _tagged(after), where)
        for name in _ACCESS:
            yield from _access(_arguments(before, name), _arguments(after, name), name, where)


def _tagged(applied: tuple[AppliedDirective, ...]) -> frozenset[str]:
    return frozenset(str(each.arguments.get("name")) for each in applied if each.name == "tag")


def _tags(old: frozenset[str], new: frozenset[str], where: str) -> Iterator[Change]:
    for name in old - new:
        message = f"the tag `{name}` is gone"
        yield Change(Level.SAFE, "TAG_REMOVED", where, message, "look at the contracts that select by it")
    for name in new - old:
        message = f"the tag `{name}` is new"
        yield Change(Level.SAFE, "TAG_ADDED", where, message, "look at the contracts that select by it")


def _arguments(applied: tuple[AppliedDirective, ...], name: str) -> Mapping[str, object] | None:
    return next((each.arguments for each in applied if each.name == name), None)


def _access(
    old: Mapping[str, object] | None, new: Mapping[str, object] | None, name: str, where: str
) -> Iterator[Change]:
    if old == new:
        return
    if new is None:
        message = f"`@{name}` is gone: more readers are given it"
        advice = "make sure that everybody may read it"
        yield Change(Level.DANGEROUS, "ACCESS_WIDENED", where, message, advice)
    else:
        message = f"`@{name}` is new" if old is None else f"`@{name}` asks for something else"
        advice = "tell the owners of operations that read it: those without it are given null"
        yield Change(Level.DANGEROUS, "ACCESS_CHANGED", where, message, advice)
