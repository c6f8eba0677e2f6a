"""Customers' sounds for the switches: `GET` and `HEAD /freeswitch/fetched/<token>.wav`. The signed token is the
permission; see `apps.pbx.media.fetched`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from apps.pbx.media.fetched import FRESH, PATH, NotFetched, fetched, url_of

PREFIX = f"/{PATH}"
_EMPTY = (b"content-length", b"0")
_workers = ThreadPoolExecutor(max_workers=8, thread_name_prefix="fetched")
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Response = tuple[int, list[tuple[bytes, bytes]], bytes]


async def serve(scope: MutableMapping[str, Any], send: Send) -> None:
    """Answer one request."""
    status, headers, body = await answer(scope["method"], scope["path"])
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def answer(method: str, path: str) -> Response:
    """Status, headers and body."""
    if method not in ("GET", "HEAD"):
        return 405, [(b"allow", b"GET, HEAD"), _EMPTY], b""
    try:
        url = url_of(path.removeprefix(PREFIX).removesuffix(".wav"))
        wave = await asyncio.get_running_loop().run_in_executor(_workers, fetched, url)
    except NotFetched:
        return 404, [_EMPTY], b""
    headers = [
        (b"content-type", b"audio/x-wav"),
        (b"content-length", str(len(wave)).encode()),
        (b"cache-control", f"public, max-age={FRESH}".encode()),
    ]
    return 200, headers, b"" if method == "HEAD" else wave
