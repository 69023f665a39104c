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
    """Answers 431 to a head of more than `MOST_BYTES`, and closes the connection (RFC 6585, section 5)."""

    _bytes = 0
    _untold = 0
    _open = False
    _too_large = False

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._open and not self._too_large:
            # What has come of a field or an address that goes on is told to nobody, and kept by the parser.
            self._untold += len(data)
            if self._untold > 2 * MOST_BYTES + len(data):
                self._too_large = True
                self.send_400_response("")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._bytes, self._untold, self._open = 0, 0, True

    def on_url(self, url: bytes) -> None:
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count(len(name) + len(value))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._open = False
        super().on_headers_complete()

    def _count(self, size: int) -> None:
        self._bytes += size
        self._untold = 0
        if self._bytes > MOST_BYTES:
            self._too_large = True
            raise _TooLarge  # the parser makes it an error of the request

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
