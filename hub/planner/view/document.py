"""Description -> JSON values, as `extensions.plan` has them. What is not said has no key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hub.model.description import Asked, DescribedFetch, Description, Root, Run


def document(plan: Description) -> dict[str, Any]:
    """The plan as values that JSON has."""
    return {
        "steps": len(plan.steps),
        "serial": plan.serial,
        "answer": [_root(root) for root in plan.roots],
        "fetches": [_fetch(fetch) for fetch in plan.fetches],
    }


def _root(root: Root) -> dict[str, Any]:
    return {"key": root.key, "from": list(root.fetches)}


def _fetch(fetch: DescribedFetch) -> dict[str, Any]:
    found: dict[str, Any] = {
        "number": fetch.number,
        "step": fetch.step,
        "source": fetch.source,
        "type": fetch.type,
        "by": list(fetch.key),
        "paths": list(fetch.paths),
        "waitsFor": list(fetch.waits_for),
        "togetherWith": fetch.together_with,
        "universe": fetch.universe,
        "asks": [_asked(one) for one in fetch.asks],
        "question": fetch.question,
        "run": _run(fetch.run) if fetch.run is not None else None,
    }
    return _said(found)


def _asked(asked: Asked) -> dict[str, Any]:
    found: dict[str, Any] = {
        "field": asked.name or None,
        "as": asked.key if asked.key != asked.name and asked.key else None,
        "on": asked.on or None,
        "effect": asked.effect or None,
        "slot": f"${asked.slot}" if asked.slot is not None else None,
        "takes": {name: f"${slot}" for name, slot in asked.takes} or None,
        "from": asked.fetch,
        "by": list(asked.by) or None,
        "with": [f"${slot}" for slot in asked.brings] or None,
        "merged": asked.merged or None,
        "broughtAlong": asked.handed or None,
        "asks": [_asked(one) for one in asked.below] or None,
    }
    return _said(found)


def _run(run: Run) -> dict[str, Any]:
    found: dict[str, Any] = {
        "rows": run.rows,
        "milliseconds": round(run.milliseconds, 3) if run.milliseconds is not None else None,
        "questions": run.questions,
        "keys": run.keys,
        "found": run.found,
        "oneWith": run.one_with,
    }
    return _said(found)


def _said(found: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in found.items() if value is not None}
