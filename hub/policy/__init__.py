"""Operation x Profile -> Authorized: who may read what, decided once for a document and a profile.

Takes the composed labels, the policy table and the transitions of standing; gives a `RuleBook`, from it the contract
schema of an audience, and for each operation an `Authorized`. Nothing is decided per row here. Does no I/O.

rulebook   supergraph x policy table -> RuleBook; a field without a label does not build
contract   RuleBook x audience -> the schema that this audience sees
authorize  Operation x Profile -> Authorized; standing flows along the path
"""

from hub.policy.authorize import authorize
from hub.policy.contract import contract
from hub.policy.rulebook import RuleBook, rulebook

__all__ = ["RuleBook", "authorize", "contract", "rulebook"]
