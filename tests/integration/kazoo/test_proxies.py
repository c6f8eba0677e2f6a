"""A proxy in front: who may say that a visitor came over TLS, and from where."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from uvicorn import Config

from kazoo.environment import load_environment
from kazoo.management.commands.web import trusting

FORWARDED = [(b"x-forwarded-proto", b"https"), (b"x-forwarded-for", b"203.0.113.7")]


def seen(proxies: str, peer: str) -> tuple[str, str]:
    """Scheme and client of a request as the application sees them."""
    found: dict[str, Any] = {}

    async def application(scope: Any, receive: Any, send: Any) -> None:
        found.update(scheme=scope["scheme"], client=scope["client"][0])

    config = Config(application, **trusting(load_environment({"KAZOO_TRUSTED_PROXIES": proxies})), lifespan="off")
    config.load()
    scope = {"type": "http", "scheme": "http", "client": (peer, 40000), "headers": FORWARDED}
    asyncio.run(config.loaded_app(scope, None, None))
    return found["scheme"], found["client"]


@pytest.mark.parametrize(
    ("proxies", "peer", "expected"),
    [
        ("10.0.0.0/24", "10.0.0.9", ("https", "203.0.113.7")),
        ("127.0.0.1", "127.0.0.1", ("https", "203.0.113.7")),
        ("10.0.0.0/24", "10.0.1.9", ("http", "10.0.1.9")),
        ("10.0.0.0/24", "127.0.0.1", ("http", "127.0.0.1")),
        ("", "127.0.0.1", ("http", "127.0.0.1")),
    ],
)
def test_only_a_trusted_proxy_speaks_for_visitors(proxies: str, peer: str, expected: tuple[str, str]) -> None:
    assert seen(proxies, peer) == expected
