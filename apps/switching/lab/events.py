"""Events and the bus that numbers and delivers them (switch_event.c)."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from functools import cached_property

from apps.switching.lab import wire

Headers = list[tuple[str, str]]

NAMES = frozenset(
    [
        "CUSTOM",
        "CLONE",
        "CHANNEL_CREATE",
        "CHANNEL_DESTROY",
        "CHANNEL_STATE",
        "CHANNEL_CALLSTATE",
        "CHANNEL_ANSWER",
        "CHANNEL_HANGUP",
        "CHANNEL_HANGUP_COMPLETE",
        "CHANNEL_EXECUTE",
        "CHANNEL_EXECUTE_COMPLETE",
        "CHANNEL_HOLD",
        "CHANNEL_UNHOLD",
        "CHANNEL_BRIDGE",
        "CHANNEL_UNBRIDGE",
        "CHANNEL_PROGRESS",
        "CHANNEL_PROGRESS_MEDIA",
        "CHANNEL_OUTGOING",
        "CHANNEL_PARK",
        "CHANNEL_UNPARK",
        "CHANNEL_APPLICATION",
        "CHANNEL_ORIGINATE",
        "CHANNEL_UUID",
        "API",
        "LOG",
        "INBOUND_CHAN",
        "OUTBOUND_CHAN",
        "STARTUP",
        "SHUTDOWN",
        "PUBLISH",
        "UNPUBLISH",
        "TALK",
        "NOTALK",
        "SESSION_CRASH",
        "MODULE_LOAD",
        "MODULE_UNLOAD",
        "DTMF",
        "MESSAGE",
        "PRESENCE_IN",
        "NOTIFY_IN",
        "PRESENCE_OUT",
        "PRESENCE_PROBE",
        "MESSAGE_WAITING",
        "MESSAGE_QUERY",
        "ROSTER",
        "CODEC",
        "BACKGROUND_JOB",
        "DETECTED_SPEECH",
        "DETECTED_TONE",
        "PRIVATE_COMMAND",
        "HEARTBEAT",
        "TRAP",
        "ADD_SCHEDULE",
        "DEL_SCHEDULE",
        "EXE_SCHEDULE",
        "RE_SCHEDULE",
        "RELOADXML",
        "NOTIFY",
        "PHONE_FEATURE",
        "PHONE_FEATURE_SUBSCRIBE",
        "SEND_MESSAGE",
        "RECV_MESSAGE",
        "REQUEST_PARAMS",
        "CHANNEL_DATA",
        "GENERAL",
        "COMMAND",
        "SESSION_HEARTBEAT",
        "CLIENT_DISCONNECTED",
        "SERVER_DISCONNECTED",
        "SEND_INFO",
        "RECV_INFO",
        "RECV_RTCP_MESSAGE",
        "SEND_RTCP_MESSAGE",
        "CALL_SECURE",
        "NAT",
        "RECORD_START",
        "RECORD_STOP",
        "PLAYBACK_START",
        "PLAYBACK_STOP",
        "CALL_UPDATE",
        "FAILURE",
        "SOCKET_DATA",
        "MEDIA_BUG_START",
        "MEDIA_BUG_STOP",
        "CONFERENCE_DATA_QUERY",
        "CONFERENCE_DATA",
        "CALL_SETUP_REQ",
        "CALL_SETUP_RESULT",
        "CALL_DETAIL",
        "DEVICE_STATE",
        "TEXT",
        "SHUTDOWN_REQUESTED",
        "ALL",
    ]
)
OWN_CHANNEL_NAMES = frozenset(
    [
        "CHANNEL_ANSWER",
        "CHANNEL_APPLICATION",
        "CHANNEL_BRIDGE",
        "CHANNEL_CREATE",
        "CHANNEL_DATA",
        "CHANNEL_DESTROY",
        "CHANNEL_EXECUTE",
        "CHANNEL_EXECUTE_COMPLETE",
        "CHANNEL_HANGUP",
        "CHANNEL_HANGUP_COMPLETE",
        "CHANNEL_ORIGINATE",
        "CHANNEL_OUTGOING",
        "CHANNEL_PARK",
        "CHANNEL_PROGRESS",
        "CHANNEL_PROGRESS_MEDIA",
        "CHANNEL_STATE",
        "CHANNEL_UNBRIDGE",
        "CHANNEL_UNPARK",
        "CHANNEL_UUID",
        "CHANNEL_HOLD",
        "CHANNEL_UNHOLD",
        "DETECTED_SPEECH",
        "DETECTED_TONE",
        "DTMF",
        "MESSAGE",
        "NOTALK",
        "TALK",
    ]
)
"""What ``myevents`` subscribes a controlling connection to (mod_event_socket.c)."""


class Clock:
    """The switch's microsecond clock; never gives the same value twice running backwards."""

    def __init__(self) -> None:
        self._last = 0

    def microseconds(self) -> int:
        now = time.time_ns() // 1000
        self._last = max(self._last, now)
        return self._last


