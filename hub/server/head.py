"""HTTP/1.1 with a bounded head: request line and header fields together, however slowly they come.

uvicorn over httptools takes a head of any size, and keeps all of it.
"""

from __future__ import annotations

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from hub.errors import Shown
from hub.model.request import refusal

MOST_BYTES = 65_536


class _TooLarge(Exception):
    """Ends the parsing of a head."""


class BoundedHead(HttpToolsProtocol):
    """Answers 431 to a head of more than `MOST_BYTES`, and closes the connection (RFC 6585, section 5).

    Fields are not counted one by one: a head that comes in one piece no larger than that, as nearly all do, is not
    looked at. What follows a body (trailers) is bounded like a head.
    """

    # Bytes of this piece, and of all pieces since a message began, a head ended or a part of a body was there.
    _piece = 0
    _since = 0
    _too_large = False

    def data_received(self, data: bytes) -> None:
        self._piece = len(data)
        self._since += len(data)
        super().data_received(data)
        if self._since > MOST_BYTES and not self._too_large:
            self._too_large = True
            self.send_400_response("")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._since = 0

    def on_headers_complete(self) -> None:
        if (self._since or self._piece > MOST_BYTES) and self._size() > MOST_BYTES:
            self._too_large = True
            raise _TooLarge  # the parser makes it an error of the request
        self._since = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._since = 0
        super().on_body(body)

    def _size(self) -> int:
        return len(self.url) + sum(len(name) + len(value) for name, value in self.headers)

    def send_400_response(self, msg: str) -> None:
        """What cannot be parsed, or is too large to be."""
        if not self._too_large:
            super().send_400_response(msg)
            return
        text = f"the head of the request is larger than {MOST_BYTES} bytes"
        body = refusal([Shown(text, code="HEADERS_TOO_LARGE")])
        self.transport.write(
            b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\n"
            b"content-type: application/json; charset=utf-8\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)
        )
        self.transport.close()
