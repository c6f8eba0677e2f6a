"""One event-socket connection without I/O: bytes in, messages out, and who may speak when.

Terms: a *client* connection is one we made to the switch (it asks for a password first); an *outbound* connection is
one the switch made to us for one call (FreeSWITCH's word; we speak first). A *token* is the number a sent command
goes by until its reply, for replies come in the order of the commands and say nothing of their own about which one
they answer.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from apps.switching.esl.commands import NEWLINE
from apps.switching.esl.errors import CommandRefused, ProtocolError
from apps.switching.esl.events import Event
from apps.switching.esl.framer import Framer, Limits
from apps.switching.esl.messages import (
    ApiResponse,
    AuthRequest,
    CommandReply,
    DisconnectNotice,
    LogData,
    Message,
    RudeRejection,
    XmlEvent,
    read_message,
)


class Role(Enum):
    """Which side we are on."""

    CLIENT = "client"
    OUTBOUND = "outbound"


class State(Enum):
    """Where a connection stands. A client goes through all of them, an outbound one starts READY."""

    WAITING = "waiting for the auth request"
    LOGGING_IN = "logging in"
    READY = "ready"
    LINGERING = "lingering after hang-up"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply together with the token of the command it answers."""

    token: int
    message: CommandReply | ApiResponse


@dataclass(frozen=True, slots=True)
class JobFinished:
    """A background job we were waiting for is done; `event.body` is its output."""

    job_uuid: str
    event: Event


Received: TypeAlias = Reply | JobFinished | AuthRequest | DisconnectNotice | RudeRejection | LogData | XmlEvent | Event

_LOGIN = (b"auth ", b"userauth ")
_LEAVE = b"exit\n"
MAX_PIPELINED = 100_000


class Connection:
    """`send` gives bytes to write and a token; `receive` gives what the bytes that came in mean.

    A fault found behind good messages is kept in `fault` (those messages are still returned) and raised by the next
    call: look at `fault` after each `receive`. Bytes after the switch's final notice are ignored.
    """

    def __init__(self, role: Role, limits: Limits | None = None) -> None:
        self.role = role
        self.state = State.WAITING if role is Role.CLIENT else State.READY
        self.fault: ProtocolError | None = None
        self._framer = Framer(limits, connect_reply_first=role is Role.OUTBOUND)
        self._waiting: deque[int] = deque()
        self._login_token: int | None = None
        self._jobs: set[str] = set()
        self._next_token = 1

    @property
    def closed(self) -> bool:
        """Whether the switch said its last word, or the shell lost the socket."""
        return self.state is State.CLOSED

    @property
    def unanswered(self) -> int:
        """Commands sent whose replies have not come."""
        return len(self._waiting)

    def send(self, command: bytes) -> tuple[bytes, int | None]:
        """Bytes to write and the token their reply will carry (None for a bare newline, which is not answered).

        Raises `CommandRefused` when it is not our turn: before the switch asked for a password, before it accepted
        one, after the end.
        """
        if self.closed or self.fault is not None:
            raise CommandRefused("the connection is closed")
        if self.state in (State.WAITING, State.LOGGING_IN) and not self._may_log_in(command):
            raise CommandRefused("not logged in yet")
        if command == NEWLINE:
            return command, None
        if len(self._waiting) >= MAX_PIPELINED:
            raise CommandRefused("too many commands are waiting for an answer")
        token = self._next_token
        self._next_token += 1
        self._waiting.append(token)
        if self.state is State.LOGGING_IN and command.startswith(_LOGIN):
            self._login_token = token
        return command, token

    def _may_log_in(self, command: bytes) -> bool:
        if self.state is not State.LOGGING_IN:
            return False
        return command.startswith(_LEAVE) or (command.startswith(_LOGIN) and self._login_token is None)

    def expect_job(self, job_uuid: str) -> None:
        """Hand this job's BACKGROUND_JOB event over as `JobFinished`. Call before sending `bgapi`."""
        self._jobs.add(job_uuid)

    def forget_job(self, job_uuid: str) -> None:
        """Stop waiting for a job; its event, should it come, is an ordinary one."""
        self._jobs.discard(job_uuid)

    def receive(self, data: bytes) -> list[Received]:
        """What these bytes complete, in order; raises `ProtocolError` (see `fault`)."""
        if self.closed:
            return []
        if self.fault is not None:
            raise self.fault
        received: list[Received] = []
        try:
            for frame in self._framer.feed(data):
                received.append(self._take(read_message(frame)))
                if self.closed:
                    return received
            if self._framer.fault is not None:
                raise self._framer.fault
        except ProtocolError as error:
            self.fault = error
            if not received:
                raise
        return received

    def _take(self, message: Message) -> Received:
        if isinstance(message, Event):
            return self._take_event(message)
        if isinstance(message, CommandReply | ApiResponse):
            return self._take_reply(message)
        if isinstance(message, AuthRequest):
            if self.state is not State.WAITING:
                raise ProtocolError("an auth request out of turn")
            self.state = State.LOGGING_IN
        elif isinstance(message, DisconnectNotice):
            lingers = message.lingering and self.state in (State.READY, State.LINGERING)
            self.state = State.LINGERING if lingers else State.CLOSED
        elif isinstance(message, RudeRejection):
            if self.state is not State.WAITING:
                raise ProtocolError("a rude rejection out of turn")
            self.state = State.CLOSED
        return message

    def _take_event(self, event: Event) -> Event | JobFinished:
        if self.state in (State.WAITING, State.LOGGING_IN):
            raise ProtocolError("an event before the login")
        if self._jobs and event.name == "BACKGROUND_JOB":
            job_uuid = event.get("Job-UUID")
            if job_uuid in self._jobs:
                self._jobs.discard(job_uuid)
                return JobFinished(job_uuid, event)
        return event

    def _take_reply(self, message: CommandReply | ApiResponse) -> Reply:
        if not self._waiting:
            raise ProtocolError("a reply to no command")
        token = self._waiting.popleft()
        if token == self._login_token:
            self._login_token = None
            if isinstance(message, CommandReply) and message.ok and self.state is State.LOGGING_IN:
                self.state = State.READY
        return Reply(token, message)
