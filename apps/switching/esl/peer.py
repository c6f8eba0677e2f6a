"""What the client's and the server's asyncio shells share: a transport, the sans-IO connection, futures for replies
and jobs.

Reading is never paused: a socket nobody reads makes FreeSWITCH queue events and, at the end of its queue, freeze as a
whole. Whoever cannot keep up must shed on our side (`event_queue`). A future is registered before its command is
written.
"""

from __future__ import annotations

import asyncio
import logging
import uuid as uuids
from collections.abc import Awaitable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from apps.switching.esl import commands
from apps.switching.esl.connection import Connection, JobFinished, Received, Reply, Role, State
from apps.switching.esl.errors import CommandFailed, CommandRefused, CommandTimeout, ConnectionLost, ProtocolError
from apps.switching.esl.events import Event
from apps.switching.esl.framer import Limits
from apps.switching.esl.messages import ApiResponse, CommandReply

T = TypeVar("T")

logger = logging.getLogger("kazoo.esl")

MAX_UNSENT = 32 * 1024 * 1024
"""Bytes we let wait in the socket's write buffer before further commands are refused: the switch has stopped
reading."""
DEFAULT_TIMEOUT = 10.0
"""Seconds to wait for a reply."""
JOB_TIMEOUT = 120.0
"""Seconds to wait for a background job, an originate's ringing included."""


@dataclass(frozen=True, slots=True)
class ApiResult:
    """The output of an API command; `ok` is False for `-ERR ...` and `-USAGE ...`."""

    ok: bool
    text: str


@dataclass(frozen=True, slots=True)
class JobResult:
    """The output of a background job; `ok` is False for `-ERR ...` and `-USAGE ...`."""

    ok: bool
    text: str
    job_uuid: str


def is_ok(text: str) -> bool:
    """Whether an API command's output says it worked."""
    return not text.startswith(("-ERR", "-USAGE"))


