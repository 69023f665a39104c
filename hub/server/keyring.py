"""The keys of one issuer as they change: read from a file or an address, again and again.

    rotation       read again after `every` seconds, and at once for a token whose key is not known
    single flight  one reading at a time; who needs it waits for that one, for a few seconds, and nobody else waits
    back-off       a name that no reading finds makes the next wait longer, so that made-up names cost nothing
    an outage      the last good set stands in, until it is older than `most_age`; then no token is taken

An address that does not answer does not stop the start: tokens of its issuer are refused as not verifiable until it
does. A file must be right at the start. Later a broken one changes nothing, and the log says so.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Collection
from pathlib import Path

import httpx

from hub.errors import SettingsWrong
from hub.server.keys import KeySet, VerifyingKey, key_set, read_key_set

EVERY = 300.0
MOST_AGE = 86_400.0
WAIT = 3.0
"""How long a reading may take, and so how long a request waits for one."""
FIRST_PAUSE = 1.0
LONGEST_PAUSE = 60.0
_MOST_BYTES = 1_000_000

_log = logging.getLogger("hub.server")

Place = Path | str
"""A file, or an address that `hub.settings.key_address` takes."""


class Keyring:
    """Keys that are read again and again, once started. Belongs to one event loop.

    heir_of  the ring of an earlier version, whose keys hold until the first reading
    """

    def __init__(
        self,
        place: Place,
        algorithms: Collection[str],
        *,
        every: float = EVERY,
        most_age: float = MOST_AGE,
        heir_of: Keyring | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.place = place
        self._algorithms = algorithms
        self._every = every
        self._most_age = most_age
        self._clock = clock
        self._set: KeySet | None = None
        self._read_at = 0.0
        if isinstance(place, Path):
            self._take(read_key_set(place, algorithms))
        elif heir_of is not None:
            self._set, self._read_at = heir_of._set, heir_of._read_at
        self._client: httpx.AsyncClient | None = None
        self._reading: asyncio.Task[None] | None = None
        self._keeping: asyncio.Task[None] | None = None
        self._pause = 0.0
        self._not_before = 0.0
        self._failures = 0

    @property
    def current(self) -> KeySet | None:
        if self._set is not None and self._clock() - self._read_at > self._most_age:
            return None
        return self._set

    async def sought(self, kid: str) -> VerifyingKey | None:
        found = self._known(kid)
        if found is not None:
            return found
        if self._reading is None:
            now = self._clock()
            if now < self._not_before:
                return None
            self._pause = min(max(self._pause * 2, FIRST_PAUSE), LONGEST_PAUSE)
            self._not_before = now + self._pause
        await asyncio.wait([self._begin()], timeout=WAIT)
        return self._known(kid)

    def _known(self, kid: str) -> VerifyingKey | None:
        known = self.current
        return known.keys.get(kid) if known is not None else None

    async def start(self) -> None:
        """Begins to read. Where nothing is known yet, it waits for the first reading, which may fail."""
        if not isinstance(self.place, Path):
            reading = self._begin()
            if self._set is None:
                await asyncio.wait([reading], timeout=WAIT)
        self._keeping = asyncio.create_task(self._keep())

    async def stop(self) -> None:
        """Ends the reading."""
        tasks = [task for task in (self._keeping, self._reading) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._client is not None:
            await self._client.aclose()

    async def _keep(self) -> None:
        """Reads from time to time, and after a failure soon again, then ever less often."""
        while True:
            soon = FIRST_PAUSE * 2 ** min(self._failures, 10)
            await asyncio.sleep(min(soon, LONGEST_PAUSE, self._every) if self._failures else self._every)
            await asyncio.wait([self._begin()])

    def _begin(self) -> asyncio.Task[None]:
        if self._reading is None:
            self._reading = asyncio.create_task(self._read())
            self._reading.add_done_callback(self._ended)
        return self._reading

    def _ended(self, _: asyncio.Task[None]) -> None:
        self._reading = None

    async def _read(self) -> None:
        try:
            if isinstance(self.place, Path):
                self._take(read_key_set(self.place, self._algorithms))
            else:
                async with asyncio.timeout(WAIT):
                    content = await self._fetch(self.place)
                self._take(key_set(content, self.place, self._algorithms, published=True))
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, SettingsWrong, OSError) as error:
            if not self._failures:
                _log.warning("the keys at `%s` cannot be read: %s", self.place, str(error) or type(error).__name__)
            self._failures += 1
        else:
            if self._failures:
                _log.warning("the keys at `%s` are read again", self.place)
            self._failures = 0

    def _take(self, found: KeySet) -> None:
        """Keeps what was read. The old value stays where nothing changed, because what it verified is still good."""
        if self._set is None or self._set != found:
            self._set = found
            self._pause = self._not_before = 0.0
        self._read_at = self._clock()

    async def _fetch(self, url: str) -> bytes:
        if self._client is None:
            self._client = httpx.AsyncClient(timeout=WAIT, headers={"accept": "application/json"})
        content = b""
        async with self._client.stream("GET", url) as response:
            if response.status_code != httpx.codes.OK:
                raise SettingsWrong(f"the answer has the status {response.status_code}")
            async for chunk in response.aiter_bytes():
                content += chunk
                if len(content) > _MOST_BYTES:
                    raise SettingsWrong(f"the answer is larger than {_MOST_BYTES} bytes")
        return content
