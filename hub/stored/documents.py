"""Request x Viewer -> the request with its document, or `Refused`.

    stored       an id of the manifest
    automatic    a hash whose document was sent before (automatic persisted queries, as Apollo's clients speak it):
                 first the hash alone; if it is not found, hash and text together; from then on the hash

Nothing of what one reader asked is told to another:

* A document by its id is answered like an id that does not exist, unless it is valid in the reader's own schema: an
  error would quote words of a document that he did not send. That holds for the manifest and for what was sent before.
* What was sent is found by readers of the same profile only, so its hash is no way to try what readers of another
  universe have asked.
* Within a profile, documents with values in them (strings, comments, longer numbers) are answered and not kept: a hash
  must not tell that somebody has asked about a certain person. Values belong into variables, which are never kept.
* Only what is valid is kept, up to a size, for a time, and so many an hour from one reader. What comes out of the store
  is hashed again before it is believed.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from hub.cache import Bounded, Store
from hub.errors import Refused, Shown
from hub.model.request import Request
from hub.model.viewer import Audience, Profile, Viewer
from hub.stored.manifest import Manifest, document_hash

MOST_BYTES = 20_000
"""Of a document that is kept because it was sent."""

MOST_AN_HOUR = 200
"""Documents that are kept for one reader."""

_KEPT_HERE = 1_000
_READERS = 4_096
_VALUES = re.compile(r'["#]|\d{4}|\d\.\d')
_HASH = "sha256:"

Readable = Callable[[str, Profile], bool]
"""Whether a document is valid in the schema that a profile sees."""


@dataclass(frozen=True, slots=True)
class Storing:
    """What is stored, and for whom.

    only     the audiences that may run nothing else
    store    where documents that were sent are kept; None if none are
    seconds  how long
    warm_seconds  how long a start may take to plan the documents of the manifest
    """

    manifest: Manifest = field(default_factory=Manifest)
    only: frozenset[Audience] = frozenset()
    store: Store | None = None
    seconds: float = 86_400.0
    warm_seconds: float = 10.0


class StoredDocuments:
    """Belongs to one event loop. `clock` gives seconds."""

    __slots__ = ("_clock", "_near", "_readable", "_sent", "_storing")

    def __init__(self, storing: Storing, readable: Readable, clock: Callable[[], float] = time.monotonic) -> None:
        self._storing = storing
        self._readable = readable
        self._clock = clock
        self._near: Bounded[str, str] = Bounded(_KEPT_HERE)
        self._sent: Bounded[Viewer, tuple[int, int]] = Bounded(_READERS)

    def concerns(self, request: Request, profile: Profile) -> bool:
        """Whether there is anything to do for a request: it names a document, or may send none."""
        return request.stored is not None or profile.audience in self._storing.only

    async def found(self, request: Request, viewer: Viewer) -> Request:
        """The request with its document."""
        if request.document or request.stored is None:
            await self._check_sent(request, viewer)
            return request
        named, profile, manifest = request.stored, viewer.profile, self._storing.manifest
        document = manifest.by_id.get(named)
        if document is None:
            text = await self._kept(named, profile)
            if text is not None and self._readable(text, profile):
                return replace(request, document=text)
        elif self._readable(document.text, profile):
            # Whether a client names the only operation there is must not make two of one.
            name = None if document.operations == (request.operation_name,) else request.operation_name
            return replace(request, document=document.text, operation_name=name)
        if self._storing.store is None and not manifest.documents:
            raise Refused([Shown("PersistedQueryNotSupported", code="PERSISTED_QUERY_NOT_SUPPORTED")])
        raise Refused([Shown("PersistedQueryNotFound", code="PERSISTED_QUERY_NOT_FOUND")])

    async def _check_sent(self, request: Request, viewer: Viewer) -> None:
        """Refuses a document that was sent if it may not be, and keeps it if it shall be."""
        text, named, profile = request.document, request.stored, viewer.profile
        if named is not None and named != document_hash(text):
            message = "the document is not the one of its hash: `sha256Hash` is of other bytes than `query`"
            raise Refused([Shown(message, code="PERSISTED_QUERY_HASH_MISMATCH")])
        if profile.audience in self._storing.only:
            if text not in self._storing.manifest.texts or not self._readable(text, profile):
                message = f"a {profile.audience} runs stored documents only: send the id of one of them"
                raise Refused([Shown(message, code="DOCUMENT_NOT_STORED")])
        elif named is not None and self._storing.store is not None:
            await self._keep(named, text, viewer, self._storing.store)

    async def _kept(self, named: str, profile: Profile) -> str | None:
        """What readers of the profile have sent before."""
        store = self._storing.store
        if store is None or profile.audience in self._storing.only or not named.startswith(_HASH):
            return None
        key = _key(named, profile)
        found = self._near.get(key)
        if found is not None:
            return found
        given = await store.get(key)
        try:
            text = given.decode() if given is not None else None
        except UnicodeDecodeError:
            return None
        if text is None or document_hash(text) != named:
            return None
        return self._near.put(key, text)

    async def _keep(self, named: str, text: str, viewer: Viewer, store: Store) -> None:
        key = _key(named, viewer.profile)
        if self._near.get(key) is not None or len(text.encode()) > MOST_BYTES or _VALUES.search(text):
            return
        if not self._readable(text, viewer.profile) or not self._may_keep(viewer):
            return
        self._near.put(key, text)
        await store.put(key, text.encode(), self._storing.seconds)

    def _may_keep(self, viewer: Viewer) -> bool:
        hour = int(self._clock() // 3600)
        since, count = self._sent.get(viewer) or (hour, 0)
        count = count + 1 if since == hour else 1
        self._sent.put(viewer, (hour, count))
        return count <= MOST_AN_HOUR


def _key(named: str, profile: Profile) -> str:
    whole = f"{profile.name}\0{profile.asserted or '-'}\0{named}"
    return f"document:{hashlib.sha256(whole.encode()).hexdigest()}"
