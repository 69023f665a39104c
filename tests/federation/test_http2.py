"""A remote subgraph over TLS that speaks HTTP/2, HTTP/1.1 or both: a real server with a certificate of its own."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, RequestReceived, StreamEnded

from hub.errors import SourceUnavailable
from hub.sources.remote.transport import Limits, Transport

QUERIES = 20
LIMITS = Limits(deadline=20, retries=0)


@dataclass(slots=True)
class Seen:
    """What a server saw: the protocol of each connection, and how many requests were open at once at most."""

    protocols: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    open: int = 0
    most: int = 0


class Multiplexed(asyncio.Protocol):
    """HTTP/2 on one connection; it answers once `QUERIES` requests are there, each with its own number."""

    def __init__(self, seen: Seen) -> None:
        self.seen = seen
        self.h2 = H2Connection(H2Configuration(client_side=False))
        self.bodies: dict[int, bytes] = {}
        self.ended: list[int] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.seen.protocols.append(transport.get_extra_info("ssl_object").selected_alpn_protocol())
        self.h2.initiate_connection()
        transport.write(self.h2.data_to_send())

    def data_received(self, data: bytes) -> None:
        for event in self.h2.receive_data(data):
            match event:
                case RequestReceived():
                    self.bodies[event.stream_id] = b""
                    self.seen.open += 1
                    self.seen.most = max(self.seen.most, self.seen.open)
                case DataReceived():
                    self.bodies[event.stream_id] += event.data
                    self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                case StreamEnded():
                    self.ended.append(event.stream_id)
        if len(self.ended) == QUERIES:
            # The last that came is answered first: answers find their requests by their stream alone.
            for stream in reversed(self.ended):
                self.seen.bodies.append(self.bodies[stream])
                number = json.loads(self.bodies[stream])["variables"]["n"]
                self.h2.send_headers(stream, [(":status", "200"), ("content-type", "application/json")])
                self.h2.send_data(stream, b'{"data":{"n":%d}}' % number, end_stream=True)
                self.seen.open -= 1
        self.transport.write(self.h2.data_to_send())


class OneByOne(asyncio.Protocol):
    """HTTP/1.1 with keep-alive, for bodies that come in one piece."""

    def __init__(self, seen: Seen) -> None:
        self.seen = seen
        self.received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.seen.protocols.append(transport.get_extra_info("ssl_object").selected_alpn_protocol() or "none")

    def data_received(self, data: bytes) -> None:
        self.received += data
        head, end, body = self.received.partition(b"\r\n\r\n")
        length = next(
            int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
        )
        if end and len(body) >= length:
            self.received = b""
            answer = b'{"data":{"n":%d}}' % json.loads(body)["variables"]["n"]
            head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(answer)
            self.transport.write(head + answer)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Key and certificate of 127.0.0.1, signed by itself, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "subgraph")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "subgraph.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return file


@asynccontextmanager
async def served(certificate: Path, *offered: str) -> AsyncIterator[tuple[str, Seen]]:
    """The address of a server that offers these protocols, and what it sees."""
    seen = Seen()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.set_alpn_protocols(list(offered))
    speaks = Multiplexed if "h2" in offered else OneByOne
    server = await asyncio.get_running_loop().create_server(lambda: speaks(seen), "127.0.0.1", 0, ssl=context)
    async with server:
        yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/graphql", seen


async def numbers(transport: Transport) -> list[int]:
    """The answers to as many requests at once, each of which asks for its number."""

    async def one(number: int) -> int:
        body = json.dumps({"query": "query ($n: Int) { n(n: $n) }", "variables": {"n": number}}).encode()
        found: int = json.loads(await transport.post(body, retry=False, headers={}))["data"]["n"]
        return found

    try:
        return list(await asyncio.gather(*map(one, range(QUERIES))))
    finally:
        await transport.close()


async def test_requests_at_once_share_one_connection(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    async with served(certificate, "h2", "http/1.1") as (url, seen):
        assert await numbers(Transport("a", url, LIMITS)) == list(range(QUERIES))
    assert seen.protocols == ["h2"]
    assert seen.most == QUERIES
    assert len(set(seen.bodies)) == QUERIES


@pytest.mark.parametrize("offered", [("http/1.1",), ()], ids=["offered", "nothing offered"])
async def test_a_subgraph_that_does_not_speak_it_is_asked_as_ever(
    offered: tuple[str, ...], certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    async with served(certificate, *offered) as (url, seen):
        assert await numbers(Transport("a", url, LIMITS)) == list(range(QUERIES))
    assert set(seen.protocols) == {offered[0] if offered else "none"}


async def test_a_certificate_that_nobody_vouches_for_is_not_believed(certificate: Path) -> None:
    async with served(certificate, "h2") as (url, seen):
        with pytest.raises(SourceUnavailable):
            await numbers(Transport("a", url, LIMITS))
    assert not seen.bodies
