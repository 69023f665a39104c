"""One kept HTTP connection that measures: no event loop, no parsing before the clock is read."""

from __future__ import annotations

import re
import socket
import time
from typing import Self

_LENGTH = re.compile(rb"\r\ncontent-length: ([0-9]+)\r\n", re.IGNORECASE)
_TIMEOUT = 60.0
_CHUNK = 1 << 20


class NotAnswered(Exception):
    """The server closed the connection, or its answer was not a 200."""


class Connection:
    """Sends a ready-made request, and takes the time until the last byte of the answer is there."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=_TIMEOUT)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def ask(self, request: bytes) -> tuple[int, bytes]:
        """Nanoseconds, and the body."""
        receive = self._socket.recv
        clock = time.perf_counter_ns
        begin = clock()
        self._socket.sendall(request)
        answer = receive(_CHUNK)
        end = clock()
        while (missing := _missing(answer)) > 0:
            part = receive(missing)
            end = clock()
            if not part:
                raise NotAnswered("the server closed the connection")
            answer += part
        return end - begin, answer.partition(b"\r\n\r\n")[2]


def _missing(answer: bytes) -> int:
    """How many bytes are to come; at least one while the head is not whole."""
    if not answer:
        raise NotAnswered("the server closed the connection")
    head = answer.find(b"\r\n\r\n")
    if head < 0:
        return 1
    length = _LENGTH.search(answer, 0, head + 2)
    if length is None or not answer.startswith(b"HTTP/1.1 200"):
        raise NotAnswered(f"an answer was not a 200: {answer[:500].decode('latin-1')}")
    return head + 4 + int(length[1]) - len(answer)
