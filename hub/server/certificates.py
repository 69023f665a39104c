"""Client certificates, as a proxy that ends TLS hands them on: the header `Client-Cert` (RFC 9440).

The header is what anybody can write, so it is believed from the listed proxies alone; a request that carries it from
elsewhere is refused, whatever else it carries. The proxy verifies the chain and drops the header where a client sends
it; the hub looks at the certificate's days, and at the hashes that agreements and tokens are bound to.
"""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization

from hub.cache import Bounded
from hub.errors import Unauthenticated
from hub.server.issuers import Binding

Network = IPv4Network | IPv6Network

_MOST_BYTES = 16_384
_KEPT = 1_024


@dataclass(frozen=True, slots=True)
class Presented:
    """A certificate that a client proved to a proxy that it holds. Times are seconds since 1970."""

    fingerprint: bytes
    spki: bytes
    not_before: float
    not_after: float


class Certificates:
    """Reads what proxies hand on, and says what is bound to it."""

    __slots__ = ("_clock", "_from", "_proxies", "_read", "bindings")

    def __init__(
        self,
        bindings: Sequence[Binding] = (),
        proxies: Collection[Network] = (),
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.bindings = tuple(bindings)
        self._proxies = tuple(proxies)
        self._clock = clock
        self._read: Bounded[bytes, Presented] = Bounded(_KEPT)
        self._from: Bounded[str, bool] = Bounded(_KEPT)

    def presented(self, values: Sequence[bytes], peer: str) -> Presented | None:
        """The certificate of the `Client-Cert` headers of a request that came from `peer`."""
        if not values:
            return None
        if not self._believed(peer):
            raise Unauthenticated("the header `Client-Cert` is taken from this endpoint's own proxies only")
        if len(values) != 1:
            raise Unauthenticated("more than one `Client-Cert` header")
        found = self._read.get(values[0]) or self._read.put(values[0], _read(values[0]))
        now = self._clock()
        if now < found.not_before:
            raise Unauthenticated("the client certificate is not valid yet")
        if now > found.not_after:
            raise Unauthenticated("the client certificate has expired")
        return found

    def agreements(self, presented: Presented) -> Mapping[str, Binding]:
        """What may be read under with this certificate."""
        return {one.agreement: one for one in self.bindings if _matches(one, presented)}

    def check(self, agreement: str, presented: Presented | None) -> None:
        """Refuses what is bound to certificates and comes without one of them."""
        bound = [one for one in self.bindings if one.agreement == agreement]
        if bound and (presented is None or not any(_matches(one, presented) for one in bound)):
            raise Unauthenticated("the agreement is read with its partner's client certificate only")

    def _believed(self, peer: str) -> bool:
        found = self._from.get(peer)
        if found is None:
            found = self._from.put(peer, self._listed(peer))
        return found

    def _listed(self, peer: str) -> bool:
        try:
            address = ip_address(peer)
        except ValueError:
            return False
        # A socket of both kinds shows an IPv4 peer as an IPv6 address.
        plain = getattr(address, "ipv4_mapped", None) or address
        return any(plain in network for network in self._proxies)


def _matches(binding: Binding, presented: Presented) -> bool:
    if binding.spki is not None:
        return binding.spki == presented.spki
    return binding.fingerprint == presented.fingerprint


def _read(value: bytes) -> Presented:
    """The certificate of one header: DER as a byte sequence of structured fields, `:base64:`."""
    text = value.strip(b" \t")
    wrong = Unauthenticated("the header `Client-Cert` is not a certificate as RFC 9440 writes it")
    if len(text) > _MOST_BYTES or len(text) < 2 or not text.startswith(b":") or not text.endswith(b":"):
        raise wrong
    try:
        certificate = x509.load_der_x509_certificate(base64.b64decode(text[1:-1], validate=True))
        key = certificate.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return Presented(
            certificate.fingerprint(hashes.SHA256()),
            hashlib.sha256(key).digest(),
            certificate.not_valid_before_utc.timestamp(),
            certificate.not_valid_after_utc.timestamp(),
        )
    except (ValueError, TypeError, OverflowError, UnsupportedAlgorithm):
        raise wrong from None
