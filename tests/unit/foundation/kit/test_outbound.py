"""Addresses that customers name never lead to a machine of ours."""

from __future__ import annotations

import socket
from typing import Any

import httpx
import pytest

from apps.foundation.kit import outbound
from apps.foundation.kit.outbound import NotReachable, send


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://localhost:8000/x",
        "http://10.1.2.3/",
        "http://192.168.1.1/",
        "http://169.254.169.254/latest/meta-data",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[2002:7f00:0001::]/",
        "http://[fe80::1]/",
        "http://0.0.0.0/",
        "http://100.64.0.1/",
        "http://224.0.0.1/",
        "http://2130706433/",
        "ftp://192.0.2.1/",
        "file:///etc/passwd",
        "//example.com",
        "",
        "http://",
    ],
)
def test_none_of_ours(url: str) -> None:
    with pytest.raises(NotReachable):
        send("PUT", url, transport=httpx.MockTransport(lambda request: httpx.Response(200)))


def resolving(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    def found(host: str, port: int, **_: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(outbound.socket, "getaddrinfo", found)


def test_a_name_with_any_private_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, "93.184.216.34", "10.0.0.1")
    with pytest.raises(NotReachable, match="no public address"):
        send("PUT", "https://example.com/", transport=httpx.MockTransport(lambda request: httpx.Response(200)))


def test_the_address_that_was_checked_is_the_one_that_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, "93.184.216.34")
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        request.read()
        return httpx.Response(302, headers={"Location": "http://127.0.0.1/"})

    url = "https://ada:secret@example.com:8443/in/?a=1"
    reply = send("POST", url, content=iter([b"so", b"und"]), transport=httpx.MockTransport(answer))
    assert reply.status_code == 302, "redirects are not followed"
    assert len(seen) == 1
    request = seen[0]
    assert (request.url.host, request.url.port, request.url.path) == ("93.184.216.34", 8443, "/in/")
    assert request.headers["Host"] == "example.com:8443"
    assert request.extensions["sni_hostname"] == "example.com"
    assert request.headers["Authorization"].startswith("Basic ")
    assert request.content == b"sound"
