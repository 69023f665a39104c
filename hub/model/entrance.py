"""How a subgraph is entered from outside: the names that the Federation subgraph specification gives, and one more.

A field of a key can be asked in two ways. Under any other response key it is a value, given as the policy says: masked,
or refused. Under `JOIN_KEY` and its own name (`_key_personalId: personalId`) it is what a hub goes on with to the next
source; only a hub that asserts for whom it asks may ask so.

Decided: a response key, because any subgraph understands it, and value and key of one object can be asked together
without being taken for one another. Rejected: giving a trusted caller the bare key under the field's own name, which
would hand an analyst's hub the number where the analyst is to see nothing, or a pseudonym.
"""

from __future__ import annotations

ENTITIES = "_entities"
REPRESENTATIONS = "representations"
SERVICE = "_service"
JOIN_KEY = "_key_"

KeyFields = tuple[str, ...]
