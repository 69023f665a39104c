"""Lines for a file, which never keep who writes them waiting.

A thread writes what has gathered since it last wrote. Whatever reads the file may be slow, or stop reading: then lines
are dropped and counted, and requests go on.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable

MOST = 20_000
"""Lines that wait at most: what an instance does in a few seconds."""
_CLOSE_SECONDS = 2.0


class Lines:
    """Lines on their way to a file descriptor. `lost` is told when one is dropped."""

    def __init__(self, descriptor: int, lost: Callable[[], object]) -> None:
        self._descriptor = descriptor
        self._lost = lost
        self._waiting: deque[bytes] = deque()
        self._something = threading.Event()
        self._ended = False
        self._thread = threading.Thread(target=self._write, name="lines", daemon=True)
        self._thread.start()

    def add(self, line: bytes) -> None:
        """A line, with its end."""
        if len(self._waiting) >= MOST:
            self._lost()
            return
        self._waiting.append(line)
        if not self._something.is_set():
            self._something.set()

    def _write(self) -> None:
        while not (self._ended and not self._waiting):
            self._something.wait()
            self._something.clear()
            count = len(self._waiting)
            text = b"".join([self._waiting.popleft() for _ in range(count)])
            while text:
                try:
                    text = text[os.write(self._descriptor, text) :]
                except OSError:
                    # Nobody reads any more, and nobody is to be told.
                    break

    def close(self) -> None:
        """Writes what waits, if that can be done soon."""
        self._ended = True
        self._something.set()
        self._thread.join(_CLOSE_SECONDS)
