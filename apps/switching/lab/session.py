"""One event-socket conversation, inbound or outbound: commands in, replies and events out (mod_event_socket.c)."""

from __future__ import annotations

import asyncio
import contextlib
import re
import uuid
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from apps.switching.lab import commands, wire
from apps.switching.lab.channel import Channel
from apps.switching.lab.events import NAMES, OWN_CHANNEL_NAMES, Event, Listener, Origin
from apps.switching.lab.headers import connect_headers
from apps.switching.lab.profile import Message

if TYPE_CHECKING:
    from apps.switching.lab.core import LabSwitch

_JOB = Origin("mod_event_socket.c", "api_exec", 1572)
_SENDEVENT = Origin("mod_event_socket.c", "parse_command", 2275)
_CONNECT = Origin("mod_event_socket.c", "parse_command", 2021)
_LOG_LEVELS = ["console", "alert", "crit", "err", "warning", "notice", "info", "debug"]
NOT_FOUND = "-ERR command not found"
_OWN_ONLY = frozenset({"connect", "getvar", "myevents", "sendmsg", "exit", "linger", "nolinger", "divert_events"})


class Session(asyncio.Protocol):
    """The conversation. Inbound ones authenticate; an outbound one has a `channel` and may be restricted to it."""

    def __init__(self, switch: LabSwitch, channel: Channel | None = None, *, full: bool = True, waits: bool = False):
        self.switch = switch
        self.channel = channel
        self.full = full
        self.waits = waits
        """Synchronous outbound mode: a sendmsg is answered when its application ends."""
        self.authenticated = channel is not None
        self.listener = Listener(self.deliver)
        self.format = "plain"
        self.filters: list[tuple[str, str]] = []
        self.linger: int | None = None
        self.closed = asyncio.Event()
        self.on_closed: Callable[[], None] | None = None
        self._transport: asyncio.Transport | None = None
        self._reader = wire.CommandReader()
        self._queue: asyncio.Queue[wire.Command] = asyncio.Queue()
        self._worker: asyncio.Task[None] | None = None
        self._deadline: asyncio.TimerHandle | None = None

    # ------------------------------------------------------------------ transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]
        self.switch.bus.listeners.append(self.listener)
        self._worker = asyncio.get_running_loop().create_task(self._work())
        if not self.authenticated:
            self.write(wire.auth_request())
            seconds = self.switch.settings.unauthenticated_seconds
            self._deadline = asyncio.get_running_loop().call_later(seconds, self.drop_idle)

    def data_received(self, data: bytes) -> None:
        try:
            for command in self._reader.feed(data):
                self._queue.put_nowait(command)
        except wire.OversizedCommandError:
            self.close()

    def connection_lost(self, _error: Exception | None) -> None:
        with contextlib.suppress(ValueError):
            self.switch.bus.listeners.remove(self.listener)
        if self._deadline is not None:
            self._deadline.cancel()
        if self._worker is not None and self._worker is not asyncio.current_task():
            self._worker.cancel()
        self.closed.set()
        self.switch.server.sessions.discard(self)
        if self.on_closed is not None:
            self.on_closed()

    def write(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def close(self) -> None:
        """Flush and close."""
        if self._transport is not None:
            self._transport.close()

    def say_goodbye(self) -> None:
        """The disconnect notice, then the end."""
        self.write(wire.disconnect_notice(self.channel.uuid if self.channel is not None else ""))
        self.close()

    def drop_idle(self) -> None:
        if not self.authenticated:
            self.say_goodbye()

    # ------------------------------------------------------------------ events

    def deliver(self, event: Event) -> None:
        if self.filters and not any(self._passes(event, name, value) for name, value in self.filters):
            return
        frame: bytes = getattr(event, self.format)
        self.write(frame)

    @staticmethod
    def _passes(event: Event, name: str, wanted: str) -> bool:
        value = event.get(name)
        if value is None:
            return False
        if wanted.startswith("/"):
            return re.search(wanted.strip("/"), value) is not None
        return not wanted or value.lower() == wanted.lower()

    # ------------------------------------------------------------------ commands

    async def _work(self) -> None:
        while True:
            command = await self._queue.get()
            verb, _, rest = command.line.partition(" ")
            handler = _VERBS.get(verb.lower())
            if not self.authenticated and verb not in ("auth", "userauth", "exit"):
                handler = None
            if self.channel is not None and not self.full and verb not in _OWN_ONLY:
                handler = None
            if handler is None:
                self.reply(NOT_FOUND)
                continue
            await handler(self, command, rest.strip())

    def reply(self, text: str, extra: list[tuple[str, str]] | None = None) -> None:
        self.write(wire.command_reply(text, extra))

    async def auth(self, command: wire.Command, rest: str) -> None:
        if command.line.startswith("auth ") and rest == self.switch.settings.esl_password:
            self.authenticated = True
            self.reply("+OK accepted")
            return
        self.reply("-ERR invalid")
        self.say_goodbye()

    async def exit(self, _command: wire.Command, _rest: str) -> None:
        self.reply("+OK bye")
        self.say_goodbye()

    async def api(self, _command: wire.Command, rest: str) -> None:
        name, _, argument = rest.partition(" ")
        self.write(wire.api_response(await commands.run(self.switch, name, argument.strip())))

    async def bgapi(self, command: wire.Command, rest: str) -> None:
        job = command.header("Job-UUID") or str(uuid.uuid4())
        self.reply(f"+OK Job-UUID: {job}", [("Job-UUID", job)])
        self.switch.spawn(self._job(job, rest))

    async def _job(self, job: str, rest: str) -> None:
        name, _, argument = rest.partition(" ")
        answer = await commands.run(self.switch, name, argument.strip()) or "-ERR no reply\n"
        headers = [("Job-UUID", job), ("Job-Command", name)]
        if argument:
            headers.append(("Job-Command-Arg", argument.strip()))
        self.switch.bus.fire("BACKGROUND_JOB", _JOB, headers, body=answer)

    async def event(self, command: wire.Command, rest: str) -> None:
        words = rest.split()
        chosen = "plain"
        if words and words[0].lower() in ("plain", "json", "xml"):
            chosen = words.pop(0).lower()
        names, subclasses = _names(words)
        if not names:
            self.reply("-ERR no keywords supplied")
            return
        self.format = chosen
        self.listener.subscription.add(names, subclasses)
        self.reply(f"+OK event listener enabled {chosen}")

    async def nixevent(self, _command: wire.Command, rest: str) -> None:
        names, subclasses = _names(rest.split())
        if not names:
            self.reply("-ERR no keywords supplied")
            return
        if "ALL" in names:
            self.listener.subscription.clear()
        self.listener.subscription.remove(names - {"CUSTOM", "ALL"}, subclasses)
        self.reply("+OK events nixed")

    async def noevents(self, _command: wire.Command, _rest: str) -> None:
        self.listener.subscription.clear()
        self.listener.own_channel.clear()
        self.filters.clear()
        self.reply("+OK no longer listening for events")

    async def myevents(self, _command: wire.Command, rest: str) -> None:
        words = rest.split()
        known = [word for word in words if word.lower() in ("plain", "json", "xml")]
        owner = self.channel.uuid if self.channel is not None else next((one for one in words if one not in known), "")
        if not owner:
            self.reply(NOT_FOUND)
            return
        if owner not in self.switch.channels:
            self.reply("-ERR invalid uuid")
            return
        self.format = known[0].lower() if known else "plain"
        self.listener.channel_uuid = owner
        self.listener.own_channel.add(set(OWN_CHANNEL_NAMES), set())
        self.reply("+OK Events Enabled")

    async def divert_events(self, _command: wire.Command, rest: str) -> None:
        if self.channel is None:
            self.reply(NOT_FOUND)
            return
        self.reply("+OK events diverted" if rest.lower() == "on" else "+OK events not diverted")

    async def filter(self, _command: wire.Command, rest: str) -> None:
        words = rest.split(" ", 1)
        if words[0].lower() == "delete":
            name, _, value = (words[1] if len(words) > 1 else "").partition(" ")
            self.filters = [
                one for one in self.filters if name != "all" and not (one[0] == name and value in ("", one[1]))
            ]
            self.reply(f"+OK filter deleted. [{name}][{value}]")
        elif len(words) == 2:
            self.filters.append((words[0], words[1]))
            self.reply(f"+OK filter added. [{words[0]}]=[{words[1]}]")
        else:
            self.reply("-ERR invalid syntax")

    async def log(self, _command: wire.Command, rest: str) -> None:
        level = int(rest) if rest.isdigit() else (_LOG_LEVELS.index(rest) if rest in _LOG_LEVELS else 7)
        self.reply(f"+OK log level {_LOG_LEVELS[min(level, 7)]} [{level}]")

    async def nolog(self, _command: wire.Command, _rest: str) -> None:
        self.reply("+OK no longer logging")

    async def set_linger(self, _command: wire.Command, rest: str) -> None:
        if self.channel is None:
            self.reply("-ERR not controlling a session")
            return
        self.linger = int(rest) if rest.isdigit() else -1
        self.reply(f"+OK will linger {self.linger} seconds" if self.linger > 0 else "+OK will linger")

    async def nolinger(self, _command: wire.Command, _rest: str) -> None:
        if self.channel is None:
            self.reply("-ERR not controlling a session")
            return
        self.linger = None
        self.reply("+OK will not linger")

    async def getvar(self, _command: wire.Command, rest: str) -> None:
        value = self.channel.get(rest) if self.channel is not None else ""
        self.reply(value or NOT_FOUND)

    async def connect(self, _command: wire.Command, _rest: str) -> None:
        if self.channel is None:
            self.reply(NOT_FOUND)
            return
        headers = [
            ("Event-Name", "CHANNEL_DATA"),
            *self.switch.bus.standard_headers(_CONNECT),
            *connect_headers(self.channel),
            ("Content-Type", "command/reply"),
            ("Reply-Text", "+OK\n"),
            ("Socket-Mode", "static" if self.waits else "async"),
            ("Control", "full" if self.full else "single-channel"),
        ]
        # The type's slash stays, as recorded; everything else is encoded like an event's values.
        lines = "".join(f"{name}: {wire.encode_value(value)}\n" for name, value in headers)
        self.write(f"{lines}\n".encode())

    async def sendevent(self, command: wire.Command, rest: str) -> None:
        event_uuid = str(uuid.uuid4())
        name = rest.split(" ")[0].upper() or "GENERAL"
        subclass = command.header("Event-Subclass")
        fields = [pair for pair in command.headers if pair[0].lower() != "event-subclass"]
        before = [("Command", command.line), *fields, ("Event-UUID", event_uuid)]
        self.reply(f"+OK {event_uuid}")
        self.switch.bus.fire(name, _SENDEVENT, [], body=command.body, subclass=subclass, before=before)
        self.switch.presence.told(name, command)

    async def sendmsg(self, command: wire.Command, rest: str) -> None:
        channel = self.switch.channels.get(rest) if rest else self.channel
        if channel is None:
            self.reply(f"-ERR invalid session id [{rest}]")
            return
        message = _message(command)
        if self.waits and self.channel is channel and channel.up:
            message.done = asyncio.get_running_loop().create_future()
            channel.queue(message)
            await message.done
        elif channel.up:
            channel.queue(message)
        self.reply("+OK")


def _names(words: list[str]) -> tuple[set[str], set[str]]:
    """Event names and, after CUSTOM, subclasses. Unknown names are dropped."""
    names: set[str] = set()
    subclasses: set[str] = set()
    for word in words:
        if "CUSTOM" in names:
            subclasses.add(word)
        elif word.upper() in NAMES:
            names.add(word.upper())
    return names, subclasses


def _message(command: wire.Command) -> Message:
    loops = command.header("loops", "1")
    return Message(
        command=command.header("call-command", "execute").lower(),
        application=command.header("execute-app-name"),
        argument=command.header("execute-app-arg") or command.body,
        event_uuid=command.header("Event-UUID"),
        event_lock=command.header("event-lock").lower() == "true",
        loops=int(loops) if loops.lstrip("-").isdigit() else 1,
        cause=command.header("hangup-cause") or "NORMAL_CLEARING",
    )


_Handler = Callable[[Session, wire.Command, str], Awaitable[None]]
_VERBS: dict[str, _Handler] = {
    "auth": Session.auth,
    "userauth": Session.auth,
    "exit": Session.exit,
    "api": Session.api,
    "bgapi": Session.bgapi,
    "event": Session.event,
    "nixevent": Session.nixevent,
    "noevents": Session.noevents,
    "myevents": Session.myevents,
    "divert_events": Session.divert_events,
    "filter": Session.filter,
    "log": Session.log,
    "nolog": Session.nolog,
    "linger": Session.set_linger,
    "nolinger": Session.nolinger,
    "getvar": Session.getvar,
    "connect": Session.connect,
    "sendevent": Session.sendevent,
    "sendmsg": Session.sendmsg,
}
