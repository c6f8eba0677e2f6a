"""One call the switch handed to us over the outbound event socket.

The caller may hang up at any moment, in the middle of anything: whatever waits for the call then raises `CallHungUp`,
and with linger the socket stays open until CHANNEL_HANGUP_COMPLETE has come.
"""

from __future__ import annotations

import asyncio
import uuid as uuids
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from apps.switching.esl import commands
from apps.switching.esl.connection import Received, Role
from apps.switching.esl.errors import CallHungUp, CommandFailed, CommandRefused, ConnectionLost
from apps.switching.esl.events import Event
from apps.switching.esl.messages import ApiResponse, CommandReply, ConnectReply, DisconnectNotice
from apps.switching.esl.peer import DEFAULT_TIMEOUT, JOB_TIMEOUT, ApiResult, JobResult, Peer, is_ok, logger, within

if TYPE_CHECKING:
    from collections.abc import Iterator

    from apps.switching.esl.framer import Limits

LINGER_SECONDS = 10
"""How long the switch keeps the socket open after hang-up for the last events."""
MAX_QUEUED = 2_000
"""Events one slow `events()` loop may leave lying; then the oldest are shed and counted in `events_shed`."""
OWN_EVENTS: tuple[str, ...] = ()


class OutboundSession(Peer):
    """A call under our control. `start` first; then `execute`, `api`, `bgapi`, `events`, `hangup`."""

    def __init__(self, limits: Limits | None = None) -> None:
        super().__init__(Role.OUTBOUND, limits)
        self.hung_up: Event | None = None
        self.hangup_complete: Event | None = None
        self.lingering = False
        #: False for a visitor who brought no call: a server that stops does not wait for it.
        self.is_call = True
        self.events_shed = 0
        self._channel: Event | None = None
        self._ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._completed = asyncio.Event()
        self._executions: dict[str, asyncio.Future[Event]] = {}
        self._listeners: list[Callable[[Event], None]] = []

    def __repr__(self) -> str:
        return f"<call {self._channel.uuid if self._channel is not None else 'not started'}>"

    # --- the channel -------------------------------------------------------------------------------------------------

    @property
    def channel_data(self) -> Event:
        """The channel as it was when the switch connected: every header and variable."""
        if self._channel is None:
            raise CommandRefused("the session has not been started")
        return self._channel

    @property
    def uuid(self) -> str:
        """The channel's id."""
        return self.channel_data.uuid

    @property
    def ended(self) -> bool:
        """Whether the caller hung up or the socket is gone."""
        return self._ended.done()

    @property
    def hangup_cause(self) -> str | None:
        """FreeSWITCH's hangup cause, None before hang-up and where the socket was lost without one."""
        event = self.hangup_complete or self.hung_up
        return (event.get("Hangup-Cause") or None) if event is not None else None

    async def start(
        self,
        *,
        linger: int | None = LINGER_SECONDS,
        events: Iterable[str] = OWN_EVENTS,
        custom: Iterable[str] = (),
        timeout: float = DEFAULT_TIMEOUT,
    ) -> Event:
        """Take the call over, in one round trip, and return the channel's data.

        Without `events`, this channel's own events are heard (`myevents`), and no other channel's. With `events` (and
        `custom`) exactly those are heard, of this channel and of every channel given to `watch`. Raises `CallHungUp`,
        `CommandFailed`.
        """
        names, subclasses = tuple(events), tuple(custom)
        filtered = bool(names or subclasses)
        opening = self.post(commands.connect())
        if linger is not None:
            self.post_quietly(commands.linger(linger))
        if not filtered:
            self.post_quietly(commands.myevents())
        with self._as_hangup():
            reply = await within(opening, timeout)
            if not isinstance(reply, ConnectReply):
                raise CommandFailed(f"connect was answered with {reply.text[:200]!r}")
            self._channel = reply.channel
            if filtered:
                self.post_quietly(commands.add_filter("Unique-ID", self.uuid))
                self.post_quietly(commands.add_filter("Job-Owner-UUID", self.uuid))
                await self.order(commands.subscribe(names, subclasses), timeout=timeout)
        return reply.channel

    async def watch(self, value: str, header: str = "Unique-ID") -> None:
        """Also hear the subscribed events whose `header` is `value`, such as those of another leg.

        Needs a session started with `events` and a socket in `full` mode: `myevents` never lets another channel's
        through.
        """
        with self._as_hangup():
            await self.order(commands.add_filter(header, value))

    async def unwatch(self, value: str, header: str = "Unique-ID") -> None:
        """Take `watch` back."""
        with self._as_hangup():
            await self.order(commands.delete_filter(header, value))

    # --- applications ------------------------------------------------------------------------------------------------

    async def execute(
        self,
        application: str,
        argument: str = "",
        *,
        timeout: float | None = None,
        uuid: str = "",
        event_lock: bool = True,
    ) -> Event:
        """Run an application and wait until it is done; returns its CHANNEL_EXECUTE_COMPLETE.

        `Application-Response` there says how it went. Raises `CallHungUp` as soon as the call ends, `CommandFailed`
        when the switch refuses, `CommandTimeout` (the application runs on). `uuid` runs it on another, watched leg of
        ours.
        """
        self._raise_if_ended()
        event_uuid = str(uuids.uuid4())
        command = commands.execute(application, argument, uuid=uuid, event_uuid=event_uuid, event_lock=event_lock)
        done: asyncio.Future[Event] = asyncio.get_running_loop().create_future()
        self._executions[event_uuid] = done
        try:
            with self._as_hangup():
                return await within(self._run(command, done), timeout)
        finally:
            self._executions.pop(event_uuid, None)

    async def _run(self, command: bytes, done: asyncio.Future[Event]) -> Event:
        reply = await self.post(command)
        if not is_ok(reply.text):
            raise CommandFailed(reply.text)
        return await done

    def execute_nowait(self, application: str, argument: str = "", *, uuid: str = "", event_lock: bool = False) -> str:
        """Queue an application and return at once; the id is its `Application-UUID` in later events."""
        self._raise_if_ended()
        event_uuid = str(uuids.uuid4())
        with self._as_hangup():
            self.post_quietly(
                commands.execute(application, argument, uuid=uuid, event_uuid=event_uuid, event_lock=event_lock)
            )
        return event_uuid

    async def api(self, command: str, arguments: str = "", *, timeout: float | None = DEFAULT_TIMEOUT) -> ApiResult:
        """See `Peer.api`; a lost socket raises `CallHungUp`. Needs a socket in `full` mode."""
        with self._as_hangup():
            return await super().api(command, arguments, timeout=timeout)

    async def bgapi(
        self, command: str, arguments: str = "", *, job_uuid: str = "", timeout: float | None = JOB_TIMEOUT
    ) -> JobResult:
        """See `Peer.bgapi`; a lost socket raises `CallHungUp`. Needs a socket in `full` mode."""
        with self._as_hangup():
            return await super().bgapi(command, arguments, job_uuid=job_uuid, timeout=timeout)

    async def hangup(self, cause: str = "NORMAL_CLEARING", *, timeout: float = DEFAULT_TIMEOUT) -> None:
        """Hang the call up and wait until it is. Nothing happens if it already is."""
        if self.ended:
            return
        with suppress(ConnectionLost):
            self.post_quietly(commands.hangup(cause))
        await within(self.wait_ended(), timeout)

    # --- events ------------------------------------------------------------------------------------------------------

    def on_event(self, callback: Callable[[Event], None]) -> Callable[[], None]:
        """Call back for each event, at once and in order; returns a function that stops it."""
        self._listeners.append(callback)

        def stop() -> None:
            with suppress(ValueError):
                self._listeners.remove(callback)

        return stop

    async def events(self) -> AsyncIterator[Event]:
        """Events from now on, until the socket is gone."""
        queue: asyncio.Queue[Event | None] = asyncio.Queue()

        def put(event: Event) -> None:
            if queue.qsize() >= MAX_QUEUED:
                queue.get_nowait()
                self.events_shed += 1
            queue.put_nowait(event)

        stop = self.on_event(put)
        lost = asyncio.ensure_future(self.wait_lost())
        lost.add_done_callback(lambda _: queue.put_nowait(None))
        try:
            while (event := await queue.get()) is not None:
                yield event
        finally:
            stop()
            lost.cancel()

    async def wait_for(self, wanted: Callable[[Event], bool], *, timeout: float | None = None) -> Event:
        """The next event that `wanted` accepts. Raises `CallHungUp`, `CommandTimeout`."""
        self._raise_if_ended()
        found: asyncio.Future[Event] = asyncio.get_running_loop().create_future()

        def look(event: Event) -> None:
            if not found.done() and wanted(event):
                found.set_result(event)

        stop = self.on_event(look)
        key = str(uuids.uuid4())
        self._executions[key] = found
        try:
            return await within(found, timeout)
        finally:
            stop()
            self._executions.pop(key, None)

    async def wait_ended(self) -> None:
        """Return when the caller has hung up or the socket is gone."""
        await asyncio.shield(self._ended)

    async def wait_complete(self, timeout: float = LINGER_SECONDS + 2.0) -> Event | None:
        """After hang-up: the final CHANNEL_HANGUP_COMPLETE, None where it did not come (no linger, or the socket was
        lost)."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await self._completed.wait()
        return self.hangup_complete

    # --- what comes in -----------------------------------------------------------------------------------------------

    def event_came(self, event: Event) -> None:
        name = event.name
        if name == "CHANNEL_EXECUTE_COMPLETE":
            done = self._executions.get(event.get("Application-UUID"))
            if done is not None and not done.done():
                done.set_result(event)
        for listener in tuple(self._listeners):
            try:
                listener(event)
            except Exception:
                logger.exception("a listener of %r failed on %s", self, name)
        if name in ("CHANNEL_HANGUP", "CHANNEL_HANGUP_COMPLETE", "CHANNEL_DESTROY") and self._is_own(event):
            self._own_hangup(name, event)

    def _own_hangup(self, name: str, event: Event) -> None:
        if self.hung_up is None:
            self.hung_up = event
        if name != "CHANNEL_HANGUP":
            if name == "CHANNEL_HANGUP_COMPLETE" or self.hangup_complete is None:
                self.hangup_complete = event
            self._completed.set()
        self._finish()

    def _is_own(self, event: Event) -> bool:
        return self._channel is not None and event.uuid == self._channel.uuid

    def other_came(self, message: Received) -> None:
        if isinstance(message, DisconnectNotice):
            # The linger notice overtakes the hang-up events it lingers for: the cause is still to come with those.
            self.lingering = message.lingering

    def was_lost(self, error: Exception | None) -> None:
        self._completed.set()
        self._finish()

    def _finish(self) -> None:
        if not self._ended.done():
            self._ended.set_result(None)
        for waiting in self._executions.values():
            if not waiting.done():
                waiting.set_exception(self._hangup_error())
                waiting.exception()

    def _hangup_error(self) -> CallHungUp:
        return CallHungUp(self.hangup_cause, self.hung_up)

    def _raise_if_ended(self) -> None:
        if self.ended:
            raise self._hangup_error()

    @contextmanager
    def _as_hangup(self) -> Iterator[None]:
        """A call's lost socket is its hang-up, as far as who controls the call is concerned."""
        try:
            yield
        except (ConnectionLost, CommandFailed) as error:
            if isinstance(error, ConnectionLost) or self.ended:
                raise self._hangup_error() from error
            raise

    def post_quietly(self, command: bytes) -> None:
        """Write a command whose refusal is only worth a log line."""

        def log(reply: asyncio.Future[CommandReply | ApiResponse]) -> None:
            if not reply.cancelled() and reply.exception() is None and not is_ok(reply.result().text):
                logger.warning("%r: %r was answered %s", self, command[:60], reply.result().text)

        self.post(command).add_done_callback(log)
