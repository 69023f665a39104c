"""Operation x Profile -> Authorized: what is given of every field, decided once for a document and a profile.

Takes the composed labels, the policy table, the agreements and the transitions of standing; gives a `RuleBook`, from it
the contract schema of a profile, and for each operation an `Authorized`. Nothing is decided per row here. Does no I/O.

entrances  who may enter a source that stands alone as a subgraph, by which keys, and what leads out of it
remotes    supergraph x declared graph -> what follows from remote subgraphs, where they say nothing as little as can be
rulebook   supergraph x policy table x agreements -> RuleBook: the one decision, with its reasons
check      RuleBook x graph -> what the table says that the graph cannot carry out
contract   RuleBook x profile -> the schema that this profile sees
explain    Operation x Profile -> what is given of each field, and what decided it
matrix     RuleBook x graph -> the whole table, field by field
authorize  Operation x Profile -> Authorized; standing flows along the path
agreement  whether a partner's request may be answered today, for the purpose it names
chart      contract x supergraph -> the map of the graph, for people
words      what audiences, standings, classes and effects are called, for people
plans      how much of the plans of his requests a profile is shown
describe   a subgraph's SDL x contract -> the SDL that the profile may see
pseudonym  the secret and a scope -> the key that a profile's pseudonyms are made with
"""

from hub.policy.agreement import check_agreement
from hub.policy.authorize import authorize
from hub.policy.chart import Place, chart
from hub.policy.check import policy_problems, profiles
from hub.policy.contract import contract
from hub.policy.describe import described_sdl
from hub.policy.entrances import Entrances
from hub.policy.explain import Explanation, explain
from hub.policy.plans import plan_sight
from hub.policy.pseudonym import pseudonym_key
from hub.policy.remotes import with_remotes
from hub.policy.rulebook import RuleBook, Verdict, public_rules, rulebook

__all__ = [
    "Entrances",
    "Explanation",
    "Place",
    "RuleBook",
    "Verdict",
    "authorize",
    "chart",
    "check_agreement",
    "contract",
    "described_sdl",
    "explain",
    "plan_sight",
    "policy_problems",
    "profiles",
    "pseudonym_key",
    "public_rules",
    "rulebook",
    "with_remotes",
]