class Peer(asyncio.Protocol):
    """A connected event socket. Subclasses say what to do with events and at the end."""

    def __init__(self, role: Role, limits: Limits | None = None) -> None:
        self.connection = Connection(role, limits)
        self.bytes_received = 0
        self._transport: asyncio.Transport | None = None
        self._replies: dict[int, asyncio.Future[CommandReply | ApiResponse]] = {}
        self._jobs: dict[str, asyncio.Future[JobResult]] = {}
        self._hears_jobs = False
        self._lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    # --- for subclasses ----------------------------------------------------------------------------------------------

    def event_came(self, event: Event) -> None:
        """An event that belongs to no waiting job."""
        raise NotImplementedError

    def other_came(self, message: Received) -> None:
        """Anything that is neither an event nor a reply: auth requests, notices, log lines."""

    def was_lost(self, error: Exception | None) -> None:
        """The connection is gone; every waiting future has been failed already."""

    # --- asyncio.Protocol --------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self.bytes_received += len(data)
        try:
            for message in self.connection.receive(data):
                self._dispatch(message)
            fault = self.connection.fault
        except ProtocolError as error:
            fault = error
        if fault is not None:
            logger.error("event socket out of step, dropping it: %s", fault)
            self.abort(fault)
        elif self.connection.closed:
            self.abort(None)

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(exc)

    def _dispatch(self, message: Received) -> None:
        try:
            if isinstance(message, Event):
                self.event_came(message)
            elif isinstance(message, Reply):
                future = self._replies.pop(message.token, None)
                if future is not None and not future.done():
                    future.set_result(message.message)
            elif isinstance(message, JobFinished):
                self._finish_job(message)
            else:
                self.other_came(message)
        except Exception:  # a consumer's mistake must not stop the reader
            logger.exception("handling a %s failed", type(message).__name__)

    def _finish_job(self, job: JobFinished) -> None:
        future = self._jobs.pop(job.job_uuid, None)
        if future is not None and not future.done():
            text = job.event.body
            future.set_result(JobResult(is_ok(text), text, job.job_uuid))

    # --- the end -----------------------------------------------------------------------------------------------------

    @property
    def connected(self) -> bool:
        """Whether commands can still be written."""
        return self._transport is not None and not self._lost.done()

    def abort(self, error: Exception | None) -> None:
        """Close the socket now, without a goodbye."""
        transport = self._transport
        self._end(error)
        if transport is not None:
            transport.abort()

    async def wait_lost(self) -> None:
        """Return when the connection is gone."""
        await asyncio.shield(self._lost)

    def _end(self, error: Exception | None) -> None:
        if self._lost.done():
            return
        self._lost.set_result(None)
        self._transport = None
        self.connection.state = State.CLOSED
        waiting: list[asyncio.Future[Any]] = [*self._replies.values(), *self._jobs.values()]
        self._replies.clear()
        self._jobs.clear()
        for future in waiting:
            if not future.done():
                future.set_exception(ConnectionLost(str(error or "the switch closed the connection")))
                future.exception()  # somebody may have stopped waiting; that is no "never retrieved" warning
        try:
            self.was_lost(error)
        except Exception:
            logger.exception("the callback for a lost connection failed")

    # --- commands ----------------------------------------------------------------------------------------------------

    def post(self, command: bytes) -> asyncio.Future[CommandReply | ApiResponse]:
        """Write a command now and return the future of its reply; raises `CommandRefused` or `ConnectionLost`."""
        transport = self._transport
        if transport is None or self._lost.done():
            raise ConnectionLost("the connection is closed")
        if transport.get_write_buffer_size() > MAX_UNSENT:
            raise CommandRefused("the switch does not read what we send")
        data, token = self.connection.send(command)
        future: asyncio.Future[CommandReply | ApiResponse] = asyncio.get_running_loop().create_future()
        if token is None:
            future.set_result(CommandReply(b""))
        else:
            self._replies[token] = future
        transport.write(data)
        return future

    async def send(self, command: bytes, *, timeout: float | None = DEFAULT_TIMEOUT) -> CommandReply:
        """Send a command and wait for its reply, `-ERR` replies included (see `CommandReply.ok`)."""
        reply = await within(self.post(command), timeout)
        if isinstance(reply, ApiResponse):
            raise ProtocolError("an api response to a command that is not api")
        return reply

    async def order(self, command: bytes, *, timeout: float | None = DEFAULT_TIMEOUT) -> CommandReply:
        """Like `send`, but a `-ERR` reply raises `CommandFailed`."""
        reply = await self.send(command, timeout=timeout)
        if not reply.ok:
            raise CommandFailed(reply.text)
        return reply

    async def api(self, command: str, arguments: str = "", *, timeout: float | None = DEFAULT_TIMEOUT) -> ApiResult:
        """Run an API command; its output, whether it worked or not. Blocks this socket on the switch meanwhile."""
        reply = await within(self.post(commands.api(command, arguments)), timeout)
        ok = reply.ok if isinstance(reply, ApiResponse) else is_ok(reply.text)
        return ApiResult(ok, reply.text)

    async def bgapi(
        self, command: str, arguments: str = "", *, job_uuid: str = "", timeout: float | None = JOB_TIMEOUT
    ) -> JobResult:
        """Run an API command in the background and wait for its output, at most `timeout` seconds (`CommandTimeout`).

        Give `job_uuid` to make a retry recognisable. The job itself cannot be called back: it may still end later.
        """
        job_uuid = job_uuid or str(uuids.uuid4())
        if job_uuid in self._jobs:
            raise CommandRefused("this job is already running here")
        command_bytes = commands.bgapi(command, arguments, job_uuid=job_uuid)
        job: asyncio.Future[JobResult] = asyncio.get_running_loop().create_future()
        self._jobs[job_uuid] = job
        self.connection.expect_job(job_uuid)
        try:
            self._hear_jobs()
            return await within(self._run_job(command_bytes, job, job_uuid), timeout)
        finally:
            self._jobs.pop(job_uuid, None)
            self.connection.forget_job(job_uuid)

    async def _run_job(self, command: bytes, job: asyncio.Future[JobResult], job_uuid: str) -> JobResult:
        reply = await self.post(command)
        if isinstance(reply, CommandReply) and not reply.ok:
            return JobResult(False, reply.text, job_uuid)
        return await job

    def _hear_jobs(self) -> None:
        if not self._hears_jobs:
            self._hears_jobs = True
            _ignore_result(self.post(commands.subscribe(["BACKGROUND_JOB"])))

    async def say_goodbye(self, timeout: float = 2.0) -> None:
        """Send `exit` and wait for the switch to close; close ourselves after `timeout` seconds."""
        if self.connected:
            with suppress(CommandRefused, ConnectionLost):
                _ignore_result(self.post(commands.leave()))
                with suppress(TimeoutError):
                    await asyncio.wait_for(self.wait_lost(), timeout)
        self.abort(None)


def _ignore_result(future: asyncio.Future[CommandReply | ApiResponse]) -> None:
    future.add_done_callback(lambda done: done.cancelled() or done.exception())


async def within(awaitable: Awaitable[T], timeout: float | None) -> T:
    """Wait at most `timeout` seconds; raises `CommandTimeout`."""
    try:
        return await asyncio.wait_for(awaitable, timeout)
    except TimeoutError as error:
        raise CommandTimeout(f"no answer within {timeout} seconds") from error
