"""Speech for the switches: `GET` and `HEAD /freeswitch/speech/<token>.wav`. The signed token is the permission.

The engine works in a thread of its own pool: the event loop answers the switches' questions meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from apps.pbx.media.engines import announce
from apps.pbx.media.rendering import Rendered, render
from apps.pbx.media.speech_address import PATH, BadSpeechAddress, recipe_of

PREFIX = f"/{PATH}"
_EMPTY = (b"content-length", b"0")
_KEPT_SECONDS = 30 * 24 * 3600
_workers = ThreadPoolExecutor(max_workers=4, thread_name_prefix="speech")
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Response = tuple[int, list[tuple[bytes, bytes]], bytes]

announce()


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
        recipe = recipe_of(path.removeprefix(PREFIX).removesuffix(".wav"))
    except BadSpeechAddress:
        return 404, [_EMPTY], b""
    rendered = await asyncio.get_running_loop().run_in_executor(_workers, render, recipe)
    return 200, _headers(rendered), b"" if method == "HEAD" else rendered.wave


def _headers(rendered: Rendered) -> list[tuple[bytes, bytes]]:
    kept = f"public, max-age={_KEPT_SECONDS}, immutable" if rendered.is_kept else "no-store"
    return [
        (b"content-type", b"audio/x-wav"),
        (b"content-length", str(len(rendered.wave)).encode()),
        (b"etag", f'"{rendered.digest}"'.encode()),
        (b"cache-control", kept.encode()),
    ]
