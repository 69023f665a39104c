"""What the tests of the engine know of the country they run on, and of its graph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from graphql import GraphQLSchema

import schema
from hub.authoring import read_agreements
from hub.demo.country.sample import Sample
from hub.model.graph import DeclaredGraph
from hub.model.viewer import Audience, Profile, Universe
from hub.settings import Settings, SourceDsns
from tests.engine.oracle import Knowledge, Tables
from tests.engine.rules import Masks, Rules

SECRET = b"the tests make pseudonyms with this"
PURPOSE = "card-check"
COPY = "_copy"

_SCHEMA = Path(schema.__file__).parent
_AGREEMENTS = Path(__file__).parent / "agreements"


@dataclass(frozen=True, slots=True)
class Country:
    """Where the country is: as its owner, as the hub reads it, and who its sample people are."""

    owner_dsns: Mapping[str, str]
    settings: Settings
    sample: Sample

    def copy(self) -> Country:
        """The same country in the second set of databases."""
        dsns = {
            source: {universe: _of_copy(dsn, source) for universe, dsn in found.items()}
            for source, found in self.settings.dsns.by_source.items()
        }
        owner_dsns = {source: _of_copy(dsn, source) for source, dsn in self.owner_dsns.items()}
        return Country(owner_dsns, replace(self.settings, dsns=SourceDsns(dsns)), self.sample)


def _of_copy(dsn: str, source: str) -> str:
    assert f"@/{source}?" in dsn
    return dsn.replace(f"@/{source}?", f"@/{source}{COPY}?")


def load_graph() -> DeclaredGraph:
    """The declared graph, with agreements beside its own that bring partners to every cell of the table."""
    declared = schema.graph()
    more, wrong = read_agreements(_AGREEMENTS, declared.policy.labels)
    assert not wrong
    return replace(declared, agreements={**declared.agreements, **more})


def read_rules(declared: DeclaredGraph) -> Rules:
    """The rules of the graph as the tests read them."""
    agreements = sorted([*(_SCHEMA / "agreements").glob("*.toml"), *_AGREEMENTS.glob("*.toml")])
    return Rules(_SCHEMA / "policy.toml", agreements, [one.sdl for one in declared.subgraphs])


def read_knowledge(declared: DeclaredGraph, api: GraphQLSchema, tables: Tables) -> Knowledge:
    """What oracles of this country know."""
    return Knowledge(api, tables, read_rules(declared), Masks(SECRET))


def _citizen(own: Universe) -> Profile:
    return Profile(Audience.CITIZEN, own=own)


def _partner(agreement: str, covers: Universe) -> Profile:
    return Profile(Audience.PARTNER, others=covers, agreement=agreement)


PROFILES: Mapping[str, Profile] = {
    "citizen": _citizen(Universe.CIVILIAN),
    "soldier": _citizen(Universe.DEFENCE),
    "policeman": _citizen(Universe.PUBLIC_SECURITY),
    "citizen cleared for all of his own": _citizen(Universe.ALL),
    "officer": Profile(Audience.OFFICER),
    "officer cleared for defence": Profile(Audience.OFFICER, others=Universe.DEFENCE),
    "officer cleared for public security": Profile(Audience.OFFICER, others=Universe.PUBLIC_SECURITY),
    "officer cleared for all": Profile(Audience.OFFICER, others=Universe.ALL),
    "analyst": Profile(Audience.ANALYST, project="ageing"),
    "analyst of another project": Profile(Audience.ANALYST, project="wages"),
    "health ministry": _partner("health-ministry", Universe.CIVILIAN),
    "partner of everything": _partner("everything", Universe.ALL),
    "partner for service pensions": _partner("service-pensions", Universe.DEFENCE),
    "defence officer": Profile(Audience.DEFENCE_OFFICER, others=Universe.DEFENCE),
    "defence officer cleared for all": Profile(Audience.DEFENCE_OFFICER, others=Universe.ALL),
    "security officer": Profile(Audience.SECURITY_OFFICER, others=Universe.PUBLIC_SECURITY),
    "security officer cleared for all": Profile(Audience.SECURITY_OFFICER, others=Universe.ALL),
}
"""Every kind of reader, with every clearance it can have."""

UNCLEARED = tuple(name for name, one in PROFILES.items() if {one.own, one.others} == {Universe.CIVILIAN})
CLEARED = tuple(name for name in PROFILES if name not in UNCLEARED)
