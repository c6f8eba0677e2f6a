"""Every command we send, as functions that return the exact bytes (mod_event_socket.c, `read_packet` and
`parse_command`).

A newline inside a field would become a header, two of them a second command, and a NUL cuts what follows, so CR, LF
and NUL are refused in every field (`CommandRefused`). FreeSWITCH reads heads one byte per recv and bodies in bulk,
and strips leading spaces from header values: a long or odd application argument therefore travels in a body with its
content-length, where its size is no matter (a bridge string for a thousand phones arrives as it was).

There is no builder for `getvar`: its answer puts the raw value into a head, where a caller's value could forge lines.
Use `api("uuid_getvar", ...)`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from apps.switching.esl.errors import CommandRefused

MAX_LINE = 1024 * 1024
"""Most bytes in one line of a command; the switch itself cuts a packet at 10 MB and runs the rest as a second
command."""
MAX_BODY = 8 * 1024 * 1024
"""Most bytes in a command's body."""
BODY_FROM = 1024
"""An application argument of this many bytes or more goes into the body."""

NEWLINE = b"\n"
"""Not a command: the switch ignores it and does not answer, but wakes up and sends waiting events sooner."""

_FORBIDDEN = re.compile(r"[\r\n\0]")
_WORD = re.compile(r"[^\s\x00-\x1f\x7f]{1,256}")
_HEADER_NAME = re.compile(r"[A-Za-z0-9_.\-]{1,128}")


def line_text(what: str, value: str, most: int = MAX_LINE) -> bytes:
    """A field as UTF-8, or `CommandRefused` for CR, LF, NUL, lone surrogates and anything longer than `most` bytes."""
    if _FORBIDDEN.search(value):
        raise CommandRefused(f"{what} holds a CR, LF or NUL")
    return _encode(what, value, most)


def _encode(what: str, value: str, most: int) -> bytes:
    try:
        encoded = value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise CommandRefused(f"{what} is not valid text") from error
    if len(encoded) > most:
        raise CommandRefused(f"{what} is {len(encoded)} bytes long, at most {most} are sent")
    return encoded


def _word(what: str, value: str) -> bytes:
    """A field that must be one word: a space would make it two arguments."""
    if not _WORD.fullmatch(value):
        raise CommandRefused(f"{what} must be one word without spaces or control characters")
    return _encode(what, value, MAX_LINE)


def _header(name: str, value: str) -> bytes:
    if not _HEADER_NAME.fullmatch(name):
        raise CommandRefused(f"{name[:40]!r} is not a header name")
    if name.lower() == "content-length":
        raise CommandRefused("content-length is counted here, not given")
    return name.encode() + b": " + line_text(name, value)


def _line(*parts: bytes) -> bytes:
    return b" ".join(part for part in parts if part) + b"\n\n"


# --- who we are ------------------------------------------------------------------------------------------------------


def auth(password: str) -> bytes:
    """Answer the switch's auth request."""
    return _line(b"auth", line_text("the password", password, 1024))


def userauth(user: str, realm: str, password: str) -> bytes:
    """Log in as a directory user, with the rights the directory's `esl-*` parameters give."""
    if ":" in user or "@" in user or ":" in realm:
        raise CommandRefused("a user or realm may not hold ':' or '@'")
    return _line(b"userauth", _word("the user", f"{user}@{realm}") + b":" + line_text("the password", password, 1024))


def connect() -> bytes:
    """Take over the call on an outbound socket; the reply carries the channel."""
    return _line(b"connect")


def leave() -> bytes:
    """`exit`: the switch says goodbye and closes."""
    return _line(b"exit")


# --- the API ---------------------------------------------------------------------------------------------------------


def api(command: str, arguments: str = "") -> bytes:
    """Run an API command and wait for its output. Blocks everything else on this socket while it runs."""
    return _line(b"api", _word("the command", command), line_text("the arguments", arguments))


def bgapi(command: str, arguments: str = "", *, job_uuid: str) -> bytes:
    """Run an API command in the background under a job id of our choice; its output comes as a BACKGROUND_JOB event."""
    head = b" ".join(filter(None, (b"bgapi", _word("the command", command), line_text("the arguments", arguments))))
    return head + b"\nJob-UUID: " + _word("the job id", job_uuid) + b"\n\n"


# --- events ----------------------------------------------------------------------------------------------------------


def subscribe(names: Iterable[str] = (), custom: Iterable[str] = ()) -> bytes:
    """`event json`: hear these events, and CUSTOM events of these subclasses (which stand last, as the switch
    wants)."""
    return _line(b"event json", *_event_names(names, custom))


def unsubscribe(names: Iterable[str] = (), custom: Iterable[str] = ()) -> bytes:
    """`nixevent`: hear these no longer."""
    return _line(b"nixevent", *_event_names(names, custom))


