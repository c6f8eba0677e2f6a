"""What the switch says, typed: one class per content type (mod_event_socket)."""

from __future__ import annotations

from typing import TypeAlias

from apps.switching.esl.errors import ProtocolError
from apps.switching.esl.events import Event, JsonEvent, PlainEvent
from apps.switching.esl.framer import Frame
from apps.switching.esl.headers import HeaderBlock, decode_value


class AuthRequest:
    """The switch wants a password. The first thing an inbound connection hears."""

    __slots__ = ()


class CommandReply:
    """The answer to any command but `api`. `text` is the Reply-Text line, such as `+OK accepted`."""

    __slots__ = ("headers", "text")

    def __init__(self, head: bytes) -> None:
        self.headers = HeaderBlock(head, encoded=False)
        self.text = self.headers.get("Reply-Text") or ""

    @property
    def ok(self) -> bool:
        """Whether the switch took the command."""
        return not self.text.startswith("-")

    @property
    def job_uuid(self) -> str:
        """The background job's id, `""` unless this answers `bgapi`."""
        return self.headers.get("Job-UUID") or ""


class ConnectReply(CommandReply):
    """The answer to `connect` on an outbound socket: the whole channel comes in the head, every value
    percent-encoded."""

    __slots__ = ("channel",)

    def __init__(self, head: bytes) -> None:
        super().__init__(head)
        self.channel = PlainEvent(head)
        self.text = decode_value(self.text.encode()).rstrip("\n")


class ApiResponse:
    """The answer to `api`: the command's output, verbatim."""

    __slots__ = ("_body",)

    def __init__(self, body: bytes) -> None:
        self._body = body

    @property
    def text(self) -> str:
        """The output; invalid UTF-8 is replaced."""
        return self._body.decode("utf-8", "replace")

    @property
    def ok(self) -> bool:
        """False where the output is one of FreeSWITCH's two ways to say no."""
        return not self._body.startswith((b"-ERR", b"-USAGE"))


class DisconnectNotice:
    """The switch is about to close. With `lingering` it first sends what is still to come, for `linger_seconds`
    (-1: until we leave)."""

    __slots__ = ("channel_uuid", "linger_seconds", "lingering", "text")

    def __init__(self, head: bytes, body: bytes) -> None:
        headers = HeaderBlock(head, encoded=False)
        self.lingering = headers.get("Content-Disposition") == "linger"
        self.channel_uuid = headers.get("Controlled-Session-UUID") or ""
        seconds = headers.get("Linger-Time") or ""
        self.linger_seconds = int(seconds) if seconds.isascii() and seconds.isdigit() and len(seconds) < 10 else -1
        self.text = body.decode("utf-8", "replace")


class RudeRejection:
    """The switch's access list turned us away before asking for a password."""

    __slots__ = ("text",)

    def __init__(self, body: bytes) -> None:
        self.text = body.decode("utf-8", "replace")


class LogData:
    """One line of the switch's log (after a `log` command)."""

    __slots__ = ("headers", "text")

    def __init__(self, head: bytes, body: bytes) -> None:
        self.headers = HeaderBlock(head, encoded=False)
        self.text = body.decode("utf-8", "replace")


class XmlEvent:
    """An event in xml format, which we never subscribe to: kept as text, so that a stray one does no harm."""

    __slots__ = ("text",)

    def __init__(self, body: bytes) -> None:
        self.text = body.decode("utf-8", "replace")


Message: TypeAlias = (
    AuthRequest | CommandReply | ApiResponse | Event | DisconnectNotice | RudeRejection | LogData | XmlEvent
)

_CHANNEL_DATA = b"Event-Name: CHANNEL_DATA\n"


def read_message(frame: Frame) -> Message:
    """Type a frame. Raises `ProtocolError` for a content type that is not the protocol's: the stream is out of step."""
    content_type = frame.content_type
    if content_type == "text/event-json":
        return JsonEvent(frame.body)
    if content_type == "text/event-plain":
        return PlainEvent(frame.body)
    if content_type == "command/reply":
        if frame.head.startswith(_CHANNEL_DATA):
            return ConnectReply(frame.head)
        return CommandReply(frame.head)
    if content_type == "api/response":
        return ApiResponse(frame.body)
    return _read_rare_message(frame)


def _read_rare_message(frame: Frame) -> Message:
    match frame.content_type:
        case "auth/request":
            return AuthRequest()
        case "text/disconnect-notice":
            return DisconnectNotice(frame.head, frame.body)
        case "text/rude-rejection":
            return RudeRejection(frame.body)
        case "log/data":
            return LogData(frame.head, frame.body)
        case "text/event-xml":
            return XmlEvent(frame.body)
    raise ProtocolError(f"unknown content type {frame.content_type[:80]!r}")
