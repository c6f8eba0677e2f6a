"""How far an answer of a customer's server is followed and read."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from apps.foundation.kit.outbound import Limits, NotReachable, may_be_reached, send
from tests.web_server import ADDRESS, Answer, Asked, CustomerServer, customer_server


@pytest.fixture
def server(settings: Any) -> Iterator[CustomerServer]:
    settings.OUTBOUND_ALLOWED = (f"{ADDRESS}/32",)
    with customer_server() as found:
        yield found


def test_what_the_operator_allows(settings: Any) -> None:
    settings.OUTBOUND_ALLOWED = ("10.2.0.0/16",)
    assert may_be_reached("10.2.3.4")
    assert may_be_reached("8.8.8.8")
    assert not may_be_reached("10.3.0.1")


def test_redirects(server: CustomerServer) -> None:
    server.pages |= {
        "/start": Answer(status=302, headers={"Location": "/end"}),
        "/again": Answer(status=307, headers={"Location": "/end"}),
        "/end": lambda asked: Answer(f"{asked.method} {asked.body.decode()}"),
        "/loop": Answer(status=302, headers={"Location": "/loop"}),
        "/inside": Answer(status=302, headers={"Location": "http://127.0.0.1:1/"}),
        "/meta": Answer(status=301, headers={"Location": "http://169.254.169.254/"}),
        "/file": Answer(status=302, headers={"Location": "file:///etc/passwd"}),
    }
    follows = Limits(redirects=3)
    assert send("POST", f"{server.url}/start", content=b"x").status_code == 302
    assert send("POST", f"{server.url}/start", content=b"x", limits=follows).text == "GET "
    assert send("POST", f"{server.url}/again", content=b"x", limits=follows).text == "POST x"
    for path in ("/loop", "/inside", "/meta", "/file"):
        with pytest.raises(NotReachable):
            send("GET", f"{server.url}{path}", limits=follows)


def test_too_much_and_too_long(server: CustomerServer) -> None:
    def slowly(_asked: Asked) -> Answer:
        time.sleep(2)
        return Answer()

    server.pages |= {"/much": Answer(b"x" * 2000), "/slow": slowly}
    with pytest.raises(NotReachable, match="more than 1000 bytes"):
        send("GET", f"{server.url}/much", limits=Limits(size=1000))
    began = time.monotonic()
    with pytest.raises(NotReachable):
        send("GET", f"{server.url}/slow", limits=Limits(seconds=0.3))
    assert time.monotonic() - began < 1.5