def _event_names(names: Iterable[str], custom: Iterable[str]) -> list[bytes]:
    words = [_word("an event name", name) for name in names]
    subclasses = [_word("an event subclass", subclass) for subclass in custom]
    if subclasses:
        words += [b"CUSTOM", *subclasses]
    if not words:
        raise CommandRefused("no event was named")
    return words


def myevents() -> bytes:
    """On an outbound socket: hear this channel's own events (and none of any other channel), in json."""
    return _line(b"myevents json")


def add_filter(header: str, value: str) -> bytes:
    """Of the subscribed events, hear those whose header has this value. Several filters: any of them lets an event
    pass."""
    return _line(b"filter", _word("the header", header), line_text("the value", value))


def delete_filter(header: str, value: str = "") -> bytes:
    """Take back one filter, or every filter on this header."""
    return _line(b"filter delete", _word("the header", header), line_text("the value", value))


def linger(seconds: int | None = None) -> bytes:
    """Keep the socket open after hang-up, so that CHANNEL_HANGUP_COMPLETE is seen; None: until we leave."""
    if seconds is not None and not 0 < seconds <= 3600:
        raise CommandRefused("linger takes 1 to 3600 seconds")
    return _line(b"linger", b"" if seconds is None else str(seconds).encode())


def nolinger() -> bytes:
    """Take `linger` back."""
    return _line(b"nolinger")


def divert_events(on: bool) -> bytes:
    """Send the events an application consumes itself (such as recognised speech) to this socket."""
    return _line(b"divert_events", b"on" if on else b"off")


def sendevent(name: str, headers: Mapping[str, str] | None = None, body: str = "") -> bytes:
    """Fire an event on the switch. The body may hold newlines (its length is counted) but no NUL, which would cut
    it."""
    lines = [b"sendevent " + _word("the event name", name)]
    lines += [_header(header, value) for header, value in (headers or {}).items()]
    if "\0" in body:
        raise CommandRefused("the body holds a NUL")
    return _with_body(lines, _encode("the body", body, MAX_BODY))


# --- messages to a channel -------------------------------------------------------------------------------------------


def execute(
    application: str,
    argument: str = "",
    *,
    uuid: str = "",
    event_uuid: str = "",
    loops: int = 1,
    event_lock: bool = True,
    asynchronous: bool = False,
) -> bytes:
    """Run a dialplan application on a channel (an outbound socket's own when `uuid` is empty).

    `event_uuid` comes back as `Application-UUID` in CHANNEL_EXECUTE_COMPLETE. `event_lock` makes the channel finish
    this before it looks at the next message.
    """
    headers = {"call-command": "execute", "execute-app-name": application}
    if not _WORD.fullmatch(application):
        raise CommandRefused("the application must be one word without spaces or control characters")
    if event_uuid:
        headers["Event-UUID"] = event_uuid
    if not 1 <= loops <= 1_000_000:
        raise CommandRefused("loops must be 1 to 1,000,000")
    if loops > 1:
        headers["loops"] = str(loops)
    if event_lock:
        headers["event-lock"] = "true"
    if asynchronous:
        headers["async"] = "true"
    encoded = line_text("the argument", argument, MAX_BODY)
    # A header value loses its leading spaces, and one that starts with ARRAY:: is taken apart: both are safe in a body.
    in_body = len(encoded) >= BODY_FROM or argument.startswith((" ", "\t", "ARRAY::"))
    if encoded and not in_body:
        headers["execute-app-arg"] = argument
    return _sendmsg(uuid, headers, encoded if in_body else b"")


def hangup(cause: str = "NORMAL_CLEARING", *, uuid: str = "") -> bytes:
    """Hang a channel up with this cause."""
    if not _WORD.fullmatch(cause):
        raise CommandRefused("the hangup cause must be one word")
    return _sendmsg(uuid, {"call-command": "hangup", "hangup-cause": cause})


def nomedia(nomedia_uuid: str, *, uuid: str = "") -> bytes:
    """Take the switch out of the media path between a channel and its peer."""
    return _sendmsg(uuid, {"call-command": "nomedia", "nomedia-uuid": nomedia_uuid})


def _sendmsg(uuid: str, headers: Mapping[str, str], body: bytes = b"") -> bytes:
    lines = [b"sendmsg " + _word("the channel", uuid) if uuid else b"sendmsg"]
    lines += [_header(name, value) for name, value in headers.items()]
    if body:
        lines.append(b"content-type: text/plain")
    return _with_body(lines, body)


def _with_body(lines: list[bytes], body: bytes) -> bytes:
    if body:
        lines.append(b"content-length: " + str(len(body)).encode())
    return b"\n".join(lines) + b"\n\n" + body
