"""Cut a stream of bytes into frames: a head, an empty line, and as many body bytes as Content-Length says.

No newline follows a body: the next head starts at once. Content-Length counts bytes. The head of the reply to `connect`
carries a whole channel and is therefore allowed to be larger than any other (mod_event_socket.c, `connect`).
The same bytes give the same frames, and the same fault, however they were cut on the way.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from apps.switching.esl.errors import ProtocolError


class Frame(NamedTuple):
    """One head (without its closing empty line) and its body; `content_type` is `""` where the head names none."""

    content_type: str
    head: bytes
    body: bytes


@dataclass(frozen=True, slots=True)
class Limits:
    """The most bytes a peer may make us hold. A frame over a limit is a `ProtocolError`."""

    head: int = 64 * 1024
    connect_head: int = 16 * 1024 * 1024
    body: int = 64 * 1024 * 1024

    def __post_init__(self) -> None:
        if min(self.head, self.connect_head) < 256:
            raise ValueError("a head limit below 256 bytes refuses every ordinary event")


_END = b"\n\n"
# The exact heads FreeSWITCH writes for what comes by the thousand; every other head takes the strict slow road.
_COMMON = re.compile(rb"Content-Length: ([0-9]{1,9})\nContent-Type: text/event-(json|plain)\n\n")
_COMMON_TYPES = {b"json": "text/event-json", b"plain": "text/event-plain"}
_LENGTH_LINE = re.compile(rb"^content-length:[ \t]*([^\n]*)$", re.IGNORECASE | re.MULTILINE)
_TYPE_LINE = re.compile(rb"^content-type:[ \t]*([^\n]*)$", re.IGNORECASE | re.MULTILINE)
_NUMBER = re.compile(rb"[0-9]{1,12}")


class Framer:
    """`feed` bytes as they come, get whole frames back.

    A fault found behind good frames is kept in `fault` (those frames are still returned) and raised by the next call.
    With `connect_reply_first` the first head may be as long as `Limits.connect_head`.
    """

    def __init__(self, limits: Limits | None = None, *, connect_reply_first: bool = False) -> None:
        self.limits = limits or Limits()
        self.fault: ProtocolError | None = None
        self._head_limit = self.limits.connect_head if connect_reply_first else self.limits.head
        self._partial_head = bytearray()
        self._pending: tuple[str, bytes] | None = None
        self._parts: list[bytes] = []
        self._missing = 0

    @property
    def buffered(self) -> int:
        """Bytes held of a frame that is not yet whole."""
        body = sum(map(len, self._parts))
        return len(self._partial_head) + body + (len(self._pending[1]) if self._pending else 0)

    def feed(self, data: bytes) -> list[Frame]:
        """Take the next bytes and return the frames they complete; raises `ProtocolError` (see `fault`)."""
        if self.fault is not None:
            raise self.fault
        frames: list[Frame] = []
        try:
            self._feed(data, frames)
        except ProtocolError as error:
            self.fault = error
            self._partial_head.clear()
            self._parts.clear()
            if not frames:
                raise
        return frames

    def _feed(self, data: bytes, frames: list[Frame]) -> None:
        position = 0
        if self._pending is not None:
            position = self._continue_body(data, frames)
            if self._pending is not None:
                return
        elif self._partial_head:
            scanned = len(self._partial_head) - 1
            self._partial_head += data
            if self._partial_head.find(_END, scanned) < 0:
                self._check_head(len(self._partial_head) - 1)
                return
            data = bytes(self._partial_head)
            self._partial_head.clear()
        self._cut(data, position, frames)

    def _continue_body(self, data: bytes, frames: list[Frame]) -> int:
        """Add to the body under way; returns how many bytes of `data` belonged to it."""
        if len(data) < self._missing:
            self._parts.append(data)
            self._missing -= len(data)
            return len(data)
        taken = self._missing
        self._parts.append(data[:taken])
        assert self._pending is not None
        frames.append(Frame(self._pending[0], self._pending[1], b"".join(self._parts)))
        self._pending = None
        self._parts.clear()
        return taken

    def _cut(self, data: bytes, position: int, frames: list[Frame]) -> None:
        size = len(data)
        most = self.limits.body
        common = _COMMON.match
        add = frames.append
        make = tuple.__new__
        while position < size:
            match = common(data, position)
            if match is not None:
                self._head_limit = self.limits.head
                start = match.end()
                length = int(match[1])
                if length > most:
                    raise ProtocolError(f"a body of {length} bytes is over the limit of {most}")
                end = start + length
                content_type = _COMMON_TYPES[match[2]]
                if end <= size:
                    add(make(Frame, (content_type, data[position : start - 2], data[start:end])))
                    position = end
                    self._head_limit = self.limits.head
                    continue
                head = data[position : start - 2]
            else:
                stop = data.find(_END, position)
                if stop < 0:
                    self._partial_head += data[position:]
                    self._check_head(size - position - 1)
                    return
                self._check_head(stop - position)
                head = data[position:stop]
                start = stop + 2
                content_type, length = self._read_head(head)
                end = start + length
                self._head_limit = self.limits.head
            if end > size:
                self._pending = (content_type, head)
                self._parts.append(data[start:])
                self._missing = end - size
                return
            add(Frame(content_type, head, data[start:end]))
            position = end

    def _check_head(self, length: int) -> None:
        if length > self._head_limit:
            raise ProtocolError(f"a head is over the limit of {self._head_limit} bytes")

    def _read_head(self, head: bytes) -> tuple[str, int]:
        """The content type and body length a head declares, or a `ProtocolError` for anything ambiguous."""
        if not head or head.startswith(b"\n"):
            raise ProtocolError("an empty head: the stream is out of step")
        lengths = set(_LENGTH_LINE.findall(head))
        length = 0
        if lengths:
            value = lengths.pop()
            if lengths or not _NUMBER.fullmatch(value):
                raise ProtocolError("Content-Length is not one plain number")
            length = int(value)
            if length > self.limits.body:
                raise ProtocolError(f"a body of {length} bytes is over the limit of {self.limits.body}")
        found = _TYPE_LINE.search(head)
        return (found[1].decode("ascii", "replace") if found else ""), length
