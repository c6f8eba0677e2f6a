"""FreeSWITCH's side of the event-socket protocol: bytes in, commands out; events and replies in, bytes out. No I/O.

What the real mod_event_socket 1.10 does and a client must live with is kept: leading newlines are ignored, the first
line decides whether lines end in CRLF or LF, a body follows its head without a separator, and values keep ``%XX``
sequences that were already in them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote

MAX_HEAD_BYTES = 10 * 1024 * 1024
MAX_BODY_BYTES = 10 * 1024 * 1024
GOODBYE = "Disconnected, goodbye.\nSee you at ClueCon! http://www.cluecon.com/\n"

_UNSAFE = frozenset(b'\r\n "#%&+:;<=>?@[\\]^`{|}')
_HEX = frozenset("0123456789abcdefABCDEF")
_ENCODED = [f"%{byte:02X}" if byte in _UNSAFE or byte < 32 or byte > 126 else chr(byte) for byte in range(256)]
_SAFE_TABLE = bytes(byte for byte in range(256) if _ENCODED[byte] == chr(byte))


class OversizedCommandError(ValueError):
    """A command head or body over the packet limit of 10 MB."""


def encode_value(value: str) -> str:
    """Percent-encode a header value as FreeSWITCH does: an existing ``%XX`` is left alone (switch_url_encode)."""
    raw = value.encode("utf-8", "surrogateescape")
    if not raw.translate(None, _SAFE_TABLE):
        return value
    parts: list[str] = []
    for index, byte in enumerate(raw):
        following = raw[index + 1 : index + 3].decode("latin-1")
        if byte == 0x25 and len(following) == 2 and set(following) <= _HEX:
            parts.append("%")
        else:
            parts.append(_ENCODED[byte])
    return "".join(parts)


def decode_value(value: str) -> str:
    """The reverse of `encode_value`; invalid UTF-8 is replaced."""
    return unquote(value, errors="replace")


def plain_event(headers: list[tuple[str, str]], body: str = "") -> bytes:
    """A ``text/event-plain`` frame. A body adds its own inner Content-Length."""
    lines = "".join(f"{name}: {encode_value(value)}\n" for name, value in headers)
    content = body.encode()
    inner = lines.encode() + (b"Content-Length: %d\n\n" % len(content) + content if body else b"\n")
    return b"Content-Length: %d\nContent-Type: text/event-plain\n\n" % len(inner) + inner


def json_event(headers: list[tuple[str, str]], body: str = "") -> bytes:
    """A ``text/event-json`` frame; values are not percent-encoded, a body is ``_body``."""
    content: dict[str, str] = {}
    for name, value in headers:
        content.setdefault(name, value)
    if body:
        content["Content-Length"] = str(len(body.encode()))
        content["_body"] = body
    inner = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    return b"Content-Length: %d\nContent-Type: text/event-json\n\n" % len(inner) + inner


def xml_event(headers: list[tuple[str, str]], body: str = "") -> bytes:
    """A ``text/event-xml`` frame."""
    rows = "".join(f"    <{name}>{encode_value(value)}</{name}>\n" for name, value in headers)
    tail = f"    <Content-Length>{len(body.encode())}</Content-Length>\n" if body else ""
    content = f"  <body>{encode_value(body)}</body>\n" if body else ""
    inner = f"<event>\n  <headers>\n{rows}{tail}  </headers>\n{content}</event>".encode()
    return b"Content-Length: %d\nContent-Type: text/event-xml\n\n" % len(inner) + inner


def command_reply(text: str, extra: list[tuple[str, str]] | None = None) -> bytes:
    """A ``command/reply`` frame."""
    tail = "".join(f"{name}: {value}\n" for name, value in extra or [])
    return f"Content-Type: command/reply\nReply-Text: {text}\n{tail}\n".encode()


def api_response(text: str) -> bytes:
    """An ``api/response`` frame; an empty answer becomes ``-ERR no reply`` as on the real switch."""
    content = (text or "-ERR no reply\n").encode("utf-8", "surrogateescape")
    return b"Content-Type: api/response\nContent-Length: %d\n\n" % len(content) + content


def auth_request() -> bytes:
    return b"Content-Type: auth/request\n\n"


def disconnect_notice(session_uuid: str = "") -> bytes:
    """The last frame before FreeSWITCH closes a connection."""
    session = f"Controlled-Session-UUID: {session_uuid}\nContent-Disposition: disconnect\n" if session_uuid else ""
    return f"Content-Type: text/disconnect-notice\n{session}Content-Length: {len(GOODBYE)}\n\n{GOODBYE}".encode()


def linger_notice(session_uuid: str, channel_name: str, seconds: int) -> bytes:
    """Sent on a lingering outbound connection when its channel has hung up; seconds is -1 for "for ever"."""
    return (
        f"Content-Type: text/disconnect-notice\nControlled-Session-UUID: {session_uuid}\n"
        f"Content-Disposition: linger\nChannel-Name: {channel_name}\nLinger-Time: {seconds}\nContent-Length: 0\n\n"
    ).encode()


@dataclass(slots=True)
class Command:
    """One command of a client: its first line, its headers (names as sent) and its body."""

    line: str
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: str = ""

    def header(self, name: str, default: str = "") -> str:
        """The first header of that name, whatever its case."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), default)


class CommandReader:
    """Turns the bytes of one client into commands."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._pending: Command | None = None
        self._missing = 0

    def feed(self, data: bytes) -> Iterator[Command]:
        """Yield each command that is complete.

        Raises `OversizedCommandError` where a head or a body passes 10 MB."""
        self._buffer += data
        while True:
            if self._pending is None and not self._read_head():
                return
            pending = self._pending
            if pending is None or len(self._buffer) < self._missing:
                return
            content = bytes(self._buffer[: self._missing])
            del self._buffer[: self._missing]
            pending.body = content.split(b"\0", 1)[0].decode("utf-8", "replace")
            self._pending = None
            yield pending

    def _read_head(self) -> bool:
        while self._buffer.startswith((b"\n", b"\r")):
            del self._buffer[:1]
        first = self._buffer.find(b"\n")
        if first < 0:
            if len(self._buffer) > MAX_HEAD_BYTES:
                raise OversizedCommandError("command line over 10 MB")
            return False
        separator = b"\r\n\r\n" if self._buffer[first - 1 : first] == b"\r" else b"\n\n"
        end = self._buffer.find(separator, max(0, first - 1))
        if end < 0:
            if len(self._buffer) > MAX_HEAD_BYTES:
                raise OversizedCommandError("command head over 10 MB")
            return False
        head = bytes(self._buffer[:end]).decode("utf-8", "replace")
        del self._buffer[: end + len(separator)]
        self._pending = _parse_head(head)
        length = self._pending.header("content-length", "0").strip()
        self._missing = int(length) if length.isdigit() else 0
        if self._missing > MAX_BODY_BYTES:
            raise OversizedCommandError("command body over 10 MB")
        return True


def _parse_head(head: str) -> Command:
    lines = head.replace("\r\n", "\n").split("\n")
    command = Command(lines[0])
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if colon:
            command.headers.append((name.strip(), value.lstrip(" ")))
    return command
