"""What comes slowly or without end is refused in time, and keeps nothing."""

from __future__ import annotations

import json
import socket
import time

import pytest

from hub.server.head import MOST_BYTES
from tests.server.conftest import Running


def spoken(running: Running, *parts: bytes, pause: float = 0.0) -> bytes:
    """What the server says to these bytes."""
    with socket.create_connection(running.address, timeout=20) as connection:
        for part in parts:
            try:
                connection.sendall(part)
            except OSError:
                break  # it has answered and closed
            time.sleep(pause)
        found = b""
        while True:
            try:
                more = connection.recv(65_536)
            except ConnectionResetError:
                break
            if not more:
                break
            found += more
            if b"content-length: 0" in found.lower():
                break
        return found


HUGE = b"x" * (MOST_BYTES + 1)
BEGIN = b"GET /graphql HTTP/1.1\r\nhost: hub\r\n"


@pytest.mark.parametrize(
    "parts",
    [
        [BEGIN + b"x-huge: " + HUGE + b"\r\n\r\n"],
        [BEGIN, *(b"x-%d: %b\r\n" % (number, b"y" * 1_000) for number in range(80)), b"\r\n"],
        [b"GET /graphql?query=" + HUGE + b" HTTP/1.1\r\nhost: hub\r\n\r\n"],
        [BEGIN + b"x-endless: ", *([b"z" * 16_384] * 40)],
        [b"GET /", *([b"z" * 16_384] * 40)],
    ],
    ids=["a huge field", "many fields", "a huge address", "a field without end", "an address without end"],
)
def test_a_huge_head_is_refused(running: Running, parts: list[bytes]) -> None:
    calls = len(running.engine.calls)
    said = spoken(running, *parts)
    if said:  # what is sent on after the answer may take the answer away
        assert said.startswith(b"HTTP/1.1 431 ")
        (error,) = json.loads(said.split(b"\r\n\r\n", 1)[1])["errors"]
        assert error["extensions"]["code"] == "HEADERS_TOO_LARGE"
    assert len(running.engine.calls) == calls


@pytest.mark.parametrize("trailers", [[b"x-t: y\r\n" * 1_000] * 40, [b"x-t: ", *([b"z" * 16_384] * 40)]])
def test_what_follows_a_body_is_bounded_too(running: Running, token: str, trailers: list[bytes]) -> None:
    head = (
        f"POST /graphql HTTP/1.1\r\nhost: hub\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n"
        f"authorization: Bearer {token}\r\n\r\n"
    )
    calls = len(running.engine.calls)
    said = spoken(running, head.encode(), b"2\r\n{}\r\n0\r\n", *trailers)
    assert not said or said.startswith(b"HTTP/1.1 431 ")
    assert len(running.engine.calls) == calls


def test_the_largest_head_is_read_and_the_next_one_is_counted_anew(running: Running, token: str) -> None:
    padding = b"y" * (MOST_BYTES - 2_000)
    credentials = f"authorization: Bearer {token}\r\n".encode()
    one = BEGIN.replace(b"/graphql", b"/health") + b"x: " + padding + b"\r\n" + credentials
    said = spoken(running, one + b"\r\n", one + b"connection: close\r\n\r\n")
    assert said.count(b"HTTP/1.1 200 ") == 2


def test_a_body_that_does_not_come_is_waited_for_no_longer_than_an_answer(running: Running, token: str) -> None:
    head = (
        f"POST /graphql HTTP/1.1\r\nhost: hub\r\ncontent-type: application/json\r\ncontent-length: 100\r\n"
        f"authorization: Bearer {token}\r\n\r\n"
    )
    said = spoken(running, head.encode(), b'{"query": "')
    assert said.startswith(b"HTTP/1.1 408 ")
    assert b'"TIMEOUT"' in said
