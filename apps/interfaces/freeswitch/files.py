"""Files for the switches: `GET /freeswitch/files/<signed token>.wav` to play one, `PUT` to hand in what was recorded.

The address is the permission (`apps.foundation.storage.addresses`): for one file of one account, to read or to write.
It is honoured for a switch's network address only. Byte ranges and conditional requests as in RFC 9110 §13 and §14.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from dataclasses import dataclass, field
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from apps.foundation.accounts.bridge import in_account
from apps.foundation.accounts.scope import AccountUnknown
from apps.foundation.crossbar.conditional import byte_range, matches
from apps.foundation.crossbar.errors import RangeNotSatisfiable
from apps.foundation.storage.actions import IN_MEMORY, chunks, open_file, receive_file
from apps.foundation.storage.addresses import FileAddress, read_token
from apps.foundation.storage.errors import BadFileAddress, FileTooLarge, NotStored
from apps.foundation.storage.models import StoredFile
from apps.foundation.storage.queries import find_file
from apps.interfaces.freeswitch.door import Refused
from apps.pbx.media.music import MELODY

log = logging.getLogger(__name__)

#: Bytes of a recording that is handed in: 12 hours of 16-bit stereo at 8 kHz.
MAX_UPLOAD = 1_400_000_000
#: Seconds a switch may keep a file without asking again; its address lives for a week at least.
KEPT_SECONDS = 7 * 24 * 3600

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


@dataclass
class Reply:
    """What is answered; `content` gives the body in pieces, each read outside the event loop."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    opened: IO[bytes] | None = None
    content: Iterator[bytes] | None = None


async def serve(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer one request for a path below `files/`. Raises Refused for an address that does not hold."""
    if scope["path"].endswith(f"/{MELODY}") and scope["method"] in ("GET", "HEAD"):
        await _answer(await _melody(), send, with_body=scope["method"] == "GET")
        return
    address = _address(scope["path"])
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    if scope["method"] in ("GET", "HEAD") and address.purpose == "r":
        reply = await _read(address, headers)
    elif scope["method"] == "PUT" and address.purpose == "w":
        reply = Reply(await _take_in(address, headers, receive))
    else:
        reply = Reply(405, {"allow": "GET, HEAD" if address.purpose == "r" else "PUT"})
    await _answer(reply, send, with_body=scope["method"] != "HEAD")


async def _melody() -> Reply:
    """The music on hold of those who chose none. It is nobody's, so that its address needs no signature."""
    from apps.pbx.media.melody import default_music  # it counts with numpy, which this process needs for nothing else

    content = await asyncio.to_thread(default_music)
    headers = {"content-type": "audio/wav", "cache-control": f"public, max-age={KEPT_SECONDS}"}
    return Reply(200, headers | {"content-length": str(len(content))}, content=iter([content]))


def _address(path: str) -> FileAddress:
    token, _, _suffix = path.rpartition("/")[2].rpartition(".")
    try:
        return read_token(token)
    except BadFileAddress as error:
        raise Refused(403, f"a file's address: {error}") from error


async def _read(address: FileAddress, headers: dict[str, str]) -> Reply:
    try:
        file, opened = await in_account(address.account_id, _open, address.file_id)
    except (NotStored, AccountUnknown):
        return Reply(404)
    etag = f'"{file.sha256}"'
    answered = {"etag": etag, "cache-control": f"private, max-age={KEPT_SECONDS}, immutable", "accept-ranges": "bytes"}
    if matches(headers.get("if-none-match", ""), file.sha256):
        opened.close()
        return Reply(304, answered)
    answered["content-type"] = file.content_type
    try:
        asked = byte_range(headers.get("range", ""), file.size)
    except RangeNotSatisfiable as error:
        opened.close()
        return Reply(416, {name.lower(): value for name, value in error.headers.items()})
    first, last = asked or (0, file.size - 1)
    answered["content-length"] = str(last - first + 1)
    if asked is not None:
        answered["content-range"] = f"bytes {first}-{last}/{file.size}"
    return Reply(206 if asked else 200, answered, opened, chunks(opened, first, last))


def _open(file_id: str) -> tuple[StoredFile, IO[bytes]]:
    file = find_file(file_id)
    if file is None:
        raise NotStored(file_id)
    return file, open_file(file)


async def _take_in(address: FileAddress, headers: dict[str, str], receive: Receive) -> int:
    """The HTTP status for a PUT. The same file again is taken for the first one: 204."""
    declared = headers.get("content-length", "")
    if declared.isdigit() and int(declared) > MAX_UPLOAD:
        return 413
    with SpooledTemporaryFile(IN_MEMORY) as gathered:
        size = await _gather(receive, gathered)
        if size is None:
            return 413
        if declared.isdigit() and int(declared) != size:
            return 400
        gathered.seek(0)
        try:
            file = await in_account(address.account_id, receive_file, address.file_id, gathered, limit=MAX_UPLOAD)
        except (NotStored, AccountUnknown):
            return 404
        except FileTooLarge:
            return 413
    log.info("%s of %d bytes was handed in for account %s", file, file.size, address.account_id)
    return 204


async def _gather(receive: Receive, gathered: IO[bytes]) -> int | None:
    """How many bytes came; None for too many. Raises Refused where the switch hung up."""
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refused(400, "the switch hung up while sending")
        piece = message.get("body", b"")
        size += len(piece)
        if size > MAX_UPLOAD:
            return None
        if size > IN_MEMORY:  # from here on it is a file on a disk
            await asyncio.to_thread(gathered.write, piece)
        else:
            gathered.write(piece)
        more = message.get("more_body", False)
    return size


async def _answer(reply: Reply, send: Send, *, with_body: bool) -> None:
    headers = {"content-length": "0", **reply.headers} if reply.status != 304 else reply.headers
    encoded = [(name.encode(), value.encode("latin-1", "replace")) for name, value in headers.items()]
    try:
        await send({"type": "http.response.start", "status": reply.status, "headers": encoded})
        while with_body and reply.content and (piece := await asyncio.to_thread(next, reply.content, b"")):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
    except OSError:  # half an answer cannot be taken back: the connection ends early
        log.exception("a file could not be sent to the end")
    finally:
        if reply.opened is not None:
            reply.opened.close()
