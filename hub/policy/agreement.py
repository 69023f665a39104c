"""Whether a partner's request may be answered: its agreement is in force today, and the request names its purpose."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from hub.errors import Refused, Shown
from hub.model.graph import Agreement
from hub.model.request import Request
from hub.model.viewer import Audience, Profile


def check_agreement(request: Request, profile: Profile, agreements: Mapping[str, Agreement], today: date) -> None:
    """Raises `Refused` if not. Everybody but partners reads without an agreement.

    The purpose is named to the endpoint that the partner asks; a hub that asks further has seen it.
    """
    if profile.audience is not Audience.PARTNER:
        return
    agreement = agreements.get(profile.agreement or "")
    if agreement is None:
        raise _refused("the token's agreement is none that this endpoint knows", "AGREEMENT_UNKNOWN")
    if today < agreement.valid_from:
        begins = f"{agreement.valid_from:%d/%m/%Y}"
        raise _refused(f"agreement `{agreement.name}` is not in force before {begins}", "AGREEMENT_NOT_YET_VALID")
    if today > agreement.valid_until:
        ended = f"{agreement.valid_until:%d/%m/%Y}"
        raise _refused(f"agreement `{agreement.name}` ended on {ended}", "AGREEMENT_EXPIRED")
    if profile.asserted is None and request.purpose not in agreement.purposes:
        given = "names no purpose" if request.purpose is None else "names a purpose that is not in the agreement"
        known = ", ".join(f"`{word}`" for word in agreement.purposes)
        raise _refused(f"the request {given}: put one of {known} in `extensions.purpose`", "PURPOSE_NOT_AGREED")


def _refused(message: str, code: str) -> Refused:
    return Refused([Shown(message, code=code)])
