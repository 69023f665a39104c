"""The graph: the four registers behind the electronic social insurance book, as Federation subgraphs.

Every field is declared once, on one line: its type, its column, its label and what it says. One file a source.

labels      what kinds of information there are
scalars     dates, months, money and numbers as the field writes them
values      objects that stand in rows of several sources: provinces, addresses, codes with their names
enums       closed lists of codes
population  groups 1 and 2 of Decree 164/2025: the person and how to reach him
household   group 3
insurance   groups 4, 5 and 6: social, health and unemployment insurance, and the book
employer    group 7, and medical facilities
policy.toml who may read which label
agreements  what partner ministries may read, for what and how long
remotes     subgraphs in other processes, beside these registers or in place of one

`graph()` is what the hub loads.
"""

from __future__ import annotations

from pathlib import Path

from hub.authoring import declare, read_agreements, read_policy, read_remotes
from hub.model.graph import DeclaredGraph
from schema.employer import employer
from schema.household import household
from schema.insurance import insurance
from schema.labels import Labels
from schema.population import population


def graph(
    remotes: Path | None = None, policy_file: Path | None = None, agreements_folder: Path | None = None
) -> DeclaredGraph:
    """The declared graph, or `BuildFailed` with everything that is wrong with it. Paths stand in for those in here."""
    here = Path(__file__).parent
    sources = [population, household, insurance, employer]
    labels = [label.value for label in Labels]
    policy, wrong = read_policy(policy_file or here / "policy.toml", labels)
    agreements, wrong_too = read_agreements(agreements_folder or here / "agreements", labels)
    beside, wrong_there = read_remotes(remotes or here / "remotes", labels, [source.name for source in sources])
    return declare(sources, policy, agreements, [*wrong, *wrong_too, *wrong_there], beside)
