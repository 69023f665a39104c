"""What a hub asserts (`hub.assertion`) -> profile and standing, for a source that stands alone as a subgraph.

Denies by default, as `hub.server.identity` does: an assertion is taken from the one hub whose keys are known, for this
subgraph, for a minute, and only if its claims go together and this instance serves what they clear for.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from hub.assertion import SECONDS, TYPE
from hub.cache import Bounded
from hub.errors import Unauthenticated
from hub.model.viewer import Asserted, Served, Standing, Universe, standings
from hub.server.identity import does_not_go, profile_of
from hub.server.keys import KeySet
from hub.server.tokens import LEEWAY, member, opened, verified_claims

_KEPT = 1_024


class Verifier:
    """Reads the assertions of one hub to one subgraph, and remembers the good ones until they expire.

    served  what this instance serves at all; without it no agreement is known and no scope counts
    """

    __slots__ = ("_clock", "_issuer", "_key_set", "_seen", "_served", "_source")

    def __init__(
        self,
        key_set: KeySet,
        issuer: str,
        source: str,
        served: Served | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._key_set = key_set
        self._issuer = issuer
        self._source = source
        self._served = served or Served()
        self._clock = clock
        self._seen: Bounded[bytes, tuple[Asserted, float]] = Bounded(_KEPT)

    def read(self, token: bytes) -> Asserted:
        """What the token asserts, or `Unauthenticated`."""
        seen = self._seen.get(token)
        if seen is None or self._clock() >= seen[1]:
            seen = self._seen.put(token, self._verify(token))
        return seen[0]

    def _verify(self, token: bytes) -> tuple[Asserted, float]:
        said = opened(token)
        key = self._key_set.keys.get(said.kid)
        claims = verified_claims(
            token, said, key, issuer=self._issuer, audience=self._source, required=["iat"], kind=TYPE
        )
        if float(claims["exp"]) - float(claims["iat"]) > SECONDS:
            raise Unauthenticated(f"the token is good for longer than {SECONDS} seconds")
        return asserted_of(claims, self._served), float(claims["exp"]) + LEEWAY


def asserted_of(claims: Mapping[str, Any], served: Served) -> Asserted:
    """Profile and standing of verified claims."""
    found = Asserted(profile_of(claims, served), member(claims, "hub_standing", Standing))
    audience = found.profile.audience
    if found.standing not in standings(audience):
        raise does_not_go("hub_standing", audience)
    universe = member(claims, "hub_universe", Universe)
    # What a citizen reads of himself is narrowed to what this instance serves, and to nothing else.
    narrowed = found.standing is Standing.SELF and universe not in served.universes
    if universe is not found.universe and not narrowed:
        raise Unauthenticated("the token's `hub_universe` does not follow from its other claims")
    return found
