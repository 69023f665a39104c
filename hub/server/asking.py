"""Who asks a subgraph: a hub that asserts for whom, or a reader with a token of his own.

Both come as bearer tokens; the `typ` of a token says which it claims to be, and decides by whose keys it is verified,
so a key of the one can never make the other. A subgraph may trust hubs, an issuer of tokens, or both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import jwt

from hub.assertion import TYPE
from hub.errors import Unauthenticated
from hub.model.viewer import Viewer
from hub.server.asserted import Verifier
from hub.server.identity import Identity
from hub.server.tokens import bearer


class Asking:
    """Says who reads at a subgraph."""

    __slots__ = ("_hub", "_readers")

    def __init__(self, hub: Verifier | None, readers: Identity | None) -> None:
        self._hub = hub
        self._readers = readers

    async def viewer(self, authorization: Sequence[bytes], certificate: Sequence[bytes] = (), peer: str = "") -> Viewer:
        """The viewer of a request, as `Identity.viewer` says, or `Unauthenticated`."""
        if authorization and _claims_to_be_a_hub(token := bearer(authorization)):
            if self._hub is None:
                raise Unauthenticated("this endpoint takes the assertions of no hub")
            found = self._hub.read(token)
            return Viewer(replace(found.profile, asserted=found.standing), name="hub")
        if self._readers is None:
            bearer(authorization)  # says first what is missing at all
            raise Unauthenticated("this endpoint takes the assertions of a hub only, and no reader's own token")
        return await self._readers.viewer(authorization, certificate, peer)


def _claims_to_be_a_hub(token: bytes) -> bool:
    try:
        return jwt.get_unverified_header(token).get("typ") == TYPE
    except (jwt.PyJWTError, ValueError, TypeError, ArithmeticError, RecursionError):
        return False
