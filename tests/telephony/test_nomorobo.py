"""`nomorobo`: callers are scored by a service of the internet, and turned away by their score.

The product asks `https://api.nomorobo.com`. Here it asks through a proxy (`HTTPS_PROXY`, RFC 9110 §9.3.6) behind which
stands a service of the test's own, with a certificate the processes are told to trust (`SSL_CERT_FILE`).
"""

from __future__ import annotations

import asyncio
import ssl
from base64 import b64decode
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pytest_django import DjangoDbBlocker

from tests.telephony.cast import LAB_CARRIER_PORT, Cast, Running, running_system
from tests.telephony.sipp import free_port
from tests.telephony.stack import Kind, Stack

HOST = "api.nomorobo.com"
CALLER = "+12125550177"


class Behind(Stack):
    """A system that reaches the internet through a proxy at `proxy_port`."""

    @property
    def certificate(self) -> Path:
        return self.home / "service.pem"

    def _variables(self) -> dict[str, str]:
        self.proxy_port = free_port("127.0.0.1")
        write_certificate(self.certificate)
        proxy = {"HTTPS_PROXY": f"http://127.0.0.1:{self.proxy_port}", "SSL_CERT_FILE": str(self.certificate)}
        return super()._variables() | proxy


def write_certificate(path: Path) -> None:
    """The service's certificate, signed by itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    encoding = serialization.Encoding.PEM
    secret = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(made.public_bytes(encoding) + secret)


class Service:
    """The proxy and the service behind it. `answer` is the status and the body; `asked` each request's address and
    credentials."""

    def __init__(self) -> None:
        self.answer = 200, '{"score": 0}'
        self.asked: list[tuple[dict[str, str], str]] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, certificate: Path) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        with suppress(OSError, asyncio.IncompleteReadError):
            wanted = (await reader.readuntil(b"\r\n\r\n")).decode()
            assert wanted.startswith(f"CONNECT {HOST}:443 "), wanted
            writer.write(b"HTTP/1.1 200 Connected\r\n\r\n")
            await writer.start_tls(context)
            start, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
            headers = {name.lower(): text for name, _, text in (line.partition(": ") for line in lines)}
            address = urlsplit(start.split(" ")[1])
            assert address.path == "/v1/check"
            credentials = b64decode(headers["authorization"].removeprefix("Basic ")).decode()
            self.asked.append((dict(parse_qsl(address.query)), credentials))
            status, body = self.answer
            writer.write(f"HTTP/1.1 {status} So\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
            await writer.drain()
        writer.close()


@pytest.fixture(scope="module")
def system(switch: Kind, django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Running]:
    port = LAB_CARRIER_PORT if switch == "lab" else free_port("127.0.0.1")
    with running_system(switch, django_db_blocker, port, build=Behind) as running:
        yield running


@pytest.fixture
async def service(stack: Stack) -> AsyncIterator[Service]:
    assert isinstance(stack, Behind)
    made = Service()
    server = await asyncio.start_server(
        lambda reader, writer: made.serve(reader, writer, stack.certificate), "127.0.0.1", stack.proxy_port
    )
    yield made
    server.close()


async def test_machines_are_turned_away(cast: Cast, service: Service) -> None:
    bakery = await cast.customer()
    anna = await bakery.phone("anna")
    children = {
        "0": {"module": "device", "data": {"id": anna.device_id}, "children": {}},
        "6": {"module": "response", "data": {"code": 486}, "children": {}},
        "_": {"module": "response", "data": {"code": 480}, "children": {}},
    }
    number = await bakery.number("", "nomorobo", {"username": "bakery", "password": "s3cret"}, children=children)
    service.answer = 200, '{"score": 2}'
    call = await cast.carrier.dial(number, CALLER)
    ring = await anna.rings()
    await call.hang_up()
    await ring.ended()
    service.answer = 200, '{"score": 9}'
    assert await (await cast.carrier.dial(number, CALLER)).ended() == 486
    service.answer = 503, ""
    assert await (await cast.carrier.dial(number, CALLER)).ended() == 480
    assert service.asked == [({"From": CALLER, "To": number}, "bakery:s3cret")] * 3
    await anna.stays_silent(0.1)
