"""Bytes of an answer -> the same, compressed with gzip.

Decided: the fastest level of gzip, which every client and proxy reads, and only for answers that are large enough and
clients that ask; what is sent as it is takes no further step. Large answers are compressed in a thread: the library
lets go of the interpreter while it works, so other requests go on. Rejected: brotli and zstandard, each one more
library for a few per cent of size.

Compression makes the length of an answer depend on what repeats in it (BREACH, CRIME). To use that, an attacker has to
make a reader's own client ask for the reader's secrets beside text of the attacker's choice, many times. Nothing is
taken here that a foreign page could make a browser send (see `hub.server.graphql`), and no answer holds a secret of the
session. Who must not rely on that sets `HUB_COMPRESS_FROM_BYTES` to 0.
"""

from __future__ import annotations

import asyncio
import zlib

_IN_A_THREAD = 65_536
"""Bytes from which a thread is worth its start."""

_GZIP = 16 + zlib.MAX_WBITS


async def gzipped(body: bytes) -> bytes:
    """The same bytes for the same body, always: no time and no name is in them."""
    return _compress(body) if len(body) < _IN_A_THREAD else await asyncio.to_thread(_compress, body)


def _compress(body: bytes) -> bytes:
    return zlib.compress(body, zlib.Z_BEST_SPEED, _GZIP)
