"""Faults by which a reader learns of fields, types and classes that are not for him; none depends on the data."""

from __future__ import annotations

import importlib
from dataclasses import replace
from typing import Any

import pytest
from graphql import GraphQLSchema, validate

from hub.engine import Built, Engine
from hub.model.effect import Effect
from hub.model.viewer import Profile
from hub.policy import RuleBook
from tests.noninterference.planting import CONTRACT, ERRORS, Catalogue

LEAKS = Catalogue()
leak = LEAKS.leak

contracts = importlib.import_module("hub.policy.contract")
preparing = importlib.import_module("hub.operation.prepare")
engines = importlib.import_module("hub.engine")


@leak("a contract is kept for readers of every kind", CONTRACT)
def _(patch: pytest.MonkeyPatch) -> None:
    real = Engine.contract
    kept: dict[int, GraphQLSchema] = {}

    def contract(self: Engine, *of: Any) -> GraphQLSchema:
        return kept.get(id(self)) or kept.setdefault(id(self), real(self, *of))

    patch.setattr(Engine, "contract", contract)


@leak("fields are refused after the whole graph was shown", CONTRACT)
def _(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Built, "contract", lambda self, *_: self.supergraph.api)


@leak("introspection answers for the whole graph", CONTRACT)
def _(patch: pytest.MonkeyPatch) -> None:
    real_execute, real_contract = engines.execute_sync, Built.contract
    whole: list[GraphQLSchema] = []

    def contract(self: Built, *of: Any) -> GraphQLSchema:
        whole.append(self.supergraph.api)
        return real_contract(self, *of)

    patch.setattr(Built, "contract", contract)
    patch.setattr(engines, "execute_sync", lambda _, *rest, **more: real_execute(whole[-1], *rest, **more))


@leak("suggestions are drawn from the whole graph", CONTRACT)
def _(patch: pytest.MonkeyPatch) -> None:
    real = Built.contract
    whole: list[GraphQLSchema] = []

    def contract(self: Built, *of: Any) -> GraphQLSchema:
        whole.append(self.supergraph.api)
        return real(self, *of)

    def suggested(schema: GraphQLSchema, document: Any, *rules: Any, **more: Any) -> Any:
        known = {str(error.locations): error for error in validate(whole[-1], document)}
        return [known.get(str(error.locations), error) for error in validate(schema, document, *rules, **more)]

    patch.setattr(Built, "contract", contract)
    patch.setattr(preparing, "validate", suggested)


@leak("a type stays when its last field is gone", CONTRACT)
def _(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(contracts, "_reachable", lambda kept, _: set(kept))
    real = contracts._Pruning.definitions
    patch.setattr(contracts._Pruning, "definitions", lambda self, known: {**known, **real(self, known)})


@leak("a label that is denied is shown to one audience", CONTRACT)
def _(patch: pytest.MonkeyPatch) -> None:
    real = contracts._Pruning.visible
    patch.setattr(
        contracts._Pruning,
        "visible",
        lambda self, where: where[1] in ("fullName", "diagnosis") or real(self, where),
    )


@leak("a description names the classes", CONTRACT)
def _(patch: pytest.MonkeyPatch) -> None:
    real = contracts.print_schema
    patch.setattr(
        contracts,
        "print_schema",
        lambda schema: real(schema).replace("Full name", "Full name, unless a defence record"),
    )


@leak("the class of a row is a field", CONTRACT)
def _(patch: pytest.MonkeyPatch) -> None:
    real_visible = contracts._Pruning.visible
    patch.setattr(
        contracts._Pruning, "visible", lambda self, where: where[1] == "recordClass" or real_visible(self, where)
    )


@leak("an unknown field is told from a forbidden one", ERRORS)
def _(patch: pytest.MonkeyPatch) -> None:
    real = preparing.shown
    names: set[str] = set()
    labelled = RuleBook.standing_after

    def noted(self: RuleBook, *arguments: Any) -> Any:
        names.update(name for _, name in self.labels)
        return labelled(self, *arguments)

    def shown(error: Any, code: str) -> Any:
        found = real(error, code)
        if any(f"'{name}'" in found.message for name in names):
            found.message = found.message.replace("Cannot query", "You may not query")
        return found

    patch.setattr(RuleBook, "standing_after", noted)
    patch.setattr(preparing, "shown", shown)


@leak("a refusal names the universe it was made for", ERRORS)
def _(patch: pytest.MonkeyPatch) -> None:
    real = preparing.shown

    def shown(error: Any, code: str) -> Any:
        found = real(error, code)
        found.message += " in hub_civilian"
        return found

    patch.setattr(preparing, "shown", shown)


@leak("an enum value of another class is in the schema", CONTRACT)
def _(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(contracts._Pruning, "occurs", lambda self, enum, value: True)


@leak("a look-up is offered by what is denied or masked", CONTRACT)
def _(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(RuleBook, "comparable", lambda *_: True)


@leak("an agreement is not looked at", CONTRACT)
def _(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(RuleBook, "_agreed", lambda *_: (Effect.SHOW, ""))


@leak("a partner reads by the agreement of another", CONTRACT)
def _(patch: pytest.MonkeyPatch) -> None:
    real = RuleBook._agreed

    def agreed(self: RuleBook, profile: Profile, *rest: Any) -> Any:
        return real(self, replace(profile, agreement="everything"), *rest)

    patch.setattr(RuleBook, "_agreed", agreed)