def stamp(microseconds: int) -> str:
    """``YYYY-MM-DD HH:MM:SS`` in UTC."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(microseconds / 1_000_000))


@dataclass
class Event:
    """One event as it will be serialised: headers in order (a name may repeat) and an optional body."""

    name: str
    headers: Headers
    body: str = ""
    subclass: str = ""
    channel_uuid: str = ""

    def get(self, name: str) -> str | None:
        """The first header of that name."""
        return next((value for key, value in self.headers if key == name), None)

    @cached_property
    def plain(self) -> bytes:
        return wire.plain_event(self.headers, self.body)

    @cached_property
    def json(self) -> bytes:
        return wire.json_event(self.headers, self.body)

    @cached_property
    def xml(self) -> bytes:
        return wire.xml_event(self.headers, self.body)


@dataclass
class Subscription:
    """What one listener wants: event names (``ALL`` for every one) and CUSTOM subclasses."""

    names: set[str] = field(default_factory=set)
    subclasses: set[str] = field(default_factory=set)
    excluded: set[str] = field(default_factory=set)

    def wants(self, name: str, subclass: str = "") -> bool:
        if "ALL" in self.names:
            return (subclass or name) not in self.excluded
        if name == "CUSTOM":
            return subclass in self.subclasses
        return name in self.names

    def clear(self) -> None:
        self.names.clear()
        self.subclasses.clear()
        self.excluded.clear()

    def add(self, names: set[str], subclasses: set[str]) -> None:
        self.names |= names
        self.subclasses |= subclasses
        self.excluded -= names | subclasses

    def remove(self, names: set[str], subclasses: set[str]) -> None:
        self.names -= names
        self.subclasses -= subclasses
        self.excluded |= names | subclasses


class Listener:
    """Anything that receives events. `subscription` may change at any time."""

    def __init__(self, deliver: Callable[[Event], None]) -> None:
        self.subscription = Subscription()
        self.channel_uuid: str | None = None
        self.own_channel = Subscription()
        self.deliver = deliver

    def wants(self, name: str, subclass: str, channel_uuid: str) -> bool:
        own = bool(channel_uuid) and channel_uuid == self.channel_uuid and self.own_channel.wants(name, subclass)
        return own or self.subscription.wants(name, subclass)


@dataclass(frozen=True)
class Origin:
    """The source position FreeSWITCH writes into every event."""

    file: str
    function: str
    line: int


class EventBus:
    """Numbers events and hands them to the listeners that want them, in order."""

    def __init__(self, core_uuid: str, hostname: str, switchname: str, clock: Clock) -> None:
        self.core_uuid = core_uuid
        self.hostname = hostname
        self.switchname = switchname
        self.clock = clock
        self.sequence = 0
        self.listeners: list[Listener] = []

    def standard_headers(self, origin: Origin) -> Headers:
        """The headers every event and xml_curl request starts with after its Event-Name; takes a sequence number."""
        self.sequence += 1
        now = self.clock.microseconds()
        return [
            ("Core-UUID", self.core_uuid),
            ("FreeSWITCH-Hostname", self.hostname),
            ("FreeSWITCH-Switchname", self.switchname),
            ("FreeSWITCH-IPv4", "127.0.0.1"),
            ("FreeSWITCH-IPv6", "::1"),
            ("Event-Date-Local", stamp(now)),
            ("Event-Date-GMT", formatdate(now / 1_000_000, usegmt=True)),
            ("Event-Date-Timestamp", str(now)),
            ("Event-Calling-File", origin.file),
            ("Event-Calling-Function", origin.function),
            ("Event-Calling-Line-Number", str(origin.line)),
            ("Event-Sequence", str(self.sequence)),
        ]

    def wanted(self, name: str, subclass: str = "", channel_uuid: str = "") -> bool:
        return any(listener.wants(name, subclass, channel_uuid) for listener in self.listeners)

    def fire(
        self,
        name: str,
        origin: Origin,
        headers: Callable[[], Headers] | Headers,
        *,
        body: str = "",
        subclass: str = "",
        channel_uuid: str = "",
        before: Headers | None = None,
    ) -> None:
        """Send an event. `headers` may be a function: it is only called where somebody listens.

        `before` goes between Event-Name's standard headers and the rest for CUSTOM events as the real switch does:
        Event-Subclass first."""
        listeners = [one for one in self.listeners if one.wants(name, subclass, channel_uuid)]
        if not listeners:
            self.sequence += 1
            return
        lead: Headers = [("Event-Subclass", subclass)] if subclass else []
        content = headers() if callable(headers) else headers
        all_headers = [*lead, *(before or []), ("Event-Name", name), *self.standard_headers(origin), *content]
        event = Event(name, all_headers, body, subclass, channel_uuid)
        for listener in listeners:
            listener.deliver(event)
